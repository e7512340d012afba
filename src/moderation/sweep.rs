//! When a map in memory that is over its size was last gone through: not for each message, as nothing may have become old since.

use crate::clock::{MINUTE, Millis};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Clone, Default)]
pub(super) struct Sweep(Arc<AtomicI64>);

impl Sweep {
    /// Whether a minute is over since the last sweep; of those who ask at once one is told so.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let is_over = now < last || now - last >= MINUTE;
        is_over && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_once_a_minute_also_after_the_clock_was_set_back() {
        let sweep = Sweep::default();
        let due = |now| sweep.is_due(now);
        assert_eq!([due(MINUTE), due(MINUTE), due(2 * MINUTE - 1), due(2 * MINUTE)], [true, false, false, true]);
        assert_eq!([due(5), due(6)], [true, false]);
    }
}
