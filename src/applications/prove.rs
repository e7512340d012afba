//! Applying without an account: whoever comes by a QR code fills in the form, and proves their phone by a code that is sent to it. The code signs
//! them in on this device; what they had typed and uploaded as a guest becomes theirs.
//!
//! Nothing is an application before the code: the answers travel in the page that asks for it, the file waits in the guest's profile.

use super::form::ApplyForm;
use super::{Applications, apply};
use crate::accounts::{CodeError, Viewer, mask};
use crate::ids::PostingId;
use crate::postings::PostingView;
use crate::web::{AppError, ClientIp, Fields, FormData, Id, Page, Result, Text, form_again, html, private, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "applications/code.html")]
struct CodePage {
    p: Page,
    view: PostingView,
    form: ApplyForm,
    fields: Fields,
}

impl CodePage {
    fn masked(&self) -> String {
        mask(self.form.contact.trim())
    }
}

#[derive(Deserialize)]
pub(super) struct Proof {
    #[serde(flatten)]
    form: ApplyForm,
    #[serde(default)]
    code: String,
    /// Set if they want another code.
    #[serde(default)]
    resend: String,
}

/// The page that asks for the code.
pub(super) fn ask(p: Page, view: PostingView, form: ApplyForm, fields: Fields) -> Result<Response> {
    let page = CodePage { p, view, form, fields };
    Ok(private(if page.fields.is_empty() { html(&page)? } else { form_again(&page, &page.fields)? }))
}

pub(super) async fn prove(
    Use(app): Use<Applications>,
    viewer: Viewer,
    client: ClientIp,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
    FormData(Proof { form, code, resend }): FormData<Proof>,
) -> Result<Response> {
    let view = app.postings.visible_to(&viewer, id).await?;
    if apply::is_proven(&viewer) {
        return Ok(see_other(&format!("/postings/{id}/apply"), ""));
    }
    app.accounts().let_try(client.network())?;
    if !view.posting.takes_applications(&view.fair, app.now()) {
        return Err(AppError::Conflict(Text("applications-closed")));
    }
    let answers = match form.read() {
        Ok(answers) => answers,
        Err(fields) => return apply::again(&app, &viewer, p, view, (form, fields), app.at_hand_of(&viewer).await?),
    };
    if !resend.is_empty() {
        let fields = match app.accounts().send_code(&answers.contact, p.language()).await {
            Ok(()) => Fields::default(),
            Err(AppError::RateLimited(_)) => Fields::of("code", Text("accounts-code-too-often")),
            Err(error) => return Err(error),
        };
        return ask(p, view, form, fields);
    }
    let owner = match app.accounts().verify_code(&answers.contact, &code, viewer.account.as_ref(), p.language()).await? {
        Ok(owner) => owner,
        Err(CodeError::Wrong) => return ask(p, view, form, Fields::of("code", Text("accounts-code-wrong"))),
        Err(CodeError::Expired) => return ask(p, view, form, Fields::of("code", Text("accounts-code-expired"))),
    };
    if let Some(device) = viewer.id() {
        app.hand_over(device, owner.id).await?;
    }
    let enclosed = form.chosen(app.at_hand(owner.id).await?);
    let (sent, fresh) = app.send(owner.id, &view, &answers, enclosed).await?;
    let cookie = app.accounts().sign_in(&owner).await?;
    apply::with_cookie(apply::answer(&p, &headers, sent.id, fresh), Some(cookie))
}
