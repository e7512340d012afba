//! All SQL of interviews. What must not happen twice is refused by a primary key, never by looking first.

use super::{Interview, Participant, Party, Slot, SlotKey};
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, RoomId, SlotId};
use crate::schedule::Span;
use sqlx::{Any, AnyPool, Executor, Transaction};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &[
    "UPDATE interview_messages SET sealed = '' WHERE author_id = $1",
    "UPDATE interview_claims SET reason = '' WHERE seeker_id = $1",
    "DELETE FROM interview_notices WHERE account_id = $1",
];

/// What is encrypted here.
pub const SEALED: &[crate::db::Sealed] = &[crate::db::Sealed::new("interview_messages", "interview_id", "sealed")];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "interviews",
        "SELECT i.id, e.name_zh AS employer, i.topic_zh AS title, i.starts_at, i.ends_at, i.seeker_joined_at, i.ended_at, i.cancelled_at, \
         i.cancel_reason, i.absent, i.created_at FROM interviews i JOIN employers e ON e.id = i.employer_id \
         WHERE i.id IN (SELECT interview_id FROM interview_people WHERE person_id = $1) ORDER BY i.starts_at",
    ),
    ("interview_people", "SELECT interview_id, part FROM interview_people WHERE person_id = $1"),
    (
        "interview_claims",
        "SELECT e.name_zh AS employer, c.how, c.starts_at, c.ends_at, c.until_at, c.answered, c.answered_at, c.topic_zh AS title, c.reason, \
         c.created_at FROM interview_claims c JOIN employers e ON e.id = c.employer_id WHERE c.seeker_id = $1 ORDER BY c.created_at",
    ),
    (
        "interview_waits",
        "SELECT topic_zh AS title, from_at, to_at, joined_at, state FROM interview_waits WHERE seeker_id = $1 ORDER BY joined_at",
    ),
    ("interview_entries", "SELECT interview_id, came_at, admitted_at, sent_back_at FROM interview_entries WHERE person_id = $1"),
    (
        "interview_messages",
        "SELECT m.interview_id, a.name AS who, m.at, m.sealed AS sealed_text, m.kind, m.size FROM interview_messages m \
         JOIN interview_people p ON p.interview_id = m.interview_id AND p.person_id = $1 JOIN accounts a ON a.id = m.author_id \
         ORDER BY m.interview_id, m.seq",
    ),
];

macro_rules! select_slot {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.employer_id, s.fair_id, s.recruiter_id, s.starts_at, s.ends_at, s.capacity, s.capacity AS seats_left \
             FROM interview_slots s ",
            $rest
        )
    };
}

/// Slots that were offered by themselves and that nobody has, nor the recruiter's time. `$1` is now.
macro_rules! select_free {
    ($rest:literal) => {
        concat!(
            select_slot!(
                "WHERE s.plan_id IS NULL AND s.ended_at IS NULL AND s.starts_at > $1 AND NOT EXISTS \
                 (SELECT 1 FROM interview_seats x WHERE x.slot_id = s.id AND (x.hold_until IS NULL OR x.hold_until > $1)) AND NOT EXISTS \
                 (SELECT 1 FROM interview_cells c WHERE c.person_id = s.recruiter_id AND c.cell >= s.starts_at / 300000 \
                 AND c.cell < (s.ends_at + 299999) / 300000 AND c.owner <> s.id AND (c.hold_until IS NULL OR c.hold_until > $1)) "
            ),
            $rest
        )
    };
}

macro_rules! select_interview {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.slot_id, i.employer_id, i.fair_id, i.recruiter_id, i.seeker_id, i.topic_zh, i.topic_en, i.starts_at, i.ends_at, \
             i.extended, i.sequence, i.seeker_joined_at, i.employer_joined_at, i.ended_at, i.cancelled_at, i.cancelled_by, i.cancel_reason, \
             e.name_zh AS employer_zh, e.name_en AS employer_en, f.zone, s.name AS seeker_name, r.name AS recruiter_name, i.room_id, \
             i.absent, i.absent_reason FROM interviews i JOIN employers e ON e.id = i.employer_id JOIN fairs f ON f.id = i.fair_id \
             JOIN accounts s ON s.id = i.seeker_id JOIN accounts r ON r.id = i.recruiter_id ",
            $rest
        )
    };
}

