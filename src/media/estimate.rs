//! What the path to one viewer carries, estimated from what the viewer reports: Google congestion control (draft-ietf-rmcat-gcc-02 with what libwebrtc
//! made of it since), fitted to a forwarder that can only choose among rates.
//!
//! ```text
//! sent ───▶ ring ─┐           ┌─▶ delay: groups, trend, overuse ─▶ control: increase, decrease ─┐
//! feedback ─▶ arrivals ───────┼─▶ what arrives, bits a second ──▶─┘                              ├─▶ estimate
//!                             ├─▶ loss: whose doing ────────────────────────────▶ limit ─────────┘
//!                             └─▶ probes and the first trains ──▶ raise
//! ```
//!
//! `rtc`'s overuse detector is used. The rest of its estimator is not: its filter compares the growth of one group with the threshold, so a path
//! overloaded by a fifth showed no overuse in 20 s and 4 s of queue; its rates grow without bound while little is sent, 30 Mbit/s after a minute of audio
//! alone, so they say nothing about a higher layer; it has no probes; and its history takes more than a hundred bytes a packet and three hash
//! maps, where thousands of viewers share a core.
//!
//! **Start.** Ten full packets in a round trip (RFC 6928) are known to be safe anywhere, so the first estimate is that, or a quarter of it far away: a good network gets the
//! high layer at once, a far or slow one begins lower and moves up as soon as the first trains, which are its first key frame, have shown what the path carries.
//!
//! **Silence.** When packets leave and nothing is heard for two seconds the estimate is held and [`Network::silent`] says so; the first report
//! after it halves the estimate, forgets delays and failed probes, and lets trains measure again.
//!
//! Invariants: no clock and no I/O of its own; [`Estimator::sent`] is constant in time and allocates only when the ring doubles; work on feedback is bounded
//! by its length and by the ring; what feedback says of packets never sent or already reported changes nothing.

mod arrival;
mod control;
mod delay;
mod loss;
mod outgoing;
mod probe;
mod rate;
mod report;
mod ring;
mod rtt;

use std::time::{Duration, Instant};

use rtc::interceptor::Usage;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

use arrival::{ReferenceClock, Status};
use control::{Control, Seen};
use delay::Delay;
use loss::Loss;
use outgoing::Outgoing;
use probe::Prober;
use rate::{Throughput, Train, Verdict};
use ring::Known;
use rtt::RoundTrip;

/// Round trip where none is known: a far network, so that nobody is flooded.
const UNKNOWN_RTT: Duration = Duration::from_millis(100);
/// Bits in the first window of TCP, ten segments of 1,460 bytes (RFC 6928); a quarter of them where the round trip is longer than the second: far
/// networks are slow ones more often, a queue at the beginning is what sound suffers from most, and probes soon show what more there is.
const FIRST_WINDOW: f64 = 10.0 * 1_460.0 * 8.0;
const FAR: f64 = 0.06;
/// The first estimate is kept between the low layer of a common camera and what a common high layer needs twice.
const START: (f64, f64) = (300_000.0, 4_000_000.0);
/// Backlogs leave at this multiple of the estimate (libwebrtc takes 2.5 and had to go down to 1.1 for slow links); while there is a queue at the
/// second one, so that it drains and audio gets through.
const PACING: (f64, f64) = (1.5, 0.75);
/// Trains are believed for so long after the first feedback, microseconds; later there are probes.
const FRESH: u64 = 2_000_000;
/// Feedback comes every 50 to 250 ms, so this many seconds are an outage, microseconds.
const SILENCE: u64 = 2_000_000;
/// The estimate grows by itself to this multiple of what passes, where more can be probed and where it cannot (draft-ietf-rmcat-gcc-02, section 5.5).
const BEYOND: (f64, f64) = (1.1, 1.5);
/// More loss than this is not taken for bytes that passed a queue before they were lost.
const MOST_LOSS: f64 = 0.4;
/// With less loss than the first, and no more sent than the second times what arrives, nothing waits for long.
const CLEAR: (f64, f64) = (0.05, 1.15);
/// Less than this part of the estimate is sent: it is not known what lies above.
const APPLICATION_LIMITED: f64 = 0.8;
/// The estimate and what is known about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Network {
    /// Bits a second that may be sent, everything included.
    pub(super) estimate: u64,
    /// What queues alone allow, without regard to loss.
    pub(super) by_delay: u64,
    /// The queue grows.
    pub(super) overused: bool,
    /// Waiting time on the way, over what the path takes anyway.
    pub(super) queue: Duration,
    /// Lost part of the packets of the last two seconds, a single hole apart.
    pub(super) loss: f64,
    /// So little is sent that the estimate says nothing about more.
    pub(super) application_limited: bool,
    /// Packets leave and nothing is heard.
    pub(super) silent: bool,
    /// There is feedback that can judge a probe, or will be.
    pub(super) probes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    None,
    Reports,
    Feedback,
}

