//! Figures of a fair's day, as the organiser's desk shows them.

use super::Console;
use crate::clock::Millis;
use crate::fairs::Fair;
use crate::rooms::{Room, RoomStatus};
use crate::web::Result;
use serde::Serialize;

/// A room as the desk lists it.
#[derive(Clone, Debug, Serialize)]
pub struct RoomFigures {
    pub id: crate::ids::RoomId,
    pub title_zh: String,
    pub title_en: String,
    pub status: RoomStatus,
    pub closed: bool,
    /// Connections to the room now, and viewers of its stream now.
    pub people: u32,
    pub viewers: u32,
    pub messages_today: i64,
}

/// Sums over the fair.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    pub people: u32,
    pub viewers: u32,
    pub live_rooms: u32,
    pub messages_today: i64,
    pub rooms: Vec<RoomFigures>,
}

impl Console {
    /// Counts from midnight of the fair's zone.
    pub async fn figures(&self, fair: &Fair) -> Result<Figures> {
        let since = midnight(fair, self.live.rooms.fairs.accounts.clock.now());
        let mut figures = Figures::default();
        for room in self.live.rooms.of_fair(fair.id).await? {
            let row = self.room_figures(fair, room, since).await?;
            figures.people += row.people;
            figures.viewers += row.viewers;
            figures.live_rooms += u32::from(row.status == RoomStatus::Live);
            figures.messages_today += row.messages_today;
            figures.rooms.push(row);
        }
        Ok(figures)
    }

    async fn room_figures(&self, fair: &Fair, room: Room, since: Millis) -> Result<RoomFigures> {
        let now = self.live.snapshot(room.id);
        Ok(RoomFigures {
            status: self.live.status_of(fair.state, &room),
            messages_today: self.live.count_since(room.id, "message", since).await?,
            id: room.id,
            title_zh: room.title_zh,
            title_en: room.title_en,
            closed: room.closed.0,
            people: now.people,
            viewers: now.viewers,
        })
    }
}

/// The last midnight in the fair's zone.
pub(super) fn midnight(fair: &Fair, now: Millis) -> Millis {
    let start =
        jiff::Timestamp::from_millisecond(now).ok().map(|t| t.to_zoned_datetime(fair.time_zone())).and_then(|z| z.start_of_day().ok());
    start.map_or(0, |z| z.timestamp().as_millisecond())
}
