//! Push messages to browsers. The address comes from a browser, so it is nobody's to trust: only https, only addresses of the public internet
//! (asked of the name at each connection, so that none can be swapped in later), no redirects, nothing read of the answer but its status.

use super::public::{Public, is_public};
use super::push_message::{Identity, MOST, Subscription, SubscriptionKeys, seal};
use super::{Failure, Notice, Notify, SILENCE, reach_store};
use crate::clock::{Clock, DAY, Millis};
use crate::config::Config;
use crate::db::Db;
use crate::ids::{AccountId, DeviceId};
use crate::keys::Keys;
use crate::web::{AppError, Fields, Result, Text, clean};
use anyhow::Context;
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::OnceCell;

pub use super::reach_store::Device;

/// Browsers of one person; of more the oldest are forgotten.
const MOST_DEVICES: i64 = 5;
/// How long a push service keeps what has no end of its own for a phone that is off.
const KEPT: Millis = DAY;

pub(super) struct Push {
    client: reqwest::Client,
    db: Db,
    clock: Clock,
    keys: Keys,
    /// A way to the operator, for whoever runs the push service.
    contact: String,
    anywhere: bool,
    identity: OnceCell<Identity>,
}

/// The address of a push service, if it may be one.
fn checked(endpoint: &str, anywhere: bool) -> Option<Url> {
    let url = Url::parse(endpoint).ok().filter(|_| endpoint.len() <= 1_024)?;
    let literal = || url.host_str()?.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let public = url.scheme() == "https" && url.port().is_none() && literal().is_none_or(is_public) && url.username().is_empty();
    let possible = matches!(url.scheme(), "https" | "http") && url.host_str().is_some();
    (public || (anywhere && possible)).then_some(url)
}

impl Push {
    pub(super) fn new(config: &Config, db: Db, clock: Clock, keys: Keys, contact: String) -> anyhow::Result<Self> {
        // No proxy of the environment either: it would look up the name itself, and lead to wherever that leads.
        let client = reqwest::Client::builder().timeout(SILENCE).redirect(Policy::none()).no_proxy();
        let client = if config.push_anywhere { client } else { client.dns_resolver(Arc::new(Public)) };
        Ok(Self { client: client.build()?, db, clock, keys, contact, anywhere: config.push_anywhere, identity: OnceCell::new() })
    }

    /// This server's key, made when it is needed first.
    async fn identity(&self) -> anyhow::Result<&Identity> {
        let read = async || {
            let stored = match reach_store::push_key(self.db.read()).await? {
                Some(stored) => stored,
                None => {
                    reach_store::put_push_key(self.db.write(), &self.keys.encrypt(&Identity::make()?)).await?;
                    reach_store::push_key(self.db.write()).await?.context("the key for push messages is gone")?
                }
            };
            Identity::read(&self.keys.decrypt(&stored).context("the key for push messages cannot be read with this master key")?)
        };
        self.identity.get_or_try_init(read).await
    }

    /// To the browser that `notice.to` names.
    pub(super) async fn send(&self, notice: &Notice, expires_at: Option<Millis>) -> Result<(), Failure> {
        let failed = |error: anyhow::Error| Failure::Failed(format!("{error:#}"));
        let sealed = reach_store::device(self.db.read(), &notice.to).await.map_err(|error| failed(error.into()))?;
        // Its owner has taken it off the list.
        let Some(sealed) = sealed else { return Err(Failure::Gone) };
        let read = self.keys.decrypt(&sealed).and_then(|text| serde_json::from_str::<Subscription>(&text).ok());
        let to = read.ok_or(Failure::Unreadable)?;
        let url = checked(&to.endpoint, self.anywhere).ok_or_else(|| Failure::Refused("the address is not allowed".into()))?;
        let body = seal(&to.keys, &words(notice)).map_err(|error| Failure::Refused(format!("{error:#}")))?;
        let now = self.clock.now();
        let identity = self.identity().await.map_err(failed)?;
        let proof = identity.proof(&url.origin().ascii_serialization(), &self.contact, now / 1_000).map_err(failed)?;
        let kept = expires_at.map_or(KEPT, |at| at - now).clamp(0, KEPT) / 1_000;
        let request = self.client.post(url).header("ttl", kept).header("urgency", "high").header("authorization", proof);
        let request = request.header("content-encoding", "aes128gcm").header("content-type", "application/octet-stream").body(body);
        let answer = request.send().await.map_err(|error| failed(anyhow::Error::from(error.without_url())))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                reach_store::forget_device(self.db.write(), &notice.to).await.map_err(|error| failed(error.into()))?;
                Err(Failure::Gone)
            }
            status @ (StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE) => Err(Failure::Refused(format!("HTTP {status}"))),
            _ => Err(Failure::answered(&answer)),
        }
    }
}

