//! All SQL of privacy.

use crate::clock::Millis;
use sqlx::AnyPool;

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
