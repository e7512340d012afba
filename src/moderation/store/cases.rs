//! The SQL of what waits on the desk.

use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, CaseId, FairId, RoomId};
use crate::moderation::cases::{Case, CaseKind, CaseState, Decision, Held, Reason};
use sqlx::{Any, AnyPool};

macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.fair_id, c.room_id, c.kind, c.author_id, c.once, c.name, c.badge, c.text, c.seq, c.reply_to, c.why, c.risk, \
             c.reports, c.at, c.state, c.decision FROM cases c ",
            $rest
        )
    };
}

/// Adds a case unless it is one already.
pub(in crate::moderation) async fn insert_case(db: impl sqlx::Executor<'_, Database = Any>, case: &Case) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO cases (id, fair_id, room_id, kind, author_id, once, name, badge, text, seq, why, risk, reports, at, reply_to, state, \
         decision, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'waiting', '', 0) \
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
    .bind(case.reply_to)
    .execute(db)
    .await
    .map(|_| ())
}

pub(in crate::moderation) async fn case(db: &AnyPool, id: CaseId) -> sqlx::Result<Option<Case>> {
    sqlx::query_as(select_case!("WHERE c.id = $1")).bind(id).fetch_optional(db).await
}

pub(in crate::moderation) async fn case_of(
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
pub(in crate::moderation) async fn waiting_of(db: &AnyPool, room: RoomId, author: AccountId) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM cases WHERE room_id = $1 AND author_id = $2 AND kind = 'held' AND state = 'waiting'")
            .bind(room)
            .bind(author)
            .fetch_one(db)
            .await?;
    Ok(n)
}

/// What waits of an author in a room, and what was rejected since a time, oldest first.
pub(in crate::moderation) async fn held_of(db: &AnyPool, room: RoomId, author: AccountId, since: Millis) -> sqlx::Result<Vec<Held>> {
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

/// The rooms as one text for [`waiting`] and [`decided`]; empty for all of the fair.
fn listed(rooms: Option<&[RoomId]>) -> String {
    rooms.map(|rooms| format!(" {}", rooms.iter().map(RoomId::to_string).collect::<Vec<_>>().join(" "))).unwrap_or_default()
}

/// What waits in a fair, worst first, then newest; of given rooms only what visitors wrote.
pub(in crate::moderation) async fn waiting(db: &AnyPool, fair: FairId, rooms: Option<&[RoomId]>, limit: i64) -> sqlx::Result<Vec<Case>> {
    sqlx::query_as(select_case!(
        "WHERE c.fair_id = $1 AND c.state = 'waiting' AND ($2 = '' OR (c.badge = '' AND $2 LIKE '% ' || c.room_id || '%')) \
         ORDER BY c.risk DESC, c.reports DESC, c.at DESC, c.id LIMIT $3"
    ))
    .bind(fair)
    .bind(listed(rooms))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What was decided last; of given rooms only what visitors wrote.
pub(in crate::moderation) async fn decided(db: &AnyPool, fair: FairId, rooms: Option<&[RoomId]>, limit: i64) -> sqlx::Result<Vec<Case>> {
    sqlx::query_as(select_case!(
        "WHERE c.fair_id = $1 AND c.state <> 'waiting' AND ($2 = '' OR (c.badge = '' AND $2 LIKE '% ' || c.room_id || '%')) \
         ORDER BY c.decided_at DESC, c.id LIMIT $3"
    ))
    .bind(fair)
    .bind(listed(rooms))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Who decided, when it came and when it was decided: of the newest five thousand, which is more than a fair sees.
pub(in crate::moderation) async fn decisions(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(String, Millis, Millis)>> {
    sqlx::query_as(
        "SELECT a.name, c.at, c.decided_at FROM cases c JOIN accounts a ON a.id = c.decided_by \
         WHERE c.fair_id = $1 AND c.state <> 'waiting' ORDER BY c.decided_at DESC LIMIT 5000",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

/// Notes a decision; false if somebody else was faster.
pub(in crate::moderation) async fn decide(
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
pub(in crate::moderation) async fn reopen(db: &AnyPool, case: &Case) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE cases SET state = 'waiting', decision = '', decided_by = NULL, decided_at = 0 WHERE id = $1 AND decision = $2 AND decision <> ''",
    )
    .bind(case.id)
    .bind(&case.decision)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Erases the oldest cases that were decided before a time, with the reports of them; how many.
pub(in crate::moderation) async fn erase_decided(db: &Db, before: Millis, limit: i64) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let mut erased = 0;
    // In both the same ones; the reports first, as they refer to the cases.
    for sql in [
        "DELETE FROM reports WHERE case_id IN \
         (SELECT id FROM cases WHERE state <> 'waiting' AND decided_at < $1 ORDER BY decided_at, id LIMIT $2)",
        "DELETE FROM cases WHERE id IN \
         (SELECT id FROM cases WHERE state <> 'waiting' AND decided_at < $1 ORDER BY decided_at, id LIMIT $2)",
    ] {
        erased = sqlx::query(sql).bind(before).bind(limit).execute(&mut *tx).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(erased)
}

/// Adds a report to its case, which is made if it is the first and waits again if it was kept; false if this person reported it before.
pub(in crate::moderation) async fn report(db: &Db, case: &Case, by: AccountId, reason: Reason) -> sqlx::Result<bool> {
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
        // Locks the case, so that what is read next is what the reports before have left.
        sqlx::query(
            "UPDATE cases SET reports = reports + 1, at = CASE WHEN state = 'approved' THEN $2 ELSE at END, \
             decision = CASE WHEN state = 'approved' THEN '' ELSE decision END, \
             decided_by = CASE WHEN state = 'approved' THEN NULL ELSE decided_by END, \
             decided_at = CASE WHEN state = 'approved' THEN 0 ELSE decided_at END, \
             state = CASE WHEN state = 'approved' THEN 'waiting' ELSE state END WHERE id = $1",
        )
        .bind(known.id)
        .bind(case.at)
        .execute(&mut *tx)
        .await?;
        let (why,): (String,) = sqlx::query_as("SELECT why FROM cases WHERE id = $1").bind(known.id).fetch_one(&mut *tx).await?;
        let is_said = why.split(' ').any(|w| w == reason.name());
        let why = if is_said { why } else { format!("{why} {}", reason.name()) };
        sqlx::query("UPDATE cases SET why = $2, risk = CASE WHEN risk < $3 THEN $3 ELSE risk END WHERE id = $1")
            .bind(known.id)
            .bind(why)
            .bind(case.risk)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(new)
}
