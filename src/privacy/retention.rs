//! For how long classes of data are kept, and the daily round that ends them. What ends by itself sooner is with its capability: codes and sessions,
//! letters, calls, recordings, cases, times past, files that no row names; `docs/privacy.md` has all of it in one table.

use super::Privacy;
use crate::clock::{DAY, Millis, iso};
use crate::web::Result;

/// A class of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    pub name: &'static str,
    pub kept: Millis,
}

/// The names of guests whose device key has run out: they cannot come back.
pub const GUESTS: Class = Class { name: "guest-names", kept: 400 * DAY };
/// Contact and resume in an application, after its last step and its last grant: no employer may see them any more.
pub const SENT: Class = Class { name: "sent-contacts-and-resumes", kept: 365 * DAY };
/// Consents that were taken back, and refusals.
pub const CONSENTS: Class = Class { name: "ended-consents", kept: 3 * 365 * DAY };
/// The audit log, and in it who looked at what.
pub const AUDIT: Class = Class { name: "audit-log", kept: 3 * 365 * DAY };

/// Whom a station registered: its slip has run out.
pub const HELPED: Class = Class { name: "station-workers", kept: 180 * DAY };

/// What guests typed and uploaded to apply, and never proved a phone for.
pub const UNSENT: Class = Class { name: "guest-profiles", kept: 90 * DAY };

pub const CLASSES: [Class; 6] = [GUESTS, SENT, CONSENTS, AUDIT, HELPED, UNSENT];

impl Privacy {
    /// Ends what has been kept for its time: once a day, by whichever server comes first, with a line in the audit log. How many of each class;
    /// nothing if it was done today. Called by the housekeeping job.
    pub async fn retain(&self) -> Result<Option<[u64; 6]>> {
        let (now, accounts) = (self.accounts.clock.now(), &self.accounts);
        let day: String = iso(now).chars().take(10).collect();
        let id = format!("retention/{day}");
        if accounts.is_audited(&id).await? {
            return Ok(None);
        }
        let mut tx = accounts.db.begin().await?;
        let done = [
            accounts.forget_guests_in(&mut tx, now - GUESTS.kept).await?,
            self.applications.forget_sent_in(&mut tx, now - SENT.kept).await?,
            accounts.forget_consents_in(&mut tx, now - CONSENTS.kept).await?,
            accounts.forget_audit_in(&mut tx, now - AUDIT.kept).await?,
            self.stations.forget_helped_in(&mut tx, now - HELPED.kept).await?,
            self.applications.forget_unsent_in(&mut tx, now - UNSENT.kept).await?,
        ];
        let counts: Vec<String> = CLASSES.iter().zip(done).map(|(class, n)| format!("{}={n}", class.name)).collect();
        // Of two servers the second one's line is refused, and with it all that it did.
        if !accounts.audit_once_in(&mut tx, &id, "data.retention", &counts.join(" ")).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(done))
    }
}
