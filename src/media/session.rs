//! What the outside may know of a session, in the terms of WHIP and WHEP.

use super::{Seat, SessionId, StreamId};

/// The answer to an offer, in the terms of WHIP and WHEP.
#[derive(Clone, Debug)]
pub struct Answer {
    pub session: SessionId,
    pub sdp: String,
    /// A publisher's seat.
    pub seat: Option<Seat>,
    /// Names the ICE session: changes with an ICE restart. Without the quotes that HTTP puts around it.
    pub etag: String,
}

/// What became of a trickled fragment.
#[derive(Clone, Debug)]
pub enum TrickleOutcome {
    /// Taken note of; nothing to answer.
    Accepted,
    /// The fragment carried new credentials, so ICE was restarted: answer with this fragment and the new etag.
    Restarted { fragment: String, etag: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    Publisher,
    Viewer,
}

/// A session as the outside may know it, for instance to compare the etag of a request.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    pub session: SessionId,
    pub stream: StreamId,
    pub kind: SessionKind,
    pub etag: String,
    /// That of before an ICE restart, for as long as the peer has not shown that it knows the new one.
    pub etag_before: Option<String>,
    pub connected: bool,
    /// A viewer whose network does not carry the picture, so that it gets sound only for now.
    pub paused: bool,
    /// Whose sounds and pictures a viewer's tracks carry.
    pub slots: Vec<Slot>,
}

impl SessionInfo {
    /// Whether its peer may know it by this etag.
    pub fn is_named(&self, etag: &str) -> bool {
        self.etag == etag || self.etag_before.as_deref() == Some(etag)
    }
}

/// A viewer's track, by the tag of its media section, and the seat that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub mid: String,
    pub seat: Seat,
}
