//! Employers that can be trusted: what they declare and hand in, what organisers make of it, for how long it is good; and who belongs to them.
//!
//! Invariants: papers and the publisher's phone are encrypted at rest; they reach the employer's recruiters and the organisers of its fairs alone,
//! and each look at a paper is in the audit log; nobody decides on an employer of their own; a decision is about the version that was seen; what was
//! approved stays good while a renewal is written. Expiry follows from the clock.
//! Deliberately absent: what standing means for postings (`postings::risk`), an owner among the members.

mod decisions;
mod desk_pages;
mod form;
mod invitations;
mod member_pages;
mod members;
mod pages;
mod papers;
mod remind;
mod store;
mod upload;

pub use decisions::{Decision, Verdict};
pub use form::VerificationForm;
pub use invitations::Invitation;
pub use papers::{PAPER_MEGABYTES, Paper, PaperKind};
pub use store::SEALED;

use crate::accounts::{Accounts, Contact, Employer, Viewer, mask};
use crate::blobs::Blobs;
use crate::clock::{HOUR, Millis};
use crate::db::{Db, Json};
use crate::fairs::{Fair, Fairs};
use crate::ids::{AccountId, EmployerId, FairId};
use crate::web::{AppError, RateLimit, Result, Text};
use axum::Router;
use std::collections::BTreeMap;
use std::time::Duration;

/// A kind of employer, which decides what it must hand in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Hires for itself.
    #[default]
    Direct,
    /// Hires for others or lends people, for which it needs a licence (Provisional Regulations on the Human Resources Market, article 18).
    Agency,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Direct, Self::Agency];

    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Agency => "agency",
        }
    }

    pub fn text(self) -> Text {
        match self {
            Self::Direct => Text("employers-kind-direct"),
            Self::Agency => Text("employers-kind-agency"),
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

impl TryFrom<String> for Kind {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::parse(&text).ok_or_else(|| anyhow::anyhow!("kind of employer {text}"))
    }
}

/// How far the declaration has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Draft,
    Submitted,
    Returned,
    Approved,
}

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Approved => "approved",
        }
    }
}

impl TryFrom<String> for Stage {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        let all = [Self::Draft, Self::Submitted, Self::Returned, Self::Approved];
        all.into_iter().find(|stage| stage.name() == text).ok_or_else(|| anyhow::anyhow!("stage {text}"))
    }
}

/// Where an employer stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing handed in yet.
    Draft,
    /// Handed in and not looked at; never verified before.
    Submitted,
    Returned,
    Verified,
    Expired,
    Suspended,
}

impl Status {
    pub fn text(self) -> Text {
        match self {
            Self::Draft => Text("employers-status-draft"),
            Self::Submitted => Text("employers-status-submitted"),
            Self::Returned => Text("employers-status-returned"),
            Self::Verified => Text("employers-status-verified"),
            Self::Expired => Text("employers-status-expired"),
            Self::Suspended => Text("employers-status-suspended"),
        }
    }

    /// What its own people are told about it; nothing if all is well.
    pub fn banner(self) -> Option<Text> {
        match self {
            Self::Draft => Some(Text("employers-banner-draft")),
            Self::Submitted => Some(Text("employers-banner-submitted")),
            Self::Returned => Some(Text("employers-banner-returned")),
            Self::Expired => Some(Text("employers-banner-expired")),
            Self::Suspended => Some(Text("employers-banner-suspended")),
            Self::Verified => None,
        }
    }

    /// The colour of its badge.
    pub fn badge(self) -> &'static str {
        match self {
            Self::Verified => "badge-success",
            Self::Submitted => "badge-warn",
            Self::Returned | Self::Expired | Self::Suspended => "badge-danger",
            Self::Draft => "",
        }
    }
}

/// What an employer's people declared, and what was decided on it.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Verification {
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    pub legal_name: String,
    pub credit_code: String,
    pub licence_number: String,
    /// Times at which something ends; 0 if it is not stated.
    pub licence_until: Millis,
    pub publisher_name: String,
    pub publisher_position: String,
    /// Sealed; empty if it is not stated.
    publisher_phone: String,
    pub phone_proven_at: Millis,
    pub authorised_until: Millis,
    #[sqlx(try_from = "String")]
    pub stage: Stage,
    /// Why it was sent back: a text for each field.
    #[sqlx(try_from = "String")]
    reasons: Json<BTreeMap<String, String>>,
    pub version: i64,
    pub submitted_at: Millis,
    pub decided_at: Millis,
    pub verified_at: Millis,
    pub verified_until: Millis,
    #[sqlx(try_from = "String")]
    pub verified_kind: Kind,
    pub verified_name: String,
    pub limited_by: String,
    pub suspended_at: Millis,
    pub suspended_why: String,
}

