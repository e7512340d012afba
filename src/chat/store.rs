//! All SQL of quick answers.

use super::answers::QuickAnswer;
use crate::clock::Millis;
use crate::ids::{AccountId, AnswerId};
use sqlx::AnyPool;

/// The answers of an owner, oldest first.
pub(super) async fn answers(db: &AnyPool, owner: &str, most: i64) -> sqlx::Result<Vec<QuickAnswer>> {
    sqlx::query_as("SELECT id, text FROM quick_answers WHERE owner = $1 ORDER BY written_at, id LIMIT $2")
        .bind(owner)
        .bind(most)
        .fetch_all(db)
        .await
}

/// Adds an answer unless there are `most` already; says whether it was added.
pub(super) async fn add(db: &AnyPool, owner: &str, answer: &QuickAnswer, most: i64, (by, at): (AccountId, Millis)) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO quick_answers (id, owner, text, written_by, written_at) SELECT $1, $2, $3, $4, CAST($5 AS BIGINT) \
         WHERE (SELECT COUNT(*) FROM quick_answers WHERE owner = $2) < $6",
    )
    .bind(answer.id)
    .bind(owner)
    .bind(&answer.text)
    .bind(by)
    .bind(at)
    .bind(most)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes an answer; false if the owner has none with this id.
pub(super) async fn change(db: &AnyPool, owner: &str, answer: &QuickAnswer, by: AccountId) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE quick_answers SET text = $3, written_by = $4 WHERE owner = $1 AND id = $2")
        .bind(owner)
        .bind(answer.id)
        .bind(&answer.text)
        .bind(by)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn remove(db: &AnyPool, owner: &str, id: AnswerId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM quick_answers WHERE owner = $1 AND id = $2").bind(owner).bind(id).execute(db).await.map(|_| ())
}
