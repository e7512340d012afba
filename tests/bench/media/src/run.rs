//! The whole measurement: every figure of the table, the floor and Janus in the same run.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::counts::percentile;
use crate::cpu::Meter;
use crate::crowd::{Crowd, Look, Signalling, Whep};
use crate::floor;
use crate::janus::Janus;
use crate::measure::{self, Window};
use crate::publish::{Pace, Publisher, Target};
use crate::signal::Http;
use crate::viewer::Feedback;
use crate::{SETTLE, SIGNALLERS};

/// Viewers that look at every packet, in each crowd.
const VERIFIED: usize = 4;
/// Joins a second while a crowd gathers: half of what is aimed at, so that gathering disturbs nobody.
const GATHER: f64 = 150.0;
/// How many joins the figures of joining come from, and how fast they come.
const JOINS: usize = 300;
const JOIN_RATE: f64 = 100.0;
/// The same for what a join costs: an idle machine pays for going to sleep and waking with every datagram, one that has work to do does not.
const BUSY_JOINS: usize = 1_000;
const BUSY_JOIN_RATE: f64 = 400.0;
/// The storm of the table.
const WATCHING: usize = 500;
const STORM: usize = 2_000;
const STORM_SPAN: Duration = Duration::from_secs(5);
/// The last ones to come are still at the door when the storm is over.
const STORM_AFTER: Duration = Duration::from_secs(3);
/// A storm must not be held up by its own doormen.
const STORM_SIGNALLERS: usize = 160;
/// A server may keep a finished handshake for 30 s, and its allocator takes a moment to give memory back.
const HANDSHAKE_GRACE: Duration = Duration::from_secs(36);
/// What a viewer may lose, and wait for a packet, for a crowd to count as served.
const MOST_LOSS_PERCENT: f64 = 0.1;
const MOST_DELAY_MS: f64 = 20.0;
/// On a machine with other work a step that fails is tried again before it counts.
const TRIES: usize = 3;
/// A server that loses more than this has collapsed: its CPU per packet says nothing any more.
const COLLAPSED_PERCENT: f64 = 2.0;

#[derive(clap::Args, Clone)]
pub(crate) struct RunArgs {
    #[arg(long)]
    pub(crate) whep: String,
    #[arg(long)]
    pub(crate) whip: String,
    #[arg(long)]
    pub(crate) token: String,
    #[arg(long)]
    pub(crate) server_pid: u32,
    #[arg(long, default_value_t = 0)]
    pub(crate) server_core: usize,
    /// Crowds for which the cost of a packet is measured.
    #[arg(long, value_delimiter = ',', default_value = "100,500,1200")]
    pub(crate) viewers: Vec<usize>,
    #[arg(long, value_delimiter = ',', default_value = "100,200,500")]
    pub(crate) janus_viewers: Vec<usize>,
    /// Step and end of the search for the largest crowd that is served well.
    #[arg(long, default_value_t = 200)]
    pub(crate) step: usize,
    #[arg(long, default_value_t = 3_000)]
    pub(crate) most: usize,
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
    #[arg(long, value_enum, default_value_t = Pace::Browser)]
    pub(crate) pace: Pace,
    /// How frames are spread in the search for the largest crowd; each is searched for on its own.
    #[arg(long, value_delimiter = ',', value_enum, default_value = "asked,browser,smooth")]
    pub(crate) limit_paces: Vec<Pace>,
    #[arg(long, value_enum, default_value_t = Feedback::All)]
    pub(crate) feedback: Feedback,
    /// Parts of the measurement to leave out.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(crate) without: Vec<Part>,
    /// What is measured, for the table: name and version.
    #[arg(long, default_value = "springbreeze")]
    pub(crate) name: String,
    /// Stores the table in this file, between its two marks.
    #[arg(long)]
    pub(crate) write: Option<std::path::PathBuf>,
    /// Stores all figures in this file.
    #[arg(long)]
    pub(crate) json: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    Joins,
    Memory,
    Storm,
    Limit,
    Janus,
}

/// One crowd's rounds, each with a floor of its own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) viewers: usize,
    pub(crate) windows: Vec<Window>,
    pub(crate) floors: Vec<floor::Figures>,
}

