//! The plane: all connections of one worker and the streams that they publish and view, without any I/O of its own.
//!
//! It is given datagrams, commands, what other workers tell and the time, and sends through a [`Wire`]; so all of it runs in tests on virtual time.
//!
//! Invariants: every connection is in `sessions`, its credentials in `ufrags`, its paths in `paths`, and in its stream; all four change together
//! in [`Plane::admit`] and [`Plane::end`]. Each has one timer in the wheel at least. Work on one connection runs under [`guarded`], so that a panic
//! ends that connection only.

mod commands;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
#[cfg(any(test, feature = "fuzzing"))]
mod peer;
mod publishing;
mod schedule;
mod spread;

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::broadcast;

use super::egress::{Egress, Way, Wire};
use super::feed::Source;
use super::ice::{Credentials, Ice, Path};
use super::identity::Identity;
use super::panel::Seat;
use super::publisher::{self, Publisher};
use super::relay::{Mesh, session_on};
use super::sdp::{Candidate, Offer};
use super::stream::{Key, Stream};
use super::stun::{Request, is_stun};
use super::viewer::{Outcome, Viewer};
use super::wheel::Wheel;
use super::{DownReason, MediaEvent, SessionId, StreamId, Totals};

/// How often a connection's slow matters are looked at: consent, choice of layers, reports, handshake repeats.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// A connected publisher from whom nothing comes for so long is gone.
const SILENCE: Duration = Duration::from_secs(8);
/// How often a viewer that catches up gets its next packets.
const PACE: Duration = Duration::from_millis(4);

pub(super) struct Limits {
    pub(super) viewers: usize,
    pub(super) publishers: usize,
}

enum Role {
    Publisher(Box<Publisher>),
    Feed(Source),
    Viewer(Box<Viewer>),
}

struct Connection {
    session: SessionId,
    stream: StreamId,
    ice: Ice,
    role: Role,
    /// The tags of the media sections, of which the first carries the candidates.
    mids: Vec<String>,
    /// When anything came over a known path.
    heard: Instant,
    /// The earliest of its timers in the wheel.
    timer: Option<Instant>,
}

impl Connection {
    /// Whether the session must end, and why.
    fn over(&self, now: Instant) -> Option<DownReason> {
        let late = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        match &self.role {
            Role::Publisher(publisher) if !publisher.is_connected() && late(publisher.created, publisher::HANDSHAKE_LIMIT) => {
                Some(DownReason::NeverConnected)
            }
            // A publisher sends something all the time; a room should not look live for long when it is not.
            Role::Publisher(publisher) if publisher.is_connected() && late(self.heard, SILENCE) => Some(DownReason::TimedOut),
            Role::Feed(_) => late(self.heard, SILENCE).then_some(DownReason::TimedOut),
            _ if self.ice.expired(now) && self.is_connected() => Some(DownReason::TimedOut),
            _ if self.ice.expired(now) => Some(DownReason::NeverConnected),
            _ => None,
        }
    }

    fn is_connected(&self) -> bool {
        match &self.role {
            Role::Publisher(publisher) => publisher.is_connected(),
            Role::Feed(_) => true,
            Role::Viewer(viewer) => viewer.is_connected(),
        }
    }
}

pub(super) struct Plane {
    identity: Arc<Identity>,
    limits: Limits,
    candidates: Vec<Candidate>,
    events: broadcast::Sender<MediaEvent>,
    pub(super) mesh: Mesh,
    pub(super) totals: Totals,
    connections: Slab<Connection>,
    sessions: HashMap<SessionId, Key>,
    ufrags: HashMap<String, Key>,
    paths: HashMap<Path, Key>,
    streams: HashMap<StreamId, Stream>,
    publishers: usize,
    /// Streams with packets held for their burst.
    held: Vec<StreamId>,
    /// Viewers that catch up, and when they go on.
    behind: Vec<(Key, SessionId)>,
    pace_due: Instant,
    tick_due: Instant,
    rest_due: Instant,
    wheel: Wheel<(Key, SessionId)>,
    fired: Vec<(Key, SessionId)>,
    egress: Egress,
    /// Viewers in the order of their answers; those at the front may be gone or heard of.
    unheard: VecDeque<(Key, SessionId)>,
    doomed: Vec<(Key, SessionId, DownReason)>,
}

/// Runs work on one connection; `None` if it panicked.
fn guarded<T>(totals: &mut Totals, work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(value) => Some(value),
        Err(_) => {
            totals.panics += 1;
            None
        }
    }
}

