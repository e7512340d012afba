//! Reads transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets arrived, and when on the receiver's clock.
//!
//! Work is bounded by the length of the packet and by what we remember, never by the counts that it claims.

use std::ops::Range;

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc};

/// The reference time counts 64 ms.
const TICK: i64 = 64_000;
/// The two clocks may disagree by this much about the time between two reports, which covers what a report waits on a bad network; more is a
/// receiver that restarted or invents. Microseconds.
const JUMP: i64 = 15_000_000;

/// Calls `each` for every status whose packet lies in `known`: its number, and the arrival in microseconds after the reference time, if it says.
/// `base` is the number of the first packet in the report.
pub(super) fn statuses(feedback: &TransportLayerCc, base: u64, known: &Range<u64>, mut each: impl FnMut(u64, Status)) {
    let mut deltas = feedback.recv_deltas.iter();
    let mut elapsed = 0i64;
    let mut at = base;
    let end = (base + u64::from(feedback.packet_status_count)).min(known.end);
    let mut take = |index: u64, symbol: SymbolTypeTcc| {
        let status = match symbol {
            SymbolTypeTcc::PacketNotReceived => Status::Lost,
            SymbolTypeTcc::PacketReceivedWithoutDelta => Status::ReceivedSometime,
            SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta => {
                let Some(delta) = deltas.next() else { return false };
                elapsed += delta.delta;
                Status::Received(elapsed)
            }
        };
        if index >= known.start {
            each(index, status);
        }
        true
    };
    for chunk in &feedback.packet_chunks {
        match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                let stop = (at + u64::from(run.run_length)).min(end);
                let timed =
                    matches!(run.packet_status_symbol, SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta);
                // Statuses without a time of packets long forgotten need not be walked through.
                let from = if timed { at } else { at.max(known.start).min(stop) };
                if !(from..stop).all(|index| take(index, run.packet_status_symbol)) {
                    return;
                }
                at = stop;
            }
            PacketStatusChunk::StatusVectorChunk(vector) => {
                for symbol in &vector.symbol_list {
                    if at >= end || !take(at, *symbol) {
                        return;
                    }
                    at += 1;
                }
            }
        }
        if at >= end {
            return;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Lost,
    /// Microseconds after the reference time.
    Received(i64),
    ReceivedSometime,
}

/// Follows the receiver's clock through the wrap of its 24 bits.
#[derive(Debug, Default)]
pub(super) struct ReferenceClock {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    raw: u32,
    ticks: i64,
    /// Our time, microseconds.
    at: u64,
}

impl ReferenceClock {
    /// The reference time in microseconds on a scale without wrap, and whether the clock jumped, so that arrivals before and after do not compare.
    pub(super) fn place(&mut self, now: u64, raw: u32) -> (i64, bool) {
        let Some(last) = self.last else {
            // Far from zero, so that late reports of earlier packets stay positive.
            let ticks = 1 << 24;
            self.last = Some(Last { raw, ticks, at: now });
            return (ticks * TICK, true);
        };
        let difference = i64::from((raw.wrapping_sub(last.raw) << 8) as i32 >> 8);
        let ours = now.saturating_sub(last.at) as i64;
        // After days of silence the difference is ambiguous; the local time tells how many turns it took.
        let turns = (ours - difference * TICK + (TICK << 23)).div_euclid(TICK << 24);
        let difference = difference + (turns << 24);
        let jumped = (difference * TICK - ours).abs() > JUMP;
        let ticks = if jumped { last.ticks + ours / TICK + (1 << 10) } else { last.ticks + difference };
        // A report that was overtaken by a younger one does not take the clock back.
        if jumped || difference > 0 {
            self.last = Some(Last { raw, ticks, at: now });
        }
        (ticks * TICK, jumped)
    }
}

#[cfg(test)]
mod tests {
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{RecvDelta, RunLengthChunk, StatusVectorChunk};

    use super::*;

