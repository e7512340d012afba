//! A resume from questions: made, sent, changed, seen by its owner and the recruiter alone.

use crate::applications::answers;
use crate::harness::TestApp;
use crate::postings::{content, post};
use reqwest::StatusCode;
use springbreeze::postings::State;

const TOLD: [(&str, &str); 12] = [
    ("name", "李雷"),
    ("wanted", "电焊工"),
    ("pay", "7000"),
    ("from", "now"),
    ("skill", "welder"),
    ("skill", "forklift"),
    ("job_work", "焊货架"),
    ("job_employer", "东莞货架厂"),
    ("job_since", "2022-03"),
    ("job_until", ""),
    ("about", "能吃苦 <script>"),
    ("next", ""),
];

#[tokio::test]
async fn a_resume_is_made_of_answers_and_goes_with_the_next_application() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let (person, path) = (app.seeker("小李").await, format!("/postings/{}/apply", posting.id));
    assert!(person.web.page(&path).await.contains("/me/resume?next=/postings/"), "who has none is shown the way");
    let saved = person.web.form("/me/resume", &[&TOLD[..11], &[("next", path.as_str())]].concat()).await;
    assert_eq!((saved.status(), saved.headers()["location"].to_str().expect("path")), (StatusCode::SEE_OTHER, path.as_str()));
    let form = person.web.page(&path).await;
    assert!(form.contains("李雷的简历.pdf"), "{form}");
    let own = person.web.get("/me/resume/file").send().await.expect("response");
    assert_eq!(own.headers()["content-type"], "application/pdf");
    assert!(own.bytes().await.expect("bytes").starts_with(b"%PDF-1."));
    let sent = person.web.form(&path, &answers()).await;
    let place = sent.headers()["location"].to_str().expect("path").to_owned();
    let got = fair.recruiter.web.get(&format!("{place}/resume")).send().await.expect("response");
    assert_eq!(got.headers()["content-type"], "application/pdf");
    let first = got.bytes().await.expect("bytes");
    let page = person.web.page("/me/resume").await;
    assert!(page.contains("value=\"电焊工\"") && page.contains("value=\"2022-03\"") && page.contains("能吃苦 &#60;script&#62;"), "{page}");
    let changed = [&TOLD[..1], &[("wanted", "钳工")]].concat();
    person.web.form("/me/resume", &changed).await;
    let again = fair.recruiter.web.get(&format!("{place}/resume")).send().await.expect("response").bytes().await.expect("bytes");
    assert_eq!(first, again, "what was sent stays as it was");
    let (sealed,): (String,) = sqlx::query_as("SELECT sealed FROM resume_answers").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(!sealed.contains("钳工") && app.parts.keys.decrypt(&sealed).expect("own key").contains("钳工"));
    person.web.form("/me/profile/forget", &[]).await;
    assert!(!person.web.page("/me/resume").await.contains("钳工"), "forgotten");
    assert_eq!(person.web.get("/me/resume/file").send().await.expect("response").status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn a_stranger_makes_one_too_and_what_is_wrong_comes_back() {
    let app = TestApp::start().await;
    let web = app.stranger();
    let wrong = web
        .form(
            "/me/resume",
            &[("name", ""), ("born", "99"), ("job_work", ""), ("job_employer", "厂"), ("about", "会电焊"), ("next", "//evil.example")],
        )
        .await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = wrong.text().await.expect("text");
    for part in ["id=\"name-error\"", "id=\"born-error\"", "id=\"jobs-error\"", "value=\"厂\"", "会电焊"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let saved = web.form("/me/resume", &[("name", "韩梅梅"), ("next", "//evil.example")]).await;
    assert_eq!(saved.headers()["location"], "/", "never to another site");
    assert!(web.page("/me/resume").await.contains("韩梅梅的简历.pdf"), "known by the device");
    assert_eq!(app.stranger().get("/me/resume/file").send().await.expect("response").status(), StatusCode::SEE_OTHER);
    app.stop().await;
}
