//! Interviews that nobody booked: a line of a booth brings two people together now.
//!
//! A walk-in takes what is free of the time of both, so that no booking lands on a running talk; an older booking of the recruiter stays, and
//! the call's page warns of it. A seeker with an interview at that time is not called, see [`Interviews::engaged_at`].

use super::{Interviews, State, store};
use crate::clock::{MINUTE, Millis};
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, PostingId, RoomId, SlotId};
use crate::schedule::Span;
use crate::web::Result;
use sqlx::{Any, Transaction};

/// As long as a booked interview usually is.
const LENGTH: Millis = 15 * MINUTE;

/// Who meets, where and about what.
#[derive(Clone, Debug)]
pub struct Meeting {
    pub id: InterviewId,
    pub room: RoomId,
    pub employer: EmployerId,
    pub fair: FairId,
    pub recruiter: AccountId,
    pub seeker: AccountId,
    pub posting: Option<PostingId>,
    /// The posting's title in Chinese and English.
    pub topic: (String, String),
    pub at: Millis,
}

/// How a walk-in stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub over: bool,
    pub until: Millis,
    pub seeker_came: bool,
    pub recruiter_came: bool,
    /// Nobody is in the call at this moment.
    pub empty: bool,
}

impl Interviews {
    /// Makes the interview as a part of something larger: it is there if and only if that is.
    pub async fn meet_in(&self, tx: &mut Transaction<'static, Any>, meeting: &Meeting) -> Result<()> {
        let slot = store::NewSlot {
            id: SlotId::new(),
            employer: meeting.employer,
            fair: meeting.fair,
            recruiter: meeting.recruiter,
            span: Span { start: meeting.at, end: meeting.at + LENGTH },
        };
        let new = store::WalkIn {
            id: meeting.id,
            slot: &slot,
            seeker: meeting.seeker,
            posting: meeting.posting.map(|p| p.to_string()),
            topic: (&meeting.topic.0, &meeting.topic.1),
            room: meeting.room,
            now: meeting.at,
        };
        store::meet(tx, &new).await?;
        let (room, fair) = (format!("room={}", meeting.room), Some(meeting.fair));
        self.accounts().audit_in(&mut **tx, meeting.recruiter, "interview.walk-in", &meeting.id.to_string(), fair, "", &room).await
    }

    /// When the interview begins that somebody has within the length of a walk-in from now; none if they have time.
    pub async fn engaged_at(&self, person: AccountId) -> Result<Option<Millis>> {
        let now = self.now();
        Ok(store::taking::engaged(self.db().read(), person, Span { start: now, end: now + LENGTH }, now).await?)
    }

    /// How it stands; none if there is no such interview.
    pub async fn standing(&self, id: InterviewId) -> Result<Option<Standing>> {
        let now = self.now();
        let interview = store::interview(self.db().read(), id).await?;
        Ok(interview.map(|i| Standing {
            over: matches!(i.state(now), State::Done | State::NoShow { .. } | State::Cancelled),
            until: i.until(),
            seeker_came: i.seeker_joined_at.is_some(),
            recruiter_came: i.employer_joined_at.is_some(),
            empty: self.calls.presence.people(id, now).is_empty(),
        }))
    }

    /// Gives a call more time; false if it has had the most.
    pub async fn lengthen(&self, id: InterviewId) -> Result<bool> {
        match store::interview(self.db().read(), id).await? {
            Some(interview) => self.extend(&interview, None).await,
            None => Ok(false),
        }
    }

    /// Ends a call for both; no harm if it is over.
    pub async fn finish(&self, id: InterviewId) -> Result<()> {
        match store::interview(self.db().read(), id).await? {
            Some(interview) => self.close(&interview, None).await,
            None => Ok(()),
        }
    }
}
