//! What hosts pin above the chat of their room.

use crate::harness::TestApp;
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn a_notice_is_pinned_for_everybody_unpinned_and_brought_back() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, host) = (at.booth.id, &at.recruiter.web);
    let (path, page) = (format!("/rooms/{room}/notice"), format!("/rooms/{room}"));
    let (mut socket, _) = Client::join(&app, room, None, None).await;
    assert_eq!(host.json(&path, json!({ "text": " 今天  下午三点面试 " })).await.status(), StatusCode::CREATED);
    let told = socket.wait("notice").await;
    assert_eq!((told["text"].as_str(), told["name"].as_str()), (Some("今天 下午三点面试"), Some("招聘官")));
    assert!(app.stranger().page(&page).await.contains("今天 下午三点面试"), "who comes later reads it");
    assert!(app.stranger().page(&format!("{page}/chat")).await.contains("今天 下午三点面试"));
    assert_eq!(host.json(&path, json!({ "text": "改到四点" })).await.status(), StatusCode::CREATED);
    let undone: Value = host.json(&format!("{path}/undo"), json!({})).await.json().await.expect("json");
    assert_eq!(undone["notice"]["text"], "今天 下午三点面试");
    assert_eq!(host.form(&format!("{path}/removals"), &[]).await.status(), StatusCode::SEE_OTHER);
    assert!(!app.stranger().page(&page).await.contains("下午三点面试"));
    assert_eq!(host.form(&format!("{path}/undo"), &[]).await.status(), StatusCode::SEE_OTHER);
    let clock = app.clock.clone();
    let app = TestApp::start_in(app.stop().await, clock).await;
    assert!(app.stranger().page(&page).await.contains("今天 下午三点面试"), "also after a restart");
    app.stop().await;
}

#[tokio::test]
async fn only_hosts_pin_and_only_what_everybody_may_read() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let path = format!("/rooms/{room}/notice");
    let status = async |web: &crate::harness::Web, text: &str| web.json(&path, json!({ "text": text })).await.status().as_u16();
    assert_eq!((status(&app.stranger(), "好").await, status(&li.web, "好").await), (401, 404));
    let (_, rival, _) = app.employer(&at.fair, "宁波纺织厂").await;
    assert_eq!(status(&rival.web, "好").await, 404);
    let host = &at.recruiter.web;
    assert_eq!((status(host, " ").await, status(host, &"字".repeat(201)).await), (422, 422));
    assert_eq!(status(host, "入职先交押金300元").await, 422, "nobody looks at it first");
    assert_eq!(status(&at.organiser.web, "凡要求先交押金300元的，都是骗子").await, 201);
    let again = host.form(&path, &[("text", &"长".repeat(201))]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.expect("page").contains(&"长".repeat(201)), "nothing typed is lost");
    assert_eq!(li.web.status(&path).await, 404);
    app.stop().await;
}

#[tokio::test]
async fn what_an_organiser_took_down_a_host_does_not_bring_back_and_a_closed_room_can_be_cleared() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, host) = (at.booth.id, &at.recruiter.web);
    let path = format!("/rooms/{room}/notice");
    let undo = async |web: &crate::harness::Web| web.json(&format!("{path}/undo"), json!({})).await.status().as_u16();
    let pinned = async || app.parts.live.notice(room).await.expect("notice").map(|notice| notice.text);
    let removals = format!("{path}/removals");
    assert_eq!(host.json(&path, json!({ "text": "先到先得" })).await.status(), StatusCode::CREATED);
    assert_eq!(at.organiser.web.json(&removals, json!({})).await.status(), StatusCode::OK);
    assert_eq!((undo(host).await, pinned().await), (403, None));
    assert_eq!((undo(&at.organiser.web).await, pinned().await), (200, Some("先到先得".into())));
    assert_eq!(host.json(&removals, json!({})).await.status(), StatusCode::OK);
    assert_eq!((undo(host).await, pinned().await), (200, Some("先到先得".into())), "what hosts took down they bring back");
    let organiser = app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer");
    app.parts.rooms.set_closed(&organiser, room, true).await.expect("closed");
    assert_eq!(host.json(&path, json!({ "text": "还有名额" })).await.status(), StatusCode::FORBIDDEN);
    assert_eq!((host.json(&removals, json!({})).await.status(), pinned().await), (StatusCode::OK, None));
    app.stop().await;
}

#[tokio::test]
async fn what_an_organiser_pinned_over_a_hosts_notice_the_host_does_not_undo() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, host) = (at.booth.id, &at.recruiter.web);
    let path = format!("/rooms/{room}/notice");
    let undo = async |web: &crate::harness::Web| web.json(&format!("{path}/undo"), json!({})).await.status().as_u16();
    let pin = async |web: &crate::harness::Web, text: &str| web.json(&path, json!({ "text": text })).await.status().as_u16();
    let pinned = async || app.parts.live.notice(room).await.expect("notice").map(|notice| notice.text);
    assert_eq!(pin(&at.organiser.web, "请勿转账").await, 201);
    assert_eq!((undo(host).await, pinned().await), (403, Some("请勿转账".into())), "also where it was the first one");
    assert_eq!((undo(&at.organiser.web).await, pinned().await), (200, None));
    assert_eq!((pin(host, "先到先得").await, pin(&at.organiser.web, "谨防诈骗").await), (201, 201));
    assert_eq!((undo(host).await, pinned().await), (403, Some("谨防诈骗".into())));
    assert_eq!((undo(&at.organiser.web).await, pinned().await), (200, Some("先到先得".into())));
    assert_eq!((pin(host, "还有名额").await, pin(host, "明天再来").await), (201, 201));
    assert_eq!((undo(host).await, pinned().await), (200, Some("还有名额".into())), "their own change they undo");
    app.stop().await;
}
