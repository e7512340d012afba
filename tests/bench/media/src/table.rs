//! The figures as a table for people, with the conditions under which they were measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::{Cost, Figures, Joins, RunArgs, Server};

const BEGIN: &str = "<!-- media: written by bin/bench media --write -->";
const END: &str = "<!-- media: end -->";

fn row(out: &mut String, figure: &str, measured: &str, beside: &str, ratio: &str, target: &str) {
    let _ = writeln!(out, "| {figure} | {measured} | {beside} | {ratio} | {target} |");
}

fn costs(out: &mut String, figures: &Figures) {
    for cost in &figures.ours.costs {
        row(
            out,
            &format!("CPU per forwarded packet, {} viewers", cost.viewers),
            &format!("{:.2} us", cost.us()),
            &format!("floor {:.2} us", cost.floor_us()),
            &format!("{:.2}", cost.ratio()),
            "<= 1.8, aim <= 1.4",
        );
    }
}

/// Packets a second that one core forwards by what each costs.
fn per_core(cost: &Cost) -> f64 {
    1e3 / cost.us()
}

fn against_janus(out: &mut String, figures: &Figures) {
    let Some(janus) = &figures.janus else { return };
    // The best of Janus that still delivers, beside ours at the next size measured.
    let standing = |cost: &&Cost| cost.loss_percent() < 0.1;
    for theirs in janus.costs.iter().filter(standing) {
        let Some(ours) = figures.ours.costs.iter().find(|cost| cost.viewers >= theirs.viewers) else { continue };
        row(
            out,
            &format!("packets/s/core, {} viewers (Janus {})", ours.viewers, theirs.viewers),
            &format!("{:.0}k", per_core(ours)),
            &format!("Janus {:.0}k ({:.1} us)", per_core(theirs), theirs.us()),
            &format!("{:.1}", theirs.us() / ours.us()),
            ">= 5, aim >= 8",
        );
    }
}

fn limit(server: &Server) -> String {
    server.limit.map_or("none of the steps".to_owned(), |viewers| viewers.to_string())
}

fn rest(out: &mut String, figures: &Figures) {
    let (ours, janus) = (&figures.ours, figures.janus.as_ref());
    let beside = |text: Option<String>| text.map_or(String::new(), |text| format!("Janus {text}"));
    if !ours.steps.is_empty() {
        let last = ours.steps.iter().rev().find(|step| Some(step.viewers) == ours.limit);
        let busy = last.map_or(String::new(), |step| format!(" (core {:.0} % busy, p99 {:.1} ms)", step.cpu_percent, step.delay_ms_p99));
        let ratio =
            janus.and_then(|janus| Some(ours.limit? as f64 / janus.limit? as f64)).map_or(String::new(), |ratio| format!("{ratio:.1}"));
        let theirs = beside(janus.map(limit));
        row(
            out,
            "viewers at < 0.1 % loss, p99 delay <= 20 ms",
            &format!("{}{busy}", limit(ours)),
            &theirs,
            &ratio,
            ">= 1,200, aim >= 2,000",
        );
    }
    if let Some((kb, viewers)) = ours.memory_kb {
        let theirs = janus.and_then(|janus| janus.memory_kb);
        let ratio = theirs.map_or(String::new(), |(theirs, _)| format!("{:.2}", kb / theirs));
        let theirs = beside(theirs.map(|(kb, viewers)| format!("{kb:.0} kB of {viewers}")));
        row(out, "resident memory per viewer, media flowing", &format!("{kb:.1} kB of {viewers}"), &theirs, &ratio, "<= 30 kB, aim <= 15");
    }
    joins(out, ours, janus);
    if let (Some(storm), Some(joins)) = (&ours.storm, &ours.storm_joins) {
        let come = joins.count - joins.failed;
        let measured = format!(
            "{:.3} % lost, worst viewer {:.3} %, p99 delay {:.0} ms",
            storm.loss_percent, storm.worst_loss_percent, storm.delay_ms_p99
        );
        let beside = format!("{come} connected, median {:.0} ms", joins.median_ms);
        row(out, &format!("{} join in 5 s while {} watch", joins.count, storm.viewers), &measured, &beside, "", "< 0.5 %, aim < 0.1 %");
    }
}

