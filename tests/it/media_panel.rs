//! A panel with real peers over loopback: three publishers, viewers on both of two workers.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use springbreeze::media::client::Receiver;
use springbreeze::media::{MediaConfig, MediaEvent, PublishOptions, Seat, SeatWanted, SessionId, StreamId, ViewOptions};

use crate::media::{HERE, Plane, Published, receive};

const SPEECH: u8 = 25;
const ROOM: u8 = 80;
const PATIENCE: Duration = Duration::from_secs(10);

fn at(number: u8) -> SeatWanted {
    SeatWanted::At(Seat::new(number).expect("a seat"))
}

fn speak(panel: &[Published], who: usize) {
    for (at, published) in panel.iter().enumerate() {
        published.level.store(if at == who { SPEECH } else { ROOM }, Ordering::Relaxed);
    }
}

async fn slots(plane: &Plane, session: SessionId) -> Vec<(String, u8)> {
    let info = plane.media.session(session).await.expect("there");
    info.slots.into_iter().map(|slot| (slot.mid, slot.seat.number())).collect()
}

/// Receives until the pictures are those of these seats, and come.
async fn shows(plane: &Plane, viewer: &mut (Receiver, SessionId), seats: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        viewer.0.run_until(Instant::now() + Duration::from_millis(100)).await.expect("the connection stays up");
        let pictures: Vec<(String, u8)> = slots(plane, viewer.1).await.into_iter().filter(|(mid, _)| mid.as_str() >= "3").collect();
        if pictures.iter().map(|(_, seat)| *seat).eq(seats.iter().copied()) {
            let before: Vec<u64> = pictures.iter().map(|(mid, _)| viewer.0.section(mid).frames).collect();
            return receive(&mut viewer.0, "every picture", |receiver| {
                pictures.iter().zip(&before).all(|((mid, _), before)| receiver.section(mid).frames >= before + 10)
            })
            .await;
        }
        assert!(Instant::now() < deadline, "{pictures:?} and not {seats:?}");
    }
}

#[tokio::test]
async fn three_publishers_are_seen_and_heard_in_their_places_on_both_workers() {
    let plane = Plane::with(MediaConfig { workers: 2, ..MediaConfig::default() });
    let stream = StreamId::new();
    let mut events = plane.media.events();
    let mut panel = Vec::new();
    for seat in [at(0), SeatWanted::Next, SeatWanted::Next] {
        panel.push(plane.sit(stream, seat, PublishOptions::Polite).await);
    }
    let mut viewers = Vec::new();
    for _ in 0..2 {
        let mut receiver = Receiver::with(HERE, 3, 3).expect("receiver");
        let answer = plane.media.view(stream, receiver.offer(), ViewOptions::default()).await.expect("answered");
        receiver.accept(&answer.sdp).expect("accepted");
        viewers.push((receiver, answer.session));
    }
    let workers: Vec<u8> = viewers.iter().map(|(_, session)| session.uuid().as_bytes()[15]).collect();
    assert_eq!(workers.iter().sum::<u8>(), 1, "one on each worker");
    speak(&panel, 0);
    for viewer in &mut viewers {
        shows(&plane, viewer, &[0, 1, 2]).await;
    }
    speak(&panel, 2);
    for viewer in &mut viewers {
        shows(&plane, viewer, &[2, 1, 0]).await;
        let sounds = || ["0", "1", "2"].into_iter();
        receive(&mut viewer.0, "every sound", |receiver| sounds().all(|mid| receiver.section(mid).frames > 20)).await;
    }
    let mut orders = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let MediaEvent::Speakers { seats, .. } = event {
            orders.push(seats.into_iter().map(Seat::number).collect::<Vec<_>>());
        }
    }
    assert_eq!(orders.last(), Some(&vec![2, 0, 1]), "{orders:?}");
    let stats = plane.media.stats(stream).await;
    assert_eq!((stats.publishers.len(), stats.speakers.len(), stats.viewers), (3, 3, 2), "{stats:?}");

    let pinned = ViewOptions { pin: Seat::new(1), ..ViewOptions::default() };
    plane.media.set_view(viewers[1].1, pinned).await.expect("a viewer");
    shows(&plane, &mut viewers[1], &[1, 2, 0]).await;
    shows(&plane, &mut viewers[0], &[2, 1, 0]).await;

    assert!(panel.pop().expect("three").stop().await);
    shows(&plane, &mut viewers[1], &[1, 0]).await;
    shows(&plane, &mut viewers[0], &[0, 1]).await;
    for published in panel {
        assert!(published.stop().await);
    }
    plane.end().await;
}
