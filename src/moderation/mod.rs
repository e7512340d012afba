//! Order in the rooms: deleting, muting, banning, and undoing each. By hosts in their room and organisers in all of a fair.
//!
//! A sanction is a row, told to the room as an event and written to the audit log; lifting it deletes the row. It is by account,
//! and a ban also holds on every device (see [`Device`]) that its account wrote from, so that renaming or starting anew as a
//! guest does not help. A ban ends writing, the live connection and (in `live`) the stream; the pages stay readable, because a
//! quarrel in a chat must cost nobody a job. Messages that look like fraud ([`text`]) or hold a word of the fair's list are held,
//! and others may be reported: both wait as a [`Case`] on the desk. Deliberately absent: who may write otherwise (`chat`).

mod blocks;
mod cases;
mod decisions;
mod desk;
mod device;
mod devices;
mod modes;
mod networks;
mod pages;
mod purge;
mod retention;
mod store;
mod sweep;
mod words;

pub use crate::wording as text;
pub use blocks::Blocked;
pub use cases::{Case, CaseKind, CaseState, Decision, Desk, Figure, Held, Reason, why_text};
pub use device::Device;
pub use modes::{Audience, Mode, PAUSES};
pub use pages::routes;
pub use store::ERASED;
pub use words::{Action, Judgement, ListedWord, MAX_WORD};

use crate::accounts::{Account, Accounts, Grant, Roles, Viewer};
use crate::applications::Applications;
use crate::clock::{HOUR, MINUTE, Millis};
use crate::db::Recent;
use crate::ids::{AccountId, FairId, RoomId};
use crate::live::{Admits, Entry, Event, Live};
use crate::rooms::{Room, RoomView};
use crate::web::{AppError, RateLimit, Result, Text, clean};
use devices::Devices;
use serde::{Deserialize, Serialize};
use sqlx::{Any, Executor};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The end of what has no end: the last second of the year 9999, which every script can count.
pub const FOR_GOOD: Millis = 253_402_300_799_000;

/// What a person may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Not write.
    Mute,
    /// Not write and not be connected.
    Ban,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }

    fn event(self, target: AccountId, until: Millis) -> Event {
        match self {
            Self::Mute => Event::Muted { target, until },
            Self::Ban => Event::Banned { target, until },
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        [Self::Mute, Self::Ban].into_iter().find(|k| k.name() == s).ok_or_else(|| anyhow::anyhow!("sanction kind {s}"))
    }
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Length {
    #[default]
    #[serde(rename = "10m")]
    TenMinutes,
    #[serde(rename = "1h")]
    OneHour,
    #[serde(rename = "forever")]
    ForGood,
}

impl Length {
    pub fn until(self, now: Millis) -> Millis {
        match self {
            Self::TenMinutes => now + 10 * MINUTE,
            Self::OneHour => now + HOUR,
            Self::ForGood => FOR_GOOD,
        }
    }
}

/// What holds for a person in a room now; 0 means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Standing {
    pub muted_until: Millis,
    pub banned_until: Millis,
}

/// A sanction in force.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sanction {
    pub room_id: RoomId,
    pub account_id: AccountId,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    pub until: Millis,
    pub set_at: Millis,
    pub set_by_name: String,
    pub reason: String,
}

impl Sanction {
    pub fn is_for_good(&self) -> bool {
        self.until >= FOR_GOOD
    }
}

/// Standing of somebody in a room, for who may moderate whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Visitor,
    Host,
    Organiser,
}

