//! All SQL of questions.

use super::domain::{State, Was};
use super::{Kept, List, MAX_OPEN};
use crate::clock::Millis;
use crate::db::Flag;
use crate::ids::{AccountId, QuestionId, RoomId};
use sqlx::{Any, AnyPool, Executor, Transaction};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &["UPDATE questions SET name = '已注销', text = '', state = 'dismissed' WHERE author_id = $1"];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "questions",
        "SELECT r.title_zh AS room, q.text, q.state, q.answer, q.asked_at FROM questions q JOIN rooms r ON r.id = q.room_id WHERE q.author_id = $1 ORDER BY q.asked_at",
    ),
    (
        "question_votes",
        "SELECT q.text, v.at FROM question_votes v JOIN questions q ON q.id = v.question_id WHERE v.account_id = $1 ORDER BY v.at",
    ),
];

macro_rules! select_question {
    ($rest:literal) => {
        concat!(
            "SELECT q.id, q.room_id, q.author_id, q.name, q.badge, q.text, q.why, q.state, q.was, q.answer, q.asked_at, \
             (SELECT COUNT(*) FROM question_votes v WHERE v.question_id = q.id) AS votes FROM questions q ",
            $rest
        )
    };
}

/// Besides those that wait and those that are open, which are bounded by `MAX_OPEN`.
const ANSWERED: i64 = 30;
const DISMISSED: i64 = 10;

/// Adds a question unless its author asked it before under the same client id; says whether it was added.
pub(super) async fn insert(db: &AnyPool, question: &Kept, once: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO questions (id, room_id, author_id, once, name, badge, text, why, state, was, answer, asked_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, '', $10, $10) ON CONFLICT (room_id, author_id, once) DO NOTHING",
    )
    .bind(question.id)
    .bind(question.room_id)
    .bind(question.author_id)
    .bind(once)
    .bind(&question.name)
    .bind(&question.badge)
    .bind(&question.text)
    .bind(&question.why)
    .bind(question.state.name())
    .bind(question.asked_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn asked_before(db: &AnyPool, room: RoomId, author: AccountId, once: &str) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(select_question!("WHERE q.room_id = $1 AND q.author_id = $2 AND q.once = $3"))
        .bind(room)
        .bind(author)
        .bind(once)
        .fetch_optional(db)
        .await
}

pub(super) async fn question(db: impl Executor<'_, Database = Any>, room: RoomId, id: QuestionId) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(select_question!("WHERE q.id = $1 AND q.room_id = $2")).bind(id).bind(room).fetch_optional(db).await
}

/// The list of a room as hosts and visitors see it.
pub(super) async fn list(db: &AnyPool, room: RoomId) -> sqlx::Result<List> {
    let open = sqlx::query_as(select_question!(
        "WHERE q.room_id = $1 AND q.state IN ('answering', 'open') ORDER BY q.state, votes DESC, q.asked_at, q.id LIMIT $2"
    ));
    let answered =
        sqlx::query_as(select_question!("WHERE q.room_id = $1 AND q.state = 'answered' ORDER BY q.changed_at DESC, q.id LIMIT $2"));
    let waiting = sqlx::query_as(select_question!("WHERE q.room_id = $1 AND q.state = 'waiting' ORDER BY q.asked_at, q.id LIMIT $2"));
    let dismissed =
        sqlx::query_as(select_question!("WHERE q.room_id = $1 AND q.state = 'dismissed' ORDER BY q.changed_at DESC, q.id LIMIT $2"));
    Ok(List {
        open: open.bind(room).bind(MAX_OPEN).fetch_all(db).await?,
        answered: answered.bind(room).bind(ANSWERED).fetch_all(db).await?,
        waiting: waiting.bind(room).bind(MAX_OPEN).fetch_all(db).await?,
        dismissed: dismissed.bind(room).bind(DISMISSED).fetch_all(db).await?,
    })
}

/// What somebody has waiting or open in a room, the oldest first.
pub(super) async fn own(db: &AnyPool, room: RoomId, author: AccountId) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_question!(
        "WHERE q.room_id = $1 AND q.author_id = $2 AND q.state IN ('waiting', 'open', 'answering') ORDER BY q.asked_at, q.id LIMIT $3"
    ))
    .bind(room)
    .bind(author)
    .bind(MAX_OPEN)
    .fetch_all(db)
    .await
}

