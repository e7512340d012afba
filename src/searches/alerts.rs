//! Alerts: searches are looked through when they are due, and whoever wants to know is told of what came since the last time.

use super::{Alert, Saved, Searches, store};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::postings::List;
use crate::web::Result;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often due searches are looked for.
const TICK: Duration = Duration::from_secs(30);
/// Searches of one round.
const ROUND: i64 = 200;
/// Titles in one message; the page has the rest.
const NAMED: i64 = 3;

impl Alert {
    /// When to look again, after a message or after there was nothing new.
    fn next(self, now: Millis, told: bool) -> Millis {
        match (self, told) {
            (Self::Daily, true) => now + DAY,
            (Self::Soon, true) => now + 30 * MINUTE,
            (Self::Daily | Self::Off, false) | (Self::Off, true) => now + HOUR,
            (Self::Soon, false) => now + 5 * MINUTE,
        }
    }
}

impl Searches {
    /// Sends alerts until the token ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {
                    if let Err(error) = self.alert().await {
                        tracing::error!(?error, "saved searches could not be looked through");
                    }
                }
            }
        }
    }

    /// Looks through all searches that are due; tells how many messages that made.
    pub async fn alert(&self) -> Result<usize> {
        let mut sent = 0;
        loop {
            let due = store::due(self.accounts().db.read(), self.now(), ROUND).await?;
            for saved in &due {
                sent += usize::from(self.look_through(saved).await?);
            }
            if (due.len() as i64) < ROUND {
                return Ok(sent);
            }
        }
    }

    async fn look_through(&self, saved: &Saved) -> Result<bool> {
        let found = self.postings.list(&saved.filter(Some(saved.told_at), NAMED)).await?;
        let (now, accounts) = (self.now(), self.accounts());
        let newest = found.items.iter().map(|i| i.published_at).max();
        let due = saved.alert.next(now, newest.is_some());
        let letter = match newest {
            Some(_) => self.letter(saved, &found).await?,
            None => None,
        };
        let mut tx = accounts.db.begin().await?;
        if !store::told(&mut tx, saved, newest.unwrap_or(saved.told_at), due).await? {
            return Ok(false);
        }
        if let Some(letter) = &letter {
            accounts.notify.queue_in(&mut tx, letter).await?;
        }
        tx.commit().await?;
        Ok(letter.is_some())
    }

    async fn letter(&self, saved: &Saved, found: &List) -> Result<Option<crate::notify::Letter>> {
        let accounts = self.accounts();
        let Some(account) = accounts.account(saved.account_id).await? else { return Ok(None) };
        let lang = account.lang();
        let one = |i: &crate::postings::Listed| {
            format!("{} · {} · {}", i.content.title(lang), i.content.pay(lang), i.content.place_in_short(lang))
        };
        let titles: Vec<String> = found.items.iter().map(one).collect();
        let title = lang.t2("searches-told-subject", "n", found.total, "search", saved.title(lang));
        let (link, stop) = (format!("{}/me/searches/{}", accounts.origin, saved.id), format!("{}/me/searches", accounts.origin));
        let body = lang.t3("searches-told", "titles", titles.join("\n"), "link", &link, "stop", &stop);
        let letter = accounts.message(account.id, &title, &body).await?;
        let letter = letter.topic(format!("search/{}", saved.id)).expires_at(self.now() + DAY);
        Ok(Some(letter.shown(&title, &format!("/me/searches/{}", saved.id), self.now() + 7 * DAY)))
    }
}
