//! The page, what it is told, and the test connections.

use super::{Encryption, Network, Seen, Way, canonical};
use crate::clock::iso;
use crate::ids::SessionId;
use crate::live::wish::{self, Posted};
use crate::media::{SessionKind, Transport};
use crate::web::{AppError, ClientIp, Encrypted, Page, Result, html};
use askama::Template;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::Duration;

/// A socket lives as long as it takes to tell whether sockets live.
const SOCKET: Duration = Duration::from_secs(10);
/// Messages that a socket sends back, and how long they may be.
const ECHOES: usize = 5;
const MAX_ECHO: usize = 64;
/// A second of half a megabit and more; a phone's data plan does not notice it.
const LOAD: usize = 128 * 1024;

pub fn routes(network: Network) -> Router {
    Router::new()
        .route("/network", get(show))
        .route("/network.json", get(json))
        .route("/network.txt", get(text))
        .route("/network/bytes", get(bytes))
        .route("/network/socket", get(socket))
        .with_state(network)
}

/// The test connections; mounted with the other media endpoints.
pub fn media_routes(network: Network) -> Router {
    let session = patch(patch_test).delete(end).get(is_there).options(wish::session_options);
    Router::new()
        .route("/network/whep", post(test).options(wish::endpoint_options))
        .route("/network/whep/{session}", session)
        .layer(DefaultBodyLimit::max(wish::MAX_SDP))
        .with_state(network)
}

/// What every request tells by itself.
#[derive(Clone, Copy)]
struct Asked(ClientIp, Version, Encryption);

impl axum::extract::FromRequestParts<Network> for Asked {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, network: &Network) -> Result<Self> {
        let Ok(client) = ClientIp::from_request_parts(parts, network).await;
        let here = parts.extensions.get::<Encrypted>().is_some_and(|encrypted| encrypted.0);
        let forwarded = parts.headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok()).filter(|_| network.trust_proxy);
        let encryption = match forwarded {
            _ if here => Encryption::Here,
            Some("https") => Encryption::Proxy,
            _ => Encryption::None,
        };
        Ok(Self(client, parts.version, encryption))
    }
}

impl Network {
    fn seen(&self, Asked(client, http, tls): Asked) -> Seen {
        let (address, family) = canonical(client.0);
        Seen { time: self.clock.now(), address, family, http: format!("{http:?}"), tls, media: self.ways() }
    }
}

#[derive(Template)]
#[template(path = "network/network.html")]
struct NetworkPage {
    p: Page,
    seen: Seen,
    url: String,
}

impl NetworkPage {
    fn offers(&self, transport: &str) -> bool {
        self.seen.media.iter().any(|way| name(way.transport) == transport)
    }

    fn tls(&self) -> String {
        self.p.t(tls_text(self.seen.tls))
    }

    fn ports(&self) -> String {
        self.seen.media.iter().map(shown).collect::<Vec<_>>().join(if self.p.is_zh() { "、" } else { ", " })
    }
}

fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Web => "web",
    }
}

/// Such as `UDP 8189`.
fn shown(way: &Way) -> String {
    let protocol = if way.transport == Transport::Udp { "UDP" } else { "TCP" };
    format!("{protocol} {}", way.port)
}

fn tls_text(tls: Encryption) -> &'static str {
    match tls {
        Encryption::Here => "network-tls-here",
        Encryption::Proxy => "network-tls-proxy",
        Encryption::None => "network-tls-none",
    }
}

/// `GET /network`: for people; plain text for programs that take no page, such as `curl`.
async fn show(State(network): State<Network>, p: Page, headers: HeaderMap, asked: Asked) -> Result<Response> {
    let seen = network.seen(asked);
    let url = wish::absolute(network.wish.origin(), "/network.txt", &headers);
    if crate::web::wants_page(&headers) { html(&NetworkPage { p, seen, url }) } else { Ok(plain(&p, &seen)) }
}

async fn json(State(network): State<Network>, asked: Asked) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(network.seen(asked))).into_response()
}

