//! One viewer: DTLS, SRTP, what it is fed, and what it asks for again.
//!
//! Invariants: RTP on a viewer's connection is sent from here only, by [`Track`]s, so that no nonce is used twice; a viewer that falls behind
//! the history starts again at a key frame; resends are limited per tick; sound goes before pictures. What to send is [`Steer`]'s choice.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::rtcp::goodbye::Goodbye;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

use super::codec::Codec;
use super::dtls::{Failure, Handshake};
use super::egress::{Sent, Way};
use super::identity::Identity;
use super::layer::Layer;
use super::prefetch::prefetch;
use super::reports;
use super::rewrite::ALL_TEMPORAL;
use super::srtp::{Sealer, Srtcp};
use super::steer::Steer;
use super::stream::{self, Layers, Sound, Start, Stream};
pub(super) use super::track::Track;
use super::{ViewOptions, ViewerStats};

/// A peer repeats its last flight for as long as ours may have been lost (RFC 6347, section 4.2.4).
const HANDSHAKE_GRACE: Duration = Duration::from_secs(30);
/// Once the peer has used its keys, the handshake is kept only to hear and say goodbye in a call that was begun by mistake.
const SETTLED: Duration = Duration::from_secs(3);
/// From the first check to keys; a phone on a bad network takes some seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(15);
/// Packets to one viewer per turn while it catches up: with a turn every 4 ms, about 80 Mbit/s.
const PACE: usize = 40;
/// Bits a second that headers and tags add to sound in packets of 20 ms: about as much as the sound itself.
const HEADERS: u64 = 18_000;
/// Newest packets that a probe repeats, and how many it sends in a turn of 4 ms at most: 30 Mbit/s.
const PROBED: u64 = 24;
const PROBES: usize = 16;
/// Packets sent again to one viewer per tick of 100 ms; a viewer that needs more has no use for them.
const RESENDS: u32 = 150;
/// The first sender report soon, for lip-sync, then as RFC 3550 suggests for a lively session.
const FIRST_REPORT: Duration = Duration::from_millis(150);
const REPORTS: Duration = Duration::from_secs(2);

/// Shares of packets lost that turn redundant sound on, and off again after a calm while.
const MUCH_LOSS: f32 = 0.03;
const LITTLE_LOSS: f32 = 0.01;
const CALM: Duration = Duration::from_secs(10);

struct Keys {
    sealer: Sealer,
    srtcp: Srtcp,
}

/// Where the video is to go next.
struct Move {
    target: usize,
    since: Instant,
    /// The head of the target when the move was decided, if there is a picture to keep meanwhile.
    head: Option<u64>,
}

pub(super) struct Viewer {
    pub(super) options: ViewOptions,
    audio: Option<Track>,
    video: Option<Track>,
    handshake: Option<Handshake>,
    handshake_ends: Option<Instant>,
    keys: Option<Keys>,
    /// When our last flight of the handshake left.
    flight: Option<Instant>,
    /// From the handshake on.
    steer: Option<Box<Steer>>,
    moving: Option<Move>,
    next_report: Option<Instant>,
    resends: u32,
    /// When the viewer last reported to lose much of the sound, until it has not for a while.
    lossy: Option<Instant>,
    /// The transport-wide sequence number that was used last.
    transport: u16,
    /// It gets turns of its own, besides bursts: it catches up at its own pace, or is probed.
    pub(super) behind: bool,
}

/// What a datagram asks of the plane.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) connected: bool,
    pub(super) closed: bool,
    pub(super) failed: bool,
    pub(super) dropped: bool,
    pub(super) send: Vec<Bytes>,
    pub(super) keyframe: bool,
    /// Per SSRC, the sequence numbers asked for again.
    pub(super) nacks: Vec<(u32, Vec<u16>)>,
}

impl Viewer {
    pub(super) fn new(identity: &Identity, fingerprint: String, options: ViewOptions, audio: Option<Track>, video: Option<Track>) -> Self {
        Self {
            options,
            audio,
            video,
            handshake: Some(Handshake::new(identity, fingerprint)),
            handshake_ends: None,
            keys: None,
            flight: None,
            steer: None,
            moving: None,
            next_report: None,
            resends: 0,
            lossy: None,
            transport: 0,
            behind: false,
        }
    }

