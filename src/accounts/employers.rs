//! Employers and the check of their unified social credit code (GB 32100-2015).

use crate::clock::Millis;
use crate::ids::EmployerId;
use crate::web::{Text, clean, clean_text};

/// An employer as shown to everybody.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Employer {
    pub id: EmployerId,
    pub name_zh: String,
    pub name_en: String,
    pub credit_code: String,
    /// GB/T 2260 code of the seat.
    pub region: String,
    /// GB/T 4754 letter and digits.
    pub industry: String,
    pub about_zh: String,
    pub about_en: String,
    pub created_at: Millis,
}

/// What is needed to register an employer.
#[derive(Clone, Debug, Default)]
pub struct NewEmployer {
    pub name_zh: String,
    pub name_en: String,
    pub credit_code: String,
    pub region: String,
    pub industry: String,
    pub about_zh: String,
    pub about_en: String,
}

impl NewEmployer {
    pub(super) fn build(self, now: Millis) -> Employer {
        Employer {
            id: EmployerId::new(),
            name_zh: clean(&self.name_zh, 80),
            name_en: clean(&self.name_en, 120),
            credit_code: self.credit_code,
            region: self.region,
            industry: self.industry,
            about_zh: clean_text(&self.about_zh, 2_000),
            about_en: clean_text(&self.about_en, 4_000),
            created_at: now,
        }
    }
}

/// Characters in the order of their values (GB 32100-2015, table 1: no I, O, S, V, Z).
const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What is wrong with a unified social credit code, so that whoever copied it knows where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditCodeFault {
    /// Not 18 characters.
    Length,
    /// A character that no code has: I, O, S, V and Z are left out because they look like digits.
    Character,
    /// The last character does not follow from the others: a slip of the pen.
    Check,
}

impl CreditCodeFault {
    pub fn text(self) -> Text {
        match self {
            Self::Length => Text("accounts-credit-code-length"),
            Self::Character => Text("accounts-credit-code-character"),
            Self::Check => Text("accounts-credit-code-check"),
        }
    }
}

/// Whether an 18-character unified social credit code has the right check character.
pub fn credit_code_is_valid(code: &str) -> bool {
    credit_code_fault(code).is_none()
}

/// The first rule of GB 32100 that a code breaks: length, characters, check character (weights 3^i mod 31).
pub fn credit_code_fault(code: &str) -> Option<CreditCodeFault> {
    if code.chars().count() != 18 {
        return Some(CreditCodeFault::Length);
    }
    let values: Option<Vec<u32>> = code.bytes().map(|b| ALPHABET.iter().position(|a| *a == b).map(|i| i as u32)).collect();
    let Some(values) = values else { return Some(CreditCodeFault::Character) };
    let (mut sum, mut weight) = (0, 1);
    for value in &values[..17] {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    ((31 - sum % 31) % 31 != values[17]).then_some(CreditCodeFault::Check)
}

pub(super) mod store {
    use super::Employer;
    use crate::ids::{AccountId, EmployerId};
    use sqlx::{Any, AnyConnection, AnyPool, Executor};

    pub(crate) async fn insert<'e>(db: impl Executor<'e, Database = Any>, e: &Employer) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO employers (id, name_zh, name_en, credit_code, region, industry, about_zh, about_en, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(e.id).bind(&e.name_zh).bind(&e.name_en).bind(&e.credit_code).bind(&e.region).bind(&e.industry)
            .bind(&e.about_zh).bind(&e.about_en).bind(e.created_at).execute(db).await.map(|_| ())
    }

    pub(crate) async fn employer(db: &AnyPool, id: EmployerId) -> sqlx::Result<Option<Employer>> {
        sqlx::query_as(
            "SELECT id, name_zh, name_en, credit_code, region, industry, about_zh, about_en, created_at FROM employers WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(db)
        .await
    }

    pub(crate) async fn set_credit_code<'e>(db: impl Executor<'e, Database = Any>, id: EmployerId, code: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE employers SET credit_code = $2 WHERE id = $1").bind(id).bind(code).execute(db).await.map(|_| ())
    }

    /// Takes the role of a recruiter back unless nobody would be left; whether it did. Whoever does so at the same time waits for the employer's
    /// row and counts anew.
    pub(crate) async fn remove_recruiter(db: &mut AnyConnection, id: EmployerId, account: AccountId) -> sqlx::Result<bool> {
        sqlx::query("UPDATE employers SET created_at = created_at WHERE id = $1").bind(id).execute(&mut *db).await?;
        let done = sqlx::query(
            "DELETE FROM roles WHERE account_id = $1 AND role = 'recruiter' AND subject = $2 \
             AND (SELECT COUNT(*) FROM roles WHERE role = 'recruiter' AND subject = $2) > 1",
        )
        .bind(account)
        .bind(id.to_string())
        .execute(db)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{CreditCodeFault, credit_code_fault, credit_code_is_valid};

    #[test]
    fn the_check_character_is_checked() {
        // Published codes of two large companies.
        assert!(credit_code_is_valid("91440300708461136T"));
        assert!(credit_code_is_valid("914403001922038216"));
        assert!(!credit_code_is_valid("914403001922038217"));
        assert!(!credit_code_is_valid("91440300192203821I"));
        assert!(!credit_code_is_valid(""));
        assert_eq!(credit_code_fault("9144030019220382"), Some(CreditCodeFault::Length));
        assert_eq!(credit_code_fault("91440300192203821O"), Some(CreditCodeFault::Character));
        assert_eq!(credit_code_fault("中14403001922038216"), Some(CreditCodeFault::Character));
        assert_eq!(credit_code_fault("914403001922038261"), Some(CreditCodeFault::Check));
    }
}
