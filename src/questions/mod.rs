//! The question list of a room: people ask, vote for what they want answered too, and hosts take up one after the other.
//!
//! Invariants: who may write in the chat may ask ([`Chat::writer`]), under the same rules for texts; one vote of a person for a question,
//! by the database; at most one question of a room is on air, likewise; what waits for a host or was dismissed is read by nobody else, also
//! not in the journal; votes are told as numbers once a second, whatever their rate. Changes of one room are made and told one after the
//! other. Deliberately absent: the chat itself, and the moderators' desk (hosts see on the list why a question waits).

mod domain;
mod pages;
mod panel;
mod purge;
mod store;

pub use domain::{Draft, MAX_ANSWER, MAX_TEXT, State};
pub use pages::routes;
pub use panel::Panel;
pub use store::ERASED;

use crate::accounts::{Accounts, Viewer};
use crate::chat::{Chat, Writer};
use crate::clock::Millis;
use crate::db::{Db, Recent};
use crate::ids::{AccountId, FairId, QuestionId, RoomId};
use crate::live::{Event, Live, Passing, Question, To};
use crate::moderation::Device;
use crate::polls::{Ballot, Ballots};
use crate::rooms::Door;
use crate::web::{AppError, RateLimit, Result, Text, clean};
use dashmap::DashMap;
use domain::Was;
use sqlx::{Any, Transaction};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Questions that somebody may have waiting or open in a room: then it is the others' turn.
const MAX_OWN: i64 = 3;
/// Questions of all that may be waiting or open in a room, and so be on its list: nobody reads more.
const MAX_OPEN: i64 = 200;
/// How often a room is told how votes stand.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// A question as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    pub id: QuestionId,
    pub room_id: RoomId,
    pub author_id: AccountId,
    pub name: String,
    pub badge: String,
    pub text: String,
    /// What the rules want looked at, parted by spaces.
    pub why: String,
    #[sqlx(try_from = "String")]
    pub state: State,
    #[sqlx(try_from = "String")]
    was: Was,
    pub answer: String,
    pub asked_at: Millis,
    pub votes: i64,
}

impl Kept {
    /// As everybody is told of it.
    pub(crate) fn told(&self) -> Question {
        let shown = |text: &str| if self.state.is_shown() { text.to_owned() } else { String::new() };
        Question {
            question: self.id,
            state: self.state.name().to_owned(),
            author: self.author_id,
            name: shown(&self.name),
            text: shown(&self.text),
            answer: shown(&self.answer),
            asked_at: self.asked_at,
            votes: self.votes,
        }
    }

    /// Whether this host may let it through: what the rules found in a host's own words is for organisers to judge.
    fn is_judged_by(&self, host: Host) -> bool {
        self.why.is_empty() || self.badge.is_empty() || host.organises
    }
}

/// Somebody who decides over questions.
#[derive(Clone, Copy, Debug)]
struct Host {
    account: AccountId,
    fair: FairId,
    organises: bool,
}

/// A vote on its way.
struct Vote {
    room: RoomId,
    question: QuestionId,
    voter: AccountId,
    /// Or taken back.
    wanted: bool,
    at: Millis,
}

impl Ballot for Vote {
    /// Whether that changed anything.
    type Answer = bool;

    async fn write(&self, tx: &mut Transaction<'static, Any>) -> sqlx::Result<bool> {
        match self.wanted {
            true => store::vote(tx, self.question, self.voter, self.at).await,
            false => store::take_back(tx, self.question, self.voter).await,
        }
    }
}

/// All questions of a room that somebody looks at.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// What is on air, then the most wanted.
    open: Vec<Kept>,
    answered: Vec<Kept>,
    waiting: Vec<Kept>,
    dismissed: Vec<Kept>,
}

type Moved = HashMap<RoomId, HashSet<QuestionId>>;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Questions {
    pub chat: Chat,
    /// Lists as they were within the last second, for a crowd that comes.
    lists: Recent<RoomId, Arc<List>>,
    turns: Arc<DashMap<RoomId, Arc<tokio::sync::Mutex<()>>>>,
    ballots: Arc<Ballots<Vote>>,
    /// Questions with new votes, until everybody is told.
    moved: Arc<Mutex<Moved>>,
    /// Rooms where another number of questions waits, until their staff is told.
    waiting: Arc<Mutex<HashSet<RoomId>>>,
    ask_pace: RateLimit<AccountId>,
    vote_pace: RateLimit<AccountId>,
    host_pace: RateLimit<AccountId>,
}

