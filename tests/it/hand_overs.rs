//! A recruiter hands an interview of a group or of a panel to a colleague: whose time it takes then.

use crate::booking::{mornings, plan, rows};
use crate::harness::{Person, TestApp, TestFair};
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::{HOUR, MINUTE};
use springbreeze::ids::PlanId;
use springbreeze::schedule::PlanForm;

async fn booked(app: &TestApp, name: &str, plan: PlanId, minutes: i64) -> String {
    let key = format!("{plan}.{}", (crate::harness::NOON + minutes * MINUTE) / (5 * MINUTE));
    let answer = app.seeker(name).await.web.json(&format!("/slots/{key}/bookings"), json!({"client_id": ""})).await;
    assert_eq!(answer.status(), 201);
    answer.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned()
}

/// Gives an interview to somebody; the status.
async fn hand(from: &Person, interview: &str, to: &Person) -> u16 {
    from.web.json(&format!("/interviews/{interview}/hand-offs"), json!({"to": to.account.id})).await.status().as_u16()
}

/// How many pieces of somebody's time are taken.
async fn pieces(app: &TestApp, of: &Person) -> i64 {
    rows(app, &format!("interview_cells WHERE person_id = '{}'", of.account.id)).await
}

async fn colleagues(app: &TestApp, fair: &TestFair) -> (Person, Person) {
    let recruit = Grant::Recruiter(fair.employer.id);
    (app.person("同事甲", recruit).await, app.person("同事乙", recruit).await)
}

#[tokio::test]
async fn of_a_group_whoever_hands_over_the_last_interview_is_free_again() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (one, _) = colleagues(&app, &fair).await;
    let lead = &fair.recruiter;
    let plan = plan(&app, &fair, PlanForm { capacity: "3".into(), ..mornings() }).await;
    let (first, second) = (booked(&app, "王芳", plan.id, 60).await, booked(&app, "李雷", plan.id, 60).await);
    let next = booked(&app, "韩梅梅", plan.id, 75).await;
    app.clock.advance(HOUR);
    assert_eq!(pieces(&app, lead).await, 3 + 3);
    assert_eq!(hand(lead, &first, &one).await, 204);
    assert_eq!((pieces(&app, lead).await, pieces(&app, &one).await), (3 + 3, 3), "they still have the other one");
    assert_eq!(hand(lead, &second, &one).await, 204, "it is the same session");
    assert_eq!((pieces(&app, lead).await, pieces(&app, &one).await), (3, 3), "the next one alone");
    assert_eq!(hand(&one, &first, lead).await, 204, "their time is free: back it goes");
    assert_eq!((pieces(&app, lead).await, pieces(&app, &one).await), (3 + 3, 3));
    app.clock.advance(15 * MINUTE);
    assert_eq!(hand(lead, &next, &one).await, 204);
    app.stop().await;
}

#[tokio::test]
async fn of_a_panel_whoever_hands_over_is_free_and_the_others_are_not() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (one, two) = colleagues(&app, &fair).await;
    let both = vec![fair.recruiter.account.id.to_string(), one.account.id.to_string()];
    let plan = plan(&app, &fair, PlanForm { mode: "all".into(), person: both, ..mornings() }).await;
    let interview = booked(&app, "王芳", plan.id, 60).await;
    app.clock.advance(HOUR);
    let lead: String = {
        let sql = "SELECT recruiter_id FROM interviews WHERE id = $1";
        sqlx::query_as::<_, (String,)>(sql).bind(&interview).fetch_one(app.parts.db.read()).await.expect("row").0
    };
    let (lead, other) = if lead == one.account.id.to_string() { (&one, &fair.recruiter) } else { (&fair.recruiter, &one) };
    assert_eq!(hand(lead, &interview, &two).await, 204);
    assert_eq!((pieces(&app, lead).await, pieces(&app, other).await, pieces(&app, &two).await), (0, 3, 3));
    assert_eq!(hand(&two, &interview, other).await, 204, "one of the panel takes it");
    assert_eq!((pieces(&app, other).await, pieces(&app, &two).await), (3, 0));
    app.stop().await;
}
