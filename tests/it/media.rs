//! The media plane with real peers: ICE, DTLS and SRTP over loopback, no HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::{Duration, Instant};

use springbreeze::media::client::{Receiver, Rounds, Sender};
use springbreeze::media::file::MediaFile;
use springbreeze::media::{Media, MediaConfig, MediaError, MediaEvent, PublishOptions, Seat, SeatWanted, SessionId, StreamId, ViewOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn clip() -> MediaFile {
    MediaFile::parse(include_bytes!("../../src/demo/clip.mkv")).expect("the bundled clip is readable")
}

/// A plane that ends, and proves that it ended without a panic, with the test.
pub(super) struct Plane {
    pub(super) media: Media,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Plane {
    pub(super) fn new() -> Self {
        Self::with(MediaConfig::default())
    }

    pub(super) fn with(config: MediaConfig) -> Self {
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let media = Media::start(config, stop.clone(), tracker.clone()).expect("a free port");
        Self { media, stop, tracker }
    }

    /// Publishes the clip in the background until the guard is dropped.
    pub(super) async fn publish(&self, stream: StreamId, options: PublishOptions) -> Published {
        self.sit(stream, SeatWanted::At(Seat::HOST), options).await
    }

    pub(super) async fn sit(&self, stream: StreamId, seat: SeatWanted, options: PublishOptions) -> Published {
        let clip = clip();
        let mut sender = Sender::new(HERE, &clip).expect("sender");
        let level = sender.level();
        let answer = self.media.publish_at(stream, seat, sender.offer(), options).await.expect("answered");
        sender.accept(&answer.sdp).expect("accepted");
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let task = tokio::spawn(async move {
            let ended = sender.publish(&clip, Rounds::Endless, &stop).await;
            sender.close().await;
            ended.is_ok()
        });
        Published { session: answer.session, level, guard, task }
    }

    pub(super) async fn view(&self, stream: StreamId, options: ViewOptions) -> (Receiver, SessionId) {
        let mut receiver = Receiver::new(HERE).expect("receiver");
        let answer = self.media.view(stream, receiver.offer(), options).await.expect("answered");
        receiver.accept(&answer.sdp).expect("accepted");
        (receiver, answer.session)
    }

    pub(super) async fn end(self) {
        assert_eq!(self.media.totals().panics, 0);
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(PATIENCE, self.tracker.wait()).await.expect("the worker ends");
    }
}

pub(super) struct Published {
    session: SessionId,
    /// How loud it says to be, see [`Sender::level`].
    pub(super) level: Arc<AtomicU8>,
    guard: DropGuard,
    task: tokio::task::JoinHandle<bool>,
}

impl Published {
    pub(super) async fn stop(self) -> bool {
        drop(self.guard);
        self.task.await.expect("no panic")
    }
}

/// Receives until `done` says so.
pub(super) async fn receive(receiver: &mut Receiver, what: &str, done: impl Fn(&Receiver) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done(receiver) {
        assert!(Instant::now() < deadline, "{what}: {:?}", receiver.received());
        receiver.run_until(Instant::now() + Duration::from_millis(50)).await.expect("the connection stays up");
    }
}

async fn event(events: &mut tokio::sync::broadcast::Receiver<MediaEvent>) -> MediaEvent {
    tokio::time::timeout(PATIENCE, events.recv()).await.expect("an event").expect("none missed")
}

#[tokio::test]
async fn three_viewers_receive_what_one_publisher_sends() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let mut events = plane.media.events();
    let published = plane.publish(stream, PublishOptions::default()).await;
    assert_eq!(event(&mut events).await, MediaEvent::PublisherUp { stream, session: published.session, seat: Seat::HOST });
    let (mut one, session) = plane.view(stream, ViewOptions::default()).await;
    let (mut two, _) = plane.view(stream, ViewOptions::default()).await;
    let (mut three, _) = plane.view(stream, ViewOptions::default()).await;
    let enough = |receiver: &Receiver| receiver.received().video.frames >= 40 && receiver.received().audio.frames >= 60;
    tokio::join!(receive(&mut one, "one", enough), receive(&mut two, "two", enough), receive(&mut three, "three", enough));
    for receiver in [&one, &two, &three] {
        let received = receiver.received();
        assert_eq!((received.video.lost, received.audio.lost), (0, 0), "{received:?}");
    }
    let stats = plane.media.stats(stream).await;
    assert_eq!((stats.viewers, stats.publisher_connected, stats.layers.len()), (3, true, 2), "{stats:?}");
    assert!(plane.media.close(session).await);
    assert!(!plane.media.close(session).await);
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn a_viewer_who_joins_in_the_middle_starts_with_a_key_frame_at_once() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut first, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut first, "in the middle of a group of pictures", |receiver| receiver.received().video.frames >= 8).await;
    let begun = Instant::now();
    let (mut joiner, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut joiner, "a picture", |receiver| receiver.received().video.key_frames >= 1).await;
    let took = begun.elapsed();
    let video = joiner.received().video;
    assert_eq!(video.lost, 0, "{video:?}");
    assert!(took < Duration::from_millis(700), "a key frame came only after {took:?}");
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn a_viewer_may_come_first_and_stays_over_a_change_of_publishers() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let (mut viewer, _) = plane.view(stream, ViewOptions::default()).await;
    viewer.connect().await.expect("connected without a publisher");
    let published = plane.publish(stream, PublishOptions::default()).await;
    receive(&mut viewer, "the first publisher", |receiver| receiver.received().video.frames >= 10).await;

    let second = Sender::new(HERE, &clip()).expect("sender");
    let refused = plane.media.publish(stream, second.offer(), PublishOptions::default()).await;
    assert_eq!(refused.expect_err("busy"), MediaError::StreamBusy);
    second.close().await;

    let mut events = plane.media.events();
    let replacement = plane.publish(stream, PublishOptions::Replace).await;
    let reason = springbreeze::media::DownReason::Replaced;
    assert_eq!(event(&mut events).await, MediaEvent::PublisherDown { stream, session: published.session, seat: Seat::HOST, reason });
    let before = viewer.received();
    receive(&mut viewer, "the second publisher", |receiver| receiver.received().video.frames >= before.video.frames + 20).await;
    let received = viewer.received();
    assert_eq!((received.video.lost, received.audio.lost), (0, 0), "sequence numbers continue: {received:?}");
    assert!(received.video.key_frames > before.video.key_frames);
    published.stop().await;
    assert!(replacement.stop().await);
    plane.end().await;
}

