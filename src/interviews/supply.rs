//! All times of a fair that can still be had, for its organisers: as many questions to the database as for one employer.

use super::{Interviews, Slot, store};
use crate::clock::{DAY, Millis};
use crate::fairs::Fair;
use crate::ids::EmployerId;
use crate::schedule::{Span, slots};
use crate::web::Result;

/// As far ahead as any plan can be booked.
const AHEAD: Millis = 90 * DAY;

impl Interviews {
    /// When the free slots of all employers of a fair begin, in no order.
    pub(super) async fn free_of_fair(&self, fair: &Fair) -> Result<Vec<(EmployerId, Millis)>> {
        if !fair.state.is_active() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let range = Span { start: now, end: now + AHEAD };
        let plans = self.schedule.open_plans_of_fair(fair.id).await?;
        let mut found: Vec<(EmployerId, Millis)> = Vec::new();
        if !plans.is_empty() {
            let frame = self.schedule.frame(fair.id).await?;
            let (mut taken, mut sessions) = store::calendar::taken_at(self.db().read(), fair.id, range, now).await?;
            for plan in &plans {
                taken.sessions = sessions.remove(&plan.id).unwrap_or_default();
                found.extend(slots(plan, &frame, &taken, range, now).iter().map(|open| (plan.employer_id, open.start)));
            }
        }
        let stored: Vec<Slot> = store::calendar::free_at(self.db().read(), fair.id, now).await?;
        found.extend(stored.iter().filter(|slot| slot.starts_at < range.end).map(|slot| (slot.employer_id, slot.starts_at)));
        Ok(found)
    }
}
