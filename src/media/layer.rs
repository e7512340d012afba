//! One layer of a published stream: audio, or one simulcast encoding of the video.
//!
//! It gives every packet an index without holes for what was dropped, and keeps the recent ones: for resends, and so that a joiner can
//! start at the last key frame. Decisions only, all taking `now`.
//!
//! Invariants: an index names one packet for ever; a packet's bytes, padding included, never change once it is released; the history is
//! bounded, and forgets the oldest. A new source (another SSRC, or a jump of the sequence) starts a new epoch at the next index.

mod burst;
mod follow;
mod packet;
mod rate;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::codec::{Codec, MAX_TEMPORAL, Temporal, vp8_counters};
use super::panel::Seat;
pub(super) use follow::Progress;
use packet::Skipped;
pub(super) use packet::{Incoming, Packet};
use rate::Rate;

/// Packets kept: about 10 s of 1.5 Mbit/s video, 5 s of audio at 20 ms.
const VIDEO_HISTORY: usize = 2_048;
const AUDIO_HISTORY: usize = 256;
/// A frame's packets are held together this long, so that they leave in one message; a pacing sender spreads them over some milliseconds.
pub(super) const HOLD: Duration = Duration::from_millis(3);
/// A burst leaves at this size at the latest.
const MAX_BURST: u64 = 48;
/// A jump further than this is a new source, not loss.
const MAX_JUMP: i64 = 1_000;
/// A layer without packets for so long is not chosen for anybody.
pub(super) const SILENT: Duration = Duration::from_millis(1_500);
/// Longer payloads would not fit a datagram on the usual path with our header and tag.
const MAX_PAYLOAD: usize = 1_400;

/// The numbering of one source.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    /// Highest extended sequence number seen.
    highest: i64,
    /// Index minus extended sequence number, were nothing dropped since `dropped` begins.
    offset: i64,
    /// Extended sequence numbers of dropped padding that late packets may still be older than.
    dropped: VecDeque<i64>,
}

/// Relation of the publisher's wall clock and a layer's RTP time, from its last sender report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) ntp: u64,
    pub(super) rtp: u32,
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) keyframes: u64,
    pub(super) gaps: u64,
    pub(super) filled: u64,
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) name: Arc<str>,
    pub(super) codec: Codec,
    /// Whose it is.
    pub(super) seat: Seat,
    source: Option<Source>,
    /// The SSRC that its packets come from. Layers of one family share its clock: they are the same sound in other packets.
    pub(super) family: Option<u32>,
    pub(super) epoch: u32,
    /// Index at which the present epoch began.
    epoch_start: u64,
    ring: VecDeque<Option<Packet>>,
    /// Index of the first element of the ring.
    first: u64,
    /// Packets below are released to viewers.
    head: u64,
    held_since: Option<Instant>,
    /// The counts up to the head, and the timestamp of the newest packet there.
    skipped: Skipped,
    skipped_at: Option<u32>,
    /// Index of the packet that starts the newest key frame.
    gop: Option<u64>,
    last_packet: Option<Instant>,
    /// Timestamp and arrival of the newest packet, for clocks without a report.
    newest: Option<(u32, Instant)>,
    pub(super) clock: Option<Clock>,
    pub(super) counts: Counts,
    rate: Rate,
    /// The bitrate as another worker measured it, who receives the layer.
    relayed: Option<[u64; MAX_TEMPORAL]>,
    /// The publisher was asked not to send it, because nobody watches it; it can be had again.
    asleep: bool,
    /// When somebody last watched it.
    pub(super) watched: Option<Instant>,
    pub(super) last_pli: Option<Instant>,
    pub(super) wants_keyframe: bool,
}

/// What became of an incoming packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Held for its burst.
    Held,
    /// Older than what was released: it goes to those who have passed its index.
    Late(u64),
    Dropped,
}

impl Layer {
    pub(super) fn new(name: impl Into<Arc<str>>, codec: Codec) -> Self {
        Self {
            name: name.into(),
            codec,
            seat: Seat::HOST,
            source: None,
            family: None,
            epoch: 0,
            epoch_start: 0,
            ring: VecDeque::new(),
            first: 0,
            head: 0,
            held_since: None,
            skipped: Skipped::default(),
            skipped_at: None,
            gop: None,
            last_packet: None,
            newest: None,
            clock: None,
            counts: Counts::default(),
            rate: Rate::default(),
            relayed: None,
            asleep: false,
            watched: None,
            last_pli: None,
            wants_keyframe: false,
        }
    }

