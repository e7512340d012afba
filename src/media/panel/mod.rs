//! A panel: several publishers of one stream, each in a seat. Who sits where, who speaks, and what of it a viewer's tracks carry. Decisions only.
//!
//! Deliberately absent: who may take a seat (the callers' part), and mixing: sounds and pictures are forwarded as they are.

pub(super) mod slots;
pub(super) mod speaker;
pub(super) mod thumbnails;

#[cfg(test)]
mod scenarios;

/// A publisher's place in its stream: the host's is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(u8);

impl Seat {
    pub const HOST: Self = Self(0);
    /// The host and five more: what a phone can show and an ear can tell apart.
    pub const COUNT: usize = 6;

    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (usize::from(number) < Self::COUNT).then_some(Self(number))
    }

    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }
}

/// The seat that a publisher asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatWanted {
    At(Seat),
    /// The first free one beside the host's.
    Next,
}

/// The seats that are taken, the one whose publisher spoke last first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    seats: [Seat; Seat::COUNT],
    count: u8,
}

impl Order {
    pub(super) fn as_slice(&self) -> &[Seat] {
        self.seats.get(..usize::from(self.count)).unwrap_or_default()
    }

    pub(super) fn first(&self) -> Option<Seat> {
        self.as_slice().first().copied()
    }

    pub(super) fn is_panel(&self) -> bool {
        self.count > 1
    }

    /// The others.
    pub(super) fn without(&self, seat: Option<Seat>) -> Self {
        self.as_slice().iter().copied().filter(|other| Some(*other) != seat).collect()
    }

    /// That one, if it is there.
    pub(super) fn only(&self, seat: Seat) -> Self {
        self.as_slice().iter().copied().filter(|other| *other == seat).collect()
    }

    fn has(&self, seat: Seat) -> bool {
        self.as_slice().contains(&seat)
    }
}

impl FromIterator<Seat> for Order {
    fn from_iter<I: IntoIterator<Item = Seat>>(seats: I) -> Self {
        let mut order = Self::default();
        for (slot, seat) in order.seats.iter_mut().zip(seats) {
            *slot = seat;
            order.count += 1;
        }
        order
    }
}
