//! Moderation over HTTP: sanctions and deletions as resources, and the pages that work without scripts.

use super::blocks::may_block;
use super::{Blocked, Kind, Length, Moderation, Sanction, Standing};
use crate::accounts::{Account, Viewer, audit};
use crate::fairs::Fair;
use crate::ids::{AccountId, FairId, RoomId};
use crate::live::{Entry, Event};
use crate::moderation::Device;
use crate::questions::Questions;
use crate::rooms::{Room, RoomView};
use crate::web::{AppError, FormData, Id, Page, Result, Text, back_to, html, see_other};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// Lines of the audit log and deleted messages shown on one page.
const SHOWN: i64 = 100;

pub fn routes(moderation: Moderation, questions: Questions) -> Router {
    let deletions = Router::new()
        .route("/rooms/{id}/deletions", post(delete_messages))
        .route("/rooms/{id}/deletions/{which}", delete(restore_messages))
        .route("/rooms/{id}/deletions/{which}/undo", post(restore_messages))
        .with_state((moderation.clone(), questions));
    Router::new()
        .route("/rooms/{id}/mutes", post(mute))
        .route("/rooms/{id}/mutes/{account}", delete(unmute))
        .route("/rooms/{id}/mutes/{account}/undo", post(unmute))
        .route("/rooms/{id}/bans", post(ban))
        .route("/rooms/{id}/bans/{account}", delete(unban))
        .route("/rooms/{id}/bans/{account}/undo", post(unban))
        .route("/rooms/{id}/blocks", get(show_blocks).post(block))
        .route("/rooms/{id}/blocks/{account}", delete(unblock))
        .route("/rooms/{id}/blocks/{account}/undo", post(unblock))
        .route("/rooms/{id}/moderation/{seq}", get(show_message))
        .route("/fairs/{id}/moderation", get(show_fair))
        .merge(super::desk::routes())
        .with_state(moderation)
        .merge(deletions)
}

#[derive(Deserialize)]
struct SanctionForm {
    account: AccountId,
    #[serde(default)]
    length: Length,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    back: String,
}

/// After a form: back to where it stood, with a word about what was done; for a script the JSON.
pub(super) fn done(p: &Page, headers: &HeaderMap, back: &str, text: Text, json: serde_json::Value) -> Response {
    let is_page = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    if is_page {
        return see_other(back_to(back), &p.t(text.0));
    }
    if json.is_null() { StatusCode::NO_CONTENT.into_response() } else { (StatusCode::CREATED, Json(json)).into_response() }
}

async fn mute(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<SanctionForm>,
) -> Result<Response> {
    let until = moderation.sanction(&viewer, room, Kind::Mute, form.account, form.length, &form.reason).await?;
    let json = serde_json::json!({ "account": form.account, "until": until });
    Ok(done(&p, &headers, &form.back, Text("moderation-muted"), json))
}

async fn ban(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<SanctionForm>,
) -> Result<Response> {
    let until = moderation.sanction(&viewer, room, Kind::Ban, form.account, form.length, &form.reason).await?;
    let json = serde_json::json!({ "account": form.account, "until": until });
    Ok(done(&p, &headers, &form.back, Text("moderation-banned"), json))
}

#[derive(Deserialize, Default)]
pub(super) struct BackForm {
    #[serde(default)]
    back: String,
}

async fn unmute(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, account)): Path<(String, String)>,
    form: Result<FormData<BackForm>>,
) -> Result<Response> {
    moderation.lift(&viewer, id(&room)?, Kind::Mute, id(&account)?).await?;
    Ok(done(&p, &headers, &back_of(form), Text("moderation-unmuted"), serde_json::Value::Null))
}

async fn unban(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, account)): Path<(String, String)>,
    form: Result<FormData<BackForm>>,
) -> Result<Response> {
    moderation.lift(&viewer, id(&room)?, Kind::Ban, id(&account)?).await?;
    Ok(done(&p, &headers, &back_of(form), Text("moderation-unbanned"), serde_json::Value::Null))
}

pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// A DELETE has no body.
pub(super) fn back_of(form: Result<FormData<BackForm>>) -> String {
    form.map(|f| f.0.back).unwrap_or_default()
}

async fn block(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<SanctionForm>,
) -> Result<Response> {
    moderation.block(&viewer, room, form.account, &form.reason).await?;
    Ok(done(&p, &headers, &form.back, Text("moderation-blocked"), serde_json::json!({ "account": form.account })))
}

async fn unblock(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, account)): Path<(String, String)>,
    form: Result<FormData<BackForm>>,
) -> Result<Response> {
    moderation.unblock(&viewer, id(&room)?, id(&account)?).await?;
    Ok(done(&p, &headers, &back_of(form), Text("moderation-unblocked"), serde_json::Value::Null))
}

#[derive(Template)]
#[template(path = "moderation/blocks.html")]
struct BlocksPage {
    p: Page,
    view: RoomView,
    blocked: Vec<Blocked>,
}

