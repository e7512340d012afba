//! Drives one sans-I/O peer connection over one UDP socket.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc::interceptor::Registry;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::{configure_nack, configure_rtcp_reports};
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCDtlsTransportState, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpReceiverId, RTCRtpSenderId};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use tokio::net::UdpSocket;

use super::ClientError;
use super::counts::Codec;
use crate::media::sdp::AUDIO_LEVEL;

/// Longer than a path with loss needs for ICE and DTLS, shorter than a person's patience.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that is gone should be noticed, and dialled again, within seconds.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(4);
/// One candidate on each side: there is no crowd of checks to spread out, and the first one should not wait.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// Checks go on as long as [`CONNECT_TIMEOUT`] does.
const CHECK_ATTEMPTS: u16 = 500;
/// Room for a key frame's burst of packets while the task waits for its turn on a busy machine.
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;
/// How many datagrams are taken in before what they caused is sent out.
const BATCH: usize = 64;

pub(super) const H264_PAYLOAD_TYPE: u8 = 102;
pub(super) const VP8_PAYLOAD_TYPE: u8 = 96;
pub(super) const OPUS_PAYLOAD_TYPE: u8 = 111;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Connecting,
    Connected,
    Lost,
    /// The peer said goodbye.
    Ended,
}

pub(super) struct Peer {
    pub(super) connection: RTCPeerConnection,
    socket: UdpSocket,
    /// The address of our only candidate; the socket itself may be bound to all addresses.
    local: SocketAddr,
    buffer: Box<[u8]>,
    link: Link,
}

