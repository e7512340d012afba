//! The pages on which people see and decide about their data.

use super::Privacy;
use super::consents::{Item, Stands};
use super::data::{Section, Shown, sections};
use super::deletion::{Deletion, GRACE, RECORDS_KEPT, WORDS_KEPT};
use crate::accounts::Viewer;
use crate::clock::{DAY, Millis, iso};
use crate::web::{AppError, Fields, FormData, Page, Result, form_again, html, private, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State as Use;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

pub fn routes(privacy: Privacy) -> Router {
    Router::new()
        .route("/me/consents", get(consents))
        .route("/me/data", get(data))
        .route("/me/data.json", get(file))
        .route("/me/deletion", get(deletion).post(ask_deletion))
        .route("/me/deletion/cancellations", post(undo_deletion))
        .with_state(privacy)
}

#[derive(Template)]
#[template(path = "privacy/consents.html")]
struct ConsentsPage {
    p: Page,
    all: Vec<Item>,
}

impl ConsentsPage {
    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }

    /// In UTC, until a script shows the viewer's own.
    fn day(&self, at: &Millis) -> String {
        iso(*at).chars().take(10).collect()
    }

    fn stands(&self, item: &Item) -> (String, &'static str) {
        match item.stands {
            Stands::Yes => (self.p.t("consents-yes"), "badge-success"),
            Stands::No => (self.p.t("consents-no"), "badge-warn"),
            Stands::Withdrawn(at) => (self.p.t1("consents-withdrawn", "day", self.day(&at)), ""),
            Stands::Replaced => (self.p.t("consents-replaced"), ""),
        }
    }
}

async fn consents(Use(privacy): Use<Privacy>, viewer: Viewer, p: Page) -> Result<Response> {
    let all = privacy.consents(viewer.person()?.id).await?;
    Ok(private(html(&ConsentsPage { p, all })?))
}

#[derive(Template)]
#[template(path = "privacy/data.html")]
struct DataPage {
    p: Page,
    sections: Vec<Section>,
}

impl DataPage {
    /// In UTC, until a script shows the viewer's own.
    fn minute(&self, at: &str) -> String {
        at.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
    }
}

async fn data(Use(privacy): Use<Privacy>, viewer: Viewer, p: Page) -> Result<Response> {
    let data = privacy.data(privacy.gatherer(&viewer)?).await?;
    let sections = sections(&data, p.language());
    Ok(private(html(&DataPage { p, sections })?))
}

async fn file(Use(privacy): Use<Privacy>, viewer: Viewer) -> Result<Response> {
    let data = privacy.data(privacy.gatherer(&viewer)?).await?;
    let headers =
        [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\"")];
    let text = serde_json::to_string_pretty(&data).map_err(anyhow::Error::from)?;
    Ok(private((headers, text).into_response()))
}

#[derive(Template)]
#[template(path = "privacy/deletion.html")]
struct DeletionPage {
    p: Page,
    /// What was asked for already.
    asked: Option<Deletion>,
    /// Somebody who works here gives that up first.
    staff: bool,
    confirm: String,
    fields: Fields,
}

impl DeletionPage {
    /// In UTC, until a script shows the viewer's own.
    fn day(&self, at: &Millis) -> String {
        iso(*at).chars().take(10).collect()
    }

    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }

    fn grace(&self) -> i64 {
        GRACE / DAY
    }

    fn words(&self) -> i64 {
        WORDS_KEPT / DAY
    }

    fn years(&self) -> i64 {
        RECORDS_KEPT / (365 * DAY)
    }
}

async fn deletion_page(privacy: &Privacy, viewer: &Viewer, p: Page, confirm: String, fields: Fields) -> Result<DeletionPage> {
    let asked = privacy.deletion(viewer.person()?.id).await?;
    Ok(DeletionPage { p, asked, staff: viewer.is_staff(), confirm, fields })
}

async fn deletion(Use(privacy): Use<Privacy>, viewer: Viewer, p: Page) -> Result<Response> {
    Ok(private(html(&deletion_page(&privacy, &viewer, p, String::new(), Fields::default()).await?)?))
}

#[derive(Deserialize)]
struct DeletionForm {
    #[serde(default)]
    confirm: String,
}

async fn ask_deletion(Use(privacy): Use<Privacy>, viewer: Viewer, p: Page, FormData(form): FormData<DeletionForm>) -> Result<Response> {
    match privacy.ask_deletion(&viewer, &form.confirm).await {
        Ok(_) => Ok(see_other("/me/deletion", "")),
        Err(AppError::Invalid(fields)) => {
            let page = deletion_page(&privacy, &viewer, p, form.confirm, fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn undo_deletion(Use(privacy): Use<Privacy>, viewer: Viewer, p: Page) -> Result<Response> {
    privacy.undo_deletion(&viewer).await?;
    Ok(see_other("/me/deletion", &p.t("deletion-undone")))
}
