//! What a process costs, from `/proc`: CPU time by the scheduler's own account, and resident memory.
//!
//! Where the kernel takes loopback packets in is decided by load: in the sender's own call, or in the core's `ksoftirqd`. The latter's
//! time counts as well, or an overloaded sender would look cheap.

use std::fs;
use std::time::Instant;

/// Nanoseconds that the threads of a process have run, without those that have ended.
fn run_ns(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let run = |path: std::path::PathBuf| fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok();
    tasks.flatten().filter_map(|task| run(task.path())).sum()
}

/// The number of the thread that takes packets in on a core when there are too many.
fn softirq_thread(core: usize) -> Option<u32> {
    let name = format!("ksoftirqd/{core}\n");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.find(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm == name))
}

/// Reads one process's CPU time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pid: u32,
    softirq: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    at: Instant,
    cpu_ns: u64,
}

impl Meter {
    /// Of a process that runs on one core.
    pub(crate) fn new(pid: u32, core: usize) -> Self {
        Self { pid, softirq: softirq_thread(core) }
    }

    pub(crate) fn read(&self) -> Reading {
        Reading { at: Instant::now(), cpu_ns: run_ns(self.pid) + self.softirq.map_or(0, run_ns) }
    }

    /// Resident memory in kB.
    pub(crate) fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_ascii_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn runs(&self) -> bool {
        fs::metadata(format!("/proc/{}", self.pid)).is_ok()
    }
}

impl Reading {
    pub(crate) fn cpu_us_since(&self, earlier: &Self) -> f64 {
        self.cpu_ns.saturating_sub(earlier.cpu_ns) as f64 / 1e3
    }

    /// The share of one core, 0 to 1 and a little.
    pub(crate) fn share_since(&self, earlier: &Self) -> f64 {
        self.cpu_us_since(earlier) / 1e6 / (self.at - earlier.at).as_secs_f64().max(1e-3)
    }
}
