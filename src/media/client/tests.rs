//! Two real peers over loopback: ICE, DTLS and SRTP, no server in between.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::media::file::{MediaFile, Sample};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The clip's first part, so that a test which plays it to the end is short.
fn first_part(length: Duration) -> MediaFile {
    let clip = MediaFile::parse(include_bytes!("../../demo/clip.mkv")).expect("the bundled clip is readable");
    let part: Vec<Sample> = clip.samples().iter().filter(|sample| sample.at < length).cloned().collect();
    MediaFile::from_samples(part).expect("the part has samples")
}

fn pair(clip: &MediaFile) -> (Sender, Receiver) {
    let mut sender = Sender::new(HERE, clip).expect("sender");
    let receiver = Receiver::answer(HERE, sender.offer()).expect("answer");
    sender.accept(receiver.offer()).expect("accept");
    (sender, receiver)
}

#[tokio::test]
async fn a_clip_arrives_whole_over_real_dtls_srtp() {
    let clip = first_part(Duration::from_millis(1_500));
    let (mut sender, mut receiver) = pair(&clip);
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let publishing = async {
        sender.publish(&clip, Rounds::Once, &stop).await.expect("published");
        sender.close().await
    };
    let receiving = async {
        let ended = receiver.run_until(begun + Duration::from_secs(20)).await;
        assert!(matches!(ended, Err(ClientError::Ended)), "the sender's goodbye ends the call: {ended:?}");
        receiver.received()
    };
    let (sent, received) = tokio::join!(publishing, receiving);
    assert_eq!(received.video.packets + received.audio.packets, sent.packets);
    assert_eq!(received.video.frames + received.audio.frames, sent.frames);
    assert_eq!((received.video.lost, received.video.frames, received.video.key_frames), (0, 30, 1));
    assert!(received.video.first_frame.is_some());
}

#[tokio::test]
async fn an_endless_clip_goes_on_after_its_end_and_stops_when_told() {
    let clip = first_part(Duration::from_millis(400));
    let (mut sender, mut receiver) = pair(&clip);
    let stop = CancellationToken::new();
    let publishing = sender.publish(&clip, Rounds::Endless, &stop);
    let receiving = async {
        while receiver.received().video.key_frames < 3 {
            receiver.run_until(Instant::now() + Duration::from_millis(50)).await.expect("still up");
        }
        stop.cancel();
    };
    let (published, ()) = tokio::join!(publishing, receiving);
    published.expect("stopping is not a failure");
    assert_eq!(receiver.received().video.lost, 0);
}

/// A path between two peers that loses every `nth` media packet of one direction, but only once each.
async fn lossy_path(behind: SocketAddr, nth: usize) -> (SocketAddr, tokio::task::JoinSet<()>) {
    let front = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let back = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let address = front.local_addr().expect("address");
    let mut path = tokio::task::JoinSet::new();
    path.spawn(async move {
        let (mut going, mut coming) = ([0; 2_048], [0; 2_048]);
        let mut peer = None;
        let mut media = 0_usize;
        loop {
            tokio::select! {
                Ok((length, from)) = front.recv_from(&mut going) => {
                    peer = Some(from);
                    // RFC 5761: RTCP has 192 to 223 where RTP has marker and payload type.
                    let is_media = matches!(going[0], 128..=191) && !matches!(going[1], 192..=223);
                    media += usize::from(is_media);
                    if !is_media || !media.is_multiple_of(nth) {
                        let _ = back.send_to(&going[..length], behind).await;
                    }
                }
                Ok((length, _)) = back.recv_from(&mut coming) => {
                    if let Some(peer) = peer {
                        let _ = front.send_to(&coming[..length], peer).await;
                    }
                }
            }
        }
    });
    (address, path)
}

#[tokio::test]
async fn lost_packets_are_asked_for_again_and_every_frame_gets_whole() {
    let clip = first_part(Duration::from_millis(1_500));
    let mut sender = Sender::new(HERE, &clip).expect("sender");
    let mut receiver = Receiver::answer(HERE, sender.offer()).expect("answer");
    let behind: SocketAddr = SocketAddr::new(HERE, receiver.port());
    let (front, _path) = lossy_path(behind, 17).await;
    let answer = receiver.offer().replace(&format!(" {} typ host", behind.port()), &format!(" {} typ host", front.port()));
    sender.accept(&answer).expect("accept");
    let stop = CancellationToken::new();
    let publishing = sender.publish(&clip, Rounds::Endless, &stop);
    let receiving = async {
        let mut worst = 0;
        // Loss is repaired within about a tenth of a second, so a moment without a hole comes soon after a hole.
        while worst == 0 || receiver.received().video.lost > 0 || receiver.received().video.frames < 40 {
            receiver.run_until(Instant::now() + Duration::from_millis(5)).await.expect("still up");
            worst = worst.max(receiver.received().video.lost);
        }
        stop.cancel();
    };
    let repaired = async { tokio::join!(publishing, receiving) };
    tokio::time::timeout(Duration::from_secs(20), repaired).await.expect("the holes were not filled").0.expect("published");
}

#[tokio::test]
async fn an_answer_that_takes_no_stream_is_refused() {
    let clip = first_part(Duration::from_millis(100));
    let mut sender = Sender::new(HERE, &clip).expect("sender");
    let receiver = Receiver::answer(HERE, sender.offer()).expect("answer");
    let rejected = receiver.offer().replace("m=audio 9 ", "m=audio 0 ").replace("m=video 9 ", "m=video 0 ");
    assert!(sender.accept(&rejected).is_err());
}

#[test]
fn a_viewers_offer_only_receives_and_names_the_codecs_we_can_count() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let receiver = runtime.block_on(async { Receiver::new(HERE) }).expect("receiver");
    let offer = receiver.offer();
    assert_eq!(offer.matches("a=recvonly").count(), 2, "{offer}");
    for part in ["H264/90000", "VP8/90000", "opus/48000/2", "profile-level-id=42e01f", "127.0.0.1"] {
        assert!(offer.contains(part), "{part} is missing in {offer}");
    }
}
