//! Somebody in a room: who they are, what holds for them there, and what they may do.
//!
//! A page's request looks all of it up. A socket keeps it as long as nothing changes ([`Accounts::revision`](crate::accounts::Accounts::revision)),
//! and as long as the database can be trusted ([`Db::trusted_for`](crate::db::Db::trusted_for)).

use super::wire::{Can, End, You};
use super::{Chat, Draft, HELD_PAUSE, Refusal, Sent, badge, checked, is_staff, may_write};
use crate::accounts::Viewer;
use crate::clock::{Millis, SECOND};
use crate::ids::RoomId;
use crate::live::{Appended, Event, Quote};
use crate::moderation::{CaseState, Device, Judgement, Mode, Standing, text};
use crate::rooms::Door;
use crate::web::{AppError, Result};

/// How long what was looked up is good for where other nodes may have changed something, or somebody may just have applied where only
/// applicants write.
const FRESH: Millis = 5 * SECOND;

pub(super) struct Party {
    pub(super) viewer: Viewer,
    pub(super) door: Door,
    device: Device,
    standing: Standing,
    pub(super) mode: Mode,
    /// Among those whom the mode lets write.
    pub(super) admitted: bool,
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
    pub(super) fn standing(&self, now: Millis) -> Standing {
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
        let mode = self.moderation.mode(room).await?;
        let admitted = self.moderation.admits(&viewer, &door, mode).await?;
        Ok(Party { viewer, door, device, standing, mode, admitted, at, revision, noted: false })
    }

    /// The same for somebody who was a viewer some time ago.
    pub(super) async fn enter_again(&self, viewer: &Viewer, room: RoomId, device: Device) -> Result<Party> {
        let accounts = &self.moderation.accounts;
        // Before anything is looked up, or a change in between would be taken for known.
        let revision = accounts.revision();
        let viewer = accounts.refresh(viewer).await?;
        Ok(Party { revision, ..self.enter(viewer, room, device).await? })
    }

    /// Whether nothing has changed since somebody was looked up.
    pub(super) fn is_current(&self, party: &Party) -> bool {
        self.moderation.accounts.revision() == party.revision
    }

