//! A WebRTC client without a browser: publishes a clip, or receives a stream and counts it.
//!
//! The demo, `springbreeze publish`, `springbreeze watch` and the tests use it, so the media path is always driven by a real peer
//! with ICE, DTLS and SRTP. It speaks SDP strings and UDP; how offer and answer travel is the caller's business.
//!
//! Invariants: one UDP socket and one peer connection per [`Sender`] or [`Receiver`]; no task of its own, so dropping the value
//! ends everything. Deliberately absent: HTTP, decoding, trickle ICE, congestion control, simulcast.

mod counts;
mod packetizer;
mod peer;
mod pull;
mod receiver;
mod sender;
mod tap;

use std::net::{IpAddr, SocketAddr};

pub use counts::{StreamCounts, bitrate};
pub use pull::Pull;
pub use receiver::{Received, Receiver};
pub use sender::{Rounds, Sender, Sent};
pub use tap::Tap;

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("socket: {0}")]
    Socket(#[from] std::io::Error),
    #[error("WebRTC: {0}")]
    Rtc(#[from] rtc::shared::error::Error),
    #[error("the other side accepted neither stream")]
    NothingAccepted,
    #[error("no connection after {0:?}")]
    NotConnected(std::time::Duration),
    #[error("the connection was lost")]
    Lost,
    #[error("the stream cannot be published here: {0}")]
    Plane(super::MediaError),
    #[error("the other side ended the call")]
    Ended,
}

/// The address of ours from which `remote` is reached, found by the routing table; sends nothing.
pub fn local_ip_towards(remote: SocketAddr) -> std::io::Result<IpAddr> {
    let unspecified: SocketAddr = if remote.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let probe = std::net::UdpSocket::bind(unspecified)?;
    probe.connect(remote)?;
    Ok(probe.local_addr()?.ip())
}

#[cfg(test)]
mod tests;
