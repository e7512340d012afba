//! The synthetic publisher: one thread that sends the stream of [`crate::frames`] by WHIP, or plain to two ports for Janus.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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
/// How long feedback may wait to be read.
const POLL: Duration = Duration::from_millis(4);
const CHECK_EVERY: Duration = Duration::from_secs(5);
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// libwebrtc's pacer sends at 2.5 times the target bitrate.
const PACE_BYTES_PER_SECOND: f64 = 2.5 * 1_500_000.0 / 8.0;

/// How the packets of a frame are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
pub(crate) enum Pace {
    /// All at once, as OBS sends them.
    Frame,
    /// What the pacer allows in 40 ms at once, as Chromium does by now: most frames whole, key frames in three parts.
    Browser,
    /// The same with key frames only when they are asked for, which is what browsers do.
    Asked,
    /// What the pacer allows in 5 ms, as older browsers and other stacks do: about two packets.
    Smooth,
}

impl Pace {
    /// The most bytes at once; then a pause until the rate is kept.
    fn burst(self) -> usize {
        let interval = match self {
            Self::Frame => return usize::MAX,
            Self::Browser | Self::Asked => 0.040,
            Self::Smooth => 0.005,
        };
        (PACE_BYTES_PER_SECOND * interval) as usize
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Frame => "each frame at once",
            Self::Browser => "paced in bursts of 40 ms",
            Self::Asked => "paced in bursts of 40 ms, key frames only when asked for",
            Self::Smooth => "paced in bursts of 5 ms",
        }
    }
}

/// Where the packets go.
pub(crate) enum Target {
    /// With `simulcast` in three layers, each told by header extensions.
    Whip { http: Http, url: String, token: String, simulcast: bool },
    /// Plain RTP to an audio and a video port.
    Plain { audio: SocketAddrV4, video: SocketAddrV4 },
}

#[derive(Default)]
struct Shared {
    playing: AtomicBool,
    ended: AtomicBool,
    packets: AtomicU64,
    key_requests: AtomicU64,
    pace: Mutex<Option<Pace>>,
}

