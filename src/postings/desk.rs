//! What recruiters and organisers do: write a posting, change it, move it on, review what waits.

use super::form::PostingForm;
use super::{Listed, NewPosting, Posting, PostingView, Postings, State, codes};
use crate::accounts::{Employer, Viewer};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, back_to, form_again, html, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "postings/form.html")]
struct FormPage {
    p: Page,
    fair: Fair,
    /// Which employers may be chosen; one alone is not asked for.
    employers: Vec<Employer>,
    editing: Option<PostingView>,
    form: PostingForm,
    fields: Fields,
}

impl FormPage {
    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn action(&self) -> String {
        match &self.editing {
            Some(view) => format!("/postings/{}", view.posting.id),
            None => format!("/fairs/{}/postings", self.fair.id),
        }
    }

    /// The chosen unit; by the month if none is chosen yet.
    fn unit(&self) -> &str {
        if self.form.pay_unit.is_empty() { "month" } else { &self.form.pay_unit }
    }

    fn options(&self, name: &str) -> Options {
        let lang = self.p.language();
        let all = |list: &[(&str, Text)]| list.iter().map(|(n, label)| ((*n).to_owned(), lang.t(label.0))).collect();
        match name {
            "employer" => self.employers.iter().map(|e| (e.id.to_string(), self.p.pick(&e.name_zh, &e.name_en).to_owned())).collect(),
            "region" => with(codes::regions(lang), &self.form.region, codes::region_name(&self.form.region, lang)),
            "industry" => with(codes::industries(lang), &self.form.industry, codes::industry_name(&self.form.industry, lang).to_owned()),
            "kind" => all(&super::Kind::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "pay_unit" => all(&super::PayUnit::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "answer" => all(&super::Answer::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "provision" => all(&super::Provision::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "pay_day" => pay_days(lang),
            _ => Vec::new(),
        }
    }
}

/// A code finer than what the form offers, such as a county, stays what it is when the posting is edited.
fn with(mut options: Options, code: &str, name: String) -> Options {
    if !name.is_empty() && options.iter().all(|(known, _)| known != code) {
        options.insert(0, (code.to_owned(), name));
    }
    options
}

fn pay_days(lang: Lang) -> Options {
    let fixed = [
        (String::new(), lang.t("postings-answer-unsaid")),
        ("daily".to_owned(), lang.t("postings-pay-day-daily")),
        ("weekly".to_owned(), lang.t("postings-pay-day-weekly")),
    ];
    fixed.into_iter().chain((1..=31).map(|day| (day.to_string(), lang.t1("postings-pay-day-monthly", "day", day)))).collect()
}

pub(super) async fn show_new(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = postings.rooms.fairs.visible_to(&viewer, id).await?;
    let employers = postings.employers_of(&viewer, id).await?;
    if employers.is_empty() {
        return Err(AppError::NotFound);
    }
    let form = PostingForm::fresh(postings.now(), &fair.time_zone());
    html(&FormPage { p, fair, employers, editing: None, form, fields: Fields::default() })
}

pub(super) async fn create(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<PostingForm>,
) -> Result<Response> {
    let by = viewer.person()?.id;
    let fair = postings.rooms.fairs.visible_to(&viewer, id).await?;
    let employers = postings.employers_of(&viewer, id).await?;
    let chosen = employers.iter().find(|e| form.employer.is_empty() || e.id.to_string() == form.employer);
    let Some(employer) = chosen.map(|e| e.id) else { return Err(AppError::NotFound) };
    match form.read(postings.now(), &fair.time_zone()) {
        Ok(content) => {
            let state = if form.then == "draft" { State::Draft } else { State::Review };
            let posting = postings.create(NewPosting { fair: id, employer, content, state }, by).await?;
            Ok(see_other(&format!("/postings/{}", posting.id), &p.t(saved(posting.state).0)))
        }
        Err(fields) => again(&FormPage { p, fair, employers, editing: None, form, fields }),
    }
}

fn saved(state: State) -> Text {
    if state == State::Review { Text("postings-sent-to-review") } else { Text("postings-saved-draft") }
}

fn again(page: &FormPage) -> Result<Response> {
    form_again(page, &page.fields)
}

pub(super) async fn show_edit(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let form = PostingForm::of(&view.posting.content, view.posting.version, &view.fair.time_zone());
    let employers = vec![view.employer.clone()];
    html(&FormPage { p, fair: view.fair.clone(), employers, editing: Some(view), form, fields: Fields::default() })
}

pub(super) async fn revise(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<PostingId>,
    FormData(form): FormData<PostingForm>,
) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let version = form.version.parse().map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    match form.read(postings.now(), &view.fair.time_zone()) {
        Ok(content) => {
            let mut posting = postings.revise(&viewer, id, version, content).await?;
            if posting.state == State::Draft && form.then != "draft" {
                posting = postings.set_state(&viewer, id, State::Review).await?;
            }
            Ok(see_other(&format!("/postings/{id}"), &p.t(saved(posting.state).0)))
        }
        Err(fields) => {
            let employers = vec![view.employer.clone()];
            again(&FormPage { p, fair: view.fair.clone(), employers, editing: Some(view), form, fields })
        }
    }
}

#[derive(Deserialize)]
pub(super) struct StateForm {
    state: State,
    #[serde(default)]
    back: String,
}

pub(super) async fn set_state(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<PostingId>,
    FormData(form): FormData<StateForm>,
) -> Result<Response> {
    viewer.person()?;
    let posting = postings.set_state(&viewer, id, form.state).await?;
    let message = p.t1("postings-state-changed", "state", p.t(posting.state.label().0));
    let back = if form.back.is_empty() { format!("/postings/{id}") } else { back_to(&form.back).to_owned() };
    Ok(see_other(&back, &message))
}

#[derive(Template)]
#[template(path = "postings/review.html")]
struct ReviewPage {
    p: Page,
    fair: Fair,
    waiting: Vec<Listed>,
}

pub(super) async fn review(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = postings.rooms.fairs.organised_by(&viewer, id).await?;
    html(&ReviewPage { p, waiting: postings.in_review(id).await?, fair })
}

#[derive(Template)]
#[template(path = "postings/own.html")]
struct OwnPage {
    p: Page,
    employer: Employer,
    /// The fairs in which a posting can be added.
    fairs: Vec<Fair>,
    postings: Vec<(Posting, State)>,
}

/// The recruiters' list of all postings of their employer.
pub(super) async fn own(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    viewer.person()?;
    if !viewer.recruits_for(id) {
        return Err(AppError::NotFound);
    }
    let employer = postings.accounts().employer(id).await?.ok_or(AppError::NotFound)?;
    let (now, mut fairs) = (postings.now(), Vec::<Fair>::new());
    for (fair, _) in postings.booths(&viewer, id).await? {
        if fair.state.is_active() && fairs.iter().all(|f| f.id != fair.id) {
            fairs.push(fair);
        }
    }
    let all = postings.of_employer(id).await?.into_iter().map(|posting| (posting.status(now), posting)).map(|(s, posting)| (posting, s));
    html(&OwnPage { p, employer, fairs, postings: all.collect() })
}
