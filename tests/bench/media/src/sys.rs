//! What the standard library does not offer of Linux: epoll, a socket filter, kernel time stamps, many datagrams in one call.
//!
//! The only module with `unsafe`. Every call hands the kernel buffers that outlive it, and every result is checked.
#![allow(unsafe_code, reason = "system calls without a safe wrapper in the dependencies")]

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Messages handed to the kernel in one `sendmmsg`.
pub(crate) const BATCH: usize = 32;
const UDP_SEGMENT: i32 = 103;
const SO_MEMINFO: i32 = 55;
/// `SK_MEMINFO_DROPS` of nine figures.
const MEMINFO: usize = 9;
const MEMINFO_DROPS: usize = 8;

fn checked(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn set<T>(socket: &UdpSocket, level: i32, name: i32, value: &T) -> io::Result<()> {
    // SAFETY: the option is read from `value`, of which the size is given.
    checked(unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), size_of::<T>() as u32) })?;
    Ok(())
}

/// Allows as many open files as the system does at most; returns that number.
pub(crate) fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read and write one `rlimit`.
    unsafe {
        checked(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit))?;
        limit.rlim_cur = limit.rlim_max;
        checked(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit))?;
    }
    Ok(limit.rlim_cur)
}

/// Readiness of many sockets, each known by a number.
pub(crate) struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Epoll {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the descriptor is new and ours.
        let fd = unsafe { OwnedFd::from_raw_fd(checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Self { fd, ready: vec![libc::epoll_event { events: 0, u64: 0 }; 256] })
    }

    pub(crate) fn add(&self, fd: &impl AsRawFd, number: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
        // SAFETY: the event is copied by the kernel.
        checked(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &raw mut event) })?;
        Ok(())
    }

    /// The numbers of the sockets that can be read, after at most `timeout` milliseconds.
    pub(crate) fn wait(&mut self, timeout: i32) -> io::Result<Vec<u64>> {
        // SAFETY: the kernel writes at most `ready.len()` events.
        let count = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.ready.as_mut_ptr(), self.ready.len() as i32, timeout) };
        match checked(count) {
            Ok(count) => Ok(self.ready[..count as usize].iter().map(|event| event.u64).collect()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Lets the kernel note when each datagram arrived, so that the delay says nothing about how busy we are.
pub(crate) fn stamp_arrivals(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1_i32)
}

pub(crate) fn set_buffer(socket: &UdpSocket, name: i32, bytes: i32) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, name, &bytes)
}

/// A datagram, where it came from, and its arrival in nanoseconds since 1970 if the socket stamps them.
pub(crate) struct Arrival {
    pub(crate) length: usize,
    pub(crate) from: SocketAddrV4,
    pub(crate) at: Option<u64>,
}

/// Reads one datagram without waiting; `None` if there is none.
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<Arrival>> {
    // SAFETY: all pointers are to locals or `buffer`, with their sizes; the control data is read by the macros made for it.
    unsafe {
        let mut name: libc::sockaddr_in = zeroed();
        let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut control = MaybeUninit::<[u64; 8]>::uninit();
        let mut message: libc::msghdr = zeroed();
        message.msg_name = (&raw mut name).cast();
        message.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of::<[u64; 8]>();
        let length = libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT);
        if length < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
        }
        let mut at = None;
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_TIMESTAMPNS {
                let time: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(header).cast());
                at = Some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64);
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
        let from = SocketAddrV4::new(Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr)), u16::from_be(name.sin_port));
        Ok(Some(Arrival { length: length as usize, from, at }))
    }
}

/// Which of the RTP packets pass the filter of a viewer that does not look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Nothing,
    /// All sound, and the last packet of each picture: when these arrived tells when all did.
    Ends,
}

/// Lets the kernel drop RTP on arrival, as a network card would deliver it to nobody here; STUN, DTLS and RTCP pass.
pub(crate) fn drop_rtp(socket: &UdpSocket, pass: Pass) -> io::Result<()> {
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_EQUAL: u16 = 0x15;
    const JUMP_GE: u16 = 0x35;
    const RETURN: u16 = 0x06;
    // The filter of a UDP socket sees the 8 bytes of the UDP header first.
    const UDP: u32 = 8;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let last = if pass == Pass::Ends { u32::MAX } else { 0 };
    let mut program = [
        step(LOAD_BYTE, 0, 0, UDP),
        step(JUMP_GE, 5, 0, 192), // not RTP or RTCP (RFC 7983)
        step(JUMP_GE, 0, 4, 128), // likewise
        step(LOAD_BYTE, 0, 0, UDP + 1),
        step(JUMP_GE, 3, 0, 224), // a packet type beyond RTCP's (RFC 5761): RTP with the marker
        step(JUMP_GE, 1, 0, 192), // RTCP
        step(JUMP_EQUAL, 1, 2, u32::from(crate::sdp::AUDIO)),
        step(RETURN, 0, 0, u32::MAX),
        step(RETURN, 0, 0, last),
        step(RETURN, 0, 0, 0),
    ];
    let fprog = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &fprog)
}

