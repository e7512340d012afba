//! All that a person wrote in a room taken away at once, and shown again.
//!
//! Invariants: messages and questions go and come back in one transaction with the line in the audit log, and are told after it; a question
//! that was dismissed for itself stays so. Deliberately absent: votes, which are numbers, and what waits on the desk.

use super::Moderation;
use crate::accounts::Viewer;
use crate::ids::{AccountId, RoomId};
use crate::live::Event;
use crate::questions::Questions;
use crate::rooms::RoomView;
use crate::web::Result;

/// What a moderator decides over all that a person wrote in a room.
struct Purge {
    view: RoomView,
    actor: AccountId,
    author: AccountId,
    organises: bool,
    /// Or shown again.
    away: bool,
}

impl Moderation {
    /// Deletes all messages and questions of a person in a room.
    pub async fn delete_all_of(&self, viewer: &Viewer, questions: &Questions, room: RoomId, author: AccountId) -> Result<()> {
        self.purge(viewer, questions, room, author, true).await
    }

    /// Shows all messages of a person in a room again, and the questions that went with them.
    pub async fn restore_all_of(&self, viewer: &Viewer, questions: &Questions, room: RoomId, author: AccountId) -> Result<()> {
        self.purge(viewer, questions, room, author, false).await
    }

    async fn purge(&self, viewer: &Viewer, questions: &Questions, room: RoomId, author: AccountId, away: bool) -> Result<()> {
        let (view, actor) = self.may_moderate(viewer, room, author).await?;
        let purge = Purge { organises: viewer.organises(view.fair.id), view, actor, author, away };
        let (this, questions) = (self.clone(), questions.clone());
        self.tracker.spawn(async move { this.purge_wholly(&questions, purge).await }).await.map_err(anyhow::Error::from)?
    }

    async fn purge_wholly(&self, questions: &Questions, purge: Purge) -> Result<()> {
        let Purge { view, actor, author, organises, away } = purge;
        let room = view.room.id;
        let _turn = questions.turn(room).await;
        let mut tx = self.accounts.db.begin().await?;
        let (verb, moved) = if away {
            self.live.purge_author_in(&mut tx, room, author).await?;
            ("delete-all", questions.purge_in(&mut tx, room, author, organises).await?)
        } else {
            self.live.restore_author_in(&mut tx, room, author).await?;
            ("restore-all", questions.unpurge_in(&mut tx, room, author, organises).await?)
        };
        self.note_in(&mut *tx, &view, actor, verb, &author.to_string(), "", "").await?;
        tx.commit().await?;
        let event = if away { Event::Purged { target: author } } else { Event::RestoredAll { target: author } };
        let told = self.live.append(room, event).await.map(|_| ());
        told.and(questions.tell_moved(&moved).await)
    }
}
