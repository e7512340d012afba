//! All SQL of moderation.

mod cases;

pub(super) use cases::{
    case, case_of, decide, decided, decisions, erase_decided, held_of, insert_case, reopen, report, waiting, waiting_of,
};

use super::blocks::Blocked;
use super::modes::Mode;
use super::words::{Action, ListedWord};
use super::{FOR_GOOD, Kind, Sanction, Standing};
use crate::clock::Millis;
use crate::db::{Db, ManyRows};
use crate::ids::{AccountId, EmployerId, FairId, RoomId};
use sqlx::{Any, AnyPool, Executor};
use std::collections::HashSet;
use std::sync::LazyLock;

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &[
    "UPDATE cases SET name = '已注销', text = '' WHERE author_id = $1",
    "DELETE FROM devices WHERE account_id = $1",
    "DELETE FROM ban_networks WHERE account_id = $1",
];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "sanctions",
        "SELECT r.title_zh AS room, s.kind, s.set_at, s.until, s.reason FROM sanctions s JOIN rooms r ON r.id = s.room_id WHERE s.account_id = $1",
    ),
    (
        "host_blocks",
        "SELECT e.name_zh AS employer, b.set_at, b.reason FROM host_blocks b JOIN employers e ON e.id = b.employer_id WHERE b.account_id = $1",
    ),
    (
        "cases",
        "SELECT r.title_zh AS room, c.kind, c.text, c.at, c.state, c.decision, c.decided_at FROM cases c JOIN rooms r ON r.id = c.room_id WHERE c.author_id = $1",
    ),
    ("reports", "SELECT c.text, p.reason, p.at FROM reports p JOIN cases c ON c.id = p.case_id WHERE p.reporter_id = $1"),
];

pub(super) async fn standing(db: &AnyPool, room: RoomId, account: Option<AccountId>, device: &str, now: Millis) -> sqlx::Result<Standing> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT s.kind, MAX(s.until) FROM (SELECT kind, until FROM sanctions WHERE room_id = $1 AND until > $2 AND (account_id = $3 \
         OR (kind = 'ban' AND account_id IN (SELECT account_id FROM devices WHERE device = $4))) \
         UNION ALL SELECT 'ban' AS kind, CAST($5 AS BIGINT) AS until FROM host_blocks b JOIN rooms r ON r.employer_id = b.employer_id \
         WHERE r.id = $1 AND (b.account_id = $3 OR b.account_id IN (SELECT account_id FROM devices WHERE device = $4))) s GROUP BY s.kind",
    )
    .bind(room)
    .bind(now)
    .bind(account.map(|a| a.to_string()).unwrap_or_default())
    .bind(device)
    .bind(FOR_GOOD)
    .fetch_all(db)
    .await?;
    let until = |kind: Kind| rows.iter().find(|(k, _)| k == kind.name()).map_or(0, |(_, until)| *until);
    Ok(Standing { muted_until: until(Kind::Mute), banned_until: until(Kind::Ban) })
}

/// Who leads a room as a co-host and is banned from it, by the room or its employer.
pub(super) async fn banned_co_hosts(db: &AnyPool, now: Millis) -> sqlx::Result<HashSet<(RoomId, AccountId)>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT r.subject, r.account_id FROM roles r JOIN sanctions s ON s.account_id = r.account_id AND s.room_id = r.subject \
         WHERE r.role = 'co-host' AND s.kind = 'ban' AND s.until > $1 \
         UNION SELECT r.subject, r.account_id FROM roles r JOIN rooms o ON o.id = r.subject \
         JOIN host_blocks b ON b.employer_id = o.employer_id AND b.account_id = r.account_id WHERE r.role = 'co-host'",
    )
    .bind(now)
    .fetch_all(db)
    .await?;
    Ok(rows.iter().filter_map(|(room, account)| Some((room.parse().ok()?, account.parse().ok()?))).collect())
}

static DEVICES: LazyLock<ManyRows> =
    LazyLock::new(|| ManyRows::new("INSERT INTO devices (device, account_id, seen_at)", 3, "ON CONFLICT DO NOTHING"));

