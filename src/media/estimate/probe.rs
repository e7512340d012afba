//! Probing: whether the path carries more than we send. A cluster of packets leaves at the wanted rate, real ones and resends of real ones to fill
//! up, and its reports show at what rate it arrived. Whoever asks in vain waits twice as long each time.

use super::rate::{Train, Verdict};
use super::ring::Known;

/// What a cluster lasts, microseconds: some times the jitter of a good network; and after one in vain, which may have been jitter.
const LENGTH: (f64, f64) = (40_000.0, 80_000.0);
/// What it may last at the present estimate: on a path that is full already, sound waits behind it for no longer.
const BURDEN: f64 = 120_000.0;
/// Fewer packets make no verdict, nor do very small ones.
const FEWEST_PACKETS: u32 = 6;
const PACKET: (f64, f64) = (200.0, 1_200.0);
/// Between a probe that came through and the next, and after the first that did not, microseconds.
const AGAIN: u64 = 500_000;
const PATIENCE: u64 = 2_000_000;
/// Not longer, so that who comes into a better network sees it soon; a probe every so often costs a few kbit/s.
const MOST_PATIENCE: u64 = 8_000_000;
/// A probe has succeeded with this part of the wanted rate.
const REACHED: f64 = 0.9;
/// Or if it went so far above what was known before: a small cluster on a slow path cannot show more at once.
const PROGRESS: f64 = 1.3;
/// Of what a saturated path carried, this part may be used (as libwebrtc).
const USABLE: f64 = 0.95;

#[derive(Debug)]
struct Cluster {
    rate: f64,
    estimate: f64,
    goal: f64,
    began: u64,
    /// Number of its first packet, and of the one after its last once it is complete.
    first: u64,
    end: Option<u64>,
    completed: u64,
    packets: u32,
    bytes: f64,
    lost: u32,
    train: Train,
}

#[derive(Debug)]
pub(super) struct Prober {
    cluster: Option<Cluster>,
    not_before: u64,
    patience: u64,
}

impl Default for Prober {
    fn default() -> Self {
        Self { cluster: None, not_before: 0, patience: PATIENCE }
    }
}

impl Prober {
    /// Begins a cluster at `rate` with the next packet, unless it is too early. `estimate` is what is known to pass.
    pub(super) fn begin(&mut self, now: u64, rate: f64, estimate: f64, first: u64) -> bool {
        if self.cluster.is_some() || now < self.not_before || rate <= 0.0 {
            return false;
        }
        let length = if self.patience > PATIENCE { LENGTH.1 } else { LENGTH.0 };
        let goal = (rate * length / 8e6).min(estimate * BURDEN / 8e6).max(f64::from(FEWEST_PACKETS) * PACKET.0);
        let cluster = Cluster {
            rate,
            estimate,
            goal,
            began: now,
            first,
            end: None,
            completed: 0,
            packets: 0,
            bytes: 0.0,
            lost: 0,
            train: Train::default(),
        };
        self.cluster = Some(cluster);
        true
    }

    /// The size of the packet that should leave now to keep the cluster's pace; zero if none.
    pub(super) fn due(&self, now: u64) -> usize {
        let Some(cluster) = self.cluster.as_ref().filter(|cluster| cluster.end.is_none()) else { return 0 };
        let allowed = cluster.rate * now.saturating_sub(cluster.began) as f64 / 8e6;
        if cluster.bytes > allowed { 0 } else { (cluster.goal / f64::from(FEWEST_PACKETS)).clamp(PACKET.0, PACKET.1) as usize }
    }

