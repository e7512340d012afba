//! Text messages, as a POST of `{"to", "text"}` to whoever sends them.

use super::{Failure, Notice, SILENCE};
use crate::config::Config;
use crate::ids::NoticeId;
use anyhow::Context;
use reqwest::StatusCode;
use reqwest::redirect::Policy;

pub(super) struct Webhook {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Webhook {
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let token = match config.sms_token_file.as_os_str().is_empty() {
            true => String::new(),
            false => std::fs::read_to_string(&config.sms_token_file).context("sms-token-file")?.trim().to_owned(),
        };
        // A redirected POST arrives as a GET of some page, and a page says 200.
        let client = reqwest::Client::builder().timeout(SILENCE).redirect(Policy::none()).build()?;
        Ok(Self { client, url: config.sms_webhook.clone(), token })
    }

    pub(super) async fn send(&self, id: NoticeId, notice: &Notice) -> Result<(), Failure> {
        // A structured string, as the draft of the header wants it: one that was taken is not taken again.
        let request = self.client.post(&self.url).header("idempotency-key", format!("\"{id}\""));
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let answer = request.json(&serde_json::json!({"to": notice.to, "text": notice.body})).send().await;
        // The address may hold a secret.
        let answer = answer.map_err(|error| Failure::Failed(format!("{:#}", anyhow::Error::from(error.without_url()))))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(Failure::Refused(format!("HTTP {}", answer.status())))
            }
            _ => Err(Failure::answered(&answer)),
        }
    }
}
