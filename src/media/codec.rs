//! What must be known of a payload to forward it: whether a key frame starts in it, which temporal layer it is of, and where VP8 counts its pictures.
//!
//! Deliberately absent: decoding. A payload that makes no sense is simply not a key frame.

/// The codecs that the plane forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Codec {
    Opus,
    /// Opus with older packets repeated (RFC 2198).
    Red,
    H264,
    Vp8,
}

impl Codec {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Red => "red",
            Self::H264 => "h264",
            Self::Vp8 => "vp8",
        }
    }

    pub(super) fn clock_rate(self) -> u32 {
        match self {
            Self::Opus | Self::Red => 48_000,
            Self::H264 | Self::Vp8 => 90_000,
        }
    }

    pub(super) fn is_video(self) -> bool {
        matches!(self, Self::H264 | Self::Vp8)
    }

    /// Whether this payload belongs to a picture that needs none before it. Audio never needs one.
    pub(super) fn is_keyframe(self, payload: &[u8]) -> bool {
        match self {
            Self::Opus | Self::Red => true,
            Self::H264 => h264_keyframe(payload),
            Self::Vp8 => vp8_keyframe(payload),
        }
    }

    /// How this payload stands among the temporal layers.
    pub(super) fn temporal(self, payload: &[u8]) -> Temporal {
        match self {
            Self::Opus | Self::Red => None,
            Self::H264 => h264_disposable(payload).then_some(Temporal { layer: 1, sync: true }),
            Self::Vp8 => vp8_descriptor(payload).map(|descriptor| descriptor.temporal),
        }
        .unwrap_or_default()
    }
}

/// A packet's place in the temporal layers: those up to any one can be decoded without the ones above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Temporal {
    /// From zero, the base; [`MAX_TEMPORAL`] at most.
    pub(super) layer: u8,
    /// A viewer that has had only the layers below may take this one from here on.
    pub(super) sync: bool,
}

/// L1T1 to L1T4: no encoder in use makes more, and VP8 has no numbers for them.
pub(super) const MAX_TEMPORAL: usize = 4;

const NAL_SLICE: u8 = 1;
const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const NAL_STAP_A: u8 = 24;
const NAL_FU_A: u8 = 28;

/// A parameter set or an IDR slice, alone, aggregated (STAP-A) or at the start of a fragment (FU-A); RFC 6184.
fn h264_keyframe(payload: &[u8]) -> bool {
    let starts = |nal: u8| matches!(nal & 0x1f, NAL_IDR | NAL_SPS);
    match payload {
        [first, rest @ ..] if first & 0x1f == NAL_STAP_A => {
            let mut rest = rest;
            while let [high, low, unit @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if unit.first().is_some_and(|nal| starts(*nal)) {
                    return true;
                }
                if length == 0 || length > unit.len() {
                    return false;
                }
                rest = &unit[length..];
            }
            false
        }
        [first, header, ..] if first & 0x1f == NAL_FU_A => header & 0x80 != 0 && starts(*header),
        [first, ..] => starts(*first),
        [] => false,
    }
}

/// A slice that no other picture refers to (nal_ref_idc is zero; ITU-T H.264, section 7.4.1): the higher temporal layers, as far as H.264 tells.
fn h264_disposable(payload: &[u8]) -> bool {
    let referred = |nal: u8| nal & 0x60 != 0;
    match payload {
        [first, ..] if referred(*first) => false,
        // An aggregate has the highest of its units, so that they are all disposable, but some may be no slices.
        [first, _, _, unit, ..] if first & 0x1f == NAL_STAP_A => unit & 0x1f == NAL_SLICE,
        [first, header, ..] if first & 0x1f == NAL_FU_A => header & 0x1f == NAL_SLICE,
        [first, ..] => first & 0x1f == NAL_SLICE,
        [] => false,
    }
}

/// Where a VP8 payload descriptor (RFC 7741) holds its counters, so that a viewer sees them continue over a switch of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vp8Counters {
    /// Offset of the picture id, whether it has 15 bits rather than 7, and its value.
    pub(super) picture: Option<(u8, bool, u16)>,
    /// Offset and value of TL0PICIDX.
    pub(super) tl0: Option<(u8, u8)>,
}

struct Vp8Descriptor {
    counters: Vp8Counters,
    temporal: Temporal,
    /// Length of the descriptor: the first byte of the VP8 payload proper.
    length: usize,
    starts_frame: bool,
}

fn vp8_descriptor(payload: &[u8]) -> Option<Vp8Descriptor> {
    let first = *payload.first()?;
    let mut at = 1;
    let mut counters = Vp8Counters::default();
    let mut temporal = Temporal::default();
    if first & 0x80 != 0 {
        let extension = *payload.get(at)?;
        at += 1;
        if extension & 0x80 != 0 {
            let high = *payload.get(at)?;
            if high & 0x80 != 0 {
                let low = *payload.get(at + 1)?;
                counters.picture = Some((at as u8, true, u16::from_be_bytes([high & 0x7f, low])));
                at += 2;
            } else {
                counters.picture = Some((at as u8, false, u16::from(high)));
                at += 1;
            }
        }
        if extension & 0x40 != 0 {
            counters.tl0 = Some((at as u8, *payload.get(at)?));
            at += 1;
        }
        if extension & 0x30 != 0 {
            let numbers = *payload.get(at)?;
            if extension & 0x20 != 0 {
                temporal = Temporal { layer: numbers >> 6, sync: numbers & 0x20 != 0 };
            }
            at += 1;
        }
    }
    // The S bit together with partition 0 marks the first packet of a frame.
    Some(Vp8Descriptor { counters, temporal, length: at, starts_frame: first & 0x17 == 0x10 })
}

