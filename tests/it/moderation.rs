//! Moderation: deleting, muting, banning, undoing each; who may; what survives renaming and restarts.

use crate::harness::{TestApp, TestFair};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::MINUTE;
use springbreeze::ids::FairId;
use springbreeze::moderation::FOR_GOOD;

async fn history(app: &TestApp, at: &TestFair) -> Vec<Value> {
    let path = format!("/rooms/{}/messages", at.booth.id);
    let mut history: Value = app.stranger().get(&path).send().await.expect("history").json().await.expect("json");
    history["entries"].take().as_array().expect("entries").clone()
}

#[tokio::test]
async fn a_deleted_message_is_gone_for_everybody_and_can_be_restored() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let seq = socket.say("bad", "骂人的话在小群").await;
    socket.say("good", "几点上班？").await;
    let host = &at.recruiter.web;
    let deleted = host.json(&format!("/rooms/{room}/deletions"), json!({ "seq": seq })).await;
    assert_eq!(deleted.status(), StatusCode::CREATED);
    assert_eq!(socket.wait("deleted").await["target"], seq);
    let all = history(&app, &at).await;
    assert_eq!((all[0]["text"].as_str(), all[0]["deleted"].as_bool()), (Some(""), Some(true)));
    let (mut late, _) = Client::join(&app, room, None, Some(0)).await;
    assert_eq!(late.wait("message").await["text"], "", "nor does a newcomer get it from memory");
    assert!(!app.stranger().page(&format!("/rooms/{room}/chat")).await.contains("小群"));
    assert!(at.organiser.web.page(&format!("/fairs/{}/moderation", at.fair.id)).await.contains("骂人的话在小群"), "the record keeps it");
    assert_eq!(socket.say("bad", "骂人的话在小群").await, seq, "sending again does not bring it back");
    let undone = host.form(&format!("/rooms/{room}/deletions/{seq}/undo"), &[("back", "/")]).await;
    assert_eq!(undone.status(), StatusCode::SEE_OTHER);
    assert_eq!(socket.wait("restored").await["target"], seq);
    assert_eq!(history(&app, &at).await[0]["text"], "骂人的话在小群");
    app.stop().await;
}

