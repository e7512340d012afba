//! A stream: what its publishers send, as layers, and who views it. Decisions only.

mod choice;

use std::time::{Duration, Instant};

use super::codec::Codec;
use super::egress::Sent;
use super::layer::{Incoming, Layer, Taken};
use super::opus::{self, Merger, Repeater};
use super::panel::speaker::Speakers;
use super::panel::{Order, Seat};
use super::{HeldBack, SessionId, Totals, reports};
#[cfg(test)]
pub(super) use choice::choices;
pub(super) use choice::{Candidate, Start, choose, offers, start};

/// Index of a connection in its plane.
pub(super) type Key = usize;

/// Audio and the encodings of the video of one seat, old ones included; beyond, a silent one makes room.
const MAX_LAYERS: usize = 12;
/// The same of all seats: as many as [`Layers`] can tell apart.
const MOST_LAYERS: usize = 64;
/// Upstream key frame requests per layer.
const PLI_INTERVAL: Duration = Duration::from_secs(1);
/// A joiner's backlog up to this many packets is sent at once: half a megabyte, which 10 Mbit/s carries in 0.4 s.
pub(super) const MAX_BACKLOG: u64 = 450;
/// A worker whose viewers no longer tell that they are there gets no more packets; they tell every [`super::plane::TICK`]'s tenth.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// A layer that nobody has watched for so long is no longer sent by the publisher; sooner, those who come and go would make it flap.
const IDLE: Duration = Duration::from_secs(10);
/// How often a publisher is told again which layers may sleep: a message may be lost on the way to it.
const REPEAT: Duration = Duration::from_secs(3);

/// The layers that the plane makes of a publisher's audio.
const REDUNDANT: &str = "audio-red";
pub(super) const MERGED: &str = "audio-60";

/// Which packets carry the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    Plain,
    /// Older packets repeated, for a viewer that loses many.
    Redundant,
    /// Fewer, longer ones, for a viewer that saves data.
    Merged,
}

/// The sounds that are made only for those who want them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sounds {
    pub(super) merged: bool,
    pub(super) redundant: bool,
}

impl Sounds {
    pub(super) fn add(&mut self, sound: Sound) {
        self.merged |= sound == Sound::Merged;
        self.redundant |= sound == Sound::Redundant;
    }
}

/// A set of layers, by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layers(u64);

impl Layers {
    pub(super) fn add(&mut self, at: usize) {
        self.0 |= 1_u64.checked_shl(at as u32).unwrap_or(0);
    }

