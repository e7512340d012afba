//! The calendar entry of an interview (RFC 5545 and 5546): one UID for its life, a higher SEQUENCE when it is moved or cancelled, UTC times; a whole
//! calendar of somebody's interviews, to subscribe to; what calendar programs answer.
//!
//! What goes by mail says what it asks for (METHOD); a file that somebody downloads or subscribes to asks for nothing. An answer by a calendar
//! program changes nothing by itself: whoever may read the mail could have sent it, so a refusal only leads to the page where one cancels.

use super::notices::Entry;
use super::{Interview, Interviews, Party, notices, store};
use crate::accounts::{Account, ContactKind, Viewer};
use crate::clock::{DAY, Millis};
use crate::i18n::Lang;
use crate::ids::{AccountId, InterviewId};
use crate::notify::Method;
use crate::web::{AppError, Result, Text};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property, Trigger};
use std::collections::HashMap;

/// The part of a UID that is the same for all: no setting changes it, so that a cancellation meets what it cancels.
const HOME: &str = "springbreeze";
/// A subscribed calendar begins so long ago.
const PAST: Millis = 60 * DAY;

/// Whoever the entry is made for. `address` is the person's own e-mail, if any: nobody else's is ever put in.
pub(super) struct Attendee<'a> {
    pub(super) party: Party,
    pub(super) id: AccountId,
    pub(super) name: &'a str,
    pub(super) address: Option<&'a str>,
}

/// What entries are made with, the same for all of them.
pub(super) struct Maker<'a> {
    pub(super) lang: Lang,
    pub(super) origin: &'a str,
    /// The address that stands for the organiser.
    pub(super) organiser: &'a str,
}

impl Maker<'_> {
    /// The text of an `.ics` with one interview.
    pub(super) fn one(&self, interview: &Interview, entry: Entry, who: &Attendee<'_>, method: Option<Method>) -> String {
        let mut calendar = empty();
        if let Some(method) = method {
            calendar.append_property(Property::new("METHOD", method.name()));
        }
        calendar.push(self.event(interview, entry, who));
        calendar.to_string()
    }

    /// The text of a calendar of `interviews`.
    pub(super) fn all(&self, interviews: &[(Interview, Entry)], who: &Attendee<'_>) -> String {
        let mut calendar = empty();
        let name = self.lang.t("telling-calendar-name");
        for (key, value) in [("X-WR-CALNAME", name.as_str()), ("NAME", name.as_str()), ("X-PUBLISHED-TTL", "PT1H")] {
            calendar.append_property(Property::new(key, value));
        }
        calendar.append_property(Property::new("REFRESH-INTERVAL", "PT1H").add_parameter("VALUE", "DURATION").done());
        for (interview, entry) in interviews {
            let who = Attendee { party: interview.side_of(who.id), ..*who };
            calendar.push(self.event(interview, *entry, &who));
        }
        calendar.to_string()
    }

    fn event(&self, interview: &Interview, entry: Entry, who: &Attendee<'_>) -> Event {
        let (lang, cancelled) = (self.lang, interview.cancelled_at.is_some());
        let link = format!("{}/interviews/{}", self.origin, interview.id);
        let attendee = who.address.map_or_else(|| format!("urn:uuid:{}", who.id), |address| format!("mailto:{address}"));
        let mut event = Event::with_uid(&uid(interview.id, entry, self.origin));
        event
            .add_property("DTSTAMP", utc(entry.changed_at))
            .add_property("LAST-MODIFIED", utc(entry.changed_at))
            .add_property("DTSTART", utc(interview.starts_at))
            .add_property("DTEND", utc(interview.ends_at))
            .sequence(u32::try_from(interview.sequence).unwrap_or_default())
            .summary(&lang.t1("interviews-calendar-title", "with", interview.other_name(who.party, lang)))
            .description(&lang.t1("interviews-calendar-text", "link", &link))
            .add_property("URL", &link)
            .location(&link)
            .add_property("STATUS", if cancelled { "CANCELLED" } else { "CONFIRMED" })
            .append_property(person("ORGANIZER", interview.employer_name(lang), &format!("mailto:{}", self.organiser)))
            .append_multi_property(
                person("ATTENDEE", who.name, &attendee)
                    .add_parameter("ROLE", "REQ-PARTICIPANT")
                    .add_parameter("PARTSTAT", if cancelled { "DECLINED" } else { "ACCEPTED" })
                    .add_parameter("RSVP", "FALSE")
                    .done(),
            );
        if !cancelled {
            let mut alarm = Alarm::display(&lang.t("interviews-calendar-alarm"), Trigger::before_start(Default::default()));
            alarm.add_property("TRIGGER", "-PT10M").add_property("DTSTAMP", utc(entry.changed_at));
            alarm.add_property("UID", format!("{}-alarm", interview.id));
            event.append_component(alarm.done());
        }
        event.done()
    }
}

