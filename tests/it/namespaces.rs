//! Real networks between real programs: two namespaces of the kernel with a cable between them, one of which loses UDP or its address.
//!
//! Needs root and `ip`. Where either is missing these tests say so and are skipped.

use crate::decoders::{Peer, WEBRTCBIN, assert_watched, gstreamer};
use crate::harness::{NOON, TestApp};
use serde_json::Value;
use springbreeze::clock::Clock;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SERVER: &str = "10.87.0.1";
const VIEWER: &str = "10.87.0.2";
const ELSEWHERE: &str = "10.87.0.3";

/// Two namespaces with a cable between them, gone with the value.
struct Cable {
    server: String,
    viewer: String,
}

fn ip(arguments: &str) -> bool {
    let words = arguments.split(' ');
    Command::new("ip").args(words).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

impl Cable {
    /// `name` tells those of several tests apart.
    fn lay(name: &str) -> Option<Self> {
        let id = format!("sb{}{name}", std::process::id());
        let cable = Self { server: format!("{id}s"), viewer: format!("{id}v") };
        let (server, viewer) = (&cable.server, &cable.viewer);
        if !ip(&format!("netns add {server}")) || !ip(&format!("netns add {viewer}")) {
            eprintln!("skipped: network namespaces need root and iproute2");
            return None;
        }
        for step in [
            format!("link add cable netns {server} type veth peer name cable netns {viewer}"),
            format!("-n {server} addr add {SERVER}/24 dev cable"),
            format!("-n {viewer} addr add {VIEWER}/24 dev cable"),
            format!("-n {server} link set cable up"),
            format!("-n {viewer} link set cable up"),
            format!("-n {server} link set lo up"),
        ] {
            assert!(ip(&step), "ip {step}");
        }
        Some(cable)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.viewer));
        ip(&format!("netns del {}", self.server));
    }
}

/// The database of a run on PostgreSQL is on the outside, where nothing in a namespace gets to.
fn is_cut_off() -> bool {
    let cut_off = std::env::var_os("SPRINGBREEZE_TEST_POSTGRES").is_some();
    if cut_off {
        eprintln!("skipped: on PostgreSQL the program in a namespace has no database");
    }
    cut_off
}

/// A program in a namespace; `ip` becomes the program, so that it ends with the value.
fn inside(namespace: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program on its side of the cable, with a booth that a publisher has taken.
struct Stage {
    whep: String,
    _publisher: Peer,
    _program: Running,
    _data: TempDir,
}

impl Stage {
    async fn build(cable: &Cable, python: &str) -> Self {
        let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
        let (at, config) = (app.fair().await, app.app.config.clone());
        let data = app.stop().await;
        // No port for media over TCP: what does not come by UDP comes by the port of pages.
        let (listen, folder) = (format!("{SERVER}:8080"), config.data.display().to_string());
        let mut arguments =
            vec!["serve", "--listen", &listen, "--public-ip", SERVER, "--media-udp", "9000", "--media-tcp", "0", "--log", "warn"];
        arguments.extend(["--data", &folder]);
        if !config.database.is_empty() {
            arguments.extend(["--database", &config.database]);
        }
        let mut program = inside(&cable.server, env!("CARGO_BIN_EXE_springbreeze"), &arguments);
        let program = Running(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts"));
        let answers = || ip(&format!("netns exec {} bash -c </dev/tcp/{SERVER}/8080", cable.viewer));
        wait("the program listens", answers).await;
        let room = format!("http://{SERVER}:8080/rooms/{}", at.booth.id);
        let (whip, token) = (format!("{room}/whip"), format!("--token={}", at.recruiter.token));
        let publisher = Peer::start_as(inside(&cable.server, python, &[&Peer::path(WEBRTCBIN), "publish", &whip, &token]));
        Self { whep: format!("{room}/whep"), _publisher: publisher, _program: program, _data: data }
    }
}

async fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_network_without_udp_lets_the_picture_through_by_the_port_of_pages() {
    if is_cut_off() {
        return;
    }
    let (Some(cable), Some(python)) = (Cable::lay("t"), gstreamer()) else { return };
    let stage = Stage::build(&cable, &python).await;
    let viewer = &cable.viewer;
    assert!(ip(&format!("-n {viewer} rule add ipproto udp blackhole")));
    assert!(!ip(&format!("-n {viewer} route get {SERVER} ipproto udp")) && ip(&format!("-n {viewer} route get {SERVER} ipproto tcp")));
    let watching = Peer::start_as(inside(viewer, &python, &[&Peer::path(WEBRTCBIN), "watch", &stage.whep]));
    assert_watched(&watching.said().await, 320, 180);
}

#[tokio::test]
async fn an_address_that_is_taken_away_and_another_given_end_no_call() {
    if is_cut_off() {
        return;
    }
    let (Some(cable), Some(python)) = (Cable::lay("a"), gstreamer()) else { return };
    let stage = Stage::build(&cable, &python).await;
    let arguments = ["watch", "--whep", &stage.whep, "--seconds", "60", "--json"];
    let mut watching = Running(inside(&cable.viewer, env!("CARGO_BIN_EXE_springbreeze"), &arguments).spawn().expect("the program starts"));
    let out = watching.0.stdout.take().expect("piped");
    let (seconds, mut each) = tokio::sync::mpsc::unbounded_channel::<Value>();
    std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        lines.filter_map(|line| serde_json::from_str(&line).ok()).try_for_each(|second| seconds.send(second))
    });
    let mut after = async |frames: u64| loop {
        let second = each.recv().await.expect("it goes on");
        if second["frames"].as_u64() >= Some(frames) {
            break second;
        }
    };
    let before = after(30).await;
    assert!(ip(&format!("-n {} addr del {VIEWER}/24 dev cable", cable.viewer)));
    assert!(ip(&format!("-n {} addr add {ELSEWHERE}/24 dev cable", cable.viewer)));
    // Of what is shown before a second is over some came before the change; and a client may have to find out by silence.
    let shown = before["frames"].as_u64().expect("a number");
    let later = tokio::time::timeout(Duration::from_secs(20), after(shown + 75)).await.expect("the picture goes on");
    assert_eq!((&later["reconnects"], &later["connected"]), (&Value::from(0), &Value::from(1)), "{later}");
}
