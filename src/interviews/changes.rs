//! What becomes of a booked interview: cancelled, moved to another time, somebody did not come.

use super::desk;
use super::messages::{self, Kind};
use super::slot::SlotKey;
use super::state::Party;
use super::taking::{Miss, What, Wish};
use super::{Booking, Interview, Interviews, State, invalid, store};
use crate::accounts::Viewer;
use crate::clock::{DAY, Millis, iso};
use crate::ids::InterviewId;
use crate::schedule::Span;
use crate::web::{AppError, Result, Text, clean};
use sqlx::{Any, Transaction};
use std::sync::Arc;

/// How long after its end it can be said that somebody did not come.
const ABSENT_UNTIL: Millis = DAY;

impl Interviews {
    /// Cancels; both are told why. The slot of a seeker who cancels is free again, that of a recruiter only if wanted; if somebody waits for it
    /// they have it at once.
    pub async fn cancel(&self, viewer: &Viewer, id: InterviewId, reason: &str, offer_again: bool) -> Result<Interview> {
        let reason = clean(reason, 200);
        if reason.is_empty() {
            return Err(invalid("reason", Text("interviews-reason-needed")));
        }
        let cancelled = desk::retrying!(self.cancel_once(viewer, id, &reason, offer_again))?;
        self.slots_changed(cancelled.employer_id, cancelled.fair_id, cancelled.starts_at);
        self.tell_soon();
        Ok(cancelled)
    }

    async fn cancel_once(&self, viewer: &Viewer, id: InterviewId, reason: &str, offer_again: bool) -> Result<Interview> {
        let (interview, by) = self.visible_to(viewer, id).await?;
        let (actor, now, offer_again) = (viewer.known()?.id, self.now(), offer_again || by == Party::Seeker);
        let late = || AppError::Conflict(Text("interviews-cancel-late"));
        // A walk-in is left, not cancelled.
        if interview.room_id.is_some() || !interview.state(now).may_be_cancelled() {
            return Err(late());
        }
        let mut tx = self.db().begin().await?;
        if !store::cancel(&mut tx, &interview, by, reason, now).await? {
            tx.rollback().await?;
            return Err(late());
        }
        store::note_change(&mut tx, &interview, "cancelled", actor, reason, now).await?;
        let shut = self.leave_slot_in(&mut tx, &interview, offer_again).await?;
        let cancelled = store::interview(&mut *tx, id).await?.ok_or(AppError::NotFound)?;
        messages::changed_in(&mut tx, &cancelled, Kind::Cancelled, now).await?;
        let fair = Some(cancelled.fair_id);
        self.accounts().audit_in(&mut *tx, actor, "interview.cancel", &id.to_string(), fair, reason, by.name()).await?;
        if offer_again {
            self.pass_on_in(&mut tx, interview.slot_id, interview.starts_at).await?;
        }
        tx.commit().await?;
        if let Some(plan) = shut {
            self.schedule.forget(plan);
        }
        Ok(cancelled)
    }

    /// Frees what an interview has; the slot itself too if nobody else is in it. Returns the plan if its time was taken out of it.
    async fn leave_slot_in(
        &self,
        tx: &mut Transaction<'static, Any>,
        interview: &Interview,
        offer_again: bool,
    ) -> Result<Option<crate::ids::PlanId>> {
        let (slot, now) = (interview.slot_id, self.now());
        let plan = store::claims::plan_of(tx, slot).await?;
        if offer_again {
            store::claims::free(tx, interview.id).await?;
            store::claims::vacate(tx, slot, now).await?;
            return Ok(None);
        }
        // Of a group session that goes on the seat stays shut.
        store::claims::shut_seat(tx, interview.id).await?;
        store::claims::free(tx, interview.id).await?;
        if !store::claims::vacate(tx, slot, now).await? {
            return Ok(None);
        }
        store::claims::end_slot(tx, slot, now).await?;
        store::free_offer(tx, slot).await?;
        let Some(plan) = plan else { return Ok(None) };
        if let Some(known) = self.schedule.plan(plan).await? {
            let span = Span { start: interview.starts_at, end: interview.ends_at };
            self.schedule.shut_in(tx, &known, interview.recruiter_id, span).await?;
        }
        Ok(Some(plan))
    }

