//! What one viewer gets on a bad network, and how soon it gets something again after a change of address and after an outage.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::frames::{self, Payload, wall_ns};
use crate::link::{Link, Way};
use crate::peer::{Event, Identity, Peer};
use crate::picture::Picture;
use crate::publish::{Pace, Publisher, Target};
use crate::reports::{self, LastReport, Reception};
use crate::rtp::{self, Extender, Header};
use crate::sdp::{self, Credentials, Remote, Role};
use crate::signal::Http;
use crate::sys;

/// On a good network first, as long as an estimate takes to grow.
const GOOD: Duration = Duration::from_secs(8);
const OUTAGE: Duration = Duration::from_secs(5);
/// How long to wait for anything to come back.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a datagram waits at the bottleneck of a usual access router.
const QUEUE: Duration = Duration::from_millis(400);
/// Sound that comes later than its way takes and this long is no use to a player.
const PLAYOUT: Duration = Duration::from_millis(300);
/// What Chromium does on a path that it is not sure of (WEAK_PING_INTERVAL is shorter still).
const CHECK_EVERY: Duration = Duration::from_millis(480);
/// Packets of sound back in which a repeated one is sought: five seconds.
const HEARD: usize = 250;
const FEEDBACK_EVERY: Duration = Duration::from_millis(100);
const REPORT_EVERY: Duration = Duration::from_secs(1);

#[derive(clap::Args, Clone)]
pub(crate) struct NetworkArgs {
    #[arg(long)]
    whep: String,
    #[arg(long)]
    whip: String,
    #[arg(long)]
    token: String,
    /// Of the bottleneck, in kbit/s.
    #[arg(long, default_value_t = 400.0)]
    rate: f64,
    /// From the server to the viewer, in ms.
    #[arg(long, default_value_t = 100)]
    delay: u64,
    /// From the server to the viewer, in percent.
    #[arg(long, default_value_t = 2.0)]
    loss: f64,
    /// Length of the time on the bad network.
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
    /// What is measured, for the table: name and version.
    #[arg(long, default_value = "springbreeze")]
    pub(crate) name: String,
    /// Stores the server's traces of the bad times in this folder; needs curl.
    #[arg(long)]
    trace: Option<PathBuf>,
    /// Stores the table in this file, between its two marks.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

/// What came through the bottleneck.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Bottleneck {
    pub(crate) audio_in_time_percent: f64,
    /// Until the first frame of the smallest layer.
    pub(crate) low_layer_after_s: Option<f64>,
    pub(crate) longest_freeze_s: f64,
    /// Longest freeze after the first five seconds, in which the server has to find out.
    pub(crate) later_freeze_s: f64,
    pub(crate) frames_per_second: f64,
    pub(crate) kbit_per_second: f64,
    pub(crate) nacks: u32,
    pub(crate) key_requests: u32,
}

/// Milliseconds until something came again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Recovery {
    pub(crate) sound_ms: Option<f64>,
    pub(crate) picture_ms: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) joining: Bottleneck,
    pub(crate) onset: Bottleneck,
    pub(crate) address: Recovery,
    pub(crate) outage: Recovery,
}

struct Sound {
    number: u64,
    sent_ns: u64,
    arrived_ns: u64,
    at: Instant,
}

/// One viewer behind a link.
struct Watcher {
    identity: Identity,
    peer: Peer,
    socket: UdpSocket,
    link: Link,
    http: Http,
    session: String,
    ssrc: u32,
    picture: Picture,
    sound: Vec<Sound>,
    highest: [Extender; 2],
    /// Per report interval: numbers expected so far and packets received, then.
    received: [(u64, u64); 2],
    counted: [(u64, u64); 2],
    bytes: u64,
    arrivals: Vec<(u16, i64)>,
    feedbacks: u8,
    last: [LastReport; 2],
    check: Instant,
    feedback: Instant,
    report: Instant,
}

