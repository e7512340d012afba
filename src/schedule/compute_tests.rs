//! Slots against what a plan promises, with plans and bookings made up at random: none overlap, buffers are kept, all lie within hours and frame
//! as the clocks on the wall show them, also in weeks in which clocks are changed.

use super::compute::{Frame, Open, Session, Taken, exists, instant, people_at, slots};
use super::plan::{CELL, Exception, FrameDay, Hours, Mode, Plan, Span, day_in};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::ids::{AccountId, EmployerId, FairId, PlanId};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;

/// Zones with a day in whose week their clocks are changed: an hour forward, back, half an hour, never, a whole day left out.
const WEEKS: [(&str, Date); 10] = [
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("Asia/Shanghai", date(2027, 2, 20)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2027, 2, 20)),
    ("Africa/Casablanca", date(2027, 2, 7)),
];

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("zone")
}

fn plan(people: &[AccountId]) -> Plan {
    Plan {
        id: PlanId::new(),
        employer_id: EmployerId::new(),
        fair_id: FairId::new(),
        title: String::new(),
        mode: Mode::One,
        minutes: 15,
        buffer_minutes: 0,
        capacity: 1,
        lead_minutes: 0,
        horizon_days: 60,
        day_limit: 0,
        zone: "Asia/Shanghai".into(),
        version: 1,
        closed_at: None,
        people: people.to_vec(),
        postings: Vec::new(),
        hours: Vec::new(),
        exceptions: Vec::new(),
    }
}

fn hours(person: AccountId, weekday: i8, from: i16, to: i16) -> Hours {
    Hours { person, weekday, from: from * 60, to: to * 60 }
}

/// Times on the wall, as `09:30`.
fn wall(zone: &TimeZone, slots: &[Open]) -> Vec<String> {
    let show = |at| jiff::Timestamp::from_millisecond(at).expect("time").to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string();
    slots.iter().map(|s| show(s.start)).collect()
}

fn day(zone: &TimeZone, date: Date) -> Span {
    Span { start: instant(zone, date, 0), end: instant(zone, date, 1_440) }
}

fn on(plan: &Plan, taken: &Taken, date: Date) -> Vec<String> {
    let zone = plan.time_zone();
    let range = day(&zone, date);
    wall(&zone, &slots(plan, &Frame::default(), taken, range, range.start - DAY))
}

#[test]
fn hours_with_a_break_and_exceptions_are_cut_with_the_buffer_between() {
    let me = AccountId::new();
    // 2027-02-20 is a Saturday.
    let saturday = date(2027, 2, 20);
    let mut plan = Plan { minutes: 20, buffer_minutes: 10, hours: vec![hours(me, 6, 9, 10), hours(me, 6, 11, 12)], ..plan(&[me]) };
    assert_eq!(on(&plan, &Taken::default(), saturday), ["09:00", "09:30", "11:00", "11:30"]);
    assert!(on(&plan, &Taken::default(), date(2027, 2, 21)).is_empty(), "no hours on Sundays");
    plan.exceptions = vec![
        Exception { person: me, day: saturday, from: 9 * 60 + 30, to: 10 * 60, opens: false },
        Exception { person: me, day: saturday, from: 12 * 60, to: 13 * 60, opens: true },
    ];
    assert_eq!(on(&plan, &Taken::default(), saturday), ["09:00", "11:00", "11:30", "12:00", "12:30"]);
}

#[test]
fn clocks_that_skip_an_hour_skip_its_slots_and_an_hour_shown_twice_passes_twice() {
    let me = AccountId::new();
    let night = |zone: &str| Plan { minutes: 30, zone: zone.into(), hours: vec![hours(me, 7, 1, 4)], ..plan(&[me]) };
    assert_eq!(on(&night("America/New_York"), &Taken::default(), date(2027, 3, 14)), ["01:00", "01:30", "03:00", "03:30"]);
    assert_eq!(
        on(&night("Europe/Berlin"), &Taken::default(), date(2027, 10, 31)),
        ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]
    );
    // Half an hour: at 02:00 it is 02:30.
    assert_eq!(on(&night("Australia/Lord_Howe"), &Taken::default(), date(2027, 10, 3)), ["01:00", "01:30", "02:30", "03:00", "03:30"]);
    let samoa = zone("Pacific/Apia");
    assert!(!exists(&samoa, date(2011, 12, 30), 600), "a day that never was");
    assert_eq!(instant(&samoa, date(2011, 12, 30), 600), instant(&samoa, date(2011, 12, 31), 0));
}

