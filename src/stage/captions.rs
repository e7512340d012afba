//! Captions: what is said, typed by a host or by somebody whom the hosts name, or recognised by the host's browser. They pass and are not kept.
//!
//! Deliberately absent: a transcript, and recognition on the server.

use super::Stage;
use super::guests::Guests;
use super::people::{Named, Two, two};
use crate::accounts::Viewer;
use crate::ids::{AccountId, RoomId};
use crate::live::Spoken;
use crate::moderation::{Device, Judgement, text};
use crate::rooms::RoomView;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, clean, form_again, html, see_other, wants_page};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::{Deserialize, Serialize};

/// Characters of a line: two rows on a phone's picture, with a little to run over at the top.
pub(super) const MAX_TEXT: usize = 80;

pub(super) fn routes(stage: Stage) -> Router {
    Router::new()
        .route("/rooms/{id}/captions", get(show).post(say))
        .route("/rooms/{id}/captioners", post(name))
        .route("/rooms/{id}/captioners/{account}", delete(dismiss))
        .route("/rooms/{id}/captioners/{account}/undo", post(dismiss))
        .with_state(stage)
}

/// Somebody whom the hosts let caption a room.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub(super) struct Captioner {
    pub(super) account_id: AccountId,
    pub(super) name: String,
}

/// A line as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    text: String,
    /// The sender's number of the line: the same again goes on with it.
    line: Option<u64>,
}

/// The line as it will be shown.
fn checked(said: &Said) -> Result<String, Fields> {
    let text = clean(&said.text, MAX_TEXT + 1);
    let mut wrong = Fields::default();
    match text.chars().count() {
        0 => wrong.add("text", Text("captions-empty")),
        count if count > MAX_TEXT => wrong.add("text", Text("captions-too-long")),
        _ => return Ok(text),
    }
    Err(wrong)
}

impl Guests {
    /// The room, for somebody who may caption it.
    async fn captioned_by(&self, viewer: &Viewer, room: RoomId) -> Result<RoomView> {
        let account = viewer.known()?.id;
        let view = self.live.rooms.visible_to(viewer, room).await?;
        if view.presents || super::store::is_captioner(self.db().read(), room, account).await? { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// Shows a line of what is said.
    async fn caption(&self, viewer: &Viewer, device: &Device, view: &RoomView, said: &Said) -> Result<Result<(), Fields>> {
        let account = viewer.known()?.id;
        self.live.check_open(view)?;
        let line = match checked(said) {
            Ok(line) => line,
            Err(wrong) => return Ok(Err(wrong)),
        };
        self.caption_pace.check(&account)?;
        let line = if viewer.organises(view.fair.id) { line } else { self.judged(account, device, view, line).await? };
        self.live.caption(view.room.id, Spoken { by: account, line: said.line, text: line });
        Ok(Ok(()))
    }

    /// A line of a visitor or a host, if it would pass in the chat; numbers of visitors are covered there too.
    async fn judged(&self, account: AccountId, device: &Device, view: &RoomView, line: String) -> Result<String> {
        let standing = self.moderation.standing(view.room.id, Some(account), device).await?;
        if standing.banned_until != 0 || standing.muted_until != 0 {
            return Err(AppError::Forbidden(Text("captions-silenced")));
        }
        match self.moderation.judge(view.fair.id, &line).await? {
            Judgement::Fine if view.is_host => Ok(line),
            Judgement::Fine => Ok(text::masked(&line).unwrap_or(line)),
            Judgement::Hold(_) | Judgement::Refuse => Err(AppError::Unprocessable(Text("captions-refused"))),
        }
    }
}

#[derive(Template)]
#[template(path = "stage/captions.html")]
struct CaptionsPage {
    p: Page,
    view: RoomView,
    said: Said,
    fields: Fields,
    /// The last lines, for a page without scripts.
    lines: Vec<String>,
    captioners: Vec<Captioner>,
}

impl CaptionsPage {
    fn max(&self) -> usize {
        MAX_TEXT
    }
}

async fn page(stage: &Stage, p: Page, view: RoomView, said: Said, fields: Fields) -> Result<CaptionsPage> {
    let room = view.room.id;
    let captioners = if view.is_host { stage.guests.captioners(room).await? } else { Vec::new() };
    Ok(CaptionsPage { p, said, fields, lines: stage.live.snapshot(room).captions.to_vec(), captioners, view })
}

/// `GET /rooms/{id}/captions`: where one types.
async fn show(State(stage): State<Stage>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    let view = stage.guests.captioned_by(&viewer, id).await?;
    html(&page(&stage, p, view, Said::default(), Fields::default()).await?)
}

/// `POST /rooms/{id}/captions`
async fn say(
    State(stage): State<Stage>,
    viewer: Viewer,
    device: Device,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(said): FormData<Said>,
) -> Result<Response> {
    let view = stage.guests.captioned_by(&viewer, id).await?;
    match stage.guests.caption(&viewer, &device, &view, &said).await? {
        Ok(()) if wants_page(&headers) => Ok(see_other(&format!("/rooms/{id}/captions"), &p.t("captions-shown"))),
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(wrong) => {
            let page = page(&stage, p, view, said, wrong.clone()).await?;
            form_again(&page, &wrong)
        }
    }
}

/// `POST /rooms/{id}/captioners`: a host lets somebody who wrote or raised a hand caption the room.
async fn name(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(named): FormData<Named>,
) -> Result<Response> {
    let captioner = stage.guests.name_captioner(&viewer, id, named.account).await?;
    let told = p.t1("captions-named", "name", &captioner.name);
    Ok(named.answer(&headers, &format!("/rooms/{id}/captions"), &told, captioner))
}

async fn dismiss(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, account) = two::<AccountId>(&path)?;
    stage.guests.dismiss_captioner(&viewer, room, account).await?;
    Ok(if wants_page(&headers) { see_other(&format!("/rooms/{room}/captions"), "") } else { StatusCode::NO_CONTENT.into_response() })
}

impl Guests {
    async fn captioners(&self, room: RoomId) -> Result<Vec<Captioner>> {
        Ok(super::store::captioners(self.db().read(), room).await?)
    }

