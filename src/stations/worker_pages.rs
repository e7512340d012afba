//! What staff of a station see: the desk, and the worker whom they have before them.

use super::slip::Slip;
use super::{CONSENT, IDLE, Registered, Station, Stations, Worker, WorkerForm};
use crate::accounts::Viewer;
use crate::applications::Listed;
use crate::clock::SECOND;
use crate::fairs::Fair;
use crate::ids::{AccountId, PostingId, StationId};
use crate::postings::{Filter, Of, Query as Asked};
use crate::web::{AppError, Fields, FormData, Id, Ids, Page, Result, Text, form_again, html, private, see_other};
use askama::Template;
use axum::extract::{FromRequestParts, Query, State as Use};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Jobs that a search shows: whoever is read them out does not remember more.
const JOBS: i64 = 10;

#[derive(Template)]
#[template(path = "stations/desk.html")]
struct DeskPage {
    p: Page,
    station: Station,
    fair: Fair,
    workers: Vec<Worker>,
    form: WorkerForm,
    /// A code was sent to the phone that was given.
    code: bool,
    fields: Fields,
}

impl DeskPage {
    fn consent(&self) -> &'static str {
        CONSENT
    }

    /// Such as `02-20 09:30`.
    fn local(&self, worker: &Worker) -> String {
        self.fair.local(&worker.registered_at)
    }
}

async fn desk_page(
    all: &Stations,
    viewer: &Viewer,
    p: Page,
    id: StationId,
    form: WorkerForm,
    code: bool,
    fields: Fields,
) -> Result<DeskPage> {
    let (station, fair) = all.staffed_by(viewer, id).await?;
    let workers = all.workers(&station).await?;
    Ok(DeskPage { p, station, fair, workers, form, code, fields })
}

pub(super) async fn desk(Use(all): Use<Stations>, viewer: Viewer, p: Page, Id(id): Id<StationId>) -> Result<Response> {
    Ok(private(html(&desk_page(&all, &viewer, p, id, WorkerForm::default(), false, Fields::default()).await?)?))
}

pub(super) async fn register(
    Use(all): Use<Stations>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<StationId>,
    FormData(form): FormData<WorkerForm>,
) -> Result<Response> {
    let (station, _) = all.staffed_by(&viewer, id).await?;
    match all.register(&viewer, &station, &form, p.language()).await? {
        Registered::Open(account) => Ok(see_other(&format!("/stations/{id}/workers/{account}"), "")),
        Registered::CodeSent => Ok(private(html(&desk_page(&all, &viewer, p, id, form, true, Fields::default()).await?)?)),
        Registered::Wrong(fields) => {
            let code = fields.get("code").is_some();
            let page = desk_page(&all, &viewer, p, id, form, code, fields).await?;
            Ok(private(form_again(&page, &page.fields)?))
        }
    }
}

pub(super) async fn open(Use(all): Use<Stations>, viewer: Viewer, Ids(id, account): Ids<StationId, AccountId>) -> Result<Response> {
    let (station, _) = all.staffed_by(&viewer, id).await?;
    all.begin(&viewer, &station, account).await?;
    Ok(see_other(&format!("/stations/{id}/workers/{account}"), ""))
}

pub(super) async fn end(Use(all): Use<Stations>, viewer: Viewer, p: Page, Id(id): Id<StationId>) -> Result<Response> {
    let (station, _) = all.staffed_by(&viewer, id).await?;
    all.end(&viewer, &station).await?;
    Ok(see_other(&format!("/stations/{id}"), &p.t("stations-ended")))
}

#[derive(Template)]
#[template(path = "stations/worker.html")]
struct WorkerPage {
    p: Page,
    station: Station,
    worker: Worker,
    sent: Vec<Listed>,
    q: String,
    /// What the search found, with whether they have applied for it.
    jobs: Vec<(crate::postings::Listed, bool)>,
}

