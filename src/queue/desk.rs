//! The recruiter's desk: who waits, the next one, the talk, handing on, calling back.

use super::domain::HandTo;
use super::view::{DeskView, PersonView};
use super::{Booth, Queue};
use crate::accounts::Viewer;
use crate::chat::Panel;
use crate::ids::{AccountId, InterviewId, PlaceId, RoomId};
use crate::rooms::RoomView;
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Queue> {
    Router::new()
        .route("/rooms/{id}/desk", get(show))
        .route("/rooms/{id}/desk/state", get(state))
        .route("/rooms/{id}/desk/calls", post(call))
        .route("/rooms/{id}/desk/acceptances", post(accept))
        .route("/rooms/{id}/desk/refusals", post(release))
        .route("/rooms/{id}/desk/endings", post(end))
        .route("/rooms/{id}/desk/continuations", post(go_on))
        .route("/rooms/{id}/desk/hand-offs", post(hand_off))
        .route("/rooms/{id}/desk/call-backs", post(call_back))
        .route("/rooms/{id}/desk/settings", post(set))
}

#[derive(Template)]
#[template(path = "queue/desk.html")]
struct DeskPage {
    p: Page,
    view: RoomView,
    desk: DeskView,
    /// Other booths of the fair: id and title.
    booths: Vec<(String, String)>,
    panel: Panel,
}

impl DeskPage {
    /// Whose talk can be handed on; nobody's while somebody else is being called, for that would only mislead.
    fn to_hand(&self) -> Option<&PersonView> {
        match &self.desk.current {
            Some(current) => Some(current).filter(|c| c.state == "talking"),
            None => self.desk.last.as_ref(),
        }
    }
}

async fn show(State(queue): State<Queue>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    let view = queue.live().rooms.visible_to(&viewer, id).await?;
    queue.be_at_desk(id, me).await?;
    queue.serve_by_itself(&booth, me).await?;
    let desk = queue.desk_view(&booth, me).await?;
    let rooms = queue.live().rooms.of_fair(booth.fair.id).await?;
    let others = rooms.into_iter().filter(|r| r.id != id && r.employer_id.0.is_some() && !r.closed.0);
    let booths = others.map(|r| (r.id.to_string(), p.pick(&r.title_zh, &r.title_en).to_owned())).collect();
    let panel = queue.chat.panel(&viewer, &view).await?;
    html(&DeskPage { p, view, desk, booths, panel })
}

/// `GET /rooms/{id}/desk/state`: "I am here", every few seconds, answered with the line.
async fn state(State(queue): State<Queue>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.be_at_desk(id, me).await?;
    queue.serve_by_itself(&booth, me).await?;
    let desk = queue.desk_view(&booth, me).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(desk)).into_response())
}

/// The desk for people, the line for programs.
pub(super) async fn answer(queue: &Queue, headers: &HeaderMap, booth: &Booth, me: AccountId, said: &str) -> Result<Response> {
    queue.be_at_desk(booth.id(), me).await?;
    if wants_page(headers) {
        return Ok(see_other(&format!("/rooms/{}/desk", booth.id()), said));
    }
    let desk = queue.desk_view(booth, me).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(desk)).into_response())
}

/// `POST .../desk/calls`: takes the next one, which is the recruiter's own acceptance.
async fn call(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.check_open(&booth)?;
    queue.be_at_desk(id, me).await?;
    queue.change(booth.site(), |line, now| line.call_next(me, true, now)).await?;
    answer(&queue, &headers, &booth, me, "").await
}

/// `POST .../desk/acceptances`: accepts whom the line gave; straight into the talk if they have accepted too.
async fn accept(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.check_open(&booth)?;
    queue.change(booth.site(), |line, now| line.confirm(me, InterviewId::new(), now)).await?;
    if wants_page(&headers)
        && let Some(url) = queue.desk_view(&booth, me).await?.current.and_then(|current| current.call_url)
    {
        return Ok(see_other(&url, ""));
    }
    answer(&queue, &headers, &booth, me, "").await
}

async fn release(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.change(booth.site(), |line, _| line.release(me)).await?;
    answer(&queue, &headers, &booth, me, "").await
}

async fn end(State(queue): State<Queue>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.end_talk(&booth, me).await?;
    answer(&queue, &headers, &booth, me, &p.t("queue-ended")).await
}

async fn go_on(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.check_open(&booth)?;
    let place = PlaceId::new();
    queue.change(booth.site(), |line, now| line.continue_last(me, place, now)).await?;
    answer(&queue, &headers, &booth, me, "").await
}

#[derive(Deserialize)]
struct HandForm {
    /// `colleague:ID` or `booth:ID`.
    to: String,
}

impl HandForm {
    fn target(&self) -> Option<HandTo> {
        let (kind, id) = self.to.split_once(':')?;
        match kind {
            "colleague" => id.parse().ok().map(HandTo::Colleague),
            "booth" => id.parse().ok().map(HandTo::Booth),
            _ => None,
        }
    }
}

async fn hand_off(
    State(queue): State<Queue>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(form): FormData<HandForm>,
) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    let handed = queue.hand_off(&viewer, &booth, me, form.target().ok_or(AppError::NotFound)?).await?;
    let to = p.pick(&handed.to_zh, &handed.to_en);
    answer(&queue, &headers, &booth, me, &p.t2("queue-handed", "name", &handed.name, "to", to)).await
}

#[derive(Deserialize)]
struct CallBackForm {
    place: PlaceId,
}

async fn call_back(
    State(queue): State<Queue>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(form): FormData<CallBackForm>,
) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.call_back(&booth, me, form.place).await?;
    answer(&queue, &headers, &booth, me, &p.t("queue-called-back")).await
}

#[derive(Deserialize)]
struct SettingsForm {
    /// `serving`, `auto` or `paused`.
    mode: String,
}

async fn set(
    State(queue): State<Queue>,
    viewer: Viewer,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(form): FormData<SettingsForm>,
) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    let (paused, auto) = match form.mode.as_str() {
        "serving" => (false, false),
        "auto" => (false, true),
        "paused" => (true, false),
        _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
    };
    queue.set_desk(&booth, me, paused, auto).await?;
    answer(&queue, &headers, &booth, me, "").await
}
