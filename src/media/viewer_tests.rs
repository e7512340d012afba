//! A viewer whose keys are known, so that a standard receiver can open what it is sent.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtc::rtp::packet::Packet as RtpPacket;
use rtc::shared::marshal::Unmarshal as _;
use rtc::srtp::config::SessionKeys;
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;

use super::*;
use crate::media::codec::Codec;
use crate::media::egress::{Egress, Wire};
use crate::media::ice::Path;
use crate::media::layer::Incoming;
use crate::media::panel::Seat;
use crate::media::sdp::OfferedCodec;
use crate::media::stream::Stream;

pub(super) const GCM: ProtectionProfile = ProtectionProfile::AeadAes128Gcm;
pub(super) const PATH: Path =
    Path::Udp { remote: std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9), local: None };

#[derive(Default)]
/// Sealed media, and sealed reports.
pub(super) struct Recorded(pub(super) Vec<Vec<u8>>, pub(super) Vec<Vec<u8>>);

impl Wire for Recorded {
    fn send(&mut self, _: Path, contents: &[u8], segment: usize) -> bool {
        let (reports, media): (Vec<_>, Vec<_>) =
            contents.chunks(segment).map(<[u8]>::to_vec).partition(|packet| (192..=223).contains(&packet[1]));
        self.0.extend(media);
        self.1.extend(reports);
        true
    }
}

struct Setup {
    viewer: Viewer,
    stream: Stream,
    receiver: Context,
    wire: Recorded,
    egress: Egress,
    now: Instant,
    sequences: HashMap<usize, u16>,
    frame: u32,
}

impl Setup {
    fn new() -> Self {
        Self::with(None)
    }

    /// `transport`: a viewer that takes transport-wide numbers under this id, and retransmissions apart.
    fn with(transport: Option<u8>) -> Self {
        let identity = Identity::new().expect("a certificate");
        let keys = SessionKeys {
            local_master_key: vec![1; 16],
            local_master_salt: vec![2; 12],
            remote_master_key: vec![3; 16],
            remote_master_salt: vec![4; 12],
        };
        let codec =
            |codec, payload_type| OfferedCodec { codec, payload_type, fmtp: String::new(), rtx: transport.map(|_| payload_type + 1) };
        let video = Track::new(vec![codec(Codec::H264, 102), codec(Codec::Vp8, 96)], transport);
        let mut viewer = Viewer::new(&identity, String::new(), ViewOptions::default(), None, Some(video));
        viewer.keys = Some(Keys {
            sealer: Sealer::new(&keys, GCM, identity.crypto()).expect("keys"),
            srtcp: Srtcp::new(Instant::now(), &keys, GCM, identity.crypto()).expect("keys"),
        });
        viewer.steer = Some(Box::new(Steer::new(Instant::now(), None, false)));
        let receiver = Context::new(&keys.local_master_key, &keys.local_master_salt, GCM, None, None, identity.crypto()).expect("keys");
        let mut stream = Stream::default();
        stream.layer(Instant::now(), Seat::HOST, "low", Codec::H264);
        stream.layer(Instant::now(), Seat::HOST, "high", Codec::H264);
        let (wire, egress) = (Recorded::default(), Egress::default());
        Self { viewer, stream, receiver, wire, egress, now: Instant::now(), sequences: HashMap::new(), frame: 0 }
    }

    /// A frame of each layer: one packet of the low one, four of the high one, its number and the layer in the payload.
    fn frame(&mut self, keyframe: [bool; 2], rng: &mut impl FnMut() -> bool) {
        self.now += Duration::from_millis(33);
        self.frame += 1;
        for (at, packets) in [(0, 1), (1, 4)] {
            for packet in 0..packets {
                let sequence = self.sequences.entry(at).or_insert(65_500);
                let mut payload = vec![if keyframe[at] { 0x65 } else { 0x61 }, at as u8];
                payload.extend_from_slice(&self.frame.to_be_bytes());
                payload.resize(800 + packet, packet as u8);
                let incoming = Incoming {
                    sequence: *sequence,
                    timestamp: self.frame.wrapping_mul(3_000).wrapping_add(at as u32 * 77_777),
                    marker: packet + 1 == packets,
                    payload: payload.into(),
                };
                *sequence = sequence.wrapping_add(1);
                if rng() {
                    self.stream.layers[at].push(self.now, at as u32 + 1, incoming);
                }
            }
            self.stream.layers[at].release();
        }
        self.viewer.decide(self.now, &mut self.stream);
        let mut way = Way { egress: &mut self.egress, wire: &mut self.wire, path: PATH };
        while self.viewer.send(self.now, &self.stream.layers, &mut way).1 {}
        self.egress.flush(&mut self.wire);
    }

