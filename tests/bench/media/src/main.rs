//! Measures a media server from outside: a crowd of lean viewers, a synthetic publisher, the floor, and Janus on the same work.
//!
//! Independent of the product's code: it knows WHIP, WHEP, ICE, DTLS, SRTP and RTP, and nothing of how the server is made.

mod counts;
mod cpu;
mod crowd;
mod floor;
mod frames;
mod janus;
mod link;
mod measure;
mod network;
mod peer;
mod picture;
mod publish;
mod reports;
mod rtp;
mod run;
mod sdp;
mod signal;
mod sys;
mod table;
mod viewer;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use serde_json::json;

use counts::percentile;
use cpu::Meter;
use crowd::{Crowd, Signalling, Whep};
use publish::{Pace, Publisher, Target};
use signal::Http;
use viewer::Feedback;

#[derive(Parser)]
#[command(about = "Measures a media server from outside")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Viewers of one stream, published from here as well if --whip is given; with --server-pid what it costs the server.
    Crowd(CrowdArgs),
    /// Publishes the synthetic stream by WHIP.
    Publish {
        #[command(flatten)]
        whip: WhipArgs,
        #[arg(long, default_value_t = 30.0)]
        seconds: f64,
    },
    /// The same with Janus in place of the server (Debian package `janus`).
    Janus {
        #[command(flatten)]
        load: LoadArgs,
        #[arg(long, value_enum, default_value_t = Pace::Browser)]
        pace: Pace,
    },
    /// All figures of the table, and the table.
    Run(run::RunArgs),
    /// One viewer on a bad network, after a change of address and after an outage.
    Network(network::NetworkArgs),
    /// Sends the same bytes to sockets without a media server.
    Floor {
        /// File with one IP:PORT a line.
        #[arg(long)]
        to: PathBuf,
        #[arg(long, default_value_t = 10.0)]
        seconds: f64,
        /// Bytes of header extension in each packet.
        #[arg(long, default_value_t = 0)]
        extension: usize,
        #[arg(long, default_value_t = 0)]
        core: usize,
    },
}

#[derive(Args)]
struct WhipArgs {
    #[arg(long)]
    whip: Option<String>,
    #[arg(long, default_value = "")]
    token: String,
    #[arg(long, value_enum, default_value_t = Pace::Browser)]
    pace: Pace,
    /// Three layers of the picture.
    #[arg(long)]
    simulcast: bool,
}

#[derive(Args)]
struct CrowdArgs {
    #[arg(long)]
    whep: String,
    #[command(flatten)]
    whip: WhipArgs,
    /// Process of the server, for its CPU and memory.
    #[arg(long)]
    server_pid: Option<u32>,
    #[command(flatten)]
    load: LoadArgs,
}

#[derive(Args)]
struct LoadArgs {
    #[arg(long, default_value_t = 100)]
    viewers: usize,
    /// Viewers that decrypt and check every packet.
    #[arg(long, default_value_t = 4)]
    verified: usize,
    /// Joins a second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    #[arg(long, value_enum, default_value_t = Feedback::All)]
    feedback: Feedback,
    /// Length of each round.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// The core that the server runs on.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// After each round the same bytes from the server's core to the same sockets, for as long.
    #[arg(long)]
    floor: bool,
}

/// A command that runs on one core.
pub(crate) fn pinned(core: usize, program: &OsStr) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Threads that post offers: enough that slow answers do not hold up the others.
const SIGNALLERS: usize = 24;
/// Time for the first key frame to reach everybody.
const SETTLE: Duration = Duration::from_millis(2_500);

fn print(value: &serde_json::Value) {
    println!("{value:#}");
}

fn target(whip: &WhipArgs) -> Option<Target> {
    let url = whip.whip.clone()?;
    Some(Target::Whip { http: Http::new(1), url, token: whip.token.clone(), simulcast: whip.simulcast })
}

