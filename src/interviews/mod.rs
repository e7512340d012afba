//! Interviews: recruiters offer slots, seekers book them, both meet in a two-way call.
//!
//! Invariants, each a primary key in the database: a slot has no more seekers than seats; nobody is in two interviews at the same time, in
//! whichever role, group sessions and panels too; a recruiter's offers do not overlap; a request sent again books nothing new. What is held
//! for a time and whose time ran out is taken over by the constraint itself, no sweeper decides. Only the seeker and the employer's
//! recruiters reach an interview; to all others, organisers too, it does not exist (they may book one for somebody). Its state is derived,
//! see [`State::derive`] and [`ClaimState::derive`]. A walk-in from a line of a booth is an interview of now, see [`Meeting`].
//!
//! Slots: [`Interviews::open_slots`] (computed from plans of `schedule`, and those offered by themselves). Taking one: `book`, `hold`, `invite`,
//! `book_for`, all of them wishes that `desk` decides. What was taken for a time is a [`Claim`]: `confirm`, `reply`, `let_go`. Changing an
//! interview: `cancel`, `move_to`, `mark_absent`. Waitlists: `wait`, `stop_waiting`.
//! What is told of a change (see `messages`) and its line in the audit log are written in the transaction of the change.
//! Deliberately absent: recordings (`recordings`), who is next (`queue`).

mod asking;
mod book_pages;
mod booking;
mod calendar;
mod calendar_pages;
mod calendar_table;
mod call;
mod changes;
mod choose;
mod claim;
mod claim_pages;
mod claim_routes;
mod claims;
mod desk;
mod interview;
mod invite_many;
mod invite_pages;
mod links;
mod list_pages;
mod messages;
mod move_pages;
mod notices;
mod offer;
mod offer_pages;
mod one_page;
mod overview;
mod pages;
mod past;
mod slot;
mod slots;
mod state;
mod store;
mod taking;
mod waits;
mod walk_in;

pub use booking::Booking;
pub use call::{Feed, Present};
pub use claim::{Answer, Claim, ClaimState, Claiming, How};
pub use claims::{Invitation, Replied, Reply};
pub use interview::{Card, Interview, Part, Participant, local};
pub use offer::Offer;
pub use pages::routes;
pub use slot::{Slot, SlotKey};
pub use slots::Filter;
pub use state::{EARLY, Party, State};
pub use store::Change;
pub use store::{ERASED, SEALED};
pub use waits::Wait;
pub use walk_in::{Meeting, Standing};

use crate::accounts::{Accounts, Employer, Viewer};
use crate::applications::Applications;
use crate::blobs::Blobs;
use crate::clock::Millis;
use crate::db::{Db, Recent};
use crate::fairs::Fair;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId};
use crate::live::Live;
use crate::postings::Postings;
use crate::schedule::Schedule;
use crate::web::{AppError, Fields, RateLimit, Result, Text};
use interview::{day_bounds, zone_name, zone_of};
use sqlx::{Any, Transaction};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Cameras and screens of all calls together; the fair's booths have their own share of the media plane.
pub const MOST_PUBLISHERS: usize = 1_000;
/// Megabytes of a file that is sent in a call.
pub const FILE_MEGABYTES: usize = 10;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Interviews {
    pub live: Live,
    pub schedule: Schedule,
    postings: Postings,
    applications: Applications,
    desk: Arc<desk::Desk>,
    /// The free slots of employers that are shown to those who cannot have the one they wanted, as of this second.
    near: Recent<(EmployerId, FairId, i64), Arc<Vec<Slot>>>,
    /// One at a time finds them anew: of an opening rush thousands miss in the same moment.
    finding: Arc<tokio::sync::Mutex<()>>,
    tries: RateLimit<AccountId>,
    calls: call::Calls,
    /// Uses of join links.
    joins: RateLimit<AccountId>,
    /// Rung when there is something to tell.
    wake: Arc<Notify>,
}

impl Interviews {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(live: Live, postings: Postings, applications: Applications, files: Blobs, keep_days: u32) -> Self {
        // Enough to click through a page of slots that others take away; too little to sweep a fair's slots.
        let tries = RateLimit::new(20, Duration::from_secs(6));
        Self {
            schedule: Schedule::new(postings.clone()),
            live,
            postings,
            applications,
            desk: Arc::default(),
            near: Recent::default(),
            finding: Arc::default(),
            tries,
            calls: call::Calls::new(files, keep_days),
            joins: RateLimit::new(20, Duration::from_secs(6)),
            wake: Arc::default(),
        }
    }

    fn accounts(&self) -> &Accounts {
        &self.live.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// The employer if the viewer recruits for it.
    async fn employer_of(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        let employer = self.accounts().employer(id).await?.filter(|_| viewer.recruits_for(id));
        employer.ok_or(AppError::NotFound)
    }

    /// Fairs in which an employer can offer slots now.
    async fn fairs_of(&self, employer: EmployerId) -> Result<Vec<Fair>> {
        let mut fairs = self.live.rooms.fairs.of_employer(employer).await?;
        fairs.retain(|f| f.state.is_active());
        Ok(fairs)
    }

    /// The interview, and the viewer's side of it.
    pub async fn visible_to(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Party)> {
        // A guest may have come by a line.
        viewer.known()?;
        let interview = store::interview(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
        let party = interview.party_of(viewer).ok_or(AppError::NotFound)?;
        Ok((interview, party))
    }

    /// Who takes part in an interview, the seeker first.
    pub async fn participants(&self, id: InterviewId) -> Result<Vec<Participant>> {
        Ok(store::participants(self.db().read(), id).await?)
    }

    /// Logs a change of an interview in its transaction. Without `by` it was the line that did it, for its recruiter.
    async fn log(&self, tx: &mut Transaction<'_, Any>, by: Option<AccountId>, action: &str, it: &Interview) -> Result<()> {
        let (actor, detail) = by.map_or((it.recruiter_id, "by=line"), |by| (by, ""));
        self.accounts().audit_in(&mut **tx, actor, action, &it.id.to_string(), Some(it.fair_id), "", detail).await
    }

    /// A person's own interviews: those to come first, soonest first; then the past ones, latest first.
    pub async fn mine(&self, viewer: &Viewer) -> Result<Vec<Card>> {
        let now = self.now();
        let mut all = store::of_seeker(self.db().read(), viewer.person()?.id).await?;
        all.sort_by_key(|i| match i.state(now) {
            State::Running | State::Booked => (0, i.starts_at),
            State::Done | State::NoShow { .. } | State::Cancelled => (1, -i.starts_at),
        });
        Ok(all.into_iter().map(|interview| Card::new(interview, Party::Seeker, now)).collect())
    }

    /// How many interviews of a fair are booked and not cancelled, for the figures of the day.
    pub async fn count(&self, fair: FairId) -> Result<i64> {
        Ok(store::count(self.db().read(), fair).await?)
    }
}

fn invalid(field: &'static str, text: Text) -> AppError {
    let mut fields = Fields::default();
    fields.add(field, text);
    AppError::Invalid(fields)
}
