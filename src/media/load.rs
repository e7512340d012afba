//! How busy a worker is, by the processor time of its thread: what admission goes by.

use std::time::{Duration, Instant};

/// A second, so that one burst is not taken for a load.
const WINDOW: Duration = Duration::from_secs(1);

pub(super) struct Load {
    since: Instant,
    used: Duration,
    /// The average of the windows so far, each counting half of what came before.
    average: Option<f64>,
}

impl Load {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, used: Duration::ZERO, average: None }
    }

    /// The share of a core in thousandths, when another window has passed. Must be called on the worker's thread.
    pub(super) fn look(&mut self, now: Instant) -> Option<u32> {
        (now.saturating_duration_since(self.since) >= WINDOW).then(|| self.note(now, thread_time()))
    }

    /// Processor time of the worker until the last look.
    pub(super) fn used(&self) -> Duration {
        self.used
    }

    fn note(&mut self, now: Instant, used: Duration) -> u32 {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        let share = used.saturating_sub(self.used).as_secs_f64() / passed.max(0.001);
        // The first window has the thread's whole past in it.
        let known = self.used > Duration::ZERO;
        (self.since, self.used) = (now, used);
        if known {
            self.average = Some(self.average.map_or(share, |average| (average + share) / 2.0));
        }
        (self.average.unwrap_or(0.0) * 1_000.0) as u32
    }
}

fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_core_is_averaged_over_some_seconds() {
        let start = Instant::now();
        let mut load = Load::new(start);
        let shares: Vec<u32> = [(1, 5_000), (2, 5_500), (3, 6_500), (4, 7_500), (5, 7_500)]
            .map(|(seconds, used)| load.note(start + Duration::from_secs(seconds), Duration::from_millis(used)))
            .to_vec();
        assert_eq!(shares, [0, 500, 750, 875, 437]);
    }

    #[test]
    fn work_is_seen() {
        let before = thread_time();
        let mut sum = 0_u64;
        while thread_time() < before + Duration::from_millis(2) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(sum > 0);
    }
}
