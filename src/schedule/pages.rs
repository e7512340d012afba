//! The pages of plans, on which recruiters say when they can be met, and of the frame that organisers set for a fair.
//!
//! Every form works without scripts: it comes back as it was typed, with the message beside what is wrong, and the preview is a button of it.

use super::form::{BUFFERS, LENGTHS};
use super::{FrameDay, FrameForm, Mode, Open, Plan, PlanForm, Schedule, Span};
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
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// How far a preview looks, and how many days with something in them it shows.
const AHEAD: Millis = 28 * DAY;
const SHOWN: usize = 7;
/// Rows for exceptions beyond those that are there; scripts add more.
const SPARE: usize = 2;
/// Days of a fair that its frame is edited for; a longer one is a season, whose later days come when earlier ones are past.
const FRAME_DAYS: usize = 62;
const LEADS: [i64; 9] = [0, 15, 30, 60, 120, 240, 720, 1_440, 2_880];
const HORIZONS: [i64; 6] = [3, 7, 14, 30, 60, 90];

#[derive(Clone)]
struct Pages {
    schedule: Schedule,
}

pub fn routes(schedule: Schedule) -> Router {
    Router::new()
        .route("/employers/{id}/plans", get(list).post(add))
        .route("/employers/{id}/plans/new", get(new))
        .route("/employers/{id}/plans/previews", post(preview))
        .route("/plans/{id}", get(edit).post(change))
        .route("/plans/{id}/closings", post(close))
        .route("/fairs/{id}/interviews/frame", get(frame).post(set_frame))
        .with_state(Pages { schedule })
}

fn weekday_name(day: i8) -> Text {
    match day {
        1 => Text("agenda-monday"),
        2 => Text("agenda-tuesday"),
        3 => Text("agenda-wednesday"),
        4 => Text("agenda-thursday"),
        5 => Text("agenda-friday"),
        6 => Text("agenda-saturday"),
        _ => Text("agenda-sunday"),
    }
}

fn mode_name(mode: Mode) -> Text {
    match mode {
        Mode::One => Text("plans-mode-one"),
        Mode::All => Text("plans-mode-all"),
        Mode::Any => Text("plans-mode-any"),
    }
}

/// What people call a zone.
fn zone_shown(p: &Page, zone: &str) -> String {
    if zone == "Asia/Shanghai" { p.t("interviews-zone-beijing") } else { zone.to_owned() }
}

/// A stretch of a weekday as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Range {
    from: String,
    to: String,
    who: String,
}

impl Range {
    fn is_blank(&self) -> bool {
        self.from.is_empty() && self.to.is_empty()
    }

    /// Times are typed as `09:30`, so that their order is that of the text; midnight ends a day.
    fn is_wrong(&self) -> bool {
        let time = |text: &str| jiff::civil::Time::strptime("%H:%M", text).is_ok() || text == "24:00";
        !self.is_blank() && !(time(&self.from) && time(&self.to) && (self.from < self.to || self.to == "00:00"))
    }
}

struct Weekday {
    n: i8,
    name: Text,
    ranges: Vec<Range>,
}

/// The rows of a form by weekday. What holds for everybody of the plan alike is one row, for everybody.
fn weekdays(form: &PlanForm) -> Vec<Weekday> {
    let cell = |column: &[String], row: usize| column.get(row).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut days: Vec<Weekday> = (1..=7).map(|n| Weekday { n, name: weekday_name(n), ranges: Vec::new() }).collect();
    for row in 0..form.from.len().max(form.to.len()) {
        let range = Range { from: cell(&form.from, row), to: cell(&form.to, row), who: cell(&form.who, row) };
        for n in super::form::weekdays(&cell(&form.weekday, row)).into_iter().filter(|_| !range.is_blank()) {
            if let Some(day) = usize::try_from(n - 1).ok().and_then(|i| days.get_mut(i)) {
                day.ranges.push(range.clone());
            }
        }
    }
    let people: Vec<&String> = form.person.iter().filter(|p| !p.is_empty()).collect();
    for day in &mut days {
        let all = std::mem::take(&mut day.ranges);
        let alike = |a: &Range, b: &Range| (&a.from, &a.to) == (&b.from, &b.to);
        for range in &all {
            let everybody = !people.is_empty() && people.iter().all(|p| all.iter().any(|r| alike(r, range) && r.who == **p));
            let kept = if everybody { Range { who: String::new(), ..range.clone() } } else { range.clone() };
            if !day.ranges.contains(&kept) {
                day.ranges.push(kept);
            }
        }
        day.ranges.sort_by(|a, b| (&a.from, &a.who).cmp(&(&b.from, &b.who)));
    }
    days
}

