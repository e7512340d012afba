//! What leaves: the part that is touched for every packet to every viewer, kept together in two lines of cache.

use std::time::{Duration, Instant};

use super::ring::Ring;

/// A rate is taken over the time since a mark; marks are this far apart, microseconds, and so many: half a second.
const APART: u64 = 100_000;
const MARKS: usize = 6;

#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) ring: Ring,
    /// One second before the first call, so that times are above zero.
    origin: Instant,
    /// The last time that was asked for: the packets of a frame leave at one.
    last: (Instant, u64),
    bytes: u64,
    packets: u32,
    /// A probe wants to know of every packet.
    pub(super) probing: bool,
    /// When the first packet left after something was heard; zero if none did.
    waiting: u64,
    /// Time and bytes at the marks, youngest first.
    marks: [(u64, u64); MARKS],
    /// Packets and bytes at the last receiver report.
    reported: (u32, u64),
}

impl Outgoing {
    pub(super) fn new(now: Instant) -> Self {
        let origin = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        Self {
            ring: Ring::default(),
            origin,
            last: (origin, 0),
            bytes: 0,
            packets: 0,
            probing: false,
            waiting: 0,
            marks: [(0, 0); MARKS],
            reported: (0, 0),
        }
    }

    /// Microseconds since the origin.
    pub(super) fn micros(&mut self, now: Instant) -> u64 {
        if now != self.last.0 {
            let since = now.saturating_duration_since(self.origin);
            self.last = (now, since.as_secs() * 1_000_000 + u64::from(since.subsec_micros()));
        }
        self.last.1
    }

    pub(super) fn origin(&self) -> Instant {
        self.origin
    }

    pub(super) fn count(&mut self, now: u64, bytes: usize) {
        self.bytes += bytes as u64;
        self.packets = self.packets.wrapping_add(1);
        if self.waiting == 0 {
            self.waiting = now;
        }
    }

    /// Something was heard.
    pub(super) fn heard(&mut self) {
        self.waiting = 0;
    }

    /// For how long packets have left without anything being heard.
    pub(super) fn waits(&self, now: u64) -> u64 {
        if self.waiting == 0 { 0 } else { now.saturating_sub(self.waiting) }
    }

    /// To be called often enough for marks to be about [`APART`].
    pub(super) fn mark(&mut self, now: u64) {
        if now >= self.marks[0].0 + APART {
            self.marks.rotate_right(1);
            self.marks[0] = (now, self.bytes);
        }
    }

    /// What leaves, bits a second over the last half second.
    pub(super) fn rate(&self, now: u64) -> f64 {
        let (since, bytes) = self.marks.iter().copied().rfind(|mark| mark.0 > 0).unwrap_or((0, 0));
        let elapsed = now.saturating_sub(since).max(APART);
        (self.bytes - bytes) as f64 * 8e6 / elapsed as f64
    }

    /// Packets and bytes since the last call.
    pub(super) fn since_report(&mut self) -> (u32, u64) {
        let (packets, bytes) = std::mem::replace(&mut self.reported, (self.packets, self.bytes));
        (self.packets.wrapping_sub(packets), self.bytes - bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_half_second() {
        let start = Instant::now();
        let mut outgoing = Outgoing::new(start);
        for step in 0..200 {
            let now = outgoing.micros(start + Duration::from_millis(step * 10));
            outgoing.count(now, if step < 100 { 1_250 } else { 125 });
            outgoing.mark(now);
            let expected = if step < 100 { 1e6 } else { 1e5 };
            if (20..100).contains(&step) || step > 170 {
                assert!((outgoing.rate(now) / expected - 1.0).abs() < 0.12, "{step} {}", outgoing.rate(now));
            }
        }
        assert_eq!(outgoing.since_report(), (200, 137_500));
        assert_eq!(outgoing.since_report(), (0, 0));
    }

    #[test]
    fn waiting_begins_with_the_first_packet_after_something_was_heard() {
        let mut outgoing = Outgoing::new(Instant::now());
        assert_eq!(outgoing.waits(5_000_000), 0);
        outgoing.count(1_000_000, 100);
        outgoing.count(2_000_000, 100);
        assert_eq!(outgoing.waits(3_000_000), 2_000_000);
        outgoing.heard();
        assert_eq!(outgoing.waits(4_000_000), 0);
    }
}
