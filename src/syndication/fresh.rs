//! Answers that a program fetches again and again: how it knows that it has the newest, and how it is told so (RFC 9110, section 13).

use crate::clock::{HOUR, Millis};
use crate::keys::token_hash;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What tells one version of an answer from another.
pub(super) struct Fresh {
    /// The same meaning, if not the same bytes: what is on the way may compress it.
    etag: String,
    changed_at: Millis,
    /// Seconds for which nobody need ask again.
    max_age: u32,
}

impl Fresh {
    /// Of an answer that says what `parts` say. What has no time of change of its own, such as the name of an employer or a fair that is
    /// closed, counts as changed with the hour.
    pub(super) fn new(parts: &[&str], changed_at: Millis, now: Millis, max_age: u32) -> Self {
        let hour = now.div_euclid(HOUR) * HOUR;
        Self { etag: format!("W/\"{}\"", token_hash(&parts.join("\0"))), changed_at: changed_at.max(hour), max_age }
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).peekable();
        // A tag says it exactly; the time is for those who have none.
        if tags.peek().is_some() {
            return tags.flat_map(|list| list.split(',')).any(|tag| bare(tag) == bare(&self.etag) || tag.trim() == "*");
        }
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        let since = since.and_then(|text| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
        since.is_some_and(|since| since.as_second() >= self.changed_at.div_euclid(1_000))
    }

    /// `body` as `kind`, or that the asker has it.
    pub(super) fn answer(&self, headers: &HeaderMap, kind: &'static str, body: impl FnOnce() -> Body) -> Response {
        let changed = jiff::Timestamp::from_millisecond(self.changed_at).ok();
        let changed = changed.and_then(|at| jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok());
        let about = [
            (header::ETAG, self.etag.clone()),
            (header::LAST_MODIFIED, changed.unwrap_or_default()),
            (header::CACHE_CONTROL, format!("public, max-age={}", self.max_age)),
            // Readers in a browser are of other sites.
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
        ];
        if self.is_known(headers) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        (about, [(header::CONTENT_TYPE, kind)], body()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn who_has_the_newest_is_told_so_by_tag_or_by_time() {
        let fresh = Fresh::new(&["a"], 1_803_085_200_500, 0, 60);
        let with = |name: HeaderName, value: &str| HeaderMap::from_iter([(name, HeaderValue::from_str(value).expect("value"))]);
        let strong = fresh.etag.trim_start_matches("W/").to_owned();
        for tag in [fresh.etag.as_str(), &strong, &format!("\"x\", {strong}"), "*"] {
            assert!(fresh.is_known(&with(header::IF_NONE_MATCH, tag)), "{tag}");
        }
        for (time, known) in [("Sat, 20 Feb 2027 01:00:00 GMT", true), ("Sat, 20 Feb 2027 00:59:59 GMT", false), ("nonsense", false)] {
            assert_eq!(fresh.is_known(&with(header::IF_MODIFIED_SINCE, time)), known, "{time}");
        }
        let mut both = with(header::IF_NONE_MATCH, "\"other\"");
        both.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_static("Sat, 20 Feb 2027 02:00:00 GMT"));
        assert!(!fresh.is_known(&both) && !fresh.is_known(&HeaderMap::new()));
        assert_ne!(fresh.etag, Fresh::new(&["b"], 0, 0, 60).etag);
    }
}
