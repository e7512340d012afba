//! Panels on virtual time: several publishers whose packets say whose they are, and viewers with several tracks.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::peer::{Peer, World, with_our_fingerprint};
use super::*;
use crate::media::{MediaError, MediaEvent, PublishOptions, Seat, SeatWanted, ViewOptions};

const PUBLISHES: &str = include_str!("../../../fuzz/corpus/sdp/chromium-publishes");
const VIEWS: &str = include_str!("../../../fuzz/corpus/sdp/chromium-views");
/// The payload types, extension ids and the sound's SSRC of [`PUBLISHES`].
const H264: u8 = 108;
const OPUS: u8 = 111;
const LEVEL: u8 = 1;
const MID: u8 = 4;
const RID: u8 = 10;
const SOUND: u32 = 3_632_952_059;
const SPEECH: u8 = 25;
const ROOM: u8 = 80;

fn seat(number: u8) -> Seat {
    Seat::new(number).expect("a seat")
}

/// A browser's offer with so many sections.
fn offer(sounds: usize, pictures: usize) -> String {
    let parts: Vec<&str> = VIEWS.split("m=").collect();
    let mut mid = 0;
    let mut next = |part: &str| {
        let lines = part.lines().map(|line| if line.starts_with("a=mid:") { format!("a=mid:{mid}") } else { line.to_owned() });
        let section: String = lines.map(|line| line + "\r\n").collect();
        mid += 1;
        format!("m={section}")
    };
    let sounds: String = (0..sounds).map(|_| next(parts[1])).collect();
    let pictures: String = (0..pictures).map(|_| next(parts[2])).collect();
    with_our_fingerprint(&format!("{}{sounds}{pictures}", parts[0]))
}

struct Speaker {
    peer: Peer,
    seat: u8,
    level: u8,
    pictures: bool,
    sequence: u16,
}

impl Speaker {
    fn send(&mut self, world: &mut World, plain: &[u8]) {
        let sealed = self.peer.seal(plain).expect("sealed");
        world.send(self.peer.path, &sealed);
    }

    fn head(&self, payload_type: u8, ssrc: u32, clock: u32, extension: [u8; 4]) -> Vec<u8> {
        let mut plain = vec![0x90, payload_type];
        plain.extend_from_slice(&self.sequence.to_be_bytes());
        plain.extend_from_slice(&(u32::from(self.sequence) * clock / 50).to_be_bytes());
        plain.extend_from_slice(&ssrc.to_be_bytes());
        plain.extend_from_slice(&[0xbe, 0xde, 0, 1]);
        plain.extend_from_slice(&extension);
        plain
    }

    /// 20 ms of it: a packet of sound and one of each of two layers, with a key frame every half second.
    fn step(&mut self, world: &mut World) {
        let mut sound = self.head(OPUS, SOUND, 48_000, [LEVEL << 4, 0x80 | self.level, 0, 0]);
        sound.extend_from_slice(&[0xfc, self.seat, 0, 0]);
        self.send(world, &sound);
        let layers = if self.pictures { &[(b'q', 100), (b'f', 900)][..] } else { &[] };
        for (layer, size) in layers.iter().copied() {
            let ssrc = u32::from(self.seat) * 1_000 + u32::from(layer);
            let mut picture = self.head(0x80 | H264, ssrc, 90_000, [MID << 4, b'1', RID << 4, layer]);
            picture.extend_from_slice(&[if self.sequence.is_multiple_of(25) { 0x65 } else { 0x61 }, self.seat, layer]);
            picture.resize(picture.len() + size, self.sequence as u8);
            self.send(world, &picture);
        }
        self.sequence += 1;
        self.peer.hear(world);
    }
}

struct Spectator {
    peer: Peer,
    /// The tag of the section that each stream is in.
    mids: HashMap<u32, String>,
    /// The sealed bytes under each nonce.
    seen: HashMap<[u8; 6], Vec<u8>>,
    /// What came since it was last asked for again.
    fresh: Vec<[u8; 6]>,
    reported: std::collections::HashSet<u32>,
}