    fn has(self, at: usize) -> bool {
        1_u64.checked_shl(at as u32).is_some_and(|bit| self.0 & bit != 0)
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Another worker that has viewers of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Follower {
    pub(super) worker: usize,
    /// When it last said so.
    heard: Instant,
    watched: Layers,
}

/// The place of one publisher.
#[derive(Debug, Default)]
struct Place {
    publisher: Option<SessionId>,
    merger: Merger,
    repeater: Repeater,
    /// When the publisher was last told which layers may sleep.
    rest_told: Option<Instant>,
    /// Our wall clock minus the publisher's.
    ahead: Option<u64>,
    held: HeldBack,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) layers: Vec<Layer>,
    places: [Place; Seat::COUNT],
    pub(super) speakers: Speakers,
    /// Who is there and speaks: here at the stream's home, elsewhere as the home tells.
    pub(super) order: Order,
    /// The connections that view it on this worker.
    pub(super) viewers: Vec<Key>,
    /// Until when these are made.
    merged_until: Option<Instant>,
    repeated_until: Option<Instant>,
    /// Other workers that have viewers of it.
    pub(super) followers: Vec<Follower>,
    pub(super) packets_out: u64,
    pub(super) bytes_out: u64,
    pub(super) nacked: u64,
    pub(super) resent: u64,
    pub(super) plis_in: u64,
    pub(super) plis_out: u64,
}

impl Stream {
    /// The layer of that seat, name and codec, made if there is room.
    pub(super) fn layer(&mut self, now: Instant, seat: Seat, name: &str, codec: Codec) -> Option<usize> {
        if let Some(at) = self.layers.iter().position(|layer| layer.seat == seat && *layer.name == *name && layer.codec == codec) {
            return Some(at);
        }
        let own = self.layers.iter().filter(|layer| layer.seat == seat).count();
        let at = if own < MAX_LAYERS && self.layers.len() < MOST_LAYERS {
            self.layers.push(Layer::new(name, codec));
            self.layers.len() - 1
        } else {
            let silent = |layer: &Layer| !layer.is_to_be_had(now) && (own < MAX_LAYERS || layer.seat == seat);
            let silent = self.layers.iter().position(silent)?;
            self.layers[silent].reuse(name.into(), codec);
            silent
        };
        self.layers[at].seat = seat;
        Some(at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.publishers().next().is_none() && self.viewers.is_empty() && self.followers.is_empty()
    }

    // Seats.

    pub(super) fn publisher(&self, seat: Seat) -> Option<SessionId> {
        self.places[seat.index()].publisher
    }

    /// Those who publish or are about to, by their seats.
    pub(super) fn publishers(&self) -> impl Iterator<Item = (Seat, SessionId)> {
        Seat::all().filter_map(|seat| Some((seat, self.publisher(seat)?)))
    }

    pub(super) fn seat_of(&self, session: SessionId) -> Option<Seat> {
        self.publishers().find(|(_, publisher)| *publisher == session).map(|(seat, _)| seat)
    }

    pub(super) fn sit(&mut self, seat: Seat, session: SessionId) {
        self.places[seat.index()].publisher = Some(session);
    }

    /// A publisher goes.
    pub(super) fn leave(&mut self, seat: Seat) {
        self.places[seat.index()] = Place::default();
        self.speakers.left(seat);
    }

    /// Passes a publisher's sound or picture on no more, or again: then it goes on like another source, because what was held back must not
    /// look like loss.
    pub(super) fn hold_back(&mut self, seat: Seat, held: HeldBack) {
        let place = &mut self.places[seat.index()];
        let before = std::mem::replace(&mut place.held, held);
        if before.sound != held.sound {
            (place.merger, place.repeater) = (Merger::default(), Repeater::default());
        }
        for layer in self.layers.iter_mut().filter(|layer| layer.seat == seat) {
            let video = layer.codec.is_video();
            if if video { before.picture != held.picture } else { before.sound != held.sound } {
                layer.leave_source();
                layer.wants_keyframe |= video && !held.picture;
            }
        }
    }

    pub(super) fn holds_back(&self, seat: Seat, codec: Codec) -> bool {
        let held = self.places[seat.index()].held;
        if codec.is_video() { held.picture } else { held.sound }
    }

    /// Takes over the order of the speakers; true if it is another one, and there is or was a panel.
    pub(super) fn reorder(&mut self) -> bool {
        let order = self.speakers.order();
        let panel = order.is_panel() || self.order.is_panel();
        panel & (std::mem::replace(&mut self.order, order) != order)
    }

    /// A publisher's wall-clock time as ours, so that sounds and pictures of several are told apart by no more than their networks.
    pub(super) fn our_time(&mut self, seat: Seat, ntp: u64) -> u64 {
        let ahead = *self.places[seat.index()].ahead.get_or_insert_with(|| reports::ntp_now().wrapping_sub(ntp));
        ntp.wrapping_add(ahead)
    }

    /// Whether a seat has a picture, or can have one again.
    pub(super) fn has_picture(&self, now: Instant, seat: Seat) -> bool {
        self.layers.iter().any(|layer| layer.seat == seat && layer.codec.is_video() && layer.is_to_be_had(now))
    }

    /// The layer of another worker's stream; made up to there if need be.
    pub(super) fn layer_at(&mut self, at: usize) -> &mut Layer {
        while self.layers.len() <= at {
            self.layers.push(Layer::new("", Codec::Opus));
        }
        &mut self.layers[at]
    }

    pub(super) fn count(&mut self, totals: &mut Totals, sent: Sent) {
        self.packets_out += sent.packets;
        self.bytes_out += sent.bytes;
        totals.packets_out += sent.packets;
        totals.bytes_out += sent.bytes;
    }

    /// Notes that another worker has viewers, who watch the layers in `watched`; true if it is a new one.
    pub(super) fn followed(&mut self, now: Instant, worker: usize, watched: Layers) -> bool {
        match self.followers.iter_mut().find(|known| known.worker == worker) {
            Some(known) => {
                (known.heard, known.watched) = (now, watched);
                false
            }
            None => {
                self.followers.push(Follower { worker, heard: now, watched });
                true
            }
        }
    }

    pub(super) fn forget_followers(&mut self, now: Instant) {
        self.followers.retain(|known| now.saturating_duration_since(known.heard) < FORGOTTEN);
    }

    /// Puts video layers to sleep that nobody has watched for a while, and wakes those that somebody wants. The smallest of each seat never sleeps:
    /// whoever comes is to see something at once. True if anything changed; `watched` are those that this worker's viewers watch or wait for.
    pub(super) fn rest(&mut self, now: Instant, watched: Layers) -> bool {
        let watched = self.followers.iter().fold(watched, |all, known| all.union(known.watched));
        let mut smallest: [Option<(u64, usize)>; Seat::COUNT] = Default::default();
        for (at, layer) in self.layers.iter().enumerate().filter(|(_, layer)| layer.codec.is_video() && layer.is_to_be_had(now)) {
            let known = &mut smallest[layer.seat.index()];
            let bitrate = layer.bitrate(now);
            if known.is_none_or(|(least, _)| bitrate < least) {
                *known = Some((bitrate, at));
            }
        }
        let mut changed = false;
        for (at, layer) in self.layers.iter_mut().enumerate().filter(|(_, layer)| layer.codec.is_video()) {
            if watched.has(at) || smallest[layer.seat.index()].is_some_and(|(_, smallest)| smallest == at) {
                layer.watched = Some(now);
            }
            let since = *layer.watched.get_or_insert(now);
            let idle = now.saturating_duration_since(since) >= IDLE;
            if idle != layer.is_asleep() && (layer.is_asleep() || layer.is_active(now)) {
                layer.sleep(idle);
                changed = true;
            }
        }
        changed
    }

    /// A publisher that has just come sends everything, from the beginning.
    pub(super) fn wake(&mut self, now: Instant, seat: Seat) {
        for layer in self.layers.iter_mut().filter(|layer| layer.seat == seat) {
            layer.leave_source();
            layer.sleep(false);
            layer.watched = Some(now);
        }
        self.places[seat.index()].ahead = None;
        self.speakers.joined(seat);
    }

    /// The publishers that are to be told which of their layers sleep, all of them if that `changed`, and those layers' names.
    pub(super) fn tell_asleep(&mut self, now: Instant, changed: bool) -> Vec<(Seat, SessionId, Vec<String>)> {
        let mut told = Vec::new();
        for (seat, place) in Seat::all().zip(&mut self.places) {
            let layers = || self.layers.iter().filter(|layer| layer.seat == seat && layer.codec.is_video());
            let due = changed || place.rest_told.is_none_or(|told| now.saturating_duration_since(told) >= REPEAT);
            if let Some(session) = place.publisher.filter(|_| due && layers().count() > 1) {
                place.rest_told = Some(now);
                told.push((seat, session, layers().filter(|layer| layer.is_asleep()).map(|layer| layer.name.to_string()).collect()));
            }
        }
        told
    }

    /// Takes in a packet of a seat's layer `name`; gives what became of it in each layer that it went to. Redundant audio is also kept
    /// plain, and plain audio made redundant or merged if somebody wants it so.
    pub(super) fn take(&mut self, now: Instant, seat: Seat, name: &str, codec: Codec, ssrc: u32, packet: Incoming) -> Vec<(usize, Taken)> {
        let mut taken = Vec::with_capacity(3);
        let plain = if codec == Codec::Red {
            let Some(plain) = (if packet.payload.is_empty() { Some(packet.payload.clone()) } else { opus::primary(&packet.payload) })
            else {
                return taken;
            };
            let plain = Incoming { payload: plain, ..packet.clone() };
            self.put(now, (seat, REDUNDANT, codec), ssrc, packet, &mut taken);
            plain
        } else {
            packet
        };
        if codec == Codec::Opus && !plain.payload.is_empty() && self.repeated_until.is_some_and(|until| now < until) {
            let repeated = self.places[seat.index()].repeater.push(&plain);
            self.put(now, (seat, REDUNDANT, Codec::Red), ssrc, repeated, &mut taken);
        }
        if !codec.is_video() && self.merged_until.is_some_and(|until| now < until) {
            for merged in self.places[seat.index()].merger.push(&plain) {
                self.put(now, (seat, MERGED, Codec::Opus), ssrc, merged, &mut taken);
            }
        }
        self.put(now, (seat, name, if codec == Codec::Red { Codec::Opus } else { codec }), ssrc, plain, &mut taken);
        taken
    }

    fn put(&mut self, now: Instant, which: (Seat, &str, Codec), ssrc: u32, packet: Incoming, taken: &mut Vec<(usize, Taken)>) {
        if let Some(at) = self.layer(now, which.0, which.1, which.2) {
            taken.push((at, self.layers[at].push(now, ssrc, packet)));
        }
    }

    /// The layer of that sound of a seat, or its plain one.
    pub(super) fn audio(&self, now: Instant, seat: Seat, sound: Sound) -> Option<usize> {
        let of_seat = |layer: &Layer| layer.seat == seat && layer.is_active(now);
        let active =
            |wanted: &dyn Fn(&Layer) -> bool| (0..self.layers.len()).rfind(|at| of_seat(&self.layers[*at]) && wanted(&self.layers[*at]));
        let chosen = match sound {
            Sound::Plain => None,
            Sound::Redundant => active(&|layer| layer.codec == Codec::Red),
            Sound::Merged => active(&|layer| *layer.name == *MERGED),
        };
        chosen.or_else(|| active(&|layer| layer.codec == Codec::Opus && *layer.name != *MERGED))
    }

    /// Somebody wants these sounds; they are made for a while, and again when they are asked for again.
    pub(super) fn want(&mut self, now: Instant, sounds: Sounds) {
        let until = Some(now + FORGOTTEN);
        if sounds.merged {
            self.merged_until = until;
        }
        if sounds.redundant {
            self.repeated_until = until;
        }
    }

    /// The layers to ask for a key frame now.
    pub(super) fn due_keyframes(&mut self, now: Instant) -> Vec<usize> {
        let mut due = Vec::new();
        for (at, layer) in self.layers.iter_mut().enumerate().filter(|(_, layer)| layer.wants_keyframe && layer.is_active(now)) {
            if layer.last_pli.is_none_or(|last| now.saturating_duration_since(last) >= PLI_INTERVAL) {
                layer.last_pli = Some(now);
                due.push(at);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests;
