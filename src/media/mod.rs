//! The media plane: a selective forwarding unit behind one handle, [`Media`].
//!
//! A publisher, or a panel of some, sends a stream in; any number of viewers take it out. Packets are forwarded, never transcoded. Everything arrives on UDP,
//! one port for all workers or one for each, and for networks without UDP on one TCP port (ICE-TCP).
//!
//! Invariants:
//! - A connection belongs to one worker thread, which alone touches it; the handle only sends commands over bounded channels. A session's id
//!   names its worker, and a stream's id the worker that its publishers are on: nothing has to be looked up.
//! - Nothing is sent to an address that has not proved, by an ICE check with the right password, that it wants it.
//! - A broken packet is counted and dropped; a panic inside one connection ends that connection alone.
//!
//! Deliberately absent: HTTP, rooms, accounts, the database, transcoding.
//! `client` and `file` are the other side: a peer that publishes a clip or receives a stream; `record` writes what one received into files.

mod candidate;
mod codec;
mod demux;
mod dtls;
mod egress;
mod error;
mod estimate;
mod event;
mod feed;
mod fragment;
mod ice;
mod identity;
mod layer;
mod load;
mod opus;
mod panel;
mod plane;
mod prefetch;
mod publisher;
mod quality;
mod relay;
mod reports;
mod rewrite;
mod sdp;
mod session;
#[cfg(test)]
mod simnet;
mod socket;
mod sources;
mod srtp;
mod stats;
mod steer;
mod stream;
mod stun;
mod tcp;
mod trace;
mod track;
mod viewer;
mod wheel;
mod worker;

pub mod client;
pub mod file;
pub mod record;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub use plane::fuzzing;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use crate::ids::{SessionId, StreamId};
pub use candidate::Transport;
pub use error::MediaError;
pub use event::{DownReason, MediaEvent};
pub use panel::{Seat, SeatWanted};
pub use session::{Answer, SessionInfo, SessionKind, Slot, TrickleOutcome};
pub use stats::{LayerStats, StreamStats, Totals, ViewerStats, WorkerStats};
pub use trace::{Cause, TraceEvent, Traced};
use worker::{Coming, Command, Link, Started};

/// A worker that has used so much of a core lately, in thousandths, takes no new viewers; the rest is for bursts and for those who come back.
const FULL: u32 = 850;
/// Events kept for a slow subscriber; it is told how many it missed ([`broadcast::error::RecvError::Lagged`]).
const EVENT_QUEUE: usize = 1_024;

/// How the plane listens and what it allows.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Threads that forward media; one per core is best.
    pub workers: usize,
    /// Where UDP is bound. Port 0 takes a free one; see [`Media::local_addr`].
    pub udp: SocketAddr,
    /// All workers share the one port, where only one may be open; otherwise each has its own, from `udp` on upwards.
    pub one_port: bool,
    /// Where ICE-TCP listens, normally the same port number. Port 0 takes the number that UDP got.
    pub tcp: Option<SocketAddr>,
    /// The port that serves the pages, if clients reach it without a proxy between: announced for ICE over TCP.
    pub web: Option<u16>,
    /// The addresses under which clients reach us. Empty: the local addresses that the bound address stands for.
    pub announced: Vec<IpAddr>,
    /// Viewers at the same time, half-open ones included; more are refused as [`MediaError::Overloaded`].
    pub max_viewers: usize,
    /// Publishers at the same time.
    pub max_publishers: usize,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            workers: 1,
            udp: ([127, 0, 0, 1], 0).into(),
            one_port: true,
            tcp: None,
            web: None,
            announced: Vec::new(),
            max_viewers: 5_000,
            max_publishers: 500,
        }
    }
}

/// Whose place a publisher may take when its seat already has a connected one; otherwise it gets [`MediaError::StreamBusy`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PublishOptions {
    /// Nobody's.
    #[default]
    Polite,
    /// Anybody's.
    Replace,
    /// That of the session with this etag: the same peer comes back by a new connection, while nobody has taken over from it.
    Return(String),
}

/// What a viewer wants of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewOptions {
    /// The lowest simulcast layer instead of the highest.
    pub save_data: bool,
    /// No video at all.
    pub audio_only: bool,
    /// Sound in packets of 60 ms instead of 20: a third of the headers, for a little more delay.
    pub merge_audio: bool,
    /// The seat whose picture is the main one, as long as it has one; otherwise whoever speaks.
    pub pin: Option<Seat>,
    /// How many small pictures of others, if there are tracks for more; as many as there are tracks if absent, but none where data is saved.
    pub last: Option<u8>,
    /// The seat that is left out: that of somebody on stage, who listens to the others.
    pub without: Option<Seat>,
    /// The only seat that is taken, sound and picture: that of somebody who is recorded.
    pub only: Option<Seat>,
}

