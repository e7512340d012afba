//! A fair with an employer, its recruiters, its plans, and people who want to be interviewed.

use anyhow::{Context, Result, anyhow};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use springbreeze::accounts::{Contact, Employer, Grant, NewEmployer, Viewer};
use springbreeze::app::{App, Parts};
use springbreeze::clock::{Clock, DAY, HOUR, MINUTE, Millis};
use springbreeze::config::Config;
use springbreeze::fairs::{Fair, FairState, NewFair};
use springbreeze::i18n::Lang;
use springbreeze::interviews::{Filter, Slot, SlotKey};
use springbreeze::schedule::{Plan, PlanForm};
use springbreeze::web::AppError;

/// A hundred slots, for which all come at once.
const RUSH: usize = 100;
const QUARTER: Millis = 15 * MINUTE;

pub(crate) struct Scene {
    pub(crate) app: App,
    pub(crate) parts: Parts,
    pub(crate) fair: Fair,
    pub(crate) employer: Employer,
    pub(crate) recruiter: String,
    /// Ten recruiters around the clock.
    pub(crate) plans: Vec<Plan>,
    /// Six people together, by day.
    pub(crate) panel: Plan,
    pub(crate) people: Vec<String>,
    _data: tempfile::TempDir,
}

fn failed(error: AppError) -> anyhow::Error {
    anyhow!("{error:?}")
}

