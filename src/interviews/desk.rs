//! Where slots are taken: wishes gather for a moment on SQLite, where one connection writes, and are decided and committed together; on
//! PostgreSQL each is a transaction of its own, several at once.
//!
//! Invariants: whoever is told yes is committed, together with what is told and logged of it; what is decided from what was read is written
//! with the primary keys as the last word, and decided anew if they refuse; what waits is bounded, past it people are told to come back.

use super::claim::{How, Word};
use super::messages::{self, Kind};
use super::state::Party;
use super::taking::{Grant, Miss, What, Wish};
use super::{Interview, Interviews, store};
use crate::accounts::Line;
use crate::db::{Dialect, Gather};
use crate::ids::InterviewId;
use crate::web::{AppError, Result, Text};
use sqlx::{Any, Transaction};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Wishes that wait for a commit: an opening rush of ten thousand and some.
const QUEUE: usize = 16_384;
/// From one commit to the next at least. A wish that comes alone does not wait.
const GATHER: Duration = Duration::from_millis(5);
/// How often a wish is decided anew when somebody else was quicker.
pub(super) const TRIES: usize = 4;

/// What somebody got.
#[derive(Clone, Debug)]
pub(super) enum Got {
    Interview(Box<Interview>),
    Claim(InterviewId),
}

pub(super) type Outcome = Result<Got, Miss>;

struct Job {
    wish: Wish,
    done: oneshot::Sender<Result<Outcome>>,
}

/// Where wishes wait.
pub(super) struct Desk {
    cast: mpsc::Sender<Job>,
    /// Until the task runs that takes them out.
    jobs: Mutex<Option<mpsc::Receiver<Job>>>,
}

impl Default for Desk {
    fn default() -> Self {
        let (cast, jobs) = mpsc::channel(QUEUE);
        Self { cast, jobs: Mutex::new(Some(jobs)) }
    }
}

impl Desk {
    /// Whether wishes wait to be decided.
    pub(super) fn is_busy(&self) -> bool {
        self.cast.capacity() < self.cast.max_capacity()
    }
}

impl Interviews {
    /// Decides a wish; durable when this returns.
    pub(super) async fn take(&self, wish: Wish) -> Result<Outcome> {
        let (employer, fair, at) = (wish.wanted.employer, wish.wanted.fair, wish.wanted.span.start);
        let outcome = if self.db().dialect() == Dialect::Postgres {
            self.settle(&[wish]).await?.pop().ok_or(AppError::Overloaded(1))?
        } else {
            let (done, answer) = oneshot::channel();
            self.desk.cast.try_send(Job { wish, done }).map_err(|_| AppError::Overloaded(2))?;
            answer.await.map_err(|_| AppError::Overloaded(2))??
        };
        if outcome.is_ok() {
            self.slots_changed(employer, fair, at);
            self.tell_soon();
        }
        Ok(outcome)
    }

    /// Commits what has gathered, until `token` ends and what was taken in by then is written.
    pub async fn run_desk(self, token: CancellationToken) {
        let Some(jobs) = self.desk.jobs.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (mut gather, mut batch) = (Gather::new(jobs, GATHER), Vec::new());
        while gather.fill(&mut batch, &token).await {
            let (wishes, answers): (Vec<Wish>, Vec<_>) = batch.drain(..).map(|job: Job| (job.wish, job.done)).unzip();
            match self.settle(&wishes).await {
                Ok(outcomes) => {
                    for (done, outcome) in answers.into_iter().zip(outcomes) {
                        let _ = done.send(Ok(outcome));
                    }
                }
                // One that the database refuses takes no other with it.
                Err(error) => {
                    tracing::error!(?error, wishes = wishes.len(), "bookings could not be written together");
                    for (done, wish) in answers.into_iter().zip(&wishes) {
                        let alone =
                            if wishes.len() > 1 { self.settle(std::slice::from_ref(wish)).await } else { Err(AppError::Overloaded(2)) };
                        let _ = done.send(alone.and_then(|mut all| all.pop().ok_or(AppError::Overloaded(2))));
                    }
                }
            }
        }
    }

