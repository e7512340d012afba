//! The seeker's pages: what I sent, the files of resumes. And the routes of the capability.

use super::{
    Application, Applications, Desk, Listed, Profile, Resume, ResumeKind, Status, apply, assign, builder_pages, bulk_pages, desk,
    export_pages, grant_pages, held, notes, offer_pages, one, prove, templates_page, threads, upload,
};
use crate::accounts::Viewer;
use crate::ids::{ApplicationId, PostingId};
use crate::interviews::{Card, Interviews};
use crate::moderation::Moderation;
use crate::web::{AppError, Id, Page, Result, html, private, see_other, stretched};
use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State as Use};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::HashMap;

const PICTURE_POLICY: &str = "default-src 'none'; sandbox";
/// Browsers show a PDF by a viewer of their own, which some refuse to start in a sandbox; it needs its styles and nothing of ours.
const PDF_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'";

pub fn routes(applications: Applications, interviews: Interviews, moderation: Moderation) -> Router {
    let body = usize::try_from(applications.blobs.max_body() + upload::FORM_ROOM).unwrap_or(usize::MAX);
    let desk = Desk { app: applications.clone(), moderation };
    Router::new()
        .route("/postings/{id}/apply", get(apply::show).post(apply::send).layer(DefaultBodyLimit::max(body)))
        .route("/postings/{id}/apply/code", get(to_form).post(prove::prove))
        .route("/me/resume", get(builder_pages::show).post(builder_pages::save))
        .route("/me/resume/file", get(own_resume))
        .route("/me/voice", get(own_voice))
        .route("/me/voice/removals", post(forget_voice))
        .route("/applications/{id}/voice", get(voice))
        .route("/me/profile/forget", post(forget_profile))
        .route("/applications/{id}", get(one::show))
        .route("/applications/{id}/withdraw", post(withdraw))
        .route("/applications/{id}/grants", post(grant_pages::give))
        .route("/applications/{id}/revocations", post(grant_pages::revoke))
        .route("/me/grants", get(grant_pages::show))
        .route("/me/grants/revocations", post(grant_pages::revoke_employer))
        .route("/applications/{id}/resume", get(resume))
        .route("/applications/{id}/resume/preview", get(preview))
        .merge(recruiting())
        .with_state(applications.clone())
        .merge(judged().with_state(desk))
        .merge(Router::new().route("/me", get(me)).with_state((applications, interviews)))
}

/// What recruiters and organisers do.
fn recruiting() -> Router<Applications> {
    Router::new()
        .route("/applications/{id}/status", post(desk::set_status))
        .route("/applications/{id}/contact", post(desk::unmask))
        .route("/applications/{id}/notes", post(notes::add))
        .route("/notes/{id}", post(notes::edit))
        .route("/applications/{id}/assignee", post(assign::hand))
        .route("/employers/{id}/applications", get(desk::list))
        .route("/employers/{id}/applications/exports", get(export_pages::show).post(export_pages::file))
        .route("/application-bulks/{id}/undo", post(bulk_pages::undo))
        .route("/employers/{id}/replies", get(templates_page::show).post(templates_page::add))
        .route("/replies/{id}", post(templates_page::change))
        .route("/replies/{id}/removals", post(templates_page::remove))
        .route("/offers/{id}", get(offer_pages::show))
        .route("/offers/{id}/acceptances", post(offer_pages::accept))
        .route("/offers/{id}/refusals", post(offer_pages::decline))
        .route("/offers/{id}/withdrawals", post(offer_pages::withdraw))
        .route("/applications/{id}/offers", get(offer_pages::form))
        .route("/fairs/{id}/review/letters", get(held::show))
        .route("/letters/{id}/decisions", post(held::decide))
}

/// What passes the rules for texts.
fn judged() -> Router<Desk> {
    Router::new()
        .route("/applications/{id}/messages", post(threads::send))
        .route("/applications/{id}/offers", post(offer_pages::make))
        .route("/employers/{id}/applications/bulk", post(bulk_pages::bulk))
}

#[derive(Template)]
#[template(path = "applications/me.html")]
struct MePage {
    p: Page,
    name: String,
    interviews: Vec<Card>,
    sent: Vec<Listed>,
    /// In which of them there are messages to read.
    unread: HashMap<ApplicationId, i64>,
    profile: Option<Profile>,
    contact: String,
}

async fn me(Use((app, booked)): Use<(Applications, Interviews)>, viewer: Viewer, p: Page) -> Result<Response> {
    let account = viewer.person()?;
    let mut sent = app.of_account(account.id).await?;
    app.as_told(account.id, &mut sent).await?;
    let unread = app.unread_of(account.id).await?;
    let profile = app.profile(account.id).await?;
    let contact = crate::accounts::mask(&app.own_contact(account.id, profile.as_ref()).await?);
    let interviews = booked.mine(&viewer).await?;
    Ok(private(html(&MePage { interviews, p, name: account.name.clone(), sent, unread, profile, contact })?))
}

