//! What people and programs of ill will send, or of bad luck: it is refused in so many words, costs little and loses nothing.

use crate::harness::{Person, TestApp};
use crate::postings::{content, post};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use springbreeze::applications::CONSENT;
use springbreeze::clock::{Clock, DAY, HOUR};
use springbreeze::postings::{Content, Posting, State};

/// Posts as a program does: the status, and the problem that it must be told.
async fn problem(person: &Person, path: &str, body: Value) -> (StatusCode, Value) {
    let response = person.web.json(path, body).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    (response.status(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_program_is_told_what_is_wrong_with_each_field_and_a_person_gets_the_form_back() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let id = fair.fair.id;
    let long = "长".repeat(5_000);
    let everywhere = [
        (&fair.organiser, "/fairs".to_owned(), "intro_zh"),
        (&fair.organiser, format!("/fairs/{id}/employers"), "about_zh"),
        (&fair.recruiter, format!("/fairs/{id}/postings"), "about_zh"),
        (&fair.recruiter, format!("/employers/{}/slots", fair.employer.id), "date"),
        (&fair.recruiter, "/guest".to_owned(), "name"),
    ];
    for (person, path, field) in &everywhere {
        let (status, problem) = problem(person, path, json!({ *field: long })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(problem["errors"][*field].is_string(), "{path}: {problem}");
    }
    for (person, path, field) in &everywhere[..4] {
        let page = person.web.form(path, &[(*field, &long)]).await;
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.text().await.expect("page").contains(&long), "{path}: what was typed is still there");
    }
    app.stop().await;
}

#[tokio::test]
async fn who_may_not_do_a_thing_does_not_learn_what_is_wrong_with_the_form() {
    let app = TestApp::start().await;
    let seeker = app.seeker("小李").await;
    assert_eq!(problem(&seeker, "/fairs", json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.stranger().json("/fairs", json!({})).await.status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

#[tokio::test]
async fn looking_at_a_sign_in_link_does_not_use_it_up() {
    let app = TestApp::start().await;
    let account = app.seeker("小李").await.account.id;
    let link = app.parts.accounts.sign_in_link(Some(account), 1, DAY).await.expect("link");
    let path = format!("/signin{}", link.split_once("/signin").expect("path").1);
    let web = app.stranger();
    let looked = web.client.head(web.url(&path)).send().await.expect("response");
    assert!(looked.status().is_success() && !looked.headers().contains_key("set-cookie"));
    let guessed = web.get(&path).header("sec-purpose", "prefetch").send().await.expect("response");
    assert_eq!(guessed.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(web.get(&path).send().await.expect("response").status(), StatusCode::SEE_OTHER);
    assert_eq!(app.stranger().status(&path).await, 410, "once");
    app.stop().await;
}

#[tokio::test]
async fn a_way_back_with_a_tab_in_it_leads_nowhere_else() {
    let app = TestApp::start().await;
    let seeker = app.seeker("小李").await;
    let signed_in = seeker.web.get("/signin?next=/%09/evil.example").send().await.expect("response");
    assert_eq!(signed_in.headers()["location"], "/");
    let kept = seeker.web.form("/preferences", &[("back", "/\t/evil.example")]).await;
    assert_eq!(kept.headers()["location"], "/");
    app.stop().await;
}

#[tokio::test]
async fn a_version_that_never_was_is_a_conflict() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let form = crate::postings::form("电焊工");
    for version in ["9223372036854775807", "-9223372036854775808", "0", "2"] {
        let form: Vec<_> = form.iter().copied().chain([("version", version)]).collect();
        let sent = fair.recruiter.web.form(&format!("/postings/{}", posting.id), &form).await;
        assert_eq!(sent.status(), StatusCode::CONFLICT, "{version}");
    }
    app.stop().await;
}

fn apply(posting: &Posting) -> String {
    format!("/postings/{}/apply", posting.id)
}

fn answers() -> Form {
    [("name", "李雷"), ("contact", "13800138000"), ("consent", CONSENT)].into_iter().fold(Form::new(), |form, (n, v)| form.text(n, v))
}

fn pdf() -> Part {
    Part::bytes(b"%PDF-1.4\n%%EOF").file_name("a.pdf")
}

#[tokio::test]
async fn an_application_is_no_way_to_fill_memory_or_disk() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let person = app.seeker("小李").await;
    let large = [("note", "x".repeat(1_000_000))];
    let large = person.web.post(&apply(&posting)).form(&large).send().await.expect("response");
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE, "only files may be large");
    let many = (0..100).fold(answers(), |form, _| form.part("resume", pdf()));
    let many = person.web.post(&apply(&posting)).multipart(many).send().await.expect("response");
    assert_eq!(many.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let blobs = app.data.path().join("blobs");
    assert_eq!(std::fs::read_dir(blobs.join("incoming")).expect("folder").count(), 0);
    let first = person.web.post(&apply(&posting)).header("accept", "application/json").multipart(answers()).send().await.expect("response");
    assert_eq!(first.status(), StatusCode::CREATED);
    app.stop().await;
}

#[tokio::test]
async fn files_that_no_row_names_go_and_all_others_stay() {
    // The age of a file is that of its id, which is of real time.
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(now() + 2 * HOUR)).await;
    let fair = app.fair().await;
    let person = app.seeker("小李").await;
    let mut sent = Vec::new();
    for title in ["电焊工", "操作工"] {
        let valid = Content { valid_until: app.clock.now() + DAY, ..content(title) };
        let posting = post(&app, &fair, valid, State::Live).await;
        let response = person.web.post(&apply(&posting)).header("accept", "text/html").multipart(answers().part("resume", pdf()));
        sent.push(response.send().await.expect("response").headers()["location"].to_str().expect("path").to_owned());
    }
    // One more replaces the remembered resume and is not sent, as the form is wrong; it is what a crash leaves once its row is gone.
    let valid = Content { valid_until: app.clock.now() + DAY, ..content("叉车工") };
    let posting = post(&app, &fair, valid, State::Live).await;
    let wrong = person.web.post(&apply(&posting)).multipart(Form::new().part("resume", pdf())).send().await.expect("response");
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    sqlx::query("UPDATE profiles SET resume_id = ''").execute(app.parts.db.write()).await.expect("updated");
    assert_eq!(app.parts.applications.forget_strays().await.expect("swept"), 1);
    assert_eq!(app.parts.applications.forget_strays().await.expect("swept"), 0);
    for application in sent {
        assert_eq!(person.web.page(&format!("{application}/resume")).await, "%PDF-1.4\n%%EOF");
    }
    app.stop().await;
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the end of time")
}

#[tokio::test]
async fn what_takes_several_rows_is_there_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (rooms, nobody) = (&app.parts.rooms, springbreeze::ids::AccountId::new());
    let count = async |table: &'static str| {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(app.parts.db.read()).await.expect("count").0
    };
    let before = (count("fairs").await, count("employers").await, count("fair_employers").await, count("rooms").await);
    // The last step fails, as if the server had died before it.
    assert!(rooms.open_fair(Default::default(), nobody).await.is_err());
    assert!(rooms.open_booth(fair.fair.id, Default::default(), nobody).await.is_err());
    let after = (count("fairs").await, count("employers").await, count("fair_employers").await, count("rooms").await);
    assert_eq!(before, after);
    app.stop().await;
}
