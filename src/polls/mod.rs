//! Polls of a room: hosts ask, people with a name choose, and the result is published when the poll closes.
//!
//! Invariants: one open poll in a room and one vote of a person, both by the database; a vote that was taken is in the result, and one that
//! came too late is refused; results are told as numbers once a second, before the end to staff and to those who have voted only; a poll
//! whose time is over closes also when nobody looks, and after a restart. Deliberately absent: who voted for what, which nobody is shown.

mod ballots;
mod domain;
mod pages;
mod panel;
mod store;

pub use ballots::{Ballot, Ballots};
pub use domain::{Draft, LIMITS, MAX_OPTION, MAX_OPTIONS, MAX_QUESTION};
pub use pages::routes;
pub use panel::Panel;

use crate::accounts::{Accounts, Viewer};
use crate::chat::Chat;
use crate::clock::Millis;
use crate::db::{Db, Flag, Json, Recent, is_unique_violation};
use crate::ids::{AccountId, FairId, PollId, RoomId};
use crate::live::{Event, Live, Passing, Poll, PollResult, To};
use crate::moderation::Device;
use crate::web::{AppError, Fields, RateLimit, Result, Text};
use dashmap::DashMap;
use domain::NewPoll;
use sqlx::{Any, Transaction};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{OwnedRwLockReadGuard, RwLock as Gate};
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

/// A vote on its way. The poll does not close before it is stored.
struct Vote {
    poll: PollId,
    room: RoomId,
    voter: AccountId,
    bits: i64,
    at: Millis,
    _open: OwnedRwLockReadGuard<()>,
}

impl Ballot for Vote {
    /// Whether the poll took it.
    type Answer = bool;

    async fn write(&self, tx: &mut Transaction<'static, Any>) -> sqlx::Result<bool> {
        store::vote(tx, (self.poll, self.voter), self.bits, self.at).await
    }
}

/// Those who count a poll one after the other, so that a crowd that asks at the same time is answered by one count.
const COUNTERS: usize = 16;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Polls {
    pub chat: Chat,
    /// The newest poll of rooms as it was within the last second, for a crowd that comes.
    newest: Recent<RoomId, Arc<Option<Kept>>>,
    /// Votes are taken side by side; a poll closes when none is under way.
    gates: Arc<DashMap<RoomId, Arc<Gate<()>>>>,
    ballots: Arc<Ballots<Vote>>,
    voters: Arc<DashMap<PollId, Voters>>,
    /// Results as they were within the last second: whatever the number of voters, a poll is counted once a second.
    results: Recent<PollId, Arc<PollResult>>,
    counters: Arc<[tokio::sync::Mutex<()>; COUNTERS]>,
    /// Polls with new votes, until everybody is told.
    moved: Arc<Mutex<HashMap<PollId, RoomId>>>,
    pace: RateLimit<AccountId>,
    host_pace: RateLimit<AccountId>,
}

