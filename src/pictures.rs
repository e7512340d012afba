//! Photos and scans that people send, rid of what they do not know is in them: the place where a photo was taken, comments, previews, whatever
//! is hidden behind the picture. Pixels stay as they are; which way up a photo is stays too, because it would lie on its side without.
//!
//! Pure. What was sent is never encoded anew, which would lose small print on a licence; [`small`] makes a copy beside it, in bounded memory.

use bytes::Bytes;
use image::ImageDecoder;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::webp::WebP;

/// The kinds of pictures that all browsers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    Jpeg,
    Png,
    Webp,
}

impl Picture {
    /// Of a media type.
    pub fn of(mime: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Webp].into_iter().find(|kind| kind.mime() == mime)
    }

    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// Chunks of a PNG that say what its pixels are.
const PNG: [&[u8; 4]; 9] = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"];
/// The same of WebP; of an animation none, because a paper does not move.
const WEBP: [&[u8; 4]; 4] = [b"VP8 ", b"VP8L", b"ALPH", b"ICCP"];
/// Flags of a `VP8X` chunk for EXIF, XMP and animation (RFC 9649, section 2.7.1).
const WEBP_EXTRAS: u8 = 0b0000_1110;

/// More than the largest photo of a phone that fits into what is taken, which has 50 million. A small file may claim four thousand million,
/// for which whoever looks at it would have no memory.
const MOST_PIXELS: u64 = 64 * 1024 * 1024;

/// The picture without anything else; none if it cannot be read to its end, or is larger than any photo.
pub fn stripped(bytes: Vec<u8>, kind: Picture) -> Option<Vec<u8>> {
    let bytes = Bytes::from(bytes);
    pixels(&bytes, kind).filter(|n| *n <= MOST_PIXELS)?;
    match kind {
        Picture::Jpeg => jpeg(&bytes),
        Picture::Png => png(bytes),
        Picture::Webp => webp(bytes),
    }
}

/// Width by height, as a viewer will make room for.
fn pixels(bytes: &Bytes, kind: Picture) -> Option<u64> {
    match kind {
        Picture::Jpeg => pixels_of_jpeg(bytes),
        Picture::Png => Some(number(bytes.get(16..20)?) * number(bytes.get(20..24)?)),
        Picture::Webp => pixels_of_webp(bytes),
    }
}

/// Of a few bytes, the most significant first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// The largest of all frames: a file may hold several, and viewers differ in which they take.
fn pixels_of_jpeg(bytes: &Bytes) -> Option<u64> {
    let jpeg = Jpeg::from_bytes(bytes.clone()).ok()?;
    let frames = jpeg.segments().iter().filter(|s| matches!(s.marker(), 0xC0..=0xCF) && !matches!(s.marker(), 0xC4 | 0xC8 | 0xCC));
    Some(frames.filter_map(|s| Some(number(s.contents().get(1..3)?) * number(s.contents().get(3..5)?))).max().unwrap_or_default())
}

/// Of the canvas, or of the picture if that is all there is (RFC 9649, sections 2.5 to 2.7).
fn pixels_of_webp(bytes: &Bytes) -> Option<u64> {
    let webp = WebP::from_bytes(bytes.clone()).ok()?;
    let little = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let of = |chunk: &img_parts::riff::RiffChunk| {
        let data = chunk.content().data()?;
        match &chunk.id() {
            b"VP8X" => Some((little(data.get(4..7)?) + 1) * (little(data.get(7..10)?) + 1)),
            b"VP8 " => Some((little(data.get(6..8)?) & 0x3FFF) * (little(data.get(8..10)?) & 0x3FFF)),
            b"VP8L" => {
                let both = little(data.get(1..5)?);
                Some(((both & 0x3FFF) + 1) * ((both >> 14 & 0x3FFF) + 1))
            }
            _ => None,
        }
    };
    Some(webp.chunks().iter().filter_map(of).max().unwrap_or_default())
}

/// Pixels of the longer side of a small copy: a phone's screen is about that wide.
const SMALL: u32 = 640;
/// Of 100. Below that faces and letters get blocks.
const QUALITY: u8 = 70;
/// Bytes that decoding may take: the largest picture of a posting, three bytes a pixel, and as much again to turn it.
const DECODING: u64 = 256 * 1024 * 1024;

