use super::*;
use crate::media::codec::Codec;
use crate::media::layer::Incoming;
use std::time::Duration;

fn incoming(sequence: u16, timestamp: u32) -> Incoming {
    Incoming { sequence, timestamp, marker: true, payload: bytes::Bytes::from_static(&[0x65, 1, 2, 3]) }
}

fn filled(ssrc: u32, first: u16, count: u16, timestamp: u32) -> Layer {
    let mut layer = Layer::new("video", Codec::H264);
    extend(&mut layer, ssrc, first, count, timestamp);
    layer
}

fn extend(layer: &mut Layer, ssrc: u32, first: u16, count: u16, timestamp: u32) {
    for at in 0..count {
        layer.push(Instant::now(), ssrc, incoming(first.wrapping_add(at), timestamp.wrapping_add(u32::from(at) * 3_000)));
    }
    layer.release();
}

fn send(feed: &mut Feed, now: Instant, layer: &Layer) -> Vec<Rewritten> {
    let packets: Vec<_> = layer.released(feed.cursor()).cloned().collect();
    packets.iter().filter_map(|packet| feed.advance(now, packet)).collect()
}

#[test]
fn sequence_numbers_go_on_over_layers_and_wraps() {
    let now = Instant::now();
    let (low, high) = (filled(1, 5, 10, 0), filled(2, 60_000, 10, 0));
    let mut feed = Feed::new(0x7ffe, 90_000);
    feed.begin(now, 0, &low, 0, 0);
    let first = send(&mut feed, now, &low);
    feed.begin(now, 1, &high, 3, 9_000);
    let second = send(&mut feed, now, &high);
    let all: Vec<u64> = first.iter().chain(&second).map(|rewritten| rewritten.index).collect();
    assert_eq!(all, (0x7ffe..0x7ffe + 17).collect::<Vec<_>>());
}

#[test]
fn timestamps_move_forward_by_the_time_that_passed_between_publishers() {
    let now = Instant::now();
    let mut layer = filled(1, 1, 1, 777);
    let mut feed = Feed::new(1, 90_000);
    feed.begin(now, 0, &layer, 0, 777);
    let before = send(&mut feed, now, &layer)[0].timestamp;
    extend(&mut layer, 2, 9_000, 1, 4_000_000_000);
    let later = now + Duration::from_secs(2);
    feed.begin(later, 0, &layer, 1, 4_000_000_000);
    let after = send(&mut feed, later, &layer)[0].timestamp;
    assert_eq!(after.wrapping_sub(before), 180_000);
}

#[test]
fn a_backlog_is_squashed_and_the_present_is_not() {
    let now = Instant::now();
    let mut layer = filled(1, 1, 30, u32::MAX - 10_000);
    let mut feed = Feed::new(1, 90_000);
    feed.begin(now, 0, &layer, 0, u32::MAX - 10_000);
    let backlog = send(&mut feed, now, &layer);
    let steps: Vec<u32> = backlog.windows(2).map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp)).collect();
    assert!(steps.iter().all(|step| (93..=94).contains(step)), "{steps:?}");
    extend(&mut layer, 1, 31, 2, (u32::MAX - 10_000).wrapping_add(30 * 3_000));
    let live = send(&mut feed, now, &layer);
    assert_eq!(live[0].timestamp.wrapping_sub(backlog[29].timestamp), 3_000);
    assert_eq!(live[1].timestamp.wrapping_sub(live[0].timestamp), 3_000);
}

#[test]
fn a_viewer_who_stays_all_day_sees_time_go_on() {
    let now = Instant::now();
    let mut layer = filled(1, 1, 2, 0);
    let mut feed = Feed::new(1, 90_000);
    feed.begin(now, 0, &layer, 0, 0);
    let mut last = send(&mut feed, now, &layer)[1].timestamp;
    let (hour, mut source) = (3_600 * 90_000_u32, 3_000_u32);
    for round in 0..20_u16 {
        source = source.wrapping_add(hour);
        extend(&mut layer, 1, 3 + round, 1, source);
        let next = send(&mut feed, now, &layer)[0].timestamp;
        assert_eq!(next.wrapping_sub(last), hour, "hour {round}");
        last = next;
    }
}

#[test]
fn a_backlog_after_earlier_frames_does_not_go_back_in_time() {
    let now = Instant::now();
    let (low, high) = (filled(1, 1, 3, 0), filled(2, 1, 300, 5_000));
    let mut feed = Feed::new(1, 90_000);
    feed.begin(now, 0, &low, 0, 0);
    let last = send(&mut feed, now, &low)[2].timestamp;
    feed.begin(now, 1, &high, 0, 5_000);
    let next = send(&mut feed, now, &high)[0].timestamp;
    assert!((next.wrapping_sub(last) as i32) > 0, "{last} {next}");
}

