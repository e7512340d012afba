//! All SQL of webhooks. What happened is read from what postings and applications keep of themselves; a message is told apart by what it is about, so
//! that looking again, from several servers or after a crash, makes none a second time.

use super::Delivery;
use super::event::{Event, What};
use crate::clock::Millis;
use crate::db::Db;
use crate::ids::{ApplicationId, DeliveryId, EmployerId, PostingId, WebhookId};
use crate::postings::State;
use sqlx::{Any, AnyPool, Executor};

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] =
    &[crate::db::Sealed::new("webhooks", "id", "sealed_url"), crate::db::Sealed::new("webhooks", "id", "sealed_secret")];

/// An address as stored.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: WebhookId,
    pub(super) sealed_url: String,
    pub(super) sealed_secret: String,
    pub(super) created_at: Millis,
}

pub(super) async fn of(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as("SELECT id, sealed_url, sealed_secret, created_at FROM webhooks WHERE employer_id = $1 ORDER BY created_at, id")
        .bind(employer)
        .fetch_all(db)
        .await
}

pub(super) async fn insert(db: &AnyPool, employer: EmployerId, row: &Row) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO webhooks (id, employer_id, sealed_url, sealed_secret, seen_to, created_at) VALUES ($1, $2, $3, $4, $5, $5)")
        .bind(row.id)
        .bind(employer)
        .bind(&row.sealed_url)
        .bind(&row.sealed_secret)
        .bind(row.created_at)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn delete(db: &Db, id: WebhookId) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("DELETE FROM webhook_deliveries WHERE webhook_id = $1").bind(id).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM webhooks WHERE id = $1").bind(id).execute(&mut *tx).await?;
    tx.commit().await
}

/// Since when nothing was looked at; none without any address.
pub(super) async fn seen_to(db: &AnyPool) -> sqlx::Result<Option<Millis>> {
    let (seen,): (Option<i64>,) = sqlx::query_as("SELECT MIN(seen_to) FROM webhooks").fetch_one(db).await?;
    Ok(seen)
}

pub(super) async fn set_seen(db: &AnyPool, at: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE webhooks SET seen_to = $1 WHERE seen_to < $1").bind(at).execute(db).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct Version {
    webhook_id: WebhookId,
    employer_id: EmployerId,
    posting_id: PostingId,
    version: i64,
    at: Millis,
    state: String,
    before: Option<String>,
}

/// Versions since a time that put a posting out or took it back, and are not told yet.
pub(super) async fn versions(db: &AnyPool, since: Millis, most: i64) -> sqlx::Result<Vec<(WebhookId, Event)>> {
    let rows: Vec<Version> = sqlx::query_as(
        "SELECT w.id AS webhook_id, w.employer_id, v.posting_id, v.version, v.at, v.state, b.state AS before \
         FROM posting_versions v JOIN postings p ON p.id = v.posting_id JOIN webhooks w ON w.employer_id = p.employer_id \
         LEFT JOIN posting_versions b ON b.posting_id = v.posting_id AND b.version = v.version - 1 \
         WHERE v.at >= $1 AND v.at >= w.created_at AND (v.state = 'live' OR b.state = 'live') AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d \
         WHERE d.webhook_id = w.id AND d.about = 'posting:' || v.posting_id || ':' || CAST(v.version AS TEXT)) ORDER BY v.at, v.posting_id LIMIT $2",
    )
    .bind(since)
    .bind(most)
    .fetch_all(db)
    .await?;
    let state = |text: &str| State::parse(text);
    let event = |row: Version| {
        let before = row.before.as_deref().and_then(state);
        Event::of_version(row.employer_id, row.at, row.posting_id, row.version, before, state(&row.state)?)
            .map(|event| (row.webhook_id, event))
    };
    Ok(rows.into_iter().filter_map(event).collect())
}

/// Postings whose time has run out since then.
pub(super) async fn expired(db: &AnyPool, since: Millis, now: Millis, most: i64) -> sqlx::Result<Vec<(WebhookId, Event)>> {
    let rows: Vec<(WebhookId, EmployerId, PostingId, i64, i64)> = sqlx::query_as(
        "SELECT w.id, w.employer_id, p.id, p.version, p.valid_until FROM webhooks w JOIN postings p ON p.employer_id = w.employer_id \
         WHERE p.state = 'live' AND p.valid_until >= $1 AND p.valid_until <= $2 AND p.valid_until >= w.created_at AND NOT EXISTS (SELECT 1 \
         FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.about = 'expired:' || p.id || ':' || CAST(p.valid_until AS TEXT)) \
         ORDER BY p.valid_until, p.id LIMIT $3",
    )
    .bind(since)
    .bind(now)
    .bind(most)
    .fetch_all(db)
    .await?;
    let event =
        |(webhook, employer, posting, version, at)| (webhook, Event { employer, at, what: What::Ended(posting, version, State::Expired) });
    Ok(rows.into_iter().map(event).collect())
}

