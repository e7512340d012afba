//! All SQL of judging.

use super::sheet::Answers;
use super::{Question, Rating, Sheet};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{AccountId, ApplicationId, EmployerId, InterviewId, PostingId};
use crate::interviews::Interview;
use sqlx::{Any, AnyPool, Executor, Transaction};

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[crate::db::Sealed::new("judging_sheets", "interview_id", "sealed_notes")];

const QUESTIONS: &str = "SELECT id, version, text_zh, text_en FROM judging_questions WHERE posting_id = $1 ORDER BY n, id";

macro_rules! select_sheet {
    ($rest:literal) => {
        concat!(
            "SELECT s.interview_id, s.judge_id, a.name AS judge_name, s.version, s.sealed_notes, s.next_step, s.decided_at \
             FROM judging_sheets s JOIN accounts a ON a.id = s.judge_id ",
            $rest
        )
    };
}

macro_rules! select_rating {
    ($rest:literal) => {
        concat!(
            "SELECT r.interview_id, r.judge_id, r.question_id, r.version, r.n, r.text_zh, r.text_en, r.stars FROM judging_ratings r ",
            $rest
        )
    };
}

/// The questions of a posting in their order.
pub(super) async fn questions(db: &AnyPool, posting: PostingId) -> sqlx::Result<Vec<Question>> {
    sqlx::query_as(QUESTIONS).bind(posting).fetch_all(db).await
}

/// The version of the questions of a posting together; 0 if there never were any.
pub(super) async fn set_version(db: &AnyPool, posting: PostingId) -> sqlx::Result<i64> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT version FROM judging_sets WHERE posting_id = $1").bind(posting).fetch_optional(db).await?;
    Ok(row.map_or(0, |r| r.0))
}

/// Puts questions in the place of those of a posting, if it has still the version that was seen.
pub(super) async fn put_questions(
    db: &Db,
    posting: PostingId,
    seen: i64,
    plan: impl FnOnce(&[Question]) -> Vec<Question>,
    (by, now): (AccountId, Millis),
) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let done = sqlx::query(
        "INSERT INTO judging_sets (posting_id, version, changed_by, changed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (posting_id) DO UPDATE SET version = excluded.version, changed_by = excluded.changed_by, \
         changed_at = excluded.changed_at WHERE judging_sets.version = $5",
    )
    .bind(posting)
    .bind(seen + 1)
    .bind(by)
    .bind(now)
    .bind(seen)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let stored: Vec<Question> = sqlx::query_as(QUESTIONS).bind(posting).fetch_all(&mut *tx).await?;
    sqlx::query("DELETE FROM judging_questions WHERE posting_id = $1").bind(posting).execute(&mut *tx).await?;
    for (n, question) in (0_i64..).zip(plan(&stored)) {
        sqlx::query("INSERT INTO judging_questions (id, posting_id, n, version, text_zh, text_en) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(question.id)
            .bind(posting)
            .bind(n)
            .bind(question.version)
            .bind(&question.text_zh)
            .bind(&question.text_en)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// For which posting an interview was booked, and for which it is judged otherwise.
pub(super) async fn topic(db: &AnyPool, interview: InterviewId) -> sqlx::Result<(Option<PostingId>, Option<PostingId>)> {
    let (booked, chosen): (Option<String>, Option<String>) = sqlx::query_as(
        "SELECT i.posting_id, t.posting_id FROM interviews i LEFT JOIN judging_topics t ON t.interview_id = i.id WHERE i.id = $1",
    )
    .bind(interview)
    .fetch_one(db)
    .await?;
    let parse = |id: Option<String>| id.and_then(|id| id.parse().ok());
    Ok((parse(booked), parse(chosen)))
}

pub(super) async fn set_topic(db: &AnyPool, interview: InterviewId, posting: PostingId) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO judging_topics (interview_id, posting_id) VALUES ($1, $2) \
         ON CONFLICT (interview_id) DO UPDATE SET posting_id = excluded.posting_id",
    )
    .bind(interview)
    .bind(posting)
    .execute(db)
    .await
    .map(|_| ())
}

/// Notes what an interview was judged for, unless somebody has chosen.
pub(super) async fn note_topic(tx: &mut Transaction<'_, Any>, interview: InterviewId, posting: PostingId) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO judging_topics (interview_id, posting_id) VALUES ($1, $2) ON CONFLICT (interview_id) DO NOTHING")
        .bind(interview)
        .bind(posting)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// For which postings of the employer at the fair the candidate applied.
pub(super) async fn applied_for(db: &AnyPool, interview: &Interview) -> sqlx::Result<Vec<PostingId>> {
    let rows: Vec<(PostingId,)> = sqlx::query_as(
        "SELECT posting_id FROM applications WHERE account_id = $1 AND employer_id = $2 AND fair_id = $3 AND status <> 'withdrawn' LIMIT 2",
    )
    .bind(interview.seeker_id)
    .bind(interview.employer_id)
    .bind(interview.fair_id)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

pub(super) async fn application(db: &AnyPool, posting: PostingId, seeker: AccountId) -> sqlx::Result<Option<ApplicationId>> {
    let row: Option<(ApplicationId,)> = sqlx::query_as("SELECT id FROM applications WHERE posting_id = $1 AND account_id = $2")
        .bind(posting)
        .bind(seeker)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|r| r.0))
}

