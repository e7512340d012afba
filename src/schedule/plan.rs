//! When an employer's recruiters can be met: weekly hours, exceptions, and how the time is cut into slots. Pure.

use crate::clock::{DAY, MINUTE, Millis};
use crate::db::Flag;
use crate::ids::{AccountId, EmployerId, FairId, PlanId, PostingId};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Times are whole multiples of this, so that "nobody is in two at once" can be a primary key over pieces of time.
pub const CELL: Millis = 5 * MINUTE;

/// A stretch of time, UTC, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: Millis,
    pub end: Millis,
}

impl Span {
    /// The pieces of time it covers.
    pub fn cells(self) -> std::ops::Range<i64> {
        self.start.div_euclid(CELL)..(self.end + CELL - 1).div_euclid(CELL)
    }

    pub fn meets(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Whose time an interview of the plan takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The one person's.
    One,
    /// Everybody's: a panel.
    All,
    /// Of whoever is free, the one with the fewest that day: round-robin.
    Any,
}

impl Mode {
    pub const EACH: [Self; 3] = [Self::One, Self::All, Self::Any];

    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::All => "all",
            Self::Any => "any",
        }
    }
}

impl TryFrom<String> for Mode {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        Self::EACH.into_iter().find(|mode| mode.name() == s).ok_or_else(|| anyhow::anyhow!("mode {s}"))
    }
}

/// Hours of a weekday, each week. Minutes of the day as the clocks of the plan's zone show them; a break is the gap between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    pub person: AccountId,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: i8,
    pub from: i16,
    /// 1440 is the end of the day.
    pub to: i16,
}

/// Hours of one day that go beyond the weekly ones, or that fall out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    pub person: AccountId,
    pub day: Date,
    pub from: i16,
    pub to: i16,
    /// Extra time; else away, which wins.
    pub opens: bool,
}

/// Hours of one day within which interviews of a fair may be, as the clocks of the fair's zone show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameDay {
    pub day: Date,
    pub from: i16,
    pub to: i16,
}

/// Times at which an employer's recruiters can be met at a fair.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Plan {
    pub id: PlanId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub title: String,
    #[sqlx(try_from = "String")]
    pub mode: Mode,
    /// Length of an interview.
    pub minutes: i64,
    /// Kept free after each one.
    pub buffer_minutes: i64,
    /// Seekers in one slot: more than one for group sessions.
    pub capacity: i64,
    /// Bookable until so long before the start.
    pub lead_minutes: i64,
    /// Bookable so many days ahead.
    pub horizon_days: i64,
    /// Most sessions of a person a day; 0 for no limit. A person's sessions of all plans with a limit count together.
    pub day_limit: i64,
    /// IANA name of the zone of the hours.
    pub zone: String,
    /// Raised by each change; a change is refused if it was made from an older one.
    pub version: i64,
    /// Nothing more is offered since.
    pub closed_at: Option<Millis>,
    /// The first one leads.
    #[sqlx(skip)]
    pub people: Vec<AccountId>,
    /// For which postings it is; all of the employer's if empty.
    #[sqlx(skip)]
    pub postings: Vec<PostingId>,
    #[sqlx(skip)]
    pub hours: Vec<Hours>,
    #[sqlx(skip)]
    pub exceptions: Vec<Exception>,
}

impl Plan {
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    pub fn length(&self) -> Millis {
        self.minutes * MINUTE
    }

    pub fn buffer(&self) -> Millis {
        self.buffer_minutes * MINUTE
    }

    /// Whether it is for a posting.
    pub fn is_for(&self, posting: PostingId) -> bool {
        self.postings.is_empty() || self.postings.contains(&posting)
    }

    /// The day of the limit, in the plan's zone.
    pub fn day_of(&self, at: Millis) -> String {
        day_in(&self.time_zone(), at).to_string()
    }

    /// The starts that can be booked now.
    pub fn bookable(&self, now: Millis) -> Span {
        Span { start: now + (self.lead_minutes * MINUTE).max(1), end: now + self.horizon_days * DAY }
    }
}

pub(super) fn day_in(zone: &TimeZone, at: Millis) -> Date {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(zone.clone()).date()
}

/// Hours as stored.
#[derive(sqlx::FromRow)]
pub(super) struct HoursRow {
    pub(super) plan_id: PlanId,
    person_id: AccountId,
    weekday: i64,
    from_minute: i64,
    to_minute: i64,
}

impl HoursRow {
    pub(super) fn read(&self) -> Hours {
        let weekday = i8::try_from(self.weekday).unwrap_or(1);
        Hours { person: self.person_id, weekday, from: minute(self.from_minute), to: minute(self.to_minute) }
    }
}

/// An exception as stored.
#[derive(sqlx::FromRow)]
pub(super) struct ExceptionRow {
    pub(super) plan_id: PlanId,
    person_id: AccountId,
    day: String,
    from_minute: i64,
    to_minute: i64,
    #[sqlx(try_from = "i64")]
    opens: Flag,
}

impl ExceptionRow {
    pub(super) fn read(&self) -> Option<Exception> {
        let day = self.day.parse().ok()?;
        let (from, to) = (minute(self.from_minute), minute(self.to_minute));
        Some(Exception { person: self.person_id, day, from, to, opens: self.opens.0 })
    }
}

/// A day of a frame as stored.
#[derive(sqlx::FromRow)]
pub(super) struct FrameRow {
    day: String,
    from_minute: i64,
    to_minute: i64,
}

impl FrameRow {
    pub(super) fn read(&self) -> Option<FrameDay> {
        Some(FrameDay { day: self.day.parse().ok()?, from: minute(self.from_minute), to: minute(self.to_minute) })
    }
}

fn minute(stored: i64) -> i16 {
    i16::try_from(stored.clamp(0, 1_440)).unwrap_or(0)
}

impl Plan {
    /// A slot of the plan as the clocks of its zone show it: day, from, to.
    pub(super) fn wall(&self, slot: Span) -> (String, i16, i16) {
        let at = |at| jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(self.time_zone()).datetime();
        let (start, end) = (at(slot.start), at(slot.end));
        let minutes = |z: &jiff::civil::DateTime| i16::from(z.hour()) * 60 + i16::from(z.minute());
        let to = if end.date() > start.date() { 1_440 } else { minutes(&end) };
        (start.date().to_string(), minutes(&start), to)
    }
}
