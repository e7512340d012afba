//! A new key: everything stays readable, is made anew, and needs the old key no more.

use crate::applications::{PDF, place, setting, upload};
use crate::harness::{Person, TestApp, TestFair};
use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use reqwest::multipart::Part;
use springbreeze::accounts::Contact;
use springbreeze::cli::keys::{KeysCommand, run};
use springbreeze::db::Dialect;
use springbreeze::employers::PaperKind;
use springbreeze::i18n::Lang;
use springbreeze::keys::Keys;
use springbreeze::privacy::sealed;
use std::collections::BTreeSet;

const PHONE: &str = "13800138000";

struct Scene {
    recruiter: springbreeze::accounts::Account,
    seeker: springbreeze::accounts::Account,
    employer: springbreeze::ids::EmployerId,
    application: String,
}

async fn scene(app: &TestApp) -> Scene {
    let (TestFair { recruiter, employer, .. }, posting, person): (TestFair, _, Person) = setting(app).await;
    let phone = Contact::parse(PHONE).expect("phone");
    app.parts.accounts.add_contact(person.account.id, &phone).await.expect("contact");
    let application = place(&upload(&person, &posting, Part::bytes(PDF).file_name("简历.pdf")).await);
    person.web.form(&format!("{application}/messages"), &[("text", "什么时候面试"), ("once", "1")]).await;
    recruiter.web.form(&format!("{application}/notes"), &[("note", "电话里很爽快")]).await;
    let kept = app.parts.employers.keep_paper(employer.id, PaperKind::Licence, PDF.to_vec(), recruiter.account.id).await;
    kept.expect("kept").expect("a paper");
    Scene { recruiter: recruiter.account, seeker: person.account, employer: employer.id, application }
}

/// All that was written can be read, and who wrote it is found by their phone.
async fn assert_all_there(app: &TestApp, it: &Scene) {
    let recruiter = app.sign_in(it.recruiter.clone()).await;
    let contact = recruiter.web.form(&format!("{}/contact", it.application), &[]).await;
    assert!(contact.text().await.expect("text").contains(PHONE));
    let got = recruiter.web.get(&format!("{}/resume", it.application)).send().await.expect("response");
    assert_eq!((got.status(), got.bytes().await.expect("bytes").to_vec()), (StatusCode::OK, PDF.to_vec()));
    let page = recruiter.web.page(&it.application).await;
    assert!(page.contains("什么时候面试") && page.contains("电话里很爽快"));
    let (paper,): (String,) = sqlx::query_as("SELECT blob_id FROM employer_papers").fetch_one(app.parts.db.read()).await.expect("paper");
    assert_eq!(recruiter.web.status(&format!("/employers/{}/papers/{paper}", it.employer)).await, 200);
    let found = app.parts.accounts.find_or_invite(&Contact::parse(PHONE).expect("phone"), "x", Lang::Zh).await.expect("found");
    assert_eq!(found.id, it.seeker.id, "nobody is made a second time");
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM contacts WHERE account_id = $1")
        .bind(it.seeker.id)
        .fetch_one(app.parts.db.read())
        .await
        .expect("count");
    assert_eq!(n, 2);
}

/// On the heap, as unoptimised code makes large frames.
fn restarted(app: TestApp) -> BoxFuture<'static, TestApp> {
    Box::pin(async move {
        let clock = app.clock.clone();
        TestApp::start_in(app.stop().await, clock).await
    })
}

#[tokio::test]
async fn with_a_new_key_everything_stays_is_made_anew_and_the_old_key_can_go() {
    let app = TestApp::start().await;
    let it = Box::pin(scene(&app)).await;
    let config = app.app.config.clone();
    assert!(Box::pin(run(&config, KeysCommand::Drop)).await.expect("one key").contains("one key"));
    Box::pin(run(&config, KeysCommand::Add)).await.expect("added");
    let app = restarted(app).await;
    let newest = Keys::load(&config).expect("keys");
    // The first round of the housekeeping job may be at it already; whoever is second finds nothing left.
    Box::pin(app.parts.privacy.rekey()).await.expect("made anew");
    Box::pin(assert_all_there(&app, &it)).await;
    for column in sealed() {
        assert!(!column.is_stale(&app.parts.db, &format!("{}.", newest.newest_id())).await.expect("read"), "{column:?}");
    }
    assert_eq!(Box::pin(app.parts.privacy.rekey()).await.expect("again"), Default::default());
    assert!(Box::pin(run(&config, KeysCommand::Status)).await.expect("status").contains("keys drop"));
    Box::pin(run(&config, KeysCommand::Drop)).await.expect("dropped");
    let app = restarted(app).await;
    assert!(!app.parts.keys.has_older());
    Box::pin(assert_all_there(&app, &it)).await;
    app.stop().await;
}

#[tokio::test]
async fn an_old_key_stays_while_something_needs_it() {
    let app = TestApp::start().await;
    let it = Box::pin(scene(&app)).await;
    let config = app.app.config.clone();
    Box::pin(run(&config, KeysCommand::Add)).await.expect("added");
    assert!(Box::pin(run(&config, KeysCommand::Drop)).await.is_err(), "no server has been at it");
    // A server with the old key still runs and writes.
    let old = app.parts.keys.encrypt(PHONE);
    let app = restarted(app).await;
    Box::pin(app.parts.privacy.rekey()).await.expect("made anew");
    sqlx::query("UPDATE applications SET sealed_contact = $1").bind(&old).execute(app.parts.db.write()).await.expect("written");
    assert!(Box::pin(run(&config, KeysCommand::Drop)).await.is_err());
    Box::pin(assert_all_there(&app, &it)).await;
    app.stop().await;
}

/// Columns that look like ciphertexts or their hashes and need not be made anew, and why.
const EXCEPTED: [(&str, &str, &str); 4] = [
    ("sign_in_codes", "sealed", "a code lives for ten minutes"),
    ("sign_in_codes", "lookup", "a code lives for ten minutes"),
    ("profiles", "resume_sealed", "a flag; the files are made anew by `rekey_files`"),
    ("applications", "resume_sealed", "a flag; the files are made anew by `rekey_files`"),
];

#[tokio::test]
async fn no_column_of_ciphertexts_or_look_up_hashes_is_forgotten() {
    let app = TestApp::start().await;
    let sql = match app.parts.db.dialect() {
        Dialect::Sqlite => "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let columns: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(app.parts.db.read()).await.expect("schema");
    let known: BTreeSet<(&str, &str)> = sealed()
        .flat_map(|s| std::iter::once((s.table, s.column)).chain(s.lookup.map(|(lookup, _)| (s.table, lookup))))
        .chain(EXCEPTED.map(|(table, column, _)| (table, column)))
        .collect();
    let looks_sealed = |column: &str| column.contains("sealed") || column.contains("lookup") || column == "endpoint_hash";
    let forgotten: Vec<_> = columns.iter().filter(|(t, c)| looks_sealed(c) && !known.contains(&(t.as_str(), c.as_str()))).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    for column in sealed() {
        assert!(columns.iter().any(|(t, c)| (t.as_str(), c.as_str()) == (column.table, column.column)), "{column:?}");
    }
    app.stop().await;
}