impl Spectator {
    fn new(world: &mut World, stream: StreamId, offer: &str, port: u16) -> Self {
        let mut peer = Peer::view(world, stream, offer, port).expect("answered");
        assert!(peer.connect(world));
        let mut mids = HashMap::new();
        for section in peer.answer.split("m=").skip(1) {
            let value = |name: &str| section.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
            for ssrc in value("a=ssrc:") {
                let number = ssrc.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
                assert!(mids.insert(number, value("a=mid:")[0].to_owned()).is_none(), "no number twice");
            }
        }
        Self { peer, mids, seen: HashMap::new(), fresh: Vec::new(), reported: std::collections::HashSet::new() }
    }

    /// For each section what came in it last: the seat, and for pictures the layer.
    fn hear(&mut self, world: &mut World) -> HashMap<String, (u8, char)> {
        let mut last = HashMap::new();
        for sealed in self.peer.hear(world) {
            if (192..=223).contains(&sealed[1]) {
                let plain = self.peer.open(&sealed).expect("authentic");
                let mut rest = &plain[..];
                while rest.len() >= 8 {
                    if rest[1] == 200 {
                        self.reported.insert(u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]));
                    }
                    rest = &rest[(4 + 4 * usize::from(u16::from_be_bytes([rest[2], rest[3]]))).min(rest.len())..];
                }
                continue;
            }
            let nonce = [sealed[2], sealed[3], sealed[8], sealed[9], sealed[10], sealed[11]];
            self.fresh.push(nonce);
            assert_eq!(*self.seen.entry(nonce).or_insert_with(|| sealed.clone()), sealed, "one plaintext under a nonce");
            let Some(plain) = self.peer.open(&sealed) else { continue };
            let extension = if plain[0] & 0x10 == 0 { 0 } else { 4 + 4 * usize::from(plain[15]) };
            let ssrc = u32::from_be_bytes([plain[8], plain[9], plain[10], plain[11]]);
            let mid = self.mids.get(&ssrc).expect("a stream that was announced");
            let body = &plain[12 + extension..];
            if matches!(body[0], 0x61 | 0x65 | 0xfc) {
                last.insert(mid.clone(), (body[1], if body[0] == 0xfc { '-' } else { char::from(body[2]) }));
            }
        }
        last
    }
}

struct Talk {
    world: World,
    stream: StreamId,
    speakers: Vec<Speaker>,
    spectators: Vec<Spectator>,
    events: broadcast::Receiver<MediaEvent>,
    port: u16,
}

impl Talk {
    fn new(seats: &[u8]) -> Self {
        let (world, stream) = (World::new(8), StreamId::new());
        let events = world.plane.events.subscribe();
        let mut talk = Self { world, stream, speakers: Vec::new(), spectators: Vec::new(), events, port: 1 };
        seats.iter().for_each(|seat| talk.join(*seat));
        talk
    }

    fn join(&mut self, number: u8) {
        self.port += 1;
        let (wanted, offer) = (SeatWanted::At(seat(number)), with_our_fingerprint(PUBLISHES));
        let mut peer = Peer::sit(&mut self.world, self.stream, wanted, &offer, self.port, &PublishOptions::Polite).expect("a free seat");
        assert!(peer.connect(&mut self.world));
        self.speakers.push(Speaker { peer, seat: number, level: ROOM, pictures: true, sequence: 0 });
    }

    fn watch(&mut self, sounds: usize, pictures: usize) {
        self.port += 1;
        self.spectators.push(Spectator::new(&mut self.world, self.stream, &offer(sounds, pictures), self.port));
    }