/// The middle one, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    values.get(low).zip(values.get(high)).map_or(f64::NAN, |(low, high)| (low + high) / 2.0)
}

impl Cost {
    pub(crate) fn us(&self) -> f64 {
        median(self.windows.iter().map(|window| window.cpu_us_per_packet))
    }

    pub(crate) fn floor_us(&self) -> f64 {
        median(self.floors.iter().map(|floor| floor.cpu_us_per_packet))
    }

    /// Of rounds and their own floors.
    pub(crate) fn ratio(&self) -> f64 {
        median(self.windows.iter().zip(&self.floors).map(|(window, floor)| window.cpu_us_per_packet / floor.cpu_us_per_packet))
    }

    pub(crate) fn loss_percent(&self) -> f64 {
        median(self.windows.iter().map(|window| window.loss_percent))
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        median(self.windows.iter().map(|window| window.delay_ms_p99))
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Joins {
    pub(crate) count: usize,
    pub(crate) failed: usize,
    /// Of the whole server process; zero where something else went on as well.
    pub(crate) cpu_us: f64,
    pub(crate) median_ms: f64,
    pub(crate) p95_ms: f64,
}

/// The figures of one server.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Server {
    pub(crate) joins_idle: Option<Joins>,
    pub(crate) joins_busy: Option<Joins>,
    pub(crate) joins_forwarding: Option<Joins>,
    pub(crate) costs: Vec<Cost>,
    /// kB, and of how many viewers.
    pub(crate) memory_kb: Option<(f64, usize)>,
    pub(crate) storm: Option<Window>,
    pub(crate) storm_joins: Option<Joins>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) idle_percent: f64,
}

/// The largest crowds with one way of spreading frames.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Limit {
    pub(crate) pace: Pace,
    /// The largest crowd that was served well: hardly a loss, and soon.
    pub(crate) well: Option<Window>,
    /// The largest crowd that lost hardly anything, however late.
    pub(crate) whole: Option<Window>,
    /// Whether a larger crowd was not served that way any more.
    pub(crate) ended: bool,
    pub(crate) late: bool,
    pub(crate) steps: Vec<Window>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) ours: Server,
    pub(crate) janus: Option<Server>,
}

/// One server under measurement.
struct Bench<'a> {
    args: &'a RunArgs,
    signalling: Arc<dyn Signalling>,
    crowd: Crowd,
    publisher: Publisher,
    meter: Meter,
    gathered: usize,
    memory_kb: u64,
    figures: Server,
}

impl<'a> Bench<'a> {
    fn new(args: &'a RunArgs, signalling: Arc<dyn Signalling>, target: Target, pid: u32) -> Result<Self> {
        let meter = Meter::new(pid, args.server_core);
        let crowd = Crowd::start(Arc::clone(&signalling), args.feedback, SIGNALLERS)?;
        let publisher = Publisher::start(target, args.pace)?;
        let memory_kb = meter.resident_kb();
        Ok(Self { args, signalling, crowd, publisher, meter, gathered: 0, memory_kb, figures: Server::default() })
    }

    fn span(&self) -> Duration {
        Duration::from_secs_f64(self.args.seconds)
    }

    /// Lets the crowd grow to `viewers`, and everybody receive.
    fn gather(&mut self, viewers: usize) -> Result<Look> {
        let more = viewers.saturating_sub(self.gathered);
        let span = Duration::from_secs_f64(more as f64 / GATHER);
        self.crowd.join(more, span, VERIFIED)?;
        self.gathered += more;
        let look = self.crowd.wait(span + Duration::from_secs(60))?;
        if look.connected < viewers {
            bail!("{} of {viewers} viewers are connected; {:?} {:?}", look.connected, self.crowd.refused().first(), look.errors.first());
        }
        self.publisher.play(true);
        thread::sleep(SETTLE);
        Ok(look)
    }

    fn leave(&mut self) -> Result<()> {
        self.publisher.play(false);
        self.gathered = 0;
        self.crowd.leave()
    }

    fn joins(&mut self, count: usize, rate: f64) -> Result<Joins> {
        let mut crowd = Crowd::start(Arc::clone(&self.signalling), Feedback::None, SIGNALLERS)?;
        let span = Duration::from_secs_f64(count as f64 / rate);
        let cpu = self.meter.read();
        crowd.join(count, span, 0)?;
        let look = crowd.wait(span + Duration::from_secs(60))?;
        let cpu_us = self.meter.read().cpu_us_since(&cpu) / count as f64;
        let joins = joined(&look, count, cpu_us);
        crowd.leave()?;
        Ok(joins)
    }

