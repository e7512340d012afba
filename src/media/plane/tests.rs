//! The plane on virtual time, without sockets.

use super::*;
use crate::media::ice::{CONSENT, FIRST_CHECK};
use crate::media::{MediaError, PublishOptions, Seat, SeatWanted, TrickleOutcome, ViewOptions, stun};
use rand::Rng as _;

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:them\r\na=ice-pwd:0123456789012345678901\r\n\
a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";

#[derive(Default)]
struct Recorded(Vec<(Path, Vec<u8>)>);

impl Wire for Recorded {
    fn send(&mut self, path: Path, contents: &[u8], _: usize) -> bool {
        self.0.push((path, contents.to_vec()));
        true
    }
}

fn plane(now: Instant, viewers: usize) -> Plane {
    let identity = Arc::new(Identity::new().expect("a certificate"));
    let mesh = Mesh::new(1, false).swap_remove(0).0;
    Plane::new(now, identity, Limits { viewers, publishers: 2 }, Vec::new(), broadcast::channel(16).0, mesh)
}

fn path(port: u16) -> Path {
    Path::Udp { remote: ([192, 0, 2, 9], port).into(), local: None }
}

fn pass(plane: &mut Plane, wire: &mut Recorded, from: Instant, duration: Duration) {
    let mut now = from;
    while now <= from + duration {
        plane.settle(now, wire);
        now += TICK;
    }
}

fn check(plane: &Plane, session: SessionId) -> Vec<u8> {
    let local = &plane.connections[plane.sessions[&session]].ice.local;
    stun::nominate(&format!("{}:them", local.ufrag), &local.password, plane.identity.crypto()).expect("a check")
}

#[test]
fn ten_thousand_half_open_viewers_are_bounded_and_expire() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 1_000), Recorded::default());
    let stream = StreamId::new();
    let answers = (0..10_000).map(|_| plane.view(now, stream, OFFER, ViewOptions::default()));
    let refused = answers.filter(|answer| matches!(answer, Err(MediaError::Overloaded))).count();
    assert_eq!(refused, 9_000);
    pass(&mut plane, &mut wire, now, FIRST_CHECK + TICK);
    assert_eq!(plane.connections.len() + plane.sessions.len() + plane.ufrags.len() + plane.paths.len() + plane.streams.len(), 0);
    assert_eq!(plane.totals.expired, 1_000);
    assert!(wire.0.is_empty(), "nothing is sent to whom nobody knows");
    assert!(plane.view(now, stream, OFFER, ViewOptions::default()).is_ok(), "there is room again");
}

#[test]
fn whoever_posts_offers_by_the_thousand_keeps_nobody_out_for_long() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let stream = StreamId::new();
    let view = |plane: &mut Plane, at: Instant| plane.view(at, stream, OFFER, ViewOptions::default()).map(|answer| answer.session);
    let first: Vec<SessionId> = (0..10).map(|_| view(&mut plane, now).expect("room")).collect();
    // The first of them is on its way, so it keeps its place.
    let request = check(&plane, first[0]);
    plane.datagram(now, &mut wire, path(1), &request);
    assert!(plane.connections[plane.sessions[&first[0]]].ice.selected().is_some());
    assert_eq!(view(&mut plane, now + Duration::from_secs(2)), Err(MediaError::Overloaded), "they may need a moment");
    let later = now + Duration::from_secs(3);
    assert!((0..9).all(|_| view(&mut plane, later).is_ok()));
    assert_eq!(view(&mut plane, later), Err(MediaError::Overloaded), "those have a moment too");
    let left: Vec<bool> = first.iter().map(|session| plane.sessions.contains_key(session)).collect();
    assert!(left[0] && left[1..].iter().all(|there| !there), "{left:?}");
    assert_eq!(plane.connections.len(), 10);
}

#[test]
fn whoever_keeps_books_hears_of_every_viewers_end_and_of_no_publisher_that_never_came() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let mut events = plane.events.subscribe();
    let stream = StreamId::new();
    let session = plane.view(now, stream, OFFER, ViewOptions::default()).expect("answered").session;
    plane
        .publish(now, &mut wire, stream, SeatWanted::At(Seat::HOST), &OFFER.replace("recvonly", "sendonly"), &PublishOptions::Polite)
        .expect("answered");
    pass(&mut plane, &mut wire, now, FIRST_CHECK * 2);
    assert_eq!(plane.connections.len(), 0);
    assert_eq!(events.try_recv(), Ok(MediaEvent::ViewerDown { stream, session, reason: DownReason::NeverConnected }));
    assert!(events.try_recv().is_err());
}

#[test]
fn handshakes_that_stall_after_the_first_check_expire_too() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10_000), Recorded::default());
    for port in 1..=1_000 {
        let answer = plane.view(now, StreamId::new(), OFFER, ViewOptions::default()).expect("answered");
        let check = check(&plane, answer.session);
        plane.datagram(now, &mut wire, path(port), &check);
        assert_eq!(plane.paths.len(), usize::from(port));
    }
    assert_eq!(wire.0.len(), 1_000, "each check is answered once");
    pass(&mut plane, &mut wire, now, CONSENT);
    assert_eq!(plane.connections.len() + plane.sessions.len() + plane.ufrags.len() + plane.paths.len() + plane.streams.len(), 0);
    assert_eq!(plane.totals.panics, 0);
}

