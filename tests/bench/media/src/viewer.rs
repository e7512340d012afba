//! One viewer of the crowd: its socket, its connection, and what it tells the server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::counts::{Counts, Receiver};
use crate::frames::wall_ns;
use crate::peer::{Event, Identity, Peer};
use crate::reports::{self, LastReport, Reception};
use crate::rtp::Header;
use crate::sdp::{Credentials, Remote};
use crate::sys::{self, Pass};

/// The handshake may have to be repeated for a while after we are done.
const HANDSHAKE_GRACE: Duration = Duration::from_secs(2);
/// From the offer to a connection; after that the viewer has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// A larger gap between packets that passed the filter is not filled in reports.
const GAP: u16 = 300;
/// A key frame's burst must find room while other viewers are looked after.
const RECEIVE_BUFFER: i32 = 2 * 1024 * 1024;
/// Datagrams of one viewer in a row, so that none keeps the others waiting.
const TURN: usize = 64;
/// A viewer that is new: all but the verifying ones get the filter at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Joining,
    Connected,
    Failed,
    Closed,
}

/// How the arrival of packets is reported, if the server wants to know (transport-wide congestion control).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Feedback {
    /// Nobody reports.
    None,
    /// Those who look at all packets report them every 100 ms.
    Verified,
    /// The others as well: they look at sound and ends of pictures, and report the packets of a picture as arrived with its end.
    All,
}

pub(crate) struct Viewer {
    socket: UdpSocket,
    server: SocketAddrV4,
    peer: Peer,
    ssrc: u32,
    posted: Instant,
    connected: Option<Instant>,
    pub(crate) state: State,
    receiver: Option<Box<Receiver>>,
    /// RTP packets that came through the filter.
    passed: u64,
    last: [LastReport; 2],
    feedback: bool,
    feedbacks: u8,
    /// Arrivals not yet reported; for a sampling viewer the last one that was.
    arrivals: Vec<(u16, i64)>,
    /// The last number that passed the filter.
    reached: Option<u16>,
}

/// What a new viewer needs.
pub(crate) struct Joined {
    pub(crate) us: Credentials,
    pub(crate) them: Remote,
    pub(crate) posted: Instant,
    pub(crate) verified: bool,
}

