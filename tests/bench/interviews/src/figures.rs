//! What is measured in the process itself.

use crate::scene::Scene;
use anyhow::{Result, anyhow};
use futures_util::{StreamExt, stream};
use springbreeze::clock::DAY;
use springbreeze::interviews::Booking;
use springbreeze::schedule::{Frame, Span, Taken, slots};
use std::collections::HashMap;
use std::time::Instant;

/// As many as wait for their commit at the same time.
const AT_ONCE: usize = 512;

pub(crate) async fn domain(scene: &Scene) -> Result<()> {
    let count = scene.people.len();
    let free = scene.quiet(count, 1).await?;
    let viewers: Vec<_> = stream::iter(0..count).map(|n| scene.viewer(n)).buffered(8).collect::<Vec<_>>().await;
    let viewers: Vec<_> = viewers.into_iter().collect::<Result<_>>()?;
    let all = &scene.parts.interviews;
    let started = Instant::now();
    let booked = stream::iter(viewers.iter().zip(&free))
        .map(|(viewer, slot)| async move { matches!(all.book(viewer, slot.id, "", None).await, Ok(Booking::New(_))) })
        .buffer_unordered(AT_ONCE)
        .filter(|new| std::future::ready(*new))
        .count()
        .await;
    let took = started.elapsed().as_secs_f64();
    println!("bookings, domain call  {:.0}/s: {booked} of {count} in {took:.2} s", booked as f64 / took);
    println!("{}", scene.count().await?);
    anyhow::ensure!(booked == count, "all are booked");
    Ok(())
}

/// A month of slots of a panel of six with a full calendar each.
pub(crate) async fn compute(scene: &Scene) -> Result<()> {
    let now = scene.parts.clock.now();
    let range = Span { start: now, end: now + 31 * DAY };
    let step = 50 * 60_000;
    let busy: Vec<Span> = (0..31 * 24).map(|n| Span { start: now + n * step, end: now + n * step + 20 * 60_000 }).collect();
    let busy: HashMap<_, _> = scene.panel.people.iter().map(|p| (*p, busy.clone())).collect();
    let taken = Taken { busy, ..Taken::default() };
    let (rounds, mut found, started) = (200, 0, Instant::now());
    for _ in 0..rounds {
        found = slots(&scene.panel, &Frame::default(), &taken, range, now).len();
    }
    let each = started.elapsed().as_secs_f64() * 1e3 / f64::from(rounds);
    println!("a month of a panel     {each:.2} ms to compute {found} slots");
    let mut took = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        found = scene.slots(&scene.panel, range.start, range.end).await.map_err(|e| anyhow!("{e}"))?.len();
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    println!("the same with reading  median {:.2} ms, worst {:.2} ms, {found} slots", took[25], took[49]);
    Ok(())
}
