//! Who is on stage: the publishers of rooms by name, as far as this server let them in. The media plane is the truth about who publishes; this
//! says who they are, and is lost with the sessions it is about.

use super::streams::Order;
use super::wish::Posted;
use super::{Live, Raised, Spoken};
use crate::ids::{AccountId, GuestId, RoomId, SessionId};
use crate::live::hands::Hand;
use crate::media::{HeldBack, Seat, SeatWanted, StreamStats};
use crate::rooms::RoomView;
use crate::web::{AppError, Result};
use axum::response::Response;
use dashmap::DashMap;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A session that is noted here and unknown to the plane was never connected, or its end was missed. A younger one may just be on its way in.
const YOUNG: Duration = Duration::from_secs(5);

/// What somebody is on stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// In the host's seat.
    Host,
    /// Another one of the hosts, beside.
    CoHost,
    /// Somebody whom a host asked.
    Guest,
}

/// Somebody on stage, as everybody may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnStage {
    pub seat: u8,
    pub account: AccountId,
    pub name: String,
    pub part: Part,
    /// A screen rather than a person's own picture.
    pub screen: bool,
    /// A host holds the sound back.
    pub muted: bool,
}

/// Somebody who is about to publish.
#[derive(Clone, Debug)]
pub struct Entering {
    pub account: AccountId,
    pub name: String,
    pub screen: bool,
    /// The invitation, of a guest.
    pub guest: Option<GuestId>,
    /// The device of a guest, as [`Admits`](super::Admits) names it.
    pub device: String,
    pub held: HeldBack,
}

struct Sitting {
    room: RoomId,
    who: OnStage,
    guest: Option<GuestId>,
    device: String,
    held: HeldBack,
    since: Instant,
}

/// The publishers of all rooms by session; as many as the plane takes.
#[derive(Clone, Default)]
pub(super) struct Sittings(Arc<DashMap<SessionId, Sitting>>);

impl Sittings {
    pub(super) fn left(&self, session: SessionId) {
        self.0.remove(&session);
    }

    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.0.iter().map(|sitting| sitting.room).collect()
    }

    /// Those on stage in a room, by their seats. Strikes out who is gone.
    pub(super) fn of(&self, room: RoomId, stats: &StreamStats) -> Arc<[OnStage]> {
        self.0.retain(|session, sitting| sitting.room != room || stats.publishers.contains(session) || sitting.since.elapsed() < YOUNG);
        let connected = |sitting: &Sitting| stats.speakers.iter().any(|seat| seat.number() == sitting.who.seat);
        let there =
            |session: &SessionId, sitting: &Sitting| sitting.room == room && stats.publishers.contains(session) && connected(sitting);
        let mut people: Vec<OnStage> = self.0.iter().filter(|s| there(s.key(), s.value())).map(|s| s.who.clone()).collect();
        people.sort_by_key(|who| who.seat);
        people.into()
    }

    fn sessions(&self, which: impl Fn(&Sitting) -> bool) -> Vec<SessionId> {
        self.0.iter().filter(|sitting| which(sitting.value())).map(|sitting| *sitting.key()).collect()
    }

    /// The guests' sessions of a person in a room.
    pub(super) fn of_guest(&self, room: RoomId, account: AccountId) -> Vec<SessionId> {
        self.sessions(|sitting| sitting.room == room && sitting.who.account == account && sitting.guest.is_some())
    }

    /// The guests' sessions on some devices in a room.
    pub(super) fn of_guests_on(&self, room: RoomId, devices: &[String]) -> Vec<SessionId> {
        self.sessions(|sitting| sitting.room == room && sitting.guest.is_some() && devices.contains(&sitting.device))
    }
}

impl Live {
    /// Publishes into a room's stream, as somebody whose right the caller has looked at.
    pub async fn publish(&self, view: &RoomView, who: Entering, seat: SeatWanted, posted: &Posted) -> Result<(SessionId, Response)> {
        let room = view.room.id;
        self.streams.note_publisher(room, view.fair.id);
        let (session, seat, response) = self.wish.publish_at(Self::stream_of(room), seat, posted).await?;
        let part = match (who.guest, seat == Seat::HOST && !who.screen && view.is_host) {
            (Some(_), _) => Part::Guest,
            (None, true) => Part::Host,
            (None, false) => Part::CoHost,
        };
        let on_stage =
            OnStage { seat: seat.number(), account: who.account, name: who.name, part, screen: who.screen, muted: who.held.sound };
        let sitting = Sitting { room, who: on_stage, guest: who.guest, device: who.device, held: who.held, since: Instant::now() };
        self.streams.sittings.0.insert(session, sitting);
        // Before the answer is out, so that nothing comes through until then.
        if who.held != HeldBack::default() {
            self.hold_back(session, who.held).await;
        }
        Ok((session, response))
    }

    async fn hold_back(&self, session: SessionId, held: HeldBack) {
        // A session that is gone sends nothing.
        let _ = self.media.hold_back(session, held).await;
    }

