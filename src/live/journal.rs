//! The journal: the one writer of room events, committing what has gathered as one transaction.
//!
//! Invariants: a room's sequence has no holes; an event is acknowledged and told to the room only after its commit; the order
//! in the journal is the order everybody sees; sending the same client id again returns the first entry and writes nothing.

use super::event::{Entry, Event};
use super::store;
use crate::clock::Clock;
use crate::db::{Db, Gather};
use crate::ids::RoomId;
use crate::web::{AppError, Result};
use sqlx::{Any, Transaction};
use std::collections::{HashMap, hash_map};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Events waiting for a commit; past it senders are told to come back (503), so memory is bounded.
const QUEUE: usize = 4_096;

/// From one commit to the next at least: under load it costs less to store more at once, and nobody notices. A message that comes alone does not wait.
const GATHER: Duration = Duration::from_millis(10);

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Appended {
    pub entry: Entry,
    /// It had been sent before; `entry` is the first one.
    pub repeated: bool,
}

struct Job {
    room: RoomId,
    event: Event,
    done: oneshot::Sender<Result<Appended>>,
}

/// Handle to the journal; cheap to clone.
#[derive(Clone)]
pub(super) struct Journal(mpsc::Sender<Job>);

impl Journal {
    /// The handle, and the task that must run. `committed` is called for each new entry, in order.
    pub(super) fn new(db: Db, clock: Clock, committed: impl Fn(RoomId, &Entry) + Send + Sync + 'static) -> (Self, Writer) {
        let (tx, jobs) = mpsc::channel(QUEUE);
        (Self(tx), Writer { db, clock, jobs: Gather::new(jobs, GATHER), last: HashMap::new(), committed: Box::new(committed) })
    }

    /// Stores an event; durable when this returns.
    pub(super) async fn append(&self, room: RoomId, event: Event) -> Result<Appended> {
        let (done, answer) = oneshot::channel();
        self.0.try_send(Job { room, event, done }).map_err(|_| AppError::Overloaded(2))?;
        answer.await.map_err(|_| AppError::Overloaded(2))?
    }
}

/// What happens with each new entry.
type Told = Box<dyn Fn(RoomId, &Entry) + Send + Sync>;

/// What became of a batch, and the last sequence numbers after it.
type Written = (Vec<Appended>, HashMap<RoomId, i64>);

/// The writing side.
pub(super) struct Writer {
    db: Db,
    clock: Clock,
    jobs: Gather<Job>,
    /// Last sequence number per room, as committed.
    last: HashMap<RoomId, i64>,
    committed: Told,
}

impl Writer {
    /// Runs until `token` ends and what was taken in by then is written.
    pub(super) async fn run(mut self, token: CancellationToken) {
        let mut batch = Vec::new();
        while self.jobs.fill(&mut batch, &token).await {
            self.commit(&mut batch).await;
        }
    }

    async fn commit(&mut self, batch: &mut Vec<Job>) {
        match self.write(batch).await {
            Ok((entries, last)) => {
                self.last.extend(last);
                for (job, appended) in batch.drain(..).zip(entries) {
                    if !appended.repeated {
                        (self.committed)(job.room, &appended.entry);
                    }
                    let _ = job.done.send(Ok(appended));
                }
            }
            Err(error) => {
                tracing::error!(%error, events = batch.len(), "the journal could not be written");
                self.last.clear();
                for job in batch.drain(..) {
                    let _ = job.done.send(Err(AppError::Overloaded(2)));
                }
            }
        }
    }

    async fn write(&self, batch: &[Job]) -> sqlx::Result<Written> {
        let mut last = HashMap::new();
        for job in batch {
            if let hash_map::Entry::Vacant(unknown) = last.entry(job.room) {
                unknown.insert(match self.last.get(&job.room) {
                    Some(seq) => *seq,
                    None => store::last_seq(self.db.read(), job.room).await?,
                });
            }
        }
        // Hardly ever is one of them a repetition; then all go in few statements.
        match self.write_new(batch, last.clone()).await? {
            Some(done) => Ok(done),
            None => self.write_each(batch, last).await,
        }
    }

    /// Writes them as if none had been sent before; none if one was, and then nothing is written.
    async fn write_new(&self, batch: &[Job], mut last: HashMap<RoomId, i64>) -> sqlx::Result<Option<Written>> {
        let number = |job: &Job| {
            let seq = last.entry(job.room).or_default();
            *seq += 1;
            Appended { entry: Entry { seq: *seq, at: self.clock.now(), event: job.event.clone() }, repeated: false }
        };
        let mut done: Vec<Appended> = batch.iter().map(number).collect();
        let rows: Vec<(RoomId, &Entry)> = batch.iter().zip(&done).map(|(job, appended)| (job.room, &appended.entry)).collect();
        let mut tx = self.db.begin().await?;
        if store::insert(&mut tx, &rows).await? < rows.len() as u64 {
            tx.rollback().await?;
            return Ok(None);
        }
        for (job, appended) in batch.iter().zip(&mut done) {
            quote(&mut tx, job.room, &mut appended.entry).await?;
        }
        tx.commit().await?;
        Ok(Some((done, last)))
    }

    async fn write_each(&self, batch: &[Job], mut last: HashMap<RoomId, i64>) -> sqlx::Result<Written> {
        let mut tx = self.db.begin().await?;
        let mut done = Vec::with_capacity(batch.len());
        for job in batch {
            let seq = last.entry(job.room).or_default();
            let mut entry = Entry { seq: *seq + 1, at: self.clock.now(), event: job.event.clone() };
            if store::insert(&mut tx, &[(job.room, &entry)]).await? == 1 {
                *seq += 1;
                quote(&mut tx, job.room, &mut entry).await?;
                done.push(Appended { entry, repeated: false });
                continue;
            }
            let (author, client) = job.event.once_key().ok_or(sqlx::Error::RowNotFound)?;
            let first = store::sent_before(&mut *tx, job.room, &author.to_string(), client).await?.ok_or(sqlx::Error::RowNotFound)?;
            done.push(Appended { entry: first, repeated: true });
        }
        tx.commit().await?;
        Ok((done, last))
    }
}

/// Fills in what an answer quotes. Not before it is written: what is taken away from now on is told as taken away after this entry.
async fn quote(tx: &mut Transaction<'_, Any>, room: RoomId, entry: &mut Entry) -> sqlx::Result<()> {
    if let Some(answered) = entry.event.answers() {
        let original = store::original(tx, room, answered).await?;
        entry.event.quote(Some(answered), original.as_ref());
    }
    Ok(())
}
