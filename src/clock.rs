//! Time, injected: nothing else in the crate asks the system for the time of day.
//!
//! Instants are UTC milliseconds since 1970 (`Millis`), as stored. Tests hold a [`Clock::manual`] and move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// UTC milliseconds since the Unix epoch.
pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// `at` for the `datetime` of a `<time>`, such as `2027-02-20T01:30:00Z`.
pub fn iso(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A source of the present time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is moved.
    pub fn manual(now: Millis) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now))))
    }

    pub fn now(&self) -> Millis {
        match &self.0 {
            Some(at) => at.load(Ordering::Acquire),
            None => jiff::Timestamp::now().as_millisecond(),
        }
    }

    /// Moves a manual clock forward; a system clock cannot be moved.
    pub fn advance(&self, by: Millis) {
        if let Some(at) = &self.0 {
            at.fetch_add(by, Ordering::AcqRel);
        }
    }
}
