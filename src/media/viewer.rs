//! One viewer: DTLS, SRTP, what it is fed, and what it asks for again.
//!
//! Invariants: RTP on a viewer's connection is sent from here only, by [`Track`]s, so that no nonce is used twice; a viewer that falls behind
//! the history starts again at a key frame; resends are limited per tick; sound goes before pictures. What to send is [`Steer`]'s choice.
//! A viewer of a panel has [`More`] tracks; everybody else pays nothing for them.

mod choice;
mod reception;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::ViewOptions;
use super::dtls::{Failure, Handshake};
use super::egress::{Sent, Way};
use super::identity::Identity;
use super::layer::Layer;
use super::panel::thumbnails::Thumbnails;
use super::prefetch::prefetch;
use super::srtp::{Sealer, Srtcp};
use super::steer::Steer;
use super::trace::{Cause, TraceEvent, Tracer, note, note_sent};
pub(super) use super::track::Track;

/// A peer repeats its last flight for as long as ours may have been lost (RFC 6347, section 4.2.4).
const HANDSHAKE_GRACE: Duration = Duration::from_secs(30);
/// Once the peer has used its keys, the handshake is kept only to hear goodbye in a call that was begun by mistake.
const SETTLED: Duration = Duration::from_secs(3);
/// From the first check to keys; a phone on a bad network takes some seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(15);
/// Packets to one viewer per turn while it catches up: with a turn every 4 ms, about 80 Mbit/s.
const PACE: usize = 40;
/// Newest packets that a probe repeats, and how many it sends in a turn of 4 ms at most: 30 Mbit/s.
const PROBED: u64 = 24;
const PROBES: usize = 16;
/// Packets sent again to one viewer per tick; a viewer that needs more has no use for them.
const RESENDS: u32 = 200;
/// The first sender report soon, for lip-sync, then as RFC 3550 suggests for a lively session.
const FIRST_REPORT: Duration = Duration::from_millis(150);
const REPORTS: Duration = Duration::from_secs(2);
/// A report waits so long for packets that it can leave with.
const REPORT_ALONE: Duration = Duration::from_millis(200);

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

/// A small picture.
struct Picture {
    track: Track,
    moving: Option<Move>,
}

/// What a viewer of a panel has besides one sound and one picture.
struct More {
    sounds: Vec<Track>,
    pictures: Vec<Picture>,
    thumbnails: Thumbnails,
}

/// All tracks of a viewer, sounds first.
fn all<'a>(
    audio: &'a mut Option<Track>,
    video: &'a mut Option<Track>,
    more: &'a mut Option<Box<More>>,
) -> impl Iterator<Item = &'a mut Track> {
    let (sounds, pictures) = match more.as_deref_mut() {
        Some(more) => (more.sounds.as_mut_slice(), more.pictures.as_mut_slice()),
        None => Default::default(),
    };
    audio.iter_mut().chain(sounds).chain(video).chain(pictures.iter_mut().map(|picture| &mut picture.track))
}

pub(super) struct Viewer {
    pub(super) options: ViewOptions,
    audio: Option<Track>,
    /// The main picture.
    video: Option<Track>,
    more: Option<Box<More>>,
    handshake: Option<Handshake>,
    handshake_ends: Option<Instant>,
    /// The goodbye of a handshake that is no longer there.
    farewell: Vec<Bytes>,
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
    pub(super) trace: Option<Box<Tracer>>,
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
    /// The network has become too slow for what it is sent.
    pub(super) overused: bool,
    /// The SSRCs of the pictures that are to begin anew.
    pub(super) keyframes: Vec<u32>,
    /// Per SSRC, the sequence numbers asked for again.
    pub(super) nacks: Vec<(u32, Vec<u16>)>,
}

impl Viewer {
    pub(super) fn new(identity: &Identity, fingerprint: String, options: ViewOptions, audio: Option<Track>, video: Option<Track>) -> Self {
        Self {
            options,
            audio,
            video,
            more: None,
            handshake: Some(Handshake::new(identity, fingerprint)),
            handshake_ends: None,
            farewell: Vec::new(),
            keys: None,
            flight: None,
            steer: None,
            moving: None,
            next_report: None,
            resends: 0,
            lossy: None,
            transport: 0,
            trace: None,
            behind: false,
        }
    }

