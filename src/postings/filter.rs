//! What a visitor asks the board for, read from the query string; what makes no sense in it is left out, never an error.

use super::codes::{self, Point};
use super::content::{Kind, Want};
use super::index::{Key, fold};
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::web::encode;
use serde::Deserialize;

/// How many cards a page shows: about four screens of a phone, and well under 60 KB.
pub(super) const PAGE_SIZE: i64 = 20;
/// The longest search, in characters: a title.
const LONGEST: usize = 60;

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
    /// Where the visitor is: a region's code, or `30.27,120.16`.
    pub near: String,
    pub sort: String,
    pub after: String,
}

/// The order of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Newest,
    /// Where the words stand, then newest first; the usual order once something was searched for.
    Relevance,
    Pay,
    /// From where the visitor is.
    Distance,
}

/// Where the last page ended: sort keys and id of its last card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub(super) Key);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, then, id) = self.0;
        write!(f, "{key}.{then}.{id}")
    }
}

impl Cursor {
    pub fn parse(text: &str) -> Option<Self> {
        let (key, rest) = text.split_once('.')?;
        let (then, id) = rest.split_once('.')?;
        Some(Self((key.parse().ok()?, then.parse().ok()?, id.parse().ok()?)))
    }
}

/// Whose postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of all fairs that are open.
    All,
    Fair(FairId),
    Employer(EmployerId),
    Booth(FairId, EmployerId),
}

/// The understood filter.
#[derive(Clone, Debug)]
pub struct Filter {
    pub of: Of,
    pub(super) text: String,
    pub(super) region: Option<u32>,
    /// A letter, or a letter with the digits of a group.
    pub(super) industry: Option<String>,
    pub(super) kind: Option<Kind>,
    /// In fen a month.
    pub(super) pay: Option<i64>,
    pub(super) wants: Vec<Want>,
    pub(super) near: Option<Point>,
    /// Published after this.
    pub since: Option<Millis>,
    pub sort: Sort,
    pub(super) after: Option<Cursor>,
    pub limit: i64,
}

impl Filter {
    /// Everything that is open, newest first.
    pub fn all(of: Of) -> Self {
        Self::read(of, &Query::default())
    }

    pub fn read(of: Of, query: &Query) -> Self {
        let near = codes::point(query.near.trim());
        let typed: String = query.q.chars().take(LONGEST).collect();
        let sort = match query.sort.as_str() {
            "pay" => Sort::Pay,
            "distance" if near.is_some() => Sort::Distance,
            "newest" => Sort::Newest,
            _ if !typed.trim().is_empty() => Sort::Relevance,
            _ => Sort::Newest,
        };
        Self {
            of,
            text: typed,
            region: Some(query.region.trim()).filter(|code| codes::region_is_valid(code)).and_then(|code| code.parse().ok()),
            industry: Some(query.industry.trim().to_owned()).filter(|code| codes::industry_is_within(code)),
            kind: Kind::parse(&query.kind),
            pay: fold(query.pay.trim()).parse::<i64>().ok().filter(|y| (1..=10_000_000).contains(y)).map(|yuan| yuan * 100),
            wants: Want::ALL.iter().copied().filter(|want| query.wants(*want)).collect(),
            near,
            since: None,
            sort,
            after: Cursor::parse(&query.after),
            limit: PAGE_SIZE,
        }
    }
}

impl Query {
    fn want(&self, want: Want) -> &str {
        match want {
            Want::Meals => &self.meals,
            Want::Housing => &self.housing,
            Want::Couples => &self.couples,
            Want::DayShift => &self.day_shift,
            Want::NoLine => &self.no_line,
            Want::Hourly => &self.hourly,
            Want::DaysOff => &self.days_off,
            Want::NoAge => &self.no_age,
        }
    }

    pub fn wants(&self, want: Want) -> bool {
        !self.want(want).is_empty() && self.want(want) != "0"
    }

