//! What people may know of their data: consents, everything that is kept; and that no table is forgotten.

use crate::applications::{PDF, answers, apply, place, setting, upload};
use crate::harness::{Person, TestApp, TestFair};
use reqwest::StatusCode;
use reqwest::multipart::Part;
use serde_json::Value;
use springbreeze::accounts::Contact;
use springbreeze::db::Dialect;
use std::collections::{BTreeMap, BTreeSet};

const PHONE: &str = "13800138000";

/// Somebody who did a little of everything.
pub(crate) async fn scene(app: &TestApp) -> (TestFair, Person, String) {
    let (fair, posting, person) = setting(app).await;
    app.parts.accounts.add_contact(person.account.id, &Contact::parse(PHONE).expect("phone")).await.expect("contact");
    let path = place(&upload(&person, &posting, Part::bytes(PDF).file_name("李雷的简历.pdf")).await);
    fair.recruiter.web.form(&format!("{path}/contact"), &[]).await;
    person.web.form(&format!("{path}/messages"), &[("text", "什么时候面试"), ("once", "1")]).await;
    let said = serde_json::json!({"client_id": "a", "text": "夫妻房有吗"});
    assert!(person.web.json(&format!("/rooms/{}/messages", fair.booth.id), said).await.status().is_success());
    person.web.form("/me/telling/ways", &[("email", "1")]).await;
    (fair, person, path)
}

