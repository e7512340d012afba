//! The index of the board kept in step with the database, and what lists ask of it.
//!
//! Invariants: a change is in the index before its request is answered, once the index is loaded; what other nodes change is in it within a second;
//! rows are read anew under one lock, so that an older reading never replaces a newer one. It may be lost at any time: the database is the truth.

use super::index::{Ask, Counts, Entry, Found, Index, Label, Order, Reading, padded};
use super::{Cursor, Filter, Listed, Of, Sort, State, codes, content, store};
use crate::clock::{Clock, Millis};
use crate::db::{Db, Dialect};
use crate::employers::Employers;
use crate::i18n::Lang;
use crate::ids::{FairId, PostingId};
use crate::web::{AppError, Result};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

/// Rows read and put in at once while loading: enough for sorting to pay, and some tens of megabytes.
const CHUNK: i64 = 5_000;
/// Rows that one change puts in at once, so that searches wait some milliseconds for it at most.
const STEP: usize = 200;
/// How often other nodes' changes are looked for, and what has expired is taken out.
const LOOK: Duration = Duration::from_millis(500);
/// Changes are looked for from so long before the last one seen: transactions end in another order than they began in, and clocks differ.
const OVERLAP: Millis = 10_000;
/// How long a search waits for an index that is being loaded before it is answered 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// The index of one server; cheap to clone.
#[derive(Clone)]
pub(super) struct Board(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    employers: Employers,
    index: RwLock<Index>,
    /// Employers whose postings are held back, as they were last looked up.
    suspended: RwLock<Vec<Label>>,
    /// Whoever reads rows to put them in holds it until they are in. While loading it has what changed meanwhile.
    late: Mutex<HashSet<PostingId>>,
    loaded: watch::Sender<bool>,
}

/// One page of what was found, with the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) items: Vec<Listed>,
    pub(super) total: u64,
    pub(super) next: Option<Cursor>,
    pub(super) counts: Counts,
    pub(super) readings: Vec<Reading>,
}

impl Board {
    pub(super) fn new(db: Db, clock: Clock, employers: Employers) -> Self {
        let suspended = RwLock::default();
        Self(Arc::new(Inner {
            db,
            clock,
            employers,
            suspended,
            index: RwLock::default(),
            late: Mutex::default(),
            loaded: watch::channel(false).0,
        }))
    }

    /// Loads the index, then follows what changes until the token ends.
    pub(super) async fn keep(self, token: CancellationToken) {
        let keep = async {
            let began = std::time::Instant::now();
            self.look_for_suspended().await;
            let mut seen = self.load().await;
            tracing::info!(postings = self.read(Index::len), seconds = began.elapsed().as_secs_f32(), "the board is loaded");
            loop {
                tokio::time::sleep(LOOK).await;
                self.write(|index| index.expire(self.0.clock.now()));
                self.look_for_suspended().await;
                // An SQLite file belongs to this process, which has put in whatever it changed.
                if self.0.db.dialect() == Dialect::Postgres {
                    match self.follow(seen).await {
                        Ok(latest) => seen = latest,
                        Err(error) => tracing::warn!(?error, "what other nodes changed could not be read"),
                    }
                }
            }
        };
        tokio::select! { () = keep => {}, () = token.cancelled() => {} }
    }

    /// Lists count without what is held back from half a second after an employer was suspended; none of it is shown from the start, because the
    /// rows of a page say so themselves.
    async fn look_for_suspended(&self) {
        match self.0.employers.suspended().await {
            Ok(all) => {
                let labels = all.into_iter().map(Label::Employer).collect();
                *self.0.suspended.write().unwrap_or_else(PoisonError::into_inner) = labels;
            }
            Err(error) => tracing::warn!(?error, "suspended employers could not be read"),
        }
    }

