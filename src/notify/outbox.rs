//! The job that sends what waits in the outbox, with retries.
//!
//! Each channel has a lane of its own with several sends at once, so that a dead mail server holds up no text message. A lane claims a row, for
//! longer than a send can take, by a conditional UPDATE: of several servers on one database one sends it. If that server dies the claim runs out.
//! Invariants: what is queued is sent at least once, and twice only if the server dies (or loses its database) between the receiver's yes and
//! the note of it, then with the same `Message-ID` or `Idempotency-Key`; nothing is sent after its time; to one person about one thing nothing
//! overtakes what was queued before it.

use super::{Failure, Notice, Notify, SEND_TIMEOUT, reach_store, store};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::db::Dialect;
use crate::ids::NoticeId;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

/// A notice is tried this often, waiting about 1, 2, 4 ... minutes in between; then it counts as failed and is shown to administrators.
const ATTEMPTS: i64 = 8;
/// Sends of a lane at once: hundreds a second to a server that answers at once, and no more connections than such servers take from one client.
pub(super) const SENDS: usize = 8;
/// How often a lane with nothing to do looks for more.
const TICK: Duration = Duration::from_secs(1);
/// Longer than a send with what comes before and after it.
const CLAIM: Millis = SEND_TIMEOUT.as_millis() as Millis + 20_000;
/// What is on its way when the server stops may arrive in this time; else it is sent again after the start.
const GRACE: Duration = Duration::from_secs(4);

/// What was sent, or dropped, is kept for whoever asks why a message did not come.
const KEPT: Millis = HOUR;
/// What could not be delivered waits for an administrator.
const UNDELIVERED_KEPT: Millis = 30 * DAY;
/// Keys by which a letter is known outlive everything that could queue it again.
const KEYS_KEPT: Millis = 180 * DAY;
/// Rows erased in one transaction: nobody who writes waits for long.
const ERASED_AT_ONCE: i64 = 200;

/// A row that is to be sent.
#[derive(sqlx::FromRow)]
pub(super) struct Due {
    pub(super) id: NoticeId,
    sealed: String,
    attempts: i64,
    expires_at: Option<Millis>,
}

/// How a try went.
pub(super) struct Done {
    pub(super) id: NoticeId,
    pub(super) attempts: i64,
    /// Without the address.
    pub(super) error: String,
    failure: Option<Failure>,
}

/// What becomes of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) sent_at: Option<Millis>,
    pub(super) failed_at: Option<Millis>,
    pub(super) due_at: Millis,
    pub(super) reason: &'static str,
    /// Not delivered, and nothing that an administrator need know.
    pub(super) dropped_at: Option<Millis>,
}

impl Outcome {
    /// What becomes of a notice after its `attempts`-th try. `chance`, from 0 to 1, spreads the next one, so that what failed together does not
    /// come back together.
    fn of(failure: Option<&Failure>, attempts: i64, now: Millis, chance: f64) -> Self {
        let over = |sent: bool, reason| Self {
            sent_at: sent.then_some(now),
            failed_at: (!sent).then_some(now),
            due_at: now,
            reason,
            dropped_at: None,
        };
        match failure {
            None => over(true, ""),
            Some(Failure::Refused(_)) => over(false, "refused"),
            Some(Failure::Unreadable) => over(false, "unreadable"),
            Some(Failure::Gone) => Self { dropped_at: Some(now), ..over(false, "gone") },
            Some(Failure::Failed(_) | Failure::Later(..)) if attempts >= ATTEMPTS => over(false, "exhausted"),
            Some(failure @ (Failure::Failed(_) | Failure::Later(..))) => {
                let wait = MINUTE << (attempts - 1).clamp(0, 10);
                let spread = (wait as f64 * (0.75 + chance * 0.5)) as Millis;
                let told = if let Failure::Later(_, pause) = failure { pause.wait(now, chance) } else { 0 };
                Self { sent_at: None, failed_at: None, due_at: now + spread.max(told), reason: "", dropped_at: None }
            }
        }
    }
}

/// One channel's part of the job.
struct Lane<'a> {
    notify: &'a Notify,
    channel: &'static str,
    /// Names this process in its claims.
    by: &'a str,
    /// Being sent now. A claim may run out before its send, if the clock is set or the machine was asleep.
    busy: HashSet<NoticeId>,
    /// Sends that are over and not yet noted: they stay here while the database is away.
    done: Vec<Done>,
}

impl Notify {
    /// Sends what is due, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        // An SQLite file belongs to one server: whoever claimed anything before is gone.
        if self.db.dialect() == Dialect::Sqlite
            && let Err(error) = store::release_all(&self.db).await
        {
            tracing::error!(%error, "outbox");
        }
        let by = uuid::Uuid::now_v7().to_string();
        let lane = |channel| Lane { notify: &self, channel, by: &by, busy: HashSet::new(), done: Vec::new() }.run(&token);
        tokio::join!(lane("email"), lane("phone"), lane("push"));
    }

    /// Erases what was sent, and what nobody looked at for long; how many rows. Called by the housekeeping job.
    pub async fn forget_sent(&self) -> crate::web::Result<u64> {
        let now = self.clock.now();
        let mut erased = 0;
        for (over, kept) in [(store::Over::Settled, KEPT), (store::Over::Undelivered, UNDELIVERED_KEPT), (store::Over::Keys, KEYS_KEPT)] {
            loop {
                let n = store::erase(&self.db, over, now - kept, ERASED_AT_ONCE).await?;
                erased += n;
                if n == 0 {
                    break;
                }
            }
        }
        Ok(erased + reach_store::forget_shown(self.db.write(), now).await?)
    }
}

