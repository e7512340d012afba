//! The video and the voice of a posting over HTTP: the recruiters' page on which they are recorded or sent, taken out and put back; the files, of which
//! a browser asks for any stretch; and their captions.

use super::clips::{CLIP_MEGABYTES, Clip, ClipKind, Clips, MAX_WORDS, examine};
use super::{Posting, PostingView, Postings, store};
use crate::accounts::Viewer;
use crate::blobs::Incoming;
use crate::ids::{BlobId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, broken_upload, clean_text, form_again, html, see_other, stretched};
use anyhow::Context;
use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State as Use};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::ops::Range;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// What a form holds besides its file.
const FORM_ROOM: usize = 16 * 1024;
/// Read of a file at a time.
const CHUNK: u64 = 64 * 1024;

pub(super) fn routes(postings: Postings) -> Router {
    let body = usize::try_from(postings.clips.max_body()).unwrap_or(usize::MAX) + FORM_ROOM;
    Router::new()
        .route("/postings/{id}/clips", get(show))
        .route("/postings/{id}/clips/changes", post(change))
        .route("/postings/{id}/clips/{which}", get(file).post(put).layer(DefaultBodyLimit::max(body)))
        .route("/postings/{id}/clips/{which}/captions.vtt", get(captions))
        .with_state(postings)
}

#[derive(Template)]
#[template(path = "postings/clips.html")]
struct ClipsPage {
    p: Page,
    view: PostingView,
    /// What was typed for which, if it was wrong.
    kind: ClipKind,
    words: String,
    fields: Fields,
    /// A version to go back to.
    undo: Option<i64>,
}

impl ClipsPage {
    fn kinds(&self) -> &'static [ClipKind] {
        ClipKind::ALL
    }

    fn clip(&self, kind: &ClipKind) -> Option<Clip> {
        self.view.posting.content.clips.of(*kind).cloned()
    }

    fn is_video(&self, kind: &ClipKind) -> bool {
        *kind == ClipKind::Video
    }

    fn words(&self, kind: &ClipKind) -> &str {
        if *kind == self.kind { &self.words } else { "" }
    }

    fn error(&self, kind: &ClipKind, field: &str) -> String {
        self.fields.get(field).filter(|_| *kind == self.kind).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn max_words(&self) -> usize {
        MAX_WORDS
    }

    fn max_bytes(&self) -> usize {
        CLIP_MEGABYTES * 1024 * 1024
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Undo {
    undo: Option<i64>,
}

async fn show(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<PostingId>,
    Query(Undo { undo }): Query<Undo>,
) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    // Only the version right before this one, and only as long as nothing else was changed.
    let undo = undo.filter(|version| *version == view.posting.version - 1);
    html(&ClipsPage { p, view, kind: ClipKind::default(), words: String::new(), fields: Fields::default(), undo })
}

/// A form as read: which version was seen, what is said, and the file or what was wrong with it.
struct Sent {
    version: Option<i64>,
    words: String,
    file: Result<Incoming, Text>,
}

async fn read(postings: &Postings, request: Request) -> Result<Sent> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| AppError::UnsupportedMediaType)?;
    let mut sent = Sent { version: None, words: String::new(), file: Err(Text("postings-wrong-clip-none")) };
    for _ in 0..8 {
        let Some(field) = parts.next_field().await.map_err(broken_upload)? else { return Ok(sent) };
        match field.name() {
            Some("file") => {
                sent.file = match postings.clips.receive(field.map(|chunk| chunk.map_err(broken_upload))).await {
                    Ok(incoming) if incoming.size == 0 => Err(Text("postings-wrong-clip-none")),
                    Ok(incoming) => Ok(incoming),
                    Err(AppError::TooLarge) => Err(Text("postings-wrong-clip-large")),
                    Err(error) => return Err(error),
                }
            }
            Some(name @ ("words" | "version")) => {
                let is_words = name == "words";
                let bytes = field.bytes().await.map_err(broken_upload)?;
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(FORM_ROOM)]).into_owned();
                if is_words { sent.words = text } else { sent.version = text.parse().ok() }
            }
            _ => {}
        }
    }
    Err(AppError::TooLarge)
}

async fn put(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Path((id, which)): Path<(String, String)>,
    request: Request,
) -> Result<Response> {
    viewer.person()?;
    let id: PostingId = id.parse().map_err(|_| AppError::NotFound)?;
    let kind = ClipKind::parse(&which).ok_or(AppError::NotFound)?;
    let view = postings.recruited_by(&viewer, id).await?;
    let sent = read(&postings, request).await?;
    let version = sent.version.ok_or(AppError::BadRequest(Text("base-error-bad-request")))?;
    let mut fields = Fields::default();
    let words = fields.lines("words", &sent.words, MAX_WORDS);
    if words.is_empty() {
        fields.add("words", Text("postings-wrong-empty"));
    }
    match sent.file {
        Ok(file) if fields.is_empty() => match postings.put_clip(&viewer, &view, version, kind, file, words).await? {
            Ok(posting) => return Ok(done(&p, &view.posting, &posting)),
            Err(wrong) => fields.add("file", wrong),
        },
        Ok(_) => {}
        Err(wrong) => fields.add("file", wrong),
    }
    let page = ClipsPage { p, view, kind, words: clean_text(&sent.words, MAX_WORDS * 2), fields, undo: None };
    form_again(&page, &page.fields)
}

/// Back to the page, which says what became of the posting and offers the way back.
fn done(p: &Page, before: &Posting, after: &Posting) -> Response {
    let said = if after.state.is_public() { "postings-changed-at-once" } else { "postings-clips-saved" };
    see_other(&format!("/postings/{}/clips?undo={}", after.id, before.version), &p.t(said))
}

