//! All SQL of moderation.

use super::{Kind, Sanction, Standing};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, FairId, RoomId};
use sqlx::AnyPool;

pub(super) async fn standing(db: &AnyPool, room: RoomId, account: Option<AccountId>, device: &str, now: Millis) -> sqlx::Result<Standing> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT kind, MAX(until) FROM sanctions WHERE room_id = $1 AND until > $2 AND (account_id = $3 \
         OR (kind = 'ban' AND account_id IN (SELECT account_id FROM devices WHERE device = $4))) GROUP BY kind",
    )
    .bind(room)
    .bind(now)
    .bind(account.map(|a| a.to_string()).unwrap_or_default())
    .bind(device)
    .fetch_all(db)
    .await?;
    let until = |kind: Kind| rows.iter().find(|(k, _)| k == kind.name()).map_or(0, |(_, until)| *until);
    Ok(Standing { muted_until: until(Kind::Mute), banned_until: until(Kind::Ban) })
}

/// Notes that accounts wrote from devices, all in one transaction.
pub(super) async fn note_devices(db: &Db, notes: &[(String, AccountId)], now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for (device, account) in notes {
        sqlx::query("INSERT INTO devices (device, account_id, seen_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(device)
            .bind(*account)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

#[expect(clippy::too_many_arguments, reason = "one per column")]
pub(super) async fn put(
    db: &AnyPool,
    room: RoomId,
    target: AccountId,
    kind: Kind,
    until: Millis,
    by: AccountId,
    now: Millis,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sanctions (room_id, account_id, kind, until, set_by, set_at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (room_id, account_id, kind) DO UPDATE SET until = excluded.until, set_by = excluded.set_by, \
         set_at = excluded.set_at, reason = excluded.reason",
    )
    .bind(room)
    .bind(target)
    .bind(kind.name())
    .bind(until)
    .bind(by)
    .bind(now)
    .bind(reason)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn delete(db: &AnyPool, room: RoomId, target: AccountId, kind: Kind) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM sanctions WHERE room_id = $1 AND account_id = $2 AND kind = $3")
        .bind(room)
        .bind(target)
        .bind(kind.name())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn of_fair(db: &AnyPool, fair: FairId, now: Millis) -> sqlx::Result<Vec<Sanction>> {
    sqlx::query_as(
        "SELECT s.room_id, s.account_id, a.name, s.kind, s.until, s.set_at, b.name AS set_by_name, s.reason \
         FROM sanctions s JOIN rooms r ON r.id = s.room_id JOIN accounts a ON a.id = s.account_id JOIN accounts b ON b.id = s.set_by \
         WHERE r.fair_id = $1 AND s.until > $2 ORDER BY s.set_at DESC LIMIT 500",
    )
    .bind(fair)
    .bind(now)
    .fetch_all(db)
    .await
}
