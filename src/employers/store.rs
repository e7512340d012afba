//! All SQL of employers' papers and people.

use super::form::Draft;
use super::invitations::{Invitation, NewInvitation};
use super::{Paper, Verification};
use crate::clock::Millis;
use crate::ids::{AccountId, BlobId, EmployerId, FairId};
use sqlx::{Any, AnyConnection, AnyPool, Executor};

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[
    crate::db::Sealed::new("employer_verifications", "employer_id", "publisher_phone"),
    crate::db::Sealed::new("employer_invitations", "id", "contact").found_by("lookup", |text| Some(text.to_owned())),
];

macro_rules! columns {
    () => {
        "v.kind, v.legal_name, v.credit_code, v.licence_number, v.licence_until, v.publisher_name, v.publisher_position, v.publisher_phone, \
         v.phone_proven_at, v.authorised_until, v.stage, v.reasons, v.version, v.submitted_at, v.decided_at, v.verified_at, v.verified_until, \
         v.verified_kind, v.verified_name, v.limited_by, v.suspended_at, v.suspended_why"
    };
}

pub(super) async fn verification(db: &AnyPool, id: EmployerId) -> sqlx::Result<Option<Verification>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM employer_verifications v WHERE v.employer_id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

#[derive(sqlx::FromRow)]
struct OfEmployer {
    employer_id: EmployerId,
    #[sqlx(flatten)]
    verification: Verification,
}

pub(super) async fn of_fair(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(EmployerId, Verification)>> {
    let rows: Vec<OfEmployer> = sqlx::query_as(concat!(
        "SELECT v.employer_id, ",
        columns!(),
        " FROM employer_verifications v JOIN fair_employers f ON f.employer_id = v.employer_id WHERE f.fair_id = $1 AND f.state = 'approved'"
    ))
    .bind(fair)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.employer_id, row.verification)).collect())
}

/// Stores what was declared if the row still has `version`; a first one is made. `phone` is sealed.
pub(super) async fn put_draft(
    db: &AnyPool,
    id: EmployerId,
    d: &Draft,
    (phone, proven_at): (&str, Millis),
    version: i64,
    now: Millis,
) -> sqlx::Result<bool> {
    let sql = if version == 0 {
        "INSERT INTO employer_verifications (employer_id, kind, legal_name, credit_code, licence_number, licence_until, publisher_name, \
         publisher_position, publisher_phone, phone_proven_at, authorised_until, updated_at, version, stage, reasons, submitted_at, decided_at, \
         verified_at, verified_until, verified_kind, verified_name, limited_by, reminded, suspended_at, suspended_why) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 + 1, 'draft', '{}', 0, 0, 0, 0, 'direct', '', '', 0, 0, '') \
         ON CONFLICT (employer_id) DO NOTHING"
    } else {
        "UPDATE employer_verifications SET kind = $2, legal_name = $3, credit_code = $4, licence_number = $5, licence_until = $6, \
         publisher_name = $7, publisher_position = $8, publisher_phone = $9, phone_proven_at = $10, authorised_until = $11, updated_at = $12, \
         version = $13 + 1, stage = CASE WHEN stage = 'returned' THEN 'returned' ELSE 'draft' END WHERE employer_id = $1 AND version = $13"
    };
    let done = sqlx::query(sql)
        .bind(id)
        .bind(d.kind.name())
        .bind(&d.legal_name)
        .bind(&d.credit_code)
        .bind(&d.licence_number)
        .bind(d.licence_until)
        .bind(&d.publisher_name)
        .bind(&d.publisher_position)
        .bind(phone)
        .bind(proven_at)
        .bind(d.authorised_until)
        .bind(now)
        .bind(version)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn prove_phone(db: &AnyPool, id: EmployerId, version: i64, now: Millis) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_verifications SET phone_proven_at = $3, version = version + 1 WHERE employer_id = $1 AND version = $2";
    Ok(sqlx::query(sql).bind(id).bind(version).bind(now).execute(db).await?.rows_affected() == 1)
}

pub(super) async fn submit(db: &AnyPool, id: EmployerId, version: i64, now: Millis) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_verifications SET stage = 'submitted', reasons = '{}', submitted_at = $3, version = version + 1 \
               WHERE employer_id = $1 AND version = $2";
    Ok(sqlx::query(sql).bind(id).bind(version).bind(now).execute(db).await?.rows_affected() == 1)
}

