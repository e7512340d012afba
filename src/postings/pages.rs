//! The page of one posting and of one employer, and the routes of the capability.

use super::board;
use super::code_pages;
use super::contact::Seen;
use super::structured;
use super::told::Share;
use super::{Filter, List, Listed, Of, Posting, PostingView, Postings, Query, State, codes};
use super::{clip_pages, desk, gallery_pages, near, review, versions};
use crate::accounts::{Employer, Viewer};
use crate::employers::{Checked, Status};
use crate::fairs::Fair;
use crate::ids::{EmployerId, PostingId};
use crate::rooms::Room;
use crate::web::{AppError, Id, Page, Result, html, private};
use askama::Template;
use axum::extract::{Query as QueryString, State as Use};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

pub fn routes(postings: Postings) -> Router {
    Router::new()
        .route("/codes/industries", get(code_pages::industries))
        .route("/codes/occupations", get(code_pages::occupations))
        .route("/fairs/{id}/postings", get(board::show).post(desk::create))
        .route("/fairs/{id}/postings/new", get(desk::show_new))
        .route("/fairs/{id}/near", get(near::show))
        .route("/fairs/{id}/review", get(review::show))
        .route("/fairs/{id}/review/approvals", post(review::approve))
        .route("/fairs/{id}/review/checks", post(review::check))
        .route("/employers/{id}", get(employer))
        .route("/employers/{id}/postings", get(desk::own))
        .route("/postings/{id}", get(posting).post(desk::revise))
        .route("/postings/{id}/edit", get(desk::show_edit))
        .route("/postings/{id}/state", post(review::set_state))
        .route("/postings/{id}/contact", post(unmask))
        .route("/postings/{id}/versions", get(versions::show))
        .with_state(postings.clone())
        .merge(gallery_pages::routes(postings.clone()))
        .merge(clip_pages::routes(postings))
}

/// Whether the caller is a program that asks for JSON.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json"))
}

#[derive(Template)]
#[template(path = "postings/posting.html")]
struct PostingPage {
    p: Page,
    view: PostingView,
    status: State,
    open: bool,
    booth: Option<Room>,
    similar: Vec<Listed>,
    structured: String,
    /// While it takes applications.
    share: Option<Share>,
    contact: Seen,
}

impl PostingPage {
    fn industry(&self) -> &'static str {
        codes::industry_name(&self.view.posting.content.industry, self.p.language())
    }

    /// The name of the occupation with its code, if one is stated.
    fn occupation(&self) -> String {
        self.view.posting.content.occupation_in_words()
    }

    /// What the viewer may make of it: state, words, whether it takes it away.
    fn moves(&self) -> Vec<(State, String, bool)> {
        let mut moves = Vec::new();
        if self.view.is_organiser {
            for to in self.status.next_for_organiser() {
                let text = match to {
                    State::Live => self.p.t("postings-do-approve"),
                    State::Draft => self.p.t("postings-do-send-back"),
                    State::Review => self.p.t("postings-do-recall"),
                    _ => self.p.t("postings-do-withdrawn"),
                };
                moves.push((*to, text, *to == State::Withdrawn));
            }
        }
        if self.view.is_recruiter {
            for to in self.status.next_for_recruiter() {
                let text = match to {
                    State::Review => self.p.t("postings-do-review"),
                    State::Draft => self.p.t("postings-do-draft"),
                    State::Live => self.p.t("postings-do-live"),
                    State::Paused => self.p.t("postings-do-paused"),
                    State::Filled => self.p.t("postings-do-filled"),
                    State::Withdrawn | State::Expired | State::Suspended => self.p.t("postings-do-withdrawn"),
                };
                moves.push((*to, text, *to == State::Withdrawn));
            }
        }
        moves.dedup_by_key(|(to, ..)| *to);
        moves
    }
}

async fn posting(Use(postings): Use<Postings>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PostingId>) -> Result<Response> {
    let view = postings.visible_to(&viewer, id).await?;
    if wants_json(&headers) {
        return Ok(Json(json(&view.posting, &view.employer.name_zh, &view.employer.name_en, postings.now())).into_response());
    }
    let contact = postings.contact_seen(&viewer, &view).await?;
    let open = matches!(contact, Seen::Clear(_));
    let answer = page(&postings, p, view, contact).await?;
    Ok(if open { private(answer) } else { answer })
}