async fn data(person: &Person) -> Value {
    let got = person.web.get("/me/data.json").send().await.expect("response");
    assert_eq!((got.status(), got.headers()["cache-control"].as_bytes()), (StatusCode::OK, &b"private, no-store"[..]));
    assert!(got.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    got.json().await.expect("json")
}

#[tokio::test]
async fn everybody_takes_along_what_is_kept_of_them_and_of_nobody_else() {
    let app = TestApp::start().await;
    let (fair, person, path) = scene(&app).await;
    let all = data(&person).await;
    assert_eq!(all["format"], "springbreeze-personal/1");
    let tables = &all["tables"];
    let contacts: BTreeSet<&str> = tables["contacts"].as_array().expect("list").iter().filter_map(|c| c["contact"].as_str()).collect();
    assert!(contacts.contains(PHONE), "in clear for themselves");
    let sent = &tables["applications"][0];
    assert_eq!((&sent["name"], &sent["contact"], &sent["employer"]), (&"李雷".into(), &PHONE.into(), &"杭州电子厂".into()));
    assert_eq!(sent["resume"], format!("{path}/resume"));
    assert_eq!(person.web.get(sent["resume"].as_str().expect("path")).send().await.expect("file").bytes().await.expect("bytes"), PDF);
    assert_eq!(tables["application_messages"][0]["text"], "什么时候面试");
    assert_eq!(tables["application_steps"][0]["status"], "new");
    assert_eq!((&tables["access_log"][0]["who"], &tables["access_log"][0]["action"]), (&"招聘官".into(), &"application.contact".into()));
    assert_eq!(tables["room_events"][0]["text"], "夫妻房有吗");
    assert_eq!(tables["consents"][0]["text_version"], springbreeze::applications::CONSENT);
    assert!(tables["reach_consents"].as_array().is_some_and(|said| !said.is_empty()));
    let page = person.web.page("/me/data").await;
    for shown in [PHONE, "夫妻房有吗", "什么时候面试", "谁查看过我的资料", "李雷的简历.pdf"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("data-field-") && !page.contains("data-table-"), "each field has a name");
    let english = person.web.get("/me/data").header("accept-language", "en").send().await.expect("page").text().await.expect("text");
    assert!(english.contains("Who looked at my data") && !english.contains("data-field-"));

    let other = data(&app.seeker("路人").await).await.to_string();
    assert!(!other.contains(PHONE) && !other.contains("夫妻房") && !other.contains("李雷"));
    let recruiter = data(&fair.recruiter).await.to_string();
    assert!(!recruiter.contains(PHONE) && !recruiter.contains("什么时候面试"), "what applicants sent is theirs");
    for path in ["/me/data", "/me/data.json", "/me/consents"] {
        assert_eq!(app.stranger().status(path).await, 303, "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn consents_are_kept_with_their_words_and_with_their_end() {
    let app = TestApp::start().await;
    let (_, person, path) = scene(&app).await;
    let page = person.web.page("/me/consents").await;
    assert!(page.contains("把联系方式和简历提供给用人单位") && page.contains("杭州电子厂") && page.contains("已同意"), "{page}");
    assert!(page.contains(springbreeze::applications::CONSENT) && page.contains("只用于本次招聘"), "the words themselves");
    assert!(page.contains(&format!("href=\"{path}#grant\"")) && page.contains("用邮件通知我"));
    person.web.form(&format!("{path}/revocations"), &[]).await;
    let page = person.web.page("/me/consents").await;
    assert!(page.contains("已撤回") && !page.contains(&format!("{path}#grant")));
    person.web.form(&format!("{path}/grants"), &[("consent", springbreeze::applications::CONSENT)]).await;
    let (n, ended): (i64, i64) = sqlx::query_as("SELECT COUNT(*), SUM(CASE WHEN withdrawn_at > 0 THEN 1 ELSE 0 END) FROM consents")
        .fetch_one(app.parts.db.read())
        .await
        .expect("counts");
    assert_eq!((n, ended), (2, 1), "given again is another consent, and the first stays as it ended");
    person.web.form(&format!("{path}/withdraw"), &[]).await;
    assert!(!person.web.page("/me/consents").await.contains("已同意</span></div>\n    <p class=\"muted small\">杭州电子厂"));
    assert!(app.seeker("路人").await.web.page("/me/consents").await.contains("还没有记录"));
    app.stop().await;
}

/// The columns of each table.
pub(crate) async fn schema(app: &TestApp) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match app.parts.db.dialect() {
        Dialect::Sqlite => "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(app.parts.db.read()).await.expect("schema");
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in rows {
        tables.entry(table).or_default().insert(column);
    }
    tables
}

/// Whether a column names a person.
pub(crate) fn names_somebody(column: &str) -> bool {
    let role = column.strip_suffix("_id").unwrap_or(column);
    let roles = ["account", "person", "seeker", "author", "recruiter", "reporter", "judge", "host", "assignee", "wanted", "actor"];
    roles.contains(&role) || column.ends_with("_by")
}

/// The tables in the first column of a table of `docs/privacy.md`, with what stands beside them.
pub(crate) fn documented(heading: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/privacy.md")).expect("docs");
    let section = text.split_once(&format!("\n## {heading}\n")).expect("section").1.split("\n## ").next().expect("text").to_owned();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        Some((name, cells.next()?.trim_end_matches(" |").to_owned()))
    };
    section.lines().filter_map(row).collect()
}

#[tokio::test]
async fn no_table_with_something_of_people_is_left_out_of_the_export_without_a_reason() {
    let app = TestApp::start().await;
    let person = app.seeker("小李").await;
    let all = data(&person).await;
    let exported: BTreeSet<String> = all["tables"].as_object().expect("tables").keys().cloned().collect();
    let (schema, excepted) = (schema(&app).await, documented("Not in the export"));
    assert!(schema.len() > 60 && exported.len() > 40, "{} {}", schema.len(), exported.len());
    let of_people = schema.iter().filter(|(_, columns)| columns.iter().any(|c| names_somebody(c))).map(|(table, _)| table);
    let forgotten: Vec<&String> = of_people.filter(|t| !exported.contains(*t) && !excepted.contains_key(*t)).collect();
    assert!(forgotten.is_empty(), "neither exported nor excepted in docs/privacy.md: {forgotten:?}");
    for (table, why) in &excepted {
        assert!(schema.contains_key(table) && !exported.contains(table) && why.len() > 8, "{table}");
    }
    app.stop().await;
}

#[tokio::test]
async fn gathering_everything_is_not_for_free() {
    let app = TestApp::start().await;
    let person = app.seeker("小李").await;
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = person.web.get("/me/data.json").send().await.expect("response").status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    app.stop().await;
}

#[tokio::test]
async fn an_application_and_its_consent_are_there_together() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let (path, fields) = (apply(&posting), answers());
    futures_util::future::join_all((0..6).map(|_| person.web.form(&path, &fields))).await;
    for table in ["applications", "application_grants", "consents"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let (n,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(app.parts.db.read()).await.expect("count");
        assert_eq!(n, 1, "{table}");
    }
    app.stop().await;
}
