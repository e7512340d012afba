//! The recruiters' list of applications: filters, how many of each stage, rows; an application's way, the contact in clear.

use super::bulk::{STAGES, Told};
use super::filter::{Filter, ListQuery, PAGE_SIZE, Sort};
use super::one::{self, Typed};
use super::store::{self, desk::Row};
use super::templates::Template as Reply;
use super::times::{Medians, named};
use super::{Applications, Listed, Status};
use crate::accounts::{Employer, Viewer};
use crate::clock::Millis;
use crate::ids::{ApplicationId, EmployerId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, back_to, html, private, see_other};
use askama::Template;
use axum::Json;
use axum::extract::State as Use;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "applications/list.html")]
struct ListPage {
    p: Page,
    employer: Employer,
    query: ListQuery,
    postings: Vec<(String, String)>,
    fairs: Vec<(String, String)>,
    colleagues: Vec<(String, String)>,
    replies: Vec<Reply>,
    counts: Vec<(Status, i64)>,
    items: Vec<Row>,
    next: String,
    first: String,
    /// The employer has applications at all.
    has_any: bool,
    /// Titles with the median time in each stage.
    medians: Vec<(String, Vec<(Status, String)>)>,
    told: Option<Told>,
    now: Millis,
}

impl ListPage {
    fn total(&self) -> i64 {
        self.counts.iter().map(|(_, n)| n).sum()
    }

    /// The list with one stage, or with all.
    fn link(&self, status: Option<&Status>) -> String {
        let status = status.map(|s| s.name().to_owned()).into_iter().collect();
        ListQuery { status, ..self.query.fresh() }.link(&self.employer.id)
    }

    fn here(&self) -> String {
        ListQuery { done: String::new(), ..self.query.clone() }.link(&self.employer.id)
    }

    fn export(&self) -> String {
        self.query.fresh().link(&self.employer.id).replacen("/applications", "/applications/exports", 1)
    }

    fn is_only(&self, status: &Status) -> bool {
        self.query.status.len() == 1 && self.query.has(status)
    }

    fn stages(&self) -> [Status; 4] {
        STAGES
    }

    /// How long somebody has waited in their stage; empty if nobody waits.
    fn waits(&self, row: &Row) -> String {
        if row.status.is_open() { named(self.p.language(), self.now - row.updated_at) } else { String::new() }
    }

    /// A resume was sent and may be looked at.
    fn shows_resume(&self, row: &Row) -> bool {
        row.resume.is_some() && row.access(self.now).is_open()
    }

    fn days(&self) -> [&'static str; 5] {
        ["1", "2", "3", "7", "14"]
    }

    fn years(&self) -> [&'static str; 5] {
        ["1", "2", "3", "5", "10"]
    }

    fn reply<'a>(&self, reply: &'a Reply) -> &'a str {
        self.p.pick(&reply.name_zh, &reply.name_en)
    }
}

pub(super) async fn list(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(query): FormData<ListQuery>,
) -> Result<Response> {
    let me = viewer.person()?.id;
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let employer = app.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let now = app.now();
    let filter = query.filter(id, me, now);
    let mut items = store::desk::received(app.accounts().db.read(), &filter).await?;
    let more = items.len() as i64 > PAGE_SIZE;
    items.truncate(PAGE_SIZE as usize);
    let next = items.last().filter(|_| more).map(|last| cursor(last, filter.sort)).unwrap_or_default();
    if headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json")) {
        return Ok(private(Json(json(&items, &next, now)).into_response()));
    }
    let lang = p.language();
    let own = app.postings.of_employer(id).await?;
    let postings: Vec<_> = own.iter().map(|o| (o.id.to_string(), o.content.title(lang).to_owned())).collect();
    let fairs = store::desk::fairs(app.accounts().db.read(), id).await?;
    let page = ListPage {
        next: if more { ListQuery { after: next, ..query.fresh() }.link(&id) } else { String::new() },
        first: if query.after.is_empty() { String::new() } else { query.fresh().link(&id) },
        counts: app.counts_of(&filter).await?,
        has_any: !items.is_empty() || store::desk::has_any(app.accounts().db.read(), id).await?,
        medians: shown_medians(&app.medians(id).await?, &postings, &p),
        told: match query.bulk() {
            Some(bulk) => app.told(&viewer, id, bulk).await?,
            None => None,
        },
        colleagues: app.colleagues(id).await?.into_iter().map(|c| (c.id.to_string(), c.name)).collect(),
        replies: app.templates(&viewer, id).await?,
        fairs: fairs.into_iter().map(|(id, zh, en)| (id.to_string(), lang.pick(&zh, &en).to_owned())).collect(),
        p,
        employer,
        query,
        postings,
        items,
        now,
    };
    Ok(private(html(&page)?))
}

fn cursor(last: &Row, sort: Sort) -> String {
    let key = match sort {
        Sort::Newest => last.created_at,
        Sort::Waiting => last.updated_at,
    };
    format!("{key}.{}", last.id)
}

fn shown_medians(medians: &Medians, postings: &[(String, String)], p: &Page) -> Vec<(String, Vec<(Status, String)>)> {
    let of = |(id, title): &(String, String)| {
        let stages = medians.get(&id.parse().ok()?)?;
        Some((title.clone(), stages.iter().map(|(s, time)| (*s, named(p.language(), *time))).collect()))
    };
    postings.iter().filter_map(of).collect()
}

fn json(items: &[Row], next: &str, now: Millis) -> serde_json::Value {
    let one = |i: &Row| {
        serde_json::json!({"id": i.id, "posting": i.posting_id, "name": i.name, "contact": i.masked_contact, "status": i.status,
            "experience": i.experience, "note": i.note, "resume": i.resume.is_some() && i.access(now).is_open(), "created_at": i.created_at, "since": i.updated_at,
            "assignee": i.assignee(), "unread": i.unread})
    };
    serde_json::json!({"items": items.iter().map(one).collect::<Vec<_>>(), "next": next})
}

impl Applications {
    /// How many there are of each status, in the order of their way, whatever status a filter asks for; none are left out.
    pub(super) async fn counts_of(&self, filter: &Filter) -> Result<Vec<(Status, i64)>> {
        let rows = store::desk::counts(self.accounts().db.read(), filter).await?;
        let count = |s: Status| rows.iter().find(|(name, _)| name == s.name()).map_or(0, |(_, n)| *n);
        Ok(Status::ALL.map(|s| (s, count(s))).into())
    }

    /// What else the same person sent to the same employer.
    pub(super) async fn others(&self, of: &Listed) -> Result<Vec<Listed>> {
        Ok(store::desk::others(self.accounts().db.read(), of).await?)
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
    let (_, contact) = app.unmask(&viewer, id).await?;
    if headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json")) {
        return Ok(private(Json(serde_json::json!({"contact": contact.value()})).into_response()));
    }
    let typed = Typed { contact: Some(contact.value().to_owned()), ..Typed::default() };
    Ok(private(html(&one::page(&app, &viewer, p, id, typed, Fields::default()).await?)?))
}
