//! An interview and how a list shows it: what they are called, when they are, who is on which side. Pure.

use super::state::{EARLY, Facts, Party, State};
use crate::accounts::{Scope, Viewer};
use crate::clock::{DAY, MINUTE, Millis, iso};
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, RoomId, SlotId, StreamId};
use jiff::tz::TimeZone;

/// An interview with the names of those who take part.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Interview {
    pub id: InterviewId,
    pub slot_id: SlotId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub recruiter_id: AccountId,
    pub seeker_id: AccountId,
    /// The posting it is about, as titled on the day of booking; empty if none.
    pub topic_zh: String,
    pub topic_en: String,
    pub starts_at: Millis,
    /// As booked; see [`Interview::until`].
    pub ends_at: Millis,
    /// By how much the recruiter lengthened it.
    pub extended: Millis,
    /// SEQUENCE of its calendar entry.
    pub sequence: i64,
    pub seeker_joined_at: Option<Millis>,
    pub employer_joined_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    pub cancelled_at: Option<Millis>,
    /// `seeker` or `employer`, or empty.
    pub cancelled_by: String,
    pub cancel_reason: String,
    pub employer_zh: String,
    pub employer_en: String,
    pub zone: String,
    pub seeker_name: String,
    pub recruiter_name: String,
    /// The booth in whose line it came about; none if it was booked.
    pub room_id: Option<RoomId>,
    /// Who did not come, as the recruiter says: `seeker`, `employer` or empty.
    pub absent: String,
    pub absent_reason: String,
}

impl Interview {
    pub fn state(&self, now: Millis) -> State {
        let facts = Facts {
            ends_at: self.until(),
            seeker_came: self.seeker_joined_at.is_some(),
            employer_came: self.employer_joined_at.is_some(),
            ended: self.ended_at.is_some(),
            cancelled: self.cancelled_at.is_some(),
            absent: Party::parse(&self.absent),
        };
        State::derive(facts, now)
    }

    /// Its end, with what the recruiter added.
    pub fn until(&self) -> Millis {
        self.ends_at + self.extended
    }

    pub fn minutes(&self) -> i64 {
        (self.until() - self.starts_at) / MINUTE
    }

    pub fn employer_name(&self, lang: Lang) -> &str {
        lang.pick(&self.employer_zh, &self.employer_en)
    }

    /// Whom `me` meets.
    pub fn other_name(&self, me: Party, lang: Lang) -> &str {
        match me {
            Party::Seeker => self.employer_name(lang),
            Party::Employer => &self.seeker_name,
        }
    }

    /// Day and time in the fair's zone, for messages.
    pub fn when(&self, lang: Lang) -> String {
        let until = local(&self.zone, self.until(), "%H:%M");
        format!("{}–{until} ({})", local(&self.zone, self.starts_at, "%Y-%m-%d %H:%M"), zone_name(&self.zone, self.starts_at, lang))
    }

    /// The stream of its call, in which everybody has a seat.
    pub(super) fn stream(&self) -> StreamId {
        StreamId::from_uuid(self.id.uuid())
    }

    /// The side of somebody who takes part.
    pub(super) fn side_of(&self, person: AccountId) -> Party {
        if person == self.seeker_id { Party::Seeker } else { Party::Employer }
    }

    /// The side that the viewer is on; none for everybody else.
    pub(super) fn party_of(&self, viewer: &Viewer) -> Option<Party> {
        // A session by a join link is for one interview, until that is moved or cancelled.
        if let Scope::Interview(id, sequence) = viewer.scope
            && (id, sequence) != (self.id, self.sequence)
        {
            return None;
        }
        if viewer.id() == Some(self.seeker_id) {
            Some(Party::Seeker)
        } else if viewer.recruits_for(self.employer_id) {
            Some(Party::Employer)
        } else {
            None
        }
    }
}

/// What somebody has to do with an interview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Seeker,
    /// The recruiter whose time it takes; any colleague may stand in for them.
    Lead,
    /// A further recruiter of a panel.
    Panel,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seeker => "seeker",
            Self::Lead => "lead",
            Self::Panel => "panel",
        }
    }
}

impl TryFrom<String> for Part {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        [Self::Seeker, Self::Lead, Self::Panel].into_iter().find(|part| part.name() == s).ok_or_else(|| anyhow::anyhow!("part {s}"))
    }
}

