//! The pages around interviews: offer slots, book one, the day of a recruiter, the interviews of a seeker.

use super::offer::{BUFFERS, LENGTHS, Offer};
use super::{Booking, Card, Interview, Interviews, Slot, call, day_bounds, local, zone_name, zone_of};
use crate::accounts::{Employer, Viewer};
use crate::clock::{HOUR, Millis, iso};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, InterviewId, PostingId, RoomId, SlotId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub fn routes(interviews: Interviews) -> Router {
    Router::new()
        .route("/employers/{id}/slots", get(show_offers).post(offer))
        .route("/employers/{id}/interviews", get(show_day))
        .route("/slots/{id}/withdrawals", post(withdraw))
        .route("/rooms/{id}/interviews", get(show_slots))
        .route("/postings/{id}/interviews", get(show_slots_for))
        .route("/slots/{id}/bookings", post(book))
        .route("/interviews", get(show_mine))
        .route("/interviews/{id}", get(show_interview))
        .route("/interviews/{id}/cancellations", post(cancel))
        .merge(call::routes())
        .with_state(interviews)
}

/// A slot as a page shows it. The id makes a second tap harmless.
struct SlotItem {
    slot: Slot,
    iso: String,
    local: String,
    client_id: InterviewId,
}

/// The slots of a day in the fair's zone.
struct Day {
    iso: String,
    local: String,
    zone: String,
    slots: Vec<SlotItem>,
}

fn item(slot: &Slot, zone: &str, format: &str) -> SlotItem {
    let local = local(zone, slot.starts_at, format);
    SlotItem { slot: slot.clone(), iso: iso(slot.starts_at), local, client_id: InterviewId::new() }
}

fn by_day(slots: &[Slot], zone: impl Fn(&Slot) -> String) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for slot in slots {
        let zone = zone(slot);
        let day = local(&zone, slot.starts_at, "%Y-%m-%d");
        let item = item(slot, &zone, "%H:%M");
        match days.last_mut().filter(|d| d.local == day && d.zone == zone) {
            Some(last) => last.slots.push(item),
            None => days.push(Day { iso: iso(slot.starts_at), local: day, zone, slots: vec![item] }),
        }
    }
    days
}

#[derive(Template)]
#[template(path = "interviews/offers.html")]
struct OffersPage {
    p: Page,
    employer: Employer,
    fairs: Vec<(String, String)>,
    lengths: Vec<(i64, String)>,
    buffers: Vec<(i64, String)>,
    zone: String,
    offer: Offer,
    fields: Fields,
    days: Vec<Day>,
}

async fn offers_page(all: &Interviews, p: Page, employer: Employer, offer: Option<Offer>, fields: Fields) -> Result<OffersPage> {
    let now = all.now();
    let fairs = all.fairs_of(employer.id).await?;
    let known = all.live.rooms.fairs.of_employer(employer.id).await?;
    let zone_of_fair = |slot: &Slot| known.iter().find(|f| f.id == slot.fair_id).map(|f| f.zone.clone()).unwrap_or_default();
    let days = by_day(&all.offered(employer.id).await?, zone_of_fair);
    let offer = offer.unwrap_or_else(|| Offer::suggested(fairs.first(), now));
    let minutes = |n: &i64| (*n, p.t1("interviews-minutes", "n", n));
    Ok(OffersPage {
        lengths: LENGTHS.iter().map(minutes).collect(),
        buffers: BUFFERS.iter().map(|n| if *n == 0 { (0, p.t("interviews-no-break")) } else { minutes(n) }).collect(),
        zone: fairs.first().map(|f| zone_name(&f.zone, now, p.language())).unwrap_or_default(),
        fairs: fairs.iter().map(|f| (f.id.to_string(), p.pick(&f.title_zh, &f.title_en).to_owned())).collect(),
        p,
        employer,
        offer,
        fields,
        days,
    })
}

async fn show_offers(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    html(&offers_page(&all, p, employer, None, Fields::default()).await?)
}

