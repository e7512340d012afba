//! Slides over HTTP: the hosts' page of them, uploads, and the pictures themselves.

use super::Stage;
use super::people::{Two, two};
use super::slides::{MAX_TITLE, MEGABYTES, MOST, Slide};
use crate::accounts::Viewer;
use crate::blobs::Incoming;
use crate::ids::{RoomId, SlideId};
use crate::rooms::RoomView;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, broken_upload, form_again, html, see_other, wants_page};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// What a form holds besides its picture.
const FORM_ROOM: usize = 16 * 1024;
/// Read of a file at a time.
const CHUNK: usize = 64 * 1024;

pub(super) fn routes(stage: Stage) -> Router {
    let body = usize::try_from(stage.guests.pictures().max_body()).unwrap_or(usize::MAX) + FORM_ROOM;
    Router::new()
        .route("/rooms/{id}/slides", get(list).post(add).layer(DefaultBodyLimit::max(body)))
        .route("/rooms/{id}/slides/still", put(still).delete(end_still).layer(DefaultBodyLimit::max(body)))
        .route("/rooms/{id}/slides/show", post(show))
        .route("/rooms/{id}/slides/{slide}", get(picture).delete(remove))
        .route("/rooms/{id}/slides/{slide}/remove", post(remove))
        .with_state(stage)
}

/// The pictures of a room as its hosts see them.
#[derive(Clone, Debug)]
pub(super) struct Slides {
    pub(super) room: RoomId,
    /// Whether they may add and remove some, and not only show them.
    pub(super) edits: bool,
    pub(super) all: Vec<Slide>,
    pub(super) shown: Option<SlideId>,
    pub(super) title: String,
    pub(super) fields: Fields,
}

impl Slides {
    pub(super) async fn of(stage: &Stage, room: RoomId, edits: bool) -> Result<Self> {
        let all = stage.guests.slides(room).await?;
        let shown = stage.live.slide(room).await?.map(|(id, _)| id);
        Ok(Self { room, edits, all, shown, title: String::new(), fields: Fields::default() })
    }

    pub(super) fn is_shown(&self, slide: &Slide) -> bool {
        self.shown == Some(slide.id)
    }

    pub(super) fn is_full(&self) -> bool {
        self.all.len() as i64 >= MOST
    }

    pub(super) fn max_bytes(&self) -> usize {
        MEGABYTES * 1024 * 1024
    }

    pub(super) fn max_title(&self) -> usize {
        MAX_TITLE
    }
}

#[derive(Template)]
#[template(path = "stage/slides.html")]
struct SlidesPage {
    p: Page,
    view: RoomView,
    slides: Slides,
}

#[derive(Template)]
#[template(path = "stage/slides-part.html")]
struct SlidesPart {
    p: Page,
    slides: Slides,
}

/// `GET /rooms/{id}/slides`: the page of the pictures; for a script of the studio that part alone.
async fn list(State(stage): State<Stage>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.known()?;
    let view = stage.live.presented_by(&viewer, id).await?;
    let slides = Slides::of(&stage, id, view.is_host).await?;
    if !wants_page(&headers) {
        return Ok(([(header::CACHE_CONTROL, "no-store")], Json(slides.all)).into_response());
    }
    if headers.contains_key("x-part") { html(&SlidesPart { p, slides }) } else { html(&SlidesPage { p, view, slides }) }
}

/// A form as read: a title, and a picture or what was wrong with it.
struct Sent {
    title: String,
    picture: Result<Incoming, Text>,
}

async fn read(stage: &Stage, request: Request) -> Result<Sent> {
    let mut parts = Multipart::from_request_in(request).await?;
    let mut sent = Sent { title: String::new(), picture: Err(Text("slides-none-chosen")) };
    for _ in 0..8 {
        let Some(field) = parts.next_field().await.map_err(broken_upload)? else { return Ok(sent) };
        match field.name() {
            Some("picture") => {
                sent.picture = match stage.guests.pictures().receive(field.map_err(broken_upload)).await {
                    Ok(incoming) if incoming.size == 0 => Err(Text("slides-none-chosen")),
                    Ok(incoming) => Ok(incoming),
                    Err(AppError::TooLarge) => Err(Text("slides-too-large")),
                    Err(error) => return Err(error),
                }
            }
            Some("title") => {
                let bytes = field.bytes().await.map_err(broken_upload)?;
                sent.title = String::from_utf8_lossy(&bytes[..bytes.len().min(FORM_ROOM)]).into_owned();
            }
            _ => {}
        }
    }
    Err(AppError::TooLarge)
}