fn empty() -> Calendar {
    let mut calendar = Calendar::empty();
    for (key, value) in [("VERSION", "2.0"), ("PRODID", "-//Spring Breeze//Interviews//EN"), ("CALSCALE", "GREGORIAN")] {
        calendar.append_property(Property::new(key, value));
    }
    calendar
}

/// Of interviews from before the name was fixed, the one with the server's host.
fn uid(id: InterviewId, entry: Entry, origin: &str) -> String {
    let host = || origin.split("//").nth(1).and_then(|host| host.split([':', '/']).next()).unwrap_or("localhost");
    format!("{id}@{}", if entry.old_uid.0 { host() } else { HOME })
}

/// A person's line; a quote would end the parameter early, so it goes.
fn person(key: &str, name: &str, address: &str) -> Property {
    Property::new(key, address).add_parameter("CN", &name.replace(['"', '\r', '\n'], "")).done()
}

fn utc(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map(|t| t.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

/// What a calendar program says about one person's part in an interview (METHOD:REPLY).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    uid: String,
    sequence: i64,
    declined: bool,
}

impl Reply {
    /// Reads an answer; none if it is no answer of one attendee about one event.
    fn parse(text: &str) -> Option<Self> {
        let text = text.replace("\r\n ", "").replace("\r\n\t", "").replace("\n ", "").replace("\n\t", "");
        let (mut method, mut uids, mut sequence, mut states, mut inside) = (None, Vec::new(), 0, Vec::new(), Vec::new());
        for line in text.lines() {
            let (head, value) = line.split_once(':').unwrap_or((line, ""));
            let mut parts = head.split(';');
            let name = parts.next().unwrap_or_default().to_ascii_uppercase();
            match (name.as_str(), inside.as_slice()) {
                ("BEGIN", _) => inside.push(value.trim().to_ascii_uppercase()),
                ("END", _) => drop(inside.pop()),
                ("METHOD", [calendar]) if calendar == "VCALENDAR" => method = Some(value.trim().to_ascii_uppercase()),
                ("UID", [_, event]) if event == "VEVENT" => uids.push(value.trim().to_owned()),
                ("SEQUENCE", [_, event]) if event == "VEVENT" => sequence = value.trim().parse().ok()?,
                // A quoted name may hold what looks like a parameter.
                ("ATTENDEE", [_, event]) if event == "VEVENT" => states.push(state_of(line)),
                _ => {}
            }
        }
        match (method.as_deref(), uids.as_slice(), states.as_slice()) {
            (Some("REPLY"), [uid], [state]) if inside.is_empty() => {
                Some(Self { uid: uid.clone(), sequence, declined: state.as_deref() == Some("DECLINED") })
            }
            _ => None,
        }
    }
}

/// PARTSTAT of an attendee's line.
fn state_of(line: &str) -> Option<String> {
    let mut quoted = false;
    let bare: String = line
        .chars()
        .filter(|c| {
            quoted ^= *c == '"';
            !quoted && *c != '"'
        })
        .collect();
    let state = bare.split([';', ':']).find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("PARTSTAT")))?.1;
    Some(state.to_ascii_uppercase())
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// It says what is so anyway.
    Noted,
    /// The person says no, by a program: they are asked to cancel themselves.
    MustConfirm,
}

impl Interviews {
    /// The interview as an `.ics` for one person; the text of the entry is in their language.
    pub(super) async fn entry_for(&self, it: &Interview, account: &Account, party: Party, method: Option<Method>) -> Result<String> {
        let entry = notices::entry(self.db().read(), it.id).await?;
        let address = self.address_of(account.id).await?;
        let who = Attendee { party, id: account.id, name: &account.name, address: address.as_deref() };
        Ok(self.maker(account.lang()).one(it, entry, &who, method))
    }

