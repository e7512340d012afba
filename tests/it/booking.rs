//! Booking on plans: computed slots, holds, group sessions, panels, round-robins, invitations, moves, waitlists, booking on behalf.

use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::judging::apply;
use crate::postings::{content, post};
use serde_json::{Value, json};
use springbreeze::accounts::{Grant, Viewer};
use springbreeze::clock::{DAY, HOUR, MINUTE, iso};
use springbreeze::ids::PlanId;
use springbreeze::interviews::{Filter, Slot};
use springbreeze::postings::State as PostingState;
use springbreeze::schedule::{FrameForm, Plan, PlanForm};
use springbreeze::web::AppError;
use std::collections::HashSet;

pub(crate) async fn viewer(app: &TestApp, person: &Person) -> Viewer {
    app.parts.accounts.viewer_by_token(&person.token).await.expect("viewer")
}

/// Quarters of an hour from ten to eleven on each day of the week, bookable until they begin.
pub(crate) fn mornings() -> PlanForm {
    PlanForm {
        title: "上午".into(),
        lead: "0".into(),
        weekday: vec!["1-7".into()],
        from: vec!["10:00".into()],
        to: vec!["11:00".into()],
        ..PlanForm::default()
    }
}

pub(crate) async fn plan(app: &TestApp, fair: &TestFair, form: PlanForm) -> Plan {
    let viewer = viewer(app, &fair.recruiter).await;
    app.parts.interviews.schedule.add(&viewer, fair.employer.id, &form).await.expect("a plan")
}

async fn slots(app: &TestApp, plan: &Plan) -> Vec<Slot> {
    let filter = Filter { plan: Some(plan.id), range: Some((NOON, NOON + 15 * HOUR)), ..Filter::default() };
    app.parts.interviews.open_slots(plan.employer_id, plan.fair_id, filter).await.expect("slots")
}

/// The slot that begins so many minutes after nine.
fn key(plan: PlanId, minutes: i64) -> String {
    format!("{plan}.{}", (NOON + minutes * MINUTE) / (5 * MINUTE))
}

async fn send(person: &Person, path: &str, body: Value) -> (u16, Value) {
    let answer = person.web.json(path, body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn book(person: &Person, key: &str) -> (u16, Value) {
    send(person, &format!("/slots/{key}/bookings"), json!({"client_id": ""})).await
}

async fn booked(person: &Person, key: &str) -> String {
    let (status, answer) = book(person, key).await;
    assert_eq!(status, 201, "{answer}");
    id(&answer)
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

async fn people(app: &TestApp, count: usize) -> Vec<Person> {
    let mut all = Vec::new();
    for n in 0..count {
        all.push(app.seeker(&format!("求职者{n}")).await);
    }
    all
}

async fn colleague(app: &TestApp, fair: &TestFair, name: &str) -> Person {
    app.person(name, Grant::Recruiter(fair.employer.id)).await
}

pub(crate) async fn rows(app: &TestApp, what: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {what}"));
    sqlx::query_as::<_, (i64,)>(sql).fetch_one(app.parts.db.read()).await.expect("count").0
}

fn minutes(slots: &[Slot]) -> Vec<i64> {
    slots.iter().map(|s| (s.starts_at - NOON) / MINUTE).collect()
}

#[tokio::test]
async fn of_twenty_who_want_a_computed_slot_one_has_it_and_the_others_hear_of_the_nearest() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 75, 90, 105]);
    let all = people(&app, 20).await;
    let wanted = key(plan.id, 75);
    let answers = futures_util::future::join_all(all.iter().map(|p| book(p, &wanted))).await;
    assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 1);
    for (status, problem) in answers.iter().filter(|a| a.0 != 201) {
        assert_eq!((*status, problem["code"].as_str()), (409, Some("interviews-slot-taken")), "{problem}");
        let near: Vec<_> = problem["slots"].as_array().expect("slots").iter().map(id).collect();
        assert_eq!(near, [60, 90, 105].map(|n| key(plan.id, n)));
    }
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 90, 105]);
    for (what, count) in [
        ("interview_cells", 6),
        ("interview_seats", 1),
        ("interview_slots", 1),
        ("interview_people", 2),
        ("audit WHERE action = 'interview.book'", 1),
    ] {
        assert_eq!(rows(&app, what).await, count, "{what}: nothing of the losers");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_slot_of_the_plan_cannot_be_had() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, PlanForm { lead: "30".into(), horizon: "2".into(), ..mornings() }).await;
    let seeker = app.seeker("王芳").await;
    for (wrong, status, code) in [
        (key(plan.id, 65), 409, "interviews-slot-taken"),
        (key(plan.id, 60 - 24 * 60), 409, "interviews-slot-past"),
        (key(plan.id, 60 + 3 * 24 * 60), 409, "schedule-not-bookable"),
        (format!("{}.1", PlanId::new()), 404, "base-error-not-found"),
        (format!("{}.-1", plan.id), 404, "base-error-not-found"),
        ("x".into(), 404, "base-error-not-found"),
    ] {
        let (got, answer) = book(&seeker, &wrong).await;
        assert_eq!((got, answer["code"].as_str().unwrap_or("")), (status, code), "{wrong} {answer}");
    }
    app.clock.advance(40 * MINUTE);
    let (status, answer) = book(&seeker, &key(plan.id, 60)).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("schedule-not-bookable")), "within the lead time");
    let closed = app.parts.interviews.schedule.close(&viewer(&app, &fair.recruiter).await, plan.id).await.expect("closed");
    assert!(closed.closed_at.is_some());
    assert_eq!(book(&seeker, &key(plan.id, 90)).await.0, 409);
    app.stop().await;
}

