//! WHIP and WHEP of a call: each side publishes its own stream and views the other's. The protocol itself is in `live::wish`.

use super::{Interview, Interviews};
use crate::accounts::Viewer;
use crate::ids::{InterviewId, SessionId, StreamId};
use crate::live::{Wanted, wish};
use crate::media::SessionKind;
use crate::web::{AppError, Id, Result};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{patch, post, put};
use axum::{Json, Router};

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/interviews/{id}/whip", post(publish).options(wish::options))
        .route("/interviews/{id}/whip/{session}", patch(patch_publisher).delete(end_publisher).options(wish::options))
        .route("/interviews/{id}/whep", post(view).options(wish::options))
        .route("/interviews/{id}/whep/{session}", patch(patch_viewer).delete(end_viewer).options(wish::options))
        .route("/interviews/{id}/whep/{session}/view", put(change_view).options(wish::options))
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
}

/// A side publishes itself.
async fn publish(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let (interview, me) = all.open_to(&viewer, id).await?;
    let endpoint = wish::absolute(&all.accounts().origin, uri.path(), &headers);
    let (_, response) = wish::publish(&all.live.media, interview.stream_of(me), &endpoint, &headers, &body).await?;
    Ok(response)
}

/// A side views the other one, also while that has not come yet.
async fn view(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(wanted): Query<Wanted>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let (interview, me) = all.open_to(&viewer, id).await?;
    let endpoint = wish::absolute(&all.accounts().origin, uri.path(), &headers);
    let stream = interview.stream_of(me.other());
    let (_, response) = wish::view(&all.live.media, stream, wanted.into(), &endpoint, &headers, &body).await?;
    Ok(response)
}

/// `/interviews/{id}/whip/{session}` and what follows; anything that is not two ids is not found.
type Path2 = Path<(String, String)>;

/// The stream that a session of this kind belongs to, for a viewer who is one of the two sides.
async fn stream(all: &Interviews, viewer: &Viewer, path: &(String, String), kind: SessionKind) -> Result<(StreamId, SessionId)> {
    let (Ok(id), Ok(session)) = (path.0.parse(), path.1.parse()) else { return Err(AppError::NotFound) };
    let (interview, me): (Interview, _) = all.visible_to(viewer, id).await?;
    let party = match kind {
        SessionKind::Publisher => me,
        SessionKind::Viewer => me.other(),
    };
    Ok((interview.stream_of(party), session))
}

async fn patch_session(
    all: &Interviews,
    viewer: &Viewer,
    path: &(String, String),
    kind: SessionKind,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response> {
    let (stream, session) = stream(all, viewer, path, kind).await?;
    wish::patch(&all.live.media, stream, kind, session, headers, body).await
}

async fn patch_publisher(
    State(all): State<Interviews>,
    viewer: Viewer,
    Path(path): Path2,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    patch_session(&all, &viewer, &path, SessionKind::Publisher, &headers, &body).await
}

async fn patch_viewer(
    State(all): State<Interviews>,
    viewer: Viewer,
    Path(path): Path2,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    patch_session(&all, &viewer, &path, SessionKind::Viewer, &headers, &body).await
}

async fn end_publisher(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Publisher).await?;
    wish::delete(&all.live.media, stream, SessionKind::Publisher, session).await
}

async fn end_viewer(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    wish::delete(&all.live.media, stream, SessionKind::Viewer, session).await
}

async fn change_view(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, Json(wanted): Json<Wanted>) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    wish::set_view(&all.live.media, stream, session, wanted.into()).await
}
