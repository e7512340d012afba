//! What a posting says: its terms, and how they read in both languages. Pure; knows neither database nor requests.

use super::clips::Clips;
use super::gallery::Gallery;
use super::places::Further;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::web::Text;

/// A closed set of values stored as short texts, each with a label.
macro_rules! stored_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal, $label:expr;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn label(self) -> Text {
                match self { $(Self::$variant => $label),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = anyhow::Error;
            fn try_from(text: String) -> anyhow::Result<Self> {
                Self::parse(&text).ok_or_else(|| anyhow::anyhow!(concat!(stringify!($name), " {}"), text))
            }
        }
    };
}
pub(super) use stored_enum;

stored_enum! {
    /// What the pay is for.
    PayUnit {
        Hour = "hour", Text("postings-unit-hour");
        Day = "day", Text("postings-unit-day");
        Week = "week", Text("postings-unit-week");
        #[default]
        Month = "month", Text("postings-unit-month");
        Year = "year", Text("postings-unit-year");
    }
}

impl PayUnit {
    /// Pay as pay for a month, to compare: 21.75 paid days (the ministry's figure for a year of 261), of eight hours.
    pub fn monthly(self, fen: i64) -> i64 {
        match self {
            Self::Hour => fen.saturating_mul(174),
            Self::Day => fen.saturating_mul(2_175) / 100,
            Self::Week => fen.saturating_mul(435) / 100,
            Self::Month => fen,
            Self::Year => fen / 12,
        }
    }

    /// `unitText` of schema.org.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Year => "YEAR",
        }
    }
}

stored_enum! {
    /// The kind of employment.
    Kind {
        #[default]
        FullTime = "full-time", Text("postings-kind-full-time");
        PartTime = "part-time", Text("postings-kind-part-time");
        Temporary = "temporary", Text("postings-kind-temporary");
        Internship = "internship", Text("postings-kind-internship");
    }
}

impl Kind {
    /// `employmentType` of schema.org.
    pub fn schema(self) -> &'static str {
        match self {
            Self::FullTime => "FULL_TIME",
            Self::PartTime => "PART_TIME",
            Self::Temporary => "TEMPORARY",
            Self::Internship => "INTERN",
        }
    }
}

stored_enum! {
    /// The answer to a question that workers ask.
    Answer {
        #[default]
        Unsaid = "", Text("postings-answer-unsaid");
        Yes = "yes", Text("postings-answer-yes");
        No = "no", Text("postings-answer-no");
    }
}

stored_enum! {
    /// Whether meals or a bed come with the job.
    Provision {
        #[default]
        Unsaid = "", Text("postings-answer-unsaid");
        Provided = "provided", Text("postings-provision-provided");
        Allowance = "allowance", Text("postings-provision-allowance");
        None = "none", Text("postings-provision-none");
    }
}

stored_enum! {
    /// What workers look for; each is a filter of the board.
    Want {
        #[default]
        Meals = "meals", Text("postings-want-meals");
        Housing = "housing", Text("postings-want-housing");
        Couples = "couples", Text("postings-want-couples");
        DayShift = "day_shift", Text("postings-want-day-shift");
        NoLine = "no_line", Text("postings-want-no-line");
        Hourly = "hourly", Text("postings-want-hourly");
        DaysOff = "days_off", Text("postings-want-days-off");
        NoAge = "no_age", Text("postings-want-no-age");
    }
}

impl Want {
    /// Its number in the index.
    pub(super) fn bit(self) -> u8 {
        self as u8
    }

    /// Whether these terms promise it.
    pub fn is_met(self, c: &Content) -> bool {
        let given = |p: Provision| matches!(p, Provision::Provided | Provision::Allowance);
        match self {
            Self::Meals => given(c.meals),
            Self::Housing => given(c.housing),
            Self::Couples => c.couples == Answer::Yes,
            Self::DayShift => c.day_shift == Answer::Yes,
            Self::NoLine => c.assembly_line == Answer::No,
            Self::Hourly => c.pay_unit == PayUnit::Hour || c.hourly > 0,
            Self::DaysOff => c.days_off >= 4,
            Self::NoAge => (c.age_min, c.age_max) == (0, 0),
        }
    }
}

/// When the pay comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PayDay {
    #[default]
    Unsaid,
    Daily,
    Weekly,
    /// On this day of the month.
    Monthly(u8),
}

impl TryFrom<String> for PayDay {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        match (text.as_str(), text.parse::<u8>()) {
            ("", _) => Ok(Self::Unsaid),
            ("daily", _) => Ok(Self::Daily),
            ("weekly", _) => Ok(Self::Weekly),
            (_, Ok(day @ 1..=31)) => Ok(Self::Monthly(day)),
            _ => Err(anyhow::anyhow!("pay day {text}")),
        }
    }
}

