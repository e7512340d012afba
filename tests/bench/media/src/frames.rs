//! A synthetic stream with the sizes and the rhythm of a real one: H.264 in packetization mode 1 as libwebrtc cuts it, and Opus.
//!
//! The same numbers always give the same sizes, so that the server, the floor and Janus get the same work. Every media packet carries when it
//! was sent and which it is, in bytes that can never look like a start code, so receivers know the delay and whether anything was mixed up.

use std::time::{SystemTime, UNIX_EPOCH};

/// 25 frames a second, a key frame every 2 s.
pub(crate) const FRAME_MS: u64 = 40;
pub(crate) const GROUP: u64 = 50;
/// One Opus packet.
pub(crate) const AUDIO_MS: u64 = 20;
/// A payload of 64 kbit/s.
const AUDIO_BYTES: usize = 160;
/// Frames between key frames: with key frames of six times as much, 1.5 Mbit/s.
const FRAME_BYTES: u64 = 6_800;
const KEY_FRAME: u64 = 6;
/// libwebrtc's 1,200 without room for header, extensions and tag.
const MAX_PAYLOAD: usize = 1_120;
/// Fragmentation unit header (RFC 6184, section 5.8), one of which each payload carries.
const FU_HEADER: usize = 2;
/// SPS and PPS in one aggregate (STAP-A), 640 x 480, constrained baseline 3.1.
const PARAMETERS: &[u8] =
    &[24, 0, 14, 0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0xd0, 0x0f, 0x08, 0x84, 0x6a, 0, 4, 0x68, 0xce, 0x3c, 0x80];
const STAMP: usize = 15;
/// An Opus packet of 20 ms, hybrid full band, one frame (RFC 6716, section 3.1).
const OPUS_TOC: u8 = 0x78;

pub(crate) fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// What a media packet says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) sent_ns: u64,
    pub(crate) number: u64,
    /// The simulcast layer, 0 the smallest.
    pub(crate) layer: u8,
}

impl Stamp {
    /// Groups of 7 bits below a set bit: ten for the time, five for the number.
    fn write(self, out: &mut [u8]) {
        for (at, byte) in out[..10].iter_mut().enumerate() {
            *byte = 0x80 | (self.sent_ns >> (7 * at)) as u8 & 0x7f;
        }
        for (at, byte) in out[10..STAMP].iter_mut().enumerate() {
            *byte = 0x80 | ((self.number << 2 | u64::from(self.layer)) >> (7 * at)) as u8 & 0x7f;
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..STAMP)?;
        if bytes.iter().any(|byte| byte & 0x80 == 0) {
            return None;
        }
        let number = |part: &[u8]| part.iter().rev().fold(0_u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
        let numbered = number(&bytes[10..]);
        Some(Self { sent_ns: number(&bytes[..10]), number: numbered >> 2, layer: numbered as u8 & 3 })
    }
}

/// Filler differs from packet to packet, so that a swapped payload shows.
fn filler(number: u64) -> u8 {
    0x80 | (number.wrapping_mul(37) & 0x7f) as u8
}

/// Writes the time of this moment into a payload that waited.
pub(crate) fn restamp(video: bool, payload: &mut [u8]) {
    if let Payload::Media(stamp) = inspect(video, payload) {
        let header = if video { FU_HEADER } else { 1 };
        Stamp { sent_ns: wall_ns(), ..stamp }.write(&mut payload[header..]);
    }
}

/// What a received payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Media(Stamp),
    /// The parameter sets before a key frame.
    Parameters,
    Wrong,
}

/// Looks at a payload as a receiver got it.
pub(crate) fn inspect(video: bool, payload: &[u8]) -> Payload {
    if video && payload == PARAMETERS {
        return Payload::Parameters;
    }
    let header = if video { FU_HEADER } else { 1 };
    let Some(stamp) = payload.get(header..).and_then(Stamp::read) else { return Payload::Wrong };
    let kind_fits = if video { payload[0] & 0x1f == 28 } else { payload[0] == OPUS_TOC };
    if kind_fits && payload[header + STAMP..].iter().all(|byte| *byte == filler(stamp.number)) {
        Payload::Media(stamp)
    } else {
        Payload::Wrong
    }
}

pub(crate) fn audio(number: u64) -> Vec<u8> {
    let mut payload = vec![filler(number); AUDIO_BYTES];
    payload[0] = OPUS_TOC;
    Stamp { sent_ns: wall_ns(), number, layer: 0 }.write(&mut payload[1..]);
    payload
}