pub(super) fn vp8_counters(payload: &[u8]) -> Option<Vp8Counters> {
    vp8_descriptor(payload).map(|descriptor| descriptor.counters)
}

/// A VP8 payload without its descriptor.
pub(super) fn vp8_payload(payload: &[u8]) -> Option<&[u8]> {
    payload.get(vp8_descriptor(payload)?.length..)
}

fn vp8_keyframe(payload: &[u8]) -> bool {
    vp8_descriptor(payload).is_some_and(|descriptor| {
        // The inverse key frame flag is the lowest bit of the frame tag.
        descriptor.starts_frame && payload.get(descriptor.length).is_some_and(|tag| tag & 1 == 0)
    })
}

/// Writes counters shifted by `picture` and `tl0` into a copied payload.
pub(super) fn shift_vp8_counters(payload: &mut [u8], counters: Vp8Counters, picture: u16, tl0: u8) {
    if let Some((at, wide, value)) = counters.picture {
        let shifted = value.wrapping_add(picture);
        if wide {
            let [high, low] = (shifted & 0x7fff).to_be_bytes();
            if let Some(bytes) = payload.get_mut(usize::from(at)..usize::from(at) + 2) {
                bytes.copy_from_slice(&[high | 0x80, low]);
            }
        } else if let Some(byte) = payload.get_mut(usize::from(at)) {
            *byte = (shifted & 0x7f) as u8;
        }
    }
    if let Some((at, value)) = counters.tl0
        && let Some(byte) = payload.get_mut(usize::from(at))
    {
        *byte = value.wrapping_add(tl0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h264_keyframes_are_seen_alone_aggregated_and_fragmented() {
        assert!(Codec::H264.is_keyframe(&[0x67, 0x42]), "SPS");
        assert!(Codec::H264.is_keyframe(&[0x65, 0]), "IDR");
        assert!(!Codec::H264.is_keyframe(&[0x61, 0]), "P slice");
        assert!(Codec::H264.is_keyframe(&[0x78, 0, 2, 0x09, 0, 0, 2, 0x67, 1]), "STAP-A of AUD and SPS");
        assert!(Codec::H264.is_keyframe(&[0x7c, 0x85, 1]), "first fragment of an IDR");
        assert!(!Codec::H264.is_keyframe(&[0x7c, 0x05, 1]), "a later fragment");
    }

    #[test]
    fn broken_payloads_are_no_keyframes() {
        for payload in [&[][..], &[0x78], &[0x78, 0xff, 0xff, 0x01], &[0x7c], &[0x80], &[0x90, 0x80], &[0x90, 0x80, 0x80]] {
            assert!(!Codec::H264.is_keyframe(payload), "{payload:?}");
            assert!(!Codec::Vp8.is_keyframe(payload), "{payload:?}");
        }
    }

    #[test]
    fn vp8_counters_are_found_and_shifted() {
        // X; I and L; 15-bit picture id 0x1234, TL0PICIDX 7, then a key frame's tag.
        let mut payload = vec![0x90, 0xc0, 0x92, 0x34, 7, 0x00];
        assert!(Codec::Vp8.is_keyframe(&payload));
        let counters = vp8_counters(&payload).expect("a descriptor");
        assert_eq!(counters, Vp8Counters { picture: Some((2, true, 0x1234)), tl0: Some((4, 7)) });
        shift_vp8_counters(&mut payload, counters, 0x7fff, 250);
        assert_eq!(payload, [0x90, 0xc0, 0x92, 0x33, 1, 0x00]);
    }

    #[test]
    fn temporal_layers_are_seen_in_vp8_by_number_and_in_h264_where_nothing_refers_to_a_slice() {
        let vp8 = |numbers| Codec::Vp8.temporal(&[0x90, 0xe0, 0x92, 0x34, 7, numbers, 1]);
        assert_eq!(vp8(0x00), Temporal { layer: 0, sync: false });
        assert_eq!(vp8(0x60), Temporal { layer: 1, sync: true });
        assert_eq!(vp8(0x85), Temporal { layer: 2, sync: false });
        assert_eq!(Codec::Vp8.temporal(&[0x10, 0x00]), Temporal::default());
        let h264 = |payload: &[u8]| Codec::H264.temporal(payload).layer;
        assert_eq!([h264(&[0x41, 1]), h264(&[0x65, 1]), h264(&[0x5c, 0x81, 1])], [0, 0, 0], "slices that others refer to");
        assert_eq!([h264(&[0x01, 1]), h264(&[0x1c, 0x81, 1]), h264(&[0x1c, 0x01, 1]), h264(&[0x18, 0, 1, 1])], [1; 4]);
        assert_eq!([h264(&[0x09, 1]), h264(&[0x06, 1]), h264(&[])], [0; 3], "no slices");
    }

    #[test]
    fn a_later_vp8_packet_of_a_key_frame_does_not_start_one() {
        assert!(!Codec::Vp8.is_keyframe(&[0x00, 0x00]));
        assert!(!Codec::Vp8.is_keyframe(&[0x10, 0x01]), "an interframe");
        assert!(Codec::Vp8.is_keyframe(&[0x10, 0x00]));
    }
}
