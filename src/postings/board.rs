//! The board of a fair: search, filters, cards. A plain GET form, so that it works without JavaScript and can be shared.

use super::index::{How, Reading};
use super::pages::{json_list, wants_json};
use super::{Filter, Kind, List, Listed, Of, Postings, Query, Sort, Want, codes, search};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::ids::{EmployerId, FairId};
use crate::rooms::Room;
use crate::web::{Id, Page, Result, html};
use askama::Template;
use axum::Json;
use axum::extract::{Query as QueryString, State as Use};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

/// Choices of a select: value and text.
type Options = Vec<(String, String)>;

/// What pay can be asked for, in yuan a month.
const PAYS: [i64; 6] = [3_000, 4_000, 5_000, 6_000, 8_000, 10_000];

#[derive(Template)]
#[template(path = "postings/board.html")]
struct BoardPage {
    p: Page,
    fair: Fair,
    query: Query,
    filter: Filter,
    found: search::Page,
    next: String,
    first: String,
    can_post: bool,
    can_review: bool,
    /// The visitor can save this search.
    can_save: bool,
}

impl BoardPage {
    fn path(&self) -> String {
        format!("/fairs/{}/postings", self.fair.id)
    }

    /// A choice with how many postings it would leave.
    fn choice(&self, text: &str, n: u64) -> String {
        self.p.t2("postings-choice", "text", text, "n", n)
    }

    /// The places with open postings; those right below the chosen one too.
    fn regions(&self) -> Options {
        let lang = self.p.language();
        let one = |(code, n): &(u32, u64)| {
            let code = code.to_string();
            let deep = usize::from(!code.ends_with("0000")) + usize::from(!code.ends_with("00"));
            let name = format!("{}{}", "\u{3000}".repeat(deep), codes::short_region(&code, lang));
            (code, self.choice(&name, *n))
        };
        let names = |code: u32| codes::region_names(&code.to_string(), lang).len();
        // A code that is not listed would stand there under the name of what is above it.
        let known = |code: u32| {
            names(code) == if code.is_multiple_of(10_000) { 1 } else { names(code / 100 * 100) + usize::from(!code.is_multiple_of(100)) }
        };
        self.kept(self.found.counts.regions.iter().filter(|(code, _)| known(*code)).map(one).collect(), &self.query.region, |code| {
            codes::short_region(code, lang).to_owned()
        })
    }

    fn industries(&self) -> Options {
        let lang = self.p.language();
        let one = |(letter, n): &(char, u64)| (letter.to_string(), self.choice(codes::industry_name(&letter.to_string(), lang), *n));
        self.kept(self.found.counts.industries.iter().map(one).collect(), &self.query.industry, |code| {
            codes::industry_name(code, lang).to_owned()
        })
    }

    fn kinds(&self) -> Options {
        let count = |kind: Kind| self.found.counts.kinds.iter().find(|(k, _)| *k == kind as u8).map_or(0, |(_, n)| *n);
        Kind::ALL.iter().map(|kind| (kind.name().into(), self.choice(&self.p.t(kind.label().0), count(*kind)))).collect()
    }

    fn pays(&self) -> Options {
        let count = |yuan: i64| self.found.counts.pays.iter().find(|(y, _)| *y == yuan).map_or(0, |(_, n)| *n);
        PAYS.map(|yuan| (yuan.to_string(), self.choice(&self.p.t1("postings-pay-from", "n", yuan), count(yuan)))).into()
    }

    /// What was chosen stays to be seen, even if nothing is left of it.
    fn kept(&self, mut options: Options, chosen: &str, name: impl Fn(&str) -> String) -> Options {
        if !chosen.is_empty() && !name(chosen).is_empty() && options.iter().all(|(code, _)| code != chosen) {
            options.insert(0, (chosen.to_owned(), self.choice(&name(chosen), 0)));
        }
        options
    }

    /// The answers that can be wanted: name, text, how many postings are left with it, whether it is.
    fn wants(&self) -> Vec<(Want, String, u64, bool)> {
        let count = |want: Want| self.found.counts.wants.iter().find(|(w, _)| *w == want.bit()).map_or(0, |(_, n)| *n);
        Want::ALL.iter().map(|want| (*want, self.p.t(want.label().0), count(*want), self.query.wants(*want))).collect()
    }

    /// This list with one answer wanted or no longer wanted.
    fn toggled(&self, want: &Want) -> String {
        self.query.toggled(*want).link(&self.path(), "")
    }

