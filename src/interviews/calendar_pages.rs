//! The calendar of an employer's interviews: a week or a day as a table of hours, and the same as a list by day for phones.
//!
//! The table is in the fair's zone, whoever looks on from wherever; a script adds the viewer's own time to each interview where the
//! clocks differ. A week has a column for each day, a day one for each recruiter.

use super::claim_pages::ClaimCard;
use super::pages::json;
use super::store::calendar::{Within, within};
use super::{Card, Interviews, State as Stage, day_bounds, local, zone_name, zone_of};
use crate::accounts::{Account, Employer, Viewer};
use crate::clock::{Millis, iso};
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
/// What people take for a working day: rows that are there even if nothing is in them.
const WORKDAY: std::ops::RangeInclusive<i8> = 9..=17;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/employers/{id}/interviews", get(show))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
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
struct Wanted {
    employer: EmployerId,
    span: Span,
    day: Date,
    recruiter: Option<AccountId>,
    posting: Option<PostingId>,
    cancelled: bool,
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

    fn link(&self) -> String {
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
    fn days(&self) -> (Date, i32) {
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

/// An interview as the calendar shows it.
struct Entry {
    card: Card,
    from: String,
    to: String,
    /// Day and hour in the fair's zone.
    date: Date,
    hour: i8,
}

impl Entry {
    fn new(card: Card, zone: &TimeZone) -> Self {
        let at = jiff::Timestamp::from_millisecond(card.interview.starts_at).unwrap_or_default().to_zoned_datetime(zone.clone());
        let to = local(&card.interview.zone, card.interview.until(), "%H:%M");
        Self { from: at.strftime("%H:%M").to_string(), to, date: at.date(), hour: at.hour(), card }
    }

    /// A sign beside the word, because colours are not seen by all.
    fn icon(&self) -> &'static str {
        icon_of(self.card.state.name())
    }

    /// It can be dragged to another hour.
    fn is_movable(&self) -> bool {
        matches!(self.card.state, Stage::Booked) && self.card.interview.room_id.is_none()
    }

    fn is_cancelled(&self) -> bool {
        matches!(self.card.state, Stage::Cancelled)
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

/// A column of the table.
struct Column {
    /// Above, such as a weekday, and below, such as a day of the month; a recruiter has one line.
    top: String,
    name: String,
    link: String,
    is_today: bool,
    /// Of a day, for the strip on phones.
    anchor: String,
    count: usize,
}

/// A row of the table: what begins within an hour, by column, as places in the list of entries.
struct Row {
    name: String,
    is_now: bool,
    cells: Vec<Cell>,
}

/// An hour of a column.
#[derive(Clone, Default)]
struct Cell {
    /// When the hour begins; empty where the clocks skip it.
    at: String,
    entries: Vec<usize>,
}

impl Row {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.entries.is_empty())
    }
}

/// The hours of a working day and all others in which something begins; `column` says where an entry belongs.
fn rows(entries: &[Entry], columns: &[Date], zone: &TimeZone, now: Option<i8>, column: impl Fn(&Entry) -> Option<usize>) -> Vec<Row> {
    let hours = || entries.iter().map(|e| e.hour);
    let first = hours().chain([*WORKDAY.start()]).min().unwrap_or(0);
    let last = hours().chain([*WORKDAY.end()]).max().unwrap_or(23);
    let at = |date: &Date, hour| {
        date.at(hour, 0, 0, 0).to_zoned_datetime(zone.clone()).map(|z| iso(z.timestamp().as_millisecond())).unwrap_or_default()
    };
    let cells = |hour| columns.iter().map(|date| Cell { at: at(date, hour), entries: Vec::new() }).collect();
    let mut rows: Vec<Row> =
        (first..=last).map(|hour| Row { name: format!("{hour:02}:00"), is_now: now == Some(hour), cells: cells(hour) }).collect();
    for (n, entry) in entries.iter().enumerate() {
        let row = usize::try_from(entry.hour - first).ok().and_then(|i| rows.get_mut(i));
        if let Some(cell) = row.zip(column(entry)).and_then(|(row, i)| row.cells.get_mut(i)) {
            cell.entries.push(n);
        }
    }
    rows
}

pub(super) fn weekday(date: Date) -> Text {
    match date.weekday() {
        jiff::civil::Weekday::Monday => Text("agenda-monday"),
        jiff::civil::Weekday::Tuesday => Text("agenda-tuesday"),
        jiff::civil::Weekday::Wednesday => Text("agenda-wednesday"),
        jiff::civil::Weekday::Thursday => Text("agenda-thursday"),
        jiff::civil::Weekday::Friday => Text("agenda-friday"),
        jiff::civil::Weekday::Saturday => Text("agenda-saturday"),
        jiff::civil::Weekday::Sunday => Text("agenda-sunday"),
    }
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

/// A day of the list.
struct ListDay {
    name: String,
    anchor: String,
    is_today: bool,
    entries: Vec<usize>,
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

/// Columns and rows of a week or of a day.
fn table(p: &Page, wanted: &Wanted, entries: &[Entry], recruiters: &[Account], here: &jiff::ZonedDateTime) -> (Vec<Column>, Vec<Row>) {
    let (first, length) = wanted.days();
    let dates: Vec<Date> = (0..length).map(|n| first.saturating_add(n.days())).collect();
    let hour = dates.contains(&here.date()).then(|| here.hour());
    if wanted.span == Span::Week {
        let column = |date: &Date| Column {
            top: p.t(weekday(*date).0),
            name: date.day().to_string(),
            link: Wanted { span: Span::Day, day: *date, ..*wanted }.link(),
            is_today: *date == here.date(),
            anchor: format!("on-{date}"),
            count: entries.iter().filter(|e| e.date == *date).count(),
        };
        let rows = rows(entries, &dates, &here.time_zone().clone(), hour, |e| dates.iter().position(|date| *date == e.date));
        return (dates.iter().map(column).collect(), rows);
    }
    // Whoever has something that day; colleagues who left are among them.
    let mut people: Vec<(AccountId, &str)> = recruiters.iter().map(|a| (a.id, a.name.as_str())).collect();
    for entry in entries {
        let it = &entry.card.interview;
        if !people.iter().any(|(id, _)| *id == it.recruiter_id) {
            people.push((it.recruiter_id, &it.recruiter_name));
        }
    }
    people.retain(|(id, _)| wanted.recruiter.is_none_or(|r| r == *id) || entries.iter().any(|e| e.card.interview.recruiter_id == *id));
    let column = |(id, name): &(AccountId, &str)| Column {
        top: String::new(),
        name: (*name).to_owned(),
        link: Wanted { recruiter: Some(*id), ..*wanted }.link(),
        is_today: false,
        anchor: String::new(),
        count: entries.iter().filter(|e| e.card.interview.recruiter_id == *id).count(),
    };
    let rows = rows(entries, &vec![wanted.day; people.len()], &here.time_zone().clone(), hour, |e| {
        people.iter().position(|(id, _)| *id == e.card.interview.recruiter_id)
    });
    (people.iter().map(column).collect(), rows)
}

fn by_day(lang: Lang, entries: &[Entry], today: Date) -> Vec<ListDay> {
    let mut days: Vec<ListDay> = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        let anchor = format!("on-{}", entry.date);
        match days.last_mut().filter(|day| day.anchor == anchor) {
            Some(day) => day.entries.push(n),
            None => {
                let name = format!("{} {}", day_name(lang, entry.date), lang.t(weekday(entry.date).0));
                days.push(ListDay { name, anchor, is_today: entry.date == today, entries: vec![n] });
            }
        }
    }
    days
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
    use super::super::interview::tests::interview;
    use super::*;
    use crate::clock::{HOUR, MINUTE};

    fn wanted(span: Span, day: Date) -> Wanted {
        Wanted { employer: EmployerId::new(), span, day, recruiter: None, posting: None, cancelled: false }
    }

    fn entry(after: Millis) -> Entry {
        let mut it = interview();
        it.starts_at += after;
        it.ends_at += after;
        let zone = zone_of(&it.zone);
        let now = it.starts_at - HOUR;
        Entry::new(Card::new(it, super::super::Party::Employer, now), &zone)
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
    fn every_interview_stands_in_one_cell_whatever_the_hour() {
        let entries: Vec<Entry> = [-5 * HOUR, 0, 15 * MINUTE, 12 * HOUR].map(entry).into();
        let rows = rows(&entries, &[jiff::civil::date(2027, 2, 20)], &zone_of("Asia/Shanghai"), Some(10), |_| Some(0));
        assert_eq!((rows.first().map(|r| r.name.as_str()), rows.last().map(|r| r.name.as_str())), (Some("05:00"), Some("22:00")));
        let mut placed: Vec<usize> = rows.iter().flat_map(|r| r.cells.iter().flat_map(|c| c.entries.iter().copied())).collect();
        placed.sort_unstable();
        assert_eq!(placed, [0, 1, 2, 3]);
        assert_eq!(rows.iter().filter(|r| r.is_now).map(|r| r.name.as_str()).collect::<Vec<_>>(), ["10:00"]);
        assert_eq!(
            rows.iter().find(|r| r.name == "10:00").map(|r| (r.cells[0].entries.len(), r.cells[0].at.as_str())),
            Some((2, "2027-02-20T02:00:00Z"))
        );
    }

    #[test]
    fn an_empty_week_still_shows_the_hours_of_a_working_day() {
        let rows = rows(&[], &[Date::MIN; 7], &TimeZone::UTC, None, |_| None);
        assert_eq!((rows.len(), rows.iter().all(Row::is_empty)), (9, true));
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
