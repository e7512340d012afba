//! Bad paths and bad neighbours of the media plane: loss, TCP, noise, floods, limits. Real peers over loopback, no HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use springbreeze::media::client::Receiver;
use springbreeze::media::{MediaConfig, MediaError, PublishOptions, SessionId, StreamId, TrickleOutcome, ViewOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

use crate::media::{HERE, Plane, receive};

/// A datagram that begins like STUN, DTLS or RTP and goes on at random.
fn noise(random: &mut StdRng) -> Vec<u8> {
    let mut datagram: Vec<u8> = (0..random.random_range(1..1_300)).map(|_| random.random()).collect();
    datagram[0] = [0, 1, 20, 22, 23, 63, 64, 128, 0x80, 0x81, 0xff][random.random_range(0..11)];
    if datagram.len() > 20 && random.random() {
        match datagram[0] {
            // A message with the magic cookie and its true length, so that the attributes are looked at.
            0 | 1 => {
                let length = (datagram.len() - 20) as u16;
                datagram[..8].copy_from_slice(&[0, 1, (length >> 8) as u8, length as u8, 0x21, 0x12, 0xa4, 0x42]);
            }
            // A DTLS 1.2 record of the first epoch with its true length.
            20..=63 => {
                let length = (datagram.len() - 13) as u16;
                datagram[1..5].copy_from_slice(&[0xfe, 0xfd, 0, 0]);
                datagram[11..13].copy_from_slice(&length.to_be_bytes());
            }
            // Receiver reports and feedback.
            _ => datagram[1] = [200, 201, 205, 206][random.random_range(0..4)],
        }
    }
    datagram
}

/// A path between a viewer and the plane that can lose and add datagrams.
pub(super) struct Relay {
    pub(super) front: SocketAddr,
    /// The longest datagram in either direction.
    pub(super) longest: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

/// RFC 5761: RTCP has 192 to 223 where RTP has marker and payload type.
fn is_media(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, second, ..] if !matches!(second, 192..=223))
}

impl Relay {
    /// Loses every `nth` media packet on its way to the viewer. Once media flows, injects so much noise towards the plane for each
    /// datagram of the viewer's. Not before: DTLS has no keys until then and cannot tell a forged alert from a real one.
    async fn udp(plane: SocketAddr, nth: usize, injected: usize) -> Self {
        Self::udp_at("127.0.0.1:0".parse().expect("an address"), plane, nth, injected).await
    }

    /// The same where `front` is what peers know, as with an address translated one to one.
    pub(super) async fn udp_at(front: SocketAddr, plane: SocketAddr, nth: usize, injected: usize) -> Self {
        let front = UdpSocket::bind(front).await.expect("bind");
        let longest = Arc::<AtomicUsize>::default();
        let seen = longest.clone();
        let back = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        let address = front.local_addr().expect("address");
        let mut task = JoinSet::new();
        task.spawn(async move {
            let (mut up, mut down) = ([0; 2_048], [0; 2_048]);
            let (mut peer, mut media, mut random) = (None, 0_usize, StdRng::seed_from_u64(1));
            loop {
                tokio::select! {
                    Ok((length, from)) = front.recv_from(&mut up) => {
                        seen.fetch_max(length, Ordering::Relaxed);
                        peer = Some(from);
                        let _ = back.send_to(&up[..length], plane).await;
                        for _ in 0..if media > 0 { injected } else { 0 } {
                            let _ = back.send_to(&noise(&mut random), plane).await;
                        }
                    }
                    Ok((length, _)) = back.recv_from(&mut down) => {
                        seen.fetch_max(length, Ordering::Relaxed);
                        media += usize::from(is_media(&down[..length]));
                        let lost = is_media(&down[..length]) && media.is_multiple_of(nth);
                        if let Some(peer) = peer.filter(|_| !lost) {
                            let _ = front.send_to(&down[..length], peer).await;
                        }
                    }
                }
            }
        });
        Self { front: address, longest, _task: task }
    }

    /// Carries the viewer's datagrams over one TCP connection, each behind its length (RFC 4571).
    pub(super) async fn tcp(plane: SocketAddr, carried: Arc<AtomicUsize>) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        let address = front.local_addr().expect("address");
        let (mut reader, mut writer) = TcpStream::connect(plane).await.expect("connected").into_split();
        let mut task = JoinSet::new();
        let (front, peer) = (Arc::new(front), Arc::new(std::sync::Mutex::new(None)));
        let (towards, known) = (front.clone(), peer.clone());
        task.spawn(async move {
            let mut up = [0; 2_048];
            while let Ok((length, from)) = towards.recv_from(&mut up).await {
                *known.lock().expect("no panic") = Some(from);
                let mut framed = (length as u16).to_be_bytes().to_vec();
                framed.extend_from_slice(&up[..length]);
                writer.write_all(&framed).await.expect("the connection stands");
            }
        });
        task.spawn(async move {
            while let Ok(length) = reader.read_u16().await {
                let mut datagram = vec![0; usize::from(length)];
                reader.read_exact(&mut datagram).await.expect("a whole frame");
                carried.fetch_add(1, Ordering::Relaxed);
                let to = *peer.lock().expect("no panic");
                if let Some(to) = to {
                    let _ = front.send_to(&datagram, to).await;
                }
            }
        });
        Self { front: address, longest: Arc::default(), _task: task }
    }
}

