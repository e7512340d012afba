//! The chat as a page shows it: `{% include "chat/panel.html" %}` in a page with the fields `p: Page` and `panel: Panel`.

use super::wire::{Can, You};
use super::{Chat, MAX_TEXT};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::fairs::Fair;
use crate::ids::{AccountId, FairId, RoomId};
use crate::live::{Entry, Event};
use crate::moderation::{CaseState, Device, FOR_GOOD, Held};
use crate::rooms::RoomView;
use crate::web::Result;

/// Lines in the page itself; older ones come as the person scrolls up.
const LINES: usize = 40;

/// What `templates/chat/panel.html` needs. A page that shows it links `css/room.css` and the script `js/chat/panel.js`.
#[derive(Clone, Debug)]
pub struct Panel {
    pub room: RoomId,
    pub fair: FairId,
    /// The viewer looks on without being counted.
    pub shadow: bool,
    /// Whether the viewer may block people from all rooms of the employer.
    pub may_block: bool,
    /// Oldest first.
    pub lines: Vec<Line>,
    /// The newest entry that the lines take into account.
    pub last_seq: i64,
    /// The oldest sequence number that was looked at; the history before it is there if it is above 1.
    pub first_seq: i64,
    pub you: Option<You>,
    pub can: Can,
    /// When a mute or ban ends, in the fair's zone; empty without one, or without an end.
    pub until: String,
    /// For the form without JavaScript: a reload does not send twice.
    pub client_id: String,
    /// The viewer's own messages that wait to be looked at, or were rejected a short while ago.
    pub held: Vec<Line>,
    /// An empty line from which scripts make new ones.
    pub blank: Line,
}

/// One line of the chat: a message, or what happened; the blank one that scripts copy is neither.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub seq: i64,
    pub iso: String,
    pub time: String,
    pub said: Option<Said>,
    pub happened: Option<Happened>,
    pub own: bool,
    /// Whether the viewer may moderate here.
    pub moderated: bool,
    /// Of a held message, which has no number yet.
    pub held: Option<Waits>,
}

/// Where a held message stands.
#[derive(Clone, Debug)]
pub struct Waits {
    pub client_id: String,
    pub rejected: bool,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Said {
    pub author: AccountId,
    pub name: String,
    /// `host`, `organiser` or empty.
    pub badge: String,
    pub text: String,
    pub deleted: bool,
}

/// Something else that happened: a text key, and for a posting on stage its titles in both languages.
#[derive(Clone, Debug)]
pub struct Happened {
    pub key: &'static str,
    pub title_zh: String,
    pub title_en: String,
}

impl Line {
    /// None for what is not shown as a line.
    fn of(entry: &Entry, fair: &Fair, viewer: &Viewer, moderated: bool) -> Option<Self> {
        let happened = |key| Some(Happened { key, title_zh: String::new(), title_en: String::new() });
        let (said, happened) = match &entry.event {
            Event::Message { author, name, badge, text, deleted, .. } => {
                let said = Said { author: *author, name: name.clone(), badge: badge.clone(), text: text.clone(), deleted: *deleted };
                (Some(said), None)
            }
            Event::StreamStarted => (None, happened("chat-stream-started")),
            Event::StreamEnded => (None, happened("chat-stream-ended")),
            Event::RoomClosed { closed: true } => (None, happened("chat-room-closed")),
            Event::RoomClosed { closed: false } => (None, happened("chat-room-opened")),
            Event::Spotlight { card: Some(card) } => {
                let (title_zh, title_en) = (card.title_zh.clone(), card.title_en.clone());
                (None, Some(Happened { key: "chat-on-stage", title_zh, title_en }))
            }
            Event::Mode { audience, .. } => (None, happened(mode_text(audience))),
            Event::Spotlight { card: None }
            | Event::Deleted { .. }
            | Event::Purged { .. }
            | Event::Restored { .. }
            | Event::RestoredAll { .. }
            | Event::Muted { .. }
            | Event::Banned { .. } => return None,
        };
        let own = said.as_ref().is_some_and(|s| Some(s.author) == viewer.id());
        let time = fair.local(&entry.at).split(' ').next_back().unwrap_or_default().to_owned();
        Some(Self { seq: entry.seq, iso: iso(entry.at), time, said, happened, own, moderated, held: None })
    }