#[tokio::test]
async fn a_slot_is_held_for_five_minutes_and_whoever_is_late_finds_it_free_or_taken() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    let [a, b] = [app.seeker("王芳").await, app.seeker("李雷").await];
    let (first, second) = (key(plan.id, 60), key(plan.id, 75));
    let hold = async |who: &Person, key: &str, client: &str| send(who, &format!("/slots/{key}/holds"), json!({"client_id": client})).await;
    let (status, held) = hold(&a, &first, "one").await;
    assert_eq!((status, held["state"].as_str(), held["until"].as_str()), (201, Some("held"), Some(iso(NOON + 5 * MINUTE).as_str())));
    assert_eq!(hold(&a, &first, "one").await.0, 200, "the same request");
    assert_eq!(book(&b, &first).await.0, 409);
    assert_eq!(minutes(&slots(&app, &plan).await), [75, 90, 105]);
    // Another one instead: nobody hoards.
    let (_, other) = hold(&a, &second, "two").await;
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 90, 105]);
    let answer = |claim: &Value, what: &str| (format!("/claims/{}/answers", id(claim)), json!({"answer": what}));
    let (path, accept) = answer(&held, "accept");
    assert_eq!(send(&a, &path, accept.clone()).await.0, 409, "that one was let go");
    let (path, _) = answer(&other, "accept");
    assert_eq!(send(&b, &path, accept.clone()).await.0, 404, "nobody else's");
    assert_eq!(send(&fair.recruiter, &path, accept.clone()).await.0, 404);
    let (status, interview) = send(&a, &path, accept.clone()).await;
    assert_eq!((status, id(&interview)), (201, id(&other)), "it becomes the interview");
    assert_eq!(send(&a, &path, accept.clone()).await.0, 200, "sent again it is the same");
    // Five minutes later a hold is over, without anybody having to say so.
    let (_, late) = hold(&a, &first, "three").await;
    app.clock.advance(5 * MINUTE);
    booked(&b, &first).await;
    let (path, _) = answer(&late, "accept");
    assert_eq!(send(&a, &path, accept).await.0, 409);
    app.parts.interviews.sweep_claims().await.expect("swept");
    let (_, shown) = {
        let answer = a.web.client.get(a.web.url(&format!("/claims/{}", id(&late)))).send().await.expect("claim");
        (answer.status(), answer.json::<Value>().await.expect("json"))
    };
    assert_eq!(shown["state"], "lapsed");
    assert_eq!(rows(&app, "interview_cells").await, 12);
    assert_eq!(rows(&app, "interview_seats").await, 2);
    app.stop().await;
}