impl Questions {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(chat: Chat) -> Self {
        let moved = Arc::<Mutex<Moved>>::default();
        let told = moved.clone();
        let ballots = Ballots::new(move |vote: &Vote, changed| {
            if *changed {
                told.lock().unwrap_or_else(PoisonError::into_inner).entry(vote.room).or_default().insert(vote.question);
            }
        });
        Self {
            chat,
            lists: Recent::default(),
            turns: Arc::default(),
            ballots: Arc::new(ballots),
            moved,
            waiting: Arc::default(),
            // Three may be open; who asks more often is not thinking.
            ask_pace: RateLimit::new(4, Duration::from_secs(15)),
            // Somebody who reads down the list taps at each.
            vote_pace: RateLimit::new(20, Duration::from_secs(1)),
            host_pace: RateLimit::new(30, Duration::from_millis(300)),
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

    async fn list(&self, room: RoomId) -> Result<Arc<List>> {
        let read = async { store::list(self.db().read(), room).await.map(|list| Some(Arc::new(list))) };
        Ok(self.lists.get(self.now(), room, read).await?.unwrap_or_default())
    }

    /// Changes of a room one after the other, so that they are told in the order in which they were made.
    pub(crate) async fn turn(&self, room: RoomId) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = self.turns.entry(room).or_default().clone();
        turn.lock_owned().await
    }

    /// Asks a question; durable when this returns. Asked again under the same client id it is the same one.
    pub async fn ask(&self, viewer: &Viewer, room: RoomId, device: &Device, draft: &Draft) -> Result<Kept> {
        let text = draft.check().map_err(AppError::Invalid)?;
        let writer = self.chat.writer(viewer, room, device).await?;
        let author = writer.account.id;
        if let Some(before) = store::asked_before(self.db().read(), room, author, &draft.client_id).await? {
            return self.ask_again(author, before).await;
        }
        self.ask_pace.check(&author)?;
        let screened = self.chat.screen(&writer, &text).await?;
        let approval = store::approval(self.db().read(), room).await?;
        let now = self.now();
        let state = domain::first_state(approval, writer.badge.is_empty(), !screened.why.is_empty());
        let question = Kept {
            id: QuestionId::new(),
            room_id: room,
            author_id: author,
            name: writer.account.name.clone(),
            badge: writer.badge.to_owned(),
            text: screened.text,
            why: screened.why.join(" "),
            state,
            was: state.into(),
            answer: String::new(),
            asked_at: now,
            votes: 0,
        };
        let (this, once) = (self.clone(), draft.client_id.clone());
        self.chat.wholly(async move { this.ask_wholly(question, &once, &writer).await }).await
    }

    /// Somebody who asks again may have been told nothing the first time, and so may the room; but not more often than it may be asked.
    async fn ask_again(&self, author: AccountId, before: Kept) -> Result<Kept> {
        if self.ask_pace.check(&author).is_ok() {
            let _turn = self.turn(before.room_id).await;
            if let Some(now) = store::question(self.db().read(), before.room_id, before.id).await? {
                self.tell(&now, now.was.state).await?;
            }
        }
        Ok(before)
    }

    async fn ask_wholly(&self, question: Kept, once: &str, writer: &Writer) -> Result<Kept> {
        let (room, author) = (question.room_id, question.author_id);
        let _turn = self.turn(room).await;
        let (own, all) = store::open_counts(self.db().read(), room, author).await?;
        if own >= MAX_OWN {
            return Err(AppError::Conflict(Text("questions-too-many")));
        }
        if all >= MAX_OPEN {
            return Err(AppError::Conflict(Text("questions-full")));
        }
        if !store::insert(self.db().write(), &question, once).await? {
            return store::asked_before(self.db().read(), room, author, once).await?.ok_or(AppError::NotFound);
        }
        self.chat.note_writer(writer);
        self.tell(&question, State::Waiting).await?;
        Ok(question)
    }

