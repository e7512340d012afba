//! Which slots can be had: computed from the plans of an employer with what is taken left out, and those that were offered by themselves.

use super::offer::nearest;
use super::slot::{Slot, SlotKey};
use super::taking::Wanted;
use super::{Interviews, store};
use crate::accounts::Viewer;
use crate::clock::{DAY, Millis};
use crate::fairs::Fair;
use crate::ids::{AccountId, EmployerId, FairId, PlanId, PostingId, RoomId};
use crate::rooms::RoomView;
use crate::schedule::{CELL, Plan, Span, people_at, slots};
use crate::web::{AppError, Result};
use std::sync::Arc;

/// How many other slots are shown to whoever cannot have one.
const NEAREST: usize = 3;
/// As far ahead as any plan can be booked.
const AHEAD: Millis = 90 * DAY;
/// A list for people to choose from; who wants more asks for a day.
const LIST: usize = 300;

/// Which slots are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only what is for this posting.
    pub posting: Option<PostingId>,
    /// Only of this plan.
    pub plan: Option<PlanId>,
    /// Only what begins within `[from, to)`.
    pub range: Option<(Millis, Millis)>,
}

impl Interviews {
    /// An employer's free slots at a fair, earliest first, as many as there are.
    pub async fn open_slots(&self, employer: EmployerId, fair: FairId, filter: Filter) -> Result<Vec<Slot>> {
        let now = self.now();
        let (from, to) = filter.range.unwrap_or((now, now + AHEAD));
        let range = Span { start: from.max(now), end: to.min(now + AHEAD) };
        let mut plans = self.schedule.open_plans(employer, fair).await?;
        plans.retain(|p| filter.plan.is_none_or(|id| id == p.id) && filter.posting.is_none_or(|id| p.is_for(id)));
        let mut found = self.computed(&plans, fair, range).await?;
        if filter.plan.is_none() {
            let stored = store::free_slots(self.db().read(), employer, fair, now).await?;
            found.extend(stored.into_iter().filter(|s| range.start <= s.starts_at && s.starts_at < range.end));
        }
        found.sort_by_key(|s| (s.starts_at, s.id));
        Ok(found)
    }

    async fn computed(&self, plans: &[Plan], fair: FairId, range: Span) -> Result<Vec<Slot>> {
        if plans.is_empty() || range.start >= range.end {
            return Ok(Vec::new());
        }
        let now = self.now();
        let frame = self.schedule.frame(fair).await?;
        let (mut taken, mut sessions) = store::calendar::taken(self.db().read(), plans, range, now).await?;
        let mut found = Vec::new();
        for plan in plans {
            taken.sessions = sessions.remove(&plan.id).unwrap_or_default();
            found.extend(slots(plan, &frame, &taken, range, now).iter().filter_map(|open| Slot::planned(plan, open)));
        }
        Ok(found)
    }

    /// When the free slots of all employers of a fair begin, in no order: as many questions to the database as for one of them.
    pub(super) async fn free_of_fair(&self, fair: &Fair) -> Result<Vec<(EmployerId, Millis)>> {
        if !fair.state.is_active() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let range = Span { start: now, end: now + AHEAD };
        let plans = self.schedule.open_plans_of_fair(fair.id).await?;
        let mut found = self.computed(&plans, fair.id, range).await?;
        let stored = store::calendar::free_at(self.db().read(), fair.id, now).await?;
        found.extend(stored.into_iter().filter(|slot| slot.starts_at < range.end));
        Ok(found.iter().map(|slot| (slot.employer_id, slot.starts_at)).collect())
    }

    /// An employer's free slots at a fair that have not begun, earliest first, as many as a list shows.
    pub async fn free_slots(&self, employer: EmployerId, fair: FairId) -> Result<Vec<Slot>> {
        let mut all = self.open_slots(employer, fair, Filter::default()).await?;
        all.truncate(LIST);
        Ok(all)
    }

    /// An employer's free slots in all fairs that were offered by themselves.
    pub(super) async fn offered(&self, employer: EmployerId) -> Result<Vec<Slot>> {
        Ok(store::offered(self.db().read(), employer, self.now()).await?)
    }

    /// A booth with its free slots; a hall has none.
    pub(super) async fn slots_of_room(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<Slot>)> {
        let view = self.live.rooms.visible_to(viewer, room).await?;
        let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
        let slots = if view.fair.state.is_active() { self.free_slots(employer, view.fair.id).await? } else { Vec::new() };
        Ok((view, slots))
    }

