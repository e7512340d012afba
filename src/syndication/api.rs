//! The open API: fairs, employers and open postings for programs, read by anybody without a token. `openapi.json` beside it says what it promises;
//! a test holds the answers against it.
//!
//! Every error is problem+json, whatever the caller accepts; browsers of all sites may read (`Access-Control-Allow-Origin: *`).

use super::Syndication;
use super::api_pages::{self, Asking};
use crate::accounts::{Accounts, Employer, Viewer};
use crate::clock::iso;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, FairId, PostingId};
use crate::postings::{Answer, Content, Listed, PayDay, Place, Posting, Provision, codes};
use crate::web::{AppError, ClientIp, Id, Result, render_problems};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

const OPENAPI: &str = include_str!("openapi.json");

pub(super) fn routes(syndication: Syndication) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/fairs", get(fairs))
        .route("/api/v1/fairs/{id}", get(fair))
        .route("/api/v1/fairs/{id}/employers", get(employers))
        .route("/api/v1/fairs/{id}/postings", get(postings_of_fair))
        .route("/api/v1/employers/{id}", get(employer))
        .route("/api/v1/employers/{id}/postings", get(postings_of_employer))
        .route("/api/v1/postings/{id}", get(posting))
        .route("/api/v1/{*rest}", get(async || AppError::NotFound))
        .layer(from_fn_with_state(syndication.clone(), counted))
        .layer(from_fn(render_problems))
        .layer(from_fn(for_programs))
        .with_state(syndication)
}

/// Whoever asks is a program, also one that sends what a browser would, and may run on a page of any site.
async fn for_programs(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(header::ACCEPT);
    // What a page of another site asks before it sends a header of its own.
    let asks = request.method() == Method::OPTIONS;
    let mut response = if asks { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if asks {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("accept-language, if-none-match"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("link, retry-after"));
    response
}

async fn counted(State(s): State<Syndication>, request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let Ok(client) = ClientIp::from_request_parts(&mut parts, &()).await;
    s.reads.check(&client.network())?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Kept by nobody for longer than a posting that is filled may still be shown.
fn answer(value: Value) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(value)).into_response()
}

async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (kind, OPENAPI).into_response()
}

async fn fairs(State(s): State<Syndication>) -> Result<Response> {
    let fairs = s.postings.rooms.fairs.list(&Viewer::default()).await?;
    Ok(answer(json!({"items": fairs.iter().map(|fair| of_fair(fair, s.origin())).collect::<Vec<_>>()})))
}

async fn fair(State(s): State<Syndication>, Id(id): Id<FairId>) -> Result<Response> {
    let fair = s.postings.rooms.fairs.visible_to(&Viewer::default(), id).await?;
    Ok(answer(of_fair(&fair, s.origin())))
}

async fn employers(State(s): State<Syndication>, Id(id): Id<FairId>) -> Result<Response> {
    let fairs = &s.postings.rooms.fairs;
    fairs.visible_to(&Viewer::default(), id).await?;
    let employers = fairs.employers(id).await?;
    Ok(answer(json!({"items": employers.iter().map(|employer| of_employer(employer, s.origin())).collect::<Vec<_>>()})))
}

async fn employer(State(s): State<Syndication>, Id(id): Id<EmployerId>) -> Result<Response> {
    let accounts: &Accounts = s.accounts();
    let employer = accounts.employer(id).await?.ok_or(AppError::NotFound)?;
    Ok(answer(of_employer(&employer, s.origin())))
}

async fn postings_of_fair(
    State(s): State<Syndication>,
    Id(id): Id<FairId>,
    query: Result<Query<Asking>, QueryRejection>,
) -> Result<Response> {
    let (channel, path) = (s.fair(id).await?, format!("/api/v1/fairs/{id}/postings"));
    api_pages::page(&s, &channel, &path, query).await
}

async fn postings_of_employer(
    State(s): State<Syndication>,
    Id(id): Id<EmployerId>,
    query: Result<Query<Asking>, QueryRejection>,
) -> Result<Response> {
    let (channel, path) = (s.employer(id).await?, format!("/api/v1/employers/{id}/postings"));
    api_pages::page(&s, &channel, &path, query).await
}

async fn posting(State(s): State<Syndication>, Id(id): Id<PostingId>) -> Result<Response> {
    let view = s.live(id).await?;
    Ok(answer(of_posting(&view.posting, &view.employer.name_zh, &view.employer.name_en, s.origin())))
}

