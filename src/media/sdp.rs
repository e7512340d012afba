//! Session descriptions: what of an offer matters, the answers of ICE-lite, and fragments for trickling.
//!
//! A small line reader of our own: an offer is a stranger's text, so everything is bounded, unknown lines are skipped and nothing panics.
//! Invariants: an answer has exactly the offer's media sections in the offer's order; those without a common codec are refused with port 0.

use std::fmt::Write as _;

use super::MediaError;
pub(super) use super::candidate::{Candidate, candidate_lines, candidates};
use super::codec::Codec;
use super::ice::Credentials;
use super::opus;

/// Browsers' offers with every codec have about 8 KB.
const MAX_OFFER: usize = 64 * 1024;
/// Audio, video with simulcast, data: more sections are a mistake or an attack.
const MAX_SECTIONS: usize = 16;
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

#[derive(Default)]
struct Reader {
    ufrag: Option<String>,
    password: Option<String>,
    fingerprint: Option<String>,
    setup: Option<String>,
    session_direction: Option<String>,
    sections: Vec<Section>,
    /// Payload type, codec name and fmtp of the section being read.
    formats: Vec<(u8, String, String)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), MediaError> {
        if let Some(media) = line.strip_prefix("m=") {
            self.end_section();
            return self.begin_section(media);
        }
        let Some(attribute) = line.strip_prefix("a=") else { return Ok(()) };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let first = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| value.to_owned());
        };
        match name {
            "ice-ufrag" => first(&mut self.ufrag),
            "ice-pwd" => first(&mut self.password),
            "setup" => first(&mut self.setup),
            "fingerprint" => {
                if let Some((algorithm, hash)) = value.split_once(' ')
                    && algorithm.eq_ignore_ascii_case("sha-256")
                {
                    self.fingerprint.get_or_insert_with(|| hash.trim().to_ascii_uppercase());
                }
            }
            "sendrecv" | "sendonly" | "recvonly" | "inactive" => match self.sections.last_mut() {
                Some(section) => section.direction = name.to_owned(),
                None => self.session_direction = Some(name.to_owned()),
            },
            "mid" | "rtcp-mux" | "bundle-only" | "rtpmap" | "fmtp" | "extmap" => self.section_line(name, value),
            _ => {}
        }
        Ok(())
    }

    fn section_line(&mut self, name: &str, value: &str) {
        let Some(section) = self.sections.last_mut() else { return };
        match name {
            "mid" => section.mid = token(value),
            "rtcp-mux" => section.mux = true,
            "bundle-only" => section.rejected = !section.protocol.contains("RTP/SAVPF"),
            "extmap" => {
                let Some((id, uri)) = value.split_once(' ') else { return };
                // One-byte headers have room for the ids 1 to 14 (RFC 8285, section 4.2).
                let id = id.split('/').next().and_then(|id| id.parse().ok()).filter(|id| (1..=14).contains(id));
                // Attributes may follow the name (RFC 8285, section 5).
                match uri.split_ascii_whitespace().next() {
                    Some(TRANSPORT_WIDE) => section.transport = id,
                    Some(AUDIO_LEVEL) => section.level = id,
                    _ => {}
                }
            }
            _ => {
                let Some((payload_type, rest)) = value.split_once(' ') else { return };
                let Ok(payload_type) = payload_type.parse::<u8>() else { return };
                let Some(format) = self.formats.iter_mut().find(|(known, _, _)| *known == payload_type) else { return };
                if name == "rtpmap" { format.1 = rest.to_ascii_lowercase() } else { format.2 = rest.to_owned() }
            }
        }
    }

    fn begin_section(&mut self, media: &str) -> Result<(), MediaError> {
        if self.sections.len() == MAX_SECTIONS {
            return Err(bad("too many media sections"));
        }
        let mut words = media.split_ascii_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(bad("a media line is incomplete"));
        };
        let kind = match kind {
            "audio" => Kind::Audio,
            "video" => Kind::Video,
            _ => Kind::Other,
        };
        let formats: Vec<&str> = words.take(256).collect();
        self.formats =
            formats.iter().filter_map(|word| word.parse().ok()).map(|payload_type| (payload_type, String::new(), String::new())).collect();
        let direction = self.session_direction.clone().unwrap_or_else(|| "sendrecv".to_owned());
        self.sections.push(Section {
            kind,
            protocol: protocol.to_owned(),
            formats: formats.join(" "),
            mid: String::new(),
            direction,
            codecs: Vec::new(),
            transport: None,
            level: None,
            // Port 0 refuses a section, unless `bundle-only` follows (RFC 8843, section 6).
            rejected: port == "0" || !protocol.contains("RTP/SAVPF"),
            mux: false,
        });
        Ok(())
    }

    fn end_section(&mut self) {
        let Some(section) = self.sections.last_mut() else { return };
        let formats = std::mem::take(&mut self.formats);
        let rtx_of = |wanted: u8| {
            let apt = |fmtp: &str| fmtp.split(';').find_map(|part| part.trim().strip_prefix("apt=")?.parse::<u8>().ok());
            formats.iter().find(|(_, name, fmtp)| name == "rtx/90000" && apt(fmtp) == Some(wanted)).map(|(rtx, _, _)| *rtx)
        };
        for (payload_type, name, fmtp) in &formats {
            let codec = match (section.kind, name.as_str()) {
                (Kind::Audio, "opus/48000/2") => Codec::Opus,
                (Kind::Audio, "red/48000/2") => Codec::Red,
                (Kind::Video, "h264/90000") if fmtp.contains("packetization-mode=1") => Codec::H264,
                (Kind::Video, "vp8/90000") => Codec::Vp8,
                _ => continue,
            };
            section.codecs.push(OfferedCodec { codec, payload_type: *payload_type, fmtp: fmtp.clone(), rtx: rtx_of(*payload_type) });
        }
        // Constrained baseline is what every phone decodes; among the rest the offerer's order counts.
        section.codecs.sort_by_key(|codec| u8::from(!codec.fmtp.to_ascii_lowercase().contains("profile-level-id=42e0")));
    }

    fn finish(mut self) -> Result<Offer, MediaError> {
        self.end_section();
        let passive = match self.setup.as_deref() {
            None | Some("actpass" | "active") => false,
            Some("passive") => true,
            Some(_) => return Err(bad("setup is none of actpass, active and passive")),
        };
        let ufrag = self.ufrag.filter(|ufrag| (4..=256).contains(&ufrag.len())).ok_or_else(|| bad("no ICE user fragment"))?;
        let password = self.password.filter(|password| (22..=256).contains(&password.len())).ok_or_else(|| bad("no ICE password"))?;
        let fingerprint = self.fingerprint.filter(|hash| hash.len() == 95).ok_or_else(|| bad("no SHA-256 fingerprint"))?;
        if self.sections.iter().any(|section| !section.rejected && section.kind != Kind::Other && !section.mux) {
            return Err(bad("rtcp-mux is required"));
        }
        Ok(Offer { ufrag, password, fingerprint, passive, sections: self.sections })
    }
}

