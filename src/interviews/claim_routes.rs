//! The API of booking beyond the booking itself: holds, invitations, answers, moves, no-shows, waitlists. JSON and problem+json; a form is
//! answered by a way back to the page that it came from.
//!
//! `POST /slots/{key}/holds`, `POST /slots/{key}/invitations`, `GET /claims`, `GET /claims/{id}`, `POST /claims/{id}/answers`,
//! `POST /interviews/{id}/moves`, `POST /interviews/{id}/no-shows`, `GET /interviews/{id}/history`, `GET /plans/{id}/slots`,
//! `GET|POST /plans/{id}/waits`, `POST /plans/{id}/waits/ends`.

use super::claim::{Claim, Claiming};
use super::claim_pages::{self, ClaimQuery};
use super::claims::{Invitation, Replied, Reply};
use super::pages::json;
use super::slot::{Slot, SlotKey};
use super::{Booking, Filter, Interviews, book_pages};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::ids::{AccountId, InterviewId, PlanId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, see_other, wants_page};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/slots/{id}/holds", post(hold))
        .route("/slots/{id}/invitations", post(invite))
        .route("/claims", get(list))
        .route("/claims/{id}", get(show))
        .route("/claims/{id}/answers", post(answer))
        .route("/interviews/{id}/no-shows", post(mark_absent))
        .route("/interviews/{id}/history", get(history))
        .route("/plans/{id}/slots", get(slots))
        .route("/plans/{id}/waits", get(show_wait).post(wait))
        .route("/plans/{id}/waits/ends", post(stop_waiting))
}

/// A posting's id from a form; none if empty.
pub(super) fn posting_of(text: &str) -> Result<Option<PostingId>> {
    match text.trim() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| AppError::NotFound),
    }
}

