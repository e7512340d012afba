//! What a visitor asks the board for, read from the query string; what makes no sense in it is left out, never an error.

use super::Posting;
use super::codes;
use super::content::Kind;
use super::words::{self, Term};
use crate::clock::Millis;
use crate::ids::{EmployerId, FairId, PostingId};
use serde::Deserialize;

/// How many cards a page shows: about four screens of a phone, and well under 60 KB.
pub(super) const PAGE_SIZE: i64 = 20;

/// The query string as typed. Empty strings mean "any".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    pub q: String,
    pub region: String,
    pub industry: String,
    pub kind: String,
    /// At least this much a month, in yuan.
    pub pay: String,
    pub couples: String,
    pub day_shift: String,
    pub no_line: String,
    pub hourly: String,
    pub days_off: String,
    pub meals: String,
    pub housing: String,
    pub no_age: String,
    pub sort: String,
    pub after: String,
}

/// The order of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Newest,
    Pay,
}

impl Sort {
    /// What a posting is sorted by.
    pub(super) fn key(self, posting: &Posting) -> i64 {
        match self {
            Self::Newest => posting.published_at,
            Self::Pay => posting.content.pay_unit.monthly(posting.content.pay_min),
        }
    }
}

/// Where the last page ended: sort key and id of its last card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub id: PostingId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.key, self.id)
    }
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let (key, id) = text.split_once('.')?;
        Some(Self { key: key.parse().ok()?, id: id.parse().ok()? })
    }
}

/// Whose postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Fair(FairId),
    Employer(EmployerId),
    Booth(FairId, EmployerId),
}

/// The understood filter.
#[derive(Debug)]
pub struct Filter {
    pub of: Of,
    pub(super) now: Millis,
    pub(super) terms: Vec<Term>,
    /// Something was searched for that holds no word at all: nothing is found.
    pub(super) hopeless: bool,
    pub(super) region: Option<(String, String)>,
    /// A letter, or a letter with the digits of a group.
    pub(super) industry: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) pay: Option<i64>,
    /// Conditions on the worker-question fields.
    pub(super) questions: Vec<&'static str>,
    pub sort: Sort,
    pub(super) after: Option<Cursor>,
    pub limit: i64,
}

impl Filter {
    /// Everything that is open now, newest first.
    pub fn all(of: Of, now: Millis) -> Self {
        Self::read(of, now, &Query::default())
    }

    pub fn read(of: Of, now: Millis, query: &Query) -> Self {
        let on = |value: &str| !value.is_empty() && value != "0";
        let terms = words::terms(&query.q);
        let wanted = [
            (on(&query.couples), "p.couples = 'yes'"),
            (on(&query.day_shift), "p.day_shift = 'yes'"),
            (on(&query.no_line), "p.assembly_line = 'no'"),
            (on(&query.hourly), "(p.pay_unit = 'hour' OR p.hourly > 0)"),
            (on(&query.days_off), "p.days_off >= 4"),
            (on(&query.meals), "p.meals IN ('provided', 'allowance')"),
            (on(&query.housing), "p.housing IN ('provided', 'allowance')"),
            (on(&query.no_age), "p.age_min = 0 AND p.age_max = 0"),
        ];
        Self {
            of,
            now,
            hopeless: terms.is_empty() && !query.q.trim().is_empty(),
            terms,
            region: codes::region_range(query.region.trim()),
            industry: Some(query.industry.trim().to_owned()).filter(|code| codes::industry_is_valid(code)),
            kind: Kind::parse(&query.kind),
            pay: query.pay.trim().parse::<i64>().ok().filter(|y| (1..=10_000_000).contains(y)).map(|yuan| yuan * 100),
            questions: wanted.into_iter().filter(|(on, _)| *on).map(|(_, sql)| sql).collect(),
            sort: if query.sort == "pay" { Sort::Pay } else { Sort::Newest },
            after: Cursor::parse(&query.after),
            limit: PAGE_SIZE,
        }
    }
}

impl Query {
    /// How many filters are set, apart from the search and the order.
    pub fn active(&self) -> usize {
        [
            &self.region,
            &self.industry,
            &self.kind,
            &self.pay,
            &self.couples,
            &self.day_shift,
            &self.no_line,
            &self.hourly,
            &self.days_off,
            &self.meals,
            &self.housing,
            &self.no_age,
        ]
        .iter()
        .filter(|v| !v.is_empty())
        .count()
    }

    /// The same with one question asked, or no longer asked if it was.
    pub fn toggled(&self, name: &str) -> Self {
        let mut query = self.clone();
        let value = match name {
            "couples" => &mut query.couples,
            "day_shift" => &mut query.day_shift,
            "no_line" => &mut query.no_line,
            "hourly" => &mut query.hourly,
            "days_off" => &mut query.days_off,
            "meals" => &mut query.meals,
            "housing" => &mut query.housing,
            "no_age" => &mut query.no_age,
            _ => return query,
        };
        *value = if value.is_empty() { "1".into() } else { String::new() };
        query
    }

    /// The query string with another `after`, for links; empty values are left out.
    pub fn link(&self, path: &str, after: &str) -> String {
        let pairs = [
            ("q", &self.q),
            ("region", &self.region),
            ("industry", &self.industry),
            ("kind", &self.kind),
            ("pay", &self.pay),
            ("couples", &self.couples),
            ("day_shift", &self.day_shift),
            ("no_line", &self.no_line),
            ("hourly", &self.hourly),
            ("days_off", &self.days_off),
            ("meals", &self.meals),
            ("housing", &self.housing),
            ("no_age", &self.no_age),
            ("sort", &self.sort),
        ];
        let mut parts: Vec<String> = pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", encode(v))).collect();
        if !after.is_empty() {
            parts.push(format!("after={after}"));
        }
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }
}

fn encode(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_in_a_query_string_is_left_out() {
        let query = Query {
            region: "99' OR 1=1".into(),
            industry: "<b>".into(),
            kind: "x".into(),
            pay: "99999999999999999999".into(),
            after: "1.x".into(),
            ..Query::default()
        };
        let filter = Filter::read(Of::Fair(FairId::new()), 0, &query);
        assert!(filter.region.is_none() && filter.industry.is_none() && filter.kind.is_none());
        assert!(filter.pay.is_none() && filter.after.is_none() && !filter.hopeless);
    }

    #[test]
    fn links_keep_what_was_asked() {
        let query = Query { q: "电 子&".into(), couples: "1".into(), ..Query::default() };
        assert_eq!(query.link("/x", "1.a"), "/x?q=%E7%94%B5%20%E5%AD%90%26&couples=1&after=1.a");
        assert_eq!(Query::default().link("/x", ""), "/x");
        assert_eq!(Query::default().toggled("meals").link("/x", ""), "/x?meals=1");
        assert_eq!(query.toggled("couples").couples, "");
    }
}
