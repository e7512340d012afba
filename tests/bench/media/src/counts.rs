//! What a verifying viewer received: every packet decrypted and looked at.

use crate::frames::{self, Payload};
use crate::rtp::{Extender, Header};
use crate::sdp::Remote;

/// Packets back for which a repeated or late one is told from a new one.
const WINDOW: u64 = 4_096;

/// Cumulative figures, and the delays since they were last taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) packets: u64,
    /// Not authentic, or the same packet again.
    pub(crate) refused: u64,
    /// Decrypted, but not what was published, or under a wrong payload type or SSRC.
    pub(crate) wrong: u64,
    /// Numbers between the first and the newest packet that never came.
    pub(crate) lost: u64,
    /// From the publisher's clock to the arrival at our socket.
    pub(crate) delays_us: Vec<u32>,
}

#[derive(Default)]
struct Stream {
    numbers: Extender,
    first: Option<u64>,
    received: u64,
    seen: Vec<u64>,
}

impl Stream {
    /// False if it was there before.
    fn note(&mut self, sequence: u16) -> bool {
        let whole = self.numbers.extend(sequence);
        self.seen.resize(WINDOW as usize, 0);
        let slot = &mut self.seen[(whole % WINDOW) as usize];
        if *slot == whole {
            return false;
        }
        *slot = whole;
        self.received += 1;
        self.first = Some(self.first.map_or(whole, |first| first.min(whole)));
        true
    }

    fn lost(&self) -> u64 {
        let (Some(first), Some(highest)) = (self.first, self.numbers.highest()) else { return 0 };
        (highest - first + 1).saturating_sub(self.received)
    }
}

#[derive(Default)]
pub(crate) struct Receiver {
    counts: Counts,
    audio: Stream,
    video: Stream,
}

impl Receiver {
    pub(crate) fn refuse(&mut self) {
        self.counts.refused += 1;
    }

    /// Takes in a decrypted packet that arrived at `arrived_ns`.
    pub(crate) fn take(&mut self, them: &Remote, header: &Header, packet: &[u8], arrived_ns: u64) {
        let video = header.payload_type == them.video.payload_type;
        let (track, stream) = if video { (them.video, &mut self.video) } else { (them.audio, &mut self.audio) };
        if header.payload_type != track.payload_type || track.ssrc.is_some_and(|ssrc| ssrc != header.ssrc) {
            self.counts.wrong += 1;
            return;
        }
        if !stream.note(header.sequence) {
            self.counts.refused += 1;
            return;
        }
        self.counts.packets += 1;
        match frames::inspect(video, header.payload(packet)) {
            Payload::Media(stamp) => self.counts.delays_us.push((arrived_ns.saturating_sub(stamp.sent_ns) / 1_000) as u32),
            Payload::Parameters => {}
            Payload::Wrong => self.counts.wrong += 1,
        }
    }

    /// The highest number of a track, as reports carry it.
    pub(crate) fn highest(&self, video: bool) -> u32 {
        let stream = if video { &self.video } else { &self.audio };
        stream.numbers.highest().unwrap_or(0) as u32
    }

    /// The figures so far; the delays are handed over.
    pub(crate) fn counts(&mut self) -> Counts {
        self.counts.lost = self.audio.lost() + self.video.lost();
        let delays_us = std::mem::take(&mut self.counts.delays_us);
        Counts { delays_us, ..self.counts.clone() }
    }
}

/// The value below which the given share of `values` lies; orders them.
pub(crate) fn percentile<T: Copy + PartialOrd>(values: &mut [T], share: f64) -> Option<T> {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(((values.len().saturating_sub(1)) as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp;
    use crate::sdp::Track;

    fn receive(sequences: &[u16], payload_type: u8) -> Counts {
        let track = |payload_type| Track { payload_type, ssrc: Some(5) };
        let them = Remote { audio: track(111), video: track(102), ..Remote::default() };
        let mut receiver = Receiver::default();
        for sequence in sequences {
            let mut packet = rtp::header(payload_type, false, *sequence, 0, 5).to_vec();
            packet.extend_from_slice(&frames::audio(1));
            let header = Header::parse(&packet).expect("a header");
            receiver.take(&them, &header, &packet, frames::wall_ns());
        }
        receiver.counts()
    }

    #[test]
    fn holes_repeats_and_strangers_are_counted() {
        let counts = receive(&[65_535, 0, 2, 0, 1, 4], 111);
        assert_eq!((counts.packets, counts.lost, counts.refused, counts.wrong), (5, 1, 1, 0));
        assert_eq!(counts.delays_us.len(), 5);
        assert_eq!(receive(&[1, 2], 96).wrong, 2);
        assert_eq!(receive(&[1], 102).wrong, 1, "sound is no picture");
    }

    #[test]
    fn percentiles() {
        assert_eq!(percentile(&mut [3, 1, 2], 0.5), Some(2));
        assert_eq!(percentile::<u32>(&mut [], 0.5), None);
    }
}
