//! Webhooks: an employer's own system is told when a posting opens, changes or ends and when an application comes, by signed messages to an address
//! that a recruiter registers.
//!
//! Invariants: a message holds ids and links and nothing about a person; it is a row before it is sent, and is sent until it is taken or given up;
//! nothing is ever sent to an address that is not public, and no redirect is followed. Whatever happens elsewhere is found in what is written there
//! (`store`), so that nobody else need think of it.
//! Deliberately absent: order. Each message has its time, and a receiver that was away gets several at once.

mod deliver;
mod event;
mod pages;
mod sign;
mod store;

pub use pages::routes;
pub use store::SEALED;

use crate::accounts::{Accounts, Employer, Viewer};
use crate::clock::{HOUR, Millis};
use crate::ids::{AccountId, DeliveryId, EmployerId, WebhookId};
use crate::notify::{Public, is_public};
use crate::web::{AppError, Fields, RateLimit, Result, Text};
use event::Event;
use reqwest::Url;
use reqwest::redirect::Policy;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Addresses of one employer: a system, its test and some to spare.
const MOST: usize = 5;
/// A receiver that says nothing for this long has not taken it.
const SILENCE: Duration = Duration::from_secs(10);
/// Characters of an address.
const URL_MOST: usize = 500;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    accounts: Accounts,
    client: reqwest::Client,
    /// For tests: any address, also of this machine.
    anywhere: bool,
    /// What recruiters add and try.
    changes: RateLimit<AccountId>,
}

/// An address that is told.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub id: WebhookId,
    pub url: String,
    pub created_at: Millis,
}

/// How a message stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub kind: String,
    pub attempts: i64,
    pub due_at: Millis,
    pub sent_at: Option<Millis>,
    pub failed_at: Option<Millis>,
    /// What went wrong last, in English; without the address.
    pub error: String,
    pub created_at: Millis,
}

impl Webhooks {
    /// `anywhere`: for tests.
    pub fn new(accounts: Accounts, anywhere: bool) -> anyhow::Result<Self> {
        // No proxy of the environment either: it would look up the name itself.
        let client = reqwest::Client::builder().timeout(SILENCE).redirect(Policy::none()).no_proxy().user_agent("SpringBreeze-Webhooks/1");
        let client = if anywhere { client } else { client.dns_resolver(Arc::new(Public)) };
        let changes = RateLimit::new(20, Duration::from_secs(30));
        Ok(Self { accounts, client: client.build()?, anywhere, changes })
    }

    fn now(&self) -> Millis {
        self.accounts.clock.now()
    }

    /// The employer, if the viewer recruits for it.
    async fn recruited_by(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        if !viewer.recruits_for(id) {
            return Err(AppError::NotFound);
        }
        self.accounts.employer(id).await?.ok_or(AppError::NotFound)
    }

