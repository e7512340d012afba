//! A clip on disk, as encoded samples on one time line.
//!
//! Reads Matroska with H.264 (`V_MPEG4/ISO/AVC`) and Opus (`A_OPUS`), the pair that every WebRTC peer we serve accepts and that
//! OBS and ffmpeg both write. The whole file is held in memory because it is played in a loop: it is meant for clips, and a file
//! above [`MAX_FILE_BYTES`] is refused. Nothing is decoded here.
//!
//! Invariants: samples are in order of their time; every key frame begins with its SPS and PPS, so a joiner can start at it.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use matroska_demuxer::{DemuxError, Frame, MatroskaFile, TrackType};

/// About twenty minutes at 1.5 Mbit/s; more than a looped clip needs and small beside a server's memory.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// The NAL unit types that this module tells apart (RFC 6184, table 1).
const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const NAL_PPS: u8 = 8;

/// Which of a clip's two streams a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Video,
    Audio,
}

/// One encoded frame of video or one packet of audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub kind: Kind,
    /// Time since the beginning of the clip.
    pub at: Duration,
    /// A frame that can be decoded without any before it. Always true of audio.
    pub key: bool,
    /// H.264: the frame's NAL units without start codes. Opus: one packet.
    pub units: Vec<Bytes>,
}

/// A clip ready to be played any number of times; clones share the bytes.
#[derive(Clone, Debug)]
pub struct MediaFile {
    samples: Arc<[Sample]>,
    duration: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read the file: {0}")]
    Read(#[from] std::io::Error),
    #[error("the file is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    #[error("not a Matroska file that can be read: {0}")]
    Container(#[from] DemuxError),
    #[error("the file has neither an H.264 nor an Opus track (found: {0})")]
    NoUsableTrack(String),
    #[error("the H.264 track's configuration record is missing or broken")]
    BadAvcConfiguration,
    #[error("the frame at {0:?} is cut off")]
    BadFrame(Duration),
    #[error("the file has B-frames (at {0:?}), which WebRTC cannot play: encode it with `-profile:v baseline -bf 0`")]
    OutOfOrder(Duration),
}

impl MediaFile {
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if std::fs::metadata(path)?.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLarge);
        }
        Self::parse(std::fs::read(path)?)
    }

    /// Reads a whole file that is already in memory, for instance one built into the program.
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, FileError> {
        let mut container = MatroskaFile::open(Cursor::new(file))?;
        let tracks = Tracks::choose(&container)?;
        let tick = container.info().timestamp_scale().get();
        let mut samples = Vec::new();
        let mut frame = Frame::default();
        while container.next_frame(&mut frame)? {
            let at = Duration::from_nanos(frame.timestamp.saturating_mul(tick));
            if Some(frame.track) == tracks.audio {
                samples.push(Sample { kind: Kind::Audio, at, key: true, units: vec![Bytes::copy_from_slice(&frame.data)] });
            } else if let Some(video) = tracks.video.as_ref().filter(|video| video.track == frame.track) {
                samples.push(video.sample(at, &frame.data).ok_or(FileError::BadFrame(at))?);
            }
        }
        if let Some(at) = first_step_back(&samples) {
            return Err(FileError::OutOfOrder(at));
        }
        Self::from_samples(samples).ok_or_else(|| FileError::NoUsableTrack("no frames".to_owned()))
    }

    /// Puts samples in order, begins with a key frame and starts their time at zero. `None` if there is nothing to play.
    pub fn from_samples(mut samples: Vec<Sample>) -> Option<Self> {
        let mut decodable = false;
        samples.retain(|sample| {
            decodable |= sample.kind == Kind::Video && sample.key;
            !sample.units.is_empty() && (decodable || sample.kind == Kind::Audio)
        });
        samples.sort_by_key(|sample| sample.at);
        let first = samples.first()?.at;
        for sample in &mut samples {
            sample.at -= first;
        }
        let duration = [Kind::Video, Kind::Audio].into_iter().filter_map(|kind| length_of(&samples, kind)).max()?;
        Some(Self { samples: samples.into(), duration })
    }

    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How long one round takes. The next round begins this much later.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.samples.iter().any(|sample| sample.kind == kind)
    }

    /// Bits per second over the whole clip, without any packet's headers.
    pub fn bitrate(&self) -> f64 {
        let bytes: usize = self.samples.iter().flat_map(|sample| &sample.units).map(Bytes::len).sum();
        bytes as f64 * 8.0 / self.duration.as_secs_f64().max(0.001)
    }
}

