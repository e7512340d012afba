//! For how long the desk of moderators keeps what was decided, and the server what was taken of time that is past.

use crate::booking::{mornings, plan, rows};
use crate::harness::{NOON, Person, TestApp};
use crate::interviews::booked;
use crate::wish::until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::{DAY, MINUTE};
use springbreeze::ids::RoomId;
use springbreeze::schedule::PlanForm;

const FRAUD: &str = "入职先交押金500元，加微信 abc12345";

async fn say(who: &Person, room: RoomId, id: &str, text: &str) -> Value {
    who.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": text })).await.json().await.expect("json")
}

async fn report(who: &Person, room: RoomId, seq: &Value) {
    let reported = who.web.json(&format!("/rooms/{room}/reports"), json!({ "seq": seq, "reason": "abuse" })).await;
    assert_eq!(reported.status(), StatusCode::CREATED);
}

async fn decide(who: &Person, case: &str, decision: &str) {
    assert_eq!(who.web.json(&format!("/reviews/{case}/decisions"), json!({ "decision": decision })).await.status(), StatusCode::CREATED);
}

/// The case of a message by its text.
async fn case(app: &TestApp, text: &str) -> String {
    let (id,): (String,) =
        sqlx::query_as("SELECT id FROM cases WHERE text = $1").bind(text).fetch_one(app.parts.db.read()).await.expect("case");
    id
}

async fn texts(app: &TestApp) -> Vec<String> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT text FROM cases ORDER BY at, id").fetch_all(app.parts.db.read()).await.expect("cases");
    rows.into_iter().map(|r| r.0).collect()
}

async fn reports(app: &TestApp) -> i64 {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM reports").fetch_one(app.parts.db.read()).await.expect("reports");
    n
}

#[tokio::test]
async fn what_was_decided_is_erased_after_its_time_and_what_waits_is_not() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, wang, room) = (app.seeker("李雷").await, app.seeker("王芳").await, at.booth.id);
    assert_eq!(say(&li, room, "held", FRAUD).await["held"], true);
    let mut said = Vec::new();
    for (id, text) in [("kept", "有点吵的话"), ("again", "又一句"), ("open", "没人看过的话")] {
        said.push(say(&li, room, id, text).await["seq"].clone());
        report(&wang, room, said.last().expect("seq")).await;
    }
    let (held, kept, again) = (case(&app, FRAUD).await, case(&app, "有点吵的话").await, case(&app, "又一句").await);
    decide(&at.organiser, &held, "ban").await;
    decide(&at.organiser, &kept, "approve").await;
    decide(&at.organiser, &again, "approve").await;
    let page = at.organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(page.contains("满 90 天") && page.contains("abc12345"), "{page}");
    app.clock.advance(DAY);
    // Reported again, it waits again.
    let mei = app.seeker("韩梅梅").await;
    report(&mei, room, &said[1]).await;
    app.clock.advance(89 * DAY);
    assert_eq!(app.parts.moderation.forget_decided().await.expect("looked"), 0, "ninety days are not over");
    assert_eq!((texts(&app).await.len(), reports(&app).await), (4, 4));
    app.clock.advance(1_000);
    // The server's own housekeeping does it.
    let clock = app.clock.clone();
    let app = TestApp::start_in(app.stop().await, clock).await;
    until("what was decided is erased", async || texts(&app).await.len() == 2).await;
    let mut left = texts(&app).await;
    left.sort();
    assert_eq!((left, reports(&app).await), (vec!["又一句".to_owned(), "没人看过的话".to_owned()], 3));
    app.clock.advance(1_000 * DAY);
    assert_eq!(app.parts.moderation.forget_decided().await.expect("looked"), 0, "what waits has no such time");

    let organiser = app.sign_in(at.organiser.account).await;
    let page = organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(page.contains("又一句") && !page.contains("abc12345"), "{page}");
    assert_eq!(organiser.web.json(&format!("/reviews/{held}/undo"), json!({})).await.status(), StatusCode::NOT_FOUND);
    let log = app.parts.accounts.audit_of(at.fair.id, 20).await.expect("log");
    let of_case =
        |verb: &str, case: &str| log.iter().any(|e| e.action == verb && e.detail.contains(case) && e.actor == organiser.account.id);
    assert!(of_case("chat.case-ban", &held) && of_case("chat.case-approve", &kept), "who did what stays");
    assert!(log.iter().all(|e| !e.detail.contains("abc12345") && !e.reason.contains("abc12345")));
    decide(&organiser, &again, "delete").await;
    app.clock.advance(91 * DAY);
    assert_eq!(app.parts.moderation.forget_decided().await.expect("looked"), 1);
    assert_eq!((texts(&app).await, reports(&app).await), (vec!["没人看过的话".to_owned()], 1));
    app.stop().await;
}

