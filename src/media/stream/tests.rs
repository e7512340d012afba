use super::*;

#[test]
fn publishers_with_ever_new_layers_find_room_as_the_old_ones_fall_silent() {
    let (mut stream, mut now) = (Stream::default(), Instant::now());
    let mut indices = std::collections::HashMap::new();
    for publisher in 0..20 {
        for rid in 0..3 {
            let at = stream.layer(now, Seat::HOST, &format!("{publisher}-{rid}"), Codec::Vp8).expect("room");
            let payload = bytes::Bytes::from_static(&[0x10, 0]);
            let incoming = crate::media::layer::Incoming { sequence: 7, timestamp: 1, marker: true, payload };
            stream.layers[at].push(now, publisher, incoming);
            stream.layers[at].release();
            let head = stream.layers[at].head();
            assert!(indices.insert(at, head).is_none_or(|before| before < head), "an index names one packet for ever");
        }
        now += Duration::from_secs(2);
    }
    assert!(stream.layers.len() <= MAX_LAYERS);
    let now = now - Duration::from_secs(1);
    let more = (0..MAX_LAYERS).filter(|n| stream.layer(now, Seat::HOST, &format!("more {n}"), Codec::H264).is_some()).count();
    assert!(more >= 1, "{more}");
}

fn asleep(stream: &Stream) -> Vec<&str> {
    stream.layers.iter().filter(|layer| layer.is_asleep()).map(|layer| &*layer.name).collect()
}

#[test]
fn layers_that_nobody_watches_sleep_after_a_while_but_for_the_smallest() {
    let (mut stream, mut now) = (Stream::default(), Instant::now());
    let send = |stream: &mut Stream, now: Instant, second: u16| {
        for (name, size) in [("q", 20), ("h", 60), ("f", 200)] {
            let at = stream.layer(now, Seat::HOST, name, Codec::H264).expect("room");
            for sequence in second * 10..second * 10 + 10 {
                let payload = vec![0x61; size].into();
                stream.layers[at].push(now, at as u32, crate::media::layer::Incoming { sequence, timestamp: 1, marker: true, payload });
            }
        }
    };
    let (mut none, mut third) = (Layers::default(), Layers::default());
    none.add(99);
    third.add(2);
    let mut changes = Vec::new();
    for second in 0..25 {
        send(&mut stream, now, second);
        now += Duration::from_secs(1);
        if stream.rest(now, if second < 5 { third } else { none }) {
            changes.push((second, asleep(&stream).join(" ")));
        }
    }
    assert_eq!(changes, [(10, "h".to_owned()), (14, "h f".to_owned())]);
    let all = choices(&stream.layers, now + Duration::from_secs(60), |_| true);
    assert_eq!(all.len(), 2, "those that sleep can be had: {all:?}");
    assert!(all.iter().all(|layer| layer.bitrate > 0));
    assert!(stream.followed(now, 1, third));
    assert!(stream.rest(now, none), "a viewer of another worker wants it");
    assert_eq!(asleep(&stream), ["h"]);
    stream.wake(now, Seat::HOST);
    assert!(asleep(&stream).is_empty() && !stream.rest(now, none));
}

#[test]
fn redundant_sound_is_kept_plain_too_and_merged_for_those_who_want_it() {
    let (mut stream, now) = (Stream::default(), Instant::now());
    let packet = |sequence: u16| {
        let mut red = vec![0x80 | 111, 0x0f, 0, 2, 111, 7, 7];
        red.extend_from_slice(&[0xfc, sequence as u8]);
        Incoming { sequence, timestamp: u32::from(sequence) * 960, marker: false, payload: red.into() }
    };
    for sequence in 0..30 {
        if sequence == 9 {
            stream.want(now, Sounds { merged: true, redundant: false });
        }
        stream.take(now, Seat::HOST, "audio", Codec::Red, 5, packet(sequence));
    }
    stream.layers.iter_mut().for_each(Layer::release);
    let sizes = |sound| {
        let layer = &stream.layers[stream.audio(now, Seat::HOST, sound).expect("there is sound")];
        layer.released(0).map(|packet| packet.payload.len()).collect::<Vec<_>>()
    };
    assert_eq!((sizes(Sound::Plain), sizes(Sound::Redundant), sizes(Sound::Merged)), (vec![2; 30], vec![9; 30], vec![7; 7]));
    let mut plain = Stream::default();
    plain.take(now, Seat::HOST, "audio", Codec::Opus, 5, packet(1));
    let of = |sound| plain.audio(now, Seat::HOST, sound);
    assert_eq!((of(Sound::Redundant), of(Sound::Merged)), (of(Sound::Plain), of(Sound::Plain)), "what is not there is not chosen");
}

#[test]
fn what_is_held_back_does_not_look_like_loss_when_it_comes_again() {
    let (mut stream, now) = (Stream::default(), Instant::now());
    let seat = Seat::new(1).expect("a seat");
    let send = |stream: &mut Stream, sequence: u16| {
        if !stream.holds_back(seat, Codec::Opus) {
            let payload = bytes::Bytes::from_static(&[0xFC, 0]);
            let packet = crate::media::layer::Incoming { sequence, timestamp: u32::from(sequence) * 960, marker: false, payload };
            stream.take(now, seat, "audio", Codec::Opus, 7, packet);
        }
    };
    (0..10).for_each(|sequence| send(&mut stream, sequence));
    stream.hold_back(seat, HeldBack { sound: true, picture: false });
    assert!(!stream.holds_back(seat, Codec::Vp8) && !stream.holds_back(Seat::HOST, Codec::Opus), "nothing else is");
    (10..5_000).for_each(|sequence| send(&mut stream, sequence));
    stream.hold_back(seat, HeldBack::default());
    (5_000..5_010).for_each(|sequence| send(&mut stream, sequence));
    let at = stream.layer(now, seat, "audio", Codec::Opus).expect("there");
    assert_eq!(stream.layers[at].next(), 20, "one after the other, without a hole");
    stream.hold_back(seat, HeldBack { sound: true, picture: true });
    stream.leave(seat);
    assert!(!stream.holds_back(seat, Codec::Opus), "whoever comes next begins anew");
}
