//! The server's secrets, all derived from one master key: encryption at rest, look-up hashes, token hashes, signatures.
//!
//! The master key comes from a file (`--key-file`), made with mode 0600 in the data folder on the first start.
//! Derivation is HMAC-SHA-256 of a label (as in HKDF-Expand, RFC 5869, with one block); encryption is XChaCha20-Poly1305.

use crate::config::Config;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::PathBuf;

/// Derived keys; cheap to clone.
#[derive(Clone)]
pub struct Keys {
    cipher: XChaCha20Poly1305,
    lookup: [u8; 32],
    sign: [u8; 32],
}

impl Keys {
    /// Reads the master key, or makes it on the first start.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let path = if config.key_file.as_os_str().is_empty() { config.data.join("master.key") } else { config.key_file.clone() };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => make(&path)?,
            Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
        };
        let master = unhex(text.trim()).with_context(|| format!("{} must hold 64 hex digits", path.display()))?;
        Ok(Self::from_master(&master))
    }

    pub fn from_master(master: &[u8; 32]) -> Self {
        let cipher = XChaCha20Poly1305::new(&derive(master, b"at rest").into());
        Self { cipher, lookup: derive(master, b"look-up"), sign: derive(master, b"signature") }
    }

    /// Encrypts personal data for storage: base64url of nonce and ciphertext.
    pub fn encrypt(&self, text: &str) -> String {
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), text.as_bytes()).unwrap_or_default();
        BASE64.encode([&nonce[..], &sealed].concat())
    }

    /// The text of [`Keys::encrypt`]; `None` if it was made with another key or altered.
    pub fn decrypt(&self, stored: &str) -> Option<String> {
        let bytes = BASE64.decode(stored).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<24>()?;
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?;
        String::from_utf8(plain).ok()
    }

    /// Encrypts a file for storage: nonce and ciphertext. It can be opened only with the same `context`, which says what it is.
    pub fn seal(&self, bytes: &[u8], context: &str) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: bytes, aad: context.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| anyhow::anyhow!("too much to encrypt"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The bytes of [`Keys::seal`]; `None` if they were made with another key, are something else, or were altered.
    pub fn open(&self, sealed: &[u8], context: &str) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context.as_bytes() }).ok()
    }

    /// A keyed hash by which an encrypted value can be found again.
    pub fn lookup_hash(&self, text: &str) -> String {
        BASE64.encode(mac(&self.lookup, &[text.as_bytes()]))
    }

    /// A signature over `parts`, for links and tickets. Compare with [`Keys::verify`].
    pub fn sign(&self, parts: &[&str]) -> String {
        let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
        BASE64.encode(mac(&self.sign, &parts))
    }

    /// Whether `signature` is ours over `parts`, in constant time.
    pub fn verify(&self, parts: &[&str], signature: &str) -> bool {
        let Ok(given) = BASE64.decode(signature) else { return false };
        let mut hmac = new_mac(&self.sign);
        feed(&mut hmac, parts.iter().map(|p| p.as_bytes()));
        hmac.verify_slice(&given).is_ok()
    }
}

/// A new secret token of 256 random bits, base64url.
pub fn new_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    BASE64.encode(bytes)
}

/// A one-time code of six digits.
pub fn new_code() -> String {
    format!("{:06}", rand::random_range(0..1_000_000))
}

/// What is stored of a token: its SHA-256. Tokens have 256 random bits, so no salt is needed.
pub fn token_hash(token: &str) -> String {
    BASE64.encode(Sha256::digest(token.as_bytes()))
}

fn make(path: &PathBuf) -> anyhow::Result<String> {
    let mut master = [0; 32];
    rand::rng().fill_bytes(&mut master);
    let text: String = master.iter().map(|b| format!("{b:02x}")).collect();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect::<Option<_>>()?;
    bytes.try_into().ok()
}

fn derive(master: &[u8; 32], label: &[u8]) -> [u8; 32] {
    mac(master, &[label])
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = new_mac(key);
    feed(&mut hmac, parts.iter().copied());
    hmac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn new_mac(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any key length")
}

/// Each part goes in with its length, so that no two lists of parts look the same.
fn feed<'a>(hmac: &mut Hmac<Sha256>, parts: impl Iterator<Item = &'a [u8]>) {
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_comes_back_and_nothing_else_does() {
        let keys = Keys::from_master(&[7; 32]);
        let stored = keys.encrypt("13800138000");
        assert_ne!(stored, keys.encrypt("13800138000"), "a nonce each time");
        assert_eq!(keys.decrypt(&stored).as_deref(), Some("13800138000"));
        assert_eq!(Keys::from_master(&[8; 32]).decrypt(&stored), None);
        assert_eq!(keys.decrypt("AAAA"), None);
        let sealed = keys.seal(b"bytes", "one").expect("sealed");
        assert_eq!(keys.open(&sealed, "one").as_deref(), Some(&b"bytes"[..]));
        assert_eq!((keys.open(&sealed, "two"), keys.open(&sealed[1..], "one")), (None, None));
    }

    #[test]
    fn a_signature_binds_every_part_in_its_place() {
        let keys = Keys::from_master(&[7; 32]);
        let signature = keys.sign(&["ab", "c"]);
        assert!(keys.verify(&["ab", "c"], &signature));
        assert!(!keys.verify(&["a", "bc"], &signature));
        assert!(!keys.verify(&["ab", "c"], "nonsense"));
    }
}
