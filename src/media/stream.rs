//! A stream: what its publishers send, as layers, and who views it. Decisions only.

use std::time::{Duration, Instant};

use super::codec::Codec;
use super::egress::Sent;
use super::layer::{Incoming, Layer, Taken};
use super::opus::{self, Merger, Repeater};
use super::panel::speaker::Speakers;
use super::panel::{Order, Seat};
use super::quality::Offer;
use super::{SessionId, Totals, ViewOptions, reports};

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
/// After waiting this long for a new key frame, a longer backlog is better than no picture.
const PATIENCE: Duration = Duration::from_millis(700);
/// A worker whose viewers no longer tell that they are there gets no more packets; they tell every [`super::plane::TICK`]'s tenth.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// A layer that nobody has watched for so long is no longer sent by the publisher; sooner, those who come and go would make it flap.
const IDLE: Duration = Duration::from_secs(10);
/// How often a publisher is told again which layers may sleep: a message may be lost on the way to it.
const REPEAT: Duration = Duration::from_secs(3);
/// A layer must have a bitrate this much higher to be taken for a better one.
const CLEARLY: f64 = 1.25;

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

/// A layer as the choice sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) at: usize,
    pub(super) bitrate: u64,
}

/// The video layers of a seat that a viewer with these codecs can be given, as [`super::quality`] looks at them.
pub(super) fn offers(layers: &[Layer], now: Instant, seat: Seat, decodes: impl Fn(Codec) -> bool) -> Vec<Offer> {
    let usable = |layer: &Layer| layer.seat == seat && layer.codec.is_video() && layer.is_to_be_had(now) && decodes(layer.codec);
    let offer = |(at, layer): (usize, &Layer)| Offer { at, order: 0, rates: layer.rates(now) };
    layers.iter().enumerate().filter(|(_, layer)| usable(layer)).map(offer).collect()
}

/// The video layers that a viewer with these codecs can be given.
#[cfg(test)]
pub(super) fn choices(layers: &[Layer], now: Instant, decodes: impl Fn(Codec) -> bool) -> Vec<Candidate> {
    let usable = |layer: &Layer| layer.codec.is_video() && layer.is_to_be_had(now) && decodes(layer.codec);
    layers.iter().enumerate().filter(|(_, layer)| usable(layer)).map(|(at, layer)| Candidate { at, bitrate: layer.bitrate(now) }).collect()
}

/// The highest layer, or the lowest on "save data". The present one stays unless another is clearly better, so that noise moves nobody.
pub(super) fn choose(candidates: &[Candidate], options: ViewOptions, present: Option<usize>) -> Option<usize> {
    if options.audio_only {
        return None;
    }
    let best = if options.save_data {
        candidates.iter().min_by_key(|candidate| candidate.bitrate)
    } else {
        // Of equals the first, which is the one that has been there for longest.
        candidates.iter().rev().max_by_key(|candidate| candidate.bitrate)
    }?;
    let Some(present) = candidates.iter().find(|candidate| Some(candidate.at) == present) else {
        return Some(best.at);
    };
    let (less, more) = if options.save_data { (best.bitrate, present.bitrate) } else { (present.bitrate, best.bitrate) };
    Some(if more as f64 > less as f64 * CLEARLY { best.at } else { present.at })
}

/// Where a viewer may start in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    At(u64),
    /// Ask for a key frame and look again when one came.
    Wait,
}

