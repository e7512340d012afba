//! Fragments of session descriptions for trickling and ICE restarts (`application/trickle-ice-sdpfrag`, RFC 8840, section 9).
//!
//! Our side is ICE-lite and never sends a check, so the candidates themselves do not matter: they are read to tell a sound fragment from a
//! broken one. What matters are the credentials, which tell a restart from candidates for the session as it is.

use std::fmt::Write as _;

use super::MediaError;
use super::ice::Credentials;
use super::sdp::{Candidate, ICE_OPTIONS, candidate_lines};

/// What a fragment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The peer's user fragment; a password came with it.
    pub(super) ufrag: Option<String>,
    pub(super) candidates: usize,
    /// No more candidates will follow.
    pub(super) ended: bool,
}

fn bad(reason: &str) -> MediaError {
    MediaError::BadOffer(reason.to_owned())
}

impl Fragment {
    /// Reads a fragment for a session whose media sections are `mids`. Without a tag in the offer (`mids` empty) any will do.
    pub(super) fn parse(text: &str, mids: &[String]) -> Result<Self, MediaError> {
        let mut fragment = Self::default();
        let (mut password, mut sections, mut tagged) = (None::<&str>, 0, 0);
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            let (kind, value) = line.split_once('=').filter(|(kind, _)| kind.len() == 1).ok_or_else(|| bad("a line is no SDP"))?;
            if kind == "m" {
                if sections != tagged {
                    return Err(bad("a media section has no mid"));
                }
                sections += 1;
                continue;
            }
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            match (kind, name) {
                ("a", "mid") if sections == tagged + 1 => {
                    tagged += 1;
                    if !mids.is_empty() && !mids.iter().any(|mid| mid == value) {
                        return Err(MediaError::Unsupported("a media section that the session does not have"));
                    }
                }
                ("a", "mid") => return Err(bad("a mid without its media section")),
                ("a", "ice-ufrag") => same(&mut fragment.ufrag, value)?,
                ("a", "ice-pwd") if password.is_some_and(|known| known != value) => return Err(bad("two ICE passwords")),
                ("a", "ice-pwd") => password = Some(value),
                ("a", "candidate") if sections == 0 => return Err(bad("a candidate outside of a media section")),
                ("a", "candidate") if !is_candidate(value) => return Err(bad("a candidate is not understood")),
                ("a", "candidate") => fragment.candidates += 1,
                ("a", "end-of-candidates") => fragment.ended = true,
                _ => {}
            }
        }
        if sections != tagged {
            return Err(bad("a media section has no mid"));
        }
        match (&fragment.ufrag, password) {
            (None, None) => Ok(fragment),
            (Some(ufrag), Some(password)) if is_word(ufrag, 4) && is_word(password, 22) => Ok(fragment),
            _ => Err(bad("ICE user fragment and password go together")),
        }
    }
}

/// With BUNDLE there is one transport, so every section has the same credentials.
fn same(known: &mut Option<String>, value: &str) -> Result<(), MediaError> {
    match known {
        Some(known) if known != value => Err(bad("two ICE user fragments")),
        _ => {
            *known = Some(value.to_owned());
            Ok(())
        }
    }
}

/// At most 256 `ice-char`, at least as many as given (RFC 8839, section 5.4).
fn is_word(text: &str, least: usize) -> bool {
    (least..=256).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/')
}

/// `candidate-attribute` of RFC 8839, section 5.1: foundation, component, transport, priority, address, port, `typ`, type. Which transports
/// and addresses there are is no matter: those unknown are ignored, as RFC 9725, section 4.3.2, has it.
fn is_candidate(value: &str) -> bool {
    let words: Vec<&str> = value.split_ascii_whitespace().take(8).collect();
    let [foundation, component, _, priority, _, port, "typ", _] = words[..] else { return false };
    foundation.len() <= 32 && matches!(component.parse(), Ok(1..=256_u16)) && priority.parse::<u32>().is_ok() && port.parse::<u16>().is_ok()
}

