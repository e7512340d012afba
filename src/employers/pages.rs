//! The page on which an employer's people declare it and hand in its papers, and the papers themselves.

use super::decisions::field_text;
use super::form::{VerificationForm, last_day};
use super::papers::ACCEPT;
use super::upload::{self, BODY_MAX, PAPER_BYTES, SentPaper};
use super::{Employers, Kind, Paper, PaperKind, Seen, Stage, Status, Verification, store};
use crate::accounts::{CodeError, Viewer};
use crate::i18n::Lang;
use crate::ids::{BlobId, EmployerId};
use crate::web::{AppError, Fields, FormData, Id, Ids, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use serde::Deserialize;

pub(super) fn routes() -> Router<Employers> {
    Router::new()
        .route("/employers/{id}/verification", get(show).merge(post(save).layer(DefaultBodyLimit::max(BODY_MAX))))
        .route("/employers/{id}/verification/codes", post(send_code))
        .route("/employers/{id}/verification/phone", post(prove_phone))
        .route("/employers/{id}/papers/{paper}", get(paper))
}

#[derive(Template)]
#[template(path = "employers/verification.html")]
struct VerificationPage {
    p: Page,
    seen: Seen,
    status: Status,
    form: VerificationForm,
    fields: Fields,
    zone: TimeZone,
    /// A code is on its way and is asked for.
    code_sent: bool,
    phone: String,
}

impl VerificationPage {
    fn error(&self, field: &str) -> String {
        let reason = self.seen.verification.reason(field);
        match self.fields.get(field) {
            Some(key) => self.p.t(key),
            // What an organiser wrote, until it is handed in again.
            None if self.seen.verification.stage == Stage::Returned && !reason.is_empty() => {
                self.p.t1("employers-returned-because", "reason", reason)
            }
            None => String::new(),
        }
    }

    fn kinds(&self) -> Vec<(&'static str, String)> {
        Kind::ALL.iter().map(|kind| (kind.name(), self.p.t(kind.text().0))).collect()
    }

    fn paper(&self, kind: &PaperKind) -> Option<&Paper> {
        self.seen.papers.iter().find(|paper| paper.kind == *kind)
    }

    fn day(&self, at: &i64) -> String {
        last_day(*at, &self.zone)
    }

    fn accept(&self) -> &'static str {
        ACCEPT
    }

    fn max_bytes(&self) -> usize {
        PAPER_BYTES
    }

    fn needs_phone(&self) -> bool {
        !self.phone.is_empty() && self.seen.verification.phone_proven_at == 0
    }
}

impl Employers {
    async fn page(&self, p: Page, seen: Seen, form: Option<VerificationForm>, fields: Fields) -> Result<VerificationPage> {
        let zone = self.zone(seen.employer.id).await?;
        let (status, phone) = (seen.verification.status(self.now()), seen.verification.masked_phone(self.accounts()));
        let form = form.unwrap_or_else(|| match seen.verification.version {
            // What is known already need not be typed again.
            0 => VerificationForm {
                kind: Kind::Direct.name().into(),
                legal_name: seen.employer.name_zh.clone(),
                credit_code: seen.employer.credit_code.clone(),
                version: "0".into(),
                ..VerificationForm::default()
            },
            _ => VerificationForm::of(&seen.verification, self.accounts(), &zone),
        });
        Ok(VerificationPage { p, seen, status, form, fields, zone, code_sent: false, phone })
    }

    /// Stores what was declared. A phone that was proven before, or by one of the employer's people for themselves, is proven.
    pub(super) async fn store_draft(&self, id: EmployerId, old: &Verification, draft: &super::form::Draft, proven: bool) -> Result<()> {
        let (accounts, now) = (self.accounts(), self.now());
        let mut proven_at = if proven { now } else { 0 };
        if let Some(phone) = &draft.phone {
            if old.phone(accounts).is_some_and(|known| known.value() == phone.value()) {
                proven_at = proven_at.max(old.phone_proven_at);
            }
            if proven_at == 0
                && let Some(owner) = accounts.by_contact(phone).await?
                && accounts.roles_of(owner.id).await?.recruits_for(id)
                && accounts.contacts(owner.id).await?.iter().any(|own| own.value() == phone.value())
            {
                proven_at = now;
            }
        }
        let sealed = draft.phone.as_ref().map(|phone| accounts.keys.encrypt(phone.value())).unwrap_or_default();
        if store::put_draft(self.db().write(), id, draft, (&sealed, proven_at), old.version, now).await? {
            Ok(())
        } else {
            Err(AppError::Conflict(Text("employers-changed-meanwhile")))
        }
    }

    /// What keeps a declaration from being looked at: fields, papers, the phone.
    fn missing(&self, seen: &Seen, draft: &super::form::Draft) -> Fields {
        let mut f = draft.missing();
        for kind in PaperKind::ALL {
            let wanted = kind != PaperKind::HrLicence || draft.kind == Kind::Agency;
            if wanted && seen.papers.iter().all(|paper| paper.kind != kind) {
                f.add(kind.field(), Text("employers-wrong-paper-missing"));
            }
        }
        if seen.verification.phone_proven_at == 0 {
            f.add("publisher_phone", Text("employers-wrong-unproven"));
        }
        f
    }

