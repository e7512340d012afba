//! The SQL of co-hosts.

use crate::clock::Millis;
use crate::ids::{AccountId, RoomId};
use crate::stage::co_hosts::{CoHost, How, Open};
use sqlx::{Any, AnyPool, Executor, Transaction};

/// Only where the right holds: a ban takes it at once, the row is ended a moment later.
macro_rules! select_co_host {
    ($rest:literal) => {
        concat!(
            "SELECT c.room_id, c.account_id, c.name, c.host_name, c.named_at FROM room_co_hosts c JOIN roles r \
             ON r.account_id = c.account_id AND r.role = 'co-host' AND r.subject = c.room_id WHERE c.ended_at IS NULL AND ",
            $rest
        )
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

/// False if they are co-host no more already, or once more.
pub(in crate::stage) async fn end(tx: &mut Transaction<'_, Any>, co_host: &CoHost, how: How, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE room_co_hosts SET ended_at = $4, how = $5 WHERE room_id = $1 AND account_id = $2 AND named_at = $3 AND ended_at IS NULL",
    )
    .bind(co_host.room_id)
    .bind(co_host.account_id)
    .bind(co_host.named_at)
    .bind(now)
    .bind(how.name())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::stage) async fn one(db: impl Executor<'_, Database = Any>, room: RoomId, account: AccountId) -> sqlx::Result<Option<CoHost>> {
    sqlx::query_as(select_co_host!("c.room_id = $1 AND c.account_id = $2")).bind(room).bind(account).fetch_optional(db).await
}

/// The co-hosts of a room, in the order in which they were named.
pub(in crate::stage) async fn of_room(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<CoHost>> {
    sqlx::query_as(select_co_host!("c.room_id = $1 ORDER BY c.named_at, c.account_id")).bind(room).fetch_all(db).await
}

/// The co-hosts of all rooms, those included whose right is gone.
pub(in crate::stage) async fn open(db: &AnyPool) -> sqlx::Result<Vec<Open>> {
    sqlx::query_as(
        "SELECT c.room_id, c.account_id, c.name, c.host_name, c.named_at, \
         CASE WHEN r.role IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS holds FROM room_co_hosts c LEFT JOIN roles r \
         ON r.account_id = c.account_id AND r.role = 'co-host' AND r.subject = c.room_id \
         WHERE c.ended_at IS NULL ORDER BY c.room_id, c.account_id LIMIT 2000",
    )
    .fetch_all(db)
    .await
}
