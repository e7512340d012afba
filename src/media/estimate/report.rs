//! The estimate for viewers that send receiver reports only: loss, and the round trip in place of arrival times.

use std::time::{Duration, Instant};

use rtc::interceptor::Usage;

use super::control::Seen;
use super::{BEYOND, Estimator, SILENCE, Source};

/// Without arrival times, a round trip longer by this than the shortest is a queue, microseconds.
const RTT_QUEUE: u64 = 150_000;

impl Estimator {
    /// Takes a report block of a receiver report: the lost part since the last, and the round trip if it could be told. With feedback it says nothing new.
    pub(in crate::media) fn report(&mut self, now: Instant, lost: f64, rtt: Option<Duration>) {
        let now = self.outgoing.micros(now);
        if self.source == Source::Feedback && now.saturating_sub(self.heard) < SILENCE {
            return;
        }
        self.recover();
        let elapsed = now.saturating_sub(self.heard) as f64;
        self.hear(now, Source::Reports);
        let before = self.rtt.get();
        if let Some(rtt) = rtt {
            self.rtt.set(now, rtt.as_micros() as u64);
        }
        let lost = lost.clamp(0.0, 1.0);
        let (packets, bytes) = self.outgoing.since_report();
        let gone = (f64::from(packets) * lost) as u32;
        self.outgoing.mark(now);
        let sent = self.outgoing.rate(now);
        self.loss.count(now, gone, packets - gone, 0);
        self.loss.update(now, sent, Some(sent * (1.0 - lost)));
        // While the round trip gets longer, what was sent takes as much longer to arrive.
        let longer = self.rtt.get().zip(before).map_or(0, |(rtt, before)| rtt as i64 - before as i64);
        self.queue = Duration::from_micros(self.rtt.queue());
        let acked = bytes as f64 * 8e6 * (1.0 - lost) / (elapsed + longer.max(0) as f64).max(1e5);
        let queued = self.rtt.queue() > RTT_QUEUE;
        let usage = match queued {
            true if longer >= 0 => Usage::Over,
            true => Usage::Under,
            false => Usage::Normal,
        };
        self.control.update(now, Seen { usage, queued, acked: Some(acked), passed: sent, beyond: BEYOND.1 });
    }
}
