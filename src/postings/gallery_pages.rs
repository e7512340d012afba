//! The pictures of a posting over HTTP: the recruiters' page on which they are added, put in order, taken out and put back, and the files.

use super::clip_pages::kept;
use super::gallery::{ACCEPT, MAX_ALT, MOST, PICTURE_MEGABYTES, Shot, Turn, examine};
use super::{Gallery, Posting, PostingView, Postings, store};
use crate::accounts::Viewer;
use crate::ids::{BlobId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, broken_upload, form_again, html, see_other};
use anyhow::Context;
use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State as Use};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use serde::Deserialize;

/// What a form holds besides its picture.
const FORM_ROOM: usize = 16 * 1024;
/// Nothing runs in a picture that is opened by itself, whatever it was taken for.
pub(super) const CSP: &str = "default-src 'none'; sandbox";

pub(super) fn routes(postings: Postings) -> Router {
    let body = usize::try_from(postings.pictures.max_body()).unwrap_or(usize::MAX) + FORM_ROOM;
    Router::new()
        .route("/postings/{id}/pictures", get(show).post(add).layer(DefaultBodyLimit::max(body)))
        .route("/postings/{id}/pictures/order", post(change))
        .route("/postings/{id}/pictures/{picture}", get(file))
        .route("/postings/{id}/pictures/{picture}/small", get(small))
        .with_state(postings)
}

#[derive(Template)]
#[template(path = "postings/pictures.html")]
struct PicturesPage {
    p: Page,
    view: PostingView,
    alt: String,
    fields: Fields,
    /// A version to go back to.
    undo: Option<i64>,
}

impl PicturesPage {
    fn gallery(&self) -> &Gallery {
        &self.view.posting.content.pictures
    }

    fn most(&self) -> usize {
        MOST
    }

    fn max_alt(&self) -> usize {
        MAX_ALT
    }

    fn accept(&self) -> &'static str {
        ACCEPT
    }

    fn max_bytes(&self) -> usize {
        PICTURE_MEGABYTES * 1024 * 1024
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
    html(&PicturesPage { p, view, alt: String::new(), fields: Fields::default(), undo })
}

/// A form as read: which version was seen, what the picture shows, and its bytes or what was wrong with them.
struct Sent {
    version: Option<i64>,
    alt: String,
    picture: Result<Vec<u8>, Text>,
}

async fn read(postings: &Postings, request: Request) -> Result<Sent> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| AppError::UnsupportedMediaType)?;
    let mut sent = Sent { version: None, alt: String::new(), picture: Err(Text("postings-wrong-picture-none")) };
    for _ in 0..8 {
        let Some(field) = parts.next_field().await.map_err(broken_upload)? else { return Ok(sent) };
        match field.name() {
            Some("picture") => {
                sent.picture = match postings.pictures.receive(field.map(|chunk| chunk.map_err(broken_upload))).await {
                    Ok(incoming) => Ok(tokio::fs::read(incoming.path()).await?),
                    Err(AppError::TooLarge) => Err(Text("postings-wrong-picture-large")),
                    Err(error) => return Err(error),
                }
            }
            Some(name @ ("alt" | "version")) => {
                let is_alt = name == "alt";
                let bytes = field.bytes().await.map_err(broken_upload)?;
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(FORM_ROOM)]).into_owned();
                if is_alt { sent.alt = text } else { sent.version = text.parse().ok() }
            }
            _ => {}
        }
    }
    Err(AppError::TooLarge)
}

async fn add(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<PostingId>, request: Request) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let sent = read(&postings, request).await?;
    let version = sent.version.ok_or(AppError::BadRequest(Text("base-error-bad-request")))?;
    let mut fields = Fields::default();
    let alt = fields.line("alt", &sent.alt, MAX_ALT);
    if alt.is_empty() {
        fields.add("alt", Text("postings-wrong-empty"));
    }
    if view.posting.content.pictures.is_full() {
        fields.add("picture", Text("postings-wrong-pictures-many"));
    }
    match sent.picture {
        Ok(bytes) if fields.is_empty() => match postings.add_picture(&viewer, &view, version, bytes, alt).await? {
            Ok(posting) => return Ok(done(&p, &view.posting, &posting)),
            Err(wrong) => fields.add("picture", wrong),
        },
        Ok(_) => {}
        Err(wrong) => fields.add("picture", wrong),
    }
    let page = PicturesPage { p, view, alt: sent.alt, fields, undo: None };
    form_again(&page, &page.fields)
}

/// Back to the page, which says what became of the posting and offers the way back.
fn done(p: &Page, before: &Posting, after: &Posting) -> Response {
    let said = if after.state.is_public() { "postings-changed-at-once" } else { "postings-pictures-saved" };
    see_other(&format!("/postings/{}/pictures?undo={}", after.id, before.version), &p.t(said))
}

