//! What organisers tell all rooms of a fair and its lobby: shown as a bar until it ends by itself or by hand.
//!
//! Truth is in the database: whoever comes, or comes back, reads it there. Rooms with somebody in them are told by one frame each, which is
//! no entry of their journals, so that five hundred rooms cost no write; the frame has all that holds, so the last one is enough.
//! Deliberately absent: anything of a single room (`notices`).

mod pages;
mod store;

pub use pages::routes;

use crate::accounts::{Accounts, Viewer};
use crate::clock::Millis;
use crate::db::{Db, Recent};
use crate::fairs::Fair;
use crate::ids::{AccountId, AnnouncementId, FairId};
use crate::live::{Announced, Live, Passing, To};
use crate::web::{AppError, Fields, Page, RateLimit, Result, Text, clean};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Characters in either language.
pub const MAX_TEXT: usize = 300;
/// Announcements that hold at the same time: more than this nobody reads on a phone.
const MAX_NOW: usize = 3;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    #[default]
    Info,
    Urgent,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Urgent => "urgent",
        }
    }
}

/// An announcement as an organiser types it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub level: Level,
    pub text_zh: String,
    pub text_en: String,
    /// In the zone of the fair, such as `2027-02-20T10:30`; empty: until it is ended by hand.
    pub ends_at: String,
}

/// The same, checked.
#[derive(Debug)]
struct New {
    text_zh: String,
    text_en: String,
    ends_at: Option<Millis>,
}

impl Draft {
    fn check(&self, fair: &Fair, now: Millis) -> Result<New, Fields> {
        let mut wrong = Fields::default();
        let mut text = |field, text: &str| {
            let text = clean(text, MAX_TEXT + 1);
            if text.chars().count() > MAX_TEXT {
                wrong.add(field, Text("announcements-too-long"));
            }
            text
        };
        let (text_zh, text_en) = (text("text_zh", &self.text_zh), text("text_en", &self.text_en));
        if text_zh.is_empty() {
            wrong.add("text_zh", Text("announcements-needed"));
        }
        let ends_at = match self.ends_at.trim() {
            "" => None,
            typed => match local_time(typed, fair) {
                None => {
                    wrong.add("ends_at", Text("announcements-time-wrong"));
                    None
                }
                Some(at) if at <= now => {
                    wrong.add("ends_at", Text("announcements-time-past"));
                    None
                }
                at => at,
            },
        };
        if wrong.is_empty() { Ok(New { text_zh, text_en, ends_at }) } else { Err(wrong) }
    }
}

/// A wall-clock time in the zone of the fair.
fn local_time(text: &str, fair: &Fair) -> Option<Millis> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    fair.time_zone().to_ambiguous_timestamp(civil).compatible().ok().map(|at| at.as_millisecond())
}

/// An announcement as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    pub id: AnnouncementId,
    pub level: String,
    pub text_zh: String,
    pub text_en: String,
    pub at: Millis,
    pub ends_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    pub made_by_name: String,
}

impl Kept {
    fn holds(&self, now: Millis) -> bool {
        self.ended_at.is_none() && self.ends_at.is_none_or(|at| at > now)
    }

    fn told(&self) -> Announced {
        Announced {
            id: self.id,
            level: self.level.clone(),
            text_zh: self.text_zh.clone(),
            text_en: self.text_en.clone(),
            at: self.at,
            ends_at: self.ends_at,
        }
    }
}

/// What `templates/announcements/bar.html` needs. A page that shows it links the script `js/announcements/bar.js`.
#[derive(Clone, Debug)]
pub struct Bar {
    pub fair: FairId,
    /// When the page was made.
    pub at: Millis,
    pub now: Vec<Announced>,
}

/// What holds in a fair, as an organiser's browser, a room or a lobby reads it.
type Holding = Arc<Vec<Kept>>;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Announcements {
    pub live: Live,
    recent: Recent<FairId, Holding>,
    pace: RateLimit<AccountId>,
    /// Rooms are told in the order of the changes.
    turn: Arc<tokio::sync::Mutex<()>>,
    tracker: TaskTracker,
}

impl Announcements {
    pub fn new(live: Live, tracker: &TaskTracker) -> Self {
        let pace = RateLimit::new(6, Duration::from_secs(10));
        Self { live, recent: Recent::default(), pace, turn: Arc::default(), tracker: tracker.clone() }
    }

    fn accounts(&self) -> &Accounts {
        &self.live.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// What holds in a fair, newest first.
    pub async fn holding(&self, fair: FairId) -> Result<Vec<Announced>> {
        let now = self.now();
        let read = async { store::unended(self.db().read(), fair, now).await.map(|kept| Some(Arc::new(kept))) };
        let kept = self.recent.get(now, fair, read).await?.unwrap_or_default();
        Ok(kept.iter().filter(|kept| kept.holds(now)).map(Kept::told).collect())
    }

    /// The bar of a page of a fair that the viewer was let into.
    pub async fn bar(&self, fair: FairId) -> Result<Bar> {
        Ok(Bar { fair, at: self.now(), now: self.holding(fair).await? })
    }

    /// Announces something, as an organiser; audited, and told to all rooms of the fair.
    pub async fn announce(&self, viewer: &Viewer, fair: FairId, draft: &Draft) -> Result<AnnouncementId> {
        let fair = self.live.rooms.fairs.organised_by(viewer, fair).await?;
        let (by, now) = (viewer.known()?.id, self.now());
        let new = draft.check(&fair, now).map_err(AppError::Invalid)?;
        self.pace.check(&by)?;
        let (this, level) = (self.clone(), draft.level);
        self.wholly(async move { this.announce_wholly(&fair, by, level, &new, now).await }).await
    }

    /// Does to its end what is noted first and told then, also when whoever asked for it has gone.
    async fn wholly<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        self.tracker.spawn(work).await.map_err(anyhow::Error::from)?
    }

