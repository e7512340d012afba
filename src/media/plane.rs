//! The plane: all connections and streams of one worker, without any I/O of its own.
//!
//! It is given datagrams, commands and the time, and sends through a [`Wire`]; so all of it runs in tests on virtual time.
//! More workers would each own such a plane with its own socket, with bursts of packets handed between them; nothing here knows of others.
//!
//! Invariants: every session is in `connections`, its credentials in `ufrags`, its paths in `paths`, and in its stream; all four change together
//! in [`Plane::admit`] and [`Plane::end`]. Work on one connection runs under [`guarded`], so that a panic ends that connection only.

mod commands;
mod schedule;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::egress::{Egress, Sent, Wire};
use super::ice::{Credentials, Ice, Path};
use super::identity::Identity;
use super::layer::{Clock, Taken};
use super::publisher::{self, Event, Publisher};
use super::sdp::{Candidate, Offer};
use super::stream::Stream;
use super::stun::{Request, is_stun};
use super::viewer::{Outcome, Viewer};
use super::{DownReason, MediaEvent, SessionId, StreamId, Totals};

/// How often slow matters are looked at: consent, choice of layers, reports, handshake repeats.
const TICK: Duration = Duration::from_millis(100);
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
    Viewer(Box<Viewer>),
}

struct Connection {
    stream: StreamId,
    ice: Ice,
    role: Role,
    /// The first media section, which carries the candidates.
    mid: String,
    /// When anything came over a known path.
    heard: Instant,
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
            _ if self.ice.expired(now) && self.is_connected() => Some(DownReason::TimedOut),
            _ if self.ice.expired(now) => Some(DownReason::NeverConnected),
            _ => None,
        }
    }

    fn is_connected(&self) -> bool {
        match &self.role {
            Role::Publisher(publisher) => publisher.is_connected(),
            Role::Viewer(viewer) => viewer.is_connected(),
        }
    }
}

