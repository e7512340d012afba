//! Every seed of the corpora, and thousands of mutations of each, through the targets.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

/// For each target, however slow the machine is; a fuzzer goes on for longer.
const SHARE: Duration = Duration::from_millis(2_500);

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("a file").path());
    let mut seeds: Vec<_> =
        files.map(|file| (file.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&file).expect("read"))).collect();
    seeds.sort();
    seeds
}

/// Changes bits, bytes, lengths and the order of datagrams, as a fuzzer's first steps do.
fn mutate(rng: &mut StdRng, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=data.len());
        match rng.random_range(0..7) {
            0 => data.truncate(at),
            1 => data.insert(at, rng.random()),
            2 => {
                let from = rng.random_range(0..=other.len());
                let piece = &other[from..(from + rng.random_range(0..64)).min(other.len())];
                data.splice(at..at, piece.iter().copied());
            }
            3 => {
                let end = (at + rng.random_range(0..32)).min(data.len());
                data.drain(at..end);
            }
            4 => {
                let value = [0, 1, 0x7f, 0x80, 0xff][rng.random_range(0..5)];
                data.get_mut(at).into_iter().for_each(|byte| *byte = value);
            }
            _ => data.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
        }
    }
    data
}

/// Runs the target's seeds and as many mutations as fit its share of time.
fn run(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let seeds = seeds(name);
    assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
    for (seed, data) in &seeds {
        print(name, seed, data, || target(data));
    }
    let (begun, mut rng, mut count) = (Instant::now(), StdRng::seed_from_u64(1), 0);
    while begun.elapsed() < SHARE {
        let pick = |rng: &mut StdRng| &seeds[rng.random_range(0..seeds.len())];
        let ((seed, data), (_, other)) = (pick(&mut rng), pick(&mut rng));
        let data = mutate(&mut rng, data, other);
        print(name, seed, &data, || target(&data));
        count += 1;
    }
    assert!(count > 20, "{count} mutations of {name}");
}

/// Says what input a failure came of, so that it can be kept.
fn print(target: &str, seed: &str, data: &[u8], work: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        let file = std::env::temp_dir().join(format!("{target}-{seed}-failed"));
        std::fs::write(&file, data).expect("written");
        eprintln!("the input is in {}", file.display());
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn the_corpora_of_media_reach_layers_viewers_and_resends() {
    let out = |seed: &str| {
        let before = media::totals()[0].packets_out;
        rtp(&seeds("rtp").into_iter().find(|(name, _)| name == seed).expect("a seed").1);
        media::totals()[0].packets_out - before
    };
    let (h264, vp8) = (out("chromium-simulcast-h264"), out("chromium-simulcast-vp8"));
    assert!(h264 >= 8, "{h264} packets of Chromium's layers reached viewers");
    // The rig speaks H.264 with its publisher, so of this one only the sound is taken.
    assert!(vp8 < h264, "{vp8}");
    seeds("rtcp").iter().for_each(|(_, data)| rtcp(data));
    let totals = media::totals()[1];
    assert!(totals.resent > 20 && totals.plis_in >= 6 && totals.plis_out >= 1, "{totals:?}");
}

#[test]
fn stun_seeds_and_mutations() {
    run("stun");
}

#[test]
fn dtls_seeds_and_mutations() {
    run("dtls");
}

#[test]
fn rtp_seeds_and_mutations() {
    run("rtp");
}

#[test]
fn rtcp_seeds_and_mutations() {
    run("rtcp");
}

#[test]
fn sdp_seeds_and_mutations() {
    run("sdp");
}

#[test]
fn tcp_seeds_and_mutations() {
    run("tcp");
}