    /// Gives a silent layer to another source. Its history goes, because the new codec's label would not fit it; its indices go on.
    pub(super) fn reuse(&mut self, name: Arc<str>, codec: Codec) {
        let (next, epoch) = (self.next(), self.epoch + 1);
        *self = Self { epoch, epoch_start: next, first: next, head: next, ..Self::new(name, codec) };
    }

    pub(super) fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Takes in a packet; the caller releases with [`Layer::release`] when [`Layer::due`] says so.
    pub(super) fn push(&mut self, now: Instant, ssrc: u32, packet: Incoming) -> Taken {
        if packet.payload.len() > MAX_PAYLOAD {
            return Taken::Dropped;
        }
        let length = packet.payload.len();
        let sequence = self.place(ssrc, packet.sequence);
        let next = self.next();
        let Some(source) = &mut self.source else { return Taken::Dropped };
        if sequence > source.highest {
            self.counts.gaps += (sequence - source.highest - 1) as u64;
            source.highest = sequence;
            if packet.payload.is_empty() {
                // A probe: the sequence number never existed for viewers.
                source.drop(sequence, next, self.first);
                return Taken::Dropped;
            }
        }
        let dropped_before = source.dropped.partition_point(|dropped| *dropped < sequence) as i64;
        if source.dropped.binary_search(&sequence).is_ok() {
            return Taken::Dropped;
        }
        let Ok(index) = u64::try_from(sequence + source.offset - dropped_before) else { return Taken::Dropped };
        self.counts.packets += 1;
        self.counts.bytes += length as u64;
        self.store(now, index, packet)
    }

    /// The extended sequence number, starting a new epoch if it belongs to none that we know.
    fn place(&mut self, ssrc: u32, sequence: u16) -> i64 {
        if let Some(source) = self.source.as_ref().filter(|source| source.ssrc == ssrc) {
            let extended = source.highest + i64::from(sequence.wrapping_sub(source.highest as u16) as i16);
            if (extended - source.highest).abs() <= MAX_JUMP {
                return extended;
            }
        }
        // Begin far from zero so that packets from before the first one stay positive.
        let extended = (1 << 16) | i64::from(sequence);
        // Nothing of the old source may be waiting behind a hole that will never be filled.
        self.leave_source();
        let next = self.next();
        self.epoch_start = next;
        self.family = Some(ssrc);
        self.source = Some(Source { ssrc, highest: extended - 1, offset: next as i64 - extended, dropped: VecDeque::new() });
        extended
    }

    /// Whatever comes next is of another source, even if it has the number of the last one.
    pub(super) fn leave_source(&mut self) {
        if self.source.take().is_some() {
            self.epoch += 1;
            self.epoch_start = self.next();
            (self.gop, self.clock, self.newest) = (None, None, None);
        }
    }

    /// The index after the newest.
    pub(super) fn next(&self) -> u64 {
        self.first + self.ring.len() as u64
    }

    fn store(&mut self, now: Instant, index: u64, packet: Incoming) -> Taken {
        if index < self.first.max(self.epoch_start) {
            return Taken::Dropped;
        }
        let late = index < self.head;
        if index < self.next() {
            let slot = (index - self.first) as usize;
            if self.ring[slot].is_some() {
                return Taken::Dropped;
            }
            self.counts.filled += 1;
        }
        while self.next() <= index {
            self.ring.push_back(None);
        }
        let in_order = index + 1 == self.next();
        let keyframe = self.codec.is_video() && self.codec.is_keyframe(&packet.payload);
        let vp8 = if self.codec == Codec::Vp8 { vp8_counters(&packet.payload) } else { None };
        let late = late.then(|| self.skipped_before(index));
        // What fills a hole keeps the number that the hole had for everybody.
        let temporal = if late.is_some() { Temporal::default() } else { self.codec.temporal(&packet.payload) };
        self.rate.add(now, packet.payload.len(), temporal.layer);
        let stored = Packet {
            index,
            timestamp: packet.timestamp,
            marker: packet.marker,
            // A late probe cannot be renumbered away any more, so it goes out as what it is.
            padding: u8::from(packet.payload.is_empty()),
            payload: packet.payload,
            vp8,
            epoch: self.epoch,
            temporal: Temporal { sync: if temporal.layer == 0 { keyframe } else { temporal.sync }, ..temporal },
            skipped: late.unwrap_or_default(),
        };
        let slot = (index - self.first) as usize;
        self.ring[slot] = Some(stored);
        self.last_packet = Some(now);
        if in_order {
            self.newest = Some((packet.timestamp, now));
        }
        if keyframe {
            self.note_keyframe(index, packet.timestamp);
        }
        self.forget_oldest();
        if late.is_some() {
            return Taken::Late(index);
        }
        self.held_since.get_or_insert(now);
        Taken::Held
    }

