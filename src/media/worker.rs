//! The worker threads: each owns its sockets and a [`Plane`], and feeds it with datagrams, commands, what other workers tell, and time.
//!
//! Threads of their own, each with a small runtime, so that a burst to a thousand viewers delays no web page and the other way round.
//! They end when the token is cancelled or the last handle is dropped; sessions are then closed with a goodbye.

mod command;
mod start;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::demux::Demux;
use super::egress::{Message, Wire};
use super::ice::{Path, TcpId};
use super::load::Load;
use super::plane::Plane;
use super::relay::Relay;
use super::socket::{Sender, Udp};
use super::tcp::{self, Arrival, TcpEvent, Writer};
use super::{StreamId, StreamStats, Totals};
pub(super) use command::Command;
pub(super) use start::{Started, start};

/// TCP connections of a worker at the same time; beyond, new ones are closed at once.
const MAX_TCP: usize = 4_000;
/// A TCP connection that has shown no authentic check by then is closed.
const TCP_GRACE: Duration = Duration::from_secs(10);
/// Datagrams from TCP readers that wait for the worker; readers then wait, and TCP slows the peers down.
const TCP_QUEUE: usize = 1_024;
/// How often the figures are shown to the handle, and silent TCP connections sought.
const UPKEEP: Duration = Duration::from_millis(50);
/// What is taken of each queue in one turn.
const TURN: usize = 64;

/// What the handle sees of a worker.
pub(super) struct Link {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) gauges: Arc<Gauges>,
}

#[derive(Default)]
pub(super) struct Gauges {
    totals: Mutex<Totals>,
    /// The streams that this worker is home to or has viewers of, as they were a second ago.
    streams: Mutex<Vec<(StreamId, StreamStats)>>,
    /// Processor time since the start, in microseconds.
    pub(super) cpu: AtomicU64,
    /// Viewers that the worker has, half-open ones included.
    viewers: AtomicUsize,
    /// Viewers that the handle has sent there and the worker has not taken up yet.
    coming: AtomicUsize,
    /// Share of a core that the worker has used lately, in thousandths.
    pub(super) load: AtomicU32,
}

impl Gauges {
    /// Viewers, with those that are on their way there.
    pub(super) fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed) + self.coming.load(Ordering::Relaxed)
    }

    pub(super) fn streams(&self) -> Vec<(StreamId, StreamStats)> {
        self.streams.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(super) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A viewer on the way to a worker; counted until this is dropped, so that those of one moment do not all go to the same worker.
pub(super) struct Coming(Arc<Gauges>);

impl Coming {
    pub(super) fn to(link: &Link) -> Self {
        link.gauges.coming.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&link.gauges))
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::Relaxed);
    }
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

    fn send_all(&mut self, arena: &[u8], messages: &[Message]) -> u64 {
        let mut dropped = 0;
        let by_tcp = |message: &Message| matches!(message.path, Path::Tcp { .. });
        for messages in messages.chunk_by(|one, other| by_tcp(one) == by_tcp(other)) {
            if messages.first().is_some_and(by_tcp) {
                for message in messages {
                    let taken = self.send(message.path, message.contents(arena), message.segment);
                    dropped += u64::from(!taken) * u64::from(message.packets);
                }
            } else {
                dropped += self.udp.send_all(arena, messages);
            }
        }
        dropped
    }
}

struct Queues {
    commands: mpsc::Receiver<Command>,
    arrivals: mpsc::Receiver<Arrival>,
    relays: mpsc::Receiver<Relay>,
}

struct Worker {
    plane: Plane,
    /// Only with the worker that reads the port of all.
    demux: Option<Demux>,
    peers: Peers,
    gauges: Arc<Gauges>,
    load: Load,
    /// When idle TCP connections and the figures are looked after next.
    upkeep: Instant,
    next_tcp: u64,
}

