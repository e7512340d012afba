//! The work: a file is looked through, and put in once somebody said yes. A server that dies leaves it to the next one, which begins at the top: what is
//! in is found to be the same.

use super::columns::{COLUMNS, Header};
use super::sheet::{self, Sheet};
use super::{HEADER, Import, Imports, Problem, State, store};
use crate::clock::{MINUTE, Millis};
use crate::postings::{Put, Terms, terms_of};
use crate::web::{AppError, Fields, Result, Text};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

/// Rows of one transaction: long enough that commits do not count, short enough that nobody else waits.
const CHUNK: usize = 500;
/// Whoever is at one and says nothing for so long is gone.
const CLAIM: Millis = MINUTE;
/// How often is looked for what a dead server left.
const LOOK: Duration = Duration::from_secs(10);

/// A table as understood: right rows with their references, and wrong ones.
#[derive(Debug, Default)]
struct Understood {
    right: Vec<(String, Terms)>,
    wrong: Vec<Problem>,
    header: Vec<String>,
}

/// Reads all rows. `unnamed` gives a row without a reference one.
fn understand(sheet: &Sheet, now: Millis, zone: &TimeZone, unnamed: impl Fn(u32) -> String) -> Result<Understood, Text> {
    let header = Header::read(&sheet.header);
    if !header.missing().is_empty() {
        return Err(Text("imports-wrong-columns"));
    }
    let (mut all, mut seen) = (Understood { header: sheet.header.clone(), ..Understood::default() }, HashMap::new());
    for (n, cells) in &sheet.rows {
        let (reference, fields) = header.fields(cells);
        let reference = if reference.is_empty() { unnamed(*n) } else { reference };
        let read = terms_of(&fields, now, zone);
        let twice = seen.insert(reference.clone(), *n).is_some();
        match read {
            Ok(terms) if !twice => all.right.push((reference, terms)),
            read => all.wrong.push(Problem { n: i64::from(*n), cells: cells.clone(), problems: problems(read.err(), twice) }),
        }
    }
    Ok(all)
}

fn problems(fields: Option<Fields>, twice: bool) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    if twice {
        all.push(("reference".into(), "imports-wrong-twice".into()));
    }
    all.extend(fields.into_iter().flat_map(|f| f.0).map(|(field, text)| (field.to_owned(), text.0.to_owned())));
    // In the order of the columns.
    all.sort_by_key(|(field, _)| COLUMNS.iter().position(|c| c.field == field));
    all
}

impl Imports {
    /// Works until the token ends.
    pub async fn run(self, token: CancellationToken) {
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            tokio::select! {
                () = token.cancelled() => return,
                done = self.work() => if let Err(error) = done { tracing::error!(?error, "imports could not be worked on") },
            }
        }
    }

    /// Does all that waits.
    async fn work(&self) -> Result<()> {
        loop {
            let waiting = store::waiting(self.accounts().db.read(), self.now()).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            for mut import in waiting {
                let until = self.now() + CLAIM;
                if store::claim(self.accounts().db.write(), &import, until).await? {
                    import.claimed_until = until;
                    self.one(import).await?;
                }
            }
        }
    }

    async fn one(&self, mut import: Import) -> Result<()> {
        let state = import.state;
        let understood = match self.understood(&import).await? {
            Ok(understood) => understood,
            Err(Text(problem)) => {
                import.problem = problem.to_owned();
                self.progress(&mut import).await?;
                store::set_state(self.accounts().db.write(), import.id, state, State::Failed, self.now()).await?;
                return Ok(());
            }
        };
        if state == State::Reading { self.look(import, understood).await } else { self.put(import, understood).await }
    }

    async fn understood(&self, import: &Import) -> Result<Result<Understood, Text>> {
        let Some(blob) = import.blob() else { return Ok(Err(Text("imports-wrong-file"))) };
        let Some((mut file, _)) = self.files.read(blob).await? else { return Ok(Err(Text("imports-wrong-file"))) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await?;
        // What would be past its day by now was right when it was looked at.
        let (id, at) = (import.id, import.created_at);
        let fair = self.postings.rooms.fairs.by_id(import.fair_id).await?.ok_or(AppError::NotFound)?;
        let zone = fair.time_zone();
        let read = tokio::task::spawn_blocking(move || {
            let sheet = sheet::read(&bytes)?;
            understand(&sheet, at, &zone, |n| format!("{id}/{n}"))
        });
        Ok(read.await?)
    }

    /// Compares the rows with what there is, and waits for somebody to say yes.
    async fn look(&self, mut import: Import, understood: Understood) -> Result<()> {
        let db = &self.accounts().db;
        import.total = i64::try_from(understood.right.len() + understood.wrong.len())?;
        (import.fresh, import.changed, import.same, import.done) = (0, 0, 0, 0);
        import.wrong = i64::try_from(understood.wrong.len())?;
        let header = Problem { n: HEADER, cells: understood.header, problems: Vec::new() };
        store::add_problems(db, import.id, &[header]).await?;
        for some in understood.wrong.chunks(CHUNK) {
            store::add_problems(db, import.id, some).await?;
        }
        for some in understood.right.chunks(CHUNK) {
            let what = self.postings.compare(import.fair_id, import.employer_id, some).await?;
            count(&mut import, &what);
            import.done += i64::try_from(some.len())?;
            self.progress(&mut import).await?;
        }
        import.done = 0;
        self.progress(&mut import).await?;
        store::set_state(db.write(), import.id, State::Reading, State::Ready, self.now()).await?;
        Ok(())
    }

    async fn put(&self, mut import: Import, understood: Understood) -> Result<()> {
        let accounts = self.accounts();
        let began = import.done == 0;
        (import.fresh, import.changed, import.same, import.done) = (0, 0, 0, 0);
        for some in understood.right.chunks(CHUNK) {
            let put = self.postings.put_all(import.fair_id, import.employer_id, import.account_id, some).await?;
            count(&mut import, &put);
            import.done += i64::try_from(some.len())?;
            self.progress(&mut import).await?;
        }
        if store::set_state(accounts.db.write(), import.id, State::Running, State::Done, self.now()).await? {
            let detail = format!("new {} changed {} resumed {}", import.fresh, import.changed, !began);
            accounts.audit(import.account_id, "postings.import", &import.id.to_string(), Some(import.fair_id), "", &detail).await?;
            if let Some(blob) = import.blob() {
                self.files.remove(blob).await?;
            }
        }
        Ok(())
    }

    async fn progress(&self, import: &mut Import) -> Result<()> {
        import.updated_at = self.now();
        import.claimed_until = import.updated_at + CLAIM;
        Ok(store::set_progress(self.accounts().db.write(), import).await?)
    }
}

fn count(import: &mut Import, put: &[Put]) {
    let of = |what: Put| put.iter().filter(|p| **p == what).count() as i64;
    import.fresh += of(Put::New);
    import.changed += of(Put::Changed);
    import.same += of(Put::Same);
}
