//! The calendar of an employer's interviews: a week or a day as a table of hours, and the same as a list by day for phones.
//!
//! The table is in the fair's zone, whoever looks on from wherever; a script adds the viewer's own time to each interview where the
//! clocks differ. A week has a column for each day, a day one for each recruiter.

use super::calendar_table::{Column, Entry, ListDay, Row, by_day, table};
use super::claim_pages::ClaimCard;
use super::pages::json;
use super::store::calendar::{Within, within};
use super::{Card, Interviews, day_bounds, zone_name, zone_of};
use crate::accounts::{Employer, Viewer};
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, PostingId};
use crate::web::{AppError, Id, Page, Result, Text, html, wants_page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::{ToSpan, tz::TimeZone};
use serde::Deserialize;

/// More than a large employer holds in a week; what is beyond is said, not cut unseen.
const MOST: usize = 2_000;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/employers/{id}/interviews", get(show))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Week,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CalendarQuery {
    view: String,
    day: String,
    recruiter: String,
    posting: String,
    cancelled: String,
}

/// What somebody wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) employer: EmployerId,
    pub(super) span: Span,
    pub(super) day: Date,
    pub(super) recruiter: Option<AccountId>,
    pub(super) posting: Option<PostingId>,
    pub(super) cancelled: bool,
}

impl Wanted {
    /// Whatever cannot be understood is as if it were not there.
    fn read(employer: EmployerId, query: &CalendarQuery, today: Date) -> Self {
        Self {
            employer,
            span: if query.view == "day" { Span::Day } else { Span::Week },
            day: Date::strptime("%Y-%m-%d", &query.day).unwrap_or(today),
            recruiter: query.recruiter.parse().ok(),
            posting: query.posting.parse().ok(),
            cancelled: query.cancelled == "1",
        }
    }

    pub(super) fn link(&self) -> String {
        let view = if self.span == Span::Day { "day" } else { "week" };
        let mut link = format!("/employers/{}/interviews?view={view}&day={}", self.employer, self.day);
        if let Some(id) = self.recruiter {
            link.push_str(&format!("&recruiter={id}"));
        }
        if let Some(id) = self.posting {
            link.push_str(&format!("&posting={id}"));
        }
        if self.cancelled {
            link.push_str("&cancelled=1");
        }
        link
    }

    /// The first day and how many there are; a week begins on Monday.
    pub(super) fn days(&self) -> (Date, i32) {
        match self.span {
            Span::Day => (self.day, 1),
            Span::Week => (self.day.saturating_sub(i64::from(self.day.weekday().to_monday_zero_offset()).days()), 7),
        }
    }

    /// The same a whole view earlier or later.
    fn moved(self, by: i32) -> Self {
        let (_, length) = self.days();
        Self { day: self.day.saturating_add((by * length).days()), ..self }
    }
}

/// The sign of a state, by its name.
pub(super) fn icon_of(state: &str) -> &'static str {
    match state {
        "booked" => "calendar",
        "running" => "live",
        "done" => "check",
        "no-show" => "warning",
        "cancelled" => "close",
        "declined" => "ban",
        "invited" => "mail",
        "proposed" => "reply",
        _ => "clock",
    }
}

pub(super) fn weekday(date: Date) -> Text {
    crate::schedule::weekday(date.weekday().to_monday_one_offset())
}

fn month(lang: Lang, date: Date) -> String {
    match lang {
        Lang::Zh => format!("{}月", date.month()),
        Lang::En => date.strftime("%b").to_string(),
    }
}

/// Such as 2月20日 or 20 Feb.
pub(super) fn day_name(lang: Lang, date: Date) -> String {
    lang.t2("agenda-date", "month", month(lang, date), "day", date.day().to_string())
}

/// From the first to the last day, with the year.
fn range_name(lang: Lang, from: Date, to: Date) -> String {
    let first = day_name(lang, from);
    let whole = if from == to {
        first
    } else if from.month() == to.month() {
        lang.t3("agenda-days", "month", month(lang, from), "from", from.day().to_string(), "to", to.day().to_string())
    } else {
        format!("{first}–{}", day_name(lang, to))
    };
    lang.t2("agenda-of-year", "year", to.year().to_string(), "days", whole)
}

