//! Votes on their way to the database: gathered for a moment and committed together, so that a crowd that votes at once costs few commits.
//!
//! Invariants: a vote is answered only after its commit, and what it holds is held until then, also when its sender has gone; what waits
//! is bounded, past it senders are told to come back.

use crate::db::{Db, Gather};
use crate::web::{AppError, Result};
use sqlx::{Any, Transaction};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Votes waiting for a commit; past it they are refused (503).
const QUEUE: usize = 4_096;
/// From one commit to the next at least. A vote that comes alone does not wait.
const GATHER: Duration = Duration::from_millis(20);

/// One vote.
pub trait Ballot: Send + Sync + 'static {
    /// What became of it.
    type Answer: Send + Sync + 'static;
    fn write(&self, tx: &mut Transaction<'static, Any>) -> impl Future<Output = sqlx::Result<Self::Answer>> + Send;
}

struct Job<B: Ballot> {
    ballot: B,
    done: oneshot::Sender<Result<B::Answer>>,
}

/// What happens with each vote after its commit, before it is answered.
type Taken<B> = Box<dyn Fn(&B, &<B as Ballot>::Answer) + Send + Sync>;

/// Where votes are cast.
pub struct Ballots<B: Ballot> {
    cast: mpsc::Sender<Job<B>>,
    /// Until the task runs that takes them out.
    jobs: Mutex<Option<mpsc::Receiver<Job<B>>>>,
    taken: Taken<B>,
}

impl<B: Ballot> Ballots<B> {
    pub fn new(taken: impl Fn(&B, &B::Answer) + Send + Sync + 'static) -> Self {
        let (cast, jobs) = mpsc::channel(QUEUE);
        Self { cast, jobs: Mutex::new(Some(jobs)), taken: Box::new(taken) }
    }

    /// Stores a vote; durable when this returns.
    pub async fn cast(&self, ballot: B) -> Result<B::Answer> {
        let (done, answer) = oneshot::channel();
        self.cast.try_send(Job { ballot, done }).map_err(|_| AppError::Overloaded(2))?;
        answer.await.map_err(|_| AppError::Overloaded(2))?
    }

    /// Commits what has gathered, until `token` ends and what was taken in by then is written.
    pub async fn run(&self, db: &Db, token: CancellationToken) {
        let Some(jobs) = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (mut gather, mut batch) = (Gather::new(jobs, GATHER), Vec::new());
        while gather.fill(&mut batch, &token).await {
            self.commit(db, &mut batch).await;
        }
    }

    async fn commit(&self, db: &Db, batch: &mut Vec<Job<B>>) {
        match write(db, batch).await {
            // One that the database refuses takes no other with it.
            Err(error) if batch.len() > 1 && error.as_database_error().is_some() => {
                for job in batch.drain(..) {
                    let answer = write(db, std::slice::from_ref(&job)).await.map(|mut answers| answers.pop());
                    self.answer(job, answer);
                }
            }
            Err(error) => {
                tracing::error!(%error, votes = batch.len(), "votes could not be written");
                for job in batch.drain(..) {
                    let _ = job.done.send(Err(AppError::Overloaded(2)));
                }
            }
            Ok(answers) => {
                for (job, answer) in batch.drain(..).zip(answers) {
                    self.answer(job, Ok(Some(answer)));
                }
            }
        }
    }

    fn answer(&self, job: Job<B>, answer: sqlx::Result<Option<B::Answer>>) {
        let answer = match answer {
            Ok(Some(answer)) => {
                (self.taken)(&job.ballot, &answer);
                Ok(answer)
            }
            refused => {
                tracing::error!(error = ?refused.err(), "a vote could not be written");
                Err(AppError::Overloaded(2))
            }
        };
        let _ = job.done.send(answer);
    }
}

async fn write<B: Ballot>(db: &Db, batch: &[Job<B>]) -> sqlx::Result<Vec<B::Answer>> {
    let mut tx = db.begin().await?;
    let mut answers = Vec::with_capacity(batch.len());
    for job in batch {
        answers.push(job.ballot.write(&mut tx).await?);
    }
    tx.commit().await?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A vote that the database takes, or refuses.
    struct Paper(&'static str);

    impl Ballot for Paper {
        type Answer = u64;
        async fn write(&self, tx: &mut Transaction<'static, Any>) -> sqlx::Result<u64> {
            Ok(sqlx::query("INSERT INTO papers (id) VALUES ($1)").bind(self.0).execute(&mut **tx).await?.rows_affected())
        }
    }

    #[tokio::test]
    async fn votes_are_committed_together_and_a_bad_one_takes_no_other_with_it() {
        let dir = tempfile::tempdir().expect("directory");
        let db = Db::open_url(&format!("sqlite:{}", dir.path().join("db").display())).await.expect("database");
        sqlx::query("CREATE TABLE papers (id TEXT NOT NULL PRIMARY KEY)").execute(db.write()).await.expect("table");
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let ballots = Ballots::new(move |_: &Paper, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let token = CancellationToken::new();
        let votes = async {
            let votes = futures_util::future::join_all(["a", "b", "a", "c"].map(|id| ballots.cast(Paper(id)))).await;
            token.cancel();
            votes
        };
        let (votes, ()) = tokio::join!(votes, ballots.run(&db, token.clone()));
        assert_eq!(votes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true]);
        assert_eq!(taken.load(Ordering::Relaxed), 3);
        assert!(matches!(ballots.cast(Paper("d")).await, Err(AppError::Overloaded(_))), "nobody takes it after the end");
        let (stored,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM papers").fetch_one(db.read()).await.expect("count");
        assert_eq!(stored, 3);
    }

    #[tokio::test]
    async fn past_the_bound_a_vote_is_refused_at_once() {
        let ballots = Ballots::new(|_: &Paper, _| {});
        let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(ballots.cast(Paper("a")))).collect();
        for vote in &mut waiting {
            assert!(futures_util::poll!(vote).is_pending());
        }
        assert!(matches!(ballots.cast(Paper("a")).await, Err(AppError::Overloaded(2))));
    }
}
