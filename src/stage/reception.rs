//! What viewers of a room really get, for its hosts: by picture, and how good their networks are.

use crate::media::{LayerStats, ViewerStats};
use serde::Serialize;
use std::collections::HashSet;

/// A sum over all connected viewers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Reception {
    /// Viewers of each picture, the best first.
    pub(crate) pictures: Vec<Picture>,
    /// Viewers who want sound only.
    pub(crate) sound_only: usize,
    /// Viewers whose network does not carry a picture.
    pub(crate) too_slow: usize,
    /// Others who would like a picture and have none at this moment.
    pub(crate) without: usize,
    /// Milliseconds there and back: half of the viewers have less, and all but one in twenty.
    pub(crate) rtt_ms: Option<u64>,
    pub(crate) rtt_most_ms: Option<u64>,
    /// Of a thousand packets, how many are lost on the way to viewers.
    pub(crate) loss_permille: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Picture {
    /// `only`, or of several `high`, `medium` and `low`.
    pub(crate) size: &'static str,
    pub(crate) viewers: usize,
    /// Bits a second.
    pub(crate) bitrate: u64,
}

impl Reception {
    pub(crate) fn of(layers: &[LayerStats], viewers: &[ViewerStats]) -> Self {
        let watching = |name: &str| viewers.iter().filter(|v| v.layer.as_deref() == Some(name)).count();
        let mut video: Vec<&LayerStats> = layers.iter().filter(|l| l.video).collect();
        video.sort_by_key(|layer| std::cmp::Reverse(layer.bitrate));
        // Of a panel all large pictures are one size, and so on: viewers move between them with the voices.
        let mut sizes = HashSet::new();
        video.retain(|layer| sizes.insert(layer.name.as_str()));
        let size = |at| match (video.len(), at) {
            (1, _) => "only",
            (_, 0) => "high",
            (count, at) if at + 1 == count => "low",
            _ => "medium",
        };
        let picture =
            |(at, layer): (usize, &&LayerStats)| Picture { size: size(at), viewers: watching(&layer.name), bitrate: layer.bitrate };
        let mut rtts: Vec<u64> = viewers.iter().filter_map(|v| v.rtt).map(|rtt| rtt.as_millis() as u64).collect();
        rtts.sort_unstable();
        let lost: f64 = viewers.iter().map(|v| f64::from(v.loss)).sum();
        Self {
            pictures: video.iter().enumerate().map(picture).collect(),
            sound_only: viewers.iter().filter(|v| v.options.audio_only).count(),
            too_slow: viewers.iter().filter(|v| v.paused).count(),
            without: viewers.iter().filter(|v| !v.options.audio_only && !v.paused && v.layer.is_none()).count(),
            rtt_ms: rtts.get(rtts.len() / 2).copied(),
            rtt_most_ms: rtts.get(rtts.len() * 95 / 100).copied(),
            loss_permille: if viewers.is_empty() { 0 } else { (lost * 1_000.0 / viewers.len() as f64).round() as u64 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::ViewOptions;
    use std::time::Duration;

    fn layer(name: &str, bitrate: u64) -> LayerStats {
        LayerStats { name: name.into(), video: name != "audio", bitrate, ..LayerStats::default() }
    }

    fn viewer(layer: Option<&str>, rtt: u64, loss: f32) -> ViewerStats {
        let options = ViewOptions { audio_only: layer.is_none(), ..ViewOptions::default() };
        ViewerStats {
            layer: layer.map(str::to_owned),
            loss,
            rtt: Some(Duration::from_millis(rtt)),
            estimate: None,
            arrives: None,
            paused: false,
            options,
        }
    }

    #[test]
    fn viewers_are_summed_by_picture_and_network() {
        let layers = [layer("audio", 40_000), layer("q", 150_000), layer("f", 1_500_000), layer("h", 500_000)];
        let mut viewers: Vec<_> = (0..19).map(|n| viewer(Some(if n < 15 { "f" } else { "q" }), 20 + n, 0.0)).collect();
        viewers.push(viewer(None, 900, 0.2));
        let reception = Reception::of(&layers, &viewers);
        let seen: Vec<_> = reception.pictures.iter().map(|p| (p.size, p.viewers)).collect();
        assert_eq!(seen, [("high", 15), ("medium", 0), ("low", 4)]);
        assert_eq!((reception.sound_only, reception.without, reception.loss_permille), (1, 0, 10));
        assert_eq!((reception.rtt_ms, reception.rtt_most_ms), (Some(30), Some(900)));
    }

    #[test]
    fn one_picture_is_the_only_one_and_nobody_is_no_division() {
        assert_eq!(Reception::of(&[layer("video", 1)], &[]).pictures[0].size, "only");
        assert_eq!(Reception::of(&[], &[]), Reception::default());
    }
}