#[tokio::test]
async fn many_are_erased_in_turns_and_the_oldest_of_what_waits_stays() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let li = app.seeker("李雷").await;
    let mut tx = app.parts.db.begin().await.expect("transaction");
    for n in 0..450_i64 {
        let (state, decided_at) = if n % 3 == 0 { ("waiting", 0) } else { ("rejected", n) };
        sqlx::query(
            "INSERT INTO cases (id, fair_id, room_id, kind, author_id, once, name, badge, text, seq, why, risk, reports, at, state, decision, \
             decided_at) VALUES ($1, $2, $3, 'held', $4, $1, '', '', '', 0, '', 1, 0, 0, $5, '', $6)",
        )
        .bind(springbreeze::ids::CaseId::new())
        .bind(at.fair.id)
        .bind(at.booth.id)
        .bind(li.account.id)
        .bind(state)
        .bind(decided_at)
        .execute(&mut *tx)
        .await
        .expect("case");
    }
    tx.commit().await.expect("committed");
    assert_eq!(app.parts.moderation.forget_decided().await.expect("looked"), 300);
    assert_eq!(texts(&app).await.len(), 150);
    app.stop().await;
}

#[tokio::test]
async fn what_was_taken_of_peoples_time_is_forgotten_a_week_after_and_the_interviews_stay() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let form = PlanForm { limit: "2".into(), ..mornings() };
    let plan = plan(&app, &at, form).await;
    let seeker = app.seeker("王芳").await;
    let slot = |days: i64, minutes: i64| format!("{}.{}", plan.id, (NOON + days * DAY + minutes * MINUTE) / (5 * MINUTE));
    let first = booked(&seeker, &slot(0, 60)).await;
    booked(&seeker, &slot(4, 75)).await;
    assert_eq!((rows(&app, "interview_cells").await, rows(&app, "interview_day_places").await), (12, 2));
    app.clock.advance(7 * DAY);
    assert_eq!(app.parts.interviews.forget_past_times().await.expect("looked"), 0, "a week is not over");
    app.clock.advance(75 * MINUTE);
    assert_eq!(app.parts.interviews.forget_past_times().await.expect("deleted"), 6, "three pieces of each of the two");
    app.clock.advance(2 * DAY);
    // The server's own housekeeping does the rest.
    let clock = app.clock.clone();
    let app = TestApp::start_in(app.stop().await, clock).await;
    until("the day is forgotten", async || rows(&app, "interview_day_places").await == 1).await;
    assert_eq!((rows(&app, "interview_cells").await, rows(&app, "interviews").await), (6, 2));
    let seeker = app.sign_in(seeker.account).await;
    assert_eq!(seeker.web.status(&format!("/interviews/{first}")).await, 200);
    app.stop().await;
}

#[tokio::test]
async fn past_time_goes_in_turns_and_what_is_to_come_stays() {
    let app = TestApp::start().await;
    let person = app.seeker("王芳").await;
    let mut tx = app.parts.db.begin().await.expect("transaction");
    for n in 0..12_000_i64 {
        let past = n % 12 != 0;
        let cell = if past { NOON / (5 * MINUTE) - 3_000 - n } else { NOON / (5 * MINUTE) + n };
        sqlx::query("INSERT INTO interview_cells (person_id, cell, owner, taken_at, span) VALUES ($1, $2, 'x', 0, 1)")
            .bind(person.account.id)
            .bind(cell)
            .execute(&mut *tx)
            .await
            .expect("cell");
    }
    tx.commit().await.expect("committed");
    // The server's own housekeeping may be at it too, or have done it.
    app.parts.interviews.forget_past_times().await.expect("deleted");
    until("all that is past is gone", async || rows(&app, "interview_cells").await == 1_000).await;
    assert_eq!(app.parts.interviews.forget_past_times().await.expect("looked"), 0);
    app.stop().await;
}