/// The weekly hours in words, such as `周一–周五 09:00–12:00 14:00–17:00`.
fn summary(plan: &Plan, lang: Lang) -> Vec<String> {
    let clock = super::clock_time;
    let of_day = |n: i8| {
        let mut times: Vec<String> =
            plan.hours.iter().filter(|h| h.weekday == n).map(|h| format!("{}–{}", clock(h.from), clock(h.to))).collect();
        times.sort();
        times.dedup();
        times.join(" ")
    };
    let mut runs: Vec<(i8, i8, String)> = Vec::new();
    for (n, times) in (1..=7).map(|n| (n, of_day(n))).filter(|(_, times)| !times.is_empty()) {
        match runs.last_mut().filter(|(_, last, same)| *last == n - 1 && *same == times) {
            Some((_, last, _)) => *last = n,
            None => runs.push((n, n, times)),
        }
    }
    let name = |n| lang.t(weekday_name(n).0);
    runs.iter()
        .map(|(a, b, times)| if a == b { format!("{} {times}", name(*a)) } else { format!("{}–{} {times}", name(*a), name(*b)) })
        .collect()
}

/// A date that is an exception, as typed.
#[derive(Clone, Debug, Default)]
struct Exceptional {
    day: String,
    opens: bool,
    range: Range,
}

fn exceptions(form: &PlanForm) -> Vec<Exceptional> {
    let cell = |column: &[String], row: usize| column.get(row).map(|text| text.trim().to_owned()).unwrap_or_default();
    let whole =
        |r: Range| if (r.from.as_str(), r.to.as_str()) == ("00:00", "24:00") { Range { who: r.who, ..Range::default() } } else { r };
    let row = |n| Exceptional {
        day: cell(&form.except_day, n),
        opens: cell(&form.except_kind, n) == "open",
        range: whole(Range { from: cell(&form.except_from, n), to: cell(&form.except_to, n), who: cell(&form.except_who, n) }),
    };
    (0..form.except_day.len()).map(row).filter(|e| !e.day.is_empty()).collect()
}

/// The slots of a plan on some days.
struct Preview {
    total: usize,
    days: Vec<(String, Vec<(String, String)>)>,
    more: usize,
}

