//! Reads an offer line by line: bounded, and without a panic whatever it says.

use super::{AUDIO_LEVEL, Kind, Offer, OfferedCodec, Section, TRANSPORT_WIDE, bad};
use crate::media::MediaError;
use crate::media::codec::Codec;

/// Audio, video with simulcast, data: more sections are a mistake or an attack.
const MAX_SECTIONS: usize = 16;

#[derive(Default)]
pub(super) struct Reader {
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
    pub(super) fn line(&mut self, line: &str) -> Result<(), MediaError> {
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

    pub(super) fn finish(mut self) -> Result<Offer, MediaError> {
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
pub(super) fn token(value: &str) -> String {
    value.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.+".contains(*c)).take(32).collect()
}