/// A page that asked for a code and is loaded anew: the form knows what was typed.
async fn to_form(Id(id): Id<PostingId>) -> Response {
    see_other(&format!("/postings/{id}/apply"), "")
}

async fn forget_profile(Use(app): Use<Applications>, viewer: Viewer, p: Page) -> Result<Response> {
    app.forget_profile(viewer.person()?.id).await?;
    Ok(see_other("/me", &p.t("applications-profile-forgotten")))
}

async fn withdraw(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    app.withdraw(&viewer, id).await?;
    Ok(see_other(&format!("/applications/{id}"), &p.t("applications-withdrawn-flash")))
}

/// The headers of a resume: whatever a file holds, it runs nowhere.
fn resume_headers(resume: &Resume, disposition: String, policy: &'static str) -> [(HeaderName, String); 4] {
    [
        (header::CONTENT_TYPE, resume.kind().map_or("application/octet-stream", |k| k.mime()).to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (header::CONTENT_SECURITY_POLICY, policy.into()),
    ]
}

/// A resume to be shown within its page, by the browser itself.
async fn preview(Use(app): Use<Applications>, viewer: Viewer, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    let (found, _) = app.visible_to(&viewer, id).await?;
    // A Word document is shown as its text, in the page.
    if found.resume.kind().is_none_or(|kind| kind == ResumeKind::Docx) {
        return Err(AppError::NotFound);
    }
    let (resume, bytes) = app.resume(&viewer, id).await?;
    let policy = if resume.kind() == Some(ResumeKind::Pdf) { PDF_POLICY } else { PICTURE_POLICY };
    let mut response = private((resume_headers(&resume, "inline".into(), policy), bytes).into_response());
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

/// A voice note to be played, or the stretch of it that a player asks for.
fn played((kind, bytes): (&'static str, Vec<u8>), headers: &HeaderMap) -> Result<Response> {
    let (head, stretch) = match stretched(headers.get(header::RANGE).and_then(|v| v.to_str().ok()), bytes.len() as u64) {
        Ok(found) => found,
        Err(none) => return Ok(*none),
    };
    let response = head
        .header(header::CONTENT_TYPE, kind)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, PICTURE_POLICY);
    let bytes = Bytes::from(bytes).slice(usize::try_from(stretch.start)?..usize::try_from(stretch.end)?);
    Ok(private(response.body(Body::from(bytes))?))
}

async fn voice(Use(app): Use<Applications>, viewer: Viewer, headers: HeaderMap, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    played(app.voice(&viewer, id).await?, &headers)
}

async fn own_voice(Use(app): Use<Applications>, viewer: Viewer, headers: HeaderMap) -> Result<Response> {
    viewer.known()?;
    played(app.sound(&app.at_hand_of(&viewer).await?.voice).await?, &headers)
}

async fn forget_voice(Use(app): Use<Applications>, viewer: Viewer, p: Page) -> Result<Response> {
    app.forget_voice(viewer.known()?.id).await?;
    Ok(see_other("/me", &p.t("voice-forgotten")))
}

/// The resume at hand, for whose it is.
async fn own_resume(Use(app): Use<Applications>, viewer: Viewer) -> Result<Response> {
    viewer.known()?;
    let resume = app.at_hand_of(&viewer).await?.resume;
    let bytes = app.bytes_of(&resume).await?;
    Ok(private((attached(&resume), bytes).into_response()))
}

async fn resume(Use(app): Use<Applications>, viewer: Viewer, Id(id): Id<ApplicationId>) -> Result<Response> {
    viewer.person()?;
    let (resume, bytes) = app.resume(&viewer, id).await?;
    Ok(private((attached(&resume), bytes).into_response()))
}

fn attached(resume: &Resume) -> [(HeaderName, String); 4] {
    let plain = resume.kind().map_or("bin", |k| k.extension());
    let disposition = format!("attachment; filename=\"resume.{plain}\"; filename*=UTF-8''{}", encoded(&resume.resume_name));
    resume_headers(resume, disposition, PICTURE_POLICY)
}

/// Percent-encoded, for a query or a header.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().map(percent).collect()
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

impl MePage {
    fn unread(&self, item: &Listed) -> i64 {
        self.unread.get(&item.id).copied().unwrap_or(0)
    }

    /// Applications that are not at their end.
    fn open(&self) -> usize {
        let ended = |a: &Application| matches!(a.status, Status::Rejected | Status::Withdrawn | Status::Hired);
        self.sent.iter().filter(|a| !ended(a)).count()
    }
}
