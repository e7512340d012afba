//! What a viewer is sent: whose sound and picture goes into which track, and which layer of it.

use std::time::{Duration, Instant};

use super::{More, Move, Picture, Viewer};
use crate::media::ViewOptions;
use crate::media::codec::Codec;
use crate::media::layer::Layer;
use crate::media::opus;
use crate::media::panel::{Seat, slots};
use crate::media::quality::Offer;
use crate::media::rewrite::ALL_TEMPORAL;
use crate::media::steer::Steer;
use crate::media::stream::{self, Candidate, Layers, Sound, Start, Stream};
use crate::media::trace::{TraceEvent, note};
use crate::media::track::Track;

/// Bits a second that headers and tags add to sound in packets of 20 ms: about as much as the sound itself.
const HEADERS: u64 = 18_000;
/// Shares of packets lost that turn redundant sound on, and off again after a calm while.
const MUCH_LOSS: f32 = 0.01;
const LITTLE_LOSS: f32 = 0.005;
/// Bits a second below which nothing is sent twice.
const ROOM: u64 = 200_000;
const CALM: Duration = Duration::from_secs(10);

impl Viewer {
    /// The layer that the picture with this SSRC is taken from, or that it waits for; of the main one if there is no such track. None of a picture that is
    /// held, which will begin anew in any case.
    pub(in crate::media) fn picture_layer(&self, ssrc: u32, layers: &[Layer]) -> Option<usize> {
        let more = self.more.as_deref().and_then(|more| more.pictures.iter().find(|picture| picture.track.ssrc == ssrc));
        let (track, moving) = match more {
            Some(picture) => (&picture.track, &picture.moving),
            None => (self.video.as_ref()?, &self.moving),
        };
        track.on(layers).or(moving.as_ref().map(|moving| moving.target))
    }

    /// The layers that it watches or waits for.
    pub(in crate::media) fn watches(&self, layers: &[Layer]) -> Layers {
        let mut watched = Layers::default();
        let mut watch = |track: &Track, moving: &Option<Move>| {
            track.on(layers).into_iter().chain(moving.as_ref().map(|moving| moving.target)).for_each(|at| watched.add(at));
        };
        self.video.iter().for_each(|track| watch(track, &self.moving));
        self.more.iter().flat_map(|more| &more.pictures).for_each(|picture| watch(&picture.track, &picture.moving));
        watched
    }

    /// Which layers to send from now on: called when something may have changed, and on every tick.
    pub(in crate::media) fn decide(&mut self, now: Instant, stream: &mut Stream) {
        if !self.is_connected() {
            return;
        }
        self.seat(now, stream);
        self.listen_for_loss(now);
        let sound = self.sound();
        let more = self.more.iter_mut().flat_map(|more| &mut more.sounds);
        self.audio.iter_mut().chain(more).for_each(|track| listen(track, now, stream, sound));
        self.decide_pictures(now, stream);
    }

    /// Gives the tracks to seats.
    fn seat(&mut self, now: Instant, stream: &Stream) {
        let order = match self.options {
            ViewOptions { only: Some(seat), .. } => stream.order.only(seat),
            ViewOptions { without: Some(_), .. } => stream.order.without(self.options.without),
            _ => stream.order,
        };
        if self.more.is_none() && !order.is_panel() {
            if let Some(seat) = order.first() {
                self.audio.iter_mut().chain(&mut self.video).for_each(|track| track.seat = Some(seat));
            }
            return;
        }
        let (sounds, pictures) = match self.more.as_deref_mut() {
            Some(more) => (more.sounds.as_mut_slice(), more.pictures.as_mut_slice()),
            None => Default::default(),
        };
        deal(self.audio.iter_mut().chain(sounds), |slots| {
            slots::sounds(&order, |seat| stream.audio(now, seat, Sound::Plain).is_some(), slots);
        });
        let last = self.options.last.map_or(if self.options.save_data { 0 } else { Seat::COUNT }, usize::from);
        deal(self.video.iter_mut().chain(pictures.iter_mut().map(|picture| &mut picture.track)), |slots| {
            slots::pictures(&order, self.options.pin, last, |seat| stream.has_picture(now, seat), slots);
        });
    }

    /// Redundant sound for who loses much of it and knows what to do with it; merged for who asked for that.
    pub(in crate::media) fn sound(&self) -> Sound {
        match self.lossy {
            _ if self.options.merge_audio => Sound::Merged,
            Some(_) => Sound::Redundant,
            None => Sound::Plain,
        }
    }

