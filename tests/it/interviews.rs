//! Interviews: offering, booking without double booking, cancelling, calendar entries, who may see what.

use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::media::{HERE, clip, receive};
use crate::wish::until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::{Contact, Grant};
use springbreeze::clock::{Clock, HOUR, MINUTE, SECOND};
use springbreeze::db::Dialect;
use springbreeze::i18n::Lang;
use springbreeze::media::client::{Receiver, Rounds, Sender};
use springbreeze::postings::State as PostingState;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const MORNING: &[(&str, &str)] = &[("date", "2027-02-20"), ("from", "10:00"), ("to", "11:00"), ("length", "15"), ("buffer", "0")];

/// Offers four quarters of an hour from ten o'clock and returns their ids.
pub(crate) async fn offer(fair: &TestFair, by: &Person) -> Vec<String> {
    let response = by.web.post(&format!("/employers/{}/slots", fair.employer.id)).form(MORNING).send().await.expect("response");
    assert_eq!(response.status(), StatusCode::CREATED);
    ids(&response.json().await.expect("json"))
}

pub(crate) fn ids(slots: &Value) -> Vec<String> {
    slots.as_array().expect("list").iter().map(|s| s["id"].as_str().expect("id").to_owned()).collect()
}

pub(crate) async fn book(person: &Person, slot: &str, client_id: &str) -> reqwest::Response {
    person.web.json(&format!("/slots/{slot}/bookings"), json!({"client_id": client_id})).await
}

pub(crate) async fn booked(person: &Person, slot: &str) -> String {
    let response = book(person, slot, "").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned()
}

pub(crate) async fn cancel(person: &Person, interview: &str, body: Value) -> u16 {
    person.web.json(&format!("/interviews/{interview}/cancellations"), body).await.status().as_u16()
}

async fn free(app: &TestApp, fair: &TestFair) -> Vec<String> {
    let url = app.stranger().url(&format!("/rooms/{}/interviews", fair.booth.id));
    ids(&reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("client")
        .get(url)
        .send()
        .await
        .expect("response")
        .json()
        .await
        .expect("json"))
}

/// Says "I am here" in a call; returns status and answer.
pub(crate) async fn beat(person: &Person, interview: &str) -> (u16, Value) {
    let answer = person.web.json(&format!("/interviews/{interview}/presence"), json!({"mic": true, "camera": false})).await;
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

/// What waits in the outbox for somebody: subject, body, calendar entry.
async fn told(app: &TestApp, person: &Person) -> Vec<Value> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1 ORDER BY created_at, id")
        .bind(person.account.id.to_string())
        .fetch_all(app.parts.db.read())
        .await
        .expect("outbox");
    rows.iter().map(|r| serde_json::from_str(&app.parts.keys.decrypt(&r.0).expect("key")).expect("json")).collect()
}

/// The same once that many wait: a job of its own puts them there.
async fn told_all(app: &TestApp, person: &Person, count: usize) -> Vec<Value> {
    until("the messages are in the outbox", async || told(app, person).await.len() >= count).await;
    let all = told(app, person).await;
    assert_eq!(all.len(), count);
    all
}