/// Shows an organiser whom applicants may call: a POST, because it leaves a line in the audit log.
async fn unmask(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    viewer.person()?;
    let view = postings.visible_to(&viewer, id).await?;
    let contact = Seen::Clear(postings.unmask(&viewer, &view).await?);
    Ok(private(page(&postings, p, view, contact).await?))
}

async fn page(postings: &Postings, p: Page, view: PostingView, contact: Seen) -> Result<Response> {
    let now = postings.now();
    let open = view.posting.takes_applications(&view.fair, now);
    let booths = postings.rooms.of_employer(view.employer.id).await?;
    let booth = booths.into_iter().find(|room| room.fair_id == view.fair.id);
    let origin = &postings.accounts().origin;
    let structured = if open { structured::script(&view, p.language(), origin) } else { String::new() };
    let share = open.then(|| Share::of(&view, p.language(), origin));
    // A convenience: an index that is being loaded holds no posting back.
    let similar = postings.similar(&view).await.unwrap_or_default();
    html(&PostingPage { status: view.posting.status(now), p, view, open, booth, similar, structured, share, contact })
}

#[derive(Template)]
#[template(path = "postings/employer.html")]
struct EmployerPage {
    p: Page,
    employer: Employer,
    booths: Vec<(Fair, Room)>,
    list: List,
    next: String,
    first: String,
    is_recruiter: bool,
    /// What organisers checked; none unless it is verified now.
    checked: Option<Checked>,
    standing: Status,
    zone: jiff::tz::TimeZone,
}

impl EmployerPage {
    /// The day of a moment in the employer's zone.
    fn day(&self, at: &i64) -> String {
        let at = jiff::Timestamp::from_millisecond(*at).unwrap_or_default();
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// The last day of what ends then.
    fn last_day(&self, until: &i64) -> String {
        self.day(&(until - 1))
    }

    fn initial(&self) -> String {
        self.p.pick(&self.employer.name_zh, &self.employer.name_en).chars().take(1).collect()
    }

    fn region(&self) -> String {
        codes::region_name(&self.employer.region, self.p.language())
    }

    fn industry(&self) -> &'static str {
        codes::industry_name(&self.employer.industry, self.p.language())
    }
}

async fn employer(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    QueryString(query): QueryString<Query>,
) -> Result<Response> {
    let employer = postings.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let now = postings.now();
    let list = postings.list(&Filter::read(Of::Employer(id), &query)).await?;
    if wants_json(&headers) {
        return Ok(Json(json_list(&list, now)).into_response());
    }
    let path = format!("/employers/{id}");
    let next = list.next.map(|c| query.link(&path, &c.to_string())).unwrap_or_default();
    let first = if query.after.is_empty() { String::new() } else { query.link(&path, "") };
    let booths = postings.booths(&viewer, id).await?;
    let (checked, standing, zone) =
        (postings.employers.checked(id).await?, postings.employers.status(id).await?, postings.employers.zone(id).await?);
    html(&EmployerPage { p, booths, next, first, list, is_recruiter: viewer.recruits_for(id), employer, checked, standing, zone })
}

/// A list as programs read it.
pub(super) fn json_list(list: &List, now: i64) -> serde_json::Value {
    let items: Vec<_> = list.items.iter().map(|i: &Listed| json(i, &i.employer_zh, &i.employer_en, now)).collect();
    serde_json::json!({"items": items, "total": list.total, "next": list.next.map(|c| c.to_string())})
}

fn json(posting: &Posting, employer_zh: &str, employer_en: &str, now: i64) -> serde_json::Value {
    serde_json::json!({
        "id": posting.id,
        "url": format!("/postings/{}", posting.id),
        "fair": posting.fair_id,
        "employer": {"id": posting.employer_id, "name_zh": employer_zh, "name_en": employer_en},
        "state": posting.status(now),
        "version": posting.version,
        "published_at": posting.published_at,
        "terms": posting.content,
    })
}
