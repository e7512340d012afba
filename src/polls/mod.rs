//! Polls of a room: hosts ask, people with a name choose, and the result is published when the poll closes.
//!
//! Invariants: one open poll in a room and one vote of a person, both by the database; a vote that was taken is in the result, and one that
//! came too late is refused; results are told as numbers once a second, before the end to staff and to those who have voted only; a poll
//! whose time is over closes also when nobody looks, and after a restart. Deliberately absent: who voted for what, which nobody is shown.

mod domain;
mod pages;
mod panel;
mod store;

pub use domain::{Draft, LIMITS, MAX_OPTION, MAX_OPTIONS, MAX_QUESTION};
pub use pages::routes;
pub use panel::Panel;

use crate::accounts::{Accounts, Viewer};
use crate::chat::Chat;
use crate::clock::Millis;
use crate::db::{Db, Flag, Json, Recent, is_unique_violation};
use crate::ids::{AccountId, PollId, RoomId};
use crate::live::{Event, Live, Passing, Poll, PollResult, To};
use crate::moderation::Device;
use crate::web::{AppError, Fields, RateLimit, Result, Text};
use dashmap::DashMap;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often rooms are told how votes stand, and polls are looked at whose time may be over.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A poll as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    pub id: PollId,
    pub room_id: RoomId,
    pub question: String,
    #[sqlx(try_from = "String")]
    options: Json<Vec<String>>,
    #[sqlx(try_from = "i64")]
    multiple: Flag,
    pub opened_at: Millis,
    pub ends_at: Option<Millis>,
    pub closed_at: Option<Millis>,
}

impl Kept {
    /// Whether it takes votes.
    fn is_open(&self, now: Millis) -> bool {
        self.closed_at.is_none() && self.ends_at.is_none_or(|at| at > now)
    }

    /// As everybody is told of it.
    fn told(&self, result: Option<PollResult>) -> Poll {
        Poll {
            poll: self.id,
            question: self.question.clone(),
            options: self.options.0.clone(),
            multiple: self.multiple.0,
            closed: result.is_some(),
            ends_at: self.ends_at,
            result,
        }
    }
}

/// Who has voted in an open poll, as this process knows.
type Voters = Arc<RwLock<HashSet<AccountId>>>;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Polls {
    pub chat: Chat,
    /// The newest poll of rooms as it was within the last second, for a crowd that comes.
    newest: Recent<RoomId, Arc<Option<Kept>>>,
    /// Votes are taken side by side; a poll closes when none is under way.
    gates: Arc<DashMap<RoomId, Arc<tokio::sync::RwLock<()>>>>,
    voters: Arc<DashMap<PollId, Voters>>,
    /// Results as they were within the last second, for who only looks.
    results: Recent<PollId, Arc<PollResult>>,
    /// Polls with new votes, until everybody is told.
    moved: Arc<Mutex<HashMap<PollId, RoomId>>>,
    pace: RateLimit<AccountId>,
    host_pace: RateLimit<AccountId>,
}

impl Polls {
    pub fn new(chat: Chat) -> Self {
        Self {
            chat,
            newest: Recent::default(),
            gates: Arc::default(),
            voters: Arc::default(),
            results: Recent::default(),
            moved: Arc::default(),
            // Somebody who changes their mind a few times.
            pace: RateLimit::new(6, Duration::from_secs(3)),
            host_pace: RateLimit::new(6, Duration::from_secs(5)),
        }
    }

    fn live(&self) -> &Live {
        &self.chat.live
    }