#[derive(Template)]
#[template(path = "interviews/week.html")]
struct CalendarPage {
    p: Page,
    employer: Employer,
    wanted: Wanted,
    range: String,
    zone: String,
    zone_name: String,
    today: Wanted,
    entries: Vec<Entry>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    days: Vec<ListDay>,
    recruiters: Vec<(AccountId, String)>,
    postings: Vec<(PostingId, String)>,
    /// Cancelled ones that are not shown.
    hidden: usize,
    /// There are more than can be shown.
    cut: bool,
    /// Invitations and proposals that wait for an answer.
    claims: Vec<ClaimCard>,
}

impl CalendarPage {
    fn entry(&self, n: &usize) -> &Entry {
        &self.entries[*n]
    }

    fn is_week(&self) -> bool {
        self.wanted.span == Span::Week
    }

    fn as_week(&self) -> String {
        Wanted { span: Span::Week, ..self.wanted }.link()
    }

    fn as_day(&self) -> String {
        Wanted { span: Span::Day, ..self.wanted }.link()
    }

    fn with_cancelled(&self) -> String {
        Wanted { cancelled: !self.wanted.cancelled, ..self.wanted }.link()
    }

    fn without_filters(&self) -> String {
        Wanted { recruiter: None, posting: None, ..self.wanted }.link()
    }

    fn is_filtered(&self) -> bool {
        self.wanted.recruiter.is_some() || self.wanted.posting.is_some()
    }

    fn recruiter(&self) -> String {
        self.wanted.recruiter.map(|id| id.to_string()).unwrap_or_default()
    }

    fn posting(&self) -> String {
        self.wanted.posting.map(|id| id.to_string()).unwrap_or_default()
    }

    /// How many there are in each state, the most telling first.
    fn counts(&self) -> Vec<(&'static str, &'static str, usize)> {
        let mut counts: Vec<(&'static str, &'static str, usize)> = Vec::new();
        for entry in &self.entries {
            let state = entry.card.state;
            match counts.iter_mut().find(|(name, ..)| *name == state.name()) {
                Some((.., n)) => *n += 1,
                None => counts.push((state.name(), state.text(), 1)),
            }
        }
        counts
    }
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    Query(query): Query<CalendarQuery>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    let (fairs, now) = (all.live.rooms.fairs.of_employer(id).await?, all.now());
    let zone = fairs.iter().find(|f| f.state.is_active()).or(fairs.first()).map_or("UTC", |f| &f.zone);
    let here = jiff::Timestamp::from_millisecond(now)?.to_zoned_datetime(zone_of(zone));
    let wanted = Wanted::read(id, &query, here.date());
    let (cards, cut) = all.calendar(&wanted, &zone_of(zone)).await?;
    if !wants_page(&headers) {
        return Ok(Json(cards.iter().map(|c| json(&c.interview, now)).collect::<Vec<_>>()).into_response());
    }
    let recruiters = all.accounts().recruiters_of(id).await?;
    let postings = all.postings.of_employer(id).await?;
    let claims = all.open_claims_of(&viewer, id).await?;
    let (total, mut entries): (usize, Vec<Entry>) = (cards.len(), cards.into_iter().map(|c| Entry::new(c, &zone_of(zone))).collect());
    entries.retain(|e| wanted.cancelled || !e.is_cancelled());
    let (columns, rows) = table(&p, &wanted, &entries, &recruiters, &here);
    let (first, length) = wanted.days();
    html(&CalendarPage {
        range: range_name(p.language(), first, first.saturating_add((length - 1).days())),
        zone: zone.to_owned(),
        zone_name: zone_name(zone, now, p.language()),
        today: Wanted { day: here.date(), ..wanted },
        days: by_day(p.language(), &entries, here.date()),
        recruiters: recruiters.into_iter().map(|a| (a.id, a.name)).collect(),
        postings: postings.into_iter().map(|posting| (posting.id, posting.content.title(p.language()).to_owned())).collect(),
        hidden: total - entries.len(),
        p,
        employer,
        wanted,
        entries,
        columns,
        rows,
        cut,
        claims,
    })
}

