//! One statement for many rows.

use sqlx::{AnyConnection, AssertSqlSafe, SqlSafeStr, SqlStr};
use std::sync::Arc;

/// Rows of one statement: few different ones, so that each is prepared once.
const ROWS: [usize; 5] = [256, 64, 16, 4, 1];

/// The places of so many values in a statement, after those that it has already: `$1, $2`.
pub fn listed(before: usize, count: usize) -> String {
    (1..=count).map(|n| format!("${}", before + n)).collect::<Vec<_>>().join(", ")
}

/// The statements that add many rows to a table, or ask for what goes with many keys.
pub struct ManyRows {
    numbered: [Arc<str>; ROWS.len()],
    /// For SQLite: sqlx looks up the name of each `$1`, and each look reads all names before it. A thousand values cost half a million.
    plain: [Arc<str>; ROWS.len()],
}

impl ManyRows {
    /// `into` as in `INSERT INTO devices (device, account_id)`, with so many columns, and what follows the values.
    pub fn new(into: &str, columns: usize, then: &str) -> Self {
        let statement = |rows: usize, row: &dyn Fn(usize) -> String| {
            format!("{into} VALUES {} {then}", (0..rows).map(|at| format!("({})", row(at))).collect::<Vec<_>>().join(", ")).into()
        };
        Self {
            numbered: ROWS.map(|rows| statement(rows, &|at| listed(at * columns, columns))),
            plain: ROWS.map(|rows| statement(rows, &|_| vec!["?"; columns].join(", "))),
        }
    }

    /// A statement that asks for what goes with each of some keys, which are the rows of `v`.
    pub fn asking(columns: &str, count: usize, select: &str) -> Self {
        Self::new(&format!("WITH v ({columns}) AS (SELECT DISTINCT * FROM ("), count, &format!(") AS keys) {select}"))
    }

    /// Keys of [`asking`](Self::asking), the last ones repeated so that they go in few statements.
    pub fn padded<T: Clone>(mut keys: Vec<T>) -> Vec<T> {
        let rest = keys.len() % ROWS[0];
        let enough = ROWS.into_iter().filter(|rows| *rows >= rest).min().unwrap_or(rest);
        if let Some(last) = keys.last().filter(|_| rest > 0).cloned() {
            keys.extend(std::iter::repeat_n(last, enough - rest));
        }
        keys
    }

    /// Each statement needed for `rows` on that database, with those whose values are to be bound to it.
    pub fn of<'a, T>(&'a self, db: &AnyConnection, mut rows: &'a [T]) -> impl Iterator<Item = (SqlStr, &'a [T])> + use<'a, T> {
        let statements = if db.backend_name() == "SQLite" { &self.plain } else { &self.numbered };
        std::iter::from_fn(move || {
            let (at, count) = ROWS.iter().copied().enumerate().find(|(_, count)| *count <= rows.len())?;
            let (some, rest) = rows.split_at(count);
            rows = rest;
            Some((AssertSqlSafe(statements[at].clone()).into_sql_str(), some))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    #[tokio::test]
    async fn rows_are_told_apart_by_their_number_and_the_database_by_its_marks() {
        sqlx::any::install_default_drivers();
        let db = AnyConnection::connect("sqlite::memory:").await.expect("database");
        let statements = ManyRows::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let rows: Vec<u8> = (0..86).collect();
        let parts: Vec<(SqlStr, &[u8])> = statements.of(&db, &rows).collect();
        assert_eq!(parts.iter().map(|(_, some)| some.len()).collect::<Vec<_>>(), [64, 16, 4, 1, 1]);
        let padded = |count: u16| statements.of(&db, &ManyRows::padded((0..count).collect())).count();
        assert_eq!([0, 1, 2, 70, 256, 257].map(padded), [0, 1, 1, 1, 1, 2]);
        assert_eq!(parts.iter().flat_map(|(_, some)| some.iter().copied()).collect::<Vec<_>>(), rows);
        assert_eq!(parts[2].0.as_str(), "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?) ON CONFLICT DO NOTHING");
        assert_eq!(&*statements.numbered[3], "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8) ON CONFLICT DO NOTHING");
        assert_eq!(statements.of::<u8>(&db, &[]).count(), 0);
    }
}
