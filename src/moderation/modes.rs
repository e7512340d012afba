//! Who may write in a room and how often: set by its hosts, told to the room, and never in the way of the hosts themselves.

use super::{Moderation, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::ids::{AccountId, RoomId};
use crate::live::Event;
use crate::rooms::Door;
use crate::web::{AppError, Result, Text};
use dashmap::DashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The pauses that may be chosen, seconds: from a lively room to one that a host reads alone.
pub const PAUSES: [i64; 6] = [0, 5, 15, 30, 60, 300];
/// People remembered with their last message; past it those are forgotten whose longest pause is over.
const REMEMBERED: usize = 50_000;

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    #[default]
    Everybody,
    /// People with a proven phone or address.
    Members,
    /// People who applied to the employer, or in the hall to anybody of the fair.
    Applicants,
    Hosts,
}

impl Audience {
    pub const ALL: [Self; 4] = [Self::Everybody, Self::Members, Self::Applicants, Self::Hosts];

    pub fn name(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Members => "members",
            Self::Applicants => "applicants",
            Self::Hosts => "hosts",
        }
    }

    /// Whether a visitor is among them.
    fn admits(self, is_member: bool, has_applied: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::Members => is_member,
            Self::Applicants => has_applied,
            Self::Hosts => false,
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|a| a.name() == s).ok_or_else(|| anyhow::anyhow!("audience {s}"))
    }
}

/// The mode of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Mode {
    #[sqlx(try_from = "String")]
    pub audience: Audience,
    /// Seconds between messages of a person.
    pub slow: i64,
}

/// When people wrote last in rooms that are slow. In memory only: a restart costs a room one message too many.
pub(super) type LastWords = Arc<DashMap<(RoomId, AccountId), Millis>>;

impl Moderation {
    /// The mode of a room, as it was within the last second.
    pub async fn mode(&self, room: RoomId) -> Result<Mode> {
        let db = self.accounts.db.read();
        let read = async { store::mode(db, room).await.map(|mode| Some(mode.unwrap_or_default())) };
        Ok(self.modes.get(self.accounts.clock.now(), room, read).await?.unwrap_or_default())
    }

    /// Whether the viewer is among those who may write.
    pub async fn admits(&self, viewer: &Viewer, door: &Door, mode: Mode) -> Result<bool> {
        if door.presents {
            return Ok(true);
        }
        let Some(account) = &viewer.account else { return Ok(mode.audience == Audience::Everybody) };
        let applied = mode.audience == Audience::Applicants
            && self.applications.has_applied(account.id, door.fair.id, door.room.employer_id.0).await?;
        Ok(mode.audience.admits(!account.guest.0, applied))
    }

    /// Counts a message of a visitor in a slow room: 0, or the seconds to wait.
    pub fn wait(&self, room: RoomId, author: AccountId, mode: Mode) -> u64 {
        if mode.slow <= 0 {
            return 0;
        }
        let now = self.accounts.clock.now();
        if self.last_words.len() > REMEMBERED && self.last_words_sweep.is_due(now) {
            let longest = PAUSES[PAUSES.len() - 1] * 1_000;
            self.last_words.retain(|_, at| (0..longest).contains(&now.saturating_sub(*at)));
        }
        let mut last = self.last_words.entry((room, author)).or_insert(Millis::MIN);
        match pause(*last, now, mode.slow) {
            0 => *last = now,
            left => return left,
        }
        0
    }

    /// Sets the mode of a room, as one of its hosts; the room is told.
    pub async fn set_mode(&self, viewer: &Viewer, room: RoomId, mode: Mode) -> Result<()> {
        let view = self.live.rooms.hosted_by(viewer, room).await?;
        if !PAUSES.contains(&mode.slow) {
            return Err(AppError::BadRequest(Text("base-error-bad-request")));
        }
        let actor = viewer.known()?.id;
        if self.mode(room).await? == mode {
            return Ok(());
        }
        store::put_mode(self.accounts.db.write(), room, mode).await?;
        self.modes.forget(room);
        self.accounts.changed();
        let detail = format!("audience={} slow={}", mode.audience.name(), mode.slow);
        self.note(&view, actor, "mode", &room.to_string(), "", &detail).await?;
        self.live.append(room, Event::Mode { audience: mode.audience.name().to_owned(), slow: mode.slow }).await?;
        Ok(())
    }
}

/// Seconds left of a pause; it is over if the clock was set back, or somebody would be silent for as long.
fn pause(last: Millis, now: Millis, slow: i64) -> u64 {
    if last > now {
        return 0;
    }
    let left = last.saturating_add(slow * 1_000).saturating_sub(now);
    u64::try_from(left).unwrap_or(0).div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_counted_in_whole_seconds_and_ends() {
        assert_eq!(pause(Millis::MIN, 0, 30), 0, "who never wrote");
        assert_eq!(pause(90_000, 1_000, 30), 0, "the clock was set back");
        assert_eq!((pause(1_000, 1_000, 30), pause(1_000, 30_001, 30), pause(1_000, 31_000, 30)), (30, 1, 0));
    }

    #[test]
    fn audiences_admit_whom_they_name() {
        let admits = |a: Audience| [a.admits(false, false), a.admits(true, false), a.admits(true, true)];
        assert_eq!(Audience::ALL.map(admits), [[true, true, true], [false, true, true], [false, false, true], [false, false, false]]);
    }
}
