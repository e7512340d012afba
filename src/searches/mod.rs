//! What somebody looks for: saved searches with alerts, and recommendations that say why.
//!
//! Invariants: a search belongs to one person, and nobody else learns of it; a posting is told of once for a search, by a message that is in the
//! outbox with the note that it was told; recommendations follow from what the person did here and can be seen (applications, saved searches),
//! each with its reason, and none are made for whoever switched them off. Deliberately absent: what people looked at, which is stored nowhere.

mod alerts;
mod pages;
mod recommend;
mod store;

pub use pages::routes;
pub use recommend::{Reason, Recommended};
pub use store::ERASED;

use crate::accounts::{Accounts, Viewer};
use crate::applications::Applications;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{AccountId, FairId, SearchId};
use crate::postings::{Filter, Of, Postings, Query};
use crate::web::{AppError, Result, Text};

/// So many searches one person may save: each is looked through again and again.
const MOST: i64 = 20;

/// How soon somebody is told of what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alert {
    /// It is shown on the page only.
    Off,
    /// At most once a day.
    Daily,
    /// Within minutes, at most twice an hour.
    Soon,
}

impl Alert {
    pub const ALL: [Self; 3] = [Self::Off, Self::Daily, Self::Soon];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Daily => "daily",
            Self::Soon => "soon",
        }
    }

    pub fn label(self) -> Text {
        match self {
            Self::Off => Text("searches-alert-off"),
            Self::Daily => Text("searches-alert-daily"),
            Self::Soon => Text("searches-alert-soon"),
        }
    }
}

impl TryFrom<String> for Alert {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|a| a.name() == text).ok_or_else(|| anyhow::anyhow!("alert {text}"))
    }
}

/// A search as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Saved {
    pub id: SearchId,
    pub account_id: AccountId,
    pub fair_id: FairId,
    pub query: String,
    #[sqlx(try_from = "String")]
    pub alert: Alert,
    pub seen_at: Millis,
    pub told_at: Millis,
    pub due_at: Millis,
    pub created_at: Millis,
    pub fair_zh: String,
    pub fair_en: String,
}

impl Saved {
    fn asked(&self) -> Query {
        Query::parse(&self.query)
    }

    fn filter(&self, since: Option<Millis>, limit: i64) -> Filter {
        let asked = Query { sort: "newest".into(), ..self.asked() };
        let mut filter = Filter::read(Of::Fair(self.fair_id), &asked);
        (filter.since, filter.limit) = (since, limit);
        filter
    }

    /// What is looked for, in words.
    pub fn title(&self, lang: Lang) -> String {
        self.asked().summary(lang)
    }

    /// The board with this search.
    pub fn link(&self) -> String {
        self.asked().link(&format!("/fairs/{}/postings", self.fair_id), "")
    }
}

/// A search with how many postings it finds, and how many of them are new since it was looked at last.
#[derive(Clone, Debug)]
pub struct Standing {
    pub saved: Saved,
    pub total: u64,
    pub fresh: u64,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Searches {
    postings: Postings,
    applications: Applications,
}

impl Searches {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.accounts().db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(applications: Applications) -> Self {
        Self { postings: applications.postings.clone(), applications }
    }

    fn accounts(&self) -> &Accounts {
        &self.postings.rooms.fairs.accounts
    }

    fn now(&self) -> Millis {
        self.postings.now()
    }

    /// Saves a search of a fair's board; one that is saved already is returned. Alerts are off until they are chosen.
    pub async fn save(&self, viewer: &Viewer, fair: FairId, query: &str) -> Result<Saved> {
        let account = viewer.known()?.id;
        let fair = self.postings.rooms.fairs.visible_to(viewer, fair).await?;
        let asked = Query::parse(query);
        if asked.summary(Lang::Zh).is_empty() {
            return Err(AppError::BadRequest(Text("searches-nothing-asked")));
        }
        let now = self.now();
        let saved = Saved {
            id: SearchId::new(),
            account_id: account,
            fair_id: fair.id,
            query: asked.saved(),
            alert: Alert::Off,
            seen_at: now,
            told_at: now,
            due_at: now,
            created_at: now,
            fair_zh: fair.title_zh,
            fair_en: fair.title_en,
        };
        if !store::insert(&self.accounts().db, &saved, MOST).await? {
            return Err(AppError::Conflict(Text("searches-too-many")));
        }
        store::same(self.accounts().db.read(), &saved).await?.ok_or(AppError::NotFound)
    }

    /// Somebody's searches, newest first, with what they find now.
    pub async fn mine(&self, viewer: &Viewer) -> Result<Vec<Standing>> {
        let mut all = Vec::new();
        for saved in store::of_account(self.accounts().db.read(), viewer.known()?.id).await? {
            let total = self.postings.count_of(&saved.filter(None, 0)).await?;
            let fresh = self.postings.count_of(&saved.filter(Some(saved.seen_at), 0)).await?;
            all.push(Standing { saved, total, fresh });
        }
        Ok(all)
    }

    /// The viewer's own search.
    async fn own(&self, viewer: &Viewer, id: SearchId) -> Result<Saved> {
        let found = store::search(self.accounts().db.read(), id).await?;
        found.filter(|saved| viewer.id() == Some(saved.account_id)).ok_or(AppError::NotFound)
    }

    /// Marks a search as looked at, and tells where its board is.
    pub async fn look(&self, viewer: &Viewer, id: SearchId) -> Result<Saved> {
        let saved = self.own(viewer, id).await?;
        store::set_seen(self.accounts().db.write(), id, self.now()).await?;
        Ok(saved)
    }

    /// Chooses how soon to be told; what is out already is not told of.
    pub async fn set_alert(&self, viewer: &Viewer, id: SearchId, alert: Alert) -> Result<()> {
        self.own(viewer, id).await?;
        Ok(store::set_alert(self.accounts().db.write(), id, alert, self.now()).await?)
    }

    pub async fn remove(&self, viewer: &Viewer, id: SearchId) -> Result<()> {
        self.own(viewer, id).await?;
        Ok(store::remove(self.accounts().db.write(), id).await?)
    }
}
