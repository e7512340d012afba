//! Peers that want too much, take nothing, or never finish what they began: they cost little and cost the others nothing.

use crate::independent::Independent;
use crate::media::{HERE, Plane, receive};
use crate::program::Program;
use crate::wish::{Publisher, frames, location, offer, view_offer, watch};
use springbreeze::media::client::Receiver;
use springbreeze::media::file::Kind;
use springbreeze::media::{MediaConfig, PublishOptions, StreamId, Transport, ViewOptions};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, UdpSocket};

/// Sessions that ask for a place and are not heard of again.
const SILENT: usize = 1_000;
/// Sessions that begin the handshake, are answered with certificate and all, and leave it at that.
const HALF_OPEN: usize = 200;
/// First records of a handshake from addresses that belong to no session.
const STRANGE: usize = 10_000;
const STRANGERS: usize = 100;
/// Longer than a peer may take nothing.
const DEAF: Duration = Duration::from_secs(16);
/// Kilobytes that a session may cost until it is given up.
const PER_SESSION: u64 = 40;
/// A session is over 30 s after the last sign of life at the latest.
const FORGOTTEN: Duration = Duration::from_secs(50);

#[tokio::test]
async fn handshakes_that_never_end_cost_little_and_keep_nobody_out() {
    let program = Program::start().await;
    let web = program.stranger();
    let (room, token) = (program.at.booth.id, &program.at.recruiter.token);
    let whep = format!("/rooms/{room}/whep");
    let publisher = Publisher::start(&web, &format!("/rooms/{room}/whip"), Some(token)).await;
    let (mut viewer, _) = watch(&web, &whep, None).await;
    frames(&mut viewer, 10).await;
    let before = program.figures().await.memory();

    let attack = async {
        let mut hello = Vec::new();
        // They keep their ports: what the server repeats for them must not get to somebody else who is given the same one.
        let mut half_open = Vec::new();
        for _ in 0..HALF_OPEN {
            let mut peer = Independent::viewer().await;
            let response = offer(&web, &whep, None, peer.offer()).await;
            location(&response);
            peer.accept(&response.text().await.expect("answer"));
            peer.run("the server's part of the handshake", |peer| peer.answered >= 2).await;
            hello = peer.hello.clone().expect("sent");
            half_open.push(peer);
        }
        let sdp = view_offer();
        let mut answer = String::new();
        for _ in 0..SILENT {
            let response = offer(&web, &whep, None, &sdp).await;
            location(&response);
            answer = response.text().await.expect("answer");
        }
        let media = udp_of(&answer).expect("a candidate");
        for _ in 0..STRANGERS {
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
            for _ in 0..STRANGE / STRANGERS {
                socket.send_to(&hello, media).await.expect("sent");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            let answer = socket.try_recv_from(&mut [0; 64]).ok().filter(|(_, from)| *from == media);
            assert_eq!(answer, None, "a stranger was answered");
        }
    };
    let whole = async {
        attack.await;
        let joining = Instant::now();
        let (mut late, _) = watch(&web, &whep, None).await;
        frames(&mut late, 1).await;
        let joined = joining.elapsed();
        assert!(joined < Duration::from_secs(3), "a viewer had to wait {joined:?}");
        let figures = program.figures().await;
        assert!(figures.of("media_dropped_in") > STRANGE as u64 / 2);
        let cost = figures.memory().saturating_sub(before) / (HALF_OPEN + SILENT) as u64;
        assert!(cost < PER_SESSION, "{cost} kB a session");
        late.close().await;
        // All others are given up, and who watches is not.
        program.settled(FORGOTTEN, |figures| figures.of("media_connecting") == 0 && figures.of("media_viewers") == 1).await;
    };
    let watching = async {
        loop {
            frames(&mut viewer, 10).await;
        }
    };
    tokio::select! {
        () = whole => {}
        () = watching => unreachable!("it goes on"),
    }
    assert_eq!(viewer.received().video.lost, 0, "{:?}", viewer.received());
    publisher.stop().await;
}

/// Where an answer says that media goes.
fn udp_of(answer: &str) -> Option<SocketAddr> {
    let candidate = answer.lines().find(|line| line.starts_with("a=candidate:") && !line.contains("tcptype"))?;
    let words: Vec<&str> = candidate.split(' ').collect();
    Some(SocketAddr::new(words.get(4)?.parse().ok()?, words.get(5)?.parse().ok()?))
}

/// Sends a stream of pictures of so many packets of 1,100 bytes, `pause` apart, until `packets` are sent.
async fn flood(publisher: &mut Independent, packets: u64, picture: u64, pause: Duration) {
    let mut payload = [0x65; 1_100];
    for packet in 0..packets {
        let at = pause * (packet / picture) as u32;
        payload[1..9].copy_from_slice(&packet.to_be_bytes());
        publisher.send(Kind::Video, packet, at, packet % picture == picture - 1, &payload).await;
        if packet % picture == picture - 1 {
            publisher.run_until(Instant::now() + pause).await;
        }
    }
}

async fn let_in(plane: &Plane, stream: StreamId) -> Independent {
    let mut publisher = Independent::publisher_of_packets().await;
    let answer = plane.media.publish(stream, publisher.offer(), PublishOptions::default()).await.expect("answered");
    publisher.accept(&answer.sdp);
    publisher.run("connecting", |peer| peer.connected).await;
    publisher
}

#[tokio::test]
async fn a_publisher_of_50_megabits_a_second_harms_no_other_stream() {
    let plane = Plane::new();
    let (greedy, modest) = (StreamId::new(), StreamId::new());
    let published = plane.publish(modest, PublishOptions::default()).await;
    let (mut viewer, _) = plane.view(modest, ViewOptions::default()).await;
    receive(&mut viewer, "before", |viewer| viewer.received().video.frames >= 5).await;
    let mut publisher = let_in(&plane, greedy).await;
    // Three seconds of it.
    let packets = 3 * 50_000_000 / 8 / 1_100;
    let watching = async {
        let before = viewer.received().video.frames;
        receive(&mut viewer, "beside the flood", |viewer| viewer.received().video.frames >= before + 60).await;
    };
    tokio::join!(flood(&mut publisher, packets, 115, Duration::from_millis(20)), watching);
    assert_eq!((viewer.received().video.lost, viewer.received().audio.lost), (0, 0), "{:?}", viewer.received());
    let stats = plane.media.stats(greedy).await;
    let video = stats.layers.iter().find(|layer| layer.video).expect("a layer");
    assert!(
        video.packets + video.lost >= packets * 99 / 100 && video.packets >= packets / 2,
        "all of it is counted: {video:?} of {packets}"
    );
    assert!(published.stop().await);
    plane.end().await;
}

/// What became of a viewer that stopped to read.
#[derive(Debug)]
struct Deaf {
    /// Bytes that were on their way to it when the connection ended.
    waited: usize,
}

/// Joins over TCP, reads until media comes, and then nothing until the connection must have ended. Goes on sending checks.
async fn deaf(plane: &Plane, stream: StreamId) -> Deaf {
    let socket = TcpSocket::new_v4().expect("socket");
    socket.set_recv_buffer_size(16 * 1024).expect("an option");
    let (mut reader, mut writer) = socket.connect(plane.media.tcp_addr().expect("listening")).await.expect("connected").into_split();
    let front = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    let led = plane.media.only(&answer.sdp, Transport::Udp).expect("candidates");
    let (ours, theirs) = (plane.media.local_addr().port(), front.local_addr().expect("bound").port());
    receiver.accept(&led.replace(&format!(" {ours} typ host"), &format!(" {theirs} typ host"))).expect("accepted");
    let known = Mutex::new(None);
    let up = async {
        let mut datagram = [0; 2_048];
        while let Ok((length, from)) = front.recv_from(&mut datagram).await {
            *known.lock().expect("no panic") = Some(from);
            let framed = [&(length as u16).to_be_bytes()[..], &datagram[..length]].concat();
            if writer.write_all(&framed).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let down = async {
        for _ in 0..100 {
            let mut datagram = vec![0; usize::from(reader.read_u16().await.expect("a frame"))];
            reader.read_exact(&mut datagram).await.expect("a whole frame");
            let to = *known.lock().expect("no panic");
            front.send_to(&datagram, to.expect("it spoke first")).await.expect("sent");
        }
        tokio::time::sleep(DEAF).await;
        let mut waited = 0;
        let mut bytes = [0; 65_536];
        while let Ok(length @ 1..) = reader.read(&mut bytes).await {
            waited += length;
        }
        waited
    };
    let keeping = async {
        // It gives up some time after nothing has come any more.
        while receiver.run_until(Instant::now() + Duration::from_secs(1)).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let waited = tokio::select! {
        waited = tokio::time::timeout(2 * DEAF, down) => waited.expect("the connection ends"),
        () = up => unreachable!("it goes on"),
        () = keeping => unreachable!("it goes on"),
    };
    Deaf { waited }
}

#[tokio::test]
async fn a_viewer_over_tcp_that_reads_nothing_is_let_go_and_harms_nobody() {
    let plane = Plane::with(MediaConfig { tcp: Some(([127, 0, 0, 1], 0).into()), ..MediaConfig::default() });
    let stream = StreamId::new();
    let mut publisher = let_in(&plane, stream).await;
    let (mut other, _) = plane.view(stream, ViewOptions::default()).await;
    // 4 Mbit/s for 14 seconds: what may wait is full after a few of them, and ten more are too much.
    let packets = 14 * 4_000_000 / 8 / 1_100;
    let watching = async {
        let deadline = Instant::now() + Duration::from_secs(40);
        while other.received().video.packets < packets * 9 / 10 {
            assert!(Instant::now() < deadline, "beside the deaf: {:?}", other.received());
            other.run_until(Instant::now() + Duration::from_millis(50)).await.expect("still up");
        }
    };
    let (deaf, (), ()) = tokio::join!(deaf(&plane, stream), flood(&mut publisher, packets, 23, Duration::from_millis(50)), watching);
    assert!(deaf.waited < 2_000_000, "{deaf:?} of {} bytes", packets * 1_100);
    assert!(plane.media.totals().dropped_out > 0);
    assert_eq!(other.received().video.lost, 0, "{:?}", other.received());
    plane.end().await;
}
