//! How packets spread: bursts released, sent to the viewers of this worker and to the workers that follow; viewers that catch up are paced.

use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use super::{Connection, PACE, Plane, Role, guarded};
use crate::media::DownReason;
use crate::media::StreamId;
use crate::media::egress::{Sent, Way, Wire};
use crate::media::prefetch::prefetch;
use crate::media::relay::Relay;
use crate::media::stream::{Key, Layers};

impl Plane {
    /// Releases bursts that are complete or have waited long enough.
    pub(super) fn release(&mut self, now: Instant, wire: &mut dyn Wire) {
        for id in std::mem::take(&mut self.held) {
            let Some(stream) = self.streams.get_mut(&id) else { continue };
            let (mut released, mut turning, mut more) = (false, false, false);
            for (at, layer) in stream.layers.iter_mut().enumerate() {
                let Some(due) = layer.due(now) else { continue };
                if due > now {
                    more = true;
                    continue;
                }
                let (gop, from) = (layer.gop(), layer.head());
                layer.release();
                released = true;
                let turns = layer.gop() != gop || layer.counts.packets < 4;
                turning |= turns;
                if !stream.followers.is_empty() {
                    let progress = Arc::new(layer.progress(now, from));
                    let order = stream.order;
                    for follower in &stream.followers {
                        let relay = Relay::Progress { stream: id, at, progress: Arc::clone(&progress), turning: turns, order };
                        self.mesh.tell(follower.worker, relay);
                    }
                }
            }
            if more {
                self.held.push(id);
            }
            if released {
                self.send_all(now, wire, id, turning);
            }
        }
    }

    /// Takes in what another worker tells.
    pub(in crate::media) fn relayed(&mut self, now: Instant, wire: &mut dyn Wire, relay: Relay) {
        match relay {
            Relay::Follow { stream, worker, watched, sounds } => {
                self.streams.entry(stream).or_default().want(now, sounds);
                self.followed(now, stream, worker, watched);
            }
            Relay::Progress { stream: id, at, progress, turning, order } => {
                let Some(stream) = self.streams.get_mut(&id) else { return };
                stream.layer_at(at).follow(now, &progress);
                let turning = turning | (std::mem::replace(&mut stream.order, order) != order);
                self.send_all(now, wire, id, turning);
            }
            Relay::Late { stream: id, at, packet } => {
                let Some(layer) = self.streams.get_mut(&id).and_then(|stream| stream.layers.get_mut(at)) else { return };
                let index = packet.index;
                layer.learn(packet);
                self.spread_late(now, wire, id, at, index);
            }
            Relay::Datagrams(datagrams) => {
                for (path, datagram) in datagrams {
                    self.datagram(now, wire, path, &datagram);
                }
            }
            // For the reader of the port, which has dealt with it.
            Relay::Route { .. } => {}
            Relay::KeyFrame { stream: id, at } => {
                if let Some(layer) = self.streams.get_mut(&id).and_then(|stream| stream.layers.get_mut(at)) {
                    layer.wants_keyframe = true;
                    self.request_keyframes(now, id);
                }
            }
        }
    }

    /// Another worker has viewers of a stream: a new one is told what there is.
    fn followed(&mut self, now: Instant, id: StreamId, worker: usize, watched: Layers) {
        let stream = self.streams.entry(id).or_default();
        if !stream.followed(now, worker, watched) {
            return;
        }
        for (at, layer) in stream.layers.iter().enumerate() {
            let progress = Arc::new(layer.introduction(now));
            self.mesh.tell(worker, Relay::Progress { stream: id, at, progress, turning: true, order: stream.order });
        }
    }

