//! One end of an encrypted connection: ICE checks that nominate, DTLS, SRTP keys. Reads and writes datagrams, owns no socket.
//!
//! We always control ICE and begin DTLS; the servers that are measured are ICE-lite. Every protection is checked as a browser would:
//! integrity of check answers, the certificate's fingerprint, SRTP with replay protection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use rtc_crypto::{HashAlgorithm, RTCCrypto, RTCCryptoProvider};
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, RawAttribute};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;

use crate::sdp::{Credentials, Remote};

/// Chromium repeats an unanswered check or flight after this time.
const RETRY: Duration = Duration::from_millis(50);
/// Packets that may come out of order.
const REPLAY: usize = 1_024;

/// Our certificate and cryptography, shared by all connections.
pub(crate) struct Identity {
    provider: Arc<dyn RTCCryptoProvider>,
    config: Arc<HandshakeConfig>,
    pub(crate) fingerprint: String,
}

impl Identity {
    pub(crate) fn new() -> Result<Self> {
        let provider = rtc_crypto::default_provider()?;
        let certificate = Certificate::generate_self_signed(vec!["bench".to_owned()], provider.crypto())?;
        let fingerprint = fingerprint(provider.crypto(), certificate.certificate.first().context("no certificate")?)?;
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&provider))
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(RETRY)
            .build(true, None)?;
        Ok(Self { provider, config: Arc::new(config), fingerprint })
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self.provider.crypto()
    }
}

