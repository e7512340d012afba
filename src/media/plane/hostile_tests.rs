//! Peers of ill will or bad luck that have gone through ICE and DTLS, on virtual time.

use super::peer::{Peer, World, path, with_our_fingerprint};
use super::*;
use crate::media::{MediaEvent, StreamId};

const PUBLISHES: &str = include_str!("../../../fuzz/corpus/sdp/chromium-publishes");
const VIEWS: &str = include_str!("../../../fuzz/corpus/sdp/chromium-views");
/// The payload types of [`PUBLISHES`].
const H264: u8 = 108;
const OPUS: u8 = 111;

/// A publisher and one viewer, both connected.
struct Call {
    world: World,
    stream: StreamId,
    publisher: Peer,
    viewer: Peer,
    /// The publisher's extension ids of MID and RID.
    ids: (u8, u8),
}

/// What a viewer got: sequence number, timestamp, whether a picture can start there, layer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Got {
    ssrc: u32,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    key: bool,
    layer: u8,
}

impl Call {
    fn new() -> Self {
        let (mut world, stream) = (World::new(8), StreamId::new());
        let mut publisher = Peer::publish(&mut world, stream, &with_our_fingerprint(PUBLISHES), 1).expect("answered");
        let mut viewer = Peer::view(&mut world, stream, &with_our_fingerprint(VIEWS), 2).expect("answered");
        assert!(publisher.connect(&mut world) && viewer.connect(&mut world));
        Self { world, stream, publisher, viewer, ids: (4, 10) }
    }

    /// A packet of the publisher's video: one H.264 unit, which is a frame, and says what layer it is of.
    fn video(&self, layer: u8, ssrc: u32, sequence: u16, timestamp: u32, key: bool) -> Vec<u8> {
        let (mid, rid) = self.ids;
        let mut plain = vec![0x90, 0x80 | H264];
        plain.extend_from_slice(&sequence.to_be_bytes());
        plain.extend_from_slice(&timestamp.to_be_bytes());
        plain.extend_from_slice(&ssrc.to_be_bytes());
        plain.extend_from_slice(&[0xbe, 0xde, 0, 1, mid << 4, b'1', rid << 4, layer]);
        plain.push(if key { 0x65 } else { 0x61 });
        plain.push(layer);
        plain.resize(plain.len() + 200, sequence as u8);
        plain
    }

    /// Sends a packet of the publisher's and lets a frame's time pass.
    fn publish(&mut self, plain: &[u8]) {
        let sealed = self.publisher.seal(plain).expect("sealed");
        self.world.send(self.publisher.path, &sealed);
        self.world.pass(Duration::from_millis(33));
        self.publisher.hear(&mut self.world);
    }

    fn got(&mut self) -> Vec<Got> {
        let sealed = self.viewer.hear(&mut self.world);
        let plain = sealed.iter().filter(|datagram| !(192..=223).contains(&datagram[1]));
        plain.map(|datagram| got(&self.viewer.open(datagram).expect("authentic"))).collect()
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn got(plain: &[u8]) -> Got {
    let extension = if plain[0] & 0x10 == 0 { 0 } else { 4 + 4 * usize::from(plain[15]) };
    let body = &plain[12 + extension..];
    Got {
        ssrc: word(&plain[8..]),
        payload_type: plain[1] & 0x7f,
        sequence: u16::from_be_bytes([plain[2], plain[3]]),
        timestamp: word(&plain[4..]),
        key: body[0] == 0x65,
        layer: body[1],
    }
}

fn assert_plays_on(got: &[Got]) {
    for pair in got.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "no hole: {pair:?}");
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32;
        assert!((0..90_000).contains(&step), "time goes on as it should: {pair:?}");
    }
}

#[test]
fn replayed_media_is_dropped_and_counted() {
    let mut call = Call::new();
    let plain: Vec<_> = (0..40_u16).map(|n| call.video(b'q', 7, n, u32::from(n) * 3_000, n == 0)).collect();
    let sealed: Vec<_> = plain.iter().map(|plain| call.publisher.seal(plain).expect("sealed")).collect();
    for datagram in &sealed {
        call.world.send(call.publisher.path, datagram);
        call.world.pass(Duration::from_millis(33));
    }
    assert_eq!(call.got().len(), 40);
    let before = call.world.plane.totals;
    let layers = call.world.plane.stats(call.world.now, call.stream).layers;
    for datagram in sealed.iter().chain(&sealed) {
        call.world.send(call.publisher.path, datagram);
    }
    call.world.pass(Duration::from_millis(33));
    assert_eq!(call.got(), []);
    let after = call.world.plane.totals;
    assert_eq!(after.dropped_in, before.dropped_in + 80);
    let packets = |layers: &[crate::media::LayerStats]| layers.iter().map(|layer| layer.packets).collect::<Vec<_>>();
    assert_eq!(packets(&call.world.plane.stats(call.world.now, call.stream).layers), packets(&layers));
}

