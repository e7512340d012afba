//! Where an interview stands: derived from what happened and the time, never stored. Pure.

use crate::clock::{HOUR, MINUTE, Millis};

/// The call opens this long before its time, for the check of camera and microphone.
pub const EARLY: Millis = 10 * MINUTE;
/// Nobody is cut off mid-sentence; a call that both left open ends this long after its time.
pub(super) const OVERTIME: Millis = HOUR;

/// The side that somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    Seeker,
    Employer,
}

impl Party {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seeker => "seeker",
            Self::Employer => "employer",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Seeker, Self::Employer].into_iter().find(|party| party.name() == name)
    }

    pub fn other(self) -> Self {
        match self {
            Self::Seeker => Self::Employer,
            Self::Employer => Self::Seeker,
        }
    }
}

/// Where an interview stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Booked,
    /// Both have joined.
    Running,
    Done,
    /// The time passed and not both had come. `None`: neither had.
    NoShow {
        came: Option<Party>,
    },
    Cancelled,
}

/// What is known of an interview.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    pub ends_at: Millis,
    pub seeker_came: bool,
    pub employer_came: bool,
    /// The recruiter ended it for both.
    pub ended: bool,
    pub cancelled: bool,
    /// Who did not come, as the recruiter says.
    pub absent: Option<Party>,
}

impl State {
    pub fn derive(facts: Facts, now: Millis) -> Self {
        let Facts { ends_at, seeker_came, employer_came, ended, cancelled, absent } = facts;
        let in_time = now < ends_at;
        match (cancelled, seeker_came, employer_came, ended) {
            (true, _, _, _) => Self::Cancelled,
            // Somebody said so, whatever the server saw.
            (false, _, _, _) if absent.is_some() => Self::NoShow { came: absent.map(Party::other) },
            (false, true, true, false) if now < ends_at + OVERTIME => Self::Running,
            (false, true, true, _) => Self::Done,
            (false, _, _, false) if in_time => Self::Booked,
            (false, true, false, _) => Self::NoShow { came: Some(Party::Seeker) },
            (false, false, true, _) => Self::NoShow { came: Some(Party::Employer) },
            (false, false, false, _) => Self::NoShow { came: None },
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Running => "running",
            Self::Done => "done",
            Self::NoShow { .. } => "no-show",
            Self::Cancelled => "cancelled",
        }
    }

    /// Text key of the state, for templates.
    pub fn text(self) -> &'static str {
        match self {
            Self::Booked => "interviews-state-booked",
            Self::Running => "interviews-state-running",
            Self::Done => "interviews-state-done",
            Self::NoShow { .. } => "interviews-state-no-show",
            Self::Cancelled => "interviews-state-cancelled",
        }
    }

    /// Class of the badge that shows it.
    pub fn badge(self) -> &'static str {
        match self {
            Self::Booked => "badge badge-brand",
            Self::Running => "badge badge-live",
            Self::Done => "badge",
            Self::NoShow { .. } => "badge badge-warn",
            Self::Cancelled => "badge badge-danger",
        }
    }

    /// Whether it can still be cancelled.
    pub fn may_be_cancelled(self) -> bool {
        matches!(self, Self::Booked)
    }

    /// Whether the call may be entered now.
    pub fn is_open(self, starts_at: Millis, now: Millis) -> bool {
        match self {
            Self::Booked | Self::Running => now >= starts_at - EARLY,
            Self::Done | Self::NoShow { .. } | Self::Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(seeker_came: bool, employer_came: bool, ended: bool, cancelled: bool, now: Millis) -> State {
        State::derive(Facts { ends_at: 100, seeker_came, employer_came, ended, cancelled, absent: None }, now)
    }

    #[test]
    fn a_state_follows_from_who_came_and_the_time() {
        assert_eq!(state(false, false, false, false, 99), State::Booked);
        assert_eq!(state(true, false, false, false, 99), State::Booked, "one waits for the other");
        assert_eq!(state(true, true, false, false, 99), State::Running);
        assert_eq!(state(true, true, false, false, 100 + OVERTIME - 1), State::Running, "overtime does not cut");
        assert_eq!(state(true, true, false, false, 100 + OVERTIME), State::Done);
        assert_eq!(state(true, true, true, false, 50), State::Done);
        assert_eq!(state(false, false, false, false, 100), State::NoShow { came: None });
        assert_eq!(state(true, false, false, false, 100), State::NoShow { came: Some(Party::Seeker) });
        assert_eq!(state(false, true, true, false, 50), State::NoShow { came: Some(Party::Employer) });
        assert_eq!(state(true, true, true, true, 500), State::Cancelled);
    }

    #[test]
    fn who_is_said_not_to_have_come_has_not() {
        let facts = Facts { ends_at: 100, seeker_came: true, employer_came: true, absent: Some(Party::Seeker), ..Facts::default() };
        assert_eq!(State::derive(facts, 50), State::NoShow { came: Some(Party::Employer) });
        assert_eq!(State::derive(Facts { cancelled: true, ..facts }, 50), State::Cancelled);
    }

    #[test]
    fn the_call_opens_ten_minutes_early_and_only_what_is_booked_can_be_cancelled() {
        let start = HOUR;
        assert!(!State::Booked.is_open(start, start - EARLY - 1));
        assert!(State::Booked.is_open(start, start - EARLY));
        for state in [State::Done, State::NoShow { came: None }, State::Cancelled] {
            assert!(!state.is_open(start, start));
            assert!(!state.may_be_cancelled());
        }
        assert!(!State::Running.may_be_cancelled());
    }
}
