//! Where endpoints are, and who may ask from where: absolute URLs, and scripts of other sites.

use crate::web::{AppError, Text};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Preflight answers are the same for a day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Location, ETag, Link, Seat, Retry-After, WWW-Authenticate, Accept-Post, Accept-Patch, Allow");

/// Lets scripts of other sites use the endpoints with a bearer token, never with this site's cookies.
pub async fn cross_origin(request: Request, next: Next) -> Response {
    let head = request.headers();
    let acts_by_cookie = head.contains_key(header::COOKIE) && !has_bearer(head);
    let preflight = request.method() == Method::OPTIONS;
    let refused = !preflight && acts_by_cookie && is_cross_origin(head);
    let mut response = if refused { AppError::Forbidden(Text("live-cross-site")).into_response() } else { next.run(request).await };
    let unknown_type = response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let head = response.headers_mut();
    head.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    head.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if preflight {
        head.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS"));
        let allowed = HeaderValue::from_static("Authorization, Content-Type, If-Match, If-None-Match");
        head.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        head.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    if preflight || unknown_type {
        head.insert(HeaderName::from_static("accept-post"), HeaderValue::from_static(super::SDP));
        head.insert(HeaderName::from_static("accept-patch"), HeaderValue::from_static(super::FRAGMENT));
    }
    response
}

fn has_bearer(head: &HeaderMap) -> bool {
    let value = head.get(header::AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
    value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

/// Whether a browser says that a page of another origin sent this. A program that is no browser says nothing.
fn is_cross_origin(head: &HeaderMap) -> bool {
    let text = |name: HeaderName| head.get(name).and_then(|v| v.to_str().ok());
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").map(|(_, authority)| authority) != text(header::HOST),
        (None, None) => false,
    }
}

/// The absolute URL of `path`. `origin` is the configured one; where nothing but localhost is known, the host that was asked counts.
pub fn absolute(origin: &str, path: &str, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).filter(|_| origin.starts_with("http://localhost"));
    match host {
        Some(host) => format!("http://{host}{path}"),
        None => format!("{origin}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn another_origin_is_known_by_what_the_browser_says() {
        for own in [
            &[("sec-fetch-site", "same-origin"), ("origin", "https://elsewhere")][..],
            &[("host", "fair.example:8080"), ("origin", "https://fair.example:8080")],
            &[("host", "fair.example")],
        ] {
            assert!(!is_cross_origin(&head(own)), "{own:?}");
        }
        for other in [
            &[("sec-fetch-site", "same-site"), ("host", "fair.example")][..],
            &[("host", "fair.example"), ("origin", "https://evil.example")],
            &[("host", "fair.example"), ("origin", "null")],
        ] {
            assert!(is_cross_origin(&head(other)), "{other:?}");
        }
    }

    #[test]
    fn only_a_token_stands_in_for_the_cookie() {
        assert!(has_bearer(&head(&[("authorization", "bearer abc")])));
        for other in ["Basic abc", "Bearer", ""] {
            assert!(!has_bearer(&head(&[("authorization", other)])), "{other}");
        }
    }

    #[test]
    fn locations_are_absolute_under_the_known_origin() {
        let asked = head(&[("host", "192.168.1.5:8080")]);
        assert_eq!(absolute("https://fair.example", "/rooms/1/whip", &asked), "https://fair.example/rooms/1/whip");
        assert_eq!(absolute("http://localhost:8080", "/x", &asked), "http://192.168.1.5:8080/x");
    }
}
