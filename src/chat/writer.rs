//! The door of the chat for what people do beside it, such as asking and voting: the same rules, the same words of refusal.

use super::{Chat, Refusal, badge, is_staff, may_write};
use crate::accounts::{Account, Viewer};
use crate::ids::RoomId;
use crate::moderation::{Device, Judgement, text};
use crate::rooms::Door;
use crate::web::{AppError, Result, Text};

/// Somebody who may write, or choose, in a room now.
pub struct Writer {
    pub account: Account,
    pub door: Door,
    /// `host`, `organiser`, `co-host` or empty.
    pub badge: &'static str,
    device: Device,
}

/// A text as it may be stored.
pub struct Screened {
    pub text: String,
    /// Why somebody must look at it first; empty if nobody must.
    pub why: Vec<&'static str>,
}

impl Chat {
    /// The viewer, if they may write in the room now.
    pub async fn writer(&self, viewer: &Viewer, room: RoomId, device: &Device) -> Result<Writer> {
        self.admitted(viewer, room, device, true).await
    }

    /// The viewer, if they may choose among what is given: in any mode of the room, unless they were silenced.
    pub async fn voter(&self, viewer: &Viewer, room: RoomId, device: &Device) -> Result<Writer> {
        self.admitted(viewer, room, device, false).await
    }

    async fn admitted(&self, viewer: &Viewer, room: RoomId, device: &Device, writes: bool) -> Result<Writer> {
        let party = self.enter(viewer.clone(), room, device.clone()).await?;
        may_write(party.door.fair.state, party.door.room.closed.0, party.viewer.id(), &party.standing(self.now()))?;
        if writes && !party.admitted {
            return Err(Refusal::NotAdmitted(party.mode.audience).into());
        }
        let account = party.viewer.known()?.clone();
        Ok(Writer { account, badge: badge(&party.viewer, &party.door), door: party.door, device: device.clone() })
    }

    /// What is to become of a text: refused, or stored with the numbers of visitors covered, and perhaps looked at first.
    pub async fn screen(&self, writer: &Writer, text: &str) -> Result<Screened> {
        let judgement = match writer.badge {
            // Organisers warn of what the rules look for.
            "organiser" => Judgement::Fine,
            "host" => self.moderation.judge(writer.door.fair.id, text).await?,
            _ => self.moderation.judge_visitor(&writer.door.room, writer.account.id, &writer.device, text).await?,
        };
        let why = match judgement {
            Judgement::Fine => Vec::new(),
            Judgement::Hold(why) => why,
            Judgement::Refuse => return Err(Refusal::Word.into()),
        };
        let covered = if !is_staff(writer.badge) { text::masked(text) } else { None };
        Ok(Screened { text: covered.unwrap_or_else(|| text.to_owned()), why })
    }

    /// A text that a host shows to everybody at once, with nobody to look at it first.
    pub async fn screen_host(&self, viewer: &Viewer, door: &Door, text: &str) -> Result<()> {
        match if viewer.organises(door.fair.id) { Judgement::Fine } else { self.moderation.judge(door.fair.id, text).await? } {
            Judgement::Fine => Ok(()),
            Judgement::Refuse => Err(Refusal::Word.into()),
            Judgement::Hold(_) => Err(AppError::Unprocessable(Text("chat-refused-host-text"))),
        }
    }

    /// The room, if the viewer is host or co-host there and it is open.
    pub async fn presented(&self, viewer: &Viewer, room: RoomId) -> Result<Door> {
        let door = self.presented_ever(viewer, room).await?;
        self.live.check_door(&door.room, &door.fair)?;
        Ok(door)
    }

    /// The same also once it is closed: what must not stand there is taken down whenever somebody sees it.
    pub async fn presented_ever(&self, viewer: &Viewer, room: RoomId) -> Result<Door> {
        viewer.known()?;
        let door = self.live.rooms.door(viewer, room).await?;
        if door.presents { Ok(door) } else { Err(AppError::NotFound) }
    }

    /// Does to its end what is noted first and told then, also when whoever asked for it has gone.
    pub async fn wholly<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        self.tracker.spawn(work).await.map_err(anyhow::Error::from)?
    }

    /// Notes that somebody wrote from a device, so that a ban finds it.
    pub fn note_writer(&self, writer: &Writer) {
        if !is_staff(writer.badge) {
            self.moderation.note_device(writer.account.id, &writer.device);
        }
    }
}
