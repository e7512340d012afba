//! What a sound or a video is, by its container: MP4 (ISO 14496-12), WebM and Ogg with Opus. A file is walked through to its end, so that nothing else
//! hides in it, and what an MP4 tells of where it was taken is blanked.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};

/// The description of an MP4's tracks is some kilobytes for a minute.
const DESCRIPTION: u64 = 4 * 1024 * 1024;
/// Depth of boxes in which tracks are described.
const DEEPEST: usize = 4;
/// An Ogg page has 64 KiB at most.
const OGG_PAGE: i64 = 65_307;

// Elements of Matroska (RFC 9559).
const EBML: u64 = 0x1A45_DFA3;
const DOC_TYPE: u64 = 0x4282;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const SCALE: u64 = 0x2A_D7B1;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK: u64 = 0xAE;
const TRACK_TYPE: u64 = 0x83;
const CLUSTER: u64 = 0x1F43_B675;
const TIMESTAMP: u64 = 0xE7;
const SIMPLE_BLOCK: u64 = 0xA3;
const BLOCK_GROUP: u64 = 0xA0;
const BLOCK: u64 = 0xA1;
/// What players show beside it, and where some programs write a place.
const TAGS: u64 = 0x1254_C367;
const CHAPTERS: u64 = 0x1043_A770;
/// Seek head, cues, void, checksum; position and size of a cluster; duration, references, padding and additions of a block. Attachments, in which
/// something could hide, are not among them.
const SKIPPED: [u64; 10] = [0x114D_9B74, 0x1C53_BB6B, 0xEC, 0xBF, 0xA7, 0xAB, 0x9B, 0xFB, 0x75A2, 0x75A1];

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) container: Container,
    pub(super) has_picture: bool,
    pub(super) has_sound: bool,
    /// None if the file does not say, as one that is written while it is recorded.
    pub(super) millis: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Mp4,
    Webm,
    Ogg,
}

/// Looks through a file; none if it is nothing of these, or not whole.
pub(super) fn look(file: &mut File) -> Result<Option<Found>> {
    let mut head = [0; 12];
    file.seek(SeekFrom::Start(0))?;
    if file.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    match &head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => mp4(file),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => webm(file),
        [b'O', b'g', b'g', b'S', ..] => ogg(file),
        _ => Ok(None),
    }
}

/// A box: where its contents are, and where it ends.
struct Boxed {
    kind: [u8; 4],
    at: u64,
    contents: u64,
    end: u64,
}

fn next_box(file: &mut File, at: u64, end: u64) -> Result<Option<Boxed>> {
    let mut head = [0; 16];
    if end - at < 8 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head[..8])?;
    let kind = [head[4], head[5], head[6], head[7]];
    let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
    let (size, contents) = match short {
        0 => (end - at, at + 8),
        1 if end - at >= 16 => {
            file.read_exact(&mut head[8..])?;
            (u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]]), at + 16)
        }
        size => (size, at + 8),
    };
    let fits = size >= contents - at && size <= end - at;
    Ok(fits.then(|| Boxed { kind, at, contents, end: at + size }))
}

fn mp4(file: &mut File) -> Result<Option<Found>> {
    let length = file.metadata()?.len();
    let mut found = Found { container: Container::Mp4, has_picture: false, has_sound: false, millis: None };
    let (mut at, mut described) = (0, false);
    while at < length {
        let Some(one) = next_box(file, at, length)? else { return Ok(None) };
        match &one.kind {
            b"moov" if one.end - one.contents <= DESCRIPTION => {
                described = true;
                if !describe(file, &one, 0, &mut found)? {
                    return Ok(None);
                }
            }
            b"udta" | b"meta" | b"uuid" => blank(file, &one)?,
            b"ftyp" | b"mdat" | b"free" | b"skip" | b"wide" | b"moof" | b"mfra" | b"sidx" | b"styp" => {}
            _ => return Ok(None),
        }
        at = one.end;
    }
    Ok(described.then_some(found))
}

