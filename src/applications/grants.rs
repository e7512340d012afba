//! What an applicant lets the employer see, and until when: given with the application, ended by the applicant or by time, given again. Who
//! looked is the applicant's to know.
//!
//! It ends 90 days after the last that happened of it: the fair's end, the application's last step, its giving. An employer that goes on with
//! somebody needs their number for as long, one that has forgotten them has no use for it; and no employer can prolong it beyond a year from its
//! giving by moving an application to and fro. That is computed, so that a fair that goes on longer and a step that is taken need write nothing here.

use super::{Application, Applications, CONSENT, Listed, Side, Status, form, store};
use crate::accounts::audit::Entry;
use crate::accounts::consents::{Consent, How};
use crate::accounts::{Contact, Viewer};
use crate::clock::{DAY, Millis};
use crate::ids::{ApplicationId, EmployerId};
use crate::web::{AppError, Result, Text};
use sqlx::{Any, Transaction};

/// Long enough to come back to somebody whom another one's refusal leaves as the best.
const AFTER: Millis = 90 * DAY;
/// However often an application is moved.
const LONGEST: Millis = 365 * DAY;
/// Looks that a page shows.
const LOOKS: i64 = 100;
/// What is noted when recruiters see of an applicant what masks hide, or take a table along; see [`Applications::looks`].
pub(super) const LOOKED: [&str; 4] = ["application.contact", "application.resume", "application.voice", EXPORTED];
/// Noted for each applicant in a table whose contact is masked in it.
pub(super) const EXPORTED: &str = "application.exported";

/// A grant as stored, with the end of the fair.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Given {
    pub what: String,
    pub given_at: Millis,
    /// 0 as long as it stands.
    pub revoked_at: Millis,
    pub fair_ends_at: Millis,
}

/// What an employer sees of who applied there: all that was sent, or masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Until then, if nothing happens.
    Open(Millis),
    /// Taken back by the applicant.
    Revoked(Millis),
    /// It has run out.
    Expired(Millis),
    /// The application itself was taken back.
    Withdrawn,
}

impl Access {
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    pub fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked(_))
    }

    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Expired(_))
    }

    /// Why recruiters do not see what was sent; nothing if they do.
    pub(super) fn why(&self) -> Option<Text> {
        let why = match self {
            Self::Open(_) => return None,
            Self::Revoked(_) => Text("grants-revoked-note"),
            Self::Expired(_) => Text("grants-expired-note"),
            Self::Withdrawn => Text("applications-withdrawn-note"),
        };
        Some(why)
    }
}

fn access(given: &Given, status: Status, last_step: Millis, now: Millis) -> Access {
    let ends = (given.fair_ends_at.max(last_step).max(given.given_at) + AFTER).min(given.given_at + LONGEST);
    match (status, given.revoked_at) {
        (Status::Withdrawn, _) => Access::Withdrawn,
        (_, 0) if ends > now => Access::Open(ends),
        (_, 0) => Access::Expired(ends),
        (_, at) => Access::Revoked(at),
    }
}

impl Listed {
    /// What its employer sees of it now.
    pub fn access(&self, now: Millis) -> Access {
        access(&self.given, self.status, self.updated_at, now)
    }

    /// Whether a resume was given with it.
    pub(super) fn gives_resume(&self) -> bool {
        self.given.what.split(' ').any(|what| what == "resume")
    }
}

/// What an application gives, as it is stored.
pub(super) fn what(a: &Application) -> &'static str {
    match (a.resume.is_some(), a.voice.is_some()) {
        (true, true) => "contact resume voice",
        (true, false) => "contact resume",
        (false, true) => "contact voice",
        (false, false) => "contact",
    }
}

/// The grants to one employer.
pub(super) struct ToEmployer {
    pub(super) employer_id: EmployerId,
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) items: Vec<(Listed, Access)>,
    /// How often it was looked at, and when last.
    pub(super) looks: i64,
    pub(super) last_look: Millis,
}

impl ToEmployer {
    pub(super) fn is_open(&self) -> bool {
        self.items.iter().any(|(_, access)| access.is_open())
    }
}

impl Applications {
    /// An application of the viewer's own.
    async fn own(&self, viewer: &Viewer, id: ApplicationId) -> Result<Listed> {
        viewer.person()?;
        match self.visible_to(viewer, id).await? {
            (found, Side::Applicant) => Ok(found),
            (_, Side::Recruiter) => Err(AppError::NotFound),
        }
    }

    /// The application for its recruiter, as long as the applicant lets them see what they sent.
    pub(super) async fn open_to_recruiter(&self, viewer: &Viewer, id: ApplicationId) -> Result<Listed> {
        let found = self.received_by(viewer, id).await?;
        if found.access(self.now()).is_open() { Ok(found) } else { Err(AppError::NotFound) }
    }

    /// The contact in clear, for its recruiter; audited before it is shown.
    pub async fn unmask(&self, viewer: &Viewer, id: ApplicationId) -> Result<(Listed, Contact)> {
        let found = self.open_to_recruiter(viewer, id).await?;
        let contact =
            self.accounts().keys.decrypt(&found.sealed_contact).and_then(|text| form::stored_contact(&text)).ok_or(AppError::NotFound)?;
        self.note_access(viewer, &found, "application.contact").await?;
        Ok((found, contact))
    }

    pub(super) async fn note_access(&self, viewer: &Viewer, found: &Application, action: &str) -> Result<()> {
        let by = viewer.known()?.id;
        self.accounts().audit(by, action, &found.id.to_string(), Some(found.fair_id), "", "").await
    }

