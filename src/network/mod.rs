//! The network test: which ways to this server a visitor's network leaves open, in words. A page runs it; JSON and plain text say what the
//! server sees, for support and for `curl`.
//!
//! A test connection is a viewer like any other, of a picture that the server publishes to itself while somebody tests, through an answer that
//! names one transport only. Invariants: tests are few at once and end by themselves; nothing of a visitor is kept. Deliberately absent: rooms
//! and accounts.

mod pages;
mod source;

pub use pages::{media_routes, routes};

use crate::clock::{Clock, Millis};
use crate::ids::SessionId;
use crate::live::wish::Wish;
use crate::media::{MediaEvent, Transport};
use crate::web::{AppError, RateLimit, Result};
use serde::Serialize;
use source::{Held, Source};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Test connections at once: what they take is what as many viewers take.
const TESTS: usize = 40;
/// Seconds after which a visitor may try again when all are in use; a test takes about four.
const RETRY: u64 = 5;
/// A test takes ten seconds at most, from the offer to the last figure; the page ends its session itself.
const LONGEST: Duration = Duration::from_secs(20);

/// The network test; cheap to clone.
#[derive(Clone)]
pub struct Network {
    wish: Wish,
    clock: Clock,
    source: Source,
    tests: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    /// Each run of the page makes three connections and a socket. A whole village station may share one address.
    limit: RateLimit<IpAddr>,
    trust_proxy: bool,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Network {
    /// `clip`: a Matroska file with H.264 and Opus, the test picture.
    pub fn new(wish: Wish, clock: Clock, clip: &'static [u8], trust_proxy: bool, token: &CancellationToken, tracker: &TaskTracker) -> Self {
        Self {
            source: Source::new(wish.media.clone(), clip, token, tracker),
            wish,
            clock,
            tests: Arc::new(Semaphore::new(TESTS)),
            sockets: Arc::new(Semaphore::new(TESTS)),
            limit: RateLimit::new(40, Duration::from_secs(1)),
            trust_proxy,
            token: token.clone(),
            tracker: tracker.clone(),
        }
    }

    fn place(&self) -> Result<OwnedSemaphorePermit> {
        self.tests.clone().try_acquire_owned().map_err(|_| AppError::Overloaded(RETRY))
    }

    /// Ends a test connection that its page does not end, and lets the picture and the place go with it.
    fn watch(&self, session: SessionId, place: OwnedSemaphorePermit, picture: Held, mut events: broadcast::Receiver<MediaEvent>) {
        let (media, token) = (self.wish.media.clone(), self.token.clone());
        self.tracker.spawn(async move {
            let over = async {
                loop {
                    match events.recv().await {
                        Ok(MediaEvent::ViewerDown { session: ended, .. }) if ended == session => return,
                        Ok(_) => {}
                        Err(broadcast::error::RecvError::Lagged(_)) if media.session(session).await.is_some() => {}
                        Err(_) => return,
                    }
                }
            };
            tokio::select! {
                () = token.cancelled() => {}
                () = over => {}
                () = tokio::time::sleep(LONGEST) => { media.close(session).await; }
            }
            drop((place, picture));
        });
    }
}

/// How the request that asks came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Encryption {
    /// By this server itself.
    Here,
    /// By the proxy in front, as it says.
    Proxy,
    None,
}

/// What the server sees of a visitor, and what it offers.
#[derive(Clone, Debug, Serialize)]
struct Seen {
    /// UTC milliseconds.
    time: Millis,
    address: IpAddr,
    /// `IPv4` or `IPv6`.
    family: &'static str,
    /// Such as `HTTP/1.1`, of the last hop.
    http: String,
    tls: Encryption,
    media: Vec<Way>,
}

/// A way for media that answers announce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Way {
    transport: Transport,
    addresses: Vec<IpAddr>,
    port: u16,
}

impl Network {
    fn ways(&self) -> Vec<Way> {
        let addresses = self.wish.media.announced();
        self.wish.media.transports().into_iter().map(|(transport, port)| Way { transport, addresses: addresses.to_vec(), port }).collect()
    }
}

/// A mapped address is one of IPv4 that came in by a socket for both.
fn canonical(address: IpAddr) -> (IpAddr, &'static str) {
    let address = address.to_canonical();
    (address, if address.is_ipv4() { "IPv4" } else { "IPv6" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_shown_as_what_it_is() {
        let seen = |text: &str| canonical(text.parse().expect("an address"));
        assert_eq!(seen("::ffff:192.0.2.7"), ("192.0.2.7".parse().expect("an address"), "IPv4"));
        assert_eq!(seen("2001:db8::7").1, "IPv6");
    }
}
