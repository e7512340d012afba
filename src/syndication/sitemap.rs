//! The sitemaps: an index, one for pages, and for each fair as many as its open postings need.

use super::store::{self, Address, Mark};
use super::{Syndication, entry::legal};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::ids::FairId;
use crate::postings::Of;
use crate::web::{AppError, ClientIp, Result};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use std::fmt::Write;

/// The most that a sitemap may have (sitemaps.org).
const MOST: i64 = 50_000;
/// Addresses read at once.
const CHUNK: i64 = 2_000;
const XML: [(header::HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "application/xml; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
const URLSET: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";

/// Pages of one person or for staff alone lead a crawler nowhere.
pub(super) async fn robots(State(s): State<Syndication>) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /me\nDisallow: /console\nDisallow: /signin\nDisallow: /join/\nDisallow: /calendar/\n\nSitemap: {}/sitemap.xml\n",
        s.origin()
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")], text).into_response()
}

pub(super) async fn index(State(s): State<Syndication>, client: ClientIp) -> Result<Response> {
    s.heavy.check(&client.network())?;
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    text.push_str(&item("sitemap", &format!("{}/sitemaps/pages.xml", s.origin()), None));
    for fair in s.postings.rooms.fairs.list(&Viewer::default()).await?.iter().filter(|fair| fair.state.is_active()) {
        let changed_at = store::changed_at(s.accounts().db.read(), Of::Fair(fair.id)).await?;
        if s.postings.count(fair.id).await? == 0 {
            continue;
        }
        let mut mark = None;
        loop {
            text.push_str(&item("sitemap", &format!("{}/sitemaps/{}", s.origin(), name(fair.id, mark)), Some(changed_at)));
            mark = store::next_mark(s.accounts().db.read(), fair.id, s.now(), mark, MOST).await?;
            if mark.is_none() {
                break;
            }
        }
    }
    text.push_str("</sitemapindex>\n");
    Ok((XML, text).into_response())
}

pub(super) async fn part(State(s): State<Syndication>, client: ClientIp, Path(name): Path<String>) -> Result<Response> {
    s.heavy.check(&client.network())?;
    if name == "pages.xml" {
        return Ok((XML, s.pages().await?).into_response());
    }
    let (fair, after) = read(&name).ok_or(AppError::NotFound)?;
    if !s.postings.rooms.fairs.visible_to(&Viewer::default(), fair).await?.state.is_active() {
        return Err(AppError::NotFound);
    }
    let start = Some(Progress { fair, after, left: MOST, begun: false });
    let body = Body::from_stream(stream::try_unfold(start, move |progress| {
        let s = s.clone();
        async move { s.write_addresses(progress).await.map_err(|error| anyhow::anyhow!("{error:?}")) }
    }));
    Ok((XML, body).into_response())
}

/// What a sitemap is called: by its fair, and by what it stands behind unless it is the first.
fn name(fair: FairId, after: Option<Mark>) -> String {
    after.map_or_else(|| format!("{fair}.xml"), |Mark(at, id)| format!("{fair}.{at}.{id}.xml"))
}

fn read(name: &str) -> Option<(FairId, Option<Mark>)> {
    let parts: Vec<&str> = name.strip_suffix(".xml")?.split('.').collect();
    match parts[..] {
        [fair] => Some((fair.parse().ok()?, None)),
        [fair, at, id] => Some((fair.parse().ok()?, Some(Mark(at.parse().ok().filter(|at| *at >= 0)?, id.parse().ok()?)))),
        _ => None,
    }
}

/// How far a sitemap has got.
struct Progress {
    fair: FairId,
    after: Option<Mark>,
    left: i64,
    begun: bool,
}

impl Syndication {
    /// The addresses of pages that are no postings.
    async fn pages(&self) -> Result<String> {
        let origin = self.origin();
        let mut urls = vec![format!("{origin}/"), format!("{origin}/api")];
        let fairs = &self.postings.rooms.fairs;
        for fair in fairs.list(&Viewer::default()).await?.iter().filter(|fair| fair.state.is_active()) {
            urls.extend([format!("{origin}/fairs/{}", fair.id), format!("{origin}/fairs/{}/postings", fair.id)]);
            urls.extend(fairs.employers(fair.id).await?.iter().map(|employer| format!("{origin}/employers/{}", employer.id)));
        }
        urls.sort_unstable();
        urls.dedup();
        let items: String = urls.iter().take(MOST as usize).map(|url| item("url", url, None)).collect();
        Ok(format!("{URLSET}{items}</urlset>\n"))
    }

    /// The next piece of a sitemap.
    async fn write_addresses(&self, progress: Option<Progress>) -> Result<Option<(Bytes, Option<Progress>)>> {
        let Some(Progress { fair, after, left, begun }) = progress else { return Ok(None) };
        let limit = left.min(CHUNK);
        let found = store::addresses(self.accounts().db.read(), fair, self.now(), after, limit).await?;
        let mut text = String::from(if begun { "" } else { URLSET });
        for Address { id, updated_at, .. } in &found {
            text.push_str(&item("url", &format!("{}/postings/{id}", self.origin()), Some(*updated_at)));
        }
        let left = left - found.len() as i64;
        let next = found.last().filter(|_| left > 0 && found.len() as i64 == limit);
        let next = next.map(|last| Progress { fair, after: Some(Mark(last.published_at, last.id)), left, begun: true });
        if next.is_none() {
            text.push_str("</urlset>\n");
        }
        Ok(Some((text.into(), next)))
    }
}

fn item(name: &str, url: &str, changed_at: Option<Millis>) -> String {
    let mut text = format!("<{name}><loc>{}</loc>", legal(url));
    if let Some(at) = changed_at {
        let _ = write!(text, "<lastmod>{}</lastmod>", iso(at));
    }
    let _ = writeln!(text, "</{name}>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_is_found_again_by_its_name() {
        let (fair, id) = (FairId::new(), crate::ids::PostingId::new());
        for after in [None, Some(Mark(0, id)), Some(Mark(1_803_085_200_000, id))] {
            assert_eq!(read(&name(fair, after)), Some((fair, after)));
        }
        for bad in [
            "",
            "pages.xml",
            "x.xml",
            &format!("{fair}"),
            &format!("{fair}.1.xml"),
            &format!("{fair}.-1.{id}.xml"),
            &format!("{fair}.1.x.xml"),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
