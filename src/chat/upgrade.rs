//! From a request to a WebSocket (RFC 6455, section 4.2): its checks, the answer, and the connection beneath.
//!
//! axum's own extractor hands out a socket in which every frame is written by the task that holds it; here the room writes to thousands
//! itself (see `pipe`), so the connection is taken over as it is.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A request that asks for a WebSocket.
pub(super) struct Upgrade {
    accept: HeaderValue,
    connection: OnUpgrade,
}

fn names(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    /// 405 for another method, 426 for no or another version of WebSocket, 400 for what else is missing.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        if parts.method != Method::GET {
            return Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response());
        }
        let headers = &parts.headers;
        let upgrades = names(headers, header::CONNECTION, "upgrade") && names(headers, header::UPGRADE, "websocket");
        if !upgrades || headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            let wanted = [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade"), (header::SEC_WEBSOCKET_VERSION, "13")];
            return Err((StatusCode::UPGRADE_REQUIRED, wanted).into_response());
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
        let accept = key.and_then(|key| HeaderValue::from_str(&derive_accept_key(key)).ok());
        match (accept, parts.extensions.remove::<OnUpgrade>()) {
            (Some(accept), Some(connection)) => Ok(Self { accept, connection }),
            _ => Err(StatusCode::BAD_REQUEST.into_response()),
        }
    }
}

impl Upgrade {
    /// The answer; once it is sent, `serve` gets the connection.
    pub(super) fn accept<F: Future<Output = ()> + Send>(self, serve: impl FnOnce(Upgraded) -> F + Send + 'static) -> Response {
        let connection = self.connection;
        tokio::spawn(async move {
            // The client may have gone before it was told.
            if let Ok(upgraded) = connection.await {
                // Boxed, so that a socket's task is no larger than what it does.
                Box::pin(serve(upgraded)).await;
            }
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        response
    }
}
