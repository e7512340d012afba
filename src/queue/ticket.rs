//! The ticket of a place: `PLACE.EXPIRES.SIGNATURE`. It leads back to the place from a bookmark or a message, after whatever happened to
//! phone or server. It is bound to room, place and person: whoever finds one gets nothing by it, and one that is shown again does nothing twice.

use crate::clock::{DAY, Millis};
use crate::ids::{AccountId, PlaceId, RoomId};
use crate::keys::Keys;

/// Longer than any day of a fair.
const LIFE: Millis = 2 * DAY;

/// A ticket as it was given, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) place: PlaceId,
    pub(super) expires: Millis,
    signature: String,
}

impl Ticket {
    /// The ticket of a place. It is the same one each time.
    pub(super) fn sign(keys: &Keys, room: RoomId, place: PlaceId, seeker: AccountId, joined_at: Millis) -> Self {
        let expires = joined_at + LIFE;
        let signature = keys.sign(&parts(room, place, seeker, expires).each_ref().map(String::as_str));
        Self { place, expires, signature }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (place, expires, signature) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        parts.next().is_none().then(|| Self { place, expires, signature: signature.to_owned() })
    }

    /// Whether we signed it for this room and person.
    pub(super) fn is_ours(&self, keys: &Keys, room: RoomId, seeker: AccountId) -> bool {
        keys.verify(&parts(room, self.place, seeker, self.expires).each_ref().map(String::as_str), &self.signature)
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.place, self.expires, self.signature)
    }
}

fn parts(room: RoomId, place: PlaceId, seeker: AccountId, expires: Millis) -> [String; 5] {
    ["queue ticket".into(), room.to_string(), place.to_string(), seeker.to_string(), expires.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_its_room_place_and_person_alone() {
        let (keys, room, place, seeker) = (Keys::from_master(&[7; 32]), RoomId::new(), PlaceId::new(), AccountId::new());
        let ticket = Ticket::sign(&keys, room, place, seeker, 5);
        assert_eq!(Ticket::parse(&ticket.to_string()), Some(ticket.clone()));
        assert!(ticket.is_ours(&keys, room, seeker));
        assert!(!ticket.is_ours(&keys, RoomId::new(), seeker) && !ticket.is_ours(&keys, room, AccountId::new()));
        let longer = Ticket { expires: ticket.expires + DAY, ..ticket.clone() };
        let other = Ticket { place: PlaceId::new(), ..ticket.clone() };
        assert!(!longer.is_ours(&keys, room, seeker) && !other.is_ours(&keys, room, seeker));
        for nonsense in ["", "..", "a.b.c", &format!("{ticket}.x"), &format!("{place}.9e9.x")] {
            assert_eq!(Ticket::parse(nonsense), None, "{nonsense}");
        }
    }
}