    /// The orders: link, text, whether it is this one.
    fn orders(&self) -> Vec<(String, String, bool)> {
        let order = |sort: Sort, name: &str, text: &str| {
            let query = Query { sort: name.into(), ..self.query.clone() };
            let link = match sort {
                Sort::Distance if self.filter.near.is_none() => query.link(&format!("/fairs/{}/near", self.fair.id), ""),
                _ => query.link(&self.path(), ""),
            };
            (link, self.p.t(text), self.filter.sort == sort)
        };
        let mut all = vec![
            order(Sort::Newest, "newest", "postings-sort-newest"),
            order(Sort::Pay, "pay", "postings-sort-pay"),
            order(Sort::Distance, "distance", "postings-sort-distance"),
        ];
        if !self.query.q.is_empty() {
            all.insert(0, order(Sort::Relevance, "", "postings-sort-relevance"));
        }
        all
    }

    /// Where distances are measured from, and the page to change it.
    fn from(&self) -> Option<(String, String)> {
        self.filter.near?;
        let name = codes::short_region(&self.query.near, self.p.language());
        let name = if name.is_empty() { self.p.t("postings-near-you") } else { name.to_owned() };
        Some((name, self.query.link(&format!("/fairs/{}/near", self.fair.id), "")))
    }

    /// How far the nearest place of a posting is, once it is known from where.
    fn away(&self, item: &Listed) -> String {
        let places = item.content.places();
        let metres = self.filter.near.and_then(|near| places.iter().filter_map(|place| codes::distance(near, &place.region)).min());
        metres.map(|m| self.p.t1("postings-away", "km", (m + 500) / 1_000)).unwrap_or_default()
    }

    /// How the search was read, if otherwise than typed.
    fn told(&self) -> Vec<String> {
        let one = |reading: &Reading| {
            let key = match reading.how {
                How::Spelling => "postings-read-spelling",
                How::Cut => "postings-read-cut",
                How::Synonyms => "postings-read-synonyms",
            };
            self.p.t2(key, "typed", &reading.typed, "words", reading.words.join(&self.p.t("postings-read-and")))
        };
        self.found.readings.iter().map(one).collect()
    }

    /// The same search to the letter, if it was read otherwise.
    fn exactly(&self) -> Option<String> {
        let typed = self.query.q.replace(['"', '“', '”'], " ");
        let query = Query { q: format!("\"{}\"", typed.trim()), ..self.query.clone() };
        (!self.found.readings.is_empty()).then(|| query.link(&self.path(), ""))
    }
}

pub(super) async fn show(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<FairId>,
    QueryString(query): QueryString<Query>,
) -> Result<Response> {
    let fair = postings.rooms.fairs.visible_to(&viewer, id).await?;
    let filter = Filter::read(Of::Fair(id), &query);
    if wants_json(&headers) {
        let list: List = postings.list(&filter).await?;
        return Ok(Json(json_list(&list, postings.now())).into_response());
    }
    let found = postings.search(&filter, true).await?;
    let path = format!("/fairs/{id}/postings");
    let next = found.next.map(|c| query.link(&path, &c.to_string())).unwrap_or_default();
    let first = if query.after.is_empty() { String::new() } else { query.link(&path, "") };
    let can_post = !postings.employers_of(&viewer, id).await?.is_empty();
    let can_save = viewer.id().is_some() && !query.is_plain();
    html(&BoardPage { p, query, filter, found, next, first, can_post, can_review: viewer.organises(id), can_save, fair })
}

impl Postings {
    /// The employers for which the viewer may post in a fair.
    pub(super) async fn employers_of(&self, viewer: &Viewer, fair: FairId) -> Result<Vec<Employer>> {
        let mut found = Vec::new();
        for id in &viewer.roles.employers {
            if self.rooms.fairs.takes_part(fair, *id).await?
                && let Some(employer) = self.accounts().employer(*id).await?
            {
                found.push(employer);
            }
        }
        Ok(found)
    }

    /// The booths of an employer in the fairs that the viewer may see.
    pub(super) async fn booths(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<(Fair, Room)>> {
        let mut found = Vec::new();
        for room in self.rooms.of_employer(employer).await? {
            if let Ok(fair) = self.rooms.fairs.visible_to(viewer, room.fair_id).await {
                found.push((fair, room));
            }
        }
        found.truncate(10);
        Ok(found)
    }
}
