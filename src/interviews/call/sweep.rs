//! Ends what must end: the media of calls that are over or were cancelled, of people who lost the role or the session's right to be there, of
//! seekers who are before the door. It also keeps the books on connections.
//!
//! Whoever changes such a thing need not know of calls; at most two seconds later nothing of it flows.

use super::door::Door;
use super::hub::Told;
use crate::ids::{AccountId, InterviewId};
use crate::interviews::{Interview, Interviews, store};
use crate::media::MediaEvent;
use crate::web::Result;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(2);

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
        let mut last: Option<Interview> = None;
        for (call, person) in self.calls.presence.connected() {
            if last.as_ref().is_none_or(|interview| interview.id != call) {
                last = match store::interview(self.db().read(), call).await {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::error!(%error, "calls that may be over");
                        return;
                    }
                };
            }
            match self.may_stay(last.as_ref(), person).await {
                Ok(true) => {}
                Ok(false) => self.put_out(call, person).await,
                Err(error) => tracing::error!(?error, "calls that may be over"),
            }
        }
        self.forget_unconnected().await;
    }

    async fn may_stay(&self, interview: Option<&Interview>, person: AccountId) -> Result<bool> {
        let Some(interview) = interview else { return Ok(false) };
        let now = self.now();
        if !interview.state(now).is_open(interview.starts_at, now) {
            return Ok(false);
        }
        if person == interview.seeker_id {
            return Ok(self.door(interview).await? == Door::In);
        }
        Ok(self.accounts().roles_of(person).await?.recruits_for(interview.employer_id))
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
