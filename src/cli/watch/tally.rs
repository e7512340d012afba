//! One viewer's figures over all its connections.

use std::time::{Duration, Instant};

use crate::media::client::{Received, StreamCounts};

/// Figures that only grow and can be added up over connections and viewers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) lost: u64,
    pub(super) duplicates: u64,
    pub(super) video_frames: u64,
    pub(super) key_frames: u64,
    pub(super) audio_packets: u64,
}

impl Totals {
    pub(super) fn of(received: &Received) -> Self {
        let Received { video, audio } = received;
        let both = |figure: fn(&StreamCounts) -> u64| figure(video) + figure(audio);
        Self {
            packets: both(|counts| counts.packets),
            bytes: both(|counts| counts.bytes),
            lost: both(|counts| counts.lost),
            duplicates: both(|counts| counts.duplicates),
            video_frames: video.frames,
            key_frames: video.key_frames,
            audio_packets: audio.packets,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
            lost: self.lost + other.lost,
            duplicates: self.duplicates + other.duplicates,
            video_frames: self.video_frames + other.video_frames,
            key_frames: self.key_frames + other.key_frames,
            audio_packets: self.audio_packets + other.audio_packets,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Connections that have ended.
    before: Totals,
    now: Totals,
    pub(super) connected: bool,
    pub(super) reconnects: u32,
    pub(super) jitter_ms: f64,
    /// From dialling to the first frame that can be decoded, on the first connection that had one.
    pub(super) first_frame: Option<Duration>,
}

impl Tally {
    pub(super) fn update(&mut self, received: &Received, dialled: Instant) {
        self.reconnects += u32::from(!self.connected && self.before != Totals::default());
        self.now = Totals::of(received);
        self.connected = true;
        self.jitter_ms = received.video.jitter_ms.max(received.audio.jitter_ms);
        // A stream without pictures begins with its first sound.
        let begun = received.video.first_frame.or(received.audio.first_frame.filter(|_| received.video.packets == 0));
        if self.first_frame.is_none() {
            self.first_frame = begun.map(|first| first.duration_since(dialled));
        }
    }

    pub(super) fn connection_ended(&mut self) {
        self.before = self.totals();
        self.now = Totals::default();
        self.connected = false;
    }

    pub(super) fn totals(&self) -> Totals {
        self.before.plus(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(packets: u64, lost: u64) -> Received {
        let video = StreamCounts { packets, lost, frames: packets / 2, ..StreamCounts::default() };
        Received { video, ..Received::default() }
    }

    #[test]
    fn figures_of_a_lost_connection_are_kept() {
        let mut tally = Tally::default();
        tally.update(&received(10, 1), Instant::now());
        tally.connection_ended();
        tally.update(&received(4, 0), Instant::now());
        let totals = tally.totals();
        assert_eq!((totals.packets, totals.lost, totals.video_frames), (14, 1, 7));
        assert!(tally.connected);
        assert_eq!(tally.reconnects, 1);
    }

    #[test]
    fn the_first_frame_is_timed_from_dialling_and_kept() {
        let dialled = Instant::now();
        let mut tally = Tally::default();
        let mut seen = received(10, 0);
        tally.update(&seen, dialled);
        assert_eq!(tally.first_frame, None);
        seen.video.first_frame = Some(dialled + Duration::from_millis(120));
        tally.update(&seen, dialled);
        seen.video.first_frame = Some(dialled + Duration::from_millis(900));
        tally.update(&seen, dialled);
        assert_eq!(tally.first_frame, Some(Duration::from_millis(120)));
    }

    #[test]
    fn a_stream_of_sound_alone_begins_with_its_first_sound() {
        let dialled = Instant::now();
        let audio = StreamCounts { packets: 3, frames: 3, first_frame: Some(dialled), ..StreamCounts::default() };
        let mut tally = Tally::default();
        tally.update(&Received { audio, ..Received::default() }, dialled);
        assert_eq!(tally.first_frame, Some(Duration::ZERO));
    }
}
