//! Telling people things: mail over SMTP, text messages over a webhook, the log where neither is set.
//!
//! Notices go through an outbox in the database (`outbox`), so that what was promised survives a crash; one-time codes are sent at once, because
//! a late code is of no use. Addresses and bodies are stored encrypted and erased an hour after they were sent.

mod outbox;
mod smtp;
mod store;
mod undelivered;
mod webhook;

pub use undelivered::Undelivered;

use crate::clock::{Clock, Millis, SECOND};
use crate::config::Config;
use crate::db::Db;
use crate::ids::{AccountId, NoticeId};
use crate::keys::Keys;
use crate::web::{AppError, Result};
use serde::{Deserialize, Serialize};
use sqlx::{Any, Executor};
use std::sync::Arc;
use std::time::Duration;

/// A code may not be asked for again sooner than this; shown on the page.
pub const RESEND_AFTER: Millis = 30 * SECOND;
/// A gateway that says nothing for this long has failed.
const SILENCE: Duration = Duration::from_secs(20);
/// So has one that answers and comes to no end.
const SEND_TIMEOUT: Duration = Duration::from_secs(40);

/// What a calendar object asks of whoever reads it (RFC 5546).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Publish,
    Request,
    Cancel,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }

    /// The property of the object itself. Texts within it cannot begin a line: their line breaks are escaped, and folded lines begin with a space.
    fn of(calendar: &str) -> Option<Self> {
        let named = calendar.lines().take_while(|line| !line.starts_with("BEGIN:VEVENT")).find_map(|line| line.strip_prefix("METHOD:"))?;
        [Self::Publish, Self::Request, Self::Cancel].into_iter().find(|method| method.name() == named.trim_end())
    }
}

/// What goes out.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
struct Notice {
    to: String,
    subject: String,
    body: String,
    /// An iCalendar object to attach (RFC 5545), if any.
    calendar: Option<String>,
    /// Of the calendar object. Not in what was stored by versions before it.
    #[serde(default)]
    method: Option<Method>,
}

impl Notice {
    fn method(&self) -> Option<Method> {
        self.method.or_else(|| Method::of(self.calendar.as_deref()?))
    }
}

/// A notice with where it goes and what is to be kept in mind on the way, as the outbox takes it.
#[derive(Clone)]
pub struct Letter {
    account: Option<AccountId>,
    channel: String,
    notice: Notice,
    once: Option<String>,
    topic: String,
    expires_at: Option<Millis>,
}

impl Letter {
    /// Only the first letter with this key is taken, whatever becomes of it. A message that goes by two channels has two keys.
    #[must_use]
    pub fn once(self, key: impl Into<String>) -> Self {
        Self { once: Some(key.into()), ..self }
    }

    /// To the same person and by the same channel, letters about the same go out one after the other, and can be dropped together.
    #[must_use]
    pub fn topic(self, topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), ..self }
    }

    /// From then on it is of no use to anybody and is not sent any more.
    #[must_use]
    pub fn expires_at(self, at: Millis) -> Self {
        Self { expires_at: Some(at), ..self }
    }

    /// What a text message says in place of the body.
    #[must_use]
    pub fn short(self, text: &str) -> Self {
        if self.channel == "phone" { Self { notice: Notice { body: text.to_owned(), ..self.notice }, ..self } } else { self }
    }

    /// With a calendar object, which mail programs show as the invitation or cancellation that it is.
    #[must_use]
    pub fn calendar(self, method: Method, text: String) -> Self {
        Self { notice: Notice { calendar: Some(text), method: Some(method), ..self.notice }, ..self }
    }
}

/// Why a notice did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// It may do so another time.
    Failed(String),
    /// It will not: this address, or this notice, is refused.
    Refused(String),
    /// It cannot be read with this key.
    Unreadable,
}

impl Failure {
    /// What a server said, without the address that it likes to repeat, and not at length.
    fn said(&self, address: &str) -> String {
        let (Self::Failed(said) | Self::Refused(said)) = self else { return String::new() };
        let (lower, address) = (said.to_ascii_lowercase(), address.to_ascii_lowercase());
        let (mut left, mut at) = (String::new(), 0);
        if !address.is_empty() {
            for (found, _) in lower.match_indices(&address) {
                left.push_str(&said[at..found]);
                left.push('…');
                at = found + address.len();
            }
        }
        left.push_str(&said[at..]);
        left.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
    }
}

