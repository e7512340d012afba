//! What may become an interview and who says so: confirming what one holds, inviting, accepting, declining, proposing another time.
//!
//! Invariants: an invitation holds the employer's time until its deadline and the seeker's only once they accept; an answer counts once, sent
//! again it is harmless; what runs out is free by itself (see `taking`), and the job here only says so and passes seats on.

use super::booking::wish;
use super::claim::{Answer, Claim, Claiming, How, Word};
use super::desk;
use super::messages::{self, Kind};
use super::slot::SlotKey;
use super::state::Party;
use super::taking::{NewClaim, What};
use super::{Interview, Interviews, store};
use crate::accounts::Viewer;
use crate::clock::{HOUR, Millis};
use crate::ids::{AccountId, EmployerId, InterviewId, PostingId, SlotId};
use crate::web::{AppError, Result, Text, clean};
use sqlx::{Any, Transaction};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// People have two days to answer unless they are given less or more.
const ANSWER_WITHIN: i64 = 48;
const ANSWER_MOST: i64 = 14 * 24;
const BATCH: i64 = 100;

/// Whom an employer invites and to what.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub slot: SlotKey,
    pub seeker: AccountId,
    pub client_id: String,
    pub posting: Option<PostingId>,
    /// How long it is good; two days if none is given.
    pub hours: Option<i64>,
    /// A word with it.
    pub note: String,
}

/// What is said to a claim.
#[derive(Clone, Debug)]
pub enum Reply {
    Accept,
    /// By whoever is asked it is a no; by whoever asked it is taken back.
    Decline {
        reason: String,
    },
    /// To an invitation: another slot of the same employer instead.
    Propose {
        slot: SlotKey,
        client_id: String,
        reason: String,
    },
}

