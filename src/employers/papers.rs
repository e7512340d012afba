//! Papers: licences and letters, told by their content, rid of what is not the paper, encrypted as they are kept.

use super::{Employers, Seen, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::documents::{PdfFault, whole_pdf};
use crate::ids::{AccountId, BlobId, EmployerId};
use crate::pictures::{Picture, stripped};
use crate::web::{AppError, Result, Text};
use anyhow::Context;
use bytes::Bytes;

/// A photo of a phone, or a scan of a few pages.
pub const PAPER_MEGABYTES: usize = 8;
/// What browsers offer to pick.
pub(super) const ACCEPT: &str = ".pdf,.jpg,.jpeg,.png,.webp,application/pdf,image/jpeg,image/png,image/webp";

/// What a paper is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperKind {
    /// The business licence.
    Licence,
    /// The licence for HR services.
    HrLicence,
    /// The letter by which the employer lets somebody publish in its name.
    Authorisation,
}

impl PaperKind {
    pub const ALL: [Self; 3] = [Self::Licence, Self::HrLicence, Self::Authorisation];

    pub fn name(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::HrLicence => "hr-licence",
            Self::Authorisation => "authorisation",
        }
    }

    /// The field of the form in which it is sent.
    pub fn field(self) -> &'static str {
        match self {
            Self::Licence => "paper_licence",
            Self::HrLicence => "paper_hr_licence",
            Self::Authorisation => "paper_authorisation",
        }
    }

    pub fn text(self) -> Text {
        match self {
            Self::Licence => Text("employers-paper-licence"),
            Self::HrLicence => Text("employers-paper-hr-licence"),
            Self::Authorisation => Text("employers-paper-authorisation"),
        }
    }
}

impl TryFrom<String> for PaperKind {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| anyhow::anyhow!("kind of paper {text}"))
    }
}

/// A paper as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Paper {
    pub blob_id: BlobId,
    pub employer_id: EmployerId,
    #[sqlx(try_from = "String")]
    pub kind: PaperKind,
    pub mime: String,
    pub size: i64,
    pub at: Millis,
}

impl Paper {
    pub fn is_picture(&self) -> bool {
        self.mime.starts_with("image/")
    }

    /// The media type, one of those that we serve.
    pub(super) fn mime(&self) -> &'static str {
        ["image/jpeg", "image/png", "image/webp", "application/pdf"]
            .into_iter()
            .find(|m| *m == self.mime)
            .unwrap_or("application/octet-stream")
    }

    pub(super) fn extension(&self) -> &'static str {
        match self.mime() {
            "image/jpeg" => "jpg",
            "image/png" => "png",
            "image/webp" => "webp",
            _ => "pdf",
        }
    }

    /// Such as `1.2 MB`.
    pub fn size(&self) -> String {
        if self.size < 100_000 { format!("{} KB", (self.size + 999) / 1_000) } else { format!("{:.1} MB", self.size as f64 / 1e6) }
    }
}

/// What a file is and what is kept of it; `Err` says what is wrong with it.
pub(super) fn examine(bytes: Vec<u8>) -> Result<(&'static str, Vec<u8>), Text> {
    if bytes.is_empty() {
        return Err(Text("employers-wrong-paper-empty"));
    }
    let (mime, picture) = match infer::get(&bytes).map(|t| t.mime_type()) {
        Some("application/pdf") => return pdf(bytes).map(|bytes| ("application/pdf", bytes)),
        Some("image/jpeg") => ("image/jpeg", Picture::Jpeg),
        Some("image/png") => ("image/png", Picture::Png),
        Some("image/webp") => ("image/webp", Picture::Webp),
        _ => return Err(Text("employers-wrong-paper")),
    };
    stripped(bytes, picture).map(|bytes| (mime, bytes)).ok_or(Text("employers-wrong-paper-broken"))
}

fn pdf(bytes: Vec<u8>) -> Result<Vec<u8>, Text> {
    whole_pdf(bytes).map_err(|fault| match fault {
        PdfFault::Broken => Text("employers-wrong-paper-broken"),
        PdfFault::Active => Text("employers-wrong-paper-active"),
    })
}

fn context(employer: EmployerId, kind: PaperKind) -> String {
    format!("paper {employer} {}", kind.name())
}

