//! Who is in a call: whoever passed its door lately and has not left. In memory only, as presence is. Recording asks for it.

use crate::clock::{Millis, SECOND};
use crate::ids::{AccountId, InterviewId, StreamId};
use crate::interviews::{Interview, Interviews, Party};
use crate::media::Seat;
use crate::web::Result;
use dashmap::DashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::broadcast;

/// A phone whose screen is off says seldom that it is there, and is heard all the same.
const GONE_AFTER: Millis = 20 * SECOND;
/// Past this many calls the forgotten ones are swept out.
const SWEEP_AT: usize = 512;
/// News that wait for a slow listener, who then looks at everything.
const NEWS: usize = 256;

/// Somebody in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    pub person: AccountId,
    pub party: Party,
}

/// Where the sound and picture of somebody in a call are on the media plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Feed {
    pub person: AccountId,
    pub stream: StreamId,
    /// Of a stream that several share.
    pub seat: Option<Seat>,
}

type People = BTreeMap<AccountId, (Party, Millis)>;

#[derive(Clone)]
pub(super) struct Around {
    calls: Arc<DashMap<InterviewId, People>>,
    arrivals: broadcast::Sender<(InterviewId, AccountId)>,
}

impl Default for Around {
    fn default() -> Self {
        Self { calls: Arc::default(), arrivals: broadcast::channel(NEWS).0 }
    }
}

impl Around {
    /// Notes that somebody is there; tells if they have just come.
    pub(super) fn note(&self, call: InterviewId, person: AccountId, party: Party, now: Millis) {
        if self.calls.len() > SWEEP_AT {
            self.calls.retain(|_, people| people.values().any(|(_, at)| now - at < GONE_AFTER));
        }
        let before = self.calls.entry(call).or_default().insert(person, (party, now));
        if before.is_none_or(|(_, at)| now - at >= GONE_AFTER) {
            let _ = self.arrivals.send((call, person));
        }
    }

    pub(super) fn leave(&self, call: InterviewId, person: AccountId) {
        if let Some(mut people) = self.calls.get_mut(&call) {
            people.remove(&person);
        }
    }

    fn present(&self, call: InterviewId, now: Millis) -> Vec<Present> {
        let Some(people) = self.calls.get(&call) else { return Vec::new() };
        let mut fresh: Vec<_> = people.iter().filter(|(_, (_, at))| now - at < GONE_AFTER).collect();
        fresh.sort_by_key(|(_, (_, at))| *at);
        fresh.into_iter().map(|(person, (party, _))| Present { person: *person, party: *party }).collect()
    }
}

impl Interviews {
    /// Everybody in a call, whoever was heard of last at the end.
    pub fn present(&self, id: InterviewId) -> Vec<Present> {
        self.calls.around.present(id, self.now())
    }

    /// Whoever comes into a call from now on.
    pub fn arrivals(&self) -> broadcast::Receiver<(InterviewId, AccountId)> {
        self.calls.around.arrivals.subscribe()
    }

    /// What each of those present sends of their camera and microphone.
    pub fn feeds(&self, interview: &Interview) -> Vec<Feed> {
        let inside = self.present(interview.id);
        let seated = self.calls.presence.people(interview.id, self.now());
        let seated = seated.into_iter().filter(|one| inside.iter().any(|other| other.person == one.who.person));
        seated.map(|one| Feed { person: one.who.person, stream: interview.stream(), seat: Some(one.seat) }).collect()
    }

    /// An interview whoever asks: for jobs, never for a request.
    pub async fn find(&self, id: InterviewId) -> Result<Option<Interview>> {
        Ok(super::super::store::interview(self.db().read(), id).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_told_of_once_until_they_are_gone() {
        let (around, call, person) = (Around::default(), InterviewId::new(), AccountId::new());
        let mut news = around.arrivals.subscribe();
        around.note(call, person, Party::Seeker, 0);
        around.note(call, person, Party::Seeker, 5);
        assert_eq!((news.try_recv(), news.try_recv().is_err()), (Ok((call, person)), true));
        assert_eq!(around.present(call, 6), [Present { person, party: Party::Seeker }]);
        assert!(around.present(call, 5 + GONE_AFTER).is_empty());
        around.note(call, person, Party::Seeker, 5 + GONE_AFTER);
        assert!(news.try_recv().is_ok(), "came back");
        around.leave(call, person);
        assert!(around.present(call, 6 + GONE_AFTER).is_empty());
    }
}
