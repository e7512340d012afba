//! A whole server per test, and clients that act as people of each role.
//!
//! `SPRINGBREEZE_TEST_POSTGRES=postgres://...` runs the same tests on PostgreSQL, each in a database of its own.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use springbreeze::accounts::{Account, Employer, Grant, NewEmployer};
use springbreeze::app::{App, Parts};
use springbreeze::clock::{Clock, DAY, Millis};
use springbreeze::config::Config;
use springbreeze::fairs::{Fair, FairState, NewFair};
use springbreeze::i18n::Lang;
use springbreeze::rooms::{NewRoom, Room};
use tempfile::TempDir;

/// 2027-02-20 09:00 in Shanghai: the Saturday after the Spring Festival week.
pub const NOON: Millis = 1_803_085_200_000;

/// A running server with its data folder. Dropping it without [`TestApp::stop`] is fine; `stop` asserts a clean end.
pub struct TestApp {
    pub app: App,
    pub parts: Parts,
    pub clock: Clock,
    pub data: TempDir,
}

/// Somebody who sends requests.
pub struct Person {
    pub account: Account,
    pub token: String,
    pub web: Web,
}

/// A browser-like client with its own cookies, not following redirects.
#[derive(Clone)]
pub struct Web {
    pub client: Client,
    pub origin: String,
}

impl TestApp {
    pub async fn start() -> Self {
        let data = tempfile::tempdir().expect("temp folder");
        Self::start_in(data, Clock::manual(NOON)).await
    }

    /// Starts on an existing data folder, as after a crash.
    pub async fn start_in(data: TempDir, clock: Clock) -> Self {
        let mut config = Config::for_tests(data.path());
        if let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") {
            config.database = database_on(&server, data.path()).await;
        }
        Self::start_with(config, data, clock).await
    }

    pub async fn start_with(config: Config, data: TempDir, clock: Clock) -> Self {
        // On a stack of its own: a test's is small, and unoptimised code makes large frames.
        let app = tokio::spawn(App::start(config, clock.clone())).await.expect("no panic").expect("the server starts");
        Self { parts: app.parts.clone(), app, clock, data }
    }

    /// Stops and asserts that nothing is left running.
    pub async fn stop(self) -> TempDir {
        let started = std::time::Instant::now();
        self.app.stop().await;
        assert!(started.elapsed().as_secs() < 6, "a task did not end with the server");
        self.data
    }

    /// A client without a session.
    pub fn stranger(&self) -> Web {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().expect("client");
        Web { client, origin: format!("http://{}", self.app.addr) }
    }

    /// A signed-in person without any role, with a proven e-mail address.
    pub async fn seeker(&self, name: &str) -> Person {
        let account = self.parts.accounts.create(name, false, Lang::Zh).await.expect("account");
        let address = format!("{}@example.com", account.id);
        let contact = springbreeze::accounts::Contact::parse(&address).expect("contact");
        self.parts.accounts.add_contact(account.id, &contact).await.expect("contact");
        self.sign_in(account).await
    }

    /// A person with a role.
    pub async fn person(&self, name: &str, grant: Grant) -> Person {
        let person = self.seeker(name).await;
        self.parts.accounts.grant(person.account.id, grant).await.expect("grant");
        person
    }

    pub async fn sign_in(&self, account: Account) -> Person {
        let token = self.parts.accounts.open_session(&account).await.expect("session");
        let web = self.stranger();
        let link = self.parts.accounts.sign_in_link(Some(account.id), 1, DAY).await.expect("link");
        let path = link.split_once("/signin").expect("path").1.to_owned();
        let response = web.get(&format!("/signin{path}")).send().await.expect("sign in");
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        Person { account, token, web }
    }

    /// A live fair with an organiser, an employer with a recruiter, and its booth.
    pub async fn fair(&self) -> TestFair {
        let organiser = self.seeker("组织者").await;
        let now = self.clock.now();
        let new = NewFair {
            title_zh: "春风行动".into(),
            title_en: "Spring Breeze".into(),
            zone: "Asia/Shanghai".into(),
            region: "330100".into(),
            starts_at: now - DAY,
            ends_at: now + 10 * DAY,
            ..NewFair::default()
        };
        let fair = self.parts.fairs.create(new, organiser.account.id).await.expect("fair");
        let viewer = self.parts.accounts.viewer_by_token(&organiser.token).await.expect("viewer");
        for state in [FairState::Open, FairState::Live] {
            self.parts.fairs.set_state(&viewer, fair.id, state).await.expect("state");
        }
        let hall = self.room(&fair, None).await;
        let (employer, recruiter, booth) = self.employer(&fair, "杭州电子厂").await;
        TestFair { fair, organiser, hall, employer, recruiter, booth }
    }

    /// One more employer of a fair, with a recruiter and a booth.
    pub async fn employer(&self, fair: &Fair, name: &str) -> (Employer, Person, Room) {
        let new = NewEmployer {
            name_zh: name.into(),
            name_en: "Factory".into(),
            credit_code: "91440300708461136T".into(),
            ..NewEmployer::default()
        };
        let employer = self.parts.accounts.create_employer(new).await.expect("employer");
        self.parts.fairs.admit(fair.id, employer.id).await.expect("admitted");
        let recruiter = self.person("招聘官", Grant::Recruiter(employer.id)).await;
        let booth = self.room(fair, Some(&employer)).await;
        (employer, recruiter, booth)
    }

    async fn room(&self, fair: &Fair, employer: Option<&Employer>) -> Room {
        let title = employer.map_or("主会场", |e| &e.name_zh).to_owned();
        let new = NewRoom { fair: fair.id, employer: employer.map(|e| e.id), title_zh: title, title_en: "Room".into(), position: 0 };
        self.parts.rooms.create(new).await.expect("room")
    }
}

/// What [`TestApp::fair`] made.
pub struct TestFair {
    pub fair: Fair,
    pub organiser: Person,
    pub hall: Room,
    pub employer: Employer,
    pub recruiter: Person,
    pub booth: Room,
}

impl Web {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).header("accept", "text/html")
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// The page at `path`, which must be 200.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).send().await.expect("response");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.expect("text")
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.get(path).send().await.expect("response").status().as_u16()
    }

    /// Posts a form as a page does; returns the response.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        self.post(path).header("accept", "text/html").form(fields).send().await.expect("response")
    }

    /// Posts JSON as a script does.
    pub async fn json(&self, path: &str, body: serde_json::Value) -> reqwest::Response {
        self.post(path).json(&body).send().await.expect("response")
    }
}

/// A database of its own for the data folder: made on the first start, found again after a restart.
pub async fn database_on(server: &str, data: &std::path::Path) -> String {
    let name: String = data.file_name().expect("name").to_string_lossy().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("t{}", name.to_lowercase());
    sqlx::any::install_default_drivers();
    let admin = sqlx::AnyPool::connect(&format!("{server}/postgres")).await.expect("PostgreSQL");
    let _ = sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await;
    admin.close().await;
    format!("{server}/{name}")
}
