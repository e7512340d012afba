//! The size of a picture, read from its H.264 sequence parameter set (ITU-T H.264, section 7.3.2.1.1).

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        self.at += 1;
        Some(u32::from(byte >> (7 - (self.at - 1) % 8)) & 1)
    }

    fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | self.bit()?))
    }

    /// An Exp-Golomb number.
    fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// The same with a sign; only its length matters here.
    fn skip_lists(&mut self, lists: u32) -> Option<()> {
        for list in 0..lists {
            if self.bit()? == 0 {
                continue;
            }
            let (mut last, mut next) = (8_i64, 8_i64);
            for _ in 0..if list < 6 { 16 } else { 64 } {
                if next != 0 {
                    let code = i64::from(self.ue()?);
                    let delta = if code % 2 == 0 { -code / 2 } else { (code + 1) / 2 };
                    next = (last + delta + 256) % 256;
                }
                last = if next == 0 { last } else { next };
            }
        }
        Some(())
    }
}

/// Width and height as shown.
pub(super) fn size(unit: &[u8]) -> Option<(u32, u32)> {
    // A three after two zeros is there so that no start code comes about.
    let mut bytes = Vec::with_capacity(unit.len());
    for byte in unit.get(1..)? {
        if *byte != 3 || !bytes.ends_with(&[0, 0]) {
            bytes.push(*byte);
        }
    }
    let mut bits = Bits { bytes: &bytes, at: 0 };
    let profile = bits.bits(8)?;
    bits.bits(16)?;
    bits.ue()?;
    let mut chroma = 1;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = bits.ue()?;
        if chroma == 3 {
            bits.bit()?;
        }
        bits.ue()?;
        bits.ue()?;
        bits.bit()?;
        if bits.bit()? == 1 {
            bits.skip_lists(if chroma == 3 { 12 } else { 8 })?;
        }
    }
    bits.ue()?;
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.bit()?;
            bits.ue()?;
            bits.ue()?;
            for _ in 0..bits.ue()?.min(255) {
                bits.ue()?;
            }
        }
        _ => {}
    }
    bits.ue()?;
    bits.bit()?;
    let width = bits.ue()?.checked_add(1)?.checked_mul(16)?;
    let height = bits.ue()?.checked_add(1)?.checked_mul(16)?;
    let frames_only = bits.bit()?;
    let height = height.checked_mul(2 - frames_only)?;
    if frames_only == 0 {
        bits.bit()?;
    }
    bits.bit()?;
    if bits.bit()? == 0 {
        return Some((width, height));
    }
    let across = if matches!(chroma, 1 | 2) { 2 } else { 1 };
    let down = if chroma == 1 { 2 } else { 1 } * (2 - frames_only);
    let (left, right, top, bottom) = (bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?);
    let cut = |side: u32, one: u32, other: u32, unit: u32| side.checked_sub(one.checked_add(other)?.checked_mul(unit)?).filter(|s| *s > 0);
    Some((cut(width, left, right, across)?, cut(height, top, bottom, down)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::file::{Kind, MediaFile};

    #[test]
    fn sizes_are_read_as_an_encoder_writes_them() {
        assert_eq!(size(&[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8]), Some((1280, 720)));
        let clip = MediaFile::parse(include_bytes!("../../demo/clip.mkv")).expect("the bundled clip");
        let first = clip.samples().iter().find(|s| s.kind == Kind::Video && s.key).expect("a key frame");
        let sps = first.units.iter().find(|unit| unit[0] & 0x1f == 7).expect("a parameter set");
        let (width, height) = size(sps).expect("a size");
        assert_eq!((width, height), (854, 480));
    }

    #[test]
    fn nonsense_has_no_size() {
        for length in 0..9 {
            assert_eq!(size(&[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8][..length.min(7)]), None);
        }
        assert_eq!(size(&[0; 64]), None);
    }
}
