//! Where a visitor is, chosen from a list of places or taken from the phone: from there the board measures distances. It stands in the
//! address of the board alone and is kept nowhere.

use super::{Postings, Query, codes};
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::FairId;
use crate::web::{Id, Page, Result, html};
use askama::Template;
use axum::extract::{Query as QueryString, State as Use};
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "postings/near.html")]
struct NearPage {
    p: Page,
    fair: Fair,
    query: Query,
    /// The region whose inner ones are shown, and its code; all of the country if there is none.
    within: String,
    inner: Vec<(u32, &'static str)>,
}

#[derive(Deserialize)]
pub(super) struct Within {
    #[serde(default)]
    within: String,
}

impl NearPage {
    fn board(&self, near: &str) -> String {
        let query = Query { near: near.into(), sort: "distance".into(), ..self.query.clone() };
        query.link(&format!("/fairs/{}/postings", self.fair.id), "")
    }

    /// The board as it was before.
    fn back(&self) -> String {
        let sort = if self.query.near.is_empty() { String::new() } else { self.query.sort.clone() };
        Query { sort, ..self.query.clone() }.link(&format!("/fairs/{}/postings", self.fair.id), "")
    }

    /// A place that has places within leads to them, any other to the board.
    fn link(&self, code: &u32) -> String {
        if codes::below(Some(*code), self.p.language()).is_empty() {
            return self.board(&code.to_string());
        }
        let path = self.query.link(&format!("/fairs/{}/near", self.fair.id), "");
        format!("{path}{}within={code}", if path.contains('?') { '&' } else { '?' })
    }

    fn name(&self) -> String {
        codes::region_name(&self.within, self.p.language())
    }
}

pub(super) async fn show(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    QueryString(query): QueryString<Query>,
    QueryString(Within { within }): QueryString<Within>,
) -> Result<Response> {
    let fair = postings.rooms.fairs.visible_to(&viewer, id).await?;
    let code = Some(within).filter(|code| codes::region_is_valid(code)).unwrap_or_default();
    let inner = codes::below(code.parse().ok(), p.language());
    html(&NearPage { p, fair, query, within: code, inner })
}
