//! Claims, and what ends them or makes them interviews; freeing slots. All by owner: nobody frees what is somebody else's.

use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, InterviewId, PlanId, SlotId, WaitId};
use crate::interviews::asking::Engaged;
use crate::interviews::claim::{Answer, Claim};
use crate::interviews::taking::{Grant, What, Wish};
use crate::schedule::CELL;
use sqlx::{Any, AnyPool, Executor, Transaction};

macro_rules! select_claim {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.slot_id, c.employer_id, c.fair_id, c.recruiter_id, c.seeker_id, c.how, c.until_at, c.answered, c.instead_of, \
             c.wait_id, c.posting_id, c.topic_zh, c.topic_en, c.reason, c.starts_at, c.ends_at, c.created_at, \
             e.name_zh AS employer_zh, e.name_en AS employer_en, f.zone, s.name AS seeker_name, r.name AS recruiter_name \
             FROM interview_claims c JOIN employers e ON e.id = c.employer_id JOIN fairs f ON f.id = c.fair_id \
             JOIN accounts s ON s.id = c.seeker_id JOIN accounts r ON r.id = c.recruiter_id ",
            $rest
        )
    };
}

pub(in crate::interviews) async fn claim<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId) -> sqlx::Result<Option<Claim>> {
    sqlx::query_as(select_claim!("WHERE c.id = $1")).bind(id).fetch_optional(db).await
}

/// A person's claims that are open or were answered lately, newest first.
pub(in crate::interviews) async fn of_seeker(db: &AnyPool, seeker: AccountId) -> sqlx::Result<Vec<Claim>> {
    sqlx::query_as(select_claim!("WHERE c.seeker_id = $1 ORDER BY c.created_at DESC, c.id DESC LIMIT 100")).bind(seeker).fetch_all(db).await
}

/// What an employer has asked and was asked, newest first; what people only hold is not among it.
pub(in crate::interviews) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Claim>> {
    sqlx::query_as(select_claim!(
        "WHERE c.employer_id = $1 AND c.how IN ('invite', 'proposal') ORDER BY c.created_at DESC, c.id DESC LIMIT 200"
    ))
    .bind(employer)
    .fetch_all(db)
    .await
}

/// Who has an interview with an employer that is not over, or an unanswered invitation to one or a proposal for one; interviews come last.
pub(in crate::interviews) async fn engaged(db: &AnyPool, employer: EmployerId, now: Millis) -> sqlx::Result<Vec<Engaged>> {
    sqlx::query_as(
        "SELECT seeker_id, starts_at, 'asked' AS what FROM interview_claims \
         WHERE employer_id = $1 AND how IN ('invite', 'proposal') AND answered = '' AND until_at > $2 \
         UNION ALL SELECT seeker_id, starts_at, 'booked' AS what FROM interviews \
         WHERE employer_id = $1 AND cancelled_at IS NULL AND ended_at IS NULL AND ends_at > $2 ORDER BY what, starts_at DESC",
    )
    .bind(employer)
    .bind(now)
    .fetch_all(db)
    .await
}

