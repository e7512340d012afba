//! Whose postings a feed tells of: a fair's or an employer's.

use super::Syndication;
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId};
use crate::postings::{Cursor, Filter, List, Of, Query};
use crate::web::{AppError, Result};

/// A fair or an employer, as everybody may see it.
pub(super) struct Channel {
    of: Of,
    pub(super) title_zh: String,
    pub(super) title_en: String,
    /// Its own address, below which its feeds are.
    pub(super) url: String,
    /// The page that lists the same for people.
    pub(super) home: String,
    pub(super) created_at: Millis,
    /// Whether it has postings at all: a fair that is over has none.
    pub(super) open: bool,
}

impl Channel {
    pub(super) fn title(&self, lang: Lang) -> String {
        lang.t1("syndication-feed-title", "name", lang.pick(&self.title_zh, &self.title_en))
    }
}

impl Syndication {
    pub(super) async fn fair(&self, id: FairId) -> Result<Channel> {
        let fair = self.postings.rooms.fairs.visible_to(&Viewer::default(), id).await?;
        let url = format!("{}/fairs/{id}", self.origin());
        Ok(Channel {
            of: Of::Fair(id),
            home: format!("{url}/postings"),
            url,
            created_at: fair.created_at,
            open: fair.state.is_active(),
            title_zh: fair.title_zh,
            title_en: fair.title_en,
        })
    }

    pub(super) async fn employer(&self, id: EmployerId) -> Result<Channel> {
        let employer = self.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
        let url = format!("{}/employers/{id}", self.origin());
        Ok(Channel {
            of: Of::Employer(id),
            home: url.clone(),
            url,
            created_at: employer.created_at,
            open: true,
            title_zh: employer.name_zh,
            title_en: employer.name_en,
        })
    }

    /// One page of a channel's open postings that fit a query.
    pub(super) async fn page(&self, channel: &Channel, query: &Query, limit: i64) -> Result<List> {
        if !channel.open {
            return Ok(List { items: Vec::new(), total: 0, next: None });
        }
        let mut filter = Filter::read(channel.of, query);
        filter.limit = limit;
        self.postings.list(&filter).await
    }

    /// The page after `after`, newest first; none is before the first.
    pub(super) async fn newest(&self, channel: &Channel, after: Option<Cursor>, limit: i64) -> Result<List> {
        let query = Query { after: after.map(|cursor| cursor.to_string()).unwrap_or_default(), ..Query::default() };
        self.page(channel, &query, limit).await
    }
}
