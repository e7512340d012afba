//! All SQL of announcements.

use super::Kept;
use crate::clock::Millis;
use crate::ids::{AccountId, AnnouncementId, FairId};
use sqlx::AnyPool;

macro_rules! select_announcement {
    ($rest:literal) => {
        concat!(
            "SELECT n.id, n.level, n.text_zh, n.text_en, n.at, n.ends_at, n.ended_at, a.name AS made_by_name \
             FROM announcements n JOIN accounts a ON a.id = n.made_by ",
            $rest
        )
    };
}

/// Announcements on the organisers' page.
const SHOWN: i64 = 50;

pub(super) async fn insert(
    db: &AnyPool,
    (id, fair, by): (AnnouncementId, FairId, AccountId),
    level: &str,
    (text_zh, text_en): (&str, &str),
    (at, ends_at): (Millis, Option<Millis>),
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO announcements (id, fair_id, made_by, level, text_zh, text_en, at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(fair)
    .bind(by)
    .bind(level)
    .bind(text_zh)
    .bind(text_en)
    .bind(at)
    .bind(ends_at)
    .execute(db)
    .await
    .map(|_| ())
}

/// Those of a fair that hold, newest first.
pub(super) async fn unended(db: &AnyPool, fair: FairId, now: Millis) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_announcement!(
        "WHERE n.fair_id = $1 AND n.ended_at IS NULL AND (n.ends_at IS NULL OR n.ends_at > $2) ORDER BY n.at DESC, n.id DESC"
    ))
    .bind(fair)
    .bind(now)
    .fetch_all(db)
    .await
}

pub(super) async fn all(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_announcement!("WHERE n.fair_id = $1 ORDER BY n.at DESC, n.id DESC LIMIT $2"))
        .bind(fair)
        .bind(SHOWN)
        .fetch_all(db)
        .await
}

pub(super) async fn is_of(db: &AnyPool, fair: FairId, id: AnnouncementId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT at FROM announcements WHERE id = $1 AND fair_id = $2").bind(id).bind(fair).fetch_optional(db).await?;
    Ok(row.is_some())
}

/// Ends one that has not ended; false if it had.
pub(super) async fn end(db: &AnyPool, id: AnnouncementId, now: Millis) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE announcements SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL").bind(id).bind(now).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
