//! The SQL of co-hosts.

use crate::clock::Millis;
use crate::ids::{AccountId, RoomId};
use crate::stage::co_hosts::{CoHost, How};
use sqlx::{Any, AnyPool, Executor, Transaction};

macro_rules! select_co_host {
    ($rest:literal) => {
        concat!("SELECT room_id, account_id, name, host_name, named_at FROM room_co_hosts ", $rest)
    };
}

/// Gives a co-host a place; false if it is taken, or the person has one already.
pub(in crate::stage) async fn name(tx: &mut Transaction<'_, Any>, co_host: &CoHost, by: AccountId, place: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO room_co_hosts (room_id, account_id, name, place, named_by, host_name, named_at, how) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, '') ON CONFLICT DO NOTHING",
    )
    .bind(co_host.room_id)
    .bind(co_host.account_id)
    .bind(&co_host.name)
    .bind(place)
    .bind(by)
    .bind(&co_host.host_name)
    .bind(co_host.named_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False if they are co-host no more already.
pub(in crate::stage) async fn end(tx: &mut Transaction<'_, Any>, co_host: &CoHost, how: How, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE room_co_hosts SET ended_at = $3, how = $4 WHERE room_id = $1 AND account_id = $2 AND ended_at IS NULL")
        .bind(co_host.room_id)
        .bind(co_host.account_id)
        .bind(now)
        .bind(how.name())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::stage) async fn one(db: impl Executor<'_, Database = Any>, room: RoomId, account: AccountId) -> sqlx::Result<Option<CoHost>> {
    sqlx::query_as(select_co_host!("WHERE room_id = $1 AND account_id = $2 AND ended_at IS NULL"))
        .bind(room)
        .bind(account)
        .fetch_optional(db)
        .await
}

/// The co-hosts of a room, in the order in which they were named.
pub(in crate::stage) async fn of_room(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<CoHost>> {
    sqlx::query_as(select_co_host!("WHERE room_id = $1 AND ended_at IS NULL ORDER BY named_at, account_id")).bind(room).fetch_all(db).await
}

/// The co-hosts of all rooms.
pub(in crate::stage) async fn open(db: &AnyPool) -> sqlx::Result<Vec<CoHost>> {
    sqlx::query_as(select_co_host!("WHERE ended_at IS NULL ORDER BY room_id, account_id LIMIT 2000")).fetch_all(db).await
}
