//! Polls: making them, voting once, numbers for whom they are meant, and the result that is published.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::{PollId, RoomId};

async fn make(who: &Person, room: RoomId, body: Value) -> (u16, Value) {
    let answer = who.web.json(&format!("/rooms/{room}/polls"), body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Opens a poll of two shifts and a break.
async fn open(who: &Person, room: RoomId, multiple: bool, seconds: i64) -> String {
    let body = json!({ "question": "想上哪个班？", "options": ["白班", "夜班", "两班倒"], "multiple": if multiple { "1" } else { "" }, "seconds": seconds });
    let (status, made) = make(who, room, body).await;
    assert_eq!(status, 201, "{made}");
    made["poll"].as_str().expect("id").to_owned()
}

async fn vote(web: &Web, room: RoomId, poll: &str, choices: &[usize]) -> (u16, Value) {
    let answer = web.json(&format!("/rooms/{room}/polls/{poll}/votes"), json!({ "choices": choices })).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn close(who: &Person, room: RoomId, poll: &str) -> u16 {
    who.web.json(&format!("/rooms/{room}/polls/{poll}/end"), json!({})).await.status().as_u16()
}

async fn seen(web: &Web, room: RoomId) -> Value {
    let answer = web.client.get(web.url(&format!("/rooms/{room}/polls.json"))).send().await.expect("response");
    answer.json::<Value>().await.expect("json")["poll"].clone()
}

async fn start() -> (TestApp, TestFair, RoomId) {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    (app, at, room)
}

#[tokio::test]
async fn a_poll_is_voted_in_changed_closed_and_its_result_published() {
    let (app, at, room) = start().await;
    let (li, wang) = (app.seeker("李雷").await, app.seeker("王芳").await);
    let (mut stranger, _) = Client::join(&app, room, None, None).await;
    let (mut voter, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut host, _) = Client::join(&app, room, Some(&at.recruiter), None).await;
    let poll = open(&at.recruiter, room, false, 0).await;
    let told = stranger.wait("poll").await;
    assert_eq!(
        (told["question"].as_str(), told["closed"].as_bool(), told["options"][1].as_str()),
        (Some("想上哪个班？"), Some(false), Some("夜班"))
    );
    assert_eq!(vote(&li.web, room, &poll, &[1]).await, (200, json!({ "poll": poll, "choices": [1], "voters": 1, "counts": [0, 1, 0] })));
    app.clock.advance(1_000);
    assert_eq!(vote(&li.web, room, &poll, &[0]).await.0, 200);
    // What the vote was answered with may have been counted just before it.
    app.clock.advance(1_000);
    let changed: Vec<_> = seen(&li.web, room).await["options"].as_array().expect("options").iter().map(|o| o["count"].clone()).collect();
    assert_eq!(changed, [1, 0, 0], "changed, not added");
    app.clock.advance(1_000);
    assert_eq!(vote(&wang.web, room, &poll, &[0]).await.1["voters"], 2);

    let number = async |client: &mut Client, counted: bool| loop {
        let told = client.wait("poll-votes").await;
        if told["voters"] == 2 && told["counts"].is_array() == counted {
            return told["counts"].clone();
        }
        assert!(counted || told["counts"].is_null(), "a stranger is told of numbers");
    };
    assert_eq!(number(&mut voter, true).await, json!([2, 0, 0]), "who has voted");
    assert_eq!(number(&mut host, true).await, json!([2, 0, 0]));
    number(&mut stranger, false).await;
    let unseen = seen(&app.stranger(), room).await;
    assert_eq!(
        (unseen["voters"].as_i64(), unseen["counted"].as_bool(), unseen["options"][0]["count"].as_i64()),
        (Some(2), Some(false), Some(0))
    );
    let own = seen(&li.web, room).await;
    assert_eq!(
        (own["voted"].as_bool(), own["options"][0]["chosen"].as_bool(), own["options"][0]["percent"].as_i64()),
        (Some(true), Some(true), Some(100))
    );

    assert_eq!(close(&li, room, &poll).await, 404);
    assert_eq!(close(&at.recruiter, room, &poll).await, 200);
    let result = stranger.wait("poll").await;
    assert_eq!((result["closed"].as_bool(), result["result"].clone()), (Some(true), json!({ "voters": 2, "counts": [2, 0, 0] })));
    assert_eq!(close(&at.recruiter, room, &poll).await, 409);
    assert_eq!(vote(&wang.web, room, &poll, &[1]).await.0, 409, "too late");
    assert_eq!(seen(&app.stranger(), room).await["options"][0]["count"], 2, "all see it now");
    let second = open(&at.recruiter, room, false, 0).await;
    let page = at.recruiter.web.page(&format!("/rooms/{room}/polls")).await;
    assert!(page.contains("以前的投票") && page.contains(&second), "hosts see the room's polls");
    assert!(!li.web.page(&format!("/rooms/{room}/polls")).await.contains("以前的投票"));
    app.stop().await;
}

#[tokio::test]
async fn a_vote_is_one_however_fast_it_is_sent_and_every_taken_one_is_in_the_result() {
    let (app, at, room) = start().await;
    let poll = open(&at.recruiter, room, true, 0).await;
    let mut people = Vec::new();
    for n in 0..10 {
        people.push(app.seeker(&format!("人{n}")).await);
    }
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    let mut votes = Vec::new();
    for person in &people {
        for choices in [&[0, 2][..], &[2], &[2]] {
            votes.push(vote(&person.web, room, &poll, choices));
        }
    }
    let (votes, closed) = tokio::join!(futures_util::future::join_all(votes), async {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        close(&at.recruiter, room, &poll).await
    });
    assert_eq!(closed, 200);
    assert!(votes.iter().all(|(status, _)| *status == 200 || *status == 409), "{votes:?}");
    let result = socket.wait("poll").await["result"].clone();
    let (stored,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM poll_votes").fetch_one(app.parts.db.read()).await.expect("votes");
    assert!(stored <= 10);
    assert_eq!(result["voters"].as_i64(), Some(stored));
    assert_eq!(result["counts"][2].as_i64(), Some(stored), "everybody chose the third");
    app.stop().await;
}

#[tokio::test]
async fn one_poll_is_open_in_a_room_also_when_two_hosts_start_one_at_once() {
    let (app, at, room) = start().await;
    let body = || json!({ "question": "几点方便？", "options": ["上午", "下午"] });
    let made = tokio::join!(make(&at.recruiter, room, body()), make(&at.organiser, room, body()), make(&at.recruiter, room, body()));
    let mut statuses = [made.0.0, made.1.0, made.2.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    assert_eq!(make(&at.organiser, at.hall.id, body()).await.0, 201, "another room has its own");
    app.stop().await;
}

#[tokio::test]
async fn a_poll_that_is_started_again_is_told_again_and_one_of_a_closed_room_can_be_ended() {
    let (app, at, room) = start().await;
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    let body = || json!({ "question": "几点方便？", "options": ["上午", "下午"] });
    let poll = make(&at.recruiter, room, body()).await.1["poll"].as_str().expect("id").to_owned();
    assert_eq!(make(&at.recruiter, room, body()).await.0, 409);
    for _ in 0..2 {
        let told = socket.wait("poll").await;
        assert_eq!((told["poll"].as_str(), told["closed"].as_bool()), (Some(poll.as_str()), Some(false)));
    }
    let organiser = app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer");
    app.parts.rooms.set_closed(&organiser, room, true).await.expect("closed");
    assert_eq!(vote(&app.seeker("李雷").await.web, room, &poll, &[0]).await.0, 409);
    assert_eq!(close(&at.recruiter, room, &poll).await, 200);
    app.stop().await;
}

#[tokio::test]
async fn a_poll_with_a_limit_closes_by_itself_also_after_a_restart() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let poll = open(&at.recruiter, room, false, 60).await;
    assert_eq!(vote(&li.web, room, &poll, &[2]).await.0, 200);
    app.clock.advance(61_000);
    assert_eq!(vote(&li.web, room, &poll, &[1]).await.0, 409, "the time counts, not who looks");
    let clock = app.clock.clone();
    let data = app.stop().await;
    let app = TestApp::start_in(data, clock).await;
    app.parts.polls.look().await.expect("looked");
    app.parts.polls.look().await.expect("looked");
    let told: Vec<_> =
        app.parts.live.after(room, 0, 100).await.expect("entries").into_iter().filter(|e| e.event.kind() == "poll").collect();
    assert_eq!(told.len(), 2, "opened and closed, once each");
    let result = serde_json::to_value(&told[1].event).expect("json")["result"].clone();
    assert_eq!(result, json!({ "voters": 1, "counts": [0, 0, 1] }));
    app.stop().await;
}

#[tokio::test]
async fn bad_polls_and_bad_votes_are_refused() {
    let (app, at, room) = start().await;
    let (li, stranger) = (app.seeker("李雷").await, app.stranger());
    for (body, field) in [
        (json!({ "question": "", "options": ["a", "b"] }), "question"),
        (json!({ "question": "x", "options": ["a"] }), "options"),
        (json!({ "question": "x", "options": ["a", "a"] }), "options"),
        (json!({ "question": "x", "options": ["1", "2", "3", "4", "5", "6", "7"] }), "options"),
        (json!({ "question": "x", "options": vec!["a"; 51] }), "options"),
        (json!({ "question": "x", "options": ["a", "字".repeat(41)] }), "options"),
        (json!({ "question": "字".repeat(121), "options": ["a", "b"] }), "question"),
        (json!({ "question": "x", "options": ["a", "b"], "seconds": 7 }), "seconds"),
    ] {
        let (status, problem) = make(&at.recruiter, room, body.clone()).await;
        assert_eq!((status, problem["errors"][field].is_string()), (422, true), "{body} {problem}");
    }
    assert_eq!(
        make(&at.organiser, room, json!({ "question": "先交押金200元，可以吗", "options": ["行", "不行"] })).await.0,
        201,
        "organisers warn"
    );
    assert_eq!(make(&li, room, json!({ "question": "x", "options": ["a", "b"] })).await.0, 404);
    let again = at
        .recruiter
        .web
        .form(
            &format!("/rooms/{}/polls", at.booth.id),
            &[("question", "想上哪个班"), ("options", "白班"), ("options", ""), ("seconds", "0")],
        )
        .await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = again.text().await.expect("page");
    assert!(page.contains("想上哪个班") && page.contains("请至少填写 2 个选项"), "filled in, with the message");

    let poll = seen(&stranger, room).await["poll"].as_str().expect("poll").to_owned();
    assert_eq!(close(&at.organiser, room, &poll).await, 200);
    let (status, refused) = make(&at.recruiter, room, json!({ "question": "要交押金200元", "options": ["行", "不行"] })).await;
    assert_eq!(status, 422, "{refused}");
    let poll = open(&at.recruiter, room, false, 0).await;
    assert_eq!(vote(&stranger, room, &poll, &[0]).await.0, 401);
    for choices in [&[][..], &[3], &[0, 1], &[99]] {
        assert_eq!(vote(&li.web, room, &poll, choices).await.0, 422, "{choices:?}");
    }
    let (_, _, other) = app.employer(&at.fair, "宁波纺织厂").await;
    for (in_room, id) in [(other.id, poll.as_str()), (room, &PollId::new().to_string()), (RoomId::new(), &poll), (room, "x")] {
        assert_eq!(vote(&li.web, in_room, id, &[0]).await.0, 404, "{id}");
        assert_eq!(close(&at.organiser, in_room, id).await, 404, "{id}");
    }
    for kind in ["mutes", "bans"] {
        at.recruiter.web.json(&format!("/rooms/{room}/{kind}"), json!({ "account": li.account.id })).await;
        assert_eq!(vote(&li.web, room, &poll, &[0]).await.0, 403, "{kind}");
        at.recruiter.web.form(&format!("/rooms/{room}/{kind}/{}/undo", li.account.id), &[]).await;
    }
    let wang = app.seeker("王芳").await;
    let path = format!("/rooms/{room}/polls/{poll}/votes");
    let flood = futures_util::future::join_all((0..20).map(|_| wang.web.json(&path, json!({ "choices": [0] })))).await;
    let slowed = flood.iter().find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS).expect("slowed down");
    assert!(slowed.headers().contains_key("retry-after"));
    app.stop().await;
}

#[tokio::test]
async fn without_scripts_a_form_votes() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let poll = open(&at.recruiter, room, true, 0).await;
    let voted = li.web.form(&format!("/rooms/{room}/polls/{poll}/votes"), &[("choices", "0"), ("choices", "2")]).await;
    assert_eq!(
        (voted.status(), voted.headers()["location"].to_str().ok()),
        (StatusCode::SEE_OTHER, Some(format!("/rooms/{room}/polls").as_str()))
    );
    let own = seen(&li.web, room).await;
    assert_eq!(
        (own["options"][0]["chosen"].as_bool(), own["options"][1]["chosen"].as_bool(), own["options"][2]["count"].as_i64()),
        (Some(true), Some(false), Some(1))
    );
    let none = li.web.form(&format!("/rooms/{room}/polls/{poll}/votes"), &[]).await;
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().await.expect("page").contains("请至少选一项"));
    app.stop().await;
}
