//! What stands on stage: a posting of the room's shelf, with the terms it has at that moment.

use super::Stage;
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::i18n::Lang;
use crate::ids::{PostingId, RoomId};
use crate::live::{Card, Entry, Event};
use crate::postings::Posting;
use crate::rooms::RoomView;
use crate::web::{AppError, FormData, Id, Page, Result, Text, back_to, see_other};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;

/// Answers that fit on a card over the picture of a phone.
const FACTS: usize = 5;
/// Showings that a page lists.
const SHOWINGS: usize = 30;

pub(super) fn routes(stage: Stage) -> Router {
    Router::new().route("/rooms/{id}/spotlight", post(put)).with_state(stage)
}

#[derive(Deserialize)]
struct Wanted {
    /// Empty takes down what stands there.
    #[serde(default)]
    posting_id: String,
    #[serde(default)]
    back: String,
}

/// `POST /rooms/{id}/spotlight`
async fn put(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(wanted): FormData<Wanted>,
) -> Result<Response> {
    viewer.known()?;
    let view = stage.live.presented_by(&viewer, id).await?;
    let posting = match wanted.posting_id.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| AppError::NotFound)?),
    };
    let entry = stage.put_on_stage(&viewer, &view, posting).await?;
    if headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/html")) {
        let told = if posting.is_some() { p.t("stage-put-on") } else { p.t("stage-taken-down") };
        let back = if wanted.back.is_empty() { format!("/rooms/{id}/studio") } else { wanted.back };
        return Ok(see_other(back_to(&back), &told));
    }
    Ok(Json(entry).into_response())
}

impl Stage {
    /// Puts a posting on stage, or takes down what stands there. Everybody in the room is told.
    pub async fn put_on_stage(&self, viewer: &Viewer, view: &RoomView, posting: Option<PostingId>) -> Result<Entry> {
        self.live.check_open(view)?;
        let card = match posting {
            None => None,
            Some(id) => {
                let found = self.postings.visible_to(viewer, id).await?;
                let belongs =
                    found.posting.fair_id == view.fair.id && view.room.employer_id.0.is_none_or(|e| e == found.posting.employer_id);
                if !belongs {
                    return Err(AppError::NotFound);
                }
                if !found.posting.takes_applications(&found.fair, self.postings.now()) {
                    return Err(AppError::Conflict(Text("stage-not-open-posting")));
                }
                Some(card(&found.posting))
            }
        };
        let entry = self.live.append(view.room.id, Event::Spotlight { card }).await?.entry;
        self.shown.forget(view.room.id);
        Ok(entry)
    }
}

/// A posting that was on stage, with the terms of that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) at: Millis,
    pub(super) card: Card,
}

impl Shown {
    pub(super) fn iso(&self) -> String {
        iso(self.at)
    }

    pub(super) fn facts(&self, zh: bool) -> &[String] {
        if zh { &self.card.facts_zh } else { &self.card.facts_en }
    }
}

/// The newest showings first, the same one after the other only once: a host who taps twice has not said it twice.
fn showings(newest_first: Vec<Entry>) -> Vec<Shown> {
    let card = |entry: Entry| match entry.event {
        Event::Spotlight { card: Some(card) } => Some(Shown { at: entry.at, card }),
        _ => None,
    };
    let mut shown: Vec<Shown> = newest_first.into_iter().filter_map(card).collect();
    // Of those that are the same the oldest stays.
    shown.reverse();
    shown.dedup_by(|later, earlier| later.card == earlier.card);
    shown.reverse();
    shown.truncate(SHOWINGS);
    shown
}

impl Stage {
    /// What was on stage, with the terms of that moment.
    pub(super) async fn shown(&self, room: RoomId) -> Result<Arc<Vec<Shown>>> {
        let read =
            async { self.live.newest_of(room, "spotlight", 3 * SHOWINGS as i64).await.map(|entries| Some(Arc::new(showings(entries)))) };
        Ok(self.shown.get(self.postings.now(), room, read).await?.unwrap_or_default())
    }
}

/// The card of a posting as it is now, in both languages.
fn card(posting: &Posting) -> Card {
    let terms = &posting.content;
    let facts = |lang| terms.tags(lang).into_iter().take(FACTS).map(|tag| tag.text).collect();
    Card {
        posting: posting.id,
        version: posting.version,
        title_zh: terms.title(Lang::Zh).to_owned(),
        title_en: terms.title(Lang::En).to_owned(),
        pay_zh: terms.pay(Lang::Zh),
        pay_en: terms.pay(Lang::En),
        place_zh: terms.place_in_short(Lang::Zh),
        place_en: terms.place_in_short(Lang::En),
        facts_zh: facts(Lang::Zh),
        facts_en: facts(Lang::En),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_showing_is_listed_once_with_its_own_terms() {
        let card = |title: &str, pay: &str| Card {
            posting: PostingId::from_uuid(uuid::Uuid::nil()),
            version: 1,
            title_zh: title.into(),
            title_en: String::new(),
            pay_zh: pay.into(),
            pay_en: String::new(),
            place_zh: String::new(),
            place_en: String::new(),
            facts_zh: Vec::new(),
            facts_en: Vec::new(),
        };
        let entry = |at, card| Entry { seq: at, at, event: Event::Spotlight { card } };
        let entries = vec![
            entry(6, None),
            entry(5, Some(card("操作工", "6000"))),
            entry(4, Some(card("焊工", "7000"))),
            entry(3, Some(card("操作工", "5000"))),
            entry(2, None),
            entry(1, Some(card("操作工", "5000"))),
        ];
        let shown: Vec<(i64, String)> = showings(entries).into_iter().map(|shown| (shown.at, shown.card.pay_zh)).collect();
        assert_eq!(shown, [(5, "6000".to_owned()), (4, "7000".to_owned()), (1, "5000".to_owned())]);
    }
}
