//! Where pieces of recordings lie: encrypted, each as one blob, signed for what it is.

use super::store::Stored;
use super::{Recordings, store};
use crate::clock::HOUR;
use crate::ids::{AccountId, BlobId, InterviewId};
use crate::media::record::Segment;
use crate::web::Result;
use anyhow::Context;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Of one interview in all; an hour and a quarter, the longest that one lasts, at the best quality of two people.
pub(super) const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;
/// A blob is kept before the row that names it is written.
const STRAY_AFTER: i64 = HOUR;
/// Pieces are looked up so many at a time.
const SOME: i64 = 100;

/// Whose piece it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) interview: InterviewId,
    pub(super) run: i64,
    pub(super) person: AccountId,
    pub(super) seq: i64,
}

impl Place {
    /// What a piece can be opened as, and as nothing else.
    fn context(&self) -> String {
        format!("recording {} {} {} {}", self.interview, self.run, self.person, self.seq)
    }
}

impl Recordings {
    /// Keeps a piece: once this returns true, it outlives a crash. False if there is no more room for this interview.
    pub(super) async fn keep(&self, place: Place, mut segment: Segment) -> Result<bool> {
        let (keys, context, file) = (self.accounts().keys.clone(), place.context(), std::mem::take(&mut segment.file));
        let size = file.len() as i64;
        let sealed = tokio::task::spawn_blocking(move || keys.seal(&file, &context)).await??;
        let digest = self.digest(&place, &sealed);
        let incoming = self.blobs.receive(futures_util::stream::iter([Ok(Bytes::from(sealed))])).await?;
        let blob = self.blobs.keep(incoming).await?;
        let Place { interview, run, person, seq } = place;
        let new = store::NewSegment { interview, run, person, seq, segment: &segment, size, blob, digest: &digest, now: self.now() };
        let mut tx = self.db().begin().await?;
        if !store::insert_segment(&mut tx, &new, MOST_BYTES).await? {
            tx.rollback().await?;
            self.blobs.remove(blob).await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The plain file of a stored piece.
    pub(super) async fn read(&self, interview: InterviewId, stored: &Stored) -> Result<Bytes> {
        let place = Place { interview, run: stored.run, person: stored.person_id, seq: stored.seq };
        let sealed = self.blobs.bytes(stored.blob_id).await?.context("a piece of a recording is gone")?;
        if !self.is_signed(&place, &sealed, &stored.digest) {
            return Err(anyhow::anyhow!("a piece of a recording is not what was stored").into());
        }
        let (keys, context) = (self.accounts().keys.clone(), place.context());
        let plain = tokio::task::spawn_blocking(move || keys.open(&sealed, &context)).await?.context("made with another key")?;
        Ok(Bytes::from(plain))
    }

    fn digest(&self, place: &Place, sealed: &[u8]) -> String {
        self.accounts().keys.sign(&[&place.context(), &hex(&Sha256::digest(sealed))])
    }

    fn is_signed(&self, place: &Place, sealed: &[u8], digest: &str) -> bool {
        self.accounts().keys.verify(&[&place.context(), &hex(&Sha256::digest(sealed))], digest)
    }

    /// Seals and signs pieces anew that an older key has sealed; how many, and how many could not be read. What they were is a stray from then on.
    pub async fn rekey_pieces(&self) -> Result<(u64, u64)> {
        let (mut after, mut done, mut failed) = (String::new(), 0, 0);
        loop {
            let some = store::pieces(self.db().read(), &after, SOME).await?;
            let Some((last, ..)) = some.last() else { return Ok((done, failed)) };
            after = last.to_string();
            for (blob, interview, run, person, seq) in some {
                let Some(head) = self.blobs.head(blob).await? else { continue };
                if self.accounts().keys.is_newest(&head) {
                    continue;
                }
                let Some(sealed) = self.blobs.bytes(blob).await? else { continue };
                let place = Place { interview, run, person, seq };
                let (keys, context) = (self.accounts().keys.clone(), place.context());
                let anew = move || keys.open(&sealed, &context).map(|bytes| keys.seal(&bytes, &context)).transpose();
                let Some(sealed) = tokio::task::spawn_blocking(anew).await?? else {
                    failed += 1;
                    continue;
                };
                let (fresh, digest) = (BlobId::new(), self.digest(&place, &sealed));
                self.blobs.put(fresh, &sealed).await?;
                done += store::rename_piece(self.db().write(), blob, (fresh, &digest)).await?;
            }
        }
    }

    /// Removes blobs that no row names: what a crash left between the two.
    pub async fn forget_strays(&self) -> Result<usize> {
        let mut gone = 0;
        for blob in self.blobs.older_than(crate::clock::Clock::system().now() - STRAY_AFTER).await? {
            if !store::is_stored(self.db().read(), blob).await? {
                self.blobs.remove(blob).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    pub(super) async fn remove_all(&self, blobs: Vec<BlobId>) {
        for blob in blobs {
            // What stays behind is a stray, which the next round takes.
            if let Err(error) = self.blobs.remove(blob).await {
                tracing::warn!(?error, "a piece of an erased recording");
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
