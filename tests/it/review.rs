//! The review of messages: what is held and told to nobody, reports, decisions and undoing them, the word list, who may do what.

use crate::harness::{Person, TestApp, TestFair};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Viewer;
use springbreeze::i18n::Lang;
use springbreeze::ids::{AccountId, RoomId};
use springbreeze::live::Event;
use springbreeze::moderation::Decision;

async fn history(app: &TestApp, at: &TestFair) -> Vec<Value> {
    let path = format!("/rooms/{}/messages", at.booth.id);
    let mut history: Value = app.stranger().get(&path).send().await.expect("history").json().await.expect("json");
    history["entries"].take().as_array().expect("entries").clone()
}

/// What of a person's is held in the booth, as (client id, state).
async fn held(at: &TestFair, person: &Person) -> Vec<(String, String)> {
    let path = format!("/rooms/{}/messages?limit=1", at.booth.id);
    let history: Value = person.web.get(&path).send().await.expect("history").json().await.expect("json");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    history["held"].as_array().expect("held").iter().map(|h| (text(&h["client_id"]), text(&h["state"]))).collect()
}

/// The cases on a person's desk, as they stand on the page.
async fn cases(at: &TestFair, person: &Person) -> Vec<String> {
    let page = person.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    page.split("data-case=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

async fn decide(by: &Person, case: &str, decision: &str) -> StatusCode {
    by.web.json(&format!("/reviews/{case}/decisions"), json!({ "decision": decision, "reason": "看过了" })).await.status()
}

/// Lets messages of an author wait in a room, and answers their cases.
async fn hold(app: &TestApp, at: &TestFair, room: RoomId, author: AccountId, why: &'static str, ids: &[&str]) -> Vec<Event> {
    let viewer = viewer(app, &at.organiser).await;
    let door = app.parts.rooms.door(&viewer, room).await.expect("room");
    let mut events = Vec::new();
    for id in ids {
        let event = Event::message(author, "李雷", "", &format!("押金 {id}"), id);
        assert!(app.parts.moderation.hold(&door, &event, &[why]).await.expect("held"));
        events.push(event);
    }
    events
}

async fn viewer(app: &TestApp, person: &Person) -> Viewer {
    app.parts.accounts.viewer_by_token(&person.token).await.expect("viewer")
}

async fn undo(by: &Person, case: &str) -> StatusCode {
    by.web.client.delete(by.web.url(&format!("/reviews/{case}/decisions"))).send().await.expect("undo").status()
}

#[tokio::test]
async fn a_held_message_is_told_to_nobody_until_it_is_let_through_and_leaves_no_hole() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut other, _) = Client::join(&app, room, None, None).await;
    assert_eq!(socket.say("a", "几点上班？").await, 1);
    for _ in 0..2 {
        socket.send(json!({ "type": "send", "client_id": "b", "text": "入职要交押金200元" })).await;
        let ack = socket.wait("ack").await;
        assert_eq!((ack["client_id"].as_str(), ack["held"].as_bool(), &ack["seq"]), (Some("b"), Some(true), &Value::Null));
    }
    let posted = li.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": "b", "text": "入职要交押金200元" })).await;
    assert_eq!(posted.status(), StatusCode::ACCEPTED, "sent again it is the same held message");
    assert_eq!(socket.say("c", "包吃住吗？").await, 2, "the sequence goes on without a hole");
    assert_eq!(
        (other.wait("message").await["client_id"].as_str(), other.wait("message").await["client_id"].as_str()),
        (Some("a"), Some("c"))
    );
    assert_eq!(history(&app, &at).await.len(), 2);
    assert_eq!(held(&at, &li).await, [("b".to_owned(), "waiting".to_owned())]);
    let page = li.web.page(&format!("/rooms/{room}/chat")).await;
    assert!(page.contains("押金200") && page.contains("data-state=\"held\""), "the author sees it waiting");
    assert!(!app.stranger().page(&format!("/rooms/{room}/chat")).await.contains("押金200"));

    let data = app.stop().await;
    let app = TestApp::start_in(data, springbreeze::clock::Clock::manual(crate::harness::NOON)).await;
    let (organiser, recruiter) = (app.sign_in(at.organiser.account.clone()).await, app.sign_in(at.recruiter.account.clone()).await);
    let (at, li) = (TestFair { organiser, recruiter, ..at }, app.sign_in(li.account.clone()).await);
    let (mut other, _) = Client::join(&app, room, None, None).await;
    let waiting = cases(&at, &at.recruiter).await;
    assert_eq!(waiting.len(), 1, "it survives a restart, once");
    assert_eq!(decide(&at.recruiter, &waiting[0], "approve").await, StatusCode::CREATED);
    let entry = other.wait("message").await;
    assert_eq!((entry["seq"].as_i64(), entry["text"].as_str(), entry["name"].as_str()), (Some(3), Some("入职要交押金200元"), Some("李雷")));
    assert_eq!(decide(&at.organiser, &waiting[0], "delete").await, StatusCode::CONFLICT, "the second moderator is told");
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    assert_eq!(socket.say("b", "入职要交押金200元").await, 3, "a lost acknowledgement is answered with its number");
    assert_eq!(undo(&at.recruiter, &waiting[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(other.wait("deleted").await["target"], 3);
    assert_eq!(decide(&at.recruiter, &waiting[0], "approve").await, StatusCode::CREATED);
    assert_eq!(other.wait("restored").await["target"], 3, "let through again it is in its old place");
    app.stop().await;
}

#[tokio::test]
async fn a_rejected_message_stays_away_and_its_author_is_told() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    socket.send(json!({ "type": "send", "client_id": "x", "text": "加微信 hr20277 日结" })).await;
    assert_eq!(socket.wait("ack").await["held"], true);
    let case = cases(&at, &at.organiser).await.remove(0);
    let form = [("decision", "mute"), ("reason", "引流<b>"), ("back", "/fairs")];
    let done = at.organiser.web.form(&format!("/reviews/{case}/decisions"), &form).await;
    assert_eq!((done.status().as_u16(), done.headers()["location"].to_str().ok()), (303, Some("/fairs")));
    assert_eq!(socket.wait("rejected").await["client_id"], "x");
    assert_eq!(socket.wait("muted").await["target"], li.account.id.to_string());
    assert_eq!(held(&at, &li).await, [("x".to_owned(), "rejected".to_owned())]);
    socket.send(json!({ "type": "send", "client_id": "x", "text": "加微信 hr20277 日结" })).await;
    assert_eq!(socket.wait("error").await["code"], "rejected");
    assert!(history(&app, &at).await.iter().all(|e| e["type"] != "message"));
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    let lines: Vec<_> = log.iter().filter(|e| e.action.starts_with("chat.")).map(|e| (e.action.as_str(), e.reason.as_str())).collect();
    assert_eq!(lines, [("chat.mute", "引流<b>"), ("chat.case-mute", "引流<b>")]);
    assert_eq!(undo(&at.organiser, &case).await, StatusCode::NO_CONTENT);
    assert_eq!(socket.wait("muted").await["until"], 0);
    assert_eq!(cases(&at, &at.organiser).await, [case], "it waits again");
    let page = at.organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(page.contains("引导到站外联系") && page.contains("前后的消息"));
    app.stop().await;
}

#[tokio::test]
async fn hosts_see_only_what_visitors_wrote_in_their_rooms_and_nobody_judges_their_own() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (_, foreign, _) = app.employer(&at.fair, "宁波服装厂").await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let messages = format!("/rooms/{room}/messages");
    let say = async |who: &Person, id: &str, text: &str| who.web.json(&messages, json!({ "client_id": id, "text": text })).await.status();
    assert_eq!(say(&at.recruiter, "h1", "办入职先交300元").await, StatusCode::ACCEPTED, "hosts are held as well");
    assert_eq!(say(&at.organiser, "o1", "谁收押金200元就举报谁").await, StatusCode::CREATED, "organisers are not");
    assert_eq!(cases(&at, &at.organiser).await.len(), 1);
    assert!(cases(&at, &at.recruiter).await.is_empty(), "a host does not see its own");
    let case = cases(&at, &at.organiser).await.remove(0);
    assert_eq!(decide(&at.recruiter, &case, "approve").await, StatusCode::FORBIDDEN);
    assert_eq!(decide(&foreign, &case, "approve").await, StatusCode::NOT_FOUND);
    assert_eq!(decide(&li, &case, "approve").await, StatusCode::NOT_FOUND);
    assert_eq!(say(&li, "l1", "加微信吧").await, StatusCode::ACCEPTED);
    assert_eq!(cases(&at, &at.recruiter).await.len(), 1);
    assert!(cases(&at, &foreign).await.is_empty());
    assert_eq!(li.web.status(&format!("/fairs/{}/review/messages", at.fair.id)).await, 404);
    assert_eq!(decide(&at.organiser, &case, "delete").await, StatusCode::CREATED);
    app.stop().await;
}

#[tokio::test]
async fn reports_gather_on_one_case_and_a_kept_message_stays() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let seq = socket.say("r", "你们都是猪").await;
    let reports = format!("/rooms/{room}/reports");
    let report = async |who: &Person, seq: i64, why: &str| who.web.json(&reports, json!({ "seq": seq, "reason": why })).await;
    assert_eq!(report(&han, seq, "abuse").await.json::<Value>().await.expect("json")["new"], true);
    assert_eq!(report(&han, seq, "advert").await.json::<Value>().await.expect("json")["new"], false, "once a person");
    assert_eq!(report(&at.recruiter, seq, "abuse").await.status(), StatusCode::CREATED);
    assert_eq!(report(&li, seq, "other").await.status(), StatusCode::CONFLICT, "not one's own");
    assert_eq!(report(&han, 99, "other").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(report(&han, seq, "x").await.status(), StatusCode::BAD_REQUEST);
    let nobody = app.stranger().json(&reports, json!({ "seq": seq, "reason": "abuse" })).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let form = han.web.page(&format!("{reports}/{seq}")).await;
    assert!(form.contains("你们都是猪") && form.contains("value=\"fraud\""));
    let page = at.organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(page.contains("2 人举报") && page.contains("1 条待审核"), "{page}");
    let case = cases(&at, &at.organiser).await.remove(0);
    assert_eq!(decide(&at.recruiter, &case, "delete").await, StatusCode::CREATED);
    assert_eq!(socket.wait("deleted").await["target"], seq);
    assert_eq!(undo(&at.recruiter, &case).await, StatusCode::NO_CONTENT);
    assert_eq!(socket.wait("restored").await["target"], seq);
    app.clock.advance(7_000);
    assert_eq!(decide(&at.organiser, &case, "approve").await, StatusCode::CREATED);
    let again = report(&han, seq, "abuse").await;
    assert_eq!(again.status(), StatusCode::CREATED);
    let page = at.organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(page.contains("0 条待审核") && page.contains("7 秒"), "what was kept does not come back, and the figures tell: {page}");
    let mut last = StatusCode::CREATED;
    for _ in 0..8 {
        last = report(&han, seq, "abuse").await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    app.stop().await;
}

#[tokio::test]
async fn a_listed_word_holds_or_refuses_and_the_box_says_which() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let words = format!("/fairs/{}/words", at.fair.id);
    assert_eq!(li.web.status(&words).await, 404);
    assert_eq!(at.recruiter.web.status(&words).await, 404);
    for (word, action) in [("传销", "refuse"), ("内部价", "hold"), ("<b>", "hold")] {
        let added = at.organiser.web.form(&words, &[("word", word), ("action", action)]).await;
        assert_eq!(added.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(at.organiser.web.json(&words, json!({ "word": "。。" })).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let say = async |id: &str, text: &str| li.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": text })).await;
    assert_eq!(say("a", "是不是传.销").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(say("b", "有内 部 价").await.status(), StatusCode::ACCEPTED);
    assert_eq!(say("c", "上传，销售岗").await.status(), StatusCode::CREATED);
    let page = at.organiser.web.page(&words).await;
    assert!(page.contains("传销") && page.contains("&#60;b&#62;") && !page.contains("<b>"), "{page}");
    let tried = async |text: &str| at.organiser.web.page(&format!("{words}?try={text}")).await;
    assert!(
        tried("传销").await.contains("会被拒发")
            && tried("先交300元").await.contains("向求职者收费")
            && tried("您好").await.contains("会直接发出")
    );
    assert!(tried("电话13812341234").await.contains("138****1234"));
    let gone = at.organiser.web.form(&format!("{words}/removals"), &[("word", "传销")]).await;
    assert_eq!(gone.status(), StatusCode::SEE_OTHER);
    assert_eq!(say("a", "是不是传.销").await.status(), StatusCode::CREATED);
    app.stop().await;
}

#[tokio::test]
async fn numbers_of_visitors_are_covered_before_anything_is_stored() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let messages = format!("/rooms/{room}/messages");
    let say = async |who: &Person, id: &str, text: &str| {
        assert_eq!(who.web.json(&messages, json!({ "client_id": id, "text": text })).await.status(), StatusCode::CREATED);
    };
    say(&li, "a", "我的电话138 1234 1234，身份证11010519491231002X").await;
    say(&at.recruiter, "b", "招聘热线13812341234").await;
    let all = history(&app, &at).await;
    assert_eq!(all[0]["text"], "我的电话138 **** 1234，身份证110*************2X");
    assert_eq!(all[1]["text"], "招聘热线13812341234", "a host may name the number of the firm");
    app.stop().await;
}

#[tokio::test]
async fn a_flood_of_held_messages_ends() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let door = app
        .parts
        .rooms
        .door(&app.parts.accounts.viewer_by_token(&at.recruiter.token).await.expect("viewer"), at.booth.id)
        .await
        .expect("room");
    let event = |n: usize| Event::message(at.recruiter.account.id, "招聘官", "host", "押金", &format!("f{n}"));
    for n in 0..10 {
        assert!(app.parts.moderation.hold(&door, &event(n), &["deposit"]).await.expect("held"));
    }
    assert!(!app.parts.moderation.hold(&door, &event(10), &["deposit"]).await.expect("refused"));
    app.stop().await;
}

#[tokio::test]
async fn an_organiser_looks_on_without_being_counted_and_nobody_else_does() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    let look = async |who: &Person| {
        let mut socket = Client::open(app.app.addr, room, Some(&who.token)).await.expect("socket");
        socket.send(json!({ "type": "hello", "shadow": true })).await;
        socket.wait("welcome").await;
        socket
    };
    let mut shadow = look(&at.organiser).await;
    let now = app.parts.live.snapshot(room);
    assert_eq!((now.people, now.staffed), (0, false));
    let li = app.seeker("李雷").await;
    let mut counted = look(&li).await;
    assert_eq!(app.parts.live.snapshot(room).people, 1, "a visitor is counted whatever it asks for");
    counted.say("a", "有人吗？").await;
    assert_eq!(shadow.wait("message").await["text"], "有人吗？");
    let page = format!("/rooms/{room}/chat?shadow");
    assert!(at.organiser.web.page(&page).await.contains("data-shadow") && !li.web.page(&page).await.contains("data-shadow"));
    app.stop().await;
}

#[tokio::test]
async fn moderators_who_decide_at_once_agree_on_what_is_to_be_read() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, moderation) = (app.seeker("李雷").await, &app.parts.moderation);
    let (first, second) = (viewer(&app, &at.organiser).await, viewer(&app, &at.recruiter).await);
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    hold(&app, &at, at.booth.id, li.account.id, "deposit", &ids).await;
    for (n, case) in cases(&at, &at.organiser).await.into_iter().enumerate() {
        let id = case.parse().expect("id");
        let other = if n % 2 == 0 { Decision::Approve } else { Decision::Delete };
        let (one, two) = tokio::join!(moderation.decide(&first, id, Decision::Approve, ""), moderation.decide(&second, id, other, ""));
        let won = one.as_ref().or(two.as_ref()).expect("one of them decides");
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "and the other is told");
        let shown = history(&app, &at).await.iter().any(|e| e["client_id"] == won.once.as_str() && e["deleted"] != true);
        assert_eq!(shown, won.decision == "approve", "{n}: {}", won.decision);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_message_whose_approval_was_cut_off_goes_when_it_is_rejected() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let event = hold(&app, &at, room, li.account.id, "deposit", &["x"]).await.remove(0);
    app.parts.live.append(room, event).await.expect("appended");
    let case = cases(&at, &at.recruiter).await.remove(0);
    let reason = "押".repeat(300);
    let done = at.recruiter.web.json(&format!("/reviews/{case}/decisions"), json!({ "decision": "delete", "reason": reason })).await;
    assert_eq!(done.status(), StatusCode::CREATED);
    let all = history(&app, &at).await;
    assert!(all.iter().filter(|e| e["type"] == "message").all(|e| e["deleted"] == true && e["text"] == ""), "{all:?}");
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    let line = log.iter().find(|e| e.action == "chat.case-delete").expect("line");
    assert_eq!(line.reason.chars().count(), 200, "a reason is bounded");
    app.stop().await;
}

