//! The classifications of industries and of occupations to look through: by words or by the beginning of a code, for people and for the form's script.

use super::codes::{Named, industries_like, industries_near, occupations_like, occupations_near};
use super::pages::wants_json;
use crate::i18n::Lang;
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

/// A classification.
#[derive(Clone, Copy)]
enum List {
    Industries,
    Occupations,
}

impl List {
    fn like(self, text: &str, lang: Lang) -> Vec<Named> {
        match self {
            Self::Industries => industries_like(text, lang),
            Self::Occupations => occupations_like(text),
        }
    }

    fn near(self, text: &str, lang: Lang) -> Vec<Named> {
        match self {
            Self::Industries => industries_near(text, lang),
            Self::Occupations => occupations_near(text),
        }
    }
}

#[derive(Template)]
#[template(path = "postings/codes.html")]
struct CodesPage {
    p: Page,
    list: List,
    q: String,
    found: Vec<Named>,
    /// Nothing is called so, and these are nearest.
    near: bool,
}

impl CodesPage {
    fn path(&self) -> &'static str {
        self.of("/codes/industries", "/codes/occupations")
    }

    fn title(&self) -> String {
        self.p.t(self.of("postings-industries-title", "postings-codes-title"))
    }

    fn lead(&self) -> String {
        self.p.t(self.of("postings-industries-lead", "postings-codes-lead"))
    }

    fn hint(&self) -> String {
        self.p.t(self.of("postings-industries-hint", "postings-codes-hint"))
    }

    fn of(&self, industries: &'static str, occupations: &'static str) -> &'static str {
        match self.list {
            List::Industries => industries,
            List::Occupations => occupations,
        }
    }
}

pub(super) async fn industries(p: Page, headers: HeaderMap, Query(asked): Query<Asked>) -> Result<Response> {
    codes(List::Industries, p, &headers, &asked)
}

pub(super) async fn occupations(p: Page, headers: HeaderMap, Query(asked): Query<Asked>) -> Result<Response> {
    codes(List::Occupations, p, &headers, &asked)
}

fn codes(list: List, p: Page, headers: &HeaderMap, asked: &Asked) -> Result<Response> {
    let (q, lang): (String, Lang) = (asked.q.trim().chars().take(40).collect(), p.language());
    let found = list.like(&q, lang);
    let (found, near) = if found.is_empty() && !q.is_empty() { (list.near(&q, lang), true) } else { (found, false) };
    if wants_json(headers) {
        let items: Vec<_> = found.iter().map(|(code, name)| json!({"code": code, "name": name})).collect();
        // The lists change with the program alone, and their names with the language.
        let kept = [(header::CACHE_CONTROL, "private, max-age=3600"), (header::VARY, "accept, cookie, accept-language")];
        return Ok((kept, Json(json!({"items": items}))).into_response());
    }
    html(&CodesPage { p, list, q, found, near })
}