/// Bytes of the `index`-th frame after a key frame; 0 is the key frame.
fn frame_bytes(index: u64, key: bool) -> u64 {
    if key {
        return FRAME_BYTES * KEY_FRAME;
    }
    // A scramble of the index: from 0.6 to 1.4 of the mean.
    let scrambled = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    FRAME_BYTES * (600 + scrambled % 801) / 1_000
}

/// The payload sizes of a frame: almost equal, the last ones a byte larger, as libwebrtc's `SplitAboutEqually` does.
fn split(bytes: usize) -> impl Iterator<Item = usize> {
    let count = bytes.div_ceil(MAX_PAYLOAD - FU_HEADER).max(2);
    let larger = bytes % count;
    (0..count).map(move |at| bytes / count + usize::from(at >= count - larger) + FU_HEADER)
}

/// Whether a payload begins a picture that can be decoded by itself.
pub(crate) fn begins_key_frame(payload: &[u8]) -> bool {
    payload == PARAMETERS
}

/// Cuts the frames of one layer and numbers their packets.
pub(crate) struct Video {
    layer: u8,
    percent: u64,
    /// Frames since the last key frame, that included.
    since_key: u64,
    /// Frames between key frames that nobody asked for; none if zero.
    pub(crate) group: u64,
    started: bool,
    number: u64,
}

impl Video {
    /// A layer of the given share of the whole bitrate.
    pub(crate) fn new(layer: u8, percent: u64) -> Self {
        Self { layer, percent, since_key: 0, group: GROUP, started: false, number: 0 }
    }

    /// The payloads of the next frame. `key` asks for a key frame before its time.
    pub(crate) fn frame(&mut self, key: bool) -> Vec<Vec<u8>> {
        let key = key || !self.started || self.since_key == self.group;
        self.started = true;
        self.since_key = if key { 1 } else { self.since_key + 1 };
        let mut payloads = if key { vec![PARAMETERS.to_vec()] } else { Vec::new() };
        // Without key frames the others have room for as much.
        let percent = if self.group == 0 { self.percent * (GROUP + KEY_FRAME - 1) / GROUP } else { self.percent };
        let sizes: Vec<usize> = split((frame_bytes(self.since_key - 1, key) * percent / 100) as usize).collect();
        for (at, size) in sizes.iter().enumerate() {
            let mut payload = vec![filler(self.number); *size];
            let (indicator, unit) = if key { (0x7c, 5) } else { (0x5c, 1) };
            payload[0] = indicator;
            payload[1] = u8::from(at == 0) << 7 | u8::from(at == sizes.len() - 1) << 6 | unit;
            Stamp { sent_ns: wall_ns(), number: self.number, layer: self.layer }.write(&mut payload[FU_HEADER..]);
            self.number += 1;
            payloads.push(payload);
        }
        payloads
    }
}

impl Default for Video {
    fn default() -> Self {
        Self::new(0, 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_are_one_and_a_half_megabits() {
        let mut video = Video::default();
        let frames: Vec<_> = (0..GROUP).map(|_| video.frame(false)).collect();
        let bits = 8 * frames.iter().flatten().map(Vec::len).sum::<usize>() as u64 * 1_000 / (GROUP * FRAME_MS);
        assert!((1_450_000..1_550_000).contains(&bits), "{bits}");
        assert_eq!(frames[0][0], PARAMETERS);
        assert!(frames[1..].iter().flatten().all(|payload| (800..=MAX_PAYLOAD).contains(&payload.len())));
        assert_eq!(video.frame(false)[0], PARAMETERS, "a key frame every two seconds");
    }

    #[test]
    fn packets_of_a_frame_differ_by_a_byte_at_most() {
        for bytes in 4_000..42_000 {
            let sizes: Vec<_> = split(bytes).collect();
            assert_eq!(sizes.iter().sum::<usize>(), bytes + FU_HEADER * sizes.len());
            assert!(sizes[sizes.len() - 1] - sizes[0] <= 1 && sizes[0] <= MAX_PAYLOAD, "{bytes}");
        }
    }

    #[test]
    fn a_receiver_reads_back_what_was_written_and_sees_what_was_changed() {
        let payload = audio(70_000);
        let Payload::Media(stamp) = inspect(false, &payload) else { panic!("media") };
        assert_eq!(stamp.number, 70_000);
        assert!(wall_ns() - stamp.sent_ns < 1_000_000_000);
        let mut video = Video::new(2, 100);
        let frame = video.frame(false);
        assert_eq!(inspect(true, &frame[0]), Payload::Parameters);
        assert!(matches!(inspect(true, &frame[5]), Payload::Media(Stamp { number: 4, layer: 2, .. })));
        for at in [0, 3, 100] {
            let mut broken = frame[5].clone();
            broken[at] = 0;
            assert_eq!(inspect(true, &broken), Payload::Wrong, "{at}");
        }
    }
}
