//! WHIP and WHEP of rooms: who may publish and view. The protocol itself is in [`super::wish`].

use super::streams::Watching;
use super::wish::{self, Posted};
use super::{Entering, Live};
use crate::accounts::Viewer;
use crate::ids::{AccountId, RoomId, SessionId};
use crate::media::{HeldBack, Seat, SeatWanted, SessionKind, ViewOptions};
use crate::web::{AppError, Id, Result, Text};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use axum::{Extension, Json, Router};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use std::sync::Arc;

/// Whether moderators let somebody into a room, by account and by what the headers tell of the device: they know, and are above this part. If
/// they do, the name of the device for [`Live::ban_devices`], empty if it has none.
pub type Admits = Arc<dyn Fn(RoomId, Option<AccountId>, HeaderMap) -> BoxFuture<'static, Result<String>> + Send + Sync>;

/// The media endpoints. They are mounted beside the pages, because scripts of other sites may use them with a token.
pub fn media_routes(live: Live, admits: Admits) -> Router {
    let publisher = patch(patch_publisher).delete(end_publisher).get(publisher_is_there);
    let viewer = patch(patch_viewer).delete(end_viewer).get(viewer_is_there);
    Router::new()
        .route("/rooms/{id}/whip", post(publish).get(may_publish).options(wish::endpoint_options))
        .route("/rooms/{id}/whip/{session}", publisher.options(wish::session_options))
        .route("/rooms/{id}/whep", post(view).get(may_view).options(wish::endpoint_options))
        .route("/rooms/{id}/whep/{session}", viewer.options(wish::session_options))
        .route("/rooms/{id}/whep/{session}/view", put(change_view).get(view_state).options(wish::view_options))
        .route("/rooms/{id}/whep/{session}/trace", get(trace))
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
        .layer(Extension(admits))
        .with_state(live)
}

/// The seat that a publisher asks for: a number, or `next` for the first free one beside the host's.
#[derive(Deserialize, Default)]
struct Chosen {
    seat: Option<String>,
    /// It is a screen and not a camera.
    #[serde(default)]
    screen: Switch,
}

impl Chosen {
    fn wanted(&self) -> Result<SeatWanted> {
        let number = match self.seat.as_deref() {
            None => return Ok(SeatWanted::At(Seat::HOST)),
            Some("next") => return Ok(SeatWanted::Next),
            Some(number) => number.parse().ok().and_then(Seat::new),
        };
        number.map(SeatWanted::At).ok_or(AppError::BadRequest(Text("live-no-seat")))
    }
}

/// `POST /rooms/{id}/whip`: a host or a co-host goes live, or joins the one who is.
async fn publish(
    State(live): State<Live>,
    viewer: Viewer,
    Id(id): Id<RoomId>,
    Query(chosen): Query<Chosen>,
    posted: Posted,
) -> Result<Response> {
    let account = viewer.known()?;
    let view = live.presented_by(&viewer, id).await?;
    live.check_open(&view)?;
    if posted.comes_back().is_some_and(|etag| live.streams.was_ended(id, etag)) {
        return Err(AppError::Busy(Text("live-ended-by-host"), wish::RETRY_BUSY));
    }
    let seat = chosen.wanted()?;
    // Hosts take over from each other; a co-host takes over from nobody.
    if let SeatWanted::At(at) = seat
        && !view.is_host
        && live.is_taken(id, at, account.id)
    {
        return Err(AppError::Conflict(Text("live-seat-taken")));
    }
    let name = account.name.clone();
    let who =
        Entering { account: account.id, name, screen: chosen.screen.0, guest: None, device: String::new(), held: HeldBack::default() };
    let (session, response) = live.publish(&view, who, seat, &posted).await?;
    // Their right may have ended while they came.
    if !view.is_host && !live.is_still_presented_by(&viewer, id).await? {
        live.media.close(session).await;
        return Err(AppError::NotFound);
    }
    Ok(response)
}

/// `GET` of the same: whether this is an endpoint for this host.
async fn may_publish(State(live): State<Live>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.known()?;
    live.presented_by(&viewer, id).await?;
    Ok(wish::endpoint())
}

/// What a viewer asks for: in the query of the first request, as JSON to change it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wanted {
    save_data: Switch,
    audio_only: Switch,
    merge_audio: Option<Switch>,
    /// The seat that is the main picture; whoever speaks if absent.
    pin: Option<Number>,
    /// How many small pictures.
    last: Option<Number>,
    /// The seat of whoever asks, which is left out.
    without: Option<Number>,
}

