//! What organisers see of all interviews of their fair: how much of what is offered is booked, by hour and employer; who does not come,
//! on which side; what is running now; the same as a table for spreadsheets.
//!
//! Figures, times and states only: who meets whom is between the two sides, and organisers see neither names nor notes.

use super::calendar_pages::{day_name, icon_of, weekday};
use super::store::calendar::{Brief, of_fair};
use super::{Interviews, Party, State as Stage, local, zone_name};
use crate::accounts::{Employer, Viewer};
use crate::clock::{Millis, iso};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::web::{BOM, Id, Page, Result, Text, csv_row, html, wants_page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/fairs/{id}/interviews", get(show)).route("/fairs/{id}/interviews.csv", get(export))
}

/// How many interviews there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    /// Times that can be booked, or were.
    offered: usize,
    /// Of these, taken and not cancelled.
    booked: usize,
    running: usize,
    done: usize,
    /// Whose time is over, by who did not come.
    seeker_missed: usize,
    employer_missed: usize,
    nobody_came: usize,
    cancelled_by_seeker: usize,
    cancelled_by_employer: usize,
    /// From the line; nobody had offered a time for them.
    walk_ins: usize,
}

impl Counts {
    fn add(&mut self, brief: &Brief, now: Millis) {
        if brief.is_walk_in() {
            self.walk_ins += 1;
            return;
        }
        let state = brief.state(now);
        match state {
            Stage::Cancelled => match brief.cancelled_by() {
                Some(Party::Employer) => self.cancelled_by_employer += 1,
                _ => self.cancelled_by_seeker += 1,
            },
            Stage::Booked => {}
            Stage::Running => self.running += 1,
            Stage::Done => self.done += 1,
            Stage::NoShow { came: Some(Party::Seeker) } => self.employer_missed += 1,
            Stage::NoShow { came: Some(Party::Employer) } => self.seeker_missed += 1,
            Stage::NoShow { came: None } => self.nobody_came += 1,
        }
        if !matches!(state, Stage::Cancelled) {
            self.booked += 1;
            self.offered += 1;
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.offered += other.offered;
        self.booked += other.booked;
        self.running += other.running;
        self.done += other.done;
        self.seeker_missed += other.seeker_missed;
        self.employer_missed += other.employer_missed;
        self.nobody_came += other.nobody_came;
        self.cancelled_by_seeker += other.cancelled_by_seeker;
        self.cancelled_by_employer += other.cancelled_by_employer;
        self.walk_ins += other.walk_ins;
        self
    }

    fn cancelled(&self) -> usize {
        self.cancelled_by_seeker + self.cancelled_by_employer
    }

    /// Those whose time is over.
    fn over(&self) -> usize {
        self.done + self.seeker_missed + self.employer_missed + self.nobody_came
    }

    /// Of a hundred whose time is over, those to which a side did not come; none of none.
    fn missed(&self, party: Party) -> Option<usize> {
        let missed = self.nobody_came + if party == Party::Seeker { self.seeker_missed } else { self.employer_missed };
        (missed * 100 + self.over() / 2).checked_div(self.over())
    }

    /// How full it is, in quarters that have begun; nothing offered is 0.
    fn quarter(&self) -> usize {
        (self.booked * 4).div_ceil(self.offered.max(1)).min(4)
    }
}

/// Day and hour in the fair's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct When {
    date: Date,
    hour: i8,
}

fn when(zone: &TimeZone, at: Millis) -> When {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(zone.clone());
    When { date: at.date(), hour: at.hour() }
}

/// Everything counted by employer, day and hour.
type Cells = BTreeMap<(EmployerId, When), Counts>;

fn count(zone: &TimeZone, briefs: &[Brief], free: &[(EmployerId, Millis)], now: Millis) -> Cells {
    let mut cells = Cells::new();
    for brief in briefs {
        cells.entry((brief.employer_id, when(zone, brief.starts_at))).or_default().add(brief, now);
    }
    for (employer, at) in free {
        cells.entry((*employer, when(zone, *at))).or_default().offered += 1;
    }
    cells
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OverviewQuery {
    day: String,
    employer: String,
}

/// An employer's figures, for what was asked.
#[derive(Serialize)]
struct Line {
    employer: EmployerId,
    name_zh: String,
    name_en: String,
    #[serde(flatten)]
    counts: Counts,
    /// By column of the table.
    #[serde(skip)]
    load: Vec<Counts>,
}

/// One interview without names.
struct Plain {
    iso: String,
    from: String,
    to: String,
    employer: String,
    state: Stage,
}

impl Plain {
    fn icon(&self) -> &'static str {
        icon_of(self.state.name())
    }
}

#[derive(Template)]
#[template(path = "interviews/overview.html")]
struct OverviewPage {
    p: Page,
    fair: Fair,
    zone: String,
    day: Option<Date>,
    employer: Option<EmployerId>,
    /// Days on which there is anything, as links show them: day, text.
    days: Vec<(Date, String)>,
    employers: Vec<(EmployerId, String)>,
    columns: Vec<String>,
    lines: Vec<Line>,
    all: Counts,
    all_load: Vec<Counts>,
    running: Vec<Plain>,
    /// The interviews of one employer on one day.
    list: Vec<Plain>,
}

