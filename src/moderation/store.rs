//! All SQL of moderation.

use super::blocks::Blocked;
use super::cases::{Case, CaseKind, CaseState, Decision, Held, Reason};
use super::modes::Mode;
use super::words::{Action, ListedWord};
use super::{FOR_GOOD, Kind, Sanction, Standing};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, CaseId, EmployerId, FairId, RoomId};
use sqlx::{Any, AnyPool};

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

macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.fair_id, c.room_id, c.kind, c.author_id, c.once, c.name, c.badge, c.text, c.seq, c.why, c.risk, c.reports, c.at, \
             c.state, c.decision FROM cases c ",
            $rest
        )
    };
}

/// Adds a case unless it is one already.
pub(super) async fn insert_case(db: impl sqlx::Executor<'_, Database = Any>, case: &Case) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO cases (id, fair_id, room_id, kind, author_id, once, name, badge, text, seq, why, risk, reports, at, state, decision, \
         decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'waiting', '', 0) \
         ON CONFLICT (room_id, author_id, kind, once) DO NOTHING",
    )
    .bind(case.id)
    .bind(case.fair_id)
    .bind(case.room_id)
    .bind(case.kind.name())
    .bind(case.author_id)
    .bind(&case.once)
    .bind(&case.name)
    .bind(&case.badge)
    .bind(&case.text)
    .bind(case.seq)
    .bind(&case.why)
    .bind(case.risk)
    .bind(case.reports)
    .bind(case.at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn case(db: &AnyPool, id: CaseId) -> sqlx::Result<Option<Case>> {
    sqlx::query_as(select_case!("WHERE c.id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn case_of(
    db: impl sqlx::Executor<'_, Database = Any>,
    room: RoomId,
    author: AccountId,
    kind: CaseKind,
    once: &str,
) -> sqlx::Result<Option<Case>> {
    sqlx::query_as(select_case!("WHERE c.room_id = $1 AND c.author_id = $2 AND c.kind = $3 AND c.once = $4"))
        .bind(room)
        .bind(author)
        .bind(kind.name())
        .bind(once)
        .fetch_optional(db)
        .await
}

/// How many held messages of an author wait in a room.
pub(super) async fn waiting_of(db: &AnyPool, room: RoomId, author: AccountId) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM cases WHERE room_id = $1 AND author_id = $2 AND kind = 'held' AND state = 'waiting'")
            .bind(room)
            .bind(author)
            .fetch_one(db)
            .await?;
    Ok(n)
}

/// What waits of an author in a room, and what was rejected since a time, oldest first.
pub(super) async fn held_of(db: &AnyPool, room: RoomId, author: AccountId, since: Millis) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as(
        "SELECT once, text, at, state FROM cases WHERE room_id = $1 AND author_id = $2 AND kind = 'held' \
         AND (state = 'waiting' OR (state = 'rejected' AND decided_at > $3)) ORDER BY at, id LIMIT 40",
    )
    .bind(room)
    .bind(author)
    .bind(since)
    .fetch_all(db)
    .await
}

/// What waits in a fair, worst first, then newest.
pub(super) async fn waiting(db: &AnyPool, fair: FairId, limit: i64) -> sqlx::Result<Vec<Case>> {
    sqlx::query_as(select_case!(
        "WHERE c.fair_id = $1 AND c.state = 'waiting' ORDER BY c.risk DESC, c.reports DESC, c.at DESC, c.id LIMIT $2"
    ))
    .bind(fair)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What was decided last.
pub(super) async fn decided(db: &AnyPool, fair: FairId, limit: i64) -> sqlx::Result<Vec<Case>> {
    sqlx::query_as(select_case!("WHERE c.fair_id = $1 AND c.state <> 'waiting' ORDER BY c.decided_at DESC, c.id LIMIT $2"))
        .bind(fair)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Who decided, when it came and when it was decided: of the newest five thousand, which is more than a fair sees.
pub(super) async fn decisions(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(String, Millis, Millis)>> {
    sqlx::query_as(
        "SELECT a.name, c.at, c.decided_at FROM cases c JOIN accounts a ON a.id = c.decided_by \
         WHERE c.fair_id = $1 AND c.state <> 'waiting' ORDER BY c.decided_at DESC LIMIT 5000",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

/// Notes a decision; false if somebody else was faster.
pub(super) async fn decide(
    db: &AnyPool,
    case: &Case,
    decision: Decision,
    to: CaseState,
    seq: i64,
    by: AccountId,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE cases SET state = $2, decision = $3, seq = $4, decided_by = $5, decided_at = $6 WHERE id = $1 AND state = 'waiting'",
    )
    .bind(case.id)
    .bind(to.name())
    .bind(decision.name())
    .bind(seq)
    .bind(by)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets a case wait again; false if its decision is no longer the one that was read.
pub(super) async fn reopen(db: &AnyPool, case: &Case) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE cases SET state = 'waiting', decision = '', decided_by = NULL, decided_at = 0 WHERE id = $1 AND decision = $2 AND decision <> ''",
    )
    .bind(case.id)
    .bind(&case.decision)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds a report to its case, which is made if it is the first; false if this person reported it before.
pub(super) async fn report(db: &Db, case: &Case, by: AccountId, reason: Reason) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    insert_case(&mut *tx, case).await?;
    let known = case_of(&mut *tx, case.room_id, case.author_id, CaseKind::Report, &case.once).await?.ok_or(sqlx::Error::RowNotFound)?;
    let new = sqlx::query("INSERT INTO reports (case_id, reporter_id, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(known.id)
        .bind(by)
        .bind(reason.name())
        .bind(case.at)
        .execute(&mut *tx)
        .await?
        .rows_affected()
        == 1;
    if new {
        let is_said = known.why.split(' ').any(|w| w == reason.name());
        let why = if is_said { known.why } else { format!("{} {}", known.why, reason.name()) };
        sqlx::query("UPDATE cases SET reports = reports + 1, why = $2, risk = $3 WHERE id = $1")
            .bind(known.id)
            .bind(why)
            .bind(known.risk.max(case.risk))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(new)
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
    db: &AnyPool,
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