/// `GET /rooms/{id}/blocks`: whom the employer of the room does not want to hear from.
async fn show_blocks(State(moderation): State<Moderation>, viewer: Viewer, p: Page, Id(room): Id<RoomId>) -> Result<Response> {
    let (view, blocked) = moderation.blocked(&viewer, room).await?;
    html(&BlocksPage { p, view, blocked })
}

/// One message by its `seq`, or all that an `author` wrote.
#[derive(Deserialize)]
struct DeletionForm {
    seq: Option<i64>,
    author: Option<AccountId>,
    #[serde(default)]
    back: String,
}

async fn delete_messages(
    State((moderation, questions)): State<(Moderation, Questions)>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<DeletionForm>,
) -> Result<Response> {
    let text = match (form.seq, form.author) {
        (Some(seq), None) => moderation.delete_message(&viewer, room, seq).await.map(|()| Text("moderation-deleted"))?,
        (None, Some(author)) => {
            moderation.delete_all_of(&viewer, &questions, room, author).await?;
            Text("moderation-deleted-all")
        }
        _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
    };
    let json = serde_json::json!({ "seq": form.seq, "author": form.author });
    Ok(done(&p, &headers, &form.back, text, json))
}

/// `which` is a sequence number, or an account for all of its messages and questions.
async fn restore_messages(
    State((moderation, questions)): State<(Moderation, Questions)>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path((room, which)): Path<(String, String)>,
    form: Result<FormData<BackForm>>,
) -> Result<Response> {
    let room: RoomId = id(&room)?;
    match which.parse::<i64>() {
        Ok(seq) => moderation.restore_message(&viewer, room, seq).await?,
        Err(_) => moderation.restore_all_of(&viewer, &questions, room, id(&which)?).await?,
    }
    Ok(done(&p, &headers, &back_of(form), Text("moderation-restored"), serde_json::Value::Null))
}

#[derive(Template)]
#[template(path = "moderation/message.html")]
struct MessagePage {
    p: Page,
    view: RoomView,
    author: Account,
    said: Deleted,
    standing: Standing,
    may_block: bool,
    /// Is co-host.
    leads: bool,
}

/// A message as moderators see it.
struct Deleted {
    seq: i64,
    at: String,
    iso: String,
    room: RoomId,
    author: AccountId,
    name: String,
    text: String,
    deleted: bool,
}

impl Deleted {
    fn of(room: RoomId, fair: &Fair, entry: Entry) -> Option<Self> {
        let Event::Message { author, name, text, deleted, .. } = entry.event else { return None };
        let (at, iso) = (fair.local(&entry.at), fair.iso(&entry.at));
        Some(Self { seq: entry.seq, at, iso, room, author, name, text, deleted })
    }
}

/// `GET /rooms/{id}/moderation/{seq}`: what can be done about a message and its author.
async fn show_message(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    Path((room, seq)): Path<(String, String)>,
) -> Result<Response> {
    let (view, author, entry) = moderation.message_for(&viewer, id(&room)?, id(&seq)?).await?;
    let standing = moderation.standing(view.room.id, Some(author.id), &Device::default()).await?;
    let said = Deleted::of(view.room.id, &view.fair, entry).ok_or(AppError::NotFound)?;
    let may_block = may_block(&viewer, &view);
    let leads = moderation.accounts.roles_of(author.id).await?.co_hosts.contains(&view.room.id);
    html(&MessagePage { p, view, author, said, standing, may_block, leads })
}

#[derive(Template)]
#[template(path = "moderation/fair.html")]
struct FairPage {
    p: Page,
    fair: Fair,
    rooms: Vec<Room>,
    sanctions: Vec<Sanction>,
    deleted: Vec<Deleted>,
    log: Vec<audit::Entry>,
    /// Apart, because what thousands book would push everything else off the page.
    interviews: Vec<audit::Entry>,
}

