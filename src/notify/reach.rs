//! By which ways somebody is reached, and when not: consent for each channel, quiet hours. The decisions are pure.
//!
//! Without a word of theirs people are told by mail, or by text message if they have proven no address; push needs a yes, as browsers ask for
//! one too. Quiet hours hold a message back, but never until it comes too late: see [`Quiet::due`].

use super::{Notify, reach_store};
use crate::clock::{HOUR, Millis};
use crate::ids::{AccountId, DeviceId};
use crate::web::Result;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Of the words that people see where they consent. A new one when these change their meaning; a test in `telling` asks for it.
pub const TEXT_VERSION: &str = "2026-11";
/// What happens sooner than this breaks the quiet.
pub const BREAKS_QUIET: Millis = 2 * HOUR;

/// A channel that people can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Email,
    Phone,
    Push,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Email, Self::Phone, Self::Push];

    /// As it is stored; also the kind of contact that it needs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Push => "push",
        }
    }
}

/// What somebody said about a way.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Consent {
    pub channel: String,
    pub at: Millis,
    #[sqlx(try_from = "i64")]
    pub given: crate::db::Flag,
    pub text_version: String,
}

/// Hours in which somebody wants to hear nothing: minutes of the day in their zone. They may go over midnight.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Quiet {
    pub from_minute: i64,
    pub to_minute: i64,
    pub zone: String,
}

impl Quiet {
    /// When the quiet ends, if it is quiet now.
    fn ends(&self, now: Millis) -> Option<Millis> {
        let zone = TimeZone::get(&self.zone).ok()?;
        let local = jiff::Timestamp::from_millisecond(now).ok()?.to_zoned_datetime(zone.clone());
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let (from, to) = (self.from_minute, self.to_minute);
        let over_midnight = from > to;
        let quiet = if over_midnight { minute >= from || minute < to } else { (from..to).contains(&minute) };
        if !quiet {
            return None;
        }
        let day = if over_midnight && minute >= from { local.date().tomorrow().ok()? } else { local.date() };
        let time = Time::new(i8::try_from(to / 60).ok()?, i8::try_from(to % 60).ok()?, 0, 0).ok()?;
        // A time that the clocks leave out is as far after the gap.
        Some(zone.to_ambiguous_zoned_datetime(day.to_datetime(time)).compatible().ok()?.timestamp().as_millisecond())
    }

    /// When a message that is ready `now` goes out: at the end of the quiet, but two hours before `point`, at which what it is about happens or
    /// it loses its use, at the latest; at once if that is less than two hours away.
    pub(super) fn due(&self, now: Millis, point: Option<Millis>) -> Millis {
        let Some(ends) = self.ends(now) else { return now };
        point.map_or(ends, |point| ends.min(point - BREAKS_QUIET)).max(now)
    }
}

/// How somebody is reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The newest word about each way.
    pub consents: Vec<Consent>,
    pub quiet: Option<Quiet>,
    pub(super) devices: Vec<DeviceId>,
}

/// One address to which a message goes: channel, address, device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) way: Way,
    pub(super) to: String,
}

impl Reach {
    /// What they said about a way, if anything.
    pub fn said(&self, way: Way) -> Option<bool> {
        self.consents.iter().find(|consent| consent.channel == way.name()).map(|consent| consent.given.0)
    }

    /// Whether a way is used, of somebody who has or has not proven an address of mail.
    pub fn uses(&self, way: Way, has_email: bool) -> bool {
        self.said(way).unwrap_or(match way {
            Way::Email => true,
            Way::Phone => !has_email,
            Way::Push => false,
        })
    }

    /// Where a message goes, given the proven contacts as kinds and addresses.
    pub(super) fn targets(&self, contacts: &[(&str, &str)]) -> Vec<Target> {
        let first = |way: Way| contacts.iter().find(|(kind, _)| *kind == way.name()).map(|(_, to)| (*to).to_owned());
        let has_email = first(Way::Email).is_some();
        let used = Way::ALL.into_iter().filter(|way| self.uses(*way, has_email));
        let targets = used.flat_map(|way| {
            let to = match way {
                Way::Push => self.devices.iter().map(ToString::to_string).collect(),
                way => Vec::from_iter(first(way)),
            };
            to.into_iter().map(move |to| Target { way, to })
        });
        targets.collect()
    }
}

impl Notify {
    /// How an account is reached.
    pub async fn reach(&self, account: AccountId) -> Result<Reach> {
        let db = self.db.read();
        let mut consents = reach_store::consents(db, account).await?;
        // Newest first: of each channel the first.
        let mut seen = Vec::new();
        consents.retain(|consent| {
            let new = !seen.contains(&consent.channel);
            seen.push(consent.channel.clone());
            new
        });
        Ok(Reach { consents, quiet: reach_store::quiet(db, account).await?, devices: reach_store::devices_of(db, account).await? })
    }

