//! The chat: order, resuming, acknowledgements, who may write, and what bad clients cannot do.

use crate::harness::{NOON, TestApp};
use crate::socket::Client;
use futures_util::SinkExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::Clock;
use springbreeze::ids::RoomId;
use springbreeze::live::Event;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A message put straight into the journal, past the rate limit.
fn event(n: usize, text: &str) -> Event {
    Event::message(springbreeze::ids::AccountId::from_uuid(uuid::Uuid::from_u128(7)), "王芳", "", text, &format!("m{n}"))
}

async fn fill(app: &TestApp, room: RoomId, from: usize, count: usize, text: &str) {
    let appends = (from..from + count).map(|n| app.parts.live.append(room, event(n, text)));
    for appended in futures_util::future::join_all(appends).await {
        appended.expect("appended");
    }
}

#[tokio::test]
async fn everybody_sees_the_same_order_and_an_ack_means_committed() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, li, han) = (at.booth.id, app.seeker("李雷").await, app.seeker("韩梅梅").await);
    let (mut a, welcome) = Client::join(&app, room, Some(&li), None).await;
    assert_eq!((welcome["you"]["name"].as_str(), welcome["can"]["write"].as_bool()), (Some("李雷"), Some(true)));
    let (mut b, _) = Client::join(&app, room, Some(&han), Some(0)).await;
    let (mut stranger, welcome) = Client::join(&app, room, None, Some(0)).await;
    assert_eq!((&welcome["you"], welcome["can"]["why_not"].as_str()), (&Value::Null, Some("nameless")));
    for n in 0..4 {
        a.send(json!({ "type": "send", "client_id": format!("a{n}"), "text": format!("问题 {n}") })).await;
        b.send(json!({ "type": "send", "client_id": format!("b{n}"), "text": format!("回答 {n}") })).await;
    }
    let mut seen = Vec::new();
    for client in [&mut a, &mut b, &mut stranger] {
        let mut order = Vec::new();
        while order.len() < 8 {
            let message = client.wait("message").await;
            order.push((message["seq"].as_i64().expect("seq"), message["client_id"].as_str().expect("id").to_owned()));
        }
        seen.push(order);
    }
    assert!(seen[0] == seen[1] && seen[1] == seen[2], "{seen:?}");
    assert_eq!(seen[0].iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    let seq = a.say("a9", "包吃住吗？").await;
    assert!(app.parts.live.entry(room, seq).await.expect("read").is_some(), "an acknowledged message is in the database");
    app.stop().await;
}

#[tokio::test]
async fn sending_again_answers_as_the_first_time_over_socket_and_post() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, li) = (at.booth.id, app.seeker("李雷").await);
    let path = format!("/rooms/{room}/messages");
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let seq = socket.say("one", "夫妻房还有吗？").await;
    assert_eq!(socket.say("one", "夫妻房还有吗？").await, seq);
    let again = li.web.json(&path, json!({ "client_id": "one", "text": "夫妻房还有吗？" })).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<Value>().await.expect("json")["seq"], seq);
    let form = [("client_id", "two"), ("text", "周末休息吗？")];
    let sent = li.web.form(&path, &form).await;
    assert_eq!(
        (sent.status().as_u16(), sent.headers()["location"].to_str().ok()),
        (303, Some(format!("/rooms/{room}#chat-newest").as_str()))
    );
    assert_eq!(li.web.form(&path, &form).await.status(), StatusCode::SEE_OTHER, "a page sent twice by reload");
    let history: Value = li.web.get(&format!("{path}?since=0")).send().await.expect("history").json().await.expect("json");
    assert_eq!(history["entries"].as_array().expect("entries").len(), 2);
    assert_eq!((history["more"].as_bool(), history["last_seq"].as_i64()), (Some(false), Some(2)));
    app.stop().await;
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_or_an_explicit_gap() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.hall.id;
    fill(&app, room, 0, 300, "x").await;
    let (mut cold, welcome) = Client::join(&app, room, None, Some(250)).await;
    assert_eq!(welcome["last_seq"], 300);
    for seq in 251..=300 {
        assert_eq!(cold.wait("message").await["seq"], seq, "from the database");
    }
    fill(&app, room, 300, 40, "y").await;
    let (mut warm, _) = Client::join(&app, room, None, Some(310)).await;
    for seq in 311..=340 {
        assert_eq!(warm.wait("message").await["seq"], seq, "from memory");
    }
    let (mut far, _) = Client::join(&app, room, None, Some(5)).await;
    let gap = far.next().await.expect("gap");
    assert_eq!((gap["type"].as_str(), gap["from"].as_i64(), gap["to"].as_i64()), (Some("gap"), Some(6), Some(140)));
    for seq in 141..=340 {
        assert_eq!(far.wait("message").await["seq"], seq);
    }
    let path = format!("/rooms/{room}/messages?before=141&limit=100");
    let older: Value = app.stranger().get(&path).send().await.expect("history").json().await.expect("json");
    let entries = older["entries"].as_array().expect("entries");
    assert_eq!((entries[0]["seq"].as_i64(), entries[99]["seq"].as_i64(), older["more"].as_bool()), (Some(41), Some(140), Some(true)));
    let (mut ahead, welcome) = Client::join(&app, room, None, Some(9_999)).await;
    assert_eq!(welcome["last_seq"], 340, "a client that is ahead of the server sees it and starts anew");
    fill(&app, room, 340, 1, "z").await;
    assert_eq!(ahead.wait("message").await["seq"], 341);
    app.stop().await;
}

