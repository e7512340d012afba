//! All open postings of a fair or an employer as one XML file of the form that Indeed made usual (`source>job`), sent page by page as it is read.

use super::channel::Channel;
use super::entry::{Entry, rfc822};
use super::fresh::Fresh;
use super::{Asked, Syndication, store};
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::postings::{Cursor, Filter, Of};
use crate::web::{AppError, ClientIp, Id, Result};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

/// Postings read at once: some hundred kilobytes in memory, however many there are.
const CHUNK: i64 = 200;
/// Seconds. Job sites fetch such a file some times a day.
const MAX_AGE: u32 = 900;

#[derive(Template)]
#[template(path = "syndication/jobs.xml")]
struct Jobs<'a> {
    entries: &'a [Entry],
}

/// How far the file has got.
struct Progress {
    channel: Channel,
    lang: Lang,
    part: Part,
}

enum Part {
    Head,
    After(Option<Cursor>),
    End,
}

impl Syndication {
    async fn jobs(&self, of: Of, channel: Channel, lang: Lang, headers: &HeaderMap) -> Result<Response> {
        let now = self.now();
        let changed_at = store::changed_at(self.accounts().db.read(), of).await?;
        // Each of them counts: one that has expired changes nothing else.
        let live = if channel.open { self.postings.count_of(&Filter::all(of)).await? } else { 0 };
        let hour = now.div_euclid(crate::clock::HOUR).to_string();
        let parts = [&channel.url, lang.tag(), &live.to_string(), &changed_at.to_string(), &channel.open.to_string(), &hour];
        let fresh = Fresh::new(&parts, changed_at, now, MAX_AGE);
        let service = self.clone();
        Ok(fresh.answer(headers, "application/xml; charset=utf-8", || {
            let progress = Progress { channel, lang, part: Part::Head };
            Body::from_stream(stream::try_unfold(progress, move |progress| {
                let service = service.clone();
                async move { service.write_jobs(progress).await.map_err(|error| anyhow::anyhow!("{error:?}")) }
            }))
        }))
    }

    /// The next piece of the file.
    async fn write_jobs(&self, progress: Progress) -> Result<Option<(Bytes, Progress)>> {
        let Progress { channel, lang, part } = progress;
        let (text, part) = match part {
            Part::Head => (self.head(lang), Part::After(None)),
            Part::After(after) => {
                let list = self.newest(&channel, after, CHUNK).await?;
                let entries: Vec<Entry> = list.items.iter().map(|listed| Entry::of(listed, lang, self.origin())).collect();
                let mut text = Jobs { entries: &entries }.render()?;
                if list.next.is_none() {
                    text.push_str("</source>\n");
                }
                (text, list.next.map_or(Part::End, |next| Part::After(Some(next))))
            }
            Part::End => return Ok(None),
        };
        Ok(Some((text.into(), Progress { channel, lang, part })))
    }

    fn head(&self, lang: Lang) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<source>\n<publisher>{}</publisher>\n<publisherurl>{}</publisherurl>\n\
             <lastBuildDate>{}</lastBuildDate>\n",
            lang.t("base-name"),
            self.origin(),
            rfc822(self.now())
        )
    }
}

pub(super) async fn of_fair(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<FairId>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    s.heavy.check(&client.network())?;
    s.jobs(Of::Fair(id), s.fair(id).await?, lang, &headers).await
}

pub(super) async fn of_employer(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<EmployerId>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    s.heavy.check(&client.network())?;
    s.jobs(Of::Employer(id), s.employer(id).await?, lang, &headers).await
}
