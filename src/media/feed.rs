//! A publisher inside this process: it feeds a stream without a connection of its own, as the pull from another node does.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::codec::Codec;
use super::layer::Incoming;
use super::publisher::Event;
use super::worker::Command;
use super::{Media, MediaError, PublishOptions, SessionId, StreamId};

/// Requests for key frames that wait for the feeder; one is as good as many.
const REQUESTS: usize = 4;

/// The right to feed a stream; it ends when this is dropped, or when nothing was fed for some seconds.
pub(super) struct Feed {
    session: SessionId,
    commands: mpsc::Sender<Command>,
    keyframes: mpsc::Receiver<()>,
}

/// The plane's side of it.
pub(super) struct Source {
    keyframes: mpsc::Sender<()>,
}

impl Source {
    pub(super) fn new() -> (Self, mpsc::Receiver<()>) {
        let (keyframes, requests) = mpsc::channel(REQUESTS);
        (Self { keyframes }, requests)
    }

    pub(super) fn request_keyframe(&self) {
        let _ = self.keyframes.try_send(());
    }
}

impl Feed {
    /// Takes the publisher's place of a stream as `options` allow.
    pub(super) async fn begin(media: &Media, stream: StreamId, options: PublishOptions) -> Result<Self, MediaError> {
        let link = media.home(stream)?;
        let (session, keyframes) = media.ask(link, |reply| Command::Feed { stream, options, reply }).await??;
        Ok(Self { session, commands: link.commands.clone(), keyframes })
    }

    /// Hands over a packet; false if the worker is too busy, which is a loss like any other.
    pub(super) fn packet(&self, codec: Codec, ssrc: u32, packet: Incoming) -> bool {
        self.tell(Event::Packet { layer: layer(codec), codec, ssrc, packet, level: None })
    }

    /// The sender's wall clock and RTP time, from its report.
    pub(super) fn clock(&self, codec: Codec, ntp: u64, rtp: u32) -> bool {
        self.tell(Event::Clock { layer: layer(codec), codec, ntp, rtp })
    }

    /// Returns when viewers need a key frame; never again once the feed has ended.
    pub(super) async fn keyframe_wanted(&mut self) -> bool {
        self.keyframes.recv().await.is_some()
    }

    fn tell(&self, event: Event) -> bool {
        self.commands.try_send(Command::Fed { session: self.session, event }).is_ok()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let (reply, _) = tokio::sync::oneshot::channel();
        // A worker that cannot be told ends it by its silence.
        let _ = self.commands.try_send(Command::Close { session: self.session, reply });
    }
}

fn layer(codec: Codec) -> Arc<str> {
    if codec.is_video() { "video".into() } else { "audio".into() }
}