    fn accounts(&self) -> &Accounts {
        &self.chat.moderation.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    fn gate(&self, room: RoomId) -> Arc<tokio::sync::RwLock<()>> {
        self.gates.entry(room).or_default().clone()
    }

    async fn newest(&self, room: RoomId) -> Result<Option<Kept>> {
        let read = async { store::newest(self.db().read(), room).await.map(|poll| Some(Arc::new(poll))) };
        Ok(self.newest.get(self.now(), room, read).await?.and_then(|poll| (*poll).clone()))
    }

    /// Opens a poll, as a host; the room is told.
    pub async fn open(&self, viewer: &Viewer, room: RoomId, draft: &Draft) -> Result<Kept> {
        let door = self.chat.hosted(viewer, room).await?;
        let by = viewer.known()?.id;
        let now = self.now();
        let new = draft.check(now).map_err(AppError::Invalid)?;
        self.host_pace.check(&by)?;
        let words = format!("{}\n{}", new.question, new.options.join("\n"));
        self.chat.screen_host(viewer, &door, &words).await?;
        let gate = self.gate(room);
        let _alone = gate.write().await;
        // What was open until a moment ago makes room first.
        if let Some(before) = store::newest(self.db().read(), room).await?.filter(|poll| poll.closed_at.is_none() && !poll.is_open(now)) {
            self.end(&before).await?;
        }
        let id = PollId::new();
        match store::insert(self.db().write(), id, room, by, &new, now).await {
            Err(error) if is_unique_violation(&error) => return Err(AppError::Conflict(Text("polls-one-open"))),
            inserted => inserted?,
        }
        self.newest.forget(room);
        let poll = store::poll(self.db().write(), room, id).await?.ok_or(AppError::NotFound)?;
        self.accounts().audit(by, "poll.open", &id.to_string(), Some(door.fair.id), "", &format!("room={room}")).await?;
        self.live().append(room, Event::Poll(Box::new(poll.told(None)))).await?;
        Ok(poll)
    }

    /// Takes a vote, or changes it; durable when this returns. The poll's state as the voter may now see it.
    pub async fn vote(&self, viewer: &Viewer, room: RoomId, device: &Device, id: PollId, choices: &[usize]) -> Result<PollResult> {
        let voter = self.chat.voter(viewer, room, device).await?.account.id;
        let poll = store::poll(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        let Some(bits) = domain::bits(choices, poll.options.0.len(), poll.multiple.0) else {
            let mut wrong = Fields::default();
            wrong.add("choices", Text(if poll.multiple.0 { "polls-choose-some" } else { "polls-choose-one" }));
            return Err(AppError::Invalid(wrong));
        };
        self.pace.check(&voter)?;
        let gate = self.gate(room);
        let _open = gate.read().await;
        if !store::vote(self.db().write(), id, voter, bits, self.now()).await? {
            return Err(AppError::Conflict(Text("polls-closed-already")));
        }
        self.voters_of(id).await?.write().unwrap_or_else(PoisonError::into_inner).insert(voter);
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(id, room);
        self.result(&poll).await
    }

    async fn result(&self, poll: &Kept) -> Result<PollResult> {
        let (voters, counts) = domain::counts(&store::votes(self.db().read(), poll.id).await?, poll.options.0.len());
        Ok(PollResult { voters, counts })
    }

    /// The same as of the last second.
    async fn recent_result(&self, poll: &Kept) -> Result<Arc<PollResult>> {
        let read = async { self.result(poll).await.map(|result| Some(Arc::new(result))) };
        self.results.get(self.now(), poll.id, read).await?.ok_or(AppError::NotFound)
    }

    async fn voters_of(&self, poll: PollId) -> Result<Voters> {
        if let Some(known) = self.voters.get(&poll).map(|known| known.clone()) {
            return Ok(known);
        }
        // Added to rather than put in place, because others vote meanwhile.
        let voters = self.voters.entry(poll).or_default().clone();
        let stored = store::voters(self.db().read(), poll).await?;
        voters.write().unwrap_or_else(PoisonError::into_inner).extend(stored);
        Ok(voters)
    }

    /// Closes a poll, as a host; the result is published.
    pub async fn close(&self, viewer: &Viewer, room: RoomId, id: PollId) -> Result<Kept> {
        viewer.known()?;
        let door = self.live().rooms.door(viewer, room).await?;
        if !door.is_host {
            return Err(AppError::NotFound);
        }
        let gate = self.gate(room);
        let _alone = gate.write().await;
        let poll = store::poll(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        if poll.closed_at.is_some() {
            return Err(AppError::Conflict(Text("polls-closed-already")));
        }
        self.end(&poll).await
    }

    /// Closes a poll, and publishes its result unless that was done. Votes must be kept out by the caller.
    async fn end(&self, poll: &Kept) -> Result<Kept> {
        let (db, now) = (self.db().write(), self.now());
        store::close(db, poll.id, now).await?;
        self.newest.forget(poll.room_id);
        let closed = Kept { closed_at: poll.closed_at.or(Some(now)), ..poll.clone() };
        let result = self.result(&closed).await?;
        // Told at least once: should the server die in between, clients meet the same result twice.
        self.live().append(poll.room_id, Event::Poll(Box::new(closed.told(Some(result))))).await?;
        store::note_told(db, poll.id).await?;
        self.voters.remove(&poll.id);
        self.results.forget(poll.id);
        Ok(closed)
    }

    /// Tells rooms how votes stand and closes polls whose time is over, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {
                    let (told, looked) = (self.tell_votes().await, self.look().await);
                    for error in [told.err(), looked.err()].into_iter().flatten() {
                        tracing::error!(?error, "polls");
                    }
                }
            }
        }
    }

    /// Closes polls whose time is over, and tells what a server that died did not.
    pub async fn look(&self) -> Result<()> {
        for due in store::due(self.db().read(), self.now()).await? {
            let gate = self.gate(due.room_id);
            let _alone = gate.write().await;
            let still = store::due(self.db().read(), self.now()).await?.into_iter().find(|poll| poll.id == due.id);
            if let Some(poll) = still {
                self.end(&poll).await?;
            }
        }
        Ok(())
    }

    async fn tell_votes(&self) -> Result<()> {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        for (id, room) in moved {
            self.results.forget(id);
            // Whoever closes a poll tells its result.
            let Some(poll) = store::poll(self.db().read(), room, id).await?.filter(|poll| poll.closed_at.is_none()) else { continue };
            let PollResult { voters, counts } = self.result(&poll).await?;
            let passed = self.voters_of(id).await?;
            self.live().pass(room, &Passing::PollVotes { poll: id, voters, counts: None }, To::Everybody);
            let has_voted = move |account| passed.read().unwrap_or_else(PoisonError::into_inner).contains(&account);
            self.live().pass(room, &Passing::PollVotes { poll: id, voters, counts: Some(&counts) }, To::StaffAnd(Arc::new(has_voted)));
        }
        Ok(())
    }
}
