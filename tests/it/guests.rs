//! Raised hands and guests on stage, with real publishers and viewers.

use crate::harness::{Person, TestApp, TestFair};
use crate::socket::Client;
use crate::wish::{HERE, PATIENCE, Publisher, frames, location, offer, publish_offer, until, watch};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::SECOND;
use springbreeze::live::Part;
use springbreeze::media::client::Receiver;
use std::time::{Duration, Instant};

async fn body(response: reqwest::Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    response.json().await.expect("json")
}

/// A host on stage, and what tells that viewers know.
async fn go_live(app: &TestApp, fair: &TestFair) -> Publisher {
    let room = fair.booth.id;
    let host = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    until("the stream", || async { app.parts.live.snapshot(room).live && app.parts.live.snapshot(room).stage.len() == 1 }).await;
    host
}

async fn raise(fair: &TestFair, person: &Person) -> StatusCode {
    person.web.json(&format!("/rooms/{}/hand", fair.booth.id), json!({})).await.status()
}

async fn own(fair: &TestFair, person: &Person) -> Value {
    let response = person.web.client.get(person.web.url(&format!("/rooms/{}/hand", fair.booth.id))).send().await;
    body(response.expect("response"), StatusCode::OK).await
}

async fn desk(fair: &TestFair) -> Value {
    let web = &fair.recruiter.web;
    let response = web.client.get(web.url(&format!("/rooms/{}/stage/people", fair.booth.id))).send().await;
    body(response.expect("response"), StatusCode::OK).await
}

async fn invite(fair: &TestFair, host: &Person, person: &Person, video: bool) -> reqwest::Response {
    let wanted = json!({"account": person.account.id, "video": if video { "1" } else { "" }});
    host.web.json(&format!("/rooms/{}/guests", fair.booth.id), wanted).await
}

/// Asked and accepted: where to publish.
async fn invited(fair: &TestFair, person: &Person, video: bool) -> String {
    assert_eq!(raise(fair, person).await, StatusCode::CREATED);
    let asked = body(invite(fair, &fair.recruiter, person, video).await, StatusCode::CREATED).await;
    let whip = asked["whip"].as_str().expect("a path").to_owned();
    let accepted = person.web.json(&whip.replace("/whip", "/acceptances"), json!({})).await;
    assert_eq!(body(accepted, StatusCode::OK).await["state"], "accepted");
    whip
}

fn act(whip: &str, what: &str) -> String {
    whip.replace("/whip", &format!("/{what}"))
}

async fn names(app: &TestApp, fair: &TestFair) -> Vec<(u8, String, bool)> {
    let stage = app.parts.live.snapshot(fair.booth.id).stage;
    stage.iter().map(|who| (who.seat, who.name.clone(), who.screen)).collect()
}

