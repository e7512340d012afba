//! What a player would show of the pictures that came, as patient as a browser: what is missing is asked for every so often, so many times; a later key
//! frame is taken when the next frame has not come for a while; and a key frame is asked for when nothing moves.

use std::collections::BTreeMap;

use crate::media::simnet::{MILLI, Time};

const ASK_EVERY: Time = 120 * MILLI;
const ASK_TIMES: u32 = 10;
const SKIP_AFTER: Time = 200 * MILLI;
const KEY_AFTER: Time = 500 * MILLI;

/// What the player got.
#[derive(Default)]
pub(super) struct Seen {
    /// When each packet of sound was sent, and how long it was on its way if it came.
    pub(super) sound: Vec<(Time, Option<Time>)>,
    /// When a frame of which layer was shown.
    pub(super) shown: Vec<(Time, u8)>,
    pub(super) key_requests: u32,
}

impl Seen {
    /// Part of the sound sent in this time that came within `limit`.
    pub(super) fn in_time(&self, from: Time, to: Time, limit: Time) -> f64 {
        let sent = || self.sound.iter().filter(|(sent, _)| (from..to).contains(sent));
        sent().filter(|(_, way)| way.is_some_and(|way| way <= limit)).count() as f64 / sent().count() as f64
    }

    /// The first frame of the lowest layer.
    pub(super) fn first(&self, from: Time) -> Time {
        self.shown.iter().find(|(at, layer)| *at >= from && *layer == 0).map_or(Time::MAX, |(at, _)| at - from)
    }

    /// The longest time in which nothing new was shown.
    pub(super) fn standstill(&self, from: Time, to: Time) -> Time {
        let shown = self.shown.iter().map(|(at, _)| *at).filter(|at| (from..=to).contains(at)).chain([to]);
        shown.fold((from, 0), |(last, longest), at| (at, longest.max(at - last))).1
    }
}

/// Numbers without roll-over.
#[derive(Default)]
pub(super) struct Extended(pub(super) Option<u64>);

impl Extended {
    pub(super) fn place(&mut self, number: u16) -> u64 {
        let highest = self.0.unwrap_or(1 << 16 | u64::from(number));
        let extended = highest.saturating_add_signed(i64::from(number.wrapping_sub(highest as u16) as i16));
        self.0 = Some(highest.max(extended));
        extended
    }
}

struct Piece {
    key: bool,
    layer: u8,
    part: u8,
    parts: u8,
}

/// The player's picture.
#[derive(Default)]
pub(super) struct Picture {
    numbers: Extended,
    pieces: BTreeMap<u64, Piece>,
    /// How often what is missing was asked for, and when it is again.
    missing: BTreeMap<u64, (u32, Time)>,
    next: Option<u64>,
    pub(super) progress: Time,
    asked: Time,
}

impl Picture {
    pub(super) fn take(&mut self, now: Time, sequence: u16, payload: &[u8], seen: &mut Seen) {
        let [nal, layer, part, parts, ..] = *payload else { return };
        let highest = self.numbers.0;
        let number = self.numbers.place(sequence);
        if self.next.is_some_and(|next| number < next) {
            return;
        }
        self.missing.remove(&number);
        self.pieces.insert(number, Piece { key: nal == 0x65, layer, part, parts });
        self.missing.extend(highest.into_iter().flat_map(|highest| highest + 1..number).map(|at| (at, (0, now))));
        self.advance(now, seen);
    }

    /// The last packet of the frame that begins here, if all of it is there.
    fn whole(&self, first: u64) -> Option<(u64, u8)> {
        let begin = self.pieces.get(&first).filter(|piece| piece.part == 0)?;
        let last = first + u64::from(begin.parts) - 1;
        (first..=last).all(|at| self.pieces.contains_key(&at)).then_some((last, begin.layer))
    }

    pub(super) fn advance(&mut self, now: Time, seen: &mut Seen) {
        loop {
            let key = || self.pieces.iter().filter(|(_, piece)| piece.key).find_map(|(at, _)| self.whole(*at));
            let found = match self.next {
                Some(next) => self.whole(next).or_else(|| if now - self.progress > SKIP_AFTER { key() } else { None }),
                None => key(),
            };
            let Some((last, layer)) = found else { return };
            (self.next, self.progress) = (Some(last + 1), now);
            seen.shown.push((now, layer));
            self.pieces.retain(|at, _| *at > last);
            self.missing.retain(|at, _| *at > last);
        }
    }

    pub(super) fn ask(&mut self, now: Time) -> Vec<u16> {
        let due = self.missing.iter_mut().filter(|(_, (asked, due))| *due <= now && *asked < ASK_TIMES);
        due.map(|(at, missing)| {
            *missing = (missing.0 + 1, now + ASK_EVERY);
            *at as u16
        })
        .collect()
    }

    pub(super) fn wants_key(&mut self, now: Time) -> bool {
        let wants = now - self.asked.max(self.progress) > KEY_AFTER;
        self.asked = if wants { now } else { self.asked };
        wants
    }
}
