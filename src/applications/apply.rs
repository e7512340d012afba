//! Applying: a page with what is known already, and one form that takes the answers and perhaps a file.

use super::form::{ApplyForm, FIELD_MAX};
use super::{Applications, CONSENT, Profile, Resume, resume};
use crate::accounts::Viewer;
use crate::blobs::Incoming;
use crate::ids::{AccountId, PostingId};
use crate::postings::PostingView;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, broken_upload, form_again, html, see_other};
use askama::Template;
use axum::Json;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Use};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;

/// What a form holds besides its file: a few short fields and the multipart frames around them.
pub(super) const FORM_ROOM: u64 = 256 * 1024;
/// Each file costs a write to the disk; the form has seven parts.
const PARTS_MAX: usize = 32;

#[derive(Template)]
#[template(path = "applications/apply.html")]
struct ApplyPage {
    p: Page,
    view: PostingView,
    form: ApplyForm,
    fields: Fields,
    /// The remembered resume.
    resume: Resume,
    /// Everything is known from last time: one tap sends it.
    known: bool,
    max_bytes: u64,
}

impl ApplyPage {
    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn employer(&self) -> &str {
        self.p.pick(&self.view.employer.name_zh, &self.view.employer.name_en)
    }

    fn years(&self) -> Vec<(String, String)> {
        let years = |n: i64| match n {
            0 => self.p.t("applications-years-none"),
            n => self.p.t1("applications-years", "n", n),
        };
        [0, 1, 2, 3, 5, 10, 20].map(|n| (n.to_string(), years(n))).into()
    }

    /// Such as `138****1234`, for the summary of what is sent.
    fn masked(&self) -> String {
        crate::accounts::mask(&self.form.contact)
    }

    fn consent(&self) -> &'static str {
        CONSENT
    }

    fn accept(&self) -> &'static str {
        resume::ACCEPT
    }

    fn max_mib(&self) -> u64 {
        self.max_bytes / 1_048_576
    }
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    let view = app.open_to(&viewer, id).await?;
    if let Some(sent) = app.sent_for(&viewer, id).await? {
        return Ok(see_other(&format!("/applications/{}", sent.id), ""));
    }
    if !view.posting.takes_applications(&view.fair, app.now()) {
        return Ok(see_other(&format!("/postings/{id}"), ""));
    }
    let account = viewer.person()?;
    let profile = app.profile(account.id).await?;
    let known = profile.as_ref().is_some_and(|p| !p.name.is_empty());
    let form = prefilled(&app, account.id, &account.name, profile.as_ref()).await?;
    let resume = profile.map(|p| p.resume).unwrap_or_default();
    html(&ApplyPage { p, view, form, fields: Fields::default(), resume, known, max_bytes: app.blobs.max() })
}

async fn prefilled(app: &Applications, account: AccountId, name: &str, profile: Option<&Profile>) -> Result<ApplyForm> {
    let contact = app.own_contact(account, profile).await?;
    let known = profile.filter(|p| !p.name.is_empty());
    Ok(ApplyForm {
        name: known.map_or(name, |p| &p.name).to_owned(),
        contact,
        experience: known.map_or(0, |p| p.experience).to_string(),
        ..ApplyForm::default()
    })
}

pub(super) async fn send(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
    request: Request,
) -> Result<Response> {
    let view = app.open_to(&viewer, id).await?;
    let account = viewer.person()?.id;
    if let Some(sent) = app.sent_for(&viewer, id).await? {
        return Ok(answer(&p, &headers, sent.id, false));
    }
    if !view.posting.takes_applications(&view.fair, app.now()) {
        return Err(AppError::Conflict(Text("applications-closed")));
    }
    let Sent { form, file } = read(&app, &headers, request).await?;
    let known = app.profile(account).await?.unwrap_or_default().resume;
    let (resume, wrong) = match take_file(&app, account, file).await? {
        Ok(Some(fresh)) => (fresh, None),
        Ok(None) => (known, None),
        Err(wrong) => (known, Some(wrong)),
    };
    match (form.read(), wrong) {
        (Ok(answers), None) => {
            let chosen = if form.without_resume.is_empty() { resume } else { Resume::default() };
            let (sent, fresh) = app.send(&viewer, &view, &answers, chosen).await?;
            Ok(answer(&p, &headers, sent.id, fresh))
        }
        (read, wrong) => {
            let mut fields = read.err().unwrap_or_default();
            if let Some(wrong) = wrong {
                fields.add("resume", wrong);
            }
            let page = ApplyPage { p, view, form, fields, resume, known: false, max_bytes: app.blobs.max() };
            form_again(&page, &page.fields)
        }
    }
}

