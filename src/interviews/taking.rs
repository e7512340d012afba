//! Who gets a slot: what is taken, what somebody wants, what they get. Pure; what it decides is written with the primary keys as the last word.
//!
//! A recruiter's and a panel's cells belong to the slot, a seeker's to the interview (or to the claim that becomes it): that is what lets several
//! seekers sit in one group session. What is held for a time and whose time has run out counts as free.

use super::claim::How;
use super::slot::SlotKey;
use super::state::Party;
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, SlotId, WaitId};
use crate::schedule::Span;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A slot that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) key: SlotKey,
    pub(super) employer: EmployerId,
    pub(super) fair: FairId,
    /// Who would lead it as a rule.
    pub(super) lead: AccountId,
    pub(super) span: Span,
    /// The end with the buffer.
    pub(super) busy_until: Millis,
    pub(super) capacity: i64,
    /// Who may take it, the lead first in each; several are a round-robin.
    pub(super) candidates: Vec<Vec<AccountId>>,
    /// Sessions a day of a person; 0 for no limit.
    pub(super) limit: i64,
    /// The day of the limit.
    pub(super) day: String,
    /// Seekers can book it from then until then, `[start, end)` of its start.
    pub(super) bookable: Span,
}

impl Wanted {
    pub(super) fn busy(&self) -> Span {
        Span { start: self.span.start, end: self.busy_until }
    }
}

/// Who wants it and what for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// Of the interview, or of the claim that may become it.
    pub(super) id: InterviewId,
    pub(super) wanted: Arc<Wanted>,
    pub(super) seeker: AccountId,
    /// The same request sent again is known by it; empty for what cannot be sent again.
    pub(super) client_id: String,
    pub(super) what: What,
    pub(super) posting: Option<String>,
    pub(super) topic: (String, String),
    pub(super) by: AccountId,
}

/// What becomes of a slot that is got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Book,
    /// The interview is there already.
    Move,
    Claim(NewClaim),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewClaim {
    pub(super) how: How,
    pub(super) until: Millis,
    /// The invitation in place of which it is proposed.
    pub(super) instead_of: Option<InterviewId>,
    pub(super) wait: Option<WaitId>,
    pub(super) reason: String,
}

impl Wish {
    pub(super) fn until(&self) -> Option<Millis> {
        match &self.what {
            What::Book | What::Move => None,
            What::Claim(claim) => Some(claim.until),
        }
    }

    /// Whether the seeker lets go of what they only hold.
    pub(super) fn lets_go(&self) -> bool {
        matches!(&self.what, What::Book | What::Claim(NewClaim { how: How::Hold, .. })) && self.by == self.seeker
    }

    /// Whether the seeker's own time is taken: not by an invitation until it is accepted, or employers could block people's days.
    pub(super) fn takes_seeker(&self) -> bool {
        !matches!(&self.what, What::Claim(NewClaim { how: How::Invite, .. }))
    }
}

/// Why somebody does not get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// The same request had come before, as this interview or claim.
    Again(InterviewId),
    Taken,
    /// One of the two sides has something else at that time.
    Busy(Party),
    /// The recruiters have as many that day as they want.
    Full,
}

/// What somebody gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) slot: SlotId,
    /// Nobody was in it before.
    pub(super) new: bool,
    /// The recruiters, the lead first.
    pub(super) people: Vec<AccountId>,
    pub(super) seat: i64,
    /// Their places of the day.
    pub(super) places: Vec<(AccountId, i64)>,
}

/// By whom something is taken and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) owner: String,
    /// None: for good.
    pub(super) until: Option<Millis>,
}

impl Owner {
    fn is_live(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// A slot that is stored, with or without anybody in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) id: Option<SlotId>,
    pub(super) seats: BTreeMap<i64, Owner>,
}

impl Session {
    fn free_seat(&self, capacity: i64, now: Millis) -> Option<i64> {
        (0..capacity).find(|n| self.seats.get(n).is_none_or(|owner| !owner.is_live(now)))
    }

    fn is_empty(&self, now: Millis) -> bool {
        self.seats.values().all(|owner| !owner.is_live(now))
    }
}

/// What is known of all that some wishes touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) now: Millis,
    pub(super) requests: HashMap<(AccountId, String), InterviewId>,
    /// By slot and lead.
    pub(super) sessions: HashMap<(SlotKey, AccountId), Session>,
    pub(super) cells: HashMap<(AccountId, i64), Owner>,
    pub(super) places: HashMap<(AccountId, String), BTreeMap<i64, Owner>>,
    /// How much each has on a day, for round-robins.
    pub(super) loads: HashMap<(AccountId, String), i64>,
}

impl Snapshot {
    /// Whether all seats of all who could take it are taken: then nothing else need be known.
    pub(super) fn is_full(&self, wanted: &Wanted) -> bool {
        wanted.candidates.iter().all(|people| {
            let session = people.first().and_then(|lead| self.sessions.get(&(wanted.key, *lead)));
            session.is_some_and(|s| s.free_seat(wanted.capacity, self.now).is_none())
        })
    }

