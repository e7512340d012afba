//! All SQL of postings. Searching, counting and ordering is the index's (`search`).

mod contacts;
mod vetting;

pub(super) use contacts::*;
pub(super) use vetting::*;

use super::contact::Sealed;
use super::{Listed, Posting};
use crate::clock::Millis;
use crate::db::{Db, ManyRows};
use crate::ids::{AccountId, EmployerId, FairId, PostingId};
use sqlx::{Any, AnyPool, Transaction};
use std::sync::LazyLock;

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[
    crate::db::Sealed::new("posting_contacts", "posting_id", "sealed_person"),
    crate::db::Sealed::new("posting_contacts", "posting_id", "sealed_phone"),
];

macro_rules! columns {
    () => {
        "p.id, p.fair_id, p.employer_id, p.title_zh, p.title_en, p.about_zh, p.about_en, p.region, p.place_zh, p.place_en, p.further, p.industry, \
         p.occupation, p.headcount, p.pay_min, p.pay_max, p.pay_unit, p.pay_day, p.kind, p.couples, p.assembly_line, p.day_shift, p.hourly, \
         p.days_off, p.meals, p.housing, p.age_min, p.age_max, p.age_basis, p.valid_until, p.pictures, p.clips, p.state, p.version, p.published_at, \
         p.created_at, p.updated_at, \
         CAST((SELECT COUNT(*) FROM employer_verifications s WHERE s.employer_id = p.employer_id AND s.suspended_at > 0) AS BIGINT) AS suspended"
    };
}

macro_rules! select_listed {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", e.name_zh AS employer_zh, e.name_en AS employer_en FROM postings p JOIN employers e ON e.id = p.employer_id ",
            $rest
        )
    };
}

pub(super) async fn posting(db: &AnyPool, id: PostingId) -> sqlx::Result<Option<Posting>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM postings p WHERE p.id = $1")).bind(id).fetch_optional(db).await
}

pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Posting>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM postings p WHERE p.employer_id = $1 ORDER BY p.created_at DESC, p.id DESC LIMIT 500"
    ))
    .bind(employer)
    .fetch_all(db)
    .await
}

pub(super) async fn in_review(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(select_listed!("WHERE p.fair_id = $1 AND p.state = 'review' ORDER BY p.updated_at, p.id LIMIT 200"))
        .bind(fair)
        .fetch_all(db)
        .await
}

/// The rows of these postings, in no order.
static BY_IDS: LazyLock<ManyRows> = LazyLock::new(|| {
    let select = concat!(
        "SELECT ",
        columns!(),
        ", e.name_zh AS employer_zh, e.name_en AS employer_en FROM v JOIN postings p ON p.id = v.id JOIN employers e ON e.id = p.employer_id"
    );
    ManyRows::asking("id", 1, select)
});