async fn text(State(network): State<Network>, p: Page, asked: Asked) -> Response {
    plain(&p, &network.seen(asked))
}

fn plain(p: &Page, seen: &Seen) -> Response {
    let mut out = format!("{}\n", p.t("network-title"));
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{}: {value}", p.t(key));
    };
    line("network-seen-time", &iso(seen.time));
    line("network-seen-address", &format!("{} ({})", seen.address, seen.family));
    line("network-seen-http", &seen.http);
    line("network-seen-tls", &p.t(tls_text(seen.tls)));
    for way in &seen.media {
        let at: Vec<String> = way.addresses.iter().map(|ip| std::net::SocketAddr::new(*ip, way.port).to_string()).collect();
        line(ROWS[way.transport as usize], &at.join(" "));
    }
    let _ = writeln!(out, "{}", p.t("network-text-hint"));
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], out).into_response()
}

/// What each transport is called.
const ROWS: [&str; 3] = ["network-udp", "network-tcp", "network-web"];

/// `GET /network/bytes`: something that does not get smaller by compression, for an idea of how fast data comes.
async fn bytes(State(network): State<Network>, Asked(client, ..): Asked) -> Result<Response> {
    network.limit.check(&client.network())?;
    let load = network.source.clip().get(..LOAD).unwrap_or_default();
    let head =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store"), (header::CONTENT_ENCODING, "identity")];
    Ok((head, load).into_response())
}

/// `GET /network/socket`: says after the visitor what it says.
async fn socket(State(network): State<Network>, Asked(client, ..): Asked, upgrade: WebSocketUpgrade) -> Result<Response> {
    network.limit.check(&client.network())?;
    let place = network.sockets.clone().try_acquire_owned().map_err(|_| AppError::Overloaded(super::RETRY))?;
    let (tracker, token) = (network.tracker.clone(), network.token.clone());
    Ok(upgrade.max_message_size(MAX_ECHO).on_upgrade(move |socket| {
        let ended = tracker.spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                _ = tokio::time::timeout(SOCKET, echo(socket)) => {}
            }
            drop(place);
        });
        async move {
            let _ = ended.await;
        }
    }))
}

async fn echo(mut socket: WebSocket) {
    let mut echoes = 0;
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_)) {
            echoes += 1;
            if echoes > ECHOES || socket.send(message).await.is_err() {
                return;
            }
        }
    }
}

#[derive(Deserialize)]
struct By {
    transport: Transport,
}

/// `POST /network/whep?transport=udp|tcp|web`: a viewer of the test picture whose answer names that way alone.
async fn test(
    State(network): State<Network>,
    Asked(client, ..): Asked,
    by: std::result::Result<Query<By>, axum::extract::rejection::QueryRejection>,
    posted: Posted,
) -> Result<Response> {
    let Query(By { transport }) = by.map_err(|_| AppError::BadRequest(crate::web::Text("base-error-bad-request")))?;
    network.limit.check(&client.network())?;
    if !network.ways().iter().any(|way| way.transport == transport) {
        return Err(AppError::Unprocessable(crate::web::Text("network-not-offered")));
    }
    let place = network.place()?;
    let (picture, events) = (network.source.hold(), network.wish.media.events());
    let (session, response) = network.wish.view_by(network.source.stream, transport, &posted).await?;
    network.watch(session, place, picture, events);
    Ok(response)
}

async fn patch_test(State(network): State<Network>, Path(session): Path<String>, posted: Posted) -> Result<Response> {
    network.wish.patch(network.source.stream, SessionKind::Viewer, id(&session)?, &posted).await
}

async fn end(State(network): State<Network>, Path(session): Path<String>) -> Result<Response> {
    network.wish.delete(network.source.stream, SessionKind::Viewer, id(&session)?).await
}

async fn is_there(State(network): State<Network>, Path(session): Path<String>) -> Result<Response> {
    network.wish.is_there(network.source.stream, SessionKind::Viewer, id(&session)?).await
}

fn id(text: &str) -> Result<SessionId> {
    text.parse().map_err(|_| AppError::NotFound)
}
