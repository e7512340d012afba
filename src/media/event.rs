//! What the plane tells of its connections to whoever listens.

use super::{Seat, SessionId, StreamId};

/// What happened on the plane. Sent once per connection: up after the handshake; down of a publisher only after an up, of a viewer always, so
/// that whoever keeps books on sessions can strike them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    PublisherUp {
        stream: StreamId,
        session: SessionId,
        seat: Seat,
    },
    PublisherDown {
        stream: StreamId,
        session: SessionId,
        seat: Seat,
        reason: DownReason,
    },
    /// Of a panel: who is there, and who spoke last first.
    Speakers {
        stream: StreamId,
        seats: Vec<Seat>,
    },
    /// The layers of a publisher that nobody watches: it need not send them until it is told otherwise.
    LayersAsleep {
        stream: StreamId,
        session: SessionId,
        seat: Seat,
        names: Vec<String>,
    },
    ViewerUp {
        stream: StreamId,
        session: SessionId,
    },
    ViewerDown {
        stream: StreamId,
        session: SessionId,
        reason: DownReason,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    /// Closed by a command or by the peer's goodbye.
    Closed,
    /// Another publisher took the stream.
    Replaced,
    /// The peer never finished connecting.
    NeverConnected,
    /// The peer stopped answering.
    TimedOut,
    /// The transport failed, or our own code did.
    Failed,
}
