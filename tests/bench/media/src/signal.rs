//! WHIP and WHEP from the client's side, blocking: a crowd has some threads that do nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

const SDP: &str = "application/sdp";

/// Longer than any server that still answers takes.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Connections to one server, kept open between requests.
#[derive(Clone)]
pub(crate) struct Http(ureq::Agent);

/// A session at the server.
pub(crate) struct Session {
    pub(crate) answer: String,
    pub(crate) resource: String,
    pub(crate) posted: Instant,
}

impl Http {
    pub(crate) fn new(connections: usize) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .proxy(None)
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections);
        Self(config.build().into())
    }

    pub(crate) fn open(&self, url: &str, token: Option<&str>, offer: &str) -> Result<Session> {
        let mut request = self.0.post(url).header("Content-Type", SDP).header("Accept", SDP);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let posted = Instant::now();
        let mut response = request.send(offer)?;
        let location = response.headers().get("Location").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let answer = response.body_mut().read_to_string()?;
        if response.status() != 201 {
            bail!("{url}: {} {answer}", response.status());
        }
        let resource = if location.starts_with('/') {
            let host = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash)).context("no path")?;
            format!("{}{location}", &url[..host])
        } else {
            location
        };
        Ok(Session { answer, resource, posted })
    }

    pub(crate) fn close(&self, session: &str, token: Option<&str>) -> Result<()> {
        let mut request = self.0.delete(session);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        request.call()?;
        Ok(())
    }

    /// Posts JSON and reads JSON.
    pub(crate) fn json(&self, url: &str, body: &serde_json::Value) -> Result<serde_json::Value> {
        let mut response = self.0.post(url).header("Content-Type", "application/json").send(body.to_string())?;
        Ok(serde_json::from_str(&response.body_mut().read_to_string()?)?)
    }

    pub(crate) fn json_get(&self, url: &str) -> Result<serde_json::Value> {
        let mut response = self.0.get(url).call()?;
        Ok(serde_json::from_str(&response.body_mut().read_to_string()?)?)
    }
}
