//! The page of somebody's searches and of what may suit them.

use super::{Alert, Recommended, Searches, Standing};
use crate::accounts::Viewer;
use crate::ids::{FairId, SearchId};
use crate::web::{FormData, Id, Page, Result, html, private, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State as Use;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

pub fn routes(searches: Searches) -> Router {
    Router::new()
        .route("/fairs/{id}/searches", post(save))
        .route("/me/searches", get(mine))
        .route("/me/searches/{id}", get(look))
        .route("/me/searches/{id}/alert", post(set_alert))
        .route("/me/searches/{id}/remove", post(remove))
        .route("/me/recommended", get(recommended).post(set_recommends))
        .with_state(searches)
}

#[derive(Deserialize)]
struct SaveForm {
    #[serde(default)]
    query: String,
}

async fn save(
    Use(searches): Use<Searches>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<SaveForm>,
) -> Result<Response> {
    searches.save(&viewer, id, &form.query).await?;
    Ok(see_other("/me/searches", &p.t("searches-saved")))
}

#[derive(Template)]
#[template(path = "searches/mine.html")]
struct MinePage {
    p: Page,
    all: Vec<Standing>,
    /// Messages reach this person somehow.
    reachable: bool,
}

impl MinePage {
    fn alerts(&self) -> Vec<(String, String)> {
        Alert::ALL.map(|a| (a.name().into(), self.p.t(a.label().0))).into()
    }
}

async fn mine(Use(searches): Use<Searches>, viewer: Viewer, p: Page) -> Result<Response> {
    let all = searches.mine(&viewer).await?;
    Ok(private(html(&MinePage { p, all, reachable: viewer.verified })?))
}

async fn look(Use(searches): Use<Searches>, viewer: Viewer, Id(id): Id<SearchId>) -> Result<Response> {
    let saved = searches.look(&viewer, id).await?;
    let link = saved.link();
    Ok(see_other(&format!("{link}{}sort=newest", if link.contains('?') { '&' } else { '?' }), ""))
}

#[derive(Deserialize)]
struct AlertForm {
    alert: Alert,
}

async fn set_alert(
    Use(searches): Use<Searches>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<SearchId>,
    FormData(form): FormData<AlertForm>,
) -> Result<Response> {
    searches.set_alert(&viewer, id, form.alert).await?;
    Ok(see_other("/me/searches", &p.t1("searches-alert-set", "alert", p.t(form.alert.label().0))))
}

async fn remove(Use(searches): Use<Searches>, viewer: Viewer, p: Page, Id(id): Id<SearchId>) -> Result<Response> {
    searches.remove(&viewer, id).await?;
    Ok(see_other("/me/searches", &p.t("searches-removed")))
}

#[derive(Template)]
#[template(path = "searches/recommended.html")]
struct RecommendedPage {
    p: Page,
    on: bool,
    all: Vec<Recommended>,
}

async fn recommended(Use(searches): Use<Searches>, viewer: Viewer, p: Page) -> Result<Response> {
    let (on, all) = (searches.recommends(&viewer).await?, searches.recommended(&viewer).await?);
    Ok(private(html(&RecommendedPage { p, on, all })?))
}

#[derive(Deserialize)]
struct Choice {
    /// `1` to have recommendations.
    #[serde(default)]
    on: String,
}

async fn set_recommends(Use(searches): Use<Searches>, viewer: Viewer, p: Page, FormData(form): FormData<Choice>) -> Result<Response> {
    let on = form.on == "1";
    searches.set_recommends(&viewer, on).await?;
    Ok(see_other("/me/recommended", &p.t(if on { "searches-recommended-on" } else { "searches-recommended-off" })))
}