impl OverviewPage {
    fn link(&self, day: Option<&Date>, employer: Option<&EmployerId>) -> String {
        let day = day.map(|d| format!("day={d}"));
        let employer = employer.map(|e| format!("employer={e}"));
        let query: Vec<String> = day.into_iter().chain(employer).collect();
        let sign = if query.is_empty() { "" } else { "?" };
        format!("/fairs/{}/interviews{sign}{}", self.fair.id, query.join("&"))
    }

    fn is_day(&self, day: &Date) -> bool {
        self.day == Some(*day)
    }

    fn chosen(&self) -> String {
        self.employer.map(|id| id.to_string()).unwrap_or_default()
    }

    fn percent(&self, n: Option<usize>) -> String {
        n.map_or_else(|| "–".into(), |n| format!("{n}%"))
    }

    fn seekers(&self, counts: &Counts) -> String {
        self.percent(counts.missed(Party::Seeker))
    }

    fn recruiters(&self, counts: &Counts) -> String {
        self.percent(counts.missed(Party::Employer))
    }

    /// An employer that does not come to every fifth of its interviews needs a call.
    fn is_high(&self, counts: &Counts) -> bool {
        counts.missed(Party::Employer).is_some_and(|n| n >= 20)
    }
}

/// What was read of a fair.
struct Read {
    fair: Fair,
    employers: Vec<Employer>,
    briefs: Vec<Brief>,
    cells: Cells,
}

impl Interviews {
    /// A fair's interviews for its organisers; for all others there is no such page.
    async fn overview(&self, viewer: &Viewer, id: FairId, now: Millis) -> Result<Read> {
        viewer.person()?;
        let fair = self.live.rooms.fairs.organised_by(viewer, id).await?;
        let employers = self.live.rooms.fairs.employers(id).await?;
        let briefs = of_fair(self.db().read(), id).await?;
        let here: BTreeSet<EmployerId> = employers.iter().map(|e| e.id).collect();
        let mut free = self.free_of_fair(&fair).await?;
        free.retain(|(employer, _)| here.contains(employer));
        let cells = count(&fair.time_zone(), &briefs, &free, now);
        Ok(Read { fair, employers, briefs, cells })
    }
}

impl Read {
    /// The figures of each employer, in the employers' order, with a column for each day, or for each hour of one.
    fn lines(&self, day: Option<Date>, only: Option<EmployerId>) -> (Vec<When>, Vec<Line>) {
        let asked = |(employer, at): &(EmployerId, When)| day.is_none_or(|d| d == at.date) && only.is_none_or(|id| id == *employer);
        let column = |at: When| if day.is_some() { at } else { When { hour: 0, ..at } };
        let busy = self.cells.iter().filter(|(key, counts)| asked(key) && counts.offered > 0);
        let columns: Vec<When> = busy.map(|((_, at), _)| column(*at)).collect::<BTreeSet<_>>().into_iter().collect();
        let mut lines: Vec<Line> = Vec::new();
        for employer in self.employers.iter().filter(|e| only.is_none_or(|id| id == e.id)) {
            let (mut counts, mut load) = (Counts::default(), vec![Counts::default(); columns.len()]);
            let first = (employer.id, When { date: Date::MIN, hour: 0 });
            for (key, cell) in self.cells.range(first..).take_while(|((id, _), _)| *id == employer.id).filter(|(key, _)| asked(key)) {
                counts = counts.and(cell);
                if let Some(place) = columns.binary_search(&column(key.1)).ok().and_then(|i| load.get_mut(i)) {
                    *place = place.and(cell);
                }
            }
            let (name_zh, name_en) = (employer.name_zh.clone(), employer.name_en.clone());
            lines.push(Line { employer: employer.id, name_zh, name_en, counts, load });
        }
        (columns, lines)
    }

