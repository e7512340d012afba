//! Rates: bytes in the last moments of a clock, and what a train of packets says about the path it went through.

/// Width of a bucket in microseconds: a frame at 25 a second, so that frames fall evenly into buckets.
const BUCKET: i64 = 40_000;
/// A power of two, and more than the window: what comes a little late still finds its place.
const BUCKETS: usize = 16;
/// Buckets before the present one that a rate goes back to at the most: half a second.
const WINDOW: i64 = 12;
/// Fewer whole buckets have no rate.
const LEAST: i64 = 2;

/// Bytes over the last half second, on our clock for what is sent or on the receiver's for what arrives.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    buckets: [u32; BUCKETS],
    /// Number of the bucket that is being filled.
    newest: i64,
    /// Time of the first and of the newest addition since the start or a reset.
    first: i64,
    last: i64,
}

impl Throughput {
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Adds bytes at a time in microseconds, above zero. What is older than the window is left out.
    pub(super) fn add(&mut self, at: i64, bytes: u32) {
        let bucket = at / BUCKET;
        if bucket > self.newest {
            self.advance(at, bucket);
        }
        if bucket > self.newest - BUCKETS as i64 {
            let slot = &mut self.buckets[bucket as usize % BUCKETS];
            *slot = slot.saturating_add(bytes);
            self.last = self.last.max(at);
            self.first = self.first.min(at);
        }
    }

    fn advance(&mut self, at: i64, bucket: i64) {
        if self.newest == 0 {
            (self.first, self.last) = (at, at);
        }
        let skipped = (bucket - self.newest).min(BUCKETS as i64);
        for empty in 0..skipped {
            self.buckets[(bucket - empty) as usize % BUCKETS] = 0;
        }
        self.newest = bucket;
    }

    /// Bits a second from `from` on, or over the last half second if that is shorter, until `until`, microseconds all; `None` if that is too short to tell.
    /// The bucket that is being filled is left out: with a burst just come it would say too much.
    pub(super) fn rate(&self, from: i64, until: i64) -> Option<f64> {
        let until = until.max(self.last) / BUCKET;
        let oldest = (from / BUCKET).max(until - WINDOW).max(self.first / BUCKET);
        let kept = oldest.max(self.newest - BUCKETS as i64 + 1)..until.min(self.newest + 1);
        let bytes: u64 = kept.map(|bucket| u64::from(self.buckets[bucket as usize % BUCKETS])).sum();
        (self.newest > 0 && until - oldest >= LEAST).then(|| bytes as f64 * 8e6 / ((until - oldest) * BUCKET) as f64)
    }
}

/// Packets that were sent one after the other, and how they arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Train {
    pub(super) packets: u32,
    pub(super) bytes: u32,
    sent_first: u64,
    sent_last: u64,
    /// Bytes of the packets that were sent last and that arrived first: a span begins after the one and ends before the other.
    last_bytes: u32,
    first_bytes: u32,
    arrived_first: i64,
    arrived_last: i64,
}

/// What a train tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It was pulled apart: the path carries this much, bits a second.
    Carries(f64),
    /// It came through as it was sent: the path carries this much at least.
    AtLeast(f64),
}

impl Train {
    pub(super) fn add(&mut self, sent: u64, arrived: i64, bytes: u32) {
        if self.packets == 0 {
            *self = Self {
                sent_first: sent,
                sent_last: sent,
                arrived_first: arrived,
                arrived_last: arrived,
                first_bytes: bytes,
                last_bytes: bytes,
                ..Self::default()
            };
        }
        if sent >= self.sent_last {
            (self.sent_last, self.last_bytes) = (sent, bytes);
        }
        self.sent_first = self.sent_first.min(sent);
        if arrived < self.arrived_first {
            (self.arrived_first, self.first_bytes) = (arrived, bytes);
        }
        self.arrived_last = self.arrived_last.max(arrived);
        self.packets += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// `None` if it is too small to tell anything.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        /// Networks hand over what arrived within some milliseconds in one go (Wi-Fi aggregates, LTE schedules), so a shorter span is taken for
        /// this one, microseconds.
        const SHORTEST: f64 = 15_000.0;
        const FEWEST: u32 = 5;
        /// Less stretched than this is noise.
        const STRETCHED: f64 = 0.9;
        if self.packets < FEWEST {
            return None;
        }
        let sent_span = self.sent_last.saturating_sub(self.sent_first) as f64;
        let arrived_span = ((self.arrived_last - self.arrived_first) as f64).max(SHORTEST);
        let arrived = f64::from(self.bytes - self.first_bytes) * 8e6 / arrived_span;
        let sent = f64::from(self.bytes - self.last_bytes) * 8e6 / sent_span.max(1.0);
        Some(if arrived < STRETCHED * sent && arrived_span > SHORTEST {
            Verdict::Carries(arrived)
        } else {
            Verdict::AtLeast(arrived.min(sent))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(rate: Option<f64>, expected: f64) -> bool {
        rate.is_some_and(|rate| (rate / expected - 1.0).abs() < 0.13)
    }

    #[test]
    fn a_steady_stream_reads_its_own_rate_and_a_pause_nothing() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.rate(0, 5_000_000), None);
        for packet in 0..200 {
            let now = 7_000_000 + packet * 10_000;
            throughput.add(now, 1_250);
            if packet >= 20 {
                assert!(about(throughput.rate(0, 0), 1_000_000.0), "{packet} {:?}", throughput.rate(0, 0));
                assert!(about(throughput.rate(now - 150_000, 0), 1_000_000.0), "{packet} {:?}", throughput.rate(now - 150_000, 0));
                assert_eq!(throughput.rate(now - 40_000, 0), None, "too short to tell");
            }
        }
        throughput.add(8_800_000, 100);
        assert!(about(throughput.rate(0, 0), 1_000_000.0), "a little late still counts");
        throughput.add(1_000_000, 1_000_000);
        assert!(about(throughput.rate(0, 0), 1_000_000.0), "what is very late does not");
        assert_eq!(throughput.rate(0, 20_000_000), Some(0.0));
        throughput.add(30_000_000, 1_250);
        assert_eq!(throughput.rate(30_000_000, 0), None, "a single packet after the pause has no rate");
        throughput.add(30_100_000, 1_250);
        assert!(throughput.rate(0, 0).is_some_and(|rate| rate < 30_000.0));
    }

    fn train(sent_apart: u64, arrived_apart: i64) -> Option<Verdict> {
        let mut train = Train::default();
        for packet in 0..11 {
            train.add(packet * sent_apart, 1_000_000 + packet as i64 * arrived_apart, 1_250);
        }
        train.verdict()
    }

    #[test]
    fn a_train_that_is_pulled_apart_shows_the_bottleneck() {
        assert_eq!(train(0, 10_000), Some(Verdict::Carries(1_000_000.0)));
        assert_eq!(train(5_000, 10_000), Some(Verdict::Carries(1_000_000.0)));
        assert_eq!(train(10_000, 10_000), Some(Verdict::AtLeast(1_000_000.0)));
        assert_eq!(train(10_000, 2_000), Some(Verdict::AtLeast(1_000_000.0)), "squeezed together on the way");
    }

    #[test]
    fn packets_handed_over_together_tell_no_more_than_their_size_allows() {
        assert!(matches!(train(0, 0), Some(Verdict::AtLeast(rate)) if rate < 7_000_000.0));
        let mut short = Train::default();
        (0..4).for_each(|packet| short.add(0, packet * 10_000, 1_250));
        assert_eq!(short.verdict(), None);
    }
}
