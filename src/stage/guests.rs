//! Guests on stage: whom a host asks, who accepts within a minute, and what becomes of them.
//!
//! Invariants: a room has at most [`PLACES`] guests, those asked included, and a person is asked once at a time, which unique indexes see to; the
//! right to publish is the open row of an accepted invitation, for its own person and room alone, and is looked at again once the publisher is
//! there, so that nobody slips in while they are being sent back; what a host mutes the media plane passes on to nobody.

use super::stills::Sharing;
use super::{co_hosts, store};
use crate::accounts::{Account, Accounts, Viewer};
use crate::blobs::Blobs;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::db::{Db, Flag};
use crate::ids::{AccountId, GuestId, RoomId};
use crate::live::{Hand, Live, Passing, Raised};
use crate::media::HeldBack;
use crate::moderation::{Device, Moderation};
use crate::rooms::RoomView;
use crate::web::{AppError, RateLimit, Result, Text};
use dashmap::DashMap;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Guests of a room at the same time: what fits beside the host, a colleague or a screen.
pub(super) const PLACES: i64 = 4;
/// Long enough to look into the mirror, short enough that nobody waits for somebody who has put the phone away.
pub(super) const ANSWER: Millis = MINUTE;
/// A guest who publishes nothing for so long has left.
const AWAY: Millis = 2 * MINUTE;
/// A stage without any host is left for so long to one who comes back.
const HOSTLESS: Millis = 30 * SECOND;
/// How often the time of guests is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Somebody who was asked onto the stage.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Guest {
    pub id: GuestId,
    pub room_id: RoomId,
    pub account_id: AccountId,
    pub name: String,
    pub host_name: String,
    /// With a picture, or by voice alone.
    #[sqlx(try_from = "i64")]
    pub video: Flag,
    #[sqlx(try_from = "i64")]
    pub muted: Flag,
    pub invited_at: Millis,
    pub accepted_at: Option<Millis>,
    pub ended_at: Option<Millis>,
}

/// How an invitation, or what came of it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Declined,
    Lapsed,
    Left,
    SentBack,
    Banned,
    /// The stream ended, or all hosts left.
    Over,
}

impl How {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Lapsed => "lapsed",
            Self::Left => "left",
            Self::SentBack => "sent-back",
            Self::Banned => "banned",
            Self::Over => "over",
        }
    }
}

/// Where a guest stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestState {
    /// Asked, and not too late to accept.
    Invited,
    /// May publish.
    Accepted,
    Over,
}

impl Guest {
    pub fn state(&self, now: Millis) -> GuestState {
        match (self.ended_at, self.accepted_at) {
            (Some(_), _) => GuestState::Over,
            (None, Some(_)) => GuestState::Accepted,
            (None, None) if self.invited_at + ANSWER > now => GuestState::Invited,
            (None, None) => GuestState::Over,
        }
    }

    /// Seconds left to accept.
    pub fn answer_in(&self, now: Millis) -> i64 {
        (self.invited_at + ANSWER - now).max(0) / SECOND
    }

    pub(super) fn held(&self) -> HeldBack {
        HeldBack { sound: self.muted.0, picture: !self.video.0 }
    }
}

