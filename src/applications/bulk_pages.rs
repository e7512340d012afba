//! Doing something with those who were picked from the list, and undoing it.

use super::Applications;
use super::bulk::{Act, STAGES};
use crate::accounts::Viewer;
use crate::ids::{BulkId, EmployerId};
use crate::web::{AppError, FlashCookie, FormData, Id, Page, Result, Text, back_to, see_other, wants_page};
use axum::Json;
use axum::extract::State as Use;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BulkForm {
    application: Vec<String>,
    /// `move` or `assign`.
    act: String,
    to: String,
    template: String,
    assignee: String,
    back: String,
}

async fn act(app: &Applications, viewer: &Viewer, employer: EmployerId, form: &BulkForm) -> Result<Act> {
    let choose = || AppError::Unprocessable(Text("desk-choose"));
    match form.act.as_str() {
        "move" => {
            let to = STAGES.into_iter().find(|s| s.name() == form.to).ok_or_else(choose)?;
            let template = match form.template.parse() {
                Ok(id) => Some(app.template(viewer, id).await?).filter(|t| t.employer_id == employer),
                Err(_) => None,
            };
            Ok(Act::Move(to, template))
        }
        "assign" if form.assignee == "nobody" => Ok(Act::Assign(None)),
        "assign" if !form.assignee.is_empty() => Ok(Act::Assign(app.colleague(employer, &form.assignee).await?)),
        _ => Err(choose()),
    }
}

pub(super) async fn bulk(
    Use(desk): Use<super::Desk>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<BulkForm>,
) -> Result<Response> {
    viewer.person()?;
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let done = async {
        let act = act(&desk.app, &viewer, id, &form).await?;
        desk.app.bulk((&viewer, &desk.moderation), id, &form.application, &act).await
    };
    let done = done.await;
    if !wants_page(&headers) {
        let done = done?;
        let told = desk.app.told(&viewer, id, done).await?.ok_or(AppError::NotFound)?;
        let refused: Vec<_> = told.refused.iter().map(|(name, why)| serde_json::json!({"name": name, "why": p.t(why.0)})).collect();
        let body = serde_json::json!({"id": done, "done": told.done, "refused": refused});
        return Ok((StatusCode::CREATED, Json(body)).into_response());
    }
    let list = format!("/employers/{id}/applications");
    let back = if form.back.starts_with(&list) { back_to(&form.back) } else { &list };
    match done {
        Ok(done) => Ok(see_other(&format!("{back}{}done={done}", if back.contains('?') { '&' } else { '?' }), "")),
        // There is no field to say it beside: what was picked is still ticked when the browser goes back.
        Err(AppError::Unprocessable(text)) => {
            let mut response = see_other(back, "");
            if let Ok(value) = FlashCookie::header("error", &p.t(text.0)).parse() {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UndoForm {
    back: String,
}

pub(super) async fn undo(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<BulkId>,
    FormData(form): FormData<UndoForm>,
) -> Result<Response> {
    let (employer, back, stayed) = app.undo_bulk(&viewer, id).await?;
    let list = format!("/employers/{employer}/applications");
    let to = if form.back.starts_with(&list) { back_to(&form.back) } else { &list };
    let told = if stayed == 0 { p.t1("desk-undone", "n", back) } else { p.t2("desk-undone-partly", "n", back, "stayed", stayed) };
    Ok(see_other(to, &told))
}
