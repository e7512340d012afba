//! All SQL of polls.

use super::Kept;
use super::domain::NewPoll;
use crate::clock::Millis;
use crate::ids::{AccountId, PollId, RoomId};
use sqlx::{Any, AnyPool, Transaction};

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[(
    "poll_votes",
    "SELECT p.question, p.options, v.choices, v.at FROM poll_votes v JOIN polls p ON p.id = v.poll_id WHERE v.account_id = $1 ORDER BY v.at",
)];

macro_rules! select_poll {
    ($rest:literal) => {
        concat!("SELECT p.id, p.room_id, p.question, p.options, p.multiple, p.opened_at, p.ends_at, p.closed_at FROM polls p ", $rest)
    };
}

/// Polls on the page of a room's hosts.
const HISTORY: i64 = 30;
/// Polls that one look closes; a fair has few at a time.
const DUE: i64 = 100;

/// Opens a poll; the database allows one open poll in a room.
pub(super) async fn insert(db: &AnyPool, id: PollId, room: RoomId, by: AccountId, new: &NewPoll, now: Millis) -> sqlx::Result<()> {
    let options = serde_json::to_string(&new.options).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query(
        "INSERT INTO polls (id, room_id, opened_by, question, options, multiple, opened_at, ends_at, told) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .bind(id)
    .bind(room)
    .bind(by)
    .bind(&new.question)
    .bind(options)
    .bind(i64::from(new.multiple))
    .bind(now)
    .bind(new.ends_at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn poll(db: &AnyPool, room: RoomId, id: PollId) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(select_poll!("WHERE p.id = $1 AND p.room_id = $2")).bind(id).bind(room).fetch_optional(db).await
}

/// The polls of a room, newest first.
pub(super) async fn of_room(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_poll!("WHERE p.room_id = $1 ORDER BY p.opened_at DESC, p.id DESC LIMIT $2"))
        .bind(room)
        .bind(HISTORY)
        .fetch_all(db)
        .await
}

/// The newest poll of a room, open or closed.
pub(super) async fn newest(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(select_poll!("WHERE p.room_id = $1 ORDER BY p.opened_at DESC, p.id DESC LIMIT 1")).bind(room).fetch_optional(db).await
}

/// One vote of a person, in place of an earlier one; false if the poll takes none any more.
pub(super) async fn vote(
    tx: &mut Transaction<'_, Any>,
    (poll, account): (PollId, AccountId),
    bits: i64,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO poll_votes (poll_id, account_id, choices, at) \
         SELECT p.id, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT) FROM polls p \
         WHERE p.id = $1 AND p.closed_at IS NULL AND (p.ends_at IS NULL OR p.ends_at > $4) \
         ON CONFLICT (poll_id, account_id) DO UPDATE SET choices = excluded.choices, at = excluded.at",
    )
    .bind(poll)
    .bind(account)
    .bind(bits)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many people made which choice.
pub(super) async fn votes(db: &AnyPool, poll: PollId) -> sqlx::Result<Vec<(i64, i64)>> {
    sqlx::query_as("SELECT choices, COUNT(*) FROM poll_votes WHERE poll_id = $1 GROUP BY choices").bind(poll).fetch_all(db).await
}

/// What somebody chose.
pub(super) async fn vote_of(db: &AnyPool, poll: PollId, account: AccountId) -> sqlx::Result<Option<i64>> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT choices FROM poll_votes WHERE poll_id = $1 AND account_id = $2")
        .bind(poll)
        .bind(account)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|r| r.0))
}

pub(super) async fn voters(db: &AnyPool, poll: PollId) -> sqlx::Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> = sqlx::query_as("SELECT account_id FROM poll_votes WHERE poll_id = $1").bind(poll).fetch_all(db).await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Closes a poll; false if it was.
pub(super) async fn close(db: &AnyPool, poll: PollId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE polls SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL").bind(poll).bind(now).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the room was told of the result; false if it was before.
pub(super) async fn note_told(db: &AnyPool, poll: PollId) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE polls SET told = 1 WHERE id = $1 AND told = 0").bind(poll).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Polls whose time is over, and closed ones of which the room was not told.
pub(super) async fn due(db: &AnyPool, now: Millis) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_poll!("WHERE p.told = 0 AND (p.closed_at IS NOT NULL OR p.ends_at <= $1) ORDER BY p.opened_at LIMIT $2"))
        .bind(now)
        .bind(DUE)
        .fetch_all(db)
        .await
}
