//! What is told when a line changes: the open pages by a nudge, at once; whoever asked for it by a message, once for each turn.
//!
//! A nudge says only that the line moved, so that it is the same for all: pages read their own place. Nudges are gathered, so that a rush
//! costs a room one of them now and then; one that is lost is made up for by the page, which asks by itself too. A message is a row written
//! together with what causes it, and goes into the outbox in the transaction that settles it, so that a crash neither loses nor repeats it.

use super::line::{Line, Stage};
use super::moves::{ANSWER, GRACE};
use super::{Booth, Queue, store};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis};
use crate::ids::{PlaceId, RoomId};
use crate::live::{Live, Passing, To};
use crate::notify::Letter;
use crate::web::{Result, Text};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Nudges of a room are so far apart: with the spread of the pages a change is on every screen within two seconds.
const EVERY: Duration = Duration::from_millis(700);
/// Long enough to put a message into the outbox, short enough that a crash delays it little.
const CLAIM: Millis = MINUTE;
const BATCH: i64 = 50;

/// Who has to look again after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moved {
    Nothing,
    /// The recruiters: somebody lined up at the end, which is nothing to those before.
    Desks,
    Everybody,
}

/// Who has to look again between two states of a line.
pub(super) fn moved(before: &Line, after: &Line) -> Moved {
    let order = |line: &Line| line.waiting().iter().map(|p| p.id).collect::<Vec<_>>();
    let stands = |id: PlaceId| after.places.iter().find(|p| p.id == id).map(|p| (p.stage, p.note));
    if before == after {
        Moved::Nothing
    } else if before.places.iter().all(|p| stands(p.id) == Some((p.stage, p.note))) && order(after).starts_with(&order(before)) {
        Moved::Desks
    } else {
        Moved::Everybody
    }
}

/// What somebody in line is told by a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// They have come to the head of the line.
    Next,
    Called,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Called => "called",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Next, Self::Called].into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is still true.
    fn holds(self, line: &Line, id: PlaceId, now: Millis) -> bool {
        match (self, line.places.iter().find(|p| p.id == id).map(|p| p.stage)) {
            (Self::Next, Some(Stage::Waiting)) => line.position(id) == Some(1),
            (Self::Called, Some(Stage::Called { at, seeker: false, .. })) => now - at < ANSWER,
            _ => false,
        }
    }

    /// For how long it is worth being told.
    fn lasts(self) -> Millis {
        match self {
            Self::Next => GRACE,
            Self::Called => ANSWER,
        }
    }

    fn texts(self) -> (Text, Text) {
        match self {
            Self::Next => (Text("queue-mail-next-subject"), Text("queue-mail-next")),
            Self::Called => (Text("queue-mail-called-subject"), Text("queue-mail-called")),
        }
    }
}

/// What is to be told to whom between two states of a line. Whoever lines up at the head sees that themselves.
pub(super) fn notices(before: &Line, after: &Line) -> Vec<(PlaceId, Kind)> {
    let mut found = Vec::new();
    for place in before.places.iter().filter(|p| p.stage == Stage::Waiting) {
        let Some(now) = after.places.iter().find(|p| p.id == place.id && p.remind) else { continue };
        match now.stage {
            Stage::Called { .. } => found.push((place.id, Kind::Called)),
            Stage::Waiting if after.position(place.id) == Some(1) && before.position(place.id) != Some(1) => {
                found.push((place.id, Kind::Next));
            }
            _ => {}
        }
    }
    found
}

/// Lines that moved and of which the pages have not been told: one entry for each room at most.
#[derive(Clone, Default)]
pub(super) struct News(Arc<Inner>);

#[derive(Default)]
struct Inner {
    moved: Mutex<HashMap<RoomId, Moved>>,
    wake: Notify,
}

impl News {
    pub(super) fn note(&self, room: RoomId, moved: Moved) {
        if moved > Moved::Nothing {
            let mut all = self.0.moved.lock().unwrap_or_else(PoisonError::into_inner);
            let held = all.entry(room).or_insert(moved);
            *held = moved.max(*held);
            drop(all);
            self.0.wake.notify_one();
        }
    }

    fn tell(&self, live: &Live) {
        let moved = std::mem::take(&mut *self.0.moved.lock().unwrap_or_else(PoisonError::into_inner));
        for (room, moved) in moved {
            live.pass(room, &Passing::Line {}, if moved == Moved::Everybody { To::Listeners } else { To::Staff });
        }
    }
}

