//! The slots of a plan, computed. Pure.
//!
//! Day by day in the plan's zone: each person's hours and exceptions are a set of five-minute cells, the fair's frame takes away from it, a panel
//! is what all sets have in common. Each stretch that is left is cut from its start into slots with the buffer between them, so that the slots
//! of a day depend on the plan alone and keep their places whatever is booked. Then what is taken falls out.
//!
//! Where the clocks skip an hour, what lies in it does not exist; an hour that they show twice passes twice, and starts with its first minute.

use super::plan::{CELL, FrameDay, Mode, Plan, Span, day_in};
use crate::clock::{MINUTE, Millis};
use crate::ids::AccountId;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::collections::{BTreeMap, HashMap};

/// A slot that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub start: Millis,
    pub end: Millis,
    /// Who would take part, the lead first; of a round-robin plan everybody who could lead.
    pub people: Vec<AccountId>,
    /// Seats that are left.
    pub left: i64,
}

/// A slot of the plan with somebody in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub lead: AccountId,
    pub start: Millis,
    /// Taken seats, held ones too.
    pub taken: i64,
}

/// What is taken in the range, sessions of the plan included.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Each person's, with the buffers, ordered and without overlaps.
    pub busy: HashMap<AccountId, Vec<Span>>,
    pub sessions: Vec<Session>,
    /// Sessions that count for a limit, by person and day.
    pub places: HashMap<(AccountId, String), i64>,
}

impl Taken {
    fn is_free(&self, person: AccountId, span: Span) -> bool {
        let Some(busy) = self.busy.get(&person) else { return true };
        let next = busy.partition_point(|b| b.end <= span.start);
        busy.get(next).is_none_or(|b| b.start >= span.end)
    }
}

/// Within which interviews of the fair may be; none: at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame(Option<Vec<Span>>);

impl Frame {
    /// Of the days in the fair's zone; without any there is no frame.
    pub fn new(days: &[FrameDay], zone: &TimeZone) -> Self {
        let span = |d: &FrameDay| Span { start: instant(zone, d.day, d.from), end: instant(zone, d.day, d.to) };
        Self((!days.is_empty()).then(|| days.iter().map(span).filter(|s| s.start < s.end).collect()))
    }
}

/// The slots that begin in `range` and can be had at `now`, in their order.
pub fn slots(plan: &Plan, frame: &Frame, taken: &Taken, range: Span, now: Millis) -> Vec<Open> {
    if plan.closed_at.is_some() {
        return Vec::new();
    }
    let bookable = plan.bookable(now);
    let range = Span { start: range.start.max(bookable.start), end: range.end.min(bookable.end) };
    let mut sessions: HashMap<(AccountId, Millis), i64> = HashMap::new();
    for session in &taken.sessions {
        *sessions.entry((session.lead, session.start)).or_default() += session.taken;
    }
    let mut found = Vec::new();
    each_start(plan, frame, range, |day, start, people| found.extend(open(plan, taken, &sessions, day, start, people)));
    found
}

/// Who could lead or (a panel) takes part in a slot that begins at `start`, as the plan says and whatever is taken; nobody if there is none.
pub fn people_at(plan: &Plan, frame: &Frame, start: Millis) -> Vec<AccountId> {
    let mut found = Vec::new();
    each_start(plan, frame, Span { start, end: start + 1 }, |_, _, people| found = people);
    found
}

fn open(
    plan: &Plan,
    taken: &Taken,
    sessions: &HashMap<(AccountId, Millis), i64>,
    day: &str,
    start: Millis,
    people: Vec<AccountId>,
) -> Option<Open> {
    let end = start + plan.length();
    let span = Span { start, end: end + plan.buffer() };
    // What somebody leads already has the seats that are left in it; else the person must be free.
    let left = |lead: AccountId, all: &[AccountId]| match sessions.get(&(lead, start)) {
        Some(count) => (plan.capacity - count).max(0),
        None => {
            let full = |person| plan.day_limit > 0 && taken.places.get(&(person, day.to_owned())).is_some_and(|n| *n >= plan.day_limit);
            if all.iter().all(|p| taken.is_free(*p, span) && !full(*p)) { plan.capacity } else { 0 }
        }
    };
    let (people, left) = match plan.mode {
        Mode::One | Mode::All => {
            let left = left(*people.first()?, &people);
            (people, left)
        }
        Mode::Any => {
            let each: Vec<_> = people.into_iter().map(|p| (p, left(p, &[p]))).filter(|(_, left)| *left > 0).collect();
            let sum = each.iter().map(|(_, left)| left).sum();
            (each.into_iter().map(|(p, _)| p).collect(), sum)
        }
    };
    (left > 0).then_some(Open { start, end, people, left })
}

/// Calls for each start in `range`, in their order, with its day and the people.
fn each_start(plan: &Plan, frame: &Frame, range: Span, mut found: impl FnMut(&str, Millis, Vec<AccountId>)) {
    if range.start >= range.end || plan.minutes <= 0 || plan.people.is_empty() {
        return;
    }
    let zone = plan.time_zone();
    let (mut date, last) = (day_in(&zone, range.start), day_in(&zone, range.end - 1));
    while date <= last {
        let mut starts: BTreeMap<Millis, Vec<AccountId>> = BTreeMap::new();
        for (whole, cells, people) in days(plan, frame, &zone, date) {
            for start in cut(plan, whole, &cells).into_iter().filter(|s| range.start <= *s && *s < range.end) {
                starts.entry(start).or_default().extend(&people);
            }
        }
        let day = date.to_string();
        starts.into_iter().for_each(|(start, people)| found(&day, start, people));
        let Ok(next) = date.tomorrow() else { return };
        date = next;
    }
}

