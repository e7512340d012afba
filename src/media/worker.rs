//! The worker thread: owns the sockets and a [`Plane`], feeds it with datagrams, commands and time.
//!
//! A thread of its own, with a small runtime of its own, so that a burst to a thousand viewers delays no web page and the other way round.
//! It ends when the token is cancelled or the last handle is dropped; sessions are then closed with a goodbye.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::egress::Wire;
use super::ice::{Path, TcpId};
use super::identity::Identity;
use super::plane::{Limits, Plane};
use super::socket::{Sender, Udp, addresses};
use super::tcp::{self, TcpEvent, Writer};
use super::{
    Answer, Local, MediaConfig, MediaError, MediaEvent, PublishOptions, SessionId, SessionInfo, StreamId, StreamStats, Totals,
    TrickleOutcome, ViewOptions, sdp,
};

/// TCP connections at the same time; beyond, new ones are closed at once.
const MAX_TCP: usize = 4_000;
/// A TCP connection that has shown no authentic check by then is closed.
const TCP_GRACE: Duration = Duration::from_secs(10);
/// Datagrams from TCP readers that wait for the worker; readers then wait, and TCP slows the peers down.
const TCP_QUEUE: usize = 1_024;
/// How often the totals are shown to the handle, and silent TCP connections sought.
const UPKEEP: Duration = Duration::from_millis(50);
/// TCP datagrams taken in one turn.
const TURN: usize = 64;

type Reply<T> = oneshot::Sender<T>;

/// What the handle asks of the worker.
pub(super) enum Command {
    Publish { stream: StreamId, offer: String, options: PublishOptions, reply: Reply<Result<Answer, MediaError>> },
    View { stream: StreamId, offer: String, options: ViewOptions, reply: Reply<Result<Answer, MediaError>> },
    SetView { session: SessionId, options: ViewOptions, reply: Reply<Result<(), MediaError>> },
    Trickle { session: SessionId, fragment: String, restart: bool, reply: Reply<Result<TrickleOutcome, MediaError>> },
    Close { session: SessionId, reply: Reply<bool> },
    CloseStream { stream: StreamId, reply: Reply<usize> },
    RequestKeyframe { stream: StreamId },
    Session { session: SessionId, reply: Reply<Option<SessionInfo>> },
    Stats { stream: StreamId, reply: Reply<StreamStats> },
}

struct TcpPeer {
    writer: Writer,
    stop: CancellationToken,
    path: Path,
    opened: Instant,
}

/// The TCP connections, and with a UDP sender the way out for the plane.
#[derive(Default)]
struct Peers(HashMap<TcpId, TcpPeer>);

struct Out<'a> {
    udp: &'a Sender<'a>,
    tcp: &'a Peers,
}

impl Wire for Out<'_> {
    fn send(&mut self, path: Path, contents: &[u8], segment: usize) -> bool {
        match path {
            Path::Udp { remote, local } => self.udp.send(remote, local, contents, segment),
            Path::Tcp { id, .. } => self.tcp.0.get(&id).is_some_and(|peer| peer.writer.send(contents, segment)),
        }
    }
}

pub(super) fn start(
    config: &MediaConfig,
    commands: mpsc::Receiver<Command>,
    events: broadcast::Sender<MediaEvent>,
    token: CancellationToken,
    tracker: &TaskTracker,
) -> io::Result<Local> {
    let (socket, listener) = open(config)?;
    let udp = socket.local_addr()?;
    let tcp = listener.as_ref().map(std::net::TcpListener::local_addr).transpose()?;
    let announced = if config.announced.is_empty() { addresses(udp.ip()) } else { config.announced.clone() };
    let candidates = sdp::candidates(&announced, udp.port(), tcp.map(|tcp| tcp.port()));
    let identity = Identity::new().map_err(io::Error::other)?;
    let limits = Limits { viewers: config.max_viewers, publishers: config.max_publishers };
    let totals = Arc::new(Mutex::new(Totals::default()));
    let plane = Plane::new(Instant::now(), identity, limits, candidates, events);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let worker = Worker { plane, peers: Peers::default(), totals: Arc::clone(&totals), upkeep: Instant::now() };
    let (ended, wait) = oneshot::channel::<()>();
    std::thread::Builder::new().name("media".to_owned()).spawn(move || {
        let ran = runtime.block_on(worker.run(socket, listener, commands, token));
        if let Err(error) = ran {
            tracing::error!(%error, "the media plane stopped");
        }
        drop(ended);
    })?;
    tracker.spawn(async move {
        let _ = wait.await;
    });
    Ok(Local { udp, tcp, announced, totals })
}

/// The sockets. Where any port will do, UDP's number may be taken on TCP: then another one is tried.
fn open(config: &MediaConfig) -> io::Result<(std::net::UdpSocket, Option<std::net::TcpListener>)> {
    let mut tries = if config.udp.port() == 0 { 20 } else { 1 };
    loop {
        tries -= 1;
        let socket = Udp::bind(config.udp)?;
        let port = socket.local_addr()?.port();
        match config.tcp.map(|address| listen(address, port)).transpose() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            listener => return Ok((socket, listener?)),
        }
    }
}

