//! Estimate and choice together on networks of all kinds, each over many seeds.

use crate::media::simnet::session::{Reporting, Setup, Story};
use crate::media::simnet::{MILLI, Path, SECOND, Time};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

const SEEDS: u64 = 50;

fn each(seeds: u64, setup: impl Fn(u64) -> Setup, mut check: impl FnMut(u64, &Story)) {
    for seed in 0..seeds {
        check(seed, &setup(seed).run(seed));
    }
}

/// The average over the seeds.
fn mean(seeds: u64, setup: impl Fn(u64) -> Setup, figure: impl Fn(&Story) -> f64) -> f64 {
    (0..seeds).map(|seed| figure(&setup(seed).run(seed))).sum::<f64>() / seeds as f64
}

fn network(rate: f64, delay: Time) -> Setup {
    Setup::new(Path::new(rate, delay))
}

/// The same network with one layer of 1.5 Mbit/s, as most cameras send.
fn single(mut setup: Setup) -> Setup {
    setup.layers = vec![1_500e3];
    setup
}

#[test]
fn a_slow_lossy_network_gets_all_audio_and_the_low_layer() {
    let setup = |_| {
        let mut setup = network(400e3, 100 * MILLI);
        setup.down.loss = 0.02;
        (setup.down.queue, setup.length) = (200_000, 20 * SECOND);
        setup
    };
    each(SEEDS, setup, |seed, story| {
        assert!(story.in_time(300 * MILLI) > 0.96, "{seed}: {}", story.in_time(300 * MILLI));
        let (first, gap) = story.picture(0, 20 * SECOND);
        assert!(first < SECOND && gap < SECOND, "{seed}: picture after {first}, gap {gap}");
        assert_eq!(story.share(0, 3 * SECOND, 20 * SECOND), 1.0, "{seed}");
        let (most, longest) = story.waits(3 * SECOND, 20 * SECOND);
        assert!(most < 120 * MILLI && longest < 200 * MILLI, "{seed}: waits {most} {longest}");
    });
}

#[test]
fn a_good_network_gets_the_high_layer_at_once_and_keeps_it() {
    let setup = |_| Setup { length: 10 * SECOND, ..network(5e6, 15 * MILLI) };
    each(SEEDS, setup, |seed, story| assert_eq!(story.share(2, 20 * MILLI, 10 * SECOND), 1.0, "{seed}"));
}

#[test]
fn a_good_but_far_network_gets_the_high_layer_within_seconds() {
    for delay in [40, 150] {
        let setup = |_| Setup { length: 10 * SECOND, ..network(5e6, delay * MILLI) };
        each(SEEDS / 2, setup, |seed, story| {
            assert_eq!(story.share(2, 4 * SECOND, 10 * SECOND), 1.0, "{seed} at {delay} ms: {:?}", story.flowed);
            assert!(story.switches(0, 10 * SECOND) <= 3, "{seed}");
        });
    }
}

#[test]
fn steps_of_the_bandwidth_are_followed_down_at_once_and_up_soon() {
    let setup = |_| {
        let mut setup = network(1.5e6, 50 * MILLI);
        setup.down.rates = vec![(0, 1.5e6), (12 * SECOND, 300e3), (24 * SECOND, 3e6)];
        setup.length = 44 * SECOND;
        setup
    };
    let mut switches = 0;
    each(SEEDS, setup, |seed, story| {
        assert_eq!(story.decided(12 * SECOND).map(|step| step.layer), Some(1), "{seed}");
        assert_eq!(story.decided(13 * SECOND).map(|step| step.layer), Some(0), "{seed}: {:?}", story.decided);
        assert_eq!(story.decided(34 * SECOND).map(|step| step.layer), Some(2), "{seed}: {:?}", story.decided);
        let (most, _) = story.waits(16 * SECOND, 24 * SECOND);
        assert!(most < 200 * MILLI, "{seed}: {most}");
        let all = story.switches(3 * SECOND, 44 * SECOND);
        assert!(all <= 5, "{seed}: {:?}", story.decided);
        switches += all;
    });
    assert!(switches < 7 * SEEDS as usize / 2, "{switches}, where three each are needed");
}

