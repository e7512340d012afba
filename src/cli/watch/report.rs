//! What `watch` prints: a table for people, JSON lines for programs.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::tally::{Tally, Totals};
use super::with;
use crate::media::client::bitrate;

/// All viewers together at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    at: Duration,
    viewers: usize,
    connected: usize,
    /// Viewers who got a frame that can be decoded.
    pub(super) playing: usize,
    reconnects: u32,
    totals: Totals,
    /// Since the snapshot before.
    packets_now: u64,
    frames_now: u64,
    kbps_now: f64,
    jitter_ms: f64,
    /// In order.
    first_frames_ms: Vec<f64>,
}

impl Snapshot {
    pub(super) fn take(tallies: &[Arc<Mutex<Tally>>], at: Duration, earlier: &Self) -> Self {
        let mut now = Self { at, viewers: tallies.len(), ..Self::default() };
        for tally in tallies {
            with(tally, |tally| {
                now.totals = now.totals.plus(tally.totals());
                now.connected += usize::from(tally.connected);
                now.reconnects += tally.reconnects;
                now.jitter_ms = now.jitter_ms.max(tally.jitter_ms);
                now.first_frames_ms.extend(tally.first_frame.map(|time| time.as_secs_f64() * 1_000.0));
            });
        }
        now.playing = now.first_frames_ms.len();
        now.first_frames_ms.sort_by(f64::total_cmp);
        now.packets_now = now.totals.packets.saturating_sub(earlier.totals.packets);
        now.frames_now = now.totals.video_frames.saturating_sub(earlier.totals.video_frames);
        now.kbps_now = bitrate(earlier.totals.bytes, now.totals.bytes, at.saturating_sub(earlier.at)) / 1_000.0;
        now
    }

    fn loss_percent(&self) -> f64 {
        let expected = self.totals.packets + self.totals.lost;
        if expected == 0 { 0.0 } else { self.totals.lost as f64 * 100.0 / expected as f64 }
    }

    /// The time within which the given share of viewers saw their first frame.
    fn first_frame_ms(&self, share: f64) -> Option<f64> {
        let last = self.first_frames_ms.len().checked_sub(1)?;
        self.first_frames_ms.get((last as f64 * share).round() as usize).copied()
    }

    fn json(&self) -> Value {
        json!({
            "second": self.at.as_secs_f64().round(), "viewers": self.viewers, "connected": self.connected, "playing": self.playing,
            "reconnects": self.reconnects, "packets": self.totals.packets, "packets_per_second": self.packets_now,
            "frames": self.totals.video_frames, "frames_per_second": self.frames_now, "key_frames": self.totals.key_frames,
            "audio_packets": self.totals.audio_packets, "bytes": self.totals.bytes, "kbps": self.kbps_now.round(),
            "lost": self.totals.lost, "loss_percent": self.loss_percent(), "duplicates": self.totals.duplicates,
            "jitter_ms": (self.jitter_ms * 10.0).round() / 10.0,
            "first_frame_ms": {
                "median": self.first_frame_ms(0.5).map(f64::round), "p95": self.first_frame_ms(0.95).map(f64::round),
                "max": self.first_frame_ms(1.0).map(f64::round),
            },
        })
    }

    fn row(&self) -> String {
        let first = self.first_frame_ms(0.5).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
        format!(
            "{:>6.0} {:>9} {:>10} {:>8} {:>9.0} {:>7} {:>8.3} {:>9.1} {:>14}",
            self.at.as_secs_f64(),
            format!("{}/{}", self.connected, self.viewers),
            self.packets_now,
            self.frames_now,
            self.kbps_now,
            self.totals.lost,
            self.loss_percent(),
            self.jitter_ms,
            first
        )
    }
}

const HEADING: &str = "second   viewers  packets/s frames/s    kbit/s    lost   loss %  jitter ms first frame ms";

pub(super) struct Reporter<W> {
    out: W,
    json: bool,
    rows: usize,
}