/// What of a day can be cut: of each person on their own, or what all have in common.
fn days(plan: &Plan, frame: &Frame, zone: &TimeZone, date: Date) -> Vec<(Span, Cells, Vec<AccountId>)> {
    let whole = Span { start: instant(zone, date, 0), end: instant(zone, date, 1_440) };
    let base = whole.start.div_euclid(CELL);
    let own = |person: AccountId| available(plan, frame, zone, date, base, person);
    match plan.mode {
        Mode::One => plan.people.first().map(|p| (whole, own(*p), vec![*p])).into_iter().collect(),
        Mode::Any => plan.people.iter().map(|p| (whole, own(*p), vec![*p])).collect(),
        Mode::All => {
            let common = plan.people.iter().map(|p| own(*p)).reduce(Cells::and).unwrap_or_default();
            vec![(whole, common, plan.people.clone())]
        }
    }
}

fn available(plan: &Plan, frame: &Frame, zone: &TimeZone, date: Date, base: i64, person: AccountId) -> Cells {
    let mut cells = Cells::default();
    let weekday = date.weekday().to_monday_one_offset();
    let span = |from, to| Span { start: instant(zone, date, from), end: instant(zone, date, to) };
    for hours in plan.hours.iter().filter(|h| h.person == person && h.weekday == weekday) {
        cells.set(base, span(hours.from, hours.to), true);
    }
    let exceptions = || plan.exceptions.iter().filter(|e| e.person == person && e.day == date);
    for extra in exceptions().filter(|e| e.opens) {
        cells.set(base, span(extra.from, extra.to), true);
    }
    for away in exceptions().filter(|e| !e.opens) {
        cells.set(base, span(away.from, away.to), false);
    }
    if let Frame(Some(spans)) = frame {
        let mut within = Cells::default();
        spans.iter().for_each(|s| within.set(base, *s, true));
        cells = cells.and(within);
    }
    cells
}

/// The starts of the slots into which the free cells of a day are cut. The buffer is kept between stretches too, and ends with the day, so that no
/// day depends on the one before.
fn cut(plan: &Plan, whole: Span, cells: &Cells) -> Vec<Millis> {
    let (length, step) = ((plan.length() / CELL).max(1), ((plan.length() + plan.buffer()) / CELL).max(1));
    let (base, end) = (whole.start.div_euclid(CELL), whole.cells().end - whole.start.div_euclid(CELL));
    let (mut starts, mut from) = (Vec::new(), 0);
    for run in cells.runs() {
        from = from.max(run.start);
        while from + length <= run.end && from + step <= end {
            starts.push((base + from) * CELL);
            from += step;
        }
    }
    starts
}

/// The instant at which the clocks of a zone show so many minutes of a day: the first one if they show it twice, and if they skip it the one at
/// which they do.
pub(super) fn instant(zone: &TimeZone, date: Date, minute: i16) -> Millis {
    let (day, minute) = if minute >= 1_440 { (date.tomorrow().unwrap_or(date), 0) } else { (date, minute.max(0)) };
    let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).unwrap_or_default();
    let at = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let skipped = match at.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(day.to_datetime(time)).ok();
            before.and_then(|before| zone.following(before).next()).map(|change| change.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    };
    skipped.or_else(|| at.compatible().ok()).unwrap_or_default().as_millisecond()
}

/// Whether the clocks of a zone show a time of a day at all.
pub fn exists(zone: &TimeZone, date: Date, minute: i16) -> bool {
    let time = Time::new((minute.clamp(0, 1_439) / 60) as i8, (minute.clamp(0, 1_439) % 60) as i8, 0, 0).unwrap_or_default();
    minute >= 1_440 || !matches!(zone.to_ambiguous_timestamp(date.to_datetime(time)).offset(), AmbiguousOffset::Gap { .. })
}

const WORDS: usize = 10;
/// Two days and more, for the clocks of some islands have shown a whole day twice.
const CELLS: i64 = WORDS as i64 * 64;

/// The cells of a day.
#[derive(Clone, Copy, Debug, Default)]
struct Cells([u64; WORDS]);

impl Cells {
    fn set(&mut self, base: i64, span: Span, on: bool) {
        // Only whole cells are free, and whatever touches one takes it.
        let cell = |at: Millis, up: bool| (if up { at + CELL - 1 } else { at }).div_euclid(CELL) - base;
        let (from, to) = (cell(span.start, on).clamp(0, CELLS), cell(span.end, !on).clamp(0, CELLS));
        for n in from..to {
            let (word, bit) = (n as usize / 64, 1u64 << (n % 64));
            if on { self.0[word] |= bit } else { self.0[word] &= !bit }
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, others)| *mine &= others);
        self
    }

    fn has(&self, n: i64) -> bool {
        n < CELLS && self.0[n as usize / 64] >> (n % 64) & 1 == 1
    }

    /// Stretches of cells that are set.
    fn runs(self) -> impl Iterator<Item = std::ops::Range<i64>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = (at..CELLS).find(|n| self.has(*n))?;
            let end = (start..=CELLS).find(|n| !self.has(*n)).unwrap_or(CELLS);
            at = end;
            Some(start..end)
        })
    }
}

/// A wall time such as `09:30` or `24:00`, in minutes.
pub(super) fn minutes_of(text: &str) -> Option<i16> {
    if text.trim() == "24:00" {
        return Some(1_440);
    }
    let time = Time::strptime("%H:%M", text.trim()).ok()?;
    Some(i16::from(time.hour()) * 60 + i16::from(time.minute()))
}

/// The same the other way.
pub fn clock_time(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Whether a number of minutes is a multiple of a cell.
pub(super) fn is_in_step(minute: i16) -> bool {
    i64::from(minute) * MINUTE % CELL == 0
}