/// What the worker in the browser reads. Shortened to what fits.
fn words(notice: &Notice) -> Vec<u8> {
    let text = |most: usize| {
        let body: String = notice.body.chars().take(most).collect();
        let title: String = notice.subject.chars().take(most).collect();
        serde_json::json!({"title": title, "body": body, "url": notice.link, "tag": notice.tag}).to_string().into_bytes()
    };
    let whole = text(400);
    if whole.len() <= MOST { whole } else { text(100) }
}

/// The address in a stored subscription, by whose hash it is found.
pub(super) fn endpoint(stored: &str) -> Option<String> {
    serde_json::from_str::<Subscription>(stored).ok().map(|subscription| subscription.endpoint)
}

impl Notify {
    /// The key that browsers of this server's visitors are given.
    pub async fn push_key(&self) -> Result<String> {
        Ok(self.push.identity().await?.public())
    }

    pub async fn devices(&self, account: AccountId) -> Result<Vec<Device>> {
        Ok(reach_store::devices(self.db.read(), account).await?)
    }

    /// Takes a browser among those that get somebody's push messages. `name` is shown to its owner.
    pub async fn add_device(&self, account: AccountId, subscription: &Subscription, name: &str) -> Result<()> {
        let keys: &SubscriptionKeys = &subscription.keys;
        if checked(&subscription.endpoint, self.push.anywhere).is_none() || keys.read().is_err() {
            let mut fields = Fields::default();
            fields.add("endpoint", Text("telling-push-wrong"));
            return Err(AppError::Invalid(fields));
        }
        let (hash, name) = (self.keys.lookup_hash(&subscription.endpoint), clean(name, 60));
        let sealed = self.keys.encrypt(&serde_json::to_string(subscription)?);
        let new = reach_store::NewDevice { account, endpoint_hash: &hash, sealed: &sealed, name: &name, now: self.clock.now() };
        let mut tx = self.db.begin().await?;
        for older in self.keys.older_hashes(&subscription.endpoint) {
            reach_store::rehash(&mut *tx, &older, &hash).await?;
        }
        reach_store::put_device(&mut tx, &new, MOST_DEVICES).await?;
        Ok(tx.commit().await?)
    }

    pub async fn remove_device(&self, account: AccountId, id: DeviceId) -> Result<()> {
        if reach_store::delete_device(self.db.write(), account, id).await? { Ok(()) } else { Err(AppError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_by_name_or_public() {
        for good in ["https://fcm.googleapis.com/fcm/send/abc", "https://updates.push.services.mozilla.com/wpush/v2/x", "https://8.8.8.8/x"]
        {
            assert!(checked(good, false).is_some(), "{good}");
        }
        let long = format!("https://push.example/{}", "x".repeat(1_024));
        for bad in [
            "",
            "http://push.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://192.168.0.1/x",
            "https://push.example:8443/",
            "ftp://push.example/",
            "https://user@push.example/",
            "file:///etc/passwd",
            "https://2130706433/",
            long.as_str(),
        ] {
            assert!(checked(bad, false).is_none(), "{bad}");
        }
        assert!(checked("http://127.0.0.1:9/x", true).is_some() && checked("file:///x", true).is_none());
    }
}
