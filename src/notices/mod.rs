//! What hosts pin above the chat of their room. The newest `notice` of the journal holds, so everybody is told and whoever comes reads it.
//!
//! Deliberately absent: showing it, which the chat's panel does.

mod pages;

pub use pages::routes;

use crate::accounts::Viewer;
use crate::chat::Chat;
use crate::ids::{AccountId, RoomId};
use crate::live::{Event, Notice};
use crate::rooms::Door;
use crate::web::{AppError, Fields, RateLimit, Result, Text, clean};
use std::time::Duration;

/// Characters: it stays above the chat on a phone.
pub const MAX_TEXT: usize = 200;
/// Notices among which the one before the last is looked for: the same text may have been pinned again.
const LOOKED_BACK: i64 = 20;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Notices {
    chat: Chat,
    pace: RateLimit<AccountId>,
}

impl Notices {
    pub fn new(chat: Chat) -> Self {
        Self { chat, pace: RateLimit::new(6, Duration::from_secs(5)) }
    }

    /// Pins a text, as a host, in place of what was pinned.
    pub async fn pin(&self, viewer: &Viewer, room: RoomId, text: &str) -> Result<()> {
        let door = self.chat.presented(viewer, room).await?;
        let text = clean(text, MAX_TEXT + 1);
        let mut wrong = Fields::default();
        match text.chars().count() {
            0 => wrong.add("text", Text("notices-empty")),
            n if n > MAX_TEXT => wrong.add("text", Text("notices-too-long")),
            _ => {}
        }
        wrong.check()?;
        self.chat.screen_host(viewer, &door, &text).await?;
        self.put(viewer, &door, text).await
    }

    /// Takes down what is pinned, also in a room that is closed. Nothing there is no error.
    pub async fn unpin(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        let door = self.chat.presented_ever(viewer, room).await?;
        match self.chat.live.notice(room).await? {
            Some(_) => self.take_down(viewer, &door).await,
            None => Ok(()),
        }
    }

    /// As it was before the last change: what was unpinned is back, what took another's place makes way for it. What an organiser took
    /// down or pinned is undone by organisers alone.
    pub async fn undo(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        let door = self.chat.presented_ever(viewer, room).await?;
        let now = self.chat.live.notice(room).await?.unwrap_or_default();
        let noted = self.chat.live.notices(room, LOOKED_BACK).await?;
        let Some(at) = noted.iter().position(|notice| notice.text != now.text) else {
            return match now.text.is_empty() {
                true => Err(AppError::Conflict(Text("notices-nothing-before"))),
                // It was the first one.
                false if !viewer.organises(door.fair.id) && noted.iter().any(is_of_organiser) => {
                    Err(AppError::Forbidden(Text("notices-for-organisers")))
                }
                false => self.take_down(viewer, &door).await,
            };
        };
        let before = noted[at].text.clone();
        if !viewer.organises(door.fair.id) && noted[..at].iter().any(is_of_organiser) {
            return Err(AppError::Forbidden(Text("notices-for-organisers")));
        }
        if before.is_empty() {
            return self.take_down(viewer, &door).await;
        }
        self.put(viewer, &door, before).await
    }

    async fn take_down(&self, viewer: &Viewer, door: &Door) -> Result<()> {
        let organiser = viewer.organises(door.fair.id);
        let name = if organiser { String::new() } else { viewer.known()?.name.clone() };
        self.append(viewer, door.room.id, Notice { text: String::new(), name, organiser }).await
    }

    async fn put(&self, viewer: &Viewer, door: &Door, text: String) -> Result<()> {
        let organiser = viewer.organises(door.fair.id);
        self.append(viewer, door.room.id, Notice { text, name: viewer.known()?.name.clone(), organiser }).await
    }

    async fn append(&self, viewer: &Viewer, room: RoomId, notice: Notice) -> Result<()> {
        self.pace.check(&viewer.known()?.id)?;
        self.chat.live.append(room, Event::Notice(notice)).await?;
        Ok(())
    }
}

/// An organiser takes down in nobody's name, hosts do so in their own; that alone tells in older journals.
fn is_of_organiser(notice: &Notice) -> bool {
    notice.organiser || (notice.text.is_empty() && notice.name.is_empty())
}