#[tokio::test]
async fn of_fifty_who_want_one_slot_exactly_one_gets_it() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let mut people = Vec::new();
    for n in 0..50 {
        people.push(app.seeker(&format!("求职者{n}")).await);
    }
    let tries = people.iter().map(|p| book(p, &slots[1], "one"));
    let answers = futures_util::future::join_all(tries).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status() == StatusCode::CREATED);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for answer in lost {
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.expect("json");
        assert_eq!(problem["code"], "interviews-slot-taken");
        assert_eq!(ids(&problem["slots"]), [&slots[0], &slots[2], &slots[3]].map(String::clone), "the nearest ones are offered instead");
    }
    assert_eq!(free(&app, &fair).await.len(), 3);
    let (held,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM interview_cells").fetch_one(app.parts.db.read()).await.expect("count");
    assert_eq!(held, 6, "three pieces of time for each of two people, and nothing of the losers");
    for (table, rows) in
        [("interview_people", 2), ("interview_notices WHERE kind = 'reminder'", 2), ("audit WHERE action = 'interview.book'", 1)]
    {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let (found,): (i64,) = sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("count");
        assert_eq!(found, rows, "{table}: nothing of the losers");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_booking_sent_again_is_the_same_booking() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let answers = futures_util::future::join_all((0..5).map(|_| book(&seeker, &slots[0], "tap"))).await;
    let (mut found, mut made) = (Vec::new(), 0);
    for answer in answers {
        made += usize::from(answer.status() == StatusCode::CREATED);
        assert!(answer.status().is_success(), "{}", answer.status());
        found.push(answer.json::<Value>().await.expect("json")["id"].to_string());
    }
    assert_eq!(made, 1);
    found.dedup();
    assert_eq!(found.len(), 1);
    told_all(&app, &seeker, 1).await;
    app.parts.interviews.deliver_due().await.expect("delivered");
    assert_eq!(told(&app, &seeker).await.len(), 1, "told once");
    assert_eq!(book(&seeker, &slots[1], "tap").await.status(), StatusCode::CONFLICT, "another slot under the same id is a mistake");
    assert_eq!(book(&seeker, &slots[1], "a b").await.status(), StatusCode::BAD_REQUEST);
    app.stop().await;
}

#[tokio::test]
async fn nobody_is_in_two_interviews_at_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (employer, other, _) = app.employer(&fair.fair, "宁波港").await;
    let slots = offer(&fair, &fair.recruiter).await;
    let url = format!("/employers/{}/slots", employer.id);
    let half = [("date", "2027-02-20"), ("from", "10:10"), ("to", "10:40"), ("length", "30")];
    let overlapping = ids(&other.web.post(&url).form(&half).send().await.expect("response").json().await.expect("json"));
    let seeker = app.seeker("王芳").await;
    let both = futures_util::future::join_all([book(&seeker, &slots[0], "a"), book(&seeker, &overlapping[0], "b")]).await;
    let mut codes: Vec<_> = both.iter().map(|r| r.status().as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [201, 409]);
    let late = booked(&seeker, &slots[3]).await;
    // The recruiter of the other employer seeks as well, and is taken at that time.
    let busy = book(&other, &slots[3], "c").await;
    assert_eq!(busy.json::<Value>().await.expect("json")["code"], "interviews-slot-taken");
    assert_eq!(cancel(&seeker, &late, json!({"reason": "改时间"})).await, 200);
    assert_eq!(book(&other, &slots[3], "d").await.status(), StatusCode::CREATED);
    app.stop().await;
}

#[tokio::test]
async fn cancelling_frees_the_time_and_tells_both_with_a_higher_sequence() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    let first = told_all(&app, &seeker, 1).await;
    told_all(&app, &fair.recruiter, 1).await;
    let calendar = first[0]["calendar"].as_str().expect("calendar").to_owned();
    assert!(
        calendar.contains("METHOD:REQUEST\r\n") && calendar.contains("SEQUENCE:0\r\n") && calendar.contains("DTSTART:20270220T020000Z\r\n")
    );
    assert!(calendar.replace("\r\n ", "").contains(&format!("UID:{interview}@")), "{calendar}");
    assert_eq!(cancel(&seeker, &interview, json!({"reason": " "})).await, 422);
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "临时加班"})).await, 200);
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "临时加班"})).await, 409);
    for person in [&seeker, &fair.recruiter] {
        let messages = told_all(&app, person, 2).await;
        assert!(messages[1]["body"].as_str().expect("body").contains("临时加班"));
        let gone = messages[1]["calendar"].as_str().expect("calendar").replace("\r\n ", "");
        assert!(gone.contains("METHOD:CANCEL") && gone.contains("SEQUENCE:1") && gone.contains(&format!("UID:{interview}@")), "{gone}");
        assert!(gone.contains(&format!("mailto:{}@example.com", person.account.id)), "addressed to its reader alone");
        assert_eq!(gone.matches("mailto:").count(), 2, "the organiser's and the reader's");
    }
    assert_eq!(free(&app, &fair).await, slots, "the slot is offered again");
    let next = app.seeker("李雷").await;
    let second = booked(&next, &slots[0]).await;
    assert_eq!(cancel(&fair.recruiter, &second, json!({"reason": "开会"})).await, 200);
    assert_eq!(free(&app, &fair).await, slots[1..], "a recruiter who cancels has no time then");
    let third = booked(&next, &slots[1]).await;
    assert_eq!(cancel(&fair.recruiter, &third, json!({"reason": "开会", "offer_again": "1"})).await, 200);
    assert_eq!(free(&app, &fair).await, slots[1..]);
    app.stop().await;
}

