//! Announcements over HTTP: the organisers' page, making and ending one, and what holds now as JSON.

use super::{Announcements, Draft, Kept, Level, MAX_TEXT};
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::{AnnouncementId, FairId};
use crate::web::{Fields, FormData, Id, Ids, Page, Result, beside, form_refused, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

pub fn routes(announcements: Announcements) -> Router {
    Router::new()
        .route("/fairs/{id}/announcements", get(show).post(make))
        .route("/fairs/{id}/announcements.json", get(holding))
        .route("/fairs/{id}/announcements/{announcement}/end", post(end))
        .with_state(announcements)
}

#[derive(Template)]
#[template(path = "announcements/page.html")]
struct AnnouncementsPage {
    p: Page,
    fair: Fair,
    /// What holds now, and what is over; newest first.
    now: Vec<Kept>,
    over: Vec<Kept>,
    form: Draft,
    fields: Fields,
}

impl AnnouncementsPage {
    fn max(&self) -> usize {
        MAX_TEXT
    }

    fn is_urgent(&self) -> bool {
        self.form.level == Level::Urgent
    }
}

async fn page(
    announcements: &Announcements,
    viewer: &Viewer,
    p: Page,
    id: FairId,
    form: Draft,
    fields: Fields,
) -> Result<AnnouncementsPage> {
    let (fair, all) = announcements.all(viewer, id).await?;
    let (now, over) = all.into_iter().partition(|kept| kept.holds(announcements.now()));
    Ok(AnnouncementsPage { p, fair, now, over, form, fields })
}

async fn show(State(announcements): State<Announcements>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    html(&page(&announcements, &viewer, p, id, Draft::default(), Fields::default()).await?)
}

/// `GET /fairs/{id}/announcements.json`: what holds now, for whoever sees the fair.
async fn holding(State(announcements): State<Announcements>, viewer: Viewer, Id(id): Id<FairId>) -> Result<Response> {
    announcements.live.rooms.fairs.door(&viewer, id).await?;
    let body = serde_json::json!({ "announcements": announcements.holding(id).await? });
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}

async fn make(
    State(announcements): State<Announcements>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    headers: HeaderMap,
    FormData(draft): FormData<Draft>,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    match announcements.announce(&viewer, id, &draft).await {
        Err(error) if is_page => {
            let (status, fields) = beside(error, "text_zh")?;
            let page = page(&announcements, &viewer, p, id, draft, fields).await?;
            form_refused(&page, status, &page.fields)
        }
        made => {
            let made = made?;
            if is_page {
                return Ok(see_other(&format!("/fairs/{id}/announcements"), &p.t("announcements-made")));
            }
            Ok((StatusCode::CREATED, Json(serde_json::json!({ "id": made }))).into_response())
        }
    }
}

async fn end(
    State(announcements): State<Announcements>,
    viewer: Viewer,
    p: Page,
    Ids(id, announcement): Ids<FairId, AnnouncementId>,
    headers: HeaderMap,
) -> Result<Response> {
    announcements.end(&viewer, id, announcement).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/fairs/{id}/announcements"), &p.t("announcements-ended")));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
