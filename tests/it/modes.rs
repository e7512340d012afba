//! Who may write in a room and how often: set by hosts, told to the room, kept by socket and form.

use crate::harness::{Person, TestApp};
use crate::postings::{content, post};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::RoomId;
use springbreeze::postings::State;

/// What `can` says of why a person may not write; empty if they may.
async fn why_not(web: &crate::harness::Web, room: RoomId) -> String {
    let history: Value = web.get(&format!("/rooms/{room}/messages?limit=1")).send().await.expect("history").json().await.expect("json");
    history["can"]["why_not"].as_str().unwrap_or_default().to_owned()
}

async fn say(who: &Person, room: RoomId, id: &str) -> StatusCode {
    who.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": "您好" })).await.status()
}

#[tokio::test]
async fn hosts_choose_who_writes_and_the_room_is_told() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room, stranger) = (app.seeker("李雷").await, at.booth.id, app.stranger());
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let path = format!("/rooms/{room}/mode");
    let set = async |who: &Person, audience: &str| who.web.json(&path, json!({ "audience": audience, "slow": 0 })).await.status();
    assert_eq!(set(&li, "hosts").await, StatusCode::NOT_FOUND);
    assert_eq!(set(&at.recruiter, "hosts").await, StatusCode::CREATED);
    let told = socket.wait("mode").await;
    assert_eq!((told["audience"].as_str(), told["slow"].as_i64()), (Some("hosts"), Some(0)));
    socket.send(json!({ "type": "send", "client_id": "a", "text": "您好" })).await;
    assert_eq!(socket.wait("error").await["code"], "hosts-only");
    assert_eq!((say(&li, room, "a").await, say(&at.recruiter, room, "h").await), (StatusCode::FORBIDDEN, StatusCode::CREATED));
    assert!(li.web.page(&format!("/rooms/{room}/chat")).await.contains("现在只有工作人员可以发言"));

    stranger.form("/guest", &[("name", "小李")]).await;
    assert_eq!(set(&at.organiser, "members").await, StatusCode::CREATED);
    assert_eq!((why_not(&stranger, room).await.as_str(), why_not(&li.web, room).await.as_str()), ("members-only", ""));

    assert_eq!(set(&at.recruiter, "applicants").await, StatusCode::CREATED);
    assert_eq!(why_not(&li.web, room).await, "applicants-only");
    let posting = post(&app, &at, content("电焊工"), State::Live).await;
    let email = format!("{}@example.com", li.account.id);
    let answers =
        [("name", "李雷"), ("contact", &email), ("experience", "3"), ("note", ""), ("consent", springbreeze::applications::CONSENT)];
    let form = answers.into_iter().fold(reqwest::multipart::Form::new(), |form, (k, v)| form.text(k, v.to_owned()));
    let sent =
        li.web.post(&format!("/postings/{}/apply", posting.id)).header("accept", "text/html").multipart(form).send().await.expect("sent");
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!((why_not(&li.web, room).await.as_str(), say(&li, room, "b").await), ("", StatusCode::CREATED));

    let page = at.recruiter.web.page(&path).await;
    assert!(page.contains("value=\"applicants\" selected"), "{page}");
    let form = [("audience", "everybody"), ("slow", "0"), ("back", "/fairs")];
    assert_eq!(at.recruiter.web.form(&path, &form).await.headers()["location"], "/fairs");
    assert_eq!(why_not(&stranger, room).await, "");
    assert_eq!(set(&at.recruiter, "nobody").await, StatusCode::BAD_REQUEST);
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    assert_eq!(log.iter().filter(|e| e.action == "chat.mode").count(), 4);
    app.stop().await;
}

#[tokio::test]
async fn in_slow_mode_visitors_wait_and_hosts_do_not() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let set = at.recruiter.web.json(&format!("/rooms/{room}/mode"), json!({ "audience": "everybody", "slow": 30 })).await;
    assert_eq!(set.status(), StatusCode::CREATED);
    assert_eq!(say(&li, room, "a").await, StatusCode::CREATED);
    let early = li.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": "b", "text": "在吗" })).await;
    assert_eq!((early.status(), early.headers()["retry-after"].to_str().ok()), (StatusCode::TOO_MANY_REQUESTS, Some("30")));
    assert_eq!(say(&li, room, "a").await, StatusCode::OK, "what was taken is answered as the first time");
    for id in ["h1", "h2", "h3"] {
        assert_eq!(say(&at.recruiter, room, id).await, StatusCode::CREATED);
    }
    assert_eq!(say(&li, at.hall.id, "c").await, StatusCode::CREATED, "other rooms have their own pace");
    app.clock.advance(30_000);
    assert_eq!(say(&li, room, "b").await, StatusCode::CREATED);
    let odd = at.recruiter.web.json(&format!("/rooms/{room}/mode"), json!({ "audience": "everybody", "slow": -7 })).await;
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
    app.stop().await;
}
