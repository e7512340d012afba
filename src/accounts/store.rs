//! All SQL of accounts.

use super::Account;
use crate::clock::Millis;
use crate::db::listed;
use crate::ids::AccountId;
use sqlx::{Any, AnyPool, AssertSqlSafe, Executor, Transaction};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &[
    "DELETE FROM contacts WHERE account_id = $1",
    "DELETE FROM sessions WHERE account_id = $1",
    "DELETE FROM sign_in_links WHERE account_id = $1",
    "DELETE FROM roles WHERE account_id = $1",
    "UPDATE accounts SET name = '已注销', guest = 1, password_hash = NULL WHERE id = $1",
];

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] =
    &[crate::db::Sealed::new("contacts", "account_id", "sealed").found_by("lookup", |text| Some(text.to_owned()))];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    ("accounts", "SELECT id, name, lang, guest, created_at FROM accounts WHERE id = $1"),
    ("contacts", "SELECT kind, sealed AS sealed_contact, verified_at FROM contacts WHERE account_id = $1"),
    ("roles", "SELECT role, subject FROM roles WHERE account_id = $1"),
    ("sessions", "SELECT scope, created_at, expires_at FROM sessions WHERE account_id = $1 ORDER BY created_at"),
    (
        "consents",
        "SELECT c.text_version, e.name_zh AS employer, c.about, c.given, c.how, c.at, c.withdrawn_at FROM consents c \
         LEFT JOIN employers e ON e.id = c.employer_id WHERE c.account_id = $1 ORDER BY c.at",
    ),
    ("audit", "SELECT at, action, subject, reason FROM audit WHERE actor = $1 ORDER BY at"),
];

pub(super) mod consents;

macro_rules! select_account {
    ($rest:literal) => {
        concat!("SELECT accounts.id, accounts.name, accounts.guest, accounts.lang, accounts.created_at FROM accounts ", $rest)
    };
}

pub(super) async fn account(db: &AnyPool, id: AccountId) -> sqlx::Result<Option<Account>> {
    sqlx::query_as(select_account!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// Ids in one query: far fewer than either database takes.
const AT_ONCE: usize = 200;

pub(super) async fn named_among(db: &AnyPool, ids: &[AccountId], text: &str, most: usize) -> sqlx::Result<Vec<Account>> {
    let mut found: Vec<Account> = Vec::new();
    // The name is compared here, because the databases differ in what they take for the same letter.
    let text = text.to_lowercase();
    for some in ids.chunks(AT_ONCE) {
        let listed = listed(0, some.len());
        let sql = format!(select_account!("WHERE accounts.guest = 0 AND accounts.id IN ({})"), listed);
        let query = some.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(*id));
        let some: Vec<Account> = query.fetch_all(db).await?;
        found.extend(some.into_iter().filter(|account| account.name.to_lowercase().contains(&text)));
    }
    found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    found.truncate(most);
    Ok(found)
}

pub(super) async fn insert_account<'e>(db: impl Executor<'e, Database = Any>, a: &Account) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO accounts (id, name, guest, lang, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(a.id)
        .bind(&a.name)
        .bind(a.guest.0 as i64)
        .bind(&a.lang)
        .bind(a.created_at)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn rename(db: &AnyPool, id: AccountId, name: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE accounts SET name = $2 WHERE id = $1").bind(id).bind(name).execute(db).await.map(|_| ())
}

pub(super) async fn end_guest<'e>(db: impl Executor<'e, Database = Any>, id: AccountId) -> sqlx::Result<()> {
    sqlx::query("UPDATE accounts SET guest = 0 WHERE id = $1").bind(id).execute(db).await.map(|_| ())
}

pub(super) async fn set_password(db: &AnyPool, id: AccountId, hash: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE accounts SET password_hash = $2 WHERE id = $1").bind(id).bind(hash).execute(db).await.map(|_| ())
}

pub(super) async fn insert_session<'e>(
    db: impl Executor<'e, Database = Any>,
    hash: &str,
    id: AccountId,
    scope: &str,
    now: Millis,
    until: Millis,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO sessions (token_hash, account_id, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(hash)
        .bind(id)
        .bind(scope)
        .bind(now)
        .bind(until)
        .execute(db)
        .await
        .map(|_| ())
}

