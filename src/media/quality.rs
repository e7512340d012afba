//! What a viewer is sent: which layer of the video, up to which temporal layer, or no video at all. Decisions only.
//!
//! Audio comes first: its rate is set aside before anything else. The rest follows the estimate, down at once and up with care:
//! - What does not fit any more is left at once for the best that fits; temporal layers go before the layer itself.
//! - Up goes what fits with room to spare, some time after the last step down, and only to a rate that passed before or was probed. A step up that
//!   was followed by a step down doubles the wait, so that a network at its limit is not tried again and again.
//! - Video stops only when not even the lowest step fits for a while, by the delay; loss alone stops it only where so much is lost that audio suffers.
//!
//! Whoever reports nothing gets what [`stream::choose`] says.

use std::time::{Duration, Instant};

use super::ViewOptions;
use super::codec::MAX_TEMPORAL;
use super::estimate::Network;
use super::stream::{self, Candidate};

/// A stream has at most twelve layers, see [`stream::Stream::layer`].
const MAX_OFFERS: usize = 12;
/// Headers, tags and extensions of packets of about 1,100 bytes.
const OVERHEAD: f64 = 1.05;
/// A step that is being sent may need this much more than the estimate before it is left; rates of layers swing.
const TOLERANCE: f64 = 1.05;
/// A step up needs this much less than the estimate.
const HEADROOM: f64 = 1.12;
/// A probe asks for more than a step up needs: jitter stretches it, and not all that it shows counts.
const PROBED: f64 = 1.5;
/// Probes go up in strides, so that one that fails floods nobody.
const STRIDE: f64 = 2.0;
/// From a step down to the next step up: at first, and at most after many in vain.
const WAIT: Duration = Duration::from_secs(4);
const MOST_WAIT: Duration = Duration::from_secs(120);
/// Between two steps up: one key frame, and time for the queue to show.
const BETWEEN: Duration = Duration::from_millis(1_500);
/// A step down so soon after a step up says that the step up was wrong.
const SOON: Duration = Duration::from_secs(15);
/// After this time without a step down the wait begins anew.
const FORGET: Duration = Duration::from_secs(180);
/// For how long the lowest step must not fit before video is paused.
const SHORT: Duration = Duration::from_secs(1);
/// With a longer queue nothing goes up.
const CALM: Duration = Duration::from_millis(50);
/// A step that needs only so much more than the estimate is not left before the queue is this long: the estimate is well below what arrives after overuse,
/// and other traffic comes and goes.
const MILD: f64 = 1.25;
const PATIENCE: Duration = Duration::from_millis(120);
/// Loss that resends make good (draft-ietf-rmcat-gcc-02, section 6).
const LOSSY: f64 = 0.10;
/// Video is held if the queue is longer than the first at a step down, or than the second soon after it: waiting for a key frame and draining beside the
/// video would keep audio late for many seconds. But not for longer than the third, for it may be the queue of others.
const HOLD: (Duration, Duration, Duration) = (Duration::from_millis(150), Duration::from_millis(250), Duration::from_secs(4));
/// Until it is shorter than the first. How long it is shows only once what stood in it has arrived: when it is first seen it is longer by the second, and
/// while it drains it gets shorter by the third part of the time, for the rest of what the path carries is sound.
const DRAINED: (Duration, Duration, f64) = (Duration::from_millis(120), Duration::from_millis(100), 0.7);
/// A picture that begins anew takes so long to come that the last of the queue is gone by then.
const AHEAD: Duration = Duration::from_millis(80);
/// With a longer queue audio comes too late to follow a talk.
const UNBEARABLE: Duration = Duration::from_millis(400);
/// What the estimate may be too low by while a queue drains.
const DRAINING: f64 = 2.0;
/// Loss by which audio is no longer understood (Opus with in-band correction bears about a third): then video stops for the sake of it.
const DEAFENING: f64 = 0.35;
/// Where nothing can be probed a step up is a trial at the cost of the audio, so the wait is as many times longer.
const TRIAL: u32 = 4;

/// A layer that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// Index of the layer in the stream.
    pub(super) at: usize,
    /// What makes a layer the better one, its height for instance; of equals the rate decides.
    pub(super) order: u32,
    /// Bits a second up to each temporal layer, from the base on, without headers; unused ones zero. Without temporal layers only the first.
    /// Of a layer whose rate swings, as with slides, the peak of the last seconds.
    pub(super) rates: [u64; MAX_TEMPORAL],
}

impl Offer {
    pub(super) fn temporals(&self) -> usize {
        self.rates.iter().rposition(|rate| *rate > 0).map_or(1, |last| last + 1)
    }

    pub(super) fn full(&self) -> u64 {
        self.rates[self.temporals() - 1]
    }

    fn better_than(&self, other: &Self) -> bool {
        (self.order, self.full(), other.at) > (other.order, other.full(), self.at)
    }
}

