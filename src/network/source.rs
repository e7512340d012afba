//! The test picture: a clip that the server publishes to its own media plane, from the first visitor who tests to the last.

use crate::ids::StreamId;
use crate::media::client::{ClientError, Rounds, Sender, local_ip_towards};
use crate::media::file::MediaFile;
use crate::media::{Media, PublishOptions};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A publisher that lost its connection is tried again after this long, for as long as somebody waits for it.
const AGAIN: Duration = Duration::from_secs(1);

/// Holds the picture on; it ends with the last of these.
pub(super) type Held = Arc<DropGuard>;

#[derive(Clone)]
pub(super) struct Source {
    media: Media,
    pub(super) stream: StreamId,
    clip: &'static [u8],
    running: Arc<Mutex<Weak<DropGuard>>>,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Source {
    pub(super) fn new(media: Media, clip: &'static [u8], token: &CancellationToken, tracker: &TaskTracker) -> Self {
        Self { media, stream: StreamId::new(), clip, running: Arc::default(), token: token.clone(), tracker: tracker.clone() }
    }

    pub(super) fn clip(&self) -> &'static [u8] {
        self.clip
    }

    /// Starts the picture if it does not run.
    pub(super) fn hold(&self) -> Held {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = running.upgrade() {
            return held;
        }
        let stop = self.token.child_token();
        let held = Arc::new(stop.clone().drop_guard());
        *running = Arc::downgrade(&held);
        let source = self.clone();
        self.tracker.spawn(async move {
            while !stop.is_cancelled() {
                if let Err(error) = source.publish(&stop).await {
                    tracing::warn!(error = format!("{error:#}"), "the picture of the network test");
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        });
        held
    }

    async fn publish(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let clip = MediaFile::parse(self.clip)?;
        let mut here = self.media.local_addr();
        if here.ip().is_unspecified() {
            here.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let mut sender = Sender::new(local_ip_towards(here)?, &clip)?;
        let answer = self.media.publish(self.stream, sender.offer(), PublishOptions::Replace).await?;
        let near = self.media.nearby(&answer.sdp).ok_or_else(|| anyhow::anyhow!("the answer has no candidate"))?;
        sender.accept(&near)?;
        let ended = sender.publish(&clip, Rounds::Endless, stop).await;
        sender.close().await;
        match ended {
            // A publisher of the server's own ends with it.
            Err(ClientError::Ended | ClientError::Lost) if self.token.is_cancelled() => Ok(()),
            ended => Ok(ended?),
        }
    }
}
