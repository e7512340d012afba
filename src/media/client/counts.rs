//! What a viewer received, counted from RTP alone: nothing is decoded.
//!
//! A frame counts when every packet from its first to its marker arrived, so a growing count means that a decoder could have
//! shown it. Packets that come twice are counted once; a packet that comes late (a retransmission) fills its hole.

use std::time::{Duration, Instant};

use rtc::rtp::Packet;

/// How many packets back a late one is still recognised; at 1.5 Mbit/s about twelve seconds.
const WINDOW: usize = 2_048;

/// How a payload type's frames are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    H264,
    Vp8,
    Opus,
}

/// The figures of one received stream since it began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamCounts {
    /// Different packets received.
    pub packets: u64,
    /// Their payload bytes.
    pub bytes: u64,
    /// Packets that came more than once.
    pub duplicates: u64,
    /// Packets missing between the first and the newest one.
    pub lost: u64,
    /// Complete frames (video) or packets (audio).
    pub frames: u64,
    /// Complete frames that begin a group of pictures.
    pub key_frames: u64,
    /// Interarrival jitter by RFC 3550, in milliseconds.
    pub jitter_ms: f64,
    /// When the first frame was complete that a decoder can start with.
    pub first_frame: Option<Instant>,
}

impl StreamCounts {
    /// The share of expected packets that never came, 0 to 1.
    pub fn loss(&self) -> f64 {
        let expected = self.packets + self.lost;
        if expected == 0 { 0.0 } else { self.lost as f64 / expected as f64 }
    }
}

#[derive(Clone, Copy)]
struct Slot {
    sequence: u64,
    timestamp: u32,
    marker: bool,
    key: bool,
}

/// Counts one SSRC.
pub(super) struct StreamCounter {
    codec: Codec,
    clock_rate: f64,
    slots: Box<[Option<Slot>]>,
    /// The first and the newest sequence number, extended beyond 16 bits.
    range: Option<(u64, u64)>,
    transit: Option<(Instant, u32)>,
    counts: StreamCounts,
}

impl StreamCounter {
    pub(super) fn new(codec: Codec) -> Self {
        let clock_rate = if codec == Codec::Opus { 48_000.0 } else { 90_000.0 };
        Self { codec, clock_rate, slots: vec![None; WINDOW].into(), range: None, transit: None, counts: StreamCounts::default() }
    }

    pub(super) fn counts(&self) -> &StreamCounts {
        &self.counts
    }

    pub(super) fn receive(&mut self, packet: &Packet, now: Instant) {
        let (first, newest, sequence) = self.extend(packet.header.sequence_number);
        if self.slot(sequence).is_some() {
            self.counts.duplicates += 1;
            return;
        }
        self.range = Some((first.min(sequence), newest.max(sequence)));
        let key = begins_key_frame(self.codec, &packet.payload);
        let slot = Slot { sequence, timestamp: packet.header.timestamp, marker: packet.header.marker, key };
        self.slots[sequence as usize % WINDOW] = Some(slot);
        self.counts.packets += 1;
        self.counts.bytes += packet.payload.len() as u64;
        self.note_jitter(packet.header.timestamp, now);
        self.note_loss();
        if self.codec == Codec::Opus {
            self.complete(true, now);
        } else if slot.marker || sequence < newest {
            self.note_frame(sequence, now);
            // The frame after a filled hole was waiting too if nobody could tell whose the missing packet was.
            if sequence > first && self.slot(sequence + 1).is_some_and(|next| next.timestamp != slot.timestamp) {
                self.note_frame(sequence + 1, now);
            }
        }
    }

    /// The 16-bit number nearest to the newest one seen. Numbers start high enough that a late one never underflows.
    fn extend(&self, number: u16) -> (u64, u64, u64) {
        let Some((first, newest)) = self.range else {
            let start = (1 << 32) + u64::from(number);
            return (start, start, start);
        };
        let ahead = number.wrapping_sub(newest as u16) as i16;
        (first, newest, newest.saturating_add_signed(i64::from(ahead)))
    }

