//! ICE connectivity checks as an ICE-lite agent sees them: Binding requests in, Binding successes out.
//!
//! Invariant: a request counts only with a valid FINGERPRINT and a MESSAGE-INTEGRITY made with our password; nothing else is answered,
//! so that a forged sender address gets nothing. Deliberately absent: error responses, and checks of our own towards peers.

use std::net::SocketAddr;

use rtc::crypto::RTCCrypto;
use rtc::shared::error::Result;
use rtc::stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, RawAttribute};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, MESSAGE_HEADER_SIZE, Message, Setter, TransactionId};
use rtc::stun::textattrs::TextAttribute;
use rtc::stun::xoraddr::XorMappedAddress;

/// Larger than any check a browser sends.
const MAX_LENGTH: usize = 576;

/// Whether a datagram is STUN by its first byte (RFC 7983).
pub(super) fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(0..=3))
}

/// Our part of a Binding request's username, unchecked: enough to tell whom it is for.
pub(super) fn local_ufrag(datagram: &[u8]) -> Option<&str> {
    const USERNAME: [u8; 2] = 0x0006_u16.to_be_bytes();
    let [0, 1, ..] = datagram else { return None };
    let mut attributes = datagram.get(MESSAGE_HEADER_SIZE..)?;
    while let [kind_high, kind_low, high, low, rest @ ..] = attributes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if [*kind_high, *kind_low] == USERNAME {
            return std::str::from_utf8(rest.get(..length)?).ok()?.split_once(':').map(|(local, _)| local);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

/// A Binding request that is well formed but not yet authentic.
pub(super) struct Request {
    message: Message,
    username: String,
}

impl Request {
    /// `None` for anything but a Binding request with a right FINGERPRINT and a USERNAME.
    pub(super) fn parse(datagram: &[u8]) -> Option<Self> {
        if datagram.len() < MESSAGE_HEADER_SIZE || datagram.len() > MAX_LENGTH {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([datagram[2], datagram[3]]));
        // The checks below compute offsets from the end of the buffer, so it must end where the message does.
        if datagram.len() != MESSAGE_HEADER_SIZE + length {
            return None;
        }
        let mut message = Message::new();
        message.raw = datagram.to_vec();
        message.decode().ok()?;
        if message.typ != BINDING_REQUEST {
            return None;
        }
        FINGERPRINT.check(&message).ok()?;
        let username = TextAttribute::get_from_as(&message, ATTR_USERNAME).ok()?.text;
        username.contains(':').then_some(Self { message, username })
    }

    /// Our part of the username: whom the request is for.
    pub(super) fn local_ufrag(&self) -> &str {
        self.username.split_once(':').map_or("", |(local, _)| local)
    }

    pub(super) fn is_authentic(&mut self, password: &str, crypto: &dyn RTCCrypto) -> bool {
        MessageIntegrity::check(&mut self.message, password.as_bytes(), crypto).is_ok()
    }

    /// Whether the peer nominates this path.
    pub(super) fn nominates(&self) -> bool {
        self.message.contains(ATTR_USE_CANDIDATE)
    }

    /// The answer, never longer than a request with its attributes.
    pub(super) fn success(&self, from: SocketAddr, password: &str, crypto: &dyn RTCCrypto) -> Result<Vec<u8>> {
        respond(self.message.transaction_id, from, password, crypto)
    }
}

fn respond(transaction: TransactionId, from: SocketAddr, password: &str, crypto: &dyn RTCCrypto) -> Result<Vec<u8>> {
    build(&[
        Box::new(BINDING_SUCCESS),
        Box::new(transaction),
        Box::new(XorMappedAddress { ip: from.ip(), port: from.port() }),
        Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)),
        Box::new(FINGERPRINT),
    ])
}

/// A nominating check as a browser would send it; used towards our own publisher connections and in tests.
pub(super) fn nominate(username: &str, password: &str, crypto: &dyn RTCCrypto) -> Result<Vec<u8>> {
    build(&[
        Box::new(BINDING_REQUEST),
        Box::new(TransactionId::new()),
        Box::new(TextAttribute { attr: ATTR_USERNAME, text: username.to_owned() }),
        Box::new(RawAttribute { typ: ATTR_ICE_CONTROLLING, length: 8, value: 1_u64.to_be_bytes().to_vec() }),
        Box::new(RawAttribute { typ: ATTR_PRIORITY, length: 4, value: 0x6e00_01ff_u32.to_be_bytes().to_vec() }),
        Box::new(RawAttribute { typ: ATTR_USE_CANDIDATE, length: 0, value: Vec::new() }),
        Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)),
        Box::new(FINGERPRINT),
    ])
}

/// Answers a Binding request of our own peer connection; `None` if it is none.
pub(super) fn answer(request: &[u8], from: SocketAddr, password: &str, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
    let mut message = Message::new();
    message.raw = request.to_vec();
    message.decode().ok()?;
    if message.typ != BINDING_REQUEST {
        return None;
    }
    respond(message.transaction_id, from, password, crypto).ok()
}

fn build(parts: &[Box<dyn Setter + '_>]) -> Result<Vec<u8>> {
    let mut message = Message::new();
    message.build(parts)?;
    Ok(message.raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(username: &str, password: &str) -> Vec<u8> {
        let provider = rtc::crypto::default_provider().expect("a provider");
        nominate(username, password, provider.crypto()).expect("a check")
    }

    #[test]
    fn only_the_right_password_makes_a_check_authentic() {
        let provider = rtc::crypto::default_provider().expect("a provider");
        let mut request = Request::parse(&check("us:them", "secret")).expect("well formed");
        assert_eq!((request.local_ufrag(), request.nominates()), ("us", true));
        assert_eq!(local_ufrag(&check("us:them", "secret")), Some("us"));
        assert!(request.is_authentic("secret", provider.crypto()));
        assert!(!request.is_authentic("guess", provider.crypto()));
        let answer = request.success(([192, 0, 2, 7], 5).into(), "secret", provider.crypto()).expect("an answer");
        assert!(answer.len() <= check("us:them", "secret").len(), "no answer is longer than its request");
    }

    #[test]
    fn no_changed_or_cut_byte_passes_and_none_panics() {
        let provider = rtc::crypto::default_provider().expect("a provider");
        let good = check("us:them", "secret");
        for at in 0..good.len() {
            let mut broken = good.clone();
            broken[at] ^= 0x41;
            let passes = Request::parse(&broken).is_some_and(|mut request| request.is_authentic("secret", provider.crypto()));
            assert!(!passes, "byte {at}");
            let _ = (local_ufrag(&broken), local_ufrag(&good[..at]));
            let cut = Request::parse(&good[..at]);
            assert!(cut.is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_check_without_attributes_or_with_odd_lengths_is_refused() {
        for length in [0_u16, 1, 4, 8, 65_535] {
            let mut message = vec![0, 1];
            message.extend_from_slice(&length.to_be_bytes());
            message.extend_from_slice(&0x2112_a442_u32.to_be_bytes());
            message.resize(20 + usize::from(length.min(8)), 0);
            assert!(Request::parse(&message).is_none(), "{length}");
        }
    }
}
