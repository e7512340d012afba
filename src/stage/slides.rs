//! Slides: pictures that stand for video where it is too dear, uploaded by a host or taken from the shared screen every few seconds.
//!
//! Invariants: what a picture is is told by its content; it is served as that and nothing else, so that whatever it holds runs nowhere; until it
//! has been shown only hosts see it; a file is on the disk before its row. Deliberately absent: re-encoding.

use super::guests::Guests;
use super::store::slides as store;
use crate::accounts::Viewer;
use crate::blobs::{Blobs, Incoming};
use crate::clock::DAY;
use crate::db::Flag;
use crate::ids::{BlobId, RoomId, SlideId};
use crate::live::Event;
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text};
use serde::Serialize;
use std::io::Read as _;
use std::path::Path;
use tokio::fs::File;

/// Pictures of a room: an hour's talk.
pub(super) const MOST: i64 = 40;
/// Megabytes of a picture: a photo of a phone passes, and nobody without video loads more than this.
pub const MEGABYTES: usize = 2;
/// Characters of what a picture is about.
pub(super) const MAX_TITLE: usize = 60;
/// A file without a row was left by a crash once it is this old.
const STRAY_AFTER: i64 = DAY;

/// A picture as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub(super) struct Slide {
    pub(super) id: SlideId,
    #[serde(skip)]
    pub(super) room_id: RoomId,
    #[serde(skip)]
    pub(super) blob_id: BlobId,
    pub(super) kind: String,
    pub(super) size: i64,
    pub(super) title: String,
    #[serde(skip)]
    #[sqlx(try_from = "i64")]
    pub(super) still: Flag,
    pub(super) version: i64,
    #[serde(skip)]
    pub(super) shown_at: Option<i64>,
}

/// The kinds of pictures that all browsers show, by the media types that they are served as.
const KINDS: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// What a picture is, told by its content.
fn kind_of(head: &[u8]) -> Option<&'static str> {
    let found = infer::get(head)?.mime_type();
    KINDS.into_iter().find(|kind| *kind == found)
}

fn examine(path: &Path) -> std::io::Result<Option<&'static str>> {
    let mut head = Vec::with_capacity(512);
    std::fs::File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(kind_of(&head))
}

impl Slide {
    /// The media type, one of those that we serve.
    pub(super) fn mime(&self) -> &'static str {
        KINDS.into_iter().find(|kind| *kind == self.kind).unwrap_or("application/octet-stream")
    }

    /// Whether a client has these bytes already, by an `If-None-Match`.
    pub(super) fn is_known(&self, etags: &str) -> bool {
        etags.split(',').any(|one| one.trim().trim_start_matches("W/") == self.etag())
    }

    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    pub(super) fn url(&self) -> String {
        format!("/rooms/{}/slides/{}?v={}", self.room_id, self.id, self.version)
    }
}

impl Guests {
    pub(super) fn pictures(&self) -> &Blobs {
        &self.pictures
    }

    /// The pictures of a room, for its hosts.
    pub(super) async fn slides(&self, room: RoomId) -> Result<Vec<Slide>> {
        Ok(store::slides(self.db().read(), room).await?)
    }

    /// A picture that came in, as it will be stored; the inner error is for the sender.
    pub(super) async fn kept(&self, room: RoomId, incoming: Incoming, title: String) -> Result<Result<Slide, Text>> {
        let size = incoming.size as i64;
        let path = incoming.path().to_owned();
        let Some(kind) = tokio::task::spawn_blocking(move || examine(&path)).await?? else {
            return Ok(Err(Text("slides-wrong-kind")));
        };
        let blob_id = self.pictures.keep(incoming).await?;
        let (id, kind) = (SlideId::new(), kind.to_owned());
        Ok(Ok(Slide { id, room_id: room, blob_id, kind, size, title, still: Flag(false), version: 1, shown_at: None }))
    }

