//! Somebody in a room: who they are, what holds for them there, and what they may do.
//!
//! A page's request looks all of it up. A socket keeps it as long as nothing changes ([`Accounts::revision`](crate::accounts::Accounts::revision)),
//! and for [`FRESH`] at most, as another node may have changed something.

use super::wire::{Can, You};
use super::{Chat, Draft, Refusal, badge, checked, may_write};
use crate::accounts::Viewer;
use crate::clock::{Millis, SECOND};
use crate::ids::RoomId;
use crate::live::{Appended, Event};
use crate::moderation::{Device, Standing};
use crate::rooms::Door;
use crate::web::{AppError, Result};

/// How long what was looked up is good for.
const FRESH: Millis = 5 * SECOND;

pub(super) struct Party {
    pub(super) viewer: Viewer,
    pub(super) door: Door,
    device: Device,
    standing: Standing,
    /// When it was looked up, and the state of things by then.
    at: Millis,
    revision: u64,
    /// The device is known to be that of the account.
    noted: bool,
}

impl Party {
    pub(super) fn you(&self) -> Option<You> {
        let account = self.viewer.account.as_ref()?;
        Some(You { account: account.id, name: account.name.clone(), badge: badge(&self.viewer, &self.door) })
    }

    /// What holds at a time: what was looked up may be over.
    fn standing(&self, now: Millis) -> Standing {
        let holds = |until: Millis| if until > now { until } else { 0 };
        Standing { muted_until: holds(self.standing.muted_until), banned_until: holds(self.standing.banned_until) }
    }

    pub(super) fn may_react(&self, now: Millis) -> bool {
        self.door.fair.state.is_active() && !self.door.room.closed.0 && self.standing(now).banned_until == 0
    }
}

impl Chat {
    pub(super) fn now(&self) -> Millis {
        self.moderation.accounts.clock.now()
    }

    /// Looks a viewer up in a room that they may see.
    pub(super) async fn enter(&self, viewer: Viewer, room: RoomId, device: Device) -> Result<Party> {
        let (revision, at) = (self.moderation.accounts.revision(), self.now());
        let door = self.live.rooms.door(&viewer, room).await?;
        // Staff share computers with visitors, so a ban does not reach them by device.
        let unknown = Device::default();
        let standing = self.moderation.standing(room, viewer.id(), if door.is_host { &unknown } else { &device }).await?;
        Ok(Party { viewer, door, device, standing, at, revision, noted: false })
    }

    /// The same as of now: sessions end, names change, doors close. False if the room is no longer theirs to see.
    pub(super) async fn renew(&self, party: &mut Party) -> Result<bool> {
        let accounts = &self.moderation.accounts;
        if accounts.revision() == party.revision && (0..FRESH).contains(&(self.now() - party.at)) {
            return Ok(true);
        }
        let viewer = accounts.refresh(&party.viewer).await?;
        let noted = party.noted && viewer.id() == party.viewer.id();
        match self.enter(viewer, party.door.room.id, party.device.clone()).await {
            Ok(renewed) => {
                *party = Party { noted, ..renewed };
                Ok(true)
            }
            Err(AppError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What somebody may do.
    pub(super) fn can(&self, party: &Party) -> Can {
        let (now, door) = (self.now(), &party.door);
        let refusal = may_write(door.fair.state, door.room.closed.0, party.viewer.id(), &party.standing(now)).err();
        Can {
            write: refusal.is_none(),
            react: party.may_react(now),
            moderate: door.is_host,
            why_not: refusal.map(Refusal::code),
            until: refusal.and_then(Refusal::until),
        }
    }

    /// Sends a message; durable when this returns.
    pub(super) async fn send(&self, party: &mut Party, draft: &Draft) -> Result<std::result::Result<Appended, Refusal>> {
        let text = match checked(draft) {
            Ok(text) => text,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (viewer, door) = (&party.viewer, &party.door);
        let pace = if door.is_host { &self.host_pace } else { &self.pace };
        let standing = party.standing(self.now());
        let allowed = may_write(door.fair.state, door.room.closed.0, viewer.id(), &standing).and_then(|author| match pace.check(&author) {
            Err(AppError::RateLimited(seconds)) => Err(Refusal::TooFast(seconds)),
            _ => Ok(author),
        });
        if let Err(refusal) = allowed {
            return Ok(self.sent_before(party, draft).await?.ok_or(refusal));
        }
        let account = viewer.known()?;
        let event = Event::Message {
            author: account.id,
            name: account.name.clone(),
            badge: badge(viewer, door).to_owned(),
            text,
            client_id: draft.client_id.clone(),
            deleted: false,
        };
        let appended = self.live.append(door.room.id, event).await?;
        if !door.is_host && !party.noted {
            party.noted = self.moderation.note_device(account.id, &party.device);
        }
        Ok(Ok(appended))
    }

    /// The answer to a message that was taken before what now forbids it: an acknowledgement that got lost must not become a
    /// refusal.
    async fn sent_before(&self, party: &Party, draft: &Draft) -> Result<Option<Appended>> {
        let Some(author) = party.viewer.id() else { return Ok(None) };
        let entry = self.live.sent_before(party.door.room.id, author, &draft.client_id).await?;
        Ok(entry.map(|entry| Appended { entry, repeated: true }))
    }
}