impl Worker {
    /// Starts the thread; the tracker holds a task for as long as it runs.
    fn spawn(self, socket: std::net::UdpSocket, queues: Queues, token: CancellationToken, tracker: &TaskTracker) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (ended, wait) = oneshot::channel::<()>();
        let name = format!("media-{}", self.plane.mesh.me);
        std::thread::Builder::new().name(name).spawn(move || {
            if let Err(error) = runtime.block_on(self.run(socket, queues, token)) {
                tracing::error!(%error, "a worker of the media plane stopped");
            }
            drop(ended);
        })?;
        tracker.spawn(async move {
            let _ = wait.await;
        });
        Ok(())
    }

    async fn run(mut self, socket: std::net::UdpSocket, mut queues: Queues, token: CancellationToken) -> io::Result<()> {
        let mut udp = Udp::new(socket)?;
        let reads = self.plane.mesh.reader.is_none();
        let (tcp_events, mut from_tcp) = mpsc::channel(TCP_QUEUE);
        let tasks = TaskTracker::new();
        loop {
            let due = self.plane.due(Instant::now());
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                // Routes and packets of other workers come before what depends on them.
                relay = queues.relays.recv() => {
                    if let Some(relay) = relay {
                        self.relayed(relay, &udp);
                    }
                }
                ready = udp.readable(), if reads => {
                    ready?;
                    self.receive(&mut udp);
                }
                Some(event) = from_tcp.recv() => self.tcp(event, &udp),
                Some(arrival) = queues.arrivals.recv() => self.arrive(arrival, &tcp_events, &tasks),
                command = queues.commands.recv() => {
                    let Some(command) = command else { break };
                    self.command(command, &udp);
                }
                ready = udp.writable() => ready?,
                () = tokio::time::sleep_until(due.into()) => {}
            }
            udp.flush();
            // None may keep the others from being heard.
            for _ in 0..TURN {
                let Ok(relay) = queues.relays.try_recv() else { break };
                self.relayed(relay, &udp);
            }
            if reads {
                self.receive(&mut udp);
            }
            for _ in 0..TURN {
                let Ok(event) = from_tcp.try_recv() else { break };
                self.tcp(event, &udp);
            }
            self.settle(&udp);
            for _ in 0..TURN {
                let Ok(command) = queues.commands.try_recv() else { break };
                // What is fed comes in bursts; anything else costs enough to let the others have their turn.
                let more = matches!(command, Command::Fed { .. });
                self.command(command, &udp);
                if !more {
                    break;
                }
            }
        }
        self.plane.close_all(Instant::now(), &mut Out { udp: &udp.sender(), tcp: &self.peers });
        // Let the writers send the goodbyes; the runtime ends them with itself.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn receive(&mut self, udp: &mut Udp) {
        let Self { plane, peers, demux, .. } = self;
        let now = Instant::now();
        udp.receive(|remote, local, datagram, sender| {
            let path = Path::Udp { remote, local };
            if let Some(demux) = demux {
                let worker = demux.worker(now, remote, datagram);
                if worker > 0 {
                    if let Some(group) = demux.gather(worker, path, datagram) {
                        plane.mesh.tell(worker, Relay::Datagrams(group));
                    }
                    return;
                }
            }
            plane.datagram(now, &mut Out { udp: sender, tcp: peers }, path, datagram);
        });
        if let Some(demux) = demux {
            demux.rest().for_each(|(worker, group)| plane.mesh.tell(worker, Relay::Datagrams(group)));
        }
    }

    fn relayed(&mut self, relay: Relay, udp: &Udp) {
        let now = Instant::now();
        if let (Relay::Route { remote, worker }, Some(demux)) = (&relay, &mut self.demux) {
            demux.learn(now, *remote, *worker);
            return;
        }
        self.plane.relayed(now, &mut Out { udp: &udp.sender(), tcp: &self.peers }, relay);
    }

    fn settle(&mut self, udp: &Udp) {
        let now = Instant::now();
        self.plane.settle(now, &mut Out { udp: &udp.sender(), tcp: &self.peers });
        if now < self.upkeep {
            return;
        }
        self.upkeep = now + UPKEEP;
        if let Some(load) = self.load.look(now) {
            self.gauges.load.store(load, Ordering::Relaxed);
            self.gauges.cpu.store(self.load.used().as_micros() as u64, Ordering::Relaxed);
            if let Ok(mut streams) = self.gauges.streams.lock() {
                *streams = self.plane.all_stats(now);
            }
        }
        if let Ok(mut totals) = self.gauges.totals.lock() {
            *totals = self.plane.totals;
        }
        self.gauges.viewers.store(self.plane.viewers(), Ordering::Relaxed);
        let plane = &self.plane;
        self.peers.0.retain(|_, peer| {
            let keep = now.saturating_duration_since(peer.opened) < TCP_GRACE || plane.knows(peer.path);
            if !keep {
                peer.stop.cancel();
            }
            keep
        });
    }

    fn arrive(&mut self, arrival: Arrival, events: &mpsc::Sender<TcpEvent>, tasks: &TaskTracker) {
        if self.peers.0.len() >= MAX_TCP {
            return;
        }
        self.next_tcp += 1;
        let (id, remote) = (TcpId(self.next_tcp), arrival.remote);
        if let Ok((writer, stop)) = tcp::take(arrival, id, events, tasks) {
            let path = Path::Tcp { id, remote };
            self.peers.0.insert(id, TcpPeer { writer, stop, path, opened: Instant::now() });
        }
    }

    fn tcp(&mut self, event: TcpEvent, udp: &Udp) {
        match event {
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
}
