//! How many frames one socket may send: a bucket that empties with time. Pure, so that time can be made up.

use std::time::Duration;
use tokio::time::Instant;

/// A phone that comes back sends what it kept, some dozens of messages at most.
const BURST: f64 = 40.0;
/// Faster than anybody types and taps hearts.
const PER_SECOND: f64 = 10.0;

pub(super) struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Counts a frame; false if it is one too many.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).min(Duration::from_secs(60)).as_secs_f64() * PER_SECOND;
        (self.left, self.at) = ((self.left + gained).min(BURST) - 1.0, now);
        self.left >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_ten_a_second() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert!((0..40).all(|_| budget.spend(start)));
        assert!(!budget.spend(start));
        let later = start + Duration::from_secs(1);
        assert!((0..9).all(|_| budget.spend(later)));
    }
}