impl FairPage {
    /// The logs with their ids and titles.
    fn logs(&self) -> [(&'static str, String, &[audit::Entry]); 2] {
        [
            ("log", self.p.t("moderation-log"), self.log.as_slice()),
            ("interviews", self.p.t("moderation-interviews"), self.interviews.as_slice()),
        ]
    }

    fn room_title(&self, id: &RoomId) -> &str {
        self.rooms.iter().find(|r| r.id == *id).map_or("", |r| self.p.pick(&r.title_zh, &r.title_en))
    }

    /// What a line of the log says, as a text key.
    fn verb(&self, action: &str) -> &'static str {
        match action {
            "chat.mute" => "moderation-log-mute",
            "chat.unmute" => "moderation-log-unmute",
            "chat.ban" => "moderation-log-ban",
            "chat.unban" => "moderation-log-unban",
            "chat.delete" => "moderation-log-delete",
            "chat.delete-all" => "moderation-log-delete-all",
            "chat.restore" => "moderation-log-restore",
            "chat.restore-all" => "moderation-log-restore-all",
            "chat.case-approve" => "moderation-log-case-approve",
            "chat.case-delete" => "moderation-log-case-delete",
            "chat.case-mute" => "moderation-log-case-mute",
            "chat.case-ban" => "moderation-log-case-ban",
            "chat.case-undo" => "moderation-log-case-undo",
            "chat.block" => "moderation-log-block",
            "chat.unblock" => "moderation-log-unblock",
            "chat.mode" => "moderation-log-mode",
            "chat.export" => "chat-log-export",
            "words.hold" => "moderation-log-words-hold",
            "words.refuse" => "moderation-log-words-refuse",
            "words.remove" => "moderation-log-words-remove",
            "room.close" => "moderation-log-room-close",
            "room.open" => "moderation-log-room-open",
            "room.token" => "moderation-log-token",
            "stage.invite" => "guests-log-invite",
            "stage.send-back" => "guests-log-send-back",
            "captions.name" => "captions-log-name",
            "captions.dismiss" => "captions-log-dismiss",
            "room.tokens-revoked" => "moderation-log-tokens-revoked",
            "fair.create" => "moderation-log-fair-create",
            "fair.state" => "moderation-log-fair-state",
            "employer.admit" => "moderation-log-employer-admit",
            "posting.state" => "moderation-log-posting-state",
            "application.contact" => "moderation-log-contact",
            "application.resume" => "moderation-log-resume",
            "application.assign" => "moderation-log-application-assign",
            "application.message-approve" => "moderation-log-message-approve",
            "application.message-refuse" => "moderation-log-message-refuse",
            "offer.make" => "moderation-log-offer-make",
            "offer.revise" => "moderation-log-offer-revise",
            "offer.accept" => "moderation-log-offer-accept",
            "offer.decline" => "moderation-log-offer-decline",
            "offer.withdraw" => "moderation-log-offer-withdraw",
            "question.dismiss" => "moderation-log-question-dismiss",
            "question.approval" => "moderation-log-question-approval",
            "poll.open" => "moderation-log-poll-open",
            "announcement.make" => "moderation-log-announcement-make",
            "announcement.end" => "moderation-log-announcement-end",
            "interview.offer" => "moderation-log-interview-offer",
            "interview.withdraw" => "moderation-log-interview-withdraw",
            "interview.book" => "moderation-log-interview-book",
            "interview.plan" => "moderation-log-interview-plan",
            "interview.plan-change" => "moderation-log-interview-plan-change",
            "interview.plan-close" => "moderation-log-interview-plan-close",
            "interview.frame" => "moderation-log-interview-frame",
            "interview.book-for" => "moderation-log-interview-book-for",
            "interview.invite" => "moderation-log-interview-invite",
            "interview.ask" => "moderation-log-interview-ask",
            "interview.propose" => "moderation-log-interview-propose",
            "interview.offer-seat" => "moderation-log-interview-offer-seat",
            "interview.decline" => "moderation-log-interview-decline",
            "interview.take-back" => "moderation-log-interview-take-back",
            "interview.lapse" => "moderation-log-interview-lapse",
            "interview.move" => "moderation-log-interview-move",
            "interview.no-show" => "moderation-log-interview-no-show",
            "interview.wait" => "moderation-log-interview-wait",
            "interview.walk-in" => "moderation-log-interview-walk-in",
            "interview.extend" => "moderation-log-interview-extend",
            "interview.admit" => "moderation-log-interview-admit",
            "interview.send-back" => "moderation-log-interview-send-back",
            "interview.hand-over" => "moderation-log-interview-hand-over",
            "interview.end" => "moderation-log-interview-end",
            "interview.cancel" => "moderation-log-interview-cancel",
            "interview.export" => "moderation-log-interview-export",
            "recording.ask" => "recordings-log-ask",
            "recording.agree" => "recordings-log-agree",
            "recording.refuse" => "recordings-log-refuse",
            "recording.withdraw" => "recordings-log-withdraw",
            "recording.start" => "recordings-log-start",
            "recording.stop" => "recordings-log-stop",
            "recording.end" => "recordings-log-end",
            "recording.erase" => "recordings-log-erase",
            "judging.decide" => "judging-log-decide",
            "judging.export" => "judging-log-export",
            _ => "moderation-log-other",
        }
    }
}

/// `GET /fairs/{id}/moderation`: what holds in all rooms of a fair, with undo, and the logs.
async fn show_fair(State(moderation): State<Moderation>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    let rooms = &moderation.live.rooms;
    let fair = rooms.fairs.organised_by(&viewer, id).await?;
    let rooms = rooms.of_fair(id).await?;
    let mut deleted = Vec::new();
    for room in &rooms {
        let entries = moderation.live.deleted_messages(room.id, SHOWN).await?;
        deleted.extend(entries.into_iter().filter_map(|e| Deleted::of(room.id, &fair, e)));
    }
    deleted.sort_by(|a, b| b.iso.cmp(&a.iso));
    deleted.truncate(SHOWN as usize);
    let sanctions = moderation.of_fair(id).await?;
    let log = moderation.accounts.audit_besides(id, "interview.", SHOWN).await?;
    let interviews = moderation.accounts.audit_about(id, "interview.", SHOWN).await?;
    html(&FairPage { p, fair, rooms, sanctions, deleted, log, interviews })
}