    /// A cluster is under way and not complete.
    pub(super) fn is_open(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.end.is_none())
    }

    /// Every packet that is sent meanwhile belongs to the cluster: it goes through the same bottleneck. True while more is wanted.
    pub(super) fn sent(&mut self, now: u64, index: u64, bytes: usize) -> bool {
        let Some(cluster) = self.cluster.as_mut().filter(|cluster| cluster.end.is_none()) else { return false };
        cluster.packets += 1;
        cluster.bytes += bytes as f64;
        if cluster.packets >= FEWEST_PACKETS && cluster.bytes >= cluster.goal {
            cluster.end = Some(index + 1);
            cluster.completed = now;
        }
        cluster.end.is_none()
    }

    fn cluster_of(&mut self, index: u64) -> Option<&mut Cluster> {
        self.cluster.as_mut().filter(|cluster| index >= cluster.first && cluster.end.is_none_or(|end| index < end))
    }

    pub(super) fn arrived(&mut self, known: &Known, arrived: i64) {
        if let Some(cluster) = self.cluster_of(known.index) {
            cluster.train.add(known.sent, arrived, known.bytes);
        }
    }

    pub(super) fn lost(&mut self, index: u64) {
        if let Some(cluster) = self.cluster_of(index) {
            cluster.lost += 1;
        }
    }

    /// Feedback reached as far as `heard`. The rate that has been proved if the cluster is complete, zero if none.
    pub(super) fn judge(&mut self, now: u64, heard: u64) -> Option<f64> {
        let end = self.cluster.as_ref()?.end?;
        if heard + 1 < end {
            return None;
        }
        let cluster = self.cluster.take()?;
        // With a third of it gone the path is full.
        let full = cluster.lost * 3 > cluster.packets;
        let rate = match cluster.train.verdict().filter(|_| !full) {
            Some(Verdict::AtLeast(rate)) => rate,
            Some(Verdict::Carries(rate)) => rate * USABLE,
            None if full => 0.0,
            None => {
                // The report itself got lost.
                self.not_before = now + AGAIN;
                return None;
            }
        };
        // Frames that left in one go meanwhile may have been faster, but they are too few to be believed.
        let rate = rate.min(cluster.rate);
        if rate >= REACHED * cluster.rate || rate >= PROGRESS * cluster.estimate {
            self.patience = PATIENCE;
            self.not_before = now + AGAIN;
        } else {
            self.failed(now);
        }
        Some(rate)
    }

    fn failed(&mut self, now: u64) {
        self.not_before = now + self.patience;
        self.patience = (self.patience * 2).min(MOST_PATIENCE);
    }

    /// Gives up a cluster that could not be sent or of which nothing is heard.
    pub(super) fn tick(&mut self, now: u64, rtt: u64) {
        let Some(cluster) = &self.cluster else { return };
        match cluster.end {
            None if now.saturating_sub(cluster.began) > 4 * (cluster.goal * 8e6 / cluster.rate) as u64 + 100_000 => {
                self.cluster = None;
                self.not_before = now + AGAIN;
            }
            Some(_) if now.saturating_sub(cluster.completed) > 2 * rtt + 500_000 => {
                self.cluster = None;
                self.failed(now);
            }
            _ => {}
        }
    }

    /// Forgets failures and a cluster under way: the path is another.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a cluster at 2 Mbit/s in packets of 1,000 bytes through a path of `capacity`; what was proved and the packets that it took.
    fn probe(prober: &mut Prober, start: u64, capacity: f64, lost: &[u64]) -> (f64, u64) {
        assert!(prober.begin(start, 2e6, 1e6, 100));
        assert!(!prober.begin(start, 2e6, 1e6, 100), "one at a time");
        let (mut index, mut now, mut arrived) = (100, start, 0.0);
        let mut all = Vec::new();
        while now < start + 1_000_000 {
            while prober.due(now) > 0 {
                prober.sent(now, index, 1_000);
                arrived = f64::max(arrived, now as f64) + 8e9 / capacity;
                all.push((Known { index, sent: now, bytes: 1_000, was_lost: false }, arrived as i64));
                index += 1;
            }
            now += 4_000;
        }
        for (known, arrived) in &all {
            if lost.contains(&known.index) { prober.lost(known.index) } else { prober.arrived(known, *arrived) }
        }
        assert_eq!(prober.judge(now, index - 2), None, "not all of it was heard of");
        (prober.judge(now, index - 1).expect("complete"), index - 100)
    }

    #[test]
    fn a_probe_tells_what_passes_and_lasts_some_forty_milliseconds() {
        let mut prober = Prober::default();
        let (rate, packets) = probe(&mut prober, 0, 10e6, &[]);
        assert!((1.8e6..2.2e6).contains(&rate), "{rate}");
        assert!((10..13).contains(&packets), "{packets}");
        let (rate, _) = probe(&mut prober, 3_000_000, 1e6, &[]);
        assert!((0.9e6..1e6).contains(&rate), "{rate}");
    }

    #[test]
    fn who_asks_in_vain_waits_twice_as_long_each_time() {
        let mut prober = Prober::default();
        let mut now = 0;
        for wait in [2, 4, 8, 8, 8] {
            assert!(probe(&mut prober, now, 1e6, &[]).0 < 1.8e6);
            now += 1_000_000;
            assert!(!prober.begin(now + wait * 1_000_000 - 1, 2e6, 1e6, 0));
            now += wait * 1_000_000;
        }
        assert!(probe(&mut prober, now, 10e6, &[]).0 > 1.8e6);
        assert!(prober.begin(now + 2_000_000, 2e6, 1e6, 0), "success makes patient again");
    }

    #[test]
    fn loss_of_some_packets_spoils_no_probe_but_loss_of_many_does() {
        let mut prober = Prober::default();
        assert!(probe(&mut prober, 0, 10e6, &[103, 105]).0 > 1.4e6);
        assert_eq!(probe(&mut prober, 5_000_000, 10e6, &[102, 103, 104, 105, 106]).0, 0.0);
    }

    #[test]
    fn a_report_that_got_lost_is_no_failure() {
        let mut prober = Prober::default();
        assert!(prober.begin(0, 2e6, 1e6, 0));
        (0..12).for_each(|index| _ = prober.sent(0, index, 1_000));
        assert_eq!(prober.judge(100_000, 20), None);
        assert!(prober.begin(700_000, 2e6, 1e6, 20));
    }

    #[test]
    fn clusters_that_go_nowhere_are_given_up() {
        let mut prober = Prober::default();
        assert!(prober.begin(0, 2e6, 1e6, 0));
        prober.tick(1_000_000, 100_000);
        assert_eq!(prober.due(1_000_000), 0);
        assert!(prober.begin(2_000_000, 2e6, 1e6, 0), "nothing was sent, so nothing has failed");
        (0..12).for_each(|index| _ = prober.sent(2_000_000, index, 1_000));
        prober.tick(3_000_000, 100_000);
        assert!(!prober.begin(4_000_000, 2e6, 1e6, 0));
        assert!(prober.begin(5_000_000, 2e6, 1e6, 0));
    }
}
