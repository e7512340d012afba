//! A client of the API that shares no code with the server: HTTP/1.1 by hand on connections that stay.

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Connections of those who book what nobody else wants.
const QUIET: usize = 64;
const BOOKINGS: usize = 5_000;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(addr: &str) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    async fn send(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, Vec<u8>)> {
        let accept = if method == "GET" { "text/html" } else { "application/json" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.buffer.clear();
        let mut part = [0; 16_384];
        loop {
            if let Some((status, start, length)) = parse(&self.buffer)? {
                if self.buffer.len() >= start + length {
                    return Ok((status, self.buffer[start..start + length].to_vec()));
                }
            }
            match self.stream.read(&mut part).await? {
                0 => bail!("closed"),
                n => self.buffer.extend_from_slice(&part[..n]),
            }
        }
    }
}

/// Status, where the body starts, and its length.
fn parse(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).context("status")?.parse()?;
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(Ok(0), str::parse)?;
    Ok(Some((status, end + 4, length)))
}

fn text<'a>(scene: &'a Value, key: &str) -> &'a str {
    scene[key].as_str().unwrap_or_default()
}

fn list(scene: &Value, key: &str) -> Vec<String> {
    scene[key].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn percentile(sorted: &[f64], p: usize) -> f64 {
    sorted[(sorted.len() * p / 100).min(sorted.len() - 1)]
}

pub(crate) async fn measure(scene: &Value) -> Result<()> {
    quiet(scene).await?;
    rush(scene).await?;
    week(scene).await
}

/// Each books a slot that nobody else wants.
async fn quiet(scene: &Value) -> Result<()> {
    let (addr, people, slots) = (text(scene, "addr"), list(scene, "people"), list(scene, "quiet"));
    let count = BOOKINGS.min(people.len());
    let mut tasks = Vec::new();
    let started = Instant::now();
    for n in 0..QUIET {
        let mine: Vec<_> = (n..count).step_by(QUIET).map(|i| (people[i].clone(), slots[i].clone())).collect();
        let addr = addr.to_owned();
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut took) = (Connection::open(&addr).await?, Vec::new());
            for (token, slot) in mine {
                let started = Instant::now();
                let (status, body) = connection.send("POST", &format!("/slots/{slot}/bookings"), &token, "{}").await?;
                anyhow::ensure!(status == 201, "{status} {}", String::from_utf8_lossy(&body));
                took.push(started.elapsed().as_secs_f64() * 1e3);
            }
            Ok(took)
        }));
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    let (median, p99) = (percentile(&took, 50), percentile(&took, 99));
    println!(
        "bookings, HTTP         {:.0}/s: {} in {seconds:.2} s, median {median:.1} ms, 99 % within {p99:.1} ms",
        took.len() as f64 / seconds,
        took.len()
    );
    Ok(())
}

/// Everybody wants one of a hundred slots at the same moment, each on a connection of their own.
async fn rush(scene: &Value) -> Result<()> {
    let (addr, people, slots) = (text(scene, "addr"), list(scene, "people"), list(scene, "rush"));
    let places = Arc::new(Semaphore::new(500));
    let opened = join_all(people.iter().map(|_| {
        let (places, addr) = (places.clone(), addr.to_owned());
        async move {
            let _place = places.acquire_owned().await;
            Connection::open(&addr).await
        }
    }))
    .await;
    let connections: Vec<Connection> = opened.into_iter().collect::<Result<_>>()?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .zip(people)
        .enumerate()
        .map(|(n, (mut connection, token))| {
            let path = format!("/slots/{}/bookings", slots[n % slots.len()]);
            tokio::spawn(async move {
                let answer = connection.send("POST", &path, &token, "{}").await;
                let took = started.elapsed().as_secs_f64() * 1e3;
                let near = answer.as_ref().is_ok_and(|(_, body)| body.windows(7).any(|w| w == b"\"slots\""));
                (answer.map(|a| a.0), took, near)
            })
        })
        .collect();
    let (mut won, mut lost, mut other, mut took, mut near) = (0, 0, 0, Vec::new(), 0);
    for task in tasks {
        let (status, at, with_slots) = task.await?;
        match status {
            Ok(201) => won += 1,
            Ok(409) => lost += 1,
            _ => other += 1,
        }
        near += usize::from(with_slots);
        took.push(at);
    }
    took.sort_by(f64::total_cmp);
    println!(
        "{} on {} slots     {won} booked, {lost} refused ({near} with other slots), {other} without an answer",
        took.len(),
        slots.len()
    );
    println!(
        "all at once            median {:.0} ms, 99 % within {:.0} ms, last {:.0} ms",
        percentile(&took, 50),
        percentile(&took, 99),
        took[took.len() - 1]
    );
    anyhow::ensure!(won == slots.len() && other == 0, "exactly one for each slot");
    Ok(())
}

/// The page of a week with two hundred interviews.
async fn week(scene: &Value) -> Result<()> {
    let (employer, day, token) = (text(scene, "employer"), text(scene, "day"), text(scene, "recruiter"));
    let mut connection = Connection::open(text(scene, "addr")).await?;
    let path = std::env::var("WEEK_PATH").unwrap_or_else(|_| "/employers/{employer}/interviews?view=week&day={day}".into());
    let path = path.replace("{employer}", employer).replace("{day}", day);
    let (mut took, mut size) = (Vec::new(), 0);
    for _ in 0..40 {
        let started = Instant::now();
        let (status, body) = connection.send("GET", &path, token, "").await?;
        anyhow::ensure!(status == 200, "{status} {path}");
        size = body.len();
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    println!("week of 200            median {:.1} ms, worst {:.1} ms, {} kB", took[20], took[39], size / 1024);
    Ok(())
}
