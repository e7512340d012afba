//! The chat of a room: who may write, the socket, the same over plain HTTP, and the panel that shows it on a page.
//!
//! Invariants: a message is acknowledged only after its commit; the socket and `POST /rooms/{id}/messages` run the same code
//! ([`Chat::send`]); sending again under the same client id writes nothing and answers as the first time. The wire is written
//! down in `docs/protocol.md`. Links are links only in what hosts and organisers write. What `moderation` wants somebody to look at first is acknowledged as held and told to nobody; numbers
//! of visitors are covered before anything is stored. Deliberately absent: storage and order (`live`), sanctions (`moderation`).

mod answers;
mod budget;
mod export;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod pages;
mod panel;
mod party;
mod pipe;
mod said;
mod socket;
mod store;
mod upgrade;
mod wire;
mod writer;

pub use pages::routes;
pub use panel::{Happened, Line, Look, Panel, Waits};
pub use said::{Part, Said};
pub use wire::{Can, You};
pub use writer::{Screened, Writer};

use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::fairs::FairState;
use crate::ids::AccountId;
use crate::live::{Appended, Live};
use crate::moderation::{Audience, Moderation, Standing};
use crate::rooms::Door;
use crate::web::{AppError, RateLimit, Text, clean_text};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Characters of one message: a question with its details, not a page.
pub const MAX_TEXT: usize = 500;
/// For who has many held messages: by then a moderator has looked.
const HELD_PAUSE: u64 = 60;

/// A message that somebody wants to send.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Draft {
    /// Chosen by the client, unique per message: 1 to 64 of `A-Z a-z 0-9 - _`.
    #[serde(default)]
    pub client_id: String,
    #[serde(default)]
    pub text: String,
    /// The number of the message that it answers.
    #[serde(default)]
    pub reply_to: Option<i64>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The fair is not open, or the room is closed.
    Closed,
    /// A name is needed first.
    Nameless,
    /// Until when, UTC ms.
    Banned(Millis),
    Muted(Millis),
    Empty,
    TooLong,
    BadClientId,
    /// What it answers is no message of this room.
    BadReply,
    /// The room is for others now.
    NotAdmitted(Audience),
    /// Seconds to wait.
    TooFast(u64),
    /// A word that the fair does not allow.
    Word,
    /// It was held, and whoever looked at it did not let it through.
    Rejected,
}

/// What became of a message that was taken.
#[derive(Clone, Debug)]
pub enum Sent {
    /// It is in the journal.
    Published {
        seq: i64,
        at: Millis,
        /// It had been sent before.
        repeated: bool,
    },
    /// It waits until somebody has looked at it.
    Held,
}

impl From<Appended> for Sent {
    fn from(Appended { entry, repeated }: Appended) -> Self {
        Self::Published { seq: entry.seq, at: entry.at, repeated }
    }
}

impl Refusal {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Nameless => "nameless",
            Self::Banned(_) => "banned",
            Self::Muted(_) => "muted",
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::BadClientId => "bad-client-id",
            Self::BadReply => "bad-reply",
            Self::TooFast(_) => "too-fast",
            Self::NotAdmitted(Audience::Members) => "members-only",
            Self::NotAdmitted(Audience::Applicants) => "applicants-only",
            Self::NotAdmitted(Audience::Hosts | Audience::Everybody) => "hosts-only",
            Self::Word => "word",
            Self::Rejected => "rejected",
        }
    }

    pub fn retry_after(self) -> Option<u64> {
        if let Self::TooFast(seconds) = self { Some(seconds) } else { None }
    }

    pub fn until(self) -> Option<Millis> {
        match self {
            Self::Banned(until) | Self::Muted(until) => Some(until),
            _ => None,
        }
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Closed => Self::Conflict(Text("chat-refused-closed")),
            Refusal::Nameless => Self::SignIn,
            Refusal::Banned(_) => Self::Forbidden(Text("chat-refused-banned")),
            Refusal::Muted(_) => Self::Forbidden(Text("chat-refused-muted")),
            Refusal::Empty => Self::Unprocessable(Text("chat-refused-empty")),
            Refusal::TooLong => Self::Unprocessable(Text("chat-refused-too-long")),
            Refusal::BadClientId => Self::BadRequest(Text("base-error-bad-request")),
            Refusal::BadReply => Self::Unprocessable(Text("chat-refused-reply")),
            Refusal::TooFast(seconds) => Self::RateLimited(seconds),
            Refusal::NotAdmitted(Audience::Members) => Self::Forbidden(Text("chat-refused-members-only")),
            Refusal::NotAdmitted(Audience::Applicants) => Self::Forbidden(Text("chat-refused-applicants-only")),
            Refusal::NotAdmitted(Audience::Hosts | Audience::Everybody) => Self::Forbidden(Text("chat-refused-hosts-only")),
            Refusal::Word => Self::Unprocessable(Text("chat-refused-word")),
            Refusal::Rejected => Self::Unprocessable(Text("chat-refused-rejected")),
        }
    }
}

