//! When a server that takes nothing now wants to be asked again (`Retry-After`, RFC 9110).

use crate::clock::{HOUR, Millis, SECOND};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// No server holds back messages for longer than this.
const MOST: Millis = HOUR;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    For(Millis),
    Until(Millis),
}

impl Pause {
    /// What an answer says, if it is of those that say such a thing.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return None;
        }
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // More digits than fit are a long time.
            return Some(Self::For(text.parse::<Millis>().map_or(MOST, |seconds| seconds.saturating_mul(SECOND))));
        }
        jiff::fmt::rfc2822::parse(text).ok().map(|at| Self::Until(at.timestamp().as_millisecond()))
    }

    /// How long it is from `now` on. `chance`, from 0 to 1, spreads those that were all told the same; nobody comes sooner than told.
    pub(super) fn wait(self, now: Millis, chance: f64) -> Millis {
        let told = match self {
            Self::For(wait) => wait,
            Self::Until(at) => at.saturating_sub(now),
        };
        let told = told.clamp(0, MOST);
        (told + (told as f64 * chance / 10.0) as Millis).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, text: &str) -> Option<Pause> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().expect("header"));
        Pause::of(StatusCode::from_u16(status).expect("status"), &headers)
    }

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        assert_eq!(read(429, "120"), Some(Pause::For(120 * SECOND)));
        assert_eq!(read(503, " 0 "), Some(Pause::For(0)));
        assert_eq!(read(503, "Sat, 20 Feb 2027 01:30:00 GMT"), Some(Pause::Until(1_803_087_000_000)));
        assert_eq!(read(429, "99999999999999999999999"), Some(Pause::For(MOST)));
        for nothing in ["", "-5", "soon", "1.5", "Sat, 99 Feb 2027 01:30:00 GMT"] {
            assert_eq!(read(429, nothing), None, "{nothing}");
        }
        assert_eq!((read(500, "120"), read(201, "120")), (None, None));
        assert_eq!(Pause::of(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()), None);
    }

    #[test]
    fn a_pause_is_kept_and_has_an_end() {
        assert_eq!(Pause::For(10 * SECOND).wait(5, 0.0), 10 * SECOND);
        assert_eq!(Pause::For(10 * SECOND).wait(5, 1.0), 11 * SECOND);
        assert_eq!((Pause::For(Millis::MAX).wait(0, 1.0), Pause::Until(Millis::MAX).wait(-5, 1.0)), (MOST, MOST));
        assert_eq!((Pause::Until(1_000).wait(400, 0.0), Pause::Until(1_000).wait(2_000, 1.0)), (600, 0), "a date that is past is now");
    }
}