    /// Lets `ms` pass in which only this seat speaks; gives what the first spectator got last. All present go on consenting.
    fn speak(&mut self, number: u8, ms: u64) -> HashMap<String, (u8, char)> {
        let mut got = HashMap::new();
        let peers = self.speakers.iter().map(|speaker| &speaker.peer).chain(self.spectators.iter().map(|spectator| &spectator.peer));
        let checks: Vec<_> = peers.map(|peer| (peer.path, peer.check(&self.world))).collect();
        checks.iter().for_each(|(path, check)| self.world.send(*path, check));
        for step in 0..ms / 20 {
            for speaker in &mut self.speakers {
                speaker.level = if speaker.seat == number { SPEECH } else { ROOM };
                speaker.step(&mut self.world);
            }
            self.world.pass(Duration::from_millis(20));
            for (at, spectator) in self.spectators.iter_mut().enumerate() {
                let heard = spectator.hear(&mut self.world);
                if at == 0 && step * 20 + 200 >= ms {
                    got.extend(heard);
                }
            }
        }
        got
    }

    fn slots(&self) -> Vec<(String, u8)> {
        let info = self.world.plane.session(self.spectators[0].peer.session).expect("there");
        info.slots.into_iter().map(|slot| (slot.mid, slot.seat.number())).collect()
    }

    fn options(&mut self, options: ViewOptions) {
        let (now, session) = (self.world.now, self.spectators[0].peer.session);
        self.world.plane.set_view(now, session, options).expect("a viewer");
    }

    fn orders(&mut self) -> Vec<Vec<u8>> {
        let mut orders = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let MediaEvent::Speakers { seats, .. } = event {
                orders.push(seats.iter().map(|seat| seat.number()).collect());
            }
        }
        orders
    }
}