pub(super) async fn sheet(db: &AnyPool, interview: InterviewId, judge: AccountId) -> sqlx::Result<Option<Sheet>> {
    sqlx::query_as(select_sheet!("WHERE s.interview_id = $1 AND s.judge_id = $2")).bind(interview).bind(judge).fetch_optional(db).await
}

pub(super) async fn ratings_of(db: &AnyPool, interview: InterviewId, judge: AccountId) -> sqlx::Result<Vec<Rating>> {
    sqlx::query_as(select_rating!("WHERE r.interview_id = $1 AND r.judge_id = $2 ORDER BY r.n, r.question_id"))
        .bind(interview)
        .bind(judge)
        .fetch_all(db)
        .await
}

/// A sheet to be stored.
pub(super) struct Written<'a> {
    pub(super) interview: InterviewId,
    pub(super) judge: AccountId,
    pub(super) answers: &'a Answers,
    pub(super) sealed_notes: &'a str,
    pub(super) now: Millis,
}

/// Stores a sheet with its ratings; its new version, or none if another page wrote meanwhile. What was decided stays until the next decision.
pub(super) async fn put_sheet(tx: &mut Transaction<'_, Any>, new: &Written<'_>, questions: &[Question]) -> sqlx::Result<Option<i64>> {
    let row: Option<(i64,)> = sqlx::query_as(
        "INSERT INTO judging_sheets (interview_id, judge_id, version, tab, sealed_notes, next_step, decided_at, updated_at) \
         VALUES ($1, $2, 1, $3, $4, $5, $6, $7) ON CONFLICT (interview_id, judge_id) DO UPDATE SET \
         version = judging_sheets.version + 1, tab = excluded.tab, sealed_notes = excluded.sealed_notes, \
         next_step = CASE WHEN judging_sheets.decided_at IS NULL OR excluded.decided_at IS NOT NULL THEN excluded.next_step \
         ELSE judging_sheets.next_step END, decided_at = COALESCE(excluded.decided_at, judging_sheets.decided_at), \
         updated_at = excluded.updated_at \
         WHERE judging_sheets.version = $8 OR (judging_sheets.tab = $3 AND judging_sheets.tab <> '') RETURNING version",
    )
    .bind(new.interview)
    .bind(new.judge)
    .bind(&new.answers.tab)
    .bind(new.sealed_notes)
    .bind(new.answers.next_step.map_or("", |s| s.name()))
    .bind(new.answers.decision.map(|_| new.now))
    .bind(new.now)
    .bind(new.answers.seen)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((version,)) = row else { return Ok(None) };
    for given in &new.answers.given {
        let place = questions.iter().position(|q| q.id == given.question);
        match place.filter(|_| given.stars > 0) {
            Some(n) => put_rating(tx, new, (n as i64, &questions[n]), given.stars).await?,
            None => {
                sqlx::query("DELETE FROM judging_ratings WHERE interview_id = $1 AND judge_id = $2 AND question_id = $3")
                    .bind(new.interview)
                    .bind(new.judge)
                    .bind(given.question)
                    .execute(&mut **tx)
                    .await?;
            }
        }
    }
    Ok(Some(version))
}

async fn put_rating(tx: &mut Transaction<'_, Any>, new: &Written<'_>, (n, question): (i64, &Question), stars: i64) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO judging_ratings (interview_id, judge_id, question_id, version, n, text_zh, text_en, stars) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (interview_id, judge_id, question_id) DO UPDATE SET \
         version = excluded.version, n = excluded.n, text_zh = excluded.text_zh, text_en = excluded.text_en, stars = excluded.stars",
    )
    .bind(new.interview)
    .bind(new.judge)
    .bind(question.id)
    .bind(question.version)
    .bind(n)
    .bind(&question.text_zh)
    .bind(&question.text_en)
    .bind(stars)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn is_decided(db: &AnyPool, interview: InterviewId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT version FROM judging_sheets WHERE interview_id = $1 AND decided_at IS NOT NULL LIMIT 1")
            .bind(interview)
            .fetch_optional(db)
            .await?;
    Ok(row.is_some())
}

/// An interview in an overview.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Interviewed {
    pub(super) id: InterviewId,
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) starts_at: Millis,
    pub(super) until: Millis,
    pub(super) seeker_joined_at: Option<Millis>,
    pub(super) employer_joined_at: Option<Millis>,
    pub(super) ended_at: Option<Millis>,
    /// Of the application for the posting; empty if there is none.
    pub(super) status: String,
}

macro_rules! select_interviewed {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, s.name, f.zone, i.starts_at, i.ends_at + i.extended AS until, i.seeker_joined_at, i.employer_joined_at, i.ended_at, \
             COALESCE(a.status, '') AS status FROM interviews i JOIN accounts s ON s.id = i.seeker_id JOIN fairs f ON f.id = i.fair_id \
             LEFT JOIN judging_topics t ON t.interview_id = i.id \
             LEFT JOIN applications a ON a.posting_id = COALESCE(i.posting_id, t.posting_id) AND a.account_id = i.seeker_id ",
            $rest
        )
    };
}