#[tokio::test]
async fn reminders_come_ten_minutes_before_also_after_a_restart_and_not_after_a_cancellation() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, quitter) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let kept = booked(&seeker, &slots[0]).await;
    let dropped = booked(&quitter, &slots[1]).await;
    told_all(&app, &quitter, 1).await;
    told_all(&app, &fair.recruiter, 2).await;
    assert_eq!(cancel(&quitter, &dropped, json!({"reason": "不去了"})).await, 200);
    told_all(&app, &seeker, 1).await;
    told_all(&app, &quitter, 2).await;
    told_all(&app, &fair.recruiter, 3).await;
    let TestApp { app: server, clock, data, .. } = app;
    server.stop().await;
    clock.advance(50 * MINUTE - SECOND);
    let app = TestApp::start_in(data, Clock::manual(clock.now())).await;
    assert_eq!(app.parts.interviews.deliver_due().await.expect("delivered"), 0);
    app.clock.advance(SECOND);
    // The server's own job may have been quicker.
    app.parts.interviews.deliver_due().await.expect("delivered");
    app.clock.advance(15 * MINUTE);
    app.parts.interviews.deliver_due().await.expect("delivered");
    let reminders = told_all(&app, &seeker, 2).await;
    assert!(reminders[1]["body"].as_str().expect("body").contains(&format!("/join/{kept}.")));
    assert_eq!(told(&app, &quitter).await.len(), 2, "booked and cancelled, never reminded");
    app.stop().await;
}

#[tokio::test]
async fn a_reminder_is_sent_once_also_if_the_server_dies_before_it_has_noted_so() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    booked(&seeker, &slots[0]).await;
    told_all(&app, &seeker, 1).await;
    told_all(&app, &fair.recruiter, 1).await;
    let (breaks, mends): (&[&str], &str) = match app.parts.db.dialect() {
        Dialect::Sqlite => (
            &["CREATE TRIGGER broken BEFORE DELETE ON interview_notices BEGIN SELECT RAISE(ABORT, 'the server died'); END"],
            "DROP TRIGGER broken",
        ),
        Dialect::Postgres => (
            &[
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the server died'; END $$",
                "CREATE TRIGGER broken BEFORE DELETE ON interview_notices FOR EACH ROW EXECUTE FUNCTION broken()",
            ],
            "DROP TRIGGER broken ON interview_notices",
        ),
    };
    for statement in breaks {
        sqlx::query(*statement).execute(app.parts.db.write()).await.expect("broken");
    }
    app.clock.advance(50 * MINUTE);
    // The server's own job may have been quicker to try.
    let _ = app.parts.interviews.deliver_due().await;
    assert_eq!(told(&app, &seeker).await.len(), 1, "booked, and not yet reminded");
    sqlx::query(mends).execute(app.parts.db.write()).await.expect("mended");
    for _ in 0..2 {
        app.clock.advance(2 * MINUTE);
        app.parts.interviews.deliver_due().await.expect("delivered");
    }
    until("the reminder is in the outbox", async || told(&app, &seeker).await.len() == 2).await;
    app.clock.advance(2 * MINUTE);
    app.parts.interviews.deliver_due().await.expect("delivered");
    assert_eq!(told(&app, &seeker).await.len(), 2);
    app.stop().await;
}

#[tokio::test]
async fn a_server_that_dies_keeps_every_booking_it_acknowledged() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    // No orderly stop: the second server opens what the first one has written.
    let TestApp { app: crashed, clock, data, .. } = app;
    let second = TestApp::start_in(data, clock).await;
    let account = second.parts.accounts.account(seeker.account.id).await.expect("account").expect("known");
    let again = second.sign_in(account).await;
    assert!(again.web.page(&format!("/interviews/{interview}")).await.contains(&fair.employer.name_zh));
    assert_eq!(book(&second.seeker("李雷").await, &slots[0], "x").await.status(), StatusCode::CONFLICT);
    second.stop().await;
    drop(crashed);
}

