//! The figures as a table for people, with the conditions under which they were measured.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::{Figures, RunArgs};

const BEGIN: &str = "<!-- chat: written by bin/bench chat --write -->";
const END: &str = "<!-- chat: end -->";

fn row(out: &mut String, figure: &str, measured: &str, beside: &str, ratio: &str, target: &str) {
    let _ = writeln!(out, "| {figure} | {measured} | {beside} | {ratio} | {target} |");
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn conditions(args: &RunArgs) -> String {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default().trim_start_matches([' ', '\t', ':']).to_owned();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "Measured {} with {} on {} cores of {model}, Linux {}: server, floor and peer on core {}, the crowd on another. Node {}. Load average at the end {}.",
        output("date", &["+%Y-%m-%d"]),
        args.name,
        output("nproc", &["--all"]),
        output("uname", &["-r"]),
        args.server_core,
        output("node", &["--version"]),
        load.split(' ').take(3).collect::<Vec<_>>().join(" "),
    )
}

fn rows(figures: &Figures) -> String {
    let mut out = String::from("| figure | measured | beside, in the same run | ratio | target |\n|---|---|---|---|---|\n");
    if let (Some(ours), Some(floor)) = (&figures.ours, &figures.floor) {
        let beside = format!("raw `write` {:.2} us", floor.cpu_us);
        let ratio = format!("{:.0} %", floor.cpu_us / ours.cpu_us * 100.0);
        row(
            &mut out,
            &format!("one message to {} sockets, CPU a delivery", ours.sockets),
            &format!("{:.2} us", ours.cpu_us),
            &beside,
            &ratio,
            ">= 70 % of the floor's rate",
        );
        let ratio = format!("{:.0} %", floor.wall_ms / ours.wall_ms * 100.0);
        row(
            &mut out,
            "the same, from sending to the last arrival",
            &format!("{:.1} ms", ours.wall_ms),
            &format!("raw `write` {:.1} ms", floor.wall_ms),
            &ratio,
            "",
        );
        if let Some(theirs) = &figures.theirs {
            row(
                &mut out,
                "the same beside npm `ws`, CPU a delivery",
                &format!("{:.2} us", ours.cpu_us),
                &format!("ws {:.2} us", theirs.cpu_us),
                &format!("{:.1}", theirs.cpu_us / ours.cpu_us),
                ">= 5",
            );
        }
    }
    if let Some(stream) = &figures.stream {
        let measured = format!(
            "{:.0} deliveries/s, {} missing, core {:.0} % busy",
            stream.deliveries_per_second,
            stream.missing,
            stream.share * 100.0
        );
        let floor = figures.floor.as_ref().map_or(String::new(), |floor| format!("raw `write` {:.0}/s/core", 1e6 / floor.cpu_us));
        let ratio = figures.floor.as_ref().map_or(String::new(), |floor| format!("{:.1}", floor.cpu_us / stream.cpu_us));
        row(
            &mut out,
            &format!("{} messages/s to {} sockets", stream.per_second, stream.sockets),
            &measured,
            &floor,
            &ratio,
            ">= 250,000/s",
        );
        let delay = format!("median {:.0} ms, p99 {:.0} ms", stream.p50_ms, stream.p99_ms);
        row(&mut out, "the same, delivery", &delay, "", "", "p99 <= 250 ms");
        if let Some(theirs) = &figures.theirs {
            row(
                &mut out,
                "the same, CPU a delivery",
                &format!("{:.2} us", stream.cpu_us),
                &format!("ws {:.2} us", theirs.cpu_us),
                &format!("{:.1}", theirs.cpu_us / stream.cpu_us),
                ">= 5",
            );
        }
    }
    if let Some(idle) = &figures.idle {
        let theirs = figures.their_idle.as_ref();
        let beside = theirs.map_or(String::new(), |theirs| format!("ws {:.1} kB", theirs.kb));
        let ratio = theirs.map_or(String::new(), |theirs| format!("{:.2}", idle.kb / theirs.kb));
        row(
            &mut out,
            &format!("resident memory of an idle socket, of {}", idle.sockets),
            &format!("{:.1} kB", idle.kb),
            &beside,
            &ratio,
            "<= 8 kB, below ws",
        );
        let beside = theirs.map_or(String::new(), |theirs| format!("ws {:.2} us", theirs.cpu_us));
        row(&mut out, "CPU a second of an idle socket", &format!("{:.2} us", idle.cpu_us), &beside, "", "<= 3 us");
    }
    if let Some(posts) = &figures.posts {
        let measured = format!("{:.0}/s, {} of {} acknowledged", posts.per_second, posts.acknowledged, posts.sent);
        row(&mut out, &format!("messages stored and acknowledged in {} rooms", posts.rooms), &measured, "", "", ">= 5,000/s");
        row(
            &mut out,
            "the same, until the acknowledgement",
            &format!("median {:.0} ms, p99 {:.0} ms", posts.p50_ms, posts.p99_ms),
            "",
            "",
            "p99 <= 50 ms",
        );
    }
    if let Some(rush) = &figures.rush {
        let measured = format!("{} joined, median {:.0} ms, p99 {:.0} ms", rush.joined, rush.p50_ms, rush.p99_ms);
        row(&mut out, &format!("{} join one room in 10 s, to the first history", rush.joins), &measured, "", "", "all, p99 <= 2 s");
        let measured = format!("p99 {:.0} ms, {} missing", rush.chat_p99_ms, rush.missing);
        row(&mut out, &format!("the same, chat of {} already inside", rush.present), &measured, "", "", "p99 <= 500 ms");
    }
    out
}

pub(crate) fn show(args: &RunArgs, figures: &Figures) -> Result<()> {
    let text = format!("{}\n{}\n", rows(figures), conditions(args));
    println!("{text}");
    if args.write {
        const PATH: &str = "docs/benchmarks.md";
        let page = fs::read_to_string(PATH).context(PATH)?;
        let (before, rest) = page.split_once(BEGIN).context("the page has no place for the chat")?;
        let (_, after) = rest.split_once(END).context("the place for the chat has no end")?;
        fs::write(PATH, format!("{before}{BEGIN}\n{text}{END}{after}"))?;
    }
    Ok(())
}