    fn run(symbol: SymbolTypeTcc, run_length: u16) -> PacketStatusChunk {
        PacketStatusChunk::RunLengthChunk(RunLengthChunk { packet_status_symbol: symbol, run_length, ..RunLengthChunk::default() })
    }

    fn read(feedback: &TransportLayerCc, base: u64, known: Range<u64>) -> Vec<(u64, Status)> {
        let mut all = Vec::new();
        statuses(feedback, base, &known, |index, status| all.push((index, status)));
        all
    }

    fn deltas(micros: &[i64]) -> Vec<RecvDelta> {
        micros.iter().map(|delta| RecvDelta { delta: *delta, ..RecvDelta::default() }).collect()
    }

    #[test]
    fn arrivals_add_up_and_only_as_many_count_as_the_header_says() {
        let received = SymbolTypeTcc::PacketReceivedSmallDelta;
        let feedback = TransportLayerCc {
            packet_status_count: 4,
            packet_chunks: vec![
                run(received, 1),
                PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
                    symbol_list: vec![SymbolTypeTcc::PacketNotReceived, SymbolTypeTcc::PacketReceivedLargeDelta, received, received],
                    ..StatusVectorChunk::default()
                }),
            ],
            recv_deltas: deltas(&[1_000, -250, 500, 500]),
            ..TransportLayerCc::default()
        };
        let all = [(7, Status::Received(1_000)), (8, Status::Lost), (9, Status::Received(750)), (10, Status::Received(1_250))];
        assert_eq!(read(&feedback, 7, 0..100), all);
        assert_eq!(read(&feedback, 7, 9..10), all[2..3], "times of forgotten packets still count for those after");
    }

    #[test]
    fn claims_of_packets_never_sent_or_long_forgotten_cost_nothing() {
        let feedback = TransportLayerCc {
            packet_status_count: u16::MAX,
            packet_chunks: vec![run(SymbolTypeTcc::PacketReceivedWithoutDelta, 8_191); 500],
            ..TransportLayerCc::default()
        };
        assert_eq!(read(&feedback, 100_000, 140_000..140_010).len(), 10);
        assert_eq!(read(&feedback, 100_000, 0..100_003).len(), 3);
        let timed = TransportLayerCc {
            packet_status_count: u16::MAX,
            packet_chunks: vec![run(SymbolTypeTcc::PacketReceivedSmallDelta, 8_191); 8],
            recv_deltas: deltas(&[250; 3]),
            ..TransportLayerCc::default()
        };
        assert_eq!(read(&timed, 0, 0..100_000).len(), 3, "without times there is no arrival");
        let endless = TransportLayerCc { packet_chunks: vec![run(SymbolTypeTcc::PacketNotReceived, 0); 9], ..timed };
        assert_eq!(read(&endless, 0, 0..100_000), []);
    }

    #[test]
    fn the_clock_goes_on_through_its_wrap_and_through_overtaken_reports() {
        let mut clock = ReferenceClock::default();
        let (start, first) = clock.place(0, 0xff_ffff);
        assert!(first);
        assert_eq!(clock.place(64_000, 0), (start + TICK, false));
        assert_eq!(clock.place(130_000, 2), (start + 3 * TICK, false));
        assert_eq!(clock.place(131_000, 1), (start + 2 * TICK, false), "overtaken");
        assert_eq!(clock.place(200_000, 3), (start + 4 * TICK, false));
    }

    #[test]
    fn a_clock_that_leaps_is_told_from_one_that_waited_for_days() {
        let mut clock = ReferenceClock::default();
        let (start, _) = clock.place(0, 5);
        let days = 20 * 86_400 * 1_000_000u64;
        let ticks = days as i64 / TICK;
        assert_eq!(clock.place(days, (5 + ticks) as u32 & 0xff_ffff), (start + ticks * TICK, false));
        let (after, jumped) = clock.place(days + 100_000, 77);
        assert!(jumped);
        assert!(after > start + ticks * TICK);
        assert_eq!(clock.place(days + 200_000, 79), (after + 2 * TICK, false), "and goes on from there");
    }
}
