//! The page on which recruiters say what they want to export, and the file. A POST, because it leaves lines in the audit log.

use super::Applications;
use super::export::{Kind, Wanted};
use super::filter::ListQuery;
use crate::accounts::{Employer, Viewer};
use crate::ids::EmployerId;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, beside, form_refused, html, private};
use askama::Template;
use axum::extract::State as Use;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

#[derive(Clone, Debug, Default)]
struct ExportForm {
    query: ListQuery,
    /// Only these.
    application: Vec<String>,
    kind: String,
    clear: String,
    reason: String,
}

impl ExportForm {
    fn of(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
        Self {
            query: ListQuery::of(pairs),
            application: pairs.iter().filter(|(n, _)| n == "application").map(|(_, v)| v.clone()).collect(),
            kind: one("kind"),
            clear: one("clear"),
            reason: one("reason"),
        }
    }
}

#[derive(Template)]
#[template(path = "applications/export.html")]
struct ExportPage {
    p: Page,
    employer: Employer,
    form: ExportForm,
    /// How many there are.
    count: i64,
    fields: Fields,
}

async fn page(app: &Applications, viewer: &Viewer, p: Page, id: EmployerId, form: ExportForm, fields: Fields) -> Result<ExportPage> {
    let me = viewer.person()?.id;
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let employer = app.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let filter = filter(app, &form, id, me);
    let counts = app.counts_of(&filter).await?;
    let count = counts.iter().filter(|(s, _)| filter.status.is_empty() || filter.status.contains(s)).map(|(_, n)| n).sum();
    Ok(ExportPage { p, employer, form, count, fields })
}

fn filter(app: &Applications, form: &ExportForm, id: EmployerId, me: crate::ids::AccountId) -> super::filter::Filter {
    let picked = form.application.iter().take(super::bulk::MOST).filter_map(|id| id.parse().ok()).collect();
    super::filter::Filter { picked, ..form.query.filter(id, me, app.now()) }
}

pub(super) async fn show(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(pairs): FormData<Vec<(String, String)>>,
) -> Result<Response> {
    let form = ExportForm::of(&pairs);
    Ok(private(html(&page(&app, &viewer, p, id, form, Fields::default()).await?)?))
}

pub(super) async fn file(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(pairs): FormData<Vec<(String, String)>>,
) -> Result<Response> {
    let form = ExportForm::of(&pairs);
    let me = viewer.person()?.id;
    let Some(kind) = Kind::parse(&form.kind) else { return Err(AppError::BadRequest(crate::web::Text("base-error-bad-request"))) };
    let wanted = Wanted { kind, clear: !form.clear.is_empty(), reason: &form.reason };
    match app.export(&viewer, filter(&app, &form, id, me), &wanted, p.language()).await {
        Ok(bytes) => Ok(private((headers(kind), bytes).into_response())),
        Err(error) => {
            let (status, fields) = beside(error, "reason")?;
            let page = page(&app, &viewer, p, id, form, fields).await?;
            Ok(private(form_refused(&page, status, &page.fields)?))
        }
    }
}

fn headers(kind: Kind) -> [(HeaderName, String); 2] {
    let name = format!("attachment; filename=\"applications.{}\"", kind.extension());
    [(header::CONTENT_TYPE, kind.mime().to_owned()), (header::CONTENT_DISPOSITION, name)]
}
