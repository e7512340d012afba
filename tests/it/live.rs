//! WHIP and WHEP of rooms as other software meets them, and what the room is told of its stream.

use crate::harness::{NOON, TestApp, TestFair};
use crate::wish::{Publisher, frames, offer, publish_offer, until, view_offer, watch};
use reqwest::StatusCode;
use springbreeze::clock::{Clock, HOUR};
use springbreeze::fairs::FairState;
use springbreeze::ids::RoomId;
use springbreeze::live::Event;

fn whip(room: RoomId) -> String {
    format!("/rooms/{room}/whip")
}

fn whep(room: RoomId) -> String {
    format!("/rooms/{room}/whep")
}

/// What the journal says of the room's streams: true for each beginning, false for each end.
async fn told(app: &TestApp, room: RoomId) -> Vec<bool> {
    let entries = app.parts.live.after(room, 0, 1_000).await.expect("entries");
    let stream = |e: &Event| match e {
        Event::StreamStarted => Some(true),
        Event::StreamEnded => Some(false),
        _ => None,
    };
    entries.iter().filter_map(|e| stream(&e.event)).collect()
}

async fn until_told(app: &TestApp, room: RoomId, wanted: &[bool]) {
    until("what the journal says of the stream", || async { told(app, room).await == wanted }).await;
}

async fn until_viewers(app: &TestApp, room: RoomId, wanted: u32) {
    until("the viewer count", || async { app.parts.live.snapshot(room).viewers == wanted }).await;
}

#[tokio::test]
async fn a_recruiter_is_seen_by_a_stranger_and_the_room_is_told() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let (mut early, _) = watch(&web, &whep(room), None).await;
    let publisher = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    let (mut late, session) = watch(&web, &whep(room), None).await;
    early.connect().await.expect("connected before anybody published");
    frames(&mut late, 20).await;
    frames(&mut early, 20).await;
    until_told(&app, room, &[true]).await;
    until_viewers(&app, room, 2).await;
    assert_eq!(app.parts.live.status_of(FairState::Live, &fair.booth).name(), "live");
    let state: serde_json::Value =
        web.get(&format!("/rooms/{room}/stage.json")).send().await.expect("response").json().await.expect("json");
    assert_eq!((state["status"].as_str(), state["viewers"].as_u64()), (Some("live"), Some(2)));
    assert_eq!(web.client.delete(web.url(&session)).send().await.expect("response").status(), StatusCode::OK);
    until_viewers(&app, room, 1).await;
    publisher.stop().await;
    until_told(&app, room, &[true, false]).await;
    until("message only", async || app.parts.live.status_of(FairState::Live, &fair.booth).name() == "message-only").await;
    app.stop().await;
}

#[tokio::test]
async fn a_host_that_comes_back_takes_its_old_place() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let first = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    let (mut viewer, _) = watch(&web, &whep(room), None).await;
    frames(&mut viewer, 10).await;
    until_told(&app, room, &[true]).await;
    first.vanish();
    let second = Publisher::start(&web, &whip(room), Some(&fair.organiser.token)).await;
    frames(&mut viewer, 40).await;
    assert_eq!(told(&app, room).await, [true], "a short absence is no end");
    let response = web.client.delete(web.url(&second.session)).send().await.expect("response");
    assert_eq!(response.status(), StatusCode::OK);
    until_told(&app, room, &[true, false]).await;
    second.vanish();
    app.stop().await;
}

#[tokio::test]
async fn a_publisher_that_comes_back_by_itself_takes_its_own_place_and_nobody_elses() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let first = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    until_told(&app, room, &[true]).await;
    let again = async |etag: &str| {
        let request = web.post(&whip(room)).header("content-type", "application/sdp").header("if-match", etag).body(publish_offer());
        request.bearer_auth(&fair.recruiter.token).send().await.expect("response")
    };
    assert_eq!(again("\"not mine\"").await.status(), StatusCode::CONFLICT);
    assert_eq!(again(&first.etag).await.status(), StatusCode::CREATED, "its own place");
    // Somebody takes over. The first comes back by itself, and must stay away.
    let second = Publisher::start(&web, &whip(room), Some(&fair.organiser.token)).await;
    until_publishing(&app, room).await;
    let refused = again(&first.etag).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(told(&app, room).await, [true], "nobody was told of an end");
    app.parts.live.end_stream(room).await;
    until_told(&app, room, &[true, false]).await;
    assert_eq!(again(&second.etag).await.status(), StatusCode::CONFLICT, "what a host ended does not come back by itself");
    assert_eq!(again(&first.etag).await.status(), StatusCode::CREATED, "the place is free");
    second.vanish();
    first.vanish();
    app.stop().await;
}

