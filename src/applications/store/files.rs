//! Which files of resumes are not encrypted yet.

use super::super::Resume;
use sqlx::{Any, AnyPool, Transaction};

/// Resumes that are not encrypted, by their ids, after one of them.
pub(in crate::applications) async fn unsealed(db: &AnyPool, after: &str, most: i64) -> sqlx::Result<Vec<Resume>> {
    sqlx::query_as(
        "SELECT resume_id, resume_name, resume_kind, resume_size, resume_sealed FROM applications \
         WHERE resume_sealed = 0 AND resume_id <> '' AND resume_id > $1 UNION \
         SELECT resume_id, resume_name, resume_kind, resume_size, resume_sealed FROM profiles \
         WHERE resume_sealed = 0 AND resume_id <> '' AND resume_id > $1 ORDER BY resume_id LIMIT $2",
    )
    .bind(after)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Puts another file in the place of one, wherever that is named; returns in how many rows. Profiles first: whoever sends an application with a
/// remembered resume holds that row until the application is stored, so that none is missed.
pub(in crate::applications) async fn rename(tx: &mut Transaction<'static, Any>, old: &str, new: &Resume) -> sqlx::Result<u64> {
    let mut renamed = 0;
    for sql in [
        "UPDATE profiles SET resume_id = $2, resume_size = $3, resume_sealed = $4 WHERE resume_id = $1",
        "UPDATE applications SET resume_id = $2, resume_size = $3, resume_sealed = $4 WHERE resume_id = $1",
    ] {
        let done = sqlx::query(sql).bind(old).bind(&new.resume_id).bind(new.resume_size).bind(new.resume_sealed).execute(&mut **tx).await?;
        renamed += done.rows_affected();
    }
    Ok(renamed)
}
