//! One publisher: a full `rtc` peer connection, which gives the sender what it needs to reach its bitrate (TWCC, NACK, reports).
//!
//! The plane speaks ICE-lite with the publisher itself, as with viewers, and knows the path. The peer connection within sees a single peer at
//! a made-up address whose checks always succeed ([`Publisher::nominate`]): so UDP, TCP, changes of address and ICE restarts are all the same
//! to it, and DTLS is answered from the first authenticated check on.
//!
//! Invariants: one video codec is negotiated, H.264 if offered; retransmissions come on the media's own SSRC (no RTX is negotiated).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Registry;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::{RTCPeerConnectionEvent, RTCTrackEvent};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::transport::{RTCDtlsRole, RTCDtlsTransportState};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp_transceiver::RTCRtpReceiverId;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind};
use rtc::sansio::Protocol;
use rtc::shared::error::{Error, Result};
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::codec::Codec;
use super::ice::Credentials;
use super::identity::Identity;
use super::layer::Incoming;
use super::sdp::{AUDIO_LEVEL, Offer, OfferedCodec, answers_all, for_connection};
use super::sources::{self, Sources};
use super::stun;

/// The plane watches consent; the peer connection within must not give up before.
const NEVER: Duration = Duration::from_secs(24 * 3_600);
/// Unless a handshake is done by then, it never will be.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);
/// Sources that one publisher may use: simulcast layers, audio, and what a restarted encoder adds.
const MAX_SOURCES: usize = 32;

