//! What a recruiter offers: a stretch of a day, typed in the fair's zone, cut into slots. Pure.

use crate::clock::{DAY, MINUTE, Millis};
use crate::schedule::{CELL, Span};
use crate::web::{Fields, Text};
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::Deserialize;

/// Lengths a recruiter can choose, in minutes; fifteen is the custom of video fairs.
pub(super) const LENGTHS: [i64; 6] = [10, 15, 20, 30, 45, 60];
pub(super) const BUFFERS: [i64; 4] = [0, 5, 10, 15];
/// A day of ten-minute talks; more in one go is a slip of the pen.
const MOST: usize = 72;
/// Seasons are planned weeks ahead, not years.
const HORIZON: Millis = 90 * DAY;

/// The form as sent; everything is text, so that whatever is wrong gets its message beside its field.
#[derive(Clone, Debug, Deserialize)]
pub struct Offer {
    /// The fair; may be left out if the employer takes part in one only.
    #[serde(default)]
    pub fair: String,
    #[serde(default)]
    pub date: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    #[serde(default = "fifteen")]
    pub length: String,
    #[serde(default = "zero")]
    pub buffer: String,
}

fn fifteen() -> String {
    "15".into()
}

fn zero() -> String {
    "0".into()
}

impl Offer {
    /// The slots of this offer, or what is wrong with it.
    pub(super) fn slots(&self, zone: &TimeZone, now: Millis) -> Result<Vec<Span>, Fields> {
        let mut wrong = Fields::default();
        let date = Date::strptime("%Y-%m-%d", self.date.trim()).map_err(|_| wrong.add("date", Text("interviews-date-wrong"))).ok();
        let length = choice(&self.length, &LENGTHS);
        let buffer = choice(&self.buffer, &BUFFERS);
        if length.is_none() {
            wrong.add("length", Text("interviews-length-wrong"));
        }
        if buffer.is_none() {
            wrong.add("buffer", Text("interviews-buffer-wrong"));
        }
        let from = instant(date, &self.from, zone, "from", &mut wrong);
        let to = instant(date, &self.to, zone, "to", &mut wrong);
        let (Some(from), Some(to), Some(length), Some(buffer)) = (from, to, length, buffer) else { return Err(wrong) };
        if from <= now {
            wrong.add(if to <= now { "date" } else { "from" }, Text("interviews-time-past"));
        } else if from > now + HORIZON {
            wrong.add("date", Text("interviews-date-far"));
        }
        if to <= from {
            wrong.add("to", Text("interviews-to-before-from"));
        }
        let spans: Vec<_> = cut(Span { start: from, end: to }, length, buffer).take(MOST + 1).collect();
        if spans.is_empty() {
            wrong.add("to", Text("interviews-too-short"));
        }
        if spans.len() > MOST {
            wrong.add("to", Text("interviews-too-many"));
        }
        if wrong.is_empty() { Ok(spans) } else { Err(wrong) }
    }
}

fn choice(text: &str, known: &[i64]) -> Option<Millis> {
    text.trim().parse().ok().filter(|n| known.contains(n)).map(|n| n * MINUTE)
}

/// The instant at which the clocks of `zone` show a time. Where they show it twice it is the first; where never, it is refused.
fn instant(date: Option<Date>, text: &str, zone: &TimeZone, field: &'static str, wrong: &mut Fields) -> Option<Millis> {
    let Some(time) = Time::strptime("%H:%M", text.trim()).ok() else {
        wrong.add(field, Text("interviews-time-wrong"));
        return None;
    };
    let at = zone.to_ambiguous_timestamp(date?.to_datetime(time));
    if matches!(at.offset(), AmbiguousOffset::Gap { .. }) {
        wrong.add(field, Text("interviews-time-skipped"));
        return None;
    }
    let at = at.compatible().ok()?.as_millisecond();
    if at % CELL != 0 {
        wrong.add(field, Text("interviews-time-step"));
        return None;
    }
    Some(at)
}

fn cut(whole: Span, length: Millis, buffer: Millis) -> impl Iterator<Item = Span> {
    (0..)
        .map(move |i| whole.start + i * (length + buffer))
        .map(move |start| Span { start, end: start + length })
        .take_while(move |s| s.end <= whole.end)
}

