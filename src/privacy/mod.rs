//! What people may know and decide about their own data: what they agreed to, all that is kept of them.
//!
//! Invariants: everybody sees their own data and nobody else's; what is kept of a person in any table is in their export, or the table is named
//! in `docs/privacy.md` with why it is not (`tests/it/privacy.rs` walks the schema). Each capability gathers its own (`personal`); this one puts
//! it together. Deliberately absent: who may see an application (`applications::grants`), how somebody is told (`telling`).

mod consents;
mod data;
mod deletion;
mod pages;
mod rekey;
pub mod retention;
mod store;

pub use deletion::{GRACE, RECORDS_KEPT, WORDS_KEPT};
pub use pages::routes;
pub use rekey::{Rekeyed, may_drop, sealed};

use crate::accounts::{Accounts, Viewer};
use crate::applications::Applications;
use crate::employers::Employers;
use crate::ids::AccountId;
use crate::interviews::Interviews;
use crate::moderation::Moderation;
use crate::polls::Polls;
use crate::questions::Questions;
use crate::queue::Queue;
use crate::recordings::Recordings;
use crate::searches::Searches;
use crate::stage::Guests;
use crate::stations::Stations;
use crate::telling::Telling;
use crate::web::{RateLimit, Result};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ROUND: Duration = Duration::from_secs(3_600);

/// Everybody who keeps something of people.
#[derive(Clone)]
pub struct Sources {
    pub accounts: Accounts,
    pub employers: Employers,
    pub applications: Applications,
    pub interviews: Interviews,
    pub recordings: Recordings,
    pub moderation: Moderation,
    pub questions: Questions,
    pub polls: Polls,
    pub queue: Queue,
    pub guests: Guests,
    pub searches: Searches,
    pub stations: Stations,
    pub telling: Telling,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Privacy {
    sources: Sources,
    /// Gathering reads some fifty tables.
    gathers: RateLimit<AccountId>,
}

impl std::ops::Deref for Privacy {
    type Target = Sources;
    fn deref(&self) -> &Sources {
        &self.sources
    }
}

impl Privacy {
    pub fn new(sources: Sources) -> Self {
        Self { sources, gathers: RateLimit::new(10, Duration::from_secs(60)) }
    }

    /// Keeps at what has its time, until the server stops.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {
                    // It goes on where it was with the next start.
                    let done = tokio::select! {
                        () = token.cancelled() => return,
                        done = async { [self.delete_due().await.err(), self.retain().await.err(), self.rekey().await.err()] } => done,
                    };
                    for error in done.into_iter().flatten() {
                        tracing::error!(?error, "housekeeping of personal data");
                    }
                }
            }
        }
    }

    /// Who asks for all of their data, not too often.
    fn gatherer(&self, viewer: &Viewer) -> Result<AccountId> {
        let me = viewer.person()?.id;
        self.gathers.check(&me).map(|()| me)
    }
}
