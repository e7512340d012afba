//! Searches by HTTP: at a steady rate, whatever the answers take; the first page by itself; how soon a new posting is found.

use crate::Server;
use crate::corpus::SEARCHES;
use anyhow::{Context, Result, bail, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// A connection that stays, HTTP/1.1 by hand.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    /// A header with who it is, or nothing.
    whom: String,
}

impl Connection {
    pub(crate) async fn open(addr: &str) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new(), whom: String::new() })
    }

    pub(crate) fn as_whom(&mut self, token: &str) {
        self.whom = format!("Authorization: Bearer {token}\r\n");
    }

    /// Where a form leads.
    pub(crate) async fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> Result<String> {
        let whom = &self.whom;
        let head = format!("POST {path} HTTP/1.1\r\nHost: bench\r\n{whom}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(body).await?;
        let (head, said) = self.answer().await?;
        let place = head.lines().find_map(|l| l.strip_prefix("location: ")).map(str::to_owned);
        ensure!(head.starts_with("http/1.1 303"), "{path}: {head} {said}");
        place.context("location")
    }

    pub(crate) async fn get(&mut self, path: &str, accept: &str) -> Result<String> {
        let whom = &self.whom;
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{whom}Accept: {accept}\r\n\r\n").as_bytes()).await?;
        let (head, body) = self.answer().await?;
        ensure!(head.starts_with("http/1.1 200"), "{path}: {head}");
        Ok(body)
    }

    async fn answer(&mut self) -> Result<(String, String)> {
        self.read.clear();
        let mut part = [0; 65_536];
        loop {
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
                if self.read.len() >= end + 4 + length {
                    return Ok((head, String::from_utf8_lossy(&self.read[end + 4..end + 4 + length]).into_owned()));
                }
            }
            match self.stream.read(&mut part).await? {
                0 => bail!("closed"),
                n => self.read.extend_from_slice(&part[..n]),
            }
        }
    }
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        let _ = write!(out, "%{b:02X}");
        out
    })
}

/// A search as people make them: the first ones most often, half with filters, some in another order.
fn search(rng: &mut StdRng, fair: &str) -> String {
    let u: f64 = rng.random();
    let typed = SEARCHES[((SEARCHES.len() as f64).powf(u) as usize - 1).min(SEARCHES.len() - 1)];
    let mut path = format!("/fairs/{fair}/postings?q={}", encoded(typed));
    if rng.random_bool(0.5) {
        path += ["&region=440000", "&region=330100", "&region=441900", "&region=320500", "&region=510000"].choose(rng).expect("some");
    }
    for filter in ["&meals=1", "&housing=1", "&couples=1", "&pay=5000", "&kind=full-time", "&day_shift=1", "&industry=C"] {
        if rng.random_bool(0.15) {
            path += filter;
        }
    }
    path += ["", "", "", "", "", "", "", "&sort=newest", "&sort=pay", "&sort=distance&near=441900"].choose(rng).expect("some");
    path
}

pub(crate) fn percentile(times: &mut [f64], p: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() as f64 * p) as usize).min(times.len() - 1)]
}

fn cpu(pid: u32) -> f64 {
    // Threads come and go: what the process used as a whole, in hundredths of a second (proc(5)).
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or("").split(' ').map(|f| f.parse().unwrap_or_default()).collect();
    fields.get(12..14).map_or(0.0, |both| both.iter().sum::<f64>() / 100.0)
}

pub(crate) async fn measure(addr: &str, fair: &str, server: &mut Server, (rate, seconds): (u64, u64)) -> Result<()> {
    steady(addr, fair, server.pid(), rate, 5, false).await?;
    steady(addr, fair, server.pid(), rate, seconds, true).await?;
    let mut connection = Connection::open(addr).await?;
    let board = format!("/fairs/{fair}/postings");
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        connection.get(&board, "text/html").await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    println!("first page of the board  median {:.2} ms, 99 % within {:.2} ms", percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    let mut seen = Vec::new();
    for n in 0..20 {
        let title = format!("珍稀岗位{}", char::from_u32(0x9000 + n).unwrap_or('一'));
        let began = Instant::now();
        server.publish(&title)?;
        let path = format!("{board}?q={}", encoded(&format!("\"{title}\"")));
        while !connection.get(&path, "application/json").await?.contains(&title) {
            ensure!(began.elapsed() < Duration::from_secs(10), "a posting is not found");
        }
        seen.push(began.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "a new posting is found   median {:.1} ms after it was sent, worst {:.1} ms",
        percentile(&mut seen, 0.5),
        percentile(&mut seen, 1.0)
    );
    Ok(())
}

/// Searches begin at their times, whether those before are answered or not; what is measured is from when one was due.
async fn steady(addr: &str, fair: &str, pid: u32, rate: u64, seconds: u64, told: bool) -> Result<()> {
    let (send, receive) = mpsc::channel::<(Instant, String)>(10_000);
    let receive = std::sync::Arc::new(tokio::sync::Mutex::new(receive));
    let mut workers = Vec::new();
    for _ in 0..64 {
        let (receive, mut connection) = (receive.clone(), Connection::open(addr).await?);
        workers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            loop {
                let next = receive.lock().await.recv().await;
                let Some((due, path)) = next else { return anyhow::Ok(times) };
                connection.get(&path, "text/html").await?;
                times.push(due.elapsed().as_secs_f64() * 1e3);
            }
        }));
    }
    let mut rng = StdRng::seed_from_u64(if told { 3 } else { 4 });
    let (began, used) = (Instant::now(), cpu(pid));
    for n in 0..rate * seconds {
        let due = began + Duration::from_secs_f64(n as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        send.send((due, search(&mut rng, fair))).await?;
    }
    drop(send);
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    let (took, used) = (began.elapsed().as_secs_f64(), cpu(pid) - used);
    if told {
        println!(
            "searches, {:.0}/s of {rate}     median {:.1} ms, 99 % within {:.1} ms, worst {:.1} ms; {:.0} % of one core, {:.2} ms of it each",
            times.len() as f64 / took,
            percentile(&mut times, 0.5),
            percentile(&mut times, 0.99),
            percentile(&mut times, 1.0),
            used * 100.0 / took,
            used * 1e3 / times.len() as f64
        );
    }
    Ok(())
}
