//! What a push service is given: the message sealed for one browser (RFC 8291 over RFC 8188) and the proof of who sends it (VAPID, RFC 8292).
//! Pure but for fresh keys; the primitives are `ring`'s.

use anyhow::{Context, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::{Deserialize, Serialize};

/// One record holds all; push services take no more than 4096 bytes of body.
const RECORD: u32 = 4_096;
/// What fits beside the header (86), the tag (16) and the delimiter (1).
pub(super) const MOST: usize = 4_096 - 86 - 17;
/// A proof is good for at most a day; clocks differ.
const PROOF_SECONDS: i64 = 12 * 3_600;

/// Where a browser takes messages, and its keys, as it gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub endpoint: String,
    pub keys: SubscriptionKeys,
}

/// Both are base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionKeys {
    /// A point of P-256, uncompressed.
    pub p256dh: String,
    pub auth: String,
}

impl SubscriptionKeys {
    /// The browser's public key and its secret; an error says what is wrong.
    pub(super) fn read(&self) -> anyhow::Result<(Vec<u8>, [u8; 16])> {
        let bytes = |text: &str| BASE64.decode(text.trim_end_matches('=')).context("not base64url");
        let public = bytes(&self.p256dh)?;
        ensure!(public.len() == 65 && public[0] == 4, "p256dh is no uncompressed point");
        let auth = bytes(&self.auth)?.try_into().map_err(|_| anyhow!("auth is not 16 bytes"))?;
        Ok((public, auth))
    }
}

/// HKDF of RFC 5869 whose output is no longer than a block.
fn derive(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> [u8; 32] {
    let extracted = sign(&Key::new(HMAC_SHA256, salt), secret);
    let mut text = info.concat();
    text.push(1);
    let mut block = [0; 32];
    block.copy_from_slice(sign(&Key::new(HMAC_SHA256, extracted.as_ref()), &text).as_ref());
    block
}

/// Everything that goes into a sealed body besides the text.
struct Sealing<'a> {
    shared: &'a [u8],
    auth: &'a [u8; 16],
    theirs: &'a [u8],
    ours: &'a [u8],
    salt: &'a [u8; 16],
}

impl Sealing<'_> {
    fn seal(&self, text: &[u8]) -> anyhow::Result<Vec<u8>> {
        ensure!(text.len() <= MOST, "{} bytes are too many", text.len());
        let secret = derive(self.auth, self.shared, &[b"WebPush: info\0", self.theirs, self.ours]);
        let key = derive(self.salt, &secret, &[b"Content-Encoding: aes128gcm\0"]);
        let nonce = derive(self.salt, &secret, &[b"Content-Encoding: nonce\0"]);
        let key = UnboundKey::new(&AES_128_GCM, &key[..16]).map_err(|_| anyhow!("key"))?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).map_err(|_| anyhow!("nonce"))?;
        // The delimiter of the last record.
        let mut record = [text, &[2]].concat();
        LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::empty(), &mut record).map_err(|_| anyhow!("sealing"))?;
        let length = u8::try_from(self.ours.len())?;
        Ok([&self.salt[..], &RECORD.to_be_bytes(), &[length], self.ours, &record].concat())
    }
}

/// The body of a message for one browser.
pub(super) fn seal(keys: &SubscriptionKeys, text: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (theirs, auth) = keys.read()?;
    let random = SystemRandom::new();
    let mine = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| anyhow!("no key"))?;
    let ours = mine.compute_public_key().map_err(|_| anyhow!("no public key"))?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(|_| anyhow!("no salt"))?;
    agree_ephemeral(mine, &UnparsedPublicKey::new(&ECDH_P256, &theirs), |shared| {
        Sealing { shared, auth: &auth, theirs: &theirs, ours: ours.as_ref(), salt: &salt }.seal(text)
    })
    .map_err(|_| anyhow!("p256dh is not on the curve"))?
}

/// By which push services know this server.
pub(super) struct Identity(EcdsaKeyPair);

impl Identity {
    /// A new one, as it is stored: PKCS#8 in base64url.
    pub(super) fn make() -> anyhow::Result<String> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|_| anyhow!("no key"))?;
        Ok(BASE64.encode(made.as_ref()))
    }

    pub(super) fn read(stored: &str) -> anyhow::Result<Self> {
        let bytes = BASE64.decode(stored)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new());
        Ok(Self(pair.map_err(|error| anyhow!("{error}"))?))
    }

    /// For `applicationServerKey` of browsers.
    pub(super) fn public(&self) -> String {
        BASE64.encode(self.0.public_key().as_ref())
    }

    /// The `Authorization` of a message to a push service. `contact` is a `mailto:` or `https:` of the operator.
    pub(super) fn proof(&self, service: &str, contact: &str, now_seconds: i64) -> anyhow::Result<String> {
        let head = BASE64.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = serde_json::json!({"aud": service, "exp": now_seconds + PROOF_SECONDS, "sub": contact});
        let text = format!("{head}.{}", BASE64.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| anyhow!("signing"))?;
        Ok(format!("vapid t={text}.{}, k={}", BASE64.encode(signature.as_ref()), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text).expect("base64url")
    }

    /// RFC 8291, appendix A: the values of its example, and the whole body.
    #[test]
    fn the_example_of_the_standard_is_sealed_as_it_says() {
        let auth: [u8; 16] = bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().expect("16 bytes");
        let salt: [u8; 16] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes");
        let sealing = Sealing {
            shared: &bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            auth: &auth,
            theirs: &bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            ours: &bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
            salt: &salt,
        };
        let body = sealing.seal(b"When I grow up, I want to be a watermelon").expect("sealed");
        let wanted = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64.encode(body), wanted);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let keys = |p256dh: &str, auth: &str| SubscriptionKeys { p256dh: p256dh.into(), auth: auth.into() };
        let (point, auth) =
            ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg");
        assert!(seal(&keys(point, auth), b"text").is_ok() && seal(&keys(&format!("{point}="), &format!("{auth}==")), b"text").is_ok());
        let off = BASE64.encode([&[4_u8][..], &[7; 64]].concat());
        for (p256dh, auth) in [("", auth), (point, ""), (point, "BTBZ"), (&point[..20], auth), (off.as_str(), auth), ("%%", auth)] {
            assert!(seal(&keys(p256dh, auth), b"text").is_err(), "{p256dh} {auth}");
        }
        assert!(seal(&keys(point, auth), &[b'x'; MOST]).is_ok() && seal(&keys(point, auth), &[b'x'; MOST + 1]).is_err());
    }

    #[test]
    fn a_proof_is_signed_with_the_key_that_browsers_were_given() {
        let identity = Identity::read(&Identity::make().expect("made")).expect("read");
        let proof = identity.proof("https://push.example", "mailto:fair@fair.example", 1_000).expect("proof");
        let (token, key) = proof.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("two parts");
        assert_eq!(key, identity.public());
        let (text, signature) = token.rsplit_once('.').expect("signature");
        Verifier::new(&ECDSA_P256_SHA256_FIXED, bytes(key)).verify(text.as_bytes(), &bytes(signature)).expect("signed");
        let claims: serde_json::Value = serde_json::from_slice(&bytes(text.split_once('.').expect("claims").1)).expect("json");
        assert_eq!(claims, serde_json::json!({"aud": "https://push.example", "exp": 44_200, "sub": "mailto:fair@fair.example"}));
    }
}
