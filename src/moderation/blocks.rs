//! Whom an employer does not want to hear from: a ban in all of its rooms, those included that are opened later.

use super::{Device, FOR_GOOD, Kind, Moderation, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, RoomId};
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text, clean};

/// Somebody on the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Blocked {
    pub account_id: AccountId,
    pub name: String,
    pub set_by_name: String,
    pub set_at: Millis,
    pub reason: String,
}

/// The hall has no employer who could block somebody.
fn employer_of(view: &RoomView) -> Result<EmployerId> {
    view.room.employer_id.0.ok_or(AppError::Conflict(Text("moderation-block-hall")))
}

impl Moderation {
    /// Blocks a person in all rooms of the employer whose room this is.
    pub async fn block(&self, viewer: &Viewer, room: RoomId, target: AccountId, reason: &str) -> Result<()> {
        let (view, actor) = self.may_moderate(viewer, room, target).await?;
        let (employer, reason) = (employer_of(&view)?, clean(reason, 200));
        store::put_block(self.accounts.db.write(), employer, target, actor, self.accounts.clock.now(), &reason).await?;
        self.accounts.changed();
        self.note(&view, actor, "block", &target.to_string(), &reason, &format!("employer={employer}")).await?;
        for room in self.live.rooms.of_employer(employer).await? {
            self.live.append(room.id, Kind::Ban.event(target, FOR_GOOD)).await?;
        }
        Ok(())
    }

    /// Takes a person off the list; a ban of one room stays. Two hosts may do it at once.
    pub async fn unblock(&self, viewer: &Viewer, room: RoomId, target: AccountId) -> Result<()> {
        let (view, actor) = self.may_moderate(viewer, room, target).await?;
        let employer = employer_of(&view)?;
        if !store::delete_block(self.accounts.db.write(), employer, target).await? {
            return Ok(());
        }
        self.accounts.changed();
        self.note(&view, actor, "unblock", &target.to_string(), "", &format!("employer={employer}")).await?;
        for room in self.live.rooms.of_employer(employer).await? {
            let left = self.standing(room.id, Some(target), &Device::default()).await?.banned_until;
            self.live.append(room.id, Kind::Ban.event(target, left)).await?;
        }
        Ok(())
    }

    /// The list of the employer whose room this is, newest first, for its hosts.
    pub async fn blocked(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<Blocked>)> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let blocked = store::blocked(self.accounts.db.read(), employer_of(&view)?).await?;
        Ok((view, blocked))
    }
}
