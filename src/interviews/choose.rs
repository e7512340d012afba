//! The free slots of an employer as people choose among them: by day in the fair's zone, some days at a time. Pure but for reading.

use super::calendar_pages::{day_name, weekday};
use super::slot::SlotKey;
use super::{Filter, Interviews, Slot, local, zone_of};
use crate::clock::{Millis, iso};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, InterviewId, PlanId};
use crate::web::Result;
use jiff::civil::Date;
use std::collections::HashMap;

/// Days that a page shows at once, of those that have anything.
const DAYS: usize = 7;

/// A slot to choose. The id makes a second tap harmless.
pub(super) struct Choice {
    pub(super) slot: Slot,
    pub(super) iso: String,
    pub(super) local: String,
    /// The plan's name where there are several.
    pub(super) title: String,
    pub(super) client_id: InterviewId,
}

/// The slots of a day.
pub(super) struct ChoiceDay {
    pub(super) name: String,
    pub(super) date: Date,
    pub(super) slots: Vec<Choice>,
}

impl ChoiceDay {
    /// Before noon and after it, as people look for a time.
    pub(super) fn halves(&self) -> Vec<(&'static str, Vec<&Choice>)> {
        let (am, pm): (Vec<_>, Vec<_>) = self.slots.iter().partition(|c| c.local.as_str() < "12:00");
        [("booking-morning", am), ("booking-afternoon", pm)].into_iter().filter(|(_, half)| !half.is_empty()).collect()
    }
}

/// Some days of slots, and where there are more.
#[derive(Default)]
pub(super) struct Choices {
    pub(super) zone: String,
    pub(super) days: Vec<ChoiceDay>,
    pub(super) earlier: Option<Date>,
    pub(super) later: Option<Date>,
}

impl Choices {
    /// The days from `from` on.
    fn of(slots: Vec<Slot>, zone: &str, titles: &HashMap<PlanId, String>, lang: Lang, from: Option<Date>) -> Self {
        let mut days: Vec<ChoiceDay> = Vec::new();
        for slot in slots {
            let at = jiff::Timestamp::from_millisecond(slot.starts_at).unwrap_or_default().to_zoned_datetime(zone_of(zone));
            let title = match slot.id {
                SlotKey::Planned(plan, _) => titles.get(&plan).cloned().unwrap_or_default(),
                SlotKey::Stored(_) => String::new(),
            };
            let choice = Choice {
                iso: iso(slot.starts_at),
                local: at.strftime("%H:%M").to_string(),
                title: if titles.len() > 1 { title } else { String::new() },
                client_id: InterviewId::new(),
                slot,
            };
            match days.last_mut().filter(|day| day.date == at.date()) {
                Some(day) => day.slots.push(choice),
                None => {
                    let name = format!("{} {}", day_name(lang, at.date()), lang.t(weekday(at.date()).0));
                    days.push(ChoiceDay { name, date: at.date(), slots: vec![choice] });
                }
            }
        }
        let first = from.map_or(0, |from| days.partition_point(|day| day.date < from)).min(days.len().saturating_sub(1));
        let dates: Vec<Date> = days.iter().map(|day| day.date).collect();
        let later = dates.get(first + DAYS).copied();
        let earlier = (first > 0).then(|| dates[first.saturating_sub(DAYS)]);
        days.truncate(first + DAYS);
        days.drain(..first);
        Self { zone: zone.to_owned(), days, earlier, later }
    }

    /// The slot nearest to a time, for whoever dropped something there.
    pub(super) fn nearest(&self, at: Millis) -> Option<SlotKey> {
        let all = self.days.iter().flat_map(|day| &day.slots);
        all.min_by_key(|choice| (choice.slot.starts_at - at).abs()).map(|choice| choice.slot.id)
    }
}

impl Interviews {
    /// What can be chosen at an employer of a fair.
    pub(super) async fn choices(
        &self,
        employer: EmployerId,
        fair: &Fair,
        filter: Filter,
        lang: Lang,
        from: Option<Date>,
    ) -> Result<Choices> {
        if !fair.state.is_active() {
            return Ok(Choices { zone: fair.zone.clone(), ..Choices::default() });
        }
        let slots = self.open_slots(employer, fair.id, filter).await?;
        let plans = self.schedule.open_plans(employer, fair.id).await?;
        let titles = plans.into_iter().map(|plan| (plan.id, plan.title)).collect();
        Ok(Choices::of(slots, &fair.zone, &titles, lang, from))
    }
}

/// Day and time in a zone, such as `2月20日 周六 10:00`.
pub(super) fn moment(lang: Lang, zone: &str, at: Millis) -> String {
    let date = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(zone_of(zone)).date();
    format!("{} {} {}", day_name(lang, date), lang.t(weekday(date).0), local(zone, at, "%H:%M"))
}

/// The day before which nothing is worth looking for.
pub(super) fn day_of(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, HOUR};
    use crate::ids::{AccountId, FairId, SlotId};

    fn slots(days: i64) -> Vec<Slot> {
        let ids = (EmployerId::new(), FairId::new(), AccountId::new());
        let slot = |n: i64| Slot {
            id: SlotKey::Stored(SlotId::new()),
            employer_id: ids.0,
            fair_id: ids.1,
            recruiter_id: ids.2,
            // 10:00 and 14:00 in Shanghai from 2027-02-20 on.
            starts_at: 1_803_088_800_000 + n / 2 * DAY + n % 2 * 4 * HOUR,
            ends_at: 0,
            capacity: 1,
            seats_left: 1,
        };
        (0..days * 2).map(slot).collect()
    }

    #[test]
    fn days_are_turned_like_pages_and_none_is_lost() {
        let turn = |from| Choices::of(slots(10), "Asia/Shanghai", &HashMap::new(), Lang::Zh, from);
        let first = turn(None);
        assert_eq!((first.days.len(), first.earlier), (7, None));
        assert_eq!(
            first.days[0].halves().iter().map(|(key, half)| (*key, half.len())).collect::<Vec<_>>(),
            [("booking-morning", 1), ("booking-afternoon", 1)]
        );
        let second = turn(first.later);
        assert_eq!((second.days.len(), second.later, second.earlier), (3, None, Some(first.days[0].date)));
        assert_eq!(turn(day_of("2099-01-01")).days.len(), 1, "past the end the last day is shown");
        assert_eq!(turn(day_of("nonsense")).days.len(), 7);
        assert!(Choices::of(Vec::new(), "Asia/Shanghai", &HashMap::new(), Lang::Zh, None).days.is_empty());
    }

    #[test]
    fn what_is_dropped_somewhere_falls_into_the_nearest_slot() {
        let all = Choices::of(slots(2), "Asia/Shanghai", &HashMap::new(), Lang::En, None);
        let second = all.days[0].slots[1].slot.id;
        assert_eq!(all.nearest(1_803_088_800_000 + 3 * HOUR), Some(second));
    }
}
