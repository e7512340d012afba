//! The fair with its postings, and the server over it.

use crate::corpus::{Corpus, searched};
use anyhow::{Context, Result, anyhow};
use springbreeze::accounts::Grant;
use springbreeze::app::App;
use springbreeze::clock::{Clock, DAY};
use springbreeze::config::Config;
use springbreeze::fairs::{FairState, NewFair};
use springbreeze::i18n::Lang;
use springbreeze::ids::{EmployerId, FairId, PostingId};
use springbreeze::postings::{Content, NewPosting, State};
use springbreeze::web::AppError;
use sqlx::{AssertSqlSafe, Connection};
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const EMPLOYERS: usize = 20_000;
/// Rows of one statement.
const ROWS: usize = 200;

fn failed(error: AppError) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn config(data: &Path) -> Config {
    let mut config = Config::for_tests(data);
    config.admission_rate = 0;
    // A table of 50,000 rows as CSV.
    config.max_upload = 40;
    config
}

/// Rows straight into the tables: what is measured is the board, not a million forms. The peers get the same texts.
pub(crate) async fn seed(data: &Path, count: usize) -> Result<()> {
    std::fs::create_dir_all(data)?;
    let app = App::start(config(data), Clock::system()).await?;
    let accounts = &app.parts.accounts;
    let now = app.parts.clock.now();
    let organiser = accounts.create("组织者", false, Lang::Zh).await.map_err(failed)?;
    let new = NewFair {
        title_zh: "全国春风行动".into(),
        zone: "Asia/Shanghai".into(),
        region: "110000".into(),
        starts_at: now - DAY,
        ends_at: now + 60 * DAY,
        ..NewFair::default()
    };
    let fair = app.parts.fairs.create(new, organiser.id).await.map_err(failed)?;
    let token = accounts.open_session(&organiser).await.map_err(failed)?;
    let viewer = accounts.viewer_by_token(&token).await.map_err(failed)?;
    for state in [FairState::Open, FairState::Live] {
        app.parts.fairs.set_state(&viewer, fair.id, state).await.map_err(failed)?;
    }
    app.stop().await;
    let mut db = sqlx::AnyConnection::connect(&config(data).database_url()).await?;
    for pragma in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", "BEGIN"] {
        sqlx::query(pragma).execute(&mut db).await?;
    }
    sqlx::query("CREATE TABLE bench_texts (n INTEGER PRIMARY KEY, region TEXT, pay BIGINT, published BIGINT, meals BIGINT, text TEXT)")
        .execute(&mut db)
        .await?;
    let mut corpus = Corpus::new(7);
    let mut employers = Vec::new();
    for n in 0..EMPLOYERS.min(count) {
        let (id, name) = (EmployerId::new(), corpus.employer(n));
        sqlx::query("INSERT INTO employers (id, name_zh, name_en, credit_code, region, industry, about_zh, about_en, created_at) VALUES (?, ?, '', ?, '330100', 'C', '', '', ?)")
            .bind(id.to_string()).bind(&name).bind(format!("bench{n}")).bind(now).execute(&mut db).await?;
        employers.push((id, name));
    }
    let began = Instant::now();
    let mut batch = Vec::with_capacity(ROWS);
    for n in 0..count {
        // Published over thirty days, as they are over the weeks of a campaign.
        let published = now - 30 * DAY + (30 * DAY / count as i64) * n as i64;
        batch.push((n, published, &employers[n % employers.len()], corpus.posting(now + DAY * 40)));
        if batch.len() == ROWS || n + 1 == count {
            insert(&mut db, fair.id, &batch).await?;
            batch.clear();
        }
    }
    sqlx::query("COMMIT").execute(&mut db).await?;
    sqlx::query("ANALYZE").execute(&mut db).await?;
    db.close().await?;
    std::fs::write(data.join("fair"), fair.id.to_string())?;
    println!("seeded {count} postings in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

const COLUMNS: &str = "id, fair_id, employer_id, state, version, published_at, created_at, updated_at, title_zh, title_en, about_zh, about_en, region, place_zh, \
    place_en, industry, occupation, headcount, pay_min, pay_max, pay_unit, pay_month, pay_day, kind, couples, assembly_line, day_shift, hourly, days_off, meals, \
    housing, age_min, age_max, age_basis, valid_until";

async fn insert(db: &mut sqlx::AnyConnection, fair: FairId, rows: &[(usize, i64, &(EmployerId, String), Content)]) -> Result<()> {
    let marks = format!("({})", vec!["?"; 35].join(", "));
    let sql = format!("INSERT INTO postings ({COLUMNS}) VALUES {}", vec![marks; rows.len()].join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (_, published, (employer, _), c) in rows {
        let (id, pay_day): (_, String) = (PostingId::new().to_string(), c.pay_day.into());
        query = query.bind(id).bind(fair.to_string()).bind(employer.to_string()).bind("live").bind(1_i64);
        query = query.bind(*published).bind(*published).bind(*published);
        for text in [&c.title_zh, &c.title_en, &c.about_zh, &c.about_en, &c.region, &c.place_zh, &c.place_en, &c.industry, &c.occupation] {
            query = query.bind(text.clone());
        }
        query = query
            .bind(c.headcount)
            .bind(c.pay_min)
            .bind(c.pay_max)
            .bind(c.pay_unit.name())
            .bind(c.pay_min)
            .bind(pay_day)
            .bind(c.kind.name());
        query = query.bind(c.couples.name()).bind(c.assembly_line.name()).bind(c.day_shift.name()).bind(c.hourly).bind(c.days_off);
        query =
            query.bind(c.meals.name()).bind(c.housing.name()).bind(c.age_min).bind(c.age_max).bind(c.age_basis.clone()).bind(c.valid_until);
    }
    query.execute(&mut *db).await?;
    let sql = format!(
        "INSERT INTO bench_texts (n, region, pay, published, meals, text) VALUES {}",
        vec!["(?, ?, ?, ?, ?, ?)"; rows.len()].join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (n, published, (_, name), c) in rows {
        query = query.bind(*n as i64).bind(c.region.clone()).bind(c.pay_min).bind(*published).bind(i64::from(c.meals.name() == "provided"));
        query = query.bind(searched(c, name));
    }
    query.execute(db).await?;
    Ok(())
}

pub(crate) async fn serve(data: &Path) -> Result<()> {
    let began = Instant::now();
    let app = App::start(config(data), Clock::system()).await?;
    let fair: FairId = std::fs::read_to_string(data.join("fair"))?.parse()?;
    // It answers once the board is loaded.
    let count = loop {
        match app.parts.postings.count(fair).await {
            Ok(count) => break count,
            Err(AppError::Overloaded(_)) => {}
            Err(error) => return Err(failed(error)),
        }
    };
    eprintln!("loaded                 {count} postings in {:.1} s on one core, {}", began.elapsed().as_secs_f64(), memory()?);
    let accounts = &app.parts.accounts;
    let new =
        springbreeze::accounts::NewEmployer { name_zh: "新单位".into(), credit_code: "91440300708461136T".into(), ..Default::default() };
    let employer = accounts.create_employer(new).await.map_err(failed)?;
    app.parts.fairs.admit(fair, employer.id).await.map_err(failed)?;
    let recruiter = accounts.create("招聘官", false, Lang::Zh).await.map_err(failed)?;
    accounts.grant(recruiter.id, Grant::Recruiter(employer.id)).await.map_err(failed)?;
    let token = accounts.open_session(&recruiter).await.map_err(failed)?;
    println!("{} {} {token}", app.addr, employer.id);
    let postings = app.parts.postings.clone();
    let mut corpus = Corpus::new(99);
    let (lines, mut titles) = tokio::sync::mpsc::channel::<String>(1);
    let reading = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(title) = titles.recv().await {
        let content = Content { title_zh: title, ..corpus.posting(app.parts.clock.now() + DAY) };
        let new = NewPosting { fair, employer: employer.id, content, state: State::Live };
        postings.create(new, recruiter.id).await.map_err(failed)?;
        println!("out");
        std::io::stdout().flush()?;
    }
    reading.await?;
    tokio::time::timeout(Duration::from_secs(20), app.stop()).await.context("stop")?;
    Ok(())
}

pub(crate) fn memory() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kb = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|l| l.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(format!("{:.0} MB resident", kb.unwrap_or_default() / 1024.0))
}