    /// Sends what was released to every viewer; `turning` if some may start or change layers now.
    fn send_all(&mut self, now: Instant, wire: &mut dyn Wire, id: StreamId, turning: bool) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let viewers = std::mem::take(&mut stream.viewers);
        let mut total = Sent::default();
        for (turn, key) in viewers.iter().enumerate() {
            expect(&self.connections, &viewers, turn);
            let Some(connection) = self.connections.get_mut(*key) else { continue };
            let Role::Viewer(viewer) = &mut connection.role else { continue };
            if !viewer.is_connected() {
                continue;
            }
            let path = connection.ice.selected();
            let sent = guarded(&mut self.totals, || {
                if turning {
                    viewer.decide(now, stream);
                }
                path.map(|path| viewer.send(now, &stream.layers, &mut Way { egress: &mut self.egress, wire: &mut *wire, path }))
            });
            match sent {
                Some(Some((sent, behind))) => {
                    total += sent;
                    if behind && !std::mem::replace(&mut viewer.behind, true) {
                        self.behind.push((*key, connection.session));
                    }
                }
                Some(None) => {}
                None => self.doomed.push((*key, connection.session, DownReason::Failed)),
            }
        }
        self.egress.flush(wire);
        stream.viewers = viewers;
        stream.count(&mut self.totals, total);
        if turning {
            self.request_keyframes(now, id);
        }
    }

    /// A viewer has its keys, or its turn to catch up: what there is goes out.
    pub(super) fn start_viewer(&mut self, now: Instant, wire: &mut dyn Wire, key: Key) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (id, path, session) = (connection.stream, connection.ice.selected(), connection.session);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Role::Viewer(viewer) = &mut connection.role else { return };
        let sent = guarded(&mut self.totals, || {
            viewer.decide(now, stream);
            path.map(|path| viewer.send(now, &stream.layers, &mut Way { egress: &mut self.egress, wire: &mut *wire, path }))
        });
        self.egress.flush(wire);
        match sent {
            Some(sent) => {
                let (sent, behind) = sent.unwrap_or_default();
                if behind && !std::mem::replace(&mut viewer.behind, true) {
                    self.behind.push((key, session));
                }
                stream.count(&mut self.totals, sent);
            }
            None => self.doom(key, DownReason::Failed),
        }
        self.request_keyframes(now, id);
    }

    /// Gives viewers that catch up their next packets.
    pub(super) fn pace(&mut self, now: Instant, wire: &mut dyn Wire) {
        if self.behind.is_empty() || self.pace_due > now {
            return;
        }
        self.pace_due = now + PACE;
        for (key, session) in std::mem::take(&mut self.behind) {
            let connection = self.connections.get_mut(key).filter(|connection| connection.session == session);
            if let Some(Connection { role: Role::Viewer(viewer), .. }) = connection {
                viewer.behind = false;
                self.start_viewer(now, wire, key);
            }
        }
    }

    /// Passes on a packet that came out of turn.
    pub(super) fn spread_late(&mut self, now: Instant, wire: &mut dyn Wire, id: StreamId, at: usize, index: u64) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(layer) = stream.layers.get(at) else { return };
        if let Some(packet) = layer.get(index) {
            for follower in &stream.followers {
                self.mesh.tell(follower.worker, Relay::Late { stream: id, at, packet: packet.clone() });
            }
        }
        let mut total = Sent::default();
        for key in &stream.viewers {
            let Some(Connection { role: Role::Viewer(viewer), ice, .. }) = self.connections.get_mut(*key) else { continue };
            if let Some(path) = ice.selected() {
                total += viewer.send_late(now, at, layer, index, &mut Way { egress: &mut self.egress, wire: &mut *wire, path });
            }
        }
        self.egress.flush(wire);
        stream.count(&mut self.totals, total);
    }
}

/// Fetches the state of viewers whose turn comes soon: first where it is, one turn later what it points to.
fn expect(connections: &Slab<Connection>, viewers: &[Key], turn: usize) {
    let viewer = |turn| match connections.get(*viewers.get(turn)?) {
        Some(Connection { role: Role::Viewer(viewer), .. }) => Some(viewer),
        _ => None,
    };
    viewer(turn + 2).into_iter().for_each(|viewer| prefetch(viewer.as_ref()));
    viewer(turn + 1).into_iter().for_each(|viewer| viewer.expect());
}
