//! The page on which recruiters offer slots and take them back.

use super::offer::{BUFFERS, LENGTHS, Offer};
use super::pages::{Day, by_day};
use super::{Interviews, Slot, SlotKey, zone_name};
use crate::accounts::{Employer, Viewer};
use crate::clock::{HOUR, Millis};
use crate::fairs::Fair;
use crate::ids::EmployerId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/employers/{id}/slots", get(show_offers).post(offer)).route("/slots/{id}/withdrawals", post(withdraw))
}

#[derive(Template)]
#[template(path = "interviews/offers.html")]
struct OffersPage {
    p: Page,
    employer: Employer,
    fairs: Vec<(String, String)>,
    lengths: Vec<(i64, String)>,
    buffers: Vec<(i64, String)>,
    zone: String,
    offer: Offer,
    fields: Fields,
    days: Vec<Day>,
}

async fn offers_page(all: &Interviews, p: Page, employer: Employer, offer: Option<Offer>, fields: Fields) -> Result<OffersPage> {
    let now = all.now();
    let fairs = all.fairs_of(employer.id).await?;
    let known = all.live.rooms.fairs.of_employer(employer.id).await?;
    let zone_of_fair = |slot: &Slot| known.iter().find(|f| f.id == slot.fair_id).map(|f| f.zone.clone()).unwrap_or_default();
    let days = by_day(&all.offered(employer.id).await?, zone_of_fair);
    let offer = offer.unwrap_or_else(|| Offer::suggested(fairs.first(), now));
    let minutes = |n: &i64| (*n, p.t1("interviews-minutes", "n", n));
    Ok(OffersPage {
        lengths: LENGTHS.iter().map(minutes).collect(),
        buffers: BUFFERS.iter().map(|n| if *n == 0 { (0, p.t("interviews-no-break")) } else { minutes(n) }).collect(),
        zone: fairs.first().map(|f| zone_name(&f.zone, now, p.language())).unwrap_or_default(),
        fairs: fairs.iter().map(|f| (f.id.to_string(), p.pick(&f.title_zh, &f.title_en).to_owned())).collect(),
        p,
        employer,
        offer,
        fields,
        days,
    })
}

async fn show_offers(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    html(&offers_page(&all, p, employer, None, Fields::default()).await?)
}

async fn offer(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<Offer>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    match all.offer(&viewer, id, &form).await {
        Ok(slots) if wants_page(&headers) => {
            Ok(see_other(&format!("/employers/{id}/slots"), &p.t1("interviews-offered", "n", slots.len())))
        }
        Ok(slots) => Ok((StatusCode::CREATED, Json(slots.iter().map(Slot::json).collect::<Vec<_>>())).into_response()),
        Err(AppError::Invalid(fields)) => {
            let page = offers_page(&all, p, employer, Some(form), fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn withdraw(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<SlotKey>) -> Result<Response> {
    let slot = all.withdraw(&viewer, id).await?;
    Ok(see_other(&format!("/employers/{}/slots", slot.employer_id), &p.t("interviews-withdrawn")))
}

impl Offer {
    /// What the form suggests: two hours of the fair's first day to come.
    fn suggested(fair: Option<&Fair>, now: Millis) -> Self {
        let zone = fair.map_or(jiff::tz::TimeZone::UTC, Fair::time_zone);
        let earliest = fair.map_or(now, |f| f.starts_at.max(now)) + HOUR;
        let at = jiff::Timestamp::from_millisecond(earliest).unwrap_or_default().to_zoned_datetime(zone);
        let (date, hour) = if at.hour() < 21 { (at.date(), at.hour()) } else { (at.date().tomorrow().unwrap_or(at.date()), 9) };
        Self {
            fair: String::new(),
            date: date.to_string(),
            from: format!("{hour:02}:00"),
            to: format!("{:02}:00", hour + 2),
            length: "15".into(),
            buffer: "0".into(),
        }
    }
}
