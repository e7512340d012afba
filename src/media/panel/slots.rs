//! Which seat each of a viewer's tracks carries.
//!
//! Invariants: no seat is in two slots of a kind; a seat that remains among those that are shown stays in its slot.

use super::{Order, Seat};

/// Gives the first slot to the main picture (the pinned seat, else whoever spoke last) and the others to the next ones, at most `last` of them.
/// `has`: whether a seat has a picture at all.
pub(in crate::media) fn pictures(order: &Order, pin: Option<Seat>, last: usize, has: impl Fn(Seat) -> bool, slots: &mut [Option<Seat>]) {
    let Some((main, others)) = slots.split_first_mut() else { return };
    let present = || order.as_slice().iter().copied().filter(|seat| has(*seat));
    // Where nobody has a picture yet, it is awaited from whoever is there.
    let chosen = pin.filter(|pin| order.has(*pin) && has(*pin)).or_else(|| present().next());
    *main = chosen.or_else(|| main.filter(|seat| order.has(*seat))).or(order.first()).or(*main);
    let wanted = present().filter(|seat| Some(*seat) != *main).take(last.min(others.len()));
    place(wanted.collect(), others);
}

/// Gives the slots to those who spoke last, of those who have sound at all.
pub(in crate::media) fn sounds(order: &Order, has: impl Fn(Seat) -> bool, slots: &mut [Option<Seat>]) {
    let wanted: Order = order.as_slice().iter().copied().filter(|seat| has(*seat)).take(slots.len()).collect();
    match slots {
        // Where nobody has sound yet, it is awaited from whoever is there.
        [only] => *only = wanted.first().or(only.filter(|seat| order.has(*seat))).or(order.first()).or(*only),
        _ => place(wanted, slots),
    }
}

fn place(wanted: Order, slots: &mut [Option<Seat>]) {
    for slot in slots.iter_mut() {
        *slot = slot.filter(|seat| wanted.has(*seat));
    }
    for seat in wanted.as_slice() {
        if !slots.contains(&Some(*seat))
            && let Some(free) = slots.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(*seat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    fn seat(number: u8) -> Seat {
        Seat::new(number).expect("a seat")
    }

    fn order(numbers: &[u8]) -> Order {
        numbers.iter().map(|number| seat(*number)).collect()
    }

    fn numbers(slots: &[Option<Seat>]) -> Vec<Option<u8>> {
        slots.iter().map(|slot| slot.map(Seat::number)).collect()
    }

    #[test]
    fn the_speaker_is_in_the_main_slot_and_changes_places_with_the_one_before() {
        let mut slots = [None; 3];
        pictures(&order(&[0, 1, 2]), None, 9, |_| true, &mut slots);
        assert_eq!(numbers(&slots), [Some(0), Some(1), Some(2)]);
        pictures(&order(&[2, 0, 1]), None, 9, |_| true, &mut slots);
        assert_eq!(numbers(&slots), [Some(2), Some(1), Some(0)], "1 stays where it is");
        pictures(&order(&[2, 0, 1]), Some(seat(1)), 9, |_| true, &mut slots);
        assert_eq!(numbers(&slots), [Some(1), Some(2), Some(0)], "pinned");
        pictures(&order(&[2, 0]), Some(seat(1)), 9, |_| true, &mut slots);
        assert_eq!(numbers(&slots), [Some(2), None, Some(0)], "who left is pinned no more");
    }

    #[test]
    fn only_the_last_speakers_are_shown_and_only_seats_with_a_picture() {
        let mut slots = [None; 3];
        pictures(&order(&[3, 1, 0, 2]), None, 1, |_| true, &mut slots);
        assert_eq!(numbers(&slots), [Some(3), Some(1), None]);
        pictures(&order(&[3, 1, 0, 2]), None, 9, |s| s.number() != 3, &mut slots);
        assert_eq!(numbers(&slots), [Some(1), Some(0), Some(2)], "one without a camera speaks");
        let mut waiting = [None; 1];
        pictures(&order(&[0]), None, 0, |_| false, &mut waiting);
        assert_eq!(numbers(&waiting), [Some(0)]);
        pictures(&order(&[]), None, 0, |_| false, &mut waiting);
        assert_eq!(numbers(&waiting), [Some(0)], "who comes back is awaited");
    }

    #[test]
    fn one_sound_is_the_speakers_and_several_are_those_who_spoke_last() {
        let mut one = [None; 1];
        sounds(&order(&[1, 0]), |_| true, &mut one);
        assert_eq!(numbers(&one), [Some(1)]);
        sounds(&order(&[0, 1]), |_| true, &mut one);
        assert_eq!(numbers(&one), [Some(0)]);
        let mut two = [None; 2];
        sounds(&order(&[0, 1, 2]), |_| true, &mut two);
        sounds(&order(&[2, 1, 0]), |_| true, &mut two);
        assert_eq!(numbers(&two), [Some(2), Some(1)]);
    }

    #[test]
    fn no_seat_is_shown_twice_and_none_moves_without_need() {
        let mut random = StdRng::seed_from_u64(4);
        let mut slots = [None; 4];
        for _ in 0..5_000 {
            let mut seats: Vec<u8> = (0..6).filter(|_| random.random_bool(0.7)).collect();
            (0..seats.len()).for_each(|at| seats.swap(at, random.random_range(0..=at)));
            let before = slots;
            let (pin, last) = (random.random_bool(0.3).then(|| seat(random.random_range(0..6))), random.random_range(0..5));
            pictures(&order(&seats), pin, last, |_| true, &mut slots);
            let shown: Vec<Seat> = slots.iter().copied().flatten().collect();
            assert!(shown.iter().all(|one| shown.iter().filter(|other| *other == one).count() == 1), "{slots:?}");
            assert!(seats.is_empty() || slots[0].is_some_and(|main| seats.contains(&main.number())));
            assert_eq!(shown.len().max(1), (1 + last.min(3)).min(seats.len().max(1)));
            for (at, was) in before.iter().enumerate().skip(1) {
                let now = slots.iter().skip(1).position(|slot| slot == was);
                assert!(was.is_none() || now.is_none_or(|now| now + 1 == at), "{before:?} {slots:?}");
            }
        }
    }
}