pub(crate) struct Publisher {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

impl Publisher {
    /// Connects and waits, silent.
    pub(crate) fn start(target: Target, pace: Pace) -> Result<Self> {
        let mut line = Line::open(target)?;
        let shared = Arc::new(Shared { pace: Mutex::new(Some(pace)), ..Shared::default() });
        let ours = Arc::clone(&shared);
        let thread = thread::Builder::new().name("publisher".to_owned()).spawn(move || {
            let result = run(&mut line, &ours);
            ours.ended.store(true, Ordering::Relaxed);
            result
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn play(&self, playing: bool) {
        self.shared.playing.store(playing, Ordering::Relaxed);
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        *self.shared.pace.lock().expect("no thread panics with the pace") = Some(pace);
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

/// Shares of the whole bitrate that simulcast layers have, the smallest first: 150 kbit/s, 500 kbit/s and all.
const LAYERS: [u64; 3] = [10, 33, 100];

/// A track, or a layer of one, on its way out.
struct Out {
    track: Track,
    clock_khz: u64,
    /// Header extensions: id and value.
    extensions: Vec<(u8, u8)>,
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
    /// Sound, then the layers of the picture.
    tracks: Vec<Out>,
    session: Option<(Http, String, String)>,
    key_wanted: bool,
}

impl Line {
    fn open(target: Target) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        let out = |payload_type, to, clock_khz| {
            let track = Track { payload_type, ssrc: Some(rand::random::<u32>().max(1)) };
            Out { track, clock_khz, extensions: Vec::new(), sequence: rand::random(), packets: 0, octets: 0, to }
        };
        let (http, url, token, simulcast) = match target {
            Target::Plain { audio, video } => {
                let tracks = vec![out(sdp::AUDIO, audio, 48), out(sdp::VIDEO, video, 90)];
                return Ok(Self { socket, secured: None, tracks, session: None, key_wanted: false });
            }
            Target::Whip { http, url, token, simulcast } => (http, url, token, simulcast),
        };
        let nowhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
        let mut tracks = vec![out(sdp::AUDIO, nowhere, 48)];
        tracks.extend((0..if simulcast { LAYERS.len() } else { 1 }).map(|_| out(sdp::VIDEO, nowhere, 90)));
        let ssrc = |at: usize| tracks[at].track.ssrc.unwrap_or(0);
        let role = if simulcast { Role::Simulcast { audio: ssrc(0) } } else { Role::Publisher { audio: ssrc(0), video: ssrc(1) } };
        let (identity, us) = (Identity::new()?, Credentials::random());
        let session = http.open(&url, Some(&token), &sdp::offer(&us, &identity.fingerprint, &role))?;
        let them = Remote::parse(&session.answer)?;
        let server = them.address.context("the answer has no UDP candidate on IPv4")?;
        for (at, out) in tracks.iter_mut().enumerate() {
            out.to = server;
            out.track.payload_type = if at == 0 { them.audio.payload_type } else { them.video.payload_type };
            if simulcast && at > 0 {
                out.extensions = vec![(sdp::MID_ID, b'1'), (sdp::RID_ID, sdp::RIDS[at - 1] as u8)];
            }
        }
        let peer = Box::new(Peer::new(&identity, us, them, Instant::now())?);
        let session = Some((http, session.resource, token));
        let mut line = Self { socket, secured: Some((identity, peer)), tracks, session, key_wanted: false };
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
        peer.tick(Instant::now())?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if let Some((_, peer)) = &mut self.secured {
            for datagram in peer.drain() {
                self.socket.send_to(&datagram, SocketAddr::V4(self.tracks[0].to))?;
            }
        }
        Ok(())
    }

    fn send(&mut self, track: usize, marker: bool, timestamp: u32, payload: &[u8]) -> Result<()> {
        let out = &mut self.tracks[track];
        out.sequence = out.sequence.wrapping_add(1);
        out.packets = out.packets.wrapping_add(1);
        out.octets = out.octets.wrapping_add(payload.len() as u32);
        let header = rtp::header(out.track.payload_type, marker, out.sequence, timestamp, out.track.ssrc.unwrap_or(0));
        let mut packet = rtp::extend(header, &out.extensions);
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
        for out in &self.tracks {
            let time = (since.as_micros() as u64 * out.clock_khz / 1_000) as u32;
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
    burst: Instant,
    audio_number: u64,
}

impl Schedule {
    /// RTP time at a clock of some kHz.
    fn timestamp(&self, at: Instant, khz: u64) -> u32 {
        ((at - self.start).as_micros() as u64 * khz / 1_000) as u32
    }
}

/// Packets of frames that wait for the pacer.
#[derive(Default)]
struct Queue(VecDeque<Waiting>);

struct Waiting {
    track: usize,
    marker: bool,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Queue {
    fn push(&mut self, track: usize, timestamp: u32, frame: Vec<Vec<u8>>) {
        let last = frame.len() - 1;
        self.0.extend(frame.into_iter().enumerate().map(|(at, payload)| Waiting { track, marker: at == last, timestamp, payload }));
    }

    /// Sends one burst; returns for how long the next one has to wait.
    fn burst(&mut self, line: &mut Line, shared: &Shared) -> Result<Duration> {
        let most = shared.pace.lock().expect("no thread panics with the pace").map_or(usize::MAX, Pace::burst);
        let mut sent = 0;
        while sent < most
            && let Some(mut next) = self.0.pop_front()
        {
            frames::restamp(true, &mut next.payload);
            line.send(next.track, next.marker, next.timestamp, &next.payload)?;
            shared.packets.fetch_add(1, Ordering::Relaxed);
            sent += next.payload.len();
        }
        Ok(if most == usize::MAX { Duration::ZERO } else { Duration::from_secs_f64(sent as f64 / PACE_BYTES_PER_SECOND) })
    }
}

fn run(line: &mut Line, shared: &Shared) -> Result<()> {
    let start = Instant::now();
    let mut schedule = Schedule { start, audio: start, frame: start, report: start, check: start, burst: start, audio_number: 0 };
    let (mut queue, mut was_playing) = (Queue::default(), false);
    let layers = line.tracks.len() - 1;
    let shares = if layers == 1 { &LAYERS[2..] } else { &LAYERS[..] };
    let mut videos: Vec<_> = (0..).zip(shares).map(|(layer, percent)| frames::Video::new(layer, *percent)).collect();
    while !shared.ended.load(Ordering::Relaxed) {
        line.poll()?;
        let now = Instant::now();
        let playing = shared.playing.load(Ordering::Relaxed);
        if playing && !was_playing {
            (schedule.frame, schedule.audio, schedule.burst) = (now, now + AUDIO_LEAD, now);
            line.key_wanted = true;
        }
        if now >= schedule.report {
            let check = now >= schedule.check;
            schedule.check = if check { now + CHECK_EVERY } else { schedule.check };
            schedule.report = now + REPORT_EVERY;
            line.keep(check, now - start)?;
        }
        if playing && now >= schedule.frame {
            let key = std::mem::take(&mut line.key_wanted);
            shared.key_requests.fetch_add(u64::from(key && was_playing), Ordering::Relaxed);
            let asked = *shared.pace.lock().expect("no thread panics with the pace") == Some(Pace::Asked);
            for (layer, video) in videos.iter_mut().enumerate() {
                video.group = if asked { 0 } else { frames::GROUP };
                queue.push(layer + 1, schedule.timestamp(schedule.frame, 90), video.frame(key));
            }
            schedule.frame += Duration::from_millis(FRAME_MS);
        }
        // What waits when the publisher pauses still goes out.
        if !queue.0.is_empty() && now >= schedule.burst {
            schedule.burst = now + queue.burst(line, shared)?;
        }
        if playing && now >= schedule.audio {
            line.send(0, false, schedule.timestamp(schedule.audio, 48), &frames::audio(schedule.audio_number))?;
            schedule.audio += Duration::from_millis(AUDIO_MS);
            schedule.audio_number += 1;
            shared.packets.fetch_add(1, Ordering::Relaxed);
        }
        was_playing = playing;
        let next = if playing { schedule.frame.min(schedule.audio) } else { now + POLL };
        let next = if queue.0.is_empty() { next } else { next.min(schedule.burst) };
        thread::sleep(next.min(now + POLL).saturating_duration_since(Instant::now()));
    }
    Ok(())
}