/// A layer up to a temporal layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) layer: usize,
    /// The highest temporal layer to send, from zero.
    pub(super) temporal: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) video: Option<Step>,
    /// There is no video because the network does not carry it; to be told to the viewer.
    pub(super) paused_by_bandwidth: bool,
    /// A queue of ours must drain for the sake of the audio: send no video at all now, and begin with a key frame of what was decided once this is over.
    pub(super) hold: bool,
    /// Probe at this rate, bits a second, everything included.
    pub(super) probe: Option<u64>,
}

/// What a decision is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    pub(super) offers: &'a [Offer],
    /// Bits a second as it leaves: headers and tags are half of it. Zero if there is none.
    pub(super) audio: u64,
    pub(super) options: ViewOptions,
    /// `None` where the viewer reports nothing.
    pub(super) network: Option<Network>,
}

/// The state of the choice for one viewer.
#[derive(Debug, Default)]
pub(super) struct Quality {
    step: Option<Step>,
    paused: bool,
    last_up: Option<Instant>,
    last_down: Option<Instant>,
    wait: Option<Duration>,
    holding: bool,
    /// A queue is being drained: since when, and the longest that it was seen.
    draining: Option<(Instant, Duration)>,
    /// Since when the lowest step has not fitted.
    short_since: Option<Instant>,
}

/// A step and what it needs, bits a second with audio.
#[derive(Clone, Copy, Debug)]
struct Rung<'a> {
    offer: &'a Offer,
    temporal: usize,
    need: f64,
}

impl Rung<'_> {
    fn step(&self) -> Step {
        Step { layer: self.offer.at, temporal: self.temporal as u8 }
    }

    fn above(&self, other: &Rung<'_>) -> bool {
        let higher = if self.offer.at == other.offer.at { self.temporal > other.temporal } else { self.offer.better_than(other.offer) };
        higher && self.need > other.need
    }
}

/// All steps that the viewer may get.
fn rungs<'a>(situation: &Situation<'a>) -> impl Iterator<Item = Rung<'a>> {
    let offers = situation.offers;
    let lowest = offers.iter().reduce(|lowest, offer| if lowest.better_than(offer) { offer } else { lowest }).map(|offer| offer.at);
    let audio = situation.audio as f64;
    let saving = situation.options.save_data;
    offers.iter().filter(move |offer| !saving || Some(offer.at) == lowest).flat_map(move |offer| {
        (0..offer.temporals()).map(move |temporal| Rung { offer, temporal, need: (offer.rates[temporal] as f64 + audio) * OVERHEAD })
    })
}

/// The best step that needs no more than `budget`.
fn best<'a>(situation: &Situation<'a>, budget: f64) -> Option<Rung<'a>> {
    rungs(situation).filter(|rung| rung.need <= budget).reduce(|best, rung| if rung.above(&best) { rung } else { best })
}

fn lowest<'a>(situation: &Situation<'a>) -> Option<Rung<'a>> {
    rungs(situation).reduce(|lowest, rung| if rung.need < lowest.need { rung } else { lowest })
}

impl Quality {
    /// What to send from now on; to be asked on every tick and after feedback.
    pub(super) fn decide(&mut self, now: Instant, situation: &Situation<'_>) -> Decision {
        if situation.options.audio_only || situation.offers.is_empty() {
            // What will be wanted later is chosen by what will be known then.
            (self.step, self.paused, self.short_since) = (None, false, None);
            return Decision::default();
        }
        let Some(network) = situation.network else { return self.without_reports(situation) };
        if self.wait.is_some() && self.last_down.is_some_and(|down| now.saturating_duration_since(down) > FORGET) {
            self.wait = None;
        }
        let present = self.step.and_then(|step| rungs(situation).find(|rung| rung.step() == step));
        let mut decision = if self.paused {
            self.look_up(now, situation, &network, None)
        } else if let Some(present) = present {
            self.keep(now, situation, &network, present)
        } else {
            self.begin(situation, &network)
        };
        self.holding = !self.paused && self.holds(now, &network);
        decision.hold = self.holding;
        decision.video = self.step.filter(|_| !self.paused);
        decision.paused_by_bandwidth = self.paused;
        decision
    }

    fn holds(&mut self, now: Instant, network: &Network) -> bool {
        let (drained, growth, part) = DRAINED;
        let since_down = self.last_down.map_or(HOLD.2, |down| now.saturating_duration_since(down));
        let least = if since_down.is_zero() { HOLD.0 } else { HOLD.1 };
        if since_down >= HOLD.2 || network.silent || network.queue <= drained {
            self.draining = None;
        } else if self.draining.is_some() || network.queue > least {
            let (since, longest) = self.draining.get_or_insert((now, network.queue + growth));
            *longest = network.queue.max(*longest);
            return drained + AHEAD + now.saturating_duration_since(*since).mul_f64(part) < *longest;
        }
        false
    }

    fn without_reports(&mut self, situation: &Situation<'_>) -> Decision {
        let mut candidates = [Candidate { at: 0, bitrate: 0 }; MAX_OFFERS];
        let count = situation.offers.len().min(MAX_OFFERS);
        for (candidate, offer) in candidates.iter_mut().zip(situation.offers) {
            *candidate = Candidate { at: offer.at, bitrate: offer.full() };
        }
        let chosen = stream::choose(&candidates[..count], situation.options, self.step.map(|step| step.layer));
        let offer = situation.offers.iter().find(|offer| Some(offer.at) == chosen);
        self.step = offer.map(|offer| Step { layer: offer.at, temporal: offer.temporals() as u8 - 1 });
        self.paused = false;
        Decision { video: self.step, ..Decision::default() }
    }

