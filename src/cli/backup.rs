//! `springbreeze backup FILE` and `springbreeze restore FILE`: one tar archive with the database, the stored files and the key.
//!
//! Consistent while the server runs: stored files never change and are written before the row that names them, so the database
//! is copied first (a SQLite snapshot) and the files after it. The archive holds the master key: keep it as safe as the server.

use crate::config::Config;
use crate::db;
use anyhow::{Context, bail, ensure};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// Names in the archive and in the data folder.
const DATABASE: &str = "springbreeze.db";
const KEY: &str = "master.key";
const BLOBS: &str = "blobs";

#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// The archive to write or to read
    pub file: PathBuf,
}

/// Writes the archive; the file appears only when it is complete.
pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    let url = config.database_url();
    ensure!(url.starts_with("sqlite:"), "the database is PostgreSQL: use pg_dump, and copy the data folder's blobs and master.key");
    ensure!(!file.exists(), "{} exists already", file.display());
    let scratch = tempfile::tempdir_in(file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    let copy = scratch.path().join(DATABASE);
    db::snapshot(&url, &copy).await?;
    let (data, partial) = (config.data.clone(), scratch.path().join("backup.tar"));
    let (target, key) = (file.to_owned(), key_path(config));
    tokio::task::spawn_blocking(move || {
        let mut archive = tar::Builder::new(private_file(&partial)?);
        archive.append_path_with_name(&copy, DATABASE)?;
        archive.append_path_with_name(&key, KEY).with_context(|| format!("cannot read {}", key.display()))?;
        if data.join(BLOBS).is_dir() {
            archive.append_dir_all(BLOBS, data.join(BLOBS))?;
        }
        archive.into_inner()?.sync_all()?;
        std::fs::rename(&partial, &target).with_context(|| format!("cannot write {}", target.display()))
    })
    .await??;
    Ok(())
}

/// Fills an empty data folder from the archive and checks the database.
pub async fn restore(config: &Config, file: &Path) -> anyhow::Result<()> {
    let url = config.database_url();
    ensure!(url.starts_with("sqlite:"), "restore works with SQLite in the data folder");
    if config.data.join(DATABASE).exists() {
        bail!("{} holds a database already: restore into an empty folder", config.data.display());
    }
    let (data, archive) = (config.data.clone(), file.to_owned());
    tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&data)?;
        let mut archive = tar::Archive::new(File::open(&archive).with_context(|| format!("cannot read {}", archive.display()))?);
        // The tar crate refuses entries that would leave the folder.
        archive.unpack(&data).context("the archive is damaged")
    })
    .await??;
    ensure!(config.data.join(DATABASE).exists() && config.data.join(KEY).exists(), "this is not a backup of Spring Breeze");
    ensure!(db::is_whole(&url).await?, "the database in the archive is damaged");
    Ok(())
}

fn key_path(config: &Config) -> PathBuf {
    if config.key_file.as_os_str().is_empty() { config.data.join(KEY) } else { config.key_file.clone() }
}

fn private_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?)
}
