//! All SQL of postings. Lists are put together from constant conditions; whatever a visitor typed is bound.

use super::filter::{Filter, Of, Sort};
use super::words;
use super::{Listed, Posting};
use crate::accounts::Employer;
use crate::db::{Db, Dialect};
use crate::ids::{AccountId, EmployerId, FairId, PostingId};
use sqlx::any::AnyArguments;
use sqlx::query::QueryAs;
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

macro_rules! columns {
    () => {
        "p.id, p.fair_id, p.employer_id, p.title_zh, p.title_en, p.about_zh, p.about_en, p.region, p.place_zh, p.place_en, p.industry, \
         p.occupation, p.headcount, p.pay_min, p.pay_max, p.pay_unit, p.pay_day, p.kind, p.couples, p.assembly_line, p.day_shift, p.hourly, \
         p.days_off, p.meals, p.housing, p.age_min, p.age_max, p.age_basis, p.valid_until, p.state, p.version, p.published_at, \
         p.created_at, p.updated_at"
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

/// The regions and industries of a fair's open postings, for the filter's choices.
pub(super) async fn facets(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT DISTINCT region, industry FROM postings WHERE fair_id = $1 AND state = 'live' LIMIT 5000")
        .bind(fair)
        .fetch_all(db)
        .await
}

/// A condition under construction.
#[derive(Default)]
struct Where {
    sql: String,
    binds: Vec<Bind>,
}

enum Bind {
    Int(i64),
    Text(String),
}

impl Where {
    /// Adds a condition in which each `?` stands for the next bound value.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Bind>) {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            match part.strip_suffix('?') {
                None => self.sql.push_str(part),
                Some(before) => {
                    self.binds.extend(values.next());
                    self.sql.push_str(before);
                    self.sql.push_str(&format!("${}", self.binds.len()));
                }
            }
        }
    }

    fn of(filter: &Filter, dialect: Dialect) -> Self {
        let mut w = Self::default();
        match filter.of {
            Of::Fair(fair) => w.and("p.fair_id = ?", [Bind::Text(fair.to_string())]),
            // On the employer's own page only what can be seen and applied for.
            Of::Employer(employer) => w.and(
                "p.employer_id = ? AND p.fair_id IN (SELECT id FROM fairs WHERE state IN ('open', 'live'))",
                [Bind::Text(employer.to_string())],
            ),
            Of::Booth(fair, employer) => {
                w.and("p.employer_id = ? AND p.fair_id = ?", [Bind::Text(employer.to_string()), Bind::Text(fair.to_string())]);
            }
        }
        w.and("p.state = 'live' AND p.valid_until > ?", [Bind::Int(filter.now)]);
        if !filter.terms.is_empty() {
            match dialect {
                Dialect::Sqlite => w.and(
                    "p.id IN (SELECT s.posting_id FROM posting_words JOIN posting_search s ON s.num = posting_words.rowid WHERE posting_words MATCH ?)",
                    [Bind::Text(words::fts5(&filter.terms))],
                ),
                Dialect::Postgres => w.and(
                    "p.id IN (SELECT s.posting_id FROM posting_search s WHERE s.words @@ CAST(? AS tsquery))",
                    [Bind::Text(words::tsquery(&filter.terms))],
                ),
            }
        }
        if let Some((from, to)) = &filter.region {
            w.and("p.region >= ? AND p.region < ?", [Bind::Text(from.clone()), Bind::Text(to.clone())]);
        }
        if let Some(industry) = &filter.industry {
            w.and(&format!("substr(p.industry, 1, {}) = ?", industry.len()), [Bind::Text(industry.clone())]);
        }
        if let Some(kind) = filter.kind {
            w.and("p.kind = ?", [Bind::Text(kind.name().into())]);
        }
        if let Some(fen) = filter.pay {
            w.and("p.pay_month >= ?", [Bind::Int(fen)]);
        }
        for question in &filter.questions {
            w.and(question, []);
        }
        w
    }

    fn bind<'q, T>(self, mut query: QueryAs<'q, Any, T, AnyArguments>) -> QueryAs<'q, Any, T, AnyArguments> {
        for value in self.binds {
            query = match value {
                Bind::Int(n) => query.bind(n),
                Bind::Text(text) => query.bind(text),
            };
        }
        query
    }
}

/// One more than the filter's limit, so that the caller sees whether there is a next page.
pub(super) async fn list(db: &AnyPool, dialect: Dialect, filter: &Filter) -> sqlx::Result<Vec<Listed>> {
    let mut w = Where::of(filter, dialect);
    let key = match filter.sort {
        Sort::Newest => "p.published_at",
        Sort::Pay => "p.pay_month",
    };
    if let Some(after) = filter.after {
        w.and(&format!("({key}, p.id) < (?, ?)"), [Bind::Int(after.key), Bind::Text(after.id.to_string())]);
    }
    let sql = format!("{} {} ORDER BY {key} DESC, p.id DESC LIMIT {}", select_listed!(""), w.sql, filter.limit + 1);
    w.bind(sqlx::query_as(AssertSqlSafe(sql))).fetch_all(db).await
}

