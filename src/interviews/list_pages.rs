//! Lists of interviews: the day of an employer's recruiters, and a person's own.

use super::{Card, Interviews, day_bounds, zone_name, zone_of};
use crate::accounts::{Employer, Viewer};
use crate::ids::EmployerId;
use crate::web::{AppError, Id, Page, Result, html};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/employers/{id}/interviews", get(show_day)).route("/interviews", get(show_mine))
}

#[derive(Template)]
#[template(path = "interviews/day.html")]
struct DayPage {
    p: Page,
    employer: Employer,
    date: String,
    previous: String,
    next: String,
    zone: String,
    interviews: Vec<Card>,
}

#[derive(Deserialize)]
struct DayQuery {
    #[serde(default)]
    day: String,
}

async fn show_day(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    Query(query): Query<DayQuery>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    let (fairs, now) = (all.live.rooms.fairs.of_employer(id).await?, all.now());
    let zone = fairs.iter().find(|f| f.state.is_active()).or(fairs.first()).map_or("UTC", |f| &f.zone);
    let today = jiff::Timestamp::from_millisecond(now)?.to_zoned_datetime(zone_of(zone)).date();
    let date = jiff::civil::Date::strptime("%Y-%m-%d", &query.day).unwrap_or(today);
    let (from, to) = day_bounds(&zone_of(zone), date).ok_or(AppError::NotFound)?;
    let link = |d: Option<jiff::civil::Date>| d.map(|d| format!("/employers/{id}/interviews?day={d}")).unwrap_or_default();
    let interviews = all.day_of(id, from, to).await?;
    let (previous, next) = (link(date.yesterday().ok()), link(date.tomorrow().ok()));
    html(&DayPage { zone: zone_name(zone, now, p.language()), p, employer, date: date.to_string(), previous, next, interviews })
}

#[derive(Template)]
#[template(path = "interviews/list.html")]
struct ListPage {
    p: Page,
    interviews: Vec<Card>,
    /// Employers whose interviews the viewer leads.
    employers: Vec<Employer>,
}

async fn show_mine(State(all): State<Interviews>, viewer: Viewer, p: Page) -> Result<Response> {
    let interviews = all.mine(&viewer).await?;
    let mut employers = Vec::new();
    for id in &viewer.roles.employers {
        employers.extend(all.accounts().employer(*id).await?);
    }
    html(&ListPage { p, interviews, employers })
}
