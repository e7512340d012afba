//! Puts packets in order: a late one is awaited for a while, then its place is a gap.

use super::RtpPacket;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A retransmission on the machine itself comes within milliseconds; what takes longer was lost on the sender's way and is asked for there too.
const PATIENCE: Duration = Duration::from_millis(600);
/// Packets that wait behind a hole: more than that is a fault, not a hole.
const MOST: usize = 1_024;

#[derive(Default)]
pub(super) struct Order {
    waiting: BTreeMap<u64, (Instant, RtpPacket)>,
    /// The number of the next packet, counted without wrap.
    next: Option<u64>,
}

impl Order {
    pub(super) fn push(&mut self, packet: RtpPacket, now: Instant) {
        let next = *self.next.get_or_insert((1 << 32) + u64::from(packet.sequence));
        let ahead = packet.sequence.wrapping_sub(next as u16) as i16;
        let number = next.saturating_add_signed(i64::from(ahead));
        // What is older than what has been passed on came too late.
        if number >= next {
            self.waiting.entry(number).or_insert((now, packet));
        }
    }

    /// The next packet if it is there or has been awaited long enough; true if some before it are missing.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(RtpPacket, bool)> {
        let (&number, (came, _)) = self.waiting.first_key_value()?;
        let gap = self.next.is_some_and(|next| number > next);
        if gap && now.saturating_duration_since(*came) < PATIENCE && self.waiting.len() < MOST {
            return None;
        }
        let (_, (_, packet)) = self.waiting.pop_first()?;
        self.next = Some(number + 1);
        Some((packet, gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    fn packet(sequence: u16) -> RtpPacket {
        RtpPacket { sequence, timestamp: 0, marker: false, payload: Bytes::new() }
    }

    #[test]
    fn whatever_the_order_they_come_in_they_leave_in_theirs_and_only_what_is_lost_is_missing() {
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..50 {
            let (mut order, begun, mut out, mut gaps) = (Order::default(), Instant::now(), Vec::new(), 0);
            let start: u16 = random.random();
            // The first packet comes first; the others up to eight places early, one in fifty never.
            let mut numbers: Vec<u16> = (1..2_000_u16).filter(|_| random.random_bool(0.98)).collect();
            (0..numbers.len()).for_each(|at| {
                let other = (at + random.random_range(0..8_usize)).min(numbers.len() - 1);
                numbers.swap(at, other);
            });
            numbers.insert(0, 0);
            for (n, number) in numbers.iter().enumerate() {
                let now = begun + Duration::from_millis(5 * n as u64);
                order.push(packet(start.wrapping_add(*number)), now);
                if random.random_bool(0.1) {
                    order.push(packet(start.wrapping_add(*number)), now);
                }
                while let Some((packet, gap)) = order.pop(now) {
                    out.push(packet.sequence.wrapping_sub(start));
                    gaps += usize::from(gap);
                }
            }
            while let Some((packet, gap)) = order.pop(begun + Duration::from_secs(60)) {
                out.push(packet.sequence.wrapping_sub(start));
                gaps += usize::from(gap);
            }
            numbers.sort_unstable();
            assert_eq!(out, numbers);
            let lost = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            assert_eq!(gaps, lost);
        }
    }

    #[test]
    fn many_behind_a_hole_wait_no_longer() {
        let (mut order, now) = (Order::default(), Instant::now());
        order.push(packet(0), now);
        assert!(order.pop(now).is_some());
        for number in 2..2_000 {
            order.push(packet(number), now);
            while order.pop(now).is_some() {}
        }
        assert!(order.waiting.is_empty(), "{}", order.waiting.len());
    }
}
