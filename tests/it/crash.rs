//! `kill -9` in the middle of it all: what was acknowledged is there after the restart.

use crate::harness::{NOON, TestApp};
use serde_json::{Value, json};
use springbreeze::clock::Clock;
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

#[tokio::test]
async fn no_acknowledged_message_is_lost_by_kill_9() {
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
    let at = app.fair().await;
    let (room, config) = (at.booth.id, app.app.config.clone());
    let mut writers = Vec::new();
    for n in 0..4 {
        let account = app.parts.accounts.create(&format!("求职者{n}"), false, springbreeze::i18n::Lang::Zh).await.expect("account");
        writers.push(app.parts.accounts.open_session(&account).await.expect("session"));
    }
    writers.push(at.recruiter.token.clone());
    let data = app.stop().await;

    // Sessions were opened in 2027; the program reads the real clock, by which they are still good.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port();
    let origin = format!("http://127.0.0.1:{port}");
    let mut program = serve(&config, port);
    ready(&origin).await;
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("client");
    let sending = writers.into_iter().enumerate().map(|(who, token)| {
        let (client, url) = (client.clone(), format!("{origin}/rooms/{room}/messages"));
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..200 {
                let id = format!("w{who}-{n}");
                let body = json!({ "client_id": id, "text": format!("第 {n} 条") });
                match client.post(&url).bearer_auth(&token).json(&body).send().await {
                    Ok(answer) if answer.status().is_success() => {
                        let seq = answer.json::<Value>().await.ok().and_then(|v| v["seq"].as_i64());
                        acknowledged.extend(seq.map(|seq| (seq, id)));
                    }
                    Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    Err(_) => break,
                }
            }
            acknowledged
        })
    });
    let sending: Vec<_> = sending.collect();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    program.kill().expect("SIGKILL");
    program.wait().expect("dead");
    let mut acknowledged = Vec::new();
    for task in sending {
        acknowledged.extend(task.await.expect("writer"));
    }
    assert!(acknowledged.len() >= 20, "some were on their way: {}", acknowledged.len());

    let mut program = serve(&config, port);
    ready(&origin).await;
    let mut stored = std::collections::HashMap::new();
    let mut since = 0;
    loop {
        let page = client.get(format!("{origin}/rooms/{room}/messages?since={since}")).send().await.expect("history");
        let page: Value = page.json().await.expect("json");
        for entry in page["entries"].as_array().expect("entries") {
            since += 1;
            assert_eq!(entry["seq"], since, "no holes");
            stored.insert(entry["client_id"].as_str().unwrap_or_default().to_owned(), since);
        }
        if page["more"] != true {
            break;
        }
    }
    for (seq, id) in &acknowledged {
        assert_eq!(stored.get(id), Some(seq), "{id} was acknowledged");
    }
    program.kill().expect("SIGKILL");
    program.wait().expect("dead");
    drop(data);
}