/// Where to start. `since` is when the viewer began to wait; `moving` if it is still served by another layer meanwhile, and from which head;
/// `most` the packets that its network takes at once.
pub(super) fn start(layer: &Layer, now: Instant, since: Instant, moving: Option<u64>, most: u64) -> Start {
    let Some(gop) = layer.gop() else { return Start::Wait };
    if let Some(head) = moving {
        // A viewer that has a picture is not taken back in time.
        return if gop >= head { Start::At(gop) } else { Start::Wait };
    }
    let backlog = layer.head() - gop;
    if backlog <= most || now.saturating_duration_since(since) >= PATIENCE { Start::At(gop) } else { Start::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: Candidate = Candidate { at: 1, bitrate: 150_000 };
    const HIGH: Candidate = Candidate { at: 2, bitrate: 1_500_000 };
    const SAVE: ViewOptions = ViewOptions { save_data: true, ..ALL };
    const ALL: ViewOptions = ViewOptions { save_data: false, audio_only: false, merge_audio: false, pin: None, last: None, without: None };

    #[test]
    fn viewers_get_the_highest_layer_and_the_lowest_to_save_data() {
        assert_eq!(choose(&[LOW, HIGH], ALL, None), Some(2));
        assert_eq!(choose(&[LOW, HIGH], ALL, Some(1)), Some(2));
        assert_eq!(choose(&[LOW, HIGH], SAVE, Some(2)), Some(1));
        assert_eq!(choose(&[LOW], ALL, Some(2)), Some(1), "the high layer is gone");
        assert_eq!(choose(&[LOW, HIGH], ViewOptions { audio_only: true, ..ALL }, Some(2)), None);
        assert_eq!(choose(&[], ALL, None), None);
    }

    #[test]
    fn publishers_with_ever_new_layers_find_room_as_the_old_ones_fall_silent() {
        let (mut stream, mut now) = (Stream::default(), Instant::now());
        let mut indices = std::collections::HashMap::new();
        for publisher in 0..20 {
            for rid in 0..3 {
                let at = stream.layer(now, Seat::HOST, &format!("{publisher}-{rid}"), Codec::Vp8).expect("room");
                let payload = bytes::Bytes::from_static(&[0x10, 0]);
                let incoming = crate::media::layer::Incoming { sequence: 7, timestamp: 1, marker: true, payload };
                stream.layers[at].push(now, publisher, incoming);
                stream.layers[at].release();
                let head = stream.layers[at].head();
                assert!(indices.insert(at, head).is_none_or(|before| before < head), "an index names one packet for ever");
            }
            now += Duration::from_secs(2);
        }
        assert!(stream.layers.len() <= MAX_LAYERS);
        let now = now - Duration::from_secs(1);
        let more = (0..MAX_LAYERS).filter(|n| stream.layer(now, Seat::HOST, &format!("more {n}"), Codec::H264).is_some()).count();
        assert!(more >= 1, "{more}");
    }

    fn asleep(stream: &Stream) -> Vec<&str> {
        stream.layers.iter().filter(|layer| layer.is_asleep()).map(|layer| &*layer.name).collect()
    }

    #[test]
    fn layers_that_nobody_watches_sleep_after_a_while_but_for_the_smallest() {
        let (mut stream, mut now) = (Stream::default(), Instant::now());
        let send = |stream: &mut Stream, now: Instant, second: u16| {
            for (name, size) in [("q", 20), ("h", 60), ("f", 200)] {
                let at = stream.layer(now, Seat::HOST, name, Codec::H264).expect("room");
                for sequence in second * 10..second * 10 + 10 {
                    let payload = vec![0x61; size].into();
                    stream.layers[at].push(now, at as u32, crate::media::layer::Incoming { sequence, timestamp: 1, marker: true, payload });
                }
            }
        };
        let (mut none, mut third) = (Layers::default(), Layers::default());
        none.add(99);
        third.add(2);
        let mut changes = Vec::new();
        for second in 0..25 {
            send(&mut stream, now, second);
            now += Duration::from_secs(1);
            if stream.rest(now, if second < 5 { third } else { none }) {
                changes.push((second, asleep(&stream).join(" ")));
            }
        }
        assert_eq!(changes, [(10, "h".to_owned()), (14, "h f".to_owned())]);
        let all = choices(&stream.layers, now + Duration::from_secs(60), |_| true);
        assert_eq!(all.len(), 2, "those that sleep can be had: {all:?}");
        assert!(all.iter().all(|layer| layer.bitrate > 0));
        assert!(stream.followed(now, 1, third));
        assert!(stream.rest(now, none), "a viewer of another worker wants it");
        assert_eq!(asleep(&stream), ["h"]);
        stream.wake(now, Seat::HOST);
        assert!(asleep(&stream).is_empty() && !stream.rest(now, none));
    }

    #[test]
    fn redundant_sound_is_kept_plain_too_and_merged_for_those_who_want_it() {
        let (mut stream, now) = (Stream::default(), Instant::now());
        let packet = |sequence: u16| {
            let mut red = vec![0x80 | 111, 0x0f, 0, 2, 111, 7, 7];
            red.extend_from_slice(&[0xfc, sequence as u8]);
            Incoming { sequence, timestamp: u32::from(sequence) * 960, marker: false, payload: red.into() }
        };
        for sequence in 0..30 {
            if sequence == 9 {
                stream.want(now, Sounds { merged: true, redundant: false });
            }
            stream.take(now, Seat::HOST, "audio", Codec::Red, 5, packet(sequence));
        }
        stream.layers.iter_mut().for_each(Layer::release);
        let sizes = |sound| {
            let layer = &stream.layers[stream.audio(now, Seat::HOST, sound).expect("there is sound")];
            layer.released(0).map(|packet| packet.payload.len()).collect::<Vec<_>>()
        };
        assert_eq!((sizes(Sound::Plain), sizes(Sound::Redundant), sizes(Sound::Merged)), (vec![2; 30], vec![9; 30], vec![7; 7]));
        let mut plain = Stream::default();
        plain.take(now, Seat::HOST, "audio", Codec::Opus, 5, packet(1));
        let of = |sound| plain.audio(now, Seat::HOST, sound);
        assert_eq!((of(Sound::Redundant), of(Sound::Merged)), (of(Sound::Plain), of(Sound::Plain)), "what is not there is not chosen");
    }

    #[test]
    fn a_bitrate_that_is_about_the_same_moves_nobody() {
        let other = Candidate { at: 3, bitrate: 1_700_000 };
        assert_eq!(choose(&[HIGH, other], ALL, Some(2)), Some(2));
        assert_eq!(choose(&[HIGH, other], SAVE, Some(3)), Some(3));
    }
}
