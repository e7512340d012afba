//! Messages and files of a call over HTTP: reading what was said, saying something without a socket, sending and fetching a file.

use super::said::Said;
use crate::accounts::Viewer;
use crate::ids::InterviewId;
use crate::interviews::Interviews;
use crate::web::{AppError, FormData, Id, Result};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::io::AsyncReadExt;

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/interviews/{id}/messages", get(said).post(say))
        .route("/interviews/{id}/files", post(send))
        .route("/interviews/{id}/files/{seq}", get(fetch))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: i64,
}

async fn said(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(wanted): Query<Since>,
) -> Result<Json<Vec<Said>>> {
    all.right(&viewer, id).await?;
    Ok(Json(all.said_after(id, wanted.since.max(0)).await?))
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    client_id: String,
    text: String,
}

async fn say(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(words): FormData<Words>,
) -> Result<(StatusCode, Json<Said>)> {
    let said = all.say(&viewer, id, &words.client_id, &words.text).await?;
    Ok((StatusCode::CREATED, Json((*said).clone())))
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    client_id: String,
}

/// The file is the body itself; what it is is told by what is in it.
async fn send(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Said>)> {
    all.right(&viewer, id).await?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if length.is_some_and(|length| length > all.calls.files.max_body()) {
        return Err(AppError::TooLarge);
    }
    let chunks = body.into_data_stream().map(|chunk| chunk.map_err(AppError::from));
    let incoming = all.calls.files.receive(chunks).await?;
    let said = all.send_file(&viewer, id, &named.client_id, incoming, &named.name).await?;
    Ok((StatusCode::CREATED, Json((*said).clone())))
}

async fn fetch(State(all): State<Interviews>, viewer: Viewer, Path(path): Path<(String, String)>) -> Result<Response> {
    let (Ok(id), Ok(seq)) = (path.0.parse(), path.1.parse()) else { return Err(AppError::NotFound) };
    let (said, file) = all.file(&viewer, id, seq).await?;
    let kind = said.file.map(|file| file.kind).unwrap_or_default();
    let encoded: String = said.text.bytes().map(percent).collect();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"file\"; filename*=UTF-8''{encoded}")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (header::CACHE_CONTROL, "private, no-store".into()),
        // Whatever a file holds, it runs nowhere.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
    ];
    Ok((headers, Body::from_stream(pieces(file))).into_response())
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// A file in pieces, so that a download holds one piece in memory.
fn pieces(file: tokio::fs::File) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(64 * 1024);
        (&mut file).take(64 * 1024).read_to_end(&mut piece).await?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })
}
