//! The outbox's rows. One waits until it is sent, has failed or is dropped; of those that wait some are claimed by whoever sends them now.

use super::outbox::{Done, Due, Outcome};
use super::{Copied, Letter};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::NoticeId;
use sqlx::{Any, AssertSqlSafe, Executor, Transaction};
use std::collections::HashSet;

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &[
    "DELETE FROM reach_consents WHERE account_id = $1",
    "DELETE FROM reach_quiet WHERE account_id = $1",
    "DELETE FROM push_devices WHERE account_id = $1",
    "DELETE FROM inbox WHERE account_id = $1",
    "DELETE FROM outbox WHERE account_id = $1",
];

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[
    crate::db::Sealed::new("outbox", "id", "sealed"),
    crate::db::Sealed::new("inbox", "id", "sealed"),
    crate::db::Sealed::new("push_devices", "id", "sealed").found_by("endpoint_hash", super::push::endpoint),
    crate::db::Sealed::new("push_key", "CAST(n AS TEXT)", "sealed"),
];

macro_rules! waiting {
    () => {
        "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL"
    };
}
macro_rules! undelivered {
    () => {
        "failed_at IS NOT NULL AND dropped_at IS NULL AND sent_at IS NULL"
    };
}

/// One copy of a letter.
pub(super) struct Row<'a> {
    pub(super) letter: &'a Letter,
    pub(super) copy: &'a Copied,
    pub(super) once: Option<String>,
    pub(super) sealed: String,
    pub(super) now: Millis,
    pub(super) due: Millis,
}

pub(super) async fn insert<'e>(db: impl Executor<'e, Database = Any>, row: &Row<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO outbox (id, account_id, channel, device, sealed, attempts, due_at, error, created_at, once, topic, expires_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, '', $7, $8, $9, $10) ON CONFLICT (once) DO NOTHING",
    )
    .bind(NoticeId::new())
    .bind(row.letter.account.map(|a| a.to_string()))
    .bind(&row.copy.channel)
    .bind(&row.copy.device)
    .bind(&row.sealed)
    .bind(row.due)
    .bind(row.now)
    .bind(row.once.as_deref())
    .bind(&row.letter.topic)
    .bind(row.letter.expires_at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn drop_topic<'e>(db: impl Executor<'e, Database = Any>, topic: &str, now: Millis) -> sqlx::Result<u64> {
    let dropped =
        sqlx::query("UPDATE outbox SET dropped_at = $2 WHERE topic = $1 AND topic <> '' AND sent_at IS NULL AND dropped_at IS NULL");
    Ok(dropped.bind(topic).bind(now).execute(db).await?.rows_affected())
}

/// What is wanted of what is due.
pub(super) struct Claim<'a> {
    pub(super) channel: &'a str,
    pub(super) by: &'a str,
    pub(super) now: Millis,
    pub(super) until: Millis,
    pub(super) most: i64,
}

/// What may be sent by a channel now. Whatever waits behind an earlier one about the same to the same person is not among it.
async fn due(db: &Db, claim: &Claim<'_>) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as(concat!(
        "SELECT id, sealed, attempts, expires_at FROM outbox WHERE channel = $1 AND due_at <= $2 AND ",
        waiting!(),
        " AND claimed_until <= $2 AND (expires_at IS NULL OR expires_at > $2) AND NOT EXISTS (SELECT 1 FROM outbox AS earlier \
         WHERE outbox.topic <> '' AND earlier.topic <> '' AND earlier.account_id = outbox.account_id AND earlier.topic = outbox.topic \
         AND earlier.id < outbox.id AND earlier.channel = $1 AND earlier.device = outbox.device \
         AND earlier.sent_at IS NULL AND earlier.failed_at IS NULL AND earlier.dropped_at IS NULL) ORDER BY due_at, id LIMIT $3",
    ))
    .bind(claim.channel)
    .bind(claim.now)
    .bind(claim.most)
    .fetch_all(db.read())
    .await
}

/// Takes what is due and not `busy`; what somebody else has taken meanwhile is left to them.
pub(super) async fn claim(db: &Db, claim: &Claim<'_>, busy: &HashSet<NoticeId>) -> sqlx::Result<Vec<Due>> {
    let mut found = due(db, claim).await?;
    found.retain(|due| !busy.contains(&due.id));
    if found.is_empty() {
        return Ok(found);
    }
    // Servers that want the same rows want them in the same order, so that none waits for the other.
    found.sort_by_key(|due| due.id);
    let (mut tx, mut mine) = (db.begin().await?, Vec::new());
    for due in found {
        let claimed = sqlx::query(concat!(
            "UPDATE outbox SET claimed_by = $2, claimed_until = $3 WHERE id = $1 AND due_at <= $4 AND claimed_until <= $4 AND ",
            waiting!()
        ));
        let claimed = claimed.bind(due.id).bind(claim.by).bind(claim.until).bind(claim.now).execute(&mut *tx).await?;
        if claimed.rows_affected() == 1 {
            mine.push(due);
        }
    }
    tx.commit().await?;
    Ok(mine)
}

/// Nobody sends anything now: claims of a process that is gone need not run out.
pub(super) async fn release_all(db: &Db) -> sqlx::Result<()> {
    sqlx::query(concat!("UPDATE outbox SET claimed_by = '', claimed_until = 0 WHERE claimed_until > 0 AND ", waiting!()))
        .execute(db.write())
        .await
        .map(|_| ())
}

