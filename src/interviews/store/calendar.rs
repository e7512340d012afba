//! Reading many interviews at once: the calendar of an employer, the figures of a fair.

use super::super::{Interview, Party, Slot, State, state::Facts};
use super::taking::{LONGEST, rows};
use crate::clock::Millis;
use crate::db::ManyRows;
use crate::ids::{AccountId, EmployerId, FairId, PlanId, PostingId};
use crate::schedule::{CELL, Plan, Session, Span, Taken};
use sqlx::{Any, AnyPool};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// Which of an employer's interviews a calendar shows.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Within {
    pub(in super::super) employer: EmployerId,
    /// They begin within `[from, to)`.
    pub(in super::super) from: Millis,
    pub(in super::super) to: Millis,
    /// Those in which this person takes part.
    pub(in super::super) recruiter: Option<AccountId>,
    pub(in super::super) posting: Option<PostingId>,
}

/// The interviews in the order of their time, up to `most`.
pub(in super::super) async fn within(db: &AnyPool, wanted: &Within, most: i64) -> sqlx::Result<Vec<Interview>> {
    sqlx::query_as(select_interview!(
        "WHERE i.employer_id = $1 AND i.starts_at >= $2 AND i.starts_at < $3 AND ($4 = '' OR i.recruiter_id = $4 OR EXISTS \
         (SELECT 1 FROM interview_people p WHERE p.interview_id = i.id AND p.person_id = $4 AND p.part <> 'seeker')) \
         AND ($5 = '' OR i.posting_id = $5) ORDER BY i.starts_at, i.id LIMIT $6"
    ))
    .bind(wanted.employer)
    .bind(wanted.from)
    .bind(wanted.to)
    .bind(wanted.recruiter.map(|id| id.to_string()).unwrap_or_default())
    .bind(wanted.posting.map(|id| id.to_string()).unwrap_or_default())
    .bind(most)
    .fetch_all(db)
    .await
}

/// What figures are made of: an interview without names.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in super::super) struct Brief {
    pub(in super::super) employer_id: EmployerId,
    pub(in super::super) starts_at: Millis,
    pub(in super::super) ends_at: Millis,
    extended: Millis,
    seeker_joined_at: Option<Millis>,
    employer_joined_at: Option<Millis>,
    ended_at: Option<Millis>,
    cancelled_at: Option<Millis>,
    cancelled_by: String,
    absent: String,
    room_id: Option<String>,
}

impl Brief {
    pub(in super::super) fn state(&self, now: Millis) -> State {
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

    pub(in super::super) fn until(&self) -> Millis {
        self.ends_at + self.extended
    }

    /// A line brought them together; nobody had booked it.
    pub(in super::super) fn is_walk_in(&self) -> bool {
        self.room_id.is_some()
    }

    pub(in super::super) fn cancelled_by(&self) -> Option<Party> {
        [Party::Seeker, Party::Employer].into_iter().find(|party| party.name() == self.cancelled_by)
    }
}

/// All interviews of a fair in the order of their time.
pub(in super::super) async fn of_fair(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Brief>> {
    sqlx::query_as(
        "SELECT employer_id, starts_at, ends_at, extended, seeker_joined_at, employer_joined_at, ended_at, cancelled_at, cancelled_by, absent, \
         room_id \
         FROM interviews WHERE fair_id = $1 ORDER BY starts_at, id",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

static BUSY: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b, c, d",
        4,
        "SELECT x.person_id, x.cell, x.span FROM v JOIN interview_cells x ON x.person_id = v.a AND x.cell >= v.b AND x.cell < v.c \
         WHERE x.span > 0 AND (x.hold_until IS NULL OR x.hold_until > v.d) ORDER BY x.person_id, x.cell",
    )
});
static SESSIONS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b, c, d",
        4,
        "SELECT s.plan_id, s.recruiter_id, s.starts_at, COUNT(*) FROM v JOIN interview_slots s ON s.plan_id = v.a AND s.starts_at >= v.b \
         AND s.starts_at < v.c JOIN interview_seats x ON x.slot_id = s.id WHERE s.plan_id IS NOT NULL AND s.ended_at IS NULL \
         AND (x.hold_until IS NULL OR x.hold_until > v.d) GROUP BY s.plan_id, s.recruiter_id, s.starts_at",
    )
});
static PLACED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b",
        2,
        "SELECT x.person_id, x.day, COUNT(*) FROM v JOIN interview_day_places x ON x.person_id = v.a \
         WHERE x.hold_until IS NULL OR x.hold_until > v.b GROUP BY x.person_id, x.day",
    )
});

/// What is taken in a range, of everybody in some plans; sessions by plan.
pub(in super::super) async fn taken(
    db: &AnyPool,
    plans: &[Plan],
    range: Span,
    now: Millis,
) -> sqlx::Result<(Taken, HashMap<PlanId, Vec<Session>>)> {
    let mut db = db.acquire().await?;
    let people: BTreeSet<AccountId> = plans.iter().flat_map(|p| p.people.iter().copied()).collect();
    let (from, to) = ((range.start - LONGEST) / CELL, (range.end + LONGEST) / CELL);
    let keys = people.iter().copied().collect();
    let cells: Vec<(AccountId, i64, i64)> = rows!(&mut db, BUSY, keys, |query, key| query.bind(*key).bind(from).bind(to).bind(now));
    let mut taken = Taken::default();
    for of_one in cells.chunk_by(|a, b| a.0 == b.0) {
        let spans = of_one.iter().map(|(_, cell, span)| Span { start: cell * CELL, end: (cell + span) * CELL });
        taken.busy.insert(of_one[0].0, merged(spans));
    }
    let groups = plans.iter().filter(|p| p.capacity > 1).map(|p| p.id).collect();
    let found: Vec<(PlanId, AccountId, i64, i64)> =
        rows!(&mut db, SESSIONS, groups, |query, key| query.bind(*key).bind(range.start).bind(range.end).bind(now));
    let mut sessions: HashMap<PlanId, Vec<Session>> = HashMap::new();
    for (plan, lead, start, count) in found {
        sessions.entry(plan).or_default().push(Session { lead, start, taken: count });
    }
    let limited: BTreeSet<AccountId> = plans.iter().filter(|p| p.day_limit > 0).flat_map(|p| p.people.iter().copied()).collect();
    let places: Vec<(AccountId, String, i64)> =
        rows!(&mut db, PLACED, limited.into_iter().collect(), |query, key| query.bind(*key).bind(now));
    taken.places.extend(places.into_iter().map(|(person, day, count)| ((person, day), count)));
    Ok((taken, sessions))
}

/// Spans in their order, those that meet as one.
fn merged(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    for span in spans {
        match all.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => all.push(span),
        }
    }
    all
}

/// The free slots of a fair that were offered by themselves.
pub(in super::super) async fn free_at(db: &AnyPool, fair: FairId, now: Millis) -> sqlx::Result<Vec<Slot>> {
    sqlx::query_as(select_free!("AND s.fair_id = $2")).bind(now).bind(fair).fetch_all(db).await
}
