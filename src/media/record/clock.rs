//! RTP time to milliseconds since the recording began, by the sender reports.

/// A sender that jumps by more is a new one; less is corrected little by little, so that no frame stands still.
const JUMP: f64 = 250.0;

pub(super) struct TrackClock {
    rate: f64,
    /// When the recording began, in UTC milliseconds.
    begun: f64,
    last: Option<(u32, i64)>,
    /// An RTP time, counted without wrap, and its milliseconds.
    anchor: Option<(i64, f64)>,
}

impl TrackClock {
    pub(super) fn new(rate: u32, begun: f64) -> Self {
        Self { rate: f64::from(rate) / 1_000.0, begun, last: None, anchor: None }
    }

    /// An RTP time without wrap.
    pub(super) fn extend(&mut self, rtp: u32) -> i64 {
        let extended = match self.last {
            None => i64::from(rtp),
            Some((last, extended)) => extended + i64::from(rtp.wrapping_sub(last) as i32),
        };
        self.last = Some((rtp, extended));
        extended
    }

    /// What a report says; `at` in UTC milliseconds.
    pub(super) fn report(&mut self, rtp: u32, at: f64) {
        let at = at - self.begun;
        let rtp = match self.last {
            // Reports do not move on what packets count by: one may be of a stream that has not come yet.
            Some((last, extended)) => extended + i64::from(rtp.wrapping_sub(last) as i32),
            None => self.extend(rtp),
        };
        let known = self.at(rtp);
        let shift = match known {
            Some(known) if (at - known).abs() < JUMP => (at - known) / 8.0,
            Some(_) | None => at - known.unwrap_or(at),
        };
        self.anchor = Some((rtp, known.unwrap_or(at) + shift));
    }

    /// Without any report: as if it were sent the moment it came.
    pub(super) fn guess(&mut self, extended: i64, at: f64) {
        self.anchor.get_or_insert((extended, at - self.begun));
    }

    pub(super) fn at(&self, extended: i64) -> Option<f64> {
        let (rtp, at) = self.anchor?;
        Some(at + (extended - rtp) as f64 / self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_follows_the_reports_over_a_wrap_and_drifts_without_a_jump() {
        let mut clock = TrackClock::new(90_000, 1_000_000.0);
        let first = clock.extend(u32::MAX - 90_000 + 1);
        assert_eq!(clock.at(first), None);
        clock.report(u32::MAX - 90_000 + 1, 1_002_000.0);
        assert_eq!(clock.at(first), Some(2_000.0));
        let later = clock.extend(90_000);
        assert_eq!(clock.at(later), Some(4_000.0), "over the wrap");
        clock.report(90_000, 1_004_008.0);
        assert_eq!(clock.at(later), Some(4_001.0), "little by little");
        clock.report(90_000, 1_009_000.0);
        assert_eq!(clock.at(later), Some(9_000.0), "another sender");
        clock.guess(0, 0.0);
        assert_eq!(clock.at(later), Some(9_000.0), "what is known is not guessed");
    }
}
