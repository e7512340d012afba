//! Writes Matroska (RFC 9559): one picture and one sound, in clusters, with an index where the file is put together from pieces.
//!
//! A file of a segment stands for itself; behind its head come clusters whose times count from the beginning of the whole recording, so that the
//! clusters of many segments behind one new head are one file ([`whole`]).

use super::{Picture, TrackCodec};

pub(super) const VIDEO: u64 = 1;
pub(super) const AUDIO: u64 = 2;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const CLUSTER: u32 = 0x1f43_b675;
const SIMPLE_BLOCK: u32 = 0xa3;
const CUES: u32 = 0x1c53_bb6b;
/// A cluster's blocks count from its own time in 16 bits, and players seek to clusters.
const CLUSTER_MS: i64 = 5_000;

/// Twenty milliseconds of it in Opus.
const SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];

/// A frame with its time.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) track: u64,
    pub(super) at: i64,
    pub(super) key: bool,
    pub(super) data: Vec<u8>,
}

fn put_id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    out.extend(bytes.iter().skip_while(|byte| **byte == 0));
}

/// A size in eight bytes, so that what is written is as long whatever it says.
fn put_size(out: &mut Vec<u8>, size: u64) {
    out.extend((size | 1 << 56).to_be_bytes());
}

fn put(out: &mut Vec<u8>, id: u32, content: &[u8]) {
    put_id(out, id);
    put_size(out, content.len() as u64);
    out.extend(content);
}

fn put_number(out: &mut Vec<u8>, id: u32, number: u64) {
    put(out, id, &number.to_be_bytes());
}

fn put_text(out: &mut Vec<u8>, id: u32, text: &str) {
    put(out, id, text.as_bytes());
}

fn put_float(out: &mut Vec<u8>, id: u32, number: f64) {
    put(out, id, &number.to_be_bytes());
}

fn ebml(webm: bool) -> Vec<u8> {
    let mut inside = Vec::new();
    for (id, number) in [(0x4286, 1), (0x42f7, 1), (0x42f2, 4), (0x42f3, 8)] {
        put_number(&mut inside, id, number);
    }
    put_text(&mut inside, 0x4282, if webm { "webm" } else { "matroska" });
    put_number(&mut inside, 0x4287, 4);
    put_number(&mut inside, 0x4285, 2);
    let mut out = Vec::new();
    put(&mut out, EBML, &inside);
    out
}

fn info(duration: i64) -> Vec<u8> {
    let mut inside = Vec::new();
    // Times are in milliseconds.
    put_number(&mut inside, 0x002a_d7b1, 1_000_000);
    put_float(&mut inside, 0x4489, duration as f64);
    put_text(&mut inside, 0x4d80, "springbreeze");
    put_text(&mut inside, 0x5741, "springbreeze");
    let mut out = Vec::new();
    put(&mut out, INFO, &inside);
    out
}

fn tracks(picture: Option<&Picture>) -> Vec<u8> {
    let mut inside = Vec::new();
    if let Some(picture) = picture {
        let mut size = Vec::new();
        put_number(&mut size, 0xb0, u64::from(picture.width));
        put_number(&mut size, 0xba, u64::from(picture.height));
        let codec = if picture.codec == TrackCodec::Vp8 { "V_VP8" } else { "V_MPEG4/ISO/AVC" };
        entry(&mut inside, (VIDEO, 1, codec), &picture.private, |track| put(track, 0xe0, &size));
    }
    // OpusHead (RFC 7845, section 5.1): version 1, two channels, nothing to skip.
    let mut head = b"OpusHead\x01\x02\0\0".to_vec();
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    entry(&mut inside, (AUDIO, 2, "A_OPUS"), &head, |track| {
        put_number(track, 0x56bb, 80_000_000);
        let mut sound = Vec::new();
        put_float(&mut sound, 0xb5, 48_000.0);
        put_number(&mut sound, 0x9f, 2);
        put(track, 0xe1, &sound);
    });
    let mut out = Vec::new();
    put(&mut out, TRACKS, &inside);
    out
}

