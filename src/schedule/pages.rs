//! The pages of plans, on which recruiters say when they can be met.
//!
//! Every form works without scripts: it comes back as it was typed, with the message beside what is wrong, and the preview is a button of it.

use super::form::{BUFFERS, LENGTHS};
use super::rows::{Exceptional, Preview, Range, Weekday, exceptions, summary, weekdays};
use super::{Mode, Plan, PlanForm, Schedule, Span, frame_pages};
use crate::accounts::{Account, Employer, Viewer};
use crate::clock::{DAY, Millis, iso};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId, PlanId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// How far a preview looks.
const AHEAD: Millis = 28 * DAY;
/// Rows for exceptions beyond those that are there; scripts add more.
const SPARE: usize = 2;
const LEADS: [i64; 9] = [0, 15, 30, 60, 120, 240, 720, 1_440, 2_880];
const HORIZONS: [i64; 6] = [3, 7, 14, 30, 60, 90];

pub fn routes(schedule: Schedule) -> Router {
    Router::new()
        .route("/employers/{id}/plans", get(list).post(add))
        .route("/employers/{id}/plans/new", get(new))
        .route("/employers/{id}/plans/previews", post(preview))
        .route("/plans/{id}", get(edit).post(change))
        .route("/plans/{id}/closings", post(close))
        .merge(frame_pages::routes())
        .with_state(schedule)
}

fn mode_name(mode: Mode) -> Text {
    match mode {
        Mode::One => Text("plans-mode-one"),
        Mode::All => Text("plans-mode-all"),
        Mode::Any => Text("plans-mode-any"),
    }
}

/// What people call a zone.
pub(super) fn zone_shown(p: &Page, zone: &str) -> String {
    if zone == "Asia/Shanghai" { p.t("interviews-zone-beijing") } else { zone.to_owned() }
}

#[derive(Template)]
#[template(path = "schedule/edit.html")]
struct EditPage {
    p: Page,
    employer: Employer,
    /// The plan that is changed; none if it is new.
    plan: Option<PlanId>,
    form: PlanForm,
    fields: Fields,
    fairs: Vec<(FairId, String)>,
    recruiters: Vec<Account>,
    postings: Vec<(PostingId, String)>,
    days: Vec<Weekday>,
    exceptions: Vec<Exceptional>,
    zones: Vec<String>,
    zone: String,
    preview: Option<Preview>,
}

impl EditPage {
    fn has_person(&self, account: &Account) -> bool {
        let id = account.id.to_string();
        self.form.person.contains(&id)
    }

    fn has_posting(&self, id: &PostingId) -> bool {
        let id = id.to_string();
        self.form.posting.contains(&id)
    }

    fn is_mode(&self, name: &str) -> bool {
        self.form.mode == name
    }

    fn zone_shown(&self, zone: &str) -> String {
        zone_shown(&self.p, zone)
    }

    fn modes(&self) -> [(&'static str, String); 3] {
        Mode::EACH.map(|mode| (mode.name(), self.p.t(mode_name(mode).0)))
    }

    fn minutes(&self, n: i64) -> String {
        match n {
            0 => self.p.t("plans-none"),
            n if n % 1_440 == 0 => self.p.t1("plans-days", "n", n / 1_440),
            n if n % 60 == 0 => self.p.t1("plans-hours", "n", n / 60),
            n => self.p.t1("interviews-minutes", "n", n),
        }
    }

    /// Choices, with what was typed among them even if it is none of ours.
    fn choices(&self, known: &[i64], typed: &str, text: impl Fn(i64) -> String) -> Vec<(String, String)> {
        let mut all: Vec<_> = known.iter().map(|n| (n.to_string(), text(*n))).collect();
        if !typed.is_empty() && !all.iter().any(|(value, _)| value == typed) {
            let name = typed.parse().map_or_else(|_| typed.to_owned(), text);
            all.push((typed.to_owned(), name));
        }
        all
    }

    fn lengths(&self) -> Vec<(String, String)> {
        self.choices(&LENGTHS, &self.form.length, |n| self.p.t1("interviews-minutes", "n", n))
    }

    fn buffers(&self) -> Vec<(String, String)> {
        self.choices(&BUFFERS, &self.form.buffer, |n| self.minutes(n))
    }

    fn leads(&self) -> Vec<(String, String)> {
        let text = |n| if n == 0 { self.p.t("plans-lead-none") } else { self.p.t1("plans-lead-before", "time", self.minutes(n)) };
        self.choices(&LEADS, &self.form.lead, text)
    }

    fn horizons(&self) -> Vec<(String, String)> {
        self.choices(&HORIZONS, &self.form.horizon, |n| self.p.t1("plans-days", "n", n))
    }

    /// Something behind "more" is wrong or was chosen.
    fn is_more(&self) -> bool {
        let wrong = ["capacity", "limit", "lead", "horizon", "zone", "posting"].iter().any(|name| self.fields.get(name).is_some());
        wrong || !self.form.posting.is_empty() || self.form.capacity != "1" || self.form.limit != "0" || self.form.zone != self.zone
    }

    fn action(&self) -> String {
        match self.plan {
            Some(id) => format!("/plans/{id}"),
            None => format!("/employers/{}/plans", self.employer.id),
        }
    }

    fn preview_action(&self) -> String {
        let plan = self.plan.map(|id| format!("?plan={id}")).unwrap_or_default();
        format!("/employers/{}/plans/previews{plan}", self.employer.id)
    }

    fn spare(&self) -> std::ops::Range<usize> {
        0..SPARE
    }

    fn blank(&self) -> Range {
        Range::default()
    }
}

/// What a new plan suggests: the working week of who makes it.
fn suggested(viewer: &Viewer, fair: Option<&Fair>) -> PlanForm {
    let work: Vec<(i8, &str, &str)> = (1..=5).flat_map(|n| [(n, "09:00", "12:00"), (n, "14:00", "17:00")]).collect();
    PlanForm {
        fair: fair.map(|f| f.id.to_string()).unwrap_or_default(),
        mode: Mode::One.name().into(),
        person: viewer.id().map(|id| id.to_string()).into_iter().collect(),
        length: "15".into(),
        buffer: "5".into(),
        capacity: "1".into(),
        lead: "60".into(),
        horizon: "30".into(),
        limit: "0".into(),
        zone: fair.map(|f| f.zone.clone()).unwrap_or_default(),
        weekday: work.iter().map(|(n, ..)| n.to_string()).collect(),
        from: work.iter().map(|(_, from, _)| (*from).to_owned()).collect(),
        to: work.iter().map(|(.., to)| (*to).to_owned()).collect(),
        who: vec![String::new(); work.len()],
        ..PlanForm::default()
    }
}

impl Schedule {
    async fn employer(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        let employer = self.accounts().employer(id).await?.filter(|_| viewer.recruits_for(id));
        employer.ok_or(AppError::NotFound)
    }