impl Viewer {
    pub(crate) fn new(identity: &Identity, joined: Joined, feedback: Feedback) -> Result<Self> {
        let Joined { us, them, posted, verified } = joined;
        let server = them.address.context("the answer has no UDP candidate on IPv4")?;
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        let feedback = them.transport_cc.is_some() && (feedback == Feedback::All || verified && feedback == Feedback::Verified);
        if verified {
            sys::set_buffer(&socket, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER)
                .or_else(|_| sys::set_buffer(&socket, libc::SO_RCVBUF, RECEIVE_BUFFER))?;
            sys::stamp_arrivals(&socket)?;
        } else {
            sys::drop_rtp(&socket, if feedback { Pass::Ends } else { Pass::Nothing })?;
            if feedback {
                sys::stamp_arrivals(&socket)?;
            }
        }
        let peer = Peer::new(identity, us, them, Instant::now())?;
        let mut viewer = Self {
            socket,
            server,
            peer,
            ssrc: rand::random::<u32>().max(1),
            posted,
            connected: None,
            state: State::Joining,
            receiver: verified.then(Box::default),
            passed: 0,
            last: [LastReport::default(); 2],
            feedback,
            feedbacks: 0,
            arrivals: Vec::new(),
            reached: None,
        };
        viewer.flush();
        Ok(viewer)
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Where datagrams for this viewer go.
    pub(crate) fn address(&self) -> Result<SocketAddrV4> {
        Ok(SocketAddrV4::new(*self.server.ip(), self.socket.local_addr()?.port()))
    }

    /// Milliseconds from the offer to the connection.
    pub(crate) fn join_ms(&self) -> Option<f64> {
        self.connected.map(|connected| (connected - self.posted).as_secs_f64() * 1e3)
    }

    /// RTP packets that arrived at this viewer, whether it looked at them or the kernel dropped them for it.
    pub(crate) fn delivered(&mut self) -> u64 {
        match &mut self.receiver {
            Some(_) => self.passed,
            None => self.passed + u64::from(sys::drops(&self.socket).unwrap_or(0)),
        }
    }

    pub(crate) fn counts(&mut self) -> Option<Counts> {
        self.receiver.as_mut().map(|receiver| receiver.counts())
    }

    /// Bytes that a header extension adds to each packet.
    pub(crate) fn extension_bytes(&self) -> usize {
        if self.peer.remote().transport_cc.is_some() { 8 } else { 0 }
    }

    /// A datagram that cannot be sent is lost as on any network.
    fn flush(&mut self) {
        for datagram in self.peer.drain() {
            let _ = self.socket.send_to(&datagram, SocketAddr::V4(self.server));
        }
    }

    /// Reads what has arrived. True if the viewer got connected just now.
    pub(crate) fn readable(&mut self, identity: &Identity, buffer: &mut [u8]) -> Result<bool> {
        let mut connected = false;
        for _ in 0..TURN {
            let arrival = match sys::receive(&self.socket, buffer) {
                Ok(Some(arrival)) => arrival,
                Ok(None) => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            // Others may send here as well: the floor goes to the same sockets.
            if arrival.from != self.server {
                continue;
            }
            let datagram = &buffer[..arrival.length];
            if self.receiver.is_none() && matches!(datagram, [128..=191, 0..192 | 224.., ..]) {
                // Nobody looks at what is in it.
                self.rtp(datagram, arrival.at.unwrap_or_else(wall_ns));
                continue;
            }
            match self.peer.datagram(identity, Instant::now(), datagram) {
                Ok(Event::Connected) => {
                    self.connected = Some(Instant::now());
                    self.state = State::Connected;
                    connected = true;
                }
                Ok(Event::Rtp(packet)) => self.rtp(&packet, arrival.at.unwrap_or_else(wall_ns)),
                Ok(Event::Rtcp(packet)) => self.rtcp(packet),
                Ok(Event::Refused) => {
                    if let Some(receiver) = &mut self.receiver {
                        receiver.refuse();
                    }
                }
                Ok(Event::Closed) => self.state = State::Closed,
                Ok(Event::Nothing) => {}
                // A fault of the handshake shows as a viewer that never connects.
                Err(_) if self.state == State::Joining => {}
                Err(error) => return Err(error),
            }
        }
        self.flush();
        Ok(connected)
    }

    fn rtp(&mut self, packet: &[u8], arrived_ns: u64) {
        self.passed += 1;
        let Some(header) = Header::parse(packet) else { return };
        if let Some(receiver) = &mut self.receiver {
            receiver.take(self.peer.remote(), &header, packet, arrived_ns);
        }
        if self.feedback
            && let Some(id) = self.peer.remote().transport_cc
            && let Some(number) = header.extension(packet, id)
        {
            let at = (arrived_ns / 1_000) as i64;
            if self.receiver.is_none() {
                self.fill(number, at);
            }
            self.arrivals.push((number, at));
            self.reached = Some(number);
        }
    }

    /// The packets between the last that passed the filter and this one, which ends their picture or came between.
    fn fill(&mut self, number: u16, at: i64) {
        let Some(reached) = self.reached else { return };
        let missing = number.wrapping_sub(reached).wrapping_sub(1);
        if missing < GAP {
            self.arrivals.extend((1..=missing).map(|step| (reached.wrapping_add(step), at)));
        }
    }

    fn report_arrivals(&mut self, arrivals: &[(u16, i64)]) -> Result<()> {
        let media = self.peer.remote().video.ssrc.unwrap_or(0);
        let feedback = reports::transport_feedback(self.ssrc, media, self.feedbacks, arrivals)?;
        self.feedbacks = self.feedbacks.wrapping_add(1);
        self.peer.send_rtcp(&feedback)
    }

    /// Every 100 ms.
    pub(crate) fn report(&mut self) -> Result<()> {
        if self.arrivals.is_empty() {
            return Ok(());
        }
        let arrivals = reports::in_order(std::mem::take(&mut self.arrivals));
        self.report_arrivals(&arrivals)?;
        self.flush();
        Ok(())
    }

    fn rtcp(&mut self, packet: bytes::BytesMut) {
        let heard = reports::hear(packet);
        for (ssrc, middle) in heard.reports {
            let video = self.peer.remote().video.ssrc == Some(ssrc);
            self.last[usize::from(video)] = LastReport { middle, arrived_ns: wall_ns() };
        }
        if heard.goodbye {
            self.state = State::Closed;
        }
    }

    /// While joining, every few milliseconds.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<()> {
        if self.state == State::Joining && now - self.posted > PATIENCE {
            self.state = State::Failed;
        }
        self.peer.tick(now)?;
        self.flush();
        Ok(())
    }

    /// Once a second: a receiver report, every fifth time a check, and memory back when the handshake is long over.
    pub(crate) fn second(&mut self, identity: &Identity, now: Instant, check: bool) -> Result<()> {
        if self.state != State::Connected {
            return Ok(());
        }
        if self.connected.is_some_and(|connected| now - connected > HANDSHAKE_GRACE) {
            self.peer.forget_handshake();
        }
        let them = self.peer.remote();
        let streams: Vec<Reception> = [them.audio, them.video]
            .into_iter()
            .enumerate()
            .filter_map(|(at, track)| {
                let highest = self.receiver.as_ref().map_or(0, |receiver| receiver.highest(at == 1));
                Some(Reception { ssrc: track.ssrc?, highest, fraction_lost: 0, last: self.last[at] })
            })
            .collect();
        self.peer.send_rtcp(&reports::receiver_report(self.ssrc, &streams)?)?;
        if check {
            self.peer.check(identity, now)?;
        }
        self.flush();
        Ok(())
    }
}
