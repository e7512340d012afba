//! People come and go, and what they leave behind is nothing: `bin/bench soak` in little.

use crate::crash::{ready, serve};
use crate::harness::{NOON, TestApp, Web};
use crate::socket::Client;
use crate::wish::{PATIENCE, Publisher, frames, watch};
use reqwest::redirect::Policy;
use serde_json::json;
use springbreeze::clock::Clock;
use springbreeze::ids::RoomId;
use std::net::SocketAddr;
use std::process::Child;
use std::time::{Duration, Instant};

const VIEWERS: usize = 6;
const SOCKETS: usize = 4;
const ROUNDS: u64 = 6;

/// The running program, which ends with the value.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What must not grow.
#[derive(Debug)]
struct Left {
    sessions: u64,
    rooms: u64,
    tasks: u64,
    files: u64,
    threads: u64,
}

impl Left {
    /// Nobody is there, and what is kept in reserve differs by less than one of anything a round.
    fn is_as_little_as(&self, before: &Self) -> bool {
        let grown =
            [self.tasks.saturating_sub(before.tasks), self.files.saturating_sub(before.files), self.threads.saturating_sub(before.threads)];
        self.sessions == 0 && self.rooms == 0 && grown.into_iter().all(|more| more < ROUNDS)
    }
}

impl Program {
    async fn left(&self, origin: &str) -> Left {
        // A connection of its own each time, so that the asking looks the same each time.
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("client");
        let text = client.get(format!("{origin}/metrics")).send().await.expect("figures").text().await.expect("text");
        let figure = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("springbreeze_")?.strip_prefix(name)?.strip_prefix("{} "));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).parse::<u64>().expect("a number")
        };
        let entries = |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", self.0.id())).expect("procfs").count() as u64;
        Left {
            sessions: figure("media_publishers") + figure("media_viewers") + figure("media_connecting"),
            rooms: figure("live_rooms"),
            tasks: figure("tasks"),
            files: entries("fd"),
            threads: entries("task"),
        }
    }
}

impl Program {
    /// What is left as soon as it is as little as that.
    async fn settled(&self, origin: &str, little: impl Fn(&Left) -> bool) -> Left {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = self.left(origin).await;
            if little(&left) {
                return left;
            }
            assert!(Instant::now() < deadline, "still there: {left:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Everybody comes, sees something and leaves, each in another way.
async fn round(origin: &str, addr: SocketAddr, room: RoomId, token: &str) {
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("client");
    let web = Web { client, origin: origin.to_owned() };
    let publisher = Publisher::start(&web, &format!("/rooms/{room}/whip"), Some(token)).await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = Client::open(addr, room, None).await.expect("socket");
        socket.send(json!({ "type": "hello" })).await;
        assert_eq!(socket.next().await.expect("welcome")["type"], "welcome");
        sockets.push(socket);
    }
    let watching = (0..VIEWERS).map(|nth| {
        let web = &web;
        async move {
            let (mut viewer, session) = watch(web, &format!("/rooms/{room}/whep"), None).await;
            frames(&mut viewer, 5).await;
            if nth % 2 == 0 {
                viewer.close().await;
            } else {
                assert!(web.client.delete(web.url(&session)).send().await.expect("response").status().is_success());
            }
        }
    });
    futures_util::future::join_all(watching).await;
    publisher.stop().await;
    drop(sockets);
}

#[tokio::test]
async fn who_leaves_leaves_no_session_socket_thread_or_task_behind() {
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
    let at = app.fair().await;
    let (room, token, config) = (at.booth.id, at.recruiter.token.clone(), app.app.config.clone());
    let _data = app.stop().await;
    // The program reads the real clock, by which the session is still good.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port();
    let (addr, origin) = (SocketAddr::from(([127, 0, 0, 1], port)), format!("http://127.0.0.1:{port}"));
    let program = Program(serve(&config, port));
    ready(&origin).await;
    // What is opened once and kept, such as connections to the database, is there after the first two rounds.
    for _ in 0..2 {
        round(&origin, addr, room, &token).await;
    }
    let before = program.settled(&origin, |left| left.sessions == 0 && left.rooms == 0).await;
    for _ in 0..ROUNDS {
        round(&origin, addr, room, &token).await;
        program.settled(&origin, |left| left.is_as_little_as(&before)).await;
    }
}
