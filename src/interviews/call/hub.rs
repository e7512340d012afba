//! Tells the sockets of a call that something has changed. Lossy by design: a socket that missed something asks the database.

use crate::ids::{AccountId, InterviewId, SessionId};
use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::broadcast;

/// What waits for a slow socket before it must look for itself.
const QUEUE: usize = 64;
/// Six people with two windows each and a network that comes and goes.
const SOCKETS: usize = 24;

#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Who is there, the door, the time: each socket reads anew what its person may know.
    Changed,
    /// Something was said, which whoever may reads.
    Said,
    /// Layers of somebody's picture that nobody watches.
    Asleep { person: AccountId, session: SessionId, names: Vec<String> },
}

#[derive(Clone, Default)]
pub(super) struct Hub(Arc<DashMap<InterviewId, broadcast::Sender<Told>>>);

impl Hub {
    /// From now on; none if the call has too many sockets.
    pub(super) fn listen(&self, call: InterviewId) -> Option<broadcast::Receiver<Told>> {
        let sender = self.0.entry(call).or_insert_with(|| broadcast::channel(QUEUE).0);
        (sender.receiver_count() < SOCKETS).then(|| sender.subscribe())
    }

    pub(super) fn tell(&self, call: InterviewId, told: Told) {
        if let Some(sender) = self.0.get(&call) {
            let _ = sender.send(told);
        }
    }

    /// To be called when a socket has gone, after its receiver.
    pub(super) fn left(&self, call: InterviewId) {
        self.0.remove_if(&call, |_, sender| sender.receiver_count() == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_a_call_are_told_and_counted_and_forgotten() {
        let (hub, call) = (Hub::default(), InterviewId::new());
        hub.tell(call, Told::Changed);
        let mut all: Vec<_> = (0..SOCKETS).map(|_| hub.listen(call).expect("a place")).collect();
        assert!(hub.listen(call).is_none());
        hub.tell(call, Told::Changed);
        assert!(all.iter_mut().all(|one| matches!(one.try_recv(), Ok(Told::Changed))));
        drop(all);
        hub.left(call);
        assert!(hub.0.is_empty());
    }
}
