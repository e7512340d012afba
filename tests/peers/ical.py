"""Reads calendar files, and mails with invitations, by somebody else's library.

    ical.py < {"files": ["BEGIN:VCALENDAR...", ...], "mails": ["raw mail", ...]}

Says as JSON what is in each: its METHOD and its events, and of a mail the content types of its parts in their order and the calendars of the inline part
and of the attachment. A file with anything that the library does not accept ends it with an error.
"""

import email
import email.policy
import json
import sys

from icalendar import Calendar

NEEDED = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "ORGANIZER", "ATTENDEE", "LAST-MODIFIED", "STATUS")


def event(component):
    assert not component.errors, component.errors
    missing = [name for name in NEEDED if name not in component]
    assert not missing, missing
    time = lambda name: int(component.decoded(name).timestamp() * 1000)
    return {
        "uid": str(component["UID"]),
        "sequence": int(component["SEQUENCE"]),
        "status": str(component["STATUS"]),
        "starts": time("DTSTART"),
        "ends": time("DTEND"),
        "stamp": time("DTSTAMP"),
        "modified": time("LAST-MODIFIED"),
        "summary": str(component["SUMMARY"]),
        "organizer": str(component["ORGANIZER"]),
        "attendee": str(component["ATTENDEE"]),
        "alarms": [str(alarm["ACTION"]) for alarm in component.walk("VALARM")],
    }


def calendar(text):
    read = Calendar.from_ical(text)
    assert str(read["VERSION"]) == "2.0" and read["PRODID"] and not read.errors
    again = Calendar.from_ical(read.to_ical())
    assert len(again.walk("VEVENT")) == len(read.walk("VEVENT"))
    return {"method": str(read["METHOD"]) if "METHOD" in read else None, "events": [event(found) for found in read.walk("VEVENT")]}


def mail(raw):
    read = email.message_from_string(raw, policy=email.policy.default)
    parts, inline, attached = [], None, None
    for part in read.walk():
        parts.append(part.get_content_type())
        if part.get_content_type() == "text/calendar":
            inline = {"method": part.get_param("method"), "calendar": calendar(part.get_content())}
        if part.get_content_disposition() == "attachment":
            content = part.get_content()
            attached = {"name": part.get_filename(), "calendar": calendar(content if isinstance(content, str) else content.decode())}
    return {"subject": read["Subject"], "reply_to": str(read["Reply-To"]), "parts": parts, "inline": inline, "attached": attached}


asked = json.load(sys.stdin)
json.dump({"files": [calendar(text) for text in asked["files"]], "mails": [mail(raw) for raw in asked["mails"]]}, sys.stdout)
