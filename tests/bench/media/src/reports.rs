//! What a receiver tells a sender: receiver reports, and when each packet of the transport arrived; and what a sender tells a receiver.

use anyhow::Result;
use rtc_rtcp::goodbye::Goodbye;
use rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::reception_report::ReceptionReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, SymbolTypeTcc, TransportLayerCc,
};
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc_shared::marshal::Marshal as _;

use crate::frames::wall_ns;

/// Microseconds of one step of a delta, and of one step of the reference time.
const DELTA_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;
const SMALL_DELTA_US: i64 = 255 * DELTA_US;
/// Seconds from NTP's beginning in 1900 to that of the system clock.
const NTP_OFFSET: u64 = 2_208_988_800;

/// The wall clock as NTP writes it, seconds and fraction in 32 bits each.
pub(crate) fn ntp(wall_ns: u64) -> u64 {
    let (seconds, rest) = (wall_ns / 1_000_000_000 + NTP_OFFSET, wall_ns % 1_000_000_000);
    (seconds << 32) | ((rest << 32) / 1_000_000_000)
}

/// The last sender report of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastReport {
    /// The middle of its NTP time.
    pub(crate) middle: u32,
    pub(crate) arrived_ns: u64,
}

/// One stream as its receiver sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    pub(crate) ssrc: u32,
    pub(crate) highest: u32,
    /// Of the packets since the last report, in 256ths.
    pub(crate) fraction_lost: u8,
    pub(crate) last: LastReport,
}

pub(crate) fn receiver_report(ssrc: u32, streams: &[Reception]) -> Result<Vec<u8>> {
    let block = |stream: &Reception| ReceptionReport {
        ssrc: stream.ssrc,
        fraction_lost: stream.fraction_lost,
        last_sequence_number: stream.highest,
        last_sender_report: stream.last.middle,
        // In units of 1/65,536 s; zero if there was no report (RFC 3550, section 6.4.1).
        delay: if stream.last.middle == 0 { 0 } else { ((wall_ns() - stream.last.arrived_ns) * 65_536 / 1_000_000_000) as u32 },
        ..ReceptionReport::default()
    };
    let report = ReceiverReport { ssrc, reports: streams.iter().map(block).collect(), ..ReceiverReport::default() };
    Ok(report.marshal()?.to_vec())
}

pub(crate) fn sender_report(ssrc: u32, rtp_time: u32, packets: u32, octets: u32) -> Result<Vec<u8>> {
    let ntp_time = ntp(wall_ns());
    let report = SenderReport { ssrc, ntp_time, rtp_time, packet_count: packets, octet_count: octets, ..SenderReport::default() };
    Ok(report.marshal()?.to_vec())
}

/// Asks for packets again.
pub(crate) fn nack(sender: u32, media: u32, missing: &[u16]) -> Result<Vec<u8>> {
    let nacks = nack_pairs_from_sequence_numbers(missing);
    Ok(TransportLayerNack { sender_ssrc: sender, media_ssrc: media, nacks }.marshal()?.to_vec())
}

/// Asks for a key frame.
pub(crate) fn key_request(sender: u32, media: u32) -> Result<Vec<u8>> {
    Ok(PictureLossIndication { sender_ssrc: sender, media_ssrc: media }.marshal()?.to_vec())
}

/// Arrivals in the order of their numbers, none twice.
pub(crate) fn in_order(mut arrivals: Vec<(u16, i64)>) -> Vec<(u16, i64)> {
    let first = arrivals.first().map_or(0, |(number, _)| *number);
    arrivals.sort_unstable_by_key(|(number, _)| number.wrapping_sub(first) as i16);
    arrivals.dedup_by_key(|(number, _)| *number);
    arrivals
}

