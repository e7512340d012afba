//! What recruiters offer and people book: the domain calls that change who meets whom and when.

use super::offer::{Offer, nearest};
use super::state::Party;
use super::{Interview, Interviews, Slot, invalid, messages, store};
use crate::accounts::Viewer;
use crate::ids::{EmployerId, FairId, InterviewId, PostingId, RoomId, SlotId};
use crate::postings::PostingView;
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text, clean};

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
        match store::insert_slots(self.db(), &slots, now).await? {
            true => Ok(slots),
            false => Err(invalid("from", Text("interviews-overlap"))),
        }
    }

    /// Takes a free slot back.
    pub async fn withdraw(&self, viewer: &Viewer, slot: SlotId) -> Result<Slot> {
        viewer.person()?;
        let slot = store::slot(self.db().read(), slot).await?.filter(|s| viewer.recruits_for(s.employer_id)).ok_or(AppError::NotFound)?;
        match store::withdraw(self.db(), slot.id).await? {
            true => Ok(slot),
            false => Err(AppError::Conflict(Text("interviews-slot-held"))),
        }
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
        let free = self.free_slots(slot.employer_id, slot.fair_id).await?;
        Ok(nearest(&free, slot.starts_at, 3, |s| s.starts_at))
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
        let id = InterviewId::new();
        let remind_at = slot.starts_at - messages::REMIND_BEFORE;
        let posting = about.as_ref().map(|p| p.id.to_string());
        let topic = about.as_ref().map_or(("", ""), |p| (p.content.title_zh.as_str(), p.content.title_en.as_str()));
        let new = store::NewInterview { id, slot: &slot, seeker: seeker.id, client_id: &client_id, posting, topic, now, remind_at };
        let outcome = store::book(self.db(), &new).await?;
        let booked = match outcome {
            store::Outcome::Booked => id,
            store::Outcome::Again(first) => first,
            store::Outcome::Taken => return refused(Text("interviews-slot-taken")),
            store::Outcome::Busy(Party::Seeker) => return refused(Text("interviews-you-are-busy")),
            store::Outcome::Busy(Party::Employer) => return refused(Text("interviews-recruiter-busy")),
        };
        let interview = store::interview(self.db().read(), booked).await?.ok_or(AppError::NotFound)?;
        if booked == id {
            self.deliver_due().await?;
            return Ok(Booking::New(interview));
        }
        if interview.slot_id == slot.id { Ok(Booking::Again(interview)) } else { refused(Text("interviews-replayed")) }
    }

    /// Cancels; both are told why. The slot of a seeker who cancels is free again, that of a recruiter only if wanted.
    pub async fn cancel(&self, viewer: &Viewer, id: InterviewId, reason: &str, offer_again: bool) -> Result<Interview> {
        let (interview, by) = self.visible_to(viewer, id).await?;
        let (now, reason) = (self.now(), clean(reason, 200));
        if reason.is_empty() {
            return Err(invalid("reason", Text("interviews-reason-needed")));
        }
        let (actor, offer_again) = (viewer.known()?.id, offer_again || by == Party::Seeker);
        let how = store::Cancel { by, reason: &reason, offer_again, now };
        // A walk-in is left, not cancelled.
        if interview.room_id.is_some() || !interview.state(now).may_be_cancelled() || !store::cancel(self.db(), &interview, &how).await? {
            return Err(AppError::Conflict(Text("interviews-cancel-late")));
        }
        self.accounts().audit(actor, "interview.cancel", &id.to_string(), Some(interview.fair_id), &reason, by.name()).await?;
        self.deliver_due().await?;
        store::interview(self.db().read(), id).await?.ok_or(AppError::NotFound)
    }
}
