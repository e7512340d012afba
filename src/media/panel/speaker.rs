//! Who speaks: the levels that publishers tell of their sound (RFC 6464), smoothed, and the order of seats that comes of them.
//!
//! After "Dominant Speaker Identification for Multipoint Videoconferencing" (Volfin and Cohen, 2012) in its simplest form: a cough must not turn
//! the picture round, so whoever speaks stays until another one has been clearly louder for a while. Where no levels are told the seats stay in
//! their order.

use std::time::{Duration, Instant};

use super::{Order, Seat};

/// RFC 6464 counts decibels below the loudest; here loud is high.
const SILENCE: f32 = 127.0;
/// Below 50 dB under the loudest there is a room and no speech.
const FLOOR: f32 = SILENCE - 50.0;
/// How much louder another one must be: well above what two people in conversation differ by.
const MARGIN: f32 = 6.0;
/// Time constants of the smoothed level: words are heard at once, and the gaps between them bridged.
const ATTACK: f32 = 0.1;
const RELEASE: f32 = 0.6;
/// For so long a challenger must be louder: two syllables, not a door.
const CHALLENGE: Duration = Duration::from_millis(600);
/// Between two changes: a picture that moves more often is not looked at.
const BETWEEN: Duration = Duration::from_millis(1_500);
/// An encoder that pauses in silence sends no packets, which is silence after this long.
const PAUSED: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    present: bool,
    /// 0 is silence, 127 the loudest.
    level: f32,
    heard: Option<Instant>,
    /// How many changes there were when it last became the one who speaks; zero if it never did.
    turn: u64,
}

impl Voice {
    /// Follows a loudness that lasted until now.
    fn follow(&mut self, now: Instant, loudness: f32) {
        let passed = self.heard.map_or(0.02, |heard| now.saturating_duration_since(heard).as_secs_f32());
        let constant = if loudness > self.level { ATTACK } else { RELEASE };
        self.level += (loudness - self.level) * (1.0 - (-passed / constant).exp());
        self.heard = Some(now);
    }
}

#[derive(Debug, Default)]
pub(in crate::media) struct Speakers {
    voices: [Voice; Seat::COUNT],
    order: Order,
    turns: u64,
    changed: Option<Instant>,
    challenge: Option<(Seat, Instant)>,
}

impl Speakers {
    pub(in crate::media) fn order(&self) -> Order {
        self.order
    }

    pub(in crate::media) fn joined(&mut self, seat: Seat) {
        self.voices[seat.index()] = Voice { present: true, ..Voice::default() };
        self.sort();
    }

    pub(in crate::media) fn left(&mut self, seat: Seat) {
        self.voices[seat.index()] = Voice::default();
        self.challenge = self.challenge.filter(|(challenger, _)| *challenger != seat);
        self.sort();
    }

    /// The level that a packet of sound told: decibels below the loudest.
    pub(in crate::media) fn heard(&mut self, now: Instant, seat: Seat, level: u8) {
        self.voices[seat.index()].follow(now, SILENCE - f32::from(level.min(127)));
    }

    /// Sees whether somebody else speaks now; to be called a few times a second. True if the order changed.
    pub(in crate::media) fn look(&mut self, now: Instant) -> bool {
        let Some(present) = self.order.first().filter(|_| self.order.is_panel()) else { return false };
        for voice in &mut self.voices {
            if voice.heard.is_some_and(|heard| now.saturating_duration_since(heard) > PAUSED) {
                voice.follow(now, 0.0);
            }
        }
        let level = |seat: Seat| self.voices[seat.index()].level;
        let enough = FLOOR.max(level(present) + MARGIN);
        let loudest = self.order.as_slice().iter().copied().filter(|seat| *seat != present && level(*seat) >= enough);
        let Some(challenger) = loudest.reduce(|one, other| if level(other) > level(one) { other } else { one }) else {
            self.challenge = None;
            return false;
        };
        let since = self.challenge.filter(|(seat, _)| *seat == challenger).map_or(now, |(_, since)| since);
        self.challenge = Some((challenger, since));
        let rested = self.changed.is_none_or(|changed| now.saturating_duration_since(changed) >= BETWEEN);
        if now.saturating_duration_since(since) < CHALLENGE || !rested {
            return false;
        }
        self.turns += 1;
        self.voices[challenger.index()].turn = self.turns;
        (self.changed, self.challenge) = (Some(now), None);
        self.sort();
        true
    }

