//! What applicants have given to employers.

use crate::clock::Millis;
use crate::ids::ApplicationId;
use sqlx::{Any, Executor, Transaction};

/// Gives, or gives again.
pub(in crate::applications) async fn give(
    tx: &mut Transaction<'static, Any>,
    id: ApplicationId,
    what: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO application_grants (application_id, what, given_at, revoked_at) VALUES ($1, $2, $3, 0) \
         ON CONFLICT (application_id) DO UPDATE SET what = excluded.what, given_at = excluded.given_at, revoked_at = 0",
    )
    .bind(id)
    .bind(what)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Takes back; false if it was taken back already.
pub(in crate::applications) async fn revoke<'e>(
    db: impl Executor<'e, Database = Any>,
    id: ApplicationId,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE application_grants SET revoked_at = $2 WHERE application_id = $1 AND revoked_at = 0");
    Ok(done.bind(id).bind(now).execute(db).await?.rows_affected() > 0)
}
