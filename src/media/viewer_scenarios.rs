//! What a viewer hears and sees behind a slow network that loses packets, over many seeds.

use super::player::Seen;
use super::simulation::Scene;
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
fn who_is_cut_short_in_the_middle_loses_little_sound_and_soon_has_a_picture_again() {
    let good = |path: &Path| Path::new(100e6, path.delay);
    let medium = Path { queue: 40_000, loss: 0.02, ..Path::new(900e3, 50 * MILLI) };
    // The first becomes longer too.
    for (before, after, longest) in [(Path::new(100e6, 0), slow(), 1_100 * MILLI), (good(&medium), medium, 1_250 * MILLI)] {
        let (from, to, limit) = (8 * SECOND, 30 * SECOND, after.delay + PLAYOUT);
        let scene = Scene { up: 0, down: vec![(0, before), (from, after)], length: to };
        let mut late = Vec::new();
        each(&scene, |seed, seen| {
            late.push(1.0 - seen.in_time(from, from + 5 * SECOND, limit));
            let sound = seen.in_time(from + 2 * SECOND, to - SECOND, limit);
            assert!(sound > 0.99, "{seed}: {sound}");
            assert!(seen.standstill(from, to) < longest, "{seed}: {}", seen.standstill(from, to));
        });
        let mean = late.iter().sum::<f64>() / SEEDS as f64;
        assert!(mean < 0.1, "{mean} of the first five seconds");
    }
}
