//! The page on which organisers set within which hours interviews of their fair may be.

use super::form::cell;
use super::pages::zone_shown;
use super::rows::{Range, date_name};
use super::{FrameDay, FrameForm, Schedule};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::FairId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;

/// Days of a fair that its frame is edited for; a longer one is a season, whose later days come when earlier ones are past.
const FRAME_DAYS: usize = 62;

pub(super) fn routes() -> Router<Schedule> {
    Router::new().route("/fairs/{id}/interviews/frame", get(show).post(set))
}

/// A day of a frame as typed.
struct FrameRow {
    day: String,
    name: String,
    ranges: Vec<Range>,
}

#[derive(Template)]
#[template(path = "schedule/frame.html")]
struct FramePage {
    p: Page,
    fair: Fair,
    rows: Vec<FrameRow>,
    fields: Fields,
    is_set: bool,
}

impl FramePage {
    fn zone_shown(&self) -> String {
        zone_shown(&self.p, &self.fair.zone)
    }
}

/// The days of the fair, each with what is typed for it and room for one more stretch.
fn frame_rows(fair: &Fair, form: &FrameForm, lang: Lang, now: Millis) -> Vec<FrameRow> {
    let zone = fair.time_zone();
    let day = |at| super::plan::day_in(&zone, at);
    let (first, last) = (day(fair.starts_at.max(now)), day(fair.ends_at));
    let mut days: Vec<String> =
        first.series(jiff::ToSpan::days(1)).take_while(|d| *d <= last).take(FRAME_DAYS).map(|d| d.to_string()).collect();
    days.extend(form.day.iter().filter(|d| !d.is_empty()).cloned());
    days.sort();
    days.dedup();
    let row = |day: String| {
        let mut ranges: Vec<Range> = (0..form.day.len())
            .filter(|n| form.day[*n] == day)
            .map(|n| Range { from: cell(&form.from, n).to_owned(), to: cell(&form.to, n).to_owned(), who: String::new() })
            .filter(|r| !r.is_blank())
            .collect();
        ranges.push(Range::default());
        let date = Date::strptime("%Y-%m-%d", &day).ok();
        let name = date.map_or_else(|| day.clone(), |date| date_name(lang, date));
        FrameRow { day, name, ranges }
    };
    days.into_iter().map(row).collect()
}

async fn show(State(schedule): State<Schedule>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = schedule.fairs.organised_by(&viewer, id).await?;
    let days: Vec<FrameDay> = schedule.frame_days(id).await?;
    let rows = frame_rows(&fair, &FrameForm::of(&days), p.language(), schedule.now());
    html(&FramePage { p, fair, rows, fields: Fields::default(), is_set: !days.is_empty() })
}

async fn set(
    State(schedule): State<Schedule>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<FairId>,
    FormData(form): FormData<FrameForm>,
) -> Result<Response> {
    viewer.person()?;
    let fair = schedule.fairs.organised_by(&viewer, id).await?;
    // A day whose times are left empty is no day of the frame.
    let blank = |n: usize| [&form.from, &form.to].iter().all(|column| column.get(n).is_none_or(|text| text.trim().is_empty()));
    let kept = FrameForm {
        day: form.day.iter().enumerate().map(|(n, day)| if blank(n) { String::new() } else { day.clone() }).collect(),
        ..form.clone()
    };
    match schedule.set_frame(&viewer, id, &kept).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/fairs/{id}/interviews/frame"), &p.t("plans-frame-set"))),
        Ok(days) => Ok(Json(serde_json::json!({"days": days.len()})).into_response()),
        Err(AppError::Invalid(fields)) => {
            let rows = frame_rows(&fair, &form, p.language(), schedule.now());
            let page = FramePage { p, fair, rows, fields, is_set: true };
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}