fn entry(out: &mut Vec<u8>, (number, kind, codec): (u64, u64, &str), private: &[u8], more: impl FnOnce(&mut Vec<u8>)) {
    let mut track = Vec::new();
    put_number(&mut track, 0xd7, number);
    put_number(&mut track, 0x73c5, number);
    put_number(&mut track, 0x83, kind);
    put_number(&mut track, 0x9c, 0);
    put_text(&mut track, 0x86, codec);
    if !private.is_empty() {
        put(&mut track, 0x63a2, private);
    }
    more(&mut track);
    put(out, TRACK_ENTRY, &track);
}

/// Blocks in the order of their times, as clusters.
pub(super) fn clusters(blocks: &[Block]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = blocks;
    while let Some(first) = rest.first() {
        let begin = first.at;
        let ends = |block: &Block| block.at - begin >= CLUSTER_MS || (block.track == VIDEO && block.key && block.at > begin);
        let count = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
        let (inside, after) = rest.split_at(count);
        let mut cluster = Vec::new();
        put_number(&mut cluster, 0xe7, begin as u64);
        for block in inside {
            let mut content = Vec::with_capacity(block.data.len() + 4);
            content.push(0x80 | block.track as u8);
            content.extend(((block.at - begin) as i16).to_be_bytes());
            content.push(if block.key { 0x80 } else { 0 });
            content.extend(&block.data);
            put(&mut cluster, SIMPLE_BLOCK, &content);
        }
        put(&mut out, CLUSTER, &cluster);
        rest = after;
    }
    out
}

/// A file that stands for itself, and the length of its head, behind which the clusters are.
pub(super) fn file(picture: Option<&Picture>, blocks: &[Block], ends_at: i64) -> (Vec<u8>, usize) {
    let clusters = clusters(blocks);
    let begins_at = blocks.first().map_or(0, |block| block.at);
    let piece = Piece { begins_at, ends_at, bytes: clusters.len() as u64 };
    let Whole { mut head, .. } = put_together(picture, &[piece], &[]);
    let length = head.len();
    head.extend(clusters);
    (head, length)
}

/// The clusters of one segment.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub begins_at: i64,
    pub ends_at: i64,
    /// Of its clusters alone.
    pub bytes: u64,
}

/// A file put together from pieces.
#[derive(Clone, Debug)]
pub struct Whole {
    /// What comes before the clusters of the pieces.
    pub head: Vec<u8>,
    pub bytes: u64,
    pub webm: bool,
}

/// The head for the clusters of `pieces`, one after the other, with an index of where each begins. A moment of silence at zero makes players count
/// from there, so that the files of people who came one after the other can be played side by side.
pub fn whole(picture: Option<&Picture>, pieces: &[Piece]) -> Whole {
    let silence = Block { track: AUDIO, at: 0, key: true, data: SILENCE.to_vec() };
    let late = pieces.first().is_some_and(|first| first.begins_at > 0);
    put_together(picture, pieces, &if late { clusters(&[silence]) } else { Vec::new() })
}