    fn slot(&self, sequence: u64) -> Option<Slot> {
        self.slots[sequence as usize % WINDOW].filter(|slot| slot.sequence == sequence)
    }

    fn note_loss(&mut self) {
        if let Some((first, newest)) = self.range {
            self.counts.lost = (newest - first + 1).saturating_sub(self.counts.packets);
        }
    }

    /// RFC 3550, appendix A.8. Packets of one frame leave together, so only a new timestamp says something about the network.
    fn note_jitter(&mut self, timestamp: u32, now: Instant) {
        let Some((before, last)) = self.transit else {
            self.transit = Some((now, timestamp));
            return;
        };
        let ticks = timestamp.wrapping_sub(last) as i32;
        if ticks <= 0 {
            return;
        }
        let difference = (now.duration_since(before).as_secs_f64() - f64::from(ticks) / self.clock_rate).abs() * 1_000.0;
        self.counts.jitter_ms += (difference - self.counts.jitter_ms) / 16.0;
        self.transit = Some((now, timestamp));
    }

    /// Counts the frame that `sequence` belongs to if that packet made it whole.
    fn note_frame(&mut self, sequence: u64, now: Instant) {
        let Some(own) = self.slot(sequence) else {
            return;
        };
        let mut last = own;
        while !last.marker {
            match self.slot(last.sequence + 1) {
                Some(next) if next.timestamp == own.timestamp => last = next,
                _ => return,
            }
        }
        let mut first = own;
        let mut key = last.key || own.key;
        loop {
            match self.slot(first.sequence - 1) {
                Some(previous) if previous.timestamp == own.timestamp => first = previous,
                Some(_) => break,
                // Nothing can be missing before the stream's first packet.
                None if self.range.is_some_and(|(start, _)| start == first.sequence) => break,
                None => return,
            }
            key |= first.key;
        }
        self.complete(key, now);
    }

    fn complete(&mut self, key: bool, now: Instant) {
        self.counts.frames += 1;
        self.counts.key_frames += u64::from(key);
        if key && self.counts.first_frame.is_none() {
            self.counts.first_frame = Some(now);
        }
    }
}

/// Whether a payload holds the beginning of a frame that can be decoded by itself.
fn begins_key_frame(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => true,
        Codec::H264 => h264_key(payload),
        Codec::Vp8 => vp8_key(payload).unwrap_or(false),
    }
}

/// A SPS or IDR slice: alone, first in an aggregate (STAP-A), or at the start of a fragment (FU-A).
fn h264_key(payload: &[u8]) -> bool {
    const IDR: u8 = 5;
    const SPS: u8 = 7;
    let kind_at = |index: usize| payload.get(index).map(|byte| byte & 0x1f);
    let unit = match kind_at(0) {
        Some(24) => kind_at(3),
        Some(28) if payload.get(1).is_some_and(|header| header & 0x80 != 0) => kind_at(1),
        other => other,
    };
    matches!(unit, Some(IDR | SPS))
}

/// RFC 7741: skip the payload descriptor; the first bit of the frame's tag is 0 for a key frame.
fn vp8_key(payload: &[u8]) -> Option<bool> {
    let descriptor = *payload.first()?;
    if descriptor & 0x1f != 0x10 {
        return Some(false);
    }
    let mut offset = 1;
    if descriptor & 0x80 != 0 {
        let extensions = *payload.get(1)?;
        offset += 1;
        if extensions & 0x80 != 0 {
            offset += if payload.get(2)? & 0x80 != 0 { 2 } else { 1 };
        }
        offset += usize::from(extensions & 0x40 != 0) + usize::from(extensions & 0x30 != 0);
    }
    Some(payload.get(offset)? & 1 == 0)
}

