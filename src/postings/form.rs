//! The recruiter's form: every field as typed, so that a wrong one comes back as it was with a message beside it.

use super::clips::Clips;
use super::codes;
use super::contact::ContactPerson;
use super::content::{Answer, Content, Kind, PayDay, PayUnit, Provision};
use super::gallery::Gallery;
use super::index::fold;
use crate::clock::{DAY, Millis};
use crate::i18n::Lang;
use crate::web::{Fields, Text, clean, clean_text};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A posting may stay out for half a year; what is older is stale.
const LONGEST: Millis = 183 * DAY;
/// In yuan: nobody hires for more in a stated unit, and a slip of the finger is caught.
const MOST_PAY: i64 = 10_000_000;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct PostingForm {
    pub(super) employer: String,
    /// The version that was edited.
    pub(super) version: String,
    pub(super) title_zh: String,
    pub(super) title_en: String,
    pub(super) about_zh: String,
    pub(super) about_en: String,
    pub(super) region: String,
    pub(super) place_zh: String,
    pub(super) place_en: String,
    pub(super) industry: String,
    pub(super) occupation: String,
    pub(super) headcount: String,
    pub(super) pay_min: String,
    pub(super) pay_max: String,
    pub(super) pay_unit: String,
    pub(super) pay_day: String,
    pub(super) kind: String,
    pub(super) couples: String,
    pub(super) assembly_line: String,
    pub(super) day_shift: String,
    pub(super) hourly: String,
    pub(super) days_off: String,
    pub(super) meals: String,
    pub(super) housing: String,
    pub(super) age_min: String,
    pub(super) age_max: String,
    pub(super) age_basis: String,
    /// The last day, `2027-03-31`, in the fair's zone.
    pub(super) valid_until: String,
    /// Whom applicants may call.
    pub(super) contact_person: String,
    pub(super) contact_phone: String,
    /// `draft` keeps it as a draft, `anyway` sends it to review whatever the rules say; all else sends it there if they have nothing to say.
    pub(super) then: String,
    /// The fields of further places.
    #[serde(flatten)]
    pub(super) more: BTreeMap<String, String>,
}

impl PostingForm {
    /// The form of a stored posting.
    pub(super) fn of(content: &Content, version: i64, zone: &TimeZone, lang: Lang) -> Self {
        let c = content.clone();
        let number = |n: i64, unset: i64| if n == unset { String::new() } else { n.to_string() };
        let yuan = |fen: i64| if fen == 0 { String::new() } else { super::money(fen, Lang::Zh) };
        let mut form = Self {
            employer: String::new(),
            version: version.to_string(),
            headcount: c.headcount.to_string(),
            pay_min: yuan(c.pay_min),
            pay_max: yuan(c.pay_max),
            pay_unit: c.pay_unit.name().into(),
            pay_day: c.pay_day.into(),
            kind: c.kind.name().into(),
            couples: c.couples.name().into(),
            assembly_line: c.assembly_line.name().into(),
            day_shift: c.day_shift.name().into(),
            hourly: yuan(c.hourly),
            days_off: number(c.days_off, -1),
            meals: c.meals.name().into(),
            housing: c.housing.name().into(),
            age_min: number(c.age_min, 0),
            age_max: number(c.age_max, 0),
            valid_until: date_of(c.valid_until, zone),
            title_zh: c.title_zh,
            title_en: c.title_en,
            about_zh: c.about_zh,
            about_en: c.about_en,
            region: c.region,
            place_zh: c.place_zh,
            place_en: c.place_en,
            industry: c.industry,
            occupation: c.occupation,
            age_basis: c.age_basis,
            contact_person: String::new(),
            contact_phone: String::new(),
            then: String::new(),
            more: BTreeMap::new(),
        };
        form.put_places(&c.further, lang);
        form
    }

    /// Whether it comes back if the rules have something to say.
    pub(super) fn asks(&self) -> bool {
        !matches!(self.then.as_str(), "draft" | "anyway")
    }

    /// The form of a new posting, with what is true of most.
    pub(super) fn fresh(now: Millis, zone: &TimeZone) -> Self {
        Self { headcount: "1".into(), valid_until: date_of(now + 30 * DAY, zone), ..Self::default() }
    }

    /// The form with whom applicants may call.
    pub(super) fn with_contact(self, contact: ContactPerson) -> Self {
        Self { contact_person: contact.person, contact_phone: contact.phone, ..self }
    }

