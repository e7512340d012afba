//! Telling people of interviews: reminders, what becomes of them when something changes, channels and quiet hours.

use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::interviews::{booked, cancel, ids, offer};
use crate::outbox::{Gateway, count, start};
use crate::wish::until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::{Contact, Grant, NewEmployer};
use springbreeze::clock::{DAY, HOUR, MINUTE, Millis};
use springbreeze::fairs::{FairState, NewFair};

/// When somebody is to be told what about an interview.
async fn notices(app: &TestApp, person: &Person, interview: &str) -> Vec<(String, Millis)> {
    let query = "SELECT kind, due_at FROM interview_notices WHERE account_id = $1 AND interview_id = $2 ORDER BY due_at";
    let rows = sqlx::query_as(query).bind(person.account.id.to_string()).bind(interview);
    rows.fetch_all(app.parts.db.read()).await.expect("notices")
}

/// Subjects and bodies of what is in the outbox for somebody, oldest first.
pub(crate) async fn letters(app: &TestApp, person: &Person) -> Vec<Value> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1 AND sealed <> '' ORDER BY created_at, id")
        .bind(person.account.id.to_string())
        .fetch_all(app.parts.db.read())
        .await
        .expect("outbox");
    rows.iter().map(|row| serde_json::from_str(&app.parts.keys.decrypt(&row.0).expect("key")).expect("json")).collect()
}

/// Offers an hour from `from` of a day, in quarters.
pub(crate) async fn offer_on(fair: &TestFair, date: &str, from: &str, to: &str) -> Vec<String> {
    let form = [("date", date), ("from", from), ("to", to), ("length", "15"), ("buffer", "0")];
    let answer = fair.recruiter.web.post(&format!("/employers/{}/slots", fair.employer.id)).form(&form).send().await.expect("response");
    assert_eq!(answer.status(), StatusCode::CREATED);
    ids(&answer.json().await.expect("json"))
}

/// A live fair in another zone.
async fn fair_in(app: &TestApp, zone: &str) -> TestFair {
    let at = app.fair().await;
    let now = app.clock.now();
    let new = NewFair {
        title_zh: "纽约专场".into(),
        zone: zone.into(),
        region: "330100".into(),
        starts_at: now - DAY,
        ends_at: now + 60 * DAY,
        ..NewFair::default()
    };
    let fair = app.parts.fairs.create(new, at.organiser.account.id).await.expect("fair");
    let viewer = app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer");
    for state in [FairState::Open, FairState::Live] {
        app.parts.fairs.set_state(&viewer, fair.id, state).await.expect("state");
    }
    let new = NewEmployer { name_zh: "纽约制衣".into(), credit_code: "91440300708461136T".into(), ..NewEmployer::default() };
    let employer = app.parts.accounts.create_employer(new).await.expect("employer");
    app.parts.fairs.admit(fair.id, employer.id).await.expect("admitted");
    let recruiter = app.person("招聘官", Grant::Recruiter(employer.id)).await;
    TestFair { fair, employer, recruiter, ..at }
}

#[tokio::test]
async fn reminders_come_a_day_an_hour_and_ten_minutes_before_though_the_clocks_change_in_between() {
    let app = TestApp::start().await;
    let fair = fair_in(&app, "America/New_York").await;
    // Between three weeks hence and the day before, New York goes from UTC-5 to UTC-4.
    let slots = offer_on(&fair, "2027-03-14", "10:00", "11:00").await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    until("the booking is told", async || letters(&app, &seeker).await.len() == 1).await;
    let starts: Millis = 1_805_032_800_000;
    let wanted = [("reminder-24h", starts - DAY), ("reminder-1h", starts - HOUR), ("reminder", starts - 10 * MINUTE)];
    assert_eq!(notices(&app, &seeker, &interview).await, wanted.map(|(kind, at)| (kind.to_owned(), at)));
    let page = seeker.web.page(&format!("/interviews/{interview}")).await;
    // The day before at nine by the winter's clock, as a script would show it in the viewer's zone.
    assert!(page.contains("2027-03-13T14:00:00Z") && page.contains("2027-03-13 09:00") && page.contains("2027-03-14 09:50"), "{page}");
    let at = |before: Millis| starts - before - app.clock.now();
    for (n, before) in [DAY, HOUR, 10 * MINUTE].into_iter().enumerate() {
        app.clock.advance(at(before) - 1);
        assert_eq!(app.parts.interviews.deliver_due().await.expect("looked"), 0, "not a moment before");
        app.clock.advance(1);
        app.parts.interviews.deliver_due().await.expect("delivered");
        until("the reminder is there", async || letters(&app, &seeker).await.len() == n + 2).await;
        let all = letters(&app, &seeker).await;
        let body = all[n + 1]["body"].as_str().expect("body");
        assert!(body.contains("2027-03-14 10:00–10:15 (UTC-04:00)") && body.contains(&interview), "{body}");
        assert!(all[n + 1]["calendar"].is_null());
        assert_eq!(letters(&app, &fair.recruiter).await.len(), n + 2, "so is the recruiter's");
    }
    assert!(seeker.web.page(&format!("/interviews/{interview}")).await.contains(&springbreeze::i18n::Lang::Zh.t("telling-reminders-none")));
    app.stop().await;
}

