//! All SQL of fairs.

use super::{Fair, FairState};
use crate::accounts::Employer;
use crate::ids::{EmployerId, FairId};
use sqlx::{Any, AnyPool, Executor};

macro_rules! select_fair {
    ($rest:literal) => {
        concat!(
            "SELECT id, title_zh, title_en, intro_zh, intro_en, region, zone, cover, state, starts_at, ends_at, created_at FROM fairs ",
            $rest
        )
    };
}

pub(super) async fn fair(db: &AnyPool, id: FairId) -> sqlx::Result<Option<Fair>> {
    sqlx::query_as(select_fair!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn fairs(db: &AnyPool) -> sqlx::Result<Vec<Fair>> {
    sqlx::query_as(select_fair!("ORDER BY starts_at DESC LIMIT 200")).fetch_all(db).await
}

pub(super) async fn insert<'e>(db: impl Executor<'e, Database = Any>, f: &Fair) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO fairs (id, title_zh, title_en, intro_zh, intro_en, region, zone, cover, state, starts_at, ends_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(f.id)
    .bind(&f.title_zh)
    .bind(&f.title_en)
    .bind(&f.intro_zh)
    .bind(&f.intro_en)
    .bind(&f.region)
    .bind(&f.zone)
    .bind(&f.cover)
    .bind(f.state.name())
    .bind(f.starts_at)
    .bind(f.ends_at)
    .bind(f.created_at)
    .execute(db)
    .await
    .map(|_| ())
}

/// Moves a fair on only from the state the caller saw.
pub(super) async fn set_state(db: &AnyPool, id: FairId, from: FairState, to: FairState) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE fairs SET state = $3 WHERE id = $1 AND state = $2")
        .bind(id)
        .bind(from.name())
        .bind(to.name())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn put_employer<'e>(
    db: impl Executor<'e, Database = Any>,
    fair: FairId,
    employer: EmployerId,
    state: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO fair_employers (fair_id, employer_id, state) VALUES ($1, $2, $3) \
         ON CONFLICT (fair_id, employer_id) DO UPDATE SET state = excluded.state",
    )
    .bind(fair)
    .bind(employer)
    .bind(state)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn employers(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Employer>> {
    sqlx::query_as(
        "SELECT e.id, e.name_zh, e.name_en, e.credit_code, e.region, e.industry, e.about_zh, e.about_en, e.created_at \
         FROM employers e JOIN fair_employers f ON f.employer_id = e.id WHERE f.fair_id = $1 AND f.state = 'approved' ORDER BY e.created_at, e.id",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Fair>> {
    sqlx::query_as(select_fair!(
        "WHERE id IN (SELECT fair_id FROM fair_employers WHERE employer_id = $1 AND state = 'approved') ORDER BY starts_at, id"
    ))
    .bind(employer)
    .fetch_all(db)
    .await
}

pub(super) async fn is_approved(db: &AnyPool, fair: FairId, employer: EmployerId) -> sqlx::Result<bool> {
    let found: Option<(String,)> =
        sqlx::query_as("SELECT state FROM fair_employers WHERE fair_id = $1 AND employer_id = $2 AND state = 'approved'")
            .bind(fair)
            .bind(employer)
            .fetch_optional(db)
            .await?;
    Ok(found.is_some())
}