/// Of `free` the `count` nearest in time to `wanted`, earliest first.
pub(super) fn nearest<T: Clone>(free: &[T], wanted: Millis, count: usize, start: impl Fn(&T) -> Millis) -> Vec<T> {
    let mut near: Vec<_> = free.to_vec();
    near.sort_by_key(|slot| (start(slot) - wanted).abs());
    near.truncate(count);
    near.sort_by_key(|slot| start(slot));
    near
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;

    /// 2027-02-20 09:00 in Shanghai.
    const NOW: Millis = 1_803_085_200_000;

    fn offer(date: &str, from: &str, to: &str, length: &str, buffer: &str) -> Offer {
        Offer { fair: String::new(), date: date.into(), from: from.into(), to: to.into(), length: length.into(), buffer: buffer.into() }
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("zone")
    }

    fn refusal(offer: &Offer, name: &str, now: Millis) -> Vec<(&'static str, &'static str)> {
        offer.slots(&zone(name), now).expect_err("refused").0.iter().map(|(field, text)| (*field, text.0)).collect()
    }

    #[test]
    fn a_morning_is_cut_into_slots_with_pauses_between() {
        let slots = offer("2027-02-20", "10:00", "11:00", "15", "5").slots(&zone("Asia/Shanghai"), NOW).expect("slots");
        let starts: Vec<_> = slots.iter().map(|s| (s.start - NOW) / MINUTE).collect();
        assert_eq!(starts, [60, 80, 100], "the last one ends at 10:55; a fourth would end after 11:00");
        assert!(slots.iter().all(|s| s.end - s.start == 15 * MINUTE));
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_refused_beside_its_field() {
        // New York, 2027-03-14: 02:00 becomes 03:00.
        let now = NOW;
        assert_eq!(
            refusal(&offer("2027-03-14", "02:30", "04:00", "15", "0"), "America/New_York", now),
            [("from", "interviews-time-skipped")]
        );
        assert_eq!(
            refusal(&offer("2027-03-14", "01:00", "02:30", "15", "0"), "America/New_York", now),
            [("to", "interviews-time-skipped")]
        );
        let across = offer("2027-03-14", "01:30", "03:30", "30", "0").slots(&zone("America/New_York"), now).expect("slots");
        assert_eq!(across.len(), 2, "the hour in between does not exist");
    }

    #[test]
    fn a_time_that_the_clocks_show_twice_is_the_first() {
        // Berlin, 2027-10-31: 03:00 becomes 02:00.
        let now = 1_824_800_000_000;
        let slots = offer("2027-10-31", "02:30", "03:30", "60", "0").slots(&zone("Europe/Berlin"), now).expect("slots");
        assert_eq!(slots.len(), 2, "two hours pass between the first 02:30 and 03:30");
        assert_eq!(slots[0].start % (HOUR), 30 * MINUTE);
    }

    #[test]
    fn past_reversed_and_absurd_offers_are_refused_beside_the_field() {
        let zone = "Asia/Shanghai";
        assert_eq!(refusal(&offer("2027-02-20", "08:00", "08:30", "15", "0"), zone, NOW), [("date", "interviews-time-past")]);
        assert_eq!(refusal(&offer("2027-02-20", "08:00", "10:00", "15", "0"), zone, NOW), [("from", "interviews-time-past")]);
        assert_eq!(refusal(&offer("2027-02-20", "11:00", "10:00", "15", "0"), zone, NOW), [("to", "interviews-to-before-from")]);
        assert_eq!(refusal(&offer("2027-02-20", "10:00", "10:10", "15", "0"), zone, NOW), [("to", "interviews-too-short")]);
        assert_eq!(refusal(&offer("2027-02-21", "00:00", "23:55", "10", "0"), zone, NOW), [("to", "interviews-too-many")]);
        assert_eq!(refusal(&offer("2029-02-21", "10:00", "11:00", "15", "0"), zone, NOW), [("date", "interviews-date-far")]);
        assert_eq!(refusal(&offer("2027-02-20", "10:03", "11:00", "15", "0"), zone, NOW), [("from", "interviews-time-step")]);
        let wrong = refusal(&offer("2027-02-30", "25:00", "", "7", "-5"), zone, NOW);
        assert_eq!(wrong.iter().map(|w| w.0).collect::<Vec<_>>(), ["buffer", "date", "from", "length", "to"]);
    }

    #[test]
    fn pieces_of_touching_spans_do_not_meet() {
        let (a, b) = (Span { start: 0, end: 15 * MINUTE }, Span { start: 15 * MINUTE, end: 20 * MINUTE });
        assert_eq!((a.cells(), b.cells()), (0..3, 3..4));
    }

    #[test]
    fn the_nearest_are_on_both_sides_and_in_order() {
        assert_eq!(nearest(&[1, 5, 8, 20], 6, 3, |n| *n), [1, 5, 8]);
    }
}
