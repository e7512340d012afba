//! The same searches by SQLite's FTS5 `trigram` and PostgreSQL's `pg_trgm`: how many there are, and the newest twenty, one search at a time.

use crate::corpus::{PAIRS, SEARCHES};
use crate::load::{Connection, encoded, percentile};
use anyhow::{Context, Result};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row};
use std::path::Path;
use std::time::Instant;

/// Searches of each system; the peers take up to seconds for one.
const ASKED: usize = 24;

/// A search of the comparison: words that must all occur, and filters.
struct Search {
    words: Vec<&'static str>,
    filters: bool,
}

fn searches() -> Vec<Search> {
    let plain = SEARCHES.iter().filter(|s| **s != "dianhangong" && **s != "东莞电焊工");
    plain.take(ASKED).enumerate().map(|(n, s)| Search { words: s.split(' ').collect(), filters: n.is_multiple_of(2) }).collect()
}

fn conditions(search: &Search, word: impl Fn(&str) -> String) -> String {
    let mut all: Vec<String> = search.words.iter().map(|w| word(w)).collect();
    if search.filters {
        all.push("d.region >= '440000' AND d.region < '450000' AND d.pay >= 500000 AND d.meals = 1".into());
    }
    all.join(" AND ")
}

async fn ask(db: &mut AnyConnection, from: &str, condition: &str) -> Result<(i64, f64)> {
    let began = Instant::now();
    let count =
        sqlx::query(AssertSqlSafe(format!("SELECT COUNT(*) FROM {from} WHERE {condition}"))).fetch_one(&mut *db).await?.get::<i64, _>(0);
    sqlx::query(AssertSqlSafe(format!("SELECT d.n FROM {from} WHERE {condition} ORDER BY d.published DESC LIMIT 20")))
        .fetch_all(db)
        .await?;
    Ok((count, began.elapsed().as_secs_f64() * 1e3))
}

