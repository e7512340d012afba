//! The forms of a plan and of a fair's frame. All fields are text, so that whatever is wrong gets its message beside its field. Pure.

use super::compute::{exists, is_in_step, minutes_of};
use super::plan::{Exception, FrameDay, Hours, Mode, Plan, day_in};
use crate::clock::Millis;
use crate::fairs::Fair;
use crate::ids::{AccountId, EmployerId, PlanId, PostingId};
use crate::web::{Fields, Text};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// Lengths a recruiter can choose, in minutes; fifteen is the custom of video fairs.
pub const LENGTHS: [i64; 8] = [10, 15, 20, 30, 45, 60, 90, 120];
pub const BUFFERS: [i64; 6] = [0, 5, 10, 15, 20, 30];
/// Seats on a panel of a call.
const PANEL: usize = 6;
const ROUND: usize = 20;
/// A call is for a few; a larger group is what rooms are for.
const GROUP: i64 = 20;
const LEAD: i64 = 14 * 24 * 60;
/// Seasons are planned weeks ahead, not years.
const HORIZON: i64 = 90;
const A_DAY: i64 = 72;
/// Four stretches a weekday and person are more than anybody has.
const ROWS: usize = ROUND * 7 * 4;

/// A plan as typed. Hours and exceptions are tables: the n-th of each column make a row, rows without times are left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlanForm {
    /// May be left out if the employer takes part in one fair only.
    pub fair: String,
    pub title: String,
    /// `one`, `all` or `any`.
    pub mode: String,
    /// Account ids; the first one leads. The viewer if left out.
    pub person: Vec<String>,
    /// Posting ids; for all postings if left out.
    pub posting: Vec<String>,
    pub length: String,
    pub buffer: String,
    pub capacity: String,
    /// Minutes.
    pub lead: String,
    /// Days.
    pub horizon: String,
    /// Sessions a day of a person; 0 or nothing for no limit.
    pub limit: String,
    /// IANA name; the fair's if left out.
    pub zone: String,
    /// The version that was seen.
    pub version: String,
    /// Account id; nothing for everybody of the plan.
    pub who: Vec<String>,
    /// 1 to 7, or `1-5`.
    pub weekday: Vec<String>,
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub except_who: Vec<String>,
    /// `2027-02-20`.
    pub except_day: Vec<String>,
    /// `open` for extra time, else away. Without times the whole day.
    pub except_kind: Vec<String>,
    pub except_from: Vec<String>,
    pub except_to: Vec<String>,
}

impl PlanForm {
    /// A plan as its form shows it; what is past is left out.
    pub fn of(plan: &Plan, now: Millis) -> Self {
        let time = |minute| super::compute::clock_time(minute);
        let today = day_in(&plan.time_zone(), now);
        let exceptions: Vec<_> = plan.exceptions.iter().filter(|e| e.day >= today).collect();
        Self {
            fair: plan.fair_id.to_string(),
            title: plan.title.clone(),
            mode: plan.mode.name().into(),
            person: plan.people.iter().map(ToString::to_string).collect(),
            posting: plan.postings.iter().map(ToString::to_string).collect(),
            length: plan.minutes.to_string(),
            buffer: plan.buffer_minutes.to_string(),
            capacity: plan.capacity.to_string(),
            lead: plan.lead_minutes.to_string(),
            horizon: plan.horizon_days.to_string(),
            limit: plan.day_limit.to_string(),
            zone: plan.zone.clone(),
            version: plan.version.to_string(),
            who: plan.hours.iter().map(|h| h.person.to_string()).collect(),
            weekday: plan.hours.iter().map(|h| h.weekday.to_string()).collect(),
            from: plan.hours.iter().map(|h| time(h.from)).collect(),
            to: plan.hours.iter().map(|h| time(h.to)).collect(),
            except_who: exceptions.iter().map(|e| e.person.to_string()).collect(),
            except_day: exceptions.iter().map(|e| e.day.to_string()).collect(),
            except_kind: exceptions.iter().map(|e| if e.opens { "open" } else { "away" }.into()).collect(),
            except_from: exceptions.iter().map(|e| time(e.from)).collect(),
            except_to: exceptions.iter().map(|e| time(e.to)).collect(),
        }
    }

