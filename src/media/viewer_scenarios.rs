//! What a viewer hears and sees behind a slow network that loses packets, over many seeds.

use super::simulation::{Scene, Seen};
use crate::media::simnet::{MILLI, Path, SECOND, Time};

const SEEDS: u64 = 40;
/// Sound that comes later than its way takes and this long is no use to a player.
const PLAYOUT: Time = 300 * MILLI;

/// 400 kbit/s with a queue of 400 ms, 100 ms away, 2 % loss.
fn slow() -> Path {
    Path { queue: 20_000, loss: 0.02, ..Path::new(400e3, 100 * MILLI) }
}

fn each(scene: &Scene, mut check: impl FnMut(u64, &Seen)) {
    for seed in 0..SEEDS {
        check(seed, &scene.clone().run(seed));
    }
}

#[test]
fn who_joins_behind_a_slow_lossy_network_hears_everything_and_soon_has_the_small_picture() {
    let scene = Scene { down: vec![(0, slow())], up: 0, length: 20 * SECOND };
    each(&scene, |seed, seen| {
        let sound = seen.in_time(0, 19 * SECOND, 100 * MILLI + PLAYOUT);
        assert!(sound > 0.985, "{seed}: {sound}");
        let waits = seen.in_time(3 * SECOND, 19 * SECOND, 200 * MILLI);
        assert!(waits > 0.97, "{seed}: {waits} after 3 s within 100 ms of its way");
        let first = seen.first(0);
        assert!(first < 3 * SECOND / 2, "{seed}: after {first}");
        assert!(seen.standstill(first, 20 * SECOND) < SECOND, "{seed}: {}", seen.standstill(first, 20 * SECOND));
    });
}

#[test]
fn who_is_cut_short_in_the_middle_loses_little_sound_and_has_the_small_picture_within_a_second() {
    let (good, from, to) = (Path::new(100e6, 0), 8 * SECOND, 30 * SECOND);
    let scene = Scene { down: vec![(0, good), (from, slow())], up: 0, length: to };
    let mut late = Vec::new();
    each(&scene, |seed, seen| {
        late.push(1.0 - seen.in_time(from, from + 5 * SECOND, 100 * MILLI + PLAYOUT));
        let sound = seen.in_time(from + 2 * SECOND, to - SECOND, 100 * MILLI + PLAYOUT);
        assert!(sound > 0.99, "{seed}: {sound}");
        assert!(seen.first(from) < 3 * SECOND / 2, "{seed}: after {}", seen.first(from));
        assert!(seen.standstill(from, to) < 1_100 * MILLI, "{seed}: {}", seen.standstill(from, to));
    });
    let mean = late.iter().sum::<f64>() / SEEDS as f64;
    assert!(mean < 0.1, "{mean} of the first five seconds");
}