/// The account of a session that has not expired, with its scope, whether a contact is proven, and one of its roles.
#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    #[sqlx(flatten)]
    pub(super) account: Account,
    pub(super) scope: String,
    pub(super) proven: i64,
    pub(super) role: Option<String>,
    pub(super) subject: Option<String>,
}

/// A row for each role, or one without; none of a session that is not there.
pub(super) async fn session(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as(
        "SELECT accounts.id, accounts.name, accounts.guest, accounts.lang, accounts.created_at, sessions.scope, \
         (SELECT COUNT(*) FROM contacts WHERE contacts.account_id = accounts.id AND contacts.verified_at IS NOT NULL) AS proven, \
         roles.role, roles.subject FROM sessions JOIN accounts ON accounts.id = sessions.account_id \
         LEFT JOIN roles ON roles.account_id = accounts.id WHERE sessions.token_hash = $1 AND sessions.expires_at > $2",
    )
    .bind(hash)
    .bind(now)
    .fetch_all(db)
    .await
}

pub(super) async fn delete_session(db: &AnyPool, hash: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(hash).execute(db).await.map(|_| ())
}

/// Ends the sessions of a scope, with whatever role.
pub(super) async fn delete_scoped(db: &AnyPool, scope: &str) -> sqlx::Result<u64> {
    let deleted = sqlx::query("DELETE FROM sessions WHERE scope = $1 OR scope LIKE $2").bind(scope).bind(format!("{scope}:%"));
    deleted.execute(db).await.map(|done| done.rows_affected())
}

pub(super) async fn roles(db: &AnyPool, id: AccountId) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT role, subject FROM roles WHERE account_id = $1").bind(id).fetch_all(db).await
}

