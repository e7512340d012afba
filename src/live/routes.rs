//! WHIP and WHEP of rooms: who may publish and view. The protocol itself is in [`super::wish`].

use super::{Live, wish};
use crate::accounts::Viewer;
use crate::ids::{RoomId, SessionId};
use crate::media::{SessionKind, ViewOptions};
use crate::web::{AppError, Id, Result, Text};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{patch, post, put};
use axum::{Json, Router};
use serde::Deserialize;

/// The media endpoints. They are mounted beside the pages, because scripts of other sites may use them with a token.
pub fn media_routes(live: Live) -> Router {
    Router::new()
        .route("/rooms/{id}/whip", post(publish).options(wish::options))
        .route("/rooms/{id}/whip/{session}", patch(patch_publisher).delete(end_publisher).options(wish::options))
        .route("/rooms/{id}/whep", post(view).options(wish::options))
        .route("/rooms/{id}/whep/{session}", patch(patch_viewer).delete(end_viewer).options(wish::options))
        .route("/rooms/{id}/whep/{session}/view", put(change_view).options(wish::options))
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
        .with_state(live)
}

/// `POST /rooms/{id}/whip`: a host goes live.
async fn publish(
    State(live): State<Live>,
    viewer: Viewer,
    Id(id): Id<RoomId>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    viewer.known()?;
    let view = live.rooms.hosted_by(&viewer, id).await?;
    live.check_open(&view)?;
    if wish::comes_back(&headers).is_some_and(|etag| live.streams.was_ended(id, etag)) {
        return Err(AppError::Busy(Text("live-ended-by-host"), wish::RETRY_BUSY));
    }
    live.streams.note_publisher(id, view.fair.id);
    let endpoint = wish::absolute(&live.rooms.fairs.accounts.origin, uri.path(), &headers);
    let (_, response) = wish::publish(&live.media, Live::stream_of(id), &endpoint, &headers, &body).await?;
    Ok(response)
}

/// What a viewer asks for: in the query of the first request, as JSON to change it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wanted {
    save_data: Switch,
    audio_only: Switch,
    merge_audio: Option<Switch>,
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
        }
    }
}

/// `POST /rooms/{id}/whep`: anybody who may see the room watches it, also while nobody publishes yet.
async fn view(
    State(live): State<Live>,
    viewer: Viewer,
    Id(id): Id<RoomId>,
    Query(wanted): Query<Wanted>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let view = live.rooms.visible_to(&viewer, id).await?;
    live.check_open(&view)?;
    live.check_not_banned(id, &viewer).await?;
    let endpoint = wish::absolute(&live.rooms.fairs.accounts.origin, uri.path(), &headers);
    let (session, response) = wish::view(&live.media, Live::stream_of(id), wanted.into(), &endpoint, &headers, &body).await?;
    if let Some(account) = viewer.id() {
        live.streams.note_viewer(session, id, account);
    }
    Ok(response)
}

/// `/rooms/{id}/whip/{session}` and what follows; anything that is not two ids is not found.
type Session = Path<(String, String)>;

fn parse((room, session): &(String, String)) -> Result<(RoomId, SessionId)> {
    match (room.parse(), session.parse()) {
        (Ok(room), Ok(session)) => Ok((room, session)),
        _ => Err(AppError::NotFound),
    }
}

async fn patch_publisher(State(live): State<Live>, Path(path): Session, headers: HeaderMap, body: Bytes) -> Result<Response> {
    let (room, session) = parse(&path)?;
    wish::patch(&live.media, Live::stream_of(room), SessionKind::Publisher, session, &headers, &body).await
}

async fn patch_viewer(State(live): State<Live>, Path(path): Session, headers: HeaderMap, body: Bytes) -> Result<Response> {
    let (room, session) = parse(&path)?;
    wish::patch(&live.media, Live::stream_of(room), SessionKind::Viewer, session, &headers, &body).await
}

async fn end_publisher(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    wish::delete(&live.media, Live::stream_of(room), SessionKind::Publisher, session).await
}

async fn end_viewer(State(live): State<Live>, Path(path): Session) -> Result<Response> {
    let (room, session) = parse(&path)?;
    wish::delete(&live.media, Live::stream_of(room), SessionKind::Viewer, session).await
}

/// `PUT /rooms/{id}/whep/{session}/view`: save data, or sound only, without a new offer.
async fn change_view(State(live): State<Live>, Path(path): Session, Json(wanted): Json<Wanted>) -> Result<Response> {
    let (room, session) = parse(&path)?;
    wish::set_view(&live.media, Live::stream_of(room), session, wanted.into()).await
}