/// A mid as RFC 8843 allows it; anything else could smuggle lines into the answer.
fn token(value: &str) -> String {
    value.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.+".contains(*c)).take(32).collect()
}

/// What an answer says about us.
pub(super) struct Us<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) fingerprint: &'a str,
    pub(super) candidates: &'a [Candidate],
}

/// One stream that an answer offers to a viewer.
pub(super) struct Track<'a> {
    pub(super) ssrc: u32,
    /// The SSRC of retransmissions.
    pub(super) rtx: Option<u32>,
    pub(super) transport: Option<u8>,
    pub(super) codecs: &'a [OfferedCodec],
    /// Which of its kind it is. The first sound goes with the first picture; others may be of anybody.
    pub(super) slot: usize,
}

/// The answer for a viewer. `track` tells what goes into a section; `None` refuses it.
pub(super) fn viewer_answer<'a>(offer: &'a Offer, us: &Us<'_>, stream: &str, track: impl Fn(usize) -> Option<Track<'a>>) -> String {
    let mut out = String::with_capacity(2_048);
    let accepted: Vec<&str> =
        offer.sections.iter().enumerate().filter(|(at, _)| track(*at).is_some()).map(|(_, section)| section.mid.as_str()).collect();
    let _ = write!(out, "v=0\r\no=- {} 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", rand::random::<u32>());
    let _ = write!(out, "a=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n", accepted.join(" "));
    let _ = write!(out, "a=ice-lite\r\na=ice-options:{ICE_OPTIONS}\r\n");
    let mut first = true;
    for (at, section) in offer.sections.iter().enumerate() {
        let kind = match section.kind {
            Kind::Audio => "audio",
            Kind::Video => "video",
            Kind::Other => "application",
        };
        let Some(track) = track(at) else {
            let _ = write!(
                out,
                "m={kind} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=inactive\r\n",
                section.protocol, section.formats, section.mid
            );
            continue;
        };
        let rtx = |codec: &OfferedCodec| codec.rtx.filter(|_| track.rtx.is_some());
        let types = track.codecs.iter().flat_map(|codec| std::iter::once(codec.payload_type).chain(rtx(codec)));
        let types: Vec<String> = types.map(|payload_type| payload_type.to_string()).collect();
        let _ = write!(out, "m={kind} 9 {} {}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n", section.protocol, types.join(" "));
        let _ = write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", us.credentials.ufrag, us.credentials.password);
        let _ = write!(
            out,
            "a=fingerprint:sha-256 {}\r\na=setup:passive\r\na=mid:{}\r\na=sendonly\r\na=rtcp-mux\r\na=rtcp-mux-only\r\n",
            us.fingerprint, section.mid
        );
        if let Some(id) = track.transport {
            let _ = write!(out, "a=extmap:{id} {TRANSPORT_WIDE}\r\n");
        }
        track.codecs.iter().for_each(|codec| codec_lines(&mut out, codec, rtx(codec), track.transport.is_some()));
        let _ = match track.slot {
            0 => write!(out, "a=msid:{stream} {stream}-{kind}\r\n"),
            slot => write!(out, "a=msid:{stream}-{kind}-{slot} {stream}-{kind}-{slot}\r\n"),
        };
        if let Some(rtx) = track.rtx {
            let _ = write!(out, "a=ssrc-group:FID {} {rtx}\r\n", track.ssrc);
        }
        for ssrc in std::iter::once(track.ssrc).chain(track.rtx) {
            let _ = write!(out, "a=ssrc:{ssrc} cname:{stream}\r\n");
        }
        if std::mem::take(&mut first) {
            candidate_lines(&mut out, us.candidates);
        }
    }
    out
}

