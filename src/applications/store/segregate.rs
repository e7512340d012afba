//! Records of recruiting that are kept apart.

use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::{Any, AnyPool, Transaction};

/// What a record holds.
pub(in crate::applications) const RECORD: &crate::db::Personal = &[
    (
        "applications",
        "SELECT a.id, a.posting_id, a.posting_version, a.employer_id, a.fair_id, p.title_zh AS title, e.name_zh AS employer, a.experience, \
         a.status, a.consent, a.created_at, a.updated_at FROM applications a JOIN postings p ON p.id = a.posting_id \
         JOIN employers e ON e.id = a.employer_id WHERE a.account_id = $1",
    ),
    (
        "application_steps",
        "SELECT s.application_id, s.at, s.status, s.actor FROM application_steps s JOIN applications a ON a.id = s.application_id \
         WHERE a.account_id = $1 ORDER BY s.id",
    ),
    (
        "application_messages",
        "SELECT m.application_id, m.at, m.side, m.state, m.sealed AS sealed_text FROM application_messages m \
         JOIN applications a ON a.id = m.application_id WHERE a.account_id = $1 ORDER BY m.id",
    ),
    (
        "offers",
        "SELECT o.application_id, o.version, o.pay, o.pay_unit, o.starts_on, o.report_on, o.place, o.bring, o.text, o.state, o.reason, o.made_at, \
         o.decided_at FROM offers o JOIN applications a ON a.id = o.application_id WHERE a.account_id = $1 ORDER BY o.made_at",
    ),
];

/// What takes applications out of pages and desks.
pub(in crate::applications) const ERASED: &crate::db::Erased = &[
    "DELETE FROM application_messages WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM application_reads WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM application_notes WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM application_steps WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM application_grants WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM offers WHERE application_id IN (SELECT id FROM applications WHERE account_id = $1)",
    "DELETE FROM applications WHERE account_id = $1",
    "DELETE FROM profiles WHERE account_id = $1",
    "DELETE FROM resume_answers WHERE account_id = $1",
];

pub(in crate::applications) async fn put(
    tx: &mut Transaction<'static, Any>,
    account: AccountId,
    record: &str,
    (now, until): (Millis, Millis),
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO segregated (account_id, sealed, at, until) VALUES ($1, $2, $3, $4) ON CONFLICT (account_id) DO NOTHING")
        .bind(account)
        .bind(record)
        .bind(now)
        .bind(until)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(in crate::applications) async fn forget(db: &AnyPool, now: Millis) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM segregated WHERE until <= $1").bind(now).execute(db).await?.rows_affected())
}

/// Empties contact and resume of applications whose last step and last grant were before a time; how many.
pub(in crate::applications) async fn forget_sent(tx: &mut Transaction<'_, Any>, before: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE applications SET sealed_contact = '', masked_contact = '', resume_id = '', resume_name = '', resume_kind = '', resume_size = 0, \
         voice_id = '', voice_kind = '', voice_size = 0 \
         WHERE updated_at < $1 AND (sealed_contact <> '' OR resume_id <> '' OR voice_id <> '') AND NOT EXISTS \
         (SELECT 1 FROM application_grants g WHERE g.application_id = applications.id AND g.given_at >= $1)",
    );
    Ok(done.bind(before).execute(&mut **tx).await?.rows_affected())
}

/// Profiles and answers of guests.
pub(in crate::applications) async fn forget_unsent(tx: &mut Transaction<'_, Any>, before: Millis) -> sqlx::Result<u64> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM profiles WHERE updated_at < $1 AND account_id IN (SELECT id FROM accounts WHERE guest = 1)",
        "DELETE FROM resume_answers WHERE updated_at < $1 AND account_id IN (SELECT id FROM accounts WHERE guest = 1)",
    ] {
        gone += sqlx::query(sql).bind(before).execute(&mut **tx).await?.rows_affected();
    }
    Ok(gone)
}