#[tokio::test]
async fn hands_go_up_in_order_for_people_with_a_name_while_a_stream_runs() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let (lei, mei) = (app.seeker("李雷").await, app.seeker("韩梅梅").await);
    assert_eq!(raise(&fair, &lei).await, StatusCode::CONFLICT, "nothing is live");
    let host = go_live(&app, &fair).await;
    let stranger = app.stranger().json(&format!("/rooms/{room}/hand"), json!({})).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(raise(&fair, &fair.recruiter).await, StatusCode::CONFLICT, "hosts need none");

    let (mut staff, _) = Client::join(&app, room, Some(&fair.recruiter), None).await;
    let (mut visitor, welcome) = Client::join(&app, room, Some(&lei), None).await;
    assert_eq!(welcome["stage"][0]["name"], "招聘官", "{welcome}");
    assert_eq!(welcome["presence"]["hands"], 0);
    assert_eq!(raise(&fair, &lei).await, StatusCode::CREATED);
    assert_eq!(raise(&fair, &mei).await, StatusCode::CREATED);
    assert_eq!(raise(&fair, &lei).await, StatusCode::CREATED, "again keeps the place");
    let told = loop {
        let frame = staff.wait("desk").await;
        if frame["hands"].as_array().is_some_and(|hands| hands.len() == 2) {
            break frame;
        }
    };
    assert_eq!((told["hands"][0]["name"].as_str(), told["hands"][1]["name"].as_str()), (Some("李雷"), Some("韩梅梅")));
    loop {
        let frame = visitor.next().await.expect("frame");
        assert_ne!(frame["type"], "desk", "others get a number and no names");
        if frame["type"] == "presence" && frame["hands"] == 2 {
            break;
        }
    }
    assert_eq!((own(&fair, &lei).await["hand"].clone(), own(&fair, &mei).await["hand"].clone()), (json!(1), json!(2)));
    let page = lei.web.page(&format!("/rooms/{room}")).await;
    assert!(page.contains("data-hand=\"1\""), "a reload shows it");
    assert!(fair.recruiter.web.page(&format!("/rooms/{room}/studio")).await.contains("韩梅梅"));

    let lowered = lei.web.form(&format!("/rooms/{room}/hand/lower"), &[]).await;
    assert_eq!(lowered.status(), StatusCode::SEE_OTHER, "without scripts too");
    let other = |web: &crate::harness::Web| {
        let (web, account) = (web.clone(), mei.account.id);
        async move { web.client.delete(web.url(&format!("/rooms/{room}/hands/{account}"))).send().await.expect("response").status() }
    };
    assert_eq!(other(&lei.web).await, StatusCode::NOT_FOUND, "only hosts lower the hands of others");
    assert_eq!(other(&fair.organiser.web).await, StatusCode::NO_CONTENT);
    assert!(desk(&fair).await["hands"].as_array().expect("hands").is_empty());

    assert_eq!(raise(&fair, &lei).await, StatusCode::CREATED);
    let mute = json!({"account": lei.account.id, "length": "1h"});
    assert_eq!(fair.recruiter.web.json(&format!("/rooms/{room}/mutes"), mute).await.status(), StatusCode::CREATED);
    until("no hand of a muted one", || async { app.parts.live.snapshot(room).hands.is_empty() }).await;
    assert_eq!(raise(&fair, &lei).await, StatusCode::FORBIDDEN);
    assert_eq!(raise(&fair, &mei).await, StatusCode::CREATED);
    host.stop().await;
    until("hands down with the stream", || async { app.parts.live.snapshot(room).hands.is_empty() }).await;
    app.stop().await;
}

