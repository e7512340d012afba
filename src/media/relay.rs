//! What workers tell each other. Every stream has a home, the worker that its publisher sends to; workers with viewers of it follow the home.
//!
//! Queues between workers are bounded, and what does not fit is dropped: packets are then lost for that worker's viewers, as by a network;
//! that a worker follows is repeated every second, and a key frame that does not come is asked for again.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::demux::Forwarded;
use super::ice::Path;
use super::layer::{Packet, Progress};
use super::panel::Order;
use super::stream::{Layers, Sounds};
use super::{SessionId, StreamId};

/// A quarter of a second of twenty busy streams.
pub(super) const QUEUE: usize = 1_024;
/// Workers are named by one character of the ICE user fragment.
pub(super) const MAX_WORKERS: usize = 62;

pub(super) enum Relay {
    /// A worker has viewers of a stream, who watch these layers or wait for them, and want these sounds made.
    Follow {
        stream: StreamId,
        worker: usize,
        watched: Layers,
        sounds: Sounds,
    },
    /// The layer `at` went on. `turning`: viewers may start or change layers now. The order of the speakers goes with each, so that none that is
    /// lost is missed.
    Progress {
        stream: StreamId,
        at: usize,
        progress: Arc<Progress>,
        turning: bool,
        order: Order,
    },
    /// A packet that came out of turn.
    Late {
        stream: StreamId,
        at: usize,
        packet: Packet,
    },
    /// A viewer needs a key frame.
    KeyFrame {
        stream: StreamId,
        at: usize,
    },
    /// Where all share one port: a worker knows this sender, and what the reader of the port got for another.
    Route {
        remote: SocketAddr,
        worker: usize,
    },
    Datagrams(Vec<Forwarded>),
}

/// One worker's links to all.
pub(super) struct Mesh {
    pub(super) me: usize,
    links: Vec<mpsc::Sender<Relay>>,
    /// The worker that reads the port which all share, if that is another one.
    pub(super) reader: Option<usize>,
    pub(super) dropped: u64,
}

impl Mesh {
    /// As many workers as `count`, each with what it will receive.
    /// `shared`: the first reads the one port of all.
    pub(super) fn new(count: usize, shared: bool) -> Vec<(Self, mpsc::Receiver<Relay>)> {
        let (links, queues): (Vec<_>, Vec<_>) = (0..count).map(|_| mpsc::channel(QUEUE)).unzip();
        let one = |me| Self { me, links: links.clone(), reader: (shared && me > 0).then_some(0), dropped: 0 };
        queues.into_iter().enumerate().map(|(me, queue)| (one(me), queue)).collect()
    }

    pub(super) fn home(&self, stream: StreamId) -> usize {
        home(stream, self.links.len())
    }

    pub(super) fn is_home(&self, stream: StreamId) -> bool {
        self.home(stream) == self.me
    }

    pub(super) fn tell(&mut self, worker: usize, relay: Relay) {
        if self.links.get(worker).is_none_or(|link| link.try_send(relay).is_err()) {
            self.dropped += 1;
        }
    }

    /// This worker has authenticated a sender.
    pub(super) fn tell_route(&mut self, path: Path) {
        if let (Some(reader), Path::Udp { remote, .. }) = (self.reader, path) {
            self.tell(reader, Relay::Route { remote, worker: self.me });
        }
    }

    pub(super) fn tell_home(&mut self, stream: StreamId, relay: Relay) {
        self.tell(self.home(stream), relay);
    }
}

/// The worker that a stream's publisher is on. The end of an id is random.
pub(super) fn home(stream: StreamId, workers: usize) -> usize {
    usize::from(u16::from_be_bytes([stream.uuid().as_bytes()[14], stream.uuid().as_bytes()[15]])) % workers.max(1)
}

/// A session's id names its worker in the last byte.
pub(super) fn session_on(worker: usize) -> SessionId {
    let mut bytes = *SessionId::new().uuid().as_bytes();
    bytes[15] = worker as u8;
    SessionId::from_uuid(uuid::Uuid::from_bytes(bytes))
}

pub(super) fn worker_of(session: SessionId) -> usize {
    usize::from(session.uuid().as_bytes()[15])
}

const NAMES: &[u8; MAX_WORKERS] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The first character of a user fragment, which tells whose it is before anything of it is known.
pub(super) fn name(worker: usize) -> char {
    char::from(NAMES[worker % MAX_WORKERS])
}

pub(super) fn named(ufrag: &str) -> Option<usize> {
    let first = ufrag.as_bytes().first()?;
    NAMES.iter().position(|name| name == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_and_user_fragments_name_their_worker() {
        for worker in 0..MAX_WORKERS {
            let session = session_on(worker);
            assert_eq!((worker_of(session), named(&format!("{}xyz", name(worker)))), (worker, Some(worker)));
            assert!(session.made_at().is_some(), "still of version 7");
        }
        assert_eq!((named(""), named("-a")), (None, None));
    }

    #[test]
    fn streams_are_spread_over_the_workers() {
        let mut counts = [0; 4];
        (0..4_000).for_each(|_| counts[home(StreamId::new(), 4)] += 1);
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut mesh = Mesh::new(2, false).swap_remove(0);
        let stream = StreamId::new();
        (0..QUEUE + 3).for_each(|_| mesh.0.tell(0, Relay::KeyFrame { stream, at: 0 }));
        assert_eq!(mesh.0.dropped, 3);
    }
}