pub(super) mod calendar;

pub(super) mod claims;
pub(super) mod past;
pub(super) mod taking;

/// A slot that was offered by itself, whether or not it is free.
pub(super) async fn slot(db: &AnyPool, id: SlotId) -> sqlx::Result<Option<Slot>> {
    sqlx::query_as(select_slot!("WHERE s.id = $1 AND s.plan_id IS NULL")).bind(id).fetch_optional(db).await
}

/// Free slots that have not begun, earliest first.
pub(super) async fn free_slots(db: &AnyPool, employer: EmployerId, fair: FairId, now: Millis) -> sqlx::Result<Vec<Slot>> {
    sqlx::query_as(select_free!("AND s.employer_id = $2 AND s.fair_id = $3 ORDER BY s.starts_at, s.id LIMIT 5000"))
        .bind(now)
        .bind(employer)
        .bind(fair)
        .fetch_all(db)
        .await
}

/// Slots of an employer that were offered by themselves, have not begun and are free, in all fairs.
pub(super) async fn offered(db: &AnyPool, employer: EmployerId, now: Millis) -> sqlx::Result<Vec<Slot>> {
    sqlx::query_as(select_free!("AND s.employer_id = $2 ORDER BY s.starts_at, s.id LIMIT 500")).bind(now).bind(employer).fetch_all(db).await
}

/// A slot to be offered by itself.
pub(super) struct NewSlot {
    pub(super) id: SlotId,
    pub(super) employer: EmployerId,
    pub(super) fair: FairId,
    pub(super) recruiter: AccountId,
    pub(super) span: Span,
}

impl NewSlot {
    pub(super) fn slot(&self) -> Slot {
        Slot {
            id: SlotKey::Stored(self.id),
            employer_id: self.employer,
            fair_id: self.fair,
            recruiter_id: self.recruiter,
            starts_at: self.span.start,
            ends_at: self.span.end,
            capacity: 1,
            seats_left: 1,
        }
    }
}