    /// Holds a guest's sound back, or lets it pass, in all of its sessions; everybody in the room is told.
    pub async fn mute_guest(&self, room: RoomId, guest: GuestId, muted: bool) {
        let mut sessions = Vec::new();
        for mut sitting in self.streams.sittings.0.iter_mut().filter(|sitting| sitting.guest == Some(guest)) {
            sitting.held.sound = muted;
            sitting.who.muted = muted;
            sessions.push((*sitting.key(), sitting.held));
        }
        for (session, held) in sessions {
            self.hold_back(session, held).await;
        }
        self.streams.order(Order::Look(room));
    }

    /// The sessions of a guest, of the camera or of the screen.
    pub fn sessions_of_guest(&self, guest: GuestId, screen: bool) -> Vec<SessionId> {
        self.streams.sittings.sessions(|sitting| sitting.guest == Some(guest) && sitting.who.screen == screen)
    }

    /// Ends what a guest publishes.
    pub async fn close_guest(&self, guest: GuestId) {
        for session in self.streams.sittings.sessions(|sitting| sitting.guest == Some(guest)) {
            self.media.close(session).await;
        }
    }

    /// Whether one of the hosts publishes in a room, or is about to.
    pub fn has_host_on_stage(&self, room: RoomId) -> bool {
        self.streams.sittings.0.iter().any(|sitting| sitting.room == room && sitting.guest.is_none())
    }

    /// Ends what somebody publishes beside the guests.
    pub async fn close_co_host(&self, room: RoomId, account: AccountId) {
        let theirs = |s: &Sitting| s.room == room && s.guest.is_none() && s.who.account == account;
        for session in self.streams.sittings.sessions(theirs) {
            self.media.close(session).await;
        }
    }

    /// Whether somebody else has a seat, or is about to take it.
    pub fn is_taken(&self, room: RoomId, seat: Seat, account: AccountId) -> bool {
        self.streams.sittings.0.iter().any(|s| s.room == room && s.who.seat == seat.number() && s.who.account != account)
    }

    /// Whether this host publishes in a room, or is about to.
    pub fn is_host_on_stage(&self, room: RoomId, host: AccountId) -> bool {
        self.streams.sittings.0.iter().any(|sitting| sitting.room == room && sitting.guest.is_none() && sitting.who.account == host)
    }

    /// How many seats beside the host's nobody has or is about to take.
    pub fn free_seats(&self, room: RoomId) -> usize {
        let beside = |sitting: &Sitting| sitting.room == room && sitting.who.seat != Seat::HOST.number();
        (Seat::COUNT - 1).saturating_sub(self.streams.sittings.sessions(beside).len())
    }

    // Hands and captions, which the room's task keeps.

    /// Raises somebody's hand.
    pub async fn raise_hand(&self, room: RoomId, hand: Hand) -> Result<Raised> {
        self.handle(room).raise(hand).await.ok_or(AppError::Overloaded(2))
    }

    /// Lowers somebody's hand; true if it was up.
    pub async fn lower_hand(&self, room: RoomId, account: AccountId) -> Result<bool> {
        match self.handles.get(&room).map(|handle| handle.clone()) {
            Some(handle) => handle.lower(account).await.ok_or(AppError::Overloaded(2)),
            None => Ok(false),
        }
    }

    /// Somebody whose hand may be up is still there.
    pub fn heard_of(&self, room: RoomId, account: AccountId) {
        if let Some(handle) = self.handles.get(&room) {
            handle.heard_of(account);
        }
    }

    /// Shows a line of what is said.
    pub fn caption(&self, room: RoomId, spoken: Spoken) {
        self.handle(room).caption(spoken);
    }

    /// Tells staff that their desk of the stage has changed.
    pub fn desk_changed(&self, room: RoomId) {
        if let Some(handle) = self.handles.get(&room) {
            handle.desk_changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_whom_the_plane_knows_are_on_stage_and_the_others_are_struck_out() {
        let (sittings, room) = (Sittings::default(), RoomId::new());
        let sit = |seat, since| {
            let who = OnStage { seat, account: AccountId::new(), name: "李雷".into(), part: Part::Guest, screen: false, muted: false };
            let session = SessionId::new();
            sittings.0.insert(
                session,
                Sitting { room, who, guest: Some(GuestId::new()), device: String::new(), held: HeldBack::default(), since },
            );
            session
        };
        let (now, old) = (Instant::now(), Instant::now().checked_sub(YOUNG * 2).expect("the machine is up for longer"));
        let (third, first, gone, coming) = (sit(3, old), sit(1, now), sit(2, old), sit(4, now));
        let speakers = [1, 3].into_iter().filter_map(Seat::new).collect();
        let stats = StreamStats { publishers: vec![third, first], speakers, ..StreamStats::default() };
        let seats: Vec<u8> = sittings.of(room, &stats).iter().map(|who| who.seat).collect();
        assert_eq!(seats, [1, 3]);
        assert!(!sittings.0.contains_key(&gone) && sittings.0.contains_key(&coming));
        assert!(sittings.of(RoomId::new(), &stats).is_empty());
    }
}
