//! All SQL of recordings.

use super::consent::{Answer, Consent};
use super::{Reason, Why};
use crate::clock::Millis;
use crate::ids::{AccountId, BlobId, InterviewId};
use crate::media::record::{Picture, TrackCodec};
use sqlx::{Any, AnyPool, Executor, Transaction};

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "recordings",
        "SELECT r.interview_id, r.bytes, r.erase_at, r.erased_at, r.erased_why FROM recordings r \
         JOIN interview_people p ON p.interview_id = r.interview_id WHERE p.person_id = $1",
    ),
    (
        "recording_consents",
        "SELECT interview_id, text_version, answer, at, withdrawn_at FROM recording_consents WHERE person_id = $1 ORDER BY at",
    ),
    (
        "recording_views",
        "SELECT v.interview_id, a.name AS who, v.at, v.kind FROM recording_views v JOIN accounts a ON a.id = v.person_id \
         JOIN interview_people p ON p.interview_id = v.interview_id AND p.person_id = $1 ORDER BY v.at",
    ),
    (
        "recording_segments",
        "SELECT interview_id, run, seq, starts_at AS starts, ends_at AS ends, codec, bytes, stored_at FROM recording_segments \
         WHERE person_id = $1 ORDER BY interview_id, run, seq",
    ),
];

/// That somebody asked to record.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Request {
    pub(super) asked_by: AccountId,
    pub(super) stopped_at: Option<Millis>,
}

pub(super) async fn request(db: &AnyPool, id: InterviewId) -> sqlx::Result<Option<Request>> {
    sqlx::query_as("SELECT asked_by, stopped_at FROM recording_requests WHERE interview_id = $1").bind(id).fetch_optional(db).await
}

pub(super) async fn put_request(tx: &mut Transaction<'_, Any>, id: InterviewId, by: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO recording_requests (interview_id, asked_by, asked_at) VALUES ($1, $2, $3) \
         ON CONFLICT (interview_id) DO UPDATE SET asked_by = excluded.asked_by, asked_at = excluded.asked_at, stopped_at = NULL",
    )
    .bind(id)
    .bind(by)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// False if it was stopped already, or nobody asked.