fn rank(roles: &Roles, room: &Room) -> Rank {
    if roles.organises(room.fair_id) {
        Rank::Organiser
    } else if room.is_hosted_with(roles) {
        Rank::Host
    } else {
        Rank::Visitor
    }
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Moderation {
    pub live: Live,
    pub accounts: Accounts,
    devices: Devices,
    words: Recent<FairId, Arc<text::Words<Action>>>,
    report_pace: RateLimit<AccountId>,
    applications: Applications,
    modes: Recent<RoomId, Mode>,
    last_words: modes::LastWords,
    networks: Recent<RoomId, Arc<HashSet<String>>>,
    seen: networks::Seen,
    last_words_sweep: sweep::Sweep,
    seen_sweep: sweep::Sweep,
    tracker: TaskTracker,
    kept_days: u32,
}

impl Moderation {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts.keys;
        Ok(crate::db::personal(self.accounts.db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    /// `kept_days`: for how long what was decided on the desk is kept.
    pub fn new(live: Live, applications: Applications, kept_days: u32, token: &CancellationToken, tracker: &TaskTracker) -> Self {
        let accounts = live.rooms.fairs.accounts.clone();
        let (devices, task) = Devices::new(accounts.db.clone(), accounts.clock.clone(), token.clone());
        tracker.spawn(task);
        Self {
            words: Recent::trusting(&accounts.db),
            modes: Recent::trusting(&accounts.db),
            networks: Recent::trusting(&accounts.db),
            accounts,
            live,
            devices,
            applications,
            last_words: modes::LastWords::default(),
            seen: networks::Seen::default(),
            last_words_sweep: sweep::Sweep::default(),
            seen_sweep: sweep::Sweep::default(),
            tracker: tracker.clone(),
            kept_days,
            // Somebody who reads back through a quarrel finds several; nobody finds one every few seconds for long.
            report_pace: RateLimit::new(6, Duration::from_secs(20)),
        }
    }

    /// What holds now for an account, or for somebody on a device, in a room.
    pub async fn standing(&self, room: RoomId, account: Option<AccountId>, device: &Device) -> Result<Standing> {
        let db = self.accounts.db.read();
        Ok(store::standing(db, room, account, device.hash(), self.accounts.clock.now()).await?)
    }

    /// Co-hosts who are banned from the room that they lead.
    pub async fn banned_co_hosts(&self) -> Result<HashSet<(RoomId, AccountId)>> {
        Ok(store::banned_co_hosts(self.accounts.db.read(), self.accounts.clock.now()).await?)
    }

    /// Whether somebody may watch a room or be on its stage.
    pub async fn check_not_banned(&self, room: RoomId, account: Option<AccountId>, device: &Device) -> Result<()> {
        match self.standing(room, account, device).await?.banned_until {
            0 => Ok(()),
            _ => Err(AppError::Forbidden(Text("live-banned"))),
        }
    }

    /// The same for the door of the stream.
    pub fn stream_door(&self) -> Admits {
        let this = self.clone();
        Arc::new(move |room, account, headers| {
            let (this, device) = (this.clone(), Device::sent(&headers).unwrap_or_default());
            Box::pin(async move { this.check_not_banned(room, account, &device).await.map(|()| device.hash().to_owned()) })
        })
    }

    /// Notes that an account wrote from a device, within some hundred milliseconds, and for a while in memory from which network. False if it must
    /// be noted again.
    pub fn note_device(&self, account: AccountId, device: &Device) -> bool {
        self.note_network(account, device);
        device.hash().is_empty() || self.devices.note(device.hash(), account)
    }

    /// Mutes or bans a person; a later sanction of the same kind takes the place of the earlier.
    pub async fn sanction(
        &self,
        viewer: &Viewer,
        room: RoomId,
        kind: Kind,
        target: AccountId,
        length: Length,
        reason: &str,
    ) -> Result<Millis> {
        let (view, actor) = self.may_moderate(viewer, room, target).await?;
        let now = self.accounts.clock.now();
        let (this, until, reason) = (self.clone(), length.until(now), clean(reason, 200));
        // Told to its end, also when its moderator has gone.
        let work = async move {
            let mut tx = this.accounts.db.begin().await?;
            store::put(&mut *tx, room, target, kind, until, actor, now, &reason).await?;
            if kind == Kind::Ban {
                // What they lead there ends by itself, but they do nothing more with it.
                this.accounts.revoke_in(&mut *tx, target, Grant::CoHost(room)).await?;
            }
            tx.commit().await?;
            this.accounts.changed();
            if kind == Kind::Ban {
                this.part_devices(&[room], target).await?;
                this.keep_network(room, target, until).await?;
            }
            this.note(&view, actor, kind.name(), &target.to_string(), &reason, &format!("until={until}")).await?;
            this.live.append(room, kind.event(target, until)).await?;
            Ok(until)
        };
        self.tracker.spawn(work).await.map_err(anyhow::Error::from)?
    }

    /// Ends what is watched of rooms, and being a guest there, on the devices of somebody who was banned, by whatever name.
    async fn part_devices(&self, rooms: &[RoomId], target: AccountId) -> Result<()> {
        let devices = store::devices_of(self.accounts.db.read(), target).await?;
        if !devices.is_empty() {
            rooms.iter().for_each(|room| self.live.ban_devices(*room, devices.clone()));
        }
        Ok(())
    }

    /// Lifts a sanction. Lifting what does not hold is no error: two moderators may do it at once.
    pub async fn lift(&self, viewer: &Viewer, room: RoomId, kind: Kind, target: AccountId) -> Result<()> {
        let (view, actor) = self.may_moderate(viewer, room, target).await?;
        if store::delete(self.accounts.db.write(), room, target, kind).await? {
            self.accounts.changed();
            if kind == Kind::Ban {
                self.forget_network(room, target).await?;
            }
            self.note(&view, actor, &format!("un{}", kind.name()), &target.to_string(), "", "").await?;
            self.live.append(room, kind.event(target, 0)).await?;
        }
        Ok(())
    }

    /// Deletes one message.
    pub async fn delete_message(&self, viewer: &Viewer, room: RoomId, seq: i64) -> Result<()> {
        let (view, actor) = self.may_judge_message(viewer, room, seq).await?;
        self.live.delete_message(room, seq).await?;
        self.note(&view, actor, "delete", &view.room.id.to_string(), "", &format!("seq={seq}")).await
    }

    /// Shows a deleted message again.
    pub async fn restore_message(&self, viewer: &Viewer, room: RoomId, seq: i64) -> Result<()> {
        let (view, actor) = self.may_judge_message(viewer, room, seq).await?;
        if self.live.restore_message(room, seq).await? {
            self.note(&view, actor, "restore", &view.room.id.to_string(), "", &format!("seq={seq}")).await?;
        }
        Ok(())
    }

    /// The message at `seq` with its author, for somebody who may moderate it.
    pub async fn message_for(&self, viewer: &Viewer, room: RoomId, seq: i64) -> Result<(RoomView, Account, Entry)> {
        let (view, _) = self.may_judge_message(viewer, room, seq).await?;
        let entry = self.live.entry(room, seq).await?.ok_or(AppError::NotFound)?;
        let Event::Message { author, .. } = &entry.event else { return Err(AppError::NotFound) };
        let account = self.accounts.account(*author).await?.ok_or(AppError::NotFound)?;
        Ok((view, account, entry))
    }

    /// The sanctions in force in all rooms of a fair, newest first.
    pub async fn of_fair(&self, fair: FairId) -> Result<Vec<Sanction>> {
        Ok(store::of_fair(self.accounts.db.read(), fair, self.accounts.clock.now()).await?)
    }

    /// The room and the moderator's account, if the viewer hosts there and ranks above the target.
    async fn may_moderate(&self, viewer: &Viewer, room: RoomId, target: AccountId) -> Result<(RoomView, AccountId)> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let actor = viewer.known()?.id;
        self.accounts.account(target).await?.ok_or(AppError::NotFound)?;
        let roles = self.accounts.roles_of(target).await?;
        if rank(&viewer.roles, &view.room) <= rank(&roles, &view.room) {
            return Err(AppError::Forbidden(Text("moderation-refused-rank")));
        }
        Ok((view, actor))
    }

    /// Like `may_moderate` for the author of a message; everybody with a rank may judge their own.
    async fn may_judge_message(&self, viewer: &Viewer, room: RoomId, seq: i64) -> Result<(RoomView, AccountId)> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let entry = self.live.entry(room, seq).await?.ok_or(AppError::NotFound)?;
        let Event::Message { author, .. } = entry.event else { return Err(AppError::NotFound) };
        let actor = viewer.known()?.id;
        if author == actor { Ok((view, actor)) } else { self.may_moderate(viewer, room, author).await }
    }

    async fn note(&self, view: &RoomView, actor: AccountId, verb: &str, subject: &str, reason: &str, detail: &str) -> Result<()> {
        self.note_in(self.accounts.db.write(), view, actor, verb, subject, reason, detail).await
    }

    /// The same as a part of something larger.
    #[expect(clippy::too_many_arguments, reason = "what a line of the log is made of")]
    async fn note_in<'e>(
        &self,
        db: impl Executor<'e, Database = Any>,
        view: &RoomView,
        actor: AccountId,
        verb: &str,
        subject: &str,
        reason: &str,
        detail: &str,
    ) -> Result<()> {
        let detail = format!("room={} {detail}", view.room.id);
        self.accounts.audit_in(db, actor, &format!("chat.{verb}"), subject, Some(view.fair.id), reason, detail.trim_end()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Flag;
    use crate::ids::EmployerId;
    use crate::rooms::{OwnerId, RoomKind};

    #[test]
    fn organisers_rank_above_hosts_and_hosts_above_visitors() {
        let (fair, employer) = (FairId::new(), EmployerId::new());
        let room = Room {
            id: RoomId::new(),
            fair_id: fair,
            employer_id: OwnerId(Some(employer)),
            kind: RoomKind::Booth,
            title_zh: String::new(),
            title_en: String::new(),
            position: 0,
            closed: Flag(false),
            created_at: 0,
        };
        let of = |admin, fairs: &[FairId], employers: &[EmployerId]| {
            rank(&Roles { admin, fairs: fairs.to_vec(), employers: employers.to_vec(), ..Roles::default() }, &room)
        };
        assert_eq!(of(true, &[], &[]), Rank::Organiser);
        assert_eq!(of(false, &[fair], &[employer]), Rank::Organiser);
        assert_eq!(of(false, &[], &[employer]), Rank::Host);
        assert_eq!(of(false, &[FairId::new()], &[EmployerId::new()]), Rank::Visitor, "elsewhere they are visitors");
        assert!(Rank::Organiser > Rank::Host && Rank::Host > Rank::Visitor);
    }

    #[test]
    fn a_length_ends_when_it_says() {
        assert_eq!(Length::TenMinutes.until(1_000), 601_000);
        assert_eq!(Length::OneHour.until(0), HOUR);
        assert_eq!(Length::ForGood.until(5), FOR_GOOD);
        const { assert!(FOR_GOOD < 1 << 53, "scripts can count it") }
    }
}
