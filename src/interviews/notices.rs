//! The rows of what is to be told about interviews and when; see `messages`. All SQL of them.

use super::Interview;
use crate::clock::Millis;
use crate::db::{Flag, ManyRows};
use crate::ids::{AccountId, InterviewId};
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};
use std::sync::LazyLock;

/// A message that is due, of this version of an interview.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Notice {
    pub(super) interview_id: InterviewId,
    pub(super) account_id: AccountId,
    pub(super) kind: String,
    pub(super) sequence: i64,
    pub(super) due_at: Millis,
}

static NEW: LazyLock<ManyRows> = LazyLock::new(|| {
    // The condition keeps SQLite from reading the upsert's ON as the join's.
    ManyRows::new(
        "INSERT INTO interview_notices (interview_id, account_id, kind, sequence, due_at, claimed_until) WITH v (id, kind, sequence, due_at) AS (",
        4,
        ") SELECT p.interview_id, p.person_id, v.kind, v.sequence, v.due_at, 0 FROM v JOIN interview_people p ON p.interview_id = v.id \
         WHERE 1 = 1 ON CONFLICT (interview_id, account_id, kind, sequence) DO NOTHING",
    )
});

/// A message to everybody who takes part in an interview, with the time when it is due.
pub(super) struct New<'a> {
    pub(super) interview: &'a Interview,
    pub(super) kind: &'static str,
    pub(super) due_at: Millis,
}

/// Adds messages, many in one statement.
pub(super) async fn insert(tx: &mut Transaction<'_, Any>, messages: &[New<'_>]) -> sqlx::Result<()> {
    for (sql, some) in NEW.of(tx, messages) {
        let mut query = sqlx::query(sql);
        for new in some {
            query = query.bind(new.interview.id).bind(new.kind).bind(new.interview.sequence).bind(new.due_at);
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Takes away whatever has not been sent about an interview.
pub(super) async fn drop_all(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interview_notices WHERE interview_id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

/// What somebody is still to be told about an interview: kinds and times, soonest first.
pub(super) async fn ahead(db: &AnyPool, id: InterviewId, account: AccountId) -> sqlx::Result<Vec<(String, Millis)>> {
    sqlx::query_as("SELECT kind, due_at FROM interview_notices WHERE interview_id = $1 AND account_id = $2 ORDER BY due_at")
        .bind(id)
        .bind(account)
        .fetch_all(db)
        .await
}

/// Takes up to `limit` due notices for as long as `until`; whoever crashes with them loses them to the next one.
pub(super) async fn claim(read: &AnyPool, write: &AnyPool, now: Millis, until: Millis, limit: i64) -> sqlx::Result<Vec<Notice>> {
    const DUE: &str = "due_at <= $1 AND claimed_until < $1";
    let any: Option<(i64,)> = sqlx::query_as(AssertSqlSafe(format!("SELECT 1 FROM interview_notices WHERE {DUE} LIMIT 1")))
        .bind(now)
        .fetch_optional(read)
        .await?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let mut claimed: Vec<Notice> = sqlx::query_as(AssertSqlSafe(format!(
        "UPDATE interview_notices SET claimed_until = $2 WHERE claimed_until < $1 AND (interview_id, account_id, kind, sequence) IN \
         (SELECT interview_id, account_id, kind, sequence FROM interview_notices WHERE {DUE} \
         ORDER BY due_at, interview_id, account_id LIMIT $3) RETURNING interview_id, account_id, kind, sequence, due_at"
    )))
    .bind(now)
    .bind(until)
    .bind(limit)
    .fetch_all(write)
    .await?;
    claimed.sort_by_key(|notice| (notice.due_at, notice.interview_id, notice.account_id));
    Ok(claimed)
}

/// False if it was gone already.
pub(super) async fn delete(tx: &mut Transaction<'_, Any>, notice: &Notice) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM interview_notices WHERE interview_id = $1 AND account_id = $2 AND kind = $3 AND sequence = $4")
        .bind(notice.interview_id)
        .bind(notice.account_id)
        .bind(&notice.kind)
        .bind(notice.sequence)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the calendar entry of an interview changed.
pub(super) async fn note_change(tx: &mut Transaction<'_, Any>, id: InterviewId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_calendar (interview_id, old_uid, changed_at) VALUES ($1, 0, $2) \
         ON CONFLICT (interview_id) DO UPDATE SET changed_at = excluded.changed_at",
    )
    .bind(id)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// What a calendar knows of an interview besides the interview.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its UID ends with the name of the host, as before.
    pub(super) old_uid: Flag,
    pub(super) changed_at: Millis,
}

/// Of interviews that never changed the entry is as old as they are.
const ENTRY: &str = "SELECT i.id, COALESCE(c.old_uid, 0), COALESCE(c.changed_at, i.created_at) FROM interviews i LEFT JOIN interview_calendar c \
                     ON c.interview_id = i.id";

pub(super) async fn entry(db: &AnyPool, id: InterviewId) -> sqlx::Result<Entry> {
    let (_, old, changed_at): (InterviewId, i64, Millis) =
        sqlx::query_as(AssertSqlSafe(format!("{ENTRY} WHERE i.id = $1"))).bind(id).fetch_one(db).await?;
    Ok(Entry { old_uid: Flag(old != 0), changed_at })
}

/// The same of all that somebody takes part in and that begin after a time.
pub(super) async fn entries_of(db: &AnyPool, account: AccountId, since: Millis) -> sqlx::Result<Vec<(InterviewId, Entry)>> {
    let query = format!("{ENTRY} JOIN interview_people p ON p.interview_id = i.id WHERE p.person_id = $1 AND i.starts_at >= $2");
    let rows: Vec<(InterviewId, i64, Millis)> = sqlx::query_as(AssertSqlSafe(query)).bind(account).bind(since).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(id, old, changed_at)| (id, Entry { old_uid: Flag(old != 0), changed_at })).collect())
}

/// When the next interview of somebody begins that is neither over nor cancelled, with its id.
pub(super) async fn next_of(db: &AnyPool, account: AccountId, now: Millis, until: Millis) -> sqlx::Result<Option<InterviewId>> {
    let row: Option<(InterviewId,)> = sqlx::query_as(
        "SELECT i.id FROM interviews i JOIN interview_people p ON p.interview_id = i.id WHERE p.person_id = $1 AND i.ends_at + i.extended > $2 \
         AND i.starts_at < $3 AND i.cancelled_at IS NULL AND i.ended_at IS NULL AND i.room_id IS NULL ORDER BY i.starts_at LIMIT 1",
    )
    .bind(account)
    .bind(now)
    .bind(until)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.0))
}