/// Bits per second between two looks at a stream.
pub fn bitrate(earlier_bytes: u64, later_bytes: u64, between: Duration) -> f64 {
    later_bytes.saturating_sub(earlier_bytes) as f64 * 8.0 / between.as_secs_f64().max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use rtc::rtp::header::Header;

    fn packet(sequence_number: u16, timestamp: u32, marker: bool) -> Packet {
        let payload = Bytes::from_static(if timestamp == 0 { &[0x67, 1, 2] } else { &[0x41, 1, 2] });
        Packet { header: Header { version: 2, sequence_number, timestamp, marker, ..Header::default() }, payload }
    }

    fn count(packets: &[Packet]) -> StreamCounts {
        let mut counter = StreamCounter::new(Codec::H264);
        let start = Instant::now();
        for (index, packet) in packets.iter().enumerate() {
            counter.receive(packet, start + Duration::from_millis(index as u64));
        }
        counter.counts().clone()
    }

    #[test]
    fn whole_frames_are_counted_and_the_first_key_frame_is_noted() {
        let counts = count(&[packet(65_534, 0, false), packet(65_535, 0, true), packet(0, 3_000, false), packet(1, 3_000, true)]);
        assert_eq!((counts.packets, counts.lost, counts.frames, counts.key_frames), (4, 0, 2, 1));
        assert!(counts.first_frame.is_some());
    }

    #[test]
    fn a_hole_is_loss_and_spoils_its_frame_only() {
        let counts = count(&[packet(1, 0, true), packet(2, 3_000, false), packet(4, 3_000, true), packet(5, 6_000, true)]);
        assert_eq!((counts.lost, counts.frames), (1, 2));
    }

    #[test]
    fn a_retransmission_fills_its_hole_and_completes_the_frame() {
        let counts =
            count(&[packet(1, 0, true), packet(2, 3_000, false), packet(4, 3_000, true), packet(5, 6_000, true), packet(3, 3_000, false)]);
        assert_eq!((counts.lost, counts.frames, counts.duplicates), (0, 3, 0));
    }

    #[test]
    fn a_frame_whose_first_packet_is_lost_is_not_complete() {
        let counts = count(&[packet(1, 0, true), packet(3, 3_000, true)]);
        assert_eq!((counts.lost, counts.frames), (1, 1));
    }

    #[test]
    fn a_late_last_packet_completes_both_frames_around_it() {
        let late = [packet(1, 0, true), packet(2, 3_000, false), packet(4, 6_000, true), packet(3, 3_000, true)];
        assert_eq!(count(&late).frames, 3);
    }

    #[test]
    fn the_same_packet_twice_counts_once() {
        let counts = count(&[packet(1, 0, true), packet(1, 0, true)]);
        assert_eq!((counts.packets, counts.duplicates, counts.frames), (1, 1, 1));
    }

    #[test]
    fn a_stream_joined_without_a_key_frame_has_frames_but_no_first_one() {
        let counts = count(&[packet(9, 3_000, true), packet(10, 6_000, true)]);
        assert_eq!((counts.frames, counts.first_frame), (2, None));
    }

    #[test]
    fn key_frames_are_recognised_in_every_form() {
        assert!(h264_key(&[0x67]) && h264_key(&[0x65, 0]) && h264_key(&[0x78, 0, 9, 0x67]) && h264_key(&[0x7c, 0x85]));
        assert!(!h264_key(&[0x41]) && !h264_key(&[0x7c, 0x05]) && !h264_key(&[]));
        assert_eq!(vp8_key(&[0x10, 0x00]), Some(true));
        assert_eq!(vp8_key(&[0x90, 0x80, 0x81, 0x02, 0x01]), Some(false));
        assert_eq!(vp8_key(&[0x90, 0x80, 0x81, 0x02, 0x00]), Some(true));
        assert_eq!(vp8_key(&[0x90]), None);
    }

    #[test]
    fn steady_arrival_has_no_jitter() {
        let mut counter = StreamCounter::new(Codec::Opus);
        let start = Instant::now();
        for index in 0..50_u16 {
            counter.receive(&packet(index, u32::from(index) * 960, false), start + Duration::from_millis(20) * u32::from(index));
        }
        assert!(counter.counts().jitter_ms < 0.01, "{}", counter.counts().jitter_ms);
        assert_eq!(counter.counts().frames, 50);
    }
}
