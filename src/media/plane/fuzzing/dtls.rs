//! DTLS records before, between and after those of a real handshake.

use std::time::Duration;

use super::{assert_sent_only_to, assert_sound, datagrams, publishes, views};
use crate::media::StreamId;
use crate::media::plane::peer::{Peer, World, path};

/// Begins a datagram that changes the next real record: two bytes of offset and what is exclusive-or'd there. No peer's traffic begins so.
const CHANGE: u8 = 0xff;

/// Records for a viewer and for a publisher. An empty datagram stands for the next real record, one that begins with [`CHANGE`] for that
/// record with some bytes changed; all others go as they are.
pub fn dtls(data: &[u8]) {
    for publishing in [false, true] {
        let (mut world, stream) = (World::new(4), StreamId::new());
        let peer =
            if publishing { Peer::publish(&mut world, stream, &publishes(), 1) } else { Peer::view(&mut world, stream, &views(), 1) };
        handshake(&mut world, &mut peer.expect("answered"), data);
    }
}

fn handshake(world: &mut World, peer: &mut Peer, data: &[u8]) {
    peer.begin(world);
    let stranger = path(1_000);
    for datagram in datagrams(data) {
        let connected = peer.keys.is_some() && world.plane.session(peer.session).is_some_and(|session| session.connected);
        let forged = match datagram {
            [] | [CHANGE, ..] => {
                let Some(mut record) = peer.record() else { continue };
                change(&mut record, datagram);
                world.send(peer.path, &record);
                !datagram.is_empty()
            }
            _ => {
                world.send(stranger, datagram);
                world.send(peer.path, datagram);
                true
            }
        };
        assert_sent_only_to(world, &[peer.path]);
        let answered: usize = world.net.0.iter().map(|(_, datagram)| datagram.len()).sum();
        assert!(answered <= 16_384, "{answered} bytes for one datagram");
        if connected && forged {
            assert!(world.plane.session(peer.session).is_some(), "what no key has sealed ended a session");
        }
        peer.hear(world);
        world.pass(Duration::from_millis(10));
        peer.hear(world);
    }
    world.pass(Duration::from_secs(1));
    world.net.to(peer.path);
    assert_sound(&world.plane);
}

fn change(record: &mut [u8], change: &[u8]) {
    if let [_, high, low, mask @ ..] = change {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % record.len().max(1);
        record[at..].iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}
