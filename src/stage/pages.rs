//! The room page, and its state as JSON for a page without a socket.

use super::people::Own;
use super::spotlight::Shown;
use super::{Now, Stage};
use crate::accounts::Viewer;
use crate::announcements::Bar;
use crate::chat::Panel;
use crate::ids::RoomId;
use crate::polls;
use crate::postings::Listed;
use crate::questions;
use crate::queue;
use crate::rooms::RoomView;
use crate::web::{FormData, Id, Page, Result, back_to, html, see_other};
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes(stage: Stage) -> Router {
    Router::new()
        .route("/rooms/{id}", get(show))
        .route("/rooms/{id}/stage.json", get(state))
        .route("/rooms/{id}/closed", post(set_closed))
        .with_state(stage)
}

/// What the player needs, fetched at once rather than one import after the other: it shortens the way to the first frame.
const MODULES: &[&str] = &[
    "js/stage/player.js",
    "js/stage/panel.js",
    "js/stage/feed.js",
    "js/stage/card.js",
    "js/stage/people.js",
    "js/stage/late.js",
    "js/media/viewer.js",
    "js/media/more.js",
    "js/media/connection.js",
    "js/media/signalling.js",
    "js/media/backoff.js",
    "js/media/codecs.js",
    "js/media/stats.js",
    "js/core/http.js",
];

#[derive(Template)]
#[template(path = "stage/room.html")]
struct RoomPage {
    p: Page,
    view: RoomView,
    now: Now,
    shelf: Vec<Listed>,
    panel: Panel,
    asks: questions::Panel,
    votes: polls::Panel,
    bar: Bar,
    own: Own,
    /// The postings that were on stage, the last one first.
    shown: Arc<Vec<Shown>>,
    /// The line of a booth.
    line: Option<queue::Card>,
}

impl RoomPage {
    fn is_studio(&self) -> bool {
        false
    }

    /// Whether one can apply here now.
    fn open(&self) -> bool {
        self.view.fair.state.is_active()
    }

    /// Who is on stage, for the script.
    fn people_json(&self) -> String {
        serde_json::to_string(&self.now.stage).unwrap_or_default()
    }
}

async fn show(State(stage): State<Stage>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    let view = stage.live.rooms.visible_to(&viewer, id).await?;
    let now = Now::of(&stage.live, &view).await?;
    let own = stage.guests.own_of(&viewer, id).await?;
    let shown = stage.shown(id).await?;
    let shelf = stage.postings.of_room(&view.room).await?;
    let panel = stage.chat.panel(&viewer, &view).await?;
    let line = stage.queue.card(&viewer, &view).await?;
    let (asks, votes) = (stage.questions.panel(&viewer, &view).await?, stage.polls.panel(&viewer, &view).await?);
    let bar = stage.announcements.bar(view.fair.id).await?;
    html(&RoomPage { p, view, now, shelf, panel, asks, votes, bar, own, shown, line })
}

/// `GET /rooms/{id}/stage.json`
async fn state(State(stage): State<Stage>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let view = stage.live.rooms.visible_to(&viewer, id).await?;
    let now = Now::of(&stage.live, &view).await?;
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(now)).into_response())
}

#[derive(Deserialize)]
struct Door {
    closed: bool,
    #[serde(default)]
    back: String,
}

/// `POST /rooms/{id}/closed`: an organiser closes or opens a room; its stream ends and visitors are told.
async fn set_closed(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<RoomId>,
    FormData(door): FormData<Door>,
) -> Result<Response> {
    stage.set_closed(&viewer, id, door.closed).await?;
    let told = if door.closed { p.t("stage-room-closed") } else { p.t("stage-room-opened") };
    let back = if door.back.is_empty() { format!("/rooms/{id}") } else { door.back };
    Ok(see_other(back_to(&back), &told))
}
