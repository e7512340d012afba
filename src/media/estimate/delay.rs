//! Whether a queue grows on the way to the viewer: groups of packets, the trend of their delay, and how long the queue is.
//!
//! The trend is libwebrtc's: a line through the smoothed delays of the last groups, whose slope is scaled and compared to an adaptive threshold.
//! Two things differ, because we forward bursts and do not pace them. A group's delay is that of its first packet: it shows the queue that a frame
//! met, not the one that the frame itself made. And a growing delay is overuse only when there is a queue worth the name: delay above
//! the smallest of the last 10-20 s. Jitter raises the one or the other, seldom both.

use std::time::{Duration, Instant};

use rtc::interceptor::{OveruseDetector, Usage};

/// Packets that leave within this time are one group, microseconds (draft-ietf-rmcat-gcc-02, section 5.2).
const BURST: u64 = 5_000;
/// Groups the line goes through, as in libwebrtc.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
/// Scale of the slope against the threshold, as in libwebrtc.
const GAIN: f64 = 4.0;
const MAX_GROUPS: f64 = 60.0;
/// A queue that delays less is not worth a step down: it is what jitter and a frame of other traffic make. Microseconds.
pub(super) const QUEUE: i64 = 40_000;
/// On a slow path it takes seconds until there is a trend; a queue like this one needs none. Microseconds.
const LONG: i64 = 150_000;
/// A packet that waits behind its own frame for most of this time shows a queue before the next frame does: so much has no frame of a rate that fits.
/// Microseconds.
const STALLED: i64 = 200_000;
/// The smallest delay is kept for one to two of these, which outlasts every queue of ours and follows clocks that drift apart. Microseconds.
const BASE_WINDOW: i64 = 10_000_000;
/// When the smallest delays of this many stretches of such a length are so near each other, what looks like a queue may be a path that has become
/// longer: a queue of ours grows, or drains between frames. Microseconds.
const STRETCHES: usize = 3;
const STRETCH: i64 = 400_000;
const FLAT: i64 = 15_000;

#[derive(Clone, Copy, Debug)]
struct Group {
    /// Times of its first packet.
    sent: u64,
    arrived: i64,
}

#[derive(Debug)]
pub(super) struct Delay {
    current: Option<Group>,
    groups: f64,
    accumulated: f64,
    smoothed: f64,
    /// Arrival in milliseconds after `origin`, and smoothed delay.
    points: [(f32, f32); WINDOW],
    filled: usize,
    origin: i64,
    detector: OveruseDetector,
    usage: Usage,
    /// Smallest delay of the present window and of the one before, and when the present one began.
    base: [i64; 2],
    base_since: i64,
    /// Delay of the last group.
    last: i64,
    queue: i64,
    /// Arrival at which the queue last began to be one.
    queued_since: Option<i64>,
    /// Smallest delays of the present stretch and of those before, and when the present one began.
    floors: [i64; STRETCHES + 1],
    floor_since: i64,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            current: None,
            groups: 0.0,
            accumulated: 0.0,
            smoothed: 0.0,
            points: [(0.0, 0.0); WINDOW],
            filled: 0,
            origin: 0,
            detector: OveruseDetector::new(),
            usage: Usage::Normal,
            base: [i64::MAX; 2],
            base_since: 0,
            last: i64::MAX,
            queue: 0,
            queued_since: None,
            floors: [i64::MAX; STRETCHES + 1],
            floor_since: 0,
        }
    }
}

impl Delay {
    /// Overuse only with a queue; and with a long one that does not get shorter without waiting for a trend.
    pub(super) fn usage(&self) -> Usage {
        match self.usage {
            _ if self.is_long() && self.accumulated >= self.smoothed => Usage::Over,
            Usage::Over if self.queue < QUEUE => Usage::Normal,
            usage => usage,
        }
    }

    /// How long a packet waits on the way beyond what the path takes anyway.
    pub(super) fn queue(&self) -> Duration {
        Duration::from_micros(self.queue.max(0) as u64)
    }

    pub(super) fn is_queued(&self) -> bool {
        self.queue >= QUEUE
    }

    /// No jitter looks like this.
    pub(super) fn is_long(&self) -> bool {
        self.queue >= LONG
    }

    /// Since which arrival there has been a queue.
    pub(super) fn queued_since(&self) -> Option<i64> {
        self.queued_since
    }

    /// Takes a packet that arrived; in the order of sending, late ones are left out. `start` turns our microseconds into the time that
    /// the detector wants.
    pub(super) fn arrived(&mut self, start: Instant, sent: u64, arrived: i64) {
        let Some(current) = self.current else {
            self.measure_queue(sent, arrived);
            self.current = Some(Group { sent, arrived });
            return;
        };
        if sent <= current.sent + BURST {
            let queue = arrived - sent as i64 - self.base[0].min(self.base[1]);
            // A queue that drains is as long behind a frame as before it.
            if queue >= STALLED && arrived - current.arrived >= STALLED / 2 {
                (self.queue, self.last) = (queue, arrived - sent as i64);
                self.queued_since.get_or_insert(arrived);
            }
            return;
        }
        self.measure_queue(sent, arrived);
        let grown = (arrived - current.arrived) as f64 / 1e3 - (sent - current.sent) as f64 / 1e3;
        self.current = Some(Group { sent, arrived });
        self.trend(start + Duration::from_micros(sent), arrived, grown);
    }

