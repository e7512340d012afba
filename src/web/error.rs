//! One error for all handlers and one map to HTTP status.
//!
//! An error becomes an empty response that carries its [`Problem`]; the `render_problems` layer, which knows the request,
//! turns that into a page or into problem+json (RFC 9457). A 500 logs its cause and shows none.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;

pub type Result<T, E = AppError> = std::result::Result<T, E>;

/// The key of a Fluent text, as a type so that the build script finds every use: `Text("base-error-not-found")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(pub &'static str);

/// Messages beside form fields: field name to text key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub BTreeMap<&'static str, Text>);

impl Fields {
    /// One message.
    pub fn of(field: &'static str, text: Text) -> Self {
        let mut fields = Self::default();
        fields.add(field, text);
        fields
    }

    pub fn add(&mut self, field: &'static str, text: Text) {
        self.0.entry(field).or_insert(text);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The message key of `field`, for templates.
    pub fn get(&self, field: &str) -> Option<&'static str> {
        self.0.get(field).map(|text| text.0)
    }

    /// `Err` with all messages if there are any.
    pub fn check(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(AppError::Invalid(self)) }
    }
}

/// What can go wrong in a request.
#[derive(Debug)]
pub enum AppError {
    /// Absent, or not the viewer's to see: the two look alike.
    NotFound,
    /// Only for people who are signed in; pages send the viewer to the sign-in page and back.
    SignIn,
    /// A bearer token that is unknown, has expired or is for something else.
    BadToken,
    /// A bearer token for this very thing, but not for doing this with it; the word says what it would have to allow.
    Scope(&'static str),
    /// Something the viewer sees but may not do.
    Forbidden(Text),
    /// The request cannot be understood.
    BadRequest(Text),
    /// Fields are wrong; forms show the messages beside them.
    Invalid(Fields),
    /// Right in itself, but not in the present state.
    Conflict(Text),
    /// In somebody else's use; the number is seconds to wait.
    Busy(Text, u64),
    /// It was there once.
    Gone(Text),
    TooLarge,
    UnsupportedMediaType,
    NotAcceptable,
    /// Well-formed but not something this server does (RFC 9725 asks for 422).
    Unprocessable(Text),
    /// A media offer that cannot be taken, with the technical reason for whoever set the client up.
    Offer {
        status: StatusCode,
        text: Text,
        reason: String,
    },
    PreconditionRequired,
    PreconditionFailed,
    /// Too many requests; the number is seconds to wait.
    RateLimited(u64),
    /// No capacity now; the number is seconds to wait.
    Overloaded(u64),
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(error: E) -> Self {
        let error = error.into();
        match error.downcast_ref::<sqlx::Error>() {
            // No connection to the database became free in time: that passes, and the caller may try again.
            Some(sqlx::Error::PoolTimedOut) => Self::Overloaded(3),
            _ => Self::Internal(error),
        }
    }
}

/// What the rendering layer needs to know of an error.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) title: Text,
    pub(super) fields: Fields,
    pub(super) sign_in: bool,
    /// What a program's maker should know, in English.
    pub(super) reason: Option<String>,
}

impl AppError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn | Self::BadToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Scope(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Offer { status, .. } => *status,
            Self::Conflict(_) | Self::Busy(..) => StatusCode::CONFLICT,
            Self::Gone(_) => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// RFC 6750, section 3. Pages send people to the sign-in page instead.
    fn challenge(&self) -> Option<HeaderValue> {
        match self {
            Self::SignIn => Some(HeaderValue::from_static("Bearer realm=\"springbreeze\"")),
            Self::BadToken => Some(HeaderValue::from_static("Bearer realm=\"springbreeze\", error=\"invalid_token\"")),
            Self::Scope(wanted) => {
                HeaderValue::try_from(format!("Bearer realm=\"springbreeze\", error=\"insufficient_scope\", scope=\"{wanted}\"")).ok()
            }
            _ => None,
        }
    }

    fn title(&self) -> Text {
        match self {
            Self::Forbidden(text)
            | Self::BadRequest(text)
            | Self::Conflict(text)
            | Self::Busy(text, _)
            | Self::Gone(text)
            | Self::Unprocessable(text)
            | Self::Offer { text, .. } => *text,
            Self::BadToken => Text("base-error-token"),
            Self::Scope(_) => Text("base-error-token-scope"),
            Self::Invalid(_) => Text("base-error-invalid"),
            other => title_of(other.status()),
        }
    }
}

/// The general text of a status.
pub(super) fn title_of(status: StatusCode) -> Text {
    match status {
        StatusCode::NOT_FOUND => Text("base-error-not-found"),
        StatusCode::UNAUTHORIZED => Text("base-error-sign-in"),
        StatusCode::FORBIDDEN => Text("base-error-forbidden"),
        StatusCode::METHOD_NOT_ALLOWED => Text("base-error-method"),
        StatusCode::CONFLICT => Text("base-error-conflict"),
        StatusCode::PAYLOAD_TOO_LARGE => Text("base-error-too-large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Text("base-error-media-type"),
        StatusCode::TOO_MANY_REQUESTS => Text("base-error-rate"),
        StatusCode::SERVICE_UNAVAILABLE => Text("base-error-overloaded"),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Text("base-error-timeout"),
        status if status.is_server_error() => Text("base-error-internal"),
        _ => Text("base-error-bad-request"),
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::RateLimited(seconds) | Self::Overloaded(seconds) | Self::Busy(_, seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        let (title, sign_in, mut reason) = (self.title(), matches!(self, Self::SignIn), None);
        let fields = match self {
            Self::Invalid(fields) => fields,
            Self::Offer { reason: why, .. } => {
                tracing::debug!(why, "an offer was refused");
                reason = Some(why);
                Fields::default()
            }
            Self::Internal(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "request failed");
                Fields::default()
            }
            _ => Fields::default(),
        };
        response.extensions_mut().insert(Problem { title, fields, sign_in, reason });
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_database_is_no_fault_of_ours_but_a_reason_to_come_back() {
        assert_eq!(AppError::from(sqlx::Error::PoolTimedOut).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(AppError::from(sqlx::Error::RowNotFound).status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