impl Plane {
    pub(super) fn new(
        now: Instant,
        identity: Arc<Identity>,
        limits: Limits,
        candidates: Vec<Candidate>,
        events: broadcast::Sender<MediaEvent>,
        mesh: Mesh,
    ) -> Self {
        Self {
            identity,
            limits,
            candidates,
            events,
            mesh,
            totals: Totals::default(),
            connections: Slab::new(),
            sessions: HashMap::new(),
            ufrags: HashMap::new(),
            paths: HashMap::new(),
            streams: HashMap::new(),
            publishers: 0,
            held: Vec::new(),
            behind: Vec::new(),
            pace_due: now,
            tick_due: now + TICK,
            rest_due: now,
            wheel: Wheel::new(now),
            fired: Vec::new(),
            egress: Egress::default(),
            unheard: VecDeque::new(),
            doomed: Vec::new(),
        }
    }

    /// `offer`: the peer's; none for a feed, which has no connection.
    fn admit(&mut self, now: Instant, stream: StreamId, offer: Option<&Offer>, credentials: Credentials, role: Role) -> Key {
        let session = session_on(self.mesh.me);
        let ufrag = credentials.ufrag.clone();
        let mids = offer.map(Offer::mids).unwrap_or_default();
        let ice = Ice::new(now, credentials, offer.map(|offer| offer.ufrag.clone()).unwrap_or_default());
        let key = self.connections.insert(Connection { session, stream, ice, role, mids, heard: now, timer: None });
        self.sessions.insert(session, key);
        self.ufrags.insert(ufrag, key);
        self.set_timer(key, now + TICK);
        key
    }

    /// Sees to it that the connection's timer fires at `due` or before. There is always one within a tick, far before the wheel's horizon.
    fn set_timer(&mut self, key: Key, due: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.timer.is_none_or(|timer| due < timer) {
            connection.timer = Some(due);
            self.wheel.set(due, (key, connection.session));
        }
    }

    /// Viewers, half-open ones included.
    pub(super) fn viewers(&self) -> usize {
        self.connections.len() - self.publishers
    }

    fn key(&self, session: SessionId) -> Option<Key> {
        self.sessions.get(&session).copied()
    }

    fn doom(&mut self, key: Key, reason: DownReason) {
        if let Some(connection) = self.connections.get(key) {
            self.doomed.push((key, connection.session, reason));
        }
    }

    // Datagrams.

    /// Takes in a datagram. [`Plane::settle`] must follow, after this one or after a batch.
    pub(super) fn datagram(&mut self, now: Instant, wire: &mut dyn Wire, path: Path, datagram: &[u8]) {
        if is_stun(datagram) {
            if self.check(now, wire, path, datagram).is_none() {
                self.totals.dropped_in += 1;
            }
            return;
        }
        let Some(key) = self.paths.get(&path).copied() else {
            self.totals.dropped_in += 1;
            return;
        };
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.heard = now;
        let identity = &self.identity;
        match &mut connection.role {
            Role::Viewer(viewer) => match guarded(&mut self.totals, || viewer.datagram(now, identity, datagram)) {
                Some(outcome) => self.apply(now, wire, key, &outcome),
                None => self.doom(key, DownReason::Failed),
            },
            Role::Publisher(publisher) => {
                self.totals.packets_in += 1;
                self.totals.bytes_in += datagram.len() as u64;
                match guarded(&mut self.totals, || publisher.datagram(now, datagram)) {
                    Some(taken) => self.totals.dropped_in += u64::from(!taken),
                    None => self.doom(key, DownReason::Failed),
                }
                self.serve_publisher(now, wire, key);
            }
            Role::Feed(_) => {}
        }
    }

    /// An ICE check: answers it if it is authentic, and learns the path.
    fn check(&mut self, now: Instant, wire: &mut dyn Wire, path: Path, datagram: &[u8]) -> Option<()> {
        let mut request = Request::parse(datagram)?;
        let key = *self.ufrags.get(request.local_ufrag())?;
        let connection = self.connections.get_mut(key)?;
        let password = connection.ice.password(request.local_ufrag())?.to_owned();
        if !request.is_authentic(&password, self.identity.crypto()) {
            return None;
        }
        let answer = request.success(path.remote(), &password, self.identity.crypto()).ok()?;
        connection.heard = now;
        let checked = connection.ice.checked(now, path, request.nominates(), request.local_ufrag());
        // Not only when it is new: another session may have taken it with a forged sender. Told before the answer, so that what the peer
        // sends next finds its way.
        self.paths.insert(path, key);
        self.mesh.tell_route(path);
        wire.send(path, &answer, answer.len());
        if let Some(forgotten) = checked.forgotten
            && self.paths.get(&forgotten) == Some(&key)
        {
            self.paths.remove(&forgotten);
        }
        if let Some(retired) = checked.retired {
            self.ufrags.remove(&retired);
        }
        if checked.first {
            let identity = &self.identity;
            match &mut connection.role {
                Role::Viewer(viewer) => viewer.checked(now),
                Role::Publisher(publisher) => {
                    guarded(&mut self.totals, || publisher.nominate(now, identity))?;
                    self.serve_publisher(now, wire, key);
                }
                Role::Feed(_) => {}
            }
        }
        Some(())
    }