/// What a proposal was made in place of, or the proposals to an invitation that are still open.
pub(in crate::interviews) async fn proposals_to(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<Vec<Claim>> {
    sqlx::query_as(select_claim!("WHERE c.instead_of = $1 AND c.answered = ''")).bind(id.to_string()).fetch_all(&mut **tx).await
}

/// What somebody holds.
pub(in crate::interviews) async fn held_by(
    tx: &mut Transaction<'_, Any>,
    seeker: AccountId,
) -> sqlx::Result<Option<(InterviewId, SlotId)>> {
    sqlx::query_as("SELECT id, slot_id FROM interview_claims WHERE seeker_id = $1 AND how = 'hold' AND answered = ''")
        .bind(seeker)
        .fetch_optional(&mut **tx)
        .await
}

/// Claims whose time is over and that nobody has answered.
pub(in crate::interviews) async fn overdue(db: &AnyPool, now: Millis, limit: i64) -> sqlx::Result<Vec<InterviewId>> {
    let rows: Vec<(InterviewId,)> =
        sqlx::query_as("SELECT id FROM interview_claims WHERE answered = '' AND until_at <= $1 ORDER BY until_at LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(in crate::interviews) async fn insert(tx: &mut Transaction<'_, Any>, wish: &Wish, grant: &Grant, now: Millis) -> sqlx::Result<bool> {
    let What::Claim(new) = &wish.what else { return Ok(true) };
    let done = sqlx::query(
        "INSERT INTO interview_claims (id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, how, until_at, answered, \
         instead_of, wait_id, posting_id, topic_zh, topic_en, reason, starts_at, ends_at, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING",
    )
    .bind(wish.id)
    .bind(grant.slot)
    .bind(wish.wanted.employer)
    .bind(wish.wanted.fair)
    .bind(grant.people[0])
    .bind(wish.seeker)
    .bind(super::taking::client_id(wish))
    .bind(new.how.name())
    .bind(new.until)
    .bind(new.instead_of.map(|id| id.to_string()))
    .bind(new.wait.map(|id| id.to_string()))
    .bind(wish.posting.as_deref())
    .bind(&wish.topic.0)
    .bind(&wish.topic.1)
    .bind(&new.reason)
    .bind(wish.wanted.span.start)
    .bind(wish.wanted.span.end)
    .bind(wish.by)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes what was said to a claim; `false` if something had been said already.
pub(in crate::interviews) async fn answer(
    tx: &mut Transaction<'_, Any>,
    id: InterviewId,
    answer: Answer,
    reason: Option<&str>,
    now: Millis,
) -> sqlx::Result<bool> {
    let sql = "UPDATE interview_claims SET answered = $2, answered_at = $3, reason = COALESCE($4, reason) WHERE id = $1 AND answered = ''";
    let query = sqlx::query(sql).bind(id).bind(answer.name()).bind(now).bind(reason.map(str::to_owned));
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Makes what a claim holds its for good; `false` if it ran out.
pub(in crate::interviews) async fn keep(
    tx: &mut Transaction<'_, Any>,
    claim: &Claim,
    takes_seeker: bool,
    now: Millis,
) -> sqlx::Result<bool> {
    let (slot, id) = (claim.slot_id.to_string(), claim.id.to_string());
    // The slot first, as whoever takes from it.
    let busy: Option<(i64,)> = sqlx::query_as(
        "UPDATE interview_slots SET busy_until = busy_until WHERE id = $1 AND ended_at IS NULL RETURNING busy_until - starts_at",
    )
    .bind(&slot)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((busy,)) = busy else { return Ok(false) };
    let cells = "UPDATE interview_cells SET hold_until = NULL WHERE owner = $1 AND (hold_until IS NULL OR hold_until > $2)";
    let kept = sqlx::query(cells).bind(&slot).bind(now).execute(&mut **tx).await?.rows_affected();
    let all = u64::try_from((busy + CELL - 1) / CELL).unwrap_or_default();
    if kept == 0 || !kept.is_multiple_of(all) {
        return Ok(false);
    }
    let seats = "UPDATE interview_seats SET hold_until = NULL WHERE owner = $1 AND hold_until > $2";
    if sqlx::query(seats).bind(&id).bind(now).execute(&mut **tx).await?.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query("UPDATE interview_day_places SET hold_until = NULL WHERE owner = $1").bind(&slot).execute(&mut **tx).await?;
    if takes_seeker {
        let kept = sqlx::query(cells).bind(&id).bind(now).execute(&mut **tx).await?.rows_affected();
        return Ok(i64::try_from(kept).is_ok_and(|kept| kept == (claim.ends_at - claim.starts_at + CELL - 1) / CELL));
    }
    Ok(true)
}

/// Makes a claim the interview of its id.
pub(in crate::interviews) async fn become_interview(tx: &mut Transaction<'_, Any>, claim: &Claim, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interviews (id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, posting_id, topic_zh, topic_en, \
         starts_at, ends_at, extended, sequence, cancelled_by, cancel_reason, created_at) \
         SELECT id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, posting_id, topic_zh, topic_en, \
         starts_at, ends_at, 0, 0, '', '', CAST($2 AS BIGINT) FROM interview_claims WHERE id = $1",
    )
    .bind(claim.id)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    let recruiters = people_of(tx, claim.slot_id, claim.recruiter_id).await?;
    super::taking::put_people(tx, super::taking::parts(claim.id, claim.seeker_id, &recruiters)).await.map(|_| ())
}

/// Whose time a slot takes, the lead first.
pub(in crate::interviews) async fn people_of(tx: &mut Transaction<'_, Any>, slot: SlotId, lead: AccountId) -> sqlx::Result<Vec<AccountId>> {
    let found: Vec<(AccountId,)> = sqlx::query_as("SELECT DISTINCT person_id FROM interview_cells WHERE owner = $1 ORDER BY person_id")
        .bind(slot.to_string())
        .fetch_all(&mut **tx)
        .await?;
    Ok(std::iter::once(lead).chain(found.into_iter().map(|row| row.0).filter(|p| *p != lead)).collect())
}

/// Frees what an interview or a claim has: its seeker's time and its seat.
pub(in crate::interviews) async fn free(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interview_cells WHERE owner = $1").bind(id.to_string()).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM interview_seats WHERE owner = $1").bind(id.to_string()).execute(&mut **tx).await.map(|_| ())
}

/// Keeps a seat from being taken again.
pub(in crate::interviews) async fn shut_seat(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<()> {
    let sql = "UPDATE interview_seats SET owner = $2, hold_until = NULL WHERE owner = $1";
    sqlx::query(sql).bind(id.to_string()).bind(format!("shut/{id}")).execute(&mut **tx).await.map(|_| ())
}

/// Whether somebody is in a slot. Whoever asks has it until the transaction ends.
pub(in crate::interviews) async fn is_used(tx: &mut Transaction<'_, Any>, slot: SlotId, now: Millis) -> sqlx::Result<bool> {
    sqlx::query("UPDATE interview_slots SET busy_until = busy_until WHERE id = $1").bind(slot).execute(&mut **tx).await?;
    let sql =
        "SELECT COUNT(*) FROM interview_seats WHERE slot_id = $1 AND owner NOT LIKE 'shut/%' AND (hold_until IS NULL OR hold_until > $2)";
    let (seats,): (i64,) = sqlx::query_as(sql).bind(slot).bind(now).fetch_one(&mut **tx).await?;
    Ok(seats > 0)
}

/// Frees a slot's own time if nobody is in it any more; a computed one is over then. `false` if somebody is.
pub(in crate::interviews) async fn vacate(tx: &mut Transaction<'_, Any>, slot: SlotId, now: Millis) -> sqlx::Result<bool> {
    if is_used(tx, slot, now).await? {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM interview_cells WHERE owner = $1",
        "DELETE FROM interview_day_places WHERE owner = $1",
        "DELETE FROM interview_seats WHERE slot_id = $1",
    ] {
        sqlx::query(sql).bind(slot.to_string()).execute(&mut **tx).await?;
    }
    let sql = "UPDATE interview_slots SET ended_at = $2 WHERE id = $1 AND plan_id IS NOT NULL AND ended_at IS NULL";
    sqlx::query(sql).bind(slot).bind(now).execute(&mut **tx).await.map(|_| true)
}

/// Takes a slot that was offered by itself out of the offer.
pub(in crate::interviews) async fn end_slot(tx: &mut Transaction<'_, Any>, slot: SlotId, now: Millis) -> sqlx::Result<()> {
    let sql = "UPDATE interview_slots SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    sqlx::query(sql).bind(slot).bind(now).execute(&mut **tx).await.map(|_| ())
}

/// The plan of a stored slot; none if it was offered by itself.
pub(in crate::interviews) async fn plan_of(tx: &mut Transaction<'_, Any>, slot: SlotId) -> sqlx::Result<Option<PlanId>> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT plan_id FROM interview_slots WHERE id = $1").bind(slot).fetch_optional(&mut **tx).await?;
    Ok(row.and_then(|r| r.0).and_then(|id| id.parse().ok()))
}

/// Somebody on a waitlist.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::interviews) struct Waiting {
    pub(in crate::interviews) id: WaitId,
    pub(in crate::interviews) plan_id: PlanId,
    pub(in crate::interviews) seeker_id: AccountId,
    pub(in crate::interviews) from_at: Millis,
    pub(in crate::interviews) to_at: Millis,
    pub(in crate::interviews) posting_id: Option<String>,
    pub(in crate::interviews) topic_zh: String,
    pub(in crate::interviews) topic_en: String,
    pub(in crate::interviews) joined_at: Millis,
    pub(in crate::interviews) state: String,
}

const WAITING: &str = "id, plan_id, seeker_id, from_at, to_at, posting_id, topic_zh, topic_en, joined_at, state";

/// Those who wait for a slot of a plan that begins at a time, longest first.
pub(in crate::interviews) async fn waiting(
    tx: &mut Transaction<'_, Any>,
    plan: PlanId,
    start: Millis,
    limit: i64,
) -> sqlx::Result<Vec<Waiting>> {
    let sql = format!(
        "SELECT {WAITING} FROM interview_waits WHERE plan_id = $1 AND state = 'waiting' AND from_at <= $2 AND to_at > $2 \
         ORDER BY joined_at, id LIMIT $3"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(plan).bind(start).bind(limit).fetch_all(&mut **tx).await
}

/// Plans for which somebody waits.
pub(in crate::interviews) async fn waited_for(db: &AnyPool) -> sqlx::Result<Vec<PlanId>> {
    let rows: Vec<(PlanId,)> = sqlx::query_as("SELECT DISTINCT plan_id FROM interview_waits WHERE state = 'waiting'").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Somebody's open place on a plan's waitlist.
pub(in crate::interviews) async fn wait_of(db: &AnyPool, plan: PlanId, seeker: AccountId) -> sqlx::Result<Option<Waiting>> {
    let sql = format!("SELECT {WAITING} FROM interview_waits WHERE plan_id = $1 AND seeker_id = $2 AND state IN ('waiting', 'offered')");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(plan).bind(seeker).fetch_optional(db).await
}

/// How many wait before somebody.
pub(in crate::interviews) async fn ahead_of(db: &AnyPool, wait: &Waiting) -> sqlx::Result<i64> {
    let sql = "SELECT COUNT(*) FROM interview_waits WHERE plan_id = $1 AND state = 'waiting' \
               AND (joined_at < $2 OR joined_at = $2 AND id < $3)";
    let (n,): (i64,) = sqlx::query_as(sql).bind(wait.plan_id).bind(wait.joined_at).bind(wait.id).fetch_one(db).await?;
    Ok(n)
}

/// `false` if they wait already.
pub(in crate::interviews) async fn wait(tx: &mut Transaction<'_, Any>, w: &Waiting) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO interview_waits (id, plan_id, seeker_id, from_at, to_at, posting_id, topic_zh, topic_en, joined_at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting') ON CONFLICT DO NOTHING",
    )
    .bind(w.id)
    .bind(w.plan_id)
    .bind(w.seeker_id)
    .bind(w.from_at)
    .bind(w.to_at)
    .bind(w.posting_id.as_deref())
    .bind(&w.topic_zh)
    .bind(&w.topic_en)
    .bind(w.joined_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a place on a waitlist from one state to another; `false` if it was in none of them.
pub(in crate::interviews) async fn set_wait(tx: &mut Transaction<'_, Any>, id: WaitId, from: &str, to: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE interview_waits SET state = $3 WHERE id = $1 AND state = $2";
    Ok(sqlx::query(sql).bind(id).bind(from).bind(to).execute(&mut **tx).await?.rows_affected() == 1)
}

/// By which request a claim was made.
pub(in crate::interviews) async fn client_id(db: &AnyPool, id: InterviewId) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT client_id FROM interview_claims WHERE id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(|r| r.0))
}
