//! What was sent to a viewer lately, by transport-wide sequence number: when, how large, and what became of it.
//!
//! Four bytes a packet in a ring that starts small and doubles only while packets younger than [`KEEP`] would be overwritten unreported,
//! so that its size follows what is in flight. Numbers must be given out one by one; a jump empties the ring.

/// A report that comes later than this is of no use to anybody; queues of seconds occur. In units.
const KEEP: u32 = 4_000_000 / UNIT as u32;
/// Enough for audio alone: 50 packets a second for more than a second. A power of two, as all sizes.
pub(super) const SMALLEST: usize = 64;
/// 1.5 Mbit/s for the time above; of more, old packets are forgotten sooner.
pub(super) const LARGEST: usize = 1_024;
/// Microseconds that the time of a packet counts: an eighth of what feedback tells apart.
const UNIT: u64 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Empty,
    Flying,
    Lost,
    Received,
}

/// Time modulo 2^19 units (17 s), 11 bits of length, 2 of fate.
#[derive(Clone, Copy, Debug, Default)]
struct Slot(u32);

impl Slot {
    const TIME: u32 = (1 << 19) - 1;
    const LONGEST: usize = (1 << 11) - 1;

    fn flying(now: u64, bytes: usize) -> Self {
        Self((now / UNIT) as u32 & Self::TIME | (bytes.min(Self::LONGEST) as u32) << 19 | 1 << 30)
    }

    fn fate(self) -> Fate {
        match self.0 >> 30 {
            0 => Fate::Empty,
            1 => Fate::Flying,
            2 => Fate::Lost,
            _ => Fate::Received,
        }
    }

    fn settled(self, received: bool) -> Self {
        Self(self.0 & !(3 << 30) | if received { 3 << 30 } else { 2 << 30 })
    }

    fn bytes(self) -> u32 {
        self.0 >> 19 & Self::LONGEST as u32
    }

    /// Units since it was sent.
    fn age(self, now: u64) -> u32 {
        ((now / UNIT) as u32).wrapping_sub(self.0) & Self::TIME
    }

    fn is_young(self, now: u64) -> bool {
        self.fate() == Fate::Flying && self.age(now) < KEEP
    }
}

/// A packet whose fate has just become known, or better known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Number of the packet, counted without wrap.
    pub(super) index: u64,
    /// When it was sent, microseconds.
    pub(super) sent: u64,
    pub(super) bytes: u32,
    /// It had been reported lost before.
    pub(super) was_lost: bool,
}

#[derive(Debug, Default)]
pub(super) struct Ring {
    slots: Vec<Slot>,
    /// Number of the next packet; its lower 16 bits are the sequence number.
    next: u64,
    /// Number of the first packet since the last jump.
    first: u64,
}

impl Ring {
    /// Notes a packet and returns its number.
    pub(super) fn push(&mut self, now: u64, sequence: u16, bytes: usize) -> u64 {
        if sequence != self.next as u16 || self.slots.is_empty() {
            self.restart(sequence);
        }
        let index = self.next;
        if self.slots.len() < LARGEST && self.slot(index).is_young(now) {
            self.resize(self.slots.len() * 2);
        }
        let at = self.position(index);
        self.slots[at] = Slot::flying(now, bytes);
        self.next += 1;
        index
    }

