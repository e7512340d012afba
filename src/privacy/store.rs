//! All SQL of privacy.

use super::deletion::Deletion;
use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::{Any, AnyPool, Transaction};

/// Whether everything was made anew with a key.
pub(super) async fn is_rekeyed(db: &AnyPool, key: &str) -> sqlx::Result<bool> {
    let row: Option<(String,)> = sqlx::query_as("SELECT key_id FROM rekeyed WHERE key_id = $1").bind(key).fetch_optional(db).await?;
    Ok(row.is_some())
}

pub(super) async fn put_rekeyed(db: &AnyPool, key: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO rekeyed (key_id, at) VALUES ($1, $2) ON CONFLICT (key_id) DO UPDATE SET at = excluded.at")
        .bind(key)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// What a person asked for and was not carried out.
pub(super) async fn deletion(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<Deletion>> {
    sqlx::query_as("SELECT account_id, asked_at, due_at FROM account_deletions WHERE account_id = $1 AND erased_at = 0")
        .bind(account)
        .fetch_optional(db)
        .await
}

pub(super) async fn put_deletion(tx: &mut Transaction<'static, Any>, d: &Deletion) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO account_deletions (account_id, asked_at, due_at, erased_at, words_at) VALUES ($1, $2, $3, 0, 0) \
         ON CONFLICT (account_id) DO NOTHING",
    )
    .bind(d.account_id)
    .bind(d.asked_at)
    .bind(d.due_at)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// False if there is none, or it was carried out.
pub(super) async fn undo_deletion(tx: &mut Transaction<'static, Any>, account: AccountId) -> sqlx::Result<bool> {
    let done =
        sqlx::query("DELETE FROM account_deletions WHERE account_id = $1 AND erased_at = 0").bind(account).execute(&mut **tx).await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn due_deletions(db: &AnyPool, now: Millis) -> sqlx::Result<Vec<Deletion>> {
    sqlx::query_as(
        "SELECT account_id, asked_at, due_at FROM account_deletions WHERE erased_at = 0 AND due_at <= $1 ORDER BY due_at LIMIT 100",
    )
    .bind(now)
    .fetch_all(db)
    .await
}

/// Notes that it was carried out; false if the person has changed their mind.
pub(super) async fn erased(tx: &mut Transaction<'static, Any>, account: AccountId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE account_deletions SET erased_at = $2 WHERE account_id = $1 AND erased_at = 0");
    Ok(done.bind(account).bind(now).execute(&mut **tx).await?.rows_affected() > 0)
}

/// Whose words in rooms have been kept for their time.
pub(super) async fn words_due(db: &AnyPool, erased_before: Millis) -> sqlx::Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> =
        sqlx::query_as("SELECT account_id FROM account_deletions WHERE erased_at > 0 AND erased_at <= $1 AND words_at = 0 LIMIT 100")
            .bind(erased_before)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn words_gone(db: &AnyPool, account: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE account_deletions SET words_at = $2 WHERE account_id = $1").bind(account).bind(now).execute(db).await.map(|_| ())
}
