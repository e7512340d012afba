//! A bad network between one viewer and a server, in user space: rate, delay, loss, outages, and a new address on the server's side.
//!
//! It stands in for `netem`, which not every kernel has. Loss comes from a fixed seed, so runs are alike.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::sys::Epoll;

const SEED: u64 = 20_251_125;

/// What one direction does to datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// Bits per second; without one there is no bottleneck.
    pub(crate) rate: Option<f64>,
    pub(crate) delay: Duration,
    /// Share of datagrams lost by chance.
    pub(crate) loss: f64,
    /// How long a datagram may wait for the bottleneck before it is dropped.
    pub(crate) queue: Duration,
    pub(crate) cut: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) down: Way,
    pub(crate) up: Way,
    /// Counts changes of the address that the server sees.
    pub(crate) address: u32,
}

/// Bytes around a datagram that use the bottleneck as well: IPv4 and UDP.
const AROUND: usize = 28;

/// One direction's queue.
struct Shaper {
    free: Instant,
    waiting: VecDeque<(Instant, Vec<u8>)>,
    rng: SmallRng,
}

impl Shaper {
    fn new(now: Instant, seed: u64) -> Self {
        Self { free: now, waiting: VecDeque::new(), rng: SmallRng::seed_from_u64(seed) }
    }

    fn take(&mut self, way: &Way, now: Instant, datagram: &[u8]) {
        if way.cut || self.rng.random_bool(way.loss) {
            return;
        }
        let mut leaves = now;
        if let Some(rate) = way.rate {
            leaves = self.free.max(now);
            if leaves - now > way.queue {
                return;
            }
            leaves += Duration::from_secs_f64((datagram.len() + AROUND) as f64 * 8.0 / rate);
            self.free = leaves;
        }
        self.waiting.push_back((leaves + way.delay, datagram.to_vec()));
    }

    fn due(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.waiting.front()?.0 > now {
            return None;
        }
        self.waiting.pop_front().map(|(_, datagram)| datagram)
    }
}

/// The running link; ends with this value.
pub(crate) struct Link {
    conditions: Arc<Mutex<(Conditions, bool)>>,
    address: SocketAddrV4,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

impl Link {
    pub(crate) fn start(server: SocketAddrV4) -> Result<Self> {
        let near = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        near.set_nonblocking(true)?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, near.local_addr()?.port());
        let conditions: Arc<Mutex<(Conditions, bool)>> = Arc::default();
        let ours = Arc::clone(&conditions);
        let thread = thread::Builder::new().name("link".to_owned()).spawn(move || run(&near, server, &ours))?;
        Ok(Self { conditions, address, thread: Some(thread) })
    }

    /// What the viewer takes for the server.
    pub(crate) fn address(&self) -> SocketAddrV4 {
        self.address
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Conditions)) {
        change(&mut self.conditions.lock().expect("no thread panics with the conditions").0);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.conditions.lock().expect("no thread panics with the conditions").1 = true;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn far() -> Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn run(near: &UdpSocket, server: SocketAddrV4, shared: &Mutex<(Conditions, bool)>) -> Result<()> {
    let mut epoll = Epoll::new()?;
    let mut server_side = far()?;
    epoll.add(near, 0)?;
    epoll.add(&server_side, 1)?;
    let (mut viewer, mut address, mut buffer) = (None, 0, [0; 4_096]);
    let now = Instant::now();
    let (mut down, mut up) = (Shaper::new(now, SEED), Shaper::new(now, SEED + 1));
    loop {
        epoll.wait(1)?;
        let (conditions, ended) = *shared.lock().expect("no thread panics with the conditions");
        if ended {
            return Ok(());
        }
        if conditions.address != address {
            address = conditions.address;
            server_side = far()?;
            epoll.add(&server_side, 1)?;
        }
        let now = Instant::now();
        while let Ok((length, from)) = near.recv_from(&mut buffer) {
            viewer = Some(from);
            up.take(&conditions.up, now, &buffer[..length]);
        }
        while let Ok(length) = server_side.recv(&mut buffer) {
            down.take(&conditions.down, now, &buffer[..length]);
        }
        // A datagram that cannot be sent is lost, as on any network.
        while let Some(datagram) = up.due(now) {
            let _ = server_side.send_to(&datagram, SocketAddr::V4(server));
        }
        while let Some(datagram) = down.due(now) {
            if let Some(viewer) = viewer {
                let _ = near.send_to(&datagram, viewer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bottleneck_spaces_datagrams_and_drops_what_waits_too_long() {
        let start = Instant::now();
        let mut shaper = Shaper::new(start, 1);
        let way = Way { rate: Some(80_000.0), delay: Duration::from_millis(5), queue: Duration::from_millis(250), ..Way::default() };
        for _ in 0..10 {
            shaper.take(&way, start, &[0; 972]);
        }
        let times: Vec<u128> = shaper.waiting.iter().map(|(at, _)| (*at - start).as_millis()).collect();
        assert_eq!(times, [105, 205, 305]);
    }

    #[test]
    fn about_the_given_share_is_lost() {
        let start = Instant::now();
        let mut shaper = Shaper::new(start, SEED);
        for _ in 0..10_000 {
            shaper.take(&Way { loss: 0.02, ..Way::default() }, start, &[0]);
        }
        assert!((9_750..9_850).contains(&shaper.waiting.len()), "{}", shaper.waiting.len());
    }
}
