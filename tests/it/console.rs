//! The organiser's desk: from an empty server to a live fair with an employer, by forms alone.

use crate::harness::TestApp;
use springbreeze::accounts::Grant;

const FAIR: &[(&str, &str)] = &[
    ("title_zh", "春风行动 <b>2027</b>"),
    ("title_en", "Spring Breeze 2027"),
    ("zone", "Asia/Shanghai"),
    ("starts_at", "2027-02-19T09:00"),
    ("ends_at", "2027-02-28T17:00"),
];

#[tokio::test]
async fn an_administrator_opens_a_fair_and_admits_an_employer() {
    let app = TestApp::start().await;
    let admin = app.person("管理员", Grant::Admin).await;
    let made = admin.web.form("/fairs", FAIR).await;
    assert_eq!(made.status(), 303);
    let desk = made.headers()["location"].to_str().expect("text").to_owned();
    let page = admin.web.page(&desk).await;
    assert!(page.contains("春风行动 &#60;b&#62;2027"), "what people type is escaped");
    assert!(page.contains("name=\"credit_code\""));
    let fair = desk.trim_end_matches("/console").to_owned();
    assert_eq!(app.stranger().status(&fair.replace("/console", "")).await, 404, "a draft is not for strangers");
    let employer = [
        ("name_zh", "杭州电子厂"),
        ("credit_code", "91440300708461136T"),
        ("recruiter_name", "张丽"),
        ("recruiter_contact", "13900139000"),
    ];
    let wrong: Vec<_> = employer.iter().map(|(k, v)| if *k == "credit_code" { (*k, "123") } else { (*k, *v) }).collect();
    let again = admin.web.form(&format!("{fair}/employers"), &wrong).await;
    assert_eq!(again.status(), 422);
    assert!(again.text().await.expect("text").contains("value=\"杭州电子厂\""), "the form comes back filled in");
    assert_eq!(admin.web.form(&format!("{fair}/employers"), &employer).await.status(), 303);
    assert!(admin.web.page(&desk).await.contains("杭州电子厂"));
    for state in ["open", "live"] {
        assert_eq!(admin.web.form(&format!("{fair}/state"), &[("state", state), ("back", &desk)]).await.status(), 303);
    }
    assert_eq!(admin.web.form(&format!("{fair}/state"), &[("state", "draft")]).await.status(), 409);
    let figures: serde_json::Value =
        admin.web.client.get(admin.web.url(&format!("{fair}/figures.json"))).send().await.expect("answer").json().await.expect("json");
    assert_eq!(figures["rooms"].as_array().expect("rooms").len(), 2, "hall and booth");
    app.stop().await;
}

#[tokio::test]
async fn the_desk_is_not_there_for_anybody_else() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/fairs/{}/console", fair.fair.id);
    let seeker = app.seeker("李雷").await;
    for person in [&seeker, &fair.recruiter] {
        assert_eq!(person.web.status(&path).await, 404);
        assert_eq!(person.web.status("/fairs/new").await, 404);
        assert_eq!(person.web.form("/fairs", FAIR).await.status(), 404);
        assert_eq!(person.web.form(&format!("/fairs/{}/state", fair.fair.id), &[("state", "closed")]).await.status(), 404);
    }
    assert_eq!(app.stranger().status(&path).await, 303, "a stranger is asked to sign in");
    assert_eq!(fair.organiser.web.status(&path).await, 200);
    app.stop().await;
}
