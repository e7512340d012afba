//! The figures that the plane shows of a stream, a viewer, a worker and itself.

use std::time::Duration;

use super::{Seat, SessionId, ViewOptions};

/// One layer of a published stream: audio, or one simulcast encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerStats {
    pub seat: Seat,
    /// `audio`, `video`, or the layer's rid.
    pub name: String,
    pub video: bool,
    pub codec: &'static str,
    pub packets: u64,
    pub bytes: u64,
    pub keyframes: u64,
    /// Packets that never arrived, as far as sequence numbers tell.
    pub lost: u64,
    /// Bits a second over the last second or so, with all temporal layers, and of the base alone.
    pub bitrate: u64,
    pub base_bitrate: u64,
}

/// What one connected viewer gets.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewerStats {
    /// The video layer that is sent to it, if any is.
    pub layer: Option<String>,
    /// Share of packets that it lost lately, 0 to 1, of the worse of sound and picture.
    pub loss: f32,
    /// Round-trip time, once it has answered a sender report.
    pub rtt: Option<Duration>,
    /// Bits a second that its network carries, as far as it reports.
    pub estimate: Option<u64>,
    /// Bits a second that arrive there, as far as it reports.
    pub arrives: Option<u64>,
    /// Its network does not carry the picture, so it gets sound only.
    pub paused: bool,
    pub options: ViewOptions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Those who publish or are about to.
    pub publishers: Vec<SessionId>,
    pub publisher_connected: bool,
    /// The seats of those who are connected, the one who spoke last first.
    pub speakers: Vec<Seat>,
    pub layers: Vec<LayerStats>,
    /// Connected viewers.
    pub viewers: usize,
    /// Viewers that have an answer but no connection yet.
    pub connecting: usize,
    pub packets_out: u64,
    pub bytes_out: u64,
    /// Packets that viewers asked for again, and those that we could send.
    pub nacked: u64,
    pub resent: u64,
    /// Key frames that viewers asked for, and requests that went to the publisher.
    pub plis_in: u64,
    pub plis_out: u64,
}

impl StreamStats {
    /// Adds what another worker knows: the home has publisher and layers, every worker its viewers.
    pub(super) fn add(&mut self, other: Self) {
        self.publishers.extend(other.publishers);
        self.speakers.extend(other.speakers);
        self.publisher_connected |= other.publisher_connected;
        self.layers.extend(other.layers);
        self.viewers += other.viewers;
        self.connecting += other.connecting;
        self.packets_out += other.packets_out;
        self.bytes_out += other.bytes_out;
        self.nacked += other.nacked;
        self.resent += other.resent;
        self.plis_in += other.plis_in;
        self.plis_out += other.plis_out;
    }
}

/// One worker thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerStats {
    pub totals: Totals,
    /// Share of a core that it has used lately, in thousandths.
    pub load_permille: u32,
    /// Processor time since the start.
    pub cpu: Duration,
}

/// Counters since the start, and gauges, for the whole plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub streams: u64,
    pub publishers: u64,
    pub viewers: u64,
    pub connecting: u64,
    pub packets_in: u64,
    pub bytes_in: u64,
    pub packets_out: u64,
    pub bytes_out: u64,
    pub nacked: u64,
    pub resent: u64,
    pub plis_in: u64,
    pub plis_out: u64,
    /// Datagrams that were none of ours, not authentic or broken.
    pub dropped_in: u64,
    /// Packets not sent because a socket or a queue was full.
    pub dropped_out: u64,
    /// Bursts and requests between workers that found a full queue.
    pub dropped_between: u64,
    /// Viewers that came up.
    pub joins: u64,
    pub handshakes_failed: u64,
    pub expired: u64,
    pub panics: u64,
}

impl Totals {
    pub(super) fn plus(self, other: &Self) -> Self {
        Self {
            streams: self.streams + other.streams,
            publishers: self.publishers + other.publishers,
            viewers: self.viewers + other.viewers,
            connecting: self.connecting + other.connecting,
            packets_in: self.packets_in + other.packets_in,
            bytes_in: self.bytes_in + other.bytes_in,
            packets_out: self.packets_out + other.packets_out,
            bytes_out: self.bytes_out + other.bytes_out,
            nacked: self.nacked + other.nacked,
            resent: self.resent + other.resent,
            plis_in: self.plis_in + other.plis_in,
            plis_out: self.plis_out + other.plis_out,
            dropped_in: self.dropped_in + other.dropped_in,
            dropped_out: self.dropped_out + other.dropped_out,
            dropped_between: self.dropped_between + other.dropped_between,
            joins: self.joins + other.joins,
            handshakes_failed: self.handshakes_failed + other.handshakes_failed,
            expired: self.expired + other.expired,
            panics: self.panics + other.panics,
        }
    }
}
