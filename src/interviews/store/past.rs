//! Deleting what is past.

use crate::clock::Millis;
use crate::schedule::CELL;
use sqlx::AnyPool;

/// Up to `most` pieces of time that ended before a time; how many.
pub(in crate::interviews) async fn delete_cells(db: &AnyPool, before: Millis, most: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM interview_cells WHERE cell < $1 AND (person_id, cell) IN \
               (SELECT c.person_id, c.cell FROM interview_cells c WHERE c.cell < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.div_euclid(CELL)).bind(most).execute(db).await?.rows_affected())
}

/// Places on days before that of a time; the days are those of zones, so that one more stays.
pub(in crate::interviews) async fn delete_places(db: &AnyPool, before: Millis) -> sqlx::Result<u64> {
    let day = crate::clock::iso(before - crate::clock::DAY).chars().take(10).collect::<String>();
    Ok(sqlx::query("DELETE FROM interview_day_places WHERE day < $1").bind(day).execute(db).await?.rows_affected())
}
