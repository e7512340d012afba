//! What organisers tell all rooms of a fair.

use crate::harness::{TestApp, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::HOUR;
use springbreeze::rooms::NewRoom;
use std::time::{Duration, Instant};

async fn holding(web: &Web, fair: springbreeze::ids::FairId) -> Vec<String> {
    let now: Value = web.get(&format!("/fairs/{fair}/announcements.json")).send().await.expect("response").json().await.expect("json");
    now["announcements"].as_array().expect("list").iter().map(|one| one["text_zh"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn every_room_hears_an_announcement_at_once_and_who_comes_later_reads_it() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let path = format!("/fairs/{}/announcements", at.fair.id);
    let mut sockets = Vec::new();
    for room in [at.hall.id, at.booth.id] {
        sockets.push(Client::join(&app, room, None, None).await.0);
    }
    let body = json!({ "level": "urgent", "text_zh": "平台临时维护，十点恢复", "text_en": "Maintenance until ten", "ends_at": "2027-02-20T10:00" });
    let made = at.organiser.web.json(&path, body).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let id = made.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned();
    for socket in &mut sockets {
        let told = tokio::time::timeout(Duration::from_secs(1), socket.wait("announcements")).await.expect("within a second");
        assert_eq!(
            (told["announcements"][0]["text_zh"].as_str(), told["announcements"][0]["level"].as_str()),
            (Some("平台临时维护，十点恢复"), Some("urgent"))
        );
        assert!(told["seq"].is_null(), "no entry of the room");
    }
    let stranger = app.stranger();
    for page in [format!("/rooms/{}", at.booth.id), format!("/fairs/{}", at.fair.id), format!("/fairs/{}/rooms.json", at.fair.id)] {
        assert!(stranger.page(&page).await.contains("平台临时维护"), "{page}");
    }
    let english =
        stranger.client.get(stranger.url(&format!("/rooms/{}", at.booth.id))).header("accept", "text/html").header("accept-language", "en");
    assert!(english.send().await.expect("response").text().await.expect("page").contains("Maintenance until ten"));
    assert_eq!(at.organiser.web.json(&path, json!({ "text_zh": "讲座开始了" })).await.status(), StatusCode::CREATED);
    assert_eq!(holding(&stranger, at.fair.id).await, ["讲座开始了", "平台临时维护，十点恢复"], "the newest first");
    assert_eq!(at.organiser.web.json(&format!("{path}/{id}/end"), json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(at.organiser.web.json(&format!("{path}/{id}/end"), json!({})).await.status(), StatusCode::NO_CONTENT, "again is no harm");
    loop {
        let told = sockets[1].wait("announcements").await;
        if told["announcements"].as_array().expect("list").len() == 1 && told["announcements"][0]["text_zh"] == "讲座开始了" {
            break;
        }
    }
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    assert_eq!(log.iter().filter(|e| e.action.starts_with("announcement.")).count(), 3);
    app.stop().await;
}

#[tokio::test]
async fn an_announcement_ends_at_its_time() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let path = format!("/fairs/{}/announcements", at.fair.id);
    for body in [json!({ "text_zh": "到十点", "ends_at": "2027-02-20T10:00" }), json!({ "text_zh": "一直" })] {
        assert_eq!(at.organiser.web.json(&path, body).await.status(), StatusCode::CREATED);
    }
    app.clock.advance(HOUR - 1);
    assert_eq!(holding(&app.stranger(), at.fair.id).await.len(), 2);
    app.clock.advance(1);
    assert_eq!(holding(&app.stranger(), at.fair.id).await, ["一直"]);
    assert!(!app.stranger().page(&format!("/rooms/{}", at.booth.id)).await.contains("到十点"));
    app.stop().await;
}

#[tokio::test]
async fn only_organisers_of_the_fair_announce_and_bad_ones_come_back_filled_in() {
    let app = TestApp::start().await;
    let (at, other) = (app.fair().await, app.fair().await);
    let path = format!("/fairs/{}/announcements", at.fair.id);
    let status = async |web: &Web, body: Value| web.json(&path, body).await.status().as_u16();
    let fine = || json!({ "text_zh": "好" });
    let li = app.seeker("李雷").await;
    for web in [&app.stranger(), &li.web, &at.recruiter.web, &other.organiser.web] {
        assert_eq!(status(web, fine()).await, 404);
        assert_ne!(web.status(&path).await, 200);
    }
    let organiser = &at.organiser.web;
    for body in [
        json!({ "text_en": "hello" }),
        json!({ "text_zh": "字".repeat(301) }),
        json!({ "text_zh": "好", "text_en": "x".repeat(301) }),
        json!({ "text_zh": "好", "ends_at": "2027-02-20T08:59" }),
        json!({ "text_zh": "好", "ends_at": "soon" }),
    ] {
        assert_eq!(status(organiser, body.clone()).await, 422, "{body}");
    }
    assert_eq!(status(organiser, json!({ "text_zh": "好", "level": "shout" })).await, 400);
    let again = organiser.form(&path, &[("text_zh", "通知内容"), ("level", "urgent"), ("ends_at", "2027-02-20T08:00")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = again.text().await.expect("page");
    assert!(page.contains("通知内容") && page.contains("结束时间已经过了"));
    let made = organiser.json(&path, fine()).await.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned();
    let foreign = format!("/fairs/{}/announcements/{made}/end", other.fair.id);
    assert_eq!(other.organiser.web.json(&foreign, json!({})).await.status(), StatusCode::NOT_FOUND, "another fair's");
    for _ in 0..2 {
        assert_eq!(status(organiser, fine()).await, 201);
    }
    assert_eq!(status(organiser, fine()).await, 409, "nobody reads four");
    let flood = futures_util::future::join_all((0..8).map(|_| organiser.json(&path, fine()))).await;
    assert!(flood.iter().any(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS && answer.headers().contains_key("retry-after")));
    app.stop().await;
}

#[tokio::test]
async fn five_hundred_rooms_hear_it_within_a_second_and_no_journal_is_written() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let mut sockets = Vec::new();
    // With hall and booth five hundred.
    for n in 0..498 {
        let new = NewRoom { fair: at.fair.id, employer: None, title_zh: format!("展位{n}"), title_en: String::new(), position: n };
        let room = app.parts.rooms.create(new).await.expect("room");
        let (heard, told) = tokio::sync::mpsc::unbounded_channel();
        let outlet = std::sync::Arc::new(crate::stage::Ear(heard));
        let member = springbreeze::live::Member { account: None, staff: false, desk: false, shadow: false, quiet: false, outlet };
        app.parts.live.join(room.id, member, None).await.expect("joined");
        sockets.push(told);
    }
    let before = Instant::now();
    let made = at.organiser.web.json(&format!("/fairs/{}/announcements", at.fair.id), json!({ "text_zh": "全场注意" })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    for (n, socket) in sockets.iter_mut().enumerate() {
        let heard = tokio::time::timeout(Duration::from_secs(2), async {
            loop {
                let frames = socket.recv().await.expect("open");
                if String::from_utf8_lossy(&frames.entries).contains("全场注意") {
                    return;
                }
            }
        });
        heard.await.unwrap_or_else(|_| panic!("room {n} was not told after {:?}", before.elapsed()));
    }
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    let (entries,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM room_events").fetch_one(app.parts.db.read()).await.expect("entries");
    assert_eq!(entries, 0);
    app.stop().await;
}