/// Applications that came since then.
pub(super) async fn applications(db: &AnyPool, since: Millis, most: i64) -> sqlx::Result<Vec<(WebhookId, Event)>> {
    let rows: Vec<(WebhookId, EmployerId, ApplicationId, PostingId, i64)> = sqlx::query_as(
        "SELECT w.id, w.employer_id, a.id, a.posting_id, a.created_at FROM webhooks w JOIN applications a ON a.employer_id = w.employer_id \
         WHERE a.created_at >= $1 AND a.created_at >= w.created_at AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id \
         AND d.about = 'application:' || a.id || ':' || CAST(a.created_at AS TEXT)) ORDER BY a.created_at, a.id LIMIT $2",
    )
    .bind(since)
    .bind(most)
    .fetch_all(db)
    .await?;
    let event =
        |(webhook, employer, application, posting, at)| (webhook, Event { employer, at, what: What::Received(application, posting) });
    Ok(rows.into_iter().map(event).collect())
}

/// To be sent at once, unless it is there already.
pub(super) async fn queue<'e>(
    db: impl Executor<'e, Database = Any>,
    id: WebhookId,
    event: &Event,
    body: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO webhook_deliveries (id, webhook_id, about, kind, body, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $6) \
         ON CONFLICT (webhook_id, about) DO NOTHING",
    )
    .bind(DeliveryId::new())
    .bind(id)
    .bind(event.about())
    .bind(event.kind())
    .bind(body)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// A message to be sent, with where it goes.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Due {
    pub(super) id: DeliveryId,
    pub(super) webhook_id: WebhookId,
    pub(super) body: String,
    pub(super) attempts: i64,
    pub(super) sealed_url: String,
    pub(super) sealed_secret: String,
}

pub(super) async fn due(db: &AnyPool, now: Millis, most: i64) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as(
        "SELECT d.id, d.webhook_id, d.body, d.attempts, w.sealed_url, w.sealed_secret FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id \
         WHERE d.sent_at IS NULL AND d.failed_at IS NULL AND d.due_at <= $1 AND d.claimed_until <= $1 ORDER BY d.due_at, d.id LIMIT $2",
    )
    .bind(now)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Whether it is ours to send now: of several servers one gets it.
pub(super) async fn claim(db: &AnyPool, id: DeliveryId, now: Millis, until: Millis) -> sqlx::Result<bool> {
    let claimed = sqlx::query(
        "UPDATE webhook_deliveries SET claimed_until = $3 WHERE id = $1 AND claimed_until <= $2 AND sent_at IS NULL AND failed_at IS NULL",
    );
    Ok(claimed.bind(id).bind(now).bind(until).execute(db).await?.rows_affected() == 1)
}

/// Nobody sends anything now: claims of a process that is gone need not run out.
pub(super) async fn release_all(db: &AnyPool) -> sqlx::Result<()> {
    sqlx::query("UPDATE webhook_deliveries SET claimed_until = 0 WHERE claimed_until > 0").execute(db).await.map(|_| ())
}

/// How a try went.
pub(super) struct Tried {
    pub(super) id: DeliveryId,
    pub(super) attempts: i64,
    pub(super) sent_at: Option<Millis>,
    pub(super) failed_at: Option<Millis>,
    pub(super) due_at: Millis,
    pub(super) error: String,
}

pub(super) async fn record(db: &AnyPool, tried: &Tried) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE webhook_deliveries SET attempts = $2, sent_at = $3, failed_at = $4, due_at = $5, error = $6, claimed_until = 0 WHERE id = $1",
    )
    .bind(tried.id)
    .bind(tried.attempts)
    .bind(tried.sent_at)
    .bind(tried.failed_at)
    .bind(tried.due_at)
    .bind(&tried.error)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn retry(db: &AnyPool, id: WebhookId, now: Millis) -> sqlx::Result<u64> {
    let sql = "UPDATE webhook_deliveries SET failed_at = NULL, attempts = 0, due_at = $2, error = '' WHERE webhook_id = $1 AND failed_at IS NOT NULL";
    Ok(sqlx::query(sql).bind(id).bind(now).execute(db).await?.rows_affected())
}

/// The newest messages to an employer's addresses.
pub(super) async fn newest(db: &AnyPool, employer: EmployerId, most: i64) -> sqlx::Result<Vec<Delivery>> {
    sqlx::query_as(
        "SELECT d.id, d.webhook_id, d.kind, d.attempts, d.due_at, d.sent_at, d.failed_at, d.error, d.created_at FROM webhook_deliveries d \
         JOIN webhooks w ON w.id = d.webhook_id WHERE w.employer_id = $1 ORDER BY d.created_at DESC, d.id DESC LIMIT $2",
    )
    .bind(employer)
    .bind(most)
    .fetch_all(db)
    .await
}

/// How many messages to each address were given up.
pub(super) async fn given_up(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<(WebhookId, i64)>> {
    sqlx::query_as(
        "SELECT d.webhook_id, COUNT(*) FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id \
         WHERE w.employer_id = $1 AND d.failed_at IS NOT NULL GROUP BY d.webhook_id",
    )
    .bind(employer)
    .fetch_all(db)
    .await
}

/// Erases what was sent or given up before a time. What was looked at before is looked at no more, so that nothing comes a second time.
pub(super) async fn forget(db: &AnyPool, before: Millis) -> sqlx::Result<u64> {
    let sql = "DELETE FROM webhook_deliveries WHERE created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)";
    Ok(sqlx::query(sql).bind(before).execute(db).await?.rows_affected())
}