/// Reads what the boxes within one say. False if they do not fill it.
fn describe(file: &mut File, within: &Boxed, depth: usize, found: &mut Found) -> Result<bool> {
    let (mut at, mut whole) = (within.contents, true);
    while at < within.end {
        let Some(one) = next_box(file, at, within.end)? else { return Ok(false) };
        match &one.kind {
            b"udta" | b"meta" | b"uuid" => blank(file, &one)?,
            b"trak" | b"mdia" | b"mvex" if depth < DEEPEST => whole &= describe(file, &one, depth + 1, found)?,
            b"mvhd" => found.millis = duration(&contents(file, &one)?),
            b"hdlr" => match contents(file, &one)?.get(8..12) {
                Some(b"vide") => found.has_picture = true,
                Some(b"soun") => found.has_sound = true,
                _ => {}
            },
            _ => {}
        }
        at = one.end;
    }
    Ok(whole)
}

fn contents(file: &mut File, one: &Boxed) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from((one.end - one.contents).min(128)).unwrap_or(0)];
    file.seek(SeekFrom::Start(one.contents))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Milliseconds of an `mvhd` box; none if it does not know.
fn duration(bytes: &[u8]) -> Option<i64> {
    let long = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (scale, length) = match bytes.first()? {
        1 => (long(20)?, u64::from(long(24)?) << 32 | u64::from(long(28)?)),
        _ => (long(12)?, u64::from(long(16)?)),
    };
    let unknown = length == 0 || length == u64::from(u32::MAX) || length == u64::MAX || scale == 0;
    if unknown { None } else { i64::try_from(length.checked_mul(1_000)? / u64::from(scale)).ok() }
}

/// Makes a box one that programs skip, with nothing in it.
fn blank(file: &mut File, one: &Boxed) -> Result<()> {
    file.seek(SeekFrom::Start(one.at + 4))?;
    file.write_all(b"free")?;
    file.seek(SeekFrom::Start(one.contents))?;
    std::io::copy(&mut std::io::repeat(0).take(one.end - one.contents), file).map(|_| ())
}

/// An element of Matroska (RFC 8794): where its contents are, and how many bytes; none of one that ends where the next of its level begins.
struct Element {
    id: u64,
    contents: u64,
    size: Option<u64>,
}

/// A number of Matroska, as many bytes as its first one says; with the marker for an id, without for a size.
fn number(bytes: &[u8], marked: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let width = first.leading_zeros() as usize + 1;
    let all = bytes.get(..width).filter(|_| width <= 8)?;
    let value = all.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Some((if marked { value } else { value & !(1 << (7 * width)) }, width))
}

fn element(bytes: &[u8], at: u64) -> Option<Element> {
    let (id, width) = number(bytes, true).filter(|(_, width)| *width <= 4)?;
    let (size, more) = number(&bytes[width..], false)?;
    let unknown = size == (1 << (7 * more)) - 1;
    Some(Element { id, contents: at + (width + more) as u64, size: (!unknown).then_some(size) })
}