pub(super) struct Estimator {
    outgoing: Outgoing,
    clock: ReferenceClock,
    delay: Delay,
    control: Control,
    loss: Loss,
    prober: Prober,
    arrived: Throughput,
    numbered: bool,
    source: Source,
    /// Last feedback or report.
    heard: u64,
    /// Number of the last packet of which something was heard, and the last arrival.
    highest: u64,
    newest: i64,
    silent: bool,
    /// Until when trains are believed.
    fresh: u64,
    rtt: RoundTrip,
    queue: Duration,
}

/// One feedback packet, summed up.
#[derive(Default)]
struct Batch {
    lost: u32,
    received: u32,
    recovered: u32,
    train: Train,
    newest_sent: Option<u64>,
    highest: u64,
}

impl Estimator {
    /// `rtt` is what the handshake took, if known; `numbered` whether the viewer agreed on transport-wide numbers and so will send feedback.
    pub(super) fn new(now: Instant, rtt: Option<Duration>, numbered: bool) -> Self {
        let away = rtt.unwrap_or(UNKNOWN_RTT).as_secs_f64().max(1e-3);
        let start = if away > FAR { FIRST_WINDOW / 4.0 } else { FIRST_WINDOW } / away;
        Self {
            outgoing: Outgoing::new(now),
            clock: ReferenceClock::default(),
            delay: Delay::default(),
            control: Control::new(start.clamp(START.0, START.1)),
            loss: Loss::default(),
            prober: Prober::default(),
            arrived: Throughput::default(),
            numbered,
            source: Source::None,
            heard: 0,
            highest: 0,
            newest: 0,
            silent: false,
            fresh: u64::MAX,
            rtt: RoundTrip::new(rtt.map(|rtt| rtt.as_micros() as u64)),
            queue: Duration::ZERO,
        }
    }

    /// A packet leaves with this transport-wide sequence number; they must be given out one by one. `bytes` is what the viewer's
    /// socket gets: header, payload, tag.
    pub(super) fn sent(&mut self, now: Instant, sequence: u16, bytes: usize) {
        let now = self.outgoing.micros(now);
        let index = self.outgoing.ring.push(now, sequence, bytes);
        self.outgoing.count(now, bytes);
        if self.outgoing.probing {
            self.outgoing.probing = self.prober.sent(now, index, bytes);
        }
    }

    /// A packet leaves to a viewer that has not agreed on transport-wide numbers.
    pub(super) fn sent_unnumbered(&mut self, now: Instant, bytes: usize) {
        let now = self.outgoing.micros(now);
        self.outgoing.count(now, bytes);
    }

    /// Takes transport-wide feedback.
    pub(super) fn feedback(&mut self, now: Instant, feedback: &TransportLayerCc) {
        let now = self.outgoing.micros(now);
        let Some(base) = self.outgoing.ring.number(feedback.base_sequence_number) else { return };
        let known = self.outgoing.ring.known();
        if base + u64::from(feedback.packet_status_count) <= known.start {
            return;
        }
        if self.silent && self.outgoing.ring.unheard(base, base + u64::from(feedback.packet_status_count)) > 0 {
            self.recover();
        }
        let (reference, jumped) = self.clock.place(now, feedback.reference_time);
        if jumped {
            self.forget_arrivals();
        }
        self.assume_unheard(base, reference);
        let mut batch = Batch::default();
        arrival::statuses(feedback, base, &known, |index, status| self.status(now, index, status, reference, &mut batch));
        if batch.lost + batch.received > 0 {
            self.settle(now, &batch);
        }
    }

