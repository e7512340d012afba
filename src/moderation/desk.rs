//! The pages of moderators and of who reports: the desk, the word list, a report. All work without scripts.

use super::blocks::may_block;
use super::pages::{BackForm, back_of, done, id};
use super::text::{Ground, detect, discriminates, masked};
use super::{
    Action, Audience, Case, CaseKind, CaseState, Decision, Desk, Judgement, ListedWord, MAX_WORD, Mode, Moderation, PAUSES, Reason,
    why_text,
};
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::{CaseId, FairId, PostingId, RoomId};
use crate::live::{Entry, Event};
use crate::postings::Content;
use crate::rooms::RoomView;
use crate::web::{FormData, Id, Page, Result, Text, back_to, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

pub(super) fn routes() -> Router<Moderation> {
    Router::new()
        .route("/fairs/{id}/review/messages", get(show_desk))
        .route("/reviews/{id}/decisions", post(decide).delete(undo))
        .route("/reviews/{id}/undo", post(undo))
        .route("/fairs/{id}/words", get(show_words).post(add_word))
        .route("/fairs/{id}/words/removals", post(remove_word))
        .route("/rooms/{id}/mode", get(show_mode).post(set_mode))
        .route("/rooms/{id}/reports", post(report))
        .route("/rooms/{id}/reports/{seq}", get(show_report))
}

/// A posting in review that names something workers must not be asked for.
struct Suspect {
    id: PostingId,
    title: String,
    employer: String,
    reasons: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "moderation/desk.html")]
struct DeskPage {
    p: Page,
    desk: Desk,
    organises: bool,
    suspects: Vec<Suspect>,
    /// Messages between applicants and employers that are held.
    letters: i64,
}

impl DeskPage {
    fn room_title(&self, case: &Case) -> &str {
        self.desk.rooms.iter().find(|r| r.id == case.room_id).map_or("", |r| self.p.pick(&r.title_zh, &r.title_en))
    }

    fn is_held(&self, case: &Case) -> bool {
        case.kind == CaseKind::Held
    }

    /// Who said what, of an entry around a case; a deleted message has no text.
    fn said<'a>(&self, entry: &'a Entry) -> (&'a str, &'a str) {
        match &entry.event {
            Event::Message { name, text, .. } => (name, text),
            _ => ("", ""),
        }
    }

    /// What was decided, as a text key.
    fn outcome(&self, case: &Case) -> &'static str {
        match case.decision.as_str() {
            "approve" => Decision::Approve,
            "mute" => Decision::Mute,
            "ban" => Decision::Ban,
            _ => Decision::Delete,
        }
        .done()
        .0
    }
}

impl Decision {
    fn done(self) -> Text {
        match self {
            Self::Approve => Text("moderation-desk-done-approve"),
            Self::Delete => Text("moderation-desk-done-delete"),
            Self::Mute => Text("moderation-desk-done-mute"),
            Self::Ban => Text("moderation-desk-done-ban"),
        }
    }
}

/// What the words of a posting are suspected of.
fn suspected(content: &Content) -> Vec<&'static str> {
    let text = content.written().join("\n");
    detect(&text).into_iter().map(super::text::Category::text).chain(discriminates(&text).into_iter().map(Ground::text)).collect()
}

/// `GET /fairs/{id}/review/messages`: what waits, with keys for scripts and buttons for everybody.
async fn show_desk(State(moderation): State<Moderation>, viewer: Viewer, p: Page, Id(fair): Id<FairId>) -> Result<Response> {
    let desk = moderation.desk(&viewer, fair).await?;
    let organises = viewer.organises(fair);
    let mut suspects = Vec::new();
    if organises {
        for listed in moderation.applications.postings.in_review(fair).await? {
            let reasons = suspected(&listed.content);
            if !reasons.is_empty() {
                let title = listed.content.title(p.language()).to_string();
                suspects.push(Suspect {
                    id: listed.id,
                    title,
                    employer: p.pick(&listed.employer_zh, &listed.employer_en).to_owned(),
                    reasons,
                });
            }
        }
    }
    let letters = if organises { moderation.applications.held_count(fair).await? } else { 0 };
    html(&DeskPage { p, desk, organises, suspects, letters })
}

#[derive(Deserialize)]
struct DecisionForm {
    decision: Decision,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    back: String,
}

async fn decide(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(case): Id<CaseId>,
    FormData(form): FormData<DecisionForm>,
) -> Result<Response> {
    let case = moderation.decide(&viewer, case, form.decision, &form.reason).await?;
    let json = serde_json::json!({ "case": case.id, "decision": form.decision, "published": case.state == CaseState::Approved });
    Ok(done(&p, &headers, &form.back, form.decision.done(), json))
}

async fn undo(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(case): Id<CaseId>,
    form: Result<FormData<BackForm>>,
) -> Result<Response> {
    moderation.undo(&viewer, case).await?;
    Ok(done(&p, &headers, &back_of(form), Text("moderation-desk-undone"), serde_json::Value::Null))
}

#[derive(Template)]
#[template(path = "moderation/words.html")]
struct WordsPage {
    p: Page,
    fair: Fair,
    words: Vec<ListedWord>,
    max: usize,
    /// The text that is tried, if any.
    tried: String,
    judgement: Option<Judgement>,
    /// The text with its numbers covered, if it has any.
    covered: Option<String>,
}

