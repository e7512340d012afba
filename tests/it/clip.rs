//! The bundled clip goes into a room by WHIP and comes out by WHEP; and how a call ends for either side.

use crate::harness::TestApp;
use springbreeze::cli::publish::publish_clip;
use springbreeze::cli::watch::{self, WatchArgs};
use springbreeze::media::client::{ClientError, Receiver, Rounds, Sender};
use springbreeze::media::file::MediaFile;
use springbreeze::media::{DownReason, Media, MediaConfig, MediaError, MediaEvent, PublishOptions, StreamId, ViewOptions};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A running plane that ends with the value.
struct Plane {
    media: Media,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Plane {
    fn start() -> Self {
        let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
        let media = Media::start(MediaConfig::default(), token.clone(), tracker.clone()).expect("the plane starts");
        Self { media, token, tracker }
    }

    async fn stop(self) {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(Duration::from_secs(2), self.tracker.wait()).await.expect("the worker ends with its token");
    }

    async fn publisher(&self, stream: StreamId, clip: &MediaFile) -> Sender {
        let mut sender = Sender::new(HERE, clip).expect("sender");
        let answer = self.media.publish(stream, sender.offer(), PublishOptions::default()).await.expect("published");
        sender.accept(&answer.sdp).expect("the answer is usable");
        sender
    }

    async fn viewer(&self, stream: StreamId) -> Receiver {
        let mut receiver = Receiver::new(HERE).expect("receiver");
        let answer = self.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("viewed");
        receiver.accept(&answer.sdp).expect("the answer is usable");
        receiver
    }
}

fn clip() -> MediaFile {
    MediaFile::parse(include_bytes!("../../src/demo/clip.mkv")).expect("the bundled clip is readable")
}

#[tokio::test]
async fn the_publish_and_watch_commands_meet_in_a_room() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = format!("http://{}/rooms/{}", app.app.addr, fair.booth.id);
    let (stop, clip) = (CancellationToken::new(), clip());
    let whip = format!("{room}/whip").parse().expect("url");
    let publishing = publish_clip(&clip, whip, Some(fair.recruiter.token.clone()), Rounds::Endless, &stop);
    let watching = async {
        let whep = format!("{room}/whep").parse().expect("url");
        let args = WatchArgs { whep, token: None, seconds: Some(2), json: true, viewers: 3 };
        let watched = watch::run(args, CancellationToken::new()).await;
        stop.cancel();
        watched
    };
    let (published, watched) = tokio::join!(publishing, watching);
    assert!(published.expect("published").frames > 0);
    watched.expect("somebody got a picture");
    app.stop().await;
}

#[tokio::test]
async fn a_stranger_may_not_publish() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let whip = format!("http://{}/rooms/{}/whip", app.app.addr, fair.booth.id).parse().expect("url");
    let seeker = app.seeker("求职者").await;
    let refused = publish_clip(&clip(), whip, Some(seeker.token), Rounds::Once, &CancellationToken::new()).await;
    assert!(refused.expect_err("refused").to_string().contains("404"), "forbidden and absent look alike");
    app.stop().await;
}

#[tokio::test]
async fn a_closed_session_ends_the_call_at_once_on_the_clients_side() {
    let plane = Plane::start();
    let mut events = plane.media.events();
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(StreamId::new(), receiver.offer(), ViewOptions::default()).await.expect("viewed");
    receiver.accept(&answer.sdp).expect("accept");
    receiver.connect().await.expect("a viewer connects although nobody publishes");
    assert!(matches!(events.recv().await, Ok(MediaEvent::ViewerUp { session, .. }) if session == answer.session));
    assert!(plane.media.close(answer.session).await);
    let ended = receiver.run_until(Instant::now() + Duration::from_secs(2)).await;
    assert!(matches!(ended, Err(ClientError::Ended)), "{ended:?}");
    assert!(matches!(events.recv().await, Ok(MediaEvent::ViewerDown { reason: DownReason::Closed, .. })));
    plane.stop().await;
}

#[tokio::test]
async fn a_viewer_who_says_goodbye_is_gone_from_the_figures() {
    let plane = Plane::start();
    let stream = StreamId::new();
    let mut receiver = plane.viewer(stream).await;
    let mut events = plane.media.events();
    receiver.connect().await.expect("connects");
    assert!(matches!(events.recv().await, Ok(MediaEvent::ViewerUp { .. })));
    assert_eq!(plane.media.stats(stream).await.viewers, 1);
    receiver.close().await;
    let down = tokio::time::timeout(Duration::from_secs(2), events.recv()).await.expect("the goodbye is heard, not a timeout");
    assert!(matches!(down, Ok(MediaEvent::ViewerDown { reason: DownReason::Closed, .. })), "{down:?}");
    plane.stop().await;
}

#[tokio::test]
async fn a_publisher_whose_place_is_taken_hears_it_at_once() {
    let plane = Plane::start();
    let stream = StreamId::new();
    let clip = clip();
    let mut first = plane.publisher(stream, &clip).await;
    first.connect().await.expect("connects");
    let stop = CancellationToken::new();
    let publishing = first.publish(&clip, Rounds::Endless, &stop);
    let replacing = async {
        let mut second = Sender::new(HERE, &clip).expect("sender");
        let answer = plane.media.publish(stream, second.offer(), PublishOptions::Replace).await.expect("taken over");
        second.accept(&answer.sdp).expect("accept");
        second.connect().await.expect("connects");
        second
    };
    let both = async { tokio::join!(publishing, replacing) };
    let (ended, second) = tokio::time::timeout(Duration::from_secs(3), both).await.expect("a goodbye, not a timeout");
    assert!(matches!(ended, Err(ClientError::Ended)), "{ended:?}");
    let third = Sender::new(HERE, &clip).expect("sender");
    let refused = plane.media.publish(stream, third.offer(), PublishOptions::default()).await;
    assert!(matches!(refused, Err(MediaError::StreamBusy)), "{refused:?}");
    second.close().await;
    plane.stop().await;
}