fn put_together(picture: Option<&Picture>, pieces: &[Piece], lead: &[u8]) -> Whole {
    let webm = picture.is_none_or(|picture| picture.codec == TrackCodec::Vp8);
    let ends_at = pieces.iter().map(|piece| piece.ends_at).max().unwrap_or(0);
    let (info, tracks) = (info(ends_at), tracks(picture));
    let track = if picture.is_some() { VIDEO } else { AUDIO };
    let index = |first: u64| {
        let (mut inside, mut at) = (Vec::new(), first);
        for piece in pieces {
            let mut place = Vec::new();
            put_number(&mut place, 0xf7, track);
            put_number(&mut place, 0xf1, at);
            let mut point = Vec::new();
            put_number(&mut point, 0xb3, piece.begins_at.max(0) as u64);
            put(&mut point, 0xb7, &place);
            put(&mut inside, 0xbb, &point);
            at += piece.bytes;
        }
        let mut out = Vec::new();
        put(&mut out, CUES, &inside);
        out
    };
    // All numbers are as long whatever they say, so the index may be written twice.
    let before = (info.len() + tracks.len() + index(0).len()) as u64;
    let index = index(before + lead.len() as u64);
    let clusters: u64 = pieces.iter().map(|piece| piece.bytes).sum();
    let mut head = ebml(webm);
    put_id(&mut head, SEGMENT);
    put_size(&mut head, before + lead.len() as u64 + clusters);
    for part in [&info[..], &tracks, &index, lead] {
        head.extend(part);
    }
    let bytes = head.len() as u64 + clusters;
    Whole { head, bytes, webm }
}

#[cfg(test)]
mod tests {
    use super::*;
    use matroska_demuxer::{Frame, MatroskaFile, TrackType};
    use std::io::Cursor;

    fn picture() -> Picture {
        Picture { codec: TrackCodec::H264, width: 640, height: 360, private: vec![1, 66, 192, 31, 255, 225, 0] }
    }

    fn blocks(from: i64) -> Vec<Block> {
        let block = |n: i64| {
            let video = n % 2 == 0;
            Block { track: if video { VIDEO } else { AUDIO }, at: from + n * 20, key: !video || n % 100 == 0, data: vec![n as u8; 40] }
        };
        (0..1_000).map(block).collect()
    }

    fn read(file: Vec<u8>) -> (Vec<(u64, u64, bool)>, f64) {
        let mut file = MatroskaFile::open(Cursor::new(file)).expect("Matroska");
        assert_eq!(file.tracks().iter().map(|t| t.track_type()).collect::<Vec<_>>(), [TrackType::Video, TrackType::Audio]);
        let (mut frame, mut seen) = (Frame::default(), Vec::new());
        while file.next_frame(&mut frame).expect("frame") {
            seen.push((frame.track, frame.timestamp, frame.is_keyframe.unwrap_or(false)));
        }
        (seen, file.info().duration().expect("duration"))
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let (file, head) = file(Some(&picture()), &blocks(0), 20_000);
        assert!(head < 1_000, "{head}");
        let (seen, duration) = read(file);
        assert_eq!((seen.len(), duration), (1_000, 20_000.0));
        let wrong = (0..).zip(&seen).find(|(n, (track, at, _))| (*track, *at) != (1 + n % 2, n * 20));
        assert_eq!(wrong, None);
    }

    #[test]
    fn the_clusters_of_many_files_behind_one_head_are_one_file() {
        let parts: Vec<_> = (0..3).map(|n| file(Some(&picture()), &blocks(n * 20_000 + 500), (n + 1) * 20_000)).collect();
        let pieces: Vec<Piece> = (0..)
            .zip(&parts)
            .map(|(n, (file, head))| Piece { begins_at: n * 20_000 + 500, ends_at: (n + 1) * 20_000, bytes: (file.len() - head) as u64 })
            .collect();
        let Whole { head, bytes, webm } = whole(Some(&picture()), &pieces);
        let mut all = head;
        parts.iter().for_each(|(file, head)| all.extend(&file[*head..]));
        assert_eq!((all.len() as u64, webm), (bytes, false));
        let (seen, duration) = read(all.clone());
        assert_eq!((seen.len(), duration, seen[0]), (3_001, 60_000.0, (AUDIO, 0, true)), "and a moment of silence");
        assert!(seen.windows(2).all(|pair| pair[0].1 < pair[1].1));
        let mut file = MatroskaFile::open(Cursor::new(all)).expect("Matroska");
        file.seek(45_000).expect("found by the index");
        let mut frame = Frame::default();
        assert!(file.next_frame(&mut frame).expect("frame") && frame.timestamp >= 40_000, "{}", frame.timestamp);
    }
}
