//! Judging over HTTP: the sheet of an interview, the overview of a posting with its export, and what waits to be decided.

use super::overview::{Candidate, Mean, Overview};
use super::sheet::{Answers, Item, SheetForm, items};
use super::store::{self, Interviewed};
use super::{Judging, Moved, NextStep, Question, Rating, Saved, Subject, has_been, may_judge, named, questions_page};
use crate::accounts::{Employer, Viewer};
use crate::applications::Status;
use crate::clock::{DAY, iso};
use crate::ids::{EmployerId, InterviewId, PostingId};
use crate::moderation::text::discriminates;
use crate::postings::PostingView;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, beside, form_refused, html, private, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// What is older than this waits no longer on the list.
const LISTED: i64 = 60 * DAY;

pub fn routes(judging: Judging) -> Router {
    Router::new()
        .route("/interviews/{id}/judging", get(show_sheet).post(save))
        .route("/interviews/{id}/judging/posting", post(choose_posting))
        .route("/postings/{id}/judging", get(show_overview))
        .route("/postings/{id}/judging/export", get(export))
        .route("/postings/{id}/judging/questions", get(questions_page::show).post(questions_page::save))
        .route("/employers/{id}/judging", get(show_waiting))
        .with_state(judging)
}

#[derive(Template)]
#[template(path = "judging/sheet.html")]
struct SheetPage {
    p: Page,
    subject: Subject,
    /// Postings to choose from, if the interview was booked without one.
    choices: Vec<(String, String)>,
    items: Vec<Item>,
    /// Ratings of questions that are gone.
    gone: Vec<Rating>,
    notes: String,
    next_step: String,
    /// What the viewer decided, and when: for scripts, and in the zone of the fair.
    decided: Option<(NextStep, String, String)>,
    version: i64,
    tab: String,
    /// It may be written now.
    open: bool,
    /// Both have met, and nobody has decided.
    waits: bool,
    fields: Fields,
}

impl SheetPage {
    /// What the notes are flagged for, as one line; empty if nothing.
    fn flagged(&self) -> String {
        named(self.p.language(), &discriminates(&self.notes))
    }

    fn text<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.p.pick(zh, en)
    }

    fn steps(&self) -> [NextStep; 4] {
        NextStep::ALL
    }

    fn stars(&self) -> [&'static str; 5] {
        ["1", "2", "3", "4", "5"]
    }

    fn has_application(&self) -> bool {
        self.subject.application.is_some()
    }
}

/// `form`: what was typed, if it comes back, with what is wrong.
async fn sheet_page(
    judging: &Judging,
    viewer: &Viewer,
    p: Page,
    subject: Subject,
    form: Option<(&SheetForm, Fields)>,
) -> Result<SheetPage> {
    let (sheet, rated) = judging.own_sheet(viewer, subject.interview.id).await?;
    let mut choices = Vec::new();
    if !subject.is_fixed {
        let all = judging.postings_for(&subject.interview).await?;
        choices = all.iter().map(|posting| (posting.id.to_string(), posting.content.title(p.language()).to_owned())).collect();
    }
    let now = judging.now();
    let (items, gone) = items(&subject.questions, &rated, form.as_ref().map(|f| f.0));
    let typed = |name: &str| form.as_ref().map(|(f, _)| f.get(name).cloned().unwrap_or_default());
    let stored = |of: fn(&super::Sheet) -> String| sheet.as_ref().map(of).unwrap_or_default();
    Ok(SheetPage {
        choices,
        items,
        gone,
        notes: typed("notes").unwrap_or_else(|| sheet.as_ref().map(|s| judging.notes(s)).unwrap_or_default()),
        next_step: typed("next_step").unwrap_or_else(|| stored(|s| s.next_step.clone())),
        decided: sheet.as_ref().and_then(|s| {
            Some((s.decision()?, iso(s.decided_at?), crate::interviews::local(&subject.interview.zone, s.decided_at?, "%Y-%m-%d %H:%M")))
        }),
        version: sheet.as_ref().map_or(0, |s| s.version),
        tab: uuid::Uuid::now_v7().to_string(),
        open: may_judge(&subject.interview, now),
        waits: has_been(&subject.interview, now) && !judging.is_decided(&subject.interview).await?,
        fields: form.map(|f| f.1).unwrap_or_default(),
        p,
        subject,
    })
}

async fn show_sheet(
    State(judging): State<Judging>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
) -> Result<Response> {
    let subject = judging.subject(&viewer, id).await?;
    let page = sheet_page(&judging, &viewer, p, subject, None).await?;
    if wants_page(&headers) {
        return Ok(private(html(&page)?));
    }
    let decided = page.decided.as_ref().map(|(step, ..)| step.name());
    let questions: Vec<_> = page.items.iter().map(question_json).collect();
    let body =
        serde_json::json!({"version": page.version, "waits": page.waits, "decided": decided, "notes": page.notes, "questions": questions});
    Ok(private(Json(body).into_response()))
}

