//! `kill -9` between the commit of a booking and the message about it: whoever was told "booked" is told so by text message, and once.

use super::gateway::Gateway;
use crate::crash::{ready, serve};
use crate::harness::{Person, TestApp};
use crate::interviews::ids;
use crate::wish::until;
use springbreeze::clock::{Clock, DAY};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Claims of a killed server run out after a minute, where others could have taken its place.
const PATIENCE: Duration = Duration::from_secs(100);
const ROUNDS: usize = 8;
const SEEKERS: usize = 8;

/// Books a slot; again and again while the program is away, always as the same wish.
async fn book(client: reqwest::Client, origin: String, token: String, slot: String, said: Arc<AtomicUsize>) {
    let url = format!("{origin}/slots/{slot}/bookings");
    loop {
        let request = client.post(&url).bearer_auth(&token).json(&serde_json::json!({"client_id": "one"}));
        match request.send().await {
            Ok(answer) if answer.status().is_success() => break,
            Ok(answer) => panic!("{}", answer.text().await.unwrap_or_default()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    said.fetch_add(1, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_booked_is_told_once_though_the_server_is_killed_again_and_again() {
    let gateway = Gateway::open().await;
    // The program reads the real clock.
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(Clock::system().now())).await;
    let at = app.fair().await;
    let day = jiff::Timestamp::from_millisecond(app.clock.now() + 2 * DAY).expect("time").strftime("%Y-%m-%d").to_string();
    let form = [("date", day.as_str()), ("from", "08:00"), ("to", "20:00"), ("length", "10"), ("buffer", "0")];
    let answer = at.recruiter.web.post(&format!("/employers/{}/slots", at.employer.id)).form(&form).send().await.expect("response");
    let slots = ids(&answer.json().await.expect("json"));
    let mut seekers: Vec<(Person, String)> = Vec::new();
    for n in 0..ROUNDS * SEEKERS {
        let number = format!("139{n:08}");
        seekers.push((app.person_by_phone("求职者", &number).await, number));
    }
    let mut config = app.app.config.clone();
    let data = app.stop().await;
    config.sms_webhook.clone_from(&gateway.url);

    let addr = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port");
    let origin = format!("http://{addr}");
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let (said, mut tasks, mut untold) = (Arc::new(AtomicUsize::new(0)), Vec::new(), 0);
    for round in 0..ROUNDS {
        let mut program = serve(&config, addr.port());
        ready(&origin).await;
        for (n, (person, _)) in seekers.iter().enumerate().skip(round * SEEKERS).take(SEEKERS) {
            tasks.push(tokio::spawn(book(client.clone(), origin.clone(), person.token.clone(), slots[n].clone(), said.clone())));
        }
        until("some have booked", async || said.load(Ordering::Relaxed) >= round * SEEKERS + SEEKERS / 2).await;
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..300))).await;
        program.kill().expect("SIGKILL");
        program.wait().expect("dead");
        untold += usize::from(gateway.taken().len() < said.load(Ordering::Relaxed));
    }
    assert!(untold >= 2, "killed {untold} times before all were told");

    let mut program = serve(&config, addr.port());
    for task in tasks {
        task.await.expect("booked");
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let taken = gateway.taken();
        let missing = seekers.iter().filter(|(_, number)| taken.iter().all(|message| message.to != *number)).count();
        if missing == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{missing} were never told");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    program.kill().expect("SIGKILL");
    program.wait().expect("dead");
    drop(data);

    let mut keys: HashMap<String, Vec<String>> = HashMap::new();
    for message in gateway.taken() {
        assert!(message.text.starts_with("面试约好了"), "{}", message.text);
        keys.entry(message.to).or_default().push(message.key);
    }
    assert!(keys.values().all(|keys| keys.iter().all(|key| *key == keys[0])), "somebody was sent two messages: {keys:?}");
    // The same message again, by its key, only where the server died between the gateway's yes and the note of it.
    let again: usize = keys.values().map(|keys| keys.len() - 1).sum();
    assert!(again <= ROUNDS * 8, "{again} were sent again");
}
