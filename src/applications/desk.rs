//! The recruiters' side: the list of applications, an application's way, the contact in clear.

use super::pages::{OnePage, private};
use super::store::{self, Received};
use super::{Applications, Listed, Side, Status};
use crate::accounts::{Employer, Viewer};
use crate::ids::{ApplicationId, EmployerId, PostingId};
use crate::web::{AppError, FormData, Id, Page, Result, back_to, html, see_other};
use askama::Template;
use axum::Json;
use axum::extract::{Query as QueryString, State as Use};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Rows on a page.
const PAGE_SIZE: i64 = 30;

/// The query string; what makes no sense is left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    posting: String,
    status: String,
    after: String,
}

#[derive(Template)]
#[template(path = "applications/list.html")]
struct ListPage {
    p: Page,
    employer: Employer,
    query: ListQuery,
    postings: Vec<(String, String)>,
    counts: Vec<(Status, i64)>,
    items: Vec<Listed>,
    next: String,
    first: String,
}

impl ListPage {
    fn total(&self) -> i64 {
        self.counts.iter().map(|(_, n)| n).sum()
    }

    fn link(&self, status: &str) -> String {
        link(self.employer.id, &ListQuery { status: status.into(), after: String::new(), ..self.query.clone() })
    }

    fn moves(&self, item: &Listed) -> Vec<Status> {
        item.status.next_for_recruiter().iter().copied().filter(|s| *s != item.status).collect()
    }
}

fn link(employer: EmployerId, query: &ListQuery) -> String {
    let pairs = [("posting", &query.posting), ("status", &query.status), ("after", &query.after)];
    // Only ids, names of statuses and cursors get this far: nothing that needs encoding.
    let known = |v: &str| !v.is_empty() && v.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let parts: Vec<String> = pairs.iter().filter(|(_, v)| known(v)).map(|(k, v)| format!("{k}={v}")).collect();
    let path = format!("/employers/{employer}/applications");
    if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
}

pub(super) async fn list(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    QueryString(query): QueryString<ListQuery>,
) -> Result<Response> {
    viewer.person()?;
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let employer = app.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let mut items = app.received(id, &query).await?;
    let more = items.len() as i64 > PAGE_SIZE;
    items.truncate(PAGE_SIZE as usize);
    let next = items.last().filter(|_| more).map(|last| format!("{}.{}", last.created_at, last.id)).unwrap_or_default();
    if headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json")) {
        return Ok(private(Json(json(&items, &next)).into_response()));
    }
    let next = if more { link(id, &ListQuery { after: next, ..query.clone() }) } else { next };
    let first = if query.after.is_empty() { String::new() } else { link(id, &ListQuery { after: String::new(), ..query.clone() }) };
    let own = app.postings.of_employer(id).await?;
    let postings = own.iter().map(|o| (o.id.to_string(), o.content.title(p.language()).to_owned())).collect();
    let counts = app.counts(id).await?;
    Ok(private(html(&ListPage { p, employer, query, postings, counts, items, next, first })?))
}

fn json(items: &[Listed], next: &str) -> serde_json::Value {
    let one = |i: &Listed| {
        serde_json::json!({"id": i.id, "posting": i.posting_id, "name": i.name, "contact": i.masked_contact, "status": i.status,
            "experience": i.experience, "note": i.note, "resume": i.resume.is_some(), "created_at": i.created_at})
    };
    serde_json::json!({"items": items.iter().map(one).collect::<Vec<_>>(), "next": next})
}

impl Applications {
    async fn received(&self, employer: EmployerId, query: &ListQuery) -> Result<Vec<Listed>> {
        let after = query.after.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
        let (posting, status) = (query.posting.parse::<PostingId>().ok(), Status::parse(&query.status));
        let received = Received { employer, posting, status, after, limit: PAGE_SIZE };
        Ok(store::received(self.accounts().db.read(), &received).await?)
    }

    /// How many applications an employer has of each status, in the order of their way; none are left out.
    pub async fn counts(&self, employer: EmployerId) -> Result<Vec<(Status, i64)>> {
        let rows = store::counts(self.accounts().db.read(), employer).await?;
        let count = |s: Status| rows.iter().find(|(name, _)| name == s.name()).map_or(0, |(_, n)| *n);
        Ok(Status::ALL.map(|s| (s, count(s))).into())
    }
}

#[derive(Deserialize)]
pub(super) struct StatusForm {
    status: Status,
    #[serde(default)]
    back: String,
}

pub(super) async fn set_status(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<StatusForm>,
) -> Result<Response> {
    viewer.person()?;
    let item = app.set_status(&viewer, id, form.status).await?;
    let message = p.t2("applications-status-changed", "name", &item.name, "status", p.t(item.status.label().0));
    let back = if form.back.is_empty() { format!("/applications/{id}") } else { back_to(&form.back).to_owned() };
    Ok(see_other(&back, &message))
}

/// Shows the contact in clear: a POST, because it leaves a line in the audit log.
pub(super) async fn unmask(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<ApplicationId>,
) -> Result<Response> {
    viewer.person()?;
    let (item, contact) = app.unmask(&viewer, id).await?;
    if headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json")) {
        return Ok(private(Json(serde_json::json!({"contact": contact.value()})).into_response()));
    }
    let steps = app.steps(id).await?;
    Ok(private(html(&OnePage { p, item, side: Side::Recruiter, steps, contact: Some(contact.value().to_owned()) })?))
}