pub(super) async fn stop_request<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE recording_requests SET stopped_at = $2 WHERE interview_id = $1 AND stopped_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Interviews for which somebody asked since a time and nobody has stopped it.
pub(super) async fn asked_since(db: &AnyPool, since: Millis) -> sqlx::Result<Vec<InterviewId>> {
    let rows: Vec<(InterviewId,)> =
        sqlx::query_as("SELECT interview_id FROM recording_requests WHERE stopped_at IS NULL AND asked_at > $1 LIMIT 1000")
            .bind(since)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn consents(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<Consent>> {
    sqlx::query_as(
        "SELECT c.person_id, a.name, c.answer, c.at, c.withdrawn_at FROM recording_consents c JOIN accounts a ON a.id = c.person_id \
         WHERE c.interview_id = $1 ORDER BY c.at, c.person_id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

pub(super) struct Given<'a> {
    pub(super) interview: InterviewId,
    pub(super) person: AccountId,
    pub(super) answer: Answer,
    pub(super) lang: &'a str,
    pub(super) version: &'a str,
    pub(super) at: Millis,
}

pub(super) async fn put_consent(tx: &mut Transaction<'_, Any>, given: &Given<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO recording_consents (interview_id, person_id, text_version, lang, answer, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (interview_id, person_id) DO UPDATE SET text_version = excluded.text_version, lang = excluded.lang, \
         answer = excluded.answer, at = excluded.at, withdrawn_at = NULL",
    )
    .bind(given.interview)
    .bind(given.person)
    .bind(given.version)
    .bind(given.lang)
    .bind(given.answer.name())
    .bind(given.at)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// False if there is no consent that lives.
pub(super) async fn withdraw(tx: &mut Transaction<'_, Any>, id: InterviewId, person: AccountId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE recording_consents SET withdrawn_at = $3 WHERE interview_id = $1 AND person_id = $2 AND answer = 'yes' AND withdrawn_at IS NULL",
    )
    .bind(id)
    .bind(person)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What there is of an interview in all.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) bytes: i64,
    pub(super) erase_at: Millis,
    pub(super) erased_at: Option<Millis>,
    pub(super) erased_why: String,
}

pub(super) async fn recording(db: &AnyPool, id: InterviewId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as("SELECT bytes, erase_at, erased_at, erased_why FROM recordings WHERE interview_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Notes that recording begins; which run it is.
pub(super) async fn begin(tx: &mut Transaction<'_, Any>, id: InterviewId, now: Millis, erase_at: Millis) -> sqlx::Result<i64> {
    sqlx::query(
        "INSERT INTO recordings (interview_id, bytes, erase_at, erased_why) VALUES ($1, 0, $2, '') \
         ON CONFLICT (interview_id) DO UPDATE SET erase_at = excluded.erase_at, erased_at = NULL, erased_why = ''",
    )
    .bind(id)
    .bind(erase_at)
    .execute(&mut **tx)
    .await?;
    let (n,): (i64,) =
        sqlx::query_as("SELECT COALESCE(MAX(n), 0) + 1 FROM recording_runs WHERE interview_id = $1").bind(id).fetch_one(&mut **tx).await?;
    sqlx::query("INSERT INTO recording_runs (interview_id, n, started_at, reason) VALUES ($1, $2, $3, '')")
        .bind(id)
        .bind(n)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(n)
}

pub(super) async fn end(
    tx: &mut Transaction<'_, Any>,
    (id, n): (InterviewId, i64),
    now: Millis,
    reason: Reason,
    erase_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE recording_runs SET ended_at = $3, reason = $4 WHERE interview_id = $1 AND n = $2 AND ended_at IS NULL")
        .bind(id)
        .bind(n)
        .bind(now)
        .bind(reason.name())
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE recordings SET erase_at = $2 WHERE interview_id = $1").bind(id).bind(erase_at).execute(&mut **tx).await.map(|_| ())
}

/// Runs that nobody seems to record any more: their server died. They ended when something was stored last.
pub(super) async fn close_lost(db: &AnyPool, silent_since: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE recording_runs SET reason = 'lost', ended_at = COALESCE((SELECT MAX(s.stored_at) FROM recording_segments s \
         WHERE s.interview_id = recording_runs.interview_id AND s.run = recording_runs.n), started_at) \
         WHERE ended_at IS NULL AND started_at < $1 AND NOT EXISTS (SELECT 1 FROM recording_segments s \
         WHERE s.interview_id = recording_runs.interview_id AND s.run = recording_runs.n AND s.stored_at >= $1)",
    )
    .bind(silent_since)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct RunRow {
    pub(super) n: i64,
    pub(super) started_at: Millis,
    pub(super) ended_at: Option<Millis>,
    pub(super) reason: String,
}

pub(super) async fn runs(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as("SELECT n, started_at, ended_at, reason FROM recording_runs WHERE interview_id = $1 ORDER BY n")
        .bind(id)
        .fetch_all(db)
        .await
}

/// A stored piece.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) blob_id: BlobId,
    pub(super) run: i64,
    pub(super) person_id: AccountId,
    pub(super) seq: i64,
    pub(super) starts_at: i64,
    pub(super) ends_at: i64,
    codec: String,
    width: i64,
    height: i64,
    private: String,
    pub(super) bytes: i64,
    pub(super) head: i64,
    pub(super) digest: String,
}

impl Stored {
    pub(super) fn picture(&self) -> Option<Picture> {
        let codec = TrackCodec::parse(&self.codec).filter(|codec| *codec != TrackCodec::Opus)?;
        let (width, height) = (u32::try_from(self.width).ok()?, u32::try_from(self.height).ok()?);
        Some(Picture { codec, width, height, private: super::keep::from_hex(&self.private)? })
    }
}

pub(super) struct NewSegment<'a> {
    pub(super) interview: InterviewId,
    pub(super) run: i64,
    pub(super) person: AccountId,
    pub(super) seq: i64,
    pub(super) segment: &'a crate::media::record::Segment,
    pub(super) size: i64,
    pub(super) blob: BlobId,
    pub(super) digest: &'a str,
    pub(super) now: Millis,
}

/// Notes a piece whose blob is durable; false if the interview has as much as it may, or was erased.
pub(super) async fn insert_segment(tx: &mut Transaction<'_, Any>, new: &NewSegment<'_>, most: i64) -> sqlx::Result<bool> {
    let (segment, size) = (new.segment, new.size);
    let done = sqlx::query("UPDATE recordings SET bytes = bytes + $2 WHERE interview_id = $1 AND erased_at IS NULL AND bytes + $2 <= $3")
        .bind(new.interview)
        .bind(size)
        .bind(most)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let picture = segment.picture.as_ref();
    sqlx::query(
        "INSERT INTO recording_segments (blob_id, interview_id, run, person_id, seq, starts_at, ends_at, codec, width, height, private, bytes, \
         head, digest, stored_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(new.blob)
    .bind(new.interview)
    .bind(new.run)
    .bind(new.person)
    .bind(new.seq)
    .bind(segment.begins_at)
    .bind(segment.ends_at)
    .bind(picture.map_or(TrackCodec::Opus, |p| p.codec).name())
    .bind(picture.map_or(0, |p| i64::from(p.width)))
    .bind(picture.map_or(0, |p| i64::from(p.height)))
    .bind(super::keep::hex(picture.map_or(&[][..], |p| &p.private)))
    .bind(size)
    .bind(segment.head as i64)
    .bind(new.digest)
    .bind(new.now)
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

const SEGMENTS: &str = "SELECT blob_id, run, person_id, seq, starts_at, ends_at, codec, width, height, private, bytes, head, digest \
     FROM recording_segments WHERE interview_id = $1 ORDER BY run, person_id, seq";

pub(super) async fn segments(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<Stored>> {
    sqlx::query_as(SEGMENTS).bind(id).fetch_all(db).await
}

/// Takes the rows of all that is recorded of an interview away; the blobs that are of no use then, or none if there was nothing.
pub(super) async fn erase(tx: &mut Transaction<'_, Any>, id: InterviewId, now: Millis, why: Why) -> sqlx::Result<Option<Vec<BlobId>>> {
    let done =
        sqlx::query("UPDATE recordings SET erased_at = $2, erased_why = $3, bytes = 0 WHERE interview_id = $1 AND erased_at IS NULL")
            .bind(id)
            .bind(now)
            .bind(why.name())
            .execute(&mut **tx)
            .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let blobs: Vec<(BlobId,)> =
        sqlx::query_as("SELECT blob_id FROM recording_segments WHERE interview_id = $1").bind(id).fetch_all(&mut **tx).await?;
    sqlx::query("DELETE FROM recording_segments WHERE interview_id = $1").bind(id).execute(&mut **tx).await?;
    Ok(Some(blobs.into_iter().map(|row| row.0).collect()))
}

/// Interviews whose recordings have been kept for their time.
pub(super) async fn due(db: &AnyPool, now: Millis) -> sqlx::Result<Vec<InterviewId>> {
    let rows: Vec<(InterviewId,)> =
        sqlx::query_as("SELECT interview_id FROM recordings WHERE erased_at IS NULL AND erase_at <= $1 ORDER BY erase_at LIMIT 100")
            .bind(now)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn is_stored(db: &AnyPool, blob: BlobId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT bytes FROM recording_segments WHERE blob_id = $1").bind(blob).fetch_optional(db).await?;
    Ok(row.is_some())
}

/// A look at a recording.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) at: Millis,
    pub(super) kind: String,
}

pub(super) async fn insert_view(db: &AnyPool, id: InterviewId, person: AccountId, now: Millis, kind: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO recording_views (id, interview_id, person_id, at, kind) VALUES ($1, $2, $3, $4, $5)")
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(id)
        .bind(person)
        .bind(now)
        .bind(kind)
        .execute(db)
        .await
        .map(|_| ())
}

/// Whether somebody's look since a time is noted.
pub(super) async fn looked_since(db: &AnyPool, id: InterviewId, person: AccountId, since: Millis) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT at FROM recording_views WHERE interview_id = $1 AND person_id = $2 AND at >= $3 LIMIT 1")
            .bind(id)
            .bind(person)
            .bind(since)
            .fetch_optional(db)
            .await?;
    Ok(row.is_some())
}

/// The looks at a recording, latest first.
pub(super) async fn views(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<View>> {
    sqlx::query_as(
        "SELECT a.name, v.at, v.kind FROM recording_views v JOIN accounts a ON a.id = v.person_id \
         WHERE v.interview_id = $1 ORDER BY v.at DESC, v.id DESC LIMIT 500",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// A piece and where it belongs: its blob, interview, run, person and number.
pub(super) type Piece = (BlobId, InterviewId, i64, AccountId, i64);

/// Pieces by their blobs, after one of them.
pub(super) async fn pieces(db: &AnyPool, after: &str, most: i64) -> sqlx::Result<Vec<Piece>> {
    sqlx::query_as("SELECT blob_id, interview_id, run, person_id, seq FROM recording_segments WHERE blob_id > $1 ORDER BY blob_id LIMIT $2")
        .bind(after)
        .bind(most)
        .fetch_all(db)
        .await
}

/// Puts another file with its signature in the place of one.
pub(super) async fn rename_piece(db: &AnyPool, old: BlobId, (new, digest): (BlobId, &str)) -> sqlx::Result<u64> {
    let done = sqlx::query("UPDATE recording_segments SET blob_id = $2, digest = $3 WHERE blob_id = $1");
    Ok(done.bind(old).bind(new).bind(digest).execute(db).await?.rows_affected())
}
