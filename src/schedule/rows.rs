//! The forms of plans as rows on a page: what was typed by weekday and by date, the weekly hours in words, the slots that come of it. Pure.

use super::form::cell;
use super::{Open, Plan, PlanForm};
use crate::clock::iso;
use crate::i18n::Lang;
use crate::web::Text;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How many days with something in them a preview shows.
const SHOWN: usize = 7;

/// The name of a day of the week, from 1 for Monday.
pub fn weekday(day: i8) -> Text {
    match day {
        1 => Text("agenda-monday"),
        2 => Text("agenda-tuesday"),
        3 => Text("agenda-wednesday"),
        4 => Text("agenda-thursday"),
        5 => Text("agenda-friday"),
        6 => Text("agenda-saturday"),
        _ => Text("agenda-sunday"),
    }
}

/// A date with its day of the week.
pub(super) fn date_name(lang: Lang, date: Date) -> String {
    let day = lang.t2("plans-date", "month", date.month().to_string(), "day", date.day().to_string());
    format!("{day} {}", lang.t(weekday(date.weekday().to_monday_one_offset()).0))
}

/// A stretch of a weekday as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) who: String,
}

impl Range {
    /// The row of three columns: from, to and for whom.
    fn typed([from, to, who]: [&[String]; 3], row: usize) -> Self {
        let text = |column| cell(column, row).to_owned();
        Self { from: text(from), to: text(to), who: text(who) }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.from.is_empty() && self.to.is_empty()
    }

    /// Times are typed as `09:30`, so that their order is that of the text; midnight ends a day.
    pub(super) fn is_wrong(&self) -> bool {
        let time = |text: &str| jiff::civil::Time::strptime("%H:%M", text).is_ok() || text == "24:00";
        !self.is_blank() && !(time(&self.from) && time(&self.to) && (self.from < self.to || self.to == "00:00"))
    }
}

pub(super) struct Weekday {
    pub(super) n: i8,
    pub(super) name: Text,
    pub(super) ranges: Vec<Range>,
}

/// The rows of a form by weekday. What holds for everybody of the plan alike is one row, for everybody.
pub(super) fn weekdays(form: &PlanForm) -> Vec<Weekday> {
    let mut days: Vec<Weekday> = (1..=7).map(|n| Weekday { n, name: weekday(n), ranges: Vec::new() }).collect();
    for row in 0..form.from.len().max(form.to.len()) {
        let range = Range::typed([&form.from, &form.to, &form.who], row);
        for n in super::form::weekdays(cell(&form.weekday, row)).into_iter().filter(|_| !range.is_blank()) {
            if let Some(day) = usize::try_from(n - 1).ok().and_then(|i| days.get_mut(i)) {
                day.ranges.push(range.clone());
            }
        }
    }
    let people: Vec<&String> = form.person.iter().filter(|p| !p.is_empty()).collect();
    for day in &mut days {
        let all = std::mem::take(&mut day.ranges);
        let alike = |a: &Range, b: &Range| (&a.from, &a.to) == (&b.from, &b.to);
        for range in &all {
            let everybody = !people.is_empty() && people.iter().all(|p| all.iter().any(|r| alike(r, range) && r.who == **p));
            let kept = if everybody { Range { who: String::new(), ..range.clone() } } else { range.clone() };
            if !day.ranges.contains(&kept) {
                day.ranges.push(kept);
            }
        }
        day.ranges.sort_by(|a, b| (&a.from, &a.who).cmp(&(&b.from, &b.who)));
    }
    days
}

/// The weekly hours in words, such as `周一–周五 09:00–12:00 14:00–17:00`.
pub(super) fn summary(plan: &Plan, lang: Lang) -> Vec<String> {
    let clock = super::clock_time;
    let of_day = |n: i8| {
        let mut times: Vec<String> =
            plan.hours.iter().filter(|h| h.weekday == n).map(|h| format!("{}–{}", clock(h.from), clock(h.to))).collect();
        times.sort();
        times.dedup();
        times.join(" ")
    };
    let mut runs: Vec<(i8, i8, String)> = Vec::new();
    for (n, times) in (1..=7).map(|n| (n, of_day(n))).filter(|(_, times)| !times.is_empty()) {
        match runs.last_mut().filter(|(_, last, same)| *last == n - 1 && *same == times) {
            Some((_, last, _)) => *last = n,
            None => runs.push((n, n, times)),
        }
    }
    let name = |n| lang.t(weekday(n).0);
    runs.iter()
        .map(|(a, b, times)| if a == b { format!("{} {times}", name(*a)) } else { format!("{}–{} {times}", name(*a), name(*b)) })
        .collect()
}

