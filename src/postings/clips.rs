//! A short video and the recruiter's voice: at most one of each for a posting, each with its words for those who do not hear or see it. Like the
//! pictures they are a part of the terms. Pure, but for the look into a file.

use super::containers::{Container, look};
use super::content::stored_enum;
use crate::clock::Millis;
use crate::ids::BlobId;
use crate::web::Text;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Megabytes of a video: a minute at the quality of a phone's messenger.
pub const CLIP_MEGABYTES: usize = 30;
/// Bytes of a voice clip: a minute at twice the rate at which browsers record.
const VOICE_BYTES: i64 = 2_000_000;
/// A minute, and a moment for whoever stops late.
const LONGEST: Millis = 61_000;
/// Characters of what is said or shown.
pub(super) const MAX_WORDS: usize = 600;

stored_enum! {
    /// What a clip is.
    ClipKind {
        #[default]
        Video = "video", Text("postings-clip-video");
        Voice = "voice", Text("postings-clip-voice");
    }
}

/// A clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    pub id: BlobId,
    pub mime: String,
    /// Bytes.
    pub size: i64,
    /// 0 if the file does not say.
    pub millis: i64,
    /// What is said, or what is seen where nothing is said.
    pub words: String,
}

/// The clips of a posting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clips {
    pub video: Option<Clip>,
    pub voice: Option<Clip>,
}

impl TryFrom<String> for Clips {
    type Error = anyhow::Error;
    fn try_from(stored: String) -> anyhow::Result<Self> {
        if stored.is_empty() { Ok(Self::default()) } else { Ok(serde_json::from_str(&stored)?) }
    }
}

impl Clip {
    /// The media type, one of those that we serve.
    pub(super) fn mime(&self) -> &'static str {
        ["video/mp4", "video/webm", "audio/mp4", "audio/webm", "audio/ogg"]
            .into_iter()
            .find(|m| *m == self.mime)
            .unwrap_or("application/octet-stream")
    }

    /// Such as `2.4 MB`.
    pub fn size(&self) -> String {
        if self.size < 1_000_000 { format!("{} KB", (self.size + 999) / 1_000) } else { format!("{:.1} MB", self.size as f64 / 1e6) }
    }

    /// Such as `0:42`; empty if it is not known.
    pub fn length(&self) -> String {
        let seconds = (self.millis + 500) / 1_000;
        if self.millis == 0 { String::new() } else { format!("{}:{:02}", seconds / 60, seconds % 60) }
    }

    /// Its words as captions (WebVTT): one cue for all of it, because nobody has told which word is said when.
    pub(super) fn captions(&self) -> String {
        let end = if self.millis == 0 { LONGEST } else { self.millis };
        let words = self.words.replace('&', "&amp;").replace('<', "&lt;").replace("-->", "→");
        format!("WEBVTT\n\n00:00.000 --> {:02}:{:02}.{:03}\n{}\n", end / 60_000, end / 1_000 % 60, end % 1_000, words.replace("\n\n", "\n"))
    }
}

impl Clips {
    /// As it is stored.
    pub(super) fn stored(&self) -> String {
        if *self == Self::default() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    pub fn is_empty(&self) -> bool {
        self.video.is_none() && self.voice.is_none()
    }

    pub(super) fn of(&self, kind: ClipKind) -> Option<&Clip> {
        match kind {
            ClipKind::Video => self.video.as_ref(),
            ClipKind::Voice => self.voice.as_ref(),
        }
    }

    pub(super) fn with(mut self, kind: ClipKind, clip: Option<Clip>) -> Self {
        match kind {
            ClipKind::Video => self.video = clip,
            ClipKind::Voice => self.voice = clip,
        }
        self
    }

    pub(super) fn find(&self, id: BlobId) -> Option<&Clip> {
        self.video.iter().chain(&self.voice).find(|clip| clip.id == id)
    }

    pub(super) fn words(&self) -> String {
        self.video.iter().chain(&self.voice).map(|clip| clip.words.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// As a difference shows one.
    pub(super) fn listed(&self, kind: ClipKind) -> String {
        self.of(kind).map(|clip| format!("{} ({} {})", clip.words, clip.length(), clip.size())).unwrap_or_default()
    }
}

/// Looks into a file of `size` bytes: its media type and length. What it tells of where it was taken is blanked.
pub(super) fn examine(kind: ClipKind, path: &Path, size: i64) -> anyhow::Result<Result<(&'static str, i64), Text>> {
    let mut file = std::fs::File::options().read(true).write(true).open(path)?;
    let Some(found) = look(&mut file)? else { return Ok(Err(wrong_kind(kind))) };
    file.sync_all()?;
    let mime = match (kind, found.container, found.has_picture, found.has_sound) {
        (ClipKind::Video, Container::Mp4, true, _) => "video/mp4",
        (ClipKind::Video, Container::Webm, true, _) => "video/webm",
        (ClipKind::Voice, Container::Mp4, false, true) => "audio/mp4",
        (ClipKind::Voice, Container::Webm, false, true) => "audio/webm",
        (ClipKind::Voice, Container::Ogg, false, true) => "audio/ogg",
        _ => return Ok(Err(wrong_kind(kind))),
    };
    if kind == ClipKind::Voice && size > VOICE_BYTES {
        return Ok(Err(Text("postings-wrong-clip-long")));
    }
    Ok(match found.millis {
        Some(millis) if millis > LONGEST => Err(Text("postings-wrong-clip-long")),
        Some(millis) => Ok((mime, millis)),
        // What a phone records while it writes does not say; a voice cannot be long within its bytes.
        None if kind == ClipKind::Voice => Ok((mime, 0)),
        None => Err(Text("postings-wrong-clip-unknown")),
    })
}

fn wrong_kind(kind: ClipKind) -> Text {
    match kind {
        ClipKind::Video => Text("postings-wrong-video"),
        ClipKind::Voice => Text("postings-wrong-voice"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_says_how_long_it_is_and_what_is_said() {
        let clip =
            Clip {
                id: BlobId::new(), mime: "text/html".into(), size: 2_400_000, millis: 42_300, words: "包吃 <b>住</b>\n\n--> 来".into()
            };
        assert_eq!((clip.mime(), clip.size().as_str(), clip.length().as_str()), ("application/octet-stream", "2.4 MB", "0:42"));
        assert_eq!(clip.captions(), "WEBVTT\n\n00:00.000 --> 00:42.300\n包吃 &lt;b>住&lt;/b>\n→ 来\n");
        let both = Clips { video: Some(clip.clone()), voice: None };
        assert_eq!(Clips::try_from(both.stored()).expect("stored"), both);
        assert!(both.find(clip.id).is_some() && both.clone().with(ClipKind::Video, None).is_empty());
        assert_eq!(Clips::try_from(String::new()).expect("none").stored(), "");
    }
}
