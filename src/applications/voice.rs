//! Voice notes: a minute of what an applicant would rather say than write, in whatever language they speak. Told by its content, encrypted as it
//! is kept, heard by the applicant and, as long as the grant stands, by recruiters of the employer, each time noted.

use super::{Applications, Side, store};
use crate::accounts::Viewer;
use crate::blobs::Incoming;
use crate::ids::{AccountId, ApplicationId, BlobId};
use crate::web::{AppError, Result, Text};
use anyhow::Context;

/// Ninety seconds of what phones record take a quarter of it.
pub(super) const VOICE_BYTES: u64 = 3 * 1024 * 1024;
/// Seconds that the page records.
pub(super) const VOICE_SECONDS: u32 = 90;
/// What voice notes are sealed as.
const VOICE: &str = "voice";
/// Looked up at once.
const SOME: i64 = 100;
/// What browsers offer to pick, or to record.
pub(super) const ACCEPT: &str = "audio/*";

/// A voice note as sent; its bytes are in `Blobs`. Empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Voice {
    pub voice_id: String,
    /// The media type, one of those that browsers play.
    pub voice_kind: String,
    pub voice_size: i64,
}

impl Voice {
    pub fn is_some(&self) -> bool {
        !self.voice_id.is_empty()
    }

    pub(super) fn blob(&self) -> Option<BlobId> {
        self.voice_id.parse().ok()
    }
}

/// The media type to serve it as: browsers record into containers that may hold pictures too, of which a player of sound shows none.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match infer::get(bytes).map(|t| t.mime_type())? {
        "video/webm" | "audio/webm" => Some("audio/webm"),
        "audio/ogg" | "video/ogg" | "application/ogg" => Some("audio/ogg"),
        "audio/m4a" | "audio/mp4" | "video/mp4" => Some("audio/mp4"),
        "audio/mpeg" => Some("audio/mpeg"),
        "audio/x-wav" | "audio/wav" => Some("audio/wav"),
        _ => None,
    }
}

impl Applications {
    /// Looks into a received file and keeps it as the voice note that goes with what the person sends now and next time. The inner error says what
    /// is wrong with it.
    pub(super) async fn keep_voice(&self, account: AccountId, incoming: Incoming) -> Result<Result<Voice, Text>> {
        if incoming.size > VOICE_BYTES {
            return Ok(Err(Text("voice-wrong-large")));
        }
        let looked = tokio::task::spawn_blocking(move || std::fs::read(incoming.path()).map(|bytes| (kind_of(&bytes), bytes)));
        let (Some(kind), bytes) = looked.await?? else { return Ok(Err(Text("voice-wrong-kind"))) };
        let voice_size = i64::try_from(bytes.len())?;
        let id = self.keep_private(bytes, VOICE).await?;
        let voice = Voice { voice_id: id.to_string(), voice_kind: kind.to_owned(), voice_size };
        store::files::put_voice(self.accounts().db.write(), account, &voice, self.now()).await?;
        Ok(Ok(voice))
    }

    /// The voice note of an application for its sender or its recruiter; a recruiter's access is noted before the first byte.
    pub(super) async fn voice(&self, viewer: &Viewer, id: ApplicationId) -> Result<(&'static str, Vec<u8>)> {
        let (found, side) = self.with_files(viewer, id).await?;
        let sound = self.sound(&found.voice).await?;
        if side == Side::Recruiter {
            self.note_access(viewer, &found, "application.voice").await?;
        }
        Ok(sound)
    }

    /// The media type and the bytes.
    pub(super) async fn sound(&self, voice: &Voice) -> Result<(&'static str, Vec<u8>)> {
        let bytes = self.open_private(voice.blob().ok_or(AppError::NotFound)?, VOICE).await?;
        let kind = kind_of(&bytes).context("a voice note that was one when it was kept")?;
        Ok((kind, bytes))
    }

    /// Seals voice notes anew that an older key has sealed; how many, and how many could not be read.
    pub async fn rekey_voices(&self) -> Result<(u64, u64)> {
        let (mut after, mut done, mut failed) = (String::new(), 0, 0);
        loop {
            let some = store::files::voices(self.accounts().db.read(), &after, SOME).await?;
            let Some(last) = some.last() else { return Ok((done, failed)) };
            after.clone_from(&last.voice_id);
            for id in some.iter().filter_map(Voice::blob) {
                let Some(head) = self.blobs.head(id).await? else { continue };
                if self.accounts().keys.is_newest(&head) {
                    continue;
                }
                match self.open_private(id, VOICE).await {
                    Ok(bytes) => done += u64::from(self.seal_voice_anew(id, bytes).await?),
                    Err(error) => {
                        tracing::warn!(?error, "a voice note that no key opens");
                        failed += 1;
                    }
                }
            }
        }
    }

    /// Keeps the bytes of a voice note under another id, for all rows that name it; false if none did.
    async fn seal_voice_anew(&self, old: BlobId, bytes: Vec<u8>) -> Result<bool> {
        let fresh = self.keep_private(bytes, VOICE).await?;
        let mut tx = self.accounts().db.begin().await?;
        let renamed = store::files::rename_voice(&mut tx, &old.to_string(), &fresh.to_string()).await?;
        tx.commit().await?;
        // Whoever of the two no row names: another node may have been first.
        self.forget_file(Some(if renamed == 0 { fresh } else { old })).await?;
        Ok(renamed > 0)
    }

    /// Takes the voice note away from what goes with the next application.
    pub(super) async fn forget_voice(&self, account: AccountId) -> Result<()> {
        let voice = self.profile(account).await?.unwrap_or_default().voice;
        store::files::put_voice(self.accounts().db.write(), account, &Voice::default(), self.now()).await?;
        self.forget_file(voice.blob()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_phones_are_known_and_nothing_else_is() {
        let webm = b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\xF7\x81\x01\x42\xF2\x81\x04\x42\xF3\x81\x08\x42\x82\x84webm";
        assert_eq!(kind_of(&[&webm[..], &[0; 256]].concat()), Some("audio/webm"));
        assert_eq!(kind_of(b"OggS\0\x02\0\0\0\0\0\0\0\0OpusHead"), Some("audio/ogg"));
        assert_eq!(kind_of(b"\0\0\0\x1Cftypiso5\0\0\x02\0iso5iso6mp41"), Some("audio/mp4"));
        assert_eq!(kind_of(b"\0\0\0\x1CftypM4A \0\0\x02\0M4A mp42isom"), Some("audio/mp4"));
        assert_eq!(kind_of(b"ID3\x03\0\0\0\0\0\0"), Some("audio/mpeg"));
        for other in [&b"#!AMR\n"[..], b"<html>", b"%PDF-1.7", b"MZ\x90\0", b"", b"RIFF\0\0\0\0AVI LIST", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(kind_of(other), None);
        }
    }
}
