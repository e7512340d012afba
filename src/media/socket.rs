//! The UDP socket of a worker: many datagrams a call in (recvmmsg, GRO) by `quinn-udp`, many messages of many datagrams a call out ([`batch`]).
//!
//! What the send buffer does not take at once (the kernel may cap it at a fraction of a key frame to a big audience) waits in a bounded
//! backlog until the socket can be written to again, in order; beyond that, the newest is dropped.

#[cfg(target_os = "linux")]
mod batch;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

#[cfg(target_os = "linux")]
use super::egress;
use super::egress::Message;
use super::ice::Path;

/// Some tens of milliseconds of a big audience; the kernel may cap it (`net.core.wmem_max`).
const BUFFER: usize = 8 * 1024 * 1024;
/// One datagram, or what GRO coalesces.
const SLOT: usize = 64 * 1024;
/// Batches read before others get their turn.
const BATCHES: usize = 8;
/// A key frame of 60 KB to 130 viewers, or 0.06 s of a 1 Gbit/s line: later than that it is of no use.
const BACKLOG: usize = 8 * 1024 * 1024;

pub(super) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    slots: Vec<u8>,
    v6: bool,
    backlog: RefCell<Backlog>,
    #[cfg(target_os = "linux")]
    batches: RefCell<batch::Batches>,
    /// Whether the kernel splits messages for us; some network cards make it refuse.
    splits: Cell<bool>,
}

/// A message that waits for room in the send buffer.
struct Waiting {
    to: SocketAddr,
    from: Option<IpAddr>,
    contents: Box<[u8]>,
    segment: usize,
}

#[derive(Default)]
struct Backlog {
    messages: VecDeque<Waiting>,
    bytes: usize,
}

impl Backlog {
    /// False if there is no room.
    fn push(&mut self, waiting: Waiting) -> bool {
        let fits = self.bytes + waiting.contents.len() <= BACKLOG;
        if fits {
            self.bytes += waiting.contents.len();
            self.messages.push_back(waiting);
        }
        fits
    }

    /// Hands messages to `send`, oldest first, until it says that the buffer is full. Those that cannot be sent at all are dropped.
    fn drain(&mut self, mut send: impl FnMut(&Waiting) -> io::Result<()>) {
        while let Some(oldest) = self.messages.front() {
            if send(oldest).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return;
            }
            self.bytes -= oldest.contents.len();
            self.messages.pop_front();
        }
    }
}

impl Udp {
    /// Binds; the socket must later be handed to a runtime by [`Udp::new`].
    pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        // Refusing more than the system allows is no reason not to start.
        let _ = socket.set_send_buffer_size(BUFFER);
        let _ = socket.set_recv_buffer_size(BUFFER);
        socket.bind(&address.into())?;
        Ok(socket.into())
    }

    /// Must be called within the runtime that will poll it.
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let v6 = socket.local_addr()?.is_ipv6();
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let splits = Cell::new(state.max_gso_segments() > 1);
        Ok(Self {
            socket: UdpSocket::from_std(socket)?,
            state,
            slots: vec![0; SLOT * BATCH_SIZE],
            v6,
            backlog: RefCell::default(),
            #[cfg(target_os = "linux")]
            batches: RefCell::default(),
            splits,
        })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Waits until the backlog can go on; for ever if there is none.
    pub(super) async fn writable(&self) -> io::Result<()> {
        if self.backlog.borrow().messages.is_empty() { std::future::pending().await } else { self.socket.writable().await }
    }

    pub(super) fn flush(&self) {
        let sender = self.sender();
        self.backlog.borrow_mut().drain(|waiting| sender.try_send(waiting.to, waiting.from, &waiting.contents, waiting.segment));
    }

    /// Hands what has arrived to `take`, a bounded amount at a time.
    pub(super) fn receive(&mut self, mut take: impl FnMut(SocketAddr, Option<IpAddr>, &[u8], &Sender<'_>)) {
        let mut slots = std::mem::take(&mut self.slots);
        self.read(&mut slots, &mut take);
        self.slots = slots;
    }

    fn read(&self, slots: &mut [u8], take: &mut impl FnMut(SocketAddr, Option<IpAddr>, &[u8], &Sender<'_>)) {
        let (socket, state, sender) = (&self.socket, &self.state, self.sender());
        for _ in 0..BATCHES {
            let mut meta = [RecvMeta::default(); BATCH_SIZE];
            let mut chunks = slots.chunks_mut(SLOT);
            let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            let received = socket.try_io(Interest::READABLE, || state.recv(UdpSockRef::from(&*socket), &mut buffers, &mut meta));
            let count = match received {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    tracing::debug!(%error, "receiving");
                    return;
                }
            };
            for (buffer, meta) in buffers.iter().zip(&meta).take(count) {
                let data = buffer.get(..meta.len).unwrap_or_default();
                for datagram in data.chunks(meta.stride.max(1)) {
                    take(canonical(meta.addr), meta.dst_ip.map(|ip| ip.to_canonical()), datagram, &sender);
                }
            }
        }
    }

    pub(super) fn sender(&self) -> Sender<'_> {
        Sender { udp: self }
    }
}

