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