    /// Tracks for a panel.
    pub(super) fn with(mut self, sounds: Vec<Track>, pictures: Vec<Track>) -> Self {
        if !sounds.is_empty() || !pictures.is_empty() {
            let pictures = pictures.into_iter().map(|track| Picture { track, moving: None }).collect();
            self.more = Some(Box::new(More { sounds, pictures, thumbnails: Thumbnails::default() }));
        }
        self
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

    /// Its handshake is over, so that nothing of it is pressing: what is, comes with its reports.
    pub(super) fn is_settled(&self) -> bool {
        self.keys.is_some() && self.handshake.is_none()
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
                let numbered = all(&mut self.audio, &mut self.video, &mut self.more).any(|track| track.transport.is_some());
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

    /// Pushes out what is released and due; true if there is more that was held back to pace it.
    pub(super) fn send(&mut self, now: Instant, layers: &[Layer], way: &mut Way<'_>) -> (Sent, bool) {
        let (Some(keys), Some(steer)) = (&mut self.keys, &mut self.steer) else { return (Sent::default(), false) };
        let mut sent = Sent::default();
        let mut behind = false;
        steer.refill(now);
        for track in all(&mut self.audio, &mut self.video, &mut self.more) {
            let Some(layer) = track.on(layers).and_then(|at| layers.get(at)) else { continue };
            let Some(payload_type) = track.payload_type(layer.codec) else { continue };
            let picture = layer.codec.is_video();
            let before = sent;
            for (count, packet) in layer.released(track.feed.cursor()).enumerate() {
                if count == PACE || (picture && !steer.may_send()) {
                    behind = true;
                    note(&mut self.trace, now, || TraceEvent::Held { ssrc: track.ssrc });
                    break;
                }
                let Some(rewritten) = track.feed.advance(now, packet) else { continue };
                let label = track.label(payload_type, &mut self.transport);
                let one = way.push(&mut keys.sealer, label, packet, rewritten);
                steer.sent(now, label.number(), one.bytes);
                sent += one;
                track.packets = track.packets.wrapping_add(1);
                track.octets = track.octets.wrapping_add(packet.payload.len() as u32);
                self.next_report.get_or_insert(now + FIRST_REPORT);
            }
            let left = Sent { packets: sent.packets - before.packets, bytes: sent.bytes - before.bytes };
            note_sent(&mut self.trace, now, (track.ssrc, picture), Cause::Live, left);
        }
        if steer.is_probing() {
            sent += self.probe(now, layers, way);
            behind = true;
        }
        // A report that is due leaves in the same call: alone it would cost as much as a burst.
        if sent.packets > 0 && self.next_report.is_some_and(|due| due <= now) {
            self.next_report = Some(now + REPORTS);
            self.report(now, layers).iter().for_each(|report| way.push_ready(report));
        }
        (sent, behind)
    }

    /// Sends what a probe wants now: the newest pictures once more, which do some good if they were lost.
    fn probe(&mut self, now: Instant, layers: &[Layer], way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(steer), Some(track)) = (&mut self.keys, &mut self.steer, &mut self.video) else { return Sent::default() };
        let (Some(segment), Some(layer)) = (track.feed.active().copied(), track.on(layers).and_then(|at| layers.get(at))) else {
            return self.probe_with_padding(now, way);
        };
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
        note_sent(&mut self.trace, now, (track.ssrc, true), Cause::Probe, sent);
        sent
    }

    /// The same while there is no picture to repeat.
    fn probe_with_padding(&mut self, now: Instant, way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(steer), Some(track)) = (&mut self.keys, &mut self.steer, &mut self.video) else { return Sent::default() };
        let mut sent = Sent::default();
        for _ in 0..PROBES {
            if !steer.probes(now) {
                break;
            }
            let Some((label, packet, rewritten)) = track.padding(&mut self.transport) else { break };
            let one = way.push(&mut keys.sealer, label, &packet, rewritten);
            steer.sent(now, label.number(), one.bytes);
            sent += one;
        }
        note_sent(&mut self.trace, now, (track.ssrc, true), Cause::Probe, sent);
        sent
    }