/// A viewer who reaches the plane only through `relay`.
async fn view_through(plane: &Plane, stream: StreamId, relay: &Relay) -> (Receiver, SessionId) {
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    let ours = format!(" {} typ host", plane.media.local_addr().port());
    let sdp: String = answer.sdp.lines().filter(|line| !line.contains("tcptype")).map(|line| format!("{line}\r\n")).collect();
    assert!(sdp.contains(&ours), "{sdp}");
    receiver.accept(&sdp.replace(&ours, &format!(" {} typ host", relay.front.port()))).expect("accepted");
    (receiver, answer.session)
}

fn frames(count: u64) -> impl Fn(&Receiver) -> bool {
    move |receiver| receiver.received().video.frames >= count && receiver.received().audio.frames >= count
}

#[tokio::test]
async fn lost_packets_are_sent_again_until_every_frame_is_whole() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let relay = Relay::udp(plane.media.local_addr(), 13, 0).await;
    let (mut viewer, _) = view_through(&plane, stream, &relay).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    // Sooner or later there is a moment at which no hole is open.
    let mut worst = 0;
    while worst == 0 || viewer.received().video.lost > 0 || viewer.received().video.frames < 60 {
        assert!(Instant::now() < deadline, "{:?}", viewer.received());
        viewer.run_until(Instant::now() + Duration::from_millis(5)).await.expect("still up");
        worst = worst.max(viewer.received().video.lost);
    }
    let stats = plane.media.stats(stream).await;
    assert!(stats.resent > 0 && stats.resent <= stats.nacked, "{stats:?}");
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn a_viewer_without_udp_watches_over_tcp() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let carried = Arc::new(AtomicUsize::new(0));
    let relay = Relay::tcp(plane.media.tcp_addr().expect("listening"), carried.clone()).await;
    let (mut viewer, session) = view_through(&plane, stream, &relay).await;
    receive(&mut viewer, "over TCP", frames(40)).await;
    assert_eq!(viewer.received().video.lost, 0);
    assert!(carried.load(Ordering::Relaxed) > 80);
    assert!(plane.media.session(session).await.is_some_and(|session| session.connected));
    // The connection ends under the viewer: it is gone for the plane too, or lives on by another path, but harms nobody.
    drop(relay);
    let (mut other, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut other, "over UDP", frames(10)).await;
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn noise_on_a_viewers_own_path_neither_ends_nor_disturbs_it() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let relay = Relay::udp(plane.media.local_addr(), usize::MAX, 40).await;
    let (mut viewer, session) = view_through(&plane, stream, &relay).await;
    receive(&mut viewer, "through noise", frames(80)).await;
    assert_eq!(viewer.received().video.lost, 0);
    assert!(plane.media.session(session).await.is_some_and(|session| session.connected));
    let totals = plane.media.totals();
    assert!(totals.dropped_in > 40 && totals.panics == 0, "{totals:?}");
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn a_flood_of_noise_is_dropped_and_nothing_is_sent_back() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, _) = plane.view(stream, ViewOptions::default()).await;
    receive(&mut viewer, "before the flood", frames(5)).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let mut random = StdRng::seed_from_u64(2);
    let before = viewer.received();
    for round in 0..200 {
        for _ in 0..100 {
            let _ = stranger.send_to(&noise(&mut random), plane.media.local_addr()).await;
        }
        if round % 10 == 0 {
            viewer.run_until(Instant::now() + Duration::from_millis(20)).await.expect("still up");
        }
    }
    receive(&mut viewer, "after the flood", |viewer| viewer.received().video.frames >= before.video.frames + 40).await;
    assert_eq!(viewer.received().video.lost, 0);
    assert!(stranger.try_recv(&mut [0; 64]).is_err(), "a stranger was answered");
    let totals = plane.media.totals();
    assert!(totals.dropped_in > 1_000, "{totals:?}");
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn tcp_connections_that_say_nothing_or_nonsense_keep_nobody_out() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let address = plane.media.tcp_addr().expect("listening");
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(address).await.expect("connected"));
    }
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let bytes: Vec<u8> = (0..5_000).map(|_| random.random()).collect();
        let _ = stream.write_all(&bytes).await;
    }
    let mut long = TcpStream::connect(address).await.expect("connected");
    long.write_all(&[0xff; 70_000]).await.ok();
    let ended = tokio::time::timeout(Duration::from_secs(5), long.read(&mut [0; 16])).await.expect("a frame that is too long ends it");
    assert!(!matches!(ended, Ok(1..)));

    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let relay = Relay::tcp(address, Arc::default()).await;
    let (mut viewer, _) = view_through(&plane, stream, &relay).await;
    receive(&mut viewer, "beside silent connections", frames(20)).await;
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn viewers_beyond_the_limit_are_refused_until_one_leaves() {
    let plane = Plane::with(MediaConfig { max_viewers: 2, ..MediaConfig::default() });
    let stream = StreamId::new();
    let (_one, first) = plane.view(stream, ViewOptions::default()).await;
    let (_two, _) = plane.view(stream, ViewOptions::default()).await;
    let third = Receiver::new(HERE).expect("receiver");
    let refused = plane.media.view(stream, third.offer(), ViewOptions::default()).await;
    assert_eq!(refused.expect_err("full"), MediaError::Overloaded);
    assert!(plane.media.close(first).await);
    plane.media.view(stream, third.offer(), ViewOptions::default()).await.expect("a free seat");
    plane.end().await;
}

