//! How long applications stay in a stage. Pure.

use super::{Applications, Status, Step, store};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::i18n::Lang;
use crate::ids::{ApplicationId, EmployerId, PostingId};
use crate::web::Result;
use std::collections::BTreeMap;

/// Of so many of the newest applications the medians are taken: older ones tell nothing about how fast answers come now.
const RECENT: i64 = 1_000;

/// A step of some application for a posting.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Passed {
    pub(super) posting_id: PostingId,
    pub(super) application_id: ApplicationId,
    pub(super) at: Millis,
    #[sqlx(try_from = "String")]
    pub(super) status: Status,
}

/// The median time in a stage that was left, by posting and stage.
pub(super) type Medians = BTreeMap<PostingId, Vec<(Status, Millis)>>;

/// `passed`: by application, in their order.
pub(super) fn medians(passed: &[Passed]) -> Medians {
    let mut times: BTreeMap<(PostingId, usize), Vec<Millis>> = BTreeMap::new();
    for pair in passed.windows(2) {
        let [from, to] = pair else { continue };
        // Steps that nobody waits in, and a step back within a moment, say nothing.
        if from.application_id == to.application_id && from.status.is_open() && from.status != to.status {
            let stage = Status::ALL.iter().position(|s| *s == from.status).unwrap_or(0);
            times.entry((from.posting_id, stage)).or_default().push(to.at - from.at);
        }
    }
    let mut medians = Medians::new();
    for ((posting, stage), mut all) in times {
        all.sort_unstable();
        medians.entry(posting).or_default().push((Status::ALL[stage], all[all.len() / 2]));
    }
    medians
}

/// Steps with how long each lasted: the last one until now, if somebody waits in it.
pub(super) fn lasted(steps: &[Step], now: Millis) -> Vec<Option<Millis>> {
    let until = |at: usize| match steps.get(at + 1) {
        Some(next) => Some(next.at),
        None => Some(now).filter(|_| steps[at].status.is_open()),
    };
    (0..steps.len()).map(|at| until(at).map(|end| end - steps[at].at)).collect()
}

/// Such as `3 天` or `20 分钟`.
pub(super) fn named(lang: Lang, time: Millis) -> String {
    match time {
        t if t >= DAY => lang.t1("desk-days", "n", t / DAY),
        t if t >= HOUR => lang.t1("desk-hours", "n", t / HOUR),
        t => lang.t1("desk-minutes", "n", (t / MINUTE).max(1)),
    }
}

impl Applications {
    pub(super) async fn medians(&self, employer: EmployerId) -> Result<Medians> {
        Ok(medians(&store::desk::passed(self.accounts().db.read(), employer, RECENT).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_lasts_until_the_next_and_medians_are_by_posting() {
        let posting = PostingId::new();
        let way = |id: ApplicationId, ends: &[(Millis, Status)]| {
            ends.iter().map(|(at, status)| Passed { posting_id: posting, application_id: id, at: *at, status: *status }).collect::<Vec<_>>()
        };
        let mut all = way(ApplicationId::new(), &[(0, Status::New), (HOUR, Status::Viewed), (3 * HOUR, Status::Rejected)]);
        all.extend(way(ApplicationId::new(), &[(0, Status::New), (9 * HOUR, Status::Viewed)]));
        all.extend(way(ApplicationId::new(), &[(0, Status::New), (5 * HOUR, Status::Viewed)]));
        assert_eq!(medians(&all)[&posting], [(Status::New, 5 * HOUR), (Status::Viewed, 2 * HOUR)], "the end is no stage to wait in");
        assert!(medians(&[]).is_empty());
    }

    #[test]
    fn the_last_step_lasts_as_long_as_somebody_waits() {
        let step = |at, status| Step { id: String::new(), at, status };
        let steps = [step(0, Status::New), step(HOUR, Status::Viewed)];
        assert_eq!(lasted(&steps, 3 * HOUR), [Some(HOUR), Some(2 * HOUR)]);
        assert_eq!(lasted(&[step(0, Status::Hired)], HOUR), [None]);
        assert_eq!([named(Lang::En, 0), named(Lang::En, 2 * HOUR), named(Lang::Zh, 3 * DAY)], ["1 minute", "2 hours", "3 天"]);
    }
}