#[tokio::test]
async fn a_group_has_as_many_as_it_has_seats_and_takes_the_recruiters_time_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, PlanForm { capacity: "3".into(), ..mornings() }).await;
    let all = people(&app, 5).await;
    let wanted = key(plan.id, 60);
    let answers = futures_util::future::join_all(all.iter().map(|p| book(p, &wanted))).await;
    assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 3);
    assert_eq!(rows(&app, "interview_slots").await, 1);
    assert_eq!(rows(&app, "interview_cells").await, 3 + 3 * 3);
    let won: Vec<_> = all.iter().zip(&answers).filter(|(_, a)| a.0 == 201).collect();
    let cancel = async |n: usize| {
        let (person, answer): &(&Person, &(u16, Value)) = &won[n];
        send(person, &format!("/interviews/{}/cancellations", id(&answer.1)), json!({"reason": "不去了"})).await.0
    };
    assert_eq!(cancel(0).await, 200);
    let left = slots(&app, &plan).await;
    assert_eq!((left[0].starts_at, left[0].seats_left), (NOON + HOUR, 1));
    assert_eq!((cancel(1).await, cancel(2).await), (200, 200));
    assert_eq!(slots(&app, &plan).await[0].seats_left, 3);
    assert_eq!(rows(&app, "interview_cells").await, 0, "the last one frees the recruiter's time");
    booked(&all[0], &wanted).await;
    app.stop().await;
}

#[tokio::test]
async fn panels_and_rounds_never_put_a_recruiter_in_two_and_share_the_work() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let other = colleague(&app, &fair, "同事").await;
    let both = vec![fair.recruiter.account.id.to_string(), other.account.id.to_string()];
    let panel = plan(&app, &fair, PlanForm { mode: "all".into(), person: both.clone(), ..mornings() }).await;
    let alone = plan(&app, &fair, PlanForm { person: both[1..].to_vec(), ..mornings() }).await;
    let round = plan(&app, &fair, PlanForm { mode: "any".into(), person: both, ..mornings() }).await;
    let all = people(&app, 6).await;
    let talk = booked(&all[0], &key(panel.id, 60)).await;
    let with = app.parts.interviews.participants(talk.parse().expect("id")).await.expect("people");
    let parts: HashSet<_> = with.iter().map(|p| (p.person, p.part.name())).collect();
    let wanted = [(all[0].account.id, "seeker"), (fair.recruiter.account.id, "lead"), (other.account.id, "panel")];
    assert_eq!(parts, HashSet::from(wanted));
    for plan in [&alone, &round] {
        let (status, answer) = book(&all[1], &key(plan.id, 60)).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("interviews-recruiter-busy")), "{answer}");
    }
    // A round gives each the next one, and has two seats at a time.
    for (person, minute) in [(1, 75), (2, 75), (3, 90), (4, 90)] {
        booked(&all[person], &key(round.id, minute)).await;
    }
    assert_eq!(book(&all[5], &key(round.id, 90)).await.0, 409);
    assert_eq!(book(&all[5], &key(panel.id, 90)).await.0, 409);
    let leads: Vec<(String, i64)> = sqlx::query_as("SELECT recruiter_id, COUNT(*) FROM interviews GROUP BY recruiter_id")
        .fetch_all(app.parts.db.read())
        .await
        .expect("leads");
    assert_eq!(leads.iter().map(|l| l.1).collect::<HashSet<_>>(), HashSet::from([2, 3]));
    app.stop().await;
}

#[tokio::test]
async fn a_limit_a_day_counts_sessions_and_a_frame_bounds_the_hours() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, PlanForm { limit: "2".into(), ..mornings() }).await;
    let all = people(&app, 4).await;
    let wanted: Vec<String> = [60, 75, 90, 105].iter().map(|n| key(plan.id, *n)).collect();
    let answers = futures_util::future::join_all(all.iter().zip(&wanted).map(|(p, k)| book(p, k))).await;
    assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 2, "{answers:?}");
    assert!(slots(&app, &plan).await.is_empty());
    assert_eq!(book(&all[0], &key(plan.id, 60 + 24 * 60)).await.0, 201, "the next day has its own");
    let form = FrameForm { day: vec!["2027-02-22".into()], from: vec!["10:30".into()], to: vec!["18:00".into()] };
    let schedule = &app.parts.interviews.schedule;
    let refused = schedule.set_frame(&viewer(&app, &fair.recruiter).await, fair.fair.id, &form).await;
    assert!(matches!(refused, Err(AppError::NotFound)));
    schedule.set_frame(&viewer(&app, &fair.organiser).await, fair.fair.id, &form).await.expect("a frame");
    let open = app.parts.interviews.open_slots(plan.employer_id, plan.fair_id, Filter::default()).await.expect("slots");
    assert_eq!(minutes(&open), [90 + 48 * 60, 105 + 48 * 60]);
    app.stop().await;
}