#[test]
fn replayed_feedback_is_dropped_and_counted_and_sends_nothing_again() {
    let mut call = Call::new();
    for n in 0..20_u16 {
        let plain = call.video(b'q', 7, n, u32::from(n) * 3_000, n == 0);
        call.publish(&plain);
    }
    let last = *call.got().last().expect("packets");
    let mut nack = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
    nack.extend_from_slice(&last.ssrc.to_be_bytes());
    nack.extend_from_slice(&[last.sequence.to_be_bytes(), [0, 0]].concat());
    let sealed = call.viewer.seal(&nack).expect("sealed");
    call.world.send(call.viewer.path, &sealed);
    assert_eq!(call.got().len(), 1, "a resend");
    let before = call.world.plane.totals;
    (0..5).for_each(|_| call.world.send(call.viewer.path, &sealed));
    assert_eq!(call.got(), []);
    let after = call.world.plane.totals;
    assert_eq!((after.dropped_in, after.resent), (before.dropped_in + 5, before.resent));
}

#[test]
fn whoever_has_not_the_certificate_of_its_offer_gets_no_keys_and_no_media() {
    let (mut world, stream) = (World::new(8), StreamId::new());
    let mut events = world.plane.events.subscribe();
    // The offers as Chromium made them name Chromium's certificates, not ours.
    let mut viewer = Peer::view(&mut world, stream, VIEWS, 1).expect("answered");
    assert!(!viewer.connect(&mut world));
    let session = viewer.session;
    assert_eq!(events.try_recv(), Ok(MediaEvent::ViewerDown { stream, session, reason: DownReason::Failed }));
    let mut publisher = Peer::publish(&mut world, stream, PUBLISHES, 2).expect("answered");
    assert!(!publisher.connect(&mut world));
    assert!(publisher.seal(&[0x80; 40]).is_none_or(|sealed| {
        world.send(publisher.path, &sealed);
        world.plane.stats(world.now, stream).layers.is_empty()
    }));
    world.pass(publisher::HANDSHAKE_LIMIT + TICK);
    assert!(events.try_recv().is_err(), "nobody is told that a publisher came");
    assert_eq!((world.plane.connections.len(), world.plane.totals.panics), (0, 0));
}

#[test]
fn sequence_and_time_may_jump_and_wrap_and_the_viewer_plays_on() {
    let mut call = Call::new();
    let mut all = Vec::new();
    // Both wrap within the first stretch; then numbers jump far and near, and time forth and back. Numbers of one source cannot jump back,
    // because SRTP takes that for a replay.
    let jumps = [(65_520_u16, u32::MAX - 30_000), (30_000, 5), (31_000, 400_000), (60_000, 4_000_000_000), (10, 17)];
    for (stretch, (sequence, timestamp)) in jumps.into_iter().enumerate() {
        for n in 0..40_u16 {
            let plain = call.video(b'q', 7, sequence.wrapping_add(n), timestamp.wrapping_add(u32::from(n) * 3_000), n % 10 == 3);
            call.publish(&plain);
        }
        let got = call.got();
        assert!(got.len() >= 30, "stretch {stretch}: {}", got.len());
        assert!(got.iter().filter(|packet| packet.key).count() >= 3, "stretch {stretch}");
        if sequence != 31_000 {
            assert!(got[0].key, "stretch {stretch} is another source for all one knows, so it begins with a key frame");
        }
        all.extend(got);
    }
    let holes = all.windows(2).filter(|pair| pair[1].sequence != pair[0].sequence.wrapping_add(1)).count();
    assert_eq!(holes, 1, "a jump of less than a thousand is loss");
    let back = all.windows(2).filter(|pair| (pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32) < 0).count();
    assert_eq!(back, 0, "time never goes back");
}

#[test]
fn sources_that_collide_harm_nobody_but_themselves() {
    let mut call = Call::new();
    for n in 0..60_u16 {
        // The sound and a second layer share a source number; the layer that is watched has its own.
        let (first, other) = (call.video(b'q', 7, n, u32::from(n) * 3_000, n % 10 == 0), call.video(b'h', 8, n, 5, n == 0));
        let mut sound = vec![0x80, OPUS];
        sound.extend_from_slice(&[&n.to_be_bytes()[..], &[0, 0, 0, 9], &8_u32.to_be_bytes(), &[1, 2, 3]].concat());
        call.publish(&first);
        if n % 7 == 6 {
            call.publish(&other);
            call.publish(&sound);
        }
    }
    let got = call.got();
    let watched = got.iter().filter(|packet| packet.layer == b'q').count();
    assert!(watched >= 50, "{watched} of {got:?}");
    assert_eq!(call.world.plane.totals.panics, 0);
    // A publisher that takes the place with the same numbers is taken for a new one.
    let offer = with_our_fingerprint(PUBLISHES);
    call.publisher = Peer::publish(&mut call.world, call.stream, &offer, 3).expect("answered");
    assert!(call.publisher.connect(&mut call.world));
    for n in 0..40_u16 {
        let plain = call.video(b'q', 7, n, u32::from(n) * 3_000, n % 10 == 0);
        call.publish(&plain);
    }
    let got = call.got();
    assert!(got[0].key && got.len() >= 30, "{got:?}");
    assert_plays_on(&got);
}