#[tokio::test]
async fn a_guest_comes_on_stage_by_invitation_and_goes_when_sent_back() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let (guest, other) = (app.seeker("李雷").await, app.seeker("路人").await);
    let host = go_live(&app, &fair).await;
    assert_eq!(invite(&fair, &fair.recruiter, &guest, true).await.status(), StatusCode::NOT_FOUND, "neither a hand nor a word");
    assert_eq!(raise(&fair, &guest).await, StatusCode::CREATED);
    assert_eq!(invite(&fair, &other, &guest, true).await.status(), StatusCode::NOT_FOUND, "by hosts only");
    let (mut told, _) = Client::join(&app, room, Some(&guest), None).await;
    let asked = body(invite(&fair, &fair.recruiter, &guest, true).await, StatusCode::CREATED).await;
    told.wait("yours").await;
    let again = body(invite(&fair, &fair.organiser, &guest, false).await, StatusCode::CREATED).await;
    assert_eq!(again["id"], asked["id"], "asked twice is asked once");
    let mine = own(&fair, &guest).await;
    assert_eq!(
        (mine["hand"].clone(), mine["guest"]["state"].clone(), mine["guest"]["by"].clone()),
        (json!(0), json!("invited"), json!("招聘官"))
    );

    let whip = asked["whip"].as_str().expect("a path").to_owned();
    let tries = async |person: &Person| offer(&app.stranger(), &whip, Some(&person.token), &publish_offer()).await.status();
    assert_eq!(tries(&guest).await, StatusCode::NOT_FOUND, "not accepted yet");
    assert_eq!(other.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::NOT_FOUND, "somebody else's");
    assert_eq!(guest.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::OK);
    assert_eq!(guest.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::OK, "again is no harm");
    assert_eq!(tries(&other).await, StatusCode::NOT_FOUND);
    assert_eq!(offer(&app.stranger(), &whip, None, &publish_offer()).await.status(), StatusCode::UNAUTHORIZED);
    let hosts_way = offer(&app.stranger(), &format!("/rooms/{room}/whip?seat=next"), Some(&guest.token), &publish_offer()).await;
    assert_eq!(hosts_way.status(), StatusCode::NOT_FOUND, "the right is for this invitation and nothing else");

    let publisher = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    assert_eq!(publisher.seat, "1");
    let (room_names, expected) = (|| names(&app, &fair), vec![(0, "招聘官".to_owned(), false), (1, "李雷".to_owned(), false)]);
    until("both names", || async { room_names().await == expected }).await;
    let frame = loop {
        let frame = told.wait("stage").await;
        if frame["stage"].as_array().is_some_and(|stage| stage.len() == 2) {
            break frame;
        }
    };
    assert_eq!((frame["stage"][1]["part"].clone(), frame["stage"][1]["muted"].clone()), (json!("guest"), json!(false)));

    let back = fair.recruiter.web.form(&act(&whip, "removals"), &[]).await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER, "a form of the studio");
    assert_eq!(app.stranger().status(&publisher.session).await, 404, "the session is closed at once");
    assert_eq!(tries(&guest).await, StatusCode::NOT_FOUND, "and there is no way back");
    let etag = publisher.etag.clone();
    let returns = app.stranger().post(&whip).header("content-type", "application/sdp").header("if-match", etag);
    let returns = returns.bearer_auth(&guest.token).body(publish_offer()).send().await.expect("response");
    assert_eq!(returns.status(), StatusCode::NOT_FOUND, "also for one who comes back by itself");
    until("the host alone", || async { names(&app, &fair).await.len() == 1 }).await;
    assert_eq!(own(&fair, &guest).await["guest"], Value::Null);
    publisher.vanish();
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn four_guests_at_most_however_many_hosts_ask_at_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let mut people = Vec::new();
    for n in 0..9 {
        people.push(app.seeker(&format!("求职者{n}")).await);
        assert_eq!(raise(&fair, &people[n]).await, StatusCode::CREATED);
    }
    let asks = people.iter().enumerate().map(|(n, person)| {
        let by = if n % 2 == 0 { &fair.recruiter } else { &fair.organiser };
        invite(&fair, by, person, false)
    });
    let answers: Vec<StatusCode> = futures_util::future::join_all(asks).await.into_iter().map(|r| r.status()).collect();
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::CONFLICT)), (4, 5), "{answers:?}");
    let guests = desk(&fair).await["guests"].clone();
    let guests = guests.as_array().expect("guests");
    assert_eq!(guests.len(), 4);
    let first = guests[0]["id"].as_str().expect("id");
    let gone = fair.recruiter.web.json(&format!("/rooms/{}/guests/{first}/removals", fair.booth.id), json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let late: Vec<&Person> = people.iter().zip(&answers).filter(|(_, answer)| **answer == StatusCode::CONFLICT).map(|(p, _)| p).collect();
    assert_eq!(invite(&fair, &fair.recruiter, late[0], false).await.status(), StatusCode::CREATED, "a place that is free is given again");
    assert_eq!(invite(&fair, &fair.recruiter, late[1], false).await.status(), StatusCode::CONFLICT);
    app.clock.advance(60 * SECOND);
    assert_eq!(invite(&fair, &fair.recruiter, late[2], false).await.status(), StatusCode::CREATED, "whoever does not answer makes room");
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn an_invitation_is_good_for_a_minute_and_may_be_declined() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let (slow, shy) = (app.seeker("慢").await, app.seeker("害羞").await);
    for person in [&slow, &shy] {
        assert_eq!(raise(&fair, person).await, StatusCode::CREATED);
    }
    let asked = body(invite(&fair, &fair.recruiter, &slow, true).await, StatusCode::CREATED).await;
    let whip = asked["whip"].as_str().expect("a path").to_owned();
    app.clock.advance(60 * SECOND);
    assert_eq!(slow.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::CONFLICT);
    assert_eq!(own(&fair, &slow).await["guest"], Value::Null);
    let asked = body(invite(&fair, &fair.recruiter, &shy, true).await, StatusCode::CREATED).await;
    let whip = asked["whip"].as_str().expect("a path").to_owned();
    assert_eq!(shy.web.json(&act(&whip, "refusals"), json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(shy.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::CONFLICT, "no is no");
    host.stop().await;
    app.stop().await;
}

/// How many packets of sound came from a seat within half a second.
async fn heard(receiver: &mut Receiver, mid: &str) -> u64 {
    let before = receiver.section(mid).frames;
    receiver.run_until(Instant::now() + Duration::from_millis(500)).await.expect("still connected");
    receiver.section(mid).frames - before
}

/// Waits until a section brings sound, or brings none.
async fn until_heard(receiver: &mut Receiver, mid: &str, sounds: bool) {
    let deadline = Instant::now() + PATIENCE;
    while (heard(receiver, mid).await > 5) != sounds {
        assert!(Instant::now() < deadline, "sound of {mid}: {}", !sounds);
    }
}

#[tokio::test]
async fn a_muted_guest_is_heard_by_nobody_until_a_host_lets_them() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    let whip = invited(&fair, &guest, true).await;
    let publisher = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    let web = app.stranger();
    let mut receiver = Receiver::with(HERE, 2, 2).expect("receiver");
    let response = offer(&web, &format!("/rooms/{room}/whep"), None, receiver.offer()).await;
    let session = location(&response);
    receiver.accept(&response.text().await.expect("answer")).expect("accepted");
    // Sections 0 and 1 are sounds; which one is the guest's the server tells.
    until_heard(&mut receiver, "0", true).await;
    until_heard(&mut receiver, "1", true).await;
    let slots: Value = web.get(&format!("{session}/view")).send().await.expect("response").json().await.expect("json");
    let slot = |seat: u8, first: bool| {
        let all = slots["slots"].as_array().expect("slots");
        let mids = all.iter().filter(|slot| slot["seat"] == seat).map(|slot| slot["mid"].as_str().expect("mid").to_owned());
        mids.into_iter().find(|mid| (mid.as_str() < "2") == first).expect("a section")
    };
    let (guest_sound, host_sound, guest_picture) = (slot(1, true), slot(0, true), slot(1, false));

    assert_eq!(guest.web.json(&act(&whip, "mute"), json!({"muted": "1"})).await.status(), StatusCode::NOT_FOUND, "by hosts only");
    assert_eq!(fair.recruiter.web.json(&act(&whip, "mute"), json!({"muted": "1"})).await.status(), StatusCode::NO_CONTENT);
    until_heard(&mut receiver, &guest_sound, false).await;
    assert_eq!(heard(&mut receiver, &guest_sound).await, 0, "not a packet");
    assert!(heard(&mut receiver, &host_sound).await > 5 && heard(&mut receiver, &guest_picture).await > 0, "the rest goes on");
    until("all see it", || async { app.parts.live.snapshot(room).stage.iter().any(|who| who.muted) }).await;
    assert_eq!(own(&fair, &guest).await["guest"]["muted"], true);

    // Neither by coming anew.
    publisher.stop().await;
    let publisher = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    until("back on stage", || async { names(&app, &fair).await.len() == 2 }).await;
    for _ in 0..4 {
        assert_eq!(heard(&mut receiver, "0").await.min(heard(&mut receiver, "1").await), 0, "still muted");
    }
    assert_eq!(fair.recruiter.web.json(&act(&whip, "mute"), json!({"muted": "0"})).await.status(), StatusCode::NO_CONTENT);
    until_heard(&mut receiver, "0", true).await;
    until_heard(&mut receiver, "1", true).await;
    publisher.stop().await;
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn by_voice_means_no_picture_and_a_screen_has_a_seat_of_its_own() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let (voice, video) = (app.seeker("语音").await, app.seeker("视频").await);
    let whip = invited(&fair, &voice, false).await;
    let publisher = Publisher::start(&app.stranger(), &whip, Some(&voice.token)).await;
    until("on stage", || async { names(&app, &fair).await.len() == 2 }).await;
    let stats = || async { app.parts.live.media.stats(springbreeze::live::Live::stream_of(room)).await };
    until("sound of the guest", || async { stats().await.layers.iter().any(|layer| layer.seat.number() == 1 && !layer.video) }).await;
    assert!(stats().await.layers.iter().all(|layer| layer.seat.number() != 1 || !layer.video), "no picture gets in");
    let screen = offer(&app.stranger(), &format!("{whip}?screen=1"), Some(&voice.token), &publish_offer()).await;
    assert_eq!(screen.status(), StatusCode::FORBIDDEN);

    let whip = invited(&fair, &video, true).await;
    let camera = Publisher::start(&app.stranger(), &whip, Some(&video.token)).await;
    let screen = Publisher::start(&app.stranger(), &format!("{whip}?screen=1"), Some(&video.token)).await;
    let hosts = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip?seat=next&screen=1"), Some(&fair.recruiter.token)).await;
    let seats = [&camera, &screen, &hosts].map(|publisher| publisher.seat.clone());
    assert_eq!(seats, ["2", "3", "4"].map(str::to_owned));
    until("all on stage", || async { names(&app, &fair).await.len() == 5 }).await;
    let screens: Vec<String> = names(&app, &fair).await.into_iter().filter(|who| who.2).map(|who| who.1).collect();
    assert_eq!(screens, ["视频", "招聘官"]);
    // A reload leaves the old session behind and takes one place, not two.
    let again = Publisher::start(&app.stranger(), &whip, Some(&video.token)).await;
    assert_eq!(app.stranger().status(&camera.session).await, 404);
    until("five still", || async { names(&app, &fair).await.len() == 5 }).await;
    assert_eq!(video.web.json(&act(&whip, "departures"), json!({})).await.status(), StatusCode::NO_CONTENT);
    until("camera and screen are gone", || async { names(&app, &fair).await.len() == 3 }).await;
    for publisher in [camera, screen, again] {
        publisher.vanish();
    }
    for publisher in [publisher, hosts, host] {
        publisher.stop().await;
    }
    app.stop().await;
}

#[tokio::test]
async fn a_ban_and_the_end_of_the_stream_end_what_a_guest_may() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let (rude, kind) = (app.seeker("无礼").await, app.seeker("有礼").await);
    let mut stays = Vec::new();
    for person in [&rude, &kind] {
        let whip = invited(&fair, person, true).await;
        stays.push((Publisher::start(&app.stranger(), &whip, Some(&person.token)).await, whip));
    }
    until("three on stage", || async { names(&app, &fair).await.len() == 3 }).await;
    let ban = fair.recruiter.web.json(&format!("/rooms/{room}/bans"), json!({"account": rude.account.id, "length": "1h"})).await;
    assert_eq!(ban.status(), StatusCode::CREATED);
    until("the banned one is gone", || async { names(&app, &fair).await.len() == 2 }).await;
    let again = offer(&app.stranger(), &stays[0].1, Some(&rude.token), &publish_offer()).await.status();
    assert!(again == StatusCode::FORBIDDEN || again == StatusCode::NOT_FOUND, "{again}");
    until("the invitation has ended", || async { desk(&fair).await["guests"].as_array().is_some_and(|guests| guests.len() == 1) }).await;

    let ended = fair.recruiter.web.form(&format!("/rooms/{room}/stream/end"), &[]).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    let again = offer(&app.stranger(), &stays[1].1, Some(&kind.token), &publish_offer()).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "no guest begins the stream anew");
    until("the end", || async { !app.parts.live.snapshot(room).live }).await;
    stays.into_iter().for_each(|(publisher, _)| publisher.vanish());
    host.vanish();
    app.stop().await;
}

