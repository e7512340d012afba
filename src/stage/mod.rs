//! What people see of a room: its page with stage and shelf, the host's studio, who and what stands on stage, captions and slides.
//!
//! The card on stage is made from the posting's terms of that moment and keeps them, whatever the posting says later: it is
//! what was promised on air. Deliberately absent: media (`live`), the chat beside the stage (`chat`), applying (`applications`).

mod captions;
mod co_host_pages;
mod co_hosts;
mod guest_media;
mod guests;
mod pages;
mod people;
mod reception;
mod slide_pages;
mod slides;
mod spotlight;
mod stills;
mod store;
mod studio;

pub use guest_media::media_routes;
pub use guests::{Guest, GuestState, Guests};
pub use slides::MEGABYTES as SLIDE_MEGABYTES;
pub use store::ERASED;

use crate::accounts::Viewer;
use crate::announcements::Announcements;
use crate::chat::Chat;
use crate::db::Recent;
use crate::ids::{RoomId, SlideId};
use crate::live::{Card, Event, Live, Notice, OnStage, Snapshot, wish};
use crate::media::StreamStats;
use crate::polls::Polls;
use crate::postings::Postings;
use crate::questions::Questions;
use crate::queue::Queue;
use crate::rooms::{RoomStatus, RoomView};
use crate::web::Result;
use axum::Router;
use axum::http::HeaderMap;
use serde::Serialize;
use spotlight::Shown;
use std::sync::Arc;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Stage {
    pub live: Live,
    pub postings: Postings,
    pub chat: Chat,
    pub queue: Queue,
    pub questions: Questions,
    pub polls: Polls,
    pub announcements: Announcements,
    pub guests: Guests,
    shown: Recent<RoomId, Arc<Vec<Shown>>>,
}

impl Stage {
    pub fn new(
        postings: Postings,
        chat: Chat,
        queue: Queue,
        guests: Guests,
        questions: Questions,
        polls: Polls,
        announcements: Announcements,
    ) -> Self {
        Self { live: chat.live.clone(), postings, chat, queue, questions, polls, announcements, guests, shown: Recent::default() }
    }

    /// Closes or opens a room as an organiser, ends its stream and tells everybody in it.
    pub async fn set_closed(&self, viewer: &Viewer, id: RoomId, closed: bool) -> Result<()> {
        let before = self.live.rooms.visible_to(viewer, id).await?.room.closed.0;
        self.live.rooms.set_closed(viewer, id, closed).await?;
        if before != closed {
            self.live.append(id, Event::RoomClosed { closed }).await?;
        }
        Ok(())
    }

    /// Where OBS and the like publish to (`whip`), and players view (`whep`).
    fn media_url(&self, id: RoomId, endpoint: &str, headers: &HeaderMap) -> String {
        wish::absolute(&self.live.rooms.fairs.accounts.origin, &format!("/rooms/{id}/{endpoint}"), headers)
    }
}

pub fn routes(stage: Stage) -> Router {
    pages::routes(stage.clone())
        .merge(spotlight::routes(stage.clone()))
        .merge(people::routes(stage.clone()))
        .merge(captions::routes(stage.clone()))
        .merge(co_host_pages::routes(stage.clone()))
        .merge(slide_pages::routes(stage.clone()))
        .merge(studio::routes(stage))
}

/// What a page of the room shows and keeps true.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Now {
    pub(crate) id: RoomId,
    pub(crate) status: RoomStatus,
    pub(crate) live: bool,
    pub(crate) staffed: bool,
    pub(crate) people: u32,
    pub(crate) viewers: u32,
    /// The seats that are live, that of who spoke last first.
    pub(crate) seats: Vec<u8>,
    /// How many hands are up.
    pub(crate) hands: usize,
    pub(crate) stage: Vec<OnStage>,
    /// The last lines of what is said.
    pub(crate) captions: Vec<String>,
    pub(crate) card: Option<Card>,
    pub(crate) slide: Option<SlideId>,
    pub(crate) slide_title: String,
    /// What is pinned above the chat.
    pub(crate) notice: Option<Notice>,
}

impl Now {
    pub(crate) async fn of(live: &Live, view: &RoomView) -> Result<Self> {
        let id = view.room.id;
        let Snapshot { people, staffed, live: running, viewers, seats, hands, stage, captions, .. } = live.snapshot(id);
        let (slide, slide_title) = live.slide(id).await?.map(|(id, title)| (Some(id), title)).unwrap_or_default();
        Ok(Self {
            id,
            status: live.status(view),
            live: running,
            staffed,
            people,
            viewers,
            seats,
            hands: hands.len(),
            stage: stage.to_vec(),
            captions: captions.to_vec(),
            card: live.card(id).await?,
            slide,
            slide_title,
            notice: live.notice(id).await?,
        })
    }

    /// People of the room: those connected to it, or those who watch from elsewhere if they are more.
    pub(crate) fn audience(&self) -> u32 {
        self.people.max(self.viewers)
    }
}

/// What a host sees of what viewers get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct OnAir {
    /// Whether a publisher is connected at this moment.
    pub(crate) publishing: bool,
    pub(crate) viewers: usize,
    /// Bits a second that arrive, all layers together.
    pub(crate) bitrate: u64,
    pub(crate) layers: usize,
    pub(crate) codec: &'static str,
    /// Of a thousand packets sent, how many viewers asked for again.
    pub(crate) lost_permille: u64,
}

impl From<StreamStats> for OnAir {
    fn from(stats: StreamStats) -> Self {
        let video = || stats.layers.iter().filter(|l| l.video);
        Self {
            publishing: stats.publisher_connected,
            viewers: stats.viewers,
            bitrate: stats.layers.iter().map(|l| l.bitrate).sum(),
            layers: video().filter(|l| l.bitrate > 0).count(),
            codec: video().map(|l| l.codec).next().unwrap_or_default(),
            lost_permille: (stats.nacked * 1_000).checked_div(stats.packets_out).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::LayerStats;

    #[test]
    fn figures_of_a_stream_are_summed_over_its_layers() {
        let layer =
            |name: &str, bitrate| LayerStats { name: name.into(), video: name != "audio", bitrate, codec: "H264", ..LayerStats::default() };
        let layers = vec![layer("audio", 40_000), layer("q", 150_000), layer("f", 0)];
        let stats = StreamStats { layers, packets_out: 2_000, nacked: 3, ..StreamStats::default() };
        let air = OnAir::from(stats);
        assert_eq!((air.bitrate, air.layers, air.lost_permille, air.codec), (190_000, 1, 1, "H264"));
        assert_eq!(OnAir::from(StreamStats::default()), OnAir::default());
    }
}