#[test]
fn a_panel_is_what_all_have_in_common_and_a_round_what_any_has() {
    let (a, b) = (AccountId::new(), AccountId::new());
    let saturday = date(2027, 2, 20);
    let both = vec![hours(a, 6, 9, 10), hours(b, 6, 9, 11)];
    let panel = Plan { minutes: 30, mode: Mode::All, hours: both.clone(), ..plan(&[a, b]) };
    assert_eq!(on(&panel, &Taken::default(), saturday), ["09:00", "09:30"]);
    let round = Plan { mode: Mode::Any, ..panel.clone() };
    assert_eq!(on(&round, &Taken::default(), saturday), ["09:00", "09:30", "10:00", "10:30"]);
    let start = instant(&zone("Asia/Shanghai"), saturday, 9 * 60);
    let busy = Taken { busy: HashMap::from([(a, vec![Span { start, end: start + 5 * MINUTE }])]), ..Taken::default() };
    assert_eq!(on(&panel, &busy, saturday), ["09:30"], "one who is away is enough");
    let range = day(&zone("Asia/Shanghai"), saturday);
    let found = slots(&round, &Frame::default(), &busy, range, range.start - DAY);
    assert_eq!((found[0].people.as_slice(), found[0].left), ([b].as_slice(), 1));
    assert_eq!((found[1].people.len(), found[1].left), (2, 2));
}

#[test]
fn seats_limits_lead_and_horizon_are_kept() {
    let me = AccountId::new();
    let saturday = date(2027, 2, 20);
    let zone = zone("Asia/Shanghai");
    let at = |minute| instant(&zone, saturday, minute);
    let group = Plan { capacity: 3, hours: vec![hours(me, 6, 9, 10)], ..plan(&[me]) };
    let mut taken = Taken { busy: HashMap::from([(me, vec![Span { start: at(540), end: at(555) }])]), ..Taken::default() };
    taken.sessions = vec![Session { lead: me, start: at(540), taken: 2 }];
    let found = slots(&group, &Frame::default(), &taken, day(&zone, saturday), at(0));
    assert_eq!(found.iter().map(|s| s.left).collect::<Vec<_>>(), [1, 3, 3, 3]);
    taken.sessions[0].taken = 3;
    assert_eq!(on(&group, &taken, saturday), ["09:15", "09:30", "09:45"]);
    let limited = Plan { day_limit: 1, ..group.clone() };
    taken.sessions[0].taken = 1;
    taken.places.insert((me, saturday.to_string()), 1);
    assert_eq!(on(&limited, &taken, saturday), ["09:00"], "the session that there is still has seats");
    let none = Taken::default();
    let late = Plan { lead_minutes: 20, capacity: 1, ..group.clone() };
    let found = slots(&late, &Frame::default(), &none, day(&zone, saturday), at(535));
    assert_eq!(wall(&zone, &found), ["09:15", "09:30", "09:45"], "08:55 and twenty minutes");
    let near = Plan { horizon_days: 1, ..group.clone() };
    assert!(slots(&near, &Frame::default(), &none, day(&zone, saturday), at(0) - 2 * DAY).is_empty());
    let closed = Plan { closed_at: Some(1), ..group };
    assert!(on(&closed, &none, saturday).is_empty());
}

#[test]
fn a_frame_cuts_what_lies_outside_of_it() {
    let me = AccountId::new();
    let (saturday, sunday) = (date(2027, 2, 20), date(2027, 2, 21));
    let zone = zone("Asia/Shanghai");
    let plan = Plan { minutes: 60, hours: (1..=7).map(|d| hours(me, d, 9, 18)).collect(), ..plan(&[me]) };
    let frame = Frame::new(&[FrameDay { day: saturday, from: 630, to: 780 }], &zone);
    let range = Span { start: day(&zone, saturday).start, end: day(&zone, sunday).end };
    assert_eq!(wall(&zone, &slots(&plan, &frame, &Taken::default(), range, range.start)), ["10:30", "11:30"]);
    assert!(people_at(&plan, &frame, instant(&zone, sunday, 600)).is_empty());
}

/// A plan, what is taken and a time, made up.
fn any_case(random: &mut StdRng) -> (Plan, Frame, Taken, Span, Millis) {
    let (name, middle) = *WEEKS.choose(random).expect("some");
    let zone = zone(name);
    let people: Vec<AccountId> = (0..random.random_range(1..=4)).map(|_| AccountId::new()).collect();
    let mode = *[Mode::One, Mode::All, Mode::Any].choose(random).expect("some");
    let people = if mode == Mode::One { people[..1].to_vec() } else { people };
    let mut plan = Plan {
        mode,
        minutes: *[10, 15, 20, 30, 45, 60].choose(random).expect("some"),
        buffer_minutes: *[0, 5, 10, 15].choose(random).expect("some"),
        capacity: random.random_range(1..=3),
        lead_minutes: random.random_range(0..600),
        horizon_days: random.random_range(1..10),
        day_limit: random.random_range(0..4),
        zone: name.into(),
        ..plan(&people)
    };
    for person in &people {
        for weekday in 1..=7 {
            let mut at = random.random_range(0..200) / 5 * 5;
            while at < 1_400 {
                let to = (at + random.random_range(3..60) * 5).min(1_440);
                plan.hours.push(Hours { person: *person, weekday, from: at, to });
                at = to + random.random_range(0..60) * 5;
            }
        }
        for _ in 0..random.random_range(0..4) {
            let day = middle.saturating_add(jiff::Span::new().days(random.random_range(-3..4)));
            let from = random.random_range(0..250) * 5;
            let to = (from + random.random_range(1..60) * 5).min(1_440);
            plan.exceptions.push(Exception { person: *person, day, from, to, opens: random.random() });
        }
    }
    let range = Span { start: instant(&zone, middle, 0) - 3 * DAY, end: instant(&zone, middle, 0) + 4 * DAY };
    let framed = random.random_bool(0.3);
    let days: Vec<FrameDay> = (-3..4)
        .filter(|_| random.random_bool(0.7))
        .map(|n| FrameDay { day: middle.saturating_add(jiff::Span::new().days(n)), from: 300, to: 1_200 })
        .collect();
    let frame = if framed { Frame::new(&days, &zone) } else { Frame::default() };
    let mut taken = Taken::default();
    for person in &people {
        let mut at = range.start.div_euclid(CELL) * CELL + random.random_range(0..300) * CELL;
        let busy = taken.busy.entry(*person).or_default();
        while at < range.end {
            let end = at + random.random_range(1..30) * CELL;
            busy.push(Span { start: at, end });
            at = end + random.random_range(1..200) * CELL;
        }
        taken.places.insert((*person, middle.to_string()), random.random_range(0..4));
    }
    let now = range.start + random.random_range(-24..72) * HOUR + random.random_range(0..3_600_000);
    (plan, frame, taken, range, now)
}

