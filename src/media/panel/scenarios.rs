//! A panel of four on networks of all kinds: sound first, then the large picture, then the small ones.

use crate::media::simnet::session::{Setup, Story};
use crate::media::simnet::{MILLI, Path, SECOND, Time};

const SEEDS: u64 = 20;

fn panel(rate: f64, delay: Time) -> Setup {
    Setup { small: vec![150e3; 3], ..Setup::new(Path::new(rate, delay)) }
}

fn each(setup: impl Fn() -> Setup, check: impl Fn(u64, &Story)) {
    (0..SEEDS).for_each(|seed| check(seed, &setup().run(seed)));
}

#[test]
fn a_good_network_gets_everything_within_seconds() {
    for delay in [15, 80] {
        each(
            || panel(5e6, delay * MILLI),
            |seed, story| {
                assert_eq!(
                    (story.small(5 * SECOND), story.layer(8 * SECOND)),
                    (3, Some(2)),
                    "{seed} at {delay} ms: {:?} {:?}",
                    story.small,
                    story.flowed
                );
                assert!((8..30).all(|second| story.small(second * SECOND) == 3 && story.layer(second * SECOND) == Some(2)), "{seed}");
            },
        );
    }
}

#[test]
fn a_narrow_network_gets_sound_and_the_large_picture_before_the_small_ones() {
    for rate in [300e3, 400e3, 550e3] {
        each(
            || panel(rate, 40 * MILLI),
            |seed, story| {
                let (most, longest) = story.waits(3 * SECOND, 30 * SECOND);
                assert!(most < 150 * MILLI && longest < 200 * MILLI, "{seed} at {rate}: waits {most} {longest}");
                assert_eq!(story.share(0, 3 * SECOND, 30 * SECOND), 1.0, "{seed} at {rate}: {:?}", story.flowed);
                let most = usize::from(rate > 500e3);
                assert!((0..30).all(|second| story.small(second * SECOND) <= most), "{seed} at {rate}: {:?}", story.small);
            },
        );
    }
}

#[test]
fn small_pictures_go_when_the_network_narrows_and_come_back_when_it_widens() {
    let setup = || {
        let mut setup = panel(4e6, 30 * MILLI);
        setup.down.rates = vec![(0, 4e6), (15 * SECOND, 500e3), (40 * SECOND, 4e6)];
        Setup { length: 80 * SECOND, ..setup }
    };
    each(setup, |seed, story| {
        assert_eq!((story.small(14 * SECOND), story.layer(14 * SECOND)), (3, Some(2)), "{seed}");
        assert!((17..40).all(|second| story.small(second * SECOND) <= 1 && !story.paused(second * SECOND)), "{seed}: {:?}", story.small);
        let (most, longest) = story.waits(20 * SECOND, 40 * SECOND);
        assert!(most < 150 * MILLI && longest < 200 * MILLI, "{seed}: waits {most} {longest}");
        assert_eq!((story.small(55 * SECOND), story.layer(55 * SECOND)), (3, Some(2)), "{seed}: {:?} {:?}", story.small, story.flowed);
    });
}
