//! Entry points for fuzzing: each takes what a stranger or an ill-behaved peer could send, and drives a real plane with it on virtual time.
//!
//! Besides not panicking, each asserts what must hold whatever comes: nothing goes to an address that has not authenticated itself; an answer
//! to a check is not longer than the check; what is kept stays within bounds; every packet that a viewer gets is authentic, and no nonce is
//! used twice; datagrams that no key has sealed end nobody's session.
//!
//! Input is a sequence of datagrams, each behind its length in two bytes (RFC 4571). `fuzz/` has the targets and their corpora, made of real
//! traffic; a test runs the corpora and mutations of them. Deliberately absent from normal builds.

mod dtls;
mod media;

use std::collections::HashSet;

use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{MESSAGE_HEADER_SIZE, Message, Setter as _};

use super::peer::{Peer, World, path, with_our_fingerprint};
use super::{Plane, Role};
use crate::media::demux::Demux;
use crate::media::ice::{Path, TcpId};
use crate::media::relay::named;
use crate::media::{PublishOptions, Seat, SeatWanted, StreamId, ViewOptions, stun as checks, tcp as framing};

pub use dtls::dtls;
pub use media::{rtcp, rtp};

/// What takes in one input.
type Target = fn(&[u8]);

/// The name and the function of each target.
pub const TARGETS: [(&str, Target); 6] = [("stun", stun), ("dtls", dtls), ("rtp", rtp), ("rtcp", rtcp), ("sdp", sdp), ("tcp", tcp)];

/// Offers of Chromium, which the peers of the targets use: so the packets of the corpora have the payload types and extensions agreed upon.
const PUBLISHES: &str = include_str!("../../../fuzz/corpus/sdp/chromium-publishes");
const VIEWS: &str = include_str!("../../../fuzz/corpus/sdp/chromium-views");
/// More datagrams in one input find nothing new.
const MOST: usize = 64;

fn publishes() -> String {
    with_our_fingerprint(PUBLISHES)
}

fn views() -> String {
    with_our_fingerprint(VIEWS)
}

/// The datagrams of an input; a length beyond the end means the rest.
fn datagrams(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = data.split_first_chunk::<2>()?;
        let (datagram, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        data = rest;
        Some(datagram)
    })
    .take(MOST)
}

/// What the plane keeps must be in step and within bounds, and nothing may have panicked.
fn assert_sound(plane: &Plane) {
    let count = plane.connections.len();
    assert_eq!(plane.totals.panics, 0, "a panic was caught");
    assert_eq!(plane.sessions.len(), count);
    assert!(plane.ufrags.len() <= 2 * count && plane.paths.len() <= 4 * count && plane.streams.len() <= count);
    assert!(plane.held.len() <= plane.streams.len() && plane.behind.len() <= count);
    for stream in plane.streams.values() {
        assert!(stream.layers.len() <= 12 && stream.layers.iter().all(|layer| layer.kept() <= 8_192));
    }
    let publishers = plane.connections.iter().filter(|(_, connection)| matches!(connection.role, Role::Publisher(_))).count();
    assert_eq!(plane.publishers, publishers);
}

/// Only these addresses may have been sent to.
fn assert_sent_only_to(world: &World, allowed: &[Path]) {
    if let Some((to, _)) = world.net.0.iter().find(|(to, _)| !allowed.contains(to)) {
        panic!("{to:?} has not authenticated itself and was sent to");
    }
}

/// Checks of strangers, and the same attributes signed with the right password by a peer.
pub fn stun(data: &[u8]) {
    let mut world = World::new(4);
    let stream = StreamId::new();
    let viewer = Peer::view(&mut world, stream, &views(), 1).expect("answered");
    let publisher = Peer::publish(&mut world, stream, &publishes(), 2).expect("answered");
    let mut demux = Demux::new(world.now, 62);
    for (at, datagram) in datagrams(data).enumerate() {
        let stranger = path(1_000 + at as u16);
        world.send(stranger, datagram);
        assert_sent_only_to(&world, &[]);
        // The reader of a shared port and the owner of a session must read the same name.
        if let Some(request) = checks::Request::parse(datagram) {
            let worker = demux.worker(world.now, stranger.remote(), datagram);
            assert_eq!(worker, named(request.local_ufrag()).unwrap_or(0));
        }
        for peer in [&viewer, &publisher] {
            let Some(signed) = signed(&world, peer, datagram) else { continue };
            world.send(peer.path, &signed);
            assert_sent_only_to(&world, &[peer.path]);
            let answer: usize = world.net.to(peer.path).iter().map(Vec::len).sum();
            assert!(answer <= signed.len(), "{answer} bytes answer {}", signed.len());
        }
        assert_sound(&world.plane);
    }
}

