//! The handle of a live room: what others may ask of the one task that owns it.

use super::captions::Spoken;
use super::event::{Entry, Passing};
use super::hands::{Hand, Raised};
use super::member::Member;
use super::onstage::OnStage;
use super::room::{INBOX, Joined, Missed, Snapshot, To, frame};
use crate::ids::{AccountId, RoomId, SessionId};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// What the room's task is told.
pub(super) enum Command {
    Join {
        member: Member,
        missed: Option<Missed>,
        reply: oneshot::Sender<Joined>,
    },
    Committed(Box<Entry>),
    Stream {
        live: bool,
        viewers: u32,
        seats: Vec<u8>,
        stage: Arc<[OnStage]>,
    },
    LayersAsleep {
        session: SessionId,
        names: Vec<String>,
    },
    Tell {
        account: AccountId,
        frame: Bytes,
    },
    Pass {
        frame: Bytes,
        to: To,
    },
    Raise {
        hand: Hand,
        reply: oneshot::Sender<Raised>,
    },
    Lower {
        account: AccountId,
        reply: oneshot::Sender<bool>,
    },
    /// Somebody sees the hosts' desk from now on, or no more.
    Desk {
        account: AccountId,
        sees: bool,
    },
    /// Whose accounts are connected.
    Here {
        reply: oneshot::Sender<Vec<AccountId>>,
    },
    HeardOf(AccountId),
    Caption(Spoken),
    DeskChanged,
    React,
    Typing(AccountId),
}

/// A handle to a live room; cheap to clone.
#[derive(Clone)]
pub(super) struct RoomHandle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) snapshot: watch::Receiver<Snapshot>,
}

impl RoomHandle {
    pub(super) async fn join(&self, member: Member, missed: Option<Missed>) -> Option<Joined> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Join { member, missed, reply }).await.ok()?;
        answer.await.ok()
    }

    /// False if the room is gone or its inbox is full (the entry is in the database all the same).
    pub(super) fn committed(&self, entry: &Entry) -> bool {
        self.commands.try_send(Command::Committed(Box::new(entry.clone()))).is_ok()
    }

    pub(super) fn stream(&self, live: bool, viewers: u32, seats: Vec<u8>, stage: Arc<[OnStage]>) {
        let _ = self.commands.try_send(Command::Stream { live, viewers, seats, stage });
    }

    pub(super) async fn raise(&self, hand: Hand) -> Option<Raised> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Raise { hand, reply }).await.ok()?;
        answer.await.ok()
    }

    pub(super) async fn lower(&self, account: AccountId) -> Option<bool> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Lower { account, reply }).await.ok()?;
        answer.await.ok()
    }

    /// Waits for a place, unlike what may be lost.
    pub(super) async fn let_see_desk(&self, account: AccountId, sees: bool) {
        let _ = self.commands.send(Command::Desk { account, sees }).await;
    }

    pub(super) async fn here(&self) -> Option<Vec<AccountId>> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Here { reply }).await.ok()?;
        answer.await.ok()
    }

    pub(super) fn heard_of(&self, account: AccountId) {
        let _ = self.commands.try_send(Command::HeardOf(account));
    }

    pub(super) fn caption(&self, spoken: Spoken) {
        let _ = self.commands.try_send(Command::Caption(spoken));
    }

    pub(super) fn desk_changed(&self) {
        let _ = self.commands.try_send(Command::DeskChanged);
    }

    /// Tells something that has no place in the journal.
    pub(super) fn pass(&self, passing: &Passing<'_>, to: To) {
        let _ = self.commands.try_send(Command::Pass { frame: frame(passing), to });
    }

    /// Tells staff which layers a publishing session need not send. Repeated by the plane, so it may be lost.
    pub(super) fn layers_asleep(&self, session: SessionId, names: Vec<String>) {
        let _ = self.commands.try_send(Command::LayersAsleep { session, names });
    }

    /// Tells one person; who is not connected finds it in the database.
    pub(super) fn tell(&self, account: AccountId, passing: &Passing<'_>) {
        let _ = self.commands.try_send(Command::Tell { account, frame: frame(passing) });
    }

    pub(super) fn react(&self) {
        // What may be lost takes no place from what may not.
        if self.commands.capacity() > INBOX / 2 {
            let _ = self.commands.try_send(Command::React);
        }
    }

    pub(super) fn typing(&self, account: AccountId) {
        if self.commands.capacity() > INBOX / 2 {
            let _ = self.commands.try_send(Command::Typing(account));
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.commands.same_channel(&other.commands)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.commands.is_closed()
    }
}

/// Shared by all handles of one process.
pub(super) type Handles = Arc<dashmap::DashMap<RoomId, RoomHandle>>;