    /// Takes back what the employer may see of an application, which itself goes on.
    pub(super) async fn revoke(&self, viewer: &Viewer, id: ApplicationId) -> Result<()> {
        let found = self.own(viewer, id).await?;
        self.revoke_all(&[found]).await
    }

    /// The same of all that an employer has of the viewer; how many there were.
    pub(super) async fn revoke_employer(&self, viewer: &Viewer, employer: EmployerId) -> Result<usize> {
        let account = viewer.person()?.id;
        let mut open = self.of_account(account).await?;
        open.retain(|item| item.employer_id == employer && item.access(self.now()).is_open());
        self.revoke_all(&open).await?;
        Ok(open.len())
    }

    async fn revoke_all(&self, items: &[Listed]) -> Result<()> {
        let now = self.now();
        let mut tx = self.accounts().db.begin().await?;
        for item in items.iter().filter(|item| item.access(now).is_open()) {
            if store::grants::revoke(&mut *tx, item.id, now).await? {
                let subject = item.id.to_string();
                self.accounts().end_consent_in(&mut *tx, item.account_id, &subject).await?;
                self.accounts().audit_in(&mut *tx, item.account_id, "application.revoke", &subject, None, "", "").await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Lets the employer see again what was sent, by another consent.
    pub(super) async fn give_again(&self, viewer: &Viewer, id: ApplicationId, consent: &str) -> Result<()> {
        let found = self.own(viewer, id).await?;
        if consent != CONSENT {
            return Err(AppError::Unprocessable(Text("applications-wrong-consent")));
        }
        match found.access(self.now()) {
            Access::Open(_) => return Ok(()),
            Access::Withdrawn => return Err(AppError::Conflict(Text("applications-status-conflict"))),
            Access::Revoked(_) | Access::Expired(_) => {}
        }
        let mut tx = self.accounts().db.begin().await?;
        store::grants::give(&mut tx, id, what(&found), self.now()).await?;
        self.note_consent(&mut tx, &found).await?;
        self.accounts().audit_in(&mut *tx, found.account_id, "application.give", &id.to_string(), None, "", consent).await?;
        Ok(tx.commit().await?)
    }

    /// Notes in the ledger what sending an application agrees to.
    pub(super) async fn note_consent(&self, tx: &mut Transaction<'static, Any>, a: &Application) -> Result<()> {
        let (employer, about) = (Some(a.employer_id), a.id.to_string());
        let how = if a.station_id.is_empty() { How::Page } else { How::Station };
        let consent = Consent { account: a.account_id, text: CONSENT, employer, about, given: true, how };
        self.accounts().note_consent_in(&mut **tx, &consent).await
    }

    /// Who of the employer saw what of an application, newest first.
    pub(super) async fn looks(&self, id: ApplicationId) -> Result<Vec<Entry>> {
        self.accounts().audit_on(&id.to_string(), &LOOKED, LOOKS).await
    }

    /// Who may see something of the viewer, by employer; whoever may see something now comes first.
    pub(super) async fn grants(&self, viewer: &Viewer) -> Result<Vec<ToEmployer>> {
        let (account, now) = (viewer.person()?.id, self.now());
        let items = self.of_account(account).await?;
        let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
        let looks = self.accounts().audit_counts(&ids, &LOOKED).await?;
        let mut all: Vec<ToEmployer> = Vec::new();
        for item in items {
            let (n, last) = looks.get(&item.id.to_string()).copied().unwrap_or_default();
            let at = all.iter().position(|one| one.employer_id == item.employer_id).unwrap_or_else(|| {
                let (name_zh, name_en) = (item.employer_zh.clone(), item.employer_en.clone());
                all.push(ToEmployer { employer_id: item.employer_id, name_zh, name_en, items: Vec::new(), looks: 0, last_look: 0 });
                all.len() - 1
            });
            let one = &mut all[at];
            (one.looks, one.last_look) = (one.looks + n, one.last_look.max(last));
            let access = item.access(now);
            one.items.push((item, access));
        }
        all.sort_by_key(|one| !one.is_open());
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(given_at: Millis, fair_ends_at: Millis) -> Given {
        Given { what: "contact".into(), given_at, revoked_at: 0, fair_ends_at }
    }

    #[test]
    fn it_ends_ninety_days_after_the_last_that_happened() {
        let of = |g: &Given, step: Millis| access(g, Status::Viewed, step, 0);
        assert_eq!(of(&given(0, 10 * DAY), 0), Access::Open(100 * DAY), "after the fair");
        assert_eq!(of(&given(0, 10 * DAY), 30 * DAY), Access::Open(120 * DAY), "after a later step");
        assert_eq!(of(&given(0, 10 * DAY), 350 * DAY), Access::Open(365 * DAY), "and no step prolongs it for ever");
        assert_eq!(of(&given(200 * DAY, 10 * DAY), 30 * DAY), Access::Open(290 * DAY), "after it was given again");
        let at = |now| access(&given(0, 0), Status::Viewed, 0, now);
        assert_eq!((at(90 * DAY - 1), at(90 * DAY)), (Access::Open(90 * DAY), Access::Expired(90 * DAY)));
    }

    #[test]
    fn what_was_taken_back_is_closed_whatever_the_time() {
        let revoked = Given { revoked_at: 5, ..given(0, 0) };
        assert_eq!(access(&revoked, Status::Hired, 0, 6), Access::Revoked(5));
        assert_eq!(access(&given(0, 0), Status::Withdrawn, 0, 6), Access::Withdrawn);
        for status in Status::ALL {
            assert!(!access(&revoked, status, 0, 6).is_open());
        }
    }
}
