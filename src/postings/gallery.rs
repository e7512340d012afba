//! The pictures of a posting: what they are, in which order, and what each shows in words. They are a part of the terms, so that each change of
//! them leaves a version and is looked at like a change of text; the files themselves lie in the store of files. Pure.

use crate::ids::BlobId;
use crate::pictures::{Picture, stripped};
use crate::web::Text;
use serde::{Deserialize, Serialize};

/// Pictures of one posting at most: three rows of a phone.
pub(super) const MOST: usize = 9;
/// Megabytes of a picture. The page's script makes what a phone takes much smaller before it is sent.
pub const PICTURE_MEGABYTES: usize = 4;
/// Pixels of either side. What is larger asks a cheap phone for more memory than it has.
const WIDEST: usize = 6_000;
/// Less than that is an icon.
const NARROWEST: usize = 120;
/// Characters of what a picture shows.
pub(super) const MAX_ALT: usize = 80;
/// What browsers offer to pick.
pub(super) const ACCEPT: &str = ".jpg,.jpeg,.png,.webp,image/jpeg,image/png,image/webp";

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    pub id: BlobId,
    pub mime: String,
    /// Bytes.
    pub size: i64,
    pub width: i64,
    pub height: i64,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// The pictures in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gallery(pub Vec<Shot>);

impl TryFrom<String> for Gallery {
    type Error = anyhow::Error;
    fn try_from(stored: String) -> anyhow::Result<Self> {
        if stored.is_empty() { Ok(Self::default()) } else { Ok(serde_json::from_str(&stored)?) }
    }
}

/// What becomes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Earlier,
    Later,
    Out,
}

impl Turn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "earlier" => Some(Self::Earlier),
            "later" => Some(Self::Later),
            "out" => Some(Self::Out),
            _ => None,
        }
    }
}

impl Shot {
    /// The media type, one of those that we serve.
    pub(super) fn mime(&self) -> &'static str {
        self.kind().map_or("application/octet-stream", Picture::mime)
    }

    /// What it is decoded as.
    pub(super) fn kind(&self) -> Option<Picture> {
        Picture::of(&self.mime)
    }

    /// Such as `240 KB`.
    pub fn size(&self) -> String {
        if self.size < 1_000_000 { format!("{} KB", (self.size + 999) / 1_000) } else { format!("{:.1} MB", self.size as f64 / 1e6) }
    }
}

impl Gallery {
    /// As it is stored.
    pub(super) fn stored(&self) -> String {
        if self.0.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    pub(super) fn find(&self, id: BlobId) -> Option<&Shot> {
        self.0.iter().find(|shot| shot.id == id)
    }

    /// What all of them show, for rules to look at.
    pub(super) fn words(&self) -> String {
        self.0.iter().map(|shot| shot.alt.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// As a difference shows them: which, in what order.
    pub(super) fn listed(&self) -> String {
        let one = |(n, shot): (usize, &Shot)| format!("{n}. {} ({} × {}, {})", shot.alt, shot.width, shot.height, shot.size());
        (1..).zip(&self.0).map(one).collect::<Vec<_>>().join("\n")
    }

    /// The same with a picture moved or taken out; none if it is not there.
    pub(super) fn with(&self, id: BlobId, turn: Turn) -> Option<Self> {
        let at = self.0.iter().position(|shot| shot.id == id)?;
        let mut all = self.0.clone();
        match turn {
            Turn::Earlier if at > 0 => all.swap(at, at - 1),
            Turn::Later if at + 1 < all.len() => all.swap(at, at + 1),
            Turn::Earlier | Turn::Later => {}
            Turn::Out => {
                all.remove(at);
            }
        }
        Some(Self(all))
    }
}

/// What a picture is and what is kept of it: media type, width, height and bytes without position, comments and what hides behind it.
pub(super) fn examine(bytes: Vec<u8>) -> Result<(&'static str, i64, i64, Vec<u8>), Text> {
    if bytes.is_empty() {
        return Err(Text("postings-wrong-picture-none"));
    }
    let kind = infer::get(&bytes).and_then(|t| Picture::of(t.mime_type())).ok_or(Text("postings-wrong-picture"))?;
    let size = imagesize::blob_size(&bytes).map_err(|_| Text("postings-wrong-picture-broken"))?;
    let (least, most) = (size.width.min(size.height), size.width.max(size.height));
    if least < NARROWEST || most > WIDEST {
        return Err(Text("postings-wrong-picture-size"));
    }
    let bytes = stripped(bytes, kind).ok_or(Text("postings-wrong-picture-broken"))?;
    let side = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok((kind.mime(), side(size.width), side(size.height), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(alt: &str) -> Shot {
        Shot { id: BlobId::new(), mime: "image/jpeg".into(), size: 240_000, width: 800, height: 600, alt: alt.into() }
    }

    fn alts(gallery: &Gallery) -> Vec<&str> {
        gallery.0.iter().map(|shot| shot.alt.as_str()).collect()
    }

    #[test]
    fn pictures_change_places_and_go() {
        let all = Gallery(vec![shot("车间"), shot("宿舍"), shot("食堂")]);
        let moved = |at: usize, turn| all.with(all.0[at].id, turn).expect("there");
        assert_eq!(alts(&moved(2, Turn::Earlier)), ["车间", "食堂", "宿舍"]);
        assert_eq!(alts(&moved(0, Turn::Later)), ["宿舍", "车间", "食堂"]);
        assert_eq!(alts(&moved(1, Turn::Out)), ["车间", "食堂"]);
        for (at, turn) in [(0, Turn::Earlier), (2, Turn::Later)] {
            assert_eq!(moved(at, turn), all, "nowhere to go");
        }
        assert_eq!(all.with(BlobId::new(), Turn::Out), None);
        assert_eq!(Gallery::try_from(all.stored()).expect("stored"), all);
        assert_eq!(Gallery::try_from(String::new()).expect("none"), Gallery::default());
        assert_eq!(all.listed().lines().next(), Some("1. 车间 (800 × 600, 240 KB)"));
    }

    #[test]
    fn what_is_no_picture_or_of_no_use_is_refused() {
        for (bytes, wrong) in [
            (&b""[..], "postings-wrong-picture-none"),
            (b"GIF89a......", "postings-wrong-picture"),
            (b"<svg onload=alert(1)>", "postings-wrong-picture"),
            (b"%PDF-1.7", "postings-wrong-picture"),
            (b"\xFF\xD8\xFF\xE0 cut short", "postings-wrong-picture-broken"),
            (b"\x89PNG\r\n\x1a\n0000", "postings-wrong-picture-broken"),
        ] {
            assert_eq!(examine(bytes.to_vec()), Err(Text(wrong)), "{bytes:?}");
        }
    }
}