    fn without(&self) -> Vec<Label> {
        self.0.suspended.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads everything that is out; tells the time of the latest change.
    async fn load(&self) -> Millis {
        let (mut after, mut latest) = (None, 0);
        loop {
            match store::out_after(self.0.db.read(), after, CHUNK).await {
                Ok(rows) => {
                    let Some(last) = rows.last() else { break };
                    after = Some((last.published_at, last.id));
                    latest = rows.iter().map(|r| r.updated_at).max().unwrap_or(0).max(latest);
                    // A core's work for some tenths of a second: not on a thread that serves.
                    let board = self.clone();
                    let put = tokio::task::spawn_blocking(move || {
                        let entries: Vec<Entry> = rows.iter().map(entry).collect();
                        board.write(|index| index.put_all(&entries));
                    });
                    if let Err(error) = put.await {
                        tracing::error!(?error, "the board could not be loaded");
                    }
                }
                Err(error) => {
                    tracing::error!(?error, "the board could not be read; trying again");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
        let mut late = self.0.late.lock().await;
        let missed: Vec<PostingId> = late.drain().collect();
        if let Err(error) = self.put_rows(&missed).await {
            tracing::error!(?error, "what changed while the board was loaded could not be read");
        }
        self.0.loaded.send_replace(true);
        drop(late);
        latest
    }

    /// Puts in what was changed since `seen`, by whichever node; tells the time of the latest change.
    async fn follow(&self, seen: Millis) -> Result<Millis> {
        let changed = store::changed_since(self.0.db.read(), seen - OVERLAP).await?;
        let latest = changed.iter().map(|(_, _, at)| *at).max().unwrap_or(seen).max(seen);
        let fresh: Vec<PostingId> =
            self.read(|index| changed.iter().filter(|(id, version, _)| index.version(*id) != Some(*version)).map(|(id, ..)| *id).collect());
        self.renew(&fresh).await?;
        Ok(latest)
    }

    /// Reads these postings anew after they were changed.
    pub(super) async fn renew(&self, ids: &[PostingId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut late = self.0.late.lock().await;
        if !*self.0.loaded.borrow() {
            late.extend(ids);
            return Ok(());
        }
        self.put_rows(ids).await
    }

    /// The caller holds the lock of `late`.
    async fn put_rows(&self, ids: &[PostingId]) -> Result<()> {
        for some in ids.chunks(STEP) {
            let rows = store::by_ids(&self.0.db, some).await?;
            let now = self.0.clock.now();
            // What is held back stays in the index, so that it is there at once when it may be.
            let is_out = |r: &&Listed| matches!(r.status(now), State::Live | State::Suspended) && r.state == State::Live;
            let (out, rest): (Vec<&Listed>, Vec<&Listed>) = rows.iter().partition(is_out);
            let entries: Vec<Entry> = out.into_iter().map(entry).collect();
            self.write(|index| {
                index.put_all(&entries);
                rest.iter().for_each(|r| index.forget(r.id, r.version));
            });
        }
        Ok(())
    }

    fn read<T>(&self, look: impl FnOnce(&Index) -> T) -> T {
        look(&self.0.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Index) -> T) -> T {
        change(&mut self.0.index.write().unwrap_or_else(PoisonError::into_inner))
    }

    async fn wait(&self) -> Result<()> {
        if *self.0.loaded.borrow() {
            return Ok(());
        }
        let mut loaded = self.0.loaded.subscribe();
        match tokio::time::timeout(PATIENCE, loaded.wait_for(|l| *l)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AppError::Overloaded(PATIENCE.as_secs())),
        }
    }

    /// Searches, and reads the rows of one page.
    pub(super) async fn search(&self, filter: &Filter, scope: Vec<Vec<Label>>, counted: bool) -> Result<Page> {
        self.wait().await?;
        let ask = Ask { without: self.without(), ..ask(filter, scope, counted, self.0.clock.now()) };
        let Found { mut hits, total, counts, readings } = self.read(|index| index.search(&ask));
        let limit = usize::try_from(filter.limit).unwrap_or(0);
        let more = hits.len() > limit;
        hits.truncate(limit);
        let next = hits.last().filter(|_| more).map(|key| Cursor(*key));
        let ids: Vec<PostingId> = hits.iter().map(|(.., id)| *id).collect();
        Ok(Page { items: self.rows(&ids).await?, total, next, counts, readings })
    }

    pub(super) async fn count(&self, filter: &Filter, scope: Vec<Vec<Label>>) -> Result<u64> {
        self.wait().await?;
        let ask = Ask { limit: 0, without: self.without(), ..ask(filter, scope, false, self.0.clock.now()) };
        Ok(self.read(|index| index.search(&ask)).total)
    }

    /// Postings like one, best first.
    pub(super) async fn similar(&self, to: &Listed, fair: FairId, limit: usize) -> Result<Vec<Listed>> {
        self.wait().await?;
        let now = self.0.clock.now();
        let scope = [vec![Label::Fair(fair)]];
        let ids = self.read(|index| index.similar(&entry(to), &scope, now, limit));
        self.rows(&ids).await
    }

    /// The rows of these postings that are still out, in this order.
    pub(super) async fn rows(&self, ids: &[PostingId]) -> Result<Vec<Listed>> {
        let now = self.0.clock.now();
        let mut rows: HashMap<PostingId, Listed> = store::by_ids(&self.0.db, ids).await?.into_iter().map(|r| (r.id, r)).collect();
        Ok(ids.iter().filter_map(|id| rows.remove(id)).filter(|r| r.status(now) == State::Live).collect())
    }
}

/// The labels of which a posting must have one each, by whose postings are asked for; `active` are the fairs in which one can apply.
pub(super) fn scope(of: Of, active: &[FairId]) -> Vec<Vec<Label>> {
    match of {
        Of::All => vec![active.iter().map(|f| Label::Fair(*f)).collect()],
        Of::Fair(fair) => vec![vec![Label::Fair(fair)]],
        Of::Employer(employer) => vec![vec![Label::Employer(employer)], active.iter().map(|f| Label::Fair(*f)).collect()],
        Of::Booth(fair, employer) => vec![vec![Label::Employer(employer)], vec![Label::Fair(fair)]],
    }
}

fn ask(filter: &Filter, scope: Vec<Vec<Label>>, counted: bool, now: Millis) -> Ask<'_> {
    let mut labels: Vec<Label> = filter.wants.iter().map(|want| Label::Want(want.bit())).collect();
    labels.extend(filter.region.map(Label::Region));
    labels.extend(filter.industry.as_ref().map(|code| Label::Industry(padded(code.as_bytes()))));
    labels.extend(filter.kind.map(|kind| Label::Kind(kind as u8)));
    let order = match (filter.sort, filter.near) {
        (Sort::Distance, Some(near)) => Order::Distance(codes::distances(near)),
        (Sort::Pay, _) => Order::Pay,
        (Sort::Relevance, _) => Order::Relevance,
        (Sort::Newest | Sort::Distance, _) => Order::Newest,
    };
    let after = filter.after.map(|c| c.0);
    let limit = usize::try_from(filter.limit).unwrap_or(0) + 1;
    Ask { scope, without: Vec::new(), text: &filter.text, labels, pay: filter.pay, since: filter.since, now, order, after, limit, counted }
}

/// What the index is told of a posting.
fn entry(listed: &Listed) -> Entry {
    let (posting, c) = (&listed.posting, &listed.posting.content);
    let places = c.places();
    let both = |name: &dyn Fn(Lang) -> String| format!("{}\n{}", name(Lang::Zh), name(Lang::En));
    let names = [
        format!("{}\n{}", listed.employer_zh, listed.employer_en),
        c.texts_of_places().map(|(_, text)| text).collect::<Vec<_>>().join("\n"),
        both(&|l| places.iter().map(|place| codes::region_name(&place.region, l)).collect::<Vec<_>>().join("\n")),
        both(&|l| industry(&c.industry, l)),
        // What it is called by others than its employer.
        codes::occupation_name(&c.occupation).to_owned(),
    ];
    Entry {
        id: posting.id,
        version: posting.version,
        fair: posting.fair_id,
        employer: posting.employer_id,
        published_at: posting.published_at,
        valid_until: c.valid_until,
        title: format!("{}\n{}", c.title_zh, c.title_en),
        names: names.join("\n"),
        body: format!("{}\n{}", c.about_zh, c.about_en),
        regions: places.iter().filter_map(|place| place.region.parse().ok()).collect(),
        industry: c.industry.clone(),
        kind: c.kind as u8,
        pay_month: c.pay_unit.monthly(c.pay_min),
        wants: content::Want::ALL.iter().filter(|want| want.is_met(c)).fold(0, |bits, want| bits | 1 << want.bit()),
    }
}

/// What an industry is called and what its division is: whoever looks for 餐饮业 means its classes too.
fn industry(code: &str, lang: Lang) -> String {
    let mut names = vec![codes::industry_name(code, lang), codes::industry_name(code.get(..3).unwrap_or(""), lang)];
    names.dedup();
    names.join("\n").trim().to_owned()
}
