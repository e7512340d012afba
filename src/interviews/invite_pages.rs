//! Asking somebody to an interview: recruiters invite who has applied; organisers book for who has asked them to, at their desk or by phone.

use super::choose::{Choices, day_of};
use super::claim::Claiming;
use super::claims::Invitation;
use super::pages::{SlotItem, Tap, near, tapped};
use super::{Booking, Filter, Interviews, zone_name};
use crate::accounts::{Account, Contact, Employer, Viewer};
use crate::applications::Listed;
use crate::fairs::Fair;
use crate::ids::{ApplicationId, EmployerId, FairId, InterviewId};
use crate::web::{Fields, FormData, Id, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

/// How long an invitation can be good, in hours.
pub(super) const HOURS: [i64; 6] = [2, 12, 24, 48, 72, 168];

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/applications/{id}/invitations", get(show).post(invite))
        .route("/fairs/{id}/interviews/bookings", get(show_booking).post(book_for))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct From {
    from: String,
    employer: String,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct InviteForm {
    slot: String,
    /// Of the nearest to one that could not be had.
    nearest: String,
    hours: String,
    note: String,
    client_id: String,
}

#[derive(Template)]
#[template(path = "interviews/invite.html")]
struct InvitePage {
    p: Page,
    application: Listed,
    zone: String,
    choices: Choices,
    chosen: String,
    hours: Vec<(i64, String)>,
    form: InviteForm,
    fields: Fields,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
}

impl InvitePage {
    /// Other days to choose from.
    fn turn(&self, date: &jiff::civil::Date) -> String {
        format!("/applications/{}/invitations?from={date}", self.application.id)
    }

    fn tap(&self, _: &SlotItem) -> Option<Tap> {
        Some(Tap::Of("invite", Text("booking-invite")))
    }
}

/// How long an invitation can be good, as a choice.
pub(super) fn hours_named(p: &Page) -> Vec<(i64, String)> {
    let name = |n: i64| if n % 24 == 0 { p.t1("plans-days", "n", n / 24) } else { p.t1("plans-hours", "n", n) };
    HOURS.iter().map(|n| (*n, name(*n))).collect()
}

async fn page(all: &Interviews, viewer: &Viewer, p: Page, application: Listed, form: InviteForm, from: &str) -> Result<InvitePage> {
    let fair = all.live.rooms.fairs.visible_to(viewer, application.fair_id).await?;
    let filter = Filter { posting: Some(application.posting_id), ..Filter::default() };
    let choices = all.choices(application.employer_id, &fair, filter, p.language(), day_of(from)).await?;
    Ok(InvitePage {
        zone: zone_name(&fair.zone, all.now(), p.language()),
        hours: hours_named(&p),
        chosen: form.slot.clone(),
        p,
        application,
        choices,
        form,
        fields: Fields::default(),
        refusal: None,
        nearest: Vec::new(),
    })
}

async fn show(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    Query(query): Query<From>,
) -> Result<Response> {
    let application = all.received(&viewer, id).await?;
    let form = InviteForm { hours: "48".into(), client_id: InterviewId::new().to_string(), ..InviteForm::default() };
    html(&page(&all, &viewer, p, application, form, &query.from).await?)
}

async fn invite(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<InviteForm>,
) -> Result<Response> {
    let application = all.received(&viewer, id).await?;
    let mut fields = Fields::default();
    let slot = tapped(&form.slot, &form.nearest);
    if slot.is_none() {
        fields.add("slot", Text("booking-choose"));
    }
    let hours: Option<i64> = form.hours.trim().parse().ok().filter(|n| HOURS.contains(n));
    if hours.is_none() {
        fields.add("hours", Text("schedule-choose"));
    }
    let note = fields.line("note", &form.note, 200);
    let (Some(slot), true) = (slot, fields.is_empty()) else {
        let page = InvitePage { fields, ..page(&all, &viewer, p, application, form, "").await? };
        return form_again(&page, &page.fields);
    };
    let (seeker, posting) = (application.account_id, Some(application.posting_id));
    let invitation = Invitation { slot, seeker, client_id: form.client_id.clone(), posting, hours, note };
    match all.invite(&viewer, &invitation).await? {
        Claiming::New(claim) | Claiming::Again(claim) => Ok(see_other(&format!("/claims/{}", claim.id), &p.t("booking-invited-flash"))),
        Claiming::Refused { why, slot } => {
            let form = InviteForm { client_id: InterviewId::new().to_string(), ..form };
            let mut page = page(&all, &viewer, p, application, form, "").await?;
            page.nearest = near(&all.nearest_to(&slot).await?, &page.choices.zone, page.p.language());
            page.refusal = Some(why);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
    }
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct ForForm {
    employer: String,
    contact: String,
    slot: String,
    /// Of the nearest to one that could not be had.
    nearest: String,
    client_id: String,
}

#[derive(Template)]
#[template(path = "interviews/book-for.html")]
struct ForPage {
    p: Page,
    fair: Fair,
    zone: String,
    employers: Vec<(EmployerId, String)>,
    employer: Option<EmployerId>,
    choices: Choices,
    chosen: String,
    form: ForForm,
    fields: Fields,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
}

impl ForPage {
    /// Other days to choose from.
    fn turn(&self, date: &jiff::civil::Date) -> String {
        format!("/fairs/{}/interviews/bookings?employer={}&from={date}", self.fair.id, self.form.employer)
    }

    fn tap(&self, _: &SlotItem) -> Option<Tap> {
        Some(Tap::Of("book-for", Text("booking-for-submit")))
    }
}

async fn for_page(all: &Interviews, p: Page, fair: Fair, form: ForForm, from: &str) -> Result<ForPage> {
    let employers: Vec<Employer> = all.live.rooms.fairs.employers(fair.id).await?;
    let employer = form.employer.parse().ok().filter(|id| employers.iter().any(|e| e.id == *id));
    let choices = match employer {
        Some(id) => all.choices(id, &fair, Filter::default(), p.language(), day_of(from)).await?,
        None => Choices { zone: fair.zone.clone(), ..Choices::default() },
    };
    Ok(ForPage {
        zone: zone_name(&fair.zone, all.now(), p.language()),
        employers: employers.iter().map(|e| (e.id, p.pick(&e.name_zh, &e.name_en).to_owned())).collect(),
        chosen: form.slot.clone(),
        p,
        fair,
        employer,
        choices,
        form,
        fields: Fields::default(),
        refusal: None,
        nearest: Vec::new(),
    })
}

async fn show_booking(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    Query(query): Query<From>,
) -> Result<Response> {
    viewer.person()?;
    let fair = all.live.rooms.fairs.organised_by(&viewer, id).await?;
    let form = ForForm { employer: query.employer, client_id: InterviewId::new().to_string(), ..ForForm::default() };
    html(&for_page(&all, p, fair, form, &query.from).await?)
}

async fn book_for(
    State(all): State<Interviews>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<ForForm>,
) -> Result<Response> {
    let me = viewer.person()?.id;
    let fair = all.live.rooms.fairs.organised_by(&viewer, id).await?;
    // Not to be asked for one number after the other.
    all.tries.check(&me)?;
    let mut fields = Fields::default();
    let slot = tapped(&form.slot, &form.nearest);
    if slot.is_none() {
        fields.add("slot", Text("booking-choose"));
    }
    let contact = Contact::parse(&form.contact);
    if contact.is_none() {
        fields.add("contact", Text("accounts-contact-wrong"));
    }
    let seeker: Option<Account> = match &contact {
        Some(contact) => all.accounts().by_contact(contact).await?,
        None => None,
    };
    let applied = match &seeker {
        Some(account) => all.applications.has_applied(account.id, id, None).await?,
        None => false,
    };
    if contact.is_some() && !applied {
        fields.add("contact", Text("booking-nobody"));
    }
    let (Some(slot), Some(seeker), true) = (slot, seeker, fields.is_empty()) else {
        let page = ForPage { fields, ..for_page(&all, p, fair, form, "").await? };
        return form_again(&page, &page.fields);
    };
    match all.book_for(&viewer, slot, &form.client_id, seeker.id, None).await? {
        Booking::New(interview) | Booking::Again(interview) => {
            let day = super::local(&fair.zone, interview.starts_at, "%Y-%m-%d");
            let to = format!("/fairs/{id}/interviews?day={day}&employer={}", interview.employer_id);
            Ok(see_other(&to, &p.t("booking-for-flash")))
        }
        Booking::Refused { why, slot } => {
            let form = ForForm { client_id: InterviewId::new().to_string(), ..form };
            let mut page = for_page(&all, p, fair, form, "").await?;
            page.nearest = near(&all.nearest_to(&slot).await?, &page.choices.zone, page.p.language());
            page.refusal = Some(why);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
    }
}
