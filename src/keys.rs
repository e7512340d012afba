//! The server's secrets, all derived from master keys: encryption at rest, look-up hashes, token hashes, signatures.
//!
//! The master keys come from a file (`--key-file`), one a line, the newest first; the first is made with mode 0600 in the data folder on the first
//! start. The newest encrypts, signs and hashes; all of them decrypt and verify, so that what older ones made stays good until it is made anew
//! (`privacy::rekey`). Ciphertexts name their key; those from before they did are tried with each.
//! Derivation is HMAC-SHA-256 of a label (as in HKDF-Expand, RFC 5869, with one block); encryption is XChaCha20-Poly1305.

mod file;

pub use file::{add, drop_old};

use crate::config::Config;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What is derived from one master key.
struct Key {
    /// By which ciphertexts name it; it tells nothing of the key.
    id: String,
    cipher: XChaCha20Poly1305,
    lookup: [u8; 32],
    sign: [u8; 32],
}

/// Derived keys; cheap to clone.
#[derive(Clone)]
pub struct Keys {
    newest: Arc<Key>,
    older: Arc<[Key]>,
}

/// At the front of a sealed file that names its key; 64 bits with the id, so that no nonce looks like it.
const MARK: &[u8; 4] = b"sbk1";
/// Hex digits of a key's id.
const ID: usize = 8;

impl Key {
    fn new(master: &[u8; 32]) -> Self {
        let cipher = XChaCha20Poly1305::new(&derive(master, b"at rest").into());
        let id = derive(master, b"id").iter().take(ID / 2).map(|byte| format!("{byte:02x}")).collect();
        Self { id, cipher, lookup: derive(master, b"look-up"), sign: derive(master, b"signature") }
    }

