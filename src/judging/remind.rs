//! Who interviewed somebody and decided nothing is reminded once, a day later. The row that says so and the message are one transaction.

use super::{Judging, store};
use crate::clock::{DAY, Millis};
use crate::web::Result;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A night's sleep, and candidates wait no longer than they must.
const AFTER: Millis = DAY;
/// What is older than this nobody decides any more for being reminded.
const UNTIL: Millis = 7 * DAY;

impl Judging {
    /// Reminds now and then, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(600));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.remind_due().await {
                tracing::error!(?error, "reminders to decide");
            }
        }
    }

    /// Reminds of what is due; returns of how many interviews.
    pub async fn remind_due(&self) -> Result<usize> {
        let (now, accounts) = (self.now(), self.accounts());
        let mut told = 0;
        for waiting in store::waiting(self.db().read(), now - UNTIL, now - AFTER).await? {
            // Somebody who left the employer learns nothing more of its candidates.
            let recruiters = accounts.recruiters_of(waiting.employer_id).await?;
            let letter = match recruiters.iter().find(|r| r.id == waiting.recruiter_id) {
                Some(recruiter) => {
                    let (lang, link) = (recruiter.lang(), format!("{}/interviews/{}/judging", accounts.origin, waiting.id));
                    let subject = lang.t1("judging-remind-subject", "name", &waiting.name);
                    let body = lang.t2("judging-remind", "name", &waiting.name, "link", &link);
                    accounts.letter(recruiter.id, &subject, &body).await?
                }
                None => None,
            };
            let mut tx = self.db().begin().await?;
            if store::note_reminder(&mut *tx, waiting.id, now).await?
                && let Some(letter) = letter
            {
                accounts.notify.queue_in(&mut tx, &letter).await?;
                told += 1;
            }
            tx.commit().await?;
        }
        Ok(told)
    }
}
