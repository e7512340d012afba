//! Which layers a viewer can be given, which one it gets, and where it may start there.

use std::time::{Duration, Instant};

use crate::media::ViewOptions;
use crate::media::codec::Codec;
use crate::media::layer::Layer;
use crate::media::panel::Seat;
use crate::media::quality::Offer;

/// After waiting this long for a new key frame, a longer backlog is better than no picture.
const PATIENCE: Duration = Duration::from_millis(700);
/// A layer must have a bitrate this much higher to be taken for a better one.
const CLEARLY: f64 = 1.25;

/// A layer as the choice sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) struct Candidate {
    pub(in crate::media) at: usize,
    pub(in crate::media) bitrate: u64,
}

/// The video layers of a seat that a viewer with these codecs can be given, as [`crate::media::quality`] looks at them.
pub(in crate::media) fn offers(layers: &[Layer], now: Instant, seat: Seat, decodes: impl Fn(Codec) -> bool) -> Vec<Offer> {
    let usable = |layer: &Layer| layer.seat == seat && layer.codec.is_video() && layer.is_to_be_had(now) && decodes(layer.codec);
    let offer = |(at, layer): (usize, &Layer)| Offer { at, order: 0, rates: layer.rates(now) };
    layers.iter().enumerate().filter(|(_, layer)| usable(layer)).map(offer).collect()
}

/// The video layers that a viewer with these codecs can be given.
#[cfg(test)]
pub(in crate::media) fn choices(layers: &[Layer], now: Instant, decodes: impl Fn(Codec) -> bool) -> Vec<Candidate> {
    let usable = |layer: &Layer| layer.codec.is_video() && layer.is_to_be_had(now) && decodes(layer.codec);
    layers.iter().enumerate().filter(|(_, layer)| usable(layer)).map(|(at, layer)| Candidate { at, bitrate: layer.bitrate(now) }).collect()
}

/// The highest layer, or the lowest on "save data". The present one stays unless another is clearly better, so that noise moves nobody.
pub(in crate::media) fn choose(candidates: &[Candidate], options: ViewOptions, present: Option<usize>) -> Option<usize> {
    if options.audio_only {
        return None;
    }
    let best = if options.save_data {
        candidates.iter().min_by_key(|candidate| candidate.bitrate)
    } else {
        // Of equals the first, which is the one that has been there for longest.
        candidates.iter().rev().max_by_key(|candidate| candidate.bitrate)
    }?;
    let Some(present) = candidates.iter().find(|candidate| Some(candidate.at) == present) else {
        return Some(best.at);
    };
    let (less, more) = if options.save_data { (best.bitrate, present.bitrate) } else { (present.bitrate, best.bitrate) };
    Some(if more as f64 > less as f64 * CLEARLY { best.at } else { present.at })
}

/// Where a viewer may start in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::media) enum Start {
    At(u64),
    /// Ask for a key frame and look again when one came.
    Wait,
}

/// Where to start. `since` is when the viewer began to wait; `moving` if it is still served by another layer meanwhile, and from which head;
/// `most` the packets that its network takes at once.
pub(in crate::media) fn start(layer: &Layer, now: Instant, since: Instant, moving: Option<u64>, most: u64) -> Start {
    let Some(gop) = layer.gop() else { return Start::Wait };
    if let Some(head) = moving {
        // A viewer that has a picture is not taken back in time.
        return if gop >= head { Start::At(gop) } else { Start::Wait };
    }
    let backlog = layer.head() - gop;
    if backlog <= most || now.saturating_duration_since(since) >= PATIENCE { Start::At(gop) } else { Start::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: Candidate = Candidate { at: 1, bitrate: 150_000 };
    const HIGH: Candidate = Candidate { at: 2, bitrate: 1_500_000 };
    const SAVE: ViewOptions = ViewOptions { save_data: true, ..ALL };
    const ALL: ViewOptions =
        ViewOptions { save_data: false, audio_only: false, merge_audio: false, pin: None, last: None, without: None, only: None };

    #[test]
    fn viewers_get_the_highest_layer_and_the_lowest_to_save_data() {
        assert_eq!(choose(&[LOW, HIGH], ALL, None), Some(2));
        assert_eq!(choose(&[LOW, HIGH], ALL, Some(1)), Some(2));
        assert_eq!(choose(&[LOW, HIGH], SAVE, Some(2)), Some(1));
        assert_eq!(choose(&[LOW], ALL, Some(2)), Some(1), "the high layer is gone");
        assert_eq!(choose(&[LOW, HIGH], ViewOptions { audio_only: true, ..ALL }, Some(2)), None);
        assert_eq!(choose(&[], ALL, None), None);
    }

    #[test]
    fn a_bitrate_that_is_about_the_same_moves_nobody() {
        let other = Candidate { at: 3, bitrate: 1_700_000 };
        assert_eq!(choose(&[HIGH, other], ALL, Some(2)), Some(2));
        assert_eq!(choose(&[HIGH, other], SAVE, Some(3)), Some(3));
    }
}