#[tokio::test]
async fn a_person_writes_in_bursts_of_five_and_hosts_in_more() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let li = app.seeker("李雷").await;
    let (mut socket, _) = Client::join(&app, at.booth.id, Some(&li), None).await;
    for n in 0..5 {
        socket.say(&format!("m{n}"), "你好").await;
    }
    socket.send(json!({ "type": "send", "client_id": "m5", "text": "你好" })).await;
    let refused = socket.wait("error").await;
    assert_eq!((refused["client_id"].as_str(), refused["code"].as_str()), (Some("m5"), Some("too-fast")));
    assert!(refused["retry_after"].as_u64().is_some_and(|s| (1..=2).contains(&s)));
    let post = li.web.json(&format!("/rooms/{}/messages", at.booth.id), json!({ "client_id": "m5", "text": "你好" })).await;
    assert_eq!(post.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(post.headers().contains_key("retry-after"));
    socket.say("m4", "你好").await;
    let (mut host, welcome) = Client::join(&app, at.booth.id, Some(&at.recruiter), None).await;
    assert_eq!((welcome["you"]["badge"].as_str(), welcome["can"]["moderate"].as_bool()), (Some("host"), Some(true)));
    for n in 0..12 {
        host.say(&format!("h{n}"), "包吃住，月休四天").await;
    }
    app.stop().await;
}

