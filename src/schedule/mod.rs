//! When interviews can be: plans of employers (weekly hours, exceptions, how the time is cut), the frame that organisers set for a fair.
//!
//! Invariants: slots are computed from a plan and never stored; what is changed is changed from the version that was seen; a plan belongs to
//! one employer and one fair, and its people recruit for that employer. Deliberately absent: what is taken of the slots, see `interviews`.
//!
//! For pages: [`Schedule::plans_of`], [`Schedule::plan_for`], [`Schedule::add`], [`Schedule::change`], [`Schedule::close`],
//! [`Schedule::preview`], [`Schedule::frame_days`], [`Schedule::set_frame`]; forms are [`PlanForm`] and [`FrameForm`], all fields text, wrong ones
//! come back as `AppError::Invalid`. What can be booked, with everything taken left out, is `Interviews::free_slots`.

mod compute;
#[cfg(test)]
mod compute_tests;
mod form;
mod frame_pages;
mod pages;
mod plan;
mod rows;
mod store;

pub use compute::{Frame, Open, Session, Taken, clock_time, exists, people_at, slots};
pub use form::{BUFFERS, FrameForm, LENGTHS, PlanForm};
pub use pages::routes;
pub use plan::{CELL, Exception, FrameDay, Hours, Mode, Plan, Span};
pub use rows::weekday;

use crate::accounts::{Accounts, Viewer};
use crate::clock::Millis;
use crate::db::{Db, Recent};
use crate::fairs::{Fair, Fairs};
use crate::ids::{AccountId, EmployerId, FairId, PlanId};
use crate::postings::Postings;
use crate::web::{AppError, Fields, Result, Text};
use jiff::tz::TimeZone;
use sqlx::AnyConnection;
use std::sync::Arc;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Schedule {
    fairs: Fairs,
    postings: Postings,
    plans: Recent<PlanId, Arc<Plan>>,
    frames: Recent<FairId, Arc<Frame>>,
}

impl Schedule {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(postings: Postings) -> Self {
        let fairs = postings.rooms.fairs.clone();
        let db = &fairs.accounts.db;
        Self { plans: Recent::trusting(db), frames: Recent::trusting(db), fairs, postings }
    }

