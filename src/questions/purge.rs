//! What goes with all that somebody wrote in a room, and comes back with it. The decision is `moderation`'s, which makes it in one transaction
//! while it holds the room's [`Questions::turn`], and has it told once it is committed. Votes for others stay: they are numbers.

use super::domain::{State, Was, purged, unpurged};
use super::{Kept, Questions, store};
use crate::ids::{AccountId, RoomId};
use crate::web::Result;
use sqlx::{Any, Transaction};

impl Questions {
    /// Takes all questions of a person off the list; what is to be told of them, also of those that were taken before.
    pub(crate) async fn purge_in(
        &self,
        tx: &mut Transaction<'_, Any>,
        room: RoomId,
        author: AccountId,
        organises: bool,
    ) -> Result<Vec<Kept>> {
        self.move_in(tx, room, author, |kept| purged(kept.state, organises)).await
    }

    /// Puts back what was taken with the rest.
    pub(crate) async fn unpurge_in(
        &self,
        tx: &mut Transaction<'_, Any>,
        room: RoomId,
        author: AccountId,
        organises: bool,
    ) -> Result<Vec<Kept>> {
        self.move_in(tx, room, author, |kept| unpurged(kept.state, kept.was, organises)).await
    }

    async fn move_in(
        &self,
        tx: &mut Transaction<'_, Any>,
        room: RoomId,
        author: AccountId,
        to: impl Fn(&Kept) -> Option<(State, Was)>,
    ) -> Result<Vec<Kept>> {
        let mut told = Vec::new();
        for mut kept in store::all_of(tx, room, author).await? {
            if let Some((state, was)) = to(&kept) {
                store::set_state(tx, (kept.id, kept.state, state), was, &kept.answer, self.now()).await?;
                (kept.state, kept.was) = (state, was);
            }
            // Whoever decides so again may do it because the first time nobody was told.
            if kept.was.purged {
                told.push(kept);
            }
        }
        Ok(told)
    }

    /// Tells the room what has become of questions, once that is committed.
    pub(crate) async fn tell_moved(&self, moved: &[Kept]) -> Result<()> {
        let mut told = Ok(());
        for kept in moved {
            told = told.and(self.tell(kept, kept.was.state).await);
        }
        told
    }
}
