//! The question list as a page shows it: `{% include "questions/panel.html" %}` in a page with the fields `p: Page` and `asks: Panel`.

use super::{Draft, Kept, MAX_ANSWER, MAX_TEXT, Questions, State, store};
use crate::accounts::Viewer;
use crate::clock::iso;
use crate::ids::{AccountId, QuestionId, RoomId};
use crate::moderation::why_text;
use crate::rooms::RoomView;
use crate::web::{Fields, Result};
use serde::Serialize;

/// What `templates/questions/panel.html` needs. A page that shows it links `css/ask.css` and the script `js/questions/panel.js`.
#[derive(Clone, Debug)]
pub struct Panel {
    pub room: RoomId,
    pub presents: bool,
    /// Has a name, so may ask.
    pub known: bool,
    /// Room and fair are open.
    pub open: bool,
    /// Hosts look at new questions first.
    pub approval: bool,
    /// What is on air, then the most wanted.
    pub asked: Vec<Item>,
    pub answered: Vec<Item>,
    /// For hosts all that wait; for others their own.
    pub waiting: Vec<Item>,
    /// For hosts.
    pub dismissed: Vec<Item>,
    pub account: Option<AccountId>,
    pub form: Draft,
    pub fields: Fields,
    /// An empty one from which scripts make new ones.
    pub blank: Item,
}

/// A question on the list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Item {
    /// Empty of the blank one.
    pub question: String,
    pub state: &'static str,
    pub author: String,
    pub name: String,
    pub text: String,
    pub answer: String,
    pub asked_at: i64,
    pub votes: i64,
    pub voted: bool,
    /// Why it waits, for hosts: text keys, and the texts for scripts.
    #[serde(skip)]
    pub reasons: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    #[serde(skip)]
    pub iso: String,
    #[serde(skip)]
    pub time: String,
}

impl Item {
    fn of(kept: &Kept, view: &RoomView, voted: &[QuestionId]) -> Self {
        Self {
            question: kept.id.to_string(),
            state: kept.state.name(),
            author: kept.author_id.to_string(),
            name: kept.name.clone(),
            text: kept.text.clone(),
            answer: kept.answer.clone(),
            asked_at: kept.asked_at,
            votes: kept.votes,
            voted: voted.contains(&kept.id),
            reasons: if view.presents { kept.why.split(' ').filter(|w| !w.is_empty()).map(why_text).collect() } else { Vec::new() },
            why: Vec::new(),
            iso: iso(kept.asked_at),
            time: view.fair.local(&kept.asked_at).split(' ').next_back().unwrap_or_default().to_owned(),
        }
    }
}

impl Panel {
    /// The question that is on air.
    pub fn answering(&self) -> Option<&Item> {
        self.asked.first().filter(|item| item.state == State::Answering.name())
    }

    /// Questions that everybody sees and that are not answered.
    pub fn count(&self) -> usize {
        self.asked.len()
    }

    pub fn max_text(&self) -> usize {
        MAX_TEXT
    }

    pub fn max_answer(&self) -> usize {
        MAX_ANSWER
    }

    pub fn account(&self) -> String {
        self.account.map(|id| id.to_string()).unwrap_or_default()
    }
}

impl Questions {
    /// The list of a room for a viewer.
    pub async fn panel(&self, viewer: &Viewer, view: &RoomView) -> Result<Panel> {
        let (db, room) = (self.db().read(), view.room.id);
        let list = self.list(room).await?;
        let voted = match viewer.id() {
            Some(account) => store::voted(db, room, account).await?,
            None => Vec::new(),
        };
        let items = |kept: &[Kept]| kept.iter().map(|kept| Item::of(kept, view, &voted)).collect::<Vec<_>>();
        // One's own are always there, however many others are.
        let own = match viewer.id() {
            Some(account) => store::own(db, room, account).await?,
            None => Vec::new(),
        };
        let (own_waiting, own_open): (Vec<Kept>, Vec<Kept>) = own.into_iter().partition(|kept| kept.state == State::Waiting);
        let mut asked = items(&list.open);
        asked.extend(own_open.iter().filter(|own| !list.open.iter().any(|kept| kept.id == own.id)).map(|own| Item::of(own, view, &voted)));
        let may_undo = |kept: &&Kept| !kept.was.by_organiser || viewer.organises(view.fair.id);
        let dismissed: Vec<Kept> = list.dismissed.iter().filter(may_undo).cloned().collect();
        Ok(Panel {
            room,
            presents: view.presents,
            known: viewer.account.is_some(),
            open: self.live().check_open(view).is_ok(),
            approval: store::approval(db, room).await?,
            asked,
            answered: items(&list.answered),
            waiting: if view.presents { items(&list.waiting) } else { items(&own_waiting) },
            dismissed: if view.presents { items(&dismissed) } else { Vec::new() },
            account: viewer.id(),
            form: Draft { text: String::new(), client_id: uuid::Uuid::now_v7().to_string() },
            fields: Fields::default(),
            blank: Item::default(),
        })
    }
}