#[test]
fn unauthentic_datagrams_are_counted_and_get_no_answer() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let answer = plane.view(now, StreamId::new(), OFFER, ViewOptions::default()).expect("answered");
    let good = check(&plane, answer.session);
    let ufrag = plane.connections[plane.sessions[&answer.session]].ice.local.ufrag.clone();
    let forged = stun::nominate(&format!("{ufrag}:them"), "a guess", plane.identity.crypto()).expect("a check");
    plane.datagram(now, &mut wire, path(1), &forged);
    let mut rng = rand::rng();
    for round in 0..20_000 {
        let mut datagram = if round % 2 == 0 { good.clone() } else { vec![0; rng.random_range(0..200)] };
        let length = datagram.len();
        for _ in 0..4 {
            if length > 0 {
                datagram[rng.random_range(0..length)] ^= rng.random_range(1..=255_u8);
            }
        }
        plane.datagram(now, &mut wire, path(1), &datagram);
    }
    assert!(wire.0.is_empty(), "{:?}", wire.0.first());
    assert_eq!((plane.totals.dropped_in, plane.totals.panics), (20_001, 0));
    plane.datagram(now, &mut wire, path(1), &good);
    assert_eq!(wire.0.len(), 1);
}

#[test]
fn garbage_from_a_known_path_ends_nothing_and_panics_nowhere() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let answer = plane.view(now, StreamId::new(), OFFER, ViewOptions::default()).expect("answered");
    let good = check(&plane, answer.session);
    plane.datagram(now, &mut wire, path(1), &good);
    let mut rng = rand::rng();
    for _ in 0..20_000 {
        let mut datagram = vec![0; rng.random_range(1..300)];
        rng.fill(&mut datagram[..]);
        // Half of them look like DTLS records of the right version, the rest like RTP, RTCP or nothing.
        if rng.random() {
            let length = datagram.len().saturating_sub(13) as u16;
            let header = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0];
            datagram.iter_mut().zip(header).for_each(|(byte, header)| *byte = header);
            datagram.iter_mut().skip(11).zip(length.to_be_bytes()).for_each(|(byte, length)| *byte = length);
        }
        plane.datagram(now, &mut wire, path(1), &datagram);
        plane.settle(now, &mut wire);
    }
    assert_eq!(plane.totals.panics, 0);
    assert!(plane.sessions.contains_key(&answer.session));
}

#[test]
fn an_address_change_is_followed_only_with_the_password() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let session = plane.view(now, StreamId::new(), OFFER, ViewOptions::default()).expect("answered").session;
    let good = check(&plane, session);
    plane.datagram(now, &mut wire, path(1), &good);
    let selected = |plane: &Plane| plane.connections[plane.sessions[&session]].ice.selected();
    plane.datagram(now, &mut wire, path(2), &[22, 0xfe, 0xfd, 0, 0]);
    assert_eq!(selected(&plane), Some(path(1)));
    plane.datagram(now, &mut wire, path(2), &check(&plane, session));
    assert_eq!(selected(&plane), Some(path(2)));
}

#[test]
fn an_ice_restart_gives_new_credentials_and_keeps_the_session() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let answer = plane.view(now, StreamId::new(), OFFER, ViewOptions::default()).expect("answered");
    let same = plane.trickle(answer.session, "m=video 9 X 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n", false);
    assert!(matches!(same, Ok(TrickleOutcome::Accepted)));
    let Ok(TrickleOutcome::Restarted { fragment, etag }) =
        plane.trickle(answer.session, "a=ice-ufrag:anew\r\na=ice-pwd:0123456789012345678901\r\n", false)
    else {
        panic!("restarted");
    };
    assert_ne!(etag, answer.etag);
    assert!(fragment.contains(&format!("a=ice-ufrag:{etag}\r\n")), "{fragment}");
    plane.datagram(now, &mut wire, path(3), &check(&plane, answer.session));
    assert_eq!(plane.ufrags.len(), 1, "the old credentials went with the first new check");
    assert_eq!(plane.session(answer.session).expect("still there").etag, etag);
}

#[test]
fn a_panic_in_one_connection_is_caught_and_counted() {
    let mut totals = Totals::default();
    assert_eq!(guarded(&mut totals, || 5), Some(5));
    assert_eq!(guarded(&mut totals, || -> u8 { panic!("as a test") }), None);
    assert_eq!(totals.panics, 1);
}

#[test]
fn broken_offers_are_refused_before_anything_is_kept() {
    let now = Instant::now();
    let (mut plane, mut wire) = (plane(now, 10), Recorded::default());
    let no_codec = OFFER.replace("VP8", "AV1");
    assert_eq!(plane.view(now, StreamId::new(), &no_codec, ViewOptions::default()).expect_err("refused"), MediaError::NoCommonCodec);
    let sending = OFFER.replace("recvonly", "sendonly");
    for end in (0..sending.len()).step_by(7) {
        let _ = plane.publish(now, &mut wire, StreamId::new(), SeatWanted::At(Seat::HOST), &sending[..end], &PublishOptions::default());
    }
    assert_eq!((plane.connections.len(), plane.streams.len(), plane.totals.panics), (0, 0, 0));
}
