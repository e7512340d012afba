//! Time at work on the lines: unanswered calls, people who are away, talks that are over or go on. And the time that nobody watched.

use super::line::Stage;
use super::moves::ENTER;
use super::timer::{AtEnd, at_end};
use super::{Queue, Site, store};
use crate::clock::{HOUR, MINUTE, Millis, SECOND};
use crate::ids::{InterviewId, PlaceId, RoomId};
use crate::interviews::Standing;
use crate::web::Result;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a server notes that it watches.
const NOTE: Millis = 20 * SECOND;
/// Not noted for this long: the server was down or asleep, or its clock was set. Nobody could be seen meanwhile.
const UNWATCHED: Millis = MINUTE;
/// A call that both have left is over after this long: a dropped network comes back sooner, and the recruiter must not count as busy for ever.
const EMPTY: Millis = 3 * MINUTE;

impl Queue {
    /// Looks at the lines every few seconds and tells what moved, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        tokio::join!(self.keep_looking(&token), self.tell_news(&token));
    }

    async fn keep_looking(&self, token: &CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(3));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.look().await {
                tracing::error!(?error, "the lines");
            }
        }
    }

    /// Does what is due in all lines.
    pub async fn look(&self) -> Result<()> {
        if !store::any(self.db().read()).await? {
            return Ok(());
        }
        self.watch().await?;
        self.deliver_due().await?;
        for room in store::due(self.db().read(), self.now()).await? {
            self.change(Site { room, owner: None }, |_, _| Ok(())).await?;
            self.look_at_talks(room).await?;
        }
        Ok(())
    }

    /// Notes now and then that somebody watches. After a time that nobody did, and after a leap of the clock in whichever direction, the
    /// times of all open places go along, so that neither an outage nor a wrong clock costs anybody a place.
    pub(super) async fn watch(&self) -> Result<()> {
        if self.is_watched() {
            return Ok(());
        }
        let _alone = self.watching.lock().await;
        if self.is_watched() {
            return Ok(());
        }
        let now = self.now();
        let before = store::watched_at(self.db().read()).await?;
        // A little back is the order of tasks and servers, not the clock.
        let gap = before.map(|at| now - at).filter(|gap| !(-UNWATCHED..UNWATCHED).contains(gap)).unwrap_or(0);
        store::watch(self.db(), before, now, gap).await?;
        self.watched.store(now, Ordering::Release);
        Ok(())
    }

    fn is_watched(&self) -> bool {
        (-UNWATCHED..NOTE).contains(&(self.now() - self.watched.load(Ordering::Acquire)))
    }

    async fn look_at_talks(&self, room: RoomId) -> Result<()> {
        let now = self.now();
        let line = store::line(self.db().read(), room, now).await?.line;
        let waiting = line.waiting().len();
        // What ended elsewhere must not be remembered for ever; nothing is empty for hours.
        self.empty.retain(|_, since| (0..HOUR).contains(&(now - *since)));
        for place in &line.places {
            let Stage::Talking { by, since, interview } = place.stage else { continue };
            let Some(talk) = self.interviews.standing(interview).await? else { continue };
            let entered = talk.seeker_came && talk.recruiter_came;
            if entered && !talk.empty {
                // Whoever talks is not away from other lines.
                store::spare(self.db().write(), place.seeker, now).await?;
            }
            if !entered && now - since >= ENTER {
                self.strand(room, place.id, talk).await?;
                self.interviews.finish(interview).await?;
            } else if talk.over || self.is_deserted(interview, talk.empty, now) {
                let is_it = |stage| matches!(stage, Stage::Talking { interview: id, .. } if id == interview);
                let site = Site { room, owner: None };
                self.change(site, |line, now| match line.with(by).map(|p| p.stage) {
                    Some(stage) if is_it(stage) => line.finish(by, now).map(|_| ()),
                    _ => Ok(()),
                })
                .await?;
                self.interviews.finish(interview).await?;
            } else if entered && at_end(since, talk.until, waiting, now) == AtEnd::Lengthen {
                self.interviews.lengthen(interview).await?;
            }
        }
        Ok(())
    }

    /// Whether nobody has been in the call for long.
    fn is_deserted(&self, call: InterviewId, empty: bool, now: Millis) -> bool {
        if !empty {
            self.empty.remove(&call);
            return false;
        }
        now - *self.empty.entry(call).or_insert(now) >= EMPTY
    }

    async fn strand(&self, room: RoomId, place: PlaceId, talk: Standing) -> Result<()> {
        let site = Site { room, owner: None };
        self.change(site, |line, now| {
            line.strand(place, talk.seeker_came, talk.recruiter_came, now);
            Ok(())
        })
        .await
    }
}
