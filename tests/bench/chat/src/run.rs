//! All figures, one after the other. The server is alone on its core; the crowd, and this program, on another.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::child::Told;
use crate::cpu::Meter;
use crate::crowd::{Crowd, Door, MARK};
use crate::people;
use crate::table;

#[derive(Args)]
pub(crate) struct RunArgs {
    #[arg(long)]
    pub(crate) server: SocketAddr,
    #[arg(long)]
    pub(crate) server_pid: u32,
    #[arg(long, default_value_t = 0)]
    pub(crate) server_core: usize,
    #[arg(long)]
    pub(crate) room: String,
    #[arg(long)]
    pub(crate) fair: String,
    /// Token of an organiser of the fair.
    #[arg(long)]
    pub(crate) organiser: String,
    #[arg(long, default_value_t = 5_000)]
    pub(crate) sockets: usize,
    #[arg(long, default_value_t = 10_000)]
    pub(crate) idle: usize,
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// Booths to write in for the figure of acknowledged messages, and people who write.
    #[arg(long, default_value_t = 450)]
    pub(crate) rooms: usize,
    #[arg(long, default_value_t = 4_000)]
    pub(crate) people: usize,
    /// Parts to leave out: fanout, stream, idle, posts, rush, peer.
    #[arg(long, value_delimiter = ',')]
    pub(crate) without: Vec<String>,
    /// Program of the peer.
    #[arg(long, default_value = "tests/bench/peer-ws.mjs")]
    pub(crate) peer: PathBuf,
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    #[arg(long, default_value = "springbreeze")]
    pub(crate) name: String,
    /// Stores the table in docs/benchmarks.md.
    #[arg(long)]
    pub(crate) write: bool,
}

/// One text to many, again and again.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Fanout {
    pub(crate) sockets: usize,
    /// CPU for one delivery, medians of the rounds.
    pub(crate) cpu_us: f64,
    /// From sending to the last arrival.
    pub(crate) wall_ms: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Stream {
    pub(crate) sockets: usize,
    pub(crate) per_second: f64,
    pub(crate) deliveries_per_second: f64,
    pub(crate) missing: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_us: f64,
    pub(crate) share: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) sockets: usize,
    pub(crate) kb: f64,
    /// CPU a second and socket.
    pub(crate) cpu_us: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Posts {
    pub(crate) rooms: usize,
    pub(crate) sent: usize,
    pub(crate) acknowledged: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_us: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rush {
    pub(crate) joins: usize,
    pub(crate) joined: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) present: usize,
    pub(crate) chat_p99_ms: f64,
    pub(crate) missing: usize,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) floor: Option<Fanout>,
    pub(crate) ours: Option<Fanout>,
    pub(crate) theirs: Option<Fanout>,
    pub(crate) stream: Option<Stream>,
    pub(crate) idle: Option<Idle>,
    pub(crate) their_idle: Option<Idle>,
    pub(crate) posts: Option<Posts>,
    pub(crate) rush: Option<Rush>,
}

const ROUNDS: usize = 20;
/// What a message carries, besides the mark: about 200 bytes with everything around it.
const TEXT: usize = 42;
const PATIENCE: Duration = Duration::from_secs(20);
/// Writers of the stream: each may write five messages at once, then one in 1.5 s.
const WRITERS: usize = 90;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn percentile_ms(values: &mut [Duration], share: f64) -> f64 {
    values.sort_unstable();
    let at = ((values.len().max(1) - 1) as f64 * share).round() as usize;
    values.get(at).map_or(f64::NAN, |value| value.as_secs_f64() * 1e3)
}

struct Bench<'a> {
    args: &'a RunArgs,
    meter: Meter,
    path: String,
}

/// Opens `count` sockets, some hundreds at a time, and waits until all are greeted.
fn gather(crowd: &mut Crowd, count: usize, door: impl Fn(usize) -> Door) -> Result<Vec<usize>> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        for _ in 0..200.min(count - numbers.len()) {
            let number = crowd.open(door(numbers.len()))?;
            numbers.push(number);
        }
        let (all, last) = (crowd.len(), numbers.last().copied().unwrap_or(0));
        let there = crowd.pump(PATIENCE, |crowd| crowd.is_open(last) && crowd.open_count() == all)?;
        ensure!(there, "{} of {all} sockets are open, refused: {:?}", crowd.open_count(), crowd.seen.refused);
    }
    crowd.take();
    Ok(numbers)
}

