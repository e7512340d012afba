//! The chat as a page shows it: `{% include "chat/panel.html" %}` in a page with the fields `p: Page` and `panel: Panel`.

use super::said::Said;
use super::wire::{Can, You};
use super::{Chat, MAX_TEXT};
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::fairs::Fair;
use crate::ids::{FairId, RoomId};
use crate::live::{Entry, Event, Notice, Quote};
use crate::moderation::{CaseState, Device, FOR_GOOD, Held};
use crate::rooms::RoomView;
use crate::web::Result;
use std::collections::HashSet;

/// Lines in the page itself; older ones come as the person scrolls up.
const LINES: usize = 40;
/// Entries looked through for lines: some are none, such as deletions, and hosts may have been silent for long.
const LOOKED_AT: i64 = 80;
const LOOKED_AT_FOR_HOSTS: i64 = 500;

/// How somebody looks at a chat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Only at what hosts and organisers say, and what they answer.
    pub only_hosts: bool,
    /// With an answer to this message begun.
    pub reply_to: Option<i64>,
}

/// What `templates/chat/panel.html` needs. A page that shows it links `css/room.css` and the script `js/chat/panel.js`.
#[derive(Clone, Debug)]
pub struct Panel {
    pub room: RoomId,
    pub fair: FairId,
    /// The viewer looks on without being counted.
    pub shadow: bool,
    /// Whether the viewer may block people from all rooms of the employer.
    pub may_block: bool,
    /// Only what hosts and organisers say is shown, and what they answer; so many messages are left out.
    pub only_hosts: bool,
    pub left_out: usize,
    /// What an answer is begun to.
    pub reply: Option<Quote>,
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
    /// What hosts pinned.
    pub notice: Option<Notice>,
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
            message @ Event::Message { .. } => (Said::of(message, viewer.id()), None),
            Event::StreamStarted => (None, happened("chat-stream-started")),
            Event::StreamEnded => (None, happened("chat-stream-ended")),
            Event::RoomClosed { closed: true } => (None, happened("chat-room-closed")),
            Event::RoomClosed { closed: false } => (None, happened("chat-room-opened")),
            Event::Spotlight { card: Some(card) } => {
                let (title_zh, title_en) = (card.title_zh.clone(), card.title_en.clone());
                (None, Some(Happened { key: "chat-on-stage", title_zh, title_en }))
            }
            Event::CoHost { name, presents: true, .. } => {
                (None, Some(Happened { key: "chat-co-host", title_zh: name.clone(), title_en: name.clone() }))
            }
            Event::Mode { audience, .. } => (None, happened(mode_text(audience))),
            Event::CoHost { presents: false, .. }
            | Event::Spotlight { card: None }
            | Event::Deleted { .. }
            | Event::Purged { .. }
            | Event::Restored { .. }
            | Event::RestoredAll { .. }
            | Event::Muted { .. }
            | Event::Banned { .. }
            | Event::Slide { .. }
            | Event::Question(_)
            | Event::Poll(_)
            | Event::Notice(_) => return None,
        };
        let own = said.as_ref().is_some_and(|s| Some(s.author) == viewer.id());
        let time = fair.local(&entry.at).split(' ').next_back().unwrap_or_default().to_owned();
        Some(Self { seq: entry.seq, iso: iso(entry.at), time, said, happened, own, moderated, held: None })
    }

    /// A held message as its author sees it.
    fn waiting(held: Held, you: &You, fair: &Fair) -> Self {
        let said = Said::own(you.account, &you.name, you.badge, &held.text);
        let time = fair.local(&held.at).split(' ').next_back().unwrap_or_default().to_owned();
        let waits = Waits { client_id: held.client_id, rejected: held.state == CaseState::Rejected };
        Self { iso: iso(held.at), time, said: Some(said), own: true, held: Some(waits), ..Self::default() }
    }

    pub fn classes(&self) -> String {
        let mut classes = String::from("msg");
        if let Some(said) = &self.said {
            let all = [
                (" msg-own", self.own),
                (" msg-host", !said.badge.is_empty()),
                (" msg-deleted", said.deleted),
                (" msg-for-you", said.for_viewer),
                (" msg-emoji", said.is_large()),
            ];
            all.iter().filter(|(_, holds)| *holds).for_each(|(class, _)| classes.push_str(class));
        }
        classes
    }
}

