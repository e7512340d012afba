//! The door on an opening day: when more come than can be served, newcomers wait on a page that costs next to nothing, and come in by turns.
//!
//! Whoever is inside has a pass and meets no door; so do staff, calls, places in a line and sign-in. Newcomers come in up to a rate that follows how
//! long pages take. Past it people get a numbered ticket and the page of those who wait, and programs a 503 with a `Retry-After` that differs from
//! one to the next. No database is asked before somebody is let in. Where the numbers have got to is written down once a second, so that
//! places outlive a restart. Deliberately absent: sockets and media, which count their own places.

mod gate;
mod page;
mod pass;

use crate::clock::{Clock, Millis};
use crate::config::Config;
use crate::keys::Keys;
use crate::web::{AppError, ClientIp, Page, RateLimit, Regular, wants_page};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use gate::{Gate, Load, Turn};
use pass::Holder;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the load is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often it is written down where the numbers have got to.
const STORE: Duration = Duration::from_secs(1);
/// What nobody waits for: a call, a place in a line and an offer have their hour, and staff who are not known yet must be able to sign in.
const OPEN: [&str; 8] = ["/claims/", "/interviews/", "/join/", "/queue/", "/signin", "/setup", "/calendar/", "/push-worker.js"];

/// The door; cheap to clone.
#[derive(Clone)]
pub struct Admission(Arc<Inner>);

struct Inner {
    keys: Keys,
    clock: Clock,
    /// Cookies for HTTPS alone.
    secure: bool,
    /// New tickets of a network.
    tickets: RateLimit<IpAddr>,
    /// Where the numbers are written down.
    file: PathBuf,
    state: Mutex<Door>,
}

struct Door {
    gate: Gate,
    /// Whether anybody ever waits.
    open: bool,
    pages: Pages,
    entered: u64,
    sent_away: u64,
}

/// Answers since the last look: how many, and how long they took together.
#[derive(Default)]
struct Pages {
    count: u32,
    time: Duration,
}

/// What the door has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    pub waiting: u64,
    /// Newcomers a second that may come in now.
    pub rate: u64,
    /// Newcomers let in, and answers that asked somebody to wait, since the start.
    pub entered: u64,
    pub sent_away: u64,
}

impl Admission {
    /// `secure`: cookies for HTTPS alone.
    pub fn new(config: &Config, keys: Keys, clock: Clock, secure: bool) -> Self {
        let file = config.data.join("admission");
        let progress = read(&file).unwrap_or_default();
        let gate = Gate::new(Instant::now(), progress, f64::from(config.admission_rate));
        let open = config.admission_rate == 0;
        let state = Mutex::new(Door { gate, open, pages: Pages::default(), entered: 0, sent_away: 0 });
        Self(Arc::new(Inner { keys, clock, secure, tickets: RateLimit::new(3_000, Duration::from_millis(20)), file, state }))
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn figures(&self) -> Figures {
        let door = self.door();
        Figures { waiting: door.gate.waiting(), rate: door.gate.rate() as u64, entered: door.entered, sent_away: door.sent_away }
    }

    /// Follows the load, and writes down where the numbers have got to, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut stored = (Instant::now(), self.door().gate.progress());
        let mut busy = false;
        loop {
            let due = Instant::now() + TICK;
            tokio::select! {
                () = token.cancelled() => break,
                () = tokio::time::sleep_until(due.into()) => {}
            }
            let now = Instant::now();
            let (waiting, rate, progress) = {
                let mut door = self.door();
                let load = door.pages.take(now.saturating_duration_since(due));
                door.gate.adapt(now, load);
                (door.gate.waiting(), door.gate.rate(), door.gate.progress())
            };
            if busy != (waiting > 0) {
                busy = waiting > 0;
                if busy {
                    tracing::warn!(rate, "newcomers wait at the door")
                } else {
                    tracing::info!(rate, "nobody waits at the door any more")
                }
            }
            if stored.1 != progress && now.saturating_duration_since(stored.0) >= STORE {
                self.store(progress).await;
                stored = (now, progress);
            }
        }
        let progress = self.door().gate.progress();
        if stored.1 != progress {
            self.store(progress).await;
        }
    }

