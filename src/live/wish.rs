//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-04) over the media plane, for any stream: rooms, interviews and the network test mount it on
//! their own paths. `docs/protocol.md` has the table of requests and answers, and where we chose.
//!
//! Who may publish or view is decided before these functions are called; from then on the session's unguessable id in its
//! URL is the right to change or end it, as the RFC has it. Deliberately absent: rooms, accounts, counter-offers (a viewer that can
//! decode what we forward has offered it), and protocol extensions.

mod origin;

pub use origin::{absolute, cross_origin};

use crate::ids::{SessionId, StreamId};
use crate::media::{
    Answer, Media, MediaError, PublishOptions, Seat, SeatWanted, SessionKind, Slot, Transport, TrickleOutcome, ViewOptions,
};
use crate::web::{AppError, Result, Text};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const SDP: &str = "application/sdp";
/// Ours: tells a publisher its seat.
const SEAT: HeaderName = HeaderName::from_static("seat");
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Offers of browsers are 3 to 12 KB; fragments less.
pub const MAX_SDP: usize = 64 * 1024;
/// Seconds after which a client that met another publisher may try again.
pub(super) const RETRY_BUSY: u64 = 5;
/// Seconds after which a client may try again when the media plane is full or stopping.
const RETRY_FULL: u64 = 3;
/// Connections that are traced at the same time.
const TRACES: usize = 16;

/// The protocol over one media plane; cheap to clone.
#[derive(Clone)]
pub struct Wish {
    pub media: Media,
    origin: Arc<str>,
    /// STUN and TURN servers for clients that cannot reach us otherwise, as values of `Link`.
    ice_servers: Arc<[HeaderValue]>,
    /// Places for traces that run at the same time.
    traces: Arc<Semaphore>,
}

/// How long a connection is to be traced.
#[derive(Deserialize)]
pub struct TraceLength {
    seconds: Option<u64>,
}

/// What was sent to an endpoint or a session.
pub struct Posted {
    path: String,
    pub headers: HeaderMap,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
            _ => AppError::BadRequest(Text("live-bad-offer")),
        })?;
        Ok(Self { path, headers, body })
    }
}

impl Posted {
    fn text(&self, wanted: &str) -> Result<&str> {
        read(&self.headers, &self.body, wanted)
    }

    /// An offer, from somebody who can read the answer.
    fn offer(&self) -> Result<&str> {
        let offer = self.text(SDP)?;
        if accepts(&self.headers, SDP) { Ok(offer) } else { Err(AppError::NotAcceptable) }
    }

    /// The etag of the session that a publisher comes back for.
    pub fn comes_back(&self) -> Option<&str> {
        comes_back(&self.headers)
    }
}

impl Wish {
    /// `ice_servers`: links as RFC 9725, section 4.6, writes them; a value that is no header is left out.
    pub fn new(media: Media, origin: &str, ice_servers: &[String]) -> Self {
        let ice_servers = ice_servers.iter().filter_map(|link| HeaderValue::from_str(link).ok()).collect();
        Self { media, origin: origin.into(), ice_servers, traces: Arc::new(Semaphore::new(TRACES)) }
    }

    /// `POST` to a WHIP endpoint: the offer becomes the publisher of `stream`.
    pub async fn publish(&self, stream: StreamId, posted: &Posted) -> Result<(SessionId, Response)> {
        let (session, _, response) = self.publish_at(stream, SeatWanted::At(Seat::HOST), posted).await?;
        Ok((session, response))
    }

    /// The same for any seat, the host's or one beside it.
    ///
    /// An older session in the host's seat makes way: it is the same person coming back, or a colleague taking over. A client that comes back by
    /// itself says so, or two would take the place from each other for ever: with `If-Match` and its old session's etag it takes that one's
    /// place only, with `If-None-Match: *` nobody's. Nobody is driven from the other seats.
    pub async fn publish_at(&self, stream: StreamId, seat: SeatWanted, posted: &Posted) -> Result<(SessionId, Seat, Response)> {
        let answer = self.media.publish_at(stream, seat, posted.offer()?, place(&posted.headers, seat)).await.map_err(refuse)?;
        Ok((answer.session, answer.seat.unwrap_or_default(), self.created(answer, posted)))
    }

