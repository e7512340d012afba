//! Writes what a viewer receives into Matroska files as it is: packets are put in order and joined to frames, nothing is decoded.
//!
//! One [`Recorder`] takes one person's sound and picture and gives a [`Segment`] every half minute. Times are milliseconds since the recording
//! began, by the wall clock that the plane's sender reports carry, so that sound and picture, and one person and another, go together.
//!
//! Invariants: nothing from before the beginning is written, also where the plane still has a group of pictures from before; a picture begins
//! with a key frame; what is held in memory is bounded. Deliberately absent: sockets, files, who may record whom.

mod clock;
mod frames;
mod matroska;
mod order;
mod recorder;
mod sps;

pub use matroska::{Piece, Whole, whole};
pub use recorder::{Recorder, Segment};

use bytes::Bytes;

/// How a track is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackCodec {
    Opus,
    H264,
    Vp8,
}

impl TrackCodec {
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::H264 => "h264",
            Self::Vp8 => "vp8",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Opus, Self::H264, Self::Vp8].into_iter().find(|codec| codec.name() == name)
    }

    fn clock_rate(self) -> u32 {
        if self == Self::Opus { 48_000 } else { 90_000 }
    }
}

/// What a player must know of a picture before its first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub codec: TrackCodec,
    pub width: u32,
    pub height: u32,
    /// H.264: the `avcC` record (ISO/IEC 14496-15). VP8 needs none.
    pub private: Vec<u8>,
}

/// A packet as it came, or what its sender's report says of its clock.
#[derive(Clone, Debug)]
pub enum Received {
    Packet {
        codec: TrackCodec,
        packet: RtpPacket,
    },
    /// `at`: the wall clock, in UTC milliseconds, that belongs to the RTP time.
    Report {
        codec: TrackCodec,
        at: f64,
        rtp: u32,
    },
}

#[derive(Clone, Debug)]
pub struct RtpPacket {
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Bytes,
}