impl WordsPage {
    fn reasons(&self) -> Vec<&'static str> {
        match &self.judgement {
            Some(Judgement::Hold(why)) => why.iter().map(|w| why_text(w)).collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Try {
    #[serde(default, rename = "try")]
    text: String,
}

/// `GET /fairs/{id}/words?try=`: the list, and what would happen to a text.
async fn show_words(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    Id(fair): Id<FairId>,
    Query(tried): Query<Try>,
) -> Result<Response> {
    let (fair, words) = moderation.words_of(&viewer, fair).await?;
    let tried = crate::web::clean_text(&tried.text, 500);
    let judgement = if tried.is_empty() { None } else { Some(moderation.judge(fair.id, &tried).await?) };
    html(&WordsPage { p, fair, words, max: MAX_WORD, covered: masked(&tried), tried, judgement })
}

#[derive(Deserialize)]
struct WordForm {
    word: String,
    #[serde(default)]
    action: Action,
}

async fn add_word(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(fair): Id<FairId>,
    FormData(form): FormData<WordForm>,
) -> Result<Response> {
    moderation.add_word(&viewer, fair, &form.word, form.action).await?;
    let json = serde_json::json!({ "word": form.word, "action": form.action.name() });
    Ok(done(&p, &headers, &format!("/fairs/{fair}/words"), Text("moderation-words-added"), json))
}

async fn remove_word(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(fair): Id<FairId>,
    FormData(form): FormData<WordForm>,
) -> Result<Response> {
    moderation.remove_word(&viewer, fair, &form.word).await?;
    Ok(done(&p, &headers, &format!("/fairs/{fair}/words"), Text("moderation-words-removed"), serde_json::Value::Null))
}

#[derive(Deserialize)]
struct ReportForm {
    seq: i64,
    reason: Reason,
}

async fn report(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<ReportForm>,
) -> Result<Response> {
    let new = moderation.report(&viewer, room, form.seq, form.reason).await?;
    let text = if new { Text("moderation-reported") } else { Text("moderation-reported-before") };
    let json = serde_json::json!({ "seq": form.seq, "new": new });
    Ok(done(&p, &headers, &format!("/rooms/{room}#panel-chat"), text, json))
}

#[derive(Template)]
#[template(path = "moderation/report.html")]
struct ReportPage {
    p: Page,
    view: RoomView,
    seq: i64,
    name: String,
    said: String,
    reasons: Vec<(&'static str, Text)>,
}

/// Why somebody may report a message, with its text.
fn reasons() -> Vec<(&'static str, Text)> {
    let text = |reason| match reason {
        Reason::Fraud => Text("moderation-reason-fraud"),
        Reason::Abuse => Text("moderation-reason-abuse"),
        Reason::Privacy => Text("moderation-reason-privacy"),
        Reason::Advert => Text("moderation-reason-advert"),
        Reason::Other => Text("moderation-reason-other"),
    };
    Reason::ALL.into_iter().map(|r| (r.name(), text(r))).collect()
}

/// `GET /rooms/{id}/reports/{seq}`: the form of a report.
async fn show_report(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    Path((room, seq)): Path<(String, String)>,
) -> Result<Response> {
    let (room, seq): (RoomId, i64) = (id(&room)?, id(&seq)?);
    let view = moderation.live.rooms.visible_to(&viewer, room).await?;
    let entry = moderation.live.entry(room, seq).await?.ok_or(crate::web::AppError::NotFound)?;
    let Event::Message { name, text, deleted: false, .. } = entry.event else {
        return Ok(see_other(back_to(&format!("/rooms/{room}")), ""));
    };
    html(&ReportPage { p, view, seq, name, said: text, reasons: reasons() })
}

#[derive(Template)]
#[template(path = "moderation/mode.html")]
struct ModePage {
    p: Page,
    view: RoomView,
    mode: Mode,
    audiences: Vec<(String, String)>,
    pauses: Vec<(String, String)>,
    may_block: bool,
    organises: bool,
}

/// `GET /rooms/{id}/mode`: who may write and how often.
async fn show_mode(State(moderation): State<Moderation>, viewer: Viewer, p: Page, Id(room): Id<RoomId>) -> Result<Response> {
    let view = moderation.live.rooms.hosted_by(&viewer, room).await?;
    let mode = moderation.mode(room).await?;
    let text = |audience| match audience {
        Audience::Everybody => p.t("moderation-mode-everybody"),
        Audience::Members => p.t("moderation-mode-members"),
        Audience::Applicants => p.t("moderation-mode-applicants"),
        Audience::Hosts => p.t("moderation-mode-hosts"),
    };
    let audiences = Audience::ALL.into_iter().map(|a| (a.name().to_owned(), text(a))).collect();
    let pause = |n: i64| if n == 0 { p.t("moderation-mode-fast") } else { p.t1("moderation-desk-seconds", "n", n) };
    let pauses = PAUSES.into_iter().map(|n| (n.to_string(), pause(n))).collect();
    let may_block = may_block(&viewer, &view);
    let organises = viewer.organises(view.fair.id);
    html(&ModePage { p, view, mode, audiences, pauses, may_block, organises })
}

#[derive(Deserialize)]
struct ModeForm {
    audience: Audience,
    #[serde(default)]
    slow: i64,
    #[serde(default)]
    back: String,
}

async fn set_mode(
    State(moderation): State<Moderation>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(room): Id<RoomId>,
    FormData(form): FormData<ModeForm>,
) -> Result<Response> {
    moderation.set_mode(&viewer, room, Mode { audience: form.audience, slow: form.slow }).await?;
    let json = serde_json::json!({ "audience": form.audience, "slow": form.slow });
    Ok(done(&p, &headers, &form.back, Text("moderation-mode-set"), json))
}