#[tokio::test]
async fn an_interview_is_moved_by_either_side_or_stays_as_it_was() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    let [a, b, c] = [app.seeker("王芳").await, app.seeker("李雷").await, app.seeker("韩梅").await];
    let talk = booked(&a, &key(plan.id, 60)).await;
    booked(&b, &key(plan.id, 75)).await;
    let shift = async |who: &Person, to: i64| {
        send(who, &format!("/interviews/{talk}/moves"), json!({"slot": key(plan.id, to), "reason": "有事"})).await
    };
    let (status, answer) = shift(&a, 75).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("interviews-slot-taken")));
    assert_eq!(shift(&c, 90).await.0, 404, "somebody else's");
    let (status, moved) = shift(&a, 90).await;
    assert_eq!((status, moved["starts_at"].as_str(), id(&moved)), (200, Some(iso(NOON + 90 * MINUTE).as_str()), talk.clone()));
    assert_eq!(shift(&a, 90).await.0, 200, "sent again it is harmless");
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 105], "the old time is free");
    assert_eq!(shift(&fair.recruiter, 105).await.0, 200);
    let sequence: (i64,) =
        sqlx::query_as("SELECT sequence FROM interviews WHERE id = $1").bind(&talk).fetch_one(app.parts.db.read()).await.expect("row");
    assert_eq!(sequence.0, 2);
    let answer = a.web.client.get(a.web.url(&format!("/interviews/{talk}/history"))).send().await.expect("history");
    let history: Value = answer.json().await.expect("json");
    let before: Vec<_> =
        history.as_array().expect("list").iter().map(|c| c["before"]["starts_at"].as_str().expect("time").to_owned()).collect();
    assert_eq!(before, [60, 90].map(|n| iso(NOON + n * MINUTE)));
    assert_eq!(rows(&app, "interview_cells").await, 12);
    assert_eq!(rows(&app, "interview_notices WHERE kind = 'reminder'").await, 4, "one for each side of each, at the new time");
    app.clock.advance(106 * MINUTE);
    assert_eq!(shift(&a, 60 + 24 * 60).await.0, 200, "who waited in vain can still move it");
    app.stop().await;
}

/// A fair with a plan, a posting and somebody who has applied.
async fn applied(app: &TestApp, fair: &TestFair, name: &str) -> Person {
    let posting = post(app, fair, content("普工"), PostingState::Live).await;
    let seeker = app.seeker(name).await;
    apply(&posting, &seeker).await;
    seeker
}

