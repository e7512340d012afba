//! One room, live: who is connected, the newest entries, what is on stage. One task owns it; others hold a handle.
//!
//! A broadcast is serialised once and its bytes shared. A connection whose queue is full is dropped and told to resume by
//! `since`; presence is aggregated into at most one frame a second. Deliberately absent: who may do what (the callers' part).

use super::event::{Card, Entry, Event, Passing};
use super::store;
use crate::db::Db;
use crate::ids::{AccountId, RoomId, SessionId};
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Entries kept for those who come back after a short absence.
const RECENT: usize = 512;
/// Frames waiting for one connection. At a busy room's 50 frames a second this is ten seconds of a stalled phone.
const OUTBOX: usize = 512;
/// Commands waiting for the room.
const INBOX: usize = 4_096;
/// How often presence may be told.
const PRESENCE_EVERY: Duration = Duration::from_secs(1);
/// A room without anybody is put away after this long.
const IDLE: Duration = Duration::from_secs(300);

/// Why a connection's queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It could not keep up: come back with `since`.
    Slow,
    /// The person was banned.
    Banned,
    /// The room was closed.
    RoomClosed,
    /// The server is going down.
    Shutdown,
}

/// What a connection receives.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// A durable entry, serialised.
    Entry { seq: i64, json: Bytes },
    /// A passing frame, serialised.
    Passing(Bytes),
}

/// Somebody who connects.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub account: Option<AccountId>,
    /// Staff of the room: a host or an organiser.
    pub staff: bool,
}

/// A connection to the room: its queue, and why the queue ended.
pub struct Connection {
    pub deliveries: mpsc::Receiver<Delivery>,
    pub dropped: watch::Receiver<Option<Dropped>>,
    /// Sequence number of the newest entry at the moment of joining: all later ones are delivered.
    pub joined_at: i64,
    /// The newest entries, oldest first, in case they reach back to what the person saw last.
    pub recent: Vec<(i64, Bytes)>,
    pub presence: Bytes,
}

/// What a room looks like from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub people: u32,
    pub staffed: bool,
    pub live: bool,
    pub viewers: u32,
    /// The numbers of the seats that are live, the one that spoke last first.
    pub seats: Vec<u8>,
    pub card: Option<Card>,
}

enum Command {
    Join { member: Member, reply: oneshot::Sender<Connection> },
    Committed(Box<Entry>),
    Stream { live: bool, viewers: u32, seats: Vec<u8> },
    LayersAsleep { session: SessionId, names: Vec<String> },
    React,
}

/// A handle to a live room; cheap to clone.
#[derive(Clone)]
pub(super) struct RoomHandle {
    commands: mpsc::Sender<Command>,
    pub(super) snapshot: watch::Receiver<Snapshot>,
}

impl RoomHandle {
    /// Starts a room. It reads where the journal stands once its handle can already be told of new entries, so none is missed.
    pub(super) fn start(id: RoomId, db: Db, token: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let (commands, inbox) = mpsc::channel(INBOX);
        let (told, snapshot) = watch::channel(Snapshot::default());
        let room = LiveRoom {
            id,
            last: 0,
            members: HashMap::new(),
            next_member: 0,
            recent: VecDeque::new(),
            reactions: 0,
            state: Snapshot::default(),
            told,
            changed: false,
        };
        (Self { commands, snapshot }, room.run(inbox, db, token))
    }

    pub(super) async fn join(&self, member: Member) -> Option<Connection> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Join { member, reply }).await.ok()?;
        answer.await.ok()
    }

    /// False if the room is gone or its inbox is full (the entry is in the database all the same).
    pub(super) fn committed(&self, entry: &Entry) -> bool {
        self.commands.try_send(Command::Committed(Box::new(entry.clone()))).is_ok()
    }

    pub(super) fn stream(&self, live: bool, viewers: u32, seats: Vec<u8>) {
        let _ = self.commands.try_send(Command::Stream { live, viewers, seats });
    }

    /// Tells staff which layers a publishing session need not send. Repeated by the plane, so it may be lost.
    pub(super) fn layers_asleep(&self, session: SessionId, names: Vec<String>) {
        let _ = self.commands.try_send(Command::LayersAsleep { session, names });
    }

    pub(super) fn react(&self) {
        let _ = self.commands.try_send(Command::React);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.commands.is_closed()
    }
}

struct Seat {
    member: Member,
    outbox: mpsc::Sender<Delivery>,
    dropped: watch::Sender<Option<Dropped>>,
}

struct LiveRoom {
    id: RoomId,
    last: i64,
    members: HashMap<u64, Seat>,
    next_member: u64,
    recent: VecDeque<(i64, Bytes)>,
    reactions: u32,
    state: Snapshot,
    told: watch::Sender<Snapshot>,
    changed: bool,
}

