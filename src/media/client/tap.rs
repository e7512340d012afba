//! A viewer on the machine itself that hands on what it receives, for recording. It costs what a viewer costs: one connection, one decryption.

use super::ClientError;
use super::counts::Codec;
use super::peer::{H264_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE, Peer, VP8_PAYLOAD_TYPE};
use crate::media::record::{Received, RtpPacket, TrackCodec};
use crate::media::{Media, SessionId, StreamId, ViewOptions};
use rtc::peer_connection::message::RTCMessage;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// Seconds from 1900 to 1970.
const NTP_EPOCH: f64 = 2_208_988_800.0;
const NTP_SECOND: f64 = 4_294_967_296.0;

pub struct Tap {
    peer: Peer,
    media: Media,
    session: SessionId,
    /// The streams that came, by SSRC.
    sources: Vec<(u32, TrackCodec)>,
}

impl Tap {
    /// Views a stream and is connected when this returns.
    pub async fn open(media: &Media, stream: StreamId, options: ViewOptions) -> Result<Self, ClientError> {
        let here = match media.local_addr().ip() {
            any if any.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let mut peer = Peer::new(here, &[Codec::Opus, Codec::H264, Codec::Vp8])?;
        peer.connection.add_transceiver_from_kind(RtpCodecKind::Audio, None)?;
        peer.connection.add_transceiver_from_kind(RtpCodecKind::Video, None)?;
        let offer = peer.offer()?;
        let answer = media.view(stream, &offer, options).await.map_err(ClientError::Plane)?;
        let mut tap = Self { peer, media: media.clone(), session: answer.session, sources: Vec::new() };
        let near = media.nearby(&answer.sdp).ok_or(ClientError::NothingAccepted);
        let connected = match near.and_then(|near| tap.peer.accept(&near)) {
            Ok(()) => tap.peer.connect().await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(()) => Ok(tap),
            Err(error) => {
                tap.close().await;
                Err(error)
            }
        }
    }

    /// Receives until `until` or until something has come, whichever is first; fails when the connection is lost.
    pub async fn receive(&mut self, until: Instant, mut take: impl FnMut(Received)) -> Result<(), ClientError> {
        self.peer.check()?;
        self.peer.step(until).await?;
        while let Some(read) = self.peer.connection.poll_read() {
            match read.message {
                RTCMessage::RtpPacket(_, packet) => {
                    let Some(codec) = codec_of(packet.header.payload_type) else { continue };
                    let ssrc = packet.header.ssrc;
                    if !self.sources.iter().any(|(known, _)| *known == ssrc) {
                        self.sources.retain(|(_, other)| *other != codec);
                        self.sources.push((ssrc, codec));
                    } else if let Some(source) = self.sources.iter_mut().find(|(known, _)| *known == ssrc) {
                        source.1 = codec;
                    }
                    // Probing for bandwidth sends packets of nothing but padding, each with a number of its own.
                    let (header, payload) = (packet.header, packet.payload);
                    let packet =
                        RtpPacket { sequence: header.sequence_number, timestamp: header.timestamp, marker: header.marker, payload };
                    take(Received::Packet { codec, packet });
                }
                RTCMessage::RtcpPacket(_, packets) => {
                    for report in packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<SenderReport>()) {
                        if let Some((_, codec)) = self.sources.iter().find(|(ssrc, _)| *ssrc == report.ssrc) {
                            let at = (report.ntp_time as f64 / NTP_SECOND - NTP_EPOCH) * 1_000.0;
                            take(Received::Report { codec: *codec, at, rtp: report.rtp_time });
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub async fn close(mut self) {
        self.peer.close().await;
        self.media.close(self.session).await;
    }
}

/// Answers keep the payload types of our offer (RFC 3264), so these are ours.
fn codec_of(payload_type: u8) -> Option<TrackCodec> {
    match payload_type {
        H264_PAYLOAD_TYPE => Some(TrackCodec::H264),
        VP8_PAYLOAD_TYPE => Some(TrackCodec::Vp8),
        OPUS_PAYLOAD_TYPE => Some(TrackCodec::Opus),
        _ => None,
    }
}