pub(super) async fn grant<'e>(db: impl Executor<'e, Database = Any>, id: AccountId, role: &str, subject: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO roles (account_id, role, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(role)
        .bind(subject)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn revoke<'e>(db: impl Executor<'e, Database = Any>, id: AccountId, role: &str, subject: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM roles WHERE account_id = $1 AND role = $2 AND subject = $3")
        .bind(id)
        .bind(role)
        .bind(subject)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn holders(db: &AnyPool, role: &str, subject: &str) -> sqlx::Result<Vec<Account>> {
    sqlx::query_as(select_account!(
        "JOIN roles ON roles.account_id = accounts.id WHERE roles.role = $1 AND roles.subject = $2 ORDER BY accounts.created_at"
    ))
    .bind(role)
    .bind(subject)
    .fetch_all(db)
    .await
}

pub(super) async fn has_admin(db: &AnyPool) -> sqlx::Result<bool> {
    let found: Option<(String,)> = sqlx::query_as("SELECT account_id FROM roles WHERE role = 'admin' LIMIT 1").fetch_optional(db).await?;
    Ok(found.is_some())
}

pub(super) async fn insert_link(db: &AnyPool, hash: &str, id: Option<AccountId>, uses: i64, until: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO sign_in_links (token_hash, account_id, uses_left, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(hash)
        .bind(id.map(|id| id.to_string()))
        .bind(uses)
        .bind(until)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn redeem_link(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<Option<AccountId>> {
    let row: Option<(AccountId,)> = sqlx::query_as(
        "UPDATE sign_in_links SET uses_left = uses_left - 1 \
         WHERE token_hash = $1 AND account_id IS NOT NULL AND uses_left > 0 AND expires_at > $2 RETURNING account_id",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| r.0))
}

pub(super) async fn setup_link_is_open(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<bool> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT uses_left FROM sign_in_links WHERE token_hash = $1 AND account_id IS NULL AND uses_left > 0 AND expires_at > $2",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

pub(super) async fn consume_setup_link(db: &AnyPool, hash: &str, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE sign_in_links SET uses_left = uses_left - 1 WHERE token_hash = $1 AND account_id IS NULL AND uses_left > 0 AND expires_at > $2",
    )
    .bind(hash)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn put_contact(
    db: &AnyPool,
    lookup: &str,
    id: AccountId,
    kind: &str,
    sealed: &str,
    verified: Option<Millis>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO contacts (lookup, account_id, kind, sealed, verified_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (lookup) DO UPDATE SET account_id = excluded.account_id, verified_at = excluded.verified_at",
    )
    .bind(lookup)
    .bind(id)
    .bind(kind)
    .bind(sealed)
    .bind(verified)
    .execute(db)
    .await
    .map(|_| ())
}

/// Gives a contact another hash, unless it is there by that one.
pub(super) async fn rehash(db: &AnyPool, old: &str, new: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE contacts SET lookup = $2 WHERE lookup = $1 AND NOT EXISTS (SELECT 1 FROM contacts o WHERE o.lookup = $2)")
        .bind(old)
        .bind(new)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn contacts(db: &AnyPool, id: AccountId) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT kind, sealed FROM contacts WHERE account_id = $1 AND verified_at IS NOT NULL").bind(id).fetch_all(db).await
}

pub(super) async fn owner(db: &AnyPool, lookup: &str) -> sqlx::Result<Option<Account>> {
    sqlx::query_as(select_account!("JOIN contacts ON contacts.account_id = accounts.id WHERE contacts.lookup = $1"))
        .bind(lookup)
        .fetch_optional(db)
        .await
}

pub(super) async fn owner_with_password(db: &AnyPool, lookup: &str) -> sqlx::Result<Option<(AccountId, String)>> {
    sqlx::query_as(
        "SELECT accounts.id, accounts.password_hash FROM accounts JOIN contacts ON contacts.account_id = accounts.id \
         WHERE contacts.lookup = $1 AND accounts.password_hash IS NOT NULL",
    )
    .bind(lookup)
    .fetch_optional(db)
    .await
}

#[derive(sqlx::FromRow)]
pub(super) struct CodeRow {
    pub(super) lookup: String,
    pub(super) code_hash: String,
    pub(super) sealed: String,
    pub(super) kind: String,
    pub(super) attempts: i64,
    pub(super) sent_at: Millis,
    pub(super) expires_at: Millis,
}

pub(super) async fn put_code(db: &AnyPool, row: &CodeRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sign_in_codes (lookup, code_hash, sealed, kind, attempts, sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (lookup) DO UPDATE SET code_hash = excluded.code_hash, attempts = 0, sent_at = excluded.sent_at, expires_at = excluded.expires_at",
    )
    .bind(&row.lookup)
    .bind(&row.code_hash)
    .bind(&row.sealed)
    .bind(&row.kind)
    .bind(row.attempts)
    .bind(row.sent_at)
    .bind(row.expires_at)
    .execute(db)
    .await
    .map(|_| ())
}

/// Counts a guess before it is judged, so that parallel guesses cannot exceed the limit.
pub(super) async fn count_attempt(db: &AnyPool, lookup: &str) -> sqlx::Result<Option<CodeRow>> {
    sqlx::query_as(
        "UPDATE sign_in_codes SET attempts = attempts + 1 WHERE lookup = $1 \
         RETURNING lookup, code_hash, sealed, kind, attempts, sent_at, expires_at",
    )
    .bind(lookup)
    .fetch_optional(db)
    .await
}

/// Uses a code up; whether it was still there, as of two who send it at once one gets in.
pub(super) async fn use_code(db: &AnyPool, lookup: &str, hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM sign_in_codes WHERE lookup = $1 AND code_hash = $2").bind(lookup).bind(hash).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn delete_expired(db: &AnyPool, before: Millis) -> sqlx::Result<u64> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM sessions WHERE expires_at < $1",
        "DELETE FROM sign_in_codes WHERE expires_at < $1",
        "DELETE FROM sign_in_links WHERE expires_at < $1",
    ] {
        gone += sqlx::query(sql).bind(before).execute(db).await?.rows_affected();
    }
    Ok(gone)
}

/// Empties the names of guests from before a time who can come back by no session; how many.
pub(super) async fn forget_guests(tx: &mut Transaction<'_, Any>, before: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE accounts SET name = '' WHERE guest = 1 AND name <> '' AND created_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.account_id = accounts.id)",
    );
    Ok(done.bind(before).execute(&mut **tx).await?.rows_affected())
}