    /// The terms and whom applicants may call, or what is wrong with either.
    pub(super) fn read_all(&self, now: Millis, zone: &TimeZone) -> Result<(Content, ContactPerson), Fields> {
        match (self.read(now, zone), ContactPerson::read(&self.contact_person, &self.contact_phone)) {
            (Ok(content), Ok(contact)) => Ok((content, contact)),
            (content, contact) => {
                let mut wrong = content.err().unwrap_or_default();
                wrong.0.extend(contact.err().unwrap_or_default().0);
                Err(wrong)
            }
        }
    }

    /// The terms, or what is wrong with them.
    pub(super) fn read(&self, now: Millis, zone: &TimeZone) -> Result<Content, Fields> {
        let mut f = Fields::default();
        let (pay_min, pay_max) = self.pay(&mut f);
        let (age_min, age_max) =
            (number(&mut f, "age_min", &self.age_min, 16..=70, 0), number(&mut f, "age_max", &self.age_max, 16..=70, 0));
        if age_max != 0 && age_min > age_max {
            f.add("age_max", Text("postings-wrong-order"));
        }
        let age_basis = line(&mut f, "age_basis", &self.age_basis, 120);
        if (age_min, age_max) != (0, 0) && age_basis.is_empty() {
            f.add("age_basis", Text("postings-wrong-age-basis"));
        }
        let (headcount, further) = (headcount(&mut f, &self.headcount), self.places(&mut f));
        // Somebody must be wanted at the first place too.
        let elsewhere: i64 = further.0.iter().map(|place| place.headcount).sum();
        if headcount > 0 && elsewhere >= headcount {
            f.add("headcount", Text("postings-wrong-places-headcount"));
        }
        let content = Content {
            title_zh: required(&mut f, "title_zh", line(&mut Fields::default(), "title_zh", &self.title_zh, 1_000), 60),
            title_en: line(&mut f, "title_en", &self.title_en, 120),
            about_zh: required(&mut f, "about_zh", clean_text(&self.about_zh, 20_000), 4_000),
            about_en: long(&mut f, "about_en", &self.about_en, 8_000),
            region: code(&mut f, "region", &self.region, codes::region_is_valid),
            place_zh: line(&mut f, "place_zh", &self.place_zh, 80),
            place_en: line(&mut f, "place_en", &self.place_en, 120),
            further,
            industry: named(&mut f, ("industry", Text("postings-wrong-industry")), &self.industry, codes::industry_of),
            occupation: match self.occupation.trim() {
                "" => String::new(),
                typed => named(&mut f, ("occupation", Text("postings-wrong-occupation")), typed, codes::occupation_of),
            },
            headcount,
            pay_min,
            pay_max,
            pay_unit: choice(&mut f, "pay_unit", PayUnit::parse(&self.pay_unit)),
            pay_day: choice(&mut f, "pay_day", PayDay::try_from(self.pay_day.clone()).ok()),
            kind: choice(&mut f, "kind", Kind::parse(&self.kind)),
            couples: choice(&mut f, "couples", Answer::parse(&self.couples)),
            assembly_line: choice(&mut f, "assembly_line", Answer::parse(&self.assembly_line)),
            day_shift: choice(&mut f, "day_shift", Answer::parse(&self.day_shift)),
            hourly: yuan(&mut f, "hourly", &self.hourly),
            days_off: number(&mut f, "days_off", &self.days_off, 0..=31, -1),
            meals: choice(&mut f, "meals", Provision::parse(&self.meals)),
            housing: choice(&mut f, "housing", Provision::parse(&self.housing)),
            age_min,
            age_max,
            age_basis,
            valid_until: self.last_moment(&mut f, now, zone),
            // They have a page of their own.
            pictures: Gallery::default(),
            clips: Clips::default(),
        };
        if f.is_empty() { Ok(content) } else { Err(f) }
    }

    fn pay(&self, f: &mut Fields) -> (i64, i64) {
        let (min, max) = (yuan(f, "pay_min", &self.pay_min), yuan(f, "pay_max", &self.pay_max));
        match (min, max) {
            (0, 0) => (0, 0),
            (0, only) | (only, 0) => (only, only),
            (min, max) if min > max => {
                f.add("pay_max", Text("postings-wrong-order"));
                (min, max)
            }
            both => both,
        }
    }

