//! One room, live: who is connected, the newest entries, what is on stage. One task owns it; others hold a handle.
//!
//! What is told is serialised once, gathered for as long as the last round to everybody took (so that a crowd costs at most half of the
//! room's time), and handed to each connection in one piece, which the network takes at once or the connection keeps. One that keeps too
//! much is dropped and told to resume by `since`; presence is aggregated into at most one frame a second. Deliberately absent: who may do
//! what, and the connections themselves (the callers' part).

use super::captions::Captions;
use super::event::{Card, Entry, Event, Passing};
use super::frame::{Batch, Frames, text_frame};
use super::handle::{Command, RoomHandle};
use super::hands::{Hand, Hands, Raised};
use super::member::Member;
use super::onstage::OnStage;
use super::store;
use super::told::Notice;
use super::typing::Typing;
use crate::db::Db;
use crate::ids::{AccountId, RoomId, SlideId};
use bytes::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Entries kept for those who come back after a short absence.
const RECENT: usize = 512;
/// Commands waiting for the room.
pub(super) const INBOX: usize = 4_096;
/// Commands taken in before those who wait are told.
const TURN: usize = 256;
/// Connections served before other tasks get their turn.
const ROUND: usize = 64;
/// Longer than this nobody waits for others to be served.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// How often presence may be told.
const PRESENCE_EVERY: Duration = Duration::from_secs(1);
/// A room without anybody is put away after this long.
const IDLE: Duration = Duration::from_secs(300);

/// Why a connection ended.
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

/// Where a connection's frames go. Nothing here waits.
pub trait Outlet: Send + Sync {
    /// Takes frames, whole and in order; what may be lost is left out where something waits already. False if the connection has ended,
    /// also by this.
    fn push(&self, frames: &Frames) -> bool;
    /// Ends the connection.
    fn end(&self, why: Dropped);
    fn has_ended(&self) -> bool;
}

/// What somebody who comes back wants to be told: the newest entries after one, at most so many.
#[derive(Clone, Copy, Debug)]
pub struct Missed {
    pub since: i64,
    pub most: i64,
}

/// What somebody finds who has joined.
pub struct Joined {
    /// Sequence number of the newest entry that others were told by then: all later ones go to the outlet.
    pub at: i64,
    /// The frames of the entries that were missed, oldest first, if the room still has them.
    pub recent: Vec<(i64, Bytes)>,
}

/// Whom something is told that has no place in the journal.
#[derive(Clone)]
pub enum To {
    /// Everybody who keeps up.
    Everybody,
    /// Everybody, like an entry: who cannot take it is parted from, and asks anew on coming back.
    All,
    /// Staff and co-hosts.
    Staff,
    /// Everybody who keeps up, and those who wanted to hear nothing else.
    Listeners,
    /// Staff and co-hosts, and the people of whom it says so.
    StaffAnd(Arc<dyn Fn(AccountId) -> bool + Send + Sync>),
}

/// What a room looks like from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What is below is known.
    pub loaded: bool,
    pub people: u32,
    pub staffed: bool,
    pub live: bool,
    pub viewers: u32,
    /// The numbers of the seats that are live, the one that spoke last first.
    pub seats: Vec<u8>,
    pub card: Option<Card>,
    /// What is pinned above the chat.
    pub notice: Option<Notice>,
    /// The picture for those without video, and what it is about.
    pub slide: Option<(SlideId, String)>,
    pub stage: Arc<[OnStage]>,
    /// The hands that are up, the first one first.
    pub hands: Arc<[Hand]>,
    /// The last lines of what is said.
    pub captions: Arc<[String]>,
}

/// Starts a room. It reads where the journal stands once its handle can already be told of new entries, so none is missed.
pub(super) fn start(id: RoomId, db: Db, token: CancellationToken) -> (RoomHandle, impl Future<Output = ()>) {
    let (commands, inbox) = mpsc::channel(INBOX);
    let (told, snapshot) = watch::channel(Snapshot::default());
    let room = LiveRoom {
        id,
        last: 0,
        told_of: 0,
        members: HashMap::new(),
        next_member: 0,
        batch: Batch::default(),
        rests_until: Instant::now(),
        leaving: Vec::new(),
        outdated: false,
        recent: VecDeque::new(),
        reactions: 0,
        typing: Typing::default(),
        state: Snapshot::default(),
        told,
        changed: false,
        hands: Hands::default(),
        captions: Captions::default(),
        stage_changed: false,
        desk_changed: false,
    };
    (RoomHandle { commands, snapshot }, room.run(inbox, db, token))
}