pub(super) struct Plane {
    identity: Identity,
    limits: Limits,
    candidates: Vec<Candidate>,
    events: broadcast::Sender<MediaEvent>,
    pub(super) totals: Totals,
    connections: HashMap<SessionId, Connection>,
    ufrags: HashMap<String, SessionId>,
    paths: HashMap<Path, SessionId>,
    streams: HashMap<StreamId, Stream>,
    publishers: Vec<SessionId>,
    /// Streams with packets held for their burst.
    held: Vec<StreamId>,
    /// Viewers that catch up, and when they go on.
    behind: Vec<SessionId>,
    pace_due: Instant,
    tick_due: Instant,
    egress: Egress,
    doomed: Vec<(SessionId, DownReason)>,
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
        identity: Identity,
        limits: Limits,
        candidates: Vec<Candidate>,
        events: broadcast::Sender<MediaEvent>,
    ) -> Self {
        Self {
            identity,
            limits,
            candidates,
            events,
            totals: Totals::default(),
            connections: HashMap::new(),
            ufrags: HashMap::new(),
            paths: HashMap::new(),
            streams: HashMap::new(),
            publishers: Vec::new(),
            held: Vec::new(),
            behind: Vec::new(),
            pace_due: now,
            tick_due: now + TICK,
            egress: Egress::default(),
            doomed: Vec::new(),
        }
    }

    fn admit(&mut self, now: Instant, stream: StreamId, offer: &Offer, credentials: Credentials, role: Role) -> SessionId {
        let session = SessionId::new();
        self.ufrags.insert(credentials.ufrag.clone(), session);
        let mid = offer.sections.first().map(|section| section.mid.clone()).unwrap_or_default();
        let ice = Ice::new(now, credentials, offer.ufrag.clone());
        self.connections.insert(session, Connection { stream, ice, role, mid, heard: now });
        session
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
        let Some(session) = self.paths.get(&path).copied() else {
            self.totals.dropped_in += 1;
            return;
        };
        let Some(connection) = self.connections.get_mut(&session) else { return };
        connection.heard = now;
        let identity = &self.identity;
        let outcome = match &mut connection.role {
            Role::Viewer(viewer) => guarded(&mut self.totals, || viewer.datagram(now, identity, datagram)),
            Role::Publisher(publisher) => {
                self.totals.packets_in += 1;
                self.totals.bytes_in += datagram.len() as u64;
                guarded(&mut self.totals, || publisher.datagram(now, datagram))
                    .map(|taken| Outcome { dropped: !taken, ..Outcome::default() })
            }
        };
        match outcome {
            Some(outcome) => self.apply(now, wire, session, &outcome),
            None => self.doomed.push((session, DownReason::Failed)),
        }
        self.serve_publisher(now, wire, session);
    }

    /// An ICE check: answers it if it is authentic, and learns the path.
    fn check(&mut self, now: Instant, wire: &mut dyn Wire, path: Path, datagram: &[u8]) -> Option<()> {
        let mut request = Request::parse(datagram)?;
        let session = *self.ufrags.get(request.local_ufrag())?;
        let connection = self.connections.get_mut(&session)?;
        let password = connection.ice.password(request.local_ufrag())?.to_owned();
        if !request.is_authentic(&password, self.identity.crypto()) {
            return None;
        }
        let answer = request.success(path.remote(), &password, self.identity.crypto()).ok()?;
        wire.send(path, &answer, answer.len());
        connection.heard = now;
        let checked = connection.ice.checked(now, path, request.nominates(), request.local_ufrag());
        if checked.added {
            self.paths.insert(path, session);
        }
        if let Some(forgotten) = checked.forgotten
            && self.paths.get(&forgotten) == Some(&session)
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
                    self.serve_publisher(now, wire, session);
                }
            }
        }
        Some(())
    }

    /// A TCP connection ended.
    pub(super) fn lost(&mut self, path: Path) {
        if let Some(session) = self.paths.remove(&path)
            && let Some(connection) = self.connections.get_mut(&session)
        {
            connection.ice.lost(path);
        }
    }

    pub(super) fn knows(&self, path: Path) -> bool {
        self.paths.contains_key(&path)
    }

    /// Carries out what a viewer's datagram or timer asked for.
    fn apply(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId, outcome: &Outcome) {
        let Some(connection) = self.connections.get_mut(&session) else { return };
        if let Some(path) = connection.ice.selected() {
            outcome.send.iter().for_each(|datagram| {
                wire.send(path, datagram, datagram.len());
            });
        }
        self.totals.dropped_in += u64::from(outcome.dropped);
        let stream = connection.stream;
        if outcome.failed {
            self.totals.handshakes_failed += 1;
            self.doomed.push((session, DownReason::Failed));
        } else if outcome.closed {
            self.doomed.push((session, DownReason::Closed));
        } else if outcome.connected {
            let _ = self.events.send(MediaEvent::ViewerUp { stream, session });
            self.start_viewer(now, wire, session);
        }
        if outcome.keyframe || !outcome.nacks.is_empty() {
            self.feedback(now, wire, session, outcome);
        }
    }

    /// A viewer has its keys: what there is goes out at once.
    fn start_viewer(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId) {
        let Some(connection) = self.connections.get_mut(&session) else { return };
        let Some(stream) = self.streams.get_mut(&connection.stream) else { return };
        if let Role::Viewer(viewer) = &mut connection.role {
            let path = connection.ice.selected();
            let sent = guarded(&mut self.totals, || {
                viewer.decide(now, stream);
                Self::send_to(now, wire, &mut self.egress, stream, viewer, path, session, &mut self.behind)
            });
            match sent {
                Some(sent) => count(stream, &mut self.totals, sent),
                None => self.doomed.push((session, DownReason::Failed)),
            }
        }
        self.request_keyframes(now);
    }

    fn feedback(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId, outcome: &Outcome) {
        let Some(connection) = self.connections.get_mut(&session) else { return };
        let Some(stream) = self.streams.get_mut(&connection.stream) else { return };
        let Role::Viewer(viewer) = &mut connection.role else { return };
        if outcome.keyframe {
            stream.plis_in += 1;
            self.totals.plis_in += 1;
            if let Some(layer) = viewer.video_layer(&stream.layers).and_then(|at| stream.layers.get_mut(at)) {
                layer.wants_keyframe = true;
            }
        }
        if let Some(path) = connection.ice.selected() {
            for (ssrc, sequences) in &outcome.nacks {
                let resent = guarded(&mut self.totals, || viewer.resend(*ssrc, sequences, &stream.layers, &mut self.egress, wire, path));
                let Some(sent) = resent else { return self.doomed.push((session, DownReason::Failed)) };
                stream.nacked += sequences.len() as u64;
                stream.resent += sent.packets;
                self.totals.nacked += sequences.len() as u64;
                self.totals.resent += sent.packets;
                count(stream, &mut self.totals, sent);
            }
        }
        self.request_keyframes(now);
    }

    // Publishers.

    /// Runs a publisher's peer connection: what it wants to send, what it received, what happened to it.
    fn serve_publisher(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId) {
        let Some(connection) = self.connections.get_mut(&session) else { return };
        let Role::Publisher(publisher) = &mut connection.role else { return };
        let (id, path, identity) = (connection.stream, connection.ice.selected(), &self.identity);
        let mut events = Vec::new();
        let Some(out) = guarded(&mut self.totals, || publisher.poll(now, identity, &mut events)) else {
            self.doomed.push((session, DownReason::Failed));
            return;
        };
        if let Some(path) = path {
            out.iter().for_each(|datagram| {
                wire.send(path, datagram, datagram.len());
            });
        }
        for event in events {
            match event {
                Event::Connected => {
                    let _ = self.events.send(MediaEvent::PublisherUp { stream: id, session });
                }
                Event::Lost => self.doomed.push((session, DownReason::Closed)),
                Event::Clock { layer, codec, ntp, rtp } => {
                    if let Some(stream) = self.streams.get_mut(&id)
                        && let Some(at) = stream.layer(now, &layer, codec)
                    {
                        stream.layers[at].clock = Some(Clock { ntp, rtp, at: now });
                    }
                }
                Event::Packet { layer, codec, ssrc, packet } => {
                    let Some(stream) = self.streams.get_mut(&id) else { return };
                    let Some(at) = stream.layer(now, &layer, codec) else { continue };
                    match stream.layers[at].push(now, ssrc, packet) {
                        Taken::Held => {
                            if !self.held.contains(&id) {
                                self.held.push(id);
                            }
                        }
                        Taken::Late(index) => self.pass_late(wire, id, at, index),
                        Taken::Dropped => {}
                    }
                }
            }
        }
    }

    fn pass_late(&mut self, wire: &mut dyn Wire, id: StreamId, at: usize, index: u64) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let mut total = Sent::default();
        for session in &stream.viewers {
            let Some(connection) = self.connections.get_mut(session) else { continue };
            if let (Role::Viewer(viewer), Some(path)) = (&mut connection.role, connection.ice.selected()) {
                let sent = viewer.send_late(at, &stream.layers[at], index, &mut self.egress, wire, path);
                total =
                    Sent { packets: total.packets + sent.packets, bytes: total.bytes + sent.bytes, dropped: total.dropped + sent.dropped };
            }
        }
        count(stream, &mut self.totals, total);
    }

    /// Sends the key frame requests that are due.
    fn request_keyframes(&mut self, now: Instant) {
        for session in &self.publishers {
            let Some(connection) = self.connections.get_mut(session) else { continue };
            let (Role::Publisher(publisher), Some(stream)) = (&mut connection.role, self.streams.get_mut(&connection.stream)) else {
                continue;
            };
            for ssrc in stream.due_keyframes(now) {
                self.totals.plis_out += 1;
                if guarded(&mut self.totals, || publisher.request_keyframe(now, ssrc)).is_none() {
                    self.doomed.push((*session, DownReason::Failed));
                }
            }
        }
    }

    /// Takes a session out of everything.
    fn end(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId, reason: DownReason) {
        let Some(mut connection) = self.connections.remove(&session) else { return };
        let identity = &self.identity;
        let goodbye = guarded(&mut self.totals, || match &mut connection.role {
            Role::Publisher(publisher) => publisher.goodbye(now, identity),
            Role::Viewer(viewer) => viewer.goodbye(now),
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
            if self.paths.get(path) == Some(&session) {
                self.paths.remove(path);
            }
        }
        self.behind.retain(|behind| *behind != session);
        self.publishers.retain(|publisher| *publisher != session);
        let id = connection.stream;
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.viewers.retain(|viewer| *viewer != session);
            stream.publisher = stream.publisher.filter(|publisher| *publisher != session);
            if stream.is_empty() {
                self.streams.remove(&id);
            }
        }
        let down = match connection.role {
            Role::Publisher(publisher) if !publisher.is_connected() => return,
            Role::Publisher(_) => MediaEvent::PublisherDown { stream: id, session, reason },
            Role::Viewer(_) => MediaEvent::ViewerDown { stream: id, session, reason },
        };
        let _ = self.events.send(down);
    }
}

fn count(stream: &mut Stream, totals: &mut Totals, sent: Sent) {
    stream.packets_out += sent.packets;
    stream.bytes_out += sent.bytes;
    totals.packets_out += sent.packets;
    totals.bytes_out += sent.bytes;
    totals.dropped_out += sent.dropped;
}

#[cfg(test)]
mod tests;
