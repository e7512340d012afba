//! What can become of a question: pure.

use crate::web::{Fields, Text, clean_text};
use serde::Deserialize;

/// Characters of a question: one thing, asked clearly.
pub const MAX_TEXT: usize = 300;
/// Characters of a written answer: what was said, in short.
pub const MAX_ANSWER: usize = 300;

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A host looks at it first.
    Waiting,
    Open,
    /// Being answered on air, shown large to everybody.
    Answering,
    Answered,
    Dismissed,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Open, Self::Answering, Self::Answered, Self::Dismissed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Answering => "answering",
            Self::Answered => "answered",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether everybody reads it.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Open | Self::Answering | Self::Answered)
    }

    /// Whether it takes votes, and counts among what its author has open.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Answering)
    }

    /// Whether a host may move it there. A dismissed one comes back by undo alone, to where it was; none becomes unseen again by waiting.
    pub(super) fn may_become(self, to: Self) -> bool {
        self != Self::Dismissed && to != Self::Waiting
    }

    /// Where an undone dismissal leads. By then another question may be on air.
    pub(super) fn restored(was: Self) -> Self {
        if was == Self::Answering { Self::Open } else { was }
    }
}

impl TryFrom<String> for State {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|state| state.name() == s).ok_or_else(|| anyhow::anyhow!("question state {s}"))
    }
}

/// The state before the last. What an organiser dismissed comes back by organisers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Was {
    pub(super) state: State,
    pub(super) by_organiser: bool,
    /// It went, or came back, with all that its author wrote.
    pub(super) purged: bool,
}

/// Follow the state where it is stored.
const BY_ORGANISER: &str = "organiser";
const PURGED: &str = "purged";

impl Was {
    pub(super) fn stored(self) -> String {
        let marks = [(self.by_organiser, BY_ORGANISER), (self.purged, PURGED)].into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark);
        std::iter::once(self.state.name()).chain(marks).collect::<Vec<_>>().join(" ")
    }
}

impl From<State> for Was {
    fn from(state: State) -> Self {
        Self { state, by_organiser: false, purged: false }
    }
}

/// What becomes of a question when all that its author wrote is taken away; nothing if it was dismissed for itself.
pub(super) fn purged(state: State, by_organiser: bool) -> Option<(State, Was)> {
    (state != State::Dismissed).then_some((State::Dismissed, Was { state, by_organiser, purged: true }))
}

/// What becomes of it when that is undone: what went with the rest comes back, unless it is for organisers to undo.
pub(super) fn unpurged(state: State, was: Was, organises: bool) -> Option<(State, Was)> {
    let comes_back = state == State::Dismissed && was.purged && (organises || !was.by_organiser);
    comes_back.then_some((State::restored(was.state), Was { state, by_organiser: false, purged: true }))
}

impl TryFrom<String> for Was {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        let mut words = s.split(' ');
        let mut was = Self::from(State::try_from(words.next().unwrap_or_default().to_owned())?);
        for word in words {
            match word {
                BY_ORGANISER => was.by_organiser = true,
                PURGED => was.purged = true,
                _ => anyhow::bail!("question was {s}"),
            }
        }
        Ok(was)
    }
}

/// A question as somebody asks it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub text: String,
    /// Chosen by the client, new for each question: 1 to 64 of `A-Z a-z 0-9 - _`.
    pub client_id: String,
}

impl Draft {
    /// The text as it is stored.
    pub(super) fn check(&self) -> Result<String, Fields> {
        let mut wrong = Fields::default();
        let text = clean_text(&self.text, MAX_TEXT + 1);
        match text.chars().count() {
            0 => wrong.add("text", Text("questions-empty")),
            n if n > MAX_TEXT => wrong.add("text", Text("questions-too-long")),
            _ => {}
        }
        let id = &self.client_id;
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            wrong.add("client_id", Text("base-error-bad-request"));
        }
        if wrong.is_empty() { Ok(text) } else { Err(wrong) }
    }
}

/// How a new question begins: what the rules want looked at waits whoever asks it, others only where hosts look first.
pub(super) fn first_state(approval: bool, from_visitor: bool, suspicious: bool) -> State {
    if suspicious || (approval && from_visitor) { State::Waiting } else { State::Open }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_leads_back_to_waiting_and_none_but_undo_out_of_dismissed() {
        for from in State::ALL {
            assert!(!from.may_become(State::Waiting));
            for to in State::ALL {
                assert_eq!(from.may_become(to), from != State::Dismissed && to != State::Waiting, "{from:?} {to:?}");
            }
            assert_ne!(State::restored(from), State::Answering, "undo puts nothing on air");
            assert_eq!(State::try_from(from.name().to_owned()).ok(), Some(from));
            for (by_organiser, purged) in [(false, false), (true, false), (false, true), (true, true)] {
                let was = Was { state: from, by_organiser, purged };
                assert_eq!(Was::try_from(was.stored()).ok(), Some(was));
            }
        }
        assert!(State::ALL.iter().all(|s| !s.is_open() || s.is_shown()));
    }

    #[test]
    fn what_goes_with_its_author_comes_back_with_them_and_nothing_else_does() {
        for by_organiser in [false, true] {
            assert_eq!(purged(State::Dismissed, by_organiser), None, "dismissed for itself");
            for from in State::ALL.into_iter().filter(|s| *s != State::Dismissed) {
                let (gone, was) = purged(from, by_organiser).expect("goes");
                assert_eq!((gone, unpurged(gone, was, false).is_some()), (State::Dismissed, !by_organiser));
                let (back, then) = unpurged(gone, was, true).expect("comes back");
                assert_eq!(back, State::restored(from));
                assert_eq!(unpurged(back, then, true), None, "once");
            }
            let alone = Was { state: State::Open, by_organiser, purged: false };
            assert_eq!(unpurged(State::Dismissed, alone, true), None, "a host has dismissed it");
        }
    }

    #[test]
    fn what_looks_like_fraud_waits_for_anybody_and_all_of_visitors_where_hosts_look_first() {
        assert_eq!(first_state(false, true, false), State::Open);
        assert_eq!(first_state(true, true, false), State::Waiting);
        assert_eq!(first_state(true, false, false), State::Open, "hosts need not ask themselves");
        for approval in [false, true] {
            assert_eq!(first_state(approval, false, true), State::Waiting);
        }
    }

    #[test]
    fn a_draft_is_cleaned_and_its_length_and_id_checked() {
        let check = |text: &str, id: &str| Draft { text: text.into(), client_id: id.into() }.check();
        assert_eq!(check(" 夜班多吗？\u{202E}\n\n\n\n ", "a-1_B").as_deref(), Ok("夜班多吗？"));
        assert_eq!(check(&"字".repeat(300), "a").map(|t| t.chars().count()), Ok(300));
        for (text, id, field) in
            [("字".repeat(301).as_str(), "a", "text"), (" \u{200B}", "a", "text"), ("x", "", "client_id"), ("x", "a b", "client_id")]
        {
            assert!(check(text, id).expect_err("refused").get(field).is_some(), "{field}");
        }
    }
}
