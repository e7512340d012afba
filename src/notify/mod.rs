//! Telling people things: mail over SMTP, text messages over a webhook, the log where neither is set.
//!
//! Notices go through an outbox in the database and are sent by one job with retries, so that what was promised survives a
//! crash; one-time codes are sent at once, because a late code is of no use. Addresses and bodies are stored encrypted.

use crate::clock::{Clock, MINUTE, Millis, SECOND};
use crate::config::Config;
use crate::db::Db;
use crate::ids::{AccountId, NoticeId};
use crate::keys::Keys;
use crate::web::{AppError, Result};
use anyhow::Context;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};
use sqlx::{Any, Executor};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A notice is tried this often, waiting 1, 2, 4 ... minutes in between; then it counts as failed and stays to be seen.
const ATTEMPTS: i64 = 8;
const BATCH: i64 = 20;
/// A gateway that does not answer within this time has failed.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// What goes out.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Notice {
    pub to: String,
    pub subject: String,
    pub body: String,
    /// An iCalendar object to attach (RFC 5545), if any.
    pub calendar: Option<String>,
}

/// A notice with where it goes, as the outbox takes it.
#[derive(Clone, Debug)]
pub struct Letter {
    account: Option<AccountId>,
    channel: String,
    sealed: String,
}

/// A way to reach people.
enum Channel {
    Smtp { mailer: AsyncSmtpTransport<Tokio1Executor>, from: Mailbox },
    Webhook { client: reqwest::Client, url: String, token: String },
    Log,
}

/// The channels and the outbox; cheap to clone.
#[derive(Clone)]
pub struct Notify {
    email: Arc<Channel>,
    phone: Arc<Channel>,
    db: Db,
    clock: Clock,
    keys: Keys,
}

impl Notify {
    pub fn new(config: &Config, db: Db, clock: Clock, keys: Keys) -> anyhow::Result<Self> {
        let email = if config.smtp.is_empty() {
            Channel::Log
        } else {
            let mailer = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.smtp).context("smtp")?.timeout(Some(SEND_TIMEOUT)).build();
            Channel::Smtp { mailer, from: config.mail_from.parse().context("mail-from")? }
        };
        let phone = if config.sms_webhook.is_empty() {
            Channel::Log
        } else {
            let token = match config.sms_token_file.as_os_str().is_empty() {
                true => String::new(),
                false => std::fs::read_to_string(&config.sms_token_file).context("sms-token-file")?.trim().to_owned(),
            };
            Channel::Webhook { client: reqwest::Client::builder().timeout(SEND_TIMEOUT).build()?, url: config.sms_webhook.clone(), token }
        };
        Ok(Self { email: Arc::new(email), phone: Arc::new(phone), db, clock, keys })
    }

    /// Sends at once; an error means that it did not leave.
    pub async fn send_now(&self, channel: &str, to: &str, subject: &str, body: &str) -> Result<()> {
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), calendar: None };
        self.channel(channel).send(&notice).await.map_err(|cause| {
            tracing::error!(cause = format!("{cause:#}"), channel, "a code could not be sent");
            AppError::Overloaded(30)
        })
    }

    /// Puts a notice into the outbox; it is durable when this returns.
    pub async fn queue(
        &self,
        account: Option<AccountId>,
        channel: &str,
        to: &str,
        subject: &str,
        body: &str,
        calendar: Option<String>,
    ) -> Result<()> {
        self.queue_in(self.db.write(), &self.letter(account, channel, to, subject, body, calendar)?).await
    }

    /// What [`Notify::queue_in`] takes.
    pub fn letter(
        &self,
        account: Option<AccountId>,
        channel: &str,
        to: &str,
        subject: &str,
        body: &str,
        calendar: Option<String>,
    ) -> Result<Letter> {
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), calendar };
        Ok(Letter { account, channel: channel.to_owned(), sealed: self.keys.encrypt(&serde_json::to_string(&notice)?) })
    }

    /// Puts a letter into the outbox as a part of something larger, so that it goes out once however often that is tried.
    pub async fn queue_in<'e>(&self, db: impl Executor<'e, Database = Any>, letter: &Letter) -> Result<()> {
        let now = self.clock.now();
        sqlx::query("INSERT INTO outbox (id, account_id, channel, sealed, attempts, due_at, error, created_at) VALUES ($1, $2, $3, $4, 0, $5, '', $5)")
            .bind(NoticeId::new())
            .bind(letter.account.map(|a| a.to_string()))
            .bind(&letter.channel)
            .bind(&letter.sealed)
            .bind(now)
            .execute(db)
            .await?;
        Ok(())
    }

    /// Sends what is due, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(2));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.send_due().await {
                tracing::error!(error = format!("{error:#}"), "outbox");
            }
        }
    }

    /// Sends one batch of what is due; returns how many went out.
    pub async fn send_due(&self) -> anyhow::Result<usize> {
        let due: Vec<(NoticeId, String, String, i64)> = sqlx::query_as(
            "SELECT id, channel, sealed, attempts FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $2",
        )
        .bind(self.clock.now())
        .bind(BATCH)
        .fetch_all(self.db.read())
        .await?;
        let mut sent = 0;
        for (id, channel, sealed, attempts) in due {
            let notice = self.keys.decrypt(&sealed).and_then(|text| serde_json::from_str::<Notice>(&text).ok());
            let outcome = match &notice {
                Some(notice) => self.channel(&channel).send(notice).await,
                None => Err(anyhow::anyhow!("the notice cannot be read with this key")),
            };
            sent += usize::from(outcome.is_ok());
            self.record(id, attempts + 1, outcome).await?;
        }
        Ok(sent)
    }

    async fn record(&self, id: NoticeId, attempts: i64, outcome: anyhow::Result<()>) -> sqlx::Result<()> {
        let now = self.clock.now();
        let after = Outcome::of(outcome.is_ok(), attempts, now);
        sqlx::query("UPDATE outbox SET attempts = $2, sent_at = $3, failed_at = $4, due_at = $5, error = $6 WHERE id = $1")
            .bind(id)
            .bind(attempts)
            .bind(after.sent_at)
            .bind(after.failed_at)
            .bind(after.due_at)
            .bind(outcome.err().map(|e| format!("{e:#}")).unwrap_or_default())
            .execute(self.db.write())
            .await
            .map(|_| ())
    }

    fn channel(&self, name: &str) -> &Channel {
        if name == "email" { &self.email } else { &self.phone }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    sent_at: Option<Millis>,
    failed_at: Option<Millis>,
    due_at: Millis,
}