fn answer(p: &Page, headers: &HeaderMap, id: crate::ids::ApplicationId, fresh: bool) -> Response {
    let path = format!("/applications/{id}");
    if wants_json(headers) {
        let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
        return (status, Json(serde_json::json!({"id": id, "url": path}))).into_response();
    }
    // The page itself tells that it was sent.
    see_other(&path, &if fresh { String::new() } else { p.t("applications-sent-before") })
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json"))
}

/// A request as read: the fields, and a file or what was wrong with it.
struct Sent {
    form: ApplyForm,
    file: Option<Result<(Incoming, String), Text>>,
}

async fn read(app: &Applications, headers: &HeaderMap, mut request: Request) -> Result<Sent> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !kind.starts_with("multipart/form-data") {
        // The route's limit is for files, which are never held in memory.
        DefaultBodyLimit::max(FORM_ROOM as usize).apply(&mut request);
        let FormData(form) = FormData::from_request(request, &()).await?;
        return Ok(Sent { form, file: None });
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if length.is_some_and(|n| n > app.blobs.max_body() + FORM_ROOM) {
        return Err(AppError::TooLarge);
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    let mut sent = Sent { form: ApplyForm::default(), file: None };
    let mut seen = 0;
    while let Some(field) = parts.next_field().await.map_err(broken_upload)? {
        seen += 1;
        if seen > PARTS_MAX {
            return Err(AppError::TooLarge);
        }
        let name = field.name().unwrap_or("").to_owned();
        if name == "resume" {
            sent.file = receive(app, field).await?.or(sent.file);
        } else {
            sent.form.set(&name, text(field).await?);
        }
    }
    Ok(sent)
}

/// Takes a file in; `None` if none was picked.
async fn receive(app: &Applications, field: Field<'_>) -> Result<Option<Result<(Incoming, String), Text>>> {
    let name = field.file_name().unwrap_or("").to_owned();
    match app.blobs.receive(field.map_err(broken_upload)).await {
        Ok(incoming) if incoming.size == 0 && name.is_empty() => Ok(None),
        Ok(incoming) => Ok(Some(Ok((incoming, name)))),
        Err(AppError::TooLarge) => Ok(Some(Err(Text("applications-wrong-file-large")))),
        Err(error) => Err(error),
    }
}

/// A short text field. What is past its limit is dropped: enough is left for the form to say that it is too long.
async fn text(mut field: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken_upload)? {
        bytes.extend_from_slice(&chunk[..chunk.len().min(FIELD_MAX - bytes.len())]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // Cut within a character.
        Err(error) if error.utf8_error().error_len().is_none() => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => Err(AppError::BadRequest(Text("base-error-bad-request"))),
    }
}

async fn take_file(
    app: &Applications,
    account: AccountId,
    file: Option<Result<(Incoming, String), Text>>,
) -> Result<Result<Option<Resume>, Text>> {
    let (incoming, name) = match file {
        None => return Ok(Ok(None)),
        Some(Err(wrong)) => return Ok(Err(wrong)),
        Some(Ok(file)) => file,
    };
    match app.keep_resume(incoming, &name).await? {
        Err(wrong) => Ok(Err(wrong)),
        Ok(resume) => {
            app.remember_resume(account, &resume).await?;
            Ok(Ok(Some(resume)))
        }
    }
}
