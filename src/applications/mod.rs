//! Applications for postings: what a seeker sends, where it stands, who reads it; the recruiters' desk with notes, threads, offers and exports.
//!
//! Invariants: one application per person and posting, by constraint; only the applicant and the recruiters of the posting's
//! employer ever see it, and these its contact and resume only while the applicant's grant stands (`grants`); contacts and resumes are encrypted, contacts shown masked, and every unmasking and look at a resume is audited; a
//! resume is on the disk before the row that names it; notes reach recruiters of the employer alone; what is written in a thread is read by the other
//! side only once it is sent, which what is held is not; nobody is hired by an offer but by saying yes to it while it is open.
//! Deliberately absent: interviews (`interviews`).

mod apply;
mod assign;
mod builder;
mod builder_pages;
mod builder_paper;
mod bulk;
mod bulk_pages;
mod desk;
mod export;
mod export_pages;
mod files;
mod filter;
mod form;
mod grant_pages;
mod grants;
mod held;
mod notes;
mod offer;
mod offer_form;
mod offer_pages;
mod offers;
mod one;
mod pages;
mod personal;
mod preview;
mod profile;
mod prove;
mod resume;
mod segregate;
mod status;
mod store;
mod templates;
mod templates_page;
mod threads;
mod times;
mod upload;
mod voice;

pub use grants::{Access, Given};
pub use offer::{Offer, OfferState};
pub use offers::Hired;
pub use pages::routes;
pub use resume::{ResumeKind, examine};
pub use status::Status;
pub use store::SEALED;
pub use voice::Voice;

use crate::accounts::{Accounts, Contact, Viewer, mask};
use crate::blobs::Blobs;
use crate::clock::{DAY, MINUTE, Millis};
use crate::ids::{AccountId, ApplicationId, BlobId, EmployerId, FairId, PostingId, StationId};
use crate::moderation::Moderation;
use crate::notify::Letter;
use crate::postings::{PostingView, Postings};
use crate::web::{AppError, Result, Text, clean_text};
use form::Answers;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The version of the text to which applicants agree; a new wording gets a new one.
pub const CONSENT: &str = "send-to-employer/2";
/// Recruiters hear of the first application of a burst, not of each: a live room brings hundreds an hour.
const TELL_EVERY: Millis = 10 * MINUTE;
/// For so long news of an application stand on the pages of whoever they are for.
const SHOWN: Millis = 30 * DAY;

/// A resume as sent; its bytes are in [`Blobs`]. Empty if none was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Resume {
    pub resume_id: String,
    /// As the sender called it, cleaned; for display and as the name of the download.
    pub resume_name: String,
    pub resume_kind: String,
    pub resume_size: i64,
    /// 0: the file is from before files were encrypted.
    resume_sealed: i64,
}

impl Resume {
    pub fn is_some(&self) -> bool {
        !self.resume_id.is_empty()
    }

    fn blob(&self) -> Option<BlobId> {
        self.resume_id.parse().ok()
    }

    pub fn kind(&self) -> Option<ResumeKind> {
        ResumeKind::from_mime(&self.resume_kind)
    }

    /// Such as `1.2 MB`.
    pub fn size(&self) -> String {
        match self.resume_size {
            n if n >= 1_048_576 => format!("{:.1} MB", n as f64 / 1_048_576.0),
            n => format!("{} KB", (n + 1_023) / 1_024),
        }
    }
}

/// An application as stored. Its contact stays encrypted until somebody may see it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Application {
    pub id: ApplicationId,
    pub posting_id: PostingId,
    /// The terms under which it was sent.
    pub posting_version: i64,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub account_id: AccountId,
    pub name: String,
    sealed_contact: String,
    /// `138****1234`.
    pub masked_contact: String,
    /// Years of experience.
    pub experience: i64,
    pub note: String,
    #[sqlx(flatten)]
    pub resume: Resume,
    #[sqlx(flatten)]
    pub voice: Voice,
    #[sqlx(try_from = "String")]
    pub status: Status,
    pub consent: String,
    /// The station that sent it for the applicant; empty: they did themselves.
    pub station_id: String,
    /// The recruiter whose it is; empty if it is nobody's.
    pub assignee_id: String,
    pub created_at: Millis,
    /// When it came to its status.
    pub updated_at: Millis,
}

