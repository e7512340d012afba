//! Packets in order to frames: H.264 by RFC 6184 with lengths in place of start codes, VP8 by RFC 7741 without its descriptors.

use super::{Picture, RtpPacket, TrackCodec, sps};
use crate::media::codec::vp8_payload;

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const NAL_PPS: u8 = 8;
/// What is put around the unit types of a packet, as the lists in it (STAP-A) or as a piece (FU-A).
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// A frame of more is no frame of a call.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A picture that can be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) timestamp: u32,
    pub(super) key: bool,
    pub(super) data: Vec<u8>,
    /// Of a key frame.
    pub(super) picture: Option<Picture>,
}

/// Joins the packets of one codec; after a gap it waits for a key frame.
pub(super) struct Joiner {
    codec: TrackCodec,
    open: Vec<RtpPacket>,
    broken: bool,
    /// No frame is of use before a key frame.
    pub(super) wants_key: bool,
    /// The parameter sets that came last: some senders send them in a packet of their own time.
    sps: Vec<u8>,
    pps: Vec<u8>,
}

impl Joiner {
    pub(super) fn new(codec: TrackCodec) -> Self {
        Self { codec, open: Vec::new(), broken: false, wants_key: true, sps: Vec::new(), pps: Vec::new() }
    }

    pub(super) fn codec(&self) -> TrackCodec {
        self.codec
    }

    /// Takes the next packet; gives the frames that are complete with it, at most two.
    pub(super) fn take(&mut self, packet: RtpPacket, gap: bool) -> Vec<Frame> {
        let mut done = Vec::new();
        let next = self.open.first().is_some_and(|first| first.timestamp != packet.timestamp);
        if gap {
            // Which frame the missing ones belonged to nobody knows.
            self.wants_key = true;
            self.broken = !next || self.open.is_empty();
            self.open.clear();
        } else if next {
            done.extend(self.close());
        }
        // Nothing but padding, as probes for bandwidth are.
        if packet.payload.is_empty() {
            return done;
        }
        let (marker, bytes) = (packet.marker, self.open.iter().map(|p| p.payload.len()).sum::<usize>());
        if bytes < MOST_BYTES {
            self.open.push(packet);
        } else {
            self.broken = true;
        }
        if marker {
            done.extend(self.close());
        }
        done
    }

    fn close(&mut self) -> Option<Frame> {
        let packets = std::mem::take(&mut self.open);
        let timestamp = packets.first()?.timestamp;
        // A key frame that lost its beginning is none: its first packet says so by itself.
        let broken = std::mem::take(&mut self.broken) && !begins(self.codec, packets.first()?);
        let frame = match self.codec {
            _ if broken => None,
            TrackCodec::H264 => self.h264(&packets),
            TrackCodec::Vp8 => vp8(&packets),
            TrackCodec::Opus => None,
        };
        let Some((key, data, picture)) = frame else {
            self.wants_key = true;
            return None;
        };
        if data.is_empty() || (self.wants_key && !key) {
            return None;
        }
        self.wants_key = false;
        Some(Frame { timestamp, key, data, picture })
    }

    fn h264(&mut self, packets: &[RtpPacket]) -> Option<(bool, Vec<u8>, Option<Picture>)> {
        let units = units(packets)?;
        let (mut key, mut data) = (false, Vec::new());
        let (mut own_sets, mut slices) = (false, false);
        for unit in &units {
            match unit.first()? & 0x1f {
                NAL_SPS => (self.sps, own_sets) = (unit.clone(), true),
                NAL_PPS => self.pps = unit.clone(),
                NAL_IDR => (key, slices) = (true, true),
                1..=4 => slices = true,
                _ => {}
            }
        }
        if !slices {
            // Parameter sets alone, or what says nothing of a picture.
            return Some((false, Vec::new(), None));
        }
        if key && !own_sets {
            put_unit(&mut data, &self.sps);
            put_unit(&mut data, &self.pps);
        }
        units.iter().for_each(|unit| put_unit(&mut data, unit));
        let picture = if key { Some(self.picture()?) } else { None };
        Some((key, data, picture))
    }

