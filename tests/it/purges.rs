//! All that a person wrote in a room taken away at once and shown again: their questions go and come back with their messages.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::{CaseId, RoomId};

async fn start() -> (TestApp, TestFair, RoomId) {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    (app, at, room)
}

async fn say(who: &Person, room: RoomId, id: &str, text: &str) {
    let sent = who.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": text })).await;
    assert_eq!(sent.status(), StatusCode::CREATED);
}

/// Asks, and gives the question's id.
async fn ask(who: &Person, room: RoomId, text: &str) -> String {
    let body = json!({ "client_id": CaseId::new(), "text": text });
    let asked = who.web.json(&format!("/rooms/{room}/questions"), body).await.json::<Value>().await.expect("json");
    asked["question"].as_str().expect("id").to_owned()
}

async fn set(who: &Person, room: RoomId, question: &str, state: &str) -> u16 {
    let path = format!("/rooms/{room}/questions/{question}/state");
    who.web.json(&path, json!({ "state": state })).await.status().as_u16()
}

async fn undo(who: &Person, room: RoomId, question: &str) -> u16 {
    let path = format!("/rooms/{room}/questions/{question}/state");
    who.web.client.delete(who.web.url(&path)).send().await.expect("response").status().as_u16()
}

async fn purge(by: &Person, room: RoomId, whom: &Person) -> u16 {
    by.web.json(&format!("/rooms/{room}/deletions"), json!({ "author": whom.account.id })).await.status().as_u16()
}

async fn restore(by: &Person, room: RoomId, whom: &Person) -> u16 {
    let path = format!("/rooms/{room}/deletions/{}", whom.account.id);
    by.web.client.delete(by.web.url(&path)).send().await.expect("response").status().as_u16()
}

/// Each question on the list, as `part: text`, and who voted for it.
async fn list(app: &TestApp, web: &Web, room: RoomId) -> Vec<String> {
    // Lists are remembered for a second.
    app.clock.advance(1_000);
    let all: Value =
        web.client.get(web.url(&format!("/rooms/{room}/questions.json"))).send().await.expect("list").json().await.expect("json");
    let part = |name: &str| {
        let items = all[name].as_array().expect("part").iter();
        items.map(|q| format!("{name}: {} +{}", q["text"].as_str().expect("text"), q["votes"])).collect::<Vec<_>>()
    };
    ["waiting", "asked", "answered", "dismissed"].into_iter().flat_map(part).collect()
}

#[tokio::test]
async fn the_questions_of_a_person_go_with_their_messages_and_come_back_with_them() {
    let (app, at, room) = start().await;
    let (li, wang, host) = (app.seeker("李雷").await, app.seeker("王芳").await, &at.recruiter);
    say(&li, room, "m1", "刷屏广告").await;
    let dropped = ask(&li, room, "骗子？").await;
    assert_eq!(set(host, room, &dropped, "dismissed").await, 200);
    let answered = ask(&li, room, "有宿舍吗？").await;
    assert_eq!(set(host, room, &answered, "answered").await, 200);
    let on_air = ask(&li, room, "刷屏广告一二三？").await;
    let open = ask(&li, room, "刷屏广告甲乙丙丁？").await;
    let others = ask(&wang, room, "包吃住吗？").await;
    for question in [&open, &others] {
        wang.web.json(&format!("/rooms/{room}/questions/{question}/votes"), json!({})).await;
    }
    li.web.json(&format!("/rooms/{room}/questions/{others}/votes"), json!({})).await;
    assert_eq!(set(host, room, &on_air, "answering").await, 200);
    let body = json!({ "question": "哪个班？", "options": ["白班", "夜班"], "seconds": 0 });
    let poll: Value = host.web.json(&format!("/rooms/{room}/polls"), body).await.json().await.expect("json");
    let vote = format!("/rooms/{room}/polls/{}/votes", poll["poll"].as_str().expect("id"));
    assert_eq!(li.web.json(&vote, json!({ "choices": [1] })).await.status(), StatusCode::OK);
    let before = list(&app, &host.web, room).await;
    assert_eq!(before.len(), 5, "{before:?}");

    let (mut page, _) = Client::join(&app, room, None, None).await;
    assert_eq!(purge(&wang, room, &li).await, 404);
    assert_eq!(list(&app, &host.web, room).await, before);
    assert_eq!(purge(host, room, &li).await, 201);
    assert_eq!(page.wait("purged").await["target"], li.account.id.to_string());
    let mut gone = Vec::new();
    for _ in 0..3 {
        let told = page.wait("question").await;
        assert_eq!((told["state"].as_str(), told["text"].as_str(), told["name"].as_str()), (Some("dismissed"), Some(""), Some("")));
        gone.push(told["question"].as_str().expect("id").to_owned());
    }
    gone.sort();
    let mut expected = [answered, on_air, open.clone()];
    expected.sort();
    assert_eq!(gone, expected, "all that were shown");
    let stranger = app.stranger();
    assert_eq!(list(&app, &stranger, room).await, ["asked: 包吃住吗？ +2"], "also the vote of who is gone is a number");
    for path in ["", "/questions", "/questions.json", "/messages?since=0"] {
        let text = stranger.page(&format!("/rooms/{room}{path}")).await;
        assert!(!text.contains("刷屏") && !text.contains("有宿舍"), "{path}");
    }
    let polls: Value =
        host.web.client.get(host.web.url(&format!("/rooms/{room}/polls.json"))).send().await.expect("polls").json().await.expect("json");
    assert_eq!(polls["poll"]["voters"], 1, "nor is a ballot");
    assert_eq!(purge(host, room, &li).await, 201, "again is no error");
    assert_eq!(page.wait("question").await["text"], "", "and tells who may have been told nothing");

    assert_eq!(restore(host, room, &li).await, 204);
    page.wait("restored-all").await;
    let mut back = Vec::new();
    for _ in 0..3 {
        let told = page.wait("question").await;
        back.push(format!("{}: {}", told["state"].as_str().expect("state"), told["text"].as_str().expect("text")));
    }
    back.sort();
    assert_eq!(back, ["answered: 有宿舍吗？", "open: 刷屏广告一二三？", "open: 刷屏广告甲乙丙丁？"], "nothing goes on air by itself");
    let mut after = list(&app, &host.web, room).await;
    after.sort();
    let mut all = before;
    all.sort();
    assert_eq!(after, all, "with their votes, and without what was dismissed for itself");
    let log = app.parts.accounts.audit_of(at.fair.id, 20).await.expect("log");
    let verbs: Vec<_> =
        log.iter().rev().map(|e| e.action.as_str()).filter(|a| a.starts_with("chat.") || *a == "question.dismiss").collect();
    assert_eq!(verbs, ["question.dismiss", "chat.delete-all", "chat.delete-all", "chat.restore-all"]);
    assert!(log.iter().all(|e| !e.detail.contains("刷屏")));
    app.stop().await;
}

