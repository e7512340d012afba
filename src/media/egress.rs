//! The way out: packets are copied, sealed and grouped into messages that the kernel splits (UDP GSO); messages of many viewers leave in one call.
//!
//! Invariant: a message belongs to one path. A full socket drops what does not fit and counts it; viewers ask again by NACK.

use super::ice::Path;
use super::layer::Packet;
use super::rewrite::Rewritten;
use super::srtp::Sealer;

/// The kernel takes at most 64 segments and 64 KiB in one message.
const MAX_SEGMENTS: usize = 40;
const MAX_MESSAGE: usize = 60_000;
/// Messages in one system call: with more, nothing is gained.
pub(super) const BATCH: usize = 32;
/// A burst of five packets to each viewer of a batch; fits the second level cache.
const ARENA: usize = 256 * 1024;
/// The fixed RTP header: no CSRC.
const HEADER: usize = 12;
/// A header extension of one element of two bytes (RFC 8285, section 4.2), with padding.
const EXTENSION: usize = 8;

/// Where datagrams leave; the sockets, or a list in tests.
pub(super) trait Wire {
    /// Sends `contents` as datagrams of `segment` bytes, the last possibly shorter. False if they were dropped.
    fn send(&mut self, path: Path, contents: &[u8], segment: usize) -> bool;

    /// Sends messages out of `arena`; tells how many packets were dropped.
    fn send_all(&mut self, arena: &[u8], messages: &[Message]) -> u64 {
        let dropped = messages.iter().filter(|message| !self.send(message.path, message.contents(arena), message.segment));
        dropped.map(|message| u64::from(message.packets)).sum()
    }
}

/// Packets of equal length to one path, the last possibly shorter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) path: Path,
    start: usize,
    end: usize,
    /// Bytes of a packet.
    pub(super) segment: usize,
    pub(super) packets: u16,
}

impl Message {
    pub(super) fn contents<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        arena.get(self.start..self.end).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

impl std::ops::AddAssign for Sent {
    fn add_assign(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }
}

/// How packets of a viewer's stream are labelled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    /// The id and value of the transport-wide sequence number, if the viewer wants one.
    pub(super) transport: Option<(u8, u16)>,
    /// A retransmission (RFC 4588) begins with the sequence number of the original.
    pub(super) original: Option<u16>,
}

/// The way of a viewer's packets.
pub(super) struct Way<'a> {
    pub(super) egress: &'a mut Egress,
    pub(super) wire: &'a mut dyn Wire,
    pub(super) path: Path,
}

impl Way<'_> {
    pub(super) fn push(&mut self, sealer: &mut Sealer, label: Label, packet: &Packet, rewritten: Rewritten) -> Sent {
        self.egress.push(self.wire, self.path, sealer, label, packet, rewritten)
    }

    /// Adds a datagram that is ready.
    pub(super) fn push_ready(&mut self, datagram: &[u8]) {
        self.egress.push_ready(self.wire, self.path, datagram);
    }
}

impl Label {
    pub(super) fn number(&self) -> Option<u16> {
        self.transport.map(|(_, number)| number)
    }
}

/// Messages that may leave in one call: the kernel splits each into the same segment, and one that is not longer than that it leaves whole.
/// Gives the first of them, their number and that segment; `other` says what else must be alike.
#[cfg(any(test, target_os = "linux"))]
pub(super) fn alike<T: PartialEq>(messages: &[Message], other: impl Fn(&Message) -> T) -> Option<(&[Message], usize)> {
    let first = other(messages.first()?);
    let (mut segment, mut longest) = (None, 0);
    let fits = |message: &&Message| {
        let wanted = (message.packets > 1).then_some(message.segment);
        let most = longest.max(message.segment);
        let common = segment.or(wanted);
        let fits =
            other(message) == first && wanted.is_none_or(|wanted| Some(wanted) == common) && common.is_none_or(|common| most <= common);
        if fits {
            (segment, longest) = (common, most);
        }
        fits
    };
    let count = messages.iter().take_while(fits).count();
    Some((&messages[..count], segment.unwrap_or(longest)))
}

/// Collects packets and sends runs of equal length together.
pub(super) struct Egress {
    arena: Box<[u8]>,
    used: usize,
    messages: Vec<Message>,
    /// Whether the last message takes another packet.
    open: bool,
    /// Packets that sockets or keys refused.
    pub(super) dropped: u64,
}

impl Default for Egress {
    fn default() -> Self {
        Self { arena: vec![0; ARENA].into(), used: 0, messages: Vec::with_capacity(BATCH), open: false, dropped: 0 }
    }
}