    /// The first choice, or a new one after the layer went: what fits, and the lowest before there is proof that it does not.
    fn begin(&mut self, situation: &Situation<'_>, network: &Network) -> Decision {
        let fits = best(situation, network.estimate as f64 / HEADROOM);
        self.step = fits.or_else(|| lowest(situation)).map(|rung| rung.step());
        Decision::default()
    }

    fn keep(&mut self, now: Instant, situation: &Situation<'_>, network: &Network, present: Rung<'_>) -> Decision {
        // What meets neither queue nor loss passes, whatever the estimate says of it.
        let unhindered = !network.overused && network.queue < CALM && network.loss < LOSSY;
        let fits = unhindered || present.need <= network.estimate as f64 * TOLERANCE;
        let Some(floor) = lowest(situation) else { return Decision::default() };
        if network.silent {
            // Whatever the path carries when it comes back, the lowest step does.
            if present.above(&floor) {
                self.step = Some(floor.step());
            }
            self.short_since = None;
            return Decision::default();
        }
        if fits {
            self.short_since = None;
            return self.look_up(now, situation, network, Some(present));
        }
        if network.queue < PATIENCE && present.need <= network.estimate as f64 * MILD {
            self.short_since = None;
            return Decision::default();
        }
        let target = best(situation, network.estimate as f64).filter(|rung| present.above(rung)).unwrap_or(floor);
        if present.above(&target) {
            self.step_down(now);
            self.step = Some(target.step());
        }
        // While a queue drains little arrives, and the estimate is of that. What keeps a short queue no longer than it is passes.
        let suffers = network.overused || network.queue > HOLD.1 || network.loss > DEAFENING;
        let short = if self.holding {
            target.need > stops(network) * DRAINING
        } else {
            suffers && (target.need > stops(network) || network.queue > UNBEARABLE)
        };
        self.pause_if_short(now, short);
        Decision::default()
    }

    fn pause_if_short(&mut self, now: Instant, short: bool) {
        self.short_since = self.short_since.or(Some(now)).filter(|_| short);
        if self.short_since.is_some_and(|since| now.saturating_duration_since(since) >= SHORT) {
            self.step_down(now);
            self.paused = true;
            self.short_since = None;
        }
    }

    /// A step up if there is room, or what it takes to find out.
    fn look_up(&mut self, now: Instant, situation: &Situation<'_>, network: &Network, present: Option<Rung<'_>>) -> Decision {
        let higher = |rung: &Rung<'_>| present.is_none_or(|present| rung.above(&present));
        let next = rungs(situation).filter(higher).reduce(|next, rung| if rung.need < next.need { rung } else { next });
        let Some(next) = next.filter(|_| self.may_go_up(now, network)) else { return Decision::default() };
        let estimate = network.estimate as f64;
        if let Some(target) = best(situation, estimate / HEADROOM).filter(higher) {
            self.step_up(now, target);
        } else if network.probes {
            let top = rungs(situation).map(|rung| rung.need).fold(next.need, f64::max);
            let wanted = (top * PROBED).min(estimate * STRIDE).max(next.need * PROBED);
            return Decision { probe: Some(wanted as u64), ..Decision::default() };
        } else if network.application_limited && self.rested(now, self.wait() * TRIAL, self.wait() * TRIAL) {
            self.step_up(now, next);
        }
        Decision::default()
    }

    fn wait(&self) -> Duration {
        self.wait.unwrap_or(WAIT)
    }

    /// Whether the last steps down and up are long enough ago.
    fn rested(&self, now: Instant, down: Duration, up: Duration) -> bool {
        let since = |at: Option<Instant>, least: Duration| at.is_none_or(|at| now.saturating_duration_since(at) >= least);
        since(self.last_down, down) && since(self.last_up, up)
    }

    fn may_go_up(&self, now: Instant, network: &Network) -> bool {
        let calm = !network.overused && !network.silent && network.queue < CALM;
        calm && self.rested(now, self.wait(), BETWEEN)
    }

    fn step_up(&mut self, now: Instant, target: Rung<'_>) {
        self.step = Some(target.step());
        self.paused = false;
        self.last_up = Some(now);
    }

    fn step_down(&mut self, now: Instant) {
        if self.last_up.take().is_some_and(|up| now.saturating_duration_since(up) < SOON) {
            self.wait = Some((self.wait() * 2).min(MOST_WAIT));
        }
        self.last_down = Some(now);
    }
}

/// What the lowest step may need before video stops: about all that arrived, since the estimate is well below that after overuse.
fn stops(network: &Network) -> f64 {
    const LAST: f64 = 1.15;
    let counted = if network.loss > DEAFENING { network.estimate } else { network.by_delay };
    counted as f64 * LAST
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "quality_scenarios.rs"]
mod scenarios;
