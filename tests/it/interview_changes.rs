//! What changes about interviews: the log of it, who takes part, which slots are near.

use crate::harness::{TestApp, TestFair};
use crate::interviews::{beat, book, booked, cancel, ids, offer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::MINUTE;
use springbreeze::i18n::Lang;
use springbreeze::interviews::Part;

/// Actor, action and subject of every change of an interview, oldest first.
async fn changes(app: &TestApp, fair: &TestFair) -> Vec<(String, String, String)> {
    let log = app.parts.accounts.audit_about(fair.fair.id, "interview.", 50).await.expect("log");
    log.into_iter().rev().map(|e| (e.actor_name, e.action, e.subject)).collect()
}

#[tokio::test]
async fn every_change_is_logged_and_shown_to_organisers() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    assert_eq!(fair.recruiter.web.json(&format!("/slots/{}/withdrawals", slots[3]), json!({})).await.status(), StatusCode::SEE_OTHER);
    let (kept, dropped) = (booked(&seeker, &slots[0]).await, booked(&seeker, &slots[1]).await);
    assert_eq!(book(&seeker, &slots[3], "").await.status(), StatusCode::CONFLICT);
    assert_eq!(cancel(&seeker, &dropped, json!({"reason": "不去了"})).await, 200);
    app.clock.advance(50 * MINUTE);
    beat(&seeker, &kept).await;
    beat(&fair.recruiter, &kept).await;
    assert_eq!(fair.recruiter.web.json(&format!("/interviews/{kept}/extensions"), json!({})).await.status(), StatusCode::OK);
    for _ in 0..2 {
        fair.recruiter.web.json(&format!("/interviews/{kept}/endings"), json!({})).await;
    }
    let (employer, recruiter) = (fair.employer.id.to_string(), fair.recruiter.account.name.clone());
    let line = |who: &str, what: &str, subject: &str| (who.to_owned(), format!("interview.{what}"), subject.to_owned());
    let wanted = [
        line(&recruiter, "offer", &employer),
        line(&recruiter, "withdraw", &slots[3]),
        line("王芳", "book", &kept),
        line("王芳", "book", &dropped),
        line("王芳", "cancel", &dropped),
        line(&recruiter, "extend", &kept),
        line(&recruiter, "end", &kept),
    ];
    assert_eq!(changes(&app, &fair).await, wanted);
    let page = fair.organiser.web.page(&format!("/fairs/{}/moderation", fair.fair.id)).await;
    for key in ["offer", "withdraw", "book", "cancel", "extend", "end"] {
        assert!(page.contains(&Lang::Zh.t(&format!("moderation-log-interview-{key}"))), "{key}");
    }
    app.stop().await;
}

#[tokio::test]
async fn who_takes_part_is_known_also_of_interviews_from_before() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let (kept, dropped) = (booked(&seeker, &slots[0]).await, booked(&seeker, &slots[1]).await);
    assert_eq!(cancel(&seeker, &dropped, json!({"reason": "不去了"})).await, 200);
    for sql in ["DROP TABLE interview_people", "DELETE FROM _sqlx_migrations WHERE version = 110"] {
        sqlx::query(sql).execute(app.parts.db.write()).await.expect("as it was");
    }
    let TestApp { app: server, clock, data, .. } = app;
    server.stop().await;
    let app = TestApp::start_in(data, clock).await;
    for id in [&kept, &dropped] {
        let found = app.parts.interviews.participants(id.parse().expect("id")).await.expect("people");
        let found: Vec<_> = found.iter().map(|p| (p.person, p.part)).collect();
        assert_eq!(found, [(seeker.account.id, Part::Seeker), (fair.recruiter.account.id, Part::Lead)]);
    }
    app.stop().await;
}

#[tokio::test]
async fn the_nearest_slots_are_found_among_all() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let mut slots = Vec::new();
    // 432 slots in the six days before the one that is wanted.
    for day in 21..27 {
        let date = format!("2027-02-{day}");
        let form = [("date", date.as_str()), ("from", "08:00"), ("to", "20:00"), ("length", "10")];
        let answer = fair.recruiter.web.post(&format!("/employers/{}/slots", fair.employer.id)).form(&form).send().await.expect("response");
        assert_eq!(answer.status(), StatusCode::CREATED);
        slots.extend(ids(&answer.json().await.expect("json")));
    }
    assert_eq!(slots.len(), 432);
    let (first, second) = (app.seeker("王芳").await, app.seeker("李雷").await);
    booked(&first, &slots[400]).await;
    let lost = book(&second, &slots[400], "").await;
    assert_eq!(lost.status(), StatusCode::CONFLICT);
    let near = ids(&lost.json::<Value>().await.expect("json")["slots"]);
    assert!(near.len() == 3 && [399, 401].iter().all(|n| near.contains(&slots[*n])), "{near:?}");
    app.stop().await;
}
