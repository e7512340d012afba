//! The few lines of SDP that a lean client needs: its own offer or answer, and what it must know of the other side's.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context as _, Result, bail};

/// Payload types of our offers, as Chromium numbers them.
pub(crate) const AUDIO: u8 = 111;
/// Opus with the packet before repeated (RFC 2198).
pub(crate) const RED: u8 = 63;
pub(crate) const VIDEO: u8 = 102;
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const TRANSPORT_CC_ID: u8 = 3;
const H264: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

/// Our side of ICE.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) password: String,
}

impl Credentials {
    pub(crate) fn random() -> Self {
        use rand::Rng as _;
        let mut rng = rand::rng();
        let mut word = |length: usize| (0..length).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect::<String>();
        Self { ufrag: word(4), password: word(24) }
    }
}

/// What an offer or answer of ours is about.
pub(crate) enum Role {
    /// Wants both tracks, with feedback for the whole transport; retransmissions apart and sound twice, or neither.
    Viewer { rtx: bool },
    /// Sends both tracks with these SSRCs.
    Publisher { audio: u32, video: u32 },
    /// Sends sound with this SSRC, and the picture in the layers of [`RIDS`].
    Simulcast { audio: u32 },
}

/// Simulcast layers, the smallest first, and the header extensions that tell them.
pub(crate) const RIDS: [char; 3] = ['q', 'h', 'f'];
pub(crate) const MID_ID: u8 = 1;
pub(crate) const RID_ID: u8 = 2;
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// The payload type of retransmissions (RFC 4588).
pub(crate) const RTX: u8 = 103;

/// An offer as a browser would make it, without candidates: the other side is ICE-lite and never needs ours.
pub(crate) fn offer(us: &Credentials, fingerprint: &str, role: &Role) -> String {
    let mut out = String::with_capacity(2_048);
    out.push_str("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS *\r\n");
    for (mid, kind) in ["audio", "video"].into_iter().enumerate() {
        let payload_type = if mid == 0 { AUDIO } else { VIDEO };
        let rtx = if mid == 1 && matches!(role, Role::Viewer { rtx: true }) { format!(" {RTX}") } else { String::new() };
        let red = if mid == 0 && matches!(role, Role::Viewer { rtx: true }) { format!(" {RED}") } else { String::new() };
        let _ = write!(out, "m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}{rtx}{red}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
        transport(&mut out, us, fingerprint, "actpass");
        let _ = write!(out, "a=mid:{mid}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n");
        match role {
            Role::Viewer { .. } => {
                let _ = write!(out, "a=recvonly\r\na=extmap:{TRANSPORT_CC_ID} {TRANSPORT_CC}\r\na=rtcp-fb:{payload_type} transport-cc\r\n");
            }
            Role::Simulcast { .. } if mid == 1 => {
                let _ = write!(out, "a=sendonly\r\na=msid:bench bench-video\r\na=extmap:{MID_ID} {MID}\r\na=extmap:{RID_ID} {RID}\r\n");
                RIDS.iter().for_each(|rid| {
                    let _ = write!(out, "a=rid:{rid} send\r\n");
                });
                let _ = write!(out, "a=simulcast:send {}\r\n", RIDS.map(String::from).join(";"));
            }
            Role::Publisher { audio, .. } | Role::Simulcast { audio } => {
                let video = if let Role::Publisher { video, .. } = role { video } else { audio };
                let ssrc = if mid == 0 { audio } else { video };
                let _ = write!(
                    out,
                    "a=sendonly\r\na=msid:bench bench-{kind}\r\na=ssrc:{ssrc} cname:bench\r\na=ssrc:{ssrc} msid:bench bench-{kind}\r\n"
                );
            }
        }
        if mid == 0 {
            let _ = write!(out, "a=rtpmap:{AUDIO} opus/48000/2\r\na=fmtp:{AUDIO} minptime=10;useinbandfec=1\r\n");
            if !red.is_empty() {
                let _ = write!(out, "a=rtpmap:{RED} red/48000/2\r\na=fmtp:{RED} {AUDIO}/{AUDIO}\r\n");
            }
        } else {
            let _ = write!(out, "a=rtpmap:{VIDEO} H264/90000\r\na=fmtp:{VIDEO} {H264}\r\n");
            for feedback in ["nack", "nack pli", "ccm fir"] {
                let _ = write!(out, "a=rtcp-fb:{VIDEO} {feedback}\r\n");
            }
            if !rtx.is_empty() {
                let _ = write!(out, "a=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VIDEO}\r\n");
            }
        }
    }
    out
}

fn transport(out: &mut String, us: &Credentials, fingerprint: &str, setup: &str) {
    let _ =
        write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n", us.ufrag, us.password);
}

/// The other side's description.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remote {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    pub(crate) fingerprint: String,
    pub(crate) address: Option<SocketAddrV4>,
    /// The other side wants to begin DTLS.
    pub(crate) active: bool,
    pub(crate) audio: Track,
    pub(crate) video: Track,
    /// The SSRC of the picture's retransmissions.
    pub(crate) rtx: Option<u32>,
    /// The id of the header extension that numbers all packets of the transport.
    pub(crate) transport_cc: Option<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) payload_type: u8,
    pub(crate) ssrc: Option<u32>,
}

