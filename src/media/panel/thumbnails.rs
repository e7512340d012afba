//! How many of a viewer's small pictures its network carries, besides the sound and the smallest layer of the main picture.
//!
//! Small pictures come before the better layers of the main one, and are the first to go when what is left does not fit: the last slot first. They
//! come back one calm while later, where the estimate or a probe shows that there is room; each return in vain doubles the wait.
//! Whoever reports nothing gets all.

use std::time::{Duration, Instant};

use crate::media::estimate::Network;

/// Headers, tags and extensions; pictures of about 1,100 bytes.
const OVERHEAD: f64 = 1.05;
/// A rate that is being sent may be so much above the estimate, and one that is added must stay so much below.
const TOLERANCE: f64 = 1.05;
const HEADROOM: f64 = 1.12;
/// A probe asks for more than is needed: not all that it shows counts.
const PROBED: f64 = 1.5;
/// With a longer queue nothing is added, and with the second all go: it must drain for the sake of the sound.
const CALM: Duration = Duration::from_millis(50);
const CROWDED: Duration = Duration::from_millis(250);
/// Loss that resends make good.
const LOSSY: f64 = 0.10;
/// From one that went to the next that comes: at first, and at most after many in vain.
const WAIT: Duration = Duration::from_secs(4);
const MOST_WAIT: Duration = Duration::from_secs(120);
/// The large picture's first key frame shows what the path carries; before that the small ones would only be in its way.
const FIRST: Duration = Duration::from_secs(1);
/// Between two that come: time for the queue to show.
const BETWEEN: Duration = Duration::from_millis(1_500);
/// One that goes so soon after it came was in vain.
const SOON: Duration = Duration::from_secs(15);
/// Where nothing can be probed the wait is so many times longer: it is a trial at the cost of the sound.
const TRIAL: u32 = 4;

#[derive(Debug, Default)]
pub(in crate::media) struct Thumbnails {
    carried: usize,
    begun: Option<Instant>,
    last_up: Option<Instant>,
    last_down: Option<Instant>,
    wait: Option<Duration>,
}

impl Thumbnails {
    /// How many of those that need so many bits a second are carried, the first ones, and at which rate to probe for the next. `base`: what comes
    /// before them.
    pub(in crate::media) fn decide(&mut self, now: Instant, network: Option<Network>, base: u64, needs: &[u64]) -> (usize, Option<u64>) {
        let Some(network) = network else {
            self.carried = needs.len();
            return (self.carried, None);
        };
        let total = |count: usize| (base + needs.iter().take(count).sum::<u64>()) as f64 * OVERHEAD;
        let estimate = network.estimate as f64;
        let fitting = |budget: f64| (0..=needs.len()).rev().find(|count| total(*count) <= budget).unwrap_or(0);
        self.carried = self.carried.min(needs.len());
        if network.silent {
            return (self.carried, None);
        }
        let calm = !network.overused && network.queue < CALM && network.loss < LOSSY;
        let crowded = network.queue > CROWDED;
        if !calm {
            if self.carried > 0 && (crowded || total(self.carried) > estimate * TOLERANCE) {
                let target = if crowded { 0 } else { fitting(estimate) };
                self.carried = target.min(self.carried - 1);
                self.went(now);
            }
            return (self.carried, None);
        }
        let since = |at: Option<Instant>, least: Duration| at.is_none_or(|at| now.saturating_duration_since(at) >= least);
        let wait = self.wait.unwrap_or(WAIT);
        let begun = *self.begun.get_or_insert(now);
        if self.carried == needs.len() || !since(Some(begun), FIRST) || !since(self.last_down, wait) || !since(self.last_up, BETWEEN) {
            return (self.carried, None);
        }
        let next = self.carried + 1;
        let fits = fitting(estimate / HEADROOM);
        if fits >= next {
            (self.carried, self.last_up) = (fits, Some(now));
        } else if network.probes {
            return (self.carried, Some((total(next) * PROBED) as u64));
        } else if network.application_limited && since(self.last_down, wait * TRIAL) && since(self.last_up, wait * TRIAL) {
            (self.carried, self.last_up) = (next, Some(now));
        }
        (self.carried, None)
    }

