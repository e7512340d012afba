//! What happens in rooms right now: the journal, the connections, the stream on stage.
//!
//! Truth is the journal in the database; a room's task is a copy of its newest part plus who is connected, and may be lost at
//! any time. The stream of a room has the room's own id on the media plane. Deliberately absent: who may write or moderate
//! (`chat`, `moderation`), pages (`stage`).

mod captions;
mod event;
mod frame;
mod handle;
mod hands;
mod journal;
mod member;
mod onstage;
mod quote;
mod room;
mod routes;
mod store;
mod streams;
mod told;
mod typing;
pub mod wish;

pub use captions::Spoken;
pub use event::{Card, Entry, Event, Passing};
pub use frame::{Frames, text_frame};
pub use hands::{Hand, Raised};
pub use journal::Appended;
pub use member::Member;
pub use onstage::{Entering, OnStage, Part};
pub use quote::{Mention, Quote};
pub use room::{Dropped, Joined, Missed, Outlet, Snapshot, To};
pub use routes::{Admits, Wanted, media_routes};
pub use told::{Announced, Notice, Poll, PollResult, Question};

use crate::accounts::Viewer;
use crate::clock::{Clock, Millis};
use crate::db::Db;
use crate::fairs::Fair;
use crate::ids::{AccountId, QuestionId, RoomId, SlideId, StreamId};
use crate::media::Media;
use crate::rooms::{Room, RoomStatus, RoomView, Rooms};
use crate::web::{AppError, Result, Text};
use handle::{Handles, RoomHandle};
use journal::Journal;
use sqlx::{Any, Transaction};
use std::collections::HashMap;
use std::sync::Arc;
use streams::{Order, Streams, Watcher};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wish::Wish;

/// Messages whose authors can be named in a new one: who wrote before is hardly here any more.
const NAMED_AMONG: i64 = 100;

/// A message without what it said; nothing if it is none.
fn redacted(mut entry: Entry) -> Option<Entry> {
    let Event::Message { text, mentions, deleted, .. } = &mut entry.event else { return None };
    text.clear();
    mentions.clear();
    *deleted = true;
    Some(entry)
}

