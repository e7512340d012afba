//! The studio: where a host goes live, sees what viewers get, and gets an address for OBS.

use super::co_host_pages::CoHosts;
use super::people::Desk;
use super::reception::Reception;
use super::slide_pages::Slides;
use super::{Now, OnAir, Stage};
use crate::accounts::{MediaRole, ROOM_TOKEN, Viewer};
use crate::announcements::Bar;
use crate::chat::Panel;
use crate::clock::HOUR;
use crate::ids::{PostingId, RoomId};
use crate::live::Live;
use crate::polls;
use crate::postings::Listed;
use crate::questions;
use crate::rooms::RoomView;
use crate::web::{Fields, FormData, Id, Page, Result, Text, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes(stage: Stage) -> Router {
    Router::new()
        .route("/rooms/{id}/studio", get(show))
        .route("/rooms/{id}/air.json", get(air))
        .route("/rooms/{id}/stream/end", post(end))
        .route("/rooms/{id}/tokens", post(make_token).delete(revoke_tokens))
        .route("/rooms/{id}/tokens/revoke", post(revoke_tokens))
        .with_state(stage)
}

#[derive(Template)]
#[template(path = "stage/studio.html")]
struct StudioPage {
    p: Page,
    view: RoomView,
    now: Now,
    shelf: Vec<Listed>,
    panel: Panel,
    asks: questions::Panel,
    votes: polls::Panel,
    bar: Bar,
    whip_url: String,
    desk: Desk,
    slides: Slides,
    /// For hosts; co-hosts name nobody.
    co_hosts: Option<CoHosts>,
    /// A token that was just made; it is shown once.
    token: Option<String>,
}

impl StudioPage {
    fn is_studio(&self) -> bool {
        true
    }

    fn ready(&self) -> bool {
        !self.view.room.closed.0 && self.view.fair.state.is_active()
    }

    fn on_stage(&self, posting: &PostingId) -> bool {
        self.now.card.as_ref().is_some_and(|card| card.posting == *posting)
    }
}

async fn show(State(stage): State<Stage>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.person()?;
    studio(&stage, &viewer, p, &headers, id, None).await
}

async fn studio(stage: &Stage, viewer: &Viewer, p: Page, headers: &HeaderMap, id: RoomId, token: Option<String>) -> Result<Response> {
    let view = stage.live.presented_by(viewer, id).await?;
    let now = Now::of(&stage.live, &view).await?;
    let shelf = stage.postings.of_room(&view.room).await?;
    let panel = stage.chat.panel(viewer, &view).await?;
    let whip_url = stage.media_url(id, "whip", headers);
    let (asks, votes) = (stage.questions.panel(viewer, &view).await?, stage.polls.panel(viewer, &view).await?);
    let bar = stage.announcements.bar(view.fair.id).await?;
    let (desk, slides) = (Desk::of(&stage.guests, id).await?, Slides::of(stage, id, view.is_host).await?);
    let co_hosts = if view.is_host { Some(CoHosts::of(stage, id).await?) } else { None };
    html(&StudioPage { p, view, now, shelf, panel, asks, votes, bar, whip_url, desk, slides, co_hosts, token })
}

/// `GET /rooms/{id}/air.json`: what viewers get, for the room's hosts.
async fn air(State(stage): State<Stage>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let view = stage.live.presented_by(&viewer, id).await?;
    let now = Now::of(&stage.live, &view).await?;
    let stats = stage.live.media.stats(Live::stream_of(id)).await;
    let reception = Reception::of(&stats.layers, &stage.live.media.viewers(Live::stream_of(id)).await);
    let air = OnAir::from(stats);
    let body = serde_json::json!({ "status": now.status, "live": now.live, "people": now.people, "seats": now.seats, "air": air, "reception": reception });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// `POST /rooms/{id}/stream/end`: ends the stream whoever publishes it, such as an OBS that was left running.
async fn end(State(stage): State<Stage>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    stage.live.rooms.hosted_by(&viewer, id).await?;
    stage.guests.end_all(id).await?;
    stage.live.end_stream(id).await;
    if !wants_page(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(see_other(&format!("/rooms/{id}/studio"), &p.t("stage-stream-ended")))
}

/// What a token is wanted for; a host who presses the button publishes by OBS for as long as the fair lasts.
#[derive(Deserialize)]
#[serde(default)]
struct NewToken {
    role: MediaRole,
    hours: i64,
}

impl Default for NewToken {
    fn default() -> Self {
        Self { role: MediaRole::Publish, hours: ROOM_TOKEN / HOUR }
    }
}

/// `POST /rooms/{id}/tokens`: a bearer token that publishes to this room alone, or views it; JSON for scripts, the studio for people.
async fn make_token(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(new): FormData<NewToken>,
) -> Result<Response> {
    let account = viewer.person()?.id;
    let view = stage.live.rooms.hosted_by(&viewer, id).await?;
    let mut wrong = Fields::default();
    if !(1..=ROOM_TOKEN / HOUR).contains(&new.hours) {
        wrong.add("hours", Text("stage-token-hours"));
    }
    wrong.check()?;
    let accounts = &stage.live.rooms.fairs.accounts;
    let length = new.hours * HOUR;
    let token = accounts.room_token(account, id, new.role, length).await?;
    accounts.audit(account, "room.token", &id.to_string(), Some(view.fair.id), "", new.role.name()).await?;
    if wants_page(&headers) {
        return studio(&stage, &viewer, p, &headers, id, Some(token)).await;
    }
    let expires_at = accounts.clock.now() + length;
    let url = match new.role {
        MediaRole::Publish => ("whip_url", stage.media_url(id, "whip", &headers)),
        MediaRole::View => ("whep_url", stage.media_url(id, "whep", &headers)),
    };
    let body = serde_json::json!({ url.0: url.1, "token": token, "role": new.role, "expires_at": expires_at });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// `DELETE /rooms/{id}/tokens`, and as a form `POST /rooms/{id}/tokens/revoke`: no token of the room is good any more, for instance after one was seen
/// on screen. What is on air goes on.
async fn revoke_tokens(State(stage): State<Stage>, viewer: Viewer, p: Page, Id(id): Id<RoomId>, headers: HeaderMap) -> Result<Response> {
    let account = viewer.person()?.id;
    let view = stage.live.rooms.hosted_by(&viewer, id).await?;
    let accounts = &stage.live.rooms.fairs.accounts;
    accounts.end_room_tokens(id).await?;
    accounts.audit(account, "room.tokens-revoked", &id.to_string(), Some(view.fair.id), "", "").await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/rooms/{id}/studio"), &p.t("stage-tokens-revoked")));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
