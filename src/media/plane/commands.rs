//! What the handle asks of the plane: sessions begun, changed and ended, and figures.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Connection, Plane, Role, guarded};
use crate::media::StreamStats;
use crate::media::egress::Wire;
use crate::media::feed::Source;
use crate::media::fragment::{self, Fragment};
use crate::media::ice::{Asked, Credentials, Path};
use crate::media::layer::Layer;
use crate::media::panel::{Seat, SeatWanted};
use crate::media::publisher::{Event, Publisher};
use crate::media::relay;
use crate::media::sdp::{self, Kind, Offer, Us};
use crate::media::stream::{self, Key};
use crate::media::trace::{Traced, Tracer};
use crate::media::viewer::{Track, Viewer};
use crate::media::{
    Answer, DownReason, HeldBack, LayerStats, MediaError, PublishOptions, SessionId, SessionInfo, SessionKind, Slot, StreamId,
    TrickleOutcome, ViewOptions, ViewerStats,
};

/// Sections of a viewer's offer that are taken: sounds that an ear can tell apart, and a picture for each seat. Further ones are refused.
const MAX_SOUNDS: usize = 4;
const MAX_PICTURES: usize = Seat::COUNT;

/// With all places taken, a viewer that has sent nothing for so long after its answer makes room: a phone on a bad network needs a second or two.
const UNHEARD: Duration = Duration::from_secs(3);

/// For goodbyes to those who have no address.
struct Nowhere;

impl Wire for Nowhere {
    fn send(&mut self, _: Path, _: &[u8], _: usize) -> bool {
        false
    }
}

impl Plane {
    pub(in crate::media) fn publish(
        &mut self,
        now: Instant,
        wire: &mut dyn Wire,
        stream: StreamId,
        wanted: SeatWanted,
        text: &str,
        options: &PublishOptions,
    ) -> Result<Answer, MediaError> {
        let offer = Offer::parse(text)?;
        offer.check_ingest()?;
        let (seat, present) = self.place(stream, wanted, options)?;
        let credentials = Credentials::random(relay::name(self.mesh.me));
        let identity = &self.identity;
        let made = guarded(&mut self.totals, || Publisher::new(now, identity, text, &offer, credentials.clone()));
        let (publisher, answer) = made
            .ok_or_else(|| MediaError::BadOffer("not understood".to_owned()))?
            .map_err(|error| MediaError::BadOffer(error.to_string()))?;
        let us = Us { credentials: &credentials, fingerprint: self.identity.fingerprint(), candidates: &self.candidates };
        let sdp = sdp::publisher_answer(&answer, &us);
        if let Some(present) = present {
            self.close_key(now, wire, present, DownReason::Replaced);
        }
        let key = self.admit(now, stream, Some(&offer), credentials, Role::Publisher(Box::new(publisher)));
        self.publishers += 1;
        self.streams.entry(stream).or_default().sit(seat, self.connections[key].session);
        Ok(self.answer(key, sdp))
    }

    /// Where a new publisher sits and whose place it takes, if it may.
    fn place(&self, stream: StreamId, wanted: SeatWanted, options: &PublishOptions) -> Result<(Seat, Option<Key>), MediaError> {
        let key = |seat| self.streams.get(&stream).and_then(|stream| stream.publisher(seat)).and_then(|session| self.key(session));
        let is_named = |key, etag: &str| self.connections.get(key).is_some_and(|connection| connection.ice.is_named(etag));
        let returns = |seat| matches!(options, PublishOptions::Return(known) if key(seat).is_some_and(|key| is_named(key, known)));
        let seat = match wanted {
            SeatWanted::At(seat) => seat,
            SeatWanted::Next => {
                let free = || Seat::all().skip(1).find(|seat| key(*seat).is_none());
                Seat::all().skip(1).find(|seat| returns(*seat)).or_else(free).ok_or(MediaError::StreamBusy)?
            }
        };
        let present = key(seat);
        let other = present.and_then(|key| self.connections.get(key)).filter(|connection| connection.is_connected());
        let may = other.is_none_or(|_| match options {
            PublishOptions::Polite => false,
            PublishOptions::Replace => true,
            PublishOptions::Return(_) => returns(seat),
        });
        if !may {
            return Err(MediaError::StreamBusy);
        }
        if present.is_none() && self.publishers >= self.limits.publishers {
            return Err(MediaError::Overloaded);
        }
        Ok((seat, present))
    }