/// Whether somebody may write in a room, whatever the message.
fn may_write(fair: FairState, closed: bool, account: Option<AccountId>, standing: &Standing) -> Result<AccountId, Refusal> {
    if !fair.is_active() || closed {
        return Err(Refusal::Closed);
    }
    if standing.banned_until != 0 {
        return Err(Refusal::Banned(standing.banned_until));
    }
    if standing.muted_until != 0 {
        return Err(Refusal::Muted(standing.muted_until));
    }
    account.ok_or(Refusal::Nameless)
}

/// The text of a draft as it will be stored.
fn checked(draft: &Draft) -> Result<String, Refusal> {
    let id = &draft.client_id;
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(Refusal::BadClientId);
    }
    let text = clean_text(&draft.text, MAX_TEXT + 1);
    match text.chars().count() {
        0 => Err(Refusal::Empty),
        n if n > MAX_TEXT => Err(Refusal::TooLong),
        _ => Ok(text),
    }
}

/// The domain calls; cheap to clone, as each of thousands of sockets has one.
#[derive(Clone)]
pub struct Chat(Arc<Parts>);

pub struct Parts {
    pub live: Live,
    pub moderation: Moderation,
    pace: RateLimit<AccountId>,
    host_pace: RateLimit<AccountId>,
    sockets: Arc<Semaphore>,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Chat {
    /// `max_sockets` bounds the sockets of all rooms together; they end with `token` and are counted by `tracker`.
    pub fn new(moderation: Moderation, max_sockets: usize, token: &CancellationToken, tracker: &TaskTracker) -> Self {
        Self(Arc::new(Parts {
            live: moderation.live.clone(),
            moderation,
            // A quick question and its afterthoughts, then as fast as one can read.
            pace: RateLimit::new(5, Duration::from_millis(1_500)),
            // A host answers many people at once.
            host_pace: RateLimit::new(20, Duration::from_millis(300)),
            sockets: Arc::new(Semaphore::new(max_sockets)),
            token: token.clone(),
            tracker: tracker.clone(),
        }))
    }

    /// Sockets that may still be opened.
    pub fn free_sockets(&self) -> usize {
        self.sockets.available_permits()
    }
}

impl std::ops::Deref for Chat {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

fn badge(viewer: &Viewer, door: &Door) -> &'static str {
    match (viewer.organises(door.fair.id), door.is_host, door.presents) {
        (true, _, _) => "organiser",
        (false, true, _) => "host",
        (false, false, true) => "co-host",
        (false, false, false) => "",
    }
}

/// Whether a badge is that of the employer or the fair, who answer for what they write. A co-host leads the room, and writes as a visitor.
fn is_staff(badge: &str) -> bool {
    matches!(badge, "host" | "organiser")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writes_with_a_name_in_an_open_room_unless_silenced() {
        let (me, free) = (AccountId::new(), Standing::default());
        assert_eq!(may_write(FairState::Live, false, Some(me), &free), Ok(me));
        assert_eq!(may_write(FairState::Open, false, None, &free), Err(Refusal::Nameless));
        for (fair, closed) in [(FairState::Draft, false), (FairState::Closed, false), (FairState::Live, true)] {
            assert_eq!(may_write(fair, closed, Some(me), &free), Err(Refusal::Closed));
        }
        let muted = Standing { muted_until: 7, banned_until: 0 };
        assert_eq!(may_write(FairState::Live, false, Some(me), &muted), Err(Refusal::Muted(7)));
        let banned = Standing { muted_until: 7, banned_until: 9 };
        assert_eq!(may_write(FairState::Live, false, None, &banned), Err(Refusal::Banned(9)), "also as a stranger on the device");
    }

    #[test]
    fn a_draft_is_cleaned_and_its_length_and_id_checked() {
        let draft = |id: &str, text: &str| checked(&Draft { client_id: id.into(), text: text.into(), reply_to: None });
        assert_eq!(draft("a-1_B", " 包吃住吗？\u{202E}\n\n\n\n ").as_deref(), Ok("包吃住吗？"));
        assert_eq!(draft("a", &"字".repeat(500)).map(|t| t.chars().count()), Ok(500));
        assert_eq!(draft("a", &"字".repeat(501)), Err(Refusal::TooLong));
        assert_eq!(draft("a", " \u{200B}\n"), Err(Refusal::Empty));
        for id in ["", "a b", "<x>", &"x".repeat(65)] {
            assert_eq!(draft(id, "x"), Err(Refusal::BadClientId), "{id}");
        }
    }
}
