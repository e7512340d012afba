//! What waits to be sent: by a real gateway for text messages, and by a mail server that shares no code with ours.

mod gateway;
mod killed;
mod killed_bookings;
mod mail;

use crate::harness::{NOON, Person, TestApp, database_on};
use crate::wish::until;
pub(crate) use gateway::Gateway;
pub(crate) use mail::{Sink, free_port};
use springbreeze::accounts::Grant;
use springbreeze::clock::{Clock, DAY, HOUR, MINUTE};
use springbreeze::config::Config;
use springbreeze::notify::{Letter, Notify, drop_topic_in};

/// A server with these settings, on the database that the tests run on.
pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> TestApp {
    let data = tempfile::tempdir().expect("folder");
    let mut config = Config::for_tests(data.path());
    if let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") {
        config.database = database_on(&server, data.path()).await;
    }
    change(&mut config);
    TestApp::start_with(config, data, Clock::manual(NOON)).await
}

async fn start_with_gateway() -> (TestApp, Gateway) {
    let gateway = Gateway::open().await;
    (start(|config| config.sms_webhook.clone_from(&gateway.url)).await, gateway)
}

/// What is said by a text message to somebody.
fn text(notify: &Notify, to: &Person, number: &str, text: &str) -> Letter {
    notify.letter(Some(to.account.id), "phone", number, "", text, None).expect("letter")
}

async fn queue(app: &TestApp, letter: &Letter) {
    app.parts.notify.queue_letter(letter).await.expect("queued");
}

