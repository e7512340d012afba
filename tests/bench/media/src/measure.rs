//! One measurement: a stretch of time in which a known number of packets is published, and what became of them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::counts::percentile;
use crate::cpu::Meter;
use crate::crowd::{Crowd, Look};
use crate::publish::Publisher;

/// After the publisher has paused, packets may be on their way for some time if the server is behind.
const DRAIN: Duration = Duration::from_secs(12);
/// Nothing new for this long: all that comes has come. Longer than a server is kept from its core by other work.
const STILL: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Window {
    pub(crate) viewers: usize,
    pub(crate) seconds: f64,
    /// Packets that the server was given, times viewers.
    pub(crate) expected: u64,
    pub(crate) delivered: u64,
    pub(crate) loss_percent: f64,
    /// Of the viewer that lost most.
    pub(crate) worst_loss_percent: f64,
    pub(crate) cpu_us_per_packet: f64,
    /// Of one core.
    pub(crate) cpu_percent: f64,
    pub(crate) delay_ms_p50: f64,
    pub(crate) delay_ms_p99: f64,
    pub(crate) delay_ms_max: f64,
    pub(crate) verified: usize,
    pub(crate) verified_packets: u64,
    pub(crate) verified_refused: u64,
    pub(crate) verified_wrong: u64,
    pub(crate) verified_lost: u64,
    pub(crate) key_requests: u64,
}

/// Waits until nothing more arrives. The delays of packets that came meanwhile are in the result as well.
fn still(crowd: &Crowd) -> Result<Look> {
    let deadline = Instant::now() + DRAIN;
    let mut look = crowd.look()?;
    loop {
        thread::sleep(STILL);
        let mut next = crowd.look()?;
        for ((_, counts), (_, before)) in next.verified.iter_mut().zip(&mut look.verified) {
            counts.delays_us.append(&mut before.delays_us);
        }
        if next.delivered == look.delivered || Instant::now() > deadline {
            return Ok(next);
        }
        look = next;
    }
}

/// Publishes for `span` and looks at what it cost and what arrived.
pub(crate) fn window(crowd: &Crowd, publisher: &mut Publisher, meter: &Meter, span: Duration) -> Result<Window> {
    window_during(crowd, publisher, meter, || {
        thread::sleep(span);
        Ok(())
    })
}

/// Publishes while `action` goes on. The publisher is silent before and after, so that nothing is on its way when packets are counted.
pub(crate) fn window_during(
    crowd: &Crowd,
    publisher: &mut Publisher,
    meter: &Meter,
    action: impl FnOnce() -> Result<()>,
) -> Result<Window> {
    publisher.play(false);
    let before = still(crowd)?;
    let (published, requests, began, cpu) = (publisher.packets(), publisher.key_requests(), Instant::now(), meter.read());
    publisher.play(true);
    let acted = action();
    publisher.play(false);
    let span = began.elapsed();
    acted?;
    let after = still(crowd)?;
    let cpu_after = meter.read();
    publisher.check()?;
    if !meter.runs() {
        bail!("the server has ended");
    }
    if before.delivered.len() != after.delivered.len() {
        bail!("viewers came while it was measured");
    }
    let published = publisher.packets() - published;
    let viewers = after.delivered.len();
    let expected = published * viewers as u64;
    let each: Vec<u64> = after.delivered.iter().zip(&before.delivered).map(|(after, before)| after.saturating_sub(*before)).collect();
    let delivered: u64 = each.iter().sum();
    let worst = each.iter().min().copied().unwrap_or(0);
    let loss = |got: u64, of: u64| if of == 0 { 0.0 } else { (of as f64 - got as f64) * 100.0 / of as f64 };
    let mut delays: Vec<u32> = Vec::new();
    let mut window = Window {
        viewers,
        seconds: began.elapsed().as_secs_f64(),
        expected,
        delivered,
        loss_percent: loss(delivered, expected),
        worst_loss_percent: loss(worst, published),
        cpu_us_per_packet: cpu_after.cpu_us_since(&cpu) / delivered.max(1) as f64,
        // Of the time in which packets came, not of the silence around it.
        cpu_percent: cpu_after.cpu_us_since(&cpu) / 1e4 / span.as_secs_f64(),
        verified: after.verified.len(),
        key_requests: publisher.key_requests() - requests,
        ..Window::default()
    };
    for ((_, counts), (_, earlier)) in after.verified.into_iter().zip(before.verified) {
        window.verified_packets += counts.packets - earlier.packets;
        window.verified_refused += counts.refused - earlier.refused;
        window.verified_wrong += counts.wrong - earlier.wrong;
        window.verified_lost += counts.lost.saturating_sub(earlier.lost);
        delays.extend(counts.delays_us);
    }
    let mut delay = |share| f64::from(percentile(&mut delays, share).unwrap_or(0)) / 1e3;
    (window.delay_ms_p50, window.delay_ms_p99, window.delay_ms_max) = (delay(0.5), delay(0.99), delay(1.0));
    Ok(window)
}