#[tokio::test]
async fn strangers_read_and_need_a_name_to_write() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (path, web) = (format!("/rooms/{}/messages", at.booth.id), app.stranger());
    let draft = json!({ "client_id": "one", "text": "你好" });
    assert_eq!(web.json(&path, draft.clone()).await.status(), StatusCode::UNAUTHORIZED);
    let (mut socket, _) = Client::join(&app, at.booth.id, None, None).await;
    socket.send(json!({ "type": "send", "client_id": "one", "text": "你好" })).await;
    assert_eq!(socket.wait("error").await["code"], "nameless");
    let page = web.page(&format!("/rooms/{}/chat", at.booth.id)).await;
    assert!(page.contains("action=\"/guest\"") && page.contains("data-chat-composer hidden"));
    assert_eq!(web.form("/guest", &[("name", "王先生"), ("next", "/")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(web.json(&path, draft).await.status(), StatusCode::CREATED);
    let page = web.page(&format!("/rooms/{}/chat", at.booth.id)).await;
    assert!(page.contains("王先生") && page.contains("msg msg-own") && page.contains("data-chat-name hidden"));
    app.stop().await;
}

#[tokio::test]
async fn foreign_unknown_and_closed_rooms_take_nothing() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let li = app.seeker("李雷").await;
    let unknown = RoomId::new();
    let Err(Error::Http(answer)) = Client::open(app.app.addr, unknown, None).await else { panic!("no such room") };
    assert_eq!(answer.status(), 404);
    let draft = json!({ "client_id": "one", "text": "你好" });
    assert_eq!(li.web.json(&format!("/rooms/{unknown}/messages"), draft.clone()).await.status(), 404);
    assert_eq!(li.web.status("/rooms/not-an-id/messages").await, 404);
    let origin = [("origin", "https://evil.example".to_owned())];
    let Err(Error::Http(answer)) = Client::open_with(app.app.addr, at.booth.id, &origin, None).await else { panic!("another site") };
    assert_eq!(answer.status(), 403);
    let organiser = app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer");
    let (mut inside, _) = Client::join(&app, at.booth.id, Some(&li), None).await;
    app.parts.rooms.set_closed(&organiser, at.booth.id, true).await.expect("closed");
    app.parts.live.append(at.booth.id, Event::RoomClosed { closed: true }).await.expect("told");
    assert_eq!(inside.wait("room-closed").await["closed"], true);
    assert_eq!(inside.closed().await, 4410);
    let mut again = Client::open(app.app.addr, at.booth.id, Some(&li.token)).await.expect("socket");
    again.send(json!({ "type": "hello" })).await;
    assert_eq!(again.closed().await, 4410);
    assert_eq!(li.web.json(&format!("/rooms/{}/messages", at.booth.id), draft).await.status(), StatusCode::CONFLICT);
    assert_eq!(li.web.status(&format!("/rooms/{}/messages", at.booth.id)).await, 200, "its history may be read");
    app.stop().await;
}

#[tokio::test]
async fn bad_frames_are_answered_or_end_the_socket_with_a_code() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, li) = (at.booth.id, app.seeker("李雷").await);
    let (mut ok, _) = Client::join(&app, room, Some(&li), None).await;
    for bad in [json!({"type": "nonsense"}), json!([1]), json!({"type": "send"}), json!({"type": "hello"})] {
        ok.send(bad).await;
        assert_eq!(ok.wait("error").await["code"], "bad-frame");
    }
    for (text, code) in [("", "empty"), (&"字".repeat(501) as &str, "too-long")] {
        ok.send(json!({ "type": "send", "client_id": "x", "text": text })).await;
        assert_eq!(ok.wait("error").await["code"], code);
    }
    ok.send(json!({ "type": "send", "client_id": "'; DROP TABLE rooms; --", "text": "x" })).await;
    assert_eq!(ok.wait("error").await["code"], "bad-client-id");
    ok.say("html", "<script>alert(1)</script>'\"; DROP TABLE rooms; --").await;
    let page = li.web.page(&format!("/rooms/{room}/chat")).await;
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "text stays text");
    ok.send(json!({ "type": "ping" })).await;
    ok.wait("pong").await;
    let not_utf8 = tokio_tungstenite::tungstenite::protocol::frame::Frame::message(
        vec![0xff, 0xfe],
        tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode::Data(
            tokio_tungstenite::tungstenite::protocol::frame::coding::Data::Text,
        ),
        true,
    );
    let endings = [
        (Message::Binary(vec![1, 2, 3].into()), vec![1003]),
        (Message::Frame(not_utf8), vec![1007]),
        (Message::Text("x".repeat(9_000).into()), vec![1009]),
        (Message::Text("x".repeat(200_000).into()), vec![1009, 1006]),
    ];
    for (frame, codes) in endings {
        let (mut client, _) = Client::join(&app, room, None, None).await;
        let _ = client.ws.send(frame).await;
        let code = client.closed().await;
        assert!(codes.contains(&code), "{code} is none of {codes:?}");
    }
    for first in ["{\"type\":\"ping\"}", "hello", "{\"type\":\"hello\",\"since\":\"x\"}"] {
        let mut client = Client::open(app.app.addr, room, None).await.expect("socket");
        client.ws.send(Message::Text(first.into())).await.expect("sent");
        assert_eq!(client.closed().await, 4400);
    }
    let (mut flood, _) = Client::join(&app, room, None, None).await;
    for _ in 0..60 {
        if flood.ws.feed(Message::Text("{\"type\":\"react\"}".into())).await.is_err() {
            break;
        }
    }
    let _ = flood.ws.flush().await;
    assert_eq!(flood.closed().await, 4429);
    app.stop().await;
}

