//! Recommendations: postings like those that somebody applied for, and what is new for their saved searches, each with its reason.

use super::{Searches, store};
use crate::accounts::Viewer;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::{Listed, PostingView};
use crate::web::Result;
use std::collections::HashSet;

/// So many are shown.
const SHOWN: usize = 12;
/// So many of the latest applications and searches are followed.
const FOLLOWED: usize = 6;

/// Why a posting is recommended.
#[derive(Clone, Debug)]
pub enum Reason {
    /// It is like one that the person applied for: its title in both languages.
    Like(String, String),
    /// It fits a saved search: what that looks for.
    Fits(Box<super::Saved>),
}

impl Reason {
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Like(zh, en) => lang.t1("searches-because-like", "title", lang.pick(zh, en)),
            Self::Fits(saved) => lang.t1("searches-because-fits", "search", saved.title(lang)),
        }
    }
}

/// A posting with why it is shown.
#[derive(Clone, Debug)]
pub struct Recommended {
    pub item: Listed,
    pub reason: Reason,
}

impl Searches {
    /// Whether the viewer wants recommendations: yes unless they said no.
    pub async fn recommends(&self, viewer: &Viewer) -> Result<bool> {
        Ok(!store::is_off(self.accounts().db.read(), viewer.known()?.id).await?)
    }

    pub async fn set_recommends(&self, viewer: &Viewer, on: bool) -> Result<()> {
        Ok(store::set_off(self.accounts().db.write(), viewer.known()?.id, !on, self.now()).await?)
    }

    /// What may suit the viewer, from each reason in turn; nothing that they applied for, and nothing if they want none.
    pub async fn recommended(&self, viewer: &Viewer) -> Result<Vec<Recommended>> {
        let account = viewer.known()?.id;
        if store::is_off(self.accounts().db.read(), account).await? {
            return Ok(Vec::new());
        }
        let sent = self.applications.of_account(account).await?;
        let mut skip: HashSet<PostingId> = sent.iter().map(|a| a.posting_id).collect();
        let mut sources: Vec<Vec<Recommended>> = Vec::new();
        for applied in sent.iter().take(FOLLOWED) {
            // One that is no longer to be seen says nothing.
            let Ok(view) = self.postings.visible_to(viewer, applied.posting_id).await else { continue };
            sources.push(self.like(&view).await?);
        }
        for saved in store::of_account(self.accounts().db.read(), account).await?.into_iter().take(FOLLOWED) {
            let found = self.postings.list(&saved.filter(None, SHOWN as i64)).await?.items;
            sources.push(found.into_iter().map(|item| Recommended { item, reason: Reason::Fits(Box::new(saved.clone())) }).collect());
        }
        let mut chosen = Vec::new();
        for turn in 0..SHOWN {
            for source in &sources {
                if let Some(next) = source.get(turn).filter(|r| chosen.len() < SHOWN && skip.insert(r.item.id)) {
                    chosen.push(next.clone());
                }
            }
        }
        Ok(chosen)
    }

    async fn like(&self, view: &PostingView) -> Result<Vec<Recommended>> {
        let content = &view.posting.content;
        let reason = Reason::Like(content.title_zh.clone(), content.title_en.clone());
        let found = self.postings.similar(view).await?;
        Ok(found.into_iter().map(|item| Recommended { item, reason: reason.clone() }).collect())
    }
}
