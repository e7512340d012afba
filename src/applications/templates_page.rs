//! The page on which recruiters keep the texts that they have at hand.

use super::templates::{Template as Reply, TemplateForm};
use super::{Applications, templates};
use crate::accounts::{Employer, Viewer};
use crate::ids::{EmployerId, TemplateId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, beside, form_refused, html, private, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;

#[derive(Template)]
#[template(path = "applications/templates.html")]
struct TemplatesPage {
    p: Page,
    employer: Employer,
    templates: Vec<Reply>,
    /// What was typed, for the one that it was typed for; for a new one if there is none.
    form: TemplateForm,
    of: Option<TemplateId>,
    fields: Fields,
}

impl TemplatesPage {
    /// What stands in the form of a template.
    fn form_of(&self, template: &Reply) -> TemplateForm {
        if self.of == Some(template.id) {
            return self.form.clone();
        }
        let Reply { name_zh, name_en, text_zh, text_en, .. } = template.clone();
        TemplateForm { name_zh, name_en, text_zh, text_en }
    }

    fn id(&self, template: &Reply) -> Option<TemplateId> {
        Some(template.id)
    }

    fn none(&self) -> Option<TemplateId> {
        None
    }

    fn is_open(&self, template: &Reply) -> bool {
        self.of == Some(template.id)
    }

    fn fresh(&self) -> TemplateForm {
        if self.of.is_none() { self.form.clone() } else { TemplateForm::default() }
    }

    fn error(&self, of: &Option<TemplateId>, field: &str) -> String {
        if self.of == *of { self.p.error(&self.fields, field) } else { String::new() }
    }

    fn places(&self) -> String {
        templates::PLACES.map(|name| format!("{{{name}}}")).join(" ")
    }
}

async fn page(
    app: &Applications,
    viewer: &Viewer,
    p: Page,
    employer: EmployerId,
    (of, form, fields): (Option<TemplateId>, TemplateForm, Fields),
) -> Result<TemplatesPage> {
    let templates = app.templates(viewer, employer).await?;
    let employer = app.accounts().employer(employer).await?.ok_or(AppError::NotFound)?;
    Ok(TemplatesPage { p, employer, templates, form, of, fields })
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    Ok(private(html(&page(&app, &viewer, p, id, (None, TemplateForm::default(), Fields::default())).await?)?))
}

pub(super) async fn add(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(form): FormData<TemplateForm>,
) -> Result<Response> {
    match app.add_template(&viewer, id, &form).await {
        Ok(()) => Ok(see_other(&format!("/employers/{id}/replies"), &p.t("desk-template-saved"))),
        Err(error) => {
            let (status, fields) = beside(error, "name_zh")?;
            let page = page(&app, &viewer, p, id, (None, form, fields)).await?;
            form_refused(&page, status, &page.fields)
        }
    }
}

pub(super) async fn change(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<TemplateId>,
    FormData(form): FormData<TemplateForm>,
) -> Result<Response> {
    let employer = app.template(&viewer, id).await?.employer_id;
    match app.change_template(&viewer, id, &form).await {
        Ok(()) => Ok(see_other(&format!("/employers/{employer}/replies"), &p.t("desk-template-saved"))),
        Err(error) => {
            let (status, fields) = beside(error, "name_zh")?;
            let page = page(&app, &viewer, p, employer, (Some(id), form, fields)).await?;
            form_refused(&page, status, &page.fields)
        }
    }
}

pub(super) async fn remove(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<TemplateId>) -> Result<Response> {
    let employer = app.remove_template(&viewer, id).await?;
    Ok(see_other(&format!("/employers/{employer}/replies"), &p.t("desk-template-removed")))
}
