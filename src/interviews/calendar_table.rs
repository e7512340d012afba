//! The table of hours of a calendar and its list by day: where each interview stands. Pure.

use super::calendar_pages::{Span, Wanted, day_name, icon_of, weekday};
use super::{Card, State as Stage, local};
use crate::accounts::Account;
use crate::clock::iso;
use crate::i18n::Lang;
use crate::ids::AccountId;
use crate::web::Page;
use jiff::civil::Date;
use jiff::{ToSpan, tz::TimeZone};

/// What people take for a working day: rows that are there even if nothing is in them.
const WORKDAY: std::ops::RangeInclusive<i8> = 9..=17;

/// An interview as the calendar shows it.
pub(super) struct Entry {
    pub(super) card: Card,
    pub(super) from: String,
    pub(super) to: String,
    /// Day and hour in the fair's zone.
    pub(super) date: Date,
    pub(super) hour: i8,
}

impl Entry {
    pub(super) fn new(card: Card, zone: &TimeZone) -> Self {
        let at = jiff::Timestamp::from_millisecond(card.interview.starts_at).unwrap_or_default().to_zoned_datetime(zone.clone());
        let to = local(&card.interview.zone, card.interview.until(), "%H:%M");
        Self { from: at.strftime("%H:%M").to_string(), to, date: at.date(), hour: at.hour(), card }
    }

    /// A sign beside the word, because colours are not seen by all.
    pub(super) fn icon(&self) -> &'static str {
        icon_of(self.card.state.name())
    }

    /// It can be dragged to another hour.
    pub(super) fn is_movable(&self) -> bool {
        matches!(self.card.state, Stage::Booked) && self.card.interview.room_id.is_none()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.card.state, Stage::Cancelled)
    }
}

/// A column of the table.
pub(super) struct Column {
    /// Above, such as a weekday, and below, such as a day of the month; a recruiter has one line.
    pub(super) top: String,
    pub(super) name: String,
    pub(super) link: String,
    pub(super) is_today: bool,
    /// Of a day, for the strip on phones.
    pub(super) anchor: String,
    pub(super) count: usize,
}

/// A row of the table: what begins within an hour, by column, as places in the list of entries.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) is_now: bool,
    pub(super) cells: Vec<Cell>,
}

/// An hour of a column.
#[derive(Clone, Default)]
pub(super) struct Cell {
    /// When the hour begins; empty where the clocks skip it.
    pub(super) at: String,
    pub(super) entries: Vec<usize>,
}

impl Row {
    pub(super) fn is_empty(&self) -> bool {
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

/// A day of the list.
pub(super) struct ListDay {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) is_today: bool,
    pub(super) entries: Vec<usize>,
}

/// Columns and rows of a week or of a day.
pub(super) fn table(
    p: &Page,
    wanted: &Wanted,
    entries: &[Entry],
    recruiters: &[Account],
    here: &jiff::ZonedDateTime,
) -> (Vec<Column>, Vec<Row>) {
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

pub(super) fn by_day(lang: Lang, entries: &[Entry], today: Date) -> Vec<ListDay> {
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

#[cfg(test)]
mod tests {
    use super::super::interview::tests::interview;
    use super::super::zone_of;
    use super::*;
    use crate::clock::{HOUR, MINUTE, Millis};

    fn entry(after: Millis) -> Entry {
        let mut it = interview();
        it.starts_at += after;
        it.ends_at += after;
        let zone = zone_of(&it.zone);
        let now = it.starts_at - HOUR;
        Entry::new(Card::new(it, super::super::Party::Employer, now), &zone)
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
}
