//! The timer of a talk: it never cuts. Pure.

use crate::clock::{MINUTE, Millis};

/// So long before the end it is decided whether the talk goes on by itself.
const BEFORE_END: Millis = MINUTE;
/// A talk that nobody waits behind grows by itself up to this length; past it somebody must want it.
const BY_ITSELF: Millis = 45 * MINUTE;

/// What the end of a talk's time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// It is not near yet.
    Nothing,
    /// Nobody waits: it is lengthened without a word.
    Lengthen,
    /// Somebody waits, or it has been long: the two are asked, and one tap goes on.
    Ask,
}

/// Whether a talk from `since` grows by itself when its time is up at `until`.
pub(super) fn grows(since: Millis, until: Millis, waiting: usize) -> bool {
    waiting == 0 && until - since < BY_ITSELF
}

/// For a talk from `since` whose time is up at `until`.
pub(super) fn at_end(since: Millis, until: Millis, waiting: usize, now: Millis) -> AtEnd {
    match (until - now > BEFORE_END, grows(since, until, waiting)) {
        (true, _) => AtEnd::Nothing,
        (false, true) => AtEnd::Lengthen,
        (false, false) => AtEnd::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_grows_while_nobody_waits_and_asks_when_somebody_does() {
        let until = 15 * MINUTE;
        assert_eq!(at_end(0, until, 0, 13 * MINUTE), AtEnd::Nothing);
        assert_eq!(at_end(0, until, 0, 14 * MINUTE), AtEnd::Lengthen);
        assert_eq!(at_end(0, until, 1, 14 * MINUTE), AtEnd::Ask);
        assert_eq!(at_end(0, until, 1, 60 * MINUTE), AtEnd::Ask, "overtime is still a question, never a cut");
        let mut end = until;
        for minute in 0..120 {
            if at_end(0, end, 0, minute * MINUTE) == AtEnd::Lengthen {
                end += 5 * MINUTE;
            }
        }
        assert_eq!(end, BY_ITSELF, "not for ever");
    }
}