#[tokio::test]
async fn a_viewer_may_do_without_the_picture_and_take_it_up_again_without_a_hole() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, session) = plane.view(stream, ViewOptions { audio_only: true, ..ViewOptions::default() }).await;
    receive(&mut viewer, "sound alone", |viewer| viewer.received().audio.frames >= 40).await;
    assert_eq!(viewer.received().video.packets, 0);
    plane.media.set_view(session, ViewOptions::default()).await.expect("a viewer");
    receive(&mut viewer, "a picture", |viewer| viewer.received().video.frames >= 20).await;
    plane.media.set_view(session, ViewOptions { audio_only: true, ..ViewOptions::default() }).await.expect("a viewer");
    let audio = viewer.received().audio.frames;
    receive(&mut viewer, "sound alone again", |viewer| viewer.received().audio.frames >= audio + 40).await;
    let paused = viewer.received().video;
    plane.media.set_view(session, ViewOptions::default()).await.expect("a viewer");
    receive(&mut viewer, "the picture again", |viewer| viewer.received().video.frames >= paused.frames + 20).await;
    assert_eq!(viewer.received().video.lost, 0);
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn new_credentials_restart_ice_and_candidates_alone_do_not() {
    let plane = Plane::new();
    let receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(StreamId::new(), receiver.offer(), ViewOptions::default()).await.expect("answered");
    let candidate = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    assert!(matches!(plane.media.trickle(answer.session, candidate).await, Ok(TrickleOutcome::Accepted)));
    let restart = format!("a=ice-ufrag:anew\r\na=ice-pwd:ApasswordOf24letters+/12\r\n{candidate}");
    let Ok(TrickleOutcome::Restarted { fragment, etag }) = plane.media.trickle(answer.session, &restart).await else {
        panic!("not restarted");
    };
    assert!(etag != answer.etag && fragment.contains("a=ice-ufrag:"), "{fragment}");
    assert_eq!(plane.media.session(answer.session).await.expect("known").etag, etag);
    let gone = plane.media.trickle(SessionId::new(), &restart).await;
    assert_eq!(gone.expect_err("unknown"), MediaError::UnknownSession);
    plane.end().await;
}

#[tokio::test]
async fn merged_sound_comes_in_a_third_of_the_packets_and_can_be_turned_on_and_off_without_a_loss() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let merged = ViewOptions { merge_audio: true, audio_only: true, ..ViewOptions::default() };
    let (mut viewer, session) = plane.view(stream, merged).await;
    receive(&mut viewer, "sound", |receiver| receiver.received().audio.packets >= 20).await;
    let packets = |receiver: &Receiver| receiver.received().audio.packets;
    let second = |from: u64, to: u64, took: Duration| (to - from) as f64 / took.as_secs_f64();
    // The merged layer begins some packets after the first viewer has asked for it.
    let (begun, from) = (Instant::now(), packets(&viewer));
    viewer.run_until(begun + Duration::from_millis(1_500)).await.expect("up");
    let rate = second(from, packets(&viewer), begun.elapsed());
    assert!((14.0..20.0).contains(&rate), "{rate} packets a second");
    plane.media.set_view(session, ViewOptions { merge_audio: false, ..merged }).await.expect("a viewer");
    let (begun, from) = (Instant::now(), packets(&viewer));
    viewer.run_until(begun + Duration::from_millis(1_500)).await.expect("up");
    let rate = second(from, packets(&viewer), begun.elapsed());
    assert!((44.0..54.0).contains(&rate), "{rate} packets a second");
    assert_eq!(viewer.received().audio.lost, 0, "{:?}", viewer.received());
    assert!(published.stop().await);
    plane.end().await;
}