    /// Decides one wish and takes what it gets.
    pub(super) fn grant(&mut self, wish: &Wish) -> Result<Grant, Miss> {
        let wanted = wish.wanted.clone();
        if !wish.client_id.is_empty() {
            let request = (wish.seeker, wish.client_id.clone());
            if let Some(first) = self.requests.get(&request) {
                return Err(Miss::Again(*first));
            }
        }
        if self.is_full(&wanted) {
            return Err(Miss::Taken);
        }
        let (me, until) = (Owner { owner: wish.id.to_string(), until: wish.until() }, wish.until());
        if wish.takes_seeker() && !self.is_free(wish.seeker, wanted.span, &me.owner) {
            return Err(Miss::Busy(Party::Seeker));
        }
        let mut miss = Miss::Taken;
        for people in self.in_turn(&wanted) {
            match self.try_people(&wanted, &people, &me.owner) {
                Ok(grant) => {
                    self.take(wish, &wanted, &grant, until);
                    return Ok(grant);
                }
                Err(why) => miss = why,
            }
        }
        Err(miss)
    }

    /// Those who could take it: first who has a session with seats left, then who has the fewest that day.
    fn in_turn(&self, wanted: &Wanted) -> Vec<Vec<AccountId>> {
        let mut all = wanted.candidates.clone();
        let rank = |people: &Vec<AccountId>| {
            let lead = people.first().copied();
            let begun = lead.and_then(|lead| self.sessions.get(&(wanted.key, lead))).is_some_and(|s| !s.is_empty(self.now));
            let load = lead.and_then(|lead| self.loads.get(&(lead, wanted.day.clone()))).copied().unwrap_or_default();
            (!begun, load, lead)
        };
        all.sort_by_key(rank);
        all
    }

    fn try_people(&self, wanted: &Wanted, people: &[AccountId], id: &str) -> Result<Grant, Miss> {
        let lead = *people.first().ok_or(Miss::Taken)?;
        let known = self.sessions.get(&(wanted.key, lead));
        let slot = known.and_then(|s| s.id);
        if matches!(wanted.key, SlotKey::Stored(_)) && slot.is_none() {
            // It was taken back.
            return Err(Miss::Taken);
        }
        let seat = known.map_or(Some(0), |s| s.free_seat(wanted.capacity, self.now)).ok_or(Miss::Taken)?;
        let owner = slot.map_or_else(|| id.to_owned(), |slot| slot.to_string());
        if !people.iter().all(|p| self.is_free(*p, wanted.busy(), &owner)) {
            return Err(Miss::Busy(Party::Employer));
        }
        let mut places = Vec::new();
        if wanted.limit > 0 {
            for person in people {
                places.push((*person, self.place(wanted, *person, &owner).ok_or(Miss::Full)?));
            }
        }
        Ok(Grant { slot: slot.unwrap_or_else(SlotId::new), new: slot.is_none(), people: people.to_vec(), seat, places })
    }

    /// The session's own place of the day, or the next free one.
    fn place(&self, wanted: &Wanted, person: AccountId, owner: &str) -> Option<i64> {
        let Some(places) = self.places.get(&(person, wanted.day.clone())) else { return Some(0) };
        let own = places.iter().find(|(_, p)| p.owner == owner).map(|(n, _)| *n);
        own.or_else(|| (0..wanted.limit).find(|n| places.get(n).is_none_or(|p| !p.is_live(self.now)))).filter(|_| {
            places.values().filter(|p| p.is_live(self.now) && p.owner != owner).count() < usize::try_from(wanted.limit).unwrap_or(0)
        })
    }

    fn is_free(&self, person: AccountId, span: Span, owner: &str) -> bool {
        span.cells().all(|cell| self.cells.get(&(person, cell)).is_none_or(|c| c.owner == owner || !c.is_live(self.now)))
    }

    fn take(&mut self, wish: &Wish, wanted: &Wanted, grant: &Grant, until: Option<Millis>) {
        if !wish.client_id.is_empty() {
            self.requests.insert((wish.seeker, wish.client_id.clone()), wish.id);
        }
        let lead = grant.people.first().copied().unwrap_or(wish.by);
        let session = self.sessions.entry((wanted.key, lead)).or_default();
        session.id = Some(grant.slot);
        session.seats.insert(grant.seat, Owner { owner: wish.id.to_string(), until });
        let slot = grant.slot.to_string();
        for person in &grant.people {
            for cell in wanted.busy().cells() {
                self.lengthen((*person, cell), &slot, until);
            }
            if grant.new {
                *self.loads.entry((*person, wanted.day.clone())).or_default() += 1;
            }
        }
        for (person, n) in &grant.places {
            self.places.entry((*person, wanted.day.clone())).or_default().insert(*n, Owner { owner: slot.clone(), until });
        }
        if wish.takes_seeker() {
            for cell in wanted.span.cells() {
                self.cells.insert((wish.seeker, cell), Owner { owner: wish.id.to_string(), until });
            }
        }
    }