#[tokio::test]
async fn an_interview_does_not_exist_for_anybody_else() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (_, foreign, _) = app.employer(&fair.fair, "宁波港").await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let interview = booked(&seeker, &slots[0]).await;
    let colleague = app.person("同事", Grant::Recruiter(fair.employer.id)).await;
    let paths = ["", ".ics", "/state", "/call"].map(|end| format!("/interviews/{interview}{end}"));
    app.clock.advance(50 * MINUTE);
    for path in &paths {
        for person in [&seeker, &fair.recruiter, &colleague] {
            assert_eq!(person.web.status(path).await, 200, "{path}");
        }
        for person in [&other, &foreign, &fair.organiser] {
            assert_eq!(person.web.status(path).await, 404, "{path}");
        }
        let away = app.stranger().get(path).send().await.expect("response");
        assert_eq!(away.status(), StatusCode::SEE_OTHER, "whoever is not signed in is asked to, whether or not it exists");
    }
    for person in [&other, &foreign, &fair.organiser] {
        for end in ["cancellations", "presence", "departures", "extensions", "endings"] {
            let answer = person.web.json(&format!("/interviews/{interview}/{end}"), json!({"reason": "x"})).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{end}");
        }
        assert_eq!(person.web.json(&format!("/slots/{}/withdrawals", slots[1]), json!({})).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(person.web.status(&format!("/employers/{}/slots", fair.employer.id)).await, 404);
        assert_eq!(person.web.status(&format!("/employers/{}/interviews", fair.employer.id)).await, 404);
    }
    for forged in ["nonsense", "01890000-0000-7000-8000-000000000000", "%27%20OR%201=1"] {
        assert_eq!(seeker.web.status(&format!("/interviews/{forged}")).await, 404);
        assert_eq!(book(&seeker, forged, "x").await.status(), StatusCode::NOT_FOUND);
    }
    app.stop().await;
}

#[tokio::test]
async fn booking_needs_a_person_with_a_proven_contact_who_is_not_of_the_employer() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let url = format!("/slots/{}/bookings", slots[0]);
    assert_eq!(app.stranger().json(&url, json!({})).await.status(), StatusCode::UNAUTHORIZED);
    let guest = app.parts.accounts.create("游客", true, Lang::Zh).await.expect("guest");
    let guest = app.sign_in(guest).await;
    assert_eq!(guest.web.json(&url, json!({})).await.status(), StatusCode::UNAUTHORIZED);
    let unproven = app.parts.accounts.create("未验证", false, Lang::Zh).await.expect("account");
    let unproven = app.sign_in(unproven).await;
    assert_eq!(unproven.web.json(&url, json!({})).await.status(), StatusCode::FORBIDDEN);
    let contact = Contact::parse("13900139000").expect("phone");
    app.parts.accounts.add_contact(unproven.account.id, &contact).await.expect("contact");
    assert_eq!(fair.recruiter.web.json(&url, json!({})).await.status(), StatusCode::CONFLICT);
    let form = unproven.web.form(&url, &[("client_id", "x")]).await;
    assert_eq!(form.status(), StatusCode::SEE_OTHER);
    let late = app.seeker("王芳").await.web.form(&url, &[]).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.expect("page");
    assert!(page.contains(&Lang::Zh.t("interviews-slot-taken")) && page.contains(&slots[1]), "the page offers the nearest ones");
    app.clock.advance(2 * HOUR);
    let past = book(&app.seeker("李雷").await, &slots[2], "y").await;
    assert_eq!(past.json::<Value>().await.expect("json")["code"], "interviews-slot-past");
    app.stop().await;
}