#[tokio::test]
async fn all_messages_of_a_person_go_and_come_back_at_once() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    for n in 0..3 {
        socket.say(&format!("s{n}"), "刷屏").await;
    }
    let (mut other, _) = Client::join(&app, room, Some(&han), None).await;
    other.say("ok", "您好").await;
    let path = format!("/rooms/{room}/deletions");
    let deleted = at.organiser.web.json(&path, json!({ "author": li.account.id })).await;
    assert_eq!(deleted.status(), StatusCode::CREATED);
    assert_eq!(other.wait("purged").await["target"], li.account.id.to_string());
    let texts = |all: Vec<Value>| {
        all.iter().filter(|e| e["type"] == "message").map(|e| e["text"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(history(&app, &at).await), ["", "", "", "您好"]);
    let undo = at.organiser.web.client.delete(at.organiser.web.url(&format!("{path}/{}", li.account.id))).send().await.expect("undo");
    assert_eq!(undo.status(), StatusCode::NO_CONTENT);
    assert_eq!(texts(history(&app, &at).await), ["刷屏", "刷屏", "刷屏", "您好"]);
    assert_eq!(at.organiser.web.json(&path, json!({})).await.status(), StatusCode::BAD_REQUEST);
    app.stop().await;
}

#[tokio::test]
async fn a_muted_person_is_told_and_may_write_again_when_it_ends_or_is_undone() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let mutes = format!("/rooms/{room}/mutes");
    let form = [("account", li.account.id.to_string()), ("length", "10m".into()), ("back", format!("/rooms/{room}"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let muted = at.recruiter.web.form(&mutes, &form).await;
    assert_eq!((muted.status().as_u16(), muted.headers()["location"].to_str().ok()), (303, Some(format!("/rooms/{room}").as_str())));
    let told = socket.wait("muted").await;
    assert_eq!((told["target"].as_str(), told["until"].as_i64()), (Some(&*li.account.id.to_string()), Some(app.clock.now() + 10 * MINUTE)));
    socket.send(json!({ "type": "send", "client_id": "m1", "text": "为什么" })).await;
    let refused = socket.wait("error").await;
    assert_eq!((refused["code"].as_str(), refused["until"].as_i64()), (Some("muted"), told["until"].as_i64()));
    let post = li.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": "m1", "text": "为什么" })).await;
    assert_eq!(post.status(), StatusCode::FORBIDDEN);
    let page = li.web.page(&format!("/rooms/{room}/chat")).await;
    assert!(page.contains("您已被禁言，2027-02-20"), "the page says until when");
    app.clock.advance(10 * MINUTE);
    socket.say("m1", "为什么").await;
    let for_good = at.recruiter.web.json(&mutes, json!({ "account": li.account.id, "length": "forever" })).await;
    assert_eq!(for_good.json::<Value>().await.expect("json")["until"], FOR_GOOD);
    let undo = at.recruiter.web.client.delete(at.recruiter.web.url(&format!("{mutes}/{}", li.account.id))).send().await.expect("undo");
    assert_eq!(undo.status(), StatusCode::NO_CONTENT);
    assert_eq!(socket.wait("muted").await["until"], FOR_GOOD);
    assert_eq!(socket.wait("muted").await["until"], 0);
    socket.say("m2", "谢谢").await;
    app.stop().await;
}

#[tokio::test]
async fn a_ban_survives_renaming_a_new_guest_and_a_restart() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (room, web) = (at.booth.id, app.stranger());
    let messages = format!("/rooms/{room}/messages");
    web.form("/guest", &[("name", "捣乱者")]).await;
    let sent = web.json(&messages, json!({ "client_id": "x1", "text": "骗子公司" })).await;
    assert_eq!(sent.status(), StatusCode::CREATED);
    let account = history(&app, &at).await[0]["author"].as_str().expect("author").to_owned();
    let cookies = sent.headers().get_all("set-cookie").iter().map(|v| v.to_str().expect("text").to_owned()).collect::<Vec<_>>();
    let device = cookies.iter().find(|c| c.starts_with("sb_device=")).and_then(|c| c.split(';').next()).expect("device key").to_owned();
    let guest = app.parts.accounts.account(account.parse().expect("id")).await.expect("read").expect("account");
    let token = app.parts.accounts.open_session(&guest).await.expect("session");
    let mut socket = Client::open(app.app.addr, room, Some(&token)).await.expect("socket");
    socket.send(json!({ "type": "hello" })).await;
    socket.wait("welcome").await;
    let ban = at.recruiter.web.json(&format!("/rooms/{room}/bans"), json!({ "account": account, "length": "1h", "reason": "辱骂" })).await;
    assert_eq!(ban.status(), StatusCode::CREATED);
    assert_eq!(socket.wait("banned").await["target"], account, "the last word reaches the person");
    assert_eq!(socket.closed().await, 4403);

    let refused = async |client_id: &str| web.json(&messages, json!({ "client_id": client_id, "text": "又来了" })).await.status();
    assert_eq!(refused("x2").await, StatusCode::FORBIDDEN);
    web.form("/guest", &[("name", "好人")]).await;
    assert_eq!(refused("x3").await, StatusCode::FORBIDDEN, "renamed");
    web.form("/signout", &[]).await;
    web.form("/guest", &[("name", "新人")]).await;
    assert_eq!(refused("x4").await, StatusCode::FORBIDDEN, "a new guest on the same device");
    let again = [("cookie", device.clone())];
    let mut socket = Client::open_with(app.app.addr, room, &again, None).await.expect("socket");
    socket.send(json!({ "type": "hello" })).await;
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(web.status(&format!("/rooms/{room}/chat")).await, 200, "the page stays readable");
    let elsewhere = web.json(&format!("/rooms/{}/messages", at.hall.id), json!({ "client_id": "x5", "text": "你好" })).await;
    assert_eq!(elsewhere.status(), StatusCode::CREATED, "a ban is of one room");

    let clock = app.clock.clone();
    let data = app.stop().await;
    let app = TestApp::start_in(data, clock).await;
    let mut socket = Client::open_with(app.app.addr, room, &again, None).await.expect("socket");
    socket.send(json!({ "type": "hello" })).await;
    assert_eq!(socket.closed().await, 4403, "after a restart");
    let undo =
        app.stranger().client.delete(format!("http://{}/rooms/{room}/bans/{account}", app.app.addr)).bearer_auth(&at.recruiter.token);
    assert_eq!(undo.send().await.expect("undo").status(), StatusCode::NO_CONTENT);
    let mut socket = Client::open_with(app.app.addr, room, &again, None).await.expect("socket");
    socket.send(json!({ "type": "hello" })).await;
    socket.wait("welcome").await;
    app.stop().await;
}

#[tokio::test]
async fn only_who_ranks_higher_may_moderate() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (_, foreign, _) = app.employer(&at.fair, "宁波服装厂").await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut organiser, _) = Client::join(&app, room, Some(&at.organiser), None).await;
    let seq = organiser.say("o1", "请文明发言").await;
    let mutes = format!("/rooms/{room}/mutes");
    let mute = async |by: &crate::harness::Person, whom: String| by.web.json(&mutes, json!({ "account": whom })).await.status().as_u16();
    let (host_id, organiser_id) = (at.recruiter.account.id.to_string(), at.organiser.account.id.to_string());
    assert_eq!(mute(&li, host_id.clone()).await, 404, "a visitor sees no such thing");
    assert_eq!(mute(&foreign, li.account.id.to_string()).await, 404, "nor does a host of another room");
    assert_eq!(mute(&at.recruiter, organiser_id.clone()).await, 403, "a host cannot moderate organisers");
    assert_eq!(mute(&at.recruiter, host_id.clone()).await, 403, "nor itself");
    assert_eq!(mute(&at.organiser, organiser_id).await, 403);
    assert_eq!(mute(&at.organiser, host_id).await, 201);
    assert_eq!(mute(&at.recruiter, springbreeze::ids::AccountId::new().to_string()).await, 404);
    assert_eq!(mute(&at.recruiter, "'; DROP TABLE sanctions".into()).await, 400);
    let deletion = at.recruiter.web.json(&format!("/rooms/{room}/deletions"), json!({ "seq": seq })).await;
    assert_eq!(deletion.status(), StatusCode::FORBIDDEN);
    for path in [format!("/fairs/{}/moderation", at.fair.id), format!("/rooms/{room}/moderation/{seq}")] {
        assert_eq!(li.web.status(&path).await, 404);
        assert_eq!(at.organiser.web.status(&path).await, 200);
    }
    app.stop().await;
}

