//! What could not be delivered, for administrators: to be tried again or dropped.

use super::{Notice, Notify, store};
use crate::clock::Millis;
use crate::ids::NoticeId;
use crate::web::Result;
use sqlx::{Any, Transaction};

/// A notice that nobody got.
pub struct Undelivered {
    pub id: NoticeId,
    /// `email`, `phone` or `push`.
    pub channel: String,
    /// The whole address, to be shown masked; empty if it cannot be read.
    pub to: String,
    /// `refused`, `exhausted`, `late` or `unreadable`; empty of what failed in versions before there were reasons.
    pub reason: String,
    /// What the server said.
    pub error: String,
    pub attempts: i64,
    pub created_at: Millis,
    pub failed_at: Millis,
    /// Whether it would still be of use.
    pub may_retry: bool,
}

impl Notify {
    pub async fn count_undelivered(&self) -> Result<i64> {
        Ok(store::count_undelivered(&self.db).await?)
    }

    /// The newest of what could not be delivered.
    pub async fn undelivered(&self, most: i64) -> Result<Vec<Undelivered>> {
        let now = self.clock.now();
        let to = |sealed: &str| self.keys.decrypt(sealed).and_then(|text| serde_json::from_str::<Notice>(&text).ok()).map(|n| n.to);
        let rows = store::undelivered(&self.db, most).await?;
        let shown = rows.into_iter().map(|row| Undelivered {
            id: row.id,
            // The id of a browser says nothing to anybody.
            to: if row.channel == "push" { String::new() } else { to(&row.sealed).unwrap_or_default() },
            channel: row.channel,
            reason: row.reason,
            error: row.error,
            attempts: row.attempts,
            created_at: row.created_at,
            failed_at: row.failed_at,
            may_retry: row.expires_at.is_none_or(|at| at > now),
        });
        Ok(shown.collect())
    }

    /// Sends one again, or all; how many there were of which it makes sense.
    pub async fn retry_in(&self, tx: &mut Transaction<'_, Any>, id: Option<NoticeId>) -> Result<u64> {
        Ok(store::retry(tx, id, self.clock.now()).await?)
    }

    /// Takes one off the list, or all; how many there were.
    pub async fn drop_in(&self, tx: &mut Transaction<'_, Any>, id: Option<NoticeId>) -> Result<u64> {
        Ok(store::drop(tx, id, self.clock.now()).await?)
    }
}
