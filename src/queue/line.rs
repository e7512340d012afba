//! The line of one booth as data, and what it says: who is next, who serves, how long it takes. Pure; its decisions are in `moves`.

use crate::clock::{MINUTE, Millis, SECOND};
use crate::ids::{AccountId, InterviewId, PlaceId, PostingId};
use crate::web::Text;

/// Whoever was heard of within this time is there: pages without scripts ask every twenty seconds.
const PRESENT: Millis = 45 * SECOND;
/// A booth counts as attended for this long after its last desk was heard of: longer than a reload or a short outage.
pub(super) const ATTENDED: Millis = MINUTE;
/// A talk can be continued or handed on for this long after its end.
pub(super) const REGRET: Millis = 5 * MINUTE;
/// Past this many a line is no promise any more.
const MOST: usize = 500;
/// What a talk is taken to last as long as none has ended.
const TYPICAL: Millis = 10 * MINUTE;

/// What the person must be told about the place; it stays until something newer happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Note {
    /// Moved back: away for longer than the grace.
    Away,
    /// Moved back: a call was not answered, or the talk not entered.
    Missed,
    /// Moved back: said "not now".
    PutOff,
    /// The recruiter went away; the place is as before.
    LetDown,
    /// Handed here by another recruiter: at the head.
    HandedOver,
    /// Asked for a call back, which has come: at the head.
    CalledBack,
}

impl Note {
    /// Text key, for templates.
    pub(super) fn text(self) -> &'static str {
        let text = match self {
            Self::Away => Text("queue-note-away"),
            Self::Missed => Text("queue-note-missed"),
            Self::PutOff => Text("queue-note-put-off"),
            Self::LetDown => Text("queue-note-let-down"),
            Self::HandedOver => Text("queue-note-handed-over"),
            Self::CalledBack => Text("queue-note-called-back"),
        };
        text.0
    }

    /// Whether it tells of places lost.
    pub(super) fn is_loss(self) -> bool {
        match self {
            Self::Away | Self::Missed => true,
            Self::PutOff | Self::LetDown | Self::HandedOver | Self::CalledBack => false,
        }
    }
}

/// How a place ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum End {
    Served,
    Left,
    /// Away too often.
    Lapsed,
    Handed,
}

/// Where a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Called {
        by: AccountId,
        at: Millis,
        seeker: bool,
        recruiter: bool,
    },
    Talking {
        by: AccountId,
        since: Millis,
        interview: InterviewId,
    },
    /// Wants to be called back instead of waiting.
    CallBack,
    Ended {
        how: End,
        at: Millis,
        talk: Option<Talk>,
    },
}

/// A talk that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Talk {
    pub(super) by: AccountId,
    pub(super) since: Millis,
    pub(super) interview: InterviewId,
}

/// Who stands there, and about which posting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) posting: Option<PostingId>,
    pub(super) topic_zh: String,
    pub(super) topic_en: String,
}

/// One person's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: PlaceId,
    pub(super) seeker: AccountId,
    pub(super) about: About,
    pub(super) stage: Stage,
    /// The order of the line, smallest first.
    pub(super) rank: i64,
    pub(super) joined_at: Millis,
    pub(super) seen_at: Millis,
    /// The grace counts from here if this is later than `seen_at`.
    pub(super) grace_from: Millis,
    /// How often it was moved back.
    pub(super) moves: i64,
    pub(super) note: Option<Note>,
    /// The recruiter it was handed to.
    pub(super) wanted: Option<AccountId>,
    /// Called or talking at another booth right now.
    pub(super) engaged: bool,
    /// Wants a message when it is their turn.
    pub(super) remind: bool,
    /// How many calls were not answered.
    pub(super) missed: i64,
}

impl Place {
    pub(super) fn new(id: PlaceId, seeker: AccountId, about: About, now: Millis) -> Self {
        Self {
            id,
            seeker,
            about,
            stage: Stage::Waiting,
            rank: 0,
            joined_at: now,
            seen_at: now,
            grace_from: now,
            moves: 0,
            note: None,
            wanted: None,
            engaged: false,
            remind: false,
            missed: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Ended { .. })
    }

    pub(super) fn is_here(&self, now: Millis) -> bool {
        now - self.seen_at < PRESENT
    }

    /// The talk that goes on.
    pub(super) fn talk(&self) -> Option<InterviewId> {
        match self.stage {
            Stage::Talking { interview, .. } => Some(interview),
            Stage::Waiting | Stage::Called { .. } | Stage::CallBack | Stage::Ended { .. } => None,
        }
    }

    /// When the talk began, also of one that is over.
    pub(super) fn talk_at(&self) -> Option<Millis> {
        match self.stage {
            Stage::Talking { since, .. } => Some(since),
            Stage::Ended { talk, .. } => talk.map(|talk| talk.since),
            Stage::Waiting | Stage::Called { .. } | Stage::CallBack => None,
        }
    }