    /// The plan that it says, with a new id, or what is wrong with it.
    pub(super) fn read(
        &self,
        me: AccountId,
        employer: EmployerId,
        recruiters: &[AccountId],
        fairs: &[Fair],
        now: Millis,
    ) -> Result<Plan, Fields> {
        let mut wrong = Fields::default();
        let fair = fairs.iter().find(|f| f.id.to_string() == self.fair).or(fairs.first().filter(|_| self.fair.is_empty()));
        let Some(fair) = fair else {
            wrong.add("fair", Text("schedule-fair-needed"));
            return Err(wrong);
        };
        let zone_name = if self.zone.trim().is_empty() { &fair.zone } else { self.zone.trim() };
        let zone = TimeZone::get(zone_name).unwrap_or_else(|_| {
            wrong.add("zone", Text("schedule-zone-unknown"));
            TimeZone::UTC
        });
        let mode = if self.mode.is_empty() { Ok(Mode::One) } else { Mode::try_from(self.mode.clone()) };
        let mode = mode.unwrap_or_else(|_| {
            wrong.add("mode", Text("schedule-choose"));
            Mode::One
        });
        let mut number = |field, text: &str, default: i64, fits: &dyn Fn(i64) -> bool, key| {
            let read = if text.trim().is_empty() { Some(default) } else { text.trim().parse().ok() };
            read.filter(|n| fits(*n)).unwrap_or_else(|| {
                wrong.add(field, Text(key));
                default
            })
        };
        let minutes = number("length", &self.length, 15, &|n| LENGTHS.contains(&n), "schedule-choose");
        let buffer_minutes = number("buffer", &self.buffer, 0, &|n| BUFFERS.contains(&n), "schedule-choose");
        let capacity = number("capacity", &self.capacity, 1, &|n| (1..=GROUP).contains(&n), "schedule-capacity-wrong");
        let lead_minutes = number("lead", &self.lead, 60, &|n| (0..=LEAD).contains(&n), "schedule-lead-wrong");
        let horizon_days = number("horizon", &self.horizon, 30, &|n| (1..=HORIZON).contains(&n), "schedule-horizon-wrong");
        let day_limit = number("limit", &self.limit, 0, &|n| (0..=A_DAY).contains(&n), "schedule-limit-wrong");
        let people = self.people(me, mode, recruiters, &mut wrong);
        let postings = self.posting.iter().filter(|p| !p.is_empty()).map(|p| p.parse::<PostingId>()).collect::<Result<Vec<_>, _>>();
        let mut postings = postings.unwrap_or_else(|_| {
            wrong.add("posting", Text("schedule-choose"));
            Vec::new()
        });
        postings.sort_unstable();
        postings.dedup();
        let hours = self.hours(&people, &mut wrong);
        let exceptions = self.exceptions(&people, &zone, now, &mut wrong);
        if hours.is_empty() && !exceptions.iter().any(|e| e.opens) {
            wrong.add("hours", Text("schedule-hours-needed"));
        }
        let title = wrong.line("title", &self.title, 60);
        let plan = Plan {
            id: PlanId::new(),
            employer_id: employer,
            fair_id: fair.id,
            title,
            mode,
            minutes,
            buffer_minutes,
            capacity,
            lead_minutes,
            horizon_days,
            day_limit,
            zone: zone_name.to_owned(),
            version: 1,
            closed_at: None,
            people,
            postings,
            hours,
            exceptions,
        };
        if wrong.is_empty() { Ok(plan) } else { Err(wrong) }
    }

    fn people(&self, me: AccountId, mode: Mode, recruiters: &[AccountId], wrong: &mut Fields) -> Vec<AccountId> {
        let mut people: Vec<AccountId> = Vec::new();
        for text in self.person.iter().filter(|p| !p.is_empty()) {
            match text.parse().ok().filter(|id| recruiters.contains(id)) {
                Some(id) if !people.contains(&id) => people.push(id),
                Some(_) => {}
                None => wrong.add("person", Text("schedule-person-wrong")),
            }
        }
        if people.is_empty() {
            people.push(me);
        }
        let most = match mode {
            Mode::One => 1,
            Mode::All => PANEL,
            Mode::Any => ROUND,
        };
        if people.len() > most {
            wrong.add("person", Text(if mode == Mode::One { "schedule-one-person" } else { "schedule-too-many-people" }));
        }
        people
    }

    fn hours(&self, people: &[AccountId], wrong: &mut Fields) -> Vec<Hours> {
        let mut all: Vec<Hours> = Vec::new();
        for row in 0..self.from.len().max(self.to.len()).min(ROWS) {
            let (from, to) = (cell(&self.from, row), cell(&self.to, row));
            if from.is_empty() && to.is_empty() {
                continue;
            }
            let times = times(from, to, "hours", wrong);
            let days = weekdays(cell(&self.weekday, row));
            let who = persons(cell(&self.who, row), people);
            if days.is_empty() {
                wrong.add("hours", Text("schedule-weekday-wrong"));
            }
            if who.is_empty() {
                wrong.add("hours", Text("schedule-person-wrong"));
            }
            let Some((from, to)) = times else { continue };
            for person in who {
                all.extend(days.iter().map(|weekday| Hours { person, weekday: *weekday, from, to }));
            }
        }
        all.sort_unstable();
        if all.windows(2).any(|w| (w[0].person, w[0].weekday) == (w[1].person, w[1].weekday) && w[1].from < w[0].to) {
            wrong.add("hours", Text("schedule-hours-overlap"));
        }
        all
    }