impl Queue {
    /// Tells of what moved, until `token` ends.
    pub(super) async fn tell_news(&self, token: &CancellationToken) {
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                () = self.news.0.wake.notified() => {}
            }
            self.news.tell(self.live());
            if let Err(error) = self.deliver_due().await {
                tracing::error!(?error, "messages to those in line");
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Puts the messages that are due into the outbox. One that is no longer true is not sent any more.
    pub(super) async fn deliver_due(&self) -> Result<()> {
        let now = self.now();
        for due in store::claim_notices(self.db().write(), now, now + CLAIM, BATCH).await? {
            let letter = self.letter_for(&due, now).await?;
            let mut tx = self.db().begin().await?;
            // Another server may have settled it after this one's claim.
            if store::settle_notice(&mut tx, &due, self.now()).await?
                && let Some(letter) = letter
            {
                self.accounts().notify.queue_in(&mut tx, &letter).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Nothing if it is no longer true.
    async fn letter_for(&self, due: &store::DueNotice, now: Millis) -> Result<Option<Letter>> {
        let line = self.fresh_line(due.room_id).await?;
        let place = line.line.places.iter().find(|p| p.id == due.place_id && p.remind);
        let (Some(kind), Some(place)) = (Kind::parse(&due.kind), place) else { return Ok(None) };
        if !kind.holds(&line.line, place.id, now) {
            return Ok(None);
        }
        let (subject, body) = kind.texts();
        let letter = self.letter(due.room_id, (&due.title_zh, &due.title_en), place, subject, body).await?;
        Ok(letter.map(|letter| letter.expires_at(now + kind.lasts())))
    }

    /// Whether the person of a place wants a message when it is their turn.
    pub(super) async fn set_reminder(&self, viewer: &Viewer, booth: &Booth, id: PlaceId, wanted: bool) -> Result<()> {
        if wanted && !viewer.verified {
            return Err(crate::web::AppError::Forbidden(Text("queue-contact-first")));
        }
        self.change(booth.site(), |line, _| line.remind(id, wanted)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;
    use crate::ids::{AccountId, InterviewId};
    use crate::queue::line::{About, Place};

    fn line_of(n: i64) -> (Line, Vec<PlaceId>) {
        let mut line = Line::default();
        let ids = (0..n).map(|_| line.join(Place { remind: true, ..Place::new(PlaceId::new(), AccountId::new(), About::default(), 0) }));
        let ids = ids.collect::<Vec<_>>();
        (line, ids)
    }

    #[test]
    fn whoever_lines_up_at_the_end_disturbs_nobody_but_the_desks() {
        let (line, ids) = line_of(3);
        let mut after = line.clone();
        after.join(Place::new(PlaceId::new(), AccountId::new(), About::default(), 0));
        assert_eq!((moved(&line, &line), moved(&line, &after)), (Moved::Nothing, Moved::Desks));
        after.leave(ids[1], 0).expect("left");
        assert_eq!(moved(&line, &after), Moved::Everybody);
        assert_eq!(notices(&line, &after), [], "the first one is still the first");
    }

    #[test]
    fn one_is_told_when_next_and_when_called_and_nobody_who_did_not_ask() {
        let (line, ids) = line_of(3);
        let (by, mut called) = (AccountId::new(), line.clone());
        called.call_next(by, true, 0).expect("called");
        assert_eq!(notices(&line, &called), [(ids[0], Kind::Called), (ids[1], Kind::Next)]);
        assert!(Kind::Called.holds(&called, ids[0], 29 * SECOND) && !Kind::Called.holds(&called, ids[0], 30 * SECOND));
        assert!(Kind::Next.holds(&called, ids[1], 0) && !Kind::Next.holds(&called, ids[2], 0));
        let mut talking = called.clone();
        talking.accept(ids[0], InterviewId::new(), 0).expect("talks");
        assert_eq!((notices(&called, &talking), moved(&called, &talking)), (vec![], Moved::Everybody));
        let mut silent = line.clone();
        silent.remind(ids[0], false).expect("stands");
        let mut after = silent.clone();
        after.call_next(by, true, 0).expect("called");
        assert_eq!(notices(&silent, &after), [(ids[1], Kind::Next)]);
        let (none, mut joined) = (Line::default(), Line::default());
        joined.join(Place { remind: true, ..Place::new(PlaceId::new(), AccountId::new(), About::default(), 0) });
        assert_eq!(notices(&none, &joined), [], "whoever lines up at the head has just seen it");
    }
}
