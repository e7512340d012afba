//! What is taken of people's time: read for those who want some of it, and written so that the primary keys refuse what somebody else took
//! meanwhile. Many rows go in one statement.

use crate::clock::Millis;
use crate::db::{Dialect, ManyRows};
use crate::ids::{AccountId, InterviewId, PlanId, SlotId};
use crate::interviews::slot::SlotKey;
use crate::interviews::taking::{Grant, Owner, Session, Snapshot, What, Wish, longer};
use crate::interviews::{Interview, Part};
use crate::schedule::{CELL, Span};
use sqlx::{Any, AnyPool, Transaction};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// No interview with its buffer is longer, so what reaches into a range begins at most that long before it.
pub(super) const LONGEST: Millis = 24 * crate::clock::HOUR;

static BOOKED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking("a, b", 2, "SELECT i.seeker_id, i.client_id, i.id FROM v JOIN interviews i ON i.seeker_id = v.a AND i.client_id = v.b")
});
static CLAIMED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b",
        2,
        "SELECT i.seeker_id, i.client_id, i.id FROM v JOIN interview_claims i ON i.seeker_id = v.a AND i.client_id = v.b",
    )
});
static PLANNED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b",
        2,
        "SELECT s.id, s.plan_id, s.recruiter_id, s.starts_at FROM v JOIN interview_slots s ON s.plan_id = v.a AND s.starts_at = v.b \
         WHERE s.plan_id IS NOT NULL AND s.ended_at IS NULL",
    )
});
static STORED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a",
        1,
        "SELECT s.id, s.plan_id, s.recruiter_id, s.starts_at FROM v JOIN interview_slots s ON s.id = v.a WHERE s.ended_at IS NULL",
    )
});
static SEATS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking("a", 1, "SELECT x.slot_id, x.seat, x.owner, x.hold_until FROM v JOIN interview_seats x ON x.slot_id = v.a")
});
static CELLS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b, c",
        3,
        "SELECT x.person_id, x.cell, x.owner, x.hold_until FROM v JOIN interview_cells x \
         ON x.person_id = v.a AND x.cell >= v.b AND x.cell < v.c",
    )
});
static PLACES: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b",
        2,
        "SELECT x.person_id, x.day, x.place, x.owner, x.hold_until FROM v JOIN interview_day_places x ON x.person_id = v.a AND x.day = v.b",
    )
});
static LOADS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, d, b, c",
        4,
        "SELECT x.person_id, v.d, COUNT(*) FROM v JOIN interview_cells x ON x.person_id = v.a AND x.cell >= v.b AND x.cell < v.c \
         WHERE x.span > 0 GROUP BY x.person_id, v.d",
    )
});
static NEW_SLOTS: LazyLock<ManyRows> = LazyLock::new(|| {
    let into = "INSERT INTO interview_slots (id, employer_id, fair_id, recruiter_id, starts_at, ends_at, created_at, plan_id, capacity, busy_until)";
    ManyRows::new(into, 10, "ON CONFLICT DO NOTHING")
});
static NEW_CELLS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO interview_cells (person_id, cell, owner, hold_until, taken_at, span)",
        6,
        // What ran out is taken over; of one's own nothing is shortened.
        "ON CONFLICT (person_id, cell) DO UPDATE SET owner = excluded.owner, taken_at = excluded.taken_at, span = excluded.span, \
         hold_until = CASE WHEN interview_cells.owner = excluded.owner \
         AND (interview_cells.hold_until IS NULL OR interview_cells.hold_until > excluded.hold_until) \
         THEN interview_cells.hold_until ELSE excluded.hold_until END \
         WHERE interview_cells.hold_until <= excluded.taken_at OR interview_cells.owner = excluded.owner",
    )
});
static NEW_SEATS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO interview_seats (slot_id, seat, owner, hold_until, taken_at)",
        5,
        "ON CONFLICT (slot_id, seat) DO UPDATE SET owner = excluded.owner, hold_until = excluded.hold_until, taken_at = excluded.taken_at \
         WHERE interview_seats.hold_until <= excluded.taken_at OR interview_seats.owner = excluded.owner",
    )
});
static NEW_PLACES: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO interview_day_places (person_id, day, place, owner, hold_until, taken_at)",
        6,
        "ON CONFLICT (person_id, day, place) DO UPDATE SET owner = excluded.owner, taken_at = excluded.taken_at, \
         hold_until = CASE WHEN interview_day_places.owner = excluded.owner \
         AND (interview_day_places.hold_until IS NULL OR interview_day_places.hold_until > excluded.hold_until) \
         THEN interview_day_places.hold_until ELSE excluded.hold_until END \
         WHERE interview_day_places.hold_until <= excluded.taken_at OR interview_day_places.owner = excluded.owner",
    )
});
static NEW_INTERVIEWS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO interviews (id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, posting_id, topic_zh, topic_en, \
         starts_at, ends_at, extended, sequence, cancelled_by, cancel_reason, created_at)",
        17,
        "ON CONFLICT (seeker_id, client_id) DO NOTHING",
    )
});
static NEW_PEOPLE: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("INSERT INTO interview_people (interview_id, person_id, part)", 3, "ON CONFLICT (interview_id, person_id) DO NOTHING")
});

