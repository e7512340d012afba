//! WHIP and WHEP of a call: each side publishes its own stream and views the other's. The protocol itself is in `live::wish`.

use super::{Interview, Interviews};
use crate::accounts::Viewer;
use crate::ids::{InterviewId, SessionId, StreamId};
use crate::live::Wanted;
use crate::live::wish::{self, Posted};
use crate::media::SessionKind;
use crate::web::{AppError, Id, Result};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};

pub(super) fn routes() -> Router<Interviews> {
    let publisher = patch(patch_publisher).delete(end_publisher).get(publisher_is_there);
    let viewer = patch(patch_viewer).delete(end_viewer).get(viewer_is_there);
    Router::new()
        .route("/interviews/{id}/whip", post(publish).get(is_open).options(wish::endpoint_options))
        .route("/interviews/{id}/whip/{session}", publisher.options(wish::session_options))
        .route("/interviews/{id}/whep", post(view).get(is_open).options(wish::endpoint_options))
        .route("/interviews/{id}/whep/{session}", viewer.options(wish::session_options))
        .route("/interviews/{id}/whep/{session}/view", put(change_view).get(view_state).options(wish::view_options))
        .route("/interviews/{id}/whep/{session}/trace", get(trace))
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
}

/// A side publishes itself.
async fn publish(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>, posted: Posted) -> Result<Response> {
    let (interview, me) = all.may_enter(&viewer, id).await?;
    let (_, response) = all.live.wish.publish(interview.stream_of(me), &posted).await?;
    Ok(response)
}

/// A side views the other one, also while that has not come yet.
async fn view(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(wanted): Query<Wanted>,
    posted: Posted,
) -> Result<Response> {
    let (interview, me) = all.may_enter(&viewer, id).await?;
    let (_, response) = all.live.wish.view(interview.stream_of(me.other()), wanted.into(), &posted).await?;
    Ok(response)
}

async fn is_open(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Response> {
    all.may_enter(&viewer, id).await?;
    Ok(wish::endpoint())
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

async fn patch_publisher(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, posted: Posted) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Publisher).await?;
    all.live.wish.patch(stream, SessionKind::Publisher, session, &posted).await
}

async fn patch_viewer(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, posted: Posted) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.patch(stream, SessionKind::Viewer, session, &posted).await
}

async fn end_publisher(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Publisher).await?;
    all.live.wish.delete(stream, SessionKind::Publisher, session).await
}

async fn end_viewer(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.delete(stream, SessionKind::Viewer, session).await
}

async fn publisher_is_there(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Publisher).await?;
    all.live.wish.is_there(stream, SessionKind::Publisher, session).await
}

async fn viewer_is_there(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.is_there(stream, SessionKind::Viewer, session).await
}

async fn view_state(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.view_state(stream, session).await
}

async fn trace(
    State(all): State<Interviews>,
    viewer: Viewer,
    Path(path): Path2,
    Query(length): Query<wish::TraceLength>,
) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.trace(stream, session, length).await
}

async fn change_view(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, Json(wanted): Json<Wanted>) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path, SessionKind::Viewer).await?;
    all.live.wish.set_view(stream, session, wanted.into()).await
}
