//! A gateway for text messages. How it answers follows from the first word of the text.

use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A message, from its arrival.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) to: String,
    pub(crate) text: String,
    /// When it was taken, if it was.
    pub(crate) taken: Option<Instant>,
}

#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    messages: Vec<Message>,
    forgiving: bool,
    /// Takes nothing at all.
    refusing: bool,
}

impl Gateway {
    pub(crate) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}/messages", listener.local_addr().expect("address"));
        let gateway = Self { url, inner: Arc::default() };
        let router = Router::new().route("/messages", post(take)).with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        gateway
    }

    /// From now on it takes what it would refuse.
    pub(crate) fn forgive(&self) {
        self.inner.lock().expect("lock").forgiving = true;
    }

    /// Answers 503 to everything, or no longer.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.inner.lock().expect("lock").refusing = refusing;
    }

    /// Everything that was taken, in order.
    pub(crate) fn taken(&self) -> Vec<Message> {
        let mut taken: Vec<Message> = self.inner.lock().expect("lock").messages.iter().filter(|m| m.taken.is_some()).cloned().collect();
        taken.sort_by_key(|message| message.taken);
        taken
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.taken().into_iter().map(|message| message.text).collect()
    }

    /// The keys with which a text came, taken or not.
    pub(crate) fn tries(&self, text: &str) -> Vec<String> {
        self.inner.lock().expect("lock").messages.iter().filter(|m| m.text == text).map(|m| m.key.clone()).collect()
    }
}

async fn take(State(gateway): State<Gateway>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let field = |name: &str| body[name].as_str().expect("a text").to_owned();
    let key = headers["idempotency-key"].to_str().expect("text").to_owned();
    let (at, first, forgiving, refusing) = {
        let mut inner = gateway.inner.lock().expect("lock");
        let first = inner.messages.iter().all(|message| message.key != key);
        inner.messages.push(Message { key, to: field("to"), text: field("text"), taken: None });
        (inner.messages.len() - 1, first, inner.forgiving, inner.refusing)
    };
    if refusing {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match field("text").split(' ').next() {
        Some("422") if !forgiving => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Some("302") => return StatusCode::FOUND.into_response(),
        Some("500") if first => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        // Too much at once: in ten minutes, and for the other in a day.
        Some("429") if first => return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "600")]).into_response(),
        Some("503") if first => return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "Sun, 21 Feb 2027 01:00:00 GMT")]).into_response(),
        Some("hang") => std::future::pending().await,
        Some("late") => tokio::time::sleep(Duration::from_millis(1_500)).await,
        // As gateways are: not at once, and not all alike. Whoever hangs up before has sent nothing.
        _ => tokio::time::sleep(Duration::from_millis(rand::random_range(0..40))).await,
    }
    gateway.inner.lock().expect("lock").messages[at].taken = Some(Instant::now());
    StatusCode::ACCEPTED.into_response()
}