    /// Remembers where the frame of a key frame's packet starts: there may be a delimiter before the parameter sets.
    fn note_keyframe(&mut self, index: u64, timestamp: u32) {
        let mut start = index;
        while let Some(before) = start.checked_sub(1).filter(|before| *before >= self.epoch_start).and_then(|before| self.get(before)) {
            if before.timestamp != timestamp {
                break;
            }
            start = before.index;
        }
        if self.gop.is_none_or(|gop| start > gop) {
            self.counts.keyframes += 1;
            self.gop = Some(start);
            self.wants_keyframe = false;
        }
    }

    fn forget_oldest(&mut self) {
        let most = if self.codec.is_video() { VIDEO_HISTORY } else { AUDIO_HISTORY };
        while self.ring.len() > most {
            self.ring.pop_front();
            self.first += 1;
        }
        self.head = self.head.max(self.first);
        if self.gop.is_some_and(|gop| gop < self.first) {
            self.gop = None;
        }
    }

    fn slot(&mut self, index: u64) -> Option<&mut Packet> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.ring.get_mut(at)?.as_mut()
    }

    pub(super) fn get(&self, index: u64) -> Option<&Packet> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.ring.get(at)?.as_ref()
    }

    /// Released packets from `from` on, without the holes.
    pub(super) fn released(&self, from: u64) -> impl Iterator<Item = &Packet> {
        let skip = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let take = usize::try_from(self.head.saturating_sub(from.max(self.first))).unwrap_or(0);
        self.ring.iter().skip(skip).take(take).flatten()
    }

    /// Packets and numbers that it keeps.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn kept(&self) -> usize {
        self.ring.len() + self.source.as_ref().map_or(0, |source| source.dropped.len())
    }

    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Whether the history still reaches back to `index`.
    pub(super) fn reaches(&self, index: u64) -> bool {
        index >= self.first
    }

    pub(super) fn gop(&self) -> Option<u64> {
        self.gop.filter(|gop| *gop < self.head)
    }

    pub(super) fn is_active(&self, now: Instant) -> bool {
        self.last_packet.is_some_and(|last| now.saturating_duration_since(last) < SILENT)
    }

    /// Bits a second; of a layer that sleeps, what it had.
    pub(super) fn bitrate(&self, now: Instant) -> u64 {
        self.rates(now).into_iter().max().unwrap_or(0)
    }

    /// Bits a second up to each temporal layer, from the base on; zero above the highest.
    pub(super) fn rates(&self, now: Instant) -> [u64; MAX_TEMPORAL] {
        self.relayed.unwrap_or_else(|| if self.asleep { self.rate.cumulative() } else { self.rate.bits(now) })
    }

    /// The first packet from `index` on that is kept and released.
    pub(super) fn at_or_after(&self, index: u64) -> Option<&Packet> {
        self.released(index).next()
    }

    pub(super) fn is_asleep(&self) -> bool {
        self.asleep
    }

    /// Whether viewers can have it, at once or when its publisher is asked for it.
    pub(super) fn is_to_be_had(&self, now: Instant) -> bool {
        self.asleep || self.is_active(now)
    }

    pub(super) fn sleep(&mut self, asleep: bool) {
        self.asleep = asleep;
    }

    /// Whether another worker receives it and tells us.
    pub(super) fn is_relayed(&self) -> bool {
        self.relayed.is_some()
    }

    /// RTP time at `now`, as the publisher counts.
    pub(super) fn rtp_now(&self, now: Instant) -> Option<u32> {
        let (rtp, at) = match self.clock {
            Some(clock) => (clock.rtp, clock.at),
            None => self.newest?,
        };
        let elapsed = now.saturating_duration_since(at).as_micros() * u128::from(self.codec.clock_rate()) / 1_000_000;
        Some(rtp.wrapping_add(elapsed as u32))
    }

    /// The RTP timestamp of the newest released packet.
    pub(super) fn newest_timestamp(&self) -> Option<u32> {
        self.newest.map(|(timestamp, _)| timestamp)
    }
}

impl Source {
    /// Takes a sequence number out of the numbering.
    fn drop(&mut self, sequence: i64, next: u64, first: u64) {
        self.dropped.push_back(sequence);
        // What is older than the history may be folded into the offset.
        let oldest = sequence - (next - first) as i64 - MAX_JUMP;
        while self.dropped.front().is_some_and(|dropped| *dropped < oldest) {
            self.dropped.pop_front();
            self.offset -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
