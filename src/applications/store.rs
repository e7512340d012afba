//! All SQL of applications.

use super::{Application, Listed, Profile, Resume, Status, Step};
use crate::clock::Millis;
use crate::ids::{AccountId, ApplicationId, EmployerId, FairId, PostingId};
use sqlx::{Any, AnyPool, Transaction};

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[
    crate::db::Sealed::new("profiles", "account_id", "sealed_contact"),
    crate::db::Sealed::new("applications", "id", "sealed_contact"),
    crate::db::Sealed::new("segregated", "account_id", "sealed"),
    crate::db::Sealed::new("application_notes", "id", "sealed"),
    crate::db::Sealed::new("application_messages", "id", "sealed"),
    crate::db::Sealed::new("resume_answers", "account_id", "sealed"),
];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "profiles",
        "SELECT name, sealed_contact, experience, resume_name, resume_size, voice_size, updated_at FROM profiles WHERE account_id = $1",
    ),
    (
        "applications",
        "SELECT a.id, p.title_zh AS title, e.name_zh AS employer, f.title_zh AS fair, a.name, a.sealed_contact, a.experience, a.note, \
         a.resume_name, a.resume_size, a.voice_size, a.station_id, a.consent, a.created_at FROM applications a JOIN postings p ON p.id = a.posting_id \
         JOIN employers e ON e.id = a.employer_id JOIN fairs f ON f.id = a.fair_id WHERE a.account_id = $1 ORDER BY a.created_at",
    ),
    ("resume_answers", "SELECT sealed AS sealed_answers, updated_at FROM resume_answers WHERE account_id = $1"),
    (
        "application_grants",
        "SELECT g.application_id, g.what, g.given_at, g.revoked_at FROM application_grants g \
         JOIN applications a ON a.id = g.application_id WHERE a.account_id = $1 ORDER BY g.given_at",
    ),
    (
        "offers",
        "SELECT o.application_id, o.version, o.pay, o.pay_unit, o.starts_on, o.report_on, o.place, o.bring, o.text, o.state, o.reason, \
         o.made_at, o.decided_at FROM offers o JOIN applications a ON a.id = o.application_id WHERE a.account_id = $1 ORDER BY o.made_at",
    ),
    ("application_reads", "SELECT application_id, upto FROM application_reads WHERE account_id = $1"),
    (
        "access_log",
        "SELECT t.subject AS application_id, t.at, w.name AS who, t.action, t.detail FROM audit t JOIN applications a ON a.id = t.subject \
         JOIN accounts w ON w.id = t.actor WHERE a.account_id = $1 AND t.action IN \
         ('application.contact', 'application.resume', 'application.voice', 'application.exported') ORDER BY t.at",
    ),
];

macro_rules! columns {
    () => {
        "a.id, a.posting_id, a.posting_version, a.employer_id, a.fair_id, a.account_id, a.name, a.sealed_contact, a.masked_contact, \
         a.experience, a.note, a.resume_id, a.resume_name, a.resume_kind, a.resume_size, a.resume_sealed, a.voice_id, a.voice_kind, a.voice_size, a.status, a.consent, \
         a.station_id, a.assignee_id, a.created_at, a.updated_at"
    };
}

macro_rules! select_listed {
    ($rest:literal) => {
        select_listed!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            $more,
            ", p.title_zh, p.title_en, e.name_zh AS employer_zh, e.name_en AS employer_en, f.zone, \
             f.ends_at AS fair_ends_at, g.what, g.given_at, g.revoked_at FROM applications a JOIN postings p ON p.id = a.posting_id \
             JOIN employers e ON e.id = a.employer_id JOIN fairs f ON f.id = a.fair_id JOIN application_grants g ON g.application_id = a.id ",
            $rest
        )
    };
}

pub(super) mod bulk;
pub(super) mod desk;
pub(super) mod files;
pub(super) mod grants;
pub(super) mod offers;
pub(super) mod personal;
pub(super) mod segregate;
pub(super) mod threads;

pub(super) async fn application(db: &AnyPool, id: ApplicationId) -> sqlx::Result<Option<Listed>> {
    sqlx::query_as(select_listed!("WHERE a.id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn of_account(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(select_listed!("WHERE a.account_id = $1 ORDER BY a.created_at DESC, a.id DESC LIMIT 200"))
        .bind(account)
        .fetch_all(db)
        .await
}

pub(super) async fn sent(db: &AnyPool, posting: PostingId, account: AccountId) -> sqlx::Result<Option<Application>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM applications a WHERE a.posting_id = $1 AND a.account_id = $2"))
        .bind(posting)
        .bind(account)
        .fetch_optional(db)
        .await
}

/// What became of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    /// Under which id.
    New(ApplicationId),
    /// The person has one for this posting that stands, or this very one was withdrawn.
    Before,
    /// Its resume has been replaced or forgotten meanwhile.
    ResumeGone,
}

