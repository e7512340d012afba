//! Making an offer, revising it and taking it back; accepting and declining it. Each step is one transaction: the offer, the stage of the
//! application, its line in the audit log and the letters.

use super::offer::Act;
use super::offer_form::{OfferForm, Terms};
use super::{Applications, Listed, Offer, OfferState, SHOWN, Side, Status, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::db::is_unique_violation;
use crate::ids::{AccountId, ApplicationId, EmployerId, FairId, OfferId, PostingId};
use crate::moderation::{Judgement, Moderation};
use crate::notify::Letter;
use crate::web::{AppError, Fields, Result, Text, clean_text};
use jiff::tz::TimeZone;

/// Characters of a reason.
const MAX_REASON: usize = 300;

/// Somebody who was hired: what trips and subsidies begin with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Hired {
    pub application_id: ApplicationId,
    pub account_id: AccountId,
    pub posting_id: PostingId,
    pub fair_id: FairId,
    /// As they called themselves when they applied.
    pub name: String,
    pub hired_at: Millis,
    offer_id: String,
}

impl Hired {
    /// The offer that was accepted; none if the employer noted the hiring by itself.
    pub fn offer(&self) -> Option<OfferId> {
        self.offer_id.parse().ok()
    }
}

fn changed() -> AppError {
    AppError::Conflict(Text("offers-changed"))
}

impl Listed {
    pub(super) fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }
}

impl Applications {
    /// Who was hired by an employer since a time, oldest first.
    pub async fn hired_by(&self, employer: EmployerId, since: Millis) -> Result<Vec<Hired>> {
        Ok(store::offers::hired(self.accounts().db.read(), employer, since).await?)
    }

    /// The offer of an application in its newest version.
    pub async fn offer_of(&self, id: ApplicationId) -> Result<Option<Offer>> {
        Ok(self.offers_of(id).await?.into_iter().next())
    }

    /// All versions of the offer of an application, newest first.
    pub async fn offers_of(&self, id: ApplicationId) -> Result<Vec<Offer>> {
        Ok(store::offers::of(self.accounts().db.read(), id).await?)
    }

    /// An offer for who got it and for recruiters of the employer.
    pub(super) async fn offer_visible_to(&self, viewer: &Viewer, id: OfferId) -> Result<(Offer, Listed, Side)> {
        viewer.person()?;
        let offer = store::offers::offer(self.accounts().db.read(), id).await?.ok_or(AppError::NotFound)?;
        let (found, side) = self.visible_to(viewer, offer.application_id).await?;
        Ok((offer, found, side))
    }

    /// An application to which an offer can be made now, with the newest version of one.
    pub(super) async fn may_offer(&self, viewer: &Viewer, id: ApplicationId) -> Result<(Listed, Option<Offer>)> {
        viewer.person()?;
        let found = self.received_by(viewer, id).await?;
        let last = self.offer_of(id).await?;
        let free = last.as_ref().is_none_or(|o| o.status(self.now()).after(Act::Revise).is_some());
        if !free || matches!(found.status, Status::Withdrawn | Status::Hired) {
            return Err(AppError::Conflict(Text("offers-not-now")));
        }
        Ok((found, last))
    }

    /// Makes an offer, or a new version of it.
    pub(super) async fn make_offer(&self, moderation: &Moderation, viewer: &Viewer, id: ApplicationId, form: &OfferForm) -> Result<Offer> {
        let (found, last) = self.may_offer(viewer, id).await?;
        let now = self.now();
        let terms = form.read(now, &found.time_zone()).map_err(AppError::Invalid)?;
        self.check_words(moderation, found.fair_id, &terms).await?;
        if terms.seen != last.as_ref().map_or(0, |o| o.version) {
            return Err(changed());
        }
        let offer = fresh(&found, last.as_ref(), terms, (viewer.person()?.id, now));
        let subject = if offer.version == 1 { "offers-told-made-subject" } else { "offers-told-revised-subject" };
        let letter = self.offer_letter(&found, &offer, found.account_id, subject, "").await?;
        let mut tx = self.accounts().db.begin().await?;
        if let Some(last) = last.filter(|o| o.state == OfferState::Open)
            && !store::offers::end(&mut tx, last.id, OfferState::Replaced, "", now).await?
        {
            return Err(changed());
        }
        if let Err(error) = store::offers::insert(&mut tx, &offer).await {
            return Err(if is_unique_violation(&error) { changed() } else { error.into() });
        }
        let stays = found.status == Status::Offer;
        if !stays && store::move_on(&mut tx, id, (found.status, Status::Offer), offer.made_by, now).await?.is_none() {
            return Err(changed());
        }
        self.seal(tx, &offer, &found, (offer.made_by, if offer.version == 1 { "offer.make" } else { "offer.revise" }), vec![letter])
            .await?;
        Ok(offer)
    }

    /// What an offer says must not be held for anything: a fee in it would be part of a contract.
    async fn check_words(&self, moderation: &Moderation, fair: FairId, terms: &Terms) -> Result<()> {
        let mut wrong = Fields::default();
        for (field, text) in [("bring", &terms.bring), ("text", &terms.text), ("place", &terms.place)] {
            if self.judged(moderation, fair, text).await? != Judgement::Fine {
                wrong.add(field, Text("offers-wrong-words"));
            }
        }
        wrong.check()
    }

    /// Takes an offer back; the application goes to where it was before.
    pub(super) async fn withdraw_offer(&self, viewer: &Viewer, id: OfferId, reason: &str) -> Result<ApplicationId> {
        let (offer, found, side) = self.offer_visible_to(viewer, id).await?;
        if side != Side::Recruiter {
            return Err(AppError::NotFound);
        }
        let letter = self.offer_letter(&found, &offer, found.account_id, "offers-told-withdrawn-subject", reason).await?;
        self.end_offer((&offer, &found), (Act::Withdraw, viewer.person()?.id), reason, vec![letter]).await
    }