    async fn announce_wholly(&self, fair: &Fair, by: AccountId, level: Level, new: &New, now: Millis) -> Result<AnnouncementId> {
        let _turn = self.turn.lock().await;
        if store::unended(self.db().read(), fair.id, now).await?.len() >= MAX_NOW {
            return Err(AppError::Conflict(Text("announcements-many")));
        }
        let id = AnnouncementId::new();
        let (level, texts) = (level.name(), (new.text_zh.as_str(), new.text_en.as_str()));
        store::insert(self.db().write(), (id, fair.id, by), level, texts, (now, new.ends_at)).await?;
        let until = new.ends_at.map_or_else(|| "open".to_owned(), |at| at.to_string());
        let detail = format!("announcement={id} level={level} until={until}");
        self.accounts().audit(by, "announcement.make", &fair.id.to_string(), Some(fair.id), &new.text_zh, &detail).await?;
        self.tell(fair.id).await?;
        Ok(id)
    }

    /// Ends an announcement, as an organiser. Ending what has ended is no error.
    pub async fn end(&self, viewer: &Viewer, fair: FairId, id: AnnouncementId) -> Result<()> {
        let fair = self.live.rooms.fairs.organised_by(viewer, fair).await?;
        let (this, by) = (self.clone(), viewer.known()?.id);
        self.wholly(async move { this.end_wholly(&fair, by, id).await }).await
    }

    async fn end_wholly(&self, fair: &Fair, by: AccountId, id: AnnouncementId) -> Result<()> {
        let _turn = self.turn.lock().await;
        if !store::is_of(self.db().read(), fair.id, id).await? {
            return Err(AppError::NotFound);
        }
        if store::end(self.db().write(), id, self.now()).await? {
            let detail = format!("announcement={id}");
            self.accounts().audit(by, "announcement.end", &fair.id.to_string(), Some(fair.id), "", &detail).await?;
            self.tell(fair.id).await?;
        }
        Ok(())
    }

    /// Tells every room of the fair that has somebody in it what holds now.
    async fn tell(&self, fair: FairId) -> Result<()> {
        self.recent.forget(fair);
        let now = self.holding(fair).await?;
        for room in self.live.rooms.of_fair(fair).await? {
            self.live.pass(room.id, &Passing::Announcements { announcements: &now }, To::All);
        }
        Ok(())
    }

    /// All of a fair for its organisers, newest first.
    async fn all(&self, viewer: &Viewer, fair: FairId) -> Result<(Fair, Vec<Kept>)> {
        let fair = self.live.rooms.fairs.organised_by(viewer, fair).await?;
        let all = store::all(self.db().read(), fair.id).await?;
        Ok((fair, all))
    }
}

impl Bar {
    /// The text in the page's language.
    pub fn text<'a>(&self, p: &Page, announced: &'a Announced) -> &'a str {
        p.pick(&announced.text_zh, &announced.text_en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fairs::FairState;

    fn fair() -> Fair {
        Fair {
            id: FairId::new(),
            title_zh: String::new(),
            title_en: String::new(),
            intro_zh: String::new(),
            intro_en: String::new(),
            region: String::new(),
            zone: "Asia/Shanghai".into(),
            cover: String::new(),
            state: FairState::Live,
            starts_at: 0,
            ends_at: 0,
            created_at: 0,
        }
    }

    #[test]
    fn an_announcement_needs_chinese_and_an_end_that_is_still_to_come() {
        // 2027-02-20 09:00 in Shanghai.
        let now = 1_803_085_200_000;
        let check = |zh: &str, en: &str, ends: &str| {
            Draft { text_zh: zh.into(), text_en: en.into(), ends_at: ends.into(), level: Level::Info }.check(&fair(), now)
        };
        assert_eq!(check("上午十点开讲", "", "").expect("fine").ends_at, None);
        assert_eq!(check("上午十点开讲", "", "2027-02-20T10:00").expect("fine").ends_at, Some(now + 3_600_000), "in the fair's zone");
        let long = "字".repeat(301);
        for (zh, en, ends, field) in [
            ("", "Talk at ten", "", "text_zh"),
            (long.as_str(), "", "", "text_zh"),
            ("好", long.as_str(), "", "text_en"),
            ("好", "", "2027-02-20T09:00", "ends_at"),
            ("好", "", "tomorrow", "ends_at"),
        ] {
            assert!(check(zh, en, ends).expect_err("refused").get(field).is_some(), "{field}");
        }
    }
}
