//! How many bits a second a layer has.

use std::time::{Duration, Instant};

use crate::media::codec::MAX_TEMPORAL;

/// Bits a second over two half-second windows, of each temporal layer.
#[derive(Debug, Default)]
pub(super) struct Rate {
    since: Option<Instant>,
    bytes: [usize; MAX_TEMPORAL],
    last: Option<[f64; MAX_TEMPORAL]>,
}

impl Rate {
    const WINDOW: Duration = Duration::from_millis(500);

    pub(super) fn add(&mut self, now: Instant, bytes: usize, temporal: u8) {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.saturating_duration_since(since);
        if elapsed >= Self::WINDOW {
            let bits = self.bytes.map(|bytes| bytes as f64 * 8.0 / elapsed.as_secs_f64());
            let last = self.last.unwrap_or(bits);
            self.last = Some(std::array::from_fn(|at| (last[at] + bits[at]) / 2.0));
            (self.since, self.bytes) = (Some(now), [0; MAX_TEMPORAL]);
        }
        self.bytes[usize::from(temporal).min(MAX_TEMPORAL - 1)] += bytes;
    }

    pub(super) fn bits(&self, now: Instant) -> [u64; MAX_TEMPORAL] {
        let silent = self.since.is_none_or(|since| now.saturating_duration_since(since) > 4 * Self::WINDOW);
        if silent { [0; MAX_TEMPORAL] } else { self.cumulative() }
    }

    pub(super) fn cumulative(&self) -> [u64; MAX_TEMPORAL] {
        /// Packets a second of a layer that is there make more.
        const SOMETHING: f64 = 1_000.0;
        /// Encoders that mark slices wrongly leave a base of key frames alone, which is no video to watch.
        const LEAST_BASE: f64 = 0.3;
        let last = self.last.unwrap_or_default();
        let total: f64 = last.iter().sum();
        if last[0] < total * LEAST_BASE {
            return [total as u64, 0, 0, 0];
        }
        let highest = last.iter().rposition(|bits| *bits >= SOMETHING).unwrap_or(0);
        std::array::from_fn(|at| if at <= highest { last[..=at].iter().sum::<f64>() as u64 } else { 0 })
    }
}