impl Peer {
    /// Binds a socket that is reachable at `local_ip` and announces that address as the only candidate.
    pub(super) fn new(local_ip: IpAddr, codecs: &[Codec]) -> Result<Self, ClientError> {
        let socket = bind(local_ip)?;
        let local = SocketAddr::new(local_ip, socket.local_addr()?.port());
        let mut engine = MediaEngine::default();
        for codec in codecs {
            let (parameters, kind) = codec_parameters(*codec);
            engine.register_codec(parameters, kind)?;
        }
        let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.to_owned() };
        engine.register_header_extension(level, RtpCodecKind::Audio, None)?;
        let registry = configure_rtcp_reports(configure_nack(Registry::new(), &mut engine));
        let settings = SettingEngineBuilder::new()
            .with_ice_timeouts(Some(DISCONNECTED_AFTER), Some(DISCONNECTED_AFTER), Some(Duration::from_secs(1)))
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECK_ATTEMPTS))
            .with_include_loopback_candidate(true)
            .build();
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_setting_engine(settings)
            .with_interceptor_registry(registry)
            .build(Instant::now())?;
        connection.add_local_candidate(RTCIceCandidate::from(&host_candidate(local)?).to_json()?)?;
        Ok(Self { connection, socket, local, buffer: vec![0; 2_048].into(), link: Link::Connecting })
    }

    /// The offer with our candidate in it. Transceivers must have been added.
    pub(super) fn offer(&mut self) -> Result<String, ClientError> {
        let offer = self.connection.create_offer(None)?;
        self.connection.set_local_description(Instant::now(), offer.clone())?;
        Ok(self.connection.local_description().map_or(offer.sdp, |description| description.sdp))
    }

    pub(super) fn accept(&mut self, answer: &str) -> Result<(), ClientError> {
        self.connection.set_remote_description(Instant::now(), RTCSessionDescription::answer(answer.to_owned())?)?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn port(&self) -> u16 {
        self.local.port()
    }

    /// Runs the connection until it is up.
    pub(super) async fn connect(&mut self) -> Result<(), ClientError> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        while self.link == Link::Connecting {
            if Instant::now() >= deadline {
                return Err(ClientError::NotConnected(CONNECT_TIMEOUT));
            }
            // What is read stays queued: the first media may come together with the end of the handshake.
            self.step(deadline).await?;
        }
        self.check()
    }

    /// Fails if the call is over.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        match self.link {
            Link::Connecting | Link::Connected => Ok(()),
            Link::Lost => Err(ClientError::Lost),
            Link::Ended => Err(ClientError::Ended),
        }
    }

    /// Sends what is due, then waits for datagrams, a timer of the connection, or `until`, whichever comes first.
    pub(super) async fn step(&mut self, until: Instant) -> Result<(), ClientError> {
        self.settle().await?;
        let now = Instant::now();
        let due = self.connection.poll_timeout().map_or(until, |timer| timer.min(until));
        if due <= now {
            self.connection.handle_timeout(now)?;
            return Ok(());
        }
        tokio::select! {
            biased;
            ready = self.socket.readable() => { ready?; self.take_in()?; }
            () = tokio::time::sleep_until(due.into()) => self.connection.handle_timeout(Instant::now())?,
        }
        self.settle().await
    }

    /// Takes note of events, then sends: an event can bring something to send, as the end of ICE brings the DTLS hello.
    async fn settle(&mut self) -> Result<(), ClientError> {
        self.note_events();
        self.flush().await
    }

    /// Hands up to [`BATCH`] waiting datagrams to the connection.
    fn take_in(&mut self) -> Result<(), ClientError> {
        for _ in 0..BATCH {
            let (length, peer_addr) = match self.socket.try_recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // Linux reports an unreachable port of an earlier datagram here; ICE decides whether the peer is gone.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            let transport = TransportContext { local_addr: self.local, peer_addr, ecn: None, transport_protocol: TransportProtocol::UDP };
            let message = BytesMut::from(&self.buffer[..length]);
            // A datagram that is not understood or not authentic is not a reason to end the call.
            if let Err(error) = self.connection.handle_read(TaggedBytesMut { now: Instant::now(), transport, message }) {
                tracing::trace!(%error, "dropped a datagram");
            }
            // DTLS records begin with 20 to 63 (RFC 7983). One may have ended the handshake: the SRTP keys come into use when its
            // event is polled, and media may follow in this very batch. Or one may have said goodbye.
            if matches!(self.buffer[0], 20..=63) {
                self.note_events();
                if self.closed_by_peer() {
                    self.link = Link::Ended;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> Result<(), ClientError> {
        while let Some(datagram) = self.connection.poll_write() {
            match self.socket.send_to(&datagram.message, datagram.transport.peer_addr).await {
                Ok(_) => {}
                // The server's port may be closed for the second in which it restarts; ICE notices if it stays so.
                Err(error) => tracing::trace!(%error, "could not send a datagram"),
            }
        }
        Ok(())
    }

    fn note_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                self.link = match (state, self.link) {
                    (_, ended @ (Link::Lost | Link::Ended)) => ended,
                    (RTCPeerConnectionState::Connected, _) => Link::Connected,
                    (RTCPeerConnectionState::Failed | RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Closed, _) => {
                        Link::Lost
                    }
                    (_, link) => link,
                };
            }
        }
    }

    /// The connection state does not tell of a peer's `close_notify`; the DTLS transport's does.
    fn closed_by_peer(&mut self) -> bool {
        let Some(id) = self.connection.get_transceivers().next() else {
            return false;
        };
        let state = if let Some(sender) = self.connection.rtp_sender(RTCRtpSenderId::from(id)) {
            sender.transport().map(|transport| transport.state())
        } else {
            self.connection
                .rtp_receiver(RTCRtpReceiverId::from(id))
                .and_then(|receiver| receiver.transport().map(|transport| transport.state()))
        };
        state == Some(RTCDtlsTransportState::Closed)
    }

    /// Says goodbye, so that the other side need not wait for a timeout.
    pub(super) async fn close(&mut self) {
        if let Err(error) = self.connection.close() {
            tracing::debug!(%error, "closing");
        }
        let _ = self.flush().await;
    }
}

fn bind(local_ip: IpAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = if local_ip.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    // Loopback stays on loopback: nobody else needs to reach it.
    let address = if local_ip.is_loopback() { SocketAddr::new(local_ip, 0) } else { any };
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn host_candidate(address: SocketAddr) -> rtc::shared::error::Result<rtc::ice::candidate::Candidate> {
    CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    }
    .new_candidate_host()
}

pub(super) fn codec_parameters(codec: Codec) -> (RTCRtpCodecParameters, RtpCodecKind) {
    let (mime_type, clock_rate, channels, fmtp, payload_type, kind) = match codec {
        Codec::H264 => {
            let fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
            (MIME_TYPE_H264, 90_000, 0, fmtp, H264_PAYLOAD_TYPE, RtpCodecKind::Video)
        }
        Codec::Vp8 => (MIME_TYPE_VP8, 90_000, 0, "", VP8_PAYLOAD_TYPE, RtpCodecKind::Video),
        Codec::Opus => (MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1", OPUS_PAYLOAD_TYPE, RtpCodecKind::Audio),
    };
    let rtp_codec =
        RTCRtpCodec { mime_type: mime_type.to_owned(), clock_rate, channels, sdp_fmtp_line: fmtp.to_owned(), rtcp_feedback: vec![] };
    (RTCRtpCodecParameters { rtp_codec, payload_type }, kind)
}