#[tokio::test]
async fn hearts_are_summed_and_presence_counts_people() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (mut a, _) = Client::join(&app, at.booth.id, None, None).await;
    let (mut b, _) = Client::join(&app, at.booth.id, Some(&at.recruiter), None).await;
    let presence = loop {
        let frame = a.wait("presence").await;
        if frame["people"] == 2 {
            break frame;
        }
    };
    assert_eq!(presence["staffed"], true);
    for _ in 0..3 {
        a.send(json!({ "type": "react" })).await;
    }
    let mut hearts = 0;
    while hearts < 3 {
        hearts += b.wait("reactions").await["count"].as_i64().expect("count");
    }
    assert_eq!(hearts, 3);
    app.stop().await;
}

#[tokio::test]
async fn a_slow_reader_is_dropped_with_its_code_and_resumes_without_loss() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.hall.id;
    let mut slow = Client::open_with(app.app.addr, room, &[], Some(4_096)).await.expect("socket");
    slow.send(json!({ "type": "hello", "since": 0 })).await;
    assert_eq!(slow.next().await.expect("welcome")["type"], "welcome");
    let mut total = 0;
    while app.parts.live.snapshot(room).people > 0 {
        assert!(total < 30_000, "the room lets go of a reader that stands still");
        fill(&app, room, total, 512, &"长".repeat(500)).await;
        total += 512;
    }
    let mut seen = 0;
    let code = loop {
        match slow.next().await {
            Ok(frame) if frame["type"] == "message" => {
                seen += 1;
                assert_eq!(frame["seq"], seen, "no hole before the end");
            }
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert!(code == 4409 || code == 1006, "{code}: the code reaches who reads again within a second");
    let (mut back, _) = Client::join(&app, room, None, Some(seen)).await;
    let first = loop {
        let frame = back.next().await.expect("frame");
        if frame["type"] != "presence" {
            break frame;
        }
    };
    let missed = total as i64 - seen;
    assert_eq!(first["type"], if missed > 200 { "gap" } else { "message" });
    if first["type"] == "gap" {
        assert_eq!(first["from"].as_i64(), Some(seen + 1));
        assert_eq!(back.wait("message").await["seq"].as_i64(), first["to"].as_i64().map(|to| to + 1));
    }
    app.stop().await;
}

#[tokio::test]
async fn shutdown_closes_with_a_code_also_before_hello() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (mut joined, _) = Client::join(&app, at.booth.id, None, None).await;
    let mut silent = Client::open(app.app.addr, at.booth.id, None).await.expect("socket");
    let ends = tokio::spawn(async move { (joined.closed().await, silent.closed().await) });
    app.stop().await;
    assert_eq!(ends.await.expect("task"), (1001, 1001));
}

#[tokio::test]
async fn who_never_says_hello_is_closed_and_ten_seconds_later_costs_nothing() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let before = resident_kib();
    // Both ends are in this process, and other tests need descriptors as well.
    let count = 3_000;
    let mut silent = Vec::with_capacity(count);
    for _ in 0..count {
        silent.push(Client::open(app.app.addr, at.booth.id, None).await.expect("socket"));
    }
    let each = resident_kib().saturating_sub(before) / count;
    assert!(each < 64, "{each} KiB for both ends of a silent socket");
    assert_eq!(silent[0].closed().await, 4408);
    assert_eq!(silent[count - 1].closed().await, 4408);
    while app.parts.chat.free_sockets() < app.app.config.max_connections {
        for socket in silent.drain(..) {
            drop(socket);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.stop().await;
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_full_house_turns_sockets_away_and_says_when_to_come_back() {
    let data = tempfile::tempdir().expect("folder");
    let mut config = springbreeze::config::Config::for_tests(data.path());
    config.max_connections = 3;
    let app = TestApp::start_with(config, data, Clock::manual(NOON)).await;
    let at = app.fair().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Client::open(app.app.addr, at.booth.id, None).await.expect("socket"));
    }
    let Err(Error::Http(answer)) = Client::open(app.app.addr, at.booth.id, None).await else { panic!("full") };
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().ok()), (503, Some("10")));
    open.clear();
    app.stop().await;
}
