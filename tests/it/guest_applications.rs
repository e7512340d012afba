//! Applying without an account: by a code that is sent to the phone; whose the application is then; what is refused.

use crate::applications::answers;
use crate::harness::{TestApp, TestFair};
use crate::outbox::{Gateway, start};
use crate::postings::{content, post};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use springbreeze::accounts::Contact;
use springbreeze::postings::{Posting, State};

const PHONE: &str = "13800138000";

async fn setting() -> (TestApp, TestFair, Posting, Gateway) {
    let gateway = Gateway::open().await;
    let app = start(|config| config.sms_webhook.clone_from(&gateway.url)).await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    (app, fair, posting, gateway)
}

/// The code in the newest message.
fn code(gateway: &Gateway) -> String {
    let digits = |text: &String| text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6).map(str::to_owned);
    gateway.texts().iter().rev().find_map(digits).expect("a code")
}

async fn applied(app: &TestApp) -> Vec<(String, String, String)> {
    sqlx::query_as("SELECT account_id, name, resume_name FROM applications ORDER BY created_at")
        .fetch_all(app.parts.db.read())
        .await
        .expect("rows")
}

fn with(code: &str) -> Vec<(&str, &str)> {
    [answers(), vec![("code", code)]].concat()
}

#[tokio::test]
async fn a_stranger_applies_with_a_phone_and_is_known_from_then_on() {
    let (app, fair, posting, gateway) = setting().await;
    let (web, path) = (app.stranger(), format!("/postings/{}/apply", posting.id));
    let form = web.page(&path).await;
    assert!(form.contains("不用注册") && form.contains("下一步验证手机号") && form.contains("/signin?next="), "{form}");
    let file = Part::bytes(&b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"[..]).file_name("简历.pdf");
    let parts = answers().into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value)).part("resume", file);
    let asked = web.post(&path).header("accept", "text/html").multipart(parts).send().await.expect("response");
    assert_eq!(asked.status(), StatusCode::OK);
    assert!(asked.headers()["cache-control"].to_str().expect("text").contains("no-store"));
    let page = asked.text().await.expect("text");
    assert!(page.contains("138****8000") && page.contains("value=\"会电焊\""), "all that was typed is in it: {page}");
    assert!(applied(&app).await.is_empty(), "nothing is sent before the code");
    let wrong = web.form(&format!("{path}/code"), &with("000000")).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.expect("text").contains("验证码不对"));
    let code = code(&gateway);
    let sent = web.form(&format!("{path}/code"), &with(&code)).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let place = sent.headers()["location"].to_str().expect("path").to_owned();
    assert!(web.page(&place).await.contains("投递成功"), "signed in by it");
    let rows = applied(&app).await;
    assert_eq!((rows.len(), rows[0].1.as_str(), rows[0].2.as_str()), (1, "李雷", "简历.pdf"));
    let second = post(&app, &fair, content("钳工"), State::Live).await;
    assert!(web.page(&format!("/postings/{}/apply", second.id)).await.contains("用上次的资料"), "one tap from now on");
    let late = web.form(&format!("{path}/code"), &with(&code)).await;
    assert_eq!(late.headers()["location"], path.as_str(), "a person needs no code");
    assert!(fair.recruiter.web.page(&place).await.contains("简历.pdf"));
    app.stop().await;
}

#[tokio::test]
async fn a_phone_that_is_known_gets_the_application_into_its_owners_account() {
    let (app, _, posting, gateway) = setting().await;
    let owner = app.parts.accounts.create("韩梅梅", false, springbreeze::i18n::Lang::Zh).await.expect("account");
    app.parts.accounts.add_contact(owner.id, &Contact::parse(PHONE).expect("phone")).await.expect("contact");
    let (web, path) = (app.stranger(), format!("/postings/{}/apply", posting.id));
    let file = Part::bytes(&b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"[..]).file_name("新简历.pdf");
    let parts = answers().into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value)).part("resume", file);
    web.post(&path).header("accept", "text/html").multipart(parts).send().await.expect("response");
    let code = code(&gateway);
    // Two devices at once: a code is good for one of them.
    let other = app.stranger();
    let code_path = format!("{path}/code");
    let (first, second) = (with(&code), with(&code));
    let (a, b) = tokio::join!(web.form(&code_path, &first), other.form(&code_path, &second));
    assert!([a.status(), b.status()].contains(&StatusCode::SEE_OTHER));
    assert!([a.status(), b.status()].contains(&StatusCode::UNPROCESSABLE_ENTITY), "{} {}", a.status(), b.status());
    let rows = applied(&app).await;
    assert_eq!((rows.len(), rows[0].0.as_str()), (1, owner.id.to_string().as_str()));
    app.stop().await;
}

#[tokio::test]
async fn what_is_wrong_comes_back_with_all_that_was_typed() {
    let (app, fair, posting, _gateway) = setting().await;
    let (web, path) = (app.stranger(), format!("/postings/{}/apply", posting.id));
    let wrong = web.form(&path, &[("name", "李雷"), ("contact", "123"), ("note", "会电焊")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = wrong.text().await.expect("text");
    assert!(page.contains("value=\"李雷\"") && page.contains("会电焊") && page.contains("id=\"contact-error\""), "{page}");
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(web.form(&path, &answers()).await);
    }
    let last = times.pop().expect("one");
    assert_eq!(last.status(), StatusCode::UNPROCESSABLE_ENTITY, "no codes without end");
    assert!(last.text().await.expect("text").contains("太频繁"));
    assert!(web.page(&path).await.contains("value=\"李雷\""), "found again as it was left");
    let api =
        web.client.post(web.url(&path)).header("accept", "application/json").json(&serde_json::json!({})).send().await.expect("response");
    assert_eq!(api.status(), StatusCode::UNAUTHORIZED, "programs sign in first");
    let ended = post(&app, &fair, content("钳工"), State::Paused).await;
    let closed = web.form(&format!("/postings/{}/apply/code", ended.id), &with("123456")).await;
    assert!([StatusCode::CONFLICT, StatusCode::NOT_FOUND].contains(&closed.status()), "{}", closed.status());
    app.stop().await;
}

#[tokio::test]
async fn a_copy_that_comes_late_neither_doubles_an_application_nor_undoes_that_it_was_withdrawn() {
    let (app, _, posting, _gateway) = setting().await;
    let (person, path) = (app.seeker("小李").await, format!("/postings/{}/apply", posting.id));
    let own = person.account.id.to_string();
    let fields = [answers(), vec![("once", "one"), ("account", &own)]].concat();
    let sent = person.web.form(&path, &fields).await;
    let place = sent.headers()["location"].to_str().expect("path").to_owned();
    person.web.form(&format!("{place}/withdraw"), &[]).await;
    let late = person.web.form(&path, &fields).await;
    assert_eq!(late.headers()["location"], place.as_str());
    assert!(person.web.page(&place).await.contains("已撤回"), "it stays withdrawn");
    let anew = [answers(), vec![("once", "two"), ("account", &own)]].concat();
    person.web.form(&path, &anew).await;
    assert!(!person.web.page(&place).await.contains("class=\"badge badge-muted\">已撤回"), "sent anew on purpose");
    assert_eq!(applied(&app).await.len(), 1);
    let other = app.seeker("小王").await;
    let foreign = other.web.form(&path, &fields).await;
    assert_eq!(foreign.status(), StatusCode::CONFLICT, "not under another's name");
    app.stop().await;
}