    /// The numbers of those who wait are worth no more than their order: what is lost of them is lost of a second.
    async fn store(&self, (issued, called): (u64, u64)) {
        let new = self.0.file.with_extension("new");
        let written = async {
            tokio::fs::write(&new, format!("{issued} {called}\n")).await?;
            tokio::fs::rename(&new, &self.0.file).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "the numbers of those who wait could not be written down");
        }
    }

    /// What to answer to a request without a pass, and a cookie to go with the answer.
    fn turn(&self, jar: &CookieJar, may_wait: bool) -> Turn {
        let now = self.0.clock.now();
        let mut door = self.door();
        if door.open {
            return Turn::In;
        }
        let turn = match pass::ticket(&self.0.keys, jar, now) {
            Some(ticket) => door.gate.present(Instant::now(), ticket),
            None => door.gate.arrive(Instant::now(), may_wait),
        };
        if turn == Turn::In {
            door.entered += 1
        } else {
            door.sent_away += 1
        }
        turn
    }

    fn let_in(&self, response: &mut Response, holder: Holder) {
        let pass = pass::new_pass(&self.0.keys, holder, self.0.clock.now(), self.0.secure);
        set_cookie(response.headers_mut(), &pass);
    }

    /// Serves somebody who is inside.
    async fn inside(&self, request: Request, next: Next, until: Option<Millis>) -> Response {
        let had_ticket = until.is_none() && pass::has_ticket(&CookieJar::from_headers(request.headers()));
        let counts = request.method() == Method::GET && wants_page(request.headers());
        let begun = Instant::now();
        let mut response = next.run(request).await;
        if counts {
            self.door().pages.add(begun.elapsed());
        }
        let holder = if response.extensions().get::<Regular>().is_some() { Holder::Staff } else { Holder::Visitor };
        let now = self.0.clock.now();
        // What is kept on the way for everybody carries nobody's pass.
        let shared = response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"));
        if !shared && until.is_none_or(|until| pass::is_old(until, holder, now)) {
            self.let_in(&mut response, holder);
            if had_ticket {
                set_cookie(response.headers_mut(), &pass::no_ticket(self.0.secure));
            }
        }
        response
    }

    /// Whether this network may have another ticket: otherwise one script would stand in front of everybody.
    fn may_queue(&self, request: &Request, jar: &CookieJar) -> bool {
        let network = request.extensions().get::<ClientIp>().map(|ip| ip.network());
        wants_page(request.headers()) && (pass::has_ticket(jar) || network.is_none_or(|network| self.0.tickets.check(&network).is_ok()))
    }

    async fn wait(&self, request: Request, (ticket, ahead, about): (u64, u64, Duration), has_place: bool) -> Response {
        let seconds = page::ask_again(about, rand::random());
        if !has_place {
            return AppError::Overloaded(seconds).into_response();
        }
        let (mut parts, _) = request.into_parts();
        let Ok(seen) = Page::from_request_parts(&mut parts, &()).await;
        let mut response = page::waiting(&seen, ahead, about, seconds);
        set_cookie(response.headers_mut(), &pass::new_ticket(&self.0.keys, ticket, self.0.clock.now(), self.0.secure));
        response
    }
}

impl Pages {
    fn add(&mut self, time: Duration) {
        self.count += 1;
        self.time += time;
    }

    fn take(&mut self, late: Duration) -> Load {
        let Self { count, time } = std::mem::take(self);
        Load { page: (count > 0).then(|| time / count.max(1)), late }
    }
}

/// The layer around pages and their endpoints.
pub async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let upgrades = path.ends_with("/socket") && request.headers().contains_key(header::UPGRADE);
    if upgrades {
        return next.run(request).await;
    }
    if OPEN.iter().any(|open| path.starts_with(open)) {
        let mut response = next.run(request).await;
        // Somebody who works here has just signed in.
        if response.extensions().get::<Regular>().is_some() {
            admission.let_in(&mut response, Holder::Staff);
        }
        return response;
    }
    let jar = CookieJar::from_headers(request.headers());
    let until = pass::pass(&admission.0.keys, &jar, admission.0.clock.now());
    if until.is_some() {
        return admission.inside(request, next, until).await;
    }
    let may_queue = admission.may_queue(&request, &jar);
    match admission.turn(&jar, may_queue) {
        Turn::In => admission.inside(request, next, None).await,
        Turn::Wait { ticket, ahead, about } => admission.wait(request, (ticket, ahead, about), may_queue).await,
    }
}

fn set_cookie(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn read(file: &std::path::Path) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(file).ok()?;
    let (issued, called) = text.trim().split_once(' ')?;
    Some((issued.parse().ok()?, called.parse().ok()?))
}