/// Stores an application; a withdrawn one is sent anew under its id. `held`: only if the profile names these files, a
/// resume and a voice note, which nobody removes until this is stored.
pub(super) async fn insert(tx: &mut Transaction<'static, Any>, a: &Application, once: &str, held: [String; 2]) -> sqlx::Result<Inserted> {
    if held.iter().any(|id| !id.is_empty()) {
        let sql = "UPDATE profiles SET resume_id = resume_id WHERE account_id = $1 AND ($2 = '' OR resume_id = $2) AND ($3 = '' OR voice_id = $3)";
        let holds = sqlx::query(sql).bind(a.account_id).bind(&held[0]).bind(&held[1]).execute(&mut **tx).await?;
        if holds.rows_affected() == 0 {
            return Ok(Inserted::ResumeGone);
        }
    }
    let row: Option<(ApplicationId,)> = sqlx::query_as(
        "INSERT INTO applications (id, posting_id, posting_version, employer_id, fair_id, account_id, name, sealed_contact, masked_contact, \
         experience, note, resume_id, resume_name, resume_kind, resume_size, resume_sealed, status, consent, created_at, updated_at, once, \
         voice_id, voice_kind, voice_size, station_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20, $21, $22, $23, $24) \
         ON CONFLICT (posting_id, account_id) DO UPDATE SET posting_version = excluded.posting_version, name = excluded.name, \
         sealed_contact = excluded.sealed_contact, masked_contact = excluded.masked_contact, experience = excluded.experience, \
         note = excluded.note, resume_id = excluded.resume_id, resume_name = excluded.resume_name, resume_kind = excluded.resume_kind, \
         resume_size = excluded.resume_size, resume_sealed = excluded.resume_sealed, status = excluded.status, consent = excluded.consent, updated_at = excluded.updated_at, \
         once = excluded.once, voice_id = excluded.voice_id, voice_kind = excluded.voice_kind, voice_size = excluded.voice_size, \
         station_id = excluded.station_id \
         WHERE applications.status = 'withdrawn' AND (excluded.once = '' OR applications.once <> excluded.once) RETURNING id",
    )
    .bind(a.id)
    .bind(a.posting_id)
    .bind(a.posting_version)
    .bind(a.employer_id)
    .bind(a.fair_id)
    .bind(a.account_id)
    .bind(&a.name)
    .bind(&a.sealed_contact)
    .bind(&a.masked_contact)
    .bind(a.experience)
    .bind(&a.note)
    .bind(&a.resume.resume_id)
    .bind(&a.resume.resume_name)
    .bind(&a.resume.resume_kind)
    .bind(a.resume.resume_size)
    .bind(a.resume.resume_sealed)
    .bind(a.status.name())
    .bind(&a.consent)
    .bind(a.created_at)
    .bind(once)
    .bind(&a.voice.voice_id)
    .bind(&a.voice.voice_kind)
    .bind(a.voice.voice_size)
    .bind(&a.station_id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((id,)) = row else { return Ok(Inserted::Before) };
    grants::give(tx, id, super::grants::what(a), a.created_at).await?;
    add_step(tx, id, a.status, a.account_id, a.created_at).await?;
    Ok(Inserted::New(id))
}

/// Notes a step; its id.
async fn add_step(
    tx: &mut Transaction<'static, Any>,
    id: ApplicationId,
    status: Status,
    by: AccountId,
    at: Millis,
) -> sqlx::Result<String> {
    let step = uuid::Uuid::now_v7().to_string();
    sqlx::query("INSERT INTO application_steps (application_id, at, id, status, actor) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(at)
        .bind(&step)
        .bind(status.name())
        .bind(by)
        .execute(&mut **tx)
        .await?;
    Ok(step)
}

/// Moves an application on only from the status the caller saw; the id of its step. An offer that is open ends with the stage.
pub(super) async fn move_on(
    tx: &mut Transaction<'static, Any>,
    id: ApplicationId,
    (from, to): (Status, Status),
    by: AccountId,
    now: Millis,
) -> sqlx::Result<Option<String>> {
    let done = sqlx::query("UPDATE applications SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2")
        .bind(id)
        .bind(from.name())
        .bind(to.name())
        .bind(now)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    if from == Status::Offer {
        offers::end_open(tx, id, now).await?;
    }
    add_step(tx, id, to, by, now).await.map(Some)
}

pub(super) async fn steps(db: &AnyPool, id: ApplicationId) -> sqlx::Result<Vec<Step>> {
    sqlx::query_as("SELECT id, at, status FROM application_steps WHERE application_id = $1 ORDER BY id LIMIT 200")
        .bind(id)
        .fetch_all(db)
        .await
}

pub(super) async fn count_since(db: &AnyPool, employer: EmployerId, since: Millis) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM applications WHERE employer_id = $1 AND created_at > $2")
        .bind(employer)
        .bind(since)
        .fetch_one(db)
        .await?;
    Ok(n)
}

pub(super) async fn count_of_fair(db: &AnyPool, fair: FairId, since: Millis) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM applications WHERE fair_id = $1 AND created_at >= $2")
        .bind(fair)
        .bind(since)
        .fetch_one(db)
        .await?;
    Ok(n)
}