#[tokio::test]
async fn an_invitation_takes_the_seekers_time_once_they_accept_and_answers_count_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    let seeker = applied(&app, &fair, "王芳").await;
    let stranger = app.seeker("李雷").await;
    let invite = async |who: &Person, whom: &Person, minute: i64| {
        let body = json!({"seeker_id": whom.account.id, "note": "欢迎", "hours": "24"});
        send(who, &format!("/slots/{}/invitations", key(plan.id, minute)), body).await
    };
    assert_eq!(invite(&fair.recruiter, &stranger, 60).await.0, 404, "who has not applied is left in peace");
    assert_eq!(invite(&stranger, &seeker, 60).await.0, 404);
    let (status, first) = invite(&fair.recruiter, &seeker, 60).await;
    assert_eq!((status, first["state"].as_str()), (201, Some("invited")), "{first}");
    assert_eq!(book(&stranger, &key(plan.id, 60)).await.0, 409, "it is kept");
    assert_eq!(rows(&app, "interview_cells").await, 3, "the recruiter's time only");
    let answer = async |who: &Person, claim: &str, body: Value| send(who, &format!("/claims/{claim}/answers"), body).await;
    let invited = id(&first);
    let shown = app.parts.notify.shown_to(seeker.account.id).await.expect("notices");
    assert!(shown.len() == 1 && shown[0].link == format!("/claims/{invited}") && shown[0].title.contains("邀请您面试"), "{shown:?}");
    assert_eq!(answer(&stranger, &invited, json!({"answer": "accept"})).await.0, 404);
    assert_eq!(answer(&fair.recruiter, &invited, json!({"answer": "accept"})).await.0, 403, "not for them to say");
    assert_eq!(answer(&seeker, &invited, json!({"answer": "maybe"})).await.0, 422);
    // Another time instead: both are kept until the employer answers.
    let (status, other) =
        answer(&seeker, &invited, json!({"answer": "propose", "slot": key(plan.id, 90), "reason": "早上有课", "client_id": "p"})).await;
    assert_eq!((status, other["state"].as_str(), other["instead_of"].as_str()), (201, Some("proposed"), Some(invited.as_str())), "{other}");
    let proposed = id(&other);
    assert_eq!(minutes(&slots(&app, &plan).await), [75, 105]);
    assert_eq!(answer(&seeker, &proposed, json!({"answer": "accept"})).await.0, 403);
    let (status, interview) = answer(&fair.recruiter, &proposed, json!({"answer": "accept"})).await;
    assert_eq!((status, interview["starts_at"].as_str()), (201, Some(iso(NOON + 90 * MINUTE).as_str())));
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 75, 105], "the first invitation is free again");
    let (status, late) = answer(&seeker, &invited, json!({"answer": "accept"})).await;
    assert_eq!((status, late["code"].as_str()), (409, Some("schedule-claim-over")));
    // Accepted twice is one interview, declined twice one refusal.
    let (_, second) = invite(&fair.recruiter, &seeker, 75).await;
    let tries = (0..4).map(|_| answer(&seeker, second["id"].as_str().expect("id"), json!({"answer": "accept"})));
    let statuses: Vec<u16> = futures_util::future::join_all(tries).await.iter().map(|a| a.0).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| matches!(s, 200 | 201)), "{statuses:?}");
    assert_eq!(answer(&seeker, second["id"].as_str().expect("id"), json!({"answer": "decline"})).await.0, 409, "it is an interview now");
    let (_, third) = invite(&fair.recruiter, &seeker, 105).await;
    for _ in 0..2 {
        let (status, declined) = answer(&seeker, third["id"].as_str().expect("id"), json!({"answer": "decline", "reason": "太晚"})).await;
        assert_eq!((status, declined["state"].as_str()), (200, Some("declined")));
    }
    assert_eq!(minutes(&slots(&app, &plan).await), [60, 105]);
    // Whose time is taken meanwhile cannot accept, and the invitation stays.
    let (_, fourth) = invite(&fair.recruiter, &seeker, 105).await;
    let elsewhere = app.employer(&fair.fair, "宁波纺织厂").await;
    let form = [("date", "2027-02-20"), ("from", "10:45"), ("to", "11:00"), ("length", "15"), ("buffer", "0")];
    let offered = elsewhere.1.web.post(&format!("/employers/{}/slots", elsewhere.0.id)).form(&form).send().await.expect("slots");
    let offered: Value = offered.json().await.expect("json");
    booked(&seeker, offered[0]["id"].as_str().expect("id")).await;
    let (status, busy) = answer(&seeker, fourth["id"].as_str().expect("id"), json!({"answer": "accept"})).await;
    assert_eq!((status, busy["code"].as_str()), (409, Some("interviews-you-are-busy")));
    // Nobody answers: it is over by itself.
    app.clock.advance(DAY);
    app.parts.interviews.sweep_claims().await.expect("swept");
    assert_eq!(rows(&app, "interview_claims WHERE answered = 'lapsed'").await, 1);
    assert_eq!(rows(&app, "interview_seats").await, 3);
    app.stop().await;
}

