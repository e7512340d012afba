//! What stands on stage: a posting of the room's shelf, with the terms it has at that moment.

use super::Stage;
use crate::accounts::Viewer;
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

/// Answers that fit on a card over the picture of a phone.
const FACTS: usize = 5;

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
    let view = stage.live.rooms.hosted_by(&viewer, id).await?;
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
        Ok(self.live.append(view.room.id, Event::Spotlight { card }).await?.entry)
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
        place_zh: terms.place(Lang::Zh),
        place_en: terms.place(Lang::En),
        facts_zh: facts(Lang::Zh),
        facts_en: facts(Lang::En),
    }
}
