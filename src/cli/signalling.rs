//! WHIP (RFC 9725) and WHEP from the client's side: an offer is posted, an answer comes back with the address of the session.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH, LOCATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

const SDP: &str = "application/sdp";
/// An answer is a few kilobytes; more is not an answer.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Where to go and with which right.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    http: Client,
    url: Url,
    token: Option<String>,
}

/// A session that the server keeps for us until it is ended.
pub(super) struct Session {
    endpoint: Endpoint,
    resource: Url,
    /// Names the session to the server.
    pub(super) etag: Option<HeaderValue>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SignalError {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server is busy ({status})")]
    Busy { status: StatusCode, retry_after: Option<Duration> },
    #[error("the server refused ({status}): {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("not an answer: {0}")]
    BadAnswer(&'static str),
}

impl SignalError {
    /// Whether the same request may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Endpoint {
    pub(super) fn new(url: Url, token: Option<String>) -> anyhow::Result<Self> {
        // reqwest is built without a TLS provider of its own. An error says that one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder().connect_timeout(Duration::from_secs(5)).timeout(Duration::from_secs(15));
        if url.host_str().is_some_and(is_this_machine) {
            http = http.no_proxy();
        }
        Ok(Self { http: http.build()?, url, token })
    }

    /// Our own address as seen on the way to the server.
    pub(super) async fn local_ip(&self) -> Result<IpAddr, SignalError> {
        let unreachable = |reason: String| SignalError::Unreachable(reason);
        let host = self.url.host_str().ok_or(SignalError::BadAnswer("the address names no host"))?;
        let port = self.url.port_or_known_default().unwrap_or(443);
        let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await.map_err(|error| unreachable(error.to_string()))?;
        let addresses: Vec<SocketAddr> = found.collect();
        // Media is announced on IPv4 more often than not, also where names resolve to IPv6 first.
        let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first()).copied();
        let address = address.ok_or_else(|| unreachable(format!("{host} has no address")))?;
        crate::media::client::local_ip_towards(address).map_err(|error| unreachable(error.to_string()))
    }

    /// Posts an offer; gives the session and the answer. Who comes back with the etag of its last session takes the place of that one
    /// only: if somebody else has it by now, our server says that it is busy.
    pub(super) async fn open(&self, offer: &str, last: Option<&HeaderValue>) -> Result<(Session, String), SignalError> {
        let mut request = self.http.post(self.url.clone()).header(CONTENT_TYPE, SDP).header(ACCEPT, SDP).body(offer.to_owned());
        if let Some(last) = last {
            request = request.header(IF_MATCH, last);
        }
        let response = self.with_token(request).send().await.map_err(|error| SignalError::Unreachable(reason(&error)))?;
        if response.status() != StatusCode::CREATED {
            return Err(refusal(response).await);
        }
        // The address may be relative to where a redirect has led.
        let resource = response
            .headers()
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| response.url().join(location).ok())
            .ok_or(SignalError::BadAnswer("it has no Location"))?;
        let etag = response.headers().get(ETAG).cloned();
        let answer = response.bytes().await.map_err(|error| SignalError::Unreachable(reason(&error)))?;
        if answer.len() > MAX_ANSWER_BYTES {
            return Err(SignalError::BadAnswer("it is too long"));
        }
        let answer = String::from_utf8(answer.into()).map_err(|_| SignalError::BadAnswer("it is not text"))?;
        Ok((Session { endpoint: self.clone(), resource, etag }, answer))
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Session {
    /// Tells the server that we are done. A server that cannot be told finds out by itself.
    pub(super) async fn end(self) {
        let request = self.endpoint.http.delete(self.resource).timeout(Duration::from_secs(3));
        if let Err(error) = self.endpoint.with_token(request).send().await {
            tracing::debug!(%error, "could not end the session");
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// reqwest's own text names the address but hides the cause.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

async fn refusal(response: Response) -> SignalError {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    if status.is_server_error() || matches!(status.as_u16(), 408 | 409 | 425 | 429) {
        return SignalError::Busy { status, retry_after: retry_after.map(Duration::from_secs) };
    }
    let text = response.text().await.unwrap_or_default();
    SignalError::Refused { status, detail: text.chars().take(300).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_dialled_past_a_proxy() {
        assert!(is_this_machine("localhost") && is_this_machine("127.0.0.1") && is_this_machine("[::1]"));
        assert!(!is_this_machine("fair.example") && !is_this_machine("10.0.0.1"));
    }

    #[test]
    fn a_refusal_is_final_and_a_busy_server_is_not() {
        let refused = SignalError::Refused { status: StatusCode::UNAUTHORIZED, detail: String::new() };
        let busy = SignalError::Busy { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(Duration::from_secs(3)) };
        assert!(!refused.is_passing() && busy.is_passing());
        assert_eq!(busy.retry_after(), Some(Duration::from_secs(3)));
    }
}
