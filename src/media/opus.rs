//! Opus packets without decoding them: three of 20 ms become one of 60 ms (RFC 6716, section 3.2), and redundant audio (RED, RFC 2198) is made of
//! plain packets, or they are taken out of it.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::layer::Incoming;

/// Packets that are merged at most: 60 ms, which Opus allows in one packet whatever the frame size below, and which delays nobody much.
const MERGED: usize = 3;
/// RTP time of a frame of 20 ms.
pub(super) const FRAME: u32 = 960;
/// Packets: two seconds.
const MAX_DELAY: i16 = 100;
/// A length of one byte, in code 3 (RFC 6716, section 3.2.1).
const SHORT: usize = 252;
/// The longest frame that a length can name.
const LONGEST: usize = 1_275;

/// The newest block of a RED payload, and whether it makes sense at all.
pub(super) fn primary(red: &Bytes) -> Option<Bytes> {
    let (mut at, mut before) = (0, 0);
    loop {
        let header = *red.get(at)?;
        if header & 0x80 == 0 {
            at += 1;
            break;
        }
        let [_, high, low] = *red.get(at + 1..at + 4)? else { return None };
        before += usize::from(u16::from_be_bytes([high, low]) & 0x3ff);
        at += 4;
    }
    (at + before <= red.len()).then(|| red.slice(at + before..))
}

/// The payload type that the blocks of redundant audio name, which is the one that browsers give to Opus. Whoever has another gets none.
pub(super) const REPEATED: u8 = 111;
/// The lengths and distances that the header of a block can name.
const LONGEST_BLOCK: usize = 0x3ff;
const FARTHEST_BLOCK: u32 = 0x3fff;

/// Makes redundant audio: each packet with the one before, so that one that is lost comes 20 ms later. Consecutive losses of a path that is not
/// full are rare, and more blocks would cost as much again.
#[derive(Debug, Default)]
pub(super) struct Repeater {
    last: Option<Incoming>,
}

impl Repeater {
    /// The packet with its predecessor, if that has come and is near; else alone.
    pub(super) fn push(&mut self, packet: &Incoming) -> Incoming {
        let before = self.last.replace(packet.clone()).filter(|last| {
            let distance = packet.timestamp.wrapping_sub(last.timestamp);
            last.sequence.wrapping_add(1) == packet.sequence && distance <= FARTHEST_BLOCK && last.payload.len() <= LONGEST_BLOCK
        });
        let room = before.as_ref().map_or(0, |last| last.payload.len() + 4);
        let mut payload = BytesMut::with_capacity(1 + room + packet.payload.len());
        if let Some(last) = &before {
            let distance = packet.timestamp.wrapping_sub(last.timestamp);
            payload.put_u8(0x80 | REPEATED);
            payload.put_slice(&(distance << 10 | last.payload.len() as u32).to_be_bytes()[1..]);
        }
        payload.put_u8(REPEATED);
        payload.extend(before.iter().flat_map(|last| last.payload.iter()));
        payload.extend_from_slice(&packet.payload);
        Incoming { payload: payload.freeze(), ..packet.clone() }
    }
}

/// Gathers packets of one talker into longer ones. A gap, a change of mode or a pause ends the packet that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Merger {
    waiting: Vec<Incoming>,
    newest: Option<u16>,
    next_sequence: u16,
}

impl Merger {
    /// Takes a packet in; gives what is complete, oldest first.
    pub(super) fn push(&mut self, packet: &Incoming) -> Vec<Incoming> {
        let mut out = Vec::new();
        if packet.payload.is_empty() {
            return out;
        }
        // What comes late is older than what has gone out. Further back it is no delay but another source.
        if self.newest.is_some_and(|newest| (-MAX_DELAY..=0).contains(&(packet.sequence.wrapping_sub(newest) as i16))) {
            return out;
        }
        self.newest = Some(packet.sequence);
        let joins = self.waiting.last().is_none_or(|last| follows(last, packet));
        if !joins {
            out.extend(self.flush());
        }
        if !is_single_20_ms(&packet.payload) {
            out.extend(self.flush());
            out.push(self.number(packet.clone()));
            return out;
        }
        self.waiting.push(packet.clone());
        if self.waiting.len() == MERGED {
            out.extend(self.flush());
        }
        out
    }

