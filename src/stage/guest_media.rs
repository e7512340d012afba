//! How guests publish: the right to it, and WHIP at an address of each invitation. The protocol itself is in `live::wish`.

use super::guests::{GuestState, Guests};
use super::people::{Two, two};
use crate::accounts::Viewer;
use crate::ids::{GuestId, RoomId, SessionId};
use crate::live::wish::{self, Posted};
use crate::live::{Entering, Live};
use crate::media::{SeatWanted, SessionKind};
use crate::moderation::Device;
use crate::rooms::RoomView;
use crate::stage::Guest;
use crate::web::{AppError, Result, Text};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::Response;
use axum::routing::{patch, post};
use serde::Deserialize;

/// Where guests publish. Mounted beside the pages like the hosts' endpoint.
pub fn media_routes(guests: Guests) -> Router {
    let session = patch(patch_session).delete(end_session).get(session_is_there);
    Router::new()
        .route("/rooms/{id}/guests/{guest}/whip", post(publish).get(may_publish).options(wish::endpoint_options))
        .route("/rooms/{id}/guests/{guest}/whip/{session}", session.options(wish::session_options))
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
        .with_state(guests)
}

impl Guests {
    /// The right to publish as a guest: 404 for whoever has none.
    async fn right(&self, viewer: &Viewer, device: &Device, room: RoomId, id: GuestId) -> Result<(RoomView, Guest)> {
        let guest = self.own(viewer, room, id).await?;
        if guest.state(self.now()) != GuestState::Accepted {
            return Err(AppError::NotFound);
        }
        let view = self.live.rooms.visible_to(viewer, room).await?;
        self.live.check_open(&view)?;
        self.moderation.check_not_banned(room, viewer.id(), device).await?;
        Ok((view, guest))
    }

    /// Publishes the guest's camera or screen, in the next free seat.
    pub(super) async fn publish(
        &self,
        viewer: &Viewer,
        device: &Device,
        room: RoomId,
        id: GuestId,
        screen: bool,
        posted: &Posted,
    ) -> Result<Response> {
        self.right(viewer, device, room, id).await?;
        let turn = self.turns.entry(id).or_default().clone();
        let _turn = turn.lock().await;
        let (view, guest) = self.right(viewer, device, room, id).await?;
        if screen && !guest.video.0 {
            return Err(AppError::Forbidden(Text("guests-voice-only")));
        }
        if !self.live.snapshot(room).live {
            return Err(AppError::Busy(Text("guests-not-live"), 3));
        }
        if screen && self.live.sessions_of_guest(id, true).is_empty() {
            self.check_room_for_screen(room).await?;
        }
        // Who comes back by name takes the place of that session; who comes anew, as after a reload, has left the old one.
        match posted.comes_back() {
            Some(etag) if self.is_elsewhere(id, screen, etag).await => return Err(AppError::Conflict(Text("guests-elsewhere"))),
            Some(_) => {}
            None => {
                for session in self.live.sessions_of_guest(id, screen) {
                    self.live.media.close(session).await;
                }
            }
        }
        let (name, held) = (guest.name.clone(), guest.held());
        let who = Entering { account: guest.account_id, name, screen, guest: Some(id), device: device.hash().to_owned(), held };
        let (session, response) = self.live.publish(&view, who, SeatWanted::Next, posted).await?;
        for other in self.live.sessions_of_guest(id, screen).into_iter().filter(|other| *other != session) {
            self.live.media.close(other).await;
        }
        match self.right(viewer, device, room, id).await {
            Ok((_, now)) if now.muted == guest.muted => {}
            Ok((_, now)) => self.live.mute_guest(room, id, now.muted.0).await,
            Err(gone) => {
                self.live.media.close(session).await;
                return Err(gone);
            }
        }
        self.seen.insert(id, self.now());
        Ok(response)
    }

    /// Whether the guest is on stage by another session than the one that is to come back, as from another tab: they would throw each other off.
    async fn is_elsewhere(&self, id: GuestId, screen: bool, etag: &str) -> bool {
        for session in self.live.sessions_of_guest(id, screen) {
            if self.live.media.session(session).await.is_some_and(|info| info.connected && !info.is_named(etag)) {
                return true;
            }
        }
        false
    }

    /// A screen takes no seat from somebody who has accepted and is on the way.
    async fn check_room_for_screen(&self, room: RoomId) -> Result<()> {
        let guests = super::store::guests(self.db().read(), room).await?;
        let is_coming = |guest: &&Guest| guest.accepted_at.is_some() && self.live.sessions_of_guest(guest.id, false).is_empty();
        if self.live.free_seats(room) > guests.iter().filter(is_coming).count() {
            Ok(())
        } else {
            Err(AppError::Forbidden(Text("guests-no-seat-for-screen")))
        }
    }

    pub(super) async fn may_publish(&self, viewer: &Viewer, device: &Device, room: RoomId, id: GuestId) -> Result<()> {
        self.right(viewer, device, room, id).await.map(|_| ())
    }
}

#[derive(Deserialize)]
struct Picture {
    /// `1` for a screen.
    #[serde(default)]
    screen: String,
}

async fn publish(
    State(guests): State<Guests>,
    viewer: Viewer,
    device: Device,
    Path(path): Two,
    Query(what): Query<Picture>,
    posted: Posted,
) -> Result<Response> {
    let (room, id) = two(&path)?;
    guests.publish(&viewer, &device, room, id, what.screen == "1", &posted).await
}

async fn may_publish(State(guests): State<Guests>, viewer: Viewer, device: Device, Path(path): Two) -> Result<Response> {
    let (room, id) = two(&path)?;
    guests.may_publish(&viewer, &device, room, id).await?;
    Ok(wish::endpoint())
}

type Session = Path<(String, String, String)>;

fn session((room, _, session): &(String, String, String)) -> Result<(RoomId, SessionId)> {
    match (room.parse(), session.parse()) {
        (Ok(room), Ok(session)) => Ok((room, session)),
        _ => Err(AppError::NotFound),
    }
}

async fn patch_session(State(guests): State<Guests>, Path(path): Session, posted: Posted) -> Result<Response> {
    let (room, session) = session(&path)?;
    guests.live.wish.patch(Live::stream_of(room), SessionKind::Publisher, session, &posted).await
}

async fn end_session(State(guests): State<Guests>, Path(path): Session) -> Result<Response> {
    let (room, session) = session(&path)?;
    guests.live.wish.delete(Live::stream_of(room), SessionKind::Publisher, session).await
}

async fn session_is_there(State(guests): State<Guests>, Path(path): Session) -> Result<Response> {
    let (room, session) = session(&path)?;
    guests.live.wish.is_there(Live::stream_of(room), SessionKind::Publisher, session).await
}
