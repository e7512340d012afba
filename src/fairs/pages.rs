//! The home page with its list of fairs, and the changes of a fair's state.

use super::{Fair, FairState, Fairs};
use crate::accounts::Viewer;
use crate::ids::FairId;
use crate::web::{FormData, Id, Page, Result, back_to, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

pub fn routes(fairs: Fairs) -> Router {
    Router::new().route("/", get(home)).route("/fairs/{id}/state", post(set_state)).with_state(fairs)
}

#[derive(Template)]
#[template(path = "fairs/home.html")]
struct HomePage {
    p: Page,
    /// The fair that opens the page: the first that people can enter now.
    featured: Option<Fair>,
    fairs: Vec<Fair>,
}

async fn home(State(fairs): State<Fairs>, viewer: Viewer, p: Page) -> Result<Response> {
    let mut fairs = fairs.list(&viewer).await?;
    let featured = fairs.iter().position(|f| f.state.is_active()).map(|at| fairs.remove(at));
    html(&HomePage { p, featured, fairs })
}

#[derive(Deserialize)]
struct StateForm {
    state: FairState,
    #[serde(default)]
    back: String,
}

async fn set_state(
    State(fairs): State<Fairs>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<StateForm>,
) -> Result<Response> {
    fairs.set_state(&viewer, id, form.state).await?;
    Ok(see_other(back_to(&form.back), &p.t("fairs-state-changed")))
}