impl Interviews {
    /// The claim, and the viewer's side of it.
    pub async fn claim_for(&self, viewer: &Viewer, id: InterviewId) -> Result<(Claim, Party)> {
        viewer.known()?;
        let claim = store::claims::claim(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
        let party = claim.party_of(viewer).ok_or(AppError::NotFound)?;
        Ok((claim, party))
    }

    /// The viewer's own claims: invitations, offers, proposals, what they hold; newest first, with their answers.
    pub async fn claims_of(&self, viewer: &Viewer) -> Result<Vec<Claim>> {
        Ok(store::claims::of_seeker(self.db().read(), viewer.person()?.id).await?)
    }

    /// What an employer has asked and was asked, newest first, with the answers.
    pub async fn claims_of_employer(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<Claim>> {
        self.employer_of(viewer, employer).await?;
        Ok(store::claims::of_employer(self.db().read(), employer).await?)
    }

    /// Invites somebody who has applied to the employer. The slot is kept for them until they answer or the time is over.
    pub async fn invite(&self, viewer: &Viewer, invitation: &Invitation) -> Result<Claiming> {
        let by = viewer.person()?.id;
        let wanted = Arc::new(self.wanted(invitation.slot).await?);
        let applied = self.applications.has_applied(invitation.seeker, wanted.fair, Some(wanted.employer)).await?;
        if !viewer.recruits_for(wanted.employer) || !applied {
            return Err(AppError::NotFound);
        }
        let (slot, now) = (wanted.slot(), self.now());
        if wanted.span.start <= now {
            return Ok(Claiming::Refused { why: Text("interviews-slot-past"), slot });
        }
        let about = self.about(viewer, &wanted, invitation.posting).await?;
        let hours = invitation.hours.unwrap_or(ANSWER_WITHIN).clamp(1, ANSWER_MOST);
        let until = (now + hours * HOUR).min(wanted.span.start);
        let claim = NewClaim { how: How::Invite, until, instead_of: None, wait: None, reason: clean(&invitation.note, 200) };
        let wish = wish(wanted, invitation.seeker, by, &invitation.client_id, What::Claim(claim), about)?;
        self.claiming(slot, self.take(wish).await?).await
    }

    /// Says something to a claim. For an acceptance the interview comes back, for all else the claim as it is then; sent again it is harmless.
    pub async fn reply(&self, viewer: &Viewer, id: InterviewId, reply: &Reply) -> Result<Replied> {
        let (claim, party) = self.claim_for(viewer, id).await?;
        let by = viewer.known()?.id;
        let asked = claim.how.answered_by() == party;
        match reply {
            Reply::Accept if asked => {
                if let Some(why) = self.closed(viewer, &claim).await? {
                    return Ok(Replied::Refused { why, claim });
                }
                let replied = desk::retrying!(self.accept_once(&claim, by))?;
                self.slots_changed(claim.employer_id, claim.fair_id, claim.starts_at);
                self.tell_soon();
                Ok(replied)
            }
            Reply::Decline { reason } => {
                let answer = if asked && claim.how != How::Hold { Answer::Declined } else { Answer::Withdrawn };
                let claim = desk::retrying!(self.decline_once(&claim, by, party, answer, reason))?;
                self.slots_changed(claim.employer_id, claim.fair_id, claim.starts_at);
                Ok(Replied::Claim(claim))
            }
            Reply::Propose { slot, client_id, reason } if party == Party::Seeker && claim.how == How::Invite => {
                self.propose(viewer, &claim, *slot, client_id, reason).await
            }
            Reply::Accept | Reply::Propose { .. } => Err(AppError::Forbidden(Text("base-error-forbidden"))),
        }
    }

    async fn closed(&self, viewer: &Viewer, claim: &Claim) -> Result<Option<Text>> {
        let fair = self.live.rooms.fairs.door(viewer, claim.fair_id).await?;
        Ok((!fair.state.is_active()).then_some(Text("interviews-fair-closed")))
    }

    async fn accept_once(&self, claim: &Claim, by: AccountId) -> Result<Replied> {
        let now = self.now();
        if claim.answered == Answer::Booked {
            return Ok(Replied::Again(store::interview(self.db().read(), claim.id).await?.ok_or(AppError::NotFound)?));
        }
        let refused = |why| Ok(Replied::Refused { why, claim: claim.clone() });
        if !claim.state(now).is_open() {
            return refused(Text("schedule-claim-over"));
        }
        let mut tx = self.db().begin().await?;
        if !store::claims::answer(&mut tx, claim.id, Answer::Booked, None, now).await? {
            tx.rollback().await?;
            // The same answer, or another one, has come meanwhile.
            return match store::interview(self.db().read(), claim.id).await? {
                Some(interview) => Ok(Replied::Again(interview)),
                None => refused(Text("schedule-claim-over")),
            };
        }
        // What the seeker only asked for or held makes room.
        for other in store::claims::proposals_to(&mut tx, claim.id).await? {
            self.release_in(&mut tx, other.id, other.slot_id, Answer::Withdrawn, None).await?;
        }
        if let Some((held, slot)) = store::claims::held_by(&mut tx, claim.seeker_id).await?.filter(|held| held.0 != claim.id) {
            self.release_in(&mut tx, held, slot, Answer::Withdrawn, None).await?;
        }
        if !store::claims::keep(&mut tx, claim, claim.how != How::Invite, now).await? {
            tx.rollback().await?;
            return refused(Text("interviews-slot-taken"));
        }
        let span = crate::schedule::Span { start: claim.starts_at, end: claim.ends_at };
        let id = claim.id.to_string();
        if claim.how == How::Invite && !store::taking::take_span(&mut tx, claim.seeker_id, span, &id, now).await? {
            tx.rollback().await?;
            return refused(Text("interviews-you-are-busy"));
        }
        store::claims::become_interview(&mut tx, claim, now).await?;
        if let Some(wait) = claim.wait_id.as_deref().and_then(|id| id.parse().ok()) {
            store::claims::set_wait(&mut tx, wait, "offered", "booked").await?;
        }
        if let Some(first) = claim.instead_of.as_deref().and_then(|id| id.parse().ok())
            && let Some(first) = store::claims::claim(&mut *tx, first).await?
        {
            self.release_in(&mut tx, first.id, first.slot_id, Answer::Withdrawn, None).await?;
            self.pass_on_in(&mut tx, first.slot_id, first.starts_at).await?;
        }
        let interview = store::interview(&mut *tx, claim.id).await?.ok_or(AppError::NotFound)?;
        messages::changed_in(&mut tx, &interview, Kind::Booked, now).await?;
        let detail = format!("how={}", claim.how.name());
        self.accounts().audit_in(&mut *tx, by, "interview.book", &id, Some(claim.fair_id), "", &detail).await?;
        tx.commit().await?;
        Ok(Replied::Booked(interview))
    }

    async fn decline_once(&self, claim: &Claim, by: AccountId, party: Party, answer: Answer, reason: &str) -> Result<Claim> {
        let mut tx = self.db().begin().await?;
        let reason = clean(reason, 200);
        let said = (!reason.is_empty()).then_some(reason.as_str());
        if self.release_in(&mut tx, claim.id, claim.slot_id, answer, said).await? {
            for other in store::claims::proposals_to(&mut tx, claim.id).await? {
                self.release_in(&mut tx, other.id, other.slot_id, Answer::Withdrawn, None).await?;
            }
            if let Some(wait) = claim.wait_id.as_deref().and_then(|id| id.parse().ok()) {
                store::claims::set_wait(&mut tx, wait, "offered", "left").await?;
            }
            if claim.how != How::Hold {
                let action = if answer == Answer::Declined { "interview.decline" } else { "interview.take-back" };
                self.accounts().audit_in(&mut *tx, by, action, &claim.id.to_string(), Some(claim.fair_id), &reason, party.name()).await?;
                if matches!(claim.how, How::Invite | How::Proposal) && answer == Answer::Declined {
                    let to = if party == Party::Seeker { claim.recruiter_id } else { claim.seeker_id };
                    let declined = Claim { reason: reason.clone(), ..claim.clone() };
                    self.say_in(&mut tx, &declined, to, party.other(), Word::Declined).await?;
                }
            }
            self.pass_on_in(&mut tx, claim.slot_id, claim.starts_at).await?;
        } else if claim.answered == Answer::Booked {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("schedule-claim-booked")));
        }
        tx.commit().await?;
        store::claims::claim(self.db().read(), claim.id).await?.ok_or(AppError::NotFound)
    }

