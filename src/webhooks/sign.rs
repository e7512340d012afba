//! Signatures after the scheme of Standard Webhooks: HMAC-SHA-256 over id, time and body, so that a receiver knows who sent it, and when.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// 192 random bits in the form that libraries of receivers read.
pub(super) fn new_secret() -> String {
    let mut bytes = [0; 24];
    rand::rng().fill_bytes(&mut bytes);
    format!("{PREFIX}{}", BASE64.encode(bytes))
}

/// The value of `webhook-signature`; none if the secret is not one of ours.
pub(super) fn signature(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = BASE64.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    hmac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64.encode(hmac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_id_time_body_and_secret() {
        // Worked out with the Python library `standardwebhooks`.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = |id: &str, at: i64, body: &str| signature(secret, id, at, body).expect("signed");
        assert_eq!(
            signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let secrets = [new_secret(), new_secret()];
        assert_ne!(secrets[0], secrets[1]);
        assert_ne!(signature(&secrets[0], "a", 1, "x"), signature(&secrets[1], "a", 1, "x"));
        assert_eq!(signature("whsec_!", "a", 1, "x"), None);
    }
}