    fn flush(&mut self) -> Option<Incoming> {
        let waiting = std::mem::take(&mut self.waiting);
        let first = waiting.first()?;
        let merged = Incoming { payload: merge(&waiting), ..first.clone() };
        Some(self.number(merged))
    }

    fn number(&mut self, packet: Incoming) -> Incoming {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        Incoming { sequence, ..packet }
    }
}

/// Whether a packet is the next one of 20 ms in the same mode.
fn follows(last: &Incoming, packet: &Incoming) -> bool {
    packet.sequence == last.sequence.wrapping_add(1)
        && packet.timestamp == last.timestamp.wrapping_add(FRAME)
        && !packet.marker
        && last.payload.first().map(|toc| toc >> 2) == packet.payload.first().map(|toc| toc >> 2)
}

/// One frame of 20 ms: code 0, and a configuration whose frame size is 20 ms.
fn is_single_20_ms(payload: &[u8]) -> bool {
    payload.first().is_some_and(|toc| toc & 3 == 0 && frame_size(*toc) == FRAME) && payload.len() <= LONGEST
}

/// RTP time of one frame (RFC 6716, table 2).
fn frame_size(toc: u8) -> u32 {
    match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    }
}

/// RTP time of the sound in a packet.
pub(super) fn duration(payload: &[u8]) -> u32 {
    let Some(toc) = payload.first() else { return 0 };
    let frames = match toc & 3 {
        0 => 1,
        3 => payload.get(1).map_or(0, |count| count & 0x3f),
        _ => 2,
    };
    // No packet is longer than 120 ms.
    (frame_size(*toc) * u32::from(frames)).min(5_760)
}