/// The fragment that answers an ICE restart (RFC 9725, section 4.3.3).
pub(super) fn restarted(credentials: &Credentials, mids: &[String], candidates: &[Candidate]) -> String {
    let mut out = format!("a=ice-lite\r\na=ice-options:{ICE_OPTIONS}\r\na=group:BUNDLE {}\r\n", mids.join(" "));
    // The words of the media line stand for nothing (RFC 8840, section 9.2).
    let _ = write!(out, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{}\r\n", mids.first().map_or("0", String::as_str));
    let _ = write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", credentials.ufrag, credentials.password);
    candidate_lines(&mut out, candidates);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "a=ice-pwd:0123456789012345678901\r\n";

    fn read(text: &str) -> Result<Fragment, MediaError> {
        Fragment::parse(text, &["0".to_owned(), "1".to_owned()])
    }

    #[test]
    fn credentials_candidates_and_their_end_are_read_from_any_section() {
        let text = format!(
            "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n{PASSWORD}\
             a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
             a=candidate:473322822 1 tcp 1518280447 a1b2.local 9 typ host tcptype active\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:EsAw\r\n{PASSWORD}a=candidate:3 1 sctp 1 2001:db8::1 9 typ odd\r\n\
             a=end-of-candidates\r\n"
        );
        assert_eq!(read(&text), Ok(Fragment { ufrag: Some("EsAw".to_owned()), candidates: 3, ended: true }));
        assert_eq!(read("a=end-of-candidates"), Ok(Fragment { ended: true, ..Fragment::default() }));
    }

    #[test]
    fn a_section_that_the_session_lacks_is_told_from_a_broken_fragment() {
        let candidate = "a=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n";
        let foreign = format!("m=audio 9 X 0\r\na=mid:9\r\n{candidate}");
        assert!(matches!(read(&foreign), Err(MediaError::Unsupported(_))));
        assert!(Fragment::parse(&foreign, &[]).is_ok(), "the offer had no tags");
        for (broken, reason) in [
            ("nonsense".to_owned(), "a line is no SDP"),
            (candidate.to_owned(), "a candidate outside of a media section"),
            (format!("m=audio 9 X 0\r\n{candidate}"), "a media section has no mid"),
            (format!("m=audio 9 X 0\r\nm=video 9 X 0\r\na=mid:1\r\n{candidate}"), "a media section has no mid"),
            ("a=mid:0\r\n".to_owned(), "a mid without its media section"),
            ("m=audio 9 X 0\r\na=mid:0\r\na=candidate:1 1 udp many 192.0.2.1 5 typ host\r\n".to_owned(), "a candidate is not understood"),
            ("m=audio 9 X 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 5\r\n".to_owned(), "a candidate is not understood"),
            ("a=ice-ufrag:abcd\r\n".to_owned(), "ICE user fragment and password go together"),
            (PASSWORD.to_owned(), "ICE user fragment and password go together"),
            (format!("a=ice-ufrag:a b!\r\n{PASSWORD}"), "ICE user fragment and password go together"),
            (format!("a=ice-ufrag:abcd\r\na=ice-ufrag:efgh\r\n{PASSWORD}"), "two ICE user fragments"),
            (format!("a=ice-ufrag:abcd\r\n{PASSWORD}a=ice-pwd:9123456789012345678901\r\n"), "two ICE passwords"),
        ] {
            assert_eq!(read(&broken), Err(bad(reason)), "{broken}");
        }
    }

    #[test]
    fn no_cut_of_a_fragment_makes_the_reader_panic() {
        let text = restarted(&Credentials::random('A'), &["0".to_owned()], &[]);
        assert!(read(&text).is_ok(), "our own fragments are sound: {text}");
        for end in 0..text.len() {
            let _ = read(&text[..end]);
        }
    }
}