    /// The free slots nearest to one that could not be had, of all that there are.
    pub async fn nearest_to(&self, slot: &Slot) -> Result<Vec<Slot>> {
        let day = slot.starts_at.div_euclid(DAY);
        let key = (slot.employer_id, slot.fair_id, day);
        let around = self.around(key).await?;
        // They are in order: the nearest are next to it. What is nearer than a day is among them all.
        let at = around.partition_point(|s| s.starts_at < slot.starts_at);
        let beside = &around[at.saturating_sub(NEAREST)..around.len().min(at + NEAREST)];
        if beside.iter().filter(|s| (s.starts_at - slot.starts_at).abs() < DAY).count() >= NEAREST {
            return Ok(nearest(beside, slot.starts_at, NEAREST, |s| s.starts_at));
        }
        let all = self.open_slots(slot.employer_id, slot.fair_id, Filter::default()).await?;
        Ok(nearest(&all, slot.starts_at, NEAREST, |s| s.starts_at))
    }

    /// The free slots of a day and those before and after it, as of this second.
    async fn around(&self, key: (EmployerId, FairId, i64)) -> Result<Arc<Vec<Slot>>> {
        let kept = async || self.near.get(self.now(), key, async { Ok::<_, AppError>(None) }).await;
        if let Some(known) = kept().await? {
            return Ok(known);
        }
        let _turn = self.finding.lock().await;
        if let Some(known) = kept().await? {
            return Ok(known);
        }
        let (employer, fair, day) = key;
        let filter = Filter { range: Some(((day - 1) * DAY, (day + 2) * DAY)), ..Filter::default() };
        let read = async { self.open_slots(employer, fair, filter).await.map(|slots| Some(Arc::new(slots))) };
        Ok(self.near.get(self.now(), key, read).await?.unwrap_or_default())
    }

    /// To be called when a slot at a time was taken or freed.
    pub(super) fn slots_changed(&self, employer: EmployerId, fair: FairId, at: Millis) {
        let day = at.div_euclid(DAY);
        (day - 1..=day + 1).for_each(|day| self.near.forget((employer, fair, day)));
    }

    /// What a key names, whether or not it can still be had; not found if it never was.
    pub(super) async fn wanted(&self, key: SlotKey) -> Result<Wanted> {
        match key {
            SlotKey::Stored(id) => {
                let slot = store::slot(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
                Ok(Wanted {
                    key,
                    employer: slot.employer_id,
                    fair: slot.fair_id,
                    lead: slot.recruiter_id,
                    span: slot.span(),
                    busy_until: slot.ends_at,
                    capacity: 1,
                    candidates: vec![vec![slot.recruiter_id]],
                    limit: 0,
                    day: String::new(),
                    bookable: Span { start: self.now() + 1, end: Millis::MAX },
                })
            }
            SlotKey::Planned(id, cell) => {
                let plan = self.schedule.plan(id).await?.ok_or(AppError::NotFound)?;
                let frame = self.schedule.frame(plan.fair_id).await?;
                let open = plan.closed_at.is_none();
                let people = if open { people_at(&plan, &frame, cell * CELL) } else { Vec::new() };
                Self::planned(&plan, cell * CELL, people, self.now()).ok_or(AppError::NotFound)
            }
        }
    }

    pub(super) fn planned(plan: &Plan, start: Millis, people: Vec<AccountId>, now: Millis) -> Option<Wanted> {
        let any = plan.mode == crate::schedule::Mode::Any;
        let candidates = if any { people.into_iter().map(|p| vec![p]).collect() } else { vec![people] };
        let end = start + plan.length();
        Some(Wanted {
            key: SlotKey::of(plan.id, start),
            employer: plan.employer_id,
            fair: plan.fair_id,
            lead: *plan.people.first()?,
            span: Span { start, end },
            busy_until: end + plan.buffer(),
            capacity: plan.capacity,
            candidates: candidates.into_iter().filter(|c: &Vec<_>| !c.is_empty()).collect(),
            limit: plan.day_limit,
            day: plan.day_of(start),
            bookable: plan.bookable(now),
        })
    }
}

impl Wanted {
    /// As pages show it.
    pub(super) fn slot(&self) -> Slot {
        Slot {
            id: self.key,
            employer_id: self.employer,
            fair_id: self.fair,
            recruiter_id: self.candidates.first().and_then(|c| c.first()).copied().unwrap_or(self.lead),
            starts_at: self.span.start,
            ends_at: self.span.end,
            capacity: self.capacity,
            seats_left: 0,
        }
    }
}
