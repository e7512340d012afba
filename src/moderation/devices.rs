//! Which account wrote from which device, written down by one task for all: thousands write their first message at the same time, and none
//! of them waits for it.

use super::store;
use crate::clock::Clock;
use crate::db::{Db, Gather};
use crate::ids::AccountId;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Notes that wait. Past it a note is left out: the account's next message makes it again.
const QUEUE: usize = 4_096;
/// From one transaction to the next at least: a rush of first messages must not wait for the notes' commits.
const GATHER: Duration = Duration::from_millis(200);

type Note = (String, AccountId);

/// Takes notes; cheap to clone.
#[derive(Clone)]
pub(super) struct Devices(mpsc::Sender<Note>);

impl Devices {
    /// The handle, and the task that must run. It ends with the token, once what was noted by then is written.
    pub(super) fn new(db: Db, clock: Clock, token: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let (notes, queue) = mpsc::channel(QUEUE);
        let mut queue = Gather::new(queue, GATHER);
        let task = async move {
            let mut batch = Vec::new();
            while queue.fill(&mut batch, &token).await {
                if store::note_devices(&db, &batch, clock.now()).await.is_err() {
                    // One of them may be what failed.
                    for note in &batch {
                        if let Err(error) = store::note_devices(&db, std::slice::from_ref(note), clock.now()).await {
                            tracing::error!(%error, "a device could not be noted");
                        }
                    }
                }
                batch.clear();
            }
        };
        (Self(notes), task)
    }

    /// False if there was no room for it.
    pub(super) fn note(&self, device: &str, account: AccountId) -> bool {
        self.0.try_send((device.to_owned(), account)).is_ok()
    }
}
