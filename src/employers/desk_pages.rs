//! The organisers' desk for employers: what waits, and one of them with its papers beside what it declared.

use super::decisions::{Decision, REASONED, end_of_all};
use super::form::last_day;
use super::pages::field_name;
use super::{Employers, Kind, Paper, PaperKind, Seen, Status, Verdict, Verification};
use crate::accounts::{Employer, Viewer};
use crate::clock::DAY;
use crate::fairs::Fair;
use crate::ids::{EmployerId, FairId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, form_again, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::tz::TimeZone;

/// A check is good for a year unless something ends before.
const USUAL: i64 = 365 * DAY;

pub(super) fn routes() -> Router<Employers> {
    Router::new()
        .route("/fairs/{id}/verifications", get(list))
        .route("/employers/{id}/verification/review", get(review))
        .route("/employers/{id}/verification/decisions", post(decide))
}

#[derive(Template)]
#[template(path = "employers/desk.html")]
struct DeskPage {
    p: Page,
    fair: Fair,
    employers: Vec<(Employer, Verification, Status)>,
}

impl DeskPage {
    fn waiting(&self) -> usize {
        self.employers.iter().filter(|(_, v, _)| v.waits()).count()
    }

    fn day(&self, at: &i64) -> String {
        last_day(*at, &self.fair.time_zone())
    }

    /// Whether it matters beside that something waits.
    fn is_shown(&self, status: &Status) -> bool {
        matches!(status, Status::Verified | Status::Suspended)
    }
}

async fn list(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let (fair, employers) = all.of_fair(&viewer, id).await?;
    let now = all.now();
    let employers = employers.into_iter().map(|(e, v)| (v.status(now), e, v)).map(|(status, e, v)| (e, v, status)).collect();
    html(&DeskPage { p, fair, employers })
}

/// A line of what was declared: the field, what stands there, and the paper to compare it with.
struct Row {
    field: &'static str,
    name: String,
    value: String,
    /// What was typed as the reason to send it back.
    reason: String,
}

#[derive(Template)]
#[template(path = "employers/review.html")]
struct ReviewPage {
    p: Page,
    seen: Seen,
    fair: Fair,
    status: Status,
    rows: Vec<Row>,
    until: String,
    reason: String,
    fields: Fields,
    zone: TimeZone,
}

impl ReviewPage {
    fn day(&self, at: &i64) -> String {
        last_day(*at, &self.zone)
    }

    fn paper(&self, row: &Row) -> Option<&Paper> {
        let kind = PaperKind::ALL.into_iter().find(|kind| kind.field() == row.field)?;
        self.seen.papers.iter().find(|paper| paper.kind == kind)
    }

    fn is_paper(&self, row: &Row) -> bool {
        PaperKind::ALL.iter().any(|kind| kind.field() == row.field)
    }
}

impl Employers {
    async fn review_page(&self, p: Page, seen: Seen, decision: Option<&Decision>, fields: Fields) -> Result<ReviewPage> {
        let Some(fair) = seen.fair.clone() else { return Err(AppError::NotFound) };
        let (zone, now, v) = (self.zone(seen.employer.id).await?, self.now(), &seen.verification);
        let phone = match (v.masked_phone(self.accounts()), v.phone_proven_at) {
            (phone, 0) => phone,
            (phone, _) => p.t1("employers-phone-is-proven", "phone", phone),
        };
        let value = |field: &str| match field {
            "kind" => p.t(v.kind.text().0),
            "legal_name" => v.legal_name.clone(),
            "credit_code" => v.credit_code.clone(),
            "licence_number" => v.licence_number.clone(),
            "licence_until" => last_day(v.licence_until, &zone),
            "publisher_name" => v.publisher_name.clone(),
            "publisher_position" => v.publisher_position.clone(),
            "publisher_phone" => phone.clone(),
            "authorised_until" => last_day(v.authorised_until, &zone),
            _ => String::new(),
        };
        let wanted = |field: &&str| v.kind == Kind::Agency || !matches!(*field, "licence_number" | "licence_until" | "paper_hr_licence");
        let typed = |field: &str| decision.and_then(|d| d.more.get(&format!("reason_{field}"))).cloned().unwrap_or_default();
        let rows = REASONED.into_iter().filter(wanted).map(|field| Row {
            field,
            name: field_name(field, p.language()),
            value: value(field),
            reason: typed(field),
        });
        let rows = rows.collect();
        let until = decision.map(|d| d.until.clone()).filter(|until| !until.is_empty());
        let until = until.unwrap_or_else(|| last_day(end_of_all(now + USUAL, v).0, &zone));
        let reason = decision.map(|d| d.reason.clone()).unwrap_or_default();
        Ok(ReviewPage { status: v.status(now), p, fair, rows, until, reason, fields, zone, seen })
    }
}

async fn review(State(all): State<Employers>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    viewer.person()?;
    let seen = all.seen_by(&viewer, id).await?;
    html(&all.review_page(p, seen, None, Fields::default()).await?)
}

async fn decide(
    State(all): State<Employers>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    FormData(decision): FormData<Decision>,
) -> Result<Response> {
    viewer.person()?;
    match all.decide(&viewer, id, &decision).await? {
        Ok(()) => {
            let seen = all.seen_by(&viewer, id).await?;
            let Some(fair) = seen.fair else { return Err(AppError::NotFound) };
            let said = match decision.verdict {
                Verdict::Approve => p.t("employers-did-approve"),
                Verdict::Return => p.t("employers-did-return"),
                Verdict::Suspend => p.t("employers-did-suspend"),
                Verdict::Restore => p.t("employers-did-restore"),
            };
            Ok(see_other(&format!("/fairs/{}/verifications", fair.id), &said))
        }
        Err(fields) => {
            let seen = all.seen_by(&viewer, id).await?;
            let page = all.review_page(p, seen, Some(&decision), fields).await?;
            form_again(&page, &page.fields)
        }
    }
}