    /// Whoever has called this person or talks with them.
    pub(super) fn recruiter(&self) -> Option<AccountId> {
        match self.stage {
            Stage::Called { by, .. } | Stage::Talking { by, .. } => Some(by),
            Stage::Waiting | Stage::CallBack | Stage::Ended { .. } => None,
        }
    }
}

/// A recruiter at the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) recruiter: AccountId,
    pub(super) name: String,
    pub(super) seen_at: Millis,
    pub(super) paused: bool,
    /// Gets the next one as soon as they are free, without a tap.
    pub(super) auto: bool,
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The recruiter has somebody already.
    Busy,
    /// Nobody is there to be called.
    Nobody,
    /// Not, or no longer, in the state for it.
    TooLate,
}

/// A line: its open places, those that ended a short while ago, its recruiters, and how long the last talks lasted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) places: Vec<Place>,
    pub(super) desks: Vec<Desk>,
    pub(super) lengths: Vec<Millis>,
}

impl Line {
    /// The waiting, in their order.
    pub(super) fn waiting(&self) -> Vec<&Place> {
        let mut waiting: Vec<_> = self.places.iter().filter(|p| p.stage == Stage::Waiting).collect();
        waiting.sort_by_key(|p| p.rank);
        waiting
    }

    /// Whom a recruiter could call now, in their order: those who are there, not at another booth, and not kept for a colleague who serves.
    pub(super) fn ready(&self, by: AccountId, now: Millis) -> Vec<&Place> {
        let kept = |p: &Place| p.wanted.is_some_and(|r| r != by && self.desks.iter().any(|d| d.recruiter == r && self.serves(d, now)));
        self.waiting().into_iter().filter(|p| p.is_here(now) && !p.engaged && !kept(p)).collect()
    }

    /// Whether so many wait that another place would be no promise; asking for a call back still is.
    pub(super) fn is_full(&self) -> bool {
        self.places.iter().filter(|p| p.stage == Stage::Waiting).count() >= MOST
    }

    /// From 1, for who waits.
    pub(super) fn position(&self, id: PlaceId) -> Option<usize> {
        self.waiting().iter().position(|p| p.id == id).map(|i| i + 1)
    }

    /// The open place of a person, or the one that ended last.
    pub(super) fn of(&self, seeker: AccountId) -> Option<&Place> {
        let own = || self.places.iter().filter(|p| p.seeker == seeker);
        own().find(|p| p.is_open()).or_else(|| own().max_by_key(|p| p.id))
    }

    /// Whom a recruiter has called or talks with.
    pub(super) fn with(&self, recruiter: AccountId) -> Option<&Place> {
        self.places.iter().find(|p| p.recruiter() == Some(recruiter))
    }

    /// The talk that a recruiter ended a moment ago.
    pub(super) fn last_of(&self, recruiter: AccountId, now: Millis) -> Option<&Place> {
        let ended = |p: &Place| match p.stage {
            Stage::Ended { how: End::Served, at, talk: Some(talk) } if talk.by == recruiter && now - at < REGRET => Some(at),
            _ => None,
        };
        self.places.iter().filter_map(|p| Some((ended(p)?, p))).max_by_key(|(at, p)| (*at, p.id)).map(|(_, p)| p)
    }

    /// How many serve the line: at their desks and not pausing, or with somebody.
    pub(super) fn serving(&self, now: Millis) -> usize {
        self.desks.iter().filter(|d| self.serves(d, now)).count()
    }

    pub(super) fn serves(&self, desk: &Desk, now: Millis) -> bool {
        self.with(desk.recruiter).is_some() || (!desk.paused && now - desk.seen_at < ATTENDED)
    }

    /// Whether anybody is at a desk, pausing or not.
    pub(super) fn is_attended(&self, now: Millis) -> bool {
        self.desks.iter().any(|d| self.with(d.recruiter).is_some() || now - d.seen_at < ATTENDED)
    }

    /// The median of the last talks, once for each turn of all who serve; none while nobody does.
    pub(super) fn expected_wait(&self, position: usize, now: Millis) -> Option<Millis> {
        let serving = self.serving(now);
        let busy = self.desks.iter().filter(|d| self.with(d.recruiter).is_some()).count();
        let before = position.saturating_sub(serving.saturating_sub(busy));
        (serving > 0).then(|| median(&self.lengths).unwrap_or(TYPICAL) * before as i64 / serving as i64)
    }
}

/// The one in the middle; none of none.
pub(super) fn median(lengths: &[Millis]) -> Option<Millis> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[n / 2]),
        n => Some((sorted[n / 2 - 1] + sorted[n / 2]) / 2),
    }
}
