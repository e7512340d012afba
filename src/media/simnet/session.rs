//! A forwarder and one viewer with the made-up network between them: what the estimate and the choice lead to.
//!
//! The forwarder is as simple as can be: it sends frames in one go, spreads key frames and what a joiner gets, waits for a key frame to change the
//! layer, and does what a decision says.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

use super::{Link, MILLI, Path, Receiver, SECOND, Time};
use crate::media::ViewOptions;
use crate::media::estimate::Estimator;
use crate::media::panel::thumbnails::Thumbnails;
use crate::media::quality::{Offer, Quality, Situation, Step};

/// Audio: 80 bytes every 20 ms, with header, extension and tag, and what that makes a second.
const AUDIO_BYTES: usize = 120;
const AUDIO: u64 = 48_000;
const FRAME: Time = 33_333;
/// What a packet of video holds, what is around it, and the headers of IP and UDP that the network carries too.
const PAYLOAD: usize = 1_050;
const AROUND: usize = 40;
const BELOW: usize = 28;
/// The part of a layer's rate up to each temporal layer of L1T3.
const T3: [f64; 3] = [0.5, 0.73, 1.0];
/// How long a key frame takes that was asked for, how often there may be one and how often there is one.
const KEYFRAME_DELAY: Time = 150 * MILLI;
const KEYFRAME_LEAST: Time = SECOND;
const KEYFRAME_MOST: Time = 10 * SECOND;
/// A key frame is as large as what flows in this time, seconds.
const KEYFRAME_SIZE: f64 = 0.3;
/// What a joiner's backlog may take at the pace, seconds.
const SOON: f64 = 0.3;
const TURN: Time = 4 * MILLI;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::media) enum Reporting {
    Transport,
    Receiver,
    Nothing,
}

#[derive(Clone)]
pub(in crate::media) struct Setup {
    /// Bits a second.
    pub(in crate::media) layers: Vec<f64>,
    pub(in crate::media) temporal: bool,
    /// Small pictures of a panel, bits a second.
    pub(in crate::media) small: Vec<f64>,
    pub(in crate::media) down: Path,
    pub(in crate::media) up: Path,
    pub(in crate::media) reporting: Reporting,
    pub(in crate::media) length: Time,
}

impl Setup {
    pub(in crate::media) fn new(down: Path) -> Self {
        let up = Path::new(1e6, down.delay);
        Self {
            layers: vec![150e3, 500e3, 1500e3],
            temporal: false,
            small: Vec::new(),
            down,
            up,
            reporting: Reporting::Transport,
            length: 30 * SECOND,
        }
    }

    pub(in crate::media) fn run(self, seed: u64) -> Story {
        Session::new(self, seed).run()
    }
}

/// What happened.
#[derive(Default)]
pub(in crate::media) struct Story {
    /// What was decided, and what flowed, from when on.
    pub(in crate::media) decided: Vec<(Time, Option<Step>)>,
    pub(in crate::media) flowed: Vec<(Time, Option<Step>)>,
    /// From when on the viewer was told that video is paused, or was not.
    pub(in crate::media) told: Vec<(Time, bool)>,
    pub(in crate::media) audio_sent: u32,
    /// When a packet was sent that arrived, and how long it waited beyond what the path takes.
    pub(in crate::media) audio: Vec<(Time, Time)>,
    /// From when on how many small pictures flowed.
    pub(in crate::media) small: Vec<(Time, usize)>,
    /// Arrivals of video.
    pub(in crate::media) video: Vec<Time>,
    pub(in crate::media) probes: u32,
}

impl Story {
    pub(in crate::media) fn layer(&self, at: Time) -> Option<usize> {
        let flowed = self.flowed.iter().rev().find(|flowed| flowed.0 <= at)?;
        flowed.1.map(|step| step.layer)
    }

    pub(in crate::media) fn decided(&self, at: Time) -> Option<Step> {
        self.decided.iter().rev().find(|decided| decided.0 <= at)?.1
    }

    pub(in crate::media) fn small(&self, at: Time) -> usize {
        self.small.iter().rev().find(|small| small.0 <= at).map_or(0, |small| small.1)
    }

    pub(in crate::media) fn paused(&self, at: Time) -> bool {
        self.told.iter().rev().find(|told| told.0 <= at).is_some_and(|told| told.1)
    }

    /// Part of the time in which this layer flowed.
    pub(in crate::media) fn share(&self, layer: usize, from: Time, to: Time) -> f64 {
        let looks = (from..to).step_by(100 * MILLI as usize);
        let all = looks.clone().count();
        looks.filter(|at| self.layer(*at) == Some(layer)).count() as f64 / all as f64
    }

