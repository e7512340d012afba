//! Reading many interviews at once: the calendar of an employer, the figures of a fair.

use super::super::{Interview, Party, State, state::Facts};
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, FairId, PostingId};
use sqlx::AnyPool;

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