    async fn propose(&self, viewer: &Viewer, first: &Claim, key: SlotKey, client_id: &str, reason: &str) -> Result<Replied> {
        let me = viewer.known()?.id;
        self.tries.check(&me)?;
        let (now, first_id) = (self.now(), first.id);
        if !first.state(now).is_open() {
            return Ok(Replied::Refused { why: Text("schedule-claim-over"), claim: first.clone() });
        }
        let wanted = Arc::new(self.wanted(key).await?);
        if (wanted.employer, wanted.fair) != (first.employer_id, first.fair_id) {
            return Err(AppError::NotFound);
        }
        let slot = wanted.slot();
        if let Some(why) = self.refusal(viewer, &wanted).await? {
            return Ok(Replied::Elsewhere { why, slot });
        }
        let until = (now + ANSWER_WITHIN * HOUR).min(wanted.span.start);
        let claim = NewClaim { how: How::Proposal, until, instead_of: Some(first_id), wait: None, reason: clean(reason, 200) };
        let mut wish = wish(wanted, me, me, client_id, What::Claim(claim), None)?;
        wish.posting.clone_from(&first.posting_id);
        wish.topic = (first.topic_zh.clone(), first.topic_en.clone());
        // One at a time: the one before goes.
        let mut tx = self.db().begin().await?;
        for other in store::claims::proposals_to(&mut tx, first_id).await? {
            if other.id != wish.id && !self.is_same(&other, &wish.client_id).await? {
                self.release_in(&mut tx, other.id, other.slot_id, Answer::Withdrawn, None).await?;
            }
        }
        tx.commit().await?;
        Ok(match self.claiming(slot, self.take(wish).await?).await? {
            Claiming::New(claim) | Claiming::Again(claim) => Replied::Claim(claim),
            Claiming::Refused { why, slot } => Replied::Elsewhere { why, slot },
        })
    }

    async fn is_same(&self, claim: &Claim, client_id: &str) -> Result<bool> {
        Ok(store::claims::client_id(self.db().read(), claim.id).await?.as_deref() == Some(client_id))
    }

