//! A seeker's side: lining up, the place, its ticket.

use super::domain::Wish;
use super::store::Elsewhere;
use super::view::PlaceView;
use super::{Booth, Queue, store};
use crate::accounts::Viewer;
use crate::ids::{PlaceId, RoomId};
use crate::moderation::Device;
use crate::postings::Listed;
use crate::rooms::RoomView;
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Queue> {
    Router::new()
        .route("/rooms/{id}/queue", get(show).post(join))
        .route("/rooms/{id}/queue/place", get(place))
        .route("/queue/{ticket}", get(follow))
        .route("/queue/{ticket}/acceptances", post(accept))
        .route("/queue/{ticket}/refusals", post(put_off))
        .route("/queue/{ticket}/departures", post(leave))
        .route("/queue/{ticket}/call-backs", post(ask_call_back))
        .route("/queue/{ticket}/reminders", post(set_reminder))
}

#[derive(Template)]
#[template(path = "queue/queue.html")]
struct QueuePage {
    p: Page,
    view: RoomView,
    /// The line takes people.
    open: bool,
    attended: bool,
    waiting: usize,
    own: Option<PlaceView>,
    shelf: Vec<Listed>,
    elsewhere: Vec<Elsewhere>,
    /// Has a name, so may line up.
    known: bool,
    /// Has a contact, so may be called back.
    verified: bool,
    is_desk: bool,
}

impl QueuePage {
    /// Whether the talk is over, after which one may be handed on.
    fn is_after(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.state == "served")
    }

    /// Whether the page should ask for news.
    fn watches(&self) -> bool {
        self.own.as_ref().is_some_and(PlaceView::is_open)
    }
}

async fn show(State(queue): State<Queue>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    let view = queue.live().rooms.visible_to(&viewer, id).await?;
    let booth = Booth::new(view.room.clone(), view.fair.clone()).ok_or(AppError::NotFound)?;
    let read = queue.line(id).await?;
    let own = queue.own_place(&viewer, &booth).await?;
    let elsewhere = match viewer.id() {
        Some(seeker) => store::elsewhere(queue.db().read(), seeker, id).await?,
        None => Vec::new(),
    };
    if let (Some("handed"), [(there, ..), ..]) = (own.as_ref().map(|own| own.state), elsewhere.as_slice()) {
        return Ok(see_other(&format!("/rooms/{there}/queue"), ""));
    }
    let shelf = queue.postings.of_room(&booth.room).await?;
    html(&QueuePage {
        p,
        open: queue.is_open(&booth),
        attended: queue.is_attended(&booth, &read.line),
        waiting: read.line.waiting().len(),
        own,
        shelf,
        elsewhere,
        known: viewer.account.is_some(),
        verified: viewer.verified,
        is_desk: viewer.recruits_for(booth.employer),
        view,
    })
}

/// `GET /rooms/{id}/queue/place`: where one stands, every few seconds.
async fn place(State(queue): State<Queue>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.known()?;
    let booth = queue.booth(&viewer, id).await?;
    let own = queue.own_place(&viewer, &booth).await?.ok_or(AppError::NotFound)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(own)).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct JoinForm {
    /// A posting of the booth, or empty.
    posting_id: String,
    /// `1`: does not wait, wants to be called back.
    call_back: String,
    /// `1`: wants a message when it is their turn.
    remind: String,
}

async fn join(
    State(queue): State<Queue>,
    viewer: Viewer,
    device: Device,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(form): FormData<JoinForm>,
) -> Result<Response> {
    let posting = match form.posting_id.as_str() {
        "" => None,
        posting => Some(posting.parse().map_err(|_| AppError::NotFound)?),
    };
    let booth = queue.booth(&viewer, id).await?;
    let call_back = form.call_back == "1";
    queue.join(&viewer, &device, &booth, posting, Wish { call_back, remind: form.remind == "1" }).await?;
    let told = if call_back { p.t("queue-call-back-asked") } else { p.t("queue-joined") };
    answer(&queue, &viewer, &headers, &booth, (StatusCode::CREATED, &told)).await
}

/// The page of the line for people, the place for programs.
async fn answer(queue: &Queue, viewer: &Viewer, headers: &HeaderMap, booth: &Booth, said: (StatusCode, &str)) -> Result<Response> {
    if wants_page(headers) {
        return Ok(see_other(&format!("/rooms/{}/queue", booth.id()), said.1));
    }
    let own = queue.own_place(viewer, booth).await?.ok_or(AppError::NotFound)?;
    Ok((said.0, [(header::CACHE_CONTROL, "no-store")], Json(own)).into_response())
}

/// The booth and the place of a ticket.
async fn held(queue: &Queue, viewer: &Viewer, ticket: &str) -> Result<(Booth, PlaceId)> {
    let (room, place) = queue.place_of(viewer, ticket).await?;
    Ok((queue.booth(viewer, room).await?, place))
}

/// `GET /queue/{ticket}`: back to the place, from a bookmark or a message.
async fn follow(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Path(ticket): Path<String>) -> Result<Response> {
    let (booth, _) = held(&queue, &viewer, &ticket).await?;
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, "")).await
}

/// Accepts a call; straight into the talk if the recruiter has accepted too.
async fn accept(
    State(queue): State<Queue>,
    viewer: Viewer,
    device: Device,
    headers: HeaderMap,
    Path(ticket): Path<String>,
) -> Result<Response> {
    let (booth, id) = held(&queue, &viewer, &ticket).await?;
    queue.accept(&viewer, &device, &booth, id).await?;
    if wants_page(&headers)
        && let Some(url) = queue.own_place(&viewer, &booth).await?.and_then(|own| own.call_url)
    {
        return Ok(see_other(&url, ""));
    }
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, "")).await
}

async fn put_off(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Path(ticket): Path<String>) -> Result<Response> {
    let (booth, id) = held(&queue, &viewer, &ticket).await?;
    queue.change(booth.site(), |line, _| line.put_off(id)).await?;
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, "")).await
}

async fn leave(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Path(ticket): Path<String>) -> Result<Response> {
    let (booth, id) = held(&queue, &viewer, &ticket).await?;
    queue.leave(&booth, id).await?;
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, "")).await
}

async fn ask_call_back(
    State(queue): State<Queue>,
    viewer: Viewer,
    device: Device,
    p: Page,
    headers: HeaderMap,
    Path(ticket): Path<String>,
) -> Result<Response> {
    let (booth, id) = held(&queue, &viewer, &ticket).await?;
    if !viewer.verified {
        return Err(AppError::Forbidden(Text("queue-contact-first")));
    }
    queue.check_welcome(booth.id(), viewer.known()?.id, &device).await?;
    queue.change(booth.site(), |line, _| line.ask_call_back(id)).await?;
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, &p.t("queue-call-back-asked"))).await
}

#[derive(Deserialize)]
struct ReminderForm {
    /// `1`: wants a message when it is their turn; `0`: no more.
    remind: String,
}

async fn set_reminder(
    State(queue): State<Queue>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path(ticket): Path<String>,
    FormData(form): FormData<ReminderForm>,
) -> Result<Response> {
    let (booth, id) = held(&queue, &viewer, &ticket).await?;
    let wanted = form.remind == "1";
    queue.set_reminder(&viewer, &booth, id, wanted).await?;
    let said = if wanted { p.t("queue-remind-on") } else { p.t("queue-remind-off") };
    answer(&queue, &viewer, &headers, &booth, (StatusCode::OK, &said)).await
}
