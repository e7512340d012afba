//! Push messages, to a push service of somebody else's making that keeps the keys of browsers and opens what it is sent
//! (`tests/peers/push.py`). `SPRINGBREEZE_PYTHON` names a Python for it; without, those tests say so and are skipped.

use crate::decoders::{Peer, python};
use crate::harness::{NOON, Person, TestApp};
use crate::interviews::{booked, cancel, offer};
use crate::outbox::{count, free_port, start};
use crate::wish::until;
use serde_json::{Value, json};
use springbreeze::clock::{DAY, HOUR, MINUTE};
use std::process::{Command, Stdio};

struct Service {
    origin: String,
    client: reqwest::Client,
    _peer: Peer,
}

impl Service {
    async fn open() -> Option<Self> {
        let (python, port) = (python()?, free_port());
        let mut command = Command::new(python);
        command.arg(Peer::path("push.py")).arg(port.to_string()).stdin(Stdio::piped());
        let client = reqwest::Client::builder().no_proxy().build().expect("client");
        let service = Self { origin: format!("http://127.0.0.1:{port}"), client, _peer: Peer::start_as(command) };
        until("the push service listens", async || service.client.get(&service.origin).send().await.is_ok()).await;
        Some(service)
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        self.client.post(format!("{}{path}", self.origin)).json(&body).send().await.expect("response")
    }

    /// As the browser of somebody who turns it on.
    async fn subscribe(&self, person: &Person) -> String {
        let page = person.web.page("/me/telling").await;
        let key = page.split("data-key=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the server's key").to_owned();
        let subscription: Value = self.post("/subscriptions", json!({"key": key})).await.json().await.expect("json");
        let answer = person.web.json("/me/telling/devices", subscription.clone()).await;
        assert_eq!(answer.status().as_u16(), 201);
        subscription["endpoint"].as_str().expect("endpoint").to_owned()
    }

    async fn answer(&self, endpoint: &str, status: Value) {
        assert_eq!(self.post("/answers", json!({"endpoint": endpoint, "status": status})).await.status().as_u16(), 204);
    }

    async fn taken(&self) -> Vec<Value> {
        self.client.get(&self.origin).send().await.expect("response").json().await.expect("json")
    }

    async fn titles(&self, endpoint: &str) -> Vec<String> {
        let taken = self.taken().await;
        let of = taken.iter().filter(|message| message["endpoint"] == endpoint);
        of.map(|message| message["told"]["title"].as_str().expect("title").to_owned()).collect()
    }
}