    /// The same as of now: sessions end, names change, doors close. False if the room is no longer theirs to see.
    pub(super) async fn renew(&self, party: &mut Party) -> Result<bool> {
        let fresh = if party.admitted { FRESH.max(self.moderation.accounts.db.trusted_for()) } else { FRESH };
        if self.is_current(party) && (0..fresh).contains(&(self.now() - party.at)) {
            return Ok(true);
        }
        match self.enter_again(&party.viewer, party.door.room.id, party.device.clone()).await {
            Ok(renewed) => {
                let noted = party.noted && renewed.viewer.id() == party.viewer.id();
                *party = Party { noted, ..renewed };
                Ok(true)
            }
            Err(AppError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Why somebody may not be connected.
    pub(super) fn keeps_out(&self, party: &Party) -> Option<End> {
        match self.can(party).why_not {
            Some("banned") => Some(End::Banned),
            Some("closed") if !party.door.is_host => Some(End::RoomClosed),
            _ => None,
        }
    }

    /// What somebody may do.
    pub(super) fn can(&self, party: &Party) -> Can {
        let (now, door) = (self.now(), &party.door);
        let refusal = match may_write(door.fair.state, door.room.closed.0, party.viewer.id(), &party.standing(now)) {
            // Who has no name yet is told what else is needed, so as not to type one in vain.
            Ok(_) | Err(Refusal::Nameless) if !party.admitted => Some(Refusal::NotAdmitted(party.mode.audience)),
            may => may.err(),
        };
        Can {
            write: refusal.is_none(),
            react: party.may_react(now),
            moderate: door.is_host,
            present: door.presents,
            why_not: refusal.map(Refusal::code),
            until: refusal.and_then(Refusal::until),
            slow: if door.presents { 0 } else { party.mode.slow },
        }
    }

    /// Sends a message; durable when this returns, also if it is held.
    pub(super) async fn send(&self, party: &mut Party, draft: &Draft) -> Result<std::result::Result<Sent, Refusal>> {
        let text = match checked(draft) {
            Ok(text) => text,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = self.may_send(party) {
            return self.answer_before(party, draft, refusal).await;
        }
        if !self.is_message(party, draft.reply_to).await? {
            return self.answer_before(party, draft, Refusal::BadReply).await;
        }
        let (viewer, door) = (&party.viewer, &party.door);
        let (account, badge) = (viewer.known()?, badge(viewer, door));
        let judgement = match badge {
            // Organisers warn of what the rules look for.
            "organiser" => Judgement::Fine,
            "host" => self.moderation.judge(door.fair.id, &text).await?,
            _ => self.moderation.judge_visitor(&door.room, account.id, &party.device, &text).await?,
        };
        let covered = if !is_staff(badge) { text::masked(&text) } else { None };
        let text = covered.unwrap_or(text);
        let event = Event::Message {
            author: account.id,
            name: account.name.clone(),
            badge: badge.to_owned(),
            // Found when it is published.
            mentions: if judgement == Judgement::Fine { self.live.mentions(door.room.id, &text, account.id).await? } else { Vec::new() },
            text,
            client_id: draft.client_id.clone(),
            reply: draft.reply_to.map(Quote::to),
            deleted: false,
        };
        let sent = match judgement {
            Judgement::Fine => Ok(self.live.append(door.room.id, event).await?.into()),
            Judgement::Refuse => self.answer_before(party, draft, Refusal::Word).await?,
            Judgement::Hold(why) => match self.sent_before(party, draft).await? {
                Some(answer) => answer,
                None if self.moderation.hold(door, &event, &why).await? => Ok(Sent::Held),
                None => Err(Refusal::TooFast(HELD_PAUSE)),
            },
        };
        if !door.is_host && !party.noted && sent.is_ok() {
            party.noted = self.moderation.note_device(account.id, &party.device);
        }
        Ok(sent)
    }

    /// Whether what a message answers is a message of the room, also one that was taken away meanwhile.
    async fn is_message(&self, party: &Party, reply_to: Option<i64>) -> Result<bool> {
        let Some(seq) = reply_to else { return Ok(true) };
        let entry = self.live.entry(party.door.room.id, seq).await?;
        Ok(entry.is_some_and(|entry| matches!(entry.event, Event::Message { .. })))
    }

    /// Notes that somebody is typing, if they may send what they type.
    pub(super) fn note_typing(&self, party: &Party) {
        if let Some(account) = party.viewer.id().filter(|_| self.can(party).write) {
            self.live.typing(party.door.room.id, account);
        }
    }

    /// Whether somebody may send a message now; counts it.
    fn may_send(&self, party: &Party) -> std::result::Result<(), Refusal> {
        let door = &party.door;
        let author = may_write(door.fair.state, door.room.closed.0, party.viewer.id(), &party.standing(self.now()))?;
        let pace = if door.presents { &self.host_pace } else { &self.pace };
        if let Err(AppError::RateLimited(seconds)) = pace.check(&author) {
            return Err(Refusal::TooFast(seconds));
        }
        if !party.admitted {
            return Err(Refusal::NotAdmitted(party.mode.audience));
        }
        match if door.presents { 0 } else { self.moderation.wait(door.room.id, author, party.mode) } {
            0 => Ok(()),
            wait => Err(Refusal::TooFast(wait)),
        }
    }

    /// The first answer to a message that was taken before what now forbids it, else the refusal: an acknowledgement that got lost
    /// must not become one.
    async fn answer_before(&self, party: &Party, draft: &Draft, refusal: Refusal) -> Result<std::result::Result<Sent, Refusal>> {
        Ok(self.sent_before(party, draft).await?.unwrap_or(Err(refusal)))
    }

    /// What became of a message that was sent before under this client id.
    async fn sent_before(&self, party: &Party, draft: &Draft) -> Result<Option<std::result::Result<Sent, Refusal>>> {
        let (Some(author), room) = (party.viewer.id(), party.door.room.id) else { return Ok(None) };
        if let Some(entry) = self.live.sent_before(room, author, &draft.client_id).await? {
            return Ok(Some(Ok(Appended { entry, repeated: true }.into())));
        }
        Ok(self.moderation.held_before(room, author, &draft.client_id).await?.map(|state| match state {
            CaseState::Waiting | CaseState::Approved => Ok(Sent::Held),
            CaseState::Rejected => Err(Refusal::Rejected),
        }))
    }
}
