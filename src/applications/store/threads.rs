//! Threads between applicants and employers, and the texts that recruiters have at hand.

use super::super::templates::Template;
use super::super::threads::{Fresh, StoredMessage};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, ApplicationId, EmployerId, FairId, MessageId, TemplateId};
use sqlx::{Any, AnyPool, Executor};

macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.application_id, w.name AS author, m.side, m.sealed, m.state, m.why, m.at, m.due_at \
             FROM application_messages m JOIN accounts w ON w.id = m.author_id ",
            $rest
        )
    };
}

/// The newest messages of a thread, newest first.
pub(in crate::applications) async fn messages(db: &AnyPool, id: ApplicationId, most: i64) -> sqlx::Result<Vec<StoredMessage>> {
    sqlx::query_as(select_message!("WHERE m.application_id = $1 ORDER BY m.id DESC LIMIT $2")).bind(id).bind(most).fetch_all(db).await
}

pub(in crate::applications) async fn message(db: &AnyPool, id: MessageId) -> sqlx::Result<Option<StoredMessage>> {
    sqlx::query_as(select_message!("WHERE m.id = $1")).bind(id).fetch_optional(db).await
}

/// Adds a message; false if its author sent it before. `shown`: when it was written, and from when the other side sees it.
pub(in crate::applications) async fn insert<'e>(
    db: impl Executor<'e, Database = Any>,
    m: &Fresh<'_>,
    (at, due_at): (Millis, Millis),
    bulk: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO application_messages (id, application_id, author_id, side, once, sealed, state, why, at, due_at, bulk_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (application_id, author_id, once) DO NOTHING",
    )
    .bind(MessageId::new())
    .bind(m.application)
    .bind(m.author)
    .bind(m.side)
    .bind(m.once)
    .bind(m.sealed)
    .bind(if m.why.is_empty() { "sent" } else { "held" })
    .bind(m.why)
    .bind(at)
    .bind(due_at)
    .bind(bulk)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many messages somebody wrote in a thread since a time.
pub(in crate::applications) async fn count_since(db: &AnyPool, id: ApplicationId, author: AccountId, since: Millis) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM application_messages WHERE application_id = $1 AND author_id = $2 AND at > $3")
        .bind(id)
        .bind(author)
        .bind(since)
        .fetch_one(db)
        .await?;
    Ok(n)
}

/// How many messages of a side somebody of the other side has not read.
pub(in crate::applications) async fn unread(
    db: &AnyPool,
    id: ApplicationId,
    (reader, side): (AccountId, &str),
    now: Millis,
) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM application_messages m WHERE m.application_id = $1 AND m.side = $3 AND m.state = 'sent' AND m.due_at <= $4 \
         AND m.id > COALESCE((SELECT r.upto FROM application_reads r WHERE r.application_id = $1 AND r.account_id = $2), '')",
    )
    .bind(id)
    .bind(reader)
    .bind(side)
    .bind(now)
    .fetch_one(db)
    .await?;
    Ok(n)
}

/// In which of their applications an applicant has something to read.
pub(in crate::applications) async fn unread_of(db: &AnyPool, account: AccountId, now: Millis) -> sqlx::Result<Vec<(ApplicationId, i64)>> {
    sqlx::query_as(
        "SELECT m.application_id, COUNT(*) FROM application_messages m JOIN applications a ON a.id = m.application_id \
         LEFT JOIN application_reads r ON r.application_id = m.application_id AND r.account_id = $1 \
         WHERE a.account_id = $1 AND m.side = 'recruiter' AND m.state = 'sent' AND m.due_at <= $2 AND m.id > COALESCE(r.upto, '') \
         GROUP BY m.application_id",
    )
    .bind(account)
    .bind(now)
    .fetch_all(db)
    .await
}