    /// Fetches what sending to it will touch: it is its turn soon.
    pub(super) fn expect(&self) {
        for track in [&self.audio, &self.video].into_iter().flatten() {
            track.feed.expect();
            prefetch(track.codecs.as_slice());
        }
        if let Some(keys) = &self.keys {
            keys.sealer.expect();
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// The first authenticated check came: the handshake must follow soon.
    pub(super) fn checked(&mut self, now: Instant) {
        self.handshake_ends = Some(now + HANDSHAKE_LIMIT);
    }

    pub(super) fn datagram(&mut self, now: Instant, identity: &Identity, datagram: &[u8]) -> Outcome {
        let mut outcome = Outcome::default();
        match datagram.first() {
            Some(20..=63) => self.dtls(now, identity, datagram, &mut outcome),
            Some(128..=191) => self.rtcp(now, datagram, &mut outcome),
            _ => outcome.dropped = true,
        }
        outcome
    }

    fn dtls(&mut self, now: Instant, identity: &Identity, datagram: &[u8], outcome: &mut Outcome) {
        let Some(handshake) = &mut self.handshake else {
            outcome.dropped = true;
            return;
        };
        match handshake.read(now, identity, datagram) {
            Ok(Some(established)) => {
                let sealer = Sealer::new(&established.keys, established.profile, identity.crypto());
                let srtcp = Srtcp::new(now, &established.keys, established.profile, identity.crypto());
                match (sealer, srtcp) {
                    (Ok(sealer), Ok(srtcp)) => self.keys = Some(Keys { sealer, srtcp }),
                    _ => outcome.failed = true,
                }
                self.handshake_ends = Some(now + HANDSHAKE_GRACE);
                let rtt = self.flight.map(|flight| now.saturating_duration_since(flight));
                let numbered = [&self.audio, &self.video].into_iter().flatten().any(|track| track.transport.is_some());
                self.steer = Some(Box::new(Steer::new(now, rtt, numbered)));
                outcome.connected = !outcome.failed;
            }
            Ok(None) => {}
            Err(Failure::Closed) => outcome.closed = true,
            Err(Failure::Failed) => outcome.failed = true,
            Err(Failure::Dropped) => outcome.dropped = true,
        }
        outcome.send.extend(std::iter::from_fn(|| handshake.poll()).map(bytes::BytesMut::freeze));
        if !outcome.send.is_empty() {
            self.flight = Some(now);
        }
    }

    fn rtcp(&mut self, now: Instant, datagram: &[u8], outcome: &mut Outcome) {
        let plain = self.keys.as_mut().and_then(|keys| keys.srtcp.open(now, datagram));
        let packets = plain.and_then(|plain| rtc::rtcp::packet::unmarshal(&mut plain.freeze()).ok());
        let Some(packets) = packets else {
            outcome.dropped = true;
            return;
        };
        for packet in packets {
            let packet = packet.as_any();
            if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
                // A NACK pair names up to 17 packets; more than a tick's worth of resends is not even looked at.
                let sequences = nack.nacks.iter().flat_map(|pair| pair.into_iter()).take(RESENDS as usize).collect();
                outcome.nacks.push((nack.media_ssrc, sequences));
            } else if packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>() {
                outcome.keyframe = true;
            } else if packet.is::<Goodbye>() {
                outcome.closed = true;
            } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
                for block in &report.reports {
                    let tracks = [&mut self.audio, &mut self.video];
                    tracks.into_iter().flatten().filter(|track| track.ssrc == block.ssrc).for_each(|track| track.reception(now, block));
                }
                // The picture's packets are the more, so what they say is worth more.
                if let (Some(track), Some(steer)) = (self.video.as_ref().or(self.audio.as_ref()), &mut self.steer)
                    && report.reports.iter().any(|block| block.ssrc == track.ssrc)
                {
                    steer.report(now, track.loss, track.rtt);
                }
            } else if let (Some(feedback), Some(steer)) = (packet.downcast_ref::<TransportLayerCc>(), &mut self.steer) {
                steer.feedback(now, feedback);
            }
        }
        // Whoever has our keys has had our last flight: there is nothing left to repeat.
        self.handshake_ends = self.handshake_ends.map(|ends| ends.min(now + SETTLED));
    }