    fn exceptions(&self, people: &[AccountId], zone: &TimeZone, now: Millis, wrong: &mut Fields) -> Vec<Exception> {
        let mut all: Vec<Exception> = Vec::new();
        let today = day_in(zone, now);
        for row in 0..self.except_day.len().min(ROWS) {
            let day = cell(&self.except_day, row);
            if day.is_empty() {
                continue;
            }
            let Ok(day) = Date::strptime("%Y-%m-%d", day) else {
                wrong.add("exceptions", Text("schedule-day-wrong"));
                continue;
            };
            if day < today {
                wrong.add("exceptions", Text("schedule-day-past"));
            }
            let (from, to) = (cell(&self.except_from, row), cell(&self.except_to, row));
            let whole = from.is_empty() && to.is_empty();
            let Some((from, to)) = (if whole { Some((0, 1_440)) } else { times(from, to, "exceptions", wrong) }) else { continue };
            let there = whole || exists(zone, day, from) && exists(zone, day, to);
            if !there {
                wrong.add("exceptions", Text("schedule-time-skipped"));
            }
            let who = persons(cell(&self.except_who, row), people);
            if who.is_empty() {
                wrong.add("exceptions", Text("schedule-person-wrong"));
            }
            let opens = cell(&self.except_kind, row) == "open";
            all.extend(who.iter().map(|person| Exception { person: *person, day, from, to, opens }));
        }
        all.sort_unstable();
        all.dedup_by_key(|e| (e.person, e.day, e.from, e.opens));
        all
    }
}

/// The frame of a fair as typed: a table like that of the exceptions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FrameForm {
    pub day: Vec<String>,
    pub from: Vec<String>,
    pub to: Vec<String>,
}

impl FrameForm {
    pub fn of(days: &[FrameDay]) -> Self {
        Self {
            day: days.iter().map(|d| d.day.to_string()).collect(),
            from: days.iter().map(|d| super::compute::clock_time(d.from)).collect(),
            to: days.iter().map(|d| super::compute::clock_time(d.to)).collect(),
        }
    }

    pub(super) fn read(&self, zone: &TimeZone) -> Result<Vec<FrameDay>, Fields> {
        let (mut all, mut wrong) = (Vec::new(), Fields::default());
        for row in 0..self.day.len().min(ROWS) {
            let day = cell(&self.day, row);
            if day.is_empty() {
                continue;
            }
            let Ok(day) = Date::strptime("%Y-%m-%d", day) else {
                wrong.add("days", Text("schedule-day-wrong"));
                continue;
            };
            let Some((from, to)) = times(cell(&self.from, row), cell(&self.to, row), "days", &mut wrong) else { continue };
            if !(exists(zone, day, from) && exists(zone, day, to)) {
                wrong.add("days", Text("schedule-time-skipped"));
            }
            all.push(FrameDay { day, from, to });
        }
        all.sort_unstable();
        if all.windows(2).any(|w: &[FrameDay]| w[0].day == w[1].day && w[1].from < w[0].to) {
            wrong.add("days", Text("schedule-hours-overlap"));
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong) }
    }
}

pub(super) fn cell(column: &[String], row: usize) -> &str {
    column.get(row).map_or("", |text| text.trim())
}

fn times(from: &str, to: &str, field: &'static str, wrong: &mut Fields) -> Option<(i16, i16)> {
    let (Some(from), Some(to)) = (minutes_of(from), minutes_of(to)) else {
        wrong.add(field, Text("schedule-time-wrong"));
        return None;
    };
    // An end at midnight is that of the day.
    let to = if to == 0 { 1_440 } else { to };
    if !is_in_step(from) || !is_in_step(to) {
        wrong.add(field, Text("schedule-time-step"));
    } else if to <= from {
        wrong.add(field, Text("schedule-to-before-from"));
    } else {
        return Some((from, to));
    }
    None
}

pub(super) fn weekdays(text: &str) -> Vec<i8> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if (1..=7).contains(&first) && (first..=7).contains(&last) => (first..=last).collect(),
        _ => Vec::new(),
    }
}

fn persons(text: &str, people: &[AccountId]) -> Vec<AccountId> {
    if text.is_empty() { people.to_vec() } else { people.iter().copied().filter(|p| p.to_string() == text).collect() }
}