fn shown(got: &HashMap<String, (u8, char)>, mids: &[&str]) -> String {
    mids.iter().map(|mid| got.get(*mid).map_or("none".to_owned(), |(seat, layer)| format!("{seat}{layer}"))).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_viewer_sees_who_speaks_large_and_the_others_small_each_in_its_place() {
    let mut talk = Talk::new(&[0, 1, 2]);
    talk.watch(3, 3);
    let got = talk.speak(0, 2_000);
    assert_eq!(shown(&got, &["0", "1", "2", "3", "4", "5"]), "0- 1- 2- 0f 1q 2q");
    let got = talk.speak(2, 2_000);
    assert_eq!(shown(&got, &["0", "1", "2", "3", "4", "5"]), "0- 1- 2- 2f 1q 0q", "sounds stay where they are, and the second picture");
    assert_eq!(talk.slots().iter().map(|slot| slot.1).collect::<Vec<_>>(), [0, 1, 2, 2, 1, 0]);
    assert_eq!(talk.orders(), [vec![0, 1], vec![0, 1, 2], vec![2, 0, 1]]);

    talk.options(ViewOptions { pin: Some(seat(1)), ..ViewOptions::default() });
    let got = talk.speak(0, 3_000);
    assert_eq!(shown(&got, &["3", "4", "5"]), "1f 2q 0q", "pinned, whoever speaks");
    talk.options(ViewOptions { last: Some(1), ..ViewOptions::default() });
    let got = talk.speak(0, 2_000);
    assert_eq!(shown(&got, &["3", "4", "5"]), "0f 2q none", "one small picture is enough");
    talk.options(ViewOptions { audio_only: true, ..ViewOptions::default() });
    assert_eq!(shown(&talk.speak(0, 1_000), &["0", "1", "2", "3", "4", "5"]), "0- 1- 2- none none none");

    talk.options(ViewOptions { without: Some(seat(0)), ..ViewOptions::default() });
    assert_eq!(
        shown(&talk.speak(0, 2_000), &["0", "1", "2", "3", "4", "5"]),
        "none 1- 2- 2f none 1q",
        "somebody on stage hears the others"
    );
    talk.options(ViewOptions { only: Some(seat(1)), ..ViewOptions::default() });
    assert_eq!(shown(&talk.speak(0, 2_000), &["0", "1", "2", "3", "4", "5"]), "none 1- none 1f none none", "one person is recorded");

    talk.options(ViewOptions::default());
    talk.speak(0, 2_000);
    let gone = talk.speakers.remove(0).peer.session;
    let (now, World { plane, net, .. }) = (talk.world.now, &mut talk.world);
    plane.close(now, net, gone);
    let got = talk.speak(1, 2_500);
    assert_eq!(shown(&got, &["3", "4", "5"]), "1f 2q none", "one has left");
    talk.join(5);
    let got = talk.speak(1, 1_000);
    assert_eq!(shown(&got, &["0", "1", "2", "3", "4", "5"]), "5- 1- 2- 1f 2q 5q");
    assert_eq!(talk.world.plane.totals.panics, 0);
}

#[test]
fn who_has_one_sound_and_one_picture_gets_who_speaks() {
    let mut talk = Talk::new(&[0, 1]);
    talk.watch(1, 1);
    assert_eq!(shown(&talk.speak(0, 2_000), &["0", "1"]), "0- 0f");
    assert_eq!(shown(&talk.speak(1, 2_500), &["0", "1"]), "1- 1f");
    talk.speakers[1].pictures = false;
    assert_eq!(shown(&talk.speak(1, 3_000), &["0", "1"]), "1- 0f", "who speaks without a camera");
}

#[test]
fn layers_of_small_pictures_sleep_and_wake_with_the_voice() {
    let mut talk = Talk::new(&[0, 1]);
    talk.watch(2, 2);
    talk.speak(0, 14_000);
    let mut asleep = HashMap::new();
    while let Ok(event) = talk.events.try_recv() {
        if let MediaEvent::LayersAsleep { seat, names, .. } = event {
            asleep.insert(seat.number(), names.join(" "));
        }
    }
    assert_eq!(asleep, HashMap::from([(0, String::new()), (1, "f".to_owned())]));
    talk.speak(1, 12_000);
    while let Ok(event) = talk.events.try_recv() {
        if let MediaEvent::LayersAsleep { seat, names, .. } = event {
            asleep.insert(seat.number(), names.join(" "));
        }
    }
    assert_eq!(asleep, HashMap::from([(0, "f".to_owned()), (1, String::new())]));
}

#[test]
fn a_picture_that_is_to_begin_anew_is_asked_of_its_own_publisher() {
    let mut talk = Talk::new(&[0, 1, 2]);
    talk.watch(1, 3);
    talk.speak(0, 2_000);
    let spectator = &mut talk.spectators[0];
    let small = *spectator.mids.iter().filter(|(_, mid)| **mid == "3").map(|(ssrc, _)| ssrc).min().expect("a stream");
    let mut pli = vec![0x81, 206, 0, 2, 0, 0, 0, 1];
    pli.extend_from_slice(&small.to_be_bytes());
    let sealed = spectator.peer.seal(&pli).expect("sealed");
    let path = spectator.peer.path;
    talk.speakers.iter_mut().for_each(|speaker| drop(speaker.peer.hear(&mut talk.world)));
    talk.world.send(path, &sealed);
    talk.world.pass(Duration::from_millis(50));
    let mut asked = Vec::new();
    for speaker in &mut talk.speakers {
        let plain: Vec<_> = speaker.peer.hear(&mut talk.world).iter().filter_map(|sealed| speaker.peer.open(sealed)).collect();
        let plis = plain.iter().filter(|plain| plain[1] == 206 && plain[0] & 0x1f == 1);
        asked.extend(plis.map(|pli| (speaker.seat, u32::from_be_bytes([pli[8], pli[9], pli[10], pli[11]]))));
    }
    assert_eq!(asked, [(2, 2_000 + u32::from(b'q'))]);
}

#[test]
fn no_nonce_is_used_twice_and_every_track_is_reported_on_whatever_happens() {
    let mut random = StdRng::seed_from_u64(7);
    let mut talk = Talk::new(&[0, 1, 2]);
    talk.watch(4, 6);
    for _ in 0..60 {
        let pin = random.random_bool(0.5).then(|| seat(random.random_range(0..6)));
        let last = random.random_bool(0.5).then(|| random.random_range(0..6));
        let (save_data, merge_audio) = (random.random_bool(0.2), random.random_bool(0.2));
        talk.options(ViewOptions { save_data, audio_only: random.random_bool(0.1), merge_audio, pin, last, without: None, only: None });
        match random.random_range(0..6) {
            0 if talk.speakers.len() < 5 => {
                let free = (0..6).find(|number| talk.speakers.iter().all(|speaker| speaker.seat != *number)).expect("a free seat");
                talk.join(free);
            }
            1 if talk.speakers.len() > 1 => {
                let gone = talk.speakers.swap_remove(random.random_range(0..talk.speakers.len())).peer.session;
                let (now, World { plane, net, .. }) = (talk.world.now, &mut talk.world);
                plane.close(now, net, gone);
            }
            _ => {}
        }
        // Some of what came is asked for again.
        let spectator = &mut talk.spectators[0];
        for nonce in std::mem::take(&mut spectator.fresh).into_iter().filter(|_| random.random_bool(0.3)) {
            let mut nack = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
            nack.extend_from_slice(&nonce[2..]);
            nack.extend_from_slice(&[nonce[0], nonce[1], 0, 0]);
            let (sealed, path) = (spectator.peer.seal(&nack).expect("sealed"), spectator.peer.path);
            talk.world.send(path, &sealed);
        }
        talk.speak(random.random_range(0..6), 400);
    }
    while let Some(free) = (0..6).find(|number| talk.speakers.iter().all(|speaker| speaker.seat != *number)) {
        talk.join(free);
    }
    talk.options(ViewOptions::default());
    talk.spectators[0].reported.clear();
    talk.speak(0, 8_000);
    let spectator = &talk.spectators[0];
    assert!(talk.world.plane.totals.resent > 100, "{:?}", talk.world.plane.totals);
    let totals = talk.world.plane.totals;
    assert_eq!((totals.panics, totals.expired, spectator.reported.len()), (0, 0, 10));
}

#[test]
fn seats_are_taken_once_and_the_next_free_one_is_found() {
    let mut talk = Talk::new(&[0, 1]);
    let offer = with_our_fingerprint(PUBLISHES);
    let mut ask = |wanted, options: &PublishOptions| {
        Peer::sit(&mut talk.world, talk.stream, wanted, &offer, 90, options).map(|peer| {
            let seat = talk.world.plane.streams[&talk.stream].seat_of(peer.session).expect("a seat").number();
            let etag = talk.world.plane.session(peer.session).expect("there").etag;
            (seat, etag, peer)
        })
    };
    let at = |number| SeatWanted::At(seat(number));
    assert!(matches!(ask(at(1), &PublishOptions::Polite), Err(MediaError::StreamBusy)));
    assert!(matches!(ask(at(1), &PublishOptions::Return("other".to_owned())), Err(MediaError::StreamBusy)));
    let (seat, etag, _) = ask(SeatWanted::Next, &PublishOptions::Polite).expect("free");
    assert_eq!(seat, 2);
    let (seat, ..) = ask(SeatWanted::Next, &PublishOptions::Return(etag)).expect("the same comes back");
    assert_eq!(seat, 2);
    let seats: Vec<_> = (0..4).map(|_| ask(SeatWanted::Next, &PublishOptions::Polite).map(|(seat, ..)| seat).ok()).collect();
    assert_eq!(seats, [Some(3), Some(4), Some(5), None]);
    assert_eq!(ask(at(0), &PublishOptions::Replace).expect("taken over").0, 0);
}

#[test]
fn more_sections_than_a_panel_has_are_refused_and_each_track_has_a_name() {
    let mut talk = Talk::new(&[0]);
    talk.watch(5, 7);
    let answer = &talk.spectators[0].peer.answer;
    assert_eq!((answer.matches("m=audio 9").count(), answer.matches("m=audio 0").count()), (4, 1));
    assert_eq!((answer.matches("m=video 9").count(), answer.matches("m=video 0").count()), (6, 1));
    let mut names: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("a=msid:")).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10);
    assert_eq!(talk.slots(), [("5".to_owned(), 0)], "nobody has sent anything yet, but the host's picture is awaited");
    let got = talk.speak(0, 2_000);
    assert_eq!(got.len(), 2, "one is alone: {got:?}");
}
