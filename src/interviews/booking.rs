//! What recruiters offer by itself and what people book: the domain calls that make interviews.

use super::claim::{Claim, Claiming, How};
use super::desk::{Got, Outcome};
use super::offer::Offer;
use super::slot::SlotKey;
use super::taking::{Miss, NewClaim, Wanted, What, Wish};
use super::{Interview, Interviews, Slot, invalid, store};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis, iso};
use crate::ids::{AccountId, EmployerId, InterviewId, PostingId, SlotId};
use crate::postings::{Posting, PostingView};
use crate::web::{AppError, Result, Text};
use std::sync::Arc;

/// How long a slot is kept for whoever is about to book it.
pub(super) const HOLD: Millis = 5 * MINUTE;

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
        let (recruiter, now) = (viewer.person()?.id, self.now());
        let spans = offer.slots(&fair.time_zone(), now).map_err(AppError::Invalid)?;
        let slots: Vec<_> =
            spans.iter().map(|span| store::NewSlot { id: SlotId::new(), employer, fair: fair.id, recruiter, span: *span }).collect();
        let mut tx = self.db().begin().await?;
        if !store::insert_slots(&mut tx, &slots, now).await? {
            tx.rollback().await?;
            return Err(invalid("from", Text("interviews-overlap")));
        }
        let to = slots.last().map_or(now, |s| s.span.end);
        let detail = format!("slots={} from={} to={}", slots.len(), iso(slots.first().map_or(now, |s| s.span.start)), iso(to));
        self.accounts().audit_in(&mut *tx, recruiter, "interview.offer", &employer.to_string(), Some(fair.id), "", &detail).await?;
        tx.commit().await?;
        slots.iter().for_each(|s| self.slots_changed(employer, fair.id, s.span.start));
        Ok(slots.iter().map(store::NewSlot::slot).collect())
    }

    /// Takes a free slot back: one that was offered by itself, or the time of a computed one out of its plan.
    pub async fn withdraw(&self, viewer: &Viewer, key: SlotKey) -> Result<Slot> {
        let by = viewer.person()?.id;
        let wanted = self.wanted(key).await?;
        if !viewer.recruits_for(wanted.employer) {
            return Err(AppError::NotFound);
        }
        let held = || AppError::Conflict(Text("interviews-slot-held"));
        let mut tx = self.db().begin().await?;
        match key {
            SlotKey::Stored(slot) => {
                if !store::withdraw(&mut tx, slot, self.now()).await? {
                    tx.rollback().await?;
                    return Err(held());
                }
            }
            SlotKey::Planned(id, _) => {
                let plan = self.schedule.plan(id).await?.ok_or(AppError::NotFound)?;
                // Nobody can take it from now on; who has it keeps it.
                for people in &wanted.candidates {
                    let shut = people.first().copied().unwrap_or(by);
                    self.schedule.shut_in(&mut tx, &plan, shut, wanted.span).await?;
                }
            }
        }
        let at = format!("at={}", iso(wanted.span.start));
        self.accounts().audit_in(&mut *tx, by, "interview.withdraw", &key.to_string(), Some(wanted.fair), "", &at).await?;
        tx.commit().await?;
        if let SlotKey::Planned(id, _) = key {
            self.schedule.forget(id);
        }
        self.slots_changed(wanted.employer, wanted.fair, wanted.span.start);
        Ok(wanted.slot())
    }

    /// The posting if it is the slot's employer's at the slot's fair.
    async fn posting_for(&self, viewer: &Viewer, wanted: &Wanted, id: PostingId) -> Result<PostingView> {
        let view = self.postings.visible_to(viewer, id).await?;
        let fits = view.posting.employer_id == wanted.employer && view.posting.fair_id == wanted.fair;
        if fits { Ok(view) } else { Err(AppError::NotFound) }
    }

    pub(super) async fn about(&self, viewer: &Viewer, wanted: &Wanted, posting: Option<PostingId>) -> Result<Option<Posting>> {
        match posting {
            Some(id) => Ok(Some(self.posting_for(viewer, wanted, id).await?.posting)),
            None => Ok(None),
        }
    }

    /// Books a slot for the viewer, who must have proven a contact. `client_id` makes sending it again harmless.
    pub async fn book(&self, viewer: &Viewer, key: SlotKey, client_id: &str, posting: Option<PostingId>) -> Result<Booking> {
        let (wanted, about) = self.own_wish(viewer, key, posting).await?;
        let slot = wanted.slot();
        if let Some(why) = self.refusal(viewer, &wanted).await? {
            return Ok(Booking::Refused { why, slot });
        }
        let seeker = viewer.person()?.id;
        let wish = wish(wanted, seeker, seeker, client_id, What::Book, about)?;
        self.booking(slot, self.take(wish).await?).await
    }

    /// Books a slot for somebody who has applied at the fair; by its organisers, who see times and states and never what is said. The person
    /// is told, and the log says who did it.
    pub async fn book_for(
        &self,
        viewer: &Viewer,
        key: SlotKey,
        client_id: &str,
        seeker: AccountId,
        posting: Option<PostingId>,
    ) -> Result<Booking> {
        let by = viewer.person()?.id;
        let wanted = Arc::new(self.wanted(key).await?);
        if !viewer.organises(wanted.fair) || !self.applications.has_applied(seeker, wanted.fair, None).await? {
            return Err(AppError::NotFound);
        }
        let slot = wanted.slot();
        let about = self.about(viewer, &wanted, posting).await?;
        if self.accounts().roles_of(seeker).await?.recruits_for(wanted.employer) {
            return Ok(Booking::Refused { why: Text("interviews-own-employer"), slot });
        }
        if let Some(why) = self.refusal(viewer, &wanted).await? {
            return Ok(Booking::Refused { why, slot });
        }
        let wish = wish(wanted, seeker, by, client_id, What::Book, about)?;
        self.booking(slot, self.take(wish).await?).await
    }

    async fn booking(&self, slot: Slot, outcome: Outcome) -> Result<Booking> {
        let again = async |id| -> Result<Option<Interview>> { Ok(store::interview(self.db().read(), id).await?) };
        match outcome {
            Ok(Got::Interview(interview)) => Ok(Booking::New(*interview)),
            Ok(Got::Claim(id)) => Ok(Booking::New(again(id).await?.ok_or(AppError::NotFound)?)),
            Err(Miss::Again(first)) => match again(first).await? {
                // A slot that was moved since is the same booking all the same.
                Some(interview) if interview.starts_at == slot.starts_at || interview.sequence > 0 => Ok(Booking::Again(interview)),
                _ => Ok(Booking::Refused { why: Text("interviews-replayed"), slot }),
            },
            Err(miss) => Ok(Booking::Refused { why: miss.text(), slot }),
        }
    }

    /// Keeps a slot for five minutes while the viewer decides; what they held before is free again.
    pub async fn hold(&self, viewer: &Viewer, key: SlotKey, client_id: &str, posting: Option<PostingId>) -> Result<Claiming> {
        let (wanted, about) = self.own_wish(viewer, key, posting).await?;
        let slot = wanted.slot();
        if let Some(why) = self.refusal(viewer, &wanted).await? {
            return Ok(Claiming::Refused { why, slot });
        }
        let seeker = viewer.person()?.id;
        let until = (self.now() + HOLD).min(wanted.span.start);
        let claim = NewClaim { how: How::Hold, until, instead_of: None, wait: None, reason: String::new() };
        let wish = wish(wanted, seeker, seeker, client_id, What::Claim(claim), about)?;
        self.claiming(slot, self.take(wish).await?).await
    }

    pub(super) async fn claiming(&self, slot: Slot, outcome: Outcome) -> Result<Claiming> {
        let claim = async |id| -> Result<Option<Claim>> { Ok(store::claims::claim(self.db().read(), id).await?) };
        match outcome {
            Ok(Got::Claim(id)) => Ok(Claiming::New(claim(id).await?.ok_or(AppError::NotFound)?)),
            Ok(Got::Interview(_)) => Err(AppError::NotFound),
            Err(Miss::Again(first)) => match claim(first).await? {
                Some(claim) if claim.starts_at == slot.starts_at => Ok(Claiming::Again(claim)),
                _ => Ok(Claiming::Refused { why: Text("interviews-replayed"), slot }),
            },
            Err(miss) => Ok(Claiming::Refused { why: miss.text(), slot }),
        }
    }

    /// What the viewer wants for themselves, if they may want anything.
    async fn own_wish(&self, viewer: &Viewer, key: SlotKey, posting: Option<PostingId>) -> Result<(Arc<Wanted>, Option<Posting>)> {
        let seeker = viewer.person()?;
        if !viewer.verified {
            return Err(AppError::Forbidden(Text("interviews-verify-first")));
        }
        self.tries.check(&seeker.id)?;
        let wanted = Arc::new(self.wanted(key).await?);
        let about = self.about(viewer, &wanted, posting).await?;
        Ok((wanted, about))
    }

    /// Why nobody can have it at this time, whatever is taken.
    pub(super) async fn refusal(&self, viewer: &Viewer, wanted: &Wanted) -> Result<Option<Text>> {
        let fair = self.live.rooms.fairs.door(viewer, wanted.fair).await?;
        if viewer.recruits_for(wanted.employer) {
            return Ok(Some(Text("interviews-own-employer")));
        }
        if !fair.state.is_active() {
            return Ok(Some(Text("interviews-fair-closed")));
        }
        if wanted.span.start <= self.now() {
            return Ok(Some(Text("interviews-slot-past")));
        }
        let in_time = wanted.bookable.start <= wanted.span.start && wanted.span.start < wanted.bookable.end;
        Ok((!in_time).then_some(Text("schedule-not-bookable")))
    }
}

/// What somebody sends to know it again.
pub(super) fn clean_client_id(client_id: &str) -> Result<String> {
    match client_id.trim() {
        "" => Ok(InterviewId::new().to_string()),
        id if id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()) => Ok(id.to_owned()),
        _ => Err(AppError::BadRequest(Text("base-error-bad-request"))),
    }
}

pub(super) fn wish(
    wanted: Arc<Wanted>,
    seeker: AccountId,
    by: AccountId,
    client_id: &str,
    what: What,
    about: Option<Posting>,
) -> Result<Wish> {
    let posting = about.as_ref().map(|p| p.id.to_string());
    let topic = about.map_or_else(Default::default, |p| (p.content.title_zh, p.content.title_en));
    Ok(Wish { id: InterviewId::new(), wanted, seeker, client_id: clean_client_id(client_id)?, what, posting, topic, by })
}
