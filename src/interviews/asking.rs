//! Asking several applicants at once: times dealt out among them, or a word that each may choose one.

use super::slot::{Slot, SlotKey};
use super::{Interviews, store};
use crate::accounts::Viewer;
use crate::applications::{Listed, Side, Status};
use crate::clock::Millis;
use crate::ids::{AccountId, ApplicationId, EmployerId};
use crate::web::{AppError, Result, Text, clean};

/// What there is already between an employer and an applicant.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Engaged {
    pub(super) seeker_id: AccountId,
    pub(super) starts_at: Millis,
    /// `booked`, or `asked` and not answered yet.
    pub(super) what: String,
}

/// Gives each of `wanted` (a place in `times`, and a time if one is fixed already) the earliest time that nobody before has: a slot has no
/// more of them than seats, and a recruiter is with one of them at a time.
pub(super) fn deal(wanted: &[(usize, Option<SlotKey>)], times: &[Vec<Slot>]) -> Vec<Option<SlotKey>> {
    let find = |key: SlotKey| times.iter().flatten().find(|slot| slot.id == key);
    let mut given: Vec<&Slot> = wanted.iter().filter_map(|(_, fixed)| fixed.and_then(find)).collect();
    let mut dealt = Vec::new();
    for (group, fixed) in wanted {
        if fixed.is_some() {
            dealt.push(*fixed);
            continue;
        }
        let fits = |slot: &&Slot| {
            let seats = given.iter().filter(|other| other.id == slot.id).count();
            let apart = |other: &&&Slot| {
                other.id == slot.id
                    || other.recruiter_id != slot.recruiter_id
                    || other.ends_at <= slot.starts_at
                    || slot.ends_at <= other.starts_at
            };
            i64::try_from(seats).is_ok_and(|seats| seats < slot.seats_left) && given.iter().all(|other| apart(&other))
        };
        let next = times.get(*group).and_then(|slots| slots.iter().find(fits));
        given.extend(next);
        dealt.push(next.map(|slot| slot.id));
    }
    dealt
}

impl Interviews {
    /// An application if the viewer recruits for its employer.
    pub(super) async fn received(&self, viewer: &Viewer, id: ApplicationId) -> Result<Listed> {
        let (item, side) = self.applications.visible_to(viewer, id).await?;
        if side == Side::Recruiter { Ok(item) } else { Err(AppError::NotFound) }
    }

    /// Who has an interview with an employer, or is asked to one, from now on.
    pub(super) async fn engaged(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<Engaged>> {
        self.employer_of(viewer, employer).await?;
        Ok(store::claims::engaged(self.db().read(), employer, self.now()).await?)
    }

    /// Tells somebody who has applied that they may choose a time; good `until` then. With the same `once` they get one message. What is
    /// returned says why it could not be.
    pub(super) async fn ask_to_choose(
        &self,
        viewer: &Viewer,
        id: ApplicationId,
        (note, once): (&str, &str),
        until: Millis,
    ) -> Result<Option<Text>> {
        let by = viewer.person()?.id;
        let application = self.received(viewer, id).await?;
        let fair = self.live.rooms.fairs.door(viewer, application.fair_id).await?;
        if application.status == Status::Withdrawn {
            return Ok(Some(Text("booking-many-withdrew")));
        }
        if !fair.state.is_active() {
            return Ok(Some(Text("interviews-fair-closed")));
        }
        let Some(account) = self.accounts().account(application.account_id).await? else { return Err(AppError::NotFound) };
        let (lang, note) = (account.lang(), clean(note, 200));
        let with = lang.pick(&application.employer_zh, &application.employer_en);
        let title = lang.pick(&application.title_zh, &application.title_en);
        let path = format!("/postings/{}/interviews", application.posting_id);
        let link = format!("{}{path}", self.accounts().origin);
        let subject = lang.t1("schedule-mail-invited-subject", "with", with);
        let words = [("with", with), ("title", title), ("note", note.as_str()), ("link", link.as_str())];
        let body = format!("{}\n{link}", lang.with("booking-mail-choose", &words));
        let letter = self.accounts().message(account.id, &subject, &body).await?.shown(&subject, &path, until);
        let letter = letter.short(&lang.with("telling-short-choose", &words)).topic(format!("application/{id}"));
        let letter = letter.once(format!("choose/{id}/{once}")).expires_at(until);
        let mut tx = self.db().begin().await?;
        self.accounts().notify.queue_in(&mut tx, &letter).await?;
        self.accounts().audit_in(&mut *tx, by, "interview.ask", &id.to_string(), Some(application.fair_id), "", "").await?;
        tx.commit().await?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;
    use crate::ids::{FairId, PlanId};

    fn slots(recruiter: AccountId, length: i64, count: i64, seats: i64) -> Vec<Slot> {
        let (plan, employer_id, fair_id) = (PlanId::new(), EmployerId::new(), FairId::new());
        let slot = |n: i64| Slot {
            id: SlotKey::of(plan, n * length * MINUTE),
            employer_id,
            fair_id,
            recruiter_id: recruiter,
            starts_at: n * length * MINUTE,
            ends_at: (n + 1) * length * MINUTE,
            capacity: seats,
            seats_left: seats,
        };
        (0..count).map(slot).collect()
    }

    #[test]
    fn everybody_gets_the_earliest_time_that_nobody_else_has() {
        let times = [slots(AccountId::new(), 15, 3, 1)];
        let ids: Vec<_> = times[0].iter().map(|s| Some(s.id)).collect();
        assert_eq!(deal(&[(0, None); 3], &times), ids);
        assert_eq!(deal(&[(0, None); 4], &times)[3], None, "there are no more");
        assert_eq!(deal(&[(0, None), (0, ids[0])], &times), [ids[1], ids[0]], "what is fixed is nobody else's, whoever comes first");
        assert_eq!(deal(&[(7, None)], &times), [None]);
    }

    #[test]
    fn a_group_shares_a_time_and_a_recruiter_is_in_one_place() {
        let group = [slots(AccountId::new(), 30, 2, 2)];
        let ids: Vec<_> = group[0].iter().map(|s| Some(s.id)).collect();
        assert_eq!(deal(&[(0, None); 3], &group), [ids[0], ids[0], ids[1]]);
        let one = AccountId::new();
        let times = [slots(one, 30, 2, 1), slots(one, 15, 4, 1)];
        let dealt = deal(&[(0, None), (1, None), (0, None)], &times);
        assert_eq!(dealt[1], Some(times[1][2].id), "the first half hour is taken");
        assert_eq!(dealt[2], None, "the second one is not free as a whole");
        let others = [slots(one, 30, 2, 1), slots(AccountId::new(), 15, 4, 1)];
        assert_eq!(deal(&[(0, None), (1, None)], &others)[1], Some(others[1][0].id));
    }
}
