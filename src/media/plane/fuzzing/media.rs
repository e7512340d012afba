//! RTP and RTCP, sealed by peers that have the keys, and as it is from whoever has their address.
//!
//! A handshake for each input would cost more than all the rest, so the peers serve some hundred inputs; what they keep meanwhile is bounded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::thread::LocalKey;
use std::time::Duration;

use super::{assert_sent_only_to, assert_sound, datagrams, publishes, views};
use crate::media::StreamId;
use crate::media::plane::peer::{Peer, World};

/// Inputs of feedback for one set of peers.
const FEEDBACKS: u32 = 256;
/// Fewer of a publisher, because a layer stays with the source that came first.
const PUBLISHERS: u32 = 16;
/// More would have to be asked for in another tick: twice what one viewer gets sent again, in RTX and originals.
const MOST_AT_ONCE: usize = 2_000;

struct Watching {
    peer: Peer,
    /// For each source the highest extended sequence number.
    highest: HashMap<u32, i64>,
    /// What was sent under a source and extended sequence number, as a hash.
    sent: HashMap<(u32, i64), u64>,
}

struct Rig {
    world: World,
    stream: StreamId,
    publisher: Peer,
    /// One that takes retransmissions apart and transport-wide numbers, and one that does not.
    viewers: Vec<Watching>,
    /// Inputs that it still serves.
    inputs: u32,
    sequence: u16,
}

type Slot = RefCell<Option<Rig>>;

thread_local! {
    static PUBLISHING: Slot = const { RefCell::new(None) };
    static VIEWING: Slot = const { RefCell::new(None) };
}

/// Runs one input on the thread's rig, which a panic takes with it.
fn on_rig(slot: &'static LocalKey<Slot>, make: impl FnOnce() -> Rig, run: impl FnOnce(&mut Rig)) {
    let mut rig = slot.take().filter(|rig| rig.inputs > 0).unwrap_or_else(make);
    rig.inputs -= 1;
    run(&mut rig);
    assert_sound(&rig.world.plane);
    slot.set(Some(rig));
}

/// Packets of a publisher: sealed where they are RTP or RTCP, else as they are.
pub fn rtp(data: &[u8]) {
    on_rig(
        &PUBLISHING,
        || Rig::new(PUBLISHERS),
        |rig| {
            for datagram in datagrams(data) {
                let sealed = rig.publisher.seal(datagram);
                rig.world.send(rig.publisher.path, sealed.as_deref().unwrap_or(datagram));
                rig.settle();
                assert!(rig.world.plane.session(rig.publisher.session).is_some(), "a packet ended the publisher's session");
            }
        },
    );
}

/// Feedback of viewers: sealed where it is RTCP, else as it is.
pub fn rtcp(data: &[u8]) {
    on_rig(
        &VIEWING,
        || Rig::new(FEEDBACKS).with_picture(),
        |rig| {
            rig.replace_gone();
            for datagram in datagrams(data) {
                rig.frame();
                for at in 0..rig.viewers.len() {
                    let plain = rig.viewers[at].named(datagram);
                    let peer = &mut rig.viewers[at].peer;
                    // It may have said goodbye in an earlier packet.
                    let there = rig.world.plane.session(peer.session).is_some();
                    let sealed = peer.seal(&plain);
                    rig.world.send(peer.path, sealed.as_deref().unwrap_or(&plain));
                    let ended = there && rig.world.plane.session(peer.session).is_none();
                    assert!(!ended || sealed.is_some(), "what no key has sealed ended a session");
                }
                rig.settle();
            }
        },
    );
}

/// What the thread's rigs have counted, for publishers and for viewers.
#[cfg(test)]
pub(super) fn totals() -> [crate::media::Totals; 2] {
    [&PUBLISHING, &VIEWING].map(|slot| slot.with_borrow(|rig| rig.as_ref().map(|rig| rig.world.plane.totals).unwrap_or_default()))
}

impl Rig {
    fn new(inputs: u32) -> Self {
        let mut world = World::new(8);
        let stream = StreamId::new();
        let mut publisher = Peer::publish(&mut world, stream, &publishes(), 1).expect("answered");
        assert!(publisher.connect(&mut world), "the publisher is up");
        let mut rig = Self { world, stream, publisher, viewers: Vec::new(), inputs, sequence: 0 };
        rig.replace_gone();
        rig
    }

    fn with_picture(mut self) -> Self {
        for _ in 0..20 {
            self.frame();
            self.settle();
        }
        self
    }

