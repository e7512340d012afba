//! Links by which an invited person comes to one interview without an account.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::interviews::{booked, cancel, offer};
use crate::wish::until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::HOUR;

/// The links in what waits in the outbox for somebody.
async fn links(app: &TestApp, person: &Person) -> Vec<String> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1 ORDER BY created_at, id")
        .bind(person.account.id.to_string())
        .fetch_all(app.parts.db.read())
        .await
        .expect("outbox");
    let texts = rows.iter().map(|row| app.parts.keys.decrypt(&row.0).expect("key"));
    texts
        .filter_map(|text| {
            let at = text.find("/join/")?;
            Some(text[at..].chars().take_while(|c| !c.is_whitespace() && !"\\\"）)".contains(*c)).collect())
        })
        .collect()
}

async fn invited(app: &TestApp) -> (TestFair, Person, String, String) {
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let id = booked(&seeker, &slots[0]).await;
    until("the message is in the outbox", async || !links(app, &seeker).await.is_empty()).await;
    let link = links(app, &seeker).await.remove(0);
    (fair, seeker, id, link)
}

/// Somebody without an account presses the button.
async fn enter(app: &TestApp, link: &str) -> (Web, StatusCode) {
    let web = app.stranger();
    let status = web.form(link, &[]).await.status();
    (web, status)
}

#[tokio::test]
async fn a_link_opens_one_interview_and_nothing_else_and_only_by_its_button() {
    let app = TestApp::start().await;
    let (fair, seeker, id, link) = invited(&app).await;
    let call = format!("/interviews/{id}");
    // Scanners of mail look at it.
    let scanner = app.stranger();
    let seen = scanner.get(&link).send().await.expect("response");
    assert_eq!((seen.status(), seen.headers().get("set-cookie")), (StatusCode::OK, None));
    assert_eq!(seen.headers()["referrer-policy"], "no-referrer");
    assert_eq!(seen.headers()["cache-control"], "no-store");
    assert!(seen.text().await.expect("text").contains("王芳"));
    assert_eq!(scanner.client.head(scanner.url(&link)).send().await.expect("response").status(), StatusCode::OK);
    let (sessions,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM sessions WHERE scope LIKE 'interview:%'").fetch_one(app.parts.db.read()).await.expect("count");
    assert_eq!(sessions, 0);

    let (web, status) = enter(&app, &link).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = web.page(&call).await;
    assert!(page.contains("杭州电子厂") && !page.contains("data-bell") && !page.contains("/me/telling"), "nothing that leads elsewhere");
    assert!(seeker.web.page(&call).await.contains("data-bell"));
    let file = format!("{call}/calendar.ics");
    assert!(page.contains(&file) && web.status(&file).await == 200);
    for elsewhere in ["/me", "/interviews", "/applications"] {
        assert_ne!(web.status(elsewhere).await, 200, "{elsewhere} wants a sign-in");
    }
    app.clock.advance(HOUR);
    let state: Value = web.json(&format!("{call}/presence"), json!({"window": "a"})).await.json().await.expect("json");
    assert_eq!((&state["me"], &state["door"]), (&json!("seeker"), &json!("waits")));
    assert_eq!(fair.recruiter.web.json(&format!("{call}/admissions"), json!({})).await.status(), StatusCode::NO_CONTENT);
    assert!(web.page(&format!("{call}/call")).await.contains("data-in=\"1\""));
    // Used again, as on another phone, it is the same person; whoever is signed in as that person needs no other session.
    assert_eq!(enter(&app, &link).await.1, StatusCode::SEE_OTHER);
    assert_eq!(seeker.web.get(&link).send().await.expect("response").status(), StatusCode::SEE_OTHER);
    app.stop().await;
}

#[tokio::test]
async fn a_token_of_a_link_is_good_below_its_interview_alone() {
    let app = TestApp::start().await;
    let (fair, _, id, link) = invited(&app).await;
    let other = app.seeker("李雷").await;
    let slots = offer_later(&fair).await;
    let foreign = booked(&other, &slots).await;
    let answer = app.stranger().form(&link, &[]).await;
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(
        cookie.contains(&format!("Path=/interviews/{id}")) && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let token = cookie.split(['=', ';']).nth(1).expect("token").to_owned();
    let with = async |path: &str| {
        let web = app.stranger();
        web.get(path).bearer_auth(&token).send().await.expect("response").status().as_u16()
    };
    assert_eq!(with(&format!("/interviews/{id}")).await, 200);
    for path in [
        format!("/interviews/{foreign}"),
        format!("/interviews/{id}x"),
        "/me".into(),
        "/interviews".into(),
        format!("/rooms/{}", fair.booth.id),
    ] {
        assert_eq!(with(&path).await, 401, "{path}");
    }
    app.stop().await;
}

async fn offer_later(fair: &TestFair) -> String {
    let form = [("date", "2027-02-21"), ("from", "10:00"), ("to", "11:00"), ("length", "15"), ("buffer", "0")];
    let answer = fair.recruiter.web.post(&format!("/employers/{}/slots", fair.employer.id)).form(&form).send().await.expect("response");
    crate::interviews::ids(&answer.json().await.expect("json")).remove(0)
}

#[tokio::test]
async fn a_link_that_is_forged_expired_or_revoked_opens_nothing() {
    let app = TestApp::start().await;
    let (fair, seeker, id, link) = invited(&app).await;
    let other = booked(&app.seeker("李雷").await, &offer_later(&fair).await).await;
    let parts: Vec<&str> = link.strip_prefix("/join/").expect("path").split('.').collect();
    let [_, expires, sequence, signature] = parts[..] else { panic!("{link}") };
    let later = expires.parse::<i64>().expect("time") + 1;
    let flipped: String = signature.chars().rev().collect();
    for forged in [
        format!("/join/{id}.{later}.{sequence}.{signature}"),
        format!("/join/{id}.{expires}.1.{signature}"),
        format!("/join/{other}.{expires}.{sequence}.{signature}"),
        format!("/join/{id}.{expires}.{sequence}.{flipped}"),
        format!("/join/{id}.{expires}.{sequence}."),
        "/join/nonsense".into(),
    ] {
        assert_eq!(app.stranger().status(&forged).await, 404, "{forged}");
        assert_eq!(enter(&app, &forged).await.1, StatusCode::NOT_FOUND, "{forged}");
    }
    // A cancellation revokes the link and every session that it opened.
    let (web, _) = enter(&app, &link).await;
    assert_eq!(web.status(&format!("/interviews/{id}")).await, 200);
    assert_eq!(seeker.web.form(&link, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(cancel(&seeker, &id, json!({"reason": "有事"})).await, 200);
    assert_eq!(seeker.web.status(&format!("/interviews/{id}")).await, 200, "whoever is signed in as the person needs no link");
    assert_eq!(app.stranger().status(&link).await, 410);
    assert_eq!(enter(&app, &link).await.1, StatusCode::GONE);
    assert_ne!(web.status(&format!("/interviews/{id}")).await, 200);
    app.stop().await;
}

#[tokio::test]
async fn a_link_is_over_with_its_interview() {
    let app = TestApp::start().await;
    let (_, _, id, link) = invited(&app).await;
    let (web, _) = enter(&app, &link).await;
    app.clock.advance(4 * HOUR);
    assert_eq!(app.stranger().status(&link).await, 410);
    assert_eq!(enter(&app, &link).await.1, StatusCode::GONE, "replayed after the end");
    assert_ne!(web.status(&format!("/interviews/{id}")).await, 200, "and the session has run out");
    app.stop().await;
}
