//! Ends what must end: the media of calls that are over or were cancelled, of people who lost the role or the session's right to be there, of
//! seekers who are before the door. It also keeps the books on connections.
//!
//! Whoever changes such a thing need not know of calls; at most two seconds later nothing of it flows.

use super::door::{Door, Entry};
use super::hub::Told;
use super::store;
use crate::clock::Millis;
use crate::ids::{AccountId, InterviewId};
use crate::interviews::state::Facts;
use crate::interviews::{Interviews, Party, State};
use crate::media::MediaEvent;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(2);

/// What decides whether somebody may stay connected to a call.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Standing {
    pub(super) call: InterviewId,
    pub(super) person: AccountId,
    starts_at: Millis,
    until: Millis,
    seeker_id: AccountId,
    seeker_joined_at: Option<Millis>,
    employer_joined_at: Option<Millis>,
    ended_at: Option<Millis>,
    cancelled_at: Option<Millis>,
    absent: String,
    /// From a line.
    called: i64,
    came_at: Option<Millis>,
    admitted_at: Option<Millis>,
    sent_back_at: Option<Millis>,
    recruits: i64,
}

impl Standing {
    fn may_stay(&self, now: Millis) -> bool {
        let facts = Facts {
            ends_at: self.until,
            seeker_came: self.seeker_joined_at.is_some(),
            employer_came: self.employer_joined_at.is_some(),
            ended: self.ended_at.is_some(),
            cancelled: self.cancelled_at.is_some(),
            absent: Party::parse(&self.absent),
        };
        let (admitted_at, sent_back_at) = (self.admitted_at, self.sent_back_at);
        let entry = self.came_at.map(|came_at| Entry { came_at, admitted_at, sent_back_at });
        State::derive(facts, now).is_open(self.starts_at, now)
            && if self.person == self.seeker_id { Door::of(entry, self.called > 0) == Door::In } else { self.recruits > 0 }
    }
}

impl Interviews {
    /// Looks after the connections of calls until `token` ends.
    pub async fn run_calls(self, token: CancellationToken) {
        let mut events = self.live.media.events();
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => break,
                event = events.recv() => match event {
                    Ok(event) => self.happened(event),
                    Err(RecvError::Lagged(_)) => self.strike_out().await,
                    Err(RecvError::Closed) => break,
                },
                _ = tick.tick() => self.sweep().await,
            }
        }
        self.calls.over.cancel();
    }

    fn happened(&self, event: MediaEvent) {
        match event {
            MediaEvent::PublisherDown { session, .. } | MediaEvent::ViewerDown { session, .. } => {
                if let Some(link) = self.calls.presence.unlink(session)
                    && link.what != super::presence::What::View
                {
                    self.calls.hub.tell(link.call, Told::Changed);
                }
            }
            MediaEvent::LayersAsleep { session, names, .. } => {
                if let Some(link) = self.calls.presence.link_of(session) {
                    self.calls.hub.tell(link.call, Told::Asleep { person: link.person, session, names });
                }
            }
            MediaEvent::PublisherUp { .. } | MediaEvent::Speakers { .. } | MediaEvent::ViewerUp { .. } => {}
        }
    }

    /// Forgets connections whose end was missed.
    async fn strike_out(&self) {
        for session in self.calls.presence.of(|_| true) {
            if self.live.media.session(session).await.is_none() {
                self.calls.presence.unlink(session);
            }
        }
    }

    /// Ends what must end now.
    pub async fn sweep(&self) {
        let connected = self.calls.presence.connected();
        let standing = match store::standing(self.db().read(), &connected).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "calls that may be over");
                return;
            }
        };
        let now = self.now();
        let stay: HashSet<_> = standing.iter().filter(|one| one.may_stay(now)).map(|one| (one.call, one.person)).collect();
        for (call, person) in connected.into_iter().filter(|one| !stay.contains(one)) {
            self.put_out(call, person).await;
        }
        self.forget_unconnected().await;
    }

    async fn put_out(&self, call: InterviewId, person: AccountId) {
        self.calls.around.leave(call, person);
        for session in self.calls.presence.links(call, Some(person)) {
            self.live.media.close(session).await;
            self.calls.presence.unlink(session);
        }
        self.calls.hub.tell(call, Told::Changed);
    }

    /// A publisher that never connected says no goodbye.
    async fn forget_unconnected(&self) {
        for session in self.calls.presence.of(|link| link.what != super::presence::What::View) {
            if self.live.media.session(session).await.is_none() {
                self.calls.presence.unlink(session);
            }
        }
    }
}
