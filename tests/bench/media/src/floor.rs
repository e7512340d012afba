//! The floor: what it costs at least to hand the same bytes to the same sockets, with nothing of a media server.
//!
//! One socket, 32 messages a system call, each message one frame of one viewer that the kernel splits (UDP GSO). The bytes are not copied,
//! not sealed, and the same for everybody.

use std::net::{SocketAddrV4, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::cpu::Meter;
use crate::frames::{self, AUDIO_MS, FRAME_MS};
use crate::rtp;
use crate::sys::{self, BATCH, Message};

/// AES-128-GCM's tag.
const TAG: usize = 16;
/// Frames before counting, until caches and the clock frequency have settled.
const WARM: Duration = Duration::from_millis(500);

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    pub(crate) packets: u64,
    pub(crate) cpu_us_per_packet: f64,
    pub(crate) share: f64,
}

/// A frame as it goes to every viewer: runs of equal packets, a shorter one last.
struct Run {
    bytes: Vec<u8>,
    segment: usize,
    packets: u64,
}

fn runs(payloads: &[Vec<u8>], video: bool, extension: usize) -> Vec<Run> {
    let kind = if video { crate::sdp::VIDEO } else { crate::sdp::AUDIO };
    let around = rtp::HEADER + extension + TAG;
    let run = |count: usize, payload: usize| {
        let segment = around + payload;
        let mut bytes = vec![0; segment * count];
        // What passes the receivers' filters costs them and us the same as with a server.
        for (at, packet) in bytes.chunks_mut(segment).enumerate() {
            packet[..rtp::HEADER].copy_from_slice(&rtp::header(kind, video && payload > 100 && at + 1 == count, 1, 0, 1));
        }
        Run { bytes, segment, packets: count as u64 }
    };
    // Packets of a frame differ by a byte and are padded to the largest; the parameter sets are a packet of their own kind.
    let media: Vec<usize> = payloads.iter().map(Vec::len).filter(|length| !video || *length > 100).collect();
    let mut runs: Vec<Run> = payloads.iter().map(Vec::len).filter(|length| video && *length <= 100).map(|length| run(1, length)).collect();
    runs.extend(media.iter().max().map(|largest| run(media.len(), *largest)));
    runs
}

fn send(socket: &UdpSocket, to: &[SocketAddrV4], run: &Run) -> Result<u64> {
    let mut sent = 0;
    for group in to.chunks(BATCH) {
        let messages: Vec<Message<'_>> =
            group.iter().map(|to| Message { to: *to, contents: &run.bytes, segment: run.segment as u16 }).collect();
        let mut rest = &messages[..];
        while !rest.is_empty() {
            let taken = sys::send_many(socket, rest)?;
            sent += taken as u64 * run.packets;
            rest = &rest[taken..];
        }
    }
    Ok(sent)
}

/// Sends the stream to everybody for `span`; measures this process.
pub(crate) fn run(destinations: &Path, span: Duration, extension: usize, core: usize) -> Result<Figures> {
    let text = std::fs::read_to_string(destinations)?;
    let to: Vec<SocketAddrV4> = text.lines().map(str::parse).collect::<Result<_, _>>().context("a destination")?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let meter = Meter::new(std::process::id(), core);
    let (mut video, mut packets) = (frames::Video::default(), 0);
    let start = Instant::now();
    let (mut frame, mut audio) = (start, start + Duration::from_millis(10));
    let mut began = None;
    while start.elapsed() < WARM + span {
        if began.is_none() && start.elapsed() >= WARM {
            began = Some(meter.read());
            packets = 0;
        }
        let now = Instant::now();
        if now >= frame {
            frame += Duration::from_millis(FRAME_MS);
            for run in runs(&video.frame(false), true, extension) {
                packets += send(&socket, &to, &run)?;
            }
        }
        if now >= audio {
            audio += Duration::from_millis(AUDIO_MS);
            for run in runs(&[frames::audio(0)], false, extension) {
                packets += send(&socket, &to, &run)?;
            }
        }
        thread::sleep(frame.min(audio).saturating_duration_since(Instant::now()));
    }
    let (end, began) = (meter.read(), began.context("no time to measure")?);
    Ok(Figures { packets, cpu_us_per_packet: end.cpu_us_since(&began) / packets.max(1) as f64, share: end.share_since(&began) })
}

/// Runs the floor as a process of its own, pinned to the server's core.
pub(crate) fn measure(to: &[SocketAddrV4], span: Duration, extension: usize, core: usize) -> Result<Figures> {
    let list = std::env::temp_dir().join(format!("media-bench-{}", std::process::id()));
    std::fs::write(&list, to.iter().map(|address| format!("{address}\n")).collect::<String>())?;
    let mut command = crate::pinned(core, std::env::current_exe()?.as_os_str());
    command.arg("floor").arg("--to").arg(&list).args(["--seconds", &span.as_secs_f64().to_string()]);
    let output = command.args(["--extension", &extension.to_string(), "--core", &core.to_string()]).output()?;
    std::fs::remove_file(&list)?;
    serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
