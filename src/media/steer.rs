//! One viewer's network and what it is sent because of it: the estimate, the choice of layers, and the pace at which pictures leave.
//!
//! Sound is never paced. A picture leaves at once as long as the viewer's budget lasts, which the estimate refills; the rest follows in turns,
//! so that a key frame does not stand before the sound of a slow network.

use std::time::{Duration, Instant};

use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

use super::ViewOptions;
use super::estimate::{Estimator, Network};
use super::quality::{Decision, Offer, Quality, Situation};
use super::trace::Tracer;

/// A choice is looked over so often at most; feedback comes no more often.
const FRESH: Duration = Duration::from_millis(50);
/// What may leave at once: ten full packets (RFC 6928), or what the path carries in this time.
const FIRST: f64 = 12_000.0;
const BURST: f64 = 0.05;
/// What left beyond the budget is forgotten beyond this time: sound and probes are not to keep the picture waiting for long.
const DEBT: f64 = 0.1;

pub(super) struct Steer {
    estimator: Estimator,
    quality: Quality,
    decision: Decision,
    decided: Option<(Instant, ViewOptions)>,
    /// Bytes that may leave now; less than nothing after a burst.
    budget: f64,
    filled: Instant,
    /// Bits a second of what was chosen to be sent.
    chosen: u64,
    /// The viewer reports what arrives, so its pace is known.
    paced: bool,
}

impl Steer {
    /// `rtt`: the round trip as the handshake showed it. `numbered`: the viewer reports transport-wide numbers.
    pub(super) fn new(now: Instant, rtt: Option<Duration>, numbered: bool) -> Self {
        Self {
            estimator: Estimator::new(now, rtt, numbered),
            quality: Quality::default(),
            decision: Decision::default(),
            decided: None,
            budget: FIRST,
            filled: now,
            chosen: 0,
            paced: numbered,
        }
    }

    /// Chooses anew if what was chosen may be out of date.
    pub(super) fn decide(&mut self, now: Instant, offers: &[Offer], audio: u64, options: ViewOptions) -> Decision {
        let fresh = self.decided.is_some_and(|(at, of)| of == options && now.saturating_duration_since(at) < FRESH);
        let there = match self.decision.video {
            Some(step) => offers.iter().any(|offer| offer.at == step.layer),
            None => offers.is_empty() || self.decision.paused_by_bandwidth || options.audio_only,
        };
        if !fresh || !there {
            let network = self.estimator.network(now);
            self.paced = network.is_some();
            self.decision = self.quality.decide(now, &Situation { offers, audio, options, network });
            self.decided = Some((now, options));
            let step = self.decision.video.and_then(|step| offers.iter().find(|offer| offer.at == step.layer));
            self.chosen = audio + step.map_or(0, Offer::full);
            if let Some(rate) = self.decision.probe {
                self.estimator.probe(now, rate);
            }
        }
        self.decision
    }

    /// What is known of the network; nothing where the viewer reports nothing.
    pub(super) fn network(&mut self, now: Instant) -> Option<Network> {
        self.estimator.network(now)
    }

    /// Probes for more than the main picture needs, unless it is probed for itself.
    pub(super) fn probe(&mut self, now: Instant, rate: u64) {
        if self.decision.probe.is_none() && !self.estimator.is_probing() {
            self.estimator.probe(now, rate);
        }
    }

    /// The network does not carry the picture.
    pub(super) fn paused(&self) -> bool {
        self.decision.paused_by_bandwidth
    }

    pub(super) fn estimate(&self) -> Option<u64> {
        self.paced.then(|| self.estimator.estimate())
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.estimator.rtt()
    }

    /// Packets of a thousand bytes that a joiner's backlog may have: what the path carries in a fraction of a second.
    pub(super) fn backlog(&self, most: u64) -> u64 {
        const SOON: f64 = 0.3;
        if self.paced { ((self.estimator.pace() as f64 * SOON / 8_000.0) as u64).clamp(10, most) } else { most }
    }

    /// What arrives at the viewer, bits a second.
    pub(super) fn arrives(&self) -> Option<u64> {
        self.estimator.acknowledged()
    }

    /// Refills the budget; to be called before packets of a picture are sent. It leaves faster than it comes in any
    /// case: otherwise it would wait here, where the estimate does not see it, and not in the network.
    pub(super) fn refill(&mut self, now: Instant) {
        const FASTER: f64 = 1.5;
        if self.paced {
            let rate = (self.estimator.pace() as f64).max(self.chosen as f64 * FASTER) / 8.0;
            let passed = now.saturating_duration_since(self.filled).as_secs_f64();
            self.budget = (self.budget.max(-rate * DEBT) + rate * passed).min((rate * BURST).max(FIRST));
            self.filled = now;
        }
    }

    /// Whether another packet of a picture may leave now.
    pub(super) fn may_send(&self) -> bool {
        !self.paced || self.budget > 0.0
    }

    /// Whether a packet may be sent again now.
    pub(super) fn may_resend(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.may_send()
    }

    /// A packet leaves, with this transport-wide number.
    pub(super) fn sent(&mut self, now: Instant, number: Option<u16>, bytes: u64) {
        self.budget -= bytes as f64;
        match number {
            Some(number) => self.estimator.sent(now, number, bytes as usize),
            None => self.estimator.sent_unnumbered(now, bytes as usize),
        }
    }

    /// Whether a probe wants another packet now.
    pub(super) fn probes(&mut self, now: Instant) -> bool {
        self.estimator.probe_due(now) > 0
    }

    pub(super) fn is_probing(&self) -> bool {
        self.estimator.is_probing()
    }

    /// True if the network has become too slow for what is sent, so that it must be chosen anew at once.
    pub(super) fn feedback(&mut self, now: Instant, feedback: &TransportLayerCc) -> bool {
        let before = self.estimator.is_overused();
        self.estimator.feedback(now, feedback);
        let overused = !before && self.estimator.is_overused();
        if overused {
            self.decided = None;
        }
        overused
    }

    pub(super) fn report(&mut self, now: Instant, lost: f32, rtt: Option<Duration>) {
        self.estimator.report(now, f64::from(lost), rtt);
    }

    /// Tells a trace what is known of the network.
    pub(super) fn tell(&mut self, now: Instant, trace: &mut Option<Box<Tracer>>) {
        if let Some(trace) = trace
            && let Some(network) = self.estimator.network(now)
        {
            trace.estimated(now, &network, self.estimator.pace(), self.estimator.acknowledged(), self.estimator.rtt());
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.estimator.tick(now);
    }
}