/// What time says about an open invitation. `seen`: when its guest last published; `hostless`: since when no host is on stage, be it that the
/// stream has ended or that the server was restarted.
fn due(guest: &Guest, now: Millis, seen: Millis, hostless: Option<Millis>) -> Option<How> {
    match guest.state(now) {
        GuestState::Over => Some(How::Lapsed),
        _ if hostless.is_some_and(|since| now - since >= HOSTLESS) => Some(How::Over),
        GuestState::Accepted if now - seen >= AWAY => Some(How::Left),
        GuestState::Accepted | GuestState::Invited => None,
    }
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Guests {
    pub(super) live: Live,
    pub(super) moderation: Moderation,
    /// Of captions: a line that grows while somebody speaks.
    pub(super) caption_pace: RateLimit<AccountId>,
    pub(super) still_pace: RateLimit<RoomId>,
    pub(super) pictures: Blobs,
    tries: RateLimit<AccountId>,
    /// Of people to be named co-host: each looks through all who are there.
    pub(super) searches: RateLimit<AccountId>,
    /// The rooms that have a still of a shared screen.
    pub(super) stills: Arc<DashMap<RoomId, Sharing>>,
    /// When guests last published. In memory only: after a restart they have their time anew.
    pub(super) seen: Arc<DashMap<GuestId, Millis>>,
    /// Since when rooms have guests and no host.
    hostless: Arc<DashMap<RoomId, Millis>>,
    /// A guest's sessions begin one after the other, so that none is overlooked when another takes its place. One small lock for each guest
    /// of this minute.
    pub(super) turns: Arc<DashMap<GuestId, Arc<Mutex<()>>>>,
    /// Naming a co-host and ending what is over take turns, so that what begins anew is not taken for what is over.
    pub(super) co_host_turn: Arc<Mutex<()>>,
}

impl Guests {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(moderation: Moderation, pictures: Blobs) -> Self {
        Self {
            live: moderation.live.clone(),
            moderation,
            caption_pace: RateLimit::new(6, Duration::from_millis(400)),
            still_pace: RateLimit::new(4, Duration::from_secs(2)),
            pictures,
            // Up and down and up again, but not for ever.
            tries: RateLimit::new(8, Duration::from_secs(4)),
            searches: RateLimit::new(10, Duration::from_secs(1)),
            stills: Arc::default(),
            seen: Arc::default(),
            hostless: Arc::default(),
            turns: Arc::default(),
            co_host_turn: Arc::default(),
        }
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.live.rooms.fairs.accounts
    }

    pub(super) fn db(&self) -> &Db {
        &self.accounts().db
    }

    pub(super) fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// Somebody's hand, guest or not; hosts need none.
    pub(super) async fn raise(&self, viewer: &Viewer, device: &Device, room: RoomId) -> Result<usize> {
        let account = viewer.known()?;
        let door = self.live.rooms.door(viewer, room).await?;
        self.live.check_door(&door.room, &door.fair)?;
        if door.presents {
            return Err(AppError::Conflict(Text("guests-hosts-need-none")));
        }
        self.check_standing(room, account.id, device, ["chat-refused-muted", "chat-refused-banned"]).await?;
        self.tries.check(&account.id)?;
        let hand = Hand { account: account.id, name: account.name.clone(), at: self.now() };
        match self.live.raise_hand(room, hand).await? {
            Raised::Up(position) => Ok(position),
            Raised::NotLive => Err(AppError::Conflict(Text("guests-not-live"))),
            Raised::Full => Err(AppError::Conflict(Text("guests-hands-full"))),
        }
    }

    /// With the words for whoever asks: the person, or somebody else.
    pub(super) async fn check_standing(
        &self,
        room: RoomId,
        account: AccountId,
        device: &Device,
        [muted, banned]: [&'static str; 2],
    ) -> Result<()> {
        let standing = self.moderation.standing(room, Some(account), device).await?;
        match (standing.banned_until, standing.muted_until) {
            (0, 0) => Ok(()),
            (0, _) => Err(AppError::Forbidden(Text(muted))),
            _ => Err(AppError::Forbidden(Text(banned))),
        }
    }

    /// Lowers a hand as a host or co-host of the room.
    pub(super) async fn lower_as_host(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<()> {
        viewer.known()?;
        self.live.presented_by(viewer, room).await?;
        if self.live.lower_hand(room, account).await? {
            self.live.tell(room, account, &Passing::Yours {});
        }
        Ok(())
    }

    /// Asks somebody onto the stage: one whose hand is up, or who has written. Asking again is no harm.
    pub(super) async fn invite(&self, viewer: &Viewer, room: RoomId, account: AccountId, video: bool) -> Result<Guest> {
        let host = viewer.known()?;
        let view = self.live.presented_by(viewer, room).await?;
        self.live.check_open(&view)?;
        let person = self.somebody_of(room, account).await?;
        let roles = self.accounts().roles_of(account).await?;
        if view.room.is_presented_with(&roles) {
            return Err(AppError::Conflict(Text("guests-hosts-need-none")));
        }
        self.check_standing(room, account, &Device::default(), ["guests-person-muted", "guests-person-banned"]).await?;
        if !self.live.snapshot(room).live {
            return Err(AppError::Conflict(Text("guests-not-live")));
        }
        let now = self.now();
        let wanted = Guest {
            id: GuestId::new(),
            room_id: room,
            account_id: account,
            name: person.name,
            host_name: host.name.clone(),
            video: Flag(video),
            muted: Flag(false),
            invited_at: now,
            accepted_at: None,
            ended_at: None,
        };
        let (guest, is_new) = self.place(wanted, host.id).await?;
        if is_new {
            let detail = format!("room={room} video={video}");
            self.accounts().audit(host.id, "stage.invite", &account.to_string(), Some(view.fair.id), "", &detail).await?;
        }
        self.live.lower_hand(room, account).await?;
        self.changed(&guest);
        Ok(guest)
    }

    /// Somebody whom the hosts of a room may know: whose hand is up, who has written there, or was asked already.
    pub(super) async fn somebody_of(&self, room: RoomId, account: AccountId) -> Result<Account> {
        let hand_up = self.live.snapshot(room).hands.iter().any(|hand| hand.account == account);
        let known =
            hand_up || self.live.has_written(room, account).await? || store::guest_of(self.db().read(), room, account).await?.is_some();
        if !known {
            return Err(AppError::NotFound);
        }
        self.accounts().account(account).await?.ok_or(AppError::NotFound)
    }

    /// The invitation as it is then, and whether it is a new one.
    async fn place(&self, wanted: Guest, host: AccountId) -> Result<(Guest, bool)> {
        let now = wanted.invited_at;
        let mut tx = self.db().begin().await?;
        store::lapse(&mut tx, wanted.room_id, now - ANSWER, now).await?;
        for place in 1..=PLACES {
            if store::invite(&mut tx, &wanted, host, place).await? {
                tx.commit().await?;
                return Ok((wanted, true));
            }
        }
        let present = store::guest_of(&mut *tx, wanted.room_id, wanted.account_id).await?;
        tx.commit().await?;
        present.map(|guest| (guest, false)).ok_or(AppError::Conflict(Text("guests-full")))
    }

    /// Tells the person and the hosts.
    fn changed(&self, guest: &Guest) {
        self.live.tell(guest.room_id, guest.account_id, &Passing::Yours {});
        self.live.desk_changed(guest.room_id);
    }

    /// The viewer's own invitation, and nobody else's.
    pub(super) async fn own(&self, viewer: &Viewer, room: RoomId, id: GuestId) -> Result<Guest> {
        let account = viewer.known()?.id;
        let guest = store::guest(self.db().read(), id).await?;
        guest.filter(|guest| guest.room_id == room && guest.account_id == account).ok_or(AppError::NotFound)
    }

    pub(super) async fn accept(&self, viewer: &Viewer, device: &Device, room: RoomId, id: GuestId) -> Result<Guest> {
        let guest = self.own(viewer, room, id).await?;
        let view = self.live.rooms.visible_to(viewer, room).await?;
        self.live.check_open(&view)?;
        self.moderation.check_not_banned(room, viewer.id(), device).await?;
        let now = self.now();
        let accepted = guest.state(now) == GuestState::Accepted || store::accept(self.db().write(), id, now, now - ANSWER).await?;
        if !accepted {
            return Err(AppError::Conflict(Text("guests-too-late")));
        }
        if guest.accepted_at.is_none() {
            // The time to come on stage begins now, however long they took to answer.
            self.seen.insert(id, now);
        }
        let guest = Guest { accepted_at: guest.accepted_at.or(Some(now)), ..guest };
        self.changed(&guest);
        Ok(guest)
    }

    /// Declines, or leaves the stage.
    pub(super) async fn leave(&self, viewer: &Viewer, room: RoomId, id: GuestId) -> Result<()> {
        let guest = self.own(viewer, room, id).await?;
        self.end(&guest, if guest.accepted_at.is_some() { How::Left } else { How::Declined }).await.map(|_| ())
    }

    /// An invitation of a room that the viewer hosts, also as a co-host.
    async fn hosted(&self, viewer: &Viewer, room: RoomId, id: GuestId) -> Result<(RoomView, Guest)> {
        viewer.known()?;
        let view = self.live.presented_by(viewer, room).await?;
        let guest = store::guest(self.db().read(), id).await?;
        Ok((view, guest.filter(|guest| guest.room_id == room).ok_or(AppError::NotFound)?))
    }

    pub(super) async fn send_back(&self, viewer: &Viewer, room: RoomId, id: GuestId) -> Result<()> {
        let (view, guest) = self.hosted(viewer, room, id).await?;
        if self.end(&guest, How::SentBack).await? {
            let (actor, subject) = (viewer.known()?.id, guest.account_id.to_string());
            self.accounts().audit(actor, "stage.send-back", &subject, Some(view.fair.id), "", &format!("room={room}")).await?;
        }
        Ok(())
    }

    pub(super) async fn mute(&self, viewer: &Viewer, room: RoomId, id: GuestId, muted: bool) -> Result<()> {
        let (_, guest) = self.hosted(viewer, room, id).await?;
        if !store::mute(self.db().write(), id, muted).await? {
            return Err(AppError::Conflict(Text("guests-gone")));
        }
        // Of two hosts at once the row decides, and nobody comes on stage meanwhile.
        let turn = self.turns.entry(id).or_default().clone();
        let _turn = turn.lock().await;
        let now = store::guest(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
        self.live.mute_guest(room, id, now.muted.0).await;
        self.changed(&guest);
        Ok(())
    }

    /// All guests of a room go, and the still of a screen, because its stream is ended.
    pub(super) async fn end_all(&self, room: RoomId) -> Result<()> {
        for guest in store::guests(self.db().read(), room).await? {
            self.end(&guest, How::Over).await?;
        }
        self.end_still(room).await
    }

    async fn end(&self, guest: &Guest, how: How) -> Result<bool> {
        let ended = store::end(self.db().write(), guest.id, how, self.now()).await?;
        if !ended && how == How::Lapsed {
            // Accepted at the last moment.
            return Ok(false);
        }
        // The row is first: whoever publishes meanwhile finds it when they look again.
        self.live.close_guest(guest.id).await;
        self.seen.remove(&guest.id);
        self.turns.remove(&guest.id);
        if ended {
            self.changed(guest);
        }
        Ok(ended)
    }

    /// The open invitations of a room.
    pub(super) async fn of_room(&self, room: RoomId) -> Result<Vec<Guest>> {
        let now = self.now();
        let mut guests = store::guests(self.db().read(), room).await?;
        guests.retain(|guest| guest.state(now) != GuestState::Over);
        Ok(guests)
    }

    /// The viewer's open invitation in a room.
    pub(super) async fn of_viewer(&self, viewer: &Viewer, room: RoomId) -> Result<Option<Guest>> {
        let Some(account) = viewer.id() else { return Ok(None) };
        let now = self.now();
        Ok(store::guest_of(self.db().read(), room, account).await?.filter(|guest| guest.state(now) != GuestState::Over))
    }

    /// Ends what time ends, until `token` does.
    pub async fn run(self, token: CancellationToken) {
        let ended = self.live.ended();
        let (mut tick, mut seldom) = (tokio::time::interval(EVERY), tokio::time::interval(co_hosts::SELDOM));
        for interval in [&mut tick, &mut seldom] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        if let Err(error) = self.note_stills().await {
            tracing::error!(?error, "stills of before");
        }
        loop {
            let looked = tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => self.look().await.and(self.look_at_stills().await),
                () = ended.notified() => self.look_at_co_hosts().await,
                _ = seldom.tick() => self.look_at_co_hosts().await,
            };
            if let Err(error) = looked {
                tracing::error!(?error, "the time of guests, stills and co-hosts");
            }
        }
    }

    async fn look(&self) -> Result<()> {
        let (open, now) = (store::open_guests(self.db().read()).await?, self.now());
        self.seen.retain(|id, _| open.iter().any(|guest| guest.id == *id));
        self.turns.retain(|id, turn| Arc::strong_count(turn) > 1 || open.iter().any(|guest| guest.id == *id));
        self.hostless.retain(|room, _| open.iter().any(|guest| guest.room_id == *room));
        for guest in open {
            let room = guest.room_id;
            if self.live.has_host_on_stage(room) {
                self.hostless.remove(&room);
            } else {
                self.hostless.entry(room).or_insert(now);
            }
            let here = !self.live.sessions_of_guest(guest.id, false).is_empty();
            let seen = *self.seen.entry(guest.id).and_modify(|seen| *seen = if here { now } else { *seen }).or_insert(now);
            let hostless = self.hostless.get(&room).map(|since| *since);
            let banned = self.moderation.standing(room, Some(guest.account_id), &Device::default()).await?.banned_until != 0;
            let how = if banned { Some(How::Banned) } else { due(&guest, now, seen, hostless) };
            if let Some(how) = how {
                self.end(&guest, how).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(accepted_at: Option<Millis>) -> Guest {
        Guest {
            id: GuestId::new(),
            room_id: RoomId::new(),
            account_id: AccountId::new(),
            name: "李雷".into(),
            host_name: "招聘官".into(),
            video: Flag(true),
            muted: Flag(false),
            invited_at: 1_000,
            accepted_at,
            ended_at: None,
        }
    }

    #[test]
    fn an_invitation_is_good_for_a_minute_and_then_no_more() {
        let asked = guest(None);
        assert_eq!((asked.state(1_000), asked.answer_in(1_000)), (GuestState::Invited, 60));
        assert_eq!((asked.state(60_999), asked.answer_in(60_999)), (GuestState::Invited, 0));
        assert_eq!((asked.state(61_000), asked.answer_in(99_999)), (GuestState::Over, 0));
        assert_eq!(guest(Some(2_000)).state(Millis::MAX), GuestState::Accepted, "who accepted has no clock");
        assert_eq!(Guest { ended_at: Some(3_000), ..guest(Some(2_000)) }.state(2_500), GuestState::Over);
    }

    #[test]
    fn voice_alone_holds_the_picture_back_and_a_mute_the_sound() {
        assert_eq!(guest(None).held(), HeldBack::default());
        let muted = Guest { video: Flag(false), muted: Flag(true), ..guest(None) };
        assert_eq!(muted.held(), HeldBack { sound: true, picture: true });
    }

    #[test]
    fn time_ends_what_nobody_answers_publishes_or_hosts() {
        let (asked, on) = (guest(None), guest(Some(2_000)));
        assert_eq!(due(&asked, 30_000, 30_000, None), None);
        assert_eq!(due(&asked, 61_000, 61_000, None), Some(How::Lapsed));
        assert_eq!(due(&on, 10 * MINUTE, 10 * MINUTE - AWAY + 1, None), None);
        assert_eq!(due(&on, 10 * MINUTE, 10 * MINUTE - AWAY, None), Some(How::Left));
        assert_eq!(due(&on, 60_000, 60_000, Some(60_000 - HOSTLESS + 1)), None, "a host may come back");
        assert_eq!(due(&on, 60_000, 60_000, Some(60_000 - HOSTLESS)), Some(How::Over));
        assert_eq!(due(&asked, 60_000, 60_000, Some(0)), Some(How::Over), "nobody is asked onto an empty stage");
    }
}
