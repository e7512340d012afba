//! A viewer behind a made-up network, in virtual time and from a seed: the real stream, tracks, pace and resends on one side, on the other what a
//! player there would hear and see. The publisher sends sound and three layers, a key frame of each every two seconds and when it is asked.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtp::packet::Packet as RtpPacket;
use rtc::shared::marshal::Unmarshal as _;
use rtc::srtp::config::SessionKeys;
use rtc::srtp::context::Context;

use super::player::{Extended, Picture, Seen};
use super::tests::{GCM, PATH, Recorded};
use super::*;
use crate::media::codec::Codec;
use crate::media::egress::Egress;
use crate::media::layer::Incoming;
use crate::media::opus;
use crate::media::panel::Seat;
use crate::media::sdp::OfferedCodec;
use crate::media::simnet::{Link, MILLI, Path, Receiver, SECOND, Time};
use crate::media::stream::Stream;

const TRANSPORT: u8 = 3;
const OPUS: u8 = opus::REPEATED;
const RED: u8 = 63;
const H264: u8 = 102;
const RTX: u8 = 103;

/// The publisher: sound of 64 kbit/s, pictures of 150, 500 and 1,500 kbit/s.
const SOUND: usize = 160;
const FRAME: Time = 40 * MILLI;
const GROUP: u64 = 50;
const FRAMES: [usize; 3] = [680, 2_267, 6_800];
const KEY_FRAME: usize = 6;
const PAYLOAD: usize = 1_120;
/// How long it has published when the viewer comes, with as much again by chance; and how long it takes to hear that a key frame is wanted.
const BEFORE: Time = 3 * SECOND;
const UPSTREAM: Time = 20 * MILLI;
/// IPv4 and UDP.
const BELOW: usize = 28;

const FEEDBACK: Time = 100 * MILLI;

#[derive(Clone)]
pub(super) struct Scene {
    /// The way down, and from when on.
    pub(super) down: Vec<(Time, Path)>,
    /// The way up, which is good.
    pub(super) up: Time,
    pub(super) length: Time,
}

enum Said {
    Feedback(TransportLayerCc),
    Missing(Vec<u16>),
    KeyFrame,
    Lost(f64),
}

struct Session {
    scene: Scene,
    rng: StdRng,
    origin: Instant,
    now: Time,
    // The publisher.
    stream: Stream,
    sequences: [u16; 4],
    frames: u64,
    since_key: u64,
    asked: Option<Time>,
    // The forwarder.
    viewer: Viewer,
    wire: Recorded,
    egress: Egress,
    // The network.
    link: Link,
    coming: BinaryHeap<Reverse<(Time, u64, Vec<u8>)>>,
    said: VecDeque<(Time, Said)>,
    // The player.
    context: Context,
    transport: Extended,
    receiver: Receiver,
    sound: Extended,
    sounds: [u64; 3],
    picture: Picture,
    seen: Seen,
    began: Time,
}

impl Scene {
    pub(super) fn run(self, seed: u64) -> Seen {
        Session::new(self, seed).run()
    }
}

impl Session {
    fn new(scene: Scene, seed: u64) -> Self {
        let origin = Instant::now();
        let identity = Identity::new().expect("a certificate");
        let key = |byte, length| vec![byte; length];
        let keys = SessionKeys {
            local_master_key: key(1, 16),
            local_master_salt: key(2, 12),
            remote_master_key: key(3, 16),
            remote_master_salt: key(4, 12),
        };
        let codec = |codec, payload_type, rtx| OfferedCodec { codec, payload_type, fmtp: String::new(), rtx };
        let sound = Track::new(vec![codec(Codec::Opus, OPUS, None), codec(Codec::Red, RED, None)], Some(TRANSPORT));
        let picture = Track::new(vec![codec(Codec::H264, H264, Some(RTX))], Some(TRANSPORT));
        let mut viewer = Viewer::new(&identity, String::new(), ViewOptions::default(), Some(sound), Some(picture));
        all(&mut viewer.audio, &mut viewer.video, &mut viewer.more).for_each(|track| track.seat = Some(Seat::HOST));
        (viewer.handshake, viewer.keys) = (
            None,
            Some(Keys {
                sealer: Sealer::new(&keys, GCM, identity.crypto()).expect("keys"),
                srtcp: Srtcp::new(origin, &keys, GCM, identity.crypto()).expect("keys"),
            }),
        );
        let context = Context::new(&keys.local_master_key, &keys.local_master_salt, GCM, None, None, identity.crypto()).expect("keys");
        let link = Link::new(scene.down[0].1.clone(), seed ^ 1);
        Self {
            rng: StdRng::seed_from_u64(seed),
            origin,
            now: 0,
            stream: Stream::default(),
            sequences: [65_000; 4],
            frames: 0,
            since_key: 0,
            asked: None,
            viewer,
            wire: Recorded::default(),
            egress: Egress::default(),
            link,
            coming: BinaryHeap::new(),
            said: VecDeque::new(),
            context,
            transport: Extended::default(),
            receiver: Receiver::new(77 * SECOND),
            sound: Extended::default(),
            sounds: [0; 3],
            picture: Picture::default(),
            seen: Seen::default(),
            began: 0,
            scene,
        }
    }

