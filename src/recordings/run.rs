//! Recording itself: a tap for each person in the call, whose pieces one writer stores. Nothing here ever makes the call wait: what cannot be
//! stored in time ends the recording.

use super::keep::Place;
use super::{Reason, Recordings};
use crate::ids::{AccountId, InterviewId};
use crate::interviews::Feed;
use crate::media::client::Tap;
use crate::media::record::{Recorder, Segment};
use crate::media::{Media, ViewOptions};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Pieces that wait to be stored; a disk that is further behind is too slow.
const WAITING: usize = 4;
/// To store one piece.
const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_secs(1);

/// What others may do to a run without waiting for anything.
#[derive(Clone, Debug)]
pub(super) struct Switch {
    stop: CancellationToken,
    /// What is not stored yet is thrown away.
    discard: Arc<AtomicBool>,
    why: Arc<Mutex<Option<Reason>>>,
}

impl Switch {
    fn new(parent: &CancellationToken) -> Self {
        Self { stop: parent.child_token(), discard: Arc::default(), why: Arc::default() }
    }

    /// Stops it at once; the first reason counts.
    pub(super) fn off(&self, reason: Reason) {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.stop.cancel();
    }

    /// Stops it at once and throws away what is not stored yet.
    pub(super) fn discard(&self, reason: Reason) {
        self.discard.store(true, Ordering::Release);
        self.off(reason);
    }

    /// Why it was stopped, once it was.
    pub(super) fn why(&self) -> Option<Reason> {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One recording from its start to its stop.
pub(super) struct Run {
    pub(super) n: i64,
    pub(super) interview: InterviewId,
    pub(super) switch: Switch,
    begun: f64,
    taps: HashMap<Feed, (CancellationToken, JoinHandle<()>)>,
    pieces: mpsc::Sender<(AccountId, Segment)>,
    writer: JoinHandle<()>,
}

impl Run {
    pub(super) fn begin(all: &Recordings, interview: InterviewId, n: i64) -> Self {
        let switch = Switch::new(&all.token);
        let (pieces, waiting) = mpsc::channel(WAITING);
        let writer = all.tracker.spawn(write(all.clone(), (interview, n), waiting, switch.clone()));
        Self { n, interview, switch, begun: wall(), taps: HashMap::new(), pieces, writer }
    }

    /// Taps exactly these.
    pub(super) fn follow(&mut self, all: &Recordings, feeds: &[Feed]) {
        self.taps.retain(|feed, (stop, _)| {
            let stays = feeds.contains(feed);
            if !stays {
                stop.cancel();
            }
            stays
        });
        for feed in feeds {
            let tap = || {
                let stop = self.switch.stop.child_token();
                let task =
                    tap(all.interviews.live.media.clone(), *feed, self.begun, self.pieces.clone(), self.switch.clone(), stop.clone());
                (stop, all.tracker.spawn(task))
            };
            self.taps.entry(*feed).or_insert_with(tap);
        }
    }

    /// Waits until all is stored that will be.
    pub(super) async fn ended(self) {
        let Self { taps, pieces, writer, .. } = self;
        drop(pieces);
        for (_, task) in taps.into_values() {
            let _ = task.await;
        }
        let _ = writer.await;
    }
}

/// UTC milliseconds of this machine: media is timed by that, also where a test has another clock.
fn wall() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0
}

async fn write(all: Recordings, (interview, run): (InterviewId, i64), mut waiting: mpsc::Receiver<(AccountId, Segment)>, switch: Switch) {
    let mut numbers: HashMap<AccountId, i64> = HashMap::new();
    while let Some((person, segment)) = waiting.recv().await {
        if switch.discard.load(Ordering::Acquire) {
            continue;
        }
        let seq = numbers.entry(person).or_default();
        *seq += 1;
        let place = Place { interview, run, person, seq: *seq };
        match tokio::time::timeout(PATIENCE, all.keep(place, segment)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => switch.discard(Reason::Full),
            Ok(Err(error)) => {
                tracing::error!(?error, %interview, "a recording cannot be stored");
                switch.discard(Reason::Disk);
            }
            Err(_) => {
                tracing::error!(%interview, "a recording cannot be stored in time");
                switch.discard(Reason::Disk);
            }
        }
    }
}

/// Takes what one person sends until it is stopped, also over an outage.
async fn tap(media: Media, feed: Feed, begun: f64, pieces: mpsc::Sender<(AccountId, Segment)>, switch: Switch, stop: CancellationToken) {
    let mut recorder = Recorder::new(begun);
    while !stop.is_cancelled() {
        let options = ViewOptions { only: feed.seat, last: Some(0), ..ViewOptions::default() };
        let opened = tokio::select! {
            () = stop.cancelled() => break,
            opened = Tap::open(&media, feed.stream, options) => opened,
        };
        match opened {
            Ok(tap) => listen(tap, &media, feed, &mut recorder, &pieces, &switch, &stop).await,
            Err(error) => tracing::warn!(%error, "a recording cannot listen"),
        }
        // A connection begins its numbers anew.
        for segment in std::mem::replace(&mut recorder, Recorder::new(begun)).finish(Instant::now(), wall()) {
            store(&pieces, feed.person, segment, &switch).await;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// The last piece of somebody may wait for the disk: nothing more comes.
async fn store(pieces: &mpsc::Sender<(AccountId, Segment)>, person: AccountId, segment: Segment, switch: &Switch) {
    if !switch.discard.load(Ordering::Acquire) && pieces.send_timeout((person, segment), PATIENCE).await.is_err() {
        switch.discard(Reason::Disk);
    }
}

async fn listen(
    mut tap: Tap,
    media: &Media,
    feed: Feed,
    recorder: &mut Recorder,
    pieces: &mpsc::Sender<(AccountId, Segment)>,
    switch: &Switch,
    stop: &CancellationToken,
) {
    let mut come = Vec::new();
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => break,
            heard = tap.receive(Instant::now() + STEP, |received| come.push(received)) => heard,
        };
        // What came in the very moment of a stop is not recorded.
        if stop.is_cancelled() {
            break;
        }
        let (now, at) = (Instant::now(), wall());
        let mut done: Vec<Segment> = come.drain(..).filter_map(|received| recorder.take(received, now, at)).collect();
        done.extend(recorder.settle(now, at));
        for segment in done {
            if pieces.try_send((feed.person, segment)).is_err() {
                tracing::error!("the disk is too slow for a recording");
                switch.discard(Reason::Disk);
            }
        }
        if recorder.wants_keyframe(now) {
            media.request_keyframe(feed.stream).await;
        }
        if let Err(error) = heard {
            tracing::debug!(%error, "a recording lost its connection");
            break;
        }
    }
    tap.close().await;
}
