//! What recruiters offer and people book: the domain calls that change who meets whom and when.

use super::messages::Kind;
use super::offer::{Offer, nearest};
use super::state::Party;
use super::store::Miss;
use super::{Interview, Interviews, Slot, invalid, messages, store};
use crate::accounts::Viewer;
use crate::clock::iso;
use crate::ids::{EmployerId, FairId, InterviewId, PostingId, RoomId, SlotId};
use crate::postings::PostingView;
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text, clean};

/// How many other slots are shown to whoever cannot have one.
const NEAREST: usize = 3;

/// What became of a wish to book.
#[derive(Clone, Debug)]
pub enum Booking {
    New(Interview),
    /// The same request had come before.
    Again(Interview),
    Refused {
        why: Text,
        slot: Slot,
    },
}

impl Interviews {
    /// Offers the slots that `offer` describes; returns them. `Invalid` says what is wrong beside which field.
    pub async fn offer(&self, viewer: &Viewer, employer: EmployerId, offer: &Offer) -> Result<Vec<Slot>> {
        self.employer_of(viewer, employer).await?;
        let fairs = self.fairs_of(employer).await?;
        let chosen = fairs.iter().find(|f| f.id.to_string() == offer.fair).or(fairs.first().filter(|_| offer.fair.is_empty()));
        let fair = chosen.ok_or_else(|| invalid("fair", Text("interviews-no-fair")))?;
        let (recruiter_id, now) = (viewer.person()?.id, self.now());
        let spans = offer.slots(&fair.time_zone(), now).map_err(AppError::Invalid)?;
        let slots: Vec<_> = spans
            .iter()
            .map(|span| Slot {
                id: SlotId::new(),
                employer_id: employer,
                fair_id: fair.id,
                recruiter_id,
                starts_at: span.start,
                ends_at: span.end,
            })
            .collect();
        let mut tx = self.db().begin().await?;
        if !store::insert_slots(&mut tx, &slots, now).await? {
            tx.rollback().await?;
            return Err(invalid("from", Text("interviews-overlap")));
        }
        let to = slots.last().map_or(now, |s| s.ends_at);
        let detail = format!("slots={} from={} to={}", slots.len(), iso(slots.first().map_or(now, |s| s.starts_at)), iso(to));
        self.accounts().audit_in(&mut *tx, recruiter_id, "interview.offer", &employer.to_string(), Some(fair.id), "", &detail).await?;
        tx.commit().await?;
        Ok(slots)
    }