impl Watcher {
    /// Joins over a link that begins with the given way down.
    fn join(args: &NetworkArgs, down: Way) -> Result<Self> {
        let (identity, us, http) = (Identity::new()?, Credentials::random(), Http::new(1));
        let session = http.open(&args.whep, None, &sdp::offer(&us, &identity.fingerprint, &Role::Viewer { rtx: true }))?;
        let them = Remote::parse(&session.answer)?;
        let link = Link::start(them.address.context("the answer has no UDP candidate on IPv4")?)?;
        link.set(|conditions| conditions.down = down);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        sys::stamp_arrivals(&socket)?;
        let now = Instant::now();
        let peer = Peer::new(&identity, us, them, now)?;
        let mut watcher = Self {
            identity,
            peer,
            socket,
            link,
            http,
            session: session.resource,
            ssrc: rand::random::<u32>().max(1),
            picture: Picture::new(now),
            sound: Vec::new(),
            highest: [Extender::default(); 2],
            received: [(0, 0); 2],
            counted: [(0, 0); 2],
            bytes: 0,
            arrivals: Vec::new(),
            feedbacks: 0,
            last: [LastReport::default(); 2],
            check: now,
            feedback: now,
            report: now,
        };
        watcher.watch(PATIENCE, |watcher| watcher.peer.is_connected())?;
        if !watcher.peer.is_connected() {
            bail!("no connection over the link");
        }
        Ok(watcher)
    }

    /// Lets the server trace the connection for a while.
    fn trace(&self, args: &NetworkArgs, name: &str) -> Result<()> {
        let Some(folder) = &args.trace else { return Ok(()) };
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sS", "--max-time", "70", "--output"]).arg(folder.join(format!("{name}.qlog")));
        curl.arg(format!("{}/trace?seconds={}", self.session, args.seconds.ceil())).spawn()?;
        Ok(())
    }

