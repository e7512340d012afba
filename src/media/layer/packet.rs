//! A packet as a layer takes it in, and as it keeps it.

use bytes::Bytes;

use crate::media::codec::{MAX_TEMPORAL, Temporal, Vp8Counters};

/// A packet as it will be sent, but for the viewer's own header.
#[derive(Clone, Debug)]
pub(in crate::media) struct Packet {
    pub(in crate::media) index: u64,
    pub(in crate::media) timestamp: u32,
    pub(in crate::media) marker: bool,
    /// RTP padding bytes, which make the packets of a frame equally long.
    pub(in crate::media) padding: u8,
    pub(in crate::media) payload: Bytes,
    pub(in crate::media) vp8: Option<Vp8Counters>,
    pub(in crate::media) epoch: u32,
    pub(in crate::media) temporal: Temporal,
    pub(in crate::media) skipped: Skipped,
}

impl Packet {
    /// Nothing but padding (RFC 3550, section 5.1), as much as its length can name.
    pub(in crate::media) fn padding(timestamp: u32) -> Self {
        Self {
            index: 0,
            timestamp,
            marker: false,
            padding: u8::MAX,
            payload: Bytes::new(),
            vp8: None,
            epoch: 0,
            temporal: Temporal::default(),
            skipped: Skipped::default(),
        }
    }

    /// The counts after this packet, which the one before was `of_same_picture`.
    pub(super) fn skipped_after(&self, of_same_picture: bool) -> Skipped {
        let mut skipped = self.skipped;
        skipped.count(self.temporal, !of_same_picture);
        skipped
    }

    pub(in crate::media) fn body(&self) -> usize {
        self.payload.len() + usize::from(self.padding)
    }
}

/// What somebody has not been sent who gets the temporal layers up to one only: counts since the layer began, which wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::media) struct Skipped {
    packets: [u32; MAX_TEMPORAL - 1],
    pictures: [u16; MAX_TEMPORAL - 1],
}

impl Skipped {
    /// Packets and pictures above the temporal layer.
    pub(in crate::media) fn above(&self, temporal: u8) -> (u32, u16) {
        let at = usize::from(temporal);
        self.packets.get(at).copied().zip(self.pictures.get(at).copied()).unwrap_or_default()
    }

    fn count(&mut self, temporal: Temporal, new_picture: bool) {
        for at in 0..usize::from(temporal.layer).min(MAX_TEMPORAL - 1) {
            self.packets[at] = self.packets[at].wrapping_add(1);
            self.pictures[at] = self.pictures[at].wrapping_add(u16::from(new_picture));
        }
    }
}

/// A packet from the publisher, header extensions and padding already taken off.
#[derive(Clone, Debug)]
pub(in crate::media) struct Incoming {
    pub(in crate::media) sequence: u16,
    pub(in crate::media) timestamp: u32,
    pub(in crate::media) marker: bool,
    pub(in crate::media) payload: Bytes,
}