impl Egress {
    /// Adds a packet, sealed with the index and timestamp of `rewritten`. It leaves with [`Egress::flush`] at the latest.
    fn push(&mut self, wire: &mut dyn Wire, path: Path, sealer: &mut Sealer, label: Label, packet: &Packet, rewritten: Rewritten) -> Sent {
        let header = if label.transport.is_some() { HEADER + EXTENSION } else { HEADER };
        let before = if label.original.is_some() { 2 } else { 0 };
        let length = header + before + packet.body() + sealer.tag_len();
        let at = self.room(wire, path, length);
        let out = &mut self.arena[at..at + length];
        out[0] = 0x80 | u8::from(packet.padding > 0) << 5 | u8::from(header > HEADER) << 4;
        out[1] = u8::from(packet.marker) << 7 | label.payload_type;
        out[2..4].copy_from_slice(&(rewritten.index as u16).to_be_bytes());
        out[4..8].copy_from_slice(&rewritten.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&label.ssrc.to_be_bytes());
        if let Some((id, sequence)) = label.transport {
            let [high, low] = sequence.to_be_bytes();
            out[HEADER..header].copy_from_slice(&[0xbe, 0xde, 0, 1, id << 4 | 1, high, low, 0]);
        }
        if let Some(original) = label.original {
            out[header..header + before].copy_from_slice(&original.to_be_bytes());
        }
        rewritten.write_body(packet, &mut out[header + before..header + before + packet.body()]);
        if sealer.seal(out, header, label.ssrc, rewritten.index).is_err() {
            self.dropped += 1;
            return Sent::default();
        }
        self.take(path, at, length);
        Sent { packets: 1, bytes: length as u64 }
    }

    fn push_ready(&mut self, wire: &mut dyn Wire, path: Path, datagram: &[u8]) {
        let at = self.room(wire, path, datagram.len());
        if let Some(out) = self.arena.get_mut(at..at + datagram.len()) {
            out.copy_from_slice(datagram);
            self.take(path, at, datagram.len());
        }
    }

    /// Makes room for a packet of `length` bytes to `path` and tells where it goes.
    fn room(&mut self, wire: &mut dyn Wire, path: Path, length: usize) -> usize {
        let joins = self.open
            && self.messages.last().is_some_and(|last| {
                last.path == path
                    && length <= last.segment
                    && usize::from(last.packets) < MAX_SEGMENTS
                    && last.end - last.start + length <= MAX_MESSAGE
            });
        if !joins {
            self.open = false;
        }
        if self.used + length > ARENA || (!joins && self.messages.len() == BATCH) {
            self.flush(wire);
        }
        self.used
    }

    fn take(&mut self, path: Path, start: usize, length: usize) {
        self.used = start + length;
        match self.messages.last_mut().filter(|_| self.open) {
            Some(last) => {
                last.end = self.used;
                last.packets += 1;
                // A shorter packet ends a message.
                self.open = length == last.segment;
            }
            None => {
                self.messages.push(Message { path, start, end: self.used, segment: length, packets: 1 });
                self.open = true;
            }
        }
    }

    pub(super) fn flush(&mut self, wire: &mut dyn Wire) {
        if !self.messages.is_empty() {
            self.dropped += wire.send_all(&self.arena[..self.used], &self.messages);
            self.messages.clear();
        }
        (self.used, self.open) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(segment: usize, packets: u16, port: u16) -> Message {
        let path = Path::Udp { remote: ([192, 0, 2, 1], port).into(), local: None };
        Message { path, start: 0, end: segment * usize::from(packets), segment, packets }
    }

    #[test]
    fn what_one_segment_serves_leaves_in_one_call() {
        let groups = |shapes: &[(usize, u16, u16)]| {
            let messages: Vec<Message> = shapes.iter().map(|(segment, packets, port)| message(*segment, *packets, *port)).collect();
            let mut rest = &messages[..];
            let mut groups = Vec::new();
            while let Some((some, segment)) = alike(rest, |message| message.path.remote().port()) {
                groups.push((some.len(), segment));
                rest = &rest[some.len()..];
            }
            groups
        };
        assert_eq!(groups(&[(1_000, 5, 1), (90, 1, 1), (1_000, 2, 1), (1_000, 1, 1)]), [(4, 1_000)], "short ones between long ones");
        assert_eq!(groups(&[(90, 1, 1), (1_000, 5, 1)]), [(2, 1_000)], "and before them");
        assert_eq!(groups(&[(1_001, 1, 1), (1_000, 5, 1)]), [(1, 1_001), (1, 1_000)], "what is longer would be cut");
        assert_eq!(groups(&[(1_000, 5, 1), (900, 5, 1), (900, 5, 2)]), [(1, 1_000), (1, 900), (1, 900)]);
        assert_eq!(groups(&[(100, 1, 1), (120, 1, 1), (80, 1, 1)]), [(3, 120)]);
        assert_eq!(groups(&[]), []);
    }
}