pub(super) async fn approve(
    db: &mut AnyConnection,
    id: EmployerId,
    version: i64,
    now: Millis,
    until: Millis,
    limited_by: &str,
) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_verifications SET stage = 'approved', reasons = '{}', decided_at = $3, verified_at = $3, verified_until = $4, \
               limited_by = $5, verified_kind = kind, verified_name = legal_name, reminded = 0, version = version + 1 \
               WHERE employer_id = $1 AND version = $2 AND stage = 'submitted'";
    Ok(sqlx::query(sql).bind(id).bind(version).bind(now).bind(until).bind(limited_by).execute(db).await?.rows_affected() == 1)
}

pub(super) async fn send_back(db: &mut AnyConnection, id: EmployerId, version: i64, now: Millis, reasons: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_verifications SET stage = 'returned', reasons = $4, decided_at = $3, version = version + 1 \
               WHERE employer_id = $1 AND version = $2 AND stage = 'submitted'";
    Ok(sqlx::query(sql).bind(id).bind(version).bind(now).bind(reasons).execute(db).await?.rows_affected() == 1)
}

/// All that are suspended now.
pub(super) async fn suspended(db: &AnyPool) -> sqlx::Result<Vec<(EmployerId,)>> {
    sqlx::query_as("SELECT employer_id FROM employer_verifications WHERE suspended_at > 0").fetch_all(db).await
}

/// Suspends an employer, also one that never handed anything in, or ends that with `at` 0.
pub(super) async fn suspend(db: &mut AnyConnection, id: EmployerId, at: Millis, why: &str) -> sqlx::Result<bool> {
    let sql = "INSERT INTO employer_verifications (employer_id, kind, legal_name, credit_code, licence_number, licence_until, publisher_name, \
               publisher_position, publisher_phone, phone_proven_at, authorised_until, updated_at, version, stage, reasons, submitted_at, \
               decided_at, verified_at, verified_until, verified_kind, verified_name, limited_by, reminded, suspended_at, suspended_why) \
               VALUES ($1, 'direct', '', '', '', 0, '', '', '', 0, 0, $2, 1, 'draft', '{}', 0, 0, 0, 0, 'direct', '', '', 0, $2, $3) \
               ON CONFLICT (employer_id) DO UPDATE SET suspended_at = excluded.suspended_at, suspended_why = excluded.suspended_why, \
               version = employer_verifications.version + 1";
    Ok(sqlx::query(sql).bind(id).bind(at).bind(why).execute(db).await?.rows_affected() == 1)
}

/// An employer whose verification ends soon.
#[derive(sqlx::FromRow)]
pub(super) struct Ending {
    pub(super) employer_id: EmployerId,
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) verified_until: Millis,
    pub(super) limited_by: String,
    pub(super) reminded: i64,
}

pub(super) async fn ending(db: &AnyPool, now: Millis, before: Millis) -> sqlx::Result<Vec<Ending>> {
    sqlx::query_as(
        "SELECT v.employer_id, e.name_zh, e.name_en, v.verified_until, v.limited_by, v.reminded FROM employer_verifications v \
         JOIN employers e ON e.id = v.employer_id WHERE v.verified_until > $1 AND v.verified_until <= $2 AND v.reminded <> 7 \
         ORDER BY v.verified_until LIMIT 500",
    )
    .bind(now)
    .bind(before)
    .fetch_all(db)
    .await
}

/// Notes which reminder was sent of an end, unless it was before or the end has moved.
pub(super) async fn note_reminder(db: &mut AnyConnection, e: &Ending, days: i64) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_verifications SET reminded = $4 WHERE employer_id = $1 AND verified_until = $2 AND reminded = $3";
    let done = sqlx::query(sql).bind(e.employer_id).bind(e.verified_until).bind(e.reminded).bind(days).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// The papers that count now, in the order in which they are asked for.