    /// The end of the last day in the fair's zone.
    fn last_moment(&self, f: &mut Fields, now: Millis, zone: &TimeZone) -> Millis {
        let end = fold(self.valid_until.trim())
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|day| day.tomorrow().ok()?.to_zoned_datetime(zone.clone()).ok())
            .map(|at| at.timestamp().as_millisecond());
        match end {
            Some(end) if end > now && end <= now + LONGEST => end,
            _ => {
                f.add("valid_until", Text("postings-wrong-valid-until"));
                0
            }
        }
    }
}

/// The last day on which something that ends at `until` is still valid.
fn date_of(until: Millis, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(until - 1).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d").to_string()
}

pub(super) fn line(f: &mut Fields, name: &'static str, text: &str, max: usize) -> String {
    limited(f, name, clean(text, max + 1), max)
}

fn long(f: &mut Fields, name: &'static str, text: &str, max: usize) -> String {
    limited(f, name, clean_text(text, max + 1), max)
}

fn limited(f: &mut Fields, name: &'static str, text: String, max: usize) -> String {
    if text.chars().count() > max {
        f.add(name, Text("postings-wrong-long"));
    }
    text
}

fn required(f: &mut Fields, name: &'static str, text: String, max: usize) -> String {
    if text.is_empty() {
        f.add(name, Text("postings-wrong-empty"));
    }
    limited(f, name, text, max)
}

fn code(f: &mut Fields, name: &'static str, text: &str, valid: impl Fn(&str) -> bool) -> String {
    if !valid(text) {
        f.add(name, Text("postings-wrong-choice"));
        return String::new();
    }
    text.to_owned()
}