/// How a relay treats what the plane sends to the viewer behind it.
#[derive(Clone, Copy)]
enum Relay {
    /// Loses every nth media packet, each only once.
    Lossy(usize),
    /// Speaks ICE-TCP with the plane.
    Tcp,
}

/// A path between a viewer and the plane. Returns the answer with the relay's port in it.
async fn relay(media: &Media, answer: &str, kind: Relay) -> (String, tokio::task::JoinSet<()>) {
    let front = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let port = front.local_addr().expect("address").port();
    let udp: Vec<String> =
        answer.lines().filter(|line| !(line.contains("candidate:") && line.contains(" tcp "))).map(str::to_owned).collect();
    let sdp = udp.join("\r\n").replace(&format!(" {} typ", media.local_addr().port()), &format!(" {port} typ")) + "\r\n";
    let mut tasks = tokio::task::JoinSet::new();
    match kind {
        Relay::Lossy(nth) => {
            let back = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
            back.connect(media.local_addr()).await.expect("connect");
            tasks.spawn(lossy(front, back, nth));
        }
        Relay::Tcp => {
            let back = TcpStream::connect(media.tcp_addr().expect("ICE-TCP")).await.expect("connect");
            tasks.spawn(framed(front, back));
        }
    }
    (sdp, tasks)
}

