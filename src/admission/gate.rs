//! Who may come in now: newcomers up to a rate, and past it everybody in the order of their tickets. Pure decisions on a given time.
//!
//! Invariants: nobody with a later ticket is called before an earlier one; a newcomer without a ticket never passes those who wait; a ticket
//! that was called stays good, however late its person comes back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// However slow pages are, so many come in a second: an estimate that is wrong must not close the house.
const LEAST: f64 = 5.0;
/// What may come in at once: so many seconds of the rate.
const BURST: f64 = 0.5;
/// Pages slower than this, or turns of the runtime later than this, mean that more have come than can be served.
const SLOW_PAGE: Duration = Duration::from_millis(400);
const LATE_TURN: Duration = Duration::from_millis(100);
/// After a cut nothing is cut again before its effect can be seen.
const CUT: f64 = 0.6;
const CUT_EVERY: Duration = Duration::from_secs(1);
/// Growth in a second while all is well.
const GROWTH: f64 = 1.25;
/// A ticket opens the door so often: an answer may be lost on the way, but one ticket is not for everybody.
const USES: u8 = 3;
/// Uses are remembered of so many tickets, the latest ones.
const REMEMBERED: usize = 100_000;

/// How the server has done lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// The mean time until a page's answer, if there was one.
    pub(super) page: Option<Duration>,
    /// By how much a timer came late.
    pub(super) late: Duration,
}

impl Load {
    fn is_heavy(self) -> bool {
        self.late > LATE_TURN || self.page.is_some_and(|page| page > SLOW_PAGE)
    }
}

/// The answer to somebody at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    In,
    Wait {
        ticket: u64,
        /// People in front.
        ahead: u64,
        /// Until it is called, as things go now.
        about: Duration,
    },
}

pub(super) struct Gate {
    /// The last ticket that was given out, and the last that was called: the first ticket is 1.
    issued: u64,
    called: u64,
    /// Newcomers a second, now and at most.
    rate: f64,
    most: f64,
    /// Newcomers that may come in at once.
    room: f64,
    /// When room was made last.
    made: Instant,
    /// When the rate was looked at last.
    adapted: Instant,
    cut: Option<Instant>,
    used: HashMap<u64, u8>,
}

impl Gate {
    /// `issued` and `called`: where an earlier run has got to. `most`: newcomers a second.
    pub(super) fn new(now: Instant, (issued, called): (u64, u64), most: f64) -> Self {
        let most = most.max(LEAST);
        let called = called.min(issued);
        Self { issued, called, rate: most, most, room: most * BURST, made: now, adapted: now, cut: None, used: HashMap::new() }
    }

    /// Somebody without a ticket; with `may_wait` one is given if there is no room.
    pub(super) fn arrive(&mut self, now: Instant, may_wait: bool) -> Turn {
        self.make_room(now);
        if self.waiting() == 0 && self.room >= 1.0 {
            self.room -= 1.0;
            return Turn::In;
        }
        if may_wait {
            self.issued += 1;
            self.wait(self.issued)
        } else {
            self.wait(self.issued + 1)
        }
    }

    /// Somebody comes back with a ticket. One that we did not give, or that was used often, is none.
    pub(super) fn present(&mut self, now: Instant, ticket: u64) -> Turn {
        if ticket == 0 || ticket > self.issued {
            return self.arrive(now, true);
        }
        self.make_room(now);
        if ticket > self.called {
            return self.wait(ticket);
        }
        let used = self.used.entry(ticket).or_default();
        if *used == USES {
            return self.arrive(now, true);
        }
        *used += 1;
        Turn::In
    }

    fn wait(&self, ticket: u64) -> Turn {
        let ahead = ticket.saturating_sub(self.called + 1);
        Turn::Wait { ticket, ahead, about: Duration::from_secs_f64((ahead + 1) as f64 / self.rate) }
    }

    /// People who wait. Some of them may have gone.
    pub(super) fn waiting(&self) -> u64 {
        self.issued - self.called
    }

