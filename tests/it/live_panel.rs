//! A panel over HTTP: who may take a seat, what the room is told, what a viewer asks for and gets.

use crate::harness::TestApp;
use crate::socket::Client;
use crate::wish::{PATIENCE, Publisher, location, offer, publish_offer, until};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::live::Event;
use springbreeze::media::client::Receiver;
use std::time::{Duration, Instant};

/// Receives until the viewer's state is as wanted.
async fn until_view(app: &TestApp, receiver: &mut Receiver, session: &str, wanted: impl Fn(&Value) -> bool) {
    let web = app.stranger();
    let deadline = Instant::now() + PATIENCE;
    loop {
        receiver.run_until(Instant::now() + Duration::from_millis(100)).await.expect("still connected");
        let state: Value = web.get(&format!("{session}/view")).send().await.expect("response").json().await.expect("json");
        if wanted(&state) {
            return;
        }
        assert!(Instant::now() < deadline, "{state}");
    }
}

#[tokio::test]
async fn a_colleague_joins_beside_the_host_and_viewers_choose_whom_they_see() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let whip = |seat: &str| format!("/rooms/{room}/whip?seat={seat}");
    let colleague = app.person("同事", Grant::Recruiter(fair.employer.id)).await;
    let host = Publisher::start(&web, &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    let guest = Publisher::start(&web, &whip("next"), Some(&colleague.token)).await;
    assert_eq!((host.seat.as_str(), guest.seat.as_str()), ("0", "1"));
    let seats = || async { app.parts.live.snapshot(room).seats == [0, 1] };
    until("both seats", seats).await;

    let asked = async |seat: &str, token: Option<&str>| offer(&web, &whip(seat), token, &publish_offer()).await.status();
    assert_eq!(asked("1", Some(&colleague.token)).await, StatusCode::CONFLICT, "nobody is driven from a seat");
    for wrong in ["6", "-1", "first", ""] {
        assert_eq!(asked(wrong, Some(&colleague.token)).await, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(asked("2", None).await, StatusCode::UNAUTHORIZED);
    let other = app.seeker("路人").await;
    assert_eq!(asked("2", Some(&other.token)).await, StatusCode::NOT_FOUND);

    let (mut socket, welcome) = Client::join(&app, room, None, None).await;
    assert_eq!(welcome["presence"]["seats"], json!([0, 1]), "{welcome}");
    let state: Value = web.get(&format!("/rooms/{room}/stage.json")).send().await.expect("response").json().await.expect("json");
    assert_eq!(state["seats"], json!([0, 1]));

    let mut receiver = Receiver::with(crate::wish::HERE, 2, 2).expect("receiver");
    let response = offer(&web, &format!("/rooms/{room}/whep"), None, receiver.offer()).await;
    let session = location(&response);
    receiver.accept(&response.text().await.expect("answer")).expect("accepted");
    let slot = |mid: &str, seat: u8| json!({"mid": mid, "seat": seat});
    let both = json!([slot("0", 0), slot("1", 1), slot("2", 0), slot("3", 1)]);
    until_view(&app, &mut receiver, &session, |state| state["slots"] == both && state["paused"] == json!(false)).await;
    let pinned = web.client.put(web.url(&format!("{session}/view"))).json(&json!({"pin": 1, "last": 1})).send().await;
    assert_eq!(pinned.expect("response").status(), StatusCode::NO_CONTENT);
    let turned = json!([slot("0", 0), slot("1", 1), slot("2", 1), slot("3", 0)]);
    until_view(&app, &mut receiver, &session, |state| state["slots"] == turned).await;

    guest.stop().await;
    loop {
        if socket.wait("presence").await["seats"] == json!([0]) {
            break;
        }
    }
    until_view(&app, &mut receiver, &session, |state| state["slots"] == json!([slot("0", 0), slot("2", 0)])).await;
    let entries = app.parts.live.after(room, 0, 100).await.expect("entries");
    assert!(!entries.iter().any(|entry| entry.event == Event::StreamEnded), "the stream goes on");
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn an_ended_panel_ends_for_all_and_none_comes_back_by_itself() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let whip = format!("/rooms/{room}/whip");
    let token = Some(fair.recruiter.token.as_str());
    let publishers = [Publisher::start(&web, &whip, token).await, Publisher::start(&web, &format!("{whip}?seat=next"), token).await];
    until("both seats", || async { app.parts.live.snapshot(room).seats.len() == 2 }).await;
    let ended = fair.organiser.web.form(&format!("/rooms/{room}/stream/end"), &[]).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    until("the end", || async { app.parts.live.snapshot(room).seats.is_empty() && !app.parts.live.snapshot(room).live }).await;
    for publisher in publishers {
        let again = web.post(&format!("{whip}?seat=next")).header("content-type", "application/sdp").header("if-match", &publisher.etag);
        let again = again.bearer_auth(&fair.recruiter.token).body(publish_offer()).send().await.expect("response");
        assert_eq!(again.status(), StatusCode::CONFLICT);
        publisher.vanish();
    }
    app.stop().await;
}
