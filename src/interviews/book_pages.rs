//! The free slots of a booth or about a posting, and the booking of one.

use super::choose::{Choices, day_of};
use super::claim_pages::ClaimCard;
use super::claim_routes::{self, posting_of};
use super::pages::{SlotItem, json, near};
use super::{Booking, Card, Filter, Interviews, Slot, SlotKey, Wait, zone_name};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::ids::{EmployerId, PlanId, PostingId, RoomId};
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Query, State};
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

/// A plan whose waitlist somebody may join, or is on.
struct Waiting {
    plan: PlanId,
    title: String,
    place: Option<Wait>,
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
    choices: Choices,
    /// What the viewer has booked with this employer already.
    mine: Vec<Card>,
    /// What is still to be answered.
    open: Vec<ClaimCard>,
    waiting: Vec<Waiting>,
    postings: Vec<(PostingId, String)>,
    /// May book; else is asked to sign in or to prove a contact.
    person: bool,
    verified: bool,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
    /// What it is about, if it was chosen.
    posting: Option<PostingId>,
}

impl BookPage {
    /// Other days to choose from.
    fn turn(&self, date: &jiff::civil::Date) -> String {
        match (self.posting, self.room) {
            (Some(id), _) => format!("/postings/{id}/interviews?from={date}"),
            (None, Some(id)) => format!("/rooms/{id}/interviews?from={date}"),
            (None, None) => String::new(),
        }
    }

    fn is_about(&self, id: &PostingId) -> bool {
        self.posting == Some(*id)
    }

    fn about(&self) -> String {
        self.posting.map(|id| id.to_string()).unwrap_or_default()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct From {
    from: String,
}

async fn book_page(
    all: &Interviews,
    viewer: &Viewer,
    p: Page,
    employer: EmployerId,
    fair: Fair,
    (posting, from): (Option<PostingId>, &str),
) -> Result<BookPage> {
    let employer = all.accounts().employer(employer).await?.ok_or(AppError::NotFound)?;
    let filter = Filter { posting, ..Filter::default() };
    let choices = all.choices(employer.id, &fair, filter, p.language(), day_of(from)).await?;
    let room = all.live.rooms.of_employer(employer.id).await?.into_iter().find(|r| r.fair_id == fair.id).map(|r| r.id);
    let person = viewer.person().is_ok();
    let (mut mine, mut open, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    if person {
        mine = all.mine(viewer).await?;
        mine.retain(|c| c.interview.employer_id == employer.id && c.is_ahead());
        open = all.open_claims(viewer).await?;
        open.retain(|c| c.claim.employer_id == employer.id);
        if viewer.verified && fair.state.is_active() {
            for plan in all.schedule.open_plans(employer.id, fair.id).await?.into_iter().filter(|x| posting.is_none_or(|id| x.is_for(id))) {
                waiting.push(Waiting { place: all.waits_for(viewer, plan.id).await?, plan: plan.id, title: plan.title });
            }
        }
    }
    let mut postings = all.postings.of_employer(employer.id).await?;
    postings.retain(|x| x.fair_id == fair.id && x.status(all.now()).is_public());
    Ok(BookPage {
        zone: zone_name(&fair.zone, all.now(), p.language()),
        postings: postings.into_iter().map(|x| (x.id, x.content.title(p.language()).to_owned())).collect(),
        p,
        employer,
        fair,
        room,
        choices,
        mine,
        open,
        waiting,
        person,
        verified: viewer.verified,
        refusal: None,
        nearest: Vec::new(),
        posting,
    })
}

async fn show_slots(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    Query(query): Query<From>,
) -> Result<Response> {
    if !wants_page(&headers) {
        let (_, slots) = all.slots_of_room(&viewer, id).await?;
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    let view = all.live.rooms.visible_to(&viewer, id).await?;
    let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
    html(&book_page(&all, &viewer, p, employer, view.fair, (None, &query.from)).await?)
}

/// The same, about one posting.
async fn show_slots_for(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
    Query(query): Query<From>,
) -> Result<Response> {
    let view = all.postings.visible_to(&viewer, id).await?;
    if !wants_page(&headers) {
        let filter = Filter { posting: Some(id), ..Filter::default() };
        let slots = all.open_slots(view.employer.id, view.fair.id, filter).await?;
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    html(&book_page(&all, &viewer, p, view.employer.id, view.fair, (Some(id), &query.from)).await?)
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
        Booking::Refused { why, slot } if wants_page(&headers) => return refused(&all, &viewer, p, (why, posting), &slot).await,
        Booking::Refused { why, slot } => return claim_routes::refused(&all, &p, why, &slot).await,
    };
    let url = format!("/interviews/{}", interview.id);
    if wants_page(&headers) {
        return Ok(see_other(&url, &p.t("interviews-booked-flash")));
    }
    Ok((status, [(header::LOCATION, url)], Json(json(&interview, all.now()))).into_response())
}

/// The page of slots with why one could not be had and the nearest free ones; 409.
pub(super) async fn refused(
    all: &Interviews,
    viewer: &Viewer,
    p: Page,
    (why, posting): (Text, Option<PostingId>),
    slot: &Slot,
) -> Result<Response> {
    let nearest = all.nearest_to(slot).await?;
    let fair = all.live.rooms.fairs.visible_to(viewer, slot.fair_id).await?;
    let nearest = near(&nearest, &fair.zone, p.language());
    let page = book_page(all, viewer, p, slot.employer_id, fair, (posting, "")).await?;
    let page = BookPage { refusal: Some(why), nearest, ..page };
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}
