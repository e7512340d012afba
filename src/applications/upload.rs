//! Reading what an applicant sends: short fields, and perhaps files that go to the disk as they come.

use super::Applications;
use super::form::{ApplyForm, FIELD_MAX};
use crate::blobs::Incoming;
use crate::ids::AccountId;
use crate::web::{AppError, FormData, Result, Text, broken_upload};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::TryStreamExt;

/// What a form holds besides its file: a few short fields and the multipart frames around them.
pub(super) const FORM_ROOM: u64 = 256 * 1024;
/// Each file costs a write to the disk; the form has twelve parts.
const PARTS_MAX: usize = 32;

/// A file with its sender's name for it, or what is wrong with it.
type File = Option<Result<(Incoming, String), Text>>;

/// A request as read.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) form: ApplyForm,
    pub(super) resume: File,
    pub(super) voice: File,
}

pub(super) async fn read(app: &Applications, headers: &HeaderMap, mut request: Request) -> Result<Sent> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !kind.starts_with("multipart/form-data") {
        // The route's limit is for files, which are never held in memory.
        DefaultBodyLimit::max(FORM_ROOM as usize).apply(&mut request);
        let FormData(form) = FormData::from_request(request, &()).await?;
        return Ok(Sent { form, ..Sent::default() });
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if length.is_some_and(|n| n > app.blobs.max_body() + FORM_ROOM) {
        return Err(AppError::TooLarge);
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    let mut sent = Sent::default();
    let mut seen = 0;
    while let Some(field) = parts.next_field().await.map_err(broken_upload)? {
        seen += 1;
        if seen > PARTS_MAX {
            return Err(AppError::TooLarge);
        }
        let name = field.name().unwrap_or("").to_owned();
        match name.as_str() {
            "resume" => sent.resume = receive(app, field).await?.or(sent.resume),
            "voice" => sent.voice = receive(app, field).await?.or(sent.voice),
            _ => sent.form.set(&name, text(field).await?),
        }
    }
    Ok(sent)
}

/// Takes a file in; `None` if none was picked.
async fn receive(app: &Applications, field: Field<'_>) -> Result<File> {
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

/// Keeps a file as the resume that the person sends now and next time. The inner error is for them.
pub(super) async fn take_resume(app: &Applications, account: AccountId, file: File) -> Result<Result<(), Text>> {
    let (incoming, name) = match file {
        None => return Ok(Ok(())),
        Some(Err(wrong)) => return Ok(Err(wrong)),
        Some(Ok(file)) => file,
    };
    Ok(match app.keep_resume(incoming, &name).await? {
        Err(wrong) => Err(wrong),
        Ok(resume) => Ok(app.remember_resume(account, &resume).await?),
    })
}

/// The same for a voice note.
pub(super) async fn take_voice(app: &Applications, account: AccountId, file: File) -> Result<Result<(), Text>> {
    match file {
        None => Ok(Ok(())),
        Some(Err(_)) => Ok(Err(Text("voice-wrong-large"))),
        Some(Ok((incoming, _))) => Ok(app.keep_voice(account, incoming).await?.map(|_| ())),
    }
}
