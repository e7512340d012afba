//! The way out: packets of one viewer are copied, sealed and grouped into messages that the kernel splits (UDP GSO).
//!
//! Invariant: the arena is empty between viewers. A full socket drops what does not fit and counts it; viewers ask again by NACK.

use super::ice::Path;
use super::layer::Packet;
use super::rewrite::Rewritten;
use super::srtp::{HEADER, Sealer};

/// The kernel takes at most 64 segments and 64 KiB in one message.
const MAX_SEGMENTS: usize = 40;
const MAX_MESSAGE: usize = 60_000;

/// Where datagrams leave; the sockets, or a list in tests.
pub(super) trait Wire {
    /// Sends `contents` as datagrams of `segment` bytes, the last possibly shorter. False if they were dropped.
    fn send(&mut self, path: Path, contents: &[u8], segment: usize) -> bool;
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) dropped: u64,
}

/// How packets of a viewer's stream are labelled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
}

/// Collects packets for one path and sends runs of equal length together.
#[derive(Default)]
pub(super) struct Egress {
    arena: Vec<u8>,
    segment: usize,
    segments: usize,
    /// A shorter packet ends a message.
    closed: bool,
    sent: Sent,
}

impl Egress {
    pub(super) fn begin(&mut self) {
        self.arena.clear();
        (self.segment, self.segments, self.closed, self.sent) = (0, 0, false, Sent::default());
    }

    pub(super) fn push(
        &mut self,
        wire: &mut dyn Wire,
        path: Path,
        sealer: &mut Sealer,
        label: Label,
        packet: &Packet,
        rewritten: Rewritten,
    ) {
        let length = HEADER + packet.body() + sealer.tag_len();
        let fits = !self.closed && length <= self.segment && self.segments < MAX_SEGMENTS && self.arena.len() + length <= MAX_MESSAGE;
        if !fits {
            self.flush(wire, path);
            self.segment = length;
        }
        let start = self.arena.len();
        self.arena.resize(start + length, 0);
        let out = &mut self.arena[start..];
        out[0] = if packet.padding > 0 { 0xa0 } else { 0x80 };
        out[1] = u8::from(packet.marker) << 7 | label.payload_type;
        out[2..4].copy_from_slice(&(rewritten.index as u16).to_be_bytes());
        out[4..8].copy_from_slice(&rewritten.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&label.ssrc.to_be_bytes());
        rewritten.write_body(packet, &mut out[HEADER..HEADER + packet.body()]);
        if sealer.seal(out, label.ssrc, rewritten.index).is_err() {
            self.arena.truncate(start);
            self.sent.dropped += 1;
            return;
        }
        self.segments += 1;
        self.closed = length < self.segment;
    }

    fn flush(&mut self, wire: &mut dyn Wire, path: Path) {
        if self.segments > 0 {
            if wire.send(path, &self.arena, self.segment) {
                self.sent.packets += self.segments as u64;
                self.sent.bytes += self.arena.len() as u64;
            } else {
                self.sent.dropped += self.segments as u64;
            }
        }
        self.arena.clear();
        (self.segment, self.segments, self.closed) = (0, 0, false);
    }

    /// Sends the rest and tells what happened since [`Egress::begin`].
    pub(super) fn end(&mut self, wire: &mut dyn Wire, path: Path) -> Sent {
        self.flush(wire, path);
        std::mem::take(&mut self.sent)
    }
}
