//! The real program as a process of its own, and what it holds.

use crate::crash::{ready, serve};
use crate::harness::{NOON, TestApp, TestFair, Web};
use reqwest::redirect::Policy;
use springbreeze::clock::Clock;
use std::net::SocketAddr;
use std::process::Child;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running program with a fair in it, which ends with the value.
pub struct Program {
    pub addr: SocketAddr,
    pub at: TestFair,
    child: Child,
    _data: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    pub async fn start() -> Self {
        let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
        let (at, config) = (app.fair().await, app.app.config.clone());
        let data = app.stop().await;
        // The program reads the real clock, by which the sessions of the fair's people are still good.
        let addr = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port");
        let program = Self { addr, at, child: serve(&config, addr.port()), _data: data };
        ready(&program.origin()).await;
        program
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A client without a session and without connections yet.
    pub fn stranger(&self) -> Web {
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("client");
        Web { client, origin: self.origin() }
    }

    /// What it says of itself. Asked on a connection of its own each time, so that the asking itself costs the same each time.
    pub async fn figures(&self) -> Figures {
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("client");
        let text = client.get(format!("{}/metrics", self.origin())).send().await.expect("figures").text().await.expect("text");
        Figures { text, process: self.child.id() }
    }

    /// The figures as soon as they are right.
    pub async fn settled(&self, patience: Duration, right: impl Fn(&Figures) -> bool) -> Figures {
        let deadline = Instant::now() + patience;
        loop {
            let figures = self.figures().await;
            if right(&figures) {
                return figures;
            }
            let (sessions, tasks, files, threads) = (figures.sessions(), figures.of("tasks"), figures.files(), figures.threads());
            assert!(Instant::now() < deadline, "still {sessions} sessions, {tasks} tasks, {files} files, {threads} threads");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub struct Figures {
    text: String,
    process: u32,
}

impl Figures {
    pub fn of(&self, name: &str) -> u64 {
        let value = |line: &str| line.strip_prefix("springbreeze_")?.strip_prefix(name)?.strip_prefix("{} ")?.parse().ok();
        self.text.lines().find_map(value).unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// Publishers, viewers, and those who are about to be one.
    pub fn sessions(&self) -> u64 {
        self.of("media_publishers") + self.of("media_viewers") + self.of("media_connecting")
    }

    pub fn files(&self) -> u64 {
        self.count("fd")
    }

    pub fn threads(&self) -> u64 {
        self.count("task")
    }

    fn count(&self, what: &str) -> u64 {
        std::fs::read_dir(format!("/proc/{}/{what}", self.process)).expect("procfs").count() as u64
    }

    /// Resident memory in kB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).expect("procfs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}