    fn accounts(&self) -> &Accounts {
        &self.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// An employer's plans if the viewer recruits for it, newest first, closed ones too.
    pub async fn plans_of(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<Plan>> {
        viewer.person()?;
        if !viewer.recruits_for(employer) {
            return Err(AppError::NotFound);
        }
        Ok(store::of_employer(self.db().read(), employer).await?)
    }

    /// The plan if the viewer recruits for its employer.
    pub async fn plan_for(&self, viewer: &Viewer, id: PlanId) -> Result<Plan> {
        viewer.person()?;
        let plan = store::plan(self.db().read(), id).await?;
        plan.filter(|p| viewer.recruits_for(p.employer_id)).ok_or(AppError::NotFound)
    }

    /// Fairs in which an employer can offer interviews now.
    pub async fn fairs_of(&self, employer: EmployerId) -> Result<Vec<Fair>> {
        let mut fairs = self.fairs.of_employer(employer).await?;
        fairs.retain(|f| f.state.is_active());
        Ok(fairs)
    }

    /// The open plans of an employer at a fair, whoever asks.
    pub async fn open_plans(&self, employer: EmployerId, fair: FairId) -> Result<Vec<Plan>> {
        let mut plans = store::of_employer(self.db().read(), employer).await?;
        plans.retain(|p| p.fair_id == fair && p.closed_at.is_none());
        Ok(plans)
    }

    /// The open plans of all employers of a fair, whoever asks.
    pub async fn open_plans_of_fair(&self, fair: FairId) -> Result<Vec<Plan>> {
        Ok(store::of_fair(self.db().read(), fair).await?)
    }

    /// A plan as it was a moment ago, for those who come by the thousand.
    pub async fn plan(&self, id: PlanId) -> Result<Option<Arc<Plan>>> {
        let read = async { store::plan(self.db().read(), id).await.map(|plan| plan.map(Arc::new)) };
        Ok(self.plans.get(self.now(), id, read).await?)
    }

    /// Makes a plan of an employer; the viewer recruits for it.
    pub async fn add(&self, viewer: &Viewer, employer: EmployerId, form: &PlanForm) -> Result<Plan> {
        let by = viewer.person()?.id;
        let plan = self.read(viewer, employer, form).await?;
        let mut tx = self.db().begin().await?;
        store::insert(&mut tx, &plan, by, self.now()).await?;
        self.log(&mut tx, by, "interview.plan", &plan).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// Changes a plan that was seen in `form.version`. What is booked stays as it is.
    pub async fn change(&self, viewer: &Viewer, id: PlanId, form: &PlanForm) -> Result<Plan> {
        let by = viewer.person()?.id;
        let old = self.plan_for(viewer, id).await?;
        let version = if form.version.trim().is_empty() { old.version } else { form.version.trim().parse().unwrap_or(-1) };
        let plan = Plan { id, version, ..self.read(viewer, old.employer_id, form).await? };
        let mut tx = self.db().begin().await?;
        if !store::update(&mut tx, &plan).await? {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("schedule-changed-meanwhile")));
        }
        self.log(&mut tx, by, "interview.plan-change", &plan).await?;
        tx.commit().await?;
        self.plans.forget(id);
        Ok(Plan { version: plan.version + 1, ..plan })
    }

    /// Offers nothing more of a plan. What is booked stays as it is.
    pub async fn close(&self, viewer: &Viewer, id: PlanId) -> Result<Plan> {
        let by = viewer.person()?.id;
        let plan = self.plan_for(viewer, id).await?;
        let now = self.now();
        let mut tx = self.db().begin().await?;
        if store::close(&mut tx, id, now).await? {
            self.log(&mut tx, by, "interview.plan-close", &plan).await?;
        }
        tx.commit().await?;
        self.plans.forget(id);
        Ok(Plan { closed_at: plan.closed_at.or(Some(now)), ..plan })
    }

    async fn log(&self, db: &mut AnyConnection, by: AccountId, action: &str, plan: &Plan) -> Result<()> {
        let detail = format!("mode={} minutes={} people={}", plan.mode.name(), plan.minutes, plan.people.len());
        self.accounts().audit_in(&mut *db, by, action, &plan.id.to_string(), Some(plan.fair_id), "", &detail).await
    }

    /// What a form says, or what is wrong with it; the id is new. For a preview before it is saved see [`Schedule::preview`].
    pub async fn read(&self, viewer: &Viewer, employer: EmployerId, form: &PlanForm) -> Result<Plan> {
        viewer.person()?;
        if !viewer.recruits_for(employer) {
            return Err(AppError::NotFound);
        }
        let recruiters: Vec<AccountId> = self.accounts().recruiters_of(employer).await?.iter().map(|a| a.id).collect();
        let fairs = self.fairs_of(employer).await?;
        let plan = form.read(viewer.person()?.id, employer, &recruiters, &fairs, self.now()).map_err(AppError::Invalid)?;
        self.check_postings(&plan).await?;
        Ok(plan)
    }

    /// Postings of others are no choice, nor are those at another fair: nobody could book about them.
    async fn check_postings(&self, plan: &Plan) -> Result<()> {
        if plan.postings.is_empty() {
            return Ok(());
        }
        let own = self.postings.of_employer(plan.employer_id).await?;
        let mut wrong = Fields::default();
        for id in &plan.postings {
            match own.iter().find(|posting| posting.id == *id) {
                None => wrong.add("posting", Text("schedule-choose")),
                Some(posting) if posting.fair_id != plan.fair_id => wrong.add("posting", Text("schedule-posting-elsewhere")),
                Some(_) => {}
            }
        }
        wrong.check()
    }

    /// The slots of a plan that begin in `range`, as if nothing were taken.
    pub async fn preview(&self, plan: &Plan, range: Span) -> Result<Vec<Open>> {
        let frame = self.frame(plan.fair_id).await?;
        Ok(slots(plan, &frame, &Taken::default(), range, self.now()))
    }

    /// The days of a fair's frame, in its zone; none: interviews may be at any time.
    pub async fn frame_days(&self, fair: FairId) -> Result<Vec<FrameDay>> {
        Ok(store::frame(self.db().read(), fair).await?)
    }

    /// The same to compute with, as it was a moment ago.
    pub async fn frame(&self, fair: FairId) -> Result<Arc<Frame>> {
        let read = async {
            let days = store::frame(self.db().read(), fair).await?;
            let zone = TimeZone::get(&store::zone_of(self.db().read(), fair).await?).unwrap_or(TimeZone::UTC);
            Ok::<_, AppError>(Some(Arc::new(Frame::new(&days, &zone))))
        };
        Ok(self.frames.get(self.now(), fair, read).await?.unwrap_or_default())
    }

    /// Sets a fair's frame; the viewer organises it. What is booked stays as it is.
    pub async fn set_frame(&self, viewer: &Viewer, fair: FairId, form: &FrameForm) -> Result<Vec<FrameDay>> {
        let by = viewer.person()?.id;
        let fair = self.fairs.organised_by(viewer, fair).await?;
        let days = form.read(&fair.time_zone()).map_err(AppError::Invalid)?;
        let mut tx = self.db().begin().await?;
        store::put_frame(&mut tx, fair.id, &days).await?;
        let detail = format!("days={}", days.len());
        self.accounts().audit_in(&mut *tx, by, "interview.frame", &fair.id.to_string(), Some(fair.id), "", &detail).await?;
        tx.commit().await?;
        self.frames.forget(fair.id);
        Ok(days)
    }

    /// Takes the time of a slot out of a plan, as a part of something larger; to be followed by [`Schedule::forget`].
    pub async fn shut_in(&self, db: &mut AnyConnection, plan: &Plan, person: AccountId, slot: Span) -> Result<()> {
        let (day, from, to) = plan.wall(slot);
        Ok(store::except(db, plan.id, person, (&day, from, to), false).await?)
    }

    /// To be called after a change of a plan.
    pub fn forget(&self, plan: PlanId) {
        self.plans.forget(plan);
    }
}
