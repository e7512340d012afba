//! A network made up for tests, in virtual time and from a seed: a bottleneck with a queue, delay, jitter, loss, duplicates and reordering, and at the
//! far end a receiver that reports as Chromium does.

pub(super) mod session;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc, TransportLayerCc,
};
use rtc::shared::marshal::{Marshal as _, Unmarshal as _};

/// Virtual time in microseconds.
pub(super) type Time = u64;
pub(super) const SECOND: Time = 1_000_000;
pub(super) const MILLI: Time = 1_000;

/// What a direction of the network is like.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// From when on the bottleneck carries how many bits a second; the first begins at zero.
    pub(super) rates: Vec<(Time, f64)>,
    /// Bytes that wait at the bottleneck; more are dropped.
    pub(super) queue: usize,
    pub(super) delay: Time,
    /// Packets are held up by as much at random, in order.
    pub(super) jitter: Time,
    pub(super) loss: f64,
    pub(super) duplicates: f64,
    /// Part of the packets that take up to 30 ms longer than those after them.
    pub(super) reordered: f64,
}

impl Path {
    pub(super) fn new(rate: f64, delay: Time) -> Self {
        let queue = (rate * 0.5 / 8.0) as usize;
        Self { rates: vec![(0, rate)], queue: queue.max(30_000), delay, jitter: 0, loss: 0.0, duplicates: 0.0, reordered: 0.0 }
    }
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) path: Path,
    rng: StdRng,
    /// When the bottleneck is done with what waits, and what waits: when each is done and how long it is.
    free: Time,
    waiting: VecDeque<(Time, usize)>,
    bytes: usize,
    last: Time,
}

impl Link {
    pub(super) fn new(path: Path, seed: u64) -> Self {
        Self { path, rng: StdRng::seed_from_u64(seed), free: 0, waiting: VecDeque::new(), bytes: 0, last: 0 }
    }

    /// When the packet arrives: never, once or twice.
    pub(super) fn send(&mut self, now: Time, bytes: usize) -> [Option<Time>; 2] {
        while let Some((_, length)) = self.waiting.pop_front_if(|waiting| waiting.0 <= now) {
            self.bytes -= length;
        }
        if self.bytes + bytes > self.path.queue {
            return [None, None];
        }
        self.free = self.served(self.free.max(now), bytes);
        self.waiting.push_back((self.free, bytes));
        self.bytes += bytes;
        if self.free == Time::MAX || self.rng.random_bool(self.path.loss) {
            return [None, None];
        }
        let jitter = self.rng.random_range(0..=self.path.jitter);
        let mut arrival = (self.free + self.path.delay + jitter).max(self.last);
        if self.rng.random_bool(self.path.reordered) {
            arrival += self.rng.random_range(0..30 * MILLI);
        } else {
            self.last = arrival;
        }
        let again = self.rng.random_bool(self.path.duplicates).then(|| arrival + self.rng.random_range(0..50 * MILLI));
        [Some(arrival), again]
    }

    /// When the bottleneck is done with a packet that it begins at `start`.
    fn served(&self, start: Time, bytes: usize) -> Time {
        let (mut at, mut bits) = (start, bytes as f64 * 8.0);
        let present = self.path.rates.partition_point(|(from, _)| *from <= start) - 1;
        for (index, (_, rate)) in self.path.rates.iter().enumerate().skip(present) {
            let end = self.path.rates.get(index + 1).map_or(Time::MAX, |(from, _)| *from);
            let room = rate * (end - at) as f64 / 1e6;
            if room >= bits {
                return at + (bits * 1e6 / rate) as Time;
            }
            bits -= room;
            at = end;
        }
        Time::MAX
    }
}

/// The viewer's end: notes arrivals and makes transport-wide feedback of them, as libwebrtc's `RemoteEstimatorProxy` does.
#[derive(Debug)]
pub(super) struct Receiver {
    /// What is on its way: arrival and number.
    coming: BinaryHeap<Reverse<(Time, u64)>>,
    /// Arrivals of the last packets by its own clock, and the number of the first of them.
    arrived: VecDeque<Option<Time>>,
    oldest: u64,
    /// First number of the next report; nothing arrived yet while zero.
    begin: u64,
    count: u8,
    /// Its clock is ahead by this.
    ahead: Time,
}

impl Receiver {
    /// Packets that are remembered once they were reported.
    const REMEMBERED: u64 = 200;

    pub(super) fn new(ahead: Time) -> Self {
        Self { coming: BinaryHeap::new(), arrived: VecDeque::new(), oldest: 0, begin: 0, count: 0, ahead }
    }

    /// A packet that will arrive.
    pub(super) fn expect(&mut self, arrival: Time, number: u64) {
        self.coming.push(Reverse((arrival, number)));
    }

