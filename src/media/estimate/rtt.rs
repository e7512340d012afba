//! The round trip: as it is now, and the shortest of late, beside which it shows a queue where there are no arrival times.

/// The shortest is forgotten after one to two of these, microseconds.
const WINDOW: u64 = 30_000_000;

#[derive(Debug)]
pub(super) struct RoundTrip {
    now: Option<u64>,
    /// Shortest of the present window and of the one before, and when the present one began.
    shortest: [u64; 2],
    since: u64,
}

impl RoundTrip {
    /// `first` is what the handshake took, microseconds as all; it includes what the peer computed, so it is no candidate for the shortest.
    pub(super) fn new(first: Option<u64>) -> Self {
        Self { now: first, shortest: [u64::MAX; 2], since: 0 }
    }

    pub(super) fn get(&self) -> Option<u64> {
        self.now
    }

    /// One of many samples.
    pub(super) fn smooth(&mut self, now: u64, sample: u64) {
        self.note(now, sample);
        self.now = Some(self.now.map_or(sample, |present| (present * 7 + sample) / 8));
    }

    /// One of few samples, which is taken as it is.
    pub(super) fn set(&mut self, now: u64, sample: u64) {
        self.note(now, sample);
        self.now = Some(sample);
    }

    fn note(&mut self, now: u64, sample: u64) {
        if now.saturating_sub(self.since) > WINDOW {
            self.shortest = [u64::MAX, self.shortest[0]];
            self.since = now;
        }
        self.shortest[0] = self.shortest[0].min(sample);
    }

    /// How much longer it is than the shortest.
    pub(super) fn queue(&self) -> u64 {
        self.now.unwrap_or_default().saturating_sub(self.shortest[0].min(self.shortest[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_round_trip_is_a_queue_until_it_has_been_so_for_a_minute() {
        let mut rtt = RoundTrip::new(Some(10));
        assert_eq!((rtt.get(), rtt.queue()), (Some(10), 0));
        rtt.set(1_000_000, 100_000);
        assert_eq!(rtt.queue(), 0);
        rtt.set(2_000_000, 300_000);
        assert_eq!(rtt.queue(), 200_000);
        rtt.smooth(3_000_000, 380_000);
        assert_eq!(rtt.get(), Some(310_000));
        (4..70).for_each(|second| rtt.set(second * 1_000_000, 300_000));
        assert_eq!(rtt.queue(), 0);
    }
}