/// What of a publisher is passed on to nobody, whatever it sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    pub sound: bool,
    pub picture: bool,
}

/// The handle of the media plane. Clones share one plane, which ends with its token or with the last handle.
#[derive(Clone)]
pub struct Media {
    started: Arc<Started>,
    events: broadcast::Sender<MediaEvent>,
    web: Option<u16>,
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media").field("udp", &self.started.udp).finish_non_exhaustive()
    }
}

impl Media {
    /// Publishes into a stream as its host. The publisher is up once its handshake is done ([`MediaEvent::PublisherUp`]).
    pub async fn publish(&self, stream: StreamId, offer: &str, options: PublishOptions) -> Result<Answer, MediaError> {
        self.publish_at(stream, SeatWanted::At(Seat::HOST), offer, options).await
    }

    /// Publishes into a stream from any seat; `options` are about that seat.
    pub async fn publish_at(&self, stream: StreamId, seat: SeatWanted, offer: &str, options: PublishOptions) -> Result<Answer, MediaError> {
        let offer = offer.to_owned();
        self.ask(self.home(stream)?, |reply| Command::Publish { stream, seat, offer, options, reply }).await?
    }

    /// Views a stream, whether or not anybody publishes it: media flows when a publisher is there, and again after it returned.
    pub async fn view(&self, stream: StreamId, offer: &str, options: ViewOptions) -> Result<Answer, MediaError> {
        let offer = offer.to_owned();
        let link = self.idlest()?;
        let coming = Coming::to(link);
        self.ask(link, |reply| Command::View { stream, offer, options, coming, reply }).await?
    }

    /// Changes what a viewer gets; a change of layer takes effect with that layer's next key frame.
    pub async fn set_view(&self, session: SessionId, options: ViewOptions) -> Result<(), MediaError> {
        self.ask(self.owner(session)?, |reply| Command::SetView { session, options, reply }).await?
    }

    /// Stops passing on a publisher's sound or picture, or lets them pass again. Whoever comes in its place begins with nothing held back.
    pub async fn hold_back(&self, session: SessionId, held: HeldBack) -> Result<(), MediaError> {
        self.ask(self.owner(session)?, |reply| Command::HoldBack { session, held, reply }).await?
    }

    /// Traces a viewer's connection until the receiver is dropped or the session ends; a new trace ends the one before.
    pub async fn trace(&self, session: SessionId) -> Result<mpsc::Receiver<Traced>, MediaError> {
        self.ask(self.owner(session)?, |reply| Command::Trace { session, reply }).await?
    }

    /// Takes a `trickle-ice-sdpfrag`. Candidates are not needed (we answer whoever knows the password); new credentials restart ICE.
    pub async fn trickle(&self, session: SessionId, fragment: &str) -> Result<TrickleOutcome, MediaError> {
        let fragment = fragment.to_owned();
        self.ask(self.owner(session)?, |reply| Command::Trickle { session, fragment, restart: false, reply }).await?
    }

    /// Takes a fragment that is for no ICE session in particular, as restarts are sent; candidates alone are taken note of.
    pub async fn restart_ice(&self, session: SessionId, fragment: &str) -> Result<TrickleOutcome, MediaError> {
        let fragment = fragment.to_owned();
        self.ask(self.owner(session)?, |reply| Command::Trickle { session, fragment, restart: true, reply }).await?
    }

    /// Ends one session; true if it was there.
    pub async fn close(&self, session: SessionId) -> bool {
        let Ok(link) = self.owner(session) else { return false };
        self.ask(link, |reply| Command::Close { session, reply }).await.unwrap_or(false)
    }

    /// Ends the publishers and all viewers of a stream; tells how many sessions that were.
    pub async fn close_stream(&self, stream: StreamId) -> usize {
        let mut closed = 0;
        for link in &self.started.links {
            closed += self.ask(link, |reply| Command::CloseStream { stream, reply }).await.unwrap_or(0);
        }
        closed
    }

    /// Asks the publishers for a key frame on every layer, at most once a second.
    pub async fn request_keyframe(&self, stream: StreamId) {
        if let Ok(link) = self.home(stream) {
            let _ = link.commands.send(Command::RequestKeyframe { stream }).await;
        }
    }

    pub async fn session(&self, session: SessionId) -> Option<SessionInfo> {
        let link = self.owner(session).ok()?;
        self.ask(link, |reply| Command::Session { session, reply }).await.ok().flatten()
    }

    /// The figures of a stream, all zero if the plane does not know it.
    pub async fn stats(&self, stream: StreamId) -> StreamStats {
        let mut all = StreamStats::default();
        for link in &self.started.links {
            all.add(self.ask(link, |reply| Command::Stats { stream, reply }).await.unwrap_or_default());
        }
        all
    }

