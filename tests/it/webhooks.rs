//! Webhooks: what an employer's system is told, signed; who may say where; and that nothing goes where it must not.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::outbox::start;
use crate::postings::{content, post};
use crate::wish::until;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post as route;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use springbreeze::applications::CONSENT;
use springbreeze::clock::{DAY, HOUR, MINUTE, SECOND};
use springbreeze::ids::{DeliveryId, WebhookId};
use springbreeze::postings::{Content, State as Posted};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What came: path, headers and body.
type Came = (String, HeaderMap, String);

/// An employer's system. It answers what its path says.
#[derive(Clone)]
struct Receiver {
    origin: String,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let receiver = Self { origin: format!("http://{}", listener.local_addr().expect("address")), came: Arc::default() };
        let router = Router::new().route("/{*path}", route(take).get(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("lock").clone()
    }

    /// The messages, in the order of their ids.
    fn messages(&self) -> Vec<Value> {
        self.came().iter().map(|(_, _, body)| serde_json::from_str(body).expect("JSON")).collect()
    }

    fn count(&self, kind: &str) -> usize {
        self.messages().iter().filter(|message| message["type"] == kind).count()
    }
}

async fn take(State(receiver): State<Receiver>, Path(path): Path<String>, headers: HeaderMap, body: String) -> Response {
    receiver.came.lock().expect("lock").push((path.clone(), headers, body));
    match path.as_str() {
        "redirect" => (StatusCode::FOUND, [(header::LOCATION, receiver.url("elsewhere"))]).into_response(),
        path => StatusCode::from_u16(path.parse().unwrap_or(204)).expect("status").into_response(),
    }
}

async fn open() -> (TestApp, TestFair, Receiver) {
    let app = start(|config| config.push_anywhere = true).await;
    let fair = app.fair().await;
    (app, fair, Receiver::open().await)
}

fn page(fair: &TestFair) -> String {
    format!("/employers/{}/webhooks", fair.employer.id)
}

/// Registers an address; its id and secret.
async fn register(fair: &TestFair, url: &str) -> (String, String) {
    let answer = fair.recruiter.web.json(&page(fair), json!({"url": url})).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["cache-control"]), (201, &"no-store".parse().expect("value")));
    let made: Value = answer.json().await.expect("json");
    (made["id"].as_str().expect("id").to_owned(), made["secret"].as_str().expect("secret").to_owned())
}

async fn press(web: &Web, path: &str) -> u16 {
    web.form(path, &[]).await.status().as_u16()
}

/// Moves a posting on as its recruiter.
async fn set(app: &TestApp, fair: &TestFair, posting: springbreeze::ids::PostingId, state: Posted) {
    let viewer = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    app.parts.postings.set_state(&viewer, posting, state).await.expect("state");
}

async fn apply(seeker: &Person, posting: springbreeze::ids::PostingId) {
    let answers = [("name", "李雷"), ("contact", "13800138000"), ("experience", "3"), ("note", "会电焊"), ("consent", CONSENT)];
    let sent = seeker.web.form(&format!("/postings/{posting}/apply"), &answers).await;
    assert_eq!(sent.status().as_u16(), 303, "{}", sent.text().await.expect("text"));
}

/// By the words of the specification, with nothing of ours.
fn is_signed((_, headers, body): &Came, secret: &str) -> bool {
    let head = |name: &str| headers[name].to_str().expect("text").to_owned();
    let key = BASE64.decode(secret.strip_prefix("whsec_").expect("prefix")).expect("base64");
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).expect("key");
    hmac.update(format!("{}.{}.{body}", head("webhook-id"), head("webhook-timestamp")).as_bytes());
    let signature = BASE64.decode(head("webhook-signature").strip_prefix("v1,").expect("version")).expect("base64");
    hmac.verify_slice(&signature).is_ok()
}