#[tokio::test]
async fn a_freed_seat_goes_to_whoever_waited_longest_and_then_to_the_next() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let form = PlanForm { from: vec!["10:00".into()], to: vec!["10:15".into()], horizon: "1".into(), ..mornings() };
    let plan = plan(&app, &fair, form).await;
    let all = people(&app, 4).await;
    let talk = booked(&all[0], &key(plan.id, 60)).await;
    for (n, person) in all.iter().enumerate().skip(1).take(2) {
        let (status, wait) = send(person, &format!("/plans/{}/waits", plan.id), json!({})).await;
        assert_eq!((status, wait["ahead"].as_i64()), (201, Some(n as i64 - 1)), "{wait}");
        app.clock.advance(MINUTE);
    }
    assert_eq!(send(&all[1], &format!("/plans/{}/waits", plan.id), json!({})).await.1["ahead"], 0, "the place stays");
    assert_eq!(send(&all[0], &format!("/interviews/{talk}/cancellations"), json!({"reason": "不去了"})).await.0, 200);
    let (status, _) = book(&all[3], &key(plan.id, 60)).await;
    assert_eq!(status, 409, "nobody snatches it");
    let claims = async |who: &Person| {
        let answer = who.web.client.get(who.web.url("/claims")).send().await.expect("claims");
        answer.json::<Vec<Value>>().await.expect("json")
    };
    let offered = claims(&all[1]).await;
    assert_eq!((offered.len(), offered[0]["state"].as_str()), (1, Some("offered")));
    assert!(claims(&all[2]).await.is_empty());
    assert_eq!(rows(&app, &format!("outbox WHERE account_id = '{}'", all[1].account.id)).await, 1, "they are told");
    // A quarter of an hour later it is the next one's turn.
    app.clock.advance(15 * MINUTE);
    app.parts.interviews.sweep_claims().await.expect("swept");
    let next = claims(&all[2]).await;
    assert_eq!(next[0]["state"], "offered");
    let (status, _) = send(&all[1], &format!("/claims/{}/answers", id(&offered[0])), json!({"answer": "accept"})).await;
    assert_eq!(status, 409);
    let (status, _) = send(&all[2], &format!("/claims/{}/answers", id(&next[0])), json!({"answer": "accept"})).await;
    assert_eq!(status, 201);
    assert_eq!(rows(&app, "interview_waits WHERE state = 'booked'").await, 1);
    app.stop().await;
}

#[tokio::test]
async fn organisers_book_for_somebody_and_see_nothing_of_the_talk() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    let seeker = applied(&app, &fair, "王芳").await;
    let stranger = app.seeker("李雷").await;
    let path = format!("/slots/{}/bookings", key(plan.id, 60));
    let body = |whom: &Person| json!({"seeker_id": whom.account.id, "client_id": "desk"});
    assert_eq!(send(&fair.organiser, &path, body(&stranger)).await.0, 404);
    for other in [&stranger, &fair.recruiter] {
        assert_eq!(send(other, &path, body(&seeker)).await.0, 404);
    }
    let (status, talk) = send(&fair.organiser, &path, body(&seeker)).await;
    assert_eq!(status, 201, "{talk}");
    assert_eq!(send(&fair.organiser, &path, body(&seeker)).await.0, 200);
    assert_eq!(fair.organiser.web.status(&format!("/interviews/{}", id(&talk))).await, 404);
    assert_eq!(seeker.web.status(&format!("/interviews/{}", id(&talk))).await, 200);
    let log = app.parts.accounts.audit_about(fair.fair.id, "interview.book-for", 5).await.expect("log");
    assert_eq!((log.len(), log[0].actor), (1, fair.organiser.account.id));
    app.stop().await;
}

#[tokio::test]
async fn who_did_not_come_is_noted_by_the_recruiter_with_a_reason() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, mornings()).await;
    let seeker = app.seeker("王芳").await;
    let talk = booked(&seeker, &key(plan.id, 60)).await;
    let path = format!("/interviews/{talk}/no-shows");
    let body = json!({"who": "seeker", "reason": "电话没接"});
    assert_eq!(send(&fair.recruiter, &path, body.clone()).await.0, 409, "it has not begun");
    app.clock.advance(70 * MINUTE);
    assert_eq!(send(&seeker, &path, body.clone()).await.0, 403);
    assert_eq!(send(&fair.recruiter, &path, json!({"who": "nobody", "reason": "x"})).await.0, 422);
    assert_eq!(send(&fair.recruiter, &path, json!({"who": "seeker", "reason": " "})).await.0, 422);
    let (status, noted) = send(&fair.recruiter, &path, body.clone()).await;
    assert_eq!((status, noted["state"].as_str()), (200, Some("no-show")));
    app.clock.advance(DAY + 10 * MINUTE);
    assert_eq!(send(&fair.recruiter, &path, body).await.0, 409, "too late");
    app.stop().await;
}

