//! Views a stream of another server and publishes it here, so that its viewers are served by this one: the link of a cascade.
//!
//! How offer and answer travel is the caller's business. Key frames that viewers ask for are asked for there. The layer that the other server
//! chooses for us is the one that viewers here get. Deliberately absent: finding the other server, coming back after a loss.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rtc::peer_connection::message::RTCMessage;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp_transceiver::RTCRtpReceiverId;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol;
use tokio_util::sync::CancellationToken;

use super::ClientError;
use super::counts::Codec as Counted;
use super::peer::{H264_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE, Peer, VP8_PAYLOAD_TYPE};
use crate::media::codec::Codec;
use crate::media::feed::Feed;
use crate::media::layer::Incoming;
use crate::media::{Media, PublishOptions, StreamId};

/// Requests for key frames are looked for so often.
const STEP: Duration = Duration::from_millis(20);

/// A viewer there that becomes a publisher here.
pub struct Pull {
    peer: Peer,
    offer: String,
    /// The streams that came, by SSRC.
    sources: Vec<(u32, Codec)>,
}

impl Pull {
    /// A pull that will receive on `local_ip`.
    pub fn new(local_ip: IpAddr) -> Result<Self, ClientError> {
        let mut peer = Peer::new(local_ip, &[Counted::Opus, Counted::H264, Counted::Vp8])?;
        peer.connection.add_transceiver_from_kind(RtpCodecKind::Audio, None)?;
        peer.connection.add_transceiver_from_kind(RtpCodecKind::Video, None)?;
        let offer = peer.offer()?;
        Ok(Self { peer, offer, sources: Vec::new() })
    }

    /// The offer to post to the other server's WHEP endpoint.
    pub fn offer(&self) -> &str {
        &self.offer
    }

    pub fn accept(&mut self, answer: &str) -> Result<(), ClientError> {
        self.peer.accept(answer)
    }

    /// Publishes what comes as `stream` until `stop` is cancelled (`Ok`) or either side ends it.
    pub async fn run(
        &mut self,
        media: &Media,
        stream: StreamId,
        options: PublishOptions,
        stop: &CancellationToken,
    ) -> Result<(), ClientError> {
        self.peer.connect().await?;
        let mut feed = Feed::begin(media, stream, options).await.map_err(ClientError::Plane)?;
        loop {
            let wanted = tokio::select! {
                () = stop.cancelled() => break,
                wanted = feed.keyframe_wanted() => {
                    if !wanted {
                        return Err(ClientError::Ended);
                    }
                    true
                }
                stepped = self.peer.step(Instant::now() + STEP) => {
                    stepped?;
                    false
                }
            };
            self.peer.check()?;
            if wanted {
                self.request_keyframe();
            }
            self.hand_over(&feed);
        }
        self.peer.close().await;
        Ok(())
    }

    fn hand_over(&mut self, feed: &Feed) {
        while let Some(read) = self.peer.connection.poll_read() {
            match read.message {
                RTCMessage::RtpPacket(_, packet) => {
                    let Some(codec) = codec_of(packet.header.payload_type) else { continue };
                    let ssrc = packet.header.ssrc;
                    if !self.sources.iter().any(|(known, _)| *known == ssrc) {
                        // A server that changes its sources leaves the old ones behind.
                        self.sources.retain(|(_, other)| *other != codec);
                        self.sources.push((ssrc, codec));
                    }
                    let incoming = Incoming {
                        sequence: packet.header.sequence_number,
                        timestamp: packet.header.timestamp,
                        marker: packet.header.marker,
                        payload: packet.payload,
                    };
                    feed.packet(codec, ssrc, incoming);
                }
                RTCMessage::RtcpPacket(_, packets) => {
                    for report in packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<SenderReport>()) {
                        if let Some((_, codec)) = self.sources.iter().find(|(ssrc, _)| *ssrc == report.ssrc) {
                            feed.clock(*codec, report.ntp_time, report.rtp_time);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn request_keyframe(&mut self) {
        let Some((ssrc, _)) = self.sources.iter().find(|(_, codec)| codec.is_video()).copied() else { return };
        let ids: Vec<_> = self.peer.connection.get_transceivers().map(RTCRtpReceiverId::from).collect();
        for id in ids {
            if let Some(mut receiver) = self.peer.connection.rtp_receiver(id)
                && receiver.track().kind() == RtpCodecKind::Video
            {
                let _ = receiver.write_rtcp(Instant::now(), vec![Box::new(PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc })]);
            }
        }
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
