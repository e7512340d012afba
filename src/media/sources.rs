//! Bounds what forged packets can make SRTP keep: it has a replay window for each source number, made before a packet is known to be authentic.
//!
//! Whoever can send from a peer's address (or pretend to) could name four billion of them. So numbers that authentic packets have named pass,
//! and others at a small pace. Decisions only.

use std::time::Instant;

/// Numbers remembered as authentic: the layers of a publisher, or one for each section of a viewer, and some to spare.
const KNOWN: usize = 32;
/// Unknown numbers at once: a publisher begins with all its layers, and some of each before any is authentic.
const AT_ONCE: u32 = 64;
/// And a second afterwards, for encoders and reports that begin later: an attacker then adds a megabyte an hour.
const A_SECOND: u64 = 4;

pub(super) struct Sources {
    known: Vec<u32>,
    left: u32,
    refilled: Instant,
}

impl Sources {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: Vec::new(), left: AT_ONCE, refilled: now }
    }

    /// Whether a packet with this source number may be looked at.
    pub(super) fn admits(&mut self, now: Instant, ssrc: u32) -> bool {
        if self.known.contains(&ssrc) {
            return true;
        }
        let more = now.saturating_duration_since(self.refilled).as_secs() * A_SECOND;
        if more > 0 {
            self.left = AT_ONCE.min(self.left.saturating_add(u32::try_from(more).unwrap_or(AT_ONCE)));
            self.refilled = now;
        }
        let admitted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        admitted
    }

    /// An authentic packet named it.
    pub(super) fn proved(&mut self, ssrc: u32) {
        if self.known.len() < KNOWN && !self.known.contains(&ssrc) {
            self.known.push(ssrc);
        }
    }
}

/// The source number of an RTP or RTCP packet, sealed or not.
pub(super) fn ssrc(datagram: &[u8]) -> Option<u32> {
    let at = if matches!(datagram, [_, 192..=223, ..]) { 4 } else { 8 };
    datagram.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn forged_numbers_run_out_and_known_ones_always_pass() {
        let now = Instant::now();
        let mut sources = Sources::new(now);
        sources.proved(7);
        let forged = (100..1_000_000).filter(|ssrc| sources.admits(now, *ssrc)).count();
        assert_eq!(forged, AT_ONCE as usize);
        assert!(sources.admits(now, 7) && !sources.admits(now, 8));
        let later = now + Duration::from_secs(3_600);
        assert!(sources.admits(later, 8), "a new source after a while");
        let all = (0..3_600).flat_map(|second| (0..50).map(move |n| (second, n)));
        let admitted =
            all.filter(|(second, n)| sources.admits(later + Duration::from_secs(*second), 1_000 + second_of(*second, *n))).count();
        assert!(admitted <= 3_600 * A_SECOND as usize + AT_ONCE as usize, "{admitted} in an hour");
    }

    fn second_of(second: u64, n: u32) -> u32 {
        second as u32 * 50 + n
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut sources = Sources::new(Instant::now());
        (0..1_000).for_each(|ssrc| sources.proved(ssrc));
        assert_eq!(sources.known.len(), KNOWN);
    }

    #[test]
    fn the_number_stands_elsewhere_in_feedback() {
        assert_eq!(ssrc(&[0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), Some(3));
        assert_eq!(ssrc(&[0x80, 201, 0, 1, 0, 0, 0, 2]), Some(2));
        assert_eq!((ssrc(&[0x80, 96, 0]), ssrc(&[])), (None, None));
    }
}
