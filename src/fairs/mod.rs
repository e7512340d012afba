//! Job fairs: dates, zone, region, state, who takes part, who organises.
//!
//! A fair is a draft (organisers only), open (visible, rooms may be prepared), live (rooms may go live) or closed (read only).

mod pages;
mod store;

pub use pages::routes;

use crate::accounts::{Accounts, Employer, Grant, Viewer};
use crate::clock::Millis;
use crate::db::Recent;
use crate::ids::{AccountId, EmployerId, FairId};
use crate::web::{AppError, Result, Text};
use sqlx::{Any, Executor, Transaction};
use std::sync::Arc;

/// Where a fair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FairState {
    Draft,
    Open,
    Live,
    Closed,
}

impl FairState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Live => "live",
            Self::Closed => "closed",
        }
    }

    /// Text key of the state.
    pub fn text(self) -> &'static str {
        match self {
            Self::Draft => "fairs-state-draft",
            Self::Open => "fairs-state-open",
            Self::Live => "fairs-state-live",
            Self::Closed => "fairs-state-closed",
        }
    }

    /// The states an organiser may set from here. A closed fair may be opened again, never be a draft again.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Open],
            Self::Open => &[Self::Live, Self::Closed],
            Self::Live => &[Self::Open, Self::Closed],
            Self::Closed => &[Self::Open],
        }
    }

    /// Whether people may act in it: chat, apply, book.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Open | Self::Live)
    }
}

impl std::str::FromStr for FairState {
    type Err = anyhow::Error;
    fn from_str(s: &str) -> anyhow::Result<Self> {
        [Self::Draft, Self::Open, Self::Live, Self::Closed]
            .into_iter()
            .find(|f| f.name() == s)
            .ok_or_else(|| anyhow::anyhow!("fair state {s}"))
    }
}

impl TryFrom<String> for FairState {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        s.parse()
    }
}

/// A job fair.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fair {
    pub id: FairId,
    pub title_zh: String,
    pub title_en: String,
    pub intro_zh: String,
    pub intro_en: String,
    /// GB/T 2260 code.
    pub region: String,
    /// IANA time zone in which its times are shown.
    pub zone: String,
    /// Static path of a cover picture, or empty.
    pub cover: String,
    #[sqlx(try_from = "String")]
    pub state: FairState,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub created_at: Millis,
}

impl Fair {
    /// The fair's time zone; UTC if the stored name is no longer known.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// `at` for the `datetime` of a `<time>`.
    pub fn iso(&self, at: &Millis) -> String {
        crate::clock::iso(*at)
    }

    /// Whether it begins and ends on one day in its zone, so that the end needs no date.
    pub fn is_one_day(&self) -> bool {
        self.local(&self.starts_at).get(..10) == self.local(&self.ends_at).get(..10)
    }

    /// `at` in the fair's zone, such as `2027-02-20 09:30`.
    pub fn local(&self, at: &Millis) -> String {
        match jiff::Timestamp::from_millisecond(*at) {
            Ok(at) => at.to_zoned_datetime(self.time_zone()).strftime("%Y-%m-%d %H:%M").to_string(),
            Err(_) => String::new(),
        }
    }
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Fairs {
    pub accounts: Accounts,
    changes: tokio::sync::broadcast::Sender<(FairId, FairState)>,
    recent: Recent<FairId, Arc<Fair>>,
}

/// Drafts are seen by their organisers only.
fn shown<F: std::borrow::Borrow<Fair>>(viewer: &Viewer, fair: Option<F>) -> Result<F> {
    let seen = |fair: &Fair| fair.state != FairState::Draft || viewer.organises(fair.id);
    fair.filter(|fair| seen(fair.borrow())).ok_or(AppError::NotFound)
}

/// What is needed to draft a fair.
#[derive(Clone, Debug, Default)]
pub struct NewFair {
    pub title_zh: String,
    pub title_en: String,
    pub intro_zh: String,
    pub intro_en: String,
    pub region: String,
    pub zone: String,
    pub cover: String,
    pub starts_at: Millis,
    pub ends_at: Millis,
}

impl Fairs {
    pub fn new(accounts: Accounts) -> Self {
        // A server holds tens of fairs, whose states change a few times a day.
        Self { recent: Recent::trusting(&accounts.db), accounts, changes: tokio::sync::broadcast::channel(64).0 }
    }

    /// A fair, for work that nobody looks at.
    pub async fn by_id(&self, id: FairId) -> Result<Option<Fair>> {
        Ok(store::fair(self.accounts.db.read(), id).await?)
    }

    /// The fair if the viewer may see it: drafts only by their organisers.
    pub async fn visible_to(&self, viewer: &Viewer, id: FairId) -> Result<Fair> {
        shown(viewer, store::fair(self.accounts.db.read(), id).await?)
    }