/// Whether the clocks on the wall, at each cell of a span, are within a person's hours and the exceptions: told the slow way.
fn is_open_on_the_wall(plan: &Plan, zone: &TimeZone, person: AccountId, span: Span) -> bool {
    span.cells().all(|cell| {
        let at = jiff::Timestamp::from_millisecond(cell * CELL).expect("time").to_zoned_datetime(zone.clone());
        let (day, minute) = (at.date(), i16::from(at.hour()) * 60 + i16::from(at.minute()));
        let within = |from: i16, to: i16| from <= minute && minute < to;
        let weekday = day.weekday().to_monday_one_offset();
        let weekly = plan.hours.iter().any(|h| h.person == person && h.weekday == weekday && within(h.from, h.to));
        let says = |opens| plan.exceptions.iter().any(|e| e.person == person && e.day == day && e.opens == opens && within(e.from, e.to));
        // In an hour that is shown twice, what begins or ends in it counts from its first showing: its second is in between.
        let offset = |at: Millis| zone.to_offset(jiff::Timestamp::from_millisecond(at).expect("time"));
        let folded = offset(cell * CELL - 90 * MINUTE) != offset(cell * CELL + 90 * MINUTE);
        folded || (weekly || says(true)) && !says(false)
    })
}

#[test]
fn whatever_is_planned_and_taken_slots_keep_what_the_plan_promises() {
    let mut random = StdRng::seed_from_u64(5);
    let mut seen = 0;
    for case in 0..600 {
        let (plan, frame, taken, range, now) = any_case(&mut random);
        let zone = plan.time_zone();
        let found = slots(&plan, &frame, &taken, range, now);
        seen += found.len();
        let mut of_each: HashMap<AccountId, Vec<Span>> = HashMap::new();
        for slot in &found {
            let (span, busy) = (Span { start: slot.start, end: slot.end }, Span { start: slot.start, end: slot.end + plan.buffer() });
            assert_eq!(slot.end - slot.start, plan.length(), "case {case}");
            assert!(slot.start > now && slot.start >= now + plan.lead_minutes * MINUTE, "case {case}: lead");
            assert!(slot.start < now + plan.horizon_days * DAY, "case {case}: horizon");
            assert!(range.start <= slot.start && slot.start < range.end, "case {case}: range");
            assert_eq!(slot.start % CELL, 0, "case {case}");
            assert!((1..=plan.capacity * plan.people.len() as i64).contains(&slot.left), "case {case}: seats");
            let day = day_in(&zone, slot.start).to_string();
            for person in &slot.people {
                assert!(is_open_on_the_wall(&plan, &zone, *person, span), "case {case}: hours of {person} at {}", slot.start);
                assert!(!taken.busy[person].iter().any(|b| b.meets(busy)), "case {case}: busy");
                let places = taken.places.get(&(*person, day.clone())).copied().unwrap_or_default();
                assert!(plan.day_limit == 0 || places < plan.day_limit, "case {case}: limit");
                of_each.entry(*person).or_default().push(busy);
            }
            let key = people_at(&plan, &frame, slot.start);
            assert!(slot.people.iter().all(|p| key.contains(p)), "case {case}: the slot is found by its start");
        }
        for spans in of_each.values() {
            assert!(spans.windows(2).all(|w| w[0].end <= w[1].start), "case {case}: no two of a person meet, buffers included");
        }
        // What is offered does not depend on the range that is asked for.
        let middle = range.start + 3 * DAY;
        let halves = [Span { end: middle, ..range }, Span { start: middle, ..range }];
        let both: Vec<Open> = halves.iter().flat_map(|half| slots(&plan, &frame, &taken, *half, now)).collect();
        assert_eq!(both, found, "case {case}");
    }
    assert!(seen > 5_000, "{seen} slots were looked at");
}
