//! What was taken of people's time, once that is past: nobody can take it again, and nothing asks for it.

use super::{Interviews, store};
use crate::clock::{DAY, Millis};
use crate::web::Result;

/// Kept for so long after it is past: more than the zones of the world and a clock that was set are apart.
const KEPT: Millis = 7 * DAY;
/// Rows that go in one transaction: nobody who books waits for long.
const AT_ONCE: i64 = 5_000;

impl Interviews {
    /// Forgets which pieces of time and places of days were taken more than a week ago; how many. The interviews themselves stay. Called by the
    /// housekeeping job.
    pub async fn forget_past_times(&self) -> Result<u64> {
        let before = self.now() - KEPT;
        let mut gone = 0;
        loop {
            let n = store::past::delete_cells(self.db().write(), before, AT_ONCE).await?;
            gone += n;
            if n == 0 {
                break;
            }
        }
        Ok(gone + store::past::delete_places(self.db().write(), before).await?)
    }
}
