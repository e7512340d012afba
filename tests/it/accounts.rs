//! Signing in by code, password and link; guests; what strangers cannot do.

use crate::harness::TestApp;
use reqwest::StatusCode;
use springbreeze::accounts::Contact;
use springbreeze::clock::{DAY, MINUTE};
use springbreeze::i18n::Lang;

#[tokio::test]
async fn the_first_organiser_sets_up_with_a_link_that_works_once() {
    let app = TestApp::start().await;
    let link = app.parts.setup_link().await.expect("link").expect("a fresh server has one");
    let path = link.split_once("/setup/").map(|(_, token)| format!("/setup/{token}")).expect("path");
    let web = app.stranger();
    assert!(web.page(&path).await.contains("name=\"password\""));
    let bad = web.form(&path, &[("name", "王芳"), ("contact", "not a contact"), ("password", "long enough 1")]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text().await.expect("text").contains("value=\"王芳\""), "the form comes back filled in");
    let good = [("name", "王芳"), ("contact", "admin@example.com"), ("password", "long enough 1")];
    assert_eq!(web.form(&path, &good).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(web.form(&path, &good).await.status(), StatusCode::GONE);
    assert!(app.parts.setup_link().await.expect("link").is_none());
    let other = app.stranger();
    let wrong = other.form("/signin/password", &[("contact", "admin@example.com"), ("password", "wrong")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let right = other.form("/signin/password", &[("contact", "Admin@Example.com"), ("password", "long enough 1")]).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
    app.stop().await;
}

#[tokio::test]
async fn a_code_is_good_for_five_guesses_and_ten_minutes() {
    let app = TestApp::start().await;
    let contact = Contact::parse("13800138000").expect("phone");
    app.parts.accounts.send_code(&contact, Lang::Zh).await.expect("sent");
    for _ in 0..5 {
        let guess = app.stranger().form("/signin/code", &[("contact", "13800138000"), ("code", "x")]).await;
        assert_eq!(guess.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let late = app.stranger().form("/signin/code", &[("contact", "13800138000"), ("code", "000000")]).await;
    assert!(late.text().await.expect("text").contains(&Lang::Zh.t("accounts-code-expired")));
    app.parts.accounts.send_code(&contact, Lang::Zh).await.expect("sent");
    app.clock.advance(11 * MINUTE);
    let late = app.stranger().form("/signin/code", &[("contact", "13800138000"), ("code", "000000")]).await;
    assert!(late.text().await.expect("text").contains(&Lang::Zh.t("accounts-code-expired")));
    app.stop().await;
}

#[tokio::test]
async fn a_link_signs_in_as_often_as_it_says_and_not_after_its_time() {
    let app = TestApp::start().await;
    let account = app.parts.accounts.create("李雷", false, Lang::Zh).await.expect("account");
    let link = app.parts.accounts.sign_in_link(Some(account.id), 1, DAY).await.expect("link");
    let path = format!("/signin/link/{}", link.rsplit('/').next().expect("token"));
    assert_eq!(app.stranger().status(&path).await, 303);
    assert_eq!(app.stranger().status(&path).await, 410);
    app.stop().await;
}

#[tokio::test]
async fn a_post_from_another_site_is_refused_and_a_wrong_token_is_401() {
    let app = TestApp::start().await;
    let web = app.stranger();
    let cross = web.post("/signout").header("sec-fetch-site", "cross-site").send().await.expect("response");
    assert_eq!(cross.status(), StatusCode::FORBIDDEN);
    let wrong = web.client.get(web.url("/")).bearer_auth("nonsense").send().await.expect("response");
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.headers()["content-type"], "application/problem+json");
    assert_eq!(web.status("/nothing/here").await, 404);
    app.stop().await;
}