macro_rules! rows {
    ($tx:expr, $statement:expr, $keys:expr, |$query:ident, $key:ident| $bind:expr) => {{
        let keys: Vec<_> = ManyRows::padded($keys);
        let mut found = Vec::new();
        for (sql, some) in $statement.of($tx, &keys) {
            let mut $query = sqlx::query_as::<Any, _>(sql);
            for $key in some {
                $query = $bind;
            }
            found.append(&mut $query.fetch_all(&mut **$tx).await?);
        }
        found
    }};
}

pub(super) use rows;

macro_rules! write_rows {
    ($tx:expr, $statement:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr) => {{
        let rows: Vec<_> = $rows;
        let mut written = 0;
        for (sql, some) in $statement.of($tx, &rows) {
            let mut $query = sqlx::query::<Any>(sql);
            for $row in some {
                $query = $bind;
            }
            written += $query.execute(&mut **$tx).await?.rows_affected();
        }
        written == rows.len() as u64
    }};
}

/// All that the wishes touch, as it is in this transaction.
pub(in crate::interviews) async fn read(tx: &mut Transaction<'_, Any>, wishes: &[&Wish], now: Millis) -> sqlx::Result<Snapshot> {
    let mut all = Snapshot { now, ..Snapshot::default() };
    read_sessions(tx, wishes, &mut all).await?;
    let mut spans = BTreeSet::new();
    for wish in wishes.iter().filter(|w| !all.is_full(&w.wanted)) {
        let own = wish.wanted.span.cells();
        spans.insert((wish.seeker, own.start, own.end));
        let busy = wish.wanted.busy().cells();
        spans.extend(wish.wanted.candidates.iter().flatten().map(|p| (*p, busy.start, busy.end)));
    }
    let found: Vec<(AccountId, i64, String, Option<i64>)> =
        rows!(tx, CELLS, spans.into_iter().collect(), |query, key| query.bind(key.0).bind(key.1).bind(key.2));
    all.cells.extend(found.into_iter().map(|(person, cell, owner, until)| ((person, cell), Owner { owner, until })));
    if wishes.len() == 1 {
        // Where others commit in between: whose cells were seen taken, of them the seat is seen too, and it says why.
        read_sessions(tx, wishes, &mut all).await?;
    }
    read_days(tx, wishes, &mut all).await?;
    // Last: whoever finds a seat taken by their own request, sent twice at once, then finds the request as well.
    let requests: BTreeSet<_> = wishes.iter().filter(|w| !w.client_id.is_empty()).map(|w| (w.seeker, w.client_id.as_str())).collect();
    for statement in [&BOOKED, &CLAIMED] {
        let keys = requests.iter().copied().collect();
        let found: Vec<(AccountId, String, InterviewId)> = rows!(tx, statement, keys, |query, key| query.bind(key.0).bind(key.1));
        all.requests.extend(found.into_iter().map(|(seeker, client, id)| ((seeker, client), id)));
    }
    Ok(all)
}