pub(super) async fn profile(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as(
        "SELECT name, sealed_contact, experience, resume_id, resume_name, resume_kind, resume_size, resume_sealed, \
         voice_id, voice_kind, voice_size FROM profiles WHERE account_id = $1",
    )
    .bind(account)
    .fetch_optional(db)
    .await
}

/// Name, sealed contact and years of experience, for next time.
pub(super) async fn put_answers(
    db: &AnyPool,
    account: AccountId,
    (name, sealed, years): (&str, &str, i64),
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO profiles (account_id, name, sealed_contact, experience, resume_id, resume_name, resume_kind, resume_size, updated_at) \
         VALUES ($1, $2, $3, $4, '', '', '', 0, $5) ON CONFLICT (account_id) DO UPDATE SET name = excluded.name, \
         sealed_contact = excluded.sealed_contact, experience = excluded.experience, updated_at = excluded.updated_at",
    )
    .bind(account)
    .bind(name)
    .bind(sealed)
    .bind(years)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// The resume for next time.
pub(super) async fn put_resume(db: &AnyPool, account: AccountId, r: &Resume, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO profiles (account_id, name, sealed_contact, experience, resume_id, resume_name, resume_kind, resume_size, resume_sealed, updated_at) \
         VALUES ($1, '', '', 0, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id) DO UPDATE SET resume_id = excluded.resume_id, \
         resume_name = excluded.resume_name, resume_kind = excluded.resume_kind, resume_size = excluded.resume_size, \
         resume_sealed = excluded.resume_sealed, updated_at = excluded.updated_at",
    )
    .bind(account)
    .bind(&r.resume_id)
    .bind(&r.resume_name)
    .bind(&r.resume_kind)
    .bind(r.resume_size)
    .bind(r.resume_sealed)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Makes the resume of one profile that of another, in which it is then the one for next time.
pub(super) async fn hand_resume(db: &AnyPool, from: AccountId, to: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO profiles (account_id, name, sealed_contact, experience, resume_id, resume_name, resume_kind, resume_size, resume_sealed, updated_at) \
         SELECT $2, '', '', 0, resume_id, resume_name, resume_kind, resume_size, resume_sealed, $3 FROM profiles WHERE account_id = $1 AND resume_id <> '' \
         ON CONFLICT (account_id) DO UPDATE SET resume_id = excluded.resume_id, resume_name = excluded.resume_name, \
         resume_kind = excluded.resume_kind, resume_size = excluded.resume_size, resume_sealed = excluded.resume_sealed, updated_at = excluded.updated_at",
    )
    .bind(from)
    .bind(to)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn resume_answers(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT sealed FROM resume_answers WHERE account_id = $1").bind(account).fetch_optional(db).await?;
    Ok(row.map(|(sealed,)| sealed))
}

pub(super) async fn put_resume_answers(db: &AnyPool, account: AccountId, sealed: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO resume_answers (account_id, sealed, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at",
    )
    .bind(account)
    .bind(sealed)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// The newer answers of the two count.
pub(super) async fn hand_resume_answers(db: &AnyPool, from: AccountId, to: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO resume_answers (account_id, sealed, updated_at) SELECT $2, sealed, $3 FROM resume_answers WHERE account_id = $1 \
         ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at",
    )
    .bind(from)
    .bind(to)
    .bind(now)
    .execute(db)
    .await?;
    delete_resume_answers(db, from).await
}

pub(super) async fn delete_resume_answers(db: &AnyPool, account: AccountId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM resume_answers WHERE account_id = $1").bind(account).execute(db).await.map(|_| ())
}

pub(super) async fn delete_profile(db: &AnyPool, account: AccountId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM profiles WHERE account_id = $1").bind(account).execute(db).await.map(|_| ())
}

pub(super) async fn has_applied(db: &AnyPool, account: AccountId, fair: FairId, employer: Option<EmployerId>) -> sqlx::Result<bool> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT id FROM applications WHERE account_id = $1 AND fair_id = $2 AND ($3 = '' OR employer_id = $3) AND status <> $4 LIMIT 1",
    )
    .bind(account)
    .bind(fair)
    .bind(employer.map(|e| e.to_string()).unwrap_or_default())
    .bind(Status::Withdrawn.name())
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}