#[tokio::test]
async fn offers_are_checked_beside_their_fields_and_can_be_taken_back_while_free() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let url = format!("/employers/{}/slots", fair.employer.id);
    let web = &fair.recruiter.web;
    let bad = web.form(&url, &[("date", "2027-02-20"), ("from", "<b>"), ("to", "11:00")]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = bad.text().await.expect("page");
    assert!(page.contains("id=\"from-error\"") && page.contains("&#60;b&#62;"), "{page}");
    let slots = offer(&fair, &fair.recruiter).await;
    let again = web.post(&url).form(MORNING).send().await.expect("response");
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "offers of one recruiter do not overlap");
    let withdrawn = web.json(&format!("/slots/{}/withdrawals", slots[0]), json!({})).await;
    assert_eq!(withdrawn.status(), StatusCode::SEE_OTHER);
    assert_eq!(free(&app, &fair).await, slots[1..]);
    let (seeker, url) = (app.seeker("王芳").await, format!("/slots/{}/withdrawals", slots[1]));
    assert_eq!(book(&seeker, &slots[0], "x").await.status(), StatusCode::CONFLICT, "what was taken back cannot be booked");
    let (take, give) = tokio::join!(web.json(&url, json!({})), book(&seeker, &slots[1], "y"));
    let winners = usize::from(take.status() == StatusCode::SEE_OTHER) + usize::from(give.status() == StatusCode::CREATED);
    assert_eq!(winners, 1, "{} {}", take.status(), give.status());
    assert_eq!(web.page("/interviews").await.matches(&format!("/employers/{}/interviews", fair.employer.id)).count(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_call_runs_from_both_arriving_to_its_end_and_overtime_does_not_cut() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    let url = format!("/interviews/{interview}");
    assert_eq!(seeker.web.status(&format!("{url}/call")).await, 303, "too early: back to the details");
    assert_eq!(beat(&seeker, &interview).await.0, 409);
    app.clock.advance(50 * MINUTE);
    let (_, first) = beat(&seeker, &interview).await;
    assert_eq!((&first["state"], &first["open"], &first["other"]["here"]), (&json!("booked"), &json!(true), &json!(false)));
    let (_, second) = beat(&fair.recruiter, &interview).await;
    assert_eq!(
        (&second["state"], &second["me"], &second["other"]),
        (&json!("running"), &json!("employer"), &json!({"here": true, "came": true, "mic": true, "camera": false}))
    );
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "太晚"})).await, 409, "what runs is not cancelled");
    assert_eq!(seeker.web.json(&format!("{url}/extensions"), json!({})).await.status(), StatusCode::CONFLICT);
    let longer: Value = fair.recruiter.web.json(&format!("{url}/extensions"), json!({})).await.json().await.expect("json");
    assert_eq!(longer["ends_at"], NOON + HOUR + 20 * MINUTE);
    app.clock.advance(40 * MINUTE);
    let (_, over) = beat(&seeker, &interview).await;
    assert_eq!((&over["state"], &over["other"]["here"]), (&json!("running"), &json!(false)), "over time, and the other one silent");
    assert_eq!(seeker.web.json(&format!("{url}/endings"), json!({})).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(fair.recruiter.web.json(&format!("{url}/endings"), json!({})).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(beat(&seeker, &interview).await.0, 410);
    assert!(seeker.web.page(&url).await.contains(&Lang::Zh.t("interviews-state-done")));
    app.stop().await;
}

#[tokio::test]
async fn an_interview_may_be_about_a_posting_of_the_same_employer_only() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let posting = crate::postings::post(&app, &fair, crate::postings::content("缝纫工"), PostingState::Live).await;
    let (employer, recruiter, booth) = app.employer(&fair.fair, "宁波港").await;
    let foreign = TestFair { employer, recruiter, booth, ..fair };
    let other = crate::postings::post(&app, &foreign, crate::postings::content("装卸工"), PostingState::Live).await;
    let seeker = app.seeker("王芳").await;
    let page = seeker.web.page(&format!("/postings/{}/interviews", posting.id)).await;
    assert!(page.contains(&format!("name=\"posting_id\" value=\"{}\"", posting.id)));
    let link = format!("href=\"/postings/{}/interviews\"", posting.id);
    assert!(seeker.web.page(&format!("/postings/{}", posting.id)).await.contains(&link), "the posting leads there");
    let url = format!("/slots/{}/bookings", slots[0]);
    for wrong in [other.id.to_string(), "nonsense".into()] {
        assert_eq!(seeker.web.json(&url, json!({"posting_id": wrong})).await.status(), StatusCode::NOT_FOUND);
    }
    let booked: Value = seeker.web.json(&url, json!({"posting_id": posting.id})).await.json().await.expect("json");
    assert!(seeker.web.page(booked["url"].as_str().expect("url")).await.contains("缝纫工"));
    app.stop().await;
}