async fn read_sessions(tx: &mut Transaction<'_, Any>, wishes: &[&Wish], all: &mut Snapshot) -> sqlx::Result<()> {
    type Row = (SlotId, Option<String>, AccountId, i64);
    let (mut planned, mut stored) = (BTreeSet::new(), BTreeSet::new());
    for wish in wishes {
        match wish.wanted.key {
            SlotKey::Planned(plan, _) => planned.insert((plan, wish.wanted.span.start)),
            SlotKey::Stored(id) => stored.insert(id),
        };
    }
    let mut found: Vec<Row> = rows!(tx, PLANNED, planned.into_iter().collect(), |query, key| query.bind(key.0).bind(key.1));
    let others: Vec<Row> = rows!(tx, STORED, stored.into_iter().collect(), |query, key| query.bind(*key));
    found.extend(others);
    let mut seats: HashMap<SlotId, BTreeMap<i64, Owner>> = HashMap::new();
    let ids = found.iter().map(|row| row.0).collect();
    let taken: Vec<(SlotId, i64, String, Option<i64>)> = rows!(tx, SEATS, ids, |query, key| query.bind(*key));
    for (slot, seat, owner, until) in taken {
        seats.entry(slot).or_default().insert(seat, Owner { owner, until });
    }
    for (id, plan, lead, start) in found {
        let key = match plan.and_then(|p| p.parse::<PlanId>().ok()) {
            Some(plan) => SlotKey::of(plan, start),
            None => SlotKey::Stored(id),
        };
        all.sessions.insert((key, lead), Session { id: Some(id), seats: seats.remove(&id).unwrap_or_default() });
    }
    Ok(())
}

/// Limits of a day, and who has how much of it.
async fn read_days(tx: &mut Transaction<'_, Any>, wishes: &[&Wish], all: &mut Snapshot) -> sqlx::Result<()> {
    let limited = wishes.iter().filter(|w| w.wanted.limit > 0);
    let days: BTreeSet<_> = limited.flat_map(|w| w.wanted.candidates.iter().flatten().map(|p| (*p, w.wanted.day.as_str()))).collect();
    let found: Vec<(AccountId, String, i64, String, Option<i64>)> =
        rows!(tx, PLACES, days.into_iter().collect(), |query, key| query.bind(key.0).bind(key.1));
    for (person, day, place, owner, until) in found {
        all.places.entry((person, day)).or_default().insert(place, Owner { owner, until });
    }
    let turns = wishes.iter().filter(|w| w.wanted.candidates.len() > 1);
    // The zone's day would need its bounds; the day around the slot serves as well for "who has had fewer".
    let around = |start: Millis| ((start - LONGEST / 2) / CELL, (start + LONGEST / 2) / CELL);
    let days: BTreeMap<_, _> = turns
        .flat_map(|w| w.wanted.candidates.iter().flatten().map(|p| ((*p, w.wanted.day.as_str()), around(w.wanted.span.start))))
        .collect();
    let keys = days.into_iter().collect();
    let found: Vec<(AccountId, String, i64)> =
        rows!(tx, LOADS, keys, |query, key| query.bind(key.0.0).bind(key.0.1).bind(key.1.0).bind(key.1.1));
    all.loads.extend(found.into_iter().map(|(person, day, count)| ((person, day), count)));
    Ok(())
}

