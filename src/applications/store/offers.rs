//! Offers in their versions, and who was hired.

use super::super::offers::Hired;
use super::super::{Offer, OfferState};
use crate::clock::Millis;
use crate::ids::{ApplicationId, EmployerId, OfferId};
use sqlx::{Any, AnyPool, Transaction};

macro_rules! select_offer {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.application_id, o.version, o.pay, o.pay_unit, o.starts_on, o.report_on, o.place, o.bring, o.text, o.answer_by, \
             o.state, o.reason, o.was_status, o.made_by, o.made_at, o.decided_at FROM offers o ",
            $rest
        )
    };
}

/// All versions, newest first.
pub(in crate::applications) async fn of(db: &AnyPool, id: ApplicationId) -> sqlx::Result<Vec<Offer>> {
    sqlx::query_as(select_offer!("WHERE o.application_id = $1 ORDER BY o.version DESC LIMIT 100")).bind(id).fetch_all(db).await
}

pub(in crate::applications) async fn offer(db: &AnyPool, id: OfferId) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as(select_offer!("WHERE o.id = $1")).bind(id).fetch_optional(db).await
}

pub(in crate::applications) async fn insert(tx: &mut Transaction<'static, Any>, o: &Offer) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO offers (id, application_id, version, pay, pay_unit, starts_on, report_on, place, bring, text, answer_by, state, reason, \
         was_status, made_by, made_at, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0)",
    )
    .bind(o.id)
    .bind(o.application_id)
    .bind(o.version)
    .bind(o.pay)
    .bind(o.pay_unit.name())
    .bind(&o.starts_on)
    .bind(&o.report_on)
    .bind(&o.place)
    .bind(&o.bring)
    .bind(&o.text)
    .bind(o.answer_by)
    .bind(o.state.name())
    .bind(&o.reason)
    .bind(o.was_status.name())
    .bind(o.made_by)
    .bind(o.made_at)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Ends an offer that is open; false if it no longer is.
pub(in crate::applications) async fn end(
    tx: &mut Transaction<'static, Any>,
    id: OfferId,
    to: OfferState,
    reason: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE offers SET state = $2, reason = $3, decided_at = $4 WHERE id = $1 AND state = 'open'");
    Ok(done.bind(id).bind(to.name()).bind(reason).bind(now).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Takes back the open offer of an application that goes to another stage.
pub(in crate::applications) async fn end_open(tx: &mut Transaction<'static, Any>, id: ApplicationId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE offers SET state = 'withdrawn', decided_at = $2 WHERE application_id = $1 AND state = 'open'")
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Who was hired by an employer since a time, oldest first.
pub(in crate::applications) async fn hired(db: &AnyPool, employer: EmployerId, since: Millis) -> sqlx::Result<Vec<Hired>> {
    sqlx::query_as(
        "SELECT a.id AS application_id, a.account_id, a.posting_id, a.fair_id, a.name, a.updated_at AS hired_at, \
         COALESCE(o.id, '') AS offer_id FROM applications a \
         LEFT JOIN offers o ON o.application_id = a.id AND o.state = 'accepted' \
         WHERE a.employer_id = $1 AND a.status = 'hired' AND a.updated_at >= $2 ORDER BY a.updated_at, a.id",
    )
    .bind(employer)
    .bind(since)
    .fetch_all(db)
    .await
}
