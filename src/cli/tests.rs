//! The commands against a small WHIP server that answers with a real peer.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use tokio_util::sync::CancellationToken;

use super::publish::publish_clip;
use super::watch::{self, WatchArgs};
use crate::media::client::{Receiver, Rounds};
use crate::media::file::MediaFile;

/// What the server saw, in order, and the answering peer of the last offer.
#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    refusals: Vec<StatusCode>,
    peer: Option<Receiver>,
}

type Shared = Arc<Mutex<Seen>>;

async fn whip(State(seen): State<Shared>, headers: HeaderMap, offer: String) -> Response {
    let mut seen = seen.lock().expect("no test panics while it holds the lock");
    let token = token_of(&headers);
    let again = headers.get("if-match").map(|etag| format!(" after {}", etag.to_str().expect("text"))).unwrap_or_default();
    seen.requests.push(format!("POST{again} {token} {}", headers["content-type"].to_str().expect("text")));
    if let Some(status) = seen.refusals.pop() {
        return (status, "not now").into_response();
    }
    let peer = Receiver::answer("127.0.0.1".parse().expect("address"), &offer).expect("answer");
    let answer = peer.offer().to_owned();
    seen.peer = Some(peer);
    (StatusCode::CREATED, [("content-type", "application/sdp"), ("location", "whip/s1"), ("etag", "\"e1\"")], answer).into_response()
}

fn token_of(headers: &HeaderMap) -> String {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok());
    value.unwrap_or("none").to_owned()
}

async fn end(State(seen): State<Shared>, headers: HeaderMap) -> StatusCode {
    let mut seen = seen.lock().expect("no test panics while it holds the lock");
    seen.requests.push(format!("DELETE {}", token_of(&headers)));
    StatusCode::OK
}

/// Starts the server; the guard stops it when the test is over.
async fn server(refusals: &[StatusCode]) -> (reqwest::Url, Shared, tokio::task::JoinSet<()>) {
    let seen: Shared = Arc::new(Mutex::new(Seen { refusals: refusals.to_vec(), ..Seen::default() }));
    let routes = Router::new().route("/rooms/7/whip", post(whip)).route("/rooms/7/whip/s1", delete(end)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}/rooms/7/whip", listener.local_addr().expect("address")).parse().expect("url");
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { axum::serve(listener, routes).await.expect("serve") });
    (url, seen, serving)
}

fn short_clip() -> MediaFile {
    let clip = MediaFile::parse(include_bytes!("../demo/clip.mkv")).expect("the bundled clip is readable");
    let part = clip.samples().iter().filter(|sample| sample.at < Duration::from_millis(300)).cloned().collect();
    MediaFile::from_samples(part).expect("the part has samples")
}

/// Lets the server's peer receive until the publisher says goodbye.
async fn receive(seen: Shared) -> crate::media::client::Received {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let peer = seen.lock().expect("lock").peer.take();
        let Some(mut peer) = peer else {
            assert!(Instant::now() < deadline, "nobody published");
            tokio::task::yield_now().await;
            continue;
        };
        let _ = peer.run_until(deadline).await;
        return peer.received();
    }
}

#[tokio::test]
async fn a_clip_is_published_with_the_token_and_the_session_is_ended_at_its_relative_address() {
    let (url, seen, _serving) = server(&[]).await;
    let clip = short_clip();
    let stop = CancellationToken::new();
    let (sent, received) = tokio::join!(publish_clip(&clip, url, Some("t0".to_owned()), Rounds::Once, &stop), receive(seen.clone()));
    let sent = sent.expect("published");
    assert_eq!(received.video.packets + received.audio.packets, sent.packets);
    assert_eq!(seen.lock().expect("lock").requests, ["POST Bearer t0 application/sdp", "DELETE Bearer t0"]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let (url, seen, _serving) = server(&[StatusCode::SERVICE_UNAVAILABLE]).await;
    let clip = short_clip();
    let stop = CancellationToken::new();
    let (sent, _) = tokio::join!(publish_clip(&clip, url, None, Rounds::Once, &stop), receive(seen.clone()));
    assert!(sent.expect("published").packets > 0);
    assert_eq!(seen.lock().expect("lock").requests.iter().filter(|request| request.starts_with("POST none")).count(), 2);
}

#[tokio::test]
async fn a_publisher_whose_call_was_ended_comes_back_without_pushing_anybody_out() {
    let (url, seen, _serving) = server(&[]).await;
    let clip = short_clip();
    let stop = CancellationToken::new();
    let ending = async {
        let mut peer = loop {
            if let Some(peer) = seen.lock().expect("lock").peer.take() {
                break peer;
            }
            tokio::task::yield_now().await;
        };
        peer.connect().await.expect("the publisher connects");
        peer.close().await;
        while seen.lock().expect("lock").peer.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let (sent, ()) = tokio::join!(publish_clip(&clip, url, None, Rounds::Endless, &stop), ending);
    sent.expect("stopped");
    let requests = &seen.lock().expect("lock").requests;
    assert_eq!(requests[..3], ["POST none application/sdp", "DELETE none", "POST after \"e1\" none application/sdp"]);
}

#[tokio::test]
async fn a_refused_token_is_final() {
    let (url, seen, _serving) = server(&[StatusCode::UNAUTHORIZED]).await;
    let refused = publish_clip(&short_clip(), url, Some("old".to_owned()), Rounds::Endless, &CancellationToken::new()).await;
    assert!(refused.expect_err("refused").to_string().contains("401"));
    assert_eq!(seen.lock().expect("lock").requests.len(), 1);
}

#[tokio::test]
async fn stopping_ends_the_waiting_for_a_server_that_is_gone() {
    let stop = CancellationToken::new();
    let nowhere = "http://127.0.0.1:9/rooms/7/whip".parse().expect("url");
    let clip = short_clip();
    let publishing = publish_clip(&clip, nowhere, None, Rounds::Endless, &stop);
    let (sent, ()) = tokio::join!(publishing, async { stop.cancel() });
    assert_eq!(sent.expect("stopped").packets, 0);
}

#[tokio::test]
async fn watching_a_stream_that_sends_nothing_fails_when_its_time_is_over() {
    let (url, _seen, _serving) = server(&[StatusCode::SERVICE_UNAVAILABLE; 4]).await;
    let args = WatchArgs { whep: url, token: None, seconds: Some(1), json: true, viewers: 2 };
    let ended = watch::run(args, CancellationToken::new()).await;
    assert!(ended.expect_err("nothing was decoded").to_string().contains("no viewer received a frame"));
}
