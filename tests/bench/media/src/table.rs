//! The figures as a table for people, with the conditions under which they were measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::measure::Window;
use crate::network;
use crate::run::{Cost, Figures, Joins, RunArgs, Server};

fn begin(part: &str) -> String {
    format!("<!-- {part}: written by bin/bench {part} --write -->")
}

fn end(part: &str) -> String {
    format!("<!-- {part}: end -->")
}

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
    // Where it loses packets it does less work.
    let standing: Vec<&Cost> = janus.costs.iter().filter(|cost| cost.loss_percent() < 0.1).collect();
    let mut compare = |figure: &str, ours: &Cost, theirs: &Cost| {
        let measured = format!("{:.0}k ({:.1} us)", per_core(ours), ours.us());
        let beside = format!("Janus {:.0}k ({:.1} us)", per_core(theirs), theirs.us());
        row(out, figure, &measured, &beside, &format!("{:.1}", theirs.us() / ours.us()), ">= 5, aim >= 8");
    };
    for theirs in &standing {
        if let Some(ours) = figures.ours.costs.iter().find(|cost| cost.viewers == theirs.viewers) {
            compare(&format!("packets/s/core, {} viewers", ours.viewers), ours, theirs);
        }
    }
    let best = |costs: &mut dyn Iterator<Item = &Cost>| costs.min_by(|a, b| a.us().total_cmp(&b.us())).cloned();
    if let (Some(ours), Some(theirs)) = (best(&mut figures.ours.costs.iter()), best(&mut standing.into_iter())) {
        compare(&format!("packets/s/core, each at its best ({} and {} viewers)", ours.viewers, theirs.viewers), &ours, &theirs);
    }
}

fn limits(out: &mut String, ours: &Server, janus: Option<&Server>) {
    let size = |window: Option<&Window>| window.map_or("none".to_owned(), |window| window.viewers.to_string());
    let busy = |window: Option<&Window>| {
        window.map_or(String::new(), |window| {
            format!(" (core {:.0} % busy, {:.2} us, p99 {:.1} ms)", window.cpu_percent, window.cpu_us_per_packet, window.delay_ms_p99)
        })
    };
    for limit in &ours.limits {
        let (well, whole) = (limit.well.as_ref(), limit.whole.as_ref());
        let theirs = janus.map_or(String::new(), |janus| {
            let served =
                janus.costs.iter().filter(|cost| cost.loss_percent() < 0.1 && cost.p99_ms() <= 20.0).map(|cost| cost.viewers).max();
            served.map_or("Janus: none of its crowds".to_owned(), |viewers| format!("Janus {viewers}"))
        });
        let target = ">= 1,200, aim >= 2,000";
        let pace = limit.pace.name();
        let figure = format!("viewers at < 0.1 % loss and p99 delay <= 20 ms, frames {pace}");
        row(out, &figure, &format!("{}{}", size(well), busy(well)), &theirs, "", target);
        let figure = format!("viewers at < 0.1 % loss, however late, frames {pace}");
        row(out, &figure, &format!("{}{}", size(whole), busy(whole)), "", "", "");
    }
}

fn rest(out: &mut String, figures: &Figures) {
    let (ours, janus) = (&figures.ours, figures.janus.as_ref());
    let beside = |text: Option<String>| text.map_or(String::new(), |text| format!("Janus {text}"));
    limits(out, ours, janus);
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
        let beside = format!("{come} of them connected, median {:.0} ms", joins.median_ms);
        row(out, &format!("{} join in 5 s while {} watch", joins.count, storm.viewers), &measured, &beside, "", "< 0.5 %, aim < 0.1 %");
    }
}