/// Takes what was granted; `false` if somebody else was quicker with any of it, and then nothing may be kept.
pub(in crate::interviews) async fn take(
    tx: &mut Transaction<'_, Any>,
    granted: &[(&Wish, Grant)],
    now: Millis,
    dialect: Dialect,
) -> sqlx::Result<bool> {
    if dialect == Dialect::Postgres {
        // Another one could end the slot meanwhile; on SQLite nobody else writes.
        for (_, grant) in granted.iter().filter(|(_, g)| !g.new) {
            let sql = "UPDATE interview_slots SET busy_until = busy_until WHERE id = $1 AND ended_at IS NULL";
            if sqlx::query(sql).bind(grant.slot).execute(&mut **tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
        }
    }
    let new = granted.iter().filter(|(_, g)| g.new).collect();
    let slots = write_rows!(tx, NEW_SLOTS, new, |query, row| {
        let (wish, grant): &(&Wish, Grant) = row;
        let (wanted, plan) = (&wish.wanted, plan_of(wish.wanted.key));
        query
            .bind(grant.slot)
            .bind(wanted.employer)
            .bind(wanted.fair)
            .bind(grant.people[0])
            .bind(wanted.span.start)
            .bind(wanted.span.end)
            .bind(now)
            .bind(plan)
            .bind(wanted.capacity)
            .bind(wanted.busy_until)
    });
    // The order in which everybody takes: two that want the same wait for one another and never in a circle.
    Ok(slots
        && take_cells(tx, granted, now).await?
        && take_seats(tx, granted, now).await?
        && take_places(tx, granted, now).await?
        && book(tx, granted, now).await?)
}

fn plan_of(key: SlotKey) -> Option<String> {
    match key {
        SlotKey::Planned(plan, _) => Some(plan.to_string()),
        SlotKey::Stored(_) => None,
    }
}

/// A cell to be taken.
struct Cell {
    owner: String,
    until: Option<Millis>,
    span: i64,
}

async fn take_cells(tx: &mut Transaction<'_, Any>, granted: &[(&Wish, Grant)], now: Millis) -> sqlx::Result<bool> {
    let mut cells: BTreeMap<(AccountId, i64), Cell> = BTreeMap::new();
    let mut add = |person: AccountId, span: Span, owner: &str, until: Option<Millis>| {
        let all = span.cells();
        let pieces = all.end - all.start;
        for cell in all.clone() {
            let span = if cell == all.start { pieces } else { 0 };
            // Of a group session several wishes name the same.
            let known = cells.entry((person, cell)).or_insert_with(|| Cell { owner: owner.to_owned(), until, span });
            known.until = longer(known.until, until);
        }
    };
    for (wish, grant) in granted {
        let (slot, until) = (grant.slot.to_string(), wish.until());
        grant.people.iter().for_each(|person| add(*person, wish.wanted.busy(), &slot, until));
        if wish.takes_seeker() {
            add(wish.seeker, wish.wanted.span, &wish.id.to_string(), until);
        }
    }
    put_cells(tx, cells.into_iter().collect(), now).await
}

async fn put_cells(tx: &mut Transaction<'_, Any>, cells: Vec<((AccountId, i64), Cell)>, now: Millis) -> sqlx::Result<bool> {
    Ok(write_rows!(tx, NEW_CELLS, cells, |query, row| {
        let ((person, cell), taken) = row;
        query.bind(*person).bind(*cell).bind(&taken.owner).bind(taken.until).bind(now).bind(taken.span)
    }))
}

/// Takes a person's time for good as a part of something larger; `false` if not all of it was free.
pub(in crate::interviews) async fn take_span(
    tx: &mut Transaction<'_, Any>,
    person: AccountId,
    span: Span,
    owner: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let all = span.cells();
    let pieces = all.end - all.start;
    let cell = |n| Cell { owner: owner.to_owned(), until: None, span: if n == all.start { pieces } else { 0 } };
    let cells = all.clone().map(|n| ((person, n), cell(n))).collect();
    put_cells(tx, cells, now).await
}

/// Takes what is free of a person's time, each piece by itself: what somebody else has stays theirs.
pub(in crate::interviews) async fn take_free(
    tx: &mut Transaction<'_, Any>,
    person: AccountId,
    span: Span,
    owner: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let cells = span.cells().map(|n| ((person, n), Cell { owner: owner.to_owned(), until: None, span: 1 })).collect();
    put_cells(tx, cells, now).await
}

async fn take_seats(tx: &mut Transaction<'_, Any>, granted: &[(&Wish, Grant)], now: Millis) -> sqlx::Result<bool> {
    Ok(write_rows!(tx, NEW_SEATS, granted.iter().collect(), |query, row| {
        let (wish, grant): &(&Wish, Grant) = row;
        query.bind(grant.slot).bind(grant.seat).bind(wish.id).bind(wish.until()).bind(now)
    }))
}

async fn take_places(tx: &mut Transaction<'_, Any>, granted: &[(&Wish, Grant)], now: Millis) -> sqlx::Result<bool> {
    let mut places: BTreeMap<(AccountId, &str, i64), (SlotId, Option<Millis>)> = BTreeMap::new();
    for (wish, grant) in granted {
        for (person, place) in &grant.places {
            let known = places.entry((*person, wish.wanted.day.as_str(), *place)).or_insert((grant.slot, wish.until()));
            known.1 = longer(known.1, wish.until());
        }
    }
    Ok(write_rows!(tx, NEW_PLACES, places.into_iter().collect(), |query, row| {
        let ((person, day, place), (slot, until)) = row;
        query.bind(*person).bind(*day).bind(*place).bind(*slot).bind(*until).bind(now)
    }))
}

/// The interviews of those who book, with who takes part.
async fn book(tx: &mut Transaction<'_, Any>, granted: &[(&Wish, Grant)], now: Millis) -> sqlx::Result<bool> {
    let booked: Vec<_> = granted.iter().filter(|(wish, _)| wish.what == What::Book).collect();
    let people = booked.iter().flat_map(|(wish, grant)| parts(wish.id, wish.seeker, &grant.people)).collect();
    let interviews = write_rows!(tx, NEW_INTERVIEWS, booked, |query, row| {
        let (wish, grant): &(&Wish, Grant) = row;
        query
            .bind(wish.id)
            .bind(grant.slot)
            .bind(wish.wanted.employer)
            .bind(wish.wanted.fair)
            .bind(grant.people[0])
            .bind(wish.seeker)
            .bind(client_id(wish))
            .bind(wish.posting.as_deref())
            .bind(&wish.topic.0)
            .bind(&wish.topic.1)
            .bind(wish.wanted.span.start)
            .bind(wish.wanted.span.end)
            .bind(0i64)
            .bind(0i64)
            .bind("")
            .bind("")
            .bind(now)
    });
    Ok(interviews && put_people(tx, people).await?)
}

/// What cannot be sent again has its own id.
pub(in crate::interviews) fn client_id(wish: &Wish) -> String {
    if wish.client_id.is_empty() { wish.id.to_string() } else { wish.client_id.clone() }
}

/// Who takes part with which part.
pub(in crate::interviews) fn parts(id: InterviewId, seeker: AccountId, recruiters: &[AccountId]) -> Vec<(InterviewId, AccountId, Part)> {
    let others = recruiters.iter().enumerate().map(|(n, person)| (id, *person, if n == 0 { Part::Lead } else { Part::Panel }));
    std::iter::once((id, seeker, Part::Seeker)).chain(others).collect()
}

pub(in crate::interviews) async fn put_people(
    tx: &mut Transaction<'_, Any>,
    people: Vec<(InterviewId, AccountId, Part)>,
) -> sqlx::Result<bool> {
    Ok(write_rows!(tx, NEW_PEOPLE, people, |query, row| query.bind(row.0).bind(row.1).bind(row.2.name())))
}

static HELD: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::asking(
        "a, b",
        2,
        "SELECT c.id, c.slot_id FROM v JOIN interview_claims c ON c.seeker_id = v.a WHERE c.how = 'hold' AND c.answered = '' AND c.client_id <> v.b",
    )
});

