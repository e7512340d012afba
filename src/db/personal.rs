//! What tables hold of one person, for that person to take along.

use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Column, Row};

/// Tables with the queries for what they hold of the account $1. A column named `sealed_...` is decrypted, and loses the prefix; times are given
/// as text, and one that has not come (0) as none.
pub type Personal = [(&'static str, &'static str)];

/// The rows of each table, by its name.
pub async fn personal(
    db: &AnyPool,
    tables: &Personal,
    account: &str,
    open: &(dyn Fn(&str) -> Option<String> + Sync),
) -> sqlx::Result<Value> {
    let mut found = Map::new();
    for (table, sql) in tables {
        let rows = sqlx::query(*sql).bind(account).fetch_all(db).await?;
        let rows = rows.iter().map(|row| record(row, open)).collect::<sqlx::Result<Vec<_>>>()?;
        found.insert((*table).to_owned(), Value::Array(rows));
    }
    Ok(Value::Object(found))
}

fn record(row: &AnyRow, open: &(dyn Fn(&str) -> Option<String> + Sync)) -> sqlx::Result<Value> {
    let mut record = Map::new();
    for column in row.columns() {
        let (name, at) = (column.name(), column.ordinal());
        let value = match row.try_get::<Option<i64>, _>(at) {
            Ok(number) => number.map_or(Value::Null, |n| time(name, n)),
            Err(_) => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::from),
        };
        match (name.strip_prefix("sealed_"), value) {
            (Some(name), Value::String(sealed)) => record.insert(name.to_owned(), open(&sealed).map_or(Value::Null, Value::from)),
            (_, value) => record.insert(name.to_owned(), value),
        };
    }
    Ok(Value::Object(record))
}

/// A number, or the time that it is by its name.
fn time(name: &str, n: i64) -> Value {
    let is_time = name == "at" || name == "until" || name.ends_with("_at") || name.ends_with("_until");
    match (is_time, jiff::Timestamp::from_millisecond(n)) {
        (true, _) if n == 0 => Value::Null,
        (true, Ok(at)) => at.to_string().into(),
        _ => n.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_times_by_their_name() {
        assert_eq!(time("verified_at", 1_803_085_200_000), Value::from("2027-02-20T01:00:00Z"));
        assert_eq!((time("withdrawn_at", 0), time("stars", 5), time("format", 5)), (Value::Null, 5.into(), 5.into()));
    }
}