    /// Says yes: from now on the applicant is hired.
    pub(super) async fn accept_offer(&self, viewer: &Viewer, id: OfferId) -> Result<ApplicationId> {
        let (offer, found, side) = self.offer_visible_to(viewer, id).await?;
        if side != Side::Applicant {
            return Err(AppError::NotFound);
        }
        let mut letters = self.to_recruiters(&found, &offer, "offers-told-accepted-subject", "").await?;
        letters.push(self.offer_letter(&found, &offer, found.account_id, "offers-told-hired-subject", "").await?);
        self.end_offer((&offer, &found), (Act::Accept, viewer.person()?.id), "", letters).await
    }

    /// Says no, with a word why if there is one.
    pub(super) async fn decline_offer(&self, viewer: &Viewer, id: OfferId, reason: &str) -> Result<ApplicationId> {
        let (offer, found, side) = self.offer_visible_to(viewer, id).await?;
        if side != Side::Applicant {
            return Err(AppError::NotFound);
        }
        let letters = self.to_recruiters(&found, &offer, "offers-told-declined-subject", reason).await?;
        self.end_offer((&offer, &found), (Act::Decline, viewer.person()?.id), reason, letters).await
    }

    async fn end_offer(
        &self,
        (offer, found): (&Offer, &Listed),
        (act, by): (Act, AccountId),
        reason: &str,
        letters: Vec<Letter>,
    ) -> Result<ApplicationId> {
        let now = self.now();
        let to = offer.status(now).after(act).filter(|_| found.status == Status::Offer).ok_or_else(changed)?;
        let (stage, action) = match to {
            OfferState::Accepted => (Status::Hired, "offer.accept"),
            OfferState::Declined => (offer.was_status, "offer.decline"),
            OfferState::Withdrawn | OfferState::Replaced | OfferState::Open | OfferState::Lapsed => (offer.was_status, "offer.withdraw"),
        };
        let mut tx = self.accounts().db.begin().await?;
        let ended = store::offers::end(&mut tx, offer.id, to, &clean_text(reason, MAX_REASON), now).await?;
        if !ended || store::move_on(&mut tx, found.id, (Status::Offer, stage), by, now).await?.is_none() {
            return Err(changed());
        }
        self.seal(tx, offer, found, (by, action), letters).await?;
        Ok(found.id)
    }

    /// Notes who did it, tells those concerned, and commits.
    async fn seal(
        &self,
        mut tx: sqlx::Transaction<'static, sqlx::Any>,
        offer: &Offer,
        found: &Listed,
        (by, action): (AccountId, &str),
        letters: Vec<Letter>,
    ) -> Result<()> {
        for letter in letters {
            self.accounts().notify.queue_in(&mut tx, &letter).await?;
        }
        let detail = format!("application={} version={}", found.id, offer.version);
        self.accounts().audit_in(&mut *tx, by, action, &offer.id.to_string(), Some(found.fair_id), "", &detail).await?;
        Ok(tx.commit().await?)
    }

    async fn to_recruiters(&self, found: &Listed, offer: &Offer, subject: &str, reason: &str) -> Result<Vec<Letter>> {
        let mut letters = Vec::new();
        for to in self.concerned(found).await? {
            letters.push(self.offer_letter(found, offer, to, subject, reason).await?);
        }
        Ok(letters)
    }

    /// `subject`: a text key.
    async fn offer_letter(&self, found: &Listed, offer: &Offer, to: AccountId, subject: &str, reason: &str) -> Result<Letter> {
        let lang = self.accounts().account(to).await?.map(|a| a.lang()).unwrap_or_default();
        let (title, employer) = (lang.pick(&found.title_zh, &found.title_en), lang.pick(&found.employer_zh, &found.employer_en));
        let subject = lang.with(subject, &[("employer", employer), ("title", title), ("name", &found.name)]);
        let path = format!("/offers/{}", offer.id);
        let (link, pay) = (format!("{}{path}", self.accounts().origin), offer.pay(lang));
        let words = [("subject", subject.as_str()), ("pay", &pay), ("day", &offer.starts_on), ("reason", reason.trim()), ("link", &link)];
        let body = if reason.trim().is_empty() { lang.with("offers-told", &words) } else { lang.with("offers-told-reason", &words) };
        let letter = self.accounts().message(to, &subject, &body).await?;
        Ok(letter.shown(&subject, &path, self.now() + SHOWN).topic(format!("offer/{}", found.id)))
    }
}

fn fresh(found: &Listed, last: Option<&Offer>, terms: Terms, (made_by, made_at): (AccountId, Millis)) -> Offer {
    let was_status = match (found.status, last) {
        (Status::Offer, Some(last)) => last.was_status,
        // Decided on without an offer so far, as after an interview.
        (Status::Offer, None) => Status::Interview,
        (Status::New, _) => Status::Viewed,
        (status, _) => status,
    };
    Offer {
        id: OfferId::new(),
        application_id: found.id,
        version: terms.seen + 1,
        pay: terms.pay,
        pay_unit: terms.pay_unit,
        starts_on: terms.starts_on,
        report_on: terms.report_on,
        place: terms.place,
        bring: terms.bring,
        text: terms.text,
        answer_by: terms.answer_by,
        state: OfferState::Open,
        reason: String::new(),
        was_status,
        made_by,
        made_at,
        decided_at: 0,
    }
}
