//! A time that can be booked, and what it is called outwards. Pure.

use crate::clock::{MINUTE, Millis, iso};
use crate::ids::{AccountId, EmployerId, FairId, PlanId, SlotId};
use crate::schedule::{CELL, Open, Plan, Span};

/// The name of a slot in addresses: `{plan}.{start in five-minute cells}` of a computed one, the id of one that was offered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotKey {
    Stored(SlotId),
    Planned(PlanId, i64),
}

impl SlotKey {
    pub fn of(plan: PlanId, start: Millis) -> Self {
        Self::Planned(plan, start.div_euclid(CELL))
    }
}

impl std::fmt::Display for SlotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stored(id) => id.fmt(f),
            Self::Planned(plan, cell) => write!(f, "{plan}.{cell}"),
        }
    }
}

impl std::str::FromStr for SlotKey {
    type Err = anyhow::Error;
    fn from_str(s: &str) -> anyhow::Result<Self> {
        match s.split_once('.') {
            // Far enough from the ends that no sum with it overflows.
            Some((plan, cell)) => match cell.parse() {
                Ok(cell @ 0..=1_000_000_000) => Ok(Self::Planned(plan.parse()?, cell)),
                _ => anyhow::bail!("cell {cell}"),
            },
            None => Ok(Self::Stored(s.parse()?)),
        }
    }
}

impl TryFrom<String> for SlotKey {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        s.parse()
    }
}

impl serde::Serialize for SlotKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A time that can be booked.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Slot {
    #[sqlx(try_from = "String")]
    pub id: SlotKey,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    /// Who leads it; of a round-robin one of those who may.
    pub recruiter_id: AccountId,
    pub starts_at: Millis,
    pub ends_at: Millis,
    /// Seekers in it: more than one in a group session.
    pub capacity: i64,
    pub seats_left: i64,
}

impl Slot {
    pub(super) fn planned(plan: &Plan, open: &Open) -> Option<Self> {
        Some(Self {
            id: SlotKey::of(plan.id, open.start),
            employer_id: plan.employer_id,
            fair_id: plan.fair_id,
            recruiter_id: *open.people.first()?,
            starts_at: open.start,
            ends_at: open.end,
            capacity: plan.capacity,
            seats_left: open.left,
        })
    }

    pub(super) fn span(&self) -> Span {
        Span { start: self.starts_at, end: self.ends_at }
    }

    pub fn minutes(&self) -> i64 {
        (self.ends_at - self.starts_at) / MINUTE
    }

    /// Several seekers at once.
    pub fn is_group(&self) -> bool {
        self.capacity > 1
    }

    /// As JSON shows it.
    pub fn json(&self) -> serde_json::Value {
        let (start, end) = (iso(self.starts_at), iso(self.ends_at));
        serde_json::json!({
            "id": self.id,
            "starts_at": start,
            "ends_at": end,
            "capacity": self.capacity,
            "seats_left": self.seats_left,
            "bookings_url": format!("/slots/{}/bookings", self.id),
            "holds_url": format!("/slots/{}/holds", self.id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_written_and_nothing_else_does() {
        for key in [SlotKey::Stored(SlotId::new()), SlotKey::of(PlanId::new(), 1_803_085_200_000)] {
            assert_eq!(key.to_string().parse::<SlotKey>().expect("ours"), key);
        }
        let plan = PlanId::new();
        for wrong in
            [String::new(), "x".into(), format!("{plan}."), format!("{plan}.-5"), format!("{plan}.9999999999999"), format!("{plan}.1.2")]
        {
            assert!(wrong.parse::<SlotKey>().is_err(), "{wrong}");
        }
    }
}
