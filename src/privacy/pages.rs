//! The pages on which people see and decide about their data.

use super::Privacy;
use super::consents::{Item, Stands};
use super::data::{Section, Shown, sections};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::web::{Page, Result, html, private};
use askama::Template;
use axum::Router;
use axum::extract::State as Use;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub fn routes(privacy: Privacy) -> Router {
    Router::new().route("/me/consents", get(consents)).route("/me/data", get(data)).route("/me/data.json", get(file)).with_state(privacy)
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
