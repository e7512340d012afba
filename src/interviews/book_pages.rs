//! The free slots of a booth or about a posting, and the booking of one.

use super::claim_routes::{posting_of, refused};
use super::pages::{Day, SlotItem, by_day, item, json};
use super::{Booking, Card, Filter, Interviews, Slot, SlotKey, zone_name};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::ids::{EmployerId, PostingId, RoomId};
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/rooms/{id}/interviews", get(show_slots))
        .route("/postings/{id}/interviews", get(show_slots_for))
        .route("/slots/{id}/bookings", post(book))
}

#[derive(Template)]
#[template(path = "interviews/book.html")]
struct BookPage {
    p: Page,
    employer: Employer,
    fair: Fair,
    /// The booth, to go back to.
    room: Option<RoomId>,
    zone: String,
    days: Vec<Day>,
    /// What the viewer has booked with this employer already.
    mine: Vec<Card>,
    /// May book; else is asked to sign in or to prove a contact.
    person: bool,
    verified: bool,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
    /// What it is about, if it was chosen.
    posting: Option<PostingId>,
}

async fn book_page(all: &Interviews, viewer: &Viewer, p: Page, employer: EmployerId, fair: Fair) -> Result<BookPage> {
    let employer = all.accounts().employer(employer).await?.ok_or(AppError::NotFound)?;
    let slots = if fair.state.is_active() { all.free_slots(employer.id, fair.id).await? } else { Vec::new() };
    let room = all.live.rooms.of_employer(employer.id).await?.into_iter().find(|r| r.fair_id == fair.id).map(|r| r.id);
    let person = viewer.person().is_ok();
    let mut mine = if person { all.mine(viewer).await? } else { Vec::new() };
    mine.retain(|c| c.interview.employer_id == employer.id && c.is_ahead());
    Ok(BookPage {
        zone: zone_name(&fair.zone, all.now(), p.language()),
        days: by_day(&slots, |_| fair.zone.clone()),
        p,
        employer,
        fair,
        room,
        mine,
        person,
        verified: viewer.verified,
        refusal: None,
        nearest: Vec::new(),
        posting: None,
    })
}

async fn show_slots(State(all): State<Interviews>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (view, slots) = all.slots_of_room(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
    html(&book_page(&all, &viewer, p, employer, view.fair).await?)
}

/// The same, about one posting.
async fn show_slots_for(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
) -> Result<Response> {
    let view = all.postings.visible_to(&viewer, id).await?;
    if !wants_page(&headers) {
        let filter = Filter { posting: Some(id), ..Filter::default() };
        let slots = all.open_slots(view.employer.id, view.fair.id, filter).await?;
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    let page = book_page(&all, &viewer, p, view.employer.id, view.fair).await?;
    html(&BookPage { posting: Some(id), ..page })
}

#[derive(Deserialize)]
struct BookForm {
    #[serde(default)]
    client_id: String,
    /// A posting of the employer, or empty.
    #[serde(default)]
    posting_id: String,
    /// Of organisers: for whom they book.
    #[serde(default)]
    seeker_id: String,
}

async fn book(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<SlotKey>,
    FormData(form): FormData<BookForm>,
) -> Result<Response> {
    let posting = posting_of(&form.posting_id)?;
    let booking = match form.seeker_id.trim() {
        "" => all.book(&viewer, id, &form.client_id, posting).await?,
        seeker => {
            let seeker = seeker.parse().map_err(|_| AppError::NotFound)?;
            all.book_for(&viewer, id, &form.client_id, seeker, posting).await?
        }
    };
    let (status, interview) = match booking {
        Booking::New(interview) => (StatusCode::CREATED, interview),
        Booking::Again(interview) => (StatusCode::OK, interview),
        Booking::Refused { why, slot } => return refuse(&all, &viewer, p, &headers, Refusal { why, slot, posting }).await,
    };
    let url = format!("/interviews/{}", interview.id);
    if wants_page(&headers) {
        return Ok(see_other(&url, &p.t("interviews-booked-flash")));
    }
    Ok((status, [(header::LOCATION, url)], Json(json(&interview, all.now()))).into_response())
}

/// Why a slot could not be had.
struct Refusal {
    why: Text,
    slot: Slot,
    posting: Option<PostingId>,
}

/// 409 with the nearest free slots: as the page of slots, or as problem+json.
async fn refuse(all: &Interviews, viewer: &Viewer, p: Page, headers: &HeaderMap, refusal: Refusal) -> Result<Response> {
    let Refusal { why, slot, posting } = &refusal;
    if !wants_page(headers) {
        return refused(all, &p, *why, slot).await;
    }
    let nearest = all.nearest_to(slot).await?;
    let fair = all.live.rooms.fairs.visible_to(viewer, slot.fair_id).await?;
    let nearest = nearest.iter().map(|s| item(s, &fair.zone, "%Y-%m-%d %H:%M")).collect();
    let page = book_page(all, viewer, p, slot.employer_id, fair).await?;
    let page = BookPage { refusal: Some(*why), nearest, posting: *posting, ..page };
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}
