//! What was done with several applications at once, and how it is undone.

use super::super::Status;
use crate::clock::Millis;
use crate::ids::{AccountId, ApplicationId, BulkId, EmployerId};
use sqlx::{Any, AnyPool, Transaction};

/// A bulk action.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::applications) struct Stored {
    pub(in crate::applications) id: BulkId,
    pub(in crate::applications) employer_id: EmployerId,
    pub(in crate::applications) actor_id: AccountId,
    /// `move` or `assign`.
    pub(in crate::applications) kind: String,
    pub(in crate::applications) at: Millis,
    /// 0 as long as it stands.
    pub(in crate::applications) undone_at: Millis,
}

/// What became of one that was picked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::applications) struct Fate {
    pub(in crate::applications) application_id: String,
    pub(in crate::applications) was_status: String,
    pub(in crate::applications) was_at: Millis,
    pub(in crate::applications) step_id: String,
    /// A text key, or empty.
    pub(in crate::applications) wrong: String,
    /// Of the applicant; empty if the application is none of the employer's.
    pub(in crate::applications) name: String,
}

pub(in crate::applications) async fn insert(tx: &mut Transaction<'static, Any>, bulk: &Stored) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO application_bulks (id, employer_id, actor_id, kind, at, undone_at) VALUES ($1, $2, $3, $4, $5, 0)")
        .bind(bulk.id)
        .bind(bulk.employer_id)
        .bind(bulk.actor_id)
        .bind(&bulk.kind)
        .bind(bulk.at)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(in crate::applications) async fn insert_fate(tx: &mut Transaction<'static, Any>, bulk: BulkId, fate: &Fate) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO application_bulk_rows (bulk_id, application_id, was_status, was_at, step_id, wrong) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(bulk)
    .bind(&fate.application_id)
    .bind(&fate.was_status)
    .bind(fate.was_at)
    .bind(&fate.step_id)
    .bind(&fate.wrong)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(in crate::applications) async fn bulk(db: &AnyPool, id: BulkId) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as("SELECT id, employer_id, actor_id, kind, at, undone_at FROM application_bulks WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

pub(in crate::applications) async fn fates(db: &AnyPool, bulk: &Stored) -> sqlx::Result<Vec<Fate>> {
    sqlx::query_as(
        "SELECT r.application_id, r.was_status, r.was_at, r.step_id, r.wrong, COALESCE(a.name, '') AS name FROM application_bulk_rows r \
         LEFT JOIN applications a ON a.id = r.application_id AND a.employer_id = $2 WHERE r.bulk_id = $1 ORDER BY r.application_id",
    )
    .bind(bulk.id)
    .bind(bulk.employer_id)
    .fetch_all(db)
    .await
}

/// Notes that it is undone; false if it was.
pub(in crate::applications) async fn undo(tx: &mut Transaction<'static, Any>, id: BulkId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE application_bulks SET undone_at = $2 WHERE id = $1 AND undone_at = 0");
    Ok(done.bind(id).bind(now).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Puts an application back where it was if the step of the bulk action is still its last one, as if that had never been: its applicant has not
/// seen it, and the time in the stage before goes on.
pub(in crate::applications) async fn put_back(tx: &mut Transaction<'static, Any>, fate: &Fate, to: Status) -> sqlx::Result<bool> {
    let Ok(id) = fate.application_id.parse::<ApplicationId>() else { return Ok(false) };
    let done = sqlx::query(
        "UPDATE applications SET status = $3, updated_at = $4 WHERE id = $1 AND status <> 'withdrawn' \
         AND NOT EXISTS (SELECT 1 FROM application_steps s WHERE s.application_id = $1 AND s.id > $2) \
         AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.application_id = $1 AND o.state = 'open')",
    )
    .bind(id)
    .bind(&fate.step_id)
    .bind(to.name())
    .bind(fate.was_at)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let step = sqlx::query("DELETE FROM application_steps WHERE application_id = $1 AND id = $2").bind(id).bind(&fate.step_id);
    step.execute(&mut **tx).await.map(|_| true)
}

/// A move that can still be undone, and with which nothing else happened since: where the application was, and the step.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::applications) struct Pending {
    pub(in crate::applications) application_id: ApplicationId,
    #[sqlx(try_from = "String")]
    pub(in crate::applications) was_status: Status,
    pub(in crate::applications) was_at: Millis,
    pub(in crate::applications) step_id: String,
}

/// Such moves of somebody's applications since a time.
pub(in crate::applications) async fn pending(db: &AnyPool, applicant: AccountId, since: Millis) -> sqlx::Result<Vec<Pending>> {
    sqlx::query_as(
        "SELECT r.application_id, r.was_status, r.was_at, r.step_id FROM applications a \
         JOIN application_bulk_rows r ON r.application_id = a.id JOIN application_bulks b ON b.id = r.bulk_id \
         WHERE a.account_id = $1 AND b.at > $2 AND b.undone_at = 0 AND r.step_id <> '' \
         AND NOT EXISTS (SELECT 1 FROM application_steps s WHERE s.application_id = a.id AND s.id > r.step_id)",
    )
    .bind(applicant)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Takes back what was written with a bulk action to an applicant who has not seen it.
pub(in crate::applications) async fn take_back_message(
    tx: &mut Transaction<'static, Any>,
    bulk: BulkId,
    application: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM application_messages WHERE bulk_id = $1 AND application_id = $2 AND due_at > $3")
        .bind(bulk)
        .bind(application)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}
