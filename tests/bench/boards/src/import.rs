//! A table of 50,000 rows by HTTP as a recruiter sends it: until the preview stands, and until all are in.

use crate::corpus::Corpus;
use crate::load::Connection;
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const ROWS: usize = 50_000;
const BOUNDARY: &str = "springbreeze-bench";

/// Whoever imports: a session, and the employer.
pub(crate) struct Recruiter {
    pub(crate) token: String,
    pub(crate) employer: String,
}

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// As a spreadsheet saves it. `pay` is added to each row's, to tell a second table from the first.
fn table(valid_until: &str, pay: i64) -> String {
    let mut corpus = Corpus::new(11);
    let mut csv = String::from(
        "单位岗位编号,岗位名称,工作内容,工作地区,详细地址,行业,招聘人数,最低工资（元）,最高工资（元）,计薪单位,发薪日,有效期至\r\n",
    );
    for n in 0..ROWS {
        let c = corpus.posting(0);
        let pay = 5_000 + (n as i64 % 40) * 100 + pay;
        // A file of some ten megabytes, as spreadsheets of that length are.
        let about: String = c.about_zh.chars().take(60).collect();
        let texts = [&c.title_zh, &about, &c.region, &c.place_zh].map(|text| cell(text));
        let _ = write!(
            csv,
            "R-{n},{},{},{},{},C,{},{pay},{},月,15,{valid_until}\r\n",
            texts[0],
            texts[1],
            texts[2],
            texts[3],
            1 + n % 50,
            pay + 1_000
        );
    }
    csv
}

pub(crate) async fn measure(addr: &str, fair: &str, recruiter: &Recruiter) -> Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    // A hundred days from now, in a season's range.
    let day = springbreeze::clock::iso(i64::try_from(now.as_millis())? + 100 * springbreeze::clock::DAY)[..10].to_owned();
    let mut connection = Connection::open(addr).await?;
    connection.as_whom(&recruiter.token);
    for (what, pay) in [("new", 0), ("the same again", 0), ("changed", 50)] {
        let csv = table(&day, pay);
        let began = Instant::now();
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"fair\"\r\n\r\n{fair}\r\n--{BOUNDARY}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"jobs.csv\"\r\nContent-Type: text/csv\r\n\r\n{csv}\r\n--{BOUNDARY}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let path = connection.post(&format!("/employers/{}/imports", recruiter.employer), &kind, body.as_bytes()).await?;
        let seen = until_it_is(&mut connection, &path, &["ready", "failed"]).await?;
        let preview = began.elapsed().as_secs_f64();
        ensure!(seen["state"] == "ready" && seen["wrong"] == 0, "{seen}");
        let sure = Instant::now();
        connection.post(&format!("{path}/run"), "application/x-www-form-urlencoded", b"").await?;
        let seen = until_it_is(&mut connection, &path, &["done", "failed"]).await?;
        ensure!(seen["state"] == "done", "{seen}");
        println!(
            "import of {ROWS} rows, {what:15} {preview:.1} s until the preview, {:.1} s to put in ({} new, {} changed, {} the same)",
            sure.elapsed().as_secs_f64(),
            seen["new"],
            seen["changed"],
            seen["same"]
        );
    }
    Ok(())
}

async fn until_it_is(connection: &mut Connection, path: &str, states: &[&str]) -> Result<serde_json::Value> {
    let began = Instant::now();
    loop {
        let seen: serde_json::Value = serde_json::from_str(&connection.get(path, "application/json").await?)?;
        if states.contains(&seen["state"].as_str().context("state")?) {
            return Ok(seen);
        }
        ensure!(began.elapsed() < Duration::from_secs(300), "an import takes for ever: {seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
