//! Many viewers in one thread, and some threads that post their offers.
//!
//! All but a few viewers let the kernel drop RTP on arrival: what is measured is the server, not this machine's ability to decrypt what it
//! has just encrypted. How many packets reached them is known all the same, by the kernel's own count of drops.

use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::counts::Counts;
use crate::peer::Identity;
use crate::sdp::{self, Credentials, Remote, Role};
use crate::signal::Http;
use crate::sys::Epoll;
use crate::viewer::{Feedback, Joined, State, Viewer};

/// Viewers are looked after in turns: each of 100 groups once a second.
const TURN: Duration = Duration::from_millis(10);
const TURNS: u64 = 100;
/// Every fifth second a check, as browsers do to renew consent.
const CHECK_SECONDS: u64 = 5;
/// Reports of arrivals are due every tenth turn.
const FEEDBACK_TURNS: u64 = 10;

/// How viewers come to a session: by WHEP, or as Janus does it.
pub(crate) trait Signalling: Send + Sync {
    /// Returns the other side's description, when the request left, and a name under which the session is ended.
    fn join(&self, us: &Credentials, fingerprint: &str) -> Result<(Remote, Instant, String)>;
    fn leave(&self, session: &str) -> Result<()>;
}

pub(crate) struct Whep {
    pub(crate) http: Http,
    pub(crate) url: String,
}

impl Signalling for Whep {
    fn join(&self, us: &Credentials, fingerprint: &str) -> Result<(Remote, Instant, String)> {
        let session = self.http.open(&self.url, None, &sdp::offer(us, fingerprint, &Role::Viewer { rtx: false }))?;
        Ok((Remote::parse(&session.answer)?, session.posted, session.resource))
    }

    fn leave(&self, session: &str) -> Result<()> {
        self.http.close(session, None)
    }
}

struct Job {
    due: Instant,
    verified: bool,
}

enum Command {
    Joined(Box<Joined>),
    Look(mpsc::Sender<Look>),
    Addresses(mpsc::Sender<Result<Vec<SocketAddrV4>>>),
    Forget,
    End,
}

/// A look at the crowd.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) connected: usize,
    pub(crate) failed: usize,
    pub(crate) closed: usize,
    /// Per viewer, in the order of joining, RTP packets delivered so far.
    pub(crate) delivered: Vec<u64>,
    /// Per viewer, milliseconds from offer to connection.
    pub(crate) join_ms: Vec<f64>,
    /// Of the verifying ones, with their places in the order.
    pub(crate) verified: Vec<(usize, Counts)>,
    pub(crate) extension_bytes: usize,
    pub(crate) errors: Vec<String>,
}

/// The running crowd.
pub(crate) struct Crowd {
    commands: mpsc::Sender<Command>,
    jobs: Vec<mpsc::Sender<Job>>,
    signalling: Arc<dyn Signalling>,
    sessions: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<Vec<String>>>,
    /// Offers answered or refused so far.
    settled: Arc<AtomicUsize>,
    asked: usize,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

impl Crowd {
    pub(crate) fn start(signalling: Arc<dyn Signalling>, feedback: Feedback, signallers: usize) -> Result<Self> {
        let identity = Arc::new(Identity::new()?);
        let (commands, inbox) = mpsc::channel();
        let mut host = Host::new(Arc::clone(&identity), feedback, inbox)?;
        let thread = thread::Builder::new().name("crowd".to_owned()).spawn(move || host.run())?;
        let mut crowd = Self {
            commands,
            jobs: Vec::new(),
            signalling,
            sessions: Arc::default(),
            refused: Arc::default(),
            settled: Arc::default(),
            asked: 0,
            thread: Some(thread),
        };
        for _ in 0..signallers {
            let (sender, jobs) = mpsc::channel::<Job>();
            let (signalling, identity, commands) = (Arc::clone(&crowd.signalling), Arc::clone(&identity), crowd.commands.clone());
            let (sessions, refused, settled) = (Arc::clone(&crowd.sessions), Arc::clone(&crowd.refused), Arc::clone(&crowd.settled));
            thread::spawn(move || {
                for job in jobs {
                    thread::sleep(job.due.saturating_duration_since(Instant::now()));
                    let us = Credentials::random();
                    match signalling.join(&us, &identity.fingerprint) {
                        Ok((them, posted, session)) => {
                            sessions.lock().expect("no thread panics with the list").push(session);
                            let _ = commands.send(Command::Joined(Box::new(Joined { us, them, posted, verified: job.verified })));
                        }
                        Err(error) => refused.lock().expect("no thread panics with the list").push(format!("{error:#}")),
                    }
                    settled.fetch_add(1, Ordering::Relaxed);
                }
            });
            crowd.jobs.push(sender);
        }
        Ok(crowd)
    }