    /// Ends a claim and frees what it holds, as a part of something larger; `false` if it was answered already.
    pub(super) async fn release_in(
        &self,
        tx: &mut Transaction<'static, Any>,
        id: InterviewId,
        slot: SlotId,
        answer: Answer,
        reason: Option<&str>,
    ) -> Result<bool> {
        let now = self.now();
        if !store::claims::answer(tx, id, answer, reason, now).await? {
            return Ok(false);
        }
        store::claims::free(tx, id).await?;
        store::claims::vacate(tx, slot, now).await?;
        Ok(true)
    }

    /// Tells somebody about a claim, as a part of the change itself. It is of no use once the claim has run out.
    pub(super) async fn say_in(
        &self,
        tx: &mut Transaction<'static, Any>,
        claim: &Claim,
        to: AccountId,
        party: Party,
        word: Word,
    ) -> Result<()> {
        let Some(account) = self.accounts().account(to).await? else { return Ok(()) };
        let (subject, body, short) = claim.message(party, word, account.lang(), &self.accounts().origin);
        let until = if word == Word::Declined { claim.starts_at.max(self.now() + HOUR) } else { claim.until_at };
        let letter =
            self.accounts().message(to, &subject, &body).await?.shown(&subject, &format!("/claims/{}", claim.id), until).short(&short);
        let letter = letter.topic(format!("interview/{}", claim.id)).once(format!("claim/{}/{word:?}/{to}", claim.id)).expires_at(until);
        self.accounts().notify.queue_in(tx, &letter).await
    }

    /// The slot of a claim as pages show it.
    pub(super) fn slot_of(&self, claim: &Claim) -> super::Slot {
        super::Slot {
            id: SlotKey::Stored(claim.slot_id),
            employer_id: claim.employer_id,
            fair_id: claim.fair_id,
            recruiter_id: claim.recruiter_id,
            starts_at: claim.starts_at,
            ends_at: claim.ends_at,
            capacity: 1,
            seats_left: 0,
        }
    }

    /// Ends claims whose time is over and passes seats on, until `token` ends.
    pub async fn run_claims(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.sweep_claims().await {
                tracing::error!(?error, "claims of interviews");
            }
        }
    }

    /// Says of claims whose time is over that they are, passes their seats on, and offers whatever else became free to those who wait.
    pub async fn sweep_claims(&self) -> Result<()> {
        for id in store::claims::overdue(self.db().read(), self.now(), BATCH).await? {
            if let Err(error) = desk::retrying!(self.lapse(id)) {
                tracing::error!(?error, claim = %id, "a claim that ran out");
            }
        }
        self.offer_what_is_free().await
    }

    async fn lapse(&self, id: InterviewId) -> Result<()> {
        let mut tx = self.db().begin().await?;
        let Some(claim) = store::claims::claim(&mut *tx, id).await?.filter(|c| c.until_at <= self.now()) else {
            return Ok(tx.rollback().await?);
        };
        if self.release_in(&mut tx, id, claim.slot_id, Answer::Lapsed, None).await? {
            if let Some(wait) = claim.wait_id.as_deref().and_then(|id| id.parse().ok()) {
                store::claims::set_wait(&mut tx, wait, "offered", "lapsed").await?;
            }
            if claim.how != How::Hold {
                let (id, fair) = (id.to_string(), Some(claim.fair_id));
                self.accounts().audit_in(&mut *tx, claim.recruiter_id, "interview.lapse", &id, fair, "", claim.how.name()).await?;
            }
            self.pass_on_in(&mut tx, claim.slot_id, claim.starts_at).await?;
        }
        tx.commit().await?;
        self.slots_changed(claim.employer_id, claim.fair_id, claim.starts_at);
        Ok(())
    }
}

/// What became of a reply.
#[derive(Clone, Debug)]
pub enum Replied {
    Booked(Interview),
    /// The same had been said before.
    Again(Interview),
    Claim(Claim),
    Refused {
        why: Text,
        claim: Claim,
    },
    /// The proposed slot cannot be had.
    Elsewhere {
        why: Text,
        slot: super::Slot,
    },
}

/// How long somebody has to take a seat from the waitlist.
pub(super) const TAKE_WITHIN: Millis = 15 * crate::clock::MINUTE;
