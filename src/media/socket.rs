//! The UDP socket of a worker: many datagrams a call in (recvmmsg, GRO), many a message out (GSO), by `quinn-udp`.
//!
//! A full send buffer drops: waiting for it would hold up everybody else's packets. It is made large instead.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Some tens of milliseconds of a big audience; the kernel may cap it (`net.core.wmem_max`).
const BUFFER: usize = 8 * 1024 * 1024;
/// One datagram, or what GRO coalesces.
const SLOT: usize = 64 * 1024;
/// Batches read before others get their turn.
const BATCHES: usize = 8;

pub(super) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    slots: Vec<u8>,
    v6: bool,
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
        Ok(Self { socket: UdpSocket::from_std(socket)?, state, slots: vec![0; SLOT * BATCH_SIZE], v6 })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Hands what has arrived to `take`, a bounded amount at a time.
    pub(super) fn receive(&mut self, mut take: impl FnMut(SocketAddr, Option<IpAddr>, &[u8], &Sender<'_>)) {
        let Self { socket, state, slots, v6 } = self;
        let sender = Sender { socket, state, v6: *v6 };
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
        Sender { socket: &self.socket, state: &self.state, v6: self.v6 }
    }
}

/// The sending half, usable while received datagrams are borrowed.
pub(super) struct Sender<'a> {
    socket: &'a UdpSocket,
    state: &'a UdpSocketState,
    v6: bool,
}

impl Sender<'_> {
    /// Sends `contents` in datagrams of `segment` bytes; false if any was dropped.
    pub(super) fn send(&self, to: SocketAddr, from: Option<IpAddr>, contents: &[u8], segment: usize) -> bool {
        let most = self.state.max_gso_segments().max(1) * segment.max(1);
        contents.chunks(most).all(|contents| {
            let transmit = Transmit {
                destination: self.map(to),
                ecn: None,
                contents,
                segment_size: (contents.len() > segment).then_some(segment),
                src_ip: from.filter(|ip| !ip.is_unspecified() && ip.is_ipv4() == to.is_ipv4()),
            };
            let sent = self.socket.try_io(Interest::WRITABLE, || self.state.try_send(UdpSockRef::from(self.socket), &transmit));
            sent.inspect_err(|error| tracing::trace!(%error, %to, "sending")).is_ok()
        })
    }

    /// An IPv6 socket reaches IPv4 peers by mapped addresses.
    fn map(&self, to: SocketAddr) -> SocketAddr {
        match to {
            SocketAddr::V4(v4) if self.v6 => SocketAddr::V6(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0)),
            other => other,
        }
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