/// A packet of code 3 with a length for each frame but the last.
fn merge(packets: &[Incoming]) -> Bytes {
    let [first, .., last] = packets else { return packets.first().map(|packet| packet.payload.clone()).unwrap_or_default() };
    let mut out = BytesMut::with_capacity(packets.iter().map(|packet| packet.payload.len() + 2).sum());
    out.put_u8(first.payload.first().copied().unwrap_or_default() & !3 | 3);
    // Variable lengths, no padding.
    out.put_u8(0x80 | packets.len() as u8);
    for packet in packets.iter().take(packets.len() - 1) {
        let length = packet.payload.len() - 1;
        if length < SHORT {
            out.put_u8(length as u8);
        } else {
            let low = SHORT + (length & 3);
            out.put_u8(low as u8);
            out.put_u8(((length - low) >> 2) as u8);
        }
    }
    for packet in packets.iter().take(packets.len() - 1).chain([last]) {
        out.extend_from_slice(packet.payload.get(1..).unwrap_or_default());
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CELT, full band, 20 ms, stereo, one frame.
    const TOC: u8 = 31 << 3 | 4;

    fn packet(sequence: u16, timestamp: u32, length: usize) -> Incoming {
        let mut payload = vec![TOC];
        payload.resize(length + 1, sequence as u8);
        Incoming { sequence, timestamp, marker: false, payload: payload.into() }
    }

    /// The frames of a packet, as RFC 6716, section 3.2, has a decoder find them.
    fn frames(payload: &[u8]) -> Vec<Vec<u8>> {
        if payload[0] & 3 == 0 {
            return vec![payload[1..].to_vec()];
        }
        assert_eq!((payload[0] & 3, payload[1] & 0xc0), (3, 0x80), "code 3, variable lengths");
        let count = usize::from(payload[1] & 0x3f);
        let (mut at, mut lengths) = (2, Vec::new());
        for _ in 1..count {
            let mut length = usize::from(payload[at]);
            at += 1;
            if length >= 252 {
                length += 4 * usize::from(payload[at]);
                at += 1;
            }
            lengths.push(length);
        }
        lengths.push(payload.len() - at - lengths.iter().sum::<usize>());
        lengths
            .iter()
            .map(|length| {
                at += length;
                payload[at - length..at].to_vec()
            })
            .collect()
    }

    #[test]
    fn three_packets_become_one_that_a_decoder_takes_apart_again() {
        for lengths in [[1, 2, 3], [250, 251, 252], [253, 254, 255], [256, 900, 1_274], [0, 0, 0]] {
            let mut merger = Merger::default();
            let packets: Vec<_> = (0..3).map(|n| packet(n, u32::from(n) * FRAME, lengths[usize::from(n)])).collect();
            let out: Vec<_> = packets.iter().flat_map(|packet| merger.push(packet)).collect();
            assert_eq!((out.len(), out[0].sequence, out[0].timestamp), (1, 0, 0));
            let wanted: Vec<Vec<u8>> = packets.iter().map(|packet| packet.payload[1..].to_vec()).collect();
            assert_eq!(frames(&out[0].payload), wanted);
            assert_eq!(out[0].payload[0] & !3, TOC);
            assert_eq!((duration(&packets[0].payload), duration(&out[0].payload)), (FRAME, 3 * FRAME));
        }
    }

    #[test]
    fn gaps_pauses_and_other_modes_end_what_is_gathered_and_nothing_is_lost_or_doubled() {
        let mut merger = Merger::default();
        let mut at =
            [packet(0, 0, 5), packet(1, 960, 5), packet(3, 2_880, 5), packet(4, 3_840, 5), packet(5, 9_600, 5), packet(6, 10_560, 5)];
        at[5].payload = vec![TOC & !(31 << 3), 1, 2].into();
        at.swap(2, 3);
        let out: Vec<_> = at
            .iter()
            .chain([&packet(2, 1_920, 5)])
            .chain([&packet(7, 11_520, 5), &packet(8, 12_480, 5)])
            .flat_map(|p| merger.push(p))
            .collect();
        let shape: Vec<_> = out.iter().map(|packet| (packet.sequence, packet.timestamp, frames(&packet.payload).len())).collect();
        assert_eq!(shape, [(0, 0, 2), (1, 3_840, 1), (2, 9_600, 1), (3, 10_560, 1)], "SILK of 10 ms passes alone");
        assert!(merger.push(&Incoming { payload: Bytes::new(), ..packet(9, 0, 0) }).is_empty(), "a probe");
    }

    #[test]
    fn each_packet_is_repeated_with_the_next_one() {
        let mut repeater = Repeater::default();
        let alone = repeater.push(&packet(65_535, 0, 3));
        assert_eq!(alone.payload[..], [111, TOC, 255, 255, 255]);
        let next = repeater.push(&packet(0, 960, 2));
        assert_eq!((next.sequence, next.timestamp), (0, 960));
        assert_eq!(next.payload[..], [0x80 | 111, 0x0f, 0, 4, 111, TOC, 255, 255, 255, TOC, 0, 0], "960 in 14 bits, 4 in 10");
        assert_eq!(primary(&next.payload).expect("sense"), packet(0, 960, 2).payload);
        let gap = repeater.push(&packet(2, 2_880, 2));
        assert_eq!(primary(&gap.payload).map(|newest| newest.len() + 1), Some(gap.payload.len()), "the one before is lost");
        let long = repeater.push(&packet(3, 3_840, 1_100));
        assert!(repeater.push(&packet(4, 4_800, 2)).payload.len() < 10 && long.payload.len() > 1_100, "too long to be repeated");
        let pause = repeater.push(&packet(5, 60_000, 2));
        assert_eq!(pause.payload.len(), 4, "too far away");
    }

    #[test]
    fn the_newest_block_is_taken_out_of_redundant_audio() {
        let red = Bytes::from_static(&[0x80 | 111, 0x0f, 0, 3, 0x80 | 111, 0x07, 0x80, 2, 111, 1, 2, 3, 4, 5, 9, 8, 7]);
        assert_eq!(primary(&red).expect("sense"), [9, 8, 7][..]);
        assert_eq!(primary(&Bytes::from_static(&[111, 5])).expect("no redundancy"), [5][..]);
        for end in 0..13 {
            assert!(primary(&red.slice(..end)).is_none(), "{end}");
        }
        assert!(primary(&Bytes::new()).is_none());
    }
}