fn joins(out: &mut String, ours: &Server, janus: Option<&Server>) {
    let latency = |joins: &Joins| format!("median {:.1} ms, 95 % {:.1} ms", joins.median_ms, joins.p95_ms);
    if let Some(idle) = &ours.joins_idle {
        let theirs = janus.and_then(|janus| janus.joins_idle.as_ref());
        let beside = theirs.map_or(String::new(), |joins| format!("Janus {:.0} ({:.2} ms CPU)", 1e6 / joins.cpu_us, joins.cpu_us / 1e3));
        let ratio = theirs.map_or(String::new(), |joins| format!("{:.1}", joins.cpu_us / idle.cpu_us));
        let each = |joins: &Joins| format!("{:.0} ({:.2} ms CPU)", 1e6 / joins.cpu_us, joins.cpu_us / 1e3);
        row(out, "joins per second per core, by CPU, 100 a second", &each(idle), &beside, &ratio, "");
        let busy = ours.joins_busy.as_ref().map_or(String::new(), each);
        row(out, "joins per second per core, by CPU, 400 a second", &busy, "", "", ">= 1,200, aim >= 2,000");
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
        args.pace.name(),
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

/// The figures of one viewer on a bad network.
pub(crate) fn network(name: &str, figures: &network::Figures) -> String {
    let mut out = String::from("| figure | measured | target |\n|---|---|---|\n");
    let mut row = |figure: &str, measured: String, target: &str| {
        let _ = writeln!(out, "| {figure} | {measured} | {target} |");
    };
    for (when, part) in [("joined over the bottleneck", &figures.joining), ("bottleneck after 8 s", &figures.onset)] {
        row(&format!("{when}: sound in time"), format!("{:.1} %", part.audio_in_time_percent), ">= 98 %");
        let low = part.low_layer_after_s.map_or("never".to_owned(), |seconds| format!("after {seconds:.2} s"));
        row(&format!("{when}: first frame of the low layer"), low, "<= 3 s");
        let freeze = format!("{:.2} s, {:.2} s after the first five seconds", part.longest_freeze_s, part.later_freeze_s);
        row(&format!("{when}: longest standstill of the picture"), freeze, "aim <= 1 s");
        let rate = format!(
            "{:.0} kbit/s, {:.1} frames/s, {} key frames asked for",
            part.kbit_per_second, part.frames_per_second, part.key_requests
        );
        row(&format!("{when}: received"), rate, "");
    }
    for (what, recovery) in [("change of address", &figures.address), ("outage of 5 s", &figures.outage)] {
        let ms = |ms: Option<f64>| ms.map_or("never".to_owned(), |ms| format!("{ms:.0} ms"));
        let measured = format!("sound {}, picture {}", ms(recovery.sound_ms), ms(recovery.picture_ms));
        row(&format!("recovery after {what}, without a new join"), measured, "<= 1.5 s, aim <= 0.5 s");
    }
    let _ = write!(
        out,
        "\nMeasured {} with {name}. Publisher: three layers of 150, 500 and 1,500 kbit/s, key frames every 2 s. From the server to the viewer 400 kbit/s \
         with a queue of 400 ms, 100 ms delay, 2 % loss, in user space with a fixed seed; the way back is good. Sound is in time within 300 ms of its way.\n",
        output("date", &["+%F"])
    );
    out
}

/// Puts a part's table between its marks in a file, at the end if there are none yet.
pub(crate) fn store(path: &Path, part: &str, table: &str) -> Result<()> {
    let before = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, placed(&before, part, table)).with_context(|| path.display().to_string())
}

fn placed(before: &str, part: &str, table: &str) -> String {
    let (begin, end) = (begin(part), end(part));
    match (before.find(&begin), before.find(&end)) {
        (Some(from), Some(to)) if from < to => format!("{}{begin}\n{table}{}", &before[..from], &before[to..]),
        _ => format!("{before}\n{begin}\n{table}{end}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let first = placed("# Figures\n", "media", "| old |\n");
        let second = placed(&format!("{first}More words.\n"), "media", "| new |\n");
        assert_eq!(second, format!("# Figures\n\n{}\n| new |\n{}\nMore words.\n", begin("media"), end("media")));
        let third = placed(&second, "network", "| more |\n");
        assert!(third.starts_with(&second) && third.ends_with("| more |\n<!-- network: end -->\n"));
    }
}
