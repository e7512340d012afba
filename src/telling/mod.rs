//! How people want to be told: their ways, quiet hours and browsers, the calendar they subscribe to, the notices on their pages.
//!
//! Consent is asked for each way, with the words that were shown; a way nobody consented to is used only as far as `notify::Reach` says.
//! The address of a calendar is a secret of its own: it opens that calendar and nothing else, is stored hashed, shown once, and can be renewed.
//! Deliberately absent: what is told, which is for whoever causes it.

mod calendars;
mod devices;
mod news;
mod pages;
mod store;

pub use store::ERASED;

use crate::accounts::{Accounts, Viewer};
use crate::ids::AccountId;
use crate::interviews::Interviews;
use crate::web::{RateLimit, Result};
use axum::Router;
use axum::routing::{get, post};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Telling {
    interviews: Interviews,
    accounts: Accounts,
    /// Calendars fetched from an address.
    fetches: RateLimit<IpAddr>,
    /// What somebody changes on their page: each yes and no is kept.
    changes: RateLimit<AccountId>,
    /// Where most people are.
    zone: Arc<str>,
}

impl Telling {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts.keys;
        Ok(crate::db::personal(self.accounts.db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(interviews: Interviews, accounts: Accounts, zone: &str) -> Self {
        // Calendar services fetch for many from few addresses; a program asks every quarter of an hour at most.
        Self {
            interviews,
            accounts,
            fetches: RateLimit::new(60, Duration::from_secs(1)),
            changes: RateLimit::new(30, Duration::from_secs(10)),
            zone: zone.into(),
        }
    }
}

impl Telling {
    /// Who changes how they are told, not too often.
    fn changer(&self, viewer: &Viewer) -> Result<AccountId> {
        let me = viewer.person()?.id;
        self.changes.check(&me).map(|()| me)
    }
}

pub fn routes(telling: Telling) -> Router {
    Router::new()
        .route("/me/telling", get(pages::show))
        .route("/me/telling/ways", post(pages::set_ways))
        .route("/me/telling/quiet", post(pages::set_quiet))
        .route("/me/telling/devices", post(devices::add))
        .route("/me/telling/devices/{id}/removals", post(devices::remove))
        .route("/me/calendar", post(calendars::make))
        .route("/me/calendar/removals", post(calendars::remove))
        .route("/calendar/{name}", get(calendars::fetch))
        .route("/me/notices", get(news::show))
        .route("/me/notices/seen", post(news::see))
        .route("/push-worker.js", get(devices::worker))
        .with_state(telling)
}
