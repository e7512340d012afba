//! The page on which either side moves an interview to another time: of the free ones of the same employer, with a word why. The calendar
//! shows the same form in a dialog when an interview is dragged to another hour.

use super::choose::{Choices, day_of, moment};
use super::pages::{SlotItem, Tap, near, tapped};
use super::{Booking, Card, Filter, Interviews, zone_name};
use crate::accounts::Viewer;
use crate::ids::InterviewId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other, wants_page};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/interviews/{id}/moves", get(show).post(move_to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MoveQuery {
    from: String,
    /// An instant near which a time is wanted.
    at: String,
}

#[derive(Template)]
#[template(path = "interviews/move.html")]
struct MovePage {
    p: Page,
    card: Card,
    when: String,
    zone: String,
    choices: Choices,
    chosen: String,
    fields: Fields,
    reason: String,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
}

impl MovePage {
    /// Other days to choose from.
    fn turn(&self, date: &jiff::civil::Date) -> String {
        format!("/interviews/{}/moves?from={date}", self.card.interview.id)
    }

    fn is_late(&self) -> bool {
        !self.card.state.may_be_cancelled() || self.card.interview.room_id.is_some()
    }

    fn tap(&self, _: &SlotItem) -> Option<Tap> {
        (!self.is_late()).then_some(Tap::Of("move", Text("booking-move-submit")))
    }
}

async fn page(all: &Interviews, viewer: &Viewer, p: Page, id: InterviewId, query: &MoveQuery) -> Result<MovePage> {
    let (interview, party) = all.visible_to(viewer, id).await?;
    let now = all.now();
    let fair = all.live.rooms.fairs.visible_to(viewer, interview.fair_id).await?;
    let at = query.at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    let zone = fair.time_zone();
    let wanted = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).map(|at| at.to_zoned_datetime(zone).date());
    let choices = all.choices(interview.employer_id, &fair, Filter::default(), p.language(), day_of(&query.from).or(wanted)).await?;
    Ok(MovePage {
        when: moment(p.language(), &interview.zone, interview.starts_at),
        zone: zone_name(&interview.zone, now, p.language()),
        chosen: at.and_then(|at| choices.nearest(at)).map(|key| key.to_string()).unwrap_or_default(),
        choices,
        p,
        card: Card::new(interview, party, now),
        fields: Fields::default(),
        reason: String::new(),
        refusal: None,
        nearest: Vec::new(),
    })
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<InterviewId>,
    Query(query): Query<MoveQuery>,
) -> Result<Response> {
    html(&page(&all, &viewer, p, id, &query).await?)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MoveForm {
    slot: String,
    /// Of the nearest to one that could not be had.
    nearest: String,
    reason: String,
}

async fn move_to(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<MoveForm>,
) -> Result<Response> {
    let Some(slot) = tapped(&form.slot, &form.nearest) else {
        all.visible_to(&viewer, id).await?;
        let mut page = page(&all, &viewer, p, id, &MoveQuery::default()).await?;
        page.fields.add("slot", Text("booking-choose"));
        page.reason = form.reason;
        return form_again(&page, &page.fields);
    };
    match all.move_to(&viewer, id, slot, &form.reason).await {
        Ok(Booking::New(_) | Booking::Again(_)) if wants_page(&headers) => {
            Ok(see_other(&format!("/interviews/{id}"), &p.t("schedule-moved-flash")))
        }
        Ok(Booking::New(interview) | Booking::Again(interview)) => {
            Ok(axum::Json(super::pages::json(&interview, all.now())).into_response())
        }
        Ok(Booking::Refused { why, slot }) if wants_page(&headers) => {
            let mut page = page(&all, &viewer, p, id, &MoveQuery::default()).await?;
            let zone = page.card.interview.zone.clone();
            page.nearest = near(&all.nearest_to(&slot).await?, &zone, page.p.language());
            (page.refusal, page.reason) = (Some(why), form.reason);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
        Ok(Booking::Refused { why, slot }) => super::claim_routes::refused(&all, &p, why, &slot).await,
        Err(AppError::Conflict(why)) if wants_page(&headers) => {
            let mut page = page(&all, &viewer, p, id, &MoveQuery::default()).await?;
            (page.refusal, page.reason) = (Some(why), form.reason);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}