pub(super) async fn papers(db: &AnyPool, id: EmployerId) -> sqlx::Result<Vec<Paper>> {
    sqlx::query_as(
        "SELECT blob_id, employer_id, kind, mime, size, at FROM employer_papers WHERE employer_id = $1 AND replaced_at = 0 \
         ORDER BY CASE kind WHEN 'licence' THEN 0 WHEN 'hr-licence' THEN 1 ELSE 2 END",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

pub(super) async fn paper(db: &AnyPool, id: BlobId) -> sqlx::Result<Option<Paper>> {
    sqlx::query_as("SELECT blob_id, employer_id, kind, mime, size, at FROM employer_papers WHERE blob_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// All papers, replaced ones too.
pub(super) async fn all_papers(db: &AnyPool) -> sqlx::Result<Vec<Paper>> {
    sqlx::query_as("SELECT blob_id, employer_id, kind, mime, size, at FROM employer_papers ORDER BY blob_id").fetch_all(db).await
}

/// Puts another file in the place of one.
pub(super) async fn rename_paper(db: &AnyPool, old: BlobId, new: BlobId) -> sqlx::Result<u64> {
    let done = sqlx::query("UPDATE employer_papers SET blob_id = $2 WHERE blob_id = $1").bind(old).bind(new).execute(db).await?;
    Ok(done.rows_affected())
}

/// Adds a paper in the place of the one of its kind. What waited for a decision is a draft again: it was about other papers.
pub(super) async fn put_paper(db: &mut AnyConnection, p: &Paper, by: AccountId) -> sqlx::Result<()> {
    sqlx::query("UPDATE employer_papers SET replaced_at = $3 WHERE employer_id = $1 AND kind = $2 AND replaced_at = 0")
        .bind(p.employer_id)
        .bind(p.kind.name())
        .bind(p.at)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO employer_papers (blob_id, employer_id, kind, mime, size, at, sent_by, replaced_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
    )
    .bind(p.blob_id)
    .bind(p.employer_id)
    .bind(p.kind.name())
    .bind(&p.mime)
    .bind(p.size)
    .bind(p.at)
    .bind(by)
    .execute(&mut *db)
    .await?;
    sqlx::query("UPDATE employer_verifications SET stage = 'draft', version = version + 1 WHERE employer_id = $1 AND stage = 'submitted'")
        .bind(p.employer_id)
        .execute(db)
        .await
        .map(|_| ())
}

macro_rules! select_invitation {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.employer_id, i.contact, a.name AS inviter, i.created_at, i.expires_at, i.used_at, i.revoked_at \
             FROM employer_invitations i JOIN accounts a ON a.id = i.invited_by ",
            $rest
        )
    };
}

pub(super) async fn insert_invitation(db: &mut AnyConnection, i: &NewInvitation<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO employer_invitations (id, employer_id, token_hash, contact, lookup, invited_by, created_at, expires_at, used_at, used_by, \
         revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', 0)",
    )
    .bind(i.id.to_string())
    .bind(i.employer)
    .bind(i.token_hash)
    .bind(i.contact)
    .bind(i.lookup)
    .bind(i.by)
    .bind(i.now)
    .bind(i.until)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn invitation(db: &AnyPool, token_hash: &str) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as(select_invitation!("WHERE i.token_hash = $1")).bind(token_hash).fetch_optional(db).await
}

/// The invitations that somebody can still follow, newest first.
pub(super) async fn open_invitations(db: &AnyPool, id: EmployerId, now: Millis) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as(select_invitation!(
        "WHERE i.employer_id = $1 AND i.used_at = 0 AND i.revoked_at = 0 AND i.expires_at > $2 ORDER BY i.created_at DESC, i.id DESC LIMIT 50"
    ))
    .bind(id)
    .bind(now)
    .fetch_all(db)
    .await
}

/// Uses an invitation up; false if somebody did before, or it was taken back or has expired.
pub(super) async fn use_invitation(db: &mut AnyConnection, token_hash: &str, by: AccountId, now: Millis) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_invitations SET used_at = $3, used_by = $2 \
               WHERE token_hash = $1 AND used_at = 0 AND revoked_at = 0 AND expires_at > $3";
    Ok(sqlx::query(sql).bind(token_hash).bind(by).bind(now).execute(db).await?.rows_affected() == 1)
}

pub(super) async fn revoke_invitation<'e>(
    db: impl Executor<'e, Database = Any>,
    employer: EmployerId,
    id: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let sql = "UPDATE employer_invitations SET revoked_at = $3 WHERE id = $1 AND employer_id = $2 AND used_at = 0 AND revoked_at = 0";
    Ok(sqlx::query(sql).bind(id).bind(employer).bind(now).execute(db).await?.rows_affected() == 1)
}
