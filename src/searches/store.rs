//! All SQL of saved searches.

use super::{Alert, Saved};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, SearchId};
use sqlx::{Any, AnyConnection, AnyPool, Executor};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased =
    &["DELETE FROM saved_searches WHERE account_id = $1", "DELETE FROM recommendations_off WHERE account_id = $1"];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "saved_searches",
        "SELECT f.title_zh AS fair, s.query, s.alert, s.created_at FROM saved_searches s JOIN fairs f ON f.id = s.fair_id WHERE s.account_id = $1",
    ),
    ("recommendations_off", "SELECT at FROM recommendations_off WHERE account_id = $1"),
];

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.account_id, s.fair_id, s.query, s.alert, s.seen_at, s.told_at, s.due_at, s.created_at, f.title_zh AS fair_zh, \
             f.title_en AS fair_en FROM saved_searches s JOIN fairs f ON f.id = s.fair_id ",
            $rest
        )
    };
}

pub(super) async fn search(db: &AnyPool, id: SearchId) -> sqlx::Result<Option<Saved>> {
    sqlx::query_as(select!("WHERE s.id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn of_account(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<Saved>> {
    sqlx::query_as(select!("WHERE s.account_id = $1 ORDER BY s.created_at DESC, s.id DESC")).bind(account).fetch_all(db).await
}

/// The search that looks for the same.
pub(super) async fn same(db: &AnyPool, saved: &Saved) -> sqlx::Result<Option<Saved>> {
    sqlx::query_as(select!("WHERE s.account_id = $1 AND s.fair_id = $2 AND s.query = $3"))
        .bind(saved.account_id)
        .bind(saved.fair_id)
        .bind(&saved.query)
        .fetch_optional(db)
        .await
}

/// Stores a search unless the person has it, or has so many already; false in the latter case.
pub(super) async fn insert(db: &Db, s: &Saved, most: i64) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "INSERT INTO saved_searches (id, account_id, fair_id, query, alert, seen_at, told_at, due_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, fair_id, query) DO NOTHING",
    )
    .bind(s.id)
    .bind(s.account_id)
    .bind(s.fair_id)
    .bind(&s.query)
    .bind(s.alert.name())
    .bind(s.seen_at)
    .bind(s.told_at)
    .bind(s.due_at)
    .bind(s.created_at)
    .execute(&mut *tx)
    .await?;
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM saved_searches WHERE account_id = $1").bind(s.account_id).fetch_one(&mut *tx).await?;
    if count > most {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn set_seen(db: &AnyPool, id: SearchId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE saved_searches SET seen_at = $2 WHERE id = $1").bind(id).bind(now).execute(db).await.map(|_| ())
}

pub(super) async fn set_alert(db: &AnyPool, id: SearchId, alert: Alert, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE saved_searches SET alert = $2, told_at = $3, due_at = $3 WHERE id = $1")
        .bind(id)
        .bind(alert.name())
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn remove(db: &AnyPool, id: SearchId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM saved_searches WHERE id = $1").bind(id).execute(db).await.map(|_| ())
}

/// Searches of open fairs that it is time to look through.
pub(super) async fn due(db: &AnyPool, now: Millis, limit: i64) -> sqlx::Result<Vec<Saved>> {
    sqlx::query_as(select!(
        "WHERE s.alert IN ('daily', 'soon') AND s.due_at <= $1 AND f.state IN ('open', 'live') ORDER BY s.due_at LIMIT $2"
    ))
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Notes when to look again and up to when the person was told; false if somebody else has been at it.
pub(super) async fn told(db: &mut AnyConnection, before: &Saved, told_at: Millis, due_at: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE saved_searches SET told_at = $3, due_at = $4 WHERE id = $1 AND due_at = $2 AND alert <> 'off'")
        .bind(before.id)
        .bind(before.due_at)
        .bind(told_at)
        .bind(due_at)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn is_off(db: &AnyPool, account: AccountId) -> sqlx::Result<bool> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT account_id FROM recommendations_off WHERE account_id = $1").bind(account).fetch_optional(db).await?;
    Ok(row.is_some())
}

pub(super) async fn set_off<'e>(db: impl Executor<'e, Database = Any>, account: AccountId, off: bool, now: Millis) -> sqlx::Result<()> {
    let sql = if off {
        "INSERT INTO recommendations_off (account_id, at) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING"
    } else {
        "DELETE FROM recommendations_off WHERE account_id = $1 AND at <= $2"
    };
    sqlx::query(sql).bind(account).bind(now).execute(db).await.map(|_| ())
}