/// A small number, in a query or in JSON.
#[derive(Clone, Copy)]
struct Number(u8);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(de: D) -> std::result::Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(de)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|number| u8::try_from(number).ok());
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a number"))
    }
}

/// `1` or `true`.
#[derive(Clone, Copy, Default)]
struct Switch(bool);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: serde::Deserializer<'de>>(de: D) -> std::result::Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(de)?;
        Ok(Self(value == true || value == 1 || value == "1" || value == "true"))
    }
}

impl From<Wanted> for ViewOptions {
    fn from(wanted: Wanted) -> Self {
        // Who saves data has no use for a third of it in headers.
        Self {
            save_data: wanted.save_data.0,
            audio_only: wanted.audio_only.0,
            merge_audio: wanted.merge_audio.map_or(wanted.save_data.0, |merge| merge.0),
            pin: wanted.pin.and_then(|pin| Seat::new(pin.0)),
            last: wanted.last.map(|last| last.0),
            without: wanted.without.and_then(|seat| Seat::new(seat.0)),
            only: None,
        }
    }
}

/// `POST /rooms/{id}/whep`: anybody who may see the room watches it, also while nobody publishes yet.
async fn view(
    State(live): State<Live>,
    viewer: Viewer,
    Id(id): Id<RoomId>,
    Query(wanted): Query<Wanted>,
    Extension(admits): Extension<Admits>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response> {
    let door = live.rooms.door(&viewer, id).await?;
    live.check_door(&door.room, &door.fair)?;
    // Staff are not reached by device: they sit where others were banned.
    let headers = if door.is_host { HeaderMap::new() } else { headers };
    let (accounts, account) = (&live.rooms.fairs.accounts, viewer.id());
    let revision = accounts.revision();
    let device = admits(id, account, headers.clone()).await?;
    let (session, response) = live.wish.view(Live::stream_of(id), wanted.into(), &posted).await?;
    live.streams.note_viewer(session, Watching { room: id, account, device });
    // A ban ends the sessions that are noted by then.
    if accounts.revision() != revision
        && let Err(refused) = admits(id, account, headers).await
    {
        live.media.close(session).await;
        return Err(refused);
    }
    Ok(response)
}

async fn may_view(State(live): State<Live>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    live.rooms.visible_to(&viewer, id).await?;
    Ok(wish::endpoint())
}

/// `/rooms/{id}/whip/{session}` and what follows; anything that is not two ids is not found.
type Session = Path<(String, String)>;

fn parse((room, session): &(String, String)) -> Result<(RoomId, SessionId)> {
    match (room.parse(), session.parse()) {
        (Ok(room), Ok(session)) => Ok((room, session)),
        _ => Err(AppError::NotFound),
    }
}

async fn patch_publisher(State(live): State<Live>, Path(path): Session, posted: Posted) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.patch(Live::stream_of(room), SessionKind::Publisher, session, &posted).await
}

async fn patch_viewer(State(live): State<Live>, Path(path): Session, posted: Posted) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.patch(Live::stream_of(room), SessionKind::Viewer, session, &posted).await
}

async fn end_publisher(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.delete(Live::stream_of(room), SessionKind::Publisher, session).await
}

async fn end_viewer(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.delete(Live::stream_of(room), SessionKind::Viewer, session).await
}

async fn publisher_is_there(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.is_there(Live::stream_of(room), SessionKind::Publisher, session).await
}

async fn viewer_is_there(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.is_there(Live::stream_of(room), SessionKind::Viewer, session).await
}

/// `GET /rooms/{id}/whep/{session}/view`: whether the picture is paused because the viewer's network does not carry it, and whose is
/// where.
async fn view_state(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.view_state(Live::stream_of(room), session).await
}

/// `GET /rooms/{id}/whep/{session}/trace`: what happens on a viewer's connection, for a minute at most.
async fn trace(State(live): State<Live>, Path(path): Session, Query(length): Query<wish::TraceLength>) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.trace(Live::stream_of(room), session, length).await
}

/// `PUT /rooms/{id}/whep/{session}/view`: save data, sound only, whose picture is large, without a new offer.
async fn change_view(State(live): State<Live>, Path(path): Session, Json(wanted): Json<Wanted>) -> Result<Response> {
    let (room, session) = parse(&path)?;
    live.wish.set_view(Live::stream_of(room), session, wanted.into()).await
}
