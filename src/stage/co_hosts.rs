//! Co-hosts: whom a host lets lead the room for a while, such as a colleague of another employer or a presenter, who is no host by role.
//!
//! A co-host does what belongs to a broadcast: is on stage, takes hands and guests, answers questions, asks polls, pins notices, shows postings
//! and slides, types captions. Invariants: the open row and the role of the account, which every request and socket reads, begin and end in one
//! transaction, and who is listed has the right; it ends when a host takes it back, with a ban, which takes the right in its own transaction, and
//! with the stream, also with one that ended while the server was down. Absent on purpose: whatever outlasts the broadcast or touches people
//! (sanctions, exports, contacts, the booth, tokens, other co-hosts).

use super::guests::Guests;
use super::{Stage, store};
use crate::accounts::{Account, Grant, Viewer};
use crate::clock::Millis;
use crate::db::Flag;
use crate::ids::{AccountId, RoomId};
use crate::live::Event;
use crate::moderation::Device;
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text};
use serde::Serialize;
use std::time::Duration;

/// Co-hosts of a room at the same time: as many as there are seats beside the host's.
pub(super) const PLACES: i64 = 6;
/// People that a search lists; whoever finds more types more of the name.
pub(super) const FOUND: usize = 20;
/// What ends in this process is told at once; other nodes may have ended something too.
pub(super) const SELDOM: Duration = Duration::from_secs(5);

/// Somebody who leads a room beside its hosts.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub(super) struct CoHost {
    #[serde(skip)]
    pub(super) room_id: RoomId,
    pub(super) account_id: AccountId,
    pub(super) name: String,
    /// Who named them.
    pub(super) host_name: String,
    pub(super) named_at: Millis,
}

/// A row that has not ended.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Open {
    #[sqlx(flatten)]
    pub(super) co_host: CoHost,
    /// Whether the right is there.
    #[sqlx(try_from = "i64")]
    pub(super) holds: Flag,
}

/// Why somebody is co-host no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    TakenBack,
    /// By themselves.
    GivenUp,
    Banned,
    /// The stream ended.
    Over,
}

impl How {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TakenBack => "taken-back",
            Self::GivenUp => "given-up",
            Self::Banned => "banned",
            Self::Over => "over",
        }
    }
}

/// What has become of a co-host. `ended`: when the room's last stream ended. One who was named before a stream began keeps it through it.
fn due(named_at: Millis, ended: Option<Millis>, banned: bool) -> Option<How> {
    match (banned, ended.is_some_and(|at| at > named_at)) {
        (true, _) => Some(How::Banned),
        (false, true) => Some(How::Over),
        (false, false) => None,
    }
}

impl Guests {
    pub(super) async fn co_hosts(&self, room: RoomId) -> Result<Vec<CoHost>> {
        Ok(store::co_hosts::of_room(self.db().read(), room).await?)
    }

    /// People who are signed in, connected to the room, and may be named: by a part of their name.
    pub(super) async fn find_co_hosts(&self, viewer: &Viewer, view: &RoomView, text: &str) -> Result<Vec<Account>> {
        self.searches.check(&viewer.known()?.id)?;
        let here = self.live.here(view.room.id).await?;
        let mut found = Vec::new();
        for account in self.accounts().named_among(&here, text, FOUND).await? {
            let roles = self.accounts().roles_of(account.id).await?;
            if !view.room.is_presented_with(&roles) {
                found.push(account);
            }
        }
        Ok(found)
    }

