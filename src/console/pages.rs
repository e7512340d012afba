//! The desk's pages.

use super::{Console, EmployerForm, FairForm, Figures, undelivered};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::ids::FairId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, form_again, html, see_other};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

pub fn routes(console: Console) -> Router {
    Router::new()
        .route("/console", get(list))
        .route("/fairs/new", get(new_fair))
        .route("/fairs", post(create_fair))
        .route("/fairs/{id}/console", get(desk))
        .route("/fairs/{id}/figures.json", get(figures))
        .route("/fairs/{id}/employers", post(admit))
        .route("/console/undelivered", get(undelivered::show))
        .route("/console/undelivered/retries", post(undelivered::retry_all))
        .route("/console/undelivered/drops", post(undelivered::drop_all))
        .route("/console/undelivered/{id}/retries", post(undelivered::retry))
        .route("/console/undelivered/{id}/drops", post(undelivered::drop))
        .with_state(console)
}

#[derive(Template)]
#[template(path = "console/list.html")]
struct ListPage {
    p: Page,
    fairs: Vec<Fair>,
    admin: bool,
    undelivered: i64,
}

async fn list(State(console): State<Console>, viewer: Viewer, p: Page) -> Result<Response> {
    viewer.person()?;
    if !viewer.is_admin() && viewer.roles.fairs.is_empty() {
        return Err(AppError::NotFound);
    }
    let mut fairs = console.live.rooms.fairs.list(&viewer).await?;
    fairs.retain(|f| viewer.organises(f.id));
    let undelivered = console.undelivered_for(&viewer).await?;
    html(&ListPage { p, fairs, admin: viewer.is_admin(), undelivered })
}

#[derive(Template)]
#[template(path = "console/new.html")]
struct NewFairPage {
    p: Page,
    form: FairForm,
    fields: Fields,
}

async fn new_fair(State(console): State<Console>, viewer: Viewer, p: Page) -> Result<Response> {
    console.may_create(&viewer)?;
    html(&NewFairPage { p, form: FairForm { zone: "Asia/Shanghai".into(), ..FairForm::default() }, fields: Fields::default() })
}

async fn create_fair(State(console): State<Console>, viewer: Viewer, p: Page, FormData(form): FormData<FairForm>) -> Result<Response> {
    console.may_create(&viewer)?;
    match form.check() {
        Ok(new) => {
            let fair = console.create_fair(&viewer, new).await?;
            Ok(see_other(&format!("/fairs/{}/console", fair.id), &p.t("console-fair-created")))
        }
        Err(fields) => {
            let page = NewFairPage { p, form, fields };
            form_again(&page, &page.fields)
        }
    }
}

#[derive(Template)]
#[template(path = "console/desk.html")]
struct DeskPage {
    p: Page,
    fair: Fair,
    employers: Vec<Employer>,
    figures: Figures,
    form: EmployerForm,
    fields: Fields,
}

async fn desk_page(console: &Console, p: Page, fair: Fair, form: EmployerForm, fields: Fields) -> Result<DeskPage> {
    let employers = console.live.rooms.fairs.employers(fair.id).await?;
    let figures = console.figures(&fair).await?;
    Ok(DeskPage { p, fair, employers, figures, form, fields })
}

async fn desk(State(console): State<Console>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = console.live.rooms.fairs.organised_by(&viewer, id).await?;
    html(&desk_page(&console, p, fair, EmployerForm::default(), Fields::default()).await?)
}

async fn figures(State(console): State<Console>, viewer: Viewer, Id(id): Id<FairId>) -> Result<Response> {
    let fair = console.live.rooms.fairs.organised_by(&viewer, id).await?;
    Ok(Json(console.figures(&fair).await?).into_response())
}

async fn admit(
    State(console): State<Console>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<EmployerForm>,
) -> Result<Response> {
    match console.admit(&viewer, id, &form).await? {
        Ok(_) => Ok(see_other(&format!("/fairs/{id}/console"), &p.t("console-employer-admitted"))),
        Err(fields) => {
            let fair = console.live.rooms.fairs.organised_by(&viewer, id).await?;
            let page = desk_page(&console, p, fair, form, fields).await?;
            form_again(&page, &page.fields)
        }
    }
}
