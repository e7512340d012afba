//! The ledger of consents: who agreed or refused, to which words, for whom, how and when; and when they took it back. Rows are added by whoever
//! asks for the consent, in the transaction of what it permits, and only ever ended.

use super::{Accounts, store};
use crate::clock::Millis;
use crate::db::Flag;
use crate::ids::{AccountId, EmployerId};
use crate::web::Result;
use sqlx::{Any, Executor, Transaction};

/// What a page shows of it.
const SHOWN: i64 = 500;

/// By which way somebody agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By themselves, on a page.
    Page,
    /// At a service station, where somebody helped them.
    Station,
}

impl How {
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Station => "station",
        }
    }
}

/// A yes or a no to be noted.
pub struct Consent<'a> {
    pub account: AccountId,
    /// The name of the words with their version, such as `send-to-employer/2`.
    pub text: &'a str,
    pub employer: Option<EmployerId>,
    /// The application or interview that it is about.
    pub about: String,
    pub given: bool,
    pub how: How,
}

/// What was noted.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    pub text_version: String,
    pub employer_zh: String,
    pub employer_en: String,
    pub about: String,
    #[sqlx(try_from = "i64")]
    pub given: Flag,
    pub how: String,
    pub at: Millis,
    /// 0 as long as it stands.
    pub withdrawn_at: Millis,
}

impl Accounts {
    /// Notes a yes or a no, as a part of what it permits or forbids.
    pub async fn note_consent_in<'e>(&self, db: impl Executor<'e, Database = Any>, consent: &Consent<'_>) -> Result<()> {
        Ok(store::consents::insert(db, consent, self.clock.now()).await?)
    }

    /// Notes that somebody took back what they agreed to about something, as a part of its consequences.
    pub async fn end_consent_in<'e>(&self, db: impl Executor<'e, Database = Any>, account: AccountId, about: &str) -> Result<()> {
        Ok(store::consents::end(db, account, about, self.clock.now()).await?)
    }

    /// What ended before a time goes; how many.
    pub async fn forget_consents_in(&self, tx: &mut Transaction<'_, Any>, before: Millis) -> Result<u64> {
        Ok(store::consents::forget(tx, before).await?)
    }

    /// What somebody agreed to or refused, newest first.
    pub async fn consents_of(&self, account: AccountId) -> Result<Vec<Kept>> {
        Ok(store::consents::of(self.db.read(), account, SHOWN).await?)
    }
}
