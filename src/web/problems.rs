//! Turns errors into what the caller can read: a page for a browser, problem+json (RFC 9457) for all others.

use super::error::{Problem, title_of};
use super::page::{Page, html};
use super::{AppError, Fields, Result, Text};
use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

#[derive(Template)]
#[template(path = "errors/problem.html")]
struct ProblemPage<'a> {
    p: Page,
    status: u16,
    title: String,
    fields: &'a Fields,
}

/// The outermost layer around pages and endpoints. Also answers for errors the framework makes (no route, body too large).
pub async fn render_problems(request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.headers());
    let read = request.method() == Method::GET;
    let (mut parts, body) = request.into_parts();
    let page = Page::from_request_parts(&mut parts, &()).await;
    let here = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    if wants_page && is_page(&response) {
        return response;
    }
    let plain = response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if plain => Problem { title: title_of(status), fields: Fields::default(), sign_in: false, reason: None },
        None => return response,
    };
    let Ok(page) = page;
    let mut shown = if problem.sign_in && wants_page && read {
        Redirect::to(&format!("/signin?next={}", encode(&here))).into_response()
    } else if wants_page {
        render_page(page, status, &problem).unwrap_or_else(|_| status.into_response())
    } else {
        render_json(&page, status, &problem)
    };
    for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
        if let Some(value) = response.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

/// What a form that comes back says, if need be beside `field`, and with which status. What is no matter of the form stays an error.
pub fn beside(error: AppError, field: &'static str) -> Result<(StatusCode, Fields)> {
    let status = error.status();
    let mut fields = Fields::default();
    match error {
        AppError::Invalid(fields) => return Ok((status, fields)),
        AppError::Unprocessable(text) | AppError::Conflict(text) | AppError::Forbidden(text) => fields.add(field, text),
        AppError::RateLimited(_) => fields.add(field, Text("base-error-rate")),
        other => return Err(other),
    }
    Ok((status, fields))
}

/// A form that comes back filled in, with a message beside each field of `fields`. A program gets the messages alone.
pub fn form_again(page: &impl Template, fields: &Fields) -> Result<Response> {
    form_refused(page, StatusCode::UNPROCESSABLE_ENTITY, fields)
}

/// The same with another status.
pub fn form_refused(page: &impl Template, status: StatusCode, fields: &Fields) -> Result<Response> {
    let mut response = (status, html(page)?).into_response();
    response.extensions_mut().insert(Problem { title: Text("base-error-invalid"), fields: fields.clone(), sign_in: false, reason: None });
    Ok(response)
}

fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"))
}

/// A browser that loads a page asks for `text/html` first; scripts and programs do not.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/html"))
}

fn render_page(p: Page, status: StatusCode, problem: &Problem) -> Result<Response> {
    let title = p.t(problem.title.0);
    Ok((status, html(&ProblemPage { p, status: status.as_u16(), title, fields: &problem.fields })?).into_response())
}

fn render_json(page: &Page, status: StatusCode, problem: &Problem) -> Response {
    let mut body = serde_json::json!({
        "type": "about:blank",
        "status": status.as_u16(),
        "title": status.canonical_reason().unwrap_or("error"),
        "detail": page.t(problem.title.0),
        "code": problem.title.0,
    });
    if let Some(reason) = &problem.reason {
        body["reason"] = reason.as_str().into();
    }
    if !problem.fields.is_empty() {
        body["errors"] = problem
            .fields
            .0
            .iter()
            .map(|(field, text)| ((*field).to_owned(), page.t(text.0).into()))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Percent-encodes a path for a query value.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.~/".contains(&b) { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}