static INTERVIEWS: LazyLock<ManyRows> = LazyLock::new(|| ManyRows::asking("a", 1, select_interview!("WHERE i.id IN (SELECT a FROM v)")));

/// What those who want something still hold, other than by the same request.
pub(in crate::interviews) async fn held(tx: &mut Transaction<'_, Any>, wishes: &[&Wish]) -> sqlx::Result<Vec<(InterviewId, SlotId)>> {
    let keys: Vec<_> = wishes.iter().filter(|w| w.lets_go()).map(|w| (w.seeker, w.client_id.as_str())).collect();
    let found: Vec<(InterviewId, SlotId)> = rows!(tx, HELD, keys, |query, key| query.bind(key.0).bind(key.1));
    Ok(found)
}

/// Interviews as of this transaction.
pub(in crate::interviews) async fn interviews(tx: &mut Transaction<'_, Any>, ids: &[InterviewId]) -> sqlx::Result<Vec<Interview>> {
    let found: Vec<Interview> = rows!(tx, INTERVIEWS, ids.to_vec(), |query, key| query.bind(*key));
    Ok(found)
}

/// When the first piece begins that a person has of a span.
pub(in crate::interviews) async fn engaged(db: &AnyPool, person: AccountId, span: Span, now: Millis) -> sqlx::Result<Option<Millis>> {
    let cells = span.cells();
    let (first,): (Option<i64>,) = sqlx::query_as(
        "SELECT MIN(cell) FROM interview_cells WHERE person_id = $1 AND cell >= $2 AND cell < $3 AND (hold_until IS NULL OR hold_until > $4)",
    )
    .bind(person)
    .bind(cells.start)
    .bind(cells.end)
    .bind(now)
    .fetch_one(db)
    .await?;
    Ok(first.map(|cell| cell * CELL))
}

/// Frees all that a walk-in has.
pub(in crate::interviews) async fn let_go(tx: &mut Transaction<'_, Any>, interview: &Interview) -> sqlx::Result<()> {
    let sql = "DELETE FROM interview_cells WHERE owner IN ($1, $2)";
    sqlx::query(sql).bind(interview.id).bind(interview.slot_id).execute(&mut **tx).await.map(|_| ())
}