#[tokio::test]
async fn a_ban_sends_back_who_is_a_guest_on_the_device_of_the_banned_person() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let (rude, other_name, kind) = (app.seeker("无礼").await, app.seeker("新名字").await, app.seeker("有礼").await);
    // The page gives the device its key.
    rude.web.page(&format!("/rooms/{room}")).await;
    let said = rude.web.json(&format!("/rooms/{room}/messages"), json!({"client_id": "x1", "text": "骗子公司"})).await;
    assert_eq!(said.status(), StatusCode::CREATED);
    until("the device is noted", || async {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM devices").fetch_one(app.parts.db.read()).await.expect("count");
        n == 1
    })
    .await;
    let whip = invited(&fair, &other_name, true).await;
    let here = Publisher::start(&rude.web, &whip, Some(&other_name.token)).await;
    let elsewhere = invited(&fair, &kind, true).await;
    let there = Publisher::start(&app.stranger(), &elsewhere, Some(&kind.token)).await;
    until("three on stage", || async { names(&app, &fair).await.len() == 3 }).await;
    let ban = fair.recruiter.web.json(&format!("/rooms/{room}/bans"), json!({"account": rude.account.id, "length": "1h"})).await;
    assert_eq!(ban.status(), StatusCode::CREATED);
    until("the one on that device is gone", || async { names(&app, &fair).await.len() == 2 }).await;
    assert!(names(&app, &fair).await.iter().any(|(_, name, _)| name == "有礼"));
    let again = offer(&rude.web, &whip, Some(&other_name.token), &publish_offer()).await;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    [here, there, host].into_iter().for_each(Publisher::vanish);
    app.stop().await;
}