#[tokio::test]
async fn a_server_that_was_away_reminds_once_and_not_of_what_has_begun() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer_on(&fair, "2027-02-22", "10:00", "11:00").await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    booked(&seeker, &slots[3]).await;
    booked(&other, &slots[0]).await;
    until("both are told", async || letters(&app, &seeker).await.len() == 1 && letters(&app, &other).await.len() == 1).await;
    let TestApp { app: server, clock, data, .. } = app;
    server.stop().await;
    // 10:01, when one has begun and the other is less than an hour away.
    clock.advance(2 * DAY + HOUR + MINUTE);
    let app = TestApp::start_in(data, clock).await;
    until("what was due is gone", async || count_notices(&app, "due_at <= 1803261660000").await == 0).await;
    let subjects: Vec<String> = letters(&app, &seeker).await.iter().map(|l| l["subject"].as_str().expect("subject").to_owned()).collect();
    assert!(subjects.len() == 2 && subjects[1].contains("1 小时"), "{subjects:?}");
    assert_eq!(letters(&app, &other).await.len(), 1);
    app.stop().await;
}

async fn count_notices(app: &TestApp, which: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM interview_notices WHERE {which}"));
    let (n,): (i64,) = sqlx::query_as(query).fetch_one(app.parts.db.read()).await.expect("count");
    n
}

#[tokio::test]
async fn a_reminder_that_waits_for_its_gateway_is_taken_back_by_a_cancellation() {
    let gateway = Gateway::open().await;
    let app = start(|config| config.sms_webhook.clone_from(&gateway.url)).await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.person_by_phone("王芳", "13800000001").await;
    let interview = booked(&seeker, &slots[0]).await;
    until("the booking arrives", async || gateway.taken().len() == 1).await;
    assert!(gateway.texts()[0].starts_with("面试约好了") && gateway.texts()[0].contains(&interview), "{:?}", gateway.texts());
    gateway.refuse(true);
    app.clock.advance(50 * MINUTE);
    app.parts.interviews.deliver_due().await.expect("delivered");
    until("the reminder has failed once", async || count(&app, "channel = 'phone' AND attempts = 1 AND sent_at IS NULL").await == 1).await;
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "临时加班"})).await, 200);
    gateway.refuse(false);
    app.clock.advance(5 * MINUTE);
    until("the cancellation arrives", async || gateway.taken().len() == 2).await;
    app.clock.advance(4 * MINUTE);
    until("nothing waits", async || count(&app, "channel = 'phone' AND sent_at IS NULL AND dropped_at IS NULL").await == 0).await;
    assert!(gateway.texts()[1].starts_with("面试取消了"), "{:?}", gateway.texts());
    // The recruiter was reminded by mail meanwhile.
    assert_eq!((gateway.taken().len(), count(&app, "dropped_at IS NOT NULL").await), (2, 1));
    app.stop().await;
}

impl TestApp {
    /// A person whose only proven contact is a phone number.
    pub(crate) async fn person_by_phone(&self, name: &str, number: &str) -> Person {
        let account = self.parts.accounts.create(name, false, springbreeze::i18n::Lang::Zh).await.expect("account");
        let contact = Contact::parse(number).expect("phone");
        self.parts.accounts.add_contact(account.id, &contact).await.expect("contact");
        self.sign_in(account).await
    }
}

#[test]
fn noon_is_where_the_tests_above_think_it_is() {
    assert_eq!(NOON + 2 * DAY + HOUR + MINUTE, 1_803_261_660_000);
}
