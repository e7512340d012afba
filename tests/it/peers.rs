//! The media plane with a peer that shares no code with it: str0m watches, publishes, moves, loses packets and counts past the end.

use crate::independent::{Came, Independent, bytes_of};
use crate::media::{Plane, clip, receive};
use springbreeze::media::client::Receiver;
use springbreeze::media::file::{Kind, MediaFile, Sample};
use springbreeze::media::{PublishOptions, SessionId, StreamId, ViewOptions};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

impl Plane {
    async fn watch(&self, stream: StreamId, mut peer: Independent) -> (Independent, SessionId) {
        let answer = self.media.view(stream, peer.offer(), ViewOptions::default()).await.expect("an offer that is understood");
        peer.accept(&answer.sdp);
        (peer, answer.session)
    }

    async fn let_in(&self, stream: StreamId, mut peer: Independent) -> Independent {
        let answer = self.media.publish(stream, peer.offer(), PublishOptions::default()).await.expect("an offer that is understood");
        peer.accept(&answer.sdp);
        peer
    }
}

/// The frames of a clip, to compare with.
fn originals(clip: &MediaFile) -> HashSet<(bool, Vec<u8>)> {
    clip.samples().iter().map(|sample| (sample.kind == Kind::Video, bytes_of(sample))).collect()
}

fn assert_unchanged(came: &[Came], clip: &MediaFile) {
    let originals = originals(clip);
    for (at, came) in came.iter().enumerate() {
        assert!(
            originals.contains(&(came.video, came.data.clone())),
            "frame {at} ({} bytes, video: {}) was changed",
            came.data.len(),
            came.video
        );
    }
}

/// The first seconds of the clip.
fn beginning(seconds: u64) -> MediaFile {
    let part: Vec<Sample> = clip().samples().iter().filter(|sample| sample.at < Duration::from_secs(seconds)).cloned().collect();
    MediaFile::from_samples(part).expect("samples")
}

#[tokio::test]
async fn another_implementation_watches_and_gets_every_frame_as_it_was() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut frames, _) = plane.watch(stream, Independent::viewer().await).await;
    let (mut packets, session) = plane.watch(stream, Independent::viewer_of_packets().await).await;
    let enough = |peer: &Independent| peer.frames(true) >= 50 && peer.frames(false) >= 100;
    tokio::join!(frames.run("frames", enough), packets.run("packets", enough));
    assert_unchanged(&frames.came, &clip());
    let broken = frames.came.iter().enumerate().filter(|(_, came)| !came.whole).count();
    assert_eq!(broken, 0, "frames with something missing before them");
    for numbers in [&packets.picture, &packets.sound] {
        assert_eq!((numbers.missing.len(), numbers.twice), (0, 0), "{numbers:?}");
    }
    assert!(plane.media.close(session).await);
    packets.run("a goodbye", |peer| peer.ended).await;
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn another_implementation_publishes_and_all_viewers_get_every_frame_as_it_was() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let clip = beginning(3);
    let mut publisher = plane.let_in(stream, Independent::publisher().await).await;
    let (mut other, _) = plane.watch(stream, Independent::viewer().await).await;
    let (mut ours, _) = plane.view(stream, ViewOptions::default()).await;
    let enough = |receiver: &Receiver| receiver.received().video.frames >= 30 && receiver.received().audio.frames >= 50;
    let watching = async {
        tokio::join!(other.run("frames", |peer| peer.frames(true) >= 30 && peer.frames(false) >= 50), receive(&mut ours, "ours", enough))
    };
    tokio::join!(publisher.publish(&clip), watching);
    assert_unchanged(&other.came, &clip);
    assert_eq!((ours.received().video.lost, ours.received().audio.lost), (0, 0));
    plane.media.request_keyframe(stream).await;
    publisher.run("a request for a key frame", |peer| peer.key_frames_asked > 0).await;
    plane.end().await;
}

/// Runs a viewer until the picture goes on; tells how long nothing came.
async fn gap(viewer: &mut Independent) -> Duration {
    let (moved, before) = (Instant::now(), viewer.came.len());
    viewer.run("media after the move", |peer| peer.came[before..].iter().filter(|came| came.video).count() >= 20).await;
    viewer.came[before].at - moved
}