#[derive(Deserialize)]
pub(super) struct Change {
    version: i64,
    /// `out video`, `out voice`, or `back VERSION`.
    what: String,
}

async fn change(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<PostingId>,
    FormData(change): FormData<Change>,
) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let bad = || AppError::BadRequest(Text("base-error-bad-request"));
    let now = view.posting.content.clips.clone();
    let clips = match change.what.split_once(' ').ok_or_else(bad)? {
        ("out", kind) => now.with(ClipKind::parse(kind).ok_or_else(bad)?, None),
        ("back", version) => {
            let before = postings.version(id, version.parse().map_err(|_| bad())?).await?;
            before.map(|content| content.clips).ok_or(AppError::NotFound)?
        }
        _ => return Err(bad()),
    };
    let posting = postings.put_clips(&viewer, &view, change.version, clips).await?;
    Ok(done(&p, &view.posting, &posting))
}

/// The posting and its clip, for whoever may see them.
async fn found(postings: &Postings, viewer: &Viewer, (id, clip): (String, String)) -> Result<(PostingView, Clip)> {
    let (id, clip): (PostingId, BlobId) = (id.parse().map_err(|_| AppError::NotFound)?, clip.parse().map_err(|_| AppError::NotFound)?);
    let view = postings.visible_to(viewer, id).await?;
    let clip = postings.clip(&view, clip).await?.ok_or(AppError::NotFound)?;
    Ok((view, clip))
}

/// A posting that is taken off is soon forgotten elsewhere too.
pub(super) fn kept(postings: &Postings, view: &PostingView) -> &'static str {
    if view.posting.status(postings.now()).is_public() { "public, max-age=3600" } else { "private, no-store" }
}

async fn file(Use(postings): Use<Postings>, viewer: Viewer, headers: HeaderMap, Path(which): Path<(String, String)>) -> Result<Response> {
    let (view, clip) = found(&postings, &viewer, which).await?;
    let (file, total) = postings.clips.read(clip.id).await?.context("a clip is gone")?;
    let (head, stretch) = match stretched(headers.get(header::RANGE).and_then(|v| v.to_str().ok()), total) {
        Ok(found) => found,
        Err(none) => return Ok(*none),
    };
    let response = head
        .header(header::CONTENT_TYPE, clip.mime())
        .header(header::CACHE_CONTROL, kept(&postings, &view))
        .header(header::CONTENT_SECURITY_POLICY, super::gallery_pages::CSP)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    Ok(response.body(body(file, stretch).await?)?)
}

/// A stretch of a file, as it is read.
async fn body(mut file: File, stretch: Range<u64>) -> Result<Body> {
    file.seek(std::io::SeekFrom::Start(stretch.start)).await?;
    let left = stretch.end - stretch.start;
    let pieces = stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let mut piece = vec![0; usize::try_from(left.min(CHUNK)).unwrap_or(0)];
        file.read_exact(&mut piece).await?;
        let left = left - piece.len() as u64;
        Ok(Some((Bytes::from(piece), (file, left))))
    });
    Ok(Body::from_stream(pieces))
}

async fn captions(Use(postings): Use<Postings>, viewer: Viewer, Path(which): Path<(String, String)>) -> Result<Response> {
    let (view, clip) = found(&postings, &viewer, which).await?;
    let head = [(header::CONTENT_TYPE, "text/vtt; charset=utf-8"), (header::CACHE_CONTROL, kept(&postings, &view))];
    Ok((head, clip.captions()).into_response())
}

impl Postings {
    /// A clip of a posting that the viewer may see: those of earlier versions are for the employer's people and organisers.
    async fn clip(&self, view: &PostingView, id: BlobId) -> Result<Option<Clip>> {
        if let Some(clip) = view.posting.content.clips.find(id) {
            return Ok(Some(clip.clone()));
        }
        if !view.is_recruiter && !view.is_organiser {
            return Ok(None);
        }
        for row in store::versions(self.db().read(), view.posting.id).await? {
            let content: super::Content = serde_json::from_str(&row.content)?;
            if let Some(clip) = content.clips.find(id) {
                return Ok(Some(clip.clone()));
            }
        }
        Ok(None)
    }

    /// Keeps a clip in the place of the one of its kind. The inner error is for the sender.
    async fn put_clip(
        &self,
        viewer: &Viewer,
        view: &PostingView,
        version: i64,
        kind: ClipKind,
        file: Incoming,
        words: String,
    ) -> Result<Result<Posting, Text>> {
        let size = i64::try_from(file.size)?;
        let looked = tokio::task::spawn_blocking(move || examine(kind, file.path(), size).map(|found| (found, file))).await??;
        let ((mime, millis), file) = match looked {
            (Ok(found), file) => (found, file),
            (Err(wrong), _) => return Ok(Err(wrong)),
        };
        let id = self.clips.keep(file).await?;
        let clip = Clip { id, mime: mime.to_owned(), size, millis, words };
        let clips = view.posting.content.clips.clone().with(kind, Some(clip));
        match self.put_clips(viewer, view, version, clips).await {
            Ok(posting) => Ok(Ok(posting)),
            Err(error) => {
                self.clips.remove(id).await?;
                Err(error)
            }
        }
    }

    async fn put_clips(&self, viewer: &Viewer, view: &PostingView, version: i64, clips: Clips) -> Result<Posting> {
        self.revise(viewer, view.posting.id, version, super::Content { clips, ..view.posting.content.clone() }).await
    }
}
