//! Streams of rooms: what happens on the media plane becomes journal entries and viewer counts of the room.
//!
//! The plane is the truth about who publishes; the journal is the truth about what people were told. A publisher that drops
//! out has a grace to come back in, so that a change of network or a restart of the server does not end a stream for everybody.

use super::onstage::Sittings;
use super::{Event, Live};
use crate::fairs::FairState;
use crate::ids::{AccountId, FairId, RoomId, SessionId};
use crate::media::{DownReason, MediaEvent};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a publisher may be away before its stream has ended: a reload, a new network, a server's restart.
const GRACE: Duration = Duration::from_secs(15);
/// How often viewers are counted.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Closings and bans that wait to be carried out; they are rare and quick.
const ORDERS: usize = 1_024;

/// What must end on the media plane.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// The room was closed.
    CloseRoom(RoomId),
    /// The person was banned from the room.
    Ban(RoomId, AccountId),
    /// Nobody watches the room any more on these devices, or is a guest on its stage.
    BanDevices(RoomId, Vec<String>),
    /// Who is on stage there has changed in some way.
    Look(RoomId),
}

/// Somebody who watches a room.
pub(super) struct Watching {
    pub(super) room: RoomId,
    pub(super) account: Option<AccountId>,
    /// Empty if it is not known.
    pub(super) device: String,
}

/// Who publishes and views in rooms, as far as HTTP asked for it.
#[derive(Clone)]
pub(super) struct Streams {
    /// Rooms that had a publisher since the server started.
    rooms: Arc<dashmap::DashMap<RoomId, FairId>>,
    /// The last publishers of a room that a host ended, by their etags.
    ended: Arc<dashmap::DashMap<RoomId, Vec<String>>>,
    /// Viewers with an account or a known device, so that a ban reaches them.
    viewers: Arc<dashmap::DashMap<SessionId, Watching>>,
    /// Who the publishers are.
    pub(super) sittings: Sittings,
    orders: mpsc::Sender<Order>,
}

impl Streams {
    pub(super) fn new() -> (Self, mpsc::Receiver<Order>) {
        let (orders, taken) = mpsc::channel(ORDERS);
        (Self { rooms: Arc::default(), ended: Arc::default(), viewers: Arc::default(), sittings: Sittings::default(), orders }, taken)
    }

    pub(super) fn note_publisher(&self, room: RoomId, fair: FairId) {
        self.rooms.insert(room, fair);
    }

    pub(super) fn note_ended(&self, room: RoomId, etags: Vec<String>) {
        self.ended.insert(room, etags);
    }

    pub(super) fn was_ended(&self, room: RoomId, etag: &str) -> bool {
        self.ended.get(&room).is_some_and(|ended| ended.iter().any(|known| known == etag))
    }

    pub(super) fn note_viewer(&self, session: SessionId, watching: Watching) {
        if watching.account.is_some() || !watching.device.is_empty() {
            self.viewers.insert(session, watching);
        }
    }

    pub(super) fn order(&self, order: Order) {
        if let Err(error) = self.orders.try_send(order) {
            tracing::error!(order = ?error.into_inner(), "too much is being closed at once");
        }
    }

    fn watching(&self, room: RoomId, who: impl Fn(&Watching) -> bool) -> Vec<SessionId> {
        self.viewers.iter().filter(|v| v.room == room && who(v)).map(|v| *v.key()).collect()
    }

    fn rooms_of(&self, fair: FairId) -> Vec<RoomId> {
        self.rooms.iter().filter(|r| *r.value() == fair).map(|r| *r.key()).collect()
    }
}

/// A room's stream as people were told: begun and not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stage {
    told: bool,
    gone_since: Option<Instant>,
}

/// What to tell next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Start,
    End,
}

impl Stage {
    /// `ended`: the publisher said goodbye, so that nobody need wait for it.
    fn step(&mut self, publishing: bool, ended: bool, now: Instant) -> Step {
        if publishing {
            self.gone_since = None;
            return if self.told { Step::Nothing } else { Step::Start };
        }
        let since = *self.gone_since.get_or_insert(now);
        if self.told && (ended || now.duration_since(since) >= GRACE) { Step::End } else { Step::Nothing }
    }
}

/// The task that watches the plane.
pub(super) struct Watcher {
    pub(super) live: Live,
    pub(super) orders: mpsc::Receiver<Order>,
}

