//! The seeker's pages: what I sent, one application. And the routes of the capability.

use super::{Application, Applications, Listed, Profile, Side, Status, Step, apply, desk};
use crate::accounts::Viewer;
use crate::ids::ApplicationId;
use crate::interviews::{Card, Interviews};
use crate::web::{Id, Page, Result, html, see_other};
use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State as Use};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use tokio::io::AsyncReadExt;

pub fn routes(applications: Applications, interviews: Interviews) -> Router {
    let body = usize::try_from(applications.blobs.max_body() + apply::FORM_ROOM).unwrap_or(usize::MAX);
    Router::new()
        .route("/postings/{id}/apply", get(apply::show).post(apply::send).layer(DefaultBodyLimit::max(body)))
        .route("/me/profile/forget", post(forget_profile))
        .route("/applications/{id}", get(one))
        .route("/applications/{id}/withdraw", post(withdraw))
        .route("/applications/{id}/status", post(desk::set_status))
        .route("/applications/{id}/contact", post(desk::unmask))
        .route("/applications/{id}/resume", get(resume))
        .route("/employers/{id}/applications", get(desk::list))
        .with_state(applications.clone())
        .merge(Router::new().route("/me", get(me)).with_state((applications, interviews)))
}

/// Personal data is not kept by browsers' caches or anything between.
pub(super) fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

#[derive(Template)]
#[template(path = "applications/me.html")]
struct MePage {
    p: Page,
    name: String,
    interviews: Vec<Card>,
    sent: Vec<Listed>,
    profile: Option<Profile>,
    contact: String,
}

async fn me(Use((app, booked)): Use<(Applications, Interviews)>, viewer: Viewer, p: Page) -> Result<Response> {
    let account = viewer.person()?;
    let sent = app.of_account(account.id).await?;
    let profile = app.profile(account.id).await?;
    let contact = crate::accounts::mask(&app.own_contact(account.id, profile.as_ref()).await?);
    let interviews = booked.mine(&viewer).await?;
    Ok(private(html(&MePage { interviews, p, name: account.name.clone(), sent, profile, contact })?))
}

async fn forget_profile(Use(app): Use<Applications>, viewer: Viewer, p: Page) -> Result<Response> {
    app.forget_profile(viewer.person()?.id).await?;
    Ok(see_other("/me", &p.t("applications-profile-forgotten")))
}

#[derive(Template)]
#[template(path = "applications/one.html")]
pub(super) struct OnePage {
    pub(super) p: Page,
    pub(super) item: Listed,
    pub(super) side: Side,
    pub(super) steps: Vec<Step>,
    /// The contact in clear, once it was asked for.
    pub(super) contact: Option<String>,
}

impl OnePage {
    /// The moves a recruiter has from here.
    fn moves(&self) -> Vec<Status> {
        self.item.status.next_for_recruiter().iter().copied().filter(|s| *s != self.item.status).collect()
    }

    fn is_mine(&self) -> bool {
        self.side == Side::Applicant
    }
}

async fn one(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    let (mut item, side) = app.visible_to(&viewer, id).await?;
    if side == Side::Recruiter && item.status == Status::New {
        item = app.set_status(&viewer, id, Status::Viewed).await?;
    }
    let steps = app.steps(id).await?;
    Ok(private(html(&OnePage { p, item, side, steps, contact: None })?))
}

async fn withdraw(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    app.withdraw(&viewer, id).await?;
    Ok(see_other(&format!("/applications/{id}"), &p.t("applications-withdrawn-flash")))
}

async fn resume(Use(app): Use<Applications>, viewer: Viewer, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    let (resume, file) = app.resume(&viewer, id).await?;
    let kind = resume.kind().map_or("application/octet-stream", |k| k.mime());
    let encoded: String = resume.resume_name.bytes().map(percent).collect();
    let plain = resume.kind().map_or("bin", |k| k.extension());
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"resume.{plain}\"; filename*=UTF-8''{encoded}")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        // Whatever a file holds, it runs nowhere.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
    ];
    Ok(private((headers, Body::from_stream(chunks(file))).into_response()))
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// A file in pieces, so that a download holds one piece in memory.
fn chunks(file: tokio::fs::File) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(64 * 1024);
        (&mut file).take(64 * 1024).read_to_end(&mut piece).await?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })
}

impl MePage {
    /// Applications that are not at their end.
    fn open(&self) -> usize {
        let ended = |a: &Application| matches!(a.status, Status::Rejected | Status::Withdrawn | Status::Hired);
        self.sent.iter().filter(|a| !ended(a)).count()
    }
}