/// A small copy as a JPEG, the right way up and on white; none if the picture is small already or cannot be decoded. Takes up to a second.
pub fn small(bytes: &[u8], kind: Picture) -> Option<Vec<u8>> {
    let format = match kind {
        Picture::Jpeg => image::ImageFormat::Jpeg,
        Picture::Png => image::ImageFormat::Png,
        Picture::Webp => image::ImageFormat::WebP,
    };
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(DECODING);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let turned = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let whole = image::DynamicImage::from_decoder(decoder).ok()?;
    if whole.width().max(whole.height()) <= SMALL {
        return None;
    }
    let mut copy = whole.thumbnail(SMALL, SMALL);
    copy.apply_orientation(turned);
    let mut made = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut made, QUALITY).encode_image(&on_white(&copy)).ok()?;
    (made.len() < bytes.len()).then_some(made)
}

fn on_white(picture: &image::DynamicImage) -> image::RgbImage {
    let rgba = picture.to_rgba8();
    image::RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let image::Rgba([r, g, b, a]) = *rgba.get_pixel(x, y);
        let over = |c: u8| u8::try_from((u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a))) / 255).unwrap_or(u8::MAX);
        image::Rgb([over(r), over(g), over(b)])
    })
}

fn jpeg(bytes: &Bytes) -> Option<Vec<u8>> {
    let end = end_of_jpeg(bytes)?;
    let mut jpeg = Jpeg::from_bytes(bytes.slice(..end)).ok()?;
    let turned = jpeg.segments().iter().filter(|s| s.marker() == markers::APP1).find_map(|s| orientation(s.contents()));
    // JFIF, the colour profile and Adobe's note on colours belong to the pixels.
    jpeg.segments_mut().retain(|s| match s.marker() {
        markers::APP0 | markers::APP14 => true,
        markers::APP2 => s.contents().starts_with(b"ICC_PROFILE\0"),
        markers::APP1..=markers::APP15 | markers::COM => false,
        _ => true,
    });
    if !jpeg.segments().iter().any(|s| s.marker() == markers::SOS) {
        return None;
    }
    if let Some(turned) = turned.filter(|turned| *turned != 1) {
        let after = usize::from(jpeg.segments().first().is_some_and(|s| s.marker() == markers::APP0));
        jpeg.segments_mut().insert(after, JpegSegment::new_with_contents(markers::APP1, Bytes::from(exif_of(turned))));
    }
    Some(jpeg.encoder().bytes().to_vec())
}

/// Where the picture ends: what follows is read as a part of it by most programs, and is where another file would hide.
fn end_of_jpeg(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // Any number of fill bytes may stand before a marker (ISO 10918-1, B.1.1.2).
        while bytes.get(at) == Some(&0xFF) && bytes.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        if bytes.get(at) != Some(&0xFF) {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        if marker == markers::EOI {
            return Some(at + 2);
        }
        let length = u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]);
        at += 2 + usize::from(length);
        if marker == markers::SOS {
            // Within the pixels a marker has a nought behind it, or is a restart.
            let pixels = bytes.get(at..)?.windows(2);
            at += pixels.enumerate().find(|(_, w)| w[0] == 0xFF && !matches!(w[1], 0 | 0xD0..=0xD7 | 0xFF)).map(|(i, _)| i)?;
        }
    }
}

/// Which way up a photo is, 1 to 8, of an EXIF segment (CIPA DC-008, section 4.6.5).
fn orientation(segment: &[u8]) -> Option<u8> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let long = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let directory = usize::try_from(long(4)?).ok()?.min(tiff.len());
    let entries = usize::from(short(directory)?);
    let entry = (0..entries).map(|n| directory + 2 + n * 12).find(|at| short(*at) == Some(0x0112))?;
    u8::try_from(short(entry + 8)?).ok().filter(|turned| (1..=8).contains(turned))
}

/// A segment with nothing but which way up the picture is.
fn exif_of(turned: u8) -> Vec<u8> {
    let tiff = [b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0, 0, 0, 0, 0];
    [&b"Exif\0\0"[..], &tiff].concat()
}

fn png(bytes: Bytes) -> Option<Vec<u8>> {
    let mut png = Png::from_bytes(bytes).ok()?;
    png.chunks_mut().retain(|chunk| PNG.contains(&&chunk.kind()));
    let has = |kind: &[u8; 4]| png.chunks().iter().any(|c| c.kind() == *kind);
    (has(b"IHDR") && has(b"IDAT") && has(b"IEND")).then(|| png.encoder().bytes().to_vec())
}

