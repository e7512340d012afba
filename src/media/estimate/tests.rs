//! The estimator as a whole, on a path of constant rate and delay and with feedback that nobody honest would send.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, RecvDelta, RunLengthChunk, StatusVectorChunk, SymbolTypeTcc};

use super::*;
use crate::media::quality::Quality;
use crate::media::simnet::{Link, MILLI, Path, Receiver, SECOND, Time};

/// Frames of `bytes` every 20 ms through a path, with feedback every 80 ms that can be tampered with.
struct Run {
    estimator: Estimator,
    start: Instant,
    now: Time,
    link: Link,
    receiver: Receiver,
    number: u64,
    /// Feedback as it came, newest last.
    seen: Vec<TransportLayerCc>,
}

impl Run {
    fn new(rate: f64) -> Self {
        let start = Instant::now();
        Self {
            estimator: Estimator::new(start, Some(Duration::from_millis(80)), true),
            start,
            now: 0,
            link: Link::new(Path::new(rate, 30 * MILLI), 1),
            receiver: Receiver::new(77 * SECOND),
            number: 65_000,
            seen: Vec::new(),
        }
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.now)
    }

    fn network(&mut self) -> Network {
        self.estimator.network(self.instant()).expect("known")
    }

    fn send(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let part = bytes.min(1_100);
            bytes -= part;
            self.estimator.sent(self.instant(), self.number as u16, part);
            for arrival in self.link.send(self.now, part).into_iter().flatten() {
                self.receiver.expect(arrival, self.number);
            }
            self.number += 1;
        }
    }

    fn go(&mut self, time: Time, rate: f64, mut deliver: impl FnMut(&mut Estimator, Instant, TransportLayerCc)) {
        let end = self.now + time;
        while self.now < end {
            self.send((rate * 0.02 / 8.0) as usize);
            if self.now.is_multiple_of(80 * MILLI)
                && let Some(feedback) = self.receiver.feedback(self.now)
            {
                let now = self.instant();
                self.seen.push(feedback.clone());
                deliver(&mut self.estimator, now, feedback);
            }
            if self.now.is_multiple_of(100 * MILLI) {
                self.estimator.tick(self.instant());
            }
            self.now += 20 * MILLI;
        }
    }

    fn honest(&mut self, time: Time, rate: f64) {
        self.go(time, rate, |estimator, now, feedback| estimator.feedback(now, &feedback));
    }
}

fn bytes_of(estimator: &Estimator) -> usize {
    size_of::<Estimator>() + estimator.outgoing.ring.capacity()
}

#[test]
fn a_viewer_costs_little_memory() {
    let mut idle = Run::new(1e6);
    idle.honest(10 * SECOND, 48e3);
    assert!(bytes_of(&idle.estimator) + size_of::<Quality>() <= 1_536, "{}", bytes_of(&idle.estimator));
    let mut busy = Run::new(20e6);
    busy.honest(5 * SECOND, 1.5e6);
    assert!(bytes_of(&busy.estimator) <= 3 * 1_024, "{}", bytes_of(&busy.estimator));
    busy.go(20 * SECOND, 1.5e6, |_, _, _| {});
    assert!(bytes_of(&busy.estimator) <= 6 * 1_024, "with nothing heard for long: {}", bytes_of(&busy.estimator));
    busy.honest(5 * SECOND, 48e3);
    assert!(bytes_of(&busy.estimator) <= 3 * 1_024, "what a burst needed is given back: {}", bytes_of(&busy.estimator));
}

#[test]
fn the_first_estimate_is_ten_packets_in_a_round_trip_and_a_quarter_of_that_far_away() {
    let start = |rtt: Option<u64>| Estimator::new(Instant::now(), rtt.map(Duration::from_millis), true).estimate();
    assert_eq!(start(Some(40)), 2_920_000);
    assert_eq!((start(Some(60)), start(Some(100)), start(Some(150))), (1_946_666, 300_000, 300_000));
    assert_eq!(start(None), start(Some(100)));
    assert_eq!((start(Some(1)), start(Some(3_000))), (4_000_000, 300_000));
}