/// The attributes of a message, with the name and the signature of a peer.
fn signed(world: &World, peer: &Peer, datagram: &[u8]) -> Option<Vec<u8>> {
    let (username, password) = peer.credentials(world)?;
    let (header, mut rest) = datagram.split_at_checked(MESSAGE_HEADER_SIZE)?;
    let mut raw = header.to_vec();
    let mut add = |kind: [u8; 2], value: &[u8]| {
        raw.extend_from_slice(&kind);
        raw.extend_from_slice(&(value.len() as u16).to_be_bytes());
        raw.extend_from_slice(value);
        raw.resize(raw.len().next_multiple_of(4), 0);
    };
    add([0, 6], username.as_bytes());
    while let [kind_high, kind_low, high, low, value @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let kind = [*kind_high, *kind_low];
        // USERNAME, MESSAGE-INTEGRITY and FINGERPRINT are ours.
        if !matches!(kind, [0, 6 | 8] | [0x80, 0x28]) {
            add(kind, value.get(..length)?);
        }
        rest = value.get(length.next_multiple_of(4)..)?;
    }
    let length = raw.len() - MESSAGE_HEADER_SIZE;
    raw[2..4].copy_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
    let mut message = Message::new();
    message.raw = raw;
    message.decode().ok()?;
    let integrity = MessageIntegrity::new_short_term_integrity_with_provider(password, world.plane.identity.crypto());
    integrity.add_to(&mut message).ok()?;
    FINGERPRINT.add_to(&mut message).ok()?;
    Some(message.raw)
}

/// Offers, and fragments for sessions that are there.
pub fn sdp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut world = World::new(8);
    let present = Peer::view(&mut world, StreamId::new(), &views(), 1).expect("answered");
    let (now, stream) = (world.now, StreamId::new());
    let viewed = world.plane.view(now, stream, &text, ViewOptions::default());
    let published = world.plane.publish(now, &mut world.net, stream, SeatWanted::At(Seat::HOST), &text, &PublishOptions::Replace);
    for answer in [&viewed, &published].into_iter().flatten() {
        let sections = |sdp: &str| sdp.lines().filter(|line| line.starts_with("m=")).count();
        assert!(answer.sdp.len() <= 4 * text.len() + 8_192, "an answer of {} bytes", answer.sdp.len());
        assert!(answer.sdp.lines().all(|line| matches!(line.as_bytes(), [b'a'..=b'z', b'=', ..])), "{}", answer.sdp);
        assert!(!answer.sdp.replace("\r\n", "").contains(['\r', '\n']), "{:?}", answer.sdp);
        assert_eq!(sections(&answer.sdp), sections(&text), "{}", answer.sdp);
    }
    let sessions = [&viewed, &published].into_iter().flatten().map(|answer| answer.session).chain([present.session]);
    for session in sessions.collect::<Vec<_>>() {
        let known = world.plane.session(session).is_some();
        assert!(world.plane.trickle(session, &text, false).is_err() || known, "a session that is gone takes nothing");
        let _ = world.plane.trickle(session, &text, true);
    }
    world.pass(std::time::Duration::from_secs(1));
    assert_sent_only_to(&world, &[]);
    assert_sound(&world.plane);
}

/// A TCP connection's bytes, in pieces as a network cuts them: the first byte says how long.
pub fn tcp(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let mut world = World::new(4);
    let peer = Peer::view(&mut world, StreamId::new(), &views(), 1).expect("answered");
    let path = Path::Tcp { id: TcpId(7), remote: ([192, 0, 2, 9], 9).into() };
    let (mut buffer, mut framed, mut seen) = (bytes::BytesMut::new(), Vec::new(), HashSet::new());
    let mut refused = false;
    for piece in bytes.chunks(1 + usize::from(*first)) {
        buffer.extend_from_slice(piece);
        while let Some(datagram) = framing::frame(&mut buffer).unwrap_or_else(|_| {
            refused = true;
            None
        }) {
            framed.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
            framed.extend_from_slice(&datagram);
            if seen.len() < MOST && seen.insert(datagram.clone()) {
                world.send(path, &datagram);
            }
        }
        assert!(buffer.len() <= 2 + framing::MAX_FRAME + piece.len(), "what waits for the rest of a frame is bounded");
        if refused {
            break;
        }
    }
    assert!(bytes.starts_with(&framed), "frames come out as they went in");
    assert_sent_only_to(&world, &[]);
    assert!(world.plane.session(peer.session).is_some());
    assert_sound(&world.plane);
}

#[cfg(test)]
mod tests;
