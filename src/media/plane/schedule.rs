//! What happens by itself: timers of connections, figures, and the end of sessions that are over.

use std::time::{Duration, Instant};

use super::{Connection, Plane, Role, TICK, guarded};
use crate::media::DownReason;
use crate::media::StreamId;
use crate::media::egress::Wire;
use crate::media::relay::Relay;
use crate::media::stream::Key;

/// How often a worker repeats that it follows a stream.
const FOLLOW: Duration = Duration::from_secs(1);

impl Plane {
    /// Releases bursts, runs timers, and ends what must end.
    pub(in crate::media) fn settle(&mut self, now: Instant, wire: &mut dyn Wire) {
        self.release(now, wire);
        self.pace(now, wire);
        let mut fired = std::mem::take(&mut self.fired);
        self.wheel.fire(now, &mut fired);
        for (key, session) in fired.drain(..) {
            // A later timer may have been overtaken by an earlier one, which has set its own successor.
            let due = |connection: &&mut Connection| connection.session == session && connection.timer.is_some_and(|timer| timer <= now);
            if let Some(connection) = self.connections.get_mut(key).filter(due) {
                connection.timer = None;
                self.timer(now, wire, key);
            }
        }
        self.fired = fired;
        if self.tick_due <= now {
            self.tick_due = now + TICK;
            self.tick(now);
        }
        while let Some((key, session, reason)) = self.doomed.pop() {
            self.end(now, wire, key, session, reason);
        }
        self.totals.dropped_out += std::mem::take(&mut self.egress.dropped);
        self.totals.dropped_between = self.mesh.dropped;
    }

    /// A connection's slow matters.
    fn timer(&mut self, now: Instant, wire: &mut dyn Wire, key: Key) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Some(reason) = connection.over(now) {
            self.totals.expired += 1;
            return self.doom(key, reason);
        }
        let id = connection.stream;
        match &mut connection.role {
            Role::Publisher(_) => self.serve_publisher(now, wire, key),
            Role::Viewer(viewer) => {
                let Some(stream) = self.streams.get_mut(&id) else { return };
                let outcome = guarded(&mut self.totals, || {
                    viewer.decide(now, stream);
                    viewer.tick(now, &stream.layers)
                });
                match outcome {
                    Some(outcome) => self.apply(now, wire, key, &outcome),
                    None => self.doom(key, DownReason::Failed),
                }
                self.request_keyframes(now, id);
            }
        }
        self.set_timer(key, now + TICK);
    }

    fn tick(&mut self, now: Instant) {
        let (mut viewers, mut connecting) = (0, 0);
        for (_, connection) in &self.connections {
            let connected = connection.is_connected();
            viewers += u64::from(connected && matches!(connection.role, Role::Viewer(_)));
            connecting += u64::from(!connected);
        }
        self.totals.viewers = viewers;
        self.totals.connecting = connecting;
        self.totals.publishers = self.publishers as u64;
        self.totals.streams = self.streams.keys().filter(|id| self.mesh.is_home(**id)).count() as u64;
        let mut followed = Vec::new();
        for (id, stream) in &mut self.streams {
            stream.forget_followers(now);
            if !self.mesh.is_home(*id) && stream.told.is_none_or(|told| now.saturating_duration_since(told) >= FOLLOW) {
                stream.told = Some(now);
                followed.push(*id);
            }
        }
        followed.into_iter().for_each(|id| self.follow(id));
        self.streams.retain(|_, stream| !stream.is_empty());
    }

    /// Tells a stream's home that this worker has viewers.
    pub(super) fn follow(&mut self, id: StreamId) {
        let worker = self.mesh.me;
        self.mesh.tell_home(id, Relay::Follow { stream: id, worker });
    }

    /// When [`Plane::settle`] is to be called at the latest.
    pub(in crate::media) fn due(&self, now: Instant) -> Instant {
        let mut due = self.wheel.due().map_or(self.tick_due, |timer| timer.min(self.tick_due));
        if !self.behind.is_empty() {
            due = due.min(self.pace_due);
        }
        for layer in self.held.iter().filter_map(|id| self.streams.get(id)).flat_map(|stream| &stream.layers) {
            due = layer.due(now).map_or(due, |layer| layer.min(due));
        }
        due
    }
}