/// The live side of all rooms; cheap to clone.
#[derive(Clone)]
pub struct Live {
    pub rooms: Rooms,
    pub media: Media,
    pub wish: Wish,
    db: Db,
    journal: Journal,
    handles: Handles,
    streams: Streams,
    ended: Arc<Notify>,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Live {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.rooms.fairs.accounts.keys;
        let mut found = crate::db::personal(self.db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?;
        for event in found["room_events"].as_array_mut().into_iter().flatten() {
            let body = event["body"].as_str().and_then(|body| serde_json::from_str::<serde_json::Value>(body).ok()).unwrap_or_default();
            event["text"] = body["text"].clone();
            event.as_object_mut().map(|event| event.remove("body"));
        }
        Ok(found)
    }

    pub fn start(rooms: Rooms, wish: Wish, db: Db, clock: Clock, token: &CancellationToken, tracker: &TaskTracker) -> Self {
        let handles = Handles::default();
        let (streams, orders) = Streams::new();
        let ended = Arc::new(Notify::new());
        let (told, ordered, over) = (handles.clone(), streams.clone(), ended.clone());
        let (journal, writer) = Journal::new(db.clone(), clock, move |room, entry| {
            let handle = told.get(&room).map(|h| h.clone());
            if let Some(handle) = handle
                && !handle.committed(entry)
            {
                // A room that cannot take an entry must not go on with a hole: it is restarted from the database by the next comer.
                told.remove_if(&room, |_, held| held.is(&handle));
            }
            match entry.event {
                Event::RoomClosed { closed: true } => ordered.order(Order::CloseRoom(room)),
                Event::Banned { target, until } if until != 0 => {
                    ordered.order(Order::Ban(room, target));
                    over.notify_one();
                }
                Event::StreamEnded => over.notify_one(),
                _ => {}
            }
        });
        tracker.spawn(writer.run(token.clone()));
        let media = wish.media.clone();
        let live = Self { rooms, media, wish, db, journal, handles, streams, ended, token: token.clone(), tracker: tracker.clone() };
        tracker.spawn(Watcher { live: live.clone(), orders }.run(token.clone()));
        live
    }

    /// The stream of a room on the media plane.
    pub fn stream_of(room: RoomId) -> StreamId {
        StreamId::from_uuid(room.uuid())
    }

    /// Wakes the one who ends what people lead: a stream has ended or somebody was banned, in whichever room.
    pub fn ended(&self) -> Arc<Notify> {
        self.ended.clone()
    }

    /// When the last streams of rooms ended; of those that had one.
    pub async fn streams_ended(&self, rooms: &[RoomId]) -> Result<HashMap<RoomId, Millis>> {
        Ok(store::streams_ended(self.db.read(), rooms).await?)
    }

    /// Stores an event and tells the room; durable when this returns. A message sent again returns its first entry.
    pub async fn append(&self, room: RoomId, event: Event) -> Result<Appended> {
        self.journal.append(room, event).await
    }

    /// Connects to a room, with what was missed if the room has it.
    pub async fn join(&self, room: RoomId, member: Member, missed: Option<Missed>) -> Result<Joined> {
        for _ in 0..3 {
            if let Some(joined) = self.handle(room).join(member.clone(), missed).await {
                return Ok(joined);
            }
        }
        Err(AppError::Overloaded(3))
    }

    /// What a room looks like now; that of an empty room if nobody is there.
    pub fn snapshot(&self, room: RoomId) -> Snapshot {
        self.handles.get(&room).map(|h| h.snapshot.borrow().clone()).unwrap_or_default()
    }

    /// Rooms with somebody in them, and connections to all rooms.
    pub fn totals(&self) -> (i64, i64) {
        self.handles
            .iter()
            .map(|h| i64::from(h.snapshot.borrow().people))
            .filter(|n| *n > 0)
            .fold((0, 0), |(rooms, people), n| (rooms + 1, people + n))
    }

    /// Something of a room whose task has read how things stand.
    fn known<T>(&self, room: RoomId, of: impl Fn(&Snapshot) -> T) -> Option<T> {
        let handle = self.handles.get(&room)?;
        let snapshot = handle.snapshot.borrow();
        snapshot.loaded.then(|| of(&snapshot))
    }

    /// The card on stage, also when the room has not been entered since the server started.
    pub async fn card(&self, room: RoomId) -> Result<Option<Card>> {
        let known = self.known(room, |snapshot| snapshot.card.clone());
        match known {
            Some(card) => Ok(card),
            None => Ok(store::last_card(self.db.read(), room).await?),
        }
    }

    /// What is pinned above the chat; none without a text.
    pub async fn notice(&self, room: RoomId) -> Result<Option<Notice>> {
        let known = self.known(room, |snapshot| snapshot.notice.clone());
        match known {
            Some(notice) => Ok(notice),
            None => Ok(store::last_notice(self.db.read(), room).await?),
        }
    }

    /// The picture that is shown to those without video, and what it is about.
    pub async fn slide(&self, room: RoomId) -> Result<Option<(SlideId, String)>> {
        let known = self.known(room, |snapshot| snapshot.slide.clone());
        match known {
            Some(slide) => Ok(slide),
            None => Ok(store::last_slide(self.db.read(), room).await?),
        }
    }

    /// The newest entries of a kind (see [`Event::kind`]), newest first.
    pub async fn newest_of(&self, room: RoomId, kind: &str, limit: i64) -> Result<Vec<Entry>> {
        Ok(store::newest_of(self.db.read(), room, kind, limit).await?)
    }

    /// What was pinned last, newest first; unpinned is an empty text.
    pub async fn notices(&self, room: RoomId, limit: i64) -> Result<Vec<Notice>> {
        let entries = self.newest_of(room, "notice", limit).await?;
        Ok(entries.into_iter().filter_map(|entry| if let Event::Notice(notice) = entry.event { Some(notice) } else { None }).collect())
    }

    pub fn status(&self, view: &RoomView) -> RoomStatus {
        self.status_of(view.fair.state, &view.room)
    }

    pub fn status_of(&self, fair: crate::fairs::FairState, room: &crate::rooms::Room) -> RoomStatus {
        let now = self.snapshot(room.id);
        RoomStatus::derive(fair, room.closed.0, now.live, now.staffed)
    }

    /// Ends the stream of a room, whoever publishes it; they do not come back by themselves. Its viewers stay for the next one.
    pub async fn end_stream(&self, room: RoomId) {
        let publishers = self.media.stats(Self::stream_of(room)).await.publishers;
        let mut etags = Vec::new();
        for session in &publishers {
            if let Some(publisher) = self.media.session(*session).await {
                etags.push(publisher.etag);
                etags.extend(publisher.etag_before);
            }
        }
        if !etags.is_empty() {
            self.streams.note_ended(room, etags);
        }
        for session in publishers {
            self.media.close(session).await;
        }
    }

    /// Ends what is watched of a room on some devices, named as [`Admits`] does, and being a guest there, by whatever name.
    pub fn ban_devices(&self, room: RoomId, devices: Vec<String>) {
        self.streams.order(Order::BanDevices(room, devices));
    }

    /// Whether something may go on in the room: it is not closed and its fair is open or live.
    pub fn check_open(&self, view: &RoomView) -> Result<()> {
        self.check_door(&view.room, &view.fair)
    }

    /// The same where only the door is known.
    pub fn check_door(&self, room: &Room, fair: &Fair) -> Result<()> {
        match room.closed.0 || !fair.state.is_active() {
            true => Err(AppError::Forbidden(Text("live-room-closed"))),
            false => Ok(()),
        }
    }

    /// The room, for somebody who leads what happens on air there: a host or a co-host.
    pub async fn presented_by(&self, viewer: &Viewer, id: RoomId) -> Result<RoomView> {
        let view = self.rooms.visible_to(viewer, id).await?;
        if view.presents { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// The same as of now, for somebody who was known a moment ago.
    pub async fn is_still_presented_by(&self, viewer: &Viewer, id: RoomId) -> Result<bool> {
        let viewer = self.rooms.fairs.accounts.refresh(viewer).await?;
        match self.presented_by(&viewer, id).await {
            Ok(_) => Ok(true),
            Err(AppError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets the sockets of somebody see the hosts' desk, or no more.
    pub async fn let_see_desk(&self, room: RoomId, account: AccountId, sees: bool) {
        if let Some(handle) = self.handles.get(&room).map(|handle| handle.clone()) {
            handle.let_see_desk(account, sees).await;
        }
    }

    /// Whose accounts are connected to a room.
    pub async fn here(&self, room: RoomId) -> Result<Vec<AccountId>> {
        match self.handles.get(&room).map(|handle| handle.clone()) {
            Some(handle) => handle.here().await.ok_or(AppError::Overloaded(2)),
            None => Ok(Vec::new()),
        }
    }

    /// A heart from the audience; summed, never stored.
    pub fn react(&self, room: RoomId) {
        if let Some(handle) = self.handles.get(&room) {
            handle.react();
        }
    }

    /// Somebody is typing; told as a number, never stored.
    pub fn typing(&self, room: RoomId, account: AccountId) {
        if let Some(handle) = self.handles.get(&room) {
            handle.typing(account);
        }
    }

    /// Tells one person in a room something passing.
    pub fn tell(&self, room: RoomId, account: AccountId, passing: &Passing<'_>) {
        if let Some(handle) = self.handles.get(&room) {
            handle.tell(account, passing);
        }
    }

    /// Tells a room something that has no place in the journal; nobody if nobody is there.
    pub fn pass(&self, room: RoomId, passing: &Passing<'_>, to: To) {
        if let Some(handle) = self.handles.get(&room) {
            handle.pass(passing, to);
        }
    }

    /// Entries after `since`, oldest first.
    pub async fn after(&self, room: RoomId, since: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(store::after(self.db.read(), room, since, limit).await?)
    }

    /// Entries before `before`, newest first. `i64::MAX` for the newest.
    pub async fn before(&self, room: RoomId, before: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(store::before(self.db.read(), room, before, limit).await?)
    }

    /// The newest sequence number of a room; 0 if nothing happened yet.
    pub async fn last_seq(&self, room: RoomId) -> Result<i64> {
        Ok(store::last_seq(self.db.read(), room).await?)
    }

    /// One entry.
    pub async fn entry(&self, room: RoomId, seq: i64) -> Result<Option<Entry>> {
        Ok(store::at(self.db.read(), room, seq).await?)
    }

    /// What this author sent before under this client id.
    pub async fn sent_before(&self, room: RoomId, author: AccountId, client_id: &str) -> Result<Option<Entry>> {
        Ok(store::sent_before(self.db.read(), room, &author.to_string(), client_id).await?)
    }

    /// Whether a person has written in a room.
    pub async fn has_written(&self, room: RoomId, author: AccountId) -> Result<bool> {
        Ok(store::has_written(self.db.read(), room, &author.to_string()).await?)
    }

    /// Whom a text names of those who wrote in the room a while ago.
    pub async fn mentions(&self, room: RoomId, text: &str, author: AccountId) -> Result<Vec<Mention>> {
        if !text.contains(['@', '＠']) {
            return Ok(Vec::new());
        }
        let people = store::writers(self.db.read(), room, NAMED_AMONG).await?;
        Ok(quote::mentioned(text, &people, author))
    }

    /// The newest deleted messages of a room as they were, for its moderators only.
    pub async fn deleted_messages(&self, room: RoomId, limit: i64) -> Result<Vec<Entry>> {
        Ok(store::deleted(self.db.read(), room, limit).await?)
    }

    /// How many events of a kind (see [`Event::kind`]) a room had since a time.
    pub async fn count_since(&self, room: RoomId, kind: &str, since: Millis) -> Result<i64> {
        Ok(store::count_since(self.db.read(), room, kind, since).await?)
    }

    /// Takes one message away for everybody; the text stays with the moderators' record. False if it is no message.
    pub async fn delete_message(&self, room: RoomId, seq: i64) -> Result<bool> {
        if !self.redact(room, seq).await? {
            return Ok(false);
        }
        self.append(room, Event::Deleted { target: seq }).await?;
        Ok(true)
    }

    /// Takes all messages of a person away, as a part of something larger: whoever commits it tells the room by [`Event::Purged`].
    pub async fn purge_author_in(&self, tx: &mut Transaction<'_, Any>, room: RoomId, author: AccountId) -> Result<()> {
        for entry in store::messages_of(tx, room, &author.to_string()).await? {
            if let Some(entry) = redacted(entry) {
                store::redact(&mut **tx, room, &entry).await?;
            }
        }
        Ok(())
    }

    /// Takes away all messages of a person in all rooms, and their name with them; moderators have both until [`Live::forget_hidden`].
    pub async fn forget_author(&self, author: AccountId) -> Result<()> {
        for room in store::written_in(self.db.read(), &author.to_string()).await? {
            let mut tx = self.db.begin().await?;
            for mut entry in store::messages_of(&mut tx, room, &author.to_string()).await? {
                if let Event::Message { text, name, mentions, deleted, .. } = &mut entry.event {
                    text.clear();
                    name.clear();
                    mentions.clear();
                    *deleted = true;
                    store::redact(&mut *tx, room, &entry).await?;
                }
            }
            tx.commit().await?;
            self.append(room, Event::Purged { target: author }).await?;
        }
        Ok(())
    }

    /// Takes what moderators have of a person's messages.
    pub async fn forget_hidden(&self, author: AccountId) -> Result<()> {
        Ok(store::forget_hidden(self.db.write(), &author.to_string()).await?)
    }

    /// Shows a deleted message again. False if it is none.
    pub async fn restore_message(&self, room: RoomId, seq: i64) -> Result<bool> {
        if !store::restore(self.db.write(), room, seq).await? {
            return Ok(false);
        }
        self.append(room, Event::Restored { target: seq }).await?;
        Ok(true)
    }

    /// Shows all messages of a person again, as a part of something larger: whoever commits it tells the room by [`Event::RestoredAll`].
    pub async fn restore_author_in(&self, tx: &mut Transaction<'_, Any>, room: RoomId, author: AccountId) -> Result<()> {
        Ok(store::restore_all(tx, room, &author.to_string()).await?)
    }

    /// Takes a question's words out of the journal, so that nobody who comes later reads them. The room is told by the event that follows.
    pub async fn hide_question(&self, room: RoomId, question: QuestionId) -> Result<()> {
        for mut entry in store::entries_of_question(self.db.read(), room, question).await? {
            if let Event::Question(told) = &mut entry.event
                && told.question == question
            {
                told.hide();
                store::rewrite(self.db.write(), room, &entry).await?;
            }
        }
        Ok(())
    }

    async fn redact(&self, room: RoomId, seq: i64) -> Result<bool> {
        let Some(entry) = self.entry(room, seq).await?.and_then(redacted) else { return Ok(false) };
        store::redact(self.db.write(), room, &entry).await?;
        Ok(true)
    }

    fn handle(&self, room: RoomId) -> RoomHandle {
        if let Some(handle) = self.handles.get(&room).map(|h| h.clone())
            && !handle.is_gone()
        {
            return handle;
        }
        let entry = self.handles.entry(room);
        if let dashmap::Entry::Occupied(held) = &entry
            && !held.get().is_gone()
        {
            return held.get().clone();
        }
        let (handle, task) = room::start(room, self.db.clone(), self.token.clone());
        entry.insert(handle.clone());
        self.tracker.spawn(task);
        handle
    }
}
