//! Private files that come with applications: encrypted as they are kept, opened only as what they are.
//!
//! Invariants: a kept file is sealed to its own id and to what it is, so that no row can pass one off as another; files from before this was so
//! are told apart by their rows (`resume_sealed`) and encrypted by [`Applications::seal_old`]. While a file comes in it lies in the folder of
//! incoming ones as it was sent, until it is looked into.

use super::{Applications, Listed, Resume, ResumeKind, Side, resume, store};
use crate::accounts::Viewer;
use crate::ids::{ApplicationId, BlobId};
use crate::web::{AppError, Result};
use anyhow::Context;

/// A file that is worked on lies in memory three times: as it came, cleaned, sealed.
pub(super) const AT_ONCE: usize = 4;
/// What resumes are sealed as.
pub(super) const RESUME: &str = "resume";
/// Old files are looked up so many at a time.
const SOME: i64 = 100;

fn context(what: &str, id: BlobId) -> String {
    format!("{what} {id}")
}

impl Applications {
    /// Keeps a private file. `what` says what it is and is needed to open it. Durable when this returns.
    pub(super) async fn keep_private(&self, bytes: Vec<u8>, what: &'static str) -> Result<BlobId> {
        let (keys, id) = (self.accounts().keys.clone(), BlobId::new());
        let sealed = tokio::task::spawn_blocking(move || keys.seal(&bytes, &context(what, id))).await??;
        self.blobs.put(id, &sealed).await?;
        Ok(id)
    }

    /// The bytes of [`Applications::keep_private`].
    pub(super) async fn open_private(&self, id: BlobId, what: &'static str) -> Result<Vec<u8>> {
        let sealed = self.blobs.bytes(id).await?.ok_or(AppError::NotFound)?;
        let keys = self.accounts().keys.clone();
        let plain = tokio::task::spawn_blocking(move || keys.open(&sealed, &context(what, id))).await?;
        Ok(plain.context("a private file was made with another key")?)
    }

    /// The application for whoever may have its files: its sender, and its recruiters as long as the grant stands.
    pub(super) async fn with_files(&self, viewer: &Viewer, id: ApplicationId) -> Result<(Listed, Side)> {
        match self.visible_to(viewer, id).await? {
            (found, Side::Recruiter) if !found.access(self.now()).is_open() => Err(AppError::NotFound),
            seen => Ok(seen),
        }
    }

    /// The resume for its sender or its recruiter; a recruiter's access is audited before the first byte.
    pub async fn resume(&self, viewer: &Viewer, id: ApplicationId) -> Result<(Resume, Vec<u8>)> {
        let (found, side) = self.with_files(viewer, id).await?;
        let bytes = self.bytes_of(&found.resume).await?;
        if side == Side::Recruiter {
            self.note_access(viewer, &found, "application.resume").await?;
        }
        Ok((found.resume.clone(), bytes))
    }

    /// The bytes of a resume, whenever it was kept.
    pub(super) async fn bytes_of(&self, resume: &Resume) -> Result<Vec<u8>> {
        let id = resume.blob().ok_or(AppError::NotFound)?;
        match resume.resume_sealed {
            0 => self.blobs.bytes(id).await?.ok_or(AppError::NotFound),
            _ => self.open_private(id, RESUME).await,
        }
    }

    /// Encrypts the resumes that were kept before resumes were encrypted; returns how many. Called by the housekeeping job.
    pub async fn seal_old(&self) -> Result<usize> {
        let (mut after, mut done) = (String::new(), 0);
        loop {
            let some = store::files::unsealed(self.accounts().db.read(), &after, SOME).await?;
            let Some(last) = some.last() else { return Ok(done) };
            after.clone_from(&last.resume_id);
            for old in &some {
                done += usize::from(self.seal_one(old).await?);
            }
        }
    }

    async fn seal_one(&self, old: &Resume) -> Result<bool> {
        let (Some(id), Some(kind)) = (old.blob(), old.kind()) else { return Ok(false) };
        let Some(bytes) = self.blobs.bytes(id).await? else { return Ok(false) };
        // What was taken under older rules stays as it is if the present ones would refuse it.
        let bytes = tokio::task::spawn_blocking(move || resume::cleaned(bytes.clone(), kind).unwrap_or(bytes)).await?;
        self.seal_anew(old, bytes).await
    }

    /// Keeps the bytes of a resume under another id, for all rows that name it; false if none did.
    async fn seal_anew(&self, old: &Resume, bytes: Vec<u8>) -> Result<bool> {
        let resume_size = i64::try_from(bytes.len())?;
        let fresh = self.keep_private(bytes, RESUME).await?;
        let sealed = Resume { resume_id: fresh.to_string(), resume_size, resume_sealed: 1, ..old.clone() };
        let mut tx = self.accounts().db.begin().await?;
        let renamed = store::files::rename(&mut tx, &old.resume_id, &sealed).await?;
        tx.commit().await?;
        // Whoever of the two no row names: another node may have been first.
        self.forget_file(if renamed == 0 { sealed.blob() } else { old.blob() }).await?;
        Ok(renamed > 0)
    }

    /// Seals resumes anew that an older key has sealed; how many, and how many could not be read.
    pub async fn rekey_files(&self) -> Result<(u64, u64)> {
        let (mut after, mut done, mut failed) = (String::new(), 0, 0);
        loop {
            let some = store::files::sealed(self.accounts().db.read(), &after, SOME).await?;
            let Some(last) = some.last() else { return Ok((done, failed)) };
            after.clone_from(&last.resume_id);
            for old in &some {
                let Some(head) = self.head(old).await? else { continue };
                if self.accounts().keys.is_newest(&head) {
                    continue;
                }
                match self.bytes_of(old).await {
                    Ok(bytes) => done += u64::from(self.seal_anew(old, bytes).await?),
                    Err(error) => {
                        tracing::warn!(?error, "a resume that no key opens");
                        failed += 1;
                    }
                }
            }
        }
    }

    async fn head(&self, resume: &Resume) -> Result<Option<Vec<u8>>> {
        match resume.blob() {
            Some(id) => self.blobs.head(id).await,
            None => Ok(None),
        }
    }
}

impl Resume {
    /// Of a file that was kept sealed just now.
    pub(super) fn sealed(id: BlobId, name: String, kind: ResumeKind, size: i64) -> Self {
        Self { resume_id: id.to_string(), resume_name: name, resume_kind: kind.mime().into(), resume_size: size, resume_sealed: 1 }
    }
}
