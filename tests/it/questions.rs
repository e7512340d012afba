//! The question list of a room: asking, voting, what hosts do with it, and what nobody may do.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::{QuestionId, RoomId};

async fn ask_as(web: &Web, room: RoomId, id: &str, text: &str) -> (u16, Value) {
    let answer = web.json(&format!("/rooms/{room}/questions"), json!({ "client_id": id, "text": text })).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Asks, and gives the question's id.
async fn ask(who: &Person, room: RoomId, id: &str, text: &str) -> String {
    let (status, asked) = ask_as(&who.web, room, id, text).await;
    assert_eq!(status, 201, "{asked}");
    asked["question"].as_str().expect("id").to_owned()
}

async fn set(who: &Person, room: RoomId, question: &str, state: &str, answer: &str) -> (u16, Value) {
    let path = format!("/rooms/{room}/questions/{question}/state");
    let answer = who.web.json(&path, json!({ "state": state, "answer": answer })).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn vote(web: &Web, room: RoomId, question: &str) -> (u16, Value) {
    let answer = web.json(&format!("/rooms/{room}/questions/{question}/votes"), json!({})).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn take_back(web: &Web, room: RoomId, question: &str) -> (u16, Value) {
    let answer = web.client.delete(web.url(&format!("/rooms/{room}/questions/{question}/votes"))).send().await.expect("response");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn list(web: &Web, room: RoomId) -> Value {
    web.client.get(web.url(&format!("/rooms/{room}/questions.json"))).send().await.expect("response").json().await.expect("json")
}

fn texts(list: &Value, part: &str) -> Vec<String> {
    list[part].as_array().expect("part").iter().map(|q| q["text"].as_str().expect("text").to_owned()).collect()
}

async fn start() -> (TestApp, TestFair, RoomId) {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    (app, at, room)
}

#[tokio::test]
async fn people_ask_and_vote_and_a_host_answers_one_after_the_other() {
    let (app, at, room) = start().await;
    let (li, wang) = (app.seeker("李雷").await, app.seeker("王芳").await);
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    let first = ask(&li, room, "a", "夜班多吗？").await;
    let told = socket.wait("question").await;
    assert_eq!((told["state"].as_str(), told["text"].as_str(), told["name"].as_str()), (Some("open"), Some("夜班多吗？"), Some("李雷")));
    assert!(told["seq"].as_i64().is_some(), "an entry of the journal: whoever was away is told on coming back");
    app.clock.advance(1_000);
    let second = ask(&wang, room, "a", "包吃住吗？").await;
    assert_eq!(ask_as(&wang.web, room, "a", "包吃住吗？").await.1["question"], second.as_str(), "sent again it is the same one");
    assert_eq!(texts(&list(&li.web, room).await, "asked"), ["夜班多吗？", "包吃住吗？"], "the oldest first");
    assert_eq!(vote(&li.web, room, &second).await.1["votes"], 1);
    assert_eq!(vote(&li.web, room, &second).await.1["votes"], 1, "once");
    let counted = socket.wait("question-votes").await;
    assert_eq!(counted["votes"], json!([[second, 1]]));
    app.clock.advance(1_000);
    let seen = list(&li.web, room).await;
    assert_eq!((texts(&seen, "asked"), seen["asked"][0]["voted"].as_bool()), (vec!["包吃住吗？".into(), "夜班多吗？".into()], Some(true)));
    assert_eq!(take_back(&li.web, room, &second).await.1["votes"], 0);
    assert_eq!(take_back(&li.web, room, &second).await.1["votes"], 0);

    assert_eq!(set(&at.recruiter, room, &first, "answering", "").await.0, 200);
    assert!(app.stranger().page(&format!("/rooms/{room}")).await.contains("正在回答"), "late joiners see it");
    assert_eq!(set(&at.recruiter, room, &second, "answering", "").await.0, 200);
    let (states, mut seen) = (["answering", "answered", "answering"], Vec::new());
    while seen.len() < 3 {
        seen.push(socket.wait("question").await["state"].as_str().expect("state").to_owned());
    }
    assert_eq!(seen, states, "what was on air makes way");
    let (status, done) = set(&at.recruiter, room, &second, "answered", "包住，饭补每天 20 元").await;
    assert_eq!((status, done["answer"].as_str()), (200, Some("包住，饭补每天 20 元")));
    assert_eq!(socket.wait("question").await["answer"], "包住，饭补每天 20 元");
    assert_eq!(vote(&li.web, room, &second).await.0, 409, "answered");
    assert!(app.stranger().page(&format!("/rooms/{room}/questions")).await.contains("饭补每天 20 元"));
    app.stop().await;
}

#[tokio::test]
async fn votes_of_a_crowd_are_told_once_a_second_and_counted_exactly() {
    let (app, at, room) = start().await;
    let question = ask(&at.recruiter, room, "a", "想看车间吗？").await;
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    let mut people = Vec::new();
    for n in 0..12 {
        people.push(app.seeker(&format!("人{n}")).await);
    }
    let votes = people.iter().flat_map(|person| [person, person]).map(|person| vote(&person.web, room, &question));
    assert!(futures_util::future::join_all(votes).await.iter().all(|(status, _)| *status == 200));
    let (mut frames, mut last) = (0, 0);
    while last < 12 {
        let told = socket.wait("question-votes").await;
        (frames, last) = (frames + 1, told["votes"][0][1].as_i64().expect("number"));
    }
    assert!(frames <= 5, "{frames} frames for twelve people");
    assert_eq!(list(&people[0].web, room).await["asked"][0]["votes"], 12);
    app.stop().await;
}

#[tokio::test]
async fn where_hosts_look_first_nobody_else_reads_what_waits() {
    let (app, at, room) = start().await;
    let (li, wang) = (app.seeker("李雷").await, app.seeker("王芳").await);
    let rule = |who: &Person| who.web.clone().post(&format!("/rooms/{room}/questions/approval")).json(&json!({ "approval": "1" }));
    assert_eq!(rule(&li).send().await.expect("response").status(), StatusCode::NOT_FOUND);
    assert_eq!(rule(&at.recruiter).send().await.expect("response").status(), StatusCode::OK);
    let (mut host, _) = Client::join(&app, room, Some(&at.recruiter), None).await;
    let (mut other, _) = Client::join(&app, room, Some(&wang), None).await;
    let (status, asked) = ask_as(&li.web, room, "a", "能带孩子吗？").await;
    assert_eq!((status, asked["state"].as_str()), (202, Some("waiting")));
    assert_eq!(host.wait("questions-waiting").await["count"], 1);
    let id = asked["question"].as_str().expect("id").to_owned();
    assert_eq!(texts(&list(&li.web, room).await, "waiting"), ["能带孩子吗？"], "its author sees that it waits");
    for web in [&wang.web, &app.stranger()] {
        assert!(!web.page(&format!("/rooms/{room}")).await.contains("能带孩子吗"));
        assert!(texts(&list(web, room).await, "waiting").is_empty());
        assert!(!web.page(&format!("/rooms/{room}/messages")).await.contains("能带孩子吗"));
    }
    assert_eq!(vote(&wang.web, room, &id).await.0, 404);
    assert_eq!(set(&li, room, &id, "open", "").await.0, 404, "authors do not let themselves through");
    assert_eq!(set(&at.recruiter, room, &id, "open", "").await.0, 200);
    assert_eq!(other.wait("question").await["text"], "能带孩子吗？");
    assert_eq!(ask(&at.recruiter, room, "b", "大家想先听什么？").await.len(), 36, "hosts need not ask themselves");
    app.stop().await;
}

#[tokio::test]
async fn what_was_dismissed_is_nowhere_to_be_read_and_comes_back_by_undo() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let id = ask(&li, room, "a", "老板是不是骗子").await;
    let (mut socket, _) = Client::join(&app, room, None, Some(0)).await;
    assert_eq!(socket.wait("question").await["text"], "老板是不是骗子");
    assert_eq!(set(&at.recruiter, room, &id, "dismissed", "").await.0, 200);
    let told = socket.wait("question").await;
    assert_eq!((told["state"].as_str(), told["text"].as_str(), told["name"].as_str()), (Some("dismissed"), Some(""), Some("")));
    let stranger = app.stranger();
    for path in ["", "/questions", "/questions.json", "/messages?since=0"] {
        assert!(!stranger.page(&format!("/rooms/{room}{path}")).await.contains("骗子"), "{path}");
    }
    let (mut late, _) = Client::join(&app, room, None, Some(0)).await;
    assert_eq!(late.wait("question").await["text"], "", "nor replayed from memory");
    assert_eq!(texts(&list(&at.recruiter.web, room).await, "dismissed"), ["老板是不是骗子"], "hosts may undo it");
    assert_eq!(set(&at.recruiter, room, &id, "open", "").await.0, 409, "by undo alone");
    let undo = at.recruiter.web.form(&format!("/rooms/{room}/questions/{id}/state/undo"), &[]).await;
    assert_eq!(undo.status(), StatusCode::SEE_OTHER);
    assert_eq!(socket.wait("question").await["text"], "老板是不是骗子");
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    assert_eq!(log.iter().filter(|e| e.action == "question.dismiss").count(), 1);
    app.stop().await;
}

#[tokio::test]
async fn the_rules_for_messages_hold_for_questions() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let (status, held) = ask_as(&li.web, room, "a", "入职先交押金500元，加微信 abc12345").await;
    assert_eq!((status, held["state"].as_str()), (202, Some("waiting")), "looked at first");
    let covered = ask_as(&li.web, room, "b", "打我电话 13812345678 可以吗？").await;
    assert!(covered.1["text"].as_str().expect("text").contains("138****5678"), "{covered:?}");
    let by_host = ask_as(&at.recruiter.web, room, "h", "入职先交押金500元").await;
    assert_eq!(by_host.0, 202);
    let id = by_host.1["question"].as_str().expect("id");
    assert_eq!(set(&at.recruiter, room, id, "open", "").await.0, 403, "nobody lets their own fraud through");
    assert_eq!(set(&at.organiser, room, id, "open", "").await.0, 200);
    let fine = ask(&at.organiser, room, "c", "几点开讲？").await;
    assert_eq!(set(&at.recruiter, room, &fine, "answered", "先交押金200元").await.0, 422, "nor in an answer");
    app.parts
        .moderation
        .add_word(&viewer(&app, &at.organiser).await, at.fair.id, "传销", springbreeze::moderation::Action::Refuse)
        .await
        .expect("word");
    assert_eq!(ask_as(&li.web, room, "d", "是传销吗").await.0, 422);
    app.stop().await;
}

async fn viewer(app: &TestApp, person: &Person) -> springbreeze::accounts::Viewer {
    app.parts.accounts.viewer_by_token(&person.token).await.expect("viewer")
}

#[tokio::test]
async fn whoever_may_not_write_may_not_ask_and_bad_questions_are_refused() {
    let (app, at, room) = start().await;
    let (li, stranger) = (app.seeker("李雷").await, app.stranger());
    assert_eq!(ask_as(&stranger, room, "a", "包吃吗").await.0, 401);
    let open = ask(&li, room, "z", "有宿舍吗？").await;
    assert_eq!(vote(&stranger, room, &open).await.0, 401);
    for (id, text, status) in [("a", "", 422), ("a", " \u{200B} ", 422), ("", "x", 422), ("a b", "x", 422)] {
        assert_eq!(ask_as(&li.web, room, id, text).await.0, status, "{id} {text}");
    }
    let (status, long) = ask_as(&li.web, room, "a", &"字".repeat(301)).await;
    assert_eq!((status, long["errors"]["text"].is_string()), (422, true), "{long}");
    let again = li.web.form(&format!("/rooms/{room}/questions"), &[("client_id", "a"), ("text", &"问".repeat(301))]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = again.text().await.expect("page");
    assert!(page.contains(&"问".repeat(301)) && page.contains("请控制在 300 字以内"), "nothing typed is lost");

    let mute = async |kind: &str| {
        let body = json!({ "account": li.account.id, "length": "10m" });
        at.recruiter.web.json(&format!("/rooms/{room}/{kind}"), body).await
    };
    for kind in ["mutes", "bans"] {
        assert_eq!(mute(kind).await.status(), StatusCode::CREATED);
        assert_eq!(ask_as(&li.web, room, "m", "在吗").await.0, 403, "{kind}");
        assert_eq!(vote(&li.web, room, &open).await.0, 403, "{kind}");
        let lifted = at.recruiter.web.client.delete(at.recruiter.web.url(&format!("/rooms/{room}/{kind}/{}", li.account.id)));
        assert!(lifted.send().await.expect("response").status().is_success());
    }
    let mode = json!({ "audience": "hosts", "slow": 0 });
    assert_eq!(at.recruiter.web.json(&format!("/rooms/{room}/mode"), mode).await.status(), StatusCode::CREATED);
    assert_eq!(ask_as(&li.web, room, "n", "在吗").await.0, 403);
    assert_eq!(vote(&li.web, room, &open).await.0, 200, "to choose is not to write");
    app.stop().await;
}

#[tokio::test]
async fn questions_of_other_rooms_and_strange_ids_are_not_found() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let (_, rival, other) = app.employer(&at.fair, "宁波纺织厂").await;
    let id = ask(&li, room, "a", "有宿舍吗？").await;
    for (in_room, question) in [(other.id, id.as_str()), (room, &QuestionId::new().to_string()), (RoomId::new(), id.as_str()), (room, "x")]
    {
        assert_eq!(vote(&li.web, in_room, question).await.0, 404, "{question}");
        assert_eq!(take_back(&li.web, in_room, question).await.0, 404, "{question}");
        assert_eq!(set(&at.organiser, in_room, question, "answering", "").await.0, 404, "{question}");
    }
    assert_eq!(set(&rival, room, &id, "answering", "").await.0, 404, "another's room");
    assert_eq!(set(&at.recruiter, room, &id, "waiting", "").await.0, 409);
    assert_eq!(set(&at.recruiter, room, &id, "gone", "").await.0, 400);
    assert_eq!(ask_as(&li.web, RoomId::new(), "a", "x").await.0, 404);
    app.stop().await;
}

#[tokio::test]
async fn a_person_has_few_open_questions_and_a_flood_is_slowed_down() {
    let (app, at, room) = start().await;
    let (li, wang) = (app.seeker("李雷").await, app.seeker("王芳").await);
    let mut asked = Vec::new();
    for n in 0..3 {
        asked.push(ask(&li, room, &format!("q{n}"), &format!("问题{n}？")).await);
    }
    assert_eq!(ask_as(&li.web, room, "q3", "再问一个").await.0, 409);
    let slowed = li.web.json(&format!("/rooms/{room}/questions"), json!({ "client_id": "q4", "text": "再问" })).await;
    assert_eq!(slowed.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(slowed.headers().contains_key("retry-after"));
    assert_eq!(ask_as(&li.web, room, "q0", "问题0？").await.0, 201, "what was taken is answered as the first time");
    assert_eq!(set(&at.recruiter, room, &asked[0], "answered", "").await.0, 200);
    let votes = futures_util::future::join_all((0..40).map(|_| vote(&wang.web, room, &asked[1]))).await;
    assert!(votes.iter().any(|(status, _)| *status == 429), "votes too");
    assert_eq!(list(&app.stranger(), room).await["asked"][0]["votes"], 1);
    app.stop().await;
}

#[tokio::test]
async fn two_hosts_who_take_up_different_questions_leave_one_on_air() {
    let (app, at, room) = start().await;
    let mut asked = Vec::new();
    for n in 0..3 {
        asked.push(ask(&app.seeker(&format!("人{n}")).await, room, "a", &format!("问题{n}？")).await);
    }
    let moves = asked.iter().map(|id| set(&at.recruiter, room, id, "answering", ""));
    let moves = moves.chain(asked.iter().map(|id| set(&at.organiser, room, id, "answering", "")));
    assert!(futures_util::future::join_all(moves).await.iter().all(|(status, _)| *status == 200 || *status == 409));
    let all = list(&app.stranger(), room).await;
    let on_air = all["asked"].as_array().expect("list").iter().filter(|q| q["state"] == "answering").count();
    assert_eq!(on_air, 1, "{all}");
    app.stop().await;
}

#[tokio::test]
async fn what_an_organiser_dismissed_a_host_does_not_bring_back() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    let id = ask(&li, room, "a", "宿舍有空调吗？").await;
    let undo = async |who: &Person| who.web.form(&format!("/rooms/{room}/questions/{id}/state/undo"), &[]).await.status();
    let dismissed = async |who: &Person| texts(&list(&who.web, room).await, "dismissed").len();
    assert_eq!(set(&at.recruiter, room, &id, "dismissed", "").await.0, 200);
    assert_eq!(undo(&at.recruiter).await, StatusCode::SEE_OTHER, "a host's own");
    assert_eq!(set(&at.recruiter, room, &id, "dismissed", "").await.0, 200);
    assert_eq!(set(&at.organiser, room, &id, "dismissed", "").await.0, 200, "an organiser says the same");
    assert_eq!((undo(&at.recruiter).await, dismissed(&at.recruiter).await), (StatusCode::FORBIDDEN, 0));
    assert_eq!((dismissed(&at.organiser).await, undo(&at.organiser).await), (1, StatusCode::SEE_OTHER));
    assert_eq!(texts(&list(&li.web, room).await, "asked").len(), 1);
    assert_eq!(set(&at.recruiter, room, &id, "answering", "").await.0, 200, "and then it is like any other");
    app.stop().await;
}

#[tokio::test]
async fn in_a_closed_room_a_question_can_still_be_taken_away_and_a_repeated_request_is_told_again() {
    let (app, at, room) = start().await;
    let id = ask(&app.seeker("李雷").await, room, "a", "老板是不是骗子").await;
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    app.parts.rooms.set_closed(&viewer(&app, &at.organiser).await, room, true).await.expect("closed");
    assert_eq!(set(&at.recruiter, room, &id, "answering", "").await.0, 403, "nothing goes on there");
    for _ in 0..2 {
        assert_eq!(set(&at.recruiter, room, &id, "dismissed", "").await.0, 200);
        let told = socket.wait("question").await;
        assert_eq!((told["state"].as_str(), told["text"].as_str()), (Some("dismissed"), Some("")));
    }
    assert!(!app.stranger().page(&format!("/rooms/{room}/questions.json")).await.contains("骗子"));
    let undo = at.recruiter.web.form(&format!("/rooms/{room}/questions/{id}/state/undo"), &[]).await;
    assert_eq!(undo.status(), StatusCode::SEE_OTHER);
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    assert_eq!(log.iter().filter(|e| e.action == "question.dismiss").count(), 1, "noted once");
    app.stop().await;
}

#[tokio::test]
async fn ones_own_question_is_on_the_list_however_many_others_are() {
    let (app, at, room) = start().await;
    let li = app.seeker("李雷").await;
    ask(&li, room, "a", "有班车吗？").await;
    let mut tx = app.parts.db.begin().await.expect("transaction");
    for n in 0..200 {
        let copy = "INSERT INTO questions (id, room_id, author_id, once, name, badge, text, why, state, was, answer, asked_at, changed_at) \
             VALUES ($1, $2, $3, $4, '人', '', '问', '', 'open', 'open', '', 0, 0)";
        let row = sqlx::query(copy).bind(QuestionId::new()).bind(room).bind(at.organiser.account.id).bind(format!("q{n}"));
        row.execute(&mut *tx).await.expect("row");
    }
    tx.commit().await.expect("committed");
    app.clock.advance(1_000);
    let here = async |web: &Web| texts(&list(web, room).await, "asked").iter().filter(|text| *text == "有班车吗？").count();
    assert_eq!((here(&li.web).await, here(&app.stranger()).await), (1, 0));
    assert_eq!(ask_as(&app.seeker("王芳").await.web, room, "b", "还有位置吗？").await.0, 409, "no more than are shown");
    app.stop().await;
}