/// A crowd comes, and rounds are measured if there is a publisher.
fn crowd(args: &LoadArgs, signalling: Arc<dyn Signalling>, publisher: Option<Publisher>, pid: Option<u32>) -> Result<()> {
    let mut crowd = Crowd::start(signalling, args.feedback, SIGNALLERS)?;
    let meter = Meter::new(pid.unwrap_or(std::process::id()), args.server_core);
    let (memory, cpu) = (meter.resident_kb(), meter.read());
    crowd.join(args.viewers, Duration::from_secs_f64(args.viewers as f64 / args.rate), args.verified)?;
    let look = crowd.wait(Duration::from_secs_f64(60.0 + args.viewers as f64 / args.rate))?;
    let join_cpu_us = meter.read().cpu_us_since(&cpu) / args.viewers as f64;
    let mut join_ms = look.join_ms.clone();
    let mut join = |share| percentile(&mut join_ms, share).unwrap_or(0.0);
    print(&json!({
        "viewers": args.viewers, "connected": look.connected, "failed": look.failed, "refused": crowd.refused().len(),
        "join_ms": {"p50": join(0.5), "p95": join(0.95), "max": join(1.0)},
        "join_cpu_us": pid.map(|_| join_cpu_us),
        "extension_bytes": look.extension_bytes, "errors": look.errors, "refusals": crowd.refused().first(),
    }));
    let Some(mut publisher) = publisher else {
        std::thread::sleep(Duration::from_secs_f64(args.seconds));
        return crowd.leave();
    };
    publisher.play(true);
    std::thread::sleep(SETTLE);
    let span = Duration::from_secs_f64(args.seconds);
    for round in 1..=args.rounds {
        let window = measure::window(&crowd, &mut publisher, &meter, span)?;
        print(&json!({ "round": round, "server": window }));
        if args.floor {
            let floor = floor::measure(&crowd.addresses()?, span, look.extension_bytes, args.server_core)?;
            print(&json!({ "round": round, "floor": floor, "ratio": window.cpu_us_per_packet / floor.cpu_us_per_packet }));
        }
    }
    print(&json!({ "resident_kb_per_viewer": (meter.resident_kb().saturating_sub(memory)) as f64 / args.viewers as f64,
        "errors": crowd.look()?.errors }));
    // Whoever gets the port numbers next must not get our packets.
    crowd.leave()
}

fn main() -> Result<()> {
    sys::raise_open_files()?;
    match Cli::parse().command {
        Task::Crowd(args) => {
            let publisher = target(&args.whip).map(|target| Publisher::start(target, args.whip.pace)).transpose()?;
            let signalling = Whep { http: Http::new(SIGNALLERS), url: args.whep };
            crowd(&args.load, Arc::new(signalling), publisher, args.server_pid)
        }
        Task::Janus { load, pace } => {
            let janus = janus::Janus::start(load.server_core)?;
            let publisher = Publisher::start(janus.target(), pace)?;
            crowd(&load, Arc::new(janus.signalling(SIGNALLERS)), Some(publisher), Some(janus.pid()))
        }
        Task::Run(args) => {
            let figures = run::run(&args)?;
            let table = table::table(&args, &figures);
            println!("{table}");
            if let Some(path) = &args.json {
                std::fs::write(path, serde_json::to_vec_pretty(&figures)?)?;
            }
            args.write.as_deref().map_or(Ok(()), |path| table::store(path, "media", &table))
        }
        Task::Network(args) => {
            let figures = network::run(&args)?;
            let table = table::network(&args.name, &figures);
            println!("{table}");
            args.write.as_deref().map_or(Ok(()), |path| table::store(path, "network", &table))
        }
        Task::Publish { whip, seconds } => {
            let target = target(&whip).ok_or_else(|| anyhow::anyhow!("--whip is missing"))?;
            let mut publisher = Publisher::start(target, whip.pace)?;
            publisher.play(true);
            std::thread::sleep(Duration::from_secs_f64(seconds));
            publisher.check()?;
            print(&json!({ "packets": publisher.packets(), "key_requests": publisher.key_requests() }));
            Ok(())
        }
        Task::Floor { to, seconds, extension, core } => {
            let figures = floor::run(&to, Duration::from_secs_f64(seconds), extension, core)?;
            println!("{}", serde_json::to_string(&figures)?);
            Ok(())
        }
    }
}