    /// The feedback that leaves now, as it reads after its way over the wire.
    pub(super) fn feedback(&mut self, now: Time) -> Option<TransportLayerCc> {
        let mut news = false;
        while self.coming.peek().is_some_and(|Reverse((arrival, _))| *arrival <= now) {
            let Reverse((arrival, number)) = self.coming.pop().expect("peeked");
            news |= self.note(arrival + self.ahead, number);
        }
        if !news {
            return None;
        }
        let bytes = self.build().marshal().expect("a valid packet");
        self.begin = self.oldest + self.arrived.len() as u64;
        while self.oldest + Self::REMEMBERED < self.begin {
            self.arrived.pop_front();
            self.oldest += 1;
        }
        Some(TransportLayerCc::unmarshal(&mut bytes.freeze()).expect("the same packet"))
    }

    /// Whether it is new.
    fn note(&mut self, arrival: Time, number: u64) -> bool {
        if self.arrived.is_empty() {
            (self.oldest, self.begin) = (number, number);
        }
        let Some(at) = number.checked_sub(self.oldest) else { return false };
        while self.arrived.len() as u64 <= at {
            self.arrived.push_back(None);
        }
        let slot = &mut self.arrived[at as usize];
        if slot.is_some() {
            return false;
        }
        *slot = Some(arrival);
        self.begin = self.begin.min(number);
        true
    }

    fn build(&mut self) -> TransportLayerCc {
        let reported = self.arrived.range((self.begin - self.oldest) as usize..);
        let first = reported.clone().flatten().next().expect("something arrived");
        let reference = first / (64 * MILLI);
        let mut last = reference * 64 * MILLI;
        let (mut symbols, mut recv_deltas) = (Vec::new(), Vec::new());
        for arrival in reported {
            let Some(arrival) = arrival else {
                symbols.push(SymbolTypeTcc::PacketNotReceived);
                continue;
            };
            let units = ((*arrival as i64 - last as i64) / 250).clamp(i64::from(i16::MIN), i64::from(i16::MAX));
            last = last.saturating_add_signed(units * 250);
            let small = (0..=255).contains(&units);
            let symbol = if small { SymbolTypeTcc::PacketReceivedSmallDelta } else { SymbolTypeTcc::PacketReceivedLargeDelta };
            symbols.push(symbol);
            recv_deltas.push(RecvDelta { type_tcc_packet: symbol, delta: units * 250 });
        }
        self.count = self.count.wrapping_add(1);
        TransportLayerCc {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_sequence_number: self.begin as u16,
            packet_status_count: symbols.len() as u16,
            reference_time: (reference & 0xff_ffff) as u32,
            fb_pkt_count: self.count,
            packet_chunks: chunks(&symbols),
            recv_deltas,
        }
    }
}

fn chunks(symbols: &[SymbolTypeTcc]) -> Vec<PacketStatusChunk> {
    let (mut chunks, mut rest) = (Vec::new(), symbols);
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|symbol| *symbol == first).count().min(8_191);
        if run >= 7 || run == rest.len() {
            chunks.push(PacketStatusChunk::RunLengthChunk(RunLengthChunk {
                type_tcc: StatusChunkTypeTcc::RunLengthChunk,
                packet_status_symbol: *first,
                run_length: run as u16,
            }));
            rest = &rest[run..];
        } else {
            let mut symbol_list = rest[..rest.len().min(7)].to_vec();
            rest = &rest[symbol_list.len()..];
            symbol_list.resize(7, SymbolTypeTcc::PacketNotReceived);
            chunks.push(PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
                type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
                symbol_size: SymbolSizeTypeTcc::TwoBit,
                symbol_list,
            }));
        }
    }
    chunks
}

mod tests {
    use super::*;

    #[test]
    fn a_bottleneck_serves_in_turn_at_the_rate_of_the_hour_and_drops_what_does_not_fit() {
        let mut path = Path::new(1e6, 20 * MILLI);
        path.rates = vec![(0, 1e6), (SECOND, 0.0), (2 * SECOND, 2e6)];
        let mut link = Link::new(path, 1);
        assert_eq!(link.send(0, 1_250), [Some(30 * MILLI), None]);
        assert_eq!(link.send(0, 1_250), [Some(40 * MILLI), None]);
        assert_eq!(link.send(SECOND - 5 * MILLI, 1_250)[0], Some(2_022_500), "half before the break, half after");
        let dropped = (0..100).filter(|_| link.send(SECOND, 1_250)[0].is_none()).count();
        assert!((45..60).contains(&dropped), "{dropped}");
    }

    #[test]
    fn a_report_names_what_came_and_what_did_not() {
        let mut receiver = Receiver::new((1 << 24) * 64 * MILLI - 10 * MILLI);
        for (at, number) in [(34, 65_534), (35, 65_535), (36, 65_536), (38, 65_538), (39, 65_539), (1_037, 65_537)] {
            receiver.expect(at * MILLI, number);
        }
        let first = receiver.feedback(200 * MILLI).expect("news");
        assert_eq!((first.base_sequence_number, first.packet_status_count, first.recv_deltas.len()), (65_534, 6, 5));
        assert_eq!(first.reference_time, 0, "the clock wrapped");
        assert_eq!(receiver.feedback(300 * MILLI), None);
        let second = receiver.feedback(2 * SECOND).expect("news");
        assert_eq!(second.base_sequence_number, 1, "the late one again");
    }
}
