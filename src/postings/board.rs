//! The board of a fair: search, filters, cards. A plain GET form, so that it works without JavaScript and can be shared.

use super::pages::{json_list, wants_json};
use super::{COUNT_MAX, Filter, List, Of, Postings, Query, Sort, codes, store};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::rooms::Room;
use crate::web::{Id, Page, Result, html};
use askama::Template;
use axum::Json;
use axum::extract::{Query as QueryString, State as Use};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeSet;

/// Choices of a select: value and text.
type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "postings/board.html")]
struct BoardPage {
    p: Page,
    fair: Fair,
    query: Query,
    regions: Options,
    industries: Options,
    list: List,
    next: String,
    first: String,
    can_post: bool,
    can_review: bool,
}

impl BoardPage {
    fn pays(&self) -> Options {
        [3_000, 4_000, 5_000, 6_000, 8_000, 10_000].map(|n| (n.to_string(), self.p.t1("postings-pay-from", "n", n))).into()
    }

    fn kinds(&self) -> Options {
        super::Kind::ALL.iter().map(|k| (k.name().into(), self.p.t(k.label().0))).collect()
    }

    fn by_pay(&self) -> bool {
        Filter::read(Of::Fair(self.fair.id), 0, &self.query).sort == Sort::Pay
    }

    /// This list in another order, from its start.
    fn sorted(&self, sort: &str) -> String {
        let query = Query { sort: sort.into(), ..self.query.clone() };
        query.link(&format!("/fairs/{}/postings", self.fair.id), "")
    }

    /// This list with one of the questions asked or no longer asked.
    fn toggled(&self, name: &str) -> String {
        self.query.toggled(name).link(&format!("/fairs/{}/postings", self.fair.id), "")
    }

    fn total(&self) -> String {
        if self.list.total >= COUNT_MAX { format!("{COUNT_MAX}+") } else { self.list.total.to_string() }
    }

    /// The question filters: name, text, chosen.
    fn questions(&self) -> Vec<(&'static str, String, bool)> {
        let q = &self.query;
        [
            ("meals", self.p.t("postings-want-meals"), &q.meals),
            ("housing", self.p.t("postings-want-housing"), &q.housing),
            ("couples", self.p.t("postings-want-couples"), &q.couples),
            ("day_shift", self.p.t("postings-want-day-shift"), &q.day_shift),
            ("no_line", self.p.t("postings-want-no-line"), &q.no_line),
            ("hourly", self.p.t("postings-want-hourly"), &q.hourly),
            ("days_off", self.p.t("postings-want-days-off"), &q.days_off),
            ("no_age", self.p.t("postings-want-no-age"), &q.no_age),
        ]
        .map(|(name, text, value)| (name, text, !value.is_empty()))
        .into()
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
    let now = postings.now();
    let list = postings.list(&Filter::read(Of::Fair(id), now, &query)).await?;
    if wants_json(&headers) {
        return Ok(Json(json_list(&list, now)).into_response());
    }
    let path = format!("/fairs/{id}/postings");
    let (regions, industries) = postings.facets(id, p.language()).await?;
    let next = list.next.map(|c| query.link(&path, &c.to_string())).unwrap_or_default();
    let first = if query.after.is_empty() { String::new() } else { query.link(&path, "") };
    let can_post = !postings.employers_of(&viewer, id).await?.is_empty();
    html(&BoardPage { p, query, regions, industries, list, next, first, can_post, can_review: viewer.organises(id), fair })
}

impl Postings {
    /// The regions and industries that occur on a fair's board, as choices.
    async fn facets(&self, fair: FairId, lang: Lang) -> Result<(Options, Options)> {
        let (mut regions, mut industries) = (BTreeSet::new(), BTreeSet::new());
        for (region, industry) in store::facets(self.accounts().db.read(), fair).await? {
            if codes::region_is_valid(&region) {
                regions.insert(format!("{}0000", &region[..2]));
                regions.insert(format!("{}00", &region[..4]));
            }
            industries.extend(industry.get(..1).map(str::to_owned));
        }
        let place = |code: &String| {
            let name = codes::short_region(code, lang).to_owned();
            let inner = !code.ends_with("0000");
            // A prefecture without a name of its own would stand there as its province a second time.
            let known = !inner || name != codes::short_region(&code[..2], lang);
            known.then(|| (code.clone(), if inner { format!("\u{3000}{name}") } else { name }))
        };
        let regions = regions.iter().filter_map(place).collect();
        let industries = industries.into_iter().map(|c| (c.clone(), codes::industry_name(&c, lang).to_owned())).collect();
        Ok((regions, industries))
    }

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