    async fn settle(&self, wishes: &[Wish]) -> Result<Vec<Outcome>> {
        for _ in 0..TRIES {
            match self.settle_once(wishes).await {
                Ok(Some(outcomes)) => return Ok(outcomes),
                Ok(None) => {}
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(AppError::Overloaded(1))
    }

    /// None if somebody else was quicker with something.
    async fn settle_once(&self, wishes: &[Wish]) -> Result<Option<Vec<Outcome>>> {
        let mut tx = self.db().begin().await?;
        let mut outcomes: Vec<Option<Outcome>> = vec![None; wishes.len()];
        for round in rounds(wishes) {
            let some: Vec<&Wish> = round.iter().map(|at| &wishes[*at]).collect();
            let Some(decided) = self.settle_in(&mut tx, &some).await? else {
                tx.rollback().await?;
                return Ok(None);
            };
            for (at, outcome) in round.into_iter().zip(decided) {
                outcomes[at] = Some(outcome);
            }
        }
        tx.commit().await?;
        Ok(Some(outcomes.into_iter().flatten().collect()))
    }

    /// Decides wishes of different people as a part of something larger, writes, tells and logs it. None if somebody else was quicker: then
    /// nothing may be kept.
    pub(super) async fn settle_in(&self, tx: &mut Transaction<'static, Any>, wishes: &[&Wish]) -> Result<Option<Vec<Outcome>>> {
        let now = self.now();
        // Whoever takes something lets go of what they only held.
        for (id, slot) in store::taking::held(tx, wishes).await? {
            self.release_in(tx, id, slot, super::claim::Answer::Withdrawn, None).await?;
        }
        let mut snapshot = store::taking::read(tx, wishes, now).await?;
        let decided: Vec<Result<Grant, Miss>> = wishes.iter().map(|wish| snapshot.grant(wish)).collect();
        let granted: Vec<(&Wish, Grant)> =
            wishes.iter().zip(&decided).filter_map(|(wish, grant)| Some((*wish, grant.as_ref().ok()?.clone()))).collect();
        if !granted.is_empty() && !store::taking::take(tx, &granted, now, self.db().dialect()).await? {
            return Ok(None);
        }
        let booked: Vec<InterviewId> = granted.iter().filter(|(w, _)| w.what == What::Book).map(|(w, _)| w.id).collect();
        let interviews = store::taking::interviews(tx, &booked).await?;
        messages::all_changed_in(tx, &interviews, Kind::Booked, now).await?;
        let mut interviews: HashMap<InterviewId, Interview> = interviews.into_iter().map(|it| (it.id, it)).collect();
        for (wish, grant) in &granted {
            if !store::claims::insert(tx, wish, grant, now).await? {
                return Ok(None);
            }
            self.say_taken(tx, wish).await?;
        }
        self.log_taken(tx, &granted).await?;
        let mut got = |(wish, decided): (&&Wish, Result<Grant, Miss>)| match decided {
            Ok(_) => Ok(interviews.remove(&wish.id).map_or(Got::Claim(wish.id), |interview| Got::Interview(Box::new(interview)))),
            Err(miss) => Err(miss),
        };
        Ok(Some(wishes.iter().zip(decided).map(&mut got).collect()))
    }

    /// Tells the other side what it is asked.
    async fn say_taken(&self, tx: &mut Transaction<'static, Any>, wish: &Wish) -> Result<()> {
        let What::Claim(new) = &wish.what else { return Ok(()) };
        let (party, word) = match new.how {
            How::Invite => (Party::Seeker, Word::Invited),
            How::Proposal => (Party::Employer, Word::Proposed),
            // The waitlist tells by itself.
            How::Hold | How::Waitlist => return Ok(()),
        };
        let claim = store::claims::claim(&mut **tx, wish.id).await?.ok_or(AppError::NotFound)?;
        let to = if party == Party::Seeker { claim.seeker_id } else { claim.recruiter_id };
        self.say_in(tx, &claim, to, party, word).await
    }

    async fn log_taken(&self, tx: &mut Transaction<'static, Any>, granted: &[(&Wish, Grant)]) -> Result<()> {
        let line = |(wish, grant): &(&Wish, Grant)| {
            let action = match &wish.what {
                What::Book if wish.by == wish.seeker => "interview.book",
                What::Book => "interview.book-for",
                // It is logged with what it moves from; and what somebody only holds is no change yet.
                What::Move => return None,
                What::Claim(claim) => match claim.how {
                    How::Hold => return None,
                    How::Invite => "interview.invite",
                    How::Proposal => "interview.propose",
                    How::Waitlist => "interview.offer-seat",
                },
            };
            let (subject, detail) = (wish.id.to_string(), format!("slot={}", grant.slot));
            Some(Line { actor: wish.by, action, subject, fair: Some(wish.wanted.fair), reason: String::new(), detail })
        };
        let lines: Vec<Line> = granted.iter().filter_map(line).collect();
        self.accounts().audit_all_in(tx, &lines).await
    }
}

/// Wishes that can be decided together: of one person one at a time, for a later one takes the place of what an earlier one holds.
fn rounds(wishes: &[Wish]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut seen: HashMap<_, usize> = HashMap::new();
    for (at, wish) in wishes.iter().enumerate() {
        let round = seen.entry(wish.seeker).or_default();
        if rounds.len() == *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(at);
        *round += 1;
    }
    rounds
}

/// Somebody else was quicker: all that was done in the transaction is to be decided anew.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("somebody else was quicker")]
struct Raced;

pub(super) fn raced() -> AppError {
    AppError::Internal(Raced.into())
}

/// Tries something anew while others are quicker.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut tries = 0;
        loop {
            match $attempt.await {
                Err(error) if $crate::interviews::desk::is_race(&error) => {
                    tries += 1;
                    if tries == $crate::interviews::desk::TRIES {
                        break Err($crate::web::AppError::Overloaded(1));
                    }
                }
                other => break other,
            }
        }
    }};
}
pub(super) use retrying;

/// Whether the database ended a transaction because of another one: two that wait for each other (40P01), or the same new row twice.
pub(super) fn is_race(error: &AppError) -> bool {
    let AppError::Internal(error) = error else { return false };
    if error.is::<Raced>() {
        return true;
    }
    let Some(error) = error.downcast_ref::<sqlx::Error>() else { return false };
    crate::db::is_unique_violation(error)
        || error.as_database_error().is_some_and(|e| matches!(e.code().as_deref(), Some("40P01" | "40001")))
}

impl Miss {
    /// What the one who misses is told.
    pub(super) fn text(self) -> Text {
        match self {
            Self::Again(_) => Text("interviews-replayed"),
            Self::Taken => Text("interviews-slot-taken"),
            Self::Busy(Party::Seeker) => Text("interviews-you-are-busy"),
            Self::Busy(Party::Employer) | Self::Full => Text("interviews-recruiter-busy"),
        }
    }
}