#[tokio::test]
async fn a_stage_without_a_host_is_left_for_half_a_minute_and_places_outlive_a_restart() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    let whip = invited(&fair, &guest, true).await;
    let publisher = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    until("two on stage", || async { names(&app, &fair).await.len() == 2 }).await;
    let clock = app.clock.clone();
    publisher.vanish();
    host.vanish();
    let data = app.stop().await;
    let app = TestApp::start_in(data, clock).await;
    // Both come back by themselves within the grace.
    let host = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    let publisher = {
        until("the stream is known", || async { app.parts.live.snapshot(room).live }).await;
        Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await
    };
    until("both again", || async { app.parts.live.snapshot(room).stage.len() == 2 }).await;
    let (mut receiver, _) = watch(&app.stranger(), &format!("/rooms/{room}/whep"), None).await;
    frames(&mut receiver, 10).await;
    host.stop().await;
    until("the guest alone", || async { app.parts.live.snapshot(room).stage.len() == 1 }).await;
    app.clock.advance(20 * SECOND);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(app.parts.live.snapshot(room).stage.len(), 1, "the host may come back");
    // The half minute counts from the look that finds the host gone.
    until("nobody", || async {
        app.clock.advance(SECOND);
        app.parts.live.snapshot(room).stage.is_empty()
    })
    .await;
    publisher.vanish();
    app.stop().await;
}

