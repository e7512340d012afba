//! Receives one stream and counts it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use rtc::peer_connection::message::RTCMessage;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol;

use super::ClientError;
use super::counts::{Codec, StreamCounter, StreamCounts};
use super::peer::{H264_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE, Peer, VP8_PAYLOAD_TYPE};

/// A server that switches layers keeps the SSRC; a handful more than a panel has streams would be a fault, so the rest is not counted.
const MAX_STREAMS: usize = 16;

/// What a [`Receiver`] has seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    pub video: StreamCounts,
    pub audio: StreamCounts,
}

/// One viewing peer. [`offer`](Self::offer) goes to the server, its answer to [`accept`](Self::accept), then [`run_until`](Self::run_until)
/// again and again, with a look at [`received`](Self::received) in between.
pub struct Receiver {
    peer: Peer,
    offer: String,
    streams: HashMap<u32, (u8, StreamCounter)>,
    /// The SSRCs that the answer names, with the tags of their sections.
    sections: Vec<(u32, String)>,
}

impl Receiver {
    pub fn new(local_ip: IpAddr) -> Result<Self, ClientError> {
        Self::with(local_ip, 1, 1)
    }

    /// A viewer that takes so many sounds and pictures.
    pub fn with(local_ip: IpAddr, sounds: usize, pictures: usize) -> Result<Self, ClientError> {
        let mut peer = Peer::new(local_ip, &[Codec::Opus, Codec::H264, Codec::Vp8])?;
        // Without an init a transceiver only receives.
        for _ in 0..sounds {
            peer.connection.add_transceiver_from_kind(RtpCodecKind::Audio, None)?;
        }
        for _ in 0..pictures {
            peer.connection.add_transceiver_from_kind(RtpCodecKind::Video, None)?;
        }
        let offer = peer.offer()?;
        Ok(Self { peer, offer, streams: HashMap::new(), sections: Vec::new() })
    }

    pub fn offer(&self) -> &str {
        &self.offer
    }

    pub fn accept(&mut self, answer: &str) -> Result<(), ClientError> {
        for section in answer.split("\nm=").skip(1) {
            let Some(mid) = section.lines().find_map(|line| line.trim_end().strip_prefix("a=mid:")) else { continue };
            let ssrcs = section.lines().filter_map(|line| line.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok());
            self.sections.extend(ssrcs.map(|ssrc| (ssrc, mid.to_owned())));
        }
        self.peer.accept(answer)
    }

    /// What came in the media section with this tag.
    pub fn section(&self, mid: &str) -> StreamCounts {
        let of_it = self.sections.iter().filter(|(_, section)| section == mid).filter_map(|(ssrc, _)| self.streams.get(ssrc));
        of_it.map(|(_, counter)| counter.counts()).max_by_key(|counts| counts.packets).cloned().unwrap_or_default()
    }

    /// Brings the connection up.
    pub async fn connect(&mut self) -> Result<(), ClientError> {
        self.peer.connect().await
    }

    /// Receives until `until`; fails when the connection is lost. A stream that nobody publishes is not a failure.
    pub async fn run_until(&mut self, until: Instant) -> Result<(), ClientError> {
        while Instant::now() < until {
            self.peer.check()?;
            self.peer.step(until).await?;
            self.count();
        }
        Ok(())
    }

    fn count(&mut self) {
        let now = Instant::now();
        while let Some(read) = self.peer.connection.poll_read() {
            let RTCMessage::RtpPacket(_, packet) = read.message else {
                continue;
            };
            let payload_type = packet.header.payload_type;
            let Some(codec) = codec_of(payload_type) else {
                continue;
            };
            // Probing for bandwidth sends packets of nothing but padding; they carry no media.
            if packet.payload.is_empty() {
                continue;
            }
            if self.streams.len() >= MAX_STREAMS && !self.streams.contains_key(&packet.header.ssrc) {
                continue;
            }
            let (_, counter) = self.streams.entry(packet.header.ssrc).or_insert_with(|| (payload_type, StreamCounter::new(codec)));
            counter.receive(&packet, now);
        }
    }

    /// The busiest stream of each kind: another SSRC only appears if the server changed it in mid-stream.
    pub fn received(&self) -> Received {
        let of = |wanted: fn(u8) -> bool| {
            let counters = self.streams.values().filter(|(payload_type, _)| wanted(*payload_type)).map(|(_, counter)| counter.counts());
            counters.max_by_key(|counts| counts.packets).cloned().unwrap_or_default()
        };
        Received {
            video: of(|payload_type| payload_type != OPUS_PAYLOAD_TYPE),
            audio: of(|payload_type| payload_type == OPUS_PAYLOAD_TYPE),
        }
    }

    pub async fn close(mut self) -> Received {
        self.peer.close().await;
        self.received()
    }

    /// The port of our only candidate.
    #[cfg(test)]
    pub(super) fn port(&self) -> u16 {
        self.peer.port()
    }

    /// The answering side of a call, so that a [`Sender`](super::Sender) can be tested without a server.
    #[cfg(test)]
    pub(crate) fn answer(local_ip: IpAddr, offer: &str) -> Result<Self, ClientError> {
        use rtc::peer_connection::sdp::RTCSessionDescription;
        let mut peer = Peer::new(local_ip, &[Codec::Opus, Codec::H264])?;
        peer.connection.set_remote_description(Instant::now(), RTCSessionDescription::offer(offer.to_owned())?)?;
        let answer = peer.connection.create_answer(None)?;
        peer.connection.set_local_description(Instant::now(), answer.clone())?;
        let offer = peer.connection.local_description().map_or(answer.sdp, |description| description.sdp);
        Ok(Self { peer, offer, streams: HashMap::new(), sections: Vec::new() })
    }
}

/// Answers keep the payload types of our offer (RFC 3264), so these are ours.
fn codec_of(payload_type: u8) -> Option<Codec> {
    match payload_type {
        H264_PAYLOAD_TYPE => Some(Codec::H264),
        VP8_PAYLOAD_TYPE => Some(Codec::Vp8),
        OPUS_PAYLOAD_TYPE => Some(Codec::Opus),
        _ => None,
    }
}
