//! SRTP towards a viewer: keys, and sealing a packet in place.
//!
//! Invariant, on which the whole protection rests: with one key, an SSRC and a 48-bit packet index are used for one plaintext only.
//! Sealing is a pure function of both, so a resend of the same packet gives the same bytes. [`super::rewrite`] keeps the promise.

use std::time::Instant;

use super::prefetch::prefetch;
use super::sources::{self, Sources};
use bytes::BytesMut;
use rtc::crypto::{
    AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CryptoError, HmacAlgorithm, Mac, RTCCrypto, StreamCipher, StreamCipherAlgorithm,
};
use rtc::srtp::config::SessionKeys;
use rtc::srtp::context::Context;
use rtc::srtp::option::srtcp_replay_protection;
use rtc::srtp::protection_profile::ProtectionProfile;

const GCM_TAG: usize = 16;
const SHA1_TAG: usize = 10;
/// SRTCP packets that may arrive out of order.
const SRTCP_WINDOW: usize = 64;

const LABEL_ENCRYPTION: u8 = 0;
const LABEL_AUTHENTICATION: u8 = 1;
const LABEL_SALT: u8 = 2;

/// Seals RTP for one viewer.
pub(super) enum Sealer {
    Gcm { cipher: Box<dyn AeadCipher>, salt: [u8; 12] },
    Sha1 { cipher: Box<dyn StreamCipher>, mac: Box<dyn Mac>, salt: [u8; 14] },
}

impl Sealer {
    pub(super) fn new(keys: &SessionKeys, profile: ProtectionProfile, crypto: &dyn RTCCrypto) -> Result<Self, CryptoError> {
        let derive = |label, length| derive(crypto, &keys.local_master_key, &keys.local_master_salt, label, length);
        let key = derive(LABEL_ENCRYPTION, 16)?;
        if matches!(profile, ProtectionProfile::AeadAes128Gcm) {
            let mut salt = [0; 12];
            salt.copy_from_slice(&derive(LABEL_SALT, 12)?);
            return Ok(Self::Gcm { cipher: crypto.new_aead(AeadAlgorithm::Aes128Gcm, &key)?, salt });
        }
        let mut salt = [0; 14];
        salt.copy_from_slice(&derive(LABEL_SALT, 14)?);
        let mac = crypto.new_hmac(HmacAlgorithm::Sha1, &derive(LABEL_AUTHENTICATION, 20)?)?;
        Ok(Self::Sha1 { cipher: crypto.new_stream_cipher(StreamCipherAlgorithm::Aes128Ctr, &key)?, mac, salt })
    }

    /// Fetches the keys.
    pub(super) fn expect(&self) {
        match self {
            Self::Gcm { cipher, .. } => prefetch(cipher.as_ref()),
            Self::Sha1 { cipher, mac, .. } => {
                prefetch(cipher.as_ref());
                prefetch(mac.as_ref());
            }
        }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG,
            Self::Sha1 { .. } => SHA1_TAG,
        }
    }

    /// Seals `packet`, which holds a header of `header` bytes, payload and room for the tag. `index` is roll-over counter and sequence number.
    pub(super) fn seal(&mut self, packet: &mut [u8], header: usize, ssrc: u32, index: u64) -> Result<(), CryptoError> {
        let tag_at = packet.len() - self.tag_len();
        let (plain, tag) = packet.split_at_mut(tag_at);
        let (header, payload) = plain.split_at_mut(header);
        match self {
            Self::Gcm { cipher, salt } => {
                // RFC 7714, section 8.1: 0 0 | SSRC | ROC | SEQ, exclusive-or salt.
                let mut nonce = *salt;
                xor(&mut nonce[2..6], &ssrc.to_be_bytes());
                xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
                cipher.seal_in_place(&nonce, header, payload, tag)
            }
            Self::Sha1 { cipher, mac, salt } => {
                // RFC 3711, section 4.1.1: the salt, SSRC and index at their places in 16 bytes, the last two counting blocks.
                let mut iv = [0; 16];
                iv[..14].copy_from_slice(salt);
                xor(&mut iv[4..8], &ssrc.to_be_bytes());
                xor(&mut iv[8..14], &index.to_be_bytes()[2..]);
                cipher.apply_keystream(&iv, payload)?;
                let mut full = [0; 20];
                mac.sign(&[plain, &((index >> 16) as u32).to_be_bytes()], &mut full)?;
                tag.copy_from_slice(&full[..SHA1_TAG]);
                Ok(())
            }
        }
    }
}

