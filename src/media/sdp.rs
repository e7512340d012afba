//! Session descriptions: what of an offer matters, the answers of ICE-lite, and fragments for trickling.
//!
//! A small line reader of our own: an offer is a stranger's text, so everything is bounded, unknown lines are skipped and nothing panics.
//! Invariants: an answer has exactly the offer's media sections in the offer's order; those without a common codec are refused with port 0.

mod answer;
mod read;

use super::MediaError;
pub(super) use super::candidate::{Candidate, candidate_lines, candidates};
use super::codec::Codec;
use super::opus;
pub(super) use answer::{Track, Us, answers_all, for_connection, publisher_answer, viewer_answer};
use read::Reader;

/// Browsers' offers with every codec have about 8 KB.
const MAX_OFFER: usize = 64 * 1024;
/// We take trickled candidates and follow RFC 8445. Answers and fragments of a session must say the same (RFC 9725, section 4.3.3).
pub(super) const ICE_OPTIONS: &str = "trickle ice2";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Video,
    Other,
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01: what browsers measure their bandwidth with.
const TRANSPORT_WIDE: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// RFC 6464: how loud a packet of sound is.
pub(super) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// A codec of the offer that we forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfferedCodec {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) fmtp: String,
    /// The payload type of its retransmissions (RFC 4588), if the offerer takes them apart.
    pub(super) rtx: Option<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) kind: Kind,
    /// The words of the `m=` line after the port, for a refusal in the same terms.
    protocol: String,
    formats: String,
    pub(super) mid: String,
    pub(super) direction: String,
    pub(super) codecs: Vec<OfferedCodec>,
    /// The id under which the offerer takes transport-wide sequence numbers.
    pub(super) transport: Option<u8>,
    /// The id under which the offerer tells how loud its sound is.
    pub(super) level: Option<u8>,
    rejected: bool,
    mux: bool,
}

impl Section {
    /// Whether the offerer would receive here.
    pub(super) fn receives(&self) -> bool {
        !self.rejected && matches!(self.direction.as_str(), "recvonly" | "sendrecv")
    }

    pub(super) fn sends(&self) -> bool {
        !self.rejected && matches!(self.direction.as_str(), "sendonly" | "sendrecv")
    }
}

/// What matters of an offer.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) ufrag: String,
    pub(super) password: String,
    pub(super) fingerprint: String,
    /// The offerer leaves it to us to start DTLS, as ffmpeg does.
    pub(super) passive: bool,
    pub(super) sections: Vec<Section>,
}

fn bad(reason: &str) -> MediaError {
    MediaError::BadOffer(reason.to_owned())
}

impl Offer {
    pub(super) fn parse(text: &str) -> Result<Self, MediaError> {
        if text.len() > MAX_OFFER {
            return Err(bad("longer than 64 KiB"));
        }
        if !text.starts_with("v=0") {
            return Err(bad("not a session description"));
        }
        let mut reader = Reader::default();
        for line in text.lines() {
            let line = line.trim_end();
            // A carriage return within a line would be the end of one in our answer.
            if line.contains(['\r', '\0']) {
                return Err(bad("a line break within a line"));
            }
            reader.line(line)?;
        }
        reader.finish()
    }

    /// The one video codec to receive from a publisher: H.264 before VP8.
    pub(super) fn preferred_video(&self) -> Option<&OfferedCodec> {
        let offered = || self.sections.iter().filter(|section| section.kind == Kind::Video).flat_map(|section| &section.codecs);
        offered().find(|codec| codec.codec == Codec::H264).or_else(|| offered().find(|codec| codec.codec == Codec::Vp8))
    }

    /// Opus, and redundant audio if it is offered, in the offerer's order.
    pub(super) fn audio(&self) -> impl Iterator<Item = &OfferedCodec> {
        let offered = || self.sections.iter().filter(|section| section.kind == Kind::Audio).flat_map(|section| &section.codecs);
        let opus = offered().find(|codec| codec.codec == Codec::Opus);
        offered().filter(move |codec| match codec.codec {
            // Redundant audio names the payload type that is repeated: it must be the one that we take, and that viewers have.
            Codec::Red => opus
                .filter(|opus| opus.payload_type == opus::REPEATED)
                .is_some_and(|opus| codec.fmtp.split('/').all(|inner| inner.trim() == opus.payload_type.to_string())),
            _ => opus.is_some_and(|opus| opus.payload_type == codec.payload_type),
        })
    }

    /// The id of the levels of the sound that is published.
    pub(super) fn level(&self) -> Option<u8> {
        self.sections.iter().find(|section| section.kind == Kind::Audio && !section.rejected).and_then(|section| section.level)
    }

    /// The tags of the sections that media may flow in; the first carries the candidates.
    pub(super) fn mids(&self) -> Vec<String> {
        let usable = self.sections.iter().filter(|section| !section.rejected && !section.codecs.is_empty());
        usable.map(|section| section.mid.clone()).filter(|mid| !mid.is_empty()).collect()
    }

    /// What RFC 9725, sections 4.2, 4.4.2 and 4.4.3, ask of an offer to publish: every section sends, there is one track of a kind, and no
    /// section would be refused, so that nobody believes to be on air with a picture when only the sound is.
    pub(super) fn check_ingest(&self) -> Result<(), MediaError> {
        let offered = |kind| self.sections.iter().filter(move |section| section.kind == kind && !section.rejected);
        let (audio, video) = (offered(Kind::Audio).count(), offered(Kind::Video).count());
        if audio + video == 0 {
            return Err(MediaError::Unsupported("an offer without sound and picture over DTLS"));
        }
        if audio > 1 || video > 1 {
            return Err(MediaError::Unsupported("more than one track of a kind"));
        }
        let mut sections = offered(Kind::Audio).chain(offered(Kind::Video));
        if sections.any(|section| !section.sends()) {
            return Err(MediaError::Unsupported("a section that does not send, in an offer to publish"));
        }
        match offered(Kind::Audio).chain(offered(Kind::Video)).any(|section| section.codecs.is_empty()) {
            true => Err(MediaError::NoCommonCodec),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
