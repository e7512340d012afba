//! Where media is reached: IPv4 and IPv6 by one socket, addresses translated one to one, datagrams that every path carries.

use crate::media::{HERE, Plane, clip, receive};
use crate::media_paths::Relay;
use springbreeze::media::client::{Receiver, Rounds, Sender};
use springbreeze::media::{MediaConfig, PublishOptions, StreamId, Transport, ViewOptions};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

const HERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn frames(count: u64) -> impl Fn(&Receiver) -> bool {
    move |receiver| receiver.received().video.frames >= count && receiver.received().audio.frames >= count
}

/// Somebody at `ip` who takes the answer as it is.
async fn viewer(plane: &Plane, stream: StreamId, ip: IpAddr) -> (Receiver, String) {
    let mut receiver = Receiver::new(ip).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    receiver.accept(&answer.sdp).expect("accepted");
    (receiver, answer.sdp)
}

/// Publishes the clip from `ip` by way of `through`, if that is given, until the guard is dropped.
async fn publish(plane: &Plane, stream: StreamId, ip: IpAddr, through: Option<u16>) -> tokio_util::sync::DropGuard {
    let clip = clip();
    let mut sender = Sender::new(ip, &clip).expect("sender");
    let answer = plane.media.publish(stream, sender.offer(), PublishOptions::default()).await.expect("answered");
    let ours = format!(" {} typ host", plane.media.local_addr().port());
    let led = through.map_or(answer.sdp.clone(), |port| answer.sdp.replace(&ours, &format!(" {port} typ host")));
    sender.accept(&led).expect("accepted");
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    tokio::spawn(async move {
        let _ = sender.publish(&clip, Rounds::Endless, &stop).await;
        sender.close().await;
    });
    guard
}

#[tokio::test]
async fn one_socket_serves_both_families_each_from_the_address_that_was_spoken_to() {
    for workers in [1, 2] {
        let all: SocketAddr = (Ipv6Addr::UNSPECIFIED, 0).into();
        let announced = vec![HERE, HERE_V6];
        let plane = Plane::with(MediaConfig { workers, udp: all, tcp: Some(all), announced, ..MediaConfig::default() });
        let stream = StreamId::new();
        let _published = publish(&plane, stream, HERE_V6, None).await;
        let (mut old, answer) = viewer(&plane, stream, HERE).await;
        let port = plane.media.local_addr().port();
        for shown in [format!(" 127.0.0.1 {port} typ host\r\n"), format!(" ::1 {port} typ host\r\n")] {
            assert!(answer.contains(&shown), "{shown} in {answer}");
        }
        let (mut new, _) = viewer(&plane, stream, HERE_V6).await;
        let enough = frames(20);
        tokio::join!(receive(&mut old, "over IPv4", &enough), receive(&mut new, "over IPv6", &enough));
        assert_eq!((old.received().video.lost, new.received().video.lost), (0, 0));
        // The same by TCP: the relay comes by IPv6, and a second one by a mapped address.
        let tcp = plane.media.tcp_addr().expect("listening").port();
        for ip in [HERE_V6, HERE] {
            let relay = Relay::tcp(SocketAddr::new(ip, tcp), Arc::<AtomicUsize>::default()).await;
            let mut receiver = Receiver::new(HERE).expect("receiver");
            let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
            let udp = plane.media.only(&answer.sdp, Transport::Udp).expect("candidates");
            let led = udp.replace(&format!(" {port} typ host"), &format!(" {} typ host", relay.front.port()));
            receiver.accept(&led).expect("accepted");
            receive(&mut receiver, "over TCP", frames(10)).await;
        }
        plane.end().await;
    }
}

#[tokio::test]
async fn a_machine_with_ipv6_alone_is_reached() {
    let plane = Plane::with(MediaConfig { udp: SocketAddr::new(HERE_V6, 0), ..MediaConfig::default() });
    assert_eq!(plane.media.announced(), [HERE_V6]);
    let stream = StreamId::new();
    let _published = publish(&plane, stream, HERE_V6, None).await;
    let (mut receiver, answer) = viewer(&plane, stream, HERE_V6).await;
    assert!(!answer.contains("127.0.0.1"), "{answer}");
    receive(&mut receiver, "over IPv6 alone", frames(20)).await;
    plane.end().await;
}

#[tokio::test]
async fn an_address_that_is_translated_one_to_one_is_the_one_announced() {
    // Nobody listens at the announced address itself: a translator there passes everything on.
    let outside = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let plane = Plane::with(MediaConfig { announced: vec![outside], ..MediaConfig::default() });
    let inside = plane.media.local_addr();
    let translator = Relay::udp_at(SocketAddr::new(outside, inside.port()), inside, usize::MAX, 0).await;
    let stream = StreamId::new();
    let (mut receiver, answer) = viewer(&plane, stream, HERE).await;
    assert!(answer.contains("127.0.0.9") && !answer.contains("127.0.0.1"), "{answer}");
    let _guard = publish_from_inside(&plane, stream).await;
    receive(&mut receiver, "through the translator", frames(20)).await;
    assert!(translator.longest.load(Ordering::Relaxed) > 500, "all of it came this way");
    plane.end().await;
}

/// A publisher on the machine itself, who does not come by the announced address.
async fn publish_from_inside(plane: &Plane, stream: StreamId) -> tokio_util::sync::DropGuard {
    let clip = clip();
    let mut sender = Sender::new(HERE, &clip).expect("sender");
    let answer = plane.media.publish(stream, sender.offer(), PublishOptions::default()).await.expect("answered");
    sender.accept(&plane.media.nearby(&answer.sdp).expect("candidates")).expect("accepted");
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    tokio::spawn(async move {
        let _ = sender.publish(&clip, Rounds::Endless, &stop).await;
    });
    guard
}

#[tokio::test]
async fn no_datagram_of_a_stream_of_ours_is_longer_than_1200_bytes_on_either_side_of_the_server() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let server = plane.media.local_addr();
    let here = SocketAddr::new(HERE, 0);
    let (before, after) = (Relay::udp_at(here, server, usize::MAX, 0).await, Relay::udp_at(here, server, 13, 0).await);
    let _published = publish(&plane, stream, HERE, Some(before.front.port())).await;
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
    receiver
        .accept(&answer.sdp.replace(&format!(" {} typ host", server.port()), &format!(" {} typ host", after.front.port())))
        .expect("accepted");
    receive(&mut receiver, "two key frames, with resends", |receiver| receiver.received().video.frames >= 90).await;
    for (relay, side) in [(&before, "from the publisher"), (&after, "to the viewer")] {
        let longest = relay.longest.load(Ordering::Relaxed);
        assert!((1_100..=1_200).contains(&longest), "{longest} bytes {side}");
    }
    assert!(plane.media.stats(stream).await.resent > 0);
    plane.end().await;
}