impl Employers {
    /// Keeps a paper in the place of the one of its kind. The inner error is for the sender.
    pub async fn keep_paper(&self, employer: EmployerId, kind: PaperKind, bytes: Vec<u8>, by: AccountId) -> Result<Result<(), Text>> {
        let (keys, context) = (self.accounts().keys.clone(), context(employer, kind));
        let sealed = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            Ok(match examine(bytes) {
                Ok((mime, bytes)) => Ok((mime, bytes.len() as i64, keys.seal(&bytes, &context)?)),
                Err(wrong) => Err(wrong),
            })
        });
        let (mime, size, sealed) = match sealed.await?? {
            Ok(sealed) => sealed,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let incoming = self.blobs.receive(futures_util::stream::iter([Ok(Bytes::from(sealed))])).await?;
        let blob_id = self.blobs.keep(incoming).await?;
        let paper = Paper { blob_id, employer_id: employer, kind, mime: mime.to_owned(), size, at: self.now() };
        let mut tx = self.db().begin().await?;
        store::put_paper(&mut tx, &paper, by).await?;
        let accounts = self.accounts();
        accounts.audit_in(&mut *tx, by, "employer.paper", &employer.to_string(), None, "", kind.name()).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Seals papers anew that an older key has sealed; how many, and how many could not be read. What they were is a stray from then on.
    pub async fn rekey_papers(&self) -> Result<(u64, u64)> {
        let (mut done, mut failed) = (0, 0);
        for paper in store::all_papers(self.db().read()).await? {
            let Some(head) = self.blobs.head(paper.blob_id).await? else { continue };
            if self.accounts().keys.is_newest(&head) {
                continue;
            }
            let Some(sealed) = self.blobs.bytes(paper.blob_id).await? else { continue };
            let (keys, context) = (self.accounts().keys.clone(), context(paper.employer_id, paper.kind));
            let anew = move || keys.open(&sealed, &context).map(|bytes| keys.seal(&bytes, &context)).transpose();
            let Some(sealed) = tokio::task::spawn_blocking(anew).await?? else {
                failed += 1;
                continue;
            };
            let fresh = BlobId::new();
            self.blobs.put(fresh, &sealed).await?;
            done += store::rename_paper(self.db().write(), paper.blob_id, fresh).await?;
        }
        Ok((done, failed))
    }

    /// A paper with its bytes, for whoever may see it. That they looked is noted before they see anything.
    pub(super) async fn look(&self, viewer: &Viewer, employer: EmployerId, id: BlobId) -> Result<(Paper, Vec<u8>)> {
        let Seen { fair, .. } = self.seen_by(viewer, employer).await?;
        let paper = store::paper(self.db().read(), id).await?.filter(|p| p.employer_id == employer).ok_or(AppError::NotFound)?;
        let sealed = self.blobs.bytes(id).await?.context("a paper is gone")?;
        let by = viewer.known()?.id;
        let detail = format!("{} {id}", paper.kind.name());
        self.accounts().audit(by, "employer.look", &employer.to_string(), fair.map(|f| f.id), "", &detail).await?;
        let (keys, context) = (self.accounts().keys.clone(), context(employer, paper.kind));
        let bytes = tokio::task::spawn_blocking(move || keys.open(&sealed, &context)).await?.context("made with another key")?;
        Ok((paper, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_are_told_by_their_content_and_active_or_disguised_ones_refused() {
        assert_eq!(examine(b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec()), Ok(("application/pdf", b"%PDF-1.7\n1 0 obj\n%%EOF".to_vec())));
        let behind = examine(b"%PDF-1.4\n%%EOF\n<html><script>PK\x03\x04".to_vec()).expect("a paper").1;
        assert_eq!(behind, b"%PDF-1.4\n%%EOF", "nothing hides behind it");
        let active = b"%PDF-1.7\n<< /JavaScript (x) >>\n%%EOF".to_vec();
        assert_eq!(examine(active), Err(Text("employers-wrong-paper-active")));
        assert_eq!(examine(Vec::new()), Err(Text("employers-wrong-paper-empty")));
        for cut in [&b"%PDF-1.7 cut short"[..], b"\x89PNG\r\n\x1a\n0000", b"\xFF\xD8\xFF\xE0 broken"] {
            assert_eq!(examine(cut.to_vec()), Err(Text("employers-wrong-paper-broken")));
        }
        for other in [&b"GIF89a......"[..], b"<svg onload=alert(1)>", b"<html>", b"MZ\x90\0", b"PK\x03\x04", b"#!/bin/sh"] {
            assert_eq!(examine(other.to_vec()), Err(Text("employers-wrong-paper")));
        }
    }
}
