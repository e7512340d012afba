//! A poll as a page shows it: `{% include "polls/panel.html" %}` in a page with the fields `p: Page` and `votes: Panel`.

use super::{Draft, Kept, LIMITS, MAX_OPTION, MAX_OPTIONS, MAX_QUESTION, Polls, domain, store};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::ids::RoomId;
use crate::live::PollResult;
use crate::rooms::RoomView;
use crate::web::{Fields, Page, Result};
use serde::Serialize;

/// What `templates/polls/panel.html` needs. A page that shows it links `css/ask.css` and the script `js/polls/panel.js`.
#[derive(Clone, Debug)]
pub struct Panel {
    pub room: RoomId,
    pub presents: bool,
    /// Has a name, so may vote.
    pub known: bool,
    /// Room and fair are open.
    pub open: bool,
    /// When the page was made.
    pub at: Millis,
    /// The newest poll.
    pub poll: Option<Shown>,
    pub form: Draft,
    pub fields: Fields,
}

/// A poll as a viewer may see it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub poll: String,
    pub question: String,
    pub multiple: bool,
    pub closed: bool,
    pub ends_at: Option<Millis>,
    pub voters: i64,
    pub options: Vec<Choice>,
    /// Whether the viewer has voted.
    pub voted: bool,
    /// Whether the numbers of the options are shown.
    pub counted: bool,
    #[serde(skip)]
    pub ends_iso: String,
    #[serde(skip)]
    pub ends_time: String,
    #[serde(skip)]
    pub opened_iso: String,
    #[serde(skip)]
    pub opened_time: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub text: String,
    /// 0 as long as it is not shown.
    pub count: i64,
    pub percent: i64,
    pub chosen: bool,
}

/// Rounded share of people.
fn percent(count: i64, people: i64) -> i64 {
    (count * 100 + people / 2).checked_div(people).unwrap_or(0)
}

impl Shown {
    /// Numbers are for hosts, for who has voted, and for all once the poll is closed.
    fn of(kept: &Kept, result: &PollResult, own: Option<i64>, view: &RoomView, now: Millis) -> Self {
        let closed = !kept.is_open(now);
        let counted = closed || view.presents || own.is_some();
        let chosen = own.map(domain::choices).unwrap_or_default();
        let choice = |(n, text): (usize, &String)| {
            let count = if counted { result.counts.get(n).copied().unwrap_or(0) } else { 0 };
            Choice { text: text.clone(), count, percent: percent(count, result.voters), chosen: chosen.contains(&n) }
        };
        let time = |at: &Millis| view.fair.local(at).split(' ').next_back().unwrap_or_default().to_owned();
        Self {
            poll: kept.id.to_string(),
            question: kept.question.clone(),
            multiple: kept.multiple.0,
            closed,
            ends_at: kept.ends_at,
            voters: result.voters,
            options: kept.options.0.iter().enumerate().map(choice).collect(),
            voted: own.is_some(),
            counted,
            ends_iso: kept.ends_at.map(iso).unwrap_or_default(),
            ends_time: kept.ends_at.as_ref().map(time).unwrap_or_default(),
            opened_iso: iso(kept.opened_at),
            opened_time: view.fair.local(&kept.opened_at),
        }
    }
}

impl Panel {
    /// The poll that takes votes now.
    pub fn running(&self) -> Option<&Shown> {
        self.poll.as_ref().filter(|poll| !poll.closed)
    }

    pub fn limits(&self, p: &Page) -> Vec<(i64, String)> {
        let text = |seconds: i64| match seconds {
            0 => p.t("polls-limit-none"),
            30 => p.t1("polls-limit-seconds", "n", seconds),
            _ => p.t1("polls-limit-minutes", "n", seconds / 60),
        };
        LIMITS.iter().map(|seconds| (*seconds, text(*seconds))).collect()
    }

    /// The options of the form, as many as there may be.
    pub fn blanks(&self) -> Vec<&str> {
        (0..MAX_OPTIONS).map(|n| self.form.options.get(n).map_or("", String::as_str)).collect()
    }

    pub fn max_question(&self) -> usize {
        MAX_QUESTION
    }

    pub fn max_option(&self) -> usize {
        MAX_OPTION
    }
}

impl Polls {
    /// The newest poll of a room for a viewer.
    pub async fn panel(&self, viewer: &Viewer, view: &RoomView) -> Result<Panel> {
        let poll = match self.newest(view.room.id).await? {
            Some(kept) => Some(self.shown(viewer, view, &kept).await?),
            None => None,
        };
        Ok(Panel {
            room: view.room.id,
            presents: view.presents,
            known: viewer.account.is_some(),
            open: self.live().check_open(view).is_ok(),
            at: self.now(),
            poll,
            form: Draft::default(),
            fields: Fields::default(),
        })
    }

    /// A poll as a viewer may see it.
    pub(super) async fn shown(&self, viewer: &Viewer, view: &RoomView, kept: &Kept) -> Result<Shown> {
        let own = match viewer.id() {
            Some(account) => store::vote_of(self.db().read(), kept.id, account).await?,
            None => None,
        };
        let result = self.recent_result(kept, own).await?;
        Ok(Shown::of(kept, &result, own, view, self.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_rounded_and_nobody_is_no_division() {
        assert_eq!([percent(1, 3), percent(2, 3), percent(3, 3), percent(0, 0)], [33, 67, 100, 0]);
    }
}