/// A date that is an exception, as typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptional {
    pub(super) day: String,
    pub(super) opens: bool,
    pub(super) range: Range,
}

pub(super) fn exceptions(form: &PlanForm) -> Vec<Exceptional> {
    let whole =
        |r: Range| if (r.from.as_str(), r.to.as_str()) == ("00:00", "24:00") { Range { who: r.who, ..Range::default() } } else { r };
    let row = |n| Exceptional {
        day: cell(&form.except_day, n).to_owned(),
        opens: cell(&form.except_kind, n) == "open",
        range: whole(Range::typed([&form.except_from, &form.except_to, &form.except_who], n)),
    };
    (0..form.except_day.len()).map(row).filter(|e| !e.day.is_empty()).collect()
}

/// The slots of a plan on some days.
pub(super) struct Preview {
    pub(super) total: usize,
    pub(super) days: Vec<(String, Vec<(String, String)>)>,
    pub(super) more: usize,
}

impl Preview {
    pub(super) fn of(slots: &[Open], zone: &TimeZone, lang: Lang) -> Self {
        let mut days: Vec<(Date, Vec<(String, String)>)> = Vec::new();
        for slot in slots {
            let at = jiff::Timestamp::from_millisecond(slot.start).unwrap_or_default().to_zoned_datetime(zone.clone());
            let time = (iso(slot.start), at.strftime("%H:%M").to_string());
            match days.last_mut().filter(|(date, _)| *date == at.date()) {
                Some((_, times)) => times.push(time),
                None => days.push((at.date(), vec![time])),
            }
        }
        let more = days.len().saturating_sub(SHOWN);
        days.truncate(SHOWN);
        Self { total: slots.len(), days: days.into_iter().map(|(date, times)| (date_name(lang, date), times)).collect(), more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(rows: &[(&str, &str, &str, &str)], people: &[&str]) -> PlanForm {
        let column = |pick: fn(&(&str, &str, &str, &str)) -> String| rows.iter().map(pick).collect();
        PlanForm {
            weekday: column(|r| r.0.into()),
            from: column(|r| r.1.into()),
            to: column(|r| r.2.into()),
            who: column(|r| r.3.into()),
            person: people.iter().map(|p| (*p).to_owned()).collect(),
            ..PlanForm::default()
        }
    }

    #[test]
    fn what_holds_for_everybody_is_one_row_and_what_does_not_stays() {
        let typed = form(
            &[("1-2", "09:00", "12:00", "a"), ("1", "09:00", "12:00", "b"), ("1", "", "", ""), ("7", "20:00", "19:00", "")],
            &["a", "b"],
        );
        let days = weekdays(&typed);
        assert_eq!(days[0].ranges, [Range { from: "09:00".into(), to: "12:00".into(), who: String::new() }]);
        assert_eq!(days[1].ranges, [Range { from: "09:00".into(), to: "12:00".into(), who: "a".into() }]);
        assert!(days[6].ranges[0].is_wrong() && !days[0].ranges[0].is_wrong(), "the end is before the start");
        assert!(days[2].ranges.is_empty());
    }

    #[test]
    fn a_stretch_may_end_at_midnight_and_half_of_one_is_wrong() {
        let range = |from: &str, to: &str| Range { from: from.into(), to: to.into(), who: String::new() };
        assert!(!range("20:00", "00:00").is_wrong() && !range("", "").is_wrong() && !range("09:00", "24:00").is_wrong());
        assert!(range("09:00", "").is_wrong() && range("9 Uhr", "10:00").is_wrong() && range("09:00", "09:00").is_wrong());
    }
}