impl From<PayDay> for String {
    fn from(day: PayDay) -> Self {
        match day {
            PayDay::Unsaid => Self::new(),
            PayDay::Daily => "daily".into(),
            PayDay::Weekly => "weekly".into(),
            PayDay::Monthly(day) => day.to_string(),
        }
    }
}

/// The terms of a posting: what a version keeps. Money is in fen.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow, serde::Serialize, serde::Deserialize)]
pub struct Content {
    pub title_zh: String,
    pub title_en: String,
    pub about_zh: String,
    pub about_en: String,
    /// GB/T 2260 code.
    pub region: String,
    pub place_zh: String,
    pub place_en: String,
    /// The places after the first.
    #[sqlx(try_from = "String")]
    #[serde(default)]
    pub further: Further,
    /// GB/T 4754 letter, possibly with digits.
    pub industry: String,
    /// Code of the occupation classification, or empty.
    pub occupation: String,
    pub headcount: i64,
    /// Both 0: to be agreed.
    pub pay_min: i64,
    pub pay_max: i64,
    #[sqlx(try_from = "String")]
    pub pay_unit: PayUnit,
    #[sqlx(try_from = "String")]
    pub pay_day: PayDay,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// A room for couples.
    #[sqlx(try_from = "String")]
    pub couples: Answer,
    #[sqlx(try_from = "String")]
    pub assembly_line: Answer,
    #[sqlx(try_from = "String")]
    pub day_shift: Answer,
    /// Pay for one hour, also where pay is by the month; 0 if not stated.
    pub hourly: i64,
    /// Days off a month; -1 if not stated.
    pub days_off: i64,
    #[sqlx(try_from = "String")]
    pub meals: Provision,
    #[sqlx(try_from = "String")]
    pub housing: Provision,
    /// 0: no limit. A limit needs a legal basis.
    pub age_min: i64,
    pub age_max: i64,
    pub age_basis: String,
    pub valid_until: Millis,
    #[sqlx(try_from = "String")]
    #[serde(default)]
    pub pictures: Gallery,
    #[sqlx(try_from = "String")]
    #[serde(default)]
    pub clips: Clips,
}

/// A short answer on a card; `good` ones are what workers look for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tag {
    pub text: String,
    pub good: bool,
}

/// An answer on the posting page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub question: String,
    pub answer: String,
}

impl Content {
    pub fn title(&self, lang: Lang) -> &str {
        lang.pick(&self.title_zh, &self.title_en)
    }

    pub fn about(&self, lang: Lang) -> &str {
        lang.pick(&self.about_zh, &self.about_en)
    }

    /// Pay in words, such as `6000–8000元/月`.
    pub fn pay(&self, lang: Lang) -> String {
        if self.pay_max == 0 {
            return lang.t("postings-pay-agreed");
        }
        let range = match self.pay_min == self.pay_max {
            true => money(self.pay_max, lang),
            false => format!("{}–{}", money(self.pay_min, lang), money(self.pay_max, lang)),
        };
        lang.t2("postings-pay", "range", range, "unit", lang.t(self.pay_unit.label().0))
    }

    /// The short answers for a card, what workers look for first.
    pub fn tags(&self, lang: Lang) -> Vec<Tag> {
        let mut tags = Vec::new();
        let mut add = |said: bool, good: bool, text: String| {
            if said {
                tags.push(Tag { text, good });
            }
        };
        add(self.meals == Provision::Provided, true, lang.t("postings-tag-meals"));
        add(self.meals == Provision::Allowance, true, lang.t("postings-tag-meal-allowance"));
        add(self.housing == Provision::Provided, true, lang.t("postings-tag-housing"));
        add(self.housing == Provision::Allowance, true, lang.t("postings-tag-housing-allowance"));
        add(self.couples == Answer::Yes, true, lang.t("postings-tag-couples"));
        add(self.day_shift == Answer::Yes, true, lang.t("postings-tag-day-shift"));
        add(self.assembly_line == Answer::No, true, lang.t("postings-tag-no-line"));
        add(self.assembly_line == Answer::Yes, false, lang.t("postings-tag-line"));
        add(self.days_off >= 0, self.days_off >= 4, lang.t1("postings-tag-days-off", "n", self.days_off));
        add(self.hourly > 0 && self.pay_unit != PayUnit::Hour, false, lang.t1("postings-tag-hourly", "pay", money(self.hourly, lang)));
        if let Some(day) = self.pay_day_text(lang) {
            add(true, false, day);
        }
        add(self.kind != Kind::FullTime, false, lang.t(self.kind.label().0));
        if let Some(age) = self.age(lang) {
            add(true, false, age);
        }
        tags
    }

