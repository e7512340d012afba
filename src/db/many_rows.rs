//! One statement for many rows.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::sync::Arc;

/// Rows of one statement: few different ones, so that each is prepared once.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// The places of so many values in a statement, after those that it has already: `$1, $2`.
pub fn listed(before: usize, count: usize) -> String {
    (1..=count).map(|n| format!("${}", before + n)).collect::<Vec<_>>().join(", ")
}

/// The statements that add rows to a table.
pub struct Insertion([Arc<str>; ROWS.len()]);

impl Insertion {
    /// `into` as in `INSERT INTO devices (device, account_id)`, with so many columns, and what follows the values.
    pub fn new(into: &str, columns: usize, then: &str) -> Self {
        let row = |at: usize| format!("({})", listed(at * columns, columns));
        Self(ROWS.map(|rows| format!("{into} VALUES {} {then}", (0..rows).map(row).collect::<Vec<_>>().join(", ")).into()))
    }

    /// Each statement needed for `rows`, with those whose values are to be bound to it.
    pub fn of<'a, T>(&'a self, mut rows: &'a [T]) -> impl Iterator<Item = (SqlStr, &'a [T])> {
        std::iter::from_fn(move || {
            let (at, count) = ROWS.iter().copied().enumerate().find(|(_, count)| *count <= rows.len())?;
            let (some, rest) = rows.split_at(count);
            rows = rest;
            Some((AssertSqlSafe(self.0[at].clone()).into_sql_str(), some))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart_by_the_numbers_of_their_values() {
        let insertion = Insertion::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let rows: Vec<u8> = (0..86).collect();
        let parts: Vec<(SqlStr, &[u8])> = insertion.of(&rows).collect();
        assert_eq!(parts.iter().map(|(_, some)| some.len()).collect::<Vec<_>>(), [64, 16, 4, 1, 1]);
        assert_eq!(parts.iter().flat_map(|(_, some)| some.iter().copied()).collect::<Vec<_>>(), rows);
        assert_eq!(parts[2].0.as_str(), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8) ON CONFLICT DO NOTHING");
        assert_eq!(insertion.of::<u8>(&[]).count(), 0);
    }
}