#[tokio::test]
async fn what_waits_for_a_host_goes_and_comes_back_as_well() {
    let (app, at, room) = start().await;
    let (li, host) = (app.seeker("李雷").await, &at.recruiter);
    host.web.json(&format!("/rooms/{room}/questions/approval"), json!({ "approval": "1" })).await;
    ask(&li, room, "能带孩子吗？").await;
    assert_eq!(list(&app, &host.web, room).await, ["waiting: 能带孩子吗？ +0"]);
    let (mut desk, _) = Client::join(&app, room, Some(host), None).await;
    assert_eq!(purge(host, room, &li).await, 201);
    assert_eq!(desk.wait("questions-waiting").await["count"], 0);
    assert_eq!(list(&app, &li.web, room).await, Vec::<String>::new());
    assert_eq!(restore(host, room, &li).await, 204);
    assert_eq!(desk.wait("questions-waiting").await["count"], 1);
    assert_eq!(list(&app, &li.web, room).await, ["waiting: 能带孩子吗？ +0"]);
    app.stop().await;
}

#[tokio::test]
async fn what_an_organiser_takes_away_comes_back_by_organisers_alone_and_a_word_of_its_own_outlives_the_undo() {
    let (app, at, room) = start().await;
    let (li, host) = (app.seeker("李雷").await, &at.recruiter);
    let (first, second) = (ask(&li, room, "有宿舍吗？").await, ask(&li, room, "几点上班呢？").await);
    assert_eq!(purge(&at.organiser, room, &li).await, 201);
    assert_eq!(undo(host, room, &first).await, 403);
    assert_eq!(restore(host, room, &li).await, 204);
    assert_eq!(list(&app, &app.stranger(), room).await, Vec::<String>::new());
    assert_eq!(restore(&at.organiser, room, &li).await, 204);
    assert_eq!(list(&app, &app.stranger(), room).await.len(), 2);
    // Taken away by the host with the rest; then one is let back in, and the other dismissed for itself.
    assert_eq!(purge(host, room, &li).await, 201);
    assert_eq!((undo(host, room, &first).await, set(host, room, &second, "dismissed").await), (200, 200));
    assert_eq!(list(&app, &app.stranger(), room).await, ["asked: 有宿舍吗？ +0"]);
    assert_eq!(set(host, room, &first, "dismissed").await, 200);
    assert_eq!(restore(host, room, &li).await, 204);
    assert_eq!(list(&app, &app.stranger(), room).await, Vec::<String>::new());
    app.stop().await;
}
