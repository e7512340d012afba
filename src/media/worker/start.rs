//! Opens the plane's sockets and starts its workers.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Gauges, Link, Peers, Queues, Worker};
use crate::media::demux::Demux;
use crate::media::identity::Identity;
use crate::media::load::Load;
use crate::media::plane::{Limits, Plane};
use crate::media::relay::{MAX_WORKERS, Mesh};
use crate::media::socket::{Udp, addresses};
use crate::media::tcp::{self, Links};
use crate::media::{MediaConfig, MediaEvent, sdp};

/// TCP connections on their way to a worker.
const ARRIVALS: usize = 64;
/// Commands waiting for a worker; a caller beyond that waits, so the queue is bounded by HTTP's own limits.
const COMMAND_QUEUE: usize = 256;

/// The plane as it was started.
pub(in crate::media) struct Started {
    pub(in crate::media) links: Vec<Link>,
    pub(in crate::media) arrivals: Links,
    /// Where each worker's UDP is.
    pub(in crate::media) udp: Vec<std::net::SocketAddr>,
    pub(in crate::media) tcp: Option<std::net::SocketAddr>,
    pub(in crate::media) announced: Vec<std::net::IpAddr>,
}

pub(in crate::media) fn start(
    config: &MediaConfig,
    events: &broadcast::Sender<MediaEvent>,
    token: &CancellationToken,
    tracker: &TaskTracker,
) -> io::Result<Started> {
    let count = config.workers.clamp(1, MAX_WORKERS);
    let (sockets, listener) = open(config, count)?;
    let udp = sockets.iter().map(std::net::UdpSocket::local_addr).collect::<io::Result<Vec<_>>>()?;
    let tcp = listener.as_ref().map(std::net::TcpListener::local_addr).transpose()?;
    let first = udp.first().ok_or(io::ErrorKind::AddrNotAvailable)?.ip();
    let announced = if config.announced.is_empty() { addresses(first) } else { config.announced.clone() };
    let identity = Arc::new(Identity::new().map_err(io::Error::other)?);
    let share = |all: usize| all.div_ceil(count);
    let (mut links, mut arrivals) = (Vec::new(), Vec::new());
    for ((mesh, relays), socket) in Mesh::new(count, config.one_port).into_iter().zip(sockets) {
        let candidates = sdp::candidates(&announced, socket.local_addr()?.port(), tcp.map(|tcp| tcp.port()), config.web);
        let limits = Limits { viewers: share(config.max_viewers), publishers: share(config.max_publishers) };
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (arrive, arrival_queue) = mpsc::channel(ARRIVALS);
        let gauges = Arc::new(Gauges::default());
        let demux = (config.one_port && count > 1 && mesh.me == 0).then(|| Demux::new(Instant::now(), count));
        let plane = Plane::new(Instant::now(), Arc::clone(&identity), limits, candidates, events.clone(), mesh);
        let worker = Worker {
            plane,
            demux,
            peers: Peers::default(),
            gauges: Arc::clone(&gauges),
            load: Load::new(Instant::now()),
            upkeep: Instant::now(),
            next_tcp: 0,
        };
        let queues = Queues { commands: command_queue, arrivals: arrival_queue, relays };
        worker.spawn(socket, queues, token.clone(), tracker)?;
        links.push(Link { commands, gauges });
        arrivals.push(arrive);
    }
    let arrivals: Links = arrivals.into();
    if let Some(listener) = listener {
        tracker.spawn(tcp::accept(TcpListener::from_std(listener)?, Arc::clone(&arrivals), token.clone()));
    }
    Ok(Started { links, arrivals, udp, tcp, announced })
}

/// The sockets. Where any port will do, UDP's number may be taken on TCP: then another one is tried.
fn open(config: &MediaConfig, count: usize) -> io::Result<(Vec<std::net::UdpSocket>, Option<std::net::TcpListener>)> {
    let mut tries = if config.udp.port() == 0 { 20 } else { 1 };
    loop {
        tries -= 1;
        let first = Udp::bind(config.udp)?;
        let port = first.local_addr()?.port();
        match config.tcp.map(|address| listen(address, port)).transpose() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => continue,
            listener => {
                let listener = listener?;
                let mut sockets = vec![first];
                for at in 1..count {
                    let mut address = config.udp;
                    if config.one_port {
                        sockets.push(sockets[0].try_clone()?);
                        continue;
                    }
                    if address.port() != 0 {
                        address.set_port(address.port().checked_add(at as u16).ok_or(io::ErrorKind::AddrNotAvailable)?);
                    }
                    sockets.push(Udp::bind(address)?);
                }
                return Ok((sockets, listener));
            }
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
