//! What a decoder could show of a received H.264 stream: frames in order, from a key frame on, with what is missing asked for again.
//!
//! As patient as a browser: what is missing is asked for ten times; a later key frame is taken when the next frame does not come; a large
//! hole is given up at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::frames::{self, Payload};
use crate::rtp::{Extender, Header};

/// How often and how many times a packet is asked for again.
const ASK_EVERY: Duration = Duration::from_millis(120);
const ASK_TIMES: u32 = 10;
/// More missing packets than this are not worth asking for.
const MOST_MISSING: u64 = 450;
/// When the next frame has not come for so long, a later key frame will do.
const SKIP_AFTER: Duration = Duration::from_millis(200);
/// How long to wait for a picture before a key frame is asked for, and again.
const KEY_AFTER: Duration = Duration::from_millis(500);

struct Piece {
    timestamp: u32,
    marker: bool,
    /// Begins a key frame.
    key: bool,
    /// Padding has none and belongs to no frame.
    layer: Option<u8>,
    empty: bool,
}

/// A frame that could be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) at: Instant,
    pub(crate) layer: u8,
}

struct Missing {
    asked: u32,
    due: Instant,
}

pub(crate) struct Picture {
    numbers: Extender,
    pieces: BTreeMap<u64, Piece>,
    missing: BTreeMap<u64, Missing>,
    /// The first packet of the next frame, once there was a key frame.
    next: Option<u64>,
    progress: Instant,
    asked_for_key: Option<Instant>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) key_requests: u32,
    pub(crate) nacks: u32,
}