    /// Names and values as in a query string, but for the place in the list.
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let mut pairs: Vec<(&str, &str)> =
            vec![("q", &self.q), ("region", &self.region), ("industry", &self.industry), ("kind", &self.kind), ("pay", &self.pay)];
        pairs.extend(Want::ALL.iter().map(|want| (want.name(), self.want(*want))));
        pairs.extend([("near", self.near.as_str()), ("sort", self.sort.as_str())]);
        pairs.retain(|(_, value)| !value.is_empty());
        pairs
    }

    /// A query string as it was sent or stored.
    pub fn parse(text: &str) -> Self {
        let uri = format!("/?{}", text.trim_start_matches('?')).parse().ok();
        uri.and_then(|uri| axum::extract::Query::try_from_uri(&uri).ok())
            .map(|query: axum::extract::Query<Self>| query.0)
            .unwrap_or_default()
    }

    /// What is looked for, without the order, the place in the list and where the visitor is.
    pub fn saved(&self) -> String {
        let plain = Self { near: String::new(), sort: String::new(), after: String::new(), ..self.clone() };
        plain.link("", "").trim_start_matches('?').to_owned()
    }

    /// What is looked for in words, such as `电工 · 杭州 · 包吃或饭补`.
    pub fn summary(&self, lang: Lang) -> String {
        let filter = Filter::read(Of::All, self);
        let mut parts: Vec<String> = vec![filter.text.trim().to_owned()];
        parts.extend(filter.region.map(|_| codes::short_region(self.region.trim(), lang).to_owned()));
        parts.extend(filter.industry.map(|code| codes::industry_name(&code, lang).to_owned()));
        parts.extend(filter.kind.map(|kind| lang.t(kind.label().0)));
        parts.extend(filter.pay.map(|fen| lang.t1("postings-pay-from", "n", fen / 100)));
        parts.extend(filter.wants.iter().map(|want| lang.t(want.label().0)));
        parts.retain(|part| !part.is_empty());
        parts.join(" · ")
    }

    /// How many filters are set, apart from the search, the order and where the visitor is.
    pub fn active(&self) -> usize {
        self.pairs().iter().filter(|(name, _)| !matches!(*name, "q" | "near" | "sort")).count()
    }

    /// Whether nothing was asked for.
    pub fn is_plain(&self) -> bool {
        self.q.is_empty() && self.active() == 0
    }

    /// The same with one answer wanted, or no longer wanted if it was.
    pub fn toggled(&self, want: Want) -> Self {
        let mut query = self.clone();
        let value = match want {
            Want::Meals => &mut query.meals,
            Want::Housing => &mut query.housing,
            Want::Couples => &mut query.couples,
            Want::DayShift => &mut query.day_shift,
            Want::NoLine => &mut query.no_line,
            Want::Hourly => &mut query.hourly,
            Want::DaysOff => &mut query.days_off,
            Want::NoAge => &mut query.no_age,
        };
        *value = if value.is_empty() { "1".into() } else { String::new() };
        query
    }

    /// The query string with another `after`, for links; empty values are left out.
    pub fn link(&self, path: &str, after: &str) -> String {
        let mut parts: Vec<String> = self.pairs().iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
        if !after.is_empty() {
            parts.push(format!("after={after}"));
        }
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PostingId;

    #[test]
    fn nonsense_in_a_query_string_is_left_out() {
        let query = Query {
            region: "99' OR 1=1".into(),
            industry: "<b>".into(),
            kind: "x".into(),
            pay: "99999999999999999999".into(),
            near: "91,181".into(),
            sort: "distance".into(),
            after: "1.x".into(),
            ..Query::default()
        };
        let filter = Filter::read(Of::Fair(FairId::new()), &query);
        assert!(filter.region.is_none() && filter.industry.is_none() && filter.kind.is_none());
        assert!(filter.pay.is_none() && filter.after.is_none() && filter.near.is_none());
        assert_eq!(filter.sort, Sort::Newest);
    }

    #[test]
    fn links_keep_what_was_asked() {
        let query = Query { q: "电 子&".into(), couples: "1".into(), ..Query::default() };
        assert_eq!(query.link("/x", "1.a"), "/x?q=%E7%94%B5%20%E5%AD%90%26&couples=1&after=1.a");
        assert_eq!(Query::default().link("/x", ""), "/x");
        assert_eq!(Query::default().toggled(Want::Meals).link("/x", ""), "/x?meals=1");
        assert_eq!(query.toggled(Want::Couples).couples, "");
        let query = Query { sort: "pay".into(), near: "330100".into(), region: "330100".into(), ..query };
        let again = Query::parse(&query.saved());
        assert_eq!((again.q.as_str(), again.region.as_str(), again.sort.as_str()), ("电 子&", "330100", ""));
        assert_eq!(query.summary(Lang::Zh), "电 子& · 杭州 · 夫妻房");
        assert!(Query::parse("%FF&&=").is_plain());
        assert_eq!((query.active(), query.is_plain()), (2, false));
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = Cursor((i64::MIN, -3, PostingId::new()));
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        assert_eq!(Cursor::parse("1.2"), None);
    }
}