async fn lossy(front: UdpSocket, back: UdpSocket, nth: usize) {
    let (mut going, mut coming) = ([0; 2_048], [0; 2_048]);
    let (mut peer, mut count, mut lost) = (None, 0, std::collections::HashSet::new());
    loop {
        tokio::select! {
            Ok((length, from)) = front.recv_from(&mut going) => {
                peer = Some(from);
                let _ = back.send(&going[..length]).await;
            }
            Ok(length) = back.recv(&mut coming) => {
                let Some(peer) = peer else { continue };
                // RTP, not RTCP (RFC 5761); SSRC and sequence number name the packet.
                let media = length > 12 && coming[0] >> 6 == 2 && !(192..=223).contains(&coming[1]);
                count += usize::from(media);
                if media && count % nth == 0 && lost.insert((coming[2..4].to_vec(), coming[8..12].to_vec())) {
                    continue;
                }
                let _ = front.send_to(&coming[..length], peer).await;
            }
        }
    }
}

async fn framed(front: UdpSocket, back: TcpStream) {
    let (mut reader, mut writer) = back.into_split();
    let mut going = [0; 2_048];
    let front = std::sync::Arc::new(front);
    let (peers, mut peer) = tokio::sync::watch::channel(None);
    let towards = async {
        while let Ok((length, from)) = front.recv_from(&mut going).await {
            peers.send_replace(Some(from));
            let _ = writer.write_u16(length as u16).await;
            let _ = writer.write_all(&going[..length]).await;
        }
    };
    let from = async {
        while let Ok(length) = reader.read_u16().await {
            let mut datagram = vec![0; usize::from(length)];
            reader.read_exact(&mut datagram).await.expect("a whole frame");
            let to = peer.wait_for(Option::is_some).await.expect("a peer").expect("some");
            let _ = front.send_to(&datagram, to).await;
        }
    };
    tokio::join!(towards, from);
}

#[tokio::test]
async fn lost_packets_are_sent_again_when_asked_for() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    let (sdp, _tasks) = relay(&plane.media, &answer.sdp, Relay::Lossy(20)).await;
    receiver.accept(&sdp).expect("accepted");
    receive(&mut receiver, "frames", |receiver| receiver.received().video.frames >= 60).await;
    let stats = plane.media.stats(stream).await;
    assert!(stats.nacked > 0 && stats.resent > 0, "{stats:?}");
    // What was lost last may still be on its way.
    receive(&mut receiver, "the resends", |receiver| receiver.received().video.lost <= 2).await;
    published.stop().await;
    plane.end().await;
}

#[tokio::test]
async fn a_viewer_without_udp_receives_over_tcp() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    assert!(answer.sdp.contains("tcptype passive"), "{}", answer.sdp);
    let (sdp, _tasks) = relay(&plane.media, &answer.sdp, Relay::Tcp).await;
    receiver.accept(&sdp).expect("accepted");
    receive(&mut receiver, "frames", |receiver| receiver.received().video.frames >= 30 && receiver.received().audio.frames >= 30).await;
    assert_eq!(receiver.received().video.lost, 0);
    published.stop().await;
    plane.end().await;
}