pub(in crate::applications) async fn mark_read(db: &AnyPool, id: ApplicationId, account: AccountId, upto: MessageId) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO application_reads (application_id, account_id, upto) VALUES ($1, $2, $3) \
         ON CONFLICT (application_id, account_id) DO UPDATE SET upto = excluded.upto WHERE application_reads.upto < excluded.upto",
    )
    .bind(id)
    .bind(account)
    .bind(upto)
    .execute(db)
    .await
    .map(|_| ())
}

/// What waits in a fair until somebody has looked, oldest first.
pub(in crate::applications) async fn held(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<StoredMessage>> {
    sqlx::query_as(select_message!(
        "JOIN applications a ON a.id = m.application_id WHERE m.state = 'held' AND a.fair_id = $1 AND a.status <> 'withdrawn' \
         ORDER BY m.at, m.id LIMIT 100"
    ))
    .bind(fair)
    .fetch_all(db)
    .await
}

pub(in crate::applications) async fn held_count(db: &AnyPool, fair: FairId) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM application_messages m JOIN applications a ON a.id = m.application_id \
         WHERE m.state = 'held' AND a.fair_id = $1 AND a.status <> 'withdrawn'",
    )
    .bind(fair)
    .fetch_one(db)
    .await?;
    Ok(n)
}

/// Lets a held message go, as if it were written now: then it is new to whoever has read on since. False if somebody decided already.
pub(in crate::applications) async fn release<'e>(db: impl Executor<'e, Database = Any>, id: MessageId, now: Millis) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE application_messages SET id = $2, state = 'sent', at = $3, due_at = $3 WHERE id = $1 AND state = 'held'");
    Ok(done.bind(id).bind(MessageId::new()).bind(now).execute(db).await?.rows_affected() == 1)
}

pub(in crate::applications) async fn refuse<'e>(db: impl Executor<'e, Database = Any>, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE application_messages SET state = 'refused' WHERE id = $1 AND state = 'held'");
    Ok(done.bind(id).execute(db).await?.rows_affected() == 1)
}

pub(in crate::applications) async fn templates(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Template>> {
    sqlx::query_as(
        "SELECT id, employer_id, name_zh, name_en, text_zh, text_en FROM reply_templates WHERE employer_id = $1 ORDER BY id LIMIT 100",
    )
    .bind(employer)
    .fetch_all(db)
    .await
}

pub(in crate::applications) async fn template(db: &AnyPool, id: TemplateId) -> sqlx::Result<Option<Template>> {
    sqlx::query_as("SELECT id, employer_id, name_zh, name_en, text_zh, text_en FROM reply_templates WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Gives an employer its first texts, once for all.
pub(in crate::applications) async fn seed(db: &Db, employer: EmployerId, first: &[Template], now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let fresh = sqlx::query("INSERT INTO reply_template_sets (employer_id, at) VALUES ($1, $2) ON CONFLICT (employer_id) DO NOTHING")
        .bind(employer)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    if fresh.rows_affected() == 1 {
        for template in first {
            put_template(&mut *tx, template, now).await?;
        }
    }
    tx.commit().await
}

pub(in crate::applications) async fn is_seeded(db: &AnyPool, employer: EmployerId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT at FROM reply_template_sets WHERE employer_id = $1").bind(employer).fetch_optional(db).await?;
    Ok(row.is_some())
}

pub(in crate::applications) async fn put_template<'e>(
    db: impl Executor<'e, Database = Any>,
    t: &Template,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO reply_templates (id, employer_id, name_zh, name_en, text_zh, text_en, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, text_zh = excluded.text_zh, \
         text_en = excluded.text_en, updated_at = excluded.updated_at WHERE reply_templates.employer_id = excluded.employer_id",
    )
    .bind(t.id)
    .bind(t.employer_id)
    .bind(&t.name_zh)
    .bind(&t.name_en)
    .bind(&t.text_zh)
    .bind(&t.text_en)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

pub(in crate::applications) async fn delete_template(db: &AnyPool, id: TemplateId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM reply_templates WHERE id = $1").bind(id).execute(db).await.map(|_| ())
}
