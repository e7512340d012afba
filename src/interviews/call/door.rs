//! The door of a call: a seeker waits, is admitted, is sent back. Those who were called from a line are let in as they come, and the
//! employer's people have the key.
//!
//! Invariant: whoever is not in neither sends nor sees anything. The right is looked at before and after a connection is made, and whoever is
//! sent back loses theirs at once.

use super::hub::Told;
use super::presence::Who;
use super::store;
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::ids::InterviewId;
use crate::interviews::{Interview, Interviews, Party};
use crate::web::{AppError, Result, Text};
use serde::Serialize;

/// What is stored of a seeker at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Entry {
    pub(super) came_at: Millis,
    pub(super) admitted_at: Option<Millis>,
    pub(super) sent_back_at: Option<Millis>,
}

/// How a seeker stands at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "door", rename_all = "kebab-case")]
pub(super) enum Door {
    /// Has not come yet.
    Away,
    Waits {
        since: Millis,
    },
    /// Waits once more.
    SentBack {
        since: Millis,
    },
    In,
}

impl Door {
    /// `called`: from a line, where somebody has asked them in already.
    pub(super) fn of(entry: Option<Entry>, called: bool) -> Self {
        match entry {
            None if called => Self::In,
            None => Self::Away,
            Some(Entry { admitted_at: Some(_), .. }) => Self::In,
            Some(Entry { came_at, sent_back_at: None, .. }) => Self::Waits { since: came_at },
            Some(Entry { came_at, sent_back_at: Some(_), .. }) => Self::SentBack { since: came_at },
        }
    }
}

impl Interviews {
    pub(super) async fn door(&self, interview: &Interview) -> Result<Door> {
        let entry = store::entry(self.db().read(), interview.id, interview.seeker_id).await?;
        Ok(Door::of(entry, interview.room_id.is_some()))
    }

    /// Who the viewer is in a call that is open to them now, in it or before its door.
    pub(super) async fn comer(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Who)> {
        let (interview, party) = self.may_enter(viewer, id).await?;
        let account = viewer.known()?;
        Ok((interview, Who { person: account.id, party, name: account.name.clone() }))
    }

    /// The right to send, see and read in a call.
    pub(super) async fn right(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Who)> {
        let (interview, who) = self.comer(viewer, id).await?;
        if who.party == Party::Seeker && self.door(&interview).await? != Door::In {
            return Err(AppError::Forbidden(Text("calls-not-admitted")));
        }
        self.calls.around.note(id, who.person, who.party, self.now());
        Ok((interview, who))
    }

    /// An interview that the viewer leads.
    pub(super) async fn led_by(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Who)> {
        let (interview, who) = self.comer(viewer, id).await?;
        if who.party == Party::Employer { Ok((interview, who)) } else { Err(AppError::Forbidden(Text("base-error-forbidden"))) }
    }

    /// Lets the seeker in; no harm if they are in.
    pub async fn admit(&self, viewer: &Viewer, id: InterviewId) -> Result<()> {
        let (interview, who) = self.led_by(viewer, id).await?;
        match self.door(&interview).await? {
            Door::In => return Ok(()),
            Door::Away => return Err(AppError::Conflict(Text("calls-nobody-waits"))),
            Door::Waits { .. } | Door::SentBack { .. } => {}
        }
        let mut tx = self.db().begin().await?;
        if store::admit(&mut *tx, id, interview.seeker_id, who.person, self.now()).await? {
            self.log(&mut tx, Some(who.person), "interview.admit", &interview).await?;
        }
        tx.commit().await?;
        self.calls.hub.tell(id, Told::Changed);
        Ok(())
    }

    /// Sends the seeker back before the door; their connections end at once.
    pub async fn send_back(&self, viewer: &Viewer, id: InterviewId) -> Result<()> {
        let (interview, who) = self.led_by(viewer, id).await?;
        let mut tx = self.db().begin().await?;
        if !store::send_back(&mut *tx, id, interview.seeker_id, self.now()).await? {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("calls-not-in")));
        }
        self.log(&mut tx, Some(who.person), "interview.send-back", &interview).await?;
        tx.commit().await?;
        self.calls.around.leave(id, interview.seeker_id);
        for session in self.calls.presence.links(id, Some(interview.seeker_id)) {
            self.live.media.close(session).await;
        }
        self.calls.hub.tell(id, Told::Changed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeker_waits_until_somebody_lets_them_in() {
        let entry = |admitted_at, sent_back_at| Some(Entry { came_at: 5, admitted_at, sent_back_at });
        assert_eq!(Door::of(None, false), Door::Away);
        assert_eq!(Door::of(None, true), Door::In, "called from the line");
        assert_eq!(Door::of(entry(None, None), false), Door::Waits { since: 5 });
        assert_eq!(Door::of(entry(Some(6), None), false), Door::In);
        assert_eq!(Door::of(entry(None, Some(7)), true), Door::SentBack { since: 5 });
    }
}