pub(super) async fn count(db: &AnyPool, dialect: Dialect, filter: &Filter, max: i64) -> sqlx::Result<i64> {
    let w = Where::of(filter, dialect);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM postings p {} LIMIT {max}) AS found", w.sql);
    let (total,): (i64,) = w.bind(sqlx::query_as(AssertSqlSafe(sql))).fetch_one(db).await?;
    Ok(total)
}

/// Inserts a posting with its first version and its words.
pub(super) async fn insert(db: &Db, p: &Posting, by: AccountId, employer: &Employer) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let c = &p.content;
    sqlx::query(
        "INSERT INTO postings (id, fair_id, employer_id, state, version, published_at, created_at, updated_at, title_zh, title_en, about_zh, \
         about_en, region, place_zh, place_en, industry, occupation, headcount, pay_min, pay_max, pay_unit, pay_month, pay_day, kind, couples, \
         assembly_line, day_shift, hourly, days_off, meals, housing, age_min, age_max, age_basis, valid_until) VALUES ($1, $2, $3, $4, $5, $6, $7, \
         $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)",
    )
    .bind(p.id)
    .bind(p.fair_id)
    .bind(p.employer_id)
    .bind(p.state.name())
    .bind(p.version)
    .bind(p.published_at)
    .bind(p.created_at)
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
    .execute(&mut *tx)
    .await?;
    add_version(&mut tx, p, by).await?;
    index(&mut tx, db.dialect(), p, employer).await?;
    tx.commit().await
}

/// Stores a change if the posting still has the version that was read; adds the new version and renews the words.
pub(super) async fn update(db: &Db, p: &Posting, version: i64, by: AccountId, employer: &Employer) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let c = &p.content;
    let done = sqlx::query(
        "UPDATE postings SET state = $3, version = $4, published_at = $5, updated_at = $6, title_zh = $7, title_en = $8, about_zh = $9, \
         about_en = $10, region = $11, place_zh = $12, place_en = $13, industry = $14, occupation = $15, headcount = $16, pay_min = $17, \
         pay_max = $18, pay_unit = $19, pay_month = $20, pay_day = $21, kind = $22, couples = $23, assembly_line = $24, day_shift = $25, \
         hourly = $26, days_off = $27, meals = $28, housing = $29, age_min = $30, age_max = $31, age_basis = $32, valid_until = $33 \
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
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    add_version(&mut tx, p, by).await?;
    index(&mut tx, db.dialect(), p, employer).await?;
    tx.commit().await?;
    Ok(true)
}

async fn add_version(tx: &mut Transaction<'static, Any>, p: &Posting, by: AccountId) -> sqlx::Result<()> {
    let content = serde_json::to_string(&p.content).map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query("INSERT INTO posting_versions (posting_id, version, at, changed_by, state, content) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(p.id)
        .bind(p.version)
        .bind(p.updated_at)
        .bind(by)
        .bind(p.state.name())
        .bind(content)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Renews the words under which a posting is found.
async fn index(tx: &mut Transaction<'static, Any>, dialect: Dialect, p: &Posting, employer: &Employer) -> sqlx::Result<()> {
    let found = words::words(&p.content.searchable(&employer.name_zh, &employer.name_en));
    if dialect == Dialect::Postgres {
        let sql = "INSERT INTO posting_search (posting_id, words) VALUES ($1, CAST($2 AS tsvector)) \
                   ON CONFLICT (posting_id) DO UPDATE SET words = excluded.words";
        return sqlx::query(sql).bind(p.id).bind(words::tsvector(&found)).execute(&mut **tx).await.map(|_| ());
    }
    let known: Option<(i64,)> =
        sqlx::query_as("SELECT num FROM posting_search WHERE posting_id = $1").bind(p.id).fetch_optional(&mut **tx).await?;
    let num = match known {
        Some((num,)) => {
            sqlx::query("DELETE FROM posting_words WHERE rowid = $1").bind(num).execute(&mut **tx).await?;
            num
        }
        None => {
            let (num,): (i64,) =
                sqlx::query_as("INSERT INTO posting_search (posting_id) VALUES ($1) RETURNING num").bind(p.id).fetch_one(&mut **tx).await?;
            num
        }
    };
    sqlx::query("INSERT INTO posting_words (rowid, words) VALUES ($1, $2)")
        .bind(num)
        .bind(found.join(" "))
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn version(db: &AnyPool, id: PostingId, version: i64) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT content FROM posting_versions WHERE posting_id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|r| r.0))
}
