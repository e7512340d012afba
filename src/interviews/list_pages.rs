//! A person's own interviews; an employer's are in the calendar.

use super::claim_pages::ClaimCard;
use super::{Card, Interviews};
use crate::accounts::{Employer, Viewer};
use crate::web::{Page, Result, html};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/interviews", get(show_mine))
}

#[derive(Template)]
#[template(path = "interviews/list.html")]
struct ListPage {
    p: Page,
    interviews: Vec<Card>,
    claims: Vec<ClaimCard>,
    /// Employers whose interviews the viewer leads.
    employers: Vec<Employer>,
}

async fn show_mine(State(all): State<Interviews>, viewer: Viewer, p: Page) -> Result<Response> {
    let interviews = all.mine(&viewer).await?;
    let claims = all.open_claims(&viewer).await?;
    let mut employers = Vec::new();
    for id in &viewer.roles.employers {
        employers.extend(all.accounts().employer(*id).await?);
    }
    html(&ListPage { p, interviews, claims, employers })
}