    /// Passes on a packet that came out of turn.
    pub(super) fn send_late(&mut self, now: Instant, at: usize, layer: &Layer, index: u64, way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(packet)) = (&mut self.keys, layer.get(index)) else { return Sent::default() };
        let mut sent = Sent::default();
        for track in all(&mut self.audio, &mut self.video, &mut self.more) {
            if let Some(rewritten) = track.feed.late(at, packet)
                && let Some(payload_type) = track.payload_type(layer.codec)
            {
                let label = track.label(payload_type, &mut self.transport);
                let one = way.push(&mut keys.sealer, label, packet, rewritten);
                if let Some(steer) = &mut self.steer {
                    steer.sent(now, label.number(), one.bytes);
                }
                sent += one;
                note_sent(&mut self.trace, now, (track.ssrc, layer.codec.is_video()), Cause::Late, one);
            }
        }
        sent
    }

    /// Sends packets again that the viewer asked for.
    pub(super) fn resend(&mut self, now: Instant, ssrc: u32, sequences: &[u16], layers: &[Layer], way: &mut Way<'_>) -> Sent {
        let (Some(keys), Some(steer)) = (&mut self.keys, &mut self.steer) else { return Sent::default() };
        let mut tracks = all(&mut self.audio, &mut self.video, &mut self.more);
        let Some(track) = tracks.find(|track| track.ssrc == ssrc) else { return Sent::default() };
        let mut sent = Sent::default();
        for sequence in sequences {
            let Some((segment, out)) = track.feed.sent(*sequence) else { continue };
            // Pictures of a layer that was left, or that stopped for a queue to drain, are followed by a key frame: they would come too late.
            if track.on(layers) != Some(segment.layer) {
                continue;
            }
            let Some(layer) = layers.get(segment.layer) else { continue };
            let Some(packet) = segment.source(layer, out) else { continue };
            if self.resends == RESENDS || !steer.may_resend(now) {
                break;
            }
            if track.is_on_its_way(now, out, steer.rtt().or(track.rtt).unwrap_or_default()) {
                continue;
            }
            let Some((label, rewritten)) = track.again(&segment, packet, layer.codec, &mut self.transport) else { continue };
            self.resends += 1;
            let one = way.push(&mut keys.sealer, label, packet, rewritten);
            steer.sent(now, label.number(), one.bytes);
            sent += one;
        }
        note(&mut self.trace, now, || TraceEvent::Requested { ssrc, sequences: sequences.to_vec() });
        note_sent(&mut self.trace, now, (ssrc, track.is_picture()), Cause::Resend, sent);
        sent
    }

    /// Repeats a handshake flight, lets go of a finished handshake, and makes a report if one is due.
    pub(super) fn tick(&mut self, now: Instant, layers: &[Layer]) -> Outcome {
        let mut outcome = Outcome::default();
        self.resends = 0;
        self.trace.take_if(|trace| !trace.is_read());
        if let Some(steer) = &mut self.steer {
            steer.tick(now);
        }
        if let Some(handshake) = &mut self.handshake {
            outcome.failed = handshake.tick(now).is_err() && self.keys.is_none();
            outcome.send.extend(std::iter::from_fn(|| handshake.poll()).map(bytes::BytesMut::freeze));
            if self.handshake_ends.is_some_and(|ends| ends <= now) {
                outcome.failed |= self.keys.is_none();
                // What will be said at the end is all that is still needed of it.
                self.farewell = self.goodbye(now);
                self.handshake = None;
            }
        }
        if self.next_report.is_some_and(|due| due + REPORT_ALONE <= now) {
            self.next_report = Some(now + REPORTS);
            outcome.send.extend(self.report(now, layers));
        }
        outcome
    }

    /// Datagrams that say goodbye.
    pub(super) fn goodbye(&mut self, now: Instant) -> Vec<Bytes> {
        let Some(handshake) = &mut self.handshake else { return std::mem::take(&mut self.farewell) };
        handshake.close(now);
        std::iter::from_fn(|| handshake.poll()).map(bytes::BytesMut::freeze).collect()
    }
}

#[cfg(test)]
#[path = "viewer_tests.rs"]
mod tests;

#[cfg(test)]
mod player;

#[cfg(test)]
mod simulation;

#[cfg(test)]
#[path = "viewer_scenarios.rs"]
mod scenarios;