    /// Brings viewers that said goodbye back.
    fn replace_gone(&mut self) {
        let plane = &self.world.plane;
        self.viewers.retain(|viewer| plane.session(viewer.peer.session).is_some());
        for (port, with_extras) in [(2, true), (3, false)] {
            let path = crate::media::plane::peer::path(port);
            if self.viewers.iter().any(|viewer| viewer.peer.path == path) {
                continue;
            }
            let offer: String = views().lines().filter(|line| with_extras || !is_extra(line)).map(|line| format!("{line}\r\n")).collect();
            let mut peer = Peer::view(&mut self.world, self.stream, &offer, port).expect("answered");
            assert!(peer.connect(&mut self.world), "the viewer is up");
            self.viewers.push(Watching { peer, highest: HashMap::new(), sent: HashMap::new() });
        }
    }

    /// A frame of video of two packets, a key frame every tenth.
    fn frame(&mut self) {
        let payload_type = 108;
        for packet in 0..2_u8 {
            let key = u8::from(self.sequence % 20 < 2);
            let timestamp = u32::from(self.sequence / 2).wrapping_mul(3_000);
            let mut plain = vec![0x90, payload_type | packet << 7];
            plain.extend_from_slice(&self.sequence.to_be_bytes());
            plain.extend_from_slice(&timestamp.to_be_bytes());
            plain.extend_from_slice(&SOURCE.to_be_bytes());
            // The extensions MID (4) and RID (10) of the offer, which say that it is a layer of its video.
            plain.extend_from_slice(&[0xbe, 0xde, 0, 1, 0x40, b'1', 0xa0, b'q']);
            plain.extend_from_slice(&[0x61 + 4 * key, packet]);
            plain.resize(20 + 900 + usize::from(packet), self.sequence as u8);
            self.sequence = self.sequence.wrapping_add(1);
            let sealed = self.publisher.seal(&plain).expect("sealed");
            self.world.send(self.publisher.path, &sealed);
        }
    }

    /// Lets some time pass, and looks at all that was sent.
    fn settle(&mut self) {
        self.world.pass(Duration::from_millis(10));
        let paths: Vec<_> = self.viewers.iter().map(|viewer| viewer.peer.path).chain([self.publisher.path]).collect();
        assert_sent_only_to(&self.world, &paths);
        for datagram in self.publisher.hear(&mut self.world) {
            assert!(self.publisher.open(&datagram).is_some(), "feedback to the publisher is authentic");
        }
        for viewer in &mut self.viewers {
            let media = viewer.peer.hear(&mut self.world);
            assert!(media.len() <= MOST_AT_ONCE, "{} packets at once", media.len());
            media.iter().for_each(|datagram| viewer.receive(datagram));
        }
    }
}

/// The source of [`Rig::frame`].
const SOURCE: u32 = 0x5eed_0001;
/// What the feedback of the corpus calls the source that a viewer sees, whose real number is another each time.
const SEEN: [u8; 4] = 0x5eed_0003_u32.to_be_bytes();

fn is_extra(line: &str) -> bool {
    line.contains("transport-wide-cc") || line.contains("transport-cc") || line.contains("rtx/90000") || line.contains("apt=")
}

impl Watching {
    /// Feedback with the real source in it, and in a NACK (RFC 4585, section 6.2.1) numbers that count back from the newest.
    fn named(&self, feedback: &[u8]) -> Vec<u8> {
        let Some((ssrc, highest)) = self.highest.iter().max_by_key(|(_, highest)| **highest) else { return feedback.to_vec() };
        let mut plain = feedback.to_vec();
        let nack = matches!(plain[..], [0x81, 205, ..]) && plain.get(8..12) == Some(&SEEN);
        plain.chunks_exact_mut(4).filter(|word| **word == SEEN).for_each(|word| word.copy_from_slice(&ssrc.to_be_bytes()));
        if nack {
            for pair in plain[12..].chunks_exact_mut(4) {
                let back = u16::from_be_bytes([pair[0], pair[1]]);
                pair[..2].copy_from_slice(&(*highest as u16).wrapping_sub(back).to_be_bytes());
            }
        }
        plain
    }

    fn receive(&mut self, datagram: &[u8]) {
        let plain = self.peer.open(datagram).expect("what a viewer gets is authentic");
        if matches!(datagram, [_, 192..=223, ..]) {
            return;
        }
        assert!(plain.len() >= 12 && datagram.len() <= 1_500);
        let sequence = u16::from_be_bytes([plain[2], plain[3]]);
        let ssrc = u32::from_be_bytes([plain[8], plain[9], plain[10], plain[11]]);
        let highest = self.highest.entry(ssrc).or_insert(i64::from(sequence));
        let index = *highest + i64::from(sequence.wrapping_sub(*highest as u16) as i16);
        *highest = index.max(*highest);
        let mut hasher = DefaultHasher::new();
        datagram.hash(&mut hasher);
        let hash = hasher.finish();
        assert_eq!(*self.sent.entry((ssrc, index)).or_insert(hash), hash, "a nonce was used twice");
    }
}
