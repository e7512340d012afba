//! What one viewer sees of a layer: one RTP stream whose sequence numbers and timestamps continue over joins, layers and publishers.
//!
//! A feed is a list of segments; each maps the indices of one layer to sequence numbers of the viewer by a constant offset, less what the layer
//! counted above the segment's temporal layer, and timestamps by an anchor. Invariants: every outgoing index is used for one packet only; everything needed to make a packet's bytes again is in its segment
//! and the layer's history, so a resend is the same bytes. Decisions only.

use std::collections::VecDeque;
use std::time::Instant;

use super::codec::{Codec, shift_vp8_counters};
use super::layer::{Layer, Packet};
use super::opus;
use super::prefetch::prefetch;

/// Segments that resends may refer to; older ones are forgotten.
const SEGMENTS: usize = 6;
/// The backlog of a joiner is played at this multiple of real time, so that it reaches the present at once and adds no delay.
const SQUASH: i32 = 32;
/// Packets back in which the continuation of a sound is sought: a quarter of a second.
const CROSSING: u64 = 12;

/// A stretch of one layer within a viewer's stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) layer: usize,
    pub(super) epoch: u32,
    /// Outgoing index of the packet `index`.
    out: u64,
    index: u64,
    /// A source timestamp and what it becomes.
    anchor: (u32, u32),
    /// Index of the packet with that timestamp: those before are a joiner's backlog and are squashed. Timestamps cannot tell, because
    /// they come round: seven hours later (at 90 kHz) half of them would look as if they were before the anchor.
    live: u64,
    /// What is added to VP8's counters.
    picture: u16,
    tl0: u8,
    /// The highest temporal layer that is sent, and what had been counted above it at the segment's beginning.
    temporal: u8,
    skipped: (u32, u16),
}

/// All temporal layers, however many there are.
pub(super) const ALL_TEMPORAL: u8 = u8::MAX;

impl Segment {
    /// Whether a packet of the layer was sent within it, if it was sent by now.
    pub(super) fn has(&self, packet: &Packet) -> bool {
        packet.epoch == self.epoch && packet.index >= self.index && self.sends(packet)
    }

    /// What its viewers have not been sent of the layer before `packet`, since the segment began.
    fn skipped(&self, packet: &Packet) -> (u32, u16) {
        let (packets, pictures) = packet.skipped.above(self.temporal);
        (packets.wrapping_sub(self.skipped.0), pictures.wrapping_sub(self.skipped.1))
    }

    fn out(&self, packet: &Packet) -> u64 {
        self.out + (packet.index - self.index) - u64::from(self.skipped(packet).0)
    }

    /// What is to be added to the picture id of `packet`.
    fn picture(&self, packet: &Packet) -> u16 {
        self.picture.wrapping_sub(self.skipped(packet).1)
    }

    /// Whether `packet` is one of those that it sends.
    fn sends(&self, packet: &Packet) -> bool {
        packet.temporal.layer <= self.temporal
    }

    /// The packet that went out with the index `out`, if the layer still has it.
    pub(super) fn source<'a>(&self, layer: &'a Layer, out: u64) -> Option<&'a Packet> {
        let mut index = self.index + out.checked_sub(self.out)?;
        loop {
            // Packets that were skipped lie between; each step passes some of them, and none goes too far.
            let packet = layer.at_or_after(index).filter(|packet| packet.epoch == self.epoch)?;
            let missing = out.checked_sub(self.out(packet))?;
            if missing == 0 && self.sends(packet) {
                return Some(packet);
            }
            index = packet.index + missing.max(1);
        }
    }

    fn timestamp(&self, packet: &Packet) -> u32 {
        let distance = packet.timestamp.wrapping_sub(self.anchor.0);
        let backlog = packet.index < self.live && (distance as i32) < 0;
        let distance = if backlog { (distance as i32 / SQUASH) as u32 } else { distance };
        self.anchor.1.wrapping_add(distance)
    }
}

/// How a packet goes out to one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    pub(super) index: u64,
    pub(super) timestamp: u32,
    pub(super) picture: u16,
    pub(super) tl0: u8,
}

impl Rewritten {
    /// Writes the body as this viewer sees it: payload, shifted counters, padding.
    pub(super) fn write_body(&self, packet: &Packet, body: &mut [u8]) {
        let (payload, padding) = body.split_at_mut(packet.payload.len());
        payload.copy_from_slice(&packet.payload);
        if let Some(counters) = packet.vp8 {
            shift_vp8_counters(payload, counters, self.picture, self.tl0);
        }
        padding.fill(0);
        if let Some(last) = padding.last_mut() {
            *last = packet.padding;
        }
    }
}

