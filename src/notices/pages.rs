//! The pinned notice over HTTP, and its page for hosts.

use super::{MAX_TEXT, Notices};
use crate::accounts::Viewer;
use crate::ids::RoomId;
use crate::live::Notice;
use crate::rooms::RoomView;
use crate::web::{Fields, FormData, Id, Page, Result, beside, form_refused, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub fn routes(notices: Notices) -> Router {
    Router::new()
        .route("/rooms/{id}/notice", get(show).post(pin).delete(unpin))
        .route("/rooms/{id}/notice/removals", post(unpin))
        .route("/rooms/{id}/notice/undo", post(undo))
        .with_state(notices)
}

#[derive(Template)]
#[template(path = "notices/page.html")]
struct NoticePage {
    p: Page,
    view: RoomView,
    notice: Option<Notice>,
    text: String,
    fields: Fields,
}

impl NoticePage {
    fn max(&self) -> usize {
        MAX_TEXT
    }
}

async fn show(State(notices): State<Notices>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.person()?;
    html(&page(&notices, &viewer, p, id, String::new(), Fields::default()).await?)
}

async fn page(notices: &Notices, viewer: &Viewer, p: Page, id: RoomId, text: String, fields: Fields) -> Result<NoticePage> {
    let view = notices.chat.live.presented_by(viewer, id).await?;
    let notice = notices.chat.live.notice(id).await?;
    Ok(NoticePage { p, view, notice, text, fields })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    text: String,
}

async fn pin(
    State(notices): State<Notices>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(wanted): FormData<Wanted>,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    match notices.pin(&viewer, id, &wanted.text).await {
        Err(error) if is_page => {
            let (status, fields) = beside(error, "text")?;
            let page = page(&notices, &viewer, p, id, wanted.text, fields).await?;
            form_refused(&page, status, &page.fields)
        }
        pinned => {
            pinned?;
            done(&notices, &headers, id, &p.t("notices-pinned"), StatusCode::CREATED).await
        }
    }
}

async fn unpin(State(notices): State<Notices>, viewer: Viewer, p: Page, Id(id): Id<RoomId>, headers: HeaderMap) -> Result<Response> {
    notices.unpin(&viewer, id).await?;
    done(&notices, &headers, id, &p.t("notices-unpinned"), StatusCode::OK).await
}

async fn undo(State(notices): State<Notices>, viewer: Viewer, p: Page, Id(id): Id<RoomId>, headers: HeaderMap) -> Result<Response> {
    notices.undo(&viewer, id).await?;
    done(&notices, &headers, id, &p.t("notices-undone"), StatusCode::OK).await
}

/// The page for people; for programs what is pinned now.
async fn done(notices: &Notices, headers: &HeaderMap, id: RoomId, told: &str, status: StatusCode) -> Result<Response> {
    if wants_page(headers) {
        return Ok(see_other(&format!("/rooms/{id}/notice"), told));
    }
    let notice = notices.chat.live.notice(id).await?;
    Ok((status, Json(serde_json::json!({ "notice": notice }))).into_response())
}