impl Bench<'_> {
    fn stranger(&self) -> Door {
        Door { path: self.path.clone(), ..Door::default() }
    }

    fn named(&self, cookie: &str) -> Door {
        Door { path: self.path.clone(), cookie: Some(cookie.to_owned()), ..Door::default() }
    }

    /// One text to everybody, round by round.
    fn fanout(&self, writers: &[String]) -> Result<Fanout> {
        let mut crowd = Crowd::new(self.args.server)?;
        gather(&mut crowd, self.args.sockets, |_| self.stranger())?;
        let writers = gather(&mut crowd, ROUNDS.min(writers.len()), |at| self.named(&writers[at]))?;
        crowd.pump(Duration::from_secs(1), |_| false)?;
        rounds(&mut crowd, &self.meter, |crowd, round| {
            crowd.post(writers[round % writers.len()], TEXT);
            Ok(())
        })
    }

    fn stream(&self, writers: &[String]) -> Result<Stream> {
        const PER_SECOND: f64 = 50.0;
        let mut crowd = Crowd::new(self.args.server)?;
        gather(&mut crowd, self.args.sockets, |_| self.stranger())?;
        let writers = gather(&mut crowd, writers.len(), |at| self.named(&writers[at]))?;
        let everybody = crowd.len();
        crowd.pump(Duration::from_secs(1), |_| false)?;
        crowd.take();
        let (start, before) = (Instant::now(), self.meter.read());
        let sent = (self.args.seconds * PER_SECOND) as usize;
        for number in 0..sent {
            crowd.post(writers[number % writers.len()], TEXT);
            let due = start + Duration::from_secs_f64((number + 1) as f64 / PER_SECOND);
            crowd.pump(due.saturating_duration_since(Instant::now()), |_| false)?;
        }
        crowd.pump(Duration::from_secs(10), |crowd| crowd.seen.delays.len() >= sent * everybody)?;
        let after = self.meter.read();
        let mut seen = crowd.take();
        if !seen.refused.is_empty() {
            eprintln!("stream: {:?}", seen.refused);
        }
        let span = seen.last.map_or(self.args.seconds, |last| (last - start).as_secs_f64());
        let count = seen.delays.len();
        Ok(Stream {
            sockets: everybody,
            per_second: PER_SECOND,
            deliveries_per_second: count as f64 / span,
            missing: sent * everybody - count,
            p50_ms: percentile_ms(&mut seen.delays, 0.5),
            p99_ms: percentile_ms(&mut seen.delays, 0.99),
            cpu_us: after.cpu_us_since(&before) / count.max(1) as f64,
            share: after.share_since(&before),
        })
    }

    fn posts(&self, people: &[String]) -> Result<Posts> {
        let rooms = people::rooms(self.args.server, &self.args.fair, &self.args.organiser, self.args.rooms)?;
        let mut crowd = Crowd::new(self.args.server)?;
        let door = |at: usize| Door {
            path: format!("/rooms/{}/socket", rooms[at % rooms.len()]),
            cookie: Some(people[at].clone()),
            ..Door::default()
        };
        let writers = gather(&mut crowd, people.len(), door)?;
        crowd.pump(Duration::from_secs(1), |_| false)?;
        crowd.take();
        // Each may write five at once: as fast as the server acknowledges, always with so many on their way.
        let (most, on_their_way) = (writers.len() * 5, 144);
        let (start, before) = (Instant::now(), self.meter.read());
        let mut sent = 0;
        while sent < most {
            let answered = crowd.seen.acks.len() + crowd.seen.refused.values().sum::<usize>();
            if sent - answered < on_their_way {
                crowd.post(writers[sent % writers.len()], TEXT);
                sent += 1;
            } else if !crowd
                .pump(PATIENCE, |crowd| sent - (crowd.seen.acks.len() + crowd.seen.refused.values().sum::<usize>()) < on_their_way)?
            {
                break;
            }
        }
        crowd.pump(PATIENCE, |crowd| crowd.seen.acks.len() + crowd.seen.refused.values().sum::<usize>() >= sent)?;
        let (span, after) = (start.elapsed().as_secs_f64(), self.meter.read());
        let mut seen = crowd.take();
        if !seen.refused.is_empty() {
            eprintln!("posts: {:?}", seen.refused);
        }
        let acknowledged = seen.acks.len();
        Ok(Posts {
            rooms: rooms.len(),
            sent,
            acknowledged,
            per_second: acknowledged as f64 / span,
            p50_ms: percentile_ms(&mut seen.acks, 0.5),
            p99_ms: percentile_ms(&mut seen.acks, 0.99),
            cpu_us: after.cpu_us_since(&before) / acknowledged.max(1) as f64,
        })
    }

    fn rush(&self, writers: &[String]) -> Result<Rush> {
        const PRESENT: usize = 500;
        const SPAN: f64 = 10.0;
        let mut present = Crowd::new(self.args.server)?;
        gather(&mut present, PRESENT, |_| self.stranger())?;
        let writers = gather(&mut present, writers.len(), |at| self.named(&writers[at]))?;
        let inside = present.len();
        let mut rush = Crowd::new(self.args.server)?;
        let start = Instant::now();
        let (mut opened, mut sent) = (0, 0);
        let joins = self.args.sockets;
        while opened < joins {
            let due = (start.elapsed().as_secs_f64() / SPAN * joins as f64) as usize;
            while opened < due.min(joins) {
                rush.open(Door { since: Some(0), ..self.stranger() })?;
                opened += 1;
            }
            if start.elapsed().as_secs_f64() * 5.0 > sent as f64 {
                present.post(writers[sent % writers.len()], TEXT);
                sent += 1;
            }
            rush.pump(Duration::from_millis(2), |_| false)?;
            present.pump(Duration::from_millis(1), |_| false)?;
        }
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && (rush.open_count() < joins || present.seen.delays.len() < sent * inside) {
            rush.pump(Duration::from_millis(5), |_| false)?;
            present.pump(Duration::from_millis(5), |_| false)?;
        }
        let (mut came, mut seen) = (rush.take(), present.take());
        if !came.refused.is_empty() || !seen.refused.is_empty() {
            eprintln!("rush: {:?} {:?}", came.refused, seen.refused);
        }
        Ok(Rush {
            joins,
            joined: came.joins.len(),
            p50_ms: percentile_ms(&mut came.joins, 0.5),
            p99_ms: percentile_ms(&mut came.joins, 0.99),
            present: inside,
            chat_p99_ms: percentile_ms(&mut seen.delays, 0.99),
            missing: sent * inside - seen.delays.len(),
        })
    }

    fn idle(&self) -> Result<Idle> {
        let before = self.meter.resident_kb();
        let mut crowd = Crowd::new(self.args.server)?;
        gather(&mut crowd, self.args.idle, |_| self.stranger())?;
        idle(&mut crowd, &self.meter, before)
    }

    fn start_peer(&self) -> Result<(Told, SocketAddr)> {
        let mut peer = Told::start(self.args.server_core, "node".as_ref(), &[self.args.peer.display().to_string()])?;
        let address = SocketAddr::new(self.args.server.ip(), peer.hear()?.parse()?);
        Ok((peer, address))
    }

    fn peer(&self, figures: &mut Figures) -> Result<()> {
        let (mut peer, address) = self.start_peer()?;
        let meter = Meter::new(peer.pid(), self.args.server_core);
        let bare = |_| Door { path: "/".to_owned(), bare: true, ..Door::default() };
        let mut crowd = Crowd::new(address)?;
        gather(&mut crowd, self.args.sockets, bare)?;
        crowd.pump(Duration::from_secs(1), |_| false)?;
        figures.theirs = Some(rounds(&mut crowd, &meter, |crowd, _| peer.tell(&alike(crowd)))?);
        drop((crowd, peer));
        let (peer, address) = self.start_peer()?;
        let meter = Meter::new(peer.pid(), self.args.server_core);
        std::thread::sleep(Duration::from_secs(1));
        let before = meter.resident_kb();
        let mut crowd = Crowd::new(address)?;
        gather(&mut crowd, self.args.idle, bare)?;
        figures.their_idle = Some(idle(&mut crowd, &meter, before)?);
        drop(peer);
        Ok(())
    }

    fn floor(&self) -> Result<Fanout> {
        let program = std::env::current_exe()?;
        let count = self.args.sockets;
        let arguments = ["floor".to_owned(), "--sockets".to_owned(), count.to_string()];
        let mut floor = Told::start(self.args.server_core, program.as_os_str(), &arguments)?;
        let mut crowd = Crowd::new(SocketAddr::new(self.args.server.ip(), floor.hear()?.parse()?))?;
        for at in 0..count {
            crowd.open(Door::default())?;
            if at % 100 == 0 {
                crowd.pump(Duration::from_millis(2), |_| false)?;
            }
        }
        floor.hear().context("the floor")?;
        let meter = Meter::new(floor.pid(), self.args.server_core);
        rounds(&mut crowd, &meter, |crowd, _| floor.tell(&alike(crowd)))
    }
}

