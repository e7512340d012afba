//! The versions of a posting with what changed from one to the next. Everybody sees those that were out; the employer's people and organisers all.

use super::difference::{Change, Part, changes};
use super::review::last_day;
use super::{Content, PostingView, Postings, State, contact, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::web::{Id, Page, Result, html};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;

struct Version {
    version: i64,
    at: Millis,
    /// Whoever made it; empty for everybody else to see.
    who: String,
    state: State,
    reason: String,
    /// Went live by the rules alone, and nobody has looked yet.
    unseen: bool,
    /// What changed since the version before that is shown; none of the first.
    changes: Option<Vec<Change>>,
}

#[derive(Template)]
#[template(path = "postings/versions.html")]
struct VersionsPage {
    p: Page,
    view: PostingView,
    versions: Vec<Version>,
}

pub(super) async fn show(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    let view = postings.visible_to(&viewer, id).await?;
    let versions = postings.versions(&view, p.language()).await?;
    html(&VersionsPage { p, view, versions })
}

impl Postings {
    /// The versions that the viewer may see, newest first.
    async fn versions(&self, view: &PostingView, lang: Lang) -> Result<Vec<Version>> {
        let (within, day) = (view.is_recruiter || view.is_organiser, last_day(&view.fair));
        let mut rows = store::versions(self.db().read(), view.posting.id).await?;
        rows.retain(|row| within || row.state.is_public());
        let mut shown: Vec<Version> = Vec::with_capacity(rows.len());
        let contacts = if within { self.contact_rows(view.posting.id).await? } else { Vec::new() };
        let mut before: Option<(Content, i64)> = None;
        for row in rows.into_iter().rev() {
            let content: Content = serde_json::from_str(&row.content)?;
            let changes = before.replace((content.clone(), row.version)).map(|(old, version)| {
                let mut changes = changes(&old, &content, lang, &day);
                changes.extend(contact::change(&contacts, &self.accounts().keys, version, row.version));
                changes
            });
            // For everybody a change of state alone is no version.
            if !within && changes.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let who = if within { row.who } else { String::new() };
            let (reason, unseen) = if within { (row.reason, row.unseen.0) } else { Default::default() };
            shown.push(Version { version: row.version, at: row.at, who, state: row.state, reason, unseen, changes });
        }
        shown.reverse();
        Ok(shown)
    }
}