impl Application {
    /// The recruiter whose it is.
    pub fn assignee(&self) -> Option<AccountId> {
        self.assignee_id.parse().ok()
    }
}

/// An application with the names that lists show.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub application: Application,
    pub title_zh: String,
    pub title_en: String,
    pub employer_zh: String,
    pub employer_en: String,
    pub zone: String,
    #[sqlx(flatten)]
    pub given: Given,
}

impl std::ops::Deref for Listed {
    type Target = Application;
    fn deref(&self) -> &Application {
        &self.application
    }
}

impl Listed {
    /// `at` in the fair's zone, such as `02-20 09:30`.
    pub fn local(&self, at: &Millis) -> String {
        let zone = jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let at = jiff::Timestamp::from_millisecond(*at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(zone).strftime("%m-%d %H:%M").to_string()
    }

    /// The same with its year and without the hour, for tables.
    fn local_day(&self, at: Millis) -> String {
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(self.time_zone()).strftime("%Y-%m-%d").to_string()
    }

    pub fn iso(&self, at: &Millis) -> String {
        jiff::Timestamp::from_millisecond(*at).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }
}

/// One step that an application went.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Step {
    id: String,
    pub at: Millis,
    #[sqlx(try_from = "String")]
    pub status: Status,
}

/// What a person sent last time, ready to be sent again.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Profile {
    pub name: String,
    sealed_contact: String,
    pub experience: i64,
    #[sqlx(flatten)]
    pub resume: Resume,
    #[sqlx(flatten)]
    pub voice: Voice,
}

/// The files that go with an application.
#[derive(Clone, Debug, Default)]
struct Enclosed {
    resume: Resume,
    voice: Voice,
}

/// Who looks at an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Applicant,
    Recruiter,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Applications {
    pub postings: Postings,
    pub(crate) blobs: Blobs,
    /// Files that are cleaned and sealed at once.
    sealing: Arc<Semaphore>,
}

/// The desk with the rules for what is written there.
#[derive(Clone)]
struct Desk {
    app: Applications,
    moderation: Moderation,
}

impl Applications {
    pub fn new(postings: Postings, blobs: Blobs) -> Self {
        Self { postings, blobs, sealing: Arc::new(Semaphore::new(files::AT_ONCE)) }
    }

    fn accounts(&self) -> &Accounts {
        &self.postings.rooms.fairs.accounts
    }

    fn now(&self) -> Millis {
        self.postings.now()
    }

    /// The viewer's application for a posting, unless it was withdrawn.
    pub async fn sent_for(&self, viewer: &Viewer, posting: PostingId) -> Result<Option<Application>> {
        let Some(account) = viewer.id() else { return Ok(None) };
        let found = store::sent(self.accounts().db.read(), posting, account).await?;
        Ok(found.filter(|a| a.status != Status::Withdrawn))
    }

    /// Sends an application for somebody who is helped at a station; sent twice, the first one is returned, and false.
    pub async fn send_for(
        &self,
        account: AccountId,
        station: StationId,
        view: &PostingView,
        (name, contact, note): (&str, Contact, &str),
    ) -> Result<(Application, bool)> {
        if !view.posting.takes_applications(&view.fair, self.now()) {
            return Err(AppError::Conflict(Text("applications-closed")));
        }
        let before = self.profile(account).await?.unwrap_or_default();
        let answers =
            Answers { name: name.into(), contact, experience: before.experience, note: clean_text(note, 500), once: String::new() };
        let enclosed = self.at_hand(account).await?;
        self.send_by(account, Some(station), view, &answers, enclosed).await
    }