    fn status(&mut self, now: u64, index: u64, status: Status, reference: i64, batch: &mut Batch) {
        let Some(packet) = self.outgoing.ring.settle(now, index, status != Status::Lost) else { return };
        batch.highest = batch.highest.max(index);
        if status == Status::Lost {
            batch.lost += 1;
            self.prober.lost(index);
            return;
        }
        batch.received += 1;
        batch.recovered += u32::from(packet.was_lost);
        batch.newest_sent = batch.newest_sent.max(Some(packet.sent));
        if let Status::Received(elapsed) = status {
            self.arrival(&packet, reference + elapsed, batch);
        }
    }

    fn arrival(&mut self, packet: &Known, arrived: i64, batch: &mut Batch) {
        if arrived <= 0 {
            return;
        }
        self.arrived.add(arrived, packet.bytes);
        self.newest = self.newest.max(arrived);
        self.prober.arrived(packet, arrived);
        batch.train.add(packet.sent, arrived, packet.bytes);
        self.delay.arrived(self.outgoing.origin(), packet.sent, arrived);
    }

    /// Packets between two reports, of which none came: the report got lost, not they, so what arrives is not taken for less. Not after a long gap,
    /// in which anything may have happened.
    fn assume_unheard(&mut self, base: u64, reference: i64) {
        const GAP: i64 = 500_000;
        if self.highest > 0 && base > self.highest + 1 && (0..GAP).contains(&(reference - self.newest)) {
            let bytes = self.outgoing.ring.unheard(self.highest + 1, base);
            self.arrived.add((self.newest + reference) / 2, u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    fn forget_arrivals(&mut self) {
        self.delay = Delay::default();
        self.arrived.reset();
        self.newest = 0;
    }

    fn settle(&mut self, now: u64, batch: &Batch) {
        self.hear(now, Source::Feedback);
        self.highest = self.highest.max(batch.highest);
        if let Some(sent) = batch.newest_sent {
            self.rtt.smooth(now, now.saturating_sub(sent));
        }
        self.queue = self.delay.queue();
        let acked = self.acked(self.delay.queued_since());
        self.outgoing.mark(now);
        let sent = self.outgoing.rate(now);
        self.loss.count(now, batch.lost, batch.received, batch.recovered);
        let arrives = self.acked(None);
        self.loss.update(now, sent, arrives);
        // All that is sent arrives, so what looks like a queue is not one.
        let arrives = arrives.unwrap_or_default();
        if self.delay.is_longer_path() && self.loss.fraction() < CLEAR.0 && sent <= arrives * CLEAR.1 {
            self.delay.rebase();
            self.queue = self.delay.queue();
        }
        let passed = arrives / (1.0 - self.loss.fraction().min(MOST_LOSS));
        let seen = Seen { usage: self.delay.usage(), queued: self.delay.is_queued(), acked, passed, beyond: BEYOND.0 };
        self.control.update(now, seen);
        if seen.usage == Usage::Over {
            self.fresh = now;
        } else if now < self.fresh {
            self.measure_train(&batch.train);
        }
        if let Some(rate) = self.prober.judge(now, self.highest) {
            self.control.raise(rate);
            self.loss.raise(rate);
        }
    }

    /// What arrives, bits a second: over the time of the present queue if there is one, for then it is what the path carries.
    fn acked(&self, queued_since: Option<i64>) -> Option<f64> {
        self.arrived.rate(queued_since.unwrap_or(0), self.newest)
    }

    /// The first packets, a key frame mostly, show the path before there is a trend.
    fn measure_train(&mut self, train: &Train) {
        const USABLE: f64 = 0.85;
        /// Downwards a train is believed if there is a queue too, and if it is not of audio alone, bytes.
        const LARGE: u32 = 3_000;
        match train.verdict() {
            Some(Verdict::AtLeast(rate)) => self.control.raise(rate * USABLE),
            Some(Verdict::Carries(rate)) if rate * USABLE > self.control.estimate() => self.control.raise(rate * USABLE),
            Some(Verdict::Carries(rate)) if train.bytes >= LARGE && self.delay.is_queued() => self.control.set(rate * USABLE),
            _ => {}
        }
    }

    /// The first word after a silence: the path may be another.
    fn recover(&mut self) {
        if self.silent {
            self.silent = false;
            self.control.set(self.control.estimate() / 2.0);
            self.prober.reset();
            self.forget_arrivals();
            self.fresh = u64::MAX;
        }
    }

    fn hear(&mut self, now: u64, source: Source) {
        if self.fresh == u64::MAX {
            self.fresh = now + FRESH;
        }
        (self.source, self.heard) = (source, now);
        self.outgoing.heard();
    }

    /// Notices silence, gives up probes and room; to be called about every 100 ms.
    pub(super) fn tick(&mut self, now: Instant) {
        let now = self.outgoing.micros(now);
        self.outgoing.mark(now);
        self.silent = self.source != Source::None && self.outgoing.waits(now) > self.patience();
        self.prober.tick(now, self.rtt.get().unwrap_or_default());
        self.outgoing.probing &= self.prober.is_open();
        self.outgoing.ring.shrink(now);
    }

    /// Receiver reports may come five seconds apart (RFC 3550, section 6.2).
    fn patience(&self) -> u64 {
        if self.source == Source::Reports { 4 * SILENCE } else { SILENCE }
    }

    /// Begins a probe at `rate` bits a second, everything included: from now on [`Estimator::probe_due`] tells what to send. False if it is too early,
    /// the path is full, or there is nobody who could judge it.
    pub(super) fn probe(&mut self, now: Instant, rate: u64) -> bool {
        let ready = self.source == Source::Feedback && self.numbered && !self.silent && !self.delay.is_queued();
        let now = self.outgoing.micros(now);
        let begun = ready && self.prober.begin(now, rate as f64, self.control.estimate(), self.outgoing.ring.known().end);
        self.outgoing.probing |= begun;
        begun
    }

    pub(super) fn is_probing(&self) -> bool {
        self.outgoing.probing
    }

    /// Size of the packet that a probe under way wants to leave now, on top of what left already; zero if none. To be asked every few milliseconds and
    /// again after each packet. What is sent for it, like all else, is told to [`Estimator::sent`].
    pub(super) fn probe_due(&mut self, now: Instant) -> usize {
        if !self.outgoing.probing {
            return 0;
        }
        let now = self.outgoing.micros(now);
        self.prober.due(now)
    }

    /// Bits a second that may be sent.
    pub(super) fn estimate(&self) -> u64 {
        let by_delay = self.control.estimate();
        self.loss.limit().map_or(by_delay, |limit| limit.clamp(control::LEAST, by_delay)) as u64
    }

    /// The rate at which a backlog may leave, bits a second: that of a joiner, or a large key frame.
    pub(super) fn pace(&self) -> u64 {
        let factor = match self.source {
            // The first window in the first round trip, and no more.
            Source::None => 1.0,
            _ if self.delay.is_queued() => PACING.1,
            _ => PACING.0,
        };
        (self.control.estimate() * factor) as u64
    }

    /// The queue grows.
    pub(super) fn is_overused(&self) -> bool {
        self.delay.usage() == Usage::Over
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.rtt.get().map(Duration::from_micros)
    }

    /// What arrives at the viewer, bits a second.
    pub(super) fn acknowledged(&self) -> Option<u64> {
        self.acked(None).map(|rate| rate as u64)
    }

    /// What is known; `None` for a viewer who reports nothing and was not asked to number packets.
    pub(super) fn network(&mut self, now: Instant) -> Option<Network> {
        /// One that agreed on numbers has this long for the first feedback, microseconds.
        const FIRST: u64 = 5_000_000;
        let now = self.outgoing.micros(now);
        let expected = self.numbered && self.outgoing.waits(now) < FIRST;
        if self.source == Source::None && !expected {
            return None;
        }
        let estimate = self.estimate();
        Some(Network {
            estimate,
            by_delay: self.control.estimate() as u64,
            overused: self.is_overused(),
            queue: self.queue,
            loss: self.loss.fraction(),
            application_limited: self.outgoing.rate(now) < APPLICATION_LIMITED * estimate as f64,
            silent: self.silent,
            probes: self.source != Source::Reports && self.numbered,
        })
    }
}

#[cfg(test)]
#[path = "estimate/tests.rs"]
mod tests;