    async fn page(&self, p: Page, employer: Employer, plan: Option<PlanId>, form: PlanForm, fields: Fields) -> Result<EditPage> {
        let recruiters = self.accounts().recruiters_of(employer.id).await?;
        let fairs = self.fairs_of(employer.id).await?;
        let now = self.now();
        let mut postings = self.postings.of_employer(employer.id).await?;
        postings.retain(|x| x.status(now).is_public() || form.posting.contains(&x.id.to_string()));
        let fair = fairs.iter().find(|f| f.id.to_string() == form.fair).or(fairs.first());
        let zone = fair.map(|f| f.zone.clone()).unwrap_or_default();
        let mut zones = vec![zone.clone()];
        for known in [
            "Asia/Shanghai",
            "Asia/Urumqi",
            "Asia/Hong_Kong",
            "Asia/Tokyo",
            "Asia/Singapore",
            "Europe/London",
            "America/New_York",
            &form.zone,
        ] {
            if !known.is_empty() && !zones.iter().any(|z| z == known) {
                zones.push(known.to_owned());
            }
        }
        Ok(EditPage {
            days: weekdays(&form),
            exceptions: exceptions(&form),
            fairs: fairs.iter().map(|f| (f.id, p.pick(&f.title_zh, &f.title_en).to_owned())).collect(),
            postings: postings.into_iter().map(|x| (x.id, x.content.title(p.language()).to_owned())).collect(),
            p,
            employer,
            plan,
            form,
            fields,
            recruiters,
            zones,
            zone,
            preview: None,
        })
    }

    async fn previewed(&self, plan: &Plan, lang: Lang) -> Result<Preview> {
        let now = self.now();
        let slots = self.preview(plan, Span { start: now, end: now + AHEAD }).await?;
        Ok(Preview::of(&slots, &plan.time_zone(), lang))
    }
}

/// A plan as a list shows it.
struct Listed {
    plan: Plan,
    title: String,
    fair: String,
    mode: Text,
    people: String,
    hours: Vec<String>,
    extra: usize,
    /// When the next slot is, in the plan's zone.
    next: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "schedule/list.html")]
struct PlansPage {
    p: Page,
    employer: Employer,
    open: Vec<Listed>,
    closed: Vec<Listed>,
    /// The employer takes part in a fair that is open.
    may_add: bool,
}

