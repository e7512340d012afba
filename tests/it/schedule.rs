//! What was offered and booked before there were plans: migrated, it is as it was.

use crate::booking::rows;
use crate::harness::TestApp;
use crate::interviews::{book, booked, offer};
use serde_json::{Value, json};
use springbreeze::clock::MINUTE;
use springbreeze::interviews::Filter;

const BEFORE: [&str; 15] = [
    "INSERT INTO interview_minutes (person_id, bucket, interview_id) SELECT i.seeker_id, c.cell, i.id FROM interviews i JOIN interview_cells c ON c.owner = i.id",
    "INSERT INTO interview_minutes (person_id, bucket, interview_id) SELECT i.recruiter_id, c.cell, i.id FROM interviews i JOIN interview_cells c ON c.owner = i.slot_id",
    "INSERT INTO interview_holds (slot_id, interview_id) SELECT slot_id, owner FROM interview_seats",
    "INSERT INTO interview_holds (slot_id, interview_id) SELECT id, NULL FROM interview_slots WHERE ended_at IS NOT NULL",
    "DROP TABLE interview_cells",
    "DROP TABLE interview_seats",
    "DROP TABLE interview_day_places",
    "DROP TABLE interview_claims",
    "DROP TABLE interview_waits",
    "DROP TABLE interview_changes",
    "DROP INDEX interview_slots_one",
    "DROP TABLE interview_hours",
    "DROP TABLE interview_exceptions",
    "DROP TABLE fair_interview_frames",
    "DELETE FROM _sqlx_migrations WHERE version IN (111, 112, 113)",
];

#[tokio::test]
async fn what_was_booked_before_there_were_plans_is_as_it_was() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let [a, b] = [app.seeker("王芳").await, app.seeker("李雷").await];
    let kept = booked(&a, &slots[0]).await;
    let withdrawn = fair.recruiter.web.json(&format!("/slots/{}/withdrawals", slots[1]), json!({})).await;
    assert!(withdrawn.status().is_redirection());
    let db = app.parts.db.clone();
    let run = async |sql: &'static str| sqlx::query(sql).execute(db.write()).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    for sql in BEFORE {
        run(sql).await;
    }
    for sql in ["DROP TABLE interview_plan_people", "DROP TABLE interview_plan_postings", "DROP TABLE interview_plans"] {
        run(sql).await;
    }
    for (table, column) in [
        ("interview_slots", "plan_id"),
        ("interview_slots", "capacity"),
        ("interview_slots", "busy_until"),
        ("interview_slots", "ended_at"),
        ("interviews", "absent"),
        ("interviews", "absent_reason"),
    ] {
        let sql = sqlx::AssertSqlSafe(format!("ALTER TABLE {table} DROP COLUMN {column}"));
        sqlx::query(sql).execute(db.write()).await.unwrap_or_else(|e| panic!("{table} {column}: {e}"));
    }
    drop(db);
    let TestApp { app: server, clock, data, .. } = app;
    server.stop().await;
    let app = TestApp::start_in(data, clock).await;
    let open = app.parts.interviews.open_slots(fair.employer.id, fair.fair.id, Filter::default()).await.expect("slots");
    assert_eq!(open.iter().map(|s| s.id.to_string()).collect::<Vec<_>>(), slots[2..], "neither what is booked nor what was taken back");
    assert_eq!((rows(&app, "interview_cells").await, rows(&app, "interview_cells WHERE span = 3").await), (6, 2));
    let web = |person: &crate::harness::Person| crate::harness::Web { origin: app.stranger().origin, ..person.web.clone() };
    let [a, b] = [a, b].map(|p| crate::harness::Person { web: web(&p), ..p });
    for (person, slot, code) in [(&b, &slots[0], "interviews-slot-taken"), (&b, &slots[1], "interviews-slot-taken")] {
        let answer = book(person, slot, "").await;
        assert_eq!(answer.status(), 409);
        assert_eq!(answer.json::<Value>().await.expect("json")["code"], code);
    }
    assert_eq!(a.web.json(&format!("/interviews/{kept}/cancellations"), json!({"reason": "不去了"})).await.status(), 200);
    booked(&b, &slots[0]).await;
    app.clock.advance(MINUTE);
    app.stop().await;
}