#[test]
fn another_publisher_may_use_other_numbers_for_its_extensions() {
    let mut call = Call::new();
    for n in 0..10_u16 {
        let plain = call.video(b'q', 7, n, u32::from(n) * 3_000, n == 0);
        call.publish(&plain);
    }
    assert_eq!(call.got().len(), 10);
    let offer = PUBLISHES.replace("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:6 urn:ietf:params:rtp-hdrext:sdes:mid");
    let offer = offer
        .replace("a=extmap:6 http", "a=extmap:4 http")
        .replace("a=extmap:10 urn", "a=extmap:13 urn")
        .replace("a=extmap:13 urn:3gpp", "a=extmap:10 urn:3gpp");
    call.publisher = Peer::publish(&mut call.world, call.stream, &with_our_fingerprint(&offer), 3).expect("answered");
    call.ids = (6, 13);
    assert!(call.publisher.connect(&mut call.world));
    for n in 0..10_u16 {
        let plain = call.video(b'q', 99, n, u32::from(n) * 3_000, n == 0);
        call.publish(&plain);
    }
    assert_eq!(call.got().len(), 10);
    let layers = call.world.plane.stats(call.world.now, call.stream).layers;
    assert_eq!(layers.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(), ["q"], "the layer is known by its name");
}

#[test]
fn each_viewer_gets_transport_wide_numbers_under_the_id_of_its_own_offer() {
    let mut call = Call::new();
    let other = with_our_fingerprint(&VIEWS.replace("a=extmap:3 http", "a=extmap:9 http"));
    let mut late = Peer::view(&mut call.world, call.stream, &other, 5).expect("answered");
    assert!(late.connect(&mut call.world));
    let plain = call.video(b'q', 7, 1, 1, true);
    call.publish(&plain);
    let id = |peer: &mut Peer, world: &mut World| {
        let sealed = peer.hear(world).into_iter().find(|datagram| !(192..=223).contains(&datagram[1])).expect("media");
        sealed[16] >> 4
    };
    assert_eq!((id(&mut call.viewer, &mut call.world), id(&mut late, &mut call.world)), (3, 9));
}

#[test]
fn nothing_ever_goes_to_an_address_that_only_claims_to_be_a_peer() {
    let mut call = Call::new();
    let stranger = path(999);
    for n in 0..30_u16 {
        let plain = call.video(b'q', 7, n, u32::from(n) * 3_000, n == 0);
        let sealed = call.publisher.seal(&plain).expect("sealed");
        // What a peer sent, from elsewhere: media, feedback, records, and checks that are no longer what was signed.
        call.world.send(stranger, &sealed);
        let report = call.viewer.seal(&[0x80, 201, 0, 1, 0, 0, 0, 1]).expect("sealed");
        call.world.send(stranger, &report);
        let mut check = call.viewer.check(&call.world);
        let at = usize::from(n) % check.len();
        check[at] ^= 0x10;
        call.world.send(stranger, &check);
        call.world.send(call.publisher.path, &sealed);
        call.world.pass(Duration::from_millis(33));
        assert_eq!(call.world.net.to(stranger), Vec::<Vec<u8>>::new());
    }
    assert_eq!(call.got().len(), 30, "and the peers had no harm of it");
}

#[test]
fn forged_packets_of_ever_new_sources_are_not_even_looked_at() {
    let mut call = Call::new();
    let plain = call.video(b'q', 7, 0, 0, true);
    call.publish(&plain);
    let forged = |first: [u8; 2], n: u32| {
        let mut datagram = vec![0x55; 60];
        datagram[..2].copy_from_slice(&first);
        let at = if first[1] == 201 { 4 } else { 8 };
        datagram[at..at + 4].copy_from_slice(&(n << 8).to_be_bytes());
        datagram
    };
    let before = call.world.plane.totals.dropped_in;
    for n in 0..2_000 {
        call.world.send(call.viewer.path, &forged([0x80, 201], n));
        call.world.send(call.publisher.path, &forged([0x80, 0x80 | H264], n));
    }
    assert_eq!(call.world.plane.totals.dropped_in, before + 4_000);
    for n in 1..10_u16 {
        let plain = call.video(b'q', 7, n, u32::from(n) * 3_000, false);
        call.publish(&plain);
    }
    assert_eq!(call.got().len(), 10, "who has the keys has no harm of it");
    call.world.pass(Duration::from_secs(2));
    let pli = call.viewer.seal(&[0x81, 206, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6]).expect("sealed");
    call.world.send(call.viewer.path, &pli);
    assert_eq!(call.world.plane.totals.plis_in, 1);
}

#[test]
fn who_is_sent_away_hears_it_however_long_the_call_was() {
    let mut call = Call::new();
    let report = call.viewer.seal(&[0x80, 201, 0, 1, 0, 0, 0, 1]).expect("sealed");
    call.world.send(call.viewer.path, &report);
    call.world.pass(Duration::from_secs(20));
    call.viewer.hear(&mut call.world);
    let (world, session) = (&mut call.world, call.viewer.session);
    assert!(!call.viewer.ended && world.plane.close(world.now, &mut world.net, session));
    call.viewer.hear(&mut call.world);
    assert!(call.viewer.ended);
}
