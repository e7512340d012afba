//! A stream crosses two servers: the demo in a process of its own, and a plane here that pulls from it.

use super::media::{HERE, Plane, receive};
use serde_json::Value;
use springbreeze::media::client::{ClientError, Pull, Receiver};
use springbreeze::media::{Media, MediaError, PublishOptions, StreamId, ViewOptions};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The demo as a program of its own, and where its live stream can be viewed.
struct Demo {
    program: Child,
    origin: String,
    whep: String,
    _data: tempfile::TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

async fn demo() -> Demo {
    let data = tempfile::tempdir().expect("folder");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_springbreeze"));
    command.args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--media-udp", "0", "--media-workers", "2", "--log", "warn"]);
    command.arg("--data").arg(data.path());
    let program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut demo = Demo { program, origin: format!("http://127.0.0.1:{port}"), whep: String::new(), _data: data };
    for _ in 0..600 {
        if let Some(whep) = std::fs::read(demo._data.path().join("demo.json")).ok().and_then(|json| live_room(&json)) {
            demo.whep = whep;
            return demo;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the demo is not ready after thirty seconds");
}

fn live_room(json: &[u8]) -> Option<String> {
    let demo: Value = serde_json::from_slice(json).ok()?;
    let live = demo["rooms"].as_array()?.iter().find(|room| room["live"] == true)?;
    Some(live["whep_url"].as_str()?.to_owned())
}

async fn post(url: &str, offer: &str) -> String {
    // An error says that one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let answer = client.post(url).header("content-type", "application/sdp").body(offer.to_owned()).send().await.expect("posted");
    assert_eq!(answer.status(), 201);
    answer.text().await.expect("an answer")
}

/// Key frames that viewers have asked of the other server, which are we alone.
async fn asked_for(demo: &Demo) -> u64 {
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let figures = client.get(format!("{}/metrics", demo.origin)).send().await.expect("figures").text().await.expect("text");
    let line = figures.lines().find(|line| line.contains("media_plis_in") && !line.starts_with('#')).expect("counted");
    line.rsplit(' ').next().and_then(|count| count.parse::<f64>().ok()).expect("a number") as u64
}

/// Pulls in the background until the token is cancelled.
async fn pull(
    media: Media,
    demo: &Demo,
    stream: StreamId,
    options: PublishOptions,
) -> (CancellationToken, tokio::task::JoinHandle<Result<(), ClientError>>) {
    let mut pull = Pull::new(HERE).expect("a pull");
    let answer = post(&demo.whep, pull.offer()).await;
    pull.accept(&answer).expect("accepted");
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    (stop, tokio::spawn(async move { pull.run(&media, stream, options, &stopped).await }))
}

#[tokio::test]
async fn viewers_here_see_what_is_published_on_another_server() {
    let demo = demo().await;
    let plane = Plane::new();
    let stream = StreamId::new();
    let (stop, pulling) = pull(plane.media.clone(), &demo, stream, PublishOptions::Polite).await;
    let (mut viewer, _) = plane.view(stream, ViewOptions::default()).await;
    let enough = |receiver: &Receiver| receiver.received().video.frames >= 60 && receiver.received().audio.frames >= 80;
    receive(&mut viewer, "across two servers", enough).await;
    let received = viewer.received();
    assert_eq!((received.video.lost, received.audio.lost), (0, 0), "{received:?}");
    assert!(received.video.first_frame.is_some());

    // Somebody who comes later has a picture at once from the pictures kept here.
    let begun = Instant::now();
    let (mut late, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut late, "late", |receiver| receiver.received().video.first_frame.is_some()).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());

    // A key frame that is asked for here is asked for there.
    let before = asked_for(&demo).await;
    plane.media.request_keyframe(stream).await;
    let deadline = Instant::now() + Duration::from_secs(10);
    while asked_for(&demo).await == before {
        assert!(Instant::now() < deadline, "nothing was asked for");
        viewer.run_until(Instant::now() + Duration::from_millis(50)).await.expect("up");
    }

    // The place is taken: another pull is refused, unless it may replace the first, which then hears of it.
    let (_second, refused) = pull(plane.media.clone(), &demo, stream, PublishOptions::Polite).await;
    assert!(matches!(refused.await.expect("no panic"), Err(ClientError::Plane(MediaError::StreamBusy))));
    let (third, replacing) = pull(plane.media.clone(), &demo, stream, PublishOptions::Replace).await;
    assert!(matches!(pulling.await.expect("no panic"), Err(ClientError::Ended)));
    drop(stop);
    third.cancel();
    replacing.await.expect("no panic").expect("stopping is not a failure");
    while !plane.media.stats(stream).await.publishers.is_empty() {
        tokio::task::yield_now().await;
    }
    plane.end().await;
}
