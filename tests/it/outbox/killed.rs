//! `kill -9` between the commit and the sending: what was acknowledged is sent, and once.

use super::gateway::Gateway;
use crate::crash::{ready, serve};
use crate::harness::{NOON, TestApp};
use crate::wish::until;
use springbreeze::clock::Clock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Claims of a killed server run out after a minute, where others could have taken its place.
const PATIENCE: Duration = Duration::from_secs(100);
/// From the gateway's yes to the note of it.
const NOTING: Duration = Duration::from_secs(5);
/// No more than are sent at once are on the way when the server dies.
const SENDS: usize = 8;
/// A round lasts at least until so many have been promised a message.
const ENOUGH: usize = 6;

/// Admits employers, whose recruiters are invited by text message, until the program is gone; gives the numbers of those for whom it said yes.
async fn invite(client: reqwest::Client, url: String, token: String, who: usize, said: Arc<AtomicUsize>) -> Vec<String> {
    let mut promised = Vec::new();
    for n in 0..1_000 {
        let number = format!("139{:08}", who * 1_000 + n);
        let form =
            [("name_zh", "杭州电子厂"), ("credit_code", "91440300708461136T"), ("recruiter_name", "张丽"), ("recruiter_contact", &number)];
        match client.post(&url).bearer_auth(&token).header("accept", "text/html").form(&form).send().await {
            Ok(answer) if answer.status() == 303 => {
                promised.push(number);
                said.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => panic!("{}", answer.text().await.unwrap_or_default()),
            Err(_) => break,
        }
    }
    promised
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_sent_once_though_the_server_is_killed_ten_times() {
    let gateway = Gateway::open().await;
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
    let at = app.fair().await;
    let mut config = app.app.config.clone();
    let data = app.stop().await;
    config.sms_webhook.clone_from(&gateway.url);

    // Sessions were opened in 2027; the program reads the real clock, by which they are still good.
    let addr = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port");
    let (origin, url) = (format!("http://{addr}"), format!("http://{addr}/fairs/{}/employers", at.fair.id));
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("client");
    let (mut promised, mut kills, mut waiting) = (Vec::new(), Vec::new(), 0);
    for round in 0..10 {
        let mut program = serve(&config, addr.port());
        ready(&origin).await;
        let said = Arc::new(AtomicUsize::new(0));
        let one = |n: usize| invite(client.clone(), url.clone(), at.organiser.token.clone(), round * 10 + n, said.clone());
        let inviting: Vec<_> = (0..3).map(|n| tokio::spawn(one(n))).collect();
        // Long enough that something is being sent, mostly.
        tokio::time::sleep(Duration::from_millis(rand::random_range(100..1_500))).await;
        until("some have been promised a message", async || said.load(Ordering::Relaxed) >= ENOUGH).await;
        kills.push(Instant::now());
        program.kill().expect("SIGKILL");
        program.wait().expect("dead");
        for task in inviting {
            promised.extend(task.await.expect("inviting"));
        }
        let taken = gateway.taken();
        waiting += usize::from(promised.iter().any(|number| taken.iter().all(|message| message.to != *number)));
    }
    assert!(waiting >= 5, "killed {waiting} times before all was sent, {} promised", promised.len());

    let mut program = serve(&config, addr.port());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let taken = gateway.taken();
        let missing = promised.iter().filter(|number| taken.iter().all(|message| message.to != **number)).count();
        if missing == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{missing} of {} were lost", promised.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    program.kill().expect("SIGKILL");
    program.wait().expect("dead");
    drop(data);

    let mut by_number: HashMap<String, Vec<(String, Instant)>> = HashMap::new();
    for message in gateway.taken() {
        by_number.entry(message.to).or_default().push((message.key, message.taken.expect("taken")));
    }
    let mut again = HashMap::<Instant, usize>::new();
    for (number, taken) in by_number {
        assert!(taken.iter().all(|(key, _)| *key == taken[0].0), "{number} was sent two messages: {taken:?}");
        // Twice only if the server died between the gateway's yes and its note of it.
        for (before, after) in taken.iter().zip(taken.iter().skip(1)) {
            let apart = |kill: &Instant| kill.saturating_duration_since(before.1).max(before.1.saturating_duration_since(*kill));
            let died = kills.iter().copied().filter(|kill| *kill < after.1).min_by_key(apart);
            let died = died.filter(|kill| apart(kill) <= NOTING).unwrap_or_else(|| panic!("{number} was sent again for no reason"));
            *again.entry(died).or_default() += 1;
        }
    }
    assert!(again.values().all(|n| *n <= SENDS), "more were sent again than were on the way: {again:?}");
}
