//! The organisers' review: what waits, with the rules it breaks marked in its text and what differs from the last approved version; and what went
//! live by the rules alone, to look at afterwards.

use super::difference::{Change, Part, changes};
use super::risk::{self, Hit, Reason, Rule, Verdict, marked};
use super::vetting::Move;
use super::{Content, Listed, Postings, State, contact, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::employers::{Status, Verification};
use crate::fairs::Fair;
use crate::ids::{EmployerId, FairId, PostingId};
use crate::web::{AppError, FormData, Id, Page, Result, Text, back_to, html, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;
use std::collections::HashMap;

/// A posting that waits, as the review shows it.
struct Waiting {
    item: Listed,
    /// Why it waits.
    reasons: Vec<Reason>,
    hits: Vec<Hit>,
    /// What differs from the last approved version; none of a first one.
    changes: Option<Vec<Change>>,
}

impl Waiting {
    /// The fields with an address in them.
    fn addresses(&self) -> Vec<&'static str> {
        self.item.content.texts_of_places().filter(|(_, text)| !text.is_empty()).map(|(field, _)| field).collect()
    }

    /// A text with its hits, for marks.
    fn marked(&self, field: &str) -> Vec<(String, Option<Rule>)> {
        let c = &self.item.content;
        let text = match field {
            "title_zh" => c.title_zh.as_str(),
            "title_en" => &c.title_en,
            "about_zh" => &c.about_zh,
            "about_en" => &c.about_en,
            _ => c.texts_of_places().find(|(name, _)| *name == field).map_or("", |(_, text)| text),
        };
        marked(text, field, &self.hits)
    }
}

/// One that went live by the rules alone.
struct Passed {
    id: PostingId,
    version: i64,
    since: Millis,
    employer_zh: String,
    employer_en: String,
    content: Content,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "postings/review.html")]
struct ReviewPage {
    p: Page,
    fair: Fair,
    waiting: Vec<Waiting>,
    passed: Vec<Passed>,
}

impl ReviewPage {
    /// How it says why something is marked.
    fn why(&self, rule: &Rule) -> String {
        self.p.t(rule_name(*rule).0)
    }
}

/// What a mark is for, in a word.
fn rule_name(rule: Rule) -> Text {
    match rule {
        Rule::Wording(category) => Text(category.text()),
        Rule::Number => Text("postings-rule-name-number"),
        Rule::Discrimination(ground) => Text(ground.text()),
        Rule::PayTooGood | Rule::PayTooWide => Text("postings-rule-name-pay"),
    }
}

pub(super) async fn show(Use(postings): Use<Postings>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = postings.rooms.fairs.organised_by(&viewer, id).await?;
    let (waiting, passed) = (postings.waiting(&viewer, &p, &fair).await?, postings.passed(&p, &fair).await?);
    html(&ReviewPage { p, fair, waiting, passed })
}

/// The last day of a validity in the fair's zone.
pub(super) fn last_day(fair: &Fair) -> impl Fn(Millis) -> String {
    move |until| fair.local(&(until - 1)).chars().take(10).collect()
}

impl Postings {
    async fn waiting(&self, viewer: &Viewer, p: &Page, fair: &Fair) -> Result<Vec<Waiting>> {
        let now = self.now();
        let (_, known) = self.employers.of_fair(viewer, fair.id).await?;
        let standing: HashMap<EmployerId, Verification> = known.into_iter().map(|(employer, v)| (employer.id, v)).collect();
        let approved: HashMap<PostingId, String> = store::approved_of_waiting(self.db().read(), fair.id).await?.into_iter().collect();
        let mut all = Vec::new();
        for item in self.in_review(fair.id).await? {
            let old: Option<Content> = approved.get(&item.id).map(|text| serde_json::from_str(text)).transpose()?;
            let status = standing.get(&item.employer_id).map_or(Status::Draft, |v| v.status(now));
            let reasons = match risk::judge(old.as_ref(), &item.content, status) {
                Verdict::GoesLive => Vec::new(),
                // Each hit is shown with its words.
                Verdict::NeedsReview(reasons) => reasons.into_iter().filter(|reason| !matches!(reason, Reason::Rule(_))).collect(),
            };
            let changes = old.map(|old| changes(&old, &item.content, p.language(), &last_day(fair)));
            all.push(Waiting { hits: risk::hits(&item.content), reasons, changes, item });
        }
        Ok(all)
    }

    async fn passed(&self, p: &Page, fair: &Fair) -> Result<Vec<Passed>> {
        let mut all = Vec::new();
        for row in store::unchecked(self.db().read(), fair.id).await? {
            let (content, before): (Content, Content) = (serde_json::from_str(&row.content)?, serde_json::from_str(&row.before)?);
            let mut changes = changes(&before, &content, p.language(), &last_day(fair));
            let contacts = self.contact_rows(row.posting_id).await?;
            changes.extend(contact::change(&contacts, &self.accounts().keys, row.seen, row.version));
            let store::CheckRow { posting_id, version, since, employer_zh, employer_en, .. } = row;
            all.push(Passed { id: posting_id, version, since, employer_zh, employer_en, content, changes });
        }
        Ok(all)
    }
}

#[derive(Deserialize)]
pub(super) struct StateForm {
    state: State,
    version: Option<i64>,
    #[serde(default)]
    reason: String,
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
    let posting = postings.move_on(&viewer, id, Move { to: form.state, version: form.version, reason: &form.reason }).await?;
    let message = p.t1("postings-state-changed", "state", p.t(posting.state.label().0));
    let back = if form.back.is_empty() { format!("/postings/{id}") } else { back_to(&form.back).to_owned() };
    Ok(see_other(&back, &message))
}

#[derive(Deserialize)]
pub(super) struct Picked {
    /// Each a posting and the version that was seen: `ID:VERSION`.
    #[serde(default)]
    pick: Vec<String>,
}

pub(super) async fn approve(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(picked): FormData<Picked>,
) -> Result<Response> {
    viewer.person()?;
    let one = |pick: &String| pick.split_once(':').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
    let picked: Option<Vec<(PostingId, i64)>> = picked.pick.iter().map(one).collect();
    let Some(picked) = picked else { return Err(AppError::BadRequest(Text("base-error-bad-request"))) };
    let (approved, missed) = postings.approve_all(&viewer, id, &picked).await?;
    let said = match missed {
        0 => p.t1("postings-approved-many", "n", approved),
        missed => p.t2("postings-approved-some", "n", approved, "missed", missed),
    };
    Ok(see_other(&format!("/fairs/{id}/review"), &said))
}

#[derive(Deserialize)]
pub(super) struct CheckForm {
    posting: PostingId,
    version: i64,
}

pub(super) async fn check(
    Use(postings): Use<Postings>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    FormData(form): FormData<CheckForm>,
) -> Result<Response> {
    viewer.person()?;
    postings.check(&viewer, id, form.posting, form.version).await?;
    Ok(see_other(&format!("/fairs/{id}/review"), &p.t("postings-checked")))
}