pub(crate) async fn count(app: &TestApp, which: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM outbox WHERE {which}");
    let (n,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_one(app.parts.db.read()).await.expect("count");
    n
}

#[tokio::test]
async fn the_same_message_is_taken_once_however_often_it_is_queued() {
    let (app, gateway) = start_with_gateway().await;
    let (li, notify) = (app.seeker("李雷").await, &app.parts.notify);
    for _ in 0..3 {
        queue(&app, &text(notify, &li, "13800000001", "录用通知").once("interview/1/li/booked/0/phone")).await;
        queue(&app, &text(notify, &li, "13800000001", "没有编号")).await;
    }
    until("all are sent", async || gateway.taken().len() == 4).await;
    assert_eq!(gateway.texts().iter().filter(|text| *text == "录用通知").count(), 1);
    until("all are noted", async || count(&app, "sent_at IS NOT NULL").await == 4).await;
    // After an hour nothing is left of them but the key, by which it is still known.
    assert_eq!(notify.forget_sent().await.expect("looked"), 0);
    app.clock.advance(HOUR + 1);
    assert_eq!(notify.forget_sent().await.expect("erased"), 4);
    assert_eq!((count(&app, "once IS NULL").await, count(&app, "once IS NOT NULL AND sealed = '' AND account_id IS NULL").await), (0, 1));
    queue(&app, &text(notify, &li, "13800000001", "录用通知").once("interview/1/li/booked/0/phone")).await;
    queue(&app, &text(notify, &li, "13800000001", "最后一条")).await;
    until("the last is sent", async || gateway.texts().contains(&"最后一条".to_owned())).await;
    assert_eq!(gateway.taken().len(), 5);
    until("it is noted", async || count(&app, "sent_at IS NULL").await == 0).await;
    app.clock.advance(181 * DAY);
    notify.forget_sent().await.expect("erased");
    assert_eq!(count(&app, "1 = 1").await, 0);
    app.stop().await;
}

#[tokio::test]
async fn what_is_queued_later_about_the_same_waits_for_what_was_queued_before() {
    let (app, gateway) = start_with_gateway().await;
    let (li, mei, notify) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, &app.parts.notify);
    queue(&app, &text(notify, &li, "13800000001", "500 已预约").topic("interview/1")).await;
    queue(&app, &text(notify, &li, "13800000001", "已取消").topic("interview/1")).await;
    until("the gateway has failed once", async || count(&app, "attempts = 1 AND claimed_until = 0").await == 1).await;
    // Others are held up by neither: another person, another topic.
    queue(&app, &text(notify, &mei, "13800000002", "梅").topic("interview/1")).await;
    queue(&app, &text(notify, &li, "13800000001", "别的").topic("interview/2")).await;
    until("others go out", async || gateway.taken().len() == 2).await;
    assert!(!gateway.texts().contains(&"已取消".to_owned()));
    app.clock.advance(2 * MINUTE);
    until("both go out", async || gateway.taken().len() == 4).await;
    assert_eq!(gateway.texts()[2..], ["500 已预约", "已取消"], "in order");
    let tries: Vec<String> = gateway.tries("500 已预约");
    assert!(tries.len() == 2 && tries[0] == tries[1], "the same key for the same message: {tries:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_gateway_that_says_when_is_not_asked_sooner_and_holds_back_nothing_for_ever() {
    let (app, gateway) = start_with_gateway().await;
    let (li, notify) = (app.seeker("李雷").await, &app.parts.notify);
    queue(&app, &text(notify, &li, "13800000001", "429 太多了")).await;
    queue(&app, &text(notify, &li, "13800000001", "503 明天再来")).await;
    until("both have been tried", async || count(&app, "attempts = 1 AND claimed_until = 0").await == 2).await;
    let due = format!("due_at BETWEEN {} AND {}", NOON + 10 * MINUTE, NOON + 11 * MINUTE);
    assert_eq!(count(&app, &due).await, 1, "in ten minutes, and a little later for each");
    assert_eq!(count(&app, &format!("due_at = {}", NOON + HOUR)).await, 1, "not for longer than an hour, whatever they say");
    // By itself it would have been a minute.
    app.clock.advance(9 * MINUTE);
    queue(&app, &text(notify, &li, "13800000002", "别的")).await;
    until("what is due is sent", async || gateway.texts() == ["别的"]).await;
    app.clock.advance(2 * MINUTE);
    until("in time", async || gateway.texts() == ["别的", "429 太多了"]).await;
    assert_eq!((gateway.tries("429 太多了").len(), gateway.tries("503 明天再来").len()), (2, 1));
    app.clock.advance(HOUR);
    until("the other too", async || gateway.texts().len() == 3).await;
    app.stop().await;
}

#[tokio::test]
async fn what_is_too_late_or_taken_back_is_not_sent() {
    let (app, gateway) = start_with_gateway().await;
    let (li, notify) = (app.seeker("李雷").await, &app.parts.notify);
    queue(&app, &text(notify, &li, "13800000001", "500 十分钟后面试").expires_at(NOON + 10 * MINUTE)).await;
    queue(&app, &text(notify, &li, "13800000001", "500 面试取消").topic("interview/1")).await;
    until("both have failed once", async || count(&app, "attempts = 1 AND claimed_until = 0").await == 2).await;
    let mut tx = app.parts.db.begin().await.expect("transaction");
    assert_eq!(drop_topic_in(&mut *tx, "interview/1", NOON).await.expect("dropped"), 1);
    tx.commit().await.expect("committed");
    app.clock.advance(10 * MINUTE);
    until("it is late", async || count(&app, "reason = 'late'").await == 1).await;
    queue(&app, &text(notify, &li, "13800000001", "最后一条")).await;
    until("the last is sent", async || gateway.taken().len() == 1).await;
    assert_eq!(gateway.texts(), ["最后一条"]);
    app.stop().await;
}

#[tokio::test]
async fn a_gateway_that_never_answers_or_says_that_it_moved_has_taken_nothing() {
    let (app, gateway) = start_with_gateway().await;
    let (li, notify) = (app.seeker("李雷").await, &app.parts.notify);
    for what in ["hang 一", "302 二", "late 三"] {
        queue(&app, &text(notify, &li, "13800000001", what)).await;
    }
    until("who is late answers", async || gateway.texts() == ["late 三"]).await;
    until("who moved has failed", async || count(&app, "attempts = 1 AND sent_at IS NULL AND error LIKE 'HTTP 302%'").await == 1).await;
    assert_eq!(count(&app, "claimed_until > 0").await, 1, "the one that hangs is still waited for");
    app.stop().await;
}

#[tokio::test]
async fn two_servers_on_one_database_send_each_message_once() {
    let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") else {
        eprintln!("skipped: an SQLite file belongs to one server");
        return;
    };
    let gateway = Gateway::open().await;
    let data = tempfile::tempdir().expect("folder");
    let database = database_on(&server, data.path()).await;
    let key = data.path().join("shared.key");
    let node = async || {
        let folder = tempfile::tempdir().expect("folder");
        let mut config = Config::for_tests(folder.path());
        (config.database, config.sms_webhook, config.key_file) = (database.clone(), gateway.url.clone(), key.clone());
        TestApp::start_with(config, folder, Clock::manual(NOON)).await
    };
    let (one, other) = (node().await, node().await);
    let li = one.seeker("李雷").await;
    for n in 0..300 {
        let app = if n % 2 == 0 { &one } else { &other };
        queue(app, &text(&app.parts.notify, &li, "13800000001", &format!("第 {n} 条"))).await;
    }
    until("all are sent", async || count(&one, "sent_at IS NULL").await == 0).await;
    let mut texts = gateway.texts();
    assert_eq!(texts.len(), 300);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 300);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn administrators_see_what_nobody_got_and_send_it_again_or_drop_it() {
    let (app, gateway) = start_with_gateway().await;
    let (at, admin) = (app.fair().await, app.person("管理员", Grant::Admin).await);
    let (li, notify) = (app.seeker("李雷").await, &app.parts.notify);
    let list = "/console/undelivered";
    assert!(admin.web.page(list).await.contains("没有未送达的消息"));
    for (number, what) in [("13800000001", "422 甲的秘密"), ("13800000002", "422 乙"), ("13800000003", "422 丙"), ("13800000004", "422 丁")]
    {
        queue(&app, &text(notify, &li, number, what).expires_at(NOON + DAY)).await;
    }
    until("all are refused", async || count(&app, "reason = 'refused'").await == 4).await;
    let page = admin.web.page(list).await;
    assert!(page.contains("138****0001") && page.contains("HTTP 422") && page.contains("对方拒收"), "{page}");
    assert!(!page.contains("13800000001") && !page.contains("甲的秘密"), "neither address nor text");
    assert!(admin.web.page("/console").await.contains("未送达的消息（4）"));

    let id = async |number: &str| {
        let all = notify.undelivered(10).await.expect("list");
        all.iter().find(|message| message.to == number).expect("listed").id
    };
    let (first, second) = (id("13800000001").await, id("13800000002").await);
    for other in [&at.organiser, &at.recruiter, &li] {
        assert_eq!(other.web.status(list).await, 404);
        assert_eq!(other.web.form(&format!("{list}/{first}/retries"), &[]).await.status(), 404);
        assert_eq!(other.web.form(&format!("{list}/drops"), &[]).await.status(), 404);
    }
    assert!(!at.organiser.web.page("/console").await.contains(list));
    assert_eq!(app.stranger().status(list).await, 303, "a stranger is asked to sign in");

    gateway.forgive();
    assert_eq!(admin.web.form(&format!("{list}/{first}/retries"), &[]).await.status(), 303);
    until("it is sent", async || gateway.texts() == ["422 甲的秘密"]).await;
    assert_eq!(admin.web.form(&format!("{list}/{first}/retries"), &[]).await.status(), 409, "it is no longer there");
    assert_eq!(admin.web.form(&format!("{list}/{second}/drops"), &[]).await.status(), 303);
    assert_eq!(admin.web.form(&format!("{list}/{second}/retries"), &[]).await.status(), 409);
    assert_eq!(admin.web.form(&format!("{list}/retries"), &[]).await.status(), 303);
    until("the others are sent", async || gateway.taken().len() == 3).await;
    assert!(!gateway.texts().contains(&"422 乙".to_owned()));
    let log: Vec<(String, String, String)> =
        sqlx::query_as("SELECT action, subject, detail FROM audit WHERE actor = $1 AND action LIKE 'outbox.%' ORDER BY at, id")
            .bind(admin.account.id)
            .fetch_all(app.parts.db.read())
            .await
            .expect("log");
    let line = |action: &str, subject: String, n: &str| (action.to_owned(), subject, n.to_owned());
    let expected = [
        line("outbox.retry", first.to_string(), "1"),
        line("outbox.drop", second.to_string(), "1"),
        line("outbox.retry", String::new(), "2"),
    ];
    assert_eq!(log, expected);
    app.stop().await;
}

#[tokio::test]
async fn what_is_of_no_use_any_more_can_only_be_dropped_and_goes_by_itself_after_a_month() {
    let (app, _gateway) = start_with_gateway().await;
    let (admin, li) = (app.person("管理员", Grant::Admin).await, app.seeker("李雷").await);
    let letter = text(&app.parts.notify, &li, "13800000001", "422 十分钟后面试").expires_at(NOON + 10 * MINUTE);
    queue(&app, &letter.once("reminder")).await;
    until("it is refused", async || count(&app, "reason = 'refused'").await == 1).await;
    app.clock.advance(10 * MINUTE);
    let page = admin.web.page("/console/undelivered").await;
    assert!(page.contains("/drops") && !page.contains("/retries"), "{page}");
    let id = app.parts.notify.undelivered(1).await.expect("list")[0].id;
    assert_eq!(admin.web.form(&format!("/console/undelivered/{id}/retries"), &[]).await.status(), 409);
    app.clock.advance(30 * DAY);
    assert_eq!(app.parts.notify.forget_sent().await.expect("erased"), 1);
    assert_eq!(app.parts.notify.count_undelivered().await.expect("count"), 0);
    assert_eq!(count(&app, "sealed <> ''").await, 0);
    app.stop().await;
}