/// A text as long as an entry of ours.
fn alike(crowd: &Crowd) -> String {
    format!("{{\"{MARK}{:016x}\":\"{}\"}}", crowd.now(), "x".repeat(240))
}

/// Sends one text to everybody, [`ROUNDS`] times, and waits until all have it.
fn rounds(crowd: &mut Crowd, meter: &Meter, mut send: impl FnMut(&mut Crowd, usize) -> Result<()>) -> Result<Fanout> {
    let everybody = crowd.len();
    let (mut costs, mut walls) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        crowd.take();
        let (start, before) = (Instant::now(), meter.read());
        send(crowd, round)?;
        let all = crowd.pump(PATIENCE, |crowd| crowd.seen.delays.len() >= everybody)?;
        ensure!(all, "{} of {everybody} got a text, refused: {:?}", crowd.seen.delays.len(), crowd.seen.refused);
        walls.push(crowd.seen.last.map_or(f64::NAN, |last| (last - start).as_secs_f64() * 1e3));
        // What is done after the last delivery belongs to it.
        crowd.pump(Duration::from_millis(100), |_| false)?;
        costs.push(meter.read().cpu_us_since(&before) / everybody as f64);
    }
    Ok(Fanout { sockets: everybody, cpu_us: median(costs), wall_ms: median(walls) })
}