impl Preview {
    fn of(slots: &[Open], zone: &TimeZone, lang: Lang) -> Self {
        let mut days: Vec<(Date, Vec<(String, String)>)> = Vec::new();
        for slot in slots {
            let at = jiff::Timestamp::from_millisecond(slot.start).unwrap_or_default().to_zoned_datetime(zone.clone());
            let time = (iso(slot.start), at.strftime("%H:%M").to_string());
            match days.last_mut().filter(|(date, _)| *date == at.date()) {
                Some((_, times)) => times.push(time),
                None => days.push((at.date(), vec![time])),
            }
        }
        let name = |date: Date| {
            let day = lang.t2("plans-date", "month", date.month().to_string(), "day", date.day().to_string());
            format!("{day} {}", lang.t(weekday_name(date.weekday().to_monday_one_offset()).0))
        };
        let more = days.len().saturating_sub(SHOWN);
        days.truncate(SHOWN);
        Self { total: slots.len(), days: days.into_iter().map(|(date, times)| (name(date), times)).collect(), more }
    }
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

impl Pages {
    async fn employer(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        let employer = self.schedule.accounts().employer(id).await?.filter(|_| viewer.recruits_for(id));
        employer.ok_or(AppError::NotFound)
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

    async fn page(&self, p: Page, employer: Employer, plan: Option<PlanId>, form: PlanForm, fields: Fields) -> Result<EditPage> {
        let recruiters = self.schedule.accounts().recruiters_of(employer.id).await?;
        let fairs = self.schedule.fairs_of(employer.id).await?;
        let now = self.schedule.now();
        let mut postings = self.schedule.postings.of_employer(employer.id).await?;
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
        let now = self.schedule.now();
        let slots = self.schedule.preview(plan, Span { start: now, end: now + AHEAD }).await?;
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

async fn list(State(pages): State<Pages>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = pages.employer(&viewer, id).await?;
    let plans = pages.schedule.plans_of(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(plans.iter().map(json).collect::<Vec<_>>()).into_response());
    }
    let (recruiters, now) = (pages.schedule.accounts().recruiters_of(id).await?, pages.schedule.now());
    let fairs = pages.schedule.fairs_of(id).await?;
    let mut all = Vec::new();
    for plan in plans {
        let slots = pages.schedule.preview(&plan, Span { start: now, end: now + AHEAD }).await?;
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

async fn new(State(pages): State<Pages>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = pages.employer(&viewer, id).await?;
    let fairs = pages.schedule.fairs_of(id).await?;
    let form = Pages::suggested(&viewer, fairs.first());
    let mut page = pages.page(p, employer, None, form, Fields::default()).await?;
    if !fairs.is_empty() {
        let plan = pages.schedule.read(&viewer, id, &page.form).await?;
        page.preview = Some(pages.previewed(&plan, page.p.language()).await?);
    }
    html(&page)
}

async fn edit(State(pages): State<Pages>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PlanId>) -> Result<Response> {
    let plan = pages.schedule.plan_for(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(json(&plan)).into_response());
    }
    let employer = pages.employer(&viewer, plan.employer_id).await?;
    let mut page = pages.page(p, employer, Some(id), PlanForm::of(&plan, pages.schedule.now()), Fields::default()).await?;
    page.preview = Some(pages.previewed(&plan, page.p.language()).await?);
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
    State(pages): State<Pages>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    Query(query): Query<PreviewQuery>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let employer = pages.employer(&viewer, id).await?;
    let plan = query.plan.parse().ok();
    if let Some(plan) = plan {
        pages.schedule.plan_for(&viewer, plan).await?;
    }
    match pages.schedule.read(&viewer, id, &form).await {
        Ok(read) => {
            let preview = pages.previewed(&read, p.language()).await?;
            html(&EditPage { preview: Some(preview), ..pages.page(p, employer, plan, form, Fields::default()).await? })
        }
        Err(AppError::Invalid(fields)) => {
            let page = pages.page(p, employer, plan, form, fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn add(
    State(pages): State<Pages>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let employer = pages.employer(&viewer, id).await?;
    match pages.schedule.add(&viewer, id, &form).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/employers/{id}/plans"), &p.t("plans-added"))),
        Ok(plan) => {
            let location = [(header::LOCATION, format!("/plans/{}", plan.id))];
            Ok((StatusCode::CREATED, location, Json(json(&plan))).into_response())
        }
        Err(AppError::Invalid(fields)) => {
            let page = pages.page(p, employer, None, form, fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn change(
    State(pages): State<Pages>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PlanId>,
    FormData(form): FormData<PlanForm>,
) -> Result<Response> {
    let old = pages.schedule.plan_for(&viewer, id).await?;
    match pages.schedule.change(&viewer, id, &form).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/employers/{}/plans", old.employer_id), &p.t("plans-changed"))),
        Ok(plan) => Ok(Json(json(&plan)).into_response()),
        Err(AppError::Invalid(fields)) => {
            let employer = pages.employer(&viewer, old.employer_id).await?;
            let page = pages.page(p, employer, Some(id), form, fields).await?;
            form_again(&page, &page.fields)
        }
        // A colleague was quicker: what was typed stays, and is kept over theirs if it is sent again.
        Err(AppError::Conflict(text)) if wants_page(&headers) && old.closed_at.is_none() => {
            let employer = pages.employer(&viewer, old.employer_id).await?;
            let mut fields = Fields::default();
            fields.add("version", text);
            let form = PlanForm { version: old.version.to_string(), ..form };
            let page = pages.page(p, employer, Some(id), form, fields).await?;
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn close(State(pages): State<Pages>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<PlanId>) -> Result<Response> {
    let plan = pages.schedule.close(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(json(&plan)).into_response());
    }
    Ok(see_other(&format!("/employers/{}/plans", plan.employer_id), &p.t("plans-closed")))
}

/// A day of a frame as typed.
struct FrameRow {
    day: String,
    name: String,
    ranges: Vec<Range>,
}

#[derive(Template)]
#[template(path = "schedule/frame.html")]
struct FramePage {
    p: Page,
    fair: Fair,
    rows: Vec<FrameRow>,
    fields: Fields,
    is_set: bool,
}

impl FramePage {
    fn zone_shown(&self) -> String {
        zone_shown(&self.p, &self.fair.zone)
    }
}

/// The days of the fair, each with what is typed for it and room for one more stretch.
fn frame_rows(fair: &Fair, form: &FrameForm, lang: Lang, now: Millis) -> Vec<FrameRow> {
    let zone = fair.time_zone();
    let day = |at| super::plan::day_in(&zone, at);
    let (first, last) = (day(fair.starts_at.max(now)), day(fair.ends_at));
    let mut days: Vec<String> =
        first.series(jiff::ToSpan::days(1)).take_while(|d| *d <= last).take(FRAME_DAYS).map(|d| d.to_string()).collect();
    days.extend(form.day.iter().filter(|d| !d.is_empty()).cloned());
    days.sort();
    days.dedup();
    let row = |day: String| {
        let at = |column: &[String], n: usize| column.get(n).map(|text| text.trim().to_owned()).unwrap_or_default();
        let mut ranges: Vec<Range> = (0..form.day.len())
            .filter(|n| form.day[*n] == day)
            .map(|n| Range { from: at(&form.from, n), to: at(&form.to, n), who: String::new() })
            .filter(|r| !r.is_blank())
            .collect();
        ranges.push(Range::default());
        let date = Date::strptime("%Y-%m-%d", &day).ok();
        let name = date.map_or_else(
            || day.clone(),
            |d| {
                let text = lang.t2("plans-date", "month", d.month().to_string(), "day", d.day().to_string());
                format!("{text} {}", lang.t(weekday_name(d.weekday().to_monday_one_offset()).0))
            },
        );
        FrameRow { day, name, ranges }
    };
    days.into_iter().map(row).collect()
}

async fn frame(State(pages): State<Pages>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = pages.schedule.fairs.organised_by(&viewer, id).await?;
    let days: Vec<FrameDay> = pages.schedule.frame_days(id).await?;
    let rows = frame_rows(&fair, &FrameForm::of(&days), p.language(), pages.schedule.now());
    html(&FramePage { p, fair, rows, fields: Fields::default(), is_set: !days.is_empty() })
}

async fn set_frame(
    State(pages): State<Pages>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<FairId>,
    FormData(form): FormData<FrameForm>,
) -> Result<Response> {
    viewer.person()?;
    let fair = pages.schedule.fairs.organised_by(&viewer, id).await?;
    // A day whose times are left empty is no day of the frame.
    let blank = |n: usize| [&form.from, &form.to].iter().all(|column| column.get(n).is_none_or(|text| text.trim().is_empty()));
    let kept = FrameForm {
        day: form.day.iter().enumerate().map(|(n, day)| if blank(n) { String::new() } else { day.clone() }).collect(),
        ..form.clone()
    };
    match pages.schedule.set_frame(&viewer, id, &kept).await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/fairs/{id}/interviews/frame"), &p.t("plans-frame-set"))),
        Ok(days) => Ok(Json(serde_json::json!({"days": days.len()})).into_response()),
        Err(AppError::Invalid(fields)) => {
            let rows = frame_rows(&fair, &form, p.language(), pages.schedule.now());
            let page = FramePage { p, fair, rows, fields, is_set: true };
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(rows: &[(&str, &str, &str, &str)], people: &[&str]) -> PlanForm {
        let column = |pick: fn(&(&str, &str, &str, &str)) -> String| rows.iter().map(pick).collect();
        PlanForm {
            weekday: column(|r| r.0.into()),
            from: column(|r| r.1.into()),
            to: column(|r| r.2.into()),
            who: column(|r| r.3.into()),
            person: people.iter().map(|p| (*p).to_owned()).collect(),
            ..PlanForm::default()
        }
    }

    #[test]
    fn what_holds_for_everybody_is_one_row_and_what_does_not_stays() {
        let typed = form(
            &[("1-2", "09:00", "12:00", "a"), ("1", "09:00", "12:00", "b"), ("1", "", "", ""), ("7", "20:00", "19:00", "")],
            &["a", "b"],
        );
        let days = weekdays(&typed);
        assert_eq!(days[0].ranges, [Range { from: "09:00".into(), to: "12:00".into(), who: String::new() }]);
        assert_eq!(days[1].ranges, [Range { from: "09:00".into(), to: "12:00".into(), who: "a".into() }]);
        assert!(days[6].ranges[0].is_wrong() && !days[0].ranges[0].is_wrong(), "the end is before the start");
        assert!(days[2].ranges.is_empty());
    }

    #[test]
    fn a_stretch_may_end_at_midnight_and_half_of_one_is_wrong() {
        let range = |from: &str, to: &str| Range { from: from.into(), to: to.into(), who: String::new() };
        assert!(!range("20:00", "00:00").is_wrong() && !range("", "").is_wrong() && !range("09:00", "24:00").is_wrong());
        assert!(range("09:00", "").is_wrong() && range("9 Uhr", "10:00").is_wrong() && range("09:00", "09:00").is_wrong());
    }
}
