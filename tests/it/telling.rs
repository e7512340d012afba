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
    assert_eq!((gateway.taken().len(), count(&app, "channel = 'phone' AND dropped_at IS NOT NULL").await), (2, 1));
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

/// How many letters wait or went by a channel.
async fn by(app: &TestApp, channel: &str) -> i64 {
    count(app, &format!("channel = '{channel}'")).await
}

#[tokio::test]
async fn people_are_told_by_the_ways_that_they_agreed_to() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let number = Contact::parse("13800000001").expect("phone");
    app.parts.accounts.add_contact(seeker.account.id, &number).await.expect("contact");
    let page = seeker.web.page("/me/telling").await;
    assert!(page.contains("138****0001") && !page.contains("13800000001"), "masked");
    booked(&seeker, &slots[0]).await;
    until("told by mail", async || letters(&app, &seeker).await.len() == 1).await;
    assert_eq!(by(&app, "phone").await, 0, "one way, as long as nobody says anything");
    let choose = async |ways: &[(&str, &str)]| seeker.web.form("/me/telling/ways", ways).await.status().as_u16();
    assert_eq!(choose(&[("email", "1"), ("phone", "1")]).await, 303);
    booked(&seeker, &slots[1]).await;
    until("told by both", async || letters(&app, &seeker).await.len() == 3).await;
    let all = letters(&app, &seeker).await;
    let text = all.iter().find(|letter| letter["to"] == "13800000001").expect("text message");
    assert!(text["body"].as_str().expect("text").starts_with("面试约好了") && text["calendar"].is_null(), "{text}");
    app.clock.advance(MINUTE);
    assert_eq!(choose(&[]).await, 303);
    let page = seeker.web.page("/me/telling").await;
    assert!(page.contains(&springbreeze::i18n::Lang::Zh.t("telling-ways-none")));
    booked(&seeker, &slots[2]).await;
    until("the recruiter is told of all three", async || letters(&app, &fair.recruiter).await.len() == 3).await;
    until("it is on the page", async || app.parts.notify.shown_to(seeker.account.id).await.expect("notices").len() == 3).await;
    assert_eq!(letters(&app, &seeker).await.len(), 3, "by no way");
    let said: Vec<(String, i64, Millis, String)> =
        sqlx::query_as("SELECT channel, given, at, text_version FROM reach_consents ORDER BY at, channel")
            .fetch_all(app.parts.db.read())
            .await
            .expect("consents");
    let wanted = [("email", 1, NOON), ("phone", 1, NOON), ("email", 0, NOON + MINUTE), ("phone", 0, NOON + MINUTE)];
    let version = springbreeze::notify::TEXT_VERSION.to_owned();
    assert_eq!(
        said,
        wanted.map(|(channel, given, at)| (channel.to_owned(), given, at, version.clone())),
        "each word with its time and text"
    );
    app.stop().await;
}

#[tokio::test]
async fn quiet_hours_hold_messages_back_but_not_what_is_near() {
    let gateway = Gateway::open().await;
    let app = start(|config| config.sms_webhook.clone_from(&gateway.url)).await;
    let fair = app.fair().await;
    let (today, tomorrow) = (offer(&fair, &fair.recruiter).await, offer_on(&fair, "2027-02-21", "15:00", "16:00").await);
    let seeker = app.person_by_phone("王芳", "13800000001").await;
    let quiet = async |fields: &[(&str, &str)]| seeker.web.form("/me/telling/quiet", fields).await;
    let wrong = quiet(&[("on", "1"), ("from", "22:00"), ("to", "07:00"), ("zone", "Mars/Olympus")]).await;
    assert_eq!(wrong.status().as_u16(), 422);
    let page = wrong.text().await.expect("page");
    assert!(page.contains("id=\"zone-error\"") && page.contains("Mars/Olympus") && page.contains("value=\"22:00\""), "{page}");
    // It is nine in the morning in Shanghai, and one at night in London.
    let night = [("on", "1"), ("from", "22:30"), ("to", "07:00"), ("zone", "Europe/London")];
    assert_eq!(quiet(&night).await.status().as_u16(), 303);
    assert!(seeker.web.page("/me/telling").await.contains("Europe/London"));
    let far = booked(&seeker, &tomorrow[0]).await;
    until("it waits", async || count(&app, "channel = 'phone'").await == 1).await;
    let (due,): (Millis,) =
        sqlx::query_as("SELECT due_at FROM outbox WHERE channel = 'phone'").fetch_one(app.parts.db.read()).await.expect("due");
    assert_eq!(due, NOON + 6 * HOUR, "until seven in London");
    booked(&seeker, &today[0]).await;
    until("what is near comes at once", async || gateway.taken().len() == 1).await;
    assert!(!gateway.texts()[0].contains(&far), "{:?}", gateway.texts());
    app.clock.advance(6 * HOUR);
    until("the other comes in the morning", async || gateway.texts().iter().any(|text| text.contains(&far))).await;
    assert_eq!(quiet(&[("from", "22:30"), ("to", "07:00"), ("zone", "Europe/London")]).await.status().as_u16(), 303);
    assert!(app.parts.notify.reach(seeker.account.id).await.expect("reach").quiet.is_none(), "an unticked box ends it");
    app.stop().await;
}