    /// The same for a seat that is one person's own: whatever they come with takes the place of what they had there.
    pub async fn publish_in(&self, stream: StreamId, seat: Seat, posted: &Posted) -> Result<(SessionId, Response)> {
        let options = place(&posted.headers, SeatWanted::At(Seat::HOST));
        let answer = self.media.publish_at(stream, SeatWanted::At(seat), posted.offer()?, options).await.map_err(refuse)?;
        Ok((answer.session, self.created(answer, posted)))
    }

    /// `POST` to a WHEP endpoint: the offer becomes a viewer of `stream`, whether or not somebody publishes it yet.
    pub async fn view(&self, stream: StreamId, options: ViewOptions, posted: &Posted) -> Result<(SessionId, Response)> {
        let answer = self.media.view(stream, posted.offer()?, options).await.map_err(refuse)?;
        Ok((answer.session, self.created(answer, posted)))
    }

    /// The same by one transport alone, for a test of it: the answer names no other way.
    pub async fn view_by(&self, stream: StreamId, transport: Transport, posted: &Posted) -> Result<(SessionId, Response)> {
        let mut answer = self.media.view(stream, posted.offer()?, ViewOptions::default()).await.map_err(refuse)?;
        let Some(narrow) = self.media.only(&answer.sdp, transport) else {
            self.media.close(answer.session).await;
            return Err(AppError::NotFound);
        };
        answer.sdp = narrow;
        Ok((answer.session, self.created(answer, posted)))
    }