/// When packets of the transport arrived: number and microseconds, in the order of their numbers, none twice.
pub(crate) fn transport_feedback(sender: u32, media: u32, count: u8, arrivals: &[(u16, i64)]) -> Result<Vec<u8>> {
    let (Some((first, from)), Some((last, _))) = (arrivals.first(), arrivals.last()) else { return Ok(Vec::new()) };
    let reference = from / REFERENCE_US;
    let mut before = reference * REFERENCE_US;
    let mut feedback = TransportLayerCc {
        sender_ssrc: sender,
        media_ssrc: media,
        base_sequence_number: *first,
        packet_status_count: last.wrapping_sub(*first) + 1,
        reference_time: (reference & 0xff_ffff) as u32,
        fb_pkt_count: count,
        ..TransportLayerCc::default()
    };
    let mut next = *first;
    let mut runs: Vec<(SymbolTypeTcc, u16)> = Vec::new();
    let mut add = |symbol, length| match runs.last_mut() {
        Some((kind, run)) if *kind == symbol => *run += length,
        _ => runs.push((symbol, length)),
    };
    for (number, at) in arrivals {
        let missing = number.wrapping_sub(next);
        if missing > 0 {
            add(SymbolTypeTcc::PacketNotReceived, missing);
        }
        next = number.wrapping_add(1);
        // What rounding leaves over is not lost, as it stays in the next difference.
        let delta = (at - before) / DELTA_US * DELTA_US;
        before += delta;
        let small = (0..=SMALL_DELTA_US).contains(&delta);
        let symbol = if small { SymbolTypeTcc::PacketReceivedSmallDelta } else { SymbolTypeTcc::PacketReceivedLargeDelta };
        add(symbol, 1);
        feedback.recv_deltas.push(RecvDelta { type_tcc_packet: symbol, delta });
    }
    let chunk = |(packet_status_symbol, run_length)| {
        PacketStatusChunk::RunLengthChunk(RunLengthChunk { type_tcc: StatusChunkTypeTcc::RunLengthChunk, packet_status_symbol, run_length })
    };
    feedback.packet_chunks = runs.into_iter().map(chunk).collect();
    Ok(feedback.marshal()?.to_vec())
}

/// What matters of a compound packet.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// SSRC and the middle of the NTP time of each sender report.
    pub(crate) reports: Vec<(u32, u32)>,
    pub(crate) keyframe: bool,
    pub(crate) goodbye: bool,
}

pub(crate) fn hear(plain: bytes::BytesMut) -> Heard {
    let mut heard = Heard::default();
    for packet in rtc_rtcp::packet::unmarshal(&mut plain.freeze()).unwrap_or_default() {
        let packet = packet.as_any();
        if let Some(report) = packet.downcast_ref::<SenderReport>() {
            heard.reports.push((report.ssrc, (report.ntp_time >> 16) as u32));
        }
        heard.keyframe |= packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>();
        heard.goodbye |= packet.is::<Goodbye>();
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc_shared::marshal::Unmarshal as _;

    #[test]
    fn feedback_names_what_came_and_what_did_not() {
        let arrivals = [(65_534_u16, 1_000_000_i64), (65_535, 1_000_500), (2, 1_100_500), (3, 1_100_400)];
        let bytes = transport_feedback(1, 2, 3, &arrivals).expect("feedback");
        let read = TransportLayerCc::unmarshal(&mut bytes::Bytes::from(bytes)).expect("readable");
        assert_eq!((read.base_sequence_number, read.packet_status_count, read.fb_pkt_count), (65_534, 6, 3));
        let mut at = i64::from(read.reference_time) * REFERENCE_US;
        let times: Vec<i64> = read
            .recv_deltas
            .iter()
            .map(|delta| {
                at += delta.delta;
                at
            })
            .collect();
        assert_eq!(times, [1_000_000, 1_000_500, 1_100_500, 1_100_500]);
    }

    #[test]
    fn a_receiver_report_is_readable() {
        let stream = Reception { ssrc: 9, highest: 70_000, ..Reception::default() };
        let bytes = receiver_report(1, &[stream]).expect("a report");
        let read = ReceiverReport::unmarshal(&mut bytes::Bytes::from(bytes)).expect("readable");
        assert_eq!((read.reports[0].ssrc, read.reports[0].last_sequence_number, read.reports[0].delay), (9, 70_000, 0));
    }
}
