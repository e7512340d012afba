//! All SQL of rooms.

use super::Room;
use crate::ids::{EmployerId, FairId, RoomId};
use sqlx::{Any, AnyPool, Executor};

macro_rules! select_room {
    ($rest:literal) => {
        concat!("SELECT id, fair_id, employer_id, kind, title_zh, title_en, position, closed, created_at FROM rooms ", $rest)
    };
}

pub(super) async fn room(db: &AnyPool, id: RoomId) -> sqlx::Result<Option<Room>> {
    sqlx::query_as(select_room!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn of_fair(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Room>> {
    sqlx::query_as(select_room!("WHERE fair_id = $1 ORDER BY position, id LIMIT 500")).bind(fair).fetch_all(db).await
}

pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Room>> {
    sqlx::query_as(select_room!("WHERE employer_id = $1 ORDER BY created_at DESC LIMIT 100")).bind(employer).fetch_all(db).await
}

pub(super) async fn insert<'e>(db: impl Executor<'e, Database = Any>, r: &Room) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO rooms (id, fair_id, employer_id, kind, title_zh, title_en, position, closed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(r.id)
    .bind(r.fair_id)
    .bind(r.employer_id.0.map(|e| e.to_string()))
    .bind(r.kind.name())
    .bind(&r.title_zh)
    .bind(&r.title_en)
    .bind(r.position)
    .bind(r.closed.0 as i64)
    .bind(r.created_at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn set_closed(db: &AnyPool, id: RoomId, closed: bool) -> sqlx::Result<()> {
    sqlx::query("UPDATE rooms SET closed = $2 WHERE id = $1").bind(id).bind(closed as i64).execute(db).await.map(|_| ())
}