    /// Adds a picture at the end; the inner error is for the sender.
    pub(super) async fn add_slide(
        &self,
        viewer: &Viewer,
        view: &RoomView,
        incoming: Incoming,
        title: String,
    ) -> Result<Result<Slide, Text>> {
        let slide = match self.kept(view.room.id, incoming, title).await? {
            Ok(slide) => slide,
            Err(wrong) => return Ok(Err(wrong)),
        };
        // Once more if a colleague added one at the same moment.
        for _ in 0..3 {
            if store::insert(self.db().write(), &slide, viewer.known()?.id, self.now()).await? {
                return Ok(Ok(slide));
            }
        }
        self.pictures.remove(slide.blob_id).await?;
        Ok(Err(Text("slides-too-many")))
    }

    /// A picture of a room that the viewer hosts.
    pub(super) async fn hosted_slide(&self, viewer: &Viewer, room: RoomId, id: SlideId) -> Result<Slide> {
        viewer.known()?;
        self.live.rooms.hosted_by(viewer, room).await?;
        self.slide_of(room, id).await
    }

    async fn slide_of(&self, room: RoomId, id: SlideId) -> Result<Slide> {
        let slide = store::slide(self.db().read(), id).await?;
        slide.filter(|slide| slide.room_id == room).ok_or(AppError::NotFound)
    }

    /// Shows a picture to everybody without video, or none.
    pub(super) async fn show_slide(&self, viewer: &Viewer, room: RoomId, id: Option<SlideId>) -> Result<()> {
        let view = self.live.presented_by(viewer, room).await?;
        self.live.check_open(&view)?;
        let (slide, title) = match id {
            None => (None, String::new()),
            Some(id) => {
                let slide = self.slide_of(room, id).await?;
                store::shown(self.db().write(), id, self.now()).await?;
                (Some(slide.id), slide.title)
            }
        };
        self.live.append(room, Event::Slide { slide, title }).await.map(|_| ())
    }

    /// Removes a picture for good; it is shown no more.
    pub(super) async fn take_away(&self, slide: &Slide) -> Result<()> {
        if self.live.slide(slide.room_id).await?.is_some_and(|(shown, _)| shown == slide.id) {
            self.live.append(slide.room_id, Event::Slide { slide: None, title: String::new() }).await?;
        }
        if store::remove(self.db().write(), slide.id).await? {
            self.pictures.remove(slide.blob_id).await?;
        }
        Ok(())
    }

    /// The bytes of a picture, for whoever may be in the room: once it has been shown, or before to hosts.
    pub(super) async fn open_slide(&self, viewer: &Viewer, room: RoomId, id: SlideId) -> Result<(Slide, File, u64)> {
        let door = self.live.rooms.door(viewer, room).await?;
        let slide = self.slide_of(room, id).await?;
        if slide.shown_at.is_none() && !door.presents {
            return Err(AppError::NotFound);
        }
        // A still that was renewed at this moment.
        let (file, size) = self.pictures.read(slide.blob_id).await?.ok_or(AppError::NotFound)?;
        Ok((slide, file, size))
    }

    /// Removes files that a crash left without a row. Called by the housekeeping job.
    pub async fn forget_strays(&self) -> Result<usize> {
        // Listed first: what is named between the two looks counts as named.
        let old = self.pictures.older_than(self.now() - STRAY_AFTER).await?;
        let named = store::named(self.db().read()).await?;
        let strays: Vec<BlobId> = old.into_iter().filter(|id| !named.contains(id)).collect();
        for id in &strays {
            self.pictures.remove(*id).await?;
        }
        Ok(strays.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_content() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n0000"), Some("image/png"));
        assert_eq!(kind_of(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Some("image/jpeg"));
        assert_eq!(kind_of(b"RIFF\x24\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b""[..], b"GIF89a......", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"<html><script>", b"MZ\x90\0"]
        {
            assert_eq!(kind_of(other), None, "{}", String::from_utf8_lossy(other));
        }
    }
}