    /// The same for those who come by the thousand, as it was a moment ago.
    pub async fn door(&self, viewer: &Viewer, id: FairId) -> Result<Arc<Fair>> {
        let accounts = &self.accounts;
        let read = async || store::fair(accounts.db.read(), id).await.map(|fair| fair.map(Arc::new));
        shown(viewer, self.recent.get(accounts.clock.now(), id, read()).await?)
    }

    /// The fair if the viewer organises it.
    pub async fn organised_by(&self, viewer: &Viewer, id: FairId) -> Result<Fair> {
        let fair = self.visible_to(viewer, id).await?;
        if viewer.organises(id) { Ok(fair) } else { Err(AppError::NotFound) }
    }

    /// All fairs the viewer may see, live ones first, then by start.
    pub async fn list(&self, viewer: &Viewer) -> Result<Vec<Fair>> {
        let mut fairs = store::fairs(self.accounts.db.read()).await?;
        fairs.retain(|f| f.state != FairState::Draft || viewer.organises(f.id));
        fairs.sort_by_key(|f| (f.state != FairState::Live, f.state == FairState::Closed, f.starts_at));
        Ok(fairs)
    }

    /// The fairs in which one can apply now.
    pub async fn active(&self) -> Result<Vec<FairId>> {
        let fairs = store::fairs(self.accounts.db.read()).await?;
        Ok(fairs.into_iter().filter(|f| f.state.is_active()).map(|f| f.id).collect())
    }

    pub async fn create(&self, new: NewFair, organiser: AccountId) -> Result<Fair> {
        let mut tx = self.accounts.db.begin().await?;
        let fair = self.create_in(&mut tx, new, organiser).await?;
        tx.commit().await?;
        self.accounts.changed();
        Ok(fair)
    }

    /// The same as a part of something larger.
    pub async fn create_in(&self, tx: &mut Transaction<'static, Any>, new: NewFair, organiser: AccountId) -> Result<Fair> {
        let fair = Fair {
            id: FairId::new(),
            title_zh: new.title_zh,
            title_en: new.title_en,
            intro_zh: new.intro_zh,
            intro_en: new.intro_en,
            region: new.region,
            zone: new.zone,
            cover: new.cover,
            state: FairState::Draft,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
            created_at: self.accounts.clock.now(),
        };
        store::insert(&mut **tx, &fair).await?;
        self.accounts.grant_in(&mut **tx, organiser, Grant::Organiser(fair.id)).await?;
        Ok(fair)
    }

    /// Moves a fair to another state; audited.
    pub async fn set_state(&self, viewer: &Viewer, id: FairId, to: FairState) -> Result<Fair> {
        let fair = self.organised_by(viewer, id).await?;
        if fair.state != to {
            if !fair.state.next().contains(&to) || !store::set_state(self.accounts.db.write(), id, fair.state, to).await? {
                return Err(AppError::Conflict(Text("fairs-state-conflict")));
            }
            self.recent.forget(id);
            self.accounts.changed();
            let _ = self.changes.send((id, to));
            self.accounts.audit(viewer.known()?.id, "fair.state", &id.to_string(), Some(id), "", to.name()).await?;
        }
        Ok(Fair { state: to, ..fair })
    }

    /// Changes of state from now on.
    pub fn changes(&self) -> tokio::sync::broadcast::Receiver<(FairId, FairState)> {
        self.changes.subscribe()
    }

    /// Lets an employer take part.
    pub async fn admit(&self, fair: FairId, employer: EmployerId) -> Result<()> {
        self.admit_in(self.accounts.db.write(), fair, employer).await
    }

    /// The same as a part of something larger.
    pub async fn admit_in<'e>(&self, db: impl Executor<'e, Database = Any>, fair: FairId, employer: EmployerId) -> Result<()> {
        Ok(store::put_employer(db, fair, employer, "approved").await?)
    }

    /// The employers that take part.
    pub async fn employers(&self, fair: FairId) -> Result<Vec<Employer>> {
        Ok(store::employers(self.accounts.db.read(), fair).await?)
    }

    /// The fairs in which an employer takes part, by start. Drafts are among them: filter by state before showing them.
    pub async fn of_employer(&self, employer: EmployerId) -> Result<Vec<Fair>> {
        Ok(store::of_employer(self.accounts.db.read(), employer).await?)
    }

    pub async fn takes_part(&self, fair: FairId, employer: EmployerId) -> Result<bool> {
        Ok(store::is_approved(self.accounts.db.read(), fair, employer).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_leads_back_to_a_draft_and_none_to_itself() {
        for state in [FairState::Draft, FairState::Open, FairState::Live, FairState::Closed] {
            assert!(!state.next().contains(&FairState::Draft));
            assert!(!state.next().contains(&state));
            assert_eq!(state.name().parse::<FairState>().expect("name"), state);
        }
    }
}