#[tokio::test]
async fn the_organisers_page_lists_what_holds_with_undo_and_the_log() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李<b>雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let seq = socket.say("m1", "刷屏广告").await;
    let person = at.recruiter.web.page(&format!("/rooms/{room}/moderation/{seq}")).await;
    assert!(person.contains("name=\"length\" value=\"1h\"") && person.contains("刷屏广告"));
    let id = li.account.id.to_string();
    let form = [("account", id.as_str()), ("length", "forever"), ("reason", "广告<script>")];
    assert_eq!(at.recruiter.web.form(&format!("/rooms/{room}/mutes"), &form).await.status(), StatusCode::SEE_OTHER);
    let path = format!("/fairs/{}/moderation", at.fair.id);
    let page = at.organiser.web.page(&path).await;
    let undo = format!("/rooms/{room}/mutes/{id}/undo");
    assert!(page.contains(&undo) && page.contains("招聘官") && !page.contains("<script>广") && !page.contains("李<b>"), "{page}");
    let undone = at.organiser.web.form(&undo, &[("back", path.as_str())]).await;
    assert_eq!(undone.headers()["location"].to_str().ok(), Some(path.as_str()));
    assert!(!at.organiser.web.page(&path).await.contains(&undo));
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    let verbs: Vec<_> = log.iter().map(|e| e.action.as_str()).filter(|a| a.starts_with("chat.")).collect();
    assert_eq!(verbs, ["chat.unmute", "chat.mute"]);
    app.stop().await;
}

#[tokio::test]
async fn a_block_list_is_kept_by_recruiters_alone_and_never_names_staff() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let path = format!("/rooms/{room}/blocks");
    let block = async |by: &crate::harness::Person, whom: &crate::harness::Person| {
        by.web.json(&path, json!({ "account": whom.account.id })).await.status()
    };
    assert_eq!(block(&at.organiser, &li).await, StatusCode::NOT_FOUND, "it would hold at the fairs of others");
    assert_eq!(at.organiser.web.status(&path).await, 404);
    let mode = format!("/rooms/{room}/mode");
    assert!(!at.organiser.web.page(&mode).await.contains(&path) && at.recruiter.web.page(&mode).await.contains(&path));
    let colleague = app.person("同事", Grant::Recruiter(at.employer.id)).await;
    let (_, foreign, _) = app.employer(&at.fair, "宁波服装厂").await;
    let elsewhere = app.person("别处的组织者", Grant::Organiser(FairId::new())).await;
    for staff in [&colleague, &foreign, &elsewhere, &at.recruiter, &at.organiser] {
        assert_eq!(block(&at.recruiter, staff).await, StatusCode::FORBIDDEN, "{}", staff.account.name);
    }
    assert_eq!(block(&at.recruiter, &li).await, StatusCode::CREATED);
    let undo = format!("{path}/{}/undo", li.account.id);
    assert_eq!(at.organiser.web.form(&undo, &[("back", "/")]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(at.recruiter.web.form(&undo, &[("back", "/")]).await.status(), StatusCode::SEE_OTHER);
    app.stop().await;
}