async fn offer(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<Offer>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    match all.offer(&viewer, id, &form).await {
        Ok(slots) if wants_page(&headers) => {
            Ok(see_other(&format!("/employers/{id}/slots"), &p.t1("interviews-offered", "n", slots.len())))
        }
        Ok(slots) => Ok((StatusCode::CREATED, Json(slots.iter().map(Slot::json).collect::<Vec<_>>())).into_response()),
        Err(AppError::Invalid(fields)) => {
            let page = offers_page(&all, p, employer, Some(form), fields).await?;
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

async fn withdraw(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<SlotId>) -> Result<Response> {
    let slot = all.withdraw(&viewer, id).await?;
    Ok(see_other(&format!("/employers/{}/slots", slot.employer_id), &p.t("interviews-withdrawn")))
}

#[derive(Template)]
#[template(path = "interviews/day.html")]
struct DayPage {
    p: Page,
    employer: Employer,
    date: String,
    previous: String,
    next: String,
    zone: String,
    interviews: Vec<Card>,
}

#[derive(Deserialize)]
struct DayQuery {
    #[serde(default)]
    day: String,
}

async fn show_day(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    Query(query): Query<DayQuery>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    let (fairs, now) = (all.live.rooms.fairs.of_employer(id).await?, all.now());
    let zone = fairs.iter().find(|f| f.state.is_active()).or(fairs.first()).map_or("UTC", |f| &f.zone);
    let today = jiff::Timestamp::from_millisecond(now)?.to_zoned_datetime(zone_of(zone)).date();
    let date = jiff::civil::Date::strptime("%Y-%m-%d", &query.day).unwrap_or(today);
    let (from, to) = day_bounds(&zone_of(zone), date).ok_or(AppError::NotFound)?;
    let link = |d: Option<jiff::civil::Date>| d.map(|d| format!("/employers/{id}/interviews?day={d}")).unwrap_or_default();
    let interviews = all.day_of(id, from, to).await?;
    let (previous, next) = (link(date.yesterday().ok()), link(date.tomorrow().ok()));
    html(&DayPage { zone: zone_name(zone, now, p.language()), p, employer, date: date.to_string(), previous, next, interviews })
}

#[derive(Template)]
#[template(path = "interviews/book.html")]
struct BookPage {
    p: Page,
    employer: Employer,
    fair: Fair,
    /// The booth, to go back to.
    room: Option<RoomId>,
    zone: String,
    days: Vec<Day>,
    /// What the viewer has booked with this employer already.
    mine: Vec<Card>,
    /// May book; else is asked to sign in or to prove a contact.
    person: bool,
    verified: bool,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
    /// What it is about, if it was chosen.
    posting: Option<PostingId>,
}

async fn book_page(all: &Interviews, viewer: &Viewer, p: Page, employer: EmployerId, fair: Fair) -> Result<BookPage> {
    let employer = all.accounts().employer(employer).await?.ok_or(AppError::NotFound)?;
    let slots = if fair.state.is_active() { all.free_slots(employer.id, fair.id).await? } else { Vec::new() };
    let room = all.live.rooms.of_employer(employer.id).await?.into_iter().find(|r| r.fair_id == fair.id).map(|r| r.id);
    let person = viewer.person().is_ok();
    let mut mine = if person { all.mine(viewer).await? } else { Vec::new() };
    mine.retain(|c| c.interview.employer_id == employer.id && c.is_ahead());
    Ok(BookPage {
        zone: zone_name(&fair.zone, all.now(), p.language()),
        days: by_day(&slots, |_| fair.zone.clone()),
        p,
        employer,
        fair,
        room,
        mine,
        person,
        verified: viewer.verified,
        refusal: None,
        nearest: Vec::new(),
        posting: None,
    })
}

async fn show_slots(State(all): State<Interviews>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (view, slots) = all.slots_of_room(&viewer, id).await?;
    if !wants_page(&headers) {
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
    html(&book_page(&all, &viewer, p, employer, view.fair).await?)
}

/// The same, about one posting.
async fn show_slots_for(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
) -> Result<Response> {
    let view = all.postings.visible_to(&viewer, id).await?;
    if !wants_page(&headers) {
        let slots = all.free_slots(view.employer.id, view.fair.id).await?;
        return Ok(Json(slots.iter().map(Slot::json).collect::<Vec<_>>()).into_response());
    }
    let page = book_page(&all, &viewer, p, view.employer.id, view.fair).await?;
    html(&BookPage { posting: Some(id), ..page })
}

#[derive(Deserialize)]
struct BookForm {
    #[serde(default)]
    client_id: String,
    /// A posting of the employer, or empty.
    #[serde(default)]
    posting_id: String,
}

async fn book(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<SlotId>,
    FormData(form): FormData<BookForm>,
) -> Result<Response> {
    let posting = match form.posting_id.as_str() {
        "" => None,
        posting => Some(posting.parse().map_err(|_| AppError::NotFound)?),
    };
    let (status, interview) = match all.book(&viewer, id, &form.client_id, posting).await? {
        Booking::New(interview) => (StatusCode::CREATED, interview),
        Booking::Again(interview) => (StatusCode::OK, interview),
        Booking::Refused { why, slot } => return refuse(&all, &viewer, p, &headers, Refusal { why, slot, posting }).await,
    };
    let url = format!("/interviews/{}", interview.id);
    if wants_page(&headers) {
        return Ok(see_other(&url, &p.t("interviews-booked-flash")));
    }
    Ok((status, [(header::LOCATION, url)], Json(json(&interview, all.now()))).into_response())
}

/// Why a slot could not be had.
struct Refusal {
    why: Text,
    slot: Slot,
    posting: Option<PostingId>,
}

/// 409 with the nearest free slots: as the page of slots, or as problem+json.
async fn refuse(all: &Interviews, viewer: &Viewer, p: Page, headers: &HeaderMap, refusal: Refusal) -> Result<Response> {
    let Refusal { why, slot, posting } = &refusal;
    let nearest = all.nearest_to(slot).await?;
    if !wants_page(headers) {
        let slots: Vec<_> = nearest.iter().map(Slot::json).collect();
        let body = serde_json::json!({
            "type": "about:blank", "status": 409, "title": "Conflict", "detail": p.t(why.0), "code": why.0, "slots": slots,
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        return Ok((StatusCode::CONFLICT, kind, body.to_string()).into_response());
    }
    let fair = all.live.rooms.fairs.visible_to(viewer, slot.fair_id).await?;
    let nearest = nearest.iter().map(|s| item(s, &fair.zone, "%Y-%m-%d %H:%M")).collect();
    let page = book_page(all, viewer, p, slot.employer_id, fair).await?;
    let page = BookPage { refusal: Some(*why), nearest, posting: *posting, ..page };
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}

/// An interview as JSON shows it.
pub(super) fn json(interview: &Interview, now: Millis) -> serde_json::Value {
    serde_json::json!({
        "id": interview.id,
        "url": format!("/interviews/{}", interview.id),
        "state": interview.state(now).name(),
        "starts_at": iso(interview.starts_at),
        "ends_at": iso(interview.until()),
        "employer": {"id": interview.employer_id, "name_zh": interview.employer_zh, "name_en": interview.employer_en},
        "seeker": {"id": interview.seeker_id, "name": interview.seeker_name},
    })
}

#[derive(Template)]
#[template(path = "interviews/list.html")]
struct ListPage {
    p: Page,
    interviews: Vec<Card>,
    /// Employers whose interviews the viewer leads.
    employers: Vec<Employer>,
}

async fn show_mine(State(all): State<Interviews>, viewer: Viewer, p: Page) -> Result<Response> {
    let interviews = all.mine(&viewer).await?;
    let mut employers = Vec::new();
    for id in &viewer.roles.employers {
        employers.extend(all.accounts().employer(*id).await?);
    }
    html(&ListPage { p, interviews, employers })
}

#[derive(Template)]
#[template(path = "interviews/interview.html")]
struct InterviewPage {
    p: Page,
    card: Card,
    fields: Fields,
    reason: String,
}

/// The page; with `.ics` after the id, the calendar entry.
async fn show_interview(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response> {
    let (id, ics) = name.strip_suffix(".ics").map_or((name.as_str(), false), |id| (id, true));
    let id: InterviewId = id.parse().map_err(|_| AppError::NotFound)?;
    let (interview, party) = all.visible_to(&viewer, id).await?;
    if ics {
        return download(&all, &viewer, &interview, party, p.language()).await;
    }
    let now = all.now();
    if !wants_page(&headers) {
        return Ok(Json(json(&interview, now)).into_response());
    }
    html(&InterviewPage { p, card: Card::new(interview, party, now), fields: Fields::default(), reason: String::new() })
}

async fn download(all: &Interviews, viewer: &Viewer, interview: &Interview, party: super::Party, lang: Lang) -> Result<Response> {
    let text = all.calendar_for(interview, viewer.person()?, party, lang).await?;
    let method = if interview.cancelled_at.is_some() { "CANCEL" } else { "REQUEST" };
    let kind = format!("text/calendar; method={method}; charset=utf-8");
    let name = "attachment; filename=\"interview.ics\"".to_owned();
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name), (header::CACHE_CONTROL, "private, no-store".into())];
    Ok((headers, text).into_response())
}

#[derive(Deserialize)]
struct CancelForm {
    #[serde(default)]
    reason: String,
    /// A ticked box, or `true` in JSON.
    #[serde(default)]
    offer_again: String,
}

async fn cancel(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<CancelForm>,
) -> Result<Response> {
    match all.cancel(&viewer, id, &form.reason, form.offer_again == "1").await {
        Ok(_) if wants_page(&headers) => Ok(see_other(&format!("/interviews/{id}"), &p.t("interviews-cancelled-flash"))),
        Ok(interview) => Ok(Json(json(&interview, all.now())).into_response()),
        Err(AppError::Invalid(fields)) => {
            let ((interview, party), now) = (all.visible_to(&viewer, id).await?, all.now());
            let page = InterviewPage { p, card: Card::new(interview, party, now), fields, reason: form.reason };
            form_again(&page, &page.fields)
        }
        Err(error) => Err(error),
    }
}

impl Offer {
    /// What the form suggests: two hours of the fair's first day to come.
    fn suggested(fair: Option<&Fair>, now: Millis) -> Self {
        let zone = fair.map_or(jiff::tz::TimeZone::UTC, Fair::time_zone);
        let earliest = fair.map_or(now, |f| f.starts_at.max(now)) + HOUR;
        let at = jiff::Timestamp::from_millisecond(earliest).unwrap_or_default().to_zoned_datetime(zone);
        let (date, hour) = if at.hour() < 21 { (at.date(), at.hour()) } else { (at.date().tomorrow().unwrap_or(at.date()), 9) };
        Self {
            fair: String::new(),
            date: date.to_string(),
            from: format!("{hour:02}:00"),
            to: format!("{:02}:00", hour + 2),
            length: "15".into(),
            buffer: "0".into(),
        }
    }
}
