//! What somebody must look at: messages that are held, and messages that were reported.
//!
//! Invariants: a held message is stored before its author hears so, and is not in the journal until it is approved (see
//! [`super::decisions`]), so the sequence of the room has no hole.

use super::text::Category;
use super::{FOR_GOOD, Kind, Length, Moderation, store};
use crate::accounts::Viewer;
use crate::clock::{HOUR, Millis};
use crate::fairs::Fair;
use crate::ids::{AccountId, CaseId, FairId, RoomId};
use crate::live::{Entry, Event, Quote};
use crate::rooms::{Door, Room};
use crate::web::{AppError, Result, Text};
use serde::{Deserialize, Serialize};

/// Held messages of one person in one room that may wait: more is a flood.
const MAX_WAITING: i64 = 10;
/// Cases on one desk; the worst come first.
const MAX_CASES: i64 = 100;
/// Messages shown around a case.
const CONTEXT: usize = 5;
/// For how long an author is shown what was rejected.
const SHOWN_REJECTED: Millis = HOUR;

macro_rules! stored {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl TryFrom<String> for $name {
            type Error = anyhow::Error;
            fn try_from(s: String) -> anyhow::Result<Self> {
                match s.as_str() {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(anyhow::anyhow!("{} {s}", stringify!($name))),
                }
            }
        }
    };
}

stored! {
    /// How a message came to the desk.
    CaseKind { Held = "held", Report = "report" }
}

stored! {
    /// Where a case stands.
    CaseState { Waiting = "waiting", Approved = "approved", Rejected = "rejected" }
}

stored! {
    /// What a moderator decides; muting and banning take the message away as well.
    Decision { Approve = "approve", Delete = "delete", Mute = "mute", Ban = "ban" }
}

stored! {
    /// Why somebody reports a message.
    Reason { Fraud = "fraud", Abuse = "abuse", Privacy = "privacy", Advert = "advert", Other = "other" }
}

impl Reason {
    pub const ALL: [Self; 5] = [Self::Fraud, Self::Abuse, Self::Privacy, Self::Advert, Self::Other];
}

impl Decision {
    pub(super) fn state(self) -> CaseState {
        if self == Self::Approve { CaseState::Approved } else { CaseState::Rejected }
    }

    /// The sanction that goes with it. A ban by one key is for good because what brings one there is fraud; it can be taken back.
    pub(super) fn sanction(self) -> Option<(Kind, Length)> {
        match self {
            Self::Approve | Self::Delete => None,
            Self::Mute => Some((Kind::Mute, Length::TenMinutes)),
            Self::Ban => Some((Kind::Ban, Length::ForGood)),
        }
    }
}

/// Text key of a name in [`Case::why`].
pub fn why_text(name: &str) -> &'static str {
    match name {
        "word" => "moderation-why-word",
        "network" => "moderation-why-network",
        "fraud" => "moderation-why-fraud",
        "abuse" => "moderation-why-abuse",
        "privacy" => "moderation-why-privacy",
        "advert" => "moderation-why-advert",
        _ => Category::ALL.into_iter().find(|c| c.name() == name).map_or("moderation-why-other", Category::text),
    }
}

/// What does most harm is looked at first: 3 costs people money or papers, 2 leads them away or hurts, 1 is untidy.
fn risk(why: &[&str]) -> i64 {
    let of = |name: &&str| match *name {
        "loan" | "deposit" | "fee" | "papers" | "fraud" => 3,
        "contact" | "scan" | "abuse" | "privacy" => 2,
        _ => 1,
    };
    why.iter().map(of).max().unwrap_or(1)
}

/// A message on the desk.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Case {
    pub id: CaseId,
    pub fair_id: FairId,
    pub room_id: RoomId,
    #[sqlx(try_from = "String")]
    pub kind: CaseKind,
    pub author_id: AccountId,
    pub once: String,
    pub name: String,
    pub badge: String,
    pub text: String,
    pub seq: i64,
    /// The message that it answers.
    pub reply_to: Option<i64>,
    pub why: String,
    pub risk: i64,
    pub reports: i64,
    pub at: Millis,
    #[sqlx(try_from = "String")]
    pub state: CaseState,
    pub decision: String,
}

