//! What a person takes along of their applications, as far as it depends on the hour.

use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::AnyPool;

#[derive(sqlx::FromRow)]
pub(in crate::applications) struct OwnStep {
    pub(in crate::applications) application_id: String,
    pub(in crate::applications) id: String,
    pub(in crate::applications) at: Millis,
    pub(in crate::applications) status: String,
}

/// All steps of a person's applications, oldest first.
pub(in crate::applications) async fn steps(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<OwnStep>> {
    sqlx::query_as(
        "SELECT s.application_id, s.id, s.at, s.status FROM application_steps s JOIN applications a ON a.id = s.application_id \
         WHERE a.account_id = $1 ORDER BY s.id",
    )
    .bind(account)
    .fetch_all(db)
    .await
}

#[derive(sqlx::FromRow)]
pub(in crate::applications) struct OwnMessage {
    pub(in crate::applications) application_id: String,
    pub(in crate::applications) at: Millis,
    pub(in crate::applications) author: String,
    pub(in crate::applications) sealed: String,
    pub(in crate::applications) state: String,
}

/// The threads of a person's applications as they may read them, oldest first.
pub(in crate::applications) async fn messages(db: &AnyPool, account: AccountId, now: Millis) -> sqlx::Result<Vec<OwnMessage>> {
    sqlx::query_as(
        "SELECT m.application_id, m.at, w.name AS author, m.sealed, m.state FROM application_messages m \
         JOIN applications a ON a.id = m.application_id JOIN accounts w ON w.id = m.author_id \
         WHERE a.account_id = $1 AND (m.side = 'applicant' OR (m.state = 'sent' AND m.due_at <= $2)) ORDER BY m.id",
    )
    .bind(account)
    .bind(now)
    .fetch_all(db)
    .await
}