/// A video frame stored after one that is shown later: the file's order is not the order of time.
fn first_step_back(samples: &[Sample]) -> Option<Duration> {
    let times: Vec<Duration> = samples.iter().filter(|sample| sample.kind == Kind::Video).map(|sample| sample.at).collect();
    times.windows(2).find(|pair| pair[1] < pair[0]).map(|pair| pair[1])
}

/// The last sample also lasts: it is given the mean length of those before it.
fn length_of(samples: &[Sample], kind: Kind) -> Option<Duration> {
    let mut times = samples.iter().filter(|sample| sample.kind == kind).map(|sample| sample.at);
    let first = times.next()?;
    let (count, last) = times.fold((0_u32, first), |(count, _), at| (count + 1, at));
    let mean = if count == 0 { Duration::from_millis(20) } else { (last - first) / count };
    Some(last + mean)
}

struct Tracks {
    video: Option<AvcTrack>,
    audio: Option<u64>,
}

impl Tracks {
    fn choose<R: std::io::Read + std::io::Seek>(container: &MatroskaFile<R>) -> Result<Self, FileError> {
        let track_of =
            |kind: TrackType, codec: &str| container.tracks().iter().find(|track| track.track_type() == kind && track.codec_id() == codec);
        let video = track_of(TrackType::Video, "V_MPEG4/ISO/AVC")
            .map(|track| AvcTrack::new(track.track_number().get(), track.codec_private().unwrap_or_default()))
            .transpose()?;
        let audio = track_of(TrackType::Audio, "A_OPUS").map(|track| track.track_number().get());
        if video.is_none() && audio.is_none() {
            let found: Vec<&str> = container.tracks().iter().map(|track| track.codec_id()).collect();
            return Err(FileError::NoUsableTrack(found.join(", ")));
        }
        Ok(Self { video, audio })
    }
}

/// What the `avcC` record (ISO/IEC 14496-15) says about an H.264 track.
struct AvcTrack {
    track: u64,
    length_size: usize,
    parameter_sets: Vec<Bytes>,
}

impl AvcTrack {
    fn new(track: u64, record: &[u8]) -> Result<Self, FileError> {
        parse_avc_record(record)
            .map(|(length_size, parameter_sets)| Self { track, length_size, parameter_sets })
            .ok_or(FileError::BadAvcConfiguration)
    }

    /// Splits a length-prefixed frame into NAL units; a key frame gets the parameter sets in front unless it carries its own.
    fn sample(&self, at: Duration, data: &[u8]) -> Option<Sample> {
        let mut units = split_units(data, self.length_size)?;
        let key = units.iter().any(|unit| nal_type(unit) == NAL_IDR);
        if key {
            units.retain(|unit| !matches!(nal_type(unit), NAL_SPS | NAL_PPS) || !self.parameter_sets.contains(unit));
            if !units.iter().any(|unit| nal_type(unit) == NAL_SPS) {
                units.splice(0..0, self.parameter_sets.iter().cloned());
            }
        }
        Some(Sample { kind: Kind::Video, at, key, units })
    }
}

fn nal_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// The size of the length prefix, and the SPS and PPS in that order.
fn parse_avc_record(record: &[u8]) -> Option<(usize, Vec<Bytes>)> {
    let (&[version, _, _, _, lengths, sps_count], mut rest) = record.split_first_chunk::<6>()?;
    if version != 1 {
        return None;
    }
    let mut sets = Vec::new();
    for _ in 0..sps_count & 0x1f {
        sets.push(take_unit(&mut rest, 2)?);
    }
    let (&pps_count, mut rest) = rest.split_first()?;
    for _ in 0..pps_count {
        sets.push(take_unit(&mut rest, 2)?);
    }
    let complete = sets.iter().any(|set| nal_type(set) == NAL_SPS) && sets.iter().any(|set| nal_type(set) == NAL_PPS);
    complete.then_some((usize::from(lengths & 3) + 1, sets))
}