    /// A held message as its author sees it.
    fn waiting(held: Held, you: &You, fair: &Fair) -> Self {
        let said = Said { author: you.account, name: you.name.clone(), badge: you.badge.to_owned(), text: held.text, deleted: false };
        let time = fair.local(&held.at).split(' ').next_back().unwrap_or_default().to_owned();
        let waits = Waits { client_id: held.client_id, rejected: held.state == CaseState::Rejected };
        Self { iso: iso(held.at), time, said: Some(said), own: true, held: Some(waits), ..Self::default() }
    }

    pub fn classes(&self) -> String {
        let mut classes = String::from("msg");
        if let Some(said) = &self.said {
            for (class, holds) in [(" msg-own", self.own), (" msg-host", !said.badge.is_empty()), (" msg-deleted", said.deleted)] {
                classes.push_str(if holds { class } else { "" });
            }
        }
        classes
    }
}

/// Text key of who may write now.
fn mode_text(audience: &str) -> &'static str {
    match audience {
        "members" => "chat-mode-members",
        "applicants" => "chat-mode-applicants",
        "hosts" => "chat-mode-hosts",
        _ => "chat-mode-everybody",
    }
}

impl Panel {
    /// Whether the history goes further back than the lines.
    pub fn has_older(&self) -> bool {
        self.first_seq > 1
    }

    pub fn max_text(&self) -> usize {
        MAX_TEXT
    }

    /// Text key of why the viewer may not write; empty if only a name is missing, or nothing.
    pub fn refusal(&self) -> &'static str {
        match (self.can.why_not, self.until.is_empty()) {
            (Some("closed"), _) => "chat-refused-closed",
            (Some("members-only"), _) => "chat-refused-members-only",
            (Some("applicants-only"), _) => "chat-refused-applicants-only",
            (Some("hosts-only"), _) => "chat-refused-hosts-only",
            (Some("muted"), true) => "chat-refused-muted",
            (Some("muted"), false) => "chat-muted-until",
            (Some("banned"), true) => "chat-refused-banned",
            (Some("banned"), false) => "chat-banned-until",
            _ => "",
        }
    }

    pub fn is_nameless(&self) -> bool {
        self.can.why_not == Some("nameless")
    }

    pub fn account(&self) -> String {
        self.you.as_ref().map(|y| y.account.to_string()).unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.you.as_ref().map_or("", |y| &y.name)
    }
}

impl Chat {
    /// What of the viewer's waits to be looked at in a room.
    pub(super) async fn held(&self, viewer: &Viewer, room: RoomId) -> Result<Vec<Held>> {
        match viewer.id() {
            Some(account) => self.moderation.held_of(room, account).await,
            None => Ok(Vec::new()),
        }
    }

    /// The panel of a room for a viewer, with the newest lines.
    pub async fn panel(&self, viewer: &Viewer, view: &RoomView) -> Result<Panel> {
        let party = self.enter(viewer.clone(), view.room.id, Device::default()).await?;
        let can = self.can(&party);
        // Some entries are no lines, such as deletions.
        let entries = self.live.before(view.room.id, i64::MAX, 2 * LINES as i64).await?;
        let line = |entry: &Entry| Line::of(entry, &view.fair, viewer, can.moderate);
        let mut lines: Vec<Line> = entries.iter().filter_map(line).take(LINES).collect();
        lines.reverse();
        let looked_at = if lines.len() == LINES { lines.first().map(|l| l.seq) } else { entries.last().map(|e| e.seq) };
        let until = |at: Millis| if at >= FOR_GOOD { String::new() } else { view.fair.local(&at) };
        let you = party.you();
        let held = self.held(viewer, view.room.id).await?.into_iter();
        Ok(Panel {
            held: you.iter().flat_map(|you| held.clone().map(|held| Line::waiting(held, you, &view.fair))).collect(),
            room: view.room.id,
            fair: view.fair.id,
            shadow: false,
            may_block: view.room.employer_id.0.is_some_and(|employer| viewer.recruits_for(employer)),
            lines,
            last_seq: entries.first().map_or(0, |e| e.seq),
            first_seq: looked_at.unwrap_or(1),
            you,
            until: can.until.map(until).unwrap_or_default(),
            blank: Line { moderated: can.moderate, ..Line::default() },
            can,
            client_id: uuid::Uuid::now_v7().to_string(),
        })
    }
}