#[test]
fn loss_without_a_bottleneck_takes_little_and_pauses_nobody() {
    let setup = |loss: f64| {
        let mut setup = network(20e6, 50 * MILLI);
        setup.down.loss = loss;
        setup
    };
    assert!(mean(15, |_| setup(0.1), |story| story.share(2, 5 * SECOND, 30 * SECOND)) > 0.95);
    let share = mean(10, |_| setup(0.2), |story| story.share(2, 5 * SECOND, 30 * SECOND));
    assert!(share > 0.6, "{share}");
    for loss in [0.1, 0.2, 0.3] {
        each(5, |_| single(setup(loss)), |seed, story| assert_eq!(story.told, [], "{seed} at {loss}"));
    }
}

#[test]
fn an_outage_ends_with_a_picture_soon_and_the_former_layer_a_little_later() {
    for (length, queue, seeds) in [(1, 100_000, 5), (5, 100_000, 15), (5, 20_000, 15)] {
        let (begin, end) = (8 * SECOND, (8 + length) * SECOND);
        let setup = |_| {
            let mut setup = network(3e6, 50 * MILLI);
            setup.down.rates = vec![(0, 3e6), (begin, 0.0), (end, 3e6)];
            setup.down.queue = queue;
            setup.up.rates = vec![(0, 1e6), (begin, 0.0), (end, 1e6)];
            (setup.up.queue, setup.length) = (3_000, 25 * SECOND);
            setup
        };
        each(seeds, setup, |seed, story| {
            let (first, gap) = story.picture(end, end + 10 * SECOND);
            assert!(first < end + SECOND / 2 && gap < SECOND, "{seed} after {length} s: {first} {gap}");
            assert_eq!(story.share(2, end + 6 * SECOND, 25 * SECOND), 1.0, "{seed} after {length} s: {:?}", story.decided);
            assert!(story.switches(begin, 25 * SECOND) <= 4, "{seed} after {length} s: {:?}", story.decided);
        });
    }
}

/// Other traffic takes up to `most` of 2.5 Mbit/s, half of the time, for some seconds each.
fn noisy(seed: u64, most: f64) -> Setup {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut setup = network(2.5e6, 30 * MILLI);
    setup.down.jitter = 10 * MILLI;
    setup.length = 300 * SECOND;
    let mut at = 3 * SECOND;
    while at < setup.length {
        let taken = if rng.random_bool(0.5) { rng.random_range(0.0..most) } else { 0.0 };
        setup.down.rates.push((at, 2.5e6 - taken));
        at += rng.random_range(500..4_000) * MILLI;
    }
    setup
}

#[test]
fn other_traffic_moves_nobody_where_there_is_room_and_seldom_where_there_is_not() {
    let all = 300 * SECOND;
    assert!(mean(2, |seed| noisy(seed, 500e3), |story| story.switches(10 * SECOND, all) as f64) < 1.0);
    each(
        4,
        |seed| noisy(seed, 1_200e3),
        |seed, story| {
            assert!(story.switches(0, all) <= 20, "{seed}: {} in five minutes", story.switches(0, all));
            assert!(story.waits(10 * SECOND, all).0 < 250 * MILLI, "{seed}: {:?}", story.waits(10 * SECOND, all));
        },
    );
}

#[test]
fn jitter_reordering_duplicates_and_lost_feedback_move_nobody() {
    let setup = |jitter| {
        let mut setup = network(5e6, 50 * MILLI);
        (setup.down.jitter, setup.down.loss, setup.down.duplicates, setup.down.reordered) = (jitter, 0.01, 0.02, 0.02);
        (setup.up.loss, setup.up.duplicates, setup.up.reordered) = (0.1, 0.1, 0.2);
        setup
    };
    for jitter in [5, 20, 40] {
        let mut switches = 0;
        each(
            8,
            |_| setup(jitter * MILLI),
            |seed, story| {
                switches += story.switches(5 * SECOND, 30 * SECOND);
                assert!(story.share(2, 5 * SECOND, 30 * SECOND) > 0.7, "{seed} at {jitter} ms: {:?}", story.decided);
            },
        );
        assert!(switches <= 2, "{switches} at {jitter} ms");
    }
}

