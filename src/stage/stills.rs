//! Stills: the screen that a host shares as a picture every few seconds, one of a room, for those without video.
//!
//! Invariant: a still is there for no longer than its host is on stage, with a grace to come back in, whatever the host's browser says or fails
//! to say at the end.

use super::guests::Guests;
use super::slides::Slide;
use super::store::slides as store;
use crate::accounts::Viewer;
use crate::blobs::Incoming;
use crate::clock::{Millis, SECOND};
use crate::db::Flag;
use crate::ids::{AccountId, RoomId};
use crate::live::{Event, Passing, To};
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text};

/// As long as the stream waits for a host who has dropped out.
const AWAY: Millis = 15 * SECOND;
/// Without a stream nobody waits, but for a server that has just begun to learn what runs.
const ENDED: Millis = 3 * SECOND;

/// Who shares the screen that a room's still is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sharing {
    by: AccountId,
    away: Option<Millis>,
}

impl Sharing {
    fn new(by: AccountId) -> Self {
        Self { by, away: None }
    }

    fn is_over(&mut self, on_stage: bool, live: bool, now: Millis) -> bool {
        if on_stage {
            self.away = None;
            return false;
        }
        now - *self.away.get_or_insert(now) >= if live { AWAY } else { ENDED }
    }
}

impl Guests {
    /// The newest still of the screen that a host shares. It is shown from the first one on; `anew` says that it is the first one of a share.
    pub(super) async fn put_still(&self, viewer: &Viewer, view: &RoomView, incoming: Incoming, anew: bool) -> Result<Slide> {
        let (host, room) = (viewer.known()?.id, view.room.id);
        self.live.check_open(view)?;
        if !self.live.has_host_on_stage(room) {
            return Err(AppError::Conflict(Text("slides-nobody-shares")));
        }
        let fresh = self.kept(room, incoming, String::new()).await?.map_err(AppError::Unprocessable)?;
        if anew {
            self.end_still(room).await?;
        }
        let before = store::still(self.db().read(), room).await?;
        let (slide, done) = match &before {
            Some(old) => {
                let slide = Slide { id: old.id, still: Flag(true), version: old.version + 1, ..fresh };
                let done = store::renew(self.db().write(), &slide).await?;
                (slide, done)
            }
            None => {
                let slide = Slide { still: Flag(true), shown_at: Some(self.now()), ..fresh };
                let done = store::insert(self.db().write(), &slide, host, self.now()).await?;
                (slide, done)
            }
        };
        if !done {
            self.pictures().remove(slide.blob_id).await?;
            return Err(AppError::Conflict(Text("slides-another-screen")));
        }
        self.stills.insert(room, Sharing::new(host));
        match before {
            Some(old) => {
                self.pictures().remove(old.blob_id).await?;
                self.live.pass(room, &Passing::Still { slide: slide.id, version: slide.version }, To::Everybody);
            }
            None => {
                self.live.append(room, Event::Slide { slide: Some(slide.id), title: String::new() }).await?;
            }
        }
        Ok(slide)
    }

    /// The screen is shared no more.
    pub(super) async fn end_still(&self, room: RoomId) -> Result<()> {
        // Before the row: one that is put meanwhile is noted again.
        let noted = self.stills.remove(&room);
        let ended = match store::still(self.db().read(), room).await? {
            Some(still) => self.take_away(&still).await,
            None => Ok(()),
        };
        if let (Err(_), Some((_, sharing))) = (&ended, noted) {
            self.stills.entry(room).or_insert(sharing);
        }
        ended
    }

    /// Stills that were there when the server stopped: their hosts have the same time to come back.
    pub(super) async fn note_stills(&self) -> Result<()> {
        for (room, by) in store::stills(self.db().read()).await? {
            self.stills.entry(room).or_insert(Sharing::new(by));
        }
        Ok(())
    }

    /// Takes down the stills of those who are on stage no more.
    pub(super) async fn look_at_stills(&self) -> Result<()> {
        let (now, mut over) = (self.now(), Vec::new());
        for mut sharing in self.stills.iter_mut() {
            let room = *sharing.key();
            let here = self.live.is_host_on_stage(room, sharing.by);
            if sharing.is_over(here, self.live.snapshot(room).live, now) {
                over.push(room);
            }
        }
        for room in over {
            self.end_still(room).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_outlives_its_host_by_a_grace_and_the_stream_by_a_moment() {
        let mut sharing = Sharing::new(AccountId::new());
        assert!(!sharing.is_over(true, true, 0));
        assert!(!sharing.is_over(false, true, 1_000) && !sharing.is_over(false, true, 1_000 + AWAY - 1), "they may come back");
        assert!(!sharing.is_over(true, true, 1_000 + AWAY) && !sharing.is_over(false, true, 2_000 + AWAY), "the grace begins anew");
        assert!(sharing.is_over(false, true, 2_000 + 2 * AWAY));
        let mut sharing = Sharing::new(AccountId::new());
        assert!(!sharing.is_over(false, false, 0) && !sharing.is_over(false, false, ENDED - 1));
        assert!(sharing.is_over(false, false, ENDED));
    }
}
