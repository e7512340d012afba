//! What happens by itself: bursts released, viewers paced, timers run, sessions that are over ended.

use std::time::Instant;

use super::{Connection, PACE, Plane, Role, TICK, count, guarded};
use crate::media::egress::{Egress, Sent, Wire};
use crate::media::ice::Path;
use crate::media::stream::Stream;
use crate::media::viewer::Viewer;
use crate::media::{DownReason, SessionId, StreamId};

impl Plane {
    /// Releases bursts that are complete or have waited long enough, runs timers, and ends what must end.
    pub(in crate::media) fn settle(&mut self, now: Instant, wire: &mut dyn Wire) {
        self.release(now, wire);
        if self.pace_due <= now && !self.behind.is_empty() {
            self.pace_due = now + PACE;
            for session in std::mem::take(&mut self.behind) {
                self.start_viewer(now, wire, session);
            }
        }
        let publishers = self.publishers.clone();
        for session in publishers {
            let due = match self.connections.get_mut(&session).map(|connection| &mut connection.role) {
                Some(Role::Publisher(publisher)) => publisher.due(),
                _ => None,
            };
            if due.is_some_and(|due| due <= now) {
                self.serve_publisher(now, wire, session);
            }
        }
        if self.tick_due <= now {
            self.tick_due = now + TICK;
            self.tick(now, wire);
        }
        while let Some((session, reason)) = self.doomed.pop() {
            self.end(now, wire, session, reason);
        }
    }

    fn release(&mut self, now: Instant, wire: &mut dyn Wire) {
        for id in std::mem::take(&mut self.held) {
            let Some(stream) = self.streams.get_mut(&id) else { continue };
            let (mut released, mut turning) = (false, false);
            for layer in &mut stream.layers {
                if layer.due(now).is_some_and(|due| due <= now) {
                    let gop = layer.gop();
                    layer.release();
                    released = true;
                    turning |= layer.gop() != gop || layer.counts.packets < 4;
                }
            }
            if released {
                self.send_all(now, wire, id, turning);
            }
            if self.streams.get(&id).is_some_and(|stream| stream.layers.iter().any(|layer| layer.due(now).is_some())) {
                self.held.push(id);
            }
        }
    }

    /// Sends what was released to every viewer; `turning` if some may start or change layers now.
    fn send_all(&mut self, now: Instant, wire: &mut dyn Wire, id: StreamId, turning: bool) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let viewers = std::mem::take(&mut stream.viewers);
        for session in &viewers {
            let Some(connection) = self.connections.get_mut(session) else { continue };
            let Role::Viewer(viewer) = &mut connection.role else { continue };
            if !viewer.is_connected() || self.behind.contains(session) {
                continue;
            }
            let path = connection.ice.selected();
            let sent = guarded(&mut self.totals, || {
                if turning {
                    viewer.decide(now, stream);
                }
                Self::send_to(now, wire, &mut self.egress, stream, viewer, path, *session, &mut self.behind)
            });
            match sent {
                Some(sent) => count(stream, &mut self.totals, sent),
                None => self.doomed.push((*session, DownReason::Failed)),
            }
        }
        stream.viewers = viewers;
        if turning {
            self.request_keyframes(now);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of the plane that sending to one viewer touches, borrowed one by one")]
    pub(super) fn send_to(
        now: Instant,
        wire: &mut dyn Wire,
        egress: &mut Egress,
        stream: &Stream,
        viewer: &mut Viewer,
        path: Option<Path>,
        session: SessionId,
        behind: &mut Vec<SessionId>,
    ) -> Sent {
        let Some(path) = path else { return Sent::default() };
        let (sent, more) = viewer.send(now, &stream.layers, egress, wire, path);
        if more && !behind.contains(&session) {
            behind.push(session);
        }
        sent
    }

    fn tick(&mut self, now: Instant, wire: &mut dyn Wire) {
        let mut outcomes = Vec::new();
        let (mut viewers, mut connecting) = (0, 0);
        for (session, connection) in &mut self.connections {
            if let Some(reason) = connection.over(now) {
                self.totals.expired += 1;
                self.doomed.push((*session, reason));
                continue;
            }
            match &mut connection.role {
                Role::Viewer(viewer) => {
                    *(if viewer.is_connected() { &mut viewers } else { &mut connecting }) += 1;
                    let Some(stream) = self.streams.get_mut(&connection.stream) else { continue };
                    let outcome = guarded(&mut self.totals, || {
                        viewer.decide(now, stream);
                        viewer.tick(now, &stream.layers)
                    });
                    match outcome {
                        Some(outcome) => outcomes.push((*session, outcome)),
                        None => self.doomed.push((*session, DownReason::Failed)),
                    }
                }
                Role::Publisher(publisher) => connecting += u64::from(!publisher.is_connected()),
            }
        }
        for (session, outcome) in outcomes {
            self.apply(now, wire, session, &outcome);
        }
        self.request_keyframes(now);
        self.totals.viewers = viewers;
        self.totals.connecting = connecting;
        self.totals.streams = self.streams.len() as u64;
        self.totals.publishers = self.publishers.len() as u64;
    }

    /// When [`Plane::settle`] is to be called at the latest.
    pub(in crate::media) fn due(&mut self, now: Instant) -> Instant {
        let mut due = self.tick_due;
        if !self.behind.is_empty() {
            due = due.min(self.pace_due);
        }
        for layer in self.held.iter().filter_map(|id| self.streams.get(id)).flat_map(|stream| &stream.layers) {
            due = layer.due(now).map_or(due, |layer| layer.min(due));
        }
        for session in &self.publishers {
            if let Some(Connection { role: Role::Publisher(publisher), .. }) = self.connections.get_mut(session) {
                due = publisher.due().map_or(due, |publisher| publisher.min(due));
            }
        }
        due
    }
}
