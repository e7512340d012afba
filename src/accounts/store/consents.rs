//! The ledger of consents.

use super::super::consents::{Consent, Kept};
use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::{Any, AnyPool, Executor, Transaction};

pub(in crate::accounts) async fn insert<'e>(db: impl Executor<'e, Database = Any>, c: &Consent<'_>, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO consents (id, account_id, text_version, employer_id, about, given, how, at, withdrawn_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .bind(uuid::Uuid::now_v7().to_string())
    .bind(c.account)
    .bind(c.text)
    .bind(c.employer.map(|e| e.to_string()).unwrap_or_default())
    .bind(&c.about)
    .bind(i64::from(c.given))
    .bind(c.how.name())
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Ends what somebody agreed to about something.
pub(in crate::accounts) async fn end<'e>(
    db: impl Executor<'e, Database = Any>,
    account: AccountId,
    about: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE consents SET withdrawn_at = $3 WHERE about = $1 AND account_id = $2 AND given = 1 AND withdrawn_at = 0")
        .bind(about)
        .bind(account)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// What somebody said, newest first.
pub(in crate::accounts) async fn of(db: &AnyPool, account: AccountId, most: i64) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(
        "SELECT c.text_version, COALESCE(e.name_zh, '') AS employer_zh, COALESCE(e.name_en, '') AS employer_en, c.about, c.given, c.how, \
         c.at, c.withdrawn_at FROM consents c LEFT JOIN employers e ON e.id = c.employer_id WHERE c.account_id = $1 \
         ORDER BY c.at DESC, c.id DESC LIMIT $2",
    )
    .bind(account)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Consents that were taken back before a time, and refusals from before it, go; how many.
pub(in crate::accounts) async fn forget(tx: &mut Transaction<'_, Any>, before: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query("DELETE FROM consents WHERE (given = 1 AND withdrawn_at > 0 AND withdrawn_at < $1) OR (given = 0 AND at < $1)");
    Ok(done.bind(before).execute(&mut **tx).await?.rows_affected())
}