    /// Every question that viewers ask in every stream, with its answer.
    pub fn facts(&self, lang: Lang) -> Vec<Fact> {
        let unsaid = || lang.t("postings-answer-unsaid");
        let hourly = match (self.hourly, self.pay_unit) {
            (0, PayUnit::Hour) => self.pay(lang),
            (0, _) => unsaid(),
            (fen, _) => lang.t1("postings-hourly-pay", "pay", money(fen, lang)),
        };
        let days_off = if self.days_off < 0 { unsaid() } else { lang.t1("postings-days-off", "n", self.days_off) };
        let age = self.age(lang).unwrap_or_else(|| lang.t("postings-age-none"));
        let age = if self.age_basis.is_empty() { age } else { lang.t2("postings-age-basis-shown", "age", age, "basis", &self.age_basis) };
        [
            (lang.t("postings-ask-meals"), lang.t(self.meals.label().0)),
            (lang.t("postings-ask-housing"), lang.t(self.housing.label().0)),
            (lang.t("postings-ask-couples"), lang.t(self.couples.label().0)),
            (lang.t("postings-ask-day-shift"), lang.t(self.day_shift.label().0)),
            (lang.t("postings-ask-line"), lang.t(self.assembly_line.label().0)),
            (lang.t("postings-ask-hourly"), hourly),
            (lang.t("postings-ask-days-off"), days_off),
            (lang.t("postings-ask-pay-day"), self.pay_day_text(lang).unwrap_or_else(unsaid)),
            (lang.t("postings-ask-age"), age),
        ]
        .map(|(question, answer)| Fact { question, answer })
        .into()
    }

    /// The occupation with its code; empty if none is stated.
    pub fn occupation_in_words(&self) -> String {
        format!("{} {}", self.occupation, super::codes::occupation_name(&self.occupation)).trim().to_owned()
    }

    pub(super) fn age(&self, lang: Lang) -> Option<String> {
        match (self.age_min, self.age_max) {
            (0, 0) => None,
            (min, 0) => Some(lang.t1("postings-age-from", "min", min)),
            (0, max) => Some(lang.t1("postings-age-to", "max", max)),
            (min, max) => Some(lang.t2("postings-age-range", "min", min, "max", max)),
        }
    }

    pub fn pay_day_text(&self, lang: Lang) -> Option<String> {
        match self.pay_day {
            PayDay::Unsaid => None,
            PayDay::Daily => Some(lang.t("postings-pay-day-daily")),
            PayDay::Weekly => Some(lang.t("postings-pay-day-weekly")),
            PayDay::Monthly(day) => Some(lang.t1("postings-pay-day-monthly", "day", day)),
        }
    }
}

/// Fen as yuan without needless zeros; English with thousands separators.
pub fn money(fen: i64, lang: Lang) -> String {
    let (yuan, rest) = (fen / 100, fen % 100);
    let digits = yuan.to_string();
    let mut whole = String::new();
    for (i, c) in digits.chars().enumerate() {
        if lang == Lang::En && i > 0 && (digits.len() - i) % 3 == 0 {
            whole.push(',');
        }
        whole.push(c);
    }
    match rest {
        0 => whole,
        rest if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        rest => format!("{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pay_reads_as_people_say_it() {
        let mut content = Content { pay_min: 600_000, pay_max: 800_000, ..Content::default() };
        assert_eq!(content.pay(Lang::Zh), "6000–8000元/月");
        assert_eq!(content.pay(Lang::En), "¥6,000–8,000/month");
        (content.pay_min, content.pay_max, content.pay_unit) = (2_250, 2_250, PayUnit::Hour);
        assert_eq!(content.pay(Lang::Zh), "22.5元/小时");
        (content.pay_min, content.pay_max) = (0, 0);
        assert_eq!(content.pay(Lang::Zh), "面议");
        assert_eq!(money(123_456_789, Lang::En), "1,234,567.89");
    }

    #[test]
    fn pay_of_all_units_can_be_compared_and_never_overflows() {
        assert_eq!(PayUnit::Hour.monthly(2_000), 348_000);
        assert_eq!(PayUnit::Day.monthly(20_000), 435_000);
        assert_eq!(PayUnit::Year.monthly(12_000_000), 1_000_000);
        assert!(PayUnit::Hour.monthly(i64::MAX) > 0);
    }

    #[test]
    fn pay_days_are_read_strictly() {
        for (text, day) in [("", PayDay::Unsaid), ("daily", PayDay::Daily), ("15", PayDay::Monthly(15))] {
            assert_eq!(PayDay::try_from(text.to_owned()).expect(text), day);
            assert_eq!(String::from(day), text);
        }
        for bad in ["0", "32", "-1", "x"] {
            assert!(PayDay::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_card_shows_what_is_said_and_nothing_that_is_not() {
        let silent = Content { days_off: -1, ..Content::default() };
        assert!(silent.tags(Lang::Zh).is_empty());
        assert_eq!(silent.facts(Lang::Zh).len(), 9);
        let said = Content { couples: Answer::Yes, days_off: 6, meals: Provision::Provided, ..Content::default() };
        assert_eq!(said.tags(Lang::Zh).iter().map(|t| t.text.as_str()).collect::<Vec<_>>(), ["包吃", "有夫妻房", "月休 6 天"]);
    }
}
