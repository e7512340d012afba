//! Applying: a page with what is known already, and one form that takes the answers and perhaps a file.

use super::form::ApplyForm;
use super::upload::{self, Sent};
use super::{Applications, CONSENT, Enclosed, Profile, Resume, Voice, prove, resume, voice};
use crate::accounts::{Account, Viewer};
use crate::ids::{ApplicationId, PostingId};
use crate::postings::PostingView;
use crate::web::{AppError, ClientIp, Fields, Id, Page, Result, Text, form_again, html, private, see_other};
use askama::Template;
use axum::Json;
use axum::extract::{Request, State as Use};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "applications/apply.html")]
struct ApplyPage {
    p: Page,
    view: PostingView,
    form: ApplyForm,
    fields: Fields,
    /// The files at hand.
    resume: Resume,
    voice: Voice,
    /// Everything is known from last time: one tap sends it.
    known: bool,
    /// Whoever is no stranger sends it at once; a stranger proves their phone first.
    proven: bool,
    /// Whose form it is, so that another's session does not send it.
    account: String,
    max_bytes: u64,
}

impl ApplyPage {
    /// A form to begin with, with what is known of whoever sees it.
    async fn new(app: &Applications, viewer: &Viewer, p: Page, view: PostingView) -> Result<Self> {
        let profile = match viewer.id() {
            Some(account) => app.profile(account).await?,
            None => None,
        };
        let proven = is_proven(viewer);
        let known = proven && profile.as_ref().is_some_and(|p| !p.name.is_empty());
        let form = prefilled(app, viewer.account.as_ref(), profile.as_ref()).await?;
        let Profile { resume, voice, .. } = profile.unwrap_or_default();
        let (account, max_bytes) = (account_of(viewer), app.blobs.max());
        Ok(Self { p, view, form, fields: Fields::default(), resume, voice, known, proven, account, max_bytes })
    }

    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn employer(&self) -> &str {
        self.p.pick(&self.view.employer.name_zh, &self.view.employer.name_en)
    }

    fn years(&self) -> Vec<(String, String)> {
        let years = |n: i64| match n {
            0 => self.p.t("applications-years-none"),
            n => self.p.t1("applications-years", "n", n),
        };
        [0, 1, 2, 3, 5, 10, 20].map(|n| (n.to_string(), years(n))).into()
    }

    /// Such as `138****1234`, for the summary of what is sent.
    fn masked(&self) -> String {
        crate::accounts::mask(&self.form.contact)
    }

    fn consent(&self) -> &'static str {
        CONSENT
    }

    fn accept(&self) -> &'static str {
        resume::ACCEPT
    }

    fn sounds(&self) -> &'static str {
        voice::ACCEPT
    }

    fn max_voice(&self) -> u64 {
        voice::VOICE_BYTES
    }

    fn max_seconds(&self) -> u32 {
        voice::VOICE_SECONDS
    }

    fn max_mib(&self) -> u64 {
        self.max_bytes / 1_048_576
    }
}

fn account_of(viewer: &Viewer) -> String {
    viewer.id().map(|id| id.to_string()).unwrap_or_default()
}

/// Whether the viewer is a person with a contact that they proved: whoever is not does so on the way.
pub(super) fn is_proven(viewer: &Viewer) -> bool {
    viewer.person().is_ok() && viewer.verified
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    let view = app.postings.visible_to(&viewer, id).await?;
    if let Some(sent) = app.sent_for(&viewer, id).await? {
        return Ok(see_other(&format!("/applications/{}", sent.id), ""));
    }
    if !view.posting.takes_applications(&view.fair, app.now()) {
        return Ok(see_other(&format!("/postings/{id}"), ""));
    }
    Ok(private(html(&ApplyPage::new(&app, &viewer, p, view).await?)?))
}