#[test]
fn overload_is_seen_within_a_second_and_the_estimate_is_below_what_passes() {
    for overload in [1.1, 1.5, 3.0] {
        let mut run = Run::new(1e6);
        run.honest(5 * SECOND, 800e3);
        assert!(run.estimator.estimate() >= 800_000);
        run.honest(SECOND, overload * 1e6);
        let network = run.network();
        assert!((700_000..1_000_000).contains(&network.estimate), "{overload}: {network:?}");
        run.honest(3 * SECOND, 600e3);
        let network = run.network();
        assert!(!network.overused && network.queue < Duration::from_millis(40), "{overload}: {network:?}");
        assert!((700_000..1_000_000).contains(&network.estimate), "{overload}: it does not compound: {network:?}");
    }
}

#[test]
fn what_is_not_used_is_not_claimed_and_a_probe_finds_it() {
    let mut run = Run::new(3e6);
    run.honest(20 * SECOND, 48e3);
    run.estimator.control.set(60e3);
    run.honest(60 * SECOND, 48e3);
    assert!(run.network().application_limited || run.estimator.estimate() < 65_000, "{:?}", run.network());
    assert!(run.estimator.estimate() < 100_000, "{}", run.estimator.estimate());
    let mut probes = 0;
    while run.estimator.estimate() < 1_900_000 && probes < 10 {
        probes += 1;
        assert!(run.estimator.probe(run.instant(), 2_000_000), "after {probes}");
        for _ in 0..250 {
            let bytes = run.estimator.probe_due(run.instant());
            run.send(bytes);
            run.now += MILLI;
        }
        run.now = run.now.next_multiple_of(400 * MILLI);
        run.honest(2 * SECOND, 48e3);
    }
    assert!(probes <= 4, "{probes}: {}", run.estimator.estimate());
    assert!(run.estimator.rtt().is_some_and(|rtt| (30..60).contains(&rtt.as_millis())), "{:?}", run.estimator.rtt());
    assert!(run.estimator.acknowledged().is_some_and(|rate| (40_000..60_000).contains(&rate)), "{:?}", run.estimator.acknowledged());
}

#[test]
fn silence_is_told_and_the_estimate_held_then_halved() {
    let mut run = Run::new(5e6);
    run.honest(5 * SECOND, 1e6);
    let before = run.estimator.estimate();
    run.go(SECOND, 1e6, |_, _, _| {});
    assert!(!run.network().silent);
    run.go(2 * SECOND, 1e6, |_, _, _| {});
    assert!(run.network().silent);
    assert_eq!(run.estimator.estimate(), before);
    assert!(!run.estimator.probe(run.instant(), 2_000_000), "nobody could judge it");
    run.honest(100 * MILLI, 100e3);
    assert!(!run.network().silent);
    let after = run.estimator.estimate();
    assert!((before / 2..before).contains(&after), "{before} {after}");
    run.now += 60 * SECOND;
    run.estimator.tick(run.instant());
    assert!(!run.network().silent, "nothing left, so nothing is to be heard");
}

#[test]
fn feedback_twice_and_late_changes_nothing() {
    let (mut honest, mut twice) = (Run::new(2e6), Run::new(2e6));
    honest.honest(10 * SECOND, 1e6);
    let mut before: Option<TransportLayerCc> = None;
    twice.go(10 * SECOND, 1e6, |estimator, now, feedback| {
        estimator.feedback(now, &feedback);
        estimator.feedback(now, &feedback);
        if let Some(before) = before.replace(feedback) {
            estimator.feedback(now, &before);
        }
    });
    assert_eq!(honest.network(), twice.network());
    assert_eq!(honest.estimator.acknowledged(), twice.estimator.acknowledged());
}

