//! The timers of many connections: a hashed wheel (Varghese and Lauck, 1987), where setting and firing cost the same however many there are.
//!
//! A timer fires at its time or up to [`SLOT`] later; one beyond the horizon fires early and is set again by its owner, who knows what is due.
//! Timers are never taken out: one whose owner is gone fires for nobody.

use std::time::{Duration, Instant};

/// Finer than any timer needs.
const SLOT: Duration = Duration::from_millis(8);
/// A horizon of two seconds.
const SLOTS: u64 = 256;

pub(super) struct Wheel<T> {
    slots: Vec<Vec<T>>,
    start: Instant,
    /// Slots before this one have fired.
    at: u64,
    set: usize,
}

impl<T> Wheel<T> {
    pub(super) fn new(now: Instant) -> Self {
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), start: now, at: 0, set: 0 }
    }

    /// The slot whose end is at or after `time`.
    fn slot(&self, time: Instant) -> u64 {
        let nanos = time.saturating_duration_since(self.start).as_nanos();
        (nanos.div_ceil(SLOT.as_nanos()) as u64).max(1) - 1
    }

    pub(super) fn set(&mut self, due: Instant, what: T) {
        let slot = self.slot(due).clamp(self.at, self.at + SLOTS - 1);
        self.slots[(slot % SLOTS) as usize].push(what);
        self.set += 1;
    }

    /// When [`Wheel::fire`] is to be called next.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.set == 0 {
            return None;
        }
        let slot = (self.at..self.at + SLOTS).find(|slot| !self.slots[(slot % SLOTS) as usize].is_empty())?;
        Some(self.start + SLOT * u32::try_from(slot + 1).unwrap_or(u32::MAX))
    }

    /// Takes out what is due.
    pub(super) fn fire(&mut self, now: Instant, fired: &mut Vec<T>) {
        let passed = (now.saturating_duration_since(self.start).as_nanos() / SLOT.as_nanos()) as u64;
        // After a long pause every slot is visited once.
        for slot in self.at..passed.min(self.at + SLOTS) {
            fired.append(&mut self.slots[(slot % SLOTS) as usize]);
        }
        self.at = self.at.max(passed);
        self.set -= fired.len().min(self.set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_at_their_time_and_at_most_a_slot_late() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let times: Vec<u64> = (0..200).map(|n| n * 37 % 1_900).collect();
        times.iter().for_each(|ms| wheel.set(start + Duration::from_millis(*ms), *ms));
        let mut late = 0;
        for ms in 0..2_100 {
            let mut fired = Vec::new();
            wheel.fire(start + Duration::from_millis(ms), &mut fired);
            assert!(fired.iter().all(|due| (*due..=due + 8).contains(&ms)), "{ms}: {fired:?}");
            late += fired.len();
        }
        assert_eq!((late, wheel.due()), (200, None));
    }

    #[test]
    fn what_is_beyond_the_horizon_fires_early_and_a_pause_loses_nothing() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(start + Duration::from_secs(60), 60);
        assert!(wheel.due().is_some_and(|due| due <= start + SLOT * 256));
        wheel.set(start + Duration::from_secs(1), 1);
        let mut fired = Vec::new();
        wheel.fire(start + Duration::from_secs(600), &mut fired);
        assert_eq!(fired.len(), 2);
        wheel.set(start, 0);
        assert!(wheel.due().is_some_and(|due| due <= start + Duration::from_secs(600) + SLOT), "the past is due at once");
    }

    #[test]
    fn it_turns_for_ever() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let (mut now, mut fired) = (start, Vec::new());
        wheel.set(now, ());
        for _ in 0..10_000 {
            now = wheel.due().expect("one is set");
            wheel.fire(now, &mut fired);
            assert_eq!(fired.drain(..).count(), 1);
            wheel.set(now + Duration::from_millis(100), ());
        }
        let passed = (now - start).as_millis();
        assert!((999_000..1_090_000).contains(&passed), "{passed}");
    }
}