    /// The layer that the video is taken from, or that it waits for.
    pub(super) fn video_layer(&self, layers: &[Layer]) -> Option<usize> {
        let waiting = self.moving.as_ref().map(|moving| moving.target);
        self.video.as_ref().and_then(|track| track.on(layers)).or(waiting)
    }

    /// The layers that it watches or waits for.
    pub(super) fn watches(&self, layers: &[Layer]) -> Layers {
        let mut watched = Layers::default();
        let on = self.video.as_ref().and_then(|track| track.on(layers));
        on.into_iter().chain(self.moving.as_ref().map(|moving| moving.target)).for_each(|at| watched.add(at));
        watched
    }

    /// Which layers to send from now on: called when something may have changed, and on every tick.
    pub(super) fn decide(&mut self, now: Instant, stream: &mut Stream) {
        if !self.is_connected() {
            return;
        }
        let sound = self.sound(now);
        if let Some(track) = &mut self.audio
            && let Some(at) = stream.audio(now, sound)
            && track.on(&stream.layers) != Some(at)
        {
            let layer = &stream.layers[at];
            let family = |layer: &Layer| layer.family.filter(|_| layer.is_active(now));
            let on = track.on(&stream.layers).map(|on| &stream.layers[on]).filter(|on| on.family.is_some() && family(on) == family(layer));
            if let Some(on) = on {
                // What does not fit now will some packets later.
                track.feed.cross(at, layer, on);
            } else if let Some(packet) = layer.head().checked_sub(1).and_then(|newest| layer.get(newest)) {
                track.feed.begin(now, at, layer, packet.index, packet.timestamp);
            }
        }
        self.decide_video(now, stream);
    }

    /// Redundant sound for who loses much of it and knows what to do with it; merged for who asked for that.
    fn sound(&mut self, now: Instant) -> Sound {
        if self.options.merge_audio {
            return Sound::Merged;
        }
        let Some(track) = self.audio.as_ref().filter(|track| track.decodes(Codec::Red)) else { return Sound::Plain };
        if track.loss > MUCH_LOSS {
            self.lossy = Some(now);
        } else if track.loss < LITTLE_LOSS && self.lossy.is_some_and(|since| now.saturating_duration_since(since) >= CALM) {
            self.lossy = None;
        }
        if self.lossy.is_some() { Sound::Redundant } else { Sound::Plain }
    }

    fn decide_video(&mut self, now: Instant, stream: &mut Stream) {
        let (Some(track), Some(steer)) = (&mut self.video, &mut self.steer) else { return };
        let offers = stream::offers(&stream.layers, now, |codec| track.decodes(codec));
        let sound = self.audio.as_ref().and_then(|audio| audio.on(&stream.layers)).map_or(0, |at| stream.layers[at].bitrate(now) + HEADERS);
        let decision = steer.decide(now, &offers, sound, self.options);
        let Some(step) = decision.video.filter(|_| !decision.hold) else {
            self.moving = None;
            track.paused |= self.options.audio_only || decision.paused_by_bandwidth || decision.hold;
            return;
        };
        let target = step.layer;
        let whole = offers.iter().any(|offer| offer.at == target && offer.temporals() <= usize::from(step.temporal) + 1);
        track.feed.want(if whole { ALL_TEMPORAL } else { step.temporal });
        let on = track.on(&stream.layers);
        if on == Some(target) {
            self.moving = None;
            return;
        }
        let kept = on.is_some_and(|on| offers.iter().any(|offer| offer.at == on));
        if self.moving.as_ref().is_none_or(|moving| moving.target != target) {
            let head = stream.layers[target].head();
            self.moving = Some(Move { target, since: now, head: kept.then_some(head) });
        }
        // While the wanted layer wakes up, another one is better than nothing.
        let interim = (!kept && stream.layers[target].is_asleep())
            .then(|| offers.iter().filter(|offer| !stream.layers[offer.at].is_asleep()).max_by_key(|offer| offer.rates[0]))
            .flatten();
        let Some(moving) = &mut self.moving else { return };
        if !kept {
            moving.head = None;
        }
        let at = interim.map_or(target, |interim| interim.at);
        let layer = &mut stream.layers[at];
        match stream::start(layer, now, moving.since, moving.head, steer.backlog(stream::MAX_BACKLOG)) {
            Start::At(index) => {
                let timestamp = layer.get(index).map_or(0, |packet| packet.timestamp);
                track.feed.begin(now, at, layer, index, timestamp);
                track.paused = false;
                if at == target {
                    self.moving = None;
                } else {
                    moving.head = Some(stream.layers[target].head());
                }
            }
            Start::Wait => layer.wants_keyframe = true,
        }
    }

