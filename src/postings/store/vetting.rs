//! The SQL of versions, of what was approved, and of what organisers look at afterwards.

use crate::clock::Millis;
use crate::db::Flag;
use crate::ids::{FairId, PostingId};
use crate::postings::{Posting, State};
use sqlx::{Any, AnyPool, Transaction};

/// A version as stored; the terms as JSON.
#[derive(sqlx::FromRow)]
pub(in crate::postings) struct VersionRow {
    pub(in crate::postings) version: i64,
    pub(in crate::postings) at: Millis,
    pub(in crate::postings) who: String,
    #[sqlx(try_from = "String")]
    pub(in crate::postings) state: State,
    pub(in crate::postings) reason: String,
    #[sqlx(try_from = "i64")]
    pub(in crate::postings) unseen: Flag,
    pub(in crate::postings) content: String,
}

/// The versions of a posting, newest first.
pub(in crate::postings) async fn versions(db: &AnyPool, id: PostingId) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(
        "SELECT v.version, v.at, a.name AS who, v.state, v.reason, v.unseen, v.content FROM posting_versions v \
         JOIN accounts a ON a.id = v.changed_by WHERE v.posting_id = $1 ORDER BY v.version DESC LIMIT 200",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

macro_rules! approved {
    ($alias:literal) => {
        concat!($alias, ".unseen = 0 AND ", $alias, ".state IN ('live', 'paused', 'filled')")
    };
}

/// The terms of the last version that an organiser approved.
pub(in crate::postings) async fn approved(db: &AnyPool, id: PostingId) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as(concat!(
        "SELECT v.content FROM posting_versions v WHERE v.posting_id = $1 AND ",
        approved!("v"),
        " ORDER BY v.version DESC LIMIT 1"
    ))
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| r.0))
}

/// Whether a version went live by the rules alone and nobody has looked at it yet.
pub(in crate::postings) async fn is_unseen(db: &AnyPool, id: PostingId, version: i64) -> sqlx::Result<bool> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT unseen FROM posting_versions WHERE posting_id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .fetch_optional(db)
        .await?;
    Ok(row.is_some_and(|(unseen,)| unseen != 0))
}

/// The same of all that wait in a fair.
pub(in crate::postings) async fn approved_of_waiting(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(PostingId, String)>> {
    sqlx::query_as(concat!(
        "SELECT v.posting_id, v.content FROM posting_versions v JOIN postings p ON p.id = v.posting_id \
         WHERE p.fair_id = $1 AND p.state = 'review' AND ",
        approved!("v"),
        " AND v.version = (SELECT MAX(w.version) FROM posting_versions w WHERE w.posting_id = v.posting_id AND ",
        approved!("w"),
        ")"
    ))
    .bind(fair)
    .fetch_all(db)
    .await
}

/// A version that went live by the rules alone, with the last one that somebody had seen.
#[derive(sqlx::FromRow)]
pub(in crate::postings) struct CheckRow {
    pub(in crate::postings) posting_id: PostingId,
    pub(in crate::postings) version: i64,
    pub(in crate::postings) since: Millis,
    pub(in crate::postings) employer_zh: String,
    pub(in crate::postings) employer_en: String,
    pub(in crate::postings) content: String,
    pub(in crate::postings) before: String,
    /// The version of `before`.
    pub(in crate::postings) seen: i64,
}

/// What nobody has looked at yet, oldest first.
pub(in crate::postings) async fn unchecked(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<CheckRow>> {
    sqlx::query_as(concat!(
        "SELECT k.posting_id, k.version, k.since, e.name_zh AS employer_zh, e.name_en AS employer_en, v.content, b.content AS before, b.version AS seen \
         FROM posting_checks k JOIN postings p ON p.id = k.posting_id JOIN employers e ON e.id = p.employer_id \
         JOIN posting_versions v ON v.posting_id = k.posting_id AND v.version = k.version \
         JOIN posting_versions b ON b.posting_id = k.posting_id \
         AND b.version = (SELECT MAX(w.version) FROM posting_versions w WHERE w.posting_id = k.posting_id AND ",
        approved!("w"),
        ") WHERE k.fair_id = $1 ORDER BY k.since, k.posting_id LIMIT 50"
    ))
    .bind(fair)
    .fetch_all(db)
    .await
}

/// Notes that somebody looked at a version and found it good; false if it is no longer the one to look at.
pub(in crate::postings) async fn check(tx: &mut Transaction<'static, Any>, id: PostingId, version: i64) -> sqlx::Result<bool> {
    let sql = "DELETE FROM posting_checks WHERE posting_id = $1 AND version = $2";
    if sqlx::query(sql).bind(id).bind(version).execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let sql = "UPDATE posting_versions SET unseen = 0 WHERE posting_id = $1 AND version <= $2";
    sqlx::query(sql).bind(id).bind(version).execute(&mut **tx).await?;
    Ok(true)
}

/// What is no longer out needs no look afterwards.
pub(in crate::postings) async fn end_check(tx: &mut Transaction<'static, Any>, id: PostingId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM posting_checks WHERE posting_id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

/// Notes a version for organisers to look at afterwards, in the place of an earlier one.
pub(super) async fn add_check(tx: &mut Transaction<'static, Any>, p: &Posting) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO posting_checks (posting_id, fair_id, version, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (posting_id) DO UPDATE SET version = excluded.version",
    )
    .bind(p.id)
    .bind(p.fair_id)
    .bind(p.version)
    .bind(p.updated_at)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
