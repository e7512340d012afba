//! Encoded samples to RTP packets: H.264 by RFC 6184 (packetization mode 1), Opus by RFC 7587.
//!
//! Timestamps come from the samples' own times, not from a count of packets, so a stream keeps its pace through gaps and loops.

use std::time::Duration;

use bytes::Bytes;
use rtc::rtp::Packet;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::codec::opus::OpusPayloader;
use rtc::rtp::header::Header;
use rtc::rtp::packetizer::Payloader;

use crate::media::file::{Kind, Sample};

/// Keeps datagrams to 1,200 bytes, also those that the server makes of these for viewers: with a header of 20 bytes, the two that a
/// retransmission begins with and a tag of 16. With IPv6 headers that fits the 1,280 bytes that every path carries.
const MAX_PAYLOAD: usize = 1_160;

/// One outgoing stream: its identity, its next sequence number and the beginning of its clock.
pub(super) struct Packetizer {
    payloader: Box<dyn Payloader>,
    ssrc: u32,
    clock_rate: u64,
    sequence: u16,
    first_timestamp: u32,
    sent_any: bool,
}

impl Packetizer {
    pub(super) fn new(kind: Kind, ssrc: u32) -> Self {
        let (payloader, clock_rate): (Box<dyn Payloader>, u64) = match kind {
            Kind::Video => (Box::new(H264Payloader::default()), 90_000),
            Kind::Audio => (Box::new(OpusPayloader), 48_000),
        };
        // RFC 3550 wants both beginnings random.
        Self { payloader, ssrc, clock_rate, sequence: rand::random(), first_timestamp: rand::random(), sent_any: false }
    }

    /// The packets of one sample that is due `at` after the stream's beginning.
    pub(super) fn packetize(&mut self, sample: &Sample, at: Duration, payload_type: u8) -> rtc::shared::error::Result<Vec<Packet>> {
        let mut payloads: Vec<Bytes> = Vec::new();
        for unit in &sample.units {
            payloads.extend(self.payloader.payload(MAX_PAYLOAD, unit)?);
        }
        let timestamp = self.timestamp(at);
        let last = payloads.len().saturating_sub(1);
        Ok(payloads
            .into_iter()
            .enumerate()
            .map(|(index, payload)| {
                // Video marks a frame's last packet; audio marks the first packet of a talk spurt, here the stream's first.
                let marker = match sample.kind {
                    Kind::Video => index == last,
                    Kind::Audio => !self.sent_any,
                };
                self.sent_any = true;
                Packet { header: self.header(payload_type, timestamp, marker), payload }
            })
            .collect())
    }

    fn header(&mut self, payload_type: u8, timestamp: u32, marker: bool) -> Header {
        let sequence_number = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        Header { version: 2, marker, payload_type, sequence_number, timestamp, ssrc: self.ssrc, ..Header::default() }
    }

    fn timestamp(&self, at: Duration) -> u32 {
        let ticks = at.as_nanos() * u128::from(self.clock_rate) / 1_000_000_000;
        // The RTP clock wraps by design; the remainder is what RFC 3550 sends.
        self.first_timestamp.wrapping_add((ticks & u128::from(u32::MAX)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::file::MediaFile;
    use rtc::rtp::codec::h264::H264Packet;
    use rtc::rtp::packetizer::Depacketizer;

    fn clip() -> MediaFile {
        MediaFile::parse(include_bytes!("../../demo/clip.mkv")).expect("the bundled clip is readable")
    }

    fn annex_b(units: &[Bytes]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat()).collect()
    }

    #[test]
    fn a_depacketizer_gets_back_exactly_the_frames_that_went_in() {
        let clip = clip();
        let mut packetizer = Packetizer::new(Kind::Video, 7);
        let mut depacketizer = H264Packet::default();
        for sample in clip.samples().iter().filter(|sample| sample.kind == Kind::Video).take(90) {
            let packets = packetizer.packetize(sample, sample.at, 102).expect("packetized");
            let got: Vec<u8> = packets.iter().flat_map(|packet| depacketizer.depacketize(&packet.payload).expect("depacketized")).collect();
            assert_eq!(got, annex_b(&sample.units));
        }
    }

    #[test]
    fn a_frame_shares_one_timestamp_and_ends_with_its_only_marker() {
        let clip = clip();
        let key = clip.samples().iter().find(|sample| sample.kind == Kind::Video).expect("video");
        let packets = Packetizer::new(Kind::Video, 7).packetize(key, key.at, 102).expect("packetized");
        assert!(packets.len() > 5, "a key frame does not fit into few packets");
        assert!(packets.iter().all(|packet| packet.header.timestamp == packets[0].header.timestamp && packet.payload.len() <= MAX_PAYLOAD));
        let markers: Vec<usize> = packets.iter().enumerate().filter(|(_, packet)| packet.header.marker).map(|(index, _)| index).collect();
        assert_eq!(markers, [packets.len() - 1]);
        assert!(packets.windows(2).all(|pair| pair[1].header.sequence_number == pair[0].header.sequence_number.wrapping_add(1)));
    }

    #[test]
    fn timestamps_follow_the_samples_times_and_wrap() {
        let mut packetizer = Packetizer::new(Kind::Audio, 9);
        packetizer.first_timestamp = u32::MAX - 100;
        let sample = Sample { kind: Kind::Audio, at: Duration::ZERO, key: true, units: vec![Bytes::from_static(&[1, 2, 3])] };
        let stamps: Vec<u32> = [0, 20, 60]
            .map(|ms| packetizer.packetize(&sample, Duration::from_millis(ms), 111).expect("packetized")[0].header.timestamp)
            .to_vec();
        assert_eq!(stamps, [u32::MAX - 100, 859, 2_779]);
    }
}
