//! The sitemaps: an index, one for pages, and for each fair as many as its open postings need.

use super::store::{self, Address, From};
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
        let totals = store::state(s.accounts().db.read(), Of::Fair(fair.id), s.now()).await?;
        for number in 1..=parts(totals.live) {
            let url = format!("{}/sitemaps/{}.{number}.xml", s.origin(), fair.id);
            text.push_str(&item("sitemap", &url, Some(totals.changed_at)));
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
    let (fair, number) = read(&name).ok_or(AppError::NotFound)?;
    let shown = s.postings.rooms.fairs.visible_to(&Viewer::default(), fair).await?;
    let totals = store::state(s.accounts().db.read(), Of::Fair(fair), s.now()).await?;
    if !shown.state.is_active() || number > parts(totals.live) {
        return Err(AppError::NotFound);
    }
    let start = Some(Progress { fair, from: From::Number((number - 1) * MOST), left: MOST, begun: false });
    let body = Body::from_stream(stream::try_unfold(start, move |progress| {
        let s = s.clone();
        async move { s.write_addresses(progress).await.map_err(|error| anyhow::anyhow!("{error:?}")) }
    }));
    Ok((XML, body).into_response())
}

/// How many sitemaps so many addresses need.
fn parts(count: i64) -> i64 {
    (count + MOST - 1) / MOST
}

/// The fair and the number of a name such as `FAIR.2.xml`.
fn read(name: &str) -> Option<(FairId, i64)> {
    let (fair, number) = name.strip_suffix(".xml")?.split_once('.')?;
    Some((fair.parse().ok()?, number.parse().ok().filter(|n| (1..=1_000).contains(n))?))
}

/// How far a sitemap has got.
struct Progress {
    fair: FairId,
    from: From,
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
        let Some(Progress { fair, from, left, begun }) = progress else { return Ok(None) };
        let limit = left.min(CHUNK);
        let found = store::addresses(self.accounts().db.read(), fair, self.now(), from, limit).await?;
        let mut text = String::from(if begun { "" } else { URLSET });
        for Address { id, updated_at, .. } in &found {
            text.push_str(&item("url", &format!("{}/postings/{id}", self.origin()), Some(*updated_at)));
        }
        let left = left - found.len() as i64;
        let next = found.last().filter(|_| left > 0 && found.len() as i64 == limit);
        let next = next.map(|last| Progress { fair, from: From::After(last.published_at, last.id), left, begun: true });
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
    fn each_address_is_in_one_sitemap_and_none_is_too_long() {
        assert_eq!([0, 1, MOST, MOST + 1, 3 * MOST].map(parts), [0, 1, 1, 2, 3]);
        let id = FairId::new();
        assert_eq!(read(&format!("{id}.2.xml")), Some((id, 2)));
        for bad in
            ["", "pages.xml", "x.1.xml", &format!("{id}.0.xml"), &format!("{id}.-1.xml"), &format!("{id}.1"), &format!("{id}.1001.xml")]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
