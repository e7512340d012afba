//! Reads the form with its papers: short fields, and files of which each is held in memory up to what is taken.

use super::form::{FIELD_MAX, VerificationForm};
use super::{PAPER_MEGABYTES, PaperKind};
use crate::web::{AppError, Result, Text, broken_upload};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};

pub(super) const PAPER_BYTES: usize = PAPER_MEGABYTES * 1024 * 1024;
/// Read on and dropped beyond the limit, so that the sender gets an answer rather than a reset connection.
const PATIENCE: usize = 4;
/// The form has fourteen parts.
const PARTS_MAX: usize = 32;
/// The largest body worth reading.
pub(super) const BODY_MAX: usize = PAPER_BYTES * 6;

/// A paper that was sent, or that it is too large.
pub(super) type SentPaper = (PaperKind, std::result::Result<Vec<u8>, Text>);

pub(super) async fn read(request: Request) -> Result<(VerificationForm, Vec<SentPaper>)> {
    let bad = |_| AppError::BadRequest(Text("base-error-bad-request"));
    let mut parts = Multipart::from_request(request, &()).await.map_err(bad)?;
    let (mut form, mut papers, mut seen) = (VerificationForm::default(), Vec::<SentPaper>::new(), 0);
    while let Some(field) = parts.next_field().await.map_err(broken_upload)? {
        seen += 1;
        if seen > PARTS_MAX {
            return Err(AppError::TooLarge);
        }
        let name = field.name().unwrap_or("").to_owned();
        match PaperKind::ALL.into_iter().find(|kind| kind.field() == name) {
            Some(kind) => {
                // Three papers at most are in memory, whatever is sent.
                papers.retain(|(known, _)| *known != kind);
                papers.extend(file(field).await?.map(|file| (kind, file)));
            }
            None => form.set(&name, text(field).await?),
        }
    }
    Ok((form, papers))
}

/// Takes a file in; `None` if none was picked.
async fn file(mut field: Field<'_>) -> Result<Option<std::result::Result<Vec<u8>, Text>>> {
    let named = field.file_name().is_some_and(|name| !name.is_empty());
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(chunk) = field.chunk().await.map_err(broken_upload)? {
        size += chunk.len();
        if size > PAPER_BYTES * PATIENCE {
            return Err(AppError::TooLarge);
        }
        if size > PAPER_BYTES {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(match size {
        0 if !named => None,
        size if size > PAPER_BYTES => Some(Err(Text("employers-wrong-paper-large"))),
        _ => Some(Ok(bytes)),
    })
}

/// A short field. What is past its limit is dropped: enough is left for the form to say that it is too long.
async fn text(mut field: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken_upload)? {
        bytes.extend_from_slice(&chunk[..chunk.len().min(FIELD_MAX - bytes.len())]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