fn question_json(item: &Item) -> serde_json::Value {
    let Question { id, version, text_zh, text_en } = &item.question;
    serde_json::json!({"id": id, "version": version, "text_zh": text_zh, "text_en": text_en, "stars": item.chosen.parse::<i64>().ok()})
}

async fn save(
    State(judging): State<Judging>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<SheetForm>,
) -> Result<Response> {
    let subject = judging.subject(&viewer, id).await?;
    let saved = match Answers::read(&form) {
        Ok(answers) => judging.save(&viewer, &subject, &answers).await,
        Err(fields) => Err(AppError::Invalid(fields)),
    };
    if !wants_page(&headers) {
        return Ok(private(Json(saved_json(&saved?, &p)).into_response()));
    }
    match saved {
        Ok(saved) => Ok(see_other(&next_page(&saved, &subject), &told(&saved, &p))),
        Err(error) => {
            let (status, fields) = beside(error, "form")?;
            let page = sheet_page(&judging, &viewer, p, subject, Some((&form, fields))).await?;
            Ok(private(form_refused(&page, status, &page.fields)?))
        }
    }
}

fn saved_json(saved: &Saved, p: &Page) -> serde_json::Value {
    let status = if let Moved::To(status) = saved.moved { Some(status.name()) } else { None };
    serde_json::json!({"version": saved.version, "saved_at": iso(saved.at), "flagged": named(p.language(), &saved.grounds), "status": status})
}

/// Whoever decides for an offer goes on to make it.
fn next_page(saved: &Saved, subject: &Subject) -> String {
    match (&saved.moved, &subject.application) {
        (Moved::To(Status::Offer), Some(application)) if application.status != Status::Offer => {
            format!("/applications/{}/offers", application.id)
        }
        _ => format!("/interviews/{}/judging", subject.interview.id),
    }
}

/// What the page says after saving.
fn told(saved: &Saved, p: &Page) -> String {
    match saved.moved {
        Moved::No => p.t("judging-saved"),
        Moved::To(status) => p.t1("judging-saved-status", "status", p.t(status.label().0)),
        Moved::Ended(status) => p.t1("judging-saved-ended", "status", p.t(status.label().0)),
    }
}

#[derive(Deserialize)]
struct PostingForm {
    posting: PostingId,
}

async fn choose_posting(
    State(judging): State<Judging>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<PostingForm>,
) -> Result<Response> {
    judging.choose_posting(&viewer, id, form.posting).await?;
    Ok(see_other(&format!("/interviews/{id}/judging"), ""))
}

#[derive(Template)]
#[template(path = "judging/overview.html")]
struct OverviewPage {
    p: Page,
    view: PostingView,
    questions: Vec<Question>,
    candidates: Vec<Candidate>,
}

impl OverviewPage {
    fn text<'a>(&self, question: &'a Question) -> &'a str {
        self.p.pick(&question.text_zh, &question.text_en)
    }

    fn shown(&self, mean: &Option<Mean>) -> String {
        mean.map(|m| m.shown()).unwrap_or_default()
    }

    fn is_earlier(&self, mean: &Option<Mean>) -> bool {
        mean.is_some_and(|m| m.earlier)
    }

    fn any_earlier(&self) -> bool {
        self.candidates.iter().any(|c| c.means.iter().any(|m| self.is_earlier(m)))
    }

    fn waiting(&self) -> usize {
        self.candidates.iter().filter(|c| c.is_undecided()).count()
    }

    fn lang(&self) -> crate::i18n::Lang {
        self.p.language()
    }
}

async fn show_overview(State(judging): State<Judging>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    let Overview { view, questions, candidates } = judging.overview(&viewer, id).await?;
    Ok(private(html(&OverviewPage { p, view, questions, candidates })?))
}

async fn export(State(judging): State<Judging>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    let (text, name) = judging.export(&viewer, id, p.language()).await?;
    let name = format!("attachment; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok(private((StatusCode::OK, headers, text).into_response()))
}

#[derive(Template)]
#[template(path = "judging/waiting.html")]
struct WaitingPage {
    p: Page,
    employer: Employer,
    waiting: Vec<Interviewed>,
}

/// What the employer has to decide.
async fn show_waiting(State(judging): State<Judging>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let (me, now) = (viewer.person()?.id, judging.now());
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let employer = judging.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let mut waiting = store::undecided(judging.db().read(), id, now - LISTED, me).await?;
    waiting.retain(|i| i.has_been(now));
    Ok(private(html(&WaitingPage { p, employer, waiting })?))
}