#[derive(Debug)]
pub(super) struct Feed {
    segments: VecDeque<Segment>,
    /// Next index of the layer to send.
    cursor: u64,
    /// First outgoing index that no segment has used.
    next_out: u64,
    last: Option<(u32, Instant)>,
    clock_rate: u32,
    /// VP8's counters as last sent.
    pictures: Option<(u16, u8)>,
    /// The temporal layers that the viewer is to get; the segment follows as soon as the pictures allow.
    temporal: u8,
    /// The timestamp of the last packet of the source that was sent or skipped.
    passed: Option<u32>,
}

impl Feed {
    pub(super) fn new(first: u16, clock_rate: u32) -> Self {
        // Below 2^15, so that receivers guess the roll-over counter right even if the first packet is lost (RFC 3711, section 3.3.1).
        let next_out = u64::from(first & 0x7fff);
        Self {
            segments: VecDeque::new(),
            cursor: 0,
            next_out,
            last: None,
            clock_rate,
            pictures: None,
            temporal: ALL_TEMPORAL,
            passed: None,
        }
    }

    /// The segment being sent, if it still belongs to the layer's present epoch.
    pub(super) fn active(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// Fetches what the next packet will touch.
    pub(super) fn expect(&self) {
        self.segments.back().into_iter().for_each(prefetch);
    }

    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Goes over from `old` to the same sound in the packets of `layer`: where what was sent ends; the clock goes on. False if there is no
    /// packet yet that begins there, and the next one would not either.
    pub(super) fn cross(&mut self, layer_at: usize, layer: &Layer, old: &Layer) -> bool {
        let Some(segment) = self.segments.back().copied() else { return false };
        let Some(end) = self.cursor.checked_sub(1).and_then(|last| old.get(last)).map(|packet| end_of_sound(old.codec, packet)) else {
            return false;
        };
        let after = |timestamp: u32| timestamp.wrapping_sub(end) as i32 >= 0;
        let recent = || layer.released(layer.head().saturating_sub(CROSSING));
        let next = recent().last().is_some_and(|newest| after(end_of_sound(layer.codec, newest))).then(|| layer.head());
        let Some(index) = recent().find(|packet| after(packet.timestamp)).map(|packet| packet.index).or(next) else { return false };
        self.add(Segment {
            layer: layer_at,
            epoch: layer.epoch,
            out: self.next_out,
            index,
            live: 0,
            picture: 0,
            tl0: 0,
            skipped: (0, 0),
            temporal: ALL_TEMPORAL,
            ..segment
        });
        true
    }

    fn add(&mut self, segment: Segment) {
        if self.segments.len() == SEGMENTS {
            self.segments.pop_front();
        }
        self.cursor = segment.index;
        self.segments.push_back(segment);
    }

    /// Starts sending `layer` at `index`.
    pub(super) fn begin(&mut self, now: Instant, layer_at: usize, layer: &Layer, index: u64, first_timestamp: u32) {
        let live = layer.newest_timestamp().unwrap_or(first_timestamp);
        let live_out = match self.last {
            None => rand::random(),
            Some((last, at)) => {
                let elapsed = now.saturating_duration_since(at).as_micros() * u128::from(self.clock_rate) / 1_000_000;
                // A backlog must fit between what was sent last and now; a millisecond more keeps frames apart.
                let backlog = (live.wrapping_sub(first_timestamp) as i32).max(0) / SQUASH;
                last.wrapping_add((elapsed as u32).max(backlog as u32 + self.clock_rate / 1_000))
            }
        };
        let (picture, tl0) = match (self.pictures, layer.get(index).and_then(|packet| packet.vp8)) {
            (Some((picture, tl0)), Some(counters)) => (
                counters.picture.map_or(0, |(_, _, first)| picture.wrapping_add(1).wrapping_sub(first)),
                counters.tl0.map_or(0, |(_, first)| tl0.wrapping_add(1).wrapping_sub(first)),
            ),
            _ => (0, 0),
        };
        self.add(Segment {
            layer: layer_at,
            epoch: layer.epoch,
            out: self.next_out,
            index,
            anchor: (live, live_out),
            live: layer.next().saturating_sub(1),
            picture,
            tl0,
            temporal: self.temporal,
            skipped: layer.at_or_after(index).map_or((0, 0), |packet| packet.skipped.above(self.temporal)),
        });
    }

    /// Sends the temporal layers up to this one from now on.
    pub(super) fn want(&mut self, temporal: u8) {
        self.temporal = temporal;
    }

    /// Goes over to other temporal layers of the same layer, if a picture begins with `packet` from which that can be decoded.
    fn change(&mut self, segment: Segment, packet: &Packet) {
        if self.passed == Some(packet.timestamp) {
            return;
        }
        let next = segment.temporal.saturating_add(1);
        let temporal = match packet.temporal {
            _ if self.temporal < segment.temporal => self.temporal,
            // Layer by layer, as only the ones below are known to be there; a key frame opens all.
            temporal if temporal.sync && temporal.layer == next => next,
            temporal if temporal.sync && temporal.layer == 0 => self.temporal,
            _ => return,
        };
        let picture = segment.picture(packet);
        let skipped = packet.skipped.above(temporal);
        self.add(Segment { out: segment.out(packet), index: packet.index, picture, temporal, skipped, ..segment });
    }

    /// The next packet in order; `None` if the viewer does not get it. The caller has taken it from the active segment's layer.
    pub(super) fn advance(&mut self, now: Instant, packet: &Packet) -> Option<Rewritten> {
        if packet.index < self.cursor {
            return None;
        }
        let wanted = self.temporal;
        if let Some(segment) = self.segments.back().copied().filter(|segment| segment.temporal != wanted) {
            self.change(segment, packet);
        }
        let segment = self.segments.back()?;
        self.cursor = packet.index + 1;
        self.passed = Some(packet.timestamp);
        if !segment.sends(packet) {
            return None;
        }
        let rewritten = rewrite(segment, packet);
        self.next_out = rewritten.index + 1;
        self.last = Some((rewritten.timestamp, now));
        if let Some(counters) = packet.vp8 {
            let (picture, tl0) = self.pictures.unwrap_or_default();
            self.pictures = Some((
                counters.picture.map_or(picture, |(_, _, value)| value.wrapping_add(rewritten.picture)),
                counters.tl0.map_or(tl0, |(_, value)| value.wrapping_add(segment.tl0)),
            ));
        }
        Some(rewritten)
    }

    /// The timestamp that was sent last.
    pub(super) fn last_timestamp(&self) -> u32 {
        self.last.map_or(0, |(timestamp, _)| timestamp)
    }

    /// A packet that arrived after its turn; `None` if this viewer's segment does not include it or has yet to reach it.
    pub(super) fn late(&self, layer_at: usize, packet: &Packet) -> Option<Rewritten> {
        let segment = self.segments.back()?;
        (segment.layer == layer_at && packet.epoch == segment.epoch && packet.index >= segment.index && packet.index < self.cursor)
            .then(|| rewrite(segment, packet))
    }

    /// Finds what was sent with a sequence number: the segment, and the index there, for [`Segment::source`].
    pub(super) fn sent(&self, sequence: u16) -> Option<(Segment, u64)> {
        let newest = self.next_out.checked_sub(1)?;
        let out = newest.checked_sub(u64::from((newest as u16).wrapping_sub(sequence)))?;
        let segment = self.segments.iter().rev().find(|segment| segment.out <= out)?;
        Some((*segment, out))
    }

    /// RTP time of this stream at `now`, from the layer's own.
    pub(super) fn rtp_now(&self, layer: &Layer, now: Instant) -> Option<u32> {
        let segment = self.segments.back().filter(|segment| segment.epoch == layer.epoch)?;
        self.last?;
        layer.rtp_now(now).map(|rtp| segment.anchor.1.wrapping_add(rtp.wrapping_sub(segment.anchor.0)))
    }
}

/// The timestamp at which the sound of a packet ends.
fn end_of_sound(codec: Codec, packet: &Packet) -> u32 {
    // The newest block of redundant audio begins with its packet's timestamp, and browsers put frames of 20 ms there.
    let duration = if codec == Codec::Red { opus::FRAME } else { opus::duration(&packet.payload) };
    packet.timestamp.wrapping_add(duration)
}

/// How a packet looks within a segment; a pure function, so that a resend equals what was sent first.
pub(super) fn rewrite(segment: &Segment, packet: &Packet) -> Rewritten {
    Rewritten { index: segment.out(packet), timestamp: segment.timestamp(packet), picture: segment.picture(packet), tl0: segment.tl0 }
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
