//! Telling people things: mail over SMTP, text messages over a webhook, push to browsers, notices on pages; the log where no mail or webhook is set.
//!
//! By which ways and when somebody is told is theirs to say (`reach`).
//! Notices go through an outbox in the database (`outbox`), so that what was promised survives a crash; one-time codes are sent at once, because
//! a late code is of no use. Addresses and bodies are stored encrypted and erased an hour after they were sent.

mod inbox;
mod outbox;
mod pause;
mod public;
mod push;
mod push_message;
mod reach;
mod reach_store;
mod smtp;
mod store;
mod undelivered;
mod webhook;

pub use inbox::PageNotice;
pub use public::{Public, is_public};
pub use push::Device;
pub use push_message::{Subscription, SubscriptionKeys};
pub use reach::{BREAKS_QUIET, Consent, Quiet, Reach, TEXT_VERSION, Way};
pub use store::{ERASED, SEALED};
pub use undelivered::Undelivered;

use crate::clock::{Clock, Millis, SECOND};
use crate::config::Config;
use crate::db::Db;
use crate::ids::{AccountId, NoticeId};
use crate::keys::Keys;
use crate::web::{AppError, Result};
use serde::{Deserialize, Serialize};
use sqlx::{Any, AnyConnection, Executor};
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
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }

    /// The property of the object itself. Texts within it cannot begin a line: their line breaks are escaped, and folded lines begin with a space.
    pub fn of(calendar: &str) -> Option<Self> {
        let named = calendar.lines().take_while(|line| !line.starts_with("BEGIN:VEVENT")).find_map(|line| line.strip_prefix("METHOD:"))?;
        [Self::Publish, Self::Request, Self::Cancel].into_iter().find(|method| method.name() == named.trim_end())
    }
}

/// What goes out.
#[derive(Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
struct Notice {
    /// An address, or the id of a browser.
    to: String,
    subject: String,
    body: String,
    /// An iCalendar object to attach (RFC 5545), if any.
    calendar: Option<String>,
    /// Of the calendar object. Not in what was stored by versions before it.
    #[serde(default)]
    method: Option<Method>,
    /// Where a push message leads, and what it takes the place of in a browser.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    link: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tag: String,
}

impl Notice {
    fn method(&self) -> Option<Method> {
        self.method.or_else(|| Method::of(self.calendar.as_deref()?))
    }
}

/// A letter as it goes by one way to one address.
#[derive(Clone)]
struct Copied {
    channel: String,
    /// Of push: whose order is kept; empty otherwise.
    device: String,
    notice: Notice,
}

/// What somebody is told, by all ways that they want, and what is to be kept in mind on the way.
#[derive(Clone)]
pub struct Letter {
    account: Option<AccountId>,
    copies: Vec<Copied>,
    once: Option<String>,
    topic: String,
    expires_at: Option<Millis>,
    about: Option<Millis>,
    not_before: Millis,
    quiet: Option<Quiet>,
    shown: Option<(inbox::Words, Millis)>,
}

impl Letter {
    /// Only the first letter with this key is taken, whatever becomes of it.
    #[must_use]
    pub fn once(self, key: impl Into<String>) -> Self {
        Self { once: Some(key.into()), ..self }
    }

    /// To the same person and by the same channel, letters about the same go out one after the other, and can be dropped together.
    #[must_use]
    pub fn topic(self, topic: impl Into<String>) -> Self {
        let topic = topic.into();
        self.each(|copy| copy.notice.tag.clone_from(&topic)).with_topic(topic)
    }

    fn with_topic(self, topic: String) -> Self {
        Self { topic, ..self }
    }

    /// From then on it is of no use to anybody and is not sent any more.
    #[must_use]
    pub fn expires_at(self, at: Millis) -> Self {
        Self { expires_at: Some(at), ..self }
    }

    /// What it is about happens then: quiet hours do not hold it back for so long that it comes too late.
    #[must_use]
    pub fn about(self, at: Millis) -> Self {
        Self { about: Some(at), ..self }
    }

