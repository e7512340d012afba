//! Loss: how much, and whether it is our doing.
//!
//! A full queue shows in the delay before it drops. What is left are networks that drop without queueing: policers, whose loss goes when less is
//! sent, and bad radio, whose loss stays. So loss well above a tenth limits the rate to what arrives; and if it stays once much less is sent,
//! it is taken for the path's own and does not limit any more.

/// Below, resends make the picture whole and the rate is not limited (draft-ietf-rmcat-gcc-02, section 6).
const HIGH: f64 = 0.10;
/// Eight windows of 250 ms.
const WINDOWS: usize = 8;
const WINDOW: u64 = 250_000;
/// Fewer packets say nothing: half a second of audio.
const FEWEST: u32 = 25;
/// Growth of a limit a second, while the loss stays away.
const GROWTH: f64 = 1.08;
/// A limit is looked at again after the window has been filled anew, microseconds.
const SETTLE: u64 = 2_250_000;

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    lost: u16,
    heard: u16,
}

#[derive(Debug, Default)]
pub(super) struct Loss {
    windows: [Counts; WINDOWS],
    current: u64,
    limit: Option<f64>,
    blamed: Option<Blamed>,
    /// Loss that is there whatever we send.
    own: f64,
    updated: u64,
}

/// A limit on trial.
#[derive(Clone, Copy, Debug)]
struct Blamed {
    loss: f64,
    /// What was sent then, bits a second.
    rate: f64,
    /// Since when much less is sent.
    less_since: Option<u64>,
}

impl Loss {
    /// Counts packets whose fate became known; `recovered` of them had been counted as lost before.
    pub(super) fn count(&mut self, now: u64, lost: u32, received: u32, recovered: u32) {
        self.roll(now);
        let short = |number: u32| number.min(u32::from(u16::MAX)) as u16;
        let counts = &mut self.windows[self.current as usize % WINDOWS];
        counts.heard = counts.heard.saturating_add(short(lost + received)).saturating_sub(short(recovered));
        let mut left = short(recovered);
        counts.lost = counts.lost.saturating_add(short(lost));
        // A packet that came late takes its loss back from the youngest window that has one.
        for back in 0..WINDOWS as u64 {
            let counts = &mut self.windows[(self.current.wrapping_sub(back)) as usize % WINDOWS];
            let taken = counts.lost.min(left);
            counts.lost -= taken;
            left -= taken;
        }
    }

    fn roll(&mut self, now: u64) {
        let window = now / WINDOW;
        for empty in self.current + 1..=window.min(self.current + WINDOWS as u64) {
            self.windows[empty as usize % WINDOWS] = Counts::default();
        }
        if window > self.current + WINDOWS as u64 {
            self.windows = [Counts::default(); WINDOWS];
        }
        self.current = self.current.max(window);
    }

    /// Lost part of the packets of the last two seconds, and how many those are; the worst quarter of a second is left out, for a hole in the radio
    /// is no sign of too high a rate.
    fn measured(&self) -> (f64, u32) {
        let worst = self.windows.iter().max_by_key(|counts| counts.lost).copied().unwrap_or_default();
        let lost: u32 = self.windows.iter().map(|counts| u32::from(counts.lost)).sum();
        let heard: u32 = self.windows.iter().map(|counts| u32::from(counts.heard)).sum();
        let (lost, heard) = (lost - u32::from(worst.lost), heard - u32::from(worst.heard));
        (f64::from(lost) / f64::from(heard.max(1)), heard)
    }

    /// Whether the last half second was like that too; what is sent now is not to blame for loss before.
    fn lasts(&self, bound: f64) -> bool {
        let last = [0, 1].map(|back| self.windows[self.current.wrapping_sub(back) as usize % WINDOWS]);
        let lost: u32 = last.iter().map(|counts| u32::from(counts.lost)).sum();
        let heard: u32 = last.iter().map(|counts| u32::from(counts.heard)).sum();
        f64::from(lost) > bound * f64::from(heard)
    }

    pub(super) fn fraction(&self) -> f64 {
        let (loss, heard) = self.measured();
        if heard < FEWEST { 0.0 } else { loss.min(1.0) }
    }

    pub(super) fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// A probe came through at this rate.
    pub(super) fn raise(&mut self, rate: f64) {
        self.limit = self.limit.map(|limit| limit.max(rate));
    }

