//! Lists of the API, page by page, and the page that explains it to people.

use super::Syndication;
use super::api::of_listed;
use super::channel::Channel;
use crate::postings::{Cursor, Kind, Query as Filters, codes};
use crate::web::{AppError, Fields, Page, Result, Text, html};
use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// Postings of a page: as many as somebody asks for up to the most.
const LIMIT: i64 = 20;
const LIMIT_MOST: i64 = 100;
/// Characters of a search, as on the board.
const SEARCH_MOST: usize = 60;

/// What a program asks a list for. A board leaves out what it does not understand; a program is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asking {
    q: String,
    region: Option<String>,
    industry: Option<String>,
    kind: Option<String>,
    pay: Option<String>,
    couples: Option<String>,
    day_shift: Option<String>,
    no_line: Option<String>,
    hourly: Option<String>,
    days_off: Option<String>,
    meals: Option<String>,
    housing: Option<String>,
    no_age: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

impl Asking {
    /// The filters and how many postings, or what is wrong with which.
    fn read(self) -> Result<(Filters, i64)> {
        let mut wrong = Fields::default();
        let mut checked = |name: &'static str, value: Option<String>, right: &dyn Fn(&str) -> bool| match value {
            Some(text) if right(text.trim()) => text.trim().to_owned(),
            Some(_) => {
                wrong.add(name, Text("syndication-api-wrong"));
                String::new()
            }
            None => String::new(),
        };
        let within = |most: i64| move |text: &str| text.parse::<i64>().is_ok_and(|n| (1..=most).contains(&n));
        let flag = |text: &str| text == "true" || text == "false";
        let filters = Filters {
            q: checked("q", Some(self.q), &|text| text.chars().count() <= SEARCH_MOST),
            region: checked("region", self.region, &codes::region_is_valid),
            industry: checked("industry", self.industry, &codes::industry_is_within),
            kind: checked("kind", self.kind, &|text| Kind::parse(text).is_some()),
            pay: checked("pay", self.pay, &within(10_000_000)),
            couples: on(&checked("couples", self.couples, &flag)),
            day_shift: on(&checked("day_shift", self.day_shift, &flag)),
            no_line: on(&checked("no_line", self.no_line, &flag)),
            hourly: on(&checked("hourly", self.hourly, &flag)),
            days_off: on(&checked("days_off", self.days_off, &flag)),
            meals: on(&checked("meals", self.meals, &flag)),
            housing: on(&checked("housing", self.housing, &flag)),
            no_age: on(&checked("no_age", self.no_age, &flag)),
            near: String::new(),
            sort: checked("sort", self.sort, &|text| matches!(text, "relevance" | "newest" | "pay")),
            after: checked("after", self.after, &|text| Cursor::parse(text).is_some()),
        };
        let limit = checked("limit", self.limit, &within(LIMIT_MOST)).parse().unwrap_or(LIMIT);
        wrong.check()?;
        Ok((filters, limit))
    }
}

/// As the board's query says it.
fn on(flag: &str) -> String {
    if flag == "true" { "1".into() } else { String::new() }
}

/// One page of a list, with the way to the next one in it and in a `Link` header (RFC 8288).
pub(super) async fn page(s: &Syndication, channel: &Channel, path: &str, query: Result<Query<Asking>, QueryRejection>) -> Result<Response> {
    let Query(asking) = query.map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    let again = asking.link();
    let (filters, limit) = asking.read()?;
    let list = s.page(channel, &filters, limit).await?;
    let items: Vec<Value> = list.items.iter().map(|listed| of_listed(listed, s.origin())).collect();
    let next = list.next.map(|cursor| cursor.to_string());
    let next_url = next.as_ref().map(|cursor| format!("{}{path}?{again}after={cursor}", s.origin()));
    let body = json!({
        "items": items,
        "total": list.total,
        "next": next,
        "next_url": next_url,
    });
    let mut response = ([(header::CACHE_CONTROL, "public, max-age=60")], Json(body)).into_response();
    if let Some(link) = next_url.and_then(|url| format!("<{url}>; rel=\"next\"").parse().ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

impl Asking {
    /// The query string that asks for the same, without its place; ends in `&` unless it is empty.
    fn link(&self) -> String {
        let pairs = [
            ("q", Some(&self.q).filter(|q| !q.is_empty())),
            ("region", self.region.as_ref()),
            ("industry", self.industry.as_ref()),
            ("kind", self.kind.as_ref()),
            ("pay", self.pay.as_ref()),
            ("couples", self.couples.as_ref()),
            ("day_shift", self.day_shift.as_ref()),
            ("no_line", self.no_line.as_ref()),
            ("hourly", self.hourly.as_ref()),
            ("days_off", self.days_off.as_ref()),
            ("meals", self.meals.as_ref()),
            ("housing", self.housing.as_ref()),
            ("no_age", self.no_age.as_ref()),
            ("sort", self.sort.as_ref()),
            ("limit", self.limit.as_ref()),
        ];
        pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}&", encode(value)))).collect()
    }
}

fn encode(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[derive(Template)]
#[template(path = "syndication/api.html")]
struct ApiPage {
    p: Page,
    origin: String,
}

pub(super) async fn show(State(s): State<Syndication>, p: Page) -> Result<Response> {
    html(&ApiPage { p, origin: s.origin().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_what_is_wrong_and_gets_the_rest_as_the_board_reads_it() {
        let some = |text: &str| Some(text.to_owned());
        let asking = Asking { region: some("330100"), meals: some("true"), couples: some("false"), limit: some("5"), ..Asking::default() };
        let (filters, limit) = asking.read().expect("right");
        assert_eq!((filters.region.as_str(), filters.meals.as_str(), filters.couples.as_str(), limit), ("330100", "1", "", 5));
        for wrong in [
            Asking { region: some("990000"), ..Asking::default() },
            Asking { kind: some(""), ..Asking::default() },
            Asking { pay: some("0"), ..Asking::default() },
            Asking { meals: some("1"), ..Asking::default() },
            Asking { sort: some("best"), ..Asking::default() },
            Asking { after: some("x"), ..Asking::default() },
            Asking { limit: some("101"), ..Asking::default() },
            Asking { q: "长".repeat(61), ..Asking::default() },
        ] {
            let said = format!("{wrong:?}");
            assert!(matches!(wrong.read(), Err(AppError::Invalid(fields)) if fields.0.len() == 1), "{said}");
        }
    }

    #[test]
    fn the_next_page_asks_for_the_same() {
        let asking = Asking { q: "电 工&".into(), limit: Some("5".into()), after: Some("1.x".into()), ..Asking::default() };
        assert_eq!(asking.link(), "q=%E7%94%B5%20%E5%B7%A5%26&limit=5&");
        assert_eq!(Asking::default().link(), "");
    }
}
