//! Recording over HTTP: how it stands and what everybody answers, for the call's script; the page on which a recording is played, with who agreed
//! and who looked; its files.

use super::store::{self, Stored};
use super::whole::{Take, takes};
use super::{Recordings, Told};
use crate::accounts::Viewer;
use crate::clock::{HOUR, Millis, iso};
use crate::ids::{AccountId, InterviewId};
use crate::interviews::{Interview, local};
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, private, see_other, stretched, wants_page};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// A player fetches a file in many stretches: they are one look.
const ONE_LOOK: Millis = HOUR;

pub fn routes(recordings: Recordings) -> Router {
    Router::new()
        .route("/interviews/{id}/recording", get(show))
        .route("/interviews/{id}/recording/state", get(state))
        .route("/interviews/{id}/recording/requests", post(ask))
        .route("/interviews/{id}/recording/answers", post(answer))
        .route("/interviews/{id}/recording/withdrawals", post(withdraw))
        .route("/interviews/{id}/recording/stops", post(stop))
        .route("/interviews/{id}/recording/deletions", post(delete))
        .route("/interviews/{id}/recording/files/{name}", get(file))
        .with_state(recordings)
}

async fn state(State(all): State<Recordings>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Response> {
    Ok(private(Json(all.told(&viewer, id).await?).into_response()))
}

/// After a change: the page again, or how it stands now.
async fn done(all: &Recordings, viewer: &Viewer, id: InterviewId, headers: &HeaderMap, flash: &str) -> Result<Response> {
    if wants_page(headers) {
        return Ok(see_other(&format!("/interviews/{id}/recording"), flash));
    }
    let told: Told = all.told(viewer, id).await?;
    Ok(private(Json(told).into_response()))
}

async fn ask(State(all): State<Recordings>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.ask(&viewer, id, p.language()).await?;
    done(&all, &viewer, id, &headers, "").await
}

#[derive(Deserialize)]
struct AnswerForm {
    answer: String,
}

async fn answer(
    State(all): State<Recordings>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<AnswerForm>,
) -> Result<Response> {
    let agrees = match form.answer.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
    };
    all.answer(&viewer, id, agrees, p.language()).await?;
    done(&all, &viewer, id, &headers, "").await
}

async fn withdraw(State(all): State<Recordings>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.withdraw(&viewer, id).await?;
    done(&all, &viewer, id, &headers, &p.t("recordings-withdrawn-flash")).await
}

async fn stop(State(all): State<Recordings>, viewer: Viewer, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.stop(&viewer, id).await?;
    done(&all, &viewer, id, &headers, "").await
}

async fn delete(State(all): State<Recordings>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.delete(&viewer, id).await?;
    done(&all, &viewer, id, &headers, &p.t("recordings-deleted-flash")).await
}

/// A moment as the page shows it.
struct Moment {
    iso: String,
    local: String,
}

struct ShownFile {
    url: String,
    has_picture: bool,
    from: i64,
    until: i64,
}

struct ShownPerson {
    name: String,
    files: Vec<ShownFile>,
}

struct ShownRun {
    at: Moment,
    /// Seconds.
    length: i64,
    people: Vec<ShownPerson>,
    why: &'static str,
}

struct ShownConsent {
    name: String,
    stands: &'static str,
    at: Moment,
}

struct ShownView {
    name: String,
    text: &'static str,
    at: Moment,
}

#[derive(Template)]
#[template(path = "recordings/page.html")]
struct RecordingPage {
    p: Page,
    interview: Interview,
    with: String,
    me: &'static str,
    runs: Vec<ShownRun>,
    /// A run goes on now.
    records: bool,
    erased: Option<(&'static str, Moment)>,
    kept_until: Option<Moment>,
    consents: Vec<ShownConsent>,
    /// The viewer's own consent lives.
    agreed: bool,
    views: Vec<ShownView>,
}

impl RecordingPage {
    fn has_files(&self) -> bool {
        !self.runs.is_empty()
    }