    /// What a session has is never shortened by a later seat of it.
    fn lengthen(&mut self, key: (AccountId, i64), owner: &str, until: Option<Millis>) {
        let until = match self.cells.get(&key) {
            Some(known) if known.owner == owner => longer(known.until, until),
            _ => until,
        };
        self.cells.insert(key, Owner { owner: owner.to_owned(), until });
    }
}

/// The later of two ends; none is for good.
pub(super) fn longer(a: Option<Millis>, b: Option<Millis>) -> Option<Millis> {
    Some(a?.max(b?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;
    use crate::ids::PlanId;

    fn wanted(leads: &[AccountId], capacity: i64, limit: i64) -> Arc<Wanted> {
        Arc::new(Wanted {
            key: SlotKey::Planned(PlanId::new(), 100),
            employer: EmployerId::new(),
            fair: FairId::new(),
            lead: leads[0],
            span: Span { start: 500 * MINUTE, end: 515 * MINUTE },
            busy_until: 520 * MINUTE,
            capacity,
            candidates: leads.iter().map(|lead| vec![*lead]).collect(),
            limit,
            day: "2027-02-20".into(),
            bookable: Span { start: 0, end: Millis::MAX },
        })
    }

    fn wish(wanted: &Arc<Wanted>, until: Option<Millis>) -> Wish {
        let hold = |until| What::Claim(NewClaim { how: How::Hold, until, instead_of: None, wait: None, reason: String::new() });
        let seeker = AccountId::new();
        let id = InterviewId::new();
        let what = until.map_or(What::Book, hold);
        Wish { id, wanted: wanted.clone(), seeker, client_id: id.to_string(), what, posting: None, topic: Default::default(), by: seeker }
    }

    #[test]
    fn a_group_shares_one_slot_until_its_seats_are_taken_and_a_request_counts_once() {
        let slot = wanted(&[AccountId::new()], 2, 0);
        let (mut all, first) = (Snapshot::default(), wish(&slot, None));
        let a = all.grant(&first).expect("a seat");
        assert_eq!(all.grant(&first), Err(Miss::Again(first.id)));
        let b = all.grant(&wish(&slot, None)).expect("the other seat");
        assert_eq!((a.slot, a.new, a.seat, b.new, b.seat), (b.slot, true, 0, false, 1));
        assert_eq!(all.grant(&wish(&slot, None)), Err(Miss::Taken));
    }

    #[test]
    fn what_ran_out_is_free_and_a_later_hold_shortens_nothing() {
        let slot = wanted(&[AccountId::new()], 2, 0);
        let mut all = Snapshot::default();
        all.grant(&wish(&slot, Some(10))).expect("held");
        all.grant(&wish(&slot, None)).expect("booked");
        all.now = 10;
        let third = all.grant(&wish(&slot, Some(99))).expect("the seat that was held");
        assert_eq!(third.seat, 0);
        let cell = all.cells.get(&(slot.lead, 100)).expect("taken");
        assert_eq!(cell.until, None, "booked time stays booked");
    }

    #[test]
    fn a_round_gives_to_whoever_has_the_fewest_and_a_limit_of_the_day_counts_all_plans() {
        let (a, b) = (AccountId::new(), AccountId::new());
        let round = wanted(&[a, b], 1, 2);
        let mut all = Snapshot::default();
        all.loads.insert((a, round.day.clone()), 3);
        assert_eq!(all.grant(&wish(&round, None)).expect("given").people, [b]);
        assert_eq!(all.grant(&wish(&round, None)).expect("given").people, [a]);
        let mut full = Snapshot::default();
        let place = |n: i64| (n, Owner { owner: format!("another{n}"), until: None });
        full.places.insert((a, round.day.clone()), [place(0), place(4)].into());
        let alone = wanted(&[a], 1, 2);
        assert_eq!(full.grant(&wish(&alone, None)), Err(Miss::Full));
        full.places.insert((a, round.day.clone()), [place(4)].into());
        assert_eq!(full.grant(&wish(&alone, None)).expect("given").places, [(a, 0)]);
    }

    #[test]
    fn nobody_is_in_two_and_an_invitation_leaves_the_seekers_time_alone() {
        let (one, other) = (wanted(&[AccountId::new()], 1, 0), wanted(&[AccountId::new()], 1, 0));
        let (mut all, first) = (Snapshot::default(), wish(&one, None));
        all.grant(&first).expect("booked");
        let second = Wish { seeker: first.seeker, ..wish(&other, None) };
        assert_eq!(all.grant(&second), Err(Miss::Busy(Party::Seeker)));
        let invite = NewClaim { how: How::Invite, until: 99, instead_of: None, wait: None, reason: String::new() };
        assert!(all.grant(&Wish { what: What::Claim(invite), ..second }).is_ok());
    }
}
