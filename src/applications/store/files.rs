//! The files that applications and profiles name, and which of them are not encrypted yet.

use super::super::{Resume, Voice};
use crate::clock::Millis;
use crate::ids::AccountId;
use sqlx::{Any, AnyPool, Transaction};
use std::collections::HashSet;

/// The voice note for next time.
pub(in crate::applications) async fn put_voice(db: &AnyPool, account: AccountId, v: &Voice, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO profiles (account_id, name, sealed_contact, experience, resume_id, resume_name, resume_kind, resume_size, voice_id, \
         voice_kind, voice_size, updated_at) VALUES ($1, '', '', 0, '', '', '', 0, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET \
         voice_id = excluded.voice_id, voice_kind = excluded.voice_kind, voice_size = excluded.voice_size, updated_at = excluded.updated_at",
    )
    .bind(account)
    .bind(&v.voice_id)
    .bind(&v.voice_kind)
    .bind(v.voice_size)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Whether any row names a file.
pub(in crate::applications) async fn is_named(db: &AnyPool, file: &str) -> sqlx::Result<bool> {
    let (n,): (i64,) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM applications WHERE resume_id = $1) + (SELECT COUNT(*) FROM applications WHERE voice_id = $1) \
         + (SELECT COUNT(*) FROM profiles WHERE resume_id = $1 OR voice_id = $1)",
    )
    .bind(file)
    .fetch_one(db)
    .await?;
    Ok(n > 0)
}

/// The files that any row names.
pub(in crate::applications) async fn named(db: &AnyPool) -> sqlx::Result<HashSet<String>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT resume_id FROM applications WHERE resume_id <> '' UNION SELECT resume_id FROM profiles WHERE resume_id <> '' \
         UNION SELECT voice_id FROM applications WHERE voice_id <> '' UNION SELECT voice_id FROM profiles WHERE voice_id <> ''",
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

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

/// Resumes that are encrypted, by their ids, after one of them.
pub(in crate::applications) async fn sealed(db: &AnyPool, after: &str, most: i64) -> sqlx::Result<Vec<Resume>> {
    sqlx::query_as(
        "SELECT resume_id, resume_name, resume_kind, resume_size, resume_sealed FROM applications WHERE resume_sealed = 1 AND resume_id > $1 \
         UNION SELECT resume_id, resume_name, resume_kind, resume_size, resume_sealed FROM profiles \
         WHERE resume_sealed = 1 AND resume_id > $1 ORDER BY resume_id LIMIT $2",
    )
    .bind(after)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Voice notes by their ids, after one of them.
pub(in crate::applications) async fn voices(db: &AnyPool, after: &str, most: i64) -> sqlx::Result<Vec<Voice>> {
    sqlx::query_as(
        "SELECT voice_id, voice_kind, voice_size FROM applications WHERE voice_id <> '' AND voice_id > $1 \
         UNION SELECT voice_id, voice_kind, voice_size FROM profiles WHERE voice_id <> '' AND voice_id > $1 ORDER BY voice_id LIMIT $2",
    )
    .bind(after)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Puts another file in the place of a voice note, profiles first as with resumes; returns in how many rows.
pub(in crate::applications) async fn rename_voice(tx: &mut Transaction<'static, Any>, old: &str, new: &str) -> sqlx::Result<u64> {
    let mut renamed = 0;
    for sql in ["UPDATE profiles SET voice_id = $2 WHERE voice_id = $1", "UPDATE applications SET voice_id = $2 WHERE voice_id = $1"] {
        renamed += sqlx::query(sql).bind(old).bind(new).execute(&mut **tx).await?.rows_affected();
    }
    Ok(renamed)
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