impl Verification {
    /// Where the employer stands now.
    pub fn status(&self, now: Millis) -> Status {
        match self.stage {
            _ if self.suspended_at > 0 => Status::Suspended,
            _ if self.verified_until > now => Status::Verified,
            Stage::Submitted => Status::Submitted,
            Stage::Returned => Status::Returned,
            Stage::Draft | Stage::Approved if self.verified_until > 0 => Status::Expired,
            Stage::Draft | Stage::Approved => Status::Draft,
        }
    }

    /// Whether an organiser must look, be it at a renewal.
    pub fn waits(&self) -> bool {
        self.stage == Stage::Submitted
    }

    pub fn reason(&self, field: &str) -> &str {
        self.reasons.0.get(field).map_or("", String::as_str)
    }

    fn phone(&self, accounts: &Accounts) -> Option<Contact> {
        Contact::parse(&accounts.keys.decrypt(&self.publisher_phone)?)
    }

    /// Such as `138****1234`.
    fn masked_phone(&self, accounts: &Accounts) -> String {
        self.phone(accounts).map(|phone| mask(phone.value())).unwrap_or_default()
    }
}

/// What everybody may know of a verified employer.
#[derive(Clone, Debug)]
pub struct Checked {
    pub name: String,
    pub kind: Kind,
    pub at: Millis,
    pub until: Millis,
}

/// An employer as one of its people or an organiser sees it.
pub struct Seen {
    pub employer: Employer,
    pub verification: Verification,
    pub papers: Vec<Paper>,
    pub is_recruiter: bool,
    /// The fair for which the viewer may decide.
    pub fair: Option<Fair>,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Employers {
    pub fairs: Fairs,
    blobs: Blobs,
    /// Papers are few and large.
    upload_limit: RateLimit<EmployerId>,
    invitation_limit: RateLimit<EmployerId>,
}

/// All pages of employers' papers and people.
pub fn routes(employers: Employers) -> Router {
    Router::new().merge(pages::routes()).merge(desk_pages::routes()).merge(member_pages::routes()).with_state(employers)
}

impl Employers {
    pub fn new(fairs: Fairs, blobs: Blobs) -> Self {
        Self {
            fairs,
            blobs,
            upload_limit: RateLimit::new(30, Duration::from_secs(120)),
            invitation_limit: RateLimit::new(20, Duration::from_secs(600)),
        }
    }

