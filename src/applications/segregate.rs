//! What stays of applications when their person deletes the account: a sealed record without name, contact and files, on no page and desk.

use super::{Applications, store};
use crate::clock::Millis;
use crate::ids::AccountId;
use crate::web::Result;
use sqlx::{Any, Transaction};

impl Applications {
    /// The record of a person's applications, sealed; empty if there are none.
    pub async fn record_of(&self, account: AccountId) -> Result<String> {
        let keys = &self.accounts().keys;
        let open = |sealed: &str| keys.decrypt(sealed);
        let record = crate::db::personal(self.accounts().db.read(), store::segregate::RECORD, &account.to_string(), &open).await?;
        let has_any = record["applications"].as_array().is_some_and(|sent| !sent.is_empty());
        Ok(if has_any { keys.encrypt(&record.to_string()) } else { String::new() })
    }

    /// Puts the record in the place of the applications, as a part of a deletion. The files are strays from then on.
    pub async fn segregate_in(&self, tx: &mut Transaction<'static, Any>, account: AccountId, record: &str, until: Millis) -> Result<()> {
        if !record.is_empty() {
            store::segregate::put(tx, account, record, (self.now(), until)).await?;
        }
        Ok(crate::db::erase(tx, store::segregate::ERASED, &account.to_string()).await?)
    }

    /// Contact and resume go from applications whose last step and last grant were before a time; how many. The files are strays from then on.
    pub async fn forget_sent_in(&self, tx: &mut Transaction<'_, Any>, before: Millis) -> Result<u64> {
        Ok(store::segregate::forget_sent(tx, before).await?)
    }

    /// What guests filled in before a time and never sent goes, as a part of something larger; how many. Files that no row names go with the strays.
    pub async fn forget_unsent_in(&self, tx: &mut Transaction<'_, Any>, before: Millis) -> Result<u64> {
        Ok(store::segregate::forget_unsent(tx, before).await?)
    }

    /// Records that have been kept for their time go; how many. Called by the housekeeping job.
    pub async fn forget_segregated(&self, now: Millis) -> Result<u64> {
        Ok(store::segregate::forget(self.accounts().db.write(), now).await?)
    }
}
