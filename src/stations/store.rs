//! All SQL of stations.

use super::{Station, Worker};
use crate::clock::Millis;
use crate::ids::{AccountId, FairId, StationId};
use sqlx::{Any, AnyPool, Transaction};

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[
    crate::db::Sealed::new("stations", "id", "sealed_phone"),
    crate::db::Sealed::new("station_workers", "account_id", "sealed_phone").found_by("lookup", |text| Some(text.to_owned())),
];

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &["DELETE FROM station_workers WHERE account_id = $1"];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[(
    "station_workers",
    "SELECT s.name AS station, w.consent, w.sealed_phone, w.registered_at, w.claimed_at FROM station_workers w \
     JOIN stations s ON s.id = w.station_id WHERE w.account_id = $1",
)];

pub(super) async fn insert(tx: &mut Transaction<'static, Any>, s: &Station) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO stations (id, fair_id, name, sealed_phone, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(s.id)
        .bind(s.fair_id)
        .bind(&s.name)
        .bind(&s.sealed_phone)
        .bind(s.created_at)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn station(db: &AnyPool, id: StationId) -> sqlx::Result<Option<Station>> {
    sqlx::query_as("SELECT id, fair_id, name, sealed_phone, created_at FROM stations WHERE id = $1").bind(id).fetch_optional(db).await
}

pub(super) async fn of_fair(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Station>> {
    sqlx::query_as("SELECT id, fair_id, name, sealed_phone, created_at FROM stations WHERE fair_id = $1 ORDER BY id LIMIT 500")
        .bind(fair)
        .fetch_all(db)
        .await
}

/// Of whom the station registered before a time nothing is left with it; their account stays theirs.
pub(super) async fn forget_before(tx: &mut Transaction<'static, Any>, before: Millis) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM station_workers WHERE registered_at < $1").bind(before).execute(&mut **tx).await?.rows_affected())
}

/// What is stored of somebody new.
pub(super) struct NewWorker<'a> {
    pub(super) account: AccountId,
    pub(super) station: StationId,
    pub(super) by: AccountId,
    pub(super) consent: &'a str,
    pub(super) sealed_phone: String,
    pub(super) masked_phone: String,
    pub(super) lookup: &'a str,
    pub(super) now: Millis,
}

/// Somebody who comes to another station, or again after they had claimed their account, is helped there from now on.
pub(super) async fn put_worker(tx: &mut Transaction<'static, Any>, w: &NewWorker<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO station_workers (account_id, station_id, registered_by, consent, sealed_phone, masked_phone, lookup, slip_hash, pin_hash, \
         tries, slip_until, open_until, open_by, registered_at, claimed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0, 0, 0, '', $8, 0) \
         ON CONFLICT (account_id) DO UPDATE SET station_id = excluded.station_id, registered_by = excluded.registered_by, \
         consent = excluded.consent, sealed_phone = excluded.sealed_phone, masked_phone = excluded.masked_phone, lookup = excluded.lookup, \
         slip_hash = '', pin_hash = '', open_until = 0, open_by = '', registered_at = excluded.registered_at, claimed_at = 0",
    )
    .bind(w.account)
    .bind(w.station)
    .bind(w.by)
    .bind(w.consent)
    .bind(&w.sealed_phone)
    .bind(&w.masked_phone)
    .bind(w.lookup)
    .bind(w.now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

const WORKER: &str = "SELECT w.account_id, w.station_id, a.name, w.sealed_phone, w.masked_phone, w.open_until, w.open_by, w.registered_at, \
                      w.claimed_at FROM station_workers w JOIN accounts a ON a.id = w.account_id";

pub(super) async fn worker(db: &AnyPool, account: AccountId) -> sqlx::Result<Option<Worker>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{WORKER} WHERE w.account_id = $1"))).bind(account).fetch_optional(db).await
}

pub(super) async fn workers(db: &AnyPool, station: StationId, since: Millis) -> sqlx::Result<Vec<Worker>> {
    let sql = format!(
        "{WORKER} WHERE w.station_id = $1 AND w.registered_at > $2 AND w.claimed_at = 0 ORDER BY w.registered_at DESC, w.account_id LIMIT 200"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(station).bind(since).fetch_all(db).await
}

pub(super) async fn by_phone(db: &AnyPool, station: StationId, lookup: &str, since: Millis) -> sqlx::Result<Option<AccountId>> {
    let row: Option<(AccountId,)> = sqlx::query_as(
        "SELECT account_id FROM station_workers WHERE station_id = $1 AND lookup = $2 AND registered_at > $3 AND claimed_at = 0 \
         ORDER BY registered_at DESC LIMIT 1",
    )
    .bind(station)
    .bind(lookup)
    .bind(since)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(id,)| id))
}

/// A member of staff has one worker before them: whoever was there before is closed. Whether there is such a worker.
pub(super) async fn open_worker(
    tx: &mut Transaction<'static, Any>,
    station: StationId,
    account: AccountId,
    by: AccountId,
    until: Millis,
    since: Millis,
) -> sqlx::Result<bool> {
    close_all_of(tx, station, by).await?;
    let done = sqlx::query(
        "UPDATE station_workers SET open_until = $4, open_by = $3 WHERE account_id = $2 AND station_id = $1 AND claimed_at = 0 AND registered_at > $5",
    )
    .bind(station)
    .bind(account)
    .bind(by)
    .bind(until)
    .bind(since)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn stay_open(db: &AnyPool, account: AccountId, until: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE station_workers SET open_until = $2 WHERE account_id = $1").bind(account).bind(until).execute(db).await.map(|_| ())
}

pub(super) async fn close_all_of(tx: &mut Transaction<'static, Any>, station: StationId, by: AccountId) -> sqlx::Result<()> {
    sqlx::query("UPDATE station_workers SET open_until = 0, open_by = '' WHERE station_id = $1 AND open_by = $2")
        .bind(station)
        .bind(by)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// A new slip in the place of the one before.
pub(super) async fn put_slip(
    tx: &mut Transaction<'static, Any>,
    account: AccountId,
    (slip, pin): (&str, &str),
    until: Millis,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE station_workers SET slip_hash = $2, pin_hash = $3, tries = 0, slip_until = $4 WHERE account_id = $1")
        .bind(account)
        .bind(slip)
        .bind(pin)
        .bind(until)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// A slip that is being tried.
#[derive(sqlx::FromRow)]
pub(super) struct SlipRow {
    pub(super) account_id: AccountId,
    pub(super) station_id: StationId,
    pub(super) pin_hash: String,
    pub(super) tries: i64,
}

pub(super) async fn slip(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<Option<SlipRow>> {
    sqlx::query_as(
        "SELECT account_id, station_id, pin_hash, tries FROM station_workers WHERE slip_hash = $1 AND slip_until > $2 AND claimed_at = 0",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Counts a try before the PIN is looked at, so that many at once are no more than many in a row.
pub(super) async fn count_try(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<Option<SlipRow>> {
    sqlx::query_as(
        "UPDATE station_workers SET tries = tries + 1 WHERE slip_hash = $1 AND slip_until > $2 AND claimed_at = 0 \
         RETURNING account_id, station_id, pin_hash, tries",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// The worker takes the account over; whether nobody has before. Staff see nothing of it from then on.
pub(super) async fn claim(tx: &mut Transaction<'static, Any>, account: AccountId, hash: &str, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE station_workers SET claimed_at = $3, slip_hash = '', pin_hash = '', open_until = 0, open_by = '' \
         WHERE account_id = $1 AND slip_hash = $2 AND claimed_at = 0",
    )
    .bind(account)
    .bind(hash)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}