    pub fn accounts(&self) -> &Accounts {
        &self.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    pub fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// What is known of an employer; of one that never began, nothing.
    pub async fn verification(&self, id: EmployerId) -> Result<Verification> {
        Ok(store::verification(self.db().read(), id).await?.unwrap_or_default())
    }

    /// All that are suspended now: nothing of theirs is out.
    pub async fn suspended(&self) -> Result<Vec<EmployerId>> {
        Ok(store::suspended(self.db().read()).await?.into_iter().map(|(id,)| id).collect())
    }

    pub async fn status(&self, id: EmployerId) -> Result<Status> {
        Ok(self.verification(id).await?.status(self.now()))
    }

    /// What was checked of an employer, for everybody; nothing unless it is verified now.
    pub async fn checked(&self, id: EmployerId) -> Result<Option<Checked>> {
        let v = self.verification(id).await?;
        let known = v.status(self.now()) == Status::Verified;
        Ok(known.then_some(Checked { name: v.verified_name, kind: v.verified_kind, at: v.verified_at, until: v.verified_until }))
    }

    /// The employer with its papers, for its recruiters and for organisers of a fair in which it takes part.
    pub async fn seen_by(&self, viewer: &Viewer, id: EmployerId) -> Result<Seen> {
        let is_recruiter = viewer.recruits_for(id);
        let fair = self.fairs.of_employer(id).await?.into_iter().find(|fair| viewer.organises(fair.id));
        if !is_recruiter && fair.is_none() {
            return Err(AppError::NotFound);
        }
        let employer = self.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
        let (verification, papers) = (self.verification(id).await?, store::papers(self.db().read(), id).await?);
        Ok(Seen { employer, verification, papers, is_recruiter, fair })
    }

    /// The same for its recruiters alone.
    pub(crate) async fn recruited_by(&self, viewer: &Viewer, id: EmployerId) -> Result<Seen> {
        let seen = self.seen_by(viewer, id).await?;
        if seen.is_recruiter { Ok(seen) } else { Err(AppError::NotFound) }
    }

    /// The employers of a fair with where they stand, for its organisers: what waits first, longest first.
    pub async fn of_fair(&self, viewer: &Viewer, id: FairId) -> Result<(Fair, Vec<(Employer, Verification)>)> {
        let fair = self.fairs.organised_by(viewer, id).await?;
        let mut known: BTreeMap<EmployerId, Verification> = store::of_fair(self.db().read(), id).await?.into_iter().collect();
        let employers = self.fairs.employers(id).await?.into_iter();
        let mut all: Vec<_> = employers.map(|e| (known.remove(&e.id).unwrap_or_default(), e)).map(|(v, e)| (e, v)).collect();
        all.sort_by_key(|(_, v)| (!v.waits(), if v.waits() { v.submitted_at } else { 0 }));
        Ok((fair, all))
    }

    /// Files that a crash left without a row. Called by the housekeeping job.
    pub async fn forget_strays(&self) -> Result<usize> {
        // Listed first: what is named between the two looks counts as named.
        let old = self.blobs.older_than(self.now() - HOUR).await?;
        let mut gone = 0;
        for blob in old {
            if store::paper(self.db().read(), blob).await?.is_none() {
                self.blobs.remove(blob).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// The zone in which an employer's days end: that of the first fair it takes part in.
    pub(crate) async fn zone(&self, id: EmployerId) -> Result<jiff::tz::TimeZone> {
        let first = self.fairs.of_employer(id).await?.into_iter().next();
        Ok(first.map_or_else(|| jiff::tz::TimeZone::get("Asia/Shanghai").unwrap_or(jiff::tz::TimeZone::UTC), |fair| fair.time_zone()))
    }

    /// An employer that was checked elsewhere, as when a demo is filled. `by` has seen its papers.
    pub async fn note_verified(&self, id: EmployerId, form: &VerificationForm, until: Millis, by: AccountId) -> Result<()> {
        let draft = self.note_submitted(id, form).await?;
        let mut tx = self.db().begin().await?;
        store::approve(&mut tx, id, draft.version, self.now(), until, "check").await?;
        self.accounts().audit_in(&mut *tx, by, "employer.verify", &id.to_string(), None, "", "").await?;
        Ok(tx.commit().await?)
    }

    /// The same for one that waits to be looked at.
    pub async fn note_submitted(&self, id: EmployerId, form: &VerificationForm) -> Result<Verification> {
        let zone = self.zone(id).await?;
        let draft = form.read(self.now(), &zone).map_err(AppError::Invalid)?;
        self.store_draft(id, &Verification::default(), &draft, true).await?;
        let mut stored = self.verification(id).await?;
        store::submit(self.db().write(), id, stored.version, self.now()).await?;
        stored.version += 1;
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_employer_stands_follows_from_times_and_stage() {
        let of = |stage, verified_until, suspended_at| {
            Verification { stage, verified_until, suspended_at, ..Verification::default() }.status(100)
        };
        assert_eq!(of(Stage::Draft, 0, 0), Status::Draft);
        assert_eq!(of(Stage::Submitted, 0, 0), Status::Submitted);
        assert_eq!(of(Stage::Returned, 0, 0), Status::Returned);
        assert_eq!(of(Stage::Approved, 101, 0), Status::Verified);
        assert_eq!(of(Stage::Submitted, 101, 0), Status::Verified, "a renewal takes nothing away");
        assert_eq!(of(Stage::Returned, 101, 0), Status::Verified);
        assert_eq!(of(Stage::Approved, 100, 0), Status::Expired, "the end itself is past");
        assert_eq!(of(Stage::Submitted, 99, 0), Status::Submitted);
        assert_eq!(of(Stage::Approved, 101, 1), Status::Suspended);
    }
}
