//! Quick answers: texts that those who host a room send often, at hand behind a key. Those of a booth belong to its employer, those of a
//! hall to its fair. Deliberately absent: places to fill in, because what is half filled in gets sent.

use super::{Chat, MAX_TEXT, store};
use crate::accounts::Viewer;
use crate::db::is_unique_violation;
use crate::ids::{AnswerId, RoomId};
use crate::rooms::{Room, RoomView};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// More than this nobody finds faster than typing.
const MOST: i64 = 50;

pub(super) fn routes() -> Router<Chat> {
    Router::new()
        .route("/rooms/{id}/quick-answers", get(show).post(add))
        .route("/rooms/{id}/quick-answers/{answer}", post(change).delete(remove))
        .route("/rooms/{id}/quick-answers/{answer}/removals", post(remove))
}

/// A text at hand.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(super) struct QuickAnswer {
    pub(super) id: AnswerId,
    pub(super) text: String,
}

/// Whose the answers of a room are.
fn owner(room: &Room) -> String {
    room.employer_id.0.map_or_else(|| room.fair_id.to_string(), |employer| employer.to_string())
}

impl Chat {
    /// The room and its answers, for those who host it.
    async fn answers(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<QuickAnswer>)> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let answers = store::answers(self.moderation.accounts.db.read(), &owner(&view.room), MOST).await?;
        Ok((view, answers))
    }

    /// Stores a new answer, or another text of one that is there; a message if the text cannot be one.
    async fn keep_answer(
        &self,
        viewer: &Viewer,
        view: &RoomView,
        old: Option<AnswerId>,
        text: &str,
    ) -> Result<Result<QuickAnswer, Fields>> {
        let mut wrong = Fields::default();
        let text = wrong.lines("text", text, MAX_TEXT);
        if text.is_empty() {
            wrong.add("text", Text("chat-answers-empty"));
        }
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        let (accounts, by, owner) = (&self.moderation.accounts, viewer.known()?.id, owner(&view.room));
        let answer = QuickAnswer { id: old.unwrap_or_else(AnswerId::new), text };
        let (db, now) = (accounts.db.write(), accounts.clock.now());
        let kept = match old {
            None => store::add(db, &owner, &answer, MOST, (by, now)).await,
            Some(_) => store::change(db, &owner, &answer, by).await,
        };
        match kept {
            Ok(true) => return Ok(Ok(answer)),
            Ok(false) if old.is_some() => return Err(AppError::NotFound),
            Ok(false) => wrong.add("text", Text("chat-answers-full")),
            Err(error) if is_unique_violation(&error) => wrong.add("text", Text("chat-answers-twice")),
            Err(error) => return Err(error.into()),
        }
        Ok(Err(wrong))
    }
}

#[derive(Template)]
#[template(path = "chat/answers.html")]
struct AnswersPage {
    p: Page,
    view: RoomView,
    answers: Vec<QuickAnswer>,
    /// What could not be kept, of which answer, and why.
    text: String,
    of: Option<AnswerId>,
    wrong: Fields,
}

impl AnswersPage {
    fn max(&self) -> usize {
        MAX_TEXT
    }

    fn most(&self) -> i64 {
        MOST
    }

    fn is_full(&self) -> bool {
        self.answers.len() as i64 >= MOST
    }

    /// Whether an answer is the one that could not be changed.
    fn is_wrong(&self, id: &AnswerId) -> bool {
        self.of.as_ref() == Some(id)
    }
}

/// `GET /rooms/{id}/quick-answers`: a page to keep them, or JSON for the composer.
async fn show(State(chat): State<Chat>, viewer: Viewer, p: Page, headers: HeaderMap, Id(room): Id<RoomId>) -> Result<Response> {
    let (view, answers) = chat.answers(&viewer, room).await?;
    if wants_page(&headers) {
        return html(&AnswersPage { p, view, answers, text: String::new(), of: None, wrong: Fields::default() });
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "answers": answers }))).into_response())
}

#[derive(Deserialize)]
struct AnswerForm {
    #[serde(default)]
    text: String,
}

async fn add(
    State(chat): State<Chat>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<AnswerForm>,
) -> Result<Response> {
    keep(&chat, &viewer, p, &headers, room, None, form).await
}

async fn change(
    State(chat): State<Chat>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, answer)): Path<(String, String)>,
    FormData(form): FormData<AnswerForm>,
) -> Result<Response> {
    keep(&chat, &viewer, p, &headers, parsed(&room)?, Some(parsed(&answer)?), form).await
}

async fn keep(
    chat: &Chat,
    viewer: &Viewer,
    p: Page,
    headers: &HeaderMap,
    room: RoomId,
    old: Option<AnswerId>,
    form: AnswerForm,
) -> Result<Response> {
    let (view, answers) = chat.answers(viewer, room).await?;
    match chat.keep_answer(viewer, &view, old, &form.text).await? {
        Err(wrong) => {
            let page = AnswersPage { p, view, answers, text: form.text, of: old, wrong };
            form_again(&page, &page.wrong)
        }
        Ok(_) if wants_page(headers) => Ok(see_other(&format!("/rooms/{room}/quick-answers"), &p.t("chat-answers-kept"))),
        Ok(answer) => {
            let status = if old.is_some() { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, Json(answer)).into_response())
        }
    }
}

/// `DELETE`, or `POST .../removals` of a form. Two may do it at once.
async fn remove(
    State(chat): State<Chat>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, answer)): Path<(String, String)>,
) -> Result<Response> {
    let (room, answer): (RoomId, AnswerId) = (parsed(&room)?, parsed(&answer)?);
    let view = chat.live.rooms.hosted_by(&viewer, room).await?;
    store::remove(chat.moderation.accounts.db.write(), &owner(&view.room), answer).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/rooms/{room}/quick-answers"), &p.t("chat-answers-removed")));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| AppError::NotFound)
}
