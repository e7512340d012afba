//! The hands that are up in a room: in the order in which they were raised, bounded, and down again when their people have gone. Decisions only;
//! like presence they are of the moment and not stored.

use crate::clock::Millis;
use crate::ids::AccountId;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// More than any host gets through in a stream.
const MOST: usize = 60;
/// A reload, a tunnel, a call that comes in between: after that somebody has left.
const GONE: Duration = Duration::from_secs(120);

/// A raised hand, as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hand {
    pub account: AccountId,
    pub name: String,
    pub at: Millis,
}

/// What became of a wish to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It is up, in this place of the order (from 1).
    Up(usize),
    /// No stream runs.
    NotLive,
    /// Too many are up.
    Full,
}

#[derive(Default)]
pub(super) struct Hands {
    up: Vec<(Hand, Instant)>,
}

impl Hands {
    /// Raises a hand; one that is up keeps its place.
    pub(super) fn raise(&mut self, hand: Hand, now: Instant) -> Raised {
        if let Some(at) = self.up.iter().position(|(other, _)| other.account == hand.account) {
            self.up[at].1 = now;
            return Raised::Up(at + 1);
        }
        if self.up.len() >= MOST {
            return Raised::Full;
        }
        self.up.push((hand, now));
        Raised::Up(self.up.len())
    }

    /// True if it was up.
    pub(super) fn lower(&mut self, account: AccountId) -> bool {
        let before = self.up.len();
        self.up.retain(|(hand, _)| hand.account != account);
        self.up.len() != before
    }

    /// A sign of life from somebody who has no connection.
    pub(super) fn heard(&mut self, account: AccountId, now: Instant) {
        self.up.iter_mut().filter(|(hand, _)| hand.account == account).for_each(|(_, seen)| *seen = now);
    }

    /// Takes down the hands of those who have been gone for long; true if there were any.
    pub(super) fn look(&mut self, now: Instant, is_here: impl Fn(AccountId) -> bool) -> bool {
        let before = self.up.len();
        self.up.retain_mut(|(hand, seen)| {
            if is_here(hand.account) {
                *seen = now;
            }
            now.saturating_duration_since(*seen) <= GONE
        });
        self.up.len() != before
    }

    pub(super) fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.up).is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.up.is_empty()
    }

    pub(super) fn list(&self) -> Arc<[Hand]> {
        self.up.iter().map(|(hand, _)| hand.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand(name: &str) -> Hand {
        Hand { account: AccountId::new(), name: name.into(), at: 0 }
    }

    fn names(hands: &Hands) -> Vec<String> {
        hands.list().iter().map(|hand| hand.name.clone()).collect()
    }

    #[test]
    fn hands_keep_the_order_in_which_they_were_raised() {
        let (mut hands, now) = (Hands::default(), Instant::now());
        let (a, b) = (hand("a"), hand("b"));
        assert_eq!((hands.raise(a.clone(), now), hands.raise(b.clone(), now)), (Raised::Up(1), Raised::Up(2)));
        assert_eq!(hands.raise(a.clone(), now), Raised::Up(1), "again is no harm and no gain");
        assert!(hands.lower(a.account) && !hands.lower(a.account));
        assert_eq!(hands.raise(a, now), Raised::Up(2), "who lowers it begins anew");
        assert_eq!(names(&hands), ["b", "a"]);
    }

    #[test]
    fn as_many_as_there_is_room_for_and_one_that_goes_makes_room() {
        let (mut hands, now) = (Hands::default(), Instant::now());
        let first = hand("first");
        hands.raise(first.clone(), now);
        for n in 1..MOST {
            assert_eq!(hands.raise(hand("x"), now), Raised::Up(n + 1));
        }
        assert_eq!(hands.raise(hand("late"), now), Raised::Full);
        hands.lower(first.account);
        assert_eq!(hands.raise(hand("late"), now), Raised::Up(MOST));
    }

    #[test]
    fn a_hand_outlives_a_reload_and_not_its_person() {
        let (mut hands, start) = (Hands::default(), Instant::now());
        let (here, away, asks) = (hand("here"), hand("away"), hand("asks"));
        for hand in [&here, &away, &asks] {
            hands.raise(hand.clone(), start);
        }
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!hands.look(at(60), |account| account == here.account));
        assert!(!hands.look(at(119), |account| account == here.account));
        hands.heard(asks.account, at(119));
        assert!(hands.look(at(121), |account| account == here.account));
        assert_eq!(names(&hands), ["here", "asks"]);
        assert!(hands.clear() && hands.is_empty() && !hands.clear());
    }
}
