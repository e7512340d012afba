//! RTP headers: writing plain ones, reading what the measured servers send.

use std::ops::Range;

pub(crate) const HEADER: usize = 12;

/// A header without extensions.
pub(crate) fn header(payload_type: u8, marker: bool, sequence: u16, timestamp: u32, ssrc: u32) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    out[0] = 0x80;
    out[1] = u8::from(marker) << 7 | payload_type;
    out[2..4].copy_from_slice(&sequence.to_be_bytes());
    out[4..8].copy_from_slice(&timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&ssrc.to_be_bytes());
    out
}

/// Puts header extensions of one byte each (RFC 8285) behind a header that has none.
pub(crate) fn extend(header: [u8; HEADER], extensions: &[(u8, u8)]) -> Vec<u8> {
    let mut out = header.to_vec();
    if extensions.is_empty() {
        return out;
    }
    out[0] |= 0x10;
    let words = (2 * extensions.len()).div_ceil(4);
    out.extend_from_slice(&[0xbe, 0xde, 0, words as u8]);
    extensions.iter().for_each(|(id, value)| out.extend_from_slice(&[id << 4, *value]));
    out.resize(HEADER + 4 + 4 * words, 0);
    out
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    extension: Range<usize>,
    body: usize,
    padded: bool,
}

impl Header {
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        if packet.len() < HEADER || packet[0] >> 6 != 2 {
            return None;
        }
        let half = |at: usize| packet.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let mut body = HEADER + 4 * usize::from(packet[0] & 0x0f);
        let mut extension = body..body;
        if packet[0] & 0x10 != 0 {
            let words = usize::from(half(body + 2)?);
            extension = body + 4..body + 4 + 4 * words;
            // Only one-byte headers (RFC 8285, section 4.2) are read.
            if half(body)? != 0xbede {
                extension.end = extension.start;
            }
            body += 4 + 4 * words;
        }
        if packet.len() < body {
            return None;
        }
        let word = |at: usize| u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
        let (marker, padded) = (packet[1] & 0x80 != 0, packet[0] & 0x20 != 0);
        let (timestamp, ssrc) = (word(4), word(8));
        Some(Self { payload_type: packet[1] & 0x7f, marker, sequence: half(2)?, timestamp, ssrc, extension, body, padded })
    }

    /// The payload of a decrypted packet, without padding.
    pub(crate) fn payload<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        let padding = if self.padded { usize::from(*packet.last().unwrap_or(&0)) } else { 0 };
        packet.get(self.body..packet.len().saturating_sub(padding)).unwrap_or_default()
    }

    /// The number of two bytes that the header extension `id` carries.
    pub(crate) fn extension(&self, packet: &[u8], id: u8) -> Option<u16> {
        let mut rest = packet.get(self.extension.clone())?;
        while let [head, tail @ ..] = rest {
            if *head == 0 {
                rest = tail;
                continue;
            }
            let length = usize::from(head & 0x0f) + 1;
            if head >> 4 == id {
                return tail.get(..2).map(|two| u16::from_be_bytes([two[0], two[1]]));
            }
            rest = tail.get(length..)?;
        }
        None
    }
}

/// Extends 16-bit numbers beyond their wrap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extender(Option<u64>);

impl Extender {
    /// The whole number nearest to the highest seen.
    pub(crate) fn extend(&mut self, number: u16) -> u64 {
        let highest = *self.0.get_or_insert((1 << 16) | u64::from(number));
        let whole = highest.saturating_add_signed(i64::from(number.wrapping_sub(highest as u16) as i16));
        self.0 = Some(highest.max(whole));
        whole
    }

    pub(crate) fn highest(self) -> Option<u64> {
        self.0
    }
}

/// The blocks of redundant sound, the newest last (RFC 2198); none if it makes no sense.
pub(crate) fn blocks(payload: &[u8]) -> Vec<&[u8]> {
    let (mut at, mut lengths) = (0, Vec::new());
    while payload.get(at).is_some_and(|first| first & 0x80 != 0) {
        let Some([_, high, low]) = payload.get(at + 1..at + 4) else { return Vec::new() };
        lengths.push(usize::from(u16::from_be_bytes([*high, *low]) & 0x3ff));
        at += 4;
    }
    let mut rest = payload.get(at + 1..).unwrap_or_default();
    let mut blocks = Vec::new();
    for length in lengths {
        let Some((block, after)) = rest.split_at_checked(length) else { return Vec::new() };
        blocks.push(block);
        rest = after;
    }
    blocks.push(rest);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_and_padding_are_found() {
        let mut packet = header(102, true, 7, 8, 9).to_vec();
        packet[0] |= 0x30;
        packet.extend_from_slice(&[0xbe, 0xde, 0, 2, 0x10, 5, 0, 0x31, 1, 2, 0, 0, b'x', b'y', 0, 2]);
        let header = Header::parse(&packet).expect("a header");
        assert_eq!((header.payload_type, header.sequence, header.ssrc), (102, 7, 9));
        assert_eq!(header.payload(&packet), b"xy");
        assert_eq!((header.extension(&packet, 3), header.extension(&packet, 4)), (Some(258), None));
    }

    #[test]
    fn written_extensions_are_read_back() {
        let mut packet = extend(header(102, false, 7, 8, 9), &[(1, b'1'), (2, b'q'), (3, 4)]);
        packet.push(42);
        let header = Header::parse(&packet).expect("a header");
        assert_eq!((header.payload(&packet), header.timestamp), (&[42][..], 8));
    }

    #[test]
    fn numbers_are_extended_over_the_wrap_and_back() {
        let mut numbers = Extender::default();
        let whole: Vec<u64> = [65_534, 1, 65_535, 2].into_iter().map(|number| numbers.extend(number)).collect();
        assert_eq!(whole, [131_070, 131_073, 131_071, 131_074]);
    }
}