    /// Moves an interview to another slot of the same employer at the same fair, by either side: the id stays and with it the calendar entry,
    /// both are told. Nothing changes if the slot cannot be had.
    pub async fn move_to(&self, viewer: &Viewer, id: InterviewId, key: SlotKey, reason: &str) -> Result<Booking> {
        self.tries.check(&viewer.known()?.id)?;
        let wanted = Arc::new(self.wanted(key).await?);
        let (interview, by) = self.visible_to(viewer, id).await?;
        if (interview.employer_id, interview.fair_id) != (wanted.employer, wanted.fair) {
            return Err(AppError::NotFound);
        }
        let (slot, now) = (wanted.slot(), self.now());
        let refused = |why| Ok(Booking::Refused { why, slot: slot.clone() });
        if interview.starts_at == wanted.span.start && self.is_in(&interview, key).await? {
            // Sent again.
            return Ok(Booking::Again(interview));
        }
        if interview.room_id.is_some() || interview.state(now) != State::Booked {
            return Err(AppError::Conflict(Text("schedule-move-late")));
        }
        if wanted.span.start <= now {
            return refused(Text("interviews-slot-past"));
        }
        let in_time = wanted.bookable.start <= wanted.span.start && wanted.span.start < wanted.bookable.end;
        if by == Party::Seeker && !in_time {
            return refused(Text("schedule-not-bookable"));
        }
        let wish = Wish {
            id,
            wanted,
            seeker: interview.seeker_id,
            client_id: String::new(),
            what: What::Move,
            posting: None,
            topic: Default::default(),
            by: viewer.known()?.id,
        };
        let reason = clean(reason, 200);
        match desk::retrying!(self.move_once(&wish, &interview, by, &reason))? {
            Ok(moved) => {
                self.slots_changed(moved.employer_id, moved.fair_id, interview.starts_at);
                self.slots_changed(moved.employer_id, moved.fair_id, moved.starts_at);
                self.tell_soon();
                Ok(Booking::New(moved))
            }
            Err(miss) => refused(miss.text()),
        }
    }

    async fn is_in(&self, interview: &Interview, key: SlotKey) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let plan = store::claims::plan_of(&mut tx, interview.slot_id).await?;
        tx.rollback().await?;
        Ok(match key {
            SlotKey::Stored(slot) => slot == interview.slot_id,
            SlotKey::Planned(id, _) => plan == Some(id),
        })
    }

    async fn move_once(&self, wish: &Wish, interview: &Interview, by: Party, reason: &str) -> Result<Result<Interview, Miss>> {
        let now = self.now();
        let mut tx = self.db().begin().await?;
        // What it has goes first, so that a time that overlaps its own can be had; if it cannot, all is as it was.
        self.leave_slot_in(&mut tx, interview, true).await?;
        let mut snapshot = store::taking::read(&mut tx, &[wish], now).await?;
        let grant = match snapshot.grant(wish) {
            Ok(grant) => grant,
            Err(miss) => {
                tx.rollback().await?;
                return Ok(Err(miss));
            }
        };
        let (slot, people) = (grant.slot, grant.people.clone());
        if !store::taking::take(&mut tx, &[(wish, grant)], now, self.db().dialect()).await? {
            return Err(desk::raced());
        }
        if !store::reschedule(&mut tx, interview, slot, &people, wish.wanted.span).await? {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("schedule-move-late")));
        }
        store::note_change(&mut tx, interview, "moved", wish.by, reason, now).await?;
        let moved = store::interview(&mut *tx, wish.id).await?.ok_or(AppError::NotFound)?;
        messages::changed_in(&mut tx, &moved, Kind::Moved, now).await?;
        let (fair, detail) =
            (Some(moved.fair_id), format!("by={} from={} to={}", by.name(), iso(interview.starts_at), iso(moved.starts_at)));
        self.accounts().audit_in(&mut *tx, wish.by, "interview.move", &wish.id.to_string(), fair, reason, &detail).await?;
        self.pass_on_in(&mut tx, interview.slot_id, interview.starts_at).await?;
        tx.commit().await?;
        Ok(Ok(moved))
    }

    /// Notes that a side did not come, whatever the server saw; recruiters can say so from the start until a day after the end.
    pub async fn mark_absent(&self, viewer: &Viewer, id: InterviewId, who: &str, reason: &str) -> Result<Interview> {
        let (interview, by) = self.visible_to(viewer, id).await?;
        if by != Party::Employer {
            return Err(AppError::Forbidden(Text("base-error-forbidden")));
        }
        let who = Party::parse(who).ok_or_else(|| invalid("who", Text("schedule-choose")))?;
        let reason = clean(reason, 200);
        if reason.is_empty() {
            return Err(invalid("reason", Text("interviews-reason-needed")));
        }
        let now = self.now();
        let late = now < interview.starts_at || now >= interview.until() + ABSENT_UNTIL;
        if late || matches!(interview.state(now), State::Running | State::Cancelled) {
            return Err(AppError::Conflict(Text("schedule-absent-late")));
        }
        let mut tx = self.db().begin().await?;
        if store::mark_absent(&mut tx, id, who, &reason).await? {
            let (actor, fair) = (viewer.known()?.id, Some(interview.fair_id));
            self.accounts().audit_in(&mut *tx, actor, "interview.no-show", &id.to_string(), fair, &reason, who.name()).await?;
        }
        tx.commit().await?;
        store::interview(self.db().read(), id).await?.ok_or(AppError::NotFound)
    }

    /// When an interview was before, and who changed it: for both sides.
    pub async fn history(&self, viewer: &Viewer, id: InterviewId) -> Result<Vec<store::Change>> {
        self.visible_to(viewer, id).await?;
        Ok(store::history(self.db().read(), id).await?)
    }
}
