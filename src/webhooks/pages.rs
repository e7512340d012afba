//! The page on which recruiters register addresses of their own systems, try them, and see what arrived.

use super::{Delivery, Webhook, Webhooks, store};
use crate::accounts::{Employer, Viewer};
use crate::clock::{Millis, iso};
use crate::ids::{EmployerId, WebhookId};
use crate::web::{Fields, FormData, Id, Ids, Page, Result, Text, beside, form_refused, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// Messages on the page.
const SHOWN: i64 = 30;

pub fn routes(webhooks: Webhooks) -> Router {
    Router::new()
        .route("/employers/{id}/webhooks", get(show).post(add))
        .route("/employers/{id}/webhooks/{webhook}/tests", post(test))
        .route("/employers/{id}/webhooks/{webhook}/retries", post(retry))
        .route("/employers/{id}/webhooks/{webhook}/removals", post(remove))
        .with_state(webhooks)
}

#[derive(Template)]
#[template(path = "webhooks/page.html")]
struct WebhooksPage {
    p: Page,
    employer: Employer,
    webhooks: Vec<Webhook>,
    deliveries: Vec<Delivery>,
    given_up: Vec<(WebhookId, i64)>,
    /// The secret of the one that was just made, shown this once.
    fresh: Option<(WebhookId, String)>,
    url: String,
    fields: Fields,
}

impl WebhooksPage {
    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn lost(&self, id: &WebhookId) -> i64 {
        self.given_up.iter().find(|(webhook, _)| webhook == id).map_or(0, |(_, count)| *count)
    }

    fn secret(&self, id: &WebhookId) -> Option<&str> {
        self.fresh.as_ref().filter(|(webhook, _)| webhook == id).map(|(_, secret)| secret.as_str())
    }

    /// To which of the addresses it went.
    fn to(&self, delivery: &Delivery) -> String {
        self.webhooks.iter().find(|webhook| webhook.id == delivery.webhook_id).map(|webhook| webhook.url.clone()).unwrap_or_default()
    }

    fn kind(&self, delivery: &Delivery) -> Text {
        match delivery.kind.as_str() {
            "posting.live" => Text("webhooks-kind-live"),
            "posting.changed" => Text("webhooks-kind-changed"),
            "posting.ended" => Text("webhooks-kind-ended"),
            "application.received" => Text("webhooks-kind-received"),
            _ => Text("webhooks-kind-test"),
        }
    }

    /// What became of it, and the colour of its badge.
    fn outcome(&self, delivery: &Delivery) -> (Text, &'static str) {
        match (delivery.sent_at, delivery.failed_at, delivery.attempts) {
            (Some(_), ..) => (Text("webhooks-sent"), "badge-success"),
            (_, Some(_), _) => (Text("webhooks-given-up"), "badge-danger"),
            (_, _, 0) => (Text("webhooks-waiting"), ""),
            _ => (Text("webhooks-again"), "badge-warn"),
        }
    }

    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }
}

impl Webhooks {
    async fn page(&self, p: Page, employer: Employer) -> Result<WebhooksPage> {
        let db = self.accounts.db.read();
        let (webhooks, deliveries) = (self.of(employer.id).await?, store::newest(db, employer.id, SHOWN).await?);
        let given_up = store::given_up(db, employer.id).await?;
        Ok(WebhooksPage { p, employer, webhooks, deliveries, given_up, fresh: None, url: String::new(), fields: Fields::default() })
    }
}

async fn show(State(webhooks): State<Webhooks>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = webhooks.recruited_by(&viewer, id).await?;
    html(&webhooks.page(p, employer).await?)
}

#[derive(Deserialize)]
struct AddForm {
    #[serde(default)]
    url: String,
}

async fn add(
    State(webhooks): State<Webhooks>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<AddForm>,
) -> Result<Response> {
    let employer = webhooks.recruited_by(&viewer, id).await?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match webhooks.add(&viewer, id, &form.url).await {
        Ok((webhook, secret)) if !wants_page(&headers) => {
            Ok((StatusCode::CREATED, no_store, Json(serde_json::json!({"id": webhook, "secret": secret}))).into_response())
        }
        Ok(fresh) => {
            let page = WebhooksPage { fresh: Some(fresh), ..webhooks.page(p, employer).await? };
            Ok((StatusCode::CREATED, no_store, html(&page)?).into_response())
        }
        Err(error) => {
            let (status, fields) = beside(error, "url")?;
            let page = WebhooksPage { url: form.url, fields, ..webhooks.page(p, employer).await? };
            form_refused(&page, status, &page.fields)
        }
    }
}

async fn test(State(webhooks): State<Webhooks>, viewer: Viewer, p: Page, Ids(id, webhook): Ids<EmployerId, WebhookId>) -> Result<Response> {
    webhooks.recruited_by(&viewer, id).await?;
    webhooks.test(&viewer, id, webhook).await?;
    Ok(see_other(&format!("/employers/{id}/webhooks"), &p.t("webhooks-tested")))
}

async fn retry(
    State(webhooks): State<Webhooks>,
    viewer: Viewer,
    p: Page,
    Ids(id, webhook): Ids<EmployerId, WebhookId>,
) -> Result<Response> {
    webhooks.recruited_by(&viewer, id).await?;
    let count = webhooks.retry(&viewer, id, webhook).await?;
    Ok(see_other(&format!("/employers/{id}/webhooks"), &p.t1("webhooks-retried", "n", count)))
}

async fn remove(
    State(webhooks): State<Webhooks>,
    viewer: Viewer,
    p: Page,
    Ids(id, webhook): Ids<EmployerId, WebhookId>,
) -> Result<Response> {
    webhooks.recruited_by(&viewer, id).await?;
    webhooks.remove(&viewer, id, webhook).await?;
    Ok(see_other(&format!("/employers/{id}/webhooks"), &p.t("webhooks-removed")))
}