/// Stores all slots; `false` if one overlaps with what the recruiter offers already, and then nothing may be kept.
pub(super) async fn insert_slots(tx: &mut Transaction<'_, Any>, slots: &[NewSlot], now: Millis) -> sqlx::Result<bool> {
    for slot in slots {
        insert_slot(tx, slot, now).await?;
        for bucket in slot.span.cells() {
            let done = sqlx::query(
                "INSERT INTO interview_offers (recruiter_id, bucket, slot_id) VALUES ($1, $2, $3) ON CONFLICT (recruiter_id, bucket) DO NOTHING",
            )
            .bind(slot.recruiter)
            .bind(bucket)
            .bind(slot.id)
            .execute(&mut **tx)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn insert_slot(tx: &mut Transaction<'_, Any>, slot: &NewSlot, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_slots (id, employer_id, fair_id, recruiter_id, starts_at, ends_at, created_at, busy_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6)",
    )
    .bind(slot.id)
    .bind(slot.employer)
    .bind(slot.fair)
    .bind(slot.recruiter)
    .bind(slot.span.start)
    .bind(slot.span.end)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// An interview of now.
pub(super) struct WalkIn<'a> {
    pub(super) id: InterviewId,
    pub(super) slot: &'a NewSlot,
    pub(super) seeker: AccountId,
    pub(super) posting: Option<String>,
    pub(super) topic: (&'a str, &'a str),
    pub(super) room: RoomId,
    pub(super) now: Millis,
}

/// Makes a walk-in as a part of something larger: a slot of now, taken from the start. Of the time of both it takes what is free.
pub(super) async fn meet(tx: &mut Transaction<'_, Any>, new: &WalkIn<'_>) -> sqlx::Result<()> {
    insert_slot(tx, new.slot, new.now).await?;
    sqlx::query(
        "INSERT INTO interviews (id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, posting_id, topic_zh, topic_en, \
         starts_at, ends_at, extended, sequence, cancelled_by, cancel_reason, created_at, room_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, '', '', $13, $14)",
    )
    .bind(new.id)
    .bind(new.slot.id)
    .bind(new.slot.employer)
    .bind(new.slot.fair)
    .bind(new.slot.recruiter)
    .bind(new.seeker)
    .bind(new.id.to_string())
    .bind(new.posting.as_deref())
    .bind(new.topic.0)
    .bind(new.topic.1)
    .bind(new.slot.span.start)
    .bind(new.slot.span.end)
    .bind(new.now)
    .bind(new.room)
    .execute(&mut **tx)
    .await?;
    taking::put_people(tx, taking::parts(new.id, new.seeker, &[new.slot.recruiter])).await?;
    let seat = "INSERT INTO interview_seats (slot_id, seat, owner, taken_at) VALUES ($1, 0, $2, $3)";
    sqlx::query(seat).bind(new.slot.id).bind(new.id).bind(new.now).execute(&mut **tx).await?;
    // In the order in which everybody takes.
    let mut people = [(new.seeker, new.id.to_string()), (new.slot.recruiter, new.slot.id.to_string())];
    people.sort();
    for (person, owner) in &people {
        taking::take_free(tx, *person, new.slot.span, owner, new.now).await?;
    }
    Ok(())
}

/// Takes a slot that was offered by itself back; `false` if somebody has it or it is gone.
pub(super) async fn withdraw(tx: &mut Transaction<'_, Any>, slot: SlotId, now: Millis) -> sqlx::Result<bool> {
    if claims::is_used(tx, slot, now).await? {
        return Ok(false);
    }
    let sql = "UPDATE interview_slots SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    let done = sqlx::query(sql).bind(slot).bind(now).execute(&mut **tx).await?;
    free_offer(tx, slot).await?;
    Ok(done.rows_affected() == 1)
}

/// Lets the recruiter offer the time of a slot anew.
pub(super) async fn free_offer(tx: &mut Transaction<'_, Any>, slot: SlotId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interview_offers WHERE slot_id = $1").bind(slot).execute(&mut **tx).await.map(|_| ())
}

/// Who takes part in an interview, the seeker first.
pub(super) async fn participants(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<Participant>> {
    sqlx::query_as("SELECT person_id, part FROM interview_people WHERE interview_id = $1 ORDER BY part DESC, person_id")
        .bind(id)
        .fetch_all(db)
        .await
}

/// Cancels what is neither cancelled, ended nor running; `false` if there was nothing to cancel. What it has of people's time is still there.
pub(super) async fn cancel(
    tx: &mut Transaction<'_, Any>,
    interview: &Interview,
    by: Party,
    reason: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interviews SET cancelled_at = $2, cancelled_by = $3, cancel_reason = $4, sequence = sequence + 1 \
         WHERE id = $1 AND sequence = $5 AND cancelled_at IS NULL AND ended_at IS NULL \
         AND (seeker_joined_at IS NULL OR employer_joined_at IS NULL)",
    )
    .bind(interview.id)
    .bind(now)
    .bind(by.name())
    .bind(reason)
    .bind(interview.sequence)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives an interview another time, with who takes part then; `false` if it changed meanwhile.
pub(super) async fn reschedule(
    tx: &mut Transaction<'_, Any>,
    interview: &Interview,
    slot: SlotId,
    people: &[AccountId],
    span: Span,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interviews SET slot_id = $2, recruiter_id = $3, starts_at = $4, ends_at = $5, extended = 0, sequence = sequence + 1, \
         seeker_joined_at = NULL, employer_joined_at = NULL, absent = '', absent_reason = '' \
         WHERE id = $1 AND sequence = $6 AND cancelled_at IS NULL AND ended_at IS NULL \
         AND (seeker_joined_at IS NULL OR employer_joined_at IS NULL)",
    )
    .bind(interview.id)
    .bind(slot)
    .bind(people[0])
    .bind(span.start)
    .bind(span.end)
    .bind(interview.sequence)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM interview_people WHERE interview_id = $1").bind(interview.id).execute(&mut **tx).await?;
    taking::put_people(tx, taking::parts(interview.id, interview.seeker_id, people)).await
}

/// A line in the history of an interview: when it was before.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Change {
    pub sequence: i64,
    pub at: Millis,
    /// `moved` or `cancelled`.
    pub kind: String,
    pub actor: AccountId,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub reason: String,
}

/// Notes that an interview, as it was, has been moved or cancelled.
pub(super) async fn note_change(
    tx: &mut Transaction<'_, Any>,
    before: &Interview,
    kind: &str,
    actor: AccountId,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_changes (interview_id, sequence, at, kind, actor, starts_at, ends_at, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(before.id)
    .bind(before.sequence + 1)
    .bind(now)
    .bind(kind)
    .bind(actor)
    .bind(before.starts_at)
    .bind(before.ends_at)
    .bind(reason)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// What became of an interview, oldest first.
pub(super) async fn history(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<Change>> {
    let sql =
        "SELECT sequence, at, kind, actor, starts_at, ends_at, reason FROM interview_changes WHERE interview_id = $1 ORDER BY sequence";
    sqlx::query_as(sql).bind(id).fetch_all(db).await
}

/// Notes who did not come.
pub(super) async fn mark_absent(tx: &mut Transaction<'_, Any>, id: InterviewId, who: Party, reason: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE interviews SET absent = $2, absent_reason = $3 WHERE id = $1 AND cancelled_at IS NULL";
    Ok(sqlx::query(sql).bind(id).bind(who.name()).bind(reason).execute(&mut **tx).await?.rows_affected() == 1)
}

pub(super) async fn interview<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId) -> sqlx::Result<Option<Interview>> {
    sqlx::query_as(select_interview!("WHERE i.id = $1")).bind(id).fetch_optional(db).await
}

/// A seeker's interviews, latest first.
pub(super) async fn of_seeker(db: &AnyPool, seeker: AccountId) -> sqlx::Result<Vec<Interview>> {
    sqlx::query_as(select_interview!("WHERE i.seeker_id = $1 ORDER BY i.starts_at DESC, i.id DESC LIMIT 200"))
        .bind(seeker)
        .fetch_all(db)
        .await
}

/// Interviews in which somebody takes part, in whichever part, and that begin after a time, in their order.
pub(super) async fn of_person(db: &AnyPool, person: AccountId, since: Millis) -> sqlx::Result<Vec<Interview>> {
    sqlx::query_as(select_interview!(
        "JOIN interview_people p ON p.interview_id = i.id WHERE p.person_id = $1 AND i.starts_at >= $2 ORDER BY i.starts_at, i.id LIMIT 1000"
    ))
    .bind(person)
    .bind(since)
    .fetch_all(db)
    .await
}

/// When the recruiter's next interview after `after` begins.
pub(super) async fn next_start(db: &AnyPool, recruiter: AccountId, after: Millis) -> sqlx::Result<Option<Millis>> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT starts_at FROM interviews WHERE recruiter_id = $1 AND starts_at > $2 AND cancelled_at IS NULL ORDER BY starts_at LIMIT 1",
    )
    .bind(recruiter)
    .bind(after)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| r.0))
}

