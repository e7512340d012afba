//! Small copies of pictures for pages: a phone on a weak network need not load nine pictures of megabytes. A copy is made when it is first asked for,
//! whenever its picture was sent, and kept under the picture's id in a store of its own. It is nothing of its own: whoever may see the picture may see
//! it, and what is lost is made again.
//!
//! Invariant: one picture is decoded at a time, whoever asks for how many.

use super::Postings;
use super::gallery::Shot;
use crate::blobs::Blobs;
use crate::pictures;
use crate::web::Result;
use anyhow::Context;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The copies; cheap to clone.
#[derive(Clone)]
pub(super) struct Small {
    files: Blobs,
    turn: Arc<Semaphore>,
}

impl Small {
    pub(super) fn new(files: Blobs) -> Self {
        Self { files, turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Postings {
    /// The small copy of a picture, a JPEG; none of one that is small already, or cannot be decoded.
    pub(super) async fn small(&self, shot: &Shot) -> Result<Option<Vec<u8>>> {
        if let Some(kept) = self.kept_small(shot).await? {
            return Ok(kept);
        }
        let _turn = self.small.turn.acquire().await.context("no more pictures are made")?;
        // Whoever was before may have wanted the same one.
        if let Some(kept) = self.kept_small(shot).await? {
            return Ok(kept);
        }
        let (bytes, kind) = (self.pictures.bytes(shot.id).await?.context("a picture is gone")?, shot.kind());
        let made = tokio::task::spawn_blocking(move || pictures::small(&bytes, kind?)).await?;
        // Nothing is kept as well, so that it is not tried again.
        self.small.files.put(shot.id, made.as_deref().unwrap_or_default()).await?;
        Ok(made)
    }

    async fn kept_small(&self, shot: &Shot) -> Result<Option<Option<Vec<u8>>>> {
        Ok(self.small.files.bytes(shot.id).await?.map(|bytes| Some(bytes).filter(|bytes| !bytes.is_empty())))
    }
}
