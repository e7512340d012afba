//! How a layer on one worker is kept like the same layer on the worker that its publisher sends to.
//!
//! The home sends a [`Progress`] with each release; a follower needs nothing else, and any one may be lost: what is missing is a hole as if
//! the network had lost it.

use std::sync::Arc;
use std::time::Instant;

use super::{Clock, Layer, Packet, VIDEO_HISTORY};
use crate::media::codec::{Codec, MAX_TEMPORAL};
use crate::media::panel::Seat;

/// The state of a layer after a release, and the packets that were released.
#[derive(Debug)]
pub(in crate::media) struct Progress {
    name: Arc<str>,
    codec: Codec,
    seat: Seat,
    family: Option<u32>,
    epoch: u32,
    epoch_start: u64,
    head: u64,
    gop: Option<u64>,
    clock: Option<Clock>,
    newest: Option<(u32, Instant)>,
    rates: [u64; MAX_TEMPORAL],
    asleep: bool,
    packets: Vec<Packet>,
}

impl Layer {
    /// What followers must learn that have everything before `from`.
    pub(in crate::media) fn progress(&self, now: Instant, from: u64) -> Progress {
        Progress {
            name: Arc::clone(&self.name),
            codec: self.codec,
            seat: self.seat,
            family: self.family,
            epoch: self.epoch,
            epoch_start: self.epoch_start,
            head: self.head,
            gop: self.gop,
            clock: self.clock,
            newest: self.newest,
            rates: self.rates(now),
            asleep: self.asleep,
            packets: self.released(from).cloned().collect(),
        }
    }

    /// What a new follower must learn: enough that a viewer can start at once.
    pub(in crate::media) fn introduction(&self, now: Instant) -> Progress {
        self.progress(now, self.gop().unwrap_or_else(|| self.head.saturating_sub(1)))
    }

    pub(in crate::media) fn follow(&mut self, now: Instant, progress: &Progress) {
        if self.name != progress.name || self.codec != progress.codec || self.seat != progress.seat {
            let (name, start) = (Arc::clone(&progress.name), progress.epoch_start);
            *self = Self { first: start, head: start, seat: progress.seat, ..Self::new(name, progress.codec) };
        }
        self.family = progress.family;
        (self.epoch, self.epoch_start) = (progress.epoch, progress.epoch_start);
        for packet in &progress.packets {
            self.learn(packet.clone());
        }
        self.head = progress.head.min(self.next()).max(self.head);
        self.forget_oldest();
        let gop = progress.gop.filter(|gop| self.get(*gop).is_some());
        if gop.is_some() && gop != self.gop {
            self.wants_keyframe = false;
        }
        (self.gop, self.clock, self.newest) = (gop, progress.clock, progress.newest);
        (self.relayed, self.asleep) = (Some(progress.rates), progress.asleep);
        if !progress.packets.is_empty() {
            self.last_packet = Some(now);
        }
    }

    /// Puts a packet in its place; one that is already there, or too old, changes nothing.
    pub(in crate::media) fn learn(&mut self, packet: Packet) {
        if self.ring.is_empty() || packet.index > self.next() + VIDEO_HISTORY as u64 {
            self.ring.clear();
            self.first = packet.index;
            self.head = self.head.max(packet.index);
        }
        if packet.index < self.first {
            return;
        }
        while self.next() <= packet.index {
            self.ring.push_back(None);
        }
        let at = (packet.index - self.first) as usize;
        if let Some(slot) = self.ring.get_mut(at).filter(|slot| slot.is_none()) {
            *slot = Some(packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Incoming;
    use super::*;

    fn push(layer: &mut Layer, now: Instant, sequence: u16, key: bool) {
        let payload = bytes::Bytes::from(vec![if key { 0x65 } else { 0x61 }, sequence as u8]);
        layer.push(now, 7, Incoming { sequence, timestamp: u32::from(sequence) * 3_000, marker: true, payload });
    }

    fn seen(layer: &Layer) -> Vec<(u64, u8)> {
        layer.released(0).map(|packet| (packet.index, packet.payload[1])).collect()
    }

    #[test]
    fn a_follower_has_what_the_home_has_from_the_group_of_pictures_on() {
        let now = Instant::now();
        let mut home = Layer::new("video", Codec::H264);
        for sequence in 0..10 {
            push(&mut home, now, sequence, sequence == 4);
        }
        home.release();
        let mut follower = Layer::new("?", Codec::Vp8);
        follower.follow(now, &home.introduction(now));
        assert_eq!((seen(&follower), follower.gop()), (seen(&home)[4..].to_vec(), Some(4)));
        for round in 1..34 {
            let from = home.head();
            (0..10).for_each(|at| push(&mut home, now, round * 10 + at, at == 0 && round % 7 == 0));
            home.release();
            let progress = home.progress(now, from);
            // Every fifth is lost on the way.
            if round % 5 != 0 {
                follower.follow(now, &progress);
                assert_eq!(follower.head(), home.head());
                assert!(follower.gop().is_none_or(|gop| Some(gop) == home.gop()));
            }
        }
        assert!(follower.gop().is_some(), "the last key frame was not lost");
        assert!(seen(&follower).iter().all(|packet| seen(&home).contains(packet)));
        assert_eq!(follower.epoch, home.epoch);
    }

    #[test]
    fn a_layer_that_was_given_to_another_source_is_followed_there() {
        let now = Instant::now();
        let mut home = Layer::new("video", Codec::H264);
        (0..10).for_each(|sequence| push(&mut home, now, sequence, sequence == 0));
        home.release();
        let mut follower = Layer::new("?", Codec::Vp8);
        follower.follow(now, &home.introduction(now));
        home.reuse("q".into(), Codec::Vp8);
        let from = home.head();
        let payload = bytes::Bytes::from_static(&[0x10, 0]);
        home.push(now, 9, Incoming { sequence: 1, timestamp: 1, marker: true, payload });
        home.release();
        follower.follow(now, &home.progress(now, from));
        assert_eq!((&*follower.name, follower.codec, follower.head(), follower.gop()), ("q", Codec::Vp8, 11, Some(10)));
        assert_eq!(follower.released(0).count(), 1, "the old source's packets went");
    }
}
