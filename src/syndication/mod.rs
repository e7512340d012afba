//! One approved posting everywhere: feeds, sitemaps, the open API, and what is printed, read out, pasted or embedded.
//!
//! Invariants: whatever is here shows postings that take applications and no others, and shows to everybody the same, whoever asks: nothing of it
//! looks at a session. What may be long is streamed or comes in pages.
//! Deliberately absent: JSON-LD and the text for chat groups, which stand on the posting's own page (`postings`).

mod api;
mod api_pages;
mod card;
mod channel;
mod entry;
mod feeds;
mod fresh;
mod jobs;
mod poster;
mod script;
mod sitemap;
mod spoken;
mod store;

use crate::accounts::{Accounts, Viewer};
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::{PostingView, Postings};
use crate::web::{AppError, ClientIp, Id, RateLimit, Result, Text};
use axum::Router;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Syndication {
    postings: Postings,
    /// Requests that cost as much as a page.
    reads: RateLimit<IpAddr>,
    /// Those that go through all of a fair, or draw.
    heavy: RateLimit<IpAddr>,
}

impl Syndication {
    pub fn new(postings: Postings) -> Self {
        // A mirror of a fair of 50,000 postings asks for 500 pages of the API one after the other; ten a second keep it up to date.
        let reads = RateLimit::new(600, Duration::from_millis(100));
        // A whole village behind one address prints a poster each; a feed of everything is asked for some times an hour.
        Self { postings, reads, heavy: RateLimit::new(60, Duration::from_secs(1)) }
    }

    fn accounts(&self) -> &Accounts {
        &self.postings.rooms.fairs.accounts
    }

    fn origin(&self) -> &str {
        &self.accounts().origin
    }

    fn now(&self) -> Millis {
        self.postings.now()
    }

    /// A posting that takes applications: what is not public is not there, what is over is gone.
    async fn live(&self, id: PostingId) -> Result<PostingView> {
        let view = self.postings.visible_to(&Viewer::default(), id).await?;
        if view.posting.takes_applications(&view.fair, self.now()) { Ok(view) } else { Err(AppError::Gone(Text("syndication-gone"))) }
    }
}

/// The language that an address asks for. What everybody gets alike follows no cookie.
struct Asked(Lang);

#[derive(Deserialize)]
struct AskedQuery {
    #[serde(default)]
    lang: String,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let asked = Query::<AskedQuery>::try_from_uri(&parts.uri).ok();
        Ok(Self(asked.and_then(|query| Lang::parse(&query.lang)).unwrap_or_default()))
    }
}

pub fn routes(syndication: Syndication) -> Router {
    Router::new()
        .route("/robots.txt", get(sitemap::robots))
        .route("/sitemap.xml", get(sitemap::index))
        .route("/sitemaps/{name}", get(sitemap::part))
        .route("/fairs/{id}/feed.json", get(feeds::json_of_fair))
        .route("/fairs/{id}/feed.atom", get(feeds::atom_of_fair))
        .route("/fairs/{id}/jobs.xml", get(jobs::of_fair))
        .route("/employers/{id}/feed.json", get(feeds::json_of_employer))
        .route("/employers/{id}/feed.atom", get(feeds::atom_of_employer))
        .route("/employers/{id}/jobs.xml", get(jobs::of_employer))
        .route("/postings/{id}/text", get(text))
        .route("/postings/{id}/script", get(script::show))
        .route("/postings/{id}/poster.pdf", get(poster::show))
        .route("/postings/{id}/card", get(card::show))
        .route("/api", get(api_pages::show))
        .with_state(syndication.clone())
        .merge(api::routes(syndication))
}

/// The posting in plain text, for chat groups.
async fn text(State(s): State<Syndication>, client: ClientIp, Asked(lang): Asked, Id(id): Id<PostingId>) -> Result<Response> {
    s.reads.check(&client.network())?;
    let text = s.live(id).await?.plain_text(lang, s.origin());
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=60")], text + "\n").into_response())
}
