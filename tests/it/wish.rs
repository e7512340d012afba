//! WHIP and WHEP from a client's side, for tests: real offers, real peers, and the headers in between.

use crate::harness::Web;
use reqwest::{Response, StatusCode};
use springbreeze::media::client::{Receiver, Rounds, Sender};
use springbreeze::media::file::{MediaFile, Sample};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longer than any step takes on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The beginning of the bundled clip.
pub fn clip() -> MediaFile {
    let clip = MediaFile::parse(include_bytes!("../../src/demo/clip.mkv")).expect("the bundled clip is readable");
    let part: Vec<Sample> = clip.samples().iter().filter(|s| s.at < Duration::from_secs(2)).cloned().collect();
    MediaFile::from_samples(part).expect("samples")
}

pub fn publish_offer() -> String {
    Sender::new(HERE, &clip()).expect("sender").offer().to_owned()
}

pub fn view_offer() -> String {
    Receiver::new(HERE).expect("receiver").offer().to_owned()
}

/// Posts an offer as a WHIP or WHEP client with an optional bearer token.
pub async fn offer(web: &Web, path: &str, token: Option<&str>, sdp: &str) -> Response {
    let request = web.post(path).header("content-type", "application/sdp").body(sdp.to_owned());
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    request.send().await.expect("response")
}

/// The path of the session that an answer names; its URL must be absolute.
pub fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::CREATED);
    let url = response.headers()["location"].to_str().expect("text");
    let url = reqwest::Url::parse(url).expect("an absolute URL");
    url.path().to_owned()
}

/// Somebody who publishes the clip until it is dropped or stopped.
pub struct Publisher {
    pub session: String,
    pub etag: String,
    pub seat: String,
    guard: DropGuard,
    task: tokio::task::JoinHandle<()>,
}

impl Publisher {
    pub async fn start(web: &Web, path: &str, token: Option<&str>) -> Self {
        let clip = clip();
        let mut sender = Sender::new(HERE, &clip).expect("sender");
        let response = offer(web, path, token, sender.offer()).await;
        let session = location(&response);
        let etag = response.headers()["etag"].to_str().expect("text").to_owned();
        let seat = response.headers()["seat"].to_str().expect("text").to_owned();
        sender.accept(&response.text().await.expect("answer")).expect("accepted");
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let task = tokio::spawn(async move {
            let _ = sender.publish(&clip, Rounds::Endless, &stop).await;
            sender.close().await;
        });
        Self { session, etag, seat, guard, task }
    }

    /// Says goodbye, as a client that is closed.
    pub async fn stop(self) {
        drop(self.guard);
        self.task.await.expect("no panic");
    }

    /// Vanishes without a goodbye, as a phone that loses its network.
    pub fn vanish(self) {
        self.task.abort();
    }
}

/// Somebody who watches.
pub async fn watch(web: &Web, path: &str, token: Option<&str>) -> (Receiver, String) {
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let response = offer(web, path, token, receiver.offer()).await;
    let session = location(&response);
    receiver.accept(&response.text().await.expect("answer")).expect("accepted");
    (receiver, session)
}

/// Runs a viewer until it has this many more video frames.
pub async fn frames(receiver: &mut Receiver, more: u64) {
    let wanted = receiver.received().video.frames + more;
    let deadline = Instant::now() + PATIENCE;
    while receiver.received().video.frames < wanted {
        assert!(Instant::now() < deadline, "only {} of {wanted} frames came", receiver.received().video.frames);
        receiver.run_until(Instant::now() + Duration::from_millis(30)).await.expect("still connected");
    }
}

/// Waits until `check` is true, asking again every few milliseconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !check().await {
        assert!(Instant::now() < deadline, "{what} did not come true");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