#[tokio::test]
async fn a_colleague_beside_the_host_is_a_co_host_with_the_same_means() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let colleague = app.person("同事", Grant::Recruiter(fair.employer.id)).await;
    let beside = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip?seat=next"), Some(&colleague.token)).await;
    until("both", || async { names(&app, &fair).await.len() == 2 }).await;
    let parts: Vec<Part> = app.parts.live.snapshot(room).stage.iter().map(|who| who.part).collect();
    assert_eq!(parts, [Part::Host, Part::CoHost]);
    assert!(colleague.web.page(&format!("/rooms/{room}/studio")).await.contains("联合主持"));
    let guest = app.seeker("李雷").await;
    assert_eq!(raise(&fair, &guest).await, StatusCode::CREATED);
    let asked = body(invite(&fair, &colleague, &guest, true).await, StatusCode::CREATED).await;
    let whip = asked["whip"].as_str().expect("a path").to_owned();
    assert_eq!(colleague.web.json(&act(&whip, "mute"), json!({"muted": "1"})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(colleague.web.json(&act(&whip, "removals"), json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(invite(&fair, &fair.recruiter, &colleague, true).await.status(), StatusCode::NOT_FOUND, "neither a hand nor a word");
    let (mut socket, _) = Client::join(&app, room, Some(&colleague), None).await;
    socket.say("a", "大家好").await;
    assert_eq!(invite(&fair, &fair.recruiter, &colleague, true).await.status(), StatusCode::CONFLICT, "hosts need no invitation");
    beside.stop().await;
    host.stop().await;
    app.stop().await;
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn put_still(fair: &TestFair, query: &str) -> reqwest::Response {
    let (web, path) = (&fair.recruiter.web, format!("/rooms/{}/slides/still{query}", fair.booth.id));
    loop {
        let response = web.client.put(web.url(&path)).body(PNG).send().await.expect("response");
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_still_of_a_screen_is_there_for_no_longer_than_its_host() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    assert_eq!(put_still(&fair, "").await.status(), StatusCode::CONFLICT, "no host is on stage");
    let host = go_live(&app, &fair).await;
    let (mut viewer, _) = Client::join(&app, room, None, None).await;
    let first = body(put_still(&fair, "?anew=1").await, StatusCode::OK).await;
    let second = body(put_still(&fair, "").await, StatusCode::OK).await;
    assert_eq!((second["id"].clone(), second["version"].clone()), (first["id"].clone(), json!(2)));
    assert_eq!(viewer.wait("slide").await["slide"], first["id"]);
    assert_eq!(viewer.wait("still").await["version"], 2);
    let path = |still: &Value| format!("/rooms/{room}/slides/{}", still["id"].as_str().expect("id"));
    let picture = app.stranger().get(&path(&second)).send().await.expect("response");
    let etag = picture.headers()["etag"].clone();
    assert!(picture.headers()["cache-control"].to_str().expect("text").contains("no-cache"));
    let again = app.stranger().get(&path(&second)).header("if-none-match", etag).send().await.expect("response");
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    // A host took it down, and its row was left behind: the next share is shown all the same.
    let none = fair.recruiter.web.json(&format!("/rooms/{room}/slides/show"), json!({"slide": ""})).await;
    assert_eq!(none.status(), StatusCode::NO_CONTENT);
    let shown = || async { app.parts.live.slide(room).await.expect("slide").map(|(id, _)| id.to_string()) };
    body(put_still(&fair, "").await, StatusCode::OK).await;
    assert_eq!(shown().await, None, "not against the host's wish");
    let third = body(put_still(&fair, "?anew=1").await, StatusCode::OK).await;
    assert!(third["id"] != first["id"] && shown().await.as_deref() == third["id"].as_str());

    // The host closes the page without a word of it.
    host.stop().await;
    until("the end", || async { !app.parts.live.snapshot(room).live }).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    app.clock.advance(3 * SECOND);
    until("no still", || async { app.parts.live.slide(room).await.expect("slide").is_none() }).await;
    assert_eq!(app.stranger().status(&path(&third)).await, 404);

    let host = go_live(&app, &fair).await;
    body(put_still(&fair, "?anew=1").await, StatusCode::OK).await;
    let ended = fair.recruiter.web.json(&format!("/rooms/{room}/stream/end"), json!({})).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT, "for a script of the studio");
    assert_eq!(shown().await, None);
    host.vanish();
    app.stop().await;
}

#[tokio::test]
async fn two_tabs_of_a_guest_do_not_throw_each_other_off() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    let whip = invited(&fair, &guest, true).await;
    let first = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    let second = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    let session = second.session.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    until("the second", || async { app.parts.live.media.session(session).await.is_some_and(|info| info.connected) }).await;
    let comes_back = async |publisher: &Publisher| {
        let request = app.stranger().post(&whip).header("content-type", "application/sdp").header("if-match", publisher.etag.clone());
        request.bearer_auth(&guest.token).body(publish_offer()).send().await.expect("response").status()
    };
    assert_eq!(comes_back(&first).await, StatusCode::CONFLICT, "the other one is on stage");
    assert_eq!(app.stranger().status(&second.session).await, 204, "and stays there");
    assert_eq!(comes_back(&second).await, StatusCode::CREATED, "its own place");
    first.vanish();
    second.vanish();
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn a_guest_whose_restart_was_not_answered_takes_its_own_session_over() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    let whip = invited(&fair, &guest, true).await;
    let alive = Publisher::start(&app.stranger(), &whip, Some(&guest.token)).await;
    let session = alive.session.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    let media = &app.parts.live.media;
    until("the guest", || async { media.session(session).await.is_some_and(|info| info.connected) }).await;
    // The answer, and the new etag with it, never arrive; the peer goes on over the old path.
    let mid = publish_offer().lines().find_map(|line| line.strip_prefix("a=mid:").map(str::to_owned)).expect("a mid");
    let restart = format!("a=ice-ufrag:again\r\na=ice-pwd:0123456789abcdefghijklmn\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{mid}\r\n");
    let web = app.stranger();
    let request = web.client.patch(web.url(&alive.session)).header("content-type", "application/trickle-ice-sdpfrag");
    let lost = request.header("if-match", "*").body(restart).send().await.expect("response");
    assert_eq!(lost.status(), StatusCode::OK);
    assert_ne!(lost.headers()["etag"].to_str().expect("text"), alive.etag, "the server knows it by a new one");
    let comes_back = async |etag: &str| {
        let request = web.post(&whip).header("content-type", "application/sdp").header("if-match", etag);
        request.bearer_auth(&guest.token).body(publish_offer()).send().await.expect("response").status()
    };
    assert_eq!(comes_back("\"somebody\"").await, StatusCode::CONFLICT);
    assert!(media.session(session).await.is_some_and(|info| info.connected), "it is alive");
    assert_eq!(comes_back(&alive.etag).await, StatusCode::CREATED, "its own place, at once");
    until("the old one is gone", || async { media.session(session).await.is_none() }).await;
    alive.vanish();
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn a_screen_takes_no_seat_from_a_guest_on_the_way() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let mut guests = Vec::new();
    for n in 0..4 {
        let person = app.seeker(&format!("嘉宾{n}")).await;
        guests.push((invited(&fair, &person, true).await, person));
    }
    let on_stage = async |n: usize| Publisher::start(&app.stranger(), &guests[n].0, Some(&guests[n].1.token)).await;
    let mut publishers = vec![on_stage(0).await, on_stage(1).await];
    let way = format!("/rooms/{}/whip?seat=next", fair.booth.id);
    publishers.push(Publisher::start(&app.stranger(), &way, Some(&fair.organiser.token)).await);
    let screen = format!("{}?screen=1", guests[0].0);
    let refused = offer(&app.stranger(), &screen, Some(&guests[0].1.token), &publish_offer()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "two seats are left, for two");
    assert_eq!(guests[3].1.web.json(&act(&guests[3].0, "departures"), json!({})).await.status(), StatusCode::NO_CONTENT);
    publishers.push(Publisher::start(&app.stranger(), &screen, Some(&guests[0].1.token)).await);
    publishers.push(on_stage(2).await);
    for publisher in publishers {
        publisher.stop().await;
    }
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn who_is_muted_here_is_asked_by_nobody_and_hosts_read_why() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    let (mut socket, _) = Client::join(&app, room, Some(&guest), None).await;
    socket.say("a", "大家好").await;
    let mute = json!({"account": guest.account.id, "length": "1h"});
    assert_eq!(fair.recruiter.web.json(&format!("/rooms/{room}/mutes"), mute).await.status(), StatusCode::CREATED);
    let refused = body(invite(&fair, &fair.recruiter, &guest, true).await, StatusCode::FORBIDDEN).await;
    assert_eq!(refused["code"], "guests-person-muted", "{refused}");
    host.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn whoever_accepts_late_has_the_whole_time_to_come_and_lapses_no_more() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let host = go_live(&app, &fair).await;
    let guest = app.seeker("李雷").await;
    assert_eq!(raise(&fair, &guest).await, StatusCode::CREATED);
    let asked = body(invite(&fair, &fair.recruiter, &guest, true).await, StatusCode::CREATED).await;
    let whip = asked["whip"].as_str().expect("a path").to_owned();
    tokio::time::sleep(Duration::from_secs(2)).await;
    app.clock.advance(59 * SECOND);
    assert_eq!(guest.web.json(&act(&whip, "acceptances"), json!({})).await.status(), StatusCode::OK);
    // Less than the two minutes since, and more than those since the invitation.
    app.clock.advance(100 * SECOND);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(own(&fair, &guest).await["guest"]["state"], "accepted");
    app.clock.advance(21 * SECOND);
    until("away for too long", || async { desk(&fair).await["guests"].as_array().is_some_and(Vec::is_empty) }).await;
    host.stop().await;
    app.stop().await;
}