    /// Goes on for `span`, or until `enough`.
    fn watch(&mut self, span: Duration, enough: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + span;
        while Instant::now() < deadline && !enough(self) {
            self.step()?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn step(&mut self) -> Result<()> {
        let mut buffer = [0; 4_096];
        while let Some(arrival) = sys::receive(&self.socket, &mut buffer)? {
            let datagram = &buffer[..arrival.length];
            let arrived_ns = arrival.at.unwrap_or_else(wall_ns);
            self.bytes += datagram.len() as u64;
            match self.peer.datagram(&self.identity, Instant::now(), datagram) {
                Ok(Event::Rtp(packet)) => self.rtp(&packet, arrived_ns),
                Ok(Event::Rtcp(packet)) => self.rtcp(packet)?,
                Ok(Event::Closed) => bail!("the server ended the connection"),
                // On a bad network datagrams come late and twice.
                Ok(_) | Err(_) => {}
            }
        }
        let now = Instant::now();
        self.picture.advance(now);
        self.peer.tick(now)?;
        if self.peer.is_connected() {
            self.tell(now)?;
        }
        self.flush();
        Ok(())
    }

    fn flush(&mut self) {
        let to = SocketAddr::V4(self.link.address());
        for datagram in self.peer.drain() {
            let _ = self.socket.send_to(&datagram, to);
        }
    }

    fn rtp(&mut self, packet: &[u8], arrived_ns: u64) {
        let (Some(header), now) = (Header::parse(packet), Instant::now()) else { return };
        let them = self.peer.remote();
        if let Some(number) = them.transport_cc.and_then(|id| header.extension(packet, id)) {
            self.arrivals.push((number, (arrived_ns / 1_000) as i64));
        }
        let payload = header.payload(packet);
        if header.payload_type == sdp::RTX {
            // Padding that probes the path has no packet inside (RFC 4588, section 4).
            if let [high, low, original @ ..] = payload {
                self.picture.take(now, u16::from_be_bytes([*high, *low]), &header, original);
            }
            return;
        }
        let video = header.payload_type == them.video.payload_type;
        self.highest[usize::from(video)].extend(header.sequence);
        self.received[usize::from(video)].1 += 1;
        if video {
            self.picture.take(now, header.sequence, &header, payload);
        } else if header.payload_type == sdp::RED {
            rtp::blocks(payload).into_iter().for_each(|block| self.heard(block, arrived_ns, now));
        } else {
            self.heard(payload, arrived_ns, now);
        }
    }

    /// A packet of sound, alone or in redundant sound; it may have come before.
    fn heard(&mut self, payload: &[u8], arrived_ns: u64, at: Instant) {
        if let Payload::Media(stamp) = frames::inspect(false, payload)
            && self.sound.iter().rev().take(HEARD).all(|sound| sound.number != stamp.number)
        {
            self.sound.push(Sound { number: stamp.number, sent_ns: stamp.sent_ns, arrived_ns, at });
        }
    }

    fn rtcp(&mut self, packet: bytes::BytesMut) -> Result<()> {
        let heard = reports::hear(packet);
        for (ssrc, middle) in heard.reports {
            let video = self.peer.remote().video.ssrc == Some(ssrc);
            self.last[usize::from(video)] = LastReport { middle, arrived_ns: wall_ns() };
        }
        if heard.goodbye { Err(anyhow::anyhow!("the server said goodbye")) } else { Ok(()) }
    }

    /// What a browser tells the server: checks, arrivals, reports, what is missing.
    fn tell(&mut self, now: Instant) -> Result<()> {
        if now >= self.check {
            self.check = now + CHECK_EVERY;
            self.peer.check(&self.identity, now)?;
        }
        let media = self.peer.remote().video.ssrc.unwrap_or(0);
        if now >= self.feedback {
            self.feedback = now + FEEDBACK_EVERY;
            let arrivals = reports::in_order(std::mem::take(&mut self.arrivals));
            if !arrivals.is_empty() {
                self.peer.send_rtcp(&reports::transport_feedback(self.ssrc, media, self.feedbacks, &arrivals)?)?;
                self.feedbacks = self.feedbacks.wrapping_add(1);
            }
        }
        if now >= self.report {
            self.report = now + REPORT_EVERY;
            self.report()?;
        }
        let missing = self.picture.ask(now);
        if !missing.is_empty() {
            self.peer.send_rtcp(&reports::nack(self.ssrc, media, &missing)?)?;
        }
        if self.picture.wants_key(now) {
            self.peer.send_rtcp(&reports::key_request(self.ssrc, media)?)?;
        }
        Ok(())
    }

    fn report(&mut self) -> Result<()> {
        let them = self.peer.remote();
        let mut streams = Vec::new();
        for (at, track) in [them.audio, them.video].into_iter().enumerate() {
            let (Some(ssrc), Some(highest)) = (track.ssrc, self.highest[at].highest()) else { continue };
            let (before, received) = self.counted[at];
            let expected = if before == 0 { 0 } else { highest.saturating_sub(before) };
            let lost = expected.saturating_sub(self.received[at].1 - received);
            self.counted[at] = (highest, self.received[at].1);
            let fraction_lost = (lost * 256).checked_div(expected).unwrap_or(0).min(255) as u8;
            streams.push(Reception { ssrc, highest: highest as u32, fraction_lost, last: self.last[at] });
        }
        self.peer.send_rtcp(&reports::receiver_report(self.ssrc, &streams)?)
    }

    /// Figures of the last `span`.
    fn bottleneck(&self, began: Instant, began_ns: u64, bytes: u64, way: &Way) -> Bottleneck {
        let end = Instant::now();
        let span = (end - began).as_secs_f64();
        // The last sound may still be on its way.
        let latest = wall_ns() - (way.delay + PLAYOUT + QUEUE).as_nanos() as u64;
        let window: Vec<&Sound> = self.sound.iter().filter(|sound| (began_ns..latest).contains(&sound.sent_ns)).collect();
        let numbers = || window.iter().map(|sound| sound.number);
        let expected = numbers().max().zip(numbers().min()).map_or(0, |(last, first)| last - first + 1);
        let limit = (way.delay + PLAYOUT).as_nanos() as u64;
        let in_time = window.iter().filter(|sound| sound.arrived_ns.saturating_sub(sound.sent_ns) <= limit).count();
        let low = self.picture.shown.iter().find(|shown| shown.at >= began && shown.layer == 0);
        let frames = self.picture.shown.iter().filter(|shown| shown.at >= began).count();
        let later = began + Duration::from_secs(5);
        Bottleneck {
            audio_in_time_percent: in_time as f64 * 100.0 / expected.max(1) as f64,
            low_layer_after_s: low.map(|shown| (shown.at - began).as_secs_f64()),
            longest_freeze_s: self.picture.longest_gap(began, end).as_secs_f64(),
            later_freeze_s: if end > later { self.picture.longest_gap(later, end).as_secs_f64() } else { 0.0 },
            frames_per_second: frames as f64 / span,
            kbit_per_second: (self.bytes - bytes) as f64 * 8e-3 / span,
            nacks: self.picture.nacks,
            key_requests: self.picture.key_requests,
        }
    }

    /// Waits until sound and picture come again.
    fn recovery(&mut self, since: Instant) -> Result<Recovery> {
        self.watch(PATIENCE, |watcher| {
            let again = |at: Option<Instant>| at.is_some_and(|at| at >= since);
            again(watcher.sound.last().map(|sound| sound.at)) && again(watcher.picture.shown.last().map(|shown| shown.at))
        })?;
        let ms = |at: Instant| (at - since).as_secs_f64() * 1e3;
        Ok(Recovery {
            sound_ms: self.sound.iter().find(|sound| sound.at >= since).map(|sound| ms(sound.at)),
            picture_ms: self.picture.shown.iter().find(|shown| shown.at >= since).map(|shown| ms(shown.at)),
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // A server that cannot be told finds out by itself.
        let _ = self.http.close(&self.session, None);
    }
}

pub(crate) fn run(args: &NetworkArgs) -> Result<Figures> {
    let target = Target::Whip { http: Http::new(1), url: args.whip.clone(), token: args.token.clone(), simulcast: true };
    let mut publisher = Publisher::start(target, Pace::Browser)?;
    publisher.play(true);
    std::thread::sleep(Duration::from_secs(2));
    let span = Duration::from_secs_f64(args.seconds);
    let delay = Duration::from_millis(args.delay);
    let bad = Way { rate: Some(args.rate * 1e3), delay, loss: args.loss / 100.0, queue: QUEUE, cut: false };

    let (began, began_ns) = (Instant::now(), wall_ns());
    let mut watcher = Watcher::join(args, bad)?;
    watcher.trace(args, "joining")?;
    watcher.watch(span, |_| false)?;
    let joining = watcher.bottleneck(began, began_ns, 0, &bad);
    eprintln!("joined over the bottleneck: {joining:?}");
    drop(watcher);

    let mut watcher = Watcher::join(args, Way::default())?;
    watcher.watch(GOOD, |_| false)?;
    let (began, began_ns, bytes) = (Instant::now(), wall_ns(), watcher.bytes);
    watcher.trace(args, "onset")?;
    watcher.link.set(|conditions| conditions.down = bad);
    watcher.watch(span, |_| false)?;
    let onset = watcher.bottleneck(began, began_ns, bytes, &bad);
    eprintln!("bottleneck in the middle: {onset:?}");
    drop(watcher);

    let mut watcher = Watcher::join(args, Way::default())?;
    watcher.watch(GOOD, |_| false)?;
    let since = Instant::now();
    watcher.link.set(|conditions| conditions.address += 1);
    // A client that has changed networks checks its new path at once.
    watcher.check = since;
    // What came from the old address just before does not count.
    watcher.watch(Duration::from_millis(5), |_| false)?;
    let address = watcher.recovery(Instant::now())?;
    eprintln!("new address: {address:?}");
    watcher.watch(Duration::from_secs(2), |_| false)?;
    let cut = |cut| {
        move |conditions: &mut crate::link::Conditions| {
            conditions.down.cut = cut;
            conditions.up.cut = cut;
        }
    };
    watcher.link.set(cut(true));
    watcher.watch(OUTAGE, |_| false)?;
    watcher.link.set(cut(false));
    let outage = watcher.recovery(Instant::now())?;
    eprintln!("outage: {outage:?}");
    publisher.check()?;
    Ok(Figures { joining, onset, address, outage })
}