fn codec_lines(out: &mut String, codec: &OfferedCodec, rtx: Option<u8>, transport: bool) {
    let name = match codec.codec {
        Codec::Opus => "opus/48000/2",
        Codec::Red => "red/48000/2",
        Codec::H264 => "H264/90000",
        Codec::Vp8 => "VP8/90000",
    };
    let payload_type = codec.payload_type;
    let _ = write!(out, "a=rtpmap:{payload_type} {name}\r\n");
    if codec.codec.is_video() {
        for feedback in ["nack", "nack pli", "ccm fir"] {
            let _ = write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n");
        }
    }
    if transport {
        let _ = write!(out, "a=rtcp-fb:{payload_type} transport-cc\r\n");
    }
    if let Some(rtx) = rtx {
        let _ = write!(out, "a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={payload_type}\r\n");
    }
    let fmtp = if codec.codec == Codec::Opus { "minptime=10;useinbandfec=1;stereo=1" } else { codec.fmtp.as_str() };
    if !fmtp.is_empty() {
        let _ = write!(out, "a=fmtp:{payload_type} {fmtp}\r\n");
    }
}

/// Turns the answer of a full peer connection, which knows neither our ports nor that we are ICE-lite, into ours.
pub(super) fn publisher_answer(answer: &str, us: &Us<'_>) -> String {
    let mut out = String::with_capacity(answer.len() + 512);
    let mut first = true;
    for line in answer.lines().map(str::trim_end) {
        let ours = ["a=candidate:", "a=end-of-candidates", "a=ice-lite", "a=ice-options:", "a=rtcp-mux-only"];
        if ours.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        if line.starts_with("m=") && std::mem::take(&mut first) {
            let _ = write!(out, "a=ice-lite\r\na=ice-options:{ICE_OPTIONS}\r\n");
        }
        out.push_str(line);
        out.push_str("\r\n");
        if line == "a=rtcp-mux" {
            // RFC 9725, section 4.4.1, asks for it in both directions.
            out.push_str("a=rtcp-mux-only\r\n");
        }
        if !first && line.starts_with("a=ice-pwd:") && !out.contains("a=candidate:") {
            candidate_lines(&mut out, us.candidates);
        }
    }
    out
}

/// The offer as the full peer connection gets it: without candidates, of which ICE-lite needs none, and with every section's direction in
/// so many words, because it takes no notice of a section that leaves it to the session or to the default (RFC 8866, section 6.7).
pub(super) fn for_connection(text: &str, offer: &Offer) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut sections = offer.sections.iter();
    let mut unsaid: Option<&Section> = None;
    for line in text.lines().map(str::trim_end) {
        if line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates") {
            continue;
        }
        if line.starts_with("m=") {
            direction_line(&mut out, unsaid);
            unsaid = sections.next();
        } else if matches!(line, "a=sendrecv" | "a=sendonly" | "a=recvonly" | "a=inactive") {
            unsaid = None;
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    direction_line(&mut out, unsaid);
    out
}

fn direction_line(out: &mut String, section: Option<&Section>) {
    if let Some(section) = section {
        let _ = write!(out, "a={}\r\n", section.direction);
    }
}

/// Whether an answer has the offer's sections.
pub(super) fn answers_all(answer: &str, offer: &Offer) -> bool {
    answer.lines().filter(|line| line.starts_with("m=")).count() == offer.sections.len()
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