/// The newest lines, oldest first, and how many messages between them are left out. `newest_first` is what was looked through.
fn chosen(newest_first: impl Iterator<Item = Line>, only_hosts: bool) -> (Vec<Line>, usize) {
    let (mut lines, mut left_out, mut answered) = (Vec::new(), 0, HashSet::new());
    for line in newest_first {
        if let Some(said) = line.said.as_ref().filter(|_| only_hosts) {
            let by_host = !said.badge.is_empty();
            if !(by_host || line.own || said.for_viewer || answered.contains(&line.seq)) {
                left_out += 1;
                continue;
            }
            answered.extend(said.reply.as_ref().filter(|_| by_host).map(|quote| quote.seq));
        }
        lines.push(line);
        if lines.len() == LINES {
            break;
        }
    }
    lines.reverse();
    (lines, left_out)
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
        self.panel_for(viewer, view, Look::default()).await
    }

    /// The same, looked at in some way.
    pub async fn panel_for(&self, viewer: &Viewer, view: &RoomView, look: Look) -> Result<Panel> {
        let party = self.enter(viewer.clone(), view.room.id, Device::default()).await?;
        let can = self.can(&party);
        let most = if look.only_hosts { LOOKED_AT_FOR_HOSTS } else { LOOKED_AT };
        let entries = self.live.before(view.room.id, i64::MAX, most).await?;
        let (lines, left_out) =
            chosen(entries.iter().filter_map(|entry| Line::of(entry, &view.fair, viewer, can.moderate)), look.only_hosts);
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
            only_hosts: look.only_hosts,
            left_out,
            reply: self.begun(view.room.id, look.reply_to).await?,
            lines,
            last_seq: entries.first().map_or(0, |e| e.seq),
            first_seq: looked_at.unwrap_or(1),
            you,
            until: can.until.map(until).unwrap_or_default(),
            notice: self.live.notice(view.room.id).await?,
            blank: Line { moderated: can.moderate, ..Line::default() },
            can,
            client_id: uuid::Uuid::now_v7().to_string(),
        })
    }

    /// What is answered, if it is still there to be.
    async fn begun(&self, room: RoomId, reply_to: Option<i64>) -> Result<Option<Quote>> {
        let Some(seq) = reply_to else { return Ok(None) };
        let entry = self.live.entry(room, seq).await?;
        Ok(entry.map(|entry| Quote::of(seq, Some(&entry.event))).filter(|quote| !quote.deleted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AccountId;

    fn line(seq: i64, badge: &str, reply: Option<i64>) -> Line {
        let said = Said { reply: reply.map(Quote::to), ..Said::own(AccountId::new(), "王芳", badge, "x") };
        Line { seq, said: Some(said), ..Line::default() }
    }

    #[test]
    fn only_hosts_what_they_answer_and_what_is_ones_own_is_left() {
        let own = Line { own: true, ..line(3, "", None) };
        let started = Line { seq: 2, ..Line::default() };
        let newest_first =
            [line(7, "", Some(6)), line(6, "host", Some(4)), line(5, "", None), line(4, "", None), own, started, line(1, "", None)];
        let seqs = |only| {
            let (lines, left_out) = chosen(newest_first.iter().cloned(), only);
            (lines.iter().map(|l| l.seq).collect::<Vec<_>>(), left_out)
        };
        assert_eq!(seqs(true), (vec![2, 3, 4, 6], 3));
        assert_eq!(seqs(false), (vec![1, 2, 3, 4, 5, 6, 7], 0));
        let many = (0..100).rev().map(|seq| line(seq, "", None));
        assert_eq!(chosen(many, false).0.first().map(|l| l.seq), Some(60));
    }
}
