//! The lobby: what it lists, how it filters, and the JSON by which it stays true.

use crate::harness::TestApp;
use reqwest::StatusCode;

#[tokio::test]
async fn the_lobby_lists_rooms_with_their_status_and_filters_them() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let path = format!("/fairs/{}", at.fair.id);
    let page = app.stranger().page(&path).await;
    assert!(page.contains("杭州电子厂") && page.contains(&format!("/rooms/{}", at.booth.id)));
    assert!(page.contains("data-status=\"message-only\""));
    let found = app.stranger().page(&format!("{path}?q=%E7%94%B5%E5%AD%90")).await;
    assert!(found.contains(&format!("data-room=\"{}\"", at.booth.id)));
    let none = app.stranger().page(&format!("{path}?status=live&q=%3Cscript%3E")).await;
    assert!(!none.contains("data-room=") && !none.contains("<script>"), "nothing is live, and a query is text");
    app.stop().await;
}

#[tokio::test]
async fn rooms_json_follows_the_rooms_and_answers_304_until_they_change() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (path, web) = (format!("/fairs/{}/rooms.json", at.fair.id), app.stranger());
    let first = web.get(&path).send().await.expect("response");
    let tag = first.headers()["etag"].clone();
    let body: serde_json::Value = first.json().await.expect("json");
    assert_eq!(body["rooms"].as_array().expect("rooms").len(), 2);
    assert_eq!(body["rooms"][0]["status"], "message-only");
    let again = web.get(&path).header("if-none-match", &tag).send().await.expect("response");
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let organiser = app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer");
    app.parts.rooms.set_closed(&organiser, at.booth.id, true).await.expect("closed");
    let changed = web.get(&path).header("if-none-match", &tag).send().await.expect("response");
    assert!(changed.text().await.expect("text").contains("\"closed\""));
    app.stop().await;
}

#[tokio::test]
async fn a_draft_has_no_lobby_for_strangers() {
    let app = TestApp::start().await;
    let organiser = app.seeker("组织者").await;
    let fair = app.parts.fairs.create(Default::default(), organiser.account.id).await.expect("fair");
    assert_eq!(app.stranger().status(&format!("/fairs/{}", fair.id)).await, 404);
    assert_eq!(app.stranger().status(&format!("/fairs/{}/rooms.json", fair.id)).await, 404);
    assert_eq!(organiser.web.status(&format!("/fairs/{}", fair.id)).await, 200, "its organisers prepare it there");
    app.stop().await;
}