impl LiveRoom {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, db: Db, token: CancellationToken) {
        // Dropping the inbox turns joiners away; the next one starts the room anew.
        if let Err(error) = self.load(&db).await {
            tracing::error!(%error, room = %self.id, "the room could not be loaded");
            return;
        }
        let mut tick = tokio::time::interval(PRESENCE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut busy_at = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = token.cancelled() => break self.drop_all(Dropped::Shutdown),
                command = inbox.recv() => match command {
                    Some(command) => { busy_at = tokio::time::Instant::now(); self.handle(command) }
                    None => break,
                },
                _ = tick.tick() => {
                    self.tell_presence();
                    if self.members.is_empty() && !self.state.live && busy_at.elapsed() > IDLE {
                        tracing::debug!(room = %self.id, "idle");
                        break;
                    }
                }
            }
        }
    }

    async fn load(&mut self, db: &Db) -> sqlx::Result<()> {
        self.last = store::last_seq(db.read(), self.id).await?;
        self.state.card = store::last_card(db.read(), self.id).await?;
        self.publish();
        Ok(())
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Join { member, reply } => self.join(member, reply),
            Command::Committed(entry) => self.committed(&entry),
            Command::Stream { live, viewers, seats } => {
                self.changed |= self.state.live != live || self.state.viewers != viewers || self.state.seats != seats;
                (self.state.live, self.state.viewers, self.state.seats) = (live, viewers, seats);
                self.publish();
            }
            Command::LayersAsleep { session, names } => {
                let told = Delivery::Passing(frame(&Passing::LayersAsleep { session, names }));
                for seat in self.members.values().filter(|seat| seat.member.staff) {
                    let _ = seat.outbox.try_send(told.clone());
                }
            }
            Command::React => self.reactions = self.reactions.saturating_add(1),
        }
    }

    fn join(&mut self, member: Member, reply: oneshot::Sender<Connection>) {
        let (outbox, deliveries) = mpsc::channel(OUTBOX);
        let (dropped, why) = watch::channel(None);
        self.members.insert(self.next_member, Seat { member, outbox, dropped });
        self.next_member += 1;
        self.count();
        let recent = self.recent.iter().cloned().collect();
        let _ = reply.send(Connection { deliveries, dropped: why, joined_at: self.last, recent, presence: self.presence() });
    }

    fn committed(&mut self, entry: &Entry) {
        if entry.seq <= self.last {
            return;
        }
        self.last = entry.seq;
        let json: Bytes = serde_json::to_vec(entry).unwrap_or_default().into();
        match &entry.event {
            Event::Spotlight { card } => self.state.card.clone_from(card),
            // What was taken away (or given back) must not be replayed from memory as it was; newcomers read it from the database.
            Event::Deleted { .. } | Event::Purged { .. } | Event::Restored { .. } | Event::RestoredAll { .. } => self.recent.clear(),
            _ => {}
        }
        self.recent.push_back((entry.seq, json.clone()));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.broadcast(&Delivery::Entry { seq: entry.seq, json });
        match &entry.event {
            Event::Banned { target, until } if *until != 0 => self.drop_some(Dropped::Banned, |m| m.account == Some(*target)),
            Event::RoomClosed { closed: true } => self.drop_some(Dropped::RoomClosed, |m| !m.staff),
            _ => {}
        }
        self.publish();
    }

    fn broadcast(&mut self, delivery: &Delivery) {
        let before = self.members.len();
        self.members.retain(|_, seat| match seat.outbox.try_send(delivery.clone()) {
            Ok(()) => true,
            // Passing frames are the first thing a slow connection loses, the connection itself the next.
            Err(mpsc::error::TrySendError::Full(_)) if matches!(delivery, Delivery::Passing(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                let _ = seat.dropped.send(Some(Dropped::Slow));
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        });
        if self.members.len() != before {
            self.count();
        }
    }

    fn drop_some(&mut self, why: Dropped, which: impl Fn(&Member) -> bool) {
        self.members.retain(|_, seat| {
            let goes = which(&seat.member);
            if goes {
                let _ = seat.dropped.send(Some(why));
            }
            !goes
        });
        self.count();
    }

    fn drop_all(&mut self, why: Dropped) {
        self.drop_some(why, |_| true);
    }

    fn count(&mut self) {
        let (people, staffed) = (self.members.len() as u32, self.members.values().any(|s| s.member.staff));
        self.changed |= self.state.people != people || self.state.staffed != staffed;
        (self.state.people, self.state.staffed) = (people, staffed);
        self.publish();
    }

    fn publish(&self) {
        self.told.send_if_modified(|told| {
            let changed = *told != self.state;
            if changed {
                told.clone_from(&self.state);
            }
            changed
        });
    }

    fn presence(&self) -> Bytes {
        let s = &self.state;
        frame(&Passing::Presence { people: s.people, staffed: s.staffed, live: s.live, viewers: s.viewers, seats: &s.seats })
    }

    fn tell_presence(&mut self) {
        self.members.retain(|_, seat| !seat.outbox.is_closed());
        self.count();
        if std::mem::take(&mut self.changed) {
            let presence = self.presence();
            self.broadcast(&Delivery::Passing(presence));
        }
        if self.reactions > 0 {
            let count = std::mem::take(&mut self.reactions);
            self.broadcast(&Delivery::Passing(frame(&Passing::Reactions { count })));
        }
    }
}

fn frame(passing: &Passing<'_>) -> Bytes {
    serde_json::to_vec(passing).unwrap_or_default().into()
}

/// Shared by all handles of one process.
pub(super) type Handles = Arc<dashmap::DashMap<RoomId, RoomHandle>>;
