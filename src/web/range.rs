//! Which stretch of a file a browser asks for.

use axum::http::response::Builder;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::ops::Range;

/// A stretch was asked for that begins behind the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoSuchStretch;

/// The head of an answer with all or a stretch of a file, and which stretch its body is to be; the whole answer if there is no such stretch.
pub fn stretched(asked: Option<&str>, total: u64) -> Result<(Builder, Range<u64>), Box<Response>> {
    let all = Response::builder().header(header::ACCEPT_RANGES, "bytes");
    match range(asked, total) {
        Ok(None) => Ok((all.header(header::CONTENT_LENGTH, total), 0..total)),
        Ok(Some(part)) => {
            let said = format!("bytes {}-{}/{total}", part.start, part.end - 1);
            let head = all.status(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_LENGTH, part.end - part.start);
            Ok((head.header(header::CONTENT_RANGE, said), part))
        }
        Err(NoSuchStretch) => {
            let none = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            Err(Box::new((StatusCode::RANGE_NOT_SATISFIABLE, none).into_response()))
        }
    }
}

/// The stretch that a Range header asks for (RFC 9110, section 14.1.2): none if it asks for all, an error if there is no such stretch. Of several
/// stretches we answer with all, as one may.
fn range(header: Option<&str>, total: u64) -> Result<Option<Range<u64>>, NoSuchStretch> {
    let Some((first, last)) = header.and_then(|h| h.strip_prefix("bytes=")).and_then(|h| h.trim().split_once('-')) else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let found = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(total),
        (Some(first), None) if last.trim().is_empty() => first..total,
        (None, Some(count)) if first.trim().is_empty() && count > 0 => total.saturating_sub(count)..total,
        _ => return Ok(None),
    };
    if found.start < total { Ok(Some(found)) } else { Err(NoSuchStretch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        assert_eq!(range(None, 10), Ok(None));
        assert_eq!(range(Some("bytes=0-"), 10), Ok(Some(0..10)));
        assert_eq!(range(Some("bytes=2-3"), 10), Ok(Some(2..4)));
        assert_eq!(range(Some("bytes=2-300"), 10), Ok(Some(2..10)));
        assert_eq!(range(Some("bytes=-3"), 10), Ok(Some(7..10)));
        assert_eq!(range(Some("bytes=-30"), 10), Ok(Some(0..10)));
        assert_eq!(range(Some("bytes=10-"), 10), Err(NoSuchStretch));
        for whole in ["bytes=3-2", "bytes=-", "bytes=-0", "bytes=0-1,3-4", "bytes=x-2", "lines=1-2", "bytes=1-x"] {
            assert_eq!(range(Some(whole), 10), Ok(None), "{whole}");
        }
    }
}
