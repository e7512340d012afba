//! The classification of occupations to look through: by words or by the beginning of a code, for people and for the form's script.

use super::codes::{Named, occupations_like, occupations_near};
use super::pages::wants_json;
use crate::web::{Page, Result, html};
use askama::Template;
use axum::Json;
use axum::extract::Query;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "postings/occupations.html")]
struct OccupationsPage {
    p: Page,
    q: String,
    found: Vec<Named>,
    /// Nothing is called so, and these are nearest.
    near: bool,
}

pub(super) async fn occupations(p: Page, headers: HeaderMap, Query(Asked { q }): Query<Asked>) -> Result<Response> {
    let q: String = q.trim().chars().take(40).collect();
    let found = occupations_like(&q);
    let (found, near) = if found.is_empty() && !q.is_empty() { (occupations_near(&q), true) } else { (found, false) };
    if wants_json(&headers) {
        let items: Vec<_> = found.iter().map(|(code, name)| json!({"code": code, "name": name})).collect();
        // The list changes with the program alone.
        let kept = [(header::CACHE_CONTROL, "public, max-age=3600"), (header::VARY, "accept")];
        return Ok((kept, Json(json!({"items": items}))).into_response());
    }
    html(&OccupationsPage { p, q, found, near })
}
