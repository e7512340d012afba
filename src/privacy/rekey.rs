//! Making anew with the newest key what older ones made: columns with their look-up hashes, files. The server does it by itself, beside its work,
//! once it was started with a new key (`springbreeze keys add`); when all is done the old keys can go (`springbreeze keys drop`).
//!
//! What is made anew is written only over what was read, so that nothing that somebody changes meanwhile is lost, several servers can be at it, and
//! one that dies leaves the rest to the next start.

use super::{Privacy, store};
use crate::db::{Anew, Sealed};
use crate::web::Result;
use crate::{accounts, applications, employers, interviews, judging, notify, postings, stations, webhooks};

/// All columns of ciphertexts; a test walks the schema for others.
pub fn sealed() -> impl Iterator<Item = &'static Sealed> {
    let all = [
        accounts::SEALED,
        applications::SEALED,
        employers::SEALED,
        interviews::SEALED,
        judging::SEALED,
        notify::SEALED,
        postings::SEALED,
        stations::SEALED,
        webhooks::SEALED,
    ];
    all.into_iter().flatten()
}

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    pub texts: u64,
    pub files: u64,
    /// Made with a key that is not there any more, or broken: they are no worse off without the old keys.
    pub unreadable: u64,
}

impl Privacy {
    /// Makes everything anew that the newest key has not made, and notes that it is done. Nothing if there is but one key. Called by the
    /// housekeeping job.
    pub async fn rekey(&self) -> Result<Rekeyed> {
        let (keys, db, mut done) = (&self.accounts.keys, &self.accounts.db, Rekeyed::default());
        if !keys.has_older() || may_drop(db, keys.newest_id()).await? {
            return Ok(done);
        }
        let fresh = format!("{}.", keys.newest_id());
        for column in sealed() {
            let anew = |old: &str| {
                let text = keys.decrypt(old)?;
                let lookup = column.lookup.and_then(|(_, hashed)| hashed(&text)).map(|part| keys.lookup_hash(&part));
                Some(Anew { sealed: keys.encrypt(&text), lookup })
            };
            let (texts, unreadable) = Box::pin(column.reseal(db, &fresh, &anew)).await?;
            (done.texts, done.unreadable) = (done.texts + texts, done.unreadable + unreadable);
        }
        // Each on the heap: all of them within one another are more than a stack holds.
        for (files, unreadable) in [
            Box::pin(self.applications.rekey_files()).await?,
            Box::pin(self.applications.rekey_voices()).await?,
            Box::pin(self.employers.rekey_papers()).await?,
            Box::pin(self.recordings.rekey_pieces()).await?,
        ] {
            (done.files, done.unreadable) = (done.files + files, done.unreadable + unreadable);
        }
        store::put_rekeyed(db.write(), keys.newest_id(), self.accounts.clock.now()).await?;
        tracing::info!(?done, "everything is made anew with the newest key; the old ones can be dropped");
        Ok(done)
    }
}

/// Whether all that is encrypted was made with the newest of several keys, so that the others can go.
pub async fn may_drop(db: &crate::db::Db, newest: &str) -> Result<bool> {
    if !store::is_rekeyed(db.read(), newest).await? {
        return Ok(false);
    }
    // A server that was not restarted with the new key may have written since.
    for column in sealed() {
        if column.is_stale(db, &format!("{newest}.")).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