#[tokio::test]
async fn the_bell_knows_what_is_new_and_what_comes_next() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let news = async |person: &Person| {
        let answer = person.web.client.get(person.web.url("/me/notices")).send().await.expect("response");
        assert_eq!(answer.status().as_u16(), 200);
        answer.json::<Value>().await.expect("json")
    };
    assert_eq!(app.stranger().client.get(app.stranger().url("/me/notices")).send().await.expect("response").status().as_u16(), 401);
    let interview = booked(&seeker, &slots[0]).await;
    until("it is there", async || news(&seeker).await["unseen"] == 1).await;
    let now = news(&seeker).await;
    assert_eq!((&now["next"]["id"], &now["next"]["open"]), (&json!(interview), &json!(false)));
    assert_eq!(now["latest"]["url"], format!("/interviews/{interview}"));
    assert_eq!(news(&fair.recruiter).await["next"]["with"], "王芳", "the recruiter's part");
    assert_eq!((&news(&other).await["unseen"], &news(&other).await["next"]), (&json!(0), &Value::Null));
    app.clock.advance(MINUTE);
    assert_eq!(cancel(&fair.recruiter, &interview, json!({"reason": "开会"})).await, 200);
    until("so is the cancellation", async || news(&seeker).await["unseen"] == 2).await;
    assert!(news(&seeker).await["next"].is_null());
    let page = seeker.web.page("/me/notices").await;
    assert!(page.contains("面试已取消") && page.contains("data-bell"), "{page}");
    let seen = seeker.web.form("/me/notices/seen", &[("upto", &(NOON + 1).to_string())]).await;
    assert_eq!((seen.status().as_u16(), &news(&seeker).await["unseen"]), (303, &json!(1)), "what came after the list was made stays new");
    let title: (String,) = sqlx::query_as("SELECT sealed FROM inbox LIMIT 1").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(!title.0.contains("面试"), "sealed");
    app.clock.advance(5 * DAY);
    app.parts.notify.forget_sent().await.expect("erased");
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM inbox").fetch_one(app.parts.db.read()).await.expect("count");
    assert_eq!(left, 0);
    app.stop().await;
}

#[tokio::test]
async fn two_servers_on_one_database_tell_everybody_once() {
    let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") else {
        eprintln!("skipped: an SQLite file belongs to one server");
        return;
    };
    let gateway = Gateway::open().await;
    let data = tempfile::tempdir().expect("folder");
    let (database, key) = (crate::harness::database_on(&server, data.path()).await, data.path().join("shared.key"));
    let node = async || {
        let folder = tempfile::tempdir().expect("folder");
        let mut config = springbreeze::config::Config::for_tests(folder.path());
        (config.database, config.sms_webhook, config.key_file) = (database.clone(), gateway.url.clone(), key.clone());
        TestApp::start_with(config, folder, springbreeze::clock::Clock::manual(NOON)).await
    };
    let (one, other) = (node().await, node().await);
    let fair = one.fair().await;
    let slots = offer_on(&fair, "2027-02-21", "09:00", "15:00").await;
    for (n, slot) in slots.iter().enumerate() {
        let app = if n % 2 == 0 { &one } else { &other };
        booked(&app.person_by_phone("求职者", &format!("138{n:08}")).await, slot).await;
    }
    until("nothing waits", async || count_notices(&one, "kind = 'booked'").await == 0).await;
    until("all are told", async || count(&one, "channel = 'phone' AND sent_at IS NOT NULL").await == slots.len() as i64).await;
    // Both look at what is due at the same moment.
    one.clock.advance(DAY);
    other.clock.advance(DAY);
    let _ = tokio::join!(one.parts.interviews.deliver_due(), other.parts.interviews.deliver_due());
    until("nothing is due", async || count_notices(&one, &format!("due_at <= {}", NOON + DAY)).await == 0).await;
    until("all that is told is sent", async || count(&one, "channel = 'phone' AND sent_at IS NULL").await == 0).await;
    let mut texts = gateway.texts();
    let sent = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), sent, "nobody was told anything twice");
    one.stop().await;
    other.stop().await;
}
