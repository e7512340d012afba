//! Employers and the check of their unified social credit code (GB 32100-2015).

use crate::clock::Millis;
use crate::ids::EmployerId;
use crate::web::{clean, clean_text};

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

/// Whether an 18-character unified social credit code has the right check character: weights 3^i mod 31.
pub fn credit_code_is_valid(code: &str) -> bool {
    let values: Option<Vec<u32>> = code.bytes().map(|b| ALPHABET.iter().position(|a| *a == b).map(|i| i as u32)).collect();
    let Some(values) = values.filter(|v| v.len() == 18) else { return false };
    let (mut sum, mut weight) = (0, 1);
    for value in &values[..17] {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    (31 - sum % 31) % 31 == values[17]
}

pub(super) mod store {
    use super::Employer;
    use crate::ids::EmployerId;
    use sqlx::{Any, AnyPool, Executor};

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
}

#[cfg(test)]
mod tests {
    use super::credit_code_is_valid;

    #[test]
    fn the_check_character_is_checked() {
        // Published codes of two large companies.
        assert!(credit_code_is_valid("91440300708461136T"));
        assert!(credit_code_is_valid("914403001922038216"));
        assert!(!credit_code_is_valid("914403001922038217"));
        assert!(!credit_code_is_valid("91440300192203821I"));
        assert!(!credit_code_is_valid(""));
    }
}
