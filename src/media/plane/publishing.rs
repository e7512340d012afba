//! What publishers send and are asked for.

use std::time::Instant;

use super::{Plane, Role, guarded};
use crate::media::egress::Wire;
use crate::media::layer::{Clock, Taken};
use crate::media::publisher::Event;
use crate::media::relay::Relay;
use crate::media::stream::Key;
use crate::media::{DownReason, MediaEvent, SessionId, StreamId};

impl Plane {
    /// Runs a publisher's peer connection: what it wants to send, what it received, what happened to it.
    pub(super) fn serve_publisher(&mut self, now: Instant, wire: &mut dyn Wire, key: Key) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Role::Publisher(publisher) = &mut connection.role else { return };
        let (id, session, path, identity) = (connection.stream, connection.session, connection.ice.selected(), &self.identity);
        let mut events = Vec::new();
        let Some(out) = guarded(&mut self.totals, || publisher.poll(now, identity, &mut events)) else {
            return self.doom(key, DownReason::Failed);
        };
        let due = publisher.due();
        if let Some(path) = path {
            out.iter().for_each(|datagram| {
                wire.send(path, datagram, datagram.len());
            });
        }
        for event in events {
            self.published(now, wire, key, session, id, event);
        }
        if let Some(due) = due {
            self.set_timer(key, due);
        }
    }

    /// Something came from the publisher `session` of a stream.
    pub(super) fn published(&mut self, now: Instant, wire: &mut dyn Wire, key: Key, session: SessionId, id: StreamId, event: Event) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(seat) = stream.seat_of(session) else { return };
        match event {
            Event::Connected => {
                stream.wake(now, seat);
                let _ = self.events.send(MediaEvent::PublisherUp { stream: id, session, seat });
                self.spoken(id);
            }
            Event::Lost => self.doom(key, DownReason::Closed),
            Event::Dropped => self.totals.dropped_in += 1,
            Event::Clock { layer, codec, ntp, rtp } => {
                let ntp = stream.our_time(seat, ntp);
                if let Some(at) = stream.layer(now, seat, &layer, codec) {
                    stream.layers[at].clock = Some(Clock { ntp, rtp, at: now });
                }
            }
            Event::Packet { codec, .. } if stream.holds_back(seat, codec) => {}
            Event::Packet { layer, codec, ssrc, packet, level } => {
                if let Some(level) = level {
                    stream.speakers.heard(now, seat, level);
                }
                for (at, taken) in stream.take(now, seat, &layer, codec, ssrc, packet) {
                    match taken {
                        Taken::Held => {
                            if !self.held.contains(&id) {
                                self.held.push(id);
                            }
                        }
                        Taken::Late(index) => self.spread_late(now, wire, id, at, index),
                        Taken::Dropped => {}
                    }
                }
            }
        }
    }

    /// Sends the key frame requests that are due: to the publishers if they are here, else to the stream's home.
    pub(super) fn request_keyframes(&mut self, now: Instant, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        if stream.layers.iter().all(|layer| !layer.wants_keyframe) {
            return;
        }
        if !self.mesh.is_home(id) {
            for at in stream.due_keyframes(now) {
                self.mesh.tell_home(id, Relay::KeyFrame { stream: id, at });
            }
            return;
        }
        let mut asked = Vec::new();
        for at in stream.due_keyframes(now) {
            let publisher = stream.publisher(stream.layers[at].seat).and_then(|session| self.sessions.get(&session).copied());
            let Some(key) = publisher else { continue };
            match self.connections.get_mut(key).map(|connection| &mut connection.role) {
                Some(Role::Publisher(publisher)) => {
                    let Some(ssrc) = stream.layers[at].ssrc() else { continue };
                    stream.plis_out += 1;
                    self.totals.plis_out += 1;
                    if guarded(&mut self.totals, || publisher.request_keyframe(now, ssrc)).is_none() {
                        let session = self.connections[key].session;
                        self.doomed.push((key, session, DownReason::Failed));
                    }
                    asked.push(key);
                }
                Some(Role::Feed(source)) => source.request_keyframe(),
                _ => {}
            }
        }
        // What they have to say leaves with their timers.
        asked.into_iter().for_each(|key| self.set_timer(key, now));
    }
}