/// Notes that accounts wrote from devices, all in one transaction.
pub(super) async fn note_devices(db: &Db, notes: &[(String, AccountId)], now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for (statement, some) in DEVICES.of(&tx, notes) {
        let noted = some.iter().fold(sqlx::query(statement), |query, (device, account)| query.bind(device).bind(*account).bind(now));
        noted.execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// The devices that an account wrote from, the newest hundred.
pub(super) async fn devices_of(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<String>> {
    let select = sqlx::query_as("SELECT device FROM devices WHERE account_id = $1 AND device <> '' ORDER BY seen_at DESC LIMIT 100");
    let rows: Vec<(String,)> = select.bind(account).fetch_all(db).await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

#[expect(clippy::too_many_arguments, reason = "one per column")]
pub(super) async fn put<'e>(
    db: impl Executor<'e, Database = Any>,
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

pub(super) async fn words(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<ListedWord>> {
    sqlx::query_as(
        "SELECT w.word, w.action, w.added_at, a.name AS added_by_name FROM fair_words w JOIN accounts a ON a.id = w.added_by \
         WHERE w.fair_id = $1 ORDER BY w.added_at DESC, w.word",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

pub(super) async fn put_word(db: &AnyPool, fair: FairId, word: &str, action: Action, by: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO fair_words (fair_id, word, action, added_by, added_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (fair_id, word) DO UPDATE SET action = excluded.action, added_by = excluded.added_by, added_at = excluded.added_at",
    )
    .bind(fair)
    .bind(word)
    .bind(action.name())
    .bind(by)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn delete_word(db: &AnyPool, fair: FairId, word: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM fair_words WHERE fair_id = $1 AND word = $2").bind(fair).bind(word).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn mode(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<Mode>> {
    sqlx::query_as("SELECT audience, slow FROM room_modes WHERE room_id = $1").bind(room).fetch_optional(db).await
}

pub(super) async fn put_mode(db: &AnyPool, room: RoomId, mode: Mode) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO room_modes (room_id, audience, slow) VALUES ($1, $2, $3) \
         ON CONFLICT (room_id) DO UPDATE SET audience = excluded.audience, slow = excluded.slow",
    )
    .bind(room)
    .bind(mode.audience.name())
    .bind(mode.slow)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn put_block(
    db: impl Executor<'_, Database = Any>,
    employer: EmployerId,
    target: AccountId,
    by: AccountId,
    now: Millis,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO host_blocks (employer_id, account_id, set_by, set_at, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(employer)
    .bind(target)
    .bind(by)
    .bind(now)
    .bind(reason)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn delete_block(db: &AnyPool, employer: EmployerId, target: AccountId) -> sqlx::Result<bool> {
    let delete = sqlx::query("DELETE FROM host_blocks WHERE employer_id = $1 AND account_id = $2");
    Ok(delete.bind(employer).bind(target).execute(db).await?.rows_affected() > 0)
}

pub(super) async fn blocked(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Blocked>> {
    sqlx::query_as(
        "SELECT h.account_id, a.name, b.name AS set_by_name, h.set_at, h.reason FROM host_blocks h \
         JOIN accounts a ON a.id = h.account_id JOIN accounts b ON b.id = h.set_by WHERE h.employer_id = $1 ORDER BY h.set_at DESC LIMIT 500",
    )
    .bind(employer)
    .fetch_all(db)
    .await
}

/// Keeps the network of a ban and forgets those whose time is over.
pub(super) async fn put_network(
    db: &AnyPool,
    room: RoomId,
    target: AccountId,
    network: &str,
    until: Millis,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM ban_networks WHERE until <= $1").bind(now).execute(db).await?;
    sqlx::query(
        "INSERT INTO ban_networks (room_id, account_id, network, until) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (room_id, account_id) DO UPDATE SET network = excluded.network, until = excluded.until",
    )
    .bind(room)
    .bind(target)
    .bind(network)
    .bind(until)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn delete_network(db: &AnyPool, room: RoomId, target: AccountId) -> sqlx::Result<()> {
    let delete = sqlx::query("DELETE FROM ban_networks WHERE room_id = $1 AND account_id = $2");
    delete.bind(room).bind(target).execute(db).await.map(|_| ())
}

pub(super) async fn networks(db: &AnyPool, room: RoomId, now: Millis) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT network FROM ban_networks WHERE room_id = $1 AND until > $2 LIMIT 1000")
        .bind(room)
        .bind(now)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}