    /// Tells the room what has become of a question that was in another state before. Told again it is no harm.
    async fn tell(&self, question: &Kept, before: State) -> Result<()> {
        let room = question.room_id;
        self.lists.forget(room);
        if question.state == State::Waiting || before == State::Waiting {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
        }
        if question.state == State::Dismissed && before.is_shown() {
            self.live().hide_question(room, question.id).await?;
        }
        if question.state.is_shown() || before.is_shown() {
            self.live().append(room, Event::Question(Box::new(question.told()))).await?;
        }
        Ok(())
    }

    /// Moves a question to another state, as a host. What is taken up makes what was on air an answered one.
    pub async fn set_state(&self, viewer: &Viewer, room: RoomId, id: QuestionId, to: State, answer: &str) -> Result<Kept> {
        // What must not be read is taken down also once the room is closed.
        let door = match to {
            State::Dismissed => self.chat.presented_ever(viewer, room).await?,
            _ => self.chat.presented(viewer, room).await?,
        };
        let host = self.host(viewer, &door)?;
        let answer = clean(answer, MAX_ANSWER + 1);
        if answer.chars().count() > MAX_ANSWER {
            return Err(AppError::Unprocessable(Text("questions-answer-too-long")));
        }
        if !answer.is_empty() {
            self.chat.screen_host(viewer, &door, &answer).await?;
        }
        let this = self.clone();
        self.chat.wholly(async move { this.set_state_wholly(host, room, id, to, answer).await }).await
    }

