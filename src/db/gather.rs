//! Small writes gathered for a moment, so that a crowd costs few commits.

use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Most writes in one transaction: keeps a commit below some ten milliseconds.
const BATCH: usize = 256;

/// What waits to be written. One that comes alone does not wait.
pub struct Gather<T> {
    jobs: mpsc::Receiver<T>,
    /// From one batch to the next at least.
    pause: Duration,
    next: Instant,
}

impl<T> Gather<T> {
    pub fn new(jobs: mpsc::Receiver<T>, pause: Duration) -> Self {
        Self { jobs, pause, next: Instant::now() }
    }

    /// Fills the empty `batch`; false when everything that was taken in has been given out and no more comes. Once `token` has ended no more
    /// is taken in.
    pub async fn fill(&mut self, batch: &mut Vec<T>, token: &CancellationToken) -> bool {
        let count = tokio::select! {
            biased;
            count = self.jobs.recv_many(batch, BATCH) => count,
            () = token.cancelled() => {
                self.jobs.close();
                self.jobs.recv_many(batch, BATCH).await
            }
        };
        if batch.len() < BATCH && !token.is_cancelled() {
            sleep_until(self.next).await;
            batch.extend(std::iter::from_fn(|| self.jobs.try_recv().ok()).take(BATCH - batch.len()));
        }
        self.next = Instant::now() + self.pause;
        count > 0
    }
}
