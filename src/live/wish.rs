//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) over the media plane, for any stream: rooms and interviews mount it on their own paths.
//!
//! Who may publish or view is decided before these functions are called; from then on the session's unguessable id in its
//! URL is the right to change or end it, as the RFC has it. Deliberately absent: rooms, accounts.

use crate::ids::{SessionId, StreamId};
use crate::media::{Answer, Media, MediaError, PublishOptions, SessionKind, TrickleOutcome, ViewOptions};
use crate::web::{AppError, Result, Text};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Offers of browsers are 3 to 12 KB; fragments less.
pub const MAX_SDP: usize = 64 * 1024;
/// Seconds after which a client that met another publisher may try again.
pub(super) const RETRY_BUSY: u64 = 5;
/// Seconds after which a client may try again when the media plane is full or stopping.
const RETRY_FULL: u64 = 3;
/// Preflight answers are the same for a day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// `POST` to a WHIP endpoint: the offer becomes a publisher of `stream`. `endpoint` is the absolute URL that was posted to.
///
/// An older session makes way: it is the same person coming back, or a colleague taking over. A client that comes back by itself says
/// so, or two would take the place from each other for ever: with `If-Match` and its old session's etag it takes that one's place
/// only, with `If-None-Match: *` nobody's.
pub async fn publish(media: &Media, stream: StreamId, endpoint: &str, headers: &HeaderMap, body: &[u8]) -> Result<(SessionId, Response)> {
    let offer = read(headers, body, SDP)?;
    let answer = media.publish(stream, offer, place(headers)).await.map_err(refuse)?;
    Ok((answer.session, created(answer, endpoint)))
}

fn place(headers: &HeaderMap) -> PublishOptions {
    match comes_back(headers) {
        _ if headers.contains_key(header::IF_NONE_MATCH) => PublishOptions::Polite,
        None => PublishOptions::Replace,
        Some(etag) => PublishOptions::Return(etag.to_owned()),
    }
}

/// The etag of the session that a publisher comes back for.
pub fn comes_back(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).map(|v| tag(v.to_str().unwrap_or(""))).filter(|etag| *etag != "*")
}

