//! What happens in a room: a closed set of events. Durable ones are in the journal with a sequence number; passing ones are not.

use super::hands::Hand;
use super::onstage::OnStage;
use super::quote::{Mention, Quote};
use super::told::{Announced, Notice, Poll, Question};
use crate::clock::Millis;
use crate::ids::{AccountId, PollId, PostingId, QuestionId, SessionId, SlideId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A durable event's content. Serialised with its `type`, as on the wire (`docs/protocol.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody wrote something. `badge` is `host`, `organiser`, `co-host` or empty.
    Message {
        author: AccountId,
        name: String,
        badge: String,
        text: String,
        client_id: String,
        /// The message that it answers. Read with it, never stored in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Quote>,
        /// Whom it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
        /// Taken away: `text` is empty.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    },
    /// A message was taken away: show its place as deleted. `seq` of the message.
    Deleted {
        target: i64,
    },
    /// All messages of a person were taken away.
    Purged {
        target: AccountId,
    },
    /// A deleted message is shown again: read it from the history. `seq` of the message.
    Restored {
        target: i64,
    },
    /// All messages of a person are shown again.
    RestoredAll {
        target: AccountId,
    },
    /// A person may not write until `until` (UTC ms); 0 lifts it.
    Muted {
        target: AccountId,
        until: Millis,
    },
    /// A person may not be in the room until `until` (UTC ms); 0 lifts it.
    Banned {
        target: AccountId,
        until: Millis,
    },
    /// A posting is on stage; none if absent.
    Spotlight {
        card: Option<Card>,
    },
    /// A stream began or ended.
    StreamStarted,
    StreamEnded,
    /// The room was closed or opened.
    RoomClosed {
        closed: bool,
    },
    /// A host has named somebody co-host, or they are no more.
    CoHost {
        account: AccountId,
        name: String,
        presents: bool,
    },
    /// Who may write now, and how many seconds apart.
    Mode {
        audience: String,
        slow: i64,
    },
    /// A question is on the list, has changed, or (without a text) is no longer shown.
    Question(Box<Question>),
    /// A poll began, or ended with its result.
    Poll(Box<Poll>),
    /// What hosts pin above the chat; without a text nothing.
    Notice(Notice),
    /// A picture is shown to those without video; none if absent.
    Slide {
        slide: Option<SlideId>,
        /// What it is about, for those who cannot see it.
        title: String,
    },
}

impl Event {
    /// A message that answers and names nobody.
    pub fn message(author: AccountId, name: &str, badge: &str, text: &str, client_id: &str) -> Self {
        Self::Message {
            author,
            name: name.to_owned(),
            badge: badge.to_owned(),
            text: text.to_owned(),
            client_id: client_id.to_owned(),
            reply: None,
            mentions: Vec::new(),
            deleted: false,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Deleted { .. } => "deleted",
            Self::Purged { .. } => "purged",
            Self::Restored { .. } => "restored",
            Self::RestoredAll { .. } => "restored-all",
            Self::Muted { .. } => "muted",
            Self::Banned { .. } => "banned",
            Self::Spotlight { .. } => "spotlight",
            Self::StreamStarted => "stream-started",
            Self::StreamEnded => "stream-ended",
            Self::RoomClosed { .. } => "room-closed",
            Self::CoHost { .. } => "co-host",
            Self::Mode { .. } => "mode",
            Self::Question(_) => "question",
            Self::Poll(_) => "poll",
            Self::Notice(_) => "notice",
            Self::Slide { .. } => "slide",
        }
    }

    /// The number of the message that it answers.
    pub fn answers(&self) -> Option<i64> {
        match self {
            Self::Message { reply: Some(quote), .. } => Some(quote.seq),
            _ => None,
        }
    }

    /// As it is stored: without the quote.
    pub(super) fn stored(&self) -> Cow<'_, Self> {
        let mut stored = Cow::Borrowed(self);
        if self.answers().is_some()
            && let Self::Message { reply, .. } = stored.to_mut()
        {
            *reply = None;
        }
        stored
    }

    /// Fills in what may be told of the message that it answers. One that was taken away itself quotes nothing.
    pub(super) fn quote(&mut self, to: Option<i64>, original: Option<&Self>) {
        if let Self::Message { reply, deleted, .. } = self {
            *reply = to.filter(|_| !*deleted).map(|seq| Quote::of(seq, original));
        }
    }

    /// Author and client id of what must be stored only once.
    pub fn once_key(&self) -> Option<(AccountId, &str)> {
        match self {
            Self::Message { author, client_id, .. } => Some((*author, client_id)),
            _ => None,
        }
    }
}

/// A posting as shown over the stream: the terms of that moment, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub posting: PostingId,
    /// Version of the posting whose terms these are.
    pub version: i64,
    pub title_zh: String,
    pub title_en: String,
    pub pay_zh: String,
    pub pay_en: String,
    pub place_zh: String,
    pub place_en: String,
    /// Answers to the questions every viewer asks, short, in both languages.
    pub facts_zh: Vec<String>,
    pub facts_en: Vec<String>,
}

/// A durable event in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub seq: i64,
    pub at: Millis,
    #[serde(flatten)]
    pub event: Event,
}

/// What is told and forgotten: at most a few a second for a room, whatever its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Passing<'a> {
    /// People connected, whether staff is among them, whether a stream runs, how many watch it, which seats of it are taken (that of who
    /// spoke last first), and how many hands are up.
    Presence { people: u32, staffed: bool, live: bool, viewers: u32, seats: &'a [u8], hands: u32 },
    /// Who is on stage, when that changed.
    Stage { stage: &'a [OnStage] },
    /// The last lines of what is said.
    Caption { lines: &'a [String] },
    /// The still of the screen that stands for video is a newer one.
    Still { slide: SlideId, version: i64 },
    /// To staff: hands or guests changed.
    Desk { hands: &'a [Hand] },
    /// To one person: their hand, invitation or place on stage changed.
    Yours {},
    /// How many people are typing, as far as anybody needs to know; several are not counted any more.
    Typing { count: u32 },
    /// Hearts and the like since the last frame, summed.
    Reactions { count: u32 },
    /// To its author: a held message was looked at and is not shown.
    Rejected { client_id: &'a str },
    /// To staff: the layers that a publishing session need not send now, because nobody watches them.
    LayersAsleep { session: SessionId, names: Vec<String> },
    /// Votes of the questions whose number has changed.
    QuestionVotes { votes: &'a [(QuestionId, i64)] },
    /// To staff: how many questions wait to be let through.
    QuestionsWaiting { count: i64 },
    /// People who have voted in the open poll; to staff and to those people also what for.
    PollVotes {
        poll: PollId,
        voters: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        counts: Option<&'a [i64]>,
    },
    /// The line of the booth moved: whoever stands in it looks at their own place. Told to those who only listen, too.
    Line {},
    /// What the organisers tell all rooms of the fair now, in place of what they told before.
    Announcements { announcements: &'a [Announced] },
}