#[test]
fn feedback_out_of_order_tells_about_the_same() {
    let (mut honest, mut mixed) = (Run::new(2e6), Run::new(2e6));
    honest.honest(10 * SECOND, 1e6);
    let mut held = None;
    mixed.go(10 * SECOND, 1e6, |estimator, now, feedback| match held.take() {
        None => held = Some(feedback),
        Some(before) => {
            estimator.feedback(now, &feedback);
            estimator.feedback(now, &before);
        }
    });
    let (honest, mixed) = (honest.network(), mixed.network());
    assert_eq!((mixed.loss, mixed.overused, mixed.queue), (0.0, false, honest.queue));
    assert!(mixed.estimate.abs_diff(honest.estimate) < honest.estimate / 2, "{mixed:?} {honest:?}");
}

#[test]
fn a_clock_that_leaps_is_no_overuse() {
    let mut run = Run::new(5e6);
    run.honest(5 * SECOND, 1e6);
    let before = run.estimator.estimate();
    for leap in [90_000u32, 0xff_0000, 12_345] {
        run.go(3 * SECOND, 1e6, |estimator, now, mut feedback| {
            feedback.reference_time = (feedback.reference_time + leap) & 0xff_ffff;
            estimator.feedback(now, &feedback);
            assert!(!estimator.network(now).expect("known").overused, "{leap}");
        });
        assert!(run.estimator.estimate() >= before, "{leap}");
    }
}

fn lost(base: u16, count: u16) -> TransportLayerCc {
    let run = RunLengthChunk {
        packet_status_symbol: SymbolTypeTcc::PacketNotReceived,
        run_length: count.min(8_191),
        ..RunLengthChunk::default()
    };
    let packet_chunks = vec![PacketStatusChunk::RunLengthChunk(run); 9];
    TransportLayerCc { base_sequence_number: base, packet_status_count: count, packet_chunks, ..TransportLayerCc::default() }
}

#[test]
fn reports_that_all_was_lost_take_the_rate_down_but_not_to_nothing() {
    let mut run = Run::new(5e6);
    run.honest(3 * SECOND, 1e6);
    let mut reported = run.number as u16;
    for _ in 0..50 {
        run.go(100 * MILLI, 1e6, |_, _, _| {});
        let count = (run.number as u16).wrapping_sub(reported);
        run.estimator.feedback(run.instant(), &lost(reported, count));
        reported = reported.wrapping_add(count);
    }
    let network = run.network();
    assert!((30_000..700_000).contains(&network.estimate), "{network:?}");
    assert!(network.loss > 0.9, "{network:?}");
}

#[test]
fn claims_about_packets_never_sent_are_no_feedback() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start, None, true);
    estimator.feedback(start, &lost(0, u16::MAX));
    for sequence in 0..100 {
        estimator.sent(start, sequence, 1_000);
    }
    let before = estimator.network(start);
    for base in [100, 200, 30_000, 50_000] {
        estimator.feedback(start + Duration::from_millis(50), &lost(base, 500));
    }
    assert_eq!(estimator.network(start), before);
    assert_eq!(estimator.source, Source::None);
}

#[test]
fn whatever_is_claimed_the_figures_stay_within_bounds() {
    let mut rng = StdRng::seed_from_u64(7);
    let symbols = [
        SymbolTypeTcc::PacketNotReceived,
        SymbolTypeTcc::PacketReceivedSmallDelta,
        SymbolTypeTcc::PacketReceivedLargeDelta,
        SymbolTypeTcc::PacketReceivedWithoutDelta,
    ];
    let mut run = Run::new(2e6);
    for _ in 0..3_000 {
        let base = (run.number as u16).wrapping_sub(rng.random_range(0..200)).wrapping_add(rng.random_range(0..3) * 20_000);
        let mut feedback = TransportLayerCc {
            base_sequence_number: base,
            packet_status_count: if rng.random_bool(0.9) { rng.random_range(0..100) } else { rng.random() },
            reference_time: if rng.random_bool(0.5) { (run.now / 64_000) as u32 } else { rng.random::<u32>() >> 8 },
            ..TransportLayerCc::default()
        };
        for _ in 0..rng.random_range(0..8) {
            let symbol = symbols[rng.random_range(0..4)];
            feedback.packet_chunks.push(if rng.random() {
                let run_length = rng.random_range(0..8_192);
                PacketStatusChunk::RunLengthChunk(RunLengthChunk { packet_status_symbol: symbol, run_length, ..RunLengthChunk::default() })
            } else {
                let symbol_list = (0..14).map(|_| symbols[rng.random_range(0..4)]).collect();
                PacketStatusChunk::StatusVectorChunk(StatusVectorChunk { symbol_list, ..StatusVectorChunk::default() })
            });
        }
        let deltas = (0..rng.random_range(0..60)).map(|_| i64::from(rng.random::<i16>()) * 250);
        feedback.recv_deltas = deltas.map(|delta| RecvDelta { delta, ..RecvDelta::default() }).collect();
        run.go(20 * MILLI, 1e6, |_, _, _| {});
        run.estimator.probe(run.instant(), rng.random_range(0..u64::from(u32::MAX)));
        run.estimator.feedback(run.instant(), &feedback);
        let network = run.network();
        assert!((30_000..=50_000_000).contains(&network.estimate), "{network:?}");
        assert!((0.0..=1.0).contains(&network.loss), "{network:?}");
        assert!(run.estimator.pace() >= 20_000);
        assert!(run.estimator.probe_due(run.instant()) <= 1_200);
    }
}

