//! What a person sent last time, and the files of resumes.
//!
//! Invariants: a file is on the disk before a row names it; an application names only a file that is new, or that its sender's
//! profile named in the same transaction, so that nobody can have removed it; what no row names goes with [`Applications::forget_strays`].

use super::form::{self, Answers};
use super::{Application, Applications, Enclosed, Profile, Resume, files, resume, store};
use crate::accounts::{ContactKind, Viewer};
use crate::blobs::Incoming;
use crate::clock::{HOUR, Millis};
use crate::ids::{AccountId, BlobId};
use crate::web::{Result, Text};
use anyhow::Context;

/// Between a file and the last row that names it lie milliseconds, whatever else its sender does at that moment.
const STRAY_AFTER: Millis = HOUR;

impl Applications {
    /// What the person sent last time.
    pub async fn profile(&self, account: AccountId) -> Result<Option<Profile>> {
        Ok(store::profile(self.accounts().db.read(), account).await?)
    }

    /// Keeps the answers for next time; the remembered resume stays as it is.
    pub(super) async fn remember(&self, account: AccountId, answers: &Answers) -> Result<()> {
        let sealed = self.accounts().keys.encrypt(answers.contact.value());
        let (db, now) = (self.accounts().db.write(), self.now());
        Ok(store::put_answers(db, account, (&answers.name, &sealed, answers.experience), now).await?)
    }

    /// Makes a resume the remembered one. It stays even if the form it came with is wrong, so that nobody uploads twice. The one
    /// before it is a stray from now on: another application may be about to name it.
    pub(super) async fn remember_resume(&self, account: AccountId, resume: &Resume) -> Result<()> {
        Ok(store::put_resume(self.accounts().db.write(), account, resume, self.now()).await?)
    }

    /// The files that somebody has at hand.
    pub(super) async fn at_hand(&self, account: AccountId) -> Result<Enclosed> {
        let Profile { resume, voice, .. } = self.profile(account).await?.unwrap_or_default();
        Ok(Enclosed { resume, voice })
    }

    /// Those of the viewer.
    pub(super) async fn at_hand_of(&self, viewer: &Viewer) -> Result<Enclosed> {
        match viewer.id() {
            Some(account) => self.at_hand(account).await,
            None => Ok(Enclosed::default()),
        }
    }

    /// What a guest uploaded becomes that of whom they proved to be.
    pub(super) async fn hand_over(&self, guest: AccountId, owner: AccountId) -> Result<()> {
        if guest == owner {
            return Ok(());
        }
        store::hand_resume(self.accounts().db.write(), guest, owner, self.now()).await?;
        let voice = self.at_hand(guest).await?.voice;
        if voice.is_some() {
            store::files::put_voice(self.accounts().db.write(), owner, &voice, self.now()).await?;
        }
        store::hand_resume_answers(self.accounts().db.write(), guest, owner, self.now()).await?;
        Ok(store::delete_profile(self.accounts().db.write(), guest).await?)
    }

    /// The files of an application that may be removed once no row names them: its sender's profile has to hold them until it is stored.
    pub(super) fn names_to_hold(&self, a: &Application) -> [String; 2] {
        let old = |blob: Option<BlobId>| blob.and_then(|id| id.made_at()).is_some_and(|at| at < self.now() - STRAY_AFTER);
        let held = |blob, id: &String| if old(blob) { id.clone() } else { String::new() };
        [held(a.resume.blob(), &a.resume.resume_id), held(a.voice.blob(), &a.voice.voice_id)]
    }

    /// The contact to prefill: the remembered one, or the proven phone, or the proven e-mail address.
    pub(super) async fn own_contact(&self, account: AccountId, profile: Option<&Profile>) -> Result<String> {
        if let Some(contact) = profile.and_then(|p| self.accounts().keys.decrypt(&p.sealed_contact)) {
            return Ok(contact);
        }
        let proven = self.accounts().contacts(account).await?;
        let best = proven.iter().max_by_key(|c| c.kind() == ContactKind::Phone);
        Ok(best.map(|c| c.value().to_owned()).unwrap_or_default())
    }

    /// Looks into a received file and keeps what is good of it as the person's resume. The inner error says what is wrong with the file.
    pub(super) async fn keep_resume(&self, incoming: Incoming, name: &str) -> Result<Result<Resume, Text>> {
        let _turn = self.sealing.acquire().await.context("nobody closes it")?;
        let looked = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
            let kind = match resume::examine(incoming.path())? {
                Ok(kind) => kind,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let bytes = std::fs::read(incoming.path())?;
            Ok(resume::cleaned(bytes, kind).map(|bytes| (kind, bytes)))
        });
        let (kind, bytes) = match looked.await?? {
            Ok(looked) => looked,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let size = i64::try_from(bytes.len())?;
        let id = self.keep_private(bytes, files::RESUME).await?;
        Ok(Ok(Resume::sealed(id, form::file_name(name, kind), kind, size)))
    }

    /// Removes a file's bytes if neither an application nor a profile names it any more.
    pub(super) async fn forget_file(&self, file: Option<BlobId>) -> Result<()> {
        if let Some(id) = file
            && !store::files::is_named(self.accounts().db.read(), &id.to_string()).await?
        {
            self.blobs.remove(id).await?;
        }
        Ok(())
    }

    /// Forgets what the person sent last time, and what they answered for a resume. Applications keep what was sent with them.
    pub async fn forget_profile(&self, account: AccountId) -> Result<()> {
        let profile = self.profile(account).await?.unwrap_or_default();
        store::delete_profile(self.accounts().db.write(), account).await?;
        store::delete_resume_answers(self.accounts().db.write(), account).await?;
        self.forget_file(profile.resume.blob()).await?;
        self.forget_file(profile.voice.blob()).await
    }

    /// Removes files that a crash left without a row, and those that were replaced at the same moment. Returns how many. Called by
    /// the housekeeping job.
    pub async fn forget_strays(&self) -> Result<usize> {
        // Listed first: what is named between the two looks counts as named.
        let old = self.blobs.older_than(self.now() - STRAY_AFTER).await?;
        let named = store::files::named(self.accounts().db.read()).await?;
        let mut gone = 0;
        for id in old.into_iter().filter(|id| !named.contains(&id.to_string())) {
            self.blobs.remove(id).await?;
            gone += 1;
        }
        Ok(gone)
    }
}