    /// Pushes out what is released and due; true if there is more that was held back to pace it.
    pub(super) fn send(&mut self, now: Instant, layers: &[Layer], way: &mut Way<'_>) -> (Sent, bool) {
        let (Some(keys), Some(steer)) = (&mut self.keys, &mut self.steer) else { return (Sent::default(), false) };
        let mut sent = Sent::default();
        let mut behind = false;
        let picture = self.video.as_ref().and_then(|track| track.on(layers)).map_or(0, |at| layers[at].bitrate(now));
        steer.refill(now, picture);
        for track in [&mut self.audio, &mut self.video].into_iter().flatten() {
            let Some(layer) = track.on(layers).and_then(|at| layers.get(at)) else { continue };
            let picture = layer.codec.is_video();
            for (count, packet) in layer.released(track.feed.cursor()).enumerate() {
                if count == PACE || (picture && !steer.may_send()) {
                    behind = true;
                    break;
                }
                let Some(rewritten) = track.feed.advance(now, packet) else { continue };
                let Some(label) = track.label(layer.codec, &mut self.transport) else { break };
                let one = way.push(&mut keys.sealer, label, packet, rewritten);
                steer.sent(now, label.number(), one.bytes);
                sent += one;
                track.packets = track.packets.wrapping_add(1);
                track.octets = track.octets.wrapping_add(packet.payload.len() as u32);
                self.next_report.get_or_insert(now + FIRST_REPORT);
            }
        }
        if steer.is_probing() {
            sent += self.probe(now, layers, way);
            behind = true;
        }
        (sent, behind)
    }