/// Who must leave once everybody has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    Banned(AccountId),
    AllButStaff,
}

struct LiveRoom {
    id: RoomId,
    /// The newest entry, and the newest of which everybody has been told.
    last: i64,
    told_of: i64,
    members: HashMap<u64, Member>,
    next_member: u64,
    /// What everybody is to be told, from `rests_until` on.
    batch: Batch,
    rests_until: Instant,
    leaving: Vec<Leaving>,
    /// What is remembered must be read again.
    outdated: bool,
    recent: VecDeque<(i64, Bytes)>,
    reactions: u32,
    typing: Typing,
    state: Snapshot,
    told: watch::Sender<Snapshot>,
    changed: bool,
    hands: Hands,
    captions: Captions,
    /// Who is on stage, or what staff see of it, is other than was told.
    stage_changed: bool,
    desk_changed: bool,
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
        let mut busy_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = token.cancelled() => {
                    self.tell().await;
                    break self.drop_some(Dropped::Shutdown, |_| true);
                }
                () = sleep_until(self.due()), if !self.batch.is_empty() => self.tell().await,
                () = sleep_until(self.captions.due().unwrap_or_else(Instant::now)), if self.captions.due().is_some() => self.show_captions(),
                command = inbox.recv() => {
                    let Some(command) = command else { break };
                    busy_at = Instant::now();
                    self.handle(command);
                    for _ in 0..TURN {
                        if self.batch.is_large() {
                            break;
                        }
                        let Ok(command) = inbox.try_recv() else { break };
                        self.handle(command);
                    }
                    // Until it can be read, newcomers read it themselves.
                    if self.outdated && let Err(error) = self.remember(&db).await {
                        tracing::warn!(%error, room = %self.id, "the newest entries could not be read");
                    }
                }
                _ = tick.tick() => {
                    self.note_presence();
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
        self.told_of = self.last;
        self.state.card = store::last_card(db.read(), self.id).await?;
        self.state.notice = store::last_notice(db.read(), self.id).await?;
        self.state.slide = store::last_slide(db.read(), self.id).await?;
        self.remember(db).await?;
        self.state.loaded = true;
        self.publish();
        Ok(())
    }

