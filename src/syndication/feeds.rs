//! JSON Feed 1.1 and Atom (RFC 4287) with pages (RFC 5005), of a fair and of an employer.

use super::channel::Channel;
use super::entry::{Entry, legal};
use super::fresh::Fresh;
use super::{Asked, Syndication};
use crate::clock::iso;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::postings::Cursor;
use crate::web::{AppError, ClientIp, Id, Result, Text};
use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

/// Entries of a page: about 60 KB of Atom.
const PAGE: i64 = 50;
/// Seconds. A posting that is filled goes from readers within the quarter of an hour in which they ask anyway.
const MAX_AGE: u32 = 300;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Paging {
    after: String,
}

impl Paging {
    fn cursor(&self) -> Result<Option<Cursor>> {
        if self.after.is_empty() {
            return Ok(None);
        }
        Cursor::parse(&self.after).map(Some).ok_or(AppError::BadRequest(Text("syndication-bad-cursor")))
    }
}

/// One page of a feed.
struct Feed {
    channel: Channel,
    lang: Lang,
    entries: Vec<Entry>,
    after: Option<Cursor>,
    next: Option<Cursor>,
}

impl Feed {
    /// The address of a page of this feed.
    fn url(&self, name: &str, after: Option<Cursor>) -> String {
        let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        format!("{}/{name}?lang={}{after}", self.channel.url, self.lang.tag())
    }

    fn title(&self) -> String {
        legal(&self.channel.title(self.lang))
    }

    fn changed_at(&self) -> i64 {
        self.entries.iter().map(|entry| entry.updated_at).max().unwrap_or(self.channel.created_at)
    }

    fn as_json(&self) -> Value {
        let mut feed = json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.title(),
            "home_page_url": self.channel.home,
            "feed_url": self.url("feed.json", self.after),
            "language": self.lang.tag(),
            "items": self.entries.iter().map(|entry| item(entry, self.lang)).collect::<Vec<_>>(),
        });
        if let Some(next) = self.next {
            feed["next_url"] = self.url("feed.json", Some(next)).into();
        }
        if !self.channel.open {
            // Nobody need ask again.
            feed["expired"] = true.into();
        }
        feed
    }
}

fn item(entry: &Entry, lang: Lang) -> Value {
    json!({
        "id": entry.url,
        "url": entry.url,
        "title": entry.headline,
        "summary": entry.summary,
        "content_html": entry.content,
        "date_published": entry.published(),
        "date_modified": entry.updated(),
        "authors": [{"name": entry.company, "url": entry.company_url}],
        "tags": entry.tags,
        "language": lang.tag(),
        // An extension's name begins with an underscore.
        "_posting": {"title": entry.title, "pay": entry.pay, "place": entry.place, "places": entry.places, "valid_until": iso(entry.valid_until)},
    })
}

#[derive(Template)]
#[template(path = "syndication/feed.xml")]
struct AtomFeed<'a> {
    feed: &'a Feed,
}

impl AtomFeed<'_> {
    fn here(&self) -> String {
        self.feed.url("feed.atom", self.feed.after)
    }

    fn first(&self) -> String {
        self.feed.url("feed.atom", None)
    }

    fn next(&self) -> Option<String> {
        self.feed.next.map(|next| self.feed.url("feed.atom", Some(next)))
    }

    fn updated(&self) -> String {
        iso(self.feed.changed_at())
    }
}

impl Syndication {
    async fn feed(&self, channel: Channel, lang: Lang, paging: &Paging) -> Result<Feed> {
        let after = paging.cursor()?;
        let list = self.newest(&channel, after, PAGE).await?;
        let entries = list.items.iter().map(|listed| Entry::of(listed, lang, self.origin())).collect();
        Ok(Feed { channel, lang, entries, after, next: list.next })
    }

    async fn json(&self, channel: Channel, lang: Lang, paging: &Paging, headers: &HeaderMap) -> Result<Response> {
        let feed = self.feed(channel, lang, paging).await?;
        let text = feed.as_json().to_string();
        let fresh = Fresh::new(&[&text], feed.changed_at(), self.now(), MAX_AGE);
        Ok(fresh.answer(headers, "application/feed+json", || Body::from(text)))
    }

    async fn atom(&self, channel: Channel, lang: Lang, paging: &Paging, headers: &HeaderMap) -> Result<Response> {
        let feed = self.feed(channel, lang, paging).await?;
        let text = AtomFeed { feed: &feed }.render()?;
        let fresh = Fresh::new(&[&text], feed.changed_at(), self.now(), MAX_AGE);
        Ok(fresh.answer(headers, "application/atom+xml; charset=utf-8", || Body::from(text)))
    }
}

pub(super) async fn json_of_fair(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<FairId>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Result<Response> {
    s.reads.check(&client.network())?;
    s.json(s.fair(id).await?, lang, &paging, &headers).await
}

pub(super) async fn json_of_employer(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<EmployerId>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Result<Response> {
    s.reads.check(&client.network())?;
    s.json(s.employer(id).await?, lang, &paging, &headers).await
}

pub(super) async fn atom_of_fair(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<FairId>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Result<Response> {
    s.reads.check(&client.network())?;
    s.atom(s.fair(id).await?, lang, &paging, &headers).await
}

pub(super) async fn atom_of_employer(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<EmployerId>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Result<Response> {
    s.reads.check(&client.network())?;
    s.atom(s.employer(id).await?, lang, &paging, &headers).await
}