    fn picture(&self) -> Option<Picture> {
        let (width, height) = sps::size(&self.sps)?;
        let (&[_, profile, constraints, level], _) = self.sps.split_first_chunk::<4>()?;
        let mut private = vec![1, profile, constraints, level, 0xff, 0xe1];
        private.extend(u16::try_from(self.sps.len()).ok()?.to_be_bytes());
        private.extend(&self.sps);
        private.push(1);
        private.extend(u16::try_from(self.pps.len()).ok()?.to_be_bytes());
        private.extend(&self.pps);
        // Profiles above the main one also say how colours are stored; WebRTC has 4:2:0 with eight bits alone.
        if matches!(profile, 100 | 110 | 122 | 144) {
            private.extend([0xfd, 0xf8, 0xf8, 0]);
        }
        (!self.pps.is_empty()).then_some(Picture { codec: TrackCodec::H264, width, height, private })
    }
}

fn put_unit(data: &mut Vec<u8>, unit: &[u8]) {
    data.extend((unit.len() as u32).to_be_bytes());
    data.extend(unit);
}

/// Whether a frame begins in this packet.
fn begins(codec: TrackCodec, packet: &RtpPacket) -> bool {
    match codec {
        TrackCodec::H264 => match packet.payload.as_ref() {
            // The first slice of a picture begins with its first macroblock: a one bit.
            [first, header, slice, ..] if first & 0x1f == FU_A => header & 0x80 != 0 && (header & 0x1f > 5 || slice & 0x80 != 0),
            [first, slice, ..] => first & 0x1f > 5 || slice & 0x80 != 0,
            _ => false,
        },
        TrackCodec::Vp8 => packet.payload.first().is_some_and(|first| first & 0x17 == 0x10),
        TrackCodec::Opus => true,
    }
}

/// The NAL units of a frame; none if a piece of one is missing.
fn units(packets: &[RtpPacket]) -> Option<Vec<Vec<u8>>> {
    let mut units: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    for packet in packets {
        let payload = packet.payload.as_ref();
        let first = *payload.first()?;
        match first & 0x1f {
            1..=23 if open.is_none() => units.push(payload.to_vec()),
            STAP_A if open.is_none() => {
                let mut rest = payload.get(1..)?;
                while let [high, low, more @ ..] = rest {
                    let (unit, after) = more.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
                    if !unit.is_empty() {
                        units.push(unit.to_vec());
                    }
                    rest = after;
                }
            }
            FU_A => {
                let header = *payload.get(1)?;
                if header & 0x80 != 0 {
                    if open.is_some() {
                        return None;
                    }
                    open = Some(vec![(first & 0xe0) | (header & 0x1f)]);
                }
                open.as_mut()?.extend(payload.get(2..)?);
                if header & 0x40 != 0 {
                    units.extend(open.take());
                }
            }
            _ => return None,
        }
    }
    open.is_none().then_some(units)
}