    /// Notes who loses much sound, unless the network carries too little to send anything twice.
    fn listen_for_loss(&mut self, now: Instant) {
        let Some(track) =
            self.audio.as_ref().filter(|track| track.decodes(Codec::Red) && track.payload_type(Codec::Opus) == Some(opus::REPEATED))
        else {
            return;
        };
        let room = self.steer.as_deref().and_then(Steer::estimate).is_none_or(|estimate| estimate >= ROOM);
        if track.lossiness > MUCH_LOSS && room {
            self.lossy = Some(now);
        } else if !room || (track.lossiness < LITTLE_LOSS && self.lossy.is_some_and(|since| now.saturating_duration_since(since) >= CALM)) {
            self.lossy = None;
        }
    }

    fn decide_pictures(&mut self, now: Instant, stream: &mut Stream) {
        let sounds = self.audio.iter().chain(self.more.iter().flat_map(|more| &more.sounds));
        let sound: u64 = sounds.filter_map(|track| track.on(&stream.layers)).map(|at| stream.layers[at].bitrate(now) + HEADERS).sum();
        let (Some(track), Some(steer)) = (&mut self.video, &mut self.steer) else { return };
        // Before anybody has come the host is awaited.
        let awaited = self.options.only.or(self.options.without.is_none().then_some(Seat::HOST));
        let offers = match track.seat.or(awaited) {
            Some(seat) => stream::offers(&stream.layers, now, seat, |codec| track.decodes(codec)),
            None => Vec::new(),
        };
        let mut small = 0;
        if let Some(more) = self.more.as_deref_mut() {
            let most = steer.backlog(stream::MAX_BACKLOG);
            let least = offers.iter().map(|offer| offer.rates[0]).min().unwrap_or(0);
            let wanted = more.wanted(now, stream, self.options);
            let needs: Vec<u64> = wanted.iter().flatten().map(|offer| offer.rates[0]).collect();
            let (carried, probe) = more.thumbnails.decide(now, steer.network(now), sound + least, &needs);
            if let Some(rate) = probe {
                steer.probe(now, rate);
            }
            small = needs.iter().take(carried).sum();
            let mut left = carried;
            for (picture, wanted) in more.pictures.iter_mut().zip(wanted) {
                let target = wanted.filter(|_| left > 0);
                left = left.saturating_sub(usize::from(wanted.is_some()));
                match target {
                    Some(offer) => {
                        picture.track.feed.want(if offer.temporals() > 1 { 0 } else { ALL_TEMPORAL });
                        go(&mut picture.track, &mut picture.moving, now, stream, (offer.at, &[offer]), most);
                    }
                    None => (picture.moving, picture.track.paused) = (None, true),
                }
            }
        }
        let decision = steer.decide(now, &offers, sound + small, self.options);
        if let Some(trace) = &mut self.trace {
            trace.decided(now, decision);
        }
        // What has begun anew since the step down goes on: to stop it would cost another key frame.
        let on = track.on(&stream.layers);
        let Some(step) = decision.video.filter(|step| !decision.hold || on == Some(step.layer)) else {
            self.moving = None;
            track.paused |= self.options.audio_only || decision.paused_by_bandwidth || decision.hold;
            return;
        };
        let whole = offers.iter().any(|offer| offer.at == step.layer && offer.temporals() <= usize::from(step.temporal) + 1);
        track.feed.want(if whole { ALL_TEMPORAL } else { step.temporal });
        let before = track.feed.cursor();
        go(track, &mut self.moving, now, stream, (step.layer, &offers), steer.backlog(stream::MAX_BACKLOG));
        if track.feed.cursor() != before
            && let Some(layer) = track.on(&stream.layers).map(|at| &stream.layers[at])
        {
            let (ssrc, backlog) = (track.ssrc, layer.head().saturating_sub(track.feed.cursor()));
            note(&mut self.trace, now, || TraceEvent::Layer { ssrc, layer: layer.name.to_string(), backlog });
        }
    }