#[tokio::test]
async fn a_flood_of_garbage_disturbs_nobody() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut viewer, "frames", |receiver| receiver.received().video.frames >= 5).await;
    let flood = async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        for round in 0..5_000_u32 {
            let mut garbage: Vec<u8> = (0..round % 1_400).map(|at| (at.wrapping_mul(round) >> 3) as u8).collect();
            if let Some(first) = garbage.first_mut() {
                *first = [0, 1, 22, 128, 200][round as usize % 5];
            }
            let _ = socket.send_to(&garbage, plane.media.local_addr()).await;
            if round % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        for frame in [&[0xff, 0xff, 1][..], &[0, 3, 1, 2, 3], &[0, 0]] {
            let mut tcp = TcpStream::connect(plane.media.tcp_addr().expect("ICE-TCP")).await.expect("connect");
            let _ = tcp.write_all(frame).await;
        }
        let mut answer = [0; 64];
        assert!(socket.try_recv(&mut answer).is_err(), "garbage is not answered");
    };
    let frames = viewer.received().video.frames;
    tokio::join!(flood, receive(&mut viewer, "more frames", |receiver| receiver.received().video.frames >= frames + 30));
    let totals = plane.media.totals();
    assert!(totals.dropped_in > 4_000, "{totals:?}");
    published.stop().await;
    plane.end().await;
}

#[tokio::test]
async fn ending_a_stream_ends_its_publisher_and_its_viewers() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, session) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut viewer, "frames", |receiver| receiver.received().video.frames >= 5).await;
    let mut events = plane.media.events();
    assert_eq!(plane.media.close_stream(stream).await, 2);
    let reason = springbreeze::media::DownReason::Closed;
    assert_eq!(event(&mut events).await, MediaEvent::PublisherDown { stream, session: published.session, seat: Seat::HOST, reason });
    assert_eq!(event(&mut events).await, MediaEvent::ViewerDown { stream, session, reason });
    let ended = viewer.run_until(Instant::now() + PATIENCE).await;
    assert!(ended.is_err(), "the viewer hears the goodbye");
    assert!(plane.media.session(session).await.is_none());
    assert_eq!(plane.media.stats(stream).await, springbreeze::media::StreamStats::default());
    published.stop().await;
    plane.end().await;
}

async fn many_workers(one_port: bool) {
    let config = MediaConfig { workers: 3, one_port, tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() };
    let plane = Plane::with(config);
    // Enough streams that each worker is home to one at least, and each has viewers on the other workers.
    let streams: Vec<StreamId> = (0..8).map(|_| StreamId::new()).collect();
    let mut publishers = Vec::new();
    for stream in &streams {
        publishers.push(plane.publish(*stream, PublishOptions::default()).await);
    }
    let mut viewers = Vec::new();
    for stream in streams.iter().chain(&streams) {
        viewers.push(plane.view(*stream, ViewOptions::default()).await);
    }
    let enough = |receiver: &Receiver| receiver.received().video.frames >= 30 && receiver.received().audio.frames >= 40;
    let mut receiving = tokio::task::JoinSet::new();
    for (mut receiver, session) in viewers {
        receiving.spawn(async move {
            receive(&mut receiver, "a viewer of many workers", enough).await;
            let received = receiver.received();
            assert_eq!((received.video.lost, received.audio.lost, received.video.duplicates), (0, 0, 0), "{received:?}");
            session
        });
    }
    let mut sessions = Vec::new();
    while let Some(received) = receiving.join_next().await {
        sessions.push(received.expect("all receive"));
    }
    let used: Vec<u64> = plane.media.workers().iter().map(|worker| worker.totals.packets_out).collect();
    assert!(used.iter().all(|packets| *packets > 0), "every worker has viewers: {used:?}");
    assert_eq!(plane.media.totals().dropped_between, 0);
    for stream in &streams {
        let stats = plane.media.stats(*stream).await;
        assert_eq!((stats.publisher_connected, stats.layers.len()), (true, 2), "{stats:?}");
    }
    for session in sessions {
        assert!(plane.media.session(session).await.is_some());
        assert!(plane.media.close(session).await);
    }
    assert_eq!(plane.media.close_stream(streams[0]).await, 1, "the publisher");
    drop(publishers);
    plane.end().await;
}

#[tokio::test]
async fn viewers_on_every_worker_receive_over_one_port() {
    many_workers(true).await;
}

#[tokio::test]
async fn viewers_on_every_worker_receive_over_a_port_of_each() {
    many_workers(false).await;
}
