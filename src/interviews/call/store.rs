//! SQL of calls: who waits at the door, what is written and sent.

use super::door::Entry;
use super::said::{NewSaid, Row};
use super::sweep::Standing;
use crate::clock::Millis;
use crate::db::ManyRows;
use crate::ids::{AccountId, BlobId, InterviewId, SlotId};
use crate::interviews::{Interview, store::taking};
use crate::schedule::Span;
use sqlx::{Any, AnyPool, Executor, Transaction};
use std::sync::LazyLock;

/// Notes that the seeker has come; whoever waits anew waits from now on. Those whom a line called are let in at once.
pub(super) async fn enter(db: &AnyPool, id: InterviewId, person: AccountId, now: Millis, walk_in: bool) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_entries (interview_id, person_id, came_at, admitted_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (interview_id, person_id) DO UPDATE SET came_at = excluded.came_at WHERE interview_entries.admitted_at IS NULL",
    )
    .bind(id)
    .bind(person)
    .bind(now)
    .bind(walk_in.then_some(now))
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn entry(db: &AnyPool, id: InterviewId, person: AccountId) -> sqlx::Result<Option<Entry>> {
    sqlx::query_as("SELECT came_at, admitted_at, sent_back_at FROM interview_entries WHERE interview_id = $1 AND person_id = $2")
        .bind(id)
        .bind(person)
        .fetch_optional(db)
        .await
}