/// The elements right within some bytes, with their contents.
fn children(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut all = Vec::new();
    while let Some(one) = element(bytes, 0) {
        let end = one.size.and_then(|size| size.checked_add(one.contents)).and_then(|end| usize::try_from(end).ok());
        let Some(contents) = end.and_then(|end| bytes.get(one.contents as usize..end)) else { break };
        all.push((one.id, contents));
        bytes = &bytes[one.contents as usize + contents.len()..];
    }
    all
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Walked element by element: what a browser records does not say how long it is, but its last frame does.
fn webm(file: &mut File) -> Result<Option<Found>> {
    let length = file.metadata()?.len();
    let mut found = Found { container: Container::Webm, has_picture: false, has_sound: false, millis: None };
    let (mut at, mut is_webm, mut scale, mut cluster, mut last) = (0, false, 1_000_000, 0, 0);
    while at < length {
        let mut head = [0; 24];
        file.seek(SeekFrom::Start(at))?;
        let read = file.take(24).read(&mut head)?;
        let Some(one) = element(&head[..read], at) else { return Ok(None) };
        let end = one.contents + one.size.unwrap_or(0);
        if end > length {
            return Ok(None);
        }
        let mut within = Vec::new();
        if matches!(one.id, EBML | INFO | TRACK | TIMESTAMP | SIMPLE_BLOCK | BLOCK) {
            file.seek(SeekFrom::Start(one.contents))?;
            file.take(one.size.unwrap_or(0).min(if one.id == TRACK { DESCRIPTION } else { 4_096 })).read_to_end(&mut within)?;
        }
        match one.id {
            EBML => is_webm = children(&within).contains(&(DOC_TYPE, b"webm")),
            INFO => scale = children(&within).iter().find(|(id, _)| *id == SCALE).map_or(scale, |(_, value)| unsigned(value)),
            TRACK => {
                let kind = children(&within).iter().find(|(id, _)| *id == TRACK_TYPE).map(|(_, value)| unsigned(value));
                (found.has_picture, found.has_sound) = (found.has_picture || kind == Some(1), found.has_sound || kind == Some(2));
            }
            TIMESTAMP => cluster = unsigned(&within),
            SIMPLE_BLOCK | BLOCK => {
                let after = number(&within, false).and_then(|(_, width)| within.get(width..width + 2));
                let after = after.map_or(0, |bytes| i16::from_be_bytes([bytes[0], bytes[1]]));
                last = cluster.saturating_add_signed(i64::from(after)).max(last);
            }
            SEGMENT | TRACKS | CLUSTER | BLOCK_GROUP => {}
            TAGS | CHAPTERS if one.size.is_some() && end - at >= 9 => void(file, at, end)?,
            id if SKIPPED.contains(&id) && one.size.is_some() => {}
            _ => return Ok(None),
        }
        // What holds what we look at is entered, anything else is passed over.
        at = if matches!(one.id, SEGMENT | TRACKS | CLUSTER | BLOCK_GROUP) { one.contents } else { end };
    }
    found.millis = i64::try_from(last.saturating_mul(scale) / 1_000_000).ok();
    Ok(is_webm.then_some(found))
}

/// Puts an element of nothing in the place of one.
fn void(file: &mut File, at: u64, end: u64) -> Result<()> {
    let left = end - at - 9;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&[0xEC])?;
    file.write_all(&(left | 1 << 56).to_be_bytes())?;
    std::io::copy(&mut std::io::repeat(0).take(left), file).map(|_| ())
}