    /// Takes a free slot back.
    pub async fn withdraw(&self, viewer: &Viewer, slot: SlotId) -> Result<Slot> {
        let by = viewer.person()?.id;
        let slot = store::slot(self.db().read(), slot).await?.filter(|s| viewer.recruits_for(s.employer_id)).ok_or(AppError::NotFound)?;
        let mut tx = self.db().begin().await?;
        if !store::withdraw(&mut tx, slot.id).await? {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("interviews-slot-held")));
        }
        let at = format!("at={}", iso(slot.starts_at));
        self.accounts().audit_in(&mut *tx, by, "interview.withdraw", &slot.id.to_string(), Some(slot.fair_id), "", &at).await?;
        tx.commit().await?;
        Ok(slot)
    }

    /// An employer's free slots in all fairs that have not ended.
    pub(super) async fn offered(&self, employer: EmployerId) -> Result<Vec<Slot>> {
        Ok(store::offered(self.db().read(), employer, self.now()).await?)
    }

    /// An employer's free slots at a fair that have not begun, earliest first.
    pub async fn free_slots(&self, employer: EmployerId, fair: FairId) -> Result<Vec<Slot>> {
        Ok(store::free_slots(self.db().read(), employer, fair, self.now()).await?)
    }

    /// A booth with its free slots; a hall has none.
    pub(super) async fn slots_of_room(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<Slot>)> {
        let view = self.live.rooms.visible_to(viewer, room).await?;
        let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
        let slots = if view.fair.state.is_active() { self.free_slots(employer, view.fair.id).await? } else { Vec::new() };
        Ok((view, slots))
    }

    /// The free slots nearest to one that could not be had.
    pub(super) async fn nearest_to(&self, slot: &Slot) -> Result<Vec<Slot>> {
        let free = store::free_around(self.db().read(), slot, self.now(), NEAREST as i64).await?;
        Ok(nearest(&free, slot.starts_at, NEAREST, |s| s.starts_at))
    }

    /// The posting if it is the slot's employer's at the slot's fair.
    async fn posting_for(&self, viewer: &Viewer, slot: &Slot, id: PostingId) -> Result<PostingView> {
        let view = self.postings.visible_to(viewer, id).await?;
        let fits = view.posting.employer_id == slot.employer_id && view.posting.fair_id == slot.fair_id;
        if fits { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// Books a slot for the viewer, who must have proven a contact. `client_id` makes sending it again harmless.
    pub async fn book(&self, viewer: &Viewer, slot: SlotId, client_id: &str, posting: Option<PostingId>) -> Result<Booking> {
        let seeker = viewer.person()?;
        if !viewer.verified {
            return Err(AppError::Forbidden(Text("interviews-verify-first")));
        }
        self.tries.check(&seeker.id)?;
        let slot = store::slot(self.db().read(), slot).await?.ok_or(AppError::NotFound)?;
        let fair = self.live.rooms.fairs.visible_to(viewer, slot.fair_id).await?;
        let about = match posting {
            Some(id) => Some(self.posting_for(viewer, &slot, id).await?.posting),
            None => None,
        };
        let now = self.now();
        let refused = |why| Ok(Booking::Refused { why, slot: slot.clone() });
        if viewer.recruits_for(slot.employer_id) {
            return refused(Text("interviews-own-employer"));
        }
        if !fair.state.is_active() {
            return refused(Text("interviews-fair-closed"));
        }
        if slot.starts_at <= now {
            return refused(Text("interviews-slot-past"));
        }
        let client_id = match client_id.trim() {
            "" => InterviewId::new().to_string(),
            id if id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()) => id.to_owned(),
            _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
        };
        let posting = about.as_ref().map(|p| p.id.to_string());
        let topic = about.as_ref().map_or(("", ""), |p| (p.content.title_zh.as_str(), p.content.title_en.as_str()));
        let id = InterviewId::new();
        let new = store::NewInterview { id, slot: &slot, seeker: seeker.id, client_id: &client_id, posting, topic, now };
        match self.settle(&new).await? {
            Ok(interview) => Ok(Booking::New(interview)),
            Err(Miss::Again(first)) => {
                let interview = store::interview(self.db().read(), first).await?.ok_or(AppError::NotFound)?;
                if interview.slot_id == slot.id { Ok(Booking::Again(interview)) } else { refused(Text("interviews-replayed")) }
            }
            Err(Miss::Taken) => refused(Text("interviews-slot-taken")),
            Err(Miss::Busy(Party::Seeker)) => refused(Text("interviews-you-are-busy")),
            Err(Miss::Busy(Party::Employer)) => refused(Text("interviews-recruiter-busy")),
        }
    }

    /// Books it together with what is told and logged of it, or nothing.
    async fn settle(&self, new: &store::NewInterview<'_>) -> Result<Result<Interview, Miss>> {
        let mut tx = self.db().begin().await?;
        if let Err(miss) = store::book(&mut tx, new).await? {
            tx.rollback().await?;
            return Ok(Err(miss));
        }
        let interview = store::interview(&mut *tx, new.id).await?.ok_or(AppError::NotFound)?;
        messages::changed_in(&mut tx, &interview, Kind::Booked, new.now).await?;
        let (slot, fair) = (format!("slot={}", new.slot.id), Some(new.slot.fair_id));
        self.accounts().audit_in(&mut *tx, new.seeker, "interview.book", &new.id.to_string(), fair, "", &slot).await?;
        tx.commit().await?;
        self.tell_soon();
        Ok(Ok(interview))
    }

    /// Cancels; both are told why. The slot of a seeker who cancels is free again, that of a recruiter only if wanted.
    pub async fn cancel(&self, viewer: &Viewer, id: InterviewId, reason: &str, offer_again: bool) -> Result<Interview> {
        let (interview, by) = self.visible_to(viewer, id).await?;
        let (now, reason) = (self.now(), clean(reason, 200));
        if reason.is_empty() {
            return Err(invalid("reason", Text("interviews-reason-needed")));
        }
        let (actor, offer_again) = (viewer.known()?.id, offer_again || by == Party::Seeker);
        let late = || AppError::Conflict(Text("interviews-cancel-late"));
        // A walk-in is left, not cancelled.
        if interview.room_id.is_some() || !interview.state(now).may_be_cancelled() {
            return Err(late());
        }
        let how = store::Cancel { by, reason: &reason, offer_again, now };
        let mut tx = self.db().begin().await?;
        if !store::cancel(&mut tx, &interview, &how).await? {
            tx.rollback().await?;
            return Err(late());
        }
        let cancelled = store::interview(&mut *tx, id).await?.ok_or(AppError::NotFound)?;
        messages::changed_in(&mut tx, &cancelled, Kind::Cancelled, now).await?;
        let fair = Some(cancelled.fair_id);
        self.accounts().audit_in(&mut *tx, actor, "interview.cancel", &id.to_string(), fair, &reason, by.name()).await?;
        tx.commit().await?;
        self.tell_soon();
        Ok(cancelled)
    }
}