fn local() -> SocketAddr {
    ([127, 0, 0, 1], 2).into()
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

/// A source of the publisher: one layer.
#[derive(Clone, Debug)]
struct Source {
    name: Arc<str>,
    codec: Codec,
    receiver: RTCRtpReceiverId,
}

/// What came out of the peer connection.
pub(super) enum Event {
    Connected,
    Lost,
    /// A datagram that looked like media was not authentic, came twice, or was of no source that we know.
    Dropped,
    Packet {
        layer: Arc<str>,
        codec: Codec,
        ssrc: u32,
        packet: Incoming,
        /// How loud a sound is, in decibels below the loudest, if the publisher tells.
        level: Option<u8>,
    },
    Clock {
        layer: Arc<str>,
        codec: Codec,
        ntp: u64,
        rtp: u32,
    },
}

pub(super) struct Publisher {
    connection: RTCPeerConnection,
    credentials: Credentials,
    remote: Credentials,
    video: Option<Codec>,
    /// The payload type of redundant audio.
    red: Option<u8>,
    /// The id of the levels of its sound.
    level: Option<u8>,
    sources: HashMap<u32, Source>,
    proved: Sources,
    connected: bool,
    /// A DTLS record came since the last look at the transport: it may have been a goodbye.
    heard_dtls: bool,
    /// A datagram that looks like RTP came since the last look at what came out of it.
    heard_rtp: bool,
    pub(super) created: Instant,
}

impl Publisher {
    /// The publisher and the answer of its peer connection, which [`super::sdp::publisher_answer`] completes.
    pub(super) fn new(now: Instant, identity: &Identity, text: &str, offer: &Offer, credentials: Credentials) -> Result<(Self, String)> {
        let video = offer.preferred_video();
        let mut engine = MediaEngine::default();
        for codec in video.into_iter().chain(offer.audio()) {
            let (parameters, kind) = codec_parameters(codec);
            engine.register_codec(parameters, kind)?;
        }
        let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.to_owned() };
        engine.register_header_extension(level, RtpCodecKind::Audio, None)?;
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        let settings = SettingEngineBuilder::new()
            .with_answering_dtls_role(if offer.passive { RTCDtlsRole::Client } else { RTCDtlsRole::Server })
            .with_ice_credentials(credentials.ufrag.clone(), credentials.password.clone())
            .with_ice_timeouts(Some(NEVER), Some(NEVER), Some(Duration::from_secs(10)))
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_include_loopback_candidate(true)
            // OBS knows AES-CTR with HMAC-SHA1 only.
            .with_srtp_protection_profiles(vec![
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            ])
            .with_srtp_replay_protection_window(512)
            .build();
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().with_certificates(vec![identity.certificate()]).build())
            .with_media_engine(engine)
            .with_setting_engine(settings)
            .with_interceptor_registry(registry)
            .build(now)?;
        connection.set_remote_description(now, RTCSessionDescription::offer(for_connection(text, offer))?)?;
        connection.add_local_candidate(RTCIceCandidate::from(&candidate()?).to_json()?)?;
        let answer = connection.create_answer(None)?;
        connection.set_local_description(now, answer.clone())?;
        let answer = connection.local_description().map_or(answer.sdp, |description| description.sdp);
        if !answers_all(&answer, offer) {
            return Err(Error::Other("a section was not understood".to_owned()));
        }
        let publisher = Self {
            connection,
            credentials,
            remote: Credentials { ufrag: offer.ufrag.clone(), password: offer.password.clone() },
            video: video.map(|codec| codec.codec),
            red: offer.audio().find(|codec| codec.codec == Codec::Red).map(|codec| codec.payload_type),
            level: offer.level(),
            sources: HashMap::new(),
            proved: Sources::new(now),
            connected: false,
            heard_dtls: false,
            heard_rtp: false,
            created: now,
        };
        Ok((publisher, answer))
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Makes the peer connection within take its only path: the plane has checked a real one.
    ///
    /// It selects a pair at the second nomination, after its own check in between was answered.
    pub(super) fn nominate(&mut self, now: Instant, identity: &Identity) {
        let username = format!("{}:{}", self.credentials.ufrag, self.remote.ufrag);
        for _ in 0..2 {
            if let Ok(check) = stun::nominate(&username, &self.credentials.password, identity.crypto()) {
                self.datagram(now, &check);
                self.answer_checks(now, identity);
            }
        }
    }

    pub(super) fn datagram(&mut self, now: Instant, datagram: &[u8]) -> bool {
        let transport = TransportContext { local_addr: local(), peer_addr: peer(), ecn: None, transport_protocol: TransportProtocol::UDP };
        // DTLS records begin with 20 to 63 (RFC 7983).
        self.heard_dtls |= matches!(datagram.first(), Some(20..=63));
        self.heard_rtp |= matches!(datagram, [128..=191, 0..=191 | 224..=255, ..]);
        if matches!(datagram.first(), Some(128..=191)) && sources::ssrc(datagram).is_none_or(|ssrc| !self.proved.admits(now, ssrc)) {
            return true;
        }
        self.connection.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(datagram) }).is_ok()
    }

    /// Answers the checks of the peer connection in the peer's name and returns what is for the real peer.
    fn answer_checks(&mut self, now: Instant, identity: &Identity) -> Vec<Bytes> {
        let mut out = Vec::new();
        while let Some(datagram) = self.connection.poll_write() {
            if !stun::is_stun(&datagram.message) {
                out.push(datagram.message.freeze());
            } else if let Some(answer) = stun::answer(&datagram.message, local(), &self.remote.password, identity.crypto()) {
                self.datagram(now, &answer);
            }
        }
        out
    }

    pub(super) fn due(&mut self) -> Option<Instant> {
        self.connection.poll_timeout()
    }

    /// Runs due timers, then collects datagrams for the peer and what it sent.
    pub(super) fn poll(&mut self, now: Instant, identity: &Identity, events: &mut Vec<Event>) -> Vec<Bytes> {
        if self.due().is_some_and(|due| due <= now) {
            let _ = self.connection.handle_timeout(now);
        }
        let out = self.answer_checks(now, identity);
        while let Some(event) = self.connection.poll_event() {
            match event {
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected) => {
                    self.connected = true;
                    events.push(Event::Connected);
                }
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(
                    RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed | RTCPeerConnectionState::Disconnected,
                ) => events.push(Event::Lost),
                RTCPeerConnectionEvent::OnTrack(RTCTrackEvent::OnOpen(track)) => {
                    self.open(track.receiver_id, track.ssrc, track.rid.map(|rid| rid.to_string()));
                }
                _ => {}
            }
        }
        if std::mem::take(&mut self.heard_dtls) && self.connected && self.closed_by_peer() {
            events.push(Event::Lost);
        }
        let mut dropped = std::mem::take(&mut self.heard_rtp);
        while let Some(message) = self.connection.poll_read() {
            match message.message {
                RTCMessage::RtpPacket(_, packet) => {
                    dropped = false;
                    self.proved.proved(packet.header.ssrc);
                    self.packet(packet, events);
                }
                RTCMessage::RtcpPacket(_, packets) => {
                    for report in packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<SenderReport>()) {
                        if let Some(source) = self.sources.get(&report.ssrc) {
                            let layer = Arc::clone(&source.name);
                            events.push(Event::Clock { layer, codec: source.codec, ntp: report.ntp_time, rtp: report.rtp_time });
                        }
                    }
                }
                _ => {}
            }
        }
        if dropped {
            events.push(Event::Dropped);
        }
        out
    }

    /// The connection state does not tell of a peer's `close_notify`; the DTLS transport's does.
    fn closed_by_peer(&mut self) -> bool {
        let Some(id) = self.connection.get_transceivers().next() else { return false };
        let receiver = self.connection.rtp_receiver(RTCRtpReceiverId::from(id));
        receiver.and_then(|r| r.transport().map(|t| t.state())) == Some(RTCDtlsTransportState::Closed)
    }

    fn open(&mut self, receiver: RTCRtpReceiverId, ssrc: u32, rid: Option<String>) {
        let Some(kind) = self.connection.rtp_receiver(receiver).map(|receiver| receiver.track().kind()) else { return };
        let (name, codec) = match (kind, self.video) {
            (RtpCodecKind::Audio, _) => ("audio".to_owned(), Codec::Opus),
            (RtpCodecKind::Video, Some(codec)) => (rid.filter(|rid| !rid.is_empty()).unwrap_or_else(|| "video".to_owned()), codec),
            _ => return,
        };
        // A second camera would fight with the first for one layer; there is one picture per stream.
        let taken = self.sources.values().any(|source| *source.name == *name && source.receiver != receiver);
        if self.sources.len() < MAX_SOURCES && !taken {
            self.sources.insert(ssrc, Source { name: name.into(), codec, receiver });
        }
    }

    fn packet(&self, packet: rtc::rtp::Packet, events: &mut Vec<Event>) {
        let Some(source) = self.sources.get(&packet.header.ssrc) else { return };
        let codec = if self.red == Some(packet.header.payload_type) { Codec::Red } else { source.codec };
        let level = self.level.filter(|_| !codec.is_video()).and_then(|id| packet.header.get_extension(id));
        let level = level.and_then(|told| told.first().map(|told| told & 0x7f));
        let incoming = Incoming {
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        };
        events.push(Event::Packet { layer: Arc::clone(&source.name), codec, ssrc: packet.header.ssrc, packet: incoming, level });
    }

    /// Asks for a key frame of one layer.
    pub(super) fn request_keyframe(&mut self, now: Instant, ssrc: u32) {
        if let Some(source) = self.sources.get(&ssrc)
            && let Some(mut receiver) = self.connection.rtp_receiver(source.receiver)
        {
            let _ = receiver.write_rtcp(now, vec![Box::new(PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc })]);
        }
    }

    /// Datagrams that say goodbye.
    pub(super) fn goodbye(&mut self, now: Instant, identity: &Identity) -> Vec<Bytes> {
        let _ = self.connection.close();
        self.answer_checks(now, identity)
    }
}

fn candidate() -> Result<rtc::ice::candidate::Candidate> {
    CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: local().ip().to_string(),
            port: local().port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    }
    .new_candidate_host()
}

fn codec_parameters(offered: &OfferedCodec) -> (RTCRtpCodecParameters, RtpCodecKind) {
    let (mime_type, channels, kind) = match offered.codec {
        Codec::Opus => (MIME_TYPE_OPUS, 2, RtpCodecKind::Audio),
        Codec::Red => ("audio/red", 2, RtpCodecKind::Audio),
        Codec::H264 => (MIME_TYPE_H264, 0, RtpCodecKind::Video),
        Codec::Vp8 => (MIME_TYPE_VP8, 0, RtpCodecKind::Video),
    };
    let rtp_codec = RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate: offered.codec.clock_rate(),
        channels,
        sdp_fmtp_line: offered.fmtp.clone(),
        rtcp_feedback: vec![],
    };
    (RTCRtpCodecParameters { rtp_codec, payload_type: offered.payload_type }, kind)
}