fn idle(crowd: &mut Crowd, meter: &Meter, before_kb: u64) -> Result<Idle> {
    crowd.pump(Duration::from_secs(5), |_| false)?;
    let kb = meter.resident_kb().saturating_sub(before_kb) as f64 / crowd.len() as f64;
    let start = meter.read();
    crowd.pump(Duration::from_secs(25), |_| false)?;
    let cpu_us = meter.read().cpu_us_since(&start) / 25.0 / crowd.len() as f64;
    ensure!(crowd.open_count() == crowd.len(), "{} of {} stayed", crowd.open_count(), crowd.len());
    Ok(Idle { sockets: crowd.len(), kb, cpu_us })
}

pub(crate) fn run(args: &RunArgs) -> Result<()> {
    let with = |part: &str| !args.without.iter().any(|without| without == part);
    let path = format!("/rooms/{}/socket", args.room);
    let bench = Bench { args, meter: Meter::new(args.server_pid, args.server_core), path };
    let mut figures = Figures::default();
    // Memory first: what was freed by others would be used again.
    if with("idle") {
        figures.idle = Some(bench.idle()?);
        eprintln!("idle: {:?}", figures.idle);
    }
    let people = people::guests(args.server, if with("posts") { args.people.max(WRITERS * 3) } else { WRITERS * 3 })?;
    let (some, others) = (&people[..WRITERS], &people[WRITERS..WRITERS * 2]);
    if with("fanout") {
        figures.floor = Some(bench.floor()?);
        figures.ours = Some(bench.fanout(&people[WRITERS * 2..])?);
        eprintln!("fan-out: floor {:?}\n         ours {:?}", figures.floor, figures.ours);
    }
    if with("stream") {
        figures.stream = Some(bench.stream(some)?);
        eprintln!("stream: {:?}", figures.stream);
    }
    if with("rush") {
        figures.rush = Some(bench.rush(others)?);
        eprintln!("rush: {:?}", figures.rush);
    }
    if with("posts") {
        std::thread::sleep(Duration::from_secs(8)); // Until everybody may write five at once again.
        figures.posts = Some(bench.posts(&people)?);
        eprintln!("posts: {:?}", figures.posts);
    }
    if with("peer") {
        bench.peer(&mut figures)?;
        eprintln!("npm ws: {:?} {:?}", figures.theirs, figures.their_idle);
    }
    if let Some(json) = &args.json {
        std::fs::write(json, serde_json::to_vec_pretty(&figures)?)?;
    }
    table::show(args, &figures)
}