    fn instant(&self) -> Instant {
        self.origin + Duration::from_micros(self.now)
    }

    fn publish(&mut self, layer: usize, timestamp: u32, marker: bool, payload: Vec<u8>) {
        let names = ["audio", "q", "h", "f"];
        let codec = if layer == 0 { Codec::Opus } else { Codec::H264 };
        let incoming = Incoming { sequence: self.sequences[layer], timestamp, marker, payload: payload.into() };
        self.sequences[layer] = self.sequences[layer].wrapping_add(1);
        self.stream.take(self.instant(), Seat::HOST, names[layer], codec, layer as u32 + 1, incoming);
    }

    fn publish_sound(&mut self) {
        let number = self.seen.sound.len() as u32;
        self.seen.sound.push((self.now, None));
        let mut payload = vec![0x78; SOUND];
        payload[1..5].copy_from_slice(&number.to_be_bytes());
        self.publish(0, number * opus::FRAME, false, payload);
    }

    /// A frame of each layer.
    fn publish_pictures(&mut self) {
        let asked = self.asked.take_if(|due| *due <= self.now).is_some();
        let key = asked || self.since_key == GROUP || self.frames == 0;
        self.since_key = if key { 1 } else { self.since_key + 1 };
        self.frames += 1;
        for (at, mean) in FRAMES.into_iter().enumerate() {
            let bytes = if key { mean * KEY_FRAME } else { mean * self.rng.random_range(600..=1_400) / 1_000 };
            let parts = bytes.div_ceil(PAYLOAD).max(2);
            for part in 0..parts {
                let mut payload = vec![0; bytes / parts];
                payload[..4].copy_from_slice(&[if key { 0x65 } else { 0x61 }, at as u8, part as u8, parts as u8]);
                self.publish(at + 1, (self.frames * 3_600) as u32, part + 1 == parts, payload);
            }
        }
    }

    fn release(&mut self) {
        let now = self.instant();
        let mut turning = false;
        for layer in self.stream.layers.iter_mut().filter(|layer| layer.due(now).is_some()) {
            let gop = layer.gop();
            layer.release();
            turning |= gop != layer.gop();
        }
        if turning && self.began > 0 {
            self.decide();
        }
        self.send();
    }

    fn decide(&mut self) {
        let now = self.instant();
        self.viewer.decide(now, &mut self.stream);
        self.request_keyframes();
    }

    fn request_keyframes(&mut self) {
        if !self.stream.due_keyframes(self.instant()).is_empty() {
            self.asked.get_or_insert(self.now + UPSTREAM);
        }
    }

    fn send(&mut self) {
        let now = self.instant();
        let mut way = Way { egress: &mut self.egress, wire: &mut self.wire, path: PATH };
        self.viewer.behind = self.viewer.send(now, &self.stream.layers, &mut way).1;
        self.carry();
    }

    /// What was sent goes on its way.
    fn carry(&mut self) {
        self.egress.flush(&mut self.wire);
        for sealed in std::mem::take(&mut self.wire.0) {
            let number = self.transport.place(u16::from_be_bytes([sealed[17], sealed[18]]));
            for arrival in self.link.send(self.now, sealed.len() + BELOW).into_iter().flatten() {
                self.receiver.expect(arrival, number);
                self.coming.push(Reverse((arrival, number, sealed.clone())));
            }
        }
    }

    fn arrive(&mut self, sealed: &[u8]) {
        let plain = self.context.decrypt_rtp(sealed).expect("authentic");
        let packet = RtpPacket::unmarshal(&mut plain.freeze()).expect("RTP");
        let (sequence, payload) = (packet.header.sequence_number, packet.payload);
        match packet.header.payload_type {
            H264 => self.picture.take(self.now, sequence, &payload, &mut self.seen),
            RTX => {
                if let [high, low, rest @ ..] = &payload[..] {
                    self.picture.take(self.now, u16::from_be_bytes([*high, *low]), rest, &mut self.seen);
                }
            }
            _ => {
                self.sound.place(sequence);
                self.sounds[0] += 1;
                let newest = if packet.header.payload_type == RED { opus::primary(&payload).expect("sound") } else { payload.clone() };
                self.hear(&newest);
                // A packet repeated comes before it.
                if payload.len() > 2 * SOUND {
                    self.hear(&payload[5..]);
                }
            }
        }
    }

