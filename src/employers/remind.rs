//! The employer's people are reminded 30 and 7 days before something ends, once each. The row that says so and the messages are one transaction.

use super::{Employers, form, store};
use crate::clock::{DAY, Millis};
use crate::web::{Result, Text};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Days before the end: a month to get a new paper, a week for who forgot.
const DAYS: [i64; 2] = [30, 7];

/// Which reminder is due; none if it was sent. Who comes too late for the first gets the second alone.
fn due(now: Millis, until: Millis, reminded: i64) -> Option<i64> {
    let days = DAYS.into_iter().filter(|days| until - now <= days * DAY).min()?;
    (reminded == 0 || days < reminded).then_some(days)
}

fn limit(by: &str) -> Text {
    match by {
        "hr-licence" => Text("employers-paper-hr-licence"),
        "authorisation" => Text("employers-paper-authorisation"),
        _ => Text("employers-limit-check"),
    }
}

impl Employers {
    /// Reminds now and then, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(1_800));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.remind_due().await {
                tracing::error!(?error, "reminders of papers that end");
            }
        }
    }

    /// Reminds of what is due; returns of how many employers.
    pub async fn remind_due(&self) -> Result<usize> {
        let (now, accounts, mut told) = (self.now(), self.accounts(), 0);
        for ending in store::ending(self.db().read(), now, now + DAYS[0] * DAY).await? {
            let Some(days) = due(now, ending.verified_until, ending.reminded) else { continue };
            let path = format!("/employers/{}/verification", ending.employer_id);
            let (link, zone) = (format!("{}{path}", accounts.origin), self.zone(ending.employer_id).await?);
            let day = form::last_day(ending.verified_until, &zone);
            let mut letters = Vec::new();
            for recruiter in accounts.recruiters_of(ending.employer_id).await? {
                let lang = recruiter.lang();
                let what = lang.t(limit(&ending.limited_by).0);
                let name = lang.pick(&ending.name_zh, &ending.name_en);
                let subject = lang.t2("employers-remind-subject", "what", &what, "day", &day);
                let body = lang.with("employers-remind", &[("employer", name), ("what", &what), ("day", &day), ("link", &link)]);
                letters.push(accounts.message(recruiter.id, &subject, &body).await?.shown(&subject, &path, ending.verified_until));
            }
            let mut tx = self.db().begin().await?;
            if store::note_reminder(&mut tx, &ending, days).await? {
                for letter in &letters {
                    accounts.notify.queue_in(&mut tx, letter).await?;
                }
                told += 1;
            }
            tx.commit().await?;
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reminder_is_due_once() {
        assert_eq!(due(0, 31 * DAY, 0), None);
        assert_eq!(due(0, 30 * DAY, 0), Some(30));
        assert_eq!(due(0, 20 * DAY, 30), None);
        assert_eq!(due(0, 7 * DAY, 30), Some(7));
        assert_eq!(due(0, 3 * DAY, 0), Some(7), "the first would say the same");
        assert_eq!(due(0, 3 * DAY, 7), None);
    }
}