    /// The last ticket given out and the last called.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.issued, self.called)
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Adds the room that time has made and calls whom it is for.
    fn make_room(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.made).as_secs_f64();
        self.made = self.made.max(now);
        self.room = (self.room + self.rate * passed).min((self.rate * BURST).max(1.0));
        let next = (self.room as u64).min(self.waiting());
        self.called += next;
        self.room -= next as f64;
    }

    /// Adapts the rate to how the server does; to be called some times a second.
    pub(super) fn adapt(&mut self, now: Instant, load: Load) {
        let passed = now.saturating_duration_since(self.adapted).as_secs_f64();
        self.adapted = self.adapted.max(now);
        self.make_room(now);
        if !load.is_heavy() {
            self.rate = (self.rate * GROWTH.powf(passed.min(1.0))).min(self.most);
        } else if self.cut.is_none_or(|cut| now.saturating_duration_since(cut) >= CUT_EVERY) {
            self.cut = Some(now);
            self.rate = (self.rate * CUT).max(LEAST);
        }
        if self.used.len() > REMEMBERED {
            let oldest = self.called.saturating_sub(REMEMBERED as u64);
            self.used.retain(|ticket, _| *ticket >= oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    const WELL: Load = Load { page: None, late: Duration::ZERO };
    const HEAVY: Load = Load { page: Some(Duration::from_secs(2)), late: Duration::ZERO };
    const TICK: Duration = Duration::from_millis(100);

    fn ticket(turn: Turn) -> Option<u64> {
        if let Turn::Wait { ticket, .. } = turn { Some(ticket) } else { None }
    }

    #[test]
    fn a_rush_waits_in_order_and_drains_at_the_rate() {
        let mut now = Instant::now();
        let mut gate = Gate::new(now, (0, 0), 100.0);
        let turns: Vec<Turn> = (0..450).map(|_| gate.arrive(now, true)).collect();
        assert!(turns[..50].iter().all(|turn| *turn == Turn::In), "half a second's worth comes in at once");
        assert_eq!(turns[50], Turn::Wait { ticket: 1, ahead: 0, about: Duration::from_millis(10) });
        assert_eq!(turns[449], Turn::Wait { ticket: 400, ahead: 399, about: Duration::from_secs(4) });
        for second in 1..=4 {
            now += Duration::from_secs(1);
            gate.adapt(now, WELL);
            let inside = (1..=400).filter(|ticket| ticket <= &gate.called).count();
            assert!((second * 50..=second * 100).contains(&inside), "{second}: {inside}");
        }
    }

    #[test]
    fn nobody_overtakes_whatever_happens() {
        for seed in 0..60 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut now = Instant::now();
            let mut gate = Gate::new(now, (0, 0), f64::from(random.random_range(5..200)));
            let (mut outside, mut entered) = (Vec::new(), Vec::new());
            for _ in 0..2_000 {
                match random.random_range(0..10) {
                    0..4 => {
                        gate.make_room(now);
                        let waiting = gate.waiting();
                        match gate.arrive(now, true) {
                            Turn::In => assert_eq!(waiting, 0, "a newcomer does not pass those who wait"),
                            Turn::Wait { ticket, .. } => outside.push(ticket),
                        }
                    }
                    4..8 if !outside.is_empty() => {
                        let at = random.random_range(0..outside.len());
                        let before = gate.called;
                        match gate.present(now, outside[at]) {
                            Turn::In => {
                                assert!(outside[at] <= gate.called);
                                entered.push(outside.swap_remove(at));
                            }
                            Turn::Wait { ticket, ahead, .. } => {
                                assert_eq!((ticket, ahead), (outside[at], outside[at] - gate.called - 1), "the place is kept");
                                assert!(outside[at] > before);
                            }
                        }
                    }
                    8 => {
                        now += Duration::from_millis(random.random_range(0..400));
                        gate.adapt(now, if random.random_bool(0.3) { HEAVY } else { WELL });
                        assert!(gate.rate >= LEAST && gate.rate <= gate.most && gate.called <= gate.issued);
                    }
                    _ => {
                        // Killed and started again: what was stored is where it goes on.
                        if random.random_bool(0.05) {
                            gate = Gate::new(now, gate.progress(), gate.most);
                        }
                    }
                }
            }
            // The rush is over: everybody who waits comes in.
            for _ in 0..100_000 {
                if gate.waiting() == 0 {
                    break;
                }
                now += TICK;
                gate.adapt(now, WELL);
            }
            assert!(outside.iter().all(|ticket| gate.present(now, *ticket) == Turn::In), "seed {seed}");
        }
    }

    #[test]
    fn the_rate_falls_while_pages_are_slow_and_recovers() {
        let mut now = Instant::now();
        let mut gate = Gate::new(now, (0, 0), 1_000.0);
        for _ in 0..50 {
            now += TICK;
            gate.adapt(now, HEAVY);
        }
        assert!((70.0..130.0).contains(&gate.rate), "a cut a second, not a tick: {}", gate.rate);
        for _ in 0..600 {
            now += TICK;
            gate.adapt(now, HEAVY);
        }
        assert_eq!(gate.rate, LEAST);
        for _ in 0..300 {
            now += TICK;
            // Whoever comes in between makes room, and no difference to the rate.
            gate.arrive(now, true);
            gate.adapt(now, WELL);
        }
        assert_eq!(gate.rate, 1_000.0);
        gate.adapt(now + TICK, Load { page: None, late: Duration::from_secs(1) });
        assert!(gate.rate < 1_000.0, "turns that come late count too");
    }

    #[test]
    fn tickets_that_are_not_ours_or_used_up_are_none() {
        let now = Instant::now();
        let mut gate = Gate::new(now, (0, 0), 10.0);
        while gate.arrive(now, true) == Turn::In {}
        assert_eq!(ticket(gate.present(now, 99)), Some(2), "a forged one gets a place at the end");
        assert_eq!(ticket(gate.present(now, 0)), Some(3));
        let later = now + Duration::from_secs(1);
        let uses: Vec<bool> = (0..5).map(|_| gate.present(later, 1) == Turn::In).collect();
        assert_eq!(uses[..3], [true, true, true]);
        assert!(gate.used.len() == 1 && gate.used[&1] == USES);
    }

    #[test]
    fn programs_wait_without_taking_a_place_and_time_that_goes_back_makes_no_room() {
        let now = Instant::now();
        let mut gate = Gate::new(now, (0, 0), 10.0);
        while gate.arrive(now, false) == Turn::In {}
        assert_eq!(gate.waiting(), 0);
        assert!(matches!(gate.arrive(now, false), Turn::Wait { ahead: 0, .. }));
        let room = gate.room;
        gate.make_room(now.checked_sub(Duration::from_secs(9)).unwrap_or(now));
        assert!(gate.room <= room + f64::EPSILON);
    }
}