pub(super) async fn by_ids(db: &Db, ids: &[PostingId]) -> sqlx::Result<Vec<Listed>> {
    let mut found = Vec::with_capacity(ids.len());
    let mut connection = db.read().acquire().await?;
    for (sql, some) in BY_IDS.of(&connection, &ManyRows::padded(ids.to_vec())) {
        let mut query = sqlx::query_as(sql);
        for id in some {
            query = query.bind(*id);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// What is out, in the order of publication, after a place in it.
pub(super) async fn out_after(db: &AnyPool, after: Option<(Millis, PostingId)>, limit: i64) -> sqlx::Result<Vec<Listed>> {
    let (at, id) = after.map_or((-1, String::new()), |(at, id)| (at, id.to_string()));
    sqlx::query_as(select_listed!("WHERE p.state = 'live' AND (p.published_at, p.id) > ($1, $2) ORDER BY p.published_at, p.id LIMIT $3"))
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// What was changed since a time: id, version, when.
pub(super) async fn changed_since(db: &AnyPool, since: Millis) -> sqlx::Result<Vec<(PostingId, i64, Millis)>> {
    sqlx::query_as("SELECT id, version, updated_at FROM postings WHERE updated_at > $1").bind(since).fetch_all(db).await
}

/// Rows of postings, with the employer's reference.
static ROWS: LazyLock<ManyRows> = LazyLock::new(|| {
    let columns = "id, fair_id, employer_id, state, version, published_at, created_at, updated_at, reference, title_zh, title_en, about_zh, about_en, \
        region, place_zh, place_en, further, industry, occupation, headcount, pay_min, pay_max, pay_unit, pay_month, pay_day, kind, couples, assembly_line, \
        day_shift, hourly, days_off, meals, housing, age_min, age_max, age_basis, valid_until, pictures, clips";
    ManyRows::new(&format!("INSERT INTO postings ({columns})"), 39, "")
});

/// Their versions.
static VERSIONS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("INSERT INTO posting_versions (posting_id, version, at, changed_by, state, content, reason, unseen)", 8, "")
});

/// Who made a version and why it is what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    pub(super) by: AccountId,
    /// An organiser's, for sending it back.
    pub(super) reason: &'a str,
    /// Went live by the rules alone.
    pub(super) unseen: bool,
}

/// Inserts a posting with its first version.
pub(super) async fn insert(db: &Db, p: &Posting, contact: &[Sealed], by: AccountId) -> sqlx::Result<()> {
    put_all(db, &[(String::new(), p.clone())], &[], contact, by).await
}

/// Inserts postings under their references and changes others, all in one transaction, each with its version and whom to call if that is new.
/// `true`: goes live by the rules alone.
pub(super) async fn put_all(
    db: &Db,
    fresh: &[(String, Posting)],
    changed: &[(Posting, bool)],
    contacts: &[Sealed],
    by: AccountId,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for (sql, some) in ROWS.of(&tx, fresh) {
        let mut query = sqlx::query(sql);
        for (reference, p) in some {
            let c = &p.content;
            query = query.bind(p.id).bind(p.fair_id).bind(p.employer_id).bind(p.state.name()).bind(p.version);
            query = query.bind(p.published_at).bind(p.created_at).bind(p.updated_at).bind(reference);
            for text in [&c.title_zh, &c.title_en, &c.about_zh, &c.about_en, &c.region, &c.place_zh, &c.place_en] {
                query = query.bind(text);
            }
            query = query.bind(c.further.stored()).bind(&c.industry).bind(&c.occupation);
            query = query.bind(c.headcount).bind(c.pay_min).bind(c.pay_max).bind(c.pay_unit.name()).bind(c.pay_unit.monthly(c.pay_min));
            query = query.bind(String::from(c.pay_day)).bind(c.kind.name()).bind(c.couples.name()).bind(c.assembly_line.name());
            query = query.bind(c.day_shift.name()).bind(c.hourly).bind(c.days_off).bind(c.meals.name()).bind(c.housing.name());
            query = query
                .bind(c.age_min)
                .bind(c.age_max)
                .bind(&c.age_basis)
                .bind(c.valid_until)
                .bind(c.pictures.stored())
                .bind(c.clips.stored());
        }
        query.execute(&mut *tx).await?;
    }
    for (p, unseen) in changed {
        if !update(&mut tx, (p, p.version - 1), Note { by, reason: "", unseen: *unseen }).await? {
            return Err(sqlx::Error::RowNotFound);
        }
    }
    let first: Vec<&Posting> = fresh.iter().map(|(_, p)| p).collect();
    add_versions(&mut tx, &first, Note { by, reason: "", unseen: false }).await?;
    add_contacts(&mut tx, contacts).await?;
    tx.commit().await
}

/// Ids of postings by the employer's references.
static BY_REFERENCE: LazyLock<ManyRows> = LazyLock::new(|| {
    let select = "SELECT p.reference, p.id FROM v JOIN postings p ON p.employer_id = v.employer AND p.fair_id = v.fair AND p.reference = v.reference \
        WHERE p.reference <> ''";
    ManyRows::asking("employer, fair, reference", 3, select)
});

pub(super) async fn ids_of_references(
    db: &Db,
    fair: FairId,
    employer: EmployerId,
    references: &[String],
) -> sqlx::Result<Vec<(String, PostingId)>> {
    let mut found = Vec::new();
    let mut connection = db.read().acquire().await?;
    for (sql, some) in BY_REFERENCE.of(&connection, &ManyRows::padded(references.to_vec())) {
        let mut query = sqlx::query_as(sql);
        for reference in some {
            query = query.bind(employer).bind(fair).bind(reference);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

pub(super) async fn references_after(
    db: &AnyPool,
    fair: FairId,
    employer: EmployerId,
    after: Option<PostingId>,
    limit: i64,
) -> sqlx::Result<Vec<(PostingId, String)>> {
    sqlx::query_as("SELECT id, reference FROM postings WHERE employer_id = $1 AND fair_id = $2 AND id > $3 ORDER BY id LIMIT $4")
        .bind(employer)
        .bind(fair)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Stores a change if the posting still has the version that was read; adds the new version.
pub(super) async fn update(tx: &mut Transaction<'static, Any>, (p, version): (&Posting, i64), note: Note<'_>) -> sqlx::Result<bool> {
    let c = &p.content;
    let done = sqlx::query(
        "UPDATE postings SET state = $3, version = $4, published_at = $5, updated_at = $6, title_zh = $7, title_en = $8, about_zh = $9, \
         about_en = $10, region = $11, place_zh = $12, place_en = $13, industry = $14, occupation = $15, headcount = $16, pay_min = $17, \
         pay_max = $18, pay_unit = $19, pay_month = $20, pay_day = $21, kind = $22, couples = $23, assembly_line = $24, day_shift = $25, \
         hourly = $26, days_off = $27, meals = $28, housing = $29, age_min = $30, age_max = $31, age_basis = $32, valid_until = $33, further = $34, pictures = $35, clips = $36 \
         WHERE id = $1 AND version = $2",
    )
    .bind(p.id)
    .bind(version)
    .bind(p.state.name())
    .bind(p.version)
    .bind(p.published_at)
    .bind(p.updated_at)
    .bind(&c.title_zh)
    .bind(&c.title_en)
    .bind(&c.about_zh)
    .bind(&c.about_en)
    .bind(&c.region)
    .bind(&c.place_zh)
    .bind(&c.place_en)
    .bind(&c.industry)
    .bind(&c.occupation)
    .bind(c.headcount)
    .bind(c.pay_min)
    .bind(c.pay_max)
    .bind(c.pay_unit.name())
    .bind(c.pay_unit.monthly(c.pay_min))
    .bind(String::from(c.pay_day))
    .bind(c.kind.name())
    .bind(c.couples.name())
    .bind(c.assembly_line.name())
    .bind(c.day_shift.name())
    .bind(c.hourly)
    .bind(c.days_off)
    .bind(c.meals.name())
    .bind(c.housing.name())
    .bind(c.age_min)
    .bind(c.age_max)
    .bind(&c.age_basis)
    .bind(c.valid_until)
    .bind(c.further.stored())
    .bind(c.pictures.stored())
    .bind(c.clips.stored())
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    add_versions(tx, &[p], note).await?;
    if note.unseen {
        vetting::add_check(tx, p).await?;
    }
    Ok(true)
}

async fn add_versions(tx: &mut Transaction<'static, Any>, all: &[&Posting], note: Note<'_>) -> sqlx::Result<()> {
    for (sql, some) in VERSIONS.of(tx, all) {
        let mut query = sqlx::query(sql);
        for p in some {
            let content = serde_json::to_string(&p.content).map_err(|e| sqlx::Error::Encode(e.into()))?;
            query = query.bind(p.id).bind(p.version).bind(p.updated_at).bind(note.by).bind(p.state.name()).bind(content);
            query = query.bind(note.reason).bind(i64::from(note.unseen));
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

pub(super) async fn version(db: &AnyPool, id: PostingId, version: i64) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT content FROM posting_versions WHERE posting_id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|r| r.0))
}