impl Picture {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            numbers: Extender::default(),
            pieces: BTreeMap::new(),
            missing: BTreeMap::new(),
            next: None,
            progress: now,
            asked_for_key: None,
            shown: Vec::new(),
            key_requests: 0,
            nacks: 0,
        }
    }

    pub(crate) fn take(&mut self, now: Instant, sequence: u16, header: &Header, payload: &[u8]) {
        let highest = self.numbers.highest();
        let number = self.numbers.extend(sequence);
        if self.next.is_some_and(|next| number < next) || self.pieces.contains_key(&number) {
            return;
        }
        let layer = match frames::inspect(true, payload) {
            Payload::Media(stamp) => Some(stamp.layer),
            _ => None,
        };
        let key = frames::begins_key_frame(payload);
        let piece = Piece { timestamp: header.timestamp, marker: header.marker, key, layer, empty: payload.is_empty() };
        self.missing.remove(&number);
        self.pieces.insert(number, piece);
        if let Some(highest) = highest {
            if number > highest + MOST_MISSING {
                self.pieces.retain(|at, _| *at >= number);
                self.missing.clear();
                self.next = None;
            } else {
                self.missing.extend((highest + 1..number).map(|at| (at, Missing { asked: 0, due: now })));
            }
        }
        self.advance(now);
    }

    /// The last packet of the frame that begins at `first`, if all of it is there, and its layer.
    fn whole(&self, first: u64) -> Option<(u64, u8)> {
        let timestamp = self.pieces.get(&first)?.timestamp;
        let mut layer = None;
        for at in first.. {
            let piece = self.pieces.get(&at)?;
            if piece.timestamp != timestamp {
                return None;
            }
            layer = layer.or(piece.layer);
            if piece.marker {
                return Some((at, layer.unwrap_or(0)));
            }
        }
        None
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        loop {
            while self.next.and_then(|next| self.pieces.get(&next)).is_some_and(|piece| piece.empty) {
                self.next = self.next.map(|next| next + 1);
            }
            let found = match self.next {
                Some(next) => self.whole(next).or_else(|| if now - self.progress > SKIP_AFTER { self.key_frame() } else { None }),
                None => self.key_frame(),
            };
            let Some((last, layer)) = found else { return };
            self.next = Some(last + 1);
            self.progress = now;
            self.shown.push(Shown { at: now, layer });
            self.pieces.retain(|at, _| *at > last);
            self.missing.retain(|at, _| *at > last);
        }
    }

    fn key_frame(&self) -> Option<(u64, u8)> {
        self.pieces.iter().filter(|(_, piece)| piece.key).find_map(|(at, _)| self.whole(*at))
    }

    /// The packets to ask for now.
    pub(crate) fn ask(&mut self, now: Instant) -> Vec<u16> {
        let mut asked = Vec::new();
        for (at, missing) in &mut self.missing {
            if missing.due <= now && missing.asked < ASK_TIMES {
                missing.asked += 1;
                missing.due = now + ASK_EVERY;
                asked.push(*at as u16);
            }
        }
        self.nacks += asked.len() as u32;
        asked
    }

    /// Whether to ask for a key frame now.
    pub(crate) fn wants_key(&mut self, now: Instant) -> bool {
        let since = self.asked_for_key.map_or(self.progress, |asked| asked.max(self.progress));
        let wants = now - since > KEY_AFTER;
        if wants {
            self.asked_for_key = Some(now);
            self.key_requests += 1;
        }
        wants
    }

    /// The longest time in which nothing new was shown, from `from` to `to`.
    pub(crate) fn longest_gap(&self, from: Instant, to: Instant) -> Duration {
        let mut last = from;
        let mut longest = Duration::ZERO;
        for at in self.shown.iter().map(|shown| shown.at).filter(|at| (from..=to).contains(at)).chain([to]) {
            longest = longest.max(at - last);
            last = at;
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Video;
    use crate::rtp;

    /// Packets of some frames as a receiver sees them.
    fn packets(frames: usize) -> Vec<(u16, Header, Vec<u8>)> {
        let (mut video, mut sequence) = (Video::default(), 65_530_u16);
        let mut packets = Vec::new();
        for frame in 0..frames {
            let payloads = video.frame(frame == 30);
            let last = payloads.len() - 1;
            for (at, payload) in payloads.into_iter().enumerate() {
                let header = rtp::header(102, at == last, sequence, frame as u32 * 3_600, 1);
                packets.push((sequence, Header::parse(&header).expect("a header"), payload));
                sequence = sequence.wrapping_add(1);
            }
        }
        packets
    }

    #[test]
    fn a_hole_stops_the_picture_until_it_is_filled() {
        let start = Instant::now();
        let mut picture = Picture::new(start);
        let packets = packets(4);
        let lost = packets.len() - 9;
        for (at, (sequence, header, payload)) in packets.iter().enumerate() {
            if at != lost {
                picture.take(start, *sequence, header, payload);
            }
        }
        let before = picture.shown.len();
        assert!(before < 4);
        assert_eq!(picture.ask(start), [packets[lost].0]);
        assert_eq!(picture.ask(start), [] as [u16; 0], "not at once again");
        let (sequence, header, payload) = &packets[lost];
        picture.take(start + Duration::from_millis(50), *sequence, header, payload);
        assert_eq!(picture.shown.len(), 4);
    }

    #[test]
    fn a_later_key_frame_ends_the_wait_for_a_lost_packet() {
        let start = Instant::now();
        let mut picture = Picture::new(start);
        for (at, (sequence, header, payload)) in packets(40).iter().enumerate() {
            if at != 60 {
                picture.take(start + Duration::from_millis(at as u64 * 5), *sequence, header, payload);
            }
        }
        assert!((11..25).contains(&picture.shown.len()), "{}", picture.shown.len());
        let end = start + Duration::from_secs(2);
        assert!(picture.longest_gap(start, end) > SKIP_AFTER);
    }

    #[test]
    fn a_key_frame_is_asked_for_when_nothing_moves() {
        let start = Instant::now();
        let mut picture = Picture::new(start);
        assert!(!picture.wants_key(start + Duration::from_millis(400)));
        assert!(picture.wants_key(start + Duration::from_millis(600)));
        assert!(!picture.wants_key(start + Duration::from_millis(700)));
    }
}
