//! All SQL of how people are reached: what they agreed to, quiet hours, browsers, the notices on their pages.

use super::inbox::Shown;
use super::reach::{Consent, Quiet};
use crate::clock::Millis;
use crate::ids::{AccountId, DeviceId, NoticeId};
use sqlx::{Any, AnyPool, Executor, Transaction};

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    ("reach_consents", "SELECT channel, at, given, text_version FROM reach_consents WHERE account_id = $1 ORDER BY at"),
    ("reach_quiet", "SELECT from_minute, to_minute, zone, updated_at FROM reach_quiet WHERE account_id = $1"),
    ("push_devices", "SELECT name, created_at FROM push_devices WHERE account_id = $1"),
    ("inbox", "SELECT sealed AS sealed_text, created_at, seen_at FROM inbox WHERE account_id = $1 ORDER BY created_at"),
    (
        "outbox",
        "SELECT channel, sealed AS sealed_text, created_at, sent_at, failed_at, dropped_at FROM outbox WHERE account_id = $1 ORDER BY created_at",
    ),
];

/// The newest first; as many as show the last word about each channel.
pub(super) async fn consents(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<Consent>> {
    sqlx::query_as(
        "SELECT c.channel, c.at, c.given, c.text_version FROM reach_consents c WHERE c.account_id = $1 AND c.at = \
         (SELECT MAX(o.at) FROM reach_consents o WHERE o.account_id = c.account_id AND o.channel = c.channel) ORDER BY c.at DESC",
    )
    .bind(account)
    .fetch_all(db)
    .await
}

/// All of them, the newest first.
pub(super) async fn all_consents(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<Consent>> {
    sqlx::query_as("SELECT channel, at, given, text_version FROM reach_consents WHERE account_id = $1 ORDER BY at DESC, channel LIMIT 500")
        .bind(account)
        .fetch_all(db)
        .await
}

pub(super) async fn insert_consent(
    tx: &mut Transaction<'_, Any>,
    account: AccountId,
    channel: &str,
    at: Millis,
    given: bool,
    version: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO reach_consents (account_id, channel, at, given, text_version) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account_id, channel, at) DO UPDATE SET given = excluded.given, text_version = excluded.text_version",
    )
    .bind(account)
    .bind(channel)
    .bind(at)
    .bind(i64::from(given))
    .bind(version)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn quiet(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<Quiet>> {
    sqlx::query_as("SELECT from_minute, to_minute, zone FROM reach_quiet WHERE account_id = $1").bind(account).fetch_optional(db).await
}

pub(super) async fn set_quiet(db: &AnyPool, account: AccountId, quiet: Option<&Quiet>, now: Millis) -> sqlx::Result<()> {
    let Some(quiet) = quiet else {
        return sqlx::query("DELETE FROM reach_quiet WHERE account_id = $1").bind(account).execute(db).await.map(|_| ());
    };
    sqlx::query(
        "INSERT INTO reach_quiet (account_id, from_minute, to_minute, zone, updated_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) \
         DO UPDATE SET from_minute = excluded.from_minute, to_minute = excluded.to_minute, zone = excluded.zone, updated_at = excluded.updated_at",
    )
    .bind(account)
    .bind(quiet.from_minute)
    .bind(quiet.to_minute)
    .bind(&quiet.zone)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// A browser that takes push messages, as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Device {
    pub id: DeviceId,
    /// Which browser it is, in a word or two.
    pub name: String,
    pub created_at: Millis,
}

pub(super) async fn devices(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<Device>> {
    sqlx::query_as("SELECT id, name, created_at FROM push_devices WHERE account_id = $1 ORDER BY created_at DESC, id DESC")
        .bind(account)
        .fetch_all(db)
        .await
}

pub(super) async fn devices_of(db: &AnyPool, account: AccountId) -> sqlx::Result<Vec<DeviceId>> {
    let rows: Vec<(DeviceId,)> =
        sqlx::query_as("SELECT id FROM push_devices WHERE account_id = $1 ORDER BY id").bind(account).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The sealed address and keys of a browser; none once it is gone.
pub(super) async fn device(db: &AnyPool, id: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT sealed FROM push_devices WHERE id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(|row| row.0))
}

/// Gives a browser another hash, unless it is there by that one.
pub(super) async fn rehash<'e>(db: impl Executor<'e, Database = Any>, old: &str, new: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE push_devices SET endpoint_hash = $2 WHERE endpoint_hash = $1 \
         AND NOT EXISTS (SELECT 1 FROM push_devices o WHERE o.endpoint_hash = $2)",
    )
    .bind(old)
    .bind(new)
    .execute(db)
    .await
    .map(|_| ())
}

/// A new browser.
pub(super) struct NewDevice<'a> {
    pub(super) account: AccountId,
    pub(super) endpoint_hash: &'a str,
    pub(super) sealed: &'a str,
    pub(super) name: &'a str,
    pub(super) now: Millis,
}