#[tokio::test]
async fn a_message_reaches_every_browser_sealed_and_signed_and_one_that_is_gone_is_forgotten() {
    let Some(service) = Service::open().await else { return };
    let app = start(|config| config.push_anywhere = true).await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let (phone, desk) = (service.subscribe(&seeker).await, service.subscribe(&seeker).await);
    let interview = booked(&seeker, &slots[0]).await;
    until("both browsers are told", async || service.taken().await.len() == 2).await;
    for message in service.taken().await {
        assert!(message["told"]["title"].as_str().expect("title").contains("面试已约好"), "{message}");
        assert!(message["told"]["body"].as_str().expect("body").starts_with("面试约好了"), "the short text: {message}");
        assert_eq!(message["told"]["url"], format!("/interviews/{interview}"));
        assert_eq!((&message["claims"]["aud"], &message["claims"]["sub"]), (&json!(service.origin), &json!("mailto:noreply@localhost")));
        assert_eq!(message["claims"]["exp"], NOON / 1_000 + 12 * 3_600);
        assert_eq!(message["ttl"], DAY / 1_000);
    }
    // One is gone, the other does not answer at first: neither holds up the other.
    service.answer(&desk, json!(410)).await;
    service.answer(&phone, json!(503)).await;
    app.clock.advance(50 * MINUTE);
    app.parts.interviews.deliver_due().await.expect("delivered");
    until("one has failed once", async || {
        count(&app, "channel = 'push' AND attempts = 1 AND sent_at IS NULL AND claimed_until = 0 AND dropped_at IS NULL").await == 1
    })
    .await;
    until("one is forgotten", async || app.parts.notify.devices(seeker.account.id).await.expect("devices").len() == 1).await;
    assert!(app.parts.notify.undelivered(10).await.expect("list").is_empty(), "that is nothing for an administrator");
    service.answer(&phone, json!(201)).await;
    app.clock.advance(2 * MINUTE);
    until("the reminder comes", async || service.titles(&phone).await.len() == 2).await;
    let last = service.taken().await.pop().expect("message");
    assert_eq!(last["ttl"], 8 * 60, "kept by the service until the interview begins");
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "不去了"})).await, 200);
    until("the cancellation comes", async || service.titles(&phone).await.len() == 3).await;
    assert_eq!(service.titles(&desk).await.len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_push_service_that_has_no_time_says_when_and_a_browser_that_it_does_not_know_is_forgotten() {
    let Some(service) = Service::open().await else { return };
    let app = start(|config| config.push_anywhere = true).await;
    let seeker = app.seeker("王芳").await;
    let (phone, desk) = (service.subscribe(&seeker).await, service.subscribe(&seeker).await);
    let busy = json!({"endpoint": phone, "status": 429, "after": "1800"});
    assert_eq!(service.post("/answers", busy).await.status().as_u16(), 204);
    service.answer(&desk, json!(404)).await;
    let letter = app.parts.accounts.letter(seeker.account.id, "面试", "您好").await.expect("letter").expect("ways");
    app.parts.notify.queue_letter(&letter).await.expect("queued");
    until("one waits", async || count(&app, "channel = 'push' AND attempts = 1 AND sent_at IS NULL AND dropped_at IS NULL").await == 1)
        .await;
    until("one is forgotten", async || app.parts.notify.devices(seeker.account.id).await.expect("devices").len() == 1).await;
    let told = format!("channel = 'push' AND dropped_at IS NULL AND due_at BETWEEN {} AND {}", NOON + 30 * MINUTE, NOON + 33 * MINUTE);
    until("the pause is kept", async || count(&app, &told).await == 1).await;
    service.answer(&phone, json!(201)).await;
    app.clock.advance(29 * MINUTE);
    let (mail, before) = ("channel = 'email' AND sent_at IS NOT NULL", 1);
    until("mails go out meanwhile", async || count(&app, mail).await == before).await;
    assert!(service.taken().await.is_empty());
    app.clock.advance(5 * MINUTE);
    until("it comes", async || service.titles(&phone).await == ["面试"]).await;
    assert!(service.titles(&desk).await.is_empty());
    app.stop().await;
}

#[tokio::test]
async fn nobody_is_pushed_to_who_did_not_ask_or_has_turned_it_off() {
    let Some(service) = Service::open().await else { return };
    let app = start(|config| config.push_anywhere = true).await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let endpoint = service.subscribe(&seeker).await;
    assert_eq!(seeker.web.form("/me/telling/ways", &[("email", "1")]).await.status().as_u16(), 303);
    booked(&seeker, &slots[0]).await;
    until("mails go out", async || count(&app, "channel = 'email' AND sent_at IS NOT NULL").await == 2).await;
    assert_eq!(count(&app, "channel = 'push'").await, 0, "off by the box");
    assert_eq!(seeker.web.form("/me/telling/ways", &[("email", "1"), ("push", "1")]).await.status().as_u16(), 303);
    booked(&seeker, &slots[1]).await;
    until("on again", async || service.titles(&endpoint).await.len() == 1).await;
    let device = app.parts.notify.devices(seeker.account.id).await.expect("devices").remove(0).id;
    let path = format!("/me/telling/devices/{device}/removals");
    assert_eq!(other.web.form(&path, &[]).await.status().as_u16(), 404, "somebody else's");
    assert_eq!(seeker.web.form(&path, &[]).await.status().as_u16(), 303);
    booked(&seeker, &slots[2]).await;
    until("told by mail", async || count(&app, "channel = 'email' AND sent_at IS NOT NULL").await == 6).await;
    assert_eq!(count(&app, "channel = 'push'").await, 1);
    app.stop().await;
}

#[tokio::test]
async fn a_browser_that_somebody_else_uses_now_tells_them_and_no_longer_the_first() {
    let Some(service) = Service::open().await else { return };
    let app = start(|config| config.push_anywhere = true).await;
    let (first, second) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let page = first.web.page("/me/telling").await;
    let key = page.split("data-key=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("key").to_owned();
    let subscription: Value = service.post("/subscriptions", json!({"key": key})).await.json().await.expect("json");
    for person in [&first, &second] {
        assert_eq!(person.web.json("/me/telling/devices", subscription.clone()).await.status().as_u16(), 201);
    }
    let devices = async |person: &Person| app.parts.notify.devices(person.account.id).await.expect("devices").len();
    assert_eq!((devices(&first).await, devices(&second).await), (0, 1));
    for _ in 0..7 {
        service.subscribe(&second).await;
    }
    assert_eq!(devices(&second).await, 5, "the newest");
    app.stop().await;
}

#[tokio::test]
async fn a_push_service_is_on_the_public_internet_and_nothing_else_is_asked() {
    let app = TestApp::start().await;
    let seeker = app.seeker("王芳").await;
    let keys = json!({"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth": "BTBZMqHH6r4Tts7J_aSIgg"});
    let add = async |endpoint: &str, keys: &Value| {
        seeker.web.json("/me/telling/devices", json!({"endpoint": endpoint, "keys": keys})).await.status().as_u16()
    };
    for private in
        ["https://127.0.0.1/x", "http://push.example/x", "https://[::1]/", "https://169.254.169.254/latest", "https://10.0.0.1:443/", "x"]
    {
        assert_eq!(add(private, &keys).await, 422, "{private}");
    }
    assert_eq!(add("https://push.example/x", &json!({"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"})).await, 422);
    assert_eq!(
        app.stranger().json("/me/telling/devices", json!({"endpoint": "https://push.example/x", "keys": keys})).await.status().as_u16(),
        401
    );
    // A name that leads to this machine is taken and found out when it is used.
    assert_eq!(add("https://localhost/x", &keys).await, 201);
    let letter = app.parts.accounts.letter(seeker.account.id, "面试", "您好").await.expect("letter").expect("ways");
    app.parts.notify.queue_letter(&letter).await.expect("queued");
    until("it has failed", async || count(&app, "channel = 'push' AND attempts = 1 AND sent_at IS NULL AND claimed_until = 0").await == 1)
        .await;
    app.clock.advance(HOUR);
    let worker = app.stranger().get("/push-worker.js").send().await.expect("response");
    assert_eq!((worker.status().as_u16(), worker.headers()["cache-control"].to_str().expect("text")), (200, "no-cache"));
    assert!(worker.headers()["content-type"].to_str().expect("text").starts_with("text/javascript"));
    app.stop().await;
}