/// A way to reach people.
enum Channel {
    Smtp(smtp::Smtp),
    Webhook(webhook::Webhook),
    Log,
}

impl Channel {
    /// The id stays the same however often the notice is tried, for receivers to know it by.
    async fn send(&self, id: NoticeId, notice: &Notice) -> Result<(), Failure> {
        let sending = async {
            match self {
                Self::Smtp(smtp) => smtp.send(id, notice).await,
                Self::Webhook(webhook) => webhook.send(id, notice).await,
                // The one place where a person's address may reach a log: there is no other channel, and demo and first trials need the code.
                Self::Log => {
                    tracing::info!(target: "springbreeze::notice", to = notice.to, subject = notice.subject, "{}", notice.body);
                    Ok(())
                }
            }
        };
        let late = || Failure::Failed(format!("not done after {} s", SEND_TIMEOUT.as_secs()));
        tokio::time::timeout(SEND_TIMEOUT, sending).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Takes back what has not left yet about something, also what failed and could be tried again. What is on the way at this moment arrives.
pub async fn drop_topic_in<'e>(db: impl Executor<'e, Database = Any>, topic: &str, now: Millis) -> Result<u64> {
    Ok(store::drop_topic(db, topic, now).await?)
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
        let email = if config.smtp.is_empty() { Channel::Log } else { Channel::Smtp(smtp::Smtp::new(config)?) };
        let phone = if config.sms_webhook.is_empty() { Channel::Log } else { Channel::Webhook(webhook::Webhook::new(config)?) };
        Ok(Self { email: Arc::new(email), phone: Arc::new(phone), db, clock, keys })
    }

    /// Sends at once; an error means that it did not leave.
    pub async fn send_now(&self, channel: &str, to: &str, subject: &str, body: &str) -> Result<()> {
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), calendar: None, method: None };
        self.channel(channel).send(NoticeId::new(), &notice).await.map_err(|failure| {
            tracing::error!(cause = failure.said(to), channel, "a code could not be sent");
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
        let method = calendar.as_deref().and_then(Method::of);
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), calendar, method };
        Ok(Letter { account, channel: channel.to_owned(), notice, once: None, topic: String::new(), expires_at: None })
    }

    /// Puts a letter into the outbox as a part of something larger, so that it goes out once however often that is tried.
    pub async fn queue_in<'e>(&self, db: impl Executor<'e, Database = Any>, letter: &Letter) -> Result<()> {
        let sealed = self.keys.encrypt(&serde_json::to_string(&letter.notice)?);
        Ok(store::insert(db, NoticeId::new(), letter, &sealed, self.clock.now()).await?)
    }

    fn channel(&self, name: &str) -> &Channel {
        if name == "email" { &self.email } else { &self.phone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_is_that_of_the_object_whatever_its_texts_say() {
        let calendar =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:METHOD:CANCEL\r\n METHOD:CANCEL\r\nEND:VEVENT\r\n";
        assert_eq!(Method::of(calendar), Some(Method::Request));
        assert_eq!(Method::of(&calendar.replace("METHOD:REQUEST", "METHOD:CANCEL")), Some(Method::Cancel));
        assert_eq!(Method::of("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nMETHOD:CANCEL\r\n"), None);
        let stored = r#"{"to":"a@b.example","subject":"","body":"","calendar":"METHOD:CANCEL\r\n"}"#;
        let before: Notice = serde_json::from_str(stored).expect("what an older version stored");
        assert_eq!(before.method(), Some(Method::Cancel));
        let carried = Notice { method: Some(Method::Request), ..before };
        assert_eq!(carried.method(), Some(Method::Request), "what the notice carries counts");
    }

    #[test]
    fn what_a_server_says_is_kept_without_the_address() {
        let said = |text: &str, to: &str| Failure::Failed(text.into()).said(to);
        let text = "permanent error (550): <Wang@Example.com>: no such user wang@example.com\r\nhere";
        assert_eq!(said(text, "wang@example.com"), "permanent error (550): <…>: no such user …  here");
        assert_eq!(said("über 面试", ""), "über 面试");
        assert_eq!(said(&"面".repeat(400), "x").chars().count(), 300);
    }
}