impl Watcher {
    pub(super) async fn run(mut self, token: CancellationToken) {
        let (mut events, mut fairs) = (self.live.media.events(), self.live.rooms.fairs.changes());
        let mut stages = self.unended().await;
        let mut tick = tokio::time::interval(COUNT_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                event = events.recv() => match event {
                    Ok(event) => self.happened(&mut stages, event).await,
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "events of the media plane; the next count makes up for it");
                        self.strike_out().await;
                    }
                    Err(RecvError::Closed) => return,
                },
                Some(order) = self.orders.recv() => self.carry_out(&mut stages, order).await,
                Ok((fair, state)) = fairs.recv() => self.fair_changed(fair, state).await,
                _ = tick.tick() => self.count(&mut stages).await,
            }
        }
    }

    /// Streams that ran when the server stopped: their publishers have the same grace to come back.
    async fn unended(&self) -> HashMap<RoomId, Stage> {
        let now = Instant::now();
        match super::store::unended_streams(self.live.db.read()).await {
            Ok(rooms) => rooms.into_iter().map(|room| (room, Stage { told: true, gone_since: Some(now) })).collect(),
            Err(error) => {
                tracing::error!(%error, "streams that were running");
                HashMap::new()
            }
        }
    }

    async fn happened(&self, stages: &mut HashMap<RoomId, Stage>, event: MediaEvent) {
        let (stream, ended) = match event {
            MediaEvent::PublisherUp { stream, .. } | MediaEvent::Speakers { stream, .. } => (stream, false),
            MediaEvent::PublisherDown { stream, session, reason, .. } => {
                self.live.streams.sittings.left(session);
                (stream, reason == DownReason::Closed)
            }
            MediaEvent::ViewerDown { session, .. } => {
                self.live.streams.viewers.remove(&session);
                return;
            }
            MediaEvent::ViewerUp { .. } => return,
            MediaEvent::LayersAsleep { stream, session, names, .. } => {
                let room = RoomId::from_uuid(stream.uuid());
                if self.live.streams.rooms.contains_key(&room) {
                    self.live.handle(room).layers_asleep(session, names);
                }
                return;
            }
        };
        let room = RoomId::from_uuid(stream.uuid());
        if self.live.streams.rooms.contains_key(&room) {
            self.look(stages, room, ended).await;
        }
    }

    /// Forgets viewers whose end was missed.
    async fn strike_out(&self) {
        let known: Vec<SessionId> = self.live.streams.viewers.iter().map(|v| *v.key()).collect();
        for session in known {
            if self.live.media.session(session).await.is_none() {
                self.live.streams.viewers.remove(&session);
            }
        }
    }

    async fn count(&self, stages: &mut HashMap<RoomId, Stage>) {
        let mut rooms = self.live.streams.sittings.rooms();
        rooms.extend(stages.keys());
        rooms.sort_unstable();
        rooms.dedup();
        for room in rooms {
            self.look(stages, room, false).await;
        }
    }

    /// Compares what people were told with what the plane says.
    async fn look(&self, stages: &mut HashMap<RoomId, Stage>, room: RoomId, ended: bool) {
        let stats = self.live.media.stats(Live::stream_of(room)).await;
        let stage = stages.entry(room).or_default();
        let (told, event) = match stage.step(stats.publisher_connected, ended, Instant::now()) {
            Step::Nothing => (stage.told, None),
            Step::Start => (true, Some(Event::StreamStarted)),
            Step::End => (false, Some(Event::StreamEnded)),
        };
        if let Some(event) = event
            && let Err(error) = self.live.append(room, event).await
        {
            tracing::warn!(?error, %room, "a stream's beginning or end is told with the next count");
            return;
        }
        stage.told = told;
        let seats = stats.speakers.iter().filter(|_| told).map(|seat| seat.number()).collect();
        let people = self.live.streams.sittings.of(room, &stats);
        self.live.handle(room).stream(told, u32::try_from(stats.viewers).unwrap_or(u32::MAX), seats, people);
        if !told && !stats.publisher_connected {
            stages.remove(&room);
        }
    }

    async fn carry_out(&self, stages: &mut HashMap<RoomId, Stage>, order: Order) {
        match order {
            Order::CloseRoom(room) => {
                self.live.media.close_stream(Live::stream_of(room)).await;
            }
            Order::Look(room) => self.look(stages, room, false).await,
            Order::Ban(room, account) => {
                let guests = self.live.streams.sittings.of_guest(room, account);
                for session in self.live.streams.watching(room, |w| w.account == Some(account)).into_iter().chain(guests) {
                    self.live.media.close(session).await;
                }
            }
            Order::BanDevices(room, devices) => {
                let guests = self.live.streams.sittings.of_guests_on(room, &devices);
                for session in self.live.streams.watching(room, |w| devices.contains(&w.device)).into_iter().chain(guests) {
                    self.live.media.close(session).await;
                }
            }
        }
    }

    async fn fair_changed(&self, fair: FairId, state: FairState) {
        if !state.is_active() {
            for room in self.live.streams.rooms_of(fair) {
                self.live.media.close_stream(Live::stream_of(room)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_that_comes_back_in_time_is_not_told_of() {
        let (mut stage, start) = (Stage::default(), Instant::now());
        assert_eq!(stage.step(true, false, start), Step::Start);
        stage.told = true;
        assert_eq!(stage.step(false, false, start), Step::Nothing);
        assert_eq!(stage.step(false, false, start + GRACE / 2), Step::Nothing);
        assert_eq!(stage.step(true, false, start + GRACE / 2), Step::Nothing);
        assert_eq!(stage.step(false, false, start + GRACE), Step::Nothing, "the grace begins anew");
        assert_eq!(stage.step(false, false, start + GRACE * 2), Step::End);
    }

    #[test]
    fn a_goodbye_ends_the_stream_at_once() {
        let mut stage = Stage { told: true, gone_since: None };
        assert_eq!(stage.step(false, true, Instant::now()), Step::End);
        assert_eq!(Stage::default().step(false, true, Instant::now()), Step::Nothing, "it had not begun");
    }
}
