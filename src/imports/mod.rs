//! Tables of postings: an employer's recruiters send a workbook or a CSV file, see what it would do and what is wrong with which row, and put it in;
//! and take all of their postings out as the same table.
//!
//! Invariants: nothing is put in before somebody has seen what that does and said so; a row with a reference (or of the same file) is put in once,
//! however often it is sent or interrupted; wrong rows hold no right ones back; a table that was taken out and is sent again changes nothing.
//! What is put in goes through review like anything else. Deliberately absent: computing formulas.

mod columns;
mod files;
mod pages;
mod run;
mod sheet;
mod store;

pub use pages::routes;

use crate::accounts::{Accounts, Employer, Viewer};
use crate::blobs::{Blobs, Incoming};
use crate::clock::{DAY, Millis};
use crate::fairs::Fair;
use crate::ids::{AccountId, BlobId, EmployerId, FairId, ImportId};
use crate::postings::Postings;
use crate::web::{AppError, Result, Text, clean};
use std::sync::Arc;
use tokio::sync::Notify;

/// Megabytes of a file: fifty thousand rows take some twenty as CSV.
pub const MEGABYTES: usize = 40;
/// Files and their problems go after that.
const KEPT: Millis = 30 * DAY;

/// Among wrong rows the number of the header, kept to write them again below it.
const HEADER: i64 = 0;

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The file is looked through.
    Reading,
    /// It waits for somebody to say yes.
    Ready,
    Running,
    Done,
    /// The file could not be read.
    Failed,
    Dropped,
}

impl State {
    const ALL: [Self; 6] = [Self::Reading, Self::Ready, Self::Running, Self::Done, Self::Failed, Self::Dropped];

    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    pub fn label(self) -> Text {
        match self {
            Self::Reading => Text("imports-state-reading"),
            Self::Ready => Text("imports-state-ready"),
            Self::Running => Text("imports-state-running"),
            Self::Done => Text("imports-state-done"),
            Self::Failed => Text("imports-state-failed"),
            Self::Dropped => Text("imports-state-dropped"),
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Self::Reading | Self::Running => "badge-info",
            Self::Ready => "badge-warn",
            Self::Done => "badge-success",
            Self::Failed => "badge-danger",
            Self::Dropped => "",
        }
    }

    /// Whether the server is at it.
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Reading | Self::Running)
    }
}

impl TryFrom<String> for State {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text).ok_or_else(|| anyhow::anyhow!("import state {text}"))
    }
}

/// An import as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Import {
    pub id: ImportId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub account_id: AccountId,
    pub file_name: String,
    blob_id: String,
    #[sqlx(try_from = "String")]
    pub state: State,
    /// Key of the text that says why it failed.
    pub problem: String,
    pub total: i64,
    pub fresh: i64,
    pub changed: i64,
    pub same: i64,
    pub wrong: i64,
    pub done: i64,
    pub claimed_until: Millis,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl Import {
    fn blob(&self) -> Option<BlobId> {
        self.blob_id.parse().ok()
    }

    /// Rows that putting in would change anything for.
    pub fn to_put(&self) -> i64 {
        self.fresh + self.changed
    }
}

/// A wrong row: its number, its cells, what is wrong with which column.
#[derive(Clone, Debug)]
pub struct Problem {
    pub n: i64,
    pub cells: Vec<String>,
    /// Field of the form (empty for the row as a whole) and key of the text.
    pub problems: Vec<(String, String)>,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Imports {
    postings: Postings,
    files: Blobs,
    wake: Arc<Notify>,
}

impl Imports {
    pub fn new(postings: Postings, files: Blobs) -> Self {
        Self { postings, files, wake: Arc::default() }
    }

    fn accounts(&self) -> &Accounts {
        &self.postings.rooms.fairs.accounts
    }

    fn now(&self) -> Millis {
        self.postings.now()
    }

    /// The employer if the viewer recruits for it.
    async fn employer(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        if !viewer.recruits_for(id) {
            return Err(AppError::NotFound);
        }
        self.accounts().employer(id).await?.ok_or(AppError::NotFound)
    }