/// Reads a request as `multipart/form-data`.
trait FromRequestIn: Sized {
    async fn from_request_in(request: Request) -> Result<Self>;
}

impl FromRequestIn for Multipart {
    async fn from_request_in(request: Request) -> Result<Self> {
        use axum::extract::FromRequest;
        Self::from_request(request, &()).await.map_err(|_| AppError::UnsupportedMediaType)
    }
}

/// `POST /rooms/{id}/slides`
async fn add(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    request: Request,
) -> Result<Response> {
    viewer.known()?;
    let view = stage.live.rooms.hosted_by(&viewer, id).await?;
    let sent = read(&stage, request).await?;
    let mut fields = Fields::default();
    let title = fields.line("title", &sent.title, MAX_TITLE);
    match sent.picture {
        Err(wrong) => fields.add("picture", wrong),
        Ok(incoming) if fields.is_empty() => match stage.guests.add_slide(&viewer, &view, incoming, title).await? {
            Ok(slide) if wants_page(&headers) => {
                return Ok(see_other(&format!("/rooms/{id}/slides"), &p.t1("slides-added", "title", &slide.title)));
            }
            Ok(slide) => return Ok((StatusCode::CREATED, Json(slide)).into_response()),
            Err(wrong) => fields.add("picture", wrong),
        },
        Ok(_) => {}
    }
    let slides = Slides { title: sent.title, fields: fields.clone(), ..Slides::of(&stage, id, view.is_host).await? };
    form_again(&SlidesPage { p, view, slides }, &fields)
}

#[derive(serde::Deserialize)]
struct Still {
    /// `1` for the first one of a share.
    #[serde(default)]
    anew: String,
}

/// `PUT /rooms/{id}/slides/still`: a picture of the screen as it is now.
async fn still(
    State(stage): State<Stage>,
    viewer: Viewer,
    Id(id): Id<RoomId>,
    Query(what): Query<Still>,
    request: Request,
) -> Result<Response> {
    viewer.known()?;
    let view = stage.live.presented_by(&viewer, id).await?;
    stage.guests.still_pace.check(&id)?;
    let bytes = request.into_body().into_data_stream().map(|chunk| chunk.map_err(|_| AppError::BadRequest(Text("base-error-bad-request"))));
    let incoming = stage.guests.pictures().receive(Box::pin(bytes)).await?;
    let slide = stage.guests.put_still(&viewer, &view, incoming, what.anew == "1").await?;
    Ok((StatusCode::OK, Json(slide)).into_response())
}

async fn end_still(State(stage): State<Stage>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<StatusCode> {
    viewer.known()?;
    stage.live.presented_by(&viewer, id).await?;
    stage.guests.end_still(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(serde::Deserialize)]
struct Wanted {
    /// Empty shows none.
    #[serde(default)]
    slide: String,
}

/// After a host's action: the page of the pictures for people, nothing for scripts.
fn done(headers: &HeaderMap, room: RoomId) -> Response {
    if wants_page(headers) { see_other(&format!("/rooms/{room}/slides"), "") } else { StatusCode::NO_CONTENT.into_response() }
}

/// `POST /rooms/{id}/slides/show`
async fn show(
    State(stage): State<Stage>,
    viewer: Viewer,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(wanted): FormData<Wanted>,
) -> Result<Response> {
    viewer.known()?;
    let slide = match wanted.slide.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| AppError::NotFound)?),
    };
    stage.guests.show_slide(&viewer, id, slide).await?;
    Ok(done(&headers, id))
}

async fn remove(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, id) = two::<SlideId>(&path)?;
    let slide = stage.guests.hosted_slide(&viewer, room, id).await?;
    stage.guests.take_away(&slide).await?;
    Ok(done(&headers, room))
}

/// `GET /rooms/{id}/slides/{slide}`: the picture, as what it is and nothing else. One that was uploaded never changes; a still does, and whoever
/// comes later knows no number of it.
async fn picture(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, id) = two::<SlideId>(&path)?;
    let (slide, file, size) = stage.guests.open_slide(&viewer, room, id).await?;
    let caching = if slide.still.0 { "private, no-cache" } else { "private, max-age=3600" };
    let caching = [(header::CACHE_CONTROL, caching.to_owned()), (header::ETAG, slide.etag())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.to_str().is_ok_and(|known| slide.is_known(known))) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let head = [
        (header::CONTENT_TYPE, slide.mime().to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, "inline; filename=\"slide\"".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        // Whatever a file holds, it runs nowhere.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((head, caching, Body::from_stream(chunks(file))).into_response())
}

fn chunks(file: File) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, async |mut file| {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    })
}