    async fn name_captioner(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<Captioner> {
        let host = viewer.known()?.id;
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        let person = self.somebody_of(room, account).await?;
        let captioner = Captioner { account_id: account, name: person.name };
        super::store::name_captioner(self.db().write(), room, &captioner, host, self.now()).await?;
        let (subject, detail) = (account.to_string(), format!("room={room}"));
        self.accounts().audit(host, "captions.name", &subject, Some(view.fair.id), "", &detail).await?;
        self.live.tell(room, account, &crate::live::Passing::Yours {});
        Ok(captioner)
    }

    async fn dismiss_captioner(&self, viewer: &Viewer, room: RoomId, account: AccountId) -> Result<()> {
        let host = viewer.known()?.id;
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        if super::store::dismiss_captioner(self.db().write(), room, account).await? {
            let (subject, detail) = (account.to_string(), format!("room={room}"));
            self.accounts().audit(host, "captions.dismiss", &subject, Some(view.fair.id), "", &detail).await?;
            self.live.tell(room, account, &crate::live::Passing::Yours {});
        }
        Ok(())
    }

    /// Whether the viewer, who is no host, may caption a room.
    pub(super) async fn captions(&self, viewer: &Viewer, room: RoomId) -> Result<bool> {
        match viewer.id() {
            Some(account) => Ok(super::store::is_captioner(self.db().read(), room, account).await?),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cleaned_and_no_longer_than_what_can_be_read() {
        let line = |text: &str| checked(&Said { text: text.into(), line: None });
        assert_eq!(line(" 包吃住，\n月休\u{202E}四天 ").as_deref(), Ok("包吃住， 月休四天"));
        assert_eq!(line(&"字".repeat(MAX_TEXT)).map(|text| text.chars().count()), Ok(MAX_TEXT));
        assert_eq!(line(&"字".repeat(MAX_TEXT + 1)).map_err(|wrong| wrong.get("text")), Err(Some("captions-too-long")));
        for nothing in ["", " \u{200B}\n"] {
            assert_eq!(line(nothing).map_err(|wrong| wrong.get("text")), Err(Some("captions-empty")));
        }
    }
}