    /// Notes what somebody said about some ways.
    pub async fn consent(&self, account: AccountId, said: &[(Way, bool)]) -> Result<()> {
        let (mut tx, now) = (self.db.begin().await?, self.clock.now());
        for (way, given) in said {
            reach_store::insert_consent(&mut tx, account, way.name(), now, *given, TEXT_VERSION).await?;
        }
        Ok(tx.commit().await?)
    }

    /// All that somebody has said about ways, newest first.
    pub async fn said_by(&self, account: AccountId) -> Result<Vec<Consent>> {
        Ok(reach_store::all_consents(self.db.read(), account).await?)
    }

    /// Sets quiet hours, or none.
    pub async fn set_quiet(&self, account: AccountId, quiet: Option<&Quiet>) -> Result<()> {
        Ok(reach_store::set_quiet(self.db.write(), account, quiet, self.clock.now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;
    use crate::db::Flag;

    /// 2027-02-20 00:00 in Shanghai.
    const MIDNIGHT: Millis = 1_803_052_800_000;

    fn night() -> Quiet {
        Quiet { from_minute: 22 * 60, to_minute: 7 * 60, zone: "Asia/Shanghai".into() }
    }

    fn at(hour: i64, minute: i64) -> Millis {
        MIDNIGHT + hour * HOUR + minute * MINUTE
    }

    #[test]
    fn a_message_waits_for_the_end_of_the_quiet() {
        assert_eq!(night().due(at(21, 59), None), at(21, 59));
        assert_eq!(night().due(at(22, 0), None), at(31, 0));
        assert_eq!(night().due(at(3, 0), None), at(7, 0));
        assert_eq!(night().due(at(7, 0), None), at(7, 0));
        let noon = Quiet { from_minute: 12 * 60, to_minute: 14 * 60, ..night() };
        assert_eq!((noon.due(at(13, 0), None), noon.due(at(14, 0), None)), (at(14, 0), at(14, 0)));
    }

    #[test]
    fn never_beyond_its_point_and_what_is_near_breaks_the_quiet() {
        let due = |now, point| night().due(now, Some(point));
        assert_eq!(due(at(23, 0), at(34, 0)), at(31, 0), "ten in the morning: told at seven");
        assert_eq!(due(at(23, 0), at(30, 0)), at(28, 0), "six in the morning: told at four");
        assert_eq!(due(at(3, 0), at(5, 0)), at(3, 0), "in two hours: told now");
        assert_eq!(due(at(3, 0), at(3, 5)), at(3, 0));
        for now in (0..48 * 60).map(|minute| at(0, minute)) {
            for ahead in (0..600).map(|step| step * 5 * MINUTE) {
                let due = due(now, now + ahead);
                assert!(due >= now && (due == now || due <= now + ahead - BREAKS_QUIET), "{now} {ahead}");
            }
        }
    }

    #[test]
    fn the_quiet_follows_the_clocks_of_its_zone() {
        // New York, 2027-03-14: two o'clock becomes three.
        let quiet = Quiet { from_minute: 22 * 60, to_minute: 2 * 60 + 30, zone: "America/New_York".into() };
        let eleven = 1_804_996_800_000; // 2027-03-13 23:00 at UTC-5
        assert_eq!(quiet.due(eleven, None), eleven + 3 * HOUR + 30 * MINUTE, "half past two does not exist: half past three");
        let seven = Quiet { to_minute: 7 * 60, ..quiet };
        assert_eq!(seven.due(eleven, None), eleven + 7 * HOUR, "a short night");
        assert_eq!(Quiet { zone: "Mars/Olympus".into(), ..night() }.due(at(3, 0), None), at(3, 0));
    }

    #[test]
    fn without_a_word_mail_comes_first_and_what_was_said_counts() {
        let contacts = [("phone", "138"), ("email", "a@b.example")];
        let device = DeviceId::new();
        let reach = |said: &[(Way, bool)]| Reach {
            consents: said
                .iter()
                .map(|(way, given)| Consent { channel: way.name().into(), at: 0, given: Flag(*given), text_version: String::new() })
                .collect(),
            quiet: None,
            devices: vec![device],
        };
        let ways = |said: &[(Way, bool)], contacts: &[(&str, &str)]| {
            reach(said).targets(contacts).into_iter().map(|target| target.way).collect::<Vec<_>>()
        };
        assert_eq!(ways(&[], &contacts), [Way::Email]);
        assert_eq!(ways(&[], &contacts[..1]), [Way::Phone]);
        assert_eq!(ways(&[(Way::Phone, true), (Way::Push, true)], &contacts), [Way::Email, Way::Phone, Way::Push]);
        assert!(ways(&[(Way::Email, false)], &contacts).is_empty(), "a no to mail is no yes to text messages");
        assert!(ways(&[(Way::Phone, false)], &contacts[..1]).is_empty());
        assert_eq!(reach(&[(Way::Push, true)]).targets(&[])[0].to, device.to_string());
    }
}