    #[cold]
    fn restart(&mut self, sequence: u16) {
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); SMALLEST];
        }
        self.slots.fill(Slot::default());
        // A number far above those before, so that nothing old is taken for new.
        self.next = ((self.next >> 16) + 2) << 16 | u64::from(sequence);
        self.first = self.next;
    }

    #[cold]
    fn resize(&mut self, size: usize) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![Slot::default(); size];
        let kept = old.len().min(size) as u64;
        for index in self.next.saturating_sub(kept).max(self.first)..self.next {
            let at = self.position(index);
            self.slots[at] = old[index as usize & (old.len() - 1)];
        }
    }

    /// Gives back what a burst needed; called now and then.
    pub(super) fn shrink(&mut self, now: u64) {
        let size = self.slots.len();
        if size <= SMALLEST {
            return;
        }
        let half = size as u64 / 2;
        let older = self.next.saturating_sub(size as u64).max(self.first)..self.next.saturating_sub(half).max(self.first);
        // The older half must be settled, and what flies now must be few, lest the ring grows again at once.
        let flying = (older.end..self.next).filter(|index| self.slot(*index).is_young(now)).count();
        if flying < size / 8 && !older.into_iter().any(|index| self.slot(index).is_young(now)) {
            self.resize(size / 2);
        }
    }

    fn position(&self, index: u64) -> usize {
        index as usize & (self.slots.len() - 1)
    }

    fn slot(&self, index: u64) -> Slot {
        self.slots[self.position(index)]
    }

    /// Numbers that are remembered.
    pub(super) fn known(&self) -> std::ops::Range<u64> {
        self.next.saturating_sub(self.slots.len() as u64).max(self.first)..self.next
    }

    /// The number of the packet that was last sent with this sequence number; `None` if it is beyond half a turn and so not ours.
    pub(super) fn number(&self, sequence: u16) -> Option<u64> {
        let back = (self.next as u16).wrapping_sub(sequence);
        (back > 0 && back <= 1 << 15).then(|| self.next.saturating_sub(u64::from(back)))
    }

    /// Sets a packet's fate. `None` if it is not known or nothing new was said: what arrived stays so, and is not counted twice.
    pub(super) fn settle(&mut self, now: u64, index: u64, received: bool) -> Option<Known> {
        if !self.known().contains(&index) {
            return None;
        }
        let at = self.position(index);
        let slot = self.slots[at];
        let was_lost = slot.fate() == Fate::Lost;
        if slot.fate() != Fate::Flying && !(was_lost && received) {
            return None;
        }
        self.slots[at] = slot.settled(received);
        // Rounded down like the time itself, so that what was sent together stays together.
        let sent = (now / UNIT).saturating_sub(u64::from(slot.age(now))) * UNIT;
        Some(Known { index, sent, bytes: slot.bytes(), was_lost })
    }

    /// Bytes of the packets in a range of which nothing was heard: their report itself got lost.
    pub(super) fn unheard(&self, from: u64, to: u64) -> u64 {
        let known = self.known();
        let range = from.max(known.start)..to.min(known.end);
        range.map(|index| self.slot(index)).filter(|slot| slot.fate() == Fate::Flying).map(|slot| u64::from(slot.bytes())).sum()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_four_bytes() {
        assert_eq!(size_of::<Slot>(), 4);
    }

    #[test]
    fn packets_are_found_across_the_wrap_and_counted_once() {
        let mut ring = Ring::default();
        for (count, sequence) in (65_500..65_536).chain(0..20).enumerate() {
            ring.push(count as u64 * 1_000, sequence as u16, 100 + count);
        }
        let index = ring.number(65_530).expect("sent");
        let known = ring.settle(60_000, index, false).expect("first report");
        assert_eq!((known.sent, known.bytes, known.was_lost), (29_984, 130, false));
        assert_eq!(ring.settle(60_000, index, false), None);
        assert!(ring.settle(60_000, index, true).expect("it came late").was_lost);
        assert_eq!(ring.settle(60_000, index, true), None);
        assert_eq!(ring.settle(60_000, index, false), None, "what came cannot be lost");
        let late = ring.number(5).expect("sent");
        assert_eq!(ring.settle(60_000, late, true).map(|known| known.sent), Some(40_992));
        assert_eq!(ring.number(20), None, "not yet sent");
        assert_eq!(ring.number(30_000), None, "not yet sent");
    }

    #[test]
    fn the_ring_holds_what_flies_and_gives_the_room_back() {
        let mut ring = Ring::default();
        for sequence in 0..400 {
            ring.push(u64::from(sequence) * 2_000, sequence, 1_000);
        }
        assert_eq!(ring.capacity(), 512 * 4, "400 packets in 0.8 s, none reported");
        for sequence in 400..60_000u16 {
            let now = u64::from(sequence) * 2_000;
            let index = ring.push(now, sequence, 1_000);
            ring.settle(now, index, true);
            if sequence % 500 == 0 {
                ring.shrink(now);
            }
        }
        assert_eq!(ring.capacity(), SMALLEST * 4);
        let index = ring.number(59_990).expect("kept");
        assert!(ring.known().contains(&index));
        for sequence in 60_000..65_000 {
            ring.push(130_000_000, sequence, 1_000);
        }
        assert_eq!(ring.capacity(), LARGEST * 4, "never more");
    }

    #[test]
    fn a_jump_of_the_numbers_forgets_what_was_before() {
        let mut ring = Ring::default();
        ring.push(0, 10, 100);
        ring.push(0, 11, 100);
        ring.push(0, 300, 100);
        let before = ring.number(11).expect("a number");
        assert_eq!(ring.settle(0, before, true), None);
        let after = ring.number(300).expect("a number");
        assert!(ring.settle(0, after, true).is_some());
    }

    #[test]
    fn unheard_bytes_are_those_in_between() {
        let mut ring = Ring::default();
        let first = ring.push(0, 0, 100);
        ring.push(0, 1, 200);
        let third = ring.push(0, 2, 300);
        ring.settle(0, first, true);
        assert_eq!(ring.unheard(first, third), 200);
        assert_eq!(ring.unheard(0, u64::MAX), 500);
    }
}
