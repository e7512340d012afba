//! How many people are typing: a number for everybody, told when it changes. Pure, so that time can be made up.

use crate::ids::AccountId;
use std::collections::HashMap;
use tokio::time::{Duration, Instant};

/// A client says so every three seconds while somebody types; two of them may get lost.
const LASTS: Duration = Duration::from_secs(7);
/// More than this are "several": nobody reads how many, and a busy room need not be told each time.
const SEVERAL: u32 = 4;
/// People remembered: beyond "several" only so that one who stops does not end it.
const REMEMBERED: usize = 32;

#[derive(Default)]
pub(super) struct Typing {
    since: HashMap<AccountId, Instant>,
    told: u32,
}

impl Typing {
    pub(super) fn note(&mut self, account: AccountId, now: Instant) {
        if self.since.len() < REMEMBERED || self.since.contains_key(&account) {
            self.since.insert(account, now);
        }
    }

    /// What was typed has come.
    pub(super) fn sent(&mut self, account: AccountId) {
        self.since.remove(&account);
    }

    /// The number to be told, if it is another one than before.
    pub(super) fn changed(&mut self, now: Instant) -> Option<u32> {
        self.since.retain(|_, at| now.saturating_duration_since(*at) < LASTS);
        let count = u32::try_from(self.since.len()).unwrap_or(SEVERAL).min(SEVERAL);
        (std::mem::replace(&mut self.told, count) != count).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_when_it_changes_and_never_above_several() {
        let (mut typing, start) = (Typing::default(), Instant::now());
        let people: Vec<AccountId> = (0..100).map(|_| AccountId::new()).collect();
        assert_eq!(typing.changed(start), None);
        typing.note(people[0], start);
        typing.note(people[0], start);
        assert_eq!((typing.changed(start), typing.changed(start)), (Some(1), None));
        people.iter().for_each(|account| typing.note(*account, start));
        assert_eq!((typing.changed(start), typing.since.len()), (Some(SEVERAL), REMEMBERED));
        typing.sent(people[0]);
        assert_eq!(typing.changed(start), None, "still several");
        typing.note(people[1], start + LASTS / 2);
        assert_eq!(typing.changed(start + LASTS), Some(1));
        typing.sent(people[1]);
        assert_eq!(typing.changed(start + LASTS), Some(0));
    }
}
