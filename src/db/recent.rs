//! Rows that thousands ask for at the same time, such as the room of an opening rush: one question a second for all of them, also of those who
//! come while it is asked.

use super::Db;
use dashmap::{DashMap, Entry};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// How long a row is good for, in milliseconds. A change made by this process is seen at once, one by another node after that.
const FRESH: i64 = 1_000;

/// The rows of a table that were read lately, as a rule within the last second; cheap to clone.
#[derive(Clone)]
pub struct Recent<K: Eq + Hash, V>(Arc<Rows<K, V>>);

struct Rows<K, V> {
    rows: DashMap<K, (i64, V)>,
    /// Counts changes, so that what was read before one is not kept after it.
    changes: AtomicU64,
    fresh: i64,
    /// What somebody is reading; closed when they are done.
    reading: DashMap<K, watch::Receiver<()>>,
}

/// Whoever reads a row for all who want it; it is over also if they give up.
struct Reader<'a, K: Eq + Hash, V> {
    rows: &'a Rows<K, V>,
    key: K,
    _open: watch::Sender<()>,
}

impl<K: Eq + Hash, V> Drop for Reader<'_, K, V> {
    fn drop(&mut self) {
        self.rows.reading.remove(&self.key);
    }
}

impl<K: Eq + Hash, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self::good_for(FRESH)
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    fn good_for(fresh: i64) -> Self {
        Self(Arc::new(Rows { rows: DashMap::new(), changes: AtomicU64::new(0), fresh, reading: DashMap::new() }))
    }

    /// For rows of which each change in this process is followed by [`forget`](Self::forget), and that do not change by time alone: kept for as long
    /// as the database can be trusted.
    pub fn trusting(db: &Db) -> Self {
        Self::good_for(db.trusted_for())
    }
}

impl<K: Eq + Hash + Copy, V: Clone> Recent<K, V> {
    /// The row, by `read` unless it was read a moment before `now` (milliseconds). What is not there is not remembered.
    pub async fn get<E>(&self, now: i64, key: K, read: impl Future<Output = Result<Option<V>, E>>) -> Result<Option<V>, E> {
        if let Some(row) = self.fresh(now, key) {
            return Ok(Some(row));
        }
        let reader = self.reader(key);
        if let Err(mut other) = reader {
            let _ = other.changed().await;
            // Where that came to nothing each asks for themselves.
            return match self.fresh(now, key) {
                Some(row) => Ok(Some(row)),
                None => self.read(now, key, read).await,
            };
        }
        self.read(now, key, read).await
    }

    fn fresh(&self, now: i64, key: K) -> Option<V> {
        self.0.rows.get(&key).filter(|row| (0..self.0.fresh).contains(&(now - row.0))).map(|row| row.1.clone())
    }

    /// Who is to read the row, or else the end of somebody else's reading.
    fn reader(&self, key: K) -> Result<Reader<'_, K, V>, watch::Receiver<()>> {
        match self.0.reading.entry(key) {
            Entry::Occupied(other) => Err(other.get().clone()),
            Entry::Vacant(place) => {
                let (open, end) = watch::channel(());
                place.insert(end);
                Ok(Reader { rows: &self.0, key, _open: open })
            }
        }
    }

    async fn read<E>(&self, now: i64, key: K, read: impl Future<Output = Result<Option<V>, E>>) -> Result<Option<V>, E> {
        let changes = self.0.changes.load(Ordering::Acquire);
        let row = read.await?;
        if let Some(row) = &row {
            self.0.rows.insert(key, (now, row.clone()));
            if self.0.changes.load(Ordering::Acquire) != changes {
                self.0.rows.remove(&key);
            }
        }
        Ok(row)
    }

    /// To be called after each change of the row.
    pub fn forget(&self, key: K) {
        self.0.changes.fetch_add(1, Ordering::AcqRel);
        self.0.rows.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_row_is_read_once_a_second_and_again_after_a_change() {
        let (recent, clock) = (Recent::<u8, &str>::default(), std::cell::Cell::new(5));
        let read = async |row: Option<&'static str>| recent.get::<()>(clock.get(), 1, async move { Ok(row) }).await.expect("no error");
        assert_eq!(read(None).await, None);
        assert_eq!(read(Some("open")).await, Some("open"), "what was not there may come");
        assert_eq!(read(Some("unread")).await, Some("open"));
        recent.forget(1);
        assert_eq!(read(Some("closed")).await, Some("closed"));
        clock.set(5 + FRESH);
        assert_eq!(read(Some("open")).await, Some("open"));
    }

    #[tokio::test]
    async fn who_comes_while_it_is_read_waits_for_that_and_asks_alone_if_it_comes_to_nothing() {
        let (recent, reads) = (Recent::<u8, u8>::default(), AtomicU64::new(0));
        let read = async |row: Option<u8>| {
            reads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, ()>(row)
        };
        let all = futures_util::future::join_all((0..100).map(|_| recent.get(5, 1, read(Some(7))))).await;
        assert!(all.iter().all(|row| *row == Ok(Some(7))) && reads.load(Ordering::Relaxed) == 1);
        // The first one gives up, and nobody waits for ever.
        let (mut gone, waiting) = (Box::pin(recent.get(5, 2, std::future::pending::<Result<_, ()>>())), recent.get(5, 2, read(Some(8))));
        assert!(futures_util::poll!(gone.as_mut()).is_pending());
        let (_, row) = tokio::join!(async { drop(gone) }, waiting);
        assert_eq!(row, Ok(Some(8)));
        assert_eq!(recent.0.reading.len(), 0);
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let recent = Recent::<u8, &str>::default();
        let slow = recent.get::<()>(5, 1, async {
            recent.forget(1);
            Ok(Some("open"))
        });
        assert_eq!(slow.await, Ok(Some("open")));
        assert_eq!(recent.get::<()>(5, 1, async { Ok(Some("closed")) }).await, Ok(Some("closed")));
    }
}