/// How many interviews of a fair are booked and not cancelled.
pub(super) async fn count(db: &AnyPool, fair: FairId) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM interviews WHERE fair_id = $1 AND cancelled_at IS NULL").bind(fair).fetch_one(db).await?;
    Ok(n)
}

/// Notes that a side has come; the first time counts.
pub(super) async fn join(db: &AnyPool, id: InterviewId, party: Party, now: Millis) -> sqlx::Result<()> {
    let sql = match party {
        Party::Seeker => "UPDATE interviews SET seeker_joined_at = $2 WHERE id = $1 AND seeker_joined_at IS NULL AND cancelled_at IS NULL",
        Party::Employer => {
            "UPDATE interviews SET employer_joined_at = $2 WHERE id = $1 AND employer_joined_at IS NULL AND cancelled_at IS NULL"
        }
    };
    sqlx::query(sql).bind(id).bind(now).execute(db).await.map(|_| ())
}

/// Lengthens by `by`, up to `most` in all; `false` past that.
pub(super) async fn extend<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId, by: Millis, most: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE interviews SET extended = extended + $2 WHERE id = $1 AND extended + $2 <= $3 AND ended_at IS NULL AND cancelled_at IS NULL")
        .bind(id)
        .bind(by)
        .bind(most)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` if it was over already.
pub(super) async fn end<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE interviews SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND cancelled_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
