//! Deleting an account: asked for, undone, carried out; what is gone and what stays.

use crate::harness::{Person, TestApp};
use crate::privacy::{documented, names_somebody, scene, schema};
use reqwest::StatusCode;
use springbreeze::accounts::Contact;
use springbreeze::clock::DAY;
use springbreeze::i18n::Lang;
use springbreeze::privacy::retention::CLASSES;

const PHONE: &str = "13800138000";

async fn ask(person: &Person, word: &str) -> reqwest::Response {
    person.web.form("/me/deletion", &[("confirm", word)]).await
}

async fn one(app: &TestApp, sql: &'static str) -> i64 {
    let (n,): (i64,) = sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("count");
    n
}

#[tokio::test]
async fn it_is_asked_for_with_a_word_and_can_be_undone_for_a_week() {
    let app = TestApp::start().await;
    let (fair, person, _) = scene(&app).await;
    let page = person.web.page("/me/deletion").await;
    assert!(page.contains("会删除的") && page.contains("3 年后删除") && page.contains("7 天可以反悔"), "{page}");
    for wrong in ["", "是", "delete me"] {
        let back = ask(&person, wrong).await;
        assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(back.text().await.expect("text").contains("请输入“注销”"));
    }
    let letters = one(&app, "SELECT COUNT(*) FROM outbox").await;
    assert_eq!(ask(&person, " 注销 ").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(ask(&person, "delete").await.status(), StatusCode::SEE_OTHER, "asked twice it is asked once");
    assert_eq!(one(&app, "SELECT COUNT(*) FROM outbox").await, letters + 1, "they are told");
    assert!(person.web.page("/me/deletion").await.contains("您已申请注销"));
    app.clock.advance(6 * DAY);
    assert_eq!(app.parts.privacy.delete_due().await.expect("due"), 0);
    assert_eq!(person.web.form("/me/deletion/cancellations", &[]).await.status(), StatusCode::SEE_OTHER);
    app.clock.advance(2 * DAY);
    assert_eq!(app.parts.privacy.delete_due().await.expect("due"), 0);
    assert!(person.web.page("/me").await.contains("电焊工"));
    assert_eq!(ask(&fair.recruiter, "注销").await.status(), StatusCode::CONFLICT, "not before the roles are given up");
    assert!(fair.recruiter.web.page("/me/deletion").await.contains("请先退出这些角色"));
    assert_eq!(app.stranger().status("/me/deletion").await, 303);
    assert_eq!(app.stranger().form("/me/deletion", &[("confirm", "注销")]).await.status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

/// Where any of some texts stands in the database.
async fn found(app: &TestApp, texts: &[String]) -> Vec<String> {
    let mut places = Vec::new();
    for (table, columns) in schema(app).await {
        if table.starts_with('_') || table.starts_with("sqlite") {
            continue;
        }
        for column in columns {
            for text in texts {
                let sql = format!("SELECT COUNT(*) FROM {table} WHERE CAST({column} AS TEXT) LIKE $1");
                let (n,): (i64,) =
                    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(format!("%{text}%")).fetch_one(app.parts.db.read()).await.expect("count");
                if n > 0 {
                    places.push(format!("{table}.{column}: {text}"));
                }
            }
        }
    }
    places
}

#[tokio::test]
async fn after_it_nothing_leads_to_the_person_and_the_record_goes_after_three_years() {
    let app = TestApp::start().await;
    let (fair, person, path) = scene(&app).await;
    let files = || crate::applications::files(&app);
    assert_eq!(files(), 1);
    let slots = crate::telling::offer_on(&fair, "2027-03-01", "09:00", "10:00").await;
    let interview = crate::interviews::booked(&person, &slots[0]).await;
    let texts = ["李雷", "小李", PHONE, "138****8000", "夫妻房有吗"].map(str::to_owned);
    assert!(found(&app, &texts).await.len() > 4, "they stand in many places");
    ask(&person, "注销").await;
    app.clock.advance(8 * DAY);
    assert_eq!(app.parts.privacy.delete_due().await.expect("due"), 1);
    let (cancelled,): (Option<i64>,) = sqlx::query_as("SELECT cancelled_at FROM interviews WHERE id = $1")
        .bind(&interview)
        .fetch_one(app.parts.db.read())
        .await
        .expect("interview");
    assert!(cancelled.is_some(), "the seat is free again");
    assert_eq!(app.parts.privacy.delete_due().await.expect("due"), 0, "once");

    assert_eq!(person.web.status("/me").await, 303, "signed out");
    let recruiter = app.sign_in(fair.recruiter.account.clone()).await;
    assert_eq!(recruiter.web.status(&path).await, 404);
    assert!(!recruiter.web.page(&format!("/employers/{}/applications", fair.employer.id)).await.contains("李雷"));
    assert!(!recruiter.web.page(&format!("/rooms/{}", fair.booth.id)).await.contains("夫妻房有吗"));
    let phone = Contact::parse(PHONE).expect("phone");
    let again = app.parts.accounts.find_or_invite(&phone, "新人", Lang::Zh).await.expect("account");
    assert_ne!(again.id, person.account.id, "who comes back is somebody new");
    sqlx::query("DELETE FROM contacts WHERE account_id = $1").bind(again.id).execute(app.parts.db.write()).await.expect("and goes");

    let (sealed,): (String,) = sqlx::query_as("SELECT sealed FROM segregated").fetch_one(app.parts.db.read()).await.expect("record");
    let record = app.parts.keys.decrypt(&sealed).expect("own key");
    assert!(record.contains("电焊工") && record.contains("什么时候面试") && record.contains("withdrawn"), "{record}");
    assert!(!record.contains("李雷") && !record.contains(PHONE) && !record.contains("138****"));

    app.clock.advance(61 * DAY);
    app.parts.privacy.delete_due().await.expect("words");
    let mail = format!("{}@example.com", person.account.id);
    assert_eq!(found(&app, &[&texts[..], &[mail]].concat()).await, Vec::<String>::new());

    app.clock.advance(3 * 365 * DAY);
    app.parts.privacy.delete_due().await.expect("records");
    assert_eq!(one(&app, "SELECT COUNT(*) FROM segregated").await, 0);
    app.stop().await;
}

#[tokio::test]
async fn what_becomes_of_each_table_is_written_down() {
    let app = TestApp::start().await;
    let (_, person, _) = scene(&app).await;
    ask(&person, "注销").await;
    app.clock.advance(8 * DAY);
    app.parts.privacy.delete_due().await.expect("due");
    let (schema, fates) = (schema(&app).await, documented("After a deletion"));
    for (table, columns) in &schema {
        let people: Vec<&String> = columns.iter().filter(|column| names_somebody(column)).collect();
        if people.is_empty() {
            continue;
        }
        let fate = fates.get(table).unwrap_or_else(|| panic!("docs/privacy.md does not say what becomes of {table}"));
        if !fate.starts_with("erased") && !fate.starts_with("into the sealed record") {
            continue;
        }
        for column in people {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE CAST({column} AS TEXT) = $1");
            let (n,): (i64,) =
                sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(person.account.id).fetch_one(app.parts.db.read()).await.expect("count");
            assert_eq!(n, 0, "{table}.{column}: {fate}");
        }
    }
    for table in fates.keys() {
        assert!(schema.contains_key(table), "{table} is no table");
    }
    app.stop().await;
}

/// Days and classes of a table of `docs/privacy.md`.
fn periods() -> Vec<(String, i64)> {
    let rows = documented("For how long");
    rows.into_iter().filter_map(|(class, days)| Some((class, days.parse().ok()?))).collect()
}

#[tokio::test]
async fn what_has_been_kept_for_its_time_goes_once_a_day_and_what_has_not_stays() {
    let app = TestApp::start().await;
    let (fair, person, path) = scene(&app).await;
    let guest = app.parts.accounts.create("路过的人", true, Lang::Zh).await.expect("guest");
    sqlx::query("INSERT INTO resume_answers (account_id, sealed, updated_at) VALUES ($1, '', $2)")
        .bind(guest.id)
        .bind(app.clock.now())
        .execute(app.parts.db.write())
        .await
        .expect("never sent");
    person.web.form(&format!("{path}/revocations"), &[]).await;
    let mut documented = periods();
    documented.sort();
    let mut known: Vec<_> = CLASSES.iter().map(|class| (class.name.to_owned(), class.kept / DAY)).collect();
    known.sort();
    assert_eq!(documented, known, "the table of docs/privacy.md");

    app.clock.advance(364 * DAY);
    assert_eq!(app.parts.privacy.retain().await.expect("done"), Some([0, 0, 0, 0, 0, 1]));
    assert_eq!(app.parts.privacy.retain().await.expect("done"), None, "once a day");
    assert_eq!(one(&app, "SELECT COUNT(*) FROM applications WHERE resume_id <> ''").await, 1);
    app.clock.advance(2 * DAY);
    assert_eq!(app.parts.privacy.retain().await.expect("done"), Some([0, 1, 0, 0, 0, 0]));
    assert_eq!(one(&app, "SELECT COUNT(*) FROM applications WHERE resume_id <> '' OR sealed_contact <> ''").await, 0);
    let recruiter = app.sign_in(fair.recruiter.account.clone()).await;
    assert!(recruiter.web.page(&path).await.contains("李雷"), "the application itself stays");
    app.clock.advance(40 * DAY);
    assert_eq!(app.parts.privacy.retain().await.expect("done"), Some([1, 0, 0, 0, 0, 0]));
    assert_eq!(app.parts.accounts.account(guest.id).await.expect("read").expect("there").name, "");
    let lines = one(&app, "SELECT COUNT(*) FROM audit WHERE action <> 'data.retention'").await;
    app.clock.advance((3 * 365 + 1) * DAY);
    let done = app.parts.privacy.retain().await.expect("done").expect("a day");
    assert_eq!((done[2], one(&app, "SELECT COUNT(*) FROM consents").await), (1, 0));
    assert!(done[3] > 0 && lines > 0);
    assert_eq!(one(&app, "SELECT COUNT(*) FROM audit WHERE action = 'data.retention'").await, 1, "the last one; older lines are gone too");
    app.stop().await;
}