    /// It leaves then at the earliest: what it tells of can be undone until then.
    #[must_use]
    pub fn not_before(self, at: Millis) -> Self {
        Self { not_before: at, ..self }
    }

    /// What a text message or a notice of the browser says in place of the body.
    #[must_use]
    pub fn short(self, text: &str) -> Self {
        self.each(|copy| {
            if copy.channel != Way::Email.name() {
                text.clone_into(&mut copy.notice.body);
            }
        })
    }

    /// With a calendar object, which mail programs show as the invitation or cancellation that it is.
    #[must_use]
    pub fn calendar(self, method: Method, text: &str) -> Self {
        self.each(|copy| {
            if copy.channel == Way::Email.name() {
                (copy.notice.calendar, copy.notice.method) = (Some(text.to_owned()), Some(method));
            }
        })
    }

    /// Also on the pages of whoever it is for, under its subject, until a time. `link`: a path of this server, where it leads in a browser too.
    #[must_use]
    pub fn shown(self, title: &str, link: &str, until: Millis) -> Self {
        let words = inbox::Words { title: title.to_owned(), link: link.to_owned() };
        Self { shown: Some((words, until)), ..self.link(link) }
    }

    /// Where a notice of the browser leads: a path of this server.
    #[must_use]
    pub fn link(self, link: &str) -> Self {
        self.each(|copy| link.clone_into(&mut copy.notice.link))
    }

    /// Whether it reaches anybody, if only on a page.
    pub fn goes_anywhere(&self) -> bool {
        !self.copies.is_empty() || self.shown.is_some()
    }

    fn each(mut self, change: impl Fn(&mut Copied)) -> Self {
        self.copies.iter_mut().for_each(change);
        self
    }
}

/// Why a notice did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// It may do so another time.
    Failed(String),
    /// The same, and the receiver says when.
    Later(String, pause::Pause),
    /// It will not: this address, or this notice, is refused.
    Refused(String),
    /// It cannot be read with this key.
    Unreadable,
    /// The browser that it is for takes no more messages: nobody need look at that.
    Gone,
}

