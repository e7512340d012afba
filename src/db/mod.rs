//! The database: SQLite by default, PostgreSQL for growth, the same portable SQL on both (sqlx's `Any` driver).
//!
//! Invariants: on SQLite one connection writes and several read, so a write never meets `database is locked`;
//! every integer column is BIGINT (flags too), every text, id and ciphertext TEXT; migrations are append-only.
//! Deliberately absent: any capability's SQL, which lives in that capability's `store.rs`.

mod erase;
mod gather;
mod many_rows;
mod personal;
mod recent;
mod reseal;
mod types;

pub use erase::{Erased, erase};
pub use gather::Gather;
pub use many_rows::{ManyRows, listed};
pub use personal::{Personal, personal};
pub use recent::Recent;
pub use reseal::{Anew, Hashed, Sealed};
pub use types::{Flag, Json};

use crate::config::Config;
use anyhow::Context;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Any, AnyPool, Connection, Executor, Transaction};
use std::path::Path;
use std::time::Duration;

/// Readers on SQLite, or connections to PostgreSQL: enough to keep two to sixteen cores busy without exhausting a default server.
const CONNECTIONS: u32 = 12;
/// How long a request waits for a connection before it is answered 503.
const ACQUIRE: Duration = Duration::from_secs(5);

/// Which database it is, for the few statements that cannot be portable (full-text search, backup).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A handle to the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    read: AnyPool,
    write: AnyPool,
    dialect: Dialect,
}

#[derive(rust_embed::Embed)]
#[folder = "src/db/migrations"]
struct Migrations;

impl Db {
    /// Opens the configured database, creating it if it is SQLite, and brings its schema up to date.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        Self::open_url(&config.database_url()).await
    }

    pub async fn open_url(url: &str) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        let dialect = if url.starts_with("sqlite:") { Dialect::Sqlite } else { Dialect::Postgres };
        let db = match dialect {
            Dialect::Sqlite => {
                let separator = if url.contains('?') { '&' } else { '?' };
                let options: AnyConnectOptions = format!("{url}{separator}mode=rwc").parse().context("database URL")?;
                let write = sqlite_pool(1, false).connect_with(options.clone()).await.context("cannot open the database")?;
                let read = sqlite_pool(CONNECTIONS, true).connect_with(options).await?;
                Self { read, write, dialect }
            }
            Dialect::Postgres => {
                let pool = AnyPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .acquire_timeout(ACQUIRE)
                    .connect(url)
                    .await
                    .context("cannot reach the database")?;
                Self { read: pool.clone(), write: pool, dialect }
            }
        };
        migrator(dialect)?.run(&db.write).await.context("migrations")?;
        Ok(db)
    }

    /// For SELECT outside a transaction.
    pub fn read(&self) -> &AnyPool {
        &self.read
    }

    /// For single statements that write.
    pub fn write(&self) -> &AnyPool {
        &self.write
    }

    /// A transaction that may write. On SQLite it holds the only writer: keep it short and never await anything else inside.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.write.begin().await
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How long a row that this process has not changed is taken for what it was, in milliseconds. An SQLite file belongs to one server, beside
    /// which hardly more than a command of the operator changes anything; other nodes write to the same PostgreSQL.
    pub fn trusted_for(&self) -> i64 {
        match self.dialect {
            Dialect::Sqlite => 30_000,
            Dialect::Postgres => 1_000,
        }
    }

    /// Answers if the database can be read; for readiness checks.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(|_| ())
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Writes a consistent copy of the SQLite database at `url` to `file`, also while a server uses it (`VACUUM INTO`).
pub async fn snapshot(url: &str, file: &Path) -> anyhow::Result<()> {
    sqlx::any::install_default_drivers();
    let file = file.to_str().context("the path is not UTF-8")?;
    let mut connection = sqlx::AnyConnection::connect(&format!("{url}?mode=rw")).await.context("cannot open the database")?;
    sqlx::query("VACUUM INTO $1").bind(file).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Whether the SQLite database at `url` is whole (`PRAGMA integrity_check`).
pub async fn is_whole(url: &str) -> anyhow::Result<bool> {
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&format!("{url}?mode=rw")).await?;
    let (answer,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(answer == "ok")
}

fn sqlite_pool(connections: u32, reader: bool) -> AnyPoolOptions {
    // A file does not hang up: asking whether it is still there would double the way to the connection's thread and back.
    let options = AnyPoolOptions::new().max_connections(connections).min_connections(1).acquire_timeout(ACQUIRE).test_before_acquire(false);
    options.after_connect(move |conn, _| {
        Box::pin(async move {
            // FULL: what was acknowledged survives a power cut, not only a killed process; group commits pay for it.
            conn.execute("PRAGMA journal_mode = WAL").await?;
            conn.execute("PRAGMA synchronous = FULL").await?;
            conn.execute("PRAGMA foreign_keys = ON").await?;
            conn.execute("PRAGMA busy_timeout = 5000").await?;
            conn.execute("PRAGMA cache_size = -16000").await?;
            if reader {
                conn.execute("PRAGMA query_only = ON").await?;
            } else {
                // What a statement of many rows would need to be undone, some hundred pages, would go through a temporary file.
                conn.execute("PRAGMA temp_store = MEMORY").await?;
                // 16 MB: pages that many commits change are written back once for all of them.
                conn.execute("PRAGMA wal_autocheckpoint = 4000").await?;
            }
            Ok(())
        })
    })
}

/// Migrations are `NNNN_name.sql`, for one database only if the name ends in `.sqlite.sql` or `.postgres.sql`.
fn migrator(dialect: Dialect) -> anyhow::Result<Migrator> {
    let mut found = Vec::new();
    for path in Migrations::iter() {
        let Some(stem) = path.strip_suffix(".sql") else { continue };
        let only = if stem.ends_with(".sqlite") {
            Some(Dialect::Sqlite)
        } else if stem.ends_with(".postgres") {
            Some(Dialect::Postgres)
        } else {
            None
        };
        if only.is_some_and(|d| d != dialect) {
            continue;
        }
        let (number, name) = stem.split_once('_').with_context(|| format!("migration {path} has no number"))?;
        let file = Migrations::get(&path).context("embedded")?;
        let sql = String::from_utf8(file.data.into_owned())?;
        let sql = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql));
        found.push(Migration::new(number.parse()?, name.to_owned().into(), MigrationType::Simple, sql, false));
    }
    found.sort();
    Ok(Migrator::with_migrations(found))
}

/// Whether a statement failed because a unique constraint (or primary key) holds already.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_unique_violation())
}

/// Whether a statement failed because what it refers to does not exist.
pub fn is_foreign_key_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_foreign_key_violation())
}