    fn plain<'a>(&'a self, p: &'a Page, now: Millis, wanted: impl Fn(&Brief) -> bool + 'a) -> Vec<Plain> {
        let name = |id| self.employers.iter().find(|e| e.id == id).map(|e| p.pick(&e.name_zh, &e.name_en).to_owned()).unwrap_or_default();
        let clock = |at| local(&self.fair.zone, at, "%H:%M");
        let plain = |b: &Brief| Plain {
            iso: iso(b.starts_at),
            from: clock(b.starts_at),
            to: clock(b.until()),
            employer: name(b.employer_id),
            state: b.state(now),
        };
        self.briefs.iter().filter(|b| wanted(b)).map(plain).collect()
    }
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<FairId>,
    Query(query): Query<OverviewQuery>,
) -> Result<Response> {
    let now = all.now();
    let read = all.overview(&viewer, id, now).await?;
    let day = Date::strptime("%Y-%m-%d", &query.day).ok();
    let employer = query.employer.parse().ok().filter(|id| read.employers.iter().any(|e| e.id == *id));
    let (columns, lines) = read.lines(day, employer);
    if !wants_page(&headers) {
        return Ok(([(header::CACHE_CONTROL, "no-store")], Json(lines)).into_response());
    }
    let (lang, zone) = (p.language(), read.fair.time_zone());
    let names: Vec<String> =
        columns.iter().map(|at| if day.is_some() { format!("{:02}:00", at.hour) } else { day_name(lang, at.date) }).collect();
    let sum = |counts: &mut dyn Iterator<Item = &Counts>| counts.fold(Counts::default(), |sum, c| sum.and(c));
    let dates: BTreeSet<Date> = read.cells.keys().map(|(_, at)| at.date).chain(day).collect();
    let running = read.plain(&p, now, |b| matches!(b.state(now), Stage::Running));
    let list = match (day, employer) {
        (Some(day), Some(id)) => read.plain(&p, now, move |b| b.employer_id == id && when(&zone, b.starts_at).date == day),
        _ => Vec::new(),
    };
    html(&OverviewPage {
        zone: zone_name(&read.fair.zone, now, lang),
        day,
        employer,
        days: dates.into_iter().map(|d| (d, format!("{} {}", day_name(lang, d), p.t(weekday(d).0)))).collect(),
        employers: read.employers.iter().map(|e| (e.id, p.pick(&e.name_zh, &e.name_en).to_owned())).collect(),
        all: sum(&mut lines.iter().map(|l| &l.counts)),
        all_load: (0..names.len()).map(|i| sum(&mut lines.iter().filter_map(|l| l.load.get(i)))).collect(),
        columns: names,
        lines,
        running,
        list,
        p,
        fair: read.fair,
    })
}

const COLUMNS: [Text; 14] = [
    Text("agenda-column-employer"),
    Text("agenda-column-day"),
    Text("agenda-column-hour"),
    Text("agenda-column-offered"),
    Text("agenda-column-booked"),
    Text("agenda-column-running"),
    Text("agenda-column-done"),
    Text("agenda-column-seeker-missed"),
    Text("agenda-column-employer-missed"),
    Text("agenda-column-nobody"),
    Text("agenda-column-cancelled-seeker"),
    Text("agenda-column-cancelled-employer"),
    Text("agenda-column-walk-ins"),
    Text("agenda-column-id"),
];

async fn export(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    let now = all.now();
    let read = all.overview(&viewer, id, now).await?;
    let detail = format!("interviews={}", read.briefs.len());
    all.accounts().audit(viewer.person()?.id, "interview.export", &id.to_string(), Some(id), "", &detail).await?;
    let time = read.fair.local(&now).replace(' ', "-").replace(':', "");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"interviews-{time}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, table(&read, p.language())).into_response())
}

/// A row for each employer and hour with anything in it.
fn table(read: &Read, lang: Lang) -> String {
    let mut text = format!("{BOM}{}", csv_row(&COLUMNS.map(|key| lang.t(key.0))));
    for ((id, at), counts) in &read.cells {
        let name = read.employers.iter().find(|e| e.id == *id);
        let name = name.map(|e| lang.pick(&e.name_zh, &e.name_en).to_owned());
        let numbers = [
            counts.offered,
            counts.booked,
            counts.running,
            counts.done,
            counts.seeker_missed,
            counts.employer_missed,
            counts.nobody_came,
            counts.cancelled_by_seeker,
            counts.cancelled_by_employer,
            counts.walk_ins,
        ];
        let head = [name.unwrap_or_default(), at.date.to_string(), format!("{:02}:00", at.hour)];
        text.push_str(&csv_row(&head.into_iter().chain(numbers.map(|n| n.to_string())).chain([id.to_string()]).collect::<Vec<_>>()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(done: usize, seeker: usize, employer: usize, nobody: usize) -> Counts {
        Counts { done, seeker_missed: seeker, employer_missed: employer, nobody_came: nobody, ..Counts::default() }
    }

    #[test]
    fn rates_are_of_those_whose_time_is_over() {
        let c = counts(6, 2, 1, 1);
        assert_eq!((c.missed(Party::Seeker), c.missed(Party::Employer)), (Some(30), Some(20)));
        assert_eq!(counts(0, 0, 0, 0).missed(Party::Seeker), None, "nothing is over yet");
        assert_eq!(counts(2, 1, 0, 0).missed(Party::Seeker), Some(33));
        assert_eq!(counts(1, 2, 0, 0).missed(Party::Seeker), Some(67));
    }

    #[test]
    fn an_hour_is_full_only_when_all_is_taken() {
        let load = |booked, offered| Counts { booked, offered, ..Counts::default() }.quarter();
        assert_eq!([load(0, 0), load(0, 4), load(1, 100), load(1, 4), load(2, 4), load(3, 4), load(4, 4)], [0, 0, 1, 1, 2, 3, 4]);
    }
}