    fn clock(&self, seconds: &i64) -> String {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}

fn moment(interview: &Interview, at: Millis) -> Moment {
    Moment { iso: iso(at), local: local(&interview.zone, at, "%Y-%m-%d %H:%M") }
}

/// What is said of why a run ended.
fn why(reason: &str) -> &'static str {
    match reason {
        "withdrawn" => "recordings-end-withdrawn",
        "newcomer" => "recordings-end-newcomer",
        "left" => "recordings-end-left",
        "disk" => "recordings-end-disk",
        "full" => "recordings-end-full",
        "lost" => "recordings-end-lost",
        "over" => "recordings-end-over",
        _ => "recordings-end-stopped",
    }
}

async fn show(State(all): State<Recordings>, viewer: Viewer, p: Page, Id(id): Id<InterviewId>) -> Result<Response> {
    let (interview, party) = all.interviews.visible_to(&viewer, id).await?;
    let (db, me) = (all.db().read(), viewer.known()?.id);
    let found = store::recording(db, id).await?;
    let segments = store::segments(db, id).await?;
    if !segments.is_empty() {
        store::insert_view(all.db().write(), id, me, all.now(), "look").await?;
    }
    let consents = store::consents(db, id).await?;
    let rows = store::runs(db, id).await?;
    let records = all.switches.contains_key(&id);
    let at = |at| moment(&interview, at);
    let name = |person| consents.iter().find(|c| c.person_id == person).map(|c| c.name.clone()).unwrap_or_default();
    let runs = shown_runs(id, segments, &rows, name, at);
    let erased = found.as_ref().and_then(|row| {
        let text = match row.erased_why.as_str() {
            "candidate" => "recordings-erased-candidate",
            "withdrawn" => "recordings-erased-withdrawn",
            _ => "recordings-erased-time",
        };
        row.erased_at.map(|erased| (text, at(erased)))
    });
    let views = store::views(db, id).await?.into_iter().map(|view| ShownView {
        text: if view.kind == "download" { "recordings-view-download" } else { "recordings-view-look" },
        at: at(view.at),
        name: view.name,
    });
    let page = RecordingPage {
        with: interview.other_name(party, p.language()).to_owned(),
        me: party.name(),
        runs,
        records,
        kept_until: found.as_ref().filter(|row| row.erased_at.is_none() && row.bytes > 0).map(|row| at(row.erase_at)),
        erased,
        agreed: consents.iter().any(|c| c.person_id == me && c.lives()),
        views: views.collect(),
        consents: consents
            .iter()
            .map(|c| ShownConsent { name: c.name.clone(), stands: c.stands(), at: at(c.withdrawn_at.unwrap_or(c.at)) })
            .collect(),
        p,
        interview,
    };
    Ok(private(html(&page)?))
}

fn shown_runs(
    id: InterviewId,
    segments: Vec<Stored>,
    rows: &[store::RunRow],
    name: impl Fn(AccountId) -> String,
    at: impl Fn(Millis) -> Moment,
) -> Vec<ShownRun> {
    let mut runs: Vec<(i64, ShownRun)> = Vec::new();
    let mut last = None;
    for take in takes(segments) {
        let Some(row) = rows.iter().find(|row| row.n == take.run) else { continue };
        if runs.last().is_none_or(|(n, _)| *n != take.run) {
            let why = if row.ended_at.is_some() { why(&row.reason) } else { "" };
            runs.push((take.run, ShownRun { at: at(row.started_at), length: 0, people: Vec::new(), why }));
        }
        let Some((_, run)) = runs.last_mut() else { continue };
        run.length = run.length.max(take.ends_at / 1_000);
        if last != Some((take.run, take.person)) {
            run.people.push(ShownPerson { name: name(take.person), files: Vec::new() });
        }
        last = Some((take.run, take.person));
        let url = format!("/interviews/{id}/recording/files/{}", take.name());
        let file = ShownFile { url, has_picture: take.has_picture, from: take.begins_at, until: take.ends_at };
        if let Some(person) = run.people.last_mut() {
            person.files.push(file);
        }
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

#[derive(Deserialize)]
struct Wanted {
    /// `1`: to be kept, not only played.
    #[serde(default)]
    download: String,
}

async fn file(
    State(all): State<Recordings>,
    viewer: Viewer,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let id: InterviewId = id.parse().map_err(|_| AppError::NotFound)?;
    let (interview, _) = all.interviews.visible_to(&viewer, id).await?;
    let (me, now) = (viewer.known()?.id, all.now());
    let take = takes(store::segments(all.db().read(), id).await?).into_iter().find(|take| take.name() == name).ok_or(AppError::NotFound)?;
    let downloads = wanted.download == "1";
    let asked = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    // The row first: nobody looks without one.
    let resumed = downloads && asked.is_some_and(|asked| !asked.starts_with("bytes=0-"));
    if downloads && !resumed {
        store::insert_view(all.db().write(), id, me, now, "download").await?;
    } else if !store::looked_since(all.db().read(), id, me, now - ONE_LOOK).await? {
        store::insert_view(all.db().write(), id, me, now, if downloads { "download" } else { "look" }).await?;
    }
    answer_with(all, &interview, take, asked, downloads)
}

fn answer_with(all: Recordings, interview: &Interview, take: Take, asked: Option<&str>, downloads: bool) -> Result<Response> {
    let (head, stretch) = match stretched(asked, take.whole.bytes) {
        Ok(found) => found,
        Err(none) => return Ok(*none),
    };
    let mut response = head.header(header::CONTENT_TYPE, take.mime());
    if downloads {
        let day = moment(interview, interview.starts_at).local.get(..10).unwrap_or_default().to_owned();
        let name = format!("attachment; filename=\"interview-{day}-{}-{}.{}\"", take.run, take.n + 1, take.extension());
        response = response.header(header::CONTENT_DISPOSITION, name);
    }
    Ok(private(response.body(take.body(all, interview.id, stretch))?))
}
