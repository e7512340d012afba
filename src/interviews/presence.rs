//! Who is in a call right now. In memory only: it says itself anew every two seconds, and a restart loses nothing that lasts.

use super::Party;
use crate::clock::{Millis, SECOND};
use crate::ids::InterviewId;
use dashmap::DashMap;
use std::sync::Arc;

/// Whoever has not been heard of for this long is gone: four beats.
const GONE_AFTER: Millis = 8 * SECOND;
/// Past this many calls the forgotten ones are swept out.
const SWEEP_AT: usize = 512;

/// What a side last said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) at: Millis,
    /// The window that speaks: of two of one side, the one that came last has the seat, or both would take it from one another for ever.
    pub(super) window: String,
    pub(super) mic: bool,
    pub(super) camera: bool,
}

#[derive(Clone, Default)]
pub(super) struct Presence(Arc<DashMap<InterviewId, [Option<Seen>; 2]>>);

impl Presence {
    /// Notes it, and says whether this window has the seat: it is free, its own, or it takes it.
    pub(super) fn beat(&self, call: InterviewId, party: Party, seen: Seen, take: bool) -> bool {
        if self.0.len() > SWEEP_AT {
            self.0.retain(|_, sides| sides.iter().flatten().any(|s| fresh(s, seen.at)));
        }
        let mut sides = self.0.entry(call).or_default();
        let seat = &mut sides[party as usize];
        let mine = take || seat.as_ref().is_none_or(|s| s.window == seen.window || !fresh(s, seen.at));
        if mine {
            *seat = Some(seen);
        }
        mine
    }

    /// The window leaves the seat, if it has it.
    pub(super) fn leave(&self, call: InterviewId, party: Party, window: &str) {
        if let Some(mut sides) = self.0.get_mut(&call) {
            sides[party as usize].take_if(|s| s.window == window);
        }
    }

    /// The side, if it is there.
    pub(super) fn here(&self, call: InterviewId, party: Party, now: Millis) -> Option<Seen> {
        self.0.get(&call).and_then(|sides| sides[party as usize].clone()).filter(|s| fresh(s, now))
    }
}

fn fresh(seen: &Seen, now: Millis) -> bool {
    now - seen.at < GONE_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(window: &str, at: Millis) -> Seen {
        Seen { at, window: window.into(), mic: true, camera: false }
    }

    #[test]
    fn a_side_is_there_until_it_leaves_or_falls_silent() {
        let (presence, call) = (Presence::default(), InterviewId::new());
        assert!(presence.beat(call, Party::Seeker, seen("a", 0), false));
        assert!(presence.here(call, Party::Seeker, GONE_AFTER - 1).is_some());
        assert!(presence.here(call, Party::Employer, 0).is_none());
        assert!(presence.here(call, Party::Seeker, GONE_AFTER).is_none());
        presence.leave(call, Party::Seeker, "b");
        assert!(presence.here(call, Party::Seeker, 1).is_some(), "another window cannot leave for it");
        presence.leave(call, Party::Seeker, "a");
        assert!(presence.here(call, Party::Seeker, 1).is_none());
    }

    #[test]
    fn of_two_windows_the_one_that_takes_the_seat_keeps_it() {
        let (presence, call) = (Presence::default(), InterviewId::new());
        assert!(presence.beat(call, Party::Seeker, seen("a", 0), true));
        assert!(presence.beat(call, Party::Seeker, seen("b", 1), true));
        assert!(!presence.beat(call, Party::Seeker, seen("a", 2), false));
        assert!(presence.beat(call, Party::Seeker, seen("b", 3), false));
        assert!(presence.beat(call, Party::Seeker, seen("a", 3 + GONE_AFTER), false), "the other one fell silent");
    }

    #[test]
    fn forgotten_calls_are_swept_out() {
        let presence = Presence::default();
        for _ in 0..SWEEP_AT + 1 {
            presence.beat(InterviewId::new(), Party::Seeker, seen("a", 0), true);
        }
        presence.beat(InterviewId::new(), Party::Seeker, seen("a", GONE_AFTER), true);
        assert_eq!(presence.0.len(), 1);
    }
}