/// Posts an offer; returns status, session URL and answer.
async fn negotiate(person: &Person, path: &str, offer: &str) -> (u16, String, String) {
    let answer = person.web.post(path).header("content-type", "application/sdp").body(offer.to_owned()).send().await.expect("response");
    let location = answer.headers().get("location").map(|l| l.to_str().expect("text").to_owned()).unwrap_or_default();
    (answer.status().as_u16(), location, answer.text().await.expect("text"))
}

#[tokio::test]
async fn each_side_sees_the_other_and_nobody_else_gets_at_the_media() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let interview = booked(&seeker, &slots[0]).await;
    let (whip, whep) = (format!("/interviews/{interview}/whip"), format!("/interviews/{interview}/whep"));
    let clip = clip();
    let mut sender = Sender::new(HERE, &clip).expect("sender");
    let mut receiver = Receiver::new(HERE).expect("receiver");
    assert_eq!(negotiate(&seeker, &whip, sender.offer()).await.0, 409, "too early");
    app.clock.advance(HOUR);
    for person in [&other, &fair.organiser] {
        assert_eq!(negotiate(person, &whip, sender.offer()).await.0, 404);
        assert_eq!(negotiate(person, &whep, receiver.offer()).await.0, 404);
    }
    let stranger = app.stranger().post(&whep).header("content-type", "application/sdp").body("v=0").send().await.expect("response");
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    for (path, sdp) in [(&whip, sender.offer()), (&whep, receiver.offer())] {
        assert_eq!(negotiate(&seeker, path, sdp).await.0, 403, "nobody has let them in");
    }
    let admit = async || fair.recruiter.web.json(&format!("/interviews/{interview}/admissions"), json!({})).await.status();
    assert_eq!(admit().await, StatusCode::CONFLICT, "nobody waits");
    beat(&seeker, &interview).await;
    assert_eq!(admit().await, StatusCode::NO_CONTENT);
    assert_eq!(negotiate(&seeker, &whip, "nonsense").await.0, 400);
    let (status, published, answer) = negotiate(&seeker, &whip, sender.offer()).await;
    assert_eq!(status, 201);
    sender.accept(&answer).expect("accepted");
    let (status, viewed, answer) = negotiate(&fair.recruiter, &whep, receiver.offer()).await;
    assert_eq!(status, 201);
    receiver.accept(&answer).expect("accepted");
    let stop = CancellationToken::new();
    let (ends, tracks) = (stop.clone(), clip.clone());
    let task = tokio::spawn(async move {
        let _ = sender.publish(&tracks, Rounds::Endless, &ends).await;
        sender.close().await;
    });
    receive(&mut receiver, "the recruiter sees the seeker", |r| r.received().video.frames >= 20 && r.received().audio.frames >= 20).await;
    let mut own = Receiver::new(HERE).expect("receiver");
    let (_, _, answer) = negotiate(&seeker, &whep, own.offer()).await;
    own.accept(&answer).expect("accepted");
    own.run_until(Instant::now() + Duration::from_millis(700)).await.expect("connected");
    assert_eq!(own.received().video.frames, 0, "a side views the other one, never itself");
    for (url, foreign) in [(&published, &fair.recruiter), (&viewed, &seeker), (&published, &other)] {
        let path = url.split_once("/interviews").map(|(_, rest)| format!("/interviews{rest}")).expect("path");
        assert_eq!(foreign.web.client.delete(foreign.web.url(&path)).send().await.expect("response").status(), StatusCode::NOT_FOUND);
    }
    stop.cancel();
    task.await.expect("sender");
    app.stop().await;
}
