//! All SQL of plans and frames.

use super::plan::{ExceptionRow, FrameDay, FrameRow, HoursRow, Plan};
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, FairId, PlanId, PostingId};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use std::collections::HashMap;

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "interview_hours",
        "SELECT n.title, h.weekday, h.from_minute, h.to_minute FROM interview_hours h JOIN interview_plans n ON n.id = h.plan_id WHERE h.person_id = $1",
    ),
    (
        "interview_exceptions",
        "SELECT n.title, x.day, x.from_minute, x.to_minute, x.opens FROM interview_exceptions x JOIN interview_plans n ON n.id = x.plan_id \
         WHERE x.person_id = $1",
    ),
];

macro_rules! select_plan {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.employer_id, p.fair_id, p.title, p.mode, p.minutes, p.buffer_minutes, p.capacity, p.lead_minutes, p.horizon_days, \
             p.day_limit, p.zone, p.version, p.closed_at FROM interview_plans p ",
            $rest
        )
    };
}

macro_rules! of_plans {
    ($columns:literal, $table:literal, $order:literal, $sqls:expr) => {
        match $sqls {
            Of::Plan(_) => concat!("SELECT ", $columns, " FROM ", $table, " x WHERE x.plan_id = $1 ORDER BY ", $order),
            Of::Employer(_) => concat!(
                "SELECT ",
                $columns,
                " FROM ",
                $table,
                " x JOIN interview_plans p ON p.id = x.plan_id WHERE p.employer_id = $1 ORDER BY ",
                $order
            ),
            Of::Fair(_) => concat!(
                "SELECT ",
                $columns,
                " FROM ",
                $table,
                " x JOIN interview_plans p ON p.id = x.plan_id WHERE p.fair_id = $1 AND p.closed_at IS NULL ORDER BY ",
                $order
            ),
        }
    };
}

/// Of which plans the parts are read.
#[derive(Clone, Copy)]
enum Of {
    Plan(PlanId),
    Employer(EmployerId),
    /// The open ones.
    Fair(FairId),
}

impl Of {
    fn key(self) -> String {
        match self {
            Self::Plan(id) => id.to_string(),
            Self::Employer(id) => id.to_string(),
            Self::Fair(id) => id.to_string(),
        }
    }
}

pub(super) async fn plan(db: &AnyPool, id: PlanId) -> sqlx::Result<Option<Plan>> {
    let plan: Option<Plan> = sqlx::query_as(select_plan!("WHERE p.id = $1")).bind(id).fetch_optional(db).await?;
    let Some(plan) = plan else { return Ok(None) };
    Ok(with_parts(db, Of::Plan(id), vec![plan]).await?.pop())
}

/// An employer's plans, newest first, closed ones too.
pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Plan>> {
    let plans =
        sqlx::query_as(select_plan!("WHERE p.employer_id = $1 ORDER BY p.created_at DESC, p.id")).bind(employer).fetch_all(db).await?;
    with_parts(db, Of::Employer(employer), plans).await
}

/// The open plans of all employers of a fair.
pub(super) async fn of_fair(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Plan>> {
    let plans = sqlx::query_as(select_plan!("WHERE p.fair_id = $1 AND p.closed_at IS NULL")).bind(fair).fetch_all(db).await?;
    with_parts(db, Of::Fair(fair), plans).await
}

async fn with_parts(db: &AnyPool, of: Of, mut plans: Vec<Plan>) -> sqlx::Result<Vec<Plan>> {
    if plans.is_empty() {
        return Ok(plans);
    }
    let at: HashMap<PlanId, usize> = plans.iter().enumerate().map(|(at, plan)| (plan.id, at)).collect();
    let key = of.key();
    let sql = of_plans!("x.plan_id, x.person_id", "interview_plan_people", "x.position", of);
    let people: Vec<(PlanId, AccountId)> = sqlx::query_as(sql).bind(&key).fetch_all(db).await?;
    let sql = of_plans!("x.plan_id, x.posting_id", "interview_plan_postings", "x.posting_id", of);
    let postings: Vec<(PlanId, PostingId)> = sqlx::query_as(sql).bind(&key).fetch_all(db).await?;
    let sql = of_plans!(
        "x.plan_id, x.person_id, x.weekday, x.from_minute, x.to_minute",
        "interview_hours",
        "x.person_id, x.weekday, x.from_minute",
        of
    );
    let hours: Vec<HoursRow> = sqlx::query_as(sql).bind(&key).fetch_all(db).await?;
    let sql = of_plans!(
        "x.plan_id, x.person_id, x.day, x.from_minute, x.to_minute, x.opens",
        "interview_exceptions",
        "x.day, x.from_minute, x.person_id, x.opens",
        of
    );
    let exceptions: Vec<ExceptionRow> = sqlx::query_as(sql).bind(&key).fetch_all(db).await?;
    // A plan that was made between two of these questions has parts here and no row.
    people.into_iter().for_each(|(plan, person)| at.get(&plan).into_iter().for_each(|n| plans[*n].people.push(person)));
    postings.into_iter().for_each(|(plan, posting)| at.get(&plan).into_iter().for_each(|n| plans[*n].postings.push(posting)));
    hours.iter().for_each(|row| at.get(&row.plan_id).into_iter().for_each(|n| plans[*n].hours.push(row.read())));
    exceptions.iter().for_each(|row| at.get(&row.plan_id).into_iter().for_each(|n| plans[*n].exceptions.extend(row.read())));
    Ok(plans)
}

pub(super) async fn insert(tx: &mut Transaction<'_, Any>, plan: &Plan, by: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_plans (id, employer_id, fair_id, title, mode, minutes, buffer_minutes, capacity, lead_minutes, horizon_days, \
         day_limit, zone, version, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(plan.id)
    .bind(plan.employer_id)
    .bind(plan.fair_id)
    .bind(&plan.title)
    .bind(plan.mode.name())
    .bind(plan.minutes)
    .bind(plan.buffer_minutes)
    .bind(plan.capacity)
    .bind(plan.lead_minutes)
    .bind(plan.horizon_days)
    .bind(plan.day_limit)
    .bind(&plan.zone)
    .bind(plan.version)
    .bind(by)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    insert_parts(tx, plan).await
}

/// Writes a plan over its version before; `false` if somebody else has changed or closed it.
pub(super) async fn update(tx: &mut Transaction<'_, Any>, plan: &Plan) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interview_plans SET title = $3, mode = $4, minutes = $5, buffer_minutes = $6, capacity = $7, lead_minutes = $8, \
         horizon_days = $9, day_limit = $10, zone = $11, version = version + 1, fair_id = $12 \
         WHERE id = $1 AND version = $2 AND closed_at IS NULL",
    )
    .bind(plan.id)
    .bind(plan.version)
    .bind(&plan.title)
    .bind(plan.mode.name())
    .bind(plan.minutes)
    .bind(plan.buffer_minutes)
    .bind(plan.capacity)
    .bind(plan.lead_minutes)
    .bind(plan.horizon_days)
    .bind(plan.day_limit)
    .bind(&plan.zone)
    .bind(plan.fair_id)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM interview_plan_people WHERE plan_id = $1",
        "DELETE FROM interview_plan_postings WHERE plan_id = $1",
        "DELETE FROM interview_hours WHERE plan_id = $1",
        "DELETE FROM interview_exceptions WHERE plan_id = $1",
    ] {
        sqlx::query(sql).bind(plan.id).execute(&mut **tx).await?;
    }
    insert_parts(tx, plan).await.map(|()| true)
}

