//! The synthetic publisher: one thread that sends the stream of [`crate::frames`] by WHIP, or plain to two ports for Janus.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::frames::{self, AUDIO_MS, FRAME_MS};
use crate::peer::{Event, Identity, Peer};
use crate::reports;
use crate::rtp;
use crate::sdp::{self, Credentials, Remote, Role, Track};
use crate::signal::Http;

/// Sound and picture do not come at the same moment.
const AUDIO_LEAD: Duration = Duration::from_millis(10);
const CONNECT: Duration = Duration::from_secs(10);
const CHECK_EVERY: Duration = Duration::from_secs(5);
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// libwebrtc's pacer sends what is due every 5 ms, at 2.5 times the bitrate: about two packets of this stream.
const PACE: Duration = Duration::from_millis(5);
const PACE_PACKETS: usize = 2;

/// Where the packets go.
pub(crate) enum Target {
    Whip {
        http: Http,
        url: String,
        token: String,
    },
    /// Plain RTP to an audio and a video port.
    Plain {
        audio: SocketAddrV4,
        video: SocketAddrV4,
    },
}

#[derive(Default)]
struct Shared {
    playing: AtomicBool,
    ended: AtomicBool,
    packets: AtomicU64,
    key_requests: AtomicU64,
}

pub(crate) struct Publisher {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

impl Publisher {
    /// Connects and waits, silent. With `paced` the packets of a frame are spread as a browser does it; otherwise they leave at once, as
    /// OBS sends them.
    pub(crate) fn start(target: Target, paced: bool) -> Result<Self> {
        let mut line = Line::open(target)?;
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        let thread = thread::Builder::new().name("publisher".to_owned()).spawn(move || {
            let result = run(&mut line, &ours, paced);
            ours.ended.store(true, Ordering::Relaxed);
            result
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn play(&self, playing: bool) {
        self.shared.playing.store(playing, Ordering::Relaxed);
    }

    /// RTP packets published so far.
    pub(crate) fn packets(&self) -> u64 {
        self.shared.packets.load(Ordering::Relaxed)
    }

    pub(crate) fn key_requests(&self) -> u64 {
        self.shared.key_requests.load(Ordering::Relaxed)
    }

    /// An error if the publisher has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        if !self.shared.ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(Err(error))) => Err(error.context("the publisher")),
            _ => bail!("the publisher has ended"),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A track on its way out.
struct Out {
    track: Track,
    sequence: u16,
    packets: u32,
    octets: u32,
    to: SocketAddrV4,
}

/// The way to the server.
struct Line {
    socket: UdpSocket,
    /// Absent where RTP goes in plain.
    secured: Option<(Identity, Box<Peer>)>,
    audio: Out,
    video: Out,
    session: Option<(Http, String, String)>,
    key_wanted: bool,
}

impl Line {
    fn open(target: Target) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        let out = |ssrc: u32, payload_type, to| {
            let track = Track { payload_type, ssrc: Some(ssrc) };
            Out { track, sequence: rand::random(), packets: 0, octets: 0, to }
        };
        let (audio_ssrc, video_ssrc) = (rand::random::<u32>().max(1), rand::random::<u32>().max(1));
        let (http, url, token) = match target {
            Target::Plain { audio, video } => {
                let (audio, video) = (out(audio_ssrc, sdp::AUDIO, audio), out(video_ssrc, sdp::VIDEO, video));
                return Ok(Self { socket, secured: None, audio, video, session: None, key_wanted: false });
            }
            Target::Whip { http, url, token } => (http, url, token),
        };
        let (identity, us) = (Identity::new()?, Credentials::random());
        let offer = sdp::offer(&us, &identity.fingerprint, &Role::Publisher { audio: audio_ssrc, video: video_ssrc });
        let session = http.open(&url, Some(&token), &offer)?;
        let them = Remote::parse(&session.answer)?;
        let server = them.address.context("the answer has no UDP candidate on IPv4")?;
        let (audio, video) = (out(audio_ssrc, them.audio.payload_type, server), out(video_ssrc, them.video.payload_type, server));
        let peer = Box::new(Peer::new(&identity, us, them, Instant::now())?);
        let session = Some((http, session.resource, token));
        let mut line = Self { socket, secured: Some((identity, peer)), audio, video, session, key_wanted: false };
        line.connect()?;
        Ok(line)
    }

    fn connect(&mut self) -> Result<()> {
        let deadline = Instant::now() + CONNECT;
        while !self.secured.as_ref().is_none_or(|(_, peer)| peer.is_connected()) {
            if Instant::now() > deadline {
                bail!("no connection after {CONNECT:?}");
            }
            self.poll()?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Reads what has arrived and sends what is due.
    fn poll(&mut self) -> Result<()> {
        let Some((identity, peer)) = &mut self.secured else { return Ok(()) };
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            match peer.datagram(identity, Instant::now(), &buffer[..length])? {
                Event::Rtcp(packet) => self.key_wanted |= reports::hear(packet).keyframe,
                Event::Closed => bail!("the server ended the connection"),
                _ => {}
            }
        }
        peer.tick(identity, Instant::now())?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if let Some((_, peer)) = &mut self.secured {
            for datagram in peer.drain() {
                self.socket.send_to(&datagram, SocketAddr::V4(self.audio.to))?;
            }
        }
        Ok(())
    }

    fn send(&mut self, video: bool, marker: bool, timestamp: u32, payload: &[u8]) -> Result<()> {
        let out = if video { &mut self.video } else { &mut self.audio };
        out.sequence = out.sequence.wrapping_add(1);
        out.packets = out.packets.wrapping_add(1);
        out.octets = out.octets.wrapping_add(payload.len() as u32);
        let mut packet = rtp::header(out.track.payload_type, marker, out.sequence, timestamp, out.track.ssrc.unwrap_or(0)).to_vec();
        packet.extend_from_slice(payload);
        match &mut self.secured {
            Some((_, peer)) => {
                peer.send_rtp(&packet)?;
                self.flush()
            }
            None => {
                self.socket.send_to(&packet, SocketAddr::V4(out.to))?;
                Ok(())
            }
        }
    }

    fn keep(&mut self, check: bool, since: Duration) -> Result<()> {
        let Some((identity, peer)) = &mut self.secured else { return Ok(()) };
        for (out, clock) in [(&self.audio, 48), (&self.video, 90)] {
            let time = (since.as_micros() as u64 * clock / 1_000) as u32;
            peer.send_rtcp(&reports::sender_report(out.track.ssrc.unwrap_or(0), time, out.packets, out.octets)?)?;
        }
        if check {
            peer.check(identity, Instant::now())?;
        }
        self.flush()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((http, session, token)) = self.session.take() {
            // A server that cannot be told finds out by itself.
            let _ = http.close(&session, Some(&token));
        }
    }
}

/// When what is due next.
struct Schedule {
    start: Instant,
    audio: Instant,
    frame: Instant,
    report: Instant,
    check: Instant,
    audio_number: u64,
}

fn run(line: &mut Line, shared: &Shared, paced: bool) -> Result<()> {
    let start = Instant::now();
    let mut schedule = Schedule { start, audio: start, frame: start, report: start, check: start, audio_number: 0 };
    let mut video = frames::Video::default();
    let mut was_playing = false;
    let mut waiting: Vec<(bool, u32, Vec<u8>)> = Vec::new();
    let mut pace = start;
    while !shared.ended.load(Ordering::Relaxed) {
        line.poll()?;
        let now = Instant::now();
        let playing = shared.playing.load(Ordering::Relaxed);
        if playing && !was_playing {
            (schedule.frame, schedule.audio) = (now, now + AUDIO_LEAD);
            line.key_wanted = true;
        }
        if now >= schedule.report {
            let check = now >= schedule.check;
            schedule.check = if check { now + CHECK_EVERY } else { schedule.check };
            schedule.report = now + REPORT_EVERY;
            line.keep(check, now - start)?;
        }
        if playing {
            if now >= schedule.frame {
                let key = std::mem::take(&mut line.key_wanted);
                shared.key_requests.fetch_add(u64::from(key && was_playing), Ordering::Relaxed);
                let timestamp = ((schedule.frame - schedule.start).as_micros() as u64 * 90 / 1_000) as u32;
                schedule.frame += Duration::from_millis(FRAME_MS);
                let frame = video.frame(key);
                let last = frame.len() - 1;
                waiting.extend(frame.into_iter().enumerate().map(|(at, payload)| (at == last, timestamp, payload)));
                if !paced {
                    pace = now;
                }
            }
            if !waiting.is_empty() && now >= pace {
                let count = if paced { waiting.len().min(PACE_PACKETS) } else { waiting.len() };
                for (marker, timestamp, mut payload) in waiting.drain(..count) {
                    frames::restamp(true, &mut payload);
                    line.send(true, marker, timestamp, &payload)?;
                    shared.packets.fetch_add(1, Ordering::Relaxed);
                }
                pace = now + PACE;
            }
            if now >= schedule.audio {
                let timestamp = ((schedule.audio - schedule.start).as_micros() as u64 * 48 / 1_000) as u32;
                schedule.audio += Duration::from_millis(AUDIO_MS);
                line.send(false, false, timestamp, &frames::audio(schedule.audio_number))?;
                schedule.audio_number += 1;
                shared.packets.fetch_add(1, Ordering::Relaxed);
            }
        }
        if !playing {
            waiting.clear();
        }
        was_playing = playing;
        let mut next = now + Duration::from_millis(4);
        if playing {
            next = next.min(schedule.frame).min(schedule.audio);
        }
        if !waiting.is_empty() {
            next = next.min(pace);
        }
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}
