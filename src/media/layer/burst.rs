//! The packets of a frame leave a layer together: equally long, and counted for those who get fewer temporal layers.

use std::time::Instant;

use super::{HOLD, Layer, MAX_BURST, Skipped};

impl Layer {
    /// When held packets must leave; `None` if there are none.
    pub(in crate::media) fn due(&self, now: Instant) -> Option<Instant> {
        let since = self.held_since?;
        let newest_ends_frame = self.ring.back().and_then(Option::as_ref).is_some_and(|packet| packet.marker);
        if !self.codec.is_video() || newest_ends_frame || self.next() - self.head >= MAX_BURST { Some(now) } else { Some(since + HOLD) }
    }

    /// Releases what is held: pads the packets of each frame to equal length and lets viewers have them.
    pub(in crate::media) fn release(&mut self) {
        self.held_since = None;
        let (from, to) = (self.head, self.next());
        let mut start = from;
        while start < to {
            let Some(timestamp) = self.get(start).map(|packet| packet.timestamp) else {
                start += 1;
                continue;
            };
            let mut end = start + 1;
            while end < to && self.get(end).is_none_or(|packet| packet.timestamp == timestamp) {
                end += 1;
            }
            self.pad(start, end);
            self.number(start, end, timestamp);
            start = end;
        }
        self.head = to;
    }

    /// Counts what those will not be sent who get fewer temporal layers. Holes are for everybody, as nobody knows what was in them.
    fn number(&mut self, from: u64, to: u64, timestamp: u32) {
        // What comes with a slice that nothing refers to is of no use without it.
        let layer = (from..to).filter_map(|index| self.get(index)).map(|packet| packet.temporal.layer).max().unwrap_or(0);
        let mut skipped = self.skipped;
        for index in from..to {
            let of_same_picture = self.skipped_at == Some(timestamp);
            let Some(packet) = self.slot(index) else { continue };
            (packet.skipped, packet.temporal.layer) = (skipped, layer);
            skipped = packet.skipped_after(of_same_picture);
            self.skipped_at = Some(timestamp);
        }
        self.skipped = skipped;
    }

    /// The counts before a hole that was passed.
    pub(super) fn skipped_before(&self, index: u64) -> Skipped {
        let back = usize::try_from(index.saturating_sub(self.first)).unwrap_or(0);
        let before = self.ring.iter().take(back).rev().flatten().next();
        // Between here and the next one that came there are only holes, which count nothing.
        let after = self.ring.iter().skip(back).flatten().find(|packet| packet.index < self.head);
        match (before, after) {
            (_, Some(after)) => after.skipped,
            (Some(before), None) => before.skipped_after(true),
            (None, None) => self.skipped,
        }
    }

    /// libwebrtc makes the packets of a frame differ by a byte or so; equal ones share a message.
    fn pad(&mut self, from: u64, to: u64) {
        /// More padding would cost more than the message it saves.
        const MOST: usize = 8;
        let longest = (from..to).filter_map(|index| self.get(index)).map(|packet| packet.payload.len()).max().unwrap_or(0);
        for index in from..to {
            if let Some(packet) = self.slot(index).filter(|packet| !packet.payload.is_empty()) {
                let missing = longest - packet.payload.len();
                if missing <= MOST {
                    packet.padding = missing as u8;
                }
            }
        }
    }
}