#[tokio::test]
async fn what_was_kept_waits_again_when_somebody_else_reports_it() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut socket, _) = Client::join(&app, room, Some(&li), None).await;
    let seq = socket.say("r", "来我这里做").await;
    let reports = format!("/rooms/{room}/reports");
    let report = async |who: &Person, why: &str| who.web.json(&reports, json!({ "seq": seq, "reason": why })).await.status();
    assert_eq!(report(&han, "advert").await, StatusCode::CREATED);
    let case = cases(&at, &at.organiser).await.remove(0);
    assert_eq!(decide(&at.organiser, &case, "approve").await, StatusCode::CREATED);
    assert_eq!(report(&han, "advert").await, StatusCode::CREATED);
    assert!(cases(&at, &at.organiser).await.is_empty(), "one person is heard once");
    let (a, b, c) = (app.seeker("甲").await, app.seeker("乙").await, app.seeker("丙").await);
    tokio::join!(report(&a, "fraud"), report(&b, "abuse"), report(&c, "privacy"));
    assert_eq!(cases(&at, &at.organiser).await, std::slice::from_ref(&case));
    let page = at.organiser.web.page(&format!("/fairs/{}/review/messages", at.fair.id)).await;
    assert!(["4 人举报", "被举报：欺诈", "被举报：辱骂", "被举报：泄露", "被举报：广告"].iter().all(|t| page.contains(t)), "{page}");
    assert_eq!(decide(&at.organiser, &case, "delete").await, StatusCode::CREATED);
    assert_eq!(socket.wait("deleted").await["target"], seq);
    app.stop().await;
}

