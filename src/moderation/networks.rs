//! The network that a banned person wrote from: whoever comes anew from there is not refused, because thousands share one address
//! of a carrier, but the first message is looked at.
//!
//! Invariants: an address is in memory only; what is stored is a keyed hash of a coarse one, together with a ban, for a day.

use super::{Device, Moderation, store};
use crate::clock::{DAY, Millis};
use crate::ids::{AccountId, RoomId};
use crate::web::Result;
use dashmap::DashMap;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// People whose network is remembered; past it those are forgotten who wrote more than an hour ago.
const REMEMBERED: usize = 50_000;
/// What such a message is held for.
pub(super) const NETWORK: &str = "network";

/// Where people wrote from lately.
pub(super) type Seen = Arc<DashMap<AccountId, (IpAddr, Millis)>>;

/// The network of an address: 24 bits of IPv4, 48 of IPv6, which is what a provider gives to a site.
pub(super) fn coarse(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !0xFF).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !(u128::MAX >> 48)).into(),
    }
}

impl Moderation {
    fn network_hash(&self, network: IpAddr) -> String {
        self.accounts.keys.lookup_hash(&format!("network {network}"))
    }

    pub(super) fn note_network(&self, account: AccountId, device: &Device) {
        let now = self.accounts.clock.now();
        if self.seen.len() > REMEMBERED && self.seen_sweep.is_due(now) {
            self.seen.retain(|_, (_, at)| now - *at < DAY / 24);
        }
        if let Some(network) = device.network() {
            self.seen.insert(account, (network, now));
        }
    }

    /// Keeps the network of a banned person with the ban, for a day at most.
    pub(super) async fn keep_network(&self, room: RoomId, target: AccountId, until: Millis) -> Result<()> {
        let Some((network, at)) = self.seen.get(&target).map(|seen| *seen) else { return Ok(()) };
        let now = self.accounts.clock.now();
        if now - at < DAY {
            let db = self.accounts.db.write();
            store::put_network(db, room, target, &self.network_hash(network), until.min(now + DAY), now).await?;
            self.networks.forget(room);
        }
        Ok(())
    }

    pub(super) async fn forget_network(&self, room: RoomId, target: AccountId) -> Result<()> {
        store::delete_network(self.accounts.db.write(), room, target).await?;
        self.networks.forget(room);
        Ok(())
    }

    /// Whether this is somebody's first word here, from where a banned person wrote.
    pub(super) async fn is_newcomer_from_banned(&self, room: RoomId, author: AccountId, device: &Device) -> Result<bool> {
        let (Some(network), now, db) = (device.network(), self.accounts.clock.now(), self.accounts.db.read()) else { return Ok(false) };
        let read = async { store::networks(db, room, now).await.map(|all| Some(Arc::new(all.into_iter().collect::<HashSet<_>>()))) };
        let banned = self.networks.get(now, room, read).await?.unwrap_or_default();
        if banned.is_empty() || !banned.contains(&self.network_hash(network)) {
            return Ok(false);
        }
        Ok(!self.live.has_written(room, author).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_address_is_a_whole_network() {
        let of = |ip: &str| coarse(ip.parse().expect("address")).to_string();
        assert_eq!((of("203.0.113.77"), of("2001:db8:1:2:3:4:5:6")), ("203.0.113.0".into(), "2001:db8:1::".into()));
    }
}
