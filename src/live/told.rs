//! What rooms are told of questions, polls, the pinned notice and announcements, as on the wire.

use crate::clock::Millis;
use crate::ids::{AccountId, AnnouncementId, PollId, QuestionId};
use serde::{Deserialize, Serialize};

/// A question as it stands now. Not shown any more: without name, text and answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub question: QuestionId,
    /// `open`, `answering`, `answered` or `dismissed`.
    pub state: String,
    pub author: AccountId,
    pub name: String,
    pub text: String,
    pub answer: String,
    pub asked_at: Millis,
    pub votes: i64,
}

impl Question {
    pub(super) fn is_hidden(&self) -> bool {
        self.text.is_empty()
    }

    /// The same without what must not be read any more.
    pub(super) fn hide(&mut self) {
        for text in [&mut self.name, &mut self.text, &mut self.answer] {
            text.clear();
        }
    }
}

/// A poll that is open, or closed and then with its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub poll: PollId,
    pub question: String,
    pub options: Vec<String>,
    pub multiple: bool,
    pub closed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<PollResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResult {
    pub voters: i64,
    /// Votes of each option.
    pub counts: Vec<i64>,
}

/// What is pinned above the chat; nothing if the text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub text: String,
    /// Who pinned it.
    pub name: String,
    /// By word of an organiser.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organiser: bool,
}

/// An announcement that holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announced {
    pub id: AnnouncementId,
    /// `info` or `urgent`.
    pub level: String,
    pub text_zh: String,
    pub text_en: String,
    pub at: Millis,
    /// When it ends by itself.
    pub ends_at: Option<Millis>,
}
