//! Many messages in one system call (sendmmsg), each split into datagrams by the kernel (UDP GSO, Linux 4.18). Messages that leave together are
//! of one shape: same segment size and same source address.

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg};

use crate::media::egress::BATCH;

/// What one call sends: contents and where to.
pub(super) struct Part<'a> {
    pub(super) to: SocketAddr,
    pub(super) contents: &'a [u8],
}

/// Headers for each shape of control messages, kept because preparing them costs more than a call.
#[derive(Default)]
pub(super) struct Batches {
    /// By whether packets are split, and by source: none, IPv4, IPv6.
    headers: [[Option<MultiHeaders<SockaddrStorage>>; 3]; 2],
}

impl Batches {
    /// Sends up to [`BATCH`] messages, split into `segment` bytes if given; tells how many the kernel took.
    pub(super) fn send(&mut self, socket: RawFd, from: Option<IpAddr>, segment: Option<u16>, parts: &[Part<'_>]) -> Result<usize, Errno> {
        let parts = &parts[..parts.len().min(BATCH)];
        let slices: [[IoSlice<'_>; 1]; BATCH] =
            std::array::from_fn(|at| [IoSlice::new(parts.get(at).map_or(&[][..], |part| part.contents))]);
        let addresses: [Option<SockaddrStorage>; BATCH] = std::array::from_fn(|at| parts.get(at).map(|part| part.to.into()));
        let (v4, v6) = (from.map(source_v4), from.map(source_v6));
        let mut controls: Vec<ControlMessage<'_>> = Vec::with_capacity(2);
        controls.extend(segment.as_ref().map(ControlMessage::UdpGsoSegments));
        let kind = match from {
            None => 0,
            Some(IpAddr::V4(_)) => {
                controls.extend(v4.as_ref().map(ControlMessage::Ipv4PacketInfo));
                1
            }
            Some(IpAddr::V6(_)) => {
                controls.extend(v6.as_ref().map(ControlMessage::Ipv6PacketInfo));
                2
            }
        };
        let headers = self.headers[usize::from(segment.is_some())][kind].get_or_insert_with(|| {
            let room: usize = controls.iter().map(space).sum();
            MultiHeaders::preallocate(BATCH, (room > 0).then(|| Vec::with_capacity(room)))
        });
        let sent = sendmmsg(socket, headers, &slices[..parts.len()], &addresses[..parts.len()], &controls, MsgFlags::MSG_DONTWAIT)?;
        Ok(sent.count())
    }
}

/// Bytes that a control message takes with its header, as the kernel aligns them.
fn space(control: &ControlMessage<'_>) -> usize {
    let (header, word) = (size_of::<libc::cmsghdr>(), size_of::<usize>());
    let body = match control {
        ControlMessage::UdpGsoSegments(_) => size_of::<u16>(),
        ControlMessage::Ipv4PacketInfo(_) => size_of::<libc::in_pktinfo>(),
        _ => size_of::<libc::in6_pktinfo>(),
    };
    header.next_multiple_of(word) + body.next_multiple_of(word)
}

fn source_v4(from: IpAddr) -> libc::in_pktinfo {
    let address = match from {
        IpAddr::V4(v4) => u32::from_ne_bytes(v4.octets()),
        IpAddr::V6(_) => 0,
    };
    libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: libc::in_addr { s_addr: address }, ipi_addr: libc::in_addr { s_addr: 0 } }
}

fn source_v6(from: IpAddr) -> libc::in6_pktinfo {
    let octets = match from {
        IpAddr::V6(v6) => v6.octets(),
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
    };
    libc::in6_pktinfo { ipi6_ifindex: 0, ipi6_addr: libc::in6_addr { s6_addr: octets } }
}
