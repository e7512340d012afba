//! Taking one person out of tables.

use sqlx::{Any, Transaction};

/// Statements that take the account $1 out of tables; see the capability's `ERASED`.
pub type Erased = [&'static str];

/// Carries them out, as a part of something larger.
pub async fn erase(tx: &mut Transaction<'static, Any>, statements: &Erased, account: &str) -> sqlx::Result<()> {
    for sql in statements {
        sqlx::query(*sql).bind(account).execute(&mut **tx).await?;
    }
    Ok(())
}