/// 409 with the nearest free slots, as problem+json.
pub(super) async fn refused(all: &Interviews, p: &Page, why: Text, slot: &Slot) -> Result<Response> {
    let slots: Vec<_> = all.nearest_to(slot).await?.iter().map(Slot::json).collect();
    let body = json!({
        "type": "about:blank", "status": 409, "title": "Conflict", "detail": p.t(why.0), "code": why.0, "slots": slots,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    Ok((StatusCode::CONFLICT, kind, body.to_string()).into_response())
}

fn claimed(p: &Page, headers: &HeaderMap, status: StatusCode, claim: &Claim, now: Millis) -> Response {
    let url = format!("/claims/{}", claim.id);
    if wants_page(headers) {
        return see_other(&url, &p.t(claim.state(now).text()));
    }
    (status, [(header::LOCATION, url)], Json(claim.json(now))).into_response()
}

async fn claiming(all: &Interviews, p: &Page, headers: &HeaderMap, made: Claiming) -> Result<Response> {
    match made {
        Claiming::New(claim) => Ok(claimed(p, headers, StatusCode::CREATED, &claim, all.now())),
        Claiming::Again(claim) => Ok(claimed(p, headers, StatusCode::OK, &claim, all.now())),
        Claiming::Refused { why, slot } => refused(all, p, why, &slot).await,
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct HoldForm {
    client_id: String,
    posting_id: String,
}

async fn hold(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(key): Id<SlotKey>,
    FormData(form): FormData<HoldForm>,
) -> Result<Response> {
    let posting = posting_of(&form.posting_id)?;
    match all.hold(&viewer, key, &form.client_id, posting).await? {
        Claiming::Refused { why, slot } if wants_page(&headers) => book_pages::refused(&all, &viewer, p, (why, posting), &slot).await,
        made => claiming(&all, &p, &headers, made).await,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InviteForm {
    seeker_id: String,
    client_id: String,
    posting_id: String,
    /// How long it is good.
    hours: String,
    note: String,
}

async fn invite(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(slot): Id<SlotKey>,
    FormData(form): FormData<InviteForm>,
) -> Result<Response> {
    let seeker: AccountId = form.seeker_id.trim().parse().map_err(|_| AppError::NotFound)?;
    let hours = match form.hours.trim() {
        "" => None,
        text => Some(text.parse().ok().filter(|n| (1..=336).contains(n)).ok_or_else(|| wrong("hours", "schedule-hours-wrong"))?),
    };
    let posting = posting_of(&form.posting_id)?;
    let made = all.invite(&viewer, &Invitation { slot, seeker, client_id: form.client_id, posting, hours, note: form.note }).await?;
    match made {
        Claiming::Refused { why, .. } if wants_page(&headers) => Err(AppError::Conflict(why)),
        made => claiming(&all, &p, &headers, made).await,
    }
}

fn wrong(field: &'static str, key: &'static str) -> AppError {
    let mut fields = Fields::default();
    fields.add(field, Text(key));
    AppError::Invalid(fields)
}

async fn list(State(all): State<Interviews>, viewer: Viewer) -> Result<Json<Value>> {
    let now = all.now();
    Ok(Json(all.claims_of(&viewer).await?.iter().map(|c| c.json(now)).collect()))
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    Query(query): Query<ClaimQuery>,
) -> Result<Response> {
    let (claim, _) = all.claim_for(&viewer, id).await?;
    if wants_page(&headers) {
        return claim_pages::show(&all, &viewer, p, id, &query).await;
    }
    Ok(Json(claim.json(all.now())).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AnswerForm {
    /// `accept`, `decline` (also to take back what one asked for) or `propose`.
    answer: String,
    /// Of a proposal: the other slot.
    slot: String,
    client_id: String,
    reason: String,
}

async fn answer(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<AnswerForm>,
) -> Result<Response> {
    let reply = match form.answer.as_str() {
        "accept" => Reply::Accept,
        "decline" => Reply::Decline { reason: form.reason },
        "propose" => {
            let slot = form.slot.trim().parse().map_err(|_| wrong("slot", "schedule-choose"))?;
            Reply::Propose { slot, client_id: form.client_id, reason: form.reason }
        }
        _ => return Err(wrong("answer", "schedule-choose")),
    };
    match all.reply(&viewer, id, &reply).await? {
        Replied::Booked(interview) => Ok(booked(&all, &p, &headers, &Booking::New(interview)).await?),
        Replied::Again(interview) => Ok(booked(&all, &p, &headers, &Booking::Again(interview)).await?),
        Replied::Claim(claim) if claim.id == id => Ok(claimed(&p, &headers, StatusCode::OK, &claim, all.now())),
        Replied::Claim(claim) => Ok(claimed(&p, &headers, StatusCode::CREATED, &claim, all.now())),
        Replied::Refused { why, claim } => {
            let slot = all.slot_of(&claim);
            if wants_page(&headers) {
                return claim_pages::refused(&all, &viewer, p, id, why, &slot).await;
            }
            refused(&all, &p, why, &slot).await
        }
        Replied::Elsewhere { why, slot } if wants_page(&headers) => claim_pages::refused(&all, &viewer, p, id, why, &slot).await,
        Replied::Elsewhere { why, slot } => refused(&all, &p, why, &slot).await,
    }
}

async fn booked(all: &Interviews, p: &Page, headers: &HeaderMap, booking: &Booking) -> Result<Response> {
    let (status, interview) = match booking {
        Booking::New(interview) => (StatusCode::CREATED, interview),
        Booking::Again(interview) => (StatusCode::OK, interview),
        Booking::Refused { why, slot } => return refused(all, p, *why, slot).await,
    };
    let url = format!("/interviews/{}", interview.id);
    if wants_page(headers) {
        return Ok(see_other(&url, &p.t("interviews-booked-flash")));
    }
    Ok((status, [(header::LOCATION, url)], Json(json(interview, all.now()))).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AbsentForm {
    /// `seeker` or `employer`.
    who: String,
    reason: String,
}

async fn mark_absent(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<AbsentForm>,
) -> Result<Response> {
    let interview = all.mark_absent(&viewer, id, &form.who, &form.reason).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/interviews/{id}"), &p.t("schedule-absent-flash")));
    }
    Ok(Json(json(&interview, all.now())).into_response())
}

async fn history(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<Value>> {
    let changes = all.history(&viewer, id).await?;
    let one = |c: &super::Change| {
        json!({
            "sequence": c.sequence, "at": iso(c.at), "kind": c.kind, "reason": c.reason,
            "before": {"starts_at": iso(c.starts_at), "ends_at": iso(c.ends_at)},
        })
    };
    Ok(Json(changes.iter().map(one).collect()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Range {
    /// UTC milliseconds.
    from: Option<Millis>,
    to: Option<Millis>,
}

/// The free slots of a plan, for whoever may see the fair.
async fn slots(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<PlanId>, Query(range): Query<Range>) -> Result<Json<Value>> {
    let plan = all.schedule.plan(id).await?.ok_or(AppError::NotFound)?;
    let fair = all.live.rooms.fairs.door(&viewer, plan.fair_id).await?;
    if !fair.state.is_active() {
        return Ok(Json(json!([])));
    }
    let range = range.from.zip(range.to);
    let found = all.open_slots(plan.employer_id, plan.fair_id, Filter { plan: Some(id), range, ..Filter::default() }).await?;
    Ok(Json(found.iter().map(Slot::json).collect()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WaitForm {
    /// UTC milliseconds; any time without.
    from: Option<Millis>,
    to: Option<Millis>,
    posting_id: String,
}

fn wait_json(wait: &super::Wait) -> Value {
    json!({
        "id": wait.id, "plan": wait.plan, "from": iso(wait.from_at), "to": iso(wait.to_at), "ahead": wait.ahead, "offered": wait.offered,
    })
}

async fn show_wait(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<PlanId>) -> Result<Json<Value>> {
    let wait = all.waits_for(&viewer, id).await?.ok_or(AppError::NotFound)?;
    Ok(Json(wait_json(&wait)))
}

async fn wait(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PlanId>,
    FormData(form): FormData<WaitForm>,
) -> Result<Response> {
    let wait = all.wait(&viewer, id, form.from.zip(form.to), posting_of(&form.posting_id)?).await?;
    if wants_page(&headers) {
        return Ok(see_other("/interviews", &p.t("schedule-waiting-flash")));
    }
    Ok((StatusCode::CREATED, Json(wait_json(&wait))).into_response())
}

async fn stop_waiting(State(all): State<Interviews>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PlanId>) -> Result<Response> {
    all.stop_waiting(&viewer, id).await?;
    if wants_page(&headers) {
        return Ok(see_other("/interviews", &p.t("schedule-left-flash")));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
