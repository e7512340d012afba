//! The block list of an employer, and the network of a banned person.

use crate::harness::{Person, TestApp, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::json;
use springbreeze::clock::DAY;
use springbreeze::ids::RoomId;
use springbreeze::rooms::NewRoom;

async fn say(web: &Web, room: RoomId, id: &str) -> StatusCode {
    web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": "您好" })).await.status()
}

async fn lift(by: &Person, path: &str) -> StatusCode {
    by.web.client.delete(by.web.url(path)).send().await.expect("lifted").status()
}

#[tokio::test]
async fn a_blocked_person_is_out_of_all_rooms_of_the_employer_and_of_no_other() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (_, foreign, other) = app.employer(&at.fair, "宁波服装厂").await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let path = format!("/rooms/{room}/blocks");
    let block =
        async |by: &Person, whom: &Person| by.web.json(&path, json!({ "account": whom.account.id, "reason": "骚扰<b>" })).await.status();
    assert_eq!(block(&li, &at.recruiter).await, StatusCode::NOT_FOUND);
    assert_eq!(block(&foreign, &li).await, StatusCode::NOT_FOUND);
    assert_eq!(block(&at.recruiter, &at.organiser).await, StatusCode::FORBIDDEN);
    let in_hall = at.organiser.web.json(&format!("/rooms/{}/blocks", at.hall.id), json!({ "account": li.account.id })).await;
    assert_eq!(in_hall.status(), StatusCode::CONFLICT);
    assert_eq!(block(&at.recruiter, &li).await, StatusCode::CREATED);
    assert_eq!(socket.closed().await, 4403);
    let new =
        NewRoom { fair: at.fair.id, employer: Some(at.employer.id), title_zh: "二号展位".into(), title_en: "Two".into(), position: 2 };
    let later = app.parts.rooms.create(new).await.expect("room").id;
    assert_eq!((say(&li.web, room, "a").await, say(&li.web, later, "b").await), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN));
    assert_eq!((say(&li.web, other.id, "c").await, say(&li.web, at.hall.id, "d").await), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(li.web.status(&format!("/rooms/{room}")).await, 200, "the page stays readable");
    let page = at.recruiter.web.page(&path).await;
    assert!(page.contains("李雷") && page.contains("骚扰&#60;b&#62;") && page.contains("移出黑名单"), "{page}");
    assert_eq!(foreign.web.status(&path).await, 404);

    let bans = format!("/rooms/{later}/bans");
    assert_eq!(at.recruiter.web.json(&bans, json!({ "account": li.account.id, "length": "1h" })).await.status(), StatusCode::CREATED);
    assert_eq!(lift(&at.recruiter, &format!("{path}/{}", li.account.id)).await, StatusCode::NO_CONTENT);
    assert_eq!((say(&li.web, room, "a").await, say(&li.web, later, "b").await), (StatusCode::CREATED, StatusCode::FORBIDDEN));
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    let verbs: Vec<_> = log.iter().rev().map(|e| e.action.as_str()).filter(|a| a.starts_with("chat.")).collect();
    assert_eq!(verbs, ["chat.block", "chat.ban", "chat.unblock"]);
    app.stop().await;
}

#[tokio::test]
async fn after_a_ban_newcomers_of_that_network_are_looked_at_first_and_never_refused() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    let guest = async |name: &str| {
        let web = app.stranger();
        web.form("/guest", &[("name", name)]).await;
        web
    };
    let (regular, bad) = (guest("老王").await, app.seeker("捣乱者").await);
    assert_eq!((say(&regular, room, "r1").await, say(&bad.web, room, "x1").await), (StatusCode::CREATED, StatusCode::CREATED));
    let ban = at.recruiter.web.json(&format!("/rooms/{room}/bans"), json!({ "account": bad.account.id, "length": "forever" })).await;
    assert_eq!(ban.status(), StatusCode::CREATED);
    let fresh = guest("新人").await;
    assert_eq!(say(&fresh, room, "n1").await, StatusCode::ACCEPTED, "held, not refused");
    assert_eq!(say(&regular, room, "r2").await, StatusCode::CREATED, "who has written before is not");
    assert_eq!(say(&fresh, at.hall.id, "n2").await, StatusCode::CREATED, "nor anybody in another room");
    assert_eq!(say(&at.organiser.web, room, "o1").await, StatusCode::CREATED);
    let desk = at.recruiter.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(desk.contains("来自刚有人被请出的网络"));
    let (stored,): (String,) = sqlx::query_as("SELECT network FROM ban_networks").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(!stored.contains("127"), "no address is stored");
    app.clock.advance(DAY);
    assert_eq!(say(&guest("次日").await, room, "m1").await, StatusCode::CREATED, "for a day only");
    let undone = lift(&at.recruiter, &format!("/rooms/{room}/bans/{}", bad.account.id)).await;
    assert_eq!(undone, StatusCode::NO_CONTENT);
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM ban_networks").fetch_one(app.parts.db.read()).await.expect("count");
    assert_eq!(left, 0, "lifting a ban forgets the network");
    app.stop().await;
}

#[tokio::test]
async fn a_new_name_on_the_device_of_a_banned_person_gets_neither_the_stream_nor_the_stage() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    let view = async |web: &Web, room: RoomId| {
        let sdp = web.post(&format!("/rooms/{room}/whep")).header("content-type", "application/sdp").body("v=0\r\n");
        sdp.send().await.expect("answer").status()
    };
    let web = app.stranger();
    web.form("/guest", &[("name", "捣乱者")]).await;
    // The page gives the device its key.
    web.page(&format!("/rooms/{room}")).await;
    assert_eq!(say(&web, room, "x1").await, StatusCode::CREATED);
    let entries = app.parts.live.after(room, 0, 10).await.expect("entries");
    let author = serde_json::to_value(&entries[0]).expect("json")["author"].clone();
    let noted = async || {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM devices").fetch_one(app.parts.db.read()).await.expect("count");
        n == 1
    };
    while !noted().await {
        tokio::task::yield_now().await;
    }
    let open = view(&web, room).await;
    assert_ne!(open, StatusCode::FORBIDDEN, "the offer is no offer, but the door is open");
    let ban = at.recruiter.web.json(&format!("/rooms/{room}/bans"), json!({ "account": author, "length": "1h" })).await;
    assert_eq!(ban.status(), StatusCode::CREATED);
    assert_eq!(view(&web, room).await, StatusCode::FORBIDDEN);
    assert_eq!(web.form("/signout", &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(view(&web, room).await, StatusCode::FORBIDDEN, "nor without any name");
    web.form("/guest", &[("name", "新名字")]).await;
    assert_eq!(view(&web, room).await, StatusCode::FORBIDDEN);
    assert_eq!(view(&web, at.hall.id).await, open, "other rooms are open");
    assert_eq!(view(&app.stranger(), room).await, open, "and so is this one to others");
    app.clock.advance(2 * springbreeze::clock::HOUR);
    assert_eq!(view(&web, room).await, open);
    app.stop().await;
}
