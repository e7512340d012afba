//! One-time codes and passwords.

use super::{Account, Accounts, CODE_LIFE, Contact, store};
use crate::clock::SECOND;
use crate::i18n::Lang;
use crate::keys::new_code;
use crate::web::{AppError, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

/// Guesses allowed per code: with six digits a thief succeeds once in 200,000 codes.
const ATTEMPTS: i64 = 5;

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    Wrong,
    Expired,
}

impl Accounts {
    /// Sends a code to a contact. Says nothing about whether the contact is known.
    pub async fn send_code(&self, contact: &Contact, lang: Lang) -> Result<()> {
        let lookup = self.keys.lookup_hash(contact.value());
        self.code_limit.check(&lookup)?;
        let (code, now) = (new_code(), self.clock.now());
        let row = store::CodeRow {
            lookup: lookup.clone(),
            code_hash: self.keys.sign(&["code", &lookup, &code]),
            sealed: self.keys.encrypt(contact.value()),
            kind: contact.kind().name().into(),
            attempts: 0,
            sent_at: now,
            expires_at: now + CODE_LIFE,
        };
        store::put_code(self.db.write(), &row).await?;
        let minutes = CODE_LIFE / (60 * SECOND);
        let body = lang.t2("accounts-code-message", "code", format!("\u{2060}{code}").trim_start_matches('\u{2060}'), "minutes", minutes);
        self.notify.send_now(contact.kind().name(), contact.value(), &lang.t("accounts-code-subject"), &body).await
    }

    /// Checks a code. A right one proves the contact: it signs in its owner, or turns `guest` (or a new account) into the owner.
    pub async fn verify_code(
        &self,
        contact: &Contact,
        code: &str,
        guest: Option<&Account>,
        lang: Lang,
    ) -> Result<std::result::Result<Account, CodeError>> {
        if let Err(error) = self.check_code(contact, code).await? {
            return Ok(Err(error));
        }
        let lookup = self.lookup(contact).await?;
        if let Some(owner) = store::owner(self.db.read(), &lookup).await? {
            // Somebody who was invited proves the contact only now.
            self.add_contact(owner.id, contact).await?;
            return Ok(Ok(owner));
        }
        let account = match guest {
            Some(account) => account.clone(),
            None => self.create(&default_name(contact, lang), false, lang).await?,
        };
        self.add_contact(account.id, contact).await?;
        store::end_guest(self.db.write(), account.id).await?;
        self.changed();
        self.account(account.id).await?.map(Ok).ok_or(AppError::NotFound)
    }

    /// Whether a code that was sent to a contact is right; it is used up by that.
    pub async fn check_code(&self, contact: &Contact, code: &str) -> Result<std::result::Result<(), CodeError>> {
        let lookup = self.keys.lookup_hash(contact.value());
        let Some(row) = store::count_attempt(self.db.write(), &lookup).await? else { return Ok(Err(CodeError::Expired)) };
        if row.attempts > ATTEMPTS || row.expires_at <= self.clock.now() {
            return Ok(Err(CodeError::Expired));
        }
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        if !self.keys.verify(&["code", &lookup, &code], &row.code_hash) {
            return Ok(Err(CodeError::Wrong));
        }
        let used = store::use_code(self.db.write(), &lookup, &row.code_hash).await?;
        Ok(if used { Ok(()) } else { Err(CodeError::Expired) })
    }

    /// The account with this contact and password; the same time is spent whether or not it exists.
    pub async fn check_password(&self, contact: &Contact, password: &str) -> Result<Option<Account>> {
        let lookup = self.lookup(contact).await?;
        let found = store::owner_with_password(self.db.read(), &lookup).await?;
        let (id, hash) = match found {
            Some((id, hash)) => (Some(id), hash),
            None => (None, NO_PASSWORD.to_owned()),
        };
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?;
        match id {
            Some(id) if right => self.account(id).await,
            _ => Ok(None),
        }
    }
}

/// A well-formed argon2id hash that no password has.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3ByaW5nYnJlZXplMDA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn hash_password(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|h| h.to_string())
        .map_err(|e| AppError::Internal(anyhow::anyhow!("argon2: {e}")))
}

fn default_name(contact: &Contact, lang: Lang) -> String {
    let tail: String = contact.value().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    match contact.kind() {
        super::ContactKind::Phone => lang.t1("accounts-default-name", "tail", tail),
        super::ContactKind::Email => contact.value().split('@').next().unwrap_or("").to_owned(),
    }
}