impl Remote {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut remote = Self::default();
        let mut video = false;
        for line in text.lines().map(str::trim_end) {
            if let Some(media) = line.strip_prefix("m=") {
                video = media.starts_with("video");
                let mut words = media.split(' ');
                if words.nth(1) == Some("0") {
                    bail!("a track was refused: {line}");
                }
                remote.track(video).payload_type = words.nth(1).and_then(|word| word.parse().ok()).context("no payload type")?;
            }
            let Some((name, value)) = line.strip_prefix("a=").and_then(|line| line.split_once(':')) else { continue };
            match name {
                "ice-ufrag" => value.clone_into(&mut remote.ufrag),
                "ice-pwd" => value.clone_into(&mut remote.password),
                "fingerprint" => value.split(' ').nth(1).unwrap_or_default().clone_into(&mut remote.fingerprint),
                "setup" => remote.active = value == "active",
                "candidate" => remote.address = remote.address.or_else(|| candidate(value)),
                "ssrc" => {
                    let ssrc = value.split(' ').next().and_then(|word| word.parse().ok());
                    let track = remote.track(video);
                    track.ssrc = track.ssrc.or(ssrc);
                }
                "ssrc-group" => remote.rtx = value.strip_prefix("FID ").and_then(|pair| pair.split(' ').nth(1)?.parse().ok()),
                "extmap" if value.ends_with(TRANSPORT_CC) => {
                    remote.transport_cc = value.split([' ', '/']).next().and_then(|word| word.parse().ok());
                }
                _ => {}
            }
        }
        if remote.ufrag.is_empty() || remote.password.is_empty() || remote.fingerprint.is_empty() {
            bail!("no ICE credentials or fingerprint in\n{text}");
        }
        Ok(remote)
    }

    fn track(&mut self, video: bool) -> &mut Track {
        if video { &mut self.video } else { &mut self.audio }
    }
}

/// A UDP host candidate on IPv4.
fn candidate(value: &str) -> Option<SocketAddrV4> {
    let mut words = value.split(' ').skip(2);
    if !words.next()?.eq_ignore_ascii_case("udp") {
        return None;
    }
    let address = words.nth(1)?.parse().ok()?;
    Some(SocketAddrV4::new(address, words.next()?.parse().ok()?))
}

/// The answer to an offer of Janus: everything as offered but header extensions, DTLS begun by us.
pub(crate) fn answer(offer: &str, us: &Credentials, fingerprint: &str, ip: Ipv4Addr) -> String {
    let mut out = String::with_capacity(offer.len());
    for line in offer.lines().map(str::trim_end) {
        match line.split(':').next().unwrap_or_default() {
            "a=ice-ufrag" | "a=ice-pwd" | "a=fingerprint" | "a=ice-options" | "a=ice-lite" | "a=candidate" => {}
            "a=ssrc" | "a=ssrc-group" | "a=msid" | "a=extmap" | "a=extmap-allow-mixed" => {}
            "a=setup" => transport(&mut out, us, fingerprint, "active"),
            "a=sendonly" | "a=sendrecv" => out.push_str("a=recvonly\r\n"),
            // An ICE-lite agent learns our address from our check; it waits for some candidate nevertheless.
            "a=end-of-candidates" => {
                let _ = write!(out, "a=candidate:1 1 udp 2130706431 {ip} 9 typ host\r\na=end-of-candidates\r\n");
            }
            _ => {
                out.push_str(line);
                out.push_str("\r\n");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let text = "v=0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 AB:CD\r\na=setup:passive\r\n\
                    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=ssrc:7 cname:x\r\n\
                    a=candidate:1 1 udp 2130706431 10.1.2.3 8189 typ host\r\na=candidate:2 1 tcp 1 10.1.2.3 8189 typ host tcptype passive\r\n\
                    m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\na=ssrc:8 cname:x\r\n";
        let remote = Remote::parse(text).expect("an answer");
        assert_eq!(remote.address, Some("10.1.2.3:8189".parse().expect("an address")));
        assert_eq!((remote.audio.ssrc, remote.video, remote.transport_cc), (Some(7), Track { payload_type: 102, ssrc: Some(8) }, Some(3)));
        assert!(!remote.active);
    }

    #[test]
    fn a_refused_track_is_an_error() {
        assert!(Remote::parse("v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\n").is_err());
    }
}