    /// Judges the loss, given what was sent and what of it arrived, bits a second.
    pub(super) fn update(&mut self, now: u64, sent: f64, acked: Option<f64>) {
        let elapsed = now.saturating_sub(self.updated).min(1_000_000) as f64 / 1e6;
        self.updated = now;
        let (loss, heard) = self.measured();
        if heard < FEWEST {
            return;
        }
        self.own = self.own.min(loss);
        self.acquit(now, sent, loss);
        let bound = HIGH + self.own;
        // Chance alone passes the bound by four deviations once in hours of ten looks a second.
        let chance = 4.0 * (bound * (1.0 - bound) / f64::from(heard)).sqrt();
        if loss > bound + chance && self.lasts(bound) {
            let limit = acked.unwrap_or(sent * (1.0 - loss));
            self.limit = Some(self.limit.map_or(limit, |present| present.min(limit.max(present * 0.5))));
            if self.blamed.is_none_or(|blamed| blamed.less_since.is_none() && sent > blamed.rate) {
                self.blamed = Some(Blamed { loss, rate: sent, less_since: None });
            }
        } else if let Some(limit) = self.limit
            && loss < self.own + HIGH / 2.0
        {
            let grown = limit * GROWTH.powf(elapsed);
            self.limit = Some(grown).filter(|grown| *grown < super::control::MOST);
        }
    }

    /// Lifts the limit when the loss did not go with the rate.
    fn acquit(&mut self, now: u64, sent: f64, loss: f64) {
        let Some(blamed) = &mut self.blamed else { return };
        if sent > 0.8 * blamed.rate {
            blamed.less_since = None;
            return;
        }
        let since = *blamed.less_since.get_or_insert(now);
        if now.saturating_sub(since) < SETTLE {
            return;
        }
        if loss > 0.5 * blamed.loss {
            self.own = loss;
            self.limit = None;
        }
        self.blamed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `seconds` of a hundred packets each, of which `lost` get lost.
    fn feed(loss: &mut Loss, now: &mut u64, seconds: u64, lost: u32, sent: f64) {
        for _ in 0..seconds * 10 {
            *now += 100_000;
            let tenth = (lost * (*now / 100_000 % 10) as u32) / 10;
            let next = (lost * ((*now / 100_000 % 10) as u32 + 1)) / 10;
            loss.count(*now, next - tenth, 10 - (next - tenth), 0);
            loss.update(*now, sent, Some(sent * (1.0 - f64::from(lost) / 100.0)));
        }
    }

    #[test]
    fn a_tenth_and_less_limits_nothing() {
        let (mut loss, mut now) = (Loss::default(), 0);
        feed(&mut loss, &mut now, 60, 10, 1e6);
        assert_eq!(loss.limit(), None);
        assert!((0.08..0.12).contains(&loss.fraction()), "{}", loss.fraction());
    }

    #[test]
    fn what_a_policer_drops_limits_the_rate_to_what_it_lets_through() {
        let (mut loss, mut now) = (Loss::default(), 0);
        feed(&mut loss, &mut now, 3, 40, 1e6);
        assert_eq!(loss.limit(), Some(6e5));
        feed(&mut loss, &mut now, 10, 0, 5e5);
        assert!(loss.limit().is_some_and(|limit| (7e5..14e5).contains(&limit)), "{:?}", loss.limit());
    }

    #[test]
    fn loss_that_stays_when_less_is_sent_is_the_paths_own() {
        let (mut loss, mut now) = (Loss::default(), 0);
        feed(&mut loss, &mut now, 3, 20, 1e6);
        assert_eq!(loss.limit(), Some(8e5));
        feed(&mut loss, &mut now, 3, 20, 5e5);
        assert_eq!(loss.limit(), None);
        feed(&mut loss, &mut now, 30, 20, 1e6);
        assert_eq!(loss.limit(), None, "and does not limit again");
        feed(&mut loss, &mut now, 3, 60, 1e6);
        assert!(loss.limit().is_some(), "until it becomes clearly more");
    }

    #[test]
    fn a_hole_of_a_second_limits_nothing() {
        let (mut loss, mut now) = (Loss::default(), 0);
        feed(&mut loss, &mut now, 3, 1, 1e6);
        loss.count(now, 100, 10, 0);
        loss.update(now, 1e6, Some(1e5));
        assert_eq!(loss.limit(), None);
        assert!(loss.fraction() < 0.05);
    }

    #[test]
    fn packets_that_come_late_were_not_lost() {
        let mut loss = Loss::default();
        loss.count(1, 50, 50, 0);
        loss.count(WINDOW, 50, 50, 0);
        assert_eq!(loss.fraction(), 0.5);
        loss.count(WINDOW, 0, 70, 70);
        assert_eq!(loss.fraction(), 0.0, "the worst window apart");
        loss.count(10_000_000, 0, 0, 60_000);
        assert_eq!(loss.fraction(), 0.0);
    }
}
