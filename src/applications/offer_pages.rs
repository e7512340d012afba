//! Offers over HTTP: the form, the offer as both sides see it (which is also what somebody who said yes prints), and the answers.

use super::offer_form::OfferForm;
use super::{Applications, Desk, Listed, Offer, OfferState, Side};
use crate::accounts::Viewer;
use crate::ids::{ApplicationId, OfferId};
use crate::postings::PayUnit;
use crate::web::{Fields, FormData, Id, Page, Result, beside, form_refused, html, private, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "applications/offer-form.html")]
struct FormPage {
    p: Page,
    item: Listed,
    form: OfferForm,
    fields: Fields,
    is_revision: bool,
}

impl FormPage {
    fn units(&self) -> Vec<(&'static str, String)> {
        PayUnit::ALL.iter().map(|unit| (unit.name(), self.p.t(unit.label().0))).collect()
    }
}

pub(super) async fn form(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<ApplicationId>) -> Result<Response> {
    let (item, last) = app.may_offer(&viewer, id).await?;
    let (now, zone) = (app.now(), item.time_zone());
    let form = match &last {
        Some(last) => OfferForm::of(last, now, &zone),
        None => {
            let view = app.postings.recruited_by(&viewer, item.posting_id).await?;
            OfferForm::fresh(&view.posting.content, p.language(), now, &zone)
        }
    };
    Ok(private(html(&FormPage { p, item, form, fields: Fields::default(), is_revision: last.is_some() })?))
}

pub(super) async fn make(
    Use(desk): Use<Desk>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<OfferForm>,
) -> Result<Response> {
    viewer.person()?;
    match desk.app.make_offer(&desk.moderation, &viewer, id, &form).await {
        Ok(offer) => Ok(see_other(&format!("/offers/{}", offer.id), &p.t("offers-made"))),
        Err(error) => {
            let (status, fields) = beside(error, "form")?;
            let item = desk.app.received_by(&viewer, id).await?;
            let is_revision = form.seen != "0";
            let page = FormPage { p, item, form, fields, is_revision };
            Ok(private(form_refused(&page, status, &page.fields)?))
        }
    }
}

#[derive(Template)]
#[template(path = "applications/offer.html")]
struct OfferPage {
    p: Page,
    item: Listed,
    side: Side,
    offer: Offer,
    state: OfferState,
    /// The versions of the offer, newest first.
    all: Vec<(Offer, OfferState)>,
    by: String,
    /// It can be revised.
    may_revise: bool,
}

impl OfferPage {
    fn is_mine(&self) -> bool {
        self.side == Side::Applicant
    }

    fn is(&self, name: &str) -> bool {
        self.state.name() == name
    }

    fn is_newest(&self) -> bool {
        self.all.first().is_none_or(|(newest, _)| newest.id == self.offer.id)
    }
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<OfferId>) -> Result<Response> {
    let (offer, item, side) = app.offer_visible_to(&viewer, id).await?;
    let now = app.now();
    let state = offer.status(now);
    let all = app.offers_of(item.id).await?.into_iter().map(|o| (o.status(now), o)).map(|(s, o)| (o, s)).collect();
    let by = app.accounts().account(offer.made_by).await?.map(|a| a.name).unwrap_or_default();
    let may_revise = side == Side::Recruiter && app.may_offer(&viewer, item.id).await.is_ok();
    Ok(private(html(&OfferPage { p, item, side, offer, state, all, by, may_revise })?))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ReasonForm {
    reason: String,
}

pub(super) async fn accept(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<OfferId>) -> Result<Response> {
    app.accept_offer(&viewer, id).await?;
    Ok(see_other(&format!("/offers/{id}"), &p.t("offers-accepted")))
}

pub(super) async fn decline(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<OfferId>,
    FormData(form): FormData<ReasonForm>,
) -> Result<Response> {
    app.decline_offer(&viewer, id, &form.reason).await?;
    Ok(see_other(&format!("/offers/{id}"), &p.t("offers-declined")))
}

pub(super) async fn withdraw(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<OfferId>,
    FormData(form): FormData<ReasonForm>,
) -> Result<Response> {
    let application = app.withdraw_offer(&viewer, id, &form.reason).await?;
    Ok(see_other(&format!("/applications/{application}"), &p.t("offers-withdrawn")))
}