/// The code of what was typed or picked, by code or by name.
fn named(f: &mut Fields, (name, wrong): (&'static str, Text), typed: &str, find: impl Fn(&str) -> Option<String>) -> String {
    // Full-width digits are read as digits, while a name stays as it is.
    find(typed).or_else(|| find(&fold(typed))).unwrap_or_else(|| {
        f.add(name, wrong);
        String::new()
    })
}

fn choice<T: Default>(f: &mut Fields, name: &'static str, value: Option<T>) -> T {
    value.unwrap_or_else(|| {
        f.add(name, Text("postings-wrong-choice"));
        T::default()
    })
}

pub(super) fn number(f: &mut Fields, name: &'static str, text: &str, range: std::ops::RangeInclusive<i64>, unset: i64) -> i64 {
    let text = fold(text.trim());
    if text.is_empty() {
        return unset;
    }
    text.parse().ok().filter(|n| range.contains(n)).unwrap_or_else(|| {
        f.add(name, Text("postings-wrong-number"));
        unset
    })
}

fn headcount(f: &mut Fields, text: &str) -> i64 {
    let n = number(f, "headcount", text, 1..=99_999, 0);
    if n == 0 {
        f.add("headcount", Text("postings-wrong-number"));
    }
    n
}

/// Yuan with at most two decimals, as fen; 0 if not stated.
fn yuan(f: &mut Fields, name: &'static str, text: &str) -> i64 {
    let text = fold(text.trim()).replace([',', '¥', '￥'], "");
    if text.is_empty() {
        return 0;
    }
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let fen = (digits(whole) && digits(rest) && rest.len() <= 2 && !whole.is_empty())
        .then(|| Some(whole.parse::<i64>().ok()?.checked_mul(100)? + format!("{rest:0<2}").parse::<i64>().ok()?))
        .flatten();
    fen.filter(|fen| (1..=MOST_PAY * 100).contains(fen)).unwrap_or_else(|| {
        f.add(name, Text("postings-wrong-pay"));
        0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_803_085_200_000;

    fn good() -> PostingForm {
        PostingForm {
            title_zh: "操作工".into(),
            about_zh: "组装".into(),
            region: "330100".into(),
            industry: "C".into(),
            kind: "full-time".into(),
            pay_unit: "month".into(),
            pay_min: "６０００".into(),
            pay_max: "8,000.5".into(),
            ..PostingForm::fresh(NOW, &TimeZone::UTC)
        }
    }

    #[test]
    fn a_good_form_is_read_and_comes_back_the_same() {
        let content = good().read(NOW, &TimeZone::UTC).expect("good");
        assert_eq!((content.pay_min, content.pay_max, content.days_off), (600_000, 800_050, -1));
        let again = PostingForm::of(&content, 3, &TimeZone::UTC, Lang::En).read(NOW, &TimeZone::UTC).expect("same");
        assert_eq!(again, content);
    }

    #[test]
    fn places_come_back_the_same_and_leave_somebody_for_the_first() {
        let rows = [("place2_region", "东莞"), ("place2_zh", "长安镇"), ("place2_headcount", "1"), ("place3_region", "440306")];
        let more = rows.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let form = PostingForm { more, headcount: "2".into(), ..good() };
        let content = form.read(NOW, &TimeZone::UTC).expect("good");
        assert_eq!(content.further.0.iter().map(|p| (p.region.as_str(), p.headcount)).collect::<Vec<_>>(), [("441900", 1), ("440306", 0)]);
        assert_eq!(PostingForm::of(&content, 3, &TimeZone::UTC, Lang::En).read(NOW, &TimeZone::UTC).expect("same"), content);
        let fields = PostingForm { headcount: "1".into(), ..form }.read(NOW, &TimeZone::UTC).expect_err("nobody left");
        assert_eq!(fields.get("headcount"), Some("postings-wrong-places-headcount"));
    }

    #[test]
    fn industries_and_occupations_are_typed_by_code_or_name() {
        let read = |industry: &str, occupation: &str| {
            let form = PostingForm { industry: industry.into(), occupation: occupation.into(), ..good() };
            form.read(NOW, &TimeZone::UTC).map(|c| (c.industry, c.occupation))
        };
        let right = ("C39".to_owned(), "6-18-02-04".to_owned());
        for (industry, occupation) in [("C39", "6-18-02-04"), ("c39 计算机", "焊工"), ("Ｃ３９", "６-18-02-04"), ("39", "6-18-02-04 焊工")]
        {
            assert_eq!(read(industry, occupation).expect("right"), right, "{industry} {occupation}");
        }
        for (industry, occupation) in [("G39", ""), ("C", "6-18-02-77"), ("C98", ""), ("C", "大总管")] {
            assert_eq!(read(industry, occupation).expect_err("wrong").0.len(), 1, "{industry} {occupation}");
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let bad = PostingForm {
            title_zh: "长".repeat(61),
            about_zh: " \u{200B} ".into(),
            region: "999999".into(),
            industry: "<script>".into(),
            occupation: "6-18".into(),
            headcount: "0".into(),
            pay_min: "1e9".into(),
            pay_max: "-5".into(),
            pay_unit: "fortnight".into(),
            pay_day: "40".into(),
            kind: "slave".into(),
            couples: "maybe".into(),
            days_off: "32".into(),
            age_min: "18".into(),
            valid_until: "2027-02-30".into(),
            ..good()
        };
        let fields = bad.read(NOW, &TimeZone::UTC).expect_err("bad");
        let named: Vec<_> = fields.0.keys().copied().collect();
        let wrong = [
            "about_zh",
            "age_basis",
            "couples",
            "days_off",
            "headcount",
            "industry",
            "kind",
            "occupation",
            "pay_day",
            "pay_max",
            "pay_min",
            "pay_unit",
            "region",
            "title_zh",
            "valid_until",
        ];
        assert_eq!(named, wrong);
    }

    #[test]
    fn limits_go_in_order_and_one_pay_is_both() {
        let twisted = PostingForm { pay_min: "9000".into(), pay_max: "8000".into(), age_min: "50".into(), age_max: "20".into(), ..good() };
        let fields = twisted.read(NOW, &TimeZone::UTC).expect_err("twisted");
        assert!(fields.get("pay_max").is_some() && fields.get("age_max").is_some());
        let one = PostingForm { pay_max: String::new(), ..good() }.read(NOW, &TimeZone::UTC).expect("one");
        assert_eq!((one.pay_min, one.pay_max), (600_000, 600_000));
    }

    #[test]
    fn a_posting_is_valid_through_its_last_day_and_at_most_half_a_year() {
        let form = PostingForm { valid_until: "2027-02-20".into(), ..good() };
        let shanghai = TimeZone::get("Asia/Shanghai").expect("zone");
        assert_eq!(form.read(NOW, &shanghai).expect("today").valid_until, 1_803_139_200_000);
        for bad in ["2027-02-19", "2028-01-01", "", "tomorrow"] {
            let form = PostingForm { valid_until: bad.into(), ..good() };
            assert!(form.read(NOW, &shanghai).is_err(), "{bad}");
        }
    }
}