    fn went(&mut self, now: Instant) {
        if self.last_up.take().is_some_and(|up| now.saturating_duration_since(up) < SOON) {
            self.wait = Some((self.wait.unwrap_or(WAIT) * 2).min(MOST_WAIT));
        }
        self.last_down = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 200_000;
    const NEEDS: [u64; 3] = [150_000; 3];

    fn network(estimate: u64) -> Network {
        Network {
            estimate,
            by_delay: estimate,
            overused: false,
            queue: Duration::ZERO,
            loss: 0.0,
            application_limited: false,
            silent: false,
            probes: true,
        }
    }

    fn queued(estimate: u64, ms: u64) -> Network {
        Network { overused: true, queue: Duration::from_millis(ms), ..network(estimate) }
    }

    /// One whose large picture has begun.
    fn begun(now: Instant) -> Thumbnails {
        Thumbnails { begun: Some(now - FIRST), ..Thumbnails::default() }
    }

    #[test]
    fn what_fits_is_carried_soon_and_the_next_is_probed_for() {
        let (mut thumbnails, now) = (Thumbnails::default(), Instant::now());
        assert_eq!(thumbnails.decide(now, Some(network(4_000_000)), BASE, &NEEDS), (0, None), "the large picture begins first");
        assert_eq!(thumbnails.decide(now + FIRST, Some(network(4_000_000)), BASE, &NEEDS), (3, None));
        assert_eq!(Thumbnails::default().decide(now, None, BASE, &NEEDS), (3, None), "who reports nothing gets all");
        let (carried, probe) = begun(now).decide(now, Some(network(300_000)), BASE, &NEEDS);
        assert_eq!(carried, 0);
        assert!(probe.is_some_and(|rate| rate > 500_000));
    }

    #[test]
    fn the_last_go_first_and_come_back_after_a_wait_that_doubles_in_vain() {
        let mut now = Instant::now();
        let mut thumbnails = begun(now);
        thumbnails.decide(now, Some(network(4_000_000)), BASE, &NEEDS);
        assert_eq!(thumbnails.decide(now, Some(queued(560_000, 80)), BASE, &NEEDS).0, 2);
        assert_eq!(thumbnails.decide(now, Some(network(560_000)), BASE, &NEEDS), (2, None), "not at once");
        now += WAIT;
        assert_eq!(thumbnails.decide(now, Some(network(4_000_000)), BASE, &NEEDS).0, 2, "the first return was in vain");
        now += WAIT;
        assert_eq!(thumbnails.decide(now, Some(network(4_000_000)), BASE, &NEEDS).0, 3);
        assert_eq!(thumbnails.decide(now, Some(queued(4_000_000, 300)), BASE, &NEEDS).0, 0, "a long queue must drain");
    }

    #[test]
    fn a_queue_of_others_and_a_low_estimate_without_a_queue_take_nothing_away() {
        let now = Instant::now();
        let mut thumbnails = begun(now);
        thumbnails.decide(now, Some(network(4_000_000)), BASE, &NEEDS);
        assert_eq!(thumbnails.decide(now, Some(queued(900_000, 80)), BASE, &NEEDS).0, 3);
        assert_eq!(thumbnails.decide(now, Some(network(400_000)), BASE, &NEEDS).0, 3);
        assert_eq!(thumbnails.decide(now, Some(Network { silent: true, ..queued(100_000, 900) }), BASE, &NEEDS).0, 3);
        assert_eq!(thumbnails.decide(now, Some(network(400_000)), BASE, &NEEDS[..1]).0, 1, "who left needs nothing");
    }

    #[test]
    fn without_probes_one_more_is_tried_seldom() {
        let mut now = Instant::now();
        let mut thumbnails = begun(now);
        let limited = Network { probes: false, application_limited: true, ..network(300_000) };
        let mut counts = Vec::new();
        for _ in 0..40 {
            counts.push(thumbnails.decide(now, Some(limited), BASE, &NEEDS).0);
            now += Duration::from_secs(1);
        }
        assert_eq!((counts[0], counts[15], counts[16], counts[39]), (1, 1, 2, 3));
    }
}