/// The interviews for a posting that were not cancelled, except those of one person.
pub(super) async fn interviewed(
    db: &AnyPool,
    (posting, employer): (PostingId, EmployerId),
    except: AccountId,
) -> sqlx::Result<Vec<Interviewed>> {
    sqlx::query_as(select_interviewed!(
        "WHERE i.employer_id = $1 AND COALESCE(i.posting_id, t.posting_id) = $2 AND i.cancelled_at IS NULL AND i.seeker_id <> $3 \
         ORDER BY i.starts_at, i.id LIMIT 500"
    ))
    .bind(employer)
    .bind(posting)
    .bind(except)
    .fetch_all(db)
    .await
}

/// The interviews of an employer since a time in which both came and about which nobody has decided, latest first.
pub(super) async fn undecided(db: &AnyPool, employer: EmployerId, since: Millis, except: AccountId) -> sqlx::Result<Vec<Interviewed>> {
    sqlx::query_as(select_interviewed!(
        "WHERE i.employer_id = $1 AND i.starts_at >= $2 AND i.cancelled_at IS NULL AND i.seeker_id <> $3 \
         AND i.seeker_joined_at IS NOT NULL AND i.employer_joined_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM judging_sheets d WHERE d.interview_id = i.id AND d.decided_at IS NOT NULL) \
         ORDER BY i.starts_at DESC, i.id DESC LIMIT 200"
    ))
    .bind(employer)
    .bind(since)
    .bind(except)
    .fetch_all(db)
    .await
}

/// The sheets of interviews for a posting.
pub(super) async fn sheets(db: &AnyPool, posting: PostingId) -> sqlx::Result<Vec<Sheet>> {
    sqlx::query_as(select_sheet!(
        "JOIN interviews i ON i.id = s.interview_id LEFT JOIN judging_topics t ON t.interview_id = i.id \
         WHERE COALESCE(i.posting_id, t.posting_id) = $1 AND i.cancelled_at IS NULL ORDER BY s.interview_id, a.name, s.judge_id"
    ))
    .bind(posting)
    .fetch_all(db)
    .await
}

/// The ratings on them.
pub(super) async fn ratings(db: &AnyPool, posting: PostingId) -> sqlx::Result<Vec<Rating>> {
    sqlx::query_as(select_rating!(
        "JOIN interviews i ON i.id = r.interview_id LEFT JOIN judging_topics t ON t.interview_id = i.id \
         WHERE COALESCE(i.posting_id, t.posting_id) = $1 AND i.cancelled_at IS NULL ORDER BY r.n, r.question_id, r.version"
    ))
    .bind(posting)
    .fetch_all(db)
    .await
}

/// An interview of which its recruiter is to be reminded.
#[derive(sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) id: InterviewId,
    pub(super) employer_id: EmployerId,
    pub(super) recruiter_id: AccountId,
    pub(super) name: String,
}

/// Interviews that ended within `(after, before]`, with questions to rate or a sheet begun, about which nobody has decided here or on the
/// list of applications, and of which nobody was reminded.
pub(super) async fn waiting(db: &AnyPool, after: Millis, before: Millis) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as(
        "SELECT i.id, i.employer_id, i.recruiter_id, s.name FROM interviews i JOIN accounts s ON s.id = i.seeker_id \
         LEFT JOIN judging_topics t ON t.interview_id = i.id \
         WHERE i.cancelled_at IS NULL AND i.seeker_joined_at IS NOT NULL AND i.employer_joined_at IS NOT NULL \
         AND COALESCE(i.ended_at, i.ends_at + i.extended) > $1 AND COALESCE(i.ended_at, i.ends_at + i.extended) <= $2 \
         AND NOT EXISTS (SELECT 1 FROM judging_reminders m WHERE m.interview_id = i.id) \
         AND NOT EXISTS (SELECT 1 FROM judging_sheets d WHERE d.interview_id = i.id AND d.decided_at IS NOT NULL) \
         AND (EXISTS (SELECT 1 FROM judging_sheets d WHERE d.interview_id = i.id) \
              OR EXISTS (SELECT 1 FROM judging_questions q WHERE q.posting_id = COALESCE(i.posting_id, t.posting_id))) \
         AND NOT EXISTS (SELECT 1 FROM applications a WHERE a.posting_id = COALESCE(i.posting_id, t.posting_id) \
              AND a.account_id = i.seeker_id AND a.status IN ('offer', 'hired', 'rejected', 'withdrawn')) \
         ORDER BY i.id LIMIT 50",
    )
    .bind(after)
    .bind(before)
    .fetch_all(db)
    .await
}

/// Notes that somebody is reminded; false if somebody was.
pub(super) async fn note_reminder<'e>(db: impl Executor<'e, Database = Any>, interview: InterviewId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("INSERT INTO judging_reminders (interview_id, at) VALUES ($1, $2) ON CONFLICT (interview_id) DO NOTHING")
        .bind(interview)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
