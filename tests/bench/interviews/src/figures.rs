//! What is measured in the process itself.

use crate::scene::Scene;
use anyhow::{Result, anyhow};
use futures_util::{StreamExt, stream};
use springbreeze::accounts::Viewer;
use springbreeze::clock::DAY;
use springbreeze::db::Db;
use springbreeze::interviews::Booking;
use springbreeze::schedule::{Frame, Span, Taken, slots};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;
use std::time::Instant;
use tokio::task::JoinSet;

/// As many as wait for their commit at the same time.
const AT_ONCE: usize = 512;

pub(crate) async fn domain(scene: &Scene) -> Result<()> {
    let viewers: Vec<_> = stream::iter(0..scene.people.len()).map(|n| scene.viewer(n)).buffered(8).collect::<Vec<_>>().await;
    let viewers: Vec<_> = viewers.into_iter().collect::<Result<_>>()?;
    rush(scene, &viewers).await?;
    quiet(scene, &viewers).await
}

/// Everybody wants one of a hundred slots at the same moment, and whoever misses is told the nearest ones.
async fn rush(scene: &Scene, viewers: &[Viewer]) -> Result<()> {
    let slots = scene.rush();
    let (mut tasks, started) = (JoinSet::new(), Instant::now());
    for (n, viewer) in viewers.iter().enumerate() {
        let (all, viewer, key) = (scene.parts.interviews.clone(), viewer.clone(), slots[n % slots.len()]);
        tasks.spawn(async move {
            let booking = all.book(&viewer, key, "", None).await.map_err(|e| anyhow!("{e:?}"))?;
            let near = match &booking {
                Booking::Refused { slot, .. } => all.nearest_to(slot).await.map_err(|e| anyhow!("{e:?}"))?.len(),
                _ => 0,
            };
            anyhow::Ok((matches!(booking, Booking::New(_)), near, started.elapsed().as_secs_f64() * 1e3))
        });
    }
    let (mut took, mut won, mut told) = (Vec::new(), 0, 0);
    while let Some(done) = tasks.join_next().await {
        let (new, near, at) = done??;
        won += usize::from(new);
        told += usize::from(near > 0);
        took.push(at);
    }
    took.sort_by(f64::total_cmp);
    println!("{} on {}, domain call {won} booked, {told} refused with other slots", took.len(), slots.len());
    let within = |share: usize| took[took.len() * share / 100];
    println!("all at once            median {:.0} ms, 99 % within {:.0} ms, last {:.0} ms", within(50), within(99), took[took.len() - 1]);
    println!("{}", scene.count().await?);
    anyhow::ensure!(won == slots.len() && won + told == took.len(), "exactly one for each slot, and an answer for all");
    Ok(())
}

/// Each books a slot that nobody else wants.
async fn quiet(scene: &Scene, viewers: &[Viewer]) -> Result<()> {
    let (all, count) = (&scene.parts.interviews, viewers.len());
    let free = scene.quiet(count, 3).await?;
    let started = Instant::now();
    let booked = stream::iter(viewers.iter().zip(&free))
        .map(|(viewer, slot)| async move { matches!(all.book(viewer, slot.id, "", None).await, Ok(Booking::New(_))) })
        .buffer_unordered(AT_ONCE)
        .filter(|new| std::future::ready(*new))
        .count()
        .await;
    let took = started.elapsed().as_secs_f64();
    let rate = booked as f64 / took;
    println!("bookings, domain call  {rate:.0}/s: {booked} of {count} in {took:.2} s");
    println!("{}", scene.count().await?);
    anyhow::ensure!(booked == count, "all are booked");
    let floor = floor(scene).await?;
    println!("the same rows copied   {floor:.0}/s by SQLite alone, 256 bookings a commit: {:.0} % of it", rate * 100.0 / floor);
    Ok(())
}

/// How many bookings a second SQLite could write at most: the rows that there are now, copied into another file with the same schema by statements
/// that carry no values, 256 bookings in a commit that waits for the disk.
async fn floor(scene: &Scene) -> Result<f64> {
    const TABLES: [&str; 7] =
        ["interview_slots", "interview_cells", "interview_seats", "interviews", "interview_people", "interview_notices", "audit"];
    let folder = tempfile::tempdir()?;
    let db = Db::open_url(&format!("sqlite:{}", folder.path().join("floor.db").display())).await?;
    let mut to = db.write().acquire().await?;
    let (.., file): (i64, String, String) = sqlx::query_as("PRAGMA database_list").fetch_one(scene.parts.db.read()).await?;
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *to).await?;
    sqlx::query("ATTACH $1 AS was").bind(file).execute(&mut *to).await?;
    let mut rows = Vec::new();
    for table in TABLES {
        sqlx::query(AssertSqlSafe(format!("CREATE TEMP TABLE from_{table} AS SELECT * FROM was.{table}"))).execute(&mut *to).await?;
        let sql = AssertSqlSafe(format!("SELECT MAX(rowid) FROM from_{table}"));
        let (last,): (i64,) = sqlx::query_as(sql).fetch_one(&mut *to).await?;
        rows.push(last);
    }
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM was.interviews").fetch_one(&mut *to).await?;
    let batches = count / 256 + 1;
    let started = Instant::now();
    for n in 0..batches {
        let mut tx = to.begin().await?;
        for (table, last) in TABLES.iter().zip(&rows) {
            let sql = format!("INSERT INTO main.{table} SELECT * FROM from_{table} WHERE rowid > $1 AND rowid <= $2");
            sqlx::query(AssertSqlSafe(sql)).bind(last * n / batches).bind(last * (n + 1) / batches).execute(&mut *tx).await?;
        }
        tx.commit().await?;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
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