fn listen(mut address: std::net::SocketAddr, port: u16) -> io::Result<std::net::TcpListener> {
    if address.port() == 0 {
        address.set_port(port);
    }
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    Ok(socket.into())
}

struct Worker {
    plane: Plane,
    peers: Peers,
    totals: Arc<Mutex<Totals>>,
    /// When idle TCP connections and the totals are looked after next.
    upkeep: Instant,
}

impl Worker {
    async fn run(
        mut self,
        socket: std::net::UdpSocket,
        listener: Option<std::net::TcpListener>,
        mut commands: mpsc::Receiver<Command>,
        token: CancellationToken,
    ) -> io::Result<()> {
        let mut udp = Udp::new(socket)?;
        let (tcp_events, mut from_tcp) = mpsc::channel(TCP_QUEUE);
        let tasks = TaskTracker::new();
        if let Some(listener) = listener {
            tasks.spawn(tcp::accept(TcpListener::from_std(listener)?, tcp_events.clone(), tasks.clone()));
        }
        loop {
            let due = self.plane.due(Instant::now());
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                ready = udp.readable() => {
                    ready?;
                    let Self { plane, peers, .. } = &mut self;
                    let now = Instant::now();
                    udp.receive(|remote, local, datagram, sender| {
                        plane.datagram(now, &mut Out { udp: sender, tcp: peers }, Path::Udp { remote, local }, datagram);
                    });
                }
                event = from_tcp.recv() => {
                    if let Some(event) = event {
                        self.tcp(event, &udp);
                    }
                }
                command = commands.recv() => {
                    let Some(command) = command else { break };
                    self.command(command, &udp);
                }
                ready = udp.writable() => ready?,
                () = tokio::time::sleep_until(due.into()) => {}
            }
            udp.flush();
            // A busy UDP socket must not keep the others from being heard.
            for _ in 0..TURN {
                let Ok(event) = from_tcp.try_recv() else { break };
                self.tcp(event, &udp);
            }
            self.settle(&udp);
            if let Ok(command) = commands.try_recv() {
                self.command(command, &udp);
            }
        }
        self.plane.close_all(Instant::now(), &mut Out { udp: &udp.sender(), tcp: &self.peers });
        // Let the writers send the goodbyes; the runtime ends them with itself.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn settle(&mut self, udp: &Udp) {
        let now = Instant::now();
        self.plane.settle(now, &mut Out { udp: &udp.sender(), tcp: &self.peers });
        if now < self.upkeep {
            return;
        }
        self.upkeep = now + UPKEEP;
        if let Ok(mut totals) = self.totals.lock() {
            *totals = self.plane.totals;
        }
        let plane = &self.plane;
        self.peers.0.retain(|_, peer| {
            let keep = now.saturating_duration_since(peer.opened) < TCP_GRACE || plane.knows(peer.path);
            if !keep {
                peer.stop.cancel();
            }
            keep
        });
    }

    fn tcp(&mut self, event: TcpEvent, udp: &Udp) {
        match event {
            TcpEvent::Opened { id, remote, writer, stop } => {
                if self.peers.0.len() >= MAX_TCP {
                    stop.cancel();
                    return;
                }
                let path = Path::Tcp { id, remote };
                self.peers.0.insert(id, TcpPeer { writer, stop, path, opened: Instant::now() });
            }
            TcpEvent::Datagram { id, remote, datagram } => {
                let mut out = Out { udp: &udp.sender(), tcp: &self.peers };
                self.plane.datagram(Instant::now(), &mut out, Path::Tcp { id, remote }, &datagram);
            }
            TcpEvent::Closed { id, remote } => {
                self.peers.0.remove(&id);
                self.plane.lost(Path::Tcp { id, remote });
            }
        }
    }

    /// Carries out a command. A caller that stopped waiting for the reply does not matter.
    fn command(&mut self, command: Command, udp: &Udp) {
        let now = Instant::now();
        let wire = &mut Out { udp: &udp.sender(), tcp: &self.peers };
        let plane = &mut self.plane;
        match command {
            Command::Publish { stream, offer, options, reply } => {
                let _ = reply.send(plane.publish(now, wire, stream, &offer, &options));
            }
            Command::View { stream, offer, options, reply } => {
                let _ = reply.send(plane.view(now, stream, &offer, options));
            }
            Command::SetView { session, options, reply } => {
                let _ = reply.send(plane.set_view(now, session, options));
            }
            Command::Trickle { session, fragment, restart, reply } => {
                let _ = reply.send(plane.trickle(session, &fragment, restart));
            }
            Command::Close { session, reply } => {
                let _ = reply.send(plane.close(now, wire, session));
            }
            Command::CloseStream { stream, reply } => {
                let _ = reply.send(plane.close_stream(now, wire, stream));
            }
            Command::RequestKeyframe { stream } => plane.request_keyframe(now, stream),
            Command::Session { session, reply } => {
                let _ = reply.send(plane.session(session));
            }
            Command::Stats { stream, reply } => {
                let _ = reply.send(plane.stats(now, stream));
            }
        }
    }
}