fn vp8(packets: &[RtpPacket]) -> Option<(bool, Vec<u8>, Option<Picture>)> {
    if !begins(TrackCodec::Vp8, packets.first()?) {
        return None;
    }
    let mut data = Vec::new();
    for packet in packets {
        data.extend(vp8_payload(&packet.payload)?);
    }
    // The frame tag (RFC 6386, section 9.1): a zero bit for a key frame, which then has a start code and its size.
    if data.first()? & 1 != 0 {
        return Some((false, data, None));
    }
    let &[_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = data.first_chunk::<10>()? else { return None };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let picture = Picture { codec: TrackCodec::Vp8, width: side(w0, w1), height: side(h0, h1), private: Vec::new() };
    Some((true, data, Some(picture)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    pub(super) const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8];

    fn packet(timestamp: u32, marker: bool, payload: &[u8]) -> RtpPacket {
        RtpPacket { sequence: 0, timestamp, marker, payload: Bytes::copy_from_slice(payload) }
    }

    fn sets() -> Vec<u8> {
        let mut payload = vec![0x78, 0, SPS.len() as u8];
        payload.extend(SPS);
        payload.extend([0, 4, 0x68, 0xce, 0x38, 0x80]);
        payload
    }

    #[test]
    fn a_key_frame_in_pieces_becomes_one_with_its_parameter_sets_and_what_comes_before_is_dropped() {
        let mut joiner = Joiner::new(TrackCodec::H264);
        assert!(joiner.take(packet(1, true, &[0x61, 0x88, 1]), false).is_empty(), "no key frame yet");
        assert!(joiner.take(packet(2, false, &sets()), false).is_empty());
        assert!(joiner.take(packet(2, false, &[0x7c, 0x85, 0x88, 1]), false).is_empty());
        let frames = joiner.take(packet(2, true, &[0x7c, 0x45, 2]), false);
        let [frame] = frames.as_slice() else { panic!("{frames:?}") };
        assert!(frame.key && frame.data.ends_with(&[0, 0, 0, 4, 0x65, 0x88, 1, 2]), "{:?}", frame.data);
        let picture = frame.picture.as_ref().expect("a picture");
        assert_eq!((picture.width, picture.height, &picture.private[..6]), (1280, 720, &[1, 0x42, 0xc0, 0x1f, 0xff, 0xe1][..]));
        let frames = joiner.take(packet(3, true, &[0x61, 0x9a, 3]), false);
        assert!(!frames[0].key && frames[0].data == [0, 0, 0, 3, 0x61, 0x9a, 3]);
        // Without a marker the next time ends it.
        assert!(joiner.take(packet(4, false, &[0x61, 0x9a, 4]), false).is_empty());
        assert_eq!(joiner.take(packet(5, true, &[0x61, 0x9a, 5]), false).len(), 2);
    }

    #[test]
    fn after_a_gap_nothing_is_stored_until_the_next_key_frame() {
        let mut joiner = Joiner::new(TrackCodec::H264);
        joiner.take(packet(1, false, &sets()), false);
        assert_eq!(joiner.take(packet(1, true, &[0x65, 0x88, 1]), false).len(), 1);
        assert!(joiner.take(packet(2, true, &[0x61, 0x9a, 1]), true).is_empty() && joiner.wants_key);
        assert!(joiner.take(packet(3, true, &[0x7c, 0x45, 1]), false).is_empty(), "the end of a key frame");
        assert!(joiner.take(packet(4, true, &[0x65, 0x08, 1]), true).is_empty(), "a later slice of one");
        assert_eq!(joiner.take(packet(5, true, &[0x65, 0x88, 1]), true).len(), 1, "parameter sets are remembered");
        assert!(!joiner.wants_key);
    }

    #[test]
    fn vp8_loses_its_descriptors_and_tells_its_size() {
        let mut joiner = Joiner::new(TrackCodec::Vp8);
        let head = [0x90, 0x80, 0x80, 5, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1];
        assert!(joiner.take(packet(9, false, &head), false).is_empty());
        let frames = joiner.take(packet(9, true, &[0x80, 0x80, 0x80, 5, 7]), false);
        let picture = frames[0].picture.clone().expect("a picture");
        assert_eq!((picture.width, picture.height, frames[0].data.len()), (640, 480, 11));
        assert!(joiner.take(packet(10, true, &[0x00, 1]), true).is_empty(), "lost its beginning");
    }

    #[test]
    fn broken_payloads_are_no_frames() {
        for codec in [TrackCodec::H264, TrackCodec::Vp8] {
            for payload in [&[0x78][..], &[0x78, 0xff, 0xff, 1], &[0x7c], &[0x7c, 0x85], &[0x90, 0x80], &[0x1f; 3], &[0x10, 0]] {
                assert!(Joiner::new(codec).take(packet(0, true, payload), false).is_empty(), "{payload:?}");
            }
        }
    }
}