#[tokio::test]
async fn an_employers_system_is_told_once_of_each_change_and_of_nobodys_data() {
    let (app, fair, receiver) = open().await;
    let before = post(&app, &fair, content("之前的"), Posted::Live).await;
    app.clock.advance(SECOND);
    let (_, secret) = register(&fair, &receiver.url("204")).await;
    let posting = post(&app, &fair, content("焊工"), Posted::Live).await;
    post(&app, &fair, content("草稿"), Posted::Draft).await;
    let soon = post(&app, &fair, Content { valid_until: app.clock.now() + HOUR, ..content("短期工") }, Posted::Live).await;
    let (other, recruiter, _) = app.employer(&fair.fair, "别家").await;
    let theirs =
        springbreeze::postings::NewPosting { fair: fair.fair.id, employer: other.id, content: content("别家的"), state: Posted::Live };
    let theirs = app.parts.postings.create(theirs, recruiter.account.id).await.expect("posting");
    apply(&app.seeker("小李").await, posting.id).await;
    until("all is told", async || receiver.came().len() >= 3).await;
    set(&app, &fair, posting.id, Posted::Paused).await;
    set(&app, &fair, before.id, Posted::Filled).await;
    until("the ends are told", async || receiver.count("posting.ended") == 2).await;
    app.clock.advance(2 * HOUR);
    until("it is told that a time has run out", async || receiver.count("posting.ended") == 3).await;
    set(&app, &fair, posting.id, Posted::Live).await;
    until("it is told that it is open again", async || receiver.count("posting.live") == 3).await;
    app.clock.advance(10 * MINUTE);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let messages = receiver.messages();
    assert_eq!((messages.len(), receiver.count("application.received")), (7, 1), "{messages:#?}");
    let ended: Vec<_> = messages
        .iter()
        .filter(|m| m["type"] == "posting.ended")
        .map(|m| (m["data"]["posting"]["id"].clone(), m["data"]["state"].clone()))
        .collect();
    for end in [(json!(posting.id), json!("paused")), (json!(before.id), json!("filled")), (json!(soon.id), json!("expired"))] {
        assert!(ended.contains(&end), "{ended:?}");
    }
    let mut ids: Vec<_> = receiver.came().iter().map(|(_, headers, _)| headers["webhook-id"].clone()).collect();
    ids.sort_by_key(|id| id.to_str().expect("text").to_owned());
    ids.dedup();
    assert_eq!(ids.len(), 7);
    for came in receiver.came() {
        assert!(is_signed(&came, &secret) && !is_signed(&(came.0.clone(), came.1.clone(), format!("{} ", came.2)), &secret));
        assert_eq!(came.1["content-type"], "application/json");
        for private in ["李雷", "13800138000", "会电焊", "小李", &theirs.id.to_string()] {
            assert!(!came.2.contains(private), "{}", came.2);
        }
    }
    let received = messages.iter().find(|m| m["type"] == "application.received").expect("told");
    assert!(received["data"]["application"]["url"].as_str().expect("url").starts_with(&app.app.origin));
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_taken_is_tried_ever_later_then_given_up_and_sent_again_on_demand() {
    let (app, fair, receiver) = open().await;
    let (dead, _) = register(&fair, &receiver.url("503")).await;
    let (gone, _) = register(&fair, &receiver.url("410")).await;
    let (moved, _) = register(&fair, &receiver.url("redirect")).await;
    let (well, _) = register(&fair, &receiver.url("204")).await;
    let path = page(&fair);
    for id in [&dead, &gone, &moved, &well] {
        assert_eq!(press(&fair.recruiter.web, &format!("{path}/{id}/tests")).await, 303);
    }
    let tries = |path: &str| receiver.came().iter().filter(|came| came.0 == path).count();
    until("all are tried", async || ["503", "410", "redirect", "204"].iter().all(|path| tries(path) == 1)).await;
    assert_eq!(tries("elsewhere"), 0, "no redirect is followed");
    // Once it is noted, so that the next try counts from here on.
    let noted = async |n: i64| {
        let attempts = sqlx::query_as::<_, (i64,)>("SELECT attempts FROM webhook_deliveries WHERE webhook_id = $1").bind(&dead);
        attempts.fetch_one(app.parts.db.read()).await.expect("row").0 == n
    };
    for n in 1..8 {
        until("it is noted", async || noted(n).await).await;
        app.clock.advance(13 * HOUR);
    }
    until("it is tried to the end", async || noted(8).await).await;
    until("it is given up", async || fair.recruiter.web.page(&path).await.matches("没有送达</span>").count() == 3).await;
    app.clock.advance(DAY);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!((tries("503"), tries("410"), tries("204")), (8, 1, 1));
    let shown = fair.recruiter.web.page(&path).await;
    assert!(
        shown.contains("HTTP 503") && shown.contains("已试 8 次") && shown.contains("已送达") && shown.contains("重发没有送达的 1 条"),
        "{shown}"
    );
    assert_eq!(press(&fair.recruiter.web, &format!("{path}/{dead}/retries")).await, 303);
    until("it is sent again", async || tries("503") == 9).await;
    assert_eq!(press(&fair.recruiter.web, &format!("{path}/{dead}/removals")).await, 303);
    assert!(!fair.recruiter.web.page(&path).await.contains(&receiver.url("503")));
    app.clock.advance(DAY);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(tries("503"), 9, "what is taken off is told nothing");
    app.stop().await;
}

#[tokio::test]
async fn only_the_employers_recruiters_say_where_and_see_what_was_sent() {
    let (app, fair, receiver) = open().await;
    let (id, secret) = register(&fair, &receiver.url("204")).await;
    let (other, recruiter, _) = app.employer(&fair.fair, "别家").await;
    let path = page(&fair);
    let stranger = app.stranger();
    assert_eq!(
        (stranger.status(&path).await, stranger.form(&path, &[("url", "https://example.com/")]).await.status().as_u16()),
        (303, 401)
    );
    let seeker = app.seeker("小李").await;
    for web in [&seeker.web, &recruiter.web, &fair.organiser.web] {
        assert_eq!(web.status(&path).await, 404);
        assert_eq!(web.form(&path, &[("url", "https://example.com/")]).await.status().as_u16(), 404);
        for what in ["tests", "retries", "removals"] {
            assert_eq!(press(web, &format!("{path}/{id}/{what}")).await, 404, "{what}");
            // By their own employer either.
            let own = format!("/employers/{}/webhooks/{id}/{what}", other.id);
            assert_eq!(press(&recruiter.web, &own).await, 404, "{what}");
        }
    }
    let shown = fair.recruiter.web.page(&path).await;
    assert!(shown.contains(&receiver.url("204")) && !shown.contains(&secret), "the secret is shown once");
    assert!(fair.recruiter.web.page(&format!("/employers/{}/postings", fair.employer.id)).await.contains(&path));
    let english =
        fair.recruiter.web.client.get(fair.recruiter.web.url(&path)).header("accept-language", "en").header("accept", "text/html");
    assert!(english.send().await.expect("response").text().await.expect("text").contains("Connect your own system"));
    let made = fair.recruiter.web.form(&path, &[("url", &receiver.url("x"))]).await;
    assert_eq!((made.status().as_u16(), &made.headers()["cache-control"]), (201, &"no-store".parse().expect("value")));
    assert!(made.text().await.expect("text").contains("value=\"whsec_"));
    for n in 3..=6 {
        let status = fair.recruiter.web.form(&path, &[("url", &receiver.url("x"))]).await.status().as_u16();
        assert_eq!(status, if n > 5 { 422 } else { 201 }, "five at most");
    }
    let stored: Vec<(String, String)> =
        sqlx::query_as("SELECT sealed_url, sealed_secret FROM webhooks").fetch_all(app.parts.db.read()).await.expect("rows");
    assert!(stored.len() == 5 && stored.iter().all(|(url, key)| !url.contains("127.0.0.1") && !key.contains("whsec")), "sealed");
    app.stop().await;
}

#[tokio::test]
async fn nothing_goes_to_an_address_that_is_not_public() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = page(&fair);
    for url in [
        "",
        "http://example.com/",
        "https://127.0.0.1/",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://user:pass@example.com/",
        "https://localhost/",
        "https://localhost.localdomain./",
        "javascript:alert(1)",
    ] {
        let answer = fair.recruiter.web.form(&path, &[("url", url)]).await;
        assert_eq!(answer.status().as_u16(), 422, "{url}");
        let text = answer.text().await.expect("text");
        assert!(text.contains("field-error") && (url.is_empty() || text.contains(&format!("value=\"{url}\""))), "{url}: {text}");
    }
    // One whose name led to the public when it was registered, and leads to this machine now.
    let receiver = Receiver::open().await;
    let url = receiver.url("204").replace("http://127.0.0.1", "https://localhost");
    let (id, keys, now) = (WebhookId::new(), &app.parts.keys, app.clock.now());
    let row = sqlx::query(
        "INSERT INTO webhooks (id, employer_id, sealed_url, sealed_secret, seen_to, created_at) VALUES ($1, $2, $3, $4, $5, $5)",
    );
    let row =
        row.bind(id).bind(fair.employer.id).bind(keys.encrypt(&url)).bind(keys.encrypt("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).bind(now);
    row.execute(app.parts.db.write()).await.expect("row");
    let message = sqlx::query(
        "INSERT INTO webhook_deliveries (id, webhook_id, about, kind, body, due_at, created_at) VALUES ($1, $2, 'test:1', 'test', '{}', $3, $3)",
    );
    message.bind(DeliveryId::new()).bind(id).bind(now).execute(app.parts.db.write()).await.expect("row");
    until("it is refused", async || fair.recruiter.web.page(&path).await.contains("no public address")).await;
    assert!(receiver.came().is_empty());
    app.stop().await;
}