#[derive(Deserialize)]
pub(super) struct Change {
    version: i64,
    /// `earlier ID`, `later ID`, `out ID`, or `back VERSION`.
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
    let (what, which) = change.what.split_once(' ').ok_or_else(bad)?;
    let pictures = match Turn::parse(what) {
        Some(turn) => view.posting.content.pictures.with(which.parse().map_err(|_| bad())?, turn).ok_or(AppError::NotFound)?,
        None if what == "back" => postings.pictures_of(id, which.parse().map_err(|_| bad())?).await?.ok_or(AppError::NotFound)?,
        None => return Err(bad()),
    };
    let posting = postings.put_pictures(&viewer, &view, change.version, pictures).await?;
    Ok(done(&p, &view.posting, &posting))
}

async fn file(Use(postings): Use<Postings>, viewer: Viewer, Path(which): Path<(String, String)>) -> Result<Response> {
    let (view, shot) = postings.found(&viewer, which).await?;
    let bytes = postings.pictures.bytes(shot.id).await?.context("a picture is gone")?;
    Ok(picture(shot.mime(), kept(&postings, &view), bytes))
}

/// The picture for a page: its small copy, or itself if there is none.
async fn small(Use(postings): Use<Postings>, viewer: Viewer, Path(which): Path<(String, String)>) -> Result<Response> {
    let (view, shot) = postings.found(&viewer, which).await?;
    let (mime, bytes) = match postings.small(&shot).await? {
        Some(small) => ("image/jpeg", small),
        None => (shot.mime(), postings.pictures.bytes(shot.id).await?.context("a picture is gone")?),
    };
    Ok(picture(mime, kept(&postings, &view), bytes))
}

fn picture(mime: &'static str, kept: &'static str, bytes: Vec<u8>) -> Response {
    let head = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, kept),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_DISPOSITION, "inline"),
    ];
    (head, Body::from(bytes)).into_response()
}

impl Postings {
    /// A posting and a picture of it, as a path names them, that the viewer may see.
    async fn found(&self, viewer: &Viewer, (id, picture): (String, String)) -> Result<(PostingView, Shot)> {
        let id: PostingId = id.parse().map_err(|_| AppError::NotFound)?;
        let picture: BlobId = picture.parse().map_err(|_| AppError::NotFound)?;
        let view = self.visible_to(viewer, id).await?;
        let shot = self.shot(&view, picture).await?.ok_or(AppError::NotFound)?;
        Ok((view, shot))
    }

    /// A picture of a posting that the viewer may see: those of earlier versions are for the employer's people and organisers.
    async fn shot(&self, view: &PostingView, id: BlobId) -> Result<Option<Shot>> {
        if let Some(shot) = view.posting.content.pictures.find(id) {
            return Ok(Some(shot.clone()));
        }
        if !view.is_recruiter && !view.is_organiser {
            return Ok(None);
        }
        for row in store::versions(self.db().read(), view.posting.id).await? {
            let content: super::Content = serde_json::from_str(&row.content)?;
            if let Some(shot) = content.pictures.find(id) {
                return Ok(Some(shot.clone()));
            }
        }
        Ok(None)
    }

    /// The pictures as they were in a version.
    async fn pictures_of(&self, id: PostingId, version: i64) -> Result<Option<Gallery>> {
        Ok(self.version(id, version).await?.map(|content| content.pictures))
    }

    /// Keeps a picture and puts it behind the others. The inner error is for the sender.
    async fn add_picture(
        &self,
        viewer: &Viewer,
        view: &PostingView,
        version: i64,
        bytes: Vec<u8>,
        alt: String,
    ) -> Result<Result<Posting, Text>> {
        let (mime, width, height, bytes) = match tokio::task::spawn_blocking(move || examine(bytes)).await? {
            Ok(examined) => examined,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let size = i64::try_from(bytes.len())?;
        let incoming = self.pictures.receive(stream::iter([Ok(Bytes::from(bytes))])).await?;
        let id = self.pictures.keep(incoming).await?;
        let mut pictures = view.posting.content.pictures.clone();
        pictures.0.push(Shot { id, mime: mime.to_owned(), size, width, height, alt });
        match self.put_pictures(viewer, view, version, pictures).await {
            Ok(posting) => Ok(Ok(posting)),
            Err(error) => {
                self.pictures.remove(id).await?;
                Err(error)
            }
        }
    }

    async fn put_pictures(&self, viewer: &Viewer, view: &PostingView, version: i64, pictures: Gallery) -> Result<Posting> {
        self.revise(viewer, view.posting.id, version, super::Content { pictures, ..view.posting.content.clone() }).await
    }
}
