//! Waitlists: who would like a slot of a plan that has none left. A seat that becomes free goes to whoever has waited longest, in the transaction
//! that frees it, so that nobody snatches it; they have a quarter of an hour to take it, then the next one has.

use super::claim::{How, Word};
use super::claims::TAKE_WITHIN;
use super::desk::{self, Got};
use super::state::Party;
use super::taking::{NewClaim, What, Wish};
use super::{Filter, Interviews, invalid, store};
use crate::accounts::Viewer;
use crate::clock::{DAY, MINUTE, Millis};
use crate::ids::{InterviewId, PlanId, PostingId, SlotId, WaitId};
use crate::schedule::people_at;
use crate::web::{AppError, Result, Text};
use sqlx::{Any, Transaction};
use std::sync::Arc;

/// Of those who wait only so many are tried for one seat: who cannot come then stays where they are.
const TRIED: i64 = 20;

/// Somebody's place on a waitlist.
#[derive(Clone, Debug)]
pub struct Wait {
    pub id: WaitId,
    pub plan: PlanId,
    /// Times that would do: starts within `[from, to)`.
    pub from_at: Millis,
    pub to_at: Millis,
    /// How many have waited longer.
    pub ahead: i64,
    /// A seat is offered, see the claims.
    pub offered: bool,
}

impl Interviews {
    /// Puts the viewer on the waitlist of a plan for starts within `[from, to)`; a place that is there already stays.
    pub async fn wait(&self, viewer: &Viewer, plan: PlanId, range: Option<(Millis, Millis)>, posting: Option<PostingId>) -> Result<Wait> {
        let me = viewer.person()?.id;
        if !viewer.verified {
            return Err(AppError::Forbidden(Text("interviews-verify-first")));
        }
        self.tries.check(&me)?;
        let now = self.now();
        let plan = self.schedule.plan(plan).await?.filter(|p| p.closed_at.is_none()).ok_or(AppError::NotFound)?;
        let fair = self.live.rooms.fairs.visible_to(viewer, plan.fair_id).await?;
        if viewer.recruits_for(plan.employer_id) {
            return Err(AppError::Conflict(Text("interviews-own-employer")));
        }
        if !fair.state.is_active() {
            return Err(AppError::Conflict(Text("interviews-fair-closed")));
        }
        let (from_at, to_at) = range.unwrap_or((now, now + 90 * DAY));
        if to_at <= from_at.max(now) {
            return Err(invalid("to", Text("schedule-to-before-from")));
        }
        let about = match posting {
            Some(id) => {
                let view = self.postings.visible_to(viewer, id).await?;
                Some(view.posting).filter(|p| p.employer_id == plan.employer_id)
            }
            None => None,
        };
        let topic = about.as_ref().map(|p| (p.content.title_zh.clone(), p.content.title_en.clone())).unwrap_or_default();
        let new = store::claims::Waiting {
            id: WaitId::new(),
            plan_id: plan.id,
            seeker_id: me,
            from_at,
            to_at,
            posting_id: about.map(|p| p.id.to_string()),
            topic_zh: topic.0,
            topic_en: topic.1,
            joined_at: now,
            state: "waiting".into(),
        };
        let mut tx = self.db().begin().await?;
        if store::claims::wait(&mut tx, &new).await? {
            self.accounts().audit_in(&mut *tx, me, "interview.wait", &plan.id.to_string(), Some(plan.fair_id), "", "").await?;
        }
        tx.commit().await?;
        self.waits_for(viewer, plan.id).await?.ok_or(AppError::NotFound)
    }

    /// The viewer's place on the waitlist of a plan.
    pub async fn waits_for(&self, viewer: &Viewer, plan: PlanId) -> Result<Option<Wait>> {
        let Some(wait) = store::claims::wait_of(self.db().read(), plan, viewer.person()?.id).await? else { return Ok(None) };
        let ahead = store::claims::ahead_of(self.db().read(), &wait).await?;
        let offered = wait.state == "offered";
        Ok(Some(Wait { id: wait.id, plan, from_at: wait.from_at, to_at: wait.to_at, ahead, offered }))
    }

    /// Takes the viewer off the waitlist of a plan; no harm if they are not on it.
    pub async fn stop_waiting(&self, viewer: &Viewer, plan: PlanId) -> Result<()> {
        let Some(wait) = store::claims::wait_of(self.db().read(), plan, viewer.person()?.id).await? else { return Ok(()) };
        let mut tx = self.db().begin().await?;
        store::claims::set_wait(&mut tx, wait.id, "waiting", "left").await?;
        Ok(tx.commit().await?)
    }

    /// Gives a seat that was just freed to whoever has waited longest and can come then, as a part of what frees it.
    pub(super) async fn pass_on_in(&self, tx: &mut Transaction<'static, Any>, slot: SlotId, start: Millis) -> Result<bool> {
        match store::claims::plan_of(tx, slot).await? {
            Some(plan) => self.offer_in(tx, plan, start).await,
            None => Ok(false),
        }
    }

    async fn offer_in(&self, tx: &mut Transaction<'static, Any>, plan: PlanId, start: Millis) -> Result<bool> {
        let waiting = store::claims::waiting(tx, plan, start, TRIED).await?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let now = self.now();
        let Some(plan) = self.schedule.plan(plan).await?.filter(|p| p.closed_at.is_none()) else { return Ok(false) };
        let until = (now + TAKE_WITHIN).min(start - plan.lead_minutes * MINUTE);
        let people = people_at(&plan, &*self.schedule.frame(plan.fair_id).await?, start);
        let Some(wanted) = Self::planned(&plan, start, people, now).filter(|_| until > now).map(Arc::new) else { return Ok(false) };
        for wait in waiting {
            let claim = NewClaim { how: How::Waitlist, until, instead_of: None, wait: Some(wait.id), reason: String::new() };
            let wish = Wish {
                id: InterviewId::new(),
                wanted: wanted.clone(),
                seeker: wait.seeker_id,
                client_id: String::new(),
                what: What::Claim(claim),
                posting: wait.posting_id,
                topic: (wait.topic_zh, wait.topic_en),
                by: wanted.lead,
            };
            let outcome = self.settle_in(tx, &[&wish]).await?.and_then(|mut all| all.pop()).ok_or_else(desk::raced)?;
            if let Ok(Got::Claim(id)) = outcome {
                if !store::claims::set_wait(tx, wait.id, "waiting", "offered").await? {
                    return Err(desk::raced());
                }
                let claim = store::claims::claim(&mut **tx, id).await?.ok_or(AppError::NotFound)?;
                self.say_in(tx, &claim, wait.seeker_id, Party::Seeker, Word::Offered).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Offers what became free in other ways, as when a plan is given more time.
    pub(super) async fn offer_what_is_free(&self) -> Result<()> {
        for id in store::claims::waited_for(self.db().read()).await? {
            let Some(plan) = self.schedule.plan(id).await?.filter(|p| p.closed_at.is_none()) else { continue };
            let filter = Filter { plan: Some(id), ..Filter::default() };
            for slot in self.open_slots(plan.employer_id, plan.fair_id, filter).await?.into_iter().take(TRIED as usize) {
                for _ in 0..slot.seats_left {
                    if !desk::retrying!(self.offer_once(id, slot.starts_at))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    async fn offer_once(&self, plan: PlanId, start: Millis) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let offered = self.offer_in(&mut tx, plan, start).await?;
        tx.commit().await?;
        Ok(offered)
    }
}