#[test]
fn what_is_asked_for_again_is_found_in_its_segment_with_the_same_numbers() {
    let now = Instant::now();
    let (low, high) = (filled(1, 5, 10, 0), filled(2, 60_000, 10, 123));
    let mut feed = Feed::new(0x7fff, 90_000);
    let mut sent = Vec::new();
    feed.begin(now, 0, &low, 2, 6_000);
    sent.extend(low.released(feed.cursor()).cloned().collect::<Vec<_>>().iter().map(|packet| (0, packet.index, feed.advance(now, packet))));
    feed.begin(now, 1, &high, 4, 123);
    sent.extend(
        high.released(feed.cursor()).cloned().collect::<Vec<_>>().iter().map(|packet| (1, packet.index, feed.advance(now, packet))),
    );
    for (layer, index, rewritten) in sent {
        let rewritten = rewritten.expect("sent");
        let (segment, out) = feed.sent(rewritten.index as u16).expect("remembered");
        let packet = segment.source([&low, &high][layer], out).expect("in the history");
        assert_eq!((segment.layer, packet.index), (layer, index));
        assert_eq!(rewrite(&segment, packet), rewritten);
    }
    assert!(feed.sent(0x7fff_u16.wrapping_add(100)).is_none_or(|(segment, out)| segment.source(&high, out).is_none()), "never sent");
    assert!(feed.sent(3).is_none(), "from before the first");
}

#[test]
fn a_late_packet_goes_only_to_those_who_passed_its_place() {
    let now = Instant::now();
    let mut layer = filled(1, 1, 2, 0);
    layer.push(now, 1, incoming(4, 9_000));
    layer.release();
    let (mut ahead, mut joined) = (Feed::new(1, 90_000), Feed::new(1, 90_000));
    ahead.begin(now, 0, &layer, 0, 0);
    send(&mut ahead, now, &layer);
    joined.begin(now, 0, &layer, 3, 9_000);
    send(&mut joined, now, &layer);
    layer.push(now, 1, incoming(3, 6_000));
    let packet = layer.get(2).expect("late");
    assert_eq!(ahead.late(0, packet).map(|rewritten| rewritten.index), Some(3));
    assert_eq!(joined.late(0, packet), None);
    assert_eq!(ahead.late(1, packet), None, "another layer");
}

#[test]
fn padding_ends_in_its_length_and_vp8_counters_are_shifted() {
    let mut layer = Layer::new("video", Codec::Vp8);
    let payload = bytes::Bytes::from_static(&[0x90, 0x80, 0x05, 0x00, 9]);
    layer.push(Instant::now(), 1, Incoming { sequence: 1, timestamp: 0, marker: true, payload });
    layer.release();
    let mut packet = layer.get(0).expect("stored").clone();
    packet.padding = 3;
    let mut body = vec![0xff; packet.body()];
    Rewritten { index: 0, timestamp: 0, picture: 2, tl0: 0 }.write_body(&packet, &mut body);
    assert_eq!(body, [0x90, 0x80, 0x07, 0x00, 9, 0, 0, 3]);
}

/// Sound of `span` frames of 20 ms a packet.
fn sound(first: u16, packets: u16, span: u32) -> Layer {
    let mut layer = Layer::new("audio", Codec::Opus);
    for at in 0..packets {
        // CELT of 20 ms, code 3.
        let payload = bytes::Bytes::from(vec![31 << 3 | 3, span as u8, 1]);
        layer.push(Instant::now(), 7, Incoming { sequence: first + at, timestamp: u32::from(at) * span * 960, marker: false, payload });
    }
    layer.release();
    layer
}

#[test]
fn the_same_sound_in_other_packets_goes_on_by_the_same_clock_without_a_gap_or_a_repeat() {
    let now = Instant::now();
    let (short, more) = (sound(100, 21, 1), sound(100, 24, 1));
    let (long, longer) = (sound(5, 7, 3), sound(5, 10, 3));
    let mut feed = Feed::new(5, 48_000);
    feed.begin(now, 0, &short, 20, 20 * 960);
    let mut all = send(&mut feed, now, &short);
    assert!(feed.cross(1, &long, &short), "the next long packet begins where the last short one ended");
    assert!(send(&mut feed, now, &long).is_empty());
    all.extend(send(&mut feed, now + Duration::from_secs(9), &longer));
    assert!(!feed.cross(0, &more, &longer), "30 long ones are more than 24 short ones");
    assert!(feed.cross(0, &sound(100, 33, 1), &longer));
    all.extend(send(&mut feed, now, &sound(100, 33, 1)));
    let timestamps: Vec<u32> = all.iter().map(|sent| sent.timestamp.wrapping_sub(all[0].timestamp)).collect();
    assert_eq!(timestamps, [0, 960, 3_840, 6_720, 9_600, 10_560, 11_520]);
    assert!(all.windows(2).all(|pair| pair[1].index == pair[0].index + 1));

    let mut feed = Feed::new(5, 48_000);
    let shorter = sound(100, 20, 1);
    feed.begin(now, 0, &shorter, 19, 19 * 960);
    send(&mut feed, now, &shorter);
    assert!(feed.cross(1, &long, &shorter), "the newest long packet reaches beyond");
    let mut feed = Feed::new(5, 48_000);
    let shorter = sound(100, 23, 1);
    feed.begin(now, 0, &shorter, 22, 22 * 960);
    send(&mut feed, now, &shorter);
    assert!(!feed.cross(1, &long, &shorter), "the next long packet would repeat two frames");
}

