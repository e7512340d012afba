//! Columns of ciphertexts, and making them anew with another key while everything goes on.

use super::Db;
use sqlx::AssertSqlSafe;

/// What a look-up hash is taken of, given the text that is encrypted beside it.
pub type Hashed = fn(&str) -> Option<String>;

/// A column of ciphertexts.
#[derive(Clone, Copy, Debug)]
pub struct Sealed {
    pub table: &'static str,
    /// A column with an index that tells rows apart well enough to find one again, as text.
    pub by: &'static str,
    pub column: &'static str,
    /// A column with a keyed hash of what is encrypted, and of which part of it.
    pub lookup: Option<(&'static str, Hashed)>,
}

/// A ciphertext that was made anew, with its look-up hash if it has one.
pub struct Anew {
    pub sealed: String,
    pub lookup: Option<String>,
}

/// Values of `by` in one transaction.
const SOME: i64 = 200;

impl Sealed {
    pub const fn new(table: &'static str, by: &'static str, column: &'static str) -> Self {
        Self { table, by, column, lookup: None }
    }

    pub const fn found_by(self, lookup: &'static str, hashed: Hashed) -> Self {
        Self { lookup: Some((lookup, hashed)), ..self }
    }

    /// Makes all ciphertexts of the column anew that do not begin with `fresh`; how many, and how many could not be read. What somebody changes
    /// meanwhile is left as they made it. A process that dies leaves the rest to the next.
    pub async fn reseal(&self, db: &Db, fresh: &str, anew: &(dyn Fn(&str) -> Option<Anew> + Sync)) -> sqlx::Result<(u64, u64)> {
        let (mut after, mut done, mut failed) = (String::new(), 0, 0);
        loop {
            let Some(upto) = self.upto(db, &after).await? else { return Ok((done, failed)) };
            let rows = self.stale(db, (&after, &upto), fresh).await?;
            let mut tx = db.begin().await?;
            for (by, old) in &rows {
                match anew(old) {
                    Some(anew) => {
                        let sql = AssertSqlSafe(self.update(anew.lookup.is_some()));
                        let query = sqlx::query(sql).bind(by).bind(old).bind(anew.sealed);
                        let query = if let Some(lookup) = anew.lookup { query.bind(lookup) } else { query };
                        done += query.execute(&mut *tx).await?.rows_affected();
                    }
                    None => failed += 1,
                }
            }
            tx.commit().await?;
            after = upto;
        }
    }

    /// Whether any ciphertext of the column does not begin with `fresh`.
    pub async fn is_stale(&self, db: &Db, fresh: &str) -> sqlx::Result<bool> {
        let Self { table, column, .. } = self;
        let sql = format!("SELECT {column} FROM {table} WHERE {column} <> '' AND {column} NOT LIKE $1 LIMIT 1");
        let row: Option<(String,)> = sqlx::query_as(AssertSqlSafe(sql)).bind(format!("{fresh}%")).fetch_optional(db.read()).await?;
        Ok(row.is_some())
    }

    /// The end of the next part of the table.
    async fn upto(&self, db: &Db, after: &str) -> sqlx::Result<Option<String>> {
        let Self { table, by, .. } = self;
        let sql = format!("SELECT MAX(k) FROM (SELECT DISTINCT {by} AS k FROM {table} WHERE {by} > $1 ORDER BY 1 LIMIT {SOME}) n");
        let (upto,): (Option<String>,) = sqlx::query_as(AssertSqlSafe(sql)).bind(after).fetch_one(db.read()).await?;
        Ok(upto)
    }

    async fn stale(&self, db: &Db, (after, upto): (&str, &str), fresh: &str) -> sqlx::Result<Vec<(String, String)>> {
        let Self { table, by, column, .. } = self;
        let sql = format!("SELECT {by}, {column} FROM {table} WHERE {by} > $1 AND {by} <= $2 AND {column} <> '' AND {column} NOT LIKE $3");
        sqlx::query_as(AssertSqlSafe(sql)).bind(after).bind(upto).bind(format!("{fresh}%")).fetch_all(db.read()).await
    }

    fn update(&self, hashed: bool) -> String {
        let Self { table, by, column, lookup } = self;
        let lookup = lookup.filter(|_| hashed).map(|(lookup, _)| format!(", {lookup} = $4")).unwrap_or_default();
        format!("UPDATE {table} SET {column} = $3{lookup} WHERE {by} = $1 AND {column} = $2")
    }
}
