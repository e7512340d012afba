//! The audit log: who did what to whom, when and why. Rows are only ever added.

use super::Accounts;
use crate::clock::Millis;
use crate::db::{ManyRows, listed};
use crate::ids::{AccountId, FairId};
use crate::web::Result;
use sqlx::{Any, AssertSqlSafe, Executor, Transaction};
use std::collections::HashMap;
use std::sync::LazyLock;

/// One line of the log, newest first when listed.
#[derive(Clone, Debug, sqlx::FromRow, serde::Serialize)]
pub struct Entry {
    pub at: Millis,
    pub actor: AccountId,
    pub actor_name: String,
    /// A short verb, such as `chat.mute`.
    pub action: String,
    /// Whom or what it was done to: an id.
    pub subject: String,
    pub reason: String,
    pub detail: String,
}

/// A line to be added.
pub struct Line {
    pub actor: AccountId,
    pub action: &'static str,
    pub subject: String,
    pub fair: Option<FairId>,
    pub reason: String,
    pub detail: String,
}

/// Ids in one query: far fewer than either database takes.
const AT_ONCE: usize = 200;

static NEW: LazyLock<ManyRows> =
    LazyLock::new(|| ManyRows::new("INSERT INTO audit (id, at, actor, action, subject, fair, reason, detail)", 8, ""));

impl Accounts {
    /// Adds a line. `detail` must hold no personal data beyond ids.
    pub async fn audit(
        &self,
        actor: AccountId,
        action: &str,
        subject: &str,
        fair: Option<FairId>,
        reason: &str,
        detail: &str,
    ) -> Result<()> {
        self.audit_in(self.db.write(), actor, action, subject, fair, reason, detail).await
    }

    /// The same as a part of something larger.
    #[expect(clippy::too_many_arguments, reason = "one per column")]
    pub async fn audit_in<'e>(
        &self,
        db: impl Executor<'e, Database = Any>,
        actor: AccountId,
        action: &str,
        subject: &str,
        fair: Option<FairId>,
        reason: &str,
        detail: &str,
    ) -> Result<()> {
        sqlx::query("INSERT INTO audit (id, at, actor, action, subject, fair, reason, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(self.clock.now())
            .bind(actor)
            .bind(action)
            .bind(subject)
            .bind(fair.map(|f| f.to_string()).unwrap_or_default())
            .bind(reason)
            .bind(detail)
            .execute(db)
            .await?;
        Ok(())
    }

    /// Lines of what many did together, as a part of it.
    pub async fn audit_all_in(&self, tx: &mut Transaction<'_, Any>, lines: &[Line]) -> Result<()> {
        let now = self.clock.now();
        for (sql, some) in NEW.of(tx, lines) {
            let mut query = sqlx::query(sql);
            for line in some {
                query = query
                    .bind(uuid::Uuid::now_v7().to_string())
                    .bind(now)
                    .bind(line.actor)
                    .bind(line.action)
                    .bind(&line.subject)
                    .bind(line.fair.map(|f| f.to_string()).unwrap_or_default())
                    .bind(&line.reason)
                    .bind(&line.detail);
            }
            query.execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// A line that the server itself writes, once under its id; false if it is there.
    pub async fn audit_once_in(&self, tx: &mut Transaction<'_, Any>, id: &str, action: &str, detail: &str) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO audit (id, at, actor, action, subject, fair, reason, detail) VALUES ($1, $2, 'server', $3, '', '', '', $4) \
             ON CONFLICT (id) DO NOTHING",
        );
        Ok(done.bind(id).bind(self.clock.now()).bind(action).bind(detail).execute(&mut **tx).await?.rows_affected() > 0)
    }

    /// Whether there is a line under an id.
    pub async fn is_audited(&self, id: &str) -> Result<bool> {
        let row: Option<(String,)> = sqlx::query_as("SELECT id FROM audit WHERE id = $1").bind(id).fetch_optional(self.db.read()).await?;
        Ok(row.is_some())
    }

    /// Lines from before a time go; how many.
    pub async fn forget_audit_in(&self, tx: &mut Transaction<'_, Any>, before: Millis) -> Result<u64> {
        Ok(sqlx::query("DELETE FROM audit WHERE at < $1").bind(before).execute(&mut **tx).await?.rows_affected())
    }

    /// The newest lines of a fair.
    pub async fn audit_of(&self, fair: FairId, limit: i64) -> Result<Vec<Entry>> {
        self.audit_about(fair, "", limit).await
    }

    /// The newest lines of a fair whose action begins with a text.
    pub async fn audit_about(&self, fair: FairId, what: &str, limit: i64) -> Result<Vec<Entry>> {
        self.audit_where(fair, what, 1, limit).await
    }

    /// The newest lines of a fair whose action does not begin with a text.
    pub async fn audit_besides(&self, fair: FairId, what: &str, limit: i64) -> Result<Vec<Entry>> {
        self.audit_where(fair, what, 0, limit).await
    }

    /// The newest lines about one thing, of these actions.
    pub async fn audit_on(&self, subject: &str, actions: &[&str], limit: i64) -> Result<Vec<Entry>> {
        let sql = format!(
            "SELECT audit.at, audit.actor, accounts.name AS actor_name, audit.action, audit.subject, audit.reason, audit.detail \
             FROM audit JOIN accounts ON accounts.id = audit.actor WHERE audit.subject = $1 AND audit.action IN ({}) \
             ORDER BY audit.at DESC, audit.id DESC LIMIT {limit}",
            listed(1, actions.len())
        );
        let query = sqlx::query_as(AssertSqlSafe(sql)).bind(subject);
        Ok(actions.iter().fold(query, |query, action| query.bind(*action)).fetch_all(self.db.read()).await?)
    }

    /// How many lines of these actions there are about each of some things, and when the last one was written.
    pub async fn audit_counts(&self, subjects: &[String], actions: &[&str]) -> Result<HashMap<String, (i64, Millis)>> {
        let mut found = HashMap::new();
        for some in subjects.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT subject, COUNT(*), MAX(at) FROM audit WHERE subject IN ({}) AND action IN ({}) GROUP BY subject",
                listed(0, some.len()),
                listed(some.len(), actions.len())
            );
            let query = some.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, subject| query.bind(subject));
            let rows: Vec<(String, i64, Millis)> =
                actions.iter().fold(query, |query, action| query.bind(*action)).fetch_all(self.db.read()).await?;
            found.extend(rows.into_iter().map(|(subject, n, last)| (subject, (n, last))));
        }
        Ok(found)
    }

    async fn audit_where(&self, fair: FairId, what: &str, wanted: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(sqlx::query_as(
            "SELECT audit.at, audit.actor, accounts.name AS actor_name, audit.action, audit.subject, audit.reason, audit.detail \
             FROM audit JOIN accounts ON accounts.id = audit.actor \
             WHERE audit.fair = $1 AND CASE WHEN audit.action LIKE $2 THEN 1 ELSE 0 END = $3 ORDER BY audit.at DESC, audit.id DESC LIMIT $4",
        )
        .bind(fair.to_string())
        .bind(format!("{what}%"))
        .bind(wanted)
        .bind(limit)
        .fetch_all(self.db.read())
        .await?)
    }
}