    /// Rounds at one size; false if the server has collapsed.
    fn cost(&mut self, viewers: usize) -> Result<bool> {
        let look = self.gather(viewers)?;
        let span = self.span();
        let mut cost = Cost { viewers, windows: Vec::new(), floors: Vec::new() };
        for _ in 0..self.args.rounds {
            cost.windows.push(measure::window(&self.crowd, &mut self.publisher, &self.meter, span)?);
            cost.floors.push(floor::measure(&self.crowd.addresses()?, span, look.extension_bytes, self.args.server_core)?);
        }
        eprintln!(
            "{viewers} viewers: {:.2} us a packet, floor {:.2}, ratio {:.2}, loss {:.3} %, p99 {:.1} ms",
            cost.us(),
            cost.floor_us(),
            cost.ratio(),
            cost.loss_percent(),
            cost.p99_ms()
        );
        let stands = cost.loss_percent() < COLLAPSED_PERCENT;
        self.figures.costs.push(cost);
        Ok(stands)
    }

    fn memory(&mut self) -> Result<()> {
        self.publisher.play(true);
        thread::sleep(HANDSHAKE_GRACE);
        let grown = self.meter.resident_kb().saturating_sub(self.memory_kb);
        self.figures.memory_kb = Some((grown as f64 / self.gathered.max(1) as f64, self.gathered));
        self.publisher.check()
    }

    /// What the server does with everybody connected and nothing to forward.
    fn idle(&mut self) {
        self.publisher.play(false);
        thread::sleep(Duration::from_secs(1));
        let before = self.meter.read();
        thread::sleep(Duration::from_secs(4));
        self.figures.idle_percent = self.meter.read().share_since(&before) * 100.0;
    }

    fn joins_while_forwarding(&mut self) -> Result<()> {
        self.publisher.play(true);
        let joins = self.joins(JOINS, JOIN_RATE)?;
        self.figures.joins_forwarding = Some(Joins { cpu_us: 0.0, ..joins });
        Ok(())
    }

    fn storm(&mut self) -> Result<()> {
        let mut storm = Crowd::start(Arc::clone(&self.signalling), Feedback::None, STORM_SIGNALLERS)?;
        let window = measure::window_during(&self.crowd, &mut self.publisher, &self.meter, || {
            storm.join(STORM, STORM_SPAN, 0)?;
            thread::sleep(STORM_SPAN + STORM_AFTER);
            Ok(())
        })?;
        let joins = joined(&storm.wait(Duration::from_secs(60))?, STORM, 0.0);
        eprintln!("storm: {:.3} % lost, {joins:?}, refused for {:?}", window.loss_percent, storm.refused().first());
        (self.figures.storm, self.figures.storm_joins) = (Some(window), Some(joins));
        storm.leave()
    }

    /// Grows a crowd from nothing until it loses packets with every way of spreading frames.
    fn limit(&mut self) -> Result<()> {
        self.figures.limits = self
            .args
            .limit_paces
            .iter()
            .map(|pace| Limit { pace: *pace, well: None, whole: None, ended: false, late: false, steps: Vec::new() })
            .collect();
        let mut viewers = 0;
        while viewers + self.args.step <= self.args.most && self.figures.limits.iter().any(|limit| !limit.ended) {
            viewers += self.args.step;
            // A server that refuses has said so: that is its limit.
            if let Err(error) = self.gather(viewers) {
                eprintln!("{error:#}");
                break;
            }
            for at in 0..self.figures.limits.len() {
                if !self.figures.limits[at].ended {
                    self.step(at)?;
                }
            }
        }
        self.publisher.set_pace(self.args.pace);
        Ok(())
    }

