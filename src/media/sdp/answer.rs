//! Writes what goes back to an offerer, and the offer as the peer connection of a publisher gets it.

use std::fmt::Write as _;

use super::{Candidate, ICE_OPTIONS, Kind, Offer, OfferedCodec, Section, TRANSPORT_WIDE, candidate_lines};
use crate::media::codec::Codec;
use crate::media::ice::Credentials;

/// What an answer says about us.
pub(in crate::media) struct Us<'a> {
    pub(in crate::media) credentials: &'a Credentials,
    pub(in crate::media) fingerprint: &'a str,
    pub(in crate::media) candidates: &'a [Candidate],
}

/// One stream that an answer offers to a viewer.
pub(in crate::media) struct Track<'a> {
    pub(in crate::media) ssrc: u32,
    /// The SSRC of retransmissions.
    pub(in crate::media) rtx: Option<u32>,
    pub(in crate::media) transport: Option<u8>,
    pub(in crate::media) codecs: &'a [OfferedCodec],
    /// Which of its kind it is. The first sound goes with the first picture; others may be of anybody.
    pub(in crate::media) slot: usize,
}

/// The answer for a viewer. `track` tells what goes into a section; `None` refuses it.
pub(in crate::media) fn viewer_answer<'a>(
    offer: &'a Offer,
    us: &Us<'_>,
    stream: &str,
    track: impl Fn(usize) -> Option<Track<'a>>,
) -> String {
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
pub(in crate::media) fn publisher_answer(answer: &str, us: &Us<'_>) -> String {
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
pub(in crate::media) fn for_connection(text: &str, offer: &Offer) -> String {
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
pub(in crate::media) fn answers_all(answer: &str, offer: &Offer) -> bool {
    answer.lines().filter(|line| line.starts_with("m=")).count() == offer.sections.len()
}