/// Adds a browser, or gives it to who uses it now; of more than `most` of a person's the oldest go.
pub(super) async fn put_device(tx: &mut Transaction<'_, Any>, new: &NewDevice<'_>, most: i64) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO push_devices (id, account_id, endpoint_hash, sealed, name, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (endpoint_hash) DO UPDATE SET id = excluded.id, account_id = excluded.account_id, sealed = excluded.sealed, \
         name = excluded.name, created_at = excluded.created_at",
    )
    .bind(DeviceId::new())
    .bind(new.account)
    .bind(new.endpoint_hash)
    .bind(new.sealed)
    .bind(new.name)
    .bind(new.now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM push_devices WHERE account_id = $1 AND id NOT IN \
         (SELECT id FROM push_devices WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
    )
    .bind(new.account)
    .bind(most)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Takes a browser of somebody away; false if there is none.
pub(super) async fn delete_device(db: &AnyPool, account: AccountId, id: DeviceId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM push_devices WHERE id = $1 AND account_id = $2").bind(id).bind(account).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes away a browser whose push service knows it no longer.
pub(super) async fn forget_device(db: &AnyPool, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM push_devices WHERE id = $1").bind(id).execute(db).await.map(|_| ())
}

pub(super) async fn push_key(db: &AnyPool) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT sealed FROM push_key WHERE n = 1").fetch_optional(db).await?;
    Ok(row.map(|row| row.0))
}

/// The first key counts: several servers on one database make one each and read back the same.
pub(super) async fn put_push_key(db: &AnyPool, sealed: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO push_key (n, sealed) VALUES (1, $1) ON CONFLICT (n) DO NOTHING").bind(sealed).execute(db).await.map(|_| ())
}

pub(super) async fn insert_shown<'e>(
    db: impl Executor<'e, Database = Any>,
    account: AccountId,
    sealed: &str,
    now: Millis,
    until: Millis,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO inbox (id, account_id, sealed, created_at, until, seen_at) VALUES ($1, $2, $3, $4, $5, NULL)")
        .bind(NoticeId::new())
        .bind(account)
        .bind(sealed)
        .bind(now)
        .bind(until)
        .execute(db)
        .await
        .map(|_| ())
}

/// What is shown to somebody, newest first.
pub(super) async fn shown(db: &AnyPool, account: AccountId, now: Millis, most: i64) -> sqlx::Result<Vec<Shown>> {
    sqlx::query_as(
        "SELECT id, sealed, created_at, seen_at FROM inbox WHERE account_id = $1 AND until > $2 ORDER BY created_at DESC, id DESC LIMIT $3",
    )
    .bind(account)
    .bind(now)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Notes that somebody has seen what was there at a time.
pub(super) async fn see(db: &AnyPool, account: AccountId, upto: Millis, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE inbox SET seen_at = $3 WHERE account_id = $1 AND created_at <= $2 AND seen_at IS NULL")
        .bind(account)
        .bind(upto)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Erases what is no longer shown.
pub(super) async fn forget_shown(db: &AnyPool, now: Millis) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM inbox WHERE until <= $1").bind(now).execute(db).await?.rows_affected())
}
