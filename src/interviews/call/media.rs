//! WHIP and WHEP of a call: everybody publishes in a seat of their own and views the others'. The protocol itself is in `live::wish`.

use super::presence::{Link, What};
use crate::accounts::Viewer;
use crate::ids::{InterviewId, SessionId, StreamId};
use crate::interviews::{Interviews, MOST_PUBLISHERS};
use crate::live::Wanted;
use crate::live::wish::{self, Posted};
use crate::media::{Seat, SessionKind, ViewOptions};
use crate::web::{AppError, Id, Result, Text};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Picture {
    /// `1` for a screen.
    #[serde(default)]
    screen: String,
}

/// Somebody who is in publishes their camera, or their screen beside it.
async fn publish(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(picture): Query<Picture>,
    posted: Posted,
) -> Result<Response> {
    let (interview, who) = all.right(&viewer, id).await?;
    let presence = &all.calls.presence;
    let (what, seat) = match picture.screen.as_str() {
        "1" => (What::Screen, presence.screen_seat(id, who.person, all.now())),
        _ => (What::Camera, presence.seat(id, &who, all.now())),
    };
    let seat = seat.ok_or(AppError::Conflict(Text("calls-full")))?;
    // Calls must leave the fair's booths their share of the media plane.
    if presence.publishers() >= MOST_PUBLISHERS {
        return Err(AppError::Overloaded(5));
    }
    let (session, response) = all.live.wish.publish_in(interview.stream(), seat, &posted).await?;
    admitted(&all, &viewer, session, Link { call: id, person: who.person, what, seat }).await?;
    Ok(response)
}

/// Somebody who is in views the others, also while nobody has come yet.
async fn view(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(wanted): Query<Wanted>,
    posted: Posted,
) -> Result<Response> {
    let (interview, who) = all.right(&viewer, id).await?;
    let seat = all.calls.presence.seat(id, &who, all.now()).ok_or(AppError::Conflict(Text("calls-full")))?;
    let (session, response) = all.live.wish.view(interview.stream(), beside(wanted, seat), &posted).await?;
    admitted(&all, &viewer, session, Link { call: id, person: who.person, what: What::View, seat }).await?;
    Ok(response)
}

/// Nobody sees and hears themselves.
fn beside(wanted: Wanted, own: Seat) -> ViewOptions {
    ViewOptions { without: Some(own), ..wanted.into() }
}

/// Notes a connection. Whoever was sent back while they came loses it at once.
async fn admitted(all: &Interviews, viewer: &Viewer, session: SessionId, link: Link) -> Result<()> {
    for older in all.calls.presence.link(session, link) {
        all.live.media.close(older).await;
    }
    if link.what == What::Screen {
        all.calls.hub.tell(link.call, super::hub::Told::Changed);
    }
    match all.right(viewer, link.call).await {
        Ok(_) => Ok(()),
        Err(gone) => {
            all.live.media.close(session).await;
            Err(gone)
        }
    }
}

async fn is_open(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Response> {
    all.right(&viewer, id).await?;
    Ok(wish::endpoint())
}

/// `/interviews/{id}/whip/{session}` and what follows; anything that is not two ids is not found.
type Path2 = Path<(String, String)>;

/// The stream that a session of the viewer's own belongs to.
async fn stream(all: &Interviews, viewer: &Viewer, path: &(String, String)) -> Result<(StreamId, SessionId)> {
    let (Ok(id), Ok(session)) = (path.0.parse(), path.1.parse()) else { return Err(AppError::NotFound) };
    let (interview, _) = all.visible_to(viewer, id).await?;
    let link = all.calls.presence.link_of(session).filter(|link| link.call == id && Some(link.person) == viewer.id());
    link.map(|_| (interview.stream(), session)).ok_or(AppError::NotFound)
}

async fn patch_publisher(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, posted: Posted) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.patch(stream, SessionKind::Publisher, session, &posted).await
}

async fn patch_viewer(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, posted: Posted) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.patch(stream, SessionKind::Viewer, session, &posted).await
}

async fn end_publisher(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.delete(stream, SessionKind::Publisher, session).await
}

async fn end_viewer(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.delete(stream, SessionKind::Viewer, session).await
}

async fn publisher_is_there(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.is_there(stream, SessionKind::Publisher, session).await
}

async fn viewer_is_there(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.is_there(stream, SessionKind::Viewer, session).await
}

async fn view_state(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.view_state(stream, session).await
}

async fn trace(
    State(all): State<Interviews>,
    viewer: Viewer,
    Path(path): Path2,
    Query(length): Query<wish::TraceLength>,
) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    all.live.wish.trace(stream, session, length).await
}

async fn change_view(State(all): State<Interviews>, viewer: Viewer, Path(path): Path2, Json(wanted): Json<Wanted>) -> Result<Response> {
    let (stream, session) = stream(&all, &viewer, &path).await?;
    let link = all.calls.presence.link_of(session).ok_or(AppError::NotFound)?;
    all.live.wish.set_view(stream, session, beside(wanted, link.seat)).await
}