impl Scene {
    pub(crate) async fn start(count: usize) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut config = Config::for_tests(data.path());
        config.max_connections = 20_000;
        // All have long come in when the slots are opened: the door is no part of this.
        config.admission_rate = 0;
        if let Ok(url) = std::env::var("BENCH_DATABASE") {
            config.database = url;
        }
        let app = App::start(config, Clock::system()).await?;
        let parts = app.parts.clone();
        let now = parts.clock.now();
        let accounts = &parts.accounts;
        let organiser = accounts.create("组织者", false, Lang::Zh).await.map_err(failed)?;
        let new = NewFair {
            title_zh: "春风行动".into(),
            zone: "Asia/Shanghai".into(),
            region: "330100".into(),
            starts_at: now - DAY,
            ends_at: now + 60 * DAY,
            ..NewFair::default()
        };
        let fair = parts.fairs.create(new, organiser.id).await.map_err(failed)?;
        let token = accounts.open_session(&organiser).await.map_err(failed)?;
        let viewer = accounts.viewer_by_token(&token).await.map_err(failed)?;
        for state in [FairState::Open, FairState::Live] {
            parts.fairs.set_state(&viewer, fair.id, state).await.map_err(failed)?;
        }
        let new = NewEmployer { name_zh: "杭州电子厂".into(), credit_code: "91440300708461136T".into(), ..NewEmployer::default() };
        let employer = accounts.create_employer(new).await.map_err(failed)?;
        parts.fairs.admit(fair.id, employer.id).await.map_err(failed)?;
        let mut recruiters = Vec::new();
        for n in 0..16 {
            let account = accounts.create(&format!("招聘官{n}"), false, Lang::Zh).await.map_err(failed)?;
            accounts.grant(account.id, Grant::Recruiter(employer.id)).await.map_err(failed)?;
            recruiters.push(account);
        }
        let recruiter = accounts.open_session(&recruiters[0]).await.map_err(failed)?;
        let me = accounts.viewer_by_token(&recruiter).await.map_err(failed)?;
        let schedule = &parts.interviews.schedule;
        let form = PlanForm {
            lead: "0".into(),
            horizon: "60".into(),
            weekday: vec!["1-7".into()],
            from: vec!["00:00".into()],
            to: vec!["24:00".into()],
            ..PlanForm::default()
        };
        let mut plans = Vec::new();
        for account in &recruiters[..10] {
            let form = PlanForm { person: vec![account.id.to_string()], ..form.clone() };
            plans.push(schedule.add(&me, employer.id, &form).await.map_err(failed)?);
        }
        let panel = PlanForm {
            mode: "all".into(),
            person: recruiters[10..].iter().map(|a| a.id.to_string()).collect(),
            weekday: vec!["1-6".into(), "1-6".into()],
            from: vec!["09:00".into(), "13:30".into()],
            to: vec!["12:00".into(), "18:00".into()],
            buffer: "5".into(),
            ..form
        };
        let panel = schedule.add(&me, employer.id, &panel).await.map_err(failed)?;
        let people = stream::iter(0..count).map(|n| person(&parts, n)).buffer_unordered(8).try_collect().await?;
        Ok(Self { app, parts, fair, employer, recruiter, plans, panel, people, _data: data })
    }

    pub(crate) async fn slots(&self, plan: &Plan, from: Millis, to: Millis) -> Result<Vec<Slot>> {
        let filter = Filter { plan: Some(plan.id), range: Some((from, to)), ..Filter::default() };
        self.parts.interviews.open_slots(self.employer.id, self.fair.id, filter).await.map_err(failed)
    }

    pub(crate) async fn viewer(&self, n: usize) -> Result<Viewer> {
        self.parts.accounts.viewer_by_token(&self.people[n]).await.map_err(failed)
    }

    /// Slots that nobody else wants, so many and from a day on.
    pub(crate) async fn quiet(&self, count: usize, from: i64) -> Result<Vec<Slot>> {
        let now = self.parts.clock.now();
        let mut found = Vec::new();
        for plan in &self.plans {
            found.extend(self.slots(plan, now + from * DAY, now + 60 * DAY).await?);
        }
        found.truncate(count);
        anyhow::ensure!(found.len() == count, "{} slots for {count}", found.len());
        Ok(found)
    }

    /// Two hundred interviews in the week from the day after tomorrow.
    pub(crate) async fn book_week(&self) -> Result<()> {
        let now = self.parts.clock.now();
        let mut slots = Vec::new();
        for plan in &self.plans[..5] {
            slots.extend(self.slots(plan, now + 2 * DAY, now + 2 * DAY + 10 * HOUR).await?);
        }
        slots.truncate(200);
        for (n, slot) in slots.iter().enumerate() {
            self.parts.interviews.book(&self.viewer(n).await?, slot.id, "", None).await.map_err(failed)?;
        }
        Ok(())
    }

    fn first(&self) -> Millis {
        (self.parts.clock.now() + DAY) / QUARTER * QUARTER
    }

    /// Ten slots of each recruiter tomorrow.
    pub(crate) fn rush(&self) -> Vec<SlotKey> {
        (0..RUSH).map(|n| key(&self.plans[n % 10], self.first() + (n / 10) as i64 * QUARTER)).collect()
    }

    /// What a client needs to know.
    pub(crate) fn describe(&self) -> Value {
        let now = self.parts.clock.now();
        let later = self.first() + 9 * DAY;
        let quiet: Vec<String> = (0..20_000).map(|n| key(&self.plans[n % 10], later + (n / 10) as i64 * QUARTER).to_string()).collect();
        let rush: Vec<String> = self.rush().iter().map(SlotKey::to_string).collect();
        json!({
            "addr": self.app.addr.to_string(), "people": self.people, "recruiter": self.recruiter, "rush": rush, "quiet": quiet,
            "employer": self.employer.id, "day": springbreeze::clock::iso(now + 2 * DAY)[..10],
        })
    }

    /// What there is in the end: bookings, and how many of anybody's overlap.
    pub(crate) async fn count(&self) -> Result<String> {
        let db = self.parts.db.read();
        let (booked,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM interviews").fetch_one(db).await?;
        let (double,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM interviews a JOIN interviews b ON a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at \
             AND (a.recruiter_id = b.recruiter_id OR a.seeker_id = b.seeker_id) WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL",
        )
        .fetch_one(db)
        .await?;
        Ok(format!("in the database        {booked} interviews, {double} double"))
    }
}

fn key(plan: &Plan, start: Millis) -> SlotKey {
    SlotKey::of(plan.id, start)
}

async fn person(parts: &Parts, n: usize) -> Result<String> {
    let account = parts.accounts.create(&format!("求职者{n}"), false, Lang::Zh).await.map_err(failed)?;
    let contact = Contact::parse(&format!("p{n}@example.com")).context("contact")?;
    parts.accounts.add_contact(account.id, &contact).await.map_err(failed)?;
    parts.accounts.open_session(&account).await.map_err(failed).context("session")
}