    pub(in crate::media) fn switches(&self, from: Time, to: Time) -> usize {
        self.decided.iter().filter(|decided| decided.0 > from && decided.0 <= to).count()
    }

    /// Waits of the audio that was sent in this time: the longest but for a hundredth, and the longest.
    pub(in crate::media) fn waits(&self, from: Time, to: Time) -> (Time, Time) {
        let mut waits: Vec<Time> = self.audio.iter().filter(|audio| (from..to).contains(&audio.0)).map(|audio| audio.1).collect();
        waits.sort_unstable();
        (waits[waits.len() * 99 / 100], waits.last().copied().unwrap_or_default())
    }

    /// Part of the audio that waited no longer, of all that was sent.
    pub(in crate::media) fn in_time(&self, wait: Time) -> f64 {
        self.audio.iter().filter(|audio| audio.1 <= wait).count() as f64 / f64::from(self.audio_sent)
    }

    /// The first arrival of video in this time, and the longest break after it.
    pub(in crate::media) fn picture(&self, from: Time, to: Time) -> (Time, Time) {
        let mut video: Vec<Time> = self.video.iter().copied().filter(|video| (from..to).contains(video)).collect();
        video.sort_unstable();
        let longest = video.windows(2).map(|pair| pair[1] - pair[0]).max();
        (video.first().copied().unwrap_or(Time::MAX), longest.unwrap_or(Time::MAX))
    }
}

struct Session {
    setup: Setup,
    rng: StdRng,
    origin: Instant,
    now: Time,
    estimator: Estimator,
    quality: Quality,
    thumbnails: Thumbnails,
    down: Link,
    up: Link,
    receiver: Receiver,
    /// Feedback on its way back.
    reports: VecDeque<(Time, TransportLayerCc)>,
    /// How long what was sent since the last receiver report took, if it arrived.
    transits: Vec<Option<Time>>,
    number: u64,
    frame: u64,
    flowing: Option<Step>,
    wanted: Option<Step>,
    /// When a key frame of each layer is due, and when the last was.
    due: Vec<Option<Time>>,
    keyframes: Vec<Time>,
    backlog: VecDeque<usize>,
    budget: f64,
    /// A probe may be under way until then.
    probing: Time,
    /// The joiner has what was sent before, or ought to.
    live: bool,
    story: Story,
}

impl Session {
    fn new(setup: Setup, seed: u64) -> Self {
        let origin = Instant::now();
        let layers = setup.layers.len();
        let handshake = Duration::from_micros(setup.down.delay + setup.up.delay + 10 * MILLI);
        Self {
            rng: StdRng::seed_from_u64(seed),
            origin,
            now: 0,
            estimator: Estimator::new(origin, Some(handshake), setup.reporting == Reporting::Transport),
            quality: Quality::default(),
            thumbnails: Thumbnails::default(),
            down: Link::new(setup.down.clone(), seed ^ 1),
            up: Link::new(setup.up.clone(), seed ^ 2),
            // Its clock wraps in the middle of some runs, as do the numbers.
            receiver: Receiver::new((1 << 24) * 64 * MILLI - seed % 40 * SECOND),
            reports: VecDeque::new(),
            transits: Vec::new(),
            number: seed * 7_919 % 65_536,
            frame: 0,
            flowing: None,
            wanted: None,
            due: vec![None; layers],
            keyframes: vec![0; layers],
            backlog: VecDeque::new(),
            budget: 0.0,
            probing: 0,
            live: false,
            story: Story::default(),
            setup,
        }
    }

    fn instant(&self) -> Instant {
        self.origin + Duration::from_micros(self.now)
    }

    /// Sends a packet; how long it takes if it arrives.
    fn send(&mut self, bytes: usize) -> Option<Time> {
        let number = self.number;
        self.number += 1;
        match self.setup.reporting {
            Reporting::Transport => self.estimator.sent(self.instant(), number as u16, bytes),
            _ => self.estimator.sent_unnumbered(self.instant(), bytes),
        }
        let arrivals = self.down.send(self.now, bytes + BELOW);
        arrivals.into_iter().flatten().for_each(|arrival| self.receiver.expect(arrival, number));
        let transit = arrivals[0].map(|arrival| arrival - self.now);
        self.transits.push(transit);
        transit
    }

    fn send_video(&mut self, bytes: usize) {
        if let Some(transit) = self.send(bytes) {
            self.story.video.push(self.now + transit);
        }
    }

