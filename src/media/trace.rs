//! A trace of one viewer's connection, on demand: what was sent, what came back, what was concluded and decided. In the manner of qlog
//! (draft-ietf-quic-qlog-main-schema), whose tools can show it; the events are our own.
//!
//! Invariant: a trace delays nobody. Who reads too slowly misses events, and is told how many. Addresses are not in it.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::mpsc;

use super::egress::Sent;
use super::estimate::Network;
use super::quality::Decision;

/// Events that wait for their reader.
const QUEUE: usize = 4_096;

/// Why packets left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Live,
    Late,
    Resend,
    Probe,
}

/// What happened. Rates are bits a second, times milliseconds, shares between 0 and 1.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "name", content = "data")]
pub enum TraceEvent {
    /// Packets left together; `bytes` as the socket had them.
    #[serde(rename = "media:packets_sent")]
    Sent { ssrc: u32, picture: bool, cause: Cause, packets: u64, bytes: u64 },
    /// More is to be sent than may leave now.
    #[serde(rename = "media:packets_held")]
    Held { ssrc: u32 },
    /// The viewer asked for packets again.
    #[serde(rename = "media:packets_requested")]
    Requested { ssrc: u32, sequences: Vec<u16> },
    #[serde(rename = "media:key_frame_requested")]
    KeyFrame { ssrc: u32 },
    /// A receiver report (RFC 3550).
    #[serde(rename = "media:reception")]
    Reception { ssrc: u32, loss: f32, jitter: u32, rtt: Option<f64> },
    /// What the network is taken for after transport-wide feedback or a report.
    #[serde(rename = "recovery:estimate_updated")]
    Estimate {
        estimate: u64,
        by_delay: u64,
        pace: u64,
        arrives: Option<u64>,
        queue: f64,
        loss: f64,
        rtt: Option<f64>,
        overused: bool,
        application_limited: bool,
        silent: bool,
    },
    /// What is to be sent from now on; only when it changes.
    #[serde(rename = "media:decision")]
    Decision { layer: Option<usize>, temporal: Option<u8>, paused: bool, hold: bool, probe: Option<u64> },
    /// A track goes over to a layer.
    #[serde(rename = "media:layer_started")]
    Layer { ssrc: u32, layer: String, backlog: u64 },
    /// Events that found the queue full.
    #[serde(rename = "trace:missed")]
    Missed { events: u64 },
}

/// An event and when it happened, after the trace began.
#[derive(Clone, Debug, Serialize)]
pub struct Traced {
    #[serde(serialize_with = "milliseconds")]
    pub time: Duration,
    #[serde(flatten)]
    pub event: TraceEvent,
}

fn milliseconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(ms(*time))
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

/// The side that traces.
pub(super) struct Tracer {
    began: Instant,
    events: mpsc::Sender<Traced>,
    missed: u64,
    decision: Decision,
}

impl Tracer {
    pub(super) fn new(now: Instant) -> (Self, mpsc::Receiver<Traced>) {
        let (events, receiver) = mpsc::channel(QUEUE);
        (Self { began: now, events, missed: 0, decision: Decision::default() }, receiver)
    }

    pub(super) fn is_read(&self) -> bool {
        !self.events.is_closed()
    }

    pub(super) fn note(&mut self, now: Instant, event: TraceEvent) {
        let time = now.saturating_duration_since(self.began);
        if self.missed > 0 {
            let event = TraceEvent::Missed { events: self.missed };
            if self.events.try_send(Traced { time, event }).is_err() {
                self.missed += 1;
                return;
            }
            self.missed = 0;
        }
        self.missed += u64::from(self.events.try_send(Traced { time, event }).is_err());
    }

    pub(super) fn decided(&mut self, now: Instant, decision: Decision) {
        if decision == self.decision {
            return;
        }
        self.decision = decision;
        let (layer, temporal) = decision.video.map(|step| (step.layer, step.temporal)).unzip();
        let Decision { paused_by_bandwidth: paused, hold, probe, .. } = decision;
        self.note(now, TraceEvent::Decision { layer, temporal, paused, hold, probe });
    }

    pub(super) fn estimated(&mut self, now: Instant, network: &Network, pace: u64, arrives: Option<u64>, rtt: Option<Duration>) {
        let Network { estimate, by_delay, overused, loss, application_limited, silent, .. } = *network;
        let (queue, rtt) = (ms(network.queue), rtt.map(ms));
        let event = TraceEvent::Estimate { estimate, by_delay, pace, arrives, queue, loss, rtt, overused, application_limited, silent };
        self.note(now, event);
    }
}

/// Notes what `event` makes, if somebody traces.
pub(super) fn note(tracer: &mut Option<Box<Tracer>>, now: Instant, event: impl FnOnce() -> TraceEvent) {
    if let Some(tracer) = tracer {
        tracer.note(now, event());
    }
}

/// Notes that packets left, if any did and somebody traces.
pub(super) fn note_sent(tracer: &mut Option<Box<Tracer>>, now: Instant, (ssrc, picture): (u32, bool), cause: Cause, sent: Sent) {
    let Sent { packets, bytes } = sent;
    if packets > 0 {
        note(tracer, now, || TraceEvent::Sent { ssrc, picture, cause, packets, bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_is_told_what_it_missed_and_delays_nobody() {
        let now = Instant::now();
        let (mut tracer, mut events) = Tracer::new(now);
        for _ in 0..QUEUE + 7 {
            tracer.note(now, TraceEvent::KeyFrame { ssrc: 1 });
        }
        for _ in 0..2 {
            events.try_recv().expect("an event");
        }
        tracer.note(now + Duration::from_micros(2_500), TraceEvent::Held { ssrc: 1 });
        let last: Vec<String> =
            std::iter::from_fn(|| events.try_recv().ok()).skip(QUEUE - 2).map(|t| serde_json::to_string(&t).expect("json")).collect();
        let missed = r#"{"time":2.5,"name":"trace:missed","data":{"events":7}}"#;
        assert_eq!(last, [missed, r#"{"time":2.5,"name":"media:packets_held","data":{"ssrc":1}}"#]);
        drop(events);
        assert!(!tracer.is_read());
    }
}