fn webp(bytes: Bytes) -> Option<Vec<u8>> {
    let mut webp = WebP::from_bytes(bytes).ok()?;
    let header = webp.chunks().iter().find(|c| &c.id() == b"VP8X").and_then(|c| c.content().data().cloned());
    webp.chunks_mut().retain(|chunk| WEBP.contains(&&chunk.id()));
    if !webp.chunks().iter().any(|c| matches!(&c.id(), b"VP8 " | b"VP8L")) {
        return None;
    }
    if let Some(header) = header {
        let mut header = header.to_vec();
        *header.first_mut()? &= !WEBP_EXTRAS;
        let content = img_parts::riff::RiffContent::Data(Bytes::from(header));
        webp.chunks_mut().insert(0, img_parts::riff::RiffChunk::new(*b"VP8X", content));
    }
    Some(webp.encoder().bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        [&[0xFF, marker][..], &((contents.len() + 2) as u16).to_be_bytes(), contents].concat()
    }

    /// A photo as a phone takes it: turned, with a position and a comment, and a web page hidden behind its end.
    fn photo() -> Vec<u8> {
        let exif = [&exif_of(6)[..], b"GPS 30.25N 120.17E"].concat();
        let parts = [
            vec![0xFF, 0xD8],
            segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            segment(0xE1, &exif),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:position/>"),
            segment(0xED, b"Photoshop 3.0\0secret"),
            segment(0xFE, b"a comment"),
            segment(0xDB, &[0; 65]),
            segment(0xDA, &[1, 1, 0, 0, 63, 0]),
            vec![0x11, 0x22, 0xFF, 0x00, 0x33, 0xFF, 0xD9],
            b"<html><script>alert(1)</script>PK\x03\x04".to_vec(),
        ];
        parts.concat()
    }

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|w| w == part)
    }

    #[test]
    fn a_photo_keeps_its_pixels_and_its_turn_and_nothing_else() {
        let clean = stripped(photo(), Picture::Jpeg).expect("a picture");
        for gone in [&b"GPS"[..], b"position", b"secret", b"comment", b"<html>", b"PK\x03\x04"] {
            assert!(!holds(&clean, gone), "{}", String::from_utf8_lossy(gone));
        }
        assert!(holds(&clean, &[0x11, 0x22, 0xFF, 0x00, 0x33, 0xFF, 0xD9]) && holds(&clean, b"JFIF"));
        let jpeg = Jpeg::from_bytes(Bytes::from(clean.clone())).expect("still one");
        assert_eq!(jpeg.segments().iter().find_map(|s| orientation(s.contents())), Some(6));
        assert_eq!(stripped(clean.clone(), Picture::Jpeg).expect("again"), clean, "a clean one stays what it is");
    }

    #[test]
    fn a_png_loses_its_texts_and_what_follows_it() {
        let chunk = |kind: &[u8; 4], data: &[u8]| img_parts::png::PngChunk::new(*kind, Bytes::copy_from_slice(data));
        let mut png =
            Png::from_bytes(Bytes::from([&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IEND", b"").encoder().bytes()].concat())).expect("png");
        *png.chunks_mut() = vec![
            chunk(b"IHDR", &[0; 13]),
            chunk(b"eXIf", b"GPS"),
            chunk(b"tEXt", b"Comment\0x"),
            chunk(b"IDAT", b"pixels"),
            chunk(b"IEND", b""),
        ];
        let whole = [&png.encoder().bytes()[..], b"<script>"].concat();
        let clean = stripped(whole, Picture::Png).expect("a picture");
        assert!(holds(&clean, b"pixels") && !holds(&clean, b"GPS") && !holds(&clean, b"Comment") && !holds(&clean, b"<script>"));
    }

    #[test]
    fn a_webp_loses_its_position_and_says_so_in_its_flags() {
        let chunk = |id: &[u8; 4], data: &[u8]| [&id[..], &(data.len() as u32).to_le_bytes(), data].concat();
        let chunks =
            [chunk(b"VP8X", &[0x08, 0, 0, 0, 1, 0, 0, 1, 0, 0]), chunk(b"VP8L", b"\x2F\0\0\0\0pixels!"), chunk(b"EXIF", b"GPSx")].concat();
        let file = [&b"RIFF"[..], &((chunks.len() + 4) as u32).to_le_bytes(), b"WEBP", &chunks, b"<html>"].concat();
        let clean = stripped(file, Picture::Webp).expect("a picture");
        assert!(holds(&clean, b"pixels") && !holds(&clean, b"GPS") && !holds(&clean, b"<html>"));
        let at = clean.windows(4).position(|w| w == b"VP8X").expect("header");
        assert_eq!(clean[at + 8], 0);
    }

    /// A picture of four colours in its quarters, with an alpha of `alpha`.
    fn drawn(width: u32, height: u32, format: image::ImageFormat, alpha: u8) -> Vec<u8> {
        let quarter = |x: u32, y: u32| match (x < width / 2, y < height / 2) {
            (true, true) => image::Rgba([250, 10, 10, alpha]),
            (false, true) => image::Rgba([10, 250, 10, alpha]),
            (true, false) => image::Rgba([10, 10, 250, alpha]),
            // Noise, which no format makes small.
            (false, false) => {
                let [r, g, b, _] = (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE3D).to_be_bytes();
                image::Rgba([r, g, b, alpha])
            }
        };
        let picture = image::DynamicImage::from(image::RgbaImage::from_fn(width, height, quarter));
        let picture = if format == image::ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("written");
        bytes.into_inner()
    }

    fn opened(bytes: &[u8]) -> image::RgbImage {
        image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).expect("a JPEG").to_rgb8()
    }

    fn is_near(pixel: &image::Rgb<u8>, wanted: [u8; 3]) -> bool {
        pixel.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 30)
    }

    #[test]
    fn a_small_copy_shows_the_same_the_right_way_up() {
        let large = drawn(2_000, 1_000, image::ImageFormat::Jpeg, 255);
        let copy = small(&large, Picture::Jpeg).expect("a copy");
        let shown = opened(&copy);
        assert_eq!(shown.dimensions(), (640, 320));
        assert!(copy.len() * 4 < large.len(), "{} of {}", copy.len(), large.len());
        assert!(is_near(shown.get_pixel(20, 20), [250, 10, 10]) && is_near(shown.get_pixel(620, 20), [10, 250, 10]));
        // Lies on its right side: 6 says that the first row is at the right.
        let mut parts = Jpeg::from_bytes(Bytes::from(large)).expect("parts");
        parts.segments_mut().insert(0, JpegSegment::new_with_contents(markers::APP1, Bytes::from(exif_of(6))));
        let shown = opened(&small(&parts.encoder().bytes(), Picture::Jpeg).expect("a copy"));
        assert_eq!(shown.dimensions(), (320, 640));
        assert!(is_near(shown.get_pixel(300, 20), [250, 10, 10]) && is_near(shown.get_pixel(20, 20), [10, 10, 250]));
    }

    #[test]
    fn a_small_copy_is_on_white_and_what_is_small_or_broken_has_none() {
        for (format, kind) in [(image::ImageFormat::Png, Picture::Png), (image::ImageFormat::WebP, Picture::Webp)] {
            let copy = small(&drawn(1_400, 1_400, format, 0), kind).expect("a copy");
            assert!(is_near(opened(&copy).get_pixel(20, 20), [255, 255, 255]), "{format:?}");
            let whole = drawn(1_400, 1_400, format, 255);
            assert_eq!(small(&whole[..whole.len() / 2], kind), None, "{format:?}");
            assert_eq!(small(&drawn(640, 300, format, 255), kind), None, "{format:?}");
        }
        assert_eq!(small(b"", Picture::Jpeg), None);
        assert_eq!(small(&drawn(800, 800, image::ImageFormat::Png, 255), Picture::Jpeg), None);
    }

    #[test]
    fn a_picture_that_asks_for_gigabytes_is_none() {
        let png = |width: u32, height: u32| {
            let chunk = |kind: &[u8; 4], data: &[u8]| img_parts::png::PngChunk::new(*kind, Bytes::copy_from_slice(data)).encoder().bytes();
            let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
            let parts = [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", b"x"), &chunk(b"IEND", b"")];
            stripped(parts.concat(), Picture::Png)
        };
        assert!(png(8_000, 8_000).is_some() && png(60_000, 60_000).is_none() && png(u32::MAX, u32::MAX).is_none());
        let webp =
            |chunk: &[u8]| stripped([&b"RIFF"[..], &((chunk.len() + 4) as u32).to_le_bytes(), b"WEBP", chunk].concat(), Picture::Webp);
        assert!(webp(b"VP8L\x06\0\0\0\x2f\xff\xff\xff\x0f\0").is_none(), "16,384 each way");
        assert!(webp(b"VP8L\x06\0\0\0\x2f\x0f\xc0\x03\0\0").is_some(), "16 each way");
        let mut wide = photo();
        let frame = segment(0xC2, &[8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0]);
        wide.splice(2..2, frame);
        assert!(stripped(wide, Picture::Jpeg).is_none());
    }

    #[test]
    fn what_is_cut_or_bent_is_refused_or_read_without_a_fault() {
        let whole = photo();
        for cut in 0..whole.len() {
            for kind in [Picture::Jpeg, Picture::Png, Picture::Webp] {
                let _ = stripped(whole[..cut].to_vec(), kind);
                let mut bent = whole.clone();
                bent[cut] ^= 0xFF;
                let _ = stripped(bent, kind);
            }
        }
        assert!(stripped(b"\xFF\xD8\xFF\xE0 no picture".to_vec(), Picture::Jpeg).is_none());
        assert!(stripped(b"\x89PNG\r\n\x1a\n".to_vec(), Picture::Png).is_none());
    }
}