    fn audio(&mut self) {
        self.story.audio_sent += 1;
        if let Some(transit) = self.send(AUDIO_BYTES) {
            self.story.audio.push((self.now, transit - self.setup.down.delay));
        }
    }

    fn video(&mut self, mut bytes: usize, spread: bool) {
        while bytes > 0 {
            let part = bytes.min(PAYLOAD);
            bytes -= part;
            if spread || !self.backlog.is_empty() {
                self.backlog.push_back(part + AROUND);
            } else {
                self.send_video(part + AROUND);
            }
        }
    }

    /// What the pace allows of the backlog, and what a probe wants.
    fn turn(&mut self) {
        let mut pace = self.estimator.pace() as f64;
        if self.live {
            // A live stream is spread but not slowed down.
            let small = self.setup.small.iter().take(self.story.small(self.now)).sum::<f64>();
            pace = pace.max((self.flowing.map_or(0.0, |step| self.setup.layers[step.layer]) + small) * 1.5);
        }
        self.budget = (self.budget + pace * TURN as f64 / 8e6).min(6_000.0);
        self.live |= self.backlog.is_empty() || self.now > 3 * SECOND;
        while let Some(bytes) = self.backlog.pop_front_if(|bytes| *bytes as f64 <= self.budget) {
            self.budget -= bytes as f64;
            self.send_video(bytes);
        }
        loop {
            let bytes = self.estimator.probe_due(self.instant());
            if bytes == 0 {
                break;
            }
            self.send(bytes.min(900));
        }
    }

    fn keyframe_bytes(&self, layer: usize) -> usize {
        (self.setup.layers[layer] * KEYFRAME_SIZE / 8.0) as usize
    }

    fn frame_bytes(&mut self, step: Step) -> usize {
        let mean = self.setup.layers[step.layer] / 30.0 / 8.0;
        let (temporal, share) = match self.frame % 4 {
            _ if !self.setup.temporal => (0, 1.0),
            0 => (0, T3[0] * 4.0),
            2 => (1, (T3[1] - T3[0]) * 4.0),
            _ => (2, (T3[2] - T3[1]) * 2.0),
        };
        if temporal > step.temporal { 0 } else { (mean * share * self.rng.random_range(0.6..1.4)) as usize }
    }

    /// A frame of every layer, of which the viewer gets what flows.
    fn frame(&mut self) {
        self.frame += 1;
        for layer in 0..self.setup.layers.len() {
            let asked = self.due[layer].is_some_and(|due| due <= self.now);
            let keyframe = asked || self.now - self.keyframes[layer] >= KEYFRAME_MOST;
            if keyframe {
                (self.due[layer], self.keyframes[layer]) = (None, self.now);
                if let Some(wanted) = self.wanted.filter(|wanted| wanted.layer == layer) {
                    self.flow(Some(wanted));
                }
            }
            let Some(flowing) = self.flowing.filter(|flowing| flowing.layer == layer) else { continue };
            let bytes = if keyframe { self.keyframe_bytes(layer) } else { self.frame_bytes(flowing) };
            self.video(bytes, keyframe);
        }
    }

    /// A frame of each small picture that is carried.
    fn small_frames(&mut self) {
        for at in 0..self.story.small.last().map_or(0, |small| small.1) {
            let bytes = (self.setup.small[at] / 30.0 / 8.0 * self.rng.random_range(0.6..1.4)) as usize;
            self.video(bytes, false);
        }
    }