impl Interviews {
    /// What the calendar shows, and whether there is more.
    async fn calendar(&self, wanted: &Wanted, zone: &TimeZone) -> Result<(Vec<Card>, bool)> {
        let (first, length) = wanted.days();
        let start = |date| day_bounds(zone, date).map(|(start, _)| start).ok_or(AppError::NotFound);
        let (from, to): (Millis, Millis) = (start(first)?, start(first.saturating_add(length.days()))?);
        let range = Within { employer: wanted.employer, from, to, recruiter: wanted.recruiter, posting: wanted.posting };
        let now = self.now();
        let mut all = within(self.db().read(), &range, MOST as i64 + 1).await?;
        let cut = all.len() > MOST;
        all.truncate(MOST);
        Ok((all.into_iter().map(|interview| Card::new(interview, super::Party::Employer, now)).collect(), cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(span: Span, day: Date) -> Wanted {
        Wanted { employer: EmployerId::new(), span, day, recruiter: None, posting: None, cancelled: false }
    }

    #[test]
    fn a_week_begins_on_monday_and_moves_by_seven_days() {
        let saturday = jiff::civil::date(2027, 2, 20);
        let week = wanted(Span::Week, saturday);
        assert_eq!(week.days(), (jiff::civil::date(2027, 2, 15), 7));
        assert_eq!(week.moved(1).days().0, jiff::civil::date(2027, 2, 22));
        assert_eq!(week.moved(-1).moved(1), week);
        assert_eq!(wanted(Span::Day, saturday).moved(-1).days(), (jiff::civil::date(2027, 2, 19), 1));
        assert_eq!(wanted(Span::Week, Date::MAX).moved(1).days().1, 7, "the end of time is no panic");
        assert_eq!(wanted(Span::Week, Date::MIN).moved(-1).days().1, 7);
    }

    #[test]
    fn what_cannot_be_understood_is_left_out_of_a_question() {
        let today = jiff::civil::date(2027, 2, 20);
        let employer = EmployerId::new();
        let odd = CalendarQuery {
            view: "year".into(),
            day: "2027-02-31".into(),
            recruiter: "x".into(),
            posting: "' OR 1".into(),
            cancelled: "yes".into(),
        };
        let read = Wanted::read(employer, &odd, today);
        assert_eq!(read, Wanted { employer, ..wanted(Span::Week, today) });
        let whole = Wanted { recruiter: Some(AccountId::new()), posting: Some(PostingId::new()), cancelled: true, ..read };
        let link = whole.link();
        let query: CalendarQuery = serde_urlencoded_like(link.split_once('?').expect("query").1);
        assert_eq!(Wanted::read(employer, &query, Date::MIN), whole, "a link comes back as what it was made of");
    }

    fn serde_urlencoded_like(query: &str) -> CalendarQuery {
        let get = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or("").to_owned();
        CalendarQuery {
            view: get("view"),
            day: get("day"),
            recruiter: get("recruiter"),
            posting: get("posting"),
            cancelled: get("cancelled"),
        }
    }

    #[test]
    fn ranges_read_as_people_write_them() {
        let (a, b, c) = (jiff::civil::date(2027, 2, 15), jiff::civil::date(2027, 2, 21), jiff::civil::date(2027, 3, 7));
        assert_eq!(range_name(Lang::Zh, a, b), "2027年2月15–21日");
        assert_eq!(range_name(Lang::Zh, a, a), "2027年2月15日");
        assert_eq!(range_name(Lang::Zh, a, c), "2027年2月15日–3月7日");
        assert_eq!(range_name(Lang::En, a, b), "15–21 Feb 2027");
        assert_eq!(range_name(Lang::En, a, c), "15 Feb–7 Mar 2027");
    }
}