    /// A TCP connection ended.
    pub(super) fn lost(&mut self, path: Path) {
        if let Some(key) = self.paths.remove(&path)
            && let Some(connection) = self.connections.get_mut(key)
        {
            connection.ice.lost(path);
        }
    }

    pub(super) fn knows(&self, path: Path) -> bool {
        self.paths.contains_key(&path)
    }

    /// Carries out what a viewer's datagram or timer asked for.
    fn apply(&mut self, now: Instant, wire: &mut dyn Wire, key: Key, outcome: &Outcome) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Some(path) = connection.ice.selected() {
            outcome.send.iter().for_each(|datagram| {
                wire.send(path, datagram, datagram.len());
            });
        }
        self.totals.dropped_in += u64::from(outcome.dropped);
        let (stream, session) = (connection.stream, connection.session);
        if outcome.failed {
            self.totals.handshakes_failed += 1;
            self.doom(key, DownReason::Failed);
        } else if outcome.closed {
            self.doom(key, DownReason::Closed);
        } else if outcome.connected {
            self.totals.joins += 1;
            let _ = self.events.send(MediaEvent::ViewerUp { stream, session });
            self.start_viewer(now, wire, key);
        }
        if outcome.overused {
            self.start_viewer(now, wire, key);
        }
        if !outcome.keyframes.is_empty() || !outcome.nacks.is_empty() {
            self.feedback(now, wire, key, outcome);
        }
    }

    fn feedback(&mut self, now: Instant, wire: &mut dyn Wire, key: Key, outcome: &Outcome) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let id = connection.stream;
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Role::Viewer(viewer) = &mut connection.role else { return };
        stream.plis_in += outcome.keyframes.len() as u64;
        self.totals.plis_in += outcome.keyframes.len() as u64;
        for ssrc in &outcome.keyframes {
            if let Some(layer) = viewer.picture_layer(*ssrc, &stream.layers).and_then(|at| stream.layers.get_mut(at)) {
                layer.wants_keyframe = true;
            }
        }
        if let Some(path) = connection.ice.selected() {
            for (ssrc, sequences) in &outcome.nacks {
                let mut way = Way { egress: &mut self.egress, wire: &mut *wire, path };
                let resent = guarded(&mut self.totals, || viewer.resend(now, *ssrc, sequences, &stream.layers, &mut way));
                let Some(sent) = resent else { return self.doom(key, DownReason::Failed) };
                stream.nacked += sequences.len() as u64;
                stream.resent += sent.packets;
                self.totals.nacked += sequences.len() as u64;
                self.totals.resent += sent.packets;
                stream.count(&mut self.totals, sent);
            }
            self.egress.flush(wire);
        }
        self.request_keyframes(now, id);
    }

    /// Takes a session out of everything.
    fn end(&mut self, now: Instant, wire: &mut dyn Wire, key: Key, session: SessionId, reason: DownReason) {
        if self.connections.get(key).is_none_or(|connection| connection.session != session) {
            return;
        }
        let mut connection = self.connections.remove(key);
        self.sessions.remove(&session);
        let identity = &self.identity;
        let goodbye = guarded(&mut self.totals, || match &mut connection.role {
            Role::Publisher(publisher) => publisher.goodbye(now, identity),
            Role::Viewer(viewer) => viewer.goodbye(now),
            Role::Feed(_) => Vec::new(),
        });
        if let Some(path) = connection.ice.selected() {
            goodbye.into_iter().flatten().for_each(|datagram| {
                wire.send(path, &datagram, datagram.len());
            });
        }
        self.ufrags.remove(&connection.ice.local.ufrag);
        if let Some(previous) = &connection.ice.previous {
            self.ufrags.remove(&previous.ufrag);
        }
        for path in connection.ice.paths() {
            if self.paths.get(path) == Some(&key) {
                self.paths.remove(path);
            }
        }
        let id = connection.stream;
        let mut seat = Seat::HOST;
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.viewers.retain(|viewer| *viewer != key);
            if let Some(left) = stream.seat_of(session) {
                seat = left;
                stream.leave(left);
            }
            self.spoken(id);
        }
        if self.streams.get(&id).is_some_and(Stream::is_empty) {
            self.streams.remove(&id);
        }
        let down = match connection.role {
            Role::Publisher(publisher) => {
                self.publishers -= 1;
                if !publisher.is_connected() {
                    return;
                }
                MediaEvent::PublisherDown { stream: id, session, seat, reason }
            }
            Role::Feed(_) => {
                self.publishers -= 1;
                MediaEvent::PublisherDown { stream: id, session, seat, reason }
            }
            Role::Viewer(_) => MediaEvent::ViewerDown { stream: id, session, reason },
        };
        let _ = self.events.send(down);
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod panel_tests;
#[cfg(test)]
mod tests;