    fn step(&mut self, at: usize) -> Result<()> {
        let (span, limit) = (self.span(), &mut self.figures.limits[at]);
        self.publisher.set_pace(limit.pace);
        let (mut well, mut whole) = (false, false);
        for _ in 0..TRIES {
            let window = measure::window(&self.crowd, &mut self.publisher, &self.meter, span)?;
            eprintln!(
                "step {} {:?}: loss {:.3} %, p99 {:.1} ms, CPU {:.0} %, {:.2} us a packet",
                window.viewers, limit.pace, window.loss_percent, window.delay_ms_p99, window.cpu_percent, window.cpu_us_per_packet
            );
            limit.steps.push(window.clone());
            if window.loss_percent < MOST_LOSS_PERCENT {
                whole = true;
                well = !limit.late && window.delay_ms_p99 <= MOST_DELAY_MS;
                limit.whole = Some(window.clone());
            }
            if well {
                limit.well = Some(window);
            }
            if well || whole && limit.late {
                break;
            }
        }
        (limit.ended, limit.late) = (!whole, limit.late || !well);
        Ok(())
    }
}

fn joined(look: &Look, count: usize, cpu_us: f64) -> Joins {
    let mut times = look.join_ms.clone();
    let mut at = |share| percentile(&mut times, share).unwrap_or(f64::NAN);
    Joins { count, failed: count.saturating_sub(look.connected), cpu_us, median_ms: at(0.5), p95_ms: at(0.95) }
}

fn ours(args: &RunArgs, with: impl Fn(Part) -> bool) -> Result<Server> {
    let signalling = Arc::new(Whep { http: Http::new(SIGNALLERS), url: args.whep.clone() });
    let target = Target::Whip { http: Http::new(1), url: args.whip.clone(), token: args.token.clone(), simulcast: false };
    let mut bench = Bench::new(args, signalling, target, args.server_pid)?;
    if with(Part::Joins) {
        // The first joins pay for memory that later ones use again.
        bench.joins(JOINS, JOIN_RATE)?;
        bench.figures.joins_idle = Some(bench.joins(JOINS, JOIN_RATE)?);
        bench.figures.joins_busy = Some(bench.joins(BUSY_JOINS, BUSY_JOIN_RATE)?);
        eprintln!("joins: {:?}, busy {:?}", bench.figures.joins_idle, bench.figures.joins_busy);
    }
    let watching = args.viewers.iter().position(|viewers| *viewers > WATCHING).unwrap_or(args.viewers.len());
    let (few, many) = args.viewers.split_at(watching);
    for viewers in few {
        bench.cost(*viewers)?;
    }
    if with(Part::Joins) || with(Part::Storm) {
        bench.gather(WATCHING)?;
    }
    if with(Part::Joins) {
        bench.joins_while_forwarding()?;
        eprintln!("joins while forwarding: {:?}", bench.figures.joins_forwarding);
    }
    for viewers in many {
        if !bench.cost(*viewers)? {
            break;
        }
    }
    if with(Part::Memory) {
        bench.memory()?;
        eprintln!("memory: {:?} kB a viewer", bench.figures.memory_kb);
    }
    bench.idle();
    if with(Part::Storm) {
        bench.leave()?;
        bench.gather(WATCHING)?;
        bench.storm()?;
    }
    if with(Part::Limit) {
        bench.leave()?;
        bench.limit()?;
    }
    bench.publisher.play(false);
    bench.crowd.leave()?;
    Ok(bench.figures)
}

fn janus(args: &RunArgs, with: impl Fn(Part) -> bool) -> Result<Server> {
    let janus = Janus::start(args.server_core)?;
    let mut bench = Bench::new(args, Arc::new(janus.signalling(SIGNALLERS)), janus.target(), janus.pid())?;
    if with(Part::Joins) {
        bench.joins(JOINS, JOIN_RATE)?;
        bench.figures.joins_idle = Some(bench.joins(JOINS, JOIN_RATE)?);
    }
    for viewers in &args.janus_viewers {
        if !bench.cost(*viewers)? {
            break;
        }
        bench.figures.memory_kb = Some((bench.meter.resident_kb().saturating_sub(bench.memory_kb) as f64 / *viewers as f64, *viewers));
    }
    bench.publisher.play(false);
    Ok(bench.figures)
}

pub(crate) fn run(args: &RunArgs) -> Result<Figures> {
    let with = |part| !args.without.contains(&part);
    let ours = ours(args, with)?;
    let janus = if with(Part::Janus) { Some(janus(args, with)?) } else { None };
    Ok(Figures { ours, janus })
}
