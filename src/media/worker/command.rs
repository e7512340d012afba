//! What the handle asks of a worker, and how the worker's plane is asked in turn.

use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::{Coming, Out, Worker};
use crate::media::publisher::Event;
use crate::media::socket::Udp;
use crate::media::{
    Answer, HeldBack, MediaError, PublishOptions, SeatWanted, SessionId, SessionInfo, StreamId, StreamStats, Traced, TrickleOutcome,
    ViewOptions, ViewerStats,
};

type Reply<T> = oneshot::Sender<T>;

/// What the handle asks of a worker.
pub(in crate::media) enum Command {
    Publish { stream: StreamId, seat: SeatWanted, offer: String, options: PublishOptions, reply: Reply<Result<Answer, MediaError>> },
    View { stream: StreamId, offer: String, options: ViewOptions, coming: Coming, reply: Reply<Result<Answer, MediaError>> },
    SetView { session: SessionId, options: ViewOptions, reply: Reply<Result<(), MediaError>> },
    HoldBack { session: SessionId, held: HeldBack, reply: Reply<Result<(), MediaError>> },
    Trickle { session: SessionId, fragment: String, restart: bool, reply: Reply<Result<TrickleOutcome, MediaError>> },
    Trace { session: SessionId, reply: Reply<Result<mpsc::Receiver<Traced>, MediaError>> },
    Close { session: SessionId, reply: Reply<bool> },
    CloseStream { stream: StreamId, reply: Reply<usize> },
    RequestKeyframe { stream: StreamId },
    Feed { stream: StreamId, options: PublishOptions, reply: Reply<Result<(SessionId, mpsc::Receiver<()>), MediaError>> },
    Fed { session: SessionId, event: Event },
    Session { session: SessionId, reply: Reply<Option<SessionInfo>> },
    Stats { stream: StreamId, reply: Reply<StreamStats> },
    Viewers { stream: StreamId, reply: Reply<Vec<ViewerStats>> },
}

impl Worker {
    /// Carries out a command. A caller that stopped waiting for the reply does not matter.
    pub(super) fn command(&mut self, command: Command, udp: &Udp) {
        let now = Instant::now();
        let wire = &mut Out { udp: &udp.sender(), tcp: &self.peers };
        let plane = &mut self.plane;
        match command {
            Command::Publish { stream, seat, offer, options, reply } => {
                let _ = reply.send(plane.publish(now, wire, stream, seat, &offer, &options));
            }
            Command::View { stream, offer, options, coming, reply } => {
                let answer = plane.view(now, stream, &offer, options);
                self.gauges.viewers.store(plane.viewers(), Ordering::Relaxed);
                drop(coming);
                let _ = reply.send(answer);
            }
            Command::SetView { session, options, reply } => {
                let _ = reply.send(plane.set_view(now, session, options));
            }
            Command::HoldBack { session, held, reply } => {
                let _ = reply.send(plane.hold_back(session, held));
            }
            Command::Trickle { session, fragment, restart, reply } => {
                let _ = reply.send(plane.trickle(session, &fragment, restart));
            }
            Command::Trace { session, reply } => {
                let _ = reply.send(plane.trace(now, session));
            }
            Command::Close { session, reply } => {
                let _ = reply.send(plane.close(now, wire, session));
            }
            Command::CloseStream { stream, reply } => {
                let _ = reply.send(plane.close_stream(now, wire, stream));
            }
            Command::Feed { stream, options, reply } => {
                let _ = reply.send(plane.feed(now, wire, stream, &options));
            }
            Command::Fed { session, event } => plane.fed(now, wire, session, event),
            Command::RequestKeyframe { stream } => plane.request_keyframe(now, stream),
            Command::Session { session, reply } => {
                let _ = reply.send(plane.session(session));
            }
            Command::Stats { stream, reply } => {
                let _ = reply.send(plane.stats(now, stream));
            }
            Command::Viewers { stream, reply } => {
                let _ = reply.send(plane.viewer_stats(stream));
            }
        }
    }
}