impl Polls {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(chat: Chat) -> Self {
        let (voters, moved) = (Arc::<DashMap<PollId, Voters>>::default(), Arc::<Mutex<HashMap<PollId, RoomId>>>::default());
        let (known, told) = (voters.clone(), moved.clone());
        let ballots = Ballots::new(move |vote: &Vote, taken| {
            if !taken {
                return;
            }
            // Who is not known yet is read from the rows.
            if let Some(known) = known.get(&vote.poll) {
                known.write().unwrap_or_else(PoisonError::into_inner).insert(vote.voter);
            }
            told.lock().unwrap_or_else(PoisonError::into_inner).insert(vote.poll, vote.room);
        });
        Self {
            chat,
            newest: Recent::default(),
            gates: Arc::default(),
            ballots: Arc::new(ballots),
            voters,
            results: Recent::default(),
            counters: Arc::default(),
            moved,
            // Somebody who changes their mind a few times.
            pace: RateLimit::new(6, Duration::from_secs(3)),
            // Also for what is refused, such as a form that somebody corrects.
            host_pace: RateLimit::new(20, Duration::from_secs(3)),
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

    fn gate(&self, room: RoomId) -> Arc<Gate<()>> {
        self.gates.entry(room).or_default().clone()
    }

    async fn newest(&self, room: RoomId) -> Result<Option<Kept>> {
        let read = async { store::newest(self.db().read(), room).await.map(|poll| Some(Arc::new(poll))) };
        Ok(self.newest.get(self.now(), room, read).await?.and_then(|poll| (*poll).clone()))
    }

    /// Opens a poll, as a host; the room is told.
    pub async fn open(&self, viewer: &Viewer, room: RoomId, draft: &Draft) -> Result<Kept> {
        let door = self.chat.presented(viewer, room).await?;
        let by = viewer.known()?.id;
        self.host_pace.check(&by)?;
        let now = self.now();
        let new = draft.check(now).map_err(AppError::Invalid)?;
        let words = format!("{}\n{}", new.question, new.options.join("\n"));
        self.chat.screen_host(viewer, &door, &words).await?;
        let (this, fair) = (self.clone(), door.fair.id);
        self.chat.wholly(async move { this.open_wholly(room, fair, by, &new, now).await }).await
    }

    async fn open_wholly(&self, room: RoomId, fair: FairId, by: AccountId, new: &NewPoll, now: Millis) -> Result<Kept> {
        let gate = self.gate(room);
        let _alone = gate.write().await;
        // What was open until a moment ago makes room first.
        let before = store::newest(self.db().read(), room).await?.filter(|poll| poll.closed_at.is_none());
        if let Some(over) = before.as_ref().filter(|poll| !poll.is_open(now)) {
            self.end(over).await?;
        }
        let id = PollId::new();
        match store::insert(self.db().write(), id, room, by, new, now).await {
            Err(error) if is_unique_violation(&error) => {
                // Somebody who asks again may have been told nothing the first time, and so may the room.
                if let Some(same) = before.filter(|poll| poll.question == new.question && poll.options.0 == new.options) {
                    self.live().append(room, Event::Poll(Box::new(same.told(None)))).await?;
                }
                return Err(AppError::Conflict(Text("polls-one-open")));
            }
            inserted => inserted?,
        }
        self.newest.forget(room);
        let poll = store::poll(self.db().write(), room, id).await?.ok_or(AppError::NotFound)?;
        let told = self.live().append(room, Event::Poll(Box::new(poll.told(None)))).await;
        self.accounts().audit(by, "poll.open", &id.to_string(), Some(fair), "", &format!("room={room}")).await?;
        told.map(|_| poll)
    }

    /// Takes a vote, or changes it; durable when this returns. The poll's state as the voter may now see it, a second old at most.
    pub async fn vote(&self, viewer: &Viewer, room: RoomId, device: &Device, id: PollId, choices: &[usize]) -> Result<PollResult> {
        let voter = self.chat.voter(viewer, room, device).await?.account.id;
        let poll = store::poll(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        let Some(bits) = domain::bits(choices, poll.options.0.len(), poll.multiple.0) else {
            let mut wrong = Fields::default();
            wrong.add("choices", Text(if poll.multiple.0 { "polls-choose-some" } else { "polls-choose-one" }));
            return Err(AppError::Invalid(wrong));
        };
        self.pace.check(&voter)?;
        let open = self.gate(room).read_owned().await;
        if !self.ballots.cast(Vote { poll: id, room, voter, bits, at: self.now(), _open: open }).await? {
            return Err(AppError::Conflict(Text("polls-closed-already")));
        }
        self.recent_result(&poll, Some(bits)).await
    }

    async fn result(&self, poll: &Kept) -> Result<PollResult> {
        let (voters, counts) = domain::counts(&store::votes(self.db().read(), poll.id).await?, poll.options.0.len());
        Ok(PollResult { voters, counts })
    }

    /// The same as of the last second, for somebody who made this choice: then it is not nobody's.
    async fn recent_result(&self, poll: &Kept, own: Option<i64>) -> Result<PollResult> {
        let _one = self.counters[usize::from(poll.id.uuid().as_bytes()[15]) % COUNTERS].lock().await;
        let read = async { self.result(poll).await.map(|result| Some(Arc::new(result))) };
        let result = self.results.get(self.now(), poll.id, read).await?.ok_or(AppError::NotFound)?;
        Ok(match own {
            Some(bits) if result.voters == 0 => {
                let (voters, counts) = domain::counts(&[(bits, 1)], poll.options.0.len());
                PollResult { voters, counts }
            }
            _ => (*result).clone(),
        })
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

    /// Closes a poll, as a host, also of a room that was closed meanwhile; the result is published.
    pub async fn close(&self, viewer: &Viewer, room: RoomId, id: PollId) -> Result<Kept> {
        self.chat.presented_ever(viewer, room).await?;
        let this = self.clone();
        self.chat.wholly(async move { this.close_wholly(room, id).await }).await
    }

    async fn close_wholly(&self, room: RoomId, id: PollId) -> Result<Kept> {
        let gate = self.gate(room);
        let _alone = gate.write().await;
        let poll = store::poll(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        if poll.closed_at.is_some() {
            // If the room was not told, `look` does it.
            return Err(AppError::Conflict(Text("polls-closed-already")));
        }
        self.end(&poll).await
    }

    /// Closes a poll, and publishes its result unless that was done. Votes must be kept out by the caller.
    async fn end(&self, poll: &Kept) -> Result<Kept> {
        let (db, now) = (self.db().write(), self.now());
        store::close(db, poll.id, now).await?;
        self.newest.forget(poll.room_id);
        self.results.forget(poll.id);
        let closed = Kept { closed_at: poll.closed_at.or(Some(now)), ..poll.clone() };
        let result = self.result(&closed).await?;
        // Told at least once: should the server die in between, clients meet the same result twice.
        self.live().append(poll.room_id, Event::Poll(Box::new(closed.told(Some(result))))).await?;
        store::note_told(db, poll.id).await?;
        self.voters.remove(&poll.id);
        Ok(closed)
    }

    /// Stores votes, tells rooms how they stand and closes polls whose time is over, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        tokio::join!(self.ballots.run(self.db(), token.clone()), self.look_on(&token));
    }

    async fn look_on(&self, token: &CancellationToken) {
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
        let mut told = Ok(());
        for (id, room) in moved {
            told = told.and(self.tell_votes_of(id, room).await);
        }
        told
    }

    async fn tell_votes_of(&self, id: PollId, room: RoomId) -> Result<()> {
        // Whoever closes a poll tells its result, and nothing of it is told or kept after that.
        let gate = self.gate(room);
        let _open = gate.read().await;
        let Some(poll) = store::poll(self.db().read(), room, id).await?.filter(|poll| poll.closed_at.is_none()) else { return Ok(()) };
        self.results.forget(id);
        let PollResult { voters, counts } = self.recent_result(&poll, None).await?;
        let passed = self.voters_of(id).await?;
        self.live().pass(room, &Passing::PollVotes { poll: id, voters, counts: None }, To::Everybody);
        let has_voted = move |account| passed.read().unwrap_or_else(PoisonError::into_inner).contains(&account);
        self.live().pass(room, &Passing::PollVotes { poll: id, voters, counts: Some(&counts) }, To::StaffAnd(Arc::new(has_voted)));
        Ok(())
    }
}
