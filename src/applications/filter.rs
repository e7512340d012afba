//! Which applications a recruiter lists: the query string as understood, and as it is written into links. Pure.

use super::Status;
use super::pages::encoded;
use crate::clock::{DAY, Millis};
use crate::ids::{AccountId, ApplicationId, BulkId, EmployerId, FairId, PostingId};
use crate::web::clean;
use serde::Deserialize;

/// Rows on a page.
pub(super) const PAGE_SIZE: i64 = 30;
/// Characters of a name to look for.
const MAX_NAME: usize = 40;

/// The query string; what makes no sense is left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) posting: String,
    pub(super) fair: String,
    pub(super) status: Vec<String>,
    pub(super) unread: String,
    /// `me`, `nobody`, or a colleague.
    pub(super) assigned: String,
    pub(super) name: String,
    /// At least so many years.
    pub(super) years: String,
    /// In their stage for longer than so many days, and somebody waits for the employer.
    pub(super) days: String,
    pub(super) sort: String,
    pub(super) after: String,
    /// What was done last with several: told on top of the list.
    pub(super) done: String,
}

/// Whose applications are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Assigned {
    #[default]
    Anybody,
    Nobody,
    To(AccountId),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Newest,
    /// Longest in their stage first.
    Waiting,
}

/// What is listed.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) employer: EmployerId,
    /// Whose unread messages count.
    pub(super) viewer: AccountId,
    pub(super) posting: Option<PostingId>,
    pub(super) fair: Option<FairId>,
    pub(super) status: Vec<Status>,
    pub(super) unread: bool,
    pub(super) assigned: Assigned,
    pub(super) name: String,
    pub(super) years: i64,
    /// In their stage since before then.
    pub(super) since: Option<Millis>,
    pub(super) sort: Sort,
    pub(super) after: Option<(Millis, ApplicationId)>,
    /// Only these, if there are any.
    pub(super) picked: Vec<ApplicationId>,
    pub(super) limit: i64,
}

impl ListQuery {
    /// From pairs of a form that holds more than the query.
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
        Self {
            posting: one("posting"),
            fair: one("fair"),
            status: pairs.iter().filter(|(n, _)| n == "status").map(|(_, v)| v.clone()).collect(),
            unread: one("unread"),
            assigned: one("assigned"),
            name: one("name"),
            years: one("years"),
            days: one("days"),
            sort: one("sort"),
            ..Self::default()
        }
    }

    pub(super) fn filter(&self, employer: EmployerId, viewer: AccountId, now: Millis) -> Filter {
        let number = |text: &str| text.trim().parse::<i64>().ok().filter(|n| (1..=3_650).contains(n));
        Filter {
            employer,
            viewer,
            posting: self.posting.parse().ok(),
            fair: self.fair.parse().ok(),
            status: self.status.iter().filter_map(|s| Status::parse(s)).collect(),
            unread: !self.unread.is_empty(),
            assigned: match self.assigned.as_str() {
                "me" => Assigned::To(viewer),
                "nobody" => Assigned::Nobody,
                other => other.parse().map(Assigned::To).unwrap_or_default(),
            },
            name: clean(&self.name, MAX_NAME),
            years: number(&self.years).unwrap_or(0),
            since: number(&self.days).map(|days| now - days * DAY),
            sort: if self.sort == "waiting" { Sort::Waiting } else { Sort::Newest },
            after: self.after.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?))),
            picked: Vec::new(),
            limit: PAGE_SIZE,
        }
    }

    pub(super) fn bulk(&self) -> Option<BulkId> {
        self.done.parse().ok()
    }

    /// Whether anything but the stage is chosen.
    pub(super) fn is_narrowed(&self) -> bool {
        [&self.fair, &self.unread, &self.assigned, &self.name, &self.years, &self.days].iter().any(|text| !text.is_empty())
    }

    pub(super) fn has(&self, status: &Status) -> bool {
        self.status.iter().any(|s| s == status.name())
    }

    /// The same on its first page and without what was done.
    pub(super) fn fresh(&self) -> Self {
        Self { after: String::new(), done: String::new(), ..self.clone() }
    }

    /// As pairs of a query string.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let one = [
            ("posting", &self.posting),
            ("fair", &self.fair),
            ("unread", &self.unread),
            ("assigned", &self.assigned),
            ("name", &self.name),
            ("years", &self.years),
            ("days", &self.days),
            ("sort", &self.sort),
            ("after", &self.after),
            ("done", &self.done),
        ];
        let mut pairs: Vec<_> = one.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k, v.clone())).collect();
        pairs.extend(self.status.iter().filter(|s| !s.is_empty()).map(|s| ("status", s.clone())));
        pairs
    }

    /// The list of an employer, so filtered.
    pub(super) fn link(&self, employer: &EmployerId) -> String {
        let parts: Vec<String> = self.pairs().iter().map(|(k, v)| format!("{k}={}", encoded(v))).collect();
        let path = format!("/employers/{employer}/applications");
        if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> ListQuery {
        ListQuery { name: " 李&雷 ".into(), days: "3".into(), status: vec!["new".into(), "x".into()], ..ListQuery::default() }
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_the_rest_is_understood() {
        let (employer, me) = (EmployerId::new(), AccountId::new());
        let filter = query().filter(employer, me, 10 * DAY);
        assert_eq!((filter.name.as_str(), filter.since, &filter.status[..]), ("李&雷", Some(7 * DAY), &[Status::New][..]));
        for bad in ["-1", "0", "x", "99999999999999999999", "1.5"] {
            assert_eq!(ListQuery { days: bad.into(), ..ListQuery::default() }.filter(employer, me, 0).since, None, "{bad}");
        }
        let assigned = |text: &str| ListQuery { assigned: text.into(), ..ListQuery::default() }.filter(employer, me, 0).assigned;
        assert_eq!([assigned("me"), assigned("nobody"), assigned("x")], [Assigned::To(me), Assigned::Nobody, Assigned::Anybody]);
    }

    #[test]
    fn a_link_leads_to_the_same_list_whatever_is_in_it() {
        let link = ListQuery { posting: "\"><script>".into(), ..query() }.link(&EmployerId::new());
        assert!(link.contains("name=%20%E6%9D%8E%26%E9%9B%B7%20&") && link.ends_with("status=new&status=x"), "{link}");
        assert!(!link.contains(['"', '<', '>', ' ']));
        assert!(!ListQuery::default().link(&EmployerId::new()).contains('?'));
    }
}
