//! The rate that the delay allows: multiplicative decrease to below what arrives, multiplicative increase (draft-ietf-rmcat-gcc-02, section 5.5).
//!
//! A sender that can take any rate feels its way up by sending more. We cannot: between two layers lies nothing. So the estimate stays close to
//! what arrives unless a probe showed more, and the draft's additive increase near the known capacity would have nothing to do.

use rtc::interceptor::Usage;

/// Below this even audio would not be sent well, and nothing of ours goes lower.
pub(super) const LEAST: f64 = 30_000.0;
/// More than any stream that passes here.
pub(super) const MOST: f64 = 50_000_000.0;
/// After overuse: this part of what arrived, so that the queue drains.
const BACK_OFF: f64 = 0.85;
/// Growth a second.
const GROWTH: f64 = 1.08;

#[derive(Debug)]
pub(super) struct Control {
    estimate: f64,
    updated: u64,
    /// An increase waits until a decrease was seen to work.
    holding: bool,
}

/// What the feedback showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) usage: Usage,
    /// There is a standing queue.
    pub(super) queued: bool,
    /// What arrives, bits a second.
    pub(super) acked: Option<f64>,
    /// How much of that, with what was lost on the way, passes without a queue.
    pub(super) passed: f64,
    /// How far the estimate may grow beyond that by itself.
    pub(super) beyond: f64,
}

impl Control {
    pub(super) fn new(start: f64) -> Self {
        Self { estimate: start.clamp(LEAST, MOST), updated: 0, holding: false }
    }

    pub(super) fn estimate(&self) -> f64 {
        self.estimate
    }

    pub(super) fn set(&mut self, estimate: f64) {
        self.estimate = estimate.clamp(LEAST, MOST);
    }

    /// A probe or a train came through at this rate.
    pub(super) fn raise(&mut self, rate: f64) {
        self.set(self.estimate.max(rate));
    }

    pub(super) fn update(&mut self, now: u64, seen: Seen) {
        let elapsed = now.saturating_sub(self.updated).min(1_000_000) as f64 / 1e6;
        self.updated = now;
        match seen.usage {
            Usage::Over => {
                self.holding = true;
                if let Some(acked) = seen.acked {
                    self.set(self.estimate.min(acked * BACK_OFF));
                }
            }
            Usage::Under => self.holding = false,
            Usage::Normal if self.holding => self.holding = seen.queued,
            Usage::Normal => {
                let grown = (self.estimate * GROWTH.powf(elapsed)).min(seen.passed * seen.beyond);
                let proved = if seen.queued { 0.0 } else { seen.passed };
                self.set(self.estimate.max(grown).max(proved));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(usage: Usage, acked: f64) -> Seen {
        Seen { usage, queued: usage == Usage::Over, acked: Some(acked), passed: acked, beyond: 1.1 }
    }

    #[test]
    fn overuse_goes_below_what_arrives_and_does_not_compound() {
        let mut control = Control::new(2_000_000.0);
        for step in 0..10 {
            control.update(step * 100_000, seen(Usage::Over, 600_000.0));
        }
        assert_eq!(control.estimate(), 510_000.0);
    }

    #[test]
    fn increase_is_held_until_the_queue_is_gone_and_stays_near_what_arrives() {
        let mut control = Control::new(2_000_000.0);
        control.update(0, seen(Usage::Over, 600_000.0));
        control.update(100_000, Seen { queued: true, ..seen(Usage::Normal, 600_000.0) });
        assert_eq!(control.estimate(), 510_000.0);
        for step in 2..600 {
            control.update(step * 100_000, seen(Usage::Normal, 500_000.0));
        }
        assert!((549_000.0..551_000.0).contains(&control.estimate()), "{}", control.estimate());
        control.update(60_000_000, seen(Usage::Normal, 100_000.0));
        assert!(control.estimate() > 549_000.0, "sending less proves nothing");
    }

    #[test]
    fn what_passes_is_believed_at_once_and_a_queue_proves_nothing() {
        let mut control = Control::new(300_000.0);
        control.update(0, seen(Usage::Normal, 900_000.0));
        assert_eq!(control.estimate(), 900_000.0);
        control.update(100_000, Seen { queued: true, ..seen(Usage::Normal, 2_000_000.0) });
        assert!(control.estimate() < 1_000_000.0);
    }
}
