//! Who hears when a line moves, what the page of a call knows of it, and the organisers' figures.

use super::*;
use crate::socket::Client;
use crate::wish::until;
use springbreeze::db::Dialect;
use std::time::Duration;

/// Listens for the line alone.
async fn quiet(app: &TestApp, fair: &TestFair, person: Option<&Person>) -> Client {
    let mut client = Client::open(app.app.addr, fair.booth.id, person.map(|p| p.token.as_str())).await.expect("socket");
    client.send(json!({"type": "hello", "quiet": true})).await;
    assert_eq!(client.next().await.expect("welcome")["type"], "welcome");
    client
}

/// Whether the line is told to have moved within a time that is long for a machine.
async fn hears(client: &mut Client) -> bool {
    let told = async {
        loop {
            if client.next().await.expect("open")["type"] == "line" {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_millis(1_500), told).await.is_ok()
}

/// Subjects of what was put into the outbox for somebody, oldest first.
async fn subjects(app: &TestApp, person: &Person) -> Vec<String> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1 ORDER BY created_at, id")
        .bind(person.account.id.to_string())
        .fetch_all(app.parts.db.read())
        .await
        .expect("outbox");
    let open = |sealed: &str| app.parts.accounts.keys.decrypt(sealed).expect("ours");
    rows.iter().map(|(sealed,)| serde_json::from_str::<Value>(&open(sealed)).expect("JSON")["subject"].to_string()).collect()
}

async fn remind(person: &Person, place: &Value, wanted: &str) -> (u16, Value) {
    let ticket = place["ticket"].as_str().expect("ticket");
    send(&person.web, &format!("/queue/{ticket}/reminders"), json!({"remind": wanted})).await
}

#[tokio::test]
async fn pages_hear_at_once_that_the_line_moved_and_nothing_else() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    let mut waiting = quiet(&app, &fair, Some(&people[1].0)).await;
    let mut host = quiet(&app, &fair, Some(&fair.recruiter)).await;
    let seen = app.parts.live.snapshot(fair.booth.id);
    assert_eq!((seen.people, seen.staffed), (0, true), "whoever only listens is not counted, but a recruiter among them attends the booth");
    let (mut loud, _) = Client::join(&app, fair.booth.id, None, None).await;
    // What was told of those who lined up before may still be on its way.
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    send(&people[0].0.web, &format!("/rooms/{}/messages", fair.booth.id), json!({"client_id": "m1", "text": "包住吗？"})).await;
    join(&fair, &app.seeker("新来").await).await;
    assert!(hears(&mut host).await, "the desk hears of a newcomer");
    assert!(!hears(&mut waiting).await, "nobody before them has to look, and no message came");
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    for client in [&mut waiting, &mut host, &mut loud] {
        assert!(hears(client).await);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_crowd_that_lines_up_is_one_nudge_now_and_then() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 1).await;
    let mut listener = quiet(&app, &fair, Some(&people[0].0)).await;
    let mut others = Vec::new();
    for i in 0..20 {
        others.push(app.seeker(&format!("众{i}")).await);
    }
    let started = std::time::Instant::now();
    let places = futures_util::future::join_all(others.iter().map(|p| join(&fair, p))).await;
    futures_util::future::join_all(others.iter().zip(&places).map(|(p, place)| act(p, place, "departures"))).await;
    let mut told = 0;
    while hears(&mut listener).await {
        told += 1;
    }
    let most = started.elapsed().as_millis() / 700 + 1;
    assert!((1..=most).contains(&told), "{told} nudges for forty changes, {most} allowed");
    app.stop().await;
}

#[tokio::test]
async fn whoever_asked_for_it_gets_one_message_when_next_and_one_when_called() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 3).await;
    assert_eq!(people[1].1["remind"], false, "nobody is written to who did not ask");
    let (status, asked) = remind(&people[1].0, &people[1].1, "1").await;
    assert_eq!((status, asked["remind"].as_bool()), (200, Some(true)));
    assert_eq!(remind(&people[2].0, &people[1].1, "1").await.0, 404, "not for others");
    act(&people[0].0, &people[0].1, "departures").await;
    app.parts.queue.look().await.expect("looked");
    let first = subjects(&app, &people[1].0).await;
    assert!(first.len() == 1 && first[0].contains("排到第一位"), "{first:?}");
    // Called, "not now", first again, called again: the same turn, so nothing new.
    for round in 0..2 {
        let (_, after) = at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
        assert_eq!(after["current"]["name"], "求职者1", "round {round}");
        app.parts.queue.look().await.expect("looked");
        let called = place(&fair, &people[1].0).await;
        assert_eq!(act(&people[1].0, &called, "refusals").await.0, 200);
        act(&people[2].0, &people[2].1, "departures").await;
        app.parts.queue.look().await.expect("looked");
        assert_eq!(place(&fair, &people[1].0).await["position"], 1);
    }
    let all = subjects(&app, &people[1].0).await;
    assert!(all.len() == 2 && all[1].contains("正在叫您"), "{all:?}");
    for person in [&people[0].0, &people[2].0] {
        assert_eq!(subjects(&app, person).await, Vec::<String>::new());
    }
    app.stop().await;
}

