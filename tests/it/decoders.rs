//! Peers that encode and decode pictures by themselves publish by WHIP and watch by WHEP over HTTP: aiortc, and webrtcbin of GStreamer.
//!
//! `SPRINGBREEZE_PYTHON` names a Python with `tests/peers/requirements.txt`, which `bin/test` makes. GStreamer with its plugins comes from Debian,
//! to be used by Debian's own Python. Where either is missing its tests say so and are skipped.

use crate::harness::{TestApp, TestFair};
use crate::wish::{Publisher, frames, until, watch};
use serde_json::Value;
use springbreeze::ids::RoomId;
use springbreeze::live::Live;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Python starts slowly and encodes slowly, more so beside other tests.
const PATIENCE: Duration = Duration::from_secs(60);

const AIORTC: &str = "aio.py";
pub(super) const WEBRTCBIN: &str = "gst.py";

pub(super) fn python() -> Option<String> {
    let python = std::env::var("SPRINGBREEZE_PYTHON").ok().filter(|python| !python.is_empty());
    if python.is_none() {
        eprintln!("skipped: SPRINGBREEZE_PYTHON names no Python with tests/peers/requirements.txt");
    }
    python
}

/// A peer in a process of its own, which ends with the value.
pub(super) struct Peer(Child);

impl Peer {
    fn start(python: &str, script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(python);
        command.arg(Self::path(script)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::start_as(command)
    }

    pub(super) fn start_as(mut command: Command) -> Self {
        Self(command.spawn().expect("this Python can be run"))
    }

    pub(super) fn path(script: &str) -> String {
        format!("{}/tests/peers/{script}", env!("CARGO_MANIFEST_DIR"))
    }

    /// Ends a publisher in good order.
    async fn stop(mut self) -> Value {
        drop(self.0.stdin.take());
        self.said().await
    }

    /// What it says when it has done what it was asked to.
    pub(super) async fn said(mut self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.0.try_wait().expect("a child") {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "the peer does not end"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let mut said = String::new();
        self.0.stdout.take().expect("piped").read_to_string(&mut said).expect("text");
        assert!(status.success(), "{status} {said}");
        serde_json::from_str(&said).expect("JSON")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In one word, because a token may begin with a dash.
fn token(fair: &TestFair) -> String {
    format!("--token={}", fair.recruiter.token)
}

fn number(said: &Value, name: &str) -> u64 {
    said[name].as_u64().unwrap_or_else(|| panic!("no {name} in {said}"))
}

pub(super) fn assert_watched(said: &Value, width: u64, height: u64) {
    assert_eq!((number(said, "deleted"), &said["size"]), (200, &serde_json::json!([width, height])), "{said}");
    let (pictures, different, sounds, loud) =
        (number(said, "frames"), number(said, "different"), number(said, "sounds"), number(said, "loud"));
    assert!(pictures >= 30 && different * 10 >= pictures * 9, "pictures that move: {said}");
    assert!(sounds >= 30 && loud * 10 >= sounds * 8, "sound that is heard: {said}");
}

async fn on_stage(app: &TestApp, room: RoomId, there: bool) {
    until("somebody on stage, or nobody", async || app.parts.live.media.stats(Live::stream_of(room)).await.publisher_connected == there)
        .await;
}

#[tokio::test]
async fn aiortc_decodes_what_the_clip_shows() {
    let Some(python) = python() else { return };
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web) = (fair.booth.id, app.stranger());
    let publisher = Publisher::start(&web, &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    let watched = Peer::start(&python, AIORTC, &["watch", &web.url(&format!("/rooms/{room}/whep"))]).said().await;
    assert_watched(&watched, 854, 480);
    publisher.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn aiortc_publishes_either_codec_and_decodes_it_on_the_other_side() {
    let Some(python) = python() else { return };
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web) = (fair.booth.id, app.stranger());
    let (whip, whep) = (web.url(&format!("/rooms/{room}/whip")), web.url(&format!("/rooms/{room}/whep")));
    let token = token(&fair);
    for codec in ["vp8", "h264"] {
        let publisher = Peer::start(&python, AIORTC, &["publish", &whip, &token, "--codec", codec]);
        on_stage(&app, room, true).await;
        let watched = Peer::start(&python, AIORTC, &["watch", &whep]).said().await;
        assert_watched(&watched, 320, 180);
        let published = publisher.stop().await;
        assert_eq!(number(&published, "deleted"), 200);
        on_stage(&app, room, false).await;
    }
    app.stop().await;
}

#[tokio::test]
async fn a_publisher_like_obs_is_watched_although_it_hears_no_requests() {
    let Some(python) = python() else { return };
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web) = (fair.booth.id, app.stranger());
    let (whip, whep) = (format!("/rooms/{room}/whip"), format!("/rooms/{room}/whep"));
    let token = token(&fair);
    let arguments = ["publish", &web.url(&whip), &token, "--codec", "h264", "--like-obs"];
    let publisher = Peer::start(&python, AIORTC, &arguments);
    on_stage(&app, room, true).await;
    let decoding = Peer::start(&python, AIORTC, &["watch", &web.url(&whep)]);
    // In the middle of a group of pictures, more than once: no joiner depends on an answer.
    for _ in 0..3 {
        let (mut viewer, _) = watch(&web, &whep, None).await;
        frames(&mut viewer, 10).await;
        assert!(viewer.received().video.key_frames > 0 && viewer.received().video.lost == 0, "{:?}", viewer.received());
        app.parts.live.media.request_keyframe(Live::stream_of(room)).await;
        viewer.close().await;
    }
    assert_watched(&decoding.said().await, 320, 180);
    let published = publisher.stop().await;
    assert_eq!(published["srtp"], "SRTP_AES128_CM_SHA1_80");
    assert_eq!((number(&published, "offered"), number(&published, "modes")), (1, 1), "one way of H.264, packetization-mode 1: {published}");
    assert!(number(&published, "requests") > 0, "asked and not heard: {published}");
    assert_eq!(number(&published, "deleted"), 200);
    on_stage(&app, room, false).await;
    app.stop().await;
}

/// Debian's Python, if it has GStreamer with all that a peer needs.
pub(super) fn gstreamer() -> Option<String> {
    let python = "/usr/bin/python3";
    let able = Command::new(python).args([&Peer::path(WEBRTCBIN), "try"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if able.is_ok_and(|status| status.success()) {
        return Some(python.to_owned());
    }
    eprintln!("skipped: no GStreamer with webrtcbin, libnice, VP8 and Opus for Debian's Python");
    None
}

#[tokio::test]
async fn webrtcbin_publishes_and_decodes_it_on_the_other_side() {
    let Some(python) = gstreamer() else { return };
    // libnice has no candidates on the loopback interface, so it comes from another address of this machine.
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web) = (fair.booth.id, app.stranger());
    let token = token(&fair);
    let publisher = Peer::start(&python, WEBRTCBIN, &["publish", &web.url(&format!("/rooms/{room}/whip")), &token]);
    on_stage(&app, room, true).await;
    let watched = Peer::start(&python, WEBRTCBIN, &["watch", &web.url(&format!("/rooms/{room}/whep"))]).said().await;
    assert_watched(&watched, 320, 180);
    assert_eq!(number(&publisher.stop().await, "deleted"), 200);
    on_stage(&app, room, false).await;
    app.stop().await;
}
