//! Rows that thousands ask for at the same time, such as the room of an opening rush: one question a second for all of them.

use super::Db;
use dashmap::DashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
}

impl<K: Eq + Hash, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self::good_for(FRESH)
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    fn good_for(fresh: i64) -> Self {
        Self(Arc::new(Rows { rows: DashMap::new(), changes: AtomicU64::new(0), fresh }))
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
        let fresh = self.0.rows.get(&key).filter(|row| (0..self.0.fresh).contains(&(now - row.0))).map(|row| row.1.clone());
        if fresh.is_some() {
            return Ok(fresh);
        }
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
