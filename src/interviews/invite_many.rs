//! Inviting those who were picked from the list of applications: each gets a time proposed, to accept, decline or answer with another one, or
//! a message that they may choose one. Whatever could not be had comes back with what is free then; the others are invited.

use super::asking::{Engaged, deal};
use super::choose::moment;
use super::claim::Claiming;
use super::claims::Invitation;
use super::invite_pages::{HOURS, hours_named};
use super::slot::SlotKey;
use super::{Filter, Interviews, Slot, zone_name};
use crate::accounts::{Employer, Viewer};
use crate::applications::{Listed, Status};
use crate::ids::{ApplicationId, EmployerId, FairId, InterviewId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::collections::HashMap;

/// More than are on a page of the list.
const MOST: usize = 50;
/// Times to choose from for each; who wants a later one is invited from their own page.
const TIMES: usize = 60;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/employers/{id}/invitations", get(show).post(invite))
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct ManyForm {
    /// Applications on the page; those that were picked if it is empty.
    listed: Vec<String>,
    /// Those that are to be invited.
    application: Vec<String>,
    /// `propose`, or `choose` for themselves.
    way: String,
    /// `{application}/{slot}`.
    slot: Vec<String>,
    hours: String,
    note: String,
    client_id: String,
}

impl ManyForm {
    fn slot_of(&self, id: ApplicationId) -> Option<SlotKey> {
        let id = id.to_string();
        self.slot.iter().find_map(|text| text.strip_prefix(&id)?.strip_prefix('/')?.parse().ok())
    }

    /// The same for each of them whenever the form is sent.
    fn client_id(&self, id: ApplicationId) -> String {
        let id = id.to_string();
        format!("{}.{}", self.client_id, id.get(24..).unwrap_or_default())
    }
}

/// The free times for a posting.
struct Times {
    slots: Vec<Slot>,
    options: Vec<(SlotKey, String)>,
}

/// Somebody on the page.
struct Row {
    item: Listed,
    /// Their posting's place in the times.
    group: usize,
    is_picked: bool,
    slot: Option<SlotKey>,
    wrong: Option<Text>,
    /// What there is with them already.
    note: String,
}

impl Row {
    fn is_gone(&self) -> bool {
        self.item.status == Status::Withdrawn
    }

    fn value(&self, key: &SlotKey) -> String {
        format!("{}/{key}", self.item.id)
    }

    fn has(&self, key: &SlotKey) -> bool {
        self.slot == Some(*key)
    }
}

#[derive(Template)]
#[template(path = "interviews/invite-many.html")]
struct ManyPage {
    p: Page,
    employer: Employer,
    zone: String,
    rows: Vec<Row>,
    times: Vec<Times>,
    hours: Vec<(i64, String)>,
    form: ManyForm,
    fields: Fields,
    /// Some could not be invited, and so many were.
    sent: Option<usize>,
}

impl ManyPage {
    fn options(&self, row: &Row) -> &[(SlotKey, String)] {
        self.times.get(row.group).map_or(&[], |times| &times.options)
    }

    fn has_times(&self) -> bool {
        self.times.iter().any(|times| !times.options.is_empty())
    }

    fn chooses(&self) -> bool {
        self.form.way == "choose"
    }

    fn wrong(&self, row: &Row) -> String {
        row.wrong.map(|why| self.p.t(why.0)).unwrap_or_default()
    }

    /// Gives a time to each who has none.
    fn deal(&mut self) {
        let wants = |row: &Row| row.is_picked && !row.is_gone();
        let wanted: Vec<_> = self.rows.iter().filter(|r| wants(r)).map(|r| (r.group, r.slot)).collect();
        let times: Vec<Vec<Slot>> = self.times.iter().map(|times| times.slots.clone()).collect();
        for (row, slot) in self.rows.iter_mut().filter(|r| wants(r)).zip(deal(&wanted, &times)) {
            row.slot = slot;
        }
    }
}

fn ids(texts: &[String]) -> Result<Vec<ApplicationId>> {
    let mut all: Vec<ApplicationId> = Vec::new();
    for text in texts {
        let id = text.parse().map_err(|_| AppError::NotFound)?;
        if !all.contains(&id) {
            all.push(id);
        }
    }
    Ok(all)
}

async fn page(all: &Interviews, viewer: &Viewer, p: Page, employer: Employer, form: ManyForm) -> Result<ManyPage> {
    let engaged: HashMap<_, Engaged> = all.engaged(viewer, employer.id).await?.into_iter().map(|e| (e.seeker_id, e)).collect();
    let first = form.listed.is_empty();
    let (listed, picked) = (ids(if first { &form.application } else { &form.listed })?, ids(&form.application)?);
    let mut groups: Vec<(FairId, PostingId)> = Vec::new();
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    let (lang, mut zone) = (p.language(), String::new());
    for id in listed.into_iter().take(MOST) {
        let item = all.received(viewer, id).await?;
        if item.employer_id != employer.id {
            return Err(AppError::NotFound);
        }
        let of = (item.fair_id, item.posting_id);
        let group = match groups.iter().position(|known| *known == of) {
            Some(group) => group,
            None => {
                let fair = all.live.rooms.fairs.visible_to(viewer, item.fair_id).await?;
                let filter = Filter { posting: Some(item.posting_id), ..Filter::default() };
                let active = fair.state.is_active();
                let mut slots = if active { all.open_slots(employer.id, fair.id, filter).await? } else { Vec::new() };
                slots.truncate(TIMES);
                let options = slots.iter().map(|slot| (slot.id, moment(lang, &fair.zone, slot.starts_at))).collect();
                times.push(Times { slots, options });
                groups.push(of);
                zone = zone_name(&fair.zone, all.now(), lang);
                groups.len() - 1
            }
        };
        let known = engaged.get(&item.account_id);
        let note = known.map(|e| {
            let when = moment(lang, &item.zone, e.starts_at);
            if e.what == "booked" { p.t1("booking-many-booked", "when", when) } else { p.t1("booking-many-asked", "when", when) }
        });
        let slot = form.slot_of(id);
        let is_picked = picked.contains(&id) && (!first || note.is_none()) && item.status != Status::Withdrawn;
        rows.push(Row { item, group, is_picked, slot, wrong: None, note: note.unwrap_or_default() });
    }
    let hours = hours_named(&p);
    let mut page = ManyPage { p, employer, zone, rows, times, hours, form, fields: Fields::default(), sent: None };
    if first {
        page.deal();
    }
    Ok(page)
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<ManyForm>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    let form = ManyForm {
        hours: "48".into(),
        way: "propose".into(),
        client_id: InterviewId::new().to_string(),
        application: form.application,
        ..ManyForm::default()
    };
    html(&page(&all, &viewer, p, employer, form).await?)
}

async fn invite(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(mut form): FormData<ManyForm>,
) -> Result<Response> {
    let employer = all.employer_of(&viewer, id).await?;
    if form.listed.is_empty() {
        form.listed.clone_from(&form.application);
    }
    if form.client_id.parse::<InterviewId>().is_err() {
        form.client_id = InterviewId::new().to_string();
    }
    let mut page = page(&all, &viewer, p, employer, form).await?;
    let mut fields = Fields::default();
    let chooses = page.chooses();
    if !chooses && page.form.way != "propose" {
        fields.add("way", Text("schedule-choose"));
    }
    let hours: Option<i64> = page.form.hours.trim().parse().ok().filter(|n| HOURS.contains(n));
    if !chooses && hours.is_none() {
        fields.add("hours", Text("schedule-choose"));
    }
    let note = fields.line("note", &page.form.note, 200);
    if !page.rows.iter().any(|row| row.is_picked) {
        fields.add("application", Text("booking-many-none"));
    }
    for row in page.rows.iter_mut().filter(|row| row.is_picked) {
        let empty = page.times.get(row.group).is_none_or(|times| times.slots.is_empty());
        if (chooses && empty) || (!chooses && row.slot.is_none()) {
            row.wrong = Some(if empty { Text("booking-none-to-offer") } else { Text("booking-choose") });
            fields.add("slot", Text("booking-choose"));
        }
    }
    if !fields.is_empty() {
        page.fields = fields;
        return form_again(&page, &page.fields);
    }
    let mut refused = Vec::new();
    for row in page.rows.iter().filter(|row| row.is_picked) {
        let why =
            if chooses { ask(&all, &viewer, &page, row, &note).await? } else { propose(&all, &viewer, &page, row, hours, &note).await? };
        refused.extend(why.map(|why| (row.item.id, why)));
    }
    let sent = page.rows.iter().filter(|row| row.is_picked).count() - refused.len();
    if refused.is_empty() {
        let (to, flash) = (format!("/employers/{id}/applications"), page.p.t1("booking-many-flash", "n", sent));
        return Ok(see_other(&to, &flash));
    }
    again(&all, &viewer, page, sent, &refused).await
}

/// The page with those who could not be invited, each with what is free now.
async fn again(all: &Interviews, viewer: &Viewer, was: ManyPage, sent: usize, refused: &[(ApplicationId, Text)]) -> Result<Response> {
    let is_left = |row: &&Row| !row.is_picked || refused.iter().any(|(id, _)| *id == row.item.id);
    let form = ManyForm {
        listed: was.rows.iter().filter(is_left).map(|row| row.item.id.to_string()).collect(),
        application: refused.iter().map(|(id, _)| id.to_string()).collect(),
        slot: Vec::new(),
        client_id: InterviewId::new().to_string(),
        ..was.form
    };
    let mut page = page(all, viewer, was.p, was.employer, form).await?;
    page.deal();
    page.sent = Some(sent);
    for row in &mut page.rows {
        row.wrong = refused.iter().find(|(id, _)| *id == row.item.id).map(|(_, why)| *why);
    }
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}

async fn propose(all: &Interviews, viewer: &Viewer, page: &ManyPage, row: &Row, hours: Option<i64>, note: &str) -> Result<Option<Text>> {
    let Some(slot) = row.slot else { return Ok(Some(Text("booking-choose"))) };
    let (seeker, posting, client_id) = (row.item.account_id, Some(row.item.posting_id), page.form.client_id(row.item.id));
    match all.invite(viewer, &Invitation { slot, seeker, client_id, posting, hours, note: note.to_owned() }).await {
        Ok(Claiming::New(_) | Claiming::Again(_)) => Ok(None),
        Ok(Claiming::Refused { why, .. }) => Ok(Some(why)),
        // The application was withdrawn meanwhile, or the time is none any more; the others are invited all the same.
        Err(AppError::NotFound) => Ok(Some(Text("interviews-slot-taken"))),
        Err(error) => Err(error),
    }
}

async fn ask(all: &Interviews, viewer: &Viewer, page: &ManyPage, row: &Row, note: &str) -> Result<Option<Text>> {
    let last = page.times.get(row.group).and_then(|times| times.slots.last());
    let Some(until) = last.map(|slot| slot.starts_at) else { return Ok(Some(Text("booking-none-to-offer"))) };
    all.ask_to_choose(viewer, row.item.id, (note, &page.form.client_id(row.item.id)), until).await
}