/// Sends at `rate` for a second and reports.
fn reported(estimator: &mut Estimator, now: &mut Instant, rate: usize, lost: f64, rtt: u64) {
    for _ in 0..50 {
        *now += Duration::from_millis(20);
        estimator.sent_unnumbered(*now, rate / 8 / 50);
        estimator.tick(*now);
    }
    estimator.report(*now, lost, Some(Duration::from_millis(rtt)));
}

#[test]
fn receiver_reports_show_loss_and_queues() {
    let mut now = Instant::now();
    let mut estimator = Estimator::new(now, Some(Duration::from_millis(100)), false);
    assert_eq!(estimator.network(now), None, "nobody who promised nothing is expected to report");
    (0..10).for_each(|_| reported(&mut estimator, &mut now, 1_000_000, 0.05, 100));
    assert!(estimator.estimate() >= 1_000_000);
    assert!(estimator.network(now).is_some_and(|network| !network.probes && (network.loss - 0.05).abs() < 0.02));
    (0..3).for_each(|_| reported(&mut estimator, &mut now, 1_000_000, 0.4, 100));
    assert!((500_000..700_000).contains(&estimator.estimate()), "{}", estimator.estimate());
    let mut estimator = Estimator::new(now, Some(Duration::from_millis(100)), false);
    (0..5).for_each(|_| reported(&mut estimator, &mut now, 1_000_000, 0.0, 100));
    for rtt in [600, 1_100, 1_600] {
        reported(&mut estimator, &mut now, 1_000_000, 0.0, rtt);
    }
    let after = estimator.estimate();
    assert!((500_000..850_000).contains(&after), "half a second more in a second: {after}");
    for rtt in [1_200, 600, 200, 100] {
        reported(&mut estimator, &mut now, 200_000, 0.0, rtt);
        assert!(estimator.estimate() >= after, "a queue that drains says nothing bad");
    }
    (0..30).for_each(|_| estimator.sent_unnumbered(now, 100));
    now += Duration::from_secs(10);
    estimator.tick(now);
    assert!(estimator.network(now).is_some_and(|network| network.silent));
}

#[test]
fn receiver_reports_do_not_meddle_with_feedback() {
    let mut run = Run::new(5e6);
    run.honest(5 * SECOND, 1e6);
    let before = run.network();
    run.estimator.report(run.instant(), 0.9, Some(Duration::from_secs(3)));
    assert_eq!(run.network(), before);
}

#[test]
fn a_backlog_leaves_no_faster_than_the_first_window_before_anything_is_known_and_slowly_beside_a_queue() {
    let mut run = Run::new(1e6);
    assert_eq!(run.estimator.pace(), run.estimator.estimate());
    run.honest(3 * SECOND, 500e3);
    assert!(run.estimator.pace() > run.estimator.estimate());
    run.honest(SECOND, 1.5e6);
    assert!(run.estimator.pace() < run.estimator.estimate());
    assert!(!run.estimator.probe(run.instant(), 2_000_000), "no probe into a queue");
}
