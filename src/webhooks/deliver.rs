//! The job that finds what happened and sends it.

use super::store::{self, Due, Tried};
use super::{SILENCE, Webhooks, checked, sign, wait};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::db::Dialect;
use crate::web::Result;
use futures_util::future::join_all;
use reqwest::StatusCode;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often is looked.
const TICK: Duration = Duration::from_secs(1);
/// What was written later than it says is found for so long.
const OVERLAP: Millis = 2 * MINUTE;
/// How often it is written down up to where was looked.
const NOTED: Millis = MINUTE;
/// Messages found at once.
const FOUND: i64 = 200;
/// Messages sent at once, and of those to one address: a dead one holds up the others for no longer than it is waited for.
const SENT: usize = 16;
const SENT_TO_ONE: usize = 4;
/// Longer than a try can take.
const CLAIM: Millis = SILENCE.as_millis() as Millis + 20_000;
/// What was sent or given up is shown for so long.
const KEPT: Millis = 30 * DAY;

impl Webhooks {
    /// Finds and sends until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        // An SQLite file belongs to one server: whoever claimed anything before is gone.
        if self.accounts.db.dialect() == Dialect::Sqlite
            && let Err(error) = store::release_all(self.accounts.db.write()).await
        {
            tracing::error!(%error, "webhooks");
        }
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut forgot = 0;
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            let work = async {
                if let Err(error) = self.find().await {
                    tracing::error!(?error, "what webhooks should tell was not found");
                }
                if let Err(error) = self.send().await {
                    tracing::error!(?error, "webhooks were not sent");
                }
                if self.now() - forgot > HOUR {
                    forgot = self.now();
                    if let Err(error) = store::forget(self.accounts.db.write(), self.now() - KEPT).await {
                        tracing::error!(?error, "old messages of webhooks");
                    }
                }
            };
            // What is on its way may have arrived; it is sent again after the start, with the same id.
            tokio::select! {
                () = token.cancelled() => return,
                () = work => {}
            }
        }
    }

    /// Makes messages of what happened since the last look.
    async fn find(&self) -> Result<()> {
        let db = &self.accounts.db;
        let Some(seen) = store::seen_to(db.read()).await? else { return Ok(()) };
        let (now, since) = (self.now(), seen - OVERLAP);
        let mut found = store::versions(db.read(), since, FOUND).await?;
        found.extend(store::expired(db.read(), since, now, FOUND).await?);
        found.extend(store::applications(db.read(), since, FOUND).await?);
        if found.is_empty() {
            if now - seen >= NOTED {
                store::set_seen(db.write(), now).await?;
            }
            return Ok(());
        }
        let mut tx = db.begin().await?;
        for (webhook, event) in &found {
            store::queue(&mut *tx, *webhook, event, &event.body(&self.accounts.origin), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// One round of what is due.
    async fn send(&self) -> Result<()> {
        let (db, now) = (&self.accounts.db, self.now());
        let mut to_one: HashMap<_, usize> = HashMap::new();
        let mut due = store::due(db.read(), now, FOUND).await?;
        due.retain(|due| {
            let count = to_one.entry(due.webhook_id).or_default();
            *count += 1;
            *count <= SENT_TO_ONE
        });
        due.truncate(SENT);
        let mut mine = Vec::new();
        for due in due {
            if store::claim(db.write(), due.id, now, now + CLAIM).await? {
                mine.push(due);
            }
        }
        for tried in join_all(mine.iter().map(|due| self.attempt(due))).await {
            store::record(db.write(), &tried).await?;
        }
        Ok(())
    }

    async fn attempt(&self, due: &Due) -> Tried {
        let outcome = self.post(due).await;
        let (now, attempts) = (self.now(), due.attempts + 1);
        let tried = |sent_at, failed_at, due_at, error| Tried { id: due.id, attempts, sent_at, failed_at, due_at, error };
        match outcome {
            Ok(()) => tried(Some(now), None, now, String::new()),
            // It is not there any more and says so.
            Err((error, true)) => tried(None, Some(now), now, error),
            Err((error, false)) => match wait(attempts) {
                Some(wait) => tried(None, None, now + wait, error),
                None => tried(None, Some(now), now, error),
            },
        }
    }

    /// `Err`: what went wrong, and whether it is for good.
    async fn post(&self, due: &Due) -> std::result::Result<(), (String, bool)> {
        let keys = &self.accounts.keys;
        let read = keys.decrypt(&due.sealed_url).zip(keys.decrypt(&due.sealed_secret));
        let (url, secret) = read.ok_or_else(|| ("the address cannot be read with this master key".to_owned(), true))?;
        let url = checked(&url, self.anywhere).ok_or_else(|| ("the address is not allowed".to_owned(), true))?;
        let (id, seconds) = (format!("msg_{}", due.id), self.now().div_euclid(1_000));
        let signature = sign::signature(&secret, &id, seconds, &due.body).ok_or_else(|| ("the secret cannot be read".to_owned(), true))?;
        let request = self.client.post(url).header("content-type", "application/json").header("webhook-id", id);
        let request = request.header("webhook-timestamp", seconds).header("webhook-signature", signature).body(due.body.clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err((format!("HTTP {}", answer.status().as_u16()), answer.status() == StatusCode::GONE)),
            // The address may hold a secret.
            Err(error) => Err((format!("{:#}", anyhow::Error::from(error.without_url())).chars().take(200).collect(), false)),
        }
    }
}
