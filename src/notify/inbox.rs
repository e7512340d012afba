//! The notices that people find on their pages, whatever ways they are reached by besides.

use super::{Notify, reach_store};
use crate::clock::Millis;
use crate::ids::{AccountId, NoticeId};
use crate::web::Result;
use serde::{Deserialize, Serialize};

/// As many as a page shows.
const SHOWN: i64 = 30;

/// What a notice says and where it leads, a path of this server.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) link: String,
}

/// A notice as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct Shown {
    id: NoticeId,
    sealed: String,
    created_at: Millis,
    seen_at: Option<Millis>,
}

/// A notice on somebody's pages.
#[derive(Clone, Debug)]
pub struct PageNotice {
    pub id: NoticeId,
    pub title: String,
    /// A path of this server.
    pub link: String,
    pub at: Millis,
    pub seen: bool,
}

impl Notify {
    /// What is shown to somebody, newest first.
    pub async fn shown_to(&self, account: AccountId) -> Result<Vec<PageNotice>> {
        let rows = reach_store::shown(self.db.read(), account, self.clock.now(), SHOWN).await?;
        let read = |row: Shown| {
            let words: Words = serde_json::from_str(&self.keys.decrypt(&row.sealed)?).ok()?;
            Some(PageNotice { id: row.id, title: words.title, link: words.link, at: row.created_at, seen: row.seen_at.is_some() })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Notes that somebody has seen what was there at `upto`.
    pub async fn seen_by(&self, account: AccountId, upto: Millis) -> Result<()> {
        Ok(reach_store::see(self.db.write(), account, upto, self.clock.now()).await?)
    }
}