async fn until_publishing(app: &TestApp, room: RoomId) {
    let stream = springbreeze::live::Live::stream_of(room);
    until("the publisher is connected", async || app.parts.live.media.stats(stream).await.publisher_connected).await;
}

#[tokio::test]
async fn a_page_of_another_site_needs_a_token_and_cannot_use_the_cookie() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = whip(fair.booth.id);
    let post = |site: &'static str| {
        let request = fair.recruiter.web.post(&path).header("content-type", "application/sdp").header("sec-fetch-site", site);
        request.body(publish_offer()).send()
    };
    assert_eq!(post("cross-site").await.expect("response").status(), StatusCode::FORBIDDEN);
    assert_eq!(post("same-site").await.expect("response").status(), StatusCode::FORBIDDEN);
    assert_eq!(post("same-origin").await.expect("response").status(), StatusCode::CREATED);
    let with_token = app.stranger().post(&path).bearer_auth(&fair.recruiter.token).header("sec-fetch-site", "cross-site");
    let with_token = with_token.header("content-type", "application/sdp").body(publish_offer()).send().await.expect("response");
    assert_eq!(with_token.status(), StatusCode::CREATED);
    app.stop().await;
}

#[tokio::test]
async fn a_session_belongs_to_its_room_and_kind() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    let (mut viewer, session) = watch(&web, &whep(fair.booth.id), None).await;
    viewer.connect().await.expect("connected");
    let id = session.rsplit('/').next().expect("id");
    for wrong in [format!("/rooms/{}/whep/{id}", fair.hall.id), format!("/rooms/{}/whip/{id}", fair.booth.id)] {
        assert_eq!(web.client.delete(web.url(&wrong)).send().await.expect("response").status(), StatusCode::NOT_FOUND, "{wrong}");
    }
    let view = |body| web.client.put(web.url(&format!("{session}/view"))).json(&body).send();
    assert_eq!(view(serde_json::json!({"save_data": true})).await.expect("response").status(), StatusCode::NO_CONTENT);
    assert_eq!(view(serde_json::json!({"audio_only": "1"})).await.expect("response").status(), StatusCode::NO_CONTENT);
    assert_eq!(view(serde_json::json!("loud")).await.expect("response").status().as_u16() / 100, 4);
    assert_eq!(web.client.delete(web.url(&session)).send().await.expect("response").status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn closing_the_room_or_the_fair_ends_its_stream() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let publisher = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    until_told(&app, room, &[true]).await;
    let closed = format!("/rooms/{room}/closed");
    assert_eq!(fair.recruiter.web.form(&closed, &[("closed", "true")]).await.status().as_u16(), 404, "only organisers close rooms");
    assert_eq!(fair.organiser.web.form(&closed, &[("closed", "true")]).await.status(), StatusCode::SEE_OTHER);
    until_told(&app, room, &[true, false]).await;
    publisher.vanish();
    let refused = offer(&web, &whip(room), Some(&fair.recruiter.token), &publish_offer()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(offer(&web, &whep(room), None, &view_offer()).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(fair.organiser.web.form(&closed, &[("closed", "false")]).await.status(), StatusCode::SEE_OTHER);
    let publisher = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    until_told(&app, room, &[true, false, true]).await;
    set_state(&app, &fair, FairState::Closed).await;
    until_told(&app, room, &[true, false, true, false]).await;
    publisher.vanish();
    app.stop().await;
}

async fn set_state(app: &TestApp, fair: &TestFair, to: FairState) {
    let viewer = app.parts.accounts.viewer_by_token(&fair.organiser.token).await.expect("viewer");
    app.parts.fairs.set_state(&viewer, fair.fair.id, to).await.expect("state");
}

#[tokio::test]
async fn a_ban_ends_watching_and_keeps_the_person_out_until_it_is_over() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let troublemaker = app.seeker("捣乱者").await;
    let web = app.stranger();
    let publisher = Publisher::start(&web, &whip(room), Some(&fair.recruiter.token)).await;
    let (mut banned, _) = watch(&web, &whep(room), Some(&troublemaker.token)).await;
    let (mut other, _) = watch(&web, &whep(room), None).await;
    frames(&mut banned, 5).await;
    frames(&mut other, 5).await;
    until_viewers(&app, room, 2).await;
    let ban = serde_json::json!({ "account": troublemaker.account.id, "length": "1h" });
    assert_eq!(fair.recruiter.web.json(&format!("/rooms/{room}/bans"), ban).await.status(), StatusCode::CREATED);
    until_viewers(&app, room, 1).await;
    frames(&mut other, 5).await;
    let (path, token, sdp) = (whep(room), Some(&*troublemaker.token), view_offer());
    assert_eq!(offer(&web, &path, token, &sdp).await.status(), StatusCode::FORBIDDEN);
    app.clock.advance(2 * HOUR);
    assert_eq!(offer(&web, &path, token, &sdp).await.status(), StatusCode::CREATED);
    publisher.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn a_ban_ends_what_is_watched_on_the_device_of_the_banned_person_by_whatever_name() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web, other) = (fair.booth.id, app.stranger(), app.stranger());
    let publisher = Publisher::start(&other, &whip(room), Some(&fair.recruiter.token)).await;
    for browser in [&web, &other] {
        // The page gives the device its key.
        browser.page(&format!("/rooms/{room}")).await;
    }
    web.form("/guest", &[("name", "捣乱者")]).await;
    let said = web.json(&format!("/rooms/{room}/messages"), serde_json::json!({ "client_id": "x1", "text": "骗子公司" })).await;
    assert_eq!(said.status(), StatusCode::CREATED);
    until("the device is noted", || async {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM devices").fetch_one(app.parts.db.read()).await.expect("count");
        n == 1
    })
    .await;
    let entries = app.parts.live.after(room, 0, 100).await.expect("entries");
    let author =
        entries.iter().find_map(|e| if let Event::Message { author, .. } = e.event { Some(author) } else { None }).expect("message");
    assert_eq!(web.form("/signout", &[]).await.status(), StatusCode::SEE_OTHER);
    let (mut nameless, _) = watch(&web, &whep(room), None).await;
    frames(&mut nameless, 5).await;
    web.form("/guest", &[("name", "新名字")]).await;
    let (mut renamed, _) = watch(&web, &whep(room), None).await;
    let (mut neighbour, _) = watch(&other, &whep(room), None).await;
    // Staff sit where others were banned.
    let (mut staff, _) = watch(&web, &whep(room), Some(&fair.organiser.token)).await;
    for receiver in [&mut renamed, &mut neighbour, &mut staff] {
        frames(receiver, 5).await;
    }
    until_viewers(&app, room, 4).await;
    let ban = serde_json::json!({ "account": author, "length": "1h" });
    assert_eq!(fair.recruiter.web.json(&format!("/rooms/{room}/bans"), ban).await.status(), StatusCode::CREATED);
    until_viewers(&app, room, 2).await;
    for receiver in [&mut neighbour, &mut staff] {
        frames(receiver, 5).await;
    }
    let undone = fair.recruiter.web.form(&format!("/rooms/{room}/bans/{author}/undo"), &[]).await;
    assert_eq!(undone.status(), StatusCode::SEE_OTHER);
    let (mut again, _) = watch(&web, &whep(room), None).await;
    frames(&mut again, 5).await;
    // The block list bans from all rooms of the employer.
    let block = serde_json::json!({ "account": author });
    assert_eq!(fair.recruiter.web.json(&format!("/rooms/{room}/blocks"), block).await.status(), StatusCode::CREATED);
    until_viewers(&app, room, 2).await;
    publisher.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn a_stream_survives_a_restart_of_the_server_if_its_host_comes_back() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, recruiter) = (fair.booth.id, fair.recruiter.token.clone());
    let publisher = Publisher::start(&app.stranger(), &whip(room), Some(&recruiter)).await;
    until_told(&app, room, &[true]).await;
    let data = app.stop().await;
    publisher.vanish();
    let app = TestApp::start_in(data, Clock::manual(NOON)).await;
    let web = app.stranger();
    let publisher = Publisher::start(&web, &whip(room), Some(&recruiter)).await;
    let (mut viewer, _) = watch(&web, &whep(room), None).await;
    frames(&mut viewer, 10).await;
    until_viewers(&app, room, 1).await;
    assert_eq!(told(&app, room).await, [true], "nobody was told of an end");
    publisher.stop().await;
    until_told(&app, room, &[true, false]).await;
    app.stop().await;
}