/// What has come too late fails; how many.
pub(super) async fn expire(db: &Db, channel: &str, now: Millis) -> sqlx::Result<u64> {
    let late: Option<(i64,)> = sqlx::query_as(concat!(
        "SELECT 1 FROM outbox WHERE channel = $1 AND expires_at IS NOT NULL AND expires_at <= $2 AND claimed_until <= $2 AND ",
        waiting!(),
        " LIMIT 1"
    ))
    .bind(channel)
    .bind(now)
    .fetch_optional(db.read())
    .await?;
    if late.is_none() {
        return Ok(0);
    }
    let expired = sqlx::query(concat!(
        "UPDATE outbox SET failed_at = $2, reason = 'late' WHERE channel = $1 AND expires_at IS NOT NULL AND expires_at <= $2 AND claimed_until <= $2 AND ",
        waiting!()
    ));
    Ok(expired.bind(channel).bind(now).execute(db.write()).await?.rows_affected())
}

/// What was sent is sent, whoever holds the row by now; what failed counts only while the claim is still one's own.
pub(super) async fn record(tx: &mut Transaction<'_, Any>, by: &str, done: &Done, after: &Outcome) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE outbox SET attempts = $3, sent_at = $4, failed_at = $5, due_at = $6, reason = $7, error = $8, dropped_at = $10, claimed_by = '', claimed_until = 0 \
         WHERE id = $1 AND (claimed_by = $2 OR $9 = 1)",
    )
    .bind(done.id)
    .bind(by)
    .bind(done.attempts)
    .bind(after.sent_at)
    .bind(after.failed_at)
    .bind(after.due_at)
    .bind(after.reason)
    .bind(&done.error)
    .bind(i64::from(after.sent_at.is_some()))
    .bind(after.dropped_at)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// A row of the list of what could not be delivered.
#[derive(sqlx::FromRow)]
pub(super) struct UndeliveredRow {
    pub(super) id: NoticeId,
    pub(super) channel: String,
    pub(super) sealed: String,
    pub(super) reason: String,
    pub(super) error: String,
    pub(super) attempts: i64,
    pub(super) created_at: Millis,
    pub(super) failed_at: Millis,
    pub(super) expires_at: Option<Millis>,
}

pub(super) async fn undelivered(db: &Db, most: i64) -> sqlx::Result<Vec<UndeliveredRow>> {
    sqlx::query_as(concat!(
        "SELECT id, channel, sealed, reason, error, attempts, created_at, failed_at, expires_at FROM outbox WHERE ",
        undelivered!(),
        " ORDER BY failed_at DESC, id DESC LIMIT $1"
    ))
    .bind(most)
    .fetch_all(db.read())
    .await
}

pub(super) async fn count_undelivered(db: &Db) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as(concat!("SELECT COUNT(*) FROM outbox WHERE ", undelivered!())).fetch_one(db.read()).await?;
    Ok(n)
}

/// One, or all, back among those that wait, unless it is too late.
pub(super) async fn retry(tx: &mut Transaction<'_, Any>, id: Option<NoticeId>, now: Millis) -> sqlx::Result<u64> {
    let retried = sqlx::query(concat!(
        "UPDATE outbox SET failed_at = NULL, reason = '', error = '', attempts = 0, due_at = $1 WHERE ($2 = '' OR id = $2) \
         AND (expires_at IS NULL OR expires_at > $1) AND ",
        undelivered!()
    ));
    let retried = retried.bind(now).bind(id.map(|id| id.to_string()).unwrap_or_default());
    Ok(retried.execute(&mut **tx).await?.rows_affected())
}

/// One, or all, off the list.
pub(super) async fn drop(tx: &mut Transaction<'_, Any>, id: Option<NoticeId>, now: Millis) -> sqlx::Result<u64> {
    let dropped = sqlx::query(concat!("UPDATE outbox SET dropped_at = $1 WHERE ($2 = '' OR id = $2) AND ", undelivered!()));
    let dropped = dropped.bind(now).bind(id.map(|id| id.to_string()).unwrap_or_default());
    Ok(dropped.execute(&mut **tx).await?.rows_affected())
}

/// What is over and for how long it stays, as conditions of `$1`.
#[derive(Clone, Copy)]
pub(super) enum Over {
    /// Sent or dropped before.
    Settled,
    /// Not delivered, and not looked at since.
    Undelivered,
    /// Made before, and nothing left but the key by which it is known.
    Keys,
}

/// Erases up to `most` rows; of those with a key the key alone stays, so that the same letter is not taken again.
pub(super) async fn erase(db: &Db, over: Over, before: Millis, most: i64) -> sqlx::Result<u64> {
    let (over, bare) = match over {
        Over::Settled => ("(sent_at < $1 OR dropped_at < $1) AND sealed <> ''", true),
        Over::Undelivered => ("failed_at < $1 AND sealed <> ''", true),
        Over::Keys => ("created_at < $1 AND sealed = ''", false),
    };
    // Asked twice: what somebody sends again meanwhile stays.
    let some = format!("SELECT id FROM outbox WHERE {over} ORDER BY id LIMIT $2");
    let mut tx = db.begin().await?;
    let mut erased = 0;
    if bare {
        // Dropped, so that one that failed is no longer listed.
        let emptied = format!(
            "UPDATE outbox SET sealed = '', error = '', account_id = NULL, dropped_at = COALESCE(dropped_at, $1) \
             WHERE once IS NOT NULL AND {over} AND id IN ({some})"
        );
        erased += sqlx::query(AssertSqlSafe(emptied)).bind(before).bind(most).execute(&mut *tx).await?.rows_affected();
    }
    let only = if bare { "once IS NULL AND" } else { "" };
    let deleted = sqlx::query(AssertSqlSafe(format!("DELETE FROM outbox WHERE {only} {over} AND id IN ({some})")));
    erased += deleted.bind(before).bind(most).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(erased)
}