fn joins(out: &mut String, ours: &Server, janus: Option<&Server>) {
    let latency = |joins: &Joins| format!("median {:.1} ms, 95 % {:.1} ms", joins.median_ms, joins.p95_ms);
    if let Some(idle) = &ours.joins_idle {
        let theirs = janus.and_then(|janus| janus.joins_idle.as_ref());
        let beside = theirs.map_or(String::new(), |joins| format!("Janus {:.0} ({:.2} ms CPU)", 1e6 / joins.cpu_us, joins.cpu_us / 1e3));
        let ratio = theirs.map_or(String::new(), |joins| format!("{:.1}", joins.cpu_us / idle.cpu_us));
        let measured = format!("{:.0} ({:.2} ms CPU)", 1e6 / idle.cpu_us, idle.cpu_us / 1e3);
        row(out, "joins per second per core, by CPU", &measured, &beside, &ratio, ">= 1,200, aim >= 2,000");
        let beside = theirs.map_or(String::new(), |joins| format!("Janus {}", latency(joins)));
        row(out, "join latency, offer to connected, idle", &latency(idle), &beside, "", "median <= 15 ms, aim <= 5");
    }
    if let Some(joins) = &ours.joins_forwarding {
        row(out, "join latency while forwarding to 500", &latency(joins), "", "", "median <= 40 ms, aim <= 20");
    }
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn conditions(args: &RunArgs, figures: &Figures) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default().trim_matches([' ', '\t', ':']);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let janus =
        if figures.janus.is_some() { output("dpkg-query", &["-W", "-f", ", Janus ${Version} (Debian)", "janus"]) } else { String::new() };
    let extension = if figures.ours.costs.is_empty() { "" } else { ", median of the rounds" };
    format!(
        "Measured {} with {}{janus} on {cores} cores of {model}, Linux {}: server, floor and Janus on core {}, everything else on the other. \
         Load average at the end {}. Rounds: {} of {} s{extension}, server and floor in turns. Stream: H.264 1.5 Mbit/s at 25 frames/s in packets of \
         865 to 1,146 B, {}, a key frame every 2 s, and 50 Opus packets/s. Server idle with the largest crowd connected: {:.1} % of its core.",
        output("date", &["+%F"]),
        args.name,
        output("uname", &["-r"]),
        args.server_core,
        load.join(" "),
        args.rounds,
        args.seconds,
        if args.paced { "spread as a browser's pacer does" } else { "each frame at once as OBS sends it" },
        figures.ours.idle_percent,
    )
}

pub(crate) fn table(args: &RunArgs, figures: &Figures) -> String {
    let mut out = String::from("| figure | measured | floor / Janus of the same run | ratio | target |\n|---|---|---|---|---|\n");
    costs(&mut out, figures);
    against_janus(&mut out, figures);
    rest(&mut out, figures);
    let _ = write!(out, "\n{}\n", conditions(args, figures));
    out
}

/// Puts the table between the marks of a file, at its end if there are none yet.
pub(crate) fn store(path: &Path, table: &str) -> Result<()> {
    let before = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, placed(&before, table)).with_context(|| path.display().to_string())
}

fn placed(before: &str, table: &str) -> String {
    match (before.find(BEGIN), before.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{BEGIN}\n{table}{}", &before[..begin], &before[end..])
        }
        _ => format!("{before}\n{BEGIN}\n{table}{END}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let first = placed("# Figures\n", "| old |\n");
        let second = placed(&format!("{first}More words.\n"), "| new |\n");
        assert_eq!(second, format!("# Figures\n\n{BEGIN}\n| new |\n{END}\nMore words.\n"));
    }
}