fn of_fair(fair: &Fair, origin: &str) -> Value {
    json!({
        "id": fair.id,
        "url": format!("{origin}/fairs/{}", fair.id),
        "postings_url": format!("{origin}/api/v1/fairs/{}/postings", fair.id),
        "title_zh": fair.title_zh,
        "title_en": fair.title_en,
        "intro_zh": fair.intro_zh,
        "intro_en": fair.intro_en,
        "region": region(&fair.region),
        "zone": fair.zone,
        "state": fair.state,
        "starts_at": iso(fair.starts_at),
        "ends_at": iso(fair.ends_at),
    })
}

fn of_employer(employer: &Employer, origin: &str) -> Value {
    json!({
        "id": employer.id,
        "url": format!("{origin}/employers/{}", employer.id),
        "postings_url": format!("{origin}/api/v1/employers/{}/postings", employer.id),
        "name_zh": employer.name_zh,
        "name_en": employer.name_en,
        "credit_code": employer.credit_code,
        "region": region(&employer.region),
        "industry": industry(&employer.industry),
        "about_zh": employer.about_zh,
        "about_en": employer.about_en,
    })
}

pub(super) fn of_listed(listed: &Listed, origin: &str) -> Value {
    of_posting(listed, &listed.employer_zh, &listed.employer_en, origin)
}

fn of_posting(posting: &Posting, employer_zh: &str, employer_en: &str, origin: &str) -> Value {
    let c = &posting.content;
    let url = format!("{origin}/postings/{}", posting.id);
    let mut value = json!({
        "id": posting.id,
        "url": url,
        "apply_url": format!("{url}/apply"),
        "fair": {"id": posting.fair_id, "url": format!("{origin}/fairs/{}", posting.fair_id)},
        "employer": {
            "id": posting.employer_id,
            "url": format!("{origin}/employers/{}", posting.employer_id),
            "name_zh": employer_zh,
            "name_en": employer_en,
        },
        "version": posting.version,
        "published_at": iso(posting.published_at),
        "updated_at": iso(posting.updated_at),
        "valid_until": iso(c.valid_until),
    });
    if let (Some(all), Value::Object(terms)) = (value.as_object_mut(), terms(c)) {
        all.extend(terms);
    }
    value
}

/// What was not said is `null`.
fn terms(c: &Content) -> Value {
    let stated = |n: i64, stated: bool| stated.then_some(n);
    json!({
        "title_zh": c.title_zh,
        "title_en": c.title_en,
        "about_zh": c.about_zh,
        "about_en": c.about_en,
        "region": region(&c.region),
        "place_zh": c.place_zh,
        "place_en": c.place_en,
        "places": c.places().iter().map(place).collect::<Vec<_>>(),
        "industry": industry(&c.industry),
        "occupation": Some(&c.occupation).filter(|code| !code.is_empty()),
        "headcount": c.headcount,
        "kind": c.kind,
        "pay": (c.pay_max > 0).then(|| json!({"currency": "CNY", "unit": c.pay_unit, "min": yuan(c.pay_min), "max": yuan(c.pay_max)})),
        "pay_day": Some(c.pay_day).filter(|day| *day != PayDay::Unsaid),
        "hourly_pay": (c.hourly > 0).then(|| yuan(c.hourly)),
        "days_off": stated(c.days_off, c.days_off >= 0),
        "meals": provision(c.meals),
        "housing": provision(c.housing),
        "couples": answered(c.couples),
        "assembly_line": answered(c.assembly_line),
        "day_shift": answered(c.day_shift),
        "age": (c.age_min > 0 || c.age_max > 0).then(|| {
            json!({"min": stated(c.age_min, c.age_min > 0), "max": stated(c.age_max, c.age_max > 0), "legal_basis": c.age_basis})
        }),
    })
}

fn place(place: &Place) -> Value {
    json!({
        "region": region(&place.region),
        "place_zh": place.zh,
        "place_en": place.en,
        "headcount": Some(place.headcount).filter(|n| *n > 0),
    })
}

fn yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

fn answered(answer: Answer) -> Option<bool> {
    match answer {
        Answer::Unsaid => None,
        Answer::Yes => Some(true),
        Answer::No => Some(false),
    }
}

fn provision(provision: Provision) -> Option<Provision> {
    Some(provision).filter(|provision| *provision != Provision::Unsaid)
}

/// A code of GB/T 2260 with its names; `null` if it is none.
fn region(code: &str) -> Value {
    match codes::region_is_valid(code) {
        true => json!({"code": code, "name_zh": codes::region_name(code, Lang::Zh), "name_en": codes::region_name(code, Lang::En)}),
        false => Value::Null,
    }
}

/// A code of GB/T 4754 with the names of its letter; `null` if it is none.
fn industry(code: &str) -> Value {
    match codes::industry_is_within(code) {
        true => json!({"code": code, "name_zh": codes::industry_name(code, Lang::Zh), "name_en": codes::industry_name(code, Lang::En)}),
        false => Value::Null,
    }
}
