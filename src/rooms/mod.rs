//! Rooms of a fair: the main hall, one booth per employer, rooms for interviews.
//!
//! A room's status is derived, never stored: see [`RoomStatus::derive`]. What happens in a room live is in `live`.

mod store;

use crate::accounts::{Employer, Grant, NewEmployer, Roles, Viewer};
use crate::clock::Millis;
use crate::db::{Flag, Recent};
use crate::fairs::{Fair, FairState, Fairs, NewFair};
use crate::ids::{AccountId, EmployerId, FairId, RoomId};
use crate::web::{AppError, Result};
use std::sync::Arc;

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// The organisers' stage.
    Hall,
    /// An employer's stand.
    Booth,
}

impl RoomKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hall => "hall",
            Self::Booth => "booth",
        }
    }
}

impl TryFrom<String> for RoomKind {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        match s.as_str() {
            "hall" => Ok(Self::Hall),
            "booth" => Ok(Self::Booth),
            _ => Err(anyhow::anyhow!("room kind {s}")),
        }
    }
}

/// A room as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Room {
    pub id: RoomId,
    pub fair_id: FairId,
    /// The employer of a booth; a hall has none. Stored as text or NULL.
    #[sqlx(try_from = "Option<String>")]
    pub employer_id: OwnerId,
    #[sqlx(try_from = "String")]
    pub kind: RoomKind,
    pub title_zh: String,
    pub title_en: String,
    pub position: i64,
    #[sqlx(try_from = "i64")]
    pub closed: Flag,
    pub created_at: Millis,
}

/// The employer that a booth belongs to, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerId(pub Option<EmployerId>);

impl TryFrom<Option<String>> for OwnerId {
    type Error = uuid::Error;
    fn try_from(text: Option<String>) -> std::result::Result<Self, uuid::Error> {
        text.map(|t| t.parse()).transpose().map(Self)
    }
}

impl Room {
    /// Whether the viewer hosts here: a recruiter of the booth's employer, or an organiser in the hall and everywhere.
    pub fn is_hosted_by(&self, viewer: &Viewer) -> bool {
        self.is_hosted_with(&viewer.roles)
    }

    /// The same of somebody who is not here to ask.
    pub fn is_hosted_with(&self, roles: &Roles) -> bool {
        roles.organises(self.fair_id) || self.employer_id.0.is_some_and(|e| roles.recruits_for(e))
    }

    /// Whether the viewer leads what happens on air here: a host, or a co-host by a host's word.
    pub fn is_presented_by(&self, viewer: &Viewer) -> bool {
        self.is_presented_with(&viewer.roles)
    }

    pub fn is_presented_with(&self, roles: &Roles) -> bool {
        self.is_hosted_with(roles) || roles.co_hosts.contains(&self.id)
    }
}

/// What a visitor can expect of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomStatus {
    /// A stream runs.
    Live,
    /// Somebody of the employer is here and answers.
    Staffed,
    /// Nobody is here: messages are kept and answered later.
    MessageOnly,
    Closed,
}

impl RoomStatus {
    pub fn derive(fair: FairState, closed: bool, publishing: bool, staff_present: bool) -> Self {
        match (fair, closed) {
            (FairState::Draft | FairState::Closed, _) | (_, true) => Self::Closed,
            (FairState::Open | FairState::Live, false) if publishing => Self::Live,
            (FairState::Open | FairState::Live, false) if staff_present => Self::Staffed,
            (FairState::Open | FairState::Live, false) => Self::MessageOnly,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Staffed => "staffed",
            Self::MessageOnly => "message-only",
            Self::Closed => "closed",
        }
    }

    /// Text key of the status.
    pub fn text(self) -> &'static str {
        match self {
            Self::Live => "rooms-status-live",
            Self::Staffed => "rooms-status-staffed",
            Self::MessageOnly => "rooms-status-message-only",
            Self::Closed => "rooms-status-closed",
        }
    }
}

/// A room and its fair, as loaded for a viewer; cheap to keep.
#[derive(Clone, Debug)]
pub struct Door {
    pub room: Arc<Room>,
    pub fair: Arc<Fair>,
    pub is_host: bool,
    /// Hosts and co-hosts.
    pub presents: bool,
}

/// A room together with its fair and employer, as loaded for a viewer.
#[derive(Clone, Debug)]
pub struct RoomView {
    pub room: Room,
    pub fair: Fair,
    pub employer: Option<Employer>,
    pub is_host: bool,
    /// Hosts and co-hosts.
    pub presents: bool,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub fairs: Fairs,
    recent: Recent<RoomId, Arc<Room>>,
}

/// What is needed to open a room.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub fair: FairId,
    pub employer: Option<EmployerId>,
    pub title_zh: String,
    pub title_en: String,
    pub position: i64,
}

impl Rooms {
    pub fn new(fairs: Fairs) -> Self {
        Self { recent: Recent::trusting(&fairs.accounts.db), fairs }
    }

    /// The room if the viewer may enter it. A closed room is visible (its history may be read).
    pub async fn visible_to(&self, viewer: &Viewer, id: RoomId) -> Result<RoomView> {
        let room = store::room(self.fairs.accounts.db.read(), id).await?.ok_or(AppError::NotFound)?;
        let fair = self.fairs.visible_to(viewer, room.fair_id).await?;
        let employer = match room.employer_id.0 {
            Some(id) => self.fairs.accounts.employer(id).await?,
            None => None,
        };
        let (is_host, presents) = (room.is_hosted_by(viewer), room.is_presented_by(viewer));
        Ok(RoomView { room, fair, employer, is_host, presents })
    }