    /// A publisher without a connection; what it feeds comes by [`Plane::fed`].
    pub(in crate::media) fn feed(
        &mut self,
        now: Instant,
        wire: &mut dyn Wire,
        stream: StreamId,
        options: &PublishOptions,
    ) -> Result<(SessionId, mpsc::Receiver<()>), MediaError> {
        let (seat, present) = self.place(stream, SeatWanted::At(Seat::HOST), options)?;
        if let Some(present) = present {
            self.close_key(now, wire, present, DownReason::Replaced);
        }
        let (source, keyframes) = Source::new();
        let key = self.admit(now, stream, None, Credentials::random(relay::name(self.mesh.me)), Role::Feed(source));
        self.publishers += 1;
        let session = self.connections[key].session;
        self.streams.entry(stream).or_default().sit(seat, session);
        self.published(now, wire, key, session, stream, Event::Connected);
        Ok((session, keyframes))
    }

    pub(in crate::media) fn fed(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId, event: Event) {
        let Some(key) = self.key(session) else { return };
        let connection = &mut self.connections[key];
        connection.heard = now;
        let stream = connection.stream;
        self.published(now, wire, key, session, stream, event);
    }

    pub(in crate::media) fn view(
        &mut self,
        now: Instant,
        stream: StreamId,
        text: &str,
        options: ViewOptions,
    ) -> Result<Answer, MediaError> {
        let offer = Offer::parse(text)?;
        if offer.passive {
            return Err(MediaError::Unsupported("a viewer that does not start DTLS (setup:actpass)"));
        }
        if self.viewers() >= self.limits.viewers && !self.make_room(now) {
            return Err(MediaError::Overloaded);
        }
        let mids = offer.mids();
        let mut tracks: Vec<(usize, Track)> = Vec::new();
        for (kind, most) in [(Kind::Audio, MAX_SOUNDS), (Kind::Video, MAX_PICTURES)] {
            let usable = |section: &sdp::Section| section.kind == kind && section.receives() && !section.codecs.is_empty();
            for (at, section) in offer.sections.iter().enumerate().filter(|(_, section)| usable(section)).take(most) {
                let mut track = Track::beside(&tracks, &one_of_each(&section.codecs), section.transport);
                track.section = mids.iter().position(|mid| *mid == section.mid).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX);
                tracks.push((at, track));
            }
        }
        if tracks.is_empty() {
            return Err(MediaError::NoCommonCodec);
        }
        let credentials = Credentials::random(relay::name(self.mesh.me));
        let us = Us { credentials: &credentials, fingerprint: self.identity.fingerprint(), candidates: &self.candidates };
        let kind = |at: usize| offer.sections[at].kind;
        let sdp = sdp::viewer_answer(&offer, &us, &stream.to_string(), |at| {
            let (_, track) = tracks.iter().find(|(section, _)| *section == at)?;
            let slot = tracks.iter().filter(|(before, _)| *before < at && kind(*before) == kind(at)).count();
            Some(sdp::Track { ssrc: track.ssrc, rtx: track.rtx(), transport: track.transport, codecs: &track.codecs, slot })
        });
        let (sounds, pictures): (Vec<_>, Vec<_>) = tracks.into_iter().partition(|(at, _)| kind(*at) == Kind::Audio);
        let mut sounds = sounds.into_iter().map(|(_, track)| track);
        let mut pictures = pictures.into_iter().map(|(_, track)| track);
        let viewer = Viewer::new(&self.identity, offer.fingerprint.clone(), options, sounds.next(), pictures.next());
        let viewer = viewer.with(sounds.collect(), pictures.collect());
        let key = self.admit(now, stream, Some(&offer), credentials, Role::Viewer(Box::new(viewer)));
        let known = self.streams.entry(stream).or_default();
        known.viewers.push(key);
        self.unheard.push_back((key, self.connections[key].session));
        if known.viewers.len() == 1 && !self.mesh.is_home(stream) {
            self.rest(now, stream);
        }
        Ok(self.answer(key, sdp))
    }

    /// Ends the oldest viewer that got an answer and was never heard of, if it had time enough: whoever posts offers by the thousand keeps others
    /// out no longer than that.
    fn make_room(&mut self, now: Instant) -> bool {
        self.pass_heard();
        let Some((key, session)) = self.unheard.front().copied() else { return false };
        if now.saturating_duration_since(self.connections[key].heard) < UNHEARD {
            return false;
        }
        self.unheard.pop_front();
        self.totals.expired += 1;
        self.end(now, &mut Nowhere, key, session, DownReason::NeverConnected);
        true
    }

    /// Lets go of those at the front of [`Plane::unheard`] that are gone or were heard of.
    pub(super) fn pass_heard(&mut self) {
        let unheard = |connection: &Connection, session| connection.session == session && connection.ice.selected().is_none();
        while let Some((key, session)) = self.unheard.front()
            && !self.connections.get(*key).is_some_and(|connection| unheard(connection, *session))
        {
            self.unheard.pop_front();
        }
    }

    fn answer(&self, key: Key, sdp: String) -> Answer {
        let connection = &self.connections[key];
        let seat = self.streams.get(&connection.stream).and_then(|stream| stream.seat_of(connection.session));
        Answer { session: connection.session, sdp, seat, etag: connection.ice.local.ufrag.clone() }
    }

    pub(in crate::media) fn set_view(&mut self, now: Instant, session: SessionId, options: ViewOptions) -> Result<(), MediaError> {
        let key = self.key(session).ok_or(MediaError::UnknownSession)?;
        let connection = &mut self.connections[key];
        let id = connection.stream;
        let Role::Viewer(viewer) = &mut connection.role else { return Err(MediaError::UnknownSession) };
        viewer.options = options;
        if let Some(stream) = self.streams.get_mut(&id) {
            viewer.decide(now, stream);
        }
        self.request_keyframes(now, id);
        Ok(())
    }

    pub(in crate::media) fn hold_back(&mut self, session: SessionId, held: HeldBack) -> Result<(), MediaError> {
        let connection = self.key(session).and_then(|key| self.connections.get(key)).ok_or(MediaError::UnknownSession)?;
        let stream = self.streams.get_mut(&connection.stream).ok_or(MediaError::UnknownSession)?;
        let seat = stream.seat_of(session).ok_or(MediaError::UnknownSession)?;
        stream.hold_back(seat, held);
        Ok(())
    }

    pub(in crate::media) fn trace(&mut self, now: Instant, session: SessionId) -> Result<mpsc::Receiver<Traced>, MediaError> {
        let key = self.key(session).ok_or(MediaError::UnknownSession)?;
        let Role::Viewer(viewer) = &mut self.connections[key].role else { return Err(MediaError::UnknownSession) };
        let (tracer, events) = Tracer::new(now);
        viewer.trace = Some(Box::new(tracer));
        Ok(events)
    }

    pub(in crate::media) fn trickle(&mut self, session: SessionId, fragment: &str, restart: bool) -> Result<TrickleOutcome, MediaError> {
        let name = relay::name(self.mesh.me);
        let key = self.key(session).ok_or(MediaError::UnknownSession)?;
        let connection = &mut self.connections[key];
        let ufrag = Fragment::parse(fragment, &connection.mids)?.ufrag;
        match connection.ice.asked(ufrag.as_deref(), restart) {
            Asked::Nothing => return Ok(TrickleOutcome::Accepted),
            Asked::Unnamed => return Err(MediaError::BadOffer("a restart without new credentials".to_owned())),
            Asked::Again => {}
            Asked::Restart(ufrag) => {
                if let Some(forgotten) = connection.ice.restart(name, ufrag) {
                    self.ufrags.remove(&forgotten.ufrag);
                }
                self.ufrags.insert(connection.ice.local.ufrag.clone(), key);
            }
        }
        let fragment = fragment::restarted(&connection.ice.local, &connection.mids, &self.candidates);
        Ok(TrickleOutcome::Restarted { fragment, etag: connection.ice.local.ufrag.clone() })
    }

    pub(in crate::media) fn close(&mut self, now: Instant, wire: &mut dyn Wire, session: SessionId) -> bool {
        let Some(key) = self.key(session) else { return false };
        self.end(now, wire, key, session, DownReason::Closed);
        true
    }

    fn close_key(&mut self, now: Instant, wire: &mut dyn Wire, key: Key, reason: DownReason) {
        if let Some(session) = self.connections.get(key).map(|connection| connection.session) {
            self.end(now, wire, key, session, reason);
        }
    }

    pub(in crate::media) fn close_stream(&mut self, now: Instant, wire: &mut dyn Wire, stream: StreamId) -> usize {
        let Some(known) = self.streams.get(&stream) else { return 0 };
        let publishers = known.publishers().filter_map(|(_, session)| self.key(session));
        let keys: Vec<_> = publishers.chain(known.viewers.iter().copied()).collect();
        keys.iter().for_each(|key| self.close_key(now, wire, *key, DownReason::Closed));
        keys.len()
    }

    pub(in crate::media) fn close_all(&mut self, now: Instant, wire: &mut dyn Wire) {
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        keys.into_iter().for_each(|key| self.close_key(now, wire, key, DownReason::Closed));
    }

    pub(in crate::media) fn request_keyframe(&mut self, now: Instant, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.layers.iter_mut().filter(|layer| layer.codec.is_video()).for_each(|layer| layer.wants_keyframe = true);
        }
        self.request_keyframes(now, id);
    }

    pub(in crate::media) fn session(&self, session: SessionId) -> Option<SessionInfo> {
        let connection = self.connections.get(self.key(session)?)?;
        let kind = if matches!(connection.role, Role::Viewer(_)) { SessionKind::Viewer } else { SessionKind::Publisher };
        let etag = connection.ice.local.ufrag.clone();
        let etag_before = connection.ice.previous.as_ref().map(|previous| previous.ufrag.clone());
        let viewer = if let Role::Viewer(viewer) = &connection.role { Some(viewer) } else { None };
        let paused = viewer.is_some_and(|viewer| viewer.is_paused());
        let slot = |(section, seat): (usize, Seat)| Some(Slot { mid: connection.mids.get(section)?.clone(), seat });
        let slots = viewer.map(|viewer| viewer.slots().into_iter().filter_map(slot).collect()).unwrap_or_default();
        let (stream, connected) = (connection.stream, connection.is_connected());
        Some(SessionInfo { session, stream, kind, etag, etag_before, connected, paused, slots })
    }

    pub(in crate::media) fn stats(&self, now: Instant, stream: StreamId) -> StreamStats {
        let Some(stream) = self.streams.get(&stream) else { return StreamStats::default() };
        let connected = |key: Key| self.connections.get(key).is_some_and(Connection::is_connected);
        let viewers = stream.viewers.iter().filter(|key| connected(**key)).count();
        let publishers: Vec<SessionId> = stream.publishers().map(|(_, session)| session).collect();
        StreamStats {
            publisher_connected: publishers.iter().filter_map(|session| self.key(*session)).any(connected),
            // Other workers have their order from the home.
            speakers: if publishers.is_empty() { Vec::new() } else { stream.order.as_slice().to_vec() },
            publishers,
            // What other workers know of them is told by the stream's home.
            layers: stream
                .layers
                .iter()
                .filter(|layer| layer.is_active(now) && !layer.is_relayed() && *layer.name != *stream::MERGED)
                .map(|layer| layer_stats(layer, now))
                .collect(),
            viewers,
            connecting: stream.viewers.len() - viewers,
            packets_out: stream.packets_out,
            bytes_out: stream.bytes_out,
            nacked: stream.nacked,
            resent: stream.resent,
            plis_in: stream.plis_in,
            plis_out: stream.plis_out,
        }
    }

    pub(in crate::media) fn all_stats(&self, now: Instant) -> Vec<(StreamId, StreamStats)> {
        self.streams.keys().map(|id| (*id, self.stats(now, *id))).collect()
    }

    /// What each connected viewer gets.
    pub(in crate::media) fn viewer_stats(&self, stream: StreamId) -> Vec<ViewerStats> {
        let Some(stream) = self.streams.get(&stream) else { return Vec::new() };
        let viewer = |key: &Key| match self.connections.get(*key) {
            Some(Connection { role: Role::Viewer(viewer), .. }) if viewer.is_connected() => Some(viewer.figures(&stream.layers)),
            _ => None,
        };
        stream.viewers.iter().filter_map(viewer).collect()
    }
}

fn layer_stats(layer: &Layer, now: Instant) -> LayerStats {
    LayerStats {
        seat: layer.seat,
        name: layer.name.to_string(),
        video: layer.codec.is_video(),
        codec: layer.codec.name(),
        packets: layer.counts.packets,
        bytes: layer.counts.bytes,
        keyframes: layer.counts.keyframes,
        lost: layer.counts.gaps.saturating_sub(layer.counts.filled),
        bitrate: layer.bitrate(now),
        base_bitrate: layer.rates(now)[0],
    }
}

/// One payload type per codec: the first, which is the most widely decoded.
fn one_of_each(codecs: &[sdp::OfferedCodec]) -> Vec<sdp::OfferedCodec> {
    let mut chosen: Vec<sdp::OfferedCodec> = Vec::new();
    for codec in codecs {
        if chosen.iter().all(|known| known.codec != codec.codec) {
            chosen.push(codec.clone());
        }
    }
    chosen
}