    /// Sends an application; sent twice, the first one is returned, and false. The answers become the person's profile.
    async fn send(&self, account: AccountId, view: &PostingView, answers: &Answers, enclosed: Enclosed) -> Result<(Application, bool)> {
        self.send_by(account, None, view, answers, enclosed).await
    }

    async fn send_by(
        &self,
        account: AccountId,
        station: Option<StationId>,
        view: &PostingView,
        answers: &Answers,
        enclosed: Enclosed,
    ) -> Result<(Application, bool)> {
        let now = self.now();
        let fresh = Application {
            id: ApplicationId::new(),
            posting_id: view.posting.id,
            posting_version: view.posting.version,
            employer_id: view.posting.employer_id,
            fair_id: view.posting.fair_id,
            account_id: account,
            name: answers.name.clone(),
            sealed_contact: self.accounts().keys.encrypt(answers.contact.value()),
            masked_contact: mask(answers.contact.value()),
            experience: answers.experience,
            note: answers.note.clone(),
            resume: enclosed.resume,
            voice: enclosed.voice,
            status: Status::New,
            consent: CONSENT.into(),
            station_id: station.map(|id| id.to_string()).unwrap_or_default(),
            assignee_id: String::new(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.accounts().db.begin().await?;
        match store::insert(&mut tx, &fresh, &answers.once, self.names_to_hold(&fresh)).await? {
            // A person who applied before and withdrew keeps the first row, with its id.
            store::Inserted::New(id) => self.note_consent(&mut tx, &Application { id, ..fresh.clone() }).await?,
            store::Inserted::Before => {
                drop(tx);
                let first = store::sent(self.accounts().db.read(), view.posting.id, account).await?.ok_or(AppError::NotFound)?;
                return Ok((first, false));
            }
            store::Inserted::ResumeGone => return Err(AppError::Conflict(Text("applications-resume-gone"))),
        }
        tx.commit().await?;
        let stored = store::sent(self.accounts().db.read(), view.posting.id, account).await?.ok_or(AppError::NotFound)?;
        self.remember(account, answers).await?;
        if let Err(error) = self.tell_recruiters(view).await {
            tracing::error!(?error, "recruiters were not told of an application");
        }
        Ok((stored, true))
    }

    async fn tell_recruiters(&self, view: &PostingView) -> Result<()> {
        let since = self.now() - TELL_EVERY;
        if store::count_since(self.accounts().db.read(), view.posting.employer_id, since).await? > 1 {
            return Ok(());
        }
        let link = format!("{}/employers/{}/applications", self.accounts().origin, view.posting.employer_id);
        for recruiter in self.accounts().recruiters_of(view.posting.employer_id).await? {
            let lang = recruiter.lang();
            let body = lang.t2("applications-told-new", "title", view.posting.content.title(lang), "link", &link);
            self.accounts().tell(recruiter.id, &lang.t("applications-told-new-subject"), &body).await?;
        }
        Ok(())
    }

    /// The application if the viewer sent it or recruits for its employer.
    pub async fn visible_to(&self, viewer: &Viewer, id: ApplicationId) -> Result<(Listed, Side)> {
        let found = store::application(self.accounts().db.read(), id).await?.ok_or(AppError::NotFound)?;
        match (viewer.id() == Some(found.account_id), viewer.recruits_for(found.employer_id)) {
            (true, _) => Ok((found, Side::Applicant)),
            (false, true) => Ok((found, Side::Recruiter)),
            (false, false) => Err(AppError::NotFound),
        }
    }

    async fn received_by(&self, viewer: &Viewer, id: ApplicationId) -> Result<Listed> {
        match self.visible_to(viewer, id).await? {
            (found, Side::Recruiter) => Ok(found),
            (_, Side::Applicant) => Err(AppError::NotFound),
        }
    }

    /// The steps of an application, oldest first.
    pub async fn steps(&self, id: ApplicationId) -> Result<Vec<Step>> {
        Ok(store::steps(self.accounts().db.read(), id).await?)
    }

    /// What a person sent, newest first.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<Listed>> {
        Ok(store::of_account(self.accounts().db.read(), account).await?)
    }

    /// Whether a person applied to an employer in a fair, or to anybody there, and did not withdraw.
    pub async fn has_applied(&self, account: AccountId, fair: FairId, employer: Option<EmployerId>) -> Result<bool> {
        Ok(store::has_applied(self.accounts().db.read(), account, fair, employer).await?)
    }

    /// How many applications a fair has had since a time.
    pub async fn count_of_fair(&self, fair: FairId, since: Millis) -> Result<i64> {
        Ok(store::count_of_fair(self.accounts().db.read(), fair, since).await?)
    }

    /// Moves an application on as its recruiter; the applicant is told.
    pub async fn set_status(&self, viewer: &Viewer, id: ApplicationId, to: Status) -> Result<Listed> {
        let found = self.received_by(viewer, id).await?;
        if found.status == to {
            return Ok(found);
        }
        if !found.status.next_for_recruiter().contains(&to) {
            return Err(AppError::Conflict(Text("applications-status-conflict")));
        }
        self.step(&found, to, viewer.known()?.id).await
    }

    /// Takes an application back; the recruiters no longer see its contact or resume.
    pub async fn withdraw(&self, viewer: &Viewer, id: ApplicationId) -> Result<Listed> {
        match self.visible_to(viewer, id).await? {
            (found, Side::Applicant) if found.status == Status::Withdrawn => Ok(found),
            (found, Side::Applicant) => self.step(&found, Status::Withdrawn, found.account_id).await,
            (_, Side::Recruiter) => Err(AppError::NotFound),
        }
    }

    async fn step(&self, found: &Listed, to: Status, by: AccountId) -> Result<Listed> {
        let (now, letter) = (self.now(), self.status_letter(found, to).await?);
        let mut tx = self.accounts().db.begin().await?;
        if store::move_on(&mut tx, found.id, (found.status, to), by, now).await?.is_none() {
            return Err(AppError::Conflict(Text("applications-status-conflict")));
        }
        if let Some(letter) = letter {
            self.accounts().notify.queue_in(&mut tx, &letter.topic(format!("application/{}", found.id))).await?;
        }
        if to == Status::Withdrawn {
            store::grants::revoke(&mut *tx, found.id, now).await?;
            self.accounts().end_consent_in(&mut *tx, found.account_id, &found.id.to_string()).await?;
        }
        tx.commit().await?;
        let application = Application { status: to, updated_at: now, ..found.application.clone() };
        Ok(Listed { application, ..found.clone() })
    }

    /// What the applicant is told of a status; nothing if it is no news.
    async fn status_letter(&self, found: &Listed, to: Status) -> Result<Option<Letter>> {
        let Some(applicant) = self.accounts().account(found.account_id).await?.filter(|_| to.is_news()) else { return Ok(None) };
        let lang = applicant.lang();
        let (title, employer) = (lang.pick(&found.title_zh, &found.title_en), lang.pick(&found.employer_zh, &found.employer_en));
        let body = lang.t3("applications-told-status", "employer", employer, "title", title, "status", lang.t(to.label().0));
        let letter = self.accounts().message(applicant.id, &lang.t("applications-told-status-subject"), &body).await?;
        Ok(Some(letter.link(&format!("/applications/{}", found.id))).filter(Letter::goes_anywhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let size = |n| Resume { resume_size: n, ..Resume::default() }.size();
        assert_eq!((size(1), size(1_500), size(1_258_291)), ("1 KB".into(), "2 KB".into(), "1.2 MB".into()));
    }
}
