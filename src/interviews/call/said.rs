//! What is written and sent within a call: numbered, kept, read by the two sides alone and only by those who are in.

use super::hub::Told;
use super::store;
use crate::accounts::Viewer;
use crate::applications::{ResumeKind, examine};
use crate::blobs::Incoming;
use crate::clock::{HOUR, Millis};
use crate::db::is_unique_violation;
use crate::ids::{AccountId, BlobId, InterviewId};
use crate::interviews::Interviews;
use crate::web::{AppError, Fields, Result, Text, clean, clean_text};
use serde::Serialize;
use std::sync::Arc;

/// A message's length: an address, a list of papers.
const MOST_CHARS: usize = 1_000;
/// Of one call; an hour of typing is less.
const MOST_SAID: i64 = 500;
/// Files of one call.
const MOST_FILES: i64 = 20;
/// Read at once by whoever comes back.
pub(super) const REPLAY: i64 = 200;
/// Two people write at the same moment now and then, six hardly more often.
const TRIES: usize = 5;
/// Calls whose words are erased at a time.
const BATCH: i64 = 200;
/// Between a file and the row that names it lie milliseconds.
const STRAY_AFTER: Millis = HOUR;

/// What was said, as the sides are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    pub(super) seq: i64,
    /// Whose it is; names are not unique.
    pub(super) by: AccountId,
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) at: Millis,
    /// The words, or the name of the file.
    pub(super) text: String,
    pub(super) file: Option<FileInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FileInfo {
    pub(super) url: String,
    pub(super) kind: String,
    pub(super) size: i64,
    #[serde(skip)]
    pub(super) blob: Option<BlobId>,
}

/// As it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    seq: i64,
    author_id: AccountId,
    author: String,
    client_id: String,
    at: Millis,
    sealed: String,
    blob_id: String,
    kind: String,
    size: i64,
}

#[derive(Clone, Copy)]
pub(super) struct NewFile<'a> {
    pub(super) blob: BlobId,
    pub(super) kind: &'a str,
    pub(super) size: i64,
}

pub(super) struct NewSaid<'a> {
    pub(super) author: AccountId,
    pub(super) client_id: &'a str,
    pub(super) at: Millis,
    pub(super) sealed: &'a str,
    pub(super) file: Option<NewFile<'a>>,
}

impl Interviews {
    fn open_row(&self, call: InterviewId, row: Row) -> Said {
        let file = row.blob_id.parse().ok().map(|blob| FileInfo {
            url: format!("/interviews/{call}/files/{}", row.seq),
            kind: row.kind,
            size: row.size,
            blob: Some(blob),
        });
        let text = self.accounts().keys.decrypt(&row.sealed).unwrap_or_default();
        Said { seq: row.seq, by: row.author_id, name: row.author, client_id: row.client_id, at: row.at, text, file }
    }

    /// What was said after `since`; the caller has the right to it.
    pub(super) async fn said_after(&self, call: InterviewId, since: i64) -> Result<Vec<Said>> {
        let rows = store::said_after(self.db().read(), call, since, REPLAY).await?;
        Ok(rows.into_iter().map(|row| self.open_row(call, row)).collect())
    }

    /// Says something in a call; the same request again says nothing new.
    pub(super) async fn say(&self, viewer: &Viewer, call: InterviewId, client_id: &str, text: &str) -> Result<Arc<Said>> {
        let (_, who) = self.right(viewer, call).await?;
        self.calls.writes.check(&who.person)?;
        let text = clean_text(text, MOST_CHARS);
        if text.is_empty() {
            return Err(invalid("text", Text("calls-empty")));
        }
        self.keep_said(call, who.person, client_id, &text, None).await
    }

