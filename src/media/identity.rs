//! Who the server is to its peers: one DTLS certificate for all connections, made at the start.
//!
//! Generating a certificate costs a millisecond or more, so no connection makes its own. Peers trust it by the fingerprint in the answer.

use std::sync::Arc;

use rtc::crypto::{HashAlgorithm, RTCCrypto, RTCCryptoProvider};
use rtc::dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc::dtls::crypto::Certificate;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::peer_connection::certificate::RTCCertificate;
use rtc::shared::error::{Error, Result};

/// A certificate is good for as long as one process runs.
const VALID: std::time::Duration = std::time::Duration::from_secs(10 * 365 * 24 * 3_600);

pub(super) struct Identity {
    provider: Arc<dyn RTCCryptoProvider>,
    certificate: Certificate,
    fingerprint: String,
    /// For viewers: AES-GCM, which costs a quarter of AES-CTR with HMAC-SHA1.
    pub(super) gcm: Arc<HandshakeConfig>,
    /// For a viewer that does not know AES-GCM.
    pub(super) sha1: Arc<HandshakeConfig>,
}

impl Identity {
    pub(super) fn new() -> Result<Self> {
        let provider = rtc::crypto::default_provider().map_err(|error| Error::Crypto(error.to_string()))?;
        let certificate = Certificate::generate_self_signed(vec!["springbreeze".to_owned()], provider.crypto())?;
        let der = certificate.certificate.first().ok_or(Error::ErrNonCertificate)?;
        let fingerprint = fingerprint(provider.crypto(), der)?;
        let gcm = handshake(&provider, &certificate, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm)?;
        let sha1 = handshake(&provider, &certificate, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80)?;
        Ok(Self { fingerprint, gcm, sha1, provider, certificate })
    }

    pub(super) fn crypto(&self) -> &dyn RTCCrypto {
        self.provider.crypto()
    }

    /// SHA-256 of our certificate, as SDP writes it.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The same certificate for a full peer connection.
    pub(super) fn certificate(&self) -> RTCCertificate {
        RTCCertificate::from_existing(self.certificate.clone(), std::time::SystemTime::now() + VALID)
    }
}

/// `AB:CD:..` of a DER certificate.
pub(super) fn fingerprint(crypto: &dyn RTCCrypto, der: &[u8]) -> Result<String> {
    let hash = crypto.hash(HashAlgorithm::Sha256, der).map_err(|error| Error::Crypto(error.to_string()))?;
    Ok(hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}

/// One profile per configuration: the DTLS server follows the client's order, which would end in the slower profile with Chromium.
fn handshake(
    provider: &Arc<dyn RTCCryptoProvider>,
    certificate: &Certificate,
    profile: SrtpProtectionProfile,
) -> Result<Arc<HandshakeConfig>> {
    let config = ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(provider))
        .with_certificates(vec![certificate.clone()])
        .with_srtp_protection_profiles(vec![profile])
        // The peer's certificate is checked against the offer's fingerprint after the handshake, so any is accepted here, but none is not.
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        // Chromium resends after 50 ms as well; the default of a second would make one lost datagram felt.
        .with_flight_interval(std::time::Duration::from_millis(200))
        .build(false, None)?;
    Ok(Arc::new(config))
}
