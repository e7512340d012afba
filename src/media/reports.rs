//! RTCP sender reports for viewers, and the wall-clock arithmetic behind them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rtc::rtcp::packet::Packet;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};

/// One name for audio and video of a viewer, which makes receivers play them in sync (RFC 3550, section 6.5.1).
const CNAME: &str = "springbreeze";
/// Seconds from 1900 to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

pub(super) struct SenderInfo {
    pub(super) ssrc: u32,
    pub(super) ntp: u64,
    pub(super) rtp: u32,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

/// A compound packet of reports and names; `None` if there is nothing to report.
pub(super) fn sender_reports(infos: impl Iterator<Item = SenderInfo>) -> Option<Vec<u8>> {
    let mut packets: Vec<Box<dyn Packet>> = Vec::new();
    let mut chunks = Vec::new();
    for info in infos {
        chunks.push(SourceDescriptionChunk {
            source: info.ssrc,
            items: vec![SourceDescriptionItem { sdes_type: SdesType::SdesCname, text: CNAME.into() }],
        });
        packets.push(Box::new(SenderReport {
            ssrc: info.ssrc,
            ntp_time: info.ntp,
            rtp_time: info.rtp,
            packet_count: info.packets,
            octet_count: info.octets,
            ..SenderReport::default()
        }));
    }
    if chunks.is_empty() {
        return None;
    }
    packets.push(Box::new(SourceDescription { chunks }));
    rtc::rtcp::packet::marshal(&packets).ok().map(|bytes| bytes.to_vec())
}

pub(super) fn ntp_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ntp_after(NTP_EPOCH << 32, since)
}

/// 32.32 fixed point seconds.
pub(super) fn ntp_after(ntp: u64, elapsed: Duration) -> u64 {
    let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
    ntp.wrapping_add(elapsed.as_secs() << 32).wrapping_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_is_half_of_the_lower_word() {
        assert_eq!(ntp_after(5 << 32, Duration::from_millis(1_500)), (6 << 32) | 0x8000_0000);
    }
}