    /// All interviews of somebody, as seeker and as recruiter, as a calendar to subscribe to. The same text as long as nothing changes.
    pub async fn calendar_of(&self, account: &Account) -> Result<String> {
        let since = self.now() - PAST;
        // By whole days, so that it does not change with each look.
        let since = since - since.rem_euclid(DAY);
        let all = store::of_person(self.db().read(), account.id, since).await?;
        let mut entries: HashMap<InterviewId, Entry> =
            notices::entries_of(self.db().read(), account.id, since).await?.into_iter().collect();
        let all: Vec<_> =
            all.into_iter().map(|it| (entries.remove(&it.id).unwrap_or_default(), it)).map(|(entry, it)| (it, entry)).collect();
        let address = self.address_of(account.id).await?;
        let who = Attendee { party: Party::Seeker, id: account.id, name: &account.name, address: address.as_deref() };
        Ok(self.maker(account.lang()).all(&all, &who))
    }

    fn maker(&self, lang: Lang) -> Maker<'_> {
        Maker { lang, origin: &self.accounts().origin, organiser: self.accounts().notify.reply_address() }
    }

    async fn address_of(&self, account: AccountId) -> Result<Option<String>> {
        let contacts = self.accounts().contacts(account).await?;
        Ok(contacts.iter().find(|contact| contact.kind() == ContactKind::Email).map(|contact| contact.value().to_owned()))
    }

    /// Takes what the viewer's calendar program says. What is said of an older version of the interview changes nothing, nor does anything else:
    /// see [`Answered`].
    pub(super) async fn answered(&self, viewer: &Viewer, id: InterviewId, text: &str) -> Result<Answered> {
        let (interview, party) = self.visible_to(viewer, id).await?;
        let entry = notices::entry(self.db().read(), id).await?;
        let reply = Reply::parse(text).filter(|reply| reply.uid == uid(id, entry, &self.accounts().origin));
        let reply = reply.ok_or(AppError::Unprocessable(Text("telling-reply-wrong")))?;
        if reply.sequence != interview.sequence {
            return Err(AppError::Conflict(Text("telling-reply-old")));
        }
        let account = viewer.known()?;
        if !reply.declined || !interview.state(self.now()).may_be_cancelled() {
            return Ok(Answered::Noted);
        }
        let (lang, path) = (account.lang(), format!("/interviews/{id}"));
        let title = lang.t2("telling-reply-confirm", "with", interview.other_name(party, lang), "when", interview.when(lang));
        let letter = self.accounts().notify.on_page(account.id, &title, &path, interview.starts_at);
        self.accounts().notify.queue_letter(&letter).await?;
        Ok(Answered::MustConfirm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Flag;
    use crate::interviews::interview::tests::interview;

    const ENTRY: Entry = Entry { old_uid: Flag(false), changed_at: 1_803_085_200_000 };

    fn with(interview: &Interview, entry: Entry, method: Option<Method>) -> String {
        let who = Attendee { party: Party::Seeker, id: interview.seeker_id, name: "王\"芳, 小", address: Some("wang@example.com") };
        let maker = Maker { lang: Lang::Zh, origin: "https://fair.example:8443", organiser: "fair@fair.example" };
        maker.one(interview, entry, &who, method)
    }

    fn text(interview: &Interview) -> String {
        with(interview, ENTRY, Some(if interview.cancelled_at.is_some() { Method::Cancel } else { Method::Request }))
    }

    fn line<'a>(text: &'a str, key: &str) -> &'a str {
        text.split("\r\n").find(|l| l.starts_with(key)).unwrap_or("")
    }

    #[test]
    fn an_entry_has_utc_times_a_method_and_its_own_uid() {
        let interview = interview();
        let text = text(&interview);
        for (key, whole) in [
            ("METHOD", "METHOD:REQUEST"),
            ("DTSTART", "DTSTART:20270220T020000Z"),
            ("DTEND", "DTEND:20270220T021500Z"),
            ("DTSTAMP", "DTSTAMP:20270220T010000Z"),
            ("LAST-MODIFIED", "LAST-MODIFIED:20270220T010000Z"),
            ("SEQUENCE", "SEQUENCE:0"),
            ("STATUS", "STATUS:CONFIRMED"),
            ("TRIGGER", "TRIGGER:-PT10M"),
        ] {
            assert_eq!(line(&text, key), whole, "{text}");
        }
        assert_eq!(line(&text, "UID"), format!("UID:{}@springbreeze", interview.id));
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("CN=\"王芳, 小\"") && unfolded.contains(":mailto:wang@example.com"), "{unfolded}");
        assert!(unfolded.contains(":mailto:fair@fair.example"), "{unfolded}");
        assert!(!with(&interview, ENTRY, None).contains("METHOD"), "a download asks for nothing");
    }

    #[test]
    fn interviews_from_before_keep_the_uid_that_calendars_know() {
        let (interview, old) = (interview(), Entry { old_uid: Flag(true), ..ENTRY });
        assert_eq!(line(&with(&interview, old, None), "UID"), format!("UID:{}@fair.example", interview.id));
    }

    #[test]
    fn a_cancellation_has_the_same_uid_and_a_higher_sequence() {
        let booked = interview();
        let cancelled = Interview { cancelled_at: Some(1), sequence: booked.sequence + 1, ..booked.clone() };
        let (before, after) = (text(&booked), text(&cancelled));
        assert_eq!(line(&before, "UID"), line(&after, "UID"));
        assert_eq!(
            (line(&after, "METHOD"), line(&after, "SEQUENCE"), line(&after, "STATUS")),
            ("METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED")
        );
        assert!(!after.contains("VALARM"));
    }

    #[test]
    fn lines_end_with_crlf_and_none_is_longer_than_75_octets() {
        let long = Interview {
            employer_zh: "杭州余杭仓前精密电子与智能装备制造股份有限公司第二分公司、智能物流中心".into(),
            ..interview()
        };
        let text = text(&long);
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        assert!(text.split("\r\n").all(|l| l.len() <= 75), "{text}");
        assert!(text.replace("\r\n ", "").contains(&long.employer_zh));
    }

    #[test]
    fn a_calendar_holds_both_parts_of_a_person() {
        let (seeking, mut recruiting) = (interview(), interview());
        recruiting.recruiter_id = seeking.seeker_id;
        let who = Attendee { party: Party::Seeker, id: seeking.seeker_id, name: "王芳", address: None };
        let maker = Maker { lang: Lang::En, origin: "https://fair.example", organiser: "fair@fair.example" };
        let text = maker.all(&[(seeking.clone(), ENTRY), (recruiting, ENTRY)], &who).replace("\r\n ", "");
        assert!(text.contains("Factory") && text.matches("BEGIN:VEVENT").count() == 2 && !text.contains("METHOD"), "{text}");
        assert!(text.contains("REFRESH-INTERVAL;VALUE=DURATION:PT1H"), "{text}");
        assert_eq!(text.matches("王芳").count(), 3, "as seeker, and as whom the recruiter meets under that name: {text}");
    }

    fn reply(attendee: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1@spring\r\n breeze\r\nSEQUENCE:2\r\n{attendee}\r\nBEGIN:VALARM\r\nUID:x\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    #[test]
    fn an_answer_is_read_by_its_structure() {
        let declined = Reply { uid: "1@springbreeze".into(), sequence: 2, declined: true };
        let read = |attendee: &str| Reply::parse(&reply(attendee));
        assert_eq!(read("ATTENDEE;PARTSTAT=DECLINED;CN=Wang:mailto:a@b.example"), Some(declined.clone()));
        assert_eq!(
            read("attendee;CN=\"x;PARTSTAT=DECLINED\";partstat=accepted:mailto:a@b.example"),
            Some(Reply { declined: false, ..declined })
        );
        assert_eq!(read("COMMENT:PARTSTAT=DECLINED"), None, "nobody answers");
        let one = "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.example";
        assert_eq!(read(&format!("{one}\r\n{one}")), None, "two answer");
        for (from, to) in
            [("METHOD:REPLY", "METHOD:REQUEST"), ("SEQUENCE:2", "SEQUENCE:two"), ("UID:1", "UID:2\r\nUID:1"), ("END:VCALENDAR\r\n", "")]
        {
            assert_eq!(Reply::parse(&reply(one).replace(from, to)), None, "{to}");
        }
        assert_eq!(Reply::parse(""), None);
    }
}