/// A picture of a VP8 stream in three temporal layers: TID 0 2 1 2, each layer with a sync point in its first picture of eight.
fn vp8_picture(number: u16, packets: u16) -> Vec<bytes::Bytes> {
    let (tid, sync) = match number % 8 {
        0 | 4 => (0, false),
        2 => (1, true),
        1 | 3 => (2, true),
        6 => (1, false),
        _ => (2, false),
    };
    let [high, low] = (number & 0x7fff).to_be_bytes();
    let tl0 = (number / 4) as u8;
    let packet = |at: u16| {
        let first = if at == 0 { 0x90 } else { 0x80 };
        let tag = u8::from(number > 0 || at > 0);
        bytes::Bytes::from(vec![first, 0xe0, high | 0x80, low, tl0, tid << 6 | u8::from(sync) << 5, tag, at as u8])
    };
    (0..packets).map(packet).collect()
}

fn picture_id(packet: &Packet, rewritten: &Rewritten) -> u16 {
    let (_, _, value) = packet.vp8.and_then(|counters| counters.picture).expect("a picture id");
    value.wrapping_add(rewritten.picture) & 0x7fff
}

#[test]
fn fewer_temporal_layers_leave_no_gap_and_more_come_where_they_can_be_decoded() {
    use rand::{Rng as _, SeedableRng as _};
    for seed in 0..40 {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let (now, mut layer, mut feed) = (Instant::now(), Layer::new("f", Codec::Vp8), Feed::new(0x7ff0, 90_000));
        let lossy = seed % 2 == 1;
        let (mut sequence, mut sent, mut lost) = (65_000_u16, Vec::<(Packet, Rewritten)>::new(), Vec::new());
        for number in 0..400_u16 {
            let packets = vp8_picture(number, rng.random_range(1..5));
            let count = packets.len();
            for (at, payload) in packets.into_iter().enumerate() {
                let incoming = Incoming { sequence, timestamp: u32::from(number) * 3_000, marker: at + 1 == count, payload };
                sequence = sequence.wrapping_add(1);
                // The end of a hole must come, or the layer does not know of it.
                if lossy && number > 0 && number < 399 && rng.random_bool(0.05) {
                    lost.push(incoming);
                } else {
                    layer.push(now, 1, incoming);
                }
            }
            layer.release();
            if number == 0 {
                feed.begin(now, 0, &layer, 0, 0);
            }
            if rng.random_bool(0.1) {
                feed.want(rng.random_range(0..4));
            }
            for packet in layer.released(feed.cursor()).cloned().collect::<Vec<_>>() {
                sent.extend(feed.advance(now, &packet).map(|rewritten| (packet, rewritten)));
            }
            if lossy && rng.random_bool(0.3) && !lost.is_empty() {
                let late = lost.swap_remove(rng.random_range(0..lost.len()));
                let head = layer.head();
                if let crate::media::layer::Taken::Late(index) = layer.push(now, 1, late) {
                    assert!(index < head);
                    let packet = layer.get(index).expect("kept").clone();
                    sent.extend(feed.late(0, &packet).map(|rewritten| (packet, rewritten)));
                }
            }
        }
        let skipped = usize::from(sequence.wrapping_sub(65_000)) - lost.len() - sent.len();
        assert!(skipped > 100, "layers were left out: {skipped}");
        let mut numbers: Vec<u64> = sent.iter().map(|(_, rewritten)| rewritten.index).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "no number twice");
        if !lossy {
            assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "no gap");
            let pictures: Vec<u16> = sent.iter().map(|(packet, rewritten)| picture_id(packet, rewritten)).collect();
            assert!(pictures.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) <= 1), "no picture is missing");
        }
        // What can be asked for again is what was sent, byte for byte.
        let newest = sent.iter().map(|(_, rewritten)| rewritten.index).max().expect("something was sent");
        let mut again = 0;
        for (packet, rewritten) in sent.iter().filter(|(_, rewritten)| newest - rewritten.index < 200) {
            let Some((segment, out)) = feed.sent(rewritten.index as u16) else { continue };
            let Some(source) = segment.source(&layer, out) else { continue };
            assert_eq!((source.index, rewrite(&segment, source)), (packet.index, *rewritten));
            again += 1;
        }
        assert!(again > 20, "{again}");
        // Each picture above the base begins a layer with a sync point, or goes on from the last one of its layer.
        let mut had: [Option<u16>; 3] = [None; 3];
        for (packet, _) in sent.iter().filter(|_| !lossy) {
            let number = (packet.timestamp / 3_000) as u16;
            let tid = usize::from(packet.temporal.layer);
            let before = (0..number).rev().find(|other| vp8_picture(*other, 1)[0][5] >> 6 == packet.temporal.layer);
            let goes_on = had[tid] == Some(number) || had[tid] == before || packet.temporal.sync;
            assert!(tid == 0 || goes_on, "picture {number} of layer {tid} after {:?}", had[tid]);
            had[tid] = Some(number);
        }
    }
}