    /// What each connected viewer of a stream gets.
    pub async fn viewers(&self, stream: StreamId) -> Vec<ViewerStats> {
        let mut all = Vec::new();
        for link in &self.started.links {
            all.extend(self.ask(link, |reply| Command::Viewers { stream, reply }).await.unwrap_or_default());
        }
        all
    }

    /// The counters of the plane, as they were at most a tenth of a second ago.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.started.links.iter().fold(Totals::default(), |all, link| all.plus(&link.gauges.totals()))
    }

    /// The figures of each worker.
    #[must_use]
    pub fn workers(&self) -> Vec<WorkerStats> {
        let figures = |link: &Link| WorkerStats {
            totals: link.gauges.totals(),
            load_permille: link.gauges.load.load(Ordering::Relaxed),
            cpu: Duration::from_micros(link.gauges.cpu.load(Ordering::Relaxed)),
        };
        self.started.links.iter().map(figures).collect()
    }

    /// The figures of all streams, as they were at most a second or so ago.
    #[must_use]
    pub fn streams(&self) -> HashMap<StreamId, StreamStats> {
        let mut all: HashMap<StreamId, StreamStats> = HashMap::new();
        for (id, stats) in self.started.links.iter().flat_map(|link| link.gauges.streams()) {
            all.entry(id).or_default().add(stats);
        }
        all
    }

    /// Takes over a TCP connection from which `read` has been read: ICE-TCP that came in by another port.
    pub async fn accept(&self, stream: tokio::net::TcpStream, remote: SocketAddr, read: bytes::BytesMut) {
        tcp::introduce(stream, remote, read, &self.started.arrivals).await;
    }

    /// Events from now on. A subscriber that falls behind by more than 1,024 events is told so and should read [`Media::stats`].
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<MediaEvent> {
        self.events.subscribe()
    }

    /// Where the first worker's UDP is.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.started.udp.first().copied().unwrap_or_else(|| ([0, 0, 0, 0], 0).into())
    }

    #[must_use]
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.started.tcp
    }

    /// The transports with their ports that answers may carry, best first.
    #[must_use]
    pub fn transports(&self) -> Vec<(Transport, u16)> {
        let mut udp: Vec<u16> = self.started.udp.iter().map(SocketAddr::port).collect();
        udp.dedup();
        let tcp = self.started.tcp.map(|tcp| (Transport::Tcp, tcp.port()));
        udp.into_iter().map(|port| (Transport::Udp, port)).chain(tcp).chain(self.web.map(|port| (Transport::Web, port))).collect()
    }

    /// An answer with the candidates of one transport alone, so that its peer has no other way; `None` if we do not offer that.
    #[must_use]
    pub fn only(&self, answer: &str, transport: Transport) -> Option<String> {
        candidate::only(answer, transport, self.started.tcp.map(|tcp| tcp.port()))
    }

    /// An answer for a peer on this machine, who may not reach the announced addresses.
    #[must_use]
    pub fn nearby(&self, answer: &str) -> Option<String> {
        candidate::nearby(answer, self.local_addr().ip())
    }

    /// The addresses that answers carry.
    #[must_use]
    pub fn announced(&self) -> &[IpAddr] {
        &self.started.announced
    }

    fn home(&self, stream: StreamId) -> Result<&Link, MediaError> {
        self.started.links.get(relay::home(stream, self.started.links.len())).ok_or(MediaError::Stopped)
    }

    fn owner(&self, session: SessionId) -> Result<&Link, MediaError> {
        self.started.links.get(relay::worker_of(session)).ok_or(MediaError::UnknownSession)
    }

    /// The worker for the next viewer: the one with the fewest that is not too busy.
    fn idlest(&self) -> Result<&Link, MediaError> {
        let able = self.started.links.iter().filter(|link| link.gauges.load.load(Ordering::Relaxed) < FULL);
        able.min_by_key(|link| link.gauges.viewers()).ok_or(MediaError::Overloaded)
    }

    async fn ask<T>(&self, link: &Link, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, MediaError> {
        let (reply, answer) = oneshot::channel();
        link.commands.send(command(reply)).await.map_err(|_| MediaError::Stopped)?;
        answer.await.map_err(|_| MediaError::Stopped)
    }
}

impl Media {
    /// Binds the sockets and starts the worker threads, which end when `token` is cancelled or the last handle is dropped.
    ///
    /// `tracker` holds a task for as long as a worker runs. Must be called within a Tokio runtime.
    #[expect(clippy::needless_pass_by_value, reason = "the plane takes over its configuration, token and tracker")]
    pub fn start(config: MediaConfig, token: CancellationToken, tracker: TaskTracker) -> io::Result<Self> {
        let (events, _) = broadcast::channel(EVENT_QUEUE);
        let started = worker::start(&config, &events, &token, &tracker)?;
        Ok(Self { started: Arc::new(started), events, web: config.web })
    }
}
