//! Files that people send: resumes, and pictures for rooms; and recordings of interviews. Kept under `blobs/` in the data folder, each under its own id, never under a name
//! that somebody typed.
//!
//! Invariants: what [`Blobs::keep`] returned is on the disk (file and folder synced) before the caller writes a row about it;
//! receiving holds one chunk in memory whatever is sent. The callers see streams only, so that object storage can come
//! in here later. Deliberately absent: what a file may contain (`applications`, `stage`, `recordings`), who may read it.

use crate::clock::Millis;
use crate::config::Config;
use crate::ids::BlobId;
use crate::web::{AppError, Result};
use anyhow::Context;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Read on and dropped beyond the limit, so that the sender gets an answer rather than a reset connection.
const PATIENCE: u64 = 4;
/// What tells what a file is.
const HEAD: usize = 64;

/// The store; cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: Arc<Path>,
    max: u64,
}

/// A file that has come in and is not kept yet. Dropping it removes it.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    pub size: u64,
}

impl Incoming {
    /// Where its bytes are, for a look at what they are.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already if it was kept.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Blobs {
    /// Opens the store and clears what a crash left half received.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let blobs = Self::at(config.data.join("blobs"), config.max_upload);
        let incoming = blobs.incoming();
        std::fs::create_dir_all(&incoming).with_context(|| format!("cannot make {}", incoming.display()))?;
        Ok(blobs)
    }

    /// A store of its own within that one, for files up to `megabytes`. Its folder is made with the first file.
    pub fn open_within(config: &Config, folder: &str, megabytes: usize) -> Self {
        Self::at(config.data.join("blobs").join(folder), megabytes.min(config.max_upload))
    }

    /// The same for files that the server makes by itself, which no limit of uploads is meant for.
    pub fn open_own(config: &Config, folder: &str, megabytes: usize) -> Self {
        Self::at(config.data.join("blobs").join(folder), megabytes)
    }

    fn at(root: PathBuf, megabytes: usize) -> Self {
        let blobs = Self { root: root.into(), max: megabytes as u64 * 1024 * 1024 };
        let _ = std::fs::remove_dir_all(blobs.incoming());
        blobs
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// The largest file taken, in bytes.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The largest request body worth reading at all.
    pub fn max_body(&self) -> u64 {
        self.max.saturating_mul(PATIENCE)
    }

    /// Takes a stream in. `Err(TooLarge)` once it is larger than allowed.
    pub async fn receive(&self, mut stream: impl Stream<Item = Result<Bytes>> + Unpin) -> Result<Incoming> {
        tokio::fs::create_dir_all(self.incoming()).await?;
        let path = self.incoming().join(BlobId::new().to_string());
        let mut file = File::create_new(&path).await?;
        let mut incoming = Incoming { path, size: 0 };
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            incoming.size += chunk.len() as u64;
            if incoming.size > self.max_body() {
                return Err(AppError::TooLarge);
            }
            if incoming.size <= self.max {
                file.write_all(&chunk).await?;
            }
        }
        if incoming.size > self.max {
            return Err(AppError::TooLarge);
        }
        file.sync_all().await?;
        Ok(incoming)
    }

    /// Keeps a file for good; durable when this returns.
    pub async fn keep(&self, incoming: Incoming) -> Result<BlobId> {
        let id = BlobId::new();
        self.keep_as(incoming, id).await.map(|()| id)
    }

    /// Keeps bytes that the server made under an id that the caller chose; no limit of uploads is meant for them.
    pub async fn put(&self, id: BlobId, bytes: &[u8]) -> Result<()> {
        tokio::fs::create_dir_all(self.incoming()).await?;
        let path = self.incoming().join(id.to_string());
        let mut file = File::create_new(&path).await?;
        let incoming = Incoming { path, size: bytes.len() as u64 };
        file.write_all(bytes).await?;
        file.sync_all().await?;
        self.keep_as(incoming, id).await
    }

    async fn keep_as(&self, incoming: Incoming, id: BlobId) -> Result<()> {
        let to = self.path(id);
        tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            let folder = to.parent().context("a blob lies in a folder")?;
            std::fs::create_dir_all(folder)?;
            std::fs::rename(incoming.path(), &to)?;
            // The rename is durable once the folder is, and the folder once the one above is.
            std::fs::File::open(folder)?.sync_all()?;
            if let Some(above) = folder.parent() {
                std::fs::File::open(above)?.sync_all()?;
            }
            Ok(())
        })
        .await??;
        Ok(())
    }

    /// All bytes of a file; `None` if it is not there.
    pub async fn bytes(&self, id: BlobId) -> Result<Option<Vec<u8>>> {
        let Some((mut file, size)) = self.read(id).await? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.read_to_end(&mut bytes).await?;
        Ok(Some(bytes))
    }

    /// The first bytes of a file, enough to tell what it is; `None` if it is not there.
    pub async fn head(&self, id: BlobId) -> Result<Option<Vec<u8>>> {
        let Some((file, _)) = self.read(id).await? else { return Ok(None) };
        let mut head = Vec::with_capacity(HEAD);
        file.take(HEAD as u64).read_to_end(&mut head).await?;
        Ok(Some(head))
    }

    /// Opens a file with its size; `None` if it is not there.
    pub async fn read(&self, id: BlobId) -> Result<Option<(File, u64)>> {
        match File::open(self.path(id)).await {
            Ok(file) => {
                let size = file.metadata().await?.len();
                Ok(Some((file, size)))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Removes a file; one that is not there is removed already.
    pub async fn remove(&self, id: BlobId) -> Result<()> {
        match tokio::fs::remove_file(self.path(id)).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// The files kept before `when`, as their ids tell.
    pub async fn older_than(&self, when: Millis) -> Result<Vec<BlobId>> {
        let root = self.root.clone();
        let found = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<BlobId>> {
            let mut found = Vec::new();
            let folders = match std::fs::read_dir(&root) {
                // Nothing was ever kept.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(found),
                folders => folders?,
            };
            for folder in folders {
                let folder = folder?;
                if folder.file_name().len() != 2 || !folder.file_type()?.is_dir() {
                    continue;
                }
                for file in std::fs::read_dir(folder.path())? {
                    found.extend(file?.file_name().to_str().and_then(|name| name.parse::<BlobId>().ok()));
                }
            }
            Ok(found)
        });
        let mut old = found.await??;
        old.retain(|id| id.made_at().is_some_and(|at| at < when));
        Ok(old)
    }

    /// Spread over folders by the id's last two digits, which are random.
    fn path(&self, id: BlobId) -> PathBuf {
        let name = id.to_string();
        self.root.join(&name[name.len() - 2..]).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn chunks(n: usize) -> impl Stream<Item = Result<Bytes>> + Unpin {
        stream::iter((0..n).map(|_| Ok(Bytes::from_static(&[7; 65_536]))))
    }

    #[tokio::test]
    async fn a_file_is_kept_read_and_removed_and_too_large_a_one_leaves_nothing() {
        let data = tempfile::tempdir().expect("folder");
        let config = Config { max_upload: 1, ..Config::for_tests(data.path()) };
        let blobs = Blobs::open(&config).expect("store");
        let id = blobs.keep(blobs.receive(chunks(16)).await.expect("received")).await.expect("kept");
        let (mut file, size) = blobs.read(id).await.expect("read").expect("there");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.expect("bytes");
        assert_eq!((size, bytes.len()), (1_048_576, 1_048_576));
        blobs.remove(id).await.expect("removed");
        blobs.remove(id).await.expect("again");
        assert!(blobs.read(id).await.expect("read").is_none());
        assert!(matches!(blobs.receive(chunks(17)).await, Err(AppError::TooLarge)));
        assert!(matches!(blobs.receive(chunks(100_000)).await, Err(AppError::TooLarge)), "and stops reading");
        assert_eq!(std::fs::read_dir(data.path().join("blobs/incoming")).expect("folder").count(), 0);
    }
}