    fn sort(&mut self) {
        let mut seats: Vec<Seat> = Seat::all().filter(|seat| self.voices[seat.index()].present).collect();
        seats.sort_by_key(|seat| std::cmp::Reverse(self.voices[seat.index()].turn));
        self.order = seats.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEECH: u8 = 25;
    const ROOM: u8 = 70;

    fn seat(number: u8) -> Seat {
        Seat::new(number).expect("a seat")
    }

    struct Talk {
        speakers: Speakers,
        now: Instant,
    }

    impl Talk {
        fn of(seats: u8) -> Self {
            let mut speakers = Speakers::default();
            (0..seats).for_each(|number| speakers.joined(seat(number)));
            Self { speakers, now: Instant::now() }
        }

        /// Lets time pass in packets of 20 ms with these levels; tells the orders that came of it.
        fn pass(&mut self, time: u64, levels: &[u8]) -> Vec<Vec<u8>> {
            let mut changes = Vec::new();
            for packet in 0..time / 20 {
                self.now += Duration::from_millis(20);
                for (number, level) in levels.iter().enumerate().filter(|(_, level)| **level < 127) {
                    self.speakers.heard(self.now, seat(number as u8), *level);
                }
                if packet % 5 == 0 && self.speakers.look(self.now) {
                    changes.push(self.order());
                }
            }
            changes
        }

        fn order(&self) -> Vec<u8> {
            self.speakers.order().as_slice().iter().map(|seat| seat.number()).collect()
        }
    }

    #[test]
    fn whoever_speaks_comes_first_and_those_who_spoke_follow() {
        let mut talk = Talk::of(3);
        assert_eq!(talk.order(), [0, 1, 2]);
        assert_eq!(talk.pass(2_000, &[ROOM, ROOM, SPEECH]), [[2, 0, 1]]);
        assert_eq!(talk.pass(3_000, &[ROOM, SPEECH, ROOM]), [[1, 2, 0]]);
        assert_eq!(talk.pass(3_000, &[SPEECH, ROOM, ROOM]), [[0, 1, 2]]);
    }

    #[test]
    fn a_cough_a_room_and_an_equal_voice_change_nothing() {
        let mut talk = Talk::of(2);
        talk.pass(2_000, &[SPEECH, ROOM]);
        assert!(talk.pass(300, &[SPEECH, 5]).is_empty(), "a cough");
        assert!(talk.pass(3_000, &[SPEECH, ROOM]).is_empty());
        assert!(talk.pass(10_000, &[127, ROOM]).is_empty(), "a noisy room while the speaker pauses");
        assert!(talk.pass(10_000, &[SPEECH, SPEECH - 3]).is_empty(), "both at once");
    }

    #[test]
    fn gaps_between_words_are_bridged_and_silence_without_packets_is_silence() {
        let mut talk = Talk::of(2);
        for _ in 0..20 {
            assert!(talk.pass(400, &[SPEECH, ROOM]).is_empty());
            assert!(talk.pass(240, &[127, ROOM]).is_empty());
        }
        assert_eq!(talk.pass(3_000, &[127, SPEECH]), [[1, 0]]);
    }

    #[test]
    fn changes_are_a_while_apart() {
        let mut talk = Talk::of(2);
        let mut changes = 0;
        for turn in 0..20 {
            changes += talk.pass(700, if turn % 2 == 0 { &[127, 10] } else { &[10, 127] }).len();
        }
        assert!(changes <= 9, "{changes} in 14 s");
    }

    #[test]
    fn without_levels_seats_stay_in_order_and_whoever_leaves_is_out() {
        let mut talk = Talk::of(3);
        assert!(talk.pass(5_000, &[]).is_empty());
        talk.pass(2_000, &[ROOM, ROOM, SPEECH]);
        talk.speakers.left(seat(2));
        assert_eq!(talk.order(), [0, 1]);
        talk.speakers.joined(seat(2));
        assert_eq!(talk.order(), [0, 1, 2], "as one who has just come");
    }
}