#[test]
fn a_single_layer_that_does_not_fit_is_paused_told_and_resumed() {
    let setup = |_| {
        let mut setup = single(network(1e6, 40 * MILLI));
        setup.down.rates = vec![(0, 1e6), (25 * SECOND, 4e6)];
        setup.length = 45 * SECOND;
        setup
    };
    each(10, setup, |seed, story| {
        assert!(story.paused(4 * SECOND) && story.paused(24 * SECOND), "{seed}: {:?}", story.told);
        assert!(story.switches(4 * SECOND, 25 * SECOND) <= 2, "{seed}: {:?}", story.decided);
        assert!(!story.paused(35 * SECOND), "{seed}: {:?}", story.told);
        assert_eq!(story.share(0, 36 * SECOND, 45 * SECOND), 1.0, "{seed}");
        assert!(story.waits(6 * SECOND, 25 * SECOND).0 < 150 * MILLI, "{seed}: {:?}", story.waits(6 * SECOND, 25 * SECOND));
    });
}

#[test]
fn every_rate_has_a_steady_place_on_the_ladder_of_temporal_layers() {
    let setup = |rate: f64| {
        let mut setup = network(rate, 40 * MILLI);
        (setup.temporal, setup.length) = (true, 50 * SECOND);
        setup
    };
    // Layer and temporal layer that fit with room for key frames, and the ones below and above that are fine too.
    for (rate, least, most) in [
        (200e3, (0, 0), (0, 1)),
        (300e3, (0, 1), (0, 2)),
        (600e3, (1, 0), (1, 2)),
        (800e3, (1, 1), (1, 2)),
        (1_200e3, (1, 2), (2, 0)),
        (1_600e3, (2, 0), (2, 1)),
        (2_200e3, (2, 2), (2, 2)),
    ] {
        each(
            3,
            |_| setup(rate),
            |seed, story| {
                let last = story.decided(49 * SECOND).map(|step| (step.layer, step.temporal));
                assert!((Some(least)..=Some(most)).contains(&last), "{seed} at {rate}: {:?}", story.decided);
                assert!(story.switches(15 * SECOND, 50 * SECOND) <= 4, "{seed} at {rate}: {:?}", story.decided);
                assert!(
                    story.waits(15 * SECOND, 50 * SECOND).0 < 500 * MILLI,
                    "{seed} at {rate}: {:?}",
                    story.waits(15 * SECOND, 50 * SECOND)
                );
                assert!(story.probes <= 12, "{seed} at {rate}: {} probes", story.probes);
            },
        );
    }
}

#[test]
fn where_not_even_audio_has_room_to_spare_there_is_no_video() {
    let setup = |_| {
        let mut setup = network(100e3, 40 * MILLI);
        setup.length = 60 * SECOND;
        setup
    };
    each(5, setup, |seed, story| {
        assert!((5..60).all(|second| story.paused(second * SECOND)), "{seed}: {:?}", story.told);
        assert!(story.waits(6 * SECOND, 60 * SECOND).0 < 300 * MILLI, "{seed}: {:?}", story.waits(6 * SECOND, 60 * SECOND));
    });
}

#[test]
fn receiver_reports_alone_find_the_right_layer_too() {
    let setup = |rate| {
        let mut setup = network(rate, 40 * MILLI);
        (setup.reporting, setup.length) = (Reporting::Receiver, 60 * SECOND);
        setup
    };
    assert!(mean(3, |_| setup(3e6), |story| story.share(2, 5 * SECOND, 60 * SECOND)) > 0.99);
    each(
        5,
        |_| setup(800e3),
        |seed, story| {
            assert!(story.share(1, 5 * SECOND, 60 * SECOND) > 0.7, "{seed}: {:?}", story.decided);
            assert!(story.switches(5 * SECOND, 60 * SECOND) <= 6, "{seed}: {:?}", story.decided);
        },
    );
}

#[test]
fn who_reports_nothing_gets_the_high_layer_whatever_comes_of_it() {
    let setup = |_| {
        let mut setup = network(600e3, 40 * MILLI);
        setup.reporting = Reporting::Nothing;
        setup
    };
    each(5, setup, |seed, story| assert_eq!((story.decided.len(), story.share(2, SECOND, 30 * SECOND)), (1, 1.0), "{seed}"));
}
