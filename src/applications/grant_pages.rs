//! Where applicants see who can see their data, and take that back or give it again.

use super::grants::{Access, ToEmployer};
use super::{Applications, Listed};
use crate::accounts::Viewer;
use crate::ids::{ApplicationId, EmployerId};
use crate::web::{AppError, FormData, Id, Page, Result, html, private, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "applications/grants.html")]
struct GrantsPage {
    p: Page,
    all: Vec<ToEmployer>,
}

impl GrantsPage {
    fn day(&self, item: &Listed, access: &Access) -> String {
        day(item, *access)
    }

    /// In the zone of the newest application there.
    fn last_look(&self, one: &ToEmployer) -> String {
        one.items.first().map(|(item, _)| item.local(&one.last_look)).unwrap_or_default()
    }
}

/// The day on which something ends or has ended; empty if there is none.
pub(super) fn day(item: &Listed, access: Access) -> String {
    match access {
        Access::Open(at) | Access::Revoked(at) | Access::Expired(at) => item.local_day(at),
        Access::Withdrawn => String::new(),
    }
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page) -> Result<Response> {
    let all = app.grants(&viewer).await?;
    Ok(private(html(&GrantsPage { p, all })?))
}

#[derive(Deserialize)]
pub(super) struct EmployerForm {
    #[serde(default)]
    employer: String,
}

pub(super) async fn revoke_employer(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    FormData(form): FormData<EmployerForm>,
) -> Result<Response> {
    let employer: EmployerId = form.employer.parse().map_err(|_| AppError::NotFound)?;
    let n = app.revoke_employer(&viewer, employer).await?;
    Ok(see_other("/me/grants", &p.t1("grants-revoked-all", "n", n)))
}

pub(super) async fn revoke(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<ApplicationId>) -> Result<Response> {
    app.revoke(&viewer, id).await?;
    Ok(see_other(&format!("/applications/{id}#grant"), &p.t("grants-revoked-flash")))
}

#[derive(Deserialize)]
pub(super) struct GiveForm {
    #[serde(default)]
    consent: String,
}

pub(super) async fn give(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<GiveForm>,
) -> Result<Response> {
    app.give_again(&viewer, id, &form.consent).await?;
    Ok(see_other(&format!("/applications/{id}#grant"), &p.t("grants-given-flash")))
}
