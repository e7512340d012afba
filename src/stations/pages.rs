//! Stations for the organisers of a fair: who they are, who works there. And the routes of the capability.

use super::{Station, Stations, claim, worker_pages};
use crate::accounts::{Account, Viewer};
use crate::fairs::Fair;
use crate::ids::{AccountId, FairId, StationId};
use crate::web::{AppError, Fields, FormData, Id, Ids, Page, Result, form_again, html, private, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State as Use;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

pub fn routes(stations: Stations) -> Router {
    Router::new()
        .route("/fairs/{id}/stations", get(list).post(open))
        .route("/stations/{id}/staff", post(invite))
        .route("/stations/{id}/staff/{account}/removals", post(dismiss))
        .route("/stations/{id}", get(worker_pages::desk))
        .route("/stations/{id}/workers", post(worker_pages::register))
        .route("/stations/{id}/ends", post(worker_pages::end))
        .route("/stations/{id}/workers/{account}", get(worker_pages::show))
        .route("/stations/{id}/workers/{account}/opens", post(worker_pages::open))
        .route("/stations/{id}/workers/{account}/applications", post(worker_pages::apply))
        .route("/stations/{id}/workers/{account}/slips", post(worker_pages::print))
        .route("/claim/{token}", get(claim::show).post(claim::claim))
        .with_state(stations)
}

/// A form on the page, as typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct OpenForm {
    name: String,
    phone: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct StaffForm {
    staff: String,
    contact: String,
}

#[derive(Template)]
#[template(path = "stations/list.html")]
struct ListPage {
    p: Page,
    fair: Fair,
    all: Vec<(Station, Vec<Account>)>,
    form: OpenForm,
    typed: StaffForm,
    /// The station whose form was wrong.
    at: String,
    fields: Fields,
}

impl ListPage {
    fn is_at(&self, station: &StationId) -> bool {
        self.at == station.to_string()
    }

    fn staff_error(&self, station: &StationId, field: &str) -> String {
        if self.is_at(station) { self.p.error(&self.fields, field) } else { String::new() }
    }
}

async fn list(Use(all): Use<Stations>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    let (fair, stations) = all.of_fair(&viewer, id).await?;
    let page = ListPage {
        p,
        fair,
        all: stations,
        form: OpenForm::default(),
        typed: StaffForm::default(),
        at: String::new(),
        fields: Fields::default(),
    };
    Ok(private(html(&page)?))
}

async fn open(
    Use(all): Use<Stations>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<OpenForm>,
) -> Result<Response> {
    match all.open(&viewer, id, &form.name, &form.phone).await? {
        Ok(station) => Ok(see_other(&format!("/fairs/{id}/stations#s-{}", station.id), &p.t1("stations-opened", "name", &station.name))),
        Err(fields) => {
            let (fair, stations) = all.of_fair(&viewer, id).await?;
            let page = ListPage { p, fair, all: stations, form, typed: StaffForm::default(), at: String::new(), fields };
            form_again(&page, &page.fields)
        }
    }
}

async fn invite(
    Use(all): Use<Stations>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<StationId>,
    FormData(form): FormData<StaffForm>,
) -> Result<Response> {
    let outcome = all.invite(&viewer, id, &form.staff, &form.contact).await?;
    let fair = all.station(id).await?.ok_or(AppError::NotFound)?.fair_id;
    match outcome {
        Ok(account) => Ok(see_other(&format!("/fairs/{fair}/stations#s-{id}"), &p.t1("stations-invited", "name", &account.name))),
        Err(fields) => {
            let (fair, stations) = all.of_fair(&viewer, fair).await?;
            let page = ListPage { p, fair, all: stations, form: OpenForm::default(), typed: form, at: id.to_string(), fields };
            form_again(&page, &page.fields)
        }
    }
}

async fn dismiss(Use(all): Use<Stations>, viewer: Viewer, p: Page, Ids(id, account): Ids<StationId, AccountId>) -> Result<Response> {
    all.dismiss(&viewer, id, account).await?;
    let fair = all.station(id).await?.ok_or(AppError::NotFound)?.fair_id;
    Ok(see_other(&format!("/fairs/{fair}/stations#s-{id}"), &p.t("stations-dismissed")))
}
