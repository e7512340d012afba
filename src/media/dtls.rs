//! The DTLS server of a viewer: from the first record to SRTP keys.
//!
//! Invariants: the peer's certificate must have the fingerprint that its offer named; AES-GCM is chosen whenever the client has it.
//! The handshake state is kept for a grace period, because the peer's repeated last flight must be answered, then dropped by its owner.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rtc::crypto::RTCCrypto;
use rtc::dtls::config::HandshakeConfig;
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

/// A handshake with a chain of certificates and every flight repeated is far smaller. What has read more is begun anew, because the rest
/// waits in the reassembly buffer, which is large.
const MOST: usize = 64 * 1024;

pub(super) struct Handshake {
    endpoint: Endpoint,
    expected: String,
    /// Bytes of records that were not nonsense.
    heard: usize,
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

fn endpoint(config: &Arc<HandshakeConfig>) -> Endpoint {
    Endpoint::new(key(), TransportProtocol::UDP, Some(config.clone()))
}

impl Handshake {
    pub(super) fn new(identity: &Identity, expected: String) -> Self {
        let endpoint = endpoint(&identity.gcm);
        Self { endpoint, expected, heard: 0, fell_back: false, established: false }
    }

    /// Takes in a record. Datagrams to send are left for [`Handshake::poll`], whatever the outcome.
    pub(super) fn read(&mut self, now: Instant, identity: &Identity, datagram: &[u8]) -> Result<Option<Established>, Failure> {
        if self.heard > MOST {
            if !self.established {
                self.begin(identity);
            }
            return Err(Failure::Dropped);
        }
        let events = match self.endpoint.read(now, key(), None, BytesMut::from(datagram)) {
            Ok(events) => events,
            Err(Error::ErrServerNoMatchingSrtpProfile) if !self.fell_back && !self.established => {
                self.fell_back = true;
                self.begin(identity);
                self.endpoint.read(now, key(), None, BytesMut::from(datagram)).map_err(|_| Failure::Dropped)?
            }
            Err(_) => return Err(Failure::Dropped),
        };
        self.heard += datagram.len();
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

    fn begin(&mut self, identity: &Identity) {
        self.endpoint = endpoint(if self.fell_back { &identity.sha1 } else { &identity.gcm });
        self.heard = 0;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_that_never_become_a_flight_are_thrown_away() {
        let identity = Identity::new().expect("a certificate");
        let mut handshake = Handshake::new(&identity, String::new());
        let mut most = 0;
        for n in 0..1_000_u16 {
            // A fragment of 1,000 bytes of a client hello of 16 MB.
            let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, (n >> 8) as u8, n as u8, 0x03, 0xf4];
            record.extend_from_slice(&[1, 0xff, 0xff, 0xff, 0, 0, 0, n as u8, 0, 0, 0x03, 0xe8]);
            record.resize(13 + 12 + 1_000, 7);
            let _ = handshake.read(Instant::now(), &identity, &record);
            most = most.max(handshake.heard);
        }
        assert!((MOST..MOST + 2_000).contains(&most), "{most}");
    }
}
