//! The DTLS server of a viewer: from the first record to SRTP keys.
//!
//! Invariants: the peer's certificate must have the fingerprint that its offer named; AES-GCM is chosen whenever the client has it.
//! The handshake state is kept for a grace period, because the peer's repeated last flight must be answered, then dropped by its owner.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::BytesMut;
use rtc::crypto::RTCCrypto;
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::shared::TransportProtocol;
use rtc::shared::error::Error;
use rtc::srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP, SessionKeys};
use rtc::srtp::protection_profile::ProtectionProfile;

use super::identity::{Identity, fingerprint};

/// Associations are keyed by address; a constant key lets one survive a change of address.
fn key() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

pub(super) struct Handshake {
    endpoint: Endpoint,
    expected: String,
    fell_back: bool,
    established: bool,
}

/// What a handshake ends in.
pub(super) struct Established {
    pub(super) keys: SessionKeys,
    pub(super) profile: ProtectionProfile,
}

#[derive(Debug)]
pub(super) enum Failure {
    /// This datagram was no use; the handshake goes on.
    Dropped,
    /// The peer closed the association.
    Closed,
    /// The handshake cannot succeed any more.
    Failed,
}

impl Handshake {
    pub(super) fn new(identity: &Identity, expected: String) -> Self {
        let endpoint = Endpoint::new(key(), TransportProtocol::UDP, Some(identity.gcm.clone()));
        Self { endpoint, expected, fell_back: false, established: false }
    }

    /// Takes in a record. Datagrams to send are left for [`Handshake::poll`], whatever the outcome.
    pub(super) fn read(&mut self, now: Instant, identity: &Identity, datagram: &[u8]) -> Result<Option<Established>, Failure> {
        let events = match self.endpoint.read(now, key(), None, BytesMut::from(datagram)) {
            Ok(events) => events,
            Err(Error::ErrServerNoMatchingSrtpProfile) if !self.fell_back && !self.established => {
                self.fell_back = true;
                self.endpoint = Endpoint::new(key(), TransportProtocol::UDP, Some(identity.sha1.clone()));
                self.endpoint.read(now, key(), None, BytesMut::from(datagram)).map_err(|_| Failure::Dropped)?
            }
            Err(_) => return Err(Failure::Dropped),
        };
        let mut established = None;
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => established = Some(self.establish(identity.crypto()).map_err(|_| Failure::Failed)?),
                EndpointEvent::PeerClosed => return Err(Failure::Closed),
                _ => {}
            }
        }
        Ok(established)
    }

    fn establish(&mut self, crypto: &dyn RTCCrypto) -> Result<Established, Error> {
        self.established = true;
        let state = self.endpoint.get_connection_state(key()).ok_or(Error::ErrNonCertificate)?;
        let certificate = state.peer_certificates.first().ok_or(Error::ErrNonCertificate)?;
        if !fingerprint(crypto, certificate)?.eq_ignore_ascii_case(&self.expected) {
            return Err(Error::ErrNoMatchingCertificateFingerprint);
        }
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            _ => return Err(Error::ErrServerNoMatchingSrtpProfile),
        };
        let mut config = Config { profile, ..Config::default() };
        let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())?;
        config.set_session_keys_from_keying_material(material.as_ref(), false)?;
        Ok(Established { keys: config.keys, profile })
    }

    pub(super) fn poll(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.endpoint.poll_timeout(&key())
    }

    /// Repeats a flight whose answer is late. An error means that the peer never will.
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Failure> {
        if self.due().is_some_and(|due| due <= now) {
            self.endpoint.handle_timeout(key(), now).map_err(|_| Failure::Failed)?;
        }
        Ok(())
    }

    /// Queues a goodbye.
    pub(super) fn close(&mut self, now: Instant) {
        self.endpoint.stop(now, key());
    }
}