impl Lane<'_> {
    async fn run(mut self, token: &CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (notify, channel, mut sending) = (self.notify, self.channel, FuturesUnordered::new());
        while !token.is_cancelled() {
            match self.claim(SENDS - sending.len()).await {
                Ok(claimed) => sending.extend(claimed.into_iter().map(|due| try_to_send(notify, channel, due))),
                Err(error) => tracing::error!(%error, channel, "outbox"),
            }
            tokio::select! {
                () = token.cancelled() => break,
                Some(done) = sending.next() => self.done.push(done),
                _ = tick.tick() => {}
            }
            // Those that are over by now are noted in one transaction.
            self.done.extend(std::iter::from_fn(|| sending.next().now_or_never().flatten()));
            self.record().await;
        }
        let deadline = Instant::now() + GRACE;
        while !sending.is_empty() {
            tokio::select! {
                () = sleep_until(deadline) => break,
                Some(done) = sending.next() => self.done.push(done),
            }
        }
        self.record().await;
    }

    async fn claim(&mut self, most: usize) -> sqlx::Result<Vec<Due>> {
        let now = self.notify.clock.now();
        let late = store::expire(&self.notify.db, self.channel, now).await?;
        if late > 0 {
            tracing::warn!(late, channel = self.channel, "messages were not sent in time");
        }
        // What was sent and is not noted would be taken for unsent.
        if most == 0 || !self.done.is_empty() {
            return Ok(Vec::new());
        }
        let claim = store::Claim { channel: self.channel, by: self.by, now, until: now + CLAIM, most: most as i64 };
        let claimed = store::claim(&self.notify.db, &claim, &self.busy).await?;
        self.busy.extend(claimed.iter().map(|due| due.id));
        Ok(claimed)
    }

    /// What cannot be noted is noted the next time.
    async fn record(&mut self) {
        if self.done.is_empty() {
            return;
        }
        match self.write().await {
            Ok(()) => {
                for done in self.done.drain(..) {
                    self.busy.remove(&done.id);
                }
            }
            Err(error) => tracing::error!(%error, channel = self.channel, "what was sent could not be noted"),
        }
    }

    async fn write(&self) -> sqlx::Result<()> {
        let now = self.notify.clock.now();
        let mut tx = self.notify.db.begin().await?;
        for done in &self.done {
            let after = Outcome::of(done.failure.as_ref(), done.attempts, now, rand::random());
            if after.failed_at.is_some() && after.dropped_at.is_none() {
                tracing::warn!(id = %done.id, channel = self.channel, after.reason, done.error, "a message could not be delivered");
            }
            store::record(&mut tx, self.by, done, &after).await?;
        }
        tx.commit().await
    }
}

async fn try_to_send(notify: &Notify, channel: &str, due: Due) -> Done {
    let notice = notify.keys.decrypt(&due.sealed).and_then(|text| serde_json::from_str::<Notice>(&text).ok());
    let failure = match &notice {
        Some(notice) => notify.channel(channel).send(due.id, notice, due.expires_at).await.err(),
        None => Some(Failure::Unreadable),
    };
    let to = notice.as_ref().map_or("", |notice| notice.to.as_str());
    let error = failure.as_ref().map(|failure| failure.said(to)).unwrap_or_default();
    Done { id: due.id, attempts: due.attempts + 1, error, failure }
}

#[cfg(test)]
mod tests {
    use super::super::pause::Pause;
    use super::*;

    fn failed() -> Failure {
        Failure::Failed("no answer".into())
    }

    #[test]
    fn a_failing_notice_is_tried_again_ever_later_and_then_given_up() {
        assert_eq!(Outcome::of(None, 1, 5, 0.5).sent_at, Some(5));
        assert_eq!(Outcome::of(Some(&failed()), 1, 0, 0.5).due_at, MINUTE);
        assert_eq!(Outcome::of(Some(&failed()), 3, 0, 0.5).due_at, 4 * MINUTE);
        let last = Outcome::of(Some(&failed()), ATTEMPTS, 9, 0.5);
        assert_eq!(last, Outcome { sent_at: None, failed_at: Some(9), due_at: 9, reason: "exhausted", dropped_at: None });
    }

    #[test]
    fn nobody_is_asked_again_sooner_than_they_said() {
        let due = |pause, attempts| Outcome::of(Some(&Failure::Later("HTTP 429".into(), pause)), attempts, 0, 0.5).due_at;
        assert_eq!(due(Pause::For(10 * MINUTE), 1), 10 * MINUTE + 30_000);
        assert_eq!(due(Pause::For(1), 3), 4 * MINUTE, "and not sooner than by itself either");
        assert_eq!(due(Pause::Until(Millis::MAX), 1), HOUR);
        assert_eq!(Outcome::of(Some(&Failure::Later(String::new(), Pause::For(1))), ATTEMPTS, 9, 0.5).reason, "exhausted");
    }

    #[test]
    fn the_next_try_is_spread_by_a_fourth_to_both_sides() {
        let due = |chance| Outcome::of(Some(&failed()), 4, 0, chance).due_at;
        assert_eq!((due(0.0), due(1.0)), (6 * MINUTE, 10 * MINUTE));
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        for (failure, reason) in [(Failure::Refused(String::new()), "refused"), (Failure::Unreadable, "unreadable")] {
            assert_eq!(
                Outcome::of(Some(&failure), 1, 9, 0.5),
                Outcome { sent_at: None, failed_at: Some(9), due_at: 9, reason, dropped_at: None }
            );
        }
    }
}