    fn run(&mut self, frames: usize) {
        (0..frames).for_each(|_| self.frame([false; 2], &mut || true));
    }

    /// Asks for packets again; tells how many were sent.
    fn resend(&mut self, ssrc: u32, sequences: &[u16]) -> u64 {
        let mut way = Way { egress: &mut self.egress, wire: &mut self.wire, path: PATH };
        let sent = self.viewer.resend(self.now, ssrc, sequences, &self.stream.layers, &mut way);
        self.egress.flush(&mut self.wire);
        sent.packets
    }

    /// What a standard receiver makes of it: sequence number, timestamp, layer.
    fn received(&mut self) -> Vec<(u16, u32, u8)> {
        let packets = std::mem::take(&mut self.wire.0);
        let open = |sealed: Vec<u8>| {
            let plain = self.receiver.decrypt_rtp(&sealed).expect("authentic");
            let packet = RtpPacket::unmarshal(&mut plain.freeze()).expect("RTP");
            (packet.header.sequence_number, packet.header.timestamp, packet.payload[1])
        };
        packets.into_iter().map(open).collect()
    }
}

#[test]
fn the_higher_layer_is_sent_and_the_lower_one_from_its_next_key_frame_when_data_is_to_be_saved() {
    let mut setup = Setup::new();
    setup.frame([true, true], &mut || true);
    setup.run(60);
    setup.frame([true, true], &mut || true);
    setup.run(60);
    let before = setup.received();
    assert_eq!(before.last().map(|packet| packet.2), Some(1), "the high layer");
    setup.viewer.options.save_data = true;
    setup.run(5);
    assert!(setup.received().iter().all(|packet| packet.2 == 1), "nothing to change over to yet");
    assert!(setup.stream.layers[0].wants_keyframe);
    setup.frame([true, false], &mut || true);
    setup.run(5);
    let after = setup.received();
    assert!(after.iter().all(|packet| packet.2 == 0), "{after:?}");
    let sequences: Vec<u16> = before.iter().chain(&after).map(|packet| packet.0).collect();
    let holes = sequences.windows(2).filter(|pair| pair[1] != pair[0].wrapping_add(1)).count();
    assert_eq!(holes, 1, "only the five frames that were looked at in between");
    let forward = before.iter().chain(&after).collect::<Vec<_>>();
    assert!(forward.windows(2).all(|pair| pair[1].1.wrapping_sub(pair[0].1) as i32 >= 0), "timestamps never go back");
}

#[test]
fn reports_leave_with_packets_and_alone_only_when_there_are_none() {
    let mut setup = Setup::new();
    setup.frame([true, true], &mut || true);
    setup.run(4);
    assert!(setup.wire.1.is_empty(), "nothing to tell yet");
    setup.run(2);
    assert_eq!(setup.wire.1.len(), 1, "150 ms after the first packet");
    assert!(setup.viewer.tick(setup.now, &setup.stream.layers).send.is_empty());
    setup.run(62);
    assert_eq!(setup.wire.1.len(), 2, "and every two seconds");
    let due = setup.viewer.next_report.expect("another one");
    let (soon, late) = (due + Duration::from_millis(150), due + Duration::from_millis(250));
    assert!(setup.viewer.tick(soon, &setup.stream.layers).send.is_empty(), "one might leave with a packet yet");
    assert_eq!(setup.viewer.tick(late, &setup.stream.layers).send.len(), 1);
}

#[test]
fn audio_only_stops_the_picture_and_it_returns_with_a_key_frame() {
    let mut setup = Setup::new();
    setup.frame([true, true], &mut || true);
    setup.run(10);
    setup.received();
    setup.viewer.options.audio_only = true;
    setup.run(10);
    assert_eq!(setup.received(), []);
    setup.viewer.options.audio_only = false;
    setup.frame([true, true], &mut || true);
    setup.run(2);
    assert!(!setup.received().is_empty());
}

