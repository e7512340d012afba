//! What recruiters and organisers do: write a posting, change it, move it on, review what waits.

use super::form::PostingForm;
use super::places_form::{Row, picked};
use super::risk::Hit;
use super::{NewPosting, Posting, PostingView, Postings, State, codes};
use crate::accounts::{Employer, Viewer};
use crate::employers::Status;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId, PostingId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;

type Options = Vec<(String, String)>;

/// What a program is told of a field that breaks a rule; a page says which and why.
const DOUBTED: Text = Text("postings-doubted");

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
    /// Rules that the terms break, as far as words and figures tell: a reason to change them, and none to refuse them.
    hits: Vec<Hit>,
    /// Where the employer stands; of several, the first one.
    standing: Status,
}

impl FormPage {
    fn error(&self, field: &str) -> String {
        let wrong = self.fields.get(field).filter(|key| *key != DOUBTED.0).map(|key| self.p.t(key));
        let typed = if field == "industry" { &self.form.industry } else { &self.form.occupation };
        let near = wrong.as_ref().and_then(|_| codes::instead(field, typed, self.p.language()));
        let hits = self.hits.iter().filter(|hit| hit.field == field).map(|hit| hit.text(self.p.language()));
        wrong.into_iter().chain(near).chain(hits).collect::<Vec<_>>().join("\n")
    }

    /// The industry as it is offered, or as it was typed.
    fn industry(&self) -> String {
        let (typed, lang) = (&self.form.industry, self.p.language());
        // A wrong one comes back as it is, not as what is above it.
        offered(typed, if codes::industry_is_valid(typed) { codes::industry_name(typed, lang) } else { "" })
    }

    fn occupation(&self) -> String {
        offered(&self.form.occupation, codes::occupation_name(&self.form.occupation))
    }

    fn industries(&self) -> Vec<String> {
        codes::industries(self.p.language()).iter().map(|(code, name)| format!("{code} {name}")).collect()
    }

    /// The employer, unless there are several to choose from.
    fn only(&self) -> Option<EmployerId> {
        self.employers.first().filter(|_| self.employers.len() == 1).map(|employer| employer.id)
    }

    fn is_verified(&self) -> bool {
        self.standing == Status::Verified
    }

    /// Whether nothing is wrong but what the rules doubt.
    fn is_doubted(&self) -> bool {
        !self.hits.is_empty()
    }

    fn action(&self) -> String {
        match &self.editing {
            Some(view) => format!("/postings/{}", view.posting.id),
            None => format!("/fairs/{}/postings", self.fair.id),
        }
    }

    /// The rows of further places.
    fn rows(&self) -> Vec<Row> {
        self.form.rows()
    }

    /// The row of which a script makes new ones.
    fn blank(&self) -> Row {
        Row::default()
    }

    /// Whether there may be more places.
    fn has_room(&self) -> bool {
        self.form.rows().len() < super::places::MOST
    }

