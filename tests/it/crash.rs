//! `kill -9` in the middle of it all: what was acknowledged is there after the restart.

use crate::harness::{NOON, TestApp};
use crate::socket::Client;
use serde_json::{Value, json};
use springbreeze::clock::Clock;
use springbreeze::ids::RoomId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The real program on the data folder, listening on `port`.
pub(super) fn serve(app_config: &springbreeze::config::Config, port: u16) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_springbreeze"));
    command.arg("serve").args(["--listen", &format!("127.0.0.1:{port}"), "--media-udp", "0", "--media-tcp", "0", "--log", "warn"]);
    command.arg("--data").arg(&app_config.data);
    if !app_config.database.is_empty() {
        command.args(["--database", &app_config.database]);
    }
    if !app_config.sms_webhook.is_empty() {
        command.args(["--sms-webhook", &app_config.sms_webhook]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

pub(super) async fn ready(origin: &str) {
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    for _ in 0..200 {
        if client.get(format!("{origin}/readyz")).send().await.is_ok_and(|r| r.status().is_success()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the program is not ready after ten seconds");
}

/// What somebody was promised: a message by its client id, and its place.
type Promises = Vec<(String, i64)>;

/// Sends until the program is gone; gives what was acknowledged.
async fn write(client: reqwest::Client, url: String, token: String, name: String) -> Promises {
    let mut promised = Vec::new();
    for n in 0..1_000 {
        let id = format!("{name}-{n}");
        let body = json!({ "client_id": id, "text": format!("第 {n} 条") });
        match client.post(&url).bearer_auth(&token).json(&body).send().await {
            Ok(answer) if answer.status().is_success() => {
                let seq = answer.json::<Value>().await.ok().and_then(|v| v["seq"].as_i64());
                promised.extend(seq.map(|seq| (id, seq)));
            }
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(_) => break,
        }
    }
    promised
}

/// Listens until the program is gone; gives what everybody was told.
async fn listen(addr: SocketAddr, room: RoomId) -> Promises {
    let mut told = Vec::new();
    let Ok(mut client) = Client::open(addr, room, None).await else { return told };
    client.send(json!({ "type": "hello", "since": 0 })).await;
    while let Ok(frame) = client.next().await {
        if frame["type"] == "message" {
            told.push((frame["client_id"].as_str().expect("an id").to_owned(), frame["seq"].as_i64().expect("a place")));
        }
    }
    told
}

/// The whole history: the place of each message by its client id.
async fn history(client: &reqwest::Client, url: &str) -> HashMap<String, i64> {
    let (mut stored, mut since) = (HashMap::new(), 0);
    loop {
        let page = client.get(format!("{url}?since={since}&limit=100")).send().await.expect("history");
        let page: Value = page.json().await.expect("json");
        for entry in page["entries"].as_array().expect("entries") {
            since += 1;
            assert_eq!(entry["seq"], since, "no holes");
            let again = stored.insert(entry["client_id"].as_str().unwrap_or_default().to_owned(), since);
            assert_eq!(again, None, "nothing twice");
        }
        if page["more"] != true {
            return stored;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_or_told_is_lost_by_fifty_times_kill_9_under_load() {
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
    let at = app.fair().await;
    let (room, config) = (at.booth.id, app.app.config.clone());
    let mut writers = vec![at.recruiter.token.clone()];
    for n in 0..7 {
        let account = app.parts.accounts.create(&format!("求职者{n}"), false, springbreeze::i18n::Lang::Zh).await.expect("account");
        writers.push(app.parts.accounts.open_session(&account).await.expect("session"));
    }
    let data = app.stop().await;

    // Sessions were opened in 2027; the program reads the real clock, by which they are still good.
    let addr = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port");
    let url = format!("http://{addr}/rooms/{room}/messages");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("client");
    let (mut promised, mut told, mut struck, mut longest) = (Vec::new(), Vec::new(), 0, 250);
    for round in 0..50 {
        let mut program = serve(&config, addr.port());
        ready(&format!("http://{addr}")).await;
        let listening = tokio::spawn(listen(addr, room));
        let writing: Vec<_> = writers
            .iter()
            .enumerate()
            .map(|(who, token)| tokio::spawn(write(client.clone(), url.clone(), token.clone(), format!("r{round}w{who}"))))
            .collect();
        // Sometimes before the first is stored, mostly in the midst of them.
        tokio::time::sleep(Duration::from_millis(rand::random_range(5..longest))).await;
        program.kill().expect("SIGKILL");
        program.wait().expect("dead");
        let before = promised.len();
        for task in writing {
            promised.extend(task.await.expect("writer"));
        }
        struck += usize::from(promised.len() > before);
        // A machine that has stored nothing by then is given more time, or it would be killed in vain.
        longest = if promised.len() > before { longest } else { (longest * 3 / 2).min(2_000) };
        told.extend(listening.await.expect("listener"));
    }
    assert!(struck >= 30 && promised.len() >= 500, "killed while writing {struck} times, {} promised", promised.len());

    let mut program = serve(&config, addr.port());
    ready(&format!("http://{addr}")).await;
    let stored = history(&client, &url).await;
    for (id, seq) in &promised {
        assert_eq!(stored.get(id), Some(seq), "{id} was acknowledged");
    }
    for (id, seq) in &told {
        assert_eq!(stored.get(id), Some(seq), "{id} was told to everybody");
    }
    assert!(told.len() >= promised.len() / 4, "others heard of them too: {}", told.len());
    program.kill().expect("SIGKILL");
    program.wait().expect("dead");
    drop(data);
}