    async fn set_state_wholly(&self, host: Host, room: RoomId, id: QuestionId, to: State, answer: String) -> Result<Kept> {
        let _turn = self.turn(room).await;
        let before = store::question(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        if before.state == to && (to != State::Answered || answer.is_empty() || answer == before.answer) {
            return self.repeat(before, host).await;
        }
        if !before.state.may_become(to) {
            return Err(AppError::Conflict(Text("base-error-conflict")));
        }
        if before.state == State::Waiting && to.is_shown() && !before.is_judged_by(host) {
            return Err(AppError::Forbidden(Text("questions-for-organisers")));
        }
        let answer = if answer.is_empty() { before.answer.clone() } else { answer };
        self.change(before, to, answer, host).await
    }

    /// Nothing changes, but who asks for it again may have been told nothing, and so may the room. An organiser's word makes a dismissal theirs,
    /// and what went with all of its author's is dismissed for itself from then on.
    async fn repeat(&self, before: Kept, host: Host) -> Result<Kept> {
        let mut after = before;
        let is_news = after.was.purged || (host.organises && !after.was.by_organiser);
        if after.state == State::Dismissed && is_news {
            after.was = Was { by_organiser: after.was.by_organiser || host.organises, purged: false, ..after.was };
            let mut tx = self.db().begin().await?;
            store::set_state(&mut tx, (after.id, State::Dismissed, State::Dismissed), after.was, &after.answer, self.now()).await?;
            tx.commit().await?;
        }
        self.tell(&after, after.was.state).await?;
        Ok(after)
    }

    /// Shows a dismissed question again, where it was.
    pub async fn undo_dismissal(&self, viewer: &Viewer, room: RoomId, id: QuestionId) -> Result<Kept> {
        let door = self.chat.presented_ever(viewer, room).await?;
        let (this, host) = (self.clone(), self.host(viewer, &door)?);
        self.chat.wholly(async move { this.undo_wholly(host, room, id).await }).await
    }

    async fn undo_wholly(&self, host: Host, room: RoomId, id: QuestionId) -> Result<Kept> {
        let _turn = self.turn(room).await;
        let before = store::question(self.db().read(), room, id).await?.ok_or(AppError::NotFound)?;
        if before.state != State::Dismissed {
            self.tell(&before, before.was.state).await?;
            return Ok(before);
        }
        if before.was.by_organiser && !host.organises {
            return Err(AppError::Forbidden(Text("questions-for-organisers")));
        }
        let (to, answer) = (State::restored(before.was.state), before.answer.clone());
        self.change(before, to, answer, host).await
    }

    async fn change(&self, before: Kept, to: State, answer: String, host: Host) -> Result<Kept> {
        let (room, now) = (before.room_id, self.now());
        let was = Was { by_organiser: to == State::Dismissed && host.organises, ..before.state.into() };
        let mut tx = self.db().begin().await?;
        let ended = if to == State::Answering { store::end_answering(&mut tx, room, before.id, now).await? } else { None };
        if !store::set_state(&mut tx, (before.id, before.state, to), was, &answer, now).await? {
            return Err(AppError::Conflict(Text("base-error-conflict")));
        }
        tx.commit().await?;
        let after = Kept { state: to, was, answer, ..before };
        let told = match ended {
            Some(ended) => self.tell_ended(room, ended).await,
            None => Ok(()),
        };
        let told = told.and(self.tell(&after, was.state).await);
        if to == State::Dismissed {
            let detail = format!("room={room} author={}", after.author_id);
            self.accounts().audit(host.account, "question.dismiss", &after.id.to_string(), Some(host.fair), "", &detail).await?;
        }
        told.map(|()| after)
    }

    /// What was on air made way.
    async fn tell_ended(&self, room: RoomId, id: QuestionId) -> Result<()> {
        match store::question(self.db().write(), room, id).await? {
            Some(ended) => self.tell(&ended, State::Answering).await,
            None => Ok(()),
        }
    }

    /// Votes for a question, or takes the vote back; how many votes it has then.
    pub async fn vote(&self, viewer: &Viewer, room: RoomId, device: &Device, id: QuestionId, wanted: bool) -> Result<i64> {
        let voter = self.chat.voter(viewer, room, device).await?.account.id;
        let question = store::question(self.db().read(), room, id).await?.filter(|q| q.state.is_shown()).ok_or(AppError::NotFound)?;
        if !question.state.is_open() {
            return Err(AppError::Conflict(Text("questions-answered-already")));
        }
        self.vote_pace.check(&voter)?;
        self.ballots.cast(Vote { room, question: id, voter, wanted, at: self.now() }).await?;
        Ok(store::votes(self.db().read(), id).await?)
    }

    /// Sets whether hosts look at new questions first.
    pub async fn set_approval(&self, viewer: &Viewer, room: RoomId, approval: bool) -> Result<()> {
        let door = self.chat.presented(viewer, room).await?;
        let host = self.host(viewer, &door)?;
        store::set_approval(self.db().write(), room, approval).await?;
        let detail = format!("room={room} approval={approval}");
        self.accounts().audit(host.account, "question.approval", &room.to_string(), Some(host.fair), "", &detail).await
    }

    fn host(&self, viewer: &Viewer, door: &Door) -> Result<Host> {
        let account = viewer.known()?.id;
        self.host_pace.check(&account)?;
        Ok(Host { account, fair: door.fair.id, organises: viewer.organises(door.fair.id) })
    }

    /// Stores votes, and tells rooms how they stand and how many questions wait, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        tokio::join!(self.ballots.run(self.db(), token.clone()), self.tell_on(&token));
    }

    async fn tell_on(&self, token: &CancellationToken) {
        let mut tick = tokio::time::interval(TOLD_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {
                    self.tell_votes().await;
                    self.tell_waiting().await;
                }
            }
        }
    }

    async fn tell_votes(&self) {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        for (room, questions) in moved {
            let mut votes = Vec::with_capacity(questions.len());
            for question in questions {
                match store::votes(self.db().read(), question).await {
                    Ok(n) => votes.push((question, n)),
                    Err(error) => tracing::warn!(%error, "votes could not be counted"),
                }
            }
            self.live().pass(room, &Passing::QuestionVotes { votes: &votes }, To::Everybody);
        }
    }

    async fn tell_waiting(&self) {
        let rooms = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for room in rooms {
            match store::waiting_count(self.db().read(), room).await {
                Ok(count) => self.live().pass(room, &Passing::QuestionsWaiting { count }, To::Staff),
                Err(error) => tracing::warn!(%error, "waiting questions could not be counted"),
            }
        }
    }
}