async fn insert_parts(tx: &mut Transaction<'_, Any>, plan: &Plan) -> sqlx::Result<()> {
    for (position, person) in (0i64..).zip(&plan.people) {
        let sql = "INSERT INTO interview_plan_people (plan_id, person_id, position) VALUES ($1, $2, $3)";
        sqlx::query(sql).bind(plan.id).bind(*person).bind(position).execute(&mut **tx).await?;
    }
    for posting in &plan.postings {
        let sql = "INSERT INTO interview_plan_postings (plan_id, posting_id) VALUES ($1, $2)";
        sqlx::query(sql).bind(plan.id).bind(*posting).execute(&mut **tx).await?;
    }
    for hours in &plan.hours {
        let sql = "INSERT INTO interview_hours (plan_id, person_id, weekday, from_minute, to_minute) VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(sql).bind(plan.id).bind(hours.person).bind(i64::from(hours.weekday));
        query.bind(i64::from(hours.from)).bind(i64::from(hours.to)).execute(&mut **tx).await?;
    }
    for e in &plan.exceptions {
        except(tx, plan.id, e.person, (&e.day.to_string(), e.from, e.to), e.opens).await?;
    }
    Ok(())
}

/// Adds hours of one day, or takes them away.
pub(super) async fn except(
    db: &mut AnyConnection,
    plan: PlanId,
    person: AccountId,
    (day, from, to): (&str, i16, i16),
    opens: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_exceptions (plan_id, person_id, day, from_minute, to_minute, opens) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (plan_id, person_id, day, from_minute, opens) DO UPDATE SET to_minute = \
         CASE WHEN excluded.to_minute > interview_exceptions.to_minute THEN excluded.to_minute ELSE interview_exceptions.to_minute END",
    )
    .bind(plan)
    .bind(person)
    .bind(day)
    .bind(i64::from(from))
    .bind(i64::from(to))
    .bind(i64::from(opens))
    .execute(db)
    .await
    .map(|_| ())
}

/// `false` if it was closed already.
pub(super) async fn close(tx: &mut Transaction<'_, Any>, plan: PlanId, now: Millis) -> sqlx::Result<bool> {
    let sql = "UPDATE interview_plans SET closed_at = $2, version = version + 1 WHERE id = $1 AND closed_at IS NULL";
    Ok(sqlx::query(sql).bind(plan).bind(now).execute(&mut **tx).await?.rows_affected() == 1)
}

pub(super) async fn frame(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<FrameDay>> {
    let sql = "SELECT day, from_minute, to_minute FROM fair_interview_frames WHERE fair_id = $1 ORDER BY day, from_minute";
    let rows: Vec<FrameRow> = sqlx::query_as(sql).bind(fair).fetch_all(db).await?;
    Ok(rows.iter().filter_map(FrameRow::read).collect())
}

pub(super) async fn put_frame(tx: &mut Transaction<'_, Any>, fair: FairId, days: &[FrameDay]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM fair_interview_frames WHERE fair_id = $1").bind(fair).execute(&mut **tx).await?;
    for d in days {
        let sql = "INSERT INTO fair_interview_frames (fair_id, day, from_minute, to_minute) VALUES ($1, $2, $3, $4)";
        let query = sqlx::query(sql).bind(fair).bind(d.day.to_string());
        query.bind(i64::from(d.from)).bind(i64::from(d.to)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The name of a fair's zone.
pub(super) async fn zone_of(db: &AnyPool, fair: FairId) -> sqlx::Result<String> {
    let row: Option<(String,)> = sqlx::query_as("SELECT zone FROM fairs WHERE id = $1").bind(fair).fetch_optional(db).await?;
    Ok(row.map(|r| r.0).unwrap_or_default())
}