async fn list(State(schedule): State<Schedule>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = schedule.employer(&viewer, id).await?;
    let plans = schedule.plans_of(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(plans.iter().map(json).collect::<Vec<_>>()).into_response());
    }
    let (recruiters, now) = (schedule.accounts().recruiters_of(id).await?, schedule.now());
    let fairs = schedule.fairs_of(id).await?;
    let mut all = Vec::new();
    for plan in plans {
        let slots = schedule.preview(&plan, Span { start: now, end: now + AHEAD }).await?;
        let next = slots.first().map(|s| {
            let at = jiff::Timestamp::from_millisecond(s.start).unwrap_or_default().to_zoned_datetime(plan.time_zone());
            (iso(s.start), at.strftime("%Y-%m-%d %H:%M").to_string())
        });
        let name = |person: &crate::ids::AccountId| recruiters.iter().find(|a| a.id == *person).map(|a| a.name.clone());
        let untitled = || p.t1("plans-untitled", "n", plan.minutes);
        all.push(Listed {
            title: if plan.title.is_empty() { untitled() } else { plan.title.clone() },
            fair: fairs.iter().find(|f| f.id == plan.fair_id).map(|f| p.pick(&f.title_zh, &f.title_en).to_owned()).unwrap_or_default(),
            mode: mode_name(plan.mode),
            people: plan.people.iter().filter_map(name).collect::<Vec<_>>().join(if p.is_zh() { "、" } else { ", " }),
            hours: summary(&plan, p.language()),
            extra: plan.exceptions.iter().filter(|e| e.day >= super::plan::day_in(&plan.time_zone(), now)).count(),
            next,
            plan,
        });
    }
    let (open, closed) = all.into_iter().partition(|l| l.plan.closed_at.is_none());
    html(&PlansPage { p, employer, open, closed, may_add: !fairs.is_empty() })
}

fn json(plan: &Plan) -> serde_json::Value {
    serde_json::json!({
        "id": plan.id, "url": format!("/plans/{}", plan.id), "version": plan.version, "mode": plan.mode, "title": plan.title,
        "minutes": plan.minutes, "people": plan.people, "zone": plan.zone, "closed": plan.closed_at.is_some(),
    })
}

async fn new(State(schedule): State<Schedule>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = schedule.employer(&viewer, id).await?;
    let fairs = schedule.fairs_of(id).await?;
    let form = suggested(&viewer, fairs.first());
    let mut page = schedule.page(p, employer, None, form, Fields::default()).await?;
    if !fairs.is_empty() {
        let plan = schedule.read(&viewer, id, &page.form).await?;
        page.preview = Some(schedule.previewed(&plan, page.p.language()).await?);
    }
    html(&page)
}

async fn edit(State(schedule): State<Schedule>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PlanId>) -> Result<Response> {
    let plan = schedule.plan_for(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(json(&plan)).into_response());
    }
    let employer = schedule.employer(&viewer, plan.employer_id).await?;
    let mut page = schedule.page(p, employer, Some(id), PlanForm::of(&plan, schedule.now()), Fields::default()).await?;
    page.preview = Some(schedule.previewed(&plan, page.p.language()).await?);
    html(&page)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PreviewQuery {
    /// The plan that is being changed.
    plan: String,
}

/// The form again, with the slots that it would make: nothing is kept.
async fn preview(
    State(schedule): State<Schedule>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    Query(query): Query<PreviewQuery>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let employer = schedule.employer(&viewer, id).await?;
    let plan = query.plan.parse().ok();
    if let Some(plan) = plan {
        schedule.plan_for(&viewer, plan).await?;
    }
    match schedule.read(&viewer, id, &form).await {
        Ok(read) => {
            let preview = schedule.previewed(&read, p.language()).await?;
            html(&EditPage { preview: Some(preview), ..schedule.page(p, employer, plan, form, Fields::default()).await? })
        }
        Err(AppError::Invalid(fields)) => {
            let page = schedule.page(p, employer, plan, form, fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn add(
    State(schedule): State<Schedule>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let employer = schedule.employer(&viewer, id).await?;
    match schedule.add(&viewer, id, &form).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/employers/{id}/plans"), &p.t("plans-added"))),
        Ok(plan) => {
            let location = [(header::LOCATION, format!("/plans/{}", plan.id))];
            Ok((StatusCode::CREATED, location, Json(json(&plan))).into_response())
        }
        Err(AppError::Invalid(fields)) => {
            let page = schedule.page(p, employer, None, form, fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn change(
    State(schedule): State<Schedule>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PlanId>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let old = schedule.plan_for(&viewer, id).await?;
    match schedule.change(&viewer, id, &form).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/employers/{}/plans", old.employer_id), &p.t("plans-changed"))),
        Ok(plan) => Ok(Json(json(&plan)).into_response()),
        Err(AppError::Invalid(fields)) => {
            let employer = schedule.employer(&viewer, old.employer_id).await?;
            let page = schedule.page(p, employer, Some(id), form, fields).await?;
            form_again(&page, &page.fields)
        }
        // A colleague was quicker: what was typed stays, and is kept over theirs if it is sent again.
        Err(AppError::Conflict(text)) if wants_page(&headers) && old.closed_at.is_none() => {
            let employer = schedule.employer(&viewer, old.employer_id).await?;
            let mut fields = Fields::default();
            fields.add("version", text);
            let form = PlanForm { version: old.version.to_string(), ..form };
            let page = schedule.page(p, employer, Some(id), form, fields).await?;
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn close(State(schedule): State<Schedule>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PlanId>) -> Result<Response> {
    let plan = schedule.close(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(json(&plan)).into_response());
    }
    Ok(see_other(&format!("/employers/{}/plans", plan.employer_id), &p.t("plans-closed")))
}
