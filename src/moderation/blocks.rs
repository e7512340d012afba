//! Whom an employer does not want to hear from: a ban in all of its rooms, those included that are opened later.

use super::{Device, FOR_GOOD, Kind, Moderation, store};
use crate::accounts::{Grant, Viewer};
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

/// Whether the viewer may keep the list of the room's employer. It holds at all fairs, so organising this one is not enough.
pub(super) fn may_block(viewer: &Viewer, view: &RoomView) -> bool {
    view.room.employer_id.0.is_some_and(|employer| viewer.recruits_for(employer))
}

impl Moderation {
    /// The room and its employer, whose list the viewer may keep.
    async fn may_keep_list(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, EmployerId)> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let employer = employer_of(&view)?;
        if may_block(viewer, &view) { Ok((view, employer)) } else { Err(AppError::NotFound) }
    }

    /// Blocks a person in all rooms of the employer whose room this is; nobody who has a role at any fair or employer.
    pub async fn block(&self, viewer: &Viewer, room: RoomId, target: AccountId, reason: &str) -> Result<()> {
        let (view, employer) = self.may_keep_list(viewer, room).await?;
        let (actor, reason) = (viewer.known()?.id, clean(reason, 200));
        self.accounts.account(target).await?.ok_or(AppError::NotFound)?;
        let roles = self.accounts.roles_of(target).await?;
        if roles.admin || !roles.fairs.is_empty() || !roles.employers.is_empty() {
            return Err(AppError::Forbidden(Text("moderation-refused-rank")));
        }
        let rooms = self.live.rooms.of_employer(employer).await?;
        let mut tx = self.accounts.db.begin().await?;
        store::put_block(&mut *tx, employer, target, actor, self.accounts.clock.now(), &reason).await?;
        for room in &rooms {
            self.accounts.revoke_in(&mut *tx, target, Grant::CoHost(room.id)).await?;
        }
        tx.commit().await?;
        self.accounts.changed();
        self.note(&view, actor, "block", &target.to_string(), &reason, &format!("employer={employer}")).await?;
        self.part_devices(&rooms.iter().map(|room| room.id).collect::<Vec<_>>(), target).await?;
        for room in rooms {
            self.live.append(room.id, Kind::Ban.event(target, FOR_GOOD)).await?;
        }
        Ok(())
    }

    /// Takes a person off the list; a ban of one room stays. Two hosts may do it at once.
    pub async fn unblock(&self, viewer: &Viewer, room: RoomId, target: AccountId) -> Result<()> {
        let (view, employer) = self.may_keep_list(viewer, room).await?;
        let actor = viewer.known()?.id;
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

    /// The list of the employer whose room this is, newest first, for its recruiters.
    pub async fn blocked(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<Blocked>)> {
        let (view, employer) = self.may_keep_list(viewer, room).await?;
        let blocked = store::blocked(self.accounts.db.read(), employer).await?;
        Ok((view, blocked))
    }
}