/// `false` if nobody waits.
pub(super) async fn admit<'e>(
    db: impl Executor<'e, Database = Any>,
    id: InterviewId,
    person: AccountId,
    by: AccountId,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interview_entries SET admitted_at = $4, admitted_by = $3, sent_back_at = NULL \
         WHERE interview_id = $1 AND person_id = $2 AND admitted_at IS NULL",
    )
    .bind(id)
    .bind(person)
    .bind(by)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` if they were not in.
pub(super) async fn send_back<'e>(
    db: impl Executor<'e, Database = Any>,
    id: InterviewId,
    person: AccountId,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interview_entries SET admitted_at = NULL, admitted_by = NULL, sent_back_at = $3, came_at = $3 \
         WHERE interview_id = $1 AND person_id = $2 AND admitted_at IS NOT NULL",
    )
    .bind(id)
    .bind(person)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

static STANDING: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "call, person",
        2,
        "SELECT i.id AS call, v.person, i.starts_at, i.ends_at + i.extended AS until, i.seeker_id, i.seeker_joined_at, \
         i.employer_joined_at, i.ended_at, i.cancelled_at, i.absent, CASE WHEN i.room_id IS NULL THEN 0 ELSE 1 END AS called, \
         e.came_at, e.admitted_at, e.sent_back_at, (SELECT COUNT(*) FROM roles r WHERE r.account_id = v.person \
         AND r.role = 'recruiter' AND r.subject = i.employer_id) AS recruits FROM v JOIN interviews i ON i.id = v.call \
         LEFT JOIN interview_entries e ON e.interview_id = i.id AND e.person_id = v.person",
    )
});

/// How these people stand in these calls; nothing of calls that are not there.
pub(super) async fn standing(db: &AnyPool, people: &[(InterviewId, AccountId)]) -> sqlx::Result<Vec<Standing>> {
    let mut found = Vec::with_capacity(people.len());
    let mut db = db.acquire().await?;
    for (sql, some) in STANDING.of(&db, people) {
        let mut query = sqlx::query_as::<Any, _>(sql);
        for (call, person) in some {
            query = query.bind(*call).bind(*person);
        }
        found.append(&mut query.fetch_all(&mut *db).await?);
    }
    Ok(found)
}

/// Whether somebody is in another session within a time.
pub(super) async fn is_busy<'e>(
    db: impl Executor<'e, Database = Any>,
    person: AccountId,
    but: SlotId,
    from: Millis,
    until: Millis,
) -> sqlx::Result<bool> {
    let (count,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM interview_people p JOIN interviews i ON i.id = p.interview_id \
         WHERE p.person_id = $1 AND i.slot_id <> $2 AND i.cancelled_at IS NULL AND i.ended_at IS NULL AND i.starts_at < $4 \
         AND i.ends_at + i.extended > $3",
    )
    .bind(person)
    .bind(but)
    .bind(from)
    .bind(until)
    .fetch_one(db)
    .await?;
    Ok(count > 0)
}

/// Makes somebody else the recruiter of an interview and takes what is left of its time for them; `false` if another booking has just got
/// some of it. The time of the one before is free again, unless they are still in another interview of the same session, or somebody who has
/// not answered yet may come to be with them.
pub(super) async fn give_to(tx: &mut Transaction<'_, Any>, interview: &Interview, to: AccountId, now: Millis) -> sqlx::Result<bool> {
    // The session first, as whoever takes a seat in it.
    let session = "UPDATE interview_slots SET busy_until = busy_until WHERE id = $1";
    sqlx::query(session).bind(interview.slot_id).execute(&mut **tx).await?;
    let left = Span { start: now.max(interview.starts_at), end: interview.until() };
    if !taking::take_span(tx, to, left, &interview.slot_id.to_string(), now).await? {
        return Ok(false);
    }
    sqlx::query("UPDATE interviews SET recruiter_id = $2 WHERE id = $1").bind(interview.id).bind(to).execute(&mut **tx).await?;
    for sql in [
        "DELETE FROM interview_people WHERE interview_id = $1 AND (person_id = $2 OR part = 'lead')",
        "INSERT INTO interview_people (interview_id, person_id, part) VALUES ($1, $2, 'lead')",
    ] {
        sqlx::query(sql).bind(interview.id).bind(to).execute(&mut **tx).await?;
    }
    let free = "DELETE FROM interview_cells WHERE person_id = $2 AND owner = $1 AND NOT EXISTS (SELECT 1 FROM interviews i \
                JOIN interview_people p ON p.interview_id = i.id WHERE i.slot_id = $1 AND p.person_id = $2 AND i.cancelled_at IS NULL \
                AND i.ended_at IS NULL) AND NOT EXISTS (SELECT 1 FROM interview_claims c WHERE c.slot_id = $1 AND c.answered = '')";
    sqlx::query(free).bind(interview.slot_id).bind(interview.recruiter_id).execute(&mut **tx).await?;
    Ok(true)
}

macro_rules! select_said {
    ($rest:literal) => {
        concat!(
            "SELECT m.seq, m.author_id, a.name AS author, m.client_id, m.at, m.sealed, m.blob_id, m.kind, m.size \
             FROM interview_messages m JOIN accounts a ON a.id = m.author_id ",
            $rest
        )
    };
}

/// What was said after `since`, oldest first.
pub(super) async fn said_after(db: &AnyPool, id: InterviewId, since: i64, most: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(select_said!("WHERE m.interview_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3"))
        .bind(id)
        .bind(since)
        .bind(most)
        .fetch_all(db)
        .await
}

pub(super) async fn said(db: &AnyPool, id: InterviewId, seq: i64) -> sqlx::Result<Option<Row>> {
    sqlx::query_as(select_said!("WHERE m.interview_id = $1 AND m.seq = $2")).bind(id).bind(seq).fetch_optional(db).await
}

/// What this request has said before, if it has.
pub(super) async fn said_before(db: &AnyPool, id: InterviewId, author: AccountId, client_id: &str) -> sqlx::Result<Option<Row>> {
    sqlx::query_as(select_said!("WHERE m.interview_id = $1 AND m.author_id = $2 AND m.client_id = $3"))
        .bind(id)
        .bind(author)
        .bind(client_id)
        .fetch_optional(db)
        .await
}

/// How much was said, and how many files were sent.
pub(super) async fn count(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as("SELECT COUNT(*), COUNT(CASE WHEN blob_id <> '' THEN 1 END) FROM interview_messages WHERE interview_id = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await
}

/// Says it as number `seq`, which fails if somebody else has just said something as that number.
pub(super) async fn say(tx: &mut Transaction<'_, Any>, id: InterviewId, seq: i64, new: &NewSaid<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_messages (interview_id, seq, author_id, client_id, at, sealed, blob_id, kind, size) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(seq)
    .bind(new.author)
    .bind(new.client_id)
    .bind(new.at)
    .bind(new.sealed)
    .bind(new.file.map(|file| file.blob.to_string()).unwrap_or_default())
    .bind(new.file.map(|file| file.kind).unwrap_or_default())
    .bind(new.file.map_or(0, |file| file.size))
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Erases what was said in some of the calls that were over before then; how many calls.
pub(super) async fn erase_said(db: &AnyPool, before: Millis, most: i64) -> sqlx::Result<u64> {
    let calls = "SELECT i.id FROM interviews i WHERE i.ends_at + i.extended < $1 \
                 AND EXISTS (SELECT 1 FROM interview_messages m WHERE m.interview_id = i.id) LIMIT $2";
    let calls: Vec<(InterviewId,)> = sqlx::query_as(calls).bind(before).bind(most).fetch_all(db).await?;
    for (call,) in &calls {
        sqlx::query("DELETE FROM interview_messages WHERE interview_id = $1").bind(*call).execute(db).await?;
    }
    Ok(calls.len() as u64)
}

/// The files that messages name.
pub(super) async fn named_files(db: &AnyPool) -> sqlx::Result<std::collections::HashSet<BlobId>> {
    let rows: Vec<(BlobId,)> = sqlx::query_as("SELECT blob_id FROM interview_messages WHERE blob_id <> ''").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}