#[tokio::test]
async fn nobody_is_booked_into_a_talk_from_the_line() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&app, &fair, PlanForm { from: vec!["09:05".into()], to: vec!["10:00".into()], ..mornings() }).await;
    let seeker = app.seeker("王芳").await;
    let meeting = springbreeze::interviews::Meeting {
        id: springbreeze::ids::InterviewId::new(),
        room: fair.booth.id,
        employer: fair.employer.id,
        fair: fair.fair.id,
        recruiter: fair.recruiter.account.id,
        seeker: app.seeker("排队的人").await.account.id,
        posting: None,
        topic: (String::new(), String::new()),
        at: NOON,
    };
    let mut tx = app.parts.db.begin().await.expect("transaction");
    app.parts.interviews.meet_in(&mut tx, &meeting).await.expect("they meet");
    tx.commit().await.expect("commit");
    assert_eq!(app.parts.interviews.engaged_at(meeting.seeker).await.expect("engaged"), Some(NOON));
    assert_eq!(book(&seeker, &key(plan.id, 5)).await.0, 409);
    assert_eq!(book(&seeker, &key(plan.id, 20)).await.0, 201);
    app.parts.interviews.finish(meeting.id).await.expect("over");
    let other = app.seeker("李雷").await;
    assert_eq!(book(&other, &key(plan.id, 5)).await.0, 201, "what is left of it is free again");
    app.stop().await;
}

#[tokio::test]
async fn a_plan_that_makes_no_sense_is_refused_beside_its_fields() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let me = viewer(&app, &fair.recruiter).await;
    let schedule = &app.parts.interviews.schedule;
    let wrong = async |form: PlanForm| match schedule.read(&me, fair.employer.id, &form).await {
        Err(AppError::Invalid(fields)) => fields.0.into_iter().map(|(field, text)| (field, text.0)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let ny = |day: &str, from: &str| PlanForm {
        zone: "America/New_York".into(),
        except_day: vec![day.into()],
        except_kind: vec!["open".into()],
        except_from: vec![from.into()],
        except_to: vec!["05:00".into()],
        ..mornings()
    };
    for (form, field, key) in [
        (PlanForm { zone: "Mars/Base".into(), ..mornings() }, "zone", "schedule-zone-unknown"),
        (PlanForm { to: vec!["09:00".into()], ..mornings() }, "hours", "schedule-to-before-from"),
        (PlanForm { from: vec!["10:03".into()], ..mornings() }, "hours", "schedule-time-step"),
        (PlanForm { from: Vec::new(), to: Vec::new(), ..mornings() }, "hours", "schedule-hours-needed"),
        (PlanForm { weekday: vec!["8".into()], ..mornings() }, "hours", "schedule-weekday-wrong"),
        (
            PlanForm {
                weekday: vec!["1".into(), "1".into()],
                from: vec!["10:00".into(), "10:30".into()],
                to: vec!["11:00".into(), "12:00".into()],
                ..mornings()
            },
            "hours",
            "schedule-hours-overlap",
        ),
        (ny("2027-03-14", "02:30"), "exceptions", "schedule-time-skipped"),
        (ny("2027-02-18", "02:30"), "exceptions", "schedule-day-past"),
        (ny("2027-02-30", "02:30"), "exceptions", "schedule-day-wrong"),
        (PlanForm { person: vec![fair.organiser.account.id.to_string()], ..mornings() }, "person", "schedule-person-wrong"),
        (PlanForm { capacity: "0".into(), ..mornings() }, "capacity", "schedule-capacity-wrong"),
        (PlanForm { length: "7".into(), ..mornings() }, "length", "schedule-choose"),
        (PlanForm { horizon: "91".into(), ..mornings() }, "horizon", "schedule-horizon-wrong"),
    ] {
        assert_eq!(wrong(form).await, [(field, key)]);
    }
    let plan = plan(&app, &fair, mornings()).await;
    let other = app.seeker("别人").await;
    let stranger = viewer(&app, &other).await;
    assert!(matches!(schedule.add(&stranger, fair.employer.id, &mornings()).await, Err(AppError::NotFound)));
    assert!(matches!(schedule.plan_for(&stranger, plan.id).await, Err(AppError::NotFound)));
    let form = PlanForm::of(&plan, NOON);
    let changed = schedule.change(&me, plan.id, &PlanForm { length: "30".into(), ..form.clone() }).await.expect("changed");
    assert_eq!((changed.minutes, changed.version), (30, 2));
    assert!(matches!(schedule.change(&me, plan.id, &form).await, Err(AppError::Conflict(_))), "made from an older one");
    assert_eq!(schedule.plan_for(&me, plan.id).await.expect("plan").hours.len(), 7);
    app.stop().await;
}
