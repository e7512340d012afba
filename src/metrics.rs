//! Figures for Prometheus at `/metrics`: requests as they pass, and what the parts know at the moment of asking.
//!
//! Readable from this machine, or with the configured bearer token: figures tell strangers when a server is busy.

use crate::config::Config;
use crate::web::{AppError, Result};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
    status: u16,
}

/// Names and values.
type Labels = Vec<(&'static str, String)>;

/// A figure that a part knows: a gauge, or a count since the start.
pub struct Figure {
    pub name: &'static str,
    pub help: &'static str,
    pub value: i64,
    /// What tells it from others of its name; few values each, so that the number of series is bounded.
    pub labels: Labels,
}

/// What the parts know when asked.
type Sample = Box<dyn Fn() -> Vec<Figure> + Send + Sync>;

/// The figures; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    requests: Family<Route, Counter>,
    seconds: Histogram,
    registry: Registry,
    sample: Sample,
    token: String,
}

impl Metrics {
    /// `sample` is asked at each scrape for what the parts count themselves.
    pub fn new(config: &Config, sample: impl Fn() -> Vec<Figure> + Send + Sync + 'static) -> Self {
        let mut registry = Registry::with_prefix("springbreeze");
        let requests = Family::default();
        // From a cached page to a slow upload: 1 ms to 8 s.
        let seconds = Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 8.0]);
        registry.register("http_requests", "Requests answered", Family::clone(&requests));
        registry.register("http_request_seconds", "Time until the answer's head", seconds.clone());
        Self(Arc::new(Inner { requests, seconds, registry, sample: Box::new(sample), token: config.metrics_token.clone() }))
    }

    fn render(&self) -> Result<String> {
        let mut text = String::new();
        let mut sampled = Registry::with_prefix("springbreeze");
        let mut families: HashMap<&'static str, Family<Labels, Gauge>> = HashMap::new();
        for Figure { name, help, value, labels } in (self.0.sample)() {
            let family = families.entry(name).or_insert_with(|| {
                let family = Family::default();
                sampled.register(name, help, Family::clone(&family));
                family
            });
            family.get_or_create(&labels).set(value);
        }
        encode(&mut text, &sampled)?;
        let mut requests = String::new();
        encode(&mut requests, &self.0.registry)?;
        // Both end in `# EOF`, which may stand only once.
        Ok(text.trim_end().trim_end_matches("# EOF").to_owned() + &requests)
    }
}

/// Counts a request by its route pattern, never by its path, so that the number of series is bounded.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |p| p.as_str().to_owned());
    let method = request.method().to_string();
    let response = next.run(request).await;
    metrics.0.seconds.observe(started.elapsed().as_secs_f64());
    metrics.0.requests.get_or_create(&Route { method, route, status: response.status().as_u16() }).inc();
    response
}

/// `GET /metrics`
pub async fn show(State(metrics): State<Metrics>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Result<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let allowed = match metrics.0.token.as_str() {
        "" => peer.ip().is_loopback() && !headers.contains_key("x-forwarded-for"),
        token => given == Some(token),
    };
    if !allowed {
        return Err(AppError::NotFound);
    }
    let mut response = metrics.render()?.into_response();
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