    /// Lets `count` viewers come, evenly over `span`; `verified` of them, evenly spread, look at every packet. Does not wait.
    pub(crate) fn join(&mut self, count: usize, span: Duration, verified: usize) -> Result<()> {
        let start = Instant::now();
        for at in 0..count {
            let due = start + span.mul_f64(at as f64 / count as f64);
            let job = Job { due, verified: chosen(at, count, verified) };
            let signaller = &self.jobs[(self.asked + at) % self.jobs.len()];
            signaller.send(job).ok().context("a signaller has ended")?;
        }
        self.asked += count;
        Ok(())
    }

    /// Waits until everybody who was asked is connected or has failed; an error if the crowd is stuck.
    pub(crate) fn wait(&self, limit: Duration) -> Result<Look> {
        let deadline = Instant::now() + limit;
        loop {
            let look = self.look()?;
            let refused = self.refused.lock().expect("no thread panics with the list").len();
            if look.connected + look.failed + look.closed + refused >= self.asked {
                return Ok(look);
            }
            if Instant::now() > deadline {
                bail!("after {limit:?} {} of {} viewers are connected, {refused} refused", look.connected, self.asked);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Offers that got no answer of use, with reasons.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.refused.lock().expect("no thread panics with the list").clone()
    }

    pub(crate) fn look(&self) -> Result<Look> {
        let (reply, look) = mpsc::channel();
        self.commands.send(Command::Look(reply)).ok().context("the crowd has ended")?;
        look.recv().context("the crowd has ended")
    }

    /// Where datagrams for the viewers go.
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddrV4>> {
        let (reply, addresses) = mpsc::channel();
        self.commands.send(Command::Addresses(reply)).ok().context("the crowd has ended")?;
        addresses.recv().context("the crowd has ended")?
    }

    /// Ends all sessions and forgets the viewers.
    pub(crate) fn leave(&mut self) -> Result<()> {
        let sessions = std::mem::take(&mut *self.sessions.lock().expect("no thread panics with the list"));
        for session in sessions {
            // A session that has ended by itself is as good.
            let _ = self.signalling.leave(&session);
        }
        self.refused.lock().expect("no thread panics with the list").clear();
        self.asked = 0;
        self.commands.send(Command::Forget).ok().context("the crowd has ended")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether the `at`-th of `count` is one of `chosen`, the first and the last among them.
fn chosen(at: usize, count: usize, chosen: usize) -> bool {
    match chosen {
        0 => false,
        1 => at == count / 2,
        _ => (0..chosen).any(|one| one * count.saturating_sub(1) / (chosen - 1) == at),
    }
}

/// The thread that owns the viewers.
struct Host {
    identity: Arc<Identity>,
    feedback: Feedback,
    inbox: mpsc::Receiver<Command>,
    epoll: Epoll,
    viewers: Vec<Viewer>,
    joining: Vec<usize>,
    verified: Vec<usize>,
    errors: Vec<String>,
    turn: u64,
    next_turn: Instant,
}

impl Host {
    fn new(identity: Arc<Identity>, feedback: Feedback, inbox: mpsc::Receiver<Command>) -> Result<Self> {
        Ok(Self {
            identity,
            feedback,
            inbox,
            epoll: Epoll::new()?,
            viewers: Vec::new(),
            joining: Vec::new(),
            verified: Vec::new(),
            errors: Vec::new(),
            turn: 0,
            next_turn: Instant::now(),
        })
    }

    fn run(&mut self) -> Result<()> {
        let mut buffer = vec![0; 4_096];
        loop {
            // Answers come by the channel, which epoll does not see: half a millisecond is little beside a join.
            let ready = self.epoll.wait(1)?;
            for number in ready {
                self.readable(number as usize, &mut buffer);
            }
            while let Ok(command) = self.inbox.try_recv() {
                match command {
                    Command::Joined(joined) => self.join(*joined),
                    Command::Look(reply) => {
                        let _ = reply.send(self.look());
                    }
                    Command::Addresses(reply) => {
                        let _ = reply.send(self.viewers.iter().map(Viewer::address).collect());
                    }
                    Command::Forget => {
                        self.viewers.clear();
                        self.joining.clear();
                        self.verified.clear();
                        // Sockets of forgotten viewers leave epoll when they are closed.
                    }
                    Command::End => return Ok(()),
                }
            }
            while Instant::now() >= self.next_turn {
                self.next_turn += TURN;
                self.turn();
            }
        }
    }

    fn fail(&mut self, at: usize, error: &anyhow::Error) {
        if self.errors.len() < 20 {
            self.errors.push(format!("viewer {at}: {error:#}"));
        }
        self.viewers[at].state = State::Failed;
    }

    fn join(&mut self, joined: Joined) {
        let (at, verified) = (self.viewers.len(), joined.verified);
        let viewer = Viewer::new(&self.identity, joined, self.feedback).and_then(|viewer| {
            self.epoll.add(viewer.socket(), at as u64)?;
            Ok(viewer)
        });
        match viewer {
            Ok(viewer) => {
                self.viewers.push(viewer);
                self.joining.push(at);
                self.verified.extend(verified.then_some(at));
            }
            Err(error) => self.errors.push(format!("a viewer could not begin: {error:#}")),
        }
    }

    fn readable(&mut self, at: usize, buffer: &mut [u8]) {
        // A number from before the last leave may still be in the list.
        let Some(viewer) = self.viewers.get_mut(at) else { return };
        match viewer.readable(&self.identity, buffer) {
            Ok(_) => {}
            Err(error) => self.fail(at, &error),
        }
    }

    fn turn(&mut self) {
        let now = Instant::now();
        self.turn += 1;
        let mut joining = std::mem::take(&mut self.joining);
        joining.retain(|at| {
            if let Err(error) = self.viewers[*at].tick(now) {
                self.fail(*at, &error);
            }
            self.viewers[*at].state == State::Joining
        });
        self.joining = joining;
        let second = self.turn / TURNS;
        for at in ((self.turn % TURNS) as usize..self.viewers.len()).step_by(TURNS as usize) {
            let check = (second + at as u64 / TURNS).is_multiple_of(CHECK_SECONDS);
            if let Err(error) = self.viewers[at].second(&self.identity, now, check) {
                self.fail(at, &error);
            }
        }
        for at in ((self.turn % FEEDBACK_TURNS) as usize..self.viewers.len()).step_by(FEEDBACK_TURNS as usize) {
            if let Err(error) = self.viewers[at].report() {
                self.fail(at, &error);
            }
        }
    }

    fn look(&mut self) -> Look {
        let count = |state| self.viewers.iter().filter(|viewer| viewer.state == state).count();
        Look {
            connected: count(State::Connected),
            failed: count(State::Failed),
            closed: count(State::Closed),
            extension_bytes: self.viewers.first().map_or(0, Viewer::extension_bytes),
            join_ms: self.viewers.iter().filter_map(Viewer::join_ms).collect(),
            delivered: self.viewers.iter_mut().map(Viewer::delivered).collect(),
            verified: self.verified.iter().filter_map(|at| Some((*at, self.viewers[*at].counts()?))).collect(),
            errors: self.errors.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifying_ones_are_spread_from_the_first_to_the_last() {
        let places: Vec<usize> = (0..100).filter(|at| chosen(*at, 100, 4)).collect();
        assert_eq!(places, [0, 33, 66, 99]);
        assert_eq!((0..3).filter(|at| chosen(*at, 3, 4)).count(), 3);
        assert_eq!((0..9).filter(|at| chosen(*at, 9, 1)).collect::<Vec<_>>(), [4]);
    }
}