/// Opus in Ogg (RFC 7845): the last page says how many samples of 48 kHz there are.
fn ogg(file: &mut File) -> Result<Option<Found>> {
    let length = i64::try_from(file.metadata()?.len()).unwrap_or(i64::MAX);
    let mut head = vec![0; usize::try_from(length.min(512)).unwrap_or(0)];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut head)?;
    if !head.windows(8).any(|w| w == b"OpusHead") {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-length.min(OGG_PAGE)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let Some(page) = tail.windows(4).rposition(|w| w == b"OggS").map(|at| &tail[at..]) else { return Ok(None) };
    let samples = page.get(6..14).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    // The table of the page says where it ends, and there the file must end too.
    let table = page.get(26).and_then(|n| page.get(27..27 + usize::from(*n)));
    let whole = table.is_some_and(|table| 27 + table.len() + table.iter().map(|n| usize::from(*n)).sum::<usize>() == page.len());
    let millis = samples.and_then(|samples| i64::try_from(samples / 48).ok());
    Ok(whole.then_some(Found { container: Container::Ogg, has_picture: false, has_sound: true, millis }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        [&((contents.len() + 8) as u32).to_be_bytes()[..], kind, contents].concat()
    }

    fn movie(handler: &[u8; 4], seconds: u32) -> Vec<u8> {
        let mvhd = [&[0; 12][..], &1_000_u32.to_be_bytes(), &(seconds * 1_000).to_be_bytes(), &[0; 80]].concat();
        let track = boxed(b"mdia", &boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 12]].concat()));
        let position = boxed(b"udta", &boxed(b"\xA9xyz", b"+30.2500+120.1700/"));
        let moov = boxed(b"moov", &[boxed(b"mvhd", &mvhd), boxed(b"trak", &track), position].concat());
        [boxed(b"ftyp", b"isom\0\0\0\0"), moov, boxed(b"mdat", &[7; 64])].concat()
    }

    fn looked(bytes: &[u8]) -> (Option<Found>, Vec<u8>) {
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(bytes).expect("written");
        let found = look(&mut file).expect("read");
        let mut after = Vec::new();
        file.seek(SeekFrom::Start(0)).expect("start");
        file.read_to_end(&mut after).expect("read");
        (found, after)
    }

    #[test]
    fn a_movie_says_what_is_in_it_and_no_longer_where_it_was_taken() {
        let (found, after) = looked(&movie(b"vide", 42));
        let expected = Found { container: Container::Mp4, has_picture: true, has_sound: false, millis: Some(42_000) };
        assert_eq!(found, Some(expected));
        assert!(!after.windows(8).any(|w| w == b"+30.2500") && after.len() == movie(b"vide", 42).len());
        assert_eq!(looked(&movie(b"soun", 0)).0, Some(Found { has_picture: false, has_sound: true, millis: None, ..expected }));
    }

    #[test]
    fn what_is_cut_off_disguised_or_something_else_is_refused() {
        let whole = movie(b"vide", 10);
        let behind = [&whole[..], b"<html><script>alert(1)</script>"].concat();
        let strange = [&whole[..], &boxed(b"EVIL", b"x")].concat();
        for bad in [
            &whole[..whole.len() - 9],
            &behind,
            &strange,
            &whole[..16],
            b"RIFF....AVI LIST",
            b"<svg onload=alert(1)>",
            b"",
            b"\x1A\x45\xDF\xA3 broken file",
        ] {
            assert_eq!(looked(bad).0, None, "{:?}", &bad[..bad.len().min(12)]);
        }
    }

    /// As a browser records it: neither the segment nor the cluster says how long it is.
    fn recorded(tail: &[u8]) -> Vec<u8> {
        let unknown = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        let head = [&[0x1A, 0x45, 0xDF, 0xA3, 0x87, 0x42, 0x82, 0x84][..], b"webm"].concat();
        let info = [0x15, 0x49, 0xA9, 0x66, 0x87, 0x2A, 0xD7, 0xB1, 0x83, 0x0F, 0x42, 0x40];
        let tracks = [0x16, 0x54, 0xAE, 0x6B, 0x85, 0xAE, 0x83, 0x83, 0x81, 0x02];
        let block = |after: u16| [&[0xA3, 0x86, 0x81][..], &after.to_be_bytes(), &[0x80, 1, 2]].concat();
        let cluster = [&[0x1F, 0x43, 0xB6, 0x75][..], &unknown, &[0xE7, 0x82, 0x03, 0xE8], &block(0), &block(2_500)].concat();
        [&head[..], &[0x18, 0x53, 0x80, 0x67], &unknown, &info, &tracks, &cluster, tail].concat()
    }

    #[test]
    fn what_a_browser_records_is_as_long_as_its_last_frame_says() {
        let expected = Found { container: Container::Webm, has_picture: false, has_sound: true, millis: Some(3_500) };
        assert_eq!(looked(&recorded(&[])).0, Some(expected));
        let tags = [&[0x12, 0x54, 0xC3, 0x67, 0x90][..], b"+30.25+120.17/xx"].concat();
        let (found, after) = looked(&recorded(&tags));
        assert_eq!((found, after.len()), (Some(expected), recorded(&tags).len()));
        assert!(!after.windows(6).any(|w| w == b"+30.25"));
        assert_eq!(looked(&after).0, Some(expected), "and can be read again");
        for behind in [&b"<html><script>"[..], b"PK\x03\x04", b"\x19\x41\xA4\x69\x81x", &[0xA3, 0x90, 0x81]] {
            assert_eq!(looked(&recorded(behind)).0, None, "{behind:?}");
        }
    }

    #[test]
    fn speech_of_a_browser_in_ogg_is_as_long_as_its_last_page_says() {
        let page = |granule: u64, body: &[u8]| [b"OggS\0\0", &granule.to_le_bytes()[..], &[0; 12], &[1, body.len() as u8], body].concat();
        let speech = [page(0, b"OpusHead........"), page(48_000 * 5, &[1; 40])].concat();
        assert_eq!(looked(&speech).0.map(|f| (f.container, f.millis)), Some((Container::Ogg, Some(5_000))));
        assert_eq!(looked(&[&speech[..], b"PK\x03\x04"].concat()).0, None, "something stands behind it");
        assert_eq!(looked(&page(0, b"\x01vorbis..........")).0, None);
    }
}
