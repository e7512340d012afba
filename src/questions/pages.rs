//! Questions over HTTP: asking, voting, what hosts do, and the list as a page and as JSON.

use super::panel::Panel;
use super::{Draft, Kept, Questions, State};
use crate::accounts::Viewer;
use crate::ids::{QuestionId, RoomId};
use crate::moderation::Device;
use crate::rooms::RoomView;
use crate::web::{FormData, Id, Ids, Page, Result, beside, form_refused, html, see_other, wants_page};
use askama::Template;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub fn routes(questions: Questions) -> Router {
    Router::new()
        .route("/rooms/{id}/questions", get(show).post(ask))
        .route("/rooms/{id}/questions.json", get(list))
        .route("/rooms/{id}/questions/approval", post(set_approval))
        .route("/rooms/{id}/questions/{question}/votes", post(vote).delete(take_back))
        .route("/rooms/{id}/questions/{question}/votes/undo", post(take_back))
        .route("/rooms/{id}/questions/{question}/state", post(set_state).delete(undo))
        .route("/rooms/{id}/questions/{question}/state/undo", post(undo))
        .with_state(questions)
}

#[derive(Template)]
#[template(path = "questions/page.html")]
struct QuestionsPage {
    p: Page,
    view: RoomView,
    asks: Panel,
}

async fn page(questions: &Questions, viewer: &Viewer, p: Page, id: RoomId) -> Result<QuestionsPage> {
    let view = questions.chat.live.rooms.visible_to(viewer, id).await?;
    let asks = questions.panel(viewer, &view).await?;
    Ok(QuestionsPage { p, view, asks })
}

async fn show(Shared(questions): Shared<Questions>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    html(&page(&questions, &viewer, p, id).await?)
}

/// `GET /rooms/{id}/questions.json`: the list as it is now, for a page that was away.
async fn list(Shared(questions): Shared<Questions>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    let view = questions.chat.live.rooms.visible_to(&viewer, id).await?;
    let Panel { asked, answered, mut waiting, dismissed, approval, .. } = questions.panel(&viewer, &view).await?;
    for item in &mut waiting {
        item.why = item.reasons.iter().map(|key| p.t(key)).collect();
    }
    let body =
        serde_json::json!({ "asked": asked, "answered": answered, "waiting": waiting, "dismissed": dismissed, "approval": approval });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

async fn ask(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    device: Device,
    p: Page,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(draft): FormData<Draft>,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    let asked = match questions.ask(&viewer, id, &device, &draft).await {
        Err(error) if is_page => {
            let (status, fields) = beside(error, "text")?;
            let mut page = page(&questions, &viewer, p, id).await?;
            (page.asks.form.text, page.asks.fields) = (draft.text, fields);
            return form_refused(&page, status, &page.asks.fields);
        }
        asked => asked?,
    };
    let waits = asked.state == State::Waiting;
    let mut response = if is_page {
        let told = if waits { p.t("questions-waits") } else { p.t("questions-asked") };
        see_other(&format!("/rooms/{id}/questions"), &told)
    } else {
        let status = if waits { StatusCode::ACCEPTED } else { StatusCode::CREATED };
        (status, Json(own(&asked))).into_response()
    };
    device.keep(&mut response, questions.accounts().secure_cookies);
    Ok(response)
}

/// A question as its author, or a host, gets it back.
fn own(kept: &Kept) -> serde_json::Value {
    serde_json::json!({
        "question": kept.id, "state": kept.state.name(), "author": kept.author_id, "name": kept.name, "text": kept.text, "answer": kept.answer,
        "asked_at": kept.asked_at, "votes": kept.votes,
    })
}

/// The page of the list for people, the JSON for scripts.
fn answer(headers: &HeaderMap, id: RoomId, told: &str, json: serde_json::Value) -> Response {
    if wants_page(headers) { see_other(&format!("/rooms/{id}/questions"), told) } else { Json(json).into_response() }
}

async fn vote(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    device: Device,
    Ids(id, question): Ids<RoomId, QuestionId>,
    headers: HeaderMap,
) -> Result<Response> {
    let votes = questions.vote(&viewer, id, &device, question, true).await?;
    Ok(answer(&headers, id, "", serde_json::json!({ "question": question, "votes": votes, "voted": true })))
}

async fn take_back(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    device: Device,
    Ids(id, question): Ids<RoomId, QuestionId>,
    headers: HeaderMap,
) -> Result<Response> {
    let votes = questions.vote(&viewer, id, &device, question, false).await?;
    Ok(answer(&headers, id, "", serde_json::json!({ "question": question, "votes": votes, "voted": false })))
}

#[derive(Deserialize)]
struct Wanted {
    state: State,
    #[serde(default)]
    answer: String,
}

async fn set_state(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    Ids(id, question): Ids<RoomId, QuestionId>,
    headers: HeaderMap,
    FormData(wanted): FormData<Wanted>,
) -> Result<Response> {
    let kept = questions.set_state(&viewer, id, question, wanted.state, &wanted.answer).await?;
    Ok(answer(&headers, id, "", own(&kept)))
}

async fn undo(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    Ids(id, question): Ids<RoomId, QuestionId>,
    headers: HeaderMap,
) -> Result<Response> {
    let kept = questions.undo_dismissal(&viewer, id, question).await?;
    Ok(answer(&headers, id, "", own(&kept)))
}

#[derive(Deserialize)]
struct Approval {
    /// `1` or `0`.
    approval: String,
}

async fn set_approval(
    Shared(questions): Shared<Questions>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(form): FormData<Approval>,
) -> Result<Response> {
    let approval = form.approval == "1";
    questions.set_approval(&viewer, id, approval).await?;
    let told = if approval { p.t("questions-approval-on") } else { p.t("questions-approval-off") };
    Ok(answer(&headers, id, &told, serde_json::json!({ "approval": approval })))
}