    /// Names somebody co-host, as a host: somebody who is in the room, has written there or whose hand is up. Again is no harm.
    pub(super) async fn name_co_host(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<CoHost> {
        let host = viewer.known()?;
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        self.live.check_open(&view)?;
        let person = if self.live.here(room).await?.contains(&account) {
            self.accounts().account(account).await?.ok_or(AppError::NotFound)?
        } else {
            self.somebody_of(room, account).await?
        };
        if person.guest.0 {
            return Err(AppError::Conflict(Text("co-hosts-not-signed-in")));
        }
        if view.room.is_hosted_with(&self.accounts().roles_of(account).await?) {
            return Err(AppError::Conflict(Text("co-hosts-is-host")));
        }
        self.check_standing(room, account, &Device::default(), ["co-hosts-muted", "co-hosts-banned"]).await?;
        let wanted = CoHost { room_id: room, account_id: account, name: person.name, host_name: host.name.clone(), named_at: self.now() };
        let (co_host, is_new) = self.take_place(wanted, host.id).await?;
        if is_new {
            let (subject, detail) = (account.to_string(), format!("room={room}"));
            self.accounts().audit(host.id, "stage.co-host", &subject, Some(view.fair.id), "", &detail).await?;
            self.live.lower_hand(room, account).await?;
            self.tell_co_host(&co_host, true).await?;
            // They may have been banned meanwhile.
            self.look_at_co_hosts().await?;
        }
        Ok(co_host)
    }

    /// The co-host as they are then, and whether they are a new one.
    async fn take_place(&self, wanted: CoHost, by: AccountId) -> Result<(CoHost, bool)> {
        if let Some(taken) = self.try_place(&wanted, by).await? {
            return Ok(taken);
        }
        // What ended a moment ago gives its place back.
        self.look_at_co_hosts().await?;
        self.try_place(&wanted, by).await?.ok_or(AppError::Conflict(Text("co-hosts-full")))
    }

    async fn try_place(&self, wanted: &CoHost, by: AccountId) -> Result<Option<(CoHost, bool)>> {
        let _alone = self.co_host_turn.lock().await;
        let mut tx = self.db().begin().await?;
        for place in 1..=PLACES {
            if store::co_hosts::name(&mut tx, wanted, by, place).await? {
                self.accounts().grant_in(&mut *tx, wanted.account_id, Grant::CoHost(wanted.room_id)).await?;
                tx.commit().await?;
                self.accounts().changed();
                return Ok(Some((wanted.clone(), true)));
            }
        }
        let present = store::co_hosts::one(&mut *tx, wanted.room_id, wanted.account_id).await?;
        tx.commit().await?;
        Ok(present.map(|co_host| (co_host, false)))
    }

    /// Takes it back as a host, or gives it up as the co-host.
    pub(super) async fn dismiss_co_host(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<()> {
        let by = viewer.known()?.id;
        let view = self.live.rooms.visible_to(viewer, room).await?;
        if !view.is_host && by != account {
            return Err(AppError::NotFound);
        }
        let Some(co_host) = store::co_hosts::one(self.db().read(), room, account).await? else { return Ok(()) };
        let how = if by == account { How::GivenUp } else { How::TakenBack };
        if self.end_co_host(&co_host, how).await? {
            let (subject, detail) = (account.to_string(), format!("room={room}"));
            self.accounts().audit(by, "stage.co-host-end", &subject, Some(view.fair.id), "", &detail).await?;
        }
        Ok(())
    }

    /// Ends it everywhere: the right first, then what was begun by it.
    async fn end_co_host(&self, co_host: &CoHost, how: How) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let ended = store::co_hosts::end(&mut tx, co_host, how, self.now()).await?;
        if ended {
            self.accounts().revoke_in(&mut *tx, co_host.account_id, Grant::CoHost(co_host.room_id)).await?;
        }
        tx.commit().await?;
        self.accounts().changed();
        if ended {
            self.live.close_co_host(co_host.room_id, co_host.account_id).await;
            self.tell_co_host(co_host, false).await?;
        }
        Ok(ended)
    }

    /// Their sockets first, which see the desk or no more; then everybody.
    async fn tell_co_host(&self, co_host: &CoHost, presents: bool) -> Result<()> {
        let (room, account) = (co_host.room_id, co_host.account_id);
        self.live.let_see_desk(room, account, presents).await;
        let event = Event::CoHost { account, name: co_host.name.clone(), presents };
        self.live.append(room, event).await.map(|_| ())
    }

    /// Ends what streams and bans end: three questions for all rooms together, one if nobody is co-host.
    pub(super) async fn look_at_co_hosts(&self) -> Result<()> {
        let _alone = self.co_host_turn.lock().await;
        let open = store::co_hosts::open(self.db().read()).await?;
        if open.is_empty() {
            return Ok(());
        }
        let mut rooms: Vec<RoomId> = open.iter().map(|one| one.co_host.room_id).collect();
        rooms.dedup();
        let ends = self.live.streams_ended(&rooms).await?;
        let banned = self.moderation.banned_co_hosts().await?;
        for Open { co_host, holds } in open {
            // Whoever takes the right alone bans, and may have lifted it again.
            let banned = !holds.0 || banned.contains(&(co_host.room_id, co_host.account_id));
            if let Some(how) = due(co_host.named_at, ends.get(&co_host.room_id).copied(), banned) {
                self.end_co_host(&co_host, how).await?;
            }
        }
        Ok(())
    }
}

impl Stage {
    /// Whoever asked for it may have gone before it is told.
    pub(super) async fn name_co_host(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<CoHost> {
        let (guests, viewer) = (self.guests.clone(), viewer.clone());
        self.chat.wholly(async move { guests.name_co_host(&viewer, room, account).await }).await
    }

    pub(super) async fn dismiss_co_host(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<()> {
        let (guests, viewer) = (self.guests.clone(), viewer.clone());
        self.chat.wholly(async move { guests.dismiss_co_host(&viewer, room, account).await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_stream_that_was_led_and_with_a_ban() {
        assert_eq!(due(1_000, None, false), None, "no stream has ended yet");
        assert_eq!(due(1_000, Some(900), false), None, "that of before is none of theirs");
        assert_eq!(due(1_000, Some(1_001), false), Some(How::Over));
        for ended in [None, Some(900), Some(2_000)] {
            assert_eq!(due(1_000, ended, true), Some(How::Banned));
        }
    }
}