#[tokio::test]
async fn a_message_outlives_a_crash_and_is_not_sent_when_it_is_no_longer_true() {
    let app = TestApp::start().await;
    let (_, people) = line_of(&app, 2).await;
    for (person, place) in &people {
        remind(person, place, "1").await;
    }
    // A server that died between the change and the message.
    for (n, kind) in [(0, "called"), (1, "next"), (0, "next")] {
        let place = people[n].1["ticket"].as_str().expect("ticket").split('.').next().expect("place").to_owned();
        sqlx::query("INSERT INTO queue_notices (place_id, kind, at, claimed_until) VALUES ($1, $2, $3, 0)")
            .bind(place)
            .bind(kind)
            .bind(app.clock.now())
            .execute(app.parts.db.write())
            .await
            .expect("notice");
    }
    let clock = app.clock.clone();
    let app = TestApp::start_in(app.stop().await, clock).await;
    // The server's own job may be at it.
    until("told", async || {
        app.parts.queue.look().await.expect("looked");
        !subjects(&app, &people[0].0).await.is_empty()
    })
    .await;
    let first = subjects(&app, &people[0].0).await;
    assert!(first.len() == 1 && first[0].contains("排到第一位"), "the call is none any more: {first:?}");
    assert_eq!(subjects(&app, &people[1].0).await, Vec::<String>::new(), "the second is not next");
    app.stop().await;
}

/// Lets no message in line be settled, as if the server died in that moment, or lets it again.
async fn break_settling(app: &TestApp, broken: bool) {
    let statement = match (app.parts.db.dialect(), broken) {
        (Dialect::Sqlite, true) => {
            "CREATE TRIGGER broken BEFORE UPDATE OF told_at ON queue_notices BEGIN SELECT RAISE(ABORT, 'the server died'); END"
        }
        (Dialect::Sqlite, false) => "DROP TRIGGER broken",
        (Dialect::Postgres, true) => "ALTER TABLE queue_notices ADD CONSTRAINT broken CHECK (told_at IS NULL)",
        (Dialect::Postgres, false) => "ALTER TABLE queue_notices DROP CONSTRAINT broken",
    };
    sqlx::query(statement).execute(app.parts.db.write()).await.expect("statement");
}

#[tokio::test]
async fn a_message_is_sent_once_also_if_the_server_dies_before_it_has_noted_so() {
    let app = TestApp::start().await;
    let (_, people) = line_of(&app, 2).await;
    remind(&people[1].0, &people[1].1, "1").await;
    break_settling(&app, true).await;
    act(&people[0].0, &people[0].1, "departures").await;
    // Claimed by this or by the server itself, and by either settled in vain.
    let claimed = async || {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM queue_notices WHERE claimed_until > 0")
            .fetch_one(app.parts.db.read())
            .await
            .expect("notices");
        n == 1
    };
    until("the message is claimed", async || {
        let _ = app.parts.queue.look().await;
        claimed().await
    })
    .await;
    assert_eq!(subjects(&app, &people[1].0).await, Vec::<String>::new(), "neither told nor noted");
    break_settling(&app, false).await;
    app.clock.advance(2 * MINUTE);
    for _ in 0..2 {
        app.parts.queue.look().await.expect("looked");
    }
    until("the message is in the outbox", async || !subjects(&app, &people[1].0).await.is_empty()).await;
    app.clock.advance(2 * MINUTE);
    app.parts.queue.look().await.expect("looked");
    assert_eq!(subjects(&app, &people[1].0).await.len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_guest_without_a_contact_cannot_ask_for_messages() {
    let app = TestApp::start().await;
    let (fair, _) = line_of(&app, 0).await;
    let guest = app.stranger();
    assert_eq!(guest.form("/guest", &[("name", "老张"), ("next", "/")]).await.status(), StatusCode::SEE_OTHER);
    let (status, place) = send(&guest, &format!("/rooms/{}/queue", fair.booth.id), json!({"remind": "1"})).await;
    assert_eq!((status, place["remind"].as_bool()), (201, Some(false)), "the place is worth more than the wish");
    let path = format!("/queue/{}/reminders", place["ticket"].as_str().expect("ticket"));
    assert_eq!(send(&guest, &path, json!({"remind": "1"})).await.0, 403);
    assert!(!guest.page(&format!("/rooms/{}/queue", fair.booth.id)).await.contains("/reminders"));
    app.stop().await;
}

#[tokio::test]
async fn the_recruiter_in_a_call_sees_who_waits_and_takes_the_next_one_with_a_tap() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 3).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    let (_, talking) = act(&people[0].0, &called, "acceptances").await;
    pass(&app, &fair, 1, &[&people[1].0]).await;
    let path = format!("/rooms/{}/desk/next", fair.booth.id);
    let (status, behind) = get(&fair.recruiter.web, &path).await;
    assert_eq!((status, behind["waiting"].as_i64(), behind["ready"].as_i64()), (200, Some(2), Some(1)), "the third is away");
    assert_eq!((behind["longest"].as_i64(), behind["next"].as_str()), (Some(1), Some("求职者1")));
    assert_eq!(behind["grows"], false);
    for person in [&people[0].0, &fair.organiser] {
        assert_eq!(get(&person.web, &path).await.0, 404);
    }
    let call = talking["call_url"].as_str().expect("call");
    assert!(fair.recruiter.web.page(call).await.contains("id=\"behind\""));
    assert!(!people[0].0.web.page(call).await.contains("id=\"behind\""));
    let next = format!("/rooms/{}/desk/successions", fair.booth.id);
    let (status, after) = send(&fair.recruiter.web, &next, json!({})).await;
    assert_eq!((status, after["current"]["name"].as_str()), (200, Some("求职者1")));
    assert_eq!(place(&fair, &people[0].0).await["state"], "served");
    assert!(fair.recruiter.web.page(&call.replace("/call", "")).await.contains("id=\"take-next\""));
    at_desk(&fair, &fair.recruiter, "refusals", json!({})).await;
    act(&people[1].0, &people[1].1, "departures").await;
    assert_eq!(send(&fair.recruiter.web, &next, json!({})).await.0, 409, "the one who is left is away");
    app.stop().await;
}