fn fingerprint(crypto: &dyn RTCCrypto, der: &[u8]) -> Result<String> {
    let hash = crypto.hash(HashAlgorithm::Sha256, der)?;
    Ok(hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}

/// What a datagram was.
pub(crate) enum Event {
    Nothing,
    /// The handshake ended just now.
    Connected,
    /// A decrypted RTP packet.
    Rtp(BytesMut),
    /// A decrypted compound RTCP packet.
    Rtcp(BytesMut),
    /// An SRTP or SRTCP packet that is not authentic, or came twice.
    Refused,
    /// The server said goodbye.
    Closed,
}

struct Keys {
    inbound: Context,
    outbound: Context,
}

pub(crate) struct Peer {
    us: Credentials,
    them: Remote,
    transaction: TransactionId,
    request: BytesMut,
    /// When the check or the flight is repeated.
    retry: Option<Instant>,
    dtls: Option<Endpoint>,
    keys: Option<Keys>,
    out: Vec<BytesMut>,
}

/// The endpoint knows associations by address; ours has one.
fn key() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

impl Peer {
    /// Queues the first check.
    pub(crate) fn new(identity: &Identity, us: Credentials, them: Remote, now: Instant) -> Result<Self> {
        if them.active {
            bail!("the server wants to begin DTLS");
        }
        let transaction = TransactionId::default();
        let mut peer = Self { us, them, transaction, request: BytesMut::new(), retry: None, dtls: None, keys: None, out: Vec::new() };
        peer.check(identity, now)?;
        Ok(peer)
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.them
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// Queues a nominating check, which also renews consent (RFC 7675).
    pub(crate) fn check(&mut self, identity: &Identity, now: Instant) -> Result<()> {
        self.transaction = TransactionId::new();
        let attribute = |typ, value: &[u8]| RawAttribute { typ, length: value.len() as u16, value: value.to_vec() };
        let parts: [Box<dyn Setter + '_>; 8] = [
            Box::new(BINDING_REQUEST),
            Box::new(self.transaction),
            Box::new(TextAttribute { attr: ATTR_USERNAME, text: format!("{}:{}", self.them.ufrag, self.us.ufrag) }),
            Box::new(attribute(ATTR_ICE_CONTROLLING, &7_u64.to_be_bytes())),
            Box::new(attribute(ATTR_PRIORITY, &0x6e00_01ff_u32.to_be_bytes())),
            Box::new(attribute(ATTR_USE_CANDIDATE, &[])),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(self.them.password.clone(), identity.crypto())),
            Box::new(FINGERPRINT),
        ];
        let mut message = Message::new();
        message.build(&parts)?;
        self.request = BytesMut::from(&message.raw[..]);
        self.out.push(self.request.clone());
        self.retry = (!self.is_connected()).then(|| now + RETRY);
        Ok(())
    }

    /// Repeats what got no answer in time. To be called every few milliseconds until the connection is up.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<()> {
        if let Some(dtls) = &mut self.dtls {
            if dtls.poll_timeout(&key()).is_some_and(|due| due <= now) {
                dtls.handle_timeout(key(), now)?;
                self.take_out();
            }
        } else if self.retry.is_some_and(|due| due <= now) {
            // The same request, or an answer that takes longer than this would never count.
            self.out.push(self.request.clone());
            self.retry = Some(now + RETRY);
        }
        Ok(())
    }

    fn take_out(&mut self) {
        if let Some(dtls) = &mut self.dtls {
            self.out.extend(std::iter::from_fn(|| dtls.poll_transmit()).map(|transmit| transmit.message));
        }
    }

    /// The datagrams to send, in order.
    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, BytesMut> {
        self.out.drain(..)
    }

    pub(crate) fn datagram(&mut self, identity: &Identity, now: Instant, datagram: &[u8]) -> Result<Event> {
        match datagram {
            [0..=3, ..] => self.stun(identity, now, datagram),
            [20..=63, ..] => self.handshake(identity, now, datagram),
            [128..=191, kind, ..] => Ok(self.open((192..224).contains(kind), datagram)),
            _ => Ok(Event::Nothing),
        }
    }

    fn stun(&mut self, identity: &Identity, now: Instant, datagram: &[u8]) -> Result<Event> {
        let mut message = Message::new();
        message.raw = datagram.to_vec();
        message.decode()?;
        if message.typ == BINDING_REQUEST {
            return self.answer(identity, message);
        }
        if message.typ != BINDING_SUCCESS || message.transaction_id != self.transaction {
            return Ok(Event::Nothing);
        }
        MessageIntegrity::check(&mut message, self.them.password.as_bytes(), identity.crypto()).context("a check's answer")?;
        if self.dtls.is_none() && !self.is_connected() {
            let mut dtls = Endpoint::new(key(), TransportProtocol::UDP, None);
            dtls.connect(now, key(), Arc::clone(&identity.config), None)?;
            self.dtls = Some(dtls);
            self.take_out();
        }
        Ok(Event::Nothing)
    }

    /// libnice checks back even where it is ICE-lite, and waits for the answer.
    fn answer(&mut self, identity: &Identity, mut message: Message) -> Result<Event> {
        MessageIntegrity::check(&mut message, self.us.password.as_bytes(), identity.crypto()).context("a check")?;
        let from = self.them.address.context("no address")?;
        let parts: [Box<dyn Setter + '_>; 5] = [
            Box::new(BINDING_SUCCESS),
            Box::new(message.transaction_id),
            Box::new(XorMappedAddress { ip: (*from.ip()).into(), port: from.port() }),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(self.us.password.clone(), identity.crypto())),
            Box::new(FINGERPRINT),
        ];
        let mut answer = Message::new();
        answer.build(&parts)?;
        self.out.push(BytesMut::from(&answer.raw[..]));
        Ok(Event::Nothing)
    }

    fn handshake(&mut self, identity: &Identity, now: Instant, datagram: &[u8]) -> Result<Event> {
        let Some(dtls) = &mut self.dtls else { return Ok(Event::Nothing) };
        let events = dtls.read(now, key(), None, BytesMut::from(datagram));
        self.take_out();
        for event in events? {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.establish(identity)?;
                    return Ok(Event::Connected);
                }
                EndpointEvent::PeerClosed => return Ok(Event::Closed),
                _ => {}
            }
        }
        Ok(Event::Nothing)
    }

    fn establish(&mut self, identity: &Identity) -> Result<()> {
        let state = self.dtls.as_ref().and_then(|dtls| dtls.get_connection_state(key())).context("no association")?;
        let certificate = state.peer_certificates.first().context("no certificate")?;
        if !fingerprint(identity.crypto(), certificate)?.eq_ignore_ascii_case(&self.them.fingerprint) {
            bail!("the certificate is not the one that was announced");
        }
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            other => bail!("SRTP profile {other:?}"),
        };
        let mut config = Config { profile, ..Config::default() };
        let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())?;
        config.set_session_keys_from_keying_material(material.as_ref(), true)?;
        let keys = &config.keys;
        let (rtp, rtcp) = (Some(srtp_replay_protection(REPLAY)), Some(srtcp_replay_protection(REPLAY)));
        let inbound = Context::new(&keys.remote_master_key, &keys.remote_master_salt, profile, rtp, rtcp, identity.crypto())?;
        let outbound = Context::new(&keys.local_master_key, &keys.local_master_salt, profile, None, None, identity.crypto())?;
        self.keys = Some(Keys { inbound, outbound });
        self.retry = None;
        Ok(())
    }

    /// Lets go of the handshake's state, which is most of a connection's memory.
    pub(crate) fn forget_handshake(&mut self) {
        self.dtls = None;
    }

    fn open(&mut self, rtcp: bool, datagram: &[u8]) -> Event {
        let Some(keys) = &mut self.keys else { return Event::Nothing };
        let opened = if rtcp { keys.inbound.decrypt_rtcp(datagram) } else { keys.inbound.decrypt_rtp(datagram) };
        match opened {
            Ok(plain) if rtcp => Event::Rtcp(plain),
            Ok(plain) => Event::Rtp(plain),
            Err(_) => Event::Refused,
        }
    }

    /// Queues an RTCP packet, if the connection is up.
    pub(crate) fn send_rtcp(&mut self, packet: &[u8]) -> Result<()> {
        if let Some(keys) = &mut self.keys {
            self.out.push(keys.outbound.encrypt_rtcp(packet)?);
        }
        Ok(())
    }

    /// Queues an RTP packet, if the connection is up.
    pub(crate) fn send_rtp(&mut self, packet: &[u8]) -> Result<()> {
        if let Some(keys) = &mut self.keys {
            self.out.push(keys.outbound.encrypt_rtp(packet)?);
        }
        Ok(())
    }
}
