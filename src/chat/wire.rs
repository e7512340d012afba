//! The frames of the socket, as `docs/protocol.md` describes them. Entries and presence are serialised by `live`.

use crate::clock::Millis;
use crate::ids::{AccountId, RoomId};
use crate::live::{Dropped, OnStage, Snapshot, text_frame};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What a client may send.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum ClientFrame {
    Hello {
        /// Sequence number of the last entry that the client has without a hole before it.
        since: Option<i64>,
        /// A lasting name of the installation, from clients without cookies.
        device: Option<String>,
        /// An organiser who looks on without being counted.
        #[serde(default)]
        shadow: bool,
        /// Whoever stands in line and looks at another page: hears when the line moves, and nothing else; is not counted.
        #[serde(default)]
        quiet: bool,
    },
    Send {
        client_id: String,
        text: String,
        /// The number of the message that it answers.
        reply_to: Option<i64>,
    },
    /// Somebody is typing: every few seconds at most.
    Typing,
    React,
    Ping,
}

/// What the viewer may do in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Can {
    pub write: bool,
    pub react: bool,
    pub moderate: bool,
    /// Hosts and co-hosts.
    pub present: bool,
    /// A code of `Refusal` if writing is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<&'static str>,
    /// Until when a mute or ban holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// Seconds between two messages of a visitor; 0 if there need be none.
    #[serde(skip_serializing_if = "is_nought")]
    pub slow: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_nought(n: &i64) -> bool {
    *n == 0
}

/// Who the server takes the viewer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct You {
    pub account: AccountId,
    pub name: String,
    pub badge: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Presence {
    people: u32,
    staffed: bool,
    live: bool,
    viewers: u32,
    seats: Vec<u8>,
    hands: usize,
}

impl From<&Snapshot> for Presence {
    fn from(s: &Snapshot) -> Self {
        let (people, viewers) = (s.people, s.viewers);
        Self { people, staffed: s.staffed, live: s.live, viewers, seats: s.seats.clone(), hands: s.hands.len() }
    }
}

/// What the server sends besides entries, presence and reactions.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum ServerFrame<'a> {
    Welcome {
        you: Option<You>,
        room: RoomId,
        last_seq: i64,
        presence: Presence,
        /// Who is on stage.
        stage: &'a [OnStage],
        /// The last lines of what is said.
        captions: &'a [String],
        can: Can,
    },
    /// Entries that are not replayed here; `GET /rooms/{id}/messages` has them.
    Gap {
        from: i64,
        to: i64,
    },
    Ack {
        client_id: &'a str,
        /// Absent of what is held.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<i64>,
        /// It waits until somebody has looked at it.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        held: bool,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        code: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Millis>,
    },
    Pong,
}

impl ServerFrame<'_> {
    pub(super) fn frame(&self) -> Bytes {
        text_frame(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// Why the server ends a socket: its close codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client has gone or said goodbye: there is nobody to tell.
    Gone,
    Shutdown,
    /// Not WebSocket (RFC 6455).
    Broken,
    Binary,
    NotUtf8,
    TooLarge,
    /// The first frame is no hello.
    NoHello,
    Banned,
    NotFound,
    /// No hello in time, or silence.
    Timeout,
    Slow,
    RoomClosed,
    /// Too many frames.
    Flood,
    Overloaded,
}

impl End {
    fn code(self) -> (u16, &'static str) {
        match self {
            Self::Gone => (1000, "bye"),
            Self::Shutdown => (1001, "shutdown"),
            Self::Broken => (1002, "broken"),
            Self::Binary => (1003, "binary"),
            Self::NotUtf8 => (1007, "not-utf8"),
            Self::TooLarge => (1009, "too-large"),
            Self::NoHello => (4400, "no-hello"),
            Self::Banned => (4403, "banned"),
            Self::NotFound => (4404, "not-found"),
            Self::Timeout => (4408, "timeout"),
            Self::Slow => (4409, "slow"),
            Self::RoomClosed => (4410, "closed"),
            Self::Flood => (4429, "too-fast"),
            Self::Overloaded => (4503, "overloaded"),
        }
    }

    pub(super) fn message(self) -> Message {
        let (code, reason) = self.code();
        Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
    }
}

impl From<Dropped> for End {
    fn from(why: Dropped) -> Self {
        match why {
            Dropped::Slow => Self::Slow,
            Dropped::Banned => Self::Banned,
            Dropped::RoomClosed => Self::RoomClosed,
            Dropped::Shutdown => Self::Shutdown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_by_their_type_and_nothing_else_passes() {
        let read = |text: &str| serde_json::from_str::<ClientFrame>(text).ok();
        assert_eq!(read(r#"{"type":"hello"}"#), Some(ClientFrame::Hello { since: None, device: None, shadow: false, quiet: false }));
        assert_eq!(
            read(r#"{"type":"hello","since":7,"more":1}"#),
            Some(ClientFrame::Hello { since: Some(7), device: None, shadow: false, quiet: false })
        );
        assert_eq!(read(r#"{"type":"react"}"#), Some(ClientFrame::React));
        assert_eq!(read(r#"{"type":"typing"}"#), Some(ClientFrame::Typing));
        let send = |reply_to| Some(ClientFrame::Send { client_id: "a".into(), text: "x".into(), reply_to });
        assert_eq!(read(r#"{"type":"send","client_id":"a","text":"x"}"#), send(None));
        assert_eq!(read(r#"{"type":"send","client_id":"a","text":"x","reply_to":7}"#), send(Some(7)));
        for wrong in [
            r#"{"type":"hello","since":"7"}"#,
            r#"{"type":"send","text":"x"}"#,
            r#"{"type":"send","client_id":"a","text":"x","reply_to":"7"}"#,
            r#"{"type":"x"}"#,
            "[]",
            "",
            "null",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