    /// The regions that a further place is picked from, with their codes; those that are finer are understood too.
    fn regions(&self) -> Vec<String> {
        codes::regions(self.p.language()).into_iter().map(|(code, _)| picked(&code, self.p.language())).collect()
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
            "kind" => all(&super::Kind::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "pay_unit" => all(&super::PayUnit::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "answer" => all(&super::Answer::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "provision" => all(&super::Provision::ALL.iter().map(|v| (v.name(), v.label())).collect::<Vec<_>>()),
            "pay_day" => pay_days(lang),
            _ => Vec::new(),
        }
    }
}

/// A code that was typed alone, with its name.
fn offered(typed: &str, name: &str) -> String {
    if name.is_empty() || typed.contains(char::is_whitespace) { typed.to_owned() } else { format!("{typed} {name}") }
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
    let standing = postings.employers.status(employers[0].id).await?;
    html(&FormPage { p, fair, employers, editing: None, form, fields: Fields::default(), hits: Vec::new(), standing })
}

pub(super) async fn create(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(mut form): FormData<PostingForm>,
) -> Result<Response> {
    let by = viewer.person()?.id;
    let fair = postings.rooms.fairs.visible_to(&viewer, id).await?;
    let employers = postings.employers_of(&viewer, id).await?;
    let chosen = employers.iter().find(|e| form.employer.is_empty() || e.id.to_string() == form.employer);
    let Some(employer) = chosen.map(|e| e.id) else { return Err(AppError::NotFound) };
    let standing = postings.employers.status(employer).await?;
    if form.rearrange() {
        return html(&FormPage { p, fair, employers, editing: None, form, fields: Fields::default(), hits: Vec::new(), standing });
    }
    match form.read_all(postings.now(), &fair.time_zone()) {
        Ok((content, contact)) => {
            let hits = if form.asks() { postings.hits(None, &content).await? } else { Vec::new() };
            if !hits.is_empty() {
                return again(&FormPage { p, fair, employers, editing: None, form, fields: doubted(&hits), hits, standing });
            }
            let state = if form.then == "draft" { State::Draft } else { State::Review };
            let posting = postings.create_with(NewPosting { fair: id, employer, content, state }, &contact, by).await?;
            Ok(see_other(&format!("/postings/{}", posting.id), &p.t(saved(posting.state).0)))
        }
        Err(fields) => again(&FormPage { p, fair, employers, editing: None, form, fields, hits: Vec::new(), standing }),
    }
}

fn doubted(hits: &[Hit]) -> Fields {
    let mut fields = Fields::default();
    hits.iter().for_each(|hit| fields.add(hit.field, DOUBTED));
    fields
}

fn saved(state: State) -> Text {
    match state {
        State::Review => Text("postings-sent-to-review"),
        state if state.is_public() => Text("postings-changed-at-once"),
        _ => Text("postings-saved-draft"),
    }
}

fn again(page: &FormPage) -> Result<Response> {
    form_again(page, &page.fields)
}

pub(super) async fn show_edit(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<PostingId>) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let form = PostingForm::of(&view.posting.content, view.posting.version, &view.fair.time_zone(), p.language());
    let form = form.with_contact(postings.contact(id).await?);
    let employers = vec![view.employer.clone()];
    let standing = postings.employers.status(view.employer.id).await?;
    html(&FormPage {
        p,
        fair: view.fair.clone(),
        employers,
        editing: Some(view),
        form,
        fields: Fields::default(),
        hits: Vec::new(),
        standing,
    })
}

pub(super) async fn revise(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<PostingId>,
    FormData(mut form): FormData<PostingForm>,
) -> Result<Response> {
    viewer.person()?;
    let view = postings.recruited_by(&viewer, id).await?;
    let version = form.version.parse().map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    let (employers, standing) = (vec![view.employer.clone()], postings.employers.status(view.employer.id).await?);
    if form.rearrange() {
        let (fair, fields, hits) = (view.fair.clone(), Fields::default(), Vec::new());
        return html(&FormPage { p, fair, employers, editing: Some(view), form, fields, hits, standing });
    }
    let (hits, fields) = match form.read_all(postings.now(), &view.fair.time_zone()) {
        Ok((mut content, contact)) => {
            (content.pictures, content.clips) = (view.posting.content.pictures.clone(), view.posting.content.clips.clone());
            let hits = if form.asks() { postings.hits(Some(id), &content).await? } else { Vec::new() };
            if hits.is_empty() {
                let mut posting = postings.revise_with(&viewer, id, version, content, Some(contact)).await?;
                if posting.state == State::Draft && form.then != "draft" {
                    posting = postings.set_state(&viewer, id, State::Review).await?;
                }
                return Ok(see_other(&format!("/postings/{id}"), &p.t(saved(posting.state).0)));
            }
            let fields = doubted(&hits);
            (hits, fields)
        }
        Err(fields) => (Vec::new(), fields),
    };
    again(&FormPage { p, fair: view.fair.clone(), employers, editing: Some(view), form, fields, hits, standing })
}

#[derive(Template)]
#[template(path = "postings/own.html")]
struct OwnPage {
    p: Page,
    employer: Employer,
    /// The fairs in which a posting can be added.
    fairs: Vec<Fair>,
    postings: Vec<(Posting, State)>,
    standing: Status,
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
    let standing = postings.employers.status(id).await?;
    html(&OwnPage { p, employer, fairs, postings: all.collect(), standing })
}
