//! When to try again after a connection ended.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);
/// A connection that lasted this long was a good one: the next failure starts from the shortest wait again.
const GOOD_CONNECTION: Duration = Duration::from_secs(10);
/// A server may ask for patience, but not for a day of it.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Doubling waits between attempts, spread so that the clients of a restarted server do not return in step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after an attempt that lasted `lasted`. `random` is in 0..1; `asked` is the server's `Retry-After`.
    pub(super) fn after(&mut self, lasted: Duration, asked: Option<Duration>, random: f64) -> Duration {
        if lasted >= GOOD_CONNECTION {
            self.failures = 0;
        }
        let whole = SHORTEST.saturating_mul(1 << self.failures.min(4)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let spread = whole.mul_f64(0.75 + 0.5 * random).clamp(SHORTEST, LONGEST);
        asked.map_or(spread, |asked| asked.min(LONGEST_ASKED) + spread - SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_one_second_to_fifteen() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..7).map(|_| backoff.after(Duration::ZERO, None, 0.5).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
    }

    #[test]
    fn chance_spreads_waits_within_the_bounds() {
        for random in [0.0, 0.3, 0.999] {
            let mut backoff = Backoff::default();
            for _ in 0..8 {
                let wait = backoff.after(Duration::ZERO, None, random);
                assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
            }
        }
    }

    #[test]
    fn a_good_connection_forgives_earlier_failures() {
        let mut backoff = Backoff { failures: 4 };
        assert_eq!(backoff.after(Duration::from_secs(30), None, 0.5), SHORTEST);
    }

    #[test]
    fn a_busy_server_is_given_the_time_it_asks_for() {
        let wait = Backoff::default().after(Duration::ZERO, Some(Duration::from_secs(7)), 0.5);
        assert_eq!(wait, Duration::from_secs(7));
        let wait = Backoff::default().after(Duration::ZERO, Some(Duration::from_secs(90_000)), 0.5);
        assert_eq!(wait, LONGEST_ASKED);
    }
}