impl Case {
    /// Text keys of why it is here.
    pub fn reasons(&self) -> Vec<&'static str> {
        self.why.split(' ').filter(|w| !w.is_empty()).map(why_text).collect()
    }

    pub(super) fn event(&self) -> Event {
        Event::Message {
            author: self.author_id,
            name: self.name.clone(),
            badge: self.badge.clone(),
            text: self.text.clone(),
            client_id: self.once.clone(),
            reply: self.reply_to.map(Quote::to),
            mentions: Vec::new(),
            deleted: false,
        }
    }
}

/// A held message as its author sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Held {
    #[sqlx(rename = "once")]
    pub client_id: String,
    pub text: String,
    pub at: Millis,
    #[sqlx(try_from = "String")]
    pub state: CaseState,
}

/// What a moderator did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub name: String,
    pub handled: usize,
    /// Median time from arrival to decision, seconds.
    pub median: i64,
}

/// The desk of a fair as one moderator sees it.
#[derive(Clone, Debug)]
pub struct Desk {
    pub fair: Fair,
    pub rooms: Vec<Room>,
    /// Worst first, then newest; each with what was said around it, oldest first.
    pub cases: Vec<(Case, Vec<Entry>)>,
    pub recent: Vec<Case>,
    /// After so many days what was decided is erased.
    pub kept_days: u32,
    pub figures: Vec<Figure>,
}

