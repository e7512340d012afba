//! Deleting an account: asked for, undone within a week, then carried out. Contacts, profile, resumes, saved searches and sessions go; what the law
//! wants kept of applications leaves every page and desk for a sealed record without name, contact and files, and goes after three years.
//!
//! Invariants: nobody who works here is deleted before their roles are given up; what is carried out can be carried out again, so that a crash
//! in its midst costs nothing; the rows of a person that stay have the account's id, which by then leads to no name.

use super::{Privacy, store};
use crate::accounts::{Account, Viewer};
use crate::clock::{DAY, Millis, iso};
use crate::db::{Erased, erase};
use crate::ids::AccountId;
use crate::web::{AppError, Fields, Result, Text};

/// To change one's mind, and to notice that somebody else did it.
pub const GRACE: Millis = 7 * DAY;
/// What was written in rooms stays for moderators so long after that: content of broadcasts is kept for 60 days at least.
pub const WORDS_KEPT: Millis = 60 * DAY;
/// For which the law wants records of recruiting to be there.
pub const RECORDS_KEPT: Millis = 3 * 365 * DAY;
/// Whoever asks types one of these.
const WORDS: [&str; 2] = ["注销", "DELETE"];

/// A deletion as stored.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Deletion {
    pub(super) account_id: AccountId,
    pub(super) asked_at: Millis,
    pub(super) due_at: Millis,
}

/// What takes a person out of everywhere.
fn erased() -> [&'static Erased; 10] {
    [
        crate::interviews::ERASED,
        crate::moderation::ERASED,
        crate::questions::ERASED,
        crate::stage::ERASED,
        crate::queue::ERASED,
        crate::searches::ERASED,
        crate::telling::ERASED,
        crate::stations::ERASED,
        crate::notify::ERASED,
        crate::accounts::ERASED,
    ]
}

impl Privacy {
    /// The deletion that a person asked for and can still undo.
    pub(super) async fn deletion(&self, account: AccountId) -> Result<Option<Deletion>> {
        Ok(store::deletion(self.accounts.db.read(), account).await?)
    }

    /// Asks for one's account to be deleted; asked twice it is due when it was first. They are told, so that nobody does it unseen.
    pub(super) async fn ask_deletion(&self, viewer: &Viewer, typed: &str) -> Result<Deletion> {
        let account = viewer.person()?;
        if viewer.is_staff() {
            return Err(AppError::Conflict(Text("deletion-staff")));
        }
        if !WORDS.iter().any(|word| typed.trim().eq_ignore_ascii_case(word)) {
            let mut wrong = Fields::default();
            wrong.add("confirm", Text("deletion-confirm-wrong"));
            return Err(AppError::Invalid(wrong));
        }
        if let Some(asked) = self.deletion(account.id).await? {
            return Ok(asked);
        }
        let now = self.accounts.clock.now();
        let deletion = Deletion { account_id: account.id, asked_at: now, due_at: now + GRACE };
        let (lang, day) = (account.lang(), iso(deletion.due_at).chars().take(10).collect::<String>());
        let body = lang.t2("deletion-told", "day", &day, "link", format!("{}/me/deletion", self.accounts.origin));
        let letter = self.accounts.letter(account.id, &lang.t("deletion-told-subject"), &body).await?;
        let mut tx = self.accounts.db.begin().await?;
        store::put_deletion(&mut tx, &deletion).await?;
        if let Some(letter) = letter {
            self.accounts.notify.queue_in(&mut tx, &letter).await?;
        }
        self.accounts.audit_in(&mut *tx, account.id, "account.delete-asked", &account.id.to_string(), None, "", "").await?;
        tx.commit().await?;
        Ok(deletion)
    }

    /// Changes one's mind.
    pub(super) async fn undo_deletion(&self, viewer: &Viewer) -> Result<()> {
        let account = viewer.person()?.id;
        let mut tx = self.accounts.db.begin().await?;
        if store::undo_deletion(&mut tx, account).await? {
            self.accounts.audit_in(&mut *tx, account, "account.delete-undone", &account.to_string(), None, "", "").await?;
        }
        Ok(tx.commit().await?)
    }

    /// Carries out what is due; how many. Called by the housekeeping job.
    pub async fn delete_due(&self) -> Result<usize> {
        let now = self.accounts.clock.now();
        let mut done = 0;
        for deletion in store::due_deletions(self.accounts.db.read(), now).await? {
            match self.delete(deletion.account_id).await {
                Ok(()) => done += 1,
                // The others go all the same; this one is tried again in the next round.
                Err(error) => tracing::error!(?error, account = %deletion.account_id, "deleting an account"),
            }
        }
        for account in store::words_due(self.accounts.db.read(), now - WORDS_KEPT).await? {
            self.interviews.live.forget_hidden(account).await?;
            store::words_gone(self.accounts.db.write(), account, now).await?;
        }
        self.applications.forget_segregated(now).await?;
        Ok(done)
    }

    async fn delete(&self, id: AccountId) -> Result<()> {
        let account = self.accounts.account(id).await?.ok_or(AppError::NotFound)?;
        self.leave_everything(&account).await?;
        self.erase(id).await
    }

    /// Ends what goes on, as the person would by hand: whoever waits for them is told, and seats are free again.
    async fn leave_everything(&self, account: &Account) -> Result<()> {
        let mut viewer = Viewer::default();
        viewer.account = Some(account.clone());
        for sent in self.applications.of_account(account.id).await? {
            self.applications.withdraw(&viewer, sent.id).await?;
        }
        let reason = account.lang().t("deletion-cancel-reason");
        for card in self.interviews.mine(&viewer).await? {
            let id = card.interview.id;
            if let Err(error) = self.interviews.cancel(&viewer, id, &reason, true).await
                && !matches!(error, AppError::Conflict(_))
            {
                return Err(error);
            }
            self.recordings.delete(&viewer, id).await?;
        }
        self.interviews.live.forget_author(account.id).await
    }

    /// Takes the person out of all tables in one transaction.
    async fn erase(&self, account: AccountId) -> Result<()> {
        let now = self.accounts.clock.now();
        let record = self.applications.record_of(account).await?;
        let mut tx = self.accounts.db.begin().await?;
        self.applications.segregate_in(&mut tx, account, &record, now + RECORDS_KEPT).await?;
        for statements in erased() {
            erase(&mut tx, statements, &account.to_string()).await?;
        }
        // Undone at the last moment: all of it is rolled back.
        if !store::erased(&mut tx, account, now).await? {
            return Ok(());
        }
        self.accounts.audit_in(&mut *tx, account, "account.deleted", &account.to_string(), None, "", "").await?;
        tx.commit().await?;
        self.accounts.changed();
        Ok(())
    }
}