    /// Sends what a probe wants now: the newest pictures once more, which do some good if they were lost.
    fn probe(&mut self, now: Instant, layers: &[Layer], way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(steer), Some(track)) = (&mut self.keys, &mut self.steer, &mut self.video) else { return Sent::default() };
        let Some(segment) = track.feed.active().copied() else { return Sent::default() };
        let Some(layer) = track.on(layers).and_then(|at| layers.get(at)) else { return Sent::default() };
        let mut sent = Sent::default();
        let end = track.feed.cursor();
        let newest = (end.saturating_sub(PROBED)..end).rev().cycle().take(PROBES);
        for index in newest {
            if !steer.probes(now) {
                break;
            }
            let Some(packet) = layer.get(index).filter(|packet| segment.has(packet)) else { continue };
            // Who takes no retransmissions cannot be probed.
            let Some((label, rewritten)) = track.again(&segment, packet, layer.codec, &mut self.transport) else { break };
            if label.original.is_none() {
                break;
            }
            let one = way.push(&mut keys.sealer, label, packet, rewritten);
            steer.sent(now, label.number(), one.bytes);
            sent += one;
        }
        sent
    }

    /// Passes on a packet that came out of turn.
    pub(super) fn send_late(&mut self, now: Instant, at: usize, layer: &Layer, index: u64, way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(packet)) = (&mut self.keys, layer.get(index)) else { return Sent::default() };
        let mut sent = Sent::default();
        for track in [&mut self.audio, &mut self.video].into_iter().flatten() {
            if let Some(rewritten) = track.feed.late(at, packet)
                && let Some(label) = track.label(layer.codec, &mut self.transport)
            {
                let one = way.push(&mut keys.sealer, label, packet, rewritten);
                if let Some(steer) = &mut self.steer {
                    steer.sent(now, label.number(), one.bytes);
                }
                sent += one;
            }
        }
        sent
    }

    /// Sends packets again that the viewer asked for.
    pub(super) fn resend(&mut self, now: Instant, ssrc: u32, sequences: &[u16], layers: &[Layer], way: &mut Way<'_>) -> Sent {
        let Some(keys) = &mut self.keys else { return Sent::default() };
        let tracks = [&mut self.audio, &mut self.video];
        let Some(track) = tracks.into_iter().flatten().find(|track| track.ssrc == ssrc) else { return Sent::default() };
        let mut sent = Sent::default();
        for sequence in sequences {
            let Some((segment, out)) = track.feed.sent(*sequence) else { continue };
            let Some(layer) = layers.get(segment.layer) else { continue };
            let Some(packet) = segment.source(layer, out) else { continue };
            if self.resends == RESENDS {
                break;
            }
            let Some((label, rewritten)) = track.again(&segment, packet, layer.codec, &mut self.transport) else { continue };
            self.resends += 1;
            let one = way.push(&mut keys.sealer, label, packet, rewritten);
            if let Some(steer) = &mut self.steer {
                steer.sent(now, label.number(), one.bytes);
            }
            sent += one;
        }
        sent
    }

    /// Repeats a handshake flight, lets go of a finished handshake, and makes a report if one is due.
    pub(super) fn tick(&mut self, now: Instant, layers: &[Layer]) -> Outcome {
        let mut outcome = Outcome::default();
        self.resends = 0;
        if let Some(steer) = &mut self.steer {
            steer.tick(now);
        }
        if let Some(handshake) = &mut self.handshake {
            outcome.failed = handshake.tick(now).is_err() && self.keys.is_none();
            outcome.send.extend(std::iter::from_fn(|| handshake.poll()).map(bytes::BytesMut::freeze));
            if self.handshake_ends.is_some_and(|ends| ends <= now) {
                outcome.failed |= self.keys.is_none();
                self.handshake = None;
            }
        }
        if self.next_report.is_some_and(|due| due <= now) {
            self.next_report = Some(now + REPORTS);
            outcome.send.extend(self.report(now, layers));
        }
        outcome
    }

    /// Sender reports of both streams in the publisher's wall-clock time, which keeps audio and video together.
    fn report(&mut self, now: Instant, layers: &[Layer]) -> Option<Bytes> {
        let tracks = [&mut self.audio, &mut self.video];
        let reports = tracks.into_iter().flatten().filter_map(|track| track.report(now, layers));
        let plain = reports::sender_reports(reports)?;
        self.keys.as_mut()?.srtcp.outbound.encrypt_rtcp(&plain).ok().map(bytes::BytesMut::freeze)
    }

    /// The network does not carry the picture.
    pub(super) fn is_paused(&self) -> bool {
        self.steer.as_deref().is_some_and(Steer::paused)
    }

    /// What it really gets.
    pub(super) fn figures(&self, layers: &[Layer]) -> ViewerStats {
        let video = self.video.as_ref();
        let layer = video.and_then(|track| track.on(layers)).and_then(|at| layers.get(at));
        let worst = [&self.audio, &self.video].into_iter().flatten().map(|track| track.loss).fold(0.0, f32::max);
        let rtt = [video, self.audio.as_ref()].into_iter().flatten().find_map(|track| track.rtt);
        let steer = self.steer.as_deref();
        ViewerStats {
            layer: layer.map(|layer| layer.name.to_string()),
            loss: worst,
            rtt: steer.and_then(Steer::rtt).or(rtt),
            estimate: steer.and_then(Steer::estimate),
            arrives: steer.and_then(Steer::arrives),
            paused: self.is_paused(),
            options: self.options,
        }
    }

    /// Datagrams that say goodbye.
    pub(super) fn goodbye(&mut self, now: Instant) -> Vec<Bytes> {
        let Some(handshake) = &mut self.handshake else { return Vec::new() };
        handshake.close(now);
        std::iter::from_fn(|| handshake.poll()).map(bytes::BytesMut::freeze).collect()
    }
}

#[cfg(test)]
#[path = "viewer_tests.rs"]
mod tests;