impl Moderation {
    /// Holds a message; durable when this returns. False if too many of the author's wait already.
    pub async fn hold(&self, door: &Door, message: &Event, why: &[&'static str]) -> Result<bool> {
        let Event::Message { author, name, badge, text, client_id, .. } = message else { return Err(AppError::NotFound) };
        let db = &self.accounts.db;
        if store::waiting_of(db.read(), door.room.id, *author).await? >= MAX_WAITING {
            return Ok(false);
        }
        let case = Case {
            id: CaseId::new(),
            fair_id: door.fair.id,
            room_id: door.room.id,
            kind: CaseKind::Held,
            author_id: *author,
            once: client_id.clone(),
            name: name.clone(),
            badge: badge.clone(),
            text: text.clone(),
            seq: self.live.last_seq(door.room.id).await?,
            reply_to: message.answers(),
            why: why.join(" "),
            risk: risk(why),
            reports: 0,
            at: self.accounts.clock.now(),
            state: CaseState::Waiting,
            decision: String::new(),
        };
        store::insert_case(db.write(), &case).await?;
        Ok(true)
    }

    /// Where a message stands that was held under this client id.
    pub async fn held_before(&self, room: RoomId, author: AccountId, client_id: &str) -> Result<Option<CaseState>> {
        let case = store::case_of(self.accounts.db.read(), room, author, CaseKind::Held, client_id).await?;
        Ok(case.map(|c| c.state))
    }

    /// What of an author waits in a room, or was rejected a short while ago; oldest first.
    pub async fn held_of(&self, room: RoomId, author: AccountId) -> Result<Vec<Held>> {
        let since = self.accounts.clock.now() - SHOWN_REJECTED;
        Ok(store::held_of(self.accounts.db.read(), room, author, since).await?)
    }

    /// Reports a message to the moderators; false if this person did before.
    pub async fn report(&self, viewer: &Viewer, room: RoomId, seq: i64, reason: Reason) -> Result<bool> {
        let view = self.live.rooms.visible_to(viewer, room).await?;
        let by = viewer.known()?.id;
        let entry = self.live.entry(room, seq).await?.ok_or(AppError::NotFound)?;
        let Event::Message { author, name, badge, text, deleted: false, .. } = entry.event else { return Err(AppError::NotFound) };
        if author == by {
            return Err(AppError::Conflict(Text("moderation-report-own")));
        }
        self.report_pace.check(&by)?;
        let now = self.accounts.clock.now();
        let case = Case {
            id: CaseId::new(),
            fair_id: view.fair.id,
            room_id: room,
            kind: CaseKind::Report,
            author_id: author,
            once: seq.to_string(),
            name,
            badge,
            text,
            seq,
            reply_to: None,
            why: reason.name().to_owned(),
            risk: risk(&[reason.name()]),
            reports: 0,
            at: now,
            state: CaseState::Waiting,
            decision: String::new(),
        };
        Ok(store::report(&self.accounts.db, &case, by, reason).await?)
    }

    /// The desk: of all rooms for organisers, of their own rooms for hosts, who see nothing that colleagues wrote and no figures.
    pub async fn desk(&self, viewer: &Viewer, fair: FairId) -> Result<Desk> {
        let fair = self.live.rooms.fairs.visible_to(viewer, fair).await?;
        let mut rooms = self.live.rooms.of_fair(fair.id).await?;
        rooms.retain(|room| room.is_hosted_by(viewer));
        if rooms.is_empty() {
            return Err(AppError::NotFound);
        }
        let organises = viewer.organises(fair.id);
        let scope = if organises { None } else { Some(rooms.iter().map(|r| r.id).collect::<Vec<_>>()) };
        let db = self.accounts.db.read();
        let mut cases = Vec::new();
        for case in store::waiting(db, fair.id, scope.as_deref(), MAX_CASES).await? {
            let context = self.around(&case).await?;
            cases.push((case, context));
        }
        let recent = store::decided(db, fair.id, scope.as_deref(), 10).await?;
        let figures = if organises { figures(store::decisions(db, fair.id).await?) } else { Vec::new() };
        Ok(Desk { fair, rooms, cases, recent, kept_days: self.kept_days, figures })
    }

    /// The messages around a case, oldest first.
    async fn around(&self, case: &Case) -> Result<Vec<Entry>> {
        let mut entries = self.live.before(case.room_id, case.seq + 3, 4 * CONTEXT as i64).await?;
        entries.retain(|e| matches!(e.event, Event::Message { .. }) && (case.kind == CaseKind::Held || e.seq != case.seq));
        entries.truncate(CONTEXT);
        entries.reverse();
        Ok(entries)
    }
}

/// Figures by moderator from (name, arrival, decision), the busiest first.
fn figures(decisions: Vec<(String, Millis, Millis)>) -> Vec<Figure> {
    let mut by_name = std::collections::BTreeMap::<String, Vec<i64>>::new();
    for (name, at, decided) in decisions {
        by_name.entry(name).or_default().push((decided - at).clamp(0, FOR_GOOD) / 1_000);
    }
    let figure = |(name, mut times): (String, Vec<i64>)| {
        times.sort_unstable();
        Figure { name, handled: times.len(), median: times.get(times.len() / 2).copied().unwrap_or(0) }
    };
    let mut figures: Vec<_> = by_name.into_iter().map(figure).collect();
    figures.sort_by_key(|f| std::cmp::Reverse(f.handled));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_people_money_comes_first() {
        assert!(risk(&["word", "deposit"]) > risk(&["contact"]) && risk(&["abuse"]) > risk(&["advert"]));
        assert_eq!(risk(&[]), 1);
    }

    #[test]
    fn figures_are_medians_by_moderator() {
        let of = |name: &str, took: i64| (name.to_owned(), 1_000, 1_000 + took);
        let all = figures(vec![of("王", 5_000), of("李", 9_000), of("王", 1_000), of("王", 60_000)]);
        assert_eq!(all[0], Figure { name: "王".into(), handled: 3, median: 5 });
        assert_eq!(all[1], Figure { name: "李".into(), handled: 1, median: 9 });
    }
}
