//! All SQL of calendars that people subscribe to.

use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::AnyPool;

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &["DELETE FROM calendar_feeds WHERE account_id = $1"];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[("calendar_feeds", "SELECT created_at FROM calendar_feeds WHERE account_id = $1")];

/// Gives somebody's calendar a new address.
pub(super) async fn put(db: &AnyPool, account: AccountId, token_hash: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO calendar_feeds (account_id, token_hash, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at",
    )
    .bind(account)
    .bind(token_hash)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn delete(db: &AnyPool, account: AccountId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM calendar_feeds WHERE account_id = $1").bind(account).execute(db).await.map(|_| ())
}

/// When the address of somebody's calendar was made, if it has one.
pub(super) async fn made_at(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<Millis>> {
    let row: Option<(Millis,)> =
        sqlx::query_as("SELECT created_at FROM calendar_feeds WHERE account_id = $1").bind(account).fetch_optional(db).await?;
    Ok(row.map(|row| row.0))
}

/// Whose calendar it is.
pub(super) async fn owner(db: &AnyPool, token_hash: &str) -> sqlx::Result<Option<AccountId>> {
    let row: Option<(AccountId,)> =
        sqlx::query_as("SELECT account_id FROM calendar_feeds WHERE token_hash = $1").bind(token_hash).fetch_optional(db).await?;
    Ok(row.map(|row| row.0))
}