#[tokio::test]
async fn what_waits_elsewhere_crowds_nothing_off_a_hosts_desk_and_figures_are_for_organisers() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let li = app.seeker("李雷").await;
    for _ in 0..11 {
        let account = app.parts.accounts.create("刷屏", false, Lang::Zh).await.expect("account").id;
        hold(&app, &at, at.hall.id, account, "deposit", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]).await;
    }
    hold(&app, &at, at.booth.id, li.account.id, "word", &["x", "y"]).await;
    assert_eq!(cases(&at, &at.organiser).await.len(), 100);
    let mine = cases(&at, &at.recruiter).await;
    assert_eq!(mine.len(), 2);
    assert_eq!(decide(&at.recruiter, &mine[0], "delete").await, StatusCode::CREATED);
    for case in cases(&at, &at.organiser).await.iter().take(11) {
        assert_eq!(decide(&at.organiser, case, "delete").await, StatusCode::CREATED);
    }
    let path = format!("/fairs/{}/review/messages", at.fair.id);
    let (host, organiser) = (at.recruiter.web.page(&path).await, at.organiser.web.page(&path).await);
    assert!(host.contains(&format!("/reviews/{}/undo", mine[0])), "what it decided itself is at hand: {host}");
    assert!(!host.contains("id=\"figures\"") && organiser.contains("id=\"figures\""));
    app.stop().await;
}