/// Somebody who takes part in an interview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Participant {
    #[sqlx(rename = "person_id")]
    pub person: AccountId,
    #[sqlx(try_from = "String")]
    pub part: Part,
}

pub(super) fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// `at` as the clocks of a zone show it.
pub fn local(zone: &str, at: Millis, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at).map(|t| t.to_zoned_datetime(zone_of(zone)).strftime(format).to_string()).unwrap_or_default()
}

/// What people call the zone, or its distance from UTC.
pub(super) fn zone_name(zone: &str, at: Millis, lang: Lang) -> String {
    if zone == "Asia/Shanghai" { lang.t("interviews-zone-beijing") } else { format!("UTC{}", local(zone, at, "%:z")) }
}

/// An interview as a list shows it to one side.
#[derive(Clone, Debug)]
pub struct Card {
    pub interview: Interview,
    pub me: Party,
    pub state: State,
    /// The call may be entered.
    pub open: bool,
}

impl Card {
    pub(super) fn new(interview: Interview, me: Party, now: Millis) -> Self {
        let state = interview.state(now);
        let open = state.is_open(interview.starts_at, now);
        Self { interview, me, state, open }
    }

    pub fn with(&self, lang: Lang) -> &str {
        self.interview.other_name(self.me, lang)
    }

    pub fn iso(&self) -> String {
        iso(self.interview.starts_at)
    }

    /// The start in the fair's zone, until a script shows it in the viewer's.
    pub fn local(&self) -> String {
        local(&self.interview.zone, self.interview.starts_at, "%Y-%m-%d %H:%M")
    }

    /// Still to come, or running.
    pub fn is_ahead(&self) -> bool {
        matches!(self.state, State::Booked | State::Running)
    }

    /// Far enough ahead that it is not yet worth a join button, in minutes until the call opens.
    pub fn opens_at(&self) -> String {
        iso(self.interview.starts_at - EARLY)
    }
}

/// The bounds of a day in a zone.
pub(super) fn day_bounds(zone: &TimeZone, date: jiff::civil::Date) -> Option<(Millis, Millis)> {
    let start = |d: jiff::civil::Date| d.to_zoned_datetime(zone.clone()).ok().map(|z| z.timestamp().as_millisecond());
    Some((start(date)?, date.tomorrow().ok().and_then(start).unwrap_or(start(date)? + DAY)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// 2027-02-20 10:00 in Shanghai, a quarter of an hour.
    pub(crate) fn interview() -> Interview {
        let starts_at = 1_803_088_800_000;
        Interview {
            id: InterviewId::new(),
            slot_id: SlotId::new(),
            employer_id: EmployerId::new(),
            fair_id: FairId::new(),
            recruiter_id: AccountId::new(),
            seeker_id: AccountId::new(),
            topic_zh: String::new(),
            topic_en: String::new(),
            starts_at,
            ends_at: starts_at + 15 * MINUTE,
            extended: 0,
            sequence: 0,
            seeker_joined_at: None,
            employer_joined_at: None,
            ended_at: None,
            cancelled_at: None,
            cancelled_by: String::new(),
            cancel_reason: String::new(),
            employer_zh: "杭州电子厂".into(),
            employer_en: "Factory".into(),
            zone: "Asia/Shanghai".into(),
            seeker_name: "王芳".into(),
            recruiter_name: "招聘官".into(),
            room_id: None,
            absent: String::new(),
            absent_reason: String::new(),
        }
    }

    #[test]
    fn only_the_two_sides_have_a_side() {
        let interview = interview();
        let mut viewer = Viewer::default();
        assert_eq!(interview.party_of(&viewer), None);
        viewer.roles.admin = true;
        viewer.roles.fairs.push(interview.fair_id);
        assert_eq!(interview.party_of(&viewer), None, "organisers do not enter");
        viewer.roles.employers.push(interview.employer_id);
        assert_eq!(interview.party_of(&viewer), Some(Party::Employer));
    }

    #[test]
    fn a_day_has_the_length_that_its_zone_gives_it() {
        let zone = TimeZone::get("America/New_York").expect("zone");
        let (from, to) = day_bounds(&zone, jiff::civil::date(2027, 3, 14)).expect("day");
        assert_eq!(to - from, 23 * crate::clock::HOUR);
    }
}
