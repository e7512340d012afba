//! The form of an offer: every field as typed, so that a wrong one comes back as it was with a message beside it. Pure.

use super::Offer;
use crate::clock::{DAY, Millis};
use crate::i18n::Lang;
use crate::postings::{Content, PayUnit, money};
use crate::web::{Fields, Text};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// In yuan; a slip of the finger is caught.
const MOST_PAY: f64 = 10_000_000.0;
/// Who plans further ahead makes an offer later.
const FURTHEST: i64 = 366;
/// What is told after so many days is no longer an answer.
const LONGEST_ANSWER: i64 = 60;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OfferForm {
    /// The newest version that was seen; 0 if there was none.
    pub(super) seen: String,
    pub(super) pay: String,
    pub(super) pay_unit: String,
    pub(super) starts_on: String,
    pub(super) report_on: String,
    pub(super) place: String,
    /// The last day for an answer, in the fair's zone.
    pub(super) answer_by: String,
    pub(super) bring: String,
    pub(super) text: String,
}

/// The form as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) seen: i64,
    pub(super) pay: i64,
    pub(super) pay_unit: PayUnit,
    pub(super) starts_on: String,
    pub(super) report_on: String,
    pub(super) place: String,
    pub(super) answer_by: Millis,
    pub(super) bring: String,
    pub(super) text: String,
}

fn day_of(at: Millis, zone: &TimeZone) -> Date {
    jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned_datetime(zone.clone()).date()
}

/// The last moment of a day.
fn end_of(day: Date, zone: &TimeZone) -> Option<Millis> {
    let next = day.tomorrow().ok()?.to_datetime(jiff::civil::Time::MIN);
    Some(zone.to_ambiguous_timestamp(next).compatible().ok()?.as_millisecond() - 1)
}

fn yuan(fen: i64) -> String {
    if fen == 0 { String::new() } else { money(fen, Lang::Zh) }
}

impl OfferForm {
    /// What is true of most: the pay and place of the posting, three days for an answer, a week until the start.
    pub(super) fn fresh(content: &Content, lang: Lang, now: Millis, zone: &TimeZone) -> Self {
        let day = |days: i64| day_of(now + days * DAY, zone).to_string();
        Self {
            seen: "0".into(),
            pay: yuan(content.pay_min),
            pay_unit: content.pay_unit.name().into(),
            starts_on: day(8),
            report_on: day(7),
            place: content.place(lang),
            answer_by: day(3),
            ..Self::default()
        }
    }

    /// The terms of the version before, to be revised.
    pub(super) fn of(offer: &Offer, now: Millis, zone: &TimeZone) -> Self {
        let answer_by = if offer.answer_by > now { offer.answer_by } else { now + 3 * DAY };
        Self {
            seen: offer.version.to_string(),
            pay: yuan(offer.pay),
            pay_unit: offer.pay_unit.name().into(),
            starts_on: offer.starts_on.clone(),
            report_on: offer.report_on.clone(),
            place: offer.place.clone(),
            answer_by: day_of(answer_by, zone).to_string(),
            bring: offer.bring.clone(),
            text: offer.text.clone(),
        }
    }

    pub(super) fn read(&self, now: Millis, zone: &TimeZone) -> Result<Terms, Fields> {
        let mut f = Fields::default();
        let pay = self.pay.replace([',', '，', ' '], "").parse::<f64>().ok().filter(|n| *n >= 1.0 && *n <= MOST_PAY);
        if pay.is_none() {
            f.add("pay", Text("offers-wrong-pay"));
        }
        let unit = PayUnit::parse(&self.pay_unit);
        if unit.is_none() {
            f.add("pay_unit", Text("schedule-choose"));
        }
        let today = day_of(now, zone);
        let last = |days| day_of(now + days * DAY, zone);
        let starts_on = day(&mut f, "starts_on", &self.starts_on, today, last(FURTHEST));
        let report_on = day(&mut f, "report_on", &self.report_on, today, last(FURTHEST));
        let answer_on = day(&mut f, "answer_by", &self.answer_by, today, last(LONGEST_ANSWER));
        if report_on > starts_on {
            f.add("report_on", Text("offers-wrong-report"));
        }
        if answer_on > report_on {
            f.add("answer_by", Text("offers-wrong-answer"));
        }
        let place = f.line("place", &self.place, 120);
        if place.is_empty() {
            f.add("place", Text("desk-text-needed"));
        }
        let (bring, text) = (f.lines("bring", &self.bring, 500), f.lines("text", &self.text, 2_000));
        let seen = self.seen.parse().unwrap_or(0);
        match (pay, unit, end_of(answer_on, zone)) {
            (Some(pay), Some(pay_unit), Some(answer_by)) if f.is_empty() => Ok(Terms {
                seen,
                pay: (pay * 100.0).round() as i64,
                pay_unit,
                starts_on: starts_on.to_string(),
                report_on: report_on.to_string(),
                place,
                answer_by,
                bring,
                text,
            }),
            _ => Err(f),
        }
    }
}

fn day(f: &mut Fields, field: &'static str, text: &str, first: Date, last: Date) -> Date {
    match text.trim().parse::<Date>() {
        Ok(day) if (first..=last).contains(&day) => day,
        Ok(_) => {
            f.add(field, Text("offers-wrong-day"));
            first
        }
        Err(_) => {
            f.add(field, Text("offers-wrong-date"));
            first
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-02-20 09:00 in Shanghai.
    const NOW: Millis = 1_803_085_200_000;

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Shanghai").expect("zone")
    }

    fn form() -> OfferForm {
        let content = Content { pay_min: 650_050, place_zh: "钱塘区".into(), ..Content::default() };
        OfferForm::fresh(&content, Lang::Zh, NOW, &zone())
    }

    #[test]
    fn what_is_prefilled_is_an_offer() {
        let terms = form().read(NOW, &zone()).expect("fine");
        assert_eq!((terms.pay, terms.pay_unit, terms.starts_on.as_str()), (650_050, PayUnit::Month, "2027-02-28"));
        assert_eq!(terms.answer_by, 1_803_398_399_999, "the end of the third day in the zone of the fair");
    }

    #[test]
    fn every_wrong_field_is_named() {
        let bad = OfferForm { seen: "x".into(), pay: "-3".into(), place: " ".into(), starts_on: "tomorrow".into(), ..OfferForm::default() };
        let fields = bad.read(NOW, &zone()).expect_err("wrong");
        assert_eq!(fields.0.keys().copied().collect::<Vec<_>>(), ["answer_by", "pay", "pay_unit", "place", "report_on", "starts_on"]);
        for pay in ["0", "NaN", "inf", "1e99", "", "6000元"] {
            assert!(OfferForm { pay: pay.into(), ..form() }.read(NOW, &zone()).expect_err("wrong").get("pay").is_some(), "{pay}");
        }
        let order = OfferForm { starts_on: "2027-02-22".into(), ..form() };
        assert_eq!(order.read(NOW, &zone()).expect_err("wrong").get("report_on"), Some("offers-wrong-report"));
        let late = OfferForm { answer_by: "2027-02-28".into(), ..form() };
        assert_eq!(late.read(NOW, &zone()).expect_err("wrong").get("answer_by"), Some("offers-wrong-answer"));
        let past = OfferForm { answer_by: "2027-02-19".into(), ..form() };
        assert_eq!(past.read(NOW, &zone()).expect_err("wrong").get("answer_by"), Some("offers-wrong-day"));
    }
}