    fn measure_queue(&mut self, sent: u64, arrived: i64) {
        let delay = arrived - sent as i64;
        if arrived - self.base_since > BASE_WINDOW {
            self.base = [i64::MAX, self.base[0]];
            self.base_since = arrived;
        }
        self.base[0] = self.base[0].min(delay);
        // Of two groups in a row jitter lets one through early, a queue none.
        let least = delay.min(self.last);
        self.queue = least - self.base[0].min(self.base[1]);
        self.last = delay;
        if arrived - self.floor_since > STRETCH {
            self.floors.rotate_right(1);
            (self.floors[0], self.floor_since) = (i64::MAX, arrived);
        }
        self.floors[0] = self.floors[0].min(least);
        if self.queue < QUEUE / 2 {
            self.queued_since = None;
        } else {
            self.queued_since.get_or_insert(arrived);
        }
    }

    /// The delay has not changed for a while but for what looks like a queue.
    pub(super) fn is_longer_path(&self) -> bool {
        let [_, floors @ ..] = &self.floors;
        let (least, most) = floors.iter().fold((i64::MAX, 0), |(least, most), floor| (least.min(*floor), most.max(*floor)));
        most < i64::MAX && most - least <= FLAT && least - self.base[0].min(self.base[1]) >= QUEUE
    }

    /// Takes the present delay for what the path takes.
    pub(super) fn rebase(&mut self) {
        let least = self.floors.iter().copied().min().unwrap_or(self.last);
        self.base = [least; 2];
        self.base_since = self.floor_since;
        (self.queue, self.queued_since) = ((self.queue.min(self.last - least)).max(0), None);
    }

    fn trend(&mut self, at: Instant, arrived: i64, grown: f64) {
        if self.filled == 0 {
            self.origin = arrived;
        }
        self.groups += 1.0;
        self.accumulated += grown;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if self.filled == WINDOW {
            self.points.copy_within(1.., 0);
            self.filled -= 1;
        }
        self.points[self.filled] = ((arrived - self.origin) as f32 / 1e3, self.smoothed as f32);
        self.filled += 1;
        // A later origin keeps the small floats exact.
        if arrived - self.origin > 60_000_000 {
            let shift = self.points[0].0;
            self.points[..self.filled].iter_mut().for_each(|point| point.0 -= shift);
            self.origin += (shift * 1e3) as i64;
            let level = self.smoothed;
            (self.accumulated, self.smoothed) = (self.accumulated - level, 0.0);
            self.points[..self.filled].iter_mut().for_each(|point| point.1 -= level as f32);
        }
        if self.filled < WINDOW {
            return;
        }
        let slope = slope(&self.points);
        self.usage = self.detector.update(at, self.groups.min(MAX_GROUPS) * slope * GAIN);
    }
}

/// Least squares; zero if all arrived at once.
fn slope(points: &[(f32, f32)]) -> f64 {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |sums, point| (sums.0 + f64::from(point.0), sums.1 + f64::from(point.1)));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |sums, point| {
        let x = f64::from(point.0) - mean_x;
        (sums.0 + x * (f64::from(point.1) - mean_y), sums.1 + x * x)
    });
    if below > 0.0 { above / below } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups 20 ms apart whose delay follows `delay` in microseconds; the usages seen.
    fn run(groups: u64, delay: impl Fn(u64) -> i64) -> (Delay, Vec<Usage>) {
        let start = Instant::now();
        let mut all = Delay::default();
        let usages = (0..groups)
            .map(|group| {
                let sent = 1_000_000 + group * 20_000;
                // A frame of three packets, of which the later ones wait for the first.
                for packet in 0..3 {
                    all.arrived(start, sent, 50_000_000 + sent as i64 + delay(group) + packet * 3_000);
                }
                all.usage()
            })
            .collect();
        (all, usages)
    }

    #[test]
    fn a_path_without_a_queue_is_normal_and_its_queue_nothing() {
        let (delay, usages) = run(500, |_| 0);
        assert!(usages.iter().all(|usage| *usage == Usage::Normal));
        assert_eq!((delay.queue(), delay.queued_since()), (Duration::ZERO, None));
    }

    #[test]
    fn a_queue_that_grows_by_a_tenth_is_overuse_within_a_second() {
        // 2 ms more every 20 ms, from the hundredth group on.
        let (delay, usages) = run(150, |group| group.saturating_sub(100) as i64 * 2_000);
        let first = usages.iter().position(|usage| *usage == Usage::Over).expect("overuse");
        assert!((115..145).contains(&first), "{first}");
        assert!(delay.is_queued());
        assert!(delay.queue() >= Duration::from_millis(90), "{:?}", delay.queue());
    }

    #[test]
    fn a_queue_that_drains_is_underuse() {
        let (_, usages) = run(150, |group| 400_000 - group as i64 * 2_000);
        assert_eq!(usages.last(), Some(&Usage::Under));
    }

    #[test]
    fn a_path_that_became_longer_is_a_queue_only_for_as_long_as_nobody_knows_better() {
        let (delay, usages) = run(1_600, |group| if group < 200 { 0 } else { 100_000 });
        assert_eq!(usages.last(), Some(&Usage::Normal));
        assert!(!delay.is_queued(), "{:?}", delay.queue());
    }

    #[test]
    fn jitter_of_a_few_milliseconds_is_no_overuse() {
        let (_, usages) = run(3_000, |group| (group.wrapping_mul(2_654_435_761) >> 16) as i64 % 15_000);
        assert!(usages.iter().all(|usage| *usage != Usage::Over));
    }
}