fn split_units(mut data: &[u8], length_size: usize) -> Option<Vec<Bytes>> {
    let mut units = Vec::new();
    while !data.is_empty() {
        let unit = take_unit(&mut data, length_size)?;
        if !unit.is_empty() {
            units.push(unit);
        }
    }
    Some(units)
}

/// Takes one unit with a big-endian length prefix off the front of `data`; `None` if it is cut off.
fn take_unit(data: &mut &[u8], length_size: usize) -> Option<Bytes> {
    let (prefix, rest) = data.split_at_checked(length_size)?;
    let length = prefix.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    let (unit, rest) = rest.split_at_checked(length)?;
    *data = rest;
    Some(Bytes::copy_from_slice(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: &[u8] = include_bytes!("../demo/clip.mkv");

    fn clip() -> MediaFile {
        MediaFile::parse(CLIP).expect("the bundled clip is readable")
    }

    #[test]
    fn the_bundled_clip_has_both_streams_and_loops_in_forty_seconds() {
        let clip = clip();
        assert!(clip.has(Kind::Video) && clip.has(Kind::Audio));
        assert!((clip.duration().as_secs_f64() - 40.0).abs() < 0.1, "{:?}", clip.duration());
        assert!(CLIP.len() <= 1_500_000, "the program carries it: {} bytes", CLIP.len());
    }

    #[test]
    fn samples_are_in_order_from_zero() {
        let clip = clip();
        assert_eq!(clip.samples()[0].at, Duration::ZERO);
        assert!(clip.samples().windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn every_key_frame_brings_its_parameter_sets_and_comes_every_two_seconds() {
        let keys: Vec<Sample> = clip().samples().iter().filter(|sample| sample.kind == Kind::Video && sample.key).cloned().collect();
        assert_eq!(keys.len(), 20);
        for key in keys {
            let types: Vec<u8> = key.units.iter().map(|unit| nal_type(unit)).collect();
            assert_eq!(types[..2], [NAL_SPS, NAL_PPS]);
            assert!(types.contains(&NAL_IDR));
        }
    }

    #[test]
    fn the_clip_is_constrained_baseline_as_42e01f_promises() {
        let clip = clip();
        let sps = &clip.samples().iter().find(|sample| sample.kind == Kind::Video).expect("video").units[0];
        assert_eq!(sps[1], 66, "profile_idc");
        assert_eq!(sps[2] & 0x40, 0x40, "constraint_set1_flag");
        assert!(sps[3] <= 31, "level");
    }

    #[test]
    fn a_file_cut_off_anywhere_never_panics() {
        for length in (0..CLIP.len()).step_by(9_973).chain(0..700) {
            let _ = MediaFile::parse(&CLIP[..length]);
        }
    }

    fn video(ms: u64, key: bool) -> Sample {
        Sample { kind: Kind::Video, at: Duration::from_millis(ms), key, units: vec![Bytes::from_static(&[0x65])] }
    }

    #[test]
    fn frames_stored_out_of_the_order_of_time_are_noticed() {
        assert_eq!(first_step_back(&[video(0, true), video(80, false), video(40, false)]), Some(Duration::from_millis(40)));
        assert_eq!(first_step_back(&[video(0, true), video(40, false), video(80, false)]), None);
    }

    #[test]
    fn a_clip_cut_in_the_middle_begins_with_its_first_key_frame() {
        let clip = MediaFile::from_samples(vec![video(0, false), video(40, false), video(80, true), video(120, false)])
            .expect("something to play");
        let played: Vec<(u128, bool)> = clip.samples().iter().map(|sample| (sample.at.as_millis(), sample.key)).collect();
        assert_eq!(played, [(0, true), (40, false)]);
    }

    #[test]
    fn something_else_is_refused_with_a_reason() {
        assert!(matches!(MediaFile::parse(b"not a film"), Err(FileError::Container(_))));
    }

    #[test]
    fn units_need_their_whole_length() {
        assert_eq!(split_units(&[0, 0, 0, 2, 9, 9], 4).map(|units| units.len()), Some(1));
        assert_eq!(split_units(&[0, 0, 0, 3, 9, 9], 4), None);
        assert_eq!(split_units(&[0, 0, 0], 4), None);
    }
}
