//! The calendar entry of an interview (RFC 5545 and 5546): one UID for its life, a higher SEQUENCE when it is cancelled, UTC times.

use super::{Interview, Party};
use crate::clock::Millis;
use crate::i18n::Lang;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property, Trigger};

/// Whoever the entry is made for. `address` is the person's own e-mail, if any: nobody else's is ever put in.
pub(super) struct Attendee<'a> {
    pub(super) party: Party,
    pub(super) name: &'a str,
    pub(super) address: Option<&'a str>,
}

/// The text of the `.ics`; METHOD is REQUEST, or CANCEL once the interview is cancelled.
pub(super) fn calendar(interview: &Interview, who: &Attendee<'_>, lang: Lang, origin: &str, now: Millis) -> String {
    let cancelled = interview.cancelled_at.is_some();
    let link = format!("{origin}/interviews/{}", interview.id);
    let host = origin.split("//").nth(1).and_then(|h| h.split([':', '/']).next()).unwrap_or("localhost");
    let mut event = Event::with_uid(&format!("{}@{host}", interview.id));
    event
        .add_property("DTSTAMP", utc(now))
        .add_property("DTSTART", utc(interview.starts_at))
        .add_property("DTEND", utc(interview.ends_at))
        .sequence(u32::try_from(interview.sequence).unwrap_or_default())
        .summary(&lang.t1("interviews-calendar-title", "with", interview.other_name(who.party, lang)))
        .description(&lang.t1("interviews-calendar-text", "link", &link))
        .add_property("URL", &link)
        .location(&link)
        .add_property("STATUS", if cancelled { "CANCELLED" } else { "CONFIRMED" })
        .append_property(person("ORGANIZER", interview.employer_name(lang), &format!("mailto:interviews@{host}")))
        .append_multi_property(
            person("ATTENDEE", who.name, &who.address.map_or_else(|| format!("urn:uuid:{}", interview.id), |a| format!("mailto:{a}")))
                .add_parameter("ROLE", "REQ-PARTICIPANT")
                .add_parameter("PARTSTAT", "ACCEPTED")
                .add_parameter("RSVP", "FALSE")
                .done(),
        );
    if !cancelled {
        let mut alarm = Alarm::display(&lang.t("interviews-calendar-alarm"), Trigger::before_start(Default::default()));
        alarm.add_property("TRIGGER", "-PT10M").add_property("DTSTAMP", utc(now)).add_property("UID", format!("{}-alarm", interview.id));
        event.append_component(alarm.done());
    }
    let mut calendar = Calendar::empty();
    for (key, value) in [("VERSION", "2.0"), ("PRODID", "-//Spring Breeze//Interviews//EN"), ("CALSCALE", "GREGORIAN")] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.append_property(Property::new("METHOD", if cancelled { "CANCEL" } else { "REQUEST" }));
    calendar.push(event);
    calendar.to_string()
}

/// A person's line; a quote would end the parameter early, so it goes.
fn person(key: &str, name: &str, address: &str) -> Property {
    Property::new(key, address).add_parameter("CN", &name.replace(['"', '\r', '\n'], "")).done()
}

fn utc(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map(|t| t.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;
    use crate::interviews::interview::tests::interview;

    fn text(interview: &Interview) -> String {
        let who = Attendee { party: Party::Seeker, name: "王\"芳, 小", address: Some("wang@example.com") };
        calendar(interview, &who, Lang::Zh, "https://fair.example:8443", interview.starts_at - 60 * MINUTE)
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
            ("SEQUENCE", "SEQUENCE:0"),
            ("STATUS", "STATUS:CONFIRMED"),
            ("TRIGGER", "TRIGGER:-PT10M"),
        ] {
            assert_eq!(line(&text, key), whole, "{text}");
        }
        assert_eq!(line(&text, "UID"), format!("UID:{}@fair.example", interview.id));
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("CN=\"王芳, 小\"") && unfolded.contains(":mailto:wang@example.com"), "{unfolded}");
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
}
