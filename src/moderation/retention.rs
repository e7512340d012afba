//! What was decided on the desk is kept for a while, for whoever asks why, and then erased with its texts and who reported it.
//!
//! Invariants: what waits stays, however old; a decision that was taken back, or a message that was reported again, waits; who decided what
//! stays in the audit log, which has no texts. Deliberately absent: messages themselves, which are the journal's.

use super::{Moderation, store};
use crate::clock::DAY;
use crate::web::Result;

/// Cases of one transaction: nobody who writes waits for long.
const BATCH: i64 = 200;

impl Moderation {
    /// Erases what was decided long enough ago; how many cases. Called by the housekeeping job.
    pub async fn forget_decided(&self) -> Result<u64> {
        let before = self.accounts.clock.now() - i64::from(self.kept_days) * DAY;
        let mut erased = 0;
        loop {
            let n = store::erase_decided(&self.accounts.db, before, BATCH).await?;
            erased += n;
            if n < BATCH as u64 {
                return Ok(erased);
            }
        }
    }
}