#[tokio::test]
async fn a_viewer_whose_address_changes_goes_on_within_a_moment() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, session) = plane.watch(stream, Independent::viewer_of_packets().await).await;
    viewer.run("media", |peer| peer.frames(true) >= 30).await;
    viewer.move_away().await;
    let moved = gap(&mut viewer).await;
    viewer.rebind();
    let translated = gap(&mut viewer).await;
    assert!(moved < Duration::from_millis(1_500) && translated < Duration::from_millis(1_500), "{moved:?} {translated:?}");
    assert!(plane.media.session(session).await.is_some_and(|session| session.connected));
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn a_fifth_of_the_packets_lost_is_mended_by_resends() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, _) = plane.watch(stream, Independent::viewer_of_packets().await).await;
    viewer.run("media", |peer| peer.frames(true) >= 10).await;
    viewer.loss = 0.2;
    viewer.run("media in spite of losses", |peer| peer.lost >= 60 && peer.picture.mended >= 30).await;
    viewer.loss = 0.0;
    // A peer asks five times for a packet and then no more: one in thousands is lost for good.
    viewer.run("the last resends", |peer| peer.picture.missing.len() <= 1).await;
    assert_eq!(viewer.picture.twice, 0, "sent again without being asked for");
    let stats = plane.media.stats(stream).await;
    assert!(stats.resent > 0 && stats.resent <= stats.nacked, "{stats:?}");
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn who_is_sent_away_after_a_long_call_hears_it() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let published = plane.publish(stream, PublishOptions::default()).await;
    let (mut viewer, session) = plane.watch(stream, Independent::viewer_of_packets().await).await;
    // Some seconds after the first report the plane forgets about the handshake.
    viewer.run("a long call", |peer| peer.frames(false) >= 400).await;
    assert!(plane.media.close(session).await);
    viewer.run("a goodbye", |peer| peer.ended).await;
    assert!(published.stop().await);
    plane.end().await;
}

#[tokio::test]
async fn numbers_that_come_round_go_on_at_both_ends() {
    let plane = Plane::new();
    let stream = StreamId::new();
    let mut publisher = plane.let_in(stream, Independent::publisher_of_packets().await).await;
    publisher.run("connecting", |peer| peer.connected).await;
    let stop = CancellationToken::new();
    // The publisher begins shortly before the end of its numbers.
    let sending = async {
        for packet in (65_400..).take_while(|_| !stop.is_cancelled()) {
            // One key frame of a hundred packets after the other; each packet says which it is.
            let at = Duration::from_millis(20) * (packet / 100) as u32;
            let payload = [&[0x65], &(packet as u32).to_be_bytes()[..]].concat();
            publisher.send(Kind::Video, packet, at, packet % 100 == 99, &payload).await;
            if packet % 100 == 99 {
                publisher.run_until(Instant::now() + Duration::from_millis(5)).await;
            }
        }
    };
    let watching = async {
        let _guard = stop.clone().drop_guard();
        // The plane begins anywhere in the lower half of the numbers. One viewer in eight has not much more than half of them before it.
        let mut viewer = loop {
            let (mut viewer, session) = plane.watch(stream, Independent::viewer_of_packets().await).await;
            viewer.run("media", |peer| peer.picture.packets > 0).await;
            if viewer.picture.highest > Some(28_000) {
                break viewer;
            }
            plane.media.close(session).await;
        };
        for wanted in (30_000..=66_000).step_by(6_000) {
            viewer.run("the numbers come round", |peer| peer.picture.highest > Some(wanted)).await;
        }
        viewer.run("what was lost on the way", |peer| peer.picture.missing.is_empty()).await;
        viewer
    };
    let (viewer, ()) = tokio::join!(watching, sending);
    assert_eq!((viewer.picture.missing.len(), viewer.picture.twice), (0, 0));
    // A viewer so far behind a stream so fast that its history does not reach back goes on with a later key frame, and never otherwise.
    let mut said: Vec<u32> = viewer.came.iter().map(|came| u32::from_be_bytes(came.data[1..].try_into().expect("four bytes"))).collect();
    assert_eq!(said.len() as u64, viewer.picture.packets);
    said.sort_unstable();
    let jumps: Vec<&[u32]> = said.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
    assert!(jumps.iter().all(|pair| pair[1] > pair[0] && pair[1] % 100 == 0), "{jumps:?}");
    plane.end().await;
}
