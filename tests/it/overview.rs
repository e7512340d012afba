//! The organisers' overview of a large fair: what it counts is what each employer has, read at once.

use crate::booking::{mornings, rows, viewer};
use crate::harness::{Person, TestApp};
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use springbreeze::accounts::{Employer, Grant, NewEmployer};
use springbreeze::clock::DAY;
use springbreeze::interviews::Filter;
use springbreeze::schedule::PlanForm;
use std::collections::HashMap;

const EMPLOYERS: usize = 300;

/// Plans of several kinds, by turns.
fn form(n: usize, fair: &str, colleague: &Person, me: &Person) -> PlanForm {
    let people = vec![me.account.id.to_string(), colleague.account.id.to_string()];
    let few = PlanForm { fair: fair.into(), horizon: "3".into(), ..mornings() };
    match n % 5 {
        0 => few,
        1 => PlanForm { capacity: "3".into(), ..few },
        2 => PlanForm { limit: "2".into(), ..few },
        3 => PlanForm { mode: "all".into(), person: people, ..few },
        _ => PlanForm { mode: "any".into(), person: people, ..few },
    }
}

#[tokio::test]
async fn three_hundred_employers_are_counted_right_and_at_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (accounts, schedule) = (&app.parts.accounts, &app.parts.interviews.schedule);
    let mut employers: Vec<Employer> = Vec::new();
    let mut seekers = Vec::new();
    for n in 0..10 {
        seekers.push(app.seeker(&format!("求职者{n}")).await);
    }
    // Somebody who is on panels everywhere: what one employer takes of their time no other one has.
    let everywhere = app.seeker("到处都在").await;
    for n in 0..EMPLOYERS {
        let new = NewEmployer { name_zh: format!("单位{n:03}"), name_en: format!("Employer {n}"), ..NewEmployer::default() };
        let employer = accounts.create_employer(new).await.expect("employer");
        app.parts.fairs.admit(fair.fair.id, employer.id).await.expect("admitted");
        accounts.grant(everywhere.account.id, Grant::Recruiter(employer.id)).await.expect("grant");
        employers.push(employer);
    }
    let everywhere = app.sign_in(everywhere.account).await;
    for (n, employer) in employers.iter().enumerate() {
        // Every tenth has no plan, half of the rest one of a recruiter of their own.
        if n % 10 == 9 {
            continue;
        }
        let own = if n % 2 == 0 { Some(app.person("招聘官", Grant::Recruiter(employer.id)).await) } else { None };
        let recruiter = own.as_ref().unwrap_or(&everywhere);
        let form = form(n, &fair.fair.id.to_string(), &everywhere, recruiter);
        let plan = schedule.add(&viewer(&app, recruiter).await, employer.id, &form).await.expect("plan");
        if n % 14 == 0 || n == 7 {
            let slots = app.parts.interviews.open_slots(employer.id, fair.fair.id, Filter::default()).await.expect("slots");
            for (slot, seeker) in slots.iter().step_by(2).take(if n % 5 < 3 { 3 } else { 1 }).zip(seekers.iter().cycle().skip(n)) {
                seeker.web.json(&format!("/slots/{}/bookings", slot.id), json!({"client_id": ""})).await;
            }
        }
        if n % 11 == 0 {
            let offer = [("date", "2027-02-21"), ("from", "15:00"), ("to", "15:30"), ("length", "15"), ("buffer", "0")];
            recruiter.web.form(&format!("/employers/{}/slots", employer.id), &offer).await;
        }
        if n % 13 == 0 {
            schedule.close(&viewer(&app, recruiter).await, plan.id).await.expect("closed");
        }
    }
    assert!(rows(&app, "interviews").await > 10);
    // One by one, as each employer sees it.
    let mut free = HashMap::new();
    for employer in &employers {
        free.insert(
            employer.id.to_string(),
            app.parts.interviews.open_slots(employer.id, fair.fair.id, Filter::default()).await.expect("slots").len(),
        );
    }
    let path = format!("/fairs/{}/interviews", fair.fair.id);
    let answer =
        fair.organiser.web.client.get(fair.organiser.web.url(&path)).header(ACCEPT, "application/json").send().await.expect("response");
    let lines: Value = answer.json().await.expect("json");
    let lines = lines.as_array().expect("lines");
    assert_eq!(lines.len(), EMPLOYERS + 1);
    let (mut total, mut with_some) = (0, 0);
    for line in lines.iter().filter(|line| line["employer"] != json!(fair.employer.id)) {
        let count = |name: &str| usize::try_from(line[name].as_i64().expect("count")).expect("count");
        let free = free[line["employer"].as_str().expect("id")];
        assert_eq!(count("offered"), free + count("booked"), "{line}");
        total += count("offered");
        with_some += usize::from(free > 0);
    }
    assert!(total > 1_000 && with_some > 200, "{total} {with_some}");
    app.clock.advance(DAY);
    app.stop().await;
}