pub(crate) async fn compare(data: &Path, addr: &str, fair: &str, postgres: Option<&str>) -> Result<()> {
    sqlx::any::install_default_drivers();
    let mut sqlite = AnyConnection::connect(&format!("sqlite:{}?mode=rwc", data.join("springbreeze.db").display())).await?;
    sqlx::query("PRAGMA cache_size = -2000000").execute(&mut sqlite).await?;
    recall(&mut sqlite, addr, fair).await?;
    let mut ours = Vec::new();
    let mut connection = Connection::open(addr).await?;
    for round in 0..4 {
        for search in searches() {
            let filters = if search.filters { "&region=440000&pay=5000&meals=1" } else { "" };
            let quoted: Vec<String> = search.words.iter().map(|w| format!("\"{w}\"")).collect();
            let path = format!("/fairs/{fair}/postings?q={}{filters}&sort=newest", encoded(&quoted.join(" ")));
            let began = Instant::now();
            connection.get(&path, "text/html").await?;
            // The first round is what a server meets that has just begun.
            if round > 0 {
                ours.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let own = percentile(&mut ours, 0.99);
    println!(
        "the board, whole page    median {:.1} ms, 99 % within {own:.1} ms, one at a time, all choices counted",
        percentile(&mut ours, 0.5)
    );
    fts5(&mut sqlite, own).await?;
    match postgres {
        Some(url) => pg_trgm(&mut sqlite, url, own).await,
        None => Ok(println!("pg_trgm                  left out: no PostgreSQL given")),
    }
}

/// Words of two characters: as many as a scan of all texts finds.
async fn recall(sqlite: &mut AnyConnection, addr: &str, fair: &str) -> Result<()> {
    let mut connection = Connection::open(addr).await?;
    let (mut found, mut scanned, mut exact) = (0, 0, 0);
    for word in PAIRS {
        let path = format!("/fairs/{fair}/postings?q={}", encoded(&format!("\"{word}\"")));
        let answer: serde_json::Value = serde_json::from_str(&connection.get(&path, "application/json").await?)?;
        let (count, _) = ask(sqlite, "bench_texts d", &format!("d.text LIKE '%{word}%'")).await?;
        let total = answer["total"].as_i64().context("total")?;
        exact += usize::from(total == count);
        found += total.min(count);
        scanned += count;
    }
    println!(
        "recall of {} pairs        {:.3} % of a LIKE scan ({scanned} postings), {exact} equal to it",
        PAIRS.len(),
        found as f64 * 100.0 / scanned as f64
    );
    Ok(())
}

async fn fts5(db: &mut AnyConnection, own: f64) -> Result<()> {
    let built = Instant::now();
    if sqlx::query("SELECT 1 FROM bench_fts LIMIT 1").fetch_optional(&mut *db).await.is_err() {
        sqlx::query("CREATE VIRTUAL TABLE bench_fts USING fts5 (text, tokenize = 'trigram', content = 'bench_texts', content_rowid = 'n')")
            .execute(&mut *db)
            .await?;
        sqlx::query("INSERT INTO bench_fts (bench_fts) VALUES ('rebuild')").execute(&mut *db).await?;
    }
    let built = built.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for search in searches() {
        // Words of less than three characters are in no trigram: FTS5 then looks at every text, which is the only way to find them.
        let condition = conditions(&search, |w| format!("bench_fts.text LIKE '%{w}%'"));
        times.push(ask(db, "bench_fts JOIN bench_texts d ON d.n = bench_fts.rowid", &condition).await?.1);
    }
    told("FTS5 trigram", &mut times, built, own);
    Ok(())
}

async fn pg_trgm(sqlite: &mut AnyConnection, url: &str, own: f64) -> Result<()> {
    let mut db = AnyConnection::connect(url).await?;
    let built = Instant::now();
    sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_trgm").execute(&mut db).await?;
    if sqlx::query("SELECT 1 FROM bench_texts LIMIT 1").fetch_optional(&mut db).await.is_err() {
        sqlx::query(
            "CREATE UNLOGGED TABLE bench_texts (n BIGINT PRIMARY KEY, region TEXT, pay BIGINT, published BIGINT, meals BIGINT, text TEXT)",
        )
        .execute(&mut db)
        .await?;
        let mut at = -1_i64;
        loop {
            let rows = sqlx::query("SELECT n, region, pay, published, meals, text FROM bench_texts WHERE n > ? ORDER BY n LIMIT 5000")
                .bind(at)
                .fetch_all(&mut *sqlite)
                .await?;
            let Some(last) = rows.last() else { break };
            at = last.get(0);
            let marks: Vec<String> = (0..rows.len())
                .map(|r| format!("({})", (1..=6).map(|c| format!("${}", r * 6 + c)).collect::<Vec<_>>().join(", ")))
                .collect();
            let mut query = sqlx::query(AssertSqlSafe(format!("INSERT INTO bench_texts VALUES {}", marks.join(", "))));
            for row in &rows {
                query = query.bind(row.get::<i64, _>(0)).bind(row.get::<String, _>(1)).bind(row.get::<i64, _>(2));
                query = query.bind(row.get::<i64, _>(3)).bind(row.get::<i64, _>(4)).bind(row.get::<String, _>(5));
            }
            query.execute(&mut db).await?;
        }
        for sql in [
            "SET maintenance_work_mem = '1GB'",
            "CREATE INDEX ON bench_texts USING GIN (text gin_trgm_ops)",
            "CREATE INDEX ON bench_texts (published)",
            "ANALYZE bench_texts",
        ] {
            sqlx::query(sql).execute(&mut db).await?;
        }
    }
    let built = built.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for search in searches() {
        let condition = conditions(&search, |w| format!("d.text LIKE '%{w}%'"));
        times.push(ask(&mut db, "bench_texts d", &condition).await?.1);
    }
    told("pg_trgm", &mut times, built, own);
    Ok(())
}

fn told(name: &str, times: &mut [f64], built: f64, own: f64) {
    let (median, p99) = (percentile(times, 0.5), percentile(times, 0.99));
    println!(
        "{name:24} median {median:.1} ms, 99 % within {p99:.1} ms for a count and a page, nothing else counted; {:.1} times ours (index in {built:.0} s)",
        p99 / own
    );
}