impl WorkerPage {
    fn idle_seconds(&self) -> i64 {
        IDLE / SECOND
    }
}

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

/// A worker with the member of staff who has them before them, as the path names them; whoever has not is sent to their desk.
pub(super) struct Before {
    viewer: Viewer,
    station: Station,
    worker: Worker,
}

impl FromRequestParts<Stations> for Before {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, all: &Stations) -> std::result::Result<Self, Response> {
        let Ids(id, account) = Ids::<StationId, AccountId>::from_request_parts(parts, all).await.map_err(IntoResponse::into_response)?;
        let Ok(viewer) = Viewer::from_request_parts(parts, all).await;
        match all.at_desk(&viewer, id, account).await {
            Ok(Some((station, worker))) => Ok(Self { viewer, station, worker }),
            Ok(None) => Err(see_other(&format!("/stations/{id}"), "")),
            Err(error) => Err(error.into_response()),
        }
    }
}

pub(super) async fn show(
    Use(all): Use<Stations>,
    Before { station, worker, .. }: Before,
    p: Page,
    Query(search): Query<Search>,
) -> Result<Response> {
    let sent = all.sent(&worker).await?;
    let jobs = if search.q.trim().is_empty() { Vec::new() } else { all.jobs(&station, &search.q).await? };
    let jobs = jobs
        .into_iter()
        .map(|job| (sent.iter().any(|a| a.posting_id == job.id && a.status != crate::applications::Status::Withdrawn), job));
    let jobs = jobs.map(|(applied, job)| (job, applied)).collect();
    Ok(private(html(&WorkerPage { p, station, worker, sent, q: search.q, jobs })?))
}

impl Stations {
    /// The worker whom the viewer has before them at a station of theirs.
    async fn at_desk(&self, viewer: &Viewer, id: StationId, account: AccountId) -> Result<Option<(Station, Worker)>> {
        let (station, _) = self.staffed_by(viewer, id).await?;
        Ok(self.before(viewer, &station, account).await?.map(|worker| (station, worker)))
    }

    async fn jobs(&self, station: &Station, q: &str) -> Result<Vec<crate::postings::Listed>> {
        let query = Asked { q: q.to_owned(), ..Asked::default() };
        let mut filter = Filter::read(Of::Fair(station.fair_id), &query);
        filter.limit = JOBS;
        Ok(self.applications.postings.list(&filter).await?.items)
    }
}

#[derive(Deserialize)]
pub(super) struct ApplyForm {
    posting: PostingId,
    #[serde(default)]
    consent: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    q: String,
}

pub(super) async fn apply(
    Use(all): Use<Stations>,
    Before { viewer, station, worker }: Before,
    p: Page,
    FormData(form): FormData<ApplyForm>,
) -> Result<Response> {
    if form.consent.is_empty() {
        return Err(AppError::Invalid(Fields::of("consent", Text("stations-wrong-consent-send"))));
    }
    let fresh = all.apply(&viewer, &station, &worker, form.posting, &form.note).await?;
    let flash = if fresh { p.t("stations-applied") } else { p.t("applications-sent-before") };
    let back = format!("/stations/{}/workers/{}?q={}", station.id, worker.account_id, crate::web::encode(&form.q));
    Ok(see_other(&back, &flash))
}

#[derive(Template)]
#[template(path = "stations/slip.html")]
struct SlipPage {
    p: Page,
    station: Station,
    worker: Worker,
    sent: Vec<Listed>,
    slip: Slip,
}

/// The slip itself is the answer: its PIN is known to nobody afterwards.
pub(super) async fn print(Use(all): Use<Stations>, Before { viewer, station, worker }: Before, p: Page) -> Result<Response> {
    let slip = all.print(&viewer, &station, &worker).await?;
    let sent = all.sent(&worker).await?;
    Ok(private(html(&SlipPage { p, station, worker, sent, slip })?))
}
