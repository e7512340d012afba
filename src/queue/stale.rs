//! A line moves while people look at it. Who taps what was true a moment ago is shown what is true now, not an error page.

use crate::web::{FlashCookie, Page, wants_page};
use axum::extract::{FromRequestParts, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Turns a form's 409 into the page it came from, with a word why. Programs get their problem+json.
pub(super) async fn show_what_is(request: Request, next: Next) -> Response {
    let form = request.method() == Method::POST && wants_page(request.headers());
    let (mut parts, body) = request.into_parts();
    let Ok(page) = Page::from_request_parts(&mut parts, &()).await;
    let to = origin(parts.uri.path()).to_owned();
    let response = next.run(Request::from_parts(parts, body)).await;
    if !form || response.status() != StatusCode::CONFLICT {
        return response;
    }
    let flash = FlashCookie::header("error", &page.t("queue-stale"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, flash)]).into_response()
}

/// The page whose forms post to `path`: `/rooms/ID/queue`, `/rooms/ID/desk` or `/queue/TICKET`.
fn origin(path: &str) -> &str {
    let slashes = if path.starts_with("/rooms/") { 3 } else { 2 };
    path.match_indices('/').nth(slashes).map_or(path, |(at, _)| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        assert_eq!(origin("/rooms/1/desk/calls"), "/rooms/1/desk");
        assert_eq!(origin("/rooms/1/queue"), "/rooms/1/queue");
        assert_eq!(origin("/queue/a.b.c/acceptances"), "/queue/a.b.c");
    }
}
