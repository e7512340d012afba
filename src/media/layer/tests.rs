use bytes::Bytes;

use super::*;

const FRAME: u32 = 3_000;

fn h264(sequence: u16, frame: u32, marker: bool, key: bool) -> Incoming {
    sized(sequence, frame, marker, key, 20)
}

fn sized(sequence: u16, frame: u32, marker: bool, key: bool, length: usize) -> Incoming {
    let mut payload = vec![if key { 0x65 } else { 0x61 }];
    payload.resize(length, 0);
    Incoming { sequence, timestamp: frame * FRAME, marker, payload: payload.into() }
}

fn probe(sequence: u16, frame: u32) -> Incoming {
    Incoming { sequence, timestamp: frame * FRAME, marker: false, payload: Bytes::new() }
}

fn layer() -> Layer {
    Layer::new("video", Codec::H264)
}

fn indices(layer: &Layer) -> Vec<u64> {
    layer.released(0).map(|packet| packet.index).collect()
}

#[test]
fn probes_leave_no_holes_in_the_numbering_over_a_wrap() {
    let (now, mut layer) = (Instant::now(), layer());
    for (at, probing) in [(0_u16, false), (1, true), (2, true), (3, false), (4, true), (5, false)] {
        let sequence = 65_533_u16.wrapping_add(at);
        let packet = if probing { probe(sequence, 1) } else { h264(sequence, u32::from(at), true, false) };
        layer.push(now, 1, packet);
    }
    layer.release();
    assert_eq!(indices(&layer), [0, 1, 2]);
    assert_eq!(layer.counts.gaps, 0);
}

#[test]
fn a_packet_from_before_a_probe_still_finds_its_place() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(10, 1, true, true));
    layer.push(now, 1, probe(12, 1));
    layer.push(now, 1, h264(13, 2, true, false));
    layer.release();
    assert_eq!(indices(&layer), [0, 2]);
    assert_eq!(layer.push(now, 1, h264(11, 1, true, false)), Taken::Late(1));
    assert_eq!(layer.push(now, 1, h264(11, 1, true, false)), Taken::Dropped, "a duplicate");
    assert_eq!(indices(&layer), [0, 1, 2]);
    assert_eq!((layer.counts.gaps, layer.counts.filled), (1, 1));
}

#[test]
fn a_late_probe_fills_its_hole_as_padding() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(1, 1, true, true));
    layer.push(now, 1, h264(3, 2, true, false));
    layer.release();
    assert_eq!(layer.push(now, 1, probe(2, 1)), Taken::Late(1));
    assert_eq!(layer.get(1).map(|packet| (packet.payload.len(), packet.padding)), Some((0, 1)));
}

#[test]
fn the_history_is_bounded_and_forgets_a_key_frame_that_fell_out() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(0, 0, true, true));
    layer.release();
    assert_eq!(layer.gop(), Some(0));
    for sequence in 1..=VIDEO_HISTORY as u16 {
        layer.push(now, 1, h264(sequence, u32::from(sequence), true, false));
        layer.release();
    }
    assert_eq!(layer.released(0).count(), VIDEO_HISTORY);
    assert_eq!(layer.gop(), None);
    assert!(!layer.reaches(0));
}

#[test]
fn a_key_frame_starts_with_the_first_packet_of_its_frame() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(1, 1, true, false));
    let delimiter = Incoming { sequence: 2, timestamp: 2 * FRAME, marker: false, payload: Bytes::from_static(&[0x09, 0xf0]) };
    layer.push(now, 1, delimiter);
    layer.push(now, 1, h264(3, 2, true, true));
    assert_eq!(layer.gop(), None, "not yet released");
    layer.release();
    assert_eq!(layer.gop(), Some(1));
}

#[test]
fn a_frame_is_held_for_its_end_but_not_for_long() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(1, 1, false, true));
    assert_eq!(layer.due(now), Some(now + HOLD));
    layer.push(now, 1, h264(2, 1, true, true));
    assert_eq!(layer.due(now), Some(now));
    layer.release();
    assert_eq!(layer.due(now), None);
}

#[test]
fn packets_of_a_frame_are_padded_to_equal_length_and_a_short_last_one_is_not() {
    let (now, mut layer) = (Instant::now(), layer());
    for (sequence, length) in [(1, 999), (2, 1_000), (3, 998), (4, 300)] {
        layer.push(now, 1, sized(sequence, 1, sequence == 4, true, length));
    }
    layer.release();
    let bodies: Vec<usize> = layer.released(0).map(Packet::body).collect();
    assert_eq!(bodies, [1_000, 1_000, 1_000, 300]);
}

#[test]
fn another_source_and_a_jump_begin_a_new_epoch_at_the_next_index() {
    let (now, mut layer) = (Instant::now(), layer());
    layer.push(now, 1, h264(1, 1, true, true));
    layer.push(now, 2, h264(40_000, 1, true, false));
    layer.release();
    assert_eq!((layer.epoch, indices(&layer)), (1, vec![0, 1]));
    assert_eq!(layer.gop(), None, "the key frame was another source's");
    layer.push(now, 2, h264(100, 2, true, true));
    layer.release();
    assert_eq!((layer.epoch, indices(&layer)), (2, vec![0, 1, 2]));
    assert_eq!(layer.push(now, 2, h264(99, 2, true, true)), Taken::Dropped, "from before the epoch");
}

#[test]
fn a_payload_that_fits_no_datagram_is_dropped() {
    let mut layer = layer();
    assert_eq!(layer.push(Instant::now(), 1, sized(1, 1, true, true, 1_401)), Taken::Dropped);
}

#[test]
fn a_source_that_is_left_is_another_one_when_it_comes_back_with_the_same_number() {
    let (now, mut layer) = (Instant::now(), layer());
    for n in 0..20 {
        layer.push(now, 1, h264(n, u32::from(n), true, n == 0));
    }
    layer.release();
    layer.leave_source();
    assert_eq!((layer.epoch, layer.gop()), (1, None));
    assert_eq!(layer.push(now, 1, h264(3, 3, true, true)), Taken::Held, "not a duplicate");
    layer.release();
    assert_eq!((layer.epoch, layer.gop()), (1, Some(20)));
}