/// How many datagrams the kernel dropped at this socket: those that a filter refused, and those that found its buffer full.
pub(crate) fn drops(socket: &UdpSocket) -> io::Result<u32> {
    let mut figures = [0_u32; MEMINFO];
    let mut size = size_of::<[u32; MEMINFO]>() as u32;
    // SAFETY: the kernel writes at most `size` bytes into `figures`.
    checked(unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, SO_MEMINFO, figures.as_mut_ptr().cast(), &raw mut size) })?;
    Ok(figures[MEMINFO_DROPS])
}

/// One run of bytes that the kernel splits into datagrams of `segment` bytes, the last possibly shorter.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) to: SocketAddrV4,
    pub(crate) contents: &'a [u8],
    pub(crate) segment: u16,
}

/// Sends up to [`BATCH`] messages with one call. Returns how many were taken.
pub(crate) fn send_many(socket: &UdpSocket, messages: &[Message<'_>]) -> io::Result<usize> {
    let count = messages.len().min(BATCH);
    // SAFETY: the arrays outlive the call; each header points at entries of them, and the control data fits its buffer.
    unsafe {
        let mut names: [libc::sockaddr_in; BATCH] = zeroed();
        let mut parts: [libc::iovec; BATCH] = zeroed();
        let mut controls: [[u64; 4]; BATCH] = zeroed();
        let mut headers: [libc::mmsghdr; BATCH] = zeroed();
        for (at, message) in messages[..count].iter().enumerate() {
            names[at].sin_family = libc::AF_INET as u16;
            names[at].sin_port = message.to.port().to_be();
            names[at].sin_addr.s_addr = u32::from(*message.to.ip()).to_be();
            parts[at] = libc::iovec { iov_base: message.contents.as_ptr().cast_mut().cast(), iov_len: message.contents.len() };
            let header = &mut headers[at].msg_hdr;
            header.msg_name = (&raw mut names[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
            header.msg_iov = &raw mut parts[at];
            header.msg_iovlen = 1;
            if message.contents.len() > usize::from(message.segment) {
                header.msg_control = controls[at].as_mut_ptr().cast();
                header.msg_controllen = libc::CMSG_SPACE(2) as usize;
                let control = libc::CMSG_FIRSTHDR(&raw const *header);
                (*control).cmsg_level = libc::SOL_UDP;
                (*control).cmsg_type = UDP_SEGMENT;
                (*control).cmsg_len = libc::CMSG_LEN(2) as usize;
                std::ptr::write_unaligned(libc::CMSG_DATA(control).cast(), message.segment);
            }
        }
        Ok(checked(libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as u32, 0))? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UdpSocket, UdpSocket, SocketAddrV4) {
        let to = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let std::net::SocketAddr::V4(address) = to.local_addr().expect("an address") else { panic!("IPv4") };
        (UdpSocket::bind("127.0.0.1:0").expect("a socket"), to, address)
    }

    fn read(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; 64];
        std::iter::from_fn(|| receive(socket, &mut buffer).expect("readable").map(|arrival| buffer[arrival.length - 1])).collect()
    }

    #[test]
    fn the_filter_drops_and_counts_rtp_only() {
        let (from, to, address) = pair();
        drop_rtp(&to, Pass::Nothing).expect("a filter");
        for first in
            [[0, 1, 0, 0, 1], [22, 254, 0, 0, 2], [128, 200, 0, 1, 3], [128, 102, 0, 64, 4], [128, 230, 0, 64, 5], [200, 1, 0, 0, 6]]
        {
            from.send_to(&first, address).expect("sent");
        }
        assert_eq!(read(&to), [1, 2, 3, 6]);
        assert_eq!(drops(&to).expect("a figure"), 2);
    }

    #[test]
    fn sound_and_ends_of_pictures_pass_where_they_are_wanted() {
        let (from, to, address) = pair();
        drop_rtp(&to, Pass::Ends).expect("a filter");
        for (kind, last) in [(111, 1), (102, 2), (102 | 128, 3), (111 | 128, 4), (200, 5), (103, 6)] {
            from.send_to(&[128, kind, 0, 0, last], address).expect("sent");
        }
        assert_eq!(read(&to), [1, 3, 4, 5]);
        assert_eq!(drops(&to).expect("a figure"), 2);
    }

    #[test]
    fn one_message_becomes_many_datagrams() {
        let (from, to, address) = pair();
        stamp_arrivals(&to).expect("stamps");
        let sent = send_many(&from, &[Message { to: address, contents: &[1, 2, 3, 4, 5], segment: 2 }]).expect("sent");
        assert_eq!((sent, read(&to)), (1, vec![2, 4, 5]));
    }
}