fn xor(target: &mut [u8], source: &[u8]) {
    target.iter_mut().zip(source).for_each(|(target, source)| *target ^= source);
}

/// The key derivation of RFC 3711, section 4.3.3, with a derivation rate of zero.
fn derive(crypto: &dyn RTCCrypto, key: &[u8], salt: &[u8], label: u8, length: usize) -> Result<Vec<u8>, CryptoError> {
    let mut out = Vec::with_capacity(length.next_multiple_of(16));
    for counter in 0..length.div_ceil(16) {
        let mut block = [0; 16];
        block.iter_mut().zip(salt).for_each(|(block, salt)| *block = *salt);
        block[7] ^= label;
        block[15] = counter as u8;
        crypto.block_encrypt(BlockCipherAlgorithm::Aes128, key, &mut block)?;
        out.extend_from_slice(&block);
    }
    out.truncate(length);
    Ok(out)
}

/// SRTCP in both directions.
pub(super) struct Srtcp {
    inbound: Context,
    sources: Sources,
    pub(super) outbound: Context,
}

impl Srtcp {
    pub(super) fn new(
        now: Instant,
        keys: &SessionKeys,
        profile: ProtectionProfile,
        crypto: &dyn RTCCrypto,
    ) -> rtc::shared::error::Result<Self> {
        let replay = Some(srtcp_replay_protection(SRTCP_WINDOW));
        Ok(Self {
            inbound: Context::new(&keys.remote_master_key, &keys.remote_master_salt, profile, None, replay, crypto)?,
            sources: Sources::new(now),
            outbound: Context::new(&keys.local_master_key, &keys.local_master_salt, profile, None, None, crypto)?,
        })
    }

    /// Opens a packet; `None` if it is not authentic, came before, or is one of too many sources.
    pub(super) fn open(&mut self, now: Instant, datagram: &[u8]) -> Option<BytesMut> {
        let ssrc = sources::ssrc(datagram).filter(|ssrc| self.sources.admits(now, *ssrc))?;
        let plain = self.inbound.decrypt_rtcp(datagram).ok()?;
        self.sources.proved(ssrc);
        Some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(profile: ProtectionProfile) -> SessionKeys {
        let bytes = |length: usize, seed: u8| (0..length).map(|at| at as u8 ^ seed).collect::<Vec<_>>();
        SessionKeys {
            local_master_key: bytes(profile.key_len(), 1),
            local_master_salt: bytes(profile.salt_len(), 2),
            remote_master_key: bytes(profile.key_len(), 3),
            remote_master_salt: bytes(profile.salt_len(), 4),
        }
    }

    #[test]
    fn a_standard_receiver_opens_what_we_seal_over_a_roll_over() {
        let provider = rtc::crypto::default_provider().expect("a provider");
        for profile in [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::Aes128CmHmacSha1_80] {
            let keys = keys(profile);
            let mut sealer = Sealer::new(&keys, profile, provider.crypto()).expect("keys");
            let mut receiver =
                Context::new(&keys.local_master_key, &keys.local_master_salt, profile, None, None, provider.crypto()).expect("keys");
            for index in 65_500_u64..65_600 {
                let mut packet = vec![0x80, 102, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9];
                packet[2..4].copy_from_slice(&(index as u16).to_be_bytes());
                packet.extend_from_slice(b"a payload of some length");
                let plain = packet.clone();
                packet.resize(plain.len() + sealer.tag_len(), 0);
                sealer.seal(&mut packet, 12, 9, index).expect("sealed");
                assert_eq!(receiver.decrypt_rtp(&packet).expect("authentic"), plain[..], "{profile:?} {index}");
            }
        }
    }
}
