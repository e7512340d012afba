//! The captions of a room: the last two lines of what is said, told to everybody at most twice a second, and forgotten. Decisions only.

use crate::ids::AccountId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What stands over a picture.
const LINES: usize = 2;
/// Between two frames: reading is slower than this anyway.
const EVERY: Duration = Duration::from_millis(500);
/// Whoever comes later than this has missed it, and so has everybody else.
const SHOWN: Duration = Duration::from_secs(15);

/// A line that somebody says. The same number of the same person again is the same line, gone on or mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    pub by: AccountId,
    pub line: Option<u64>,
    pub text: String,
}

#[derive(Default)]
pub(super) struct Captions {
    lines: VecDeque<Spoken>,
    said: Option<Instant>,
    told: Option<Instant>,
    waits: bool,
}

impl Captions {
    pub(super) fn say(&mut self, now: Instant, spoken: Spoken) {
        let same = |other: &&mut Spoken| spoken.line.is_some() && other.by == spoken.by && other.line == spoken.line;
        match self.lines.iter_mut().find(same) {
            Some(line) => line.text = spoken.text,
            None => self.lines.push_back(spoken),
        }
        while self.lines.len() > LINES {
            self.lines.pop_front();
        }
        (self.said, self.waits) = (Some(now), true);
    }

    /// When they may be told, if there is anything to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waits.then(|| self.told.map_or_else(Instant::now, |told| told + EVERY))
    }

    /// What is to be told now.
    pub(super) fn take(&mut self, now: Instant) -> Arc<[String]> {
        (self.told, self.waits) = (Some(now), false);
        self.lines.iter().map(|line| line.text.clone()).collect()
    }

    /// Forgets what nobody reads any more; true if there was anything.
    pub(super) fn tire(&mut self, now: Instant) -> bool {
        if self.said.is_none_or(|said| now.saturating_duration_since(said) < SHOWN) {
            return false;
        }
        *self = Self { told: self.told, ..Self::default() };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(by: AccountId, line: u64, text: &str) -> Spoken {
        Spoken { by, line: Some(line), text: text.into() }
    }

    #[test]
    fn a_line_grows_in_its_place_and_the_oldest_makes_way() {
        let (mut captions, now) = (Captions::default(), Instant::now());
        let (host, colleague) = (AccountId::new(), AccountId::new());
        captions.say(now, spoken(host, 1, "包"));
        captions.say(now, spoken(colleague, 1, "对"));
        captions.say(now, spoken(host, 1, "包吃住"));
        assert_eq!(*captions.take(now), ["包吃住", "对"]);
        captions.say(now, spoken(host, 2, "白班"));
        assert_eq!(*captions.take(now), ["对", "白班"]);
        captions.say(now, Spoken { by: host, line: None, text: "月休四天".into() });
        captions.say(now, Spoken { by: host, line: None, text: "五险".into() });
        assert_eq!(*captions.take(now), ["月休四天", "五险"], "without a number each is a new one");
    }

    #[test]
    fn they_are_told_twice_a_second_at_most_and_forgotten() {
        let (mut captions, start) = (Captions::default(), Instant::now());
        let mut told = 0;
        for tenth in 0..100 {
            let now = start + Duration::from_millis(tenth * 100);
            captions.say(now, spoken(AccountId::from_uuid(uuid::Uuid::nil()), tenth, "字"));
            if captions.due().is_some_and(|due| due <= now) {
                captions.take(now);
                told += 1;
            }
        }
        assert!((19..=20).contains(&told), "{told} in ten seconds");
        let end = start + Duration::from_millis(9_900);
        assert!(!captions.tire(end + SHOWN - Duration::from_millis(1)));
        assert!(captions.tire(end + SHOWN) && captions.take(end).is_empty() && !captions.tire(end + SHOWN));
    }
}