/// All that somebody asked in a room, whatever became of it.
pub(super) async fn all_of(tx: &mut Transaction<'_, Any>, room: RoomId, author: AccountId) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as(select_question!("WHERE q.room_id = $1 AND q.author_id = $2 ORDER BY q.asked_at, q.id"))
        .bind(room)
        .bind(author)
        .fetch_all(&mut **tx)
        .await
}

/// What somebody has open in a room, and what all have.
pub(super) async fn open_counts(db: &AnyPool, room: RoomId, author: AccountId) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT COALESCE(SUM(CASE WHEN author_id = $2 THEN 1 ELSE 0 END), CAST(0 AS BIGINT)), COUNT(*) FROM questions \
         WHERE room_id = $1 AND state IN ('waiting', 'open', 'answering')",
    )
    .bind(room)
    .bind(author)
    .fetch_one(db)
    .await
}

pub(super) async fn waiting_count(db: &AnyPool, room: RoomId) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM questions WHERE room_id = $1 AND state = 'waiting'").bind(room).fetch_one(db).await?;
    Ok(n)
}

/// The question that is on air makes way for another one; its id.
pub(super) async fn end_answering(
    tx: &mut Transaction<'_, Any>,
    room: RoomId,
    but: QuestionId,
    now: Millis,
) -> sqlx::Result<Option<QuestionId>> {
    let row: Option<(QuestionId,)> = sqlx::query_as(
        "UPDATE questions SET state = 'answered', was = 'answering', changed_at = $3 WHERE room_id = $1 AND state = 'answering' AND id <> $2 \
         RETURNING id",
    )
    .bind(room)
    .bind(but)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|r| r.0))
}

/// Moves a question from one state to another; false if it is no longer in the first.
pub(super) async fn set_state(
    tx: &mut Transaction<'_, Any>,
    (id, from, to): (QuestionId, State, State),
    was: Was,
    answer: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE questions SET state = $3, was = $6, answer = $4, changed_at = $5 WHERE id = $1 AND state = $2")
        .bind(id)
        .bind(from.name())
        .bind(to.name())
        .bind(answer)
        .bind(now)
        .bind(was.stored())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// One vote of a person, however often it is given.
pub(super) async fn vote(tx: &mut Transaction<'_, Any>, question: QuestionId, account: AccountId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO question_votes (question_id, account_id, at) VALUES ($1, $2, $3) ON CONFLICT (question_id, account_id) DO NOTHING",
    )
    .bind(question)
    .bind(account)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn take_back(tx: &mut Transaction<'_, Any>, question: QuestionId, account: AccountId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM question_votes WHERE question_id = $1 AND account_id = $2")
        .bind(question)
        .bind(account)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn votes(db: &AnyPool, question: QuestionId) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM question_votes WHERE question_id = $1").bind(question).fetch_one(db).await?;
    Ok(n)
}

/// What of a room's open questions somebody voted for.
pub(super) async fn voted(db: &AnyPool, room: RoomId, account: AccountId) -> sqlx::Result<Vec<QuestionId>> {
    let rows: Vec<(QuestionId,)> = sqlx::query_as(
        "SELECT v.question_id FROM question_votes v JOIN questions q ON q.id = v.question_id \
         WHERE v.account_id = $2 AND q.room_id = $1 AND q.state IN ('open', 'answering', 'answered')",
    )
    .bind(room)
    .bind(account)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Whether hosts look at new questions first.
pub(super) async fn approval(db: &AnyPool, room: RoomId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT approval FROM question_rules WHERE room_id = $1").bind(room).fetch_optional(db).await?;
    Ok(row.is_some_and(|(approval,)| Flag::from(approval).0))
}

pub(super) async fn set_approval(db: &AnyPool, room: RoomId, approval: bool) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO question_rules (room_id, approval) VALUES ($1, $2) ON CONFLICT (room_id) DO UPDATE SET approval = excluded.approval",
    )
    .bind(room)
    .bind(i64::from(approval))
    .execute(db)
    .await
    .map(|_| ())
}