    /// Nonce and ciphertext.
    fn encrypt(&self, bytes: &[u8], context: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: bytes, aad: context };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| anyhow::anyhow!("too much to encrypt"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn decrypt(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

impl Keys {
    /// Reads the master keys, or makes the first one on the first start.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        Self::from_masters(&file::read(config)?)
    }

    pub fn from_master(master: &[u8; 32]) -> Self {
        Self { newest: Arc::new(Key::new(master)), older: Arc::default() }
    }

    /// The newest first.
    pub fn from_masters(masters: &[[u8; 32]]) -> anyhow::Result<Self> {
        let (newest, older) = masters.split_first().ok_or_else(|| anyhow::anyhow!("there is no key"))?;
        Ok(Self { newest: Arc::new(Key::new(newest)), older: older.iter().map(Key::new).collect() })
    }

    /// By which ciphertexts name the newest key.
    pub fn newest_id(&self) -> &str {
        &self.newest.id
    }

    /// Whether there are keys besides the newest, so that something may have to be made anew.
    pub fn has_older(&self) -> bool {
        !self.older.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&*self.newest).chain(self.older.iter())
    }

    /// Encrypts personal data for storage: the key's id, and base64url of nonce and ciphertext.
    pub fn encrypt(&self, text: &str) -> String {
        let sealed = self.newest.encrypt(text.as_bytes(), b"").unwrap_or_default();
        format!("{}.{}", self.newest.id, BASE64.encode(sealed))
    }

    /// The text of [`Keys::encrypt`]; `None` if it was made with another key or altered.
    pub fn decrypt(&self, stored: &str) -> Option<String> {
        let (id, sealed) = stored.split_once('.').map_or((None, stored), |(id, sealed)| (Some(id), sealed));
        let bytes = BASE64.decode(sealed).ok()?;
        let mut keys = self.all().filter(|key| id.is_none_or(|id| id == key.id));
        String::from_utf8(keys.find_map(|key| key.decrypt(&bytes, b""))?).ok()
    }

    /// Encrypts a file for storage: a mark with the key's id, nonce and ciphertext. It can be opened only with the same `context`, which says what
    /// it is.
    pub fn seal(&self, bytes: &[u8], context: &str) -> anyhow::Result<Vec<u8>> {
        Ok([&MARK[..], self.newest.id.as_bytes(), &self.newest.encrypt(bytes, context.as_bytes())?].concat())
    }

    /// The bytes of [`Keys::seal`]; `None` if they were made with another key, are something else, or were altered.
    pub fn open(&self, sealed: &[u8], context: &str) -> Option<Vec<u8>> {
        let named = sealed.strip_prefix(MARK).and_then(|rest| rest.split_at_checked(ID));
        let by_name = named.and_then(|(id, rest)| self.all().find(|key| key.id.as_bytes() == id)?.decrypt(rest, context.as_bytes()));
        by_name.or_else(|| self.all().find_map(|key| key.decrypt(sealed, context.as_bytes())))
    }

    /// Whether a sealed file, of which this is the beginning, was made with the newest key.
    pub fn is_newest(&self, head: &[u8]) -> bool {
        head.strip_prefix(MARK).is_some_and(|rest| rest.starts_with(self.newest.id.as_bytes()))
    }

    /// A keyed hash by which an encrypted value can be found again.
    pub fn lookup_hash(&self, text: &str) -> String {
        BASE64.encode(mac(&self.newest.lookup, &[text.as_bytes()]))
    }

    /// The same by older keys, as rows have it that are not made anew yet.
    pub fn older_hashes(&self, text: &str) -> Vec<String> {
        self.older.iter().map(|key| BASE64.encode(mac(&key.lookup, &[text.as_bytes()]))).collect()
    }

    /// A signature over `parts`, for links and tickets. Compare with [`Keys::verify`].
    pub fn sign(&self, parts: &[&str]) -> String {
        let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
        BASE64.encode(mac(&self.newest.sign, &parts))
    }

    /// Whether `signature` is ours over `parts`, in constant time.
    pub fn verify(&self, parts: &[&str], signature: &str) -> bool {
        let Ok(given) = BASE64.decode(signature) else { return false };
        self.all().any(|key| {
            let mut hmac = new_mac(&key.sign);
            feed(&mut hmac, parts.iter().map(|p| p.as_bytes()));
            hmac.verify_slice(&given).is_ok()
        })
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
    fn what_an_older_key_made_stays_good_and_the_newest_makes_what_is_new() {
        let (old, both) = (Keys::from_master(&[7; 32]), Keys::from_masters(&[[8; 32], [7; 32]]).expect("keys"));
        let new = Keys::from_master(&[8; 32]);
        assert_eq!(both.decrypt(&old.encrypt("x")).as_deref(), Some("x"));
        assert_eq!((new.decrypt(&both.encrypt("x")).as_deref(), old.decrypt(&both.encrypt("x"))), (Some("x"), None));
        let sealed = old.seal(b"bytes", "one").expect("sealed");
        assert_eq!(both.open(&sealed, "one").as_deref(), Some(&b"bytes"[..]));
        assert!(!both.is_newest(&sealed) && both.is_newest(&new.seal(b"", "x").expect("sealed")));
        assert!(both.verify(&["a"], &old.sign(&["a"])) && !new.verify(&["a"], &old.sign(&["a"])));
        assert_eq!((both.lookup_hash("x"), both.older_hashes("x")), (new.lookup_hash("x"), vec![old.lookup_hash("x")]));
        assert!(Keys::from_masters(&[]).is_err());
    }

    #[test]
    fn ciphertexts_from_before_they_named_their_key_still_open() {
        let keys = Keys::from_masters(&[[8; 32], [7; 32]]).expect("keys");
        let old = Key::new(&[7; 32]);
        assert_eq!(keys.decrypt(&BASE64.encode(old.encrypt(b"x", b"").expect("sealed"))).as_deref(), Some("x"));
        assert_eq!(keys.open(&old.encrypt(b"bytes", b"one").expect("sealed"), "one").as_deref(), Some(&b"bytes"[..]));
        assert_eq!((keys.decrypt("x.y"), keys.decrypt(""), keys.open(MARK, "one")), (None, None, None));
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