    /// The open fairs in which an employer takes part.
    async fn fairs(&self, employer: EmployerId) -> Result<Vec<Fair>> {
        let mut fairs = self.postings.rooms.fairs.of_employer(employer).await?;
        fairs.retain(|f| f.state.is_active());
        Ok(fairs)
    }

    /// The fair if the employer may post in it.
    async fn fair(&self, viewer: &Viewer, employer: EmployerId, id: FairId) -> Result<Fair> {
        let fair = self.postings.rooms.fairs.visible_to(viewer, id).await?;
        if self.postings.rooms.fairs.takes_part(id, employer).await? { Ok(fair) } else { Err(AppError::NotFound) }
    }

    /// Takes a file in; it is looked through in the background.
    async fn begin(&self, viewer: &Viewer, employer: EmployerId, fair: FairId, file: Incoming, name: &str) -> Result<Import> {
        let by = viewer.person()?.id;
        self.employer(viewer, employer).await?;
        self.fair(viewer, employer, fair).await?;
        let last = name.rsplit(['/', '\\']).next().unwrap_or("");
        let now = self.now();
        let import = Import {
            id: ImportId::new(),
            employer_id: employer,
            fair_id: fair,
            account_id: by,
            file_name: clean(last, 80),
            blob_id: self.files.keep(file).await?.to_string(),
            state: State::Reading,
            problem: String::new(),
            total: 0,
            fresh: 0,
            changed: 0,
            same: 0,
            wrong: 0,
            done: 0,
            claimed_until: 0,
            created_at: now,
            updated_at: now,
        };
        store::insert(self.accounts().db.write(), &import).await?;
        self.wake.notify_one();
        Ok(import)
    }

    /// The import if the viewer recruits for its employer.
    pub async fn visible_to(&self, viewer: &Viewer, id: ImportId) -> Result<Import> {
        viewer.person()?;
        let found = store::import(self.accounts().db.read(), id).await?;
        found.filter(|import| viewer.recruits_for(import.employer_id)).ok_or(AppError::NotFound)
    }

    /// An employer's imports, newest first.
    pub async fn of_employer(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<Import>> {
        self.employer(viewer, employer).await?;
        Ok(store::of_employer(self.accounts().db.read(), employer).await?)
    }

    /// Puts in what was looked through. Said twice it is done once.
    pub async fn confirm(&self, viewer: &Viewer, id: ImportId) -> Result<Import> {
        let import = self.visible_to(viewer, id).await?;
        self.fair(viewer, import.employer_id, import.fair_id).await?;
        self.go(&import, State::Ready, State::Running).await?;
        self.wake.notify_one();
        self.visible_to(viewer, id).await
    }

    /// Drops a file that waits.
    pub async fn drop_it(&self, viewer: &Viewer, id: ImportId) -> Result<Import> {
        let import = self.visible_to(viewer, id).await?;
        self.go(&import, State::Ready, State::Dropped).await?;
        if let Some(blob) = import.blob() {
            self.files.remove(blob).await?;
        }
        self.visible_to(viewer, id).await
    }

    async fn go(&self, import: &Import, from: State, to: State) -> Result<()> {
        if import.state == to || store::set_state(self.accounts().db.write(), import.id, from, to, self.now()).await? {
            return Ok(());
        }
        Err(AppError::Conflict(Text("imports-not-now")))
    }

    /// The first wrong rows after a number.
    pub async fn problems(&self, import: &Import, after: i64, limit: i64) -> Result<Vec<Problem>> {
        Ok(store::problems(self.accounts().db.read(), import.id, after, limit).await?)
    }

    /// Old imports go with their files. Called by the housekeeping job.
    pub async fn forget_old(&self) -> Result<usize> {
        let old = store::older_than(self.accounts().db.read(), self.now() - KEPT).await?;
        for import in &old {
            if let Some(blob) = import.blob() {
                self.files.remove(blob).await?;
            }
            store::remove(self.accounts().db.write(), import.id).await?;
        }
        Ok(old.len())
    }
}