/// The sending half, usable while received datagrams are borrowed.
pub(super) struct Sender<'a> {
    udp: &'a Udp,
}

impl Sender<'_> {
    /// Sends `contents` in datagrams of `segment` bytes; false if any was dropped.
    pub(super) fn send(&self, to: SocketAddr, from: Option<IpAddr>, contents: &[u8], segment: usize) -> bool {
        let most = self.udp.state.max_gso_segments().max(1) * segment.max(1);
        let mut backlog = self.udp.backlog.borrow_mut();
        contents.chunks(most).all(|contents| {
            if backlog.messages.is_empty() {
                match self.try_send(to, from, contents, segment) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    sent => return sent.inspect_err(|error| tracing::trace!(%error, %to, "sending")).is_ok(),
                }
            }
            backlog.push(Waiting { to, from, contents: contents.into(), segment })
        })
    }

    fn try_send(&self, to: SocketAddr, from: Option<IpAddr>, contents: &[u8], segment: usize) -> io::Result<()> {
        let transmit = Transmit {
            destination: self.map(to),
            ecn: None,
            contents,
            segment_size: (contents.len() > segment).then_some(segment),
            src_ip: from.filter(|ip| !ip.is_unspecified() && ip.is_ipv4() == to.is_ipv4()),
        };
        let socket = &self.udp.socket;
        socket.try_io(Interest::WRITABLE, || self.udp.state.try_send(UdpSockRef::from(socket), &transmit))
    }

    /// Sends messages that all go to UDP paths; tells how many packets were dropped.
    #[cfg(target_os = "linux")]
    pub(super) fn send_all(&self, arena: &[u8], messages: &[Message]) -> u64 {
        let (mut dropped, mut rest) = (0, messages);
        while let Some((some, segment)) = egress::alike(rest, from) {
            dropped += self.send_alike(arena, some, segment, some.first().and_then(from));
            rest = &rest[some.len()..];
        }
        dropped
    }

    #[cfg(target_os = "linux")]
    fn send_alike(&self, arena: &[u8], messages: &[Message], segment: usize, from: Option<IpAddr>) -> u64 {
        use nix::errno::Errno;
        use std::os::fd::AsRawFd as _;
        let splits = self.udp.splits.get();
        let segments = if splits && messages.iter().any(|message| message.packets > 1) { u16::try_from(segment).ok() } else { None };
        let piece = if splits { usize::MAX } else { segment.max(1) };
        let parts: Vec<batch::Part<'_>> = messages
            .iter()
            .flat_map(|message| {
                let to = self.map(message.path.remote());
                message.contents(arena).chunks(piece).map(move |contents| batch::Part { to, contents })
            })
            .collect();
        let (mut at, mut dropped) = (0, 0);
        let packets = |part: &batch::Part<'_>| part.contents.len().div_ceil(segment.max(1)) as u64;
        let waits = |part: &batch::Part<'_>| Waiting { to: part.to, from, contents: part.contents.into(), segment };
        let mut backlog = self.udp.backlog.borrow_mut();
        let mut batches = self.udp.batches.borrow_mut();
        while at < parts.len() {
            if !backlog.messages.is_empty() {
                dropped += parts[at..].iter().filter(|part| !backlog.push(waits(part))).map(packets).sum::<u64>();
                break;
            }
            let fd = self.udp.socket.as_raw_fd();
            // The runtime must learn that the socket is full, or it would not wake us when there is room again.
            let sent = self.udp.socket.try_io(Interest::WRITABLE, || Ok(batches.send(fd, from, segments, &parts[at..])?));
            match sent {
                Ok(sent) => at += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    dropped += u64::from(!backlog.push(waits(&parts[at]))) * packets(&parts[at]);
                    at += 1;
                }
                Err(error)
                    if segments.is_some() && matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EIO | Errno::EINVAL)) =>
                {
                    // A network card without checksums cannot split; from now on we do.
                    tracing::info!(%error, "the kernel does not split datagrams here");
                    self.udp.splits.set(false);
                    drop((backlog, batches));
                    let rest = messages.len() - (parts.len() - at);
                    return dropped + self.send_alike(arena, &messages[rest..], segment, from);
                }
                Err(error) => {
                    tracing::trace!(%error, to = %parts[at].to, "sending");
                    dropped += packets(&parts[at]);
                    at += 1;
                }
            }
        }
        dropped
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn send_all(&self, arena: &[u8], messages: &[Message]) -> u64 {
        let dropped =
            messages.iter().filter(|message| !self.send(message.path.remote(), from(message), message.contents(arena), message.segment));
        dropped.map(|message| u64::from(message.packets)).sum()
    }

    /// An IPv6 socket reaches IPv4 peers by mapped addresses.
    fn map(&self, to: SocketAddr) -> SocketAddr {
        match to {
            SocketAddr::V4(v4) if self.udp.v6 => SocketAddr::V6(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0)),
            other => other,
        }
    }
}