async fn prefilled(app: &Applications, account: Option<&Account>, profile: Option<&Profile>) -> Result<ApplyForm> {
    // The next page has a number of its own: what is sent twice from this one is one application.
    let once = uuid::Uuid::now_v7().to_string();
    let Some(account) = account else { return Ok(ApplyForm { once, ..ApplyForm::default() }) };
    let contact = app.own_contact(account.id, profile).await?;
    let known = profile.filter(|p| !p.name.is_empty());
    // What a guest calls themselves in a chat is seldom the name of an applicant.
    let name = if account.guest.0 { "" } else { &account.name };
    Ok(ApplyForm {
        name: known.map_or(name, |p| &p.name).to_owned(),
        contact,
        experience: known.map_or(0, |p| p.experience).to_string(),
        once,
        ..ApplyForm::default()
    })
}

pub(super) async fn send(
    Use(app): Use<Applications>,
    viewer: Viewer,
    client: ClientIp,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
    request: Request,
) -> Result<Response> {
    let view = app.postings.visible_to(&viewer, id).await?;
    if !is_proven(&viewer) {
        if wants_json(&headers) {
            viewer.person()?;
            return Err(AppError::Forbidden(Text("applications-verify-first")));
        }
        app.accounts().let_try(client.network())?;
    }
    if let Some(sent) = app.sent_for(&viewer, id).await? {
        return Ok(answer(&p, &headers, sent.id, false));
    }
    if !view.posting.takes_applications(&view.fair, app.now()) {
        return Err(AppError::Conflict(Text("applications-closed")));
    }
    let Sent { form, resume, voice } = upload::read(&app, &headers, request).await?;
    // A form that waited for a network does not go under the name of whoever has signed in meanwhile.
    if !form.account.is_empty() && form.account != account_of(&viewer) {
        return Err(AppError::Conflict(Text("applications-other-account")));
    }
    let (account, device) = app.accounts().device(&viewer, client.network(), &form.name, p.language()).await?;
    let mut wrong = Fields::default();
    for (field, fault) in
        [("resume", upload::take_resume(&app, account.id, resume).await?), ("voice", upload::take_voice(&app, account.id, voice).await?)]
    {
        if let Err(fault) = fault {
            wrong.add(field, fault);
        }
    }
    let enclosed = app.at_hand(account.id).await?;
    let response = match form.read() {
        Ok(answers) if wrong.is_empty() && is_proven(&viewer) => {
            let (sent, fresh) = app.send(account.id, &view, &answers, form.chosen(enclosed)).await?;
            answer(&p, &headers, sent.id, fresh)
        }
        Ok(answers) if wrong.is_empty() => {
            // Whoever does not come back from looking for the code finds the form as they left it.
            app.remember(account.id, &answers).await?;
            match app.accounts().send_code(&answers.contact, p.language()).await {
                Ok(()) => prove::ask(p, view, form, Fields::default())?,
                Err(AppError::RateLimited(_)) => {
                    let often = Fields::of("contact", Text("accounts-code-too-often"));
                    again(&app, &viewer, p, view, (form, often), enclosed)?
                }
                Err(error) => return Err(error),
            }
        }
        read => {
            wrong.0.extend(read.err().unwrap_or_default().0);
            again(&app, &viewer, p, view, (form, wrong), enclosed)?
        }
    };
    with_cookie(response, device)
}

/// The form as it was sent, with what is wrong.
pub(super) fn again(
    app: &Applications,
    viewer: &Viewer,
    p: Page,
    view: PostingView,
    (form, fields): (ApplyForm, Fields),
    Enclosed { resume, voice }: Enclosed,
) -> Result<Response> {
    let (proven, account) = (is_proven(viewer), account_of(viewer));
    let page = ApplyPage { p, view, form, fields, resume, voice, known: false, proven, account, max_bytes: app.blobs.max() };
    Ok(private(form_again(&page, &page.fields)?))
}

pub(super) fn with_cookie(mut response: Response, cookie: Option<String>) -> Result<Response> {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie.parse()?);
    }
    Ok(response)
}

pub(super) fn answer(p: &Page, headers: &HeaderMap, id: ApplicationId, fresh: bool) -> Response {
    let path = format!("/applications/{id}");
    if wants_json(headers) {
        let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
        return (status, Json(serde_json::json!({"id": id, "url": path}))).into_response();
    }
    // The page itself tells that it was sent.
    see_other(&path, &if fresh { String::new() } else { p.t("applications-sent-before") })
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"application/json"))
}