    fn hear(&mut self, payload: &[u8]) {
        let number = u32::from_be_bytes([payload[1], payload[2], payload[3], payload[4]]);
        let (sent, way) = &mut self.seen.sound[number as usize];
        way.get_or_insert(self.now - *sent);
    }

    fn say(&mut self, said: Said) {
        self.said.push_back((self.now + self.scene.up, said));
    }

    fn player(&mut self) {
        self.picture.advance(self.now, &mut self.seen);
        let missing = self.picture.ask(self.now);
        if !missing.is_empty() {
            self.say(Said::Missing(missing));
        }
        if self.picture.wants_key(self.now) {
            self.seen.key_requests += 1;
            self.say(Said::KeyFrame);
        }
        if self.now.is_multiple_of(FEEDBACK)
            && let Some(feedback) = self.receiver.feedback(self.now)
        {
            self.say(Said::Feedback(feedback));
        }
        if self.now.is_multiple_of(SECOND)
            && let Some(highest) = self.sound.0
        {
            let [received, reported, before] = self.sounds;
            let (expected, got) = (highest - before.min(highest), received - reported);
            if before > 0 && expected > 0 {
                self.say(Said::Lost(1.0 - (got as f64 / expected as f64).min(1.0)));
            }
            self.sounds = [received, received, highest];
        }
    }

    fn listen(&mut self, said: Said) {
        let now = self.instant();
        let picture = self.viewer.video.as_ref().expect("a picture").ssrc;
        match said {
            Said::Feedback(feedback) => {
                let steer = self.viewer.steer.as_mut().expect("connected");
                let overused = steer.feedback(now, &feedback);
                if overused {
                    self.decide();
                    self.send();
                }
            }
            Said::Missing(sequences) => {
                let mut way = Way { egress: &mut self.egress, wire: &mut self.wire, path: PATH };
                self.viewer.resend(now, picture, &sequences, &self.stream.layers, &mut way);
                self.carry();
            }
            Said::KeyFrame => {
                if let Some(at) = self.viewer.picture_layer(picture, &self.stream.layers) {
                    self.stream.layers[at].wants_keyframe = true;
                }
                self.request_keyframes();
            }
            Said::Lost(share) => {
                let audio = self.viewer.audio.as_mut().expect("sound");
                audio.reception(
                    now,
                    &ReceptionReport { ssrc: audio.ssrc, fraction_lost: (share * 256.0) as u8, ..ReceptionReport::default() },
                );
            }
        }
    }

    fn join(&mut self) {
        self.began = self.now;
        self.picture.progress = self.now;
        let rtt = Duration::from_micros(self.link.path.delay + self.scene.up + 5 * MILLI);
        self.viewer.steer = Some(Box::new(Steer::new(self.instant(), Some(rtt), true)));
        self.decide();
        self.send();
    }

    fn run(mut self) -> Seen {
        let before = BEFORE + self.rng.random_range(0..BEFORE / MILLI) * MILLI;
        let mut ways: VecDeque<(Time, Path)> = self.scene.down.clone().into();
        let end = before + self.scene.length;
        while self.now < end {
            if self.now.is_multiple_of(20 * MILLI) {
                self.publish_sound();
            }
            if self.now.is_multiple_of(FRAME) {
                self.publish_pictures();
            }
            self.release();
            if self.now == before {
                self.join();
            }
            if self.began > 0 {
                if let Some((_, path)) = ways.pop_front_if(|(from, _)| before + *from <= self.now) {
                    self.link.path = path;
                }
                self.watch();
            }
            self.now += MILLI;
        }
        // Times as from the joining on.
        self.seen.sound.retain(|sound| sound.0 >= before);
        self.seen.sound.iter_mut().for_each(|sound| sound.0 -= before);
        self.seen.shown.iter_mut().for_each(|shown| shown.0 -= before);
        self.seen
    }

    fn watch(&mut self) {
        while self.coming.peek().is_some_and(|coming| coming.0.0 <= self.now) {
            let Some(Reverse((_, _, sealed))) = self.coming.pop() else { break };
            self.arrive(&sealed);
        }
        self.player();
        while let Some((_, said)) = self.said.pop_front_if(|said| said.0 <= self.now) {
            self.listen(said);
        }
        if self.now.is_multiple_of(100 * MILLI) {
            self.decide();
            let now = self.instant();
            self.viewer.tick(now, &self.stream.layers);
            if self.now.is_multiple_of(300 * MILLI) {
                let mut sounds = crate::media::stream::Sounds::default();
                sounds.add(self.viewer.sound());
                self.stream.want(now, sounds);
                let watched = self.viewer.watches(&self.stream.layers);
                self.stream.rest(now, watched);
            }
        }
        if self.viewer.behind && self.now.is_multiple_of(4 * MILLI) {
            self.decide();
            self.send();
        }
    }
}