impl<W: Write> Reporter<W> {
    pub(super) fn new(out: W, json: bool) -> Self {
        Self { out, json, rows: 0 }
    }

    pub(super) fn second(&mut self, snapshot: &Snapshot) {
        if self.json {
            self.line(&snapshot.json().to_string());
            return;
        }
        // The heading comes back often enough to be on the screen.
        if self.rows.is_multiple_of(20) {
            self.line(HEADING);
        }
        self.rows += 1;
        self.line(&snapshot.row());
    }

    pub(super) fn summary(&mut self, snapshot: &Snapshot) {
        if self.json {
            let mut value = snapshot.json();
            value["summary"] = Value::Bool(true);
            // A whole run has no "now".
            value["kbps"] = json!((snapshot.totals.bytes as f64 * 8.0 / 1_000.0 / snapshot.at.as_secs_f64().max(0.001)).round());
            self.line(&value.to_string());
            return;
        }
        let Snapshot { totals, viewers, playing, reconnects, .. } = snapshot;
        let ms = |share| snapshot.first_frame_ms(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
        self.line("");
        self.line(&format!("viewers       {playing} of {viewers} played, {reconnects} reconnects"));
        self.line(&format!(
            "packets       {} received, {} lost ({:.4} %), {} twice",
            totals.packets,
            totals.lost,
            snapshot.loss_percent(),
            totals.duplicates
        ));
        self.line(&format!("frames        {} complete, {} of them key frames", totals.video_frames, totals.key_frames));
        self.line(&format!("first frame   median {}, 95 % within {}, worst {}", ms(0.5), ms(0.95), ms(1.0)));
    }

    /// A reader that has gone away (`| head`) is not a reason to fail.
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::client::{Received, StreamCounts};
    use std::time::Instant;

    fn tallies() -> Vec<Arc<Mutex<Tally>>> {
        let dialled = Instant::now();
        [100_u64, 300]
            .into_iter()
            .map(|ms| {
                let video = StreamCounts {
                    packets: 999,
                    lost: 1,
                    bytes: 125_000,
                    frames: 50,
                    first_frame: Some(dialled + Duration::from_millis(ms)),
                    ..StreamCounts::default()
                };
                let mut tally = Tally::default();
                tally.update(&Received { video, ..Received::default() }, dialled);
                Arc::new(Mutex::new(tally))
            })
            .collect()
    }

    #[test]
    fn viewers_are_added_up() {
        let snapshot = Snapshot::take(&tallies(), Duration::from_secs(2), &Snapshot::default());
        let value = snapshot.json();
        assert_eq!((value["packets"].as_u64(), value["lost"].as_u64(), value["playing"].as_u64()), (Some(1_998), Some(2), Some(2)));
        assert_eq!(value["kbps"].as_f64(), Some(1_000.0));
        assert_eq!(value["loss_percent"].as_f64(), Some(0.1));
        assert_eq!(value["first_frame_ms"]["max"].as_f64(), Some(300.0));
    }

    #[test]
    fn the_table_has_a_heading_and_a_summary() {
        let mut printed = Vec::new();
        let mut reporter = Reporter::new(&mut printed, false);
        let snapshot = Snapshot::take(&tallies(), Duration::from_secs(1), &Snapshot::default());
        reporter.second(&snapshot);
        reporter.second(&snapshot);
        reporter.summary(&snapshot);
        let printed = String::from_utf8(printed).expect("text");
        assert_eq!(printed.matches("viewers  packets/s").count(), 1);
        assert!(printed.contains("2 of 2 played") && printed.contains("(0.1000 %)"), "{printed}");
    }

    #[test]
    fn nobody_playing_leaves_the_first_frame_open() {
        let snapshot = Snapshot::take(&[Arc::default()], Duration::from_secs(1), &Snapshot::default());
        assert_eq!(snapshot.json()["first_frame_ms"]["median"], Value::Null);
        assert!(snapshot.row().trim_end().ends_with('-'));
    }
}