#[test]
fn a_resend_is_the_same_bytes() {
    let mut setup = Setup::new();
    setup.frame([true, true], &mut || true);
    setup.run(20);
    let sent = std::mem::take(&mut setup.wire.0);
    let ssrc = setup.viewer.video.as_ref().expect("video").ssrc;
    for packet in &sent {
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        setup.resend(ssrc, &[sequence]);
    }
    assert_eq!(setup.wire.0, sent);
    let found = setup.resend(ssrc, &[1, 2, 3, 60_000]);
    assert_eq!(found, 0, "what was never sent cannot be sent again");
}

#[test]
fn a_viewer_with_retransmissions_gets_each_under_a_number_of_its_own_and_all_are_counted() {
    let mut setup = Setup::with(Some(3));
    setup.frame([true, true], &mut || true);
    setup.run(20);
    let sent = std::mem::take(&mut setup.wire.0);
    let track = setup.viewer.video.as_ref().expect("video");
    let (ssrc, rtx) = (track.ssrc, track.rtx().expect("retransmissions"));
    let mut open = |sealed: &[u8]| RtpPacket::unmarshal(&mut setup.receiver.decrypt_rtp(sealed).expect("authentic").freeze()).expect("RTP");
    let originals: Vec<_> = sent.iter().map(|packet| open(packet)).collect();
    let asked = originals[7].header.sequence_number;
    let mut way = Way { egress: &mut setup.egress, wire: &mut setup.wire, path: PATH };
    assert_eq!(setup.viewer.resend(setup.now, ssrc, &[asked, asked], &setup.stream.layers, &mut way).packets, 2);
    setup.egress.flush(&mut setup.wire);
    let again: Vec<_> = setup.wire.0.iter().map(|packet| open(packet)).collect();
    assert_eq!(again[1].header.sequence_number, again[0].header.sequence_number.wrapping_add(1));
    for packet in &again {
        assert_eq!((packet.header.ssrc, packet.header.payload_type, packet.header.timestamp), (rtx, 103, originals[7].header.timestamp));
        assert_eq!(packet.payload[..2], asked.to_be_bytes(), "RFC 4588, section 4");
        assert_eq!(packet.payload[2..], originals[7].payload[..]);
    }
    let numbers = originals.iter().chain(&again).map(|packet| packet.header.get_extension(3).expect("a transport-wide number"));
    let numbers: Vec<u16> = numbers.map(|number| u16::from_be_bytes([number[0], number[1]])).collect();
    assert_eq!(numbers, (numbers[0]..numbers[0] + numbers.len() as u16).collect::<Vec<_>>());
}

#[test]
fn no_nonce_is_used_for_two_plaintexts_whatever_happens() {
    let (mut packets, mut again) = (0, 0);
    for seed in 0..20 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut setup = Setup::with((seed % 2 == 1).then_some(3));
        let mut seen: HashMap<([u8; 4], [u8; 2]), Vec<u8>> = HashMap::new();
        let mut resends = 0;
        for round in 0..400 {
            let keyframe = [rng.random_bool(0.05), rng.random_bool(0.05)];
            let loss = rng.random_bool(0.1);
            let mut fate = StdRng::seed_from_u64(rng.random());
            setup.frame(if round == 0 { [true; 2] } else { keyframe }, &mut || !loss || fate.random_bool(0.7));
            setup.viewer.options.save_data ^= rng.random_bool(0.03);
            setup.viewer.options.audio_only ^= rng.random_bool(0.01);
            setup.viewer.tick(setup.now, &setup.stream.layers);
            if rng.random_bool(0.02) {
                // Another publisher: new numbering on the same layers.
                setup.sequences.values_mut().for_each(|sequence| *sequence = rng.random());
            }
            let ssrc = setup.viewer.video.as_ref().expect("video").ssrc;
            let asked: Vec<u16> =
                (0..10).map(|_| rng.random()).chain(setup.wire.0.iter().map(|p| u16::from_be_bytes([p[2], p[3]]))).collect();
            resends += setup.resend(ssrc, &asked);
            for packet in std::mem::take(&mut setup.wire.0) {
                // Few enough packets that sequence numbers do not wrap within a run.
                let nonce = ([packet[8], packet[9], packet[10], packet[11]], [packet[2], packet[3]]);
                let before = seen.entry(nonce).or_insert_with(|| packet.clone());
                assert_eq!(*before, packet, "seed {seed}, round {round}");
            }
        }
        packets += seen.len();
        again += resends;
    }
    assert!(packets > 5_000 && again > 5_000, "{packets} packets, {again} resends");
}
