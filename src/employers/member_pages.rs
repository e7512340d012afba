//! Who belongs to an employer, inviting a colleague, and the page behind the link.

use super::form::last_day;
use super::invitations::{Followed, Invitation};
use super::{Employers, Seen};
use crate::accounts::{Account, Contact, Viewer};
use crate::ids::{AccountId, EmployerId};
use crate::web::{Fields, FormData, Id, Ids, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use serde::Deserialize;
use uuid::Uuid;

pub(super) fn routes() -> Router<Employers> {
    Router::new()
        .route("/employers/{id}/members", get(show))
        .route("/employers/{id}/members/{account}/removals", post(remove))
        .route("/employers/{id}/members/invitations", post(invite))
        .route("/employers/{id}/members/invitations/{invitation}/removals", post(take_back))
        .route("/employers/join/{token}", get(follow).post(accept))
}

#[derive(Template)]
#[template(path = "employers/members.html")]
struct MembersPage {
    p: Page,
    seen: Seen,
    own: Option<AccountId>,
    members: Vec<Account>,
    invitations: Vec<(Invitation, String)>,
    contact: String,
    fields: Fields,
    /// A link to pass on, shown once.
    link: String,
    zone: TimeZone,
}

impl MembersPage {
    fn day(&self, at: &i64) -> String {
        last_day(*at, &self.zone)
    }

    fn is_own(&self, member: &Account) -> bool {
        self.own == Some(member.id)
    }
}

async fn page(all: &Employers, viewer: &Viewer, p: Page, id: EmployerId) -> Result<MembersPage> {
    let own = Some(viewer.person()?.id);
    let members = all.members(viewer, id).await?;
    let seen = all.recruited_by(viewer, id).await?;
    let (invitations, zone) = (all.invitations(id).await?, all.zone(id).await?);
    Ok(MembersPage { p, seen, own, members, invitations, contact: String::new(), fields: Fields::default(), link: String::new(), zone })
}

async fn show(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    html(&page(&all, &viewer, p, id).await?)
}

#[derive(Deserialize)]
struct InviteForm {
    /// Empty for a link to pass on.
    #[serde(default)]
    contact: String,
    #[serde(default)]
    by: String,
}

async fn invite(
    State(all): State<Employers>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<InviteForm>,
) -> Result<Response> {
    viewer.person()?;
    if form.by == "link" {
        let link = all.invite(&viewer, id, None).await?;
        return html(&MembersPage { link, ..page(&all, &viewer, p, id).await? });
    }
    let Some(contact) = Contact::parse(&form.contact) else {
        let mut fields = Fields::default();
        fields.add("contact", Text("accounts-contact-wrong"));
        let page = MembersPage { contact: form.contact, fields, ..page(&all, &viewer, p, id).await? };
        return form_again(&page, &page.fields);
    };
    all.invite(&viewer, id, Some(&contact)).await?;
    Ok(see_other(&format!("/employers/{id}/members"), &p.t("employers-invited")))
}

async fn remove(State(all): State<Employers>, viewer: Viewer, p: Page, Ids(id, member): Ids<EmployerId, AccountId>) -> Result<Response> {
    let own = viewer.person()?.id == member;
    all.remove(&viewer, id, member).await?;
    let to = if own { format!("/employers/{id}") } else { format!("/employers/{id}/members") };
    Ok(see_other(&to, &p.t(if own { Text("employers-left").0 } else { Text("employers-removed").0 })))
}

async fn take_back(State(all): State<Employers>, viewer: Viewer, p: Page, Ids(id, invitation): Ids<EmployerId, Uuid>) -> Result<Response> {
    viewer.person()?;
    all.take_back(&viewer, id, invitation).await?;
    Ok(see_other(&format!("/employers/{id}/members"), &p.t("employers-invitation-taken-back")))
}

#[derive(Template)]
#[template(path = "employers/join.html")]
struct JoinPage {
    p: Page,
    followed: Followed,
    token: String,
    signed_in: bool,
}

async fn follow(State(all): State<Employers>, viewer: Viewer, p: Page, Path(token): Path<String>) -> Result<Response> {
    let followed = all.follow(&viewer, &token).await?;
    html(&JoinPage { p, followed, signed_in: viewer.person().is_ok(), token })
}

async fn accept(State(all): State<Employers>, viewer: Viewer, p: Page, Path(token): Path<String>) -> Result<Response> {
    viewer.person()?;
    let id = all.accept(&viewer, &token).await?;
    Ok(see_other(&format!("/employers/{id}/postings"), &p.t("employers-joined")))
}
