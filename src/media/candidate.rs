//! Our candidates: the addresses and ports that answers carry, for each transport.
//!
//! An answer may be narrowed to one transport, for those who test their network: the peer then knows of no other way.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A way for media to reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Udp,
    /// ICE over TCP on the media port.
    Tcp,
    /// ICE over TCP on the port that serves the pages.
    Web,
}

/// A host candidate of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) address: SocketAddr,
    pub(super) transport: Transport,
}

/// UDP first, then TCP on the media port, then on the web port; each in the order of the announced addresses.
pub(super) fn candidates(announced: &[IpAddr], udp: u16, tcp: Option<u16>, web: Option<u16>) -> Vec<Candidate> {
    let ports = [(Transport::Udp, Some(udp)), (Transport::Tcp, tcp), (Transport::Web, web)];
    let known = ports.into_iter().filter_map(|(transport, port)| Some((transport, port?)));
    known.flat_map(|(transport, port)| announced.iter().map(move |ip| Candidate { address: (*ip, port).into(), transport })).collect()
}

/// RFC 8445, section 5.1.2, and RFC 6544, section 4.2: TCP below every UDP candidate. Each has a foundation of its own.
pub(super) fn candidate_lines(out: &mut String, candidates: &[Candidate]) {
    for (at, candidate) in candidates.iter().enumerate() {
        let (ip, port) = (candidate.address.ip(), candidate.address.port());
        let preference = 65_535 - at as u32;
        let (protocol, kind, suffix) = match candidate.transport {
            Transport::Udp => ("udp", 126, ""),
            Transport::Tcp | Transport::Web => ("tcp", 90, " tcptype passive"),
        };
        let priority = (kind << 24) | (preference << 8) | 255;
        let _ = write!(out, "a=candidate:{} 1 {protocol} {priority} {ip} {port} typ host{suffix}\r\n", at + 1);
    }
    out.push_str("a=end-of-candidates\r\n");
}

/// What a line of ours says. A TCP port that is not the media port's is the web port.
fn read(line: &str, tcp: Option<u16>) -> Option<Candidate> {
    let mut words = line.strip_prefix("a=candidate:")?.split_ascii_whitespace().skip(2);
    let (protocol, ip, port) = (words.next()?, words.nth(1)?, words.next()?.parse().ok()?);
    let transport = match protocol {
        "udp" => Transport::Udp,
        _ if tcp == Some(port) => Transport::Tcp,
        _ => Transport::Web,
    };
    Some(Candidate { address: (ip.parse::<IpAddr>().ok()?, port).into(), transport })
}

/// An answer of ours with the candidates of one transport alone; `None` if it has none.
pub(super) fn only(answer: &str, transport: Transport, tcp: Option<u16>) -> Option<String> {
    rewritten(answer, tcp, |candidate| (candidate.transport == transport).then_some(candidate))
}

/// An answer of ours for a peer on this machine, who may not reach the announced addresses. `bound`: where the plane listens for UDP.
pub(super) fn nearby(answer: &str, bound: IpAddr) -> Option<String> {
    // A socket for all addresses of IPv6 takes IPv4 too, and every machine has that.
    let ip = if bound.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { bound };
    rewritten(answer, None, |candidate| {
        (candidate.transport == Transport::Udp).then_some(Candidate { address: (ip, candidate.address.port()).into(), ..candidate })
    })
}

fn rewritten(answer: &str, tcp: Option<u16>, change: impl Fn(Candidate) -> Option<Candidate>) -> Option<String> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in answer.lines().filter_map(|line| read(line, tcp)).filter_map(change) {
        if !kept.contains(&candidate) {
            kept.push(candidate);
        }
    }
    if kept.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(answer.len());
    for line in answer.lines().map(str::trim_end).filter(|line| !line.starts_with("a=candidate:")) {
        if line == "a=end-of-candidates" {
            candidate_lines(&mut out, &kept);
            continue;
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn answer(web: Option<u16>) -> String {
        let mut out = "v=0\r\nm=audio 9 X 0\r\n".to_owned();
        candidate_lines(&mut out, &candidates(&[ip("192.0.2.1"), ip("2001:db8::1")], 8189, Some(8190), web));
        out.push_str("m=video 9 X 0\r\n");
        out
    }

    #[test]
    fn slower_ways_have_lower_priorities() {
        let priorities: Vec<u32> =
            answer(Some(443)).lines().filter_map(|line| line.strip_prefix("a=candidate:")?.split(' ').nth(3)?.parse().ok()).collect();
        assert_eq!(priorities.len(), 6);
        assert!(priorities.is_sorted_by(|a, b| a > b), "{priorities:?}");
    }

    #[test]
    fn an_answer_can_be_narrowed_to_one_transport() {
        for (transport, shown) in [
            (Transport::Udp, "udp 2130706431 192.0.2.1 8189 typ host\r\n"),
            (Transport::Tcp, "tcp 1526726655 192.0.2.1 8190 typ host tcptype passive\r\n"),
            (Transport::Web, "tcp 1526726655 192.0.2.1 443 typ host tcptype passive\r\n"),
        ] {
            let narrow = only(&answer(Some(443)), transport, Some(8190)).expect("there are some");
            assert!(narrow.contains(shown), "{narrow}");
            assert_eq!(narrow.matches("a=candidate:").count(), 2, "both addresses: {narrow}");
            assert!(
                narrow.starts_with("v=0\r\nm=audio 9 X 0\r\n") && narrow.ends_with("a=end-of-candidates\r\nm=video 9 X 0\r\n"),
                "{narrow}"
            );
        }
        assert_eq!(only(&answer(None), Transport::Web, Some(8190)), None);
    }

    #[test]
    fn a_peer_on_this_machine_is_led_to_where_the_plane_listens() {
        for (bound, shown) in [("0.0.0.0", "127.0.0.1 8189"), ("::", "127.0.0.1 8189"), ("::1", "::1 8189"), ("10.0.0.5", "10.0.0.5 8189")]
        {
            let near = nearby(&answer(Some(443)), ip(bound)).expect("a candidate");
            assert!(near.contains(shown) && near.matches("a=candidate:").count() == 1, "{near}");
        }
    }
}