/// The address of ours that a message must come from.
fn from(message: &Message) -> Option<IpAddr> {
    match message.path {
        Path::Udp { remote, local } => local.filter(|ip| !ip.is_unspecified() && ip.is_ipv4() == remote.is_ipv4()),
        Path::Tcp { .. } => None,
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The addresses to announce for a bound one: itself, or what the routing table says is ours. Sends nothing.
pub(super) fn addresses(bound: IpAddr) -> Vec<IpAddr> {
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let probe = |from: SocketAddr, towards: SocketAddr| {
        let socket = std::net::UdpSocket::bind(from).ok()?;
        socket.connect(towards).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    // Documentation addresses: any that is not local shows the default route.
    let v4 = probe(([0, 0, 0, 0], 0).into(), ([192, 0, 2, 1], 9).into());
    let v6 = (bound.is_ipv6()).then(|| {
        let documentation = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        probe((Ipv6Addr::UNSPECIFIED, 0).into(), (documentation, 9).into())
    });
    let mut found: Vec<IpAddr> = v4.into_iter().chain(v6.flatten()).collect();
    // Without a route only this machine can reach us; with one, it still may want to by the short way.
    found.push(IpAddr::from([127, 0, 0, 1]));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_buffer_does_not_take_waits_in_order_and_within_bounds() {
        let message =
            |byte: u8| Waiting { to: ([127, 0, 0, 1], 9).into(), from: None, contents: vec![byte; 1 << 20].into(), segment: 1_200 };
        let mut backlog = Backlog::default();
        let taken: Vec<bool> = (0..10).map(|byte| backlog.push(message(byte))).collect();
        assert_eq!(taken, [[true; 8].as_slice(), &[false; 2]].concat(), "eight megabytes, then the newest is dropped");
        let mut sent = Vec::new();
        let mut room = 3;
        backlog.drain(|waiting| match room {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => {
                room -= 1;
                sent.push(waiting.contents[0]);
                if waiting.contents[0] == 1 { Err(io::ErrorKind::HostUnreachable.into()) } else { Ok(()) }
            }
        });
        assert_eq!((sent, backlog.messages.len(), backlog.bytes), (vec![0, 1, 2], 5, 5 << 20));
        assert!(backlog.push(message(9)), "there is room again");
    }
}
