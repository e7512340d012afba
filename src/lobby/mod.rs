//! The lobby of a fair: its rooms with who is there now. The page asks again by itself; nothing is pushed, so that a lobby
//! with thousands of visitors costs two small queries each and no connection.
//!
//! Deliberately absent: the state of the rooms itself (`live`) and their board (`postings`).

mod pages;

pub use pages::routes;

use crate::ids::RoomId;
use crate::rooms::{Room, RoomKind, RoomStatus};
use serde::Serialize;

/// How many covers the style sheet knows for rooms without a picture.
const TINTS: i64 = 6;

/// A room as the lobby shows it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) room: Room,
    pub(crate) about: String,
    pub(crate) now: Now,
}

/// What changes while the page is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Now {
    pub(crate) id: RoomId,
    pub(crate) status: RoomStatus,
    /// People in the room.
    pub(crate) people: u32,
}

impl Door {
    pub(crate) fn is_hall(&self) -> bool {
        self.room.kind == RoomKind::Hall
    }

    /// A cover colour that stays with the room and differs from its neighbours'.
    pub(crate) fn tint(&self) -> i64 {
        self.room.position.rem_euclid(TINTS)
    }

    pub(crate) fn initial(&self, title: &str) -> String {
        title.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
    }
}

/// Halls first, then by how much goes on, then as the organiser ordered them.
pub(crate) fn sort(doors: &mut [Door]) {
    doors.sort_by_key(|d| (!d.is_hall(), rank(d.now.status), d.room.position));
}

fn rank(status: RoomStatus) -> u8 {
    match status {
        RoomStatus::Live => 0,
        RoomStatus::Staffed => 1,
        RoomStatus::MessageOnly => 2,
        RoomStatus::Closed => 3,
    }
}

/// Whether a room answers to the visitor's filter: an empty filter lets all pass.
pub(crate) fn matches(door: &Door, status: &str, query: &str) -> bool {
    let query = query.to_lowercase();
    let status_fits = status.is_empty() || door.now.status.name() == status;
    status_fits && [&door.room.title_zh, &door.room.title_en, &door.about].iter().any(|text| text.to_lowercase().contains(&query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Flag;
    use crate::ids::FairId;
    use crate::rooms::OwnerId;

    fn door(title: &str, kind: RoomKind, status: RoomStatus, position: i64) -> Door {
        let id = RoomId::new();
        let room = Room {
            id,
            fair_id: FairId::new(),
            employer_id: OwnerId(None),
            kind,
            title_zh: title.into(),
            title_en: "Factory".into(),
            position,
            closed: Flag(false),
            created_at: 0,
        };
        Door { room, about: String::new(), now: Now { id, status, people: 0 } }
    }

    #[test]
    fn the_hall_and_what_is_live_come_first() {
        let mut doors = vec![
            door("甲", RoomKind::Booth, RoomStatus::Closed, 1),
            door("乙", RoomKind::Booth, RoomStatus::Live, 9),
            door("丙", RoomKind::Booth, RoomStatus::Live, 2),
            door("会场", RoomKind::Hall, RoomStatus::MessageOnly, 5),
        ];
        sort(&mut doors);
        let titles: Vec<_> = doors.iter().map(|d| d.room.title_zh.as_str()).collect();
        assert_eq!(titles, ["会场", "丙", "乙", "甲"]);
    }

    #[test]
    fn a_filter_looks_at_status_and_at_names_in_either_language() {
        let door = door("杭州电子厂", RoomKind::Booth, RoomStatus::Live, 0);
        assert!(matches(&door, "", "") && matches(&door, "live", "电子") && matches(&door, "", "FACT"));
        assert!(!matches(&door, "staffed", "") && !matches(&door, "", "纺织"));
    }
}
