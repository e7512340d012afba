//! The chat over HTTP: the socket's door, sending, history.

use super::socket::Socket;
use super::upgrade::Upgrade;
use super::wire::{Can, You};
use super::{Chat, Draft, Look, Panel, Sent, answers, export};
use crate::accounts::Viewer;
use crate::ids::RoomId;
use crate::live::Entry;
use crate::moderation::{Device, Held};
use crate::rooms::RoomView;
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, see_other};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// Entries in one answer of the history.
const HISTORY: i64 = 100;

pub fn routes(chat: Chat) -> Router {
    Router::new()
        .route("/rooms/{id}/socket", get(open_socket))
        .route("/rooms/{id}/messages", get(history).post(send))
        .route("/rooms/{id}/chat", get(show))
        .merge(answers::routes())
        .merge(export::routes())
        .with_state(chat)
}

#[derive(Template)]
#[template(path = "chat/page.html")]
struct ChatPage {
    p: Page,
    view: RoomView,
    panel: Panel,
}

#[derive(Deserialize)]
struct Wanted {
    /// Any value: an organiser is not counted among the people in the room.
    shadow: Option<String>,
    /// `host`: only what hosts and organisers say, and what they answer.
    only: Option<String>,
    /// The number of a message that is to be answered.
    reply: Option<i64>,
}

/// `GET /rooms/{id}/chat`: the chat alone, for a second screen or a small data plan, or with `?shadow` for an organiser who only looks;
/// with `?only=host` for who wants the answers, with `?reply=` for who answers without scripts.
async fn show(State(chat): State<Chat>, viewer: Viewer, p: Page, Id(id): Id<RoomId>, Query(wanted): Query<Wanted>) -> Result<Response> {
    let view = chat.live.rooms.visible_to(&viewer, id).await?;
    let look = Look { only_hosts: wanted.only.as_deref() == Some("host"), reply_to: wanted.reply };
    let mut panel = chat.panel_for(&viewer, &view, look).await?;
    panel.shadow = wanted.shadow.is_some() && viewer.organises(view.fair.id);
    html(&ChatPage { p, view, panel })
}

async fn open_socket(
    State(chat): State<Chat>,
    viewer: Viewer,
    device: Device,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    upgrade: std::result::Result<Upgrade, Response>,
) -> Result<Response> {
    let door = chat.live.rooms.door(&viewer, id).await?;
    let accounts = chat.moderation.accounts.clone();
    if !is_from_here(&headers, &accounts.origin) {
        return Err(AppError::Forbidden(Text("base-error-forbidden")));
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(rejection),
    };
    let place = chat.sockets.clone().try_acquire_owned().map_err(|_| AppError::Overloaded(10))?;
    let (running, is_writer) = (chat.tracker.token(), viewer.account.is_some());
    let socket = Socket { chat, viewer, room: door.room.id, device: device.clone(), shadow: false, quiet: false };
    let mut response = upgrade.accept(async move |connection| {
        socket.run(connection).await;
        drop((place, running));
    });
    if is_writer {
        device.keep(&mut response, accounts.secure_cookies);
    }
    Ok(response)
}

/// Browsers send cookies with sockets that other sites open, and name the site in `Origin`; programs send none.
fn is_from_here(headers: &HeaderMap, own: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    origin == own || origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host)
}

/// `POST /rooms/{id}/messages`: a form of the page, or JSON.
async fn send(
    State(chat): State<Chat>,
    viewer: Viewer,
    p: Page,
    device: Device,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(draft): FormData<Draft>,
) -> Result<Response> {
    let mut party = chat.enter(viewer, id, device.clone()).await?;
    let sent = chat.send(&mut party, &draft).await??;
    let mut response = if is_page(&headers) {
        let word = if matches!(sent, Sent::Held) { p.t("chat-held") } else { String::new() };
        see_other(&format!("/rooms/{id}#chat-newest"), &word)
    } else {
        let (status, body) = match sent {
            Sent::Held => (StatusCode::ACCEPTED, serde_json::json!({ "client_id": draft.client_id, "held": true })),
            Sent::Published { seq, at, repeated } => {
                let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
                (status, serde_json::json!({ "client_id": draft.client_id, "seq": seq, "at": at }))
            }
        };
        (status, Json(body)).into_response()
    };
    device.keep(&mut response, chat.moderation.accounts.secure_cookies);
    Ok(response)
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"))
}

#[derive(Deserialize)]
struct Range {
    before: Option<i64>,
    since: Option<i64>,
    limit: Option<i64>,
}

#[derive(Serialize)]
struct History {
    /// Oldest first.
    entries: Vec<Entry>,
    /// Whether there are more in the direction that was asked for.
    more: bool,
    last_seq: i64,
    you: Option<You>,
    can: Can,
    /// What of the viewer's is held, or was rejected a short while ago.
    held: Vec<Held>,
}

/// `GET /rooms/{id}/messages?before=|since=`: older entries, or newer ones for who cannot open a socket.
async fn history(
    State(chat): State<Chat>,
    viewer: Viewer,
    device: Device,
    Id(id): Id<RoomId>,
    Query(range): Query<Range>,
) -> Result<Response> {
    let party = chat.enter(viewer, id, device).await?;
    let limit = range.limit.unwrap_or(HISTORY).clamp(1, HISTORY);
    let entries = match (range.before, range.since) {
        (None, Some(since)) => chat.live.after(id, since, limit).await?,
        (before, None) => {
            let mut newest_first = chat.live.before(id, before.unwrap_or(i64::MAX), limit).await?;
            newest_first.reverse();
            newest_first
        }
        (Some(_), Some(_)) => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
    };
    let last_seq = chat.live.last_seq(id).await?;
    let more = match range.since {
        Some(_) => entries.last().is_some_and(|e| e.seq < last_seq),
        None => entries.first().is_some_and(|e| e.seq > 1),
    };
    let held = chat.held(&party.viewer, id).await?;
    let history = History { entries, more, last_seq, you: party.you(), can: chat.can(&party), held };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(history)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_other_sites_are_told_by_their_origin() {
        let from = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "fair.example:8080".parse().expect("host"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("origin"));
            }
            is_from_here(&headers, "https://fair.example")
        };
        assert!(from(None) && from(Some("http://fair.example:8080")) && from(Some("https://fair.example")));
        assert!(!from(Some("https://evil.example")) && !from(Some("null")) && !from(Some("https://fair.example.evil.example")));
    }
}