    /// Sends a file that has come in.
    pub(super) async fn send_file(
        &self,
        viewer: &Viewer,
        call: InterviewId,
        client_id: &str,
        incoming: Incoming,
        name: &str,
    ) -> Result<Arc<Said>> {
        let (_, who) = self.right(viewer, call).await?;
        self.calls.writes.check(&who.person)?;
        let (path, size) = (incoming.path().to_owned(), i64::try_from(incoming.size)?);
        let kind: ResumeKind = tokio::task::spawn_blocking(move || examine(&path)).await??.map_err(|wrong| invalid("file", wrong))?;
        let name = match clean(name.rsplit(['/', '\\']).next().unwrap_or(""), 80) {
            name if name.is_empty() => format!("file.{}", kind.extension()),
            name => name,
        };
        let blob = self.calls.files.keep(incoming).await?;
        let file = NewFile { blob, kind: kind.mime(), size };
        let kept = self.keep_said(call, who.person, client_id, &name, Some(file)).await;
        // A file that no row names goes; another attempt's row names another file.
        let named = kept.as_ref().is_ok_and(|said| said.file.as_ref().is_some_and(|file| file.blob == Some(blob)));
        if !named {
            self.calls.files.remove(blob).await?;
        }
        kept
    }

    async fn keep_said(
        &self,
        call: InterviewId,
        author: AccountId,
        client_id: &str,
        text: &str,
        file: Option<NewFile<'_>>,
    ) -> Result<Arc<Said>> {
        let client_id = match client_id.trim() {
            "" => InterviewId::new().to_string(),
            id if id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()) => id.to_owned(),
            _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
        };
        let sealed = self.accounts().keys.encrypt(text);
        let new = NewSaid { author, client_id: &client_id, at: self.now(), sealed: &sealed, file };
        for _ in 0..TRIES {
            if let Some(before) = store::said_before(self.db().read(), call, author, &client_id).await? {
                return Ok(Arc::new(self.open_row(call, before)));
            }
            let mut tx = self.db().begin().await?;
            let (said, files) = store::count(&mut tx, call).await?;
            if said >= MOST_SAID || (file.is_some() && files >= MOST_FILES) {
                tx.rollback().await?;
                return Err(AppError::Conflict(Text("calls-too-much")));
            }
            match store::say(&mut tx, call, said + 1, &new).await {
                Ok(()) => tx.commit().await?,
                // Somebody was quicker with this number, or this request with itself.
                Err(error) if is_unique_violation(&error) => {
                    tx.rollback().await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            let row = store::said(self.db().read(), call, said + 1).await?.ok_or(AppError::NotFound)?;
            let said = Arc::new(self.open_row(call, row));
            self.calls.hub.tell(call, Told::Said);
            return Ok(said);
        }
        Err(AppError::Overloaded(1))
    }

    /// A file of a call for somebody who is or was in it, also after its end.
    pub(super) async fn file(&self, viewer: &Viewer, call: InterviewId, seq: i64) -> Result<(Said, tokio::fs::File)> {
        let (interview, party) = self.visible_to(viewer, call).await?;
        if party == crate::interviews::Party::Seeker && self.door(&interview).await? != super::door::Door::In {
            return Err(AppError::NotFound);
        }
        let row = store::said(self.db().read(), call, seq).await?.ok_or(AppError::NotFound)?;
        let said = self.open_row(call, row);
        let blob = said.file.as_ref().and_then(|file| file.blob).ok_or(AppError::NotFound)?;
        let (file, _) = self.calls.files.read(blob).await?.ok_or(AppError::NotFound)?;
        Ok((said, file))
    }

    /// Erases what was written and sent in calls that have been over for long enough, files with it; how many calls. Called by the housekeeping job.
    pub async fn forget_said(&self) -> Result<u64> {
        let before = self.now() - self.calls.keep_for;
        let mut erased = 0;
        loop {
            let n = store::erase_said(self.db().write(), before, BATCH).await?;
            erased += n;
            if n < BATCH as u64 {
                break;
            }
        }
        self.forget_strays().await?;
        Ok(erased)
    }

    /// Removes files that no row names: of calls whose words were erased, or left by a crash.
    pub async fn forget_strays(&self) -> Result<()> {
        let old = self.calls.files.older_than(self.now() - STRAY_AFTER).await?;
        let named = store::named_files(self.db().read()).await?;
        for id in old.into_iter().filter(|id| !named.contains(id)) {
            self.calls.files.remove(id).await?;
        }
        Ok(())
    }
}

fn invalid(field: &'static str, text: Text) -> AppError {
    let mut fields = Fields::default();
    fields.add(field, text);
    AppError::Invalid(fields)
}
