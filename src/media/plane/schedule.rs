//! What happens by itself: timers of connections, figures, and the end of sessions that are over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Connection, Plane, Role, TICK, guarded};
use crate::media::egress::Wire;
use crate::media::relay::Relay;
use crate::media::stream::{Key, Layers, Sounds};
use crate::media::{DownReason, MediaEvent, StreamId};

/// How often it is seen what is watched; whoever wants a layer that sleeps waits for this.
const REST: Duration = Duration::from_millis(300);

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
            Role::Feed(_) => {}
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
        let settled = matches!(&self.connections.get(key), Some(Connection { role: Role::Viewer(viewer), .. }) if viewer.is_settled());
        self.set_timer(key, now + if settled { 3 * TICK } else { TICK });
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
        self.pass_heard();
        self.streams.retain(|_, stream| {
            stream.forget_followers(now);
            !stream.is_empty()
        });
        let changed: Vec<StreamId> = self.streams.iter_mut().filter_map(|(id, stream)| stream.speakers.look(now).then_some(*id)).collect();
        changed.into_iter().for_each(|id| self.spoken(id));
        if self.rest_due <= now {
            self.rest_due = now + REST;
            let ids: Vec<StreamId> = self.streams.keys().copied().collect();
            ids.into_iter().for_each(|id| self.rest(now, id));
        }
    }

    /// Sees what is watched of a stream: its home lets the rest sleep, a follower tells the home.
    pub(super) fn rest(&mut self, now: Instant, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let (mut watched, mut sounds) = (Layers::default(), Sounds::default());
        for key in &stream.viewers {
            if let Some(Connection { role: Role::Viewer(viewer), .. }) = self.connections.get(*key) {
                watched = watched.union(viewer.watches(&stream.layers));
                sounds.add(viewer.sound());
            }
        }
        if !self.mesh.is_home(id) {
            let worker = self.mesh.me;
            return self.mesh.tell_home(id, Relay::Follow { stream: id, worker, watched, sounds });
        }
        stream.want(now, sounds);
        let changed = stream.rest(now, watched);
        for (seat, session, names) in stream.tell_asleep(now, changed) {
            let _ = self.events.send(MediaEvent::LayersAsleep { stream: id, session, seat, names });
        }
        if changed {
            for (at, layer) in stream.layers.iter().enumerate() {
                let progress = Arc::new(layer.progress(now, layer.head()));
                for follower in &stream.followers {
                    let (progress, order) = (Arc::clone(&progress), stream.order);
                    self.mesh.tell(follower.worker, Relay::Progress { stream: id, at, progress, turning: true, order });
                }
            }
        }
    }

    /// Others speak, or are there, than before.
    pub(super) fn spoken(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id)
            && stream.reorder()
        {
            let seats = stream.order.as_slice().to_vec();
            let _ = self.events.send(MediaEvent::Speakers { stream: id, seats });
        }
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