    /// Where browsers reach this server, without a trailing slash.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn created(&self, answer: Answer, posted: &Posted) -> Response {
        let endpoint = absolute(&self.origin, &posted.path, &posted.headers);
        let head = [
            (header::CONTENT_TYPE, SDP.to_owned()),
            (header::LOCATION, format!("{endpoint}/{}", answer.session)),
            (header::ETAG, quoted(&answer.etag)),
            (HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        let mut response = (StatusCode::CREATED, head, answer.sdp).into_response();
        if let Some(seat) = answer.seat {
            response.headers_mut().insert(SEAT, HeaderValue::from(u16::from(seat.number())));
        }
        for link in self.ice_servers.iter() {
            response.headers_mut().append(header::LINK, link.clone());
        }
        response
    }

    /// `PATCH` of a session: candidates (204) or an ICE restart (200).
    pub async fn patch(&self, stream: StreamId, kind: SessionKind, session: SessionId, posted: &Posted) -> Result<Response> {
        let etag = self.find(stream, kind, session).await?;
        let fragment = posted.text(FRAGMENT)?;
        let wanted = posted.headers.get(header::IF_MATCH).ok_or(AppError::PreconditionRequired)?.to_str().unwrap_or("");
        let outcome = match condition(wanted, &etag) {
            Condition::Any => self.media.restart_ice(session, fragment).await,
            Condition::Met => self.media.trickle(session, fragment).await,
            Condition::Failed => return Err(AppError::PreconditionFailed),
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
    pub async fn set_view(&self, stream: StreamId, session: SessionId, options: ViewOptions) -> Result<Response> {
        self.find(stream, SessionKind::Viewer, session).await?;
        self.media.set_view(session, options).await.map_err(refuse)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    /// What a viewer gets: whether its network carries the picture, and whose sound or picture is in which section.
    pub async fn view_state(&self, stream: StreamId, session: SessionId) -> Result<Response> {
        let info = self.media.session(session).await.filter(|i| i.stream == stream && i.kind == SessionKind::Viewer);
        let info = info.ok_or(AppError::NotFound)?;
        let slot = |slot: &Slot| serde_json::json!({ "mid": slot.mid, "seat": slot.seat.number() });
        let body = serde_json::json!({ "paused": info.paused, "slots": info.slots.iter().map(slot).collect::<Vec<_>>() });
        Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
    }

    /// A trace of a viewer's connection from now on, as qlog in a sequence of JSON texts (RFC 7464); ends with the session.
    pub async fn trace(&self, stream: StreamId, session: SessionId, length: TraceLength) -> Result<Response> {
        self.find(stream, SessionKind::Viewer, session).await?;
        let place = Arc::clone(&self.traces).try_acquire_owned().map_err(|_| AppError::Overloaded(RETRY_FULL))?;
        let events = self.media.trace(session).await.map_err(refuse)?;
        let ends = tokio::time::Instant::now() + Duration::from_secs(length.seconds.unwrap_or(10).min(60));
        let header = serde_json::json!({
            "file_schema": "urn:ietf:params:qlog:file:sequential",
            "serialization_format": "application/qlog+json-seq",
            "trace": { "vantage_point": { "type": "server" }, "common_fields": { "time_format": "relative_to_epoch" } },
        });
        let first = stream::once(std::future::ready(record(&header)));
        let rest = stream::unfold((events, place), move |(mut events, place)| async move {
            let traced = tokio::time::timeout_at(ends, events.recv()).await.ok().flatten()?;
            Some((record(&traced), (events, place)))
        });
        let head = [(header::CONTENT_TYPE, "application/qlog+json-seq"), (header::CACHE_CONTROL, "no-store")];
        Ok((head, Body::from_stream(first.chain(rest).map(Ok::<_, std::convert::Infallible>))).into_response())
    }

    /// `DELETE` of a session; conditions are not looked at.
    pub async fn delete(&self, stream: StreamId, kind: SessionKind, session: SessionId) -> Result<Response> {
        self.find(stream, kind, session).await?;
        if self.media.close(session).await { Ok(StatusCode::OK.into_response()) } else { Err(AppError::NotFound) }
    }

    /// `GET` and `HEAD` of a session: nothing, as long as it lasts.
    pub async fn is_there(&self, stream: StreamId, kind: SessionKind, session: SessionId) -> Result<Response> {
        self.find(stream, kind, session).await?;
        Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
    }

    /// The session's etag, if it is one of this stream and kind.
    async fn find(&self, stream: StreamId, kind: SessionKind, session: SessionId) -> Result<String> {
        let info = self.media.session(session).await.filter(|i| i.stream == stream && i.kind == kind);
        info.map(|i| i.etag).ok_or(AppError::NotFound)
    }
}

/// `GET` and `HEAD` of an endpoint: no content, but of the type by which players find out what the URL is (WHEP, section 4.2).
pub fn endpoint() -> Response {
    ([(header::CONTENT_TYPE, SDP), (header::CACHE_CONTROL, "no-store")], ()).into_response()
}

/// `OPTIONS` of an endpoint. What a browser's preflight asks for is added by [`cross_origin`].
pub async fn endpoint_options() -> Response {
    (StatusCode::OK, [(header::ALLOW, "GET, HEAD, POST, OPTIONS")]).into_response()
}

/// `OPTIONS` of a session.
pub async fn session_options() -> Response {
    (StatusCode::OK, [(header::ALLOW, "GET, HEAD, PATCH, DELETE, OPTIONS")]).into_response()
}

/// `OPTIONS` of a viewer's wishes.
pub async fn view_options() -> Response {
    (StatusCode::OK, [(header::ALLOW, "PUT, OPTIONS")]).into_response()
}

fn place(headers: &HeaderMap, seat: SeatWanted) -> PublishOptions {
    match comes_back(headers) {
        _ if headers.contains_key(header::IF_NONE_MATCH) => PublishOptions::Polite,
        None if seat != SeatWanted::At(Seat::HOST) => PublishOptions::Polite,
        None => PublishOptions::Replace,
        Some(etag) => PublishOptions::Return(etag.to_owned()),
    }
}

fn comes_back(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).map(|v| tag(v.to_str().unwrap_or(""))).filter(|etag| *etag != "*")
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

/// Whether a client takes answers of a type. Weights do not matter where there is one type only, but for a weight of nothing.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let family = wanted.split('/').next().unwrap_or_default();
    let taken = |range: &str| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let name = name.trim().to_ascii_lowercase();
        let weight = parameters.split(';').find_map(|p| p.trim().strip_prefix("q=")).and_then(|q| q.trim().parse::<f32>().ok());
        (name == wanted || name == "*/*" || name.strip_suffix("/*") == Some(family)) && weight.is_none_or(|q| q > 0.0)
    };
    let mut given = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).filter(|v| !v.trim().is_empty()).peekable();
    given.peek().is_none() || given.any(|value| value.split(',').any(taken))
}

fn refuse(error: MediaError) -> AppError {
    let offer = |status, text, reason: String| AppError::Offer { status, text, reason };
    match error {
        MediaError::BadOffer(reason) => offer(StatusCode::BAD_REQUEST, Text("live-bad-offer"), reason),
        // In WHEP 406 is a counter-offer, so it stands for nothing else (section 4.3.2); in WHIP 422 is asked for (section 4.4.3).
        MediaError::NoCommonCodec => offer(StatusCode::UNPROCESSABLE_ENTITY, Text("live-no-codec"), error.to_string()),
        MediaError::Unsupported(_) => offer(StatusCode::UNPROCESSABLE_ENTITY, Text("live-unsupported"), error.to_string()),
        MediaError::UnknownSession => AppError::NotFound,
        MediaError::StreamBusy => AppError::Busy(Text("live-busy"), RETRY_BUSY),
        MediaError::Overloaded | MediaError::Stopped => AppError::Overloaded(RETRY_FULL),
    }
}

/// One text of a sequence (RFC 7464).
fn record(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = vec![0x1e];
    // What is written here is of our own types, which have no keys that are not strings.
    text.extend(serde_json::to_vec(value).unwrap_or_default());
    text.push(b'\n');
    text
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// The tag in an `If-Match`, without quotes; compression on the way may have marked it as weak.
fn tag(value: &str) -> &str {
    value.trim().trim_start_matches("W/").trim_matches('"')
}

/// What an `If-Match` says of a session.
#[derive(Debug, PartialEq, Eq)]
enum Condition {
    /// `*`, as an ICE restart is sent; RFC 9725's examples have it in quotes.
    Any,
    Met,
    Failed,
}

fn condition(wanted: &str, etag: &str) -> Condition {
    if tag(wanted) == "*" {
        return Condition::Any;
    }
    if wanted.split(',').any(|one| tag(one) == etag) { Condition::Met } else { Condition::Failed }
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
    fn whoever_cannot_read_an_answer_gets_none() {
        assert!(accepts(&HeaderMap::new(), SDP));
        for fine in ["*/*", "application/sdp", "text/html, Application/SDP;q=0.1", "application/*", "", "text/html,*/*;q=0.8"] {
            assert!(accepts(&head(&[("accept", fine)]), SDP), "{fine}");
        }
        for not in ["text/html", "application/json", "application/sdp;q=0", "image/*"] {
            assert!(!accepts(&head(&[("accept", not)]), SDP), "{not}");
        }
    }

    #[test]
    fn who_comes_back_says_whose_place_it_takes() {
        let host = SeatWanted::At(Seat::HOST);
        assert_eq!(place(&HeaderMap::new(), host), PublishOptions::Replace);
        assert_eq!(place(&HeaderMap::new(), SeatWanted::Next), PublishOptions::Polite);
        for seat in [host, SeatWanted::Next] {
            assert_eq!(place(&head(&[("if-match", "\"abc\"")]), seat), PublishOptions::Return("abc".to_owned()));
            assert_eq!(place(&head(&[("if-none-match", "*")]), seat), PublishOptions::Polite);
        }
    }

    #[test]
    fn conditions_name_the_ice_session_or_any() {
        for any in ["*", "\"*\"", " * "] {
            assert_eq!(condition(any, "abc"), Condition::Any, "{any}");
        }
        for met in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\""] {
            assert_eq!(condition(met, "abc"), Condition::Met, "{met}");
        }
        for failed in ["", "\"x\"", "\"abcd\""] {
            assert_eq!(condition(failed, "abc"), Condition::Failed, "{failed}");
        }
    }
}
