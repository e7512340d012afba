//! All SQL of slides.

use crate::clock::Millis;
use crate::ids::{AccountId, BlobId, RoomId, SlideId};
use crate::stage::slides::{MOST, Slide};
use sqlx::AnyPool;
use std::collections::HashSet;

macro_rules! select_slide {
    ($rest:literal) => {
        concat!("SELECT id, room_id, blob_id, kind, size, title, still, version, shown_at FROM room_slides ", $rest)
    };
}

pub(in crate::stage) async fn slide(db: &AnyPool, id: SlideId) -> sqlx::Result<Option<Slide>> {
    sqlx::query_as(select_slide!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The pictures of a room in their order, without the still.
pub(in crate::stage) async fn slides(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Slide>> {
    sqlx::query_as(select_slide!("WHERE room_id = $1 AND still = 0 ORDER BY position")).bind(room).fetch_all(db).await
}

pub(in crate::stage) async fn still(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<Slide>> {
    sqlx::query_as(select_slide!("WHERE room_id = $1 AND position = 0")).bind(room).fetch_optional(db).await
}

/// The rooms with a still, and who began it.
pub(in crate::stage) async fn stills(db: &AnyPool) -> sqlx::Result<Vec<(RoomId, AccountId)>> {
    sqlx::query_as("SELECT room_id, added_by FROM room_slides WHERE position = 0").fetch_all(db).await
}

/// Adds a picture at the end, or the still; false if there are too many, or somebody added one at the same moment.
pub(in crate::stage) async fn insert(db: &AnyPool, s: &Slide, by: AccountId, at: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO room_slides (id, room_id, blob_id, kind, size, title, position, still, version, added_by, added_at, shown_at) \
         SELECT $1, $2, $3, $4, $5, $6, CASE WHEN $7 = 1 THEN 0 ELSE COALESCE(MAX(position), 0) + 1 END, $7, $8, $9, $10, $11 \
         FROM room_slides WHERE room_id = $2 HAVING COUNT(*) < $12 ON CONFLICT DO NOTHING",
    )
    .bind(s.id)
    .bind(s.room_id)
    .bind(s.blob_id)
    .bind(&s.kind)
    .bind(s.size)
    .bind(&s.title)
    .bind(i64::from(s.still.0))
    .bind(s.version)
    .bind(by)
    .bind(at)
    .bind(s.shown_at)
    .bind(MOST + i64::from(s.still.0))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the still newer bytes, unless somebody did so since it was read.
pub(in crate::stage) async fn renew(db: &AnyPool, s: &Slide) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE room_slides SET blob_id = $2, kind = $3, size = $4, version = $5 WHERE id = $1 AND version = $5 - 1")
        .bind(s.id)
        .bind(s.blob_id)
        .bind(&s.kind)
        .bind(s.size)
        .bind(s.version)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::stage) async fn shown(db: &AnyPool, id: SlideId, at: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE room_slides SET shown_at = $2 WHERE id = $1 AND shown_at IS NULL").bind(id).bind(at).execute(db).await.map(|_| ())
}

pub(in crate::stage) async fn remove(db: &AnyPool, id: SlideId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM room_slides WHERE id = $1").bind(id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// The files that rows name.
pub(in crate::stage) async fn named(db: &AnyPool) -> sqlx::Result<HashSet<BlobId>> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT blob_id FROM room_slides").fetch_all(db).await?;
    Ok(rows.into_iter().filter_map(|(id,)| id.parse().ok()).collect())
}