#[tokio::test]
async fn organisers_see_the_lines_in_figures_and_export_them() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 4).await;
    let (_, _, idle) = app.employer(&fair.fair, "=宁波纺织厂").await;
    app.clock.advance(20 * SECOND);
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    act(&people[0].0, &called, "acceptances").await;
    let url = called["ticket"].as_str().expect("ticket").to_owned();
    assert_eq!(get(&people[0].0.web, &format!("/queue/{url}")).await.1["state"], "talking");
    pass(&app, &fair, 1, &[&people[3].0]).await;
    at_desk(&fair, &fair.recruiter, "endings", json!({})).await;
    act(&people[1].0, &people[1].1, "departures").await;
    act(&people[2].0, &people[2].1, "call-backs").await;
    place(&fair, &people[3].0).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    pass(&app, &fair, 1, &[]).await;
    app.parts.queue.look().await.expect("looked");
    desk(&fair, &fair.recruiter).await;
    let path = format!("/fairs/{}/queues", fair.fair.id);
    let (status, booths) = get(&fair.organiser.web, &path).await;
    assert_eq!(status, 200);
    let expected = json!({"room": fair.booth.id, "title_zh": "杭州电子厂", "title_en": "Room", "status": "staffed", "waiting": 1, "talking": 0,
        "served": 1, "median_wait": 1, "median_talk": 1, "no_shows": 1, "given_up": 1, "call_backs": 1});
    assert_eq!(booths[0], expected);
    assert_eq!((booths[1]["status"].as_str(), booths[1]["median_wait"].as_i64()), (Some("message-only"), None));
    assert_eq!(booths.as_array().map(Vec::len), Some(2), "a hall has no line");
    let page = fair.organiser.web.page(&path).await;
    assert!(page.contains("杭州电子厂") && page.contains("1 分钟") && page.contains(&idle.id.to_string()));
    let answer = fair.organiser.web.get(&format!("{path}.csv")).send().await.expect("file");
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/csv"));
    let table = answer.text().await.expect("table");
    assert!(table.starts_with('\u{FEFF}') && table.contains("\r\n杭州电子厂,有人接待,1,0,1,1,1,1,1,1,"), "{table}");
    assert!(table.contains("\r\n'=宁波纺织厂,"), "no formulas: {table}");
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM audit WHERE action = 'queue.export'").fetch_one(app.parts.db.read()).await.expect("audit");
    assert_eq!(n, 1);
    for web in [&fair.recruiter.web, &people[0].0.web] {
        assert_eq!((web.status(&path).await, web.status(&format!("{path}.csv")).await), (404, 404));
    }
    let new = springbreeze::fairs::NewFair {
        title_zh: "空".into(),
        zone: "Asia/Shanghai".into(),
        ends_at: app.clock.now() + HOUR,
        ..Default::default()
    };
    let empty = app.parts.fairs.create(new, fair.organiser.account.id).await.expect("fair");
    assert!(fair.organiser.web.page(&format!("/fairs/{}/queues", empty.id)).await.contains("还没有展位"));
    app.stop().await;
}
