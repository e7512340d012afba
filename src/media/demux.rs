//! Which worker a datagram is for, where all workers share one port: the first worker reads the socket and hands on what is for others.
//!
//! A check names its worker in the user fragment. Anything else goes where the owner said, after an authenticated check, that the sender is
//! known; so a forged check can divert nobody. Routes that no check has confirmed for a minute are forgotten.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::ice::Path;
use super::relay::named;
use super::stun::{self, is_stun};

/// Twice the time after which consent ends (RFC 7675).
const FORGOTTEN: Duration = Duration::from_secs(60);
/// How often old routes are sought.
const SWEEP: Duration = Duration::from_secs(10);
/// Datagrams gathered for one worker before they are handed on.
const GATHERED: usize = 64;

/// A datagram on its way to another worker.
pub(super) type Forwarded = (Path, Bytes);

#[derive(Debug)]
struct Route {
    worker: usize,
    confirmed: Instant,
}

pub(super) struct Demux {
    routes: HashMap<SocketAddr, Route>,
    gathered: Vec<Vec<Forwarded>>,
    swept: Instant,
}

impl Demux {
    pub(super) fn new(now: Instant, workers: usize) -> Self {
        Self { routes: HashMap::new(), gathered: (0..workers).map(|_| Vec::new()).collect(), swept: now }
    }

    /// The owner of a session has authenticated this sender.
    pub(super) fn learn(&mut self, now: Instant, remote: SocketAddr, worker: usize) {
        self.routes.insert(remote, Route { worker, confirmed: now });
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.routes.retain(|_, route| now.saturating_duration_since(route.confirmed) < FORGOTTEN);
        }
    }

    /// The worker that a datagram is for; the first one takes and counts what is for nobody.
    pub(super) fn worker(&mut self, now: Instant, remote: SocketAddr, datagram: &[u8]) -> usize {
        let known = self.routes.get_mut(&remote);
        if !is_stun(datagram) {
            return known.map_or(0, |route| route.worker);
        }
        let worker = stun::local_ufrag(datagram).and_then(named).filter(|worker| *worker < self.gathered.len()).unwrap_or(0);
        if let Some(route) = known.filter(|route| route.worker == worker) {
            route.confirmed = now;
        }
        worker
    }

    /// Keeps a datagram for another worker; gives what is to be handed on at once.
    pub(super) fn gather(&mut self, worker: usize, path: Path, datagram: &[u8]) -> Option<Vec<Forwarded>> {
        let gathered = self.gathered.get_mut(worker)?;
        gathered.push((path, Bytes::copy_from_slice(datagram)));
        (gathered.len() >= GATHERED).then(|| std::mem::take(gathered))
    }

    /// What is left to hand on after a turn.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = (usize, Vec<Forwarded>)> {
        self.gathered
            .iter_mut()
            .enumerate()
            .filter(|(_, gathered)| !gathered.is_empty())
            .map(|(worker, gathered)| (worker, std::mem::take(gathered)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::relay::name;

    fn remote(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    fn check(worker: usize) -> Vec<u8> {
        let provider = rtc::crypto::default_provider().expect("a provider");
        stun::nominate(&format!("{}rest:them", name(worker)), "secret", provider.crypto()).expect("a check")
    }

    #[test]
    fn checks_go_by_their_name_and_the_rest_where_an_owner_said() {
        let now = Instant::now();
        let mut demux = Demux::new(now, 3);
        assert_eq!(demux.worker(now, remote(1), &check(2)), 2);
        assert_eq!(demux.worker(now, remote(1), &[22, 0xfe, 0xfd]), 0, "nobody has authenticated it");
        demux.learn(now, remote(1), 2);
        assert_eq!(demux.worker(now, remote(1), &[22, 0xfe, 0xfd]), 2);
        assert_eq!(demux.worker(now, remote(1), &check(1)), 1, "a check of another session");
        assert_eq!(demux.worker(now, remote(1), &[0x80, 96]), 2, "which diverts nothing");
        assert_eq!(demux.worker(now, remote(1), &check(9)), 0, "there is no such worker");
    }

    #[test]
    fn routes_last_while_checks_come() {
        let now = Instant::now();
        let mut demux = Demux::new(now, 2);
        demux.learn(now, remote(1), 1);
        demux.learn(now, remote(2), 1);
        let later = now + FORGOTTEN - Duration::from_secs(1);
        demux.worker(later, remote(1), &check(1));
        demux.learn(later + Duration::from_secs(2), remote(3), 1);
        assert_eq!(demux.routes.len(), 2, "the one without checks is gone");
    }

    #[test]
    fn datagrams_are_handed_on_in_groups_and_at_the_end_of_a_turn() {
        let mut demux = Demux::new(Instant::now(), 2);
        let path = Path::Udp { remote: remote(1), local: None };
        let groups = (0..150).filter_map(|_| demux.gather(1, path, &[1])).map(|group| group.len()).collect::<Vec<_>>();
        let rest: Vec<_> = demux.rest().map(|(worker, group)| (worker, group.len())).collect();
        assert_eq!((groups, rest), (vec![64, 64], vec![(1, 22)]));
        assert_eq!(demux.rest().count(), 0);
    }
}