impl Failure {
    /// What a server said, without the address that it likes to repeat, and not at length.
    fn said(&self, address: &str) -> String {
        let (Self::Failed(said) | Self::Later(said, _) | Self::Refused(said)) = self else { return String::new() };
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

    /// An answer that is no yes, and after which it may be tried again.
    fn answered(answer: &reqwest::Response) -> Self {
        let (status, said) = (answer.status(), format!("HTTP {}", answer.status()));
        match pause::Pause::of(status, answer.headers()) {
            Some(pause) => Self::Later(said, pause),
            None => Self::Failed(said),
        }
    }
}

/// A way to reach people.
enum Channel {
    Smtp(smtp::Smtp),
    Webhook(webhook::Webhook),
    Push(Arc<push::Push>),
    Log,
}

impl Channel {
    /// The id stays the same however often the notice is tried, for receivers to know it by.
    async fn send(&self, id: NoticeId, notice: &Notice, expires_at: Option<Millis>) -> Result<(), Failure> {
        let sending = async {
            match self {
                Self::Smtp(smtp) => smtp.send(id, notice).await,
                Self::Webhook(webhook) => webhook.send(id, notice).await,
                Self::Push(push) => push.send(notice, expires_at).await,
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
    browser: Arc<Channel>,
    push: Arc<push::Push>,
    /// The organiser of invitations, to whom replies go.
    reply: Arc<str>,
    db: Db,
    clock: Clock,
    keys: Keys,
}

impl Notify {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.keys;
        Ok(crate::db::personal(self.db.read(), reach_store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(config: &Config, db: Db, clock: Clock, keys: Keys) -> anyhow::Result<Self> {
        let reply = smtp::reply_address(config)?;
        let email = if config.smtp.is_empty() { Channel::Log } else { Channel::Smtp(smtp::Smtp::new(config)?) };
        let phone = if config.sms_webhook.is_empty() { Channel::Log } else { Channel::Webhook(webhook::Webhook::new(config)?) };
        let push = Arc::new(push::Push::new(config, db.clone(), clock.clone(), keys.clone(), format!("mailto:{reply}"))?);
        let browser = Channel::Push(push.clone());
        let [email, phone, browser] = [email, phone, browser].map(Arc::new);
        Ok(Self { email, phone, browser, push, reply: reply.into(), db, clock, keys })
    }

    /// The address to which people reply, and that stands in calendars.
    pub fn reply_address(&self) -> &str {
        &self.reply
    }

    /// Sends at once; an error means that it did not leave.
    pub async fn send_now(&self, channel: &str, to: &str, subject: &str, body: &str) -> Result<()> {
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), ..Notice::default() };
        self.channel(channel).send(NoticeId::new(), &notice, None).await.map_err(|failure| {
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
        self.queue_letter(&self.letter(account, channel, to, subject, body, calendar)?).await
    }

    /// A letter to one address, whatever its owner said about ways and hours.
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
        let notice = Notice { to: to.into(), subject: subject.into(), body: body.into(), calendar, method, ..Notice::default() };
        Ok(empty(account, vec![Copied { channel: channel.to_owned(), device: String::new(), notice }]))
    }

    /// A letter by the ways that somebody wants, at hours that they want. `contacts`: the proven ones, as kinds and addresses.
    pub fn letter_to(&self, account: AccountId, contacts: &[(&str, &str)], reach: Reach, subject: &str, body: &str) -> Letter {
        let copied = |target: reach::Target| Copied {
            channel: target.way.name().to_owned(),
            device: if target.way == Way::Push { target.to.clone() } else { String::new() },
            notice: Notice { to: target.to, subject: subject.to_owned(), body: body.to_owned(), ..Notice::default() },
        };
        let copies = reach.targets(contacts).into_iter().map(copied).collect();
        Letter { quiet: reach.quiet, ..empty(Some(account), copies) }
    }

    /// A notice on the pages of somebody, and nothing else.
    pub fn on_page(&self, account: AccountId, title: &str, link: &str, until: Millis) -> Letter {
        empty(Some(account), Vec::new()).shown(title, link, until)
    }

    /// Puts a letter into the outbox as a part of something larger, so that it goes out once however often that is tried.
    pub async fn queue_in(&self, db: &mut AnyConnection, letter: &Letter) -> Result<()> {
        let now = self.clock.now();
        let point = [letter.about, letter.expires_at].into_iter().flatten().min();
        let from = now.max(letter.not_before);
        let due = letter.quiet.as_ref().map_or(from, |quiet| quiet.due(from, point));
        for copy in &letter.copies {
            let sealed = self.keys.encrypt(&serde_json::to_string(&copy.notice)?);
            let once = letter.once.as_ref().map(|key| format!("{key}/{}{}", copy.channel, copy.device));
            store::insert(&mut *db, &store::Row { letter, copy, once, sealed, now, due }).await?;
        }
        if let (Some((words, until)), Some(account)) = (&letter.shown, letter.account) {
            let sealed = self.keys.encrypt(&serde_json::to_string(words)?);
            reach_store::insert_shown(&mut *db, account, &sealed, now, *until).await?;
        }
        Ok(())
    }

    /// The same by itself.
    pub async fn queue_letter(&self, letter: &Letter) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.queue_in(&mut tx, letter).await?;
        Ok(tx.commit().await?)
    }

    fn channel(&self, name: &str) -> &Channel {
        match name {
            "email" => &self.email,
            "push" => &self.browser,
            _ => &self.phone,
        }
    }
}

fn empty(account: Option<AccountId>, copies: Vec<Copied>) -> Letter {
    Letter { account, copies, once: None, topic: String::new(), expires_at: None, about: None, not_before: 0, quiet: None, shown: None }
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