impl Outcome {
    /// What becomes of a notice after its `attempts`-th try.
    fn of(sent: bool, attempts: i64, now: Millis) -> Self {
        let failed = !sent && attempts >= ATTEMPTS;
        let wait = MINUTE << (attempts - 1).clamp(0, 10);
        Self { sent_at: sent.then_some(now), failed_at: failed.then_some(now), due_at: if sent || failed { now } else { now + wait } }
    }
}

impl Channel {
    async fn send(&self, notice: &Notice) -> anyhow::Result<()> {
        match self {
            Self::Smtp { mailer, from } => {
                mailer.send(mail(from, notice)?).await?;
            }
            Self::Webhook { client, url, token } => {
                let body = serde_json::json!({"to": notice.to, "text": notice.body});
                client.post(url).bearer_auth(token).json(&body).send().await?.error_for_status()?;
            }
            // The one place where a person's address may reach a log: there is no other channel, and demo and first trials need the code.
            Self::Log => tracing::info!(target: "springbreeze::notice", to = notice.to, subject = notice.subject, "{}", notice.body),
        }
        Ok(())
    }
}

fn mail(from: &Mailbox, notice: &Notice) -> anyhow::Result<Message> {
    let builder = Message::builder().from(from.clone()).to(notice.to.parse()?).subject(&notice.subject);
    let text = SinglePart::plain(notice.body.clone());
    Ok(match &notice.calendar {
        None => builder.singlepart(text)?,
        Some(calendar) => {
            let method = if calendar.contains("METHOD:CANCEL") { "CANCEL" } else { "REQUEST" };
            let kind = ContentType::parse(&format!("text/calendar; method={method}; charset=utf-8"))?;
            let part = Attachment::new("interview.ics".into()).body(calendar.clone(), kind);
            builder.multipart(MultiPart::mixed().singlepart(text).singlepart(part))?
        }
    })
}

/// A code may not be asked for again sooner than this; shown on the page.
pub const RESEND_AFTER: Millis = 30 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_notice_is_tried_again_ever_later_and_then_given_up() {
        assert_eq!(Outcome::of(true, 1, 5).sent_at, Some(5));
        assert_eq!(Outcome::of(false, 1, 0).due_at, MINUTE);
        assert_eq!(Outcome::of(false, 3, 0).due_at, 4 * MINUTE);
        assert_eq!(Outcome::of(false, ATTEMPTS, 9), Outcome { sent_at: None, failed_at: Some(9), due_at: 9 });
    }

    #[test]
    fn a_mail_carries_its_calendar_object_with_the_method() {
        let notice =
            Notice {
                to: "wang@example.com".into(), subject: "面试".into(), body: "您好".into(), calendar: Some("METHOD:CANCEL".into())
            };
        let text = String::from_utf8(mail(&"a@b.example".parse().expect("mailbox"), &notice).expect("mail").formatted()).expect("text");
        assert!(text.contains("text/calendar; method=CANCEL"), "{text}");
    }
}
