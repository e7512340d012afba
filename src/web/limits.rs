//! Limits per person and per address.

use super::{AppError, Result};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::convert::Infallible;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// A keyed token bucket: `burst` at once, then one more every `every`.
#[derive(Clone)]
pub struct RateLimit<K: Hash + Eq + Clone>(Arc<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> RateLimit<K> {
    pub fn new(burst: u32, every: Duration) -> Self {
        let quota = Quota::with_period(every)
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self(Arc::new(RateLimiter::keyed(quota)))
    }

    /// Counts one use by `key`; `Err` says how many seconds to wait.
    pub fn check(&self, key: &K) -> Result<()> {
        // Forget idle keys now and then, so that memory is bounded by the recently active ones.
        if self.0.len() > 50_000 {
            self.0.retain_recent();
        }
        self.0.check_key(key).map_err(|until| AppError::RateLimited(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1))
    }
}

/// The caller's address, put into the request by [`client_ip`].
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// What limits count: the address, or with IPv6 the network of 64 bits, of which a home or a phone has all addresses.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
            v4 => v4,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(IpAddr::from([127, 0, 0, 1]))))
    }
}

/// Notes the caller's address: the connection's, or behind a trusted proxy the last one of X-Forwarded-For.
pub fn client_ip(trust_proxy: bool) -> impl Fn(axum::extract::Request) -> axum::extract::Request + Clone {
    move |mut request| {
        let direct = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
        let forwarded =
            trust_proxy.then(|| request.headers().get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()).flatten();
        if let Some(ip) = forwarded.or(direct) {
            request.extensions_mut().insert(ClientIp(ip.to_canonical()));
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_share_a_limit_with_ipv6() {
        let network = |text: &str| ClientIp(text.parse().expect("an address")).network().to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
    }

    #[test]
    fn a_forwarded_address_counts_only_behind_a_trusted_proxy_and_a_mapped_one_is_ipv4() {
        let seen = |trust: bool, direct: &str, forwarded: &str| {
            let mut request = axum::extract::Request::new(axum::body::Body::empty());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(direct.parse().expect("an address"), 9)));
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
            client_ip(trust)(request).extensions().get::<ClientIp>().map(|ip| ip.0.to_string())
        };
        assert_eq!(seen(false, "::ffff:192.0.2.7", "203.0.113.9").as_deref(), Some("192.0.2.7"));
        assert_eq!(seen(true, "127.0.0.1", "198.51.100.1, ::ffff:203.0.113.9").as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn a_burst_passes_and_the_next_one_waits() {
        let limit = RateLimit::new(3, Duration::from_secs(10));
        for _ in 0..3 {
            assert!(limit.check(&"a").is_ok());
        }
        assert!(matches!(limit.check(&"a"), Err(AppError::RateLimited(1..=11))));
        assert!(limit.check(&"b").is_ok(), "each key has its own bucket");
    }
}
