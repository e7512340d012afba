//! The page of one interview, its calendar entry, its cancellation.

use super::calendar::Answered;
use super::choose::moment;
use super::messages::Told;
use super::pages::json;
use super::{Card, Change, Interview, Interviews, Party, State as Stage};
use crate::accounts::Viewer;
use crate::clock::{DAY, Millis, iso};
use crate::ids::InterviewId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/interviews/{id}", get(show_interview))
        .route("/interviews/{id}/calendar.ics", get(show_calendar))
        .route("/interviews/{id}/cancellations", post(cancel))
        .route("/interviews/{id}/replies", post(answer))
}

#[derive(Template)]
#[template(path = "interviews/interview.html")]
struct InterviewPage {
    p: Page,
    card: Card,
    told: Told,
    fields: Fields,
    reason: String,
    history: Vec<Change>,
    now: Millis,
}

impl InterviewPage {
    async fn new(all: &Interviews, viewer: &Viewer, p: Page, id: InterviewId) -> Result<Self> {
        let ((interview, party), now) = (all.visible_to(viewer, id).await?, all.now());
        let (history, told) = (all.history(viewer, id).await?, all.told(viewer, &interview).await?);
        Ok(Self { p, card: Card::new(interview, party, now), told, fields: Fields::default(), reason: String::new(), history, now })
    }

    /// Recruiters say who did not come once it is time, and until a day after the end.
    fn may_mark_absent(&self) -> bool {
        let it = &self.card.interview;
        let time = it.starts_at <= self.now && self.now < it.until() + DAY;
        time && it.room_id.is_none() && it.absent.is_empty() && !matches!(self.card.state, Stage::Running | Stage::Cancelled)
    }

    fn change(&self, change: &Change) -> String {
        let what = self.p.t(if change.kind == "moved" { "booking-moved" } else { "booking-cancelled" });
        let was = moment(self.p.language(), &self.card.interview.zone, change.starts_at);
        format!("{what} · {}", self.p.t1("booking-was", "time", was))
    }

    fn at(&self, change: &Change) -> String {
        iso(change.at)
    }

    fn at_local(&self, change: &Change) -> String {
        moment(self.p.language(), &self.card.interview.zone, change.at)
    }
}

/// The page; with `.ics` after the id, the calendar entry.
async fn show_interview(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response> {
    let (id, ics) = name.strip_suffix(".ics").map_or((name.as_str(), false), |id| (id, true));
    let id: InterviewId = id.parse().map_err(|_| AppError::NotFound)?;
    let (interview, party) = all.visible_to(&viewer, id).await?;
    if ics {
        return download(&all, &viewer, &interview, party).await;
    }
    let now = all.now();
    if !wants_page(&headers) {
        return Ok(Json(json(&interview, now)).into_response());
    }
    html(&InterviewPage::new(&all, &viewer, p, id).await?)
}

/// The same below the interview's own path, where whoever came by a join link is known.
async fn show_calendar(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Response> {
    let (interview, party) = all.visible_to(&viewer, id).await?;
    download(&all, &viewer, &interview, party).await
}

/// Asks for nothing, as nobody is invited by a file of their own.
async fn download(all: &Interviews, viewer: &Viewer, interview: &Interview, party: Party) -> Result<Response> {
    let text = all.entry_for(interview, viewer.known()?, party, None).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"interview.ics\""),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, text).into_response())
}

/// What a calendar program answers (RFC 5546, REPLY), sent on by somebody who is signed in.
async fn answer(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    headers: HeaderMap,
    text: String,
) -> Result<Response> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("text/calendar") {
        return Err(AppError::UnsupportedMediaType);
    }
    match all.answered(&viewer, id, &text).await? {
        Answered::Noted => Ok(StatusCode::NO_CONTENT.into_response()),
        Answered::MustConfirm => {
            let confirm = serde_json::json!({"state": "to-confirm", "confirm_url": format!("/interviews/{id}")});
            Ok((StatusCode::ACCEPTED, Json(confirm)).into_response())
        }
    }
}

#[derive(Deserialize)]
struct CancelForm {
    #[serde(default)]
    reason: String,
    /// A ticked box, or `true` in JSON.
    #[serde(default)]
    offer_again: String,
}

async fn cancel(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<CancelForm>,
) -> Result<Response> {
    match all.cancel(&viewer, id, &form.reason, form.offer_again == "1").await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/interviews/{id}"), &p.t("interviews-cancelled-flash"))),
        Ok(interview) => Ok(Json(json(&interview, all.now())).into_response()),
        Err(AppError::Invalid(fields)) => {
            let page = InterviewPage { fields, reason: form.reason, ..InterviewPage::new(&all, &viewer, p, id).await? };
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}
