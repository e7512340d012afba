//! All SQL of imports.

use super::{Import, Problem, State};
use crate::clock::Millis;
use crate::db::{Db, ManyRows};
use crate::ids::{EmployerId, ImportId};
use sqlx::AnyPool;
use std::sync::LazyLock;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, employer_id, fair_id, account_id, file_name, blob_id, state, problem, total, fresh, changed, same, wrong, done, \
             claimed_until, created_at, updated_at FROM imports ",
            $rest
        )
    };
}

pub(super) async fn insert(db: &AnyPool, i: &Import) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO imports (id, employer_id, fair_id, account_id, file_name, blob_id, state, problem, total, fresh, changed, same, wrong, done, \
         claimed_until, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, 0, 0, 0, 0, 0, 0, $8, $8)",
    )
    .bind(i.id)
    .bind(i.employer_id)
    .bind(i.fair_id)
    .bind(i.account_id)
    .bind(&i.file_name)
    .bind(&i.blob_id)
    .bind(i.state.name())
    .bind(i.created_at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn import(db: &AnyPool, id: ImportId) -> sqlx::Result<Option<Import>> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Import>> {
    sqlx::query_as(select!("WHERE employer_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50")).bind(employer).fetch_all(db).await
}

/// What nobody is at and somebody should be.
pub(super) async fn waiting(db: &AnyPool, now: Millis) -> sqlx::Result<Vec<Import>> {
    sqlx::query_as(select!("WHERE state IN ('reading', 'running') AND claimed_until <= $1 ORDER BY created_at LIMIT 20"))
        .bind(now)
        .fetch_all(db)
        .await
}

/// Takes it on until a time, unless somebody else has.
pub(super) async fn claim(db: &AnyPool, import: &Import, until: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE imports SET claimed_until = $3 WHERE id = $1 AND claimed_until = $2 AND state = $4")
        .bind(import.id)
        .bind(import.claimed_until)
        .bind(until)
        .bind(import.state.name())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn set_state(db: &AnyPool, id: ImportId, from: State, to: State, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE imports SET state = $3, updated_at = $4, claimed_until = 0 WHERE id = $1 AND state = $2")
        .bind(id)
        .bind(from.name())
        .bind(to.name())
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// How far it is; `claimed_until` is put off.
pub(super) async fn set_progress(db: &AnyPool, i: &Import) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE imports SET total = $2, fresh = $3, changed = $4, same = $5, wrong = $6, done = $7, problem = $8, claimed_until = $9, updated_at = $10 \
         WHERE id = $1",
    )
    .bind(i.id)
    .bind(i.total)
    .bind(i.fresh)
    .bind(i.changed)
    .bind(i.same)
    .bind(i.wrong)
    .bind(i.done)
    .bind(&i.problem)
    .bind(i.claimed_until)
    .bind(i.updated_at)
    .execute(db)
    .await
    .map(|_| ())
}

static PROBLEMS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("INSERT INTO import_problems (import_id, n, cells, problems)", 4, "ON CONFLICT (import_id, n) DO NOTHING")
});

pub(super) async fn add_problems(db: &Db, import: ImportId, all: &[Problem]) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let json = |value: serde_json::Result<String>| value.map_err(|e| sqlx::Error::Encode(e.into()));
    for (sql, some) in PROBLEMS.of(&tx, all) {
        let mut query = sqlx::query(sql);
        for row in some {
            let (cells, problems) = (json(serde_json::to_string(&row.cells))?, json(serde_json::to_string(&row.problems))?);
            query = query.bind(import).bind(row.n).bind(cells).bind(problems);
        }
        query.execute(&mut *tx).await?;
    }
    tx.commit().await
}

pub(super) async fn problems(db: &AnyPool, import: ImportId, after: i64, limit: i64) -> sqlx::Result<Vec<Problem>> {
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT n, cells, problems FROM import_problems WHERE import_id = $1 AND n > $2 ORDER BY n LIMIT $3")
            .bind(import)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?;
    let read = |(n, cells, problems): (i64, String, String)| {
        let decode = |e: serde_json::Error| sqlx::Error::Decode(e.into());
        Ok(Problem { n, cells: serde_json::from_str(&cells).map_err(decode)?, problems: serde_json::from_str(&problems).map_err(decode)? })
    };
    rows.into_iter().map(read).collect()
}

pub(super) async fn older_than(db: &AnyPool, when: Millis) -> sqlx::Result<Vec<Import>> {
    sqlx::query_as(select!("WHERE created_at < $1 AND state NOT IN ('reading', 'running') LIMIT 500")).bind(when).fetch_all(db).await
}

pub(super) async fn remove(db: &AnyPool, id: ImportId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM imports WHERE id = $1").bind(id).execute(db).await.map(|_| ())
}