/// `POST` to a WHEP endpoint: the offer becomes a viewer of `stream`, whether or not somebody publishes it yet.
pub async fn view(
    media: &Media,
    stream: StreamId,
    options: ViewOptions,
    endpoint: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(SessionId, Response)> {
    let offer = read(headers, body, SDP)?;
    let answer = media.view(stream, offer, options).await.map_err(refuse)?;
    Ok((answer.session, created(answer, endpoint)))
}

/// `PATCH` of a session: candidates (204) or an ICE restart (200).
pub async fn patch(
    media: &Media,
    stream: StreamId,
    kind: SessionKind,
    session: SessionId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response> {
    let fragment = read(headers, body, FRAGMENT)?;
    let etag = find(media, stream, kind, session).await?;
    let wanted = headers.get(header::IF_MATCH).ok_or(AppError::PreconditionRequired)?.to_str().unwrap_or("");
    let outcome = match tag(wanted) {
        "*" => media.restart_ice(session, fragment).await,
        known if known == etag => media.trickle(session, fragment).await,
        _ => return Err(AppError::PreconditionFailed),
    };
    Ok(match outcome.map_err(refuse)? {
        TrickleOutcome::Accepted => StatusCode::NO_CONTENT.into_response(),
        TrickleOutcome::Restarted { fragment, etag } => {
            let head = [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, quoted(&etag))];
            (StatusCode::OK, head, fragment).into_response()
        }
    })
}

/// Changes what a viewer gets, without a new offer.
pub async fn set_view(media: &Media, stream: StreamId, session: SessionId, options: ViewOptions) -> Result<Response> {
    find(media, stream, SessionKind::Viewer, session).await?;
    media.set_view(session, options).await.map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE` of a session.
pub async fn delete(media: &Media, stream: StreamId, kind: SessionKind, session: SessionId) -> Result<Response> {
    find(media, stream, kind, session).await?;
    if media.close(session).await { Ok(StatusCode::OK.into_response()) } else { Err(AppError::NotFound) }
}

/// `OPTIONS` of an endpoint or a session; also the answer to a browser's preflight.
pub async fn options() -> Response {
    let head = [
        (HeaderName::from_static("accept-post"), HeaderValue::from_static(SDP)),
        (HeaderName::from_static("accept-patch"), HeaderValue::from_static(FRAGMENT)),
        (header::ALLOW, HeaderValue::from_static("POST, PATCH, PUT, DELETE, OPTIONS")),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, PATCH, PUT, DELETE, OPTIONS")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, If-Match, If-None-Match")),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, head).into_response()
}

/// Lets scripts of other sites use the endpoints with a bearer token, never with this site's cookies.
pub async fn cross_origin(request: Request, next: Next) -> Response {
    let head = request.headers();
    let acts_by_cookie = head.contains_key(header::COOKIE) && !head.contains_key(header::AUTHORIZATION);
    let refused = request.method() != Method::OPTIONS && acts_by_cookie && is_cross_origin(head);
    let mut response = if refused { AppError::Forbidden(Text("live-cross-site")).into_response() } else { next.run(request).await };
    let head = response.headers_mut();
    head.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    head.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link, Retry-After, Accept-Post, Accept-Patch"),
    );
    response
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

/// The session's etag, if it is one of this stream and kind.
async fn find(media: &Media, stream: StreamId, kind: SessionKind, session: SessionId) -> Result<String> {
    let info = media.session(session).await.filter(|i| i.stream == stream && i.kind == kind);
    info.map(|i| i.etag).ok_or(AppError::NotFound)
}

fn read<'a>(headers: &HeaderMap, body: &'a [u8], wanted: &str) -> Result<&'a str> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case(wanted)) {
        return Err(AppError::UnsupportedMediaType);
    }
    if body.len() > MAX_SDP {
        return Err(AppError::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| AppError::BadRequest(Text("live-bad-offer")))?;
    if text.trim().is_empty() { Err(AppError::BadRequest(Text("live-bad-offer"))) } else { Ok(text) }
}

fn created(answer: Answer, endpoint: &str) -> Response {
    let head = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, format!("{endpoint}/{}", answer.session)),
        (header::ETAG, quoted(&answer.etag)),
        (HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::CREATED, head, answer.sdp).into_response()
}

fn refuse(error: MediaError) -> AppError {
    match error {
        MediaError::BadOffer(reason) => {
            tracing::debug!(reason, "an offer was refused");
            AppError::BadRequest(Text("live-bad-offer"))
        }
        MediaError::NoCommonCodec => AppError::NotAcceptable,
        MediaError::Unsupported(what) => {
            tracing::debug!(what, "an offer asks for what is not supported");
            AppError::Unprocessable(Text("live-unsupported"))
        }
        MediaError::UnknownSession => AppError::NotFound,
        MediaError::StreamBusy => AppError::Busy(Text("live-busy"), RETRY_BUSY),
        MediaError::Overloaded | MediaError::Stopped => AppError::Overloaded(RETRY_FULL),
    }
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// The tag in an `If-Match`, without quotes; compression may have marked it as weak.
fn tag(value: &str) -> &str {
    value.trim().trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a_body_must_be_text_of_the_right_type() {
        let sdp = head(&[("content-type", "Application/SDP; charset=utf-8")]);
        assert_eq!(read(&sdp, b"v=0\r\n", SDP).expect("fine"), "v=0\r\n");
        assert!(matches!(read(&sdp, b"v=0", FRAGMENT), Err(AppError::UnsupportedMediaType)));
        assert!(matches!(read(&HeaderMap::new(), b"v=0", SDP), Err(AppError::UnsupportedMediaType)));
        for bad in [&b""[..], b" \r\n", b"v=\xff"] {
            assert!(matches!(read(&sdp, bad, SDP), Err(AppError::BadRequest(_))));
        }
        assert!(matches!(read(&sdp, &[b'v'; MAX_SDP + 1], SDP), Err(AppError::TooLarge)));
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
    fn locations_are_absolute_under_the_known_origin() {
        let asked = head(&[("host", "192.168.1.5:8080")]);
        assert_eq!(absolute("https://fair.example", "/rooms/1/whip", &asked), "https://fair.example/rooms/1/whip");
        assert_eq!(absolute("http://localhost:8080", "/x", &asked), "http://192.168.1.5:8080/x");
    }

    #[test]
    fn who_comes_back_says_whose_place_it_takes() {
        assert_eq!(place(&HeaderMap::new()), PublishOptions::Replace);
        assert_eq!(place(&head(&[("if-match", "\"abc\"")])), PublishOptions::Return("abc".to_owned()));
        assert_eq!(place(&head(&[("if-none-match", "*")])), PublishOptions::Polite);
    }

    #[test]
    fn tags_are_compared_without_their_quotes() {
        assert_eq!((tag("\"abc\""), tag("W/\"abc\""), tag("\"*\""), tag("*")), ("abc", "abc", "*", "*"));
    }
}