    /// Keeps the papers that are good; says of the others what is wrong.
    async fn keep_papers(&self, seen: &Seen, papers: Vec<SentPaper>, viewer: &Viewer) -> Result<Fields> {
        let (mut wrong, by) = (Fields::default(), viewer.person()?.id);
        for (kind, sent) in papers {
            match sent {
                Err(text) => wrong.add(kind.field(), text),
                Ok(bytes) => {
                    self.upload_limit.check(&seen.employer.id)?;
                    if let Err(text) = self.keep_paper(seen.employer.id, kind, bytes, by).await? {
                        wrong.add(kind.field(), text);
                    }
                }
            }
        }
        Ok(wrong)
    }
}

async fn show(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    viewer.person()?;
    let seen = all.recruited_by(&viewer, id).await?;
    html(&all.page(p, seen, None, Fields::default()).await?)
}

/// Keeps what is right of a form, whatever else is wrong with it, so that nothing need be typed or sent twice.
async fn save(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>, request: Request) -> Result<Response> {
    viewer.person()?;
    let seen = all.recruited_by(&viewer, id).await?;
    let (mut form, papers) = upload::read(request).await?;
    if form.version != seen.verification.version.to_string() {
        return Err(AppError::Conflict(Text("employers-changed-meanwhile")));
    }
    let mut wrong = all.keep_papers(&seen, papers, &viewer).await?;
    let draft = match form.read(all.now(), &all.zone(id).await?) {
        Ok(draft) => draft,
        Err(fields) => {
            wrong.0.extend(fields.0);
            return again(&all, p, &viewer, id, Some(form), wrong).await;
        }
    };
    // A paper that came in may have moved the version on.
    let before = all.recruited_by(&viewer, id).await?;
    all.store_draft(id, &before.verification, &draft, false).await?;
    let stored = all.recruited_by(&viewer, id).await?;
    let hand_in = form.then != "draft";
    if hand_in {
        for (field, text) in all.missing(&stored, &draft).0 {
            wrong.add(field, text);
        }
    }
    if !wrong.is_empty() {
        form.version = stored.verification.version.to_string();
        return again(&all, p, &viewer, id, Some(form), wrong).await;
    }
    if !hand_in {
        return Ok(see_other(&format!("/employers/{id}/verification"), &p.t("employers-saved")));
    }
    if !store::submit(all.db().write(), id, stored.verification.version, all.now()).await? {
        return Err(AppError::Conflict(Text("employers-changed-meanwhile")));
    }
    all.accounts().audit(viewer.person()?.id, "employer.submit", &id.to_string(), None, "", "").await?;
    Ok(see_other(&format!("/employers/{id}/verification"), &p.t("employers-handed-in")))
}

async fn again(
    all: &Employers,
    p: Page,
    viewer: &Viewer,
    id: EmployerId,
    form: Option<VerificationForm>,
    fields: Fields,
) -> Result<Response> {
    let seen = all.recruited_by(viewer, id).await?;
    let form = form.map(|form| VerificationForm { version: seen.verification.version.to_string(), ..form });
    let page = all.page(p, seen, form, fields).await?;
    form_again(&page, &page.fields)
}

async fn send_code(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    viewer.person()?;
    let seen = all.recruited_by(&viewer, id).await?;
    let phone = seen.verification.phone(all.accounts()).ok_or(AppError::Conflict(Text("employers-wrong-phone")))?;
    all.accounts().send_code(&phone, p.language()).await?;
    let page = all.page(p, seen, None, Fields::default()).await?;
    html(&VerificationPage { code_sent: true, ..page })
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

async fn prove_phone(
    State(all): State<Employers>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<CodeForm>,
) -> Result<Response> {
    viewer.person()?;
    let seen = all.recruited_by(&viewer, id).await?;
    let phone = seen.verification.phone(all.accounts()).ok_or(AppError::Conflict(Text("employers-wrong-phone")))?;
    let wrong = match all.accounts().check_code(&phone, &form.code).await? {
        Ok(()) => {
            if !store::prove_phone(all.db().write(), id, seen.verification.version, all.now()).await? {
                return Err(AppError::Conflict(Text("employers-changed-meanwhile")));
            }
            return Ok(see_other(&format!("/employers/{id}/verification"), &p.t("employers-phone-proven")));
        }
        Err(CodeError::Wrong) => Text("accounts-code-wrong"),
        Err(CodeError::Expired) => Text("accounts-code-expired"),
    };
    let mut fields = Fields::default();
    fields.add("code", wrong);
    let page = VerificationPage { code_sent: true, ..all.page(p, seen, None, fields).await? };
    form_again(&page, &page.fields)
}

/// Whatever a paper holds, it runs nowhere. Pictures are shown in pages; a PDF is saved, because viewers of browsers do not work in a sandbox.
async fn paper(State(all): State<Employers>, viewer: Viewer, Ids(id, paper): Ids<EmployerId, BlobId>) -> Result<Response> {
    viewer.person()?;
    let (paper, bytes) = all.look(&viewer, id, paper).await?;
    let how = if paper.is_picture() { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, paper.mime().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{how}; filename=\"{}.{}\"", paper.kind.name(), paper.extension())),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (header::CACHE_CONTROL, "private, no-store".into()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
    ];
    Ok((headers, Body::from(bytes)).into_response())
}

/// The name of a field in a language, for pages that list them.
pub(super) fn field_name(field: &str, lang: Lang) -> String {
    lang.t(field_text(field).0)
}