    /// The session's media sections with a track in them, and the seats that these carry.
    pub(in crate::media) fn slots(&self) -> Vec<(usize, Seat)> {
        let more = self.more.as_deref();
        let sounds = self.audio.iter().chain(more.into_iter().flat_map(|more| &more.sounds));
        let pictures = self.video.iter().chain(more.into_iter().flat_map(|more| more.pictures.iter().map(|picture| &picture.track)));
        sounds.chain(pictures).filter_map(|track| Some((usize::from(track.section), track.seat?))).collect()
    }
}

impl More {
    /// For each small picture the lowest layer of its seat, without higher temporal layers; nothing where nothing is to be shown.
    fn wanted(&self, now: Instant, stream: &Stream, options: ViewOptions) -> Vec<Option<Offer>> {
        let lowest = ViewOptions { save_data: true, audio_only: options.audio_only, ..ViewOptions::default() };
        let one = |picture: &Picture| {
            let offers = stream::offers(&stream.layers, now, picture.track.seat?, |codec| picture.track.decodes(codec));
            let base = |offer: &Offer| Candidate { at: offer.at, bitrate: offer.rates[0] };
            let candidates: Vec<Candidate> = offers.iter().map(base).collect();
            let at = stream::choose(&candidates, lowest, picture.track.on(&stream.layers))?;
            offers.into_iter().find(|offer| offer.at == at)
        };
        self.pictures.iter().map(one).collect()
    }
}

/// Lets the seats of some tracks be chosen.
fn deal<'a>(tracks: impl Iterator<Item = &'a mut Track>, choose: impl FnOnce(&mut [Option<Seat>])) {
    let mut tracks: Vec<&mut Track> = tracks.take(Seat::COUNT).collect();
    let mut slots = [None; Seat::COUNT];
    slots.iter_mut().zip(&tracks).for_each(|(slot, track)| *slot = track.seat);
    choose(&mut slots[..tracks.len()]);
    tracks.iter_mut().zip(slots).for_each(|(track, slot)| track.seat = slot);
}

/// Takes a track to the sound of its seat.
fn listen(track: &mut Track, now: Instant, stream: &Stream, sound: Sound) {
    // Nobody's: silent, and anew when it is somebody's.
    track.paused |= track.seat.is_none();
    let Some(at) = track.seat.and_then(|seat| stream.audio(now, seat, sound)) else { return };
    if track.on(&stream.layers) == Some(at) {
        return;
    }
    let layer = &stream.layers[at];
    let family = |layer: &Layer| layer.family.filter(|_| layer.is_active(now)).map(|family| (layer.seat, family));
    let on = track.on(&stream.layers).map(|on| &stream.layers[on]).filter(|on| on.family.is_some() && family(on) == family(layer));
    if let Some(on) = on {
        // What does not fit now will some packets later.
        track.feed.cross(at, layer, on);
    } else if let Some(packet) = layer.head().checked_sub(1).and_then(|newest| layer.get(newest)) {
        track.feed.begin(now, at, layer, packet.index, packet.timestamp);
        track.paused = false;
    }
}

/// Takes a picture to a layer of those on offer, as soon as it can start there.
fn go(track: &mut Track, moving: &mut Option<Move>, now: Instant, stream: &mut Stream, (target, offers): (usize, &[Offer]), most: u64) {
    let on = track.on(&stream.layers);
    if on == Some(target) {
        *moving = None;
        return;
    }
    let kept = on.is_some_and(|on| offers.iter().any(|offer| offer.at == on));
    if moving.as_ref().is_none_or(|moving| moving.target != target) {
        let head = stream.layers[target].head();
        *moving = Some(Move { target, since: now, head: kept.then_some(head) });
    }
    // While the wanted layer wakes up, another one is better than nothing.
    let interim = (!kept && stream.layers[target].is_asleep())
        .then(|| offers.iter().filter(|offer| !stream.layers[offer.at].is_asleep()).max_by_key(|offer| offer.rates[0]))
        .flatten();
    let Some(going) = moving else { return };
    if !kept {
        going.head = None;
    }
    let at = interim.map_or(target, |interim| interim.at);
    let layer = &mut stream.layers[at];
    match stream::start(layer, now, going.since, going.head, most) {
        Start::At(index) => {
            let timestamp = layer.get(index).map_or(0, |packet| packet.timestamp);
            track.feed.begin(now, at, layer, index, timestamp);
            track.paused = false;
            if at == target {
                *moving = None;
            } else {
                going.head = Some(stream.layers[target].head());
            }
        }
        Start::Wait => layer.wants_keyframe = true,
    }
}