    fn flow(&mut self, step: Option<Step>) {
        if self.flowing.map(|flowing| flowing.layer) != step.map(|step| step.layer) {
            self.backlog.clear();
        }
        if self.flowing != step {
            self.flowing = step;
            self.story.flowed.push((self.now, step));
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let rates = |rate: f64| if self.setup.temporal { [T3[0] * rate, T3[1] * rate, rate, 0.0] } else { [rate, 0.0, 0.0, 0.0] };
        let layers = self.setup.layers.iter().enumerate();
        layers.map(|(at, rate)| Offer { at, order: 0, rates: rates(*rate).map(|rate| rate as u64) }).collect()
    }

    fn decide(&mut self) {
        let now = self.instant();
        let offers = self.offers();
        let network = self.estimator.network(now);
        let needs: Vec<u64> = self.setup.small.iter().map(|rate| *rate as u64).collect();
        let (carried, small_probe) = self.thumbnails.decide(now, network, AUDIO + offers[0].rates[0], &needs);
        if self.story.small.last().is_none_or(|last| last.1 != carried) {
            self.story.small.push((self.now, carried));
        }
        let audio = AUDIO + needs[..carried].iter().sum::<u64>();
        let situation = Situation { offers: &offers, audio, options: ViewOptions::default(), network };
        let mut decision = self.quality.decide(now, &situation);
        decision.probe = decision.probe.or(small_probe);
        if self.story.decided.last().is_none_or(|last| last.1 != decision.video) {
            self.story.decided.push((self.now, decision.video));
        }
        if self.story.told.last().is_some_and(|last| last.1) != decision.paused_by_bandwidth {
            self.story.told.push((self.now, decision.paused_by_bandwidth));
        }
        if decision.probe.is_some_and(|rate| self.estimator.probe(now, rate)) {
            self.story.probes += 1;
            self.probing = self.now + SECOND / 4;
        }
        self.apply(decision.video, decision.hold);
    }

    fn apply(&mut self, video: Option<Step>, hold: bool) {
        let on = self.flowing.map(|flowing| flowing.layer);
        self.wanted = video.filter(|step| !hold || on == Some(step.layer));
        let Some(step) = self.wanted else { return self.flow(None) };
        if self.story.flowed.is_empty() {
            self.join(step);
        } else if self.flowing.is_some_and(|flowing| flowing.layer == step.layer) {
            self.flow(Some(step));
        } else {
            let due = (self.now + KEYFRAME_DELAY).max(self.keyframes[step.layer] + KEYFRAME_LEAST);
            self.due[step.layer].get_or_insert(due);
        }
    }

    /// The group of pictures so far, a key frame and up to two seconds; if that is more than leaves soon, a new key frame instead.
    fn join(&mut self, step: Step) {
        self.flow(Some(step));
        self.video(self.keyframe_bytes(step.layer), true);
        let frames = self.rng.random_range(0..60);
        let soon = f64::from(frames) * FRAME as f64 / 1e6 * self.setup.layers[step.layer] < self.estimator.pace() as f64 * SOON;
        for _ in 0..if soon { frames } else { 0 } {
            self.frame += 1;
            let bytes = self.frame_bytes(step);
            self.video(bytes, true);
        }
    }

    fn transport_feedback(&mut self) {
        let Some(feedback) = self.receiver.feedback(self.now) else { return };
        let arrivals = self.up.send(self.now, 100);
        self.reports.extend(arrivals.into_iter().flatten().map(|arrival| (arrival, feedback.clone())));
        self.reports.make_contiguous().sort_by_key(|report| report.0);
    }

    fn receiver_report(&mut self) {
        let transits = std::mem::take(&mut self.transits);
        if let Some(newest) = transits.iter().rev().flatten().next()
            && self.setup.reporting == Reporting::Receiver
        {
            let lost = transits.iter().filter(|transit| transit.is_none()).count();
            let rtt = Duration::from_micros(newest + self.setup.up.delay);
            self.estimator.report(self.instant(), lost as f64 / transits.len() as f64, Some(rtt));
        }
    }

    fn run(mut self) -> Story {
        let (mut audio, mut frame, mut tick, mut turn) = (0, 5 * MILLI, 10 * MILLI, 0);
        let (mut feedback, mut receiver) = (50 * MILLI, SECOND);
        while self.now < self.setup.length {
            let report = self.reports.front().map_or(Time::MAX, |report| report.0);
            self.now = audio.min(frame).min(tick).min(turn).min(feedback).min(receiver).min(report);
            if self.now == report {
                let (_, report) = self.reports.pop_front().expect("seen");
                self.estimator.feedback(self.instant(), &report);
                self.decide();
            } else if self.now == audio {
                audio += 20 * MILLI;
                self.audio();
            } else if self.now == frame {
                frame += FRAME;
                self.frame();
                self.small_frames();
            } else if self.now == tick {
                tick += 100 * MILLI;
                self.estimator.tick(self.instant());
                self.decide();
            } else if self.now == turn {
                // Nothing is spread most of the time.
                turn = if self.backlog.is_empty() && self.now > self.probing { Time::MAX } else { self.now + TURN };
                self.turn();
            } else if self.now == receiver {
                receiver += SECOND;
                self.receiver_report();
            } else {
                feedback += self.rng.random_range(50..=100) * MILLI;
                self.transport_feedback();
            }
            if turn == Time::MAX && (!self.backlog.is_empty() || self.now <= self.probing) {
                turn = self.now + TURN;
            }
        }
        self.story
    }
}
