//! Interviews that nobody booked: a line of a booth brings two people together now.
//!
//! A walk-in takes none of the time that bookings share out, because it begins while one of the two may still wait for somebody who does not
//! come; the call's page warns of the next booking, and that one recruiter has one person at a time is the line's promise.

use super::{Interviews, Party, Slot, State, store};
use crate::clock::{MINUTE, Millis};
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, PostingId, RoomId, SlotId};
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
        let slot = Slot {
            id: SlotId::new(),
            employer_id: meeting.employer,
            fair_id: meeting.fair,
            recruiter_id: meeting.recruiter,
            starts_at: meeting.at,
            ends_at: meeting.at + LENGTH,
        };
        let (client_id, now) = (meeting.id.to_string(), meeting.at);
        let new = store::NewInterview {
            id: meeting.id,
            slot: &slot,
            seeker: meeting.seeker,
            client_id: &client_id,
            posting: meeting.posting.map(|p| p.to_string()),
            topic: (&meeting.topic.0, &meeting.topic.1),
            now,
        };
        store::meet(tx, &new, meeting.room).await?;
        let (room, fair) = (format!("room={}", meeting.room), Some(meeting.fair));
        self.accounts().audit_in(&mut **tx, meeting.recruiter, "interview.walk-in", &meeting.id.to_string(), fair, "", &room).await
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
            empty: [Party::Seeker, Party::Employer].iter().all(|side| self.presence.here(id, *side, now).is_none()),
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
