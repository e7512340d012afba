//! The page that asks for a resume's contents, and the person's own files: the resume at hand, for its owner.

use super::builder::{EDUCATION, FROM, JOBS, Job, SKILLS, Told, ToldForm};
use super::{Applications, Resume, ResumeKind, builder_paper, files, form, store};
use crate::accounts::Viewer;
use crate::ids::AccountId;
use crate::web::{ClientIp, Fields, FormData, Page, Result, Text, back_to, form_again, html, private, see_other};
use anyhow::Context;
use askama::Template;
use axum::extract::{Query, State as Use};
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "applications/builder.html")]
struct BuilderPage {
    p: Page,
    told: Told,
    fields: Fields,
    /// The resume at hand, whatever it was made of.
    resume: Resume,
    next: String,
}

impl BuilderPage {
    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn options(&self, of: &[(&'static str, Text)]) -> Vec<(&'static str, String)> {
        of.iter().map(|(key, text)| (*key, self.p.t(text.0))).collect()
    }

    fn educations(&self) -> Vec<(&'static str, String)> {
        self.options(&EDUCATION)
    }

    fn times(&self) -> Vec<(&'static str, String)> {
        self.options(&FROM)
    }

    fn skills(&self) -> Vec<(&'static str, String, bool)> {
        SKILLS.iter().map(|(key, text)| (*key, self.p.t(text.0), self.told.skill.iter().any(|s| s == key))).collect()
    }

    /// Rows of the form, filled ones first.
    fn jobs(&self) -> Vec<Job> {
        let mut jobs = self.told.jobs.clone();
        jobs.resize(JOBS, Job::default());
        jobs
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Query(asked): Query<Asked>) -> Result<Response> {
    let (told, resume) = match &viewer.account {
        Some(account) => {
            let name = if account.guest.0 { String::new() } else { account.name.clone() };
            (app.answers_of(account.id).await?.unwrap_or(Told { name, ..Told::default() }), app.at_hand_of(&viewer).await?.resume)
        }
        None => (Told::default(), Resume::default()),
    };
    Ok(private(html(&BuilderPage { p, told, fields: Fields::default(), resume, next: asked.next })?))
}

pub(super) async fn save(
    Use(app): Use<Applications>,
    viewer: Viewer,
    client: ClientIp,
    p: Page,
    FormData(form): FormData<ToldForm>,
) -> Result<Response> {
    let (told, fields) = form.read(&app.today());
    if !fields.is_empty() {
        let resume = app.at_hand_of(&viewer).await?.resume;
        let page = BuilderPage { p, told, fields, resume, next: form.next };
        return Ok(private(form_again(&page, &page.fields)?));
    }
    let (account, device) = app.accounts().device(&viewer, client.network(), &told.name, p.language()).await?;
    app.make_resume(account.id, &told, p.language()).await?;
    let to = if form.next.is_empty() { "/me/resume" } else { back_to(&form.next) };
    super::apply::with_cookie(see_other(to, &p.t("builder-saved")), device)
}

impl Applications {
    fn today(&self) -> String {
        let now = jiff::Timestamp::from_millisecond(self.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        // Somewhere it is tomorrow already; nobody is told that this month has not begun.
        now.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(14))).strftime("%Y-%m-%d").to_string()
    }

    /// What somebody answered last time.
    async fn answers_of(&self, account: AccountId) -> Result<Option<Told>> {
        let Some(sealed) = store::resume_answers(self.accounts().db.read(), account).await? else { return Ok(None) };
        let text = self.accounts().keys.decrypt(&sealed).context("answers made with another key")?;
        Ok(Some(serde_json::from_str(&text)?))
    }

    /// Makes a resume of answers, which is then the one at hand; the answers are kept for the next change.
    pub(super) async fn make_resume(&self, account: AccountId, told: &Told, lang: crate::i18n::Lang) -> Result<()> {
        let sealed = self.accounts().keys.encrypt(&serde_json::to_string(told)?);
        store::put_resume_answers(self.accounts().db.write(), account, &sealed, self.now()).await?;
        let answers = told.clone();
        let file = tokio::task::spawn_blocking(move || builder_paper::draw(&answers, lang)).await??;
        let (name, size) = (lang.t1("builder-file", "name", &told.name), i64::try_from(file.len())?);
        let id = self.keep_private(file, files::RESUME).await?;
        let resume = Resume::sealed(id, form::file_name(&name, ResumeKind::Pdf), ResumeKind::Pdf, size);
        self.remember_resume(account, &resume).await
    }
}