    /// Reads the newest entries, so that a crowd that comes need not.
    async fn remember(&mut self, db: &Db) -> sqlx::Result<()> {
        let newest = store::before(db.read(), self.id, self.last + 1, RECENT as i64).await?;
        let framed = |entry: &Entry| (entry.seq, text_frame(&serde_json::to_vec(entry).unwrap_or_default()));
        self.recent = newest.iter().rev().map(framed).collect();
        self.outdated = false;
        Ok(())
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Join { member, missed, reply } => self.join(member, missed, reply),
            Command::Committed(entry) => self.committed(&entry),
            Command::Stream { live, viewers, seats, stage } => {
                self.changed |= self.state.live != live || self.state.viewers != viewers || self.state.seats != seats;
                self.stage_changed |= self.state.stage != stage;
                (self.state.live, self.state.viewers, self.state.seats, self.state.stage) = (live, viewers, seats, stage);
                if !live && self.hands.clear() {
                    self.hands_changed();
                }
                self.publish();
            }
            Command::Raise { hand, reply } => {
                let raised = if self.state.live { self.hands.raise(hand, Instant::now()) } else { Raised::NotLive };
                self.hands_changed();
                let _ = reply.send(raised);
            }
            Command::Lower { account, reply } => {
                let lowered = self.hands.lower(account);
                self.hands_changed();
                let _ = reply.send(lowered);
            }
            Command::Desk { account, sees } => {
                self.members.values_mut().filter(|m| m.account == Some(account)).for_each(|m| m.desk = sees || m.staff);
                self.desk_changed = true;
            }
            Command::Here { reply } => {
                let here: HashSet<AccountId> = self.members.values().filter_map(|m| m.account).collect();
                let _ = reply.send(here.into_iter().collect());
            }
            Command::HeardOf(account) => self.hands.heard(account, Instant::now()),
            Command::Caption(spoken) => self.captions.say(Instant::now(), spoken),
            Command::DeskChanged => self.desk_changed = true,
            Command::LayersAsleep { session, names } => self.tell_some(frame(&Passing::LayersAsleep { session, names }), |m| m.desk),
            Command::Tell { account, frame } => self.tell_some(frame, |m| m.account == Some(account)),
            Command::Pass { frame, to: To::Everybody } => self.batch.passing(frame),
            Command::Pass { frame, to: To::All } => self.batch.entry(frame),
            Command::Pass { frame, to: To::Listeners } => {
                self.tell_some(frame.clone(), |m| m.quiet);
                self.batch.passing(frame);
            }
            Command::Pass { frame, to: To::Staff } => self.tell_some(frame, |m| m.desk),
            Command::Pass { frame, to: To::StaffAnd(which) } => self.tell_some(frame, |m| m.desk || m.account.is_some_and(|a| which(a))),
            Command::React => self.reactions = self.reactions.saturating_add(1),
            Command::Typing(account) => self.typing.note(account, Instant::now()),
        }
    }

    fn join(&mut self, member: Member, missed: Option<Missed>, reply: oneshot::Sender<Joined>) {
        // All need not be counted again for each who comes.
        let (people, staffed) = (self.state.people + u32::from(!member.shadow), self.state.staffed || member.attends());
        self.members.insert(self.next_member, member);
        self.next_member += 1;
        self.counted(people, staffed);
        let _ = reply.send(Joined { at: self.told_of, recent: missed.map(|m| self.missed(m.since, m.most)).unwrap_or_default() });
    }

    /// The newest entries after `since` that everybody else was told of, `most` of them; none if some of these are not here.
    fn missed(&self, since: i64, most: i64) -> Vec<(i64, Bytes)> {
        let since = since.max(self.told_of - most);
        if self.recent.front().is_none_or(|(oldest, _)| *oldest > since + 1) {
            return Vec::new();
        }
        self.recent.iter().filter(|(seq, _)| (since + 1..=self.told_of).contains(seq)).cloned().collect()
    }

    fn committed(&mut self, entry: &Entry) {
        if entry.seq <= self.last {
            return;
        }
        self.last = entry.seq;
        let frame = text_frame(&serde_json::to_vec(entry).unwrap_or_default());
        match &entry.event {
            Event::Spotlight { card } => self.state.card.clone_from(card),
            Event::Message { author, .. } => self.typing.sent(*author),
            Event::Notice(notice) => self.state.notice = Some(notice.clone()).filter(|notice| !notice.text.is_empty()),
            Event::Slide { slide, title } => self.state.slide = slide.map(|slide| (slide, title.clone())),
            // What was taken away (or given back) must not be replayed from memory as it was; newcomers read it from the database.
            Event::Deleted { .. } | Event::Purged { .. } | Event::Restored { .. } | Event::RestoredAll { .. } => self.forget(),
            Event::Question(question) if question.is_hidden() => self.forget(),
            _ => {}
        }
        self.recent.push_back((entry.seq, frame.clone()));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.batch.entry(frame);
        if let Event::Banned { target, until } | Event::Muted { target, until } = &entry.event
            && *until != 0
            && self.hands.lower(*target)
        {
            self.hands_changed();
        }
        match &entry.event {
            Event::Banned { target, until } if *until != 0 => self.leaving.push(Leaving::Banned(*target)),
            Event::RoomClosed { closed: true } => self.leaving.push(Leaving::AllButStaff),
            _ => {}
        }
        self.publish();
    }

    fn forget(&mut self) {
        self.recent.clear();
        self.outdated = true;
    }

    /// When everybody is to be told: after a rest, unless much has gathered.
    fn due(&self) -> Instant {
        if self.batch.is_large() { Instant::now() } else { self.rests_until }
    }

    /// Tells everybody what has gathered.
    async fn tell(&mut self) {
        let start = Instant::now();
        let frames = self.batch.take();
        self.told_of = self.last;
        let mut ended = Vec::new();
        for (served, (number, member)) in self.members.iter().enumerate() {
            if !member.quiet && !member.outlet.push(&frames) {
                ended.push(*number);
            }
            if served % ROUND == ROUND - 1 {
                tokio::task::yield_now().await;
            }
        }
        for number in &ended {
            self.members.remove(number);
        }
        if !ended.is_empty() {
            self.count();
        }
        for leaving in std::mem::take(&mut self.leaving) {
            match leaving {
                Leaving::Banned(target) => self.drop_some(Dropped::Banned, |member| member.account == Some(target)),
                Leaving::AllButStaff => self.drop_some(Dropped::RoomClosed, |member| !member.staff),
            }
        }
        self.rests_until = Instant::now() + start.elapsed().min(LONGEST_PAUSE);
    }

    fn show_captions(&mut self) {
        self.state.captions = self.captions.take(Instant::now());
        self.batch.passing(frame(&Passing::Caption { lines: &self.state.captions }));
        self.publish();
    }

    fn hands_changed(&mut self) {
        let hands = self.hands.list();
        if self.state.hands != hands {
            self.changed |= self.state.hands.len() != hands.len();
            (self.state.hands, self.desk_changed) = (hands, true);
            self.publish();
        }
    }

    fn look_at_hands(&mut self) {
        if self.hands.is_empty() {
            return;
        }
        let here: HashSet<AccountId> = self.members.values().filter_map(|member| member.account).collect();
        if self.hands.look(Instant::now(), |account| here.contains(&account)) {
            self.hands_changed();
        }
    }

    fn tell_some(&self, frame: Bytes, which: impl Fn(&Member) -> bool) {
        let told = Frames { entries: Bytes::new(), all: frame };
        for member in self.members.values().filter(|member| which(member)) {
            member.outlet.push(&told);
        }
    }

    fn drop_some(&mut self, why: Dropped, which: impl Fn(&Member) -> bool) {
        self.members.retain(|_, member| {
            let goes = which(member);
            if goes {
                member.outlet.end(why);
            }
            !goes
        });
        self.count();
    }

    fn count(&mut self) {
        let people = self.members.values().filter(|member| !member.shadow).count() as u32;
        let staffed = self.members.values().any(Member::attends);
        self.counted(people, staffed);
    }

    fn counted(&mut self, people: u32, staffed: bool) {
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
        let hands = s.hands.len() as u32;
        frame(&Passing::Presence { people: s.people, staffed: s.staffed, live: s.live, viewers: s.viewers, seats: &s.seats, hands })
    }

    fn note_presence(&mut self) {
        self.members.retain(|_, member| !member.outlet.has_ended());
        self.count();
        self.look_at_hands();
        if self.captions.tire(Instant::now()) {
            self.state.captions = Arc::default();
            self.publish();
        }
        if std::mem::take(&mut self.changed) {
            self.batch.passing(self.presence());
        }
        if std::mem::take(&mut self.stage_changed) {
            self.batch.passing(frame(&Passing::Stage { stage: &self.state.stage }));
            self.desk_changed = true;
        }
        if std::mem::take(&mut self.desk_changed) {
            self.tell_some(frame(&Passing::Desk { hands: &self.state.hands }), |member| member.desk);
        }
        if self.reactions > 0 {
            let count = std::mem::take(&mut self.reactions);
            self.batch.passing(frame(&Passing::Reactions { count }));
        }
        if let Some(count) = self.typing.changed(Instant::now()) {
            self.batch.passing(frame(&Passing::Typing { count }));
        }
    }
}

/// A room that goes, for whatever reason, leaves nobody behind who would wait for it: they come back with `since`.
impl Drop for LiveRoom {
    fn drop(&mut self) {
        self.members.values().for_each(|member| member.outlet.end(Dropped::Slow));
    }
}

pub(super) fn frame(passing: &Passing<'_>) -> Bytes {
    text_frame(&serde_json::to_vec(passing).unwrap_or_default())
}