    async fn of(&self, employer: EmployerId) -> Result<Vec<Webhook>> {
        let rows = store::of(self.accounts.db.read(), employer).await?;
        let open = |row: store::Row| Webhook {
            id: row.id,
            url: self.accounts.keys.decrypt(&row.sealed_url).unwrap_or_default(),
            created_at: row.created_at,
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// One of an employer's addresses.
    async fn one(&self, employer: EmployerId, id: WebhookId) -> Result<Webhook> {
        self.of(employer).await?.into_iter().find(|webhook| webhook.id == id).ok_or(AppError::NotFound)
    }

    /// Registers an address; the secret is told this once.
    async fn add(&self, viewer: &Viewer, employer: EmployerId, url: &str) -> Result<(WebhookId, String)> {
        let by = viewer.person()?.id;
        self.changes.check(&by)?;
        let mut wrong = Fields::default();
        let url = url.trim();
        if let Err(text) = self.may_be_told(url).await {
            wrong.add("url", text);
        } else if self.of(employer).await?.len() >= MOST {
            wrong.add("url", Text("webhooks-too-many"));
        }
        wrong.check()?;
        let (id, secret, keys) = (WebhookId::new(), sign::new_secret(), &self.accounts.keys);
        let row = store::Row { id, sealed_url: keys.encrypt(url), sealed_secret: keys.encrypt(&secret), created_at: self.now() };
        store::insert(self.accounts.db.write(), employer, &row).await?;
        self.accounts.audit(by, "webhook.added", &employer.to_string(), None, "", &id.to_string()).await?;
        Ok((id, secret))
    }

    /// Whether something may be sent there: by https, to a name or number that is public now. It is asked again at each connection.
    async fn may_be_told(&self, url: &str) -> Result<(), Text> {
        let Some(url) = checked(url, self.anywhere) else { return Err(Text("webhooks-bad-url")) };
        if self.anywhere || literal(&url).is_some() {
            return Ok(());
        }
        let name = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(443));
        let found: Vec<_> = match tokio::time::timeout(SILENCE, tokio::net::lookup_host(name)).await {
            Ok(Ok(found)) => found.collect(),
            _ => Vec::new(),
        };
        let public = !found.is_empty() && found.iter().all(|at| is_public(at.ip()));
        if public { Ok(()) } else { Err(Text("webhooks-not-public")) }
    }

    /// Takes an address off, with what was to be sent there.
    async fn remove(&self, viewer: &Viewer, employer: EmployerId, id: WebhookId) -> Result<()> {
        self.one(employer, id).await?;
        store::delete(&self.accounts.db, id).await?;
        self.accounts.audit(viewer.person()?.id, "webhook.removed", &employer.to_string(), None, "", &id.to_string()).await
    }

    /// Sends a message that means nothing, to see whether it arrives.
    async fn test(&self, viewer: &Viewer, employer: EmployerId, id: WebhookId) -> Result<()> {
        self.changes.check(&viewer.person()?.id)?;
        self.one(employer, id).await?;
        let event = Event::test(employer, self.now());
        Ok(store::queue(self.accounts.db.write(), id, &event, &event.body(&self.accounts.origin), self.now()).await?)
    }

    /// Tries again what was given up.
    async fn retry(&self, viewer: &Viewer, employer: EmployerId, id: WebhookId) -> Result<u64> {
        self.changes.check(&viewer.person()?.id)?;
        self.one(employer, id).await?;
        Ok(store::retry(self.accounts.db.write(), id, self.now()).await?)
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// The address if something may be sent to it as far as it says itself: by https, without a name and password in it, and no private number.
fn checked(text: &str, anywhere: bool) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| text.len() <= URL_MOST && url.host_str().is_some_and(|host| !host.is_empty()))?;
    let bare = url.username().is_empty() && url.password().is_none();
    let public = url.scheme() == "https" && bare && literal(&url).is_none_or(is_public);
    (public || (anywhere && matches!(url.scheme(), "http" | "https"))).then_some(url)
}

/// How long it is until the next try after so many; none: given up. A receiver that was away for a night misses nothing.
fn wait(attempts: i64) -> Option<Millis> {
    let waits = [5_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * HOUR, 6 * HOUR, 12 * HOUR];
    usize::try_from(attempts - 1).ok().and_then(|n| waits.get(n)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_by_https_are_told() {
        for right in ["https://example.com/hook?x=1", "https://hr.example.com:8443/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert!(checked(right, false).is_some(), "{right}");
        }
        for wrong in [
            "",
            "x",
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "https://me:secret@example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            &format!("https://example.com/{}", "x".repeat(URL_MOST)),
        ] {
            assert!(checked(wrong, false).is_none(), "{wrong}");
        }
        assert!(checked("http://127.0.0.1:9/", true).is_some());
    }

    #[test]
    fn tries_come_ever_later_and_end_after_a_day() {
        let waits: Vec<_> = (1..).map_while(wait).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]) && waits.iter().sum::<Millis>() < 24 * HOUR);
        assert_eq!((wait(0), wait(8)), (None, None));
    }
}