    /// The room and its fair alone, as they were a moment ago: enough to know whether somebody may come in, for those who come by
    /// the thousand.
    pub async fn door(&self, viewer: &Viewer, id: RoomId) -> Result<Door> {
        let accounts = &self.fairs.accounts;
        let read = async || store::room(accounts.db.read(), id).await.map(|room| room.map(Arc::new));
        let room = self.recent.get(accounts.clock.now(), id, read()).await?.ok_or(AppError::NotFound)?;
        let fair = self.fairs.door(viewer, room.fair_id).await?;
        let (is_host, presents) = (room.is_hosted_by(viewer), room.is_presented_by(viewer));
        Ok(Door { room, fair, is_host, presents })
    }

    /// The room if the viewer hosts there.
    pub async fn hosted_by(&self, viewer: &Viewer, id: RoomId) -> Result<RoomView> {
        let view = self.visible_to(viewer, id).await?;
        if view.is_host { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// The rooms of a fair in their order.
    pub async fn of_fair(&self, fair: FairId) -> Result<Vec<Room>> {
        Ok(store::of_fair(self.fairs.accounts.db.read(), fair).await?)
    }

    /// The booths of an employer.
    pub async fn of_employer(&self, employer: EmployerId) -> Result<Vec<Room>> {
        Ok(store::of_employer(self.fairs.accounts.db.read(), employer).await?)
    }

    /// Drafts a fair with its main hall: both or neither.
    pub async fn open_fair(&self, new: NewFair, organiser: AccountId) -> Result<Fair> {
        let mut tx = self.fairs.accounts.db.begin().await?;
        let fair = self.fairs.create_in(&mut tx, new, organiser).await?;
        let hall = NewRoom { fair: fair.id, employer: None, title_zh: "主会场".into(), title_en: "Main hall".into(), position: 0 };
        store::insert(&mut *tx, &self.build(hall)).await?;
        tx.commit().await?;
        self.fairs.accounts.changed();
        Ok(fair)
    }

    /// Lets a new employer take part in a fair with `recruiter` and a booth: all or nothing.
    pub async fn open_booth(&self, fair: FairId, new: NewEmployer, recruiter: AccountId) -> Result<Employer> {
        let (accounts, position) = (&self.fairs.accounts, self.of_fair(fair).await?.len() as i64);
        let mut tx = accounts.db.begin().await?;
        let employer = accounts.create_employer_in(&mut *tx, new).await?;
        self.fairs.admit_in(&mut *tx, fair, employer.id).await?;
        let (title_zh, title_en) = (employer.name_zh.clone(), employer.name_en.clone());
        let booth = self.build(NewRoom { fair, employer: Some(employer.id), title_zh, title_en, position });
        store::insert(&mut *tx, &booth).await?;
        accounts.grant_in(&mut *tx, recruiter, Grant::Recruiter(employer.id)).await?;
        tx.commit().await?;
        accounts.changed();
        Ok(employer)
    }

    pub async fn create(&self, new: NewRoom) -> Result<Room> {
        let room = self.build(new);
        store::insert(self.fairs.accounts.db.write(), &room).await?;
        Ok(room)
    }

    fn build(&self, new: NewRoom) -> Room {
        Room {
            id: RoomId::new(),
            fair_id: new.fair,
            employer_id: OwnerId(new.employer),
            kind: if new.employer.is_some() { RoomKind::Booth } else { RoomKind::Hall },
            title_zh: new.title_zh,
            title_en: new.title_en,
            position: new.position,
            closed: Flag(false),
            created_at: self.fairs.accounts.clock.now(),
        }
    }

    /// Closes or opens a room; by organisers, audited. Whoever is connected is told by `live`.
    pub async fn set_closed(&self, viewer: &Viewer, id: RoomId, closed: bool) -> Result<Room> {
        let view = self.visible_to(viewer, id).await?;
        if !viewer.organises(view.fair.id) {
            return Err(AppError::NotFound);
        }
        store::set_closed(self.fairs.accounts.db.write(), id, closed).await?;
        self.recent.forget(id);
        self.fairs.accounts.changed();
        let action = if closed { "room.close" } else { "room.open" };
        self.fairs.accounts.audit(viewer.known()?.id, action, &id.to_string(), Some(view.fair.id), "", "").await?;
        Ok(Room { closed: Flag(closed), ..view.room })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_from_fair_door_stream_and_staff() {
        use FairState::{Closed, Draft, Live, Open};
        assert_eq!(RoomStatus::derive(Live, false, true, true), RoomStatus::Live);
        assert_eq!(RoomStatus::derive(Open, false, false, true), RoomStatus::Staffed);
        assert_eq!(RoomStatus::derive(Live, false, false, false), RoomStatus::MessageOnly);
        for (fair, closed) in [(Draft, false), (Closed, false), (Live, true)] {
            assert_eq!(RoomStatus::derive(fair, closed, true, true), RoomStatus::Closed);
        }
    }
}
